"""Fourier transforms: scipy.fft. All of them are linear."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import fft

from ..numpy import fft as numpys
from .standing import Operator, constant, stands_for

MODULE = "scipy.fft"


def _axes_of(x: Any, s: Any, axes: Any) -> list[tuple[int, int]]:
    """Return (axis, length) for each axis of a transform along several."""
    if np.ndim(s) == 0 and s is not None:
        s = (s,)
    if np.ndim(axes) == 0 and axes is not None:
        axes = (axes,)
    found = numpys.steps(np.shape(x), s, axes)
    return [(axis, np.shape(x)[axis] if n is None else n) for axis, n in found]


# --- discrete Fourier transforms along one axis -----------------------------------------------------------------------
# The transposes are those of NumPy's. What is of Hermitian symmetry is real on the other side.


def _one_axis(name: str, pull: Callable[..., Any], turn: Any = None) -> None:
    library = getattr(fft, name)
    before = np.conj if turn == "after" else _same  # the conjugate of a result is that of its cotangent
    after = np.conj if turn == "before" else _same

    @stands_for(MODULE, "x", name=name)
    def transform(x: Any, n: Any, axis: Any, norm: Any) -> Any:
        length = np.shape(x)[axis] if np.ndim(x) else 0
        scale = norm if turn is None else numpys.OPPOSITE.get(norm, norm)
        more = {"real": not np.iscomplexobj(x)} if name in ("fft", "ifft") else {}

        return Operator(
            lambda x: library(x, n, axis, norm),
            lambda g: after(pull(before(g), length, n, axis, scale, **more)),
        )(x)


def _same(x: Any) -> Any:
    return x


_one_axis("fft", partial(numpys.pull_one, False))
_one_axis("ifft", partial(numpys.pull_one, True))
_one_axis("rfft", numpys.pull_rfft)
_one_axis("irfft", numpys.pull_irfft)
_one_axis("hfft", numpys.pull_irfft, turn="before")
_one_axis("ihfft", numpys.pull_rfft, turn="after")

# --- along several axes -----------------------------------------------------------------------------------------------


_COMPLEX = frozenset(("fft2", "ifft2", "fftn", "ifftn"))


def _several_axes(name: str, pull: Callable[..., Any], turn: Any = None) -> None:
    library = getattr(fft, name)
    before = np.conj if turn == "after" else _same
    after = np.conj if turn == "before" else _same

    @stands_for(MODULE, "x", name=name)
    def transform(x: Any, s: Any, axes: Any, norm: Any) -> Any:
        done, shape = _axes_of(x, s, axes), np.shape(x)
        scale = norm if turn is None else numpys.OPPOSITE.get(norm, norm)
        if name in _COMPLEX and not np.iscomplexobj(x) and s is None:
            along = [axis for axis, _ in done]
            if numpys.differ(along, len(shape)):
                inverse = name.startswith("i")
                return Operator(
                    lambda x: library(x, s, axes, norm), lambda g: numpys.pull_to_real(g, along, norm, inverse)
                )(x)

        return Operator(
            lambda x: library(x, s, axes, norm),
            lambda g: after(pull(before(g), shape, done, scale, s)),
        )(x)


def _pull_complex(pull: numpys.Pull, g: Any, shape: Any, done: Sequence[Any], norm: Any, _s: Any) -> Any:
    return numpys.pull_steps(g, shape, [(axis, n, pull) for axis, n in done], norm)


def _pull_to_half(g: Any, shape: Any, done: Sequence[Any], norm: Any, _s: Any) -> Any:
    """Return the cotangent of real numbers, of whose spectrum a half is there; the last axis comes first."""
    if not done:
        return g
    steps: Any = [(*done[-1], numpys.pull_rfft), *((axis, n, numpys.pull_fft) for axis, n in done[:-1])]
    return numpys.pull_steps(g, shape, steps, norm)


def _pull_from_half(g: Any, shape: Any, done: Sequence[Any], norm: Any, s: Any) -> Any:
    last = None if s is None else done[-1][1]
    steps: Any = [*((axis, n, numpys.pull_ifft) for axis, n in done[:-1]), (done[-1][0], last, numpys.pull_irfft)]
    return numpys.pull_steps(g, shape, steps, norm)


for _n in ("2", "n"):
    _several_axes("fft" + _n, partial(_pull_complex, numpys.pull_fft))
    _several_axes("ifft" + _n, partial(_pull_complex, numpys.pull_ifft))
    _several_axes("rfft" + _n, _pull_to_half)
    _several_axes("irfft" + _n, _pull_from_half)
    _several_axes("hfft" + _n, _pull_from_half, turn="before")
    _several_axes("ihfft" + _n, _pull_to_half, turn="after")

# --- cosine and sine transforms ---------------------------------------------------------------------------------------
# Each is A Q B with an orthogonal matrix Q, times a scale factor, and with diagonal matrices A and B of ones, but for
# the first or the last element. SciPy has these of its own accord where it makes the whole orthogonal.

_ROOT = 2**0.5
# By kind and type, the places in A and in B, and what stands there.
_ENDS: dict[tuple[str, int], tuple[tuple[int, ...], float, float]] = {
    ("c", 1): ((0, -1), _ROOT, 1 / _ROOT),
    ("c", 2): ((0,), _ROOT, 1.0),
    ("c", 3): ((0,), 1.0, 1 / _ROOT),
    ("s", 2): ((-1,), _ROOT, 1.0),
    ("s", 3): ((-1,), 1.0, 1 / _ROOT),
}


def _weigh(x: Any, axis: int, places: tuple[int, ...], weight: float) -> Any:
    if weight == 1.0:
        return x
    weights = np.ones(x.shape[axis], x.real.dtype)
    weights[list(places)] = weight
    return x * weights.reshape(-1, *(1,) * (x.ndim - 1 - axis % x.ndim))


@functools.cache
def _forgets() -> bool:
    """Tell whether SciPy forgets `orthogonalize` for complex numbers, as versions up to 1.17 do."""
    x = np.array([1.0, 2.0])
    return not np.allclose(fft.dct(x + 0j, orthogonalize=True), fft.dct(x, orthogonalize=True))


def _adjoint(
    name: str, g: Any, shape: Any, done: Sequence[tuple[int, int]], type: int, norm: Any, orthogonalize: Any
) -> Any:
    """Return the cotangent of a cosine or sine transform, or of an inverse one, along some axes."""
    inverse = name.startswith("i")
    kind = name.lstrip("id")[0]
    back = getattr(fft, ("" if inverse else "i") + f"d{kind}t")
    orthogonal = norm == "ortho" if orthogonalize is None else orthogonalize
    places, a, b = ((), 1.0, 1.0) if orthogonal else _ENDS.get((kind, type), ((), 1.0, 1.0))
    left, right = (1 / b, 1 / a) if inverse else (a, b)
    norm = numpys.OPPOSITE[norm]
    for axis, _n in reversed(done):
        g = _weigh(g, axis, places, left)
        if g.dtype.kind == "c" and _forgets():
            real, imag = (back(part, type, axis=axis, norm=norm, orthogonalize=True) for part in (g.real, g.imag))
            g = real + 1j * imag
        else:
            g = back(g, type, axis=axis, norm=norm, orthogonalize=True)
        g = numpys.resize(_weigh(g, axis, places, right), axis, shape[axis])
    return g


def _trigonometric(name: str, several: bool) -> None:
    library = getattr(fft, name)
    if several:

        @stands_for(MODULE, "x", name=name)
        def transform_several(x: Any, type: Any, s: Any, axes: Any, norm: Any, orthogonalize: Any) -> Any:
            done, shape = _axes_of(x, s, axes), np.shape(x)
            kept = None if np.iscomplexobj(x) and _forgets() else orthogonalize
            return Operator(
                lambda x: library(x, type, s, axes, norm, orthogonalize=orthogonalize),
                lambda g: _adjoint(name, g, shape, done, type, norm, kept),
            )(x)

    else:

        @stands_for(MODULE, "x", name=name)
        def transform(x: Any, type: Any, n: Any, axis: Any, norm: Any, orthogonalize: Any) -> Any:
            shape = np.shape(x)
            kept = None if np.iscomplexobj(x) and _forgets() else orthogonalize
            return Operator(
                lambda x: library(x, type, n, axis, norm, orthogonalize=orthogonalize),
                lambda g: _adjoint(name, g, shape, [(axis, n)], type, norm, kept),
            )(x)


for _name in ("dct", "dst", "idct", "idst"):
    _trigonometric(_name, several=False)
    _trigonometric(_name + "n", several=True)

# --- fast Hankel transforms, and helper routines ----------------------------------------------------------------------


def _hankel(name: str) -> None:
    library = getattr(fft, name)

    @stands_for(MODULE, "a" if name == "fht" else "A", name=name)
    def transform(**arguments: Any) -> Any:
        x = arguments.pop("a" if name == "fht" else "A")

        def call(x: Any) -> Any:
            return library(x, **arguments)

        # An element is the sum of all others, each with a number that depends on the sum of both places, between equal
        # weights: the matrix is symmetric.
        return Operator(call, call)(x)


_hankel("fht")
_hankel("ifht")


@stands_for(MODULE, "x")
def fftshift(x: Any, axes: Any) -> Any:
    return np.fft.fftshift(x, axes)


@stands_for(MODULE, "x")
def ifftshift(x: Any, axes: Any) -> Any:
    return np.fft.ifftshift(x, axes)


constant(MODULE, "next_fast_len", "prev_fast_len")


def _frequencies(name: str) -> None:
    @stands_for(MODULE, "d", name=name)
    def frequencies(n: Any, d: Any) -> Any:
        return getattr(sys.modules[MODULE], name)(n) / d


_frequencies("fftfreq")
_frequencies("rfftfreq")
