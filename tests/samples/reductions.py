"""Samples of the sums, products, extrema, differences and running totals."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Operand, Sample, case, distinct, given, normal, positive

MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
ROW = np.array([True, False, True, True])
STEPS = np.array([0.0, 0.3, 1.0, 1.2, 2.0])


def gaps(*shape: int) -> Operand:
    """Numbers like distinct's, of which every fifth is NaN."""

    def domain(rng: np.random.Generator, s: tuple[int, ...]) -> np.ndarray:
        return np.where(np.arange(int(np.prod(s))).reshape(s) % 5 == 4, np.nan, distinct(*s).domain(rng, s))

    return Operand(shape, domain)


def cross(a: Any, b: Any, **kwargs: Any) -> Any:
    """Call np.cross, whose complex products in NumPy 2.0 differ in the last bit from call to call."""
    return np.cross(a, b, **kwargs)


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
    case(np.gradient, normal(5)),
    case(np.gradient, normal(4, 5)),
    case(np.gradient, normal(4, 5), 0.5, axis=-1),
    case(np.gradient, normal(4, 5), 0.5, 2.0, edge_order=2),
    case(np.gradient, normal(4, 5), STEPS[:4], 2.0, axis=(0, 1)),
    case(np.gradient, normal(4, 5), STEPS, axis=1, edge_order=2),
    case(np.gradient, normal(3, 4, 5), 0.3, STEPS, axis=(1, 2)),
    case(np.gradient, normal(5), positive(), real_only=True),
    case(np.gradient, normal(5), distinct(5), edge_order=2, real_only=True),
    case(np.trapezoid, normal(5)),
    case(np.trapezoid, normal(3, 5), dx=0.5, axis=0),
    case(np.trapezoid, normal(3, 5), normal(5)),
    case(np.trapezoid, normal(3, 5), x=normal(3, 5), axis=-2),
    case(np.trapezoid, normal(3, 5), x=STEPS),
    case(np.trapezoid, STEPS, normal(5)),
    case(np.trapezoid, normal(3, 5), dx=normal()),
    # vectors
    case(np.cross, normal(3), normal(3)),
    case(np.cross, normal(4, 3), normal(3), real_only=True),
    case(np.cross, normal(3, 4), normal(5, 4, 3), axisa=0, axisc=1, real_only=True),
    case(np.cross, normal(2, 3, 4), normal(3, 1), axisa=1, axisb=0, axisc=0, real_only=True),
    case(np.cross, normal(3, 4), normal(3, 4), axis=0, real_only=True),
    case(cross, normal(3), normal(5, 4, 3), covers=(np.cross,)),
    case(cross, normal(2, 3, 4), normal(3, 1), axisa=1, axisb=0, axisc=0, covers=(np.cross,)),
    # convolution
    case(np.convolve, normal(5), normal(3)),
    case(np.convolve, normal(3), normal(5), mode="same"),
    case(np.convolve, normal(6), normal(4), "same"),
    case(np.convolve, normal(4), normal(6), mode="same"),
    case(np.convolve, normal(5), normal(3), mode="valid"),
    case(np.convolve, normal(2), normal(5), mode="valid"),
    case(np.convolve, normal(5), [1.0, -2.0, 0.5]),
    case(np.convolve, normal(5), normal()),
    case(np.correlate, normal(5), normal(3)),
    case(np.correlate, normal(2), normal(5)),
    case(np.correlate, normal(5), normal(3), mode="same"),
    case(np.correlate, normal(4), normal(6), mode="same"),
    case(np.correlate, normal(6), normal(4), mode="same"),
    case(np.correlate, normal(3), normal(6), mode="same"),
    case(np.correlate, normal(5), normal(3), "full"),
    case(np.correlate, normal(2), normal(5), mode="full"),
    # interpolation
    case(np.interp, np.array([-0.5, 0.1, 0.5, 1.1, 1.9, 2.5]), STEPS, normal(5)),
    case(np.interp, np.array([[0.1, 0.5], [1.1, 3.0]]), STEPS, normal(5), left=0.5, right=-0.5),
    case(np.interp, given(-0.5, 0.1, 0.7, 1.1, 1.9, 2.5), STEPS, normal(5), real_only=True),
    case(np.interp, given(0.12, 0.7, 1.1), given(0.0, 0.3, 1.0, 1.2), given(1.0, -2.0, 0.5, 0.7), real_only=True),
    case(np.interp, np.array([0.5, 1.3]), given(0.7), normal(1), real_only=True),
    case(np.interp, given(-1.3, 0.7, 1.1, 2.3, 4.1), given(2.0, 0.3, 1.0, 3.0), normal(4), period=2.5, real_only=True),
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

if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    SAMPLES += [
        case(np.cumulative_sum, normal(5)),
        case(np.cumulative_sum, normal(3, 4), axis=0, include_initial=True),
        case(np.cumulative_sum, normal(3, 4), axis=-1, dtype=np.longdouble),
        case(np.cumulative_prod, normal(5)),
        case(np.cumulative_prod, normal(3, 4), axis=0, include_initial=True),
        case(np.cumulative_prod, normal(3, 4), axis=-1, dtype=np.longdouble),
    ]
