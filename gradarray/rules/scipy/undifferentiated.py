"""A part of a result that has no derivative, where the rest has one: it refuses to be used."""

from __future__ import annotations

from typing import Any


class _NoDerivative(TypeError, AttributeError):
    """Raised by what has no derivative; who asks whether it has an attribute learns that it has none."""


class Undifferentiated:
    """Stands for a part of a result that has no derivative, where the solution has one; whoever uses it is told."""

    def __init__(self, what: str, solver: str) -> None:
        self._what, self._solver = what, solver

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise _NoDerivative(
            f"{self._what} of {self._solver} has no derivative, as it tells of the solver's way; the solution depends "
            "on a variable, whose gradient would be lost in it. Solve for stop_gradient(variable) where none is wanted."
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__array__":
            raise AttributeError(name)
        return self._refuse()

    def __repr__(self) -> str:
        return f"<{self._what} of {self._solver}: no derivative>"

    __array__ = __getitem__ = __len__ = __iter__ = __float__ = __call__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __matmul__ = __rmatmul__ = __pow__ = __neg__ = _refuse
    __array_ufunc__ = __array_function__ = _refuse
