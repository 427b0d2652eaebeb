"""Exact gradients where a formula alone would not tell: kinks, ties, bounds, zeros, infinities and NaN.

No difference quotient can check these. Each line of the tables is one test.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.registry import RULES
from gradarray.rules.differentiable import Differentiable, Elementwise
from gradarray.rules.kinds import ZeroGradient

INF, NAN, PI = np.inf, np.nan, np.pi

pytestmark = pytest.mark.usefixtures("quiet")


def gradients(function: Callable[..., Any], point: tuple[Any, ...], cotangent: Any) -> list[Any]:
    variables = [ga.tensor(x, dtype=complex if isinstance(x, complex) else float) for x in point]
    function(*variables).backward(cotangent)
    return [np.zeros(x.shape) if x.grad is None else x.grad for x in variables]


def second(function: Callable[..., Any], point: tuple[Any, ...]) -> list[list[float]]:
    """Return the Hessian of a function of scalars."""
    rows = []
    for i in range(len(point)):
        variables = [ga.tensor(float(x)) for x in point]
        function(*variables).backward(create_graph=True)
        row = variables[i].grad
        for x in variables:
            x.null_grad()
        row.backward()
        rows.append([0.0 if x.grad is None else float(x.grad) for x in variables])
    return rows


# The words, the function, its operands, the cotangent, and the exact gradient for each operand.
FIRST_ORDER = [
    # --- absolute values and roots
    ("|x| at 0", np.abs, (0.0,), 3, (0,)),
    ("|x| at -0", np.abs, (-0.0,), 3, (0,)),
    ("|z| at 0", np.abs, (0j,), 3, (0,)),
    ("|z| at 3+4j", np.abs, (3 + 4j,), 5, (3 + 4j,)),
    ("|x| at infinity", np.abs, (-INF,), 3, (-3,)),
    ("fabs at 0", np.fabs, (0.0,), 3, (0,)),
    ("sign at 0", np.sign, (0.0,), 3, (0,)),
    ("sqrt at 0", np.sqrt, (0.0,), 3, (INF,)),
    ("sqrt at 0, zero cotangent", np.sqrt, (0.0,), 0, (0,)),
    ("sqrt of a square at 0", lambda x: np.sqrt(x**2), (0.0,), 3, (0,)),
    ("sqrt of a sum of squares at 0", lambda x: np.sqrt(np.sum(x * x)), ([0.0, 0.0],), 3, ([0, 0],)),
    ("cbrt at 0", np.cbrt, (0.0,), 3, (INF,)),
    ("cbrt at 0, zero cotangent", np.cbrt, (0.0,), 0, (0,)),
    ("norm at 0", np.linalg.norm, ([0.0, 0.0],), 3, ([0, 0],)),
    ("hypot at the origin", np.hypot, (0.0, 0.0), 3, (0, 0)),
    ("hypot on an axis", np.hypot, (0.0, -2.0), 3, (0, -3)),
    ("arctan2 at the origin", np.arctan2, (0.0, 0.0), 3, (0, 0)),
    ("arctan2 on the cut", np.arctan2, (0.0, -1.0), 3, (-3, 0)),
    ("arctan2 at infinity", np.arctan2, (INF, 1.0), 3, (0, 0)),
    ("arctan2 of large numbers", np.arctan2, (3e300, 4e300), 1e301, (1.6, -1.2)),
    ("angle of 0", np.angle, (0j,), 3, (0,)),
    ("angle of i", np.angle, (1j,), 3, (-3,)),
    # --- powers and logarithms
    ("x**0 at 0", lambda x: x**0, (0.0,), 3, (0,)),
    ("x**1 at 0", lambda x: x**1, (0.0,), 3, (3,)),
    ("x**2 at 0", lambda x: x**2, (0.0,), 3, (0,)),
    ("x**0.5 at 0", lambda x: x**0.5, (0.0,), 3, (INF,)),
    ("x**-1 at 0", lambda x: x**-1, (0.0,), 3, (-INF,)),
    ("x**[0, 1, 2] at 0", lambda x: x ** np.array([0, 1, 2]), ([0.0, 0.0, 0.0],), 3, ([0, 3, 0],)),
    ("x**0 at infinity", lambda x: x ** np.array([0, 0]), ([INF, NAN],), 3, ([0, NAN],)),
    ("x**2 at a negative number", lambda x: np.power(x, 2.0), (-3.0,), 3, (-18,)),
    ("0**x at 0", lambda x: 0.0**x, (0.0,), 3, (0,)),
    ("0**x at 1", lambda x: 0.0**x, (1.0,), 3, (0,)),
    ("1**x", lambda x: 1.0**x, (5.0,), 3, (0,)),
    ("2**x at 0", lambda x: 2.0**x, (0.0,), 1, (np.log(2),)),
    ("x**y at (0, 0)", np.power, (0.0, 0.0), 3, (0, 0)),
    ("x**y at (0, 1)", np.power, (0.0, 1.0), 3, (3, 0)),
    ("x**y at (0, 2)", np.power, (0.0, 2.0), 3, (0, 0)),
    ("x**y at (2, 0)", np.power, (2.0, 0.0), 1, (0, np.log(2))),
    ("float_power at (0, 0)", np.float_power, (0.0, 0.0), 3, (0, 0)),
    ("z**0 at 0", np.power, (0j, 0j), 3, (0, 0)),
    ("log at 0", np.log, (0.0,), 3, (INF,)),
    ("log at 0, zero cotangent", np.log, (0.0,), 0, (0,)),
    ("log1p at -1", np.log1p, (-1.0,), 3, (INF,)),
    ("x log x at 0, guarded", lambda x: np.where(x > 0, x * np.log(x), 0), ([0.0, 1.0],), 3, ([0, 3],)),
    ("logaddexp(-inf, -inf)", np.logaddexp, (-INF, -INF), 3, (1.5, 1.5)),
    ("logaddexp(inf, inf)", np.logaddexp, (INF, INF), 3, (1.5, 1.5)),
    ("logaddexp(inf, 1)", np.logaddexp, (INF, 1.0), 3, (3, 0)),
    ("logaddexp(-inf, 1)", np.logaddexp, (-INF, 1.0), 3, (0, 3)),
    ("logaddexp(-inf, inf)", np.logaddexp, (-INF, INF), 3, (0, 3)),
    ("logaddexp(1000, 0)", np.logaddexp, (1000.0, 0.0), 3, (3, 0)),
    ("logaddexp2(-inf, -inf)", np.logaddexp2, (-INF, -INF), 3, (1.5, 1.5)),
    # --- extrema
    ("maximum, a tie", np.maximum, (2.0, 2.0), 3, (1.5, 1.5)),
    ("minimum, a tie", np.minimum, (2.0, 2.0), 3, (1.5, 1.5)),
    ("fmax, a tie", np.fmax, (2.0, 2.0), 3, (1.5, 1.5)),
    ("fmin, a tie", np.fmin, (2.0, 2.0), 3, (1.5, 1.5)),
    ("maximum, a tie of zeros", np.maximum, (0.0, -0.0), 3, (1.5, 1.5)),
    ("maximum with a number, a tie", lambda x: np.maximum(x, 0), ([-1.0, 0.0, 1.0],), 4, ([0, 2, 4],)),
    ("maximum of infinities", np.maximum, (INF, INF), 3, (1.5, 1.5)),
    ("maximum(nan, 1)", np.maximum, (NAN, 1.0), 3, (3, 0)),
    ("maximum(1, nan)", np.maximum, (1.0, NAN), 3, (0, 3)),
    ("minimum(nan, 1)", np.minimum, (NAN, 1.0), 3, (3, 0)),
    ("minimum(1, nan)", np.minimum, (1.0, NAN), 3, (0, 3)),
    ("maximum(nan, nan)", np.maximum, (NAN, NAN), 3, (3, 0)),
    ("fmax(nan, 1)", np.fmax, (NAN, 1.0), 3, (0, 3)),
    ("fmax(1, nan)", np.fmax, (1.0, NAN), 3, (3, 0)),
    ("fmin(nan, 1)", np.fmin, (NAN, 1.0), 3, (0, 3)),
    ("fmin(1, nan)", np.fmin, (1.0, NAN), 3, (3, 0)),
    ("fmax(nan, nan)", np.fmax, (NAN, NAN), 3, (3, 0)),
    ("clip around the bounds", lambda x: np.clip(x, 0, 1), ([-0.1, 0.0, 0.5, 1.0, 1.1],), 3, ([0, 3, 3, 3, 0],)),
    ("clip of infinities and NaN", lambda x: np.clip(x, 0, 1), ([-INF, INF, NAN],), 3, ([0, 0, 3],)),
    ("clip without bounds", lambda x: np.clip(x, None, INF), ([-INF, INF],), 3, ([3, 3],)),
    ("clip at its lower bound", np.clip, (1.0, 1.0, 2.0), 3, (3, 0, 0)),
    ("clip below its lower bound", np.clip, (0.0, 1.0, 2.0), 3, (0, 3, 0)),
    ("clip above its upper bound", np.clip, (5.0, 1.0, 2.0), 3, (0, 0, 3)),
    ("clip with crossed bounds", np.clip, (1.5, 2.0, 1.0), 3, (0, 0, 3)),
    ("clip between NaN and 1", np.clip, (0.5, NAN, 1.0), 3, (0, 3, 0)),
    ("clip between 0 and NaN", np.clip, (0.5, 0.0, NAN), 3, (0, 0, 3)),
    ("clip between numbers in the wrong order", lambda x: np.clip(x, 2, 1), ([0.5, 1.5, 2.5],), 3, ([0, 0, 0],)),
    ("clip to a NaN", lambda x: np.clip(x, NAN, None), ([0.5],), 3, ([0],)),
    ("clip with crossed bounds, below", np.clip, (0.5, 2.0, 1.0), 3, (0, 0, 3)),
    ("max, a tie of two", np.max, ([2.0, 1.0, 2.0],), 3, ([1.5, 0, 1.5],)),
    ("min, a tie of three", np.min, ([1.0, 1.0, 1.0],), 3, ([1, 1, 1],)),
    ("max with a NaN", np.max, ([2.0, NAN, 1.0],), 3, ([0, 3, 0],)),
    ("sort, a tie of two", np.sort, ([2.0, 1.0, 2.0],), [1, 10, 30], ([20, 1, 20],)),
    ("sort with a NaN", np.sort, ([NAN, 1.0, 0.0],), [1, 10, 30], ([30, 10, 1],)),
    # --- products, means and deviations
    ("prod with one zero", np.prod, ([2.0, 0.0, 5.0],), 3, ([0, 30, 0],)),
    ("prod with two zeros", np.prod, ([0.0, 2.0, 0.0],), 3, ([0, 0, 0],)),
    ("cumprod with a zero", np.cumprod, ([2.0, 0.0, 5.0],), [1, 10, 100], ([1, 1020, 0],)),
    ("std of equal values", np.std, ([2.0, 2.0, 2.0],), 3, ([0, 0, 0],)),
    ("std of .1", np.std, ([0.1] * 3,), 3, ([0] * 3,)),
    ("std of .7, by rows", lambda x: np.std(x, axis=1), ([[0.7] * 3, [1.0, 2.0, 6.0]],), [6, 0], ([[0] * 3] * 2,)),
    ("std of .7 and more, where", lambda x: np.std(x, where=x < 1), ([0.7] * 3 + [5.0],), 3, ([0] * 4,)),
    ("nanstd of .7", np.nanstd, ([0.7, NAN, 0.7, 0.7],), 3, ([0] * 4,)),
    ("std of two that hardly differ", np.std, ([1.0, 1.0 + 1e-9],), 2, ([-1, 1],)),
    *(
        (f"{f.__name__}.reduce, {words}", f.reduce, (x,), 6, (exact,))
        for f in (np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2)
        for words, x, exact in (
            ("three ties", [0.7] * 3, [2] * 3),
            ("three infinities", [-INF] * 3, [2] * 3),
            ("two rows of ties", [[0.1, 0.7]] * 3, [[2, 2]] * 3),
        )
    ),
    ("fmax.reduce, two of three", np.fmax.reduce, ([0.7, NAN, 0.7, 0.1, 0.7],), 3, ([1, 0, 1, 0, 1],)),
    ("logaddexp.reduce(inf, 1, inf)", np.logaddexp.reduce, ([INF, 1.0, INF],), 3, ([1.5, 0, 1.5],)),
    ("logaddexp.reduce, with a start", lambda x: np.logaddexp.reduce(x, initial=-INF), ([-INF] * 2,), 3, ([1, 1],)),
    ("logaddexp.reduceat", lambda x: np.logaddexp.reduceat(x, [0, 3]), ([-INF] * 5,), 6, ([2, 2, 2, 3, 3],)),
    ("var of equal values", np.var, ([2.0, 2.0, 2.0],), 3, ([0, 0, 0],)),
    # --- branch cuts
    ("arcsin above its cut", np.arcsin, (complex(1.25, 0.0),), 3, (-4j,)),
    ("arcsin below its cut", np.arcsin, (complex(1.25, -0.0),), 3, (4j,)),
    ("arccos above its cut", np.arccos, (complex(1.25, 0.0),), 3, (4j,)),
    ("arcsinh right of its cut", np.arcsinh, (complex(0.0, 1.25),), 3, (4j,)),
    ("arcsinh left of its cut", np.arcsinh, (complex(-0.0, 1.25),), 3, (-4j,)),
    ("arccosh above its cut", np.arccosh, (complex(0.6, 0.0),), 4, (5j,)),
    ("sqrt above its cut", np.sqrt, (complex(-4.0, 0.0),), 4, (1j,)),
    ("sqrt below its cut", np.sqrt, (complex(-4.0, -0.0),), 4, (-1j,)),
    # --- other functions
    ("sinc at 0", np.sinc, (0.0,), 3, (0,)),
    ("sinc at 1", np.sinc, (1.0,), 3, (-3,)),
    ("i0 at 0", np.i0, (0.0,), 3, (0,)),
    ("x / y at (0, 1)", np.divide, (0.0, 1.0), 3, (3, 0)),
    ("reciprocal at 0", np.reciprocal, (0.0,), 3, (-INF,)),
    ("remainder just below a multiple", np.remainder, (1.0, 0.1), 3, (3, -27)),
    ("fmod just below a multiple", np.fmod, (-1.0, 0.1), 3, (3, 27)),
    ("copysign at 0", np.copysign, (0.0, -1.0), 3, (0, 0)),
    ("copysign by -0", np.copysign, (2.0, -0.0), 3, (-3, 0)),
    ("heaviside at 0", np.heaviside, (0.0, 0.5), 3, (0, 3)),
    ("nan_to_num", np.nan_to_num, ([NAN, INF, 1.0],), 3, ([0, 0, 3],)),
    ("sinc of infinity, zero cotangent", np.sinc, (INF,), 0, (0,)),
    ("real_if_close of a real number", np.real_if_close, (1 + 0j,), 3, (3,)),
    ("modf of infinity", lambda x: np.modf(x)[0], (INF,), 3, (3,)),
    ("frexp of 0", lambda x: np.frexp(x)[0], (0.0,), 3, (3,)),
    ("frexp of 6", lambda x: np.frexp(x)[0], (6.0,), 4, (0.5,)),
    # --- what np.where leaves out must not reach the gradient
    ("where(x > 0, log x, 0)", lambda x: np.where(x > 0, np.log(x), 0.0), ([-1.0, 0.0, 2.0],), 3, ([0, 0, 1.5],)),
    (
        "where(x > 0, log x, 0) of a view",
        lambda x: np.where(x.T > 0, np.log(x.T), 0.0),
        ([[0.0, 4.0]],),
        8,
        ([[0, 2]],),
    ),
    ("where(x > 0, sqrt x, 0)", lambda x: np.where(x > 0, np.sqrt(x), 0.0), ([-1.0, 0.0, 4.0],), 8, ([0, 0, 2],)),
    ("where(x != 0, 1 / x, 0)", lambda x: np.where(x != 0, 1 / x, 0.0), ([0.0, 2.0],), 4, ([0, -1],)),
    ("where(x != 0, sin x / x, 1)", lambda x: np.where(x != 0, np.sin(x) / x, 1), ([0.0],), 4, ([0],)),
    ("where(x < 9, exp x, x)", lambda x: np.where(x < 9, np.exp(x), x), ([0.0, 1e4],), 4, ([4, 4],)),
    ("log x, where x > 0", lambda x: np.log(x, where=x > 0, out=np.zeros_like(x)), ([0.0, 2.0],), 3, ([0, 1.5],)),
    ("log x[x > 0]", lambda x: np.sum(np.log(x)[x > 0]), ([0.0, 2.0],), 3, ([0, 1.5],)),
]
if "descending" in str(np.sort.__doc__):  # NumPy 2.5

    def down(x: Any) -> Any:
        return np.sort(x, descending=True)

    FIRST_ORDER += [
        ("descending sort, a tie of two", down, ([2.0, 1.0, 2.0],), [1, 10, 30], ([5.5, 30, 5.5],)),
        ("descending sort with a NaN", down, ([NAN, 1.0, 0.0],), [1, 10, 30], ([30, 1, 10],)),
    ]


@pytest.mark.parametrize(
    ("function", "point", "cotangent", "expected"), [line[1:] for line in FIRST_ORDER], ids=[x[0] for x in FIRST_ORDER]
)
def test_gradient(function, point, cotangent, expected):
    found = gradients(function, point, cotangent)
    assert len(found) == len(expected)
    for gradient, exact in zip(found, expected, strict=True):
        assert gradient.shape == np.shape(exact)
        np.testing.assert_allclose(gradient, exact, rtol=4e-16, atol=4e-16)


# The words, the function, its scalar operands, and the Hessian.
SECOND_ORDER = [
    ("|x| at 0", np.abs, (0.0,), [[0]]),
    ("x**2 at 0", lambda x: x**2, (0.0,), [[2]]),
    ("x**3 at 0", lambda x: x**3, (0.0,), [[0]]),
    ("x**2.0 at 0", lambda x: np.power(x, np.float64(2)), (0.0,), [[2]]),
    ("x**y at (2, 0)", np.power, (2.0, 0.0), [[0, 0.5], [0.5, np.log(2) ** 2]]),
    ("x**y at (2, 3)", np.power, (2.0, 3.0), [[12, 4 + 12 * np.log(2)], [4 + 12 * np.log(2), 8 * np.log(2) ** 2]]),
    ("x**y at (0, 2)", np.power, (0.0, 2.0), [[2, 0], [0, 0]]),
    ("hypot at the origin", np.hypot, (0.0, 0.0), [[NAN, NAN], [NAN, NAN]]),
    ("arctan2 at the origin", np.arctan2, (0.0, 0.0), [[NAN, NAN], [NAN, NAN]]),
    ("arctan2 at (1, 0)", np.arctan2, (1.0, 0.0), [[0, 1], [1, 0]]),
    ("sinc at 0", np.sinc, (0.0,), [[-PI * PI / 3]]),
    ("sinc at 1", np.sinc, (1.0,), [[2]]),
    ("i0 at 0", np.i0, (0.0,), [[0.5]]),
    ("maximum, a tie", np.maximum, (2.0, 2.0), [[0, 0], [0, 0]]),
    ("clip at its bound", np.clip, (1.0, 1.0, 2.0), [[0, 0, 0]] * 3),
    ("logaddexp, equal", np.logaddexp, (1.0, 1.0), [[0.25, -0.25], [-0.25, 0.25]]),
    ("logaddexp(-inf, 1)", np.logaddexp, (-INF, 1.0), [[0, 0], [0, 0]]),
    ("prod with a zero", lambda x, y: np.prod(np.stack([x, y, y])), (0.0, 2.0), [[0, 4], [4, 0]]),
    ("where(x > 0, log x, 0) at 0", lambda x: np.where(x > 0, np.log(x), 0.0), (0.0,), [[0]]),
    ("plain zeros into an element", lambda x: (v := x * np.ones(1)) @ v + np.floor(v[0]), (0.5,), [[2]]),
    ("plain zeros into an element, later", lambda x: np.floor((v := x * np.ones(1))[0]) + v @ v, (0.5,), [[2]]),
    ("where(x > 0, sqrt x, x**2) at 0", lambda x: np.where(x > 0, np.sqrt(x), x**2), (0.0,), [[2]]),
]


@pytest.mark.parametrize(
    ("function", "point", "expected"), [line[1:] for line in SECOND_ORDER], ids=[x[0] for x in SECOND_ORDER]
)
def test_second_derivative(function, point, expected):
    np.testing.assert_allclose(second(function, point), expected, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("order", "expected"), [(3, 0), (4, PI**4 / 5), (5, 0), (6, -(PI**6) / 7)])
def test_higher_derivatives_of_sinc_at_zero(order, expected):
    x = ga.tensor(0.0)
    y = np.sinc(x)
    for _ in range(order):
        x.null_grad()
        y.backward(create_graph=True)
        y = x.grad
    np.testing.assert_allclose(y.data, expected, rtol=1e-13)


# --- all ufuncs at once ----------------------------------------------------------------------------------------------

POINTS = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.5, 5e-324, -1e-310, 1e308, INF, -INF, NAN])
UFUNCS = sorted(
    (f for f, rule in RULES.items() if isinstance(f, np.ufunc) and isinstance(rule, (Differentiable, ZeroGradient))),
    key=lambda f: f.__name__,
)
PLAIN_UFUNCS = [f for f in UFUNCS if f.signature is None and f is not np.ldexp and (len(f.types) and f.nin <= 2)]


def operands(ufunc: np.ufunc) -> list[Any]:
    if ufunc.nin == 1:
        return [POINTS]
    return [np.repeat(POINTS, len(POINTS)), np.tile(POINTS, len(POINTS))]


@pytest.mark.parametrize("ufunc", PLAIN_UFUNCS, ids=lambda f: f.__name__)
def test_values_are_numpys(ufunc):
    expected = ufunc(*operands(ufunc))
    found = ufunc(*map(ga.tensor, operands(ufunc)))
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    for result, value in pairs:
        assert result.dtype == value.dtype
        np.testing.assert_array_equal(result.data, value)
        np.testing.assert_array_equal(np.signbit(result.data), np.signbit(value))


@pytest.mark.parametrize("ufunc", PLAIN_UFUNCS, ids=lambda f: f.__name__)
def test_zero_cotangent_gives_zero_gradient(ufunc):
    """Whatever the derivative is there: infinite, undefined, or NaN from a NaN."""
    variables = [ga.tensor(x) for x in operands(ufunc)]
    result = ufunc(*variables)
    for part in result if isinstance(result, tuple) else [result]:
        if isinstance(part, ga.Tensor) and not part.constant:
            part.backward(0, retain_graph=True)
            for x in variables:
                np.testing.assert_array_equal(x.grad, np.zeros(x.shape))


@pytest.mark.parametrize("ufunc", PLAIN_UFUNCS, ids=lambda f: f.__name__)
def test_gradient_is_undefined_only_where_an_operand_or_the_result_is_not_finite(ufunc):
    variables = [ga.tensor(x) for x in operands(ufunc)]
    result = ufunc(*variables)
    result = result[0] if isinstance(result, tuple) else result
    result.backward(np.full(result.shape, 2.0))
    finite = np.isfinite(result.data)
    for x in operands(ufunc):
        finite &= np.isfinite(x)
    if ufunc in (np.power, np.float_power):  # the derivative by the exponent is a logarithm
        finite &= operands(ufunc)[0] >= 0
    for x in variables:
        undefined = x.data[finite & np.isnan(x.grad)]
        assert not undefined.size, f"NaN at {undefined}"


# --- interpolation ---------------------------------------------------------------------------------------------------

# The words, the points, the knots, the values at the knots, and the exact gradient by these.
INTERPOLATIONS = [
    ("a doubled last knot", 2.0, [0.0, 1.0, 2.0, 2.0], [0.0, 1.0, 5.0, 6.0], [0, 0, 0, 1]),
    ("a step at the end", [0.5, 1.0, 1.5], [0.0, 1.0, 1.0], [0.0, 2.0, 3.0], [0.5, 0.5, 2]),
    ("a step between", [0.5, 1.0, 1.5], [0.0, 1.0, 1.0, 2.0], [0.0, 2.0, 3.0, 4.0], [0.5, 0.5, 1.5, 0.5]),
    ("an infinite value further on", [0.5, 1.0], [0.0, 1.0, 2.0], [0.0, 1.0, INF], [0.5, 1.5, 0]),
    ("infinite knots", [0.5, 2.0], [-INF, 1.0, INF], [10.0, 20.0, 30.0], [0, 2, 0]),
    ("equal values at infinite knots", [-INF, INF], [-INF, INF], [10.0, 10.0], [1, 1]),
    ("outside", [-1.0, 3.0], [0.0, 1.0], [4.0, 5.0], [1, 1]),
]


@pytest.mark.parametrize(("points", "knots", "table", "expected"), [line[1:] for line in INTERPOLATIONS])
def test_interpolation(points, knots, table, expected):
    value = np.interp(points, knots, ga.tensor(table))
    np.testing.assert_array_equal(value.data, np.interp(points, knots, table))
    assert value.dtype == np.interp(points, knots, table).dtype
    np.testing.assert_allclose(
        ga.grad(lambda table: np.sum(np.interp(points, knots, table)))(np.array(table)), expected
    )


def test_interpolation_of_complex_numbers_from_an_infinite_knot():
    value = np.interp(0.5, [-INF, 1.0], ga.tensor([10 + 0j, 10 + 0j]))
    assert value.data == np.interp(0.5, [-INF, 1.0], np.array([10 + 0j, 10 + 0j]))


def test_slopes_of_an_interpolation():
    points, knots = np.array([-2.0, 0.0, 0.5, 1.0, 4.0, 9.0]), np.array([0.0, 1.0, 4.0, INF])
    slopes = ga.elementwise_grad(lambda x: np.interp(x, knots, [0.0, 2.0, 8.0, 9.0]))(points)
    np.testing.assert_allclose(slopes, [0, 2, 2, 2, 0, 0])


# --- numbers of Python's ---------------------------------------------------------------------------------------------

NUMBERS = [0, 0.0, -0.0, False, True, 1, 2, -3, 2.5, 10**15, 1e308, INF, NAN]
BINARY = sorted(
    (func for func, rule in RULES.items() if isinstance(rule, Elementwise) and rule.nin == 2 and not rule.refused),
    key=lambda func: func.__name__,
)
DERIVATIVES: dict[str, Callable[..., Any]] = {
    "grad": lambda f, x: ga.grad(lambda x: np.sum(f(x)))(x),
    "jvp": lambda f, x: ga.jvp(f, (x,), (np.ones_like(x),))[1],
    "hvp": lambda f, x: ga.hvp(lambda x: np.sum(f(x)))(x, np.ones_like(x)),
    "jvp of jvp": lambda f, x: ga.jvp(lambda y: ga.jvp(f, (y,), (np.ones_like(x),))[1], (x,), (np.ones_like(x),))[1],
}


@pytest.mark.parametrize("way", DERIVATIVES)
@pytest.mark.parametrize("func", BINARY, ids=lambda func: func.__name__)
def test_a_number_of_pythons_is_like_an_array_beside_a_variable(func, way):
    derivative = DERIVATIVES[way]
    compared = 0
    for number in NUMBERS:
        for x in (np.array([0.0, 1.0, -2.0]), np.float64(0.0), np.array(3.0)):
            for call in (lambda x, c: func(x, c), lambda x, c: func(c, x)):
                array = np.array(number)
                try:
                    call(x, number), call(x, array)
                except (TypeError, OverflowError):  # np.ldexp takes integers there, of 32 bits
                    continue
                found = derivative(lambda x, call=call, c=number: call(x, c), x)
                np.testing.assert_allclose(found, derivative(lambda x, call=call, c=array: call(x, c), x), 1e-12)
                compared += 1
    assert compared > 0
