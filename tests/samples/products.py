"""Samples of the matrix and vector products."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Sample, case, normal


def cross(a: Any, b: Any, **kwargs: Any) -> Any:
    """Call np.cross, whose complex products in NumPy 2.0 differ in the last bit from call to call."""
    return np.cross(a, b, **kwargs)


SAMPLES: list[Sample] = [
    # matmul and the ufuncs built like it
    case(np.matmul, normal(3), normal(3)),
    case(np.matmul, normal(3), normal(3, 4)),
    case(np.matmul, normal(2, 3), normal(3)),
    case(np.matmul, normal(2, 3), normal(3, 4)),
    case(np.matmul, normal(5, 2, 3), normal(3, 4)),
    case(np.matmul, normal(2, 3), normal(5, 3, 4)),
    case(np.matmul, normal(5, 2, 3), normal(3)),
    case(np.matmul, normal(3), normal(5, 3, 4)),
    case(np.matmul, normal(4, 1, 2, 3), normal(5, 3, 2)),
    case(np.matmul, normal(1, 2, 3), normal(5, 3, 2)),
    case(np.matmul, normal(2, 0), normal(0, 3)),
    case(np.vecdot, normal(3), normal(3)),
    case(np.vecdot, normal(4, 1, 3), normal(2, 3)),
    case(np.linalg.matmul, normal(2, 3), normal(3, 4)),
    case(np.linalg.vecdot, normal(2, 3), normal(3)),
    # dot, vdot, inner, outer, kron
    case(np.dot, normal(), normal()),
    case(np.dot, normal(), normal(2, 3)),
    case(np.dot, normal(2, 3), 1.5),
    case(np.dot, normal(3), normal(3)),
    case(np.dot, normal(3), normal(3, 4)),
    case(np.dot, normal(2, 3), normal(3)),
    case(np.dot, normal(2, 3), normal(3, 4)),
    case(np.dot, normal(3), normal(5, 3, 4)),
    case(np.dot, normal(5, 2, 3), normal(3)),
    case(np.dot, normal(2, 4, 3), normal(5, 3, 2)),
    case(np.dot, [[1.0, 2.0], [3.0, 4.0]], normal(2, 3)),
    case(np.vdot, normal(3), normal(3)),
    case(np.vdot, normal(2, 3), normal(3, 2)),
    case(np.inner, normal(), normal(2, 3)),
    case(np.inner, normal(3), normal(3)),
    case(np.inner, normal(2, 3), normal(3)),
    case(np.inner, normal(2, 4, 3), normal(5, 3)),
    case(np.outer, normal(3), normal(4)),
    case(np.outer, normal(2, 2), normal(3)),
    case(np.linalg.outer, normal(3), normal(4)),
    case(np.kron, normal(2), normal(3)),
    case(np.kron, normal(2, 3), normal(3, 2)),
    case(np.kron, normal(2), normal(3, 2, 2)),
    case(np.kron, normal(), normal(2, 2)),
    # tensordot
    case(np.tensordot, normal(2, 3, 4), normal(3, 4, 5)),
    case(np.tensordot, normal(2, 3), normal(3, 4), 1),
    case(np.tensordot, normal(2, 3), normal(4), axes=0),
    case(np.tensordot, normal(2, 3, 4), normal(4, 3, 5), axes=([1, 2], [1, 0])),
    case(np.tensordot, normal(2, 3, 4), normal(3, 5, 2, 4), axes=((0, -2, 2), (2, 0, -1))),
    case(np.tensordot, normal(2, 3, 4), normal(4, 3), axes=[-1, 0]),
    case(np.linalg.tensordot, normal(2, 3), normal(3, 4), axes=1),
    # cross
    case(np.cross, normal(3), normal(3)),
    case(np.cross, normal(4, 3), normal(3), real_only=True),
    case(np.cross, normal(3, 4), normal(5, 4, 3), axisa=0, axisc=1, real_only=True),
    case(np.cross, normal(2, 3, 4), normal(3, 1), axisa=1, axisb=0, axisc=0, real_only=True),
    case(np.cross, normal(3, 4), normal(3, 4), axis=0, real_only=True),
    case(cross, normal(3), normal(5, 4, 3), covers=(np.cross,)),
    case(cross, normal(2, 3, 4), normal(3, 1), axisa=1, axisb=0, axisc=0, covers=(np.cross,)),
    # the same under numpy.linalg
    case(np.linalg.cross, normal(2, 3), normal(3)),
    case(np.linalg.cross, normal(3, 2), normal(3, 2), axis=0),
    case(np.linalg.matrix_transpose, normal(2, 3, 4)),
    case(np.linalg.diagonal, normal(2, 3, 4), offset=1),
    case(np.linalg.trace, normal(2, 3, 3), offset=-1),
    case(np.linalg.multi_dot, [normal(2, 3), normal(3, 4)]),
    case(np.linalg.multi_dot, [normal(3), normal(3, 4), normal(4, 1), normal(1, 2)]),
    case(np.linalg.multi_dot, [normal(3), normal(3, 4), normal(4, 2), normal(2, 5), normal(5)]),
    *(case(np.linalg.matrix_power, normal(3, 3), n) for n in (-2, -1, 0, 1, 2, 3, 7)),
    case(np.linalg.matrix_power, normal(2, 3, 3), n=5),
]

if hasattr(np, "matvec"):  # NumPy 2.2
    SAMPLES += [
        case(np.matvec, normal(2, 3), normal(3)),
        case(np.matvec, normal(4, 1, 2, 3), normal(5, 3)),
        case(np.vecmat, normal(3), normal(3, 2)),
        case(np.vecmat, normal(5, 3), normal(4, 1, 3, 2)),
    ]
