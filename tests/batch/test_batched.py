"""Batches of cotangents and of tangents: each of them fares as it does in a sweep of its own.

The reference is the ordinary sweep, which test_rules.py compares with differences.
"""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.batch import batch, batched
from gradarray.batch.batch import Batch
from gradarray.rules.primitives import primitive
from gradarray.tape import sweeps
from gradarray.tape.nodes import Node
from tests import checks
from tests.rules.test_rules import SAMPLES, arrays, each, generator
from tests.samples import Sample

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

COUNT = 3  # the arrays of a batch


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that takes the name of every function and rule that goes through a batch one by one."""
    found: list[str] = []
    one_by_one = batch.one_by_one

    def noted(func: Any, args: Any, kwargs: Any, *beside: Any) -> Any:
        of_rule = func is batched._pull_one
        found.append(f"the rule of {args[1].rule.name}" if of_rule else func.__name__)
        return one_by_one(func, args, kwargs, *beside)

    monkeypatch.setattr(batch, "one_by_one", noted)
    monkeypatch.setattr(batched, "one_by_one", noted)
    return found


def recorded(call: Callable[..., Any], operands: Sequence[Any]) -> tuple[list[Node], list[ga.Tensor]]:
    """Call a function on variables; return their nodes, and the results that depend on them."""
    tensors = checks.mixed(operands)
    results = [t for t in checks.floating(call(*tensors)) if isinstance(t, ga.Tensor) and not t.constant]
    return [t._node for t in tensors], results  # type: ignore[misc]


def draws(rng: np.random.Generator, like: Any) -> Any:
    return np.stack([checks.draw(rng, np.asarray(like)) for _ in range(COUNT)])


def variants(sample: Sample) -> Iterator[list[Any]]:
    """Make the operands as they are, as numbers, complex and in single precision, where NumPy takes them."""
    plain = arrays(sample.operands, generator(sample))
    yield plain
    others = [[x.astype(np.float32) for x in plain]]
    if not sample.fixed:
        others.append(arrays([x.scalar() for x in sample.operands], generator(sample)))
    if not sample.real_only:
        others.append(arrays(sample.operands, generator(sample), complex_ones=range(len(plain))))
    for operands in others:
        try:
            sample(*operands)
        except Exception:
            continue
        yield operands


def tolerance(*dtypes: Any) -> float:
    return float(max(np.finfo(dtype).eps for dtype in dtypes) ** 0.75)


# --- every rule ------------------------------------------------------------------------------------------------------


def check_reverse(sample: Sample, operands: list[Any]) -> None:
    rng = generator(sample)
    inputs, results = recorded(sample, operands)
    for result in results:
        g = draws(rng, result.data)
        together = batched.pull_batch(batched.between(result._node, inputs), inputs, result._node, Batch(g))
        for i in range(COUNT):
            alone = sweeps.sweep(result._node, g[i][()], True)
            for node in inputs:
                expected = alone.get(node, np.zeros(node.shape))
                found = together[node] if node in together else Batch(np.zeros((COUNT, *node.shape), node.dtype))
                assert (found.shape, found.dtype) == (node.shape, node.dtype)
                error = tolerance(node.dtype, result.dtype)
                largest = np.max(np.abs(expected[np.isfinite(expected)]), initial=1)
                np.testing.assert_allclose(found.value[i], expected, error, error * largest)


def check_forward(sample: Sample, operands: list[Any]) -> None:
    rng = generator(sample)
    inputs, results = recorded(sample, operands)
    t = [np.where(np.isfinite(x), draws(rng, x), 0).astype(x.dtype) for x in operands]
    for result in results:
        tangents = {node: Batch(part) for node, part in zip(inputs, t, strict=True)}
        together = batched.push_batch(batched.between(result._node, inputs), result._node, tangents)
        if together is None:
            together = Batch(np.zeros((COUNT, *result.shape), result.dtype))
        assert (together.shape, together.dtype) == (result.shape, result.dtype)
        for i in range(COUNT):
            g = checks.draw(rng, np.asarray(result.data))
            alone = sweeps.sweep(result._node, g[()], True)
            found_alone = [np.where(np.isfinite(x), alone.get(n, 0), 0) for n, x in zip(inputs, operands, strict=True)]
            pairs = [(gradient, part[i]) for gradient, part in zip(found_alone, t, strict=True)]
            expected, scale = sum(checks.inner(*pair) for pair in pairs), sum(checks.size(*pair) for pair in pairs)
            found = checks.inner(g, np.where(np.isfinite(result.data), together.value[i], 0))
            error = tolerance(result.dtype, *(n.dtype for n in inputs))
            assert abs(found - expected) <= error * (1 + scale), f"<g, J t> is {found}, but <J^T g, t> is {expected}"


@each(lambda sample: sample.order > 0)
def test_cotangents_of_a_batch_are_those_of_single_sweeps(sample: Sample) -> None:
    for operands in variants(sample):
        check_reverse(sample, operands)


@each(lambda sample: sample.order > 0)
def test_tangents_of_a_batch_agree_with_single_sweeps_in_reverse(sample: Sample) -> None:
    for operands in variants(sample):
        check_forward(sample, operands)


# --- what is done for a batch at once --------------------------------------------------------------------------------

# The functions that go through a batch one by one in some sample as it stands; all others have a form for a batch.
LOOPS_IN_REVERSE: set[str] = set()
LOOPS_FORWARD = {"cross", "diagflat", "einsum", "padded", "resize"}


@pytest.mark.parametrize(
    ("check", "expected"),
    [(check_reverse, LOOPS_IN_REVERSE), (check_forward, LOOPS_FORWARD)],
    ids=["reverse", "forward"],
)
def test_only_the_functions_that_are_listed_go_one_by_one(check: Any, expected: set[str], loops: list[str]) -> None:
    for sample in SAMPLES.values():
        if sample.order > 0:
            check(sample, arrays(sample.operands, generator(sample)))
    assert set(loops) == expected


def test_only_rules_without_a_forward_derivative_are_transposed(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = set()
    jvps_by_vjp = batched.jvps_by_vjp

    def noted(node: Node, tangents: list[Any]) -> Any:
        rules.add(node.rule)
        return jvps_by_vjp(node, tangents)

    monkeypatch.setattr(batched, "jvps_by_vjp", noted)
    for sample in SAMPLES.values():
        if sample.order > 0:
            check_forward(sample, arrays(sample.operands, generator(sample)))
    assert not [rule.name for rule in rules if rule.kind != "rule" or rule.jvp is not None]


def test_a_jacobian_takes_one_sweep(monkeypatch: pytest.MonkeyPatch, loops: list[str]) -> None:
    pulled = []
    pull = batched.pull
    monkeypatch.setattr(batched, "pull", lambda node, *rest: pulled.append(node) or pull(node, *rest))
    (x,), (y,) = recorded(lambda x: np.tanh(W @ np.sin(x)), [np.ones(4)])
    batched.tape_jacobian(y._node, [x], "rev")
    assert [node.rule.name for node in pulled] == ["np.tanh", "np.matmul", "np.sin"]
    assert not loops


# --- Jacobians -------------------------------------------------------------------------------------------------------

W = np.random.default_rng(0).normal(size=(3, 4))


def layers(x: Any) -> Any:
    return np.tanh(W @ x + 1) * x[:3] + np.sum(x**2)


def columns_and_rows(x: Any) -> Any:
    """Add to one array in Fortran order, and then at single elements of it."""
    y = x.reshape(2, 2) * 1.0
    z = y[[0, 1, 1], [1, 0, 0]]
    return np.concatenate([np.ravel(y.T * W[:2, :2].T + np.sin(y.T)), z * z])


def one_after_another(x: Any) -> Any:
    out = np.zeros(6, like=x)
    for i in range(4):
        out[i] = x[i] * x[i - 1]
    out[2:] *= x
    return out


def several_results(x: Any) -> Any:
    values, vectors = np.linalg.eigh(np.outer(x, x) + np.diag(np.arange(4.0)))
    return np.concatenate([values, np.abs(vectors[:, 0])])


def single_number(x: Any) -> Any:
    return np.prod(x)


def cube(x: Any) -> Any:
    return np.multiply.outer(x, np.stack([np.cos(x), x**3]))


def a_sum_and_a_part(x: Any) -> Any:
    """Add two arrays, which then have one cotangent together, and read a part of one of them."""
    u, y = np.sin(x), x * 3.0
    part = y[1:3]
    return np.concatenate([np.sin(y + u), part * part])


def indices_apart(x: Any) -> Any:
    y = x.reshape(2, 2, 1) * np.array([1.0, 2.0, 3.0])
    return np.concatenate([y[[0, 1, 1], :, [2, 0, 0]].T.ravel(), y[..., [0, 2]][1].ravel()])


FUNCTIONS = [
    a_sum_and_a_part,
    indices_apart,
    layers,
    columns_and_rows,
    one_after_another,
    several_results,
    single_number,
    cube,
]
POINT = np.array([0.3, -1.2, 0.8, 1.7])


def by_differences(function: Callable[..., Any], x: Any) -> Any:
    """Return the Jacobian by the columns that central differences give."""
    directions = [checks.unit(x, index) for index in np.ndindex(x.shape)]
    columns = [checks.difference(lambda x: [function(x)], [x], [t])[0] for t in directions]
    return np.stack(columns, axis=-1).reshape(np.shape(function(x)) + x.shape)


def jacobian(function: Callable[..., Any], x: Any, mode: str | None = None) -> Any:
    (node,), (y,) = recorded(function, [x])
    (found,) = batched.tape_jacobian(y._node, [node], mode)
    return found


@pytest.mark.parametrize("mode", ["rev", "fwd", None])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_jacobian_is_that_of_differences(function: Any, mode: str | None) -> None:
    found = jacobian(function, POINT, mode)
    assert found.dtype == POINT.dtype
    np.testing.assert_allclose(found, by_differences(function, POINT), 1e-8, 1e-9)


@pytest.mark.parametrize("mode", ["rev", "fwd"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_small_chunks_give_the_same_jacobian(function: Any, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = jacobian(function, POINT, mode)
    monkeypatch.setattr(batched, "CHUNK", 40)
    np.testing.assert_allclose(jacobian(function, POINT, mode), whole, 1e-12, 1e-14)


def test_chunks_bound_the_memory() -> None:
    n = 3000

    def chain(x: Any) -> Any:
        for _ in range(10):
            x = np.sin(x) * x
        return x

    (x,), (y,) = recorded(chain, [np.linspace(0, 1, n)])
    for mode in ("rev", "fwd"):
        tracemalloc.start()
        (found,) = batched.tape_jacobian(y._node, [x], mode)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak - found.nbytes < 12 * 8 * batched.CHUNK  # in one piece, each array would have n * n elements
        assert n * n > 12 * batched.CHUNK


@pytest.mark.parametrize(("function", "rows", "columns"), [(np.sum, 1, 0), (lambda x: np.outer(x, x).ravel(), 0, 4)])
def test_the_direction_is_that_of_fewer_sweeps(
    function: Any, rows: int, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = {"rows": 0, "columns": 0}
    pull_batch, push_batch = batched.pull_batch, batched.push_batch

    def counted_rows(path: Any, inputs: Any, result: Any, g: Batch) -> Any:
        done["rows"] += len(g.value)
        return pull_batch(path, inputs, result, g)

    def counted_columns(path: Any, result: Any, tangents: Any) -> Any:
        done["columns"] += len(next(iter(tangents.values())).value)
        return push_batch(path, result, tangents)

    monkeypatch.setattr(batched, "pull_batch", counted_rows)
    monkeypatch.setattr(batched, "push_batch", counted_columns)
    jacobian(function, POINT)
    assert done == {"rows": rows, "columns": columns}


def test_several_inputs_have_a_jacobian_each() -> None:
    a, b, c = POINT, np.array([[1.0, 2.0], [3.0, 4.0]]), np.array(2.0)
    inputs, (y,) = recorded(lambda a, b, c: a[:2] @ b * np.exp(a[2]) + 0 * c, [a, b, c])
    for mode in ("rev", "fwd"):
        of_a, of_b, of_c = batched.tape_jacobian(y._node, inputs, mode)
        np.testing.assert_allclose(of_a, by_differences(lambda a: a[:2] @ b * np.exp(a[2]), a), 1e-8, 1e-9)
        np.testing.assert_allclose(of_b, by_differences(lambda b: a[:2] @ b * np.exp(a[2]), b), 1e-8, 1e-9)
        np.testing.assert_array_equal(of_c, np.zeros(2))


def test_an_input_without_influence_and_an_empty_one_have_zeros() -> None:
    inputs, (y,) = recorded(lambda a, b, c: a * 2.0 + np.sum(c), [np.ones(2), np.ones(3), np.ones(0)])
    for mode in ("rev", "fwd"):
        of_a, of_b, of_c = batched.tape_jacobian(y._node, inputs, mode)
        np.testing.assert_array_equal(of_a, 2 * np.eye(2))
        np.testing.assert_array_equal(of_b, np.zeros((2, 3)))
        assert of_c.shape == (2, 0)


@pytest.mark.parametrize("mode", ["rev", "fwd"])
def test_zero_times_infinity_is_zero(mode: str) -> None:
    x = np.array([0.0, 4.0, -1.0])
    found = jacobian(lambda x: np.where(x > 0, np.log(x), 0.0), x, mode)
    np.testing.assert_array_equal(found, np.diag([0, 0.25, 0]))
    found = jacobian(lambda x: np.sqrt(x), x[:2], mode)
    np.testing.assert_array_equal(found, [[np.inf, 0], [0, 0.25]])


@pytest.mark.parametrize("mode", ["rev", "fwd"])
def test_complex_jacobians(mode: str) -> None:
    x = np.array([0.3, -1.2, 0.8])
    z = x + 1j * np.array([0.5, 0.2, -0.7])

    def holomorphic(z: Any) -> Any:
        return np.exp(z) * z[::-1] + W[:, :3] @ z

    np.testing.assert_allclose(jacobian(holomorphic, z, mode), by_differences(holomorphic, z), 1e-8, 1e-9)
    of_real = jacobian(lambda x: np.exp(1j * x) * x[0], x, mode)
    np.testing.assert_allclose(of_real, by_differences(lambda x: np.exp(1j * x) * x[0], x), 1e-8, 1e-9)

    def to_real(z: Any) -> Any:
        return np.abs(z) * np.real(z[0])

    def slopes(unit: complex) -> Any:
        directions = [checks.unit(z, (k,), unit) for k in range(3)]
        return np.stack([checks.difference(lambda z: [to_real(z)], [z], [t])[0] for t in directions], axis=-1)

    steepest = slopes(1) + 1j * slopes(1j)
    np.testing.assert_allclose(jacobian(to_real, z, mode), steepest, 1e-8, 1e-9)


@pytest.mark.parametrize("mode", ["rev", "fwd"])
def test_second_derivatives_are_jacobians_of_a_recorded_gradient(mode: str) -> None:
    def loss(x: Any) -> Any:
        return np.sum(np.tanh(W @ x) ** 2) + np.prod(x) + x[0] * np.max(x)

    x = ga.Tensor(POINT)
    loss(x).backward(create_graph=True)
    (found,) = batched.tape_jacobian(x.grad._node, [x._node], mode)

    def gradient(x: Any) -> Any:
        (found,) = checks.gradients(loss, [x], [np.float64(1)])
        return found

    np.testing.assert_allclose(found, by_differences(gradient, POINT), 1e-7, 1e-8)


def test_the_tape_stays() -> None:
    (x,), (y,) = recorded(layers, [POINT])
    first = batched.tape_jacobian(y._node, [x], "rev")
    np.testing.assert_array_equal(batched.tape_jacobian(y._node, [x], "rev"), first)
    sweeps.sweep(y._node, np.ones(3))
    with pytest.raises(RuntimeError, match="released"):
        batched.tape_jacobian(y._node, [x])


# --- rules that know nothing of batches ------------------------------------------------------------------------------


def test_a_function_with_a_gradient_of_its_own_sees_no_batch() -> None:
    seen = []

    @ga.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda g: seen.append(type(g)) or 2 * g * x

    for mode in ("rev", "fwd"):
        np.testing.assert_allclose(jacobian(lambda x: square(x) + x, POINT, mode), np.diag(2 * POINT + 1))
    assert Batch not in seen


@pytest.mark.usefixtures("restored_tables")
@pytest.mark.parametrize(
    "pull",
    [
        lambda g, _ans, x: np.asarray(g) * 2 * x,
        lambda g, _ans, x: 2 * x * (g if g[0] > 0 else 1 * g),
        lambda g, _ans, x: np.array([float(one) for one in g]) * 2 * x,
    ],
    ids=["asarray", "branch", "float"],
)
def test_a_rule_that_takes_no_batch_gets_one_cotangent_after_the_other(pull: Any, loops: list[str]) -> None:
    square = primitive(lambda x: x * x)
    ga.registry.rule(square, pull)
    found = jacobian(lambda x: square(np.concatenate([x, -x])), POINT, "rev")
    np.testing.assert_allclose(found, np.concatenate([np.diag(2 * POINT)] * 2))
    assert loops


@pytest.mark.usefixtures("restored_tables")
def test_an_error_of_a_rule_reaches_the_caller() -> None:
    def refuse(g: Any, _ans: Any, x: Any) -> Any:
        raise ValueError("no derivative today")

    square = primitive(lambda x: x * x)
    ga.registry.rule(square, refuse)
    for mode in ("rev", "fwd"):
        with pytest.raises(ValueError, match="no derivative today"):
            jacobian(square, POINT, mode)


def test_a_batch_is_never_taken_for_an_array() -> None:
    g = Batch(np.ones((3, 2)))
    for take in (np.asarray, lambda g: np.array([g, g]), lambda g: np.zeros(2).__setitem__(..., g), float, g.__ior__):
        with pytest.raises(TypeError):
            take(g)
    with pytest.raises(TypeError, match="differ in their truth value"):
        bool(Batch(np.array([True, False])))
    with pytest.raises(TypeError):
        bool(g)
    assert Batch(np.array([True, True]))


# --- the transforms --------------------------------------------------------------------------------------------------


def calls_of(name: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that grows by one with each call of a function of gradarray.batch.batched."""
    calls: list[Any] = []
    function = getattr(batched, name)
    monkeypatch.setattr(batched, name, lambda *args: calls.append(args) or function(*args))
    return calls


