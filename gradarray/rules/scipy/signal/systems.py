"""Linear systems: their responses by the input, by the state at the start, and by what they are made of.

A system is a tuple: two polynomials, or zeros, poles and a gain, or four matrices; and at last a step of time, where
it is discrete. Objects of SciPy's are read as such tuples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate, signal

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...primitives import primitive
from ...registry import rule
from ..linalg.functions import expm
from ..standing import stands_for
from .convolutions import MODULE
from .forms import abcd_normalize, as_inexact, ss2tf, ss2zpk, tf2ss, tf2zpk, zpk2ss
from .responses import freqs, freqs_zpk, freqz, freqz_zpk

# --- steps ------------------------------------------------------------------------------------------------------------


@primitive
def marched(start: Array, m: Array, added: Array) -> Array:
    """Return the rows x[i + 1] = x[i] @ m + added[i]."""
    rows = np.empty((len(added) + 1, len(start)), np.result_type(start, m, added))
    rows[0], rows[1:] = start, added
    if len(m) > _FEW or len(rows) < 4 * _ROWS or not _marched_in_blocks(rows, m):
        for i in range(len(added)):
            rows[i + 1] += rows[i] @ m
    return rows


_FEW, _ROWS = 16, 32  # states with which blocks of so many rows are faster


def _marched_in_blocks(rows: Array, m: Array) -> bool:
    """March within blocks of rows, all at once and by twice as many steps each time, and then from block to block."""
    powers = m[None]
    while len(powers) < _ROWS:
        powers = np.concatenate([powers, powers @ powers[-1]])
    if not np.all(np.isfinite(powers[-1])):
        return False
    whole, n = len(rows) // _ROWS * _ROWS, len(m)
    blocks = rows[:whole].reshape(-1, _ROWS, n)
    step = 1
    while step < _ROWS:
        blocks[:, step:] += blocks[:, :-step] @ powers[step - 1]
        step *= 2
    ends = blocks[:, -1].copy()
    for i in range(1, len(ends)):
        ends[i] += ends[i - 1] @ powers[-1]
    blocks[1:] += (ends[:-1] @ np.swapaxes(powers, 0, 1).reshape(n, -1)).reshape(-1, _ROWS, n)
    for i in range(whole, len(rows)):
        rows[i] += rows[i - 1] @ m
    return True


def _marched_vjp(g: Any, ans: Any, _start: Any, m: Any, _added: Any) -> Any:
    back = np.flip(marched(g[-1], np.transpose(m), g[-2::-1]), 0)
    return back[0], np.transpose(ans[:-1]) @ back[1:], back[1:]


rule(marched, joint=_marched_vjp)

# --- what a system is -------------------------------------------------------------------------------------------------


PARTS = {"TransferFunction": ("num", "den"), "ZerosPolesGain": ("zeros", "poles", "gain"), "StateSpace": tuple("ABCD")}


def kind_of(system: Any) -> str:
    return next(base.__name__ for base in type(system).__mro__ if base.__name__ in PARTS)


def parts_of(system: Any) -> tuple[Any, ...]:
    """Return what an object is made of; a numerator with the zeros at its front, of which each may be a variable."""
    kind = kind_of(system)
    cut, whole = getattr(system, "_whole", (None, None))
    if cut is not None and system.num is cut:
        return whole, system.den
    return tuple([getattr(system, name) for name in PARTS[kind]])


def _parts(system: Any, discrete: bool) -> tuple[tuple[Any, ...], Any]:
    """Return what a system is made of, and its step of time."""
    if isinstance(system, (signal.lti, signal.dlti)):
        if isinstance(system, signal.dlti) is not discrete:
            kind = "discrete" if discrete else "continuous"
            raise AttributeError(f"a system of {kind} time is wanted, not {type(system).__name__}")
        return parts_of(system), system.dt
    *parts, dt = (*system, None) if not discrete else system
    return tuple(parts), dt


def _matrices(parts: tuple[Any, ...]) -> Any:
    return {2: tf2ss, 3: zpk2ss, 4: abcd_normalize}[len(parts)](*parts)


def _zeros_and_poles(parts: tuple[Any, ...]) -> Any:
    return {2: tf2zpk, 3: lambda *parts: parts, 4: ss2zpk}[len(parts)](*parts)


# --- responses in time ------------------------------------------------------------------------------------------------


def _columns(u: Any) -> Any:
    u = as_inexact(u)
    return u[:, None] if np.ndim(u) == 1 else u


@stands_for(MODULE, "system", "U", "X0", whole=("system",))
def lsim(system: Any, U: Any, T: Any, X0: Any, interp: Any) -> Any:
    return _simulated(_matrices(_parts(system, False)[0]), U, T, X0, interp)


def _simulated(matrices: Any, u: Any, t: Any, start: Any, interp: bool) -> Any:
    a, b, c, d = matrices
    t = np.atleast_1d(t)
    n, inputs = np.shape(b)
    start = np.zeros(n) if start is None else np.reshape(start, -1)
    none = u is None or (np.ndim(u) == 0 and not bare(u))
    u = np.zeros((len(t), inputs)) if none else _columns(u)
    if (len(t) > 1 and not np.allclose(np.diff(t), t[1] - t[0])) or np.shape(u) != (len(t), inputs) or t[0] < 0:
        signal.lsim(tuple(map(bare, matrices)), bare(u), t)  # SciPy's own errors
    if t[0]:
        start = start @ np.transpose(expm(a * t[0]))
    if len(t) == 1:
        rows = np.reshape(start, (1, -1))
    else:
        dt = t[1] - t[0]
        zero = np.zeros((inputs, n + inputs))
        blocks: Any
        if interp:
            blocks = [a * dt, b * dt, np.zeros((n, inputs))], [zero, np.eye(inputs)], [zero, np.zeros((inputs, inputs))]
        else:
            blocks = ([a * dt, b * dt], [zero])
        m = np.transpose(expm(np.concatenate([np.concatenate(row, axis=1) for row in blocks])))
        if interp:
            last = m[n + inputs :, :n]
            added = u[:-1] @ (m[n : n + inputs, :n] - last) + u[1:] @ last
        else:
            added = u[:-1] @ m[n:, :n]
        rows = marched(start + np.zeros(n, np.result_type(added)), m[:n, :n], added)
    return t, np.squeeze(rows @ np.transpose(c)) + np.squeeze(u @ np.transpose(d)), np.squeeze(rows)


def _times(a: Any, given: Any, count: Any) -> Any:
    """Return the times of a response, which SciPy chooses where none are given; they are constants."""
    if given is not None:
        return np.asarray(given)
    rate = np.min(np.abs(np.real(np.linalg.eigvals(bare(a))))) or 1.0
    return np.linspace(0.0, 7 / rate, 100 if count is None else count)


@stands_for(MODULE, "system", "X0", whole=("system",))
def impulse(system: Any, X0: Any, T: Any, N: Any) -> Any:
    matrices = _matrices(_parts(system, False)[0])
    start = np.squeeze(matrices[1] if X0 is None else matrices[1] + X0)
    times = _times(matrices[0], T, N)
    return times, _simulated(matrices, 0.0, times, start, False)[1]


@stands_for(MODULE, "system", "X0", whole=("system",))
def step(system: Any, X0: Any, T: Any, N: Any) -> Any:
    matrices = _matrices(_parts(system, False)[0])
    times = _times(matrices[0], T, N)
    return times, _simulated(matrices, np.ones(np.shape(times)), times, X0, False)[1]


@stands_for(MODULE, "system", "u", "x0", whole=("system",))
def dlsim(system: Any, u: Any, t: Any, x0: Any) -> Any:
    parts, dt = _parts(system, True)
    found = _discrete(_matrices(parts), dt, _columns(u), t, x0)
    return found if len(parts) == 4 else found[:2]


def _discrete(matrices: Any, dt: Any, u: Any, t: Any, x0: Any) -> Any:
    a, b, c, d = matrices
    stop = (len(u) - 1) * dt if t is None else t[-1]
    times = np.linspace(0.0, stop, len(u) if t is None else int(np.floor(stop / dt)) + 1)
    if t is not None:
        u = interpolate.make_interp_spline(t, np.eye(len(t)), k=1)(times) @ u
    start = np.zeros(len(a)) if x0 is None else np.reshape(x0, -1)
    rows = marched(start + np.zeros(len(a)), np.transpose(a), u[:-1] @ np.transpose(b))
    return times, rows @ np.transpose(c) + u @ np.transpose(d), rows


def _of_each_input(name: str, make: Any) -> None:
    @stands_for(MODULE, "system", "x0", name=name, whole=("system",))
    def response(system: Any, x0: Any, t: Any, n: Any) -> Any:
        parts, dt = _parts(system, True)
        matrices = _matrices(parts)
        count = 100 if n is None else n
        times = np.linspace(0, count * dt, count, endpoint=False) if t is None else np.asarray(t)
        inputs = np.shape(matrices[1])[1]
        found = [_discrete(matrices, dt, make(len(times), i, inputs), times, x0) for i in range(inputs)]
        return found[-1][0], tuple([one[1] for one in found])


_of_each_input("dimpulse", lambda n, i, inputs: np.outer(np.arange(n) == 0, np.arange(inputs) == i) * 1.0)
_of_each_input("dstep", lambda n, i, inputs: np.outer(np.ones(n), np.arange(inputs) == i))

# --- responses by frequency -------------------------------------------------------------------------------------------


@stands_for(MODULE, "system", "w", whole=("system",))
def freqresp(system: Any, w: Any, n: Any) -> Any:
    parts, _ = _parts(system, False)
    at = n if w is None else w
    if len(parts) == 2:
        return freqs(np.ravel(parts[0]), parts[1], worN=at)
    return freqs_zpk(*_zeros_and_poles(parts), worN=at)


@stands_for(MODULE, "system", "w", whole=("system",))
def dfreqresp(system: Any, w: Any, n: Any, whole: Any) -> Any:
    parts, _ = _parts(system, True)
    at = n if w is None else w
    if len(parts) == 3:
        return freqz_zpk(*parts, worN=at, whole=whole)
    b, a = parts if len(parts) == 2 else ss2tf(*parts)
    b, a = np.ravel(b), as_inexact(a)
    longest = max(len(b), len(a))
    b, a = (np.concatenate([np.zeros(longest - len(c)), c]) for c in (b, a))
    return freqz(b, a, worN=at, whole=whole)


def _decibels(y: Any) -> Any:
    return 20.0 * np.log10(np.abs(y)), np.unwrap(np.angle(y)) * (180.0 / np.pi)


@stands_for(MODULE, "system", "w", whole=("system",))
def bode(system: Any, w: Any, n: Any) -> Any:
    w, y = freqresp(system, w=w, n=n)
    return (w, *_decibels(y))


@stands_for(MODULE, "system", "w", whole=("system",))
def dbode(system: Any, w: Any, n: Any) -> Any:
    w, y = dfreqresp(system, w=w, n=n)
    return (w / _parts(system, True)[1], *_decibels(y))


# --- from continuous to discrete time ---------------------------------------------------------------------------------

_MEANS = {"bilinear": 0.5, "tustin": 0.5, "euler": 0.0, "forward_diff": 0.0, "backward_diff": 1.0}


@stands_for(MODULE, "system", "dt", "alpha", whole=("system",))
def cont2discrete(system: Any, dt: Any, method: Any, alpha: Any) -> Any:
    parts, _ = _parts(system, False)
    a, b, c, d = _matrices(parts)
    found = _sampled(a, b, c, d, dt, method, alpha)
    if len(parts) == 2:
        return (*ss2tf(*found), dt)
    return (*ss2zpk(*found), dt) if len(parts) == 3 else (*found, dt)


def _sampled(a: Any, b: Any, c: Any, d: Any, dt: Any, method: str, alpha: Any) -> Any:
    n, inputs = np.shape(b)
    zero = np.zeros((inputs, n + inputs))
    if method in ("gbt", *_MEANS):
        signal.cont2discrete(tuple(map(bare, (a, b, c, d))), 1.0, method, bare(alpha))  # SciPy's own errors
        mean = alpha if method == "gbt" else _MEANS[method]
        implicit = np.eye(n) - mean * dt * a
        later = np.linalg.solve(implicit, np.eye(n) + (1.0 - mean) * dt * a)
        bd = np.linalg.solve(implicit, dt * b)
        return later, bd, np.transpose(np.linalg.solve(np.transpose(implicit), np.transpose(c))), d + mean * (c @ bd)
    if method == "zoh":
        whole = expm(dt * np.concatenate([np.concatenate([a, b], axis=1), zero]))
        return whole[:n, :n], whole[:n, n:], c, d
    if method == "foh":
        above = np.concatenate([a * dt, b * dt, np.zeros((n, inputs))], axis=1)
        below = np.concatenate([zero, np.eye(inputs)], axis=1)
        whole = expm(np.concatenate([above, below, np.zeros((inputs, n + 2 * inputs))]))[:n]
        ad, first, second = whole[:, :n], whole[:, n : n + inputs], whole[:, n + inputs :]
        return ad, first - second + ad @ second, c, d + c @ second
    signal.cont2discrete(tuple(map(bare, (a, b, c, d))), 1.0, method)  # SciPy's own errors
    ad = expm(a * dt)
    return ad, ad @ b * dt, c, c @ b * dt
