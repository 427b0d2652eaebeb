"""Samples of the mathematical functions that work element by element."""

import numpy as np

from . import Sample, above_one, between, case, distinct, given, inside, normal, positive

WHOLE = np.array([0, 1, 2, 3])  # exponents

SAMPLES: list[Sample] = []

# --- functions of one operand ----------------------------------------------------------------------------------------

for func in (
    *(np.sin, np.cos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.exp, np.exp2, np.expm1),
    *(np.positive, np.negative, np.square),
):
    SAMPLES += [case(func, normal(2, 3)), case(func, normal())]
for func in (np.degrees, np.rad2deg, np.radians, np.deg2rad):
    SAMPLES += [case(func, normal(3), real_only=True)]
for func in (np.tan, np.arcsin, np.arccos, np.arctanh):
    SAMPLES += [case(func, inside(2, 3)), case(func, inside())]
for func in (np.log, np.log2, np.log10, np.log1p, np.sqrt, np.reciprocal):
    SAMPLES += [case(func, positive(2, 3)), case(func, positive())]
SAMPLES += [case(np.arccosh, above_one(2, 3)), case(np.cbrt, distinct(2, 3), real_only=True)]
for func in (np.spacing, np.modf):
    SAMPLES += [case(func, distinct(2, 3), real_only=True), case(func, distinct(), real_only=True)]
SAMPLES += [
    case(np.frexp, given(0.3, -1.5, 3.0, 700.0), real_only=True),
]

# --- functions of two operands ---------------------------------------------------------------------------------------

for func in (np.add, np.subtract, np.multiply):
    SAMPLES += [
        case(func, normal(2, 3), normal(2, 3)),
        case(func, normal(2, 3), normal(3)),
        case(func, normal(2, 1), normal(1, 3)),
        case(func, normal(2, 3), normal()),
        case(func, normal(3), 2),
        case(func, 0.5, normal(3)),
        case(func, normal(3), WHOLE[1:]),
        case(func, normal(3), normal(3), dtype=np.complex128),
    ]
for func in (np.divide, np.power, np.float_power):
    SAMPLES += [
        case(func, positive(2, 3), positive(2, 3)),
        case(func, positive(2, 3), positive(3)),
        case(func, positive(1), positive(2, 3)),
        case(func, positive(), positive(3)),
        case(func, positive(3), 3),
        case(func, 2, positive(3)),
        case(func, 0.5, positive(3)),
    ]
for func in (np.power, np.float_power):
    SAMPLES += [case(func, distinct(2, 3), exponent) for exponent in (0, 1, 2, 3, -1, -2, 2.0, np.float64(3))]
    SAMPLES += [case(func, positive(2, 3), exponent) for exponent in (0.5, -0.5, 2.5)]
    SAMPLES += [
        case(func, distinct(4), WHOLE),
        case(func, distinct(4), WHOLE.astype(np.uint8)),
        case(func, distinct(4), WHOLE.astype(float)),
        case(func, WHOLE.astype(float)[1:], normal(3)),
        case(func, WHOLE[1:], normal(2, 3)),
    ]
for func in (np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.copysign):
    SAMPLES += [
        case(func, distinct(2, 3), between(2, 3), real_only=True),
        case(func, distinct(2, 1), between(3), real_only=True),
        case(func, distinct(3), -0.5, real_only=True),
        case(func, 2, distinct(3), real_only=True),
    ]
for func in (np.remainder, np.fmod, np.floor_divide, np.divmod):
    SAMPLES += [
        case(func, distinct(2, 3), given(0.8, -1.2, 0.4), real_only=True),
        case(func, distinct(3), 0.75, real_only=True),
        case(func, 5, given(0.8, -1.2, 0.4), real_only=True),
    ]
SAMPLES += [
    case(np.nextafter, normal(2, 3), normal(3), real_only=True),
    case(np.ldexp, normal(4), WHOLE, real_only=True),
    case(np.ldexp, normal(2, 4), 3, real_only=True),
]
SAMPLES += [case(np.signbit, normal(3), real_only=True)]
