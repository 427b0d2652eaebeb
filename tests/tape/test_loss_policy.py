"""The switch between ignoring lost gradients, warning and raising; and whose line a warning names."""

from __future__ import annotations

import gc
import math
import sys
import threading
import types
import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray import GradientLossError, GradientLossWarning
from gradarray.context import settings
from gradarray.tape import loss


@pytest.fixture(autouse=True)
def restored_policy():
    """Undo what a test sets for the program."""
    before = loss._default
    yield
    assert settings.held().policy is None
    loss._default = before


def in_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


# --- the switch -----------------------------------------------------------------------------------------------------


def test_warning_is_the_default():
    assert ga.gradient_loss() == "warn"
    with pytest.warns(GradientLossWarning, match="has no gradient"):
        math.sin(ga.tensor(1.0))


def test_a_call_sets_the_policy_and_returns_the_former():
    assert ga.gradient_loss("raise") == "warn"
    with pytest.raises(GradientLossError, match="has no gradient"):
        math.sin(ga.tensor(1.0))
    former = ga.gradient_loss("ignore")
    assert former == "raise"
    math.sin(ga.tensor(1.0))
    assert ga.gradient_loss(former) == "ignore"
    assert ga.gradient_loss() == "raise"


def test_a_block_restores_the_former_policy_also_after_an_error():
    with ga.gradient_loss("raise") as former:
        assert former == "warn"
        with pytest.raises(ZeroDivisionError), ga.gradient_loss("ignore"):
            assert ga.gradient_loss() == "ignore"
            _ = 1 / 0
        assert ga.gradient_loss() == "raise"
    assert ga.gradient_loss() == "warn"


def test_a_call_inside_a_block_holds_until_its_end():
    with ga.gradient_loss("raise"):
        ga.gradient_loss("ignore")
        assert ga.gradient_loss() == "ignore"
    assert ga.gradient_loss() == "warn"


def test_a_setting_can_be_entered_again():
    setting = ga.gradient_loss("raise")
    ga.gradient_loss("ignore")
    for _ in range(2):
        with setting:
            assert ga.gradient_loss() == "raise"
        assert ga.gradient_loss() == "ignore"


def test_a_decorator_sets_it_for_the_function_alone():
    before = ga.gradient_loss()

    @ga.gradient_loss("ignore")
    def ignores(x):
        """What it does."""
        return ga.gradient_loss(), math.sin(x)

    assert ga.gradient_loss() == before
    assert ignores(ga.tensor(1.0)) == ("ignore", math.sin(1.0))
    assert ignores.__doc__ == "What it does."
    ga.gradient_loss("raise")
    assert ignores(ga.tensor(1.0))[0] == "ignore"
    assert ga.gradient_loss() == "raise"
    assert in_thread(lambda: (ga.gradient_loss("ignore")(ga.gradient_loss)(), ga.gradient_loss())) == (
        "ignore",
        "raise",
    )
    assert ga.grad(ga.gradient_loss("ignore")(bare_sine), drop_in=False)(1.0) == math.sin(1.0)


def test_a_decorator_of_what_is_no_function_sets_nothing():
    with pytest.raises(TypeError, match="gradient_loss decorates a function, not int"):
        ga.gradient_loss("ignore")(3)
    assert ga.gradient_loss() == "warn"


def test_asking_for_the_policy_in_a_with_statement_changes_nothing():
    with ga.gradient_loss("raise"), ga.gradient_loss():
        assert ga.gradient_loss() == "raise"


def test_a_call_in_the_main_thread_holds_in_others():
    ga.gradient_loss("raise")
    assert in_thread(ga.gradient_loss) == "raise"


def test_a_call_in_another_thread_holds_there_alone():
    assert in_thread(lambda: (ga.gradient_loss("raise"), ga.gradient_loss())) == ("warn", "raise")
    assert ga.gradient_loss() == "warn"


def test_a_block_holds_in_its_thread_alone():
    with ga.gradient_loss("raise"):
        assert in_thread(ga.gradient_loss) == "warn"


@pytest.mark.parametrize("policy", ["error", "", 1, True])
def test_another_policy_is_refused(policy):
    with pytest.raises(ValueError, match='"ignore", "warn" or "raise"'):
        ga.gradient_loss(policy)
    assert ga.gradient_loss() == "warn"


def test_a_write_is_refused_under_warn_and_takes_the_value_under_ignore():
    t, array = ga.tensor([1.0, 2.0]), np.zeros(2)
    with ga.gradient_loss("warn"), pytest.raises(GradientLossError):
        array[0] = t[0]
    with ga.gradient_loss("ignore"):
        array[0] = t[0]
        np.copyto(array[1:], t[1:])
        assert np.add(array, t, out=array) is array
        np.add.at(array, [0], t[0])
        np.cumsum(t, out=(other := np.zeros(2)))
    np.testing.assert_array_equal(array, [3.0, 4.0])
    np.testing.assert_array_equal(other, [1.0, 3.0])


# --- transforms -----------------------------------------------------------------------------------------------------


def bare_sine(x):
    return x * math.sin(x)


def test_a_transform_raises():
    with pytest.raises(GradientLossError, match="has no gradient"):
        ga.grad(bare_sine, drop_in=False)(1.0)


