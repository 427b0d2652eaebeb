"""From operations to the text of one compiled function: loops over all elements; what stays within one is no array.

An operation joins the loop of its shape as soon as all that it depends on is done there or before. Two that touch
the same memory share a loop where both touch the same element in each turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from ..program.statements import Variable
from .helpers import AT_ONCE, BOUNDED, FARTHEST
from .lowering import Operation, Whole
from .nests import Nest, in_nests
from .places import Places, Position, steps_along
from .reducing import indented
from .table import TYPES
from .turned import turned
from .whole import WholeOperations


class Compiled(NamedTuple):
    """A compiled function, which returns whether it failed, and numbers behind that.

    Attributes
    ----------
    text : with a name to be filled in
    arguments : what it is given; behind that, the arrays that it fills
    filled, numbers : what it makes
    written : the arrays that it writes into
    helpers : the names of what it calls
    tables : the arrays that stand in front of it under their own names
    offsets : whole numbers that it is given behind all arrays
    """

    text: str
    arguments: list[Variable]
    filled: list[Variable]
    numbers: list[Variable]
    written: list[Variable]
    helpers: list[str]
    tables: list[Variable]
    offsets: list[int]


class _Group:
    """Operations that share a loop, or stand in one line behind the other."""

    def __init__(self, kind: str, shape: tuple[int, ...]) -> None:
        self.kind, self.shape = kind, shape
        self.operations: list[Any] = []

    def takes(self, o: Operation) -> bool:
        kind = "elements" if o.kind in ("clean", "guard") else o.kind
        return kind == "elements" == self.kind and o.shape == self.shape


class _Touch(NamedTuple):
    group: int
    place: Position
    strides: tuple[int, ...]  # along the axes of the loop


class LoopWriter(WholeOperations):
    """Writes a function.

    Parameters
    ----------
    places : of the program's arrays
    memory : tells the number of a piece of memory as it turned out
    kind : tells the dtype of a variable
    wanted : what is needed elsewhere
    is_table : tells of an array whether it is to stand in front of the function, which costs no argument
    """

    def __init__(
        self,
        places: Places,
        memory: Callable[[int | None], int | None],
        kind: Callable[[Variable], str],
        wanted: Callable[[Variable], bool],
        is_table: Callable[[Variable], bool] = lambda _: False,
    ) -> None:
        self._places, self._memory, self._kind, self._wanted = places, memory, kind, wanted
        self._is_table = is_table
        self._groups: list[_Group] = []
        self._made: dict[Variable, int] = {}  # numbers, by the group that makes them
        self._bases: dict[Variable, None] = {}  # arrays that are made here
        self._reads: dict[int | None, list[_Touch]] = {}
        self._writes: dict[int | None, list[_Touch]] = {}
        self._given: dict[Variable, None] = {}
        self._names: dict[Variable, str] = {}
        self._lines: list[str] = []
        self._helpers: dict[str, None] = {}
        self._count = 0  # of names that hold one element each: each is assigned to once, or Numba takes long
        self._sum = ""  # of all that is asked whether it is finite, in this turn; one that is too large says no, too
        super().__init__()

    def function(self, operations: Sequence[Operation | Whole]) -> Compiled:
        """Return the function that carries out operations."""
        # First what is filled.
        for o in sorted(operations, key=lambda o: bool(o.operands) or o.target is not None or o.kind == "whole"):
            self._place(o)
        self._checked = checked(operations, self._kind, self._memory)
        stored = self._stored()
        filled = [v for v in stored if self._wanted(v)]
        inside = [v for v in stored if v not in filled]
        whole = [v for v in self._given if v.memory is not None and self._memory(v.memory) not in self._writes]
        self._turned = turned(self._groups, self._at, inside, whole, self._bases.keys() - stored)
        nests = in_nests(self._groups, self._at, self._memory, inside)
        rooms = {v: room.size for nest in nests for v, room in nest.local.items()}
        numbers = [v for v in self._made if self._wanted(v)]
        tables = [v for v in self._given if self._is_table(v)]
        self._names.update({v: v.name for v in tables})
        arguments = [v for v in self._given if v not in tables]
        for v in (*arguments, *filled):
            self._named(v)
        self.allocate(inside, rooms)
        self._lines += [line for v in whole if v in self._turned for line in self._copied(v)]
        fails, checks = any(o.fails for o in operations), bool(self._checked) or any(o.checks for o in operations)
        self._lines += ["    missed = 0"] if fails else []
        self._lines += ["    odd = 0"] if checks else []
        self._stored_ones = {*stored}
        for nest in nests:
            self._write_nest(nest)
        status = " | ".join(["missed"] * fails + ["odd << 1"] * checks) or "0"
        results = ", ".join([status, *[self._names[v] for v in numbers]])
        offsets = [f"o{k}" for k in range(1, len(self._offsets) + 1)]
        head = ", ".join([*[self._names[v] for v in (*arguments, *filled)], *offsets])
        types = [*[_type(v, self._kind(v)) for v in (*arguments, *filled)], *["int64"] * len(offsets)]
        result = f"Tuple(({', '.join(['int64', *[TYPES[self._kind(v)] for v in numbers]])}))" if numbers else "int64"
        flat = [self._names[v] for v in (*arguments, *filled) if v.memory is not None and len(v.shape) > 1]
        shaped = [f"    {name}_ = flat({name})" for name in flat]
        begin = [f"@compiled({result}({', '.join(types)}))", f"def NAME({head}):", *shaped]
        lines = [*begin, *self.place_checks([TYPES[self._kind(v)] for v in numbers]), *self._lines]
        lines.append(f"    return {results}")
        written = dict.fromkeys([t.place.base for some in self._writes.values() for t in some])
        changed = [v for v in (*arguments, *filled) if v in written]
        text = "\n".join(lines) + "\n"
        return Compiled(text, arguments, filled, numbers, changed, [*self._helpers], tables, self._offsets)

    # --- which loop ---------------------------------------------------------------------------------------------------

    def _place(self, o: Operation | Whole) -> None:
        if isinstance(o, Whole):
            self._place_whole(o)
            return
        loop = len(o.shape) if o.kind in ("elements", "clean") else 0
        earliest = 0
        touched: list[tuple[bool, int | None, Position, tuple[int, ...]]] = []
        for v in o.operands:
            if v.memory is None:
                if v in self._made:
                    k = self._made[v]
                    earliest = max(earliest, k if self._groups[k].takes(o) else k + 1)
                else:
                    self._given[v] = None
                continue
            place = self._at(v)
            self._needs(place.base)
            touched.append((False, self._memory(v.memory), place, steps_along(place, v, o.shape) if loop else ()))
        into = o.result if o.target is None else o.target
        if into is not None and into.memory is not None:
            place = self._at(into)
            if o.target is None:
                self._make(place.base, into)
                if not o.text:
                    return
            self._needs(place.base)
            touched.append((True, self._memory(into.memory), place, steps_along(place, into, o.shape) if loop else ()))
        for writes, memory, place, strides in touched:
            for t in (*self._writes.get(memory, ()), *(self._reads.get(memory, ()) if writes else ())):
                shared = self._groups[t.group].takes(o) and _follows(t, place, strides)
                earliest = max(earliest, t.group if shared else t.group + 1)
        k = next((k for k in range(earliest, len(self._groups)) if self._groups[k].takes(o)), len(self._groups))
        if k == len(self._groups):
            self._groups.append(_Group("elements" if o.kind in ("clean", "guard") else o.kind, o.shape))
        self._groups[k].operations.append(o)
        for writes, memory, place, strides in touched:
            (self._writes if writes else self._reads).setdefault(memory, []).append(_Touch(k, place, strides))
        if o.result is not None and o.result.memory is None:
            self._made[o.result] = k

    def _place_whole(self, o: Whole) -> None:
        """Let an operation that writes its own lines stand behind all others so far."""
        group = _Group("whole", ())
        group.operations.append(o)
        self._groups.append(group)
        k = len(self._groups) - 1
        self._given.update(dict.fromkeys([v for v in o.numbers if v not in self._made]))
        for base in o.makes:
            self._make(base, base)
        for touches, bases in ((self._reads, o.reads), (self._writes, o.writes)):
            for base in bases:
                self._needs(base)
                touches.setdefault(self._memory(base.memory), []).append(_Touch(k, Position(base, 0, ()), ()))
        self._made.update(dict.fromkeys(o.results, k))

    def _make(self, base: Variable, into: Variable) -> None:
        """Note that an array is made here."""
        if base is into:
            self._bases[base] = None
        else:
            self._needs(base)

    def allocate(self, arrays: Sequence[Variable], rooms: Mapping[Variable, int] = MappingProxyType({})) -> None:
        """Write what makes arrays that nobody else needs; many are parts of one.

        `rooms` has how many elements are made of those that are not made whole; 0 for a number.
        """
        sizes = {v: rooms.get(v, math.prod(v.shape)) for v in arrays}
        arrays = [v for v in arrays if sizes[v] or v not in rooms]
        parts = [v for v in arrays if v.dtype.char == "d"] if len(arrays) > _FEW else []
        if parts:
            whole, start = f"w{self._named(parts[0])}", 0
            self._lines.append(f"    {whole} = np.empty({sum([sizes[v] for v in parts])}, np.float64)")
        for v in arrays:
            n = sizes[v]
            if v in parts:
                self._lines.append(f"    {self._named(v)} = {whole}[{start}:{start + n}]")
                start += n
            else:
                self._lines.append(f"    {self._named(v)} = np.empty({n}, np.{v.dtype.name})")

    def _needs(self, base: Variable) -> None:
        if base not in self._bases:
            self._given[base] = None

    def _copied(self, v: Variable) -> list[str]:
        """Return the lines that copy a given array as it stands turned."""
        t = self._turned[v]
        name = self._named(t.base)
        head = [f"{name} = np.empty({t.each}, np.{v.dtype.name})", f"for i in range({t.rows}):"]
        line = f"{name}[j * {t.rows} + i] = {self._array(v)}[i * {t.columns} + j]"
        return indented([*head, f"    for j in range({t.columns}):", f"        {line}"])

    def _stored(self) -> list[Variable]:
        """Return the arrays made here that have to stand in memory."""
        found = []
        for base in self._bases:
            memory = self._memory(base.memory)
            touches = [*self._reads.get(memory, ()), *self._writes.get(memory, ())]
            alike = {(t.group, t.place.base, t.place.offset, t.strides) for t in touches}
            kinds = {self._groups[t.group].kind for t in touches}
            if self._wanted(base) or len(alike) > 1 or kinds - {"elements"}:
                found.append(base)
        return found

    # --- text ---------------------------------------------------------------------------------------------------------

    def _named(self, v: Variable) -> str:
        if v not in self._names:
            self._names[v] = f"v{len(self._names) + 1}"
        return self._names[v]

    def _array(self, base: Variable) -> str:
        name = self._named(base)
        return f"{name}_" if len(base.shape) > 1 and (base in self._given or self._wanted(base)) else name

    def _element(self, base: Variable, index: str) -> str:
        if base in self._nest.local and not self._nest.local[base].size:
            return self._named(base)
        whole = not base.shape and (base in self._given or self._wanted(base))
        return f"{self._array(base)}[{'()' if whole else index}]"

    def _write_nest(self, nest: Nest) -> None:
        self._nest, self._around = nest, ([], [])
        begin = len(self._lines)
        for group in nest.groups:
            self._write(group)
        if nest.length:
            before, behind = self._around
            self._lines[begin:] = [*before, *nest.head(), *indented(self._lines[begin:]), *behind]

    def _write(self, group: _Group) -> None:
        if group.kind == "whole":
            for o in group.operations:
                self._lines += o.lines(self)
            return
        if group.kind != "elements":
            for o in group.operations:
                self.write_whole(o)
            return
        axes = self._axes(group)
        self._here: dict[tuple[Variable, int, tuple[int, ...]], str] = {}  # what stands at a place, in this turn
        self._ahead: list[list[str]] = [[] for _ in axes]  # what is read in front of each loop
        self._sum = ""
        lines = [line for o in group.operations for line in self._operation(o, axes)]
        lines += [f"odd = odd | ({self._sum} * 0.0 != 0)"] if self._sum else []
        indent = "    "
        for k, (n, _) in enumerate(axes):
            self._lines += [indent + line for line in self._ahead[k]]
            head = f"for {_INDICES[k]} in range({n}):" if k or not self._nest.length else self._nest.units(n)[0]
            if head:
                self._lines.append(f"{indent}{head}")
                indent += "    "
        self._lines += [indent + line for line in lines]

    def _axes(self, group: _Group) -> list[tuple[int, tuple[int, ...]]]:
        """Return the loops: how long each is, and the axes that it goes along; outermost first."""
        touched = [v for o in group.operations for v in (*o.operands, o.result, o.target)]
        every = [steps_along(self._at(v), v, group.shape) for v in touched if v is not None and v.memory is not None]
        axes = [k for k, n in enumerate(group.shape) if n != 1]
        if every:
            # The longest steps outside; in a nest, its own.
            lead = axes[:1] if self._nest.length else []
            axes.sort(key=lambda k: (k not in lead, -max(abs(s[k]) for s in every)))
        loops: list[list[int]] = []
        for k in axes:
            n = group.shape[k]
            alone = len(loops) == 1 and self._nest.length and self._nest.rows == 1
            if loops and not alone and all(s[loops[-1][-1]] == s[k] * n for s in every):
                loops[-1].append(k)
            else:
                loops.append([k])
        if len(loops) > len(_INDICES):
            raise NotImplementedError
        return [(math.prod([group.shape[k] for k in ks]), tuple(ks)) for ks in loops]

    def _index(self, place: Position, strides: tuple[int, ...], axes: Sequence[tuple[int, tuple[int, ...]]]) -> str:
        terms = []
        room = self._nest.local.get(place.base)
        for k, (name, (n, ks)) in enumerate(zip(_INDICES, axes, strict=False)):
            stride = strides[ks[-1]]
            if self._nest.length and not k:
                name = self._nest.units(n)[2 if room else 1]
            if stride and name != "0":
                terms.append(name if stride == 1 else f"{name} * {stride}")
        offset = place.offset - room.low if room else place.offset
        if offset or not terms:
            terms.append(str(offset))
        return " + ".join(terms).replace("+ -", "- ")

    def _operation(self, o: Operation, axes: Sequence[tuple[int, tuple[int, ...]]]) -> Iterable[str]:
        names = []
        for v in o.operands:
            if v.memory is None:
                names.append(self._named(v))
                continue
            place = self._at(v)
            strides = steps_along(place, v, o.shape)
            key = place.base, place.offset, strides
            if key not in self._here:
                name = self._here[key] = self._local()
                line = f"{name} = {self._element(place.base, self._index(place, strides, axes))}"
                loops = self._loops(o, strides, axes)
                if loops < len(axes):
                    self._ahead[loops].append(line)
                else:
                    yield line
            names.append(self._here[key])
        text = o.text.format(*names)
        for name, helper in AT_ONCE.items() if self._is_at_once(o) else ():
            if text.startswith(name):
                self._helpers[helper] = None
                text = text.removeprefix("np.")
                if name in BOUNDED:
                    yield f"missed = missed | (abs({text.removeprefix(name[3:])[:-1]}) > {FARTHEST})"
        if o.kind in ("clean", "guard"):
            yield f"missed = missed | ({text})"
            return
        into = o.result if o.target is None else o.target
        assert into is not None
        if into.memory is None:
            name = self._named(into)
            yield f"{name} = {text}"
        else:
            name = self._local()
            yield f"{name} = {text}"
            place = self._at(into)
            strides = steps_along(place, into, o.shape)
            self._here[place.base, place.offset, strides] = name
            if place.base in self._stored_ones or place.base in self._given:
                yield f"{self._element(place.base, self._index(place, strides, axes))} = {name}"
        if id(o) in self._checked and self._sum:
            total = self._local()
            yield f"{total} = {self._sum} + {name}"
            self._sum = total
        elif id(o) in self._checked:
            self._sum = name

    def _loops(self, o: Operation, strides: tuple[int, ...], axes: Sequence[tuple[int, tuple[int, ...]]]) -> int:
        """Return how many of the loops an element is read in: in front of the others it is the same.

        It would be read in each turn, and keep several turns from being done at once, since no compiler can know that
        nothing is written there.
        """
        if not math.prod(o.shape):
            return len(axes)
        moving = [k for k, (_, ks) in enumerate(axes, 1) if strides[ks[-1]]]
        return max([*moving, 1 if self._nest.length else 0])

    def _is_at_once(self, o: Operation) -> bool:
        """Tell whether a function is computed for several numbers at once."""
        return math.prod(o.shape) >= _SEVERAL

    def _local(self) -> str:
        self._count += 1
        return f"x{self._count}"


# Of fewer, each is computed by itself.
_SEVERAL = 4
# More arrays than these are parts of one.
_FEW = 3
_INDICES = ("i", "j", "k", "l", "m")


def _follows(t: _Touch, place: Position, strides: tuple[int, ...]) -> bool:
    """Tell whether the same elements are touched in the same turns."""
    return t.place.base is place.base and t.place.offset == place.offset and t.strides == strides


def _type(v: Variable, kind: str) -> str:
    if v.memory is None:
        return TYPES[kind]
    return f'Array({TYPES[kind]}, {len(v.shape)}, "{v.layout}")'


def checked(
    operations: Sequence[Operation | Whole], kind: Callable[[Variable], str], memory: Callable[[int | None], int | None]
) -> set[int]:
    """Return the operations of whose results it is asked whether they are finite: of the others, what follows is."""
    open_: set[int] = set()
    maker: dict[Variable, int] = {}  # of what nobody has written into since
    for o in operations:
        if isinstance(o, Whole):
            changed = {memory(v.memory) for v in o.writes}
            maker = {v: i for v, i in maker.items() if v.memory is None or memory(v.memory) not in changed}
        into = o.result if o.target is None else o.target
        if into is None:
            continue
        if not o.silent:
            for k in o.carries:
                open_.discard(maker.get(o.operands[k], 0))
            if kind(into) in "df":
                open_.add(id(o))
        if into.memory is not None:
            place = memory(into.memory)
            maker = {v: i for v, i in maker.items() if v.memory is None or memory(v.memory) != place}
        if o.result is not None:
            maker[o.result] = id(o)
    return open_
