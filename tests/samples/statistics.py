"""Samples of the averages, variances and correlations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import Sample, case, normal, positive
from .reductions import MASK, ROW, gaps

COUNTS = np.array([3, 1, 0, 2, 2])


def about(func: Callable[..., Any]) -> Callable[..., Any]:
    """Give a variance a mean that is a variable; as an operand NumPy's nanvar would not notice it beside an ndarray."""

    def call(a: Any, axis: int, **kwargs: Any) -> Any:
        return func(a, axis=axis, mean=np.nanmean(2 * a, axis=axis, keepdims=True), **kwargs)

    return call


SAMPLES: list[Sample] = [
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
]
