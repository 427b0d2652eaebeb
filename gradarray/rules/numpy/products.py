"""Matrix and vector products, of numpy and of numpy.linalg.

The ones that conjugate nothing are bilinear; np.vdot, np.vecdot and np.vecmat conjugate their first operand, so that
their derivatives are written for complex numbers by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array, conjugate
from ..registry import bilinear, composite, rule

# --- matmul and the ufuncs built like it ------------------------------------------------------------------------------
# The case of two matrices comes first and costs a single test.


def matmul_left(g: Array, _x1: Array, x2: Array) -> Array:
    if x2.ndim == 2:
        return np.dot(g, x2.T) if g.ndim == 2 else g @ x2.T  # for two matrices dot has less to ask
    if x2.ndim == 1:
        return g[..., None] * x2
    if _x1.ndim == 1:
        return (x2 @ g[..., None])[..., 0]
    if _x1.ndim == 2:  # the stack is summed by the product itself
        summed = (*range(x2.ndim - 2), x2.ndim - 1)
        return np.tensordot(g, x2, (summed, summed))
    return g @ np.swapaxes(x2, -1, -2)


def matmul_right(g: Array, x1: Array, _x2: Array) -> Array:
    if x1.ndim == 2:
        return np.dot(x1.T, g) if g.ndim == 2 else x1.T @ g
    if x1.ndim == 1:
        return x1 * g if _x2.ndim == 1 else x1[:, None] * g[..., None, :]
    if _x2.ndim <= 2:
        summed = range(x1.ndim - 1)
        return np.tensordot(x1, g, (summed, summed))
    return np.swapaxes(x1, -1, -2) @ g


bilinear(np.matmul, matmul_left, matmul_right)
rule(
    np.vecdot,
    lambda g, _ans, _x1, x2: conjugate(g)[..., None] * x2,
    lambda g, _ans, x1, _x2: g[..., None] * x1,
    holomorphic=False,
)
if hasattr(np, "matvec"):  # NumPy 2.2
    bilinear(
        np.matvec,
        lambda g, _x1, x2: g[..., None] * x2[..., None, :],
        lambda g, x1, _x2: np.matvec(np.swapaxes(x1, -1, -2), g),
    )
    rule(
        np.vecmat,
        lambda g, _ans, _x1, x2: np.matvec(x2, conjugate(g)),
        lambda g, _ans, x1, _x2: x1[..., None] * g[..., None, :],
        holomorphic=False,
    )

# --- dot, vdot, inner, outer, kron ------------------------------------------------------------------------------------


def dot_left(g: Array, _a: Array, b: Array) -> Array:
    ndim = np.ndim(b)
    if ndim == 0 or _a.ndim == 0:
        return g * b
    if ndim == 2:
        return np.dot(g, b.T)
    if ndim == 1:
        return g[..., None] * b
    free = range(_a.ndim - 1, g.ndim)
    return np.tensordot(g, b, (free, (*range(ndim - 2), ndim - 1)))


def dot_right(g: Array, a: Array, _b: Array) -> Array:
    ndim = np.ndim(a)
    if ndim == 0 or _b.ndim == 0:
        return g * a
    if ndim == 2 and _b.ndim <= 2:
        return np.dot(a.T, g)
    if ndim == 1 and _b.ndim == 1:
        return g * a
    free = range(ndim - 1)
    # The summed axis comes out first; in `b` it is the last but one.
    product = np.tensordot(a, g, (free, free))
    return product if _b.ndim == 1 else np.moveaxis(product, 0, -2)


def inner_left(g: Array, _a: Array, b: Array) -> Array:
    ndim = np.ndim(b)
    if ndim == 0 or _a.ndim == 0:
        return g * b
    return np.tensordot(g, b, (range(_a.ndim - 1, g.ndim), range(ndim - 1)))


def inner_right(g: Array, a: Array, _b: Array) -> Array:
    ndim = np.ndim(a)
    if ndim == 0 or _b.ndim == 0:
        return g * a
    free = range(ndim - 1)
    return np.tensordot(g, a, (free, free))


def outer_left(g: Array, _a: Array, b: Array) -> Array:
    return np.dot(g, np.ravel(b)).reshape(_a.shape)


def outer_right(g: Array, a: Array, _b: Array) -> Array:
    return np.dot(np.ravel(a), g).reshape(_b.shape)


def kron_left(g: Array, _a: Array, b: Array) -> Array:
    blocks, _, ones_b = _kron_blocks(_a.shape, np.shape(b))
    axes = range(1, 2 * len(ones_b), 2), range(len(ones_b))
    return np.tensordot(np.reshape(g, blocks), np.reshape(b, ones_b), axes).reshape(_a.shape)


def kron_right(g: Array, a: Array, _b: Array) -> Array:
    blocks, ones_a, _ = _kron_blocks(np.shape(a), _b.shape)
    axes = range(0, 2 * len(ones_a), 2), range(len(ones_a))
    return np.tensordot(np.reshape(g, blocks), np.reshape(a, ones_a), axes).reshape(_b.shape)


def _kron_blocks(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the shape of the result with each axis split into (axis of a, axis of b), and both shapes made as long."""
    ndim = max(len(a), len(b))
    a, b = (1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b
    return tuple(n for pair in zip(a, b, strict=True) for n in pair), a, b


bilinear(np.dot, dot_left, dot_right)
bilinear(np.inner, inner_left, inner_right)
bilinear(np.outer, outer_left, outer_right)
bilinear(np.kron, kron_left, kron_right)
rule(
    np.vdot,
    lambda g, _ans, _a, b: np.reshape(conjugate(g) * b, _a.shape),
    lambda g, _ans, a, _b: np.reshape(g * a, _b.shape),
    holomorphic=False,
)

# --- tensordot --------------------------------------------------------------------------------------------------------


def tensordot_left(g: Array, _a: Array, b: Array, axes: Any = 2) -> Array:
    of_a, of_b = _contracted(axes, _a.ndim, np.ndim(b))
    free_a = [i for i in range(_a.ndim) if i not in of_a]
    free_b = [i for i in range(np.ndim(b)) if i not in of_b]
    product = np.tensordot(g, b, (range(len(free_a), g.ndim), free_b))
    # What was contracted comes out in the order in which `b` has it.
    where = free_a + [a for _, a in sorted(zip(of_b, of_a, strict=True))]
    return product if where == sorted(where) else np.transpose(product, _inverse(where))


def tensordot_right(g: Array, a: Array, _b: Array, axes: Any = 2) -> Array:
    of_a, of_b = _contracted(axes, np.ndim(a), _b.ndim)
    free_a = [i for i in range(np.ndim(a)) if i not in of_a]
    free_b = [i for i in range(_b.ndim) if i not in of_b]
    product = np.tensordot(a, g, (free_a, range(len(free_a))))
    where = [b for _, b in sorted(zip(of_a, of_b, strict=True))] + free_b
    return product if where == sorted(where) else np.transpose(product, _inverse(where))


def _contracted(axes: Any, ndim_a: int, ndim_b: int) -> tuple[list[int], list[int]]:
    """Return the contracted axes of both operands, in pairs and counted from the front."""
    if np.ndim(axes) == 0:
        count = int(axes)
        return list(range(ndim_a - count, ndim_a)), list(range(count))
    of_a, of_b = (([int(axis)] if np.ndim(axis) == 0 else [int(i) for i in axis]) for axis in axes)
    return [i % ndim_a for i in of_a], [i % ndim_b for i in of_b]


def _inverse(permutation: Sequence[int]) -> list[int]:
    """Return the permutation that undoes another one."""
    return sorted(range(len(permutation)), key=permutation.__getitem__)


bilinear(np.tensordot, tensordot_left, tensordot_right)

# --- cross ------------------------------------------------------------------------------------------------------------


def _in_space(v: Array, axis: int) -> Array:
    """Return vectors with three components, on the last axis; those with two lie in the plane."""
    v = np.moveaxis(v, axis, -1)
    return v if v.shape[-1] == 3 else np.concatenate([v, np.zeros_like(v[..., :1])], axis=-1)


def _cross_adjoint(g: Array, this: Array, other: Array, at: int, other_at: int, axisc: int, sign: int) -> Array:
    """Return the cotangent of a factor of a cross product: the cross product of the other one and `g`."""
    if this.shape[at] == other.shape[other_at] == 2:  # then the result is the third component alone
        z = np.expand_dims(g, -1)
        g = np.concatenate([np.zeros_like(z), np.zeros_like(z), z], axis=-1)
    else:
        g = np.moveaxis(g, axisc, -1)
    other = _in_space(other, other_at)
    pulled = np.cross(other, g) if sign > 0 else np.cross(g, other)
    # Counted from the end, the axis is the same whether or not broadcasting has put others in front.
    return np.moveaxis(pulled[..., : this.shape[at]], -1, at % this.ndim - this.ndim)


def cross_left(
    g: Array, _a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    return _cross_adjoint(g, _a, b, axisa, axisb, axisc, 1)


def cross_right(
    g: Array, a: Array, _b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    return _cross_adjoint(g, _b, a, axisb, axisa, axisc, -1)


bilinear(np.cross, cross_left, cross_right)

# --- the same under numpy.linalg --------------------------------------------------------------------------------------


def linalg_outer(x1: Array, x2: Array) -> Array:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(
            f"Input arrays must be one-dimensional, but they are x1.ndim={np.ndim(x1)} and x2.ndim={np.ndim(x2)}."
        )
    return np.outer(x1, x2)


def linalg_cross(x1: Array, x2: Array, axis: int = -1) -> Array:
    shapes = np.shape(x1), np.shape(x2)
    if not all(-len(shape) <= axis < len(shape) and shape[axis] == 3 for shape in shapes):
        np.linalg.cross(*map(np.empty, shapes), axis=axis)  # NumPy's own error
    return np.cross(x1, x2, axis=axis)


composite(np.linalg.matmul, lambda x1, x2: np.matmul(x1, x2))
composite(
    np.linalg.vecdot,
    lambda x1, x2, axis=-1: np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)),
)
composite(np.linalg.tensordot, lambda x1, x2, axes=2: np.tensordot(x1, x2, axes))
composite(np.linalg.outer, linalg_outer)
composite(np.linalg.cross, linalg_cross)
composite(np.linalg.matrix_transpose, lambda x: np.matrix_transpose(x))
composite(np.linalg.diagonal, lambda x, offset=0: np.diagonal(x, offset, -2, -1))
composite(np.linalg.trace, lambda x, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype))


