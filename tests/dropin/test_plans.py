"""Plans that are kept with a function: found at once while all that they were made from stays, and made anew if not."""

from __future__ import annotations

import functools
import gc
import importlib
import sys
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.dropin import places, plans
from gradarray.dropin.mentions import mentions


def plain(x: Any) -> Any:
    return 2.0 * x


def filling(x: Any) -> Any:
    """Without drop-in mode in this module, the variable is lost, and that raises."""
    out = np.zeros(2)
    out[0] = x * x
    return out.sum()


def settled(f: Callable[..., Any], *more: Any) -> Callable[[], float]:
    """Return what differentiates a function at 3, of which the plan is kept by now."""
    gradient = ga.grad(f)
    for _ in range(3):
        np.testing.assert_allclose(gradient(3.0, *more), 2.0)
    assert plans.met[id(f)].plan(f, (3.0, *more), {}) is plans.plan_for(f, (3.0, *more), {})
    return lambda: float(gradient(3.0, *more))


class Box:
    """An object of the user's, which leads to its class."""

    def run(self, x: Any) -> Any:
        return plain(x)

    def loss(self, x: Any) -> Any:
        return self.run(x)


class FullBox(Box):
    def run(self, x: Any) -> Any:
        return filling(x)


def closure() -> tuple[Callable[..., Any], Callable[[], None]]:
    chosen = plain

    def change() -> None:
        nonlocal chosen
        chosen = filling

    return lambda x: chosen(x), change


def deep_closure() -> tuple[Callable[..., Any], Callable[[], None]]:
    chosen = plain

    def change() -> None:
        nonlocal chosen
        chosen = filling

    def inner(x: Any) -> Any:
        return chosen(x)

    def outer(*args: Any) -> Any:
        return inner(*args)

    return lambda *args: outer(*args), change


def deep_code() -> tuple[Callable[..., Any], Callable[[], None]]:
    def inner(x: Any) -> Any:
        return 2.0 * x

    def outer(x: Any) -> Any:
        return inner(x)

    return lambda x: outer(x), lambda: setattr(inner, "__code__", filling.__code__)


def inner_default() -> tuple[Callable[..., Any], Callable[[], None]]:
    def inner(x: Any, called: Any = plain) -> Any:
        return called(x)

    return lambda x: inner(x), lambda: setattr(inner, "__defaults__", (filling,))


def emptied_cell() -> tuple[Callable[..., Any], Callable[[], None]]:
    chosen = plain

    def f(x: Any) -> Any:
        return chosen(x) if "chosen" in now else filling(x)

    now = {"chosen": True}

    def change() -> None:
        nonlocal chosen
        now.clear()
        del chosen

    return f, change


def listed() -> tuple[Callable[..., Any], Callable[[], None]]:
    chosen = [plain]
    return lambda x: chosen[0](x), lambda: chosen.__setitem__(0, filling)


def in_a_dict() -> tuple[Callable[..., Any], Callable[[], None]]:
    chosen = {"f": plain}
    return lambda x: chosen["f"](x), lambda: chosen.update(f=filling)


def default() -> tuple[Callable[..., Any], Callable[[], None]]:
    def f(x: Any, called: Any = plain) -> Any:
        return called(x)

    return f, lambda: setattr(f, "__defaults__", (filling,))


def first_default() -> tuple[Callable[..., Any], Callable[[], None]]:
    def f(x: Any, *called: Any, then: Any) -> Any:
        return then(x)

    f.__kwdefaults__ = {"then": plain}
    return f, lambda: f.__kwdefaults__.update(then=filling)


def code() -> tuple[Callable[..., Any], Callable[[], None]]:
    def f(x: Any) -> Any:
        return 2.0 * x

    return f, lambda: setattr(f, "__code__", filling.__code__)


def partial_of_closure() -> tuple[Callable[..., Any], Callable[[], None]]:
    f, change = closure()
    return functools.partial(lambda f, x: f(x), f), change


def partial_with_list() -> tuple[Callable[..., Any], Callable[[], None]]:
    chosen = [plain]
    return functools.partial(lambda chosen, x: chosen[0](x), chosen), lambda: chosen.__setitem__(0, filling)


def partial_with_keyword() -> tuple[Callable[..., Any], Callable[[], None]]:
    f = functools.partial(lambda x, called: called(x), called=plain)
    return f, lambda: f.keywords.update(called=filling)


def method() -> tuple[Callable[..., Any], Callable[[], None]]:
    box = Box()
    return box.loss, lambda: setattr(box, "__class__", FullBox)


