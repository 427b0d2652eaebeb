"""What a message says about the user's code: the name of what asked, the expression, and whose line it is."""

from __future__ import annotations

import _thread
import array
import contextlib
import ctypes
import linecache
import math
import struct
import sys
import time
import traceback
import types
import warnings
from math import sin as sine

import numpy as np
import pytest

import gradarray as ga
from gradarray import GradientLossError
from gradarray.context import frames

X = np.array([0.3, 0.5, 0.9])


def message(f, x=X):
    with pytest.raises(GradientLossError) as error:
        ga.grad(f, drop_in=False)(x)
    return str(error.value)


def executed(source, name="users_code.py", known=False, **names):
    """Carry out code that stands in a file or, as in a shell, nowhere."""
    names = {"__name__": "users_code", "np": np, "math": math, **names}
    linecache.cache.pop(name, None)
    if known:
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), names)
    return names


# --- names ----------------------------------------------------------------------------------------------------------


def test_a_function_has_its_public_name_whatever_the_user_calls_it():
    assert message(lambda x: sine(x[0])).startswith("math.sin took the bare value of a variable in `sine(x[0])`")
    assert message(lambda x: NORM([x[0], 1.0])).startswith("np.linalg.norm took")


NORM = np.linalg.norm


def test_a_module_that_is_a_local_name_is_known_by_that_name():
    import cmath

    assert message(lambda x: cmath.exp(x[0])).startswith("cmath.exp took")


def test_what_cannot_be_known_is_not_named():
    call = math.sin
    assert message(lambda x: call(x[0])).startswith("the bare value of a variable was taken in `call(x[0])`")
    assert message(lambda x: [math.sin][0](x[0])).startswith("the bare value of a variable was taken in `[math.sin]")
    assert "in `np.ones(3).dot(x)`" in message(lambda x: np.ones(3).dot(x))


def test_the_function_that_a_transform_was_given_is_named():
    for transform in (ga.grad, ga.jacfwd, lambda f, **kwargs: lambda x: ga.jvp(f, (x,), (x,), **kwargs)):
        with pytest.raises(GradientLossError, match=r"^math\.sin took"):
            transform(math.sin, drop_in=False)(1.0)
        with pytest.raises(GradientLossError, match=r"^ctypes\.c_double took"):
            transform(ctypes.c_double)(1.0)


def test_a_function_under_decorators_is_named_and_a_helper_is_not():
    source = (
        "import functools, math\n"
        "def decorated(f):\n"
        "    @functools.wraps(f)\n"
        "    def inner(*args):\n"
        "        return f(*args)\n"
        "    return inner\n"
        "def _helper(x):\n"
        "    return float(x)\n"
        "@decorated\n"
        "def public(x):\n"
        "    return _helper(x)\n"
        "class Thing:\n"
        "    def __init__(self, x):\n"
        "        self.x = _helper(x)\n"
        "    @classmethod\n"
        "    def make(cls, x):\n"
        "        return _helper(x)\n"
    )
    names = ("joblib.some", "joblib.some.inner", "joblib.some.inner._private")
    top, inner, private = (types.ModuleType(name) for name in names)
    exec(compile(source, "private.py", "exec"), vars(private))
    top.public, top.Thing, inner.public = private.public, private.Thing, lambda x: "another function of that name"
    with pytest.MonkeyPatch.context() as patch:
        for module in (top, inner, private):
            patch.setitem(sys.modules, module.__name__, module)
        for called, name in {
            "private.public": "joblib.some.public",
            "(private.public or 0)": "joblib.some.public",
            "(private.Thing or 0)": "joblib.some.Thing",
            "(private.Thing.make or 0)": "joblib.some.Thing.make",
            "(private._helper or 0)": "joblib.some.inner",
        }.items():
            f = executed(f"f = lambda x: {called}(x[0])", private=private)["f"]
            if called != "private.public":  # which is called by a path of its own
                assert message(f).startswith(f"{name} took"), called


# --- the expression -------------------------------------------------------------------------------------------------


def test_the_innermost_expression_is_quoted_and_in_one_line():
    # fmt: off
    assert "in `math.cos(x[0])`;" in message(lambda x: math.prod([x[1], math.cos(x[0])]))
    assert "in `math.sin( x[0] + 1.0, )`;" in message(lambda x: x[1] * math.sin(
        x[0]
        + 1.0,
    ))
    # fmt: on
    assert "in `float(v)`;" in message(lambda x: sum(float(v) for v in x))
    assert "in `math.cos(x[0])`;" in message(lambda ä: (lambda x: ("äöü", math.cos(x[0])))(ä)[1])


