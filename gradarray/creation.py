"""Making tensors: from data, from nothing, and in the likeness of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import tape
from .dispatch import has_variable, stack_nested, unwrap
from .tensor import Tensor


def tensor(data: Any, dtype: Any = None, *, constant: bool | None = None, copy: bool = True, ndmin: int = 0) -> Tensor:
    """Make a tensor of numbers.

    Parameters
    ----------
    data : array_like
        Numbers of any shape. From a Tensor come its values alone, not its history; a list that holds variables is
        stacked, and stays connected to them.
    dtype : data-type, optional
    constant : bool, optional
        A constant takes no part in differentiation. By default floating-point and complex tensors are variables, and
        integers and truth values are constants.
    copy : bool
        Copy the data; False shares memory with an ndarray where that is possible.
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
    if constant is not True and isinstance(data, (list, tuple)) and has_variable(data) and tape.recording():
        stacked: Tensor = stack_nested(data)
        if dtype is not None:
            stacked = stacked.astype(dtype)
        return stacked if stacked.ndim >= ndmin else stacked.reshape((1,) * (ndmin - stacked.ndim) + stacked.shape)
    return Tensor(data, dtype, constant=constant, copy=copy, ndmin=ndmin)


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
    if isinstance(data, Tensor):
        if (dtype is None or data.dtype == dtype) and constant in (None, data.constant):
            return data
        if constant is None and not data.constant:
            return data.astype(dtype)  # type: ignore[no-any-return]
    return tensor(data, dtype, constant=constant, copy=False)


def asarray(data: Any, dtype: Any = None, order: Any = None) -> Any:
    """Return the plain ndarray behind a tensor, or anything else as np.asarray does; the explicit way off the tape.

    Parameters
    ----------
    data : array_like
    dtype : data-type, optional
    order : {'C', 'F', 'A', 'K'}, optional

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.asarray(ga.tensor([1.0, 2.0]))
    array([1., 2.])
    """
    return np.asarray(data.data if isinstance(data, Tensor) else unwrap(data), dtype=dtype, order=order)


def _fresh(raw: Any, constant: bool | None) -> Tensor:
    """Wrap an array that nobody else knows of."""
    return Tensor(raw, constant=constant, copy=False)


def _shape(shape: Any) -> Any:
    return unwrap(shape)


def zeros(shape: Any, dtype: Any = float, *, constant: bool | None = None) -> Tensor:
    """Return zeros of a shape; see `numpy.zeros`.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.zeros(2)
    Tensor([0., 0.])
    """
    return _fresh(np.zeros(_shape(shape), dtype), constant)


def ones(shape: Any, dtype: Any = float, *, constant: bool | None = None) -> Tensor:
    """Return ones of a shape; see `numpy.ones`.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.ones((1, 2), dtype="float32")
    Tensor([[1., 1.]], dtype=float32)
    """
    return _fresh(np.ones(_shape(shape), dtype), constant)


def empty(shape: Any, dtype: Any = float, *, constant: bool | None = None) -> Tensor:
    """Return a tensor of a shape with arbitrary values; see `numpy.empty`.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.empty((2, 3)).shape
    (2, 3)
    """
    return _fresh(np.empty(_shape(shape), dtype), constant)


def full(shape: Any, fill_value: Any, dtype: Any = None, *, constant: bool | None = None) -> Tensor:
    """Return a tensor of a shape, filled with a value; see `numpy.full`. A variable stays connected to its copies.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.full(3, 2.5)
    Tensor([2.5, 2.5, 2.5])
    """
    if has_variable(fill_value) and constant is not True and tape.recording():
        value = fill_value if isinstance(fill_value, Tensor) else stack_nested(fill_value)
        filled: Any = np.broadcast_to(value, unwrap(shape)).copy()
        return filled if dtype is None else filled.astype(dtype)  # type: ignore[no-any-return]
    return _fresh(np.full(_shape(shape), unwrap(fill_value), dtype), constant)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = float, *, constant: bool | None = None) -> Tensor:
    """Return ones on a diagonal and zeros elsewhere; see `numpy.eye`.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """
    return _fresh(np.eye(N, M, k, dtype), constant)


def identity(n: int, dtype: Any = float, *, constant: bool | None = None) -> Tensor:
    """Return the identity matrix; see `numpy.identity`.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.identity(1)
    Tensor([[1.]])
    """
    return _fresh(np.identity(n, dtype), constant)


def arange(*args: Any, dtype: Any = None, constant: bool | None = None) -> Tensor:
    """Return evenly spaced values of a half-open interval: ``arange([start,] stop[, step])``; see `numpy.arange`.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.arange(3.0)
    Tensor([0., 1., 2.])
    """
    return _fresh(np.arange(*unwrap(args), dtype=dtype), constant)
