"""Generators, recursion, closures."""

import math

import numpy as np


def trajectory(speed, angle):
    """Positions, one after the other."""
    state = np.zeros(4)
    state[2] = speed * math.cos(angle)
    state[3] = speed * math.sin(angle)
    while True:
        state = state + 0.1 * np.array([state[2], state[3], -0.05 * state[2], -9.81])
        yield state


def shot(speed, angle):
    for k, state in enumerate(trajectory(speed, angle)):
        if k == 10:
            return state
    return None


def windows(x, size):
    for i in range(len(x) - size + 1):
        yield x[i : i + size]


def roughness(x):
    ranges = np.array([np.max(w) - np.min(w) for w in windows(x, 3)])
    return np.sqrt(np.mean(ranges**2)) + sum(w.mean() for w in windows(x, 2))


def determinant(M):
    """By cofactors."""
    if len(M) == 1:
        return M[0, 0]
    total = 0
    for j in range(len(M)):
        minor = np.delete(np.delete(M, 0, axis=0), j, axis=1)
        total += (-1) ** j * M[0, j] * determinant(minor)
    return total


def fft(x):
    """Cooley and Tukey's, by halves."""
    n = len(x)
    if n == 1:
        return np.asarray(x, dtype=complex)
    even, odd = fft(x[::2]), fft(x[1::2])
    factor = np.exp(-2j * np.pi * np.arange(n) / n)
    return np.concatenate([even + factor[: n // 2] * odd, even + factor[n // 2 :] * odd])


def power_spectrum(x):
    spectrum = fft(x)
    return np.abs(spectrum) ** 2 / len(x)


def quadrature(f, a, b, depth=5):
    """Adaptive rule by recursion, with a fixed depth."""
    m = (a + b) / 2
    whole = (b - a) / 6 * (f(a) + 4 * f(m) + f(b))
    if depth == 0:
        return whole
    return quadrature(f, a, m, depth - 1) + quadrature(f, m, b, depth - 1)


def arc_length(a, b):
    return quadrature(lambda t: math.sqrt(1 + a * a * math.cos(t) ** 2), 0.0, b)


def b_spline(i, k, t, knots):
    if k == 0:
        return 1.0 if knots[i] <= t < knots[i + 1] else 0.0
    left = (t - knots[i]) / (knots[i + k] - knots[i]) * b_spline(i, k - 1, t, knots)
    right = (knots[i + k + 1] - t) / (knots[i + k + 1] - knots[i + 1]) * b_spline(i + 1, k - 1, t, knots)
    return left + right


def spline_curve(t):
    knots = np.arange(10.0)
    basis = np.zeros(5)
    for i in range(5):
        basis[i] = b_spline(i, 3, t, knots)
    return basis @ np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 0.0], [3.0, 1.0], [4.0, 4.0]])


def running_total():
    total = np.zeros(2)
    while True:
        value = yield total.copy()
        total += value


def accumulated(x):
    """Values are sent into a generator."""
    gauge = running_total()
    next(gauge)
    results = [gauge.send(v * np.array([1.0, v])) for v in x]
    gauge.close()
    return np.array(results)
