"""Samples of the functions on complex numbers, and of those that go over to them."""

import numpy as np
from numpy.testing.overrides import get_overridable_numpy_ufuncs

from . import Sample, above_one, case, distinct, given, inside, normal, positive

SAMPLES: list[Sample] = []

for func in (np.conjugate, np.real, np.imag):
    SAMPLES += [case(func, normal(2, 3)), case(func, normal())]
SAMPLES += [
    case(np.real, distinct(3)),
    case(np.angle, distinct(2, 3)),
    case(np.angle, distinct(3), deg=True),
    case(np.real_if_close, normal(3)),
    case(np.real_if_close, normal(3), tol=1e30),
    case(np.real_if_close, normal(3), tol=1e-3),
]

# Behind the attributes real and imag are ufuncs since NumPy 2.5, for complex numbers alone.
SAMPLES += [
    case(lambda x, ufunc=ufunc: ufunc((0.5 + 1j) * x), normal(*shape), covers=(ufunc,))
    for ufunc in get_overridable_numpy_ufuncs()
    if ufunc.__name__ in ("real", "imag")
    for shape in ((2, 3), ())
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
