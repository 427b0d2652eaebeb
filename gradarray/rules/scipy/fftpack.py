"""Fourier transforms of the older kind, scipy.fftpack: by what stands in for scipy.fft; convolutions on a circle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import fftpack

from . import fft
from .declared import FUNCTIONS
from .standing import constant, stands_for

MODULE = "scipy.fftpack"


def _newer(name: str) -> Callable[..., Any]:
    return FUNCTIONS[fft.MODULE][name]


# --- transforms -------------------------------------------------------------------------------------------------------


def _one_axis(name: str) -> None:
    @stands_for(MODULE, "x", name=name)
    def transform(x: Any, n: Any, axis: Any) -> Any:
        return _newer(name)(x, n, axis)


def _several_axes(name: str) -> None:
    @stands_for(MODULE, "x", name=name)
    def transform(x: Any, shape: Any, axes: Any) -> Any:
        return _newer(name)(x, shape, axes)


_one_axis("fft")
_one_axis("ifft")
for _name in ("fft2", "ifft2", "fftn", "ifftn"):
    _several_axes(_name)


@stands_for(MODULE, "x")
def rfft(x: Any, n: Any, axis: Any) -> Any:
    """Return real and imaginary parts, one after the other, but for those that are zero."""
    fftpack.rfft(np.zeros(np.shape(x), x.dtype), n, axis)  # SciPy's own errors
    n = np.shape(x)[axis] if n is None else n
    y = _newer("rfft")(np.moveaxis(x, axis, -1), n)
    flat = np.reshape(np.stack([np.real(y), np.imag(y)], axis=-1), (*np.shape(y)[:-1], -1))
    return np.moveaxis(np.concatenate([flat[..., :1], flat[..., 2 : n + 1]], axis=-1), -1, axis)


@stands_for(MODULE, "x")
def irfft(x: Any, n: Any, axis: Any) -> Any:
    fftpack.irfft(np.zeros(np.shape(x), x.dtype), n, axis)  # SciPy's own errors
    x = np.moveaxis(x, axis, -1)
    n = np.shape(x)[-1] if n is None else n
    x = np.pad(x, [(0, 0)] * (np.ndim(x) - 1) + [(0, max(n - np.shape(x)[-1], 0))])[..., :n]
    zero = np.zeros((*np.shape(x)[:-1], 1), x.dtype)
    flat = np.concatenate([x[..., :1], zero, x[..., 1:], *([] if n % 2 else [zero])], axis=-1)
    pairs = np.reshape(flat, (*np.shape(x)[:-1], -1, 2))
    return np.moveaxis(_newer("irfft")(pairs[..., 0] + 1j * pairs[..., 1], n), -1, axis)


_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}


def _trigonometric(kind: str, inverse: bool) -> None:
    @stands_for(MODULE, "x", name="i" * inverse + kind)
    def transform(x: Any, type: Any, n: Any, axis: Any, norm: Any) -> Any:
        return _newer(kind)(x, _INVERSE[type] if inverse else type, n, axis, norm)

    @stands_for(MODULE, "x", name="i" * inverse + kind + "n")
    def transform_several(x: Any, type: Any, shape: Any, axes: Any, norm: Any) -> Any:
        return _newer(kind + "n")(x, _INVERSE[type] if inverse else type, shape, axes, norm)


for _kind in ("dct", "dst"):
    _trigonometric(_kind, inverse=False)
    _trigonometric(_kind, inverse=True)

# --- convolutions on a circle -----------------------------------------------------------------------------------------


def _circular(name: str, symbol: Callable[..., Any], first: Callable[..., Any], *lengths: str) -> None:
    """Declare a function by what it multiplies the frequencies with: those from one on, and the constant part.

    Both are given the parameters, which are lengths and told in units of the period; `diff` is given an order besides.
    """

    @stands_for(MODULE, "x", "period", *lengths, name=name)
    def convolved(x: Any, **given: Any) -> Any:
        scale = 1.0 if given.get("period") is None else 2 * np.pi / given["period"]
        parameters = [given["order"], scale] if name == "diff" else [given[p] * scale for p in lengths]
        n = len(x)
        weights = symbol(np.arange(1, n // 2 + 1), *parameters)
        weights = np.concatenate([np.reshape(first(*parameters), 1), weights])
        if name == "diff" and n % 2 == 0 and given["order"]:  # without a part of the highest frequency
            weights = weights * (np.arange(n // 2 + 1) < n // 2)

        if name == "shift" and n % 2 == 0:  # of the highest frequency there is one real part, for the sum of both
            weights = weights + np.imag(weights) * (np.arange(n // 2 + 1) == n // 2)

        def real(part: Any) -> Any:
            return _newer("irfft")(_newer("rfft")(part) * weights, n)

        return real(np.real(x)) + 1j * real(np.imag(x)) if np.iscomplexobj(x) else real(x)


def _none(*_parameters: Any) -> float:
    return 0.0


_circular("tilbert", lambda k, h: 1j / np.tanh(h * k), _none, "h")
_circular("itilbert", lambda k, h: -1j * np.tanh(h * k), _none, "h")
_circular("hilbert", lambda k: 1j * np.ones(len(k)), _none)
_circular("ihilbert", lambda k: -1j * np.ones(len(k)), _none)
_circular("cs_diff", lambda k, a, b: -1j * np.cosh(a * k) / np.sinh(b * k), _none, "a", "b")
_circular("sc_diff", lambda k, a, b: 1j * np.sinh(a * k) / np.cosh(b * k), _none, "a", "b")
_circular("ss_diff", lambda k, a, b: np.sinh(a * k) / np.sinh(b * k), lambda a, b: a / b, "a", "b")
_circular("cc_diff", lambda k, a, b: np.cosh(a * k) / np.cosh(b * k), lambda _a, _b: 1.0, "a", "b")
_circular("shift", lambda k, a: np.exp(1j * a * k), lambda _a: 1.0, "a")
_circular("diff", lambda k, order, c: (1j * c * k) ** order, lambda order, _c: 0.0 if order else 1.0)

constant(MODULE, "next_fast_len")


@stands_for(MODULE, "d")
def rfftfreq(n: Any, d: Any) -> Any:
    return fftpack.rfftfreq(n) / d
