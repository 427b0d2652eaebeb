"""The methods of Tensor that forward to np.*, generated from one list of names."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array_methods import ArrayMethods, forward
from .dispatch import FUNCTIONS, UFUNCS
from .places import astype


class Surface(ArrayMethods):
    """What ndarray's surface and Tensor's have in common."""

    __slots__ = ()
    _functions = FUNCTIONS

    copy = forward(np.copy)

    def conj(self) -> Any:
        """Return the complex conjugate, element by element."""
        return UFUNCS[np.conjugate](self)

    conjugate = conj

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """Return a copy with another dtype; from a variable to integers, a constant."""
        return astype(self, dtype, order, casting, subok, copy)
