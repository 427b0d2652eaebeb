"""Operators, given by what they make of an array: also where that depends on variables.

What SciPy asks of an operator, it asks of ``_matvec`` and its like, which are the user's; these may find variables in
closures or attributes, so that each product is asked for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import linalg

from ....tape.wrapping import bare, has_variable
from ..declared import asked, makers, methods
from ..values import looked_at
from .matrices import adjoint, product


def is_operator(x: Any) -> bool:
    return isinstance(x, linalg.LinearOperator)


def depends(operator: Any) -> bool:
    """Tell whether what an operator makes of an array depends on a variable."""
    return has_variable(operator._matvec(np.zeros(operator.shape[1])))


def of_values(operator: Any) -> Any:
    """Return an operator of which all products are bare, and may be written into."""

    def by(body: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: np.array(looked_at(body(operator, x)))

    options = {"rmatvec": by(rmatvec), "matmat": by(matmat), "rmatmat": by(rmatmat), "dtype": operator.dtype}
    return linalg.LinearOperator(operator.shape, by(matvec), **options)


def _product(name: str, back: bool, columns: bool) -> Callable[..., Any]:
    """Return the product of an operator, or of its adjoint, and a vector or several of them."""

    def call(self: Any, x: Any) -> Any:
        n, m = self.shape if back else self.shape[::-1]
        x = x if hasattr(x, "dtype") and hasattr(x, "ndim") else np.asanyarray(x)
        if np.shape(x)[:1] != (n,) or (np.ndim(x) != 2 if columns else np.shape(x) not in ((n,), (n, 1))):
            raise ValueError(f"dimension mismatch: {self.shape!r}, {np.shape(x)!r}")
        of_user = getattr(self, name)
        found = of_user(bare(x))
        if not has_variable(found) and has_variable(x):
            return product(x, matrix=self.H if back else self)
        if has_variable(x):
            found = of_user(x)
        elif not has_variable(found):
            found = np.asmatrix(found) if isinstance(x, np.matrix) else np.asarray(found)
        return found if columns else np.reshape(found, (m,) if np.ndim(x) == 1 else (m, 1))

    return asked(call)


matvec = _product("_matvec", back=False, columns=False)
matmat = _product("_matmat", back=False, columns=True)
rmatvec = _product("_rmatvec", back=True, columns=False)
rmatmat = _product("_rmatmat", back=True, columns=True)


def applied(operator: Any, x: Any) -> Any:
    """Return the product of an operator and an array, a number, or another operator."""
    if is_operator(x):
        return _composed(operator, x)
    if np.ndim(x) == 0:
        return _scaled(operator, x)
    return (matvec if np.ndim(x) == 1 else matmat)(operator, x)


def _made(shape: Any, dtype: Any, forth: Callable[..., Any], back: Callable[..., Any]) -> Any:
    return linalg.LinearOperator(tuple(shape), forth, rmatvec=back, dtype=dtype)


def _composed(one: Any, other: Any) -> Any:
    return _made(
        (one.shape[0], other.shape[1]),
        np.result_type(one.dtype, other.dtype),
        lambda x: matvec(one, matvec(other, x)),
        lambda x: rmatvec(other, rmatvec(one, x)),
    )


def _sum(one: Any, other: Any) -> Any:
    if not is_operator(other):
        return NotImplemented
    return _made(
        one.shape,
        np.result_type(one.dtype, other.dtype),
        lambda x: matvec(one, x) + matvec(other, x),
        lambda x: rmatvec(one, x) + rmatvec(other, x),
    )


def _scaled(operator: Any, number: Any) -> Any:
    back = np.conj(number)
    return _made(
        operator.shape,
        np.result_type(operator.dtype, bare(number)),
        lambda x: number * matvec(operator, x),
        lambda x: back * rmatvec(operator, x),
    )


def _negative(self: Any) -> Any:
    return _scaled(self, -1)


def _power(self: Any, p: int) -> Any:
    found = self
    for _ in range(p - 1):
        found = _composed(found, self)
    return found if p > 0 else _made(self.shape, self.dtype, lambda x: x, lambda x: x)


def _adjoint(self: Any) -> Any:
    return _made(self.shape[::-1], self.dtype, lambda x: rmatvec(self, x), lambda x: matvec(self, x))


def _transpose(self: Any) -> Any:
    return _made(
        self.shape[::-1],
        self.dtype,
        lambda x: np.conj(rmatvec(self, np.conj(x))),
        lambda x: np.conj(matvec(self, np.conj(x))),
    )


def densely(operator: Any) -> Any:
    """Return the matrix of an operator, column by column."""
    return np.stack([matvec(operator, x) for x in np.eye(operator.shape[1])], axis=1)


def adjoint_of(matrix: Any) -> Any:
    """Return the adjoint of a matrix, or of an operator: by its matrix where it has none of its own."""
    if not is_operator(matrix):
        return adjoint(matrix)
    try:
        matrix._rmatvec(np.zeros(matrix.shape[0]))
    except NotImplementedError:
        return linalg.aslinearoperator(np.conj(bare(densely(matrix))).T)
    return matrix.H


@asked
def _init_dtype(self: Any) -> None:
    """Find the dtype as SciPy does, by what is made of an array of the smallest one."""
    if self.dtype is None:
        try:
            self.dtype = np.asarray(bare(self._matvec(np.zeros(self.shape[-1], np.int8)))).dtype
        except OverflowError:  # a large number of Python's
            self.dtype = np.dtype(int)


methods(
    "scipy.sparse.linalg",
    "LinearOperator",
    __matmul__=applied,
    __mul__=applied,
    __rmul__=_scaled,
    __call__=applied,
    dot=applied,
    matvec=matvec,
    matmat=matmat,
    rmatvec=rmatvec,
    rmatmat=rmatmat,
    __add__=_sum,
    __sub__=lambda self, other: _sum(self, _scaled(other, -1)),
    __neg__=_negative,
    __pow__=_power,
    _adjoint=_adjoint,
    _transpose=_transpose,
    _init_dtype=_init_dtype,
)
makers("scipy.sparse.linalg", "aslinearoperator")
