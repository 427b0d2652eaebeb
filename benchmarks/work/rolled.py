"""Loops of a few lines, which a trace unrolls into hundreds and thousands of statements.

JAX's column has its own loops, written by hand; another one has what a trace unrolls. What Numba compiles is a loop
forward and one backward, by hand.
"""

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work, rnn

# --- the logistic map -------------------------------------------------------------------------------------------------

TIMES = 1000


def logistic(_xp: Any, rate: Any, x: Any) -> Any:
    total = 0.0
    for _ in range(TIMES):
        x = rate * x * (1 - x)
        total = total + x
    return total


def logistic_jax(_xp: Any, rate: Any, x: Any) -> Any:
    def step(_: Any, carried: Any) -> Any:
        x, total = carried
        x = rate * x * (1 - x)
        return x, total + x

    return import_module("jax.lax").fori_loop(0, TIMES, step, (x, 0.0))[1]


def logistic_by_hand(rate: Any, x: Any) -> tuple[Any, Any]:
    rate, x = rate.item(), x.item()
    states = np.empty(TIMES)
    total = 0.0
    for k in range(TIMES):
        states[k] = x
        x = rate * x * (1 - x)
        total = total + x
    g, g_rate = 0.0, 0.0
    for k in range(TIMES - 1, -1, -1):
        g = g + 1
        g_rate = g_rate + g * states[k] * (1 - states[k])
        g = g * rate * (1 - 2 * states[k])
    return total, (np.array(g_rate), np.array(g))


def logistic_inputs() -> tuple[Arrays, Arrays]:
    return [np.array(3.2), np.array(0.3)], []


# --- Lennard-Jones ----------------------------------------------------------------------------------------------------


def lennard_jones(xp: Any, positions: Any) -> Any:
    """The energy of particles, whose slope is minus the forces on them."""
    energy = 0.0
    for i in range(len(positions)):
        for j in range(i):
            apart = positions[i] - positions[j]
            inverse6 = 1 / xp.sum(apart * apart) ** 3
            energy = energy + 4 * (inverse6 * inverse6 - inverse6)
    return energy


def lennard_jones_jax(xp: Any, positions: Any) -> Any:
    def step(energy: Any, pair: Any) -> Any:
        apart = positions[pair[0]] - positions[pair[1]]
        inverse6 = 1 / xp.sum(apart * apart) ** 3
        return energy + 4 * (inverse6 * inverse6 - inverse6), None

    pairs = np.stack(np.tril_indices(len(positions), -1), axis=1)
    return import_module("jax.lax").scan(step, 0.0, pairs)[0]


def lennard_jones_by_hand(positions: Any) -> tuple[Any, Any]:
    energy, slopes = 0.0, np.zeros(positions.shape)
    for i in range(len(positions)):
        for j in range(i):
            x = positions[i, 0] - positions[j, 0]
            y = positions[i, 1] - positions[j, 1]
            z = positions[i, 2] - positions[j, 2]
            inverse2 = 1 / (x * x + y * y + z * z)
            inverse6 = inverse2 * inverse2 * inverse2
            energy = energy + 4 * (inverse6 * inverse6 - inverse6)
            strength = 24 * (inverse6 - 2 * inverse6 * inverse6) * inverse2
            slopes[i, 0] += strength * x
            slopes[i, 1] += strength * y
            slopes[i, 2] += strength * z
            slopes[j, 0] -= strength * x
            slopes[j, 1] -= strength * y
            slopes[j, 2] -= strength * z
    return energy, (slopes,)


def lennard_jones_inputs() -> tuple[Arrays, Arrays]:
    grid = np.stack(np.meshgrid(*[np.arange(3.0)] * 3), axis=-1).reshape(-1, 3)
    return [1.2 * grid[:20] + np.random.default_rng(0).normal(scale=0.05, size=(20, 3))], []


# --- the heat equation ------------------------------------------------------------------------------------------------

MOMENTS = 200


def heat(xp: Any, rate: Any, start: Any, target: Any) -> Any:
    """How far the heat in a rod, whose ends stay as they are, is from a target."""
    u = start * 1.0
    for _ in range(MOMENTS):
        u[1:-1] += rate * (u[2:] - 2 * u[1:-1] + u[:-2])
    return xp.sum((u - target) ** 2)


