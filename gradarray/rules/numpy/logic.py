"""Truth values, comparison, logic and bits, which have no derivative."""

from __future__ import annotations

import numpy as np

from ..registry import nondifferentiable

nondifferentiable(np.all, np.any)
nondifferentiable(np.isfinite, np.isinf, np.isnan, np.isnat)
nondifferentiable(np.isposinf, np.isneginf, np.iscomplex, np.isreal, np.iscomplexobj, np.isrealobj)
nondifferentiable(np.isclose, np.allclose, np.array_equal, np.array_equiv)
nondifferentiable(
    np.greater,
    np.greater_equal,
    np.less,
    np.less_equal,
    np.equal,
    np.not_equal,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.logical_not,
    np.bitwise_and,
    np.bitwise_or,
    np.bitwise_xor,
    np.invert,
    np.left_shift,
    np.right_shift,
    np.gcd,
    np.lcm,
)
if hasattr(np, "bitwise_count"):
    nondifferentiable(np.bitwise_count)
