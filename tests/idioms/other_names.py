"""NumPy and its parts under other names."""

import numpy
import numpy as N
import numpy as xp
import numpy.linalg as LA
from numpy import array as arr
from numpy import float64 as real
from numpy import linalg
from numpy.lib import stride_tricks
from numpy.linalg import inv
from numpy.linalg import norm as length


def leapfrog(mass, drag):
    """Two bodies in space."""
    pos = numpy.zeros((2, 3))
    vel = numpy.zeros((2, 3))
    pos[1, 0] = 1.0
    vel[1, 1] = 1.0 / mass
    for _ in range(8):
        acc = numpy.zeros_like(pos)
        d = pos[1] - pos[0]
        r = numpy.sqrt((d**2).sum())
        acc[0] += mass * d / r**3
        acc[1] -= d / r**3
        vel += 0.05 * (acc - drag * vel)
        pos += 0.05 * vel
    return pos


def ellipse(a, b):
    t = N.arange(0, 2 * N.pi, 0.5)
    return N.array([a * N.cos(t), b * N.sin(t)])


def softmax(scores):
    e = xp.exp(scores - xp.max(scores))
    out = xp.empty(e.shape)
    out[:] = e / e.sum()
    return out


def least_squares(x, y):
    A = arr([[real(1.0), v] for v in x])
    projector = linalg.inv(A.T @ A) @ A.T
    return LA.solve(A.T @ A, A.T @ y) + projector @ y + inv(arr([[x[0], 1.0], [0.0, 2.0]]))[0] + length([x[0], y[0]])


def moving_windows(x):
    """Overlapping windows without a copy."""
    step = x.strides[0]
    windows = stride_tricks.as_strided(x, shape=(len(x) - 2, 3), strides=(step, step))
    sliding = numpy.lib.stride_tricks.sliding_window_view(x, 2)
    return windows.std(axis=1) + sliding.mean(axis=1)[1:]