@pytest.mark.parametrize(
    ("transform", "way"),
    [(ga.jacobian, "pull_batch"), (ga.jacrev, "pull_batch"), (ga.jacfwd, "push_batch"), (ga.hessian, "pull_batch")],
)
def test_the_transforms_take_one_sweep(transform: Any, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function: Any = (lambda x: np.sum(layers(x) ** 2)) if transform is ga.hessian else layers
    swept = calls_of(way, monkeypatch)
    found = transform(function)(POINT)
    assert len(swept) == 1
    first = ga.grad(function) if transform is ga.hessian else function
    np.testing.assert_allclose(found, by_differences(first, POINT), 1e-7, 1e-8)


def test_jacobians_of_containers_are_swept_once_for_each_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def function(p: Any) -> Any:
        return {"sum": p["a"] @ p["b"], "both": (np.outer(p["a"], p["a"]), 3.0)}

    swept = calls_of("pull_batch", monkeypatch)
    a, b = np.array([1.0, 2.0]), np.array([[3.0], [4.0]])
    found = ga.jacrev(function)({"a": a, "b": b})
    assert len(swept) == 2
    np.testing.assert_array_equal(found["sum"]["a"], b.T)
    np.testing.assert_array_equal(found["sum"]["b"], a[None, :, None])
    np.testing.assert_allclose(found["both"][0]["a"], by_differences(lambda a: np.outer(a, a), a), 1e-8, 1e-9)
    np.testing.assert_array_equal(found["both"][0]["b"], np.zeros((2, 2, 2, 1)))
    np.testing.assert_array_equal(found["both"][1]["a"], np.zeros(2))


def test_a_jacobian_that_depends_on_an_outer_variable_stays_connected() -> None:
    scale = ga.Tensor(2.0)
    found = ga.jacobian(lambda x: scale * x * x)(POINT)
    np.sum(found).backward()
    assert scale.grad == pytest.approx(np.sum(2 * POINT))
    of_norm = ga.grad(lambda x: np.sum(ga.jacobian(lambda y: y**3)(x)))(POINT)
    np.testing.assert_allclose(of_norm, 6 * POINT)
