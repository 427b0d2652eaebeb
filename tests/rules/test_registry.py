"""Declarations: a user's own functions get derivatives, and a declaration that cannot be right is refused."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.testing.overrides import allows_array_function_override

import gradarray as ga
from gradarray.rules import registry
from gradarray.rules.differentiable import Function
from gradarray.rules.faster import products
from gradarray.rules.kinds import Nondifferentiable
from gradarray.rules.numpy import products as chapter
from gradarray.rules.primitives import primitive

pytestmark = pytest.mark.usefixtures("restored_tables")


def declared(declare, func, *args, **kwargs):
    """Make `func` dispatch on its first argument, and declare it."""
    made = primitive(func)
    declare(made, *args, **kwargs)
    return made


# --- the kinds, as a user has them -----------------------------------------------------------------------------------


def test_a_users_ufunc():
    square = np.frompyfunc(lambda x: x * x, 1, 1)
    registry.elementwise(square, lambda _ans, x: 2 * x)
    x = ga.tensor([1.0, 3.0])
    with pytest.raises(TypeError, match="no rule"):
        np.frompyfunc(lambda x: x, 1, 1)(x)
    y = square(x)
    assert y.shape == (2,)
    y.backward(np.array([1, 10], dtype=object).astype(float))
    np.testing.assert_array_equal(x.grad, [2, 60])


def test_a_ufunc_of_objects_gives_numbers():
    product = np.frompyfunc(lambda x, y: x**3 * y, 2, 1)
    registry.elementwise(product, lambda _ans, x, y: 3 * x**2 * y, lambda _ans, x, _y: x**3)
    x, y = np.array([[1.0], [2.0]]), np.array([3.0, -1.0, 0.5])
    assert product(ga.tensor(x), y).dtype == product(ga.tensor(x, constant=True), y).dtype == float
    mask = np.array([True, False, True])
    for jacobian in (ga.jacrev, ga.jacfwd):
        np.testing.assert_allclose(jacobian(product)(2.0, 3.0), 36)
        np.testing.assert_allclose(jacobian(lambda x: product(x, y, where=mask).sum())(x).ravel(), [10.5, 42])
        np.testing.assert_allclose(jacobian(jacobian(product))(2.0, 3.0), 36)
        assert jacobian(product, 1)(x[:0], y).shape == (0, 3, 3)
    words = np.frompyfunc(lambda x: "a", 1, 1)
    registry.elementwise(words, 1)
    with pytest.raises(TypeError, match="a Tensor holds numbers"):
        words(ga.tensor(x))


def test_linear():
    def double(x, axis=None):
        return 2 * x if axis is None else 3 * x

    f = declared(registry.linear, double, lambda g, x, axis=None: 2 * g if axis is None else 3 * g)
    x = ga.tensor([1.0, 2.0])
    f(x).backward()
    np.testing.assert_array_equal(x.grad, [2, 2])
    f(x, axis=0).backward()
    np.testing.assert_array_equal(x.grad, [3, 3])
    _, tangent = ga.jvp(lambda x: f(x, axis=0), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    np.testing.assert_array_equal(tangent, [3, 0])


def test_bilinear_and_rule_agree():
    def product(a, b):
        return a * b

    f = declared(registry.bilinear, product, lambda g, _a, b: g * b, lambda g, a, _b: g * a)
    h = declared(registry.rule, product, lambda g, _ans, _a, b: g * b, lambda g, _ans, a, _b: g * a)
    j = declared(registry.rule, product, joint=lambda g, _ans, a, b: (g * b, g * a))
    a, b = ga.tensor([1.0 + 2j, 3.0]), ga.tensor([5.0, 7.0 - 1j])
    for call in (f, h, j):
        call(a, b).backward()
        np.testing.assert_array_equal(a.grad, np.conj(b.data))
        np.testing.assert_array_equal(b.grad, np.conj(a.data))


def test_a_joint_derivative_is_told_what_is_asked_for():
    asked = []

    def product(a, b, scale=1.0):
        return scale * a * b

    def joint(g, _ans, a, b, *, scale=1.0, wanted):
        asked.append(wanted)
        return scale * g * b if wanted[0] else None, scale * g * a if wanted[1] else None

    f = declared(registry.rule, product, joint=joint)
    a, b = np.array([0.3, 1.2]), np.array([0.7, -0.4])
    np.testing.assert_allclose(ga.grad(lambda a: np.sum(f(a, b, scale=2.0) ** 2))(a), 8 * a * b * b)
    assert set(asked) == {(True, False)}
    np.testing.assert_allclose(ga.grad(lambda b: np.sum(f(a, b)))(b), a)
    assert asked[-1] == (False, True)
    both = ga.grad(lambda a, b: np.sum(f(a, b) ** 2), argnums=(0, 1))(a, b)
    np.testing.assert_allclose(both, (2 * a * b * b, 2 * a * a * b))
    assert asked[-1] == (True, True)
    np.testing.assert_allclose(ga.hessian(lambda a: np.sum(f(a, b) ** 3))(a), np.diag(6 * a * b**3))
    np.testing.assert_allclose(ga.jvp(lambda a, b: f(a, b), (a, b), (b, a))[1], a * a + b * b)
    with pytest.raises(TypeError, match="wanted"):
        f(ga.tensor(a), b, wanted=(True, True))


def test_several_results():
    def both(x):
        return np.sin(x), x * x

    f = declared(registry.rule, both, lambda g, ans, x: g[0] * np.cos(x) + g[1] * 2 * x)
    x = ga.tensor([0.5, 1.0])
    s, q = f(x)
    (s * 3).backward()
    np.testing.assert_allclose(x.grad, 3 * np.cos(x.data))
    s, q = f(x)
    (s + q).backward()
    np.testing.assert_allclose(x.grad, np.cos(x.data) + 2 * x.data)


def test_composite_zero_gradient_and_unsupported():
    f = declared(registry.composite, lambda x: x**3, lambda x: x * x * x)
    z = declared(registry.zero_gradient, lambda x: np.floor(x))
    n = declared(registry.nondifferentiable, lambda x: x.size)
    u = primitive(lambda x: x)
    registry.unsupported("its bits have no derivative", u)
    x = ga.tensor([1.5, 2.5])
    f(x).backward()
    np.testing.assert_allclose(x.grad, 3 * x.data**2)
    y = z(x)
    assert not y.constant
    y.backward()
    np.testing.assert_array_equal(x.grad, [0, 0])
    assert n(x) == 2
    with pytest.raises(TypeError, match=r"its bits have no derivative.*ga\.asarray"):
        u(x)
    with pytest.raises(TypeError, match=r"its bits have no derivative.*ga\.asarray"):
        ga.jvp(u, (x.data,), (x.data,))


def test_higher_orders_follow_from_one_declaration():
    f = declared(registry.rule, lambda x: x**4, lambda g, _ans, x: g * 4 * x**3)
    x = ga.tensor(2.0)
    f(x).backward(create_graph=True)
    x.grad.backward()
    assert x.grad == 48


# --- faster ways -----------------------------------------------------------------------------------------------------


def test_a_faster_way_stands_before_the_declared_one_also_where_that_was_used_already():
    f = declared(registry.rule, lambda x: x**3, lambda g, _ans, x: 3 * g * x**2)
    x = ga.tensor([1.0, 2.0])
    f(x).backward()
    met = []

    def vjp(g, _ans, x):
        met.append(type(x))
        return 300 * g if type(x) is np.ndarray else 3 * g * x**2

    registry.faster(f, vjp, forward=lambda x: x * x * x + 1)
    y = f(x)
    y.backward()
    np.testing.assert_array_equal(y.data, [2, 9])
    np.testing.assert_array_equal(x.grad, [300, 300])
    f(x).backward(create_graph=True)
    np.testing.assert_array_equal(x.grad.data, [3, 12])
    assert met == [np.ndarray, ga.Tensor]


def test_a_faster_partial_derivative(restored_tables):
    def declare():
        registry.elementwise(np.divide, lambda _ans, _x1, x2: 1 / x2, lambda ans, _x1, x2: -ans / x2)

    declare()
    x = ga.tensor([1.0, 2.0])
    (x / x).backward()
    np.testing.assert_array_equal(x.grad, [0, 0])
    registry.faster(np.divide, None, lambda ans, _x1, x2: 0 * x2)
    (x / x).backward()
    np.testing.assert_array_equal(x.grad, 1 / x.data)
    declare()  # what is declared anew has no faster way of what was
    (x / x).backward()
    np.testing.assert_array_equal(x.grad, [0, 0])


@pytest.mark.parametrize(
    ("ways", "message"),
    [
        (lambda: registry.faster(np.sin, lambda ans, x: x), "has the parameters of the one"),
        (lambda: registry.faster(np.sum, lambda g, a, axis=None: g), "has the parameters of the one"),
        (lambda: registry.faster(np.add, lambda _ans, x1, x2: 1), "has the parameters of the one"),
        (lambda: registry.faster(np.sin, None, None), r"declared with 1 derivative\(s\), not 2"),
        (lambda: registry.faster(np.sin, forward=np.sin), "only partial derivatives can be faster"),
        (lambda: registry.faster(np.sum, backward=np.sum), "not backward="),
        (lambda: registry.faster(np.argmax, forward=np.argmax), "declared without a derivative"),
    ],
)
def test_a_faster_way_that_cannot_be_right(ways, message, restored_tables):
    with pytest.raises(TypeError, match=message):
        ways()


# --- declarations that cannot be right -------------------------------------------------------------------------------


def two(a, b, axis=None):
    return a + b


def many(*xs):
    return sum(xs)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: registry.elementwise(np.sin), r"takes 1 operand\(s\), so it needs 1 partial derivative\(s\), not 0"),
        (lambda: registry.elementwise(np.add, 1), "needs 2 partial"),
        (lambda: registry.elementwise(two, 1, 1), r"two is no ufunc; declare it with linear\(\)"),
        (lambda: registry.elementwise(np.sin, lambda x: x), r"takes \(ans, x1\), but this one takes \(x\)"),
        (lambda: registry.elementwise(np.divmod, 1, 1), "has 2 results"),
        (lambda: registry.rule(two, lambda g, ans, a, b, aksis=None: g), "has no parameter aksis"),
        (lambda: registry.rule(two, lambda g, ans, a, b: g), r"needs 2 derivative\(s\), not 1"),
        (lambda: registry.rule(two, *[lambda cotangent, ans, a, b: cotangent] * 2), "starts with"),
        (lambda: registry.rule(two, lambda g, ans, a, b, **kw: g, lambda g, ans, a, b, **kw: g), r"\*\*kwargs"),
        (lambda: registry.rule(two, lambda g, ans, a, b: g, lambda g, ans, a, b, axis=None: g), "differ in their par"),
        (lambda: registry.rule(two), "either one vjp per operand or a joint one"),
        (lambda: registry.linear(two, lambda g, a, b: g), "has one operand|needs 2"),
        (lambda: registry.linear(two, lambda g, a, b: g, sequence=True), "has one operand, not"),
        (lambda: registry.rule(many, lambda g, ans, *xs: g), "any number of operands, so it needs a joint derivative"),
        (lambda: registry.composite(two, lambda a, c: a), "has no parameter c"),
    ],
)
def test_a_declaration_that_does_not_match_is_refused(declare, message):
    before = dict(registry.RULES)
    with pytest.raises(TypeError, match=message):
        declare()
    assert before == registry.RULES


# --- declared anew ---------------------------------------------------------------------------------------------------

ANEW = """
import numpy as np, gradarray as ga

