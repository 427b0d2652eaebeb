"""Tensors that share memory: who they are, how they are read and written, and what a tape needs of it."""
