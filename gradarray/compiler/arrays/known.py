"""What is known of functions that are called with traced arrays: NumPy's, and the package's own."""

from __future__ import annotations

from typing import Any

import numpy as np

# Functions that Python itself answers from shapes and dtypes.
OF_FORMS = {np.shape, np.ndim, np.size, np.may_share_memory, np.shares_memory, np.result_type, np.can_cast}
OF_FORMS |= {np.iscomplexobj, np.isrealobj, np.common_type, np.min_scalar_type}
# What writes into its first argument, and how that is called.
WRITERS: dict[Any, str] = {np.copyto: "dst", np.put: "a", np.place: "arr", np.putmask: "a"}
WRITERS |= {np.fill_diagonal: "a", np.put_along_axis: "arr"}
WRITING_METHODS = frozenset(("sort", "fill", "put", "partition", "resize", "itemset", "setfield", "byteswap"))
# Functions of the package's own are written down as what they do, but for those that look at values.
OURS = ("gradarray.rules.", "gradarray.reverse.")
WHOLE = frozenset(
    " ".join(
        (
            "power_and_logarithms sinc_derivative i0_derivative characteristic cofactors by_eigenvalues",
            "by_singular_values by_general_eigenvalues eigenvalue_slopes singular_value_slopes",
            "general_eigenvalue_slopes undefined_beyond taken_places numbered erf square_root",
        )
    ).split()
)
NUMBER_METHODS = frozenset(("as_integer_ratio", "is_integer", "hex", "bit_count", "bit_length", "to_bytes"))
# Functions of NumPy's whose results' shapes and dtypes follow from those of the arguments. After any other, a guard.
STATIC = frozenset(
    " ".join(
        (
            "all amax amin any argmax argmin argpartition argsort around array array_split asarray astype",
            "atleast_1d atleast_2d broadcast_to cholesky clip concatenate conj conjugate copy cross cumprod",
            "cumsum det diag diagonal diff dot ediff1d eigh einsum empty expand_dims fft fftn flatten flip full",
            "full_like hstack ifft ifftn imag inner interp inv irfft irfftn isclose isfinite item kron matmul",
            "max mean median min moveaxis nan_to_num nanmax nanmean nanmin nansum norm ones ones_like outer pad",
            "partition prod qr quantile ravel real reshape rfft rfftn roll rot90 round searchsorted slogdet",
            "solve sort split squeeze stack std sum swapaxes take take_along_axis tensordot tile trace",
            "transpose tril triu var vdot view vstack where zeros zeros_like",
        )
    ).split()
)
