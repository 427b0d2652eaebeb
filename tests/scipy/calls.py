"""Calls of SciPy: what a table of them has in each line, and how a line is tried.

A table is a module ``tests/scipy/table_<module>.py`` or ``<module>_table.py`` with a list ``CALLS``. A line is a
function of a library, which is SciPy itself or its mirror, and of arrays, by all of which it is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import scipy

import gradarray as ga


class Call:
    """One line of a table.

    Attributes
    ----------
    name : such as ``"linalg.expm"``, with what is special about the call behind it
    func : takes SciPy, or its mirror, and the arrays; returns an array, or a container of arrays
    arrays : of floating-point or complex numbers
    refused : a part of what the error says, if the call is refused
    orders : how many orders of derivative there are, if not two
    rough : how much larger than usual the errors of SciPy's own values, and so of differences, are
    """

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        *arrays: Any,
        refused: str = "",
        orders: int = 2,
        rough: float = 1,
    ) -> None:
        self.name, self.func = name, func
        self.arrays = [np.asarray(a, dtype=np.result_type(np.asarray(a), float)) for a in arrays]
        self.refused, self.orders, self.rough = refused, orders, rough

    def __repr__(self) -> str:
        return self.name


def all_calls() -> list[Call]:
    """Return the lines of all tables."""
    here = Path(__file__).parent
    names = sorted(path.stem for pattern in ("table_*.py", "*_table.py") for path in here.glob(pattern))
    return [call for name in names for call in import_module(f"tests.scipy.{name}").CALLS]


def leaves(result: Any) -> Iterator[Any]:
    """Return the arrays of floating-point and complex numbers in a result."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (list, tuple)):
        for part in result:
            yield from leaves(part)
    elif (result.dtype if hasattr(result, "dtype") else np.asarray(result).dtype).kind in "fc":
        yield result


def weighted(result: Any) -> Any:
    """Return one real number on which each element of a result, and each part of a complex one, has its own weight.

    The squares are there so that the second derivatives of what is linear do not vanish.
    """
    total: Any = 0.0
    for k, leaf in enumerate(leaves(result)):
        count = int(np.prod(np.shape(leaf)))
        weights = np.cos(np.arange(count) * 1.7 + k + 0.3).reshape(np.shape(leaf))
        total = total + np.sum(weights * np.real(leaf)) + 0.1 * np.sum(np.real(leaf) ** 2)
        if np.iscomplexobj(leaf):
            weights = np.sin(np.arange(count) + 1.0).reshape(np.shape(leaf))
            total = total + np.sum(weights * np.imag(leaf)) + 0.1 * np.sum(np.imag(leaf) ** 2)
    return total


def directions(call: Call) -> list[Any]:
    """Return a direction for each array, of another kind than the weights of the results."""
    rng = np.random.default_rng(len(call.name))
    found = []
    for a in call.arrays:
        t = rng.uniform(0.5, 1.5, a.shape) * rng.choice([-1, 1], a.shape)
        found.append(t + 1j * rng.uniform(-1, 1, a.shape) if a.dtype.kind == "c" else t)
    return found


def along(f: Callable[..., Any], arrays: list[Any], tangents: list[Any]) -> Any:
    """Return the derivative of a function along a direction, from central differences of fourth order."""

    def at(step: float) -> Any:
        return f(*[a + step * t for a, t in zip(arrays, tangents, strict=True)])

    h = 1e-3
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def inner(gradients: Any, tangents: list[Any]) -> Any:
    """Return the real derivative along a direction that gradients say."""
    return sum(np.sum(np.real(np.conj(g) * t)) for g, t in zip(gradients, tangents, strict=True))


def by_library(call: Call) -> Callable[..., Any]:
    """Return the call as a user's function, whose names lead to SciPy itself."""
    func = call.func
    return lambda *arrays: weighted(func(scipy, *arrays))


def by_mirror(call: Call) -> Callable[..., Any]:
    """Return the call through the mirror, whose functions are differentiated wherever they stand."""
    func, mirror = call.func, ga.scipy
    return lambda *arrays: weighted(func(mirror, *arrays))
