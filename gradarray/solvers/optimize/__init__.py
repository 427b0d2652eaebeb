"""The chapter on scipy.optimize: solvers, differentiated by what they solve, and functions of linear algebra."""

from __future__ import annotations

from ...rules.scipy.declared import function, looking
from . import fits, limits, linear, minima, roots, trials

looking("scipy.optimize", *roots.BODIES, *minima.BODIES, *fits.BODIES, *linear.LOOKING, *trials.LOOKING)
function("scipy.optimize", *linear.BODIES, *trials.BODIES)

__all__ = ["limits"]
