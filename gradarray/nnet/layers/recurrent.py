"""Gated recurrent units.

What the data bring to the gates is one product of matrices for all times, on the tape as any other. The recurrence is
one step on the tape, which saves the gates; back through time goes by hand.
"""

# ruff: noqa: NPY002 - the draws are those of numpy.random.seed, as MyGrad's

from __future__ import annotations

import operator
from typing import Any

import numpy as np

import gradarray as ga

from ..activations import _sigmoid
from ..calls import called, floating, telling

# `a` is what the data bring to z, r and h, of all times, side by side; and so are z and r in `gates`, and their weights
# in `w`.


def _run(times: int, a: Any, Wz: Any, Wr: Any, Wh: Any, bz: Any, br: Any, bh: Any, s0: Any) -> tuple[Any, Any, Any]:
    """Return the states, of shape (T + 1, N, D), the gates and the candidates h, from plain arrays."""
    n, d = s0.shape
    a = a.reshape(times, n, 3 * d)
    s = np.empty((times + 1, n, d), a.dtype)
    gates, h = np.empty((times, n, 2 * d), a.dtype), np.empty((times, n, d), a.dtype)
    s[0] = s0
    w = -np.concatenate((Wz, Wr), axis=-1)
    from_data, to_h = -np.concatenate((bz, br)) - a[..., : 2 * d], a[..., 2 * d :] + bh
    steps = zip(s[:-1], s[1:], from_data, to_h, gates, gates[..., :d], gates[..., d:], h, strict=True)
    with np.errstate(over="ignore"):  # the reciprocal of infinity is right
        for now, after, to_gate, to_candidate, gate, z, r, candidate in steps:
            np.dot(now, w, out=gate)
            gate += to_gate
            np.exp(gate, out=gate)
            gate += 1
            np.reciprocal(gate, out=gate)
            np.multiply(r, now, out=after)
            np.dot(after, Wh, out=candidate)
            candidate += to_candidate
            np.tanh(candidate, out=candidate)
            np.subtract(now, candidate, out=after)
            after *= z
            after += candidate
    return s, gates, h


@ga.registry.primitive
def _recurrence(
    a: Any, Wz: Any, Wr: Any, Wh: Any, bz: Any, br: Any, bh: Any, s0: Any, *, limit: int, s: Any, gates: Any, h: Any
) -> Any:
    """Return the states `s`, which are known, and so are the gates and candidates."""
    return s


def _recurrence_vjp(
    g: Any,
    ans: Any,
    a: Any,
    Wz: Any,
    Wr: Any,
    Wh: Any,
    bz: Any,
    br: Any,
    bh: Any,
    _s0: Any,
    *,
    limit: int,
    s: Any,
    gates: Any,
    h: Any,
) -> Any:
    times, n, d = h.shape
    s = ans[:-1]
    w = np.concatenate((Wz, Wr), axis=-1)
    if not all(type(x) is np.ndarray for x in (ans, a, Wz, Wr, Wh, bz, br, bh)):
        # They are functions of what is on the tape.
        a = a.reshape(times, n, 3 * d)
        gates = _sigmoid(s @ w + a[..., : 2 * d] + np.concatenate((bz, br)))
        h = np.tanh((gates[..., d:] * s) @ Wh + a[..., 2 * d :] + bh)
    z, r = gates[..., :d], gates[..., d:]
    # By what z and h depend on s after, and r on r * s, before they are squashed.
    of_z, of_r, of_h = (s - h) * (z * (1 - z)), s * (r * (1 - r)), (1 - z) * (1 - h * h)
    slopes = z, r, of_z, of_r, of_h
    if limit < times:
        g_a, g_s0 = _back_some_steps(g, slopes, w.T, Wh.T, limit)
    elif all(type(x) is np.ndarray for x in (g, *slopes, w, Wh)):
        g_a, g_s0 = _back(g, slopes, w.T, Wh.T)
    else:
        delta, found = g[-1], []
        for t in reversed(range(times)):
            delta, to_gates = _back_a_step(delta, [slope[t] for slope in slopes], w.T, Wh.T)
            delta = delta + g[t]
            found.append(to_gates)
        g_a, g_s0 = np.stack(found[::-1]) if found else h, delta
    g_a, s, kept = g_a.reshape(times * n, 3 * d), s.reshape(times * n, d), (s * r).reshape(times * n, d)
    g_w = s.T @ g_a[:, : 2 * d]
    g_wh = kept.T @ g_a[:, 2 * d :]
    g_b = np.sum(g_a, axis=0)
    return g_a, g_w[:, :d], g_w[:, d:], g_wh, g_b[:d], g_b[d : 2 * d], g_b[2 * d :], g_s0


