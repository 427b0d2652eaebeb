"""Splines with knots at whole numbers: their coefficients, which are linear in a signal, and their values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..declared import function
from ..ndimage.ends import of_name
from ..standing import Operator, along, refuse, stands_for
from ..values import as_precise
from .convolutions import MODULE

_SHORT = 64  # where the library's first value of the recursion is but close to that of a symmetric matrix


def _of_one_axis(name: str) -> None:
    library = getattr(signal, name)

    @stands_for(MODULE, "signal", name=name)
    def coefficients(signal: Any, lamb: Any) -> Any:
        n = len(signal)
        if n <= _SHORT or lamb:
            pull = along(lambda one: np.stack([library(row, lamb) for row in one], axis=-1), n, 0)
        else:  # a signal that goes on by its mirror image: the matrix is symmetric

            def pull(g: Any) -> Any:
                return library(g, lamb)

        return Operator(lambda x: library(x, lamb), pull)(signal)


_of_one_axis("cspline1d")
_of_one_axis("qspline1d")


def _bump(u: Any, order: int) -> Any:
    """Return the cubic, or the quadratic, B-spline."""
    u = np.abs(u)
    near, far = bare(u) < (1 if order == 3 else 0.5), bare(u) < (order + 1) / 2
    if order == 3:
        return np.where(near, 2 / 3 - u**2 + u**3 / 2, np.where(far, (2 - u) ** 3 / 6, 0.0))
    return np.where(near, 0.75 - u**2, np.where(far, (1.5 - u) ** 2 / 2, 0.0))


def _evaluation(name: str, order: int) -> None:
    @stands_for(MODULE, "cj", "newx", "dx", "x0", name=name)
    def evaluated(cj: Any, newx: Any, dx: Any, x0: Any) -> Any:
        getattr(signal, name)(bare(cj), np.zeros(0))  # SciPy's own errors
        x, n = (newx - x0) / dx, len(cj)
        last = n - 1
        # What lies beyond the ends is a mirror image.
        places = bare(x)
        turns = np.floor(places / (2 * last)) if last else np.zeros(np.shape(places))
        x = x - turns * (2 * last)
        x = np.where(bare(x) > last, 2 * last - x, x)
        first = np.floor(bare(x) - (order + 1) / 2).astype(int) + 1
        total: Any = 0.0
        for i in range(order + 1):
            total = total + cj[np.clip(first + i, 0, last)] * _bump(x - (first + i), order)
        return as_precise(total, cj, x)


_evaluation("cspline1d_eval", 3)
_evaluation("qspline1d_eval", 2)


@stands_for(MODULE, "x")
def gauss_spline(x: Any, n: Any) -> Any:
    variance = (n + 1) / 12.0
    return 1 / math.sqrt(2 * math.pi * variance) * np.exp(-(x**2) / 2 / variance)


def sepfir2d(input: Any, hrow: Any, hcol: Any) -> Any:
    reach = 2 * max(np.size(bare(hrow)), np.size(bare(hcol)), 1)
    signal.sepfir2d(bare(input)[:reach, :reach], bare(hrow), bare(hcol))  # SciPy's own errors
    convolve1d = of_name("convolve1d")
    return convolve1d(convolve1d(input, hrow, axis=1, mode="reflect"), hcol, axis=0, mode="reflect")


function(MODULE, sepfir2d)


def _recursion(name: str) -> None:
    library = getattr(signal, name)
    operand = "signal" if name == "symiirorder1" else "input"

    @stands_for(MODULE, operand, name=name)
    def filtered(**arguments: Any) -> Any:
        x = arguments.pop(operand)
        if name == "symiirorder1" and np.shape(x)[-1] > _SHORT:  # symmetric, as above
            return Operator(lambda x: library(x, **arguments), lambda g: np.conj(library(np.conj(g), **arguments)))(x)
        pull = along(lambda one: library(one, **arguments).T, np.shape(x)[-1], np.ndim(x) - 1)
        return Operator(lambda x: library(x, **arguments), pull)(x)


_recursion("symiirorder1")
_recursion("symiirorder2")
refuse(
    MODULE,
    "it is linear, but SciPy computes it with a precision of its own: scipy.ndimage.spline_filter has a derivative",
    *("cspline2d", "qspline2d", "spline_filter"),
)
