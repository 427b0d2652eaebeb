"""Who answers for arrays of another library, and that nobody else is asked."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.show.device import Device
from gradarray.show.operations import TABLE, array_for, weighted
from tests.sources import parsed

ROOT = Path(ga.__file__).parent
FEW = ("power", "where", "std", "softmax", "max", "concatenate", "solve", "places", "assignment", "augmented")


def test_without_such_arrays_their_libraries_are_not_imported() -> None:
    code = "import sys, numpy as np, gradarray as ga; ga.grad(lambda x: np.sum(x**2))(np.ones(3)); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"dask", "cupy", "gradarray.kernels.of_dask", "gradarray.kernels.of_cupy"} & set(told)


def test_a_backend_is_registered_for_a_class() -> None:
    class Wrong:
        pass

    with pytest.raises(TypeError, match=re.escape("an instance of gradarray.registry.Backend")):
        ga.registry.backend(Wrong, Wrong())
    for kind in (np.ndarray, np.float64, 3):
        with pytest.raises(TypeError, match="takes the class of another library's arrays"):
            ga.registry.backend(kind, ga.registry.Backend())


def test_an_array_for_which_nobody_answers_is_refused_as_before() -> None:
    class Unknown(Device):
        pass

    with pytest.raises(TypeError):
        ga.grad(lambda x: np.sum(x))(Unknown(np.ones(3)))


def test_results_that_are_no_numbers_to_differentiate_by_are_arrays_of_the_library() -> None:
    t = ga.tensor(Device(np.array([0.5, 2.0])))
    assert type(t > 1) is Device
    assert type(np.argsort(t)) is Device
    assert type(t.data) is type(t.detach().data) is type(ga.tensor(Device(np.arange(2))).data) is Device
    assert (t > 1).get().tolist() == [False, True]


def test_what_stands_beside_a_tensor_may_be_an_array_of_the_library() -> None:
    a = np.array([0.5, 2.0, 1.0])
    d, x = Device(a), ga.tensor(a)
    for y in (x * d, d * x, np.multiply(d, x), np.where(d > 1, d, 2.0) * x, x @ np.array([1.0, 1.0, 1.0]) * d):
        assert type(y) is ga.Tensor
        assert type(y.data) is Device
    np.sum(np.where(d > 0.7, d * x, x)).backward()
    assert x.grad.get().tolist() == [1.0, 2.0, 1.0]


def test_an_index_may_be_an_array_of_the_library() -> None:
    a = np.array([0.5, 2.0, 1.0])
    x = ga.tensor(Device(a))
    np.sum(x[Device(np.array([2, 0, 2]))] ** 2).backward()
    assert x.grad.get().tolist() == [1.0, 0.0, 4.0]
    np.sum(x[x > 0.7]).backward()
    assert x.grad.get().tolist() == [0.0, 1.0, 1.0]


def test_a_zero_from_a_selection_wins_where_one_may_look() -> None:
    x = ga.tensor(Device(np.array([-1.0, 0.0, 4.0])))
    with np.errstate(all="ignore"):
        np.sum(np.where(x > 0, np.sqrt(x), 0.0)).backward()
    assert x.grad.get().tolist() == [0.0, 0.0, 0.25]


def test_the_callers_array_is_not_written_into_and_may_be() -> None:
    a = Device(np.array([1.0, 2.0, 3.0]))
    x = ga.tensor(a)
    y = np.sum(x * x * a)
    a[0] = 100.0  # what a tape has saved is a copy
    y.backward()
    assert x.grad.get().tolist() == [2.0, 8.0, 18.0]
    x[1] = 7.0
    x *= 2.0
    assert a.get().tolist() == [100.0, 2.0, 3.0]
    given = x.data
    given[0] = -1.0
    assert x.data.get().tolist() == [2.0, 14.0, 6.0]


def test_an_update_leaves_what_was_saved() -> None:
    x = ga.tensor(Device(np.array([1.0, 2.0, 3.0])))
    y = x * 1.0
    z = y**3
    y[0] = 10.0
    y[1:] += 1.0
    np.sum(z + y).backward()
    assert x.grad.get().tolist() == [3.0, 13.0, 28.0]


def test_gradients_are_the_callers_own() -> None:
    x, y = ga.tensor(Device(np.ones(2))), ga.tensor(Device(np.ones(2)))
    np.sum(x + y).backward()
    x.grad[0] = 5.0
    assert y.grad.get().tolist() == [1.0, 1.0]
    assert x.grad.get().tolist() == [5.0, 1.0]
    x.grad = Device(np.zeros(2))
    assert x.grad.get().tolist() == [0.0, 0.0]
    x.null_grad()
    assert x.grad is None


def test_a_function_of_ones_own() -> None:
    @ga.custom_gradient
    def cube(x):
        return x**3, lambda g: g * 3 * x**2

    a = np.array([1.0, 2.0])
    for kind in (lambda v: v, Device):
        x = ga.tensor(kind(a))
        np.sum(cube(x) * 2).backward()
        assert np.array_equal(x.grad.get() if kind is Device else x.grad, 6 * a**2)


class Own(np.lib.mixins.NDArrayOperatorsMixin):
    """An array in a module of a user's, which makes ndarrays as drop-in mode would not."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)
        self.shape, self.dtype = self.values.shape, self.values.dtype

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if not all(isinstance(x, (Own, np.ndarray, np.generic, float, int)) for x in inputs):
            return NotImplemented
        return Own(getattr(ufunc, method)(*[x.values if isinstance(x, Own) else x for x in inputs], **kwargs))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return Own(func(*[x.values if isinstance(x, Own) else x for x in args], **kwargs))

    def __getitem__(self, index: Any) -> Any:
        return Own(self.values[index])

    def copy(self) -> Any:
        return Own(self.values.copy())


