"""The text of a program, to be carried out and to be read."""
