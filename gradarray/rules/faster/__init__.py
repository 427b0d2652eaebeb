"""Faster ways for plain ndarrays: sizes, threads and memory are known here; what is computed is said by the chapters.

Each comes before a declaration of the chapter of the same name, and calls that where it has nothing to gain.
"""

from . import differences, einsum, elementwise, products, reductions, statistics

__all__ = ["differences", "einsum", "elementwise", "products", "reductions", "statistics"]
