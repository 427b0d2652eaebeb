"""Derivatives of functions of numbers for arrays, which are computed in pieces and blocks, in all digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

special = pytest.importorskip("scipy.special", reason="SciPy is an optional companion")
mpmath = pytest.importorskip("mpmath")


def spread(low: float, high: float, count: int = 24) -> Any:
    return np.random.default_rng(7).uniform(low, high, count)


# For each function numbers, and by how many units in the last place its slope may be off: of those with a zero in
# reach, which cancel there, more.
CASES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Any, float]] = {
    "psi": (special.psi, mpmath.psi0 if hasattr(mpmath, "psi0") else mpmath.digamma, spread(-5, 40), 8),
    "psi next to poles": (
        special.psi,
        mpmath.digamma,
        np.array([-3 + 1e-10, -2 - 1e-7, -1 + 2.0**-40, 1e-9]),
        8,
    ),
    "psi far out": (special.psi, mpmath.digamma, 10.0 ** spread(1, 200), 4),
    "zeta": (lambda x: special.zeta(x), mpmath.zeta, spread(1.01, 60), 8),
    "ellipk": (special.ellipk, mpmath.ellipk, spread(-3, 0.99), 40),
    "ellipe": (special.ellipe, mpmath.ellipe, spread(-3, 0.99), 40),
    "exprel": (special.exprel, lambda x: mpmath.expm1(x) / x, spread(-4, 9), 40),
    "sinc": (np.sinc, mpmath.sincpi, spread(-0.9, 0.9), 40),
    "jv": (lambda x: special.jv(1.5, x), lambda x: mpmath.besselj(1.5, x), spread(1e-3, 2), 40),
    "jv, high": (lambda x: special.jv(30, x), lambda x: mpmath.besselj(30, x), spread(1, 25), 400),
    "iv": (lambda x: special.iv(2.5, x), lambda x: mpmath.besseli(2.5, x), spread(1e-3, 20), 40),
    "kv": (lambda x: special.kv(0.5, x), lambda x: mpmath.besselk(0.5, x), spread(1e-3, 20), 40),
    "kv, negative": (lambda x: special.kv(-2.3, x), lambda x: mpmath.besselk(-2.3, x), spread(1e-3, 20), 40),
    "comb": (lambda x: special.comb(x + 4, x), lambda x: mpmath.binomial(x + 4, x), spread(0.5, 9), 200),
}


@pytest.mark.parametrize("name", CASES)
def test_each_number(name: str) -> None:
    func, exact, x, units = CASES[name]
    found = ga.grad(lambda x: np.sum(func(x)))(x)
    with mpmath.workdps(60):
        expected = np.array(
            [float(mpmath.diff(exact, mpmath.mpf(float(y)), h=mpmath.mpf(10) ** -25 * abs(y))) for y in x]
        )
    assert np.max(np.abs(found - expected) / np.spacing(np.abs(expected))) <= units


@pytest.mark.parametrize("name", CASES)
def test_an_array_is_its_numbers(name: str) -> None:
    """One alone, some of a piece, many in several blocks, and every other one in memory have the same slopes."""
    func, _, x, units = CASES[name]
    slope = ga.grad(lambda x: np.sum(func(x)))
    near = {"rtol": 1e-14 * units, "atol": 0}
    each = np.array([slope(y) for y in x])
    np.testing.assert_allclose(slope(x), each, **near)
    np.testing.assert_allclose(slope(np.repeat(x, 2)[::2]), each, **near)
    many = np.tile(x, 1500)
    np.testing.assert_allclose(slope(many.reshape(2, -1)).reshape(-1, len(x)), np.tile(each, (1500, 1)), **near)
    assert slope(x[:0]).shape == (0,)
    single = x[np.abs(x) < 1e9].astype(np.float32)
    if "poles" not in name:
        found = slope(single)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, slope(single.astype(float)), rtol=2e-7 * units)


@pytest.mark.parametrize("order", [0.0, 1.0, 0.5, 2.0])
def test_bessel_functions_at_zero(order: float) -> None:
    """There the function itself over its argument would be 0 / 0."""
    slope = ga.grad(lambda x: np.sum(special.jv(order, x)))(np.array([0.0, 1.0]))
    assert slope[0] == {0.0: 0.0, 1.0: 0.5, 0.5: np.inf, 2.0: 0.0}[order]
    assert slope[1] == pytest.approx(special.jvp(order, 1.0), rel=1e-14)