def _back_a_step(delta: Any, slopes: Any, w_back: Any, wh_back: Any) -> tuple[Any, Any]:
    """Return what comes to the state before, and to z, r and h, from what came to the one after."""
    z, r, of_z, of_r, of_h = slopes
    to_h = delta * of_h
    to_rs = to_h @ wh_back
    to_gates = np.concatenate((delta * of_z, to_rs * of_r), axis=-1)
    return delta * z + to_rs * r + to_gates @ w_back, np.concatenate((to_gates, to_h), axis=-1)


def _back(g: Any, slopes: Any, w_back: Any, wh_back: Any) -> tuple[Any, Any]:
    """Do the same for all times, one after the other, of plain arrays and in memory that is used again."""
    times, n, d = slopes[0].shape
    to_gates, to_h = np.empty((times, n, 2 * d), g.dtype), np.empty((times, n, d), g.dtype)
    delta, to_rs, more = np.array(g[-1]), np.empty((n, d), g.dtype), np.empty((n, d), g.dtype)
    parts = g[:-1], *slopes, to_gates, to_gates[..., :d], to_gates[..., d:], to_h
    steps = zip(*[part[::-1] for part in parts], strict=True)
    for g_now, keep, r, of_z, of_r, of_h, gate, to_z, to_r, candidate in steps:
        np.multiply(delta, of_h, out=candidate)
        np.dot(candidate, wh_back, out=to_rs)
        np.multiply(delta, of_z, out=to_z)
        np.multiply(to_rs, of_r, out=to_r)
        delta *= keep
        to_rs *= r
        delta += to_rs
        np.dot(gate, w_back, out=more)
        delta += more
        delta += g_now
    return np.concatenate((to_gates, to_h), axis=-1), delta


def _back_some_steps(g: Any, slopes: Any, w_back: Any, wh_back: Any, limit: int) -> tuple[Any, Any]:
    """Do the same for all times at once, so that nothing goes back more steps than `limit`."""
    new = total = g[1:]
    for _ in range(limit):
        before, _ = _back_a_step(new, slopes, w_back, wh_back)
        new = np.concatenate((before[1:], np.zeros((1, *g.shape[1:]), g.dtype)))
        total = total + new
    before, to_all = _back_a_step(total, slopes, w_back, wh_back)
    return to_all, before[0] + g[0]


ga.registry.rule(_recurrence, joint=_recurrence_vjp, holomorphic=False)


