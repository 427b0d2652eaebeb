"""``plain += variable``: an array that nobody else has becomes a Tensor; any other is refused, in each mode alike."""

from __future__ import annotations

import inspect
import operator
import subprocess
import sys
import threading

import numpy as np
import pytest

import gradarray as ga
from gradarray.kernels import references
from tests.numeric import numeric_jacobian as gradient_of

counted = pytest.mark.skipif(not references.COUNTED, reason="this interpreter counts nothing, so that all is refused")
X = np.array([1.25, 2.5, 0.75])
OPERATORS = {"+": 0.0, "-": 2.0, "*": 3.0, "/": 3.0, "**": 2.0, "%": 7.3, "//": 7.3}

# What each makes of an array of three, or of some of them, filled with START, and what it then sees of it.
SHARED = {
    "argument": """
def f(x):
    def change(total, x):
        total OP= x
    total = np.full(3, START)
    change(total, x)
    return np.sum(total * x)
""",
    "argument that is handed on": """
def f(x):
    def inner(total, x):
        total OP= (x if len(x) else x * 2.0)
    def change(total, x):
        inner(total, x)
    total = np.full(3, START)
    change(total, x)
    return np.sum(total * x)
""",
    "argument by name": """
def f(x):
    def change(x, *, total):
        total OP= x
        total OP= x
    total = np.full(3, START)
    change(x, total=total)
    return np.sum(total * x)
""",
    "default argument": """
def f(x):
    def change(x, state=np.full(3, START)):
        state OP= x
        return state
    change(x)
    return np.sum(change.__defaults__[0] * x)
""",
    "row": """
def f(x):
    m = np.full((2, 3), START)
    for row in m:
        row OP= x
    return np.sum(m * x)
""",
    "slice": """
def f(x):
    m = np.full(5, START)
    part = m[1:4]
    part OP= x
    return np.sum(m[1:4] * x)
""",
    "transpose": """
def f(x):
    m = np.full((3, 3), START)
    t = m.T
    t OP= x
    return np.sum(m * x)
""",
    "reshaped": """
def f(x):
    m = np.full((1, 3), START)
    t = m.reshape(-1)
    t OP= x
    return np.sum(m * x)
""",
    "real part": """
def f(x):
    c = np.full(3, START + 0j)
    re = c.real
    re OP= x
    return np.sum(np.abs(c) ** 2)
""",
    "second name": """
def f(x):
    a = np.full(3, START)
    b = a
    a OP= x
    return np.sum(b * x)
""",
    "second name, on a branch": """
def f(x):
    a = np.full(3, START)
    b = a
    a OP= (x if len(x) == 3 else 2.0)
    return np.sum(b * x)
""",
    "list": """
def f(x):
    parts = [np.full(3, START), np.full(3, START)]
    for part in parts:
        part OP= x
    return np.sum(parts[0] * x) + np.sum(parts[1] * x)
""",
    "item that is kept outside": """
def f(x):
    parts = [np.full(3, START)]
    outside = parts[0]
    parts[0] OP= x
    return np.sum(outside * x)
""",
    "dict": """
def f(x):
    state = {"a": np.full(3, START)}
    a = state["a"]
    a OP= x
    return np.sum(state["a"] * x)
""",
    "attribute that is kept outside": """
def f(x):
    class Model:
        pass
    model = Model()
    model.state = np.full(3, START)
    outside = model.state
    model.state OP= x
    return np.sum(outside * x)
""",
    "closure": """
def f(x):
    a = np.full(3, START)
    see = a
    def change():
        nonlocal a
        a OP= x
    change()
    return np.sum(see * x)
""",
    "generator": """
def f(x):
    def states(total):
        total OP= x
        yield 1
    total = np.full(3, START)
    list(states(total))
    return np.sum(total * x)
""",
    "memoryview": """
def f(x):
    a = np.full(3, START)
    see = memoryview(a)
    a OP= x
    return np.sum(np.asarray(see) * x)
""",
    "mapped over": """
def f(x):
    def change(total):
        total OP= x
    parts = [np.full(3, START)]
    list(map(change, parts))
    return np.sum(parts[0] * x)
""",
    "global": """
total = None
def f(x):
    global total
    total = see = np.full(3, START)
    total OP= x
    return np.sum(see * x)
""",
}
ALONE = {
    "local variable": """
def f(x):
    a = np.full(3, START)
    a OP= x
    return np.sum(a * x)
""",
    "local variable, again and again": """
def f(x):
    a = np.full(3, START)
    for k in range(3):
        a OP= x * (0.23 * k + 0.51)
    return np.sum(a * x)
""",
    "local variable, on a branch": """
def f(x):
    a = np.full(3, START)
    a OP= (np.sin(x) if len(x) == 3 else 2.0)
    return np.sum(a * x)
""",
    "argument that is made anew": """
def f(x, a=None):
    if a is None:
        a = np.full(3, START)
    a OP= x
    return np.sum(a * x)
""",
    "argument that nobody else has": """
def f(x):
    def change(total, x):
        total OP= x
        return total
    return np.sum(change(np.full(3, START), x) * x)
""",
    "item": """
def f(x):
    parts = [np.full(3, START)] + [None]
    parts[0] OP= x
    return np.sum(parts[0] * x)
""",
    "entry": """
def f(x):
    state = {"a": np.full(3, START)}
    state["a"] OP= np.cos(x)
    return np.sum(state["a"] * x)
""",
    "attribute": """
def f(x):
    class Model:
        pass
    model = Model()
    model.state = np.full(3, START)
    model.state OP= x
    return np.sum(model.state * x)
""",
    "slot": """
def f(x):
    class Model:
        __slots__ = ("state",)
    model = Model()
    model.state = np.full(3, START)
    model.state OP= x
    return np.sum(model.state * x)
""",
    "global": """
total = None
def f(x):
    global total
    total = np.full(3, START)
    total OP= x
    return np.sum(total * x)
""",
    "closure": """
def f(x):
    a = np.full(3, START)
    def change():
        nonlocal a
        a OP= x
    change()
    return np.sum(a * x)
""",
    "module": """
def f(x):
    space = {"x": x, "a": np.full(3, START)}
    exec("a OP= x", space)
    return np.sum(space["a"] * x)
""",
    "view that nobody else has": """
def f(x):
    a = np.full(3, START).reshape(1, 3)[0]
    a = np.full(6, START).reshape(2, 3)
    a OP= x
    return np.sum(a * x)
""",
    "many variables": "\n".join(
        ["", "def f(x):", *(f"    v{k} = {k}" for k in range(80)), "    a = np.full(3, START)", "    a OP= x"]
        + [f"    v{k} = None" for k in range(80)]
        + ["    return np.sum(a * x)"]
    ),
}


