"""Tensor: calls are recorded. It reads the rulebook in its own way, and knows nothing of forward mode."""
