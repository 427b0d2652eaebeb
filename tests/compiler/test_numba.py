"""``ga.jit(f, backend="numba")``, with Numba itself."""

from __future__ import annotations

import gc
import importlib.util
import os
import pickle
import subprocess
import sys
import threading
import warnings
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.machine import backend, cache
from gradarray.compiler.machine.helpers import AT_ONCE, BOUNDED, FARTHEST, HELPERS
from gradarray.compiler.machine.table import FUNCTIONS, POWERS, TYPES
from gradarray.transforms.containers import flatten

pytest.importorskip("numba", reason="Numba is not installed")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "")


def f(x: Any) -> Any:
    y = np.sin(x) * np.exp(-x) + np.sqrt(x) * x**2
    return np.sum(y * y) / 3


def g(x: Any) -> Any:
    """Grow where it can overflow, and vanish then."""
    y = 1 / (1 + np.exp(x * 2)) + x / 3
    return np.sum(y * x - x / 5)


def same(found: Any, expected: Any, rtol: float = 1e-13) -> None:
    """Compare results: the values to 1e-13 of the largest, types, shapes and dtypes."""
    for x, y in zip(flatten(found)[0], flatten(expected)[0], strict=True):
        assert type(x) is type(y)
        assert (np.shape(x), np.asarray(x).dtype) == (np.shape(y), np.asarray(y).dtype)
        np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol * float(np.max(np.abs(y), initial=0)))


def compiled(function: Any, *args: Any) -> Any:
    """Return a jitted function that has been compiled for some arguments."""
    run = ga.jit(function, strict=True, backend="numba")
    for _ in range(2):
        run(*args)
    (program,) = [run._recent[0].enter.__globals__["_program"]]
    assert hasattr(program, "__globals__"), "it is carried out by NumPy"
    assert any(name.startswith("compiled_") for name in program.__globals__)
    return run


# --- each function of the table ---------------------------------------------------------------------------------------

VALUES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.5, 3.0, 710.0, -750.0, 1e-320, -1e-320, 1e-160, 1e160, -1e160]
VALUES += [1.7e308, -1.7e308, np.inf, -np.inf, np.nan, 1e5, 0.99999, 1.5, -1.5, np.pi, 22.0, 1e-8]
# Those that are not rounded as the exact result is: so many units in the last place from NumPy's.
ULPS = 8
EXACT = {"add", "subtract", "multiply", "divide", "negative", "positive", "absolute", "fabs", "square", "sqrt"}
EXACT |= {"reciprocal", "maximum", "minimum", "floor", "ceil", "trunc", "copysign"}


def operands(count: int, code: str) -> list[np.ndarray]:
    if code == "?":
        values = np.array([True, False])
    elif code == "l":
        values = np.array([0, 1, -1, 7, 2**62, -(2**62), 2**53 + 1])
    else:
        with np.errstate(over="ignore", under="ignore"):
            values = np.array(VALUES).astype(code)
    return [np.ascontiguousarray(x).ravel() for x in np.meshgrid(*[values] * count)]


def loop_text(name: str, text: str, loop: str) -> str:
    given, result = loop.split("->")
    names = "abc"[: len(given)]
    types = ", ".join([f'Array({TYPES[c]}, 1, "C")' for c in (*given, result)])
    expression = text.format(*[f"{x}[i]" for x in names])
    return f"""@compiled(int64({types}))
def {name}({", ".join(names)}, out):
    for i in range(len(out)):
        out[i] = {expression}
    return 0
"""


def test_each_function_is_numpys_on_special_values() -> None:
    cases = [(name, loop, FUNCTIONS[name].text) for name in FUNCTIONS for loop in sorted(FUNCTIONS[name].loops)]
    names = [f"f{k}" for k in range(len(cases))]
    found = cache.compile_text(
        "\n\n".join([loop_text(n, text, loop) for n, (_, loop, text) in zip(names, cases, strict=True)])
    )
    wrong = []
    for name, (function, loop, _) in zip(names, cases, strict=True):
        given, result = loop.split("->")
        args = operands(len(given), given[0])
        with np.errstate(all="ignore"):
            expected = getattr(np, function)(*args)
        out = np.empty(expected.shape, expected.dtype)
        assert expected.dtype.char == result, (function, loop)
        found[name](*args, out)
        wrong += differences(
            f"{function} {loop}", out, expected, args, 0 if function in EXACT or result == "?" else ULPS
        )
    assert not wrong, "\n".join(wrong)


