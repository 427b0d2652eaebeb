"""A Tensor prints as an array does, under its own name."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rules.registry import lowered
from ..tape.wrapping import unwrap


class Printed(np.ndarray):
    """An ndarray that prints under Tensor's name: NumPy's own printing, line by line."""


Printed.__name__ = "Tensor"


def lower_array_repr(args: Any, kwargs: dict[str, Any]) -> Any:
    """Print a Tensor as repr() does."""

    def of(arr: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(arr, (np.ndarray, np.generic)):
            return NotImplemented
        return np.array_repr(np.asarray(arr).view(Printed), *args, **kwargs)

    return of(*unwrap(args), **unwrap(kwargs))


lowered(np.array_repr, lower_array_repr)
