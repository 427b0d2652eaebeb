"""Calls of scipy.linalg."""

from __future__ import annotations

import inspect

import numpy as np
from scipy import linalg

from tests.scipy.calls import Call

A = np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.1, -0.2, 1.1]])
Z = A + 1j * np.array([[0.2, -0.3, 0.1], [0.1, 0.4, 0.2], [0.3, 0.1, -0.2]])
S = A @ A.T
W = np.array([[1.3, 0.2, -0.4], [0.5, 0.9, 0.3]])
H = Z @ Z.conj().T
Q = np.array([[1.0, 0.2, 0.1], [0.2, 0.8, 0.3], [0.1, 0.3, 1.2]])
G = np.array([[0.6, 0.1, -0.2], [0.1, 0.7, 0.15], [0.05, -0.1, 0.5]])
b = np.array([0.3, 1.1, -0.4])
B = np.array([[0.4, -1.2], [0.7, 0.2], [1.3, 0.9]])
BANDS = np.array([[0.0, 0.3, 0.2], [2.0, 1.7, 1.4], [0.1, -0.2, 0.0]])
HALF = np.array([[0.0, 0.3, 0.2], [2.0, 1.7, 1.4]])
R = np.array([[1.1, 0.2], [0.2, 0.9]])


def sym(a):
    return (a + np.swapaxes(a, -1, -2)) / 2


