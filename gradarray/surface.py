"""The methods of Tensor that forward to np.*, generated from one list of names."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .array_methods import ArrayMethods
from .dispatch import FUNCTIONS
from .places import astype
from .wrapping import is_scalar


class Surface(ArrayMethods):
    """What ndarray's surface and Tensor's have in common."""

    __slots__ = ()
    _functions = FUNCTIONS

    def copy(self, order: Any = "C") -> Self:
        """Return a copy; of a scalar, a scalar."""
        return self[()] if is_scalar(self) else FUNCTIONS[np.copy]((self, order), {})  # type: ignore[index, no-any-return]

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Self:
        """Return a copy with another dtype; from a variable to integers, a constant."""
        return astype(self, dtype, order, casting, subok, copy)  # type: ignore[no-any-return]
