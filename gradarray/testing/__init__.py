"""For tests: derivatives are compared with differences."""

from .check_grads import check_grads

__all__ = ["check_grads"]
