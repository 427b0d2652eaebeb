"""Blocks that set something: no_grad, the policy for lost gradients, the memory guard. How far they reach, and that
they end whatever comes."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import contextvars
import functools
import inspect
import pickle
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.context import settings
from tests.disturbances import interrupted, needs_timers
from tests.sources import parsed

X = np.array([1.0, 2.0, 3.0])


def recording() -> bool:
    return not (ga.tensor(2.0) * 3.0).constant


def watching() -> tuple[bool, str]:
    return settings.watching() is not None, np.geterr()["invalid"]


def state() -> tuple[Any, ...]:
    return recording(), ga.gradient_loss(), ga.mem_guard_active(), settings.held().transforms, np.geterr()["invalid"]


# Each block, and what can be seen of it.
BLOCKS: dict[str, tuple[Callable[[], Any], Callable[[], Any], Any]] = {
    "no_grad": (lambda: ga.no_grad, recording, False),
    "no_grad()": (lambda: ga.no_grad(), recording, False),
    "no_autodiff": (lambda: ga.no_autodiff, recording, False),
    "mem_guard_off": (lambda: ga.mem_guard_off, ga.mem_guard_active, False),
    "mem_guard_off()": (lambda: ga.mem_guard_off(), ga.mem_guard_active, False),
    "mem_guard_on": (lambda: ga.mem_guard_on, ga.mem_guard_active, True),
    "detect_anomaly": (lambda: ga.detect_anomaly, watching, (True, "log")),
    "detect_anomaly()": (lambda: ga.detect_anomaly(), watching, (True, "log")),
    "gradient_loss": (lambda: ga.gradient_loss("ignore"), ga.gradient_loss, "ignore"),
}


def in_a_copied_context(work: Callable[[], Any]) -> None:
    contextvars.copy_context().run(work)


def in_a_thread_with_a_copied_context(work: Callable[[], Any]) -> None:
    context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: context.run(work))
    thread.start()
    thread.join()


def in_a_thread_of_asyncio(work: Callable[[], Any]) -> None:
    async def main() -> None:
        await asyncio.to_thread(work)

    asyncio.run(main())


def in_two_tasks(work: Callable[[], Any]) -> None:
    async def works() -> None:
        await asyncio.sleep(0)
        work()
        await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(works(), works())

    asyncio.run(main())


ELSEWHERE = [in_a_copied_context, in_a_thread_with_a_copied_context, in_a_thread_of_asyncio, in_two_tasks]


@pytest.fixture(autouse=True)
def unchanged():
    """No test leaves anything set."""
    before = state()
    yield
    assert state() == before
    assert not settings.paused
    ga.mem_guard_active()
    assert not settings.relaxed


@pytest.fixture(params=BLOCKS)
def kind(request: Any) -> Any:
    return BLOCKS[request.param]


class TestEachBlock:
    def test_holds_until_its_end(self, kind: Any) -> None:
        block, look, inside = kind
        before = look()
        with block():
            assert look() == inside
            with block():
                assert look() == inside
            assert look() == inside
        assert look() == before

    def test_ends_with_an_error(self, kind: Any) -> None:
        block, look, _ = kind
        before = look()
        with pytest.raises(ZeroDivisionError), block():
            raise ZeroDivisionError
        assert look() == before

    def test_can_be_opened_and_ended_by_hand(self, kind: Any) -> None:
        block, look, inside = kind
        before, opened = look(), block()
        opened.__enter__()
        with block():
            pass
        assert look() == inside
        opened.__exit__(None, None, None)
        assert look() == before

    def test_can_stand_in_an_exit_stack(self, kind: Any) -> None:
        block, look, inside = kind
        before = look()
        with contextlib.ExitStack() as stack:
            stack.enter_context(block())
            assert look() == inside
            stack.enter_context(block())
        assert look() == before

    @pytest.mark.parametrize("elsewhere", ELSEWHERE)
    @pytest.mark.parametrize("decorated", [False, True])
    def test_opened_by_hand_it_holds_whatever_a_copied_context_does(
        self, kind: Any, elsewhere: Any, decorated: bool
    ) -> None:
        block, look, inside = kind
        before, seen = look(), []

        def statement() -> None:
            with block():
                seen.append(look())
            seen.append(look())

        def decorates() -> None:
            block()(lambda: seen.append(look()))()
            seen.append(look())

        def by_hand() -> None:
            with contextlib.ExitStack() as stack:
                stack.enter_context(block())
                seen.append(look())
            seen.append(look())

        with contextlib.ExitStack() as stack:
            stack.enter_context(block())
            elsewhere(decorates if decorated else statement)
            elsewhere(by_hand)
            assert look() == inside
            assert set(seen) == {inside}
        assert look() == before

    def test_in_tasks_under_one_that_was_opened_by_hand_each_has_its_own(self, kind: Any) -> None:
        block, look, inside = kind

        async def opens() -> Any:
            with block():
                await asyncio.sleep(0)
                seen = look()
            return seen, look()

        async def main() -> None:
            async with contextlib.AsyncExitStack() as stack:
                stack.enter_context(block())
                assert await asyncio.gather(opens(), opens()) == [(inside, inside)] * 2
                assert look() == inside

        asyncio.run(main())

    def test_asking_for_its_methods_opens_and_ends_nothing(self, kind: Any) -> None:
        block, look, inside = kind
        before, opened = look(), block()
        with opened:
            assert hasattr(opened, "__exit__")
        asked = inspect.getmembers(opened), opened.__exit__
        opened.__enter__()
        assert hasattr(opened, "__exit__")
        with opened:
            assert inspect.getmembers(opened)
        assert look() == inside
        opened.__exit__(None, None, None)
        assert look() == before
        with opened:
            pass
        assert look() == before
        del asked

    def test_an_exit_that_was_asked_for_early_ends_it_time_and_again(self, kind: Any) -> None:
        block, look, inside = kind
        before, opened = look(), block()
        with opened:
            pass
        enter, leave = opened.__enter__, opened.__exit__
        for _ in range(2):
            enter()
            assert look() == inside
            leave(None, None, None)
            assert look() == before

    def test_what_is_not_open_cannot_be_ended(self, kind: Any) -> None:
        block, look, _ = kind
        before, opened = look(), block()
        with opened, pytest.raises(RuntimeError, match="was not opened here by a call of __enter__"):
            opened.__exit__(None, None, None)
        assert look() == before

    @pytest.mark.parametrize("other", BLOCKS)
    def test_those_opened_by_hand_end_in_any_order(self, kind: Any, other: str) -> None:
        opened = first, second = kind[0](), BLOCKS[other][0]()
        for block in reversed(opened):
            with block:
                pass
        before = state()
        looks = kind[1], BLOCKS[other][1]
        outside = looks[0]()
        for block in opened:
            block.__enter__()
        first.__exit__(None, None, None)
        if looks[0] is not looks[1]:
            assert (looks[0](), looks[1]()) == (outside, BLOCKS[other][2])
        second.__exit__(None, None, None)
        assert state() == before

    @pytest.mark.parametrize("other", BLOCKS)
    def test_opened_by_hand_it_can_be_ended_in_one_of_another_kind(self, kind: Any, other: str) -> None:
        block, look, _ = kind
        opened, (inner, sees, inside) = block(), BLOCKS[other]
        with opened:
            pass
        before, outside = state(), look()
        opened.__enter__()
        with inner():
            with ga.no_grad:
                opened.__exit__(None, None, None)
            if look is not sees:
                assert (look(), sees()) == (outside, inside)
        assert state() == before

    def test_opened_by_hand_it_can_be_ended_within_another_and_in_a_transform(self, kind: Any) -> None:
        block, look, inside = kind
        before, opened = look(), block()
        with opened:
            pass

        def f(x: Any) -> Any:
            opened.__exit__(None, None, None)
            return x * x

        opened.__enter__()
        with opened:
            opened.__exit__(None, None, None)
            assert look() != before or before == inside
        assert look() == before
        for transform in (ga.grad(f), ga.jacfwd(f)):
            opened.__enter__()
            transform(2.0)
            assert look() == before

    def test_is_not_seen_in_another_thread(self, kind: Any) -> None:
        block, look, _ = kind
        before, seen = look(), []
        with block():
            thread = threading.Thread(target=lambda: seen.append(look()))
            thread.start()
            thread.join()
        assert seen == [before]

    def test_of_several_threads_are_their_own(self, kind: Any) -> None:
        block, look, inside = kind
        before, shared, meet, seen = look(), block(), threading.Barrier(2), []

        def work(first: bool) -> None:
            with shared:
                meet.wait()
                seen.append(look())
                if first:
                    meet.wait()
            if not first:
                meet.wait()
            seen.append(look())

        threads = [threading.Thread(target=work, args=(first,)) for first in (True, False)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(map(str, seen)) == sorted(map(str, [inside, before] * 2))

    def test_is_not_seen_in_another_task(self, kind: Any) -> None:
        block, look, inside = kind
        before = look()

        async def opens(event: asyncio.Event) -> Any:
            with block():
                await event.wait()
                return look()

        async def looks(event: asyncio.Event) -> Any:
            seen = look()
            event.set()
            await asyncio.sleep(0)
            return seen

        async def both() -> Any:
            event = asyncio.Event()
            return await asyncio.gather(opens(event), looks(event))

        assert asyncio.run(both()) == [inside, before]

    def test_holds_in_the_tasks_that_are_started_in_it(self, kind: Any) -> None:
        block, look, inside = kind

        async def looks() -> Any:
            return look()

        async def starts() -> Any:
            with block():
                return await asyncio.create_task(looks())

        assert asyncio.run(starts()) == inside

    def test_ends_where_ctrl_c_comes_as_it_ends(self, kind: Any) -> None:
        """What is written in Python looks for signals as it starts, which a tracer does too."""
        block, look, _ = kind
        before = look()

        def interrupt(frame: Any, event: str, arg: Any) -> None:
            if event == "call" and frame.f_code.co_name == "__exit__":
                raise KeyboardInterrupt

        tracer = sys.gettrace()
        try:
            with block():
                sys.settrace(interrupt)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(tracer)
        assert look() == before

    def test_ctrl_c_at_any_line_as_it_is_opened_leaves_nothing(self, kind: Any) -> None:
        """Where one comes after a setting, and before the ``with`` statement has begun."""
        block, look, _ = kind
        before, tracer, opened = look(), sys.gettrace(), block()
        with opened:
            pass

        def opens(line: int) -> bool:
            left = line

            def interrupt(frame: Any, event: str, arg: Any) -> Any:
                nonlocal left
                if frame.f_code is not settings.Block.open.__code__ and frame.f_back.f_trace is not interrupt:
                    return None
                if event in ("call", "line"):
                    left -= 1
                    if not left:
                        sys.settrace(tracer)
                        raise KeyboardInterrupt
                return interrupt

            try:
                sys.settrace(interrupt)
                with opened:
                    sys.settrace(tracer)
            except KeyboardInterrupt:
                return True
            finally:
                sys.settrace(tracer)
            return False

        lines = 1
        while opens(lines):
            assert look() == before
            lines += 1
        assert lines > 10

    def test_a_signal_handler_may_open_it_at_any_moment(self, kind: Any) -> None:
        """It comes between what a ``with`` statement asks for and the start of ``__enter__``."""
        block, look, inside = kind
        before, tracer, opened, seen = look(), sys.gettrace(), block(), []
        with opened:
            pass

        def handler(by_hand: bool) -> None:
            with contextlib.ExitStack() if by_hand else opened as stack:
                if by_hand:
                    stack.enter_context(opened)
                seen.append(look())

        for by_hand in (False, True):

            def interrupt(frame: Any, event: str, arg: Any, by_hand: bool = by_hand) -> None:
                if frame.f_code.co_name == "__enter__":
                    sys.settrace(tracer)
                    handler(by_hand)

            try:
                sys.settrace(interrupt)
                with opened:
                    assert look() == inside
            finally:
                sys.settrace(tracer)
            assert look() == before
        assert seen == [inside] * 2


def wrapped(func: Any) -> Any:
    """Return what a decorator would that knows nothing of coroutines and generators."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapper


