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
import linecache
import logging
import math
import operator
import pickle
import pprint
import random
import re
import statistics
import struct
import sys
import traceback
import unittest
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import gradarray as ga
from gradarray import GradientLossError, GradientLossWarning
from gradarray.context import settings
from gradarray.kernels.references import COUNTED
from gradarray.show.pages import chapter
from tests.counted import counted

T, X = 0.7, np.array([0.3, 0.5, 0.9])
FILE = "users_file.py"
MODULES = (array, cmath, copy, ctypes, functools, io, itertools, json, logging, math, operator, pickle, pprint, random)
NAMES = {m.__name__: m for m in (*MODULES, statistics, struct, unittest)} | {"np": np, "ga": ga, "Decimal": Decimal}


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
    "copy.copy(x) * x",  # in a transform, as the test is
    "copy.deepcopy(x) * copy.deepcopy({'w': [x]})['w'][0]",
    "x[np.asarray(3 * x, dtype=int)] * x[np.int64(2 * t)]",  # t = 0.7
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
    "arr = np.zeros(3)\narr[1:] *= x[1:]": "*=",
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
    "arr = np.zeros(3)\narr.fill(t)": "fill()",
    "arr = np.zeros(3, int)\narr.fill(t)": "fill()",
    "np.ones(3).fill(t)": "fill()",
    "arrs = [np.zeros(3)]\narrs[0][1:].fill(t)": "fill()",
    "arr = np.zeros(3)\nfill = arr.fill\nfill(t)": "fill()",
    "arr = np.zeros(3)\nnp.ndarray.fill(arr, t)": "fill()",
    "arr = np.zeros(3)\narr.put([0], t)": "put()",
    "arr = np.zeros(3)\narr.put([0, 2], x[:2], mode='clip')": "put()",
    "arr = np.zeros(3)\narr.setfield(t, float)": "setfield()",
    "arr = np.zeros(3)\narr.__setitem__(0, t)": "__setitem__()",
    "arr = np.zeros(3)\nnp.ndarray.__setitem__(arr, 0, t)": "__setitem__()",
    "arr = np.zeros(3)\narr.flat.__setitem__(0, t)": "__setitem__()",
    "arr = np.zeros(3)\noperator.setitem(arr, ..., x)": "operator.setitem",
    "arr = np.zeros(3, complex)\nsetattr(arr, 'real', x)": "setattr",
    "arr = array.array('d')\narr.append(t)": "append()",
    "arr = array.array('d')\narr.insert(0, t)": "insert()",
    "arr = np.ma.zeros(3)\narr.put([0], t)": "np.ma",
    "arr = np.ma.zeros(3)\narr.fill(t)": "fill()",
    "arr = np.zeros(3)\nnp.put(arr, [0], [t])": "np.put",
    "arr = np.zeros(3)\nnp.copyto(arr, [t, t, t])": "np.copyto",
    "arr = np.zeros(3)\nnp.place(arr, [True, False, True], [t, t])": "np.place",
    "arr = np.zeros(3)\nnp.putmask(arr, [True, False, True], [t, t, t])": "np.putmask",
    "arr = np.zeros(3)\nnp.add.at(arr, [0, 0], [t, t])": "at()",
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
    "np.arange(3.0).searchsorted(t)": "",
    "np.arange(3.0).sum(initial=t)": "",
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
    "np.array(x, dtype=object)": "",
    "pickle.dumps(x * 1.0)": "pickle",
}

# Asked for by name: silent, but GradientLossError in a transform, where code for arrays would lose a derivative.
PLAIN = ["t.item()", "x.item(1)", "x.tolist()", "[a.item() for a in x]"]

# The copy of a leaf is a leaf of its own. It is no longer the same variable, of which a warning tells unless a model is
# copied or saved. In a transform a copy stays on the tape, and a pickle, which cannot, is an error.
COPIED = {
    "copy.copy(x)": "copy.copy",
    "copy.deepcopy(x)": "copy.deepcopy",
    "copy.copy(x * 1.0)": "copy.copy",
    "copy.deepcopy(x[:2])": "copy.deepcopy",
    "copy.deepcopy({'w': x * 1.0})": "copy.deepcopy",
}
MODELS = ["copy.deepcopy([x, x])", "copy.deepcopy((x, t))", "copy.deepcopy({'w': ({'b': x},)})", "copy.copy([x])"]
SAVED = ["pickle.dumps(x)", "pickle.dumps({'w': x})"]

