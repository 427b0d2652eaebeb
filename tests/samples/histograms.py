"""Samples of the histograms."""

from __future__ import annotations

import numpy as np

from . import Sample, case, distinct, given, normal, positive
from .statistics import COUNTS

PLACES = np.array([0.1, 0.3, 0.35, 0.9, 1.0])

SAMPLES: list[Sample] = [
    case(np.histogram, PLACES, 4, density=True, weights=positive(5)),
    case(np.histogram, PLACES, [0.0, 0.3, 0.5, 1.0], weights=normal(5)),
    case(np.histogram, PLACES, range=(0.2, 0.95), weights=normal(5)),
    case(np.histogram, distinct(12), bins=5, density=True, real_only=True),
    case(np.histogram, distinct(12), bins=given(-2.0, -1.3, 0.3, 3.0), density=True, real_only=True),
    case(np.histogram2d, distinct(12), distinct(12), 3, density=True, real_only=True),
    case(np.histogram2d, distinct(8), distinct(8), [2, 3], [None, (-1, 1.02)], weights=normal(8), real_only=True),
    case(np.histogram2d, PLACES, PLACES[::-1], [0.0, 0.3, 1.0], weights=normal(5), real_only=True),
    case(np.histogramdd, distinct(12, 3), 3, real_only=True),
    case(np.histogramdd, [distinct(6), distinct(6)], (2, [-1.9, 0.0, 1.4]), None, True, positive(6), real_only=True),
    case(np.histogram_bin_edges, distinct(12), 4, real_only=True),
    case(np.histogram_bin_edges, distinct(12), "sturges", real_only=True),
    case(np.histogram_bin_edges, given(1.5, 1.5, 1.5), 3, real_only=True, order=0),
    case(np.bincount, COUNTS, normal(5), real_only=True),
    case(np.bincount, COUNTS, weights=normal(5), minlength=6, real_only=True),
]
