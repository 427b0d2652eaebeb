"""Who else holds an object: the counts in every place where they are asked for, and programs where there are none."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap
from operator import getitem
from pathlib import Path
from weakref import ref

import numpy as np
import pytest

import gradarray as ga
from gradarray.kernels import products, references
from gradarray.kernels.references import holders
from gradarray.reverse.views import sharing
from gradarray.tape import sweeps
from tests.counted import counted

OTHERS = range(4)


def fresh(n=3):
    return np.arange(1.0, n + 1)


def anew():
    """Load the module once more, under another name, for an interpreter that is set up otherwise."""
    spec = importlib.util.find_spec("gradarray.kernels.references")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the count itself -------------------------------------------------------------------------------------------------


@counted
@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("put", references.place_kinds(), ids=lambda put: put.__name__)
def test_each_holder_counts_once_in_each_kind_of_place(put, others):
    place = put(fresh())
    known = [place[0](*place[1:]) for _ in range(others)]
    for _ in range(50):  # until the interpreter has replaced what it carries out by faster forms
        assert holders(*place) == 1 + others
    known.clear()
    assert holders(*place) == 1


@counted
@pytest.mark.parametrize("others", OTHERS)
def test_a_weak_reference_holds_nothing(others):
    place = [fresh()]
    weak, known = ref(place[0]), place * others
    assert holders(weak) == holders(getitem, place, 0) == 1 + others
    known.clear()
    place.clear()
    assert weak() is None


@counted
def test_who_lends_a_variable_to_a_call_is_counted():
    def lent(array):
        place = [array]
        del array
        return holders(getitem, place, 0)

    array = fresh()
    # Not in the assertions themselves, which keep what is computed for their messages.
    counts = [lent(array), lent(fresh()), (lambda array: lent(array))(array), lent(array[:])]
    assert counts[1] == counts[3] == 1
    assert counts[0] >= 2
    assert counts[2] >= 2


@counted
def test_also_in_a_function_of_many_variables():
    names = [f"v{i}" for i in range(300)]
    space = {"fresh": fresh, "holders": holders, "getitem": getitem}
    body = "".join(f"\n  {name} = [fresh()]" for name in names)
    exec(f"def many():{body}\n  return [holders(getitem, v, 0) for v in ({', '.join(names)})]", space)
    assert set(space["many"]()) == {1}


# --- the places in which the library asks -----------------------------------------------------------------------------


@counted
def test_the_buffer_of_a_tensor():
    x = ga.tensor(fresh())
    assert not sharing.shared(x)
    kept = x._raw
    assert sharing.shared(x)
    del kept
    part = x._raw[:1]
    assert sharing.shared(x)
    del part
    assert not sharing.shared(x)


@counted
def test_the_data_of_a_tensor_that_no_tape_needs_can_be_written():
    w = ga.tensor(fresh())
    assert w.data.flags.writeable
    for _ in range(12):
        np.sum(w * w).backward()
        w.data[...] -= 0.1 * w.grad
    np.testing.assert_allclose(w.data, 0.8**12 * fresh())


@counted
def test_a_tensor_is_written_in_place_unless_something_keeps_it():
    def moved(keep):
        x = ga.tensor(fresh())
        place = x._raw.__array_interface__["data"]
        kept = keep(x)
        x[0] = 5.0
        assert x[0].item() == 5.0
        return place != x._raw.__array_interface__["data"], kept

    assert not moved(lambda x: None)[0]
    assert not moved(lambda x: x[:2])[0]
    assert moved(lambda x: x * x)[0]
    assert moved(lambda x: x._raw)[0]


@counted
def test_a_partial_derivative_lends_its_memory_only_if_nobody_keeps_it():
    g, d = np.full(5000, 2.0), fresh(5000)
    result = products.product(g, d)
    np.testing.assert_array_equal(d, fresh(5000))
    np.testing.assert_array_equal(result, 2 * d)
    address = []

    def partial():
        d = fresh(5000)
        address.append(d.__array_interface__["data"])
        return d

    result = products.product(g, partial())
    assert result.__array_interface__["data"] == address[0]
    kept = []
    result = products.product(g, kept.append(partial()) or kept[0])
    np.testing.assert_array_equal(kept[0], fresh(5000))


@counted
@pytest.mark.parametrize("others", OTHERS)
def test_a_pending_cotangent_is_added_to_in_place_only_if_nobody_keeps_it(others):
    pending = {"node": fresh(5000)}
    known = [pending["node"]] * others
    assert sweeps._spare(pending, "node") == (not others)
    del known
    assert sweeps._spare(pending, "node")
    assert not sweeps._spare({"node": fresh(10)}, "node")
    assert not sweeps._spare({"node": fresh(10_000)[:5000]}, "node")


@pytest.mark.parametrize("length", [3, 90])
def test_only_tensors_that_are_held_get_a_gradient(length):
    """By the loop and, from some time on, by a plan, with more variables than are lent by 3.14."""
    for _ in range(12):
        x = ga.tensor(fresh())
        y, held = x, []
        for k in range(length):
            y = np.sin(y) + x
            if k % 3 == 0:
                held.append(y)
        loss = np.sum(y)
        loss.backward()
        assert all(t.grad is not None for t in (x, *held, loss))


@counted
def test_what_is_not_held_gets_none():
    for _ in range(12):
        x = ga.tensor(fresh())
        y = np.sin(x)
        z = np.cos(y)
        kept, dropped = y._node, z._node
        assert {kept, dropped} <= sweeps.reachable(z._node).keys()
        loss = np.sum(z * 2.0)
        del y, z, dropped
        gradients = sweeps.sweep(loss._node, np.float64(1.0))
        assert kept in gradients
        assert len(gradients) == 3  # the loss, what `kept` names, and the leaf
        del loss


# --- where nothing is counted -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        lambda real: lambda x: 1,
        lambda real: lambda x: real(x) * 2,
        lambda real: lambda x, state=[0]: state.append(0) or real(x) + len(state) % 2,
        lambda real: lambda x, state=[0]: state.append(0) or real(x) + (len(state) > 50),
    ],
    ids=["constant", "twice", "now and then", "once warm"],
)
def test_an_interpreter_that_counts_otherwise_is_not_trusted(wrong, monkeypatch):
    monkeypatch.setattr(sys, "getrefcount", wrong(sys.getrefcount), raising=False)
    module = anew()
    assert module.count(object()) == module.MANY
    assert module.holders(getitem, [1.5], 0) > 1000


def test_nor_is_one_without_counts_or_without_a_lock(monkeypatch):
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert anew().count(object()) == references.MANY
    monkeypatch.undo()
    monkeypatch.delattr(sys, "getrefcount", raising=False)
    assert anew().count(object()) == references.MANY


PROGRAM = """
import sys
sys._is_gil_enabled = lambda: False
import numpy as np
import gradarray as ga
from gradarray.kernels import references
assert references.count(object()) == references.MANY

