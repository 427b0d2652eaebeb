"""Functions that are refused, each with the reason."""

from __future__ import annotations

from ..registry import family, unsupported

# --- structured arrays -----------------------------------------------------------------------------------------------

family(
    lambda func: getattr(func, "__module__", "") == "numpy.lib.recfunctions",
    lambda func: unsupported("it works on structured arrays, whose fields a Tensor cannot hold", func),
)