def called_as_an_object(func: Any) -> Any:
    return type("Callable", (), {"__call__": staticmethod(func)})()


def called_as_a_method(func: Any) -> Any:
    class Callable:
        pass

    if inspect.isasyncgenfunction(func):

        async def call(self: Any) -> Any:
            async for item in func():
                yield item
    elif inspect.iscoroutinefunction(func):

        async def call(self: Any) -> Any:
            return await func()
    elif inspect.isgeneratorfunction(func):

        def call(self: Any) -> Any:
            return (yield from func())
    else:

        def call(self: Any) -> Any:
            return func()

    Callable.__call__ = call  # type: ignore[attr-defined]
    return Callable()


CALLABLES = [wrapped, called_as_an_object, called_as_a_method, functools.partial, staticmethod]


class TestDecorators:
    def test_a_function(self, kind: Any) -> None:
        block, look, inside = kind

        @block()
        def looks(a: int, *, b: int = 2) -> Any:
            """What it does."""
            return look(), a, b

        assert looks(1, b=3) == (inside, 1, 3)
        assert looks.__doc__ == "What it does."

    def test_a_generator_function(self, kind: Any) -> None:
        block, look, inside = kind
        outside = look()
        ended = []

        @block()
        def looks(n: int) -> Any:
            try:
                for _ in range(n):
                    sent = yield look()
                    assert sent is None or sent == "value"
                try:
                    yield look()
                except KeyError:
                    yield "caught", look()
                return look()
            finally:
                ended.append(look())

        steps = looks(2)
        assert next(steps) == inside
        assert look() == outside
        assert steps.send("value") == inside
        assert next(steps) == inside
        assert steps.throw(KeyError()) == ("caught", inside)
        with pytest.raises(StopIteration) as end:
            next(steps)
        assert end.value.value == inside
        steps = looks(5)
        next(steps)
        steps.close()
        assert ended == [inside, inside]
        assert look() == outside

    def test_a_coroutine_function(self, kind: Any) -> None:
        block, look, inside = kind

        @block()
        async def looks() -> Any:
            await asyncio.sleep(0)
            return look()

        async def both() -> Any:
            return await asyncio.gather(looks(), looks()), look()

        assert asyncio.run(both()) == ([inside, inside], look())

    def test_an_asynchronous_generator_function(self, kind: Any) -> None:
        block, look, inside = kind

        @block()
        async def looks() -> Any:
            for _ in range(2):
                await asyncio.sleep(0)
                yield look()

        async def every() -> Any:
            return [(item, look()) async for item in looks()]

        assert asyncio.run(every()) == [(inside, look())] * 2

    def test_an_asynchronous_generator_is_thrown_at_and_closed_as_another(self, kind: Any) -> None:
        block, look, inside = kind
        outside = look()
        ended = []

        @block()
        async def looks() -> Any:
            try:
                sent = yield look()
                assert sent == "value"
                try:
                    yield look()
                except KeyError:
                    yield "caught", look()
                yield "not reached"
            finally:
                await asyncio.sleep(0)
                ended.append(look())

        async def main() -> None:
            steps = looks()
            assert [await steps.asend(None), look()] == [inside, outside]
            assert await steps.asend("value") == inside
            assert await steps.athrow(KeyError()) == ("caught", inside)
            with pytest.raises(ZeroDivisionError):
                await steps.athrow(ZeroDivisionError())
            assert ended == [inside]
            steps = looks()
            await steps.asend(None)
            await steps.aclose()
            assert [*ended, look()] == [inside, inside, outside]

        asyncio.run(main())

    @pytest.mark.parametrize("behind", CALLABLES)
    def test_a_coroutine_or_generator_behind_a_callable(self, kind: Any, behind: Any) -> None:
        block, look, inside = kind
        outside = look()

        async def awaited() -> Any:
            await asyncio.sleep(0)
            return look()

        def steps() -> Any:
            try:
                sent = yield look()
                assert sent == "value"
                yield look()
            finally:
                ended.append(look())
            return "end"

        async def steps_awaited() -> Any:
            for _ in range(2):
                await asyncio.sleep(0)
                yield look()

        async def main() -> Any:
            assert await block()(behind(awaited))() == inside
            assert await asyncio.gather(*[block()(behind(awaited))() for _ in range(2)]) == [inside] * 2
            return [(item, look()) async for item in block()(behind(steps_awaited))()]

        ended: list[Any] = []
        assert block()(behind(look))() == inside
        assert asyncio.run(main()) == [(inside, outside)] * 2
        generator = block()(behind(steps))()
        assert next(generator) == inside
        assert look() == outside
        assert generator.send("value") == inside
        with pytest.raises(StopIteration, match="end"):
            next(generator)
        assert ended == [inside]
        assert look() == outside

    @pytest.mark.parametrize("behind", [lambda func: func, *CALLABLES[:2]])
    def test_a_generator_that_is_a_coroutine(self, kind: Any, behind: Any) -> None:
        block, look, inside = kind

        def looks() -> Any:
            yield
            return look()

        async def main() -> Any:
            return await block()(behind(types.coroutine(looks)))(), look()

        assert asyncio.run(main()) == (inside, look())

    def test_what_can_be_told_of_a_function_is_told_of_the_decorated_one(self, kind: Any) -> None:
        async def awaited() -> None: ...

        def steps() -> Any:
            yield

        async def steps_awaited() -> Any:
            yield

        for behind in (lambda func: func, called_as_a_method):
            assert inspect.iscoroutinefunction(kind[0]()(behind(awaited)))
            assert inspect.isgeneratorfunction(kind[0]()(behind(steps)))
            assert inspect.isasyncgenfunction(kind[0]()(behind(steps_awaited)))

    def test_a_class_is_called_in_it(self, kind: Any) -> None:
        block, look, inside = kind

        class Looks:
            def __init__(self) -> None:
                self.seen = look()

            async def __call__(self) -> None: ...

        assert block()(Looks)().seen == inside

    def test_what_is_no_function_is_refused(self, kind: Any) -> None:
        with pytest.raises(TypeError, match="decorates a function, not int"):
            kind[0]()(3)


