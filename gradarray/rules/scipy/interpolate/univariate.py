"""FITPACK's splines of one variable as objects, by points, values, weights and sites."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import methods
from ..values import Fit, as_double, fitted, looked_at, no_variable, valued
from .bsplines import padded, spalde, splev, splint
from .fits import transposed_fit
from .knots import chosen, moving_unless_given


def _init(
    self: Any,
    x: Any,
    y: Any,
    w: Any = None,
    bbox: Any = (None, None),
    k: int = 3,
    s: Any = None,
    ext: Any = 0,
    check_finite: bool = False,
) -> None:
    no_variable("scipy.interpolate.UnivariateSpline", bbox=bbox, s=s)
    interpolate.UnivariateSpline.__init__(self, *looked_at((x, y, w)), list(bbox), k, s, ext, check_finite)
    _filled(self, interpolate.UnivariateSpline, (x, y, w), {"bbox": list(bbox), "k": k, "s": s})


def _interpolated_init(
    self: Any,
    x: Any,
    y: Any,
    w: Any = None,
    bbox: Any = (None, None),
    k: int = 3,
    ext: Any = 0,
    check_finite: bool = False,
) -> None:
    cls = interpolate.InterpolatedUnivariateSpline
    no_variable("scipy.interpolate.InterpolatedUnivariateSpline", bbox=bbox)
    cls.__init__(self, *looked_at((x, y, w)), list(bbox), k, ext, check_finite)
    _filled(self, cls, (x, y, w), {"bbox": list(bbox), "k": k})


def _knotted_init(
    self: Any,
    x: Any,
    y: Any,
    t: Any,
    w: Any = None,
    bbox: Any = (None, None),
    k: int = 3,
    ext: Any = 0,
    check_finite: bool = False,
) -> None:
    no_variable("scipy.interpolate.LSQUnivariateSpline", t=t, bbox=bbox)
    cls = interpolate.LSQUnivariateSpline
    t = looked_at(t)
    cls.__init__(self, *looked_at((x, y)), t, looked_at(w), list(bbox), k, ext, check_finite)
    _filled(self, cls, (x, y, w), {"t": t, "bbox": list(bbox), "k": k})


def _filled(self: Any, cls: Any, given: tuple[Any, Any, Any], options: dict[str, Any]) -> None:
    """Have an object that the library has just filled hold variables."""
    x, y, w = given
    t, known, k = self._eval_args
    if options.get("s", 0) != 0 or has_variable((x, w)):
        knots = moving_unless_given(t, x, k, options["bbox"], options.get("t"))
        w = None if w is None else as_double(w)
        c = chosen(as_double(x), as_double(y)[:, None], w, knots, known[: len(t) - k - 1, None], k)
        self._eval_args = knots, padded(c[:, 0], t), k
    else:
        _by_values(self, cls, given, options)
    self._coefficients, self._given = self._eval_args[1], given  # by which a variable in it is found


def _by_values(self: Any, cls: Any, given: tuple[Any, Any, Any], options: dict[str, Any]) -> None:
    """Have it hold coefficients that are a linear function of the values."""
    t, known, k = self._eval_args
    x, w = looked_at(given[0]), looked_at(given[2])
    y = as_double(given[1])
    plain = bare(y)

    def value(v: Array) -> Array:
        if type(v) is type(plain) and np.array_equal(v, plain):  # these have been computed
            return np.array(known)
        if v.ndim == 1:
            return np.asarray(cls(x, v, w=w, **options)._eval_args[1])
        return np.stack([value(column) for column in v.T], axis=-1)

    fit = Fit(value, value, np.shape(y)[0], transposed_fit(np.asarray(x, float), np.asarray(t), k, w))
    self._eval_args = t, fitted(y, fit=fit), k


def _residual(self: Any) -> Any:
    """Return how far the values are; where that is as far as they may be, it does not depend on them."""
    if not hasattr(self, "_given"):
        raise TypeError("scipy.interpolate.UnivariateSpline.get_residual of a variable: it has no values any more")
    x, y, w = self._given
    off = as_double(y) - self(x)
    return valued(np.sum((off if w is None else off * as_double(w)) ** 2), np.asarray(self._data[10]))


def _other_smoothing(self: Any, s: Any) -> None:
    raise TypeError(
        "scipy.interpolate.UnivariateSpline.set_smoothing_factor of a variable is not known here; make another spline, "
        "with s="
    )


def _call(self: Any, x: Any, nu: int = 0, ext: Any = None) -> Any:
    ext = self.ext if ext is None else ext
    ext = {"extrapolate": 0, "zeros": 1, "raise": 2, "const": 3}.get(ext, ext)
    t, c, k = self._eval_args
    return splev(x, (t, c, k), nu, ext)


def _integral(self: Any, a: Any, b: Any) -> Any:
    return splint(a, b, self._eval_args)


def _derivatives(self: Any, x: Any) -> Any:
    return spalde(x, self._eval_args)


methods(
    "scipy.interpolate",
    "UnivariateSpline",
    __init__=_init,
    __call__=_call,
    integral=_integral,
    derivatives=_derivatives,
    get_coeffs=lambda self: self._eval_args[1][: np.shape(self._eval_args[0])[0] - self._eval_args[2] - 1],
    get_residual=_residual,
    set_smoothing_factor=_other_smoothing,
)
methods("scipy.interpolate", "InterpolatedUnivariateSpline", __init__=_interpolated_init)
methods("scipy.interpolate", "LSQUnivariateSpline", __init__=_knotted_init)
