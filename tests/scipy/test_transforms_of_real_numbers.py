"""Fourier transforms of real numbers: the way back is the real part of the transposed transform."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga

fft = pytest.importorskip("scipy.fft", reason="SciPy is an optional companion")
RNG = np.random.default_rng(0)

CALLS: dict[str, Any] = {
    "np.fft.fft": lambda x, norm: np.fft.fft(x, norm=norm),
    "np.fft.ifft": lambda x, norm: np.fft.ifft(x, axis=0, norm=norm),
    "np.fft.fft longer": lambda x, norm: np.fft.fft(x, 8, norm=norm),
    "np.fft.ifft shorter": lambda x, norm: np.fft.ifft(x, 1, 0, norm=norm),
    "np.fft.fft2": lambda x, norm: np.fft.fft2(x, norm=norm),
    "np.fft.ifftn": lambda x, norm: np.fft.ifftn(x, axes=(1, 0), norm=norm),
    "np.fft.fftn": lambda x, norm: np.fft.fftn(x, (3, 7), (0, 1), norm=norm),
    "np.fft.fftn twice": lambda x, norm: np.fft.fftn(x, axes=(0, 0), norm=norm),
    "fft": lambda x, norm: fft.fft(x, norm=norm),
    "ifft": lambda x, norm: fft.ifft(x, axis=0, norm=norm),
    "fft shorter": lambda x, norm: fft.fft(x, 2, norm=norm),
    "fft2": lambda x, norm: fft.fft2(x, norm=norm),
    "ifft2": lambda x, norm: fft.ifft2(x, norm=norm),
    "ifftn": lambda x, norm: fft.ifftn(x, axes=(0,), norm=norm),
    "fftn": lambda x, norm: fft.fftn(x, (3, 7), (0, 1), norm=norm),
}


@pytest.mark.parametrize("norm", [None, "ortho", "forward", "backward"])
@pytest.mark.parametrize("shape", [(4, 5), (3, 6), (1, 2), (2, 1)])
@pytest.mark.parametrize("name", CALLS)
def test_inner_products_are_kept(name: str, shape: tuple[int, int], norm: Any) -> None:
    f = CALLS[name]
    for dtype, near in ((np.float64, 1e-12), (np.float32, 1e-4)):
        x, t = RNG.standard_normal((2, *shape)).astype(dtype)
        value, pull = ga.vjp(lambda x: f(x, norm), x)
        g = (RNG.standard_normal(value.shape) + 1j * RNG.standard_normal(value.shape)).astype(value.dtype)
        (found,) = pull(g)
        assert (found.shape, found.dtype) == (shape, dtype)
        assert np.sum(found * t) == pytest.approx(np.real(np.vdot(g, f(t, norm))), rel=near, abs=near)
