"""The functions of neural networks, as each library has them; a GRU is written out where its own is another one."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.libraries import Arrays, Loss
from benchmarks.work import Work

NONE = "has no such function"
Function = Callable[..., Any]  # function(the library's nnet, *leaves)
Pullback = Callable[[Any], Arrays]
ByHand = Callable[..., tuple[Any, Pullback]]  # the result, and what takes its cotangent to those of the leaves


def row(
    name: str, size: str, leaves: Callable[[Any], Arrays], function: Function, by_hand: ByHand, torch: Any = None
) -> Work:
    """Return the work that takes the sum of a function's result times fixed weights."""

    def inputs() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(0)
        given = leaves(rng)
        # Of one sign, so that little is lost of a sum in single precision.
        return given, [np.asarray(rng.uniform(0.5, 1.5, np.shape(by_hand(*given)[0])), np.result_type(*given))]

    def loss_of(library: str) -> Loss:
        # Imported by who calls it: a process loads no other library than its own.
        def loss(xp: Any, *arrays: Any) -> Any:
            return xp.sum(function(import_module(f"{library}.nnet"), *arrays[:-1]) * arrays[-1])

        return loss

    def summed(*arrays: Any) -> tuple[Any, Arrays]:
        result, pull = by_hand(*arrays[:-1])
        return np.sum(result * arrays[-1]), pull(arrays[-1])

    styles: dict[str, Loss] = {"gradarray": loss_of("gradarray"), "mygrad": loss_of("mygrad")}
    if torch is not None:
        styles["torch"] = lambda xp, *arrays: xp.sum(torch(xp, *arrays[:-1]) * arrays[-1])
    missing = dict.fromkeys({"torch", "autograd", "jax"} - set(styles), NONE)
    return Work(f"nnet-{name}", f"{name.replace('-', ' ')}, {size}", inputs, styles["mygrad"], summed, styles, missing)


# --- activations ----------------------------------------------------------------------------------------------------


