"""Samples of joining, splitting, adding, removing and padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import Sample, case, distinct, normal

FEW, CAST = np.array([1.0, 2.0]), {"dtype": complex, "casting": "same_kind"}


def block(nest: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call of np.block in which no operand is taken for one of the nested lists."""

    def call(*xs: Any) -> Any:
        return np.block(nest(*(x if hasattr(x, "ndim") else np.array(x) for x in xs)))

    return call


def pad_with(pad_width: Any, mode: str = "constant", keyword: str = "constant_values") -> Callable[..., Any]:
    """Return a call of two operands, which reaches the rule when the second alone is a variable, too."""

    def pad(x: Any, values: Any) -> Any:
        return np.pad(x + 0 * np.sum(values), pad_width, mode, **{keyword: values})  # type: ignore[call-overload]

    return pad


SAMPLES: list[Sample] = [
    # joining arrays
    case(np.concatenate, (normal(2, 3), normal(1, 3))),
    case(np.concatenate, [normal(2, 3), normal(2, 1), normal(2, 2)], axis=1),
    case(np.concatenate, [normal(2, 3), normal(2, 1)], -1),
    case(np.concatenate, [normal(2, 3), normal(), FEW], axis=None),
    case(np.concatenate, [normal(3), normal(2)], **CAST),
    case(np.concatenate, normal(2, 3, 2), axis=1),
    case(np.stack, [normal(2, 3), normal(2, 3)]),
    case(np.stack, (normal(2, 3), normal(2, 3), np.ones((2, 3))), axis=1),
    case(np.stack, [normal(2, 3), normal(2, 3)], -1, **CAST),
    case(np.stack, normal(2, 3, 2), axis=-1),
    case(np.vstack, [normal(2, 3), normal(3), normal(1, 3)]),
    case(np.vstack, [normal(2, 3, 2), normal(1, 3, 2)], **CAST),
    case(np.vstack, (normal(), normal(1), normal(1, 1))),
    case(np.hstack, [normal(2, 3), normal(2, 1)]),
    case(np.hstack, (normal(3), normal(), normal(2)), **CAST),
    case(np.hstack, normal(2, 3)),
    case(np.dstack, [normal(2, 3), normal(2, 3, 2)]),
    case(np.dstack, [normal(3), normal(1, 3)]),
    case(np.column_stack, [normal(3), normal(3, 2), normal(3)]),
    case(np.column_stack, [normal(1), normal()]),
    case(block(lambda x, y, z: [[x, y], [z]]), normal(2, 3), normal(2, 1), normal(1, 4), covers=(np.block,)),
    case(lambda x: np.block([x, 2.0, x[0]]), normal(3), covers=(np.block,)),
    case(block(lambda x, y: [[[x], [y]]]), normal(1, 2, 1), normal(1, 3, 1), covers=(np.block,)),
    case(block(lambda x, y: [[x], [y]]), normal(3), normal(3), covers=(np.block,)),
    case(np.block, normal(2, 3)),
    # splitting arrays
    case(np.array_split, normal(7), 3),
    case(np.array_split, normal(2, 7), [2, 2, -1, 9], axis=-1),
    case(np.split, normal(6), 3),
    case(np.split, normal(2, 6), (1, 3), axis=1),
    case(np.hsplit, normal(2, 4), 2),
    case(np.hsplit, normal(4), np.array([1, 3])),
    case(np.vsplit, normal(4, 2), 2),
    case(np.vsplit, normal(4, 2), [3]),
    case(np.dsplit, normal(2, 2, 4), 2),
    case(np.dsplit, normal(2, 2, 4), indices_or_sections=[1]),
    # adding and removing elements
    case(np.append, normal(3), 2),
    case(np.append, normal(2, 3), normal(2)),
    case(np.append, normal(2, 3), normal(1, 3), axis=0),
    case(np.insert, normal(2, 3), [], np.empty((0, 3)), axis=0),
    case(np.insert, normal(2, 3), 1, normal()),
    case(np.insert, normal(2, 3), 1, normal(2), axis=1),
    case(np.insert, normal(2, 3), -1, normal(3), axis=0),
    case(np.insert, normal(2, 3), 1, normal(2, 2), axis=1),
    case(np.insert, normal(2, 3), [1], normal(2, 2), axis=-1),
    case(np.insert, normal(2, 3), [2, 0, 2], normal(3), axis=1),
    case(np.insert, normal(5), slice(1, 4, 2), normal(2)),
    case(np.insert, normal(2, 3), [0, 1], normal(2, 1), axis=1),
    case(np.insert, normal(2, 3), [], 5.0, axis=0),
    case(np.delete, normal(2, 3), 1),
    case(np.delete, normal(2, 3), -1, axis=1),
    case(np.delete, normal(2, 5), slice(None, None, 2), axis=1),
    case(np.delete, normal(2, 5), [0, -1, 0], axis=-1),
    case(np.delete, normal(5), np.array([True, False, True, False, True])),
    case(np.delete, normal(5), obj=[]),
    # padding
    case(np.pad, normal(2, 3), ((0, 0), (1, 2)), "edge"),
    case(np.pad, normal(2, 3), 1),
    case(np.pad, normal(2, 3), ((1, 0), (2, 3)), constant_values=((1.5, 2), (3, 4))),
    *(case(pad_with(((1, 2), (3, 0))), normal(2, 3), normal(*shape)) for shape in ((), (2,), (2, 2))),
    case(pad_with(1), normal(2, 3), normal(1, 2), covers=(np.pad,)),
    case(lambda x: np.pad(x, 1, constant_values=((x[0, 0], 1.0), (2.0, x[0, 1]))), normal(2, 3), covers=(np.pad,)),
    case(np.pad, normal(2, 3), ((1, 0), (2, 3)), "edge"),
    case(np.pad, normal(3), (2, 9), mode="edge"),
    case(np.pad, normal(2, 3), ((3, 2), (0, 4)), "linear_ramp"),
    case(np.pad, normal(2, 3), ((3, 2), (0, 4)), "linear_ramp", end_values=(1.5, -2)),
    case(pad_with((3, 2), "linear_ramp", "end_values"), normal(3), normal(2), covers=(np.pad,)),
    case(np.pad, distinct(2, 3), 2, "maximum"),
    case(np.pad, distinct(2, 5), ((1, 0), (2, 3)), "maximum", stat_length=3),
    case(np.pad, distinct(2, 5), (1, 2), "minimum", stat_length=((2, 1), (3, 4))),
    case(np.pad, normal(2, 5), ((1, 2), (3, 0)), "mean"),
    case(np.pad, normal(2, 5), (1, 2), "mean", stat_length=(2, 3)),
    case(np.pad, distinct(3, 5), ((0, 2), (3, 1)), "median", real_only=True),
    *(case(np.pad, normal(3, 4), ((0, 2), (3, 1)), mode) for mode in ("reflect", "symmetric", "wrap")),
    *(case(np.pad, normal(3), (11, 14), mode) for mode in ("reflect", "symmetric", "wrap")),
    *(case(np.pad, normal(3, 1), 2, mode, reflect_type="odd") for mode in ("reflect", "symmetric")),
    *(case(np.pad, normal(3, 4), ((1, 2), (3, 0)), mode, reflect_type="odd") for mode in ("reflect", "symmetric")),
    *(case(np.pad, normal(4), (9, 14), mode, reflect_type="odd") for mode in ("reflect", "symmetric")),
    case(lambda x: np.pad(x, ((1, 2), (0, 3)), "empty")[1:-2, :-3], normal(2, 4), covers=(np.pad,)),
]
if np.lib.NumpyVersion(np.__version__) >= "2.4.0":  # before, a mask was taken for numbers
    SAMPLES += [case(np.insert, normal(5), np.array([True, False, True, False, True]), normal(3))]
if hasattr(np, "unstack"):  # NumPy 2.1
    SAMPLES += [case(np.unstack, normal(3, 2)), case(np.unstack, normal(2, 3, 2), axis=-2)]
