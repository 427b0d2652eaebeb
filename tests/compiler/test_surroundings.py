"""What a jitted function finds outside of its arguments: nothing of one point stays, whatever is changed, and wherever.

Each case makes a function and what it refers to, and a list of what happens: calls, and changes in between. With a
program and without one, the same must come out, and the same must be left behind.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import importlib
import itertools
import logging
import os
import random
import sys
import time
import types
import uuid
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.context.settings import errors
from tests.disturbances import Thread, interrupted, needs_timers

X = np.array([1.0, 2.0, 3.0])


class Model:
    scale = 2.0

    def __init__(self) -> None:
        self.W, self.n, self.rate, self.count, self.history = np.ones(3), 2, 0.1, 0, []

    def output(self, x: Any) -> Any:
        return np.sum(x * self.W)[None][: self.n] * self.scale

    def rebind(self, x: Any) -> Any:
        self.W = self.W - self.rate * x
        return self.W.sum()

    def update(self, x: Any) -> Any:
        self.W -= self.rate * x
        return self.W.sum()

    def counted(self, x: Any) -> Any:
        self.count += 1
        return x * self.count

    def logged(self, x: Any) -> Any:
        self.history.append(float(x.sum()))
        return x * len(self.history)

    def keep_all(self, x: Any) -> Any:
        self.history.append(x * 2)
        return x

    def keep_last(self, x: Any) -> Any:
        self.last = x * 2
        return x

    def __call__(self, x: Any) -> Any:
        return np.sum(x**2 * self.W)


class Slots:
    __slots__ = ("W", "q")

    def __init__(self) -> None:
        self.W, self.q = np.ones(3), 1.0

    def output(self, x: Any) -> Any:
        return (self.W * x * self.q).sum()


@dataclasses.dataclass
class Data:
    W: Any
    n: int = 3

    def output(self, x: Any) -> Any:
        return (self.W * x)[: self.n].sum()


@dataclasses.dataclass(frozen=True)
class Frozen:
    W: Any
    n: int = 3
    output = Data.output


def _model(name: str) -> Callable[[], Any]:
    def make() -> Any:
        model = Model()
        return getattr(model, name), model

    return make


def _default() -> Any:
    W = np.ones(3)

    def f(x: Any, w: Any = W, *, k: Any = W) -> Any:
        return np.sum(x * w * k)

    return f, W


def _partial() -> Any:
    W = np.ones(3)
    return functools.partial(lambda w, x, k=1.0: np.sum(w * x) * k, W, k=2.0), W


def _list() -> Any:
    items: Any = [np.ones(3), 2.0, {"a": np.ones(3)}]
    return lambda x: sum(np.sum(x * item) for item in items[:2]) + np.sum(items[2]["a"] * x), items


def _tuple() -> Any:
    items: Any = [(np.ones(3), (np.ones(3), 2.0))]
    return lambda x: np.sum(items[0][0] * x) + np.sum(items[0][1][0] * x * items[0][1][1]), items


def _module() -> Any:
    module = types.ModuleType("a_module_of_the_users")
    text = """
import numpy as np
W, k, t = np.ones(3), 2.0, 0
def f(x):
    global W, t
    t += 1
    W = W + x * k
    return W.sum() * h(x)
def h(x):
    return x.sum() * t
