"""Samples of the functions with kinks and steps."""

import numpy as np

from . import Sample, between, case, distinct, given, normal

SAMPLES: list[Sample] = []

# --- rounding --------------------------------------------------------------------------------------------------------

fix = (np.fix,) if hasattr(np, "fix") else ()  # deprecated since NumPy 2.5
for func in (np.rint, np.around, np.floor, np.ceil, np.trunc, *fix):
    SAMPLES += [case(func, distinct(2, 3), real_only=True), case(func, distinct(), real_only=True)]
SAMPLES += [
    case(np.unwrap, given(0.5, 2.1, 9.0, 3.0, -4.0), real_only=True),
    case(
        np.unwrap, given(0.3, 1.2, -0.6, 0.9, 2.6, 1.9, shape=(2, 3)), axis=0, discont=0.7, period=2.0, real_only=True
    ),
    case(np.round, given(0.31, -1.22, 2.58), decimals=1, real_only=True),
    case(np.around, given(0.31, -1.22, 2.58), 2, real_only=True),
    case(np.round, distinct(4), -1),
]

# --- absolute values and signs ---------------------------------------------------------------------------------------

for func in (np.absolute, np.sign):
    SAMPLES += [case(func, distinct(2, 3))]
SAMPLES += [
    case(np.fabs, distinct(2, 3), real_only=True),
    case(np.fabs, distinct(), real_only=True),
    case(np.heaviside, distinct(2, 3), normal(3), real_only=True),
    case(np.heaviside, np.array([-1.0, 0.0, 2.0]), normal(3), real_only=True),
]

# --- extrema ---------------------------------------------------------------------------------------------------------

for func in (np.maximum, np.minimum, np.fmax, np.fmin):
    SAMPLES += [
        case(func, distinct(2, 3), between(2, 3)),
        case(func, distinct(2, 1), between(3)),
        case(func, distinct(2, 3), 0),
        case(func, 0.0, distinct(3)),
        case(func, given(0.5, np.nan, 1.0, np.inf, -1.0, -np.inf), given(1.5, 1.5, np.nan, 2.0, np.inf, 0.0)),
    ]

# --- np.clip ---------------------------------------------------------------------------------------------------------

SAMPLES += [
    case(np.clip, distinct(2, 3), -0.5, 0.7),
    case(np.clip, distinct(2, 3), None, 0.7),
    case(np.clip, distinct(2, 3), -0.5, None),
    case(np.clip, distinct(2, 3), a_min=-0.5, a_max=0.7),
    case(np.clip, distinct(2, 3), between(3), given(5.0, 6.0, 7.0)),
    case(np.clip, distinct(2, 3), a_min=given(-5.0), a_max=between(2, 1)),
    case(np.clip, 0.3, given(-0.5, 0.5, -0.6), given(1.0, 1.5, 0.1)),
    case(np.clip, distinct(3), given(1.0, 0.2, 0.3), given(-1.0, -0.5, 0.05)),
    case(np.clip, given(0.5, np.nan, np.inf, -np.inf), -1.0, 2.0),
    case(np.clip, distinct(3), -np.inf, np.inf),
    case(np.clip, distinct(3), given(np.nan, -9.0, -9.0), given(9.0, np.nan, 9.0)),
    case(np.clip, distinct(3), -1, 1, dtype=np.longdouble, real_only=True),
    case(np.clip, distinct(2, 3), between(3), given(5.0, 0.1, 0.3), casting="same_kind"),
    case(np.clip, distinct(2, 3), -0.5 + 0.1j, 0.7 + 1j),
    case(np.clip, distinct(2, 3), -0.5, 0.7j),
    case(np.clip, distinct(2, 3), -0.5, None, casting="same_kind"),
    case(np.clip, distinct(2, 3), None, 0.7, casting="same_kind"),
]
if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
    SAMPLES += [
        case(np.clip, distinct(2, 3), min=-0.5, max=0.7),
        case(np.clip, distinct(2, 3), min=between(2, 3)),
        case(np.clip, distinct(2, 3), max=0.7),
        case(np.clip, distinct(2, 3)),
    ]

# --- NaN and infinities ----------------------------------------------------------------------------------------------

SAMPLES += [
    case(np.nan_to_num, given(0.5, np.nan, np.inf, -np.inf, -2.0)),
    case(np.nan_to_num, given(0.5, np.nan, np.inf, -np.inf), nan=3.0, posinf=4.0, neginf=-4.0),
    case(np.nan_to_num, normal(2, 3), copy=True),
]