def heat_rewritten(xp: Any, rate: Any, start: Any, target: Any) -> Any:
    u = start
    for _ in range(MOMENTS):
        inner = u[1:-1] + rate * (u[2:] - 2 * u[1:-1] + u[:-2])
        u = xp.concatenate((u[:1], inner, u[-1:]))
    return xp.sum((u - target) ** 2)


def heat_jax(xp: Any, rate: Any, start: Any, target: Any) -> Any:
    def step(_: Any, u: Any) -> Any:
        return u.at[1:-1].add(rate * (u[2:] - 2 * u[1:-1] + u[:-2]))

    return xp.sum((import_module("jax.lax").fori_loop(0, MOMENTS, step, start) - target) ** 2)


def heat_by_hand(rate: Any, start: Any, target: Any) -> tuple[Any, Any]:
    u, curves, g_rate = start.copy(), np.empty((MOMENTS, len(start) - 2)), 0.0
    for k in range(MOMENTS):
        curves[k] = u[2:] - 2 * u[1:-1] + u[:-2]
        u[1:-1] += rate * curves[k]
    error = u - target
    g = 2 * error
    for k in range(MOMENTS - 1, -1, -1):
        g_rate += np.dot(g[1:-1], curves[k])
        g_curve = rate * g[1:-1]
        g[1:-1] -= 2 * g_curve
        g[2:] += g_curve
        g[:-2] += g_curve
    return np.sum(error * error), (np.asarray(g_rate), g)


def heat_by_numba(rate: Any, start: Any, target: Any) -> tuple[Any, Any]:
    n, r, value, g_rate = len(start), rate.item(), 0.0, 0.0
    u, curves, g = start.copy(), np.empty((MOMENTS, n)), np.empty(n)
    for k in range(MOMENTS):
        for i in range(1, n - 1):
            curves[k, i] = u[i + 1] - 2 * u[i] + u[i - 1]
        for i in range(1, n - 1):
            u[i] += r * curves[k, i]
    for i in range(n):
        value += (u[i] - target[i]) ** 2
        g[i] = 2 * (u[i] - target[i])
    new = g.copy()
    for k in range(MOMENTS - 1, -1, -1):
        for i in range(1, n - 1):
            g_rate += g[i] * curves[k, i]
        for i in range(2, n - 2):
            new[i] = g[i] + r * (g[i + 1] - 2 * g[i] + g[i - 1])
        new[0], new[n - 1] = g[0] + r * g[1], g[n - 1] + r * g[n - 2]
        new[1], new[n - 2] = g[1] + r * (g[2] - 2 * g[1]), g[n - 2] + r * (g[n - 3] - 2 * g[n - 2])
        g, new = new, g
    return value, (np.array(g_rate), g)


def heat_inputs() -> tuple[Arrays, Arrays]:
    x = np.linspace(0, 1, 100)
    return [np.array(0.3), np.exp(-50 * (x - 0.3) ** 2)], [np.full(100, 0.2)]


# --- a recurrent network ----------------------------------------------------------------------------------------------

WORDS = 50


