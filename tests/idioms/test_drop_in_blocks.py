"""Blocks of drop-in mode: what they leave behind, in every way out of them, and what others see meanwhile."""

from __future__ import annotations

import asyncio
import builtins
import copy
import functools
import gc
import importlib
import importlib.util
import inspect
import math
import pickle
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.dropin import places, plans, reach
from tests.disturbances import Thread, interrupted, needs_timers
from tests.idioms import (
    bound_early,
    checks_and_output,
    classes,
    exact_types,
    in_place,
    making_arrays,
    math_module,
    several,
)
from tests.idioms.test_drop_in_idioms import bound_names, same_names
from tests.numeric import numeric_jacobian

X = np.array([0.3, 1.1, 2.6, 0.8])
if importlib.util.find_spec("numba") is not None:  # before the names of all programs are compared
    importlib.import_module("tests.idioms.jitted")


def filled(x: Any) -> Any:
    """Code that needs the mode."""
    out = np.zeros(2)
    out[0] = x * x
    out[1] = math.sin(x)
    return np.sum(np.array([out[0], out[1] * x]))


def slope(x: float) -> float:
    return 2 * x + math.sin(x) + x * math.cos(x)


def right(x: float = 0.7) -> None:
    """See that transforms work."""
    np.testing.assert_allclose(ga.grad(filled)(x), slope(x))


def is_plain(a: Any) -> bool:
    """Tell it without the name np.ndarray, which may be bound to something else within a block."""
    return a.__class__ is X.__class__


def plain_again() -> None:
    assert is_plain(np.zeros(3)) and is_plain(making_arrays.heated_rod([1.0, 2.0, 0.1]))
    with pytest.raises(ga.GradientLossError):
        filled(ga.tensor(0.7))


