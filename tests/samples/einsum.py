"""Samples of np.einsum."""

from __future__ import annotations

import numpy as np

from . import Sample, case, normal

SAMPLES: list[Sample] = [
    # explicit and implicit output
    case(np.einsum, "ij,jk->ki", normal(2, 3), normal(3, 4)),
    case(np.einsum, "ij,jk", normal(2, 3), normal(3, 4)),
    case(np.einsum, " b a ", normal(2, 3)),
    case(np.einsum, "ij->", normal(2, 3)),
    case(np.einsum, ",ij->j", normal(), normal(2, 3)),
    case(np.einsum, "i,j", normal(2), normal(3)),
    # diagonals and traces
    case(np.einsum, "ii", normal(3, 3)),
    case(np.einsum, "ii->i", normal(3, 3)),
    case(np.einsum, "iji->j", normal(3, 2, 3)),
    case(np.einsum, "iijj->ij", normal(3, 3, 2, 2)),
    case(np.einsum, "iii", normal(3, 3, 3)),
    case(np.einsum, "ii,ij->j", normal(3, 3), normal(3, 2)),
    # subscripts of one operand alone, and lengths of one
    case(np.einsum, "ij,kl->", normal(2, 3), normal(2, 2)),
    case(np.einsum, "ij,k->kj", normal(2, 3), normal(4)),
    case(np.einsum, "ij,jk->ki", normal(2, 1), normal(3, 4)),
    case(np.einsum, "ij,jk->ik", normal(2, 3), normal(1, 1)),
    # ellipsis
    case(np.einsum, "...", normal(2, 3)),
    case(np.einsum, "i...->...", normal(2, 3)),
    case(np.einsum, "...ii->...i", normal(2, 3, 3)),
    case(np.einsum, "...ij,...jk", normal(4, 1, 2, 3), normal(5, 3, 2)),
    case(np.einsum, "i...j,j...k->i...k", normal(2, 5, 3), normal(3, 1, 4)),
    case(np.einsum, "...i->i", normal(2, 3), optimize=True),
    # many operands and keywords
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
    # sublists
    case(np.einsum, normal(2, 3), [0, 1], normal(3, 4), [1, 2], [2, 0]),
    case(np.einsum, normal(2, 3), [0, 1], normal(3), [1]),
    case(np.einsum, normal(3, 3), [0, 0], []),
    case(np.einsum, normal(2, 3, 4), [..., 40, 1], normal(4), [1], [40, ...]),
]
