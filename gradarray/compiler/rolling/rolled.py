"""Programs with loops in them: what was found, said with variables and texts in the place of leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..passes.expressions import ANY
from ..passes.folding import in_few_pieces
from ..passes.optimise import Optimised
from ..program.forms import form_read
from ..program.statements import Pieces, Statement, Variable
from .iterated import Loop
from .loops import Listing, roll
from .repeats import (
    LAST,
    Before,
    Count,
    Entered,
    Given,
    Here,
    Pattern,
    Result,
    Round,
    Table,
    Word,
    as_leaf,
    counts_added,
    index_into,
    iteration_of,
    lines_of,
    results_in_a_row,
)

# So many statements has a program that is carried out with loops, of so many iterations: fewer statements are carried
# out sooner one behind the other, as a loop has to keep values in lists that they have in names of their own.
LONG, REPEATS = 3000, 4


def with_loops(left: Optimised, least: int, of_arrays: bool = False, unevenly: bool = False) -> Optimised:
    """Return a program with loops in the place of what repeats at least so many times.

    Parameters
    ----------
    left
    least
    of_arrays : what a loop saves is looked up in arrays, by statements of their own, each in memory with a number,
        which views of it get as theirs; and no variable stands for what the iteration before made, and then for another
    unevenly : whole numbers that do not advance evenly may be put into tables
    """
    lines = lines_of(left._replace(statements=_allocated_first(left.statements)))
    made = {r: k for k, line in enumerate(lines) for r in line.statement.results if line.statement.kind != "block"}
    rolled = roll(Listing(lines, [as_leaf(v, made) for v in left.outputs]), least, unevenly)
    return left if rolled is None else (_OfArrays if of_arrays else _Speaker)(rolled, left).program()


def _allocated_first(statements: Sequence[Statement]) -> list[Statement]:
    """Return statements of which those stand first that make an array to be filled, and come but once.

    The array for a gradient is made where it is first added to, within the first iteration of what is to be a loop.
    """
    found: Counter[Any] = Counter([s.pieces for s in statements if _allocates(s)])
    silent = next((k for k, s in enumerate(statements) if s.silent), len(statements))
    first: list[list[Statement]] = [[], []]
    rest: list[list[Statement]] = [[], []]
    for k, s in enumerate(statements):
        if _allocates(s) and found[s.pieces] == 1:
            first[s.silent].append(s)
        else:
            rest[k >= silent].append(s)
    return [*first[False], *rest[False], *first[True], *rest[True]]


def _allocates(s: Statement) -> bool:
    return s.kind == "call" and len(s.pieces) == 1 and s.pieces[0].startswith(("np.zeros(", "np.empty("))


def _lines_in(node: Any) -> Iterator[Pattern]:
    if type(node) is Pattern:
        yield node
    else:
        for x in node.body:
            yield from _lines_in(x)


def _leaves_in(leaf: Any) -> Iterator[Any]:
    """Yield a leaf and those within it."""
    yield leaf
    for x in leaf.starts if type(leaf) is Before else leaf.entries if type(leaf) is Table else ():
        yield from _leaves_in(x)


class _Speaker:
    """Variables and texts in the place of leaves.

    Attributes
    ----------
    renames : a variable may stand for what the iteration before made, until the iteration makes it itself
    """

    renames = True

    def __init__(self, rolled: Listing, left: Optimised) -> None:
        self._nodes, self._outputs, self._left = rolled.nodes, rolled.outputs, left
        self._constants = dict(left.constants)
        self._asked = Counter([leaf.at for leaf in rolled.outputs if type(leaf) is Result])
        self._chains: dict[Pattern, tuple[Round, ...]] = {}  # the loops around a line, from the outermost on
        # Behind how many loops around it a line's last result is asked for, and all of its results.
        self._kept: dict[Pattern, int] = {}
        self._listed: dict[Pattern, int] = {}
        self._lists: dict[tuple[Pattern, int], Variable] = {}
        self._earlier: dict[Before, Variable] = {}  # what stands for these in the loop that is being written
        self._entries: dict[int, Variable] = {}  # by the identity of a table, what stands for its entry
        self._indices: dict[int, tuple[Variable, Count, int]] = {}  # by level: from where on, and in which steps
        self._trips: dict[int, int] = {}  # by level, of the loops around, how often they repeat at most
        self._before: list[Statement] = []
        self._note_chains(self._nodes, ())
        self._mark_all(self._nodes, {})
        for leaf in self._outputs:
            self._mark(leaf, {})

    def program(self) -> Optimised:
        statements = self._block(self._nodes, {})
        outputs: list[Any] = []
        for leaf in self._outputs:
            pieces = in_few_pieces(self._item(leaf) or self._pieces(leaf, {}))
            outputs.append(pieces[0] if len(pieces) == 1 else pieces)
        return self._left._replace(statements=statements, outputs=outputs, constants=self._constants)

    def _item(self, leaf: Any) -> list[Any]:
        """Return the text of a result of a loop as one of all, where these are in a list anyway."""
        found = iteration_of(leaf)
        if found is None or self._asked[leaf.at] < _MANY:
            return []
        target, _ = self._target(leaf, {})
        return [self._list(target, 0), f"[{found[0]}]"] if self._listed.get(target, 1) == 0 else []

    # --- what is needed when a loop has ended -------------------------------------------------------------------------

    def _note_chains(self, nodes: Iterable[Any], chain: tuple[Round, ...]) -> None:
        for x in nodes:
            if type(x) is Round:
                self._note_chains(x.body, (*chain, x))
            else:
                self._chains[x] = chain

    def _mark_all(self, nodes: Iterable[Any], around: dict[int, Round]) -> None:
        for x in nodes:
            if type(x) is Round:
                self._mark_all(x.body, {**around, x.level: x})
            else:
                for outer in x.leaves:
                    for leaf in _leaves_in(outer):
                        self._mark(leaf, around)

    def _mark(self, leaf: Any, around: dict[int, Round]) -> None:
        if type(leaf) in (Result, Here, Before) and leaf.path:
            target, path = self._target(leaf, around)
            where = self._kept if all(step.behind == LAST for step in path) else self._listed
            depth = len(self._chains[target]) - len(path)
            where[target] = min(where.get(target, depth), depth)

    def _target(self, leaf: Any, around: dict[int, Round]) -> tuple[Pattern, Sequence[Entered]]:
        node = self._nodes[leaf.at] if type(leaf) is Result else around[leaf.level].body[leaf.place]
        for step in leaf.path:
            node = node.body[step.place]
        return node, leaf.path

    def _list(self, line: Pattern, depth: int) -> Variable:
        """Return the list of what a line makes in the loops around it from a depth on.

        It has the shape and dtype of an array of it, if there can be one.
        """
        found = self._lists.get((line, depth))
        if found is None:
            trips = tuple([self._longest(x) for x in self._chains[line][depth:]])
            shape = None if line.shape is None else (*trips, *line.shape)
            (r,) = line.statement.results
            found = self._lists[line, depth] = Variable(r.name, shape, r.dtype, self._memory())
        return found

    def _memory(self) -> int:
        """Return the number of the memory that what loops save, or carry on, stands in."""
        return ANY

    def _longest(self, x: Round) -> int:
        """Return how often a loop repeats at most."""
        return x.trip.base + sum([max(0, by * (self._trips[level] - 1)) for level, by in x.trip.steps])

    # --- leaves -------------------------------------------------------------------------------------------------------

    def _pieces(self, leaf: Any, around: dict[int, Round]) -> list[Any]:
        """Return the text of a leaf."""
        t = type(leaf)
        if t is Word:
            return [leaf.text]
        if t is Count:
            return self._number(leaf)
        if t is Given:
            return [leaf.variable]
        if t is Before:
            return [self._earlier[leaf]]
        if t is Table:
            return [self._entries[id(leaf)]]
        target, path = self._target(leaf, around)
        (r,) = target.statement.results
        if all(step.behind == LAST for step in path):
            return [r]
        depth = len(self._chains[target]) - len(path)
        return self._looked_up(self._list(target, depth), [self._number(index_into(step)) for step in path], r)

    def _looked_up(self, many: Variable, places: Sequence[list[Any]], r: Variable) -> list[Any]:
        """Return the text of an item of a list."""
        pieces: list[Any] = [many]
        for place in places:
            pieces += ["[", *place, "]"]
        return pieces

    def _number(self, count: Count) -> list[Any]:
        """Return the text of a number, in terms of the indices of loops."""
        base, steps = count.base, dict(count.steps)
        terms: list[tuple[int, Variable]] = []
        while steps:
            level = min(steps)  # the inner ones first, as these may begin at what outer ones count
            index, first, by = self._indices[level]
            factor = steps.pop(level) // by
            base -= first.base * factor
            for outer, step in first.steps:
                steps[outer] = steps.get(outer, 0) - step * factor
            if factor:
                terms.append((factor, index))
        terms.sort(key=lambda term: term[0] < 0)
        pieces: list[Any] = []
        if not terms or (base and terms[0][0] < 0):
            pieces.append(str(base))
            base = 0
        for factor, index in terms:
            sign = (" - " if factor < 0 else " + ") if pieces else "-" if factor < 0 else ""
            pieces += [sign, "" if abs(factor) == 1 else f"{abs(factor)} * ", index]
        return [*pieces, f" {'-' if base < 0 else '+'} {abs(base)}"] if base else pieces

    # --- statements ---------------------------------------------------------------------------------------------------

    def _block(self, nodes: Iterable[Any], around: dict[int, Round]) -> list[Statement]:
        statements: list[Statement] = []
        for x in nodes:
            if type(x) is Round:
                loop = self._loop(x, around)
                statements += self._taken()
                statements.append(loop)
            elif x.statement.kind == "block":
                for leaf, v in zip(x.leaves, x.statement.reads, strict=True):
                    pieces = self._pieces(leaf, around)
                    if pieces != [v]:
                        statements.append(
                            Statement("call", (v,), in_few_pieces(pieces), None, x.statement.silent, None)
                        )
                statements.append(x.statement)
            else:
                s = self._statement(x, around)
                statements += self._taken()
                statements.append(s)
        return statements

    def _taken(self) -> list[Statement]:
        """Return the statements that what has just been said needs in front of it."""
        taken, self._before = self._before, []
        return taken

    def _statement(self, line: Pattern, around: dict[int, Round]) -> Statement:
        if not around and all(type(x) in _PLAIN and not getattr(x, "path", ()) for x in line.leaves):
            return line.statement
        pieces: list[Any] = [line.template[0]]
        runs = results_in_a_row(line) if len(line.leaves) > _MANY else {}
        ends = 0
        for k, (leaf, behind) in enumerate(zip(line.leaves, line.template[1:], strict=True)):
            if k < ends:
                continue
            if k in runs:
                ends, order = runs[k]
                behind = line.template[ends]
                single = str(pieces[-1]).endswith("(") and behind.startswith(")")
                many = self._list(self._target(leaf, around)[0], 0)
                pieces += [order.partition("_")[0], many, order.partition("_")[2], "," if single else "", behind]
                continue
            text = self._pieces(leaf, around)
            if len(text) > 1 and type(leaf) is Count and not _stands_alone(pieces, behind):
                text = ["(", *text, ")"]
            pieces += [*text, behind]
        return line.statement.but(in_few_pieces([p for p in pieces if p != ""]))

    def _loop(self, x: Round, around: dict[int, Round]) -> Loop:
        inner = {**around, x.level: x}
        depth = len(around)
        self._trips[x.level] = self._longest(x)
        lines = [*_lines_in(x)]
        index = self._indexed(x, lines)
        times = self._times(x)
        tables = self._tables(x, lines, around)
        carried, moves, own = self._carried(x, inner, around)
        before = self._taken()
        members = self._block(x.body, inner)
        self._before = before
        saved, results = [], []
        for line in lines:
            if self._listed.get(line, depth + 1) <= depth:
                further = depth + 1 < len(self._chains[line])
                value = self._list(line, depth + 1) if further else line.statement.results[0]
                saved.append((self._list(line, depth), value))
                results.append(self._list(line, depth))
            if self._kept.get(line, depth + 1) <= depth:
                results += line.statement.results
        return Loop(members, index, times, tables, carried, moves, saved, x.writes, results, own)

    def _indexed(self, x: Round, lines: Sequence[Pattern]) -> Variable:
        """Choose what the index of a loop counts, so that most places are the index itself."""
        counts = [n for line in lines for outer in line.leaves for leaf in _leaves_in(outer) for n in _counts(leaf)]
        steps = [step for n in counts for level, step in n.steps if level == x.level]
        begun = Counter([(Count(n.base, n.steps[1:]), n.steps[0][1]) for n in counts if _counts_in(n, x.level)])
        fitting = [(first, by) for (first, by), _ in begun.most_common() if all(step % by == 0 for step in steps)]
        first, by = fitting[0] if fitting else (Count(0), 1)
        index = Variable("index")
        self._indices[x.level] = index, first, by
        return index

    def _times(self, x: Round) -> tuple[Pieces, Pieces, int]:
        _, first, by = self._indices[x.level]
        if by == -1:
            ends = counts_added(counts_added(first, x.trip, -1), Count(1)), counts_added(first, Count(1))
        else:
            ends = first, counts_added(first, x.trip, by)
        low, high = [in_few_pieces(self._number(n)) for n in ends]
        return low, high, by

    def _tables(self, x: Round, lines: Sequence[Pattern], around: dict[int, Round]) -> list[tuple[Variable, Pieces]]:
        tables: dict[Pieces, Variable] = {}
        for line in lines:
            for leaf in [leaf for outer in line.leaves for leaf in _leaves_in(outer)]:
                if type(leaf) is Table and leaf.level == x.level:
                    pieces = self._sequence(leaf.entries, around)
                    if pieces not in tables:
                        tables[pieces] = self._like(leaf.entries[-1], around)
                    self._entries[id(leaf)] = tables[pieces]
        return [(v, pieces) for pieces, v in tables.items()]

    def _sequence(self, entries: Sequence[Any], around: dict[int, Round]) -> Pieces:
        """Return the text of the sequence of the entries of a table."""
        pieces: list[Any] = ["("]
        for leaf in entries:
            pieces += [*self._pieces(leaf, around), ", "]
        return in_few_pieces([*pieces[:-1], ")"])

    def _like(self, leaf: Any, around: dict[int, Round]) -> Variable:
        """Return a new variable of the form of what a leaf stands for; nothing is known of its memory."""
        v = None
        if type(leaf) is Given:
            v = leaf.variable
        elif type(leaf) in (Result, Here):
            (v,) = self._target(leaf, around)[0].statement.results
        if v is None:
            return Variable("")
        return Variable(v.name, v.shape, v.dtype, None if v.memory is None else self._memory(), v.layout)

    def _carried(self, x: Round, inner: dict[int, Round], around: dict[int, Round]) -> Any:
        """Let variables stand in a loop for results of earlier iterations.

        Return what they are at first, what becomes them, and which results stand for themselves.
        """
        places: dict[Before, list[tuple[int, bool]]] = {}  # in the body; whether it is what another loop begins with
        for u, node in enumerate(x.body):
            for line in _lines_in(node):
                for outer in line.leaves:
                    for leaf, starts in _with_starts(outer, node):
                        if type(leaf) is Before and leaf.level == x.level:
                            places.setdefault(leaf, []).append((u, starts))
        carried: list[tuple[Variable, Pieces]] = []
        moves: list[tuple[Variable, Variable]] = []
        taken: set[Pattern] = set()
        own_names: set[Variable] = set()
        for leaf, where in places.items():
            target, _ = self._target(leaf, inner)
            (r,) = target.statement.results
            at = leaf.place
            own = leaf.lag == 1 and target not in taken and self.renames
            if own and all(u < at or (u == at and (starts or x.body[at] is target)) for u, starts in where):
                taken.add(target)
                own_names.add(r)
                chain = [r]
            else:
                memory = None if r.memory is None else self._memory()
                chain = [Variable(r.name, r.shape, r.dtype, memory, r.layout) for _ in range(leaf.lag)]
                moves += [(a, b) for a, b in reversed([*zip(chain, [r, *chain], strict=False)])]
            self._earlier[leaf] = chain[-1]
            for v, start in zip(reversed(chain), leaf.starts, strict=True):
                carried.append((v, in_few_pieces(self._pieces(start, around))))
        return [(v, pieces) for v, pieces in carried if pieces != (v,)], moves, own_names


class _OfArrays(_Speaker):
    """The same, where what loops save is in arrays; each variable in memory that has a number."""

    renames = False
    _count = 0

    def program(self) -> Optimised:
        left = super().program()
        return left._replace(statements=[*left.statements, *self._taken()])

    def _item(self, leaf: Any) -> list[Any]:
        return []

    def _statement(self, line: Pattern, around: dict[int, Round]) -> Statement:
        s = super()._statement(line, around)
        if len(s.results) == 1 and s.reads and form_read(s).op in ("index", "attribute"):
            (r,), first, before = s.results, s.reads[0], line.statement.reads[0]
            if r.memory is not None and self._left.memory(r.memory) == self._left.memory(before.memory):
                r.memory = first.memory  # a view of what was looked up, or carried
        return s

    def _memory(self) -> int:
        self._count += 1
        return ARRAYS + self._count - 1

    def _looked_up(self, many: Variable, places: Sequence[list[Any]], r: Variable) -> list[Any]:
        item = Variable(r.name, r.shape, r.dtype, None if r.memory is None else many.memory, r.layout)
        pieces: list[Any] = [many, "["]
        for k, place in enumerate(places):
            pieces += [", "] * (k > 0) + place
        self._before.append(Statement("call", (item,), in_few_pieces([*pieces, "]"]), None, True, None))
        return [item]


# The numbers of memory in which arrays of what loops save stand, from here on.
ARRAYS = -1 << 58
# Of more operands, those that are all that a loop made are looked for.
_MANY = 3
_PLAIN = (Word, Count, Given, Result)


def _counts(leaf: Any) -> Iterable[Count]:
    if type(leaf) is Count:
        return (leaf,)
    return [index_into(step) for step in getattr(leaf, "path", ())] if type(leaf) in (Result, Here) else ()


def _counts_in(n: Count, level: int) -> bool:
    """Tell whether a number advances in a loop of a level, and in no loop within it."""
    return bool(n.steps) and n.steps[0][0] == level


def _with_starts(leaf: Any, node: Any, starts: bool = False) -> Iterator[tuple[Any, bool]]:
    """Yield a leaf and those within it, and whether a loop, which is this node, begins with it."""
    yield leaf, starts
    if type(leaf) in (Before, Table):
        starts = starts or (type(node) is Round and leaf.level == node.level)
        for x in leaf.starts if type(leaf) is Before else leaf.entries:
            yield from _with_starts(x, node, starts)


def _stands_alone(before: Sequence[Any], behind: str) -> bool:
    """Tell whether a sum may stand between two texts as it is."""
    text = next((p for p in reversed(before) if p != ""), "")
    return type(text) is str and text.rstrip()[-1:] in "[,:(" and behind[:1] in ("]", ",", ":", ")")
