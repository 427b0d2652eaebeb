"""Operators: who answers beside a stranger, and that they follow what is declared."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray import registry

A = np.array([1.0, 2.0])
BINARY = {
    "add": (operator.add, np.add),
    "sub": (operator.sub, np.subtract),
    "mul": (operator.mul, np.multiply),
    "truediv": (operator.truediv, np.divide),
    "pow": (operator.pow, np.power),
    "floordiv": (operator.floordiv, np.floor_divide),
    "mod": (operator.mod, np.remainder),
    "divmod": (divmod, np.divmod),
    "matmul": (operator.matmul, np.matmul),
    "and": (operator.and_, np.bitwise_and),
    "or": (operator.or_, np.bitwise_or),
    "xor": (operator.xor, np.bitwise_xor),
    "lshift": (operator.lshift, np.left_shift),
    "rshift": (operator.rshift, np.right_shift),
}
COMPARING = {name: (getattr(operator, name), None) for name in ("lt", "le", "gt", "ge", "eq", "ne")}
INPLACE = {name: getattr(operator, f"i{name}") for name in BINARY if name != "divmod"}


def other_method(name: str) -> Callable[[Any, Any], str]:
    return lambda self, other: f"{name} of the other"


NAMES = [
    *(f"__{r}{name}__" for name in BINARY for r in ("", "r")),
    *(f"__{name}__" for name in COMPARING),
]
OPERATORS = {name: other_method(name) for name in NAMES}
NONE_OF_THEM: dict[str, Any] = {}


def asked(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> str:
    return f"{ufunc.__name__} of the other"


def raising(*_: Any) -> Any:
    raise RuntimeError("the other's own error")


RAISING = dict.fromkeys(NAMES, raising)

STRANGERS: dict[str, dict[str, Any]] = {
    "no protocol": {},
    "no ufuncs": {"__array_ufunc__": None},
    "low priority": {"__array_priority__": -10.0},
    "high priority": {"__array_priority__": 2000.0},
    "priority as SciPy's": {"__array_priority__": 10.1},
    "no ufuncs, low priority": {"__array_ufunc__": None, "__array_priority__": -10.0},
    "ufuncs": {"__array_ufunc__": asked},
}


def stranger(kind: str, methods: dict[str, Any]) -> Any:
    return type("Stranger", (), {**STRANGERS[kind], **methods})()


def outcome(call: Callable[[], Any]) -> Any:
    """Return the stranger's answer, or what kind of thing came in its place."""
    try:
        answer = call()
    except Exception as error:
        return type(error) if isinstance(error, RuntimeError) else TypeError
    if isinstance(answer, str):
        return answer
    if isinstance(answer, (bool, np.bool)):
        return bool(answer)
    # An array of what the stranger says to each element: a Tensor holds numbers, and refuses.
    return TypeError if getattr(answer, "dtype", np.dtype(float)).kind == "O" else type(answer)


def compare(kind: str, methods: dict[str, Any], array: Any, mine: Any) -> None:
    other = stranger(kind, methods)
    for name, (op, _) in {**BINARY, **COMPARING}.items():
        for call in (lambda x, op=op: op(x, other), lambda x, op=op: op(other, x)):
            assert outcome(lambda call=call: call(mine)) == outcome(lambda call=call: call(array)), (kind, name)


@pytest.mark.parametrize("kind", [kind for kind in STRANGERS if kind != "ufuncs"])
@pytest.mark.parametrize("methods", [OPERATORS, NONE_OF_THEM, RAISING], ids=["all", "none", "raising"])
@pytest.mark.parametrize("constant", [False, True])
def test_the_same_operand_answers_as_for_an_array(kind, methods, constant):
    compare(kind, methods, A, ga.tensor(A, constant=constant))
    if not constant:
        seen: list[Any] = []
        ga.jvp(lambda d: seen.append(d) or d, (A,), (A,))
        compare(kind, methods, A, seen[0])