X, ONES = np.array([1.0, 2.0, 4.0]), np.ones(3)

def updated(a):
    b = a.copy()
    b *= 3.0
    return b

WAYS = {
    "operator and method": lambda a: (a * 3.0).sum(),
    "functions": lambda a: np.sum(np.multiply(a, 3.0)),
    "mirror": lambda a: ga.sum(ga.multiply(a, 3.0)),
    "reflected": lambda a: (3.0 * a).sum(),
    "in place": lambda a: updated(a).sum(),
    "ufunc with keywords": lambda a: np.add.reduce(np.multiply(a, 3.0, where=True), axis=None),
}

def swept(f):
    t = ga.tensor(X)
    f(t).backward()
    return t.grad

def found(f):
    yield from (swept(f) for _ in range(12))
    yield ga.grad(f)(X)
    yield ga.jvp(f, (X,), (ONES,))[1] / 3
    yield ga.jacobian(f)(X)
    yield ga.jacrev(f)(X)
    yield ga.jacfwd(f)(X)

def check(expected):
    for way, f in WAYS.items():
        for k, derivative in enumerate(found(f)):
            assert np.all(derivative == expected), (way, k, derivative)

check(3)
ga.registry.elementwise(np.multiply, *[lambda ans, x1, x2: 0 * ans + 100.0] * 2)
check(100)
ga.registry.rule(
    np.sum,
    lambda g, ans, a, axis=None, keepdims=False: 10 * g + np.zeros(a.shape),
    # Without one, the vjp would be differentiated, by way of products.
    jvp=lambda tangents, ans, a, axis=None, keepdims=False: 10 * np.sum(tangents[0], axis, keepdims=keepdims),
)
check(1000)
"""


def test_a_new_declaration_reaches_all_who_read_rules(run_python):
    run_python("-W", "error", "-c", ANEW)


# --- families --------------------------------------------------------------------------------------------------------

# While the rule of the first function of a family is made, what is put in for `meanwhile` happens.
MEANWHILE = """
import os, signal, sys, threading
import numpy as np, gradarray as ga
from gradarray.rules.kinds import Composite
P, c = np.polynomial.polynomial, [[1.0, 2.0], [3.0, 4.0]]
def work():
    x = ga.tensor([1.0, 2.0])
    np.sum(P.polyval2d(x, x, c)).backward()
    np.testing.assert_allclose(x.grad, [13.0, 21.0])
