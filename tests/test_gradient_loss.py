"""Every way by which raw values leave a variable, and what happens there; no gradient is lost silently.

The lines of the tables are code as a user would write it. In it, `t` is a variable without axes and `x` one of three
elements; what counts happens on the last line, whose value is the result if it is an expression.
"""

from __future__ import annotations

import array
import ast
import cmath
import copy
import ctypes
import functools
import io
import itertools
import json
import logging
import math
import operator
import pickle
import random
import statistics
import struct
import sys
import traceback
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import gradarray as ga
from gradarray import GradientLossError, GradientLossWarning, loss

T, X = 0.7, np.array([0.3, 0.5, 0.9])
FILE = "users_file.py"
MODULES = (array, cmath, copy, ctypes, functools, io, itertools, json, logging, math, operator, pickle, random)
NAMES = {m.__name__: m for m in (*MODULES, statistics, struct)} | {"np": np, "ga": ga, "Decimal": Decimal}


class Struct(ctypes.Structure):
    _fields_ = [("a", ctypes.c_double)]


# --- the tables -----------------------------------------------------------------------------------------------------

# The gradient of the result is right: it is compared with differences of what NumPy computes.
DIFFERENTIABLE = [
    "arr = np.zeros(3)\narr += x\narr",  # the name is bound to a Tensor
    "np.ones(3) * x + np.float64(2.0) ** t",
    "np.ones((2, 3)) @ x",
    "np.ones(3).clip(t, 2.0)",  # a method that is a ufunc
    "x + [t, t, 1.0]",
    "np.add(x, [t, t, 1.0])",
    "np.dot([t, 2 * t], x[:2])",
    "np.where([True, False], x[:2], [t, t])",
    "np.stack([t, 2 * t])",
    "np.block([[t, 1.0], [2.0, t]])",
    "np.array([t, 2 * t], like=x)",
    "np.full(3, t, like=x)",
    "np.full_like(x, t)",
    "arr = np.zeros(3, like=x)\narr[0] = t\narr[1:] += x[1:] * t\narr",
    "arr = np.zeros_like(x)\narr[:] = [t, 1.0, x[2]]\narr",
    "arr = np.zeros_like(x)\narr.flat[:2] = [t, x[1]]\narr",
    "arr = np.zeros_like(x)\nnp.copyto(arr, [t, 1.0, t])\narr",
    "arr = np.zeros_like(x)\nnp.add.at(arr, [0, 0], [t, x[1]])\narr",
    "arr = np.zeros_like(x)\nnp.put(arr, [0, 2], [t, x[1]])\narr",
    "arr = np.zeros_like(x)\narr.fill(t)\narr",
    "arr = np.zeros(3, object)\narr[0] = t\narr[0] * 2",  # the array holds the variable itself
    "ga.array([t, 2 * t])",
    "ga.tensor([[t, 1.0], [2.0, t]])",
    "ga.mean([t, x[1]])",
    "np.mgrid[0:t:3j]",
    "np.poly1d(x)(2.0)",
    "np.fromfunction(lambda i: i * t, (3,))",
    "sum(x) + max(x) - min(t, 0.9)",
    "sorted(x, key=lambda a: -a)[0]",
    "functools.reduce(operator.mul, x)",
    "list(itertools.accumulate(x))[-1]",
    "math.prod([t, x[0]])",
    "a, b, c = x\na * b * c",
    "[a * t for a in x if a > 0.4][0]",
    "abs(t) + pow(t, 3) + pow(2.0, t) + divmod(t, 0.4)[1]",
    "x.copy() + np.copy(x)",
    "arr = x * 1.0\nnp.random.default_rng(0).shuffle(arr)\narr",
]

