"""Where pickle finds stand-ins: ``named.numpy.sin`` is what stands in for np.sin."""

from __future__ import annotations

import importlib
from typing import Any

from .table import counterpart


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return counterpart(importlib.import_module(name))