@pytest.fixture(autouse=True)
def names_are_kept() -> Iterator[None]:
    here, before = dict(globals()), bound_names()
    numpys = {module: dict(vars(module)) for module in (np, np.linalg, np.fft, np.random, math, builtins)}
    yield
    same_names(before)
    assert all(globals()[name] is value for name, value in here.items())
    for module, names in numpys.items():
        changed = {name for name, value in names.items() if vars(module)[name] is not value}
        assert not changed - {"_"}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Any]]:
    """Write a module of the user's, which is there to be imported until the test ends."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = []

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        names.append(name)

    yield write
    for name in names:
        sys.modules.pop(name, None)


# --- ways out ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("opened", ["block", "grad", "jvp", "decorator"])
def test_an_exception_ends_the_block(error: type[BaseException], opened: str) -> None:
    def f(x: Any) -> Any:
        out = np.zeros(2)
        out[0] = x
        raise error("from within")

    with pytest.raises(error, match="from within"):
        if opened == "block":
            with ga.drop_in():
                f(ga.tensor(0.7))
        elif opened == "grad":
            ga.grad(f)(0.7)
        elif opened == "jvp":
            ga.jvp(f, (0.7,), (1.0,))
        else:
            ga.drop_in(f)(ga.tensor(0.7))
    plain_again()
    right()


MISTAKES = {
    "negative shape": lambda: np.zeros(-1),
    "ragged": lambda: np.array([[1.0], [1.0, 2.0]]),
    "nothing to join": lambda: np.concatenate([]),
    "shape of a fill": lambda: np.full(2, [1.0, 2.0, 3.0]),
    "shapes": lambda: np.zeros(3) + np.ones(2),
    "place": lambda: np.zeros(3)[5],
    "singular": lambda: np.linalg.inv(np.zeros((2, 2))),
    "keyword": lambda: np.ones(3, shape_=2),
    "no such name": lambda: np.zerros(3),
    "number of a text": lambda: float("three"),
    "root": lambda: math.sqrt(-1.0),
    "text": lambda: math.sin("one"),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_as_by_numpy(mistake: Callable[[], Any]) -> None:
    with pytest.raises(Exception) as expected:
        mistake()
    with ga.drop_in(), pytest.raises(Exception) as caught:
        mistake()
    assert type(caught.value) is type(expected.value) and str(caught.value) == str(expected.value)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda t: math.sqrt(-t), ValueError),
        (lambda t: math.log(t - t), ValueError),
        (lambda t: math.acos(t * 5), ValueError),
        (lambda t: math.exp(t * 5000), OverflowError),
        (lambda t: math.pow(-t, 0.5), ValueError),
    ],
)
def test_math_has_domains_for_tensors_too(call: Callable[[Any], Any], error: type[Exception]) -> None:
    with pytest.raises(error) as expected:
        call(0.7)
    with ga.drop_in(), pytest.raises(error) as caught:
        call(ga.tensor(0.7))
    assert str(caught.value) == str(expected.value)


def test_nested_blocks() -> None:
    with ga.drop_in():
        with ga.drop_in():
            filled(ga.tensor(0.7))
        with pytest.raises(ZeroDivisionError), ga.drop_in():
            _ = 1 / 0
        t = ga.tensor(0.7)
        filled(t).backward()  # still open
        np.testing.assert_allclose(t.grad, slope(0.7))
        right()  # a transform inside a block
        t = ga.tensor(0.4)
        filled(t).backward()
        np.testing.assert_allclose(t.grad, slope(0.4))
    plain_again()


def test_one_block_is_used_again() -> None:
    block = ga.drop_in()
    for _ in range(3):
        with block:
            t = ga.tensor(0.7)
            filled(t).backward()
        np.testing.assert_allclose(t.grad, slope(0.7))
        plain_again()


def test_a_dropped_generator_ends_its_block() -> None:
    def steps() -> Iterator[Any]:
        with ga.drop_in():
            for k in range(5):
                yield filled(ga.tensor(0.1 * k))

    running = steps()
    next(running)
    next(running)
    del running
    gc.collect()
    plain_again()
    right()


def test_generators_that_end_out_of_order() -> None:
    def step() -> Iterator[Any]:
        with ga.drop_in():
            yield filled(ga.tensor(0.7))

    first, second = step(), step()
    try:
        next(first)
        next(second)
        first.close()
        t = ga.tensor(0.7)
        filled(t).backward()  # the second one's block is open
        np.testing.assert_allclose(t.grad, slope(0.7))
    finally:
        first.close()
        second.close()
    plain_again()


def test_a_generator_of_the_program_that_is_left_standing() -> None:
    """The function of a transform leaves a generator half way; it is plain afterwards."""
    left = []

    def f(x: Any) -> Any:
        def parts() -> Iterator[Any]:
            while True:
                out = np.zeros(2)
                out[0] = x * len(left)
                yield out

        running = parts()
        left.append(running)
        return next(running)[0] + next(running)[0]

    np.testing.assert_allclose(ga.grad(f)(2.0), 2.0)
    plain_again()
    left.clear()
    right()


@needs_timers
def test_interrupts_at_any_moment() -> None:
    def work() -> None:
        for _ in range(50):
            with ga.drop_in(making_arrays):
                making_arrays.rotation_chain([ga.tensor(0.1)])

    before, arrivals = bound_names(), 0
    for arrived in interrupted(work, (2e-5 + 7e-6 * k for k in range(150))):
        arrivals += arrived
        gc.collect(0)
    assert arrivals > 50
    gc.collect()
    same_names(before)
    plain_again()
    right()


def test_a_lock_that_an_interrupt_has_left_taken_stops_nobody() -> None:
    left = places._lock
    left.acquire()  # as by a KeyboardInterrupt that comes right afterwards
    try:
        Thread(right).finish()
        Thread(right).finish()
    finally:
        left.release()
    right()


# --- one in the other ------------------------------------------------------------------------------------------------


def test_gradients_of_gradients() -> None:
    def inner(x: Any) -> Any:
        return ga.grad(filled)(x) * math.sin(x)

    x, h = 0.7, 1e-5
    second = (slope(x + h) - slope(x - h)) / (2 * h)
    np.testing.assert_allclose(ga.grad(ga.grad(filled))(x), second, rtol=1e-8)
    np.testing.assert_allclose(ga.grad(inner)(x), second * math.sin(x) + slope(x) * math.cos(x), rtol=1e-8)
    np.testing.assert_allclose(ga.jvp(ga.grad(filled), (x,), (2.0,))[1], 2 * second, rtol=1e-8)


@pytest.mark.parametrize(
    ("f", "start"),
    [
        (classes.lattice_energy, 0.4),
        (lambda x: np.sum(in_place.levinson(x) ** 2), [2.0, 0.9, 0.5, 0.1]),
        (lambda x: np.sum(making_arrays.kalman(x) ** 3), [0.1, 0.9, 1.3]),
        (lambda x: math_module.black_scholes(x[0], 95.0, x[1], 1.5), [100.0, 0.25]),
        (lambda x: several.simulate(x)[-1, 0], 0.08),
    ],
)
def test_hessians(f: Callable[[Any], Any], start: Any) -> None:
    start = np.asarray(start)
    expected = numeric_jacobian(ga.grad(f), start)
    assert np.any(expected)
    np.testing.assert_allclose(ga.hessian(f)(start), expected, rtol=1e-5, atol=1e-6)
    tangent = np.cos(np.arange(start.size)).reshape(start.shape)
    np.testing.assert_allclose(ga.hvp(f)(start, tangent), np.dot(expected, tangent), rtol=1e-5, atol=1e-6)


def test_every_transform() -> None:
    x, weights = X[:3], np.array([1.0, -2.0, 0.5])
    expected = numeric_jacobian(in_place.given_buffers, x)
    total = weights @ expected

    def f(x: Any) -> Any:
        return np.sum(in_place.given_buffers(x) * weights)

    def cubes(x: Any) -> Any:
        out = np.zeros(len(x))
        for i, v in enumerate(x):
            out[i] = v**3
        return out

    close = functools.partial(np.testing.assert_allclose, rtol=1e-6)
    close(ga.jacrev(in_place.given_buffers)(x), expected)
    close(ga.jacfwd(in_place.given_buffers)(x), expected)
    close(ga.grad(f)(x), total)
    close(ga.vjp(in_place.given_buffers, x)[1](weights)[0], total)
    close(ga.linearize(in_place.given_buffers, x)[1](X[1:]), expected @ X[1:])
    close(ga.elementwise_grad(cubes)(x), 3 * x**2)
    close(ga.hessian_diagonal(lambda x: np.sum(cubes(x)))(x), 6 * x)
    ga.check_grads(in_place.given_buffers, (x,), order=1)
    close(ga.grad(ga.checkpoint(f))(x), total)


TRANSFORMS = {
    "grad": lambda **k: ga.grad(filled, **k)(0.7),
    "value_and_grad": lambda **k: ga.value_and_grad(filled, **k)(0.7),
    "elementwise_grad": lambda **k: ga.elementwise_grad(filled, **k)(0.7),
    "jacobian": lambda **k: ga.jacobian(filled, **k)(0.7),
    "jacfwd": lambda **k: ga.jacfwd(filled, **k)(0.7),
    "jacrev": lambda **k: ga.jacrev(filled, **k)(0.7),
    "hessian": lambda **k: ga.hessian(filled, **k)(0.7),
    "hessian_diagonal": lambda **k: ga.hessian_diagonal(filled, **k)(0.7),
    "hvp": lambda **k: ga.hvp(filled, **k)(0.7, 1.0),
    "jvp": lambda **k: ga.jvp(filled, (0.7,), (1.0,), **k),
    "vjp": lambda **k: ga.vjp(filled, 0.7, **k),
    "linearize": lambda **k: ga.linearize(filled, 0.7, **k),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_it_can_be_switched_off(transform: Callable[..., Any]) -> None:
    transform()
    transform(drop_in=True)
    with pytest.raises(ga.GradientLossError, match="drop-in"):
        transform(drop_in=False)
    right()


def test_outside_of_blocks_the_mode_is_named() -> None:
    with pytest.raises(ga.GradientLossError, match="drop-in"):
        filled(ga.tensor(0.7))


# --- decorators, modules ----------------------------------------------------------------------------------------------


def test_a_decorated_function() -> None:
    decorated = ga.drop_in(filled)
    assert decorated.__name__ == "filled" and decorated.__doc__ == filled.__doc__
    assert inspect.signature(decorated) == inspect.signature(filled)
    for start in (0.7, 0.4):
        t = ga.tensor(start)
        decorated(t).backward()
        np.testing.assert_allclose(t.grad, slope(start))
    np.testing.assert_allclose(ga.grad(decorated)(0.7), slope(0.7))
    assert decorated(0.7) == filled(0.7)
    plain_again()


def test_a_decorated_method() -> None:
    class Model:
        def __init__(self, n: int) -> None:
            self.n = n

        @ga.drop_in
        def run(self, x: Any) -> Any:
            out = np.zeros(self.n)
            out[1] = math.exp(x)
            return out.sum() * self.n

    t = ga.tensor(0.7)
    Model(3).run(t).backward()
    np.testing.assert_allclose(t.grad, 3 * math.exp(0.7))


def test_a_decorated_generator_function_is_open_while_it_runs() -> None:
    @ga.drop_in
    def states(x: Any) -> Iterator[Any]:
        state = np.zeros(2)
        while True:
            state[0] += x
            state[1] = math.sin(x) * state[0]
            yield state.copy()

    before, t = bound_names(), ga.tensor(0.7)
    running = states(t)
    values = []
    for _ in range(2):
        values.append(next(running))
        same_names(before)
        plain_again()
    running.close()
    np.sum(np.stack(values)).backward()
    np.testing.assert_allclose(t.grad, 3 + 3 * math.sin(0.7) + 3 * 0.7 * math.cos(0.7))


def test_a_block_for_a_module() -> None:
    t = ga.tensor([20.0, 60.0, 0.3])
    with ga.drop_in(making_arrays):
        np.sum(making_arrays.heated_rod(t)).backward()
    expected = numeric_jacobian(lambda x: np.sum(making_arrays.heated_rod(x)), t.data)
    np.testing.assert_allclose(t.grad, expected, rtol=1e-6)
    plain_again()


def test_a_block_for_a_module_takes_the_modules_that_it_calls() -> None:
    t = ga.tensor(0.08)
    with ga.drop_in(several):
        several.simulate(t)[-1, 0].backward()
    np.testing.assert_allclose(t.grad, numeric_jacobian(lambda x: several.simulate(x)[-1, 0], 0.08), rtol=1e-6)


# --- other threads ----------------------------------------------------------------------------------------------------


def test_other_threads_see_plain_numpy() -> None:
    opened, done = threading.Event(), threading.Event()

    def elsewhere() -> None:
        assert opened.wait(20)
        try:
            assert is_plain(np.zeros(3)) and is_plain(np.array([1.0, 2.0])) and is_plain(np.r_[1.0, 2.0])
            assert is_plain(making_arrays.heated_rod([1.0, 2.0, 0.1]))
            assert isinstance(math.sin(1.0), float) and not isinstance(math.sin(1.0), ga.Tensor)
            model = classes.Dense(3, 0.6)
            assert is_plain(model.weights) and is_plain(bound_early.decorated(0.6))
            assert not isinstance(ga.tensor(1.0), np.ndarray) and isinstance(np.ones(2), np.ndarray)
            with pytest.raises(ga.GradientLossError):
                filled(ga.tensor(0.7))
        finally:
            done.set()

    started_before = Thread(elsewhere)
    with ga.drop_in():
        started_within = Thread(elsewhere)
        opened.set()
        assert done.wait(20)
        started_before.finish()
        started_within.finish()
        t = ga.tensor(0.7)
        filled(t).backward()
    np.testing.assert_allclose(t.grad, slope(0.7))


def test_the_exact_type_is_plain_numpys_in_other_threads() -> None:
    def elsewhere() -> None:
        assert exact_types.plain_by_exact_type(np.zeros(3), 0.5) and exact_types.whole_or_not(2)
        assert np.zeros(2).dtype == float and np.dtype(float) == np.float64

    with ga.drop_in():
        Thread(elsewhere).finish()


def test_a_plain_program_beside_a_gradient() -> None:
    expected = in_place.cavity(0.2, 1.5)
    stop = threading.Event()

    def plain() -> int:
        count = 0
        while not stop.is_set() or not count:
            found = in_place.cavity(0.2, 1.5)
            assert is_plain(found) and np.array_equal(found, expected)
            count += 1
        return count

    def total(x: Any) -> Any:
        return np.sum(in_place.cavity(x, 1.5))

    derivative = numeric_jacobian(total, 0.2)
    thread = Thread(plain)
    try:
        for _ in range(15):
            np.testing.assert_allclose(ga.grad(total)(0.2), derivative, rtol=1e-7)
    finally:
        stop.set()
    assert thread.finish()


def test_gradients_in_several_threads() -> None:
    barrier = threading.Barrier(3)

    def work(x: float) -> None:
        barrier.wait(20)
        for _ in range(20):
            right(x)
            t = ga.tensor(x)
            with ga.drop_in():
                filled(t).backward()
            np.testing.assert_allclose(t.grad, slope(x))

    for thread in [Thread(functools.partial(work, x)) for x in (0.2, 0.7, 1.1)]:
        thread.finish()
    plain_again()


def test_blocks_of_two_threads_that_end_out_of_order() -> None:
    opened, ended = threading.Event(), threading.Event()

    def first() -> None:
        with ga.drop_in():
            opened.set()
            assert ended.wait(20)
            t = ga.tensor(0.7)
            filled(t).backward()
            np.testing.assert_allclose(t.grad, slope(0.7))
        with pytest.raises(ga.GradientLossError):
            filled(ga.tensor(0.7))

    thread = Thread(first)
    assert opened.wait(20)
    with ga.drop_in():
        filled(ga.tensor(0.7))
    try:
        plain_again()
    finally:
        ended.set()
    thread.finish()


# --- what a program does to modules meanwhile -------------------------------------------------------------------------


def test_pickle_within_a_block() -> None:
    with ga.drop_in():
        texts = [pickle.dumps(v) for v in (making_arrays.heated_rod, classes.PID, np.sin, np.float64(2.0), np.zeros(2))]
        made = pickle.dumps({"state": np.zeros(3), "make": np.zeros, "plain": np.arange(3)})
        copied = copy.deepcopy(bound_early.FUNCTIONS)
        assert pickle.loads(texts[0]) is making_arrays.heated_rod
    assert pickle.loads(texts[0]) is making_arrays.heated_rod and pickle.loads(texts[1]) is classes.PID
    assert pickle.loads(texts[2])(1.0) == np.sin(1.0) and pickle.loads(texts[3]) == 2.0
    np.testing.assert_array_equal(np.asarray(ga.asarray(pickle.loads(texts[4]))), np.zeros(2))
    found = pickle.loads(made)
    assert is_plain(found["make"](3)) and is_plain(found["plain"])
    np.testing.assert_array_equal(ga.asarray(found["state"]), np.zeros(3))
    assert copied["square"](3.0) == 9.0 and copied["sqrt"](4.0) == 2.0 and is_plain(copied["array"]([1.0]))


def test_numba_compiles_within_a_block() -> None:
    """The names in a function that is compiled are what they were when it was written."""
    pytest.importorskip("numba")
    jitted = importlib.import_module("tests.idioms.jitted")
    positions = [0, 1, 3]
    expected = jitted.chain_energy.py_func(np.array(positions), 1.1)
    with ga.drop_in():
        found = jitted.chain_energy(np.array(positions), 1.1)  # whole numbers, for which it was not compiled yet
    np.testing.assert_allclose(found, expected)
    assert not isinstance(found, ga.Tensor)


@functools.lru_cache
def table(n: int) -> Any:
    return np.linspace(0.0, 1.0, n)


def test_a_function_with_a_cache_has_what_it_has() -> None:
    table.cache_clear()
    with ga.drop_in():
        table(3)
        table(3)
        assert table.cache_info().hits == 1 and table.cache_parameters()["maxsize"] == 128
        table.cache_clear()
        assert not table.cache_info().currsize


def test_code_that_runs_in_two_modules() -> None:
    source = "def f(x, *, make=None):\n    out = (make or np.zeros)(2)\n    out[0] = x * scale\n    return out.sum()\n"
    constants = compile(source, "shared", "exec").co_consts
    code = next(c for c in constants if isinstance(c, types.CodeType))
    for scale in (2.0, 3.0):
        f = types.FunctionType(code, {"__name__": f"shared_{scale}", "np": np, "scale": scale})
        f.__kwdefaults__ = {"make": None}
        np.testing.assert_allclose(ga.grad(f)(1.5), scale)
        f.__kwdefaults__ = {"make": np.ones}
        np.testing.assert_allclose(ga.grad(f)(1.5), scale)


def test_a_block_that_is_opened_anew_finds_its_plan() -> None:
    assert plans.plan_of((filled,)) is plans.plan_of((filled,))
    module = sys.modules[__name__]
    assert plans.plan_of((filled, module)) is plans.plan_of((filled, module)) is not plans.plan_of((filled,))


def test_a_block_that_is_opened_anew_sees_what_a_closure_has_by_now() -> None:
    def plain(x: Any) -> Any:
        return 2.0 * x

    chosen = plain

    def f(x: Any) -> Any:
        return chosen(x)

    for chosen, expected in ((plain, 2.0), (filled, slope(0.7)), (plain, 2.0), (filled, slope(0.7))):  # noqa: B007
        t = ga.tensor(0.7)
        with ga.drop_in(f):
            f(t).backward()
        np.testing.assert_allclose(t.grad, expected)


def test_a_library_is_let_in_by_name(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not the user's is left alone, with a message that names it, until it is let in."""
    written(
        "sklearn_like",
        "import numpy as np\ndef h(x):\n    out = np.zeros(2)\n    out[0] = x * x\n    return out.sum()\n",
    )
    monkeypatch.setattr(reach, "LIBRARIES", {*reach.LIBRARIES, "sklearn_like"})
    monkeypatch.setattr(reach, "_let_in", ())
    library = importlib.import_module("sklearn_like")

    def f(x: Any) -> Any:
        return library.h(x) + np.zeros(1)[0]

    with pytest.raises(ga.GradientLossError, match="sklearn_like"):
        ga.grad(f)(3.0)
    np.testing.assert_allclose(ga.grad(f, drop_in="sklearn_like")(3.0), 6.0)
    np.testing.assert_allclose(ga.grad(f, drop_in=("sklearn_like",))(3.0), 6.0)
    t = ga.tensor(3.0)
    with ga.drop_in("sklearn_like"):
        library.h(t).backward()
    np.testing.assert_allclose(t.grad, 6.0)
    assert library.np is np


