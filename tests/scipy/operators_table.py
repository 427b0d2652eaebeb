"""Calls with operators of scipy.sparse.linalg, which are given by functions or by classes that find variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from .calls import Call

N = 5
D = np.arange(1.0, N + 1)
B = np.cos(D)
K = np.array([1.3, 0.4])
Q = np.sin(np.arange(N * N).reshape(N, N) ** 1.3) / 6
M = sparse.csr_array(Q)
EXACT = {"rtol": 1e-13, "atol": 0.0}


class Diagonal(LinearOperator):  # type: ignore[misc]
    """A symmetric operator that holds what it depends on."""

    def __init__(self, k: Any) -> None:
        self.k = k
        super().__init__(np.dtype(float), (N, N))

    def _matvec(self, v: Any) -> Any:
        return D * np.ravel(v) * self.k[0] + self.k[1] * np.sum(v)

    _rmatvec = _matvec


class Columns(LinearOperator):  # type: ignore[misc]
    """An operator of several vectors at a time, that is not symmetric."""

    def __init__(self, k: Any) -> None:
        self.matrix = np.diag(D) * k[0] + k[1] * Q
        super().__init__(np.dtype(float), (N, N))

    def _matmat(self, v: Any) -> Any:
        return self.matrix @ v

    def _rmatmat(self, v: Any) -> Any:
        return np.transpose(self.matrix) @ v


def made(m: Any, k: Any, back: bool = True) -> Any:
    def product(v: Any) -> Any:
        return D * v * k[0] + k[1] * np.sum(v)

    return m.sparse.linalg.LinearOperator((N, N), product, rmatvec=product if back else None)


def rows() -> Iterator[Call]:
    yield Call("cg of an operator", lambda m, k, b: m.sparse.linalg.cg(made(m, k), b, **EXACT)[0], K, B)
    yield Call("cg of an operator's class", lambda m, k: m.sparse.linalg.cg(Diagonal(k), B, **EXACT)[0], K)
    yield Call("gmres of an operator", lambda m, k, b: m.sparse.linalg.gmres(Columns(k), b, **EXACT)[0], K, B)
    yield Call("gmres, no rmatvec", lambda m, k: m.sparse.linalg.gmres(made(m, k, False), B, **EXACT)[0], K)
    yield Call("bicgstab, no rmatvec", lambda m, b: m.sparse.linalg.bicgstab(made(m, K, False), b, **EXACT)[0], B)
    yield Call(
        "cg, preconditioned by a variable",
        lambda m, k: m.sparse.linalg.cg(made(m, k), B, M=made(m, 1 / k), **EXACT)[0], K,
    )  # fmt: skip
    yield Call("lsqr of an operator", lambda m, k: m.sparse.linalg.lsqr(made(m, k), B, atol=1e-15, btol=1e-15)[0], K)
    yield Call("eigsh of an operator", lambda m, k: m.sparse.linalg.eigsh(made(m, k), k=2, v0=B)[0], K)
    yield Call("operator @ t", lambda m, k, b: made(m, k) @ b, K, B)
    yield Call("operator @ array", lambda m, k: made(m, k) @ B, K)
    yield Call("operator * t", lambda m, b: m.sparse.linalg.aslinearoperator(Q) * b, B)
    yield Call("operator.matvec", lambda m, k: made(m, k).matvec(B), K)
    yield Call("operator.rmatvec", lambda m, k: made(m, k).rmatvec(B), K)
    yield Call("operator.dot, twice", lambda m, k: made(m, k).dot(made(m, k)).dot(B), K)
    yield Call("number * operator", lambda m, k: (k[0] * made(m, k)) @ B + (made(m, K) * k[1]) @ B, K)
    yield Call("operator.T", lambda m, k: made(m, k).T @ B, K)
    yield Call("sum of operators", lambda m, k: (made(m, k) + made(m, k**2)) @ B, K)
    yield Call(
        "differences and powers of operators",
        lambda m, k: ((made(m, k) - Columns(k)) ** 2 + (-Diagonal(k)).H - Diagonal(k).T ** 2) @ B, K,
    )  # fmt: skip
    yield Call(
        "aslinearoperator by data",
        lambda m, d: m.sparse.linalg.aslinearoperator(m.sparse.csr_array((d, M.indices, M.indptr))) @ B, M.data,
    )  # fmt: skip


CALLS = list(rows())
