"""Integrals with one of the weights that QUADPACK knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...tape.wrapping import bare, has_variable
from .nodes import IntegrationRange, integral


def with_weight(func: Callable[[Any], Any], a: Any, b: Any, found: Any, weight: str, wvar: Any) -> Any:
    """Return an integral by what the integrand depends on, by limits, and by the weight's variables."""
    if not (np.isfinite(bare(a)) and np.isfinite(bare(b))):
        raise TypeError(
            f"scipy.integrate.quad of a variable: weight={weight!r} with an infinite limit is not known here; multiply "
            "the integrand by it if it falls off"
        )
    if weight == "cauchy":
        return _principal_value(func, a, b, found[:2], wvar)

    def product(x: Any, from_low: Any, from_high: Any) -> Any:
        if weight in ("cos", "sin"):
            return func(x) * getattr(np, weight)(wvar * x)
        alpha, beta = wvar
        factor = from_low**alpha * from_high**beta
        if weight in ("alg-loga", "alg-log"):
            factor = factor * np.log(from_low)
        if weight in ("alg-logb", "alg-log"):
            factor = factor * np.log(from_high)
        return func(x) * factor

    low, high = sorted((float(bare(a)), float(bare(b))))
    return integral(IntegrationRange(product, a, b, distances=True), [(low, high)], found[:2], _moved(a, b))


def _moved(a: Any, b: Any) -> bool:
    return has_variable(a) or has_variable(b)


def _principal_value(func: Callable[[Any], Any], a: Any, b: Any, known: Any, pole: Any) -> Any:
    """Return Cauchy's: the integral of the quotient of differences, and that of the constant, which is known."""
    at_pole = func(pole)

    def quotient(x: Any, *_: Any) -> Any:
        return (func(x) - at_pole) / (x - pole)

    here = float(bare(pole))
    low, high = sorted((float(bare(a)), float(bare(b))))
    constant = at_pole * np.log((b - pole) / (pole - a))
    part = known[0] - bare(constant), known[1]
    return (
        integral(IntegrationRange(quotient, a, b, distances=True), [(low, here), (here, high)], part, _moved(a, b))
        + constant
    )
