"""Samples of the functions that change shape, order of axes and number of dimensions, tile and rearrange."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Sample, case, given, normal

windows = np.lib.stride_tricks.sliding_window_view


def in_c_order(a: Any) -> Any:
    """Return a copy that lies in memory like any other, whatever the layout of the operand."""
    return np.copy(a, order="C")


def strided(a: Any) -> Any:
    """Return a view whose elements lie in memory in another order than C's."""
    return np.transpose(a, (1, 2, 0))[:, ::-1]


AT_LEAST = (np.atleast_1d, np.atleast_2d, np.atleast_3d)

SAMPLES: list[Sample] = [
    # basic operations
    case(np.copy, normal(2, 3)),
    case(np.copy, normal(2, 3), order="F", subok=True),
    # changing array shape
    case(np.reshape, normal(2, 6), (3, 4)),
    case(np.reshape, normal(2, 6), -1),
    case(np.reshape, normal(2, 6), [4, -1]),
    case(np.reshape, normal(2, 6), (3, 2, 2), "F"),
    case(lambda a: np.reshape(in_c_order(a).T, (2, 6), order="A"), normal(3, 4), covers=(np.reshape,)),
    case(lambda a: np.reshape(in_c_order(a), (2, 6), order="A"), normal(3, 4), covers=(np.reshape,)),
    case(np.ravel, normal(2, 3)),
    case(np.ravel, normal(2, 3, 2), order="F"),
    case(lambda a: np.ravel(in_c_order(a).T, "A"), normal(3, 4), covers=(np.ravel,)),
    case(lambda a: np.ravel(strided(in_c_order(a)), order="A"), normal(2, 3, 4), covers=(np.ravel,)),
    case(lambda a: np.ravel(strided(in_c_order(a)), order="K"), normal(2, 3, 4), covers=(np.ravel,)),
    case(lambda a: np.ravel(np.broadcast_to(in_c_order(a), (2, 3, 4)), order="K"), normal(3, 1), covers=(np.ravel,)),
    # transpose-like operations
    case(np.transpose, normal(2, 3, 4)),
    case(np.transpose, normal(2, 3, 4), (2, 0, 1)),
    case(np.transpose, normal(2, 3, 4), axes=[-1, 0, 1]),
    case(np.matrix_transpose, normal(2, 3, 4)),
    case(np.swapaxes, normal(2, 3, 4), 0, -1),
    case(np.moveaxis, normal(2, 3, 4), 0, -1),
    case(np.moveaxis, normal(2, 3, 4), source=(0, -1), destination=(1, 0)),
    case(np.rollaxis, normal(2, 3, 4), 2),
    case(np.rollaxis, normal(2, 3, 4), -2, start=3),
    case(np.rollaxis, normal(2, 3, 4), 0, -1),
    # changing number of dimensions
    case(np.squeeze, normal(1, 3, 1)),
    case(np.squeeze, normal(1, 3, 1), axis=-1),
    case(np.squeeze, normal(1, 3, 1), (0, 2)),
    case(np.expand_dims, normal(2, 3), 1),
    case(np.expand_dims, normal(2, 3), axis=(0, -1)),
    case(np.broadcast_to, normal(3, 1), (2, 3, 4)),
    case(np.broadcast_to, normal(3), shape=3, subok=True),
    case(np.broadcast_arrays, normal(3, 1), normal(4), normal(2, 1, 1)),
    case(np.broadcast_arrays, normal(3), normal(3), subok=True),
    *(case(f, normal(*shape)) for f in AT_LEAST for shape in ((3,), (2, 3))),
    *(case(f, normal(), normal(3), normal(2, 3), normal(2, 3, 2)) for f in AT_LEAST),
    # changing kind of array
    case(lambda x: np.astype(np.ravel(x), complex), normal(3, 4), covers=(np.astype,)),
    # tiling arrays
    case(np.repeat, normal(2, 3), 2),
    case(np.repeat, normal(2, 3), 3, axis=1),
    case(np.repeat, normal(2, 3), 0, axis=-1),
    case(np.repeat, normal(2, 3), [2], axis=0),
    case(np.repeat, normal(2, 3), [1, 0, 3, 1, 2, 1]),
    case(np.repeat, normal(2, 3), np.array([1, 0, 3]), axis=-1),
    case(np.tile, normal(2, 3), 2),
    case(np.tile, normal(2, 3), (2, 1, 3)),
    case(np.tile, normal(2, 3, 1), reps=[3]),
    case(np.tile, normal(3), (2, 0)),
    case(np.resize, normal(2, 3), (3, 5)),
    case(np.resize, normal(2, 3), 4),
    case(np.resize, normal(2, 3), new_shape=(2, 6)),
    # rearranging elements
    case(np.flip, normal(2, 3)),
    case(np.flip, normal(2, 3, 4), axis=(0, -1)),
    case(np.flip, normal(2, 3), 1),
    case(np.fliplr, normal(2, 3)),
    case(np.flipud, normal(2, 3)),
    case(np.roll, normal(2, 3), 2),
    case(np.roll, normal(2, 3), -1, axis=1),
    case(np.roll, normal(2, 3), shift=(1, 2), axis=(0, -1)),
    case(np.rot90, normal(2, 3)),
    case(np.rot90, normal(2, 3, 4), k=3, axes=(2, 0)),
    case(np.trim_zeros, given(0, 0, 1.5, 0, -2, 0), order=0),
    case(np.trim_zeros, given(0, 0, 1.5, 0, -2, 0), trim="f", order=0),
    case(lambda x: np.trim_zeros(np.concatenate([np.zeros(2), x, np.zeros(1)])), normal(3), covers=(np.trim_zeros,)),
    case(lambda x: np.trim_zeros(np.concatenate([np.zeros(2), x, np.zeros(1)]), "b"), normal(3)),
    # coordinates and windows
    case(np.meshgrid, normal(2), normal(3)),
    case(np.meshgrid, normal(2), normal(3), normal(2, 2), indexing="ij", copy=False),
    case(np.meshgrid, normal(2), normal(3), normal(4), sparse=True),
    case(np.meshgrid, normal(2), normal(3), sparse=True, copy=False, indexing="ij"),
    case(windows, normal(5), 3),
    case(windows, normal(3, 4), (2, 3)),
    case(windows, normal(3, 5), (2, 2), axis=(1, 1)),
    case(windows, normal(3, 5), window_shape=2, axis=-1, subok=True),
]
if hasattr(np, "unstack"):  # NumPy 2.1
    SAMPLES += [
        case(np.reshape, normal(2, 6), (3, 4), copy=True),
        case(np.reshape, normal(2, 6), (1, 2, 6), copy=False, order="F"),
        case(np.astype, normal(3, 4), complex),
        case(np.astype, normal(3, 4), np.dtype(float), copy=False, device="cpu"),
    ]
if "axis" in str(np.trim_zeros.__doc__):  # NumPy 2.2
    SAMPLES += [
        case(lambda x: np.trim_zeros(np.pad(x, 1), axis=-1), normal(2, 3), covers=(np.trim_zeros,)),
        case(lambda x: np.trim_zeros(np.pad(x, 1), "f", axis=(0, 1)), normal(2, 3), covers=(np.trim_zeros,)),
        case(lambda x: np.trim_zeros(np.pad(x, 1)), normal(2, 3), covers=(np.trim_zeros,)),
    ]
