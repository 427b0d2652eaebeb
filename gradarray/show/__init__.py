"""What one looks at: the tour, the table of functions, and where an infinity came from."""
