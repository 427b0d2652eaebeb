"""Convolution and correlation: bilinear, with transposes that are correlations of their own kind.

A result is a window of the full convolution of two arrays, of which the first may be extended at its ends:
periodically, by its mirror image, or by a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import fft, signal

from ....kernels.arrays import Array
from ...primitives import primitive, saving
from ...registry import rule
from ..standing import constant, stands_for
from ..values import from_library
from .correlating import FEW, MANY, correlated, crossed, is_worthwhile

MODULE = "scipy.signal"
_PADDED = {"wrap": "wrap", "symm": "symmetric"}


class Window(NamedTuple):
    """How a call convolves.

    Attributes
    ----------
    value : the library's function of the two arrays
    valid : the same for the window where both overlap wholly, of an array and one that is not larger, without ends
    axes : along which it convolves, counted from the front
    shapes : of the two arrays
    mode : "full", "same" or "valid"
    ends : how the first array is extended, None for zeros
    fill : the constant by which it is
    late : whether the window of mode "same" begins one element later where there is no middle
    fourier : whether the transposes are computed by Fourier transforms, too
    whole : whether the library takes those of both arrays as they are, which the transposes need once more
    """

    value: Callable[[Any, Any], Any]
    valid: Callable[[Any, Any], Any]
    axes: tuple[int, ...]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    mode: str
    ends: str | None = None
    fill: Any = 0
    late: bool = False
    fourier: bool = False
    whole: bool = False

    def with_spectra(self, a: Array, b: Array) -> tuple[Array, Any]:
        """Return the library's value, found as it does that, and both Fourier transforms, or None for these."""
        pairs = list(enumerate(zip(*self.shapes, strict=True)))
        plain = all(min(n, m) > 1 if axis in self.axes else n == m for axis, (n, m) in pairs)
        plain = plain and a.dtype == b.dtype and a.dtype in (np.float32, np.float64)
        if not (plain and self.fourier and self.whole and self.shares) or self._by_short((a, b)):
            return self.value(a, b), None
        sizes, full = self._sizes(self._full(), True), self._full()
        spectra = [fft.rfftn(x, sizes, self.axes) for x in (a, b)]
        one, other = reversed(spectra) if self.mode == "valid" and _swapped(a, b) else spectra
        found = fft.irfftn(one * other, sizes, self.axes)
        ends = full
        if self.mode != "full":
            ends = [abs(n - m) + 1 if self.mode == "valid" and axis in self.axes else n for axis, (n, m) in pairs]
        starts = self._starts()
        return found[tuple([slice(i, i + n) for i, n in zip(starts, ends, strict=True)])].copy(), spectra

    def crossed_with_spectra(self, full: Array, spectra: Any, wanted: Any) -> list[Any]:
        """Return the cotangents of both arrays, or of one, from that of the full convolution."""
        sizes = self._sizes(full.shape, True)
        turned, found = fft.rfftn(full, sizes, self.axes), []
        for spectrum, shape, is_wanted in zip(reversed(spectra), self.shapes, wanted, strict=True):
            product = np.conjugate(spectrum) if is_wanted else None
            if product is not None:
                product *= turned
                product = fft.irfftn(product, sizes, self.axes)[tuple(map(slice, shape))]
            found.append(product)
        return found

    def _sizes(self, full: Any, real: bool) -> list[int]:
        return [fft.next_fast_len(full[axis], real) for axis in self.axes]

    def crossed(self, full: Any, other: Any, shape: tuple[int, ...]) -> Any:
        """Return the cotangent of an array of a shape from that of the full convolution with another one."""
        if not self.fourier or self._by_blocks(full, other):
            return self.overlaps(full, other)
        return self.crossed_with_both(full, (other,), (shape,))[0]

    def crossed_with_both(self, full: Any, others: Any, shapes: Any) -> list[Any]:
        """Return the same for two arrays, by Fourier transforms of which one serves both."""
        if self._by_short(others):
            return crossed(full, *others)
        # The lags that are asked for are the first ones, which go around no end: no array need be made longer.
        real = not any(map(np.iscomplexobj, (full, *others)))
        sizes = self._sizes(full.shape, real)
        forth, back = (fft.rfftn, fft.irfftn) if real else (fft.fftn, fft.ifftn)
        spectrum, found = forth(full, sizes, self.axes), []
        for other, shape in zip(others, shapes, strict=True):
            product = forth(other if real else np.conj(other), sizes, self.axes)
            np.conjugate(product, out=product)
            product = np.multiply(product, spectrum, out=product if product.shape == spectrum.shape else None)
            whole = back(product, sizes, self.axes)
            found.append(whole[tuple([slice(n) if i in self.axes else slice(None) for i, n in enumerate(shape)])])
        return found

    @property
    def shares(self) -> bool:
        """Tell whether both transposes have a Fourier transform in common."""
        full, (first, second) = self._full(), self.shapes
        even = all(first[i] == second[i] for i in range(len(first)) if i not in self.axes)
        few = len(self.axes) == len(full) > 1 and any(is_worthwhile(tuple(full), n, FEW) for n in self.shapes)
        return self.fourier and even and not few and self.ends is None and not self.fill

    def _by_short(self, others: Any) -> bool:
        """Tell whether one of two signals is so short that transforms are of blocks."""
        full = tuple(self._full())
        return len(self.axes) == len(full) == 1 and any(is_worthwhile(full, np.shape(x), FEW) for x in others)

    def overlaps(self, long: Any, short: Any) -> Any:
        """Return the correlation of two arrays where they overlap wholly."""
        if self._by_blocks(long, short):
            return correlated(long, short)
        return self.valid(long, np.flip(short, self.axes))

    def _by_blocks(self, long: Any, short: Any) -> bool:
        return len(self.axes) == np.ndim(long) and is_worthwhile(
            np.shape(long), np.shape(short), FEW if self.fourier else MANY
        )

    def placed(self, g: Any) -> Any:
        """Return the cotangent of the full convolution."""
        starts, full = self._starts(), self._full()
        pads = [(i, n - i - m) for i, n, m in zip(starts, full, np.shape(g), strict=True)]
        return g if self.mode == "full" else np.pad(g, pads)

    def taken(self, full: Any) -> Any:
        """Return what a call shows of the full convolution."""
        starts, n = self._starts(), self.shapes[0]
        return full if self.mode == "full" else full[tuple([slice(i, i + m) for i, m in zip(starts, n, strict=True)])]

    def _full(self) -> list[int]:
        pairs = enumerate(zip(*self.shapes, strict=True))
        return [n + m - 1 if axis in self.axes else max(n, m) for axis, (n, m) in pairs]

    def _starts(self) -> list[int]:
        """Return where the window begins; SciPy's centre is that of the first array."""
        if self.mode != "same":
            pairs = enumerate(zip(*self.shapes, strict=True))
            return [min(n, m) - 1 if self.mode == "valid" and axis in self.axes else 0 for axis, (n, m) in pairs]
        return [(n - m + self.late) // 2 for n, m in zip(self._full(), self.shapes[0], strict=True)]

    def margin(self, axis: int) -> int:
        return self.shapes[1][axis] - 1

    def extended(self, a: Any) -> Any:
        """Return the first array with its ends, of which each element of the full convolution is made."""
        pads = [(self.margin(axis),) * 2 if axis in self.axes else (0, 0) for axis in range(np.ndim(a))]
        if self.ends is None:
            return np.pad(a, pads, constant_values=self.fill)
        return np.pad(a, pads, mode=_PADDED[self.ends])  # type: ignore[call-overload]

    def folded(self, g: Any) -> Any:
        """Return the cotangent of the first array from that of the one with its ends."""
        for axis in self.axes:
            n, m = self.shapes[0][axis], self.margin(axis)
            whole = np.moveaxis(g, axis, 0)
            inner = whole[m : m + n].copy()
            if self.ends is not None:
                places = np.pad(np.arange(n), m, mode=_PADDED[self.ends])  # type: ignore[call-overload]
                np.add.at(inner, places[:m], whole[:m])
                np.add.at(inner, places[m + n :], whole[m + n :])
            g = np.moveaxis(inner, 0, axis)
        return g


@from_library
@saving(alone=lambda a, b, *, by: by.value(a, b))
def convolved(a: Array, b: Array, *, by: Window) -> Any:
    """Return the convolution of two arrays, and what is kept of it."""
    return by.with_spectra(a, b)


@primitive
def back_to_first(y: Array, b: Array, *, by: Window) -> Array:
    """Return the cotangent of the first of two arrays that have been convolved, as for real numbers."""
    full = by.placed(y)
    if by.ends is None:
        return _fitted(by.crossed(full, b, by.shapes[0]), by.shapes[0])
    # Each end reaches as far as the other array does.
    pads = [(by.margin(axis),) * 2 if axis in by.axes else (0, 0) for axis in range(np.ndim(y))]
    return by.folded(by.overlaps(np.pad(full, pads), b))


@primitive
def back_to_second(y: Array, a: Array, *, by: Window) -> Array:
    """Return that of the second one, which is affine in the first one where that is extended by a constant."""
    full = by.placed(y)
    if by.ends is None and not by.fill:
        return _fitted(by.crossed(full, a, by.shapes[1]), by.shapes[1])
    whole = by.extended(a)
    return np.flip(by.overlaps(whole, full), by.axes)


def _fitted(x: Any, shape: tuple[int, ...]) -> Any:
    """Sum over the axes along which an array has been repeated."""
    repeated = tuple([axis for axis, (n, m) in enumerate(zip(np.shape(x), shape, strict=True)) if n != m])
    return np.sum(x, axis=repeated, keepdims=True) if repeated else x


def _homogeneous(by: Window) -> Window:
    """Return the same without the constant at the ends, for the tangent of the first array."""
    if not by.fill:
        return by
    return by._replace(value=lambda a, b: by.taken(signal.convolve2d(a, b)), fill=0)


@primitive
def back_to_both(y: Array, a: Array, b: Array, *, by: Window) -> tuple[Array, Array]:
    """Return the cotangents of both arrays."""
    first, second = by.crossed_with_both(by.placed(y), (b, a), by.shapes)
    return first, second


def _convolved_vjp(g: Any, _ans: Any, a: Any, b: Any, *, by: Window, saved: Any = None, wanted: Any = ()) -> Any:
    if saved is not None and type(g) is np.ndarray:
        return by.crossed_with_spectra(by.placed(g), saved, wanted)
    if all(wanted) and by.shares:
        return back_to_both(g, a, b, by=by)
    return back_to_first(g, b, by=by) if wanted[0] else None, back_to_second(g, a, by=by) if wanted[1] else None


def _both_vjp(g: Any, _ans: Any, y: Any, a: Any, b: Any, *, by: Window) -> tuple[Any, Any, Any]:
    first, second = g
    return (
        convolved(first, b, by=by) + convolved(a, second, by=by),
        back_to_first(y, second, by=by),
        back_to_second(y, first, by=by),
    )


rule(convolved, joint=_convolved_vjp)
rule(back_to_both, joint=_both_vjp)
rule(
    back_to_first,
    lambda g, _ans, _y, b, *, by: convolved(g, b, by=_homogeneous(by)),
    lambda g, _ans, y, _b, *, by: back_to_second(y, g, by=_homogeneous(by)),
)
rule(
    back_to_second,
    lambda g, _ans, _y, a, *, by: convolved(a, g, by=by),
    lambda g, _ans, y, _a, *, by: back_to_first(y, g, by=by),
)

# --- along all axes ---------------------------------------------------------------------------------------------------


def _convolution(a: Any, b: Any, value: Callable[..., Any], valid: Callable[..., Any], mode: str, **ends: Any) -> Any:
    a, b = _array(a), _array(b)
    shapes = np.shape(a), np.shape(b)
    regular = len(shapes[0]) == len(shapes[1]) > 0 and 0 not in shapes[0] + shapes[1]
    if not regular or mode not in ("full", "same", "valid"):
        if len(shapes[0]) == len(shapes[1]) == 0:
            return a * b
        value(np.zeros(shapes[0]), np.zeros(shapes[1]))  # SciPy's own error
        return np.zeros(0) * (np.sum(a) + np.sum(b))
    return convolved(a, b, by=Window(value, valid, tuple(range(len(shapes[0]))), shapes, mode, **ends))


def _array(x: Any) -> Any:
    return x if hasattr(x, "dtype") else np.asarray(x)


@stands_for(MODULE, "in1", "in2")
def convolve(in1: Any, in2: Any, mode: str, method: str) -> Any:
    return _convolution(
        in1,
        in2,
        lambda a, b: signal.convolve(a, b, mode, method),
        lambda a, b: signal.convolve(a, b, "valid", method),
        mode,
        fourier=_by_transforms(in1, in2, mode, method),
        whole=True,
    )


def _by_transforms(a: Any, b: Any, mode: str, method: str) -> bool:
    """Tell whether the library convolves by Fourier transforms."""
    if method != "auto" or mode not in ("full", "same", "valid") or min(np.size(a), np.size(b)) == 0:
        return method == "fft"
    like = [np.broadcast_to(np.zeros((), _array(x).dtype), np.shape(x)) for x in (a, b)]
    return np.ndim(a) == np.ndim(b) > 0 and signal.choose_conv_method(*like, mode) == "fft"


@stands_for(MODULE, "in1", "in2")
def correlate(in1: Any, in2: Any, mode: str, method: str) -> Any:
    # Of the second array the conjugate is used, from behind: what follows is bilinear in that.
    return _convolution(
        in1,
        np.conj(np.flip(_array(in2))),
        lambda a, b: signal.correlate(a, np.conj(np.flip(b)), mode, method),
        lambda a, b: signal.convolve(a, b, "valid", method),
        mode,
        fourier=_by_transforms(in1, in2, mode, method),
        whole=True,
    )


def _in_plane(name: str, turn: Callable[[Any], Any], late: bool) -> None:
    library = getattr(signal, name)

    @stands_for(MODULE, "in1", "in2", name=name)
    def convolve2d(in1: Any, in2: Any, mode: str, boundary: str, fillvalue: Any) -> Any:
        ends = None if boundary in ("fill", "pad") else "wrap" if boundary in ("wrap", "circular") else "symm"
        if mode == "valid" and _swapped(in1, in2):
            # SciPy takes the larger one as the first, from behind where it correlates; the ends have no part in it.
            return _convolution(in1, turn(in2), lambda a, b: library(a, turn(b), mode), _valid_in_plane, mode)
        return _convolution(
            in1,
            turn(in2),
            lambda a, b: library(a, turn(b), mode, boundary, fillvalue),
            _valid_in_plane,
            mode,
            ends=None if mode == "valid" else ends,
            fill=0 if mode == "valid" or ends else fillvalue,
            late=late,
        )


def _valid_in_plane(a: Any, b: Any) -> Any:
    return signal.convolve2d(a, b, "valid")


def _swapped(a: Any, b: Any) -> bool:
    return any(m > n for n, m in zip(np.shape(a), np.shape(b), strict=False))


_in_plane("convolve2d", lambda b: b, late=False)
_in_plane("correlate2d", lambda b: np.conj(np.flip(_array(b))), late=True)

# --- along some axes, by Fourier transforms ---------------------------------------------------------------------------


def _by_fourier(name: str) -> None:
    library = getattr(signal, name)

    @stands_for(MODULE, "in1", "in2", name=name)
    def fftconvolve(in1: Any, in2: Any, mode: str, axes: Any) -> Any:
        in1, in2 = _array(in1), _array(in2)
        if axes is None:
            along = tuple(range(np.ndim(in1)))
        else:
            along = tuple(int(axis) % max(np.ndim(in1), 1) for axis in np.ravel(axes))
        shapes = np.shape(in1), np.shape(in2)
        if len(along) < len(shapes[0]) or not shapes[0] or 0 in shapes[0] + shapes[1]:
            library(np.zeros(shapes[0]), np.zeros(shapes[1]), mode, axes)  # SciPy's own error
            if not along or 0 in shapes[0] + shapes[1]:
                return _convolution(in1, in2, lambda a, b: library(a, b, mode, axes), signal.fftconvolve, mode)
        by = Window(
            lambda a, b: library(a, b, mode, axes),
            lambda a, b: library(a, b, "valid", along),
            along,
            shapes,
            mode,
            fourier=True,
            whole=name == "fftconvolve",
        )
        return convolved(in1, in2, by=by)


_by_fourier("fftconvolve")
_by_fourier("oaconvolve")

constant(MODULE, "choose_conv_method", "correlation_lags")