@pytest.mark.parametrize("name", [name for name in BLOCKS if name != "gradient_loss"])
def test_they_can_be_pickled(name):
    block = BLOCKS[name][0]()
    assert pickle.loads(pickle.dumps(block)) is block


def test_what_a_call_in_a_block_sets_ends_with_the_block():
    before = ga.gradient_loss()

    def work() -> None:
        with ga.no_grad:
            ga.gradient_loss("ignore")
            assert (recording(), ga.gradient_loss()) == (False, "ignore")
        seen.append((recording(), ga.gradient_loss()))

    seen: list[Any] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(True, before)]


def test_a_block_that_nobody_ended_is_forgotten_with_its_task():
    async def never_ends() -> None:
        with ga.no_grad:
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(never_ends())
        await asyncio.sleep(0)
        assert recording()
        task.cancel()

    asyncio.run(main())
    assert recording()


# --- Ctrl-C ---------------------------------------------------------------------------------------------------------


def differentiate() -> None:
    ga.grad(lambda x: np.sum(np.sin(x) * x))(X)


def push() -> None:
    ga.jvp(lambda x: np.sum(np.sqrt(x)), (X,), (X,))


def many_blocks() -> None:
    with ga.no_grad:
        with ga.gradient_loss("ignore"), ga.mem_guard_off:
            np.exp(ga.tensor(X))
        ga.grad(np.sum)(X)


