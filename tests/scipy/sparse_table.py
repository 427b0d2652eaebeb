"""Calls of scipy.spatial and of scipy.sparse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from .calls import Call

A = np.random.default_rng(3).normal(size=(4, 3))
B = np.sin(np.arange(6.0) * 1.7 + 0.3).reshape(2, 3)
W = np.array([0.3, 1.0, 0.7])


def of_dense() -> Iterator[Call]:
    zeros = np.where(np.abs(A) < 0.5, 0.0, A)
    yield Call("csr_array of a dense one with zeros", lambda m, a: m.sparse.csr_array(a) @ W, zeros)
    beside = -np.ones(2)
    yield Call("diags beside a constant", lambda m, d: m.sparse.diags([d, beside], [0, 1], format="csc") @ W, W + 1)
    yield Call(
        "diags beside one made inside", lambda m, d: m.sparse.diags_array([d, np.ones(2)], offsets=[0, 1]) @ W, W
    )
    yield Call("csc_matrix of a dense one with zeros", lambda m, a: m.sparse.csc_matrix(a).T.toarray(), zeros)


def spatial() -> Iterator[Call]:
    yield Call("euclidean", lambda m, a, w: m.spatial.distance.euclidean(a[0], a[1], w), A, W)
    yield Call("sqeuclidean", lambda m, a, w: m.spatial.distance.sqeuclidean(a[0], a[1], w), A, W)
    yield Call("cityblock", lambda m, a, w: m.spatial.distance.cityblock(a[0], a[1], w), A, W)
    yield Call("chebyshev", lambda m, a: m.spatial.distance.chebyshev(a[0], a[1]), A)
    yield Call("cosine", lambda m, a, w: m.spatial.distance.cosine(a[0], a[1], w), A, W)
    yield Call("correlation", lambda m, a: m.spatial.distance.correlation(a[0], a[1]), A)
    yield Call("correlation, weighted", lambda m, a, w: m.spatial.distance.correlation(a[0], a[1], w), A, W)
    yield Call("canberra", lambda m, a, w: m.spatial.distance.canberra(a[0], a[1], w), A, W)
    yield Call("braycurtis", lambda m, a, w: m.spatial.distance.braycurtis(a[0], a[1], w), A, W)
    yield Call("minkowski", lambda m, a, w: m.spatial.distance.minkowski(a[0], a[1], 3, w), A, W)
    yield Call("minkowski, p=1.5", lambda m, a: m.spatial.distance.minkowski(a[0], a[1], p=1.5), A)
    yield Call("seuclidean", lambda m, a, w: m.spatial.distance.seuclidean(a[0], a[1], w), A, W)
    yield Call("mahalanobis", lambda m, a, v: m.spatial.distance.mahalanobis(a[0], a[1], v), A, np.eye(3) + 0.1)
    yield Call("jensenshannon", lambda m, a: m.spatial.distance.jensenshannon(a[0] ** 2, a[1] ** 2, 2.0), A)
    yield Call(
        "jensenshannon, axis", lambda m, a: m.spatial.distance.jensenshannon(a**2, a[::-1] ** 2 + 0.1, axis=1), A
    )
    for name in (
        "euclidean",
        "sqeuclidean",
        "cityblock",
        "chebyshev",
        "cosine",
        "correlation",
        "canberra",
        "braycurtis",
    ):
        yield Call(f"cdist, {name}", lambda m, a, b, name=name: m.spatial.distance.cdist(a, b, name), A, B)
        yield Call(f"pdist, {name}", lambda m, a, name=name: m.spatial.distance.pdist(a, name), A)
    yield Call(
        "cdist, a function", lambda m, a, b: m.spatial.distance.cdist(a, b, lambda u, v: np.sum((u - v) ** 4)), A, B
    )
    yield Call(
        "pdist, a function", lambda m, a: m.spatial.distance.pdist(a, lambda u, v, k: np.sum((u - v) ** k), k=4), A
    )
    yield Call("distance_matrix", lambda m, a, b: m.spatial.distance_matrix(a, b, p=3), A, B)
    yield Call("cdist, minkowski", lambda m, a, b: m.spatial.distance.cdist(a, b, "minkowski", p=3, w=W), A, B)
    yield Call("cdist, seuclidean", lambda m, a, b: m.spatial.distance.cdist(a, b, "seuclidean"), A, B)
    yield Call(
        "pdist, mahalanobis", lambda m, a, b: m.spatial.distance.pdist(np.concatenate([a, b]), "mahalanobis"), A, B
    )
    yield Call("cdist, jensenshannon", lambda m, a, b: m.spatial.distance.cdist(a**2, b**2, "jensenshannon"), A, B)
    yield Call("squareform", lambda m, a: m.spatial.distance.squareform(a), A.ravel()[:6])
    yield Call("squareform, back", lambda m, a: m.spatial.distance.squareform(a @ a.T, checks=False), A)
    yield Call("directed_hausdorff", lambda m, a, b: m.spatial.distance.directed_hausdorff(a, b)[0], A, B)
    yield Call("procrustes", lambda m, a: m.spatial.procrustes(a, a[::-1] ** 2)[1], A)
    yield Call("procrustes, how far", lambda m, a: m.spatial.procrustes(a, a[::-1] ** 2)[2], A)
    yield Call(
        "geometric_slerp", lambda m, t: m.spatial.geometric_slerp([1.0, 0, 0], [0.0, 0.6, 0.8], t), [0.1, 0.5, 0.9]
    )
    yield Call("minkowski_distance", lambda m, a: m.spatial.minkowski_distance(a, 2 * a[::-1], 3), A)
    yield Call("KDTree.query", lambda m, b: m.spatial.KDTree(A).query(b)[0], B)
    yield Call("KDTree.query, several", lambda m, b: m.spatial.KDTree(A).query(b, k=2)[0], B)


D = np.array([[4, 1, 0, 0.5], [0.2, 5, 1, 0], [0, 1, 6, 2], [1, 0, 0.3, 7.0]])
M = sp.csr_array(D)
SYMMETRIC = sp.csc_array(D @ D.T / 10)
RIGHT = np.array([1.0, -0.5, 2, 0.3])
BOTH = np.cos(np.arange(8.0)).reshape(4, 2)
FORMS = {form: getattr(M, f"to{form}")() for form in ("csr", "csc", "coo", "dia", "bsr", "lil", "dok")}
FORMS["matrix"] = sp.csr_matrix(D)
EXACT = {"rtol": 1e-14}


def of(m: Any, data: Any) -> Any:
    return m.sparse.csr_array((data, M.indices, M.indptr), shape=(4, 4))


def _parts(m: Any, name: str, parts: Any, a: Any, b: Any, x0: Any) -> Any:
    found = getattr(m.sparse.linalg, name)(a, b, 0.3, x0=x0, atol=1e-15, btol=1e-15)
    return np.concatenate([np.ravel(found[i]) for i in parts])


def assembled() -> Iterator[Call]:
    """Return what is put together of matrices, and parts of these."""
    right = np.cos(np.arange(8.0))

    def corner(m: Any, d: Any) -> Any:
        return m.sparse.csr_matrix(d[:4, None] * d[:4])

    yield Call("bmat", lambda m, d: m.sparse.bmat([[of(m, d), None], [M, corner(m, d)]], format="csr") @ right, M.data)
    yield Call(
        "block_array", lambda m, d: m.sparse.block_array([[of(m, d), M], [None, M]], format="csc") @ right, M.data
    )
    yield Call("hstack", lambda m, d: m.sparse.hstack([of(m, d), M, of(m, d**2)]).toarray() / 50, M.data)
    yield Call("vstack", lambda m, d: m.sparse.vstack([of(m, d), M], format="csr").sum(axis=1), M.data)
    yield Call("block_diag", lambda m, d: m.sparse.block_diag([of(m, d), [[d[0]]], d[None, :3]]).toarray(), M.data)
    yield Call("tril, triu", lambda m, d: (m.sparse.tril(of(m, d)) - m.sparse.triu(of(m, d), k=1)) @ RIGHT, M.data)
    yield Call("items", lambda m, d: of(m, d)[0, 1] * of(m, d)[0, 2] + of(m, d)[2, 2], M.data)
    yield Call("items, many", lambda m, d: of(m, d)[[0, 1, 0], [1, 1, 2]], M.data)
    yield Call("items, a part", lambda m, d: of(m, d)[1:, ::2].toarray(), M.data)
    yield Call("getrow", lambda m, d: m.sparse.csr_matrix(of(m, d)).getrow(1) @ RIGHT, M.data)
    yield Call("getcol", lambda m, d: m.sparse.csc_matrix(of(m, d)).getcol(2).toarray(), M.data)
    yield Call("functions of data", lambda m, d: of(m, d / 9).sin().tanh().toarray(), M.data)


def sparse() -> Iterator[Call]:
    for name, matrix in FORMS.items():
        yield Call(f"{name} @ t", lambda _m, b, matrix=matrix: matrix @ b, BOTH)
        yield Call(f"t @ {name}", lambda _m, b, matrix=matrix: b @ matrix, RIGHT)
        if name != "coo":  # which, outside of drop-in mode, asks for values in another way
            yield Call(f"{name}.dot(t)", lambda _m, b, matrix=matrix: matrix.dot(b), RIGHT)
    old = FORMS["matrix"]
    yield Call("matrix * t", lambda _m, b: old * b + b * old, RIGHT)
    yield Call("array * t", lambda m, b: (m.sparse.csr_array(M) * b).toarray(), RIGHT)
    yield Call(
        "array * number",
        lambda m, b: (m.sparse.csr_array(M) * b[0]) @ RIGHT + (b[1] * m.sparse.csr_array(M) / b[2]) @ RIGHT,
        RIGHT,
    )
    yield Call("array + t", lambda _m, b: (M + b) - (b - M) * b, D)
    yield Call("csr_array", lambda m, d: of(m, d) @ RIGHT, M.data)
    yield Call("csr_matrix", lambda m, d: m.sparse.csr_matrix((d, M.indices, M.indptr)) * RIGHT, M.data)
    yield Call("csc_array", lambda m, d, b: m.sparse.csc_array((d, M.indices, M.indptr)) @ b, M.data, BOTH)
    places = [0, 1, 1, 1], [2, 3, 0, 0]
    yield Call("coo_array", lambda m, d: m.sparse.coo_array((d, places), shape=(4, 4)) @ RIGHT, RIGHT + 3)
    yield Call("csr_array of dense", lambda m, d: m.sparse.csr_array(d) @ RIGHT, D + 0.1)
    yield Call("csr_array.T", lambda m, d: of(m, d).T @ RIGHT, M.data)
    yield Call("csr_array.toarray", lambda m, d: of(m, d).toarray(), M.data)
    yield Call("csr_array.sum", lambda m, d: of(m, d).sum(axis=0) * of(m, d).sum(), M.data)
    yield Call("csr_array.diagonal", lambda m, d: of(m, d).diagonal() * of(m, d).trace(), M.data)
    yield Call("product of two", lambda m, d: (of(m, d).T @ of(m, d)).toarray(), M.data)
    yield Call("sum of two", lambda m, d: (of(m, d) + M - 2 * of(m, d)).toarray(), M.data)
    yield Call("multiply, power", lambda m, d: of(m, d).multiply(D + 1).power(2).toarray() / 99, M.data)
    yield Call("diags", lambda m, d: m.sparse.diags([d, d[:3] ** 2], [0, 1]) @ RIGHT, RIGHT)
    yield Call("diags_array", lambda m, d: m.sparse.diags_array([d, d[:3] ** 2], offsets=[0, -1]) @ RIGHT, RIGHT)
    yield from assembled()
    yield Call("kron", lambda m, d: m.sparse.kron(of(m, d), M).toarray(), M.data)
    yield Call("spsolve", lambda m, b: m.sparse.linalg.spsolve(M, b), RIGHT)
    yield Call("spsolve, several", lambda m, b: m.sparse.linalg.spsolve(M, b), BOTH)
    yield Call("spsolve, by data", lambda m, d, b: m.sparse.linalg.spsolve(of(m, d), b), M.data, RIGHT)
    lower = sp.csr_array(np.tril(D))
    yield Call("spsolve_triangular", lambda m, b: m.sparse.linalg.spsolve_triangular(lower, b), RIGHT)
    yield Call("splu", lambda m, b: m.sparse.linalg.splu(FORMS["csc"]).solve(b), RIGHT)
    yield Call("splu, transposed", lambda m, b: m.sparse.linalg.splu(FORMS["csc"]).solve(b, "T"), RIGHT)
    yield Call("factorized", lambda m, b: m.sparse.linalg.factorized(FORMS["csc"])(b), RIGHT)
    yield Call("cg", lambda m, b: m.sparse.linalg.cg(SYMMETRIC, b, **EXACT)[0], RIGHT)
    yield Call("minres", lambda m, b: m.sparse.linalg.minres(SYMMETRIC, b, **EXACT)[0], RIGHT)
    yield Call("gmres", lambda m, b: m.sparse.linalg.gmres(M, b, **EXACT)[0], RIGHT)
    yield Call("gmres, by data", lambda m, d, b: m.sparse.linalg.gmres(of(m, d), b, **EXACT)[0], M.data, RIGHT)
    yield Call("bicgstab", lambda m, b: m.sparse.linalg.bicgstab(M, b, **EXACT)[0], RIGHT)
    yield Call("cg, dense", lambda m, s: m.sparse.linalg.cg(s @ s.T, RIGHT, **EXACT)[0], D)
    yield Call("lsqr", lambda m, b: m.sparse.linalg.lsqr(M, b, atol=1e-15, btol=1e-15)[0], RIGHT)
    yield Call("lsmr", lambda m, b: m.sparse.linalg.lsmr(M, b, 0.3, atol=1e-15, btol=1e-15)[0], RIGHT)
    for name, parts in (("lsqr", (0, 3, 4, 8)), ("lsmr", (0, 3, 7))):
        yield Call(
            f"{name}, all of it", lambda m, a, b, x0, n=name, p=parts: _parts(m, n, p, a, b, x0), A, A[:, 0] ** 2, W
        )
    yield Call("LinearOperator", lambda m, b: m.sparse.linalg.aslinearoperator(M) @ b, RIGHT)
    yield Call("expm_multiply", lambda m, b: m.sparse.linalg.expm_multiply(M / 9, b), RIGHT)
    yield Call("expm_multiply, by data", lambda m, d: m.sparse.linalg.expm_multiply(of(m, d / 9), RIGHT), M.data)
    yield Call("norm", lambda m, d: m.sparse.linalg.norm(of(m, d)), M.data)
    yield Call("eigsh", lambda m, d: m.sparse.linalg.eigsh(of(m, d) + of(m, d).T, k=2, v0=RIGHT)[0], M.data)
    yield Call(
        "svds", lambda m, d: m.sparse.linalg.svds(of(m, d), k=2, v0=RIGHT, return_singular_vectors=False), M.data
    )


CALLS = [*of_dense(), *spatial(), *sparse()]
