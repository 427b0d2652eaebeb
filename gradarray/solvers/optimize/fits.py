"""scipy.optimize's least squares: minima of a sum of squares, or of another loss of each one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...reverse.outputs import revalued
from ...rules.scipy.undifferentiated import Undifferentiated
from ...tape.wrapping import bare, lifted
from ...transforms.jacobians import jacobian
from ..captured import called, depends, kept
from ..remembered import elsewhere
from .calls import (
    SolverCall,
    Unknowns,
    about,
    finished,
    jacobian_for,
    ours,
    quietly,
    real_parts,
    solver,
)
from .optimality import rows_of_bounds, stationary

Function = Callable[..., Any]

# What each loss makes of a square.
_LOSSES: Mapping[str, Function] = {
    "linear": lambda z: z,
    "soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1),
    "huber": lambda z: np.where(z <= 1, z, 2 * np.sqrt(np.where(z <= 1, 1.0, z)) - 1),
    "cauchy": np.log1p,
    "arctan": np.arctan,
}


def _cost(residual: Function, loss: Any, scale: Any) -> Function:
    """Return half the sum of the losses, as a function of x."""
    own = kept(loss) if callable(loss) else None

    def cost(x: Any) -> Any:
        r = real_parts(residual(x), False)
        if loss in (None, "linear"):
            return np.sum(r * r) / 2
        z = (r / scale) ** 2
        rho = _LOSSES[loss](z) if own is None else called(own, z)[0]
        return np.sum(rho) * scale**2 / 2

    return cost


class Fit:
    """A least-squares solution and what is computed of it.

    Attributes
    ----------
    x : with derivatives where there are variables
    differentiable : whether there are
    """

    def __init__(
        self,
        call: SolverCall,
        residual: Function,
        x: Any,
        told: Any,
        bounds: Any = None,
        loss: Any = "linear",
        scale: Any = 1.0,
    ) -> None:
        self.residual, self.cost = residual, _cost(residual, loss, scale)
        self.x, self.differentiable = x, False
        rows = rows_of_bounds(bounds)
        limits = [bound for row in rows for bound in (row.low, row.high)]
        if depends([self.cost(x), *limits], call.name):
            self.x = stationary(self.cost, x, told, rows)
            self.differentiable = self.x is not x

    def residuals(self, value: Any) -> Any:
        return revalued(np.reshape(lifted(self.residual(self.x)), np.shape(value)), np.asarray(value, float))

    def jacobian(self) -> Any:
        """Return the Jacobian of the residuals by x."""
        return jacobian(ours(lambda z: real_parts(self.residual(z), False)))(self.x)

    def covariance(self, value: Any) -> Any:
        """Return the inverse of the normal matrix, whose value is known."""
        slopes = self.jacobian()
        return revalued(np.linalg.inv(slopes.T @ slopes), np.asarray(value, float))


def _pair(bounds: Any) -> Any:
    """Return bounds as least squares takes them, in the form of an object that has both sides."""
    if bounds is None or hasattr(bounds, "lb"):
        return bounds
    return _Sides(*[lifted(list(side)) if isinstance(side, (list, tuple)) else side for side in bounds])


class _Sides:
    def __init__(self, lb: Any, ub: Any) -> None:
        self.lb, self.ub = lb, ub


@solver
def least_squares(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("least_squares", args, kwargs)
    unknowns, rest, named = Unknowns(call["x0"]), call.args(), call["kwargs"] or {}
    fun = unknowns.function(call["fun"])
    whole = fun if not named else (lambda x, *args: fun(x, *args, **named))
    first = np.atleast_1d(unknowns.start), *rest
    call.look((whole, first), *([(unknowns.function(call["jac"]), first)] if callable(call["jac"]) else []))
    changes: dict[str, Any] = {"fun": call.bare(fun), "x0": unknowns.start}
    if callable(call["jac"]):
        changes["jac"] = call.bare(unknowns.function(call["jac"]))
    elif "jac" not in call.given and not named and call["jac_sparsity"] is None:
        slope = call.own(jacobian_for, fun, np.atleast_1d(unknowns.start), rest)
        changes |= {} if slope is None else {"jac": slope}
    call.refuse_variables("x_scale")
    found = quietly(call, whole, (unknowns.start, *rest), **changes)
    told = about(call, found.success, found.message)
    fit = Fit(call, call.user(whole, rest), found.x, told, _pair(call["bounds"]), call["loss"], call["f_scale"])
    x = unknowns.of(fit.x)
    if not fit.differentiable:
        found["x"] = x
        return found
    parts = {
        "x": x,
        "cost": revalued(fit.cost(fit.x), np.float64(found.cost)),
        "fun": fit.residuals(found.fun),
        "active_mask": found.active_mask,
    }
    if call["loss"] in (None, "linear") and isinstance(found.jac, np.ndarray):
        parts["jac"] = revalued(fit.jacobian(), found.jac)
    if not np.any(found.active_mask):
        parts["grad"] = found.grad
    return finished(found, call.name, **parts)


@solver
def leastsq(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("leastsq", args, kwargs)
    unknowns, rest = Unknowns(call["x0"]), call.args()
    fun = unknowns.function(call["func"])
    call.look((fun, (np.atleast_1d(unknowns.start), *rest)))
    changes: dict[str, Any] = {"func": call.bare(fun), "x0": unknowns.start}
    if call["Dfun"] is None:
        slope = call.own(jacobian_for, fun, np.atleast_1d(unknowns.start), rest)
        changes |= {} if slope is None else {"Dfun": slope, "col_deriv": False}
    elif callable(call["Dfun"]):
        changes["Dfun"] = call.bare(unknowns.function(call["Dfun"]))
    found = quietly(call, fun, (unknowns.start, *rest), **changes)
    success = found[-1] in (1, 2, 3, 4)
    told = about(call, success, found[3] if call["full_output"] else found[-1])
    fit = Fit(call, call.user(fun, rest), found[0], told)
    x = unknowns.of(fit.x)
    if not call["full_output"] or not fit.differentiable:
        return x, *found[1:]
    cov = None if found[1] is None else fit.covariance(found[1])
    details = finished(found[2], call.name, fvec=fit.residuals(found[2]["fvec"]))
    return x, cov, details, *found[3:]


# --- curves -----------------------------------------------------------------------------------------------------------


@solver
def curve_fit(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("curve_fit", args, kwargs)
    f, sigma, more = call["f"], call["sigma"], call["kwargs"] or {}
    xdata, ydata = (_data(call[name]) for name in ("xdata", "ydata"))
    p0 = call["p0"]
    count = np.size(bare(p0)) if p0 is not None else _parameters(f)
    start = np.ones(count) if p0 is None else np.atleast_1d(np.asarray(bare(p0), float))
    call.look((f, (xdata, *start)))
    changes: dict[str, Any] = {"f": call.bare_of(f)}
    if call["jac"] is None and "jac" not in call.given and call["sigma"] is None:
        plain = kept(f, bare)
        slope = call.own(jacobian_for, lambda p, x: plain(x, *p), start, (bare(xdata),))
        if slope is not None:
            changes["jac"] = lambda x, *p: slope(np.array(p), x)
    elif callable(call["jac"]):
        changes["jac"] = call.bare_of(call["jac"])
    found = quietly(call, f, (xdata, *start), **changes)
    values, matrix = found[:2]
    inner = kept(f)

    def residual(p: Any) -> Any:
        p = elsewhere(p) if call.memory.kept else p
        off = np.ravel(lifted(called(inner, xdata, *[p[i] for i in range(count)])) - ydata)
        if sigma is None:
            return off
        weights = lifted(sigma)
        if np.ndim(weights) < 2:
            return off / weights
        return np.linalg.solve(np.linalg.cholesky(weights), off)

    if call["nan_policy"] == "omit" and np.any(np.isnan(np.asarray(bare(ydata), float))):
        if depends([residual(values), ydata], call.name):
            raise TypeError(f"{call.name} has no derivative here with nan_policy='omit'; leave the missing data out")
        return found
    loss, scale = more.get("loss", "linear"), more.get("f_scale", 1.0)
    fit = Fit(call, residual, values, about(call), _pair(call["bounds"]), loss, scale)
    if not fit.differentiable:
        return found
    return fit.x, _spread_of(call, fit, matrix, loss), *_details(found[2:], fit, call)


def _data(value: Any) -> Any:
    """Return data as SciPy hands them on: lists as arrays."""
    return (
        lifted(value)
        if isinstance(value, (list, tuple)) and not isinstance(lifted(value), (list, tuple))
        else (np.asarray(value, float) if isinstance(value, (list, tuple)) else value)
    )


def _parameters(f: Function) -> int:
    """Return how many parameters a model has, besides the data."""
    return len(inspect.signature(f).parameters) - 1


def _spread_of(call: SolverCall, fit: Fit, matrix: Any, loss: Any) -> Any:
    """Return the covariance of the parameters."""
    if loss != "linear":
        return Undifferentiated("pcov, with another loss than squares,", call.name)
    if not np.all(np.isfinite(matrix)):
        return matrix
    slopes = fit.jacobian()
    scaled = np.linalg.inv(slopes.T @ slopes)
    count = np.shape(slopes)
    if not call["absolute_sigma"]:
        scaled = scaled * (2 * fit.cost(fit.x) / (count[0] - count[1]))
    return revalued(scaled, matrix)


def _details(rest: tuple[Any, ...], fit: Fit, call: SolverCall) -> tuple[Any, ...]:
    if not rest:
        return ()
    info = finished(rest[0], call.name, fvec=fit.residuals(rest[0]["fvec"]))
    return info, *rest[1:]


BODIES = (least_squares, leastsq, curve_fit)