def test_a_long_expression_is_cut():
    source = f"f = lambda x: math.sin({'x[0] + ' * 40}x[0])"
    text = message(executed(source, known=True)["f"])
    quoted = text.partition("`")[2].partition("`")[0]
    assert len(quoted) == 80 and quoted.startswith("math.sin(x[0] + ") and quoted.endswith("...")


def test_an_assignment_is_quoted_whole_and_the_array_is_traced_to_its_making():
    def filled(x):
        out = np.zeros(3)
        for i in range(3):
            out[i] = x[i] ** 2
        return np.sum(out)

    text = message(filled)
    line = filled.__code__.co_firstlineno + 1
    assert f": `out[i] = x[i] ** 2`. `out` was made in line {line}, `out = np.zeros(3)`. Let the array" in text


@pytest.mark.parametrize(
    "source",
    [
        "def f(x, out):\n    out[0] = x[0]",
        "def f(x, out):\n    out = out\n    out = np.zeros(3)\n    out[0] = x[0]",
        "def f(x, out):\n    (out, b) = np.zeros(3), 2\n    out[0] = x[0]",
        "def f(x, out):\n    [np.zeros(3)][0][0] = x[0]",
        "def f(x, out): out = np.zeros(3); out[0] = x[0]",
    ],
    ids=["argument", "made twice", "several", "no name", "the same line"],
)
def test_where_an_array_was_made_is_not_guessed(source):
    f = executed(source, known=True)["f"]
    text = message(lambda x: f(x, np.zeros(3)))
    assert "an assignment cannot write" in text and "was made in" not in text


def test_without_the_source_the_function_is_still_known():
    f = executed("f = lambda x: math.sin(x[0], **{})")["f"]
    assert message(f).startswith("math.sin took the bare value of a variable in `math.sin(...)`;")
    f = executed("def f(x):\n    out = np.zeros(3)\n    out[0] = x[0]")["f"]
    assert message(f).startswith(
        "an assignment cannot write a variable into a plain ndarray, which holds no gradient. "
    )