@pytest.mark.parametrize("kind", [kind for kind in STRANGERS if kind != "ufuncs"])
@pytest.mark.parametrize("methods", [OPERATORS, NONE_OF_THEM, RAISING], ids=["all", "none", "raising"])
def test_the_same_operand_answers_as_for_a_number(kind, methods):
    """Of which NumPy makes no array: the operand itself is asked, whether it says anything of arrays or not."""
    other, seen = stranger(kind, methods), []
    ga.jvp(lambda d: seen.append(d) or d, (0.7,), (1.0,))
    for name, (op, _) in BINARY.items():
        if name == "divmod" and np.lib.NumpyVersion(np.__version__) < "2.1.0":
            continue  # NumPy's own number does not ask
        expected = outcome(lambda op=op: op(np.float64(0.7), other))
        for mine in (ga.tensor(0.7), seen[0]):
            assert outcome(lambda op=op, mine=mine: op(mine, other)) == expected, name
            if name in INPLACE and name != "matmul" and "no ufuncs" not in kind:  # NumPy has none in place
                assert outcome(lambda name=name, mine=mine: INPLACE[name](mine, other)) == expected, name


def test_integers_do_so_too():
    for kind in ("no protocol", "no ufuncs", "low priority", "high priority"):
        compare(kind, OPERATORS, np.array([1, 2]), ga.tensor([1, 2]))


def test_what_answers_ufuncs_is_asked_by_its_operator_and_else_by_the_protocol():
    t = ga.tensor(A)
    for name, (op, ufunc) in BINARY.items():
        assert op(t, stranger("ufuncs", NONE_OF_THEM)) == f"{ufunc.__name__} of the other"
        assert op(stranger("ufuncs", NONE_OF_THEM), t) == f"{ufunc.__name__} of the other"
        assert op(t, stranger("ufuncs", OPERATORS)) == f"__r{name}__ of the other"
    assert (t < stranger("ufuncs", NONE_OF_THEM)) == "less of the other"
    assert (t == stranger("ufuncs", NONE_OF_THEM)) == "equal of the other"


@pytest.mark.parametrize("kind", ["no protocol", "low priority", "high priority", "no ufuncs"])
def test_in_place_the_same_operand_answers_too(kind):
    other = stranger(kind, OPERATORS)
    for name, op in INPLACE.items():
        if name == "matmul" and kind == "no protocol":
            continue  # NumPy's error is about the shapes
        expected = outcome(lambda op=op: op(A.copy(), other))
        assert outcome(lambda op=op: op(ga.tensor(A), other)) == expected, name
        found: list[Any] = []
        ga.jvp(lambda d, op=op, found=found: found.append(outcome(lambda: op(d.copy(), other))) or d, (A,), (A,))
        assert found == [expected], name


def test_an_operator_asks_the_stranger_with_the_tensor_itself():
    class Keeps:
        __array_priority__ = 2000

        def __rmul__(self, other: Any) -> Any:
            return other

    t = ga.tensor(A)
    assert t * Keeps() is t
    np.testing.assert_array_equal(ga.grad(lambda t: np.sum((t * Keeps()) ** 2))(A), 2 * A)


# --- comparing with what is no number --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other", ["auto", None, {}, np.array(["a", "b"]), pytest.param(object(), id="object")], ids=repr
)
@pytest.mark.parametrize("x", [A, A[0], np.array([1, 2])], ids=["array", "number", "integers"])
def test_equality_with_what_is_no_number_is_false(other, x):
    for op in (operator.eq, operator.ne):
        pairs = [(op(x, other), op(ga.tensor(x), other))]
        if not isinstance(other, np.ndarray):  # of text, which looks for itself
            pairs.append((op(other, x), op(other, ga.tensor(x))))
        for expected, found in pairs:
            assert np.shape(found) == np.shape(expected)
            np.testing.assert_array_equal(found, expected)
            assert not isinstance(found, ga.Tensor)
    seen: list[Any] = []
    ga.jvp(lambda d: seen.append(d == other) or d, (np.asarray(x, float),), (np.asarray(x, float),))
    np.testing.assert_array_equal(seen[0], x == other)


def test_a_tensor_is_looked_for_among_text():
    assert ga.tensor(1.0) not in ["auto"]
    assert "auto" not in [ga.tensor(1.0)]
    with pytest.raises(TypeError):
        _ = ga.tensor(A) < "auto"


# --- declared anew ---------------------------------------------------------------------------------------------------


