"""The steps of a derivative: backward from the result up, or forward from the arguments down, each with its formula."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..context.settings import silently
from ..tape.fitting import fit
from ..tape.nodes import Node
from .folding import Gap, shortened
from .formulas import Formula, backward, forward
from .record import UPDATE, Operand, Record, TapeRow


@dataclass
class Contribution:
    """What one step gives to one derivative.

    Attributes
    ----------
    name : what the derivative is of: it is called ``d name``
    formula : how it is computed, or None where that is no line or two of NumPy
    instead : what is said in place of a formula
    values : the number or array that is added; in forward mode one for each direction
    way, ways : which of how many contributions to the same derivative it is
    total : the sum, where it is the last one of several
    left_out : whether a zero of what a selection leaves out has won over a NaN of the formula
    """

    name: str
    formula: Formula | None
    values: tuple[Any, ...]
    way: int = 1
    ways: int = 1
    total: Any = None
    left_out: bool = False
    instead: str = "many lines of NumPy"


@dataclass
class DerivativeStep:
    """One step, in which the derivative is led through one call.

    Attributes
    ----------
    number : counted from 1
    rows : the numbers of the rows that the call computed
    names : what they are called
    computed_as : the call
    contributions : what the step gives, to one derivative after the other
    numbers : the values that stand in its formulas, by their names there
    """

    number: int
    rows: tuple[int, ...]
    names: tuple[str, ...]
    computed_as: str
    contributions: list[Contribution] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)


def steps_of(record: Record) -> list[DerivativeStep | Gap]:
    """Return the steps of a reading, in their order; of those of a loop, the first and the last ones."""
    calls = [*_calls(record.rows)]
    if record.mode == "forward":
        made: Any = _Forward(record)
        calls = [rows for rows in calls if any(row.tangents for row in rows)]
    else:
        made = _Backward(record)
        calls = [rows for rows in reversed(calls) if any(row.cotangent is not None for row in rows)]
    numbered = [*enumerate(calls, 1)]
    return [
        part if isinstance(part, Gap) else made.step(*numbered[part])
        for part in made.passed(calls, shortened([same_code(rows[0]) for rows in calls]))
    ]


def same_code(row: TapeRow) -> Hashable:
    """Return what is equal for rows that the same code computed, one turn of a loop after the other."""
    constants = tuple([x.row is None for x in row.operands])
    return row.operation, row.file, row.line, row.kind, row.shape, row.dtype, constants


def _calls(rows: Sequence[TapeRow]) -> Iterator[list[TapeRow]]:
    """Yield the rows of each call: one, or one for each of several results."""
    by_call: dict[Node, list[TapeRow]] = {}
    for row in rows:
        if row.node is not None and row.node.rule is not None:
            by_call.setdefault(_call(row.node), []).append(row)
    yield from by_call.values()


def _call(node: Node) -> Node:
    parent = node.parents[0] if node.parents else None
    return parent if parent is not None and type(parent.out) is tuple else node


class _Backward:
    """The steps of a sweep."""

    def __init__(self, record: Record) -> None:
        self._names = {row.node: row.name for row in record.rows if row.node is not None}
        self._totals = {row.node: row.cotangent for row in record.rows if row.node is not None}
        self._seen: Counter[Node | None] = Counter()
        self._ways: Counter[Node | None] = Counter()
        # The result itself is the first way to it.
        for number in record.results:
            self._ways[record.rows[number].node] += 1
            self._seen[record.rows[number].node] += 1

    def passed(self, calls: Sequence[list[TapeRow]], parts: Sequence[int | Gap]) -> Iterator[int | Gap]:
        """Yield the parts one by one, and count the ways on which cotangents come in those that are left out."""
        for rows in calls:
            self._ways.update(_receiving(rows))
        at = 0
        for part in parts:
            if isinstance(part, Gap):
                for rows in calls[at : at + part.rows]:
                    self._seen.update(_receiving(rows))
                at += part.rows
            else:
                at += 1
            yield part

    def step(self, number: int, rows: list[TapeRow]) -> DerivativeStep:
        node = _call(_node(rows[0]))
        step = _step(number, rows)
        own = _own(node, rows, step)
        g: Any = rows[0].cotangent[()] if rows[0].cotangent is not None else None
        if type(node.out) is tuple:
            by_part = {_node(row).args[0]: row.cotangent for row in rows}
            g = [by_part.get(k) for k in range(len(node.out))]
        names = [x.text for x in rows[0].operands]
        inner = (*rows[0].operands, *rows[0].indices)
        step.numbers |= _named(inner)
        step.numbers |= {row.name: row.value for row in rows if row.value is not None}
        step.numbers |= {f"d {row.name}": row.cotangent for row in rows if row.cotangent is not None}
        for i, (parent, c) in enumerate(zip(node.parents, silently(_pulled, node, g), strict=False)):
            if parent is None or c is None or parent not in self._names:
                continue
            formula = silently(backward, node, g, i, names, own, [x.text for x in rows[0].indices])
            longer = formula is None or (formula.before and not rows[0].indices)
            if longer and rows[0].place and rows[0].kind != UPDATE:  # a reading through views
                formula = Formula(f"d {rows[0].name}", place=rows[0].place)
            self._seen[parent] += 1
            entry = Contribution(self._names[parent], formula, (c,), self._seen[parent], self._ways[parent])
            if node.rule is not None and hasattr(node.rule, "pull"):
                entry.instead = f"the gradient that {node.rule.name} comes with"
            total = self._totals[parent]
            if entry.ways == entry.way:
                entry.total = total
            won = np.False_ if total is None else np.isnan(c) & ~np.isnan(total)
            if np.any(won):
                entry.values, entry.left_out = (np.where(won, np.zeros((), c.dtype), c),), True
            step.contributions.append(entry)
        return step


class _Forward:
    """The steps of forward mode."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def passed(self, calls: Sequence[list[TapeRow]], parts: Sequence[int | Gap]) -> Sequence[int | Gap]:
        return parts

    def step(self, number: int, rows: list[TapeRow]) -> DerivativeStep:
        node = _call(_node(rows[0]))
        step = _step(number, rows)
        step.numbers |= _named((*rows[0].operands, *rows[0].indices))
        operands = [None if x.row is None else self._record.rows[x.row] for x in rows[0].operands]
        tangents = [None if x is None or not x.tangents else x.tangents[0][()] for x in operands]
        own = _own(node, rows, step)
        for row in rows:
            if row.kind == UPDATE and row.place:
                base, value = [
                    f"d {x.text}" if t is not None else "0" for x, t in zip(row.operands, tangents, strict=True)
                ]
                formula = Formula(base, but_at=row.place, but=value)
            else:
                names, indices = [x.text for x in row.operands], [x.text for x in row.indices]
                part = _node(row).args[0] if type(node.out) is tuple else None
                formula = silently(forward, node, tangents, names, own, indices, part)
            entry = Contribution(row.name, formula, row.tangents)
            if node.rule is not None and hasattr(node.rule, "pull"):
                entry.instead = f"the gradient that {node.rule.name} comes with, transposed"
            step.contributions.append(entry)
            step.numbers |= {row.name: row.value} if row.value is not None else {}
        if len(self._record.directions) == 1:
            moving = [(x.text, t) for x, t in zip(rows[0].operands, tangents, strict=True) if t is not None]
            step.numbers |= {f"d {name}": t for name, t in moving}
        return step