# Written into memory that cannot hold a gradient: GradientLossError, which names the function.
REFUSED = {
    "arr = np.zeros(3)\narr[0] = t": "an assignment",
    "arr = np.zeros(3)\narr[:] = t": "an assignment",
    "arr = np.zeros(3)\narr[...] = x": "an assignment",
    "arr = np.zeros(3)\narr[1:] = x[1:]": "an assignment",
    "arr = np.zeros(3)\narr[arr == 0] = x": "an assignment",
    "arr = np.zeros(3)\narr[[0, 2]] = x[:2]": "an assignment",
    "arr = np.zeros((2, 3))\narr[1] = x": "an assignment",
    "arr = np.zeros((2, 3))\narr[:, 1:] = x[1:]": "an assignment",
    "arr = np.zeros(3)\narr[:2] = [t, t]": "an assignment",
    "arr = np.zeros(3)\narr[0] += t": "an assignment",
    "arr = np.zeros(3)\narr[1:] *= x[1:]": "an assignment",
    "arr = np.zeros(3)\nb, arr[1] = 1, t": "an assignment",
    "arr = np.zeros(3)\nfor arr[0] in x: pass": "an assignment",
    "arr = np.zeros(3)\narr.flat[0] = t": "an assignment",
    "arr = np.zeros(3)\narr.flat = x": "an assignment",
    "arr = np.zeros(3, complex)\narr.real = x": "an assignment",
    "arr = np.zeros(3, complex)\narr[0] = t": "an assignment",
    "arr = np.zeros(3, np.float16)\narr[0] = t": "an assignment",
    "arr = np.zeros(3, int)\narr[0] = t": "an assignment",
    "arr = np.zeros(3, object)\narr[:] = x": "an assignment",
    "arr = np.zeros(2, [('a', float)])['a']\narr[:] = t": "an assignment",
    "arr = np.ma.zeros(3)\narr[0] = t": "np.ma",
    "arr = array.array('d', [0.0])\narr[0] = t": "an assignment",
    "arr = (ctypes.c_double * 2)()\narr[0] = t": "an assignment",
    "arr = np.zeros(3)\nmemoryview(arr)[0] = t": "an assignment",
    "Struct().a = t": "an assignment",
    "arr = np.zeros(3)\nnp.copyto(arr, x)": "np.copyto",
    "arr = np.zeros(3)\nnp.put(arr, [0], t)": "np.put",
    "arr = np.zeros(3)\nnp.place(arr, [True, False, True], x)": "np.place",
    "arr = np.zeros(3)\nnp.putmask(arr, [True, False, True], x)": "np.putmask",
    "arr = np.zeros((1, 3))\nnp.put_along_axis(arr, np.array([[0]]), t, 1)": "np.put_along_axis",
    "arr = np.zeros((3, 3))\nnp.fill_diagonal(arr, t)": "np.fill_diagonal",
    "arr = np.zeros((3, 3))\nnp.fill_diagonal(arr, x)": "np.fill_diagonal",
    "arr = np.zeros(3)\nnp.add.at(arr, [0, 0], t)": "np.add.at",
    "arr = np.zeros(3)\nnp.full_like(arr, t)": "np.full_like",
    "arr = np.zeros(3)\nnp.add(x, 1.0, out=arr)": "out= of np.add",
    "arr = np.zeros(3)\nnp.add(x, 1.0, arr)": "out= of np.add",
    "arr = np.zeros(())\nnp.sum(x, out=arr)": "out=",
    "arr = np.zeros(6)\nnp.concatenate([x, x], out=arr)": "out=",
    "np.piecewise(np.ones(3), [[True, False, True]], [lambda a: a * t, 0.0])": "np.piecewise",
    "np.nan_to_num(np.array([np.nan]), nan=t)": "np.nan_to_num",
}

