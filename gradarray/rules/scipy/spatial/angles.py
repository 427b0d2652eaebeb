"""Angles about three axes in turn: Euler's, about those of the coordinates, and Davenport's, about others."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....tape.wrapping import bare
from ..declared import makers, methods
from ..values import as_double, valued
from .rotations import MODULE, half_turn, holding, in_radians, made_of, product, quaternion, read, scalar_last


def from_euler(seq: str, angles: Any, degrees: bool = False) -> Any:
    given = as_double(angles)
    rows = np.reshape(in_radians(given, degrees), (-1, len(seq)))
    q: Any = None
    for i, letter in enumerate(seq.lower()):
        half = rows[:, i] / 2
        none = 0.0 * half
        parts = [none, none, none, np.cos(half)]
        parts["xyz".index(letter) if letter in "xyz" else 0] = np.sin(half)
        one = scalar_last(*parts)
        q = one if q is None else product(q, one) if seq.isupper() else product(one, q)
    value = made_of(bare(given), how="from_euler", options=((seq,), {"degrees": degrees}))
    return holding(valued(np.reshape(q, np.shape(value)), value))


def as_euler(self: Any, seq: str, degrees: bool = False, *, suppress_warnings: bool = False) -> Any:
    """Return angles, as in E. Bernardes and S. Viollet, Quaternion to Euler angles conversion (2022)."""
    q = quaternion(self)
    value = read(bare(q), how="as_euler", options={"seq": seq, "degrees": degrees, "suppress_warnings": True})
    outer = seq.lower() == seq
    i, j, k = ("xyz".index(letter) for letter in (seq if outer else seq[::-1]).lower())
    same = i == k
    k = 3 - i - j if same else k
    sign = (i - j) * (j - k) * (k - i) // 2
    parts = [q[..., n] for n in range(4)]
    if same:
        a, b, c, d = parts[3], parts[i], parts[j], parts[k] * sign
    else:
        a, b = parts[3] - parts[j], parts[i] + parts[k] * sign
        c, d = parts[j] + parts[3], parts[k] * sign - parts[i]
    up, down = c * c + d * d, a * a + b * b
    _refuse_lock(up, down, "as_euler")
    middle = 2 * np.arctan2(np.sqrt(up), np.sqrt(down)) - (0 if same else np.pi / 2)
    total, apart = np.arctan2(b, a), np.arctan2(d, c)
    first, third = total - apart, (total + apart) * (1 if same else sign)
    if not outer:
        first, third = total + apart, total - apart
        first = first * (1 if same else sign)
    found = scalar_last(first, middle, third)
    return valued(found * (180 / np.pi) if degrees else found, value)


def _refuse_lock(up: Any, down: Any, name: str) -> None:
    if np.any(bare(up) < 1e-14) or np.any(bare(down) < 1e-14):
        raise TypeError(
            f"{MODULE}.Rotation.{name} of a variable: in gimbal lock only a sum of two angles is known, which have no "
            "derivative there; take as_rotvec, as_quat or as_matrix"
        )


# --- Davenport's angles -----------------------------------------------------------------------------------------------


def _axes(axes: Any) -> Any:
    axes = as_double(axes)
    axes = axes[None] if np.ndim(axes) == 1 else axes
    return axes / np.sqrt(np.sum(axes * axes, axis=-1, keepdims=True))


def _is_outer(order: str) -> bool:
    return order in ("e", "extrinsic")


def from_davenport(axes: Any, order: str, angles: Any, degrees: bool = False) -> Any:
    value = made_of(bare(as_double(angles)), how="from_davenport", options=((bare(axes), order), {"degrees": degrees}))
    n, rows = _axes(axes), in_radians(as_double(angles), degrees)
    rows = rows[None] if np.ndim(rows) == 0 else rows
    q: Any = None
    for i in range(np.shape(n)[-2]):
        one = half_turn(rows[..., i, None] * n[..., i, :])
        q = one if q is None else product(one, q) if _is_outer(order) else product(q, one)
    return holding(valued(np.reshape(q, np.shape(value)), value))


def as_davenport(self: Any, axes: Any, order: str, degrees: bool = False, *, suppress_warnings: bool = False) -> Any:
    """Return angles, as in I. Bar-Itzhack and others, as_euler has them for two of the three axes."""
    q = quaternion(self)
    options = {"axes": bare(axes), "order": order, "degrees": degrees, "suppress_warnings": True}
    value = read(bare(q), how="as_davenport", options=options)
    n = _axes(axes)
    first, n2, third = (n[..., i, :] for i in range(3))
    n1, n3 = (first, third) if _is_outer(order) else (third, first)
    cross = np.cross(n1, n2)
    between = np.arctan2(np.sum(n3 * cross, axis=-1), np.sum(n3 * n1, axis=-1))
    turned = np.where(bare(between) < 0, -1.0, 1.0)  # the same turns, with the middle one the other way round
    between, n2, cross = between * turned, n2 * turned[..., None], cross * turned[..., None]
    half = np.concatenate([np.sin(between / 2)[..., None] * n2, np.cos(between / 2)[..., None]], axis=-1)
    moved = product(half, q)
    vector, a = moved[..., :3], moved[..., 3]
    b, c, d = (np.sum(vector * x, axis=-1) for x in (n1, n2, cross))
    up, down = c * c + d * d, a * a + b * b
    _refuse_lock(up, down, "as_davenport")
    middle = (2 * np.arctan2(np.sqrt(up), np.sqrt(down)) - between) * turned
    total, apart = np.arctan2(b, a), np.arctan2(d, c)
    ends = (total - apart, total + apart) if _is_outer(order) else (total + apart, total - apart)
    found = scalar_last(ends[0], middle, ends[1])
    return valued(found * (180 / np.pi) if degrees else found, value)


methods(
    MODULE,
    "Rotation",
    from_euler=from_euler,
    as_euler=as_euler,
    from_davenport=from_davenport,
    as_davenport=as_davenport,
)
makers(MODULE, "from_euler", "from_davenport")
