"""The derivatives, one file per chapter of NumPy's reference; importing them fills the registry."""

from . import creation, elementwise, fft, indexing, inplace, joining, linalg, products, reductions, shape, statistics

__all__ = [
    "creation",
    "elementwise",
    "fft",
    "indexing",
    "inplace",
    "joining",
    "linalg",
    "products",
    "reductions",
    "shape",
    "statistics",
]
