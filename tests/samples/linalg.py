"""Samples of numpy.linalg, all but its products."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Operand, case, distinct, normal


def spread(*shape: int) -> Operand:
    """Matrices near a diagonal one of 2, 4, 6, ...: all eigenvalues and singular values are far apart."""

    def domain(rng: np.random.Generator, s: tuple[int, ...]) -> np.ndarray:
        noise = rng.uniform(-0.4, 0.4, size=s)
        return noise + np.eye(*s[-2:]) * 2 * np.arange(1, s[-1] + 1) if len(s) > 1 else noise

    return Operand(shape, domain)


def singular(*rows: list[float]) -> Operand:
    """One given matrix."""
    return Operand(np.shape(rows), lambda _rng, _shape: np.array(rows))


# --- functions that do not depend on what a decomposition leaves open: signs, phases, bases of a complement


def projector(q: Any) -> Any:
    return q @ np.conj(np.swapaxes(q, -1, -2))


def squares(x: Any) -> Any:
    return np.real(x * np.conj(x))


def full_qr(a: Any) -> Any:
    q, r = np.linalg.qr(a, "complete")
    k = min(a.shape[-2:])
    return q[..., :k], r, projector(q[..., k:])


def free_svd(a: Any, full_matrices: bool = False, hermitian: bool = False) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices, hermitian=hermitian)
    k = s.shape[-1]
    one, two = u[..., :k], vh[..., :k, :]
    free = (s, squares(one), squares(two), (one * np.cos(np.arange(k))) @ two)
    return (*free, projector(u[..., k:]), projector(np.conj(np.swapaxes(vh[..., k:, :], -1, -2))))


def free_eigh(a: Any, UPLO: str = "L") -> Any:
    w, v = np.linalg.eigh(a, UPLO)
    return w, squares(v), projector(v * np.cos(np.arange(v.shape[-1])))


def free_eig(a: Any) -> Any:
    w, v = np.linalg.eig(a)
    return w, squares(v), v * np.conj(v[..., :1, :])


def complex_eig(a: Any) -> Any:
    """For complex matrices LAPACK makes a largest component of each eigenvector real and positive."""
    return np.linalg.eig(a * (0.5 + 1j))


def gram_pinv(a: Any, **kwargs: Any) -> Any:
    """The pseudo-inverse of a matrix whose rank is not full."""
    return np.linalg.pinv(a @ np.swapaxes(a, -1, -2), **kwargs)


VECTOR = (None, 1, 2, 3, 0.5, -1, -2, 0, np.inf, -np.inf)
MATRIX = ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)

SAMPLES = [
    # --- norms
    case(np.linalg.norm, normal(2, 3, 4)),
    case(np.linalg.norm, normal(2, 3), keepdims=True),
    case(np.linalg.norm, normal(2, 3, 4), axis=(0, -1)),
    *(case(np.linalg.norm, distinct(4), ord) for ord in VECTOR),
    *(case(np.linalg.norm, distinct(2, 4, 3), ord, -2, keepdims=True) for ord in VECTOR),
    case(np.linalg.norm, distinct(3, 4), ord=3, axis=(1,)),
    *(case(np.linalg.norm, spread(3, 4), ord) for ord in MATRIX),
    *(case(np.linalg.norm, spread(2, 3, 3), ord, (-1, 1), keepdims=True) for ord in MATRIX),
    case(np.linalg.norm, distinct(3, 2, 4), "nuc", (2, 0)),
    case(np.linalg.norm, distinct(3, 2, 4), 2, (0, 2)),
    case(np.linalg.norm, distinct(3, 2, 4), 1, (2, 0)),
    *(case(np.linalg.vector_norm, distinct(2, 3), ord=ord) for ord in VECTOR[1:]),
    case(np.linalg.vector_norm, normal(2, 3, 4)),
    case(np.linalg.vector_norm, normal(2, 3, 4), axis=(0, -1), keepdims=True),
    case(np.linalg.vector_norm, distinct(2, 3), axis=-1, ord=-np.inf),
    *(case(np.linalg.matrix_norm, spread(2, 3, 3), ord=ord) for ord in MATRIX),
    case(np.linalg.matrix_norm, normal(2, 3, 4), keepdims=True),
    # --- numbers that describe a matrix
    case(np.linalg.det, spread(3, 3)),
    case(np.linalg.det, normal(2, 3, 3)),
    case(np.linalg.det, singular([1.0, 2.0], [2.0, 4.0]), fixed=True, real_only=True),
    case(np.linalg.det, singular([0.0, 0.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 0.0]), fixed=True, real_only=True),
    case(np.linalg.slogdet, spread(3, 3)),
    case(np.linalg.slogdet, spread(2, 2, 2)),
    *(case(np.linalg.cond, spread(3, 3), p) for p in (None, *MATRIX)),
    case(np.linalg.cond, spread(2, 3, 3), "fro"),
    case(np.linalg.cond, spread(2, 4, 3), -2),
    # --- equations and inverses
    case(np.linalg.inv, spread(3, 3)),
    case(np.linalg.inv, spread(2, 3, 3)),
    case(np.linalg.pinv, spread(3, 3)),
    case(np.linalg.pinv, spread(2, 4, 3)),
    case(np.linalg.pinv, spread(3, 4), 1e-10),
    case(np.linalg.pinv, spread(3, 4), rtol=1e-10),
    case(np.linalg.pinv, spread(2, 3, 3), hermitian=True),
    case(gram_pinv, spread(3, 2), rtol=1e-8),
    case(np.linalg.pinv, spread(4, 3), 0.5, fixed=True),
    case(np.linalg.pinv, spread(2, 3, 4), rcond=np.array([0.5, 0.8])),
    case(np.linalg.pinv, spread(2, 3, 3), 0.5, hermitian=True),
    case(np.linalg.solve, spread(3, 3), normal(3)),
    case(np.linalg.solve, spread(3, 3), normal(3, 2)),
    case(np.linalg.solve, spread(2, 3, 3), normal(3)),
    case(np.linalg.solve, spread(3, 3), normal(2, 3, 4)),
    case(np.linalg.solve, spread(4, 1, 3, 3), normal(2, 3, 2)),
    case(np.linalg.solve, [[3.0, 1.0], [1.0, 2.0]], normal(2)),
    case(np.linalg.lstsq, spread(4, 3), normal(4)),
    case(np.linalg.lstsq, spread(4, 3), normal(4, 2), 1e-10),
    case(np.linalg.lstsq, spread(3, 4), normal(3, 2), rcond=-1),
    case(np.linalg.lstsq, spread(3, 4), normal(3), rcond=None),
    case(np.linalg.lstsq, spread(4, 3), normal(4, 2), rcond=0.5),
    case(np.linalg.lstsq, spread(3, 4), normal(3), rcond=0.8),
    case(np.linalg.lstsq, spread(4, 3), normal(4), rcond=1.0),
    case(np.linalg.tensorsolve, spread(2, 3, 6), normal(2, 3), order=1, fixed=True),
    case(np.linalg.tensorsolve, normal(2, 6, 3), normal(6), axes=(0, 2)),
    case(np.linalg.tensorinv, normal(4, 2, 2), ind=1, fixed=True),
    case(np.linalg.tensorinv, normal(2, 3, 3, 2), fixed=True),
    # --- decompositions
    case(np.linalg.cholesky, spread(3, 3)),
    case(np.linalg.cholesky, spread(2, 3, 3), upper=True),
    case(np.linalg.qr, spread(3, 3)),
    case(np.linalg.qr, spread(2, 4, 3)),
    case(np.linalg.qr, spread(3, 5), "complete", fixed=True),
    case(np.linalg.qr, spread(2, 4, 3), mode="r"),
    case(np.linalg.qr, spread(3, 4), mode="r"),
    case(full_qr, spread(5, 3), covers=(np.linalg.qr,)),
    case(np.linalg.svd, spread(3, 3), real_only=True),
    case(np.linalg.svd, spread(2, 4, 3), False, real_only=True),
    case(np.linalg.svd, spread(3, 4), full_matrices=False, real_only=True),
    case(np.linalg.svd, spread(2, 4, 3), compute_uv=False),
    case(np.linalg.svd, spread(2, 3, 3), hermitian=True, real_only=True),
    case(np.linalg.svd, spread(3, 3), False, False, True),
    case(np.linalg.svdvals, spread(2, 3, 4)),
    case(free_svd, spread(3, 3), covers=(np.linalg.svd,)),
    case(free_svd, spread(2, 5, 3), True, covers=(np.linalg.svd,)),
    case(free_svd, spread(3, 5), full_matrices=True, covers=(np.linalg.svd,)),
    case(free_svd, spread(3, 3), hermitian=True, covers=(np.linalg.svd,)),
    # --- eigenvalues
    case(np.linalg.eigh, spread(3, 3), real_only=True),
    case(np.linalg.eigh, spread(2, 3, 3), UPLO="U", real_only=True),
    case(free_eigh, spread(3, 3), covers=(np.linalg.eigh,)),
    case(free_eigh, spread(2, 3, 3), "U", covers=(np.linalg.eigh,)),
    case(np.linalg.eigvalsh, spread(3, 3)),
    case(np.linalg.eigvalsh, spread(2, 3, 3), "U"),
    case(free_eig, spread(3, 3), covers=(np.linalg.eig,)),
    case(free_eig, normal(2, 3, 3), covers=(np.linalg.eig,)),
    case(complex_eig, spread(2, 3, 3), covers=(np.linalg.eig,)),
    case(np.linalg.eigvals, spread(3, 3)),
    case(np.linalg.eigvals, normal(2, 3, 3)),
]
