"""Tensors in xarray's DataArrays and Datasets: what is done with them is right, or says that a gradient is lost."""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

xr = pytest.importorskip("xarray", minversion="2026.9", reason="xarray is not installed, or another one")
pytest.importorskip("scipy", reason="SciPy, which xarray interpolates by, is not installed")
from tests.kinds.labelled import REFUSED, RIGHT, TABLE, Operation, arrays, labelled  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore", "error::gradarray.GradientLossWarning")
operations = pytest.mark.parametrize("op", TABLE, ids=[op.name for op in TABLE])
SOME = pytest.mark.parametrize("op", TABLE[::9], ids=[op.name for op in TABLE[::9]])

A = np.random.default_rng(0).uniform(0.5, 1.5, (6, 4))
V = np.random.default_rng(1).normal(size=A.shape)


def weighted(op: Operation) -> Callable[[Any], Any]:
    """Return the sum of all that an operation gives, weighted to tell the elements apart; what is missing is 0."""

    call = op.call

    def loss(a: Any) -> Any:
        total = 0.0
        for y in arrays(call(labelled(a))):
            weights = np.cos(np.arange(float(np.size(y)))).reshape(np.shape(y))
            total = total + np.sum(np.where(np.isnan(y), 0.0, y) * weights)
        return total

    return loss


def check(found: Any, op: Operation) -> None:
    assert found == pytest.approx(slope(op), rel=1e-6, abs=1e-6)


@functools.cache
def slope(op: Operation) -> Any:
    f, h = weighted(op), 1e-6
    return (f(A + h * V) - f(A - h * V)) / (2 * h)


def plain(op: Operation) -> list[Any]:
    try:
        return arrays(op.call(labelled(A)))
    except (ImportError, RuntimeError) as error:  # bottleneck is not installed
        pytest.skip(str(error))


def test_there_are_enough_of_them() -> None:
    assert len({op.name for op in TABLE}) == len(TABLE)
    assert sum(op.how != REFUSED for op in TABLE) >= 200


@operations
def test_of_a_tensor_the_values_and_the_gradient_are_right_or_a_warning_says_so(op: Operation) -> None:
    known = plain(op)
    x = ga.tensor(A)
    if op.how != RIGHT:
        # Of what numbagg compiles, it is said that there is no rule.
        with pytest.raises((ga.GradientLossWarning, TypeError), match=r"t\.data"):
            op.call(labelled(x))
        return
    for y, expected in zip(arrays(op.call(labelled(x))), known, strict=True):
        assert type(y) is ga.Tensor
        assert (np.shape(y), y.dtype) == (np.shape(expected), expected.dtype)
        np.testing.assert_allclose(y.data, expected, rtol=1e-12, atol=1e-13)
    weighted(op)(x).backward()
    check(np.sum(x.grad * V), op)
    np.testing.assert_array_equal(x.data, A)


@operations
def test_in_transforms_both_modes_are_right_or_refuse(op: Operation) -> None:
    plain(op)
    f = weighted(op)
    if op.how == REFUSED:
        for fails in (lambda: ga.grad(f)(A), lambda: ga.jvp(f, (A,), (V,))):
            with pytest.raises(ga.GradientLossError, match=r"d\.data|t\.data"):
                fails()
        return
    value, gradient = ga.value_and_grad(f)(A)
    assert value == pytest.approx(f(A), rel=1e-12)
    check(np.sum(gradient * V), op)
    if op.name != "idxmax":  # which takes labels for what it is differentiated along, and says so
        check(ga.jvp(f, (A,), (V,))[1], op)


@SOME
def test_a_program_of_ga_jit_is_right_at_another_point(op: Operation) -> None:
    plain(op)
    f = weighted(op)
    program = ga.jit(ga.grad(f))
    if op.how != REFUSED:
        program(A)
        np.testing.assert_allclose(program(A[::-1] * 1.1), ga.grad(f)(A[::-1] * 1.1), rtol=1e-12, atol=1e-13)


