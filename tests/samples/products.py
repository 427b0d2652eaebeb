"""Samples of the matrix and vector products."""

from __future__ import annotations

import numpy as np

from . import case, normal

SAMPLES = [
    # --- matmul and the ufuncs built like it
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
    # --- dot, vdot, inner, outer, kron
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
    # --- tensordot
    case(np.tensordot, normal(2, 3, 4), normal(3, 4, 5)),
    case(np.tensordot, normal(2, 3), normal(3, 4), 1),
    case(np.tensordot, normal(2, 3), normal(4), axes=0),
    case(np.tensordot, normal(2, 3, 4), normal(4, 3, 5), axes=([1, 2], [1, 0])),
    case(np.tensordot, normal(2, 3, 4), normal(3, 5, 2, 4), axes=((0, -2, 2), (2, 0, -1))),
    case(np.tensordot, normal(2, 3, 4), normal(4, 3), axes=[-1, 0]),
    case(np.linalg.tensordot, normal(2, 3), normal(3, 4), axes=1),
    # --- einsum: explicit and implicit output
    case(np.einsum, "ij,jk->ki", normal(2, 3), normal(3, 4)),
    case(np.einsum, "ij,jk", normal(2, 3), normal(3, 4)),
    case(np.einsum, " b a ", normal(2, 3)),
    case(np.einsum, "ij->", normal(2, 3)),
    case(np.einsum, ",ij->j", normal(), normal(2, 3)),
    case(np.einsum, "i,j", normal(2), normal(3)),
    # --- einsum: diagonals and traces
    case(np.einsum, "ii", normal(3, 3)),
    case(np.einsum, "ii->i", normal(3, 3)),
    case(np.einsum, "iji->j", normal(3, 2, 3)),
    case(np.einsum, "iijj->ij", normal(3, 3, 2, 2)),
    case(np.einsum, "iii", normal(3, 3, 3)),
    case(np.einsum, "ii,ij->j", normal(3, 3), normal(3, 2)),
    # --- einsum: subscripts of one operand alone, and lengths of one
    case(np.einsum, "ij,kl->", normal(2, 3), normal(2, 2)),
    case(np.einsum, "ij,k->kj", normal(2, 3), normal(4)),
    case(np.einsum, "ij,jk->ki", normal(2, 1), normal(3, 4)),
    case(np.einsum, "ij,jk->ik", normal(2, 3), normal(1, 1)),
    # --- einsum: ellipsis
    case(np.einsum, "...", normal(2, 3)),
    case(np.einsum, "i...->...", normal(2, 3)),
    case(np.einsum, "...ii->...i", normal(2, 3, 3)),
    case(np.einsum, "...ij,...jk", normal(4, 1, 2, 3), normal(5, 3, 2)),
    case(np.einsum, "i...j,j...k->i...k", normal(2, 5, 3), normal(3, 1, 4)),
    case(np.einsum, "...i->i", normal(2, 3), optimize=True),
    # --- einsum: many operands and keywords
    case(np.einsum, "i,i,i->i", normal(3), normal(1), normal(3)),
    case(np.einsum, "ij,jk,kl->il", normal(2, 3), normal(3, 2), normal(2, 4), optimize=True),
    case(np.einsum, "bij,bjk,bk->b", normal(2, 3, 4), normal(2, 4, 2), normal(2, 2), optimize="optimal"),
    case(
        np.einsum,
        *("ij,jk,kl->il", normal(2, 3), normal(3, 2), normal(2, 4)),
        optimize=["einsum_path", (1, 2), (0, 1)],
    ),
    case(np.einsum, "ij,j->i", [[1.0, 2.0], [3.0, 4.0]], normal(2)),
    case(np.einsum, "ij,jk->ik", normal(2, 3), normal(3, 4), order="F"),
    case(np.einsum, "ij,jk->ik", normal(2, 3), normal(3, 4), dtype=complex, casting="unsafe"),
    # --- einsum: sublists
    case(np.einsum, normal(2, 3), [0, 1], normal(3, 4), [1, 2], [2, 0]),
    case(np.einsum, normal(2, 3), [0, 1], normal(3), [1]),
    case(np.einsum, normal(3, 3), [0, 0], []),
    case(np.einsum, normal(2, 3, 4), [..., 40, 1], normal(4), [1], [40, ...]),
    # --- the same under numpy.linalg
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