def activation(name: str, function: Function, value: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Work:
    def by_hand(x: Any) -> tuple[Any, Pullback]:
        return value(x), lambda g: [g * slope(x)]

    return row(name, "32 x 100", lambda rng: [rng.normal(size=(32, 100))], function, by_hand)


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def glu_by_hand(x: Any) -> tuple[Any, Pullback]:
    a, b = np.split(x, 2, axis=-1)
    gate = logistic(b)
    return a * gate, lambda g: [np.concatenate((g * gate, g * a * gate * (1 - gate)), axis=-1)]


def softmax_by_hand(x: Any) -> tuple[Any, Pullback]:
    p = np.exp(x - np.max(x, axis=-1, keepdims=True))
    p /= np.sum(p, axis=-1, keepdims=True)
    return p, lambda g: [p * (g - np.sum(g * p, axis=-1, keepdims=True))]


def logsoftmax_by_hand(x: Any) -> tuple[Any, Pullback]:
    shifted = x - np.max(x, axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    return log_p, lambda g: [g - np.exp(log_p) * np.sum(g, axis=-1, keepdims=True)]


ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805

ACTIVATIONS = [
    activation(
        "elu",
        lambda nn, x: nn.elu(x, 0.5),
        lambda x: np.where(x < 0, 0.5 * np.expm1(x), x),
        lambda x: np.where(x < 0, 0.5 * np.exp(x), 1),
    ),
    row("glu", "32 x 100", lambda rng: [rng.normal(size=(32, 100))], lambda nn, x: nn.glu(x), glu_by_hand),
    activation("hard_tanh", lambda nn, x: nn.hard_tanh(x), lambda x: np.clip(x, -1, 1), lambda x: np.abs(x) < 1),
    activation(
        "leaky_relu",
        lambda nn, x: nn.leaky_relu(x, 0.1),
        lambda x: np.where(x < 0, 0.1 * x, x),
        lambda x: np.where(x < 0, 0.1, 1),
    ),
    row(
        "logsoftmax",
        "32 x 100",
        lambda rng: [rng.normal(size=(32, 100))],
        lambda nn, x: nn.logsoftmax(x),
        logsoftmax_by_hand,
    ),
    activation("relu", lambda nn, x: nn.relu(x), lambda x: np.maximum(x, 0), lambda x: x > 0),
    activation(
        "selu",
        lambda nn, x: nn.selu(x),
        lambda x: SCALE * np.where(x < 0, ALPHA * np.expm1(x), x),
        lambda x: SCALE * np.where(x < 0, ALPHA * np.exp(x), 1),
    ),
    activation("sigmoid", lambda nn, x: nn.sigmoid(x), logistic, lambda x: logistic(x) * (1 - logistic(x))),
    activation(
        "soft_sign", lambda nn, x: nn.soft_sign(x), lambda x: x / (1 + np.abs(x)), lambda x: (1 + np.abs(x)) ** -2
    ),
    row("softmax", "32 x 100", lambda rng: [rng.normal(size=(32, 100))], lambda nn, x: nn.softmax(x), softmax_by_hand),
    activation("tanh", lambda nn, x: nn.tanh(x), np.tanh, lambda x: 1 - np.tanh(x) ** 2),
]

# --- losses ---------------------------------------------------------------------------------------------------------

N, C = 64, 10
ROWS, LABELS = np.arange(N), np.random.default_rng(1).integers(C, size=N)
SIGNS = np.random.default_rng(2).choice([-1, 1], N)
WEIGHTS = np.random.default_rng(3).uniform(0.5, 2, C)


def in_place_of_labels(values: Any) -> Any:
    found = np.zeros((N, C))
    found[ROWS, LABELS] = values
    return found


def crossentropy_by_hand(x: Any) -> tuple[Any, Pullback]:
    log_p, _ = logsoftmax_by_hand(x)
    back = (np.exp(log_p) - in_place_of_labels(1)).astype(x.dtype, copy=False)
    return -np.mean(log_p[ROWS, LABELS]), lambda g: [g / N * back]


def hinge_by_hand(x: Any) -> tuple[Any, Pullback]:
    excess = np.maximum(x - x[ROWS, LABELS][:, np.newaxis] + 1, 0)
    excess[ROWS, LABELS] = 0
    within = (excess > 0) - in_place_of_labels(np.sum(excess > 0, axis=1))
    return np.sum(excess) / N, lambda g: [g / N * within]


def focal_by_hand(p: Any) -> tuple[Any, Pullback]:
    right = p[ROWS, LABELS]
    wrong = 1 - right
    slope = 2 * wrong * np.log(right) - wrong**2 / right
    return -(wrong**2) * np.log(right), lambda g: [in_place_of_labels(g * slope)]


def softmax_focal_by_hand(x: Any) -> tuple[Any, Pullback]:
    p, back = softmax_by_hand(x)
    value, pull = focal_by_hand(p)
    return value, lambda g: back(pull(g)[0])


def ranking_by_hand(x1: Any, x2: Any) -> tuple[Any, Pullback]:
    signs = SIGNS[:, np.newaxis]
    excess = np.maximum(0.5 - signs * (x1 - x2), 0)

    def pull(g: Any) -> Arrays:
        back = g / x1.size * signs * (excess > 0)
        return [-back, back]

    return np.mean(excess), pull


def likelihood_by_hand(log_p: Any) -> tuple[Any, Pullback]:
    factors = WEIGHTS[LABELS] / N
    return -np.sum(log_p[ROWS, LABELS] * factors), lambda g: [in_place_of_labels(-g * factors)]


def loss(name: str, function: Function, by_hand: ByHand, leaves: Callable[[Any], Arrays]) -> Work:
    return row(name, f"{N} x {C}", leaves, function, by_hand)


def scores(rng: Any) -> Arrays:
    return [rng.normal(size=(N, C))]


def probabilities(rng: Any) -> Arrays:
    return [rng.uniform(0.1, 0.9, size=(N, C))]


LOSSES = [
    loss("focal_loss", lambda nn, p: nn.focal_loss(p, LABELS, gamma=2.0), focal_by_hand, probabilities),
    loss(
        "margin_ranking_loss",
        lambda nn, x1, x2: nn.margin_ranking_loss(x1, x2, SIGNS, 0.5),
        ranking_by_hand,
        lambda rng: [rng.normal(size=(N, C)), rng.normal(size=(N, C))],
    ),
    loss("multiclass_hinge", lambda nn, x: nn.multiclass_hinge(x, LABELS), hinge_by_hand, scores),
    loss(
        "negative_log_likelihood",
        lambda nn, x: nn.negative_log_likelihood(x, LABELS, weights=WEIGHTS),
        likelihood_by_hand,
        scores,
    ),
    loss("softmax_crossentropy", lambda nn, x: nn.softmax_crossentropy(x, LABELS), crossentropy_by_hand, scores),
    loss(
        "softmax_focal_loss",
        lambda nn, x: nn.softmax_focal_loss(x, LABELS, gamma=2.0),
        softmax_focal_by_hand,
        scores,
    ),
]

# --- layers ---------------------------------------------------------------------------------------------------------


def batchnorm_by_hand(x: Any, gamma: Any, beta: Any) -> tuple[Any, Pullback]:
    axes = 0, 2, 3
    gamma, beta = gamma[:, np.newaxis, np.newaxis], beta[:, np.newaxis, np.newaxis]
    y = x - np.mean(x, axis=axes, keepdims=True)
    scale = 1 / np.sqrt(np.mean(y**2, axis=axes, keepdims=True) + 1e-5)
    y *= scale

    def pull(g: Any) -> Arrays:
        inner = g * gamma
        means = np.mean(inner, axis=axes, keepdims=True), np.mean(inner * y, axis=axes, keepdims=True)
        return [scale * (inner - means[0] - y * means[1]), np.sum(g * y, axis=axes), np.sum(g, axis=axes)]

    return gamma * y + beta, pull


def conv_by_hand(x: Any, w: Any) -> tuple[Any, Pullback]:
    side = x.shape[-1]
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))  # (N, C, G, G, 3, 3)

    def pull(g: Any) -> Arrays:
        back = np.zeros_like(padded)
        for i, j in np.ndindex(3, 3):
            back[:, :, i : i + side, j : j + side] += np.einsum("nfgh,fc->ncgh", g, w[:, :, i, j], optimize=True)
        return [back[:, :, 1:-1, 1:-1], np.tensordot(g, windows, ((0, 2, 3), (0, 2, 3)))]

    return np.moveaxis(np.tensordot(windows, w, ((1, 4, 5), (1, 2, 3))), -1, 1), pull


