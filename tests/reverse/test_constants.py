"""``constant=`` on methods, and what a tensor tells of the tape: creator, ops, null_gradients, clear_graph."""

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

METHODS: dict[str, Callable[..., Any]] = {
    "astype": lambda x, **k: x.astype(np.float32, **k),
    "clip": lambda x, **k: x.clip(1.0, 3.0, **k),
    "compress": lambda x, **k: x.compress([True, False], axis=0, **k),
    "copy": lambda x, **k: x.copy(**k),
    "cumprod": lambda x, **k: x.cumprod(axis=1, **k),
    "cumsum": lambda x, **k: x.cumsum(**k),
    "diagonal": lambda x, **k: x.diagonal(**k),
    "dot": lambda x, **k: x.dot(np.ones(3), **k),
    "flatten": lambda x, **k: x.flatten("F", **k),
    "max": lambda x, **k: x.max(0, **k),
    "mean": lambda x, **k: x.mean(**k),
    "min": lambda x, **k: x.min(**k),
    "moveaxis": lambda x, **k: x.moveaxis(0, 1, **k),
    "prod": lambda x, **k: x.prod(**k),
    "ravel": lambda x, **k: x.ravel(**k),
    "repeat": lambda x, **k: x.repeat(2, **k),
    "reshape": lambda x, **k: x.reshape(3, 2, order="F", **k),
    "round": lambda x, **k: x.round(1, **k),
    "squeeze": lambda x, **k: x.squeeze(**k),
    "std": lambda x, **k: x.std(axis=0, **k),
    "sum": lambda x, **k: x.sum(keepdims=True, **k),
    "swapaxes": lambda x, **k: x.swapaxes(0, 1, **k),
    "take": lambda x, **k: x.take([0, 2], **k),
    "trace": lambda x, **k: x.trace(**k),
    "transpose": lambda x, **k: x.transpose(1, 0, **k),
    "var": lambda x, **k: x.var(ddof=1, **k),
}
VALUES = np.array([[0.5, 1.5, 2.5], [3.5, 1.0, 2.0]])


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_constant(name: str) -> None:
    call, x, c = METHODS[name], ga.tensor(VALUES), ga.tensor(VALUES, constant=True)
    expected = call(x).data
    for given, constant, result in (
        (x, None, False),
        (x, True, True),
        (x, False, False),
        (c, None, True),
        (c, True, True),
        (c, False, False),
    ):
        found = call(given, constant=constant)
        assert found.constant is result
        np.testing.assert_array_equal(found.data, expected)
    if name != "round":
        call(x, constant=False).backward()
        assert x.grad is not None
    with pytest.raises(TypeError, match="constant= is True, False or None, not 1"):
        call(x, constant=1)


@pytest.mark.parametrize("name", METHODS)
def test_a_constant_has_no_tangent(name: str) -> None:
    tangent = np.ones_like(VALUES)
    whole = ga.jvp(METHODS[name], (VALUES,), (tangent,))
    kept = ga.jvp(lambda x: METHODS[name](x, constant=False), (VALUES,), (tangent,))
    np.testing.assert_array_equal(whole[1], kept[1])
    none = ga.jvp(lambda x: METHODS[name](x, constant=True) * np.sum(x), (VALUES,), (tangent,))
    np.testing.assert_allclose(none[1], whole[0] * VALUES.size)


def test_whole_numbers_are_no_variables() -> None:
    for call in (lambda x: x.astype(int, constant=False), lambda x: x.astype(int).reshape(-1, constant=False)):
        with pytest.raises(ValueError, match="must be treated as constants"):
            call(ga.tensor(VALUES))
    assert ga.tensor(VALUES).astype(int, constant=True).constant


def test_astype_without_a_copy_is_the_tensor_itself() -> None:
    for constant in (True, False):
        x = ga.tensor(VALUES, constant=constant)
        assert x.astype(float, copy=False, constant=constant) is x
        assert x.astype(float, copy=False) is x


@pytest.mark.parametrize("constant", [0, 1, "true", (True,), 1.0, np.array(True)])
def test_constant_is_a_truth_value(constant: Any) -> None:
    for make in (ga.Tensor, ga.tensor, ga.sum, ga.zeros):
        with pytest.raises(TypeError, match="constant= is True, False or None"):
            make([2], constant=constant) if make is not ga.zeros else make(2, constant=constant)
    assert ga.tensor([1.0], constant=np.bool_(True)).constant


