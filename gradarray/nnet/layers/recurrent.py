"""Gated recurrent units.

All of a layer is one step on the tape, which saves the gates; back through time goes by hand. What the data bring to
the gates is one product of matrices for all times.
"""

# ruff: noqa: NPY002 - the draws are those of numpy.random.seed, as MyGrad's

from __future__ import annotations

import operator
from typing import Any

import numpy as np

import gradarray as ga

from ..activations import _sigmoid
from ..calls import called, floating, telling

# Where the three stand side by side, r comes first and h last: its weights meet what r lets through.


def _weights(W: tuple[Any, ...], U: tuple[Any, ...], b: tuple[Any, ...], kept: Any) -> Any:
    """Return the weights of states, those of r and z together, and of h; the weights of data; and the summands."""
    if kept is not None:
        W = tuple([weight * mask for weight, mask in zip(W, kept, strict=True)])
    return np.concatenate(W[:2], axis=1), W[2], np.concatenate(U, axis=1), np.concatenate(b)


def _from_data(X: Any, u: Any, b: Any, kept: Any) -> Any:
    """Return what the data bring to r, z and h at all times, of shape (T, N, 3 * D)."""
    times, n, c = X.shape
    a = np.dot(X.reshape(times * n, c), u).reshape(times, n, len(b))
    return (a if kept is None else a * kept) + b


@ga.registry.primitive(saves=True, silent=True)  # the reciprocal of infinity is right
def _gru(
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
    s0: Any,
    *,
    limit: int,
    trained: bool,
    kept_data: Any,
    kept_weights: Any,
) -> Any:
    """Return the states, of shape (T + 1, N, D), and r and z side by side, and h."""
    dtype = np.result_type(X, Uz, Wz, bz, Ur, Wr, br, Uh, Wh, bh)
    w, w_h, u, b = _weights((Wr, Wz, Wh), (Ur, Uz, Uh), (br, bz, bh), kept_weights)
    a = _from_data(X, u, b, kept_data).astype(dtype, copy=False)
    w, w_h = w.astype(dtype, copy=False), w_h.astype(dtype, copy=False)
    (times, n, _), d = X.shape, len(bz)
    s = np.empty((times + 1, n, d), dtype)
    gates, h = np.empty((times, n, 2 * d), dtype), np.empty((times, n, d), dtype)
    now, minus_w, one = s[0], -w, np.array(1, dtype)
    now[...] = s0
    parts = s[1:], -a[..., : 2 * d], a[..., 2 * d :], gates, gates[..., :d], gates[..., d:], h
    # In the forms of a call that take the least time, which is most of all where a layer is small.
    add, multiply = np.add, np.multiply
    for after, to_gate, to_candidate, gate, r, z, candidate in zip(*parts, strict=True):
        now.dot(minus_w, gate)
        add(gate, to_gate, gate)
        np.exp(gate, gate)
        add(gate, one, gate)
        np.reciprocal(gate, gate)
        multiply(r, now, after)
        after.dot(w_h, candidate)
        add(candidate, to_candidate, candidate)
        np.tanh(candidate, candidate)
        np.subtract(now, candidate, after)
        multiply(after, z, after)
        add(after, candidate, after)
        now = after
    return s, (gates, h, w, w_h, u)


