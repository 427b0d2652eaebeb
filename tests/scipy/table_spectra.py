"""Calls of scipy.signal that make spectra, and signals of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.scipy.calls import Call

X = np.array([0.3, -1.2, 0.7, 0.4, 1.1, 0.9, 0.2, -0.5, 1.3, -0.8, 0.1, 0.6, 1.4, -0.3])
XX = np.stack([X, X[::-1] ** 2 - 0.5])
Z = X[:8] + 1j * X[6:]
S = np.outer(X[:3] + 1j * X[3:6], X[6:11] - 0.5j * X[1:6])
LONG = np.outer(X[:4] + 1j * X[4:8], X[6:] - 0.5j * X[:8])
WINDOW = np.array([0.2, 0.9, 1.1, 0.6, 0.1])
TIMES = np.array([0.2, 0.9, 1.3, 2.6, 3.1, 4.7])


def sliding(sp: Any, mode: str, phase: int | None = 0) -> Any:
    return sp.signal.ShortTimeFFT(WINDOW, 2, 3.0, fft_mode=mode, mfft=6, scale_to="psd", phase_shift=phase)


CALLS = [
    *(
        Call(f"signal.stft {kw}", lambda sp, x, kw=kw: sp.signal.stft(x, **kw)[2], x)
        for x, kw in (
            (XX, {"nperseg": 4}),
            (X, {"nperseg": 5, "boundary": "even", "padded": False, "nfft": 7, "fs": 2.0}),
            (XX.T, {"nperseg": 4, "boundary": "odd", "axis": 0, "detrend": "linear", "scaling": "psd"}),
            (Z, {"nperseg": 4, "boundary": "constant", "return_onesided": False, "noverlap": 1, "detrend": "constant"}),
        )
    ),
    Call("signal.stft window", lambda sp, x, w: sp.signal.stft(x, window=w, nperseg=5, noverlap=2)[2], X, WINDOW),
    Call("signal.stft gaussian", lambda sp, x, s: sp.signal.stft(x, window=("gaussian", s), nperseg=5)[2], X, 1.3),
    *(
        Call(f"signal.istft {kw}", lambda sp, z, kw=kw: sp.signal.istft(z, **kw)[1], z)
        for z, kw in (
            (S, {}),
            (S, {"nperseg": 5, "noverlap": 3, "boundary": False, "window": "hamming", "fs": 2.0, "scaling": "psd"}),
            (S.T, {"input_onesided": False, "time_axis": 0, "freq_axis": 1, "window": "boxcar"}),
            (np.stack([S, 2 * S], axis=1), {"freq_axis": 0}),
        )
    ),
    Call("signal.istft window", lambda sp, z, w: sp.signal.istft(z, window=w, nperseg=5)[1], S, WINDOW),
    *(
        Call(f"signal.spectrogram {mode}", lambda sp, x, m=mode: sp.signal.spectrogram(x, nperseg=4, mode=m)[2], XX)
        for mode in ("psd", "complex", "magnitude", "angle", "phase")
    ),
    Call("signal.spectrogram window", lambda sp, x, a: sp.signal.spectrogram(x, 2.0, ("tukey", a), 5)[2], X, 0.6),
    Call("signal.welch window", lambda sp, x, a: sp.signal.welch(x, 2.0, ("kaiser", a), 5)[1], X, 2.0),
    Call("signal.welch array", lambda sp, x, w: sp.signal.welch(x, 2.0, w)[1], X, WINDOW),
    Call("signal.welch median", lambda sp, x: sp.signal.welch(x, nperseg=4, average="median")[1], XX),
    Call("signal.csd median", lambda sp, x, y: sp.signal.csd(x, y, nperseg=5, average="median")[1], X, X[::-1] ** 2),
    Call("signal.periodogram window", lambda sp, x, a: sp.signal.periodogram(x, 2.0, ("gaussian", a))[1], X, 2.0),
    Call(
        "signal.coherence window",
        lambda sp, x, y, a: sp.signal.coherence(x, y, window=("gaussian", a), nperseg=5)[1],
        *(X, X[::-1] ** 2, 2.0),
        orders=1,
    ),
    *(
        Call(
            f"signal.lombscargle {kind} {mean}",
            lambda sp, t, y, f, w, k=kind, m=mean: sp.signal.lombscargle(
                t, y, f, normalize=k, weights=w, floating_mean=m
            ),
            *(TIMES, X[:6], np.array([0.7, 1.6]), 1 + X[:6] ** 2),
        )
        for kind in (False, True, "amplitude")
        for mean in (False, True)
    ),
    Call(
        "signal.vectorstrength", lambda sp, t, p: sp.signal.vectorstrength(t, p), TIMES, np.array([0.7, 1.6]), rough=10
    ),
    Call("signal.vectorstrength one", lambda sp, t, p: sp.signal.vectorstrength(t, np.sum(p)), TIMES, 2.9),
    *(
        Call(f"signal.ShortTimeFFT.stft {mode} {kw}", lambda sp, x, m=mode, kw=kw: sliding(sp, m).stft(x, **kw), x)
        for mode, x, kw in (
            ("onesided", XX, {}),
            ("onesided2X", XX.T, {"axis": 0, "padding": "even", "p0": 0, "p1": 4}),
            ("centered", Z, {"padding": "edge"}),
            ("twosided", Z, {"padding": "odd", "k_offset": 1}),
        )
    ),
    Call("signal.ShortTimeFFT.stft_detrend", lambda sp, x: sliding(sp, "onesided", None).stft_detrend(x, "linear"), X),
    Call("signal.ShortTimeFFT.spectrogram", lambda sp, x: sliding(sp, "onesided").spectrogram(x, detr="constant"), X),
    Call("signal.ShortTimeFFT.spectrogram two", lambda sp, x, y: sliding(sp, "centered").spectrogram(x, y), Z, Z[::-1]),
    *(
        Call(f"signal.ShortTimeFFT.istft {m} {kw}", lambda sp, z, m=m, kw=kw: sliding(sp, m).istft(z, **kw), z)
        for m, z, kw in (
            ("onesided", LONG, {}),
            ("onesided2X", LONG, {"k0": 2, "k1": 9}),
            ("twosided", np.concatenate([LONG, LONG[1:3]]), {}),
            ("centered", np.concatenate([LONG, LONG[1:3]]).T, {"f_axis": 1, "t_axis": 0, "k0": -1}),
        )
    ),
    Call(
        "signal.ShortTimeFFT window",
        lambda sp, w: sp.signal.ShortTimeFFT(w, 2, 3.0).stft(X),
        WINDOW,
        refused="window of the object",
    ),
    Call(
        "signal.stft detrend",
        lambda sp, x: sp.signal.stft(x, nperseg=4, detrend=lambda v: v)[2],
        X,
        refused="detrend",
    ),
]
