"""Samples of the special functions."""

import numpy as np

from . import Sample, case, given, normal

SAMPLES: list[Sample] = [
    case(np.sinc, normal(2, 3)),
    case(np.sinc, normal()),
    case(np.sinc, given(0.0, 1e-9, 1e-3, 0.2, 0.5, 1.0, -2.0, 30.0)),
    case(np.i0, normal(2, 3), real_only=True),
    case(np.i0, given(0.0, 1e-6, -7.5, 40.0), real_only=True),
]