@telling
def gru(
    X: Any,
    Uz: Any,
    Wz: Any,
    bz: Any,
    Ur: Any,
    Wr: Any,
    br: Any,
    Uh: Any,
    Wh: Any,
    bh: Any,
    s0: Any = None,
    bp_lim: int | None = None,
    dropout: float = 0.0,
    constant: bool | None = None,
) -> ga.Tensor:
    """Carry sequences through a gated recurrent unit.

    From one time to the next::

        z = sigmoid(X[t] @ Uz + s @ Wz + bz)
        r = sigmoid(X[t] @ Ur + s @ Wr + br)
        h = tanh(X[t] @ Uh + (r * s) @ Wh + bh)
        s = (1 - z) * h + z * s

    Parameters
    ----------
    X : array_like, shape (T, N, C)
        N sequences of T data.
    Uz, Ur, Uh : array_like, shape (C, D)
    Wz, Wr, Wh : array_like, shape (D, D)
    bz, br, bh : array_like, shape (D,)
    s0 : array_like, shape (N, D), optional
        The first state; zeros by default. It may be a variable.
    bp_lim : int, optional
        How many steps a derivative goes back through time, in [0, T); all by default.
    dropout : float
        The part of the weights `Wz`, `Wr`, `Wh`, and of what each sequence brings by `Uz`, `Ur`, `Uh`, that is left
        out, in [0, 1). The rest is divided by ``1 - dropout``. What is left out is drawn by `numpy.random`.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor, shape (T + 1, N, D)
        The states, `s0` first.

    Raises
    ------
    ValueError
        If the shapes do not fit, or `bp_lim` or `dropout` are out of their ranges.
    TypeError
        If `bp_lim` is no whole number, or an argument holds no real numbers.

    Notes
    -----
    From "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation" by K. Cho and
    others, https://arxiv.org/abs/1406.1078. The dropout of the recurrent weights is that of S. Merity and others,
    https://arxiv.org/abs/1708.02182, that of the data, the same at all times, that of Y. Gal and Z. Ghahramani,
    https://arxiv.org/abs/1512.05287.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> rng = np.random.default_rng(0)
    >>> T, N, C, D = 5, 2, 3, 4
    >>> shapes = [(C, D), (D, D), (D,)] * 3
    >>> weights = [ga.tensor(rng.normal(size=shape)) for shape in shapes]
    >>> states = ga.nnet.gru(rng.normal(size=(T, N, C)), *weights)
    >>> states.shape
    (6, 2, 4)
    >>> np.mean(states[-1] ** 2).backward()
    >>> weights[0].grad.shape
    (3, 4)
    """
    given = {"X": X, "Uz": Uz, "Wz": Wz, "bz": bz, "Ur": Ur, "Wr": Wr, "br": br, "Uh": Uh, "Wh": Wh, "bh": bh}
    given = {name: floating(value, name) for name, value in given.items()}
    X, Uz, Wz, bz, Ur, Wr, br, Uh, Wh, bh = given.values()
    if X.ndim != 3 or bz.ndim != 1:
        raise ValueError(f"`X` must have shape (T, N, C) and `bz` shape (D,), got {X.shape} and {bz.shape}")
    (times, n, c), (d,) = X.shape, bz.shape
    if s0 is None:
        s0 = np.zeros((n, d), X.dtype)
    given["s0"] = s0 = floating(s0, "s0")
    wanted = {"U": (c, d), "W": (d, d), "b": (d,), "s": (n, d)}
    for name, value in given.items():
        if name != "X" and value.shape != wanted[name[0]]:
            raise ValueError(f"`{name}` must have shape {wanted[name[0]]}, got {value.shape}")
    limit = times
    if bp_lim is not None:
        limit = operator.index(bp_lim)
        if not 0 <= limit < times:
            raise ValueError(f"`bp_lim` must be in [0, {times}), got {limit}")
    if not 0 <= dropout < 1:
        raise ValueError(f"`dropout` must be in [0, 1), got {dropout}")
    dtype = np.result_type(*[value.dtype for name, value in given.items() if name != "s0"])
    if limit == times - 1:
        limit = times
    of_data: Any = None
    of_weights: Any = None
    if dropout:
        kept = 1 - dropout
        of_data = (np.random.binomial(1, kept, size=(3, 1, n, d)) / kept).astype(dtype)
        of_weights = (np.random.binomial(1, kept, size=(3, d, d)) / kept).astype(dtype)

    def states(X: Any, Us: Any, Ws: Any, *rest: Any) -> Any:
        a = X.reshape(times * n, c) @ np.concatenate(Us, axis=-1)
        if dropout:
            a = (a.reshape(times, n, 3 * d) * np.concatenate(of_data, axis=-1)).reshape(times * n, 3 * d)
            Ws = [W * mask for W, mask in zip(Ws, of_weights, strict=True)]
        given = [x if x.dtype == dtype else x.astype(dtype) for x in (a, *Ws, *rest)]
        s, gates, h = _run(times, *map(ga.asarray, given))
        return _recurrence(*given, limit=limit, s=s, gates=gates, h=h)

    return called(states, X, (Uz, Ur, Uh), (Wz, Wr, Wh), bz, br, bh, s0, constant=constant)
