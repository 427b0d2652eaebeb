"""Creation functions: those that make arrays of others. What makes them from nothing is the mirror's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..batch.mapped import Mapped, lane_in
from ..dropin.making import making
from ..forward.dual import Dual
from ..kernels.gate import hosted
from ..kernels.traced import TRACED
from ..mirror import functions
from ..reverse.tensor import Tensor
from ..rules.primitives import astype as converted_to
from ..tape.wrapping import bare, has_tensor, stack_nested
from .results import new

_OURS = (Tensor, Dual, Mapped)


def asarray(obj: Any, /, dtype: Any = None, *, order: Any = None, device: Any = None, copy: bool | None = None) -> Any:
    """Return an array of anything: what is traced stays connected, numbers and plain arrays become constants.

    Parameters
    ----------
    obj : array_like
    dtype : data-type, optional
    order : {'C', 'F', 'A', 'K'}, optional
    device : {"cpu", None}
    copy : bool, optional
        True copies always; False never, and ValueError says where that cannot be; None where it is needed.

    Returns
    -------
    Tensor
        In forward mode, and in the function of `vmap`, what stands for one there.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([1.0, 2.0])
    >>> xp = x.__array_namespace__()
    >>> xp.asarray(x) is x, xp.asarray([x[0], 3.0]).constant, xp.asarray([1.0, 3.0]).constant
    (True, False, True)
    """
    np.empty(0, device=device)  # NumPy's own error for a device that there is not
    if isinstance(obj, (list, tuple)) and (has_tensor(obj) or lane_in(obj) is not None):
        if copy is False:
            np.asarray(bare(obj), copy=False)  # NumPy's own error
        obj, copy = stack_nested(obj), None
    if hosted(type(obj)):
        obj, copy = Tensor(obj, constant=True, copy=bool(copy)), None
    if not isinstance(obj, _OURS):
        if copy is False:
            np.array(obj, dtype, order=order, copy=False)  # NumPy's own error
        return new(np.array(obj, dtype, order=order, copy=True if _is_apart() else copy))
    values: Any = bare(obj)
    if type(values) not in TRACED and type(values) is not Mapped and (copy is False or order is not None):
        values = np.asarray(values)
        shown = np.array(values, dtype, order=order, copy=copy)  # NumPy's own error
        copy = copy or not np.may_share_memory(shown, values)
    if dtype is not None and obj.dtype != dtype:
        return obj.astype(dtype) if type(obj) is Mapped else converted_to(obj, dtype, order or "K")
    return np.copy(obj, order or "K") if copy else obj


def _is_apart() -> bool:
    """Tell whether a constant that is made here needs a memory of its own: a Dual is written into where it stands."""
    return making() is not None and bool(making().levels)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """Return an array that another library shares, as a constant; one of this library stays connected.

    Parameters
    ----------
    x : object with ``__dlpack__`` and ``__dlpack_device__``
    device : {"cpu", None}
    copy : bool, optional
        As for `asarray`.
    """
    return asarray(x if isinstance(x, _OURS) else np.from_dlpack(x), device=device, copy=copy)


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Any]:
    """Return the coordinates of a grid, one array for each of the given ones; see `numpy.meshgrid`."""
    return list(functions.meshgrid(*map(asarray, arrays), indexing=indexing))


__all__ = ["asarray", "from_dlpack", "meshgrid"]
