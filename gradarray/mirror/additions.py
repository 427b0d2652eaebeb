"""What NumPy has no function for: the other circular and hyperbolic functions, and sums and products of many arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..context.frames import PACKAGE
from ..reverse.constants import with_constant
from ..reverse.tensor import Tensor
from ..rules import circular
from ..tape.wrapping import stack_nested
from .functions import add, matmul, multiply, positive
from .functions import where as choose
from .mirrored import mirrored

_DOCUMENTATION = """Return {meaning}, element by element.

    Parameters
    ----------
    x : array_like
        {domain}
    out : Tensor or ndarray, optional
        Where the result goes, as for a ufunc.
    where : array_like of bool
        Where it is computed; elsewhere `out` stays as it is, and without one the values are undefined.
    casting, order, dtype, subok, signature
        As for a ufunc.
    constant : bool, optional
        True makes the result a constant, False a variable; by default it is a constant if `x` is one.

    Returns
    -------
    Tensor
        Of real `x` outside of the domain, NaN.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor({at})
    >>> y = ga.{name}(x)
    >>> y.backward()
    >>> y.data.round(4), x.grad.round(4)
    (np.float64({there[0]}), np.float64({there[1]}))
    """


def _ufunc_like(
    func: Callable[..., Any], inside: float, meaning: str, domain: str, at: float, there: tuple[float, float]
) -> Callable[..., Tensor]:
    """Return a public function with the keywords of a ufunc; `inside` is a number of its domain."""
    compute = mirrored(func)

    def call(
        x: Any, out: Any = None, *, where: Any = True, dtype: Any = None, constant: bool | None = None, **options: Any
    ) -> Any:
        if constant is not None and not (constant is False and out is not None):
            return with_constant(call, constant, (x, out), {"where": where, "dtype": dtype, **options})
        if out is None and where is True and dtype is None and not options:
            return compute(x)
        if dtype is not None:
            x = positive(x, dtype=dtype, casting=options.get("casting", "same_kind"))
        if where is not True:
            x = choose(where, x, inside)
        return positive(compute(x), out, where=where, dtype=dtype, **options)

    name = func.__name__
    call.__name__ = call.__qualname__ = name
    call.__module__ = PACKAGE
    call.__doc__ = _DOCUMENTATION.format(name=name, meaning=meaning, domain=domain, at=at, there=there)
    return call


sec = _ufunc_like(circular.sec, 1, "the secant, 1 / cos(x)", "Angles in radians.", 1.0, (1.8508, 2.8825))
csc = _ufunc_like(circular.csc, 1, "the cosecant, 1 / sin(x)", "Angles in radians.", 1.0, (1.1884, -0.7631))
cot = _ufunc_like(circular.cot, 1, "the cotangent, 1 / tan(x)", "Angles in radians.", 1.0, (0.6421, -1.4123))
arcsec = _ufunc_like(
    circular.arcsec,
    2,
    "the inverse of `sec`, arccos(1 / x), in [0, pi]",
    "Numbers of at least 1 in size.",
    2.0,
    (1.0472, 0.2887),
)
arccsc = _ufunc_like(
    circular.arccsc,
    2,
    "the inverse of `csc`, arcsin(1 / x), in [-pi/2, pi/2]",
    "Numbers of at least 1 in size.",
    2.0,
    (0.5236, -0.2887),
)
arccot = _ufunc_like(
    circular.arccot,
    2,
    "the inverse of `cot`, arctan(1 / x), in [-pi/2, pi/2]",
    "Any numbers; at 0 it jumps.",
    2.0,
    (0.4636, -0.2),
)
sech = _ufunc_like(circular.sech, 1, "the hyperbolic secant, 1 / cosh(x)", "Any numbers.", 1.0, (0.6481, -0.4936))
csch = _ufunc_like(
    circular.csch, 1, "the hyperbolic cosecant, 1 / sinh(x)", "Any numbers but 0.", 1.0, (0.8509, -1.1173)
)
coth = _ufunc_like(
    circular.coth, 1, "the hyperbolic cotangent, 1 / tanh(x)", "Any numbers but 0.", 1.0, (1.313, -0.7241)
)
arcsech = _ufunc_like(
    circular.arcsech,
    0.5,
    "the inverse of `sech`, arccosh(1 / x)",
    "Numbers above 0, and up to 1.",
    0.5,
    (1.317, -2.3094),
)
arccsch = _ufunc_like(
    circular.arccsch, 2, "the inverse of `csch`, arcsinh(1 / x)", "Any numbers but 0.", 2.0, (0.4812, -0.2236)
)
arccoth = _ufunc_like(
    circular.arccoth,
    2,
    "the inverse of `coth`, arctanh(1 / x)",
    "Numbers of more than 1 in size.",
    2.0,
    (0.5493, -0.3333),
)


# --- many arrays ------------------------------------------------------------------------------------------------------


def add_sequence(*tensors: Any, constant: bool | None = None) -> Tensor:
    """Return the sum of two or more arrays, ``a + b + ... + z``.

    Parameters
    ----------
    *tensors : array_like
        Arrays that broadcast together.
    constant : bool, optional
        True makes the result a constant, False a variable; by default it is a constant if all arrays are.

    Raises
    ------
    ValueError
        For less than two arrays, or shapes that do not broadcast together.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.add_sequence([1.0, 2.0], 3.0, [[10.0], [20.0]])
    Tensor([[14., 15.],
            [24., 25.]])
    """
    return _folded("add_sequence", add, tensors, constant)


def multiply_sequence(*tensors: Any, constant: bool | None = None) -> Tensor:
    """Return the product of two or more arrays, element by element, ``a * b * ... * z``.

    Parameters
    ----------
    *tensors : array_like
        Arrays that broadcast together.
    constant : bool, optional
        True makes the result a constant, False a variable; by default it is a constant if all arrays are.

    Raises
    ------
    ValueError
        For less than two arrays, or shapes that do not broadcast together.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([1.0, 2.0])
    >>> ga.multiply_sequence(x, [3.0, 4.0], 5.0).backward()
    >>> x.grad
    array([15., 20.])
    """
    return _folded("multiply_sequence", multiply, tensors, constant)


def _folded(name: str, func: Callable[..., Tensor], tensors: Sequence[Any], constant: bool | None) -> Tensor:
    if len(tensors) < 2:
        raise ValueError(f"{name} takes at least two arrays, not {len(tensors)}")
    if constant is not None:
        return with_constant(functools.reduce, constant, (func, tensors), {})  # type: ignore[no-any-return]
    return functools.reduce(func, tensors)  # type: ignore[no-any-return]


def multi_matmul(tensors: Sequence[Any], *, constant: bool | None = None) -> Tensor:
    """Return the matrix product of two or more arrays, multiplied in the order that takes the fewest operations.

    Parameters
    ----------
    tensors : sequence of array_like
        As for a chain of `matmul`: the first and the last may be vectors, the others are matrices or stacks of them.
    constant : bool, optional
        True makes the result a constant, False a variable; by default it is a constant if all arrays are.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        For less than two arrays, for one within that is no matrix, and for shapes that do not fit together.

    Notes
    -----
    The order is that of the least sum of ``rows * inner * columns`` over all products, by dynamic programming (Cormen,
    Leiserson, Rivest and Stein, Introduction to Algorithms, section 14.2).

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> a, b, c = np.ones((2, 100)), np.ones((100, 3)), ga.ones(3)
    >>> ga.multi_matmul([a, b, c])
    Tensor([300., 300.])
    """
    factors = [stack_nested(x) for x in tensors]
    n = len(factors)
    if n < 2:
        raise ValueError(f"multi_matmul takes at least two arrays, not {n}")
    for i, x in enumerate(factors):
        if x.ndim < (1 if i in (0, n - 1) else 2):
            raise ValueError(f"array {i} of {n} has {x.ndim} dimension(s); all but the first and last are matrices")
    rows = [1 if i == 0 and x.ndim == 1 else x.shape[-2] if x.ndim > 1 else x.shape[0] for i, x in enumerate(factors)]
    lengths = [*rows, 1 if factors[-1].ndim == 1 else factors[-1].shape[-1]]
    split = _cheapest_splits(lengths)

    def product(first: int, last: int) -> Any:
        if first == last:
            return factors[first]
        middle = split[first, last]
        return matmul(product(first, middle), product(middle + 1, last))

    if constant is not None:
        return with_constant(product, constant, (0, n - 1), {})  # type: ignore[no-any-return]
    return product(0, n - 1)  # type: ignore[no-any-return]


def _cheapest_splits(lengths: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return after which factor each part of a product is split, for factors of lengths[i] by lengths[i + 1]."""
    n = len(lengths) - 1
    cost = {(i, i): 0 for i in range(n)}
    split: dict[tuple[int, int], int] = {}
    for size in range(1, n):
        for first in range(n - size):
            last = first + size
            costs = {
                k: cost[first, k] + cost[k + 1, last] + lengths[first] * lengths[k + 1] * lengths[last + 1]
                for k in range(first, last)
            }
            split[first, last] = min(costs, key=costs.__getitem__)
            cost[first, last] = costs[split[first, last]]
    return split


__all__ = [
    "add_sequence",
    "arccot",
    "arccoth",
    "arccsc",
    "arccsch",
    "arcsec",
    "arcsech",
    "cot",
    "coth",
    "csc",
    "csch",
    "multi_matmul",
    "multiply_sequence",
    "sec",
    "sech",
]
