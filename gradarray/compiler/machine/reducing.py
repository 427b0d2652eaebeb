"""The lines that carry out a reduction, in a nest or by itself."""

from __future__ import annotations

from collections.abc import Callable

# What changes nothing, by the text of one more element: it stands before the first.
_LARGER, _SMALLER = [f"{{0}} if ({{0}} {op} {{1}}) | ({{0}} != {{0}}) else {{1}}" for op in (">=", "<=")]
COLUMNS = {"add": "{0} + {1}", "maximum": _LARGER, "minimum": _SMALLER}
NEUTRAL = {"{0} + {1}": "-0.0", _LARGER: "-np.inf", _SMALLER: "np.inf"}
# Shorter rows are summed without a call, in the same order.
SHORT = 16


def row_text(name: str, array: str, start: str, n: int, step: int = 1) -> str:
    """Return what reduces a row; a short sum is spelt out, of elements in even steps."""
    if name != "total" or n >= SHORT:
        return f"{name}({array}, {start}, {n})"
    x = [f"{array}[{start}{f' + {k * step}' if k else ''}]" for k in range(n)]
    if n < 8:
        return " + ".join([*x, "0.0"])
    eight = "((({}) + ({})) + (({}) + ({})))".format(*[f"{x[k]} + {x[k + 1]}" for k in (0, 2, 4, 6)])
    return " + ".join([eight, *x[8:], "0.0"])


def started(unit: str, n: int, offset: int) -> str:
    """Return where the row of a unit begins."""
    terms = [] if unit == "0" else [unit if n == 1 else f"{unit} * {n}"]
    return " + ".join([*terms, str(offset)] if offset or not terms else terms).replace("+ -", "- ")


def indented(lines: list[str], by: int = 1) -> list[str]:
    return [f"{'    ' * by}{line}" for line in lines]


def columns_lines(text: str, n: int, behind: int, given: Callable[[str], str], into: str) -> list[str]:
    """Return the lines that reduce along the first of two axes.

    Parameters
    ----------
    text : of an element so far, and one more
    n, behind : how long the axes are
    given : returns the text of the element of the operand at a place
    into : the text of the element `k` of the result
    """
    lines = [f"for k in range({behind}):", f"    {into} = {given('k')}"]
    if n > 1:
        one_more = text.format(into, given(f"l * {behind} + k"))
        lines += [f"for l in range(1, {n}):", f"    for k in range({behind}):", f"        {into} = {one_more}"]
    return lines
