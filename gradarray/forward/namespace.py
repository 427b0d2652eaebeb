"""The functions of the array API standard for Duals: what they make has the level of a Dual, and can hold its like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..reverse.namespace import Namespace, need_version
from ..tape.wrapping import bare, has_variable
from .levels import level_of
from .protocols import LIKE, created_like
from .tangents import paired


class DualNamespace(Namespace):
    """The namespace of a Dual.

    Parameters
    ----------
    like : Dual
        What is made has the level of this one, so that its like can be written into it.
    """

    def __init__(self, like: Any) -> None:
        self._like = like

    def _making(self, make: Any) -> Callable[..., Any]:
        like, func = self._like, make.__wrapped__

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._held(created_like(func, args, kwargs, like) if func in LIKE else make(*args, **kwargs))

        call.__name__, call.__doc__ = func.__name__, func.__doc__
        return call

    def _held(self, made: Any) -> Any:
        if not isinstance(made, (list, tuple)) and level_of(made) < self._like.level:
            made = paired(made if has_variable(made) else bare(made), None, self._like.level)
        return super()._held(made)

    def _copies(self, copy: bool | None) -> bool | None:
        return True


def dual_namespace(like: Any, api_version: str | None = None) -> DualNamespace:
    """Return the namespace of a Dual."""
    need_version(api_version)
    return DualNamespace(like)
