"""Normalization of batches."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradarray as ga

from ..calls import called, floating, number


def _others(ndim: int) -> tuple[int, ...]:
    """Return the axes other than that of the channels."""
    return tuple([i for i in range(ndim) if i != 1])


@ga.registry.primitive
def _normalized(x: Any, *, eps: float) -> tuple[Any, Any]:
    """Return the data with mean 0 and variance 1 in each channel, and by what they were multiplied."""
    axes = _others(x.ndim)
    y = x - np.mean(x, axis=axes, keepdims=True)
    scale = 1 / np.sqrt(np.mean(np.square(y), axis=axes, keepdims=True) + eps)
    y *= scale
    return y, scale


def _normalized_vjp(g: Any, ans: Any, _x: Any, *, eps: float) -> Any:
    (g, g_scale), (y, scale) = g, ans
    axes = _others(y.ndim)
    found: Any = 0
    if g is not None:
        slope = np.mean(g * y, axis=axes, keepdims=True)
        found = (g - np.mean(g, axis=axes, keepdims=True) - y * slope) * scale
    if g_scale is not None:
        count = _x.size // _x.shape[1]
        found = found - y * (g_scale * np.square(scale) / count)
    return found


ga.registry.rule(_normalized, _normalized_vjp, absent=True)


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
    for name, value in (("gamma", gamma), ("beta", beta)):
        value = None if value is None else floating(value, name)
        if value is not None and value.shape != x.shape[1:2]:
            if value.size:
                raise ValueError(f"`{name}` must have shape {x.shape[1:2]}, got {value.shape}")
            value = None
        factors.append(None if value is None else value.reshape(of_channels))

    def affine(x: Any, gamma: Any, beta: Any) -> Any:
        y = _normalized(x, eps=number(eps, "eps", x))[0]
        y = y if gamma is None else y * gamma
        return y if beta is None else y + beta

    return called(affine, x, *factors, constant=constant)
