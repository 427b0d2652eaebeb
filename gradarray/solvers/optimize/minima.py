"""scipy.optimize's minimisers: where the gradient is zero, or balanced by the constraints that are active."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...reverse.outputs import revalued
from ...rules.scipy.undifferentiated import Undifferentiated
from ...tape.wrapping import bare, has_variable, lifted
from ...transforms.gradients import grad
from ..captured import depends
from .calls import (
    SolverCall,
    Unknowns,
    about,
    finished,
    gradient_for,
    hessian_for,
    jacobian_for,
    ours,
    product_for,
    quietly,
    solver,
)
from .implicit import Asked
from .optimality import Rows, rows_of_bounds, stationary

Function = Callable[..., Any]

_BY_GRADIENT = {"cg", "bfgs", "newton-cg", "l-bfgs-b", "tnc", "slsqp", "dogleg", "trust-ncg", "trust-krylov"}
_BY_GRADIENT |= {"trust-exact", "trust-constr"}


def _first(f: Function) -> Function:
    return lambda *args: f(*args)[0]


# --- constraints ------------------------------------------------------------------------------------------------------


def rows_of(call: SolverCall, constraint: Any, of: Function = lambda z: z) -> Rows:
    """Return a constraint in any form in which SciPy takes them; `of` makes of a vector what its function takes."""
    if isinstance(constraint, dict):
        args = constraint.get("args", ())
        f = call.user(constraint["fun"], args if isinstance(args, tuple) else (args,))
        return Rows(lambda z: _vector(f(of(z))), 0.0, 0.0 if constraint["type"].lower() == "eq" else np.inf)
    if hasattr(constraint, "fun"):
        f = call.user(constraint.fun, ())
        return Rows(lambda z: _vector(f(of(z))), constraint.lb, constraint.ub)
    matrix = constraint.A
    if hasattr(matrix, "toarray"):
        matrix = matrix.toarray()
    return Rows(lambda z: np.atleast_2d(matrix) @ z, constraint.lb, constraint.ub)


def _vector(value: Any) -> Any:
    return np.ravel(lifted(value))


def listed(constraints: Any) -> list[Any]:
    if constraints is None:
        return []
    return list(constraints) if isinstance(constraints, (list, tuple)) else [constraints]


def _first_calls(constraints: Sequence[Any], start: Any, of: Function = lambda f: f) -> list[Any]:
    """Return the functions of constraints, each with the arguments of a call."""
    found = []
    for c in constraints:
        if isinstance(c, dict):
            args = c.get("args", ())
            found.append((of(c["fun"]), (start, *(args if isinstance(args, tuple) else (args,)))))
        elif hasattr(c, "fun"):
            found.append((of(c.fun), (start,)))
    return found


def _with_slopes(call: SolverCall, constraint: Any, unknowns: Unknowns) -> Any:
    """Return a constraint for the solver: with bare values, and with the Jacobian of its function where it has none."""
    if not isinstance(constraint, dict):
        return constraint
    args = constraint.get("args", ())
    f = unknowns.function(constraint["fun"])
    found = {**constraint, "fun": f}
    if constraint.get("jac") is None:
        slope = call.own(jacobian_for, lambda x, *rest: _vector(f(x, *rest)), unknowns.start, args)
        if slope is not None:
            found["jac"] = slope
    else:
        found["jac"] = unknowns.function(constraint["jac"])
    return found


# --- the answer -------------------------------------------------------------------------------------------------------


class Minimum:
    """A minimum, and what is computed of it, with the derivatives of both.

    Parameters
    ----------
    call : SolverCall
    f : callable
        The objective, of what the solver finds and of `rest`.
    x : the values
    told : Asked, optional
    bounds, constraints : as SciPy takes them
    of : what makes of the vector what the constraints take

    Attributes
    ----------
    x : with derivatives where there are variables
    differentiable : whether there are
    """

    def __init__(
        self,
        call: SolverCall,
        f: Function,
        x: Any,
        rest: tuple[Any, ...] = (),
        *,
        told: Asked | None = None,
        bounds: Any = None,
        constraints: Sequence[Any] = (),
        of: Function = lambda z: z,
    ) -> None:
        inner = call.user(f, rest)
        self._f = inner
        self.x, self.differentiable = x, False
        rows = [*rows_of_bounds(bounds), *[rows_of(call, c, of) for c in constraints]]
        values = [self._f(x), *[part for row in rows for part in (row.value(x), row.low, row.high)]]
        if depends(values, call.name):
            self.x = stationary(inner, x, told or about(call), rows)
            self.differentiable = self.x is not x
            self._bound = bool(rows)

    def value(self, value: Any) -> Any:
        """Return the objective, whose value is known."""
        if not self.differentiable:
            return value
        found = self._f(self.x)
        return revalued(np.reshape(found, np.shape(value)), np.asarray(value, float)[()])

    def slope(self, value: Any) -> Any:
        """Return the gradient of the objective, which is zero for all variables unless constraints hold against it."""
        if not self.differentiable or not self._bound:
            return value
        found = grad(ours(self._f))(self.x)
        return revalued(found, np.asarray(value, float))


def _finished(call: SolverCall, found: Any, minimum: Minimum, unknowns: Unknowns | None = None) -> Any:
    """Put a minimum into SciPy's result."""
    x = minimum.x if unknowns is None else unknowns.of(minimum.x)
    if not minimum.differentiable:
        found["x"] = x
        return found
    parts = {"x": x, "fun": minimum.value(found.fun)}
    if isinstance(found.get("jac"), np.ndarray) and np.shape(found.jac) == np.shape(minimum.x):
        parts["jac"] = minimum.slope(found.jac)
    return finished(found, call.name, **parts)


