"""Calls of scipy.signal."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from tests.scipy.calls import Call

B = np.array([0.5, -0.2, 0.7])
A = np.array([1.3, -0.4, 0.2, 0.1])
X = np.array([0.3, -1.2, 0.7, 0.4, 1.1, 0.9, 0.2, -0.5, 1.3, -0.8, 0.1, 0.6, 1.4, -0.3])
XX = np.stack([X, X[::-1] ** 2 - 0.5])
Z = X[:6] + 1j * X[6:12]
P = np.reshape(X[:12], (4, 3)) + np.arange(3) / 10
Q = np.array([[0.4, -1.1], [0.3, 0.8]])
STATE = np.array([0.2, -0.3, 0.1])
# Two sections of second order, without the ones that SciPy wants in them.
SOS = np.array([[0.3, 0.5, 0.2, -0.4, 0.2], [1.0, 0.4, 0.1, -0.2, 0.3]])


def whole(p: Any) -> Any:
    return np.stack([np.concatenate([row[:3], np.ones(1), row[3:]]) for row in p])


LONG = np.sin(np.arange(200.0) ** 1.3)
IMAGE = np.cos(np.arange(6 * 75.0) ** 1.2).reshape(6, 75)

CALLS = [
    *(
        Call(f"signal.{name} {mode}", lambda sp, a, b, f=name, m=mode: getattr(sp.signal, f)(a, b, m), P, Q)
        for name in ("convolve", "correlate", "fftconvolve", "oaconvolve", "convolve2d", "correlate2d")
        for mode in ("full", "same", "valid")
    ),
    *(
        Call(
            f"signal.{name} {ends}",
            lambda sp, a, b, f=name, e=ends: getattr(sp.signal, f)(a, b, "same", e, 1.5),
            P,
            Q,
        )
        for name in ("convolve2d", "correlate2d")
        for ends in ("fill", "wrap", "symm")
    ),
    Call("signal.convolve swapped", lambda sp, a, b: sp.signal.convolve(a, b, "valid", method="direct"), B, X),
    Call("signal.correlate swapped", lambda sp, a, b: sp.signal.correlate(a, b, "valid"), B, X),
    Call("signal.correlate complex", lambda sp, a, b: sp.signal.correlate(a, b, "same"), Z, Z[:3]),
    Call("signal.fftconvolve axes", lambda sp, a, b: sp.signal.fftconvolve(a, b, axes=-1), XX, X[None, :5]),
    Call("signal.fftconvolve broadcast", lambda sp, a, b: sp.signal.fftconvolve(a, b, "same", axes=1), XX[:1], XX),
    Call("signal.lfilter", lambda sp, b, a, x: sp.signal.lfilter(b, a, x), B, A, XX),
    Call("signal.lfilter axis", lambda sp, b, a, x: sp.signal.lfilter(b, a, x.T, axis=0), B, A, XX),
    Call("signal.lfilter FIR", lambda sp, b, x: sp.signal.lfilter(b, 1.0, x), B, X),
    Call("signal.lfilter complex", lambda sp, b, x: sp.signal.lfilter(b, A, x), B, Z),
    Call("signal.lfilter zi", lambda sp, b, a, x, z: sp.signal.lfilter(b, a, x, zi=z), B, A, X, STATE),
    Call("signal.lfilter zi short", lambda sp, b, a, x, z: sp.signal.lfilter(b, a, x, zi=z), B, A, X[:2], STATE),
    Call("signal.lfilter_zi", lambda sp, b, a: sp.signal.lfilter_zi(b, a), B, A),
    Call("signal.lfilter_zi, divided", lambda sp, b, a: sp.signal.lfilter_zi(b, a), B / A[0], A / A[0]),
    Call("signal.lfiltic", lambda sp, b, a, y, x: sp.signal.lfiltic(b, a, y, x), B, A, X[:3], X[3:5]),
    *(
        Call(
            f"signal.filtfilt {kind}",
            lambda sp, b, a, x, k=kind: sp.signal.filtfilt(b, a, x, padtype=k, padlen=5),
            *(B, A, X),
        )
        for kind in ("odd", "even", "constant", None)
    ),
    Call("signal.filtfilt, known", lambda sp, x: sp.signal.filtfilt(B, A, x, padlen=5), XX),
    Call("signal.filtfilt gust", lambda sp, x: sp.signal.filtfilt(B, A, x, method="gust"), XX),
    Call("signal.filtfilt gust by b", lambda sp, b: sp.signal.filtfilt(b, A, X, method="gust"), B, refused="operand b"),
    Call("signal.sosfilt", lambda sp, p, x: sp.signal.sosfilt(whole(p), x), SOS, XX),
    Call("signal.sosfilt zi", lambda sp, p, x, z: sp.signal.sosfilt(whole(p), x, zi=z), SOS, X, Q),
    Call("signal.sosfilt_zi", lambda sp, p: sp.signal.sosfilt_zi(whole(p)), SOS),
    Call("signal.sosfiltfilt", lambda sp, p, x: sp.signal.sosfiltfilt(whole(p), x, padlen=4), SOS, X),
    Call("signal.deconvolve", lambda sp, x, d: sp.signal.deconvolve(x, d), X[:6], B),
    *(
        Call(f"signal.savgol_filter {m}", lambda sp, x, m=m: sp.signal.savgol_filter(x, 5, 2, mode=m), XX)
        for m in ("interp", "mirror", "constant", "nearest", "wrap")
    ),
    Call(
        "signal.savgol_filter deriv", lambda sp, x: sp.signal.savgol_filter(x.T, 5, 3, 1, 0.5, 0, "constant", 1.5), XX
    ),
    Call("signal.resample up", lambda sp, x: sp.signal.resample(x, 17, axis=1), XX),
    Call("signal.resample down", lambda sp, x: sp.signal.resample(x, 4, window="hann"), Z),
    Call("signal.resample_poly", lambda sp, x: sp.signal.resample_poly(x, 3, 2, axis=1, padtype="line"), XX),
    Call(
        "signal.resample_poly median",
        lambda sp, x: sp.signal.resample_poly(x, 3, 2, padtype="median"),
        X,
        refused="not",
    ),
    Call("signal.decimate", lambda sp, x: sp.signal.decimate(np.concatenate([x, x, x]), 2), X),
    Call("signal.decimate fir", lambda sp, x: sp.signal.decimate(x, 2, ftype="fir", zero_phase=False), XX),
    Call("signal.upfirdn", lambda sp, h, x: sp.signal.upfirdn(h, x, 3, 2), B, XX),
    Call("signal.upfirdn mode", lambda sp, x: sp.signal.upfirdn([1.0, 2.0, 3.0], x, 3, 2, mode="symmetric"), XX),
    Call("signal.hilbert", lambda sp, x: sp.signal.hilbert(x, 17), XX),
    Call("signal.hilbert2", lambda sp, x: sp.signal.hilbert2(x, (5, 3)), P),
    Call("signal.detrend", lambda sp, x: sp.signal.detrend(x, bp=[5]), XX),
    Call("signal.detrend constant", lambda sp, x: sp.signal.detrend(x, type="constant", axis=0), XX),
    Call("signal.czt", lambda sp, x: sp.signal.czt(x, 6), XX),
    Call("signal.zoom_fft", lambda sp, x: sp.signal.zoom_fft(x, [0.1, 0.4], 7), X),
    Call("signal.cspline1d", lambda sp, x: sp.signal.cspline1d(x), X),
    Call("signal.qspline1d", lambda sp, x: sp.signal.qspline1d(x), X),
    Call("signal.medfilt", lambda sp, x: sp.signal.medfilt(x, 3), P),
    Call("signal.medfilt2d", lambda sp, x: sp.signal.medfilt2d(x, (3, 1)), P),
    Call("signal.wiener", lambda sp, x: sp.signal.wiener(x, (3, 3), 0.05), P),
    Call("signal.find_peaks", lambda sp, x: x[sp.signal.find_peaks(x)[0]], X),
    Call(
        "signal.remez",
        lambda sp, x: sp.signal.remez(5, x, [1.0, 0.0]),
        np.array([0.0, 0.1, 0.2, 0.5]),
        refused="search",
    ),
    *(
        Call(f"signal.welch {kw}", lambda sp, x, kw=kw: sp.signal.welch(x, **kw)[1], XX)
        for kw in (
            {"nperseg": 8},
            {"nperseg": 7, "scaling": "spectrum", "window": "boxcar", "noverlap": 2},
            {"nperseg": 8, "nfft": 11, "detrend": "linear", "return_onesided": False, "fs": 3.0},
        )
    ),
    Call("signal.csd", lambda sp, x, y: sp.signal.csd(x, y, nperseg=6)[1], XX, XX[::-1]),
    Call("signal.periodogram", lambda sp, x: sp.signal.periodogram(x.T, axis=0, nfft=12)[1], XX),
    Call("signal.coherence", lambda sp, x, y: sp.signal.coherence(x, y, nperseg=6)[1], XX, XX[::-1], orders=1),
    Call("signal.freqz", lambda sp, b, a: sp.signal.freqz(b, a, 6)[1], B, A),
    Call("signal.freqz FIR", lambda sp, b: sp.signal.freqz(b, worN=6, whole=True)[1], B),
    Call("signal.freqz_sos", lambda sp, p: sp.signal.sosfreqz(whole(p), 5)[1], SOS),
    Call("signal.freqs", lambda sp, b, a, w: sp.signal.freqs(b, a, w)[1], B, A, X[:3]),
    Call("signal.gausspulse", lambda sp, t, f, w: sp.signal.gausspulse(t, f, w, retquad=True), X, 2.0, 0.5),
    *(
        Call(
            f"signal.chirp {m}",
            lambda sp, t, f0, t1, f1, m=m: sp.signal.chirp(t, f0, t1, f1, m, phi=30),
            *(X[:4], 0.4, 2.0, 0.7),
        )
        for m in ("linear", "quadratic", "logarithmic")
    ),
    Call("signal.zpk2tf", lambda sp, z, p, k: sp.signal.zpk2tf(z, p, k), B, A, 1.5),
    Call("signal.chirp hyperbolic", lambda sp, *a: sp.signal.chirp(*a, "hyperbolic"), X[:4], 0.4, 2.0, 0.7),
    Call("signal.chirp phase", lambda sp, t, p: sp.signal.chirp(t, 0.4, 2.0, 0.7, phi=p), X[:4], 30.0),
    Call("signal.sawtooth", lambda sp, t, w: sp.signal.sawtooth(4 * t, w), X, 0.3),
    Call("signal.sawtooth one", lambda sp, t: sp.signal.sawtooth(4 * t), X),
    Call("signal.sawtooth zero", lambda sp, t: sp.signal.sawtooth(4 * t, 0), X),
    Call("signal.sweep_poly", lambda sp, t, p, phi: sp.signal.sweep_poly(t, p, np.sum(phi)), X, B, 30.0),
    *(
        Call(
            f"signal.find_peaks {kw}",
            lambda sp, x, kw=kw: sp.signal.find_peaks(x, **kw)[1],
            X,
        )
        for kw in (
            {"height": 0.5},
            {"threshold": 0.1},
            {"prominence": 0.25},
            {"width": (None, None), "rel_height": 0.7},
        )
    ),
    Call("signal.peak_prominences", lambda sp, x: sp.signal.peak_prominences(x, [4, 8]), X),
    Call("signal.peak_widths", lambda sp, x, r: sp.signal.peak_widths(x, [4, 8], r), X, 0.6),
    *(
        Call(f"signal.envelope {kw}", lambda sp, x, kw=kw: sp.signal.envelope(x, **kw), x)
        for x, kw in (
            (XX, {"bp_in": (1, 4)}),
            (X, {"bp_in": (None, 4), "squared": True, "residual": "all"}),
            (X[:11], {"n_out": 8, "bp_in": (1, None), "residual": None}),
            (X[:11], {"n_out": 8, "bp_in": (1, 3)}),
            (Z, {"bp_in": (-2, 2), "residual": "all"}),
        )
    ),
    *(
        Call(
            f"signal.minimum_phase {how} {half}",
            lambda sp, x, m=how, h=half: sp.signal.minimum_phase(np.concatenate([x, x[-2::-1]]), m, 64, half=h),
            np.array([0.05, -0.08, 0.2, 1.0]),
        )
        for how, half in (("homomorphic", True), ("homomorphic", False))
    ),
    *(
        Call(f"signal.{name}", lambda sp, c, x, h, z, f=name: getattr(sp.signal, f)(c, x, h, z), X, 7.03 * X, 0.8, 0.31)
        for name in ("cspline1d_eval", "qspline1d_eval")
    ),
    Call(
        "signal.minimum_phase hilbert",
        lambda sp, x: sp.signal.minimum_phase(x, "hilbert", 64),
        np.array([0.1, 0.2, 0.3, 0.2, 0.1]),
        refused="homomorphic",
    ),
    Call("signal.gauss_spline", lambda sp, x: sp.signal.gauss_spline(x, 3), X),
    Call("signal.sepfir2d", lambda sp, x, r, c: sp.signal.sepfir2d(x, r, c), P, B, A[:3]),
    Call("signal.symiirorder1", lambda sp, x: sp.signal.symiirorder1(x, 0.7, 0.04), XX),
    Call("signal.symiirorder2", lambda sp, x: sp.signal.symiirorder2(x, 0.04, 0.9), XX),
    Call("signal.order_filter", lambda sp, x: sp.signal.order_filter(x, np.ones((3, 1)), 2), P),
    Call("signal.cspline2d", lambda sp, x: sp.signal.cspline2d(x), P, refused="precision"),
    Call("signal.square", lambda sp, t: t * sp.signal.square(3 * t), X),
    *(
        Call(f"signal.{name} {rough}", lambda sp, b, a, f=name: getattr(sp.signal, f)(b, a), *polynomials, rough=rough)
        for name in ("residue", "residuez")
        for polynomials, rough in (((B[:2], A), 10), ((A, B), 1), ((X[:6], A), 100))
    ),
    Call(
        "signal.residue, poles together", lambda sp, a: sp.signal.residue(B, a)[0], [1.0, 2.0, 1.0], refused="together"
    ),
    *(
        Call(f"signal.{name} {parts[0].dtype}", lambda sp, r, p, k, f=name: getattr(sp.signal, f)(r, p, k), *parts)
        for name in ("invres", "invresz")
        for parts in ((B, A[1:], B[:2]), (Z[:2], Z[2:4], Z[4:8]))
    ),
    Call("signal.invres, twice", lambda sp, r, p: sp.signal.invres(r, np.repeat(p, [2, 1]), []), B, A[:2]),
    Call(
        "signal.place_poles",
        lambda sp, a, b, p: [(f := sp.signal.place_poles(a, b, p)).gain_matrix, f.computed_poles],
        *(np.array([[0.3, 1.2], [-0.7, 0.4]]), B[:2, None], np.array([-1.3, -0.6])),
    ),
    Call(
        "signal.place_poles, X",
        lambda sp, b: sp.signal.place_poles(np.array([[0.3, 1.2], [-0.7, 0.4]]), b, [-1.3, -0.6]).X + 1,
        B[:2, None],
        refused="no derivative",
    ),
    Call(
        "signal.place_poles, inputs",
        lambda sp, a: sp.signal.place_poles(a, np.eye(2), [-1, -2]).gain_matrix,
        P[:2, :2],
        refused="one input",
    ),
    *(  # long enough for products of matrices
        Call(f"signal.{name} long {how}", lambda sp, x, y, f=name, how=how: getattr(sp.signal, f)(x, y, *how), *arrays)
        for name, how, arrays in (
            ("convolve", ("full", "direct"), (LONG, B)),
            ("convolve", ("same", "direct"), (LONG, LONG[:9] * 1j)),
            ("correlate", ("valid", "direct"), (LONG, LONG[:180])),
            ("oaconvolve", ("same",), (LONG, A)),
            ("fftconvolve", ("same",), (IMAGE, IMAGE[:5, :50])),
            ("fftconvolve", ("valid", (0, 1)), (IMAGE[:5], IMAGE[:5, :50])),
            ("fftconvolve", ("full", 1), (IMAGE[:2], IMAGE[2:4, :50])),
            ("oaconvolve", ("full",), (LONG[:20], np.tile(LONG, 3))),
            ("oaconvolve", ("valid",), (np.tile(LONG, 2), 1j * LONG[:9])),
            ("fftconvolve", ("valid",), (IMAGE[1:3], 1j * IMAGE[:2, :7])),
            ("convolve2d", ("same", "symm"), (IMAGE, P[:3, :3])),
            ("convolve2d", ("full", "fill", 0.7), (IMAGE, P[:2, :3])),
            ("correlate2d", ("valid",), (IMAGE, P[:3, :2])),
            ("upfirdn", (3, 2), (B, LONG)),
            ("upfirdn", (2, 6, 0), (LONG[:15], 1j * np.tile(LONG[:, None], (2, 2)))),
        )
    ),
    Call("signal.symiirorder1 long", lambda sp, x: sp.signal.symiirorder1(x, 0.7, 0.04), IMAGE),
    Call("signal.lfilter long taps", lambda sp, b, x: sp.signal.lfilter(b, 2.0, x), LONG[:40], LONG),
    Call("signal.lfilter long", lambda sp, b, a: sp.signal.lfilter(b, a, np.tile(X, 100)[None])[0, -3:], B, A),
    *(
        Call(f"signal.{name} {kw}", lambda sp, x, f=name, kw=kw: getattr(sp.signal, f)(x, **kw), x)
        for name, x, kw in (
            ("resample", XX, {"num": 9, "axis": 1, "window": "hann"}),
            ("resample", X, {"num": 8, "window": np.arange(14.0) ** 0.5}),
            ("resample", X[:13], {"num": 20}),
            ("resample", X[:8], {"num": 11}),
            ("hilbert", XX, {"N": 10}),
            ("hilbert", XX, {"axis": 0}),
            ("zoom_fft", Z, {"fn": 0.7, "endpoint": True}),
            ("czt", Z, {"m": 9, "w": 0.9 * np.exp(-0.5j), "a": 1.1 * np.exp(0.3j)}),
            ("decimate", XX, {"q": 2, "zero_phase": False, "n": 3}),
            ("decimate", XX, {"q": 3, "ftype": "fir", "n": 6, "axis": -1}),
            ("resample_poly", XX, {"up": 2, "down": 5, "axis": 1, "window": [0.2, 0.7, 1.0, 0.4], "cval": 1.5}),
            ("resample_poly", Z, {"up": 4, "down": 6}),
            ("resample_poly", XX, {"up": 1, "down": 3, "axis": 1, "window": ("kaiser", 2.0)}),
            ("savgol_filter", XX, {"window_length": 4, "polyorder": 2, "deriv": 1, "delta": 0.7}),
            ("savgol_filter", XX.T, {"window_length": 5, "polyorder": 3, "axis": 0}),
            ("detrend", Z, {"bp": [3]}),
        )
    ),
    Call("signal.upfirdn complex", lambda sp, x: sp.signal.upfirdn(Z[:3], x, 3, 2), Z),
    Call("signal.czt_points", lambda sp, w, a: sp.signal.czt_points(4, w[()], a[()]), Z[0], Z[1]),
    Call("signal.buttap", lambda sp, n: sp.signal.buttap(n)[1], 3.0, refused="whole number"),
    Call("signal.CZT", lambda sp, x: sp.signal.CZT(14, 5)(x), XX),
    Call("signal.ZoomFFT", lambda sp, x: sp.signal.ZoomFFT(2, 0.7, 5)(x, axis=0), XX),
    *(
        Call(f"signal.{name}", lambda sp, x, f=name: getattr(sp.signal, f)(x, 1.0, 1.0, 20.0), 0.2, refused="order")
        for name in ("cheb1ord", "cheb2ord", "ellipord", "band_stop_obj", "besselap")
    ),
    Call("signal.unique_roots", lambda sp, x: sp.signal.unique_roots(x)[0], X, refused="search"),
    *(
        Call(f"signal.{name}", lambda sp, x, f=name: getattr(sp.signal, f)(x, 2), X, refused="windows")
        for name in ("closest_STFT_dual_window",)
        if hasattr(signal, name)  # not before SciPy 1.16
    ),
    *(
        Call(f"signal.{name}", lambda sp, x, f=name: getattr(sp.signal, f)(x), P, refused="precision")
        for name in ("qspline2d", "spline_filter")
    ),
    Call("signal.sosfreqz", lambda sp, p: sp.signal.sosfreqz(whole(p), 5)[1], SOS),
]
