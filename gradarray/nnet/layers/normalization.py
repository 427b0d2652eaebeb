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
    axes = _others(x.ndim)
    y = x - np.mean(x, axis=axes, keepdims=True)
    scale = 1 / np.sqrt(_sums(y, y) / _count(x) + eps)
    return y * scale, scale


def _sums(a: Any, b: Any) -> Any:
    """Return the sums of products in each channel."""
    if type(a) is np.ndarray is type(b):
        axes = range(a.ndim)
        return np.einsum(a, axes, b, axes, [1]).reshape(1, -1, *[1] * (a.ndim - 2))
    return np.sum(a * b, axis=_others(a.ndim), keepdims=True)


@ga.registry.primitive
def _batchnorm(x: Any, gamma: Any, beta: Any, *, eps: float, y: Any, scale: Any) -> Any:
    """Return the normalized data `y`, which are known, times `gamma` plus `beta`."""
    ans = y * gamma
    ans += beta
    return ans


def _batchnorm_vjp(g: Any, _ans: Any, x: Any, gamma: Any, _beta: Any, *, eps: float, y: Any, scale: Any) -> Any:
    if type(x) is not np.ndarray:
        y, scale = _normalized(x, eps)
    count = _count(x)
    g_gamma, g_beta = _sums(g, y), np.sum(g, axis=_others(x.ndim), keepdims=True)
    # The mean and the variance are those of x.
    return (g - y * (g_gamma / count) - g_beta / count) * (gamma * scale), g_gamma, g_beta


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
    of_channels = (1, x.shape[1], *[1] * (x.ndim - 2))
    factors = []
    for name, value, default in (("gamma", gamma, 1), ("beta", beta, 0)):
        value = np.full(x.shape[1], default, x.dtype) if value is None else floating(value, name)
        if value.shape != x.shape[1:2]:
            raise ValueError(f"`{name}` must have shape {x.shape[1:2]}, got {value.shape}")
        factors.append(value.reshape(of_channels))
    eps = number(eps, "eps", x)
    y, scale = _normalized(ga.asarray(x), eps if isinstance(eps, (int, float)) else ga.asarray(eps)[()])
    return called(_batchnorm, x, *factors, eps=eps, y=y, scale=scale, constant=constant)