def refused() -> None:
    with contextlib.suppress(TypeError), ga.gradient_loss("raise"):
        float(ga.tensor(1.0))


# An interrupt in a finalizer is told and lost, as Python has it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@needs_timers
@pytest.mark.parametrize("work", [differentiate, push, many_blocks, refused])
def test_ctrl_c_at_any_moment_leaves_nothing_set(work: Callable[[], None]) -> None:
    before, errors, tracer = state(), np.geterr(), sys.gettrace()

    work()
    start = time.perf_counter()
    for _ in range(20):
        work()
    longest = (time.perf_counter() - start) / 10
    arrivals = 0
    for arrived in interrupted(
        lambda: [work() for _ in range(3)], np.random.default_rng(0).uniform(2e-6, longest, 1500)
    ):
        arrivals += arrived
        assert (state(), np.geterr(), sys.gettrace()) == (before, errors, tracer)
    assert arrivals > 20  # of a busy machine, fewer come in time


def _inline(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what is carried out in the frame of these statements themselves; comprehensions are since Python 3.12."""
    stack: list[ast.AST] = [*statements]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)):
            stack += ast.iter_child_nodes(node)


RESTORING = {"hold", "errors.set", "errors.reset"}
LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp)


def loops_before_a_setting_is_restored(tree: ast.AST) -> list[int]:
    """Return the lines of the loops in a ``try`` whose ``finally`` restores a setting."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(
            isinstance(call, ast.Call) and ast.unparse(call.func) in RESTORING for call in _inline(node.finalbody)
        ):
            statements = [*node.body, *node.handlers, *node.orelse, *node.finalbody]
            found += [loop.lineno for loop in _inline(statements) if isinstance(loop, LOOPS)]
    return found


