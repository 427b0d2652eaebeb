"""Sparse matrices in products and sums, and those whose data are variables.

Such a one is the library's own, in csr, csc or coo form, and holds the variable as its ``data``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable, stack_nested
from ...primitives import scatter
from ...registry import bilinear, linear
from ..declared import function, looking, makers, methods, operators, related
from ..values import from_library

# --- products ---------------------------------------------------------------------------------------------------------


@from_library
def product(x: Array, matrix: Any) -> Array:
    """Return a constant matrix, or an operator, times an array."""
    return np.asarray(matrix @ x)


linear(product, lambda g, _x, *, matrix: product(g, matrix=adjoint(matrix)))


def adjoint(matrix: Any) -> Any:
    """Return the conjugate transpose of a matrix or of an operator."""
    return matrix.conj().T if hasattr(matrix, "conj") else matrix.H


@from_library
def weighted(data: Array, x: Array, rows: Array, cols: Array, shape: Any) -> Array:
    """Return a matrix with these data, at these rows and columns, times an array."""
    return np.asarray(sparse.coo_array((data, (rows, cols)), shape=shape).tocsr() @ x)


def _by_data(g: Any, _data: Any, x: Any, *, rows: Any, cols: Any, shape: Any) -> Any:
    both = g[rows] * x[cols]
    return both if np.ndim(both) == 1 else np.sum(both, axis=1)


bilinear(
    weighted,
    _by_data,
    lambda g, data, _x, *, rows, cols, shape: weighted(data, g, rows=cols, cols=rows, shape=shape[::-1]),
)

# The forms that a matrix with variable data has; what a solver or a user makes of them has one of these, too.
FORMS = ("csr", "csc", "coo")

# --- what a matrix with variable data is ------------------------------------------------------------------------------


def holds_variable(x: Any) -> bool:
    """Tell whether a matrix holds a variable, or anything else that is no plain array."""
    return sparse.issparse(x) and x.format in ("csr", "csc", "coo") and not issubclass(type(x.data), np.ndarray)


def coordinates(matrix: Any) -> tuple[Any, Array, Array]:
    """Return the data of a matrix, and the row and the column of each of them."""
    if matrix.format in ("csr", "csc"):
        major = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
        minor = matrix.indices
        return (matrix.data, major, minor) if matrix.format == "csr" else (matrix.data, minor, major)
    plain = matrix if matrix.format == "coo" else matrix.tocoo()
    return plain.data, plain.row, plain.col


def of_coordinates(data: Any, rows: Array, cols: Array, shape: Any, like: type) -> Any:
    """Return a matrix of a class with such data; those at the same place are added."""
    form = like.__name__[:3]
    first, second = (cols, rows) if form == "csc" else (rows, cols)
    order = np.lexsort((second, first))
    first, second = np.asarray(first)[order], np.asarray(second)[order]
    new = np.ones(len(order), bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    which = np.cumsum(new) - 1
    merged = data[order]
    if not new.all():
        merged = scatter(merged, index=which, shape=(int(new.sum()),))
    places = (second[new], first[new]) if form == "csc" else (first[new], second[new])
    made = like((np.ones(int(new.sum()), merged.dtype), places), shape=tuple(shape))
    made.data = merged
    return made


def with_data(matrix: Any, data: Any) -> Any:
    """Return a copy of a matrix, in csr, csc or coo form, with other data at the same places."""
    plain = matrix if matrix.format in ("csr", "csc", "coo") else matrix.tocsr()
    made = object.__new__(type(plain))
    made.__dict__.update(plain.__dict__)
    made.data = data
    return made


def of_form(matrix: Any, form: str) -> type:
    kind = "array" if isinstance(matrix, sparse.sparray) else "matrix"
    return getattr(sparse, f"{form}_{kind}")  # type: ignore[no-any-return]


# --- operators --------------------------------------------------------------------------------------------------------


def _dense(x: Any) -> Any:
    return x if hasattr(x, "dtype") and hasattr(x, "ndim") else np.asarray(x)


def matmul(a: Any, b: Any) -> Any:
    """Return a product of which one factor, or both, are sparse."""
    if sparse.issparse(a) and sparse.issparse(b):
        return _both_sparse(a, b)
    if not (sparse.issparse(a) or hasattr(a, "rmatvec")):
        return np.transpose(matmul(b.T if not holds_variable(b) else _transposed(b), np.transpose(_dense(a))))
    b = _dense(b)
    if not np.ndim(b):
        raise ValueError("Scalar operands are not allowed, use '*' instead")
    if np.shape(b)[0] != a.shape[-1]:
        raise ValueError(f"matmul: dimension mismatch with signature (n,k={a.shape[-1]}),(k={np.shape(b)[0]},m)->(n,m)")
    if not holds_variable(a):
        return product(b, matrix=a)
    data, rows, cols = coordinates(a)
    return weighted(data, b, rows=rows, cols=cols, shape=a.shape)


def _both_sparse(a: Any, b: Any) -> Any:
    """Return the product of two sparse matrices: a sum over all pairs that meet."""
    left, i, k = coordinates(a)
    right, rows, j = coordinates(b)
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(b.shape[0] + 1))
    counts = (starts[1:] - starts[:-1])[k]
    p = np.repeat(np.arange(len(k)), counts)
    within = np.arange(len(p)) - np.repeat(np.cumsum(counts) - counts, counts)
    q = order[starts[k][p] + within]
    like = type(a) if a.format in ("csr", "csc", "coo") else of_form(a, "csr")
    return of_coordinates(left[p] * right[q], i[p], j[q], (a.shape[0], b.shape[1]), like)


def multiply(a: Any, b: Any) -> Any:
    """Return the product of elements, or by a number, of which one is sparse; so is the result."""
    if not sparse.issparse(a):
        a, b = b, a
    data, rows, cols = coordinates(a)
    if sparse.issparse(b):
        if holds_variable(b):
            return multiply(a.multiply(_pattern(b)), _densely(b)) if not holds_variable(a) else multiply(a, _densely(b))
        return multiply(a, b.toarray())
    b = _dense(b)
    if np.ndim(b) == 0 or np.size(b) == 1:
        return with_data(a if a.format in ("csr", "csc", "coo") else a.tocsr(), _data_of(a) * np.reshape(b, ()))
    wide = np.broadcast_to(b, a.shape)
    return of_coordinates(data * wide[rows, cols], rows, cols, a.shape, of_form(a, "coo"))


def _data_of(a: Any) -> Any:
    return a.data if a.format in ("csr", "csc", "coo") else a.tocsr().data


def _pattern(b: Any) -> Any:
    _, rows, cols = coordinates(b)
    return sparse.coo_array((np.ones(len(rows)), (rows, cols)), shape=b.shape).tocsr()


def _densely(a: Any, order: Any = None, out: Any = None) -> Any:
    data, rows, cols = coordinates(a)
    return scatter(data, index=(rows, cols), shape=tuple(a.shape))


def _as_dense(a: Any) -> Any:
    return _densely(a) if holds_variable(a) else a.toarray() if sparse.issparse(a) else a


def _sum(a: Any, b: Any, sign: int) -> Any:
    if sparse.issparse(a) and sparse.issparse(b):
        (d1, r1, c1), (d2, r2, c2) = coordinates(a), coordinates(b)
        like = type(a) if a.format in ("csr", "csc", "coo") else of_form(a, "csr")
        whole = np.concatenate([d1, sign * d2]), np.concatenate([r1, r2]), np.concatenate([c1, c2])
        return of_coordinates(*whole, a.shape, like)
    if np.ndim(_as_dense(a)) == 0 or np.ndim(_as_dense(b)) == 0:
        raise NotImplementedError("adding a nonzero scalar to a sparse array is not supported")
    return _as_dense(a) + sign * _as_dense(b)


def _divide(a: Any, b: Any) -> Any:
    if sparse.issparse(b):
        return _as_dense(a) / _as_dense(b)
    return multiply(a, 1 / _dense(b))


def _times(a: Any, b: Any) -> Any:
    """Return ``a * b``, which for the older kind, spmatrix, is the product of matrices."""
    if hasattr(b, "rmatvec"):  # a variable times an operator
        return b.__rmul__(a)
    old = any(isinstance(x, sparse.spmatrix) for x in (a, b))
    if old and all(sparse.issparse(x) or np.ndim(x) for x in (a, b)):
        return matmul(a, b)
    return multiply(a, b)


operators(
    "scipy.sparse",
    matmul=matmul,
    mul=_times,
    add=lambda a, b: _sum(a, b, 1),
    sub=lambda a, b: _sum(a, b, -1),
    truediv=_divide,
)

# --- methods ----------------------------------------------------------------------------------------------------------


def _init(self: Any, arg1: Any, shape: Any = None, dtype: Any = None, copy: bool = False, **options: Any) -> None:
    """Fill a matrix with variable data: given as (data, (rows, columns)), (data, indices, indptr), or dense."""
    cls = type(self)
    if sparse.issparse(arg1):
        data, rows, cols = coordinates(arg1)
        made = of_coordinates(data, rows, cols, arg1.shape, cls)
    elif isinstance(arg1, (tuple, list)) and len(arg1) == 2:
        data, (rows, cols) = arg1
        plain = cls((np.ones(np.shape(data)[0]), (bare(rows), bare(cols))), shape=shape)
        made = of_coordinates(data, np.asarray(bare(rows)), np.asarray(bare(cols)), plain.shape, cls)
    elif isinstance(arg1, (tuple, list)) and len(arg1) == 3:
        data, indices, indptr = arg1
        made = cls((np.ones(np.shape(data)[0]), bare(indices), bare(indptr)), shape=shape, **options)
        made.data = data
    else:
        # All of them, as there are derivatives by those that are 0, too.
        rows, cols = (np.ravel(x) for x in np.indices(np.shape(arg1)))
        made = of_coordinates(np.ravel(arg1), rows, cols, np.shape(arg1), cls)
    if dtype is not None and made.data.dtype != dtype:
        made.data = made.data.astype(dtype)
    self.__dict__.update(made.__dict__)


def _transposed(self: Any, axes: Any = None, copy: bool = False) -> Any:
    data, rows, cols = coordinates(self)
    turned = {"csr": "csc", "csc": "csr", "coo": "coo"}[self.format]
    return of_coordinates(data, cols, rows, self.shape[::-1], of_form(self, turned))


def _to(form: str) -> Callable[..., Any]:
    def convert(self: Any, copy: bool = False) -> Any:
        return of_coordinates(*coordinates(self), self.shape, of_form(self, form))

    return convert


def _summed(self: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    data, rows, cols = coordinates(self)
    if dtype is not None or out is not None:
        raise TypeError("the sum of a sparse matrix of variables takes neither dtype= nor out=")
    if axis is None:
        return np.sum(data)
    axis = axis % 2
    found = scatter(data, index=rows if axis else cols, shape=(self.shape[1 - axis],))
    return found if isinstance(self, sparse.sparray) else np.expand_dims(found, axis)


def _mean(self: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return _summed(self, axis, dtype, out) / (np.prod(self.shape) if axis is None else self.shape[axis])


def _diagonal(self: Any, k: int = 0) -> Any:
    data, rows, cols = coordinates(self)
    on = np.nonzero(cols - rows == k)[0]
    n = max(0, min(self.shape[0] + min(k, 0), self.shape[1] - max(k, 0)))
    return scatter(data[on], index=rows[on] + min(k, 0), shape=(n,))


def _refused(name: str) -> Callable[..., Any]:
    def method(*_args: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"a sparse matrix of variables has no {name} here; toarray() gives the dense one, which has")

    return method


# What leaves zeros zero, and is a method of a matrix.
_OF_ZERO = [np.arcsin, np.arcsinh, np.arctan, np.arctanh, np.deg2rad, np.expm1, np.log1p, np.rad2deg, np.sin, np.sinh]
_OF_ZERO += [np.sqrt, np.tan, np.tanh]


def _on_data(ufunc: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self: with_data(self, ufunc(self.data))


def _not_held(self: Any, *_args: Any, **_kwargs: Any) -> Any:
    raise TypeError(
        f"a sparse matrix in {self.format} form cannot hold a variable: give its data with their places, as in "
        "sparse.coo_array((data, (rows, columns))), or its diagonals to sparse.diags_array"
    )


_METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _init,
    "__matmul__": matmul,
    "__rmatmul__": lambda self, other: matmul(other, self),
    "dot": matmul,
    "__mul__": _times,
    "__rmul__": lambda self, other: _times(other, self),
    "multiply": multiply,
    "__add__": lambda self, other: _sum(self, other, 1),
    "__radd__": lambda self, other: _sum(other, self, 1),
    "__sub__": lambda self, other: _sum(self, other, -1),
    "__rsub__": lambda self, other: _sum(other, self, -1),
    "__truediv__": _divide,
    "__neg__": lambda self: with_data(self, -self.data),
    "__abs__": lambda self: with_data(self, np.abs(self.data)),
    "power": lambda self, n, dtype=None: with_data(self, self.data**n),
    "toarray": _densely,
    "todense": _densely,
    "transpose": _transposed,
    "tocsr": _to("csr"),
    "tocsc": _to("csc"),
    "tocoo": _to("coo"),
    "sum": _summed,
    "mean": _mean,
    "diagonal": _diagonal,
    "trace": lambda self, offset=0: np.sum(_diagonal(self, offset)),
    "copy": lambda self: with_data(self, self.data),
    "conj": lambda self, copy=True: with_data(self, np.conj(self.data)),
    "__setitem__": _refused("items that can be set"),
    "setdiag": _refused("setdiag"),
    "maximum": _refused("maximum"),
    "minimum": _refused("minimum"),
    # A zero may be a variable, and stays; there are no others to be done with.
    "eliminate_zeros": lambda self: None,
    "sum_duplicates": lambda self: None,
    "sort_indices": lambda self: None,
    **{ufunc.__name__: _on_data(ufunc) for ufunc in _OF_ZERO},
    "tolil": _refused("tolil"),
    "todok": _refused("todok"),
    "todia": _refused("todia"),
    "tobsr": _refused("tobsr"),
    "reshape": _refused("reshape"),
    "max": _refused("max"),
    "min": _refused("min"),
}
# Those of a constant matrix in another form, with a variable.
_BINARY = ("matmul", "rmatmul", "dot", "multiply", "add", "radd", "sub", "rsub", "mul", "rmul")
_OF_TWO = {name: body for name, body in _METHODS.items() if name.strip("_") in _BINARY}
for _kind in ("array", "matrix"):
    for _form in FORMS:
        methods("scipy.sparse", f"{_form}_{_kind}", **_METHODS)
    for _form in ("dia", "bsr", "lil", "dok"):
        methods("scipy.sparse", f"{_form}_{_kind}", __setitem__=_not_held, **_OF_TWO)
        if _form != "dok":  # a dictionary, before it is one
            methods("scipy.sparse", f"{_form}_{_kind}", __init__=_not_held)
makers("scipy.sparse", "diags", "diags_array", "eye_array", "spdiags", "tocsr", "tocsc", "tocoo", "random_array")
makers("scipy.sparse", "eye", "identity", "rand", "random", "kron", "kronsum", "block_diag", "hstack", "vstack", "bmat")
makers("scipy.sparse", "block_array", "tril", "triu")
related("scipy.sparse")

# --- made of diagonals ------------------------------------------------------------------------------------------------


def _of_diagonals(diagonals: Any, offsets: Any, shape: Any, form: Any, kind: str) -> Any:
    single = np.ndim(offsets) == 0
    single = single and not any(isinstance(x, (list, tuple)) or np.ndim(x) for x in diagonals)
    parts = [stack_nested(x) if has_variable(x) else x for x in ([diagonals] if single else diagonals)]
    offsets = np.atleast_1d(bare(offsets))
    if shape is None:
        n = np.shape(parts[0])[0] + abs(int(offsets[0]))
        shape = (n, n)
    data, rows, cols = [], [], []
    for part, k in zip(parts, offsets.tolist(), strict=True):
        n = min(shape[0] + min(k, 0), shape[1] - max(k, 0))
        data.append(np.broadcast_to(part, (n,)) if np.size(part) == 1 else part)
        rows.append(np.arange(n) - min(k, 0))
        cols.append(np.arange(n) + max(k, 0))
        if np.shape(data[-1]) != (n,):
            raise ValueError(
                f"Diagonal length (index 0: {np.shape(part)}, offset {k}) does not agree with size {shape}"
            )
    like = getattr(sparse, f"{form if form in ('csc', 'coo') else 'csr'}_{kind}")
    return of_coordinates(np.concatenate(data), np.concatenate(rows), np.concatenate(cols), shape, like)


def kron(A: Any, B: Any, format: Any = None) -> Any:
    (left, i, j), (right, k, m) = (coordinates(x if sparse.issparse(x) else of_dense(x)) for x in (A, B))
    count = len(k)
    p, q = np.repeat(np.arange(len(i)), count), np.tile(np.arange(count), len(i))
    shape = (A.shape[0] * B.shape[0], A.shape[1] * B.shape[1])
    like = of_form(A if sparse.issparse(A) else B, format if format in ("csr", "csc") else "coo")
    return of_coordinates(left[p] * right[q], i[p] * B.shape[0] + k[q], j[p] * B.shape[1] + m[q], shape, like)


def of_dense(x: Any) -> Any:
    made = object.__new__(sparse.csr_array)
    _init(made, x)
    return made


def diags(diagonals: Any, offsets: Any = 0, shape: Any = None, format: Any = None, dtype: Any = None) -> Any:
    return _of_diagonals(diagonals, offsets, shape, format, "matrix")


def diags_array(
    diagonals: Any, /, *, offsets: Any = 0, shape: Any = None, format: Any = None, dtype: Any = None
) -> Any:
    return _of_diagonals(diagonals, offsets, shape, format, "array")


function("scipy.sparse", diags, diags_array)


def _looking(body: Callable[..., Any], library: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does the same for matrices that hold variables, and calls the library for others."""

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(has_variable(x) or holds_variable(x) for x in (*args, *kwargs.values())):
            return body(*args, **kwargs)
        return library(*args, **kwargs)

    return call


looking("scipy.sparse", _looking(kron, sparse.kron))
