"""Each row of the table: its name is missing here, and what it says to write gives what the other library gives."""

from __future__ import annotations

import ast
import importlib
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga
from gradarray.elsewhere.answers import LIBRARIES, differences, table
from gradarray.elsewhere.names import ON_ARRAYS
from gradarray.elsewhere.rows import Difference, Row

ROWS = [(library, row) for library, sections in table().items() for rows in sections.values() for row in rows]

X = np.array([[0.5, -1.2, 2.0], [1.5, 0.3, -0.7]])
ARRAYS = {
    "x": X,
    "y": np.array([[1.1, 0.4, -2.0], [0.2, 1.3, 0.9]]),
    "z": X.reshape(3, 2) + 0.1,
    "v": np.array([0.31, -0.83, 1.1]),
    "u": np.array([1.7, 0.6, -0.4]),
    "t": np.array([0.2, 0.9, -1.4]),
    "p": np.array([0.2, 0.3, 0.5]),
    "q": np.array([1.0, 0.0, 1.0]),
    "A": np.array([[3.0, 0.5, 0.2], [0.5, 2.0, 0.4], [0.2, 0.4, 1.0]]),
    "B": np.array([[1.0, 0.3, 0.7], [0.0, 2.0, 0.6], [0.4, 0.1, 1.5]]),
    "C": np.arange(8.0).reshape(2, 2, 2) / 4 - 0.9,
    "s": np.array(0.7),
    "images": np.cos(np.arange(144.0) ** 2).reshape(2, 3, 4, 6),
    "filters": np.sin(np.arange(48.0) ** 2).reshape(4, 3, 2, 2),
    "bias": np.array([0.1, -0.2, 0.3, 0.0]),
}
# Constants, of whole numbers and truth values, and numbers.
PLAIN = {
    "index": np.array([[2, 0, 1], [0, 1, 2]]),
    "order": np.array([2, 0, 1]),
    "repeated": np.array([2, 0, 2]),
    "labels": np.array([2, 0]),
    "mask": X > 0,
}
NUMBERS = {"axis": 1, "shape": (3, 2), "low": -0.5, "high": 0.5}
# As the globals of a module that is the user's own, in which transforms bind names.
USERS = {"__name__": "users"}
CODE = """
def f(v): return (v ** 3 + v).sum()
def F(v): return v ** 2 + 3 * v
"""


class Library(NamedTuple):
    """How the other side is had: its names, what makes its arrays of NumPy's, and what makes NumPy's of them."""

    names: dict[str, Any]
    array: Callable[[Any], Any]


def peer(library: str) -> Library:
    """Import a library with its names as its users write them."""
    if library == "PyTorch":
        torch = pytest.importorskip("torch", reason="compares with PyTorch")
        return Library({"torch": torch}, lambda a: torch.from_numpy(np.array(a)))
    if library == "JAX":
        jax = pytest.importorskip("jax", reason="compares with JAX")
        for name in (
            "scipy.linalg",
            "scipy.special",
            "scipy.stats",
            "scipy.optimize",
            "flatten_util",
            "experimental.sparse",
        ):
            importlib.import_module(f"jax.{name}")
        return Library({"jax": jax, "jnp": jax.numpy}, jax.numpy.asarray)
    if library == "MyGrad":
        mg = pytest.importorskip("mygrad", reason="compares with MyGrad")
        for name in ("nnet", "operation_base", "math.exp_log.funcs", "indexing_routines.funcs", "no_grad_funcs"):
            importlib.import_module(f"mygrad.{name}")
        return Library({"mg": mg}, lambda a: mg.tensor(a) if a.dtype.kind == "f" else a)
    autograd = pytest.importorskip("autograd", reason="compares with autograd")
    for name in (
        "numpy",
        "scipy.special",
        "scipy.stats",
        "misc.optimizers",
        "test_util",
        "extend",
        "builtins",
        "tracer",
    ):
        importlib.import_module(f"autograd.{name}")
    return Library({"autograd": autograd, "np": autograd.numpy}, np.array)


def space(names: dict[str, Any], array: Callable[[Any], Any], plain: Callable[[Any], Any]) -> dict[str, Any]:
    given = {**USERS, "np": np, **names, **NUMBERS}
    given |= {name: array(a.copy()) for name, a in ARRAYS.items()}
    given |= {name: plain(a.copy()) for name, a in PLAIN.items()}
    given["a"] = X.copy()  # NumPy's own
    exec(CODE, given)
    return given


def code_of(write: str) -> str:
    """Return the part of a right-hand side that is code: words may lead to it by "as in"."""
    return write.rpartition("as in ")[2]


def result(code: str, names: dict[str, Any]) -> Any:
    """Run code, and return the value of its last line, or of what that assigns to."""
    lines = ast.parse(code).body
    last = lines.pop() if isinstance(lines[-1], ast.Expr) else None
    exec(compile(ast.Module(lines, []), "<row>", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "<row>", "eval"), names)
    end: Any = lines[-1]
    while hasattr(end, "body"):
        end = end.body[-1]
    target = end.targets[0] if isinstance(end, ast.Assign) else end.target if isinstance(end, ast.AugAssign) else None
    while isinstance(target, (ast.Subscript, ast.Attribute)):
        target = target.value
    return names[target.id] if isinstance(target, ast.Name) else None


