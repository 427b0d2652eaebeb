"""Solutions with sparse matrices and with operators: by the right-hand side, and by the data of the matrix."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...registry import linear, rule
from ..declared import looking, objects
from ..undifferentiated import Undifferentiated
from ..values import Applied, as_library, from_library, valued
from .matrices import adjoint, coordinates, holds_variable, matmul, with_data
from .operators import adjoint_of, applied, densely, depends, is_operator, of_values


def varies(x: Any) -> bool:
    return has_variable(x) or holds_variable(x) or (is_operator(x) and depends(x))


def _plain(x: Any) -> Any:
    """Return a matrix, or an operator, with its bare values."""
    if is_operator(x):
        return of_values(x)
    return with_data(x, bare(x.data)) if holds_variable(x) else bare(x)


# --- direct solutions -------------------------------------------------------------------------------------------------


@from_library
def solved(b: Array, solver: Callable[..., Any], back: Callable[..., Any]) -> Array:
    """Return what a solver of linear equations makes of a right-hand side; `back` solves the adjoint ones."""
    return np.asarray(solver(b))


linear(solved, lambda g, _b, *, solver, back: solved(g, solver=back, back=solver))


@from_library
def solved_with(data: Array, b: Array, rows: Array, cols: Array, shape: Any) -> Array:
    """Solve with a matrix that has these data at these rows and columns."""
    return np.asarray(linalg.spsolve(sparse.csc_array((data, (rows, cols)), shape=shape), b))


def _by_data(g: Any, ans: Any, data: Any, _b: Any, *, rows: Any, cols: Any, shape: Any) -> Any:
    back = solved_with(data, g, rows=cols, cols=rows, shape=shape)
    both = back[rows] * ans[cols]
    return -(both if np.ndim(both) == 1 else np.sum(both, axis=1))


rule(
    solved_with,
    _by_data,
    lambda g, _ans, data, _b, *, rows, cols, shape: solved_with(data, g, rows=cols, cols=rows, shape=shape),
)


def spsolve(A: Any, b: Any, permc_spec: Any = None, use_umfpack: bool = True) -> Any:
    if not (varies(A) or varies(b)):
        return linalg.spsolve(A, b, permc_spec, use_umfpack)
    if sparse.issparse(b):
        raise TypeError("scipy.sparse.linalg.spsolve of a variable: the right-hand side is to be dense, as b.toarray()")
    shape = np.shape(b)
    column = len(shape) == 2 and shape[1] == 1
    if column:  # whose solution SciPy gives without an axis of length one
        b = np.reshape(b, (-1,))
    if holds_variable(A):
        data, rows, cols = coordinates(A)
        return solved_with(data, b, rows=rows, cols=cols, shape=A.shape)
    if has_variable(A):
        return np.linalg.solve(A, b)
    return solved(b, solver=_Solver(A, permc_spec, use_umfpack), back=_Solver(adjoint(A), permc_spec, use_umfpack))


class _Solver:
    def __init__(self, matrix: Any, *options: Any) -> None:
        self._matrix, self._options = matrix, options

    def __call__(self, b: Any) -> Any:
        matrix = self._matrix if sparse.issparse(self._matrix) else sparse.csc_array(self._matrix)
        return linalg.spsolve(matrix, b, *self._options)


def spsolve_triangular(
    A: Any,
    b: Any,
    lower: bool = True,
    overwrite_A: bool = False,
    overwrite_b: bool = False,
    unit_diagonal: bool = False,
) -> Any:
    if not (varies(A) or varies(b)):
        return linalg.spsolve_triangular(A, b, lower, overwrite_A, overwrite_b, unit_diagonal)
    if varies(A):
        raise TypeError("scipy.sparse.linalg.spsolve_triangular has no derivative by A here; spsolve has one")

    def solver(matrix: Any, lower: bool) -> Any:
        return Applied(linalg.spsolve_triangular, matrix, lower=lower, unit_diagonal=unit_diagonal)

    return solved(b, solver=solver(A, lower), back=solver(adjoint(A).tocsr(), not lower))


class Factors:
    """The factors of a matrix, as SciPy's SuperLU, that also solve for a variable."""

    def __init__(self, real: Any, matrix: Any = None) -> None:
        self.__wrapped__, self._matrix = real, matrix

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def solve(self, rhs: Any, trans: str = "N") -> Any:
        if self._matrix is not None:
            return spsolve({"N": self._matrix, "T": self._matrix.T, "H": self._matrix.conj().T}[trans], rhs)
        if not has_variable(rhs):
            return self.__wrapped__.solve(bare(rhs), trans)
        real = self.__wrapped__
        if trans == "T" and real.L.dtype.kind == "c":
            raise TypeError("SuperLU.solve of a variable: trans='T' of a complex matrix is not known here; take 'H'")
        other = "H" if trans == "N" else "N"
        return solved(rhs, solver=Applied(_by_factors, real, trans=trans), back=Applied(_by_factors, real, trans=other))


