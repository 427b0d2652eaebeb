"""What a function can read besides its arguments."""
