"""Samples of the order statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import Sample, case, distinct
from .reductions import gaps
from .statistics import COUNTS

METHODS = (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
)


def overwriting(func: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function overwrite a copy of its operand, which is read-only itself."""

    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        return func(np.copy(a), *args, overwrite_input=True, **kwargs)

    return call


SAMPLES: list[Sample] = [
    case(np.median, distinct(5), real_only=True),
    case(np.median, distinct(3, 4), axis=-1, real_only=True),
    case(np.median, distinct(2, 3, 4), axis=(0, 2), keepdims=True, real_only=True),
    case(np.median, distinct(3, 4), 0, real_only=True),
    case(np.nanmedian, gaps(3, 4), real_only=True),
    case(np.nanmedian, gaps(3, 4), axis=1, keepdims=True, real_only=True),
    case(np.nanmedian, gaps(2, 3, 4), axis=(0, -1), real_only=True),
    *(case(np.quantile, distinct(7), 0.37, method=method, real_only=True) for method in METHODS),
    *(case(np.percentile, distinct(3, 4), [10, 62.5], axis=1, method=method, real_only=True) for method in METHODS),
    *(case(np.nanquantile, gaps(4, 5), 0.37, axis=0, method=method, real_only=True) for method in METHODS),
    case(np.quantile, distinct(3, 4), [0.0, 0.3, 1.0], real_only=True),
    case(np.quantile, distinct(3, 4), np.array([[0.1, 0.2], [0.3, 0.9]]), axis=0, keepdims=True, real_only=True),
    case(np.quantile, distinct(2, 3, 4), 0.3, axis=(2, 0), real_only=True),
    case(np.quantile, distinct(5), 0.6, method="inverted_cdf", weights=COUNTS, real_only=True),
    case(np.percentile, distinct(3, 4), 30, keepdims=True, real_only=True),
    case(np.percentile, distinct(3, 4), q=[20, 75], axis=(0, 1), real_only=True),
    case(
        np.percentile,
        distinct(2, 5),
        60,
        axis=1,
        method="inverted_cdf",
        weights=np.stack([COUNTS, 2 * COUNTS]),
        real_only=True,
    ),
    case(np.nanquantile, gaps(3, 4), [0.2, 0.8], real_only=True),
    case(np.nanquantile, gaps(2, 3, 4), [0.2, 0.8], axis=(0, -1), keepdims=True, real_only=True),
    case(np.nanpercentile, gaps(3, 4), 40, axis=-1, real_only=True),
    case(np.nanpercentile, gaps(3, 5), [40, 90], axis=1, keepdims=True, method="hazen", real_only=True),
    case(np.nanpercentile, gaps(3, 4), 40, axis=0, real_only=True),
    case(
        np.nanpercentile,
        gaps(2, 5),
        60,
        axis=1,
        method="inverted_cdf",
        weights=np.stack([COUNTS, 2 * COUNTS]),
        real_only=True,
    ),
    case(np.nanquantile, gaps(5), 0.6, method="inverted_cdf", weights=COUNTS, real_only=True),
    *(
        case(overwriting(func), gaps(3, 4), *q, axis=axis, covers=(func,), real_only=True)
        for func, *q in (
            (np.median,),
            (np.nanmedian,),
            (np.quantile, 0.3),
            (np.percentile, 30),
            (np.nanquantile, 0.3),
            (np.nanpercentile, [30, 50]),
        )
        for axis in (0, None)
    ),
]
