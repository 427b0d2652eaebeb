"""A user's file: it runs, and type checkers find no error in it but those that it states, and know its types."""

from collections.abc import Callable
from typing import Any, assert_type, cast

import numpy as np
from numpy.typing import NDArray

import gradarray as ga
from gradarray import Tensor

# Making tensors.
x = ga.tensor([1.0, 2.0, 3.0])
assert_type(x, Tensor)
assert_type(ga.tensor(np.ones((2, 2)), dtype=np.float32, constant=True), Tensor)
assert_type(ga.zeros((2, 3), constant=False), Tensor)
assert_type(ga.arange(5.0), Tensor)
assert_type(ga.linspace(0, 1, 5), Tensor)
assert_type(ga.random.normal(size=3), Tensor)
assert_type(ga.asarray(x), NDArray[Any])

# Operators, in every order.
y = x * 2 + 1 - x / 3.0
assert_type(y, Tensor)
assert_type(2 * x, Tensor)
assert_type(1.0 - x, Tensor)
assert_type(x**2, Tensor)
assert_type(2**x, Tensor)
assert_type(x @ x, Tensor)
assert_type(-x, Tensor)
assert_type(abs(x), Tensor)
assert_type(x[0], Tensor)
assert_type(x[1:], Tensor)
assert_type(x + np.ones(3), Tensor)
assert_type(x // 2, Tensor)
assert_type(5 // x, Tensor)
assert_type(x % 2, Tensor)
assert_type(5 % x, Tensor)
assert_type(np.eye(3).tolist() @ x, Tensor)
assert_type(+x, Tensor)
assert_type(divmod(x, 2), Any)
assert_type(divmod(2, x), Any)
assert_type(round(x[0]), Any)
assert_type(round(x[0], 1), Any)
x += 1.0
x -= x
x **= 2
x *= np.ones(3)
x[0] = 5.0
x[1:] = y[1:]

# Comparisons give arrays of truth values, and bits arrays of numbers, which are not tensors.
assert_type(x == 0, Any)
assert_type(x != x, Any)
assert_type(x < 1, Any)
assert_type(x <= np.ones(3), Any)
assert_type((x == 0).sum(), Any)
assert_type((x != 0).any(), Any)
assert_type((x == 1).astype(float), Any)
assert_type(~(x == 0) & (x > 0) | (x < -1) ^ (x == 1), Any)
x[x == 0] = 1.0
assert_type(ga.where(x == 0, x, 1.0), Tensor)
i = ga.tensor([1, 2])
assert_type(~i, Any)
assert_type(i & 1, Any)
assert_type(1 | i, Any)
assert_type(i ^ i, Any)
assert_type(i << 1, Any)
assert_type(8 >> i, Any)

# Methods and properties.
assert_type(x.sum(), Tensor)
assert_type(x.reshape(3, 1), Tensor)
assert_type(x.T, Tensor)
assert_type(x.astype(np.float32), Tensor)
assert_type(x.shape, tuple[int, ...])
assert_type(x.ndim, int)
assert_type(x.constant, bool)
assert_type(x.sum().item(), Any)
assert_type(float(x.sum().item()), float)
assert_type(len(x), int)
for element in x:
    assert_type(element, Tensor)

# Mirrored functions.
assert_type(ga.sin(x), Tensor)
assert_type(ga.sum(x, axis=0, keepdims=True), Tensor)
assert_type(ga.matmul(x, x, constant=True), Tensor)
assert_type(ga.concatenate([x, x]), Tensor)
assert_type(ga.linalg.norm(x), Tensor)
assert_type(ga.fft.fft(x), Tensor)
assert_type(ga.average(x, weights=[1.0, 2.0, 3.0]), Tensor)
mean, weight = ga.average(x, returned=True)
mean, weight = ga.average(x, None, None, True)
grid, step = ga.linspace(0, 1, 5, retstep=True)
assert_type(ga.linspace(0, 1, 5, constant=True), Tensor)
assert_type(ga.intersect1d(x, x), Tensor)
common, first, second = ga.intersect1d(x, x, return_indices=True)
(places,) = ga.where(x > 0)
rows, columns = ga.indices((2, 3), sparse=True)
assert_type(ga.unique(x, return_counts=True), Any)

# Ufuncs.
assert_type(ga.add(x, 1.0, where=np.array(True), dtype=np.float32, constant=True), Tensor)
assert_type(ga.vecdot(x, x, axis=0), Tensor)
assert_type(ga.add.reduce(x, axis=None, keepdims=True), Tensor)
assert_type(ga.multiply.outer(x, [1.0, 2.0], constant=False), Tensor)
assert_type(ga.maximum.accumulate(x), Tensor)
assert_type(ga.add.reduceat(x, [0, 1]), Tensor)
assert_type(ga.logical_and.reduce(x > 0), Any)
assert_type(ga.isnan(x), Any)
assert_type(ga.add.nin, int)
operation: ga.ufunc = ga.add
assert_type(operation(x, x), Tensor)
assert_type(ga.linalg.svd(np.eye(2)), Any)

# Backward.
(y**2).sum().backward()
assert_type(x.grad, Any)
y.backward(np.ones(3), retain_graph=True)
x.null_grad()


# Transforms keep a function's parameters.
def loss(w: Tensor, b: float, *, scale: float = 1.0) -> Tensor:
    return scale * ga.sum(w * b)


gradient = ga.grad(loss)
gradient(x, 2.0, scale=3.0)
value, slope = ga.value_and_grad(loss)(x, 1.0)
ga.hessian(loss)(x, 1.0)
ga.jacobian(loss, argnums=0)(x, 1.0)
ga.hvp(loss)
value, tangent = ga.jvp(loss, (x, 1.0), (x, 1.0))
value, pull = ga.vjp(loss, x, 1.0)
kept: Callable[..., Any] = ga.checkpoint(loss)
assert_type(ga.tap(x, print), Tensor)

# NumPy's functions are functions, too.
ga.elementwise_grad(np.sin)(np.ones(3))
ga.elementwise_grad(np.multiply, 1)(np.ones(3), x)
ga.grad(np.sin)(np.array(1.0))
ga.grad(np.sum)(np.ones(3))
assert_type(ga.value_and_grad(np.exp)(np.array(1.0)), tuple[Any, Any])
ga.hessian(np.sin)(np.array(1.0))
ga.hessian_diagonal(np.sin)(np.array(1.0))
ga.hvp(np.sin)(1.0, 1.0)
ga.ggnvp(np.sin)(1.0, 1.0)
ga.ggnvp(lambda w: w * x, ga.sum)(1.0, 1.0)
flat, unflatten = ga.flatten({"w": np.ones(2), "b": 1.0})
unflatten(flat)
ga.tree_map(lambda p, g: p - 0.1 * g, {"w": np.ones(2)}, {"w": np.ones(2)}, is_leaf=None)
leaves: list[object] = ga.tree_leaves([np.ones(2), 1.0], is_leaf=lambda part: part is None)
ga.jacobian(np.sin)(x)
ga.jacrev(np.sin, holomorphic=True)(np.ones(3) * 1j)
ga.jacfwd(np.sin)(x)
ga.jacobian(loss, argnums=(0, 1), stack=True)(x, 1.0)
ga.jacrev(np.sin, stack=True)(x)
ga.jacfwd(loss, stack=True)(x, 1.0)
ga.jvp(np.sin, (x,), (np.ones(3),))
ga.vjp(np.multiply, x, x)
ga.linearize(np.sin, x)
ga.checkpoint(np.sin)(1.0)
ga.no_grad(np.sin)(1.0)
ga.check_grads(np.sin, (np.ones(3),))
ga.elementwise_grad(ga.sin)(x)
ga.grad(ga.grad(np.sin))(1.0)


# Functions of one's own.
@ga.registry.primitive
def cube(t: float, /, scale: float = 1.0) -> float:
    return scale * t**3


ga.registry.rule(cube, lambda g, ans, t, scale=1.0: g * scale * 3 * t**2)
assert_type(cube(2.0, scale=2.0), Any)

# Blocks and decorators.
with ga.no_grad():
    z = x * 2
with ga.mem_guard_off:
    z = x * 2


@ga.no_grad
def predict(w: Tensor) -> Tensor:
    return w * 2


assert_type(predict(x), Tensor)


@ga.custom_gradient
def double(w: Tensor) -> Any:
    return 2 * w, lambda g: 2 * g


assert_type(double(x), Any)


ga.check_grads(loss, (np.ones(3), 2.0))


# NumPy's own stubs know nothing of tensors: the functions of gradarray do, or a cast.
assert_type(ga.mean(x), Tensor)
assert_type(cast(Tensor, np.mean(x)), Tensor)


# What is wrong is found.
def mistakes() -> None:
    gradient(x, "2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    gradient(x, 2.0, factor=3.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    cube("2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    x.summ()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    y.backward(retain=True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ga.sin(x, x, x)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ga.add(x, x, constnat=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ga.add(x, x, constant="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ga.add.reduce(x, constnat=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    jitted("no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ga.add.nin = 3  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    ga.tensor([1.0], constnat=True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@ga.jit
def jitted(a: NDArray[np.float64], n: int = 2) -> NDArray[np.float64]:
    return a * n


@ga.jit(static_argnums=1)
def static(a: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    return a**n


assert_type(jitted(np.ones(3)), NDArray[np.float64])
assert_type(static(np.ones(3), 2), NDArray[np.float64])
assert_type(jitted.source(np.ones(3)), str)
assert_type(ga.source(static, np.ones(3), 2), str)