def test_tasks_have_blocks_of_their_own() -> None:
    """Of two tasks of asyncio that take turns, the one in a block has stand-ins, and the other one plain NumPy."""
    met = []

    async def within(x: Any) -> Any:
        with ga.drop_in():
            out = np.zeros(2)
            for k in range(2):
                await asyncio.sleep(0)
                out[k] = x * x
                met.append("within")
            return np.sum(np.array([out[0], out[1]]))

    async def plain() -> None:
        for _ in range(4):
            assert type(np.zeros(2)) is np.ndarray and type(math.sin(0.5)) is float
            met.append("plain")
            await asyncio.sleep(0)

    async def both(x: Any) -> Any:
        results = await asyncio.gather(within(x), plain(), within(x))
        return results[0] + results[2]

    t = ga.tensor(3.0)
    asyncio.run(both(t)).backward()
    np.testing.assert_allclose(t.grad, 24.0)
    assert met.index("plain") < len(met) - 1 - met[::-1].index("within"), "the tasks took turns"
    assert np is sys.modules["numpy"]


def test_reload_within_a_block(written: Any) -> None:
    written(
        "reloaded_program",
        "import numpy as np\ndef f(x):\n    out = np.zeros(2)\n    out[0] = x\n    return out.sum()\n",
    )
    module = importlib.import_module("reloaded_program")
    np.testing.assert_allclose(ga.grad(lambda x: module.f(x))(2.0), 1.0)
    with ga.drop_in():
        written(
            "reloaded_program",
            "import math\nimport numpy as np\nfrom numpy import zeros\n"
            "def f(x):\n    out = zeros(2)\n    out[0] = 3 * x * math.exp(0 * x)\n    return out.sum()\n",
        )
        importlib.reload(module)
    assert module.np is np and module.zeros is np.zeros and module.math is math
    assert module.f(2.0) == 6.0 and isinstance(module.f(2.0), np.float64)
    np.testing.assert_allclose(ga.grad(lambda x: module.f(x))(2.0), 3.0)
    t = ga.tensor(2.0)
    with ga.drop_in():
        module.f(t).backward()
    np.testing.assert_allclose(t.grad, 3.0)


