"""The sample table by programs: written at one point, right at others, to the last bit."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.transforms.containers import flatten
from tests.checks import SAMPLES
from tests.samples import Sample

pytestmark = pytest.mark.filterwarnings("ignore")

# What differs in last digits: values that decide over the way to a derivative are not looked at while a program is
# written, so that one program is right for all of them, and the way that is always right rounds otherwise.
NEAR = {
    **dict.fromkeys(
        ("prod", "nanprod", "cumprod", "nancumprod", "cumulative_prod", "apply_over_axes"),
        "products of plain arrays without zeros are divided by each factor",
    ),
}
NEAREST = 1e-12


def points(sample: Sample) -> Iterator[list[np.ndarray]]:
    """Yield operands of other values, signs and orders; of the first ones, with ties, zeros, and a NaN."""
    for k in range(3):
        yield [operand.make(np.random.default_rng(k)) for operand in sample.operands]
    for value in (None, 0.0, np.nan):
        found = [operand.make(np.random.default_rng(0)) for operand in sample.operands]
        for x in found:
            if x.size:
                x.flat[: (x.size + 1) // 2] = x.flat[-1] if value is None else value
        yield found
