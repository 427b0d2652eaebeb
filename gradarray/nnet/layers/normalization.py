"""Normalization of batches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import gradarray as ga

from ..calls import called, floating, number, telling


def _others(ndim: int) -> tuple[int, ...]:
    """Return the axes other than that of the channels."""
    return tuple([i for i in range(ndim) if i != 1])


def _count(x: Any) -> int:
    """Return how many elements a channel has."""
    return math.prod(x.shape[:1] + x.shape[2:])


def _normalized(x: Any, eps: Any) -> tuple[Any, Any]:
    """Return the data with mean 0 and variance 1 in each channel, and by what they were multiplied."""
    y = x - _mean(x)
    scale = 1 / np.sqrt(_sums(y, y) / _count(x) + eps)
    if type(y) is not np.ndarray:
        return y * scale, scale
    y *= scale
    return y, scale


def _mean(x: Any) -> Any:
    if type(x) is np.ndarray and x.size and x.dtype.itemsize > 2:  # NumPy warns of none, and sums halves as singles
        return _total(x) / _count(x)
    return np.mean(x, axis=_others(x.ndim), keepdims=True)


def _total(x: Any) -> Any:
    """Return the sum of each channel."""
    axes = _others(x.ndim)
    if type(x) is np.ndarray:  # which np.sum takes as long again to get to
        return np.add.reduce(x, axis=axes, keepdims=True)
    return np.sum(x, axis=axes, keepdims=True)


def _sums(a: Any, b: Any) -> Any:
    """Return the sums of products in each channel."""
    if type(a) is np.ndarray is type(b):
        axes = "abcdefghijklmnopqrstuvwxyz"[: a.ndim]
        return np.einsum(f"{axes},{axes}->b", a, b).reshape(1, -1, *[1] * (a.ndim - 2))
    return np.sum(a * b, axis=_others(a.ndim), keepdims=True)


def _beside(channels: Any, x: Any) -> Any:
    """Return one number for each channel in a shape in which it is broadcast."""
    return channels.reshape(1, -1, *[1] * (x.ndim - 2))


@ga.registry.primitive(saves=True)
def _batchnorm(x: Any, gamma: Any, beta: Any, *, eps: float) -> Any:
    """Return the normalized data times `gamma` plus `beta`, of which there may be none."""
    y, scale = _normalized(x, eps)
    ans = y
    if gamma is not None:
        ans = y * _beside(gamma, x)
    if beta is not None:
        ans = np.add(ans, _beside(beta, x), **({} if ans is y else {"out": ans}))
    return ans, (y, scale)


def _batchnorm_vjp(g: Any, _ans: Any, x: Any, gamma: Any, beta: Any, *, eps: float, saved: Any = None) -> Any:
    y, scale = _normalized(x, eps) if saved is None else saved
    count = _count(x)
    g_gamma, g_beta = _sums(g, y), _total(g)
    if gamma is not None:
        scale = _beside(gamma, x) * scale
    # The mean and the variance are those of x.
    if type(g) is np.ndarray is type(y):
        back = y * (g_gamma / -count)
        back += g
        back -= g_beta / count
        back *= scale
    else:
        back = (g - y * (g_gamma / count) - g_beta / count) * scale
    of_channels = x.shape[1:2]
    return (
        back,
        None if gamma is None else g_gamma.reshape(of_channels),
        None if beta is None else g_beta.reshape(of_channels),
    )


ga.registry.rule(_batchnorm, joint=_batchnorm_vjp, holomorphic=False)


@telling
def batchnorm(x: Any, *, gamma: Any = None, beta: Any = None, eps: float, constant: bool | None = None) -> ga.Tensor:
    """Normalize a batch in each channel: ``gamma * (x - mean(x)) / sqrt(var(x) + eps) + beta``.

    Parameters
    ----------
    x : array_like, shape (N, C, ...)
        Real numbers; mean and variance are those over all axes but the second.
    gamma, beta : array_like, shape (C,), optional
        A factor and a summand for each channel.
    eps : float
        What keeps the root from 0; not negative.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`; float64 for whole numbers.

    Raises
    ------
    ValueError
        If the shapes are others.

    Notes
    -----
    From "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift" by S. Ioffe and
    C. Szegedy, https://arxiv.org/abs/1502.03167.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([[1.0], [4.0], [1.0]])
    >>> ga.nnet.batchnorm(x, eps=0)
    Tensor([[-0.70710678],
            [ 1.41421356],
            [-0.70710678]])
    """
    x = floating(x)
    if x.ndim < 2:
        raise ValueError(f"`x` must have shape (N, C, ...), got {x.shape}")
    factors = []
    for name, value in (("gamma", gamma), ("beta", beta)):
        if value is not None:
            value = floating(value, name)
            if value.shape != x.shape[1:2]:
                raise ValueError(f"`{name}` must have shape {x.shape[1:2]}, got {value.shape}")
        factors.append(value)
    return called(_batchnorm, x, *factors, eps=number(eps, "eps", x), constant=constant)
