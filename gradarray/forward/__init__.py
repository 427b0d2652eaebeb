"""Dual: each call has a value and a tangent, and nothing is recorded. The files are named as those of reverse."""
