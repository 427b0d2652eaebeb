"""Data types: conversions, and what one asks of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..mirror import functions
from .creation import asarray


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """Return an array with another dtype; `x` itself where it has that and ``copy=False``.

    A variable that becomes one of whole numbers or truth values is a constant, since its derivative is zero.

    Parameters
    ----------
    x : array_like
    dtype : data-type
    copy : bool
    device : {"cpu", None}
    """
    return asarray(x, dtype, copy=True if copy else None, device=device)


def broadcast_arrays(*arrays: Any) -> list[Any]:
    """Return the arrays with one shape; see `numpy.broadcast_arrays`."""
    return list(functions.broadcast_arrays(*map(asarray, arrays)))


class finfo:
    """What numbers of a floating-point dtype can be, in Python's numbers.

    Parameters
    ----------
    type : data-type or array

    Attributes
    ----------
    bits : int
    eps, max, min, smallest_normal : float
    dtype : the dtype, or that of the parts of complex numbers

    Notes
    -----
    What `numpy.finfo` has besides is there, too, as NumPy has it.
    """

    def __init__(self, type: Any, /) -> None:
        dtype = getattr(type, "dtype", None)  # of a class, a property
        self._numpys = known = np.finfo(dtype if isinstance(dtype, np.dtype) else type)
        self.bits, self.dtype = int(known.bits), known.dtype
        whole = known.dtype != np.longdouble or known.bits == 64  # Python's numbers would be infinite
        self.eps, self.max, self.min, self.smallest_normal = (
            float(value) if whole else value for value in (known.eps, known.max, known.min, known.smallest_normal)
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._numpys, name)

    def __repr__(self) -> str:
        return repr(self._numpys)


__all__ = ["astype", "broadcast_arrays", "finfo"]