TRY = "for _ in x:\n try:\n  hold(a)\n  {}\n except E:\n  {}\n finally:\n  hold(before)"


def test_no_loop_stands_where_a_setting_is_restored() -> None:
    """A signal that comes as a loop jumps back is not met by the ``finally``, since Python 3.13."""
    assert loops_before_a_setting_is_restored(ast.parse(TRY.format("f(i for i in x)", "pass"))) == []
    assert loops_before_a_setting_is_restored(ast.parse(TRY.format("f([i for i in x])", "pass"))) == [4]
    assert loops_before_a_setting_is_restored(ast.parse(TRY.format("pass", "while x: f()"))) == [6]
    files = sorted(Path(ga.__file__).parent.rglob("*.py"))
    found = {file: loops_before_a_setting_is_restored(parsed(file)) for file in files}
    assert {file: lines for file, lines in found.items() if lines} == {}


# --- in the function that is differentiated -------------------------------------------------------------------------
# A block inside makes constants of what is computed in it, in every transform; one that is open around changes nothing.


def a_block(x: Any) -> Any:
    with ga.no_grad:
        c = x * x
    return np.sum(c * x)


def a_decorator(x: Any) -> Any:
    return np.sum(ga.no_grad(lambda z: np.cos(z))(x) * x)


def functions_of_every_kind(x: Any) -> Any:
    with ga.no_grad:
        c = np.concatenate([np.sort(x), np.cumsum(x)])[:3] + np.dot(x, x) + np.mean(x) + x[0] + x.sum() + np.max(x)
        c = c + np.average(x, weights=x) + np.linalg.norm(x) + x.reshape(3, 1).T[0] + np.where(x > 1, x, 2) + -x
        c = c + np.add.reduce(x) + np.multiply.outer(x, x)[0] + np.clip(x, 1, 2) + np.floor(x) + abs(x) + x**2 + 2**x
        d = np.copy(x)
        d[1:] *= x[:-1]
        d += x
    return np.sum(c * x**2 * d)


