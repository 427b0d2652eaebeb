"""Programs: what a function did, written down as a straight line of NumPy calls, and carried out again."""
