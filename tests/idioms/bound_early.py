"""Functions that were taken out of NumPy when the module was imported."""

import functools
import math

import numpy as np

FUNCTIONS = {"sin": math.sin, "sqrt": math.sqrt, "square": np.square, "array": np.array}
new_vector = functools.partial(np.zeros, 3)
allocate = np.empty
OPERATIONS = [np.maximum, np.add, math.exp]


def evaluate(x, make=np.zeros, norm=np.linalg.norm):
    """Functions as default arguments."""
    out = make(len(x))
    out[0] = x[0] * x[1]
    out[-1] = norm([x[0], x[-1]])
    return out


def expression(tokens, x):
    """A calculator."""
    for token in tokens:
        x = FUNCTIONS[token](x)
    return x


def calculated(x):
    return FUNCTIONS["array"]([expression(["sin", "square"], x), expression(["sqrt", "sin"], x)])


def partially(x):
    v = new_vector()
    v[1] = x
    w = allocate(3)
    w[:] = v * x
    for op in OPERATIONS[:2]:
        w = op(w, v)
    return w * OPERATIONS[2](x)


def make_filter(cutoff):
    """A closure with a buffer."""
    buffer = np.zeros(2)
    alpha = cutoff / (cutoff + 1.0)

    def step(value):
        buffer[1] = buffer[0]
        buffer[0] = alpha * value + (1 - alpha) * buffer[1]
        return buffer[0] - 0.5 * buffer[1]

    return step


def filtered(cutoff, x):
    step = make_filter(cutoff)
    return np.array([step(v) for v in x])


def checked(func):
    """A decorator as everybody has one."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        args = [np.asarray(a, dtype=float) for a in args]
        result = func(*args, **kwargs)
        if not np.all(np.isfinite(result)):
            raise ValueError("not finite")
        return result

    return wrapper


@checked
def decorated(x, *, order=2):
    out = np.ones(order + 1)
    for k in range(1, order + 1):
        out[k] = out[k - 1] * x
    return out


@functools.lru_cache(maxsize=None)
def nodes(n):
    """A table that is computed once and kept."""
    return np.cos(np.pi * (np.arange(n) + 0.5) / n)


def chebyshev(x):
    return np.sum(x * nodes(5) ** 2) + x**2


@functools.lru_cache(maxsize=128)
def legendre(n, x):
    if n < 2:
        return x if n else 1.0
    return ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n


def expansion(x):
    """A cached function of the variable itself."""
    return legendre(4, x) + 2 * legendre(3, x)


class Oscillator:
    """Functions bound in the class."""

    zeros = np.zeros
    shapes = {"sin": np.sin, "saw": lambda t: t % 1.0}

    def __init__(self, frequency, root=math.sqrt):
        self.frequency = root(frequency)

    @functools.cached_property
    def samples(self):
        out = Oscillator.zeros(4)
        for k in range(4):
            out[k] = self.shapes["sin"](self.frequency * k) + self.shapes["saw"](self.frequency * k)
        return out


def oscillator(frequency):
    return Oscillator(frequency).samples * 2
