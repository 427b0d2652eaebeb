"""Output, checks, warnings, and loops until something has converged."""

import contextlib
import io
import logging
import math
import warnings

import numpy as np

log = logging.getLogger(__name__)


def newton(a):
    """Newton's method, told step by step."""
    x, steps = a / 2, 0
    text = io.StringIO()
    while abs(x * x * x - a) > 1e-14 and steps < 50:
        x = x - (x**3 - a) / (3 * x**2)
        steps += 1
        print(f"{steps:3d} {x:.6f} {x!r:>12} %.3f" % x, file=text)
        log.debug("step %d: %s", steps, x)
    assert steps > 1 and "1." in text.getvalue()
    return x


def page_rank(links):
    """The power method."""
    n = len(links)
    v = np.ones(n) / n
    for _ in range(60):
        new = 0.6 * links @ v + 0.4 / n
        new = new / new.sum()
        if np.allclose(new, v, rtol=1e-14, atol=0) or np.abs(new - v).max() < 1e-15:
            break
        v = new
    return v


def careful(x):
    """Errors that are caught, and warnings that are turned off."""
    out = np.zeros(3)
    with np.errstate(divide="ignore", invalid="ignore"):
        out[0] = np.where(x > 0, x / np.abs(x - 1), 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out[1] = np.log(x)
    try:
        out[1:4] = np.ones(5)
    except ValueError:
        out[2] = x * 2
    try:
        np.linalg.inv(np.zeros((2, 2)))
    except np.linalg.LinAlgError as error:
        out[2] += len(str(error)) * x
    with contextlib.suppress(IndexError):
        out[7] = x
    return out


def domains(x):
    """Errors of math, which NumPy has none of."""
    total = 0.0
    for shift in (0.0, 1.0):
        try:
            total += math.sqrt(x - shift)
        except ValueError:
            total += x**2
    try:
        total += math.exp(1000 * (x + 1))
    except OverflowError:
        total *= x
    return total


def validated(x):
    """Shapes, signs and finiteness."""
    if x.ndim != 1:
        raise ValueError(f"a vector is needed, not {x.shape}")
    if not np.isfinite(x).all() or np.isnan(x).any():
        raise ValueError("not finite")
    assert np.all(x > 0), "negative"
    assert x.dtype == float and x.size == len(x)
    order = np.argsort(x)
    ranked = np.zeros(x.shape)
    ranked[order] = np.arange(len(x)) * x
    return ranked * bool(x[0] > 0) / x[np.argmax(x)]


def described(x):
    """A report with numbers in it, beside what is returned."""
    lines = [f"{v:8.3f}" for v in x]
    lines += ["{:.2e} {}".format(x[0], np.round(x[1], 2)), str(x), repr(np.sum(x)), np.array2string(np.zeros(2))]
    report = "\n".join(lines)
    return x * len(report.splitlines())


def line_search(slope):
    """Steps that are halved until they are short enough."""
    x, f = 2.0, lambda v: (v - slope) ** 2 + 0.3 * v
    for _ in range(6):
        g = 2 * (x - slope) + 0.3
        step = 1.0
        while f(x - step * g) > f(x) - 0.3 * step * g * g:
            step *= 0.5
        x = x - 0.8 * step * g
    return x
