"""What holds at an optimum: the conditions of Karush, Kuhn and Tucker, with the constraints that are active there.

They are the equations of the answer and its multipliers. Where the active constraints are independent, each with a
multiplier that is not zero, and the minimum is a proper one, they have one solution nearby, and it has a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare, lifted
from ...transforms.checkpoint import innermost
from ...transforms.gradients import grad
from ...transforms.jacobians import jacobian
from .calls import ours
from .implicit import Asked, solution

Objective = Callable[[Any], Any]

# How near a constraint has to come to its bound, and how large its multiplier has to be, to be active.
_NEAR = 1e-4
_PUSHING = 1e-5


class Rows(NamedTuple):
    """Constraints: what a function returns lies between two bounds.

    Attributes
    ----------
    value : takes x, and returns a vector, in differentiable ``np.*``
    low, high : the bounds, arrays or tensors that can be broadcast to it
    """

    value: Callable[[Any], Any]
    low: Any
    high: Any


def rows_of_bounds(bounds: Any) -> list[Rows]:
    """Return bounds of the elements of x, in any form in which SciPy takes them, as constraints."""
    if bounds is None:
        return []
    if hasattr(bounds, "lb"):
        low, high = bounds.lb, bounds.ub
    elif len(bounds) == 0:
        return []
    else:
        low, high = (
            lifted([_or(pair[side], infinite) for pair in bounds]) for side, infinite in ((0, -np.inf), (1, np.inf))
        )
    return [Rows(lambda z: z, low, high)]


def _or(bound: Any, infinite: float) -> Any:
    return infinite if bound is None else bound


class _Active(NamedTuple):
    """The elements of some constraints that hold with equality, and which of their bounds each one is at."""

    rows: Rows
    elements: Array
    at_low: Array

    def values(self, x: Any) -> Any:
        """Return what is zero there."""
        found = np.ravel(self.rows.value(x))
        low, high = (_spread(bound, found)[self.elements] for bound in (self.rows.low, self.rows.high))
        found = found[self.elements]
        return np.where(self.at_low, _finite(found - low), _finite(found - high))


def _finite(x: Any) -> Any:
    return np.where(np.isfinite(innermost(x)), x, 0.0)


def _spread(bound: Any, like: Any) -> Any:
    return np.broadcast_to(np.ravel(bound) if np.ndim(bound) else bound, np.shape(like))


def stationary(objective: Objective, x: Any, about: Asked, constraints: Sequence[Rows] = ()) -> Any:
    """Return a minimum with its derivatives.

    Parameters
    ----------
    objective : callable
        Takes a vector, or a number where x is one, and returns a number, in differentiable ``np.*``.
    x : ndarray of shape (n,), or number
        Where it is lowest; the values of the result.
    about : Asked
    constraints : sequence of Rows
        Between which bounds.
    """
    raw = np.ravel(np.asarray(x, float))
    of: Any = (lambda z: z) if np.ndim(x) else (lambda z: z[0])
    n = raw.size

    def value(z: Any) -> Any:
        found = objective(of(z))
        return np.sum(found) if np.ndim(found) else found

    try:
        active, multipliers = _active(value, raw, constraints)
    except _Degenerate as error:
        active, multipliers = [], np.zeros(0)
        about = about._replace(problem=about.problem or np.linalg.LinAlgError(f"{about.solver}: {error}"))

    def lagrangian(z: Any) -> Any:
        total = value(z[:n])
        start = n
        for part in active:
            total = total - np.sum(z[start : start + part.elements.size] * part.values(z[:n]))
            start += part.elements.size
        return total

    found = solution(grad(ours(lagrangian)), np.concatenate([raw, multipliers]), about)
    return x if isinstance(found, np.ndarray) else of(found[:n])


class _Degenerate(Exception):
    """Why active constraints are not regular."""


def _active(value: Objective, x: Array, constraints: Sequence[Rows]) -> tuple[list[_Active], Array]:
    """Return the active constraints and their multipliers."""
    near = [_near(rows, x) for rows in constraints]
    near = [part for part in near if part.elements.size]
    if not near:
        return [], np.zeros(0)
    slope = innermost(grad(ours(value))(x))
    normals = np.concatenate([innermost(jacobian(ours(part.values))(x)) for part in near])
    weights, _, rank, _ = np.linalg.lstsq(normals.T, slope, rcond=None)
    ends = np.cumsum([part.elements.size for part in near])[:-1]
    size = max(1e-8, float(np.max(np.abs(slope), initial=0)))
    chosen, multipliers = [], []
    for part, own in zip(near, np.split(weights, ends), strict=True):
        always = _equal(part)
        pushing = np.where(part.at_low, own, -own) > _PUSHING * size
        gap = np.abs(np.asarray(innermost(part.values(x))))
        if rank == len(normals) and np.any(~always & ~pushing & (gap <= 1e-9)):
            raise _Degenerate(
                "a constraint or bound is just met, with a multiplier of zero, so that the answer has different "
                "derivatives to both sides"
            )
        take = always | pushing
        chosen.append(_Active(part.rows, part.elements[take], part.at_low[take]))
        multipliers.append(own[take])
    if rank < len(normals):
        raise _Degenerate("the active constraints are not independent there, and the answer has no derivative")
    return [part for part in chosen if part.elements.size], np.concatenate(multipliers)


def _equal(part: _Active) -> Array:
    low, high = (np.ravel(np.asarray(bare(bound), float)) for bound in (part.rows.low, part.rows.high))
    low, high = np.broadcast_arrays(low, high)
    equal = low == high
    return equal[part.elements] if equal.size > 1 else np.full(part.elements.shape, bool(equal[0]))


def _near(rows: Rows, x: Array) -> _Active:
    found = np.ravel(np.asarray(innermost(rows.value(x)), float))
    low, high = (np.asarray(_spread(np.asarray(bare(bound), float), found)) for bound in (rows.low, rows.high))
    size = np.maximum(1.0, np.abs(found))
    below, above = np.abs(found - low), np.abs(high - found)
    elements = np.flatnonzero(np.minimum(below, above) <= _NEAR * size)
    return _Active(rows, elements, (below <= above)[elements])
