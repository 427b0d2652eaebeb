"""What makes of a program one that does less, or sooner."""
