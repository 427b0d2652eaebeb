"""Functions of a user's own with a declared derivative, and what their derivatives may be written in."""

from __future__ import annotations

import inspect
import pickle
import re
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytestmark = pytest.mark.usefixtures("restored_tables")
X = np.array([0.5, 1.5, -1.0])
V = np.array([1.0, -2.0, 0.5])


@ga.registry.primitive
def running_sum(x: Any, scale: float = 1.0) -> Any:
    """Fill an array, in a loop."""
    out, total = np.zeros(len(x), np.asarray(x).dtype), 0.0
    for i in range(len(x)):
        total += x[i]
        out[i] = scale * total
    return out


def declare() -> None:
    ga.registry.linear(running_sum, lambda g, x, scale=1.0: scale * np.cumsum(g[::-1])[::-1])


@ga.registry.primitive
def soft(x: Any, y: Any, sharpness: float = 1.0) -> Any:
    return np.log(np.exp(sharpness * x) + np.exp(sharpness * y)) / sharpness


def declare_soft() -> None:
    ga.registry.rule(
        soft,
        lambda g, ans, x, y, sharpness=1.0: g * np.exp(sharpness * (x - ans)),
        lambda g, ans, x, y, sharpness=1.0: g * np.exp(sharpness * (y - ans)),
    )


# --- calls -----------------------------------------------------------------------------------------------------------


def test_it_is_the_function_that_it_was() -> None:
    assert running_sum.__name__ == "running_sum" and running_sum.__doc__ == "Fill an array, in a loop."
    assert [*inspect.signature(running_sum).parameters] == ["x", "scale"]
    assert pickle.loads(pickle.dumps(running_sum)) is running_sum
    found = running_sum(X, scale=2.0)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, [1, 4, 2])
    np.testing.assert_array_equal(running_sum([1, 2]), [1, 3])
    with pytest.raises(TypeError, match="unexpected keyword argument 'stop'"):
        running_sum(X, stop=1)
    with pytest.raises(TypeError, match="primitive takes a function, not 3"):
        ga.registry.primitive(3)  # type: ignore[arg-type]


def test_a_variable_is_refused_before_there_is_a_declaration() -> None:
    for call in (lambda: soft(ga.tensor(X), 1.0), lambda: ga.jvp(soft, (X, X), (V, V))):
        with pytest.raises(TypeError, match=r"soft cannot be called on a Tensor.*ga\.registry"):
            call()


def test_derivatives_of_every_order_in_both_modes() -> None:
    declare()
    declare_soft()
    ga.check_grads(lambda x: np.sin(running_sum(x, scale=2.0)) * x, (X,))
    ga.check_grads(lambda x, y: soft(x, y) * soft(y, y * x, sharpness=2.0), (X, V[:1]), order=3)
    ga.check_grads(soft, (0.5, np.ones((2, 1))))
    ga.check_grads(lambda x: running_sum(np.exp(1j * x)), (X,))
    np.testing.assert_allclose(ga.jacobian(running_sum)(X), np.tri(3))
    np.testing.assert_allclose(ga.jacfwd(running_sum)(X), np.tri(3))
    np.testing.assert_allclose(ga.hessian(lambda x: np.sum(running_sum(x) ** 2))(X), 2 * np.tri(3).T @ np.tri(3))


def test_operands_by_name_and_parameters_by_position() -> None:
    declare_soft()
    expected = ga.grad(lambda x: soft(x, 1.0, sharpness=2.0))(0.5)
    for call in (
        lambda x: soft(x, 1.0, 2.0),
        lambda x: soft(x=x, y=1.0, sharpness=2.0),
        lambda x: soft(y=1.0, sharpness=2.0, x=x),
        lambda x: soft(x, y=1.0, sharpness=2.0),
    ):
        np.testing.assert_allclose(ga.grad(call)(0.5), expected)
        np.testing.assert_allclose(ga.jvp(call, (0.5,), (1.0,))[1], expected)
    with pytest.raises(TypeError, match="not differentiable with respect to 'sharpness'"):
        soft(X, X, sharpness=ga.tensor(2.0))