def test_moveaxis_is_numpys() -> None:
    x = ga.tensor(np.arange(24.0).reshape(2, 3, 4))
    assert x.moveaxis(0, -1).base is x
    np.testing.assert_array_equal(x.moveaxis((0, 1), (1, 2)).data, np.moveaxis(x.data, (0, 1), (1, 2)))


# --- what a tensor tells of the tape ---------------------------------------------------------------------------------


def test_ops_are_the_calls_that_took_a_tensor() -> None:
    x, other = ga.tensor([1.0, 2.0]), ga.tensor([3.0, 4.0])
    assert x.ops == ()
    y = x * other
    z = np.sum(np.sin(x))
    assert [op.rule.name for op in x.ops] == ["np.multiply", "np.sin"]
    assert x.ops[0] is y.creator
    assert other.ops == (y.creator,)
    assert y.ops == z.ops == ()
    del y
    gc.collect()
    assert [op.rule.name for op in x.ops] == ["np.sin"]
    z.backward()
    assert x.ops == ()
    assert ga.tensor([1.0], constant=True).ops == ()
    twice = x + x
    assert x.ops == (twice.creator,)


def test_a_released_tape_has_no_creator() -> None:
    x = ga.tensor([1.0, 2.0])
    y = np.sin(x)
    z = np.sum(y)
    assert z.creator is not None
    z.backward()
    assert y.creator is z.creator is None
    with pytest.raises(RuntimeError, match="released by an earlier backward"):
        z.backward()
    assert (x * 2).creator is not None
    assert (x * 2).detach().creator is None


def test_what_is_released_can_be_cleared_again() -> None:
    x = ga.tensor([1.0, 2.0, 3.0, 4.0])
    y = +x
    view = y[...]
    y[:2] = y[2:]
    np.sum(y * [1.0, 2.0, 3.0, 4.0]).backward()
    for t in (view, y, x, ga.tensor(1)):
        t.clear_graph()
        t.clear_graph()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0, 4.0, 6.0])
    z = y * 2  # a tape on a released one: what there is of it goes
    z.clear_graph()
    with pytest.raises(RuntimeError, match=r"clear_graph\(\)"):
        z.backward()
    with pytest.raises(RuntimeError, match="earlier backward"):
        (y * 2).backward()


def test_null_gradients() -> None:
    x, w = ga.tensor([1.0, 2.0]), ga.tensor(3.0)
    y = np.sin(x) * w
    z = np.sum(y)
    z.backward(retain_graph=True)
    z.null_gradients(clear_graph=False)
    assert [t.grad for t in (x, w, y, z)] == [None] * 4
    z.backward(retain_graph=True)
    assert x.grad is not None
    z.null_gradients()
    assert [t.grad for t in (x, w, y, z)] == [None] * 4
    with pytest.raises(RuntimeError, match=r"clear_graph\(\)"):
        z.backward()
    (x * 2).backward(create_graph=True)
    x.null_gradients()
    assert x.grad is None
    ga.tensor(1).null_gradients()


# --- no_autodiff -----------------------------------------------------------------------------------------------------


def test_no_autodiff_gives_arrays_on_demand() -> None:
    x = ga.tensor([1.0, 2.0])

    @ga.no_autodiff(to_numpy=True)
    def double(t: Any, times: float = 2.0) -> Any:
        """Say so."""
        return times * t

    assert double.__name__ == "double" and double.__doc__ == "Say so."
    for func in (double, ga.no_autodiff(lambda t: 2 * t, to_numpy=True)):
        found = func(x)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, [2.0, 4.0])
    assert type(ga.no_autodiff(lambda t: t, to_numpy=True)(x)) is np.ndarray  # no word of a lost gradient
    assert type(ga.no_autodiff(lambda: 1.0, to_numpy=True)()) is np.ndarray
    assert double(x, times=3.0).tolist() == [3.0, 6.0]
    kept = ga.no_autodiff(lambda t: 2 * t)(x)
    assert isinstance(kept, ga.Tensor) and kept.constant
    assert not (2 * x).constant
    with pytest.raises(TypeError, match="decorates a function"):
        ga.no_autodiff(3, to_numpy=True)  # type: ignore[call-overload]
