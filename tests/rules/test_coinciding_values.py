"""Eigenvalues and singular values that coincide, exactly or up to rounding, in every mode and at both orders.

Each loss is a smooth function of the matrix, however it is computed, so that differences of the plain function tell
its derivatives. What comes out has to be those, or NaN, or an error that says why; and no other number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

Q3 = np.linalg.qr(np.array([[1.0, 2.0, 0.5], [2.0, 5.0, 1.0], [0.5, 1.0, 3.0]]))[0]
Q4 = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
W = np.random.default_rng(2).normal(size=(4, 4))
W = W + W.T

MATRICES = {
    "identity": np.eye(3),
    "pair": np.diag([1.0, 1.0, 2.0]),
    "pair up to rounding": Q3 @ np.diag([1.0, 1.0, 2.0]) @ Q3.T,
    "two pairs": Q4 @ np.diag([1.5, 1.5, 0.5, 0.5]) @ Q4.T,
}


def symmetric(a: Any) -> Any:
    return (a + np.swapaxes(a, -1, -2)) / 2


def weights(a: Any) -> Any:
    return W[: a.shape[-1], : a.shape[-1]]


def of_the_matrix(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a loss of v f(w) v^T."""

    def loss(a: Any) -> Any:
        w, v = np.linalg.eigh(symmetric(a))
        return np.sum(weights(a) * ((v * function(w)) @ v.T))

    return loss


def of_the_general_matrix(a: Any) -> Any:
    w, v = np.linalg.eig(symmetric(a))
    return np.sum(weights(a) * np.real((v * np.exp(w)) @ np.linalg.inv(v)))  # complex numbers since NumPy 2.5


def rebuilt(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a)
    return np.sum(weights(a) * ((u * s) @ vh))


def polar(a: Any) -> Any:
    u, _, vh = np.linalg.svd(a)
    return np.sum(weights(a) * (u @ vh))


def projector(a: Any) -> Any:
    """A loss of the projector on the eigenvectors of the largest eigenvalues."""
    v = np.linalg.eigh(symmetric(a))[1]
    chosen = v[:, 2:]
    return np.sum(np.sin(weights(a) * (chosen @ chosen.T)))


def svd_projector(a: Any) -> Any:
    u = np.linalg.svd(a)[0][:, :2]
    return np.sum(np.sin(weights(a) * (u @ u.T)))


SYMMETRIC_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "trace": lambda a: np.sum(np.linalg.eigvalsh(symmetric(a))),
    "squares": lambda a: np.sum(np.linalg.eigvalsh(symmetric(a)) ** 2),
    "cubes, the other triangle": lambda a: np.sum(np.linalg.eigvalsh(symmetric(a), "U") ** 3),
    "exponentials": lambda a: np.sum(np.exp(np.linalg.eigvalsh(symmetric(a)))),
    "product": lambda a: np.prod(np.linalg.eigvalsh(symmetric(a))),
    "squares by eigh": lambda a: np.sum(np.linalg.eigh(symmetric(a))[0] ** 2),
    "squares of complex ones": lambda a: np.sum(np.linalg.eigvalsh(symmetric(a) + 1j * (a - a.T)) ** 2),
    "general, squares": lambda a: np.sum(np.real(np.linalg.eigvals(symmetric(a)) ** 2)),
    "general, by eig": lambda a: np.sum(np.real(np.linalg.eig(symmetric(a))[0] ** 2)),
    "singular, squares": lambda a: np.sum(np.linalg.svdvals(a) ** 2),
    "singular, fourth powers": lambda a: np.sum(np.linalg.svd(a, compute_uv=False) ** 4),
    "singular, logarithms": lambda a: np.sum(np.log(np.linalg.svdvals(a))),
    "singular, of more rows": lambda a: np.sum(np.linalg.svdvals(np.concatenate([a, a[:1]])) ** 4),
    "singular, by svd": lambda a: np.sum(np.linalg.svd(a)[1] ** 3),
    "singular, Hermitian": lambda a: np.sum(np.linalg.svd(symmetric(a), hermitian=True, compute_uv=False) ** 2),
}
OTHERS: dict[str, Callable[[Any], Any]] = {
    "root": of_the_matrix(np.sqrt),
    "exponential": of_the_matrix(np.exp),
    "logarithm": of_the_matrix(np.log),
    "inverse root": of_the_matrix(lambda w: 1 / np.sqrt(w)),
    "less the identity": of_the_matrix(lambda w: w - 1),
    "general exponential": of_the_general_matrix,
    "rebuilt": rebuilt,
    "polar factor": polar,
    "nuclear norm": lambda a: np.linalg.norm(a, "nuc"),
}
LOSSES = {**SYMMETRIC_FUNCTIONS, **OTHERS}


