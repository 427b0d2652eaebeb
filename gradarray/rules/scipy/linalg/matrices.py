"""Parts of matrices that the other files of the chapter share."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...numpy.triangles import below, half
from ...primitives import primitive
from ...registry import linear
from ..declared import function


def turned(a: Any) -> Any:
    """Return the transposed matrix, or matrices."""
    return np.swapaxes(a, -1, -2)


def adjoined(a: Any) -> Any:
    return np.conj(turned(a)) if np.iscomplexobj(a) else turned(a)


def dtype_of(a: Any) -> Any:
    return a.dtype if hasattr(a, "dtype") else np.asarray(a).dtype


def ndim_of(a: Any) -> int:
    """Return the number of axes: np.ndim of a variable takes 15 times as long as to ask that itself."""
    return a.ndim if hasattr(a, "ndim") else np.ndim(a)


def identity(count: int, a: Any) -> Any:
    """Return the identity, in the precision of another matrix."""
    return np.eye(count, dtype=np.finfo(dtype_of(a)).dtype)


def zeros(shape: Any, a: Any) -> Any:
    """Return zeros, of the dtype of another matrix."""
    return np.zeros(shape, dtype_of(a))


@primitive
def from_triangle(a: Any, lower: bool, symmetric: bool = False) -> Any:
    """Return the Hermitian, or symmetric, matrix of which SciPy looks at one triangle alone."""
    there, is_complex = below(np.shape(a)[-1], -1), np.iscomplexobj(a)
    other = turned(a) if symmetric or not is_complex else adjoined(a)
    found = np.where(there, a, other) if lower else np.where(there, other, a)
    if is_complex and not symmetric:
        found = np.where(identity(np.shape(a)[-1], a) > 0, np.real(found), found)
    return found


def _from_triangle_adjoint(g: Any, _a: Any, lower: bool = False, symmetric: bool = False) -> Any:
    is_complex = np.iscomplexobj(g)
    both, n = g + (turned(g) if symmetric or not is_complex else adjoined(g)), np.shape(g)[-1]
    there = below(n) if lower else ~below(n, -1)
    return np.where(there, both * half(n, np.finfo(dtype_of(both)).dtype, lower), 0)


linear(from_triangle, _from_triangle_adjoint)


def read(a: Any, assume_a: str | None, lower: bool) -> Any:
    """Return a matrix with that in the place of each element which SciPy reads there, by what it is told of it."""
    if assume_a is None:
        return a
    if assume_a in ("sym", "symmetric"):
        return from_triangle(a, lower, symmetric=True)
    if assume_a in ("her", "hermitian", "pos", "positive definite"):
        return from_triangle(a, lower)
    if assume_a in ("lower triangular", "upper triangular"):
        return np.tril(a) if assume_a.startswith("lower") else np.triu(a)
    if assume_a == "diagonal":
        return np.tril(np.triu(a))
    if assume_a == "tridiagonal":
        return np.tril(np.triu(a, -1), 1)
    return a


def over_batches(**cores: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have a function of single matrices take stacks of them, one matrix after the other, as SciPy has it.

    Parameters
    ----------
    **cores : 1, 2 or "1|2"
        Of how many axes each of these arguments is without a stack; "1|2" is a vector, or else matrices.
    """

    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        names = tuple(inspect.signature(func).parameters)
        most = [(names.index(name), name, 2 if core == "1|2" else core) for name, core in cores.items()]

        @functools.wraps(func)
        def call(*args: Any, **kwargs: Any) -> Any:
            count = len(args)
            for i, name, axes in most:  # the usual call, quickly
                a = args[i] if i < count else kwargs.get(name)
                if a is not None and ndim_of(a) > axes:
                    break
            else:
                return func(*args, **kwargs)
            if count > len(names):
                return func(*args, **kwargs)  # Python's own error
            bound = dict(zip(names, args, strict=False)) | kwargs
            given = {name: bound[name] for name in cores if bound.get(name) is not None}
            split = {}
            for name, a in given.items():
                core = cores[name] if isinstance(cores[name], int) else min(np.ndim(a), 2)
                split[name] = np.ndim(a) - min(core, np.ndim(a))
            shape = np.broadcast_shapes(*(np.shape(a)[: split[name]] for name, a in given.items()))
            if math.prod(shape) == 0:
                raise ValueError(f"`{func.__name__}` does not support zero-size batches.")  # SciPy's own error
            spread = {name: np.broadcast_to(a, shape + np.shape(a)[split[name] :]) for name, a in given.items()}
            found = []
            for index in np.ndindex(shape):
                answer = func(**{**bound, **{name: a[index] for name, a in spread.items()}})
                found.append(answer if isinstance(answer, tuple) else (answer,))
            results = tuple(_stacked(parts, shape) for parts in zip(*found, strict=True))
            return results[0] if len(results) == 1 else results

        return call

    return decorate


def _stacked(parts: Any, shape: tuple[int, ...]) -> Any:
    return None if parts[0] is None else np.reshape(np.stack(parts), shape + np.shape(parts[0]))


def arranged(library: Callable[..., Any], *operands: Any) -> Any:
    """Return what a function makes of its operands' elements, and zeros, without computing with them."""
    places, first = [], 1
    for a in operands:
        places.append(np.arange(first, first + np.size(a), dtype=np.intp).reshape(np.shape(a)))
        first += np.size(a)
    whole = np.concatenate([np.zeros(1, bool), *map(np.ravel, operands)])
    return whole[library(*places).astype(np.intp)]


def columns(b: Any) -> Any:
    """Return a vector as a matrix of one column."""
    return b[:, None] if np.ndim(b) == 1 else b


def refused(reason: str, *names: str) -> None:
    """Declare functions of scipy.linalg that are refused, with what to write instead."""
    for name in names:
        function("scipy.linalg", _refusing(name, reason))


def _refusing(name: str, reason: str) -> Any:
    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"scipy.linalg.{name} of a variable has no derivative: {reason}")

    refuse.__name__ = name
    return refuse
