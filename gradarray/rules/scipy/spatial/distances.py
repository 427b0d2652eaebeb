"""Distances between vectors, and between all pairs of some: each metric is written once, along the last axis.

At a kink, where two elements are equal, the slope is that of the absolute value there: 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import distance

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...registry import rule
from ..declared import function
from ..pairs import condensed, of_pairs, squared
from ..values import as_double, as_library, from_library, no_variable

# --- what each metric is ----------------------------------------------------------------------------------------------


def _weighted(terms: Any, w: Any) -> Any:
    return np.sum(terms if w is None else terms * w, axis=-1)


def _root(squares: Any, power: float = 0.5) -> Any:
    """Return a root, with the slope 0 at 0."""
    zero = np.equal(bare(squares), 0)
    return np.where(zero, 0.0, np.where(zero, 1.0, squares) ** power)


def _ratio(part: Any, whole: Any, otherwise: float = 0.0) -> Any:
    zero = np.equal(bare(whole), 0)
    return np.where(zero, otherwise, part / np.where(zero, 1.0, whole))


def _sqeuclidean(u: Any, v: Any, w: Any = None) -> Any:
    return _weighted((u - v) ** 2, w)


def _euclidean(u: Any, v: Any, w: Any = None) -> Any:
    return _root(_sqeuclidean(u, v, w))


def _cityblock(u: Any, v: Any, w: Any = None) -> Any:
    return _weighted(np.abs(u - v), w)


def _chebyshev(u: Any, v: Any, w: Any = None) -> Any:
    apart = np.abs(u - v)
    return np.max(apart if w is None else np.where(np.greater(bare(w), 0), apart, 0.0), axis=-1)


def _minkowski(u: Any, v: Any, p: Any = 2, w: Any = None) -> Any:
    no_variable("scipy.spatial.distance.minkowski", p=p)
    if p == np.inf:
        return _chebyshev(u, v, w)
    apart = np.abs(u - v)
    return _root(_weighted(_root(apart, p) if p != 1 else apart, w), 1 / p)


def _canberra(u: Any, v: Any, w: Any = None) -> Any:
    return _weighted(_ratio(np.abs(u - v), np.abs(u) + np.abs(v)), w)


def _braycurtis(u: Any, v: Any, w: Any = None) -> Any:
    return _weighted(np.abs(u - v), w) / _weighted(np.abs(u + v), w)


def _correlation(u: Any, v: Any, w: Any = None, centered: bool = True) -> Any:
    if w is not None:
        w = w / np.sum(w)
    if centered:
        share = 1 / np.shape(u)[-1] if w is None else w
        u, v = (x - np.sum(x * share, axis=-1, keepdims=True) for x in (u, v))
    both = _weighted(u * v, w)
    return 1 - both / np.sqrt(_weighted(u * u, w) * _weighted(v * v, w))


def _cosine(u: Any, v: Any, w: Any = None) -> Any:
    return _correlation(u, v, w, centered=False)


def _seuclidean(u: Any, v: Any, V: Any) -> Any:
    return _root(np.sum((u - v) ** 2 / V, axis=-1))


def _mahalanobis(u: Any, v: Any, VI: Any) -> Any:
    apart = u - v
    return _root(np.sum((apart @ VI) * apart, axis=-1))


def _jensenshannon(p: Any, q: Any, base: Any = None) -> Any:
    p, q = p / np.sum(p, axis=-1, keepdims=True), q / np.sum(q, axis=-1, keepdims=True)
    middle = (p + q) / 2
    total = np.sum(_relative(p, middle) + _relative(q, middle), axis=-1)
    return _root((total if base is None else total / np.log(base)) / 2)


def _relative(p: Any, m: Any) -> Any:
    zero = np.equal(bare(p), 0)
    return np.where(zero, 0.0, p * np.log(np.where(zero, 1.0, p) / np.where(zero, 1.0, m)))


# Of truth values, between which a derivative is zero but where one changes.
_BOOLEAN = (
    "dice",
    "hamming",
    "jaccard",
    "matching",
    "rogerstanimoto",
    "russellrao",
    "sokalmichener",
    "sokalsneath",
    "yule",
)
_METRICS: dict[str, Callable[..., Any]] = {
    "braycurtis": _braycurtis,
    "canberra": _canberra,
    "chebyshev": _chebyshev,
    "cityblock": _cityblock,
    "correlation": _correlation,
    "cosine": _cosine,
    "euclidean": _euclidean,
    "jensenshannon": _jensenshannon,
    "mahalanobis": _mahalanobis,
    "minkowski": _minkowski,
    "seuclidean": _seuclidean,
    "sqeuclidean": _sqeuclidean,
}
_ALIASES = {
    **dict.fromkeys(("euclid", "eu", "e"), "euclidean"),
    **dict.fromkeys(("sqe", "sqeuclid"), "sqeuclidean"),
    **dict.fromkeys(("manhattan", "city block", "city_block", "cblock", "cb", "c"), "cityblock"),
    **dict.fromkeys(("chebychev", "cheby", "cheb", "ch"), "chebyshev"),
    **dict.fromkeys(("minkowsky", "mi", "m", "pnorm"), "minkowski"),
    **dict.fromkeys(("cos",), "cosine"),
    **dict.fromkeys(("co",), "correlation"),
    **dict.fromkeys(("se", "s"), "seuclidean"),
    **dict.fromkeys(("mahal", "mah"), "mahalanobis"),
    "js": "jensenshannon",
}


@from_library
def _library(*operands: Any, name: str, names: Any, options: Any) -> Array:
    positional = [x for x, key in zip(operands, names, strict=True) if key is None]
    named = {key: x for x, key in zip(operands, names, strict=True) if key is not None}
    return np.asarray(getattr(distance, name)(*positional, **named, **options))


def _with_value(made: Any, name: str, operands: list[Any], given: dict[str, Any], options: dict[str, Any]) -> Any:
    """Return distances with SciPy's own values; keywords that may be variables are operands."""
    arrays = {key: x for key, x in given.items() if hasattr(x, "dtype")}
    rest = {key: x for key, x in given.items() if key not in arrays}
    names = (*[None] * len(operands), *arrays)
    return as_library(made, _library, *operands, *arrays.values(), name=name, names=names, options={**rest, **options})