def test_ignoring_inside_or_around_a_transform_goes_first():
    def f(x):
        with ga.gradient_loss("ignore"):
            return bare_sine(x)

    assert ga.grad(f, drop_in=False)(1.0) == math.sin(1.0)
    with ga.gradient_loss("ignore"):
        assert ga.grad(bare_sine, drop_in=False)(1.0) == math.sin(1.0)


def test_the_policy_is_back_after_a_transform_that_failed():
    with pytest.raises(GradientLossError):
        ga.grad(bare_sine, drop_in=False)(1.0)
    assert ga.gradient_loss() == "warn" and not loss.in_transform()


# --- whose line -----------------------------------------------------------------------------------------------------


def test_a_line_is_warned_of_once_and_every_line_is():
    t = ga.tensor(1.0)
    with warnings.catch_warnings(record=True) as messages:
        warnings.resetwarnings()
        warnings.simplefilter("default")
        for _ in range(3):
            math.sin(t)
            np.array([t, t])
        math.sin(t)
    first = messages[0].lineno
    assert [message.lineno - first for message in messages] == [0, 1, 2]
    assert {message.filename for message in messages} == {__file__}


def test_python_code_of_libraries_is_passed_over():
    source = "def passed(f, *args):\n    return f(*args)\n"
    frames = {}
    exec(compile(source, "numpy/between.py", "exec"), {"__name__": "numpy.between"}, frames)
    with pytest.warns(GradientLossWarning) as messages:
        frames["passed"](math.sin, ga.tensor(1.0))
    assert messages[0].filename == __file__


# --- an error that NumPy would replace ------------------------------------------------------------------------------


def test_a_filter_that_makes_the_warning_an_error_gets_the_warning_through():
    with warnings.catch_warnings():
        warnings.simplefilter("error", GradientLossWarning)
        with pytest.raises(GradientLossWarning):
            np.fromiter([ga.tensor(1.0)], float)


def filled(t):
    array = np.zeros(2)
    try:
        array[0] = t
    except GradientLossError as error:
        return error
    return array


@pytest.mark.parametrize("local", [True, False], ids=["traces lines", "traces calls alone"])
def test_under_a_debugger_the_error_arrives_and_tracing_goes_on(local):
    def events():
        found = []

        def tracer(frame, event, arg):
            if frame.f_code in (filled.__code__, twice.__code__):
                found.append((frame.f_code.co_name, frame.f_lineno, event))
            return tracer if local else None

        def twice():
            return filled(ga.tensor(1.0)), filled(ga.tensor([1.0]))

        before = sys.gettrace()
        sys.settrace(tracer)
        try:
            errors = twice()
            assert sys.gettrace() is tracer
        finally:
            sys.settrace(before)
        return errors, found

    errors, found = events()
    assert all(type(error) is GradientLossError for error in errors)
    calls = [name for name, _, event in found if event == "call"]
    assert calls == ["twice", "filled", "filled"]
    if local:
        inside = [(line - filled.__code__.co_firstlineno, event) for name, line, event in found if name == "filled"]
        one = [e for e in inside if e[1] != "exception"]
        assert one == 2 * [(0, "call"), (1, "line"), (2, "line"), (3, "line"), (4, "line"), (5, "line"), (5, "return")]
        assert [event for name, _, event in found if name == "twice"][-1] == "return"


def test_under_a_tracer_written_in_c_the_error_is_the_cause_of_numpys():
    class Tracer:  # as that of coverage, of which Python calls no trace function of a frame
        def __call__(self, frame, event, arg):
            return None

    before, tracer = sys.gettrace(), Tracer()
    sys.settrace(tracer)
    try:
        with pytest.raises(ValueError, match="sequence") as error:
            np.zeros(2)[0] = ga.tensor([1.0])
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
    assert isinstance(error.value.__cause__, GradientLossError)


def test_an_error_that_c_code_swallows_leaves_no_trace_function():
    class Swallows:
        def __array__(self, dtype=None, copy=None):
            try:
                float(ga.tensor(1.0))
            except GradientLossError:
                return np.ones(2)

    with ga.gradient_loss("raise"):
        np.testing.assert_array_equal(np.asarray(Swallows()), [1.0, 1.0])
    assert sys.gettrace() is None


def test_what_has_delivered_an_error_leaves_the_next_one_alone_when_it_goes(monkeypatch):
    # As the garbage collector lets it go at any moment, when it stood in a circle.
    made, deliver = [], loss._delivered

    class Kept(loss._Delivery):
        __slots__ = ()

        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    def delivered(error, frame):
        error = deliver(error, frame)
        del made[:-1]
        return error

    monkeypatch.setattr(loss, "_Delivery", Kept)
    monkeypatch.setattr(loss, "_delivered", delivered)
    for _ in range(3):
        with pytest.raises(GradientLossError):
            np.zeros(2)[0] = ga.tensor([1.0, 2.0])
    made.clear()
    assert sys.gettrace() is None


def test_code_that_exec_has_carried_out_is_named_by_its_file():
    scope: dict[str, Any] = {"np": np}
    exec(compile("OUT = np.zeros(2)\ndef fill_out(x):\n    OUT[0] = x\n    return OUT.sum()", "<typed>", "exec"), scope)

    def hidden() -> Any:
        return next(x for x in gc.get_objects() if isinstance(x, types.FunctionType) and x.__name__ == "fill_out")

    with pytest.raises(ga.GradientLossError, match="The code of <typed> is not among what") as error:
        ga.grad(lambda x: hidden()(x))(1.0)
    assert "None" not in str(error.value)
