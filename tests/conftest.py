"""What the tests share: Hypothesis profiles and a few fixtures."""

import os
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Both draw the same examples on every run, so that a failure is always one of the commit at hand. Many examples are for
# a search by hand: HYPOTHESIS_PROFILE=search pytest ...
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=25)
settings.register_profile(
    "search", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def rng() -> np.random.Generator:
    """A random generator that starts alike in every test."""
    return np.random.default_rng(20261124)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Keep NumPy from warning of infinite and undefined values, where a test is about them."""
    with np.errstate(all="ignore"):
        yield
