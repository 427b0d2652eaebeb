"""What scipy.optimize has beside its solvers: differences, and functions to try solvers with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...tape.wrapping import bare, has_variable, lifted
from ..captured import called, depends, kept
from .calls import SolverCall, user

Function = Callable[..., Any]


def approx_fprime(xk: Any, f: Function, epsilon: Any = 1.4901161193847656e-08, *args: Any) -> Any:
    """Return the differences with their own derivatives."""
    f = user(f, args)
    point = np.ravel(np.asarray(bare(xk), float))
    steps = (point + np.asarray(bare(epsilon), float)) - point
    vector = np.reshape(xk if np.ndim(xk) else np.stack([xk]), point.shape) if has_variable(xk) else point
    before = f(vector)
    columns = [(f(vector + step * unit) - before) / step for step, unit in zip(steps, np.eye(point.size), strict=True)]
    return np.stack(columns, axis=-1)


def check_grad(
    func: Function, grad: Function, x0: Any, *args: Any, epsilon: Any = 1.4901161193847656e-08, **kwargs: Any
) -> Any:
    """Return how far a gradient is from the differences."""
    if kwargs.get("direction", "all") != "all":
        call = SolverCall("check_grad", (func, grad, x0, *args), {"epsilon": epsilon, **kwargs})
        if depends([called(func, bare(x0), *args), called(grad, bare(x0), *args)], call.name) or has_variable(x0):
            raise TypeError(f"{call.name} has no derivative along a direction that is drawn at random")
        return call.values()
    off = called(kept(grad), x0, *args) - approx_fprime(x0, func, epsilon, *args)
    return np.sqrt(np.sum(np.abs(off) ** 2))


# --- the function of Rosenbrock --------------------------------------------------------------------------------------


def rosen(x: Any) -> Any:
    """Return the function of Rosenbrock."""
    x = lifted(x)
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0, axis=0)


def rosen_der(x: Any) -> Any:
    x = lifted(x)
    steep = 200 * (x[1:] - x[:-1] ** 2)
    zero = np.zeros_like(bare(x[:1]))
    along = np.concatenate([-2 * steep * x[:-1] - 2 * (1 - x[:-1]), zero])
    return along + np.concatenate([zero, steep])


def rosen_hess(x: Any) -> Any:
    x = lifted(x)
    n = np.shape(x)[0]
    main = np.concatenate([1200 * x[:-1] ** 2 - 400 * x[1:] + 2, np.zeros(1)])
    main = main + np.concatenate([np.zeros(1), np.full(n - 1, 200.0)])
    beside = np.diag(-400 * x[:-1], 1)
    return np.diag(main) + beside + np.transpose(beside)


def rosen_hess_prod(x: Any, p: Any) -> Any:
    return rosen_hess(x) @ lifted(p)


LOOKING = (approx_fprime, check_grad)
BODIES = (rosen, rosen_der, rosen_hess, rosen_hess_prod)
