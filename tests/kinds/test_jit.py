"""A program is NumPy's calls on its own arrays: with others, functions are carried out as they are."""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.show.device import Device
from gradarray.show.operations import TABLE, Trial, array_for, weighted

BACKENDS = ["numpy", *(["numba"] if importlib.util.find_spec("numba") else [])]
FEW = [op for op in TABLE if op.name in ("power", "where", "softmax", "cumsum", "assignment")]
OWN = re.escape("and a program is NumPy's calls on NumPy's own arrays")

backends = pytest.mark.parametrize("backend", BACKENDS)
operations = pytest.mark.parametrize("op", FEW, ids=[op.name for op in FEW])


@pytest.fixture(params=["device", "dask"])
def kind(request: pytest.FixtureRequest) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return what makes an array of another library of an ndarray, and an ndarray of that."""
    if request.param == "device":
        return Device, lambda x: x.get()
    counting = request.getfixturevalue("computed")

    def values(x: Any) -> Any:
        assert counting.count == 0, "chunks were computed"
        found = x.compute()
        counting.count = 0
        return found

    return lambda a: pytest.importorskip("dask.array").from_array(a, chunks=tuple([n // 2 for n in a.shape])), values


def functions(op: Trial) -> dict[str, Callable[..., Any]]:
    return {"f": op.call, "grad": ga.grad(weighted(op.call)), "vmap": ga.vmap(np.sum)}


@backends
@operations
def test_of_arguments_it_is_said_once_and_the_result_is_right(op: Trial, backend: str, kind: Any) -> None:
    make, values = kind
    a = array_for(op.form, 24)
    for f in functions(op).values():
        with pytest.warns(ga.JitWarning, match=f"an argument is a .*{OWN}") as said:
            jitted = ga.jit(f, backend=backend)
            found = [jitted(make(k * a)) for k in (1, 2)]
        assert [w.category for w in said].count(ga.JitWarning) == 1
        for k, x in enumerate(found, 1):
            assert type(x) is type(make(a))
            np.testing.assert_allclose(values(x), f(k * a), rtol=1e-12)
        with pytest.raises(ga.JitError, match=OWN):
            ga.jit(f, backend=backend, strict=True)(make(a))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_allclose(jitted(a), f(a), rtol=1e-12)  # of which there is a program
        assert len(jitted._runs) == 1


@backends
@pytest.mark.parametrize("derived", [False, True])
def test_of_what_a_function_finds_or_makes(derived: bool, backend: str, kind: Any) -> None:
    make, values = kind
    a, weights = np.linspace(0.5, 1.5, 12).reshape(4, 3), np.array([1.0, -2.0, 0.5])
    data = make(a)

    def found(w: Any) -> Any:
        return np.sum(np.sin(data * w[0]) * w[1])

    def made(w: Any) -> Any:
        return np.sum(np.sin(make(a) * w[0]) * w[1])

    def known(w: Any) -> Any:
        return np.sum(np.sin(a * w[0]) * w[1])

    for f in (found, made):
        way = ga.grad if derived else lambda g: g
        with pytest.warns(ga.JitWarning, match="is carried out without a program"):
            jitted = ga.jit(way(f), backend=backend)
            results = [jitted(k * weights) for k in range(1, 7)]
        for k, x in enumerate(results, 1):
            np.testing.assert_allclose(values(x), way(known)(k * weights), rtol=1e-12)
        with pytest.raises(ga.JitError):
            ga.jit(way(f), backend=backend, strict=True)(weights)


def test_within_a_transform_it_is_recorded(kind: Any) -> None:
    make, values = kind
    a = np.linspace(0.5, 1.5, 6)
    f = ga.jit(lambda x: np.sum(np.sin(x) * x))
    np.testing.assert_allclose(values(ga.grad(f)(make(a))), ga.grad(f)(a), rtol=1e-12)
