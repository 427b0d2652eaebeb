"""What editors and type checkers are told of the functions is what they return; mypy and pyright read typing/."""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
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
from gradarray.mirror import functions
from gradarray.mirror.mirrored import OneOrMore
from gradarray.reverse.methods import ArrayMethods
from gradarray.reverse.operators import _BINARY, _COMPARING, _UNARY
from gradarray.rules.signature import parameter_kinds
from tests.rules.test_rules import SAMPLES


def test_every_mirror_is_looked_at():
    # Those that not every NumPy has are declared within a condition, for which type checkers see them all the same.
    some = {"cumulative_prod", "cumulative_sum", "fix", "matvec", "unstack", "vecmat"}
    looked = {getattr(module, name) for module, name, _ in MIRRORS if module is functions}
    assert {getattr(functions, name) for name in set(functions.__all__) - some} == looked


def test_the_users_file_runs():
    runpy.run_path(str(Path(__file__).parent / "typing" / "user_code.py"))


GIVES = {
    **dict.fromkeys(("mirrored", "created", "converted", "unary", "binary", "generalized"), "Tensor"),
    **dict.fromkeys(("answering", "unary_answer", "binary_answer"), "Answering"),
}


def declared(module: ModuleType) -> dict[str, str]:
    """Return what each mirror of a module is said to give, by its own type or by that of the function that makes it."""
    said = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(node.value.func, ast.Name):
                assert isinstance(target, ast.Name)
                if target.id == "__getattr__":
                    continue
                of_its_own = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else None
                said[target.id] = of_its_own or GIVES[node.value.func.id]
    return said


MIRRORS = [(module, name, said) for module in (functions, linalg, fft) for name, said in declared(module).items()]
# The parameters by which functions of NumPy's are asked for more than one array.
ASKING = re.compile(r"ret\w+|full|cov|sparse|compute_uv")


def asked(call: Callable[..., Any]) -> set[str]:
    """Return the parameters by which something is asked for more than one array."""
    return {name for names in parameter_kinds(call) for name in names if ASKING.fullmatch(name)}


def results(mirror: Callable[..., Any], rng: np.random.Generator) -> list[tuple[Any, tuple[Any, ...], dict[str, Any]]]:
    """Return what a mirror makes of the samples of its function, with the arguments."""
    found = []
    for sample in SAMPLES.values():
        if sample.func is mirror.__wrapped__:
            args, kwargs = sample.fill(*[ga.tensor(operand.make(rng)) for operand in sample.operands])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append((mirror(*args, **kwargs), args, kwargs))
    return found


@pytest.mark.parametrize(("module", "name", "said"), MIRRORS, ids=[f"{m.__name__}.{name}" for m, name, _ in MIRRORS])
def test_what_is_said_to_give_a_tensor_does(module: ModuleType, name: str, said: str, rng: np.random.Generator) -> None:
    mirror = getattr(module, name)
    for result, args, kwargs in (found := results(mirror, rng)):
        more = (len(args) == 1) if said == "Chooses" else len(args) > 3 or any(map(ASKING.fullmatch, kwargs))
        assert type(result) is ga.Tensor or said == "Answering" or (said != "Tensor" and more)
    if said == "Answering" and found:
        assert not all(type(result) is ga.Tensor for result, _, _ in found)


@pytest.mark.parametrize(("module", "name", "said"), MIRRORS, ids=[f"{m.__name__}.{name}" for m, name, _ in MIRRORS])
def test_what_can_be_asked_for_more_says_so(module: ModuleType, name: str, said: str) -> None:
    func = getattr(module, name).__wrapped__
    if said == "OneOrMore":
        known = {node.arg for node in ast.walk(ast.parse(inspect.getsource(OneOrMore))) if isinstance(node, ast.arg)}
        assert asked(func) and asked(func) <= known
    elif said == "Tensor":
        assert not asked(func)


def operators() -> dict[str, str]:
    """Return as what each operator is declared to type checkers."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(ArrayMethods))):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id[0] == "_":
            found |= {target.id: node.value.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef) and node.name in ("__eq__", "__ne__"):
            found[node.name] = {"Any": "_answer"}[ast.unparse(node.returns or ast.Constant(None))]
    return found


def test_all_operators_are_declared():
    names = "|".join(op.name for op in (*_BINARY, *_COMPARING, *_UNARY))
    assert operators().keys() == {name for name in vars(ga.Tensor) if re.fullmatch(f"__[ri]?({names})__", name)}


@pytest.mark.parametrize("name", operators())
def test_what_is_said_of_an_operator_is_true(name: str) -> None:
    found = []
    for t in map(ga.tensor, ([1.0, 2.0], [1, 2], [True, True], 3.0, 3, np.ones((2, 2)))):
        for operand in (t, t.data, np.uint8(2), 2, None):
            with contextlib.suppress(TypeError, ValueError):
                args = () if operand is None else (operand,)
                found.append(getattr(t.copy(), name)(*args))
    found = [result for result in found if result is not NotImplemented]
    assert found and (operators()[name] == "_operator") == all(type(result) is ga.Tensor for result in found)
