"""The gradient of a large stiff solution, by the equation of its adjoint, which the same method solves backwards.

Along a solution of y' = f(t, y) cotangents go by g' = -J(t)^T g; what f depends on gets the integral of g^T f_theta.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ...kernels.arrays import Array
from ...tape.wrapping import bare
from ...transforms.jacobians import jacobian
from ..captured import dropped_in
from .adjoint import Adjoint, Slope
from .programs import pulled_slope
from .steps import Steps

# Up to how many unknowns the method may make matrices.
LARGE = 1500
# How much more exactly than the solution, and how exactly at most.
_FINER, _FINEST = 0.1, 1e-10


class Continuous(Adjoint):
    """The linear problem of a solution, between its steps.

    Parameters
    ----------
    solution : of times, (n, number of times)
    method : SciPy's, which has found it
    rtol : how exactly
    """

    def __init__(
        self, f: Slope, plain: Slope, steps: Steps, solution: Callable[[Any], Array], method: Any, rtol: Any
    ) -> None:
        super().__init__(f, plain, steps)
        self._solution, self._method = solution, method
        self._rtol = float(np.clip(_FINER * np.min(rtol), _FINEST, 1e-3))

    def pulled(self, times: Array, g: Array) -> tuple[Array, Array]:
        program = None if self._values is None else self._values.program(pulled_slope, len(self.stages))
        if program is not None:
            try:
                found = self._solved(times, g, program)
                if np.all(np.isfinite(found[1])):  # only a sweep knows which zeros win over an infinity
                    return found
            except Exception:  # there is no program for it, or it says what is wrong below
                pass
        return dropped_in(lambda: self._solved(times, g, self._back), self.plain, recorded=True)  # type: ignore[no-any-return]

    def _solved(self, times: Array, g: Array, pull: Callable[..., Any]) -> tuple[Array, Array]:
        n = g.shape[1]
        c, b = self.steps.tableau.c, self.steps.tableau.b
        start, now = float(self.steps.times[0]), np.zeros(n)
        nodes, places, along = [np.zeros(0)], [np.zeros((0, n))], [np.zeros((0, n))]

        def slope(t: float, g: Array) -> Array:
            return -pull(float(t), np.array(self._solution(t)), np.array(g))

        def by_g(t: float, _: Array) -> Array:
            y = self._solution(t)
            matrix = dropped_in(lambda: jacobian(lambda y: self.plain(t, y))(y), self.plain, recorded=True)
            return -bare(matrix).T

        ends = np.unique(np.append(times[np.any(g != 0, axis=1)], start))
        ends = ends if self.steps.times[-1] < start else ends[::-1]
        for t, end in zip(ends, [*ends[1:], None], strict=True):
            now = now + np.sum(g[times == t], axis=0)
            if end is None or not np.any(now):
                continue
            how = {"rtol": self._rtol, "atol": 0.01 * self._rtol * np.max(np.abs(now)), "jac": by_g}
            found = integrate.solve_ivp(slope, (t, end), now, self._method, dense_output=True, **how)
            if not found.success:
                raise ValueError(f"the equation of the adjoint could not be solved: {found.message}")
            edges = found.sol.ts
            when = np.ravel(edges[:-1, None] + np.diff(edges)[:, None] * c)
            nodes.append(when)
            places.append(self._solution(when).T)
            along.append(np.ravel(-np.diff(edges)[:, None] * b)[:, None] * found.sol(when).T)
            now = found.y[:, -1]
        # The right-hand side is called anew at the nodes of this equation.
        self._when, self.stages, self._call = np.concatenate(nodes), np.concatenate(places)[:, None], None
        return np.concatenate(along), now
