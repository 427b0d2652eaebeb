"""The mirrors of ufuncs have all that NumPy's have; their methods are differentiable and take ``constant=``."""

import copy
import inspect
import pickle
import typing
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.registry import Elementwise, elementwise, find
from gradarray.rules.registry import register
from tests.numeric import is_reduced_rightly

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # NumPy's, of undefined values
    pytest.mark.filterwarnings("error::gradarray.GradientLossWarning"),
]

UFUNCS = {name: getattr(np, name) for name in ga.__all__ if isinstance(getattr(np, name, None), np.ufunc)}
X = np.array([[0.7, 0.3, 0.9, 0.4], [0.2, 0.8, 0.5, 0.6], [0.55, 0.35, 0.25, 0.45]])
MASK = X > 0.4


# --- as objects ------------------------------------------------------------------------------------------------------


def public(thing: Any) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


@pytest.mark.parametrize("name", UFUNCS)
def test_a_mirror_of_a_ufunc_has_what_that_has(name: str) -> None:
    theirs, ours = UFUNCS[name], getattr(ga, name)
    assert isinstance(ours, ga.ufunc)
    assert issubclass(ours, ga.ufunc)
    assert public(ours) == public(theirs)
    for attribute in ("nin", "nout", "nargs", "ntypes", "types", "identity", "signature", "__name__"):
        assert getattr(ours, attribute) == getattr(theirs, attribute)
        if not attribute.startswith("_"):
            with pytest.raises(AttributeError):
                setattr(ours, attribute, None)
    assert repr(ours) == f"<gradarray.ufunc '{theirs.__name__}'>"
    types = (np.dtype(float),) * theirs.nin + (None,) * theirs.nout
    if "d" * theirs.nin in [loop.partition("->")[0] for loop in theirs.types]:
        assert ours.resolve_dtypes(types) == theirs.resolve_dtypes(types)
    assert ga.ufunc(theirs) is ours is pickle.loads(pickle.dumps(ours)) is copy.copy(ours) is copy.deepcopy([ours])[0]


def test_no_other_function_is_a_ufunc() -> None:
    for thing in (np.add, ga.sum, ga.linalg.matmul, ga.fft.fft, len):
        assert not isinstance(thing, ga.ufunc)
    assert not issubclass(int, ga.ufunc)
    with pytest.raises(TypeError, match="must be a class"):
        issubclass(3, ga.ufunc)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", UFUNCS)
def test_the_signature_is_numpys_with_constant(name: str) -> None:
    ours, func = inspect.signature(getattr(ga, name)), UFUNCS[name]
    names = [n for n, p in ours.parameters.items() if p.kind is p.POSITIONAL_ONLY]
    assert names == (["x"] if func.nin == 1 else ["x1", "x2"])
    assert {"out", "casting", "order", "dtype", "subok", "signature", "constant"} <= ours.parameters.keys()
    assert ("where" in ours.parameters) == (func.signature is None) != ("axes" in ours.parameters)
    hints = typing.get_type_hints(getattr(ga, name))
    plain = find(func).plain  # type: ignore[union-attr]
    assert hints.pop("return") is (Any if plain or func.nout > 1 else ga.Tensor)
    assert hints.keys() == ours.parameters.keys()
    try:
        theirs = inspect.signature(func)
    except ValueError:  # NumPy before 2.4
        return
    assert ours.parameters.keys() - theirs.parameters.keys() == {"constant"}
    assert theirs.parameters.keys() <= ours.parameters.keys()


@pytest.mark.parametrize("name", ["reduce", "accumulate", "reduceat", "outer", "at"])
def test_methods_have_numpys_parameters(name: str) -> None:
    method = getattr(ga.add, name)
    assert method.__doc__ == getattr(np.ufunc, name).__doc__
    assert inspect.signature(method).parameters["constant"].kind is inspect.Parameter.KEYWORD_ONLY


