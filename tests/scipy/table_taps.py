"""Calls of scipy.signal that design filters without feedback."""

from __future__ import annotations

import numpy as np
from scipy import signal

from tests.scipy.calls import Call

FREQ = np.array([0.0, 0.21, 0.52, 1.0])
BANDS = np.array([0.05, 0.2, 0.4, 0.6, 0.7, 0.95])
DESIRED = np.array([1.0, 0.9, 0.2, 0.1, 0.7, 0.8])

CALLS = [
    *(
        Call(
            f"signal.savgol_coeffs {n} {deriv} {use}",
            lambda sp, h, p, n=n, d=deriv, u=use: sp.signal.savgol_coeffs(n, 3, d, h, p, u),
            *(0.7, 1.3),
        )
        for n, deriv, use in ((5, 0, "conv"), (6, 1, "conv"), (5, 2, "dot"))
    ),
    Call("signal.savgol_coeffs delta", lambda sp, h: sp.signal.savgol_coeffs(7, 2, 1, delta=h), 0.7),
    Call("signal.savgol_coeffs zero", lambda sp, h: h * sp.signal.savgol_coeffs(7, 2, 3, delta=h), 0.7),
    Call("signal.savgol_filter delta", lambda sp, x, h: sp.signal.savgol_filter(x, 5, 2, 1, h), BANDS, 0.7),
    *(
        Call(
            f"signal.firwin {pz} {n} {kw}",
            lambda sp, c, n=n, pz=pz, kw=kw: sp.signal.firwin(n, c, pass_zero=pz, **kw),
            np.array(c),
        )
        for n, c, pz, kw in (
            (8, 0.3, True, {}),
            (7, 0.3, "highpass", {"scale": False}),
            (9, [0.6, 1.1], False, {"fs": 3.0, "window": ("kaiser", 2.0)}),
            (7, [0.3, 0.6], "bandstop", {}),
            (7, [0.3, 0.5, 0.7], "bandpass", {}),
        )
    ),
    Call("signal.firwin width", lambda sp, c, w: sp.signal.firwin(21, c, width=w), 0.3, 0.2),
    Call("signal.firwin window", lambda sp, c, w: sp.signal.firwin(7, c, window=("tukey", w)), 0.3, 0.6),
    *(
        Call(
            f"signal.firwin2 {n} {odd}",
            lambda sp, f, g, n=n, o=odd: sp.signal.firwin2(
                n, np.concatenate([[0.0], f, [1.0]]), np.concatenate([[0.0], g, [0.0]]), antisymmetric=o
            ),
            *(FREQ[1:-1], np.array([1.0, 0.3])),
            rough=10,
        )
        for n, odd in ((7, False), (8, False), (7, True), (8, True))
    ),
    Call(
        "signal.firwin2 jump",
        lambda sp, g: sp.signal.firwin2(9, [0, 0.5, 0.5, 1.5], g, nfreqs=40, window="hann", fs=3.0),
        np.array([1.0, 0.8, 0.2, 0.1]),
    ),
    Call(
        "signal.firls",
        lambda sp, b, d, w: sp.signal.firls(9, b, d, weight=w),
        BANDS,
        DESIRED,
        np.array([1.0, 2.0, 0.5]),
    ),
    Call("signal.firls plain", lambda sp, d: sp.signal.firls(5, 1.5 * BANDS, d, fs=3.0), DESIRED),
    *(
        Call(f"signal.firwin_2d {kw}", lambda sp, c, w=w, kw=kw: sp.signal.firwin_2d((5, 4), w, fc=c, **kw), 0.4)
        for w, kw in ((("hann", "hamming"), {}), ("hann", {"circular": True}))
        if hasattr(signal, "firwin_2d")  # not before SciPy 1.16
    ),
    *(Call(f"signal.kaiser_beta {a}", lambda sp, a: sp.signal.kaiser_beta(a), a) for a in (60.0, 30.0)),
    Call("signal.kaiser_atten", lambda sp, w: sp.signal.kaiser_atten(21, w), 0.2),
    Call("signal.kaiserord", lambda sp, r: sp.signal.kaiserord(r, 0.2), 40.0),
    Call("signal.gammatone fir", lambda sp, f: sp.signal.gammatone(f, "fir", fs=1600, numtaps=12)[0], 300.0, rough=1e3),
    Call("signal.gammatone iir", lambda sp, f: sp.signal.gammatone(f, "iir", fs=1600), 300.0, rough=1e3),
    Call("signal.buttord", lambda sp, w: sp.signal.buttord(w, 0.5, 1, 20)[1], 0.2, refused="whole number"),
    Call("signal.iirdesign", lambda sp, w: sp.signal.iirdesign(w, 0.5, 1, 20)[1], 0.2, refused="order"),
]
