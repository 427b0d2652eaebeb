"""Rotations: each holds its quaternion, from which and to which all other forms are written in differentiable ``np.*``.

Values are SciPy's own. Before SciPy 1.17 the class is in C, holds no variables, and refuses them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial import transform

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ..values import as_double, as_library, from_library

MODULE = "scipy.spatial.transform"
NAME = f"{MODULE}.Rotation"

# --- objects ----------------------------------------------------------------------------------------------------------


def quaternion(of: Any) -> Any:
    """Return the unit quaternions that an object holds: one of shape (4,), or several of shape (n, 4)."""
    return of._quat[0] if of._single else of._quat


def holding(q: Any, cls: Any = transform.Rotation) -> Any:
    """Return a rotation that holds unit quaternions, which may be variables."""
    if np.ndim(q) > 2:
        raise TypeError(f"{NAME} of a variable: more than one axis of rotations is not known here")
    like = transform.Rotation.identity()
    made = object.__new__(cls)
    made._single, made._xp, made._backend = np.ndim(q) == 1, like._xp, like._backend
    made._quat = q[None] if made._single else q
    return made


@from_library
def made_of(x: Array, *, how: str, options: Any) -> Array:
    return np.asarray(getattr(transform.Rotation, how)(*options[0], x, **options[1]).as_quat())


def taken_from(q: Any, x: Any, how: str, *leading: Any, **options: Any) -> Any:
    """Return rotations of quaternions with SciPy's own values for the same."""
    return holding(as_library(q, made_of, x, how=how, options=(leading, options)))


@from_library
def read(q: Array, *, how: str, options: Any) -> Array:
    return np.asarray(getattr(transform.Rotation(q, normalize=False), how)(**options))


def given_as(x: Any, q: Any, how: str, **options: Any) -> Any:
    return as_library(x, read, q, how=how, options=options)


def scalar_last(*parts: Any) -> Any:
    return np.stack(parts, axis=-1)


def squares(x: Any) -> Any:
    return np.sum(x * x, axis=-1)


def series(x: Any, *coefficients: float) -> Any:
    total: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = c + x * total
    return total


# --- from other forms, and to them ------------------------------------------------------------------------------------


def from_quat(quat: Any, *, scalar_first: bool = False) -> Any:
    q = as_double(quat)
    last = np.roll(q, -1, axis=-1) if scalar_first else q
    return taken_from(
        last / np.sqrt(np.sum(last * last, axis=-1, keepdims=True)), q, "from_quat", scalar_first=scalar_first
    )


def init(self: Any, quat: Any, normalize: bool = True, copy: bool = True, scalar_first: bool = False) -> None:
    if normalize:
        made = from_quat(quat, scalar_first=scalar_first)
    else:
        q = as_double(quat)
        made = holding(np.roll(q, -1, axis=-1) if scalar_first else q)
    self._single, self._quat, self._xp, self._backend = made._single, made._quat, made._xp, made._backend


def as_quat(self: Any, canonical: bool = False, *, scalar_first: bool = False) -> Any:
    q = quaternion(self)
    if canonical:
        same = np.sum(np.sign(read(bare(q), how="as_quat", options={"canonical": True})) * np.sign(bare(q)), axis=-1)
        q = q * np.where(same < 0, -1.0, 1.0)[..., None]
    return np.roll(q, 1, axis=-1) if scalar_first else q * 1.0


def half_turn(v: Any) -> Any:
    """Return the quaternion of a rotation vector: functions of the square of the angle, which are smooth at 0."""
    square = squares(v)
    small = bare(square) < 1e-2
    angle = np.sqrt(np.where(small, 1.0, square))
    near = np.where(small, square, 0.0) / 4
    sine = np.where(small, series(near, 1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880) / 2, np.sin(angle / 2) / angle)
    cosine = np.where(small, series(near, 1, -1 / 2, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800), np.cos(angle / 2))
    return np.concatenate([v * sine[..., None], cosine[..., None]], axis=-1)


def in_radians(x: Any, degrees: bool) -> Any:
    return x * (np.pi / 180) if degrees else x


def from_rotvec(rotvec: Any, degrees: bool = False) -> Any:
    v = as_double(rotvec)
    return taken_from(half_turn(in_radians(v, degrees)), v, "from_rotvec", degrees=degrees)