# Said in so many words, or nothing that has a derivative.
SILENT = {
    "x.data": "asked for by name",
    "ga.asarray(x)": "asked for by name",
    "x.to_numpy()": "asked for by name, as pandas and Matplotlib do",
    "x.detach()": "asked for by name",
    "ga.tensor(x)": "a new leaf, asked for by name",
    "x.tobytes()": "asked for by name",
    "ga.stop_gradient(x)": "asked for by name",
    "x.ctypes.data": "an address, asked for by name",
    "ga.no_grad(lambda: np.asarray(x) + math.sin(t))()": "no gradient is wanted",
    "str(x), repr(x), format(t), f'{t:.3f}', '{:.1f}'.format(t)": "formatting",
    "'%.3f and %d' % (t, t)": "formatting",
    "logging.getLogger('gradarray').debug('loss %f', t)": "formatting",
    "np.array2string(x), np.array_repr(x)": "formatting",
    "print(x, file=io.StringIO())": "formatting",
    "pprint.pformat({'x': [x]})": "formatting",
    "np.format_float_positional(t), np.format_float_scientific(t)": "formatting",
    "np.asarray(x, dtype='U9')": "formatting",
    "np.savetxt(io.StringIO(), x)": "saving values",
    "np.save(io.BytesIO(), x), np.savez(io.BytesIO(), x)": "saving values",
    "ga.save(io.BytesIO(), ga.stop_gradient(x))": "saving values",
    "x > t, x == t, bool(t), t in [0.7], 0.3 in x": "comparing",
    "np.array_equal(x, x), np.allclose(x, x)": "comparing",
    "np.testing.assert_allclose(x, x.data * (1 + 1e-12))": "comparing",
    "np.testing.assert_array_equal(x, x.data)": "comparing",
    "math.isclose(t, 0.3), math.isnan(t), math.isinf(t), math.isfinite(t)": "comparing",
    "def known():\n    from math import isnan\n    return isnan(t)\nknown()": "comparing",
    "class Model: math = math\nModel().math.isfinite(t), Model.math.isinf(t), [math][0].isclose(t, 1.0)": "comparing",
    "unittest.TestCase().assertAlmostEqual(t, t.data)": "comparing",
    "np.isnan(x), np.argsort(x), np.shape(x), np.result_type(x)": "no derivative",
    "round(t), len(x), x.astype(int)": "the derivative is zero",
    "np.asarray(x, dtype=int), np.array(x, 'i4'), np.int64(t), np.asarray(x, bool)": "the derivative is zero",
    "[10, 20][np.asarray(x, int)[0]]": "the derivative is zero",
}

# For each: what happens outside of transforms, and inside, without drop-in mode.
WAYS = {
    **dict.fromkeys(SILENT, ("silent", "silent")),
    **dict.fromkeys(WARNED, ("warns", "raises")),
    **dict.fromkeys(REFUSED, ("raises", "raises")),
    **dict.fromkeys([*PLAIN, *SAVED], ("silent", "raises")),
    **dict.fromkeys(COPIED, ("warns", "silent")),
    **dict.fromkeys(MODELS, ("silent", "silent")),
}
LOSSES = [source for source, ways in WAYS.items() if ways != ("silent", "silent")]