def test_a_list_of_variables_is_one_array() -> None:
    declare()
    declare_soft()
    for call in (lambda x: running_sum([x, 2 * x])[1], lambda x: running_sum(x=(x, 2 * x))[1]):
        assert ga.grad(call)(1.0) == ga.jvp(call, (1.0,), (1.0,))[1] == 3
    t = ga.tensor(2.0)
    running_sum([t, 1.0])[1].backward()
    assert t.grad == 1
    np.testing.assert_array_equal(running_sum([ga.tensor(2.0, constant=True), 1.0]), [2, 3])
    ga.check_grads(running_sum, ([0.5, 1.0],))
    with pytest.raises(TypeError, match=r"soft takes arrays.*ga\.custom_gradient"):
        soft({"x": t}, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_shapes_and_dtypes(shape: tuple[int, ...], dtype: Any) -> None:
    declare_soft()
    x = np.full(shape, 0.5, dtype)[()]
    t = ga.tensor(x)
    y = soft(t, x)
    y.backward()
    assert (y.dtype, y.shape, t.grad.dtype, t.grad.shape) == (dtype, shape, dtype, shape)
    np.testing.assert_allclose(t.grad, np.full(shape, 0.5), rtol=1e-6)
    assert soft(ga.tensor(x, constant=True), x).constant
    with ga.no_grad():
        assert soft(t, x).constant


def test_results_of_every_kind() -> None:
    number = ga.registry.primitive(lambda x: float(x) * 3)
    ga.registry.rule(number, lambda g, _ans, _x: 3 * g)
    assert ga.grad(number)(2.0) == 3
    several = ga.registry.primitive(lambda x, y: [x * y, 7, x + y])
    ga.registry.rule(several, joint=lambda g, _ans, x, y: (g[0] * y + g[2], g[0] * x + g[2]))
    first, whole, last = several(ga.tensor(2.0), 3.0)
    assert (first.data, whole, last.data) == (6, 7, 5)
    assert ga.grad(lambda x: several(x, 3.0)[0] + 2 * several(x, 3.0)[2])(2.0) == 5
    ga.check_grads(lambda x, y: several(x, y)[::2], (2.0, 3.0))
    text = ga.registry.primitive(lambda x: f"{x:.1f}")
    ga.registry.nondifferentiable(text)
    assert text(ga.tensor(2.0)) == "2.0"
    assert ga.jvp(lambda x: x * len(text(x)), (2.0,), (1.0,))[1] == 3
    steps = ga.registry.primitive(lambda x: np.round(x, 1))
    ga.registry.zero_gradient(steps)
    np.testing.assert_array_equal(ga.grad(lambda x: np.sum(steps(x) * x))(X), steps(X))


@pytest.mark.parametrize("made", [np.frompyfunc(lambda x, y: x**3 * y, 2, 1), np.vectorize(lambda x, y: x**3 * y)])
def test_functions_of_single_numbers_that_numpy_repeats(made: Any) -> None:
    f = ga.registry.primitive(made)
    ga.registry.rule(f, lambda g, _ans, x1, x2: g * 3 * x1**2 * x2, lambda g, _ans, x1, x2: g * x1**3)
    assert f(X, 2).dtype == np.float64
    ga.check_grads(f, (X, 2.0))
    ga.check_grads(f, (X, V[:, None]))


def test_an_operand_without_a_derivative() -> None:
    power = ga.registry.primitive(lambda x, n: x**n)
    ga.registry.rule(power, lambda g, _ans, x, n: g * n * x ** (n - 1), None)
    assert ga.grad(power)(2.0, 3) == 12
    assert ga.jvp(lambda x: power(x, 3), (2.0,), (1.0,))[1] == 12
    for call in (lambda: ga.grad(power, argnums=1)(2.0, 3.0), lambda: ga.jvp(power, (2.0, 3.0), (1.0, 1.0))):
        with pytest.raises(TypeError, match="has no derivative by its operand n, number 2 of 2"):
            call()
    with ga.no_grad():
        assert power(2.0, ga.tensor(3.0)) == 8
    with pytest.raises(TypeError, match="needs at least one derivative"):
        ga.registry.rule(power, None, None)


# --- what the function sees, and what it may do -----------------------------------------------------------------------


def test_the_function_sees_plain_arrays_also_in_drop_in_mode() -> None:
    seen = []

    @ga.registry.primitive
    def watched(x: Any) -> Any:
        seen.extend([type(x), type(np.zeros(2)), type(np.array([1.0]))])
        return x * 1

    ga.registry.linear(watched, lambda g, x: g)
    ga.grad(lambda x: np.sum(watched(x)))(X)
    ga.jvp(watched, (X,), (V,))
    assert set(seen) == {np.ndarray} and len(seen) >= 6


def test_it_changes_nothing_and_shares_nothing() -> None:
    doubled = ga.registry.primitive(lambda x: np.multiply(x, 2, out=x))
    ga.registry.linear(doubled, lambda g, x: 2 * g)
    x = X.copy()
    for value in (x, ga.tensor(x)):
        with pytest.raises(ValueError, match="read-only"):
            doubled(value)
    np.testing.assert_array_equal(x, X)
    reversed_ = ga.registry.primitive(lambda x: x[::-1])
    ga.registry.linear(reversed_, lambda g, x: g[::-1])
    t = ga.tensor(X)
    y = reversed_(t)
    assert y.base is None and not np.shares_memory(y.data, t.data)
    same = ga.registry.primitive(lambda x: x)
    ga.registry.linear(same, lambda g, x: 7 * g)
    np.testing.assert_array_equal(ga.grad(lambda x: np.sum(same(x)))(X), [7, 7, 7])


def test_a_variable_that_is_no_argument_is_refused() -> None:
    weight = ga.tensor(3.0)
    scaled = ga.registry.primitive(lambda x: x * weight)
    ga.registry.linear(scaled, lambda g, x: 3 * g)
    for call in (lambda: scaled(2.0), lambda: ga.grad(scaled)(2.0), lambda: ga.jvp(scaled, (2.0,), (1.0,))):
        with pytest.raises(ga.GradientLossError, match="uses a variable that is not among its arguments"):
            call()


def test_a_twin_brings_it_to_code_that_calls_the_library() -> None:
    mean = ga.registry.primitive(statistics.harmonic_mean)
    ga.registry.rule(mean, lambda g, ans, data: g * ans**2 / (data.size * data**2))
    ga.registry.twin(statistics.harmonic_mean, mean)
    ga.check_grads(lambda x: np.sum((x - statistics.harmonic_mean(x)) ** 2), (np.array([1.0, 2.5, 0.7]),))


def test_the_example_of_the_contributors_page() -> None:
    pytest.importorskip("scipy")
    page = Path(__file__).parents[2] / ".github" / "CONTRIBUTING.md"
    (example,) = [b for b in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL) if "simpson" in b]
    names: dict[str, Any] = {}
    exec(example, names)
    integrate = names["integrate"]
    ga.check_grads(lambda a: integrate.simpson(np.sin(a), dx=0.1) * names["area"](a), (np.arange(5.0),))


