"""Where pickles of tensors find what makes them anew. The class itself stands in reverse/tensor.py."""

from .reverse.tensor import rebuilt as _rebuild

__all__ = ["_rebuild"]