CONTEXTS = {
    "grad": lambda f: ga.grad(f, drop_in=False)(X),
    "jvp": lambda f: ga.jvp(f, (X,), (X,), drop_in=False),
    "hvp": lambda f: ga.hvp(f, drop_in=False)(X, X),
    "nested": lambda f: ga.grad(lambda y: np.sum(y * ga.grad(f, drop_in=False)(y)), drop_in=False)(X),
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
    "np.var(x, ddof=t)": "not differentiable with respect to 'ddof'",
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


# What the message says: who took the value, the remedy, and the line as the remedy has it, whose gradient is right.
MESSAGES = {
    "math.sin(t)": ("math.sin", "Write np.sin:", "np.sin(t)"),
    "2 * math.atan2(t, 2.0) + 1": ("math.atan2", "Write np.arctan2:", "2 * np.arctan2(t, 2.0) + 1"),
    "math.pow(t, 2)": ("math.pow", "Write np.power:", "np.power(t, 2)"),
    "math.fabs(t)": ("math.fabs", "Write np.abs:", "np.abs(t)"),
    "math.fsum([t, t])": ("math.fsum", "Write np.sum of np.stack([t, u]):", "np.sum(np.stack([t, t]))"),
    "math.dist(x, 2 * x)": ("math.dist", "Write np.linalg.norm:", "np.linalg.norm(x - 2 * x)"),
    "math.floor(t)": ("math.floor", "np.floor, or t.astype(int)", "np.floor(t) * t.astype(int)"),
    "math.erf(t)": (
        "math.erf",
        "ga.custom_gradient",
        "f = lambda t: (np.asarray(math.erf(t)), lambda g: g * 2 / np.sqrt(np.pi) * np.exp(-t * t))\n"
        "ga.custom_gradient(f)(t)",
    ),
    "cmath.exp(t)": ("cmath.exp", "Write np.exp:", "np.exp(t)"),
    "statistics.fmean([t, t])": ("statistics.fmean", "np.stack([t, u])", "np.mean(np.stack([t, t]))"),
    "float(t) * t": ("float", "Leave it away", "t * t"),
    "complex(t)": ("complex", "Leave it away", "t"),
    "int(t)": ("int", "t.astype(int) or np.floor(t)", "np.floor(t) * t.astype(int)"),
    "np.float64(t)": ("np.float64", "Leave it away", "t"),
    "np.asarray(x)": ("np.asarray", "np.asarray(t, like=t)", "np.asarray(x, like=x)"),
    "np.ascontiguousarray(x)": ("np.ascontiguousarray", "Leave it away", "x"),
    "np.array([t, 2 * t])": ("np.array", "np.stack([t, u])", "np.stack([t, 2 * t])"),
    "np.median([t, 2 * t])": ("np.median", "np.stack([t, u])", "np.median(np.stack([t, 2 * t]))"),
    "np.linalg.norm([t, t])": ("np.linalg.norm", "Write ga.linalg.norm,", "ga.linalg.norm([t, 2 * t])"),
    "np.vectorize(lambda a: 2 * a)(x)": (
        "np.vectorize",
        "np.stack([f(a) for a in t])",
        "np.stack([2 * a for a in x]) + 2 * x",
    ),
    "np.full(3, t)": ("np.full", "Write ga.full,", "ga.full(3, t)"),
    "np.arange(t, 3.0)": ("np.arange", "Write ga.arange,", "ga.arange(t, 3.0)"),
    "np.sum(np.ones(3), initial=t)": ("np.sum", "Write ga.sum,", "ga.sum(np.ones(3), initial=t)"),
    "np.pad([1.0, 2.0], 1, constant_values=t)": ("np.pad", "Write ga.pad,", "ga.pad([1.0, 2.0], 1, constant_values=t)"),
    "np.interp([-1.0], [0.0, 1.0], [1.0, 2.0], left=t)": (
        "np.interp",
        "Write ga.interp,",
        "ga.interp([-1.0], [0.0, 1.0], [1.0, 2.0], left=t)",
    ),
    "np.select([np.array([False])], [np.ones(1)], default=t)": (
        "np.select",
        "Write ga.select,",
        "ga.select([np.array([False])], [np.ones(1)], default=t)",
    ),
    "np.apply_along_axis(lambda a: a * t, 0, np.ones(3))": (
        "np.apply_along_axis",
        "Write ga.apply_along_axis,",
        "ga.apply_along_axis(lambda a: a * t, 0, np.ones(3))",
    ),
    "np.mean([t, 2 * t])": ("np.mean", "Write ga.mean,", "ga.mean([t, 2 * t]) + np.mean(np.stack([t, 2 * t]))"),
    "np.fft.irfft([t, 2 * t])": ("np.fft.irfft", "Write ga.fft.irfft,", "ga.fft.irfft([t, 2 * t])"),
    "np.sin([t, 2 * t])": ("np.sin", "Write ga.sin,", "ga.sin([t, 2 * t])"),
    "np.fromiter(x, float)": ("np.fromiter", "Write ga.fromiter,", "ga.fromiter(x, float)"),
    "np.ones(3).dot(x)": ("the bare value", "Write ga.dot(array, ...),", "ga.dot(np.ones(3), x)"),
    "np.arange(3.0).sum(initial=t)": (
        "the bare value",
        "Write ga.sum(array, ...),",
        "ga.sum(np.arange(3.0), initial=t)",
    ),
    "np.sum(x.flat)": ("np.sum", "Write t.ravel() in place of t.flat", "np.sum(x.ravel())"),
    "list(np.nditer(x))": ("np.nditer", "for a in t.ravel()", "[a * a for a in x.ravel()][1]"),
    "list(np.ndenumerate(x))": ("np.ndenumerate", "np.ndindex(t.shape)", "sum(x[i] ** 2 for i in np.ndindex(x.shape))"),
    "np.broadcast(x, 1.0)": ("np.broadcast", "np.broadcast_arrays(t, u)", "np.broadcast_arrays(x, 1.0)[0] * x"),
    "np.r_[t, 1.0]": ("the bare value", "np.hstack([t, u])", "np.hstack([t, 1.0])"),
    "np.r_[x, 1.0, x]": ("the bare value", "np.hstack([t, u])", "np.hstack([x, 1.0, x])"),
    "np.c_[x, x]": ("the bare value", "np.column_stack([t, u])", "np.column_stack([x, x])"),
    "np.polynomial.Polynomial(x)": ("np.polynomial.Polynomial", "np.polyval(t[::-1], v)", "np.polyval(x[::-1], 0.5)"),
    "np.ma.array(x)": (
        "np.ma.array",
        "np.where(mask, 0.0, t) or np.sum(t, where=~mask)",
        "mask = np.array([True, False, False])\nnp.where(mask, 0.0, x) * np.sum(x, where=~mask)",
    ),
    "np.random.normal(t, 1.0)": ("np.random.normal", "loc + scale * rng.normal()", "t + t * np.float64(0.3)"),
    "np.random.default_rng(0).permutation(x)": (
        "the bare value",
        "t[rng.permutation(n)]",
        "x[np.random.default_rng(0).permutation(3)]",
    ),
    "np.from_dlpack(x)": ("another library", "np.asarray(t, like=t)", "np.asarray(x, like=x)"),
    "list(map(float, x))": ("list", "list(t) and sum(t)", "list(x)[1] * sum(x)"),
    "array.array('d', x)": ("array.array", "np.stack([t, u]) of several", "np.stack([t, t])"),
    "struct.pack('d', t)": ("struct.pack", "keep the variable itself", "[t][0]"),
    "ctypes.c_double(t)": ("ctypes.c_double", "keep the variable itself", "t"),
    "np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8))": (
        "np.lib.stride_tricks.as_strided",
        "np.lib.stride_tricks.sliding_window_view(t, n)",
        "np.lib.stride_tricks.sliding_window_view(x, 2)",
    ),
    "sum(map(float, x))": ("sum", "sum(t)", "sum(x)"),
    "np.add.reduce([t, 2 * t])": ("the bare value", "np.stack([t, u])", "np.add.reduce(np.stack([t, 2 * t]))"),
    "np.random.default_rng(0).normal(t, 1.0)": (
        "the bare value of a variable was taken in `np.random.default_rng(0).normal(t, 1.0)`",
        "loc + scale * rng.normal()",
        "t + np.random.default_rng(0).normal(0.0, 1.0)",
    ),
    "ga.Tensor([t, 1.0])": ("Tensor([...])", "ga.array([t, u])", "ga.array([t, 1.0])"),
    "t.item() * t": ("item()", "Leave it away", "t * t"),
    "sum(x.tolist())": ("tolist()", "list(t)", "sum(list(x))"),
    "len(pickle.dumps(x)) * x": ("pickle", ".copy()", "x.copy()"),
    "arr = np.zeros(3)\narr[0] = t": (
        "an assignment",
        "`arr` was made in line 1, `arr = np.zeros(3)`. Let the array be a Tensor from the start, as np.zeros(n, ",
        "arr = np.zeros(3, like=t)\narr[0] = t\narr",
    ),
    "arr = np.zeros(3)\nnp.copyto(arr, x)": (
        "np.copyto",
        "np.zeros_like(t)",
        "arr = np.zeros_like(x)\nnp.copyto(arr, x)\narr",
    ),
    "arr = np.zeros(3)\nnp.add(x, 1.0, out=arr)": (
        "out= of np.add",
        "np.zeros(n, like=t)",
        "arr = np.zeros(3, like=x)\nnp.add(x, 1.0, out=arr)\narr",
    ),
}
MENDED = [mended for _, _, mended in MESSAGES.values()]


def run(source: str, t, x):
    """Carry out a line of the tables, and return its names; the value of the last expression is `result`."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("result", ast.Store())], last.value), last)
        ast.fix_missing_locations(tree)
    names = {**NAMES, "__name__": "users_module", "t": t, "x": x}
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
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


def happens(call) -> str:
    """Tell whether a call is silent, warns or raises, as the tables put it."""
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        try:
            call()
        except GradientLossError:
            return "raises"
    return "warns" if any(issubclass(message.category, GradientLossWarning) for message in messages) else "silent"


def transformed(source: str, transform=CONTEXTS["grad"]):
    """Run a line in the function of a transform, with its argument as x and the first element as t."""

    def f(x):
        run(source, x[0], x)
        return np.sum(x**3)

    transform(f)


# --- what happens ---------------------------------------------------------------------------------------------------

ROWS = re.findall(
    r"^\| (.+) \| (silent|warns|raises) \| (silent|raises|differentiated) \| (silent|raises|differentiated) \|$",
    chapter("existing-code").partition("inside a transform |")[2].partition("\n\n")[0],
    re.MULTILINE,
)


BOTH = [*DIFFERENTIABLE, *MENDED]


@pytest.mark.filterwarnings("error::gradarray.GradientLossWarning", "ignore:you are shuffling")
@pytest.mark.parametrize(
    "source", [pytest.param(s, marks=counted if s.startswith("arr = np.zeros(3)\narr += x") else ()) for s in BOTH]
)
def test_it_is_differentiable(source, rng):
    def value(t, x):
        return np.asarray(ga.asarray(run(source, np.asarray(t), x.copy())["result"]), float)

    weights = rng.normal(size=value(T, X).shape)
    t, x = variables()
    result = settings.within({"policy": "raise", "transforms": 1}, run, source, t, x)["result"]
    np.sum(weights * result).backward()
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


@pytest.mark.parametrize("source", WARNED | COPIED)
def test_the_users_line_is_warned_of(source):
    messages = caught(source)
    assert messages
    for message in messages:
        assert (message.filename, message.lineno) == (FILE, last_line(source))
    text = str(messages[0].message)
    assert "bare value of a variable" in text and "has no gradient" in text
    assert text.startswith((WARNED | COPIED)[source])


@pytest.mark.parametrize("source", WAYS)
def test_outside_of_transforms(source):
    assert happens(lambda: run(source, *variables())) == WAYS[source][0]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("source", WAYS)
def test_inside_a_transform(source, context):
    assert happens(lambda: transformed(source, CONTEXTS[context])) == WAYS[source][1]
    assert sys.gettrace() is None and not settings.held().transforms


def said(source: str, context: str) -> str:
    """Return the message of the error that a line ends in, in a transform."""
    with pytest.raises((GradientLossError, TypeError)) as error:
        transformed(source, CONTEXTS[context])
    return str(error.value)


@pytest.mark.parametrize("context", ["grad", "jvp"])
@pytest.mark.parametrize("source", MESSAGES)
def test_the_message_names_the_culprit_and_the_remedy(source, context):
    by, remedy, _ = MESSAGES[source]
    text = said(source, context)
    assert text.startswith(by) and remedy in text
    quoted = text.partition("`")[2].partition("`")[0]
    assert quoted and quoted in source.splitlines()[-1]
    assert "t.data" in text or source.startswith(("len(pickle", "copy"))


@pytest.mark.parametrize("source", IMPOSSIBLE)
def test_it_is_another_error(source):
    with pytest.raises((TypeError, IndexError), match=IMPOSSIBLE[source]) as error:
        caught(source)
    assert not isinstance(error.value, GradientLossError)


@pytest.mark.parametrize("source", LOSSES)
def test_nothing_is_said_where_it_is_ignored(source):
    with ga.gradient_loss("ignore"):
        assert not caught(source)


@pytest.mark.parametrize("source", LOSSES)
def test_nothing_is_said_of_constants(source):
    with warnings.catch_warnings():
        warnings.simplefilter("error", GradientLossWarning)
        run(source, ga.tensor(T, constant=True), ga.tensor(X, constant=True))


# --- in drop-in mode ------------------------------------------------------------------------------------------------

# What stays an error there: compiled code that takes values, memory of other kinds, methods of ndarray itself.
LOUD = {
    "arr = np.zeros(3, object)\narr[:] = x": "an assignment cannot write",
    "arr = np.zeros(2, [('a', float)])['a']\narr[:] = t": "an assignment cannot write",
    "arr = np.ma.zeros(3)\narr[0] = t": "np.ma.MaskedArray cannot write",
    "arr = array.array('d', [0.0])\narr[0] = t": "an assignment cannot write",
    "arr = (ctypes.c_double * 2)()\narr[0] = t": "an assignment cannot write",
    "arr = np.zeros(3)\nmemoryview(arr)[0] = t": "a bytes-like object is required",
    "Struct().a = t": "an assignment cannot write",
    "np.nan_to_num(np.array([np.nan]), nan=t)": "not differentiable with respect to 'nan'",
    "arr = np.zeros(3)\nnp.ndarray.fill(arr, t)": "'fill' for 'numpy.ndarray' objects doesn't apply",
    "arr = np.zeros(3)\narr.setfield(t, float)": "has no attribute 'setfield'",
    "arr = np.zeros(3)\nnp.ndarray.__setitem__(arr, 0, t)": "requires a 'numpy.ndarray' object",
    "arr = array.array('d')\narr.append(t)": re.escape("append() cannot write"),
    "arr = array.array('d')\narr.insert(0, t)": re.escape("insert() cannot write"),
    "arr = np.ma.zeros(3)\narr.put([0], t)": "np.ma.MaskedArray.put cannot write",
    "arr = np.ma.zeros(3)\narr.fill(t)": re.escape("fill() cannot write"),
    "np.array([t, t], dtype=object)": "np.array took",
    "np.array(x, dtype=object)": "np.array took",
    "np.ma.array(x)": "np.ma.array took",
    "np.ma.sin(x)": "np.ma.sin took",
    "np.ma.median(x)": "np.ma.median took",
    "np.ma.getdata(x)": "np.ma.getdata took",
    "np.ma.array([1.0, 2.0, 3.0]) * x": "np.ma.MaskedArray took",
    "np.pad([1.0, 2.0], 1, constant_values=t)": "np.pad took",
    "np.interp([-1.0], [0.0, 1.0], [1.0, 2.0], left=t)": "np.interp took",
    "np.broadcast(x, 1.0)": "np.broadcast took",
    "np.polynomial.Polynomial(x)": "np.polynomial.Polynomial took",
    "np.sum(x.flat)": "np.sum took",
    "np.random.normal(t, 1.0)": "np.random.normal took",
    "np.random.default_rng(0).normal(t, 1.0)": "the bare value of a variable was taken",
    "np.random.default_rng(0).uniform(0.0, x)": "the bare value of a variable was taken",
    "np.from_dlpack(x)": "another library .* took",
    "ga.Tensor([t, 1.0])": "Tensor.* took",
    "statistics.fmean([t, t])": "statistics.fmean took",
    "struct.pack('d', t)": "struct.pack took",
    "array.array('d', x)": "array.array took",
    "ctypes.c_double(t)": "ctypes.c_double took",
    **dict.fromkeys(["pickle.dumps(x * 1.0)", *SAVED, "len(pickle.dumps(x)) * x"], "pickle took"),
}
USERS = [s for s in dict.fromkeys([*DIFFERENTIABLE, *MENDED, *MESSAGES, *WAYS]) if s not in SILENT]
SAVED_IN_A_BLOCK = {*SAVED, "len(pickle.dumps(x)) * x"}  # which is no transform: a leaf may be saved there
V = np.array([0.4, -0.7, 1.3])


def in_a_block(f):
    x = ga.tensor(X)
    with ga.drop_in(f), ga.gradient_loss("raise"):
        result = f(x)
    result.backward()
    return x.grad


# What each computes, and what that is by the gradient and the matrix of second derivatives.
OPENED = {
    "grad": (lambda f: ga.grad(f)(X), lambda gradient, _: gradient),
    "jvp": (lambda f: ga.jvp(f, (X,), (V,))[1], lambda gradient, _: gradient @ V),
    "hvp": (lambda f: ga.hvp(f)(X, V), lambda _, hessian: hessian @ V),
    "nested": (
        lambda f: ga.grad(lambda y: np.sum(y * ga.grad(f)(y)))(X),
        lambda gradient, hessian: gradient + hessian @ X,
    ),
    "block": (in_a_block, lambda gradient, _: gradient),
}


def users_function(source: str):
    """Return lines of the tables as a function, in a module of its own, that returns its local names."""
    lines, last = source.splitlines(), ast.parse(source).body[-1]
    if isinstance(last, ast.Expr):
        line = lines[last.lineno - 1]
        lines[last.lineno - 1] = f"{line[: last.col_offset]}result = {line[last.col_offset :]}"
    text = "\n    ".join(["def users(t, x):", *lines, "return locals()"])
    names = {**NAMES, "__name__": "users_module"}
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    exec(compile(text, FILE, "exec"), names)
    return names["users"]


def numbers(result) -> list:
    """Return the numbers and the arrays of numbers in the result of a line."""
    if isinstance(result, dict):
        result = result.values()
    elif isinstance(result, np.ndarray) and result.dtype == object:
        result = result.ravel().tolist()
    elif not isinstance(result, (list, tuple, map, np.nditer)):
        return [] if result is None else [result]
    return [number for item in result for number in numbers(item)]


def weighed(source: str):
    """Return the function of x that adds up all that a line computes, with weights, and in part squared."""
    users = users_function(source)

    def total(x):
        names = users(np.asarray(x[0]) if type(x) is np.ndarray else x[0], x)
        found = names.get("result")
        parts = numbers(names.get("arr", names.get("arrs")) if found is None else found)
        if any(np.iscomplexobj(part) for part in parts):
            parts = [real for part in parts for real in (part.real, part.imag)]
        value = 0.0 * x[0]
        for i, part in enumerate(parts):
            weights = 0.7 + 0.2 * i + 0.4 * np.arange(np.size(part)).reshape(np.shape(part))
            value = value + np.sum(weights * part + (weights - 0.3) * part * part)
        return value

    return total


def beside(source: str):
    """Return a function that carries out a line and computes something else."""
    users = users_function(source)

    def f(x):
        users(x[0], x)
        return np.sum(x**3)

    return f


@functools.cache
def differences(source: str):
    """Return the gradient and the matrix of second derivatives of what NumPy computes."""
    total, h = weighed(source), 1e-3

    def value(x):
        return float(ga.asarray(total(x)))

    def slopes(x):  # of fourth order
        near, far = ([value(x + a) - value(x - a) for a in step * np.eye(3)] for step in (h, 2 * h))
        return (8 * np.array(near) - np.array(far)) / (12 * h)

    return slopes(X), np.array([(slopes(X + a) - slopes(X - a)) / (2 * h) for a in h * np.eye(3)])


@pytest.mark.filterwarnings("ignore", "error::gradarray.GradientLossWarning")
@pytest.mark.parametrize("context", OPENED)
@pytest.mark.parametrize("source", USERS)
def test_drop_in_mode_is_right_or_loud(source, context):
    derivative, expected = OPENED[context]
    if source in LOUD and not (context == "block" and source in SAVED_IN_A_BLOCK):
        with pytest.raises((TypeError, AttributeError), match=LOUD[source]):
            derivative(weighed(source))
    elif source not in SAVED_IN_A_BLOCK:
        found = derivative(weighed(source))
        # Steps are too small for numbers of 16 bits; their derivative is that of longer ones, rounded.
        slopes = differences(source.replace("np.float16", "float"))
        np.testing.assert_allclose(found, expected(*slopes), rtol=1e-3 if "float16" in source else 1e-5, atol=1e-6)
    assert sys.gettrace() is None and settings.held().making is None


@pytest.mark.parametrize("context", OPENED)
@pytest.mark.parametrize("source", SILENT)
def test_what_is_silent_stays_so_in_drop_in_mode(source, context):
    assert happens(lambda: OPENED[context][0](beside(source))) == "silent"


@pytest.mark.parametrize(("sources", "outside", "inside", "without"), ROWS)
def test_it_is_as_the_guide_has_it(sources, outside, inside, without, monkeypatch):
    monkeypatch.setitem(NAMES, "before", np.zeros(3))
    for line in re.findall(r"`(.+?)`", sources):
        if line == "plain = np.zeros(3)":
            continue
        source = f"arr = np.zeros(3)\n{line.replace('plain', 'arr')}" if "plain" in line else line
        assert happens(lambda source=source: run(source, *variables())) == outside, source
        for context in CONTEXTS.values():
            happened = happens(lambda source=source, context=context: transformed(source, context))
            assert happened == ("silent" if without == "differentiated" else without), source
        for context, (derivative, expected) in OPENED.items():
            if context == "block":  # which is no transform
                continue
            if inside == "differentiated":
                found = derivative(weighed(source))
                np.testing.assert_allclose(found, expected(*differences(source)), rtol=1e-5, atol=1e-6)
            else:
                assert happens(lambda source=source, d=derivative: d(beside(source))) == inside, source


def test_the_table_of_the_guide_is_there():
    assert len(ROWS) == 8


# --- bare values asked for by name ----------------------------------------------------------------------------------

NAMED = ["x.data", "x.to_numpy()", "ga.asarray(x)", "(2 * x).data", "x[1:].data", "np.sum(x).data"]
TRANSFORMS = {
    "grad": lambda f: ga.grad(f)(X),
    "value_and_grad": lambda f: ga.value_and_grad(f)(X),
    "elementwise_grad": lambda f: ga.elementwise_grad(lambda x: f(x) * np.ones(3))(X),
    "vjp": lambda f: ga.vjp(f, X),
    "jvp": lambda f: ga.jvp(f, (X,), (X,)),
    "linearize": lambda f: ga.linearize(f, X),
    "jacobian": lambda f: ga.jacobian(f)(X),
    "jacrev": lambda f: ga.jacrev(f)(X),
    "jacfwd": lambda f: ga.jacfwd(f)(X),
    "jacfwd in a container": lambda f: ga.jacfwd(lambda x: {"f": f(x)})(X),
    "hessian": lambda f: ga.hessian(f)(X),
    "hvp": lambda f: ga.hvp(f)(X, X),
    "hessian_diagonal": lambda f: ga.hessian_diagonal(f)(X),
    "nested": lambda f: ga.grad(lambda y: np.sum(y * ga.grad(f)(y)))(X),
    "has_aux": lambda f: ga.grad(lambda x: (f(x), x * 2), has_aux=True)(X),
}


def summed(source: str):
    return lambda x: np.sum(run(source, x[0], x)["result"])


@pytest.mark.parametrize("source", NAMED)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_zero_derivative_for_want_of_a_variable_is_warned_of(transform, source):
    with pytest.warns(GradientLossWarning, match="derivative is zero") as messages:
        TRANSFORMS[transform](summed(source))
    for message in messages:
        assert message.filename == __file__
        assert "the result of" in str(message.message) and f"`{source}` has bare values" in str(message.message)
        assert "gradient_at" not in str(message.message)  # a name that no user has seen
    assert not settings.held().named


@pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")
@pytest.mark.parametrize(
    "source",
    [
        "3.0",
        "ga.tensor([1.0, 2.0]).data",
        "(2 * ga.tensor([1.0, 2.0])).data",
        "x.data.sum() + np.sum(x**3)",
        "x.data\nx * x.data",
        "str(x), repr(x), f'{t}', x > 0, bool(t)\n1.0",
        "np.testing.assert_array_equal(x, x.detach())\n1.0",
        "ga.stop_gradient(x)",
        "x.detach()",
        "np.sign(x)",
        "x.data\nnp.sum(x)",  # a second derivative of zero is not lost
    ],
)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_zero_derivative_is_silent_otherwise(transform, source):
    TRANSFORMS[transform](summed(source))
    assert not settings.held().named


def test_whose_bare_values_they_were_is_told_apart():
    t = ga.tensor(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GradientLossWarning)
        ga.grad(lambda x: np.sum(t.data))(X)  # of a variable from outside
        ga.grad(lambda y: np.sum(y * ga.grad(lambda x: np.sum(y.data))(X)))(X)
        with ga.gradient_loss("ignore"):
            ga.grad(lambda x: np.sum(x.data))(X)
    with pytest.warns(GradientLossWarning, match="`x.data`"):
        ga.grad(lambda y, x: np.sum(x.data), argnums=(0, 1))(X, X)
    with ga.gradient_loss("raise"), pytest.raises(GradientLossError, match="derivative is zero"):
        ga.grad(lambda x: np.sum(x.data))(X)
    with pytest.raises(ZeroDivisionError):
        ga.grad(lambda x: x.data.sum() / 0 if np.any(x.data) and 1 // 0 else x)(X)

    def swept(x):
        y = x * 2
        z = y + 1
        np.sum(y).backward()
        return z.data.sum()

    assert not ga.grad(swept)(X).any()  # whether z came from x is no longer known
    assert not settings.held().named


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("shape", [(), (3,), (0,), (200, 200)])  # large arrays are locked, small ones copied
def test_what_asarray_gives_can_be_written_into(shape, constant):
    t = ga.tensor(np.full(shape, 2.0))
    y = np.exp(ga.stop_gradient(t) if constant else t)
    total = np.sum(y * t)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GradientLossWarning)
        for a in (np.asarray(y), np.array(y), np.asarray(y, dtype=float)):
            a[...] = 0.0
        if COUNTED:
            assert (
                not np.asarray(y, copy=False).flags.writeable or y.ndim == 0 or y.size == 0
            )  # who asks for it gets it
    total.backward()
    np.testing.assert_allclose(t.grad, np.exp(t.data) * (1 if constant else 1 + t.data))


@counted
def test_what_nobody_else_needs_is_not_copied():
    t = ga.tensor(X, constant=True)
    a = np.asarray(t)
    a[0] = 7.0
    assert t.data[0] == 7.0
    a.flags.writeable = False
    assert not np.asarray(ga.tensor(a, copy=False, constant=True)).flags.writeable


# --- other libraries ------------------------------------------------------------------------------------------------

# What the message names, and the way out.
SCIPY = {
    "scipy.linalg.solve(np.eye(3), x)": ("scipy.linalg.solve", "Write np.linalg.solve"),
    "scipy.linalg.det(np.outer(x, x))": ("scipy.linalg.det", "Write np.linalg.det"),
    "scipy.linalg.expm(np.eye(3) * t)": ("scipy.linalg.expm", "ga.custom_gradient"),
    "scipy.fft.fft(x)": ("scipy.fft.fft", "Write np.fft.fft"),
    "scipy.integrate.quad(lambda s: s * t, 0.0, 1.0)": ("scipy.integrate.quad", "ga.implicit_root"),
    "scipy.optimize.minimize(lambda v: np.sum(v**2), x)": ("scipy.optimize.minimize", "ga.implicit_root"),
    "scipy.optimize.root(lambda s: s - t, 0.0)": ("scipy.optimize.root", "ga.implicit_root"),
    "scipy.interpolate.CubicSpline(np.arange(3.0), x)": ("scipy.interpolate.CubicSpline", "ga.custom_gradient"),
    "scipy.stats.norm.pdf(x)": ("scipy.stats.rv_continuous.pdf", "ga.custom_gradient"),
    "scipy.sparse.csgraph.laplacian(np.outer(x, x))": ("scipy.sparse", "ga.custom_gradient"),
    "scipy.signal.convolve(x, x)": ("scipy.signal.convolve", "ga.custom_gradient"),
    "scipy.spatial.distance.euclidean(x, x)": ("scipy.spatial.distance.euclidean", "ga.custom_gradient"),
    "scipy.spatial.distance.pdist(np.outer(x, x))": ("scipy.spatial.distance.pdist", "ga.custom_gradient"),
    "scipy.special.logsumexp(x)": ("scipy.special.logsumexp", "ga.custom_gradient"),
}


@pytest.fixture
def scipy(monkeypatch):
    module = pytest.importorskip("scipy", reason="SciPy is not installed; it takes raw values as NumPy does")
    names = ("linalg", "fft", "integrate", "interpolate", "optimize", "stats", "sparse", "signal", "spatial.distance")
    for name in (*names, "special"):
        pytest.importorskip(f"scipy.{name}")
    monkeypatch.setitem(NAMES, "scipy", module)


@pytest.mark.parametrize("source", SCIPY)
def test_scipy_is_warned_of_in_the_users_line(source, scipy):
    messages = caught(source)
    assert messages and {(message.filename, message.lineno) for message in messages} == {(FILE, 1)}


@pytest.mark.parametrize("source", SCIPY)
def test_scipy_raises_in_a_transform_by_its_public_name(source, scipy):
    name, remedy = SCIPY[source]
    text = said(source, "grad")
    assert text.startswith(name) and f"`{source}`" in text and remedy in text


def test_a_scipy_ufunc_without_a_rule_is_refused(scipy):
    text = said("scipy.special.ellip_harm(5, 8, 1, 1, t)", "grad")
    assert text.startswith("_ellip_harm cannot be called on a Tensor: gradarray has no rule for it. To give")
    assert "declare one with ga.registry.elementwise" in text


# Calls by which nobody loses a gradient, with the modules that they need.
HARMLESS = {
    "plt.plot(x, x, lw=t)": ["matplotlib.pyplot"],
    "plt.scatter(x, x, c=x, s=10 * x)": ["matplotlib.pyplot"],
    "plt.errorbar(x, x, x)": ["matplotlib.pyplot"],
    "plt.bar(x, x), plt.axhline(t), plt.axvspan(t, t + 1), plt.vlines(x, x, 2 * x)": ["matplotlib.pyplot"],
    "plt.hist(x), plt.boxplot(x), plt.pie(x), plt.stem(x, x)": ["matplotlib.pyplot"],
    "plt.fill_between(x, x, 2 * x), plt.imshow(np.outer(x, x)), plt.contour(np.outer(x, x))": ["matplotlib.pyplot"],
    "plt.text(t, t, f'{t:.2f}'), plt.xlim(t, t + 1)": ["matplotlib.pyplot"],
    "plt.scatter(x, x)\nplt.savefig(io.BytesIO())": ["matplotlib.pyplot"],
    "pytest.approx(x), x.data == pytest.approx(x.detach())": ["pytest"],
    "x == pytest.approx(ga.asarray(x)), t == pytest.approx(0.7), [t] == pytest.approx([0.7])": ["pytest"],
    "dask.base.tokenize(x), dask.base.tokenize({'t': [t]})": ["dask.base"],
    "dask.array.from_array(x, asarray=False)": ["dask.array"],
    "xarray.testing.assert_equal(xarray.DataArray(x), xarray.DataArray(x))": ["xarray"],
}


@pytest.fixture
def libraries(monkeypatch):
    def found(source):
        for name in HARMLESS[source]:
            module = pytest.importorskip(name, reason=f"{name} is not installed; what it does is tried above by itself")
            if name == "matplotlib.pyplot":
                module.switch_backend("agg")
                monkeypatch.setitem(NAMES, "plt", module)
            else:
                top = name.partition(".")[0]
                monkeypatch.setitem(NAMES, top, sys.modules[top])

    return found


@pytest.mark.parametrize("source", HARMLESS)
def test_drawing_comparing_and_tokenizing_are_silent(source, libraries):
    libraries(source)
    assert happens(lambda: run(source, *variables())) == "silent"
    for context in CONTEXTS.values():
        assert happens(lambda context=context: transformed(source, context)) == "silent"
    if "plt" in NAMES:
        NAMES["plt"].close("all")


def test_dask_takes_variables_of_equal_values_for_two():
    def token(x):
        return x.__dask_tokenize__()

    t, u = ga.tensor(X), ga.tensor(X)
    assert token(t) == token(t) != token(u)
    assert token(t.detach()) == token(u.detach()) != token(ga.tensor(X, dtype="f4", constant=True))
    before = token(t)
    t.data[0] = 9.0
    assert token(t) != before
    large = ga.tensor(np.zeros(10**4), constant=True)
    other = ga.tensor(np.eye(1, 10**4, 5000)[0], constant=True)
    assert token(large) != token(other)

    def f(x):
        assert token(x) == token(x) != token(2 * x)
        return np.sum(x)

    for context in CONTEXTS.values():
        context(f)


def test_a_sum_of_dask_arrays_has_all_gradients():
    array = pytest.importorskip("dask.array", reason="Dask is not installed; its tokens are tested above")
    t, u = ga.tensor(X), ga.tensor(X)
    a, b = (array.from_array(x, asarray=False) for x in (t, u))
    (a * 2.0 + b).sum().compute().backward()
    np.testing.assert_array_equal(t.grad, [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(u.grad, [1.0, 1.0, 1.0])


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
