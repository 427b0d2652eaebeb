"""What goes with a rotation's vector: matrices from angular rates to its own rate and back, and what curves them.

They are functions of the angle's square, which are smooth at 0: series there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....tape.wrapping import bare
from .rotations import scalar_last, series, squares

_COUNT = 10


def _smooth(square: Any, of_angle: Any, terms: list[float]) -> Any:
    small = bare(square) < 0.3
    angle = np.sqrt(np.where(small, 1.0, square))
    near = np.where(small, square, 0.0)
    return np.where(small, series(near, *terms), of_angle(angle))


def _alternating(term: Any) -> list[float]:
    return [(-1) ** j * term(j) for j in range(_COUNT)]


# (1 - x/2 cot(x/2)) / x**2, by Bernoulli's numbers
_COTANGENTS = [1 / 12, 1 / 720, 1 / 30240, 1 / 1209600, 1 / 47900160, 691 / 1307674368000, 1 / 74724249600]
_COTANGENTS += [3617 / 10670622842880000, 43867 / 5109094217170944000]
_COSINES = _alternating(lambda j: 1 / math.factorial(2 * j + 2))
_SINES = _alternating(lambda j: 1 / math.factorial(2 * j + 3))
_FIRST = _alternating(lambda j: (2 * j + 2) / math.factorial(2 * j + 4))
_SECOND = _alternating(lambda j: -(2 * j + 2) / math.factorial(2 * j + 5))


def _skew(v: Any) -> Any:
    x, y, z = (v[..., i] for i in range(3))
    none = 0.0 * x
    rows = [[none, -z, y], [z, none, -x], [-y, x, none]]
    return np.stack([scalar_last(*row) for row in rows], axis=-2)


def of_rates(v: Any) -> Any:
    """Return the matrices that make of angular rates the rates of rotation vectors."""
    square, skew = squares(v), _skew(v)
    k = _smooth(square, lambda a: (1 - 0.5 * a / np.tan(0.5 * a)) / a**2, _COTANGENTS)
    return np.eye(3) + 0.5 * skew + k[..., None, None] * (skew @ skew)


def of_dots(v: Any) -> Any:
    """Return the matrices that make of the rates of rotation vectors angular rates."""
    square, skew = squares(v), _skew(v)
    k1 = _smooth(square, lambda a: (1 - np.cos(a)) / a**2, _COSINES)
    k2 = _smooth(square, lambda a: (a - np.sin(a)) / a**3, _SINES)
    return np.eye(3) - k1[..., None, None] * skew + k2[..., None, None] * (skew @ skew)


def turning_rate(v: Any, dots: Any) -> Any:
    """Return the part of the angular acceleration that is quadratic in the rates of rotation vectors."""
    square = squares(v)
    k1 = _smooth(square, lambda a: (-a * np.sin(a) - 2 * (np.cos(a) - 1)) / a**4, _FIRST)[..., None]
    k2 = _smooth(square, lambda a: (-2 * a + 3 * np.sin(a) - a * np.cos(a)) / a**5, _SECOND)[..., None]
    k3 = _smooth(square, lambda a: (a - np.sin(a)) / a**3, _SINES)[..., None]
    cross = np.cross(v, dots)
    along = np.sum(v * dots, axis=-1)[..., None]
    return along * (k1 * cross + k2 * np.cross(v, cross)) + k3 * np.cross(dots, cross)
