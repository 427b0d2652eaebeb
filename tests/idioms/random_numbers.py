"""Simulations with random numbers; the same seed, the same numbers."""

import random

import numpy as np
from numpy.random import default_rng


def geometric_brownian(mu, sigma):
    np.random.seed(7)
    path = np.zeros(20)
    path[0] = 100.0
    for i in range(1, 20):
        z = np.random.randn()
        path[i] = path[i - 1] * np.exp((mu - sigma**2 / 2) * 0.01 + sigma * 0.1 * z)
    return path


def asian_option(spot, vol):
    rng = np.random.default_rng(3)
    z = rng.standard_normal((50, 8))
    steps = np.exp(-(vol**2) / 16 + vol * np.sqrt(1 / 8) * z)
    paths = spot * np.cumprod(steps, axis=1)
    payoff = np.maximum(paths.mean(axis=1) - 95.0, 0)
    return payoff.mean()


def disturbed(x):
    """What was drawn is filled with variables."""
    noise = default_rng(11).normal(0.0, 0.1, size=5)
    noise[0] = x[0]
    noise[1:3] += x[1]
    weights = np.random.RandomState(5).rand(5)
    weights[-1] = x[0] * x[1]
    weights /= weights.sum()
    return weights * noise


def annealed(start):
    """Random steps of which the better ones are taken."""
    rng = np.random.default_rng(1)
    x, best = start, np.inf
    for _ in range(15):
        trial = x + rng.normal(0, 0.2)
        cost = (trial - 1.0) ** 2 + start * 0.1
        if cost < best:
            x, best = trial, cost
    return x * best


def drawn_around(mean, scale):
    """The parameters of a distribution are the variables."""
    rng = np.random.default_rng(8)
    samples = mean + scale * rng.standard_normal(6)
    samples[rng.integers(6)] = mean * 3
    order = rng.permutation(6)
    return samples[order] * rng.choice([1.0, 2.0], size=6)


def with_the_standard_library(x):
    random.seed(4)
    values = np.array([x * random.random() for _ in range(4)])
    return values + random.gauss(x, 0.1) * random.uniform(1, 2)


def legacy(x):
    np.random.seed(12)
    A = np.random.rand(3, 3)
    A[1, :] = x
    b = np.random.normal(size=3)
    b[0] = x * x
    c = np.random.uniform(0, 1, 3)
    c *= x
    return np.linalg.solve(A + 3 * np.eye(3), b) + c