def test_a_ufunc_in_a_class_is_no_method() -> None:
    class Model:
        combine = ga.add

    assert Model().combine(1.0, 2.0) == 3.0


def test_it_cannot_be_derived_from_nor_made_of_other_things() -> None:
    with pytest.raises(TypeError, match=r"cannot be derived from.*custom_gradient"):

        class Mine(ga.ufunc):
            pass

    for thing in (len, 3, [], np.sum, ga.add):
        with pytest.raises(TypeError, match="takes a ufunc"):
            ga.ufunc(thing)  # type: ignore[arg-type]


@pytest.mark.usefixtures("restored_tables")
def test_a_ufunc_of_another_library_has_a_mirror_once_it_is_declared() -> None:
    special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError, match="no rule for it"):
        ga.ufunc(special._ufuncs._ellip_harm)
    elementwise(
        special.betainc, None, None, lambda _ans, a, b, x: x ** (a - 1) * (1 - x) ** (b - 1) / special.beta(a, b)
    )
    betainc = ga.ufunc(special.betainc)
    assert [*inspect.signature(betainc).parameters][:4] == ["x1", "x2", "x3", "out"]
    assert pickle.loads(pickle.dumps(betainc)) is betainc
    assert isinstance(betainc(1.0, [2.0, 3.0], 0.5), ga.Tensor)
    ga.check_grads(lambda x: betainc(1.5, 2.5, x), (X,), order=1)
    with pytest.raises(TypeError, match="positional arguments"):
        betainc(1.0)


def test_a_derivative_that_is_declared_anew_is_taken() -> None:
    x, rule = ga.tensor(0.5), find(np.tan)
    assert isinstance(rule, Elementwise)
    ga.tan(x).backward()
    before = x.grad
    try:
        elementwise(np.tan, lambda _ans, x: 100 * x)
        ga.tan(x).backward()
        assert x.grad == 50.0
    finally:
        register(rule)
    ga.tan(x).backward()
    assert x.grad == before


# --- calls -----------------------------------------------------------------------------------------------------------

WRONG: dict[str, Callable[[Any], Any]] = {
    "no operand": lambda f: f(),
    "too few": lambda f: f(*[X] * (f.nin - 1)),
    "too many": lambda f: f(*[X] * (f.nargs + 1)),
    "unknown keyword": lambda f: f(*[X] * f.nin, colour=0),
    "by name": lambda f: f(x1=X, x2=X),
    "output of another shape": lambda f: f(*[X] * f.nin, out=np.zeros((7, 7))),
    "dtype that cannot be": lambda f: f(*[X] * f.nin, dtype="M8[D]"),
    "no number": lambda f: f(*[object()] * f.nin),
    "axis": lambda f: f.reduce(X, axis=7),
    "axis twice": lambda f: f.reduce(X, axis=(0, 0)),
    "index": lambda f: f.reduceat(X, [0, 99]),
    "place": lambda f: f.at(X.copy(), [99], *[1.0] * (f.nin - 1)),
    "at a list": lambda f: f.at([1.0], [0], *[1.0] * (f.nin - 1)),
    "operand for one that takes one": lambda f: f.at(X.copy(), [0], None),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", ["sin", "add", "matmul", "modf", "divmod", "maximum", "greater"])
def test_what_is_wrong_is_numpys_to_say(name: str, wrong: str) -> None:
    try:
        WRONG[wrong](UFUNCS[name])
    except Exception as error:
        with pytest.raises(type(error)) as found:
            WRONG[wrong](getattr(ga, name))
        assert str(found.value) == str(error)
    else:
        WRONG[wrong](getattr(ga, name))  # wrong for others


def test_outputs_come_back_as_they_are() -> None:
    plain, tensor = np.zeros(2), ga.zeros(2)
    for out in (plain, tensor, ga.zeros(2, constant=True)):
        for constant in (None, False):
            assert ga.add([1.0, 2.0], 3.0, out=out, constant=constant) is out
            assert ga.add([1.0, 2.0], 3.0, out, constant=constant) is out
            assert ga.add([1.0, 2.0], 3.0, out=(out,), constant=constant) is out
            assert ga.add.reduce([[1.0, 2.0]], out=out, constant=constant) is out
        assert ga.sqrt([4.0, 9.0], where=[True, False], out=out) is out
        np.testing.assert_array_equal(ga.asarray(out), [2.0, 2.0])
    assert isinstance(ga.sqrt([4.0], out=(None,)), ga.Tensor)
    part, whole = ga.modf([1.5, 2.5], out=(None, plain))
    assert isinstance(part, ga.Tensor)
    assert whole is plain
    with pytest.raises(ga.GradientLossError, match=r"out= of np\.add"):
        ga.add(tensor, 1.0, out=plain)


def test_another_array_answers_for_itself() -> None:
    class Answers:
        def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
            return ufunc.__name__, method

    for result in (ga.add(Answers(), 1.0), ga.add(1.0, Answers(), out=np.zeros(1)), ga.add(Answers(), ga.tensor(1.0))):
        assert result == ("add", "__call__")
    assert ga.add.reduce(Answers(), initial=ga.tensor(1.0)) == ("add", "reduce")


def test_text_and_objects_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"np\.add, given a str and a str, makes data"):
        ga.add("a", "b")
    with pytest.raises(TypeError, match=r"np\.multiply, given an array of dtype object, makes data"):
        ga.multiply.reduce(np.array([[None, 1], [2, 3]], object)[1:])


