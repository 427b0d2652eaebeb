"""Functions that are linear but for a constant, of larger arrays than those of the tables: their transposes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

scipy: Any = pytest.importorskip("scipy", reason="SciPy is an optional companion")
for _module in ("signal", "ndimage", "interpolate", "fft", "linalg", "stats"):
    pytest.importorskip(f"scipy.{_module}")

RNG = np.random.default_rng(7)
SITES = np.sort(RNG.uniform(0, 5, 40))
POINTS = np.sort(RNG.uniform(SITES[0], SITES[-1], 60))
KNOTS = np.r_[(0.0,) * 4, 1.0, 2.0, 3.0, (5.0,) * 4]
WEIGHTS = RNG.uniform(0.5, 2, 40)
LOWER = np.tril(RNG.standard_normal((6, 6))) + 4 * np.eye(6)
COMPLEX = LOWER + 1j * RNG.standard_normal((6, 6))
BAND = np.stack([np.arange(3.0, 9.0), RNG.standard_normal(6) * (1 + 0.5j)])
SOS = scipy.signal.butter(4, 0.2, output="sos")
BA = scipy.signal.butter(3, 0.3)


def line(shape: Any, is_complex: bool = False) -> Any:
    x = RNG.standard_normal(shape)
    return x + 1j * RNG.standard_normal(shape) if is_complex else x


FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "cspline1d": (lambda sp, x: sp.signal.cspline1d(x), line(70)),
    "qspline1d": (lambda sp, x: sp.signal.qspline1d(x), line(70)),
    "decimate": (lambda sp, x: sp.signal.decimate(x, 3, axis=0), line((120, 2))),
    "sosfiltfilt": (lambda sp, x: sp.signal.sosfiltfilt(SOS, x, padtype="even"), line((2, 90))),
    "filtfilt": (lambda sp, x: sp.signal.filtfilt(*BA, x), line(90)),
    "stft": (lambda sp, x: sp.signal.stft(x, nperseg=11, noverlap=4, detrend="linear")[2], line(90)),
    "istft": (lambda sp, z: sp.signal.istft(z, nperseg=12, noverlap=7)[1], line((7, 9), True)),
    "fftconvolve": (lambda sp, x: sp.signal.fftconvolve(x, LOWER[:3], "same"), line((9, 12))),
    "convolve": (lambda sp, x: sp.signal.convolve(COMPLEX, x, method="fft"), line((9, 12), True)),
    "fht": (lambda sp, x: sp.fft.fht(x, 0.1, 1.5, offset=0.2, bias=0.3), line(33)),
    "rotate": (lambda sp, x: sp.ndimage.rotate(x, 33.0, (2, 0), cval=1.5), line((7, 2, 9))),
    "zoom": (lambda sp, x: sp.ndimage.zoom(x, 1.7, mode="grid-constant", cval=0.5), line((5, 6), True)),
    "shift": (lambda sp, x: sp.ndimage.shift(x, (0.3, -1.6), mode="nearest"), line((5, 6))),
    "sum_labels": (lambda sp, x: sp.ndimage.sum_labels(x, np.arange(6) // 2, [2, 0, 2, 7]), line((5, 6))),
    "make_interp_spline": (lambda sp, y: sp.interpolate.make_interp_spline(SITES, y, 5)(POINTS), line((40, 2))),
    "make_lsq_spline": (lambda sp, y: sp.interpolate.make_lsq_spline(SITES, y, KNOTS, 3, WEIGHTS)(POINTS), line(40)),
    "splrep": (lambda sp, y: sp.interpolate.splev(POINTS, sp.interpolate.splrep(SITES, y, k=4)), line(40)),
    "UnivariateSpline": (
        lambda sp, y: sp.interpolate.InterpolatedUnivariateSpline(SITES, y, k=2)(POINTS),
        line(40),
    ),
    "PPoly": (lambda sp, c: sp.interpolate.PPoly(c, SITES)(POINTS[::-1], 1), line((4, 39))),
    "interp1d": (lambda sp, y: sp.interpolate.interp1d(SITES, y)(POINTS), line((2, 40))),
    "solve_triangular": (lambda sp, b: sp.linalg.solve_triangular(LOWER, b, lower=True), line(6)),
    "solve_triangular adjoint": (lambda sp, b: sp.linalg.solve_triangular(COMPLEX, b, trans=2), line((6, 2), True)),
    "cho_solve": (lambda sp, b: sp.linalg.cho_solve((COMPLEX, True), b), line((6, 2), True)),
    "solve": (lambda sp, b: sp.linalg.solve(COMPLEX, b), line(6, True)),
    "solve transposed": (lambda sp, b: sp.linalg.solve(COMPLEX, b, assume_a="sym"), line(6, True)),
    **{
        f"lu_solve {trans}": (
            lambda sp, b, trans=trans: sp.linalg.lu_solve(scipy.linalg.lu_factor(COMPLEX[::-1]), b, trans),
            line((6, 2), True),
        )
        for trans in range(3)
    },
    "binned_statistic": (
        lambda sp, v: sp.stats.binned_statistic(SITES, v, "mean", bins=[0.5, 1, 3, 4.0])[0],
        line(40),
    ),
    "binned_statistic_2d": (
        lambda sp, v: sp.stats.binned_statistic_2d(
            SITES, SITES**2, v, "sum", bins=[2, 3], range=[[0.5, 4], [1, 30]], expand_binnumbers=True
        )[0],
        line(40),
    ),
    "cho_solve_banded": (lambda sp, b: sp.linalg.cho_solve_banded((BAND, True), b), line((6, 2), True)),
    "toeplitz": (lambda sp, c: sp.linalg.toeplitz(c, 2 * c[:4]), line(6)),
    "convolution_matrix": (lambda sp, a: sp.linalg.convolution_matrix(a, 4, "same"), line(6)),
    "leslie": (lambda sp, f: sp.linalg.leslie(f, f[1:]), line(6)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_transposes(name: str) -> None:
    f, x = FUNCTIONS[name]
    value = f(scipy, x)
    weights = line(np.shape(value), np.iscomplexobj(value))
    along = line(np.shape(x), np.iscomplexobj(x))

    def measured(y: Any) -> Any:
        return np.real(np.sum(np.conj(weights) * y))

    gradient = ga.grad(lambda x: measured(f(ga.scipy, x)))(x)
    moved = f(scipy, x + along) - value
    scale = np.sum(np.abs(weights) * np.abs(moved))
    assert abs(np.real(np.sum(np.conj(gradient) * along)) - measured(moved)) <= 1e-11 * scale
    tangent = ga.jvp(lambda x: f(ga.scipy, x), (x,), (along,))[1]
    np.testing.assert_allclose(tangent, moved, rtol=1e-9, atol=1e-10 * np.max(np.abs(moved)))
    np.testing.assert_array_equal(ga.asarray(f(ga.scipy, ga.tensor(x))), value)


@pytest.mark.parametrize("mode", ["reflect", "nearest", "mirror", "constant", "wrap"])
@pytest.mark.parametrize("shape", [(5, 1), (1, 4), (3, 2)])
def test_filters_of_lines_longer_than_their_weights(
    mode: str, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradarray.rules.scipy.ndimage.filters._AT_ONCE", 50)  # of the sums by weights
    axis, along = (0, 1)[shape[0] == 1], 1 in shape

    def f(sp: Any, x: Any, w: Any) -> Any:
        if along:
            return sp.ndimage.convolve1d(x, np.reshape(w, -1), axis, None, mode, 0.3, 1)
        return sp.ndimage.convolve(x, w, None, mode, 0.3, 1 if shape[1] > 2 else 0)

    ga.testing.check_grads(lambda x, w: np.sum(f(ga.scipy, x, w) ** 2), (line((13, 17)), line(shape)), order=2)
    x, w = line((13, 17)).astype(np.float32), line(shape).astype(np.float32)
    found, pull = ga.vjp(lambda x, w: f(ga.scipy, x, w), x, w)
    np.testing.assert_array_equal(found, f(scipy, x, w))
    assert [g.dtype for g in pull(found)] == [np.float32, np.float32]
