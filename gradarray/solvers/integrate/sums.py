"""nsum: sums of many terms, and of infinitely many, by what the terms depend on.

The derivative is that of the first terms, and of what Euler and Maclaurin's formula has for the others: their integral,
and half of the first of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ...reverse.outputs import revalued
from ...rules.scipy.declared import looking
from ...tape.wrapping import bare, has_variable, lifted
from ..calling import Watched, each
from ..captured import dropped_in
from .many import nodes_of_range, refuse_apart

# So many terms are added one by one; of the others, the slope of the first is what counts next.
_TERMS = 2048


def nsum(f: Callable[..., Any], a: Any, b: Any, *, step: Any = 1, args: Any = (), **options: Any) -> Any:
    given = args if isinstance(args, tuple) else (args,)

    def body() -> Any:
        watched = Watched(f, "scipy.integrate.nsum", f, args)
        ends = bare(a), bare(b)
        result = integrate.nsum(watched, *ends, step=bare(step), args=bare(given), **options)
        if not watched.depends(has_variable((a, b, step, given))):
            return result
        for name, value in (("a", a), ("b", b), ("step", step)):
            if has_variable(value) or np.ndim(value):
                raise TypeError(f"scipy.integrate.nsum has no derivative by {name}=, and takes one number of it here")
        if options.get("log"):
            raise TypeError("scipy.integrate.nsum of a variable: log= is not known here")
        if not np.isfinite(ends[0]):
            raise TypeError("scipy.integrate.nsum of a variable takes a finite lower limit: sum both sides from there")
        if not np.all(np.asarray(bare(result.success))):
            raise ValueError("scipy.integrate.nsum did not succeed, and so the sum has no derivative")
        start, width = float(ends[0]), float(step)
        left = (float(ends[1]) - start) / width
        count = int(np.floor(left)) + 1 if np.isfinite(left) else None
        last = None if count is None else start + width * (count - 1)
        each_arg = [np.expand_dims(lifted(arg), -1) if np.ndim(bare(arg)) else arg for arg in given]
        values = f(start + width * np.arange(_TERMS if count is None else min(count, _TERMS)), *each_arg)
        total, size = np.sum(values, axis=-1), np.sum(np.abs(bare(values)), axis=-1)
        if count is None or count > _TERMS:
            first = start + width * _TERMS
            x, w = nodes_of_range(first, np.inf if last is None else last)
            rest = f(x, *each_arg)
            rest = np.where(np.isfinite(bare(rest)), rest, 0.0)  # at the ends of an infinite range
            ahead = f(np.array([first] if last is None else [first, last]), *each_arg)
            total = total + np.sum(w * rest, axis=-1) / width + np.sum(ahead, axis=-1) / 2
            size = size + np.sum(np.abs(w * bare(rest)), axis=-1) / width
        refuse_apart(total, size, result.sum, result.error, "nsum")
        value = np.asarray(result.sum)[()]
        result.sum = revalued(np.broadcast_to(total, np.shape(value)), value)
        return result

    return dropped_in(body, f)


looking("scipy.integrate", each(nsum))