def test_a_module_that_is_imported_within_a_block(written: Any) -> None:
    written("early_names", "import numpy as np\nfrom numpy import zeros, array\n")
    importlib.import_module("early_names")
    written(
        "late_program",
        "import numpy as np\nfrom early_names import zeros\nfrom early_names import np as numpy_of_another\n"
        "TABLE = np.linspace(0, 1, 3)\n"
        "def f(x):\n    out = zeros(2)\n    out[0] = x * x\n    return out.sum()\n",
    )
    with ga.drop_in():
        module = importlib.import_module("late_program")
    assert module.np is np
    assert is_plain(module.zeros(3)) and is_plain(module.numpy_of_another.ones(3))
    assert is_plain(module.TABLE) and isinstance(module.f(3.0), np.float64)
    np.testing.assert_allclose(ga.grad(lambda x: module.f(x))(3.0), 6.0)
    assert isinstance(module.f(3.0), np.float64)


def test_a_module_that_is_imported_by_the_function_itself(written: Any) -> None:
    """At the first call nobody can know it: then it is named, and known the next time."""
    written(
        "imported_late",
        "import numpy as np\ndef g(x):\n    out = np.zeros(2)\n    out[0] = x * x\n    return out.sum()\n",
    )

    def f(x: Any) -> Any:
        import imported_late

        return imported_late.g(x)

    try:
        first = ga.grad(f)(3.0)
    except ga.GradientLossError as error:
        assert "imported_late" in str(error)
    else:
        np.testing.assert_allclose(first, 6.0)
    np.testing.assert_allclose(ga.grad(f)(3.0), 6.0)