def made(text, op):
    space = {"np": np, "__name__": "user"}
    exec(text.replace("OP", op).replace("START", str(OPERATORS[op])), space)
    return space["f"]


def backward(f):
    x = ga.tensor(X)
    y = f(x)
    y.backward()
    return y.item(), x.grad


def forward(f):
    columns = [ga.jvp(f, (X,), (t,)) for t in np.eye(3)]
    return columns[0][0], np.array([tangent for _, tangent in columns])


MODES = {"grad": lambda f: ga.value_and_grad(f)(X), "backward": backward, "jvp": forward}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("op", ["+", "-", "*", "/"])
@pytest.mark.parametrize("place", SHARED)
def test_what_somebody_else_has_is_right_or_refused(place, op, mode):
    f = made(SHARED[place], op)
    value, slope = f(X), gradient_of(f, X)
    f = made(SHARED[place], op)
    try:
        found, gradient = MODES[mode](f)
    except TypeError as error:  # in drop-in mode a is a Tensor, of which nobody has a memoryview
        assert isinstance(error, ga.GradientLossError) or (place == "memoryview" and "bytes-like" in str(error))
        return
    np.testing.assert_allclose(found, value)
    np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-6)


@counted
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("place", ALONE)
def test_what_nobody_else_has_becomes_a_tensor(place, op, mode):
    f = made(ALONE[place], op)
    value, slope = f(X), gradient_of(f, X)
    found, gradient = MODES[mode](made(ALONE[place], op))
    np.testing.assert_allclose(found, value)
    np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-6)


@counted
def test_it_does_so_each_time():
    f = made(ALONE["local variable"], "*")
    for _ in range(60):  # until the interpreter has replaced what it carries out by faster forms
        np.testing.assert_allclose(ga.grad(f)(X), 6 * X)


@counted
def test_also_for_matrices():
    def alone(x):
        a = np.eye(3)
        a @= x
        return np.sum(a * x)

    def shared(x):
        a = np.eye(3)
        b = a
        a @= x
        return np.sum(b * x)

    x = X + np.eye(3)
    np.testing.assert_allclose(ga.grad(alone)(x), 2 * x)
    with pytest.raises(ga.GradientLossError, match="plain ndarray"):
        ga.grad(shared, drop_in=False)(x)
    np.testing.assert_allclose(ga.grad(shared)(x), 2 * x)


@counted
def test_the_result_is_numpys():
    t = ga.tensor([1.5, 2.5])
    with pytest.raises(TypeError, match="same_kind"):
        exec("a = np.array([1, 2])\na += t", {"np": np, "t": t})
    with pytest.raises(ValueError, match="broadcast"):
        exec("a = np.ones(1)\na += t", {"np": np, "t": t})
    a = np.ones(2, np.float32)
    a += t
    assert isinstance(a, ga.Tensor) and a.dtype == np.float32
    np.sum(a).backward()
    np.testing.assert_array_equal(t.grad, [1, 1])
    b = np.ones(2)
    b.flags.writeable = False
    with pytest.raises((ValueError, ga.GradientLossError)):
        b += t


def test_a_call_with_out_is_none():
    a, x = np.ones(2), ga.tensor([3.0, 4.0])
    with pytest.raises(ga.GradientLossError, match="plain ndarray"):
        np.add(a, x, out=a)
    with pytest.raises(ga.GradientLossError, match="plain ndarray"):
        operator.iadd(a, x)
    np.testing.assert_array_equal(a, 1)


@counted
def test_each_thread_for_itself():
    right, f = [], made(ALONE["local variable"], "+")

    def work():
        right.extend(np.allclose(ga.grad(f)(X), 2 * X) for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(right) == 200 and all(right)


def test_where_nothing_is_counted_it_is_refused():
    program = """
import sys
sys._is_gil_enabled = lambda: False
import numpy as np, gradarray as ga
a = np.zeros(3)
try:
    a += ga.tensor(np.ones(3))
except ga.GradientLossError:
    print("right")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "right\n", done.stderr


def test_the_probes_have_lines_for_a_debugger():
    for symbol, name in (("+", "counted"), ("@", "lent")):
        probe = {probe.__name__: probe for probe in references._probes(symbol)}[name]
        assert f" {symbol}= t\n" in inspect.getsource(probe)
