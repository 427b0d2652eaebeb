"""What several chapters need: the library's own value of a call, beside a derivative that a body of ours gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare, has_variable, stack_nested
from ..primitives import primitive
from ..registry import rule
from .standing import Operator, pulled, pushed


def from_library(func: Callable[..., Any]) -> Callable[..., Any]:
    """Make a primitive of a function that calls a library's compiled code: one statement of a program."""
    call = func if hasattr(func, "__saves__") else primitive(func)
    del call.__wrapped__  # type: ignore[attr-defined]
    return call


@primitive
def valued(made: Array, value: Array) -> Array:
    """Return a value that the library has computed, with the derivative of what was made in differentiable ``np.*``."""
    return np.asarray(value, dtype=np.result_type(made))


rule(valued, lambda g, _ans, _made, _value: g, skip=("value",), jvp=lambda tangents, _ans, _made, _value: tangents[0])


def as_library(made: Any, library: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return what was made with the value of a primitive that calls the library, given the bare arguments."""
    return valued(made, library(*map(bare, args), **options))


@from_library
def fitted(y: Array, fit: Any) -> Array:
    """Return what a library makes of values, along their first axis, by a map that is linear but for a constant."""
    return np.array(fit.value(y))  # never the operand itself


rule(
    fitted,
    lambda g, _ans, _y, *, fit: pulled(g, op=fit.operator),
    jvp=lambda tangents, _ans, _y, *, fit: pushed(tangents[0], op=fit.operator),
)


class Fit:
    """A map from values to coefficients that is linear but for a constant, along the first axis.

    Parameters
    ----------
    value : callable
        The map.
    linear : callable
        The same without the constant.
    size : int
        How many values there are.
    pull : callable, optional
        The transpose of `linear`; without it, `linear` is made a matrix.
    """

    def __init__(
        self,
        value: Callable[[Array], Array],
        linear: Callable[[Array], Array],
        size: int,
        pull: Callable[[Array], Array] | None = None,
    ) -> None:
        self.value, self._linear, self._size = value, linear, size
        self._matrix: Array | None = None
        self.operator = Operator(self._push, pull or (lambda g: np.tensordot(self.matrix().T, g, 1)))

    def _push(self, t: Array) -> Array:
        found = self._linear(np.reshape(t, (len(t), -1)))
        return np.reshape(found, (len(found), *np.shape(t)[1:]))

    def matrix(self) -> Array:
        """Return the linear part as a matrix, found when it is needed first."""
        if self._matrix is None:
            self._matrix = self._linear(np.eye(self._size))
        return self._matrix


class Applied:
    """A function with its first arguments: no function itself, which a program would follow."""

    def __init__(self, func: Callable[..., Any], *args: Any, **options: Any) -> None:
        self._func, self._args, self._options = func, args, options

    def __call__(self, *args: Any) -> Any:
        return self._func(*self._args, *args, **self._options)


def looked_at(value: Any) -> Any:
    """Return bare values for a library's own code, as plain arrays.

    What is written down in a program is then for these values; several mapped elements raise an error. A class that is
    given such an array as it is would be met once more, and so on.
    """
    if type(value) in (list, tuple):
        return type(value)(map(looked_at, value))
    value = bare(value)
    if not (hasattr(value, "dtype") and hasattr(value, "shape")):
        return value
    return np.asarray(value)[()] if isinstance(value, np.generic) else np.asarray(value)


def no_variable(name: str, **given: Any) -> None:
    """Raise for a variable as a parameter that there is no derivative by."""
    for parameter, value in given.items():
        if has_variable(value):
            raise TypeError(
                f"{name} has no derivative by {parameter}; pass ga.stop_gradient({parameter}) or its values"
            )


def either(truth: Any, yes: Any, no: Any) -> Any:
    """Return one number where something is true, and another one elsewhere.

    Where there is no pattern in it, a table takes a quarter of the time that `np.where` does.
    """
    if type(truth) is not np.ndarray or has_variable((yes, no)) or np.ndim(yes) or np.ndim(no):
        return np.where(truth, yes, no)
    return np.array([no, yes]).take(truth)


def as_double(x: Any) -> Any:
    """Return an array, or a number, in double precision, complex where it is."""
    x = x if hasattr(x, "dtype") and hasattr(x, "astype") else stack_nested(x)
    dtype = np.complex128 if x.dtype.kind == "c" else np.float64
    return x if x.dtype == dtype else x.astype(dtype)


def as_precise(found: Any, *like: Any) -> Any:
    """Return an array in single precision where all others that are given are in it."""
    if found.dtype not in (np.float64, np.complex128) or any(x.dtype not in _SINGLE for x in like):
        return found
    return found.astype(np.complex64 if found.dtype.kind == "c" else np.float32)


_SINGLE = (np.float32, np.complex64)


def moved_back(out: Any, points: int, axis: int) -> Any:
    """Return values whose first axes are those of the points with these in the place of an axis of the data."""
    if not axis:
        return out
    order = list(range(out.ndim))
    return np.transpose(out, order[points : points + axis] + order[:points] + order[points + axis :])
