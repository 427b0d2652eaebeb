"""Samples of choosing, taking, diagonals and triangles, and sorting."""

from __future__ import annotations

import numpy as np

from . import Sample, case, distinct, given, normal

MASK = np.array([[True, False, True], [False, True, True]])
CHOICE = np.array([[0, 1, 2], [2, 1, 0]])
ALONG = np.array([[2, 0, -1, 2], [0, 1, 1, 0]])
ARRANGEMENT = "how np.partition arranges the elements within a part depends on the dtype and on the CPU"


def doubled(x: object, scale: object = 2.0) -> object:
    return x * scale  # type: ignore[operator]


SAMPLES: list[Sample] = [
    # choosing among arrays
    case(np.where, MASK, normal(2, 3), normal(2, 3)),
    case(np.where, MASK, normal(3), normal(2, 1)),
    case(np.where, [True, False, True], normal(2, 1), 1.0),
    case(np.where, MASK, 0, normal(2, 3)),
    case(np.choose, CHOICE, [normal(2, 3), normal(3), normal()]),
    case(np.choose, CHOICE, normal(3, 2, 3)),
    case(np.choose, [3, -1, 1], [normal(3), 1.0, normal(2, 1)], mode="wrap"),
    case(np.choose, [3, -1, 0], (normal(3),), mode="clip"),
    case(np.select, [MASK, ~MASK[:, :1]], [normal(2, 3), normal(3)]),
    case(np.select, [MASK, ~MASK[:, :1], MASK], [normal(2, 3), 2, normal()], default=np.ones((2, 1))),
    case(lambda x: np.select([MASK, MASK[0]], [x, x[0]], x[:, :1]), normal(2, 3), covers=(np.select,)),
    case(np.piecewise, normal(2, 3), [MASK], [doubled, np.square]),
    case(np.piecewise, normal(3), MASK[0], [np.square, 1.5]),
    case(np.piecewise, normal(2, 3), [MASK], [doubled, doubled], scale=3.0),
    case(lambda x: np.piecewise(x, [MASK, ~MASK], [np.exp, x[0, 0]]), normal(2, 3), covers=(np.piecewise,)),
    case(lambda x: np.piecewise(x, [MASK], [doubled], x[0, 0]), normal(2, 3), covers=(np.piecewise,)),
    case(lambda x: np.piecewise(x, [x < 0, x > 0.5], [np.square, np.exp, np.sin]), distinct(2, 3), real_only=True),
    # taking elements
    case(np.take, normal(2, 3), 4),
    case(np.take, normal(2, 3), [[0, -1], [5, 0]]),
    case(np.take, normal(2, 3), (1, 1, 0), axis=0),
    case(np.take, normal(2, 3), 2, axis=-1),
    case(np.take, normal(5), np.array([1, 4, 4, -5])),
    case(np.take, normal(4, 3), np.array([[2, 2], [0, -1]], np.int8), axis=0),
    case(np.take, normal(4, 3), np.array([3, 0]), mode="raise"),
    case(np.take, normal(4), np.array([5, -7]), None, None, "wrap"),
    case(np.take, normal(2, 3, 2), np.array([[2, 2], [0, 1]]), axis=1),
    case(np.take, normal(2, 3), [-7, 4, 9], mode="clip"),
    case(np.take, normal(2, 3), [-7, 4, 9], axis=1, mode="wrap"),
    case(np.take_along_axis, normal(2, 3), ALONG, 1),
    case(np.take_along_axis, normal(2, 3), ALONG[:1], axis=-1),
    case(np.take_along_axis, normal(2, 1), np.array([[0, 1, 1]]), axis=0),
    case(np.take_along_axis, normal(2, 3), np.array([5, 0, -1]), axis=None),
    case(np.compress, [True, False, True], normal(2, 3)),
    case(np.compress, np.array([True, False, True]), normal(2, 3), axis=-1),
    case(np.compress, [0, 1], normal(2, 3), 0),
    case(np.extract, MASK, normal(2, 3)),
    case(np.extract, [0, 1, 1], normal(3)),
    # diagonals and triangles
    case(np.diag, normal(3)),
    case(np.diag, normal(3), k=-2),
    case(np.diag, normal(3, 5), 1),
    case(np.diag, normal(5, 3), k=-3),
    case(np.diag, normal(3, 5), k=6, order=1),
    case(np.diagonal, normal(3, 4)),
    case(np.diagonal, normal(3, 4), -1),
    case(np.diagonal, normal(2, 3, 4), offset=1, axis1=2, axis2=0),
    case(np.diagonal, normal(2, 3, 4), 1, -1, 1),
    case(np.diagflat, normal(3)),
    case(np.diagflat, normal(2, 2), k=1),
    case(np.trace, normal(3, 4)),
    case(np.trace, normal(3, 4), -1, dtype=complex),
    case(np.trace, normal(2, 3, 4), offset=1, axis1=2, axis2=0),
    case(np.tril, normal(3, 4)),
    case(np.tril, normal(2, 3, 4), k=1),
    case(np.triu, normal(3, 4)),
    case(np.triu, normal(3), k=-1),
    case(np.vander, normal(3)),
    case(np.vander, normal(3), 2, increasing=True),
    case(np.vander, normal(3), N=5),
    case(np.vander, normal(3), N=1, order=1),
    # sorting
    case(np.sort, distinct(3, 4)),
    case(np.sort, distinct(3, 4), axis=0, kind="mergesort"),
    case(np.sort, distinct(3, 4), None, stable=True),
    case(np.partition, distinct(3, 5), 2, by_dtype=ARRANGEMENT),
    case(np.partition, distinct(3, 5), (0, -1), axis=0),
    case(np.partition, distinct(3, 5), kth=[3, 7], axis=None, kind="introselect", by_dtype=ARRANGEMENT),
    case(np.sort_complex, distinct(5)),
    case(np.sort_complex, distinct(2, 3)),
]
if "descending" in str(np.sort.__doc__):  # NumPy 2.5
    SAMPLES += [
        case(np.sort, distinct(3, 4), descending=True),
        case(np.sort, distinct(3, 4), axis=0, stable=True, descending=True),
        case(np.sort, distinct(3, 4), None, descending=False),
        case(np.sort, given(0.5, np.nan, -1.0, np.inf, 2.0), descending=True),
    ]