CALLS = [
    Call("linalg.block_diag", lambda sp, a, b: sp.linalg.block_diag(a, b, 2.0), A, B),
    Call("linalg.cho_factor", lambda sp, a: sp.linalg.cho_factor(a)[0], S),
    Call("linalg.cho_factor lower", lambda sp, a: sp.linalg.cho_factor(a, lower=True)[0], H),
    Call("linalg.cho_solve", lambda sp, a, b: sp.linalg.cho_solve(sp.linalg.cho_factor(a), b), S, b),
    Call("linalg.cho_solve lower", lambda sp, a, b: sp.linalg.cho_solve(sp.linalg.cho_factor(a, True), b), H, B),
    Call("linalg.cho_solve complex", lambda sp, a, b: sp.linalg.cho_solve(sp.linalg.cho_factor(a), b), H, B),
    Call("linalg.cho_solve_banded", lambda sp, a, b: sp.linalg.cho_solve_banded((a, False), b), HALF, B),
    Call("linalg.cholesky", lambda sp, a: sp.linalg.cholesky(a), S),
    Call("linalg.cholesky lower", lambda sp, a: sp.linalg.cholesky(a, lower=True), S),
    Call("linalg.cholesky complex", lambda sp, a: sp.linalg.cholesky(a), H),
    Call("linalg.cholesky_banded", lambda sp, a: sp.linalg.cholesky_banded(a), HALF),
    Call("linalg.cholesky_banded lower", lambda sp, a: sp.linalg.cholesky_banded(a, lower=True), HALF[::-1]),
    Call("linalg.circulant", lambda sp, c: sp.linalg.circulant(c), b),
    Call("linalg.companion", lambda sp, a: sp.linalg.companion(a), b),
    Call("linalg.convolution_matrix", lambda sp, a: sp.linalg.convolution_matrix(a, 4, mode="same"), b),
    Call("linalg.coshm", lambda sp, a: sp.linalg.coshm(a), A),
    Call("linalg.cosm", lambda sp, a: sp.linalg.cosm(a), A),
    Call("linalg.cosm complex", lambda sp, a: sp.linalg.cosm(a), Z),
    Call("linalg.cossin", lambda sp, a: sp.linalg.cossin(a, 1, 1), Q, refused="it jumps"),
    Call("linalg.det", lambda sp, a: sp.linalg.det(a), A),
    Call("linalg.det complex", lambda sp, a: sp.linalg.det(a), Z),
    Call("linalg.diagsvd", lambda sp, s: sp.linalg.diagsvd(s, 4, 3), b),
    Call("linalg.eig", lambda sp, a: [np.abs(x) for x in sp.linalg.eig(a)], A),
    Call("linalg.eig left", lambda sp, a: [np.abs(x) for x in sp.linalg.eig(a, left=True)], Z),
    Call("linalg.eig general", lambda sp, a, b: [np.abs(x) for x in sp.linalg.eig(a, b, left=True)], A, S),
    Call("linalg.eig_banded", lambda sp, a: sp.linalg.eig_banded(a), HALF),
    Call("linalg.eigh", lambda sp, a: sp.linalg.eigh(a), S),
    Call("linalg.eigh complex", lambda sp, a: [np.abs(x) for x in sp.linalg.eigh(a, lower=False)], H, rough=10),
    Call("linalg.eigh general", lambda sp, a, b: sp.linalg.eigh(a, b), S, Q),
    Call(
        "linalg.eigh general complex", lambda sp, a, b: [np.abs(x) for x in sp.linalg.eigh(a, b)], H, H[::-1, ::-1] + 1
    ),
    Call(
        "linalg.eigh type=2 complex",
        lambda sp, a, b: [np.abs(x) for x in sp.linalg.eigh(a, b, type=2, lower=False)],
        H,
        H[::-1, ::-1] + 1,
    ),
    Call(
        "linalg.eigh type=3 complex",
        lambda sp, a, b: [np.abs(x) for x in sp.linalg.eigh(a, b, type=3)],
        H,
        H[::-1, ::-1] + 1,
    ),
    Call(
        "linalg.eigh general subset",
        lambda sp, a, b: [np.abs(x) for x in sp.linalg.eigh(a, b, subset_by_index=[1, 2])],
        S,
        Q,
    ),
    Call("linalg.eigh one argument", lambda sp, b: [np.abs(x) for x in sp.linalg.eigh(S, b)], Q),
    Call("linalg.eigh vectors", lambda sp, a, b: sp.linalg.eigh(a, b, type=3)[1], S, Q),
    Call("linalg.eigh type=2", lambda sp, a, b: sp.linalg.eigh(a, b, type=2), S, Q),
    Call("linalg.eigh type=3", lambda sp, a, b: sp.linalg.eigh(a, b, type=3), S, Q),
    Call("linalg.eigh driver", lambda sp, a: sp.linalg.eigh(a, lower=False, driver="evd"), S),
    Call("linalg.eigh subset", lambda sp, a: sp.linalg.eigh(a, subset_by_index=[1, 2]), S),
    Call(
        "linalg.eigh_tridiagonal", lambda sp, d, e: [np.abs(x) for x in sp.linalg.eigh_tridiagonal(d, e)], b + 2, b[:2]
    ),
    Call("linalg.eigvals", lambda sp, a: sp.linalg.eigvals(a), A),
    Call("linalg.eigvals general", lambda sp, a, b: sp.linalg.eigvals(a, b), A, S),
    Call("linalg.eigvals_banded", lambda sp, a: sp.linalg.eigvals_banded(a, lower=True), HALF[::-1, ::-1]),
    Call(
        "linalg.eig_banded complex",
        lambda sp, a: [np.abs(x) for x in sp.linalg.eig_banded(a, lower=True)],
        HALF[::-1, ::-1] * (1 + np.array([[0.0], [0.4j]])),
    ),
    Call("linalg.eig_banded vectors", lambda sp, a: sp.linalg.eig_banded(a)[1], HALF),
    Call(
        "linalg.eig_banded select",
        lambda sp, a: [np.abs(x) for x in sp.linalg.eig_banded(a, select="i", select_range=(0, 1))],
        HALF,
    ),
    Call(
        "linalg.eigvals_banded select", lambda sp, a: sp.linalg.eigvals_banded(a, select="v", select_range=(1, 2)), HALF
    ),
    Call(
        "linalg.eigh_tridiagonal select",
        lambda sp, d, e: [np.abs(x) for x in sp.linalg.eigh_tridiagonal(d, e, select="i", select_range=(1, 2))],
        b + 2,
        b[:2],
    ),
    Call("linalg.eigh subset values", lambda sp, a: sp.linalg.eigh(a, subset_by_value=[0.5, 20], lower=False)[0], S),
    Call(
        "linalg.eigh subset complex",
        lambda sp, a: [np.abs(x) for x in sp.linalg.eigh(a, subset_by_index=[0, 1])],
        H,
        rough=10,
    ),
    Call("linalg.eigvalsh complex", lambda sp, a: sp.linalg.eigvalsh(a, lower=False), H),
    Call("linalg.eigvalsh", lambda sp, a: sp.linalg.eigvalsh(a), S),
    Call("linalg.eigvalsh general", lambda sp, a, b: sp.linalg.eigvalsh(a, b, subset_by_value=[0, 9]), S, Q),
    Call("linalg.eigvalsh_tridiagonal", lambda sp, d, e: sp.linalg.eigvalsh_tridiagonal(d, e), b + 2, b[:2]),
    Call("linalg.expm", lambda sp, a: sp.linalg.expm(a), A),
    Call("linalg.expm complex", lambda sp, a: sp.linalg.expm(a), Z),
    Call("linalg.expm batch", lambda sp, a: sp.linalg.expm(a), np.stack([A, Q])),
    Call("linalg.expm_frechet", lambda sp, a, e: sp.linalg.expm_frechet(a, e), A, Q),
    Call("linalg.fiedler", lambda sp, a: sp.linalg.fiedler(a), b),
    Call("linalg.fiedler_companion", lambda sp, a: sp.linalg.fiedler_companion(a), W.ravel()),
    Call("linalg.fractional_matrix_power", lambda sp, a: sp.linalg.fractional_matrix_power(a, 0.4), A),
    Call("linalg.fractional_matrix_power by t", lambda sp, a, t: sp.linalg.fractional_matrix_power(a, t), S, 0.4),
    Call("linalg.funm", lambda sp, a: sp.linalg.funm(a, lambda x: np.sqrt(x)), S),
    Call("linalg.funm of what is known", lambda sp, t: sp.linalg.funm(S, lambda x: np.sqrt(t * x + 1)), 0.7),
    Call("linalg.hankel", lambda sp, c, r: [sp.linalg.hankel(c, r), sp.linalg.hankel(c)], b, b[::-1]),
    Call("linalg.hessenberg", lambda sp, a: sp.linalg.hessenberg(a), A, refused="it jumps"),
    Call("linalg.inv", lambda sp, a: sp.linalg.inv(a), A),
    Call("linalg.inv complex", lambda sp, a: sp.linalg.inv(a), Z),
    Call("linalg.bandwidth", lambda sp, a: a * sp.linalg.bandwidth(a)[0], S),
    Call("linalg.khatri_rao", lambda sp, a, b: sp.linalg.khatri_rao(a, b), A, W),
    Call("linalg.ldl", lambda sp, a: sp.linalg.ldl(a)[0], S, refused="jump"),
    Call("linalg.kron", lambda sp, a: getattr(sp.linalg, "kron", np.kron)(a, W), B),
    Call("linalg.leslie", lambda sp, f, s: sp.linalg.leslie(f, s), b, b[:2]),
    Call("linalg.logm", lambda sp, a: sp.linalg.logm(a), A),
    Call("linalg.logm complex", lambda sp, a: sp.linalg.logm(a), Z),
    Call("linalg.lstsq", lambda sp, a, b: sp.linalg.lstsq(a, b)[::3], B, b),
    Call("linalg.lstsq residues", lambda sp, a, b: sp.linalg.lstsq(a, b)[1], B, A),
    Call("linalg.lu", lambda sp, a: sp.linalg.lu(a[::-1]), A),
    Call("linalg.lu permute_l", lambda sp, a: sp.linalg.lu(a[::-1], permute_l=True), A),
    Call("linalg.lu wide", lambda sp, a: sp.linalg.lu(a, p_indices=True)[1:], W),
    Call("linalg.lu tall", lambda sp, a: sp.linalg.lu(a), B),
    Call("linalg.lu complex", lambda sp, a: sp.linalg.lu(a)[1:], Z),
    Call("linalg.lu_factor", lambda sp, a: sp.linalg.lu_factor(a)[0], A),
    Call("linalg.lu_solve", lambda sp, a, b: sp.linalg.lu_solve(sp.linalg.lu_factor(a[::-1]), b), A, B),
    Call("linalg.lu_solve trans", lambda sp, a, b: sp.linalg.lu_solve(sp.linalg.lu_factor(a), b, trans=1), A, b),
    Call("linalg.lu_solve adjoint", lambda sp, a, b: sp.linalg.lu_solve(sp.linalg.lu_factor(a), b, trans=2), Z, b),
    Call("linalg.matmul_toeplitz", lambda sp, c, x: sp.linalg.matmul_toeplitz((c, c + 1), x), b, B),
    Call("linalg.matmul_toeplitz one", lambda sp, c, x: sp.linalg.matmul_toeplitz(c, x), b * (1 + 0.3j), b),
    Call("linalg.norm", lambda sp, a: [sp.linalg.norm(a), sp.linalg.norm(a, 2), sp.linalg.norm(a, 1, axis=0)], A),
    Call("linalg.norm ord", lambda sp, p: sp.linalg.norm([1.0, 2.0], p), 1.0, refused="no derivative by ord"),
    Call("linalg.norm nuclear", lambda sp, a: sp.linalg.norm(a, "nuc"), Z),
    Call("linalg.null_space", lambda sp, a: sp.linalg.null_space(a), W, refused="not unique"),
    Call("linalg.orth", lambda sp, a: sp.linalg.orth(a), B),
    Call("linalg.orthogonal_procrustes", lambda sp, a, b: sp.linalg.orthogonal_procrustes(a, b), A, Q),
    Call("linalg.pinv", lambda sp, a: sp.linalg.pinv(a), W),
    Call("linalg.pinv atol", lambda sp, a: sp.linalg.pinv(a, atol=1.0), A),
    Call("linalg.pinv rtol", lambda sp, a: sp.linalg.pinv(a, rtol=1e-3, return_rank=True)[0], B),
    Call("linalg.pinvh", lambda sp, a: sp.linalg.pinvh(a), S),
    Call("linalg.polar", lambda sp, a: sp.linalg.polar(a), A),
    Call("linalg.polar left", lambda sp, a: sp.linalg.polar(a, side="left"), Z),
    Call("linalg.polar wide", lambda sp, a: sp.linalg.polar(a), W),
    Call("linalg.polar tall", lambda sp, a: sp.linalg.polar(a), B),
    Call("linalg.qr", lambda sp, a: sp.linalg.qr(a), A),
    Call("linalg.qr complex", lambda sp, a: sp.linalg.qr(a), Z),
    Call("linalg.qr economic", lambda sp, a: sp.linalg.qr(a, mode="economic"), B),
    Call("linalg.qr pivoting", lambda sp, a: sp.linalg.qr(a, pivoting=True)[:2], A),
    Call("linalg.qr r", lambda sp, a: sp.linalg.qr(a, mode="r"), A),
    Call("linalg.qr_multiply", lambda sp, a, c: sp.linalg.qr_multiply(a, c), A, W),
    Call("linalg.qz", lambda sp, a: sp.linalg.qz(a, Q)[0], A, refused="it jumps"),
    Call("linalg.rq", lambda sp, a: sp.linalg.rq(a), A),
    Call("linalg.rq economic", lambda sp, a: sp.linalg.rq(a, mode="economic"), W),
    Call("linalg.cdf2rdf", lambda sp, a: sp.linalg.cdf2rdf(a, Q)[0], A, refused="jump"),
    Call("linalg.matrix_balance", lambda sp, a: sp.linalg.matrix_balance(a)[0], A, refused="powers"),
    Call("linalg.ordqz", lambda sp, a: sp.linalg.ordqz(a, Q)[0], A, refused="jump"),
    Call("linalg.qr_delete", lambda sp, a: sp.linalg.qr_delete(a, a, 0)[0], A, refused="qr"),
    Call("linalg.qr_insert", lambda sp, a: sp.linalg.qr_insert(a, a, b, 0)[0], A, refused="qr"),
    Call("linalg.qr_update", lambda sp, a: sp.linalg.qr_update(a, a, b, b)[0], A, refused="qr"),
    Call("linalg.rsf2csf", lambda sp, a: sp.linalg.rsf2csf(a, Q)[0], A, refused="jump"),
    Call("linalg.schur", lambda sp, a: sp.linalg.schur(a)[0], A, refused="it jumps"),
    Call("linalg.signm", lambda sp, a: sp.linalg.signm(a), A - 1.4 * np.eye(3)),
    Call("linalg.sinhm", lambda sp, a: sp.linalg.sinhm(a), A),
    Call("linalg.sinm", lambda sp, a: sp.linalg.sinm(a), A),
    Call("linalg.solve", lambda sp, a, b: sp.linalg.solve(a, b), A, b),
    Call("linalg.solve complex", lambda sp, a, b: sp.linalg.solve(a, b), Z, B),
    Call("linalg.solve transposed", lambda sp, a, b: sp.linalg.solve(a, b, transposed=True), A, B),
    Call("linalg.solve pos", lambda sp, a, b: sp.linalg.solve(a, b, assume_a="pos"), S, b),
    Call("linalg.solve pos lower", lambda sp, a, b: sp.linalg.solve(a, b, lower=True, assume_a="pos"), H, B),
    Call("linalg.solve sym", lambda sp, a, b: sp.linalg.solve(a, b, assume_a="sym"), S, b),
    Call("linalg.solve her", lambda sp, a, b: sp.linalg.solve(a, b, assume_a="her"), H, b),
    Call("linalg.solve gen", lambda sp, a, b: sp.linalg.solve(a, b, assume_a="gen"), A, b),
    *[
        Call(f"linalg.solve {how}", lambda sp, a, b, how=how: sp.linalg.solve(a, b, assume_a=how), a, b)
        for how, a in [("diagonal", np.diag(b)), ("tridiagonal", np.tril(np.triu(A, -1), 1)), ("banded", A)]
    ],
    Call("linalg.solve_banded", lambda sp, a, b: sp.linalg.solve_banded((1, 1), a, b), BANDS, B),
    Call("linalg.solve_banded two", lambda sp, a, b: sp.linalg.solve_banded((1, 2), a, b), BANDS[[0, 0, 1, 2]], b),
    Call("linalg.solve_circulant", lambda sp, c, b: sp.linalg.solve_circulant(c, b), b, b[::-1]),
    Call(
        "linalg.solve_continuous_are",
        lambda sp, a, b, q, r: sp.linalg.solve_continuous_are(a, b, sym(q), sym(r)),
        A,
        B,
        Q,
        R,
    ),
    Call(
        "linalg.solve_continuous_are e, s",
        lambda sp, a, e, s: sp.linalg.solve_continuous_are(a, B, Q, R, e, s),
        A,
        Q,
        B / 9,
    ),
    Call("linalg.solve_continuous_lyapunov", lambda sp, a, q: sp.linalg.solve_continuous_lyapunov(a, q), A, Q),
    Call("linalg.solve_continuous_lyapunov complex", lambda sp, a: sp.linalg.solve_continuous_lyapunov(a, H), Z),
    Call(
        "linalg.solve_discrete_are",
        lambda sp, a, b, q, r: sp.linalg.solve_discrete_are(a, b, sym(q), sym(r)),
        A,
        B,
        Q,
        R,
    ),
    Call(
        "linalg.solve_discrete_are e, s",
        lambda sp, a, e, s: sp.linalg.solve_discrete_are(a, B, Q, R, e, s),
        G,
        Q,
        B / 9,
        rough=20,
    ),
    Call("linalg.solve_continuous_lyapunov one", lambda sp, *p: sp.linalg.solve_continuous_lyapunov(*p), 0.4, 1.3),
    Call("linalg.solve_continuous_are one", lambda sp, *p: sp.linalg.solve_continuous_are(*p), 0.4, 1.3, 0.9, 1.1),
    Call("linalg.solve_discrete_are one", lambda sp, *p: sp.linalg.solve_discrete_are(*p), 0.4, 1.3, 0.9, 1.1),
    Call("linalg.solve_discrete_lyapunov", lambda sp, a, q: sp.linalg.solve_discrete_lyapunov(a, q), G, Q),
    Call("linalg.solve_discrete_lyapunov complex", lambda sp, a: sp.linalg.solve_discrete_lyapunov(a, H), Z / 4),
    Call("linalg.solve_sylvester", lambda sp, a, b, q: sp.linalg.solve_sylvester(a, b, q), A, Q, S),
    Call("linalg.solve_sylvester complex", lambda sp, a, b: sp.linalg.solve_sylvester(a, b, B), Z, R),
    Call("linalg.solve_toeplitz", lambda sp, c, r, b: sp.linalg.solve_toeplitz((c, r), b), b + 2, b, B),
    Call("linalg.solve_toeplitz symmetric", lambda sp, c, b: sp.linalg.solve_toeplitz(c, b), b + 2, b),
    Call("linalg.solve_triangular", lambda sp, a, b: sp.linalg.solve_triangular(a, b), A, b),
    Call("linalg.solve_triangular lower", lambda sp, a, b: sp.linalg.solve_triangular(a, b, 1, True), A, B),
    Call(
        "linalg.solve_triangular unit",
        lambda sp, a, b: sp.linalg.solve_triangular(a, b, lower=True, unit_diagonal=True),
        A,
        B,
    ),
    Call("linalg.solve_triangular adjoint", lambda sp, a, b: sp.linalg.solve_triangular(a, b, trans="C"), Z, b),
    Call("linalg.solveh_banded", lambda sp, a, b: sp.linalg.solveh_banded(a, b), HALF, B),
    Call(
        "linalg.solveh_banded complex",
        lambda sp, a, b: sp.linalg.solveh_banded(a, b),
        HALF * (1 + np.array([[0.4j], [0.0]])),
        B,
    ),
    Call(
        "linalg.solveh_banded lower complex",
        lambda sp, a, b: sp.linalg.solveh_banded(a, b, lower=True),
        HALF[::-1, ::-1] * (1 + np.array([[0.0], [0.4j]])),
        B + 0.2j,
    ),
    Call(
        "linalg.cho_solve_banded complex",
        lambda sp, a, b: sp.linalg.cho_solve_banded((a, True), b),
        HALF[::-1, ::-1] * (1 + np.array([[0.0], [0.4j]])),
        B,
    ),
    Call(
        "linalg.cholesky_banded complex",
        lambda sp, a: sp.linalg.cholesky_banded(a),
        HALF * (1 + np.array([[0.4j], [0.0]])),
    ),
    Call("linalg.solveh_banded lower", lambda sp, a, b: sp.linalg.solveh_banded(a, b, lower=True), HALF[::-1, ::-1], b),
    Call("linalg.solve_lyapunov", lambda sp, a, q: sp.linalg.solve_lyapunov(a, q), A, Q),
    Call("linalg.sqrtm", lambda sp, a: sp.linalg.sqrtm(a), A),
    Call("linalg.sqrtm complex", lambda sp, a: sp.linalg.sqrtm(a), Z),
    Call("linalg.subspace_angles", lambda sp, a, b: sp.linalg.subspace_angles(a, b), B, A[:, :1]),
    Call("linalg.svd", lambda sp, a: sp.linalg.svd(a, full_matrices=False), B),
    Call("linalg.svd driver", lambda sp, a: sp.linalg.svd(a, lapack_driver="gesvd"), A),
    Call("linalg.svdvals", lambda sp, a: sp.linalg.svdvals(a), Z),
    Call("linalg.tanhm", lambda sp, a: sp.linalg.tanhm(a), A / 3),
    Call("linalg.tanm", lambda sp, a: sp.linalg.tanm(a), A / 3),
    Call("linalg.toeplitz", lambda sp, c, r: [sp.linalg.toeplitz(c, r), sp.linalg.toeplitz(c)], b, b[::-1]),
]

if "assume_a" in inspect.signature(linalg.inv).parameters:  # from SciPy 1.17 on
    CALLS += [
        Call("linalg.inv pos", lambda sp, a: sp.linalg.inv(a, assume_a="pos"), S),
        Call("linalg.inv her", lambda sp, a: sp.linalg.inv(a, assume_a="her", lower=True), H),
        Call("linalg.inv triangular", lambda sp, a: sp.linalg.inv(a, assume_a="upper triangular"), np.triu(A)),
    ]