"""
    exec(text, vars(module))
    sys.modules[module.__name__] = module
    return module.f, vars(module)


def _in_module(text: str, **more: Any) -> Callable[[], Any]:
    """Return what makes a function of a module, which may refer to another module `config` that has a number `k`."""

    def make() -> Any:
        module, config = types.ModuleType("a_module_of_the_users"), types.ModuleType("config_of_the_users")
        sys.modules |= {module.__name__: module, config.__name__: config}
        config.k = 2.0  # type: ignore[attr-defined]
        vars(module).update(np=np, config=config, **more)
        exec(text, vars(module))
        return module.f, Held(module, config)

    return make


@dataclasses.dataclass
class Held:
    module: Any
    config: Any

    def __repr__(self) -> str:
        return repr([vars(m).get("k") for m in (self.module, self.config)])


def _other_module(held: Any) -> None:
    held.module.config = types.SimpleNamespace(k=7.0)


def _add_import(held: Any) -> None:
    held.module.k = 7.0


class Parameters(list[Any]):
    rate = 1.0


class Named(dict[str, Any]):
    pass


def _parameters() -> Any:
    parameters, named = Parameters([np.ones(3)]), Named()
    parameters.rate, named.rate = 2.0, np.ones(3)  # type: ignore[attr-defined]
    return lambda x: np.sum(x * parameters[0]) * parameters.rate * named.rate[0], Held(parameters, named)  # type: ignore[attr-defined]


class Base:
    def factor(self) -> float:
        return 2.0

    def output(self, x: Any) -> Any:
        return x * self.factor()

    def by_text(self, x: Any) -> Any:
        return x * getattr(self, "optional", 1.0) if hasattr(self, "optional") else x

    def caught(self, x: Any) -> Any:
        try:
            return x * self.later  # type: ignore[attr-defined]
        except AttributeError:
            return x


def _derived(name: str) -> Callable[[], Any]:
    def make() -> Any:
        class Derived(Base):
            pass

        model = Derived()
        return getattr(model, name), model

    return make


def _of_the_class(name: str, value: Any) -> Callable[[Any], None]:
    return lambda model: setattr(type(model), name, value)


def _views() -> Any:
    whole = np.zeros(6)
    head = whole[:3]

    def f(x: Any) -> Any:
        whole[:] = np.concatenate([x, x])
        return head.sum()

    return f, whole


def _cached() -> Any:
    W = np.ones(3)

    @functools.lru_cache
    def table(n: int) -> Any:
        return W * n

    return lambda x: (table(3) * x).sum(), None


def _items(i: int, value: Any) -> Callable[[Any], None]:
    return lambda held: held.__setitem__(i, value)


def _attribute(name: str, value: Any) -> Callable[[Any], None]:
    return lambda held: object.__setattr__(held, name, value)


def _attribute_of(part: str, name: str, value: Any) -> Callable[[Any], None]:
    return lambda held: setattr(getattr(held, part), name, value)


FIVE = _items(0, 5.0)
CASES: dict[str, tuple[Callable[[], Any], list[Any]]] = {
    "default": (_default, [X, FIVE, X]),
    "partial": (_partial, [X, FIVE, X]),
    "list": (_list, [X, lambda h: FIVE(h[0]), X, _items(0, np.zeros(3)), X, _items(1, 9.0), X, _items(1, 7.0), X]),
    "dict": (_list, [X, lambda h: h[2].update(a=np.zeros(3)), X, lambda h: h[2].update(a=np.ones(1)), X]),
    "tuple": (_tuple, [X, lambda h: FIVE(h[0][1][0]), X, _items(0, (np.zeros(3), (np.ones(3), 3.0))), X]),
    "module": (_module, [X, X, X, lambda h: h.update(k=3.0), X, X, lambda h: h.update(h=lambda x: x[0]), X]),
    "views": (_views, [X, 2 * X, 3 * X]),
    "cached": (_cached, [X, 2 * X]),
    "attribute": (
        _model("output"),
        [X, lambda m: FIVE(m.W), X, _attribute("W", np.zeros(3)), X, _attribute("n", 0), X, _attribute("W", X[:1]), X],
    ),
    "shadowed": (_model("output"), [X, _attribute("scale", 5.0), X]),
    "rebind": (_model("rebind"), [X, X, X, _attribute("rate", 0.5), X, X]),
    "update": (_model("update"), [X, X, X]),
    "counted": (_model("counted"), [X] * 5),
    "logged": (_model("logged"), [X] * 4),
    "keep_all": (_model("keep_all"), [X] * 3),
    "keep_last": (_model("keep_last"), [X, 2 * X, 3 * X]),
    "slots": (
        lambda: (lambda s: (s.output, [s.W, s]))(Slots()),
        [X, lambda h: FIVE(h[0]), X, lambda h: setattr(h[1], "q", 2.0), X, lambda h: setattr(h[1], "q", 3.0), X],
    ),
    "callable": (lambda: (Model(),) * 2, [X, lambda m: FIVE(m.W), X, _attribute("W", np.zeros(3)), X]),
    **{
        text: (_in_module(f"def f(x):\n    {text}"), [X, lambda h: setattr(h.config, "k", 3.0), X])
        for text in (
            "return x * config.k",
            "return x * getattr(config, 'k')",
            "return x * vars(config)['k']",
            "from config_of_the_users import k; return x * k",
            "import config_of_the_users; return x * config_of_the_users.k",
        )
    },
    **{
        text: (_in_module(f"def f(x):\n    {text}", k=1.0), [X, lambda h: setattr(h.module, "k", 3.0), X])
        for text in ("return x * globals()['k']", "return x * eval('k')")
    },
    "by text, absent": (
        _in_module("def f(x):\n    return x * getattr(config, 'scale', 1.0)"),
        [X, lambda h: setattr(h.config, "scale", 3.0), X],
    ),
    "globals by text, absent": (
        _in_module("def f(x):\n    return x * globals().get('scale', 1.0)"),
        [X, lambda h: setattr(h.module, "scale", 3.0), X],
    ),
    "another module": (_in_module("def f(x):\n    return x * config.k"), [X, _other_module, X]),
    "a global that is new": (
        _in_module("def f(x):\n    try:\n        return x * k\n    except NameError:\n        return x"),
        [X, _add_import, X],
    ),
    "a builtin that is covered": (
        _in_module("def f(x):\n    return abs(x)"),
        [-X, lambda h: setattr(h.module, "abs", lambda x: 2 * x), -X],
    ),
    "a global that the function defines": (
        _in_module("def f(x):\n    global k\n    try: k = k + 1\n    except NameError: k = 0\n    return x * k"),
        [X, X, X],
    ),
    "attributes of containers": (
        _parameters,
        [X, _attribute_of("module", "rate", 5.0), X, lambda h: FIVE(h.config.rate), X],
    ),
    "a method of the object": (_derived("output"), [X, _attribute("factor", lambda: 3.0), X]),
    "a method of its class": (_derived("output"), [X, _of_the_class("factor", lambda _: 3.0), X]),
    "an attribute that is asked for": (_derived("by_text"), [X, _attribute("optional", 3.0), X]),
    "an attribute of the class": (_derived("by_text"), [X, _of_the_class("optional", 3.0), X]),
    "an attribute that is missed": (_derived("caught"), [X, _attribute("later", 3.0), X]),
    "gradient": (
        lambda: (lambda m: (ga.grad(m), m))(Model()),
        [X, lambda m: FIVE(m.W), X, _attribute("W", np.zeros(3)), X],
    ),
    **{
        cls.__name__: (
            lambda cls=cls: (lambda d: (d.output, d))(cls(np.ones(3))),  # type: ignore[misc]
            [X, lambda d: FIVE(d.W), X, _attribute("n", 2), X],
        )
        for cls in (Data, Frozen)
    },
}
# What they refer to that is written down in no program, so that they are carried out as they are.
PLAIN = {"views", "keep_all", "logged"}
# So many programs serve, whatever happens.
ONE = {"default", "partial", "update", "keep_last", "callable", "gradient"}


@pytest.fixture(autouse=True)
def _modules() -> Iterator[None]:
    yield
    for name in ("a_module_of_the_users", "config_of_the_users"):
        sys.modules.pop(name, None)


def _played(case: str, wrap: Callable[[Any], Any]) -> tuple[list[str], Any]:
    make, events = CASES[case]
    f, held = make()
    run = wrap(f)
    out = []
    for event in events:
        if callable(event):
            event(held)
        else:
            out.append(repr(run(event)))
    state = vars(held) if hasattr(held, "__dict__") else held
    if isinstance(held, dict):
        state = [held[name] for name in ("W", "k", "t")]
    return [*out, repr([held[0], held[1].q] if case == "slots" else state)], run


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_changed_is_seen(case: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if case in PLAIN else "error", ga.JitWarning)
        plain, _ = _played(case, lambda f: f)
        programs, run = _played(case, ga.jit)
    assert programs == plain
    count = sum(map(len, run._runs.values()))
    assert count == 0 if case in PLAIN else count >= 1
    if case in ONE:
        assert count == 1


def test_a_module_that_is_imported_first_by_the_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "config_of_the_users.py").write_text("k = 2.0\n")

    def f(x: Any) -> Any:
        from config_of_the_users import k

        return x * k

    run = ga.jit(f, strict=True)
    with pytest.raises(TypeError, match="config_of_the_users is not there"):
        for _ in range(10):
            sys.modules.pop("config_of_the_users", None)
            assert run(3.0) == 6
    run = ga.jit(f, strict=True)
    for _ in range(3):
        assert run(3.0) == 6
    assert sum(map(len, run._runs.values())) == 1
    sys.modules["config_of_the_users"].k = 5.0  # type: ignore[attr-defined]
    assert run(3.0) == 15


def test_a_number_that_changes_again_is_given_to_the_program() -> None:
    rate = 0.1
    run = ga.jit(lambda x: x * rate, strict=True)
    for k in range(40):
        rate = 0.1 * k
        assert run(2.0) == 2.0 * rate
    assert sum(map(len, run._runs.values())) <= 3


def test_signed_zeros_and_nans_are_told_apart() -> None:
    rate = 0.0
    run = ga.jit(lambda x: np.copysign(x, rate), strict=True)
    assert run(1.0) == 1
    rate = -0.0
    assert run(1.0) == -1
    rate = np.nan
    assert run(1.0) == 1


@pytest.mark.parametrize(
    ("draw", "word"),
    [
        (lambda: np.random.normal(), "random"),  # noqa: NPY002
        (lambda: np.random.default_rng().normal(), "random"),
        (lambda: random.random(), "random"),
        (lambda: time.perf_counter(), "time.perf_counter"),
        (lambda: __import__("math").pi, "__import__"),
        (lambda: importlib.import_module("math").pi, "importlib.import_module"),
        (lambda: sys.modules["math"].pi, "sys.modules"),
    ],
)
def test_what_differs_each_time_is_refused(draw: Callable[[], float], word: str) -> None:
    with pytest.raises(TypeError, match=word):
        ga.jit(lambda x: x + draw(), strict=True)(1.0)
    run = ga.jit(lambda x: x + draw())
    with pytest.warns(ga.JitWarning, match=word):
        run(1.0)
    assert run(1.0) != run(1.0) or word.endswith(("__import__", "import_module", "modules"))


@pytest.mark.parametrize(
    "call",
    [
        lambda: open(__file__).close() or 2.0,
        lambda: input() and 2.0,
        lambda: os.getenv("HOME") and 2.0,
        lambda: uuid.uuid4().int,
        lambda: datetime.datetime.now().year,
        lambda: datetime.date.today().year,
        time.time,
    ],
)
def test_what_is_only_mentioned_is_no_obstacle(call: Callable[[], float], monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any) -> str:
        asked.append(1)
        return "2"

    def f(x: Any, n: int) -> Any:
        try:
            return x * 2.0 if n > 0 else x * call()
        except Exception:
            return x

    asked: list[int] = []
    monkeypatch.setattr("sys.stdin.readline", read, raising=False)
    run = ga.jit(f, strict=True, static_argnums=1)
    before = sys.getprofile()
    np.testing.assert_array_equal(run(X, 1), 2 * X)
    assert sum(map(len, run._runs.values())) == 1
    with pytest.raises(TypeError, match="known only when it is called"):
        run(X, 0)
    assert sys.getprofile() is before
    assert asked == []


def test_a_seeded_generator_serves() -> None:
    run = ga.jit(lambda x: x + np.random.default_rng(3).normal(), strict=True)
    assert run(1.0) == run(1.0) == 1 + np.random.default_rng(3).normal()


def test_containers_that_are_arguments_are_changed_as_the_function_does() -> None:
    def step(parameters: Any, x: Any) -> Any:
        parameters["w"] = parameters["w"] - 0.1 * x
        parameters["layers"][0] += x
        return parameters["w"].sum()

    mine, others = ({"w": np.ones(3), "layers": [np.zeros(3)]} for _ in range(2))
    run = ga.jit(step, strict=True)
    for _ in range(3):
        first = mine["layers"][0]
        assert run(mine, X) == step(others, X)
        np.testing.assert_array_equal(mine["w"], others["w"])
        np.testing.assert_array_equal(first, others["layers"][0])


def test_the_structure_of_an_argument_is_left_to_the_function() -> None:
    run = ga.jit(lambda items, x: items.append(x) or len(items) * x)
    items = [X]
    with pytest.warns(ga.JitWarning, match="structure"):
        np.testing.assert_array_equal(run(items, X), 2 * X)
    assert len(items) == 2
    assert items[1] is X


@pytest.mark.parametrize("pair", [lambda a: (a, a), lambda a: (a, a[::1]), lambda a: (a, X), lambda a: (X.copy(), a)])
def test_arguments_that_share_memory(pair: Callable[[Any], Any]) -> None:
    def step(w: Any, x: Any) -> Any:
        w -= x
        return float(w.sum() + x[0])

    run = ga.jit(step)
    run(np.ones(3), X)
    mine, others = np.ones(3), np.ones(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ga.JitWarning)
        for _ in range(2):
            assert run(*pair(mine)) == step(*pair(others))
            np.testing.assert_array_equal(mine, others)


def test_after_an_error_everything_is_as_the_function_leaves_it() -> None:
    def make() -> Any:
        model = Model()

        def fails(x: Any) -> Any:
            model.W = x * 2
            model.count += 1
            model.history.append(x)
            raise ValueError("after all")

        return fails, model

    left = []
    for wrap in (lambda f: f, ga.jit):
        f, model = make()
        with pytest.raises(ValueError, match="after all"):
            wrap(f)(X)
        assert model.history[0] is X
        left.append(repr(vars(model)))
    assert left[0] == left[1]


def test_another_thread_makes_it_plain() -> None:
    def f(x: Any) -> Any:
        out = []
        Thread(lambda: out.append(x * 2)).finish()
        return out[0] + x

    run = ga.jit(f)
    with pytest.warns(ga.JitWarning, match="thread") as told:
        for _ in range(10):
            np.testing.assert_array_equal(run(X), 3 * X)
    assert len(told) == 1
    np.testing.assert_array_equal(run(-X), -3 * X)


def test_a_thread_that_the_function_waits_for_may_call_another_one() -> None:
    other = ga.jit(lambda x: 2 * x)

    def f(x: Any) -> Any:
        out = []
        Thread(lambda: out.append(other(1.0))).finish()
        return out[0] * x

    np.testing.assert_array_equal(ga.jit(f)(X), 2 * X)


def test_opaque_objects_are_refused() -> None:
    import array

    held = array.array("d", [1.0])
    with pytest.raises(TypeError, match=r"held is an? array\.array|held is"):
        ga.jit(lambda x: x * held[0], strict=True)(1.0)


def test_within_a_drop_in_block_it_is_the_function() -> None:
    run = ga.jit(lambda x: np.sum(np.zeros(3) + x))
    with ga.drop_in():
        t = ga.tensor(2.0)
        run(t).backward()
        assert run(1.0) == 3
    assert t.grad == 3
    assert run(1.0) == 3


def test_random_numbers_are_drawn_as_without_it() -> None:
    generator = np.random.default_rng(5)
    draws: list[Callable[[], Any]] = [np.random.random, random.random, generator.random]
    for draw in draws:
        found = []
        for wrap in (lambda f: f, ga.jit):
            np.random.seed(1)  # noqa: NPY002
            random.seed(1)
            generator.bit_generator.state = np.random.default_rng(5).bit_generator.state
            run = wrap(lambda x: x * draw())  # noqa: B023 - it is called at once
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ga.JitWarning)
                found.append([run(2.0) for _ in range(3)])
        assert found[0] == found[1]


def test_what_it_refers_to_can_be_dropped() -> None:
    model = Model()
    run = ga.jit(lambda x: model.output(x), strict=True)
    run(X)
    old = weakref.ref(model.W)
    model.W = np.zeros(3)
    assert old() is None
    run(X)
    text = weakref.ref(run._recent[0].enter)
    del run
    assert text() is None


def test_many_threads_call_it_at_once() -> None:
    model, wrong = Model(), []

    def work(run: Any, x: Any) -> None:
        wrong.extend(k for k in range(50) if not np.array_equal(run(x * k), [np.sum(x * k * model.W) * 2]))

    runs = [ga.jit(model.output, strict=True) for _ in range(3)]
    threads = [Thread(functools.partial(work, run, np.arange(n) + 1.0)) for run in runs for n in (1, 3)]
    for thread in threads:
        thread.finish()
    assert not wrong
    assert type(model.W) is np.ndarray


def test_the_line_is_quoted_that_cannot_be_written_down() -> None:
    def f(x: Any) -> Any:
        return np.frombuffer(x.data)[0] + x[0]

    with pytest.warns(ga.JitWarning, match=r"f is carried out .*, in return np.frombuffer\(x.data\)\[0\].*\.py:\d+"):
        assert ga.jit(f)(X) == 2


def test_what_numpy_says_is_said_once() -> None:
    run = ga.jit(lambda x: np.log(x), strict=True)
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="divide by zero") as told:
            run(np.zeros(2))
        assert len(told) == 1
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        run(np.zeros(2))


@needs_timers
def test_interrupts_at_any_moment() -> None:
    def work() -> None:
        while True:
            ga.jit(ga.grad(model))(X)

    model, told = Model(), errors.get()
    before = {name: id(value) for name, value in vars(model).items()}
    for arrived in interrupted(work, (2e-5 + 1e-5 * k for k in range(200))):
        assert arrived
        assert {name: id(value) for name, value in vars(model).items()} == before
        assert errors.get() is told
    Thread(lambda: np.testing.assert_array_equal(ga.jit(ga.grad(model), strict=True)(X), 2 * X)).finish()


def test_what_is_returned_is_of_this_call() -> None:
    class Holder:
        def __init__(self, x: Any) -> None:
            self.x = x

    known = Holder(X)
    makers: list[Callable[[Any], Any]] = [
        lambda x: ga.vjp(np.sin, x)[1],
        lambda x: lambda: x,
        lambda x: (Holder(x),),
        lambda x: (value for value in x),
    ]
    for make in makers:
        with pytest.raises(TypeError, match="it returns"):
            ga.jit(make, strict=True)(X)
    with pytest.warns(ga.JitWarning, match="it returns"):
        pull = ga.jit(makers[0])(X)
    np.testing.assert_array_equal(pull(np.ones(3))[0], np.cos(X))
    assert ga.jit(lambda x: (known, "s", None, x), strict=True)(X)[0] is known


def test_iterators_loggers_and_attributes_of_functions() -> None:
    numbers, log = itertools.count(), logging.getLogger("of a test")

    def counted(x: Any) -> Any:
        return x * next(numbers)

    with pytest.warns(ga.JitWarning, match="numbers"):
        run = ga.jit(counted)
        assert [run(2.0) for _ in range(3)] == [0, 2, 4]

    def logged(x: Any) -> Any:
        log.debug("called")
        return x * logged.rate  # type: ignore[attr-defined]

    logged.rate = 2.0  # type: ignore[attr-defined]
    run = ga.jit(logged, strict=True)
    assert run(2.0) == 4
    logged.rate = 3.0  # type: ignore[attr-defined]
    assert run(2.0) == 6


def test_what_is_too_long_is_carried_out_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradarray.compiler.program.program.LONGEST", 50)

    def long(x: Any) -> Any:
        for _ in range(100):
            x = np.sin(x)
        return x

    with pytest.warns(ga.JitWarning, match="more than 50 statements"):
        assert ga.jit(long)(1.0) == long(1.0)


def test_a_loaded_module_of_the_name_of_an_attribute_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no object has an attribute of is looked for there alone, and not among the modules, as the `array` is."""
    monkeypatch.setitem(sys.modules, "array", types.ModuleType("array"))

    class Pair:
        def __init__(self, a: Any) -> None:
            try:
                self.q = np.array([a, a])
            except AttributeError:
                self.q = None

    run = ga.jit(lambda x: np.sum(Pair(x[0]).q * x[:2]), strict=True)
    assert run(X) == 3 and run._recent  # the next call will be by a program
    assert run(2 * X) == 12


