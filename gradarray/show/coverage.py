"""What gradarray makes of each function of NumPy, from the registry itself: ``python -m gradarray coverage``."""

from __future__ import annotations

import importlib
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..rules import numpy as rulebook
from ..rules.kinds import Rule
from ..rules.names import public_name
from ..rules.registry import find

WIDTH = 98

# Modules that NumPy does not import by itself; their functions are only listed once they are there.
_MODULES = (
    *("numpy.char", "numpy.fft", "numpy.lib.recfunctions", "numpy.linalg"),
    *("numpy.polynomial.polynomial", "numpy.strings"),
)
# What comes to __array_function__ through like= alone, and is written in C: an older NumPy does not list it.
_BY_LIKE = (
    *("arange", "array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray"),
    *("empty", "frombuffer", "fromfile", "fromiter", "fromstring", "zeros"),
)


def functions() -> set[Callable[..., Any]]:
    """Return every function of NumPy that a Tensor can take over, ufuncs included.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.show import coverage
    >>> {np.sum, np.sin, np.linalg.norm} <= coverage.functions()
    True
    """
    from numpy.testing import overrides  # its import takes as long as NumPy's own

    for module in _MODULES:
        importlib.import_module(module)
    listed: set[Any] = overrides.get_overridable_numpy_array_functions() | overrides.get_overridable_numpy_ufuncs()
    listed |= {getattr(np, name) for name in _BY_LIKE}
    # A Python function with like= stands in the list by a twin that dispatches for it.
    return {_public(func) for func in listed}


def _public(func: Any) -> Any:
    original = getattr(func, "__wrapped__", None)
    return original if getattr(np, getattr(func, "__name__", ""), None) is original is not None else func


def partition() -> dict[Callable[..., Any], Rule | None]:
    """Return the rule of each function of NumPy that a Tensor can take over; None where there is none."""
    return {func: find(func) for func in sorted(functions(), key=public_name)}


# --- as text ---------------------------------------------------------------------------------------------------------

# The kinds as the heads of columns.
_KINDS = {
    "elementwise": "element-\nwise",
    "linear": "linear",
    "bilinear": "bi-\nlinear",
    "rule": "rule",
    "composite": "com-\nposite",
    "zero-gradient": "zero-\ngradient",
    "in-place": "in-\nplace",
    "creation": "creation",
    "non-differentiable": "non-\ndiffer-\nentiable",
    "unsupported": "unsup-\nported",
}


def report() -> str:
    """Return the table of all functions by chapter and kind, and the refused ones by reason."""
    found = partition()
    known = [rule for rule in found.values() if rule is not None]
    paragraphs = [
        f"NumPy {np.__version__} lets a Tensor take over {len(found)} functions. By chapter of gradarray.rules.numpy, "
        "and by kind of declaration:",
        "\n".join(_table(Counter((rule.chapter.rpartition(".")[2], rule.kind) for rule in known))),
        *_refusals(rule for rule in known if rule.refuses),
    ]
    unknown = sorted(public_name(func) for func, rule in found.items() if rule is None)
    if unknown:
        paragraphs.append(f"Refused, because this NumPy is newer than gradarray: {', '.join(unknown)}.")
    return "\n\n".join(text if "\n" in text else textwrap.fill(text, WIDTH) for text in paragraphs)


def _table(counts: Counter[tuple[str, str]]) -> Iterator[str]:
    heads = [head.split("\n") for head in (*_KINDS.values(), "all")]
    widths = [max(map(len, head)) for head in heads]
    chapters = [chapter for chapter in rulebook.__all__ if any(counts[chapter, kind] for kind in _KINDS)]
    first = max(map(len, chapters))

    def line(name: str, cells: list[str]) -> str:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        return " ".join((name.ljust(first), *padded)).rstrip()

    deepest = max(map(len, heads))
    for i in range(deepest):
        yield line("", [([""] * (deepest - len(head)) + head)[i] for head in heads])
    for chapter in chapters:
        row = [counts[chapter, kind] for kind in _KINDS]
        yield line(chapter, [str(n or "") for n in (*row, sum(row))])
    totals = [sum(counts[chapter, kind] for chapter in chapters) for kind in _KINDS]
    yield line("all", [str(n) for n in (*totals, sum(totals))])


def _refusals(refused: Iterator[Rule]) -> Iterator[str]:
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for rule in refused:
        by_reason[rule.reason].append(rule.name)
    for reason, names in sorted(by_reason.items()):
        title = textwrap.fill(f"Refused, because {reason}:", WIDTH)
        listed = textwrap.fill(", ".join(sorted(names)), WIDTH, initial_indent="  ", subsequent_indent="  ")
        yield f"{title}\n{listed}"


def main() -> int:
    """Print the report and return the exit status."""
    print(report())
    return 0
