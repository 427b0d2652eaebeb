"""The derivatives, one file per chapter of NumPy's reference; importing them fills the registry."""

from . import (
    creation,
    elementwise,
    fft,
    functional,
    indexing,
    inplace,
    joining,
    linalg,
    nondifferentiable,
    polynomial,
    products,
    reductions,
    shape,
    statistics,
    unsupported,
)

__all__ = [
    "creation",
    "elementwise",
    "fft",
    "functional",
    "indexing",
    "inplace",
    "joining",
    "linalg",
    "nondifferentiable",
    "polynomial",
    "products",
    "reductions",
    "shape",
    "statistics",
    "unsupported",
]