def test_what_a_program_binds_stays_bound(written: Any) -> None:
    written(
        "binding_program",
        "import numpy as np\nfrom numpy import zeros, ones\nSCALE = 1.0\n"
        "def other(n):\n    return [0.0] * n\n"
        "def f(x):\n"
        "    global SCALE, zeros, added, ones\n"
        "    out = np.zeros(2)\n    out[0] = x\n"
        "    SCALE = 2.0\n    zeros = other\n    added = 'new'\n    del ones\n"
        "    return out.sum() * SCALE\n",
    )
    module = importlib.import_module("binding_program")
    t = ga.tensor(3.0)
    with ga.drop_in():
        module.f(t).backward()
    np.testing.assert_allclose(t.grad, 2.0)
    assert module.SCALE == 2.0 and module.zeros is module.other and module.added == "new"
    assert not hasattr(module, "ones") and module.np is np
    module.ones, module.zeros = np.ones, np.zeros
    np.testing.assert_allclose(ga.grad(module.f)(3.0), 2.0)
    assert module.zeros is module.other and not hasattr(module, "ones") and module.np is np


def test_changed_code_is_seen(written: Any) -> None:
    written("changing_helper", "import numpy as np\ndef h(x):\n    return x * 2.0\n")
    written("changing_program", "import changing_helper\ndef f(x):\n    return changing_helper.h(x)\n")
    module = importlib.import_module("changing_program")
    gradient = ga.grad(module.f)
    np.testing.assert_allclose(gradient(3.0), 2.0)
    written(
        "changing_helper",
        "import numpy as np\ndef h(x):\n    out = np.zeros(2)\n    out[:] = x * x\n    return out.sum()\n",
    )
    importlib.reload(sys.modules["changing_helper"])
    np.testing.assert_allclose(gradient(3.0), 12.0)


