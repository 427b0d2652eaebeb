"""The derivatives of scipy.interpolate: by the points of evaluation, by the values, and where it can be, by the sites.

An object that is made of variables is the library's own and holds them where it would hold arrays: as ``c``, say.
"""

from . import (
    bsplines,
    cubic,
    fitpack,
    grids,
    lines,
    pieces,
    rationals,
    representations,
    scattered,
    smoothing,
    univariate,
)

__all__ = [
    "bsplines",
    "cubic",
    "fitpack",
    "grids",
    "lines",
    "pieces",
    "rationals",
    "representations",
    "scattered",
    "smoothing",
    "univariate",
]
