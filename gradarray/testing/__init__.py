"""For tests: derivatives are compared with differences."""

from .checking import check_grads

__all__ = ["check_grads"]
