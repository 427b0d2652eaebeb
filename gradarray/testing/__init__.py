"""For tests: derivatives are compared with differences."""

from typing import TYPE_CHECKING

from ..elsewhere.answers import absence
from .checking import check_grads

__all__ = ["check_grads"]

if not TYPE_CHECKING:  # to a type checker, a module with a __getattr__ has every name
    __getattr__ = absence(__name__)
