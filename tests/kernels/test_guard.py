"""The memory guard: no array that a live tape has saved can be changed unnoticed."""

from __future__ import annotations

import array as stdlib_array
import contextlib
import ctypes
import gc
import mmap
import threading
from operator import getitem

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradarray as ga
from gradarray.kernels import guard
from gradarray.kernels.arrays import COPIED
from gradarray.kernels.references import COUNTED, holders
from tests.counted import counted

SMALL, LARGE = 10, 100_000


def array(n):
    return np.linspace(1.0, 2.0, n).copy()  # np.linspace returns a view


def saved_product(a):
    """Return a variable, and a result whose derivative by it is the array, which the tape keeps."""
    x = ga.tensor(np.ones(len(a)))
    return x, x * a


# --- arrays of the caller's -----------------------------------------------------------------------------------------


def test_a_small_array_is_saved_as_a_copy():
    a = array(SMALL)
    x, y = saved_product(a)
    a[...] = 0
    y.backward()
    np.testing.assert_array_equal(x.grad, array(SMALL))


def test_a_large_array_that_was_changed_is_noticed():
    a = array(LARGE)
    x, y = saved_product(a)
    a[0] = 0
    with pytest.raises(
        RuntimeError, match=r"multiply was given an array of shape \(100000,\) and dtype float64, which has"
    ):
        y.backward()
    assert x.grad is None
    a[...] = array(LARGE)  # nothing was released
    y.backward()
    np.testing.assert_array_equal(x.grad, array(LARGE))


def test_so_is_one_that_no_memoryview_shows():
    a = array(LARGE).astype(np.dtype(np.longdouble).newbyteorder())
    _, y = saved_product(a)
    a[0] = 0
    with pytest.raises(RuntimeError, match="multiply was given an array"):
        y.backward()


def test_it_may_be_changed_once_the_graph_is_released():
    a = array(LARGE)
    for k in range(12):
        x, y = saved_product(a)
        np.sum(y).backward()
        np.testing.assert_allclose(x.grad, array(LARGE) + k)
        a += 1


def test_each_graph_tells_of_its_own_arrays():
    a, b = array(LARGE), array(LARGE)
    _, y = saved_product(a)
    z, late = saved_product(b)
    a[0] = 0
    late.backward()
    assert z.grad[0] == 1
    again, last = saved_product(a)
    last.backward()
    assert again.grad[0] == 0
    with pytest.raises(RuntimeError, match="changed since"):
        y.backward()


