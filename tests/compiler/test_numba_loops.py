"""Loops that stay loops in what is handed to Numba, mostly carried out by Python itself: as NumPy's program does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler import jit as jit_module
from gradarray.compiler.machine import backend, found
from gradarray.transforms.containers import flatten
from tests.compiler.test_loops import KINDS, Random, copied
from tests.compiler.test_numba_parts import agrees, interpreted

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for loops in short programs too, and carry out what would be compiled."""
    monkeypatch.setattr(jit_module, "need_numba", lambda: None)
    monkeypatch.setattr(backend, "compile_text", interpreted)
    monkeypatch.setattr(found, "LONG", 8)


def compared(g: Any, *points: Any) -> bool:
    """Compare a program with NumPy's, also in what becomes of its arguments; tell whether it has compiled loops."""
    run, plain = ga.jit(g, strict=True, backend="numba"), ga.jit(g, strict=True)
    for point in [p for p in points for _ in range(3)]:
        mine, others = copied(point), copied(point)
        found, expected = flatten((run(*mine), mine))[0], flatten((plain(*others), others))[0]
        assert agrees([np.asarray(x) for x in found], [np.asarray(x) for x in expected]), (found, expected)
    return any("    for t" in run.source(*copied(point)) for point in points)


@pytest.mark.parametrize("f", KINDS)
def test_kinds_of_loops(f: Any) -> None:
    x = np.random.default_rng(1).normal(size=12)
    compared(f, [x], [x * 0.9], [-x])
    assert compared(ga.value_and_grad(f), [x], [x * 0.9], [-x])


@pytest.mark.parametrize("seed", [*range(200, 212), *range(213, 224)])
def test_random_programs(seed: int) -> None:
    f = Random(seed).function()
    rng = np.random.default_rng(seed)
    x, a, ws = rng.normal(size=10), rng.normal(size=(6, 4)), [rng.normal(size=(4, 4)) for _ in range(5)]
    points = [x, a, ws], [x * 0.9, a, ws], [-x, a * 1.1, [0.5 * w for w in ws]]
    with np.errstate(all="ignore"):
        compared(ga.value_and_grad(f, (0, 1, 2)), *points)
