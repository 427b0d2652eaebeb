"""Inspection: what the namespace can, which dtypes it has and where its arrays are."""

from __future__ import annotations

from typing import Any

import numpy as np

_KINDS = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}
_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]


class __array_namespace_info__:
    """What the standard lets one ask of a namespace.

    Examples
    --------
    >>> import gradarray as ga
    >>> info = ga.tensor(1.0).__array_namespace__().__array_namespace_info__()
    >>> info.capabilities()
    {'boolean indexing': True, 'data-dependent shapes': True, 'max dimensions': 64}
    >>> info.default_device(), info.default_dtypes()["real floating"]
    ('cpu', dtype('float64'))
    """

    def capabilities(self) -> dict[str, Any]:
        """Return what the optional features of the standard are here."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Return where arrays are made."""
        return "cpu"

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """Return the dtypes that arrays get by themselves."""
        np.empty(0, device=device)  # NumPy's own error for a device that there is not
        return {
            "real floating": np.dtype(np.float64),
            "complex floating": np.dtype(np.complex128),
            "integral": np.dtype(np.intp),
            "indexing": np.dtype(np.intp),
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """Return the dtypes of a kind by their names; of any of several kinds for a tuple, all for None."""
        np.empty(0, device=device)
        if isinstance(kind, tuple):
            return {name: dtype for each in kind for name, dtype in self.dtypes(kind=each).items()}
        if kind is not None and kind not in _KINDS:
            raise ValueError(f"unsupported kind: {kind!r}")
        names = _KINDS["bool"] + _KINDS["numeric"] if kind is None else _KINDS[kind]
        return {name: np.dtype(name) for name in names}

    def devices(self) -> list[str]:
        """Return where arrays can be."""
        return ["cpu"]


__all__ = ["__array_namespace_info__"]