def pool_by_hand(x: Any) -> tuple[Any, Pullback]:
    n, c, side, _ = x.shape
    flat = x.reshape(n, c, side // 2, 2, side // 2, 2).swapaxes(3, 4).reshape(n, c, side // 2, side // 2, 4)
    best = np.argmax(flat, axis=-1)[..., np.newaxis]

    def pull(g: Any) -> Arrays:
        back = np.zeros_like(flat)
        np.put_along_axis(back, best, g[..., np.newaxis], axis=-1)
        return [back.reshape(n, c, side // 2, side // 2, 2, 2).swapaxes(3, 4).reshape(x.shape)]

    return np.take_along_axis(flat, best, axis=-1)[..., 0], pull


def gru_by_hand(X: Any, *weights: Any) -> tuple[Any, Pullback]:
    uz, wz, bz, ur, wr, br, uh, wh, bh = weights
    s, saved = np.zeros((X.shape[1], len(wz))), []
    states = [s]
    for x in X:
        z, r = logistic(x @ uz + s @ wz + bz), logistic(x @ ur + s @ wr + br)
        h = np.tanh(x @ uh + (r * s) @ wh + bh)
        saved.append((x, s, z, r, h))
        s = (1 - z) * h + z * s
        states.append(s)

    def pull(g: Any) -> Arrays:
        found: list[Any] = [np.zeros_like(X), *[np.zeros_like(weight) for weight in weights]]
        delta = g[-1]
        for t in reversed(range(len(X))):
            x, s, z, r, h = saved[t]
            to_h = delta * (1 - z) * (1 - h * h)
            to_rs = to_h @ wh.T
            to_z, to_r = delta * (s - h) * z * (1 - z), to_rs * s * r * (1 - r)
            for place, gate, before in ((1, to_z, s), (4, to_r, s), (7, to_h, r * s)):
                found[place] += x.T @ gate
                found[place + 1] += before.T @ gate
                found[place + 2] += np.sum(gate, axis=0)
            found[0][t] = to_z @ uz.T + to_r @ ur.T + to_h @ uh.T
            delta = delta * z + to_rs * r + to_z @ wz.T + to_r @ wr.T + g[t]
        return found

    return np.stack(states), pull


def gru_of_torch(xp: Any, X: Any, *weights: Any) -> Any:
    uz, wz, bz, ur, wr, br, uh, wh, bh = weights
    s = xp.zeros((X.shape[1], len(wz)), dtype=X.dtype)
    states = [s]
    for from_z, from_r, from_h in zip(X @ uz + bz, X @ ur + br, X @ uh + bh, strict=True):
        z, r = xp.sigmoid(from_z + s @ wz), xp.sigmoid(from_r + s @ wr)
        h = xp.tanh(from_h + (r * s) @ wh)
        s = (1 - z) * h + z * s
        states.append(s)
    return xp.stack(states)


def of_unit(rng: Any) -> Arrays:
    times, batch, size = 20, 32, 64
    weights = [rng.normal(size=shape) / 8 for shape in ((size, size), (size, size), (size,)) * 3]
    return [rng.normal(size=(times, batch, size)), *weights]


LAYERS = [
    row(
        "batchnorm",
        "32 x 16 x 16 x 16",
        lambda rng: [rng.normal(size=(32, 16, 16, 16)), rng.normal(size=16), rng.normal(size=16)],
        lambda nn, x, gamma, beta: nn.batchnorm(x, gamma=gamma, beta=beta, eps=1e-5),
        batchnorm_by_hand,
        lambda xp, x, gamma, beta: xp.nn.functional.batch_norm(x, None, None, gamma, beta, training=True),
    ),
    row(
        "conv_nd",
        "32 x 3 x 32 x 32, 16 filters of 3 x 3",
        lambda rng: [rng.normal(size=(32, 3, 32, 32)), rng.normal(size=(16, 3, 3, 3))],
        lambda nn, x, w: nn.conv_nd(x, w, stride=1, padding=1),
        conv_by_hand,
        lambda xp, x, w: xp.nn.functional.conv2d(x, w, padding=1),
    ),
    row(
        "gru",
        "20 steps, batch 32, 64 x 64",
        of_unit,
        lambda nn, *arrays: nn.gru(*arrays),
        gru_by_hand,
        gru_of_torch,
    ),
    row(
        "max_pool",
        "32 x 16 x 32 x 32, windows of 2 x 2",
        lambda rng: [rng.normal(size=(32, 16, 32, 32))],
        lambda nn, x: nn.max_pool(x, (2, 2), 2),
        pool_by_hand,
        lambda xp, x: xp.nn.functional.max_pool2d(x, 2),
    ),
]

# --- small ones, and single precision -------------------------------------------------------------------------------
# What a function costs beside its arithmetic shows where that is little.


def single(rng: Any, *shape: int) -> Any:
    return np.asarray(rng.normal(size=shape), np.float32)


def pair_by_hand(x1: Any, x2: Any) -> tuple[Any, Pullback]:
    excess = np.maximum(0.5 - (x1 - x2), 0)

    def pull(g: Any) -> Arrays:
        back = g / x1.size * (excess > 0)
        return [-back, back]

    return np.mean(excess), pull


def batchnorm_alone_by_hand(x: Any) -> tuple[Any, Pullback]:
    channels = x.shape[1]
    value, pull = batchnorm_by_hand(x, np.ones(channels, x.dtype), np.zeros(channels, x.dtype))
    return value, lambda g: pull(g)[:1]


def of_small_unit(rng: Any) -> Arrays:
    times, batch, size = 5, 4, 8
    weights = [rng.normal(size=shape) / 8 for shape in ((size, size), (size, size), (size,)) * 3]
    return [rng.normal(size=(times, batch, size)), *weights]


SMALL = [
    row(
        "batchnorm-small",
        "8 x 4 x 6 x 6, without factors",
        lambda rng: [rng.normal(size=(8, 4, 6, 6))],
        lambda nn, x: nn.batchnorm(x, eps=1e-5),
        batchnorm_alone_by_hand,
    ),
    row(
        "elu-single",
        "32 x 100, single precision",
        lambda rng: [single(rng, 32, 100)],
        lambda nn, x: nn.elu(x, 0.5),
        lambda x: (np.where(x < 0, 0.5 * np.expm1(x), x), lambda g: [g * np.where(x < 0, 0.5 * np.exp(x), 1)]),
    ),
    row("gru-small", "5 steps, batch 4, 8 x 8", of_small_unit, lambda nn, *arrays: nn.gru(*arrays), gru_by_hand),
    row(
        "margin_ranking_loss-small",
        "4 x 3, one sign",
        lambda rng: [rng.normal(size=(4, 3)), rng.normal(size=(4, 3))],
        lambda nn, x1, x2: nn.margin_ranking_loss(x1, x2, 1, 0.5),
        pair_by_hand,
    ),
    row(
        "sigmoid-single",
        "100 x 100, single precision",
        lambda rng: [single(rng, 100, 100)],
        lambda nn, x: nn.sigmoid(x),
        lambda x: (logistic(x), lambda g: [g * logistic(x) * (1 - logistic(x))]),
    ),
    row(
        "softmax-single",
        "32 x 100, single precision",
        lambda rng: [single(rng, 32, 100)],
        lambda nn, x: nn.softmax(x),
        softmax_by_hand,
    ),
    row(
        "softmax_crossentropy-single",
        f"{N} x {C}, single precision",
        lambda rng: [single(rng, N, C)],
        lambda nn, x: nn.softmax_crossentropy(x, LABELS),
        crossentropy_by_hand,
    ),
]

WORKS = [*ACTIVATIONS, *LOSSES, *LAYERS, *SMALL]
