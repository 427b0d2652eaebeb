"""solve_bvp: by what the equations and the boundary conditions depend on.

The answer solves the equations of collocation on the mesh on which SciPy ended: its derivative is that of an implicit
function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ...context.settings import within
from ...kernels.arrays import Array
from ...rules.scipy.declared import looking
from ...rules.scipy.undifferentiated import Undifferentiated
from ...rules.scipy.values import as_double, as_library, from_library
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

    # At a singular end y is such that S y is zero, and the slope is what remains finite.
    start = np.eye(n) if S is None else np.linalg.pinv(np.eye(n) - np.asarray(S))

    def parted(z: Any) -> tuple[Any, tuple[Any, ...]]:
        return np.reshape(z[: n * m], (n, m)), () if found.p is None else (z[n * m :],)

    def slope(at: Any, states: Any, rest: tuple[Any, ...]) -> Any:
        value = lifted(called(fun, at, states, *rest))
        if S is None:
            return value
        away = at - found.x[0]
        inverse = np.divide(1.0, away, out=np.zeros_like(away), where=away > 0)
        return np.where(away > 0, value + np.asarray(S) @ states * inverse, start @ value)

    def equations(z: Any) -> Any:
        states, rest = parted(z)
        h = np.diff(found.x)
        at_ends = slope(found.x, states, rest)
        left, right = at_ends[:, :-1], at_ends[:, 1:]
        middle = (states[:, 1:] + states[:, :-1]) / 2 - h / 8 * (right - left)
        between = slope(found.x[:-1] + h / 2, middle, rest)
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
    states, given_rest = parted(z)
    slopes_there = slope(found.x, states, given_rest)
    parts = {"x": found.x, "y": states, "yp": slopes_there, "p": None if found.p is None else z[n * m :]}
    return finished(found, name, **parts, sol=Curve(found.sol, found.x, states, slopes_there))


class Curve:
    """The solution between the points of its mesh: the cubic curves that have its values and slopes there.

    Parameters
    ----------
    library : what SciPy returned
    sites : (m,), the mesh
    values, slopes : (n, m), there
    """

    def __init__(self, library: Any, sites: Array, values: Any, slopes: Any) -> None:
        self._library, self._sites = library, sites
        h = np.diff(sites)
        risen = (values[:, 1:] - values[:, :-1]) / h
        bent = (slopes[:, :-1] + slopes[:, 1:] - 2 * risen) / h
        self._coefficients = values[:, :-1], slopes[:, :-1], (risen - slopes[:, :-1]) / h - bent, bent / h

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        """Return the solution, or a derivative of it by x, at an array of any shape: (n, ...)."""
        x = as_double(lifted(x))
        which = np.clip(np.searchsorted(self._sites, bare(x), "right") - 1, 0, len(self._sites) - 2)
        away = x - self._sites[which]
        total: Any = 0.0
        for power in range(3, nu - 1, -1):
            factor = math.perm(power, nu)
            total = total * away + factor * self._coefficients[power][:, which]
        if nu > 3:
            total = np.zeros((len(self._coefficients[0]), *np.shape(x)))
        return as_library(total, _on_curve, x, curve=self._library, nu=nu, extrapolate=extrapolate)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(Undifferentiated(f"sol.{name}", "scipy.integrate.solve_bvp"), name)


@from_library
def _on_curve(x: Array, *, curve: Any, nu: int, extrapolate: Any) -> Array:
    return np.asarray(curve(x, nu, extrapolate))


def _of_constants(found: Any, *functions: Callable[..., Any]) -> Any:
    """Return an answer that depends on no variable; of complex numbers there is no other."""
    fun, bc = functions
    rest = () if found.p is None else (found.p,)
    values = [called(fun, found.x, found.y, *rest), called(bc, found.y[:, 0], found.y[:, -1], *rest)]
    if has_variable(values):
        raise TypeError("scipy.integrate.solve_bvp of complex numbers has no derivative here")
    return found


looking("scipy.integrate", each(solve_bvp))
