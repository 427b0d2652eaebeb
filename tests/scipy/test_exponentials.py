"""The derivative of the exponential of a matrix: every degree and scale, beside a block of a larger exponential."""

from __future__ import annotations

import numpy as np
import pytest

import gradarray as ga

linalg = pytest.importorskip("scipy.linalg")
mpmath = pytest.importorskip("mpmath")

from gradarray.rules.scipy.linalg import exponentials  # noqa: E402

rng = np.random.default_rng(0)


def exactly(a, e):
    """Return a block of exp([[a, e], [0, a]]), by a Taylor series in 40 digits."""
    n = len(a)
    with mpmath.workdps(40):
        block = mpmath.matrix(np.block([[a, e], [np.zeros((n, n)), a]]).tolist())
        found = mpmath.expm(block, method="taylor")
        return np.array([[complex(found[i, n + j]) for j in range(n)] for i in range(n)])


def far_from_normal(n):
    a = np.triu(rng.normal(size=(n, n)))
    a[0, -1] = 1e4
    return a


MATRICES = [
    *[rng.normal(size=(4, 4)) * scale for scale in (1e-3, 3e-2, 0.1, 0.3, 0.8, 3.0, 20.0)],
    rng.normal(size=(3, 3)) * 1.5 + 1j * rng.normal(size=(3, 3)),
    far_from_normal(4),
    np.triu(rng.normal(size=(4, 4)) * 100, 1),  # its fourth power is 0
    np.triu(rng.normal(size=(3, 3)) * 100, 2),  # its second one, too
    np.zeros((2, 2)),
    np.array([[-300.0]]),
]


@pytest.mark.parametrize("a", MATRICES)
def test_derivatives_have_all_digits(a):
    e = (rng.normal(size=a.shape) + (1j * rng.normal(size=a.shape) if np.iscomplexobj(a) else 0)).astype(a.dtype)
    found, expected = exponentials.derivative_along(a, e), exactly(a, e)
    assert found.dtype == a.dtype
    assert np.abs(found - expected).max() <= 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("a", MATRICES)
def test_two_exponentials_at_once_and_those_of_imaginary_matrices(a):
    e = rng.normal(size=a.shape).astype(a.dtype)
    found = exponentials.derivative_along(a, e, exponentials.BOTH)
    for of, expected in zip(found, (exactly(a, e), exactly(-a, -e)), strict=True):
        assert np.abs(of - expected).max() <= 1e-13 * np.abs(expected).max()
    a, e = a.real, e.real
    found, expected = exponentials.derivative_along(a, e, exponentials.IMAGINARY), exactly(1j * a, 1j * e)
    assert np.abs(found - expected).max() <= 1e-13 * np.abs(expected).max()


def test_stacks_have_what_each_matrix_has():
    a = np.stack([rng.normal(size=(4, 4)) * scale for scale in (1e-3, 0.3, 0.3, 20.0, np.nan)]).reshape(5, 1, 4, 4)
    e = rng.normal(size=(2, 4, 4))
    for what in (exponentials.PLAIN, exponentials.BOTH, exponentials.IMAGINARY):
        found = exponentials.derivative_along(a, e, what)
        assert found.shape == (*[2] * (what == exponentials.BOTH), 5, 2, 4, 4)
        for i, j in np.ndindex(5, 2):
            one = exponentials.derivative_along(a[i, 0], e[j], what)
            np.testing.assert_allclose(found[..., i, j, :, :], one, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("is_complex", [False, True])
def test_what_is_kept_of_exponentials_is_that_of_each_matrix(is_complex):
    a, g = rng.normal(size=(2, 7, 1, 16, 16)) + (1j * rng.normal(size=(2, 7, 1, 16, 16)) if is_complex else 0)
    a *= np.array([1e-3, 0.01, 0.1, 0.3, 1.0, 1.0, 4.0]).reshape(-1, 1, 1, 1)
    f = lambda a: linalg.expm(a)  # noqa: E731 - it is looked into
    triangle, hermitian = np.triu(a[5:6]), a[5:6] + np.conj(np.swapaxes(a[5:6], -1, -2))
    for stack in (a, a[::-1].copy(), np.concatenate([a[:3], triangle, hermitian]), *a[:, 0], triangle[0, 0]):
        g = rng.normal(size=stack.shape).astype(stack.dtype)
        value, pull = ga.vjp(f, stack)
        np.testing.assert_allclose(value, linalg.expm(stack), rtol=1e-9, atol=1e-13 * np.abs(value).max())
        (found,), (again,) = pull(g), pull(g)
        np.testing.assert_array_equal(found, again)
        for i in np.ndindex(stack.shape[:-2]):
            across = exponentials.derivative_along(np.conj(stack[i].T), g[i])
            np.testing.assert_allclose(found[i], across, rtol=1e-11, atol=1e-12 * np.abs(across).max())


def test_every_degree_is_tried_above():
    norms = [np.abs(a).sum(0).max() for a in MATRICES]
    degrees = {next((m for m, x in exponentials._LARGEST.items() if norm <= x), None) for norm in norms}
    assert degrees == {*exponentials._LARGEST, None}


def test_what_is_not_finite_has_no_derivative():
    for a, e in [(np.full((2, 2), np.inf), np.eye(2)), (np.eye(2), np.full((2, 2), np.nan))]:
        assert np.isnan(exponentials.derivative_along(a, e)).all()
    assert exponentials.derivative_along(np.zeros((0, 0)), np.zeros((0, 0))).shape == (0, 0)