def test_code_without_positions_has_its_line():
    def stripped(code):
        constants = tuple(stripped(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)
        table = b"".join(bytes([0x80 | 13 << 3, 0]) for _ in range(len(code.co_code) // 2))
        return code.replace(co_linetable=table, co_consts=constants)

    names = {"__name__": "users_code", "math": math}
    source = "f = lambda x: math.sin(x[0])"
    linecache.cache["users_code.py"] = (len(source), None, [source], "users_code.py")
    exec(stripped(compile(source, "users_code.py", "exec")), names)
    assert "in `f = lambda x: math.sin(x[0])`" in message(names["f"])


def test_looking_leaves_no_reference_behind():
    # On Python 3.11 and 3.12 reading a frame's local names does, and who else holds an array would be misjudged.
    def f(x):
        local = np.zeros(3)
        call = float
        before = sys.getrefcount(local)
        for take in (lambda: call(x), lambda: math.sin(x)):
            take()
        call(x)
        math.sin(x)
        np.mean([x, x])
        return sys.getrefcount(local) - before

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert f(ga.tensor(1.0)) == 0


# --- whose line -----------------------------------------------------------------------------------------------------


TRANSFORMS = [
    lambda f, **kwargs: ga.grad(f, **kwargs)(X),
    lambda f, **kwargs: ga.jvp(f, (X,), (X,), **kwargs),
    lambda f, **kwargs: ga.hvp(f, **kwargs)(X, X),
]


def ends_at_the_users_line(transform, f, **kwargs):
    with pytest.raises(GradientLossError) as error:
        transform(f, **kwargs)
    *_, (last, _) = traceback.walk_tb(error.value.__traceback__)
    assert last.f_code in (f.__code__, filled.__code__, filled_before.__code__)
    assert error.value.__cause__ is None and (error.value.__suppress_context__ or error.value.__context__ is None)


@pytest.mark.parametrize(
    "f",
    [lambda x: math.sin(x[0]), lambda x: np.asarray(x).sum(), lambda x: x.tolist()[0], lambda x: filled(x)],
    ids=["float", "array", "tolist", "assignment"],
)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_traceback_of_a_transform_ends_at_the_users_line(transform, f):
    ends_at_the_users_line(transform, f, drop_in=False)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: struct.pack("d", x[0]),
        lambda x: array.array("d", x),
        lambda x: np.array(x, dtype=object),
        lambda x: np.polynomial.polynomial.polyval(2.0, np.array([x[0], 1.0], dtype=object)),
        lambda x: filled_before(x),
    ],
    ids=["float", "list", "array", "array within a call", "assignment"],
)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_it_does_so_in_drop_in_mode(transform, f):
    ends_at_the_users_line(transform, f)


def filled(x):
    out = np.zeros(3)
    out[0] = x[0]
    return np.sum(out)


BEFORE = np.zeros(3)


def filled_before(x):
    BEFORE[0] = x[0]
    return np.sum(BEFORE)


@pytest.mark.parametrize(("module", "harmless"), [("matplotlib.axes", True), ("matplotlib.mlab", False)])
def test_a_picture_is_nobodys_loss_but_what_is_computed_for_one_is(module, harmless):
    take = executed("def take(x):\n    return float(x)", __name__=module)["take"]
    t = ga.tensor(1.0)
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        take(t)
    assert bool(messages) is not harmless


def test_a_function_of_the_users_that_a_harmless_one_calls_is_not_harmless():
    """A callback of a library that draws computes for its own sake."""
    call = executed("def call(f):\n    return f()", __name__="matplotlib.animation")["call"]
    t = ga.tensor(1.0)
    with pytest.warns(ga.GradientLossWarning, match=r"math\.sin"):
        call(lambda: math.sin(t))


def test_arrays_of_a_library_that_draws_take_bare_values():
    draw = executed("def draw(x):\n    a = np.zeros(3)\n    a[0] = x[0]\n    np.copyto(a[1:], x[1:])\n    return a",
                    __name__="matplotlib.axes")["draw"]  # fmt: skip
    np.testing.assert_array_equal(draw(ga.tensor(X)), X)
    with pytest.raises(GradientLossError):
        executed("def f(x):\n    a = np.zeros(3)\n    a[0] = x[0]")["f"](ga.tensor(X))


# --- what NumPy's own code warns of ---------------------------------------------------------------------------------

NAN = np.array([[np.nan, np.nan], [1.0, np.nan]])
# Whatever NumPy's Python code, given arrays, says at the line of its caller or at one of its own.
WARNED = [
    *[(f"np.cov({args})", X) for args in ("x[:1]", "x, ddof=3", "x, x, ddof=9", "x, aweights=[1, 0, 0]")],
    *[("np.corrcoef(x[:1, None])", X), ("np.corrcoef(x)", X[:, None])],
    *[(f"np.nan{name}(x)", NAN[:1]) for name in ("max", "mean", "median", "min")],
    *[(f"np.nan{name}(x, axis=1)", NAN) for name in ("max", "mean", "median", "min")],
    *[(f"np.nan{name}(a=x, axis=0, keepdims=True)", NAN[:1]) for name in ("max", "mean", "median", "min")],
    *[("np.nanmedian(x, axis=0)", np.full((700, 2), np.nan)), ("np.nanmedian(x, None, None, True)", NAN[:1])],
    *[("np.nanmean(x, out=np.empty(2), axis=0)", NAN[:1]), ("np.nanmean(x, 0, None, np.empty(2))", NAN[:1])],
    *[("np.nanvar(x, ddof=3)", X), ("np.nanvar(x, axis=0, ddof=1)", X[None])],
    *[("np.nanquantile(x, 0.3)", NAN[:1]), ("np.nanpercentile(x, [30, 40], axis=1)", NAN)],
    *[("np.polyfit(x, x, 4)", X), ("np.cross(x[:2], x[1:])", X), ("np.cross(x[:2], [1.0, 2.0])", X)],
    *[("np.linalg.qr(np.outer(x, x), 'full')", X), ("np.linalg.qr(np.outer(x, x), 'economic')", X)],
    *[(f"np.fft.{name}(np.outer(x, x), s=(2, 2))", X) for name in ("fftn", "ifftn", "rfftn", "irfftn")],
    *[(f"np.{name}(x, bins='stone')", X) for name in ("histogram", "histogram_bin_edges")],
]
TRACED = {
    "reverse": lambda f, x: f(ga.tensor(x)),
    "constant": lambda f, x: f(ga.tensor(x, constant=True)),
    "forward": lambda f, x: ga.jvp(f, (x,), (np.ones_like(x),)),
}


def told(call):
    """Return what a call warns of, and where, once; a call that NumPy or we refuse may have warned before."""
    with warnings.catch_warnings(record=True) as messages, contextlib.suppress(TypeError, ValueError):
        warnings.simplefilter("always")
        call()
    return {(m.category, str(m.message), m.filename, m.lineno) for m in messages}


@pytest.mark.parametrize("mode", TRACED)
@pytest.mark.parametrize(("call", "x"), WARNED, ids=[call for call, _ in WARNED])
def test_what_numpys_own_code_warns_of_is_said_where_it_is_for_arrays(call, x, mode):
    f = executed(f"def f(x):\n\n    return {call}")["f"]
    assert told(lambda: TRACED[mode](f, x)) == told(lambda: f(x))


FEW = [
    *[
        f"{x}({args})"
        for x in ("np.mean", "np.var", "np.std", "ga.mean", "ga.std")
        for args in ("x[:0]", "x, where=False")
    ],
    *["x[:0].mean()", "x[:0].var()", "x[:0].std()", "np.var(x, ddof=3)", "x[0].var(ddof=1)", "x.std(0, ddof=4)"],
    *["np.mean(x[:0], axis=0, keepdims=True)", "np.mean(x[:0].astype(np.float32))", "np.mean(np.outer(x[:0], x), 0)"],
    *["np.nanstd(x, ddof=3)", "np.nanstd(x * np.nan)", "np.nanvar(x * np.nan)"],
]


@pytest.mark.parametrize("mode", TRACED)
@pytest.mark.parametrize("call", FEW)
def test_too_few_elements_for_a_mean_are_told_of_at_the_users_line(call, mode):
    f = executed(f"def f(x):\n\n    return {call}", ga=ga)["f"]
    said = {(category, text) for category, text, _, _ in told(lambda: f(X)) if "encountered" not in text}
    assert said
    found = {warning for warning in told(lambda: TRACED[mode](f, X)) if "encountered" not in warning[1]}
    assert found == {(*warning, "users_code.py", 3) for warning in said}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("call", FEW)
def test_nor_does_the_way_back_tell_more(call):
    result = executed(f"def f(x):\n\n    return {call}", ga=ga)["f"](ga.tensor(X))
    assert not told(lambda: result.backward(np.ones(result.shape)))


def test_filters_and_registers_of_warnings_take_numpys_for_the_users():
    source = "def f(x):\n    return np.nanmean(x)\ndef g(x):\n    return np.nanmean(x)"
    code = executed(source)
    t = ga.tensor(NAN[0])
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("default")
        for _ in range(3):
            code["f"](t)
            code["g"](t)
    assert [m.lineno for m in messages] == [2, 4]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", module="users_code")
        with pytest.raises(RuntimeWarning, match="Mean of empty slice") as error:
            executed(source)["f"](t)
    assert [entry.name for entry in error.traceback].count("f") == 1
    assert not any("called from here" in entry.name for entry in error.traceback)


def test_the_mirrors_functions_and_those_of_libraries_warn_at_the_line_of_their_caller():
    at = executed("def f(x):\n    return ga.nanmean(x)", ga=ga)["f"]
    assert {(m[2], m[3]) for m in told(lambda: at(NAN[0]))} == {("users_code.py", 2)}
    library = executed("def f(x):\n    return np.nanmean(x)", "library.py", __name__="scipy.stats")["f"]
    assert {(m[2], m[3]) for m in told(lambda: library(ga.tensor(NAN[0])))} == {("library.py", 2)}


# --- where there is no line -----------------------------------------------------------------------------------------


def test_a_value_that_no_line_of_anybody_has_taken_is_told_of_all_the_same():
    """A thread may begin in a function of C, and then has no frame."""
    t = ga.tensor(2.0)
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        for take, taken in (("{:.1f}".format, "2.0"), (math.sin, math.sin(2.0))):
            assert not messages
            results: list[object] = []
            _thread.start_new_thread(results.extend, (map(take, [t]),))
            end = time.monotonic() + 60
            while not results and time.monotonic() < end:
                time.sleep(0.001)
            assert results == [taken]
    (message,) = messages
    assert message.category is ga.GradientLossWarning
    assert str(message.message).startswith("the bare value of a variable was taken; what is computed from it")


def test_code_without_positions_is_not_quoted():
    f = executed("def f(x): return math.cosh(x[0])", known=True)["f"]
    assert "`math.cosh(x[0])`" in message(f)
    f.__code__ = f.__code__.replace(co_linetable=b"", co_name="g")
    assert message(f).startswith("the bare value of a variable was taken; what is computed from it has no gradient.")


def test_the_same_text_in_two_files_is_code_of_its_own_in_each():
    text = "def f():\n    return (lambda: 1 / 0)()\n"
    codes = [frames.readable(text, file) for file in ("<one>", "<other>")]
    for code, file in zip(codes, ("<one>", "<other>"), strict=True):
        space = {}
        exec(code, space)
        with pytest.raises(ZeroDivisionError) as error:
            space["f"]()
        entries = traceback.extract_tb(error.value.__traceback__)[1:]
        assert [(e.filename, e.line) for e in entries] == [(file, "return (lambda: 1 / 0)()")] * 2
        del linecache.cache[file]
