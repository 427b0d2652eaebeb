"""Samples of functions that are given by samples."""

from __future__ import annotations

import numpy as np

from . import Sample, case, distinct, given, normal, positive

STEPS = np.array([0.0, 0.3, 1.0, 1.2, 2.0])

SAMPLES: list[Sample] = [
    # slopes and integrals
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
]
