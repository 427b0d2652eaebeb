"""The table and the steps as text that fits a width, and as HTML."""

from __future__ import annotations

import html
import re
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..rules.written import purpose
from .figures import figure
from .folding import Gap, shortened
from .formulas import Formula
from .record import ARGUMENT, CONSTANT, LEAF, Record, TapeRow
from .steps import Contribution, DerivativeStep, same_code

_WIDEST = 36  # characters of a column that can be shortened
_NARROWEST = 7
_NEEDED = 14  # characters of a number or a summary of an array
_LINE = 28  # so much room is enough for the lines of code beside the rest
_SHORT = 40  # characters of a formula in which the numbers are put
_BETWEEN = "  "


def as_text(record: Record, steps: Sequence[DerivativeStep | Gap], width: int | None = None) -> str:
    """Return all of an explanation in lines of a width, by default that of the terminal."""
    width = max(shutil.get_terminal_size().columns if width is None else width, 40)
    blocks = ["\n".join([_cut(line, width) for line in _table(record, width)])] if record.rows else []
    if steps:
        blocks.append("\n".join(_steps(record, steps, width)))
    blocks += [textwrap.fill(note, width) for note in [*record.notes, *next_to_see(record, bool(steps))]]
    return "\n\n".join(blocks)


def next_to_see(record: Record, steps: bool) -> list[str]:
    """Return where to look next."""
    if not record.results:
        return []
    results = [record.rows[number] for number in record.results]
    f, given = record.title if record.title.isidentifier() else "f", ""
    if record.title == "tensor":
        f = "the tensor" if re.fullmatch(r"v\d+", results[0].name) else results[0].name
    else:
        names = [re.split(r"[.\[]", row.name)[0] for row in record.rows if row.kind in (ARGUMENT, CONSTANT)]
        given = "".join(f", {name}" for name in dict.fromkeys(names))
    others = [f"ga.graph({f}{given}) draws it"]
    if not steps:
        others.append("steps=True goes through the derivative step by step")
    if record.title != "tensor" and [row.shape for row in results] == [()] and results[0].dtype.kind == "f":
        others.append(f"ga.source(ga.grad({f}){given}) writes the derivative as a function in plain NumPy")
    return [f"Look next: {'; '.join(others)}."]


# --- the table -------------------------------------------------------------------------------------------------------


def _heads(record: Record) -> list[str]:
    """Return the heads of the columns, of two lines each."""
    if record.mode == "forward":
        return ["name", "computed as", "value", *[f"d name\n/ d {name}" for name in record.directions]]
    return ["name", "computed as", "value", "d result\n/ d name"]


def _texts(row: TapeRow) -> list[str]:
    return [row.name, row.computed_as or ("(variable)" if row.kind == LEAF else f"({row.kind})")]


def _arrays(row: TapeRow, record: Record) -> list[Any]:
    """Return the value and the derivatives of a row."""
    if record.mode == "forward":
        return [row.value, *(row.tangents or [None] * len(record.directions))]
    return [row.value, row.cotangent]


def _cell(value: Any, width: int, first: bool) -> str:
    if value is None:
        return "?" if first else "-"
    return figure(value, width, shape=first)


def _table(record: Record, width: int) -> Iterator[str]:
    parts = shortened([same_code(row) for row in record.rows])
    rows = [record.rows[part] for part in parts if not isinstance(part, Gap)]
    heads = [head.split("\n") for head in _heads(record)]
    columns, dropped = _fitting(record, rows, heads, width)
    heads = heads[: len(columns)]
    room = width - sum(columns) - len(_BETWEEN) * len(columns)
    lines = [_line(row) for row in rows]
    beside = any(lines) and room >= min(_LINE, max(map(len, lines)))
    indent = "" if beside or not any(lines) else "  "
    deepest = max(map(len, heads))
    for k in range(deepest):
        cells = [([""] * (deepest - len(head)) + head)[k] for head in heads]
        yield _joined(indent, cells, columns, "line" if beside and k == deepest - 1 else "")
    yield _joined(indent, ["-" * n for n in columns], columns, "-" * min(room, max(map(len, lines))) if beside else "")
    before: TapeRow | None = None
    for part in parts:
        if isinstance(part, Gap):
            yield f"{indent}{part}"
            before = None if beside else before
            continue
        row = record.rows[part]
        same = before is not None and (row.file, row.line) == (before.file, before.line)
        if not beside and row.line and not same:
            yield _cut(_line(row), width)
        cells = [_cut(cell, n) for cell, n in zip(_cells(row, record, columns), columns, strict=True)]
        line = "" if not beside or not row.line else '"' if same else _cut(_line(row), room)
        yield _joined(indent, cells, columns, line)
        before = row
    if dropped:
        yield ""
        yield textwrap.fill(f"There is no room for {dropped} more columns; .rows has them.", width)


