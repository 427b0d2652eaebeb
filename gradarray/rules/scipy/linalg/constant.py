"""Questions whose answers are no numbers to differentiate: they are asked of the values."""

from __future__ import annotations

import functools
from typing import Any

from scipy import linalg

from ....tape.wrapping import bare
from ..declared import function


def _asked(name: str) -> Any:
    library = getattr(linalg, name)

    @functools.wraps(library)
    def answer(*args: Any, **kwargs: Any) -> Any:
        return library(*bare(args), **bare(kwargs))

    return answer


function("scipy.linalg", *[_asked(name) for name in ("bandwidth", "issymmetric", "ishermitian", "get_blas_funcs")])
function("scipy.linalg", *[_asked(name) for name in ("get_lapack_funcs", "find_best_blas_type")])
