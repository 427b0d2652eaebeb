"""out=: every function, ufunc and method that takes it does with Tensors what NumPy does with arrays, and is tracked.

Which functions these are, NumPy's own signatures tell.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga
from gradarray.registry import find
from gradarray.rules.kinds import Creation, Nondifferentiable
from gradarray.rules.names import public_name
from gradarray.show import coverage
from tests import checks
from tests.counted import counted
from tests.numeric import is_reduced_rightly

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # NumPy's, of undefined values
    pytest.mark.filterwarnings("error::gradarray.GradientLossWarning"),
]

A = np.array([[0.3, 0.7, 0.1], [0.55, 0.2, 0.6], [0.9, 0.4, 0.8]])
B = np.array([[0.25, 0.38, 0.73], [0.16, 0.47, 0.11], [0.59, 0.12, 0.37]])
INTEGERS = np.array([[3, 1, 2], [2, 6, 1], [5, 4, 7]])
TRUTHS = INTEGERS > 2
COMPLEX = A + 1j * A.T
AXIS: dict[str, Any] = {"axis": 0}

# What a function is called with, where it is not an array or two. The first array is differentiated.
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    **{
        f"np.{name}": ((A,), AXIS)
        for name in (
            *("all", "amax", "amin", "any", "argmax", "argmin", "cumprod", "cumsum", "cumulative_prod"),
            *("cumulative_sum", "max", "mean", "median", "min", "nanargmax", "nanargmin", "nancumprod", "nancumsum"),
            *("nanmax", "nanmean", "nanmedian", "nanmin", "nanprod", "nanstd", "nansum", "nanvar", "prod", "ptp"),
            *("std", "sum", "var"),
        )
    },
    **{f"np.{name}": ((A, 0.3), AXIS) for name in ("nanpercentile", "nanquantile", "percentile", "quantile")},
    "np.choose": (([0, 1, 0], [A, 2 * A]), {}),
    "np.clip": ((A, 0.25, 0.65), {}),
    "clip": ((A, 0.25, 0.65), {}),
    "np.compress": (([True, False, True], A), AXIS),
    "np.concatenate": (([A, 2 * A],), {}),
    "np.stack": (([A, 2 * A],), {}),
    "np.einsum": (("ij,jk->ki", A, A), {}),
    "np.linalg.multi_dot": (([A, A, A],), {}),
    "np.outer": ((A[0], A[1]), {}),
    "np.take": ((A, [2, 0]), AXIS),
    "np.ldexp": ((A, INTEGERS), {}),
    "np.frexp": ((A,), {}),
    "np.vecmat": ((A[0], A), {}),
    "np.matvec": ((A, A[0]), {}),
    **{f"np.fft.{name}": ((A,), {"n": 4}) for name in ("irfft", "hfft")},
    "np.fft.irfft2": ((A,), {"s": (3, 4)}),
    "np.fft.irfftn": ((A,), {"s": (3, 4), "axes": (0, 1)}),
}
FORGETFUL = (np.fft.hfft, np.fft.ifft2, np.fft.irfft2)  # NumPy 2.4 does not fill their out=
DATES = {"np.busday_count", "np.busday_offset", "np.is_busday", "np.isnat"}  # no Tensor holds one


class Case(NamedTuple):
    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: int | None  # of out= among the arguments

    @property
    def rule(self) -> Any:
        return find(getattr(self.func, "__self__", self.func))


def told(func: Any) -> bool:
    """Tell whether NumPy tells the parameters of a function, which older versions do not of those in C."""
    try:
        inspect.signature(func)
    except ValueError:
        return False
    return True


def takes_out(func: Any) -> bool:
    return isinstance(func, np.ufunc) or "out" in inspect.signature(func).parameters


def place_of_out(func: Any, kwargs: dict[str, Any]) -> int | None:
    """Return the place of out=, where the arguments before it can be given by position too."""
    if isinstance(func, np.ufunc):
        return func.nin
    names = list(inspect.signature(func).parameters)
    parameter = inspect.signature(func).parameters["out"]
    return names.index("out") if parameter.kind is parameter.POSITIONAL_OR_KEYWORD else None


def called(func: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call that NumPy answers."""
    if public_name(func) in CALLS:
        return CALLS[public_name(func)]
    for arrays in ((A, B), (COMPLEX, COMPLEX), (INTEGERS, INTEGERS), (TRUTHS, TRUTHS)):
        for count in (1, 2):
            try:
                func(*arrays[:count])
            except (TypeError, ValueError):
                continue
            return arrays[:count], {}
    raise AssertionError(f"CALLS needs an entry for {public_name(func)}")


