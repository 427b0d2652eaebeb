"""Samples of the averages, variances, order statistics, correlations and histograms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import Sample, case, distinct, given, normal, positive
from .reductions import MASK, ROW, gaps

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
COUNTS = np.array([3, 1, 0, 2, 2])
PLACES = np.array([0.1, 0.3, 0.35, 0.9, 1.0])


def overwriting(func: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function overwrite a copy of its operand, which is read-only itself."""

    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        return func(np.copy(a), *args, overwrite_input=True, **kwargs)

    return call


def about(func: Callable[..., Any]) -> Callable[..., Any]:
    """Give a variance a mean that is a variable; as an operand NumPy's nanvar would not notice it beside an ndarray."""

    def call(a: Any, axis: int, **kwargs: Any) -> Any:
        return func(a, axis=axis, mean=np.nanmean(2 * a, axis=axis, keepdims=True), **kwargs)

    return call


SAMPLES: list[Sample] = [
    # order statistics
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
    # averages
    case(np.mean, normal(3, 4)),
    case(np.mean, normal(3, 4), 0),
    case(np.mean, normal(3, 4), keepdims=True),
    case(np.mean, normal(2, 3, 4), axis=(0, -1), keepdims=True),
    case(np.mean, normal(2, 3, 4), axis=-2),
    case(np.mean, normal(3, 4), axis=1, dtype=np.longdouble),
    case(np.mean, normal(3, 4), axis=0, where=MASK),
    case(np.mean, normal(3, 4), keepdims=True, where=ROW),
    case(np.nanmean, gaps(3, 4)),
    case(np.nanmean, gaps(2, 3, 4), axis=(0, -1), keepdims=True),
    case(np.nanmean, gaps(3, 4), axis=0, where=MASK),
    case(np.nanmean, gaps(3, 4), axis=1, dtype=np.longdouble),
    case(np.average, normal(3, 4)),
    case(np.average, normal(3, 4), axis=0, keepdims=True),
    case(np.average, normal(3, 4), returned=True),
    case(np.average, normal(3, 4), weights=positive(3, 4)),
    case(np.average, normal(3, 4), -1, positive(4), True),
    case(np.average, normal(3, 4), axis=0, weights=positive(3), keepdims=True),
    case(np.average, normal(2, 3, 4), axis=(2, 0), weights=positive(2, 3, 4), returned=True),
    case(np.average, np.arange(4), weights=positive(4)),
    # variances
    *(
        case(func, operand, **kwargs)
        for func in (np.var, np.std, np.nanvar, np.nanstd)
        for operand, kwargs in (
            (normal(3, 4), {}),
            (normal(3, 4), {"axis": 0, "ddof": 1}),
            (normal(2, 3, 4), {"axis": (0, -1), "keepdims": True}),
            (normal(2, 3, 4), {"axis": -2, "correction": 1}),
            (normal(3, 4), {"axis": 1, "dtype": np.longdouble}),
            (normal(3, 4), {"axis": 0, "where": MASK}),
            (normal(3, 4), {"keepdims": True, "where": ROW, "ddof": 1.5}),
            (normal(3, 4), {"axis": 1, "mean": np.full((3, 1), 0.5)}),
        )
    ),
    *(
        case(func, normal(3, 4), axis=1, mean=normal(3, 1), **kwargs)
        for func in (np.var, np.std)
        for kwargs in ({"ddof": 1}, {"where": MASK, "keepdims": True})
    ),
    *(
        case(about(func), operand(3, 4), 1, covers=(func,), **kwargs)
        for func in (np.var, np.std, np.nanvar, np.nanstd)
        for kwargs in ({"ddof": 1}, {"where": MASK, "keepdims": True})
        for operand in (normal, gaps)
    ),
    *(
        case(func, operand, **kwargs)
        for func in (np.nanvar, np.nanstd)
        for operand, kwargs in (
            (gaps(3, 4), {}),
            (gaps(3, 4), {"axis": 0}),
            (gaps(2, 3, 4), {"axis": (0, -1), "keepdims": True, "ddof": 1}),
        )
    ),
    # correlation
    case(np.cov, normal(5)),
    case(np.cov, normal(3, 5)),
    case(np.cov, normal(5, 3), rowvar=False, bias=True),
    case(np.cov, normal(5), normal(5), ddof=0),
    case(np.cov, normal(5, 2), normal(5, 1), False),
    case(np.cov, normal(2, 5), y=normal(5), dtype=np.longdouble),
    case(np.cov, normal(3, 5), fweights=COUNTS),
    case(np.cov, normal(3, 5), aweights=positive(5)),
    case(np.cov, normal(3, 5), fweights=COUNTS, aweights=positive(5), ddof=2),
    case(np.corrcoef, normal(3, 5)),
    case(np.corrcoef, normal(5), normal(2, 5)),
    case(np.corrcoef, normal(5, 3), rowvar=False, dtype=np.longdouble),
    case(np.corrcoef, normal(5)),
    # histograms
    case(np.histogram, PLACES, 4, density=True, weights=positive(5)),
    case(np.histogram, PLACES, [0.0, 0.3, 0.5, 1.0], weights=normal(5)),
    case(np.histogram, PLACES, range=(0.2, 0.95), weights=normal(5)),
    case(np.histogram, distinct(12), bins=5, density=True, real_only=True),
    case(np.histogram, distinct(12), bins=given(-2.0, -1.3, 0.3, 3.0), density=True, real_only=True),
    case(np.histogram2d, distinct(12), distinct(12), 3, density=True, real_only=True),
    case(np.histogram2d, distinct(8), distinct(8), [2, 3], [None, (-1, 1.02)], weights=normal(8), real_only=True),
    case(np.histogram2d, PLACES, PLACES[::-1], [0.0, 0.3, 1.0], weights=normal(5), real_only=True),
    case(np.histogramdd, distinct(12, 3), 3, real_only=True),
    case(np.histogramdd, [distinct(6), distinct(6)], (2, [-1.9, 0.0, 1.4]), None, True, positive(6), real_only=True),
    case(np.histogram_bin_edges, distinct(12), 4, real_only=True),
    case(np.histogram_bin_edges, distinct(12), "sturges", real_only=True),
    case(np.histogram_bin_edges, given(1.5, 1.5, 1.5), 3, real_only=True, order=0),
    case(np.bincount, COUNTS, normal(5), real_only=True),
    case(np.bincount, COUNTS, weights=normal(5), minlength=6, real_only=True),
]