def an_update(x: Any) -> Any:
    y, s = x * 1.0, np.sum(x)
    with ga.no_grad:
        y *= 3.0
        y[0] = 5.0
        np.multiply(y, 2, out=y)
        s *= 2
    return np.sum(y * y) * s


def an_inner_derivative(x: Any) -> Any:
    with ga.no_grad:
        g = ga.grad(lambda z: np.sum(z**3))(x)
        t = ga.jvp(lambda z: np.sum(z**3), (x,), (np.ones(3),))[1]
    return np.sum(g * t * x)


def stopped(x: Any) -> Any:
    return np.sum(ga.stop_gradient(x * x) * x)


FUNCTIONS = [a_block, a_decorator, functions_of_every_kind, an_update, an_inner_derivative, stopped]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_every_transform_takes_what_is_in_a_block_for_constant(f: Callable[[Any], Any]) -> None:
    v = np.array([1.0, -2.0, 0.5])
    g = ga.grad(f)(X)
    np.testing.assert_allclose(ga.jvp(f, (X,), (v,))[1], g @ v, rtol=1e-12)
    np.testing.assert_allclose(ga.linearize(f, X)[1](v), g @ v, rtol=1e-12)
    np.testing.assert_allclose(ga.jacfwd(f)(X), g, rtol=1e-12)
    np.testing.assert_allclose(ga.jacrev(f)(X), g, rtol=1e-12)
    np.testing.assert_allclose(ga.vjp(f, X)[1](1.0)[0], g, rtol=1e-12)
    t = ga.tensor(X)
    f(t).backward()
    np.testing.assert_allclose(t.grad, g, rtol=1e-12)
    h = ga.hessian(f)(X)
    np.testing.assert_allclose(ga.hvp(f)(X, v), h @ v, rtol=1e-12)
    np.testing.assert_allclose(ga.hessian_diagonal(f)(X), np.diagonal(h), rtol=1e-12)
    np.testing.assert_allclose(ga.jvp(ga.grad(f), (X,), (v,))[1], h @ v, rtol=1e-12)
    np.testing.assert_allclose(ga.grad(lambda x: ga.jvp(f, (x,), (v,))[1])(X), h.T @ v, rtol=1e-12)
    np.testing.assert_allclose(ga.jvp(lambda x: ga.jvp(f, (x,), (v,))[1], (X,), (v,))[1], v @ h @ v, rtol=1e-12)


