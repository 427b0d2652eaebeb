"""Functions for numba; the Python in them is what is differentiated."""

import math

import numpy as np
from numba import njit


@njit
def attraction(r, sigma):
    s6 = (sigma / r) ** 6
    return 4.0 * (s6 * s6 - s6) + math.exp(-r)


@njit
def chain_energy(positions, sigma):
    """Calls another one."""
    energy = 0.0
    for i in range(len(positions)):
        for j in range(i):
            energy += attraction(abs(positions[i] - positions[j]), sigma)
    return energy


@njit(cache=False)
def smoothed(u, rate):
    out = np.zeros(len(u))
    for i in range(1, len(u) - 1):
        out[i] = u[i] + rate * (u[i - 1] - 2 * u[i] + u[i + 1])
    return out


def relaxed(x):
    """Plain code that calls them."""
    u = smoothed(x, 0.2)
    u[0] = chain_energy(x, 1.1)
    return smoothed(u, 0.1)
