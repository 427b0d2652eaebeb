"""Bounds and constraints: objects that hold what is given to them, lists of variables as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize

from ...rules.scipy.declared import methods
from ...rules.scipy.values import as_double, looked_at


def _bounds(self: Any, lb: Any = -np.inf, ub: Any = np.inf, keep_feasible: Any = False) -> None:
    optimize.Bounds.__init__(self, looked_at(lb), looked_at(ub), looked_at(keep_feasible))  # SciPy's own errors
    self.lb, self.ub, _ = np.broadcast_arrays(np.atleast_1d(lb), np.atleast_1d(ub), self.keep_feasible)


def _linear(self: Any, A: Any, lb: Any = -np.inf, ub: Any = np.inf, keep_feasible: Any = False) -> None:
    optimize.LinearConstraint.__init__(self, looked_at(A), looked_at(lb), looked_at(ub), looked_at(keep_feasible))
    if hasattr(A, "toarray"):  # sparse, whose variables are its data
        self.A = A
    else:
        self.A = np.atleast_2d(as_double(A))
    self.lb, self.ub = (np.broadcast_to(np.atleast_1d(as_double(side)), np.shape(self.lb)) for side in (lb, ub))


def _nonlinear(self: Any, fun: Any, lb: Any, ub: Any, *args: Any, **options: Any) -> None:
    optimize.NonlinearConstraint.__init__(self, fun, None, None, *args, **options)
    self.lb, self.ub = lb, ub


methods("scipy.optimize", "Bounds", __init__=_bounds)
methods("scipy.optimize", "LinearConstraint", __init__=_linear)
methods("scipy.optimize", "NonlinearConstraint", __init__=_nonlinear)