def vector_of(q: Any) -> Any:
    """Return the rotation vector of a quaternion, of the shorter way round."""
    q = q * np.where(bare(q)[..., 3] < 0, -1.0, 1.0)[..., None]
    v, w = q[..., :3], q[..., 3]
    square = squares(v)
    small = bare(square) < 1e-2 * bare(w) ** 2
    ratio = np.where(small, square, 0.0) / np.where(small, w * w, 1.0)
    size = np.sqrt(np.where(small, 1.0, square))
    terms = [(-1) ** k / (2 * k + 1) for k in range(9)]
    per = np.where(small, series(ratio, *terms) / np.where(small, w, 1.0), np.arctan2(size, w) / size)
    return v * (2 * per)[..., None]


def as_rotvec(self: Any, degrees: bool = False) -> Any:
    v = vector_of(quaternion(self))
    return given_as(v * (180 / np.pi) if degrees else v, quaternion(self), "as_rotvec", degrees=degrees)


def matrix_of(q: Any) -> Any:
    x, y, z, w = (q[..., i] for i in range(4))
    rows = [
        [x * x - y * y - z * z + w * w, 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), -x * x + y * y - z * z + w * w, 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), -x * x - y * y + z * z + w * w],
    ]
    return np.stack([scalar_last(*row) for row in rows], axis=-2)


def as_matrix(self: Any) -> Any:
    return given_as(matrix_of(quaternion(self)), quaternion(self), "as_matrix")


def nearest(m: Any) -> Any:
    """Return the orthogonal matrix next to one, by Newton's steps: each doubles the order of the derivatives, too."""
    done = 0
    for _ in range(60):
        m, before = (m + np.swapaxes(np.linalg.inv(m), -1, -2)) / 2, bare(m)
        done += bool(np.max(np.abs(bare(m) - before), initial=0.0) < 1e-7)
        if done == 3:
            break
    return m


def from_matrix(matrix: Any, *, assume_valid: bool = False) -> Any:
    given = as_double(matrix)
    m = given if assume_valid else nearest(given)
    flat = np.reshape(m, (-1, 3, 3))
    plain = bare(flat)
    trace = plain[:, 0, 0] + plain[:, 1, 1] + plain[:, 2, 2]
    which = np.argmax(np.stack([*(plain[:, i, i] for i in range(3)), trace], axis=-1), axis=-1)
    own, found = flat[:, 0, 0] + flat[:, 1, 1] + flat[:, 2, 2], []
    for i in range(3):  # the greatest part of the quaternion is that of an axis
        j, k = (i + 1) % 3, (i + 2) % 3
        parts: list[Any] = [None] * 4
        parts[i] = 1 - own + 2 * flat[:, i, i]
        parts[j], parts[k] = flat[:, j, i] + flat[:, i, j], flat[:, k, i] + flat[:, i, k]
        parts[3] = flat[:, k, j] - flat[:, j, k]
        found.append(scalar_last(*parts))
    turned = [flat[:, (i + 2) % 3, (i + 1) % 3] - flat[:, (i + 1) % 3, (i + 2) % 3] for i in range(3)]
    found.append(scalar_last(*turned, 1 + own))
    q = np.stack(found)[which, np.arange(len(which))]
    q = q / np.sqrt(np.sum(q * q, axis=-1, keepdims=True))
    q = np.reshape(q, (*np.shape(given)[:-2], 4))
    options = {"assume_valid": True} if assume_valid else {}
    return taken_from(q, given, "from_matrix", **options)


def product(p: Any, q: Any) -> Any:
    """Return the products of quaternions."""
    a, b, c, d = (p[..., i] for i in range(4))
    x, y, z, w = (q[..., i] for i in range(4))
    return scalar_last(
        d * x + a * w + b * z - c * y,
        d * y - a * z + b * w + c * x,
        d * z + a * y - b * x + c * w,
        d * w - a * x - b * y - c * z,
    )


def from_mrp(mrp: Any) -> Any:
    """Return rotations of modified Rodrigues parameters."""
    p = as_double(mrp)
    square = squares(p)[..., None]
    return taken_from(np.concatenate([2 * p, 1 - square], axis=-1) / (1 + square), p, "from_mrp")


def as_mrp(self: Any) -> Any:
    q = quaternion(self)
    turned = q * np.where(bare(q)[..., 3] < 0, -1.0, 1.0)[..., None]
    return given_as(turned[..., :3] / (1 + turned[..., 3:]), q, "as_mrp")
