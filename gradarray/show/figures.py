"""Arrays in a few characters: all their numbers where these fit, else what is most telling of them."""

from __future__ import annotations

from typing import Any

import numpy as np

DIGITS = 4
_FEW = 12  # so many elements are written out, if there is room
_LIST = 4  # more elements that are all the same are not written one after the other


def figure(value: Any, width: int = 26, shape: bool = True) -> str:
    """Return an array in at most so many characters, if that can be done at all; beside another one without its shape.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.show.figures import figure
    >>> figure(np.array([[1.0, 2.5], [np.pi, 4.0]]))
    '[[1 2.5] [3.142 4]]'
    >>> figure(np.linspace(0, 1, 1000))
    '(1000,) from 0 to 1'
    """
    x = np.asarray(value)
    if x.ndim == 0:
        return in_digits(x[()])
    if x.size == 0:
        return f"empty {x.shape}"
    forms = [_written_out(x, digits) for digits in (DIGITS, 3)] if x.size <= _FEW else []
    if x.size > _LIST and x.dtype.kind in "biufc" and np.all(x == x.flat[0]):
        forms.clear()
    forms += _summaries(x, f"{shape_text(x.shape)} " if shape else "")
    return next((form for form in forms if len(form) <= width), forms[-1])


def in_digits(x: Any) -> str:
    """Return a number with a few digits."""
    if isinstance(x, (complex, np.complexfloating)):
        return f"{complex(x):.3g}"
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    return f"{x:d}" if isinstance(x, (int, np.integer)) else f"{float(x) + 0.0:.{DIGITS}g}"


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as NumPy writes it."""
    return str(tuple(map(int, shape)))


def _written_out(x: Any, digits: int) -> str:
    def short(item: Any) -> str:
        return in_digits(item) if digits == DIGITS or x.dtype.kind in "biuc" else f"{float(item) + 0.0:.{digits}g}"

    def nested(part: Any) -> str:
        return short(part[()]) if part.ndim == 0 else f"[{' '.join(map(nested, part))}]"

    return nested(np.asarray(x))


def _summaries(x: Any, before: str) -> list[str]:
    alone = [before.strip()] if before else []
    if x.dtype.kind == "c":
        return [f"{before}up to {np.abs(x).max():.3g} in size", *alone]
    if x.dtype.kind not in "biuf":
        return alone or ["?"]
    strange = int(np.count_nonzero(~np.isfinite(x)))
    if strange:
        return [f"{before}{strange} not finite", *alone]
    low, high = x.min(), x.max()
    if low == high:
        return [f"{before}all {in_digits(low)}", *alone]
    return [f"{before}from {in_digits(low)} to {in_digits(high)}", f"{before}{_brief(low)}..{_brief(high)}", *alone]


def _brief(x: Any) -> str:
    return f"{float(x) + 0.0:.2g}"
