"""What ``t.__array_namespace__()`` hands out: the functions of the array API standard, which keep derivatives."""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.forward.dual import Dual
from tests import checks

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # NumPy's, of undefined values
    pytest.mark.filterwarnings("error::gradarray.GradientLossWarning"),
]

X = np.array([1.0, 2.0, 4.0])
W = np.array([0.5, -1.0, 2.0])
XP: Any = ga.tensor([1.0]).__array_namespace__()


def namespace_of(x: Any) -> Any:
    return x.__array_namespace__()


# --- the functions and their parameters ------------------------------------------------------------------------------


def lacking(function: Callable[..., Any], standard: Callable[..., Any]) -> set[str]:
    """Return the parameters of a function of the standard that ours does not take, or not in the same way."""
    ours = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in ours.values()):
        ours = {**dict.fromkeys(inspect.signature(standard).parameters), **ours}  # type: ignore[assignment]
    positional = [p for p in ours.values() if p is not None and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_any = any(p is not None and p.kind is p.VAR_POSITIONAL for p in ours.values())
    found = set()
    for i, p in enumerate(inspect.signature(standard).parameters.values()):
        if p.kind is p.VAR_POSITIONAL:
            missing = not takes_any
        elif p.kind is p.POSITIONAL_ONLY:
            missing = i >= len(positional) and not takes_any
        else:
            missing = p.name not in ours
            if not missing and ours[p.name] is not None and p.default is not p.empty:
                missing = ours[p.name].default is p.empty
        if missing:
            found.add(p.name)
    return found


@pytest.mark.parametrize("chapter", ["", "linalg.", "fft."])
def test_the_standards_functions_have_the_standards_parameters(chapter: str) -> None:
    strict = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    part = chapter.rstrip(".")
    theirs, ours = (getattr(module, part) if part else module for module in (strict, XP))
    found = {}
    for name in getattr(theirs, "__all__", dir(theirs)):
        standard = getattr(theirs, name)
        public = inspect.isfunction(standard) and standard.__module__.startswith("array_api_strict._")
        if name.startswith("_") or not public or "array_api_strict_flags" in name:
            continue
        if missing := lacking(getattr(ours, name), standard):
            found[chapter + name] = missing
    assert not found


def test_all_arrays_have_one_namespace() -> None:
    dual = Dual(X, W, 1)
    assert {namespace_of(ga.tensor(X)), namespace_of(dual), namespace_of(ga.tensor([1]))} == {XP}
    assert np != XP
    assert XP is sys.modules["gradarray.arrayapi"]
    assert "asarray" in dir(XP)
    assert "concat" in dir(XP)
    assert XP.linalg.vecdot(XP.ones(3), XP.ones(3)) == 3
    assert XP.pi == np.pi
    for array in (ga.tensor(X), dual):
        array.__array_namespace__(api_version="2022.12")
        with pytest.raises(ValueError, match="9999"):
            array.__array_namespace__(api_version="9999.12")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = XP.nothing


# --- what makes arrays -----------------------------------------------------------------------------------------------


def test_asarray_keeps_tensors() -> None:
    x = ga.tensor(X)
    assert XP.asarray(x) is x
    assert XP.asarray(x, dtype=float, copy=None, device="cpu") is x
    copy = XP.asarray(x, copy=True)
    assert not np.shares_memory(copy, x)
    np.sum(copy * W).backward()
    np.testing.assert_array_equal(x.grad, W)
    narrow = XP.asarray(x, dtype=XP.float32)
    assert narrow.dtype == np.float32
    np.sum(narrow * 2).backward()
    np.testing.assert_array_equal(x.grad, [2, 2, 2])
    assert XP.asarray(x, copy=False) is x
    assert XP.asarray(np.outer(x, x), order="F").flags.f_contiguous
    for call in (lambda: XP.asarray(x, dtype=np.float32, copy=False), lambda: XP.asarray([1.0], copy=False)):
        with pytest.raises(ValueError, match="copy"):
            call()
    with pytest.raises(ValueError, match="copy"):
        XP.asarray([x[0], 1.0], copy=False)
    with pytest.raises(ValueError, match="gpu"):
        XP.asarray(x, device="gpu")


def test_asarray_makes_constants_of_all_else() -> None:
    for value in (2.0, [1.0, 2.0], X, np.float32(3), [1, 2], True, X[::2]):
        made = XP.asarray(value)
        assert isinstance(made, ga.Tensor)
        assert made.constant
        np.testing.assert_array_equal(made.data, value)
        assert made.dtype == np.asarray(value).dtype
    array = X.copy()
    XP.asarray(array, copy=True)[0] = 9.0
    XP.asarray(array)[0] = 9.0
    np.testing.assert_array_equal(array, X)
    x = ga.tensor(2.0)
    y = XP.asarray([x, 1.0, 3 * x])
    y.backward()
    assert x.grad == 4


def test_what_makes_arrays_makes_constants() -> None:
    x = ga.tensor(X)
    for made in (
        *(XP.zeros(3), XP.ones((2, 3)), XP.empty(2), XP.full(2, 3.0), XP.eye(2), XP.arange(3.0), XP.arange(3)),
        *(XP.linspace(0.0, 1.0, 3), XP.zeros_like(x), XP.ones_like(x), XP.full_like(x, 2.0), XP.empty_like(x)),
        *(XP.tril(XP.ones((2, 2))), XP.from_dlpack(X.copy()), XP.zeros(3, dtype=XP.float32, device="cpu")),
    ):
        assert isinstance(made, ga.Tensor)
        assert made.constant
    y = XP.full(3, x[0]) + XP.linspace(x[1], 4.0, 3) + XP.from_dlpack(x)
    np.sum(y).backward()
    np.testing.assert_array_equal(x.grad, [4, 2.5, 1])


def test_results_are_arrays_of_the_library() -> None:
    x = ga.tensor(X)
    for made in (XP.isnan(x), XP.any(x > 1.5), XP.argmax(x), *XP.nonzero(x), XP.searchsorted(x, x), XP.less(x, 2.0)):
        assert isinstance(made, ga.Tensor)
        assert made.constant
    assert XP.result_type(x, XP.float32) == np.float64
    assert XP.can_cast(XP.float32, XP.float64) is True


def test_ga_itself_has_another_asarray() -> None:
    x = ga.tensor(X)
    assert type(ga.asarray(x)) is np.ndarray
    assert ga.asarray(x, copy=True) is not ga.asarray(x)
    assert not np.shares_memory(ga.asarray(x, copy=True), x.data)
    assert not ga.zeros(2).constant


def test_dlpack_has_the_standards_parameters() -> None:
    x = ga.tensor(X, constant=True)
    copy = np.from_dlpack(x)
    np.testing.assert_array_equal(copy, X)
    assert x.__dlpack__(stream=None, max_version=None, dl_device=None, copy=None) is not None
    with pytest.raises(TypeError, match="nothing"):
        x.__dlpack__(nothing=1)  # type: ignore[call-arg]


# --- derivatives -----------------------------------------------------------------------------------------------------


def standardized(x: Any) -> Any:
    xp = namespace_of(x)
    x = xp.asarray(x)
    return (x - xp.mean(x)) / xp.std(x)


def filled(x: Any) -> Any:
    xp = namespace_of(x)
    out = xp.zeros(3)
    for i in range(3):
        out[i] = x[i] ** 2
    return out * xp.asarray(W) + xp.asarray([x[0], 2.0, x[1]])


def clipped(x: Any) -> Any:
    xp = namespace_of(x)
    y = xp.astype(x, xp.float64) ** 2
    return xp.clip(y, 2.0) + xp.clip(y, max=5.0) + xp.clip(y)


def ordered(x: Any) -> Any:
    xp = namespace_of(x)
    y = x * xp.asarray(W)
    places = xp.argsort(y, descending=True)
    assert list(places) == list(np.argsort(-checks.raw(getattr(y, "data", y))))
    return xp.sort(y, descending=True) * xp.asarray(X) + xp.take(y, places) ** 2 + xp.sort(y)


def made_like(x: Any) -> Any:
    xp = namespace_of(x)
    out = xp.zeros_like(x)
    out[...] = xp.full(3, x[2]) * xp.linspace(x[0], 1.0, 3) + xp.ones_like(x)
    out[1] += xp.from_dlpack(x)[1] ** 2
    return xp.concat([out, xp.asarray(x, copy=True) ** 3])


FUNCTIONS = [standardized, filled, clipped, ordered, made_like]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_derivatives_go_through_the_namespace(f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def call(x: Any) -> Any:
        return f(x)

    # Of an ndarray, the same functions are those of the namespace of a Tensor, with plain results.
    def plain(x: Any) -> Any:
        with ga.no_grad():
            return f(ga.tensor(x, constant=True)).data

    def either(x: Any) -> Any:
        return call(x) if isinstance(x, (ga.Tensor, Dual)) else plain(x)

    rng = np.random.default_rng(2)
    checks.check_gradient(either, [X], rng)
    checks.check_second_order(either, [X], rng)
    checks.check_forward_mode(either, [X], rng)


@pytest.mark.parametrize("f", FUNCTIONS)
def test_every_transform(f: Callable[..., Any]) -> None:
    def loss(x: Any) -> Any:
        return np.sum(f(x) ** 2)

    def slope(g: Callable[[Any], Any], x: Any) -> Any:
        steps = np.eye(3) * 1e-4
        return np.stack([(8 * (g(x + h) - g(x - h)) - (g(x + 2 * h) - g(x - 2 * h))) / 12e-4 for h in steps], -1)

    gradient = ga.grad(loss)(X)
    np.testing.assert_allclose(gradient, slope(lambda x: ga.value_and_grad(loss)(x)[0], X), 1e-7, 1e-7)
    value, tangent = ga.jvp(loss, (X,), (W,))
    assert not isinstance(value, ga.Tensor)
    np.testing.assert_allclose(tangent, gradient @ W, 1e-7, 1e-9)
    hessian = slope(ga.grad(loss), X)
    for found in (ga.hessian(loss)(X), ga.jacfwd(ga.grad(loss))(X), ga.jacrev(ga.grad(loss))(X)):
        np.testing.assert_allclose(found, hessian, 1e-6, 1e-6)
    nested = ga.jvp(lambda x: ga.jvp(loss, (x,), (W,))[1], (X,), (W,))[1]
    np.testing.assert_allclose(nested, W @ hessian @ W, 1e-6, 1e-6)
    np.testing.assert_allclose(ga.grad(lambda x: ga.jvp(loss, (x,), (W,))[1])(X), hessian @ W, 1e-6, 1e-6)
    np.testing.assert_allclose(ga.vjp(loss, X)[1](1.0)[0], gradient, 1e-7, 1e-9)
    np.testing.assert_allclose(ga.linearize(loss, X)[1](W), gradient @ W, 1e-7, 1e-9)


def test_a_constant_of_the_namespace_is_no_result_with_a_tape() -> None:
    value, tangent = ga.jvp(lambda x: namespace_of(x).ones(2), (X,), (W,))
    assert not isinstance(value, ga.Tensor)
    np.testing.assert_array_equal(tangent, [0, 0])