# --- what derivatives may be written in ------------------------------------------------------------------------------


def by_where(g: Any, _ans: Any, x: Any) -> Any:
    return g * np.where(x > 0, 2 * x, 0.0)


def by_filling(g: Any, _ans: Any, x: Any) -> Any:
    out = np.zeros(x.shape)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = 2 * g[i] * x[i]
    return out


def by_lists(g: Any, _ans: Any, x: Any) -> Any:
    return np.array([2 * a * max(b, 0.0) for a, b in zip(g, x, strict=True)])


def forwards(tangents: Any, ans: Any, x: Any) -> Any:
    return by_filling(tangents[0], ans, x)


def value(x: Any) -> Any:
    return np.where(x > 0, x, 0.0) ** 2


def declared(vjp: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    made = ga.registry.primitive(lambda x: value(x))
    ga.registry.rule(made, vjp, **options)
    return made


def of_custom_gradient(vjp: Callable[..., Any]) -> Callable[..., Any]:
    return ga.custom_gradient(lambda x: (value(x), lambda g: vjp(g, None, x)))


def filled_body(x: Any) -> Any:
    out = np.empty(x.shape)
    for i in range(len(x)):
        out[i] = x[i] ** 2 if x[i] > 0 else 0.0
    return out


def of_composite() -> Callable[..., Any]:
    made = ga.registry.primitive(lambda x: value(x))
    ga.registry.composite(made, filled_body)
    return made


WRITTEN: dict[str, Callable[[], Callable[..., Any]]] = {
    "where": lambda: declared(by_where),
    "filling": lambda: declared(by_filling),
    "lists": lambda: declared(by_lists),
    "forwards": lambda: declared(by_filling, jvp=forwards),
    "where, custom_gradient": lambda: of_custom_gradient(by_where),
    "filling, custom_gradient": lambda: of_custom_gradient(by_filling),
    "lists, custom_gradient": lambda: of_custom_gradient(by_lists),
    "composite": of_composite,
}
SLOPE, CURVATURE = np.array([1.0, 3.0, 0.0]), np.array([2.0, 2.0, 0.0])


@pytest.mark.parametrize("name", WRITTEN)
def test_a_derivative_may_be_any_numpy_code_in_every_transform(name: str) -> None:
    f = WRITTEN[name]()

    def loss(x: Any) -> Any:
        return np.sum(f(x) * x)

    second = np.diag(CURVATURE * X + 2 * SLOPE)
    plain = {
        "grad": (ga.grad(lambda x: np.sum(f(x)))(X), SLOPE),
        "jvp": (ga.jvp(lambda x: f(x), (X,), (V,))[1], SLOPE * V),
        "jvp without drop-in": (ga.jvp(lambda x: f(x), (X,), (V,), drop_in=False)[1], SLOPE * V),
        "jacfwd": (ga.jacfwd(lambda x: f(x))(X), np.diag(SLOPE)),
        "jacrev": (ga.jacrev(lambda x: f(x))(X), np.diag(SLOPE)),
        "linearize": (ga.linearize(lambda x: f(x), X)[1](V), SLOPE * V),
        "hessian": (ga.hessian(loss)(X), second),
        "hvp": (ga.hvp(loss)(X, V), second @ V),
        "grad of grad": (ga.grad(lambda x: np.sum(ga.grad(loss)(x) * V))(X), second @ V),
        "grad within": (ga.grad(lambda y: np.sum(ga.grad(loss)(X) * y))(V), value(X) + X * SLOPE),
        "jvp of jvp": (ga.jvp(lambda x: ga.jvp(lambda x: f(x), (x,), (V,))[1], (X,), (V,))[1], CURVATURE * V * V),
    }
    for transform, (found, expected) in plain.items():
        assert type(found) is np.ndarray, transform
        np.testing.assert_allclose(found, expected, atol=1e-15, err_msg=transform)
    t = ga.tensor(X)
    f(t).backward()
    np.testing.assert_array_equal(t.grad, SLOPE)
    ga.check_grads(lambda x: f(x) * x, (X,))


def test_a_faster_way_asks_for_the_type_that_an_array_has() -> None:
    f, met = declared(by_where), []

    def faster(g: Any, _ans: Any, x: Any) -> Any:
        met.append(type(x) is np.ndarray)
        return by_where(g, _ans, x)

    ga.registry.faster(f, faster)
    ga.grad(lambda x: np.sum(f(x)))(X)
    ga.grad(lambda x: np.sum(ga.grad(lambda x: np.sum(f(x)))(x)))(X)
    assert met[:2] == [True, False]


def test_a_view_is_one_where_it_may_be() -> None:
    @ga.registry.primitive(views=True)
    def every_second(x: Any) -> Any:
        return x[::2]

    ga.registry.linear(every_second, lambda g, x: np.insert(g, range(1, len(g) + 1), 0.0)[: x.shape[0]])
    array = np.arange(5.0)
    assert np.shares_memory(every_second(array), array)
    assert not np.shares_memory(ga.registry.primitive(lambda x: x[::2])(array), array)
    x = ga.tensor(array)
    y = every_second(x)
    assert y.base is x
    np.sum(y * y).backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0, 4.0, 0.0, 8.0])