def test_the_class_of_the_arrays_is_left_alone_by_drop_in_mode() -> None:
    backend = ga.registry.Backend()
    backend.to_numpy = lambda x: x.values  # type: ignore[method-assign]
    ga.registry.backend(Own, backend)
    a = np.array([0.5, 1.0, 2.0])

    def f(w: Any) -> Any:
        return np.sum(np.sin(Own(a) * w[0]) * w[1])

    w = np.array([1.0, -2.0])
    found = ga.grad(f)(w)
    known = ga.grad(lambda w: np.sum(np.sin(a * w[0]) * w[1]))(w)
    np.testing.assert_allclose(found.values, known, rtol=1e-12)


# --- the gate ---------------------------------------------------------------------------------------------------------

# Questions to memory, which an array of another library does not answer. The rules ask them of plain ndarrays alone, in
# their faster ways.
MEMORY = {"base", "ctypes", "owndata", "__array_interface__"}


def test_the_rules_ask_nothing_of_memory() -> None:
    for path in sorted((ROOT / "rules").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        asked = {node.attr for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute)}
        assert module.startswith("rules.faster.") or not asked & MEMORY, f"{module} asks for {asked & MEMORY}"


def test_an_array_of_another_library_is_asked_by_the_kernels_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()

    def watched(x: Device, name: str) -> Any:
        module = sys._getframe(1).f_globals["__name__"]
        if module != Device.__module__ and name != "__class__":  # what isinstance() looks at
            asked.add((module.removeprefix("gradarray."), name))
        return object.__getattribute__(x, name)

    monkeypatch.setattr(Device, "__getattribute__", watched)
    few = [op for op in TABLE if op.name in FEW]
    assert len(few) == len(FEW)
    for op in few:
        a, f = array_for(op.form, 24), weighted(op.call)
        x = ga.tensor(Device(a))
        f(x).backward()
        assert type(x.grad) is Device
        for way in (ga.grad(f), ga.grad(ga.checkpoint(f)), ga.hessian(f), lambda d: ga.hvp(f)(d, d)):  # noqa: B023
            way(Device(a))
        ga.jvp(f, (Device(a),), (Device(a),))
        ga.vmap(ga.grad(f))(Device(np.stack([a, a])))
    # Of what it takes and hands out, a transform asks what every array has.
    usual = {(module, name) for module, name in asked if name in ("shape", "dtype")}
    assert not [*filter(lambda found: not found[0].startswith("kernels."), asked - usual)]
    rooms = {module.partition(".")[0] for module, _ in usual}
    assert rooms <= {"kernels", "transforms", "reverse"}
    assert ("kernels.backends", "copy") in asked


@pytest.mark.parametrize("module", ["of_dask", "of_cupy"])
def test_a_library_is_named_by_its_backend_alone(module: str) -> None:
    name = module.removeprefix("of_")
    for path in sorted(ROOT.rglob("*.py")):
        found = []
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.append(node.module or "")
        assert not any(x.split(".")[0] == name for x in found), f"{path.name} imports {name}"
