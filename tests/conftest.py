"""What the tests share: Hypothesis profiles and a few fixtures."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import gradarray as ga
from gradarray.forward import protocols as forward
from gradarray.reverse import protocols
from gradarray.rules import registry
from gradarray.tape import plans, second

# Both draw the same examples on every run, so that a failure is always one of the commit at hand. Many examples are for
# a search by hand, which also takes the whole of each table (thoroughness.py): HYPOTHESIS_PROFILE=search pytest ...
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=25)
settings.register_profile(
    "search", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile(
    "long", deadline=None, max_examples=100_000, suppress_health_check=list(HealthCheck), print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


# Tests repeat a dozen times what has to be the same by the loop and by a plan.
plans.REPEATS = 8


def pytest_collection_finish() -> None:
    """Keep what pytest knows of the tests out of each collection of garbage: it lasts as long as they do anyway."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup() -> None:
    """Know of no tape that has come in another test: each does the same alone and among others."""
    plans._known.clear()
    second._known.clear()


@pytest.fixture
def rng() -> np.random.Generator:
    """A random generator that starts alike in every test."""
    return np.random.default_rng(20261124)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Keep NumPy from warning of infinite and undefined values, where a test is about them."""
    with np.errstate(all="ignore"):
        yield


@pytest.fixture
def without_collector() -> Iterator[None]:
    """Let what refers to itself stay. What was there before, such as the reports of earlier tests, is not looked at."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def restored_tables() -> Iterator[None]:
    """Forget what a test declares."""
    tables = (registry.RULES, protocols.UFUNCS, protocols.FUNCTIONS, forward.UFUNCS, forward.FUNCTIONS)
    before = [dict(table) for table in tables]
    yield
    declared = [func for func, rule in registry.RULES.items() if before[0].get(func) is not rule]
    for table, old in zip(tables, before, strict=True):
        table.clear()
        table.update(old)
    for func in declared:
        for forget in registry.forgetters:
            forget(func)


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a fresh interpreter elsewhere, with the package at hand that is being tested."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(ga.__file__).resolve().parents[1])},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )

    return run