def differences(what: str, found: Any, expected: Any, args: Any, ulps: int) -> list[str]:
    if found.dtype.kind != "f":
        bad = found != expected
    else:
        with np.errstate(all="ignore"):
            near = np.abs(found - expected) <= ulps * np.spacing(np.abs(expected))
        zeros = (found == 0) & (expected == 0) & (np.signbit(found) == np.signbit(expected))
        zeros |= (found == 0) & (expected == 0) & (what.startswith(("maximum", "minimum")))  # NumPy's are either
        equal = ((found == expected) & (found != 0)) | zeros | (np.isnan(found) & np.isnan(expected))
        bad = ~(equal | (near & (found != 0)))
    return [f"{what}{[x[k] for x in args]}: {found[k]!r} is not {expected[k]!r}" for k in np.flatnonzero(bad)[:3]]


def test_powers_that_are_products() -> None:
    texts = [loop_text(f"p{k}", text, "d->d") for k, text in enumerate(POWERS.values())]
    found = cache.compile_text("\n\n".join(texts))
    (x,) = operands(1, "d")
    out = np.empty_like(x)
    for k, exponent in enumerate(POWERS):
        found[f"p{k}"](x, out)
        with np.errstate(all="ignore"):
            assert not differences(f"power {exponent}", out, x ** float(exponent), [x], 1)


def test_functions_of_several_numbers_at_once() -> None:
    """They are within two units in the last place, also of numbers that are too small to be normal."""
    texts = [loop_text(f"loop_{name}", f"{name}({{0}})", "d->d") for name in AT_ONCE.values()]
    found = cache.compile_text("\n\n".join([*[HELPERS[name] for name in AT_ONCE.values()], *texts]))
    more = [np.linspace(-750, 720, 10_000), np.linspace(-3, 3, 10_000), np.geomspace(1e-320, 1, 1000)]
    x = np.concatenate([*operands(1, "d"), *more, -more[-1]])
    turns = np.pi / 2 * np.round(np.geomspace(1, FARTHEST / 2, 10_000))  # a sine or a cosine is all rounding there
    for text, name in AT_ONCE.items():
        given = np.concatenate([x[~(np.abs(x) > FARTHEST)], turns]) if text in BOUNDED else x
        out = np.empty_like(given)
        found[f"loop_{name}"](given, out)
        with np.errstate(all="ignore"):
            assert not differences(name, out, getattr(np, name)(given), [given], 3)


@pytest.mark.parametrize("n", [50, 5000])
@pytest.mark.parametrize("far", [2e8, -1e300])
def test_sines_of_numbers_that_are_far_away_are_numpys(n: int, far: float) -> None:
    def once(x: Any) -> Any:
        return np.sum(np.sin(x) * x), np.cos(x)

    def loop(x: Any) -> Any:
        total, out = 0.0, np.empty_like(x)
        for k in range(50):
            total = total * 0.9 + np.sin(x[k])
            out[k] = np.cos(x[k])
        return total, out[:50]

    x = np.linspace(0.1, 3, n)
    for f in (once, loop):
        compiled = ga.jit(f, strict=True, backend="numba")
        for k in (7, 7, 7, n - 1, 48):
            x[k] = far if k != 48 else 1.0
            for found, expected in zip(compiled(x), f(x), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-13)
            x[k] = 0.5