def _gru_vjp(
    g: Any,
    ans: Any,
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
    _s0: Any,
    *,
    limit: int,
    trained: bool,
    kept_data: Any,
    kept_weights: Any,
    saved: Any = None,
) -> Any:
    (times, n, c), d = X.shape, ans.shape[-1]
    s = ans[:-1]
    if saved is None:
        w, w_h, u, b = _weights((Wr, Wz, Wh), (Ur, Uz, Uh), (br, bz, bh), kept_weights)
        a = _from_data(X, u, b, kept_data)
        gates = _sigmoid(s @ w + a[..., : 2 * d])
        h = np.tanh((gates[..., :d] * s) @ w_h + a[..., 2 * d :])
    else:
        gates, h, w, w_h, u = saved
    r, z = gates[..., :d], gates[..., d:]
    # By what r * s, z and h depend on r, s after and s after, before they are squashed.
    of_gates = gates * (1 - gates)
    of_r, of_z, of_h = s * of_gates[..., :d], (s - h) * of_gates[..., d:], (1 - z) * (1 - h * h)
    slopes = r, z, of_r, of_z, of_h
    if limit < times:
        g_a, g_s0 = _back_some_steps(g, slopes, w.T, w_h.T, limit)
    elif {type(g), type(w), type(w_h), *map(type, slopes)} == {np.ndarray}:
        g_a, g_s0 = _back(g, gates, slopes, w.T, w_h.T)
    else:
        delta, found = g[-1], []
        for t in reversed(range(times)):
            delta, to_all = _back_a_step(delta, [slope[t] for slope in slopes], w.T, w_h.T)
            delta = delta + g[t]
            found.append(to_all)
        g_a, g_s0 = np.stack(found[::-1]) if found else np.concatenate((gates, h), axis=-1), delta
    from_data = (g_a if kept_data is None else g_a * kept_data).reshape(times * n, 3 * d)
    g_x = np.dot(from_data, u.T).reshape(X.shape)
    if not trained:
        return g_x, *[None] * 9, g_s0
    g_a, s, r_s = g_a.reshape(times * n, 3 * d), s.reshape(times * n, d), (r * s).reshape(times * n, d)
    g_u = np.dot(X.reshape(times * n, c).T, from_data)
    g_b = np.add.reduce(g_a, 0) if type(g_a) is np.ndarray else np.sum(g_a, axis=0)
    g_w, g_wh = np.dot(s.T, g_a[:, : 2 * d]), np.dot(r_s.T, g_a[:, 2 * d :])
    g_wr, g_wz = g_w[:, :d], g_w[:, d:]
    if kept_weights is not None:
        g_wr, g_wz, g_wh = (weight * mask for weight, mask in zip((g_wr, g_wz, g_wh), kept_weights, strict=True))
    at_r, at_z, at_h = slice(d), slice(d, 2 * d), slice(2 * d, None)
    g_z, g_r = (g_u[:, at_z], g_wz, g_b[at_z]), (g_u[:, at_r], g_wr, g_b[at_r])
    return g_x, *g_z, *g_r, g_u[:, at_h], g_wh, g_b[at_h], g_s0


def _back_a_step(delta: Any, slopes: Any, w_back: Any, wh_back: Any) -> tuple[Any, Any]:
    """Return what comes to the state before, and to r, z and h, from what came to the one after."""
    r, z, of_r, of_z, of_h = slopes
    to_h = delta * of_h
    to_rs = to_h @ wh_back
    to_gates = np.concatenate((to_rs * of_r, delta * of_z), axis=-1)
    return delta * z + to_rs * r + to_gates @ w_back, np.concatenate((to_gates, to_h), axis=-1)


def _back(g: Any, gates: Any, slopes: Any, w_back: Any, wh_back: Any) -> tuple[Any, Any]:
    """Do the same for all times, one after the other, of plain arrays and in memory that is used again."""
    _, _, of_r, of_z, of_h = slopes
    times, n, d = of_r.shape
    found = np.empty((times, n, 3, d), g.dtype)
    flat = found.reshape(times, n, 3 * d)
    both, more = np.empty((2, n, d), g.dtype), np.empty((n, d), g.dtype)
    to_rs, delta = both
    delta[...] = g[-1]
    of_others = np.empty((times, 2, n, d), of_z.dtype)
    of_others[:, 0], of_others[:, 1] = of_z, of_h
    parts = (
        *(g[:-1], gates.reshape(times, n, 2, d).swapaxes(1, 2), of_r, of_others),
        *(found[:, :, 0], found[:, :, 1:].swapaxes(1, 2), flat[..., : 2 * d], flat[..., 2 * d :]),
    )
    steps = zip(*[part[::-1] for part in parts], strict=True)
    add, multiply = np.add, np.multiply
    for g_now, keep, to_r_by, to_others_by, to_r, to_others, to_gates, to_h in steps:
        multiply(delta, to_others_by, to_others)
        to_h.dot(wh_back, to_rs)
        multiply(to_rs, to_r_by, to_r)
        multiply(both, keep, both)
        add(delta, to_rs, delta)
        to_gates.dot(w_back, more)
        add(delta, more, delta)
        add(delta, g_now, delta)
    return flat, delta


