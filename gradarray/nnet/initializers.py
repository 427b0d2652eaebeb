"""Initial values of weights, under MyGrad's names and with its meanings.

The shape is given as one argument or as several: ``normal(2, 3)`` is ``normal((2, 3))``. What is drawn is drawn by
`numpy.random`, whose seed therefore repeats it. Tensors of single precision are made unless `dtype` says otherwise.
"""

# ruff: noqa: NPY002 - the draws are those of numpy.random.seed, as MyGrad's

from __future__ import annotations

import math
from typing import Any

import numpy as np

import gradarray as ga

from .calls import telling

Shape = Any


def _shape(shape: tuple[Any, ...], name: str = "", least: int = 0) -> tuple[int, ...]:
    """Return the shape that was given as one argument or as several."""
    if len(shape) == 1:
        one = not hasattr(shape[0], "__iter__") or getattr(shape[0], "ndim", None) == 0
        shape = (shape[0],) if one else tuple(shape[0])
    if len(shape) < least:
        raise ValueError(f"{name} needs a shape with at least {least} axes, got {shape}")
    return shape


def _real(value: Any) -> Any:
    """Return a parameter of a draw as a number: derivatives do not flow through it."""
    return ga.asarray(value).item() if hasattr(value, "dtype") else value


def _need_floating(dtype: Any, name: str) -> None:
    if not np.issubdtype(dtype, np.floating):
        raise ValueError(f"{name} needs a floating-point dtype, got {np.dtype(dtype)}")


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many inputs and outputs a weight of shape (outputs, inputs, ...) connects, 1 in the place of none."""
    field = math.prod(shape[2:])
    return max(1, shape[1] * field), max(1, shape[0] * field)


@telling
def constant(*shape: Any, value: Any = 0.0, dtype: Any = None, constant: bool | None = None) -> ga.Tensor:
    """Make a tensor that holds one value everywhere.

    Parameters
    ----------
    *shape : int, or one sequence of int
    value : float
    dtype : data-type, optional
        That of `value` by default.
    constant : bool, optional
        Whether it takes no part in differentiation; by default whole numbers do not.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.initializers.constant(2, 3, value=7.5)
    Tensor([[7.5, 7.5, 7.5],
            [7.5, 7.5, 7.5]])
    """
    return ga.full(_shape(shape), value, dtype=dtype, constant=constant)


@telling
def dirac(*shape: Any, dtype: Any = np.float32, constant: bool | None = None) -> ga.Tensor:
    """Make filters by which a convolution passes on as many channels as it can.

    Parameters
    ----------
    *shape : int, or one sequence of int
        (F, C, W0, ...), as the filters of `conv_nd`.
    dtype : data-type
    constant : bool, optional
        Whether it takes no part in differentiation; by default whole numbers do not.

    Returns
    -------
    Tensor
        With 1 in the middle of ``[i, i]`` for each i, and 0 elsewhere.

    Raises
    ------
    ValueError
        If the shape has less than two axes.

    Notes
    -----
    From "DiracNets: Training Very Deep Neural Networks Without Skip-Connections" by S. Zagoruyko and N. Komodakis,
    https://arxiv.org/abs/1706.00388.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.initializers.dirac(2, 1, 3)
    Tensor([[[0., 1., 0.]],
    <BLANKLINE>
            [[0., 0., 0.]]], dtype=float32)
    """
    shape = _shape(shape, "dirac", least=2)
    values: Any = np.zeros(shape, dtype)
    i = np.arange(min(shape[:2]))
    values[(i, i, *[n // 2 for n in shape[2:]])] = 1
    return ga.tensor(values, constant=constant, copy=False)


@telling
def normal(
    *shape: Any, mean: Any = 0, std: Any = 1, dtype: Any = np.float32, constant: bool | None = None
) -> ga.Tensor:
    """Draw from a normal distribution.

    Parameters
    ----------
    *shape : int, or one sequence of int
    mean, std : float
        The mean and the standard deviation.
    dtype : data-type
        One of floating-point numbers.
    constant : bool, optional
        Whether the tensor takes no part in differentiation.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If `dtype` is of another kind, or `std` is negative.

    Examples
    --------
    >>> import gradarray as ga
    >>> w = ga.nnet.initializers.normal(2, 3, std=0.1)
    >>> w.shape, w.dtype
    ((2, 3), dtype('float32'))
    """
    mean, std = _real(mean), _real(std)
    _need_floating(dtype, "normal")
    if std < 0:
        raise ValueError(f"`std` must not be negative, got {std}")
    return ga.tensor(np.random.normal(mean, std, _shape(shape)), dtype=dtype, constant=constant, copy=False)


@telling
def uniform(
    *shape: Any, lower_bound: Any = 0, upper_bound: Any = 1, dtype: Any = np.float32, constant: bool | None = None
) -> ga.Tensor:
    """Draw from a uniform distribution.

    Parameters
    ----------
    *shape : int, or one sequence of int
    lower_bound, upper_bound : float
        Between which to draw; the upper one itself is not drawn.
    dtype : data-type
        One of floating-point numbers.
    constant : bool, optional
        Whether the tensor takes no part in differentiation.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If `dtype` is of another kind, or the lower bound is not below the upper one.

    Examples
    --------
    >>> import gradarray as ga
    >>> w = ga.nnet.initializers.uniform(2, 3, lower_bound=-1, dtype="float64")
    >>> w.shape, w.dtype
    ((2, 3), dtype('float64'))
    """
    lower, upper = _real(lower_bound), _real(upper_bound)
    _need_floating(dtype, "uniform")
    if lower >= upper:
        raise ValueError(f"`lower_bound` must be below `upper_bound`, got {lower} and {upper}")
    return ga.tensor(np.random.uniform(lower, upper, _shape(shape)), dtype=dtype, constant=constant, copy=False)


@telling
def glorot_normal(*shape: Any, gain: Any = 1, dtype: Any = np.float32, constant: bool | None = None) -> ga.Tensor:
    """Draw weights from a normal distribution, as X. Glorot and Y. Bengio do.

    Parameters
    ----------
    *shape : int, or one sequence of int
        At least two axes, (outputs, inputs, ...).
    gain : float
        A factor.
    dtype : data-type
        One of floating-point numbers.
    constant : bool, optional
        Whether the tensor takes no part in differentiation.

    Returns
    -------
    Tensor
        With mean 0 and standard deviation ``gain * sqrt(2 / (inputs + outputs))``, the axes behind the second counted
        to both.

    Raises
    ------
    ValueError
        If `dtype` is of another kind, or the shape has less than two axes.

    Notes
    -----
    From "Understanding the difficulty of training deep feedforward neural networks",
    http://proceedings.mlr.press/v9/glorot10a/glorot10a.pdf.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.initializers.glorot_normal(20, 10).shape
    (20, 10)
    """
    shape = _shape(shape, "glorot_normal", least=2)
    return normal(shape, std=_real(gain) * math.sqrt(2 / sum(_fans(shape))), dtype=dtype, constant=constant)


@telling
def glorot_uniform(*shape: Any, gain: Any = 1, dtype: Any = np.float32, constant: bool | None = None) -> ga.Tensor:
    """Draw weights from a uniform distribution, as X. Glorot and Y. Bengio do.

    Parameters
    ----------
    *shape : int, or one sequence of int
        At least two axes, (outputs, inputs, ...).
    gain : float
        A factor.
    dtype : data-type
        One of floating-point numbers.
    constant : bool, optional
        Whether the tensor takes no part in differentiation.

    Returns
    -------
    Tensor
        Up to ``gain * sqrt(6 / (inputs + outputs))`` on both sides of 0, the axes behind the second counted to both.

    Raises
    ------
    ValueError
        If `dtype` is of another kind, or the shape has less than two axes.

    See Also
    --------
    glorot_normal : which says where it is from

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.initializers.glorot_uniform((20, 10)).shape
    (20, 10)
    """
    shape = _shape(shape, "glorot_uniform", least=2)
    bound = _real(gain) * math.sqrt(6 / sum(_fans(shape)))
    return uniform(shape, lower_bound=-bound, upper_bound=bound, dtype=dtype, constant=constant)


@telling
def he_normal(*shape: Any, gain: Any = 1, dtype: Any = np.float32, constant: bool | None = None) -> ga.Tensor:
    """Draw weights from a normal distribution, as K. He, X. Zhang, S. Ren and J. Sun do.

    Parameters
    ----------
    *shape : int, or one sequence of int
        At least two axes, (outputs, inputs, ...).
    gain : float
        A factor: ``sqrt(2)`` before a rectifier, ``sqrt(2 / (1 + slope**2))`` before a leaky one.
    dtype : data-type
        One of floating-point numbers.
    constant : bool, optional
        Whether the tensor takes no part in differentiation.

    Returns
    -------
    Tensor
        With mean 0 and standard deviation ``gain / sqrt(inputs)``, the axes behind the second counted to the inputs.

    Raises
    ------
    ValueError
        If `dtype` is of another kind, or the shape has less than two axes.

    Notes
    -----
    From "Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet Classification",
    https://arxiv.org/abs/1502.01852.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.initializers.he_normal(20, 10, gain=2**0.5).shape
    (20, 10)
    """
    shape = _shape(shape, "he_normal", least=2)
    return normal(shape, std=_real(gain) / math.sqrt(_fans(shape)[0]), dtype=dtype, constant=constant)


@telling
def he_uniform(*shape: Any, gain: Any = 1, dtype: Any = np.float32, constant: bool | None = None) -> ga.Tensor:
    """Draw weights from a uniform distribution, as K. He, X. Zhang, S. Ren and J. Sun do.

    Parameters
    ----------
    *shape : int, or one sequence of int
        At least two axes, (outputs, inputs, ...).
    gain : float
        A factor: ``sqrt(2)`` before a rectifier, ``sqrt(2 / (1 + slope**2))`` before a leaky one.
    dtype : data-type
        One of floating-point numbers.
    constant : bool, optional
        Whether the tensor takes no part in differentiation.

    Returns
    -------
    Tensor
        Up to ``gain * sqrt(3 / inputs)`` on both sides of 0, the axes behind the second counted to the inputs.

    Raises
    ------
    ValueError
        If `dtype` is of another kind, or the shape has less than two axes.

    See Also
    --------
    he_normal : which says where it is from

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.initializers.he_uniform(20, 10).shape
    (20, 10)
    """
    shape = _shape(shape, "he_uniform", least=2)
    bound = _real(gain) * math.sqrt(3 / _fans(shape)[0])
    return uniform(shape, lower_bound=-bound, upper_bound=bound, dtype=dtype, constant=constant)


identity = ga.identity

__all__ = [
    "constant",
    "dirac",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "normal",
    "uniform",
]