def test_a_function_that_is_put_in_place_of_another(written: Any) -> None:
    written("one_helper", "def h(x):\n    return x * 2.0\n")
    written(
        "another_helper",
        "import numpy as np\ndef h(x):\n    out = np.zeros(2)\n    out[:] = x * x\n    return out.sum()\n",
    )
    written("patched_program", "from one_helper import h\ndef f(x):\n    return h(x)\n")
    module = importlib.import_module("patched_program")
    gradient = ga.grad(module.f)
    np.testing.assert_allclose(gradient(3.0), 2.0)
    module.h = importlib.import_module("another_helper").h
    np.testing.assert_allclose(gradient(3.0), 12.0)


def test_classes_of_the_arguments_are_seen(written: Any) -> None:
    """The function itself calls a method of what it is given."""
    written(
        "model_of_arguments",
        "import numpy as np\nclass Model:\n    def run(self, x):\n        out = np.zeros(2)\n        out[1] = x**3\n"
        "        return out.sum()\n",
    )
    model = importlib.import_module("model_of_arguments").Model()

    def f(x: Any, model: Any) -> Any:
        return model.run(x)

    np.testing.assert_allclose(ga.grad(f)(2.0, model), 12.0)
    np.testing.assert_allclose(ga.grad(f)(2.0, model=model), 12.0)


