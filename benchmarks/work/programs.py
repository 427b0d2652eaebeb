"""Programs as anybody writes them in NumPy: arrays of zeros, filled in a loop. Not a word in them is about derivatives.

gradarray takes them as they stand. autograd, whose arrays cannot be assigned to, and JAX, whose loops are its own, have
them rewritten.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.libraries import BY_STYLE, JIT, STEPS, Arrays, Loss
from benchmarks.work import Program, Ways

# --- a Kalman filter --------------------------------------------------------------------------------------------------


def kalman_filter(noise: Any, transition: Any, emission: Any, measured: Any) -> Any:
    """Minus the log-likelihood of what is measured, for the logarithms of two variances."""
    process_noise = np.exp(noise[0]) * np.eye(2)
    measurement_noise = np.exp(noise[1])
    state = np.zeros(2)
    covariance = np.eye(2)
    innovations = np.zeros(len(measured))
    variances = np.zeros(len(measured))
    for k in range(len(measured)):
        state = transition @ state
        covariance = transition @ covariance @ transition.T + process_noise
        innovations[k] = measured[k] - emission @ state
        variances[k] = emission @ covariance @ emission + measurement_noise
        gain = covariance @ emission / variances[k]
        state = state + gain * innovations[k]
        covariance = covariance - np.outer(gain, emission @ covariance)
    return 0.5 * np.sum(np.log(2 * np.pi * variances) + innovations**2 / variances)


def kalman_autograd(xp: Any, noise: Any, transition: Any, emission: Any, measured: Any) -> Any:
    process_noise = xp.exp(noise[0]) * np.eye(2)
    measurement_noise = xp.exp(noise[1])
    state, covariance, total = np.zeros(2), np.eye(2), 0.0
    for k in range(len(measured)):
        state = xp.dot(transition, state)
        covariance = xp.dot(xp.dot(transition, covariance), transition.T) + process_noise
        innovation = measured[k] - xp.dot(emission, state)
        variance = xp.dot(xp.dot(emission, covariance), emission) + measurement_noise
        gain = xp.dot(covariance, emission) / variance
        state = state + gain * innovation
        covariance = covariance - xp.outer(gain, xp.dot(emission, covariance))
        total = total + 0.5 * (xp.log(2 * np.pi * variance) + innovation**2 / variance)
    return total


def kalman_jax(xp: Any, noise: Any, transition: Any, emission: Any, measured: Any) -> Any:
    def step(carried: Any, z: Any) -> Any:
        state, covariance = carried
        state = transition @ state
        covariance = transition @ covariance @ transition.T + xp.exp(noise[0]) * xp.eye(2)
        innovation = z - emission @ state
        variance = emission @ covariance @ emission + xp.exp(noise[1])
        gain = covariance @ emission / variance
        state = state + gain * innovation
        covariance = covariance - xp.outer(gain, emission @ covariance)
        return (state, covariance), 0.5 * (xp.log(2 * xp.pi * variance) + innovation**2 / variance)

    return xp.sum(import_module("jax.lax").scan(step, (xp.zeros(2), xp.eye(2)), measured)[1])


def kalman_by_hand(noise: Any, transition: Any, emission: Any, measured: Any) -> tuple[Any, Arrays]:
    process, measurement = np.exp(noise[0]), np.exp(noise[1])
    state, covariance, value, saved = np.zeros(2), np.eye(2), 0.0, []
    for z in measured:
        state = transition @ state
        covariance = transition @ covariance @ transition.T + process * np.eye(2)
        seen = covariance @ emission
        innovation, variance = z - emission @ state, emission @ seen + measurement
        saved.append((seen, innovation, variance))
        state = state + seen * (innovation / variance)
        covariance = covariance - np.outer(seen, seen) / variance
        value += 0.5 * (np.log(2 * np.pi * variance) + innovation**2 / variance)
    g_state, g_covariance, g_process, g_measurement = np.zeros(2), np.zeros((2, 2)), 0.0, 0.0
    for seen, innovation, variance in reversed(saved):
        g_seen = g_state * (innovation / variance) - (g_covariance + g_covariance.T) @ seen / variance
        g_innovation = (g_state @ seen + innovation) / variance
        g_variance = 0.5 / variance - 0.5 * innovation**2 / variance**2
        g_variance += (seen @ g_covariance @ seen - g_state @ seen * innovation) / variance**2
        g_measurement += g_variance
        g_seen = g_seen + g_variance * emission
        g_covariance = g_covariance + np.outer(g_seen, emission)
        g_state = g_state - g_innovation * emission
        g_process += np.trace(g_covariance)
        g_covariance = transition.T @ g_covariance @ transition
        g_state = transition.T @ g_state
    return value, [np.array([g_process * process, g_measurement * measurement])]


def kalman_inputs() -> tuple[Arrays, Arrays]:
    measured = np.cumsum(np.random.default_rng(0).normal(size=50))
    return [np.array([-1.0, 0.5])], [np.array([[1.0, 0.1], [0.0, 1.0]]), np.array([1.0, 0.0]), measured]


# --- Lennard-Jones ----------------------------------------------------------------------------------------------------


def lennard_jones(positions: Any, velocities: Any, dt: Any) -> Any:
    """The energy after a step of particles that attract and repel each other in pairs."""
    n = len(positions)
    forces = np.zeros((n, 3))
    for i in range(n):
        apart = positions[i] - positions
        r2 = np.sum(apart**2, axis=1)
        r2[i] = 1.0
        inverse6 = 1.0 / r2**3
        strength = 24.0 * (2.0 * inverse6**2 - inverse6) / r2
        strength[i] = 0.0
        forces[i] = np.sum(strength[:, np.newaxis] * apart, axis=0)
    moved = velocities + dt * forces
    energy = 0.5 * np.sum(moved**2)
    positions = positions + dt * moved
    for i in range(n - 1):
        r2 = np.sum((positions[i] - positions[i + 1 :]) ** 2, axis=1)
        energy += np.sum(4.0 * (1.0 / r2**6 - 1.0 / r2**3))
    return energy


def lennard_jones_rewritten(xp: Any, positions: Any, velocities: Any, dt: Any) -> Any:
    n = len(positions)
    forces = []
    for i in range(n):
        others = np.delete(np.arange(n), i)
        apart = positions[i] - positions[others]
        r2 = xp.sum(apart**2, axis=1)
        inverse6 = 1.0 / r2**3
        forces.append(xp.sum((24.0 * (2.0 * inverse6**2 - inverse6) / r2)[:, np.newaxis] * apart, axis=0))
    moved = velocities + dt * xp.stack(forces)
    energy = 0.5 * xp.sum(moved**2)
    positions = positions + dt * moved
    for i in range(n - 1):
        r2 = xp.sum((positions[i] - positions[i + 1 :]) ** 2, axis=1)
        energy = energy + xp.sum(4.0 * (1.0 / r2**6 - 1.0 / r2**3))
    return energy


def lennard_jones_by_hand(positions: Any, velocities: Any, dt: Any) -> tuple[Any, Arrays]:
    n = len(positions)
    own = np.arange(n)

    def pairs(positions: Any) -> tuple[Any, Any, Any]:
        apart = positions[:, None] - positions
        r2 = np.sum(apart * apart, axis=2)
        r2[own, own] = np.inf
        inverse2 = 1 / r2
        return apart, inverse2, inverse2**3

    apart, inverse2, inverse6 = pairs(positions)
    strength = 24 * (2 * inverse6 * inverse6 - inverse6) * inverse2
    moved = velocities + dt * np.sum(strength[:, :, None] * apart, axis=1)
    apart_then, inverse2_then, inverse6_then = pairs(positions + dt * moved)
    value = 0.5 * np.sum(moved * moved) + 2 * np.sum(inverse6_then * inverse6_then - inverse6_then)
    strength_then = 24 * (2 * inverse6_then * inverse6_then - inverse6_then) * inverse2_then
    g = -np.sum(strength_then[:, :, None] * apart_then, axis=1)
    g_forces = dt * (moved + dt * g)
    g_apart = strength[:, :, None] * g_forces[:, None]
    slope = 24 * (4 - 14 * inverse6) * inverse6 * inverse2 * inverse2  # of the strength by the square of the distance
    g_apart += (2 * slope * np.sum(g_forces[:, None] * apart, axis=2))[:, :, None] * apart
    return value, [g + np.sum(g_apart, axis=1) - np.sum(g_apart, axis=0)]


def lennard_jones_inputs() -> tuple[Arrays, Arrays]:
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(*[np.arange(3.0)] * 3), axis=-1).reshape(-1, 3)
    return [1.2 * grid[:20] + rng.normal(scale=0.05, size=(20, 3))], [rng.normal(size=(20, 3)), np.array(0.001)]


# --- the diffusion of heat --------------------------------------------------------------------------------------------


def heat(conductivity: Any, start: Any, target: Any) -> Any:
    """How far the heat in a rod is from a target, after many steps of finite differences."""
    steps = 100
    n = len(start)
    u = np.zeros((steps + 1, n))
    u[0] = start
    for k in range(steps):
        flux = 0.4 * conductivity * (u[k, 1:] - u[k, :-1])
        u[k + 1, 1:-1] = u[k, 1:-1] + flux[1:] - flux[:-1]
        u[k + 1, 0] = u[k + 1, 1]
        u[k + 1, -1] = u[k + 1, -2]
    return np.sum((u[-1] - target) ** 2)


def heat_rewritten(xp: Any, conductivity: Any, start: Any, target: Any) -> Any:
    u = start
    for _ in range(100):
        flux = 0.4 * conductivity * (u[1:] - u[:-1])
        inner = u[1:-1] + flux[1:] - flux[:-1]
        u = xp.concatenate((inner[:1], inner, inner[-1:]))
    return xp.sum((u - target) ** 2)


def heat_jax(xp: Any, conductivity: Any, start: Any, target: Any) -> Any:
    def step(_: Any, u: Any) -> Any:
        flux = 0.4 * conductivity * (u[1:] - u[:-1])
        inner = u[1:-1] + flux[1:] - flux[:-1]
        return xp.concatenate((inner[:1], inner, inner[-1:]))

    return xp.sum((import_module("jax.lax").fori_loop(0, 100, step, start) - target) ** 2)


def heat_by_hand(conductivity: Any, start: Any, target: Any) -> tuple[Any, Arrays]:
    u, slopes = start, []
    for _ in range(100):
        slope = u[1:] - u[:-1]
        slopes.append(slope)
        flux = 0.4 * conductivity * slope
        new = np.empty_like(u)
        new[1:-1] = u[1:-1] + flux[1:] - flux[:-1]
        new[0], new[-1] = new[1], new[-2]
        u = new
    error = u - target
    g, gradient = 2 * error, np.zeros_like(conductivity)
    for slope in reversed(slopes):
        g[1] += g[0]
        g[-2] += g[-1]
        g[0] = g[-1] = 0
        g_flux = 0.4 * (g[:-1] - g[1:])
        g_flux[0], g_flux[-1] = -0.4 * g[1], 0.4 * g[-2]
        gradient += g_flux * slope
        g_slope = g_flux * conductivity
        g[1:] += g_slope
        g[:-1] -= g_slope
    return error @ error, [gradient]


def heat_inputs() -> tuple[Arrays, Arrays]:
    x = np.linspace(0, 1, 101)
    return [0.5 + 0.3 * np.sin(9 * x[1:])], [np.exp(-50 * (x - 0.3) ** 2), np.full(101, 0.2)]


# --- diffusion in a plane ---------------------------------------------------------------------------------------------


def diffusion(conductivity: Any, start: Any, target: Any) -> Any:
    """How far the heat in a plate is from a target, after many steps of finite differences."""
    u = np.zeros(start.shape)
    u[:] = start
    for _ in range(50):
        un = u.copy()
        u[1:-1, 1:-1] = (
            un[1:-1, 1:-1]
            + conductivity[1:-1, 1:-1] * (un[1:-1, 2:] - 2 * un[1:-1, 1:-1] + un[1:-1, :-2])
            + conductivity[1:-1, 1:-1] * (un[2:, 1:-1] - 2 * un[1:-1, 1:-1] + un[:-2, 1:-1])
        )
        u[0, :] = 1
        u[-1, :] = 1
        u[:, 0] = 1
        u[:, -1] = 1
    return np.sum((u - target) ** 2)


def curved(u: Any) -> Any:
    return u[1:-1, 2:] + u[1:-1, :-2] + u[2:, 1:-1] + u[:-2, 1:-1] - 4 * u[1:-1, 1:-1]


def diffusion_rewritten(xp: Any, conductivity: Any, start: Any, target: Any) -> Any:
    u = start
    for _ in range(50):
        inner = u[1:-1, 1:-1] + conductivity[1:-1, 1:-1] * curved(u)
        u = xp.pad(inner, 1, mode="constant", constant_values=1.0)
    return xp.sum((u - target) ** 2)


def diffusion_jax(xp: Any, conductivity: Any, start: Any, target: Any) -> Any:
    def step(_: Any, u: Any) -> Any:
        return xp.pad(u[1:-1, 1:-1] + conductivity[1:-1, 1:-1] * curved(u), 1, constant_values=1.0)

    return xp.sum((import_module("jax.lax").fori_loop(0, 50, step, start) - target) ** 2)


def diffusion_by_hand(conductivity: Any, start: Any, target: Any) -> tuple[Any, Arrays]:
    u, curves, inner = start, [], (slice(1, -1), slice(1, -1))
    for _ in range(50):
        curve = curved(u)
        curves.append(curve)
        new = np.ones_like(u)
        new[inner] = u[inner] + conductivity[inner] * curve
        u = new
    error = u - target
    g, gradient = 2 * error, np.zeros_like(conductivity)
    for curve in reversed(curves):
        g_inner = g[inner]
        gradient[inner] += g_inner * curve
        g_curve = g_inner * conductivity[inner]
        g = np.zeros_like(g)
        g[inner] = g_inner - 4 * g_curve
        g[1:-1, 2:] += g_curve
        g[1:-1, :-2] += g_curve
        g[2:, 1:-1] += g_curve
        g[:-2, 1:-1] += g_curve
    return np.sum(error * error), [gradient]


def diffusion_inputs() -> tuple[Arrays, Arrays]:
    start = np.ones((41, 41))
    start[10:21, 10:21] = 2.0
    return [np.random.default_rng(0).uniform(0.05, 0.2, (41, 41))], [start, np.full((41, 41), 1.1)]


# --- a hidden Markov model --------------------------------------------------------------------------------------------


def markov(scores: Any, emission: Any, observed: Any) -> Any:
    """Minus the log-likelihood of what is observed, by the forward pass, for the scores of the transitions."""
    n_states = len(scores)
    transition = np.zeros((n_states, n_states))
    for i in range(n_states):
        row = np.exp(scores[i] - np.max(scores[i]))
        transition[i] = row / np.sum(row)
    alpha = np.zeros((len(observed), n_states))
    scale = np.zeros(len(observed))
    alpha[0] = emission[:, observed[0]] / n_states
    scale[0] = np.sum(alpha[0])
    alpha[0] /= scale[0]
    for t in range(1, len(observed)):
        alpha[t] = alpha[t - 1] @ transition * emission[:, observed[t]]
        scale[t] = np.sum(alpha[t])
        alpha[t] /= scale[t]
    return -np.sum(np.log(scale))


def markov_rewritten(xp: Any, scores: Any, emission: Any, observed: Any) -> Any:
    rows = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    transition = rows / xp.sum(rows, axis=1, keepdims=True)
    alpha = emission[:, observed[0]] / len(scores)
    scale = xp.sum(alpha)
    alpha, value = alpha / scale, -xp.log(scale)
    for t in range(1, len(observed)):
        alpha = xp.dot(alpha, transition) * emission[:, observed[t]]
        scale = xp.sum(alpha)
        alpha, value = alpha / scale, value - xp.log(scale)
    return value


def markov_jax(xp: Any, scores: Any, emission: Any, observed: Any) -> Any:
    rows = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    transition = rows / xp.sum(rows, axis=1, keepdims=True)
    first = emission[:, observed[0]] / len(scores)

    def step(alpha: Any, seen: Any) -> Any:
        alpha = alpha @ transition * emission[:, seen]
        scale = xp.sum(alpha)
        return alpha / scale, xp.log(scale)

    scales = import_module("jax.lax").scan(step, first / xp.sum(first), observed[1:])[1]
    return -xp.log(xp.sum(first)) - xp.sum(scales)


def markov_by_hand(scores: Any, emission: Any, observed: Any) -> tuple[Any, Arrays]:
    rows = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    transition = rows / np.sum(rows, axis=1, keepdims=True)
    likely = emission[:, observed].T
    alpha = likely[0] / len(scores)
    scale = np.sum(alpha)
    alpha, value, saved = alpha / scale, -np.log(scale), []
    for seen in likely[1:]:
        before = alpha
        alpha = before @ transition * seen
        scale = np.sum(alpha)
        alpha = alpha / scale
        value -= np.log(scale)
        saved.append((before, alpha, scale, seen))
    g, g_transition = np.zeros(len(scores)), np.zeros_like(transition)
    for before, after, scale, seen in reversed(saved):
        g = seen * (g - g @ after - 1) / scale
        g_transition += np.outer(before, g)
        g = transition @ g
    return value, [transition * (g_transition - np.sum(transition * g_transition, axis=1, keepdims=True))]


def markov_inputs() -> tuple[Arrays, Arrays]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(8, 8))], [rng.dirichlet(np.ones(12), size=8), rng.integers(12, size=100)]


# --- the works --------------------------------------------------------------------------------------------------------


def program(
    name: str,
    about: str,
    inputs: Callable[[], tuple[Arrays, Arrays]],
    function: Callable[..., Any],
    by_hand: Callable[..., tuple[Any, Arrays]],
    rewritten: Mapping[str, Loss],
) -> Program:
    others = STEPS.keys() - {"gradarray", *JIT, *BY_STYLE, *rewritten}
    left_out = dict.fromkeys(others, "programs are not rewritten for it")
    about = f"{about}, as ordinary NumPy code"
    return Program(f"program-{name}", about, inputs, function, by_hand, rewritten, left_out)


PROGRAMS = [
    program(
        "kalman",
        "log-likelihood by a Kalman filter, 2 states, 50 measurements",
        kalman_inputs,
        kalman_filter,
        kalman_by_hand,
        {"autograd": kalman_autograd, "jax": kalman_jax},
    ),
    program(
        "lennard-jones",
        "energy after a step of 20 particles",
        lennard_jones_inputs,
        lennard_jones,
        lennard_jones_by_hand,
        {"autograd": lennard_jones_rewritten, "jax": lennard_jones_rewritten},
    ),
    program(
        "heat",
        "100 steps of the heat equation on 101 points",
        heat_inputs,
        heat,
        heat_by_hand,
        {"autograd": heat_rewritten, "jax": heat_jax},
    ),
    program(
        "diffusion",
        "50 steps of diffusion on 41 x 41 points",
        diffusion_inputs,
        diffusion,
        diffusion_by_hand,
        {"autograd": diffusion_rewritten, "jax": diffusion_jax},
    ),
    program(
        "markov",
        "forward pass of a hidden Markov model, 8 states, 100 observations",
        markov_inputs,
        markov,
        markov_by_hand,
        {"autograd": markov_rewritten, "jax": markov_jax},
    ),
]

PLAIN, GRADIENT, JITTED = "program(*arrays)", "value_and_grad(*arrays)", "jitted(*arrays)"


def over_plain(work: Program) -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        leaves, constants = work.inputs()
        both = ga.value_and_grad(work.loss)
        jitted = ga.jit(both, strict=True)
        return {"program": work.loss, "value_and_grad": both, "jitted": jitted, "arrays": (*leaves, *constants)}

    return Ways(
        work.name.replace("program", "plain"),
        f"over the plain call: {work.about}",
        [PLAIN, GRADIENT, JITTED],
        names,
        base=PLAIN,
    )


WORKS = [*PROGRAMS, *map(over_plain, PROGRAMS)]
