"""Quantities of pint with a variable in them: units are pint's, derivatives are those of the numbers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pint = pytest.importorskip("pint", reason="pint is not installed")
u = pint.UnitRegistry()
Q = u.Quantity

pytestmark = pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")
A = np.array([1.0, 2.0, 3.5])
V = np.array([0.3, -1.0, 0.7])


def _assigned(t: Any) -> Any:
    q = Q(t * 1.0, "m")
    q[0] = Q(t[1] * 30, "cm")
    return q * q


def _updated(t: Any) -> Any:
    q = Q(t * 1.0, "m")
    q += Q(t, "cm")
    q *= 2
    q *= Q(t, "s")
    return q


def _converted(t: Any) -> Any:
    q = Q(t * 1.0, "m")
    q.ito("cm")
    return q * q


@u.wraps("m^2", "m")
def _area(x: Any) -> Any:
    return x**2


@u.check("[length]")
def _doubled(x: Any) -> Any:
    return x * 2


MEASURED: dict[str, Callable[[Any], Any]] = {
    "assignment": _assigned,
    "updates": _updated,
    "ito": _converted,
    "wraps": lambda t: _area(Q(t, "cm")),
    "check": lambda t: _doubled(Q(t, "m")),
    "Q(t,m)": lambda t: Q(t, "m"),
    "t*u.m": lambda t: t * u.m,
    "u.m*t": lambda t: u.m * t,
    "t*Q(2,m)": lambda t: t * Q(2.0, "m"),
    "Q*t": lambda t: Q(2.0, "m") * t,
    "Q array*t": lambda t: Q(np.array([1.0, 2.0, 4.0]), "m") * t,
    "t*Q array": lambda t: t * Q(np.array([1.0, 2.0, 4.0]), "m"),
    "add": lambda t: Q(t, "m") + Q(50.0, "cm"),
    "radd": lambda t: Q(50.0, "cm") + Q(t, "m"),
    "sub": lambda t: Q(t, "m") - Q(t[::-1], "km"),
    "div": lambda t: Q(t, "m") / Q(2.0, "s"),
    "rdiv": lambda t: 1 / Q(t, "s"),
    "div t": lambda t: Q(3.0, "m") / t,
    "t/Q": lambda t: t / Q(3.0, "m"),
    "pow": lambda t: Q(t, "m") ** 2,
    "sqrt": lambda t: Q(t, "m^2") ** 0.5,
    "dimless": lambda t: (Q(t, "m") / Q(1.0, "km")).to("dimensionless"),
    "pow t": lambda t: 2.0 ** (Q(t, "m") / Q(2.0, "m")),
    "to": lambda t: Q(t, "m").to("km"),
    "to_base": lambda t: Q(t, "km/h").to_base_units(),
    "to_reduced": lambda t: (Q(t, "km") * Q(1.0, "1/m")).to_reduced_units(),
    "m_as": lambda t: Q(t, "m").m_as("cm"),
    "magnitude": lambda t: Q(t, "m").magnitude,
    "temp": lambda t: Q(t, "degC").to("kelvin"),
    "temp back": lambda t: Q(t, "kelvin").to("degC"),
    "to_root": lambda t: Q(t, "inch").to_root_units(),
    "to_preferred": lambda t: Q(t, "inch").to_preferred([u.m]),
    "neg": lambda t: -Q(t, "m"),
    "abs": lambda t: abs(Q(t, "m")),
    "np.sin": lambda t: np.sin(Q(t, "rad")),
    "np.sin deg": lambda t: np.sin(Q(t, "deg")),
    "np.exp": lambda t: np.exp(Q(t, "m") / Q(1.0, "m")),
    "np.log": lambda t: np.log(Q(t, "dimensionless")),
    "np.sqrt": lambda t: np.sqrt(Q(t, "m^2")),
    "np.square": lambda t: np.square(Q(t, "m")),
    "np.cbrt": lambda t: np.cbrt(Q(t, "m^3")),
    "np.arctan2": lambda t: np.arctan2(Q(t, "m"), Q(1.0, "m")),
    "np.hypot": lambda t: np.hypot(Q(t, "m"), Q(100.0, "cm")),
    "np.maximum": lambda t: np.maximum(Q(t, "m"), Q(150.0, "cm")),
    "np.multiply": lambda t: np.multiply(Q(t, "m"), t),
    "np.add": lambda t: np.add(Q(t, "m"), Q(t, "cm")),
    "np.power": lambda t: np.power(Q(t, "m"), 2),
    "sum": lambda t: np.sum(Q(t, "m")),
    ".sum": lambda t: Q(t, "m").sum(),
    "mean": lambda t: np.mean(Q(t, "m")),
    ".mean": lambda t: Q(t, "m").mean(),
    "std": lambda t: np.std(Q(t, "m")),
    "var": lambda t: np.var(Q(t, "m")),
    "max": lambda t: np.max(Q(t, "m")),
    ".max": lambda t: Q(t, "m").max(),
    "prod": lambda t: np.prod(Q(t, "m")),
    "cumsum": lambda t: np.cumsum(Q(t, "m")),
    "cumprod": lambda t: np.cumprod(Q(t, "dimensionless")),
    "median": lambda t: np.median(Q(t, "m")),
    "percentile": lambda t: np.percentile(Q(t, "m"), 30),
    "nansum": lambda t: np.nansum(Q(t, "m")),
    "diff": lambda t: np.diff(Q(t, "m")),
    "ediff1d": lambda t: np.ediff1d(Q(t, "m")),
    "gradient": lambda t: np.gradient(Q(t, "m"), Q(2.0, "s")),
    "trapezoid": lambda t: np.trapezoid(Q(t, "m"), dx=Q(2.0, "s")),
    "interp": lambda t: np.interp(Q([1.5], "m"), Q([1.0, 2.0, 3.0], "m"), Q(t, "s")),
    "dot": lambda t: np.dot(Q(t, "m"), Q(t, "s")),
    "@": lambda t: Q(t, "m") @ Q(t, "s"),
    "@ plain": lambda t: Q(t, "m") @ np.array([1.0, 2.0, 3.0]),
    "t@Q": lambda t: t @ Q(np.array([1.0, 2.0, 3.0]), "m"),
    "matmul": lambda t: np.matmul(Q(np.eye(3), "m"), t),
    "einsum": lambda t: np.einsum("i,i->", Q(t, "m"), Q(t, "m")),
    "cross": lambda t: np.cross(Q(t, "m"), Q(t[::-1], "N")),
    "norm": lambda t: np.linalg.norm(Q(t, "m")),
    "solve": lambda t: np.linalg.solve(Q(np.eye(3) * 2, "m"), Q(t, "s")),
    "concat": lambda t: np.concatenate([Q(t, "m"), Q(t, "cm")]),
    "stack": lambda t: np.stack([Q(t, "m"), Q(t, "cm")]),
    "where": lambda t: np.where(Q(t, "m") > Q(150.0, "cm"), Q(t, "m"), Q(0.0, "m")),
    "clip": lambda t: np.clip(Q(t, "m"), Q(120.0, "cm"), Q(3.0, "m")),
    ".clip": lambda t: Q(t, "m").clip(Q(120.0, "cm"), Q(3.0, "m")),
    "reshape": lambda t: Q(t, "m").reshape(3, 1),
    "T": lambda t: Q(t, "m")[None].T,
    "flip": lambda t: np.flip(Q(t, "m")),
    "roll": lambda t: np.roll(Q(t, "m"), 1),
    "sort": lambda t: np.sort(Q(t, "m")),
    "tile": lambda t: np.tile(Q(t, "m"), 2),
    "pad": lambda t: np.pad(Q(t, "m"), 1),
    "index": lambda t: Q(t, "m")[1],
    "slice": lambda t: Q(t, "m")[::2],
    "mask": lambda t: Q(t, "m")[Q(t, "m") > Q(150.0, "cm")],
    "iter": lambda t: sum(float(i) * q for i, q in enumerate(Q(t, "m"))),
    "len": lambda t: Q(t, "m") * len(Q(t, "m")),
    "zeros_like": lambda t: Q(t, "m") + np.zeros_like(Q(t, "m")),
    "compare": lambda t: t * (Q(t, "m") > Q(150.0, "cm")),
    "isclose": lambda t: t * np.isclose(Q(t, "m"), Q(1.0, "m")),
    "astype": lambda t: Q(t, "m").astype(np.float64) * 2,
    "real": lambda t: Q(t, "m").real,
    "conj": lambda t: np.conj(Q(t, "m")),
    "np.round": lambda t: np.round(Q(t, "m"), 1),
    "isnan": lambda t: t * ~np.isnan(Q(t, "m")),
    "nan_to_num": lambda t: np.nan_to_num(Q(t, "m")),
    "searchsorted": lambda t: t * np.searchsorted(Q(t, "m"), Q(1.5, "m")),
    "argmax": lambda t: Q(t, "m")[np.argmax(Q(t, "m"))],
    "ravel": lambda t: Q(t, "m").ravel(),
    "broadcast": lambda t: np.broadcast_to(Q(t, "m"), (2, 3)),
    "meshgrid": lambda t: np.meshgrid(Q(t, "m"), Q(t, "s"))[0],
    "swapaxes": lambda t: np.swapaxes(Q(t, "m")[None], 0, 1),
    "squeeze": lambda t: np.squeeze(Q(t, "m")[None]),
    "delete": lambda t: np.delete(Q(t, "m"), 1),
    "insert": lambda t: np.insert(Q(t, "m"), 1, Q(1.0, "m")),
    "append": lambda t: np.append(Q(t, "m"), Q(1.0, "cm")),
    ".take": lambda t: Q(t, "m").take([0, 0]),
    "scalar": lambda t: Q(t[0], "m") * Q(t[1], "s"),
    "nanmean": lambda t: np.nanmean(Q(t, "m")),
    "average": lambda t: np.average(Q(t, "m"), weights=[1.0, 2.0, 3.0]),
    "compress": lambda t: np.compress([True, False, True], Q(t, "m")),
    "dot m": lambda t: Q(t, "m").dot(Q(t, "m")),
}


def number(q: Any) -> Any:
    return q.magnitude if isinstance(q, Q) else q


def weighted(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def loss(t: Any) -> Any:
        y = number(f(t))
        return np.sum(y * np.cos(np.arange(float(np.size(y)))).reshape(np.shape(y)))

    return loss


@pytest.mark.parametrize("name", MEASURED)
def test_units_and_values_are_pint_s_and_derivatives_those_of_the_numbers(name: str) -> None:
    f = MEASURED[name]
    loss, h = weighted(f), 1e-6
    known, slope = f(A), (loss(A + h * V) - loss(A - h * V)) / (2 * h)
    x = ga.tensor(A)
    y = f(x)
    assert type(y) is type(known) or not isinstance(known, Q)
    assert getattr(y, "units", None) == getattr(known, "units", None)
    assert type(number(y)) is ga.Tensor
    np.testing.assert_allclose(number(y).data, number(known), rtol=1e-14)
    loss(x).backward()
    for found in (x.grad, ga.grad(loss)(A), ga.grad(loss, drop_in=False)(A)):
        assert np.sum(found * V) == pytest.approx(slope, rel=1e-6, abs=1e-7)
    assert ga.jvp(loss, (A,), (V,))[1] == pytest.approx(slope, rel=1e-6, abs=1e-7)
    np.testing.assert_array_equal(x.data, A)


def test_there_are_enough_of_them() -> None:
    assert len(MEASURED) >= 100


def test_a_function_of_a_quantity_that_returns_one_is_differentiated() -> None:
    def energy(speed: Any) -> Any:
        return (0.5 * Q(2.0, "kg") * speed**2).to("joule").sum()

    speed = Q(A, "km/hour")
    value, gradient = ga.value_and_grad(energy)(speed)
    assert value.units == u.joule
    # Of the number of joules by that of kilometres per hour.
    np.testing.assert_allclose(gradient, 2 * A / 3.6**2)
    value, tangent = ga.jvp(energy, (speed,), (Q(V, "km/hour"),))
    assert tangent.units == value.units == u.joule
    assert tangent.magnitude == pytest.approx(2 * A @ V / 3.6**2)
    np.testing.assert_allclose(ga.hessian(energy)(speed), 2 * np.eye(3) / 3.6**2, atol=1e-12)
    np.testing.assert_allclose(ga.jacobian(lambda q: q**2)(speed), np.diag(2 * A))


def test_a_wrong_unit_is_pint_s_own_error() -> None:
    with pytest.raises(pint.DimensionalityError):
        ga.grad(lambda t: (Q(t, "m") + Q(1.0, "s")).sum().magnitude)(A)


def test_a_list_of_variables_makes_no_quantity_and_says_so() -> None:
    with pytest.raises(ga.GradientLossError, match=r"Quantity\(np.stack\(\[t, u\]\), unit\)"):
        ga.grad(lambda t: Q([t[0], t[1]], "m").sum().magnitude)(A)
    made = ga.grad(lambda t: Q(np.stack([t[0], t[1]]), "m").sum().magnitude)(A)
    np.testing.assert_array_equal(made, [1.0, 1.0, 0.0])


def test_the_copy_of_a_quantity_is_a_leaf_outside_of_transforms_and_stays_on_the_tape_inside() -> None:
    with pytest.raises(ga.GradientLossWarning, match=r"copy\.deepcopy"):
        copy.deepcopy(Q(ga.tensor(A), "m"))
    found = ga.grad(lambda t: copy.deepcopy(Q(t, "m")).sum().magnitude)(A)
    np.testing.assert_array_equal(found, np.ones(3))