@pytest.fixture
def declared_again() -> Any:
    """Declare something anew, and restore it by declaring it once more."""
    before: list[Any] = []

    def declare(ufunc: np.ufunc, *partials: Any) -> None:
        before.append(registry.find(ufunc))
        registry.elementwise(ufunc, *partials)

    yield declare
    for rule in reversed(before):
        registry.register(rule)


def derivatives(f: Callable[[Any], Any], x: Any) -> list[float]:
    """By reverse mode, by a transform of it, and by forward mode."""
    t = ga.tensor(x)
    f(t).backward()
    _, tangent = ga.jvp(f, (x,), (np.ones_like(x),))
    return [float(np.sum(t.grad)), float(np.sum(ga.elementwise_grad(f)(x))), float(np.sum(tangent))]


def updated(op: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    def update(x: Any) -> Any:
        y = x.copy()
        y = op(y, 3.0)
        return y

    return update


@pytest.mark.parametrize("x", [2.0, np.array([2.0, 4.0])], ids=["number", "array"])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "mod"])
def test_binary_operators_follow_a_new_declaration(name, x, declared_again):
    op, ufunc = BINARY[name]
    ways = {
        "ufunc": lambda t: ufunc(t, 3.0),
        "operator": lambda t: op(t, 3.0),
        "mirror": lambda t: getattr(ga, ufunc.__name__)(t, 3.0),
        "in place": updated(INPLACE[name]),
        "reflected": lambda t: op(3.0, t),
    }
    before = {way: derivatives(f, x) for way, f in ways.items()}
    declared_again(ufunc, lambda ans, x1, x2: 0 * x1 + 100.0, lambda ans, x1, x2: 0 * x1 + 1000.0)
    n = np.size(x)
    for way, f in ways.items():
        expected = (1000.0 if way == "reflected" else 100.0) * n
        assert derivatives(f, x) == [expected] * 3, way
    registry.register(registry.RULES[ufunc])  # once more, which changes nothing
    assert derivatives(ways["operator"], x) == [100.0 * n] * 3
    assert before["ufunc"] == before["operator"]


@pytest.mark.parametrize(
    ("name", "ufunc", "call"),
    [
        ("neg", np.negative, operator.neg),
        ("pos", np.positive, operator.pos),
        ("abs", np.absolute, abs),
    ],
)
def test_unary_operators_follow_a_new_declaration(name, ufunc, call, declared_again):
    declared_again(ufunc, lambda ans, x: 0 * x + 100.0)
    for f in (call, ufunc, getattr(ga, ufunc.__name__)):
        assert derivatives(f, np.array([2.0, 4.0])) == [200.0] * 3


def test_a_comparison_can_be_given_a_derivative_and_taken_it_again():
    before = registry.find(np.less)
    registry.elementwise(np.less, lambda ans, x1, x2: 0 * x1 + 1.0, lambda ans, x1, x2: 0 * x1)
    try:
        assert isinstance(ga.tensor(A) < 1.0, ga.Tensor)
    finally:
        registry.register(before)
    assert not isinstance(ga.tensor(A) < 1.0, ga.Tensor)


def test_what_was_declared_first_holds_again():
    assert derivatives(lambda t: t * 3.0, 2.0) == [3.0] * 3
    assert derivatives(lambda t: 3.0 * t, 2.0) == [3.0] * 3


# --- pandas ----------------------------------------------------------------------------------------------------------


def test_series_are_constants_on_either_side():
    pd = pytest.importorskip("pandas")
    s = pd.Series([3.0, 4.0])
    for op, gradient in (
        (operator.mul, [3.0, 4.0]),
        (operator.add, [1.0, 1.0]),
        (operator.truediv, None),
        (operator.pow, None),
    ):
        for f in (lambda t, op=op: np.sum(op(t, s)), lambda t, op=op: np.sum(op(s, t))):
            found = ga.grad(f)(A)
            step = 1e-6
            expected = [(f(A + step * e) - f(A - step * e)) / (2 * step) for e in np.eye(2)]
            np.testing.assert_allclose(found, expected, 1e-7)
            np.testing.assert_allclose(ga.jvp(f, (A,), (A,))[1], np.dot(expected, A), 1e-7)
            if gradient is not None:
                np.testing.assert_array_equal(found, gradient)