# --- of two vectors ---------------------------------------------------------------------------------------------------


@from_library
def _apart(u: Array, v: Array, *, name: str) -> Array:
    return np.asarray(getattr(distance, name)(u, v))


def _apart_vjp(g: Any, ans: Any, u: Any, v: Any, *, name: str) -> tuple[Any, Any]:
    if name in ("cosine", "correlation"):
        pair = np.stack([u, v])
        if name == "correlation":
            pair = pair - np.mean(pair, axis=1, keepdims=True)
        u, v = pair
        uu, vv, uv = u @ u, v @ v, u @ v
        both = -g / np.sqrt(uu * vv)
        # Products of matrices take less time than sums of multiples.
        return np.stack([-both * uv / uu, both]) @ pair, np.stack([both, -both * uv / vv]) @ pair
    if name == "cityblock":
        slope = g * np.sign(u - v)
    elif name == "sqeuclidean":
        slope = (2 * g) * (u - v)
    else:
        slope = _ratio(g, ans) * (u - v)
    return slope, -slope


rule(_apart, joint=_apart_vjp)
_SHORT = ("cosine", "correlation", "cityblock", "sqeuclidean", "euclidean")


def _of_two(name: str) -> Callable[..., Any]:
    metric = _METRICS[name]

    def call(u: Any, v: Any, *args: Any, **kwargs: Any) -> Any:
        u, v = as_double(u), as_double(v)
        if np.ndim(u) != 1 or np.ndim(v) != 1:
            raise ValueError("Input vector should be 1-D.")
        if name in _SHORT and not args and not kwargs and np.shape(u) == np.shape(v):
            return _apart(u, v, name=name)
        third = {
            "minkowski": ("p", "w"),
            "seuclidean": ("V",),
            "mahalanobis": ("VI",),
            "correlation": ("w", "centered"),
        }
        kwargs |= dict(zip(third.get(name, ("w",)), args, strict=False))
        return _with_value(metric(u, v, **kwargs), name, [u, v], kwargs, {})

    call.__name__ = name
    return call


def jensenshannon(p: Any, q: Any, base: Any = None, *, axis: int = 0, keepdims: bool = False) -> Any:
    p, q = as_double(p), as_double(q)
    made = _jensenshannon(np.moveaxis(p, axis, -1), np.moveaxis(q, axis, -1), base)
    made = np.expand_dims(made, axis) if keepdims else made
    return _with_value(made, "jensenshannon", [p, q], {"base": base, "axis": axis, "keepdims": keepdims}, {})


def _refusing(name: str) -> Callable[..., Any]:
    def call(*_args: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"scipy.spatial.distance.{name} compares truth values, and so has no derivative by a variable")

    call.__name__ = name
    return call


