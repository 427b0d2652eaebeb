"""Difference quotients of functions of several arrays, and what may be behind a derivative that does not agree."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..context.settings import silently
from ..tape.wrapping import unwrap

Arrays = Sequence[Any]
Index = tuple[int, ...]


class FlatFunction(NamedTuple):
    """A function of floating-point arrays that returns a list of such, and what its results are called."""

    call: Callable[..., list[Any]]
    names: list[str]


class Wrong(NamedTuple):
    """An element whose derivative is wrong."""

    place: Index
    analytic: complex
    numeric: complex


# --- differences ------------------------------------------------------------------------------------------------------


def values_at(function: FlatFunction, point: Arrays) -> list[Any]:
    """Return the results as arrays; the function gets copies, which it may update."""
    return plain_arrays(silently(function.call, *map(fresh_copy, point)))


def slopes(function: FlatFunction, point: Arrays, direction: Arrays, step: float) -> list[tuple[Any, Any]]:
    """Return the derivative of each result along a direction, and what rounding may add to it.

    The step is that of an element of size one, and larger for larger elements. Its error is of the fourth order.
    """
    # One step for all elements: the one that changes most, relative to its size, says how long it is.
    longest = max(largest(t / np.maximum(1, np.abs(x))) for x, t in zip(point, direction, strict=True))
    if longest == 0:
        return [(np.zeros(y.shape, y.dtype), np.zeros(y.shape)) for y in values_at(function, point)]
    h = step / longest
    at = [values_at(function, [x + n * h * t for x, t in zip(point, direction, strict=True)]) for n in (2, 1, -1, -2)]

    def quotient(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
        slope = (8 * (b - c) - (a - d)) / (12 * h)
        return slope, np.where(slope == 0, 0, 64 * machine_eps(b) * np.maximum(np.abs(b), np.abs(c)) / h)

    return [silently(quotient, *values) for values in zip(*at, strict=True)]


class Differences:
    """The derivative of ``sum Re <weight, result>`` by differences."""

    def __init__(self, function: FlatFunction, point: Arrays, weights: Arrays) -> None:
        self.function = function
        self.point = point
        self.weights = weights

    def along(self, direction: Arrays, step: float) -> tuple[float, float, float]:
        """Return the derivative, its size if nothing in it cancelled, and what rounding may add."""
        slope = size = noise = 0.0
        for w, (d, more) in zip(self.weights, slopes(self.function, self.point, direction, step), strict=True):
            d = np.where(w == 0, 0, d)
            slope += inner(w, d)
            size += float(np.sum(np.abs(w) * np.abs(d)))
            noise += float(np.sum(np.abs(w) * np.where(w == 0, 0, more)))
        return slope, size, noise

    def element(self, k: int, index: Index, step: float) -> complex:
        """Return the gradient for one element of the k-th argument."""
        value = self.along(unit_direction(self.point, k, index, 1), step)[0]
        if self.point[k].dtype.kind != "c":
            return value
        return complex(value, self.along(unit_direction(self.point, k, index, 1j), step)[0])


# --- what is wrong ----------------------------------------------------------------------------------------------------


def distance(wrong: Wrong) -> float:
    """Return how far the two values are apart; a NaN is farthest."""
    apart = abs(wrong.analytic - wrong.numeric)
    return float(apart) if np.isfinite(apart) else np.inf


def likely_cause(analytic: Any, numeric: Any, wrong: list[Wrong]) -> str:
    """Find a pattern in the derivatives of one argument or result; numeric ones that are not known are NaN."""
    if any(not np.isfinite(w.analytic) for w in wrong):
        return (
            "the analytic value is not finite although f has a derivative: a branch that is not taken divides by zero "
            "or overflows. Replace the bad operand by np.where before the call, not the result after it"
        )
    known = np.isfinite(numeric)
    a, n = analytic[known], numeric[known]
    if not np.any(a):
        return (
            "the gradient is lost: the analytic value is zero everywhere. The values pass through something that is "
            "not differentiated, such as .data, ga.asarray, ga.stop_gradient, no_grad, rounding or a comparison"
        )
    close = 1e-3 * largest(n)
    if a.dtype.kind == "c" and _near(np.conj(a), n, close):
        return "it is conjugated; the gradient of a real loss is dL/dRe + 1j dL/dIm"
    factor = _factor(a, n, close)
    if factor is not None:
        return factor
    if analytic.ndim >= 2 and np.all(known):
        for axes in _permutations(analytic):
            if _near(np.transpose(analytic, axes), numeric, close):
                return "it is transposed" if analytic.ndim == 2 else f"its axes are permuted, to {axes}"
    if _near(np.sort(a.ravel()), np.sort(n.ravel()), close):
        return "the values are right, but in the wrong places"
    lost = [w for w in wrong if w.analytic == 0]
    if len(lost) == len(wrong):
        return (
            "the gradient of these elements is lost, and that of others is right: an index, a mask or np.where leaves "
            "them out"
        )
    return "unknown; no simple pattern fits"


def _factor(a: Any, n: Any, close: float) -> str | None:
    square = np.vdot(n, n)
    if square == 0:
        return None
    factor = np.vdot(n, a) / square
    if not _near(a, factor * n, close) or np.abs(factor) < 1e-6:
        return None
    if np.abs(factor + 1) < 1e-3:
        return "the sign is wrong"
    return f"it is off by the constant factor {factor:.6g}"


def _near(a: Any, n: Any, close: float) -> bool:
    return bool(np.all(np.abs(a - n) <= close))


def _permutations(x: Any) -> Iterator[tuple[int, ...]]:
    for axes in itertools.permutations(range(x.ndim)):
        if axes != tuple(range(x.ndim)) and tuple(x.shape[i] for i in axes) == x.shape:
            yield axes


# --- arrays -----------------------------------------------------------------------------------------------------------


def plain_arrays(values: Iterable[Any]) -> list[Any]:
    return [np.asarray(unwrap(y)) for y in values]


def fresh_copy(x: Any) -> Any:
    """Return a copy, a NumPy scalar for a 0-d array."""
    return np.array(x)[()]


def doubled(x: Any) -> Any:
    """Return the numbers in double precision at least."""
    return x.astype(np.result_type(x.dtype, np.float64))


def machine_eps(x: Any) -> float:
    return float(np.finfo(x.dtype).eps)


def largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0, where=np.isfinite(x)))


def same_values(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


def inner(a: Any, b: Any) -> float:
    """Return ``Re <a, b>``: for complex numbers the inner product of the real and imaginary parts."""
    return float(np.sum(np.real(np.conj(a) * b)))


def unit_direction(point: Arrays, k: int, index: Index, value: complex) -> list[Any]:
    direction = [np.zeros(x.shape, x.dtype) for x in point]
    direction[k][index] = value
    return direction


def some_indices(x: Any, count: int, rng: np.random.Generator) -> list[Index]:
    """Return the indices of some elements that are finite, of all if there are no more."""
    places = np.flatnonzero(np.isfinite(x))
    if len(places) > count:
        places = np.sort(rng.choice(places, count, replace=False))
    return [tuple(map(int, np.unravel_index(i, x.shape))) for i in places]