def test_reductions_are_numpys() -> None:
    found = cache.compile_text("\n\n".join(HELPERS.values()).replace("@helper", "@compiled"))
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 8, 9, 100, 128, 129, 257, 1000, 10_007):
        x = rng.normal(size=n + 3)
        assert found["total"](x, 2, n) == np.add.reduce(x[2 : 2 + n])
        assert found["largest"](x, 2, n) == np.max(x[2 : 2 + n])
        assert found["smallest"](x, 2, n) == np.min(x[2 : 2 + n])
        mask = x > 2.0
        assert found["count"](mask, 2, n) == np.add.reduce(mask[2 : 2 + n])
        assert found["any_true"](mask, 2, n) == mask[2 : 2 + n].any()
        assert found["all_true"](~mask, 2, n) == (~mask)[2 : 2 + n].all()
        x[2 + n // 2] = np.nan
        assert np.isnan([found[name](x, 2, n) for name in ("largest", "smallest", "total")]).all()


def test_products_are_numpys() -> None:
    found = cache.compile_text(HELPERS["product"].replace("@contracted", "@compiled"))
    rng = np.random.default_rng(0)
    for m, k, n in ((1, 1, 2), (3, 4, 5), (2, 7, 3), (5, 10, 8)):
        a, b, c = rng.normal(size=2 + m * k), rng.normal(size=1 + k * n), np.empty(m * n)
        x, y = a[2:].reshape(k, m).T, b[1:].reshape(k, n)
        found["product"](a, 2, 1, m, b, 1, n, c, m, k, n)
        np.testing.assert_allclose(c.reshape(m, n), x @ y, rtol=1e-13, atol=1e-13)


# --- whole functions --------------------------------------------------------------------------------------------------


def both(x: Any) -> Any:
    return ga.value_and_grad(f)(x), ga.hvp(f)(x, x + 1)


@pytest.mark.parametrize("shape", [(), (1,), (5,), (200,), (3, 4), (2, 3, 4)])
def test_derivatives(shape: tuple[int, ...]) -> None:
    x = np.linspace(0.5, 2, 1000).reshape(-1)[: int(np.prod(shape))].reshape(shape)
    run = compiled(both, x)
    for k in (1.0, 1.1, 0.7):
        same(run(k * x), both(k * x))


def test_arrays_are_of_their_own() -> None:
    """What is returned owns its memory, and is another one each time."""
    run = compiled(ga.grad(f), np.ones(5))
    first, second = run(np.ones(5)), run(np.full(5, 2.0))
    assert first.flags.owndata
    assert not np.shares_memory(first, second)
    first[:] = 0
    same(run(np.full(5, 2.0)), second)


def test_single_precision_and_weak_numbers() -> None:
    def single(x: Any, rate: Any) -> Any:
        y = x * 0.1 + x * x / 3 - np.sqrt(x) * rate
        return y * 2 - np.where(y > 0, y, 0.5), np.float32(3) * y + np.maximum(x, 1)

    x = np.linspace(0.3, 2, 50, dtype=np.float32)
    run = compiled(single, x, 0.3)
    for rate in (0.3, 0.7):
        for a, b in zip(run(x, rate), single(x, rate), strict=True):
            assert a.dtype == b.dtype == np.float32
            assert np.array_equal(a, b)


def test_what_is_in_no_table_is_numpys() -> None:
    def mixed(n: Any, z: Any, x: Any) -> Any:
        y = x * x + x / 3 - np.cos(x) * 2
        return n * n + 2**62, z * z / (1 + z), np.linalg.inv(np.outer(y, y) + np.eye(len(x))), n // 2, np.sort(y), y > 1

    n, z, x = np.array([2**62, -3]), np.array([1 + 2j, -0.5j]), np.linspace(0, 1, 4)
    run = compiled(mixed, n, z, x)
    same(run(n, z, x), mixed(n, z, x))


@pytest.mark.parametrize("kind", ["divide", "over", "invalid", "none"])
def test_numpy_says_what_it_says(kind: str) -> None:
    """Warnings, errors and silence are NumPy's, also of an infinity that has vanished in the result."""
    bad = {"divide": (f_of_log, np.zeros(3)), "over": (g, np.full(3, 800.0)), "invalid": (f_of_log, -np.ones(3))}
    function, x = bad.get(kind, (g, np.full(3, 2.0)))
    run = compiled(function, np.full(3, 0.5))
    assert said(run, x) == said(function, x)
    assert bool(said(run, x)) == (kind != "none")
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(run(x), function(x))
    for state in ("raise", "warn"):
        with np.errstate(all=state, under="ignore"):
            assert said(run, x) == said(function, x)
    with np.errstate(all="raise"):  # also of what is too small
        assert said(run, np.full(3, -800.0)) == said(function, np.full(3, -800.0))


def f_of_log(x: Any) -> Any:
    y = np.log(x) * x - x * x / 3
    return np.sum(np.where(x > 0, y, 0) * x) - np.sum(x)


def said(function: Any, x: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            function(x)
        except FloatingPointError as error:
            return [str(error)]
    return sorted([str(w.message) for w in caught])


def test_derivatives_that_are_infinite() -> None:
    """The sweep says nothing of them, and no program is left for them."""

    def root(x: Any) -> Any:
        return np.sum(np.sqrt(x) * 2 + x * x - x / 3)

    x = np.array([0.0, 1.0, 4.0])
    run = compiled(ga.grad(root), np.ones(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, expected = run(x), ga.grad(root)(x)
    assert found[0] == expected[0] == np.inf
    same(found[1:], expected[1:])


def test_a_guard_that_fails() -> None:
    def branches(x: Any) -> Any:
        y = np.sum(x * x - x / 3) * 2 + x[0] * x[1]
        return y * y + y if y > 1 else np.exp(y) * y - 1

    derivative = ga.value_and_grad(branches)
    run = compiled(derivative, np.ones(4))
    for x in (np.zeros(4), np.ones(4), np.zeros(4), np.full(4, 0.1), np.ones(4), np.full(4, np.nan)):
        same(run(x), derivative(x))


def test_training_in_place() -> None:
    def step(w: Any, b: Any, x: Any, y: Any) -> Any:
        loss, (gw, gb) = ga.value_and_grad(lambda w, b: np.mean((np.tanh(x @ w + b) - y) ** 2), (0, 1))(w, b)
        w -= 0.1 * gw
        b -= 0.1 * gb
        return loss

    rng = np.random.default_rng(0)
    w, b, x, y = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(8, 4)), rng.normal(size=(8, 3))
    v, c = w.copy(), b.copy()
    run = ga.jit(step, strict=True, backend="numba")
    for _ in range(6):
        same((run(w, b, x, y), w, b), (step(v, c, x, y), v, c))


@pytest.mark.filterwarnings("ignore::gradarray.JitWarning")
def test_aliases_and_read_only_and_unaligned_arguments() -> None:
    def add(x: Any, y: Any) -> Any:
        x += y * 2 - y * y + y / 3
        return x * y + x

    compiled(add, np.ones(6), np.full(6, 2.0))
    run = ga.jit(add, backend="numba")  # for two views of the same memory there is no program, as without Numba
    run(np.ones(6), np.full(6, 2.0))
    for make in (lambda: (np.arange(6.0),) * 2, lambda: (lambda z: (z[:6], z[2:8]))(np.arange(8.0))):
        found, expected = make(), make()
        same((run(*found), *found), (add(*expected), *expected))
    fixed = np.linspace(0.5, 1, 5)
    fixed.flags.writeable = False
    odd = np.frombuffer(b"x" + fixed.tobytes(), np.uint8)[1:].view(np.float64)
    derivative = compiled(ga.grad(f), np.ones(5))
    for x in (fixed, odd, fixed.astype(">f8")):
        same(derivative(x), ga.jit(ga.grad(f))(x))


# --- compiling --------------------------------------------------------------------------------------------------------


def test_source() -> None:
    """The text runs by itself."""
    text = ga.jit(ga.grad(f), backend="numba").source(np.ones(3))
    functions = text.partition("def grad_of_f(")[0]
    space: dict[str, Any] = {}
    exec(functions.replace("cache=True", "cache=False"), space)
    out = np.empty(3)
    assert space["compiled_1"](np.ones(3), out) == 0
    same(out, ga.grad(f)(np.ones(3)))
    assert "for i in range(3):" in functions


def test_compiled_texts_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kept"))
    text = loop_text("triple", "3.0 * {0}", "d->d")
    first, second = cache.compile_text(text)["triple"], cache.compile_text(text)["triple"]
    assert not first.stats.cache_hits
    assert second.stats.cache_hits
    (file,) = (tmp_path / "kept").glob("*.py")
    file.write_text("raise SystemExit")  # it is written again, not run
    assert "triple" in cache.compile_text(text)


def test_another_process_finds_what_was_compiled(tmp_path: Path) -> None:
    code = """
import numpy as np, gradarray as ga
from gradarray.compiler.machine import backend
made = backend.compile_text
def spied(text):
    found = made(text)
    print([len(f.stats.cache_hits) for name, f in found.items() if name.startswith("compiled_")])
    return found
backend.compile_text = spied
run = ga.jit(ga.grad(lambda x: np.sum(np.sin(x) * x - x / 3 + x * x)), strict=True, backend="numba")
for _ in range(3):
    print(run(np.ones(3)))
"""
    root = str(Path(ga.__file__).parent.parent)
    environment = os.environ | {cache.VARIABLE: str(tmp_path), "PYTHONPATH": root}
    texts = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in "ab"
    ]
    assert "[0]" in texts[0]
    assert "[1]" in texts[1]
    assert texts[0].replace("[0]", "[1]") == texts[1]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no such rights here")
def test_a_folder_that_others_may_write_into_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    tmp_path.chmod(0o700)
    assert cache.folder() == tmp_path.resolve()
    tmp_path.chmod(0o777)
    assert cache.folder() is None
    cache.compile_text(loop_text("double", "2.0 * {0}", "d->d"))
    assert not [*tmp_path.iterdir()]
    monkeypatch.setenv(cache.VARIABLE, "/dev/null/there")
    assert cache.folder() is None


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r'pip install "gradarray\[numba\]"'):
        ga.jit(f, backend="numba")
    ga.jit(f, backend="numpy")(np.ones(3))


def test_an_unknown_backend() -> None:
    with pytest.raises(ValueError, match="is none of 'numpy', 'numba'; did you mean 'numba'"):
        ga.jit(f, backend="nunba")


def test_pickles_and_decorators() -> None:
    assert pickle.loads(pickle.dumps(ga.jit(f, backend="numba")))._backend_name == "numba"

    @ga.jit(backend="numba", strict=True)
    def h(x: Any) -> Any:
        return f(x)

    same([h(np.ones(4)) for _ in range(3)], [f(np.ones(4))] * 3)


def test_what_numba_cannot_compile_is_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_text: str) -> Any:
        raise RuntimeError("no such machine")

    monkeypatch.setattr(backend, "compile_text", fails)
    run = ga.jit(ga.grad(f), strict=True, backend="numba")
    run(np.ones(3))
    with pytest.warns(RuntimeWarning, match="carried out by NumPy: Numba says no such machine"):
        same(run(np.ones(3)), ga.grad(f)(np.ones(3)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same(run(np.ones(3)), ga.grad(f)(np.ones(3)))


def test_an_interrupt_while_it_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_text: str) -> Any:
        raise KeyboardInterrupt

    run = ga.jit(ga.grad(f), strict=True, backend="numba")
    run(np.ones(3))
    with monkeypatch.context() as patch:
        patch.setattr(backend, "compile_text", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(np.ones(3))
    for _ in range(2):
        same(run(np.ones(3)), ga.grad(f)(np.ones(3)))
    assert not isinstance(run._recent[0].enter.__globals__["_program"], backend.Pending)


def test_many_threads_call_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    compile_text = backend.compile_text

    def counted(text: str) -> Any:
        made.append(text)
        return compile_text(text)

    monkeypatch.setattr(backend, "compile_text", counted)
    run, expected = ga.jit(ga.grad(f), strict=True, backend="numba"), ga.grad(f)(np.ones(4))
    run(np.ones(4))
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.extend([run(np.ones(4)) for _ in range(20)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    same(found, [expected] * 80)
    assert len(made) == 1


def test_nothing_is_kept_alive() -> None:
    run = compiled(ga.grad(f), np.ones(4))
    x = np.ones(4)
    gone = weakref.ref(run(x))
    assert gone() is None
    gone = weakref.ref(run)
    gc.disable()
    try:
        del run
        assert gone() is None
    finally:
        gc.enable()