function("scipy.spatial.distance", *[_of_two(name) for name in _METRICS if name != "jensenshannon"], jensenshannon)
function("scipy.spatial.distance", *[_refusing(name) for name in _BOOLEAN if hasattr(distance, name)])

# --- of all pairs -----------------------------------------------------------------------------------------------------


def _is_own(metric: Any) -> bool:
    """Tell whether a metric is a function of the user's, which is called for each pair."""
    return callable(metric) and str(getattr(metric, "__module__", "")).partition(".")[0] != "scipy"


def _metric(metric: Any, where: str) -> str:
    if callable(metric):
        metric = getattr(metric, "__name__", "")
    name = str(metric).lower()
    name = _ALIASES.get(name, name)
    if name not in _METRICS:
        known = "compares truth values" if name in _BOOLEAN else "is not known"
        raise TypeError(f"scipy.spatial.distance.{where} of a variable: the metric {metric!r} {known} here")
    return name


def _completed(name: str, given: dict[str, Any], whole: Callable[[], Any]) -> dict[str, Any]:
    """Return the keywords of a metric, with the variances that it takes of all vectors where none are given."""
    given = {key: x for key, x in given.items() if x is not None}
    if name == "seuclidean" and "V" not in given:
        given["V"] = np.var(whole(), axis=0, ddof=1)
    if name == "mahalanobis" and "VI" not in given:
        given["VI"] = np.transpose(np.linalg.inv(np.cov(np.transpose(whole()))))
    return given


def cdist(XA: Any, XB: Any, metric: Any = "euclidean", *, out: Any = None, **kwargs: Any) -> Any:
    if out is not None:
        raise TypeError("scipy.spatial.distance.cdist of a variable: out= is not known here")
    XA, XB = as_double(XA), as_double(XB)
    if _is_own(metric):
        return np.stack([np.stack([metric(a, b, **kwargs) for b in XB]) for a in XA])
    name = _metric(metric, "cdist")
    given = _completed(name, kwargs, lambda: np.concatenate([XA, XB]))
    no_variable("scipy.spatial.distance.cdist", p=given.get("p"))
    made, known = of_pairs(name, XA, XB, given)
    if known:
        return made
    if made is None:
        made = _METRICS[name](XA[:, None, :], XB[None, :, :], **given)
    return _with_value(made, "cdist", [XA, XB], {k: x for k, x in kwargs.items() if x is not None}, {"metric": name})


def pdist(X: Any, metric: Any = "euclidean", *, out: Any = None, **kwargs: Any) -> Any:
    if out is not None:
        raise TypeError("scipy.spatial.distance.pdist of a variable: out= is not known here")
    X = as_double(X)
    if _is_own(metric):
        pairs = zip(*np.triu_indices(np.shape(X)[0], 1), strict=True)
        return np.stack([metric(X[i], X[j], **kwargs) for i, j in pairs])
    name = _metric(metric, "pdist")
    given = _completed(name, kwargs, lambda: X)
    no_variable("scipy.spatial.distance.pdist", p=given.get("p"))
    made, known = of_pairs(name, X, None, given)
    if known:
        return made
    if made is None:
        i, j = np.triu_indices(np.shape(X)[0], 1)
        made = _METRICS[name](X[i], X[j], **given)
    return _with_value(made, "pdist", [X], {k: x for k, x in kwargs.items() if x is not None}, {"metric": name})


def squareform(X: Any, force: str = "no", checks: bool = True) -> Any:
    count, asked = np.ndim(X), str(force).lower()
    if count in (1, 2) and asked in ("no", "tomatrix" if count == 1 else "tovector"):
        return squared(X, checks=checks) if count == 1 else condensed(X, checks=checks)
    distance.squareform(np.asarray(bare(X)), force, checks)  # SciPy's own errors
    return X


def directed_hausdorff(u: Any, v: Any, seed: Any = 0, *, rng: Any = None) -> Any:
    plain = (np.asarray(bare(u)), np.asarray(bare(v)))
    value, i, j = (
        distance.directed_hausdorff(*plain, seed) if rng is None else distance.directed_hausdorff(*plain, rng=rng)
    )
    if not (has_variable(u) or has_variable(v)):
        return value, i, j
    return _euclidean(as_double(u)[i], as_double(v)[j]), i, j


function("scipy.spatial.distance", cdist, pdist, squareform, directed_hausdorff)
