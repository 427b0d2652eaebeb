"""What returns no numbers that could have a derivative: files, text and dates.

NumPy does its work on the bare values. Other functions without a derivative stand in their chapters: comparisons in
logic, places and counts in reductions, index arrays in indexing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import Nondifferentiable
from ..registry import family, nondifferentiable

# --- input and output ------------------------------------------------------------------------------------------------

nondifferentiable(np.save, np.savez, np.savez_compressed, np.savetxt)


nondifferentiable(np.array_repr, np.array_str, np.array2string)

# --- dates -----------------------------------------------------------------------------------------------------------

nondifferentiable(np.is_busday, np.busday_count, np.busday_offset, np.datetime_as_string)

# --- bits ------------------------------------------------------------------------------------------------------------
# NumPy takes whole numbers and truth values alone, which are constants.

nondifferentiable(np.packbits, np.unpackbits)

# --- text ------------------------------------------------------------------------------------------------------------
# Of numbers, these functions take widths and counts; where one formats them, that is printing.

family(lambda func: getattr(func, "__module__", "") in ("numpy.strings", "numpy.char"), Nondifferentiable)


def _works_on_text(func: Any) -> bool:
    """Tell whether a function is one of the ufuncs behind numpy.strings, which have no loops for numbers."""
    if not isinstance(func, np.ufunc) or func.types:
        return False
    return func.__name__.startswith("_") or hasattr(np.strings, func.__name__)


family(_works_on_text, Nondifferentiable)