@solver
def minimize(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("minimize", args, kwargs)
    unknowns, rest = Unknowns(call["x0"]), call.args()
    start = np.atleast_1d(unknowns.start)
    fun, jac = unknowns.function(call["fun"]), call["jac"]
    pair = jac is not None and not callable(jac) and jac is not False and not isinstance(jac, str)
    value = _first(fun) if pair else fun
    constraints, bounds = listed(call["constraints"]), call["bounds"]
    call.look(
        (fun, (start, *rest)),
        *[(unknowns.function(call[name]), (start, *rest)) for name in ("jac", "hess") if callable(call[name])],
        *_first_calls(constraints, start, unknowns.function),
    )
    method = str(call["method"]).lower()
    if call["method"] is None:
        method = "slsqp" if constraints else "l-bfgs-b" if bounds is not None else "bfgs"
    changes: dict[str, Any] = {"fun": call.bare(fun), "x0": unknowns.start}
    if callable(jac):
        changes["jac"] = call.bare(unknowns.function(jac))
    elif jac is None and method in _BY_GRADIENT:
        changes["jac"] = call.own(gradient_for, value, start, rest)
    for name in ("hess", "hessp"):
        if callable(call[name]):
            changes[name] = call.bare(unknowns.function(call[name]))
    if call["hess"] is None and call["hessp"] is None:
        if method in ("dogleg", "trust-exact"):
            changes["hess"] = call.own(hessian_for, value, start, rest)
        elif method in ("newton-cg", "trust-ncg", "trust-krylov"):
            changes["hessp"] = call.own(product_for, value, start, rest)
    if constraints:
        made = [_with_slopes(call, c, unknowns) if method == "slsqp" else c for c in constraints]
        changes["constraints"] = call.bare_of(made)
    found = quietly(call, fun, (unknowns.start, *rest), **changes)
    minimum = Minimum(
        call,
        value,
        found.x,
        rest,
        told=about(call, found.success, found.message),
        bounds=bounds,
        constraints=constraints,
        of=unknowns.of if unknowns.is_container else lambda z: z,
    )
    return _finished(call, found, minimum, unknowns)


@solver
def minimize_scalar(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("minimize_scalar", args, kwargs)
    f, rest, bounds = call["fun"], call.args(), call["bounds"]
    start = next(x for x in (bounds, call["bracket"], (0.5,)) if x is not None)[0]
    call.look((f, (float(bare(start)), *rest)))
    found = quietly(call, f, (float(bare(start)), *rest))
    pairs = None if bounds is None else [tuple(bounds)]
    told = about(call, found.success, found.message)
    return _finished(call, found, Minimum(call, f, found.x, rest, told=told, bounds=pairs))


def _line(name: str, function: str, bounded: bool = False) -> Function:
    """Return the body of a minimiser by one number, which gives the place alone, or a tuple."""

    @solver
    def body(*args: Any, **kwargs: Any) -> Any:
        call = SolverCall(name, args, kwargs)
        f, rest = call[function], call.args()
        start = call["x1"] if bounded else next(x for x in (call["brack"], (0.5,)) if x is not None)[0]
        call.look((f, (float(bare(start)), *rest)))
        found = quietly(call, f, (float(bare(start)), *rest))
        several = isinstance(found, tuple)
        x = found[0] if several else found
        minimum = Minimum(call, f, x, rest, bounds=[(call["x1"], call["x2"])] if bounded else None)
        return (minimum.x, minimum.value(found[1]), *found[2:]) if several else minimum.x

    body.__name__ = name
    return body


# --- the older functions ----------------------------------------------------------------------------------------------


def _older(
    name: str,
    function: str,
    slope: str | None = None,
    bounds: bool = False,
    constraints: Function | None = None,
    gradient: int | None = None,
) -> Function:
    """Return the body of a function that gives x alone, or a tuple of x, the lowest value and more.

    `slope` is the parameter for the gradient, and `gradient` where that stands in the tuple.
    """

    @solver
    def body(*args: Any, **kwargs: Any) -> Any:
        call = SolverCall(name, args, kwargs)
        unknowns, rest = Unknowns(call["x0"]), call.args()
        fun = unknowns.function(call[function])
        held_to = [] if constraints is None else constraints(call)
        start = np.atleast_1d(unknowns.start)
        call.look((fun, (start, *rest)), *_first_calls(held_to, start, unknowns.function))
        changes: dict[str, Any] = {}
        pair = name in ("fmin_l_bfgs_b", "fmin_tnc") and call["fprime"] is None and not call["approx_grad"]
        value = _first(fun) if pair else fun
        if slope is not None and call[slope] is None and not pair:
            own = call.own(gradient_for, value, np.atleast_1d(unknowns.start), rest)
            changes |= {} if own is None else {slope: own, "approx_grad": 0}
        elif slope is not None and callable(call[slope]):
            changes[slope] = call.bare(unknowns.function(call[slope]))
        changes |= {function: call.bare(fun), "x0": unknowns.start}
        found = quietly(call, fun, (unknowns.start, *rest), **changes)
        several = isinstance(found, tuple)
        x = found[0] if several else found
        minimum = Minimum(
            call,
            value,
            x,
            rest,
            bounds=call["bounds"] if bounds else None,
            constraints=held_to,
            of=unknowns.of if unknowns.is_container else lambda z: z,
        )
        if not several:
            return unknowns.of(minimum.x)
        if name == "fmin_tnc":
            return unknowns.of(minimum.x), *found[1:]
        others = [*found[2:]]
        if minimum.differentiable:
            if gradient is not None:
                others[gradient - 2] = minimum.slope(others[gradient - 2])
            others = [
                part
                if i == gradient or isinstance(part, (int, str, dict, np.number))
                else Undifferentiated(f"result {i}", call.name)
                for i, part in enumerate(others, 2)
            ]
        return unknowns.of(minimum.x), minimum.value(found[1]), *others

    body.__name__ = name
    return body


def _of_slsqp(call: SolverCall) -> list[Any]:
    args = call.args()
    made = [{"type": "eq", "fun": f, "args": args} for f in call["eqcons"]]
    made += [{"type": "ineq", "fun": f, "args": args} for f in call["ieqcons"]]
    for kind, name in (("eq", "f_eqcons"), ("ineq", "f_ieqcons")):
        if call[name] is not None:
            made.append({"type": kind, "fun": call[name], "args": args})
    return made


def _of_cobyla(call: SolverCall) -> list[Any]:
    args = call.args() if call["consargs"] is None else call["consargs"]
    return [{"type": "ineq", "fun": f, "args": args} for f in listed(call["cons"])]


# --- of the whole range -----------------------------------------------------------------------------------------------


def _global(name: str) -> Function:
    @solver
    def body(*args: Any, **kwargs: Any) -> Any:
        call = SolverCall(name, args, kwargs)
        f = call["func"]
        local = call["minimizer_kwargs"] or {}
        rest = call.args() or local.get("args", ())
        rest = rest if isinstance(rest, tuple) else (rest,)
        bounds = local.get("bounds") if name == "basinhopping" else call["bounds"]
        constraints = listed(call["constraints"]) or listed(local.get("constraints"))
        pair = local.get("jac") is True
        value = _first(f) if pair else f
        changes = {}
        start = _middle(bounds, call["x0"])
        call.look((f, (start, *rest)), *_first_calls(constraints, start))
        if name == "basinhopping":
            method = str(local.get("method", "l-bfgs-b" if bounds is not None else "bfgs")).lower()
            if local.get("jac") is None and method in _BY_GRADIENT:
                slope = call.own(gradient_for, value, np.atleast_1d(start), rest)
                if slope is not None:
                    changes["minimizer_kwargs"] = {**call.bare_of(local), "jac": slope}
        found = quietly(call, f, (start, *rest), **changes)
        lowest = found.get("lowest_optimization_result", found)
        success = bool(lowest.get("success", True))
        whole = call["integrality"]
        problem = None
        if whole is not None and np.any(whole):
            problem = TypeError(f"{call.name} has no derivative where some unknowns are whole numbers")
        told = about(call, success, found.get("message"), problem)
        minimum = Minimum(call, value, found.x, rest, told=told, bounds=bounds, constraints=constraints)
        return _finished(call, found, minimum)

    body.__name__ = name
    return body


def _middle(bounds: Any, x0: Any) -> Any:
    """Return a point at which the objective may be asked."""
    if x0 is not None:
        return np.asarray(bare(x0), float)
    rows = rows_of_bounds(bounds)
    low, high = (np.asarray(bare(bound), float) for bound in rows[0][1:])
    return (low + high) / 2


@solver
def brute(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("brute", args, kwargs)
    f, rest = call["func"], call.args()
    if has_variable(call["ranges"]) and call["finish"] is None:
        call.refuse_variables("ranges")
    start = np.array([float(bare(r.start if isinstance(r, slice) else r[0])) for r in call["ranges"]])
    start = start if start.size > 1 else start[0]
    call.look((f, (start, *rest)))
    found = quietly(call, f, (start, *rest))
    several = isinstance(found, tuple)
    x = found[0] if several else found
    minimum = Minimum(call, f, x, rest)
    if not several:
        return minimum.x
    others = [Undifferentiated(f"result {i}", call.name) for i in (2, 3)] if minimum.differentiable else found[2:]
    return minimum.x, minimum.value(found[1]), *others


BODIES = (
    minimize,
    minimize_scalar,
    *(_line("brent", "func"), _line("golden", "func"), _line("fminbound", "func", True)),
    *(_older("fmin", "func"), _older("fmin_powell", "func"), _older("fmin_cobyla", "func", constraints=_of_cobyla)),
    *(
        _older("fmin_bfgs", "f", "fprime", gradient=2),
        _older("fmin_cg", "f", "fprime"),
        _older("fmin_ncg", "f", "fprime"),
    ),
    *(_older("fmin_l_bfgs_b", "func", "fprime", True), _older("fmin_tnc", "func", "fprime", True)),
    _older("fmin_slsqp", "func", "fprime", True, constraints=_of_slsqp),
    *map(_global, ("differential_evolution", "basinhopping", "dual_annealing", "shgo", "direct")),
    brute,
)
