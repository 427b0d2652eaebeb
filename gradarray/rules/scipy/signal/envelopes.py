"""Envelopes and phases, which are found in the spectrum of a whole signal."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..standing import stands_for
from ..values import as_precise
from .convolutions import MODULE


def _inexact(x: Any) -> Any:
    return x * 1.0 if hasattr(x, "dtype") else np.asarray(x) * 1.0


@functools.lru_cache
def _checked(n: int, dtype: Any, bp_in: tuple[Any, ...], n_out: Any, residual: Any) -> None:
    """Raise what the library raises, and look once for each length."""
    call: Any = signal.envelope
    call(np.zeros(n, dtype), bp_in, n_out=n_out, residual=residual)


@stands_for(MODULE, "z")
def envelope(z: Any, bp_in: Any, n_out: Any, squared: Any, residual: Any, axis: Any) -> Any:
    z = _inexact(z)
    z = np.moveaxis(z, axis, -1)
    _checked(np.shape(z)[-1], z.dtype, tuple(bp_in), n_out, residual)
    n, real = np.shape(z)[-1], not np.iscomplexobj(z)
    count = n if n_out is None else n_out
    start, stop = (-(n // 2) if bp_in[0] is None else bp_in[0]), ((n + 1) // 2 if bp_in[1] is None else bp_in[1])
    band, inside, weights = slice(start, stop), start <= 0 < stop, np.ones(n)
    if real:
        weights[n // 2 + 1 :] = 0
        if start > 0:
            weights[band] *= 2
        elif stop > 0:
            weights[1:stop] *= 2
    spectrum = np.fft.fft(z) * weights
    kept = np.fft.fftshift(spectrum, axes=-1)[..., start + n // 2 : stop + n // 2] if inside else spectrum[..., band]
    base = np.fft.ifft(kept, count) * (count / n)
    found = np.real(base) ** 2 + np.imag(base) ** 2 if squared else np.abs(base)
    found = as_precise(np.moveaxis(found, -1, axis), z)
    if residual is None:
        return found
    rest = np.ones(n)
    for place in (slice(stop), slice(start, None)) if inside else (band,):
        rest[place] = 0
    if residual == "lowpass":
        for place in (slice(stop, (n + 1) // 2),) if stop > 0 else (slice(start, None), slice((n + 1) // 2)):
            rest[place] = 0
    least = min(n, count)
    if not real:
        if count != n:
            raise TypeError("scipy.signal.envelope of a variable: n_out= is not known here with complex numbers")
        low = np.fft.ifft(spectrum * rest)
    else:
        if count != n and least % 2 == 0:
            rest[least // 2] *= 2 if count < n else 0.5
        low = (count / n) * np.fft.irfft((spectrum * rest)[..., : n // 2 + 1], count)
    return np.stack([found, as_precise(np.moveaxis(low, -1, axis), z)])


@stands_for(MODULE, "h")
def minimum_phase(h: Any, method: Any, n_fft: Any, half: Any) -> Any:
    h = _inexact(h)
    value = signal.minimum_phase(bare(h), method, n_fft, half=half)
    n = 2 ** math.ceil(math.log2(2 * (len(h) - 1) / 0.01)) if n_fft is None else int(n_fft)
    if method == "hilbert":
        raise TypeError(
            "scipy.signal.minimum_phase of a variable: method='hilbert' takes a square root that begins at zero, where "
            "it has no derivative; method='homomorphic' has one"
        )
    size = np.abs(np.fft.fft(h, n))
    positive = bare(size) > 0
    size = size + 1e-7 * np.min(size[positive])
    level = np.real(np.fft.ifft(np.log(size) * (0.5 if half else 1.0)))
    causal = np.zeros(n)
    causal[0] = 1
    causal[1 : n // 2] = 2
    if n % 2:
        causal[n // 2] = 1
    return as_precise(np.real(np.fft.ifft(np.exp(np.fft.fft(level * causal))))[: len(value)], h)
