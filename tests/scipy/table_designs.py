"""Calls of scipy.signal that design filters with feedback, and that turn one form of a filter into another."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.scipy.calls import Call

B = np.array([0.5, -0.2, 0.7])
A = np.array([1.3, -0.4, 0.2, 0.1])
Z = np.array([0.3 + 0.4j, 0.3 - 0.4j])
P = np.array([-0.5 + 0.2j, -0.5 - 0.2j, -0.8 + 0j])
Q = np.array([-0.5 + 0.2j, -0.3 - 0.6j, -0.8 + 0.3j])
BAND = np.array([0.3, 0.55])
STATES = (
    np.array([[0.3, -0.5], [0.4, 0.2]]),
    np.array([[1.0], [0.3]]),
    np.array([[0.7, -0.2]]),
    np.array([[0.4]]),
)
SOS = np.array([[0.3, 0.8, 0.2, -0.4, 0.2], [1.0, 0.4, 0.1, -0.2, 0.3]])
LOW = np.array(0.35)


def whole(p: Any) -> Any:
    return np.stack([np.concatenate([row[:3], np.ones(1), row[3:]]) for row in p])


def pairs(z: Any) -> Any:
    """Return roots of which the second is the conjugate of the first one."""
    return np.concatenate([z[:1], np.conj(z[:1]), np.real(z[2:])])


CALLS = [
    *(
        Call(
            f"signal.{name} {band} {output} {n}",
            lambda sp, w, *r, f=name, b=band, o=output, n=n: getattr(sp.signal, f)(n, *r, w, b, output=o),
            *(BAND if band.startswith("b") else LOW, *ripples),
        )
        for name, ripples in {
            "butter": (),
            "cheby1": (1.0,),
            "cheby2": (30.0,),
            "ellip": (1.0, 30.0),
            "bessel": (),
        }.items()
        for band, output, n in (
            ("low", "ba", 3),
            ("high", "zpk", 2),
            ("bandpass", "sos", 2),
            ("bandstop", "ba", 1),
            ("low", "sos", 4),
        )
    ),
    Call("signal.butter analog", lambda sp, w: sp.signal.butter(3, w, "bandstop", analog=True), BAND),
    Call("signal.butter fs", lambda sp, w: sp.signal.butter(3, w, fs=3.0, output="sos"), 0.4),
    Call("signal.bessel norm", lambda sp, w: sp.signal.bessel(3, w, norm="mag"), LOW),
    Call("signal.iirfilter", lambda sp, w: sp.signal.iirfilter(3, w, btype="hp", ftype="butter"), LOW),
    Call("signal.butter order", lambda sp, n: sp.signal.butter(n, 0.3)[0], 3.0, refused="'N'"),
    *(Call(f"signal.cheb1ap {n}", lambda sp, r, n=n: sp.signal.cheb1ap(n, r)[1:], 1.0) for n in (0, 3, 4)),
    Call("signal.cheb2ap", lambda sp, r: sp.signal.cheb2ap(3, r), 30.0),
    *(Call(f"signal.ellipap {n}", lambda sp, r, s, n=n: sp.signal.ellipap(n, r, s), 1.0, 30.0) for n in (1, 4, 5)),
    *(
        Call(f"signal.{name}", lambda sp, w, q, s, f=name: getattr(sp.signal, f)(w, q, np.sum(s)), 0.3, 5.0, 3.0)
        for name in ("iirnotch", "iirpeak")
    ),
    *(
        Call(
            f"signal.iircomb {kind} {zero}",
            lambda sp, q, k=kind, z=zero: sp.signal.iircomb(0.25, q, k, 2.0, pass_zero=z),
            q,
            rough=100,
        )
        for kind, zero, q in (("notch", False, 5.0), ("notch", True, 0.6), ("peak", False, 0.6), ("peak", True, 5.0))
    ),
    Call("signal.normalize", lambda sp, b, a: sp.signal.normalize(b, a), B, A),
    *(
        Call(f"signal.{name} {len(b)} {len(a)}", lambda sp, b, a, *w, f=name: getattr(sp.signal, f)(b, a, *w), b, a, *w)
        for name, w in {"lp2lp": (1.3,), "lp2hp": (1.3,), "lp2bp": (1.3, 0.4), "lp2bs": (1.3, 0.4)}.items()
        for b, a in ((B, A), (A, B), (B, A[:3]))
    ),
    *(
        Call(f"signal.bilinear {len(b)}", lambda sp, b, a, s: sp.signal.bilinear(b, a, np.sum(s)), b, a, 1.3)
        for b, a in ((B, A), (A, B))
    ),
    *(
        Call(f"signal.{name}", lambda sp, z, p, *k, f=name: getattr(sp.signal, f)(z, p, *map(np.sum, k)), Z, Q, 1.5, *w)
        for name, w in {
            "lp2lp_zpk": (1.3,),
            "lp2hp_zpk": (1.3,),
            "lp2bp_zpk": (1.3, 0.4),
            "lp2bs_zpk": (1.3, 0.4),
            "bilinear_zpk": (1.3,),
        }.items()
    ),
    Call("signal.zpk2tf complex", lambda sp, z, p, k: sp.signal.zpk2tf(pairs(z), pairs(p), k), Z, P, 1.5),
    Call("signal.tf2zpk", lambda sp, b, a: sp.signal.tf2zpk(b, a), B, A),
    *(
        Call(
            f"signal.zpk2sos {kind}",
            lambda sp, z, p, k, o=kind: sp.signal.zpk2sos(pairs(z), pairs(p), k, o, analog=o == "minimal"),
            *(Z, P, 1.5),
        )
        for kind in ("nearest", "keep_odd", "minimal")
    ),
    Call("signal.tf2sos", lambda sp, b, a: sp.signal.tf2sos(b, a), B, A),
    Call("signal.sos2tf", lambda sp, p: sp.signal.sos2tf(whole(p)), SOS),
    Call("signal.sos2zpk", lambda sp, p: sp.signal.sos2zpk(whole(p)), SOS),
    Call("signal.tf2ss", lambda sp, b, a: sp.signal.tf2ss(b, a), B, A),
    Call("signal.tf2ss static", lambda sp, b, a: sp.signal.tf2ss(b, a), B[:1], A[:1]),
    Call("signal.ss2tf", lambda sp, *m: sp.signal.ss2tf(*m), *STATES),
    Call("signal.ss2zpk", lambda sp, *m: sp.signal.ss2zpk(*m), *STATES),
    Call("signal.zpk2ss", lambda sp, z, p, k: sp.signal.zpk2ss(pairs(z), pairs(p), k), Z, P, 1.5),
    Call("signal.abcd_normalize", lambda sp, a, b, c: sp.signal.abcd_normalize(a, b, c), *STATES[:3]),
]