# Asked for by NumPy, Python or C code: GradientLossWarning, and GradientLossError in a transform. The message names
# NumPy's function where Python can see it.
WARNED = {
    "np.asarray(x)": "",
    "np.array(x)": "",
    "np.array([t, t])": "",
    "np.array([x, x])": "",
    "np.array([[t, 1.0], [2.0, t]])": "",
    "np.array(list(x))": "",
    "np.array([t, t], dtype=object)": "",  # NumPy asks for the values, although it keeps the objects
    "np.ascontiguousarray(x)": "",
    "np.asarray_chkfinite(x)": "np.asarray_chkfinite",
    "np.require(x, float)": "np.require",
    "np.float64(t)": "",
    "np.ma.array(x)": "np.ma.array",
    "np.ma.sin(x)": "",
    "np.ma.median(x)": "",
    "np.ma.getdata(x)": "",
    "np.ma.array([1.0, 2.0, 3.0]) * x": "",
    "np.full(3, t)": "np.full",
    "np.mean([t, t])": "np.mean",
    "np.sum([t, t])": "np.sum",
    "np.max([t, 2 * t])": "np.max",
    "np.linalg.norm([t, t])": "np.linalg.norm",
    "np.fft.fft([t, t])": "np.fft.fft",
    "np.sin([t, t])": "",
    "np.add([t, t], 1.0)": "",
    "np.add.reduce([t, t])": "",
    "np.dot([t, t], [1.0, 2.0])": "",
    "np.where([True, False], [t, t], 0.0)": "",
    "np.concatenate([[t], [t]])": "",
    "np.sum(np.ones(3), initial=t)": "np.sum",
    "np.pad([1.0, 2.0], 1, constant_values=t)": "np.pad",
    "np.ones(3).dot(x)": "",
    "np.ones(3).put([0], t)": "",
    "np.ones(3).fill(t)": "",
    "np.arange(3.0).searchsorted(t)": "",
    "np.arange(3.0).sum(initial=t)": "",
    "np.ones(3).__setitem__(0, t)": "",
    "operator.setitem(np.ones(3), 0, t)": "",
    "np.r_[t, 1.0]": "",
    "np.c_[x, x]": "",
    "np.arange(0.0, 1.0, t)": "",
    "np.vectorize(lambda a: 2 * a)(x)": "np.vectorize",
    "np.apply_along_axis(lambda a: a * t, 0, np.ones(3))": "np.apply_along_axis",
    "np.fromiter(x, float)": "",
    "np.nditer(x)": "",
    "list(np.ndenumerate(x))": "np.ndenumerate",
    "np.broadcast(x, 1.0)": "",
    "np.polynomial.Polynomial(x)": "",
    "np.sum(x.flat)": "np.sum",
    "np.random.normal(t, 1.0)": "",
    "np.random.default_rng(0).normal(t, 1.0)": "",
    "np.random.default_rng(0).uniform(0.0, x)": "",
    "np.random.default_rng(0).choice(x, 2)": "",
    "np.from_dlpack(x)": "another library",
    "np.lib.stride_tricks.as_strided(x, (2,), (8,))": "",
    "ga.Tensor([t, 1.0])": "Tensor",
    "math.sin(t)": "",
    "math.floor(t)": "",
    "math.fsum([t, t])": "",
    "math.hypot(t, t)": "",
    "cmath.exp(t)": "",
    "statistics.fmean([t, t])": "",
    "float(t)": "",
    "int(t)": "",
    "complex(t)": "",
    "list(map(float, x))": "",
    "struct.pack('d', t)": "",
    "array.array('d', x)": "",
    "ctypes.c_double(t)": "",
    "copy.copy(x * 1.0)": "copy.copy",
    "copy.deepcopy({'w': x * 1.0})": "copy.deepcopy",
    "pickle.dumps(x * 1.0)": "pickle",
}

# The copy of a leaf is a leaf of its own, as when a model is saved. In a transform the leaf is an argument: an error.
LEAVES = ["copy.copy(x)", "copy.deepcopy([x, x])", "pickle.dumps(x)"]

# Said in so many words, or nothing that has a derivative.
SILENT = {
    "x.data": "asked for by name",
    "ga.asarray(x)": "asked for by name",
    "x.to_numpy()": "asked for by name, as pandas and Matplotlib do",
    "x.detach()": "asked for by name",
    "ga.tensor(x)": "a new leaf, asked for by name",
    "t.item(), x.tolist(), x.tobytes()": "asked for by name",
    "x.ctypes.data": "an address, asked for by name",
    "ga.no_grad(lambda: np.asarray(x) + math.sin(t))()": "no gradient is wanted",
    "str(x), repr(x), format(t), f'{t:.3f}', '{:.1f}'.format(t)": "formatting",
    "'%.3f and %d' % (t, t)": "formatting",
    "logging.getLogger('gradarray').debug('loss %f', t)": "formatting",
    "np.array2string(x), np.array_repr(x)": "formatting",
    "print(x, file=io.StringIO())": "formatting",
    "np.savetxt(io.StringIO(), x)": "saving values",
    "np.save(io.BytesIO(), x), np.savez(io.BytesIO(), x)": "saving values",
    "ga.save(io.BytesIO(), x)": "saving values",
    "x > t, x == t, bool(t), t in [0.7], 0.3 in x": "comparing",
    "np.array_equal(x, x), np.allclose(x, x)": "comparing",
    "np.testing.assert_allclose(x, x.data * (1 + 1e-12))": "comparing",
    "np.testing.assert_array_equal(x, x.data)": "comparing",
    "np.isnan(x), np.argsort(x), np.shape(x), np.result_type(x)": "no derivative",
    "round(t), len(x), x.astype(int)": "the derivative is zero",
}