# --- what is left behind ----------------------------------------------------------------------------------------------


def test_a_library_that_hands_on_numpys_functions() -> None:
    xp = types.ModuleType("array_api_compat.numpy")
    for name in ("array", "zeros", "sum", "sin", "r_", "float64"):
        setattr(xp, name, getattr(np, name))
    names = {"xp": xp, "__name__": "users_program"}
    text = "def program(x):\n y = xp.zeros(2)\n y[0] = xp.sum([x, x])\n return xp.r_[y, xp.array([x * y[0], 1.0])]"
    exec(text, names)
    np.testing.assert_array_equal(ga.jacobian(names["program"])(3.0), [2, 0, 12, 0])
    np.testing.assert_array_equal(ga.jvp(names["program"], (3.0,), (1.0,))[1], [2, 0, 12, 0])
    assert names["xp"] is xp and xp.zeros is np.zeros


def test_a_table_that_is_cached_within_a_block_is_plain_afterwards() -> None:
    bound_early.nodes.cache_clear()
    expected = 2 * 0.6 + np.sum(np.cos(np.pi * (np.arange(5) + 0.5) / 5) ** 2)
    np.testing.assert_allclose(ga.grad(bound_early.chebyshev)(0.6), expected)
    assert is_plain(bound_early.nodes(5))
    assert isinstance(bound_early.chebyshev(0.6), np.float64)
    np.testing.assert_allclose(ga.grad(bound_early.chebyshev)(0.6), expected)


def test_what_a_program_remembers_is_of_use_afterwards(written: Any) -> None:
    written(
        "remembering_program",
        "import numpy as np\nMEMORY = {}\n"
        "def weights(n):\n    if n not in MEMORY:\n        MEMORY[n] = np.linspace(0, 1, n)\n    return MEMORY[n]\n"
        "def f(x):\n    return np.sum(weights(4) * x**2)\n",
    )
    module = importlib.import_module("remembering_program")
    for _ in range(2):
        np.testing.assert_allclose(ga.grad(module.f)(3.0), 12.0)
        np.testing.assert_allclose(float(module.f(3.0)), 18.0)
        np.testing.assert_allclose(ga.jvp(module.f, (3.0,), (1.0,))[1], 12.0)


def test_nothing_keeps_a_function_alive() -> None:
    def made(size: int) -> tuple[Callable[[Any], Any], Any]:
        weights = np.ones(size)

        def f(x: Any) -> Any:
            out = np.zeros(size)
            out[0] = x * weights[0]
            return out.sum()

        return f, weakref.ref(weights)

    f, kept = made(5)
    np.testing.assert_allclose(ga.grad(f)(2.0), 1.0)
    ga.drop_in(f)(ga.tensor(2.0))
    del f
    gc.collect()
    assert kept() is None


def test_compiled_code_has_its_own_numpy_within_a_block() -> None:
    """Its look-ups find NumPy's own functions, whatever names are bound to here."""
    real = np.zeros
    with ga.drop_in():
        assert sys.modules["numpy"].zeros is real
        rng = np.random.default_rng(3)
        values = [np.random.randn(3), rng.normal(size=3), np.random.permutation(4), rng.choice(5, 2), rng.integers(5)]
        tables = [
            np.linalg.qr(np.eye(2)),
            np.histogram([1.0, 2.0]),
            np.unique([1, 1, 2]),
            np.polyfit([1, 2, 3], [1, 4, 9], 1),
        ]
        assert np.shape(values[0]) == (3,) and len(tables) == 4
        np.testing.assert_allclose(np.linalg.solve(np.eye(2) * 2, np.ones(2)), [0.5, 0.5])


