"""Making tensors: from data, from nothing, and in the likeness of another."""

from __future__ import annotations

from typing import Any, Never

import numpy as np

from ..context import settings
from ..dropin.making import making
from ..elsewhere.answers import catching, refuse_keywords, telling
from ..forward.dual import Dual
from ..kernels.arrays import FLOAT64
from ..reverse.constants import check_constant
from ..reverse.tensor import Tensor, variable
from ..reverse.views.sharing import Foreign
from ..tape.wrapping import bare, has_variable, stack_nested


@catching
def tensor(
    data: Any,
    dtype: Any = None,
    *,
    constant: bool | None = None,
    copy: bool = True,
    ndmin: int = 0,
    **unknown: Never,
) -> Tensor:
    """Make a tensor of numbers.

    Parameters
    ----------
    data : array_like
        Numbers of any shape. From a Tensor that is copied come its values alone, not its history; a list that holds
        variables is stacked, and stays connected to them.
    dtype : data-type, optional
    constant : bool, optional
        A constant takes no part in differentiation. By default floating-point and complex tensors are variables, and
        integers and truth values are constants.
    copy : bool
        Copy the data; False shares memory with an ndarray where that is possible, and returns a Tensor itself that fits
        already.
    ndmin : int
        The least number of dimensions; axes of length one are put in front.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        For ``constant=False`` with integers or truth values.
    TypeError
        For data that are not numbers.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.tensor([1.0, 2.0, 3], dtype="float32")
    Tensor([1., 2., 3.], dtype=float32)
    >>> ga.tensor([1, 2]).constant
    True
    """
    if unknown:
        refuse_keywords(tensor, unknown)
    if type(data) is np.ndarray and data.dtype is FLOAT64 and dtype is None and not constant and not ndmin:
        # What a training step does for each of its arrays.
        if copy:
            return variable(np.array(data)) if data.ndim else variable(data[()], False)
        t = variable(data)
        t._alias = Foreign()
        return t
    if not copy and isinstance(data, Tensor):
        check_constant(constant)
        known = data.constant
        fits = dtype is None or data.dtype == dtype
        if constant in (None, known) and (fits or (constant is None and not known)):
            return _with_ndmin(data if fits else data.astype(dtype), ndmin)
    if constant is not True and isinstance(data, (list, tuple)) and has_variable(data) and settings.recording():
        stacked: Tensor = stack_nested(data)
        if dtype is not None:
            stacked = stacked.astype(dtype)
        return _with_ndmin(stacked, ndmin)
    if constant is None and dtype is None and isinstance(data, Tensor) and data.dtype.kind in "fc" and making():
        constant = False  # it stands for a plain array, which drop-in mode has made
    return Tensor(data, dtype, constant=constant, copy=copy, ndmin=ndmin)


def _with_ndmin(t: Tensor, ndmin: int) -> Tensor:
    return t if t.ndim >= ndmin else t.reshape((1,) * (ndmin - t.ndim) + t.shape)


@telling
def astensor(data: Any, dtype: Any = None, *, constant: bool | None = None) -> Tensor:
    """Return data as a tensor, without a copy where that is possible; a Tensor that fits already is returned itself.

    Parameters
    ----------
    data : array_like
    dtype : data-type, optional
    constant : bool, optional
        As for `tensor`.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([1.0, 2.0])
    >>> ga.astensor(x) is x
    True
    """
    return tensor(data, dtype, constant=constant, copy=False)


@telling
def asarray(
    data: Any, dtype: Any = None, order: Any = None, *, copy: bool | None = None
) -> np.ndarray[tuple[Any, ...], np.dtype[Any]]:
    """Return the plain ndarray behind a tensor, or anything else as np.asarray does; the explicit way off the tape.

    Parameters
    ----------
    data : array_like
    dtype : data-type, optional
    order : {'C', 'F', 'A', 'K'}, optional
    copy : bool, optional
        True copies always; False never, and raises ValueError where that cannot be.

    Returns
    -------
    numpy.ndarray

    Notes
    -----
    In the namespace of a tensor, ``t.__array_namespace__()``, `asarray` is another function: it keeps tensors.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.asarray(ga.tensor([1.0, 2.0]))
    array([1., 2.])
    """
    values = data.data if isinstance(data, (Tensor, Dual)) else bare(data)
    return np.asarray(values, dtype=dtype, order=order, copy=copy)


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None, constant: bool | None = None) -> Tensor:
    """Return a tensor with another dtype; see `numpy.astype`, which takes no other arrays than NumPy's own.

    Parameters
    ----------
    x : array_like
    dtype : data-type
    copy : bool
        False returns `x` itself where it has the dtype already.
    device : {"cpu", None}
    constant : bool, optional
        As for `tensor`; by default a constant if `x` is one, or an array.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.astype(ga.tensor([1.0, 2.5]), "float32")
    Tensor([1. , 2.5], dtype=float32)
    """
    np.empty(0, device=device)  # NumPy's own error for a device that there is not
    if isinstance(x, Dual) and not constant:
        return x.astype(dtype, copy=copy)  # type: ignore[no-any-return]
    t = x if isinstance(x, Tensor) else tensor(x, constant=True)
    if constant:
        t = t.detach()
    result: Tensor = t if not copy and t.dtype == dtype else t.astype(dtype)
    return tensor(result, constant=False) if constant is False and result.constant else result