# What ndarray or a number cannot do either, or what a Tensor is not.
IMPOSSIBLE = {
    "memoryview(x)": "bytes-like",
    "bytes(x)": "integer",
    "io.BytesIO().write(x)": "bytes-like",
    "np.frombuffer(x)": "bytes-like",
    "np.frombuffer(x, like=x)": "bytes of a variable",
    "x.view(np.int64)": "no derivative",
    "x.astype(object)": "holds numbers",
    "np.array(x, dtype=object, like=x)": "holds numbers",
    "np.frompyfunc(math.sin, 1, 1)(x)": "no rule",
    "np.quantile([1.0, 2.0], t)": "not differentiable with respect to 'q'",
    "np.sum(x, initial=t)": "not differentiable with respect to 'initial'",
    "ga.random.normal(t, 1.0)": "do not flow through a draw",
    "operator.index(t)": "integer",
    "[10, 20][t]": "integer",
    "range(t)": "integer",
    "np.zeros(3)[:t]": "integer",
    "hash(t)": "unhashable",
    "json.dumps(t)": "not JSON",
    "Decimal(t)": "not supported",
    "Fraction(t)": "Rational",
    "statistics.mean([t, t])": "convert",
}
NAMES |= {"Fraction": Fraction, "Struct": Struct}


