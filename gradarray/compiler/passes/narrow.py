"""Arithmetic in which an array is broadcast to rows of some length.

NumPy repeats what is broadcast in a buffer of 8192 elements, so that its loop is as long; of rows of 1000 the copy
takes as long as the arithmetic (0.54 ns for each element, without it 0.28). With a buffer that no row fits into, its
loop goes over each row, and copies nothing.
"""

from __future__ import annotations

import math
import re
from typing import Any

from ...kernels.arrays import LARGE
from ..program.forms import form_read
from ..program.statements import Statement
from .quicker import UFUNCS

# Rows for which a loop of their own pays; as long as NumPy's buffer, they have one anyway.
_SHORTEST, _LONGEST = 300, 8192
_NAMES = frozenset((*UFUNCS.values(), "np.maximum", "np.minimum"))
_CALLS = re.compile(r"([\w.]*)\(")
_ALLOWED = frozenset(("", *_NAMES, *[name.replace(".", "_", 1) for name in _NAMES]))


def is_narrow(s: Statement) -> bool:
    """Tell whether a statement is such arithmetic."""
    if s.kind != "call" or len(s.results) != 1:
        return False
    shape = s.results[0].shape
    if not shape or len(shape) < 2 or math.prod(shape) < LARGE:
        return False
    form = form_read(s)
    if form.op not in UFUNCS and form.name not in _NAMES:
        return False
    length: int = _row(shape, [v.shape for v in s.reads if v.shape])
    return bool(_SHORTEST <= length < min(_LONGEST, math.prod(shape)))


def _row(shape: tuple[int, ...], operands: list[tuple[int, ...]]) -> int:
    """Return over how many elements NumPy can go in one loop."""
    length, pattern = 1, None
    for axis in range(1, len(shape) + 1):
        if shape[-axis] == 1:
            continue
        here = [len(x) >= axis and x[-axis] != 1 for x in operands]
        if pattern is not None and here != pattern:
            break
        pattern = here
        length *= shape[-axis]
    return length


def narrowed(line: Any, s: Statement) -> list[str]:
    """Return the lines that carry out a statement: where it is such arithmetic, and nothing else, so."""
    if not is_narrow(s) or "@" in line or any(name not in _ALLOWED for name in _CALLS.findall(line)):
        return [line]
    return ["_wide = _errors.get()", "try:", "    _errors.set(_narrow(_wide))", f"    {line}", *_ENDING]


_ENDING = ["finally:", "    _errors.set(_wide)"]
