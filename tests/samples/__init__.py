"""The sample table: for every function a few calls that the generic checks run, one file per chapter as in rules/.

A sample names the function, its operands and its keywords. An operand is a shape with a domain, of which the runner
makes actual arrays in every variant that it checks (0-d, float32, complex, Fortran order, read-only, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Domain = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@dataclass(frozen=True)
class Operand:
    """A shape and the domain that its values come from."""

    shape: tuple[int, ...]
    domain: Domain

    def make(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(self.domain(rng, self.shape), dtype=float)

    def make_complex(self, rng: np.random.Generator) -> np.ndarray:
        """Return numbers with such real parts, off the real axis, where the branch cuts are, and not far from it."""
        real = self.make(rng)
        return np.asarray(real + 1j * rng.uniform(0.2, 0.7, self.shape) * rng.choice([-1, 1], self.shape))

    def scalar(self) -> Operand:
        return Operand((), self.domain)

    def empty(self, length: int) -> Operand:
        """Return the operand with length zero in place of `length`."""
        return Operand(tuple(0 if n == length else n for n in self.shape), self.domain)


@dataclass(frozen=True)
class Sample:
    """One call, which is itself a function of its operands: ``sample(*arrays)``.

    Attributes
    ----------
    func : the NumPy function, ufunc, or any callable that takes arrays
    args : positional arguments; an Operand, or a list or tuple of them, is differentiated, all else passed as it is
    kwargs : keywords, in which an Operand is differentiated too
    real_only : the function takes no complex numbers, or its complex derivative has no meaning
    order : the highest order of derivative to check
    fixed : the operands keep their shapes: a scalar or nothing in their place would be at a kink
    covers : functions that `func` calls and that this sample is for, where `func` is not such a function itself
    by_dtype : why NumPy's result can be another one in another precision, if it can
    """

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    real_only: bool = False
    order: int = 2
    fixed: bool = False
    covers: tuple[Callable[..., Any], ...] = ()
    by_dtype: str = ""

    @property
    def name(self) -> str:
        shown = [_show(value) for value in self.args] + [f"{key}={_show(value)}" for key, value in self.kwargs.items()]
        return f"{getattr(self.func, '__name__', self.func)}({', '.join(shown)})"

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The operands, in the order of the call."""
        return tuple(_operands((*self.args, *self.kwargs.values())))

    @property
    def takes_lists(self) -> bool:
        """Whether nested lists can stand for the operands: not where operands are in a list themselves."""
        return sum(isinstance(value, Operand) for value in (*self.args, *self.kwargs.values())) == len(self.operands)

    def fill(self, *arrays: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of the call, with arrays in place of the operands."""
        supply = iter(arrays)
        args = tuple(_fill(value, supply) for value in self.args)
        return args, {key: _fill(value, supply) for key, value in self.kwargs.items()}

    def __call__(self, *arrays: Any) -> Any:
        args, kwargs = self.fill(*arrays)
        return self.func(*args, **kwargs)


def _operands(value: Any) -> Iterator[Operand]:
    if isinstance(value, Operand):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _operands(item)


def _fill(value: Any, supply: Iterator[Any]) -> Any:
    if isinstance(value, Operand):
        return next(supply)
    if isinstance(value, (list, tuple)):
        filled = [_fill(item, supply) for item in value]
        return type(value)(filled)
    return value


def _show(value: Any) -> str:
    if isinstance(value, Operand):
        return "x".join(map(str, value.shape)) or "0d"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_show, value))}]"
    if isinstance(value, np.ndarray):
        return "array"
    return getattr(value, "__name__", None) or str(value)


def case(
    func: Callable[..., Any],
    *args: Any,
    real_only: bool = False,
    order: Any = 2,
    fixed: bool = False,
    covers: tuple[Callable[..., Any], ...] = (),
    by_dtype: str = "",
    **kwargs: Any,
) -> Sample:
    """Return a sample: ``case(np.sum, normal(3, 4), axis=1)``.

    An `order` that is a number is the highest order of derivative; NumPy's own order= never is one, and is passed on.
    """
    if not isinstance(order, int):
        kwargs["order"] = order
        order = 2
    return Sample(func, args, kwargs, real_only, order, fixed, covers, by_dtype)


# --- domains ---------------------------------------------------------------------------------------------------------


def normal(*shape: int) -> Operand:
    """Standard normal numbers."""
    return Operand(shape, lambda rng, s: rng.normal(size=s))


def positive(*shape: int) -> Operand:
    """Numbers in [0.5, 2]."""
    return Operand(shape, lambda rng, s: rng.uniform(0.5, 2.0, size=s))


def inside(*shape: int) -> Operand:
    """Numbers well inside (-1, 1)."""
    return Operand(shape, lambda rng, s: rng.uniform(-0.9, 0.9, size=s))


def above_one(*shape: int) -> Operand:
    """Numbers in [1.2, 3]."""
    return Operand(shape, lambda rng, s: rng.uniform(1.2, 3.0, size=s))


def distinct(*shape: int) -> Operand:
    """Numbers of both signs that lie at least 0.2 apart and off zero: for sorting, extrema, kinks and rounding."""
    return Operand(shape, lambda rng, s: _distinct(rng, s))


def _distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape))
    steps = np.arange(size) - size // 2 + rng.uniform(0.25, 0.45, size=size)
    return rng.permutation(steps * 0.4).reshape(shape)


def between(*shape: int) -> Operand:
    """Numbers like distinct's, of which none is within 0.1 of one of those: the second operand of extrema."""
    return Operand(shape, lambda rng, s: _distinct(rng, s) + 0.2)


def given(*values: float, shape: tuple[int, ...] | None = None) -> Operand:
    """Exactly these numbers, in one dimension or in a shape; a scalar is the first of them."""
    return Operand(shape or (len(values),), lambda _rng, s: np.resize(np.array(values, dtype=float), s))
