"""Samples of the sums, products and extrema."""

from __future__ import annotations

import numpy as np

from . import Operand, Sample, case, distinct, normal

MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
ROW = np.array([True, False, True, True])


def gaps(*shape: int) -> Operand:
    """Numbers like distinct's, of which every fifth is NaN."""

    def domain(rng: np.random.Generator, s: tuple[int, ...]) -> np.ndarray:
        return np.where(np.arange(int(np.prod(s))).reshape(s) % 5 == 4, np.nan, distinct(*s).domain(rng, s))

    return Operand(shape, domain)


SAMPLES: list[Sample] = [
    # sums and products
    case(np.sum, normal(3, 4)),
    case(np.sum, normal(3, 4), 1),
    case(np.sum, normal(3, 4), axis=-2, keepdims=True),
    case(np.sum, normal(2, 3, 4), axis=(0, -1)),
    case(np.sum, normal(2, 3, 4), axis=(2, 0), keepdims=True),
    case(np.sum, normal(2, 3, 4), axis=1),
    case(np.sum, normal(3, 4), axis=()),
    case(np.sum, normal(3, 4), keepdims=True),
    case(np.sum, normal(3, 4), axis=0, dtype=np.longdouble),
    case(np.sum, normal(3, 4), axis=0, where=MASK),
    case(np.sum, normal(3, 4), where=ROW, initial=2.5),
    case(np.prod, normal(3, 4)),
    case(np.prod, normal(3, 4), axis=0),
    case(np.prod, normal(2, 3, 4), axis=(2, 0), keepdims=True),
    case(np.prod, normal(3, 4), axis=1, where=MASK, initial=2.5),
    case(np.prod, normal(3, 4), axis=-1, dtype=np.longdouble),
    case(np.nansum, gaps(3, 4), axis=1, keepdims=True),
    case(np.nansum, gaps(2, 3, 4), axis=(0, -1)),
    case(np.nansum, gaps(3, 4), where=MASK, initial=2.5),
    case(np.nansum, gaps(3, 4), axis=0, dtype=np.longdouble),
    case(np.nanprod, gaps(3, 4), axis=1, keepdims=True),
    case(np.nanprod, gaps(3, 4), where=MASK, initial=2.5),
    case(np.nanprod, gaps(3, 4), axis=0, dtype=np.longdouble),
    # extrema
    *(
        case(extremum, *args, **kwargs)
        for extremum in (np.max, np.amax, np.min, np.amin)
        for args, kwargs in (
            ((distinct(3, 4),), {}),
            ((distinct(3, 4), 0), {}),
            ((distinct(3, 4),), {"keepdims": True}),
            ((distinct(2, 3, 4),), {"axis": (0, -1)}),
            ((distinct(2, 3, 4),), {"axis": -2, "keepdims": True}),
            ((distinct(3, 4),), {"axis": 1, "where": MASK, "initial": 0.05}),
        )
    ),
    *(
        case(extremum, *args, **kwargs)
        for extremum in (np.nanmax, np.nanmin)
        for args, kwargs in (
            ((gaps(3, 4),), {}),
            ((gaps(3, 4), 0), {"keepdims": True}),
            ((gaps(3, 4),), {"axis": 1, "where": MASK, "initial": 0.05}),
        )
    ),
    case(np.ptp, distinct(3, 4)),
    case(np.ptp, distinct(3, 4), axis=0, keepdims=True),
    case(np.ptp, distinct(2, 3, 4), (0, -1)),
]