def _step(number: int, rows: list[TapeRow]) -> DerivativeStep:
    text = rows[0].computed_as
    if type(_call(_node(rows[0])).out) is tuple:  # without the number of the result
        text = text.rpartition("[")[0]
    return DerivativeStep(number, tuple([row.number for row in rows]), tuple([row.name for row in rows]), text)


def _own(node: Node, rows: list[TapeRow], step: DerivativeStep) -> Any:
    """Return what the result of a call is called, or each one of several, whose values are noted in its step."""
    if type(node.out) is not tuple:
        return rows[0].name
    by_part = {_node(row).args[0]: row.name for row in rows}
    own = [by_part.get(k, f"part {k}") for k in range(len(node.out))]
    step.numbers |= dict(zip(own, node.out, strict=True))
    return own


def _named(operands: Iterable[Operand]) -> dict[str, Any]:
    """Return the values of operands by their names; a constant that stands there as a number needs none."""
    return {x.text: x.value for x in operands if x.value is not None and (x.row is not None or np.ndim(x.value))}


def _node(row: TapeRow) -> Node:
    assert row.node is not None, "the steps are read before the tape is let go"
    return row.node


def _receiving(rows: list[TapeRow]) -> list[Node]:
    """Return the operands of a call that get a cotangent."""
    return [parent for parent in _call(_node(rows[0])).parents if parent is not None]


def _pulled(node: Node, g: Any) -> list[Any]:
    """Return the cotangents of the operands, each as a whole array."""
    assert node.rule is not None
    found: list[Any] = []
    for parent, c in zip(node.parents, node.rule.pullback(node, g), strict=False):
        if parent is None or c is None:
            found.append(None)
        else:
            found.append(np.array(c.add_to(None, parent, set(), False) if c.shape is None else fit(c, parent)))
    return found
