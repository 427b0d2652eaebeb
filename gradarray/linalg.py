"""The mirror of numpy.linalg: its functions under the same names, which also take ``constant=`` and return Tensors."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.linalg import LinAlgError

from .elsewhere.answers import absence
from .mirror.mirrored import answering, mirrored

# --- Matrix and vector products -------------------------------------------------------------------------------------

multi_dot = mirrored(np.linalg.multi_dot)
matmul = mirrored(np.linalg.matmul)
tensordot = mirrored(np.linalg.tensordot)
vecdot = mirrored(np.linalg.vecdot)
outer = mirrored(np.linalg.outer)
cross = mirrored(np.linalg.cross)
matrix_power = mirrored(np.linalg.matrix_power)

# --- Decompositions -------------------------------------------------------------------------------------------------

cholesky = mirrored(np.linalg.cholesky)
qr = answering(np.linalg.qr)
svd = answering(np.linalg.svd)
svdvals = mirrored(np.linalg.svdvals)

# --- Eigenvalues ----------------------------------------------------------------------------------------------------

eig = answering(np.linalg.eig)
eigh = answering(np.linalg.eigh)
eigvals = mirrored(np.linalg.eigvals)
eigvalsh = mirrored(np.linalg.eigvalsh)

# --- Norms and other numbers ----------------------------------------------------------------------------------------

norm = mirrored(np.linalg.norm)
matrix_norm = mirrored(np.linalg.matrix_norm)
vector_norm = mirrored(np.linalg.vector_norm)
cond = mirrored(np.linalg.cond)
det = mirrored(np.linalg.det)
matrix_rank = answering(np.linalg.matrix_rank)
slogdet = answering(np.linalg.slogdet)
trace = mirrored(np.linalg.trace)

# --- Solving equations and inverting matrices -----------------------------------------------------------------------

solve = mirrored(np.linalg.solve)
tensorsolve = mirrored(np.linalg.tensorsolve)
lstsq = answering(np.linalg.lstsq)
inv = mirrored(np.linalg.inv)
pinv = mirrored(np.linalg.pinv)
tensorinv = mirrored(np.linalg.tensorinv)

# --- Other matrix operations ----------------------------------------------------------------------------------------

diagonal = mirrored(np.linalg.diagonal)
matrix_transpose = mirrored(np.linalg.matrix_transpose)

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]

if not TYPE_CHECKING:  # to a type checker, a module with a __getattr__ has every name
    __getattr__ = absence(__name__)
