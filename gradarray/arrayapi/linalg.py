"""The extension for linear algebra: numpy.linalg's functions under their own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..mirror.mirrored import answering
from .results import conforming

__all__ = [
    *("cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power"),
    *("matrix_rank", "matrix_transpose", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot"),
    *("trace", "vecdot", "vector_norm"),
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        func = None if name.startswith("_") else getattr(np.linalg, name, None)
        if func is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = func if isinstance(func, type) else conforming(answering(func))
        return value

    def __dir__() -> list[str]:
        return sorted(__all__)