def test_a_module_that_the_call_imports_is_none_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)  # another test's library may have imported it

    def f(x: Any) -> Any:
        import colorsys

        return x * colorsys.ONE_THIRD

    run = ga.jit(f, strict=True)
    try:
        assert run(3.0) == 1 and not run._recent
        assert run(3.0) == 1 and run._recent
        assert run(6.0) == 2
    finally:
        sys.modules.pop("colorsys", None)


class Missing:
    """What stands for a library that is not installed: it raises whatever it is asked for, but for its class."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return Missing
        raise ModuleNotFoundError(f"not installed, and asked for {name}")


class Lazy:
    """It loads a library when it is asked for anything that it does not have."""

    def __init__(self) -> None:
        self.rate = 2.0

    def __getattr__(self, name: str) -> Any:
        raise ModuleNotFoundError(f"not installed, and asked for {name}")


missing, lazy = Missing(), Lazy()


def test_objects_that_raise_whatever_they_are_asked_for() -> None:
    def f(x: Any) -> Any:
        return np.sum(x) * lazy.rate if missing is not None else None

    run = ga.jit(f, strict=True)
    assert run(X) == 12
    np.testing.assert_array_equal(ga.jit(ga.grad(f), strict=True)(X), [2.0, 2.0, 2.0])
    lazy.rate = 3.0
    try:
        assert run(X) == 18
    finally:
        lazy.rate = 2.0


# --- what a function does to containers that it finds -----------------------------------------------------------------


class Holder:
    def __init__(self) -> None:
        self.items = [1.0, 2.0, 3.0]
        self.table = {"a": 1.0, "b": 2.0}
        self.mark = 4.0
        self.now, self.then, self.none = np.ones(2), np.zeros(2), None
        self.arrays = [np.full(2, 1.0), np.full(2, 2.0), np.full(2, 3.0)]

    def state(self) -> Any:
        return {name: [*map(str, value)] if type(value) is list else str(value) for name, value in vars(self).items()}


def exchanging(own: Holder, x: Any) -> Any:
    """Compute a step from one buffer into the other one."""
    own.then[...] = own.now * x + own.then
    own.now, own.then = own.then, own.now
    return np.sum(own.now)


def rotating(own: Holder, x: Any) -> Any:
    own.arrays.append(own.arrays.pop(0))
    return own.arrays[0] * x + own.arrays[1]


def remembering(own: Holder, x: Any) -> Any:
    own.none = own.now
    own.now = own.now + x
    return own.none * 2


def inserting(own: Holder, x: Any) -> Any:
    own.items.insert(0, 7.0)
    return x + len(own.items)


def deleting(own: Holder, x: Any) -> Any:
    if hasattr(own, "mark"):
        del own.mark
    return x + own.items[0]


EFFECTS: dict[str, Callable[[Holder, Any], Any]] = {
    "append": lambda own, x: own.items.append(3.0) or x + 1,
    "pop": lambda own, x: x + (own.items.pop() if own.items else 0.0),
    "clear": lambda own, x: own.items.clear() or x + len(own.items),
    "insert": inserting,
    "reverse": lambda own, x: own.items.reverse() or x + own.items[0],
    "dict.pop": lambda own, x: x + own.table.pop("a", 9.0),
    "dict.update": lambda own, x: own.table.update(c=5.0) or x + len(own.table),
    "del": deleting,
    "swap": exchanging,
    "rotate": rotating,
    "remember": remembering,
    "item": lambda own, x: own.items.__setitem__(1, x * 2) or x,
}


@pytest.mark.parametrize("effect", EFFECTS)
def test_containers_outside_are_changed_as_the_function_does(effect: str) -> None:
    mine, others, f = Holder(), Holder(), EFFECTS[effect]
    run = ga.jit(lambda x: f(mine, x), strict=True)
    for x in (1.0, 2.0, 3.0, 4.0):
        np.testing.assert_array_equal(run(x), f(others, x))
        assert mine.state() == others.state()


def test_what_is_computed_is_appended_by_the_function_alone() -> None:
    kept: list[Any] = []
    f = lambda x: kept.append(np.sin(x)) or x * 2  # noqa: E731
    with pytest.raises(ga.JitError, match=r"kept_0 keeps an array of the call, .* return it instead"):
        ga.jit(f, strict=True)(1.0)
    assert kept == []
    run = ga.jit(f)
    with pytest.warns(ga.JitWarning, match=r"kept_0 keeps an array of the call, .* return it instead"):
        assert run(1.0) == 2
    assert run(2.0) == 4
    assert kept == [np.sin(1.0), np.sin(2.0)]
    assert [*map(type, kept)] == [np.float64] * 2


TABLE = [0.5 * k for k in range(40)]
WORDS: dict[str, Any] = {f"key{k}": float(k) for k in range(40)}


@pytest.mark.parametrize(
    ("place", "value", "again"),
    [
        (3, 9.0, True),
        (0, -0.0, True),
        (2, 1, True),
        (4, np.float64(2.0), True),
        (3, 3 * 0.5, False),
        ("key7", 5.0, True),
        ("key0", -0.0, True),
        ("key1", True, True),
        ("key30", float("30"), False),
        ("key30", "a word", True),
    ],
)
def test_a_table_of_numbers_is_compared_item_by_item(place: Any, value: Any, again: bool, capsys: Any) -> None:
    table, words = [*TABLE], {**WORDS}

    def f(x: Any) -> Any:
        print("written")
        return x * sum(table[1:]) + (words["key30"] == 30) + np.copysign(1, table[0]) + len(words)

    run = ga.jit(f, strict=True)
    assert run(2.0) == run(2.0)
    assert capsys.readouterr().out == "written\n"
    (words if type(place) is str else table)[place] = value
    found = run(2.0)
    assert capsys.readouterr().out == "written\n" * again
    assert found == f(2.0)


def test_a_number_in_a_table_that_is_another_one_each_time_is_given(capsys: Any) -> None:
    table = [*TABLE]

    def f(x: Any) -> Any:
        print("written")
        return x * table[5] + table[6]

    run = ga.jit(f, strict=True)
    for k in range(6):
        table[5] = 0.25 + k
        assert run(2.0) == 2 * (0.25 + k) + 3
    assert capsys.readouterr().out == "written\n" * 2
