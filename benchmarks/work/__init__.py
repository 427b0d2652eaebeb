"""The works. To add one, add a file here that defines ``WORKS``."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import numpy as np

from benchmarks.libraries import MATRICES, STEPS, Arrays, Loss


class Wrong(Exception):
    """A library's value or gradient differs from hand-written NumPy's."""


@dataclass(frozen=True)
class Work:
    """A loss whose value and gradients are taken by every library.

    Parameters
    ----------
    name, about : str
    inputs : callable
        Returns the leaves (differentiated) and the constants, the same ones in every process.
    loss : callable
        ``loss(xp, *leaves, *constants)``, with ``xp`` the library's namespace of NumPy-like functions.
    by_hand : callable
        ``by_hand(*leaves, *constants)`` in plain NumPy: the value, and a list of one gradient for each leaf.
    styles : mapping
        Other losses, for the libraries whose users would write the work differently.
    """

    name: str
    about: str
    inputs: Callable[[], tuple[Arrays, Arrays]]
    loss: Loss
    by_hand: Callable[..., tuple[Any, Arrays]]
    styles: Mapping[str, Loss] = field(default_factory=dict)
    unit: ClassVar[str] = "us"

    def prepare(self, library: str) -> Callable[[], Any] | None:
        """Return what is to be timed, after checking its result."""
        leaves, constants = self.inputs()
        if library == "numpy":
            return lambda: self.by_hand(*leaves, *constants)
        step = STEPS[library](importlib.import_module(library), self.styles.get(library, self.loss), leaves, constants)
        value, gradients = step()
        expected_value, expected_gradients = self.by_hand(*leaves, *constants)
        agree("the value", value, expected_value)
        for number, (gradient, expected) in enumerate(zip(gradients, expected_gradients, strict=True)):
            agree(f"gradient {number}", gradient, expected)
        return step


@dataclass(frozen=True)
class Matrix(Work):
    """A function of one array whose Jacobian or Hessian, `what`, is taken by every library that has such a thing.

    Here `loss` may return an array, and `by_hand` returns the matrix.
    """

    what: str = "jacobian"

    def prepare(self, library: str) -> Callable[[], Any] | None:
        (x,), constants = self.inputs()
        if library == "numpy":
            return lambda: self.by_hand(x, *constants)
        if library not in MATRICES:
            return None
        function = self.styles.get(library, self.loss)
        call = MATRICES[library](importlib.import_module(library), self.what, function, x, constants)
        agree(f"the {self.what}", call(), self.by_hand(x, *constants))
        return call


@dataclass(frozen=True)
class Call:
    """One call without any gradient, as gradarray's user writes it and as NumPy's user does."""

    name: str
    about: str
    numpy: Callable[[], Any]
    gradarray: Callable[[Any], Callable[[], Any]]  # given the library
    unit: ClassVar[str] = "ns"

    def prepare(self, library: str) -> Callable[[], Any] | None:
        """Return what is to be timed, or None where the work says nothing about the library."""
        if library == "numpy":
            return self.numpy
        if library != "gradarray":
            return None
        call = self.gradarray(importlib.import_module(library))
        agree("the value", call(), self.numpy())
        return call


def agree(what: str, actual: Any, expected: Any) -> None:
    """Raise `Wrong` unless `actual` has the shape, dtype and (up to rounding) the values of `expected`."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if (actual.shape, actual.dtype) != (expected.shape, expected.dtype):
        raise Wrong(f"{what} is {actual.dtype}{actual.shape}, should be {expected.dtype}{expected.shape}")
    # Relative to the largest entry: an entry that cancels to almost 0 carries the rounding of its terms.
    tolerance = np.finfo(expected.dtype).eps ** (2 / 3) * np.max(np.abs(expected))
    worst = np.max(np.abs(actual - expected))
    if not worst <= tolerance:
        raise Wrong(f"{what} is off by {worst:.2g}, more than {tolerance:.2g}")


@cache
def works() -> dict[str, Work | Call]:
    """Return every work by name, those that take gradients first."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    found = sorted((work for module in modules for work in module.WORKS), key=lambda work: isinstance(work, Call))
    return {work.name: work for work in found}
