"""Samples of eigenvalues and eigenvectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Sample, case, normal
from .decompositions import projector, squares
from .norms import near_diagonal


def free_eigh(a: Any, UPLO: str = "L") -> Any:
    w, v = np.linalg.eigh(a, UPLO)
    return w, squares(v), projector(v * np.cos(np.arange(v.shape[-1])))


def free_eig(a: Any) -> Any:
    w, v = np.linalg.eig(a)
    return w, squares(v), v * np.conj(v[..., :1, :])


def complex_eig(a: Any) -> Any:
    """For complex matrices LAPACK makes a largest component of each eigenvector real and positive."""
    return np.linalg.eig(a * (0.5 + 1j))


SAMPLES: list[Sample] = [
    case(np.linalg.eigh, near_diagonal(3, 3), real_only=True),
    case(np.linalg.eigh, near_diagonal(2, 3, 3), UPLO="U", real_only=True),
    case(free_eigh, near_diagonal(3, 3), covers=(np.linalg.eigh,)),
    case(free_eigh, near_diagonal(2, 3, 3), "U", covers=(np.linalg.eigh,)),
    case(np.linalg.eigvalsh, near_diagonal(3, 3)),
    case(np.linalg.eigvalsh, near_diagonal(2, 3, 3), "U"),
    case(free_eig, near_diagonal(3, 3), covers=(np.linalg.eig,)),
    case(free_eig, normal(2, 3, 3), covers=(np.linalg.eig,)),
    case(complex_eig, near_diagonal(2, 3, 3), covers=(np.linalg.eig,)),
    case(np.linalg.eigvals, near_diagonal(3, 3)),
    case(np.linalg.eigvals, normal(2, 3, 3)),
]
