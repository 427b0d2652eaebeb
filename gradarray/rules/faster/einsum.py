"""Sums of products that are worth an optimized order, and BLAS."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import LARGE_SUM, Array
from ..numpy.einsum import pull_einsum
from ..registry import faster


def einsum(
    g: Array,
    _ans: Any,
    *operands: Any,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> list[Any]:
    return pull_einsum(g, _ans, operands, optimize, dtype, casting, LARGE_SUM)


faster(np.einsum, einsum)
