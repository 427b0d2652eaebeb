"""Calls of scipy.signal on linear systems: responses in time and by frequency."""

from __future__ import annotations

import numpy as np

from tests.scipy.calls import Call

NUM = np.array([0.5, 1.2])
DEN = np.array([1.3, 0.7, 2.0])
ROOTS = np.array([-0.4]), np.array([-0.5, -1.1]), np.array(1.5)
TWO = (
    np.array([[-0.3, -0.5], [0.4, -0.2]]),
    np.array([[1.0, 0.2], [0.3, -0.4]]),
    np.array([[0.7, -0.2], [0.1, 0.9]]),
    np.array([[0.4, 0.0], [0.2, 0.1]]),
)
ONE = (TWO[0], TWO[1][:, :1], TWO[2][:1], TWO[3][:1, :1])
U = np.array([0.3, -1.2, 0.7, 0.4, 1.1])
UU = np.stack([U, U[::-1] ** 2], axis=1)
X = np.array([0.3, -0.8])
T = np.arange(5) * 0.4
W = np.array([0.3, 0.9, 1.7])
SYSTEMS = {"tf": (NUM, DEN), "zpk": ROOTS, "ss": ONE}


def of_parts(system):  # type: ignore[no-untyped-def]
    return system.to_tf().num, system.to_zpk().gain, system.to_ss().A, system.to_tf().to_ss().C


