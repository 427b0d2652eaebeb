"""The derivatives of scipy.special's functions, one file for some sections of its reference.

Formulas are those of the NIST Digital Library of Mathematical Functions (https://dlmf.nist.gov), named by their number
there, where no other source is given.
"""

from ..declared import FUNCTIONS
from ..unswitched import switched
from . import (
    bessel,
    distributions,
    elliptic,
    errors,
    functions,
    gamma,
    hypergeometric,
    information,
    mathieu,
    orthogonal,
    others,
)

__all__ = [
    "bessel",
    "distributions",
    "elliptic",
    "errors",
    "functions",
    "gamma",
    "hypergeometric",
    "information",
    "mathieu",
    "orthogonal",
    "others",
]

FUNCTIONS.setdefault("scipy.special", {}).update(switched())
