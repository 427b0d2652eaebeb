"""Rotations between rotations at given times: along arcs, and along smooth curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial import transform

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ..declared import makers, methods
from ..values import as_double, as_library, from_library, looked_at, no_variable
from .rotations import MODULE, as_rotvec, half_turn, holding, product, quaternion
from .screws import of_dots, of_rates, turning_rate
from .turning import inv, multiply


def _slerp_init(self: Any, times: Any, rotations: Any) -> None:
    no_variable(f"{MODULE}.Slerp", times=times)
    q = quaternion(rotations)
    plain = transform.Rotation(np.asarray(bare(q)), normalize=False)
    transform.Slerp.__init__(self, bare(times), plain)  # SciPy's own errors
    self.rotations = holding(q[:-1])
    self.rotvecs = as_rotvec(multiply(inv(self.rotations), holding(q[1:])))


@from_library
def _between(q: Array, vectors: Array, share: Array, *, which: Array) -> Array:
    start = transform.Rotation(q[which], normalize=False)
    return np.asarray((start * transform.Rotation.from_rotvec(vectors[which] * share[:, None])).as_quat())


def _slerp_call(self: Any, times: Any) -> Any:
    t = as_double(times)
    at, known = np.reshape(t, (-1,)), np.asarray(self.times)
    if np.ndim(t) > 1:
        raise ValueError("`times` must be at most 1-dimensional.")
    which = np.searchsorted(known, bare(at)) - 1
    which = np.where(bare(at) == known[0], 0, which)
    if np.any((which < 0) | (which > len(known) - 2)):
        raise ValueError(f"Interpolation times must be within the range [{known[0]}, {known[-1]}], both inclusive.")
    share = (at - known[which]) / np.asarray(self.timedelta)[which]
    q, vectors = quaternion(self.rotations), self.rotvecs
    made = product(q[which], half_turn(vectors[which] * share[:, None]))
    found = as_library(made, _between, q, vectors, share, which=which)
    return holding(found if np.ndim(t) else found[0])


# --- along smooth curves ----------------------------------------------------------------------------------------------
# Between two rotations the vector from the first one is a cubic of time; that the acceleration is continuous gives
# equations for the rates, in which it is a quadratic function of these.


def _spline_init(self: Any, times: Any, rotations: Any) -> None:
    no_variable(f"{MODULE}.RotationSpline", times=times)
    q = quaternion(rotations)
    plain = transform.Rotation(np.asarray(bare(q)), normalize=False)
    transform.RotationSpline.__init__(self, looked_at(times), plain)  # SciPy's own errors
    solved = np.asarray(bare(self.interpolator.c))[2]
    dt = np.diff(self.times)[:, None]
    vectors = as_rotvec(multiply(inv(holding(q[:-1])), holding(q[1:])))
    rates, dots = _rates(vectors, dt, solved)
    c = [
        (-2 * vectors + dt * rates + dt * dots) / dt**3,
        (3 * vectors - 2 * dt * rates - dt * dots) / dt**2,
        rates,
        0 * vectors,
    ]
    self.rotations, self._coefficients = holding(q), np.stack(c)


def _rates(vectors: Any, dt: Array, solved: Array) -> tuple[Any, Any]:
    """Return the rates of the vectors at both ends of each interval: that at the first one is the angular rate."""
    rates = vectors / dt
    n = np.shape(vectors)[0]
    if n == 1:
        return rates, rates
    to_dots, to_rates = of_rates(vectors), of_dots(vectors)
    first = rates[0]
    middle = 4 * (1 / dt[:-1] + 1 / dt[1:])
    b = 6 * (vectors[:-1] / dt[:-1] ** 2 + vectors[1:] / dt[1:] ** 2)
    ends = [2 / dt[0] * (to_rates[0] @ first), 2 / dt[-1] * (to_dots[-1] @ rates[-1])]

    def short(x: Any) -> Any:
        """Return what does not vanish when the rates solve the equations, which is zero when they do."""
        found = [middle[i] * x[i] - b[i] for i in range(n - 1)]
        for i in range(n - 1):
            before = ends[0] if i == 0 else 2 / dt[i] * (to_rates[i] @ x[i - 1])
            after = ends[1] if i == n - 2 else 2 / dt[i + 1] * (to_dots[i + 1] @ x[i + 1])
            found[i] = found[i] + before + after
        return np.stack(found) + turning_rate(vectors[:-1], np.sum(to_dots[:-1] * x[:, None], axis=-1))

    x = solved[1:]
    slopes = _slopes(bare(to_dots), bare(to_rates), bare(vectors), dt, x)
    for _ in range(4):  # each is right to one more order of the derivatives
        x = x - np.reshape(np.linalg.solve(slopes, np.reshape(short(x), -1)), (n - 1, 3))
    dots = np.concatenate([np.sum(to_dots[:-1] * x[:, None], axis=-1), (to_dots[-1] @ rates[-1])[None]])
    return np.concatenate([first[None], x]), dots


def _slopes(to_dots: Array, to_rates: Array, vectors: Array, dt: Array, x: Array) -> Array:
    """Return the derivative of what vanishes by the rates, at bare values; of a quadratic function, by a difference."""
    n = len(vectors)
    found = np.zeros((n - 1, 3, n - 1, 3))
    steps = np.eye(3)
    for i in range(n - 1):
        found[i, :, i] = np.eye(3) * 4 * (1 / dt[i] + 1 / dt[i + 1])
        if i:
            found[i, :, i - 1] = 2 / dt[i] * to_rates[i]
        if i < n - 2:
            found[i, :, i + 1] = 2 / dt[i + 1] * to_dots[i + 1]
        for j in range(3):
            ends = [turning_rate(vectors[i : i + 1], (to_dots[i] @ (x[i] + h * steps[j]))[None])[0] for h in (1, -1)]
            found[i, :, i, j] += (ends[0] - ends[1]) / 2
    return np.reshape(found, (3 * (n - 1), 3 * (n - 1)))


@from_library
def _on_curve(q: Array, times: Array, *, known: Array, order: int) -> Array:
    found = transform.RotationSpline(known, transform.Rotation(q, normalize=False))(times, order)
    return np.asarray(found.as_quat() if order == 0 else found)


def _spline_call(self: Any, times: Any, order: int = 0) -> Any:
    if order not in (0, 1, 2):
        raise ValueError("`order` must be 0, 1 or 2.")
    t, known = as_double(times), np.asarray(self.times)
    if np.ndim(t) > 1:
        raise ValueError("`times` must be at most 1-dimensional.")
    if not hasattr(self, "_coefficients"):  # made of constants
        _spline_init(self, known, self.rotations)
    at, q, c = np.reshape(t, (-1,)), quaternion(self.rotations), self._coefficients
    which = np.clip(np.searchsorted(known, bare(at), side="right") - 1, 0, len(known) - 2)
    s = (at - known[which])[:, None]
    vectors = ((c[0][which] * s + c[1][which]) * s + c[2][which]) * s
    dots = (3 * c[0][which] * s + 2 * c[1][which]) * s + c[2][which]
    if order == 0:
        made = product(q[which], half_turn(vectors))
    else:
        turn = of_dots(vectors)
        made = np.sum(turn * (dots if order == 1 else 6 * c[0][which] * s + 2 * c[1][which])[:, None], axis=-1)
        if order == 2:
            made = made + turning_rate(vectors, dots)
    found = as_library(made, _on_curve, q, at, known=known, order=order)
    found = found if np.ndim(t) else found[0]
    return found if order else holding(found)


methods(MODULE, "Slerp", __init__=_slerp_init, __call__=_slerp_call)
methods(MODULE, "RotationSpline", __init__=_spline_init, __call__=_spline_call)
makers(MODULE, "Slerp", "RotationSpline")