def _by_factors(factors: Any, b: Any, trans: str) -> Any:
    return factors.solve(b, trans)


def splu(A: Any, *args: Any, **kwargs: Any) -> Any:
    return Factors(linalg.splu(_plain(A), *args, **kwargs), A if holds_variable(A) else None)


def factorized(A: Any) -> Any:
    return splu(A).solve


def spilu(A: Any, *args: Any, **kwargs: Any) -> Any:
    if varies(A):
        raise TypeError("scipy.sparse.linalg.spilu of a variable: factors of some of it have no derivative here")
    return linalg.spilu(A, *args, **kwargs)


objects("SuperLU", lambda real: Factors(real))
looking("scipy.sparse.linalg", spsolve, spsolve_triangular, splu, factorized, spilu)

# --- iterative solutions: differentiated by what they solve, with the same solver -------------------------------------

_SYMMETRIC = ("cg", "minres")


def _iterative(name: str) -> Callable[..., Any]:
    library = getattr(linalg, name)

    def call(A: Any, b: Any, x0: Any = None, **options: Any) -> Any:
        if not (varies(A) or varies(b)):
            return library(A, b, bare(x0), **options)
        plain = _plain(A)
        options = {key: _plain(x) if key in ("M", "M1", "M2") else x for key, x in options.items()}
        value, info = library(plain, np.asarray(bare(b)), bare(x0), **options)
        left = {key: x for key, x in options.items() if key != "callback" and (key != "M" or name in _SYMMETRIC)}

        def solver(adjoint: bool) -> Any:
            return Applied(_converged, plain, name=name, options=left, adjoint=adjoint)

        there, back = solver(False), solver(name not in _SYMMETRIC)
        if not varies(A):
            return valued(solved(b, solver=there, back=back), value), info
        x: Any = value
        for _ in range(3):  # each brings the derivatives of one more order
            x = x + solved(b - _applied(A, x), solver=there, back=back)
        return valued(x, value), info

    call.__name__ = name
    return call


def _converged(matrix: Any, b: Any, name: str, options: Any, adjoint: bool) -> Any:
    if adjoint:
        matrix = adjoint_of(matrix)
    x, info = getattr(linalg, name)(matrix, b, **options)
    if info:  # another right-hand side may be one at which the method breaks down
        known = {key: options[key] for key in ("rtol", "atol") if key in options}
        x, failed = linalg.gmres(matrix, b, restart=min(np.shape(b)[0], 100), maxiter=50, **known)
        info = info if failed else 0
    if info:
        raise ArithmeticError(f"scipy.sparse.linalg.{name}, solving for a derivative, did not converge (info={info})")
    return np.reshape(x, np.shape(b))


def _applied(A: Any, x: Any) -> Any:
    if is_operator(A):
        return applied(A, x)
    return matmul(A, x) if sparse.issparse(A) else A @ x


for _name in ("bicg", "bicgstab", "cg", "cgs", "gcrotmk", "gmres", "lgmres", "minres", "qmr", "tfqmr"):
    looking("scipy.sparse.linalg", _iterative(_name))


def _least_squares(name: str, *parts: str) -> Callable[..., Any]:
    library = getattr(linalg, name)
    signature = inspect.signature(library)

    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        A, b, damp, x0 = (given.arguments[parameter] for parameter in ("A", "b", "damp", "x0"))
        if not (varies(A) or varies(b) or varies(x0)):
            return library(*args, **kwargs)
        if varies(damp) or sparse.issparse(b):
            raise TypeError(f"scipy.sparse.linalg.{name} has no derivative by damp")
        given.arguments.update(A=_plain(A), b=np.asarray(bare(b)), x0=bare(x0))
        found = library(*given.args, **given.kwargs)
        dense = A.toarray() if sparse.issparse(A) and not holds_variable(A) else _densely(A)
        m, n = np.shape(dense)
        b = np.reshape(b, (m,))
        right = b if x0 is None else b - dense @ x0
        whole = np.concatenate([dense, damp * np.eye(n)]) if damp else dense
        if damp:
            right = np.concatenate([right, np.zeros(n)])
        step = np.linalg.pinv(whole) @ right if m < n else np.linalg.lstsq(whole, right)[0]
        x = step if x0 is None else x0 + step
        rest = b - dense @ x
        known = {"x": x, "rest": rest, "rests": np.concatenate([rest, damp * step]), "step": step}
        results = []
        for part, value in zip(parts, found, strict=True):
            if part in known:
                made = known[part] if np.ndim(value) else np.linalg.norm(known[part])
                results.append(valued(made, value))
            else:
                results.append(
                    value if isinstance(value, int) else Undifferentiated(part, f"scipy.sparse.linalg.{name}")
                )
        return tuple(results)

    call.__name__ = name
    return call


# Their results: what there is a derivative of, itself or its length, and what tells of the way.
looking(
    "scipy.sparse.linalg",
    _least_squares("lsqr", "x", "istop", "itn", "rest", "rests", "anorm", "acond", "arnorm", "step", "var"),
    _least_squares("lsmr", "x", "istop", "itn", "rests", "normar", "norma", "conda", "x"),
)

