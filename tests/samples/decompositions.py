"""Samples of the decompositions of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Sample, case
from .norms import near_diagonal

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


SAMPLES: list[Sample] = [
    case(np.linalg.cholesky, near_diagonal(3, 3)),
    case(np.linalg.cholesky, near_diagonal(2, 3, 3), upper=True),
    case(np.linalg.qr, near_diagonal(3, 3)),
    case(np.linalg.qr, near_diagonal(2, 4, 3)),
    case(np.linalg.qr, near_diagonal(3, 5), "complete", fixed=True),
    case(np.linalg.qr, near_diagonal(2, 4, 3), mode="r"),
    case(np.linalg.qr, near_diagonal(3, 4), mode="r"),
    case(full_qr, near_diagonal(5, 3), covers=(np.linalg.qr,)),
    case(np.linalg.svd, near_diagonal(3, 3), real_only=True),
    case(np.linalg.svd, near_diagonal(2, 4, 3), False, real_only=True),
    case(np.linalg.svd, near_diagonal(3, 4), full_matrices=False, real_only=True),
    case(np.linalg.svd, near_diagonal(2, 4, 3), compute_uv=False),
    case(np.linalg.svd, near_diagonal(2, 3, 3), hermitian=True, real_only=True),
    case(np.linalg.svd, near_diagonal(3, 3), False, False, True),
    case(np.linalg.svdvals, near_diagonal(2, 3, 4)),
    case(free_svd, near_diagonal(3, 3), covers=(np.linalg.svd,)),
    case(free_svd, near_diagonal(2, 5, 3), True, covers=(np.linalg.svd,)),
    case(free_svd, near_diagonal(3, 5), full_matrices=True, covers=(np.linalg.svd,)),
    case(free_svd, near_diagonal(3, 3), hermitian=True, covers=(np.linalg.svd,)),
]
