"""What gradarray makes of each function of NumPy, from the registry itself: ``python -m gradarray coverage``."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..compiler.jit import source
from ..context.settings import silently
from ..rules import numpy as rulebook
from ..rules.kinds import Rule
from ..rules.names import public_name
from ..rules.registry import find
from ..transforms.argnums import parameters
from ..transforms.gradients import vjp
from . import scipy_table

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


# --- of one function -------------------------------------------------------------------------------------------------

# What operands are tried, by their shapes and values: a derivative is that of a call.
_SHAPES: tuple[tuple[int, ...], ...] = ((3,), (2, 2), (), (2, 3))
_RANGES = ((0.2, 0.7), (1.2, 2.7))


def derivative_of(name: str) -> str:
    """Return the derivative of a function of NumPy as the source of a function, or why there is none.

    It takes the function's operands, and `g`, the cotangent of the result; it returns those of the operands.

    Examples
    --------
    >>> from gradarray.show import coverage
    >>> print(coverage.derivative_of("np.tanh"))
    np.tanh: elementwise, in gradarray.rules.numpy.elementwise
    For an operand of the shape (3,):
    <BLANKLINE>
    def tanh_vjp(x, g):
        g1 = np.tanh(x)
        g2 = g * (1 - g1 * g1)
        return g2
    """
    func = _found(name)
    rule = find(func)
    if rule is None:
        raise ValueError(f"gradarray knows no derivative of {name}")
    title = f"{rule.name}: {rule.kind}, in {rule.chapter}"
    if rule.refuses:
        return f"{title}\n\nIt is refused, because {rule.reason}."
    if rule.kind in _CONSTANT:
        return f"{title}\n\nIts result is a constant, or the derivative is zero wherever there is one."
    found = _vjp_source(func, rule)
    if found is None:
        return (
            f"{title}\n\nIt depends on how it is called: ga.source(ga.grad(f), ...) writes down the derivative of a "
            "function f of yours, with the call in it."
        )
    shapes, text = found
    whose = "an operand of the shape" if len(shapes) == 1 else "operands of the shapes"
    return f"{title}\nFor {whose} {' and '.join(map(str, shapes))}:\n\n{text.rstrip()}"


_CONSTANT = ("zero-gradient", "non-differentiable", "creation")


def _found(name: str) -> Any:
    """Return the function that a dotted name leads to."""
    first, *path = name.removeprefix("numpy.").removeprefix("np.").split(".")
    with contextlib.suppress(ImportError):
        for k in range(1, len(path) + 1):
            importlib.import_module(".".join(["numpy", first, *path[: k - 1]]))
    found: Any = np
    for part in (first, *path):
        found = getattr(found, part, None)
    if not callable(found):
        raise ValueError(f"{name} is no function of NumPy {np.__version__}")
    return found


def _vjp_source(func: Any, rule: Any) -> tuple[Sequence[tuple[int, ...]], str] | None:
    """Return the source of a function's vjp by a call that works, and the shapes of the operands in that."""
    in_list = getattr(rule, "sequence", False)
    names = ("x1", "x2") if in_list else getattr(rule, "operands", ()) or _required(func)
    fixed: frozenset[int] = getattr(rule, "skip", frozenset())
    for shapes in itertools.product(_SHAPES, repeat=len(names)) if len(names) <= 3 else ():
        for low, high in _RANGES:
            values = [np.linspace(low + i / 8, high, int(np.prod(s))).reshape(s) for i, s in enumerate(shapes)]
            with contextlib.suppress(Exception):  # it takes no such operands
                text = silently(_written, func, names, values, fixed, in_list)
                if text is not None:
                    return shapes, text
    return None


def _required(func: Any) -> list[str]:
    return [p.name for p in parameters(func) if p.default is p.empty and p.kind is not p.VAR_KEYWORD]


def _written(
    func: Any, names: Sequence[str], values: Sequence[Any], fixed: frozenset[int], in_list: bool
) -> str | None:
    def call(*given: Any) -> Any:
        return func(given) if in_list else func(*given)

    ans = call(*values)
    if not isinstance(ans, (np.ndarray, np.generic)) or ans.dtype.kind not in "fc" or not np.all(np.isfinite(ans)):
        return None

    def pulled(*args: Any) -> Any:
        *operands, g = args
        moving = [x for k, x in enumerate(operands) if k not in fixed]

        def varied(*given: Any) -> Any:
            others = iter(given)
            return call(*[x if k in fixed else next(others) for k, x in enumerate(operands)])

        found = vjp(varied, *moving)[1](g)
        return found[0] if len(found) == 1 else found

    name, given = f"{func.__name__}_vjp", ", ".join([*names, "g"])
    scope: dict[str, Any] = {"pulled": pulled}
    exec(f"def {name}({given}): return pulled({given})", scope)
    return str(source(scope[name], *values, np.ones(ans.shape, ans.dtype)))


def main(name: str | None = None) -> int:
    """Print the report, or the derivative of a function, and return the exit status."""
    try:
        print(scipy_table.scipy_report() if name == "scipy" else report() if name is None else derivative_of(name))
    except (ValueError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