# --- methods ---------------------------------------------------------------------------------------------------------

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "reduce": lambda f, x: f.reduce(x),
    "reduce, by name": lambda f, x: f.reduce(array=x, axis=1, keepdims=True),
    "reduce, all axes": lambda f, x: f.reduce(x, None),
    "reduce, some axes": lambda f, x: f.reduce(x, axis=(0, -1), keepdims=True),
    "reduce, no axis": lambda f, x: f.reduce(x, axis=()),
    "reduce, where": lambda f, x: f.reduce(x, 1, where=MASK, initial=0.7),
    "reduce, dtype": lambda f, x: f.reduce(x, dtype=np.float64),
    "reduce, a list": lambda f, x: f.reduce([x[0], x[1]]),
    "reduce, every second": lambda f, x: f.reduce(x[::2, ::-1], 1),
    "reduce, initial": lambda f, x: f.reduce(X, initial=x[0, 0] + 0.05),
    "reduce, initial for a list": lambda f, x: f.reduce([0.3, 0.4], initial=x[0, 0], where=[True, False]),
    "reduce, initial and output": lambda f, x: filled(
        x[0] * 0, lambda out: f.reduce(X, initial=x[0, 1] * 2.5, out=out)
    ),
    "reduce, output": lambda f, x: filled(x[0] * 0, lambda out: f.reduce(x, out=(out,))),
    "accumulate": lambda f, x: f.accumulate(x, 1),
    "accumulate, a list": lambda f, x: f.accumulate([x[0], x[1]]),
    "reduceat": lambda f, x: f.reduceat(x, [0, 2, 1]),
    "reduceat, a list": lambda f, x: f.reduceat([x[0, 0], x[0, 1], x[0, 2]], [0, 2, 1]),
    "outer": lambda f, x: f.outer(x, x[0]),
    "outer, lists": lambda f, x: f.outer([x[0, 0], x[1, 1]], [x[0, 1], 0.4]),
    "outer, a number": lambda f, x: f.outer(0.52, x),
    "at": lambda f, x: filled(x * 1, lambda out: f.at(out, [0, 0, 1], x[2])),
    "at, a list": lambda f, x: filled(x * 1, lambda out: f.at(out, ([0, 0], [1, 1]), [x[2, 0], x[2, 1]])),
}


