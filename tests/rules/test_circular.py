"""The circular and hyperbolic functions that NumPy leaves out: values where they are hard to have, and ends of domains.

What is compared with is NumPy's own function of the reciprocal, in more digits where the machine has them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

RECIPROCAL: dict[str, Callable[[Any], Any]] = {
    "sec": lambda x: 1 / np.cos(x),
    "csc": lambda x: 1 / np.sin(x),
    "cot": lambda x: 1 / np.tan(x),
    "sech": lambda x: 1 / np.cosh(x),
    "csch": lambda x: 1 / np.sinh(x),
    "coth": lambda x: 1 / np.tanh(x),
    "arcsec": lambda x: np.arccos(1 / x),
    "arccsc": lambda x: np.arcsin(1 / x),
    "arccot": lambda x: np.arctan(1 / x),
    "arcsech": lambda x: np.arccosh(1 / x),
    "arccsch": lambda x: np.arcsinh(1 / x),
    "arccoth": lambda x: np.arctanh(1 / x),
}
INVERSE = [name for name in RECIPROCAL if name.startswith("arc")]
MORE_DIGITS = np.finfo(np.longdouble).eps < 1e-18


def numbers(name: str) -> Any:
    if name == "arcsech":
        return np.array([1e-300, 1e-9, 0.2, 0.5, 0.9, 1 - 1e-4])
    size = np.array([1 + 1e-4, 1.3, 2.0, 7.0, 1e9] if name.startswith("arc") else [1e-9, 0.3, 1.0, 2.0, 20.0])
    return np.concatenate([-size, size])


@pytest.mark.skipif(not MORE_DIGITS, reason="no type here has more digits than a double, to compare with")
@pytest.mark.parametrize("name", RECIPROCAL)
def test_a_value_has_all_its_digits(name: str) -> None:
    x = numbers(name)
    np.testing.assert_allclose(getattr(ga, name)(x).data, RECIPROCAL[name](x.astype(np.longdouble)), rtol=1e-15)


@pytest.mark.parametrize("name", RECIPROCAL)
def test_complex_numbers(name: str) -> None:
    z = np.array([0.3 + 0.4j, -1.5 + 0.2j, 2.0 - 3.0j])
    np.testing.assert_allclose(getattr(ga, name)(z).data, RECIPROCAL[name](z), rtol=1e-14)


@pytest.mark.parametrize("name", RECIPROCAL)
def test_types_are_those_of_numpys_sine(name: str) -> None:
    for dtype in ("?", "i1", "i4", "i8", "e", "f", "d", "g", "F", "D"):
        x = np.ones(2, dtype)
        with np.errstate(all="ignore"):
            result = getattr(ga, name)(x)
        assert (result.dtype, result.shape) == (np.sin(x).dtype, (2,))
    with np.errstate(all="ignore"):
        assert getattr(ga, name)(1).dtype == getattr(ga, name)([1, 2]).dtype == float
    assert getattr(ga, name)(np.empty((0, 3))).shape == (0, 3)


ENDS = [
    ("sec", [0.0, np.inf], [1.0, np.nan]),
    ("csc", [0.0, -0.0], [np.inf, -np.inf]),
    ("cot", [0.0, -0.0], [np.inf, -np.inf]),
    ("sech", [0.0, 800.0, -800.0, np.inf], [1.0, 0.0, 0.0, 0.0]),
    ("csch", [0.0, -0.0, 800.0, -np.inf], [np.inf, -np.inf, 0.0, -0.0]),
    ("coth", [0.0, 800.0, -np.inf], [np.inf, 1.0, -1.0]),
    ("arcsec", [1.0, -1.0, np.inf, -np.inf, 0.5], [0.0, np.pi, np.pi / 2, np.pi / 2, np.nan]),
    ("arccsc", [1.0, -1.0, np.inf, -np.inf, 0.5], [np.pi / 2, -np.pi / 2, 0.0, -0.0, np.nan]),
    ("arccot", [0.0, -0.0, np.inf, -np.inf], [np.pi / 2, -np.pi / 2, 0.0, -0.0]),
    ("arcsech", [0.0, 1.0, -0.5, 2.0], [np.inf, 0.0, np.nan, np.nan]),
    ("arccsch", [0.0, -0.0, np.inf], [np.inf, -np.inf, 0.0]),
    ("arccoth", [1.0, -1.0, 0.5, np.inf, -np.inf], [np.inf, -np.inf, np.nan, 0.0, -0.0]),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of undefined values
@pytest.mark.parametrize(("name", "x", "expected"), ENDS, ids=[name for name, _, _ in ENDS])
def test_ends_of_the_domain(name: str, x: list[float], expected: list[float]) -> None:
    y = getattr(ga, name)(x).data
    np.testing.assert_allclose(y, expected, rtol=1e-15)
    np.testing.assert_array_equal(np.signbit(y), np.signbit(expected), verbose=True) if np.nan not in expected else None


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("sech", [0.0, 400.0, -400.0], [0.0, -np.exp(-400.0) * 2, np.exp(-400.0) * 2]),
        ("csch", [400.0], [-2 * np.exp(-400.0)]),
        ("coth", [30.0], [-4 * np.exp(-60.0)]),
        ("arcsec", [1e200], [0.0]),
        ("arccot", [1e200, 0.0], [0.0, -1.0]),
        ("arccsch", [1e200], [0.0]),
    ],
)
def test_a_derivative_neither_overflows_nor_cancels(name: str, x: list[float], slope: list[float]) -> None:
    t = ga.tensor(x)
    getattr(ga, name)(t).backward()
    np.testing.assert_allclose(t.grad, slope, rtol=1e-14, atol=1e-300)


def test_second_derivatives_at_zero() -> None:
    assert ga.grad(ga.grad(ga.sech))(0.0) == -1
    assert ga.grad(ga.grad(ga.arccot))(0.0) == 0


# --- the keywords of a ufunc -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECIPROCAL)
def test_where_leaves_out_what_has_no_value(name: str) -> None:
    inside = 0.5 if name == "arcsech" else 2.0
    x = ga.tensor([np.nan, inside])
    out = ga.tensor([7.0, 7.0])
    with np.errstate(all="raise"):
        result = getattr(ga, name)(x, where=[False, True], out=out)
    assert result is out
    np.testing.assert_allclose(out.data, [7.0, RECIPROCAL[name](inside)])
    (out * [1.0, 3.0]).sum().backward()
    alone = ga.tensor(inside)
    getattr(ga, name)(alone).backward()
    np.testing.assert_allclose(x.grad, [0.0, 3 * alone.grad])


def test_dtype_and_casting() -> None:
    assert ga.sec([1, 2], dtype=np.float32).dtype == np.float32
    assert ga.sec(np.ones(2), dtype=np.float32).dtype == np.float32
    with pytest.raises(TypeError, match="Cannot cast"):
        ga.sec(np.ones(2), dtype=np.float32, casting="safe")
    with pytest.raises(TypeError):
        ga.sec(np.ones(2), dtype=int)
    with pytest.raises(TypeError, match="nonsense"):
        ga.sec(np.ones(2), nonsense=1)


def test_out_is_an_array_of_a_constant_alone() -> None:
    out = np.zeros(2)
    assert ga.sec([0.0, 0.0], out=out) is out
    assert out.tolist() == [1.0, 1.0]
    with pytest.raises(ga.GradientLossError):
        ga.sec(ga.tensor([1.0, 2.0]), out=out)


def test_constant() -> None:
    x = ga.tensor([1.0, 2.0])
    assert ga.sec(x, constant=True).constant
    assert not ga.sec([1.0, 2.0], constant=False).constant
    assert ga.sec([1.0, 2.0]).constant
    with pytest.raises(TypeError, match="constant="):
        ga.sec(x, constant="yes")


@pytest.mark.parametrize("name", RECIPROCAL)
def test_derivatives_in_both_modes(name: str) -> None:
    x = np.array([0.3, 0.6]) if name == "arcsech" else np.array([1.4, -2.3])
    ga.check_grads(getattr(ga, name), (x,))