def object_in_closure() -> tuple[Callable[..., Any], Callable[[], None]]:
    box = Box()

    def change() -> None:
        nonlocal box
        box = FullBox()

    return lambda x: box.run(x), change


def in_module(text: str) -> types.ModuleType:
    module = types.ModuleType("users_of_plans")
    vars(module).update(np=np, plain=plain)
    exec(compile(text, "users_of_plans.py", "exec"), vars(module))
    return module


def global_name() -> tuple[Callable[..., Any], Callable[[], None]]:
    module = in_module("def f(x):\n    return plain(x)\n")
    return module.f, lambda: setattr(module, "plain", filling)


def new_global() -> tuple[Callable[..., Any], Callable[[], None]]:
    module = in_module("def f(x):\n    return max(x * 2.0, 1.0)\n")
    return module.f, lambda: setattr(module, "max", lambda x, _: filling(x / 2.0))


def global_instead_of_another() -> tuple[Callable[..., Any], Callable[[], None]]:
    module = in_module("def f(x):\n    try:\n        return plain(x)\n    except NameError:\n        return more(x)\n")

    def change() -> None:
        del module.plain  # type: ignore[attr-defined]
        module.more = filling  # type: ignore[attr-defined]

    return module.f, change


CHANGES = [
    *(closure, deep_closure, deep_code, inner_default, emptied_cell, listed, in_a_dict, default, first_default, code),
    *(partial_of_closure, partial_with_list, partial_with_keyword, method, object_in_closure),
    *(global_name, new_global, global_instead_of_another),
]


@pytest.mark.parametrize("made", CHANGES, ids=lambda made: made.__name__)
def test_what_changes_is_seen(made: Callable[[], Any]) -> None:
    f, change = made()
    now = settled(f)
    change()
    for _ in range(4):
        np.testing.assert_allclose(now(), 6.0)


def test_a_default_that_comes_later_is_seen() -> None:
    def f(x: Any, called: Any) -> Any:
        return called(x)

    for _ in range(3):
        with pytest.raises(TypeError, match="called"):
            ga.grad(f)(3.0)
    f.__defaults__ = (filling,)
    np.testing.assert_allclose(ga.grad(f)(3.0), 6.0)  # type: ignore[call-arg]


def test_arguments_of_other_kinds_are_seen() -> None:
    def f(x: Any, box: Any = None, *, then: Any = None) -> Any:
        return (then or (box.run if box is not None else plain))(x)

    now = settled(f)
    gradient = ga.grad(f)
    for box, expected in [(FullBox(), 6.0), (Box(), 2.0), (FullBox(), 6.0), (None, 2.0)] * 2:
        np.testing.assert_allclose(gradient(3.0, box), expected)
    np.testing.assert_allclose(gradient(3.0, then=filling), 6.0)
    np.testing.assert_allclose(now(), 2.0)


def test_containers_of_arguments_are_looked_into() -> None:
    def f(x: Any, called: Any) -> Any:
        return called[0](x)

    called = [plain]
    now = settled(f, called)
    called[0] = filling
    np.testing.assert_allclose(now(), 6.0)


def test_a_module_that_arrives_later_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def f(x: Any) -> Any:
        try:
            import arrives_later  # type: ignore[import-not-found]
        except ImportError:
            return plain(x)
        return arrives_later.h(x)

    now = settled(f)
    text = "import numpy as np\ndef h(x):\n    out = np.zeros(2)\n    out[0] = x * x\n    return out.sum()\n"
    (tmp_path / "arrives_later.py").write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    try:
        importlib.import_module("arrives_later")
        np.testing.assert_allclose(now(), 6.0)
    finally:
        sys.modules.pop("arrives_later", None)


def test_a_stand_in_that_is_declared_later_is_seen() -> None:
    def library(x: Any) -> Any:
        return 2.0 * x

    module = in_module("def f(x):\n    return library(x)\n")
    module.library = library  # type: ignore[attr-defined]
    now = settled(module.f)
    ga.registry.twin(library, filling)
    np.testing.assert_allclose(now(), 6.0)


def test_a_gradient_within_a_gradient() -> None:
    """The plan of the inner function is kept while names are open for the outer one, and holds afterwards."""
    inner = ga.grad(plain)

    def f(x: Any) -> Any:
        out = np.zeros(2)
        out[0] = x * x * inner(x)
        return out.sum()

    for _ in range(4):
        np.testing.assert_allclose(ga.grad(f)(3.0), 12.0)
        np.testing.assert_allclose(inner(3.0), 2.0)