def cases() -> Iterator[Any]:
    for func in coverage.partition():
        name = public_name(func)
        if name in DATES or isinstance(find(func), type(None)) or getattr(func, "types", True) == []:
            continue
        try:
            with np.errstate(all="ignore"):
                if takes_out(func):
                    args, kwargs = called(func)
                    yield pytest.param(Case(func, args, kwargs, place_of_out(func, kwargs)), id=name)
        except ValueError:  # no signature
            continue


FUNCTIONS = list(cases())
METHODS = [
    pytest.param(Case(getattr(ufunc, method), args, kwargs, None), id=f"np.{ufunc.__name__}.{method}")
    for ufunc in (np.add, np.multiply, np.maximum, np.power, np.logaddexp, np.less, np.logical_and)
    for method, args, kwargs in (
        ("reduce", (A,), {"axis": 1}),
        ("reduce", (A,), {"axis": None}),
        ("accumulate", (A,), {"axis": 0}),
        ("reduceat", (A, [0, 2, 1]), {}),
        ("outer", (A[0], A[1]), {}),
    )
    if not (ufunc is np.less and method != "outer") and not (ufunc is np.power and kwargs.get("axis", 0) is None)
]
ALL = [*FUNCTIONS, *METHODS]
every_function = pytest.mark.parametrize("case", ALL)


def test_nearly_every_function_with_out_is_found() -> None:
    assert len(FUNCTIONS) > 140
    assert {public_name(p.values[0].func) for p in FUNCTIONS} >= CALLS.keys() - {
        f"np.{name}" for name in ("vecmat", "matvec", "cumulative_sum", "cumulative_prod") if not hasattr(np, name)
    } - {public_name(func) for func in (np.concatenate, np.dot) if not told(func)}


# --- values, results and errors --------------------------------------------------------------------------------------


def outcome(call: Callable[[], Any]) -> Any:
    try:
        with np.errstate(all="ignore"):
            return call()
    except Exception as error:
        return error


def tensors(value: Any, constant: bool) -> Any:
    """Return arguments with Tensors in place of the arrays."""
    if isinstance(value, np.ndarray):
        return ga.tensor(value, constant=constant or value.dtype.kind not in "fc")
    if type(value) is list and any(isinstance(item, np.ndarray) for item in value):
        return [tensors(item, constant) for item in value]
    return value


