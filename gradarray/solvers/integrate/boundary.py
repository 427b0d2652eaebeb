"""solve_bvp: by what the equations and the boundary conditions depend on.

The answer solves the equations of collocation on the mesh on which SciPy ended: its derivative is that of an implicit
function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ...context.settings import within
from ...rules.scipy.declared import looking
from ...tape.wrapping import bare, has_variable, lifted
from ..calling import IN_PLAIN_ARRAYS, each
from ..captured import called, kept, of_bare_values
from ..optimize.calls import finished
from ..optimize.implicit import Asked, solution
from ..remembered import Memory, Recorded, recorded_with
from ..written import OfValues
from .switches import Search, refuse_moving, slightly_others

# Up to how many unknowns a matrix is made: by products alone, the equations of a mesh are hard to solve.
_LARGE = 1500


def solve_bvp(
    fun: Callable[..., Any],
    bc: Callable[..., Any],
    x: Any,
    y: Any,
    p: Any = None,
    S: Any = None,
    fun_jac: Any = None,
    bc_jac: Any = None,
    **options: Any,
) -> Any:
    for name, value in (("x", x), ("S", S)):
        if has_variable(value):
            raise TypeError(f"scipy.integrate.solve_bvp has no derivative by {name}=, which was given a variable")
    fun, bc = kept(fun), kept(bc)
    memory = Memory("scipy.integrate.solve_bvp", fun, bc, fun_jac, bc_jac)
    begin = np.asarray(bare(y)), () if p is None else (np.asarray(bare(p)),)
    first = called(fun, x, begin[0], *begin[1]), called(bc, begin[0][:, 0], begin[0][:, -1], *begin[1])
    memory.look(has_variable(first))
    of_bare = recorded_with if memory.kept else of_bare_values
    slopes, conditions = of_bare(fun), of_bare(bc)
    plain = [f if f is None else of_bare(f) for f in (fun_jac, bc_jac)]
    given = slopes, conditions, x, bare(y), bare(p), S, *plain
    found = within(IN_PLAIN_ARRAYS, lambda: integrate.solve_bvp(*given, **options))
    memory.refuse_later(has_variable(first))
    if memory.kept:
        fun, bc = Recorded(fun), Recorded(bc)
    n, m = found.y.shape
    unknowns = np.ravel(found.y) if found.p is None else np.concatenate([np.ravel(found.y), found.p])
    if np.iscomplexobj(unknowns):
        return _of_constants(found, fun, bc)

    def equations(z: Any) -> Any:
        states, rest = np.reshape(z[: n * m], (n, m)), () if found.p is None else (z[n * m :],)

        def slope(at: Any, states: Any) -> Any:
            value = lifted(called(fun, at, states, *rest))
            if S is None:
                return value
            away = at - found.x[0]
            inverse = np.divide(1.0, away, out=np.zeros_like(away), where=away > 0)
            return np.where(away > 0, value + np.asarray(S) @ states * inverse, start @ value)

        # At a singular end y is such that S y is zero, and the slope is what remains finite.
        start = np.eye(n) if S is None else np.linalg.pinv(np.eye(n) - np.asarray(S))
        h = np.diff(found.x)
        at_ends = slope(found.x, states)
        left, right = at_ends[:, :-1], at_ends[:, 1:]
        middle = (states[:, 1:] + states[:, :-1]) / 2 - h / 8 * (right - left)
        between = slope(found.x[:-1] + h / 2, middle)
        missed = states[:, 1:] - states[:, :-1] - h / 6 * (left + right + 4 * between)
        ends = lifted(called(bc, states[:, 0], states[:, -1], *rest))
        return np.concatenate([np.ravel(missed), ends])

    name = "scipy.integrate.solve_bvp"
    rest = () if found.p is None else (found.p,)

    def of(f: Any) -> Any:
        return lambda places: np.transpose(bare(f(places[:, 0], places[:, 1:].T, *rest)))

    def values() -> OfValues:
        return OfValues(fun, (), objects=True)

    def search() -> Search:
        return Search(
            [np.column_stack([found.x, found.y.T])], of(values()), slightly_others(values, of), True, memory.kept
        )

    refuse_moving(name, "solve it on both sides of there, as one larger system", (fun,), search)
    doubt = None if found.success else ValueError(f"{name} did not succeed ({found.message}): no derivative")
    z = solution(equations, unknowns, Asked(name, None, doubt, _LARGE, memory.kept))
    if z is unknowns:
        return found
    states = np.reshape(z[: n * m], (n, m))
    parts = {"x": found.x, "y": states, "p": None if found.p is None else z[n * m :]}
    return finished(found, name, **parts)


def _of_constants(found: Any, *functions: Callable[..., Any]) -> Any:
    """Return an answer that depends on no variable; of complex numbers there is no other."""
    fun, bc = functions
    rest = () if found.p is None else (found.p,)
    values = [called(fun, found.x, found.y, *rest), called(bc, found.y[:, 0], found.y[:, -1], *rest)]
    if has_variable(values):
        raise TypeError("scipy.integrate.solve_bvp of complex numbers has no derivative here")
    return found


looking("scipy.integrate", each(solve_bvp))