def _back_some_steps(g: Any, slopes: Any, w_back: Any, wh_back: Any, limit: int) -> tuple[Any, Any]:
    """Do the same for all times at once, so that nothing goes back more steps than `limit`."""
    new = total = g[1:]
    for _ in range(limit):
        before, _ = _back_a_step(new, slopes, w_back, wh_back)
        new = np.concatenate((before[1:], np.zeros((1, *g.shape[1:]), g.dtype)))
        total = total + new
    before, to_all = _back_a_step(total, slopes, w_back, wh_back)
    return to_all, before[0] + g[0]


# What the weights brought, if they are trained, is asked for by all of them together.
ga.registry.rule(_gru, joint=_gru_vjp, holomorphic=False)


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
    X, bz = floating(X, "X"), floating(bz, "bz")
    if X.ndim != 3 or bz.ndim != 1:
        raise ValueError(f"`X` must have shape (T, N, C) and `bz` shape (D,), got {X.shape} and {bz.shape}")
    (times, n, c), (d,) = X.shape, bz.shape

    def of_shape(name: str, value: Any, wanted: tuple[int, ...]) -> Any:
        value = floating(value, name)
        if value.shape != wanted:
            raise ValueError(f"`{name}` must have shape {wanted}, got {value.shape}")
        return value

    Uz, Ur, Uh = of_shape("Uz", Uz, (c, d)), of_shape("Ur", Ur, (c, d)), of_shape("Uh", Uh, (c, d))
    Wz, Wr, Wh = of_shape("Wz", Wz, (d, d)), of_shape("Wr", Wr, (d, d)), of_shape("Wh", Wh, (d, d))
    br, bh = of_shape("br", br, (d,)), of_shape("bh", bh, (d,))
    s0 = np.zeros((n, d), X.dtype) if s0 is None else of_shape("s0", s0, (n, d))
    limit = times
    if bp_lim is not None:
        limit = operator.index(bp_lim)
        if not 0 <= limit < times:
            raise ValueError(f"`bp_lim` must be in [0, {times}), got {limit}")
    if not 0 <= dropout < 1:
        raise ValueError(f"`dropout` must be in [0, 1), got {dropout}")
    if limit == times - 1:
        limit = times
    kept_data: Any = None
    kept_weights: Any = None
    if dropout:
        kept = 1 - dropout
        dtype = np.result_type(*[x.dtype for x in (X, Uz, Wz, bz, Ur, Wr, br, Uh, Wh, bh)])
        # They are drawn for z, r and h.
        kept_data = (np.random.binomial(1, kept, size=(3, 1, n, d)) / kept).astype(dtype)[[1, 0, 2]]
        kept_data = np.concatenate(kept_data, axis=-1)
        kept_weights = (np.random.binomial(1, kept, size=(3, d, d)) / kept).astype(dtype)[[1, 0, 2]]
    given = X, Uz, Wz, bz, Ur, Wr, br, Uh, Wh, bh, s0
    options = {"limit": limit, "kept_data": kept_data, "kept_weights": kept_weights}
    # Which of two ways is shorter, if only the data have a derivative.
    trained = not all(type(weight) is np.ndarray for weight in given[1:-1])
    return called(_gru, *given, trained=trained, constant=constant, **options)
