"""NumPy code as people write it, with preallocated arrays and updates in place: its value and its derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import gradarray as ga


def gauss_elimination(A, b):
    """Solve by elimination with row exchanges."""
    A, b = A.copy(), b.copy()
    n = len(b)
    for i in range(n):
        pivot = i + int(np.argmax(np.abs(A[i:, i])))
        if pivot != i:
            A[[i, pivot]] = A[[pivot, i]]
            b[[i, pivot]] = b[[pivot, i]]
        for j in range(i + 1, n):
            factor = A[j, i] / A[i, i]
            A[j, i:] -= factor * A[i, i:]
            b[j] -= factor * b[i]
    x = np.zeros_like(b)
    for i in reversed(range(n)):
        x[i] = (b[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x


def cholesky(A):
    L = np.zeros_like(A)
    for i in range(len(A)):
        for j in range(i + 1):
            rest = A[i, j] - np.sum(L[i, :j] * L[j, :j])
            L[i, j] = np.sqrt(rest) if i == j else rest / L[j, j]
    return L


def thomas(lower, diagonal, upper, right):
    """Solve a tridiagonal system."""
    n = len(right)
    c, d = np.empty_like(upper), np.empty_like(right)
    c[0], d[0] = upper[0] / diagonal[0], right[0] / diagonal[0]
    for i in range(1, n):
        pivot = diagonal[i] - lower[i - 1] * c[i - 1]
        if i < n - 1:
            c[i] = upper[i] / pivot
        d[i] = (right[i] - lower[i - 1] * d[i - 1]) / pivot
    x = np.zeros_like(right)
    x[-1] = d[-1]
    for i in reversed(range(n - 1)):
        x[i] = d[i] - c[i] * x[i + 1]
    return x


def heat(u, rate):
    """Take explicit steps of the heat equation on a grid."""
    u = u.copy()
    for _ in range(5):
        new = u.copy()
        inner = u[1:-1, 1:-1]
        new[1:-1, 1:-1] += rate * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * inner)
        u = new
    return u


def runge_kutta(start, parameters):
    """Integrate Duffing's equation, and keep the whole course."""
    course = np.zeros((20, len(start)), like=start)
    course[0] = start
    step = 0.1

    def slope(y):
        return np.stack([y[1], -parameters[0] * y[0] - parameters[1] * y[1] ** 3])

    for i in range(len(course) - 1):
        y = course[i]
        k1 = slope(y)
        k2 = slope(y + step / 2 * k1)
        k3 = slope(y + step / 2 * k2)
        k4 = slope(y + step * k3)
        course[i + 1] = y + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return course


def fourier(x):
    """Transform recursively, into halves of a preallocated array."""
    if len(x) == 1:
        return x.copy()
    out = np.empty_like(x)
    even, odd = fourier(x[::2]), fourier(x[1::2])
    half = len(x) // 2
    turned = np.exp(-2j * np.pi * np.arange(half) / len(x)) * odd
    out[:half] = even + turned
    out[half:] = even - turned
    return out


def clipped(x):
    y = x.copy()
    y[y < 0] = 0
    y[y > 1] *= 0.5
    return y


def givens(A):
    """Rotate pairs of rows."""
    A = A.copy()
    for i in range(len(A) - 1):
        length = np.hypot(A[i, i], A[i + 1, i])
        c, s = A[i, i] / length, A[i + 1, i] / length
        above, below = A[i].copy(), A[i + 1].copy()
        A[i], A[i + 1] = c * above + s * below, c * below - s * above
    return A


def moving_average(x, rate):
    out = np.empty_like(x)
    out[0] = x[0]
    for i in range(1, len(x)):
        out[i] = rate * x[i] + (1 - rate) * out[i - 1]
    return out


def weighted_bins(weights):
    bins = np.zeros(3, like=weights)
    np.add.at(bins, np.arange(len(weights)) % 3, weights**2)
    return bins


def gram_schmidt(A):
    Q = A.copy()
    columns = Q.T
    for i, column in enumerate(columns):
        for before in columns[:i]:
            column -= (before @ column) * before
        column /= np.sqrt(column @ column)
    return Q


RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(4, 4))
CODE = [
    (gauss_elimination, MATRIX, RNG.normal(size=4)),
    (cholesky, MATRIX @ MATRIX.T + 4 * np.eye(4)),
    (thomas, RNG.normal(size=4), 4 + RNG.random(5), RNG.normal(size=4), RNG.normal(size=5)),
    (heat, RNG.normal(size=(5, 6)), np.array(0.1)),
    (runge_kutta, RNG.normal(size=2), np.array([1.0, 0.3])),
    (fourier, RNG.normal(size=8) + 1j * RNG.normal(size=8)),
    (clipped, np.array([-1.5, -0.2, 0.3, 0.8, 1.4, 3.0])),
    (givens, MATRIX),
    (moving_average, RNG.normal(size=7), np.array(0.3)),
    (weighted_bins, RNG.normal(size=7)),
    (gram_schmidt, MATRIX),
]


@pytest.mark.parametrize(("code", "arguments"), [(code, arguments) for code, *arguments in CODE])
def test_code_that_knows_nothing_of_derivatives(code, arguments):
    before = [x.copy() for x in arguments]
    result = code(*[ga.tensor(x) for x in arguments])
    np.testing.assert_allclose(result.data, code(*arguments), rtol=1e-13, atol=1e-13)
    ga.check_grads(code, tuple(arguments), order=2, modes=("rev", "fwd"))
    for x, old in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(x, old)
