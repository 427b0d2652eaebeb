"""NumPy code that was written without a thought of derivatives: its values and derivatives, in each of three ways.

A program more is a function in one of the modules beside this file, and a line in the table.
"""

from __future__ import annotations

import ast
import builtins
import functools
import math
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from tests.idioms.programs import PROGRAMS, Program, differences

HERE = Path(__file__).parent
# Who runs plain NumPy code is not warned of anything.
pytestmark = pytest.mark.filterwarnings("error")
each = pytest.mark.parametrize("row", PROGRAMS, ids=str)


def bound_names(module: str = "") -> dict[str, Any]:
    """Return what the names of the programs' modules are bound to, and those in their classes, functions and tables.

    `module` takes one of them alone, with those inside it.
    """
    found = {}

    def look(path: str, value: Any) -> None:
        found[path] = value
        if isinstance(value, type) and value.__module__.startswith("tests.idioms"):
            inside = dict(vars(value))
        elif isinstance(value, types.FunctionType):
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            inside = {"code": value.__code__, "default": value.__defaults__, "keyword": value.__kwdefaults__}
            inside |= {str(k): v for k, v in enumerate([*(value.__defaults__ or ()), *cells])}
        elif isinstance(value, functools.partial):
            inside = {"func": value.func}
        elif isinstance(value, dict):
            inside = {str(k): v for k, v in value.items()}
        elif isinstance(value, list | tuple):
            inside = {str(k): v for k, v in enumerate(value)}
        else:
            return
        for name, part in inside.items():
            if f"{path}.{name}".count(".") < 9:
                look(f"{path}.{name}", part)

    spaces = [(name, vars(m)) for name, m in sys.modules.items() if name.startswith(f"tests.idioms.{module}")]
    for name, space in spaces:
        if "test_" not in name and name != "tests.idioms.programs":
            for attribute, value in list(space.items()):
                if not attribute.startswith("__"):
                    look(f"{name}.{attribute}", value)
    return found


def same_names(before: dict[str, Any], module: str = "") -> None:
    """A name more is all right if it says what it says anyway, as ``float`` bound to the builtin does."""
    after = bound_names(module)
    assert before.keys() <= after.keys()
    for path in after.keys() - before.keys():
        assert after[path] is getattr(builtins, path.rpartition(".")[2], None), path
    # What is made anew whenever it is asked for, such as a bound method, is compared by equality.
    assert not [k for k, v in before.items() if v is not after[k] and not (callable(v) and v == after[k])]


def same_value(row: Program, value: Any, plain: Any) -> None:
    value, plain = np.asarray(value), np.asarray(plain)
    assert value.dtype == plain.dtype and value.shape == plain.shape
    if row.exact:
        np.testing.assert_array_equal(value, plain)
    else:
        np.testing.assert_allclose(value, plain, rtol=1e-13, atol=1e-14)


def close(row: Program, found: Any, expected: Any) -> None:
    assert np.shape(found) == np.shape(expected)
    scale = max(1.0, float(np.max(np.abs(expected))))
    np.testing.assert_allclose(found, expected, rtol=row.tolerance, atol=row.tolerance * scale)


@pytest.fixture
def plain(row: Program) -> Iterator[Any]:
    """Give the value of the plain program, and see afterwards that it is plain again."""
    func, module = row.func, row.name.rpartition(".")[0]
    value, before = func(*row.arguments()), bound_names(module)
    yield value
    same_names(before, module)
    again = func(*row.arguments())
    assert type(again) is type(value)
    np.testing.assert_array_equal(again, value)


@each
def test_plain(row: Program) -> None:
    """The program itself runs, gives the same twice, is smooth where it is called, and leaves its arguments alone."""
    arguments = row.arguments()
    value = row.func(*arguments)
    np.testing.assert_array_equal(row.func(*row.arguments()), value)
    for argument, start in zip(arguments, row.arguments(), strict=True):
        np.testing.assert_array_equal(argument, start)
    assert np.asarray(value).dtype.kind == "f" and np.isfinite(value).all()
    for coarse, better in zip(*differences(row), strict=True):
        assert np.any(better), "the derivative tells nothing"
        np.testing.assert_allclose(coarse, better, rtol=1e-4, atol=1e-4 * max(1.0, np.max(np.abs(better))))


@each
def test_reverse(row: Program, plain: Any) -> None:
    argnums = tuple(range(len(row.start)))
    if np.ndim(plain):
        found = ga.jacobian(row.func, argnums)(*row.arguments())
    else:
        value, found = ga.value_and_grad(row.func, argnums)(*row.arguments())
        same_value(row, value, plain)
    for one, expected in zip(found, differences(row)[1], strict=True):
        assert type(one) is not ga.Tensor
        close(row, one, expected)


