"""What stands in for scipy.linalg's functions, where a variable is given.

Parameters that say how to compute, and not what, have no effect. Cotangents are those of ``J^T g``, so that all
transposes here are plain ones, but where it is said.
"""

from . import (
    band_spectra,
    bands,
    blocks,
    constant,
    diagonals,
    equations,
    factors,
    functions,
    orthogonal,
    pencils,
    solving,
    spectra,
    structured,
    toeplitz,
)

__all__ = ["band_spectra", "bands", "blocks", "constant", "diagonals", "equations"]
__all__ += ["factors", "functions", "orthogonal", "pencils", "solving", "spectra", "structured", "toeplitz"]
