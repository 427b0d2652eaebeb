"""Filters of a spectrum, which multiply it with a function of the frequencies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage

from ....tape.wrapping import bare, has_variable
from ..standing import Operator
from ..values import as_precise
from .ends import of_images


def _of_spectrum(name: str, parameter: str, form: Callable[[Any, Any], Any]) -> None:
    library = getattr(ndimage, name)

    def body(input: Any, n: int, axis: int, **others: Any) -> Any:
        given, shape = others[parameter], np.shape(input)
        if has_variable(given):
            library(np.zeros(shape, complex), bare(given), n, axis)  # SciPy's own errors
            per_axis = given * np.ones(len(shape))
            total: Any = 1.0
            for i, count in enumerate(shape):
                half = n >= 0 and i == axis % len(shape)
                f = np.fft.rfftfreq(n)[:count] if half else np.fft.fftfreq(count)
                total = total * np.reshape(form(f, per_axis[i]), [-1 if j == i else 1 for j in range(len(shape))])
            return as_precise(input * total, input)
        keep = not np.iscomplexobj(input)

        def pull(g: Any) -> Any:  # the factor is real, or for a shift turned by one the other way round
            if name == "fourier_shift":
                back = library(np.asarray(g, complex), [-s for s in np.ravel(given * np.ones(len(shape)))], n, axis)
            else:
                back = library(g, given, n, axis)
            return np.real(back) if keep else back

        return Operator(lambda x: library(x, given, n, axis), pull)(input)

    body.__name__ = name
    by = () if name == "fourier_ellipsoid" else (parameter,)
    of_images("input", *by)(body)


_of_spectrum("fourier_gaussian", "sigma", lambda f, sigma: np.exp(-2 * (np.pi * f * sigma) ** 2))
_of_spectrum("fourier_uniform", "size", lambda f, size: np.sinc(f * size))
_of_spectrum("fourier_shift", "shift", lambda f, shift: np.exp(-2j * np.pi * f * shift))
_of_spectrum("fourier_ellipsoid", "size", lambda f, _size: f)