@each
def test_forward(row: Program, plain: Any, rng: np.random.Generator) -> None:
    tangents = [rng.normal(size=np.shape(a)) if np.ndim(a) else np.float64(rng.normal()) for a in row.arguments()]
    value, found = ga.jvp(row.func, row.arguments(), tangents)
    same_value(row, value, plain)
    expected = [np.tensordot(d, t, np.ndim(t)) for d, t in zip(differences(row)[1], tangents, strict=True)]
    close(row, found, np.sum(expected, axis=0))


@each
def test_tensors_in_a_block(row: Program, plain: Any, rng: np.random.Generator) -> None:
    cotangent = rng.normal(size=np.shape(plain))
    tensors = [ga.tensor(a) for a in row.arguments()]
    with ga.drop_in():
        value = row.func(*tensors)  # looked up in its module within the block, as a caller does
        value.backward(cotangent)
    assert isinstance(value, ga.Tensor)
    same_value(row, value.data, plain)
    for tensor, derivative in zip(tensors, differences(row)[1], strict=True):
        close(row, tensor.grad, np.tensordot(cotangent, derivative, np.ndim(cotangent)))


# --- math and cmath ---------------------------------------------------------------------------------------------------

# Of a number, without a derivative anywhere.
WITHOUT = {"nextafter", "ulp"}


def functions_of(module: types.ModuleType) -> set[str]:
    return {name for name, value in vars(module).items() if callable(value) and not name.startswith("_")}


def curves(table: str, module: str) -> Any:
    from tests.idioms import math_module

    names = functions_of(sys.modules[module])
    # Some are of newer Pythons.
    return [pytest.param(f, id=f"{module}.{name}") for name, f in getattr(math_module, table).items() if name in names]


ALL_CURVES = [*curves("CURVES", "math"), *curves("STEPS", "math"), *curves("COMPLEX_CURVES", "cmath")]


def test_every_function_of_math_has_a_curve() -> None:
    from tests.idioms import math_module

    tabled = math_module.CURVES.keys() | math_module.STEPS.keys()
    assert functions_of(sys.modules["math"]) - tabled == WITHOUT
    assert functions_of(sys.modules["cmath"]) <= math_module.COMPLEX_CURVES.keys()


@pytest.mark.parametrize("curve", ALL_CURVES)
def test_math(curve: Any) -> None:
    x, h = 0.37, 1e-4
    slopes = [(curve(x + s) - curve(x - s)) / (2 * s) for s in (h, h / 2)]
    expected = (4 * slopes[1] - slopes[0]) / 3
    assert math.isfinite(expected) and expected != 0
    value, found = ga.value_and_grad(curve)(x)
    np.testing.assert_allclose(value, curve(x), rtol=1e-14)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    np.testing.assert_allclose(ga.jvp(curve, (x,), (2.0,))[1], 2 * expected, rtol=1e-8)
    t = ga.tensor(x)
    with ga.drop_in():
        value = curve(t)
        value.backward()
    np.testing.assert_allclose(t.grad, expected, rtol=1e-8)
    assert isinstance(curve(x), float)


# --- the programs themselves ------------------------------------------------------------------------------------------

HABITS = """
zeros ones empty full eye identity tri diag linspace logspace geomspace arange mgrid ogrid ix_ r_ c_ indices meshgrid
zeros_like ones_like empty_like full_like fromiter frombuffer fromfunction hanning array asarray asanyarray
ascontiguousarray asfortranarray asarray_chkfinite atleast_1d atleast_2d atleast_3d require copy float64 float32 double
vectorize as_strided sliding_window_view ndenumerate ndindex nditer apply_along_axis piecewise sum max min mean std var
prod median ptp average dot power norm solve det inv cross interp trapezoid polyval where clip concatenate stack hstack
vstack append insert delete abs sorted pow divmod round float int complex item tolist isinstance issubclass copy
deepcopy partial wraps lru_cache cached_property staticmethod classmethod property namedtuple NamedTuple dataclass
field replace default_rng RandomState seed randn rand normal copyto fill flat put place fill_diagonal at out dtype
sort argsort isfinite allclose errstate catch_warnings suppress print format fft ifft irfft njit cholesky eigh svd
logsumexp softmax cho_factor lu_factor solve_triangular expm block_diag map filter zip enumerate reversed range
combinations accumulate pairwise send
"""


def used_names() -> set[str]:
    found = set()
    for path in HERE.rglob("*.py"):
        if path.name.startswith(("test_", "programs")):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
            elif isinstance(node, ast.alias):
                found.add(node.name)
    return found


def test_every_habit_is_there() -> None:
    assert set(HABITS.split()) - used_names() == set()


def test_the_programs_know_nothing_of_derivatives() -> None:
    for path in HERE.rglob("*.py"):
        if not path.name.startswith(("test_", "programs", "failing")):
            assert "gradarray" not in path.read_text(encoding="utf-8"), path
