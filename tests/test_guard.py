"""The memory guard: no array that a live tape has saved can be changed unnoticed."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest

import gradarray as ga

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


def test_a_large_array_is_locked_until_the_graph_is_released():
    a = array(LARGE)
    x, y = saved_product(a)
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 0
    y.backward()
    a[0] = 0
    assert x.grad[0] == 1


@pytest.mark.parametrize("let_go", ["clear_graph", "del"])
def test_a_graph_that_is_dropped_unlocks(let_go):
    a = array(LARGE)
    _, y = saved_product(a)
    assert not a.flags.writeable
    if let_go == "clear_graph":
        y.clear_graph()
    else:
        del y
    assert a.flags.writeable


def test_an_array_of_two_graphs_stays_locked_until_both_are_gone():
    a = array(LARGE)
    _, y = saved_product(a)
    _, z = saved_product(a)
    y.backward()
    assert not a.flags.writeable
    z.backward()
    assert a.flags.writeable


def test_retain_graph_keeps_the_lock():
    a = array(LARGE)
    _, y = saved_product(a)
    y.backward(retain_graph=True)
    assert not a.flags.writeable
    y.backward()
    assert a.flags.writeable


def test_a_view_of_memory_that_others_see_is_saved_as_a_copy():
    whole = array(2 * LARGE)
    part, same_part = whole[:LARGE], whole[:LARGE]
    x, y = saved_product(part)
    whole[0] = part[1] = same_part[2] = 77
    y.backward()
    np.testing.assert_array_equal(x.grad, array(2 * LARGE)[:LARGE])


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


def test_locks_of_many_threads_are_counted_exactly():
    a = array(LARGE)

    def work():
        for _ in range(30):
            saved_product(a)[1].backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert a.flags.writeable


# --- the memory of a tensor -----------------------------------------------------------------------------------------


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
    if n == LARGE:
        with pytest.raises(ValueError, match="read-only"):
            data[0] = 77
    else:
        data[0] = part[1] = 77  # views that were taken before are safe only where the tape has a copy
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * array(n))
    data[0] = 5
    assert x[0].item() == 5


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_a_tensor_on_the_callers_array_is_guarded_and_never_written_through(n):
    a = array(n)
    x = ga.tensor(a, copy=False)
    y = x * x
    if n == LARGE:
        with pytest.raises(ValueError, match="read-only"):
            a[0] = 77
    else:
        a[0] = 77
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


def test_a_lock_leaves_nothing_behind():
    from gradarray import guard

    gc.collect()
    before = len(guard._locks)
    a = array(LARGE)
    for _ in range(3):
        saved_product(a)[1].backward()
    assert len(guard._locks) == before


@pytest.mark.parametrize("make", [np.arange, lambda n: np.arange(n) % 2 == 0], ids=["integers", "truth values"])
def test_a_large_index_is_read_only_while_a_tape_needs_it(make):
    n = 100_000
    index = make(n)
    x = ga.tensor(np.ones(n))
    y = np.sum(x[index] * 2)
    with pytest.raises(ValueError, match="read-only"):
        index[0] = 1
    y.backward()
    assert x.grad[0] == 2
    index[0] = 0
