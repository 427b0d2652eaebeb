"""The elements of a Tensor in C order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..tape import wrapping
from .views import writing
from .views.sharing import become_array
from .views.writing import write


class Flat:
    """The elements of a tensor in C order, as ``x.flat`` gives them."""

    __slots__ = ("base",)

    def __init__(self, base: Any) -> None:
        self.base = base

    def __len__(self) -> int:
        return self.base.size  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Any]:
        return iter(np.ravel(self.base))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, (int, np.integer)):
            return self.base[self._place(index)] if self.base.ndim else np.ravel(self.base)[index]
        picked = np.ravel(self.base)[index]
        return np.copy(picked) if isinstance(picked, wrapping.Tensor) and picked.base is not None else picked

    def __setitem__(self, index: Any, value: Any) -> None:
        base = self.base
        if not base.ndim:
            become_array(base)
            base = base.reshape(1)  # whose flat elements have indices
        if not writing.recorded(base, value):
            write(base, lambda raw: raw.flat.__setitem__(index, wrapping.unwrap(value)))
            return
        if isinstance(index, (int, np.integer)):
            place = self._place(index)
            base[place] = value if np.ndim(value) == 0 else np.ravel(value)[0]
            return
        places = np.arange(base.size)[index]
        # NumPy repeats a value that is too short and leaves the rest of one that is too long.
        count = places.size
        value = np.ravel(wrapping.stacked(value, "an assignment"))
        base[np.unravel_index(places, base.shape)] = (
            np.resize(value, np.shape(places)) if value.size != count else (np.reshape(value, np.shape(places)))
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.ravel(self.base).__array__(dtype, copy=copy)

    def _place(self, index: Any) -> Any:
        size = self.base.size
        if not -size <= index < size:
            raise IndexError(f"index {index} is out of bounds for size {size}")
        return np.unravel_index(index % size, self.base.shape)