def in_a_child():
    child = os.fork()
    if not child:
        signal.alarm(20)
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1]
def in_a_handler():
    signal.signal(signal.SIGUSR1, lambda *_: work())
    signal.raise_signal(signal.SIGUSR1)
def in_a_thread():
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(20)
    return thread.is_alive()
make, met = Composite.__init__, []
def made(self, *args):
    if met:
        return make(self, *args)
    met.append("met")
    hung.append({meanwhile}())
    make(self, *args)
hung, Composite.__init__ = [], made
signal.alarm(60)
work()
print(*met, *hung)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.skipif(
    not allows_array_function_override(np.polynomial.polynomial.polyval2d), reason="this NumPy asks nobody there"
)
@pytest.mark.parametrize("meanwhile", ["in_a_child", "in_a_handler", "in_a_thread"])
def test_the_first_function_of_a_family_keeps_nobody_waiting(meanwhile, run_python):
    answer = run_python("-W", "ignore", "-c", MEANWHILE.replace("{meanwhile}", meanwhile)).stdout.split()
    assert answer in (["met", "0"], ["met", "None"], ["met", "False"])


def test_a_family_may_be_declared_after_one_of_it_was_refused(monkeypatch):
    monkeypatch.setattr(registry, "_families", list(registry._families))
    cube = primitive(lambda x: x**3)
    x = np.array([1.0, 2.0])
    for call in (lambda: cube(ga.tensor(x)), lambda: ga.jvp(cube, (x,), (x,))):
        with pytest.raises(TypeError, match="has no rule"):
            call()
    registry.family(lambda func: func is cube, lambda func: Function(func, [lambda g, _ans, x: g * 3 * x**2]))
    np.testing.assert_allclose(ga.elementwise_grad(cube)(x), [3.0, 12.0])
    np.testing.assert_allclose(ga.jvp(cube, (x,), (x,))[1], [3.0, 24.0])