# --- what is saved for the derivative --------------------------------------------------------------------------------


def saving(used: list[bool], **options: Any) -> Any:
    """Return exp(x) times y, which saves the exponential, and notes whether its derivative had that."""

    @ga.registry.primitive(saves=True, **options)
    def product(x: Any, y: Any, *, scale: float = 1.0) -> Any:
        e = np.exp(scale * x)
        return e * y, e

    def joint(g: Any, _ans: Any, x: Any, y: Any, *, scale: float = 1.0, saved: Any = None) -> Any:
        used.append(saved is not None)
        e = np.exp(scale * x) if saved is None else saved
        return g * e * y * scale, g * e

    ga.registry.rule(product, joint=joint, holomorphic=True)
    return product


def saving_alone(used: list[bool], jvp: bool = False) -> Any:
    @ga.registry.primitive(saves=True)
    def exponential(x: Any, scale: float = 1.0) -> Any:
        e = np.exp(scale * x)
        return e + 1, e

    def vjp(g: Any, _ans: Any, x: Any, scale: float = 1.0, saved: Any = None) -> Any:
        used.append(saved is not None)
        return g * scale * (np.exp(scale * x) if saved is None else saved)

    ga.registry.rule(
        exponential,
        vjp,
        jvp=(lambda tangents, _ans, x, scale=1.0: tangents[0] * scale * np.exp(scale * x)) if jvp else None,
    )
    return exponential