def outputs(results: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    """Return arrays to give as out=, by what is special about them."""

    def like(change: Callable[[Any], Any]) -> Callable[[], Any]:
        made = [change(np.asarray(result)) for result in results]
        return lambda: tuple([array() for array in made])

    def of(shape: Callable[[Any], tuple[int, ...]], dtype: Any = None) -> Callable[[Any], Any]:
        return lambda result: lambda: np.full(shape(result), 7, result.dtype if dtype is None else dtype)

    return {
        "alike": like(of(lambda y: y.shape)),
        "float32": like(of(lambda y: y.shape, np.float32)),
        "float64": like(of(lambda y: y.shape, np.float64)),
        "complex": like(of(lambda y: y.shape, complex)),
        "integers": like(of(lambda y: y.shape, int)),
        "truth values": like(of(lambda y: y.shape, bool)),
        "more axes": like(of(lambda y: (2, *y.shape))),
        "an axis of length one": like(of(lambda y: (1, *y.shape))),
        "longer": like(of(lambda y: (*y.shape[:-1], (*y.shape, 1)[-1] + 1))),
        "no axes": like(of(lambda y: ())),
        "Fortran order": like(lambda y: lambda: np.full(y.shape, 7, y.dtype, order="F")),
        "a view": like(lambda y: lambda: np.full((*y.shape, 2), 7, y.dtype)[..., 1]),
        "backwards": like(lambda y: lambda: np.full(y.shape, 7, y.dtype)[(..., *(slice(None, None, -1),) * y.ndim)]),
    }


def crashes(case: Case, outs: tuple[Any, ...]) -> bool:
    """Tell whether NumPy 2.4 itself crashes: a running total into an array without axes."""
    name = case.func.__name__
    return ("cum" in name or "accumulate" in name) and outs[0].ndim == 0


def as_tensor(array: Any, constant: bool) -> ga.Tensor:
    """Return a Tensor, or a view of one, that lies in memory as an array does."""
    base = array if array.base is None else array.base
    whole = ga.tensor(base, constant=constant or array.dtype.kind not in "fc")
    if array.base is None:
        return whole
    return whole[..., 1] if base.ndim > array.ndim else whole[(..., *(slice(None, None, -1),) * array.ndim)]


def compare(found: Any, given: tuple[Any, ...], expected: Any, numpys: tuple[Any, ...], what: str) -> None:
    if isinstance(expected, Exception):
        assert isinstance(found, type(expected)), f"{what}: NumPy raises {expected!r}, but gradarray gives {found!r}"
        for out, array in zip(given, numpys, strict=True):  # of std and ptp, NumPy may have stored a part
            untouched = np.full(out.shape, 7, out.dtype)
            assert np.array_equal(out.data, untouched) or np.array_equal(out.data, array), what
        return
    assert not isinstance(found, Exception), f"{what}: {found!r}"
    for result, out, theirs, array in zip(several(found), given, several(expected), numpys, strict=True):
        if theirs is not array:  # of those that are forgetful
            np.testing.assert_array_equal(checks.raw(result), theirs, err_msg=what)
        else:
            assert result is out, f"{what}: what is returned is not out"
        np.testing.assert_array_equal(out.data, array, err_msg=what)
        assert (out.shape, out.dtype, out.strides) == (array.shape, array.dtype, array.strides), what


def several(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


@every_function
def test_as_numpy_does(case: Case) -> None:
    func, args, kwargs = case.func, case.args, case.kwargs
    plain = func(*args, **kwargs)
    mirrored = isinstance(func, np.ufunc) or getattr(func, "__module__", None) == "numpy"
    calls = [func, getattr(ga, func.__name__)] if mirrored and hasattr(ga, func.__name__) else [func]
    for what, make in outputs(several(plain)).items():
        numpys = make()
        if crashes(case, numpys):
            continue
        expected = outcome(lambda outs=numpys: func(*args, **kwargs, out=outs if isinstance(plain, tuple) else outs[0]))
        for call in calls:
            for constant in (False, True):
                given = tuple([as_tensor(array, constant) for array in make()])
                into = given if isinstance(plain, tuple) else given[0]
                operands = [tensors(x, constant) for x in args]
                found = outcome(lambda c=call, xs=operands, out=into: c(*xs, **kwargs, out=out))
                if isinstance(found, ga.GradientLossError) and not constant and given[0].dtype.kind in "iub":
                    continue  # whole numbers hold no gradient
                compare(found, given, expected, numpys, f"{what}, {'constants' if constant else 'variables'}")


@every_function
def test_by_position_in_a_tuple_and_none(case: Case) -> None:
    func, args, kwargs = case.func, case.args, case.kwargs
    plain = several(func(*args, **kwargs))
    operands = [tensors(x, False) for x in args]

    def fresh() -> tuple[Any, ...]:
        return tuple([ga.tensor(np.zeros_like(y), constant=True) for y in plain])

    def check(call: Callable[..., Any], outs: tuple[Any, ...], *more: Any, **rest: Any) -> None:
        results = several(call(*operands, *more, **rest))
        for result, out, y in zip(results, outs, plain, strict=True):
            assert out is None or result is out
            np.testing.assert_array_equal(checks.raw(result), y)

    nothing = (None,) * len(plain)
    if isinstance(func, np.ufunc):
        for call in (func, getattr(ga, func.__name__, func)):
            outs = fresh()
            check(call, outs, out=outs)
            check(call, nothing, out=nothing)
            if func not in (np.maximum, np.minimum):  # deprecated there
                outs = fresh()
                check(call, outs, *outs)
            if len(plain) > 1:
                outs = (fresh()[0], None)
                check(call, outs, *outs)
            else:
                check(call, nothing, out=None)
        return
    check(func, nothing, out=None, **kwargs)
    if case.place is not None:
        parameters = list(inspect.signature(func).parameters.values())[len(args) : case.place]
        between = [kwargs.get(p.name, p.default) for p in parameters]
        if func not in FORGETFUL:
            outs = fresh()
            check(func, outs, *between, *outs)
        check(func, nothing, *between, None)


class TestOfAMethod:
    """The methods of a tensor take it where those of an array do."""

    @pytest.mark.parametrize(
        ("name", "args"),
        [
            *((name, (0,)) for name in ("all", "any", "argmax", "argmin", "max", "min")),
            *((name, (0, None)) for name in ("cumprod", "cumsum", "mean", "prod", "std", "sum", "var")),
            *(("clip", (0.2, 0.6)), ("dot", (A,)), ("round", (1,)), ("trace", (0, 0, 1, None))),
            *(("take", ([0, 2], 0)), ("compress", ([True, False, True], 0)), ("choose", ([A, A, A],))),
        ],
    )
    def test_by_position_and_by_name(self, name: str, args: tuple[Any, ...]) -> None:
        array = np.array([[0, 2, 1]] * 3) if name == "choose" else A
        expected = np.asarray(getattr(array, name)(*args))
        for call in (lambda x, out: getattr(x, name)(*args, out), lambda x, out: getattr(x, name)(*args, out=out)):
            for out in (ga.tensor(np.zeros_like(expected)), np.zeros_like(expected)):
                x = ga.tensor(array, constant=isinstance(out, np.ndarray) or array.dtype.kind == "i")
                assert call(x, out) is out
                np.testing.assert_array_equal(checks.raw(out), expected)


# --- gradients -------------------------------------------------------------------------------------------------------

DIFFERENTIABLE = [
    pytest.param(p.values[0], id=p.id)
    for p in ALL
    if not isinstance(p.values[0].rule, Nondifferentiable) and p.values[0].func not in FORGETFUL
]


def filling(case: Case, view: bool) -> Callable[..., Any]:
    """Return a function of the first floating-point array of a call, and of what stands in its outputs before."""
    args = [*case.args]
    k = next(i for i, x in enumerate(args) if checks.is_floating(x[0] if type(x) is list else x))
    plain = [np.asarray(y) for y in several(case.func(*args, **case.kwargs))]

    def call(x: Any, before: Any) -> Any:
        operands = [*args]
        operands[k] = [x, *args[k][1:]] if type(args[k]) is list else x
        wholes, outs = [], []
        for y in plain:
            if y.dtype.kind not in "fc":
                outs.append(np.zeros(y.shape, y.dtype))
                continue
            wholes.append(np.sum(before) * np.ones((2, *y.shape) if view or not y.ndim else y.shape, y.dtype))
            outs.append(wholes[-1][1, ...] if view or not y.ndim else wholes[-1])
        with np.errstate(all="ignore"):
            case.func(*operands, **case.kwargs, out=tuple(outs) if len(outs) > 1 else outs[0])
        return tuple(wholes)

    x = args[k][0] if type(args[k]) is list else args[k]
    call.operands = [x, np.array([0.3, 0.5])]  # type: ignore[attr-defined]
    return call


@pytest.mark.parametrize("view", [False, True], ids=["whole", "view"])
@pytest.mark.parametrize("case", DIFFERENTIABLE)
def test_gradient(case: Case, view: bool) -> None:
    ufunc = getattr(case.func, "__self__", None)
    if isinstance(ufunc, np.ufunc) and case.func.__name__ == "reduce" and not is_reduced_rightly(ufunc):
        pytest.skip("NumPy's own value is wrong on this processor")
    call: Any = filling(case, view)
    checks.check_gradient(call, call.operands, np.random.default_rng(3))


@pytest.mark.parametrize("case", DIFFERENTIABLE)
def test_tangent(case: Case) -> None:
    call: Any = filling(case, True)
    checks.check_forward_mode(call, call.operands, np.random.default_rng(3))


@every_function
def test_what_a_tape_has_saved_stays(case: Case) -> None:
    func, args, kwargs = case.func, case.args, case.kwargs
    plain = [np.asarray(y) for y in several(func(*args, **kwargs))]
    for constant in (False, True):
        operands = [tensors(x, constant) for x in args]
        saved = [ga.tensor(np.full(y.shape, 1, y.dtype), constant=True) for y in plain]
        factors = [ga.tensor(np.full(y.shape, 3.0)) for y in plain]
        products = [factor * out for factor, out in zip(factors, saved, strict=True)]
        chosen = [np.where(out, factor, 0.0) for factor, out in zip(factors, saved, strict=True) if out.dtype == bool]
        found = outcome(
            lambda xs=operands, outs=saved: func(*xs, **kwargs, out=tuple(outs) if len(outs) > 1 else outs[0])
        )
        assert not isinstance(found, Exception), found
        for made in products:
            made.backward()
        for factor in factors:
            np.testing.assert_array_equal(factor.grad, np.ones(factor.shape))
        for made in chosen:
            made.backward()
        if chosen:
            np.testing.assert_array_equal(factors[0].grad, np.ones(factors[0].shape))


@every_function
def test_a_plain_array_takes_what_has_no_derivative(case: Case) -> None:
    func, args, kwargs = case.func, case.args, case.kwargs
    plain = several(func(*args, **kwargs))
    for constant in (False, True):
        operands = [tensors(x, constant) for x in args]
        outs = tuple([np.full(np.shape(y), 7, np.asarray(y).dtype) for y in plain])
        found = outcome(lambda xs=operands, outs=outs: func(*xs, **kwargs, out=outs if len(outs) > 1 else outs[0]))
        floating = any(checks.is_floating(x) for x in checks.leaves([*args]))
        if constant or isinstance(case.rule, (Creation, Nondifferentiable)) or not floating:
            assert not isinstance(found, Exception), found
            for result, out, y in zip(several(found), outs, plain, strict=True):
                assert result is out or func in FORGETFUL
                np.testing.assert_array_equal(checks.raw(result), y)
        elif func not in FORGETFUL:
            assert isinstance(found, ga.GradientLossError), found
            assert "out=" in str(found)
            for out in outs:
                np.testing.assert_array_equal(out, np.full(out.shape, 7, out.dtype))


# --- outputs that are arguments, too, or of another shape or dtype ---------------------------------------------------

SHARED: dict[str, Callable[[Any], Any]] = {
    "a running sum of one column": lambda x: np.cumsum(x, out=x),
    "an operand": lambda x: np.multiply(x, x, out=x),
    "a part of an operand": lambda x: np.add(x[1:], x[:-1], out=x[1:]),
    "an operand backwards": lambda x: np.subtract(x[::-1], 2 * x, out=x),
    "both results in one array": lambda x: np.divmod(x[1:2], 0.4, out=(x[:1], x[1:2])),
    "a row that is spread": lambda x: np.exp(x[0], out=x),
    "backwards where a mask says so": lambda x: np.exp(x, out=x[::-1], where=np.array([[True], [False], [False]])),
    "where a mask says so": lambda x: np.exp(x, out=x, where=np.array([[True], [False], [True]])),
}


@pytest.mark.parametrize("name", SHARED)
def test_an_operand_as_output(name: str) -> None:
    column = np.array([[0.3], [0.75], [0.9]])

    def call(x: Any) -> Any:
        y = x * 1.0
        SHARED[name](y)
        return y

    try:
        call(column)
    except ValueError:  # NumPy 2.5 takes no column as the output of a running sum
        with pytest.raises(ValueError):
            call(ga.tensor(column))
        return
    for form in (lambda x: x, np.asfortranarray):
        checks.check_forward(call, [form(column)])
        checks.check_constants(call, [form(column)])
        checks.check_gradient(call, [form(column)], np.random.default_rng(3))
        checks.check_forward_mode(call, [form(column)], np.random.default_rng(3))


def test_numpy_sums_in_the_dtype_of_the_output() -> None:
    thirds = np.full(3000, 1 / 3, np.float32)
    expected = np.sum(thirds, out=np.zeros(()))
    for x in (ga.tensor(thirds), ga.tensor(thirds, constant=True)):
        out = ga.tensor(np.zeros(()), constant=True)
        assert np.sum(x, out=out) is out
        assert out.data == expected != np.sum(thirds)
    value, tangent = ga.jvp(lambda x: np.sum(x, out=np.zeros((), like=x)), (thirds,), (thirds,))
    assert value == expected
    np.testing.assert_allclose(tangent, expected, 1e-6)


def test_the_gradient_has_the_dtype_of_the_operand() -> None:
    x, narrow = ga.tensor([1.0, 2.0]), ga.tensor(np.zeros((3, 2), np.float32), constant=True)
    np.square(x, out=narrow).backward()
    np.testing.assert_array_equal(x.grad, [6, 12])
    assert x.grad.dtype == float
    x, complex_out = ga.tensor([1.0, 2.0]), ga.tensor(np.zeros(2, complex), constant=True)
    np.real(np.square(x, out=complex_out)).backward()
    np.testing.assert_array_equal(x.grad, [2, 4])


def test_out_and_dtype_together_are_refused_where_numpy_refuses() -> None:
    for t in (ga.tensor([1.0]), ga.tensor([1.0], constant=True)):
        with pytest.raises(TypeError, match="only"):
            np.concatenate([t, t], out=ga.zeros(2), dtype=float)


def test_what_is_read_only_stays() -> None:
    array = np.zeros(2)
    array.flags.writeable = False
    out = ga.tensor(array, copy=False, constant=True)
    for x in (ga.tensor([1.0, 2.0]), ga.tensor([1.0, 2.0], constant=True)):
        for call in (lambda x: np.exp(x, out=out), lambda x: np.cumsum(x, out=out), lambda x: np.isnan(x, out=out)):
            with pytest.raises((ValueError, TypeError)):
                call(x)
    np.testing.assert_array_equal(array, [0, 0])


def test_the_mirror_gives_a_plain_output_back() -> None:
    out = np.zeros(2)
    for call in (ga.exp, ga.cumsum):
        for x in ([1.0, 2.0], np.array([1.0, 2.0]), ga.tensor([1.0, 2.0], constant=True)):
            assert call(x, out=out) is out
            assert call(x, out=out, constant=False) is out
    tensor = ga.tensor(out, constant=True)
    assert ga.exp([1.0, 2.0], out=tensor, constant=False) is tensor


@counted
def test_memory_that_nobody_holds_is_written_into_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ga.Tensor, "__setitem__", None)
    x, out = ga.tensor(A, constant=True), ga.tensor(np.zeros((3, 3)), constant=True)
    np.add(x, 1.0, out=out)
    np.cumsum(x, axis=0, out=out)
    np.cumsum(x[0], out=out[1])
    np.testing.assert_array_equal(out.data[1], np.cumsum(A[0]))


def test_truth_values_take_the_place_of_a_variable() -> None:
    v = ga.tensor([1.0, 2.0])
    for fill in (lambda out: np.any(v, axis=0, keepdims=True, out=out[:1]), lambda out: np.isnan(v, out=out)):
        y = 3 * v
        fill(y)
        y.backward()
        np.testing.assert_array_equal(v.grad, [0, 3 * (y.data[1] != 0)])


def test_one_output_by_position_and_another_by_name_is_refused() -> None:
    x, out = ga.tensor(A), ga.zeros(3)
    with pytest.raises(TypeError, match="out"):
        x.sum(0, None, out, out=out)
    with pytest.raises(TypeError, match="positional argument"):
        x.mean(0, None, out, False, True, 1, 2)


def test_numpy_warns_once() -> None:
    x = ga.tensor([0.0, 1.0])
    with pytest.warns(RuntimeWarning) as caught:
        np.divide(1.0, x, out=ga.zeros(2))
    assert len(caught) == 1


def test_what_is_returned_in_a_block_without_derivatives_is_out() -> None:
    def f(x: Any) -> Any:
        out = 0 * x
        with ga.no_grad():
            assert np.exp(x, out=out) is out
            assert np.cumsum(x, None, None, out) is out
            assert x.cumsum(out=out) is out
        return out

    value, tangent = ga.jvp(f, (A[0],), (A[1],))
    np.testing.assert_array_equal(value, np.cumsum(A[0]))
    np.testing.assert_array_equal(tangent, np.zeros(3))
    np.testing.assert_array_equal(ga.jacobian(f)(A[0]), np.zeros((3, 3)))
