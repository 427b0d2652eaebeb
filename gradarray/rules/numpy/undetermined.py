"""What a decomposition leaves open: it declares nothing, and is what decompositions and eigenvalues share.

Equal eigenvalues or singular values leave the basis of their vectors open. What does not depend on it, such as the
projector on all of them, or any symmetric function of the values, has its derivative; a loss that depends on it is
refused, as is one that depends on phases, or on which basis of a complement was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...kernels.guests import decided
from ...tape.wrapping import bare, has_variable
from ..kinks import at_kink


def refuse_choice(deviation: Array, g: Array, name: str, what: str) -> None:
    """Raise if a loss changes with a choice that the decomposition leaves open; `g` says what is much.

    The deviation belongs to the columns of matrices, or to pairs of them.
    """
    deviation, g = np.abs(bare(deviation)), np.abs(bare(g))
    if not deviation.size:
        return
    most = np.max(g, axis=(-2, -1), keepdims=True) if g.ndim > 1 else g
    if decided(np.any(deviation > np.finfo(g.dtype).eps ** 0.5 * (most if deviation.ndim == g.ndim else most[..., 0]))):
        raise ValueError(
            f"The gradient of {name} is not defined here: the result depends on {what}, which is not determined by "
            "the matrix. Use what does not depend on it, such as absolute values or the projector v @ v.conj().mT."
        )


def refuse_both(same: Array, g_vectors: Sequence[Array], g_values: Array, name: str, kind: str) -> None:
    """Raise if a loss takes equal values together with their vectors.

    Of a function f of them, as in v @ diag(f(w)) @ v^H, the derivative asks for the slope of f at w, which is in
    neither's cotangent. What takes part in nothing, while others do, has been left out by the loss.
    """
    idle = g_values == 0
    for g in g_vectors:
        idle = idle & np.all(g == 0, axis=-2)
    if not np.all(idle):
        same = same & ~(idle[..., None, :] & idle[..., :, None])
    if decided(np.any(same)):
        raise ValueError(
            f"The gradient of {name} is not known here: {kind}values coincide, and the loss takes them together with "
            f"their {kind}vectors. For a function of the matrix use matrix products, np.linalg.inv or "
            f"np.linalg.matrix_power; of the {kind}values alone, np.linalg.{_VALUES[kind]}; in place of sums over them "
            "np.trace or np.linalg.norm."
        )


_VALUES = {"eigen": "eigvalsh", "singular ": "svdvals"}


def untraced(part: Any, *operands: Array) -> Any:
    """Return a function of our own, or where nothing is differentiated once more its body, which takes a Batch too."""
    return part if has_variable(operands) else part.__wrapped__


def cluster(w: Array) -> Array:
    """Tell which pairs of values coincide, as far as rounding lets one tell: the vectors of each pair are then free."""
    w = bare(w)
    gap = np.abs(w[..., None, :] - w[..., :, None])
    largest = np.max(np.abs(w), axis=-1, initial=0)[..., None, None]
    return (gap <= np.finfo(w.dtype).eps ** 0.5 * largest) & ~np.eye(w.shape[-1], dtype=bool)


def quotient(x: Array, y: Array, pole: Array) -> Array:
    """Return x / y, and 0 at poles, where the derivative of the quotient is not known, and where y is 0."""
    skip = pole | (bare(y) == 0)
    return at_kink(np.where(skip, 0 * x, x / np.where(skip, 1, y)), pole, x)  # 0 * x, so that a NaN stays one


def free_quotient(x: Array, y: Array, pole: Array, scale: Array) -> Array:
    """Return x / y, for poles 0 where x is 0, too, next to `scale`, and else NaN."""
    scale = np.max(np.abs(bare(scale)), axis=(-2, -1), keepdims=True, initial=0)
    found = quotient(x, y, pole)
    undefined = pole & (np.abs(bare(x)) > np.finfo(scale.dtype).eps ** 0.5 * scale)
    return np.where(undefined, np.nan * found, found) if np.any(undefined) else found


def divided(x: Array, scale: Array, top: Array, bottom: Array, pole: Array, varies: bool, kind: str) -> Array:
    """Return x times a divided difference of the derivative of a loss by the values.

    At a pole that is a second derivative, which is not known unless the first one is constant.
    """
    scale = np.max(np.abs(bare(scale)), axis=(-2, -1), keepdims=True, initial=0)
    asked = pole & (np.abs(bare(x)) > np.finfo(scale.dtype).eps ** 0.5 * scale)
    if decided(np.any(asked if varies else asked & (bare(top) != 0))):
        raise ValueError(
            f"The second derivative by {kind}values is not known here: some of them coincide. In place of a sum over "
            "them use np.trace, np.linalg.norm, np.linalg.det or matrix products."
        )
    return quotient(x * top, bottom, pole)
