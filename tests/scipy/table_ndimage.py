"""Calls of scipy.ndimage."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tests.scipy.calls import Call

X = np.array(
    [[0.3, -1.2, 0.7, 0.4, 1.15], [0.9, 0.2, -0.5, 1.3, -0.8], [0.1, 0.6, 1.4, -0.3, 0.5], [1.7, 0.05, 0.8, 2, -1]]
)
W = np.array([[0.4, -1.1], [0.3, 0.8], [0.6, 0.2]])
LONG = np.sin(np.arange(70.0) ** 1.3)
LINE = np.array([0.4, -1.1, 0.3, 0.8])
LABELS = np.array([[0, 1, 1, 2, 2]] * 4)
AT = np.array([[0.3, 1.6, -1.3, 2.7, 4.4], [0.7, 2.2, 1.4, 5.8, -0.6]])
INSIDE = np.array([[0.3, 1.6, 1.3, 2.7], [0.7, 2.2, 1.4, 3.8]])
MATRIX = np.array([[0.9, 0.17], [-0.3, 1.1]])
FILTERS = ("reflect", "constant", "nearest", "mirror", "wrap")
MODES = (*FILTERS, "grid-wrap", "grid-mirror", "grid-constant")

CALLS = [
    *(
        Call(f"ndimage.{name} {m}", lambda sp, x, w, f=name, m=m: getattr(sp.ndimage, f)(x, w, mode=m, cval=1.5), X, w)
        for name, w in (("convolve", W), ("correlate", W), ("convolve1d", LINE), ("correlate1d", LINE))
        for m in FILTERS
    ),
    Call("ndimage.convolve origin", lambda sp, x, w: sp.ndimage.convolve(x, w, origin=(1, -1)), X, W),
    Call("ndimage.correlate complex", lambda sp, x, w: sp.ndimage.correlate(x, w), X + 1j * X[::-1], W + 0.5j),
    Call(
        "ndimage.correlate large", lambda sp, x, w: sp.ndimage.correlate(x, w, mode="wrap"), X[:2, :2], W[:, :1] * LINE
    ),
    *(
        Call(
            f"ndimage.gaussian_filter {m}",
            lambda sp, x, s, m=m: sp.ndimage.gaussian_filter(x, s, mode=m),
            X,
            np.array([0.8, 1.1]),
        )
        for m in FILTERS
    ),
    *(
        Call(f"ndimage.gaussian_filter1d {k}", lambda sp, x, s, k=k: sp.ndimage.gaussian_filter1d(x, s, 0, k), X, 0.9)
        for k in range(4)
    ),
    Call("ndimage.gaussian_laplace", lambda sp, x, s: sp.ndimage.gaussian_laplace(x, s, truncate=3.0), X, 0.9),
    Call("ndimage.gaussian_gradient_magnitude", lambda sp, x: sp.ndimage.gaussian_gradient_magnitude(x, 0.9), X),
    *(
        Call(
            f"ndimage.uniform_filter {m}", lambda sp, x, m=m: sp.ndimage.uniform_filter(x, (3, 4), mode=m, cval=1.0), X
        )
        for m in FILTERS
    ),
    Call("ndimage.uniform_filter1d", lambda sp, x: sp.ndimage.uniform_filter1d(x, 4, 0, origin=1), X),
    Call("ndimage.sobel", lambda sp, x: sp.ndimage.sobel(x, mode="mirror"), X),
    Call("ndimage.prewitt", lambda sp, x: sp.ndimage.prewitt(x, 0), X),
    Call("ndimage.laplace", lambda sp, x: sp.ndimage.laplace(x), X),
    *(
        Call(
            f"ndimage.map_coordinates {m} {k}",
            lambda sp, x, m=m, k=k: sp.ndimage.map_coordinates(x, AT, order=k, mode=m, cval=0.5),
            X,
        )
        for m in MODES
        for k in (1, 3)
    ),
    *(
        Call(
            f"ndimage.map_coordinates by coordinates {k}",
            lambda sp, x, c, k=k: sp.ndimage.map_coordinates(x, c, order=k, mode="reflect"),
            *(X, INSIDE),
            orders=2 if k > 3 else 1,
            rough=10,
        )
        for k in (1, 2, 3, 4, 5)
    ),
    *(
        Call(
            f"ndimage.shift {m}",
            lambda sp, x, s, m=m: sp.ndimage.shift(x, s, mode=m, order=5),
            *(X, np.array([0.3, -1.2])),
            rough=10,
        )
        for m in ("constant", "nearest", "grid-wrap")
    ),
    Call("ndimage.zoom", lambda sp, x: sp.ndimage.zoom(x, (1.7, 0.6)), X),
    Call("ndimage.zoom grid_mode", lambda sp, x: sp.ndimage.zoom(x, 2, mode="nearest", grid_mode=True, order=1), X),
    Call(
        "ndimage.affine_transform",
        lambda sp, x, m, o: sp.ndimage.affine_transform(x, m, o, order=5, mode="mirror"),
        *(X, MATRIX, np.array([0.31, 0.22])),
        rough=10,
    ),
    Call("ndimage.affine_transform diagonal", lambda sp, x: sp.ndimage.affine_transform(x, [0.9, 1.1], 0.2), X),
    Call(
        "ndimage.rotate",
        lambda sp, x, a: sp.ndimage.rotate(x, a, reshape=False, order=5, mode="mirror"),
        X,
        13.0,
        rough=10,
    ),
    Call("ndimage.rotate axes", lambda sp, x: sp.ndimage.rotate(x, 33.0, (0, 2)), np.stack([X, X**2])),
    *(
        Call(f"ndimage.spline_filter {m}", lambda sp, x, m=m: sp.ndimage.spline_filter(x, 4, mode=m), X)
        for m in ("mirror", "reflect", "grid-wrap")
    ),
    Call("ndimage.spline_filter1d complex", lambda sp, x: sp.ndimage.spline_filter1d(x, 3, 0, complex), X + 1j),
    *(
        Call(f"ndimage.{name}", lambda sp, x, f=name: getattr(sp.ndimage, f)(x, 0.7), X + 1j * X[::-1])
        for name in ("fourier_gaussian", "fourier_uniform", "fourier_shift", "fourier_ellipsoid")
    ),
    *(
        Call(f"ndimage.{name} {m}", lambda sp, x, f=name, m=m: getattr(sp.ndimage, f)(x, (3, 2), mode=m), X)
        for name in ("minimum_filter", "maximum_filter", "median_filter", "grey_erosion", "grey_dilation")
        for m in ("reflect", "constant", "nearest")
    ),
    *(
        Call(f"ndimage.{name} structure", lambda sp, x, f=name: getattr(sp.ndimage, f)(x, structure=W / 5), X)
        for name in ("grey_erosion", "grey_dilation")
    ),
    Call("ndimage.percentile_filter", lambda sp, x: sp.ndimage.percentile_filter(x, 30, 3), X),
    Call("ndimage.rank_filter", lambda sp, x: sp.ndimage.rank_filter(x, 2, footprint=W > 0.35, origin=-1), X),
    Call("ndimage.maximum_filter1d", lambda sp, x: sp.ndimage.maximum_filter1d(x, 3, 0, origin=-1), X),
    *(
        Call(f"ndimage.{name}", lambda sp, x, f=name: getattr(sp.ndimage, f)(x, LABELS, [1, 2]), X)
        for name in ("sum_labels", "mean", "variance", "standard_deviation", "maximum", "minimum", "median")
    ),
    Call("ndimage.center_of_mass", lambda sp, x: sp.ndimage.center_of_mass(x + 3, LABELS, [1, 2]), X),
    Call("ndimage.extrema", lambda sp, x: sp.ndimage.extrema(x)[:2], X),
    Call("ndimage.label", lambda sp, x: x * sp.ndimage.label(x > 0.45)[0], X),
    Call("ndimage.distance", lambda sp, x: sp.ndimage.distance_transform_cdt(x), X, refused="jumps"),
    Call("ndimage.zoom by zoom", lambda sp, z: sp.ndimage.zoom(X, z), 1.3, refused="'zoom'"),
    *(
        Call(f"ndimage.{name} {kw}", lambda sp, x, f=name, kw=kw: getattr(sp.ndimage, f)(x, **kw), X)
        for name in (
            *("grey_opening", "grey_closing", "white_tophat", "black_tophat"),
            *("morphological_gradient", "morphological_laplace"),
        )
        for kw in ({"size": 2}, {"structure": 0.1 * LABELS[:3, :3], "mode": "nearest"})
    ),
    *(
        Call(
            f"ndimage.{name} {parameter}",
            lambda sp, z, s, f=name: getattr(sp.ndimage, f)(z, s),
            X + 1j * X[::-1],
            value,
        )
        for name, parameter, value in (
            ("fourier_gaussian", "sigma", np.array([0.8, 1.1])),
            ("fourier_uniform", "size", np.array([1.8, 2.1])),
            ("fourier_shift", "shift", np.array([0.8, 1.1])),
        )
    ),
    Call("ndimage.fourier_gaussian half", lambda sp, z, s: sp.ndimage.fourier_gaussian(z, s, 8, -1), X, 0.8),
    Call("ndimage.fourier_ellipsoid size", lambda sp, s: sp.ndimage.fourier_ellipsoid(X, s), 2.0, refused="'size'"),
    Call(
        "ndimage.generic_filter",
        lambda sp, x, p: sp.ndimage.generic_filter(
            x, lambda v, k: np.sum(v**2) * p + k * v[0], 2, extra_arguments=(3,)
        ),
        *(X, 0.7),
    ),
    Call(
        "ndimage.generic_filter footprint",
        lambda sp, x: sp.ndimage.generic_filter(
            x, np.max, footprint=[[1, 0, 1]], mode="constant", cval=0.23, origin=(0, 1)
        ),
        X,
    ),
    Call(
        "ndimage.geometric_transform",
        lambda sp, x, p: sp.ndimage.geometric_transform(x, lambda at: (at[0] * p + 0.21, at[1] - p), mode="nearest"),
        *(X, 0.87),
    ),
    Call(
        "ndimage.labeled_comprehension",
        lambda sp, x, p: sp.ndimage.labeled_comprehension(x, LABELS, [1, 2, 5], lambda v: np.sum(v**2) * p, float, 0.5),
        *(X, 0.7),
    ),
    Call(
        "ndimage.distance_transform_edt sampling",
        lambda sp, s: sp.ndimage.distance_transform_edt(LABELS != 1, sampling=s),
        np.array([0.7, 1.2]),
    ),
    Call("ndimage.generic_laplace", lambda sp, x: sp.ndimage.generic_laplace(x, None), X, refused="buffers"),
    *(
        Call(
            f"ndimage.spline_filter1d long {mode}", lambda sp, x, m=mode: sp.ndimage.spline_filter1d(x, 3, mode=m), LONG
        )
        for mode in ("mirror", "reflect", "grid-wrap", "nearest", "constant", "grid-constant")
    ),
    Call("ndimage.sum", lambda sp, x: sp.ndimage.sum(x, LABELS, [1, 2]), X),
    Call("ndimage.minimum_filter1d", lambda sp, x: sp.ndimage.minimum_filter1d(x, 2), X),
    *(
        Call(f"ndimage.{name}", lambda sp, x, f=name: getattr(sp.ndimage, f)(x, np.max, 3), X, refused=why)
        for name, why in (
            *(("distance_transform_bf", "jumps"), ("distance_transform_cdt", "jumps"), ("watershed_ift", "jumps")),
            *((("vectorized_filter", "buffers"),) * hasattr(ndimage, "vectorized_filter")),
            *(("generic_filter1d", "buffers"), ("generic_gradient_magnitude", "buffers")),
        )
    ),
]
