"""The tests of the tester: a wrong rule must fail its check, and the message must say where."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.registry import RULES, bilinear, composite, linear, nondifferentiable, rule, zero_gradient
from gradarray.reverse import protocols
from gradarray.rules.primitives import primitive
from tests import checks
from tests.counted import counted
from tests.rules.test_rules import SAMPLES, arrays, compare_signature, generator
from tests.samples import Sample

X = np.array([[0.7, -1.3, 0.4], [1.1, 0.6, -0.9], [0.2, 1.7, -0.5]])
Y = np.array([[0.3, 0.9, -1.4], [-0.6, 1.2, 0.8], [1.5, -0.7, 0.1]])
Z = X + 1j * Y
for array in (X, Y, Z):
    array.flags.writeable = False


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    """Forget the rules that a test declares."""
    tables: list[dict[Any, Any]] = [RULES, protocols.UFUNCS, protocols.FUNCTIONS]
    before = [dict(table) for table in tables]
    yield
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)


@primitive
def cube(x):
    return x * x * x


@primitive
def product(a, b):
    return a @ b


@primitive
def total(x, axis=None, where=True):
    return np.sum(x, axis=axis, where=where)


@primitive
def both(x):
    return np.sin(x), np.cos(x)


@primitive
def plus(a, b):
    return a + b


def raw(x):
    return x.data if isinstance(x, ga.Tensor) else x


def plain(x):
    """Return the numbers behind a Tensor or a Dual, and so lose their derivative."""
    return plain(x.value) if hasattr(x, "tangent") else raw(x)


CHECKS = [
    checks.check_gradient,
    checks.check_second_order,
    checks.check_forward_mode,
    checks.check_modes_at_second_order,
    checks.check_no_mutation,
    checks.check_subsets,
]


def check_everything(call: Callable[..., Any], *operands: Any) -> None:
    checks.check_forward(call, operands)
    checks.check_constants(call, operands)
    for check in CHECKS:
        check(call, operands, np.random.default_rng(1))
    for dtype, tolerance in ((np.float32, 1e-3), (np.float16, 5e-2)):
        checks.check_precision(call, [np.real(x) for x in operands], dtype, tolerance, np.random.default_rng(1))


# --- right rules pass ------------------------------------------------------------------------------------------------


def test_right_rules_pass(rng):
    rule(cube, lambda g, _ans, x: g * 3 * x * x)
    check_everything(cube, X)
    check_everything(cube, Z)
    bilinear(product, lambda g, a, b: g @ b.T, lambda g, a, b: a.T @ g)
    check_everything(product, X, Y)
    check_everything(product, X[:2], Y[:, :1])
    rule(both, lambda g, ans, _x: g[0] * ans[1] - g[1] * ans[0])
    check_everything(both, X)
    rule(plus, lambda g, _ans, _a, _b: g, lambda g, _ans, _a, _b: g)
    check_everything(plus, X, Y[0])


# --- wrong derivatives -----------------------------------------------------------------------------------------------


def test_off_by_one_in_a_thousand(rng):
    rule(cube, lambda g, _ans, x: g * 3.003 * x * x)
    with pytest.raises(AssertionError, match=r"gradient of operand 0, element \(0, 0\): .*, but by differences"):
        checks.check_gradient(cube, [X], rng)


def test_one_wrong_element_is_named(rng):
    error = np.ones(X.shape)
    error[1, 2] = 1.001
    rule(cube, lambda g, _ans, x: g * 3 * x * x * error)
    with pytest.raises(AssertionError, match=r"operand 0, element \(1, 2\)"):
        checks.check_gradient(cube, [X], rng)


def test_one_wrong_element_of_many(rng):
    many = rng.uniform(1, 2, size=(30, 30))
    error = np.ones(many.shape)
    error[17, 3] = 1.1
    rule(cube, lambda g, _ans, x: g * 3 * x * x * error)
    with pytest.raises(AssertionError):
        checks.check_gradient(cube, [many], rng)


def test_dropped_unbroadcast(rng):
    rule(cube, lambda g, _ans, x: np.sum(g * 3 * x * x, axis=1))
    with pytest.raises(AssertionError, match="a rule returned a cotangent of shape"):
        checks.check_gradient(cube, [X], rng)
    rule(cube, lambda g, _ans, x: np.sum(g * 3 * x * x, axis=1, keepdims=True))
    with pytest.raises(AssertionError, match="a rule returned a cotangent of shape"):
        checks.check_gradient(cube, [X], rng)


@pytest.mark.parametrize("keyword", [{"axis": 1}, {"where": X > 0}], ids=["axis", "where"])
def test_swallowed_keyword(rng, keyword):
    linear(total, lambda g, x, axis=None, where=True: g + np.zeros(x.shape))
    checks.check_gradient(lambda x: total(x), [X], rng)
    with pytest.raises(AssertionError, match="operand 0, element"):
        checks.check_gradient(lambda x: total(x, **keyword), [X], rng)


def test_transposed_cotangent(rng):
    bilinear(product, lambda g, a, b: g.T @ b.T, lambda g, a, b: a.T @ g)
    with pytest.raises(AssertionError, match="operand 0, element"):
        checks.check_gradient(product, [X, Y], rng)
    bilinear(product, lambda g, a, b: g @ b.T, lambda g, a, b: a.T @ g.T)
    with pytest.raises(AssertionError, match="operand 1, element"):
        checks.check_gradient(product, [X, Y], rng)


def test_missing_conjugate(rng):
    rule(cube, lambda g, _ans, x: g * 3 * x * x, holomorphic=False)
    checks.check_gradient(cube, [X], rng)
    with pytest.raises(AssertionError, match="operand 0, element"):
        checks.check_gradient(cube, [Z], rng)


def test_one_of_several_results_forgotten(rng):
    rule(both, lambda g, ans, _x: g[0] * ans[1])
    with pytest.raises(AssertionError, match="operand 0, element"):
        checks.check_gradient(both, [X], rng)


def test_undefined_gradient(rng):
    rule(cube, lambda g, _ans, x: np.where(x == X[1, 0], np.nan, g * 3 * x * x))
    with pytest.raises(AssertionError, match=r"operand 0, element \(1, 0\): nan"):
        checks.check_gradient(cube, [X], rng)


def test_no_gradient_at_all(rng):
    zero_gradient(cube)
    with pytest.raises(AssertionError, match="operand 0, element"):
        checks.check_gradient(cube, [X], rng)


def test_operand_taken_for_a_constant(rng):
    rule(product, lambda g, _ans, a, b: g @ b.T, skip=("b",))
    with pytest.raises(AssertionError, match="operand 1, element"):
        checks.check_gradient(product, [X, Y], rng)


def test_derivative_that_needs_the_other_operand_as_a_variable(rng):
    first = iter([True, False, False])

    def forgetful(g, ans, a, b):
        return g @ b.T if next(first) else g

    rule(product, forgetful, lambda g, ans, a, b: a.T @ g)
    with pytest.raises(AssertionError, match=r"operands \(0,\) as variables, the others as arrays"):
        checks.check_subsets(product, [X, Y], rng)


def test_gradient_that_depends_on_the_layout(rng):
    rule(cube, lambda g, _ans, x: g * 3 * np.reshape(np.ravel(x, order="K"), x.shape) ** 2)
    checks.check_gradient(cube, [X], rng)
    with pytest.raises(AssertionError, match="gradient of operand 0 differs"):
        checks.check_same(cube, [X], cube, [np.array(X, order="F")], rng)


def test_gradient_that_is_wrong_in_low_precision(rng):
    rule(cube, lambda g, _ans, x: g * 3 * x * x if x.dtype == float else g * 3.1 * x * x)
    checks.check_gradient(cube, [X], rng)
    with pytest.raises(AssertionError, match="gradient of operand 0 differs"):
        checks.check_precision(cube, [X], np.float32, 1e-3, rng)


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        (np.zeros(3, np.float32), "dtype float32, the operand float64"),
        (np.zeros((1, 3)), r"shape \(1, 3\), the operand \(3,\)"),
        (np.float64(0), "float64, not an ndarray"),
        ([0.0, 0.0, 0.0], "list, not an ndarray"),
    ],
    ids=["dtype", "shape", "scalar", "list"],
)
def test_gradient_of_the_wrong_kind(gradient, message):
    with pytest.raises(AssertionError, match=message):
        checks.dense(gradient, np.zeros(3))


# --- wrong derivatives of the derivative -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "vjp",
    [
        lambda g, _ans, x: g * 3 * raw(x) * raw(x),
        lambda g, _ans, x: g * 3 * x * raw(x),
        lambda g, _ans, x: raw(g) * 3 * x * x,
        lambda g, ans, x: g * (3 * x * x + ans - raw(ans) + 0.001 * (x - raw(x))),
    ],
    ids=["operand detached", "operand detached once", "cotangent detached", "result not detached"],
)
def test_wrong_second_derivative_only(rng, vjp):
    rule(cube, vjp)
    checks.check_gradient(cube, [X], rng)
    with pytest.raises(AssertionError, match=r"derivative of the gradient by \w+ 0, element \(\d, \d\)"):
        checks.check_second_order(cube, [X], rng)


def test_wrong_forward_mode_only(rng):
    rule(cube, lambda g, _ans, x: g * 3 * x * x, jvp=lambda tangents, _ans, x: tangents[0] * 3.003 * x * x)
    checks.check_gradient(cube, [X], rng)
    checks.check_second_order(cube, [X], rng)
    with pytest.raises(AssertionError, match="forward mode gives"):
        checks.check_forward_mode(cube, [X], rng)
    rule(cube, lambda g, _ans, x: g * 3 * x * x, jvp=lambda tangents, _ans, x: np.sum(tangents[0] * x, axis=0))
    with pytest.raises((AssertionError, ValueError)):
        checks.check_forward_mode(cube, [X], rng)


def test_forward_mode_wrong_at_second_order_only(rng):
    rule(cube, lambda g, _ans, x: g * 3 * x * x, jvp=lambda tangents, _ans, x: tangents[0] * 3 * x * np.real(plain(x)))
    checks.check_forward_mode(cube, [X], rng)
    with pytest.raises(AssertionError, match="by forward over forward mode"):
        checks.check_modes_at_second_order(cube, [X], rng)


# --- changed arrays --------------------------------------------------------------------------------------------------


def writes_operand(g, _ans, x):
    derivative = g * 3 * x * x
    raw(x)[...] = 0
    return derivative


def writes_cotangent(g, _ans, x):
    raw(g)[...] *= 2
    return g * 1.5 * x * x


def writes_result(g, ans, x):
    derivative = g * 3 * ans / x
    raw(ans)[...] = 0
    return derivative


@pytest.mark.parametrize(
    ("vjp", "what"),
    [
        (writes_operand, "operand 0"),
        (writes_cotangent, "cotangent 0"),
        pytest.param(writes_result, "result 0", marks=counted),
    ],
    ids=["operand", "cotangent", "result"],
)
def test_rule_that_writes_into_its_arguments(rng, vjp, what):
    rule(cube, vjp)
    with pytest.raises(AssertionError, match=f"{what} was changed"):
        checks.check_no_mutation(cube, [X], rng)


@ga.mem_guard_off  # which would save a copy
def test_rule_that_writes_into_a_read_only_operand(rng):
    rule(cube, writes_operand)
    with pytest.raises(ValueError, match="read-only"):
        checks.check_gradient(cube, [X], rng)


# --- wrong results ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda x: x * x * x * (1 + 1e-9), "value differs from NumPy's"),
        (lambda x: (x * x * x).astype(np.float32), "dtype float32 instead of float64"),
        (lambda x: np.reshape(x * x * x, (1, *x.shape)), r"shape \(1, 3, 3\) instead of \(3, 3\)"),
        (lambda x: (x * x * x,), "tuple"),
        (lambda x: np.log(x * 0 - 1), "value differs from NumPy's"),
    ],
    ids=["value", "dtype", "shape", "tuple", "nan"],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_wrong_forward(body, message):
    composite(cube, body)
    with pytest.raises(AssertionError, match=message):
        checks.check_forward(cube, [X], exact=False)


@counted
def test_wrong_memory_order():
    composite(cube, lambda x: np.copy(x * x * x, order="F"))
    checks.check_forward(cube, [X], exact=False)
    with pytest.raises(AssertionError, match="C order instead of NumPy's"):
        checks.check_forward(cube, [X])


def test_float_result_declared_nondifferentiable():
    nondifferentiable(cube)
    with pytest.raises(AssertionError, match="not a Tensor"):
        checks.check_forward(cube, [X])


def test_constant_made_of_variables(rng):
    composite(cube, lambda x: raw(x) * raw(x) * raw(x))
    with pytest.raises(AssertionError, match="a result is a constant although an operand is a variable"):
        checks.check_forward(cube, [X])
    with pytest.raises(AssertionError, match="operand 0, element"):
        checks.check_gradient(cube, [X], rng)


def test_variable_made_of_constants():
    composite(cube, lambda x: x * x * x)
    checks.check_constants(cube, [X])
    with pytest.raises(AssertionError, match="a result is a variable although no operand is"):
        checks.check_constants(lambda x: ga.Tensor(raw(x)) if isinstance(x, ga.Tensor) else x, [X])


def refusing(x):
    if x.ndim == 0:
        raise ValueError("too few axes")
    return x


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda x: 1 / 0, "raises ValueError.*, but gradarray ZeroDivisionError"),
        (lambda x: x, "but gradarray nothing"),
    ],
    ids=["another", "none"],
)
def test_other_exception(body, message):
    function = primitive(refusing)
    composite(function, body)
    with pytest.raises(AssertionError, match=message):
        checks.refused(function, [np.array(1.0)])


def test_same_exception():
    function = primitive(refusing)
    composite(function, refusing)
    assert checks.refused(function, [np.array(1.0)])
    assert not checks.refused(function, [X])


# --- signatures and samples ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adjoint", "expected"),
    [
        (lambda g, x, axis=None, where=True: g, {}),
        (lambda g, x, axis=0, where=True: g, {"axis": "axis=0 instead of None"}),
        (lambda g, x, axis=None, where=1: g, {"where": "where=1 instead of True"}),
        (lambda g, x, axis=None: g, {"where": "where is not supported"}),
    ],
    ids=["right", "default", "type of a default", "missing"],
)
def test_differing_parameters_are_found(adjoint, expected):
    linear(total, adjoint)
    assert compare_signature(RULES[total]) == expected


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_sample_passes_whatever_the_gradient_is(monkeypatch):
    """With a gradient that is off by one in a thousand in its largest element, every sample must fail."""
    right = checks.gradients

    def wrong(call, operands, cotangents, variables=None):
        found = right(call, operands, cotangents, variables)
        found = [np.array(checks.dense(g, x)) for g, x in zip(found, operands, strict=True)]
        spots = [(k, index) for k, x in enumerate(operands) for index in np.ndindex(x.shape) if np.isfinite(x[index])]
        k, index = max(spots, key=lambda spot: abs(found[spot[0]][spot[1]]))
        found[k][index] = 1.001 * found[k][index] or 1e-3
        return found

    monkeypatch.setattr(checks, "gradients", wrong)
    passing = []
    with np.errstate(all="ignore"):
        for name, sample in SAMPLES.items():
            operands = arrays(sample.operands, generator(sample))
            if sample.order == 0 or not any(x.size for x in operands) or not checks.floating(sample(*operands)):
                continue
            try:
                checks.check_gradient(sample, operands, generator(sample))
            except Exception:  # another one shows a sample that is broken, which is for test_rules.py to say
                continue
            passing.append(name)
    assert not passing, f"these samples show nothing: {', '.join(passing)}"


def test_samples_show_their_calls():
    names = [sample.name for sample in SAMPLES.values()]
    assert all(names)
    assert not [name for name in names if "<" in name.replace("<lambda>", "")]
    assert Sample(np.sum, (np.ones(2),), {"axis": 0}).name == "sum(array, axis=0)"
