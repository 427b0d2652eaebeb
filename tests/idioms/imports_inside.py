"""Modules that are imported where they are used."""


def cooling(k, ambient):
    import numpy as np

    T = np.zeros(10)
    T[0] = 90.0
    for i in range(9):
        T[i + 1] = T[i] - k * (T[i] - ambient)
    return T


def decibels(power):
    from math import log10

    from numpy import array, sqrt

    levels = [10 * log10(power), 20 * log10(power * 2)]
    return sqrt(array(levels))


def residual(a, b):
    def inner(v):
        import math

        import numpy.linalg as la

        return la.norm([v, math.exp(v)])

    return inner(a) + inner(b)
