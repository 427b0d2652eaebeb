"""Densities estimated with Gaussian kernels, by points, data, weights and bandwidth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....tape.wrapping import bare
from ..declared import methods
from ..unswitched import special
from ..values import as_double


def _rows(x: Any) -> Any:
    return np.atleast_2d(x if hasattr(x, "dtype") else as_double(x))


def __init__(self: Any, dataset: Any, bw_method: Any = None, weights: Any = None) -> None:
    self.dataset = _rows(dataset)
    self.d, self.n = np.shape(self.dataset)
    if self.d * self.n <= 1:
        raise ValueError("`dataset` input should have multiple elements.")
    if self.d > self.n:
        raise ValueError("Number of dimensions is greater than number of samples; each column is to be a point.")
    if weights is not None:
        weights = weights if hasattr(weights, "dtype") else np.asarray(weights, float)
        if np.shape(weights) != (self.n,):
            raise ValueError("`weights` input should be one-dimensional, and of length n")
        self._weights = weights / np.sum(weights)
        self._neff = 1 / np.sum(self._weights**2)
    set_bandwidth(self, bw_method)


def set_bandwidth(self: Any, bw_method: Any = None) -> None:
    if isinstance(bw_method, str):
        if bw_method not in ("scott", "silverman"):
            raise ValueError("`bw_method` should be 'scott', 'silverman', a scalar or a callable.")
        self.covariance_factor = self.scotts_factor if bw_method == "scott" else self.silverman_factor
    elif callable(bw_method):
        self._bw_method = bw_method
        self.covariance_factor = lambda: self._bw_method(self)
    elif bw_method is not None:
        if np.ndim(bw_method):
            raise ValueError("`bw_method` should be 'scott', 'silverman', a scalar or a callable.")
        self._bw_method = "use constant"
        self.covariance_factor = lambda: bw_method
    _compute_covariance(self)


def _compute_covariance(self: Any) -> None:
    self.factor = self.covariance_factor()
    if not hasattr(self, "_data_cho_cov"):
        weights = self.weights
        off = self.dataset - np.sum(self.dataset * weights, axis=1, keepdims=True)
        self._data_covariance = (off * weights) @ off.T / (1 - np.sum(weights**2))
        self._data_cho_cov = np.linalg.cholesky(self._data_covariance)
    self.covariance = self._data_covariance * self.factor**2
    self.cho_cov = self._data_cho_cov * self.factor
    self.log_det = 2 * np.sum(np.log(np.diagonal(self.cho_cov) * math.sqrt(2 * math.pi)))


def _points(self: Any, points: Any) -> Any:
    points = _rows(points)
    d, m = np.shape(points)
    if d == self.d:
        return points
    if d == 1 and m == self.d:
        return np.reshape(points, (self.d, 1))
    raise ValueError(f"points have dimension {d}, dataset has dimension {self.d}")


def _logs(self: Any, points: Any) -> Any:
    """Return the logarithm of each kernel, but for its weight, at each point."""
    data = np.linalg.solve(self.cho_cov, self.dataset)
    points = np.linalg.solve(self.cho_cov, _points(self, points))
    squares = np.sum((data[:, :, None] - points[:, None, :]) ** 2, axis=0)
    return -squares / 2 - self.log_det / 2


def evaluate(self: Any, points: Any) -> Any:
    return self.weights @ np.exp(_logs(self, points))


def logpdf(self: Any, x: Any) -> Any:
    logs = _logs(self, x)
    most = np.max(bare(logs), axis=0)
    return most + np.log(self.weights @ np.exp(logs - most))


def _normal(square: Any, off: Any) -> Any:
    """Return the density of normal distributions with one covariance, at columns of differences from their means."""
    half = np.linalg.cholesky(square)
    whitened = np.linalg.solve(half, off)
    scale = np.prod(np.diagonal(half)) * (2 * math.pi) ** (np.shape(square)[0] / 2)
    return np.exp(-np.sum(whitened * whitened, axis=0) / 2) / scale


def integrate_gaussian(self: Any, mean: Any, cov: Any) -> Any:
    mean, cov = np.atleast_1d(np.squeeze(mean)), np.atleast_2d(cov)
    if np.shape(mean) != (self.d,):
        raise ValueError(f"mean does not have dimension {self.d}")
    if np.shape(cov) != (self.d, self.d):
        raise ValueError(f"covariance does not have dimension {self.d}")
    return np.sum(self.weights * _normal(self.covariance + cov, self.dataset - mean[:, None]))


def integrate_box_1d(self: Any, low: Any, high: Any) -> Any:
    if self.d != 1:
        raise ValueError("integrate_box_1d() only handles 1D pdfs")
    deviation = np.sqrt(self.covariance[0, 0])
    low, high = (special.ndtr((end - self.dataset[0]) / deviation) for end in (low, high))
    return np.sum(self.weights * (high - low))


def integrate_box(self: Any, low_bounds: Any, high_bounds: Any, *_args: Any, **_kwargs: Any) -> Any:
    if self.d != 1:
        raise TypeError("scipy.stats.gaussian_kde.integrate_box of a variable is not known here for several dimensions")
    low, high = (end[0] if isinstance(end, (list, tuple)) or np.ndim(end) else end for end in (low_bounds, high_bounds))
    return integrate_box_1d(self, low, high)


def integrate_kde(self: Any, other: Any) -> Any:
    if other.d != self.d:
        raise ValueError("KDEs are not the same dimensionality")
    off = self.dataset[:, :, None] - other.dataset[:, None, :]
    densities = _normal(self.covariance + other.covariance, np.reshape(off, (self.d, -1)))
    return np.sum(densities * np.ravel(self.weights[:, None] * other.weights))


def marginal(self: Any, dimensions: Any) -> Any:
    rows = np.atleast_1d(dimensions)
    if len({int(i) % self.d for i in rows}) < len(rows):
        raise ValueError("All elements of `dimensions` must be unique.")
    return type(self)(self.dataset[rows], bw_method=self.covariance_factor(), weights=self.weights)


def resample(self: Any, *_args: Any, **_kwargs: Any) -> Any:
    raise TypeError(
        "scipy.stats.gaussian_kde.resample of a variable has no derivative: which points it draws are steps"
    )


methods(
    "scipy.stats",
    "gaussian_kde",
    __init__=__init__,
    __call__=evaluate,
    evaluate=evaluate,
    pdf=evaluate,
    logpdf=logpdf,
    set_bandwidth=set_bandwidth,
    _compute_covariance=_compute_covariance,
    integrate_gaussian=integrate_gaussian,
    integrate_box_1d=integrate_box_1d,
    integrate_box=integrate_box,
    integrate_kde=integrate_kde,
    marginal=marginal,
    resample=resample,
)
