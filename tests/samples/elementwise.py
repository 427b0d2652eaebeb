"""Samples of the mathematical functions that work element by element, in the order of rules/elementwise.py."""

import numpy as np
from numpy.testing.overrides import get_overridable_numpy_ufuncs

from . import Sample, above_one, between, case, distinct, given, inside, normal, positive

WHOLE = np.array([0, 1, 2, 3])  # exponents

SAMPLES: list[Sample] = []

# --- functions of one operand ----------------------------------------------------------------------------------------

for func in (
    *(np.sin, np.cos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.exp, np.exp2, np.expm1),
    *(np.positive, np.negative, np.square, np.conjugate, np.real, np.imag, np.sinc),
):
    SAMPLES += [case(func, normal(2, 3)), case(func, normal())]
for func in (np.degrees, np.rad2deg, np.radians, np.deg2rad):
    SAMPLES += [case(func, normal(3), real_only=True)]
for func in (np.tan, np.arcsin, np.arccos, np.arctanh):
    SAMPLES += [case(func, inside(2, 3)), case(func, inside())]
for func in (np.log, np.log2, np.log10, np.log1p, np.sqrt, np.reciprocal):
    SAMPLES += [case(func, positive(2, 3)), case(func, positive())]
SAMPLES += [case(np.arccosh, above_one(2, 3)), case(np.cbrt, distinct(2, 3), real_only=True)]
for func in (np.absolute, np.sign):
    SAMPLES += [case(func, distinct(2, 3))]
fix = (np.fix,) if hasattr(np, "fix") else ()  # deprecated since NumPy 2.5
for func in (np.fabs, np.rint, np.around, np.floor, np.ceil, np.trunc, *fix, np.spacing, np.modf):
    SAMPLES += [case(func, distinct(2, 3), real_only=True), case(func, distinct(), real_only=True)]
SAMPLES += [
    case(np.frexp, given(0.3, -1.5, 3.0, 700.0), real_only=True),
    case(np.unwrap, given(0.5, 2.1, 9.0, 3.0, -4.0), real_only=True),
    case(
        np.unwrap, given(0.3, 1.2, -0.6, 0.9, 2.6, 1.9, shape=(2, 3)), axis=0, discont=0.7, period=2.0, real_only=True
    ),
    case(np.round, given(0.31, -1.22, 2.58), decimals=1, real_only=True),
    case(np.around, given(0.31, -1.22, 2.58), 2, real_only=True),
    case(np.round, distinct(4), -1),
    case(np.real, distinct(3)),
    case(np.angle, distinct(2, 3)),
    case(np.angle, distinct(3), deg=True),
    case(np.real_if_close, normal(3)),
    case(np.real_if_close, normal(3), tol=1e30),
    case(np.nan_to_num, given(0.5, np.nan, np.inf, -np.inf, -2.0)),
    case(np.nan_to_num, given(0.5, np.nan, np.inf, -np.inf), nan=3.0, posinf=4.0, neginf=-4.0),
    case(np.nan_to_num, normal(2, 3), copy=True),
    case(np.sinc, given(0.0, 1e-9, 1e-3, 0.2, 0.5, 1.0, -2.0, 30.0)),
    case(np.i0, normal(2, 3), real_only=True),
    case(np.i0, given(0.0, 1e-6, -7.5, 40.0), real_only=True),
]

# Behind the attributes real and imag are ufuncs since NumPy 2.5, for complex numbers alone.
SAMPLES += [
    case(lambda x, ufunc=ufunc: ufunc((0.5 + 1j) * x), normal(*shape), covers=(ufunc,))
    for ufunc in get_overridable_numpy_ufuncs()
    if ufunc.__name__ in ("real", "imag")
    for shape in ((2, 3), ())
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
for func in (np.maximum, np.minimum, np.fmax, np.fmin):
    SAMPLES += [
        case(func, distinct(2, 3), between(2, 3)),
        case(func, distinct(2, 1), between(3)),
        case(func, distinct(2, 3), 0),
        case(func, 0.0, distinct(3)),
        case(func, given(0.5, np.nan, 1.0, np.inf, -1.0, -np.inf), given(1.5, 1.5, np.nan, 2.0, np.inf, 0.0)),
    ]
for func in (np.remainder, np.fmod, np.floor_divide, np.divmod):
    SAMPLES += [
        case(func, distinct(2, 3), given(0.8, -1.2, 0.4), real_only=True),
        case(func, distinct(3), 0.75, real_only=True),
        case(func, 5, given(0.8, -1.2, 0.4), real_only=True),
    ]
SAMPLES += [
    case(np.heaviside, distinct(2, 3), normal(3), real_only=True),
    case(np.heaviside, np.array([-1.0, 0.0, 2.0]), normal(3), real_only=True),
    case(np.nextafter, normal(2, 3), normal(3), real_only=True),
    case(np.ldexp, normal(4), WHOLE, real_only=True),
    case(np.ldexp, normal(2, 4), 3, real_only=True),
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
]
if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
    SAMPLES += [
        case(np.clip, distinct(2, 3), min=-0.5, max=0.7),
        case(np.clip, distinct(2, 3), min=between(2, 3)),
        case(np.clip, distinct(2, 3), max=0.7),
        case(np.clip, distinct(2, 3)),
    ]

# --- automatic domain ------------------------------------------------------------------------------------------------

for func in (np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10):
    SAMPLES += [case(func, positive(2, 3)), case(func, distinct(3))]
for func in (np.emath.arccos, np.emath.arcsin, np.emath.arctanh):
    SAMPLES += [case(func, inside(2, 3)), case(func, given(-1.5, 0.3, 1.7))]
SAMPLES += [
    case(np.emath.logn, above_one(3), distinct(2, 3)),
    case(np.emath.logn, -2.0, positive(3)),
    case(np.emath.power, positive(2, 3), normal(3)),
    case(np.emath.power, distinct(3), normal(3)),
    case(np.emath.power, distinct(3), np.array([2, -1, 3])),
    case(np.emath.power, 2, normal(3)),
]

# --- truth values ----------------------------------------------------------------------------------------------------

for func in (np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.iscomplexobj, np.isrealobj, np.all, np.any):
    SAMPLES += [case(func, given(1.0, np.inf, -np.inf, 0.0))]
for func in (np.isclose, np.allclose, np.array_equal, np.array_equiv, np.equal, np.not_equal):
    SAMPLES += [case(func, normal(2, 3), normal(2, 3))]
for func in (np.less, np.less_equal, np.greater, np.greater_equal):
    SAMPLES += [case(func, normal(2, 3), normal(2, 3)), case(func, normal(3), 0)]
for func in (np.logical_and, np.logical_or, np.logical_xor):
    SAMPLES += [case(func, normal(3), normal(3))]
for func in (np.isfinite, np.isinf, np.isnan, np.logical_not):
    SAMPLES += [case(func, given(1.0, np.nan, np.inf, 0.0))]
SAMPLES += [case(np.signbit, normal(3), real_only=True)]