def in_a_cell() -> Callable[..., Any]:
    zeros = np.zeros

    def f(x: Any) -> Any:
        return filled(zeros, x)

    return f


def in_a_class() -> Callable[..., Any]:
    class Maker:
        make = staticmethod(np.zeros)
        plainly = np.zeros

    return lambda x: filled(Maker.make, x) + 0.0 * filled(Maker.plainly, x)


def in_a_dict() -> Callable[..., Any]:
    table = {"zeros": np.zeros}
    return lambda x: filled(table["zeros"], x)


def in_a_list() -> Callable[..., Any]:
    makers = [np.ones, np.zeros]
    return lambda x: filled(makers[1], x)


def in_defaults() -> Callable[..., Any]:
    def f(x: Any, zeros: Any = np.zeros, *, others: Any = np.zeros) -> Any:
        return filled(zeros, x) + 0.0 * filled(others, x)

    return f


def in_an_object() -> Callable[..., Any]:
    class Model:
        __slots__ = ("__dict__", "other")

        def __init__(self) -> None:
            self.zeros = self.other = np.zeros

        def __call__(self, x: Any) -> Any:
            return filled(self.zeros, x) + 0.0 * filled(self.other, x)

    return Model()


def in_a_partial() -> Callable[..., Any]:
    make = functools.partial(np.zeros, 3)
    return lambda x: filled(lambda _: make(), x)


def filled(zeros: Any, x: Any) -> Any:
    out = zeros(3)
    out[1] = x * x
    return np.sum(out) * x


PLACES = [in_a_cell, in_a_class, in_a_dict, in_a_list, in_defaults, in_an_object, in_a_partial]


@pytest.mark.parametrize("order", ["inner first", "outer first", "jitted first"])
@pytest.mark.parametrize("made", PLACES)
def test_plans_share_places(made: Callable[[], Any], order: str) -> None:
    """What an outer block has bound is neither put back by an inner one, nor taken for what the user has bound."""
    f = made()
    inner = ga.grad(f)

    def outer(x: Any) -> Any:
        return inner(x) * f(x)

    if order == "inner first":
        for _ in range(3):
            np.testing.assert_allclose(inner(2.0), 12.0)
    if order == "jitted first":
        np.testing.assert_allclose(ga.jit(inner)(2.0), 12.0)
    for _ in range(2):
        np.testing.assert_allclose(ga.grad(outer)(2.0), 240.0)
        np.testing.assert_allclose(inner(2.0), 12.0)
    with pytest.raises(ga.GradientLossError):  # all is put back
        ga.grad(f, drop_in=False)(2.0)


@pytest.mark.parametrize("made", PLACES)
def test_another_function_of_the_same_code_has_places_of_its_own(made: Callable[[], Any]) -> None:
    for f in [made() for _ in range(3)]:
        for _ in range(3):
            np.testing.assert_allclose(ga.grad(f)(2.0), 12.0)


def test_shared_places_are_forgotten_with_their_plans() -> None:
    gc.collect()
    before = {*places._others}
    for made in PLACES:
        ga.grad(made())(2.0)
    assert not {*places._others} <= before
    plans._plans.clear()
    plans.met.clear()
    gc.collect()
    assert {*places._others} <= before


@pytest.mark.parametrize("form", ["closure", "partial", "method", "recursion"])
def test_nothing_that_is_met_is_kept_alive(form: str) -> None:
    def made() -> tuple[Callable[..., Any], Any]:
        weights, box = np.ones(2), Box()

        def f(x: Any, *_: Any) -> Any:
            return 2.0 * x * weights[0] if form != "recursion" or x > 0 else f(-x)

        if form == "partial":
            return functools.partial(lambda w, x: 2.0 * x * w[0], weights), weakref.ref(weights)
        if form == "method":
            return box.loss, weakref.ref(box)
        return f, weakref.ref(weights)

    f, kept = made()
    now = settled(f)
    del f, now
    gc.collect()
    assert kept() is None


# --- what needs the mode ----------------------------------------------------------------------------------------------


def hands_on(*args: Any, **kwargs: Any) -> Any:
    return plain(*args, **kwargs)


def hands_on_more(np: Any, *args: Any, **kwargs: Any) -> Any:
    return plain(np, *args, out=None, **kwargs)


def hands_on_keywords(x: Any, y: Any, **kwargs: Any) -> Any:
    return plain(x, y, **kwargs)


def takes_out(*args: Any) -> Any:
    x, y, z, u = args
    return x + y + z + u + args[0] + sum(a for a in args)