def run(source: str, t, x):
    """Carry out a line of the tables, and return its names; the value of the last expression is `result`."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("result", ast.Store())], last.value), last)
        ast.fix_missing_locations(tree)
    names = {**NAMES, "__name__": "users_module", "t": t, "x": x}
    exec(compile(tree, FILE, "exec"), names)
    return names


def variables():
    return ga.tensor(T), ga.tensor(X)


def last_line(source: str) -> int:
    return source.count("\n") + 1


def caught(source: str) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        run(source, *variables())
    return [message for message in messages if issubclass(message.category, GradientLossWarning)]


def transformed(source: str, transform=lambda f: ga.grad(f)(X)):
    """Run a line in the function of a transform, with its argument as x and the first element as t."""

    def f(x):
        run(source, x[0], x)
        return np.sum(x)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transform(f)


# --- what happens ---------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error::gradarray.GradientLossWarning", "ignore:you are shuffling")
@pytest.mark.parametrize("source", DIFFERENTIABLE)
def test_it_is_differentiable(source, rng):
    def value(t, x):
        return np.asarray(ga.asarray(run(source, np.asarray(t), x.copy())["result"]), float)

    weights = rng.normal(size=value(T, X).shape)
    t, x = variables()
    with loss.transforming():
        np.sum(weights * run(source, t, x)["result"]).backward()
    h = 1e-5
    slope = np.sum(weights * (value(T + h, X) - value(T - h, X))) / (2 * h)
    np.testing.assert_allclose(0.0 if t.grad is None else t.grad, slope, rtol=1e-6, atol=1e-9)
    slopes = [np.sum(weights * (value(T, X + e) - value(T, X - e))) / (2 * h) for e in h * np.eye(3)]
    np.testing.assert_allclose(np.zeros(3) if x.grad is None else x.grad, slopes, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("source", REFUSED)
def test_a_write_into_plain_memory_is_refused_and_writes_nothing(source):
    names = {}
    with pytest.raises(GradientLossError, match="cannot write a variable into a plain ndarray") as error:
        names = run(source, *variables())
    assert str(error.value).startswith(REFUSED[source])
    assert "np.zeros(n, like=t)" in str(error.value) and "np.stack" in str(error.value)
    lines = [frame.lineno for frame in traceback.extract_tb(error.tb) if frame.filename == FILE]
    assert lines[0] == last_line(source)
    names = next(frame for frame, _ in traceback.walk_tb(error.tb) if frame.f_code.co_filename == FILE).f_globals
    assert not np.any(np.asarray(names.get("arr", 0)))
    assert sys.gettrace() is None


@pytest.mark.parametrize("source", WARNED)
def test_the_users_line_is_warned_of(source):
    messages = caught(source)
    assert messages
    for message in messages:
        assert (message.filename, message.lineno) == (FILE, last_line(source))
    text = str(messages[0].message)
    assert "bare value of a variable" in text and "has no gradient" in text
    assert text.startswith(WARNED[source])


@pytest.mark.parametrize("source", [*WARNED, *REFUSED, *LEAVES])
def test_a_transform_raises(source):
    with pytest.raises(GradientLossError):
        transformed(source)
    assert sys.gettrace() is None


# A copy keeps its tangent; of a pickle, and of raw memory, forward mode has errors of its own.
@pytest.mark.parametrize("source", [s for s in WARNED | REFUSED if not s.startswith(("copy", "pickle", "np.from_dl"))])
def test_forward_mode_raises_too(source):
    with pytest.raises(GradientLossError):
        transformed(source, lambda f: ga.jvp(f, (X,), (X,)))


@pytest.mark.parametrize("source", [*SILENT, *LEAVES])
def test_it_is_silent(source):
    assert not caught(source)


@pytest.mark.parametrize("source", SILENT)
def test_it_is_silent_in_a_transform_too(source):
    transformed(source)


@pytest.mark.parametrize("source", IMPOSSIBLE)
def test_it_is_another_error(source):
    with pytest.raises((TypeError, IndexError), match=IMPOSSIBLE[source]) as error:
        caught(source)
    assert not isinstance(error.value, GradientLossError)


@pytest.mark.parametrize("source", [*WARNED, *REFUSED, *LEAVES])
def test_nothing_is_said_where_it_is_ignored(source):
    with ga.gradient_loss("ignore"):
        assert not caught(source)


@pytest.mark.parametrize("source", [*WARNED, *REFUSED, *LEAVES])
def test_nothing_is_said_of_constants(source):
    with warnings.catch_warnings():
        warnings.simplefilter("error", GradientLossWarning)
        run(source, ga.tensor(T, constant=True), ga.tensor(X, constant=True))


# --- other libraries ------------------------------------------------------------------------------------------------

SCIPY = {
    "scipy.linalg.solve(np.eye(3), x)": "",
    "scipy.linalg.expm(np.eye(3) * t)": "",
    "scipy.fft.fft(x)": "",
    "scipy.integrate.quad(lambda s: s * t, 0.0, 1.0)": "",
    "scipy.optimize.minimize(lambda v: np.sum(v**2), x)": "",
    "scipy.interpolate.CubicSpline(np.arange(3.0), x)": "",
    "scipy.stats.norm.pdf(x)": "",
    "scipy.sparse.eye_array(3).tocsr() @ x": "",
    "scipy.signal.convolve(x, x)": "",
    "scipy.spatial.distance.euclidean(x, x)": "",
}


@pytest.fixture
def scipy(monkeypatch):
    module = pytest.importorskip("scipy", reason="SciPy is not installed; it takes raw values as NumPy does")
    for name in ("linalg", "fft", "integrate", "interpolate", "optimize", "stats", "sparse", "signal", "spatial"):
        pytest.importorskip(f"scipy.{name}")
    monkeypatch.setitem(NAMES, "scipy", module)


@pytest.mark.parametrize("source", SCIPY)
def test_scipy_is_warned_of_in_the_users_line(source, scipy):
    messages = caught(source)
    assert messages and {(message.filename, message.lineno) for message in messages} == {(FILE, 1)}


@pytest.mark.parametrize("source", SCIPY)
def test_scipy_raises_in_a_transform(source, scipy):
    with pytest.raises(GradientLossError):
        transformed(source)


def test_a_scipy_ufunc_without_a_rule_is_refused(scipy):
    with pytest.raises(TypeError, match="no rule for it"):
        run("__import__('scipy.special').special.gammainc(t, x)", *variables())


def test_plotting_is_silent():
    def unpacked(x):
        """Look for the data as Matplotlib does (`cbook._unpack_to_numpy`), before it turns to np.asarray."""
        if isinstance(x, np.ndarray):
            return x
        return x.to_numpy() if hasattr(x, "to_numpy") else np.asarray(x.values if hasattr(x, "values") else x)

    with warnings.catch_warnings(), ga.gradient_loss("raise"):
        warnings.simplefilter("error")
        np.testing.assert_array_equal(unpacked(ga.tensor(X)), X)


def test_matplotlib_is_silent():
    figures = pytest.importorskip("matplotlib.figure", reason="Matplotlib is not installed; its way is copied above")
    with ga.gradient_loss("raise"):
        (line,) = figures.Figure().subplots().plot(ga.tensor(X), ga.tensor(X))
    np.testing.assert_array_equal(line.get_ydata(), X)
