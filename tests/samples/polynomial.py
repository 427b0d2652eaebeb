"""Polynomials: all of NumPy's functions on coefficients."""

from typing import Any

import numpy as np
import numpy.polynomial.polynomial as series
from numpy.testing.overrides import allows_array_function_override

from . import case, distinct, given, inside, normal, positive


def by_class(p: Any, q: Any, x: Any) -> Any:
    """NumPy's class for polynomials is made of these functions."""
    p, q = np.poly1d(p), np.poly1d(q)
    return (p * q - 2 * p.deriv(1) + p.integ(1, 3.0))(x), p(q)(x) + (p**2)(x)


X = np.linspace(-1, 1, 7)
W = np.linspace(0.5, 2, 7)

SAMPLES = [
    # --- evaluation
    case(np.polyval, normal(4), normal(2, 3)),
    case(np.polyval, normal(4), normal()),
    case(np.polyval, p=normal(1), x=normal(3)),
    case(np.polyval, normal(3), [3, 10]),
    case(np.polyval, [1, -2, 3], normal(3)),
    case(np.polyval, [normal(), 2.0, normal()], normal(2), fixed=True),
    case(np.polyval, normal(3, 2), normal(4, 2), fixed=True),
    case(lambda p: np.polyval(p, np.poly1d([1.0, 2.0])).coeffs, positive(3), fixed=True, covers=(np.polyval,)),
    case(lambda x: np.polyval(np.poly1d([1.0, 2.0]), x), positive(3), covers=(np.polyval,)),
    case(by_class, positive(4), positive(3), normal(2), fixed=True, covers=(np.polyval,)),
    # --- roots
    # NumPy lets the elements answer for the whole, so that of nothing it makes a plain array.
    case(np.roots, positive(4), fixed=True),
    case(np.roots, [1.0, normal(), -2.0, normal()], fixed=True),
    case(lambda p: np.roots(np.append(p, 0)), given(1.0, -3.0, 1.0), fixed=True, covers=(np.roots,)),
    case(lambda p: np.roots(np.append(0, p)), given(2.0, 1.0, 3.0), fixed=True, covers=(np.roots,)),
    case(np.poly, normal(4)),
    case(np.poly, [normal(), 2.0, normal()], fixed=True),
    case(lambda z: np.poly(np.append(z + 1j, z - 1j)), normal(2), real_only=True, covers=(np.poly,)),
    case(np.poly, normal(3, 3)),
    case(lambda a: np.poly(a + np.zeros((2, 2))), normal(), covers=(np.poly,)),
    # --- fitting
    case(np.polyfit, distinct(7), normal(7), 2),
    case(np.polyfit, distinct(7), normal(7, 2), 2, w=positive(7), cov=True),
    case(np.polyfit, distinct(7), normal(7), 1, w=positive(7), cov="unscaled"),
    case(np.polyfit, distinct(7), normal(7), 2, cov=True),
    case(np.polyfit, distinct(5), normal(5, 2), 2, None, True, positive(5)),
    case(np.polyfit, x=X, y=normal(7), deg=3, rcond=1e-8, w=W),
    case(np.polyfit, inside(6), [1.0, 2.0, 0.5, 3.0, 1.0, 0.0], 1, fixed=True),
    # --- calculus
    case(np.polyder, normal(4)),
    case(np.polyder, normal(4), m=2),
    case(np.polyder, normal(3), 4),
    case(np.polyder, normal(3), 0),
    case(np.polyint, normal(4)),
    case(np.polyint, normal(3), m=2, k=3),
    case(np.polyint, normal(3), 2, [1.0, 3.0]),
    case(lambda p: np.polyint(p, 2, 2 * p), normal(3), covers=(np.polyint,)),
    case(np.polyint, normal(3), 0),
    # --- arithmetic
    *(case(f, normal(3), normal(3)) for f in (np.polyadd, np.polysub, np.polymul)),
    *(case(f, normal(2), normal(4)) for f in (np.polyadd, np.polysub, np.polymul)),
    *(case(f, normal(4), [1.0, 2.0]) for f in (np.polyadd, np.polysub, np.polymul)),
    *(case(f, 2.0, normal(3)) for f in (np.polyadd, np.polysub, np.polymul)),
    # Divided by two, the highest power leaves nothing at all, which does not need to be told from rounding.
    case(np.polydiv, normal(5), given(2.0, 0.7, 0.4)),
    case(np.polydiv, normal(2), positive(3)),
    case(np.polydiv, normal(4), [2.0, 1.0]),
    case(np.polydiv, [2.0, 1.0, 3.0], given(2.0, 0.3)),
]

# An older NumPy does not let a Tensor take these over.
if allows_array_function_override(series.polyval2d):
    SAMPLES += [
        case(series.polyval2d, normal(2, 3), normal(2, 3), normal(3, 4)),
        case(series.polyval2d, normal(5), normal(5), normal(2, 2, 3)),
        case(series.polyval2d, [1, 2], normal(2), [[1, 2], [3, 4]]),
        case(series.polygrid2d, normal(2), normal(3, 2), normal(3, 4)),
        case(series.polygrid2d, normal(2), 2.0, normal(3, 4, 2)),
    ]
if hasattr(series, "polyvalnd"):  # NumPy 2.5
    SAMPLES += [
        case(series.polyvalnd, [normal(2, 3), normal(2, 3), normal(2, 3)], normal(2, 3, 4)),
        case(series.polyvalnd, (normal(3), normal(3)), normal(2, 3, 2)),
        case(series.polyvalnd, [normal(3), normal(3)], normal(4)),
        case(series.polyvalnd, [normal()], normal(4, 2)),
        case(series.polyvalnd, normal(2, 5), normal(3, 4)),
        case(series.polyvalnd, [[1, 2], normal(2)], [[1, 2], [3, 4]]),
        case(series.polyvalnd, pts=[1.5, normal()], c=normal(2, 3)),
    ]
