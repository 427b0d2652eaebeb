"""``plain += variable``: Python binds the name to the result, which may be a Tensor if nobody else has the array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..context.frames import asker, augmented, callers_have, target_of
from ..kernels.references import LENDS, has_one_name, sole_memory
from ..tape import loss
from ..tape.wrapping import bare
from .operators import SYMBOLS
from .outputs import in_place


def rebinds(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> bool:
    """Tell whether the user's code is at an augmented assignment to a plain array that nobody else has.

    An augmented assignment arrives in the same form as a call with out=; what Python is carrying out at this moment
    tells them apart. An array that others may have is refused.
    """
    if type(inputs[0]) is not np.ndarray or ufunc not in SYMBOLS:
        return False
    frame = asker()
    if frame is None or augmented(frame) is None:
        return False
    if sole_memory(inputs):
        lent, argument = target_of(frame) if LENDS else (False, False)
        if has_one_name(SYMBOLS[ufunc], inputs, lent) and not (argument and callers_have(frame, inputs)):
            return True
    loss.refuse_write(f"{SYMBOLS[ufunc]}=")
    return False


def fitted(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
    """Return the result with the dtype of the array that was updated, or raise what NumPy does."""
    plain = inputs[0]
    if result.shape == plain.shape and result.dtype == plain.dtype:
        return in_place(result, plain, ufunc, inputs[1])
    ufunc(*bare(inputs), **{**bare(kwargs), "out": np.empty(plain.shape, plain.dtype)})
    return result.astype(plain.dtype)