@pytest.mark.parametrize("jvp", [False, True])
def test_a_derivative_has_what_was_saved_unless_it_is_differentiated_itself(jvp: bool) -> None:
    used: list[bool] = []
    f = saving_alone(used, jvp)
    np.testing.assert_array_equal(f(X, scale=2.0), np.exp(2 * X) + 1)
    np.testing.assert_allclose(ga.grad(lambda x: np.sum(f(x, scale=2.0)))(X), 2 * np.exp(2 * X))
    assert used == [True]
    ga.check_grads(lambda x: f(x) * x, (X,))
    np.testing.assert_allclose(ga.hessian(lambda x: np.sum(f(x)))(X), np.diag(np.exp(X)))
    np.testing.assert_allclose(ga.hvp(lambda x: np.sum(f(x)))(X, V), np.exp(X) * V)
    np.testing.assert_allclose(ga.jacrev(f)(X), np.diag(np.exp(X)))
    np.testing.assert_allclose(ga.jacfwd(f)(X), np.diag(np.exp(X)))
    np.testing.assert_allclose(ga.jvp(lambda x: ga.grad(lambda x: np.sum(f(x)))(x), (X,), (V,))[1], np.exp(X) * V)
    assert set(used) == {True, False}


def test_several_operands_with_what_was_saved() -> None:
    used: list[bool] = []
    f = saving(used)
    for args in ((X, V), (X + 1j * V, V - 0.5j * X)):
        ga.check_grads(lambda x, y: f(x, y, scale=0.5) * x, args)
    x, y = ga.tensor(X), ga.tensor(V)
    np.sum(f(x, V)).backward()
    np.testing.assert_allclose(x.grad, np.exp(X) * V)
    np.sum(f(X, y)).backward()
    np.testing.assert_allclose(y.grad, np.exp(X))
    np.testing.assert_allclose(f(X, V, scale=2.0), np.exp(2 * X) * V)


def test_what_was_saved_belongs_to_its_call_in_plans_and_large_sweeps() -> None:
    used: list[bool] = []
    f = saving_alone(used)
    for k in range(20):
        x = ga.tensor(X + k / 8)
        np.sum(f(f(x) / 8)).backward()
        inner = np.exp(X + k / 8)
        np.testing.assert_allclose(x.grad, np.exp((inner + 1) / 8) * inner / 8)
    assert all(used)
    large = np.linspace(-1.0, 1.0, 2**18)
    x = ga.tensor(large)
    np.sum(f(x)).backward()
    np.testing.assert_allclose(x.grad, np.exp(large))
    # Where a zero wins over an infinity, the rule is asked at other numbers than those that were saved.
    for x in (ga.tensor([0.0, 1.0]), ga.tensor(np.r_[0.0, np.ones(2**18)])):
        with np.errstate(divide="ignore"):
            np.sum(np.where(x > 0, np.log(f(x) - 2), 0.0)).backward()
        np.testing.assert_allclose(x.grad[:2], [0.0, np.e / (np.e - 1)])


def test_what_was_saved_is_no_parameter() -> None:
    f = saving_alone([])
    with pytest.raises(TypeError, match="saved"):
        f(ga.tensor(X), saved=X)
    with pytest.raises(TypeError, match="saved"):
        f(X, saved=X)
    no_pair = ga.registry.primitive(saves=True)(lambda x: x * 2)
    with pytest.raises(TypeError, match=r"returns the pair \(result, saved\)"):
        no_pair(X)


def test_a_silent_function_says_nothing_and_leaves_the_settings_as_they_were() -> None:
    def body(x: Any) -> Any:
        if np.any(x == 7):
            raise KeyError
        return 1 / np.exp(-x)

    silent, loud = ga.registry.primitive(silent=True)(body), ga.registry.primitive(body)
    for f in (silent, loud):
        ga.registry.rule(f, lambda g, ans, x: g * ans)
    before = np.geterr()
    with np.errstate(all="raise"):
        for x in (np.array([-1000.0]), ga.tensor([-1000.0])):
            np.testing.assert_array_equal(ga.asarray(silent(x)), [0.0])
            with pytest.raises(FloatingPointError):
                loud(x)
        with pytest.raises(KeyError):
            silent(np.array([7.0]))
        with pytest.raises(FloatingPointError):
            np.exp(np.array([1000.0]))
    assert np.geterr() == before
