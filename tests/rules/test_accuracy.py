"""Partial derivatives over the whole range of each precision: nothing overflows or cancels on the way.

The same derivative in a higher precision, or a closed form, tells what is right.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.registry import RULES
from gradarray.rules.differentiable import Elementwise

pytestmark = pytest.mark.usefixtures("quiet")

LONG = np.longdouble
EXTENDED = bool(np.finfo(LONG).eps < np.finfo(float).eps)
extended = pytest.mark.skipif(not EXTENDED, reason="long doubles are doubles here")
PRECISIONS = [(np.float16, np.float64), (np.float32, np.float64), *([(np.float64, LONG)] if EXTENDED else [])]
# Made of the result alone, which is 1 but for a rounding error from some point on; so is the derivative 0.
BY_RESULT = {np.tanh}
UNARY = sorted(
    {f for f, rule in RULES.items() if isinstance(rule, Elementwise) and rule.nin == 1 and f not in BY_RESULT},
    key=lambda f: f.__name__,
)


def points(dtype: Any) -> Any:
    """Return numbers of both signs, spread evenly over the range of exponents, and more of them around 1."""
    info = np.finfo(dtype)
    x = np.concatenate(
        [
            np.logspace(np.log10(float(info.tiny)), np.log10(float(info.max)) * 0.9999, 601),
            np.linspace(0.01, 1, 60),
            1 - np.logspace(-1, np.log10(float(info.eps)), 40),
            np.logspace(0, 3, 100),
        ]
    )
    return np.concatenate([x, -x]).astype(dtype)


def slope(f: Any, x: Any) -> tuple[Any, Any]:
    t = ga.tensor(x)
    y = f(t)
    y.backward()
    return y.data, t.grad


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize(("dtype", "higher"), PRECISIONS, ids=lambda dtype: np.dtype(dtype).name)
@pytest.mark.parametrize("f", UNARY, ids=lambda f: f.__name__)
def test_a_partial_derivative_is_right_to_eight_units_in_the_last_place(f, dtype, higher, large):
    x = points(dtype)
    x = np.resize(x, 5000) if large else x
    value, found = slope(f, x)
    _, exact = slope(f, x.astype(higher))
    rounded = exact.astype(dtype)
    compared = np.isfinite(value) & np.isfinite(exact) & np.isfinite(rounded)
    error = np.abs(found.astype(higher) - exact) / np.spacing(np.abs(rounded)).astype(higher)
    worst = np.argmax(np.where(compared, error, 0))
    assert not np.any(compared & ~(error < 8)), f"at {x[worst]}: {found[worst]}, but {exact[worst]} is right"


@pytest.mark.parametrize("x", [1e-300, 1e-9, 0.5, 0.999])
def test_i0_near_zero(x):
    series = sum((x / 2) ** (2 * k + 1) / float(np.prod(np.arange(1.0, k + 1)) ** 2 * (k + 1)) for k in range(20))
    np.testing.assert_allclose(ga.grad(np.i0)(x), series, rtol=1e-14)
    np.testing.assert_allclose(ga.grad(ga.grad(np.i0))(1e-9), 0.5, rtol=1e-14)
    np.testing.assert_allclose(ga.grad(np.i0)(1 - 1e-14), ga.grad(np.i0)(1.0), rtol=1e-13)


THIRD = LONG(1) / 3
LN2 = np.log(LONG(2))
CLOSED = [
    (np.exp2, THIRD, np.exp2(THIRD) * LN2),
    (lambda x: 2.0**x, THIRD, np.exp2(THIRD) * LN2),
    (np.log2, THIRD, 3 / LN2),
    (np.log10, THIRD, 3 / np.log(LONG(10))),
    (np.degrees, LONG(1), 45 / np.arctan(LONG(1))),
    (np.rad2deg, LONG(1), 45 / np.arctan(LONG(1))),
    (np.radians, LONG(1), np.arctan(LONG(1)) / 45),
    (np.deg2rad, LONG(1), np.arctan(LONG(1)) / 45),
]


@extended
@pytest.mark.parametrize(("f", "x", "exact"), CLOSED)
def test_constants_are_as_precise_as_what_they_multiply(f, x, exact):
    for found in (ga.grad(f)(x), ga.jvp(f, (x,), (LONG(1),))[1]):
        assert found.dtype == LONG
        assert abs(found / exact - 1) <= 4 * np.finfo(LONG).eps


@pytest.mark.parametrize(("f", "x", "exact"), CLOSED)
def test_constants_do_not_widen(f, x, exact):
    for dtype in (np.float16, np.float32, np.float64):
        found = slope(f, np.array([x], dtype))[1]
        assert found.dtype == dtype
        np.testing.assert_allclose(found.astype(float), float(exact), rtol=8 * float(np.finfo(dtype).eps))


def along(a: Any, b: Any) -> list[float]:
    """Return the coefficients of the polynomial det(a + s b), exactly, from Leibniz's formula."""
    n = len(a)
    total = [Fraction(0)] * (n + 1)
    for columns in itertools.permutations(range(n)):
        swaps = sum(columns[j] > columns[i] for i in range(n) for j in range(i))
        product = [Fraction(-1) ** swaps]
        for i, j in enumerate(columns):
            constant, slope = Fraction(a[i, j]), Fraction(b[i, j])
            pairs = zip([*product, Fraction(0)], [Fraction(0), *product], strict=True)
            product = [constant * p + slope * q for p, q in pairs]
        total = [x + y for x, y in zip(total, product, strict=True)]
    return [float(x) for x in total]


@pytest.mark.parametrize("beside", [0.0, 1e-18, 1e-14, 1e-9, 1e-5, 1e-2])
@pytest.mark.parametrize(("n", "rank"), [(n, rank) for n in (2, 3, 4) for rank in range(n + 1)])
def test_the_derivatives_of_a_determinant_are_right_however_near_to_singular(n, rank, beside, rng):
    a = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, n)) + beside * rng.normal(size=(n, n))
    b = rng.normal(size=(n, n))
    _, slope, curvature, *_ = along(a, b)

    def directional(x):
        return np.sum(ga.grad(np.linalg.det)(x) * b)

    first = directional(a), ga.jvp(np.linalg.det, (a,), (b,))[1]
    second = (
        np.sum(ga.grad(directional)(a) * b),
        ga.jvp(directional, (a,), (b,))[1],
        ga.jvp(lambda x: ga.jvp(np.linalg.det, (x,), (b,))[1], (a,), (b,))[1],
        np.sum(ga.hvp(np.linalg.det)(a, b) * b),
    )
    np.testing.assert_allclose(first, slope, rtol=0, atol=1e-11)
    np.testing.assert_allclose(second, 2 * curvature, rtol=0, atol=1e-9)