CALLS = [
    *(
        Call(f"signal.{name} {kind}", lambda sp, *s, f=name: getattr(sp.signal, f)(s, T=T)[1], *system)
        for name in ("impulse", "step")
        for kind, system in SYSTEMS.items()
    ),
    Call("signal.step start", lambda sp, n, d, x: sp.signal.step((n, d), x, T)[1], NUM, DEN, X),
    *(
        Call(f"signal.lsim {how}", lambda sp, u, x, *s, h=how: sp.signal.lsim(s, u, T + 0.1, x, h)[1:], UU, X, *TWO)
        for how in (True, False)
    ),
    Call(
        "signal.lsim long",
        lambda sp, u, n, d, x: sp.signal.lsim((n, d), np.tile(u, 40), np.arange(200) * 0.1, x)[1],
        *(U, NUM, DEN, X),
    ),
    Call(
        "signal.dlsim long",
        lambda sp, u, d: sp.signal.dlsim(([0.5, 1.2], d, 1), np.tile(u, 40))[1][-3:],
        *(U, np.array([1.3, 0.7, 0.5])),
    ),
    Call("signal.lsim tf", lambda sp, u, n, d: sp.signal.lsim((n, d), u, T)[1:], U, NUM, DEN),
    Call("signal.lsim without", lambda sp, x, *s: sp.signal.lsim(s, None, T, x)[1:], X, *ONE),
    Call("signal.lsim object", lambda sp, u: sp.signal.lsim(sp.signal.lti(NUM, DEN), u, T)[1], U),
    *(
        Call(f"signal.lti {kind}.{name}", lambda sp, *s, f=name: getattr(sp.signal.lti(*s), f)(T=T)[1], *system)
        for name in ("impulse", "step")
        for kind, system in SYSTEMS.items()
    ),
    *(
        Call(f"signal.lti {kind}, into others", lambda sp, *s: of_parts(sp.signal.lti(*s)), *system)
        for kind, system in SYSTEMS.items()
    ),
    Call("signal.TransferFunction.output", lambda sp, n, d: sp.signal.TransferFunction(n, d).output(U, T)[1], NUM, DEN),
    Call("signal.TransferFunction.bode", lambda sp, n, d: sp.signal.TransferFunction(n, d).bode(W)[1:], NUM, DEN),
    *[
        Call(
            f"signal.StateSpace, {name}",
            lambda sp, x, *s, f=f: [
                getattr(f(sp.signal.StateSpace(*s), sp.signal.StateSpace([[-3.0]], [[1.0]], [[0.7]], [[0.2]]), x), part)
                for part in "ABCD"
            ],
            1.7,
            *ONE,
        )
        for name, f in {
            "one after the other": lambda one, other, x: one * other * x,
            "one before the other": lambda one, other, x: x * (other * one),
            "side by side": lambda one, other, x: one + other - x,
            "differences": lambda one, other, x: x - (other - one) / x,
            "a matrix": lambda one, _, x: -one * np.array([[2.0]]) + x * np.array([[1.0]]),
        }.items()
    ],
    Call("signal.StateSpace.freqresp", lambda sp, *s: sp.signal.StateSpace(*s).freqresp(W)[1], *ONE),
    Call("signal.step object", lambda sp, n, d: sp.signal.step(sp.signal.lti(n, d), T=T)[1], NUM, DEN),
    Call(
        "signal.cont2discrete object", lambda sp, n, d: sp.signal.cont2discrete(sp.signal.lti(n, d), 0.3).num, NUM, DEN
    ),
    Call("signal.lti.to_discrete", lambda sp, n, d: sp.signal.lti(n, d).to_discrete(0.3, "bilinear").num, NUM, DEN),
    *(
        Call(f"signal.dlti.{name}", lambda sp, *s, f=name: getattr(sp.signal.dlti(*s, dt=0.5), f)(n=5)[1], *TWO)
        for name in ("impulse", "step")
    ),
    Call("signal.dlti.output", lambda sp, n, d: sp.signal.dlti(n, d, dt=0.5).output(U, None)[1], NUM, DEN),
    Call("signal.dlti.bode", lambda sp, n, d: sp.signal.dlti(n, d, dt=0.5).bode(W)[1:], NUM, DEN),
    Call("signal.TransferFunction.poles", lambda sp, n, d: sp.signal.TransferFunction(n, d).poles, NUM, DEN),
    Call("signal.lsim times", lambda sp, t: sp.signal.lsim((NUM, DEN), U, t)[1], T, refused="'T'"),
    Call("signal.dlsim", lambda sp, u, x, *s: sp.signal.dlsim((*s, 0.5), u, x0=x)[1:], UU, X, *TWO),
    Call("signal.dlsim tf", lambda sp, u, n, d: sp.signal.dlsim((n, d, 1), u)[1], U, NUM, DEN),
    Call("signal.dlsim times", lambda sp, u: sp.signal.dlsim((*ROOTS, 0.5), u, t=T)[1], U),
    *(
        Call(f"signal.{name}", lambda sp, *s, f=name: getattr(sp.signal, f)((*s, 0.5), n=5)[1], *TWO)
        for name in ("dimpulse", "dstep")
    ),
    *(
        Call(f"signal.freqresp {kind}", lambda sp, w, *s: sp.signal.freqresp(s, w)[1], W, *system)
        for kind, system in SYSTEMS.items()
    ),
    Call("signal.freqresp object", lambda sp, w: sp.signal.freqresp(sp.signal.lti(NUM, DEN), w), W),
    *(
        Call(f"signal.dfreqresp {kind}", lambda sp, w, *s: sp.signal.dfreqresp((*s, 0.5), w)[1], 2.0 - W, *system)
        for kind, system in SYSTEMS.items()
    ),
    Call("signal.bode", lambda sp, w, n, d: sp.signal.bode((n, d), w), W, NUM, DEN, rough=10),
    Call("signal.dbode", lambda sp, w, n, d: sp.signal.dbode((n, d, 0.5), w), W, NUM, DEN),
    *(
        Call(
            f"signal.cont2discrete {how}",
            lambda sp, t, *s, h=how: sp.signal.cont2discrete((*s[:3], 0 * s[3]), t, h)[:4],
            *(0.3, *TWO),
        )
        for how in ("bilinear", "euler", "backward_diff", "zoh", "foh", "impulse")
    ),
    Call(
        "signal.cont2discrete gbt",
        lambda sp, t, a, n, d: sp.signal.cont2discrete((n, d), t, "gbt", a)[:2],
        0.3,
        0.4,
        NUM,
        DEN,
    ),
    Call("signal.cont2discrete zpk", lambda sp, t, *s: sp.signal.cont2discrete(s, t)[:3], 0.3, *ROOTS),
    Call("signal.freqz worN", lambda sp, b, a, w: sp.signal.freqz(b, a, w, fs=7.0), NUM, DEN, W),
    Call("signal.freqz_zpk", lambda sp, *s: sp.signal.freqz_zpk(*s[:3], s[3], fs=7.0), *ROOTS, W),
    Call("signal.freqz_zpk number", lambda sp, *s: sp.signal.freqz_zpk(*s, 5), *ROOTS),
    Call("signal.freqs_zpk", lambda sp, *s: sp.signal.freqs_zpk(*s), *ROOTS, W),
    Call("signal.freqs_zpk number", lambda sp, *s: sp.signal.freqs_zpk(*s, 5), *ROOTS),
    Call("signal.group_delay", lambda sp, b, a, w: sp.signal.group_delay((b, a), w, fs=7.0), NUM, DEN, W),
    Call("signal.group_delay number", lambda sp, b, a: sp.signal.group_delay((b, a), 5), NUM, DEN),
]