def test_all_get_the_rule_of_a_family_that_is_in_the_table_first(monkeypatch):
    func, found = primitive(lambda x: x.size), []

    def make(func):
        if not found:
            found.append(None)
            found.append(registry.find(func))  # as another thread does, or a finalizer
        return Nondifferentiable(func)

    monkeypatch.setattr(registry, "_families", [(lambda f: f is func, make, "tests")])
    assert registry.find(func) is found[1] is registry.find(func)


# --- keywords --------------------------------------------------------------------------------------------------------


def test_a_keyword_that_the_rule_does_not_list_is_named_at_forward_time():
    f = declared(registry.rule, lambda x, axis=None, mode=None: x, lambda g, _ans, x, axis=None: g)
    x = ga.tensor([1.0])
    f(x, axis=0)
    with pytest.raises(TypeError, match="does not support 'mode'"):
        f(x, mode="wrap")
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        f(x, nonsense=1)


def test_a_variable_in_a_parameter_is_refused_and_a_constant_is_not():
    f = declared(registry.rule, lambda x, scale=1.0: x * scale, lambda g, _ans, _x, scale=1.0: g * scale)
    x = ga.tensor([1.0])
    with pytest.raises(TypeError, match="not differentiable with respect to 'scale'"):
        f(x, scale=ga.tensor(2.0))
    f(x, scale=ga.tensor(2.0, constant=True)).backward()
    np.testing.assert_array_equal(x.grad, [2])


