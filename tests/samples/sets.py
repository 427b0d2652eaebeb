"""Samples of the set functions."""

from __future__ import annotations

import numpy as np

from . import Sample, between, case, distinct

SAMPLES: list[Sample] = [
    case(np.unique, distinct(2, 3)),
    case(np.unique, distinct(5), return_index=True, return_inverse=True, return_counts=True),
    case(np.unique, distinct(3, 2), axis=0, equal_nan=False),
    case(np.unique, distinct(2, 3), axis=-1, return_inverse=True),
    case(np.unique_all, distinct(2, 3)),
    case(np.unique_counts, distinct(5)),
    case(np.unique_inverse, distinct(5)),
    case(np.unique_values, distinct(5), order=0),
    case(lambda x: np.sort(np.unique_values(x)), distinct(5), covers=(np.unique_values,)),
    case(np.union1d, distinct(2, 3), between(4)),
    case(np.intersect1d, distinct(5), np.array([1.0, 2.0]), order=0),
    case(lambda x: np.intersect1d(x, np.sort(x)[1:3]), distinct(5), covers=(np.intersect1d,)),
    case(lambda x: np.intersect1d(x, np.flip(x)[1:4], assume_unique=True, return_indices=True), distinct(5)),
    case(np.setdiff1d, distinct(2, 3), between(4)),
    case(lambda x: np.setdiff1d(x, x[2:4], assume_unique=True), distinct(5)),
    case(np.setxor1d, distinct(2, 3), between(4)),
    case(np.setxor1d, distinct(5), between(4), assume_unique=True),
    case(lambda x: np.setxor1d(x[:4], x[2:]), distinct(6)),
]

if "sorted" in str(np.unique.__doc__).partition("Returns")[0]:  # NumPy 2.3
    SAMPLES += [
        case(np.unique, distinct(5), sorted=False, order=0),
        case(lambda x: np.sort(np.unique(x, sorted=False)), distinct(2, 3), covers=(np.unique,)),
        case(np.unique, distinct(5, 2), sorted=False, return_index=True, axis=0),
    ]