def _line(row: TapeRow) -> str:
    return f"{row.line}: {row.text}" if row.text else f"line {row.line}" if row.line else ""


def _cells(row: TapeRow, record: Record, columns: Sequence[int]) -> list[str]:
    arrays = _arrays(row, record)[: len(columns) - 2]
    figures = [_cell(x, n, k == 0) for k, (x, n) in enumerate(zip(arrays, columns[2:], strict=True))]
    return [*_texts(row), *figures]


def _fitting(
    record: Record, rows: Sequence[TapeRow], heads: Sequence[Sequence[str]], width: int
) -> tuple[list[int], int]:
    """Return the widths of the columns, and how many columns there is no room for."""
    least = [max(_NARROWEST, *map(len, head)) for head in heads]
    for row in rows:
        cells = [_cell(x, 0, k == 0) for k, x in enumerate(_arrays(row, record))]
        least[2:] = [max(n, min(len(cell), _NEEDED)) for n, cell in zip(least[2:], cells, strict=True)]
    count = len(heads)
    while count > 4 and sum(least[:count]) + len(_BETWEEN) * count > width - 2:
        count -= 1
    columns = [_WIDEST] * count
    while True:
        lengths = [[*map(len, _cells(row, record, columns))] for row in rows]
        wanted = [max(len(part) for part in head) for head in heads[:count]]
        wanted = [max(n, *each) for n, each in zip(wanted, zip(*lengths, strict=True), strict=True)]
        wanted = [min(n, m) for n, m in zip(wanted, columns, strict=True)]
        over = sum(wanted) + len(_BETWEEN) * (count - 1) + 2 - width
        widest = max(range(count), key=lambda k: wanted[k] - least[k])
        if over <= 0 or wanted[widest] <= least[widest]:
            wanted[1] = min(wanted[1] - over, max(len(_texts(row)[1]) for row in rows)) if over < 0 else wanted[1]
            return wanted, len(heads) - count
        columns = [*wanted]
        columns[widest] -= 1


def _joined(indent: str, cells: Sequence[str], columns: Sequence[int], last: str) -> str:
    padded = [cell.ljust(n) for cell, n in zip(cells, columns, strict=True)]
    return (indent + _BETWEEN.join([*padded, last])).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


# --- the steps -------------------------------------------------------------------------------------------------------


def _steps(record: Record, steps: Sequence[DerivativeStep | Gap], width: int) -> Iterator[str]:
    yield from textwrap.wrap(_opening(record), width)
    if record.mode == "reverse":
        for number, count in Counter(record.results).items():
            row = record.rows[number]
            what = "the result" if len(record.results) == 1 else "one of the results"
            start = np.full(row.shape, count, row.dtype)
            yield from _wrapped(f"d {row.name} = {figure(start, width // 2)}, since {row.name} is {what}", width, 3)
    for step in steps:
        if isinstance(step, Gap):
            yield f"   {step}"
            continue
        yield _cut(f"{step.number}. {', '.join(step.names)} = {step.computed_as}", width)
        for entry in step.contributions:
            yield from _contribution(record, step, entry, width)


def _opening(record: Record) -> str:
    if record.mode == "forward":
        return "Forward, from the arguments down. d v is the derivative of v by the argument that moves."
    return "Backward, from the result up. d v is the derivative of the result by v; each starts at 0."


