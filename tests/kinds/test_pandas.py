"""A Series, an Index or a DataFrame of pandas beside a variable is taken for its numbers, and is a constant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pd = pytest.importorskip("pandas", reason="pandas is not installed")

pytestmark = pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")
A = np.array([1.1, 2.3, 2.9])
V = np.array([0.3, -1.0, 0.7])
NUMBERS = [1.0, 0.5, 2.0]

KINDS: dict[str, Callable[[], Any]] = {
    "Series": lambda: pd.Series(NUMBERS, index=list("abc")),
    "Series of Int64": lambda: pd.Series([1, 3, 2], dtype="Int64"),
    "Series of categories": lambda: pd.Series(pd.Categorical([1.0, 2.0, 1.0])).astype(float),
    "Index": lambda: pd.Index(NUMBERS),
    "array": lambda: pd.array([1.0, 0.5, 2.0]),
    "DataFrame": lambda: pd.DataFrame([NUMBERS, [3.0, 0.7, 1.3]]),
}


def _augmented(t: Any, s: Any) -> Any:
    y = t * np.ones(np.shape(s))
    y += s
    y *= s
    return y * t


def _assigned(t: Any, s: Any) -> Any:
    y = t * np.ones(np.shape(s))
    y[...] = s
    y[..., 1] = t[0] ** 2
    return y * t


def _added_at(t: Any, s: Any) -> Any:
    y = t * 1.0
    np.add.at(y, [0, 0, 2], np.ravel(s)[:3])
    return y * t


BESIDE: dict[str, Callable[[Any, Any], Any]] = {
    "s + t": lambda t, s: s + t,
    "t + s": lambda t, s: t + s,
    "s - t": lambda t, s: s - t,
    "t - s": lambda t, s: t - s,
    "s * t": lambda t, s: s * t,
    "t * s": lambda t, s: t * s,
    "s / t": lambda t, s: s / t,
    "t / s": lambda t, s: t / s,
    "s ** t": lambda t, s: s**t,
    "t ** s": lambda t, s: t**s,
    "t % s": lambda t, s: t % s,
    "s * t[0]": lambda t, s: s * t[0],
    "t[0] * s": lambda t, s: t[0] * s,
    "comparison": lambda t, s: (s < t) * t + (t <= s) * t**2,
    "np.multiply": lambda t, s: np.multiply(t, s),
    "np.hypot": lambda t, s: np.hypot(t, s),
    "np.exp": lambda t, s: np.exp(s * t),
    "np.where": lambda t, s: np.where(s > 0.9, t, s),
    "np.where, the other way": lambda t, s: np.where(s > 0.9, s, t),
    "np.clip": lambda t, s: np.clip(t, 0.1, s),
    "np.dot": lambda t, s: np.dot(s, t),
    "np.outer": lambda t, s: np.outer(s, t),
    "np.concatenate": lambda t, s: np.concatenate([t[None], np.atleast_2d(s)]),
    "np.sum of a product": lambda t, s: np.sum(t * np.asarray(s)),
    "np.average": lambda t, s: np.average(t * np.ones(np.shape(s)), weights=s),
    "augmented assignment": _augmented,
    "assignment": _assigned,
    "np.add.at": _added_at,
    "out=": lambda t, s: np.multiply(t, s, out=np.zeros(np.shape(s), like=t)),
}


def weighted(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def loss(t: Any) -> Any:
        y = f(t)
        return np.sum(y * np.cos(np.arange(float(np.size(y)))).reshape(np.shape(y)))

    return loss


def check(f: Callable[[Any], Any], known: Callable[[Any], Any]) -> None:
    """Check a function against one of plain arrays: values, and the slope by differences."""
    loss, plain, h = weighted(f), weighted(known), 1e-6
    slope = (plain(A + h * V) - plain(A - h * V)) / (2 * h)
    x = ga.tensor(A)
    y = f(x)
    assert type(y) is ga.Tensor
    np.testing.assert_array_equal(y.data, known(A))
    loss(x).backward()
    for found in (x.grad, ga.grad(loss)(A), ga.grad(loss, drop_in=False)(A)):
        assert np.sum(found * V) == pytest.approx(slope, rel=1e-7, abs=1e-8)
    for drop_in in (True, False):
        assert ga.jvp(loss, (A,), (V,), drop_in=drop_in)[1] == pytest.approx(slope, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BESIDE)
def test_beside_a_variable_it_is_its_numbers(name: str, kind: str) -> None:
    s, call = KINDS[kind](), BESIDE[name]
    numbers = np.asarray(s, float) if kind != "Series of Int64" else np.asarray(s, int)
    check(lambda t: call(t, s), lambda a: call(a, numbers))
    assert s.equals(KINDS[kind]())  # it has stayed as it was


INDEXED: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "whole numbers": (lambda t: t[pd.Series([2, 0])], lambda a: a[[2, 0]]),
    "an Index": (lambda t: t[pd.Index([2, 0])], lambda a: a[[2, 0]]),
    "truth values": (lambda t: t[pd.Series([True, False, True])], lambda a: a[[True, False, True]]),
    "np.take": (lambda t: np.take(t, pd.Series([1, 1])), lambda a: np.take(a, [1, 1])),
    "np.repeat": (lambda t: np.repeat(t, pd.Series([1, 0, 2])), lambda a: np.repeat(a, [1, 0, 2])),
    "where=": (lambda t: np.sum(t, where=pd.Series([True, False, True]).to_numpy()), lambda a: a[0] + a[2]),
    "the condition of np.where": (lambda t: np.where(pd.Series([True, False, True]), t, 0.0), lambda a: a * [1, 0, 1]),
    "days": (lambda t: t * pd.date_range("2024", periods=3).day, lambda a: a * [1.0, 2.0, 3.0]),
    "elements": (lambda t: sum(v * t[i] for i, v in enumerate(pd.Series(NUMBERS))), lambda a: np.dot(NUMBERS, a)),
}


@pytest.mark.parametrize("name", INDEXED)
def test_as_an_index_or_a_parameter_it_is_its_numbers(name: str) -> None:
    f, known = INDEXED[name]
    check(f, known)


def test_elements_are_assigned_by_it() -> None:
    def filled(t: Any) -> Any:
        y = t * 1.0
        y[pd.Series([True, False, False])] = t[1] ** 2
        y[pd.Series([2])] = pd.Series([4.0])
        return y * t

    def known(a: Any) -> Any:
        return np.array([a[1] ** 2, a[1], 4.0]) * a

    check(filled, known)


def test_it_may_change_afterwards() -> None:
    s = KINDS["Series"]()
    x = ga.tensor(A)
    y = np.sum(x * s)
    s *= 0.0
    y.backward()
    np.testing.assert_array_equal(x.grad, NUMBERS)


LOSING: dict[str, Callable[[Any, Any], Any]] = {
    "Series(t)": lambda t, s: pd.Series(t),
    "DataFrame of t": lambda t, s: pd.DataFrame({"a": t}),
    "s @ t": lambda t, s: s @ t,
    "s.dot(t)": lambda t, s: s.dot(t),
    "s.where": lambda t, s: s.where(s > 1, t),
    "s.clip": lambda t, s: s.clip(upper=t),
}


@pytest.mark.parametrize("name", LOSING)
def test_what_pandas_would_keep_as_numbers_says_so(name: str) -> None:
    call, s = LOSING[name], KINDS["Series"]()
    with pytest.raises(ga.GradientLossWarning, match=r"pandas.*holds numbers alone"):
        call(ga.tensor(A), s)
    for fails in (lambda: ga.grad(lambda t: call(t, s))(A), lambda: ga.jvp(lambda t: call(t, s), (A,), (V,))):
        with pytest.raises(ga.GradientLossError, match="holds numbers alone"):
            fails()


def test_to_ask_whether_values_are_missing_loses_nothing() -> None:
    x = ga.tensor([1.0, np.nan])
    np.testing.assert_array_equal(pd.isna(x), [False, True])
    np.testing.assert_array_equal(ga.grad(lambda t: np.sum(np.where(pd.notna(t), t, 0.0)))(A), np.ones(3))