def test_a_change_between_two_sweeps_of_a_retained_graph_is_noticed():
    a = array(LARGE)
    _, y = saved_product(a)
    y.backward(retain_graph=True)
    a[LARGE // 2] = 0
    with pytest.raises(RuntimeError, match="changed since"):
        y.backward()


@pytest.mark.parametrize("transform", [ga.grad, ga.value_and_grad, ga.jacrev, ga.hessian])
def test_transforms_notice_it_too(transform):
    a = array(LARGE).reshape(-1, 4)

    def f(x):
        y = np.sum(a @ x)
        a[7, 1] += 1
        return y * y

    with pytest.raises(RuntimeError, match="changed since"):
        transform(f)(np.ones(4))


def test_second_derivatives_notice_it_too():
    a = array(LARGE).reshape(250, -1)
    x = ga.tensor(np.ones(400))
    np.sum((a @ x) ** 2).backward(create_graph=True)
    first = np.sum(x.grad**2)
    a[3, 3] = 0
    with pytest.raises(RuntimeError, match="changed since"):
        first.backward()


def test_a_plan_notices_it_too():
    a = array(LARGE).reshape(250, -1)
    for k in range(12):
        x = ga.tensor(np.ones(400))
        loss = np.sum(np.tanh(a @ x))
        if k % 4 == 3:
            a[k, k] += 1
            with pytest.raises(RuntimeError, match="matmul was given an array"):
                loss.backward()
        else:
            loss.backward()


def test_an_array_that_is_used_twice_is_kept_once():
    a = array(LARGE)
    kept = guard.secured(a)
    assert guard.secured(a) is kept
    a[LARGE // 3] += 1
    new = guard.secured(a)
    assert new is not kept
    assert guard.secured(a[1:]).shape == (LARGE - 1,)
    assert guard.secured(a.reshape(10, -1)).shape == (10, LARGE // 10)
    assert np.shares_memory(new, a)


def test_an_array_that_is_read_only_already_stays_so():
    a = array(LARGE)
    a.flags.writeable = False
    _, y = saved_product(a)
    y.backward()
    assert not a.flags.writeable


def test_an_array_that_no_derivative_needs_is_left_alone():
    a = array(LARGE)
    x = ga.tensor(np.ones(LARGE))
    y = x + a
    a[0] = 7
    y.backward()
    np.testing.assert_array_equal(x.grad, np.ones(LARGE))


def test_parameters_are_guarded_too():
    mask = np.array([True, False, True])
    places = np.array([0, 0, 1])
    x = ga.tensor([1.0, 2.0, 3.0])
    y = np.sum(x, where=mask) + np.sum(np.take(x, places)) + np.sum(x[places]) + np.sum(np.where(mask, x, 0.0))
    mask[:] = False
    places[:] = 2
    y.backward()
    np.testing.assert_array_equal(x.grad, [6.0, 2.0, 2.0])


def test_many_threads_may_use_one_array():
    a = array(LARGE)
    wrong = []

    def work():
        for _ in range(30):
            x, y = saved_product(a)
            y.backward()
            wrong.extend([] if np.array_equal(x.grad, a) else [1])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# --- each door to the memory ------------------------------------------------------------------------------------------


def from_torch(values):
    tensor = pytest.importorskip("torch").from_numpy(values)
    return tensor.numpy(), tensor.__setitem__


def from_dlpack(values):
    return np.from_dlpack(values), values.__setitem__


def from_mmap(values):
    memory = mmap.mmap(-1, values.nbytes)
    a = np.frombuffer(memory)
    a[...] = values
    return a, lambda k, value: memory.__setitem__(slice(8 * k, 8 * k + 8), np.float64(value).tobytes())


def from_bytearray(values):
    memory = bytearray(values.tobytes())
    return np.frombuffer(memory), lambda k, value: memory.__setitem__(
        slice(8 * k, 8 * k + 8), np.float64(value).tobytes()
    )


def from_module_array(values):
    memory = stdlib_array.array("d", values)
    return np.frombuffer(memory), memory.__setitem__


def from_ctypes(values):
    memory = (ctypes.c_double * len(values))(*values)
    return np.ctypeslib.as_array(memory), memory.__setitem__


def from_slice(values):
    whole = np.concatenate([values, values])
    return whole[: len(values)], whole.__setitem__


def from_every_second(values):
    whole = np.repeat(values, 2)
    return whole[::2], lambda k, value: whole.__setitem__(2 * k, value)


def from_reversed(values):
    whole = values[::-1].copy()
    return whole[::-1], lambda k, value: whole.__setitem__(len(values) - 1 - k, value)


def from_table(values):
    table = np.asfortranarray(values.reshape(-1, 8).T)
    return table.T.reshape(-1), lambda k, value: table.__setitem__(np.unravel_index(k, table.shape, "F"), value)


OWNERS = {
    "ndarray": lambda values: (values, values.__setitem__),
    "read-only": lambda values: (values[:], values.__setitem__),
    "slice": from_slice,
    "every second": from_every_second,
    "reversed": from_reversed,
    "transpose": from_table,
    "strided": lambda values: (np.lib.stride_tricks.as_strided(values), values.__setitem__),
    "bytearray": from_bytearray,
    "array.array": from_module_array,
    "mmap": from_mmap,
    "ctypes": from_ctypes,
    "DLPack": from_dlpack,
    "torch": from_torch,
}
DOORS = {
    "itself": lambda a, owner: a.__setitem__,
    "owner": lambda a, owner: owner,
    "view": lambda a, owner: a[:].__setitem__,
    "another shape": lambda a, owner: a.reshape(1, -1)[0].__setitem__,
    "memoryview": lambda a, owner: memoryview(a).cast("B").cast("d").__setitem__ if a.flags.c_contiguous else None,
    "base": lambda a, owner: None if type(a.base) is not np.ndarray or len(a.base) != len(a) else a.base.__setitem__,
    "fill": lambda a, owner: lambda k, value: a.fill(value),
    "shuffle": lambda a, owner: lambda k, value: np.random.default_rng(0).shuffle(a),
    "sort": lambda a, owner: lambda k, value: a[::-1].sort(),
}
KILO, MEGA = 125, 131_072


@pytest.mark.parametrize("n", [KILO + 3, MEGA])
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("before", [True, False], ids=["before", "meanwhile"])
def test_a_change_is_noticed_or_without_effect_by_each_door(owner, door, n, before):
    values = np.arange(1.0, n + 1)
    a, write = OWNERS[owner](values.copy())
    if owner == "read-only":
        a.flags.writeable = False
    flag = a.flags.writeable
    opened = DOORS[door](a, write) if before else None
    x, y = saved_product(a)
    meanwhile = a[1:3]
    opened = opened if before else DOORS[door](a, write)
    with contextlib.suppress(ValueError, TypeError, BufferError):  # of a read-only array
        if opened is not None:
            opened(0, -99.0)
    unchanged = np.array_equal(a, values)
    try:
        y.backward()
    except RuntimeError as error:
        assert "changed since" in str(error) and not unchanged
    else:
        np.testing.assert_array_equal(x.grad, values)
    del x, y
    assert a.flags.writeable == meanwhile.flags.writeable == a[1:3].flags.writeable == flag
    if flag:
        a[0] = meanwhile[0] = 5.0
    a.flags.writeable = False  # the caller's own flag, while a tape lives
    x, y = saved_product(a)
    y.backward()
    del x, y
    assert not a.flags.writeable


@pytest.mark.parametrize("make", [array, lambda n: array(2 * n)[::2]], ids=["in one piece", "strided"])
@pytest.mark.parametrize("shape", [(-1,), (1000, -1), (100, 10, -1)])
def test_of_a_larger_one_a_sample_is_compared(make, shape):
    a = make(1_000_000).reshape(shape)
    for change in [
        lambda: a.__setitem__((0,) * a.ndim, 0),
        lambda: a.__setitem__((-1,) * a.ndim, 0),
        lambda: a.__imul__(2),
        lambda: np.random.default_rng(0).shuffle(a.reshape(-1, order="A")),
        lambda: a.__setitem__(..., a[::-1].copy()),
    ]:
        x = ga.tensor(np.ones(a.shape))
        y = x * a
        change()
        with pytest.raises(RuntimeError, match="changed since"):
            y.backward()


def test_what_is_spread_over_a_shape_is_looked_at_once():
    row = array(20_000)
    x = ga.tensor(np.ones((50, 20_000)))
    y = x * np.broadcast_to(row, x.shape)
    row[12_345] = 0
    with pytest.raises(RuntimeError, match="changed since"):
        y.backward()


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16", "?", "i1", "u2", "i8", ">f8"])
@given(data=st.data())
def test_any_one_element_shows_in_a_fingerprint(dtype, data):
    n, order = data.draw(st.integers(2, 3000)), data.draw(st.sampled_from("CF"))
    values = np.arange(2 * n).reshape(2, n) % 100
    a = np.array(values > 40 if dtype == "?" else values, dtype, order=order)
    before = guard.fingerprint_of(a)
    assert guard.fingerprint_of(a.copy("K")) == before
    i, j = data.draw(st.integers(0, 2 * n - 1)), data.draw(st.integers(0, 2 * n - 1))
    flat = a.ravel("K")
    assert np.shares_memory(flat, a)
    flat[[i, j]] = flat[[j, i]]  # two that change places
    if guard.fingerprint_of(a) == before:
        assert flat[i] == flat[j] or (i - j) * flat.itemsize % (8 * 509) == 0
    flat[[i, j]] = flat[[j, i]]
    flat[i] = not flat[i] if dtype == "?" else flat[i] + 1
    assert guard.fingerprint_of(a) != before


def test_numbers_that_are_no_numbers_are_equal_to_themselves():
    a = np.full(LARGE, np.nan)
    x, y = saved_product(a)
    y.backward()
    assert np.isnan(x.grad).all()


# --- the memory of a tensor -----------------------------------------------------------------------------------------


@counted
@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_the_data_of_a_tensor_are_read_only_while_a_tape_needs_them(n):
    x = ga.tensor(array(n))
    y = x * x
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 0
    y.backward()
    x.data[0] = 0
    assert x[0].item() == 0


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_data_that_were_taken_before_cannot_change_what_a_tape_saves_later(n):
    x = ga.tensor(array(n))
    data = x.data
    part = data[:2]
    y = x * x
    data[0] = part[1] = 77
    if n == LARGE:
        with pytest.raises(RuntimeError, match="changed since"):
            y.backward()
        data[:2] = array(n)[:2]
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * array(n))
    data[0] = 5
    assert x[0].item() == 5


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_a_tensor_on_the_callers_array_is_guarded_and_never_written_through(n):
    a = array(n)
    x = ga.tensor(a, copy=False)
    y = x * x
    a[0] = 77
    if n == LARGE:
        with pytest.raises(RuntimeError, match="changed since"):
            y.backward()
        a[0] = array(n)[0]
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * array(n))
    a[...] = array(n)
    x[0] = 5
    np.testing.assert_array_equal(a, array(n))


def test_an_update_in_place_needs_no_lock():
    x = ga.tensor(array(LARGE))
    w = x * 1.0
    data = w.data
    y = w * w
    w[0] = 9
    assert w[0].item() == 9
    (y.sum() + w.sum()).backward()
    np.testing.assert_allclose(x.grad[1:], 2 * array(LARGE)[1:] + 1)
    assert x.grad[0] == 2
    assert data[0] == 1  # as long as the tape needs it


# --- the switch -----------------------------------------------------------------------------------------------------


def test_it_can_be_switched_off_and_on():
    assert ga.mem_guard_active()
    with ga.mem_guard_off:
        assert not ga.mem_guard_active()
        with ga.mem_guard_on:
            assert ga.mem_guard_active()
        a = array(LARGE)
        _, y = saved_product(a)
        assert a.flags.writeable
    assert ga.mem_guard_active()
    y.backward()


def test_it_can_be_switched_off_for_a_function():
    @ga.mem_guard_off
    def active():
        """Tell."""
        return ga.mem_guard_active()

    assert not active()
    assert (active.__name__, active.__doc__) == ("active", "Tell.")
    assert ga.mem_guard_active()


def test_it_can_be_switched_off_for_all_threads():
    seen = []
    ga.turn_memory_guarding_off()
    try:
        thread = threading.Thread(target=lambda: seen.append(ga.mem_guard_active()))
        thread.start()
        thread.join()
        assert not ga.mem_guard_active()
    finally:
        ga.turn_memory_guarding_on()
    assert seen == [False]
    assert ga.mem_guard_active()


def test_a_block_that_fails_restores_the_state():
    with pytest.raises(KeyError), ga.mem_guard_off:
        raise KeyError
    assert ga.mem_guard_active()


def test_a_block_is_about_its_own_thread():
    seen = []
    with ga.mem_guard_off:
        thread = threading.Thread(target=lambda: seen.append(ga.mem_guard_active()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_nothing_stays_behind():
    gc.collect()
    before = len(guard.watched)
    a = array(LARGE)
    for _ in range(3):
        x, y = saved_product(a)
        assert len(guard.watched) == before + 2
        y.backward()
        del x, y
        assert len(guard.watched) == before
    assert holders(getitem, [a], 0) <= 2 or not COUNTED


def test_what_is_switched_off_is_not_compared():
    a = array(LARGE)
    with ga.mem_guard_off:
        x, y = saved_product(a)
    a[0] = 77
    y.backward()
    assert x.grad[0] == 77


@pytest.mark.parametrize("make", [np.arange, lambda n: np.arange(n) % 2 == 0], ids=["integers", "truth values"])
def test_a_large_index_is_guarded_too(make):
    n = 2 * COPIED
    index = make(n)
    x = ga.tensor(np.ones(n))
    y = np.sum(x[index] * 2)
    index[0] = not index[0]
    with pytest.raises(RuntimeError, match="getitem was given an array"):
        y.backward()
    index[0] = not index[0]
    y.backward()
    assert x.grad[0] == 2
