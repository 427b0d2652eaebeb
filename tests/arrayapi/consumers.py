"""Functions of SciPy and scikit-learn with the array API switched on, differentiated: a program of its own.

SciPy reads the switch, SCIPY_ARRAY_API, when it is imported. For each function a line says "right", "refused", or what
is wrong: the gradient is compared with central differences of the same call on plain arrays.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

import gradarray as ga

X = np.array([[0.3, 1.7, 0.9], [2.6, 1.1, 0.5], [1.4, 0.2, 2.2], [0.8, 1.9, 1.3]])
OTHER = np.array([[1.2, 0.4, 0.7], [0.9, 1.5, 2.1], [0.3, 1.0, 1.8], [2.0, 0.6, 1.1]])
WEIGHTS = np.array([[0.5, -1.0, 2.0], [1.5, 0.7, -0.4], [-0.9, 1.1, 0.3], [0.8, -0.6, 1.2]])
LABELS = np.array([0, 1, 1, 0])
Calls = dict[str, Callable[[Any, Callable[[Any], Any]], Any]]


def of_scipy() -> Calls:
    """Return calls of a variable and of what makes a constant of an array for it."""
    special, stats, signal = (import_module(f"scipy.{name}") for name in ("special", "stats", "signal"))
    fft, integrate, vq = (import_module(f"scipy.{name}") for name in ("fft", "integrate", "cluster.vq"))
    return {
        "logsumexp": lambda x, _: special.logsumexp(x, axis=1),
        "logsumexp, weighted": lambda x, c: special.logsumexp(x, b=c(OTHER)),
        "softmax": lambda x, _: special.softmax(x, axis=1),
        "log_softmax": lambda x, _: special.log_softmax(x, axis=0),
        "erf": lambda x, _: special.erf(x),
        "gammaln": lambda x, _: special.gammaln(x),
        "expit": lambda x, _: special.expit(x),
        "sinc": lambda x, _: special.sinc(x),
        "xlogy": lambda x, c: special.xlogy(x, c(OTHER)),
        "zscore": lambda x, _: stats.zscore(x),
        "gmean": lambda x, _: stats.gmean(x),
        "hmean": lambda x, _: stats.hmean(x),
        "skew": lambda x, _: stats.skew(x),
        "kurtosis": lambda x, _: stats.kurtosis(x),
        "moment": lambda x, _: stats.moment(x, 3),
        "circmean": lambda x, _: stats.circmean(x),
        "sem": lambda x, _: stats.sem(x),
        "fftconvolve": lambda x, c: signal.fftconvolve(x, c(OTHER), mode="same"),
        "fft.rfft": lambda x, _: np.abs(fft.rfft(x)),
        "fft.irfft": lambda x, _: fft.irfft(fft.rfft(x) ** 2),
        "trapezoid": lambda x, _: integrate.trapezoid(x, axis=0),
        "cumulative_simpson": lambda x, _: integrate.cumulative_simpson(x, dx=0.5, axis=0),
        "whiten": lambda x, _: vq.whiten(x) ** 3,
        "savgol_filter": lambda x, _: signal.savgol_filter(x, 3, 1),
        "rel_entr": lambda x, c: special.rel_entr(x, c(OTHER)),
    }


def of_sklearn() -> Calls:
    preprocessing, models, metrics = (
        import_module(f"sklearn.{name}") for name in ("preprocessing", "linear_model", "metrics")
    )
    decomposition, pairwise = import_module("sklearn.decomposition"), import_module("sklearn.metrics.pairwise")
    return {
        "StandardScaler": lambda x, _: preprocessing.StandardScaler().fit_transform(x),
        "MinMaxScaler": lambda x, _: preprocessing.MinMaxScaler().fit_transform(x),
        "Normalizer": lambda x, _: preprocessing.Normalizer().fit_transform(x),
        "PCA": lambda x, _: decomposition.PCA(2, svd_solver="full").fit(x).explained_variance_,
        "PCA, projected": lambda x, _: np.abs(decomposition.PCA(2, svd_solver="full").fit_transform(x)),
        "PCA by covariance": lambda x, _: decomposition.PCA(2, svd_solver="covariance_eigh").fit(x).explained_variance_,
        "Ridge": lambda x, c: models.Ridge(alpha=0.5, solver="svd").fit(x, c(OTHER[:, 0])).coef_,
        "Ridge, predicted": lambda x, c: models.Ridge(0.5, solver="svd").fit(x, c(OTHER[:, 0])).predict(x),
        "rbf_kernel": lambda x, c: pairwise.rbf_kernel(x, c(OTHER), gamma=0.3),
        "cosine_similarity": lambda x, c: pairwise.cosine_similarity(x, c(OTHER)),
        "euclidean_distances": lambda x, c: pairwise.euclidean_distances(x, c(OTHER)),
        "mean_squared_error": lambda x, c: metrics.mean_squared_error(c(OTHER), x),
        "mean_absolute_error": lambda x, c: metrics.mean_absolute_error(c(OTHER), x),
        "mean_squared_log_error": lambda x, c: metrics.mean_squared_log_error(c(OTHER), x),
        "r2_score": lambda x, c: metrics.r2_score(c(OTHER), x),
        "explained_variance_score": lambda x, c: metrics.explained_variance_score(c(OTHER), x),
        "mean_tweedie_deviance": lambda x, c: metrics.mean_tweedie_deviance(c(OTHER[:, 0]), x[:, 0], power=1.5),
        "brier_score_loss": lambda x, c: metrics.brier_score_loss(c(LABELS), x[:, 1] / 3),
        "log_loss": lambda x, c: metrics.log_loss(c(LABELS), x[:, 1] / 3),
    }


def told(call: Callable[..., Any], drop_in: Any) -> str:
    """Return what becomes of the gradient of one call."""

    def loss(x: Any, constant: Callable[[Any], Any]) -> Any:
        out = call(x, constant)
        return np.sum(out * np.resize(WEIGHTS, np.shape(out))) if np.ndim(out) else out

    def slope(at: tuple[int, ...]) -> Any:
        h = np.zeros_like(X)
        h[at] = 1e-6
        return (loss(X + h, np.array) - loss(X - h, np.array)) / 2e-6

    want = np.reshape([slope(at) for at in np.ndindex(X.shape)], X.shape)
    found = []
    for transform in (ga.grad, ga.jacfwd):
        try:
            found.append(transform(lambda x: loss(x, lambda a: ga.tensor(a, constant=True)), drop_in=drop_in)(X))
        except (TypeError, ValueError) as error:
            return f"refused: {type(error).__name__}: {str(error)[:60]}"
    return "right" if np.allclose(found, want, 1e-5, 1e-6) else f"wrong: {found} in place of {want}"


def main() -> None:
    library = sys.argv[1]
    warnings.simplefilter("ignore")
    if library == "scipy":
        calls, drop_in = of_scipy(), True
    else:
        # Its metrics end with float(...), which drop-in mode sees if it is let in there.
        calls, drop_in = of_sklearn(), "sklearn.metrics"
        import_module("sklearn").set_config(array_api_dispatch=True)
    for name, call in calls.items():
        print(f"{name}: {told(call, drop_in)}")


if __name__ == "__main__":
    main()
