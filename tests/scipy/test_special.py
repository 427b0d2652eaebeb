"""The derivatives of scipy.special's ufuncs against differences of SciPy's values, at both orders, in both modes."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.rules.kinds import ZeroGradient

# Older versions end the process where spheroidal functions are asked for certain arguments.
pytest.importorskip("scipy", "1.15", "SciPy is an optional companion, and older ones abort")
special = pytest.importorskip("scipy.special", reason="SciPy is an optional companion")
library: Any = sys.modules["scipy.special._ufuncs"]
special.erf(ga.tensor(0.5))  # the chapters are read when a ufunc is first met

from gradarray.rules.scipy.declared import DECLARED  # noqa: E402
from tests.scipy.table import CONTRADICTORY, ROUGH, Interval, Whole, operands_of  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of floats where SciPy expects whole numbers
]

PUBLIC = [f for f in map(special.__dict__.get, dir(special)) if isinstance(f, np.ufunc)]
NAMES = sorted(name for name in DECLARED if hasattr(library, name))
POINTS = 3
# What a first derivative comes to that has none itself.
ONCE = {"smirnov", "smirnovi", "mathieu_a", "mathieu_b"}
STENCIL = ((1, 45 / 60), (2, -9 / 60), (3, 1 / 60))


def drawn(name: str, where: Interval | Whole, rng: np.random.Generator) -> Any:
    if isinstance(where, Whole):
        return rng.integers(where.low, where.high + 1, POINTS)
    return rng.uniform(where.low, where.high, POINTS)


def sample(name: str) -> tuple[np.ufunc, list[Any], list[int]]:
    """Return the ufunc, operands for it, and the places of those that are no whole numbers."""
    func = getattr(library, name)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    where = operands_of(name, func.nin)
    return func, [drawn(name, w, rng) for w in where], [i for i, w in enumerate(where) if isinstance(w, Interval)]


def total(func: np.ufunc, operands: Sequence[Any], i: int, weights: Any) -> Callable[[Any], Any]:
    """Return a weighted sum of the results as a function of one operand."""

    def call(x: Any) -> Any:
        found = results(func, [*operands[:i], x, *operands[i + 1 :]])
        return sum(np.real(np.sum(w * y)) for w, y in zip(weights, found, strict=True))

    return call


def results(func: np.ufunc, operands: Sequence[Any]) -> tuple[Any, ...]:
    found = func(*operands)
    return found if isinstance(found, tuple) else (found,)


def known(name: str) -> list[int]:
    """Return the places of the operands that there is a derivative by."""
    func, _, places = sample(name)
    rule = ga.registry.find(func)
    return [] if isinstance(rule, ZeroGradient) else [i for i in places if i not in rule.refused]  # type: ignore[union-attr]


def weights_of(func: np.ufunc, operands: Sequence[Any]) -> Any:
    found = func(*operands)
    return np.random.default_rng(0).uniform(0.5, 1.5, np.shape(found) if func.nout > 1 else (1, *np.shape(found)))


def difference(f: Callable[[Any], Any], x: Any, step: complex = 1e-3) -> Any:
    """Return the slope by each element, of a sum over elements or of what each has of its own, of sixth order."""
    found = []
    for k in range(x.size):
        e = np.where(np.arange(x.size) == k, step * np.minimum(1, np.abs(x)), 0)
        rise = sum(w * (np.asarray(f(x + m * e)) - np.asarray(f(x - m * e))) for m, w in STENCIL)
        found.append((rise[k] if np.ndim(rise) else rise) / np.abs(e[k]))
    return np.array(found)


def test_every_ufunc_is_declared() -> None:
    assert [f for f in PUBLIC if ga.registry.find(f) is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_derivatives(name: str) -> None:
    func, operands, _ = sample(name)
    weights = weights_of(func, operands)
    for i in known(name):
        f, x = total(func, operands, i, weights), operands[i]
        slope = ga.grad(f)
        first = slope(x)
        np.testing.assert_allclose(ga.jacfwd(f)(x), first, 1e-9, err_msg=f"operand {i}, forward")
        if name in CONTRADICTORY:
            continue
        tolerance = ROUGH.get(name, 1e-6)
        np.testing.assert_allclose(first, difference(f, x), tolerance, 1e-9, err_msg=f"operand {i}")
        if name in ONCE:
            with pytest.raises(TypeError, match="no closed form"):
                ga.grad(lambda x, slope=slope: np.sum(slope(x)))(x)
            continue
        second = ga.jvp(slope, (x,), (np.ones(POINTS),))[1]
        np.testing.assert_allclose(second, difference(slope, x), 10 * tolerance, 1e-8, err_msg=f"operand {i}, twice")


@pytest.mark.parametrize("name", NAMES)
def test_operands_without_a_derivative_are_refused(name: str) -> None:
    func, operands, _ = sample(name)
    if isinstance(ga.registry.find(func), ZeroGradient):
        return
    for i in sorted(set(range(func.nin)) - set(known(name))):
        # SciPy itself has some for whole numbers alone.
        with pytest.raises(
            TypeError, match=r"no derivative by its operand .* \(.*\)|not supported for the input types"
        ):
            func(*operands[:i], ga.tensor(operands[i].astype(float)), *operands[i + 1 :])


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_precisions(name: str) -> None:
    func, operands, _ = sample(name)
    for i in known(name):

        def whole(x: Any, others: Sequence[Any], i: int = i) -> Any:
            return sum(np.real(np.sum(y)) for y in results(func, [*others[:i], x, *others[i + 1 :]]))

        if func.nin > 1:
            broadcast = ga.grad(whole)(operands[i], [x[:, None] for x in operands])
            rows = [ga.grad(whole)(operands[i], [np.full(POINTS, x[k]) for x in operands]) for k in range(POINTS)]
            np.testing.assert_allclose(broadcast, sum(rows), 1e-9)
        assert ga.grad(whole)(operands[i][:0], [x[:0] for x in operands]).shape == (0,)
        single = [x.astype(np.float32) if x.dtype == float else x for x in operands]
        gradient = ga.grad(whole)(single[i], single)
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, ga.grad(whole)(operands[i], operands), 2e-2, 1e-3)
        scalar = ga.grad(whole)(operands[i][0], [x[0] for x in operands])
        np.testing.assert_allclose(scalar, ga.grad(whole)(operands[i], operands)[0], 1e-12)


COMPLEX = [name for name in NAMES if any("D->" in types for types in getattr(library, name).types)]


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_arguments(name: str) -> None:
    """The slope along the real and along the imaginary axis is the same number, that of the derivative."""
    func, operands, places = sample(name)
    i = max(places)
    z = operands[i] + 1j * np.array([0.3, -0.2, 0.4])
    try:
        slope = ga.grad(total(func, operands, i, weights_of(func, [*operands[:i], z])))(z)
    except TypeError as error:
        assert "no complex derivative" in str(error)
        return
    f = total(func, operands, i, weights_of(func, [*operands[:i], z]))
    along = [difference(f, z, step) for step in (1e-3, 1e-3j)]
    np.testing.assert_allclose(np.real(slope), along[0], 1e-6, 1e-9)
    np.testing.assert_allclose(np.imag(slope), along[1], 1e-6, 1e-9)


def test_nothing_is_imported_for_it() -> None:
    code = "import gradarray, sys; print([m for m in sys.modules if 'scipy' in m and 'gradarray' not in m])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
