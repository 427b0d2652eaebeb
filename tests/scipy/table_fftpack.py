"""Calls of scipy.fftpack."""

from __future__ import annotations

import numpy as np

from tests.scipy.calls import Call

X = np.array([[0.3, -1.2, 0.7, 0.4, 1.1], [0.9, 0.2, -0.5, 1.3, -0.8], [0.1, 0.6, 1.4, -0.3, 0.5]])
Z = X + 1j * X[::-1, ::-1]
LINE = X[:2].ravel()

CALLS = [
    *(
        Call(f"fftpack.{name} {n}", lambda sp, x, f=name, n=n: getattr(sp.fftpack, f)(x, n, 0), x)
        for name in ("fft", "ifft", "rfft", "irfft")
        for n in (None, 2, 6)
        for x in (X if "r" in name else Z,)
    ),
    *(
        Call(f"fftpack.{name}", lambda sp, x, f=name: getattr(sp.fftpack, f)(x, (4, 4), (1, 0)), Z)
        for name in ("fft2", "ifft2", "fftn", "ifftn")
    ),
    *(
        Call(
            f"fftpack.{name} {kind} {norm}",
            lambda sp, x, f=name, k=kind, o=norm: getattr(sp.fftpack, f)(x, k, norm=o),
            X,
        )
        for name in ("dct", "idct", "dst", "idst", "dctn", "idctn", "dstn", "idstn")
        for kind, norm in ((1, None), (2, "ortho"), (3, None))
    ),
    *(
        Call(f"fftpack.diff {order} {n}", lambda sp, x, o=order: sp.fftpack.diff(x, o), LINE[:n])
        for order in (-1, 0, 1, 2)
        for n in (7, 8)
    ),
    Call("fftpack.diff period", lambda sp, x, p: sp.fftpack.diff(x, 1, np.sum(p)), LINE[:7], 3.0),
    *(
        Call(
            f"fftpack.{name} {len(x)} {x.dtype}",
            lambda sp, x, *a, f=name: getattr(sp.fftpack, f)(x, *[v[()] for v in a]),
            *(x, *parameters),
        )
        for name, parameters in {
            "hilbert": (),
            "ihilbert": (),
            "tilbert": (0.3, 5.0),
            "itilbert": (0.3,),
            "cs_diff": (0.2, 0.3, 5.0),
            "sc_diff": (0.2, 0.3),
            "ss_diff": (0.2, 0.3),
            "cc_diff": (0.2, 0.3),
            "shift": (0.4, 5.0),
        }.items()
        for x in (LINE[:8], Z[0])
    ),
    Call("fftpack.fftshift", lambda sp, x: sp.fftpack.ifftshift(sp.fftpack.fftshift(x, axes=1)), X),
    *(
        Call(f"fftpack.{name}", lambda sp, d, f=name: getattr(sp.fftpack, f)(5, d), 0.5)
        for name in ("fftfreq", "rfftfreq")
    ),
    Call("fftpack.ifftshift", lambda sp, x: sp.fftpack.ifftshift(x), X),
    Call("fftpack.diff order", lambda sp, o: sp.fftpack.diff(LINE, o), 1.0, refused="'order'"),
]