def test_whole_numbers_and_truth_values_stay_plain() -> None:
    with ga.drop_in():
        assert is_plain(np.zeros(3, dtype=int)) and is_plain(np.arange(3))
        assert is_plain(np.ones(2, dtype=bool)) and is_plain(np.argsort([2.0, 1.0]))
        assert [10, 20, 30][int(ga.tensor(1.7))] == 20 and len(range(int(ga.tensor(2.0)))) == 2


def test_tensors_are_taken_for_arrays_within_a_block_alone() -> None:
    t = ga.tensor([1.0, 2.0])
    with ga.drop_in():
        number = t[0]
        assert isinstance(t, np.ndarray) and isinstance(np.zeros(2), np.ndarray) and not isinstance([1.0], np.ndarray)
        assert isinstance(number, float) and isinstance(number, (int, np.floating)) and not isinstance(number, int)
        assert not isinstance(t, float) and isinstance(1.0, float) and isinstance(True, int)
        assert issubclass(bool, int) and float("2.5") == 2.5 and int("7") == 7 and isinstance(float("inf"), float)
    assert not isinstance(t, np.ndarray) and not isinstance(number, float)


def test_plain_arrays_stay_themselves_within_a_block() -> None:
    """Writes go on to reach the caller's memory."""
    mine = np.arange(3.0)

    def f(x: Any) -> Any:
        same = np.asarray(mine)
        same[0] = 5.0
        return x * same[0] * mine[0]

    np.testing.assert_allclose(ga.grad(f)(2.0), 25.0)
    assert is_plain(mine) and mine[0] == 5.0


def test_reports_are_the_same_text() -> None:
    x = X[:3]
    plain = checks_and_output.described(x)
    texts = f"{np.zeros(2)} {np.array([1.5, 2.0])!r} {np.float64(1.5):.2f} {float(1)!r}"
    with ga.drop_in():
        np.testing.assert_array_equal(checks_and_output.described(x), plain)
        inside = f"{np.zeros(2)} {np.asarray(np.array([1.5, 2.0]))} {np.float64(1.5):.2f} {float(1)!r}"
    assert inside.split()[0] == texts.split()[0] and inside.endswith("1.50 1.0")


def test_objects_that_raise_whatever_they_are_asked_for(written: Any) -> None:
    """As they stand for a library that is not installed, or load one when they are asked for anything."""
    written(
        "asking_nobody",
        "import math, sys, types\n"
        "class Missing:\n"
        "    def __getattribute__(self, name):\n"
        "        if name == '__class__': return Missing\n        raise ModuleNotFoundError(name)\n"
        "class Slotted:\n"
        "    __slots__ = ('rate',)\n"
        "    def __getattribute__(self, name):\n"
        "        if name == '__class__': return Slotted\n        raise ModuleNotFoundError(name)\n"
        "class Lazy(types.ModuleType):\n"
        "    def __getattr__(self, name):\n        raise ModuleNotFoundError(name)\n"
        "missing, slotted, lazy = Missing(), Slotted(), Lazy('asking_nobody.lazy')\n"
        "lazy.__spec__ = None\n"
        "sys.modules['asking_nobody.lazy'] = lazy\n"
        "def f(x):\n    return math.sin(x) if missing is not slotted is not lazy else x\n",
    )
    module = importlib.import_module("asking_nobody")
    try:
        np.testing.assert_allclose(ga.grad(module.f)(0.7), math.cos(0.7))
        t = ga.tensor(0.7)
        with ga.drop_in():
            module.f(t).backward()
        np.testing.assert_allclose(t.grad, math.cos(0.7))
    finally:
        del sys.modules["asking_nobody.lazy"]


def test_functions_that_an_object_of_a_library_keeps(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the edges of a graph do."""
    written(
        "library_of_graphs",
        "class Graph:\n    def __init__(self):\n        self._edges = {}\n"
        "    def add(self, a, b, **data):\n        self._edges.setdefault(a, {})[b] = data\n",
    )
    monkeypatch.setattr(reach, "LIBRARIES", {*reach.LIBRARIES, "library_of_graphs"})
    graph = importlib.import_module("library_of_graphs").Graph()
    written("conversions", "import math\ndef to_radians(x):\n    return math.radians(float(x))\n")
    graph.add("degrees", "radians", function=importlib.import_module("conversions").to_radians)
    np.testing.assert_allclose(ga.grad(lambda x: graph._edges["degrees"]["radians"]["function"](x))(3.0), math.pi / 180)


def test_a_tensor_is_made_of_an_array_that_the_block_has_made() -> None:
    with ga.drop_in():
        t = ga.tensor(np.linspace(1.0, 2.0, 3))
        np.sum(t * np.arange(3)).backward()
        assert ga.tensor(np.ones(3), constant=True).constant and ga.tensor(np.ones(3), dtype=int).constant
    np.testing.assert_array_equal(t.grad, [0.0, 1.0, 2.0])
    assert ga.tensor(ga.tensor([1.0], constant=True)).constant
