"""The methods of Dual that forward to np.*, generated from one list of names."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array_methods import ArrayMethods, forward
from .forward import FUNCTIONS
from .places import astype
from .wrapping import is_scalar


class DualSurface(ArrayMethods):
    """What ndarray's surface and Dual's have in common."""

    __slots__ = ()
    _functions = FUNCTIONS

    put = forward(np.put)

    def copy(self, order: Any = "C") -> Any:
        """Return a copy of value and tangent; of a scalar, a scalar."""
        return self[()] if is_scalar(self) else FUNCTIONS[np.copy]((self,), {"order": order})  # type: ignore[index]

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """Return a copy with another dtype; whole numbers are a constant."""
        if not copy and self.dtype == dtype:  # type: ignore[attr-defined]
            return self
        return astype(self, dtype, order, casting, subok, copy)

    def view(self, *args: Any) -> Any:
        """Return a Dual on the same memory; there is none of another dtype, since bits have no derivative."""
        if args:
            raise TypeError("a view under another dtype has no derivative; x.astype(dtype) has, for the values")
        return self[() if is_scalar(self) else ...]  # type: ignore[index]
