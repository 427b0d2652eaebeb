"""Samples of numpy.fft."""

from __future__ import annotations

import numpy as np

from . import case, normal

NORMS = (None, "backward", "ortho", "forward")

SAMPLES = [
    # --- standard transforms
    *(case(f, normal(2, 5), norm=norm) for f in (np.fft.fft, np.fft.ifft) for norm in NORMS),
    *(case(f, normal(2, 5, 3), n, 1) for f in (np.fft.fft, np.fft.ifft) for n in (3, 8)),
    *(case(f, normal(2, 4, 3)) for f in (np.fft.fft2, np.fft.ifft2, np.fft.fftn, np.fft.ifftn)),
    *(case(f, normal(2, 4, 3), (3, 2), (0, 1), "ortho") for f in (np.fft.fft2, np.fft.ifft2)),
    *(case(f, normal(2, 4, 3), (3, -1), (2, 0), "forward") for f in (np.fft.fftn, np.fft.ifftn)),
    *(case(f, normal(2, 4, 3), axes=(1,)) for f in (np.fft.fftn, np.fft.ifftn)),
    *(case(f, normal(2, 4), s=(3, 5), axes=(1, 1)) for f in (np.fft.fftn, np.fft.ifftn)),
    # --- real transforms, of even and odd lengths
    *(
        case(f, normal(2, n), norm=norm, real_only=True)
        for f in (np.fft.rfft, np.fft.ihfft)
        for n in (4, 5)
        for norm in NORMS
    ),
    *(case(f, normal(2, 5, 3), n, axis=1, real_only=True) for f in (np.fft.rfft, np.fft.ihfft) for n in (1, 2, 3, 8)),
    *(case(f, normal(2, 4), norm=norm) for f in (np.fft.irfft, np.fft.hfft) for norm in NORMS),
    # Fixed: for an axis without elements NumPy 2.4 makes irfft of uninitialised memory.
    *(case(f, normal(2, 5, 3), n, axis=1, fixed=True) for f in (np.fft.irfft, np.fft.hfft) for n in (1, 2, 5, 12, 13)),
    *(case(f, normal(2, 4, 3), real_only=True) for f in (np.fft.rfft2, np.fft.rfftn)),
    *(case(f, normal(2, 4, 3)) for f in (np.fft.irfft2, np.fft.irfftn)),
    case(np.fft.rfft2, normal(2, 4, 3), (3, 6), (0, 1), "ortho", real_only=True),
    case(np.fft.irfft2, normal(2, 4, 3), (3, 5), (0, 1), "ortho", fixed=True),
    case(np.fft.rfftn, normal(2, 4, 3), (-1, 5, 2), (2, 0, 1), "forward", real_only=True),
    case(np.fft.irfftn, normal(2, 4, 3), (-1, 5, 4), (2, 0, 1), "forward", fixed=True),
    case(np.fft.rfftn, normal(2, 4), axes=(0, 1, 0), real_only=True),
    case(np.fft.irfftn, normal(2, 4), s=(3, 4, 5), axes=(0, 1, 0), fixed=True),
    # --- helper routines
    *(case(f, normal(2, 5)) for f in (np.fft.fftshift, np.fft.ifftshift)),
    *(case(f, normal(2, 5, 3), axes=axes) for f in (np.fft.fftshift, np.fft.ifftshift) for axes in (1, (0, -1))),
]