def test_the_block_makes_a_constant() -> None:
    """By hand: c = x*x taken for constant, the sum of c*x has gradient x*x, of which nothing depends on x."""
    np.testing.assert_allclose(ga.grad(a_block)(X), X * X)
    np.testing.assert_allclose(ga.jvp(a_block, (X,), (np.ones(3),))[1], np.sum(X * X))
    np.testing.assert_allclose(ga.hessian(a_block)(X), np.zeros((3, 3)))


@pytest.mark.parametrize("f", [*FUNCTIONS, lambda x: np.sum(np.sin(x) ** 2)])
def test_a_block_around_a_transform_changes_nothing(f: Callable[[Any], Any]) -> None:
    v = np.array([1.0, -2.0, 0.5])
    transforms: list[Callable[[], Any]] = [
        lambda: ga.grad(f)(X),
        lambda: ga.jvp(f, (X,), (v,)),
        lambda: ga.linearize(f, X)[1](v),
        lambda: ga.jacfwd(f)(X),
        lambda: ga.jacrev(f)(X),
        lambda: ga.hessian(f)(X),
        lambda: ga.hvp(f)(X, v),
        lambda: ga.hessian_diagonal(f)(X),
    ]
    for transform in transforms:
        expected = transform()
        with ga.no_grad:
            found = transform()
        np.testing.assert_array_equal(np.hstack([*np.atleast_1d(found)]), np.hstack([*np.atleast_1d(expected)]))


def test_what_a_block_updates_keeps_its_tangent_and_loses_no_values() -> None:
    y, t = ga.jvp(lambda x: an_update(x), (X,), (np.ones(3),))
    values = np.array([10.0, 12.0, 18.0])
    assert y == np.sum(values**2) * 12.0
    np.testing.assert_allclose(t, 2 * np.sum(values) * 12.0 + 3 * np.sum(values**2))
