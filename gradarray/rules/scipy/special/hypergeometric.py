"""Hypergeometric functions, by their argument: 13.3.15, 13.3.22, 15.5.1 and 16.3.1."""

from __future__ import annotations

from ..declared import UNKNOWN, elementwise
from ..unswitched import special

elementwise("hyp0f1", UNKNOWN, lambda _ans, v, z: special.hyp0f1(v + 1, z) / v)
elementwise("hyp1f1", UNKNOWN, UNKNOWN, lambda _ans, a, b, x: a / b * special.hyp1f1(a + 1, b + 1, x))
elementwise("hyperu", UNKNOWN, UNKNOWN, lambda _ans, a, b, x: -a * special.hyperu(a + 1, b + 1, x))
elementwise(
    "hyp2f1",
    UNKNOWN,
    UNKNOWN,
    UNKNOWN,
    lambda _ans, a, b, c, z: a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, z),
)
