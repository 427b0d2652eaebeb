"""Neural networks in plain NumPy: optimisers, and schedules of their learning rates."""

from . import optimizers, schedules

__all__ = ["optimizers", "schedules"]
