"""The mirror of SciPy: its functions under the same names, differentiable, which return Tensors.

A function that is not differentiable here takes arrays and constants as in SciPy, and refuses a variable. SciPy is
imported when a function is asked for: ``pip install scipy``.
"""

from typing import TYPE_CHECKING

from ..elsewhere.answers import absence
from . import fft, fftpack, integrate, interpolate, linalg, ndimage, optimize, signal, sparse, spatial, special, stats

__all__ = [
    "fft",
    "fftpack",
    "integrate",
    "interpolate",
    "linalg",
    "ndimage",
    "optimize",
    "signal",
    "sparse",
    "spatial",
    "special",
    "stats",
]

if not TYPE_CHECKING:  # to a type checker, a module with a __getattr__ has every name
    __getattr__ = absence(__name__)
