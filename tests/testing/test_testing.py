"""check_grads: right derivatives pass, and of wrong ones it says where and why."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest

import gradarray as ga

X = np.array([[0.7, -1.3, 0.4], [1.1, 0.6, -0.9], [0.2, 1.7, -0.5]])
Y = np.array([0.3, 0.9, -1.4])
Z = X + 1j * X.T
for array in (X, Y, Z):
    array.flags.writeable = False


def with_gradient(value: Any, pull: Any) -> Any:
    """Return a function with a gradient that may be wrong."""
    return ga.custom_gradient(lambda *xs: (value(*xs), lambda g: pull(g, *xs)))


def report(f: Any, *args: Any, **options: Any) -> str:
    """Return the message with which the check fails."""
    with pytest.raises(AssertionError) as raised:
        ga.check_grads(f, args, **options)
    return str(raised.value)


# --- what passes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modes", ["rev", "fwd", ("rev", "fwd")])
def test_right_derivatives_pass(modes: Any):
    ga.check_grads(lambda x, y: np.sum(np.tanh(x @ y) ** 2), (X, Y), modes=modes)
    ga.check_grads(lambda x: np.linalg.inv(x) @ x[0], (X,), modes=modes)
    ga.check_grads(lambda z: np.abs(z @ z) ** 2, (Z,), modes=modes)
    ga.check_grads(lambda z, y: np.exp(1j * z) * y, (Z, Y), modes=modes)
    ga.check_grads(lambda x: x**3, (0.5,), order=3, modes=modes)


def test_functions_that_return_a_python_number():
    ga.check_grads(lambda x: float(np.sum(x**2)), (Y,))
    ga.check_grads(lambda x: {"a": math.sin(x[0]), "b": x[1] * 2}, (Y,))
    ga.check_grads(lambda z: complex(z) ** 2, (0.5 + 1j,))
    wrong = with_gradient(lambda x: x**2, lambda g, x: g * x)
    assert "constant factor 0.5" in report(lambda x: float(wrong(x)), 2.0, modes="rev")
    with pytest.raises(TypeError, match="a floating-point or complex result"):
        ga.check_grads(lambda x: int(x), (2.0,))


def test_containers_numbers_and_other_arguments():
    def f(p, n, name):
        assert name == "tanh"
        return {"y": np.tanh(p["w"] * p["b"][0]) * n, "n": n, "s": (p["b"][1] ** 2, None)}

    ga.check_grads(f, ({"w": Y, "b": (2.0, np.float32(0.5))}, 3, "tanh"))
    ga.check_grads(np.sin, X)  # no tuple is a single argument
    ga.check_grads(lambda p: p[0] * p[1], [X, Y])
    ga.check_grads(np.sin, (ga.tensor(X),))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex64])
def test_other_precisions(dtype: Any):
    ga.check_grads(lambda x: np.exp(x) * x[0], (X.astype(dtype),))
    ga.check_grads(lambda x: np.sin(x.astype(np.float32)), (Y,))


def test_sizes_and_shapes():
    ga.check_grads(np.sin, (np.float64(0.3),))
    ga.check_grads(lambda x, y: x * y, (X[::2, ::-1], np.broadcast_to(Y, (2, 3))))
    ga.check_grads(lambda x: np.cumsum(x**2), (np.linspace(0.1, 1, 2000),))


def test_points_near_a_kink_or_a_pole_and_of_other_sizes():
    ga.check_grads(np.abs, (np.array([1e-4, -3e-5]),))
    ga.check_grads(np.log, (np.array([1e-4, 1e5]),), order=1)
    ga.check_grads(lambda x: x**2, (np.array([1e8, 1e-8]),))
    ga.check_grads(lambda x: 1e-9 * np.sin(x), (X,))


def test_results_that_are_not_finite_are_left_out_and_told():
    with np.errstate(all="ignore"), pytest.warns(UserWarning, match=r"not finite: result, element \(1,\): nan"):
        ga.check_grads(lambda x: np.log(x), (np.array([2.0, -1.0]),))


@pytest.mark.parametrize(
    ("f", "x", "why"),
    [
        (lambda x: np.sum(1 / x), [0.0], r"not finite at this point \(result, element \(\): inf"),
        (lambda x: np.sum(np.log(x)) + np.sum(x), [0.0, 1.0], "not finite"),
        (lambda x: {"a": np.log(x), "b": x * np.nan}, [0.0], r"result\['a'\], element \(0,\): -inf; result\['b'\]"),
        (lambda x: x * 2, np.zeros((0, 3)), "no element"),
        (lambda x: x[:0], [1.0], "no element"),
    ],
)
def test_where_nothing_can_be_compared_it_does_not_pass(f, x, why):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=why):
        ga.check_grads(f, (np.array(x),))


def test_a_constant_is_compared():
    ga.check_grads(lambda x: np.ones(3) + 0 * x, (np.array([1.0, 2.0, 3.0]),))


def test_the_callers_arrays_stay_as_they_are():
    def f(x):
        x *= 2
        return x**2

    x = np.array(Y)
    ga.check_grads(f, (x,))
    np.testing.assert_array_equal(x, Y)


def test_the_same_numbers_for_the_same_seed():
    drawn: list[Any] = []
    recorded = with_gradient(lambda x: x * 1, lambda g, x: drawn.append(np.array(g)) or g)
    for seed in (1, 1, 2):
        ga.check_grads(recorded, (Y,), order=1, modes="rev", seed=seed)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])


# --- what fails, and why ---------------------------------------------------------------------------------------------


def test_the_report_in_full():
    cube = with_gradient(lambda x: x**3, lambda g, x: g * 3.3 * x**2)
    found = report(lambda p: cube(p["w"]), {"b": Y, "w": np.array([1.0, 2.0])}, order=1)
    lines = found.splitlines()
    assert lines[0] == "check_grads: the derivative of order 1 by reverse mode is wrong"
    assert lines[1] == "  argument args[0]['w'], shape (2,), element (1,)"
    analytic, numeric = float(lines[2].split()[1]), float(lines[3].split()[1])
    assert analytic / numeric == pytest.approx(1.1)
    assert lines[4] == "  2 of the 2 elements compared differ"
    assert lines[5] == "  likely cause: it is off by the constant factor 1.1"


def test_off_by_one_in_a_thousand():
    f = with_gradient(lambda x: np.sin(x), lambda g, x: g * np.cos(x) * 1.001)
    assert "constant factor 1.001" in report(f, X, modes="rev")
    assert "constant factor 1.001" in report(f, X, modes="fwd")


def test_one_wrong_element_is_named():
    error = np.ones(X.shape)
    error[1, 2] = 1.01
    f = with_gradient(lambda x: np.sin(x), lambda g, x: g * np.cos(x) * error)
    for mode in ("rev", "fwd"):
        found = report(f, X, modes=mode)
        assert "element (1, 2)" in found
        assert "1 of the 9 elements" in found
        assert "unknown" in found


def test_the_argument_is_named():
    f = with_gradient(lambda x, y: x @ y, lambda g, x, y: (np.outer(g, y), 2 * g @ x))
    for mode in ("rev", "fwd"):
        found = report(f, X, Y, modes=mode)
        assert "argument args[1]" in found
        assert "constant factor 2" in found


def test_the_result_is_named_in_forward_mode():
    f = with_gradient(lambda x: {"a": x * 2, "b": [x**2]}, lambda g, x: 2 * g["a"] - 2 * x * g["b"][0])
    found = report(f, Y, modes="fwd")
    assert "argument args[0], result['b'][0], shape (3,), element" in found
    assert "the sign is wrong" in found


def test_a_lost_gradient():
    for mode in ("rev", "fwd"):
        found = report(lambda x, y: ga.stop_gradient(x) * y, Y, Y, modes=mode)
        assert "argument args[0]" in found
        assert "the gradient is lost" in found


def test_a_part_of_the_gradient_that_is_lost():
    def f(x):
        return np.concatenate([x[:1] ** 2, ga.stop_gradient(x[1:]) ** 2])

    for mode in ("rev", "fwd"):
        found = report(f, Y, modes=mode)
        assert "2 of the 3 elements" in found
        assert "the gradient of these elements is lost" in found


def test_a_gradient_that_is_conjugated():
    f = with_gradient(lambda z: np.sin(z), lambda g, z: np.conj(g * np.conj(np.cos(z))))
    assert "it is conjugated" in report(lambda z: np.sum(np.real(f(z)) * X), Z, modes="rev")


def test_a_gradient_that_is_transposed():
    f = with_gradient(lambda x: x * np.arange(9.0).reshape(3, 3), lambda g, x: (g * np.arange(9.0).reshape(3, 3)).T)
    assert "it is transposed" in report(f, X, modes="rev")
    assert "it is transposed" in report(with_gradient(lambda x: x * 1, lambda g, x: g.T), X, modes="fwd")
    cube = np.linspace(-1, 1, 8).reshape(2, 2, 2)
    f = with_gradient(lambda x: x * 1, lambda g, x: np.transpose(g, (1, 2, 0)))
    assert "its axes are permuted, to (2, 0, 1)" in report(f, cube, modes="rev")


def test_values_in_the_wrong_places():
    assert "in the wrong places" in report(with_gradient(lambda x: x * 1, lambda g, x: g[::-1]), Y)


def test_a_kink():
    for mode in ("rev", "fwd"):
        found = report(lambda x: np.where(x > 0, 2 * x, 0), np.array([1.0, 0.0]), modes=mode)
        assert "element (1,)" in found
        assert "kink" in found
        # Ties share evenly, as central differences do, so that only the second derivative gives the kink away.
        for f in (lambda x: np.maximum(x, 0) * 2, np.abs):
            found = report(f, np.array([1.0, 0.0]), modes=mode)
            assert "argument args[0], element (1,)" in found
            assert "has a kink there, and no derivative" in found
            assert "order 2" not in found and "lost" not in found


def test_a_number_is_compared_by_itself():
    """With a cotangent of 1, so that what is printed are derivatives: 2 x and 3 x**2."""
    for mode in ("rev", "fwd"):
        found = report(with_gradient(lambda x: x**3, lambda g, x: g * 2 * x), 2.0, modes=mode)
        assert "analytic 4\n" in found
        assert "numeric  12 " in found


def test_an_analytic_value_that_is_not_finite():
    f = with_gradient(lambda x: x**2, lambda g, x: g * 2 * x * np.where(x > 1, np.nan, 1))
    for mode in ("rev", "fwd"):
        found = report(f, np.array([0.5, 1.5]), modes=mode)
        assert "element (1,)" in found
        assert "analytic nan" in found
        assert "not finite although" in found


def test_a_small_wrong_element_among_large_ones():
    f = with_gradient(lambda x: x * [1e6, 1e-3], lambda g, x: g * [1e6, 2e-3])
    assert "element (1,)" in report(f, np.array([0.5, 1.5]), modes="rev")


def test_a_wrong_second_derivative_names_modes_and_order():
    # The gradient is right, and its own derivative misses a factor.
    slope = with_gradient(lambda x: 3 * x**2, lambda g, x: g * 5 * x)
    f = with_gradient(lambda x: x**3, lambda g, x: g * slope(x))
    ga.check_grads(f, (Y,), order=1)
    assert "the derivative of order 2 by reverse over reverse mode is wrong" in report(f, Y, modes="rev")
    assert "the derivative of order 2 by forward over forward mode is wrong" in report(f, Y, modes="fwd")
    assert "argument args[0]" in report(f, Y, modes="rev")
    assert "constant factor 0.833333" in report(f, Y, modes="rev")
    assert "tangent of result" in report(f, Y, modes="fwd")


def test_tolerances():
    f = with_gradient(lambda x: np.sin(x), lambda g, x: g * np.cos(x) * 1.001)
    ga.check_grads(f, (Y,), order=1, rtol=1e-2)
    ga.check_grads(f, (Y,), order=1, atol=1e-2)
    report(f, Y, rtol=1e-4)
    assert "step 0.01" in report(f, Y, eps=1e-2)


# --- wrong input -----------------------------------------------------------------------------------------------------


def test_wrong_input():
    with pytest.raises(TypeError, match="needs a floating-point or complex argument"):
        ga.check_grads(np.sin, (3,))
    with pytest.raises(TypeError, match="needs a function with a floating-point or complex result"):
        ga.check_grads(np.argmax, (Y,))
    with pytest.raises(ValueError, match="modes are 'rev' and 'fwd', not"):
        ga.check_grads(np.sin, (Y,), modes=("reverse",))
    with pytest.raises(ValueError, match="at least 1, not 0"):
        ga.check_grads(np.sin, (Y,), order=0)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="deterministic"):
        ga.check_grads(lambda x: x * rng.uniform(), (Y,))


def test_an_error_inside_says_what_was_computed():
    with pytest.raises(ga.GradientLossError) as raised:
        ga.check_grads(lambda x: struct.unpack("d", struct.pack("d", x[0]))[0] * x, (Y,))
    assert any("order 1 by reverse mode" in note for note in raised.value.__notes__)


def test_a_gradient_is_differentiated_by_the_cotangent():
    inner = with_gradient(lambda g, x: g * np.cos(x), lambda h, g, x: (2 * h * np.cos(x), -h * g * np.sin(x)))
    f = with_gradient(np.sin, lambda g, x: inner(g, x))
    ga.check_grads(f, (Y,), order=1, modes="rev")
    text = report(f, Y, modes="rev")
    assert "order 2 by reverse over reverse mode is wrong" in text
    assert "argument the cotangent of result, shape (3,)" in text
    with pytest.warns(UserWarning, match="not finite"):
        ga.check_grads(lambda x: x / np.array([1.0, 0.0]), (2.0,))
