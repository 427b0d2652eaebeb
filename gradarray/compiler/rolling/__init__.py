"""Loops that a trace has unrolled, rolled up again."""