# --- the exponential --------------------------------------------------------------------------------------------------


def expm_multiply(
    A: Any,
    B: Any,
    start: Any = None,
    stop: Any = None,
    num: Any = None,
    endpoint: Any = None,
    traceA: Any = None,
) -> Any:
    if not (varies(A) or varies(B)):
        return linalg.expm_multiply(A, B, start, stop, num, endpoint, traceA)
    if start is not None or stop is not None:
        raise TypeError(
            "scipy.sparse.linalg.expm_multiply of a variable: one time at a time is differentiated; scale A"
        )
    if not varies(A):
        there, back = (Applied(linalg.expm_multiply, matrix) for matrix in (A, adjoint(A)))
        return solved(B, solver=there, back=back)
    size = linalg.norm(_plain(A), 1) if sparse.issparse(A) else np.linalg.norm(bare(A), 1)
    steps = max(1, math.ceil(float(size)))
    total = B
    for _ in range(steps):
        term = total
        for k in range(1, 23):
            term = _applied(A, term) / (steps * k)
            total = total + term
    data = A.data if holds_variable(A) else A
    return as_library(total, _exponential, data, B, like=_plain(A))


@from_library
def _exponential(data: Array, B: Array, like: Any) -> Array:
    return np.asarray(linalg.expm_multiply(with_data(like, data) if sparse.issparse(like) else data, B))


def norm(x: Any, ord: Any = None, axis: Any = None) -> Any:
    if not varies(x):
        return linalg.norm(x, ord, axis)
    if axis is None and ord in (None, "fro", "f"):
        return np.sqrt(np.sum(np.abs(x.data) ** 2))
    return np.linalg.norm(x.toarray() if not holds_variable(x) else matmul(x, np.eye(x.shape[1])), ord, axis)


def _densely(A: Any) -> Any:
    if is_operator(A):
        return densely(A)
    return matmul(A, np.eye(A.shape[1])) if sparse.issparse(A) else A


def eigsh(A: Any, k: int = 6, M: Any = None, sigma: Any = None, which: str = "LM", **options: Any) -> Any:
    if not (varies(A) or varies(M)):
        return linalg.eigsh(A, k, M, sigma, which, **options)
    if M is not None or options.get("mode", "normal") != "normal":
        raise TypeError("scipy.sparse.linalg.eigsh of a variable: neither M= nor mode= is known here")
    alone = not options.get("return_eigenvectors", True)
    values, vectors = linalg.eigsh(_plain(A), k, None, sigma, which, **{**options, "return_eigenvectors": True})
    w, v = np.linalg.eigh(_densely(A))
    order = np.argsort(values)
    places = np.empty(len(values), int)
    found = np.asarray(bare(w))
    for i in order:
        free = np.setdiff1d(np.arange(len(found)), places[order[: np.flatnonzero(order == i)[0]]])
        places[i] = free[np.argmin(np.abs(found[free] - values[i]))]
    if alone:
        return valued(w[places], values)
    v = v[:, places]
    turned = np.sum(np.conj(np.asarray(bare(v))) * vectors, axis=0)
    return valued(w[places], values), valued(v * (turned / np.abs(turned)), vectors)


def svds(A: Any, k: int = 6, **options: Any) -> Any:
    if not varies(A):
        return linalg.svds(A, k, **options)
    if options.get("return_singular_vectors", True) is not False or options.get("which", "LM") != "LM":
        raise TypeError(
            "scipy.sparse.linalg.svds of a variable: the largest values are differentiated, with "
            "return_singular_vectors=False; np.linalg.svd of the dense matrix has the vectors"
        )
    values = linalg.svds(_plain(A), k, **options)
    found = np.linalg.svd(_densely(A), compute_uv=False)[: len(values)]
    return valued(found[::-1][np.argsort(np.argsort(values))], values)


def _without(name: str, instead: str) -> Callable[..., Any]:
    library = getattr(linalg, name)

    def call(A: Any, *args: Any, **kwargs: Any) -> Any:
        if varies(A) or any(map(varies, args)) or any(map(varies, kwargs.values())):
            raise TypeError(f"scipy.sparse.linalg.{name} of a variable has no derivative here; {instead}")
        return library(A, *args, **kwargs)

    call.__name__ = name
    return call


looking("scipy.sparse.linalg", expm_multiply, norm, eigsh, svds)
looking(
    "scipy.sparse.linalg",
    _without("eigs", "np.linalg.eig of the dense matrix has one"),
    _without("expm", "scipy.linalg.expm of the dense matrix has one, and so has expm_multiply"),
    _without("inv", "np.linalg.inv of the dense matrix has one, and so has spsolve"),
    _without("lobpcg", "eigsh has one"),
    _without("matrix_power", "repeated products have one"),
    _without("onenormest", "norm has one"),
)
