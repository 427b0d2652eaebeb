"""Mistakes: what NumPy refuses is refused with NumPy's own error, whatever stands in the call."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])

# Of NumPy, or of the mirror, and the array.
Mistake = Callable[[Any, Any], Any]

PARAMETERS: dict[str, Mistake] = {
    "an axis that there is not": lambda m, x: m.sum(x, axis=2),
    "a parameter that there is not": lambda m, x: m.sum(x, nonsense=1),
    "no operand": lambda m, x: m.sum(),
    "a parameter twice": lambda m, x: m.sum(x, 0, axis=0),
    "too many parameters": lambda m, x: m.sum(x, 0, None, None, False, 0, True, 7, 8),
    "a name that there is not, of flip": lambda m, x: m.flip(x, nonsense=0),
    "no operand of flip": lambda m, x: m.flip(axis=0),
    "twice, of flip": lambda m, x: m.flip(x, 0, axis=0),
    "too many, of flip": lambda m, x: m.flip(x, 0, 1),
    "one operand too few": lambda m, x: m.outer(b=x),
    "a name that there is not, of ptp": lambda m, x: m.ptp(x, nonsense=1),
    "too many, of ptp": lambda m, x: m.ptp(x, 1, None, False, 3),
    "an operand of a ufunc too few": lambda m, x: m.add(x),
    "a name that there is not, of a ufunc": lambda m, x: m.add(x, x, nonsense=1),
    "an axis of a ufunc's method": lambda m, x: np.add.reduce(x, axis=9),
    "a place of a ufunc's method": lambda m, x: np.add.reduceat(x, [9]),
    "one operand of outer too few": lambda m, x: np.add.outer(x),
}
ELEMENTWISE: dict[str, Mistake] = {
    "shapes that do not fit": lambda m, x: x + np.ones(5),
    "clip by position and by name": lambda m, x: m.clip(x, 0.0, 1.0, min=0.5),
    "clip by a variable, twice": lambda m, x: m.clip(x, 0.0, x, max=x),
    "one bound of clip by each name": lambda m, x: m.clip(x, 0.0, max=1.0),
    "a number that is text": lambda m, x: m.nan_to_num(x, nan="a"),
    "digits that are no whole number": lambda m, x: m.round(x, 1.5),
    "points of interp that are too few": lambda m, x: m.interp(x[0], [1.0, 2.0], x[0]),
    "no period": lambda m, x: m.interp(x[0], x[0], x[0], period=0),
}
PRODUCTS: dict[str, Mistake] = {
    "matmul": lambda m, x: x @ np.ones(5),
    "matmul of a number": lambda m, x: m.matmul(x, 2.0),
    "letters that do not fit": lambda m, x: m.einsum("ij,jk", x, x),
    "a letter that there is not": lambda m, x: m.einsum("ij->k", x),
    "tensordot": lambda m, x: m.tensordot(x, x, 1),
    "inner": lambda m, x: m.inner(x, x[0, :2]),
    "vdot": lambda m, x: m.vdot(x, x[0]),
    "cross": lambda m, x: m.cross(x, x[:, :1]),
    "vecdot": lambda m, x: m.vecdot(x, x[0, :2]),
    "vecdot of a number": lambda m, x: m.vecdot(x, 1.0),
    "multi_dot of one": lambda m, x: m.linalg.multi_dot([x]),
    "a mode of convolve": lambda m, x: m.convolve(x[0], x[0], "nonsense"),
    "convolve of nothing": lambda m, x: m.convolve(x[0, :0], x[0]),
    "correlate of a matrix": lambda m, x: m.correlate(x, x),
    "a fit of a degree below zero": lambda m, x: m.polyfit(x[0], x[0], -1),
    "a fit to too few values": lambda m, x: m.polyfit(x[0], x[0, :2], 1),
    "a fit with too few weights": lambda m, x: m.polyfit(x[0], x[0], 1, w=x[0, :2]),
    "a fit without spare points": lambda m, x: m.polyfit(x[0], x[0], 2, cov=True),
    "a fit at a matrix": lambda m, x: m.polyfit(x, x[0], 1),
    "an antiderivative below zero": lambda m, x: m.polyint(x[0], -1),
    "too few constants": lambda m, x: m.polyint(x[0], 3, [1.0, 2.0]),
    "a derivative below zero": lambda m, x: m.polyder(x[0], -1),
    "zeros in a matrix": lambda m, x: m.poly(x),
    "coefficients in a matrix": lambda m, x: m.roots(x),
    "a product of a matrix": lambda m, x: m.polymul(x, x[0]),
    "a polynomial without its argument": lambda m, x: m.polyval(x),
}
LINALG: dict[str, Mistake] = {
    "a norm that there is not": lambda m, x: m.linalg.norm(x, ord="none"),
    "a norm of three axes": lambda m, x: m.linalg.norm(x, axis=(0, 1, 2)),
    "a norm of matrices that there is not": lambda m, x: m.linalg.matrix_norm(x, ord="none"),
    "a condition that there is not": lambda m, x: m.linalg.cond(x, "none"),
    "no square matrix": lambda m, x: m.linalg.inv(x),
    "no power of a matrix": lambda m, x: m.linalg.matrix_power(x, 2),
    "no index of tensorinv": lambda m, x: m.linalg.tensorinv(x[:, :2], 0),
    "no system of equations": lambda m, x: m.linalg.solve(x, x),
}
SHAPES: dict[str, Mistake] = {
    "reshape": lambda m, x: m.reshape(x, (4, 2)),
    "an order of memory": lambda m, x: m.ravel(x, order="Z"),
    "an axis twice": lambda m, x: m.transpose(x, (0, 0)),
    "a plane of one axis": lambda m, x: m.rot90(x, axes=(0, 0)),
    "a length of one that is none": lambda m, x: m.squeeze(x, 0),
    "a diagonal of a row": lambda m, x: m.diagonal(x[0]),
    "a repetition below zero": lambda m, x: m.tile(x, -1),
    "repetitions that do not fit": lambda m, x: m.repeat(x, [1, 2], axis=1),
    "an indexing of meshgrid": lambda m, x: m.meshgrid(x[0], x[1], indexing="nonsense"),
    "concatenate": lambda m, x: m.concatenate([x, np.ones(2)]),
    "no list to concatenate": lambda m, x: m.concatenate(3),
    "nothing to stack": lambda m, x: m.stack([]),
    "a tuple in block": lambda m, x: m.block([(x, x)]),
    "an empty list in block": lambda m, x: m.block([[x], []]),
    "lists of other depth in block": lambda m, x: m.block([[x], x]),
    "no parts": lambda m, x: m.array_split(x, 0),
    "parts that are not equal": lambda m, x: m.split(x, 2, axis=1),
    "parts of a number": lambda m, x: m.hsplit(x[0, 0], 2),
    "an axis of insert": lambda m, x: m.insert(x, 0, x[0], axis=5),
    "a place of delete": lambda m, x: m.delete(x, 9, axis=0),
    "a mode of pad": lambda m, x: m.pad(x, 1, "nonsense"),
    "a parameter of another mode of pad": lambda m, x: m.pad(x, 1, "edge", constant_values=1.0),
    "a padding below zero": lambda m, x: m.pad(x, -1),
    "a reflection of nothing": lambda m, x: m.pad(x[:0], 1, "reflect"),
    "an end that is zero": lambda m, x: m.geomspace(x, 0.0),
    "a start that is zero": lambda m, x: m.geomspace(0.0, x),
    "fewer numbers than none": lambda m, x: m.linspace(x, 1.0, -1),
}
INDEXING: dict[str, Mistake] = {
    "an index": lambda m, x: x[5],
    "a name": lambda m, x: x["name"],
    "a fraction": lambda m, x: x[1.5],
    "a mask": lambda m, x: x[np.array([True])],
    "take": lambda m, x: m.take(x, 9),
    "choices that are too few": lambda m, x: m.select([x > 0], [x, x]),
    "nothing to select": lambda m, x: m.select([], []),
    "a condition of integers": lambda m, x: m.select([[1, 0, 1]], [x]),
    "values of piecewise": lambda m, x: m.piecewise(x, [x > 0], [1, 2, 3]),
    "where with one choice": lambda m, x: m.where(x > 0, x),
    "nothing to place": lambda m, x: m.place(x, x > 0, []),
    "a place of put": lambda m, x: m.put(x, [9], 1.0),
    "a diagonal of a row to fill": lambda m, x: m.fill_diagonal(x[0], 1.0),
    "values that do not fit": lambda m, x: x.__setitem__(0, x[0, :2]),
    "an array to fill with": lambda m, x: x.fill(x[0, :1]),
    "an axis to sort": lambda m, x: m.sort(x, axis=9),
    "a place of partition": lambda m, x: m.partition(x, 9),
}
STATISTICS: dict[str, Mistake] = {
    "the largest of none": lambda m, x: m.max(x[:0]),
    "both corrections": lambda m, x: m.var(x, ddof=1, correction=1),
    "both corrections where it is not a number": lambda m, x: m.nanstd(x, ddof=1, correction=0),
    "weights of another shape": lambda m, x: m.average(x, weights=x[0]),
    "weights of sum zero": lambda m, x: m.average(x, weights=0 * x),
    "a frequency with a fraction": lambda m, x: m.cov(x, fweights=[1, 2.5, 1]),
    "a frequency below zero": lambda m, x: m.cov(x, fweights=[1, -2, 1]),
    "a weight below zero": lambda m, x: m.cov(x, aweights=[1, -2.0, 1]),
    "too few frequencies": lambda m, x: m.cov(x, fweights=[1, 2]),
    "a correction with a fraction": lambda m, x: m.cov(x, ddof=1.5),
    "observations of three dimensions": lambda m, x: m.cov(x[None]),
    "a quantile above one": lambda m, x: m.quantile(x, 1.5),
    "a method of quantile": lambda m, x: m.quantile(x, 0.5, method="nonsense"),
    "an axis of median": lambda m, x: m.median(x, axis=4),
    "a slope along an axis that there is not": lambda m, x: m.gradient(x, axis=5),
    "a slope of one element": lambda m, x: m.gradient(x[:1]),
    "spacings that are too many": lambda m, x: m.gradient(x, 1.0, 2.0, 3.0),
    "differences below zero": lambda m, x: m.diff(x, -1),
    "a complex end of real differences": lambda m, x: m.ediff1d(x, to_end=1j),
    "weights of a histogram": lambda m, x: m.histogram(x[0], 2, weights=x[0, :2]),
    "edges that fall": lambda m, x: m.histogram(x[0], [3.0, 1.0], weights=x[0]),
    "points of a histogram": lambda m, x: m.histogram2d(x[0], x[0, :2], weights=x[0]),
    "a bin below zero": lambda m, x: m.bincount([0, -1, 2], x[0]),
    "bins that are no whole numbers": lambda m, x: m.bincount(x[0]),
    "weights that are too few": lambda m, x: m.bincount([0, 1], x[0]),
    "too few bins": lambda m, x: m.bincount([0, 1, 2], x[0], -1),
    "an axis along which to apply": lambda m, x: m.apply_along_axis(np.sum, 2, x),
    "to apply along nothing": lambda m, x: m.apply_along_axis(np.sum, 0, x[:, :0]),
    "an axis over which to apply": lambda m, x: m.apply_over_axes(np.sum, x, 2),
    "what is applied and loses two axes": lambda m, x: m.apply_over_axes(lambda a, axis: a[0, 0], x, 0),
    "no length of a transform": lambda m, x: m.fft.fft(x, 0),
    "a norm of a transform": lambda m, x: m.fft.irfft(x, norm="nonsense"),
}
if hasattr(np, "unstack"):  # NumPy 2.1
    SHAPES["a number to unstack"] = lambda m, x: m.unstack(x[0, 0])
    SHAPES["a device"] = lambda m, x: m.astype(x, np.float32, device="gpu")
if "axis" in inspect.signature(np.trim_zeros).parameters:  # NumPy 2.2; before, it took any text
    SHAPES["an end to trim"] = lambda m, x: m.trim_zeros(x[0], "nonsense")
# Errors of NumPy's kind with a text that says more, or names the axis otherwise.
OWN_WORDS = {"a fit without spare points", "an axis along which to apply", "to apply along nothing"}
if "min" not in inspect.signature(np.clip).parameters:  # before NumPy 2.1, which calls its own function with both
    OWN_WORDS |= {"clip by a variable, twice", "one bound of clip by each name"}
MISTAKES = {
    f"{chapter}: {name}": mistake
    for chapter, mistakes in {
        "parameters": PARAMETERS,
        "elementwise": ELEMENTWISE,
        "products": PRODUCTS,
        "linalg": LINALG,
        "shapes": SHAPES,
        "indexing": INDEXING,
        "statistics": STATISTICS,
    }.items()
    for name, mistake in mistakes.items()
}


def in_forward_mode(mistake: Mistake) -> None:
    ga.jvp(lambda x: mistake(np, x), (X,), (X,))


FORMS: dict[str, Callable[[Mistake], Any]] = {
    "a variable": lambda mistake: mistake(np, ga.tensor(X)),
    "a result": lambda mistake: mistake(np, ga.tensor(X) * 1.0),
    "a constant": lambda mistake: mistake(np, ga.tensor(X, constant=True)),
    "forward mode": in_forward_mode,
    "the mirror": lambda mistake: mistake(ga, ga.tensor(X)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_numpy_refuses_gets_numpys_own_error(name: str) -> None:
    with pytest.raises(Exception) as theirs:
        MISTAKES[name](np, X.copy())
    for form, call in FORMS.items():
        with pytest.raises(type(theirs.value)) as ours:
            call(MISTAKES[name])
        if name.partition(": ")[2] not in OWN_WORDS:
            assert str(ours.value) == str(theirs.value), form
