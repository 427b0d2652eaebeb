"""Functions that call a function of the user's."""

from typing import Any

import numpy as np

from . import case, distinct, normal

WEIGHTS = np.array([1.0, -2.0, 0.5])


def ranges(x: Any, factor: float = 1.0) -> Any:
    return np.max(x) - factor * np.min(x)


def with_closure(a: Any) -> Any:
    """The function has a variable of its own."""
    return np.apply_along_axis(lambda x: x * a[:, 0], 0, a)


def keepers(x: Any, axis: Any) -> Any:
    return np.mean(x, axis, keepdims=True)


SAMPLES = [
    case(np.apply_along_axis, np.sum, 0, normal(3, 4)),
    case(np.apply_along_axis, np.cumsum, -1, normal(2, 3)),
    case(np.apply_along_axis, ranges, 1, distinct(2, 3, 4), factor=2.0),
    case(np.apply_along_axis, ranges, 1, distinct(2, 3, 4), 0.5),
    case(np.apply_along_axis, np.multiply, 0, normal(3, 2), WEIGHTS),
    case(np.apply_along_axis, np.outer, 1, normal(2, 3, 2), WEIGHTS),
    case(np.apply_along_axis, np.argmax, 0, distinct(3, 4), order=0),
    case(with_closure, normal(3, 2), fixed=True, covers=(np.apply_along_axis,)),
    case(np.apply_along_axis, np.diag, -1, arr=normal(2, 3)),
    case(np.apply_over_axes, np.sum, normal(2, 3, 4), 1),
    case(np.apply_over_axes, np.prod, normal(2, 3, 4), [0, -1]),
    case(np.apply_over_axes, keepers, a=normal(2, 3), axes=(0, 1)),
]
