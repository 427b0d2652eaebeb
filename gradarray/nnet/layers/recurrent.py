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
from ..calls import called, floating


@ga.registry.primitive
def _recurrence(a: Any, w: Any, wh: Any, s0: Any, *, limit: int) -> tuple[Any, Any, Any]:
    """Return the states, of shape (T + 1, N, D), the gates z and r side by side, and the candidates h.

    `a`, of shape (T, N, 3 * D), is what the data bring to z, r and h; `w` are the weights of z and r side by side.
    """
    times, n, d = len(a), len(s0), len(w)
    dtype = a.dtype
    s = np.empty((times + 1, n, d), dtype)
    gates, h = np.empty((times, n, 2 * d), dtype), np.empty((times, n, d), dtype)
    s[0] = s0
    for t in range(times):
        now, gate = s[t], gates[t]
        np.matmul(now, w, out=gate)
        gate += a[t, :, : 2 * d]
        gate[...] = _sigmoid(gate)
        np.matmul(gate[:, d:] * now, wh, out=h[t])
        h[t] += a[t, :, 2 * d :]
        np.tanh(h[t], out=h[t])
        np.subtract(now, h[t], out=s[t + 1])
        s[t + 1] *= gate[:, :d]
        s[t + 1] += h[t]
    return s, gates, h


def _recurrence_vjp(g: Any, ans: Any, _a: Any, w: Any, wh: Any, _s0: Any, *, limit: int) -> Any:
    (g, g_gates, g_h), (s, gates, h) = g, ans
    times, n, d = h.shape
    before = s[:-1]
    z, r = gates[..., :d], gates[..., d:]
    # The slopes of z, r and h before they are squashed, as parts of what comes to s after, r * s and s after.
    slopes = (before - h) * (z * (1 - z)), before * (r * (1 - r)), (1 - z) * (1 - h * h)
    keep = z
    w_back, wh_back = w.T, wh.T
    brought: Any = None
    if g_gates is not None or g_h is not None:
        # What comes to the gates themselves, as it does in derivatives of a derivative.
        zero = np.zeros(h.shape, h.dtype)
        g_z, g_r = (zero, zero) if g_gates is None else (g_gates[..., :d], g_gates[..., d:])
        brought = g_z * (z * (1 - z)), g_r * (r * (1 - r)), (zero if g_h is None else g_h) * (1 - h * h)

    def back(delta: Any, at: Any, with_brought: bool) -> tuple[Any, Any]:
        """Return what comes to the states before and to the gates, at times `at`, from what came to those after."""
        from_h = delta * slopes[2][at]
        if with_brought:
            from_h = from_h + brought[2][at]
        reset = from_h @ wh_back
        from_z, from_r = delta * slopes[0][at], reset * slopes[1][at]
        if with_brought:
            from_z, from_r = from_z + brought[0][at], from_r + brought[1][at]
        from_gates = np.concatenate((from_z, from_r), axis=-1)
        return delta * keep[at] + reset * r[at] + from_gates @ w_back, np.concatenate((from_gates, from_h), axis=-1)

    if g is None:
        g = np.zeros(s.shape, s.dtype)
    if limit >= times:
        delta, found = g[-1], []
        for t in reversed(range(times)):
            delta, to_gates = back(delta, t, brought is not None)
            delta = delta + g[t]
            found.append(to_gates)
        g_a = np.stack(found[::-1]) if found else np.zeros((0, n, 3 * d), s.dtype)
    else:
        everywhere = slice(None)
        total = new = g[1:]
        last = np.zeros((1, n, d), s.dtype)
        for i in range(limit):
            new = np.concatenate((back(new, everywhere, brought is not None and i == 0)[0][1:], last))
            total = total + new
        delta, g_a = back(total, everywhere, brought is not None)
        delta = delta[0] + g[0]
    flat = g_a.reshape(-1, 3 * d)
    g_w = before.reshape(-1, d).T @ flat[:, : 2 * d]
    g_wh = (before * r).reshape(-1, d).T @ flat[:, 2 * d :]
    return g_a, g_w, g_wh, delta


ga.registry.rule(_recurrence, joint=_recurrence_vjp, absent=True)


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
    mask_u = mask_w = mask_wh = None
    if dropout:
        kept = 1 - dropout
        of_data = (np.random.binomial(1, kept, size=(3, 1, n, d)) / kept).astype(dtype)
        of_weights = (np.random.binomial(1, kept, size=(3, d, d)) / kept).astype(dtype)
        mask_u, mask_w, mask_wh = np.concatenate(of_data, axis=-1), np.concatenate(of_weights[:2], -1), of_weights[2]

    def states(X: Any, U: Any, w: Any, wh: Any, b: Any, s0: Any) -> Any:
        U, w, b = (np.concatenate(parts, axis=-1) for parts in (U, w, b))
        a = (X.reshape(times * n, c) @ U).reshape(times, n, 3 * d)
        if dropout:
            a, w, wh = a * mask_u, w * mask_w, wh * mask_wh
        a, w, wh, s0 = (x if x.dtype == dtype else x.astype(dtype) for x in (a + b, w, wh, s0))
        return _recurrence(a, w, wh, s0, limit=limit)[0]

    return called(states, X, (Uz, Ur, Uh), (Wz, Wr), Wh, (bz, br, bh), s0, constant=constant)
