"""The mirror of numpy.fft: its functions under the same names, which also take ``constant=`` and return Tensors."""

from typing import TYPE_CHECKING

import numpy as np

from .elsewhere.answers import absence
from .mirror.mirrored import created, mirrored

# --- Standard FFTs --------------------------------------------------------------------------------------------------

fft = mirrored(np.fft.fft)
ifft = mirrored(np.fft.ifft)
fft2 = mirrored(np.fft.fft2)
ifft2 = mirrored(np.fft.ifft2)
fftn = mirrored(np.fft.fftn)
ifftn = mirrored(np.fft.ifftn)

# --- Real FFTs ------------------------------------------------------------------------------------------------------

rfft = mirrored(np.fft.rfft)
irfft = mirrored(np.fft.irfft)
rfft2 = mirrored(np.fft.rfft2)
irfft2 = mirrored(np.fft.irfft2)
rfftn = mirrored(np.fft.rfftn)
irfftn = mirrored(np.fft.irfftn)

# --- Hermitian FFTs -------------------------------------------------------------------------------------------------

hfft = mirrored(np.fft.hfft)
ihfft = mirrored(np.fft.ihfft)

# --- Helper routines ------------------------------------------------------------------------------------------------

fftfreq = created(np.fft.fftfreq)
rfftfreq = created(np.fft.rfftfreq)
fftshift = mirrored(np.fft.fftshift)
ifftshift = mirrored(np.fft.ifftshift)

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]

if not TYPE_CHECKING:  # to a type checker, a module with a __getattr__ has every name
    __getattr__ = absence(__name__)
