"""Calls of scipy.signal.windows, and of windows by their names."""

from __future__ import annotations

import numpy as np

from tests.scipy.calls import Call

WEIGHTS = np.array([0.5, -0.3, 0.1])

CALLS = [
    *(
        Call(
            f"signal.windows.{name} {n} {sym}",
            lambda sp, *p, f=name, n=n, s=sym: getattr(sp.signal.windows, f)(n, *p, sym=s),
            *parameters,
        )
        for name, parameters in {
            "gaussian": (1.7,),
            "general_gaussian": (1.3, 2.1),
            "tukey": (0.6,),
            "kaiser": (3.3,),
            "general_cosine": (WEIGHTS,),
            "general_hamming": (0.6,),
            "chebwin": (52.0,),
        }.items()
        for n, sym in ((7, True), (8, False), (8, True))
    ),
    Call("signal.windows.tukey flat", lambda sp, x: x * sp.signal.windows.tukey(5, x), -0.5),
    Call("signal.windows.tukey hann", lambda sp, x: x * sp.signal.windows.tukey(5, x), 1.5),
    Call("signal.windows.exponential", lambda sp, t: sp.signal.windows.exponential(7, tau=t), 1.4),
    Call(
        "signal.windows.exponential center",
        lambda sp, c, t: sp.signal.windows.exponential(7, c, t, False),
        *(2.3, 1.4),
    ),
    Call("signal.windows.taylor", lambda sp, s: sp.signal.windows.taylor(8, 4, s), 33.0),
    Call("signal.windows.taylor plain", lambda sp, s: sp.signal.windows.taylor(7, 3, s, norm=False, sym=False), 33.0),
    Call("signal.windows.kaiser_bessel_derived", lambda sp, b: sp.signal.windows.kaiser_bessel_derived(8, b), 2.2),
    Call("signal.windows.short", lambda sp, s: s * sp.signal.windows.gaussian(1, s), 1.5),
    *(
        Call(
            f"signal.get_window {kind}", lambda sp, *p, k=kind: sp.signal.get_window((k, *p), 6, fftbins=False), *given
        )
        for kind, given in {
            "gauss": (1.5,),
            "ggs": (1.2, 2.0),
            "tukey": (0.45,),
            "general_cosine": (WEIGHTS,),
            "kbd": (2.5,),
            "cheb": (60.0,),
        }.items()
    ),
    Call("signal.get_window exponential", lambda sp, t: sp.signal.get_window(("exponential", None, t), 6), 1.5),
    Call("signal.get_window number", lambda sp, b: sp.signal.get_window(b, 6), 2.5),
    Call("signal.windows.get_window", lambda sp, b: sp.signal.windows.get_window(("kaiser", b), 6), 2.5),
    Call("signal.windows.hann", lambda sp, x: sp.signal.windows.hann(x), 5.0, refused="whole number"),
    Call("signal.windows.dpss", lambda sp, x: sp.signal.windows.dpss(8, x), 2.5, refused="eigenvector"),
    Call("signal.get_window dpss", lambda sp, x: sp.signal.get_window(("dpss", x), 8), 2.5, refused="dpss"),
]
