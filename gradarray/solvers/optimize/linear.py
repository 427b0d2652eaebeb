"""scipy.optimize's linear problems: at the answer, some constraints hold with equality, and the rest is linear algebra.

Which ones these are does not change nearby where none is just met, and the answer is what a system of linear equations
has for a solution, in differentiable ``np.*``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...reverse.outputs import revalued
from ...rules.scipy.undifferentiated import Undifferentiated
from ...tape.wrapping import bare, has_variable, lifted
from .calls import SolverCall, finished, solver

_NEAR = 1e-9


def _solved(matrix: Any, right: Any, name: str) -> Any:
    raw = np.asarray(bare(matrix))
    if raw.shape[0] != raw.shape[1] or not np.linalg.cond(raw, 1) < 1 / np.finfo(float).eps:
        raise _degenerate(name)
    return np.linalg.solve(matrix, right)


def _degenerate(name: str) -> Exception:
    return np.linalg.LinAlgError(
        f"{name}: the solution is degenerate, with more or fewer constraints that hold with equality than unknowns, or "
        "a multiplier of zero, and has no derivative there"
    )


# --- linear programs --------------------------------------------------------------------------------------------------


def linprog(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("linprog", args, kwargs)
    found = call.values()
    names = ("c", "A_ub", "b_ub", "A_eq", "b_eq", "bounds")
    if not any(has_variable(call[name]) for name in names):
        call.refuse_variables("options", "x0", "integrality")
        return found
    if call["integrality"] is not None and np.any(bare(call["integrality"])):
        raise TypeError(f"{call.name} has no derivative where some unknowns are whole numbers")
    if not found.success:
        raise ValueError(f"{call.name} did not succeed ({found.message}), and so the answer has no derivative")
    x = np.asarray(found.x)
    n = x.size
    c = np.reshape(lifted(call["c"]), (n,))
    rows: list[Any] = []
    right: list[Any] = []
    kinds: list[tuple[str, Array]] = []
    above = _matrix(call["A_ub"], call["b_ub"], n)
    equal = _matrix(call["A_eq"], call["b_eq"], n)
    low, high = _limits(call["bounds"], n)
    parts = (
        ("eqlin", equal, np.arange(np.size(bare(equal[1])))),
        ("ineqlin", above, np.flatnonzero(_holds(bare(above[0]) @ x, bare(above[1])))),
        ("lower", (np.eye(n), low), np.flatnonzero(_holds(x, bare(low)))),
        ("upper", (np.eye(n), high), np.flatnonzero(_holds(x, bare(high)))),
    )
    fixed: Array = np.zeros(0, int)
    for kind, (matrix, limit), which in parts:
        if kind == "upper":
            which = np.setdiff1d(which, fixed)
        if kind == "lower":
            fixed = which[np.asarray(bare(low))[which] == np.asarray(bare(high))[which]]
        rows.append(matrix[which])
        right.append(limit[which])
        kinds.append((kind, which))
    matrix, limits = np.concatenate(rows), np.concatenate(right)
    answer = _solved(matrix, limits, call.name)
    multipliers = np.linalg.solve(np.transpose(matrix), c)
    free = np.concatenate([np.full(w.size, k != "eqlin") & ~(np.isin(w, fixed) & (k == "lower")) for k, w in kinds])
    size = max(1.0, float(np.max(np.abs(np.asarray(bare(c))))))
    if np.any(np.abs(np.asarray(bare(multipliers)))[free] <= _NEAR * size):
        raise _degenerate(call.name)
    answer = revalued(answer, x)
    details: dict[str, Any] = {"x": answer, "fun": revalued(np.sum(c * answer), np.float64(found.fun))}
    details["slack"] = revalued(above[1] - above[0] @ answer, np.asarray(found.slack))
    details["con"] = revalued(equal[1] - equal[0] @ answer, np.asarray(found.con))
    start = 0
    residuals = {
        "eqlin": details["con"],
        "ineqlin": details["slack"],
        "lower": _where_finite(answer - low),
        "upper": _where_finite(high - answer),
    }
    for kind, which in kinds:
        stop = start + which.size
        if kind in found and "marginals" in found[kind]:
            part = found[kind]
            count = np.size(part["marginals"])
            scattered = np.eye(count)[:, which] @ multipliers[start:stop]
            part["marginals"] = revalued(scattered, np.asarray(part["marginals"]))
            part["residual"] = revalued(residuals[kind], np.asarray(part["residual"]))
            details[kind] = part
        start = stop
    return finished(found, call.name, **details)


def _where_finite(x: Any) -> Any:
    return np.where(np.isfinite(np.asarray(bare(x))), x, np.inf)


def _holds(value: Any, limit: Any) -> Array:
    limit = np.asarray(limit, float)
    return np.isfinite(limit) & (np.abs(value - limit) <= _NEAR * np.maximum(1, np.abs(value)))


def _matrix(matrix: Any, right: Any, n: int) -> tuple[Any, Any]:
    if matrix is None:
        return np.zeros((0, n)), np.zeros(0)
    if hasattr(matrix, "toarray"):
        matrix = matrix.toarray()
    right = np.ravel(lifted(right))
    return np.reshape(lifted(matrix), (-1, n)), right


def _limits(bounds: Any, n: int) -> tuple[Any, Any]:
    """Return the bounds of the unknowns, as arrays of one number for each."""
    if bounds is None:
        bounds = (None, None)
    if has_variable(bounds) and hasattr(bounds, "shape"):
        pairs = np.broadcast_to(np.reshape(bounds, (-1, 2)), (n, 2))
        return pairs[:, 0], pairs[:, 1]
    whole = [*bounds] if len(bounds) else [(0, None)]
    if not isinstance(whole[0], (list, tuple)) and np.ndim(bare(whole[0])) == 0:
        whole = [(whole[0], whole[1])]
    whole = whole * n if len(whole) == 1 else whole
    sides = [[other if pair[i] is None else pair[i] for pair in whole] for i, other in ((0, -np.inf), (1, np.inf))]
    low, high = (lifted(side) if has_variable(side) else np.array(side, float) for side in sides)
    return low, high


def milp(*args: Any, **kwargs: Any) -> Any:
    """Return the answer of the linear program that is left when the whole numbers are what they are."""
    call = SolverCall("milp", args, kwargs)
    found = call.values()
    bounds, constraints = call["bounds"], _constraints(call["constraints"])
    limits = () if bounds is None else (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else tuple(bounds)
    c = lifted(call["c"])
    c = np.asarray(c, float) if isinstance(c, (list, tuple)) else c
    call.refuse_variables("integrality", "options")
    if not has_variable((c, limits, constraints)):
        return found
    if not found.success:
        raise ValueError(f"{call.name} did not succeed ({found.message}), and so the answer has no derivative")
    values = np.asarray(found.x)
    n = values.size
    low, high = limits or (0.0, np.inf)
    low, high = (np.zeros(n) + lifted(x) for x in (low, high))
    kinds = 0 if call["integrality"] is None else call["integrality"]
    whole = np.broadcast_to(np.asarray(kinds) != 0, (n,))
    free, rest = np.flatnonzero(~whole), np.flatnonzero(whole)
    places, held = np.eye(n), np.round(values[rest])
    rows = [(np.eye(n), low, high), *constraints]
    for matrix, least, most in rows:
        _refuse_met_by_whole_numbers(matrix, least, most, free, values, call.name)
    x: Any = places[:, rest] @ held
    if free.size:
        above = [
            (sign * m, sign * limit) for m, *pair in constraints for sign, limit in zip((-1, 1), pair, strict=True)
        ]
        parts = [_finite_rows(m[:, free], limit - m[:, rest] @ held) for m, limit in above]
        matrix, right = (np.concatenate([part[i] for part in parts]) if parts else None for i in (0, 1))
        pairs = np.stack([low[free], high[free]], axis=1)
        answer = linprog(c[free], A_ub=matrix, b_ub=right, bounds=pairs)
        x = x + places[:, free] @ answer.x
    x = revalued(x, values) if has_variable(x) else values
    return finished(found, call.name, x=x, fun=revalued(np.sum(c * x), np.float64(found.fun)))


def _constraints(given: Any) -> list[tuple[Any, Any, Any]]:
    """Return linear constraints in any form in which SciPy takes them: matrices, lower and upper limits."""
    if given is None:
        return []
    if hasattr(given, "A") or (isinstance(given, tuple) and len(given) in (2, 3) and not hasattr(given[0], "A")):
        given = [given]
    found = []
    for one in given:
        matrix, *limits = (one.A, one.lb, one.ub) if hasattr(one, "A") else (*one, *(-np.inf, np.inf)[len(one) - 1 :])
        matrix = lifted(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
        matrix = np.reshape(matrix, (-1, np.shape(matrix)[-1]))
        found.append((matrix, *[np.zeros(np.shape(matrix)[0]) + lifted(limit) for limit in limits]))
    return found


def _finite_rows(matrix: Any, right: Any) -> tuple[Any, Any]:
    kept = np.flatnonzero(np.isfinite(np.asarray(bare(right))))
    return matrix[kept], right[kept]


def _refuse_met_by_whole_numbers(matrix: Any, low: Any, high: Any, free: Array, x: Array, name: str) -> None:
    """Raise where whole numbers alone meet a limit that is a variable: they may jump there."""
    if not has_variable((matrix, low, high)):
        return
    raw = np.asarray(bare(matrix))
    alone = ~np.any(raw[:, free] != 0, axis=1)
    if np.any(alone & (_holds(raw @ x, bare(low)) | _holds(raw @ x, bare(high)))):
        raise _degenerate(name)


# --- linear least squares ---------------------------------------------------------------------------------------------


def _least(matrix: Any, right: Any, name: str) -> Any:
    """Return the solution of a least-squares problem of full rank."""
    if np.linalg.matrix_rank(np.asarray(bare(matrix))) < np.shape(matrix)[1]:
        raise _degenerate(name)
    q, r = np.linalg.qr(matrix)
    return np.linalg.solve(r, np.conj(np.transpose(q)) @ right)


def _answer(a: Any, b: Any, free: Array, fixed: Any, name: str) -> Any:
    """Return x, of which some elements are free, and the others given."""
    rest = np.flatnonzero(~free)
    places = np.eye(free.size)
    held = places[:, rest] @ fixed if rest.size else np.zeros(free.size)
    if not np.any(free):
        return held
    found = _least(a[:, np.flatnonzero(free)], b - a @ held, name)
    return places[:, np.flatnonzero(free)] @ found + held


def nnls(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("nnls", args, kwargs)
    values, norm = call.values()
    a, b = lifted(call["A"]), lifted(call["b"])
    a, b = (np.asarray(x, float) if isinstance(x, (list, tuple)) else x for x in (a, b))
    free = values > 0
    push = np.transpose(bare(a)) @ (bare(b) - bare(a) @ values)
    if np.any(~free & (np.abs(push) <= _NEAR * max(1.0, float(np.max(np.abs(bare(b))))))):
        raise _degenerate(call.name)
    x = revalued(_answer(a, b, free, np.zeros(int(np.sum(~free))), call.name), values)
    return x, revalued(np.linalg.norm(a @ x - b), np.float64(norm))


def lsq_linear(*args: Any, **kwargs: Any) -> Any:
    call = SolverCall("lsq_linear", args, kwargs)
    call.refuse_variables("tol", "lsmr_tol")
    found = call.values()
    a, b = call["A"], lifted(call["b"])
    if hasattr(a, "toarray"):
        a = a.toarray()
    if not hasattr(a, "shape") and not isinstance(a, (list, tuple)):
        raise TypeError(f"{call.name} of a variable takes an array for A")
    a = lifted(a)
    a, b = (np.asarray(x, float) if isinstance(x, (list, tuple)) else x for x in (a, b))
    n = np.shape(a)[1]
    bounds = call["bounds"]
    low, high = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else bounds
    low, high = (
        np.broadcast_to(np.asarray(side, float) if isinstance(side, tuple) else lifted(side), (n,))
        for side in (low, high)
    )
    values = found.x
    push = np.transpose(bare(a)) @ (bare(a) @ values - bare(b))
    size = max(1.0, float(np.max(np.abs(push))))
    at_low, at_high = (
        np.abs(values - np.asarray(bare(side))) <= 1e-5 * np.maximum(1, np.abs(values)) for side in (low, high)
    )
    held = (at_low & (push > 1e-6 * size)) | (at_high & (push < -1e-6 * size))
    exact = (values == np.asarray(bare(low))) | (values == np.asarray(bare(high)))
    if np.any(exact & ~held):
        raise _degenerate(call.name)
    rest = np.flatnonzero(held)
    sides = np.where(at_low[rest], low[rest], np.where(at_high[rest], high[rest], 0.0))
    x = revalued(_answer(a, b, ~held, sides, call.name), values)
    off = a @ x - b
    parts = {
        "x": x,
        "fun": revalued(off, found.fun),
        "cost": revalued(np.sum(off * off) / 2, np.float64(found.cost)),
        "active_mask": found.active_mask,
    }
    if "unbounded_sol" in found:
        parts["unbounded_sol"] = Undifferentiated("unbounded_sol", call.name)
    return finished(found, call.name, **parts)


# --- the others -------------------------------------------------------------------------------------------------------


def linear_sum_assignment(cost_matrix: Any, maximize: bool = False) -> Any:
    """Return whole numbers, which are constants."""
    solve = import_module("scipy.optimize").linear_sum_assignment
    return solve(bare(lifted(cost_matrix)), maximize)


def quadratic_assignment(A: Any, B: Any, method: str = "faq", options: Any = None) -> Any:
    """Return the assignment, of whole numbers, and what it costs."""
    a, b = lifted(A), lifted(B)
    call = SolverCall("quadratic_assignment", (a, b, method, options), {})
    call.refuse_variables("options")
    found = call.values()
    order = found.col_ind
    cost = np.sum(a * b[order][:, order])
    return finished(found, call.name, col_ind=order, fun=revalued(cost, np.float64(found.fun)))


def isotonic_regression(y: Any, *, weights: Any = None, increasing: bool = True) -> Any:
    """Return the fit: within each block, the mean of its data."""
    call = SolverCall("isotonic_regression", (y,), {"weights": weights, "increasing": increasing})
    found = call.values()
    y = lifted(y)
    w = np.ones(np.shape(y)) if weights is None else lifted(weights)
    starts = np.asarray(found.blocks)
    members = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    chosen = np.eye(starts.size - 1)[members]
    means = (np.transpose(chosen) @ (w * y)) / (np.transpose(chosen) @ w)
    parts = {"x": revalued(chosen @ means, found.x), "weights": revalued(np.transpose(chosen) @ w, found.weights)}
    return finished(found, call.name, blocks=found.blocks, **parts)


# What is given objects, in which variables may stand.
LOOKING = (solver(milp),)
BODIES = (
    *(solver(linprog), solver(nnls), solver(lsq_linear)),
    *(solver(linear_sum_assignment), solver(quadratic_assignment), solver(isotonic_regression)),
)