for n in (3, 5000, 200_000):
    a = np.linspace(0.5, 1.5, n).copy()
    w = ga.tensor(a)
    for k in range(12):  # a descent off the tape, by way of the data
        np.sum(w * w).backward()
        w.data[...] -= 0.1 * w.grad
    np.testing.assert_allclose(w.data, 0.8**12 * a)
    d = w.data
    d[0] = 7.0
    d[1] = 8.0
    assert w[0].item() == 7.0 and w[1].item() == 8.0
    view = w[:2]
    w.data[0] = 9.0
    assert view[0].item() == 9.0 and d[0] == 9.0
    w[0] = 3.0
    assert view[0].item() == 3.0 and d[0] == 3.0
    y = np.sum(w * w)
    before = w.data.copy()
    w[0] = 1.0
    y.backward()
    assert w[0].item() == 1.0
    x = ga.tensor(a)
    y = np.sum(x * x)
    x.data[0] = 7.0
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * a)
    assert x[0].item() == 7.0
    x = ga.tensor(a)
    y = np.sum(np.sin(x) * np.cos(x) * x)
    y.backward()
    np.testing.assert_allclose(x.grad, np.sin(2 * a) / 2 + a * np.cos(2 * a))
    assert y.grad is not None
for k in range(12):
    x = ga.tensor([1.0, 2.0, 3.0])
    out = np.zeros_like(x)
    for i in range(3):
        out[i] = x[i] ** 2
    out *= 2.0
    np.sum(out * out).backward()
    np.testing.assert_allclose(x.grad, 16 * x.data**3)
print("right")
"""


def test_programs_are_right_all_the_same():
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(PROGRAM)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.split()[-1] == "right", done.stdout + done.stderr


SUITE = """
import sys
sys._is_gil_enabled = lambda: False
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
# What hangs on who is still there to see a gradient, and on who has an array that is written into.
PART = ["tape/test_tape.py", "reverse/test_inplace.py", "tape/test_loss_policy.py"]
LONG = "million or cycles or goes_with or costs or interrupt or filled_in_small_parts or takes_what"


@counted
def test_so_is_a_part_of_the_suite():
    tests = Path(__file__).parents[1]
    options = [
        "-q",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "-k",
        f"not ({LONG})",
        *(str(tests / name) for name in PART),
    ]
    done = subprocess.run(
        [sys.executable, "-c", SUITE, *options], cwd=tests.parent, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_kept_alive():
    x = ga.tensor(fresh())
    weak = ref(x._raw)
    assert holders(weak) > 0
    del x
    assert weak() is None
