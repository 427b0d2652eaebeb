"""Windows, by the parameters that say what form they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal
from scipy.signal import windows

from ....tape.wrapping import bare
from ...signature import names
from ..declared import function
from ..standing import refuse, stands_for
from ..unswitched import special

MODULE = "scipy.signal.windows"
Formula = Callable[..., Any]

# By each of the names that get_window knows.
_FORMS: dict[str, Callable[..., Any]] = {}


def _window(*others: str) -> Callable[[Formula], Formula]:
    """Declare a window by a formula of its length and of its parameters, and by its other names in get_window."""

    def declare(formula: Formula) -> Formula:
        name = formula.__name__
        parameters = names(formula)[1:]

        @stands_for(MODULE, *parameters, name=name)
        def window(M: Any, sym: Any, **given: Any) -> Any:
            getattr(windows, name)(0, **bare({p: given[p] for p in parameters}), sym=sym)  # SciPy's own errors
            if M <= 1:
                return np.ones(windows.boxcar(M).shape)
            found = formula(M if sym else M + 1, *[given[p] for p in parameters])
            return found if sym else found[:-1]

        for called in (name, *others):
            _FORMS[called] = window
        return formula

    return declare


def _centred(M: int) -> Any:
    return np.arange(M) - (M - 1) / 2


@_window("gauss", "gss")
def gaussian(M: int, std: Any) -> Any:
    return np.exp(-(_centred(M) ** 2) / (2 * std * std))


@_window("general gaussian", "general gauss", "general_gauss", "ggs")
def general_gaussian(M: int, p: Any, sig: Any) -> Any:
    n = np.abs(_centred(M))
    return np.where(n == 0, 1.0, np.exp(-0.5 * (np.where(n == 0, 1.0, n) / sig) ** (2 * p)))


@_window("poisson")
def exponential(M: int, center: Any, tau: Any) -> Any:
    return np.exp(-np.abs(np.arange(M) - ((M - 1) / 2 if center is None else center)) / tau)


@_window("tuk")
def tukey(M: int, alpha: Any) -> Any:
    if bare(alpha) <= 0:
        return np.ones(M)
    if bare(alpha) >= 1:
        return windows.hann(M)
    n = np.minimum(np.arange(M), np.arange(M)[::-1])  # from the nearer end
    inside = n > int(np.floor(bare(alpha) * (M - 1) / 2))
    return np.where(inside, 1.0, 0.5 * (1 + np.cos(np.pi * (2.0 * n / alpha / (M - 1) - 1))))


@_window("ksr")
def kaiser(M: int, beta: Any) -> Any:
    half = (M - 1) / 2
    return special.i0(beta * np.sqrt(1 - (_centred(M) / half) ** 2)) / special.i0(beta)


@_window("general cosine")
def general_cosine(M: int, a: Any) -> Any:
    angles = np.linspace(-np.pi, np.pi, M)
    return sum([a[k] * np.cos(k * angles) for k in range(len(a))], np.zeros(M))


@_window("general hamming")
def general_hamming(M: int, alpha: Any) -> Any:
    return alpha + (1.0 - alpha) * np.cos(np.linspace(-np.pi, np.pi, M))


@_window("cheb")
def chebwin(M: int, at: Any) -> Any:
    # The transform of a Chebyshev polynomial, which has ripples of one height.
    top = np.cosh(np.arccosh(10 ** (np.abs(at) / 20.0)) / (M - 1.0))
    k = np.arange(M)
    p = special.eval_chebyt(M - 1, top * np.cos(np.pi * k / M))
    if M % 2:
        half = np.real(np.fft.fft(p))[: (M + 1) // 2]
        found = np.concatenate([half[:0:-1], half])
    else:
        half = np.real(np.fft.fft(p * np.exp(1j * np.pi / M * k)))[: M // 2 + 1]
        found = np.concatenate([half[:0:-1], half[1:]])
    return found / np.max(found)


@_window("taylorwin")
def taylor(M: int, nbar: Any, sll: Any, norm: Any) -> Any:
    a = np.arccosh(10 ** (sll / 20)) / np.pi
    spread = nbar**2 / (a**2 + (nbar - 0.5) ** 2)
    order = np.arange(1, nbar)
    found: Any = 1.0
    place = np.arange(M) - (M - 1) / 2
    middle: Any = 1.0
    for m in order:
        above = (-1.0) ** (m + 1) * np.prod(1 - m**2 / spread / (a**2 + (order - 0.5) ** 2))
        weight = above / np.prod(1 - m**2 / order[order != m] ** 2.0)
        found = found + weight * np.cos(2 * np.pi * m * place / M)
        middle = middle + weight
    return found / middle if norm else found * np.ones(M)


@stands_for(MODULE, "beta")
def kaiser_bessel_derived(M: Any, beta: Any, sym: Any) -> Any:
    windows.kaiser_bessel_derived(M, bare(beta), sym=sym)  # SciPy's own errors
    if M < 1:
        return np.zeros(0)
    total = np.cumsum(kaiser(M // 2 + 1, beta))
    half = np.sqrt(total[:-1] / total[-1])
    return np.concatenate([half, half[::-1]])


for _name in ("kaiser bessel derived", "kbd", "kaiser_bessel_derived"):
    _FORMS[_name] = kaiser_bessel_derived

refuse(
    MODULE,
    "the length of a window is a whole number",
    *("barthann", "bartlett", "blackman", "blackmanharris", "bohman", "boxcar", "cosine", "flattop", "hamming"),
    *("hann", "lanczos", "nuttall", "parzen", "triang"),
)
refuse(MODULE, "it is an eigenvector, which is found of a matrix that bandwidths have made", "dpss")


@stands_for("scipy.signal", "window", whole=("window",))
def get_window(window: Any, Nx: Any, fftbins: Any) -> Any:
    signal.get_window(bare(window), Nx, fftbins)  # SciPy's own errors
    return window_of(window, Nx, fftbins)


function(MODULE, get_window)


def window_of(window: Any, n: int, periodic: bool = True) -> Any:
    """Return a window of which the parameters may be variables."""
    kind, *given = window if isinstance(window, tuple) else ("kaiser", window)
    symmetric = not periodic
    for ending, such in (("_symmetric", True), ("_periodic", False)):
        if kind.endswith(ending):
            kind, symmetric = kind.removesuffix(ending), such
    form = _FORMS.get(kind)
    if form is None:
        raise TypeError(f"scipy.signal.get_window of a variable: {kind} has no derivative by its parameters here")
    return form(n, *given, sym=symmetric)
