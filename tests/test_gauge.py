"""Decompositions whose factors are not unique: what depends on the free choice is refused, all else is right."""

from __future__ import annotations

import numpy as np
import pytest

import gradarray as ga
from tests.checks import check_gradient

RNG = np.random.default_rng(5)
TALL = RNG.normal(size=(4, 2))
SQUARE = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))


def projector(v):
    return v @ v.T


@pytest.mark.parametrize(
    ("call", "array"),
    [
        (lambda a: np.linalg.svd(a)[0], SQUARE),
        (lambda a: np.linalg.svd(a)[0][:, 2:], TALL),
        (lambda a: np.linalg.eigh(a + np.conj(a.T))[1], SQUARE),
        (lambda a: np.linalg.qr(a, "complete")[0][:, 2:], TALL),
    ],
)
def test_a_loss_that_depends_on_a_free_choice_is_refused(call, array):
    x = ga.tensor(array)
    y = call(x)
    g = np.random.default_rng(1).normal(size=y.shape).astype(y.dtype)
    with pytest.raises(ValueError, match=r"depends on"):
        y.backward(g)
    assert x.grad is None


@pytest.mark.parametrize(
    ("call", "array"),
    [
        (lambda a: np.abs(np.linalg.svd(a)[0]) ** 2, SQUARE),
        (lambda a: projector(np.linalg.svd(a)[0][:, 2:]), TALL),
        (lambda a: np.abs(np.linalg.eigh(a + np.conj(a.T))[1]) ** 2, SQUARE),
        (lambda a: projector(np.linalg.qr(a, "complete")[0][:, 2:]), TALL),
        (lambda a: np.linalg.eigh(a + np.conj(a.T))[0], SQUARE),
    ],
)
def test_what_does_not_depend_on_it_is_right(call, array):
    check_gradient(call, [array], np.random.default_rng(2))


def test_equal_eigenvalues_and_singular_values():
    # A symmetric function of them is smooth there.
    for f in (lambda a: np.sum(np.linalg.eigh(a)[0] ** 2), lambda a: np.sum(np.linalg.svd(a)[1] ** 2)):
        x = ga.tensor(np.eye(3))
        f(x).backward()
        np.testing.assert_allclose(x.grad, 2 * np.eye(3), atol=1e-15)