def plain(value: Any) -> Any:
    """Return a value as NumPy's arrays, in lists."""
    if isinstance(value, dict):
        return [plain(value[name]) for name in sorted(value)]
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    for name in ("detach", "numpy", "data"):
        if name != "data" or isinstance(value, ga.Tensor) or type(value).__module__.startswith("mygrad"):
            part = getattr(value, name, value)
            value = part() if name != "data" and callable(part) else part
    return np.asarray(value)


def same(left: Any, right: Any) -> None:
    if isinstance(left, list) and isinstance(right, list):
        assert len(left) == len(right)
        for part, other in zip(left, right, strict=True):
            same(part, other)
        return
    left, right = np.asarray(left), np.asarray(right)
    assert left.shape == right.shape
    if left.dtype.kind in "OU":
        assert left.tolist() == right.tolist()
        return
    assert left.dtype.kind in (right.dtype.kind, *"iu") or {left.dtype.kind, right.dtype.kind} <= {"i", "u"}
    np.testing.assert_allclose(left, right, 1e-6 if np.float32 in (left.dtype, right.dtype) else 1e-10, 1e-12)


def ours() -> dict[str, Any]:
    return space({"ga": ga, "rng": ga.random.default_rng(0), "scipy": sys.modules.get("scipy")}, ga.tensor, lambda a: a)


def identify(row: Any) -> str:
    return row.name if isinstance(row, Row) else str(row)


# The numbers are those of arrays with negative elements, too, where logarithms have none.
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning", "error::gradarray.GradientLossWarning")
@pytest.mark.parametrize(("library", "row"), ROWS, ids=identify)
def test_what_a_row_says_runs_and_gives_the_same_numbers(library: str, row: Row) -> None:
    if "scipy" in row.write:
        for name in ("linalg", "special"):
            pytest.importorskip(f"scipy.{name}", reason="the row is about SciPy")
    here = ours()
    found = result(code_of(row.write), here)
    if row.alone:
        return
    there = peer(library)
    theirs = space(there.names, there.array, there.array)
    scope = there.names["jax"].enable_x64(True) if library == "JAX" else np.errstate()
    with scope:
        theirs = space(there.names, there.array, there.array)
        expected = result(row.theirs, theirs)
        if found is None or expected is None:
            assert (
                any(not np.array_equal(plain(here[name]), ARRAYS[name]) for name in ("x", "v"))
                or "backward" in row.name
            )
        else:
            same(plain(found), plain(expected))
        if library in ("PyTorch", "MyGrad"):  # what is changed in place
            for name in ("x", "v"):
                if ".unsqueeze_(" not in row.theirs:
                    same(plain(here[name]), plain(theirs[name]))


def test_the_names_of_rows_are_missing() -> None:
    """Or a name is there, and its row notes what is otherwise."""
    there = []
    for library, row in ROWS:
        owner, _, name = row.name.rpartition(".")
        if row.name.endswith(("=", "=)", "()")) or "[" in row.name:
            continue
        objects = {"": ga, "Tensor": ga.tensor(1.0), "Optimizer": ga.nnet.optimizers.sgd(0.1)}
        holder: Any = objects[owner] if owner in objects else getattr(ga, owner, None)
        if hasattr(holder, name) and not row.note:
            there.append(f"{library}: {row.name}")
    assert not there, "these names are there now: their rows go, or note what is otherwise"


DIFFERENCES = [(library, difference) for library, found in differences().items() for difference in found]


def gives(code: str, names: dict[str, Any], value: str) -> None:
    """Check what code gives: a literal, or the name of an error or warning."""
    if value.isidentifier() and value not in ("None", "True", "False"):
        with pytest.raises(Exception) as caught:
            result(code, names)
        assert caught.type.__name__ == value
        return
    found, expected = result(code, names), eval(value, {"nan": np.nan})
    if expected is None:
        assert found is None
    else:
        np.testing.assert_allclose(np.array(plain(found)), expected, 1e-6)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning", "error::gradarray.GradientLossWarning")
@pytest.mark.parametrize(("library", "difference"), DIFFERENCES, ids=lambda x: getattr(x, "what", x))
def test_a_difference_is_as_it_says(library: str, difference: Difference) -> None:
    gives(difference.write, {**USERS, "np": np, "ga": ga}, difference.here)
    gives(difference.theirs, {"np": np, **peer(library).names}, difference.there)


def test_every_name_stands_once() -> None:
    several = [key for key, n in Counter((library, row.name) for library, row in ROWS).items() if n > 1]
    assert not several


def test_the_names_on_arrays_are_those_of_the_rows() -> None:
    named = {row.name.removeprefix("Tensor.") for _, row in ROWS if row.name.startswith("Tensor.")}
    assert named == ON_ARRAYS, "gradarray/elsewhere/names.py is the list that is known before the table is loaded"


def test_there_are_rows_for_each_library() -> None:
    count = Counter(library for library, _ in ROWS)
    assert count.keys() == set(LIBRARIES.values())
    assert count.total() >= 200
