"""Everything from NumPy, as old scripts and notebooks do."""

from math import exp as mexp
from math import sin as msin

from numpy import *
from numpy.linalg import inv, norm


def pendulum(theta, length):
    state = zeros(2)
    state[0] = theta
    for _ in range(20):
        a = -9.81 / length * sin(state[0])
        state[1] = state[1] + 0.02 * a
        state[0] = state[0] + 0.02 * state[1]
    return state


def beam(width):
    x = linspace(0, 3, 5)
    load = array([width, width**2, 2.0, 1.0, 0.5])
    moment = cumsum(load * x)
    result = ones(5)
    result[1:4] = moment[1:4] / pi
    return result + msin(width) + mexp(-width)


def projected(x):
    P = eye(3)
    P[0, :] = x
    y = dot(inv(P), ones(3))
    return y / norm(y) + sum([x[0], x[1]]) + max(x) + abs(x)
