"""Cotangents are summed to the shape of their operand, whatever the shapes and sizes."""

from __future__ import annotations

import numpy as np
import pytest

from gradarray.kernels import arrays, parts, sums
from gradarray.kernels.arrays import Spec
from gradarray.tape.fitting import fit


@pytest.mark.parametrize(
    ("shape", "like"),
    [((2, 3), (3,)), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((4, 2, 3), (2, 1)), ((2, 3), ()), ((0, 3), (1, 3))],
)
def test_fit_sums_what_was_broadcast(shape, like):
    g = np.random.default_rng(0).normal(size=shape)
    x = np.random.default_rng(1).normal(size=like)
    fitted = fit(g, Spec(like, np.dtype(float)))
    assert fitted.shape == like
    # The adjoint of broadcasting: <g, broadcast(x)> == <fit(g), x>.
    np.testing.assert_allclose(np.sum(g * np.broadcast_to(x, shape)), np.sum(fitted * x), rtol=1e-12, atol=1e-12)


def test_fit_takes_the_real_part_and_the_dtype_of_the_operand():
    g = np.array([1 + 2j, 3 - 1j])
    assert fit(g, Spec((2,), np.dtype(np.float32))).dtype == np.float32
    np.testing.assert_array_equal(fit(g, Spec((2,), np.dtype(float))), [1, 3])
    assert fit(np.ones(2), Spec((2,), np.dtype(complex))).dtype == complex


def test_a_cotangent_of_a_wrong_shape_is_an_assertion():
    with pytest.raises(AssertionError, match=r"cotangent of shape \(3,\) for an operand of shape \(2,\)"):
        fit(np.ones(3), Spec((2,), np.dtype(float)))


@pytest.mark.parametrize("shape", [(64, 1, 50), (64, 70, 1), (1, 70, 50), (64, 1, 1), (70, 1), (50,), (1,), ()])
def test_the_cotangent_of_a_large_broadcast_operand_is_its_sum(shape, rng):
    g = rng.normal(size=(64, 70, 50))
    axes = tuple(range(g.ndim - len(shape)))
    expected = np.sum(g, axis=axes)
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)
    expected = np.sum(expected, axis=stretched, keepdims=True)
    found = fit(g, Spec(shape, g.dtype))
    assert found.shape == shape
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-9)


SPLIT = arrays.SPLIT
SHAPES = [
    (3,), (5000,), (7, 9999), (100, 200), (30, 40, 50), (32, 1, 10), (5, 4097, 3),
    (SPLIT,), (SPLIT, 1), (1, SPLIT), (29, 9973), (9973, 29), (40_000, 7), (7, 40_000), (3000, 100),
    (100, 100, 30), (5, 9000, 7), (2, 40_000, 5), (1, 99_990, 3), (SPLIT, 1, 1), (1, 1, SPLIT), (30, 1, 9000),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_sums_of_every_size_along_every_axis(shape, rng, monkeypatch):
    g = rng.normal(size=shape)
    for axis in range(g.ndim):
        monkeypatch.setattr(parts, "THREADS", 1)
        single = sums.total_along(g, axis)
        monkeypatch.setattr(parts, "THREADS", 3)
        found = sums.total_along(g, axis)
        np.testing.assert_array_equal(found, single)  # to the last bit
        assert np.shape(found) == (*shape[:axis], *shape[axis + 1 :])
        np.testing.assert_allclose(found, np.sum(g, axis), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("shape", "operand"), [((5000, 3), (3,)), ((5000,), ()), ((3, 5000), (3, 1)), ((5000, 1), (1,))]
)
def test_sums_of_half_precision_do_not_come_to_an_end(shape, operand):
    found = fit(np.ones(shape, np.float16), Spec(operand, np.dtype(np.float16)))
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, np.full(operand, 5000))
