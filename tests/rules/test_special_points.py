"""The guide's table of special points: each line is a test."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradarray as ga
from gradarray.show.pages import chapter

LINES = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", chapter("special-points"), re.MULTILINE)
NUMBERS = {"inf": np.inf, "nan": np.nan}


def test_the_table_is_there():
    assert len(LINES) > 30


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("function", "point", "derivative"), LINES, ids=lambda text: text)
def test_the_derivative_is_what_the_table_says(function, point, derivative):
    values = re.findall(r"(\w) = (.+?)(?=, \w = |$)", point)
    variables = {name: ga.tensor(eval(value, NUMBERS)) for name, value in values}
    eval(function, {"np": np, "ga": ga}, variables).backward()
    expected = eval(f"({derivative},)", NUMBERS)
    assert len(expected) == len(variables)
    for x, gradient in zip(variables.values(), expected, strict=True):
        np.testing.assert_array_equal(x.grad, gradient)
