"""Loops that a trace has unrolled, found again: what is said of each statement so that one can stand for many.

A statement is a template and its leaves: what may be another thing in the next iteration. Leaves refer to other
statements, as long as nothing is rolled up, by their places in the list; from within a loop by the iteration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ..passes.optimise import Optimised
from ..program.statements import Statement, Variable


class Count(NamedTuple):
    """A whole number: `base`, and for each loop around, by its level, so much more in each iteration."""

    base: int
    steps: tuple[tuple[int, int], ...] = ()


class Word(NamedTuple):
    """A number that is spelt out, or the name of a constant."""

    text: str


class Given(NamedTuple):
    """A variable that no single statement makes."""

    variable: Variable


class Entered(NamedTuple):
    """The way into a loop: to a place in its body, in the iteration that is counted from the first and from the last.

    A count that does not advance evenly is None.
    """

    place: int
    ahead: Count | None
    behind: Count | None


class Result(NamedTuple):
    """What a statement of the list makes, at the end of a path where that is a loop."""

    at: int
    path: tuple[Entered, ...]


class Here(NamedTuple):
    """What a statement makes in the same iteration of the loop around of a level."""

    level: int
    place: int
    path: tuple[Entered, ...]


class Before(NamedTuple):
    """The same, `lag` iterations ago; in the first ones something else stands for it."""

    level: int
    place: int
    lag: int
    path: tuple[Entered, ...]
    starts: tuple[Any, ...]


class Table(NamedTuple):
    """An entry of a table in each iteration of a loop."""

    level: int
    entries: tuple[Any, ...]


LAST = Count(0)  # counted from the end


class Pattern:
    """A statement, cut into what stays and what may be another thing.

    Attributes
    ----------
    statement
    template : texts around the leaves
    leaves
    key : lines with the same one may be one line of a loop
    weight : how many lines it is
    shape : of the result, if it is the same each time
    """

    __slots__ = ("key", "leaves", "shape", "statement", "template")
    weight = 1

    def __init__(
        self, statement: Statement, template: tuple[str, ...], leaves: list[Any], key: Any, shape: Any = None
    ) -> None:
        self.statement = statement
        self.template = template
        self.leaves = leaves
        self.key = key
        self.shape = shape


class Round:
    """Lines and loops that repeat.

    Attributes
    ----------
    level : of loops in loops the innermost ones have 1
    trip : how often
    body
    writes : the memory that is written into in any iteration
    """

    __slots__ = ("body", "key", "level", "trip", "weight", "writes")

    def __init__(self, level: int, trip: Count, body: list[Any], writes: set[int]) -> None:
        self.level = level
        self.trip = trip
        self.body = body
        self.writes = writes
        self.key: Any = (level, kind(trip), tuple([x.key for x in body]))
        self.weight = sum([x.weight for x in body]) + 1


def writes_of(node: Pattern | Round) -> set[int]:
    """Return the memory that a line, or a loop, writes into."""
    if type(node) is Round:
        return node.writes
    writes = node.statement.writes  # type: ignore[union-attr]
    return set() if writes is None else {writes}


def kind(leaf: Any) -> Any:
    """Return what two leaves must share to be one of a loop: values are values, wherever they come from."""
    t = type(leaf)
    if t is Count:
        return "n", leaf.steps
    if t is Here:
        return "here", leaf.level, leaf.place, tuple([step.place for step in leaf.path])
    if t is Before:
        places = tuple([step.place for step in leaf.path])
        return "before", leaf.level, leaf.place, leaf.lag, places, tuple(map(kind, leaf.starts))
    if t is Table:
        return "table", leaf.level, tuple(map(kind, leaf.entries))
    return "value"


_TOKEN = re.compile(r"(?<![\w.])(?:(?P<name>[^\W\d]\w*)|(?P<number>\d+(?:\.\d*)?(?:e[-+]?\d+)?)(?![\w.]))|[\[\]]")
_COUNTED, _VALUE = ("n", ()), "value"


def lines_of(left: Optimised) -> list[Pattern]:
    """Return the statements of a program as lines."""
    values = {name for name, x in left.constants.items() if not callable(x) and not hasattr(x, "__spec__")}
    known: dict[tuple[str, int], tuple[list[str], list[Any], int]] = {}

    def cut(text: str, depth: int) -> tuple[list[str], list[Any], int]:
        """Return the texts around the leaves, these, and how many brackets are open behind the text."""
        if "'" in text or '"' in text:  # what is quoted stays as it is
            return [text], [], depth + text.count("[") - text.count("]")
        parts, leaves, end = [], [], 0
        for found in _TOKEN.finditer(text):
            word = found[0]
            if word in "[]":
                depth += 1 if word == "[" else -1
                continue
            if found.lastgroup == "name":
                if word not in values:
                    continue
                leaf: Any = Word(word)
            else:
                leaf = Count(int(word)) if depth > 0 and word.isdigit() else Word(word)
            leaves.append(leaf)
            parts.append(text[end : found.start()])
            end = found.end()
        return [*parts, text[end:]], leaves, depth

    lines: list[Pattern] = []
    made: dict[Variable, Result] = {}
    keys: dict[Any, int] = {}
    for s in left.statements:
        if s.kind == "block":
            leaves: list[Any] = [made[v] if v in made else Given(v) for v in s.reads]
            lines.append(Pattern(s, (), leaves, object()))
            continue
        template, leaves, kinds, depth = [""], [], [], 0
        for piece in s.pieces:
            if type(piece) is str:
                pair = piece, depth
                found = known.get(pair)
                if found is None:
                    found = known[pair] = cut(*pair)
                parts, inner, depth = found
                template[-1] += parts[0]
                if inner:
                    template += parts[1:]
                    leaves += inner
                    kinds += [_COUNTED if type(x) is Count else _VALUE for x in inner]
            elif (result := made.get(piece)) is None and piece.name.endswith("]"):  # an input that stands in a column
                column, _, place = piece.name[:-1].partition("[")
                leaves.append(Count(int(place)))
                template[-1] += f"{column}["
                template.append("]")
                kinds.append(_COUNTED)
            else:
                leaves.append(Given(piece) if result is None else result)
                template.append("")
                kinds.append(_VALUE)
        form: Any = None
        if s.results:
            (r,) = s.results
            made[r] = Result(len(lines), ())
            form = None if r.dtype is None else r.dtype.char, len(r.shape or ()), r.memory is None
        shape = tuple(template)
        key = (shape, tuple(kinds), form, s.kind, s.silent, s.line)
        lines.append(Pattern(s, shape, leaves, keys.setdefault(key, len(keys)), None if form is None else r.shape))
    return lines


def as_leaf(v: Any, made: dict[Variable, int]) -> Any:
    """Return the leaf for a variable, or a text, outside of all loops."""
    if type(v) is not Variable:
        return Word(v)
    return Result(made[v], ()) if v in made else Given(v)


def every_leaf(node: Any) -> Iterable[Any]:
    """Return all leaves in a line or a loop, in an order that is the same for all with the same key."""
    if type(node) is Pattern:
        if all(type(leaf) not in _DEEP for leaf in node.leaves):
            return node.leaves
        return [x for leaf in node.leaves for x in _within(leaf)]
    return [node.trip, *[x for inner in node.body for x in every_leaf(inner)]]


def _within(leaf: Any) -> Iterator[Any]:
    t = type(leaf)
    if t is Before:
        if leaf.path:
            yield Here(leaf.level, leaf.place, leaf.path)
        for x in leaf.starts:
            yield from _within(x)
    elif t is Table:
        for x in leaf.entries:
            yield from _within(x)
    else:
        yield leaf


_DEEP = (Before, Table)


# --- what changes from one iteration to the next ----------------------------------------------------------------------

Change = Any  # of a number how much; of a path for each step how much, or None; or one of these
TABLE, PLACES = "table", "places"


def path_change(a: Sequence[Entered], b: Sequence[Entered]) -> Change:
    """Return for each step of a path by how much the iteration advances, counted from the first and from the last."""
    return tuple([(_advance(x.ahead, y.ahead), _advance(x.behind, y.behind)) for x, y in zip(a, b, strict=True)])


def _advance(a: Count | None, b: Count | None) -> int | None:
    return b.base - a.base if a and b and a.steps == b.steps else None


def in_common(was: Change, now: Change) -> Change:
    """Return what two changes have in common; of a path, each step must keep one way at least to be counted."""
    if was in (TABLE, PLACES):
        return was
    if type(was) is tuple and type(now) is tuple and len(was) == len(now):
        both = tuple(
            [tuple([x if x == y else None for x, y in zip(a, b, strict=True)]) for a, b in zip(was, now, strict=True)]
        )
        return both if all(step != (None, None) for step in both) else None
    return was if was == now else None


def may_be_entry(leaf: Any) -> bool:
    """Tell whether a leaf may be an entry of a table, which stays the same within an iteration."""
    t = type(leaf)
    if t is Result:
        return not any(n is not None and n.steps for step in leaf.path for n in step[1:])
    return t in (Word, Given) or (t is Count and not leaf.steps)


def counted(level: int, counts: Sequence[Count | None]) -> Count | None:
    """Return what gives these numbers in the iterations of a loop, or None."""
    first = counts[0]
    if first is None or any(x is None or x.steps != first.steps for x in counts):
        return None
    bases = [x.base for x in counts]  # type: ignore[union-attr]
    step = bases[1] - bases[0] if len(bases) > 1 else 0
    if bases != ([*range(bases[0], bases[0] + step * len(bases), step)] if step else [bases[0]] * len(bases)):
        return None
    return Count(bases[0], (*first.steps, (level, step))) if step else first


def paths_along(level: int, paths: Sequence[Sequence[Entered]]) -> tuple[Entered, ...]:
    """Return the path that gives these paths in the iterations of a loop."""
    return tuple(
        [
            Entered(steps[0].place, counted(level, [x.ahead for x in steps]), counted(level, [x.behind for x in steps]))
            for steps in zip(*paths, strict=True)
        ]
    )


# --- what is said of counts and results ----------------------------------------------------------------------------


def results_in_a_row(line: Pattern) -> dict[int, tuple[int, str]]:
    """Return which leaves, separated by commas, are all results of a loop: where they end, and how to say them."""
    runs: dict[int, tuple[int, str]] = {}
    k = 0
    while k < len(line.leaves):
        leaf = line.leaves[k]
        at, m = iteration_of(leaf) or (1, 1)
        if at in (0, m - 1):
            counts = range(m) if at == 0 else range(m - 1, -1, -1)
            place = leaf.path[0].place
            wanted = [Result(leaf.at, (Entered(place, Count(n), Count(m - 1 - n)),)) for n in counts]
            if line.leaves[k : k + m] == wanted and {*line.template[k + 1 : k + m]} == {", "}:
                runs[k] = k + m, "*_" if at == 0 else "*reversed(_)"
                k += m
                continue
        k += 1
    return runs


def iteration_of(leaf: Any) -> tuple[int, int] | None:
    """Return in which iteration of a loop something is made, and how many there are; None where that is not fixed."""
    if type(leaf) is not Result or len(leaf.path) != 1:
        return None
    ahead, behind = leaf.path[0][1:]
    if ahead is None or behind is None or ahead.steps or behind.steps:
        return None
    return ahead.base, ahead.base + behind.base + 1


def counts_added(a: Count, b: Count, times: int = 1) -> Count:
    steps = dict(a.steps)
    for level, step in b.steps:
        steps[level] = steps.get(level, 0) + times * step
    return Count(a.base + times * b.base, tuple([(level, step) for level, step in steps.items() if step]))


def index_into(step: Entered) -> Count:
    """Return the index into a list of what the iterations made."""
    if step.ahead is not None:
        return step.ahead
    back = step.behind
    return Count(-1 - back.base, tuple([(level, -by) for level, by in back.steps]))  # type: ignore[union-attr]
