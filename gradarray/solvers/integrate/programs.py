"""What is computed of a right-hand side again and again, by programs, for its gradients.

Each takes the right-hand side with the values of its variables; see written.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...compiler.ahead import known_ahead, with_known
from ...kernels.arrays import Array
from ...kernels.traced import copy_of, zeros_beside
from ...transforms.gradients import vjp
from ...transforms.vmap import vmap
from ..written import OfValues


def pulled_slope(f: OfValues, t: Any, y: Array, g: Array) -> Any:
    slope = f.function  # of a function alone it is known which names stand for NumPy's in it
    return vjp(lambda y: slope(t, y), y)[1](g)[0]


def pulled_step(f: OfValues, weights: Array, when: Array, places: Array, along: Array, end: Array) -> Any:
    """Return the cotangents of where a step begins, and of the slopes.

    Parameters
    ----------
    weights : (s, s + 1), what each stage's slope counts for in all stages, and at the end
    when, places : (s,) and (s, n), where the right-hand side is called
    along : (s, n), cotangents of the slopes without those that come from behind
    end : (n,), the cotangent of where the step ends
    """
    return through_stages(weights, along, end, lambda j, g: pulled_slope(f, when[j], places[j], g))


def known_of_stages(f: OfValues, when: Array, places: Array) -> Any:
    """Return what the derivatives of the slopes at many places need, and no cotangent tells: arrays of all of them."""
    found = known_ahead(functools.partial(pulled_slope, f), (when[0], places[0]), copy_of(places[0]))
    if not found.results:
        return []
    return [x if x.flags.c_contiguous else copy_of(x, "C") for x in vmap(found.computed)(when, places)]


def pulled_step_by_known(
    f: OfValues, of_stages: list[Array], weights: Array, when: Array, places: Array, along: Array, end: Array
) -> Any:
    """Return the same as `pulled_step`, by what is known of its stages."""
    slope = functools.partial(pulled_slope, f)

    def pull(j: int, g: Any) -> Any:
        return with_known(slope, (when[j], places[j]), g, [x[j] for x in of_stages])

    return through_stages(weights, along, end, pull)


def through_stages(weights: Array, along: Array, end: Array, pull: Callable[[int, Array], Any]) -> tuple[Any, Any]:
    """Return the same, where `pull` has the derivative of the right-hand side at a stage."""
    s, n = along.shape
    behind = zeros_beside(end, (s + 1, n), end.dtype)  # the cotangents of the stages, and of the end
    slopes = zeros_beside(end, (s, n), end.dtype)
    behind[s] = end
    for j in range(s - 1, -1, -1):
        # The method of an array takes half the time of `@`, for few stages.
        slopes[j] = along[j] + weights[j, j + 1 :].dot(behind[j + 1 :])
        behind[j] = pull(j, slopes[j])
    return np.sum(behind, axis=0), slopes


def pulled_values(f: OfValues, when: Array, y: Array, g: Array) -> Any:
    """Return the cotangents of the variables of the right-hand side, by those of the slopes at many places."""
    return vjp(lambda *chosen: vmap(f.filled(chosen))(when, y), *[f.values[i] for i in f.variables])[1](g)


def slopes_by_y(f: OfValues, when: Array, y: Array) -> Any:
    """Return the derivatives of the slopes by y at many places, (number, n, n)."""
    slopes = f.function
    _, pull = vjp(lambda y: vmap(slopes)(when, y), y)
    return np.stack([pull(np.broadcast_to(row, y.shape))[0] for row in np.eye(y.shape[1])], axis=1)
