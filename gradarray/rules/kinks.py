"""Derivatives that a convention sets to zero: what their own derivative is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import primitive
from ..registry import rule
from ..tape import Array
from ..wrapping import PLAIN


def at_kink(value: Array, ok: Array, x: Array) -> Array:
    """Return a derivative that is 0 by convention where not `ok`, since the function has none there.

    To the next order the zero is no constant: nearby the derivative is another one. So its derivative by `x`, on which
    the value depends, is NaN there. That costs nothing where nothing is differentiated once more.
    """
    if type(value) in PLAIN or np.all(ok):
        return value
    return undefined_beyond(value, ok, x)


@primitive
def undefined_beyond(value: Array, ok: Array, x: Array) -> Array:
    """Return the value; its derivative is NaN where not `ok`."""
    return np.positive(value)


def _jvp(tangents: Any, ans: Array, _value: Array, ok: Array, _x: Array) -> Array:
    t, _, tx = tangents
    return np.where(ok, np.zeros_like(ans) if t is None else t, 0 if tx is None else np.nan)


rule(
    undefined_beyond,
    lambda g, _ans, _value, ok, _x: np.where(ok, g, 0),
    # Whatever the cotangent: that it is zero at this point does not mean that it is zero nearby.
    lambda g, _ans, _value, ok, _x: np.where(ok, 0, np.nan * g),
    jvp=_jvp,
    skip=("ok",),
    holomorphic=False,
)
