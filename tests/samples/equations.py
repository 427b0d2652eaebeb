"""Samples of solving equations, and of inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Sample, case, normal
from .norms import near_diagonal


def gram_pinv(a: Any, **kwargs: Any) -> Any:
    """The pseudo-inverse of a matrix whose rank is not full."""
    return np.linalg.pinv(a @ np.swapaxes(a, -1, -2), **kwargs)


SAMPLES: list[Sample] = [
    case(np.linalg.inv, near_diagonal(3, 3)),
    case(np.linalg.inv, near_diagonal(2, 3, 3)),
    case(np.linalg.pinv, near_diagonal(3, 3)),
    case(np.linalg.pinv, near_diagonal(2, 4, 3)),
    case(np.linalg.pinv, near_diagonal(3, 4), 1e-10),
    case(np.linalg.pinv, near_diagonal(3, 4), rtol=1e-10),
    case(np.linalg.pinv, near_diagonal(2, 3, 3), hermitian=True),
    case(gram_pinv, near_diagonal(3, 2), rtol=1e-8),
    case(np.linalg.pinv, near_diagonal(4, 3), 0.5, fixed=True),
    case(np.linalg.pinv, near_diagonal(2, 3, 4), rcond=np.array([0.5, 0.8])),
    case(np.linalg.pinv, near_diagonal(2, 3, 3), 0.5, hermitian=True),
    case(np.linalg.solve, near_diagonal(3, 3), normal(3)),
    case(np.linalg.solve, near_diagonal(3, 3), normal(3, 2)),
    case(np.linalg.solve, near_diagonal(2, 3, 3), normal(3)),
    case(np.linalg.solve, near_diagonal(3, 3), normal(2, 3, 4)),
    case(np.linalg.solve, near_diagonal(4, 1, 3, 3), normal(2, 3, 2)),
    case(np.linalg.solve, [[3.0, 1.0], [1.0, 2.0]], normal(2)),
    case(np.linalg.lstsq, near_diagonal(4, 3), normal(4)),
    case(np.linalg.lstsq, near_diagonal(4, 3), normal(4, 2), 1e-10),
    case(np.linalg.lstsq, near_diagonal(3, 4), normal(3, 2), rcond=-1),
    case(np.linalg.lstsq, near_diagonal(3, 4), normal(3), rcond=None),
    case(np.linalg.lstsq, near_diagonal(4, 3), normal(4, 2), rcond=0.5),
    case(np.linalg.lstsq, near_diagonal(3, 4), normal(3), rcond=0.8),
    case(np.linalg.lstsq, near_diagonal(4, 3), normal(4), rcond=1.0),
    case(np.linalg.tensorsolve, near_diagonal(2, 3, 6), normal(2, 3), order=1, fixed=True),
    case(np.linalg.tensorsolve, normal(2, 6, 3), normal(6), axes=(0, 2)),
    case(np.linalg.tensorinv, normal(4, 2, 2), ind=1, fixed=True),
    case(np.linalg.tensorinv, normal(2, 3, 3, 2), fixed=True),
]