def filled(out: Any, fill: Callable[[Any], Any]) -> Any:
    fill(out)
    return out


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "logaddexp", "arctan2", "subtract"])
def test_methods_are_differentiable(name: str, call: str) -> None:
    ours = getattr(ga, name)
    try:
        expected = CALLS[call](UFUNCS[name], X)
    except ValueError as error:  # no start value, or several axes of what cannot be taken in another order
        with pytest.raises(ValueError) as found:
            CALLS[call](ours, ga.tensor(X))
        assert str(found.value) == str(error)
        return
    for constant in (False, True):
        result = CALLS[call](ours, ga.tensor(X, constant=constant))
        assert isinstance(result, ga.Tensor)
        assert result.constant is constant
        np.testing.assert_array_equal(result.data, expected)
        assert result.dtype == expected.dtype
    if call.startswith("reduce,") and not is_reduced_rightly(UFUNCS[name]):
        pytest.skip("NumPy's own value is wrong on this processor")
    ga.check_grads(lambda x: CALLS[call](ours, x), (X,), order=1)


@pytest.mark.parametrize("name", [name for name, func in UFUNCS.items() if func.nin == 2 and func.signature is None])
@pytest.mark.parametrize("x", [X, [0.5, 0.25], [3, 5, 2], np.zeros((3, 0)), np.zeros(0), [True, False]], ids=repr)
def test_methods_of_constants_do_as_numpys_and_give_tensors(name: str, x: Any) -> None:
    theirs, ours = UFUNCS[name], getattr(ga, name)
    plain = find(theirs).plain  # type: ignore[union-attr]
    for call in (
        lambda f: f.reduce(x),
        lambda f: f.reduce(x, axis=-1, keepdims=True),
        lambda f: f.accumulate(x),
        lambda f: f.reduceat(x, [0]),
        lambda f: f.outer(x, 2),
    ):
        try:
            expected = call(theirs)
        except Exception as error:
            with pytest.raises(type(error)):
                call(ours)
            continue
        result = call(ours)
        for found, value in zip(result, expected, strict=True) if theirs.nout > 1 else [(result, expected)]:
            assert isinstance(found, ga.Tensor) is not plain
            raw = ga.asarray(found)
            assert raw.dtype == value.dtype
            np.testing.assert_array_equal(raw, value)


def test_methods_take_constant() -> None:
    x = ga.tensor(X)
    for call in (
        lambda constant: ga.add.reduce(x, constant=constant),
        lambda constant: ga.add.accumulate(X, constant=constant),
        lambda constant: ga.add.outer(X, x, constant=constant),
        lambda constant: ga.add.reduceat([1.0, 2.0], [0], constant=constant),
    ):
        assert call(True).constant
        assert not call(False).constant
    with pytest.raises(ValueError, match="Integer-valued tensors must be treated as constants"):
        ga.add.reduce([1, 2], constant=False)
    y = ga.zeros(2)
    assert ga.add.at(y, [0, 0], x[0, :2], constant=True) is None
    np.testing.assert_array_equal(y.data, [1.0, 0.0])


def test_a_variable_is_not_written_into_a_plain_array() -> None:
    plain, t = np.zeros(2), ga.tensor(1.0)
    for values in (t, [t, 2.0]):
        with pytest.raises(ga.GradientLossError, match=r"np\.add\.at"):
            ga.add.at(plain, [0, 1], values)
    ga.add.at(plain, ga.tensor([0, 0]), 1.0)
    np.testing.assert_array_equal(plain, [2.0, 0.0])


def test_a_mistake_is_noted_with_the_method() -> None:
    for x, shown in ((ga.tensor(X), "a Tensor"), (X, "an ndarray")):
        with pytest.raises(ValueError) as wrong:
            ga.add.reduce(x, axis=5)
        assert wrong.value.__notes__ == [f"in np.add.reduce of {shown} (3, 4) and an int as axis"]
    with pytest.raises(TypeError) as found:
        ga.add(X, X, dtype=np.float64, foo=1)
    assert found.value.__notes__[-1].endswith("a type as dtype and an int as foo")