def multi_dot(arrays: Sequence[Array]) -> Array:
    """Multiply in the cheapest order, by dynamic programming (Cormen et al., Introduction to Algorithms, 14.2)."""
    count = len(arrays)
    if count < 2:
        raise ValueError("Expecting at least two arrays.")
    if count == 2:
        return np.dot(*arrays)
    for i, array in enumerate(arrays):
        if np.ndim(array) != 2 and (np.ndim(array) != 1 or 0 < i < count - 1):
            raise np.linalg.LinAlgError(f"{np.ndim(array)}-dimensional array given. Array must be two-dimensional")
    rows = [1 if np.ndim(arrays[0]) == 1 else np.shape(arrays[0])[0], *(np.shape(a)[0] for a in arrays[1:])]
    size = [*rows, 1 if np.ndim(arrays[-1]) == 1 else np.shape(arrays[-1])[1]]
    cost: dict[tuple[int, int], int] = {(i, i): 0 for i in range(count)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + size[i] * size[k + 1] * size[j + 1], k) for k in range(i, j)
            )

    def product(i: int, j: int) -> Array:
        return arrays[i] if i == j else np.dot(product(i, split[i, j]), product(split[i, j] + 1, j))

    return product(0, count - 1)


def matrix_power(a: Array, n: Any) -> Array:
    if np.ndim(a) < 2 or a.shape[-1] != a.shape[-2] or not hasattr(n, "__index__"):
        np.linalg.matrix_power(np.empty(a.shape), n)  # NumPy's own error
    n = n.__index__()
    if n == 0:
        return np.where(False, a, np.eye(a.shape[-1], dtype=a.dtype))
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 3:  # as NumPy has it
        return np.matmul(np.matmul(a, a), a)
    power = None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            power = a if power is None else np.matmul(power, a)
        if n == 0:
            return power
        a = np.matmul(a, a)


composite(np.linalg.multi_dot, multi_dot, sequences=("arrays",))
composite(
    np.linalg.matrix_power,
    matrix_power,
    anew=lambda args, kwargs: not (args[1] if len(args) > 1 else kwargs.get("n")),  # 0, in NumPy's order in memory
)
