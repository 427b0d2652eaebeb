"""A program that is written down: statements, what they do, what they are given, and their order."""
