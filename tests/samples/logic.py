"""Samples of truth values and comparisons."""

import numpy as np

from . import Sample, case, given, normal

SAMPLES: list[Sample] = []

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
