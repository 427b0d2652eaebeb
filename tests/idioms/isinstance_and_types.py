"""Code that looks at what it was given."""

import copy
import numbers
from collections.abc import Collection, Container, Iterable, Sized

import numpy as np


def flexible(x, y):
    """Takes numbers, lists and arrays."""
    if isinstance(x, (int, float, np.floating)):
        x = np.array([x, x])
    if isinstance(y, np.ndarray):
        y = y.copy()
        y[0] = y[0] ** 2
    elif isinstance(y, (list, tuple)):
        y = np.asarray(y)
    return x * y[:2]


def demanding(x):
    """An error for what is no array."""
    if not isinstance(x, np.ndarray):
        raise TypeError("an array is needed")
    if x.ndim != 1 or x.dtype.kind != "f":
        raise ValueError("a vector of floats is needed")
    if not isinstance(x[0], float):
        raise TypeError("of floats")
    return x.cumsum() * x[::-1]


def by_kind(x):
    if np.isscalar(x) or isinstance(x, numbers.Number) or np.ndim(x) == 0:
        return x * 2.0
    if issubclass(type(x), np.ndarray) and np.issubdtype(x.dtype, np.floating):
        return np.array([by_kind(v) for v in x])
    return None


def only_floats(x):
    if isinstance(x, float):
        return x**2
    if hasattr(x, "__len__"):
        return sum(only_floats(v) for v in x)
    raise TypeError(x)


def plain_numbers(x):
    """Arrays made numbers, on the way to code that knows no NumPy."""
    total = float(x[0]) * x[1].item() + x.item(2)
    for a, b in zip(x.tolist(), reversed(x.tolist()), strict=True):
        total += a * b
    rows = x.reshape(3, 1).tolist()
    return total + rows[1][0] + float(np.sum(x))


def bins(x):
    """int() picks a place; what stands there is weighted with the rest."""
    counts = np.zeros(5)
    for v in x:
        k = int(v)
        w = v - k
        counts[k] += 1 - w
        counts[k + 1] += w
    return counts


def complex_number(x):
    z = complex(x, 2.0) * complex(x)
    w = complex(0.0, x) ** 2
    return z.real * z.imag + abs(z) + w.real + z.conjugate().imag


def copies(x):
    """States that are kept aside."""
    state = {"x": x, "trace": [x[0], np.zeros(2)], "k": 3}
    saved = copy.deepcopy(state)
    state["trace"][1][0] = x[1]
    y = copy.copy(state["x"])
    y[0] = y[1] * 5
    y *= 2
    return y * saved["trace"][0] + saved["x"] * state["trace"][1][0] + saved["trace"][1].sum()


def types_by_name(x):
    out = np.zeros(x.shape, dtype=x.dtype)
    if type(x).__name__ in ("list", "tuple"):
        return out
    out[...] = x
    return out.astype(np.float64) * out.astype(float) + x.astype("f8", copy=False)


def exact_type(x):
    """A short way for plain arrays beside the long one; both are right."""
    if type(x) is np.ndarray:
        return np.dot(x, x)
    return sum(v * v for v in x)


def to_number(x):
    if isinstance(x, (float, np.float64)):
        y = float(x)
    elif isinstance(x, np.ndarray) and x.size == 1:
        y = x.item()
    else:
        y = float("nan")
    return y * y


def one_or_many(t):
    """Numbers have no length, and cannot be iterated over, in whichever way one asks."""

    def position(time: Iterable[float] | float) -> float:
        return 0.5 * time**2

    if hasattr(t, "__iter__") or hasattr(t, "__len__"):
        return np.array([one_or_many(each) for each in t])
    if isinstance(t, (Iterable, Sized, Collection)):
        return 10.0 * t
    if isinstance(t, Container):
        return 100.0 * t
    if hasattr(t, "shape") and not hasattr(t, "missing"):
        return position(t)
    return -position(t)


def derived_classes(x):
    """What is derived from a class is not that class."""

    class Celsius(float):
        pass

    class Readings(Iterable):
        def __iter__(self):
            return iter(x)

    same = isinstance(1.5, Celsius) or issubclass(float, Celsius) or isinstance([1], Readings)
    assert (
        {Celsius: 1}.get(float) is None
        and "Celsius" in repr(Celsius)
        and isinstance(Celsius(1.5), Celsius)
        and isinstance(Readings(), Iterable)
    )
    return sum(float(v) ** 2 for v in Readings()) * (100.0 if same else 1.0)


def seen_as_arrays(x):
    return np.asarray(x).view(np.ndarray) ** 2
