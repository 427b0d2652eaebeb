"""How statistics of samples are written: of arrays that have each sample along the last axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....kernels.arrays import Array
from ....tape.wrapping import bare, with_items
from ...primitives import primitive
from ...registry import rule
from ..standing import stands_for

TWO_SIDED = "two-sided"
PROPAGATE = "propagate"


def of_samples(*samples: str, by: tuple[str, ...] = (), name: str = "") -> Callable[..., Any]:
    """Declare a body that is given samples along the last axis, and returns a number of each, or several.

    Parameters
    ----------
    *samples : the parameters of the library's function that are samples
    by : other parameters that there is a derivative by
    name : of the library's function, where it is not that of the body
    """

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        called = name or body.__name__

        def call(axis: Any = 0, nan_policy: str = PROPAGATE, keepdims: bool = False, **rest: Any) -> Any:
            given = [rest.pop(parameter) for parameter in samples]
            complete(called, nan_policy, *given)
            found = of_precision(body(*[along(x, axis) for x in given], **rest), given)
            return standing(found, np.ndim(given[0]), axis) if keepdims else found

        call.__name__ = called
        stands_for("scipy.stats", *samples, *by, name=called)(call)
        return body

    return declare


def of_precision(found: Any, samples: Any) -> Any:
    """Return results in the precision of the samples, where that is not the double one."""
    dtype = np.result_type(*samples)
    if dtype.kind != "f" or dtype.itemsize >= 8:
        return found
    if isinstance(found, tuple):
        return with_items(found, [of_precision(part, samples) for part in found])
    return found.astype(dtype) if hasattr(found, "dtype") and found.dtype.kind == "f" else found


def complete(name: str, nan_policy: str, *samples: Any) -> None:
    """Raise for a sample with a NaN where this is not to be what comes out."""
    if nan_policy == PROPAGATE or not any(np.any(np.isnan(bare(x))) for x in samples):
        return
    if nan_policy == "raise":
        raise ValueError("The input contains nan values")
    raise TypeError(f"scipy.stats.{name} of a variable: nan_policy={nan_policy!r} is not known here; index with ~isnan")


def along(a: Any, axis: Any) -> Any:
    """Return an array with the axis, or axes, of the samples as its last one."""
    if axis is None:
        return np.ravel(a)
    if isinstance(axis, tuple):
        a = np.moveaxis(a, axis, range(-len(axis), 0))
        return np.reshape(a, (*np.shape(a)[: -len(axis)], -1))
    return np.moveaxis(a, axis, -1)


def standing(found: Any, ndim: int, axis: Any) -> Any:
    """Return results with axes of one element in the place of those of the samples."""
    if isinstance(found, tuple):
        return with_items(found, [standing(part, ndim, axis) for part in found])
    return np.expand_dims(found, tuple(range(ndim)) if axis is None else axis)


def count(a: Any) -> int:
    return int(np.shape(a)[-1])


def last(found: Any) -> Any:
    """Return an axis after the last one, for what is compared with each number of a sample."""
    return np.expand_dims(found, -1)


def raw(a: Any, *orders: int) -> list[Any]:
    """Return moments about the mean."""
    off = a - np.mean(a, axis=-1, keepdims=True)
    return [np.mean(raised(off, n=order), axis=-1) for order in orders]


@primitive
def raised(x: Array, *, n: int) -> Array:
    """Return a whole power, by squares as SciPy has it: NumPy's third and fourth ones take a hundred times as long."""
    if n == 0:
        return np.ones_like(x)
    found = x
    for bit in f"{n:b}"[1:]:
        found = found * found
        if bit == "1":
            found = found * x
    return found * 1.0 if found is x else found


rule(
    raised,
    lambda g, _ans, x, *, n: n * g * raised(x, n=max(n - 1, 0)),
    jvp=lambda tangents, _ans, x, *, n: n * tangents[0] * raised(x, n=max(n - 1, 0)),
)
