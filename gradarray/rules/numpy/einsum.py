"""np.einsum, by one rule for every pattern that it takes.

The sum is linear in each operand, and the cotangent of one is again an einsum: of the cotangent that came in and the
other operands, with the subscripts of that operand as the output. What remains are subscripts that the new sum cannot
give: those that stand in this operand alone (its cotangent is constant along them) and repeated ones (a diagonal).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import inf, prod
from typing import Any

import numpy as np

from ...kernels.arrays import Array, conjugate
from ..primitives import astype
from ..registry import nondifferentiable, rule
from .shape import as_array

_LETTERS = string.ascii_uppercase + string.ascii_lowercase


def einsum_vjp(
    g: Array,
    _ans: Any,
    *operands: Any,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> list[Any]:
    return pull_einsum(g, _ans, operands, optimize, dtype, casting, inf)


def pull_einsum(
    g: Array,
    _ans: Any,
    operands: tuple[Any, ...],
    optimize: Any,
    dtype: Any,
    casting: str,
    most: float,
) -> list[Any]:
    """Return the cotangents; sums of more than so many products are made in an optimized order."""
    # The node knows which operands are constant; their cotangents may be most of the work. Forward mode has no node.
    wanted = getattr(_ans, "parents", None)
    if isinstance(operands[0], str):
        subscripts, arrays, positions = operands[0], operands[1:], range(1, len(operands))
    else:
        count = len(operands) // 2
        subscripts = ",".join(_letters(operands[2 * i + 1]) for i in range(count))
        if len(operands) % 2:
            subscripts += "->" + _letters(operands[-1])
        arrays, positions = operands[: 2 * count : 2], range(0, 2 * count, 2)
    shapes = tuple(np.shape(array) for array in arrays)
    is_complex = _ans.dtype.kind == "c"
    cast = {} if dtype is None else {"dtype": dtype, "casting": casting}
    cotangents: list[Any] = [None] * len(operands)
    if optimize:
        _refuse_overflow(subscripts, [*map(as_array, arrays)], optimize)
    for k, position in enumerate(positions):
        if wanted is None or wanted[position] is not None:
            equation, terms, finish = einsum_plan(subscripts, shapes, k)
            how = optimize if isinstance(optimize, (bool, str)) and optimize else bool(optimize) or terms > most
            factors = (*arrays[:k], *arrays[k + 1 :])  # without the operand itself, of which a view saves nothing
            if is_complex:
                factors = tuple([conjugate(array) for array in factors])
            if how:  # a product of two of them would be in their own dtype
                factors = tuple([_in_dtype(x, _ans.dtype) for x in factors])
            product = np.einsum(equation, g, *factors, optimize=how, **cast)
            cotangents[position] = finish(product)
    return cotangents


def _refuse_overflow(subscripts: str, arrays: Sequence[Any], optimize: Any) -> None:
    """Raise where NumPy multiplies operands of few numbers by each other, whose product is another one then."""
    narrow = [x.dtype.kind in "biu" and x.dtype.itemsize < 8 for x in arrays]
    if sum(narrow) < 2:
        return
    like = [np.broadcast_to(0.0, x.shape) for x in arrays]
    for group in np.einsum_path(subscripts, *like, optimize=optimize)[0][1:]:
        taken = [narrow.pop(i) for i in sorted(group, reverse=True)]
        if len(taken) > 1 and all(taken):
            raise TypeError(
                "the gradient of np.einsum is not known where optimize= multiplies arrays of truth values or of small "
                "whole numbers by each other, since their product is cut off; convert them by a.astype(float)"
            )
        narrow.append(all(taken))


def _in_dtype(x: Any, dtype: np.dtype[Any]) -> Any:
    x = as_array(x)  # of a list
    return x if x.dtype == dtype else astype(x, dtype)


def einsum_jvp(tangents: Sequence[Array | None], _ans: Any, *operands: Any, **params: Any) -> Array:
    terms = [np.einsum(*operands[:i], t, *operands[i + 1 :], **params) for i, t in enumerate(tangents) if t is not None]
    return sum(terms[1:], terms[0])


def _letters(sublist: Any) -> str:
    return "".join("..." if label is Ellipsis else _LETTERS[int(label)] for label in sublist)


def einsum_labels(subscripts: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """Return one letter for each axis of each operand, and of the result: no ellipsis, no implicit output."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    spare = [letter for letter in _LETTERS if letter not in subscripts]
    dots = [ndim - len(term) + 3 if "..." in term else 0 for term, ndim in zip(inputs, ndims, strict=True)]
    if max(dots) > len(spare):
        raise ValueError(f"the gradient of einsum needs {max(dots)} letters that '{subscripts}' leaves free")
    fill = "".join(spare[: max(dots)])
    inputs = [term.replace("...", fill[len(fill) - count :]) for term, count in zip(inputs, dots, strict=True)]
    if arrow:
        return inputs, output.replace("...", fill)
    joined = "".join(inputs)
    return inputs, fill + "".join(sorted(c for c in set(joined) - set(fill) if joined.count(c) == 1))


@lru_cache(maxsize=1024)
def einsum_plan(subscripts: str, shapes: tuple[tuple[int, ...], ...], k: int) -> tuple[str, int, Callable[..., Any]]:
    """Return how the cotangent of the k-th operand is computed.

    Returns
    -------
    equation : the subscripts of the einsum of the cotangent and the other operands
    terms : how many products that einsum sums, all in all
    finish : what makes the cotangent of the einsum's result
    """
    inputs, output = einsum_labels(subscripts, [len(shape) for shape in shapes])
    own, shape = inputs[k], shapes[k]
    others = inputs[:k] + inputs[k + 1 :]
    sizes: dict[str, int] = {}
    for term, lengths in zip(inputs, shapes, strict=True):
        for letter, length in zip(term, lengths, strict=True):
            sizes[letter] = max(length, sizes.get(letter, 1)) if length else 0
    known = set(output).union(*others)
    unique = "".join(dict.fromkeys(own))
    length_of = dict(zip(own, shape, strict=True))
    # An axis of length one may have been stretched; leaving it out of the output sums over it.
    kept = [letter for letter in unique if letter in known and length_of[letter] != 1]
    equation = ",".join([output, *others]) + "->" + "".join(kept)
    # The axes of the operand: the first of each letter is the einsum's, the others have length one until spread.
    index = tuple(
        slice(None) if letter in kept and own.index(letter) == axis else None for axis, letter in enumerate(own)
    )
    repeated = [(own.index(letter), axis) for axis, letter in enumerate(own) if own.index(letter) != axis]
    first = tuple(1 if own.index(letter) != axis else shape[axis] for axis, letter in enumerate(own))
    whole = all(item is not None for item in index)

    def finish(product: Array) -> Array:
        if not whole:
            product = product[index]
        if product.shape != first:
            product = np.broadcast_to(product, first)
        if not repeated:
            return product
        diagonal: Any = True
        for one, other in repeated:
            diagonal = diagonal & (_positions(one, shape) == _positions(other, shape))
        return np.where(diagonal, product, 0)

    return equation, prod(sizes.values()) if others else 0, finish


def _positions(axis: int, shape: tuple[int, ...]) -> Any:
    """Return the positions along one axis, shaped to broadcast."""
    return np.arange(shape[axis]).reshape(tuple(n if i == axis else 1 for i, n in enumerate(shape)))


rule(np.einsum, joint=einsum_vjp, jvp=einsum_jvp, holomorphic=False)
nondifferentiable(np.einsum_path)