@SOME
def test_in_vmap_each_element_has_its_own_or_it_raises(op: Operation) -> None:
    plain(op)
    elements = [A, A[::-1] * 1.1]
    try:
        found = ga.vmap(lambda a: arrays(op.call(labelled(a))))(np.stack(elements))
    except (ga.VmapError, ga.GradientLossError, TypeError):
        return
    for k, a in enumerate(elements):
        for y, expected in zip(found, arrays(op.call(labelled(a))), strict=True):
            np.testing.assert_allclose(y[k], expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize(
    "op", [op for op in TABLE if "skipna" in op.name or "rolling" in op.name], ids=lambda op: op.name
)
def test_bottleneck_makes_no_difference(op: Operation, wanted: bool) -> None:
    with xr.set_options(use_bottleneck=wanted):
        check(np.sum(ga.grad(weighted(op))(A) * V), op)
        if op.how == RIGHT:
            x = ga.tensor(A)
            weighted(op)(x).backward()
            check(np.sum(x.grad * V), op)


def test_second_derivatives_go_through() -> None:
    for name in ("rolling std", "interp 2d", "weighted mean", "polyval of variable"):
        (op,) = [op for op in TABLE if op.name == name]
        g, h = ga.grad(weighted(op)), 1e-5
        expected = (g(A + h * V) - g(A - h * V)) / (2 * h)
        np.testing.assert_allclose(ga.hvp(weighted(op))(A, V), expected, rtol=1e-4, atol=1e-6)


def test_bare_values_that_are_asked_for_by_name_are_not_remarked() -> None:
    x = ga.tensor(A)
    assert type(labelled(x).to_numpy()) is np.ndarray
    assert type(labelled(x).as_numpy().data) is np.ndarray
    assert type(x.to_numpy()) is np.ndarray


def test_copies_of_a_part_stay_on_the_tape_and_those_of_a_model_do_not() -> None:
    x = ga.tensor(A)
    d = labelled(x)
    d.copy(deep=True).sum().data.backward()
    np.testing.assert_array_equal(x.grad, np.ones_like(A))
    assert copy.deepcopy({"weights": x})["weights"].creator is None


def test_drop_in_mode_puts_back_what_it_has_bound_in_xarray() -> None:
    from xarray.core import missing

    before = {**vars(missing)}
    ga.grad(lambda a: labelled(a).interp(x=[12.0]).sum().data)(A)
    with ga.drop_in():
        assert vars(missing)["interp"] is not before["interp"]
        np.testing.assert_array_equal(labelled(A).interp(x=[12.0]), labelled(A).interp(x=[12.0]))
    assert vars(missing) == before


def test_an_interpolation_whose_targets_have_an_axis_of_the_array() -> None:
    targets = xr.DataArray(np.linspace(11.0, 39.0, 6), dims="time", coords={"time": labelled(A).time})

    def f(a: Any) -> Any:
        return np.sum(labelled(a).interp(x=targets).data * np.arange(6.0))

    h = 1e-6
    expected = (f(A + h * V) - f(A - h * V)) / (2 * h)
    assert np.sum(ga.grad(f)(A) * V) == pytest.approx(expected, rel=1e-7)


def test_no_value_of_a_neighbour_makes_an_interpolation_lose_its_gradient() -> None:
    a = A.copy()
    a[0, 3] = np.nan

    def f(a: Any) -> Any:
        return labelled(a).interp(x=[12.0]).isel(time=0).sum().data

    found = ga.grad(f)(a)
    np.testing.assert_allclose(found[0], [0.8, 0.2, 0.0, 0.0], atol=1e-12)


def test_a_variable_in_the_targets_of_an_interpolation_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ga.GradientLossError):
            ga.grad(lambda t: labelled(A).interp(x=xr.DataArray(t, dims="p")).sum().data)(np.array([12.0]))
