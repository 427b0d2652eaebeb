"""Calls of scipy.fft."""

from __future__ import annotations

import numpy as np

from tests.scipy.calls import Call

X = np.array([[0.3, -1.2, 0.7, 0.4, 1.1], [0.9, 0.2, -0.5, 1.3, -0.8], [0.1, 0.6, 1.4, -0.3, 0.5]])
Z = X + 1j * X[::-1, ::-1]
REAL = ("rfft", "ihfft")

CALLS = [
    *(
        Call(f"fft.{name} {n} {norm}", lambda sp, x, f=name, n=n, o=norm: getattr(sp.fft, f)(x, n, -1, o), x)
        for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
        for n, norm in ((None, None), (4, "ortho"), (7, "forward"))
        for x in (X if name in REAL else Z,)
    ),
    *(
        Call(f"fft.{name} {s}", lambda sp, x, f=name, s=s: getattr(sp.fft, f)(x, s=s, axes=(1, 0), workers=1), x)
        for name in ("fft2", "ifftn", "rfft2", "irfftn", "hfft2", "hfftn", "ihfft2", "ihfftn", "rfftn", "irfft2")
        for s in (None, (4, 5))
        for x in (X if name.startswith(REAL) else Z,)
    ),
    *(
        Call(
            f"fft.{name} {kind} {norm} {whole}",
            lambda sp, x, f=name, k=kind, o=norm, w=whole: getattr(sp.fft, f)(x, k, norm=o, orthogonalize=w),
            X,
        )
        for name in ("dct", "idct", "dst", "idst")
        for kind in (1, 2, 3, 4)
        for norm, whole in ((None, None), ("ortho", False), ("forward", True))
    ),
    Call("fft.dct complex", lambda sp, x: sp.fft.dct(x, 2, 4, orthogonalize=True), Z),
    Call("fft.dctn", lambda sp, x: sp.fft.dctn(x, 3, (4, 4), norm="ortho"), X),
    Call("fft.idstn", lambda sp, x: sp.fft.idstn(x, 2, axes=(1, 0)), X),
    Call("fft.fht", lambda sp, x: sp.fft.fht(x, 0.1, 1.5, offset=0.2, bias=0.3), X),
    Call("fft.ifht", lambda sp, x: sp.fft.ifht(x, 0.1, 1.5), X),
    Call("fft.fftshift", lambda sp, x: sp.fft.ifftshift(sp.fft.fftshift(x, axes=1)), X),
    Call("fft.fftfreq", lambda sp, d: sp.fft.fftfreq(5, d) * sp.fft.rfftfreq(8, d), 0.5),
    Call("fft.fht by dln", lambda sp, d: sp.fft.fht(X, d, 1.5), 0.1, refused="'dln'"),
]
