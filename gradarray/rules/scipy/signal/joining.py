"""Systems in state space one after the other, side by side, and times numbers and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..declared import methods
from .convolutions import MODULE
from .objects import made_of_parts
from .systems import parts_of


def _is_known(other: Any) -> bool:
    """Tell whether it is a system, a number or a matrix."""
    return isinstance(other, (signal.StateSpace, int, float, complex)) or hasattr(other, "dtype")


def _of_one_time(one: Any, other: Any, what: str) -> None:
    if isinstance(one, signal.lti) != isinstance(other, signal.lti):
        raise TypeError(f"Cannot {what} {type(one)} and {type(other)}")
    if one.dt != other.dt:
        raise TypeError(f"Cannot {what} systems with different `dt`.")


def _corner(a: Any, right: Any, b: Any) -> Any:
    """Return a matrix of blocks, the one below at the left of zeros."""
    below = np.zeros((np.shape(b)[0], np.shape(a)[1]))
    return np.concatenate([np.concatenate([a, right], axis=1), np.concatenate([below, b], axis=1)])


def _times(self: Any, other: Any) -> Any:
    if not _is_known(other):
        return NotImplemented
    a, b, c, d = parts_of(self)
    if not isinstance(other, signal.StateSpace):
        return made_of_parts("StateSpace", (a, np.dot(b, other), c, np.dot(d, other)), self.dt)
    _of_one_time(self, other, "multiply")
    a2, b2, c2, d2 = parts_of(other)
    parts = _corner(a, b @ c2, a2), np.concatenate([b @ d2, b2]), np.concatenate([c, d @ c2], axis=1), d @ d2
    return made_of_parts("StateSpace", parts, self.dt)


def _after(self: Any, other: Any) -> Any:
    if not _is_known(other) or isinstance(other, signal.StateSpace):
        return NotImplemented
    a, b, c, d = parts_of(self)
    return made_of_parts("StateSpace", (a, b, np.dot(other, c), np.dot(other, d)), self.dt)


def _plus(self: Any, other: Any) -> Any:
    if not _is_known(other):
        return NotImplemented
    a, b, c, d = parts_of(self)
    if not isinstance(other, signal.StateSpace):
        other = np.atleast_2d(other)
        if np.shape(d) != np.shape(other):
            raise ValueError(f"Cannot add systems with incompatible dimensions ({np.shape(d)} and {np.shape(other)})")
        return made_of_parts("StateSpace", (a, b, c, d + other), self.dt)
    _of_one_time(self, other, "add")
    a2, b2, c2, d2 = parts_of(other)
    beside = np.zeros((np.shape(a)[0], np.shape(a2)[0]))
    parts = _corner(a, beside, a2), np.concatenate([b, b2]), np.concatenate([c, c2], axis=1), d + d2
    return made_of_parts("StateSpace", parts, self.dt)


def _negative(self: Any) -> Any:
    a, b, c, d = parts_of(self)
    return made_of_parts("StateSpace", (a, b, -c, -d), self.dt)


def _divided(self: Any, other: Any) -> Any:
    if not _is_known(other) or isinstance(other, signal.StateSpace):
        return NotImplemented
    if np.ndim(bare(other)) > 0:
        raise ValueError("Cannot divide StateSpace by non-scalar numpy arrays")
    return _times(self, 1 / other)


def _minus(self: Any, other: Any) -> Any:
    if not _is_known(other):
        return NotImplemented
    return _plus(self, _negative(other) if isinstance(other, signal.StateSpace) else -other)


methods(
    MODULE,
    "StateSpace",
    __mul__=_times,
    __rmul__=_after,
    __neg__=_negative,
    __add__=_plus,
    __radd__=_plus,
    __sub__=_minus,
    __rsub__=lambda self, other: _plus(_negative(self), other) if _is_known(other) else NotImplemented,
    __truediv__=_divided,
)
