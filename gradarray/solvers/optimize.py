"""The chapter on scipy.optimize: solvers, differentiated by what they solve, and functions of linear algebra."""

from __future__ import annotations

from ..rules.scipy.declared import looking
from . import minima, roots

looking("scipy.optimize", *roots.BODIES, *minima.BODIES)
