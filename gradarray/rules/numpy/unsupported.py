"""Functions that are refused, each with the reason."""

from __future__ import annotations

from ..kinds import Unsupported
from ..registry import family

# --- structured arrays -----------------------------------------------------------------------------------------------

family(
    lambda func: getattr(func, "__module__", "") == "numpy.lib.recfunctions",
    lambda func: Unsupported(func, "it works on structured arrays, whose fields a Tensor cannot hold"),
)
