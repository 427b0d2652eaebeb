"""A hundred operations, each a function of one array of numbers between 0.5 and 2, for arrays of any kind.

A form tells which array: a vector, a matrix of eight columns, or a square one, symmetric and positive definite. What
stands beside it in an operation is a number, a plain array, or made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

BY_VALUES = "decided by values"  # which some kinds of arrays cannot tell at once
VECTOR, MATRIX, SQUARE = "vector", "matrix", "square"
PLACES = np.array([2, 0, 2, 5, -1])
COLUMNS = np.linspace(0.5, 1.5, 8)


class Trial(NamedTuple):
    name: str
    form: str
    call: Callable[[Any], Any]
    section: str


def _assigned(x: Any) -> Any:
    y = x * 1.0
    y[2:5] = x[:3] ** 2
    return y


def _masked(x: Any) -> Any:
    y = np.copy(x)
    y[x > 1] = 0.25
    return y * x


def _picked(x: Any) -> Any:
    y = x * 2.0
    y[np.array([1, 3])] = x[:2]
    return y


def _updated(x: Any) -> Any:
    y = np.exp(x)
    y *= x
    y += 1.5
    return y


def _filled(x: Any) -> Any:
    y = np.zeros_like(x)
    for i in range(4):
        y[i] = np.sin(x[i]) * x[i + 1]
    return y


def _row(x: Any) -> Any:
    y = x * 1.0
    y[1] = y[0] * 2
    y[:, 2] += 1.0
    return y * x


def _copied(x: Any) -> Any:
    y = x * 1.0
    np.copyto(y, x**2, where=x > 1)
    return y


def _loop(x: Any) -> Any:
    total = 0.0
    for i in range(5):
        total = total + x[i] * x[-1 - i]
    return total


def _newton(x: Any) -> Any:
    y = x
    for _ in range(4):
        y = 0.5 * (y + x / y)
    return y


def _root(x: Any) -> Any:
    y = 0.5 * (1 + x)
    while np.max(np.abs(y * y - x)) > 1e-6:
        y = 0.5 * (y + x / y)
    return 0.5 * (y + x / y)


def _softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def _logsumexp(x: Any) -> Any:
    top = np.max(x, axis=-1, keepdims=True)
    return np.log(np.sum(np.exp(x - top), axis=-1)) + top[..., 0]


SECTIONS: dict[str, list[tuple[str, str, Callable[[Any], Any]]]] = {
    "element by element": [
        ("sin", VECTOR, np.sin),
        ("exp * log", VECTOR, lambda x: np.exp(-x) * np.log(x)),
        ("power", VECTOR, lambda x: x**3 + x**-1.5 + 2.0**x),
        ("sqrt / number", VECTOR, lambda x: np.sqrt(x) / 3 - 1 / x),
        ("tanh", VECTOR, np.tanh),
        ("arctan2", VECTOR, lambda x: np.arctan2(x, 1 + x * x)),
        ("hypot", VECTOR, lambda x: np.hypot(x, 2.0)),
        ("logaddexp", VECTOR, lambda x: np.logaddexp(x, 0.5)),
        ("abs", VECTOR, lambda x: np.abs(x - 1.1)),
        ("sign and floor", VECTOR, lambda x: np.sign(x - 1) * np.floor(x) * x),
        ("maximum", VECTOR, lambda x: np.maximum(x, 1.0) * np.minimum(x, 1.3)),
        ("fmax", VECTOR, lambda x: np.fmax(x, 2 - x)),
        ("clip", VECTOR, lambda x: np.clip(x, 0.7, 1.4) * x),
        ("where", VECTOR, lambda x: np.where(x > 1, x**2, np.sin(x))),
        ("where of a number", VECTOR, lambda x: np.where(x > 1, 0.0, x)),
        ("remainder", VECTOR, lambda x: x % 0.3),
        ("sinc", VECTOR, np.sinc),
        ("nan_to_num", VECTOR, lambda x: np.nan_to_num(x) ** 2),
        ("modf", VECTOR, lambda x: np.modf(3 * x)[0] * x),
        ("float32", VECTOR, lambda x: x.astype(np.float32) * 2),
        ("complex", VECTOR, lambda x: np.abs(np.exp(1j * x) + x) + np.real((x + 2j * x) * np.conj(x - 1j))),
        ("angle", VECTOR, lambda x: np.angle(x + 1j * x**2)),
        ("out of keywords", VECTOR, lambda x: np.multiply(x, x, where=np.ones(1, bool))),
        ("iterated", VECTOR, _newton),
    ],
    "with plain arrays, and broadcast": [
        ("plain row", MATRIX, lambda x: x * COLUMNS + COLUMNS),
        ("plain from the left", MATRIX, lambda x: COLUMNS / x),
        ("row minus column", MATRIX, lambda x: x[:1] - x[:, :1]),
        ("broadcast_to", MATRIX, lambda x: np.broadcast_to(x[0], (3, 8)) * x[:3]),
        ("outer difference", SQUARE, lambda x: np.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1)),
    ],
    "reductions": [
        ("sum", MATRIX, lambda x: np.sum(x**2)),
        ("sum along an axis", MATRIX, lambda x: np.sum(x**2, axis=0)),
        ("sum along the last axis", MATRIX, lambda x: x.sum(-1, keepdims=True) * x),
        ("mean", MATRIX, lambda x: x - np.mean(x, axis=1, keepdims=True)),
        ("var", MATRIX, lambda x: np.var(x, axis=0)),
        ("std", MATRIX, lambda x: np.std(x, ddof=1)),
        ("prod", SQUARE, lambda x: np.prod(x, axis=1)),
        ("max", MATRIX, lambda x: np.max(x, axis=1)),
        ("min of all", MATRIX, np.min),
        ("cumsum", VECTOR, np.cumsum),
        ("cumprod", SQUARE, lambda x: np.cumprod(x, axis=0)),
        ("norm", MATRIX, np.linalg.norm),
        ("norm along an axis", MATRIX, lambda x: np.linalg.norm(x, axis=1)),
        ("ptp", MATRIX, lambda x: np.ptp(x, axis=0)),
        ("average", MATRIX, lambda x: np.average(x, axis=1, weights=COLUMNS)),
        ("nansum", MATRIX, lambda x: np.nansum(x * x, axis=0)),
        ("trapezoid", VECTOR, lambda x: np.trapezoid(x**2, dx=0.5)),
        ("median", MATRIX, lambda x: np.median(x, axis=1)),
        ("percentile", MATRIX, lambda x: np.percentile(x, 30, axis=0)),
        ("add.reduce", MATRIX, lambda x: np.add.reduce(x * x, axis=1)),
        ("cov", MATRIX, lambda x: np.cov(x[:4])),
        ("softmax", MATRIX, _softmax),
        ("logsumexp", MATRIX, _logsumexp),
    ],
    "shapes": [
        ("reshape", MATRIX, lambda x: (x.reshape(-1, 4) ** 2).ravel()),
        ("transpose", MATRIX, lambda x: x.T * COLUMNS[:, None]),
        ("moveaxis", MATRIX, lambda x: np.moveaxis(x.reshape(2, -1, 8), 0, -1) ** 2),
        ("swapaxes", MATRIX, lambda x: np.swapaxes(x, 0, 1)),
        ("flip", VECTOR, lambda x: x[::-1] * np.flip(x) * x),
        ("roll", MATRIX, lambda x: np.roll(x, 2, axis=1) * x),
        ("squeeze", VECTOR, lambda x: np.squeeze(np.expand_dims(x, 1) ** 2)),
        ("concatenate", VECTOR, lambda x: np.concatenate([x, 2 * x[:3], np.ones(2)])),
        ("stack", VECTOR, lambda x: np.stack([x, x**2], axis=1)),
        ("vstack", MATRIX, lambda x: np.vstack([x, x[0]])),
        ("tile", VECTOR, lambda x: np.tile(x[:6], 3)),
        ("repeat", VECTOR, lambda x: np.repeat(x[:6], 2)),
        ("pad", VECTOR, lambda x: np.pad(x, (1, 2)) ** 2),
        ("split", VECTOR, lambda x: np.split(x[:6], 3)[1] * x[:2]),
        ("diff", VECTOR, np.diff),
        ("gradient", VECTOR, np.gradient),
        ("tril", SQUARE, np.tril),
        ("diagonal", SQUARE, lambda x: np.diagonal(x) * np.diag(x)),
        ("trace", SQUARE, np.trace),
        ("diag", VECTOR, lambda x: np.diag(x[:5])),
    ],
    "products": [
        ("matrix times vector", MATRIX, lambda x: x @ COLUMNS),
        ("matmul", MATRIX, lambda x: x[:5].T @ x[:5]),
        ("dot", VECTOR, lambda x: np.dot(x, np.sqrt(x))),
        ("outer", VECTOR, lambda x: np.outer(x[:5], x[:4])),
        ("einsum", MATRIX, lambda x: np.einsum("ij,ij->i", x, x)),
        ("tensordot", MATRIX, lambda x: np.tensordot(x, x, axes=((0,), (0,)))),
        ("kron", SQUARE, lambda x: np.kron(x[:2, :2], x[:3, :3])),
    ],
    "linear algebra, transforms": [
        ("solve", SQUARE, lambda x: np.linalg.solve(x, x[0])),
        ("inv", SQUARE, np.linalg.inv),
        ("slogdet", SQUARE, lambda x: np.linalg.slogdet(x)[1]),
        ("cholesky", SQUARE, lambda x: np.linalg.cholesky(x + x.T)),
        ("fft", VECTOR, lambda x: np.abs(np.fft.rfft(x[:16])) ** 2),
    ],
    "indices": [
        ("slice", VECTOR, lambda x: x[1:-1] ** 2 + x[2:] * x[:-2]),
        ("steps", VECTOR, lambda x: x[::3] ** 2),
        ("places", VECTOR, lambda x: x[PLACES] ** 2),
        ("pairs of places", MATRIX, lambda x: x[np.array([0, 1, 1]), np.array([3, 2, 2])] ** 2),
        ("rows", MATRIX, lambda x: x[np.array([[0, 2], [2, 1]])] ** 2),
        ("loop", VECTOR, _loop),
        ("take", MATRIX, lambda x: np.take(x, [1, 1, 3], axis=1)),
        ("sort", VECTOR, lambda x: np.sort(x)[:5] ** 2),
        ("interp", VECTOR, lambda x: np.interp(x, [0.0, 1.0, 2.5], [0.0, 2.0, 3.0])),
    ],
    "writing": [
        ("assignment", VECTOR, _assigned),
        ("assignment by a mask", VECTOR, _masked),
        ("assignment by places", VECTOR, _picked),
        ("assignment to rows and columns", MATRIX, _row),
        ("augmented", VECTOR, _updated),
        ("filled in a loop", VECTOR, _filled),
        ("copyto", VECTOR, _copied),
    ],
    BY_VALUES: [
        ("branch", VECTOR, lambda x: x**2 if np.sum(x) > 3 else -x),
        ("until it has converged", VECTOR, _root),
        ("elements of a mask", VECTOR, lambda x: x[x > 1] ** 2),
        ("unique", VECTOR, lambda x: np.unique(x) ** 2),
    ],
}
TABLE = [Trial(*row, section) for section, rows in SECTIONS.items() for row in rows]


def array_for(form: str, size: int, seed: int = 0) -> Any:
    """Return an array for an operation, of about so many elements."""
    rng = np.random.default_rng(seed)
    if form == VECTOR:
        return rng.uniform(0.5, 2, size)
    if form == MATRIX:
        return rng.uniform(0.5, 2, (max(6, size // 16 * 2), 8))
    n = min(12, max(6, int(np.sqrt(size))))
    x = rng.uniform(0.5, 1, (n, n))
    return (x + x.T) / 2 + n * np.eye(n)


def weighted(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the sum of what an operation gives, with weights that tell the elements apart."""

    def loss(x: Any) -> Any:
        y = call(x)
        return np.sum(y * np.cos(np.arange(float(np.size(y)))).reshape(np.shape(y)))

    return loss