def recurrent_jax(xp: Any, w_in: Any, w_hidden: Any, bias: Any, xs: Any, h: Any, target: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        return xp.tanh(x @ w_in + h @ w_hidden + bias), None

    return xp.mean((import_module("jax.lax").scan(step, h, xs)[0] - target) ** 2)


def recurrent_by_numba(w_in: Any, w_hidden: Any, bias: Any, xs: Any, h: Any, target: Any) -> tuple[Any, Any]:
    steps, rows, columns = len(xs), len(h), len(bias)
    states = np.empty((steps + 1, rows, columns))
    states[0] = h
    for t in range(steps):
        before, more = np.dot(xs[t], w_in), np.dot(states[t], w_hidden)
        for i in range(rows):
            for j in range(columns):
                states[t + 1, i, j] = np.tanh(before[i, j] + more[i, j] + bias[j])
    value, g = 0.0, np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            error = states[steps, i, j] - target[i, j]
            value += error * error / g.size
            g[i, j] = 2 / g.size * error
    g_in, g_hidden, g_bias = np.zeros_like(w_in), np.zeros_like(w_hidden), np.zeros_like(bias)
    for t in range(steps - 1, -1, -1):
        for i in range(rows):
            for j in range(columns):
                g[i, j] *= 1 - states[t + 1, i, j] * states[t + 1, i, j]
                g_bias[j] += g[i, j]
        g_in += np.dot(xs[t].T, g)
        g_hidden += np.dot(states[t].T, g)
        g = np.dot(g, w_hidden.T)
    return value, (g_in, g_hidden, g_bias)


# --- layers that are alike --------------------------------------------------------------------------------------------

LAYERS, ROWS, WIDTH = 10, 16, 32


def layers(xp: Any, weights: Any, biases: Any, x: Any) -> Any:
    for k in range(LAYERS):
        x = xp.tanh(x @ weights[k] + biases[k])
    return xp.mean(x * x)


def layers_jax(xp: Any, weights: Any, biases: Any, x: Any) -> Any:
    def step(x: Any, layer: Any) -> Any:
        return xp.tanh(x @ layer[0] + layer[1]), None

    x = import_module("jax.lax").scan(step, x, (weights, biases))[0]
    return xp.mean(x * x)


def layers_by_hand(weights: Any, biases: Any, x: Any) -> tuple[Any, Any]:
    states = [x]
    for weight, bias in zip(weights, biases, strict=True):
        states.append(np.tanh(states[-1] @ weight + bias))
    g = 2 / states[-1].size * states[-1]
    g_weights, g_biases = np.empty_like(weights), np.empty_like(biases)
    for k in reversed(range(LAYERS)):
        g = g * (1 - states[k + 1] * states[k + 1])
        g_weights[k] = states[k].T @ g
        g_biases[k] = np.sum(g, axis=0)
        g = g @ weights[k].T
    return np.mean(states[-1] * states[-1]), (g_weights, g_biases)


def layers_by_numba(weights: Any, biases: Any, x: Any) -> tuple[Any, Any]:
    rows, columns = x.shape
    states = np.empty((LAYERS + 1, rows, columns))
    states[0] = x
    for k in range(LAYERS):
        product = np.dot(states[k], weights[k])
        for i in range(rows):
            for j in range(columns):
                states[k + 1, i, j] = np.tanh(product[i, j] + biases[k, j])
    value, g = 0.0, np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            value += states[LAYERS, i, j] ** 2 / g.size
            g[i, j] = 2 / g.size * states[LAYERS, i, j]
    g_weights, g_biases = np.empty_like(weights), np.zeros_like(biases)
    for k in range(LAYERS - 1, -1, -1):
        for i in range(rows):
            for j in range(columns):
                g[i, j] *= 1 - states[k + 1, i, j] * states[k + 1, i, j]
                g_biases[k, j] += g[i, j]
        g_weights[k] = np.dot(states[k].T, g)
        g = np.dot(g, weights[k].T)
    return value, (g_weights, g_biases)


def layers_inputs() -> tuple[Arrays, Arrays]:
    rng = np.random.default_rng(0)
    weights, biases = rng.normal(size=(LAYERS, WIDTH, WIDTH)) / 6, rng.normal(size=(LAYERS, WIDTH)) / 3
    return [weights, biases], [rng.normal(size=(ROWS, WIDTH))]


WORKS = [
    Work(
        "logistic-1000",
        f"a recurrence of {TIMES} steps, x = rate * x * (1 - x)",
        logistic_inputs,
        logistic,
        logistic_by_hand,
        {"jax": logistic_jax, "jax unrolled": logistic, "numba": logistic_by_hand},
    ),
    Work(
        "lennard-jones-20",
        "energy and forces of 20 particles by a loop over pairs",
        lennard_jones_inputs,
        lennard_jones,
        lennard_jones_by_hand,
        {"jax": lennard_jones_jax, "jax unrolled": lennard_jones, "numba": lennard_jones_by_hand},
    ),
    Work(
        "heat-200",
        f"{MOMENTS} steps of the heat equation on 100 points, in place",
        heat_inputs,
        heat,
        heat_by_hand,
        {"autograd": heat_rewritten, "jax": heat_jax, "numba": heat_by_numba},
        {"jax unrolled": "it takes more than five minutes to compile"},
    ),
    Work(
        f"rnn-{WORDS}",
        f"{WORDS} steps of tanh, batch {rnn.BATCH}, hidden {rnn.HIDDEN}",
        lambda: rnn.inputs(WORDS),
        rnn.loss,
        rnn.by_hand,
        {"jax": recurrent_jax, "jax unrolled": rnn.loss, "numba": recurrent_by_numba},
    ),
    Work(
        f"layers-{LAYERS}",
        f"{LAYERS} equal layers of tanh, batch {ROWS}, width {WIDTH}",
        layers_inputs,
        layers,
        layers_by_hand,
        {"jax": layers_jax, "jax unrolled": layers, "numba": layers_by_numba},
    ),
]