def _contribution(record: Record, step: DerivativeStep, entry: Contribution, width: int) -> Iterator[str]:
    place = "" if entry.formula is None else entry.formula.place
    sign = "=" if record.mode == "forward" else "+="
    made = f"({entry.instead})" if entry.formula is None else str(entry.formula)
    head = f"   d {entry.name}{place} {sign} {made}"
    numbers = _numbers(record, step, entry, width)
    if len(numbers) == 1 and len(head) + 3 + len(numbers[0]) <= width:
        yield f"{head} = {numbers[0]}"
    else:
        yield from _wrapped(head.strip(), width, 3)
        for text in numbers:
            yield from _wrapped(f"= {text}", width, 7)
    for k, text in enumerate(() if entry.formula is None else [*entry.formula.before, *_told(entry.formula)]):
        yield from _wrapped(text, width, 13, "       where " if k == 0 else "")
    if entry.left_out:
        yield from _wrapped("(what a selection leaves out is 0, also where the formula gives NaN)", width, 7)
    if entry.ways > 1:
        text = f"(way {entry.way} of {entry.ways} to {entry.name})"
        if entry.way == entry.ways:
            text = f"({entry.ways} ways lead to {entry.name}: they add to {figure(entry.total, width // 2)})"
        yield from _wrapped(text, width, 7)


def _told(formula: Formula) -> Iterator[str]:
    """Say what the functions of this library do that stand in a formula."""
    for name, helper in formula.helpers:
        yield f"{name} {purpose(helper) or 'is a function of this library'}"


def _wrapped(text: str, width: int, indent: int, first: str = "") -> list[str]:
    first, rest = first or " " * indent, " " * (indent + 4)
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _numbers(record: Record, step: DerivativeStep, entry: Contribution, width: int) -> list[str]:
    """Return what a formula comes to, in one line or several; of single numbers, with these in it."""
    if record.mode == "forward" and len(record.directions) > 1:
        pairs = zip(record.directions, entry.values, strict=False)
        texts = [f"{figure(value, width // 2)} by {name}" for name, value in pairs]
        together = ", ".join(texts)
        return [together] if len(together) <= width // 2 else texts
    found = figure(entry.values[0], width // 2)
    formula = entry.formula
    if formula is not None and formula.place and formula.expression in step.numbers:
        return [figure(step.numbers[formula.expression], width // 2)]
    if formula is None or formula.before or formula.place or formula.but_at or formula.spread is not None:
        return [found]
    inserted = _with_numbers(formula.expression, step.numbers)
    return [found if inserted is None or inserted in (found, formula.expression) else f"{inserted} = {found}"]


def _with_numbers(expression: str, numbers: dict[str, Any]) -> str | None:
    """Return an expression with numbers in the place of names, if all of them are single numbers."""
    names = sorted(numbers, key=len, reverse=True)
    if not names:
        return None
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w(])")
    found = pattern.findall(expression)
    if not found or any(getattr(numbers[name], "shape", ()) for name in found):
        return None
    alone = expression in numbers

    def put(match: re.Match[str]) -> str:
        text = figure(numbers[match[0]])
        return f"({text})" if not alone and (text.startswith("-") or text.endswith("j")) else text

    text = pattern.sub(put, expression)
    return text if len(text) <= _SHORT else None


# --- in a notebook ---------------------------------------------------------------------------------------------------


def as_html(record: Record, steps: Sequence[DerivativeStep | Gap]) -> str:
    """Return all of an explanation as HTML."""
    parts = [_html_table(record)] if record.rows else []
    if steps:
        parts.append(f"<pre>{html.escape(chr(10).join(_steps(record, steps, 100)))}</pre>")
    parts += [f"<p>{html.escape(note)}</p>" for note in [*record.notes, *next_to_see(record, bool(steps))]]
    return f"<div>{''.join(parts)}</div>"


def _html_table(record: Record) -> str:
    heads = [*_heads(record), *(["line"] if any(row.line for row in record.rows) else [])]
    lines = ["<tr>" + "".join(f"<th>{html.escape(head)}</th>" for head in heads) + "</tr>"]
    columns = [_WIDEST] * (len(_heads(record)))
    for part in shortened([same_code(row) for row in record.rows]):
        if isinstance(part, Gap):
            lines.append(f'<tr><td colspan="{len(heads)}">{html.escape(str(part))}</td></tr>')
            continue
        row = record.rows[part]
        cells = [*_cells(row, record, columns), *([_line(row)] if len(heads) > len(columns) else [])]
        lines.append("<tr>" + "".join(f"<td><code>{html.escape(cell)}</code></td>" for cell in cells) + "</tr>")
    return f"<table>{''.join(lines)}</table>"
