"""The steps that a solver took, and the Runge-Kutta methods by which it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ...kernels.arrays import Array


@dataclass(frozen=True, eq=False)
class Tableau:
    """A Runge-Kutta method.

    Attributes
    ----------
    a, b, c : its coefficients; stages that only dense output needs have the weight 0
    inside : from where in a step, between 0 and 1, to the weights of the slopes there
    """

    a: Array
    b: Array
    c: Array
    inside: Callable[[float], Array]

    @cached_property
    def is_implicit(self) -> bool:
        return bool(np.any(np.triu(self.a)))

    @cached_property
    def shares(self) -> Array:
        """What a stage's slope counts for in those behind it, and at the end of the step: (s, s + 1)."""
        return np.concatenate([self.a.T, self.b[:, None]], axis=1)

    @cached_property
    def counts(self) -> Array:
        """Which stages count in a step; those that only dense output needs are the last ones."""
        return np.any(self.shares != 0, axis=1)


class Steps(NamedTuple):
    """The steps that a solver took.

    Attributes
    ----------
    times : (m + 1,)
    y : (m, n), where each step begins
    slopes : (m, s, n), those at the stages as far as they are known, or none
    tableau : their method
    places : (m, s, n) the stages, or None where the slopes tell
    """

    times: Array
    y: Array
    slopes: Array | None
    tableau: Tableau
    places: Array | None = None

    def stages(self) -> tuple[Array, Array, Array]:
        """Return the lengths of the steps, and the times and values at which the right-hand side is called."""
        h = np.diff(self.times)
        when = self.times[:-1, None] + h[:, None] * self.tableau.c
        if self.places is not None:
            return h, when, self.places
        slopes, a = self.slopes, self.tableau.a
        assert slopes is not None
        where = self.y[:, None] + h[:, None, None] * np.matmul(a[:, : slopes.shape[1]], slopes)
        return h, when, where
