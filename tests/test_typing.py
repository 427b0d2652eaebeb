"""What editors and type checkers are told of the functions is what they return; mypy and pyright read typing/."""

from __future__ import annotations

import ast
import inspect
import runpy
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray import fft, linalg
from tests.test_rules import SAMPLES


def test_the_users_file_runs():
    runpy.run_path(str(Path(__file__).parent / "typing" / "user_code.py"))


def declared(module: ModuleType) -> dict[str, str]:
    """Return by which function each mirror of a module is made, as its source says."""
    made = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            (target,) = node.targets
            assert isinstance(target, ast.Name)
            made[target.id] = node.value.func.id
    return made


MIRRORS = [(module, name, by) for module in (ga, linalg, fft) for name, by in declared(module).items()]


def results(mirror: Callable[..., Any], rng: np.random.Generator) -> list[Any]:
    """Return what a mirror makes of the samples of its function."""
    found = []
    for sample in SAMPLES.values():
        if sample.func is mirror.__wrapped__:
            args, kwargs = sample.fill(*[ga.tensor(operand.make(rng)) for operand in sample.operands])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append(mirror(*args, **kwargs))
    return found


# These give several arrays where a keyword asks for it, and are seldom called so: editors are told of one array.
SELDOM = {"average", "linspace"}


@pytest.mark.parametrize(("module", "name", "by"), MIRRORS, ids=[f"{m.__name__}.{name}" for m, name, _ in MIRRORS])
def test_what_is_said_to_give_a_tensor_does(module: ModuleType, name: str, by: str, rng: np.random.Generator) -> None:
    found = results(getattr(module, name), rng)
    if by in ("mirrored", "created", "converted") and name not in SELDOM:
        assert all(type(result) is ga.Tensor for result in found)
    elif by == "answering" and found:
        assert not all(type(result) is ga.Tensor for result in found)