# --- operands without a derivative, and ufuncs that an object carries ----------------------------------------------


@pytest.fixture
def by_the_first_alone(restored_tables):
    ga.registry.elementwise(np.hypot, lambda ans, x, _y: x / ans, None)


CALLS = {
    "np": lambda x, y: np.hypot(x, y),
    "ga": lambda x, y: ga.hypot(x, y),
    "where": lambda x, y: np.hypot(x, y, where=np.array([True, True])),
    "outer": lambda x, y: np.hypot.outer(x, y)[:, 0],
}


@pytest.mark.parametrize("name", CALLS)
def test_an_operand_without_a_derivative_is_refused_where_it_is_a_variable(name, by_the_first_alone):
    call, x, y = CALLS[name], np.array([3.0, 1.0]), np.array([4.0, 2.0])
    expected = np.array([0.6, 1 / np.hypot(1.0, 4.0 if name == "outer" else 2.0)])
    t = ga.tensor(x)
    call(t, y).sum().backward()
    np.testing.assert_allclose(t.grad, expected)
    np.testing.assert_allclose(ga.jvp(lambda x: call(x, y), (x,), (np.ones(2),))[1], expected)
    np.testing.assert_allclose(ga.grad(lambda x: np.sum(call(x, ga.stop_gradient(x + y - x))))(x), expected)
    for fails in (
        lambda: call(x, ga.tensor(y)),
        lambda: call(ga.tensor(x), ga.tensor(y)),
        lambda: ga.jvp(lambda y: call(x, y), (y,), (y,)),
        lambda: ga.hessian(lambda y: np.sum(call(x, y)))(y),
    ):
        with pytest.raises(TypeError, match="hypot has no derivative by its operand y, number 2 of 2"):
            fails()
    with ga.no_grad:
        assert call(x, ga.tensor(y)).constant


def test_a_function_that_carries_its_ufunc_is_declared_by_it(restored_tables):
    class Compiled:  # as numba.guvectorize makes
        ufunc = np.cbrt

        def __call__(self, *args):
            return self.ufunc(*args)

    function = Compiled()
    for declare in (
        lambda: ga.registry.rule(function, lambda g, ans, x: g * 100.0),
        lambda: ga.registry.elementwise(function, lambda _ans, _x: 100.0),
    ):
        declare()
        t = ga.tensor(8.0)
        function(t).backward()
        assert t.grad == 100.0
        assert ga.jvp(function, (8.0,), (1.0,)) == (2.0, 100.0)


@pytest.mark.parametrize("lengths", [(1, 1), (1, 5), (5, 1), (2, 3), (8, 8), (33, 7)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_faster_products_have_the_bits_of_the_declared_ones(lengths, dtype, quiet):
    """Also where zeros meet infinities, which BLAS may pass over."""
    n, m = lengths
    rng = np.random.default_rng(0)

    def some(*shape):
        numbers = rng.normal(size=shape)
        at = rng.random(shape)
        return np.select([at < 0.15, at < 0.2, at < 0.3, at < 0.32], [0.0, -0.0, np.inf, np.nan], numbers).astype(dtype)

    def same(found, expected):
        assert found.shape == expected.shape
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        assert np.where(np.isnan(found), 0, found).tobytes() == np.where(np.isnan(expected), 0, expected).tobytes()

    for _ in range(20):
        matrix, row, column = some(n, m), some(m), some(n)
        for a in (matrix, np.asfortranarray(matrix), matrix[::-1], np.repeat(matrix, 2, 1)[:, ::2]):
            same(products.dot_left(row, column, a), chapter.matmul_left(row, column, a))
            same(products.dot_right(row, column, a), chapter.matmul_right(row, column, a))
            same(products.dot_right(column, a, row), chapter.matmul_right(column, a, row))
            same(products.dot_left(column, a, row), chapter.matmul_left(column, a, row))
            same(products.pull_outer_left(a, column, row), chapter.outer_left(a, column, row))
            same(products.pull_outer_right(a, column, row), chapter.outer_right(a, column, row))
        same(products.dot_left(row[::-1], column, matrix), chapter.matmul_left(row[::-1], column, matrix))