def never_wrong(compute: Callable[[], Any], expected: Any, tolerance: float = 2e-4) -> bool:
    """Check that what is known is right, and return whether all is."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = np.asarray(compute())
    except ValueError as error:
        assert "not known" in str(error) or "not defined" in str(error)
        return False
    known = np.isfinite(found)
    expected = np.broadcast_to(expected, found.shape)
    np.testing.assert_allclose(found[known], expected[known], tolerance, tolerance)
    return bool(known.all())


def slopes(f: Callable[[Any], Any], a: Any, h: float = 1e-3) -> Any:
    """Return the derivative by each element from differences of fourth order."""
    found = []
    for i in np.ndindex(a.shape):
        e = np.zeros(a.shape)
        e[i] = h
        found.append((8 * (f(a + e) - f(a - e)) - (f(a + 2 * e) - f(a - 2 * e))) / (12 * h))
    return np.reshape(found, (*a.shape, *np.shape(found[0])))


def second_slopes(f: Callable[[Any], Any], a: Any, h: float = 2e-3) -> Any:
    """Return the second derivatives from differences of second order."""
    n = a.size
    steps = np.eye(n).reshape(n, *a.shape) * h
    found = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            x, y = steps[i] + steps[j], steps[i] - steps[j]
            found[i, j] = found[j, i] = (f(a + x) - f(a + y) - f(a - y) + f(a - x)) / (4 * h * h)
    return found.reshape(a.shape * 2)


@pytest.mark.parametrize("point", MATRICES)
@pytest.mark.parametrize("name", LOSSES)
def test_no_wrong_number(name, point):
    f, a = LOSSES[name], MATRICES[point]
    gradient, matrix = slopes(f, a), second_slopes(f, a)
    t, d = np.random.default_rng(3).normal(size=(2, *a.shape))
    along = np.tensordot(matrix, t)
    by_reverse = never_wrong(lambda: ga.grad(f)(a), gradient)
    by_forward = never_wrong(lambda: ga.jvp(f, (a,), (t,))[1], np.sum(gradient * t))
    if name in SYMMETRIC_FUNCTIONS:
        assert by_reverse and by_forward
    reverse = ga.grad(lambda a: np.sum(ga.grad(f)(a) * t))
    never_wrong(lambda: reverse(a), along)
    never_wrong(lambda: ga.hvp(f)(a, t), along)
    never_wrong(lambda: ga.grad(lambda a: ga.jvp(f, (a,), (t,))[1])(a), along)
    never_wrong(lambda: ga.jvp(lambda a: ga.jvp(f, (a,), (t,))[1], (a,), (d,))[1], np.sum(along * d))
    never_wrong(lambda: ga.hessian(f)(a), matrix)
    never_wrong(lambda: ga.jacrev(ga.grad(f))(a), matrix)
    never_wrong(lambda: ga.jacfwd(ga.jacfwd(f))(a), matrix)
    never_wrong(lambda: ga.hessian_diagonal(f)(a), np.einsum("ijij->ij", matrix))


@pytest.mark.parametrize("point", ["pair", "pair up to rounding", "two pairs"])
@pytest.mark.parametrize("f", [projector, svd_projector])
def test_gradients_through_projectors(f, point):
    a = MATRICES[point]
    if f is svd_projector and point != "two pairs":
        a = 3 * np.eye(3) - a  # then the two largest coincide
    assert never_wrong(lambda: ga.grad(f)(a), slopes(f, a))
    t = np.random.default_rng(4).normal(size=a.shape)
    gradient, matrix = slopes(f, a), second_slopes(f, a)
    never_wrong(lambda: ga.jvp(f, (a,), (t,))[1], np.sum(gradient * t))
    never_wrong(lambda: ga.hvp(f)(a, t), np.tensordot(matrix, t), 1e-3)
    never_wrong(lambda: ga.jacrev(ga.grad(f))(a), matrix, 1e-3)


def test_a_projector_with_the_first_columns_of_a_thin_decomposition():
    # The singular values that are zero coincide, but the loss leaves them and their vectors out.
    a = np.outer(np.arange(1.0, 5), [1.0, 2.0, -1.0]) + np.outer([1.0, -1.0, 1.0, 1.0], [0.5, 0.0, 1.0])
    a = np.concatenate([a, a[:, :1]], axis=1)

    def scores(a: Any) -> Any:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return np.sum(np.sin((u[:, :2] * s[:2]) @ vh[:2]))

    gradient = ga.grad(scores)(a)
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    left, right = u[:, :2] @ u[:, :2].T, vh[:2].T @ vh[:2]
    g = np.cos(a)
    # The best approximation of rank two, near a matrix of that rank, moves in its tangent space.
    np.testing.assert_allclose(gradient, left @ g + g @ right - left @ g @ right, atol=1e-8)


UNDEFINED = {
    "an eigenvector": (lambda a: np.linalg.eigh(a)[1][0, 1], np.eye(2)),
    "an eigenvector among others": (lambda a: np.linalg.eigh(a)[1][0, 1], MATRICES["pair up to rounding"]),
    "an eigenvector of a general matrix": (lambda a: np.real(np.linalg.eig(a)[1][0, 1]), 2 * np.eye(2)),
    "a singular vector": (lambda a: np.linalg.svd(a)[0][0, 1], 2 * np.eye(2)),
    "a right singular vector": (lambda a: np.linalg.svd(a)[2][0, 1], 2 * np.eye(2)),
    "a singular vector of zero": (lambda a: np.linalg.svd(a, full_matrices=False)[0][1, 0], np.zeros((3, 1))),
}


@pytest.mark.parametrize("name", UNDEFINED)
def test_what_has_no_derivative_gets_no_number(name):
    f, a = UNDEFINED[name]
    with pytest.raises(ValueError, match="not defined"):
        ga.grad(f)(a)
    with np.errstate(all="ignore"):
        t = np.arange(1.0, a.size + 1).reshape(a.shape)
        assert np.isnan(ga.jvp(f, (a,), (t + t.mT if len(t) == t.shape[1] else t,))[1])


def test_the_error_names_the_ways_out():
    with pytest.raises(ValueError, match=r"np\.trace or np\.linalg\.norm"):
        ga.grad(of_the_matrix(np.log))(np.eye(3))
    with pytest.raises(ValueError, match=r"np\.trace, np\.linalg\.norm"):
        ga.hessian(SYMMETRIC_FUNCTIONS["squares"])(np.eye(3))


def test_each_matrix_of_a_stack_for_itself():
    stack = np.stack([np.eye(3), np.diag([1.0, 2.0, 4.0])])
    f = SYMMETRIC_FUNCTIONS["exponentials"]
    np.testing.assert_allclose(ga.grad(f)(stack), np.stack([ga.grad(f)(a) for a in stack]))

    def whole(a):
        return sum(of_the_matrix(np.exp)(item) for item in a)

    with pytest.raises(ValueError, match="coincide"):
        ga.grad(whole)(stack)
    np.testing.assert_allclose(ga.grad(whole)(stack[1:])[0], slopes(of_the_matrix(np.exp), stack[1]), 1e-7, 1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_other_numbers(dtype):
    a = (MATRICES["pair up to rounding"] + 0j if dtype is np.complex128 else MATRICES["pair up to rounding"]).astype(
        dtype
    )
    if dtype is np.complex128:
        phases = np.exp(1j * np.arange(3.0))
        a = phases[:, None] * a * np.conj(phases)

    def f(a: Any) -> Any:
        v = np.linalg.eigh(a)[1][..., :2]
        return np.real(np.sum(W[:3, :3] * (v @ np.conj(v.T))))

    gradient = ga.grad(f)(a)
    # The projector moves between the cluster and the rest alone: p' = p a' (1 - p) / (1 - 2) and its adjoint.
    p = np.linalg.eigh(a)[1][:, :2] @ np.conj(np.linalg.eigh(a)[1][:, :2].T)
    half = -p @ W[:3, :3] @ (np.eye(3) - p)
    full = half + np.conj(half.T)
    np.testing.assert_allclose(gradient, np.tril(full) + np.tril(full, -1), atol=1e-4 if dtype is np.float32 else 1e-12)
    with pytest.raises(ValueError, match="basis"):
        ga.grad(lambda a: np.abs(np.sum(W[0, :3] * np.linalg.eigh(a)[1][:, 0])) ** 2)(a)
