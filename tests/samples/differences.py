"""Samples of the running sums and products, and of differences."""

from __future__ import annotations

import numpy as np

from . import Sample, case, normal
from .reductions import gaps

SAMPLES: list[Sample] = [
    # running totals
    case(np.cumsum, normal(3, 4)),
    case(np.cumsum, normal(3, 4), axis=0),
    case(np.cumsum, normal(3, 4), axis=-1, dtype=np.longdouble),
    case(np.cumprod, normal(3, 4)),
    case(np.cumprod, normal(3, 4), axis=0),
    case(np.cumprod, normal(3, 4), axis=-1, dtype=np.longdouble),
    case(np.nancumsum, gaps(3, 4)),
    case(np.nancumsum, gaps(3, 4), axis=-2, dtype=np.longdouble),
    case(np.nancumprod, gaps(3, 4)),
    case(np.nancumprod, gaps(3, 4), axis=-2, dtype=np.longdouble),
    # differences
    case(np.diff, normal(5)),
    case(np.diff, normal(3, 5), n=2, axis=0),
    case(np.diff, normal(3, 5), n=0),
    case(np.diff, normal(2, 5, 3), n=3, axis=-2),
    case(np.diff, normal(3, 5), prepend=normal(3, 1), append=normal(3, 2)),
    case(np.diff, normal(3, 5), axis=0, append=normal()),
    case(np.diff, np.arange(15.0).reshape(3, 5), 2, 1, normal()),
    case(np.ediff1d, normal(3, 4)),
    case(np.ediff1d, normal(5), to_end=normal(2), to_begin=normal()),
    case(np.ediff1d, normal(5), normal(2, 2)),
]

if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    SAMPLES += [
        case(np.cumulative_sum, normal(5)),
        case(np.cumulative_sum, normal(3, 4), axis=0, include_initial=True),
        case(np.cumulative_sum, normal(3, 4), axis=-1, dtype=np.longdouble),
        case(np.cumulative_prod, normal(5)),
        case(np.cumulative_prod, normal(3, 4), axis=0, include_initial=True),
        case(np.cumulative_prod, normal(3, 4), axis=-1, dtype=np.longdouble),
    ]
