"""scipy.optimize's roots and fixed points: the equations that they solve are the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...tape.wrapping import bare, lifted
from ...transforms.gradients import elementwise_grad
from ..captured import kept
from .calls import SolverCall, Unknowns, about, finished, jacobian_for, quietly, real_parts, solver, vector_of
from .implicit import Asked, solution
from .optimality import stationary


def zero(f: Callable[[Any], Any], x: Any, about: Asked, fixed: bool = False) -> Any:
    """Return a root of a function of x alone with its derivatives, or a point that is `fixed`."""
    vector, of = vector_of(x)
    kind = np.asarray(x).dtype.kind

    def equations(z: Any) -> Any:
        found = of(z)
        value = lifted(f(found))
        return real_parts(value - found if fixed else value, kind == "c")

    found = solution(equations, vector, about)
    return x if found is vector else of(found)


def _first(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: f(*args)[0]


# --- of one variable --------------------------------------------------------------------------------------------------


def _scalar(name: str) -> Callable[..., Any]:
    @solver
    def body(*args: Any, **kwargs: Any) -> Any:
        call = SolverCall(name, args, kwargs)
        f, rest = call["f"], call.args()
        call.look((f, (bare(call["a"]), *rest)))
        found = quietly(call, f, (call["a"], *rest))
        x, results = found if call["full_output"] else (found, None)
        success = results is None or results.converged
        x = zero(call.user(f, rest), x, about(call, success, results and results.flag))
        if results is None:
            return x
        results.root = x
        return x, results

    body.__name__ = name
    return body


@solver
def root_scalar(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("root_scalar", args, kwargs)
    f, rest, changes = call["f"], call.args(), {}
    start = call["x0"] if call["bracket"] is None else call["bracket"][0]
    start = bare(start)
    call.look((f, (start, *rest)))
    both = call["fprime"] is not None and not callable(call["fprime"]) and bool(call["fprime"])
    value = _first(f) if both else f
    if call["method"] in ("newton", "halley") and not call.memory.kept and not both and call["fprime"] is None:
        changes["fprime"] = _slope(f)
    if call["method"] == "halley" and not call.memory.kept and not both and call["fprime2"] is None:
        changes["fprime2"] = _slope(elementwise_grad(kept(f, bare)))
    found = quietly(call, f, (start, *rest), **changes)
    found.root = zero(call.user(value, rest), found.root, about(call, found.converged, found.flag))
    return found


def _slope(f: Callable[..., Any]) -> Callable[..., Any]:
    derivative = elementwise_grad(kept(f, bare))
    return lambda x, *args: bare(derivative(float(x), *args))


@solver
def newton(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("newton", args, kwargs)
    f, rest = call["func"], call.args()
    start = bare(call["x0"])
    call.look((f, (start, *rest)))
    found = quietly(call, f, (start, *rest))
    if not call["full_output"]:
        return zero(call.user(f, rest), found, about(call))
    if np.ndim(start):
        x, converged, _ = found
        told = about(call, bool(np.all(converged)), "some elements did not converge")
        return (
            type(found)(zero(call.user(f, rest), x, told), *found[1:])
            if hasattr(found, "_fields")
            else (zero(call.user(f, rest), x, told), *found[1:])
        )
    x, results = found
    results.root = zero(call.user(f, rest), x, about(call, results.converged, results.flag))
    return results.root, results


@solver
def fixed_point(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("fixed_point", args, kwargs)
    f, rest = call["func"], call.args()
    start = bare(call["x0"])
    call.look((f, (start, *rest)))
    x = quietly(call, f, (start, *rest))
    return zero(call.user(f, rest), x, about(call), fixed=True)


# --- of several -------------------------------------------------------------------------------------------------------

_BY_JACOBIAN = ("hybr", "lm")


@solver
def root(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("root", args, kwargs)
    unknowns, rest = Unknowns(call["x0"]), call.args()
    fun, jac = unknowns.function(call["fun"]), call["jac"]
    call.look((fun, (np.atleast_1d(unknowns.start), *rest)))
    pair = jac is not None and not callable(jac) and bool(jac)
    value = _first(fun) if pair else fun
    changes: dict[str, Any] = {"fun": call.bare(fun), "x0": unknowns.start}
    if not jac and str(call["method"]).lower() in _BY_JACOBIAN:
        changes["jac"] = call.own(jacobian_for, value, unknowns.start, rest)
    found = quietly(call, fun, (unknowns.start, *rest), **changes)
    told = about(call, found.success, found.message)
    inner = call.user(value, rest)
    if np.size(found.fun) == np.size(found.x):
        x = zero(inner, found.x, told)
    else:
        x = stationary(lambda z: np.sum(np.ravel(inner(z)) ** 2) / 2, found.x, told)
    parts = {"x": unknowns.of(x)}
    if x is found.x:
        found.update(parts)
        return found
    return finished(found, call.name, fun=found.fun if np.size(found.fun) == np.size(found.x) else inner(x), **parts)


@solver
def fsolve(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("fsolve", args, kwargs)
    unknowns, rest = Unknowns(call["x0"]), call.args()
    fun = unknowns.function(call["func"])
    call.look((fun, (np.atleast_1d(unknowns.start), *rest)))
    changes: dict[str, Any] = {"func": call.bare(fun), "x0": unknowns.start}
    if call["fprime"] is None and not call["band"]:
        changes["fprime"] = call.own(jacobian_for, fun, np.atleast_1d(unknowns.start), rest)
        if changes["fprime"] is not None:
            changes["col_deriv"] = 0
    found = quietly(call, fun, (unknowns.start, *rest), **changes)
    values = found[0] if call["full_output"] else found
    told = about(call, found[2] == 1, found[3]) if call["full_output"] else about(call)
    x = zero(call.user(fun, rest), values, told)
    if not call["full_output"]:
        return unknowns.of(x)
    details = found[1] if x is values else finished(found[1], call.name, fvec=found[1]["fvec"])
    return unknowns.of(x), details, *found[2:]


def _nonlinear(name: str) -> Callable[..., Any]:
    @solver
    def body(*args: Any, **kwargs: Any) -> Any:
        call = SolverCall(name, args, kwargs)
        f, start = call["F"], bare(call["xin"])
        call.look((f, (start,)))
        return zero(call.user(f, ()), quietly(call, f, (start,)), about(call))

    body.__name__ = name
    return body


BODIES = (
    *map(_scalar, ("brentq", "brenth", "ridder", "bisect", "toms748")),
    *(root_scalar, newton, fixed_point, root, fsolve),
    *map(
        _nonlinear,
        (*("broyden1", "broyden2", "anderson", "diagbroyden", "excitingmixing", "linearmixing", "newton_krylov"),),
    ),
)
