"""Code that asks for the exact type."""

import numpy as np


def plain_by_exact_type(values, number):
    """Whether they are what NumPy and Python make themselves."""
    return type(values) is np.ndarray and type(number) is float


def whole_or_not(x):
    return type(x) is int