def indexes(x: Any, i: Any) -> Any:
    return x[i, 0] + x[1:, i] + x[..., i]


def swaps(x: Any, y: Any, z: Any, u: Any) -> Any:
    x, y, z, u = u, z, y, x
    return x + y + z + u


def makes_a_function(x: Any, y: Any) -> Any:
    return (lambda u: x + y + u)(x)


def keeps_all(*args: Any) -> Any:
    return plain(args)


def keeps_some(*args: Any) -> Any:
    return plain(args[1:])


def keeps_all_inside(*args: Any) -> Any:
    return (lambda: plain(args))()


def joins(x: Any, *args: Any) -> Any:
    return plain((x, *args))


def joins_and_calls(x: Any, *args: Any, **kwargs: Any) -> Any:
    return plain(*args, values=(x, *args), **kwargs)


def joins_for_keyword(x: Any, *args: Any, **kwargs: Any) -> Any:
    return plain(values=(x, *args), **kwargs)


def joins_first(x: Any, *args: Any) -> Any:
    return plain((x, *args), hands_on(*args))


def a_list_first(x: Any, *args: Any) -> Any:
    return plain([x, x], *args)


def a_tuple(x: Any) -> Any:
    return np.sum((x, x))


def a_list_of_all(*args: Any) -> Any:
    return plain([*args])


def comprehends(*args: Any) -> Any:
    return plain([a + 1 for a in args])


def returns_all(*args: Any) -> Any:
    return args


NO_LISTS = [hands_on, hands_on_more, hands_on_keywords, takes_out, indexes, swaps, makes_a_function]
LISTS = [
    *(keeps_all, keeps_some, keeps_all_inside, joins, joins_and_calls, joins_for_keyword, joins_first, a_list_first),
    *(a_tuple, a_list_of_all, comprehends, returns_all),
]


@pytest.mark.parametrize("f", NO_LISTS, ids=lambda f: f.__name__)
def test_code_that_has_no_lists_to_hand_over(f: Any) -> None:
    assert not mentions(f.__code__).lists


@pytest.mark.parametrize("f", LISTS, ids=lambda f: f.__name__)
def test_code_that_has_lists_to_hand_over(f: Any) -> None:
    assert mentions(f.__code__).lists


def sums(xp: Any, x: Any, i: Any) -> Any:
    return xp.sum(xp.tanh(x[i, 0]) * xp.exp(x[0, i]))


def forms() -> list[Any]:
    xp = np
    return [
        functools.partial(sums, np),
        lambda *args: sums(np, *args),
        lambda *args: sums(xp, *args),
        functools.wraps(sums)(lambda *args, **kwargs: sums(np, *args, **kwargs)),
    ]


@pytest.mark.parametrize("f", forms(), ids=["partial", "global", "closure", "wrapper"])
def test_nothing_is_opened_for_code_that_needs_nothing(f: Any) -> None:
    x = np.ones((2, 2))
    assert plans.plan_for(f, (x, 0), {}).places == ()
    ga.check_grads(lambda x: f(x, 0), (x,))


def test_a_module_that_is_handed_on_is_opened_for_code_elsewhere() -> None:
    module = in_module("def h(xp, x):\n    out = xp.zeros(2)\n    out[0] = x * x\n    return xp.sum(out)\n")
    xp = np
    for f in (lambda x: module.h(np, x), lambda x: module.h(xp, x)):
        np.testing.assert_allclose(ga.grad(f)(3.0), 6.0)


@pytest.mark.parametrize(
    "text",
    ["math.tanh(x)", "np.sum([x, 0.0])", "np.asarray(x)", "np.ones_like(x) * x", "np.random.rand() * 0 + x.item()"],
)
def test_names_are_opened_where_one_of_them_needs_it(text: str) -> None:
    module = in_module(f"import math\ndef f(x):\n    return {text}\n")
    assert plans.plan_for(module.f, (3.0,), {}).places
    x = np.float64(0.7)
    np.testing.assert_allclose(ga.grad(module.f)(x), (module.f(x + 1e-6) - module.f(x - 1e-6)) / 2e-6, rtol=1e-6)


def test_functions_that_are_no_more_leave_nothing() -> None:
    def kept() -> int:
        return len(plans.met) + len(plans._once)

    gc.collect()
    before = kept()
    functions = [lambda x, k=k: filling(x) * k for k in range(40)]
    for f in [*functions, *functions[::2]]:
        ga.grad(f)(3.0)
    assert kept() - before >= 40
    del f, functions
    assert kept() == before
