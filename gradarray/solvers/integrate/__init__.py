"""scipy.integrate: integrals of samples and of functions, and initial value problems."""

from ...rules.scipy import integrate as samples
from . import boundary, dense, initial_values, many, quadrature, refusals, sums

__all__ = ["boundary", "dense", "initial_values", "many", "quadrature", "refusals", "samples", "sums"]
