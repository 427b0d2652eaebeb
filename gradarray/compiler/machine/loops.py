"""From operations to the text of one compiled function: loops over all elements; what stays within one is no array.

An operation joins the loop of its shape as soon as all that it depends on is done there or before. Two that touch
the same memory share a loop where both touch the same element in each turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..statements import Variable
from .helpers import AT_ONCE
from .lowering import Operation, Whole
from .places import Places, Position
from .table import TYPES


class Compiled(NamedTuple):
    """A compiled function, which returns whether it failed, and numbers behind that.

    Attributes
    ----------
    text : with a name to be filled in
    arguments : what it is given; behind that, the arrays that it fills
    filled, numbers : what it makes
    written : the arrays that it writes into
    helpers : the names of what it calls
    """

    text: str
    arguments: list[Variable]
    filled: list[Variable]
    numbers: list[Variable]
    written: list[Variable]
    helpers: list[str]


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


class LoopWriter:
    """Writes a function.

    Parameters
    ----------
    places : of the program's arrays
    memory : tells the number of a piece of memory as it turned out
    kind : tells the dtype of a variable
    wanted : what is needed elsewhere
    """

    def __init__(
        self,
        places: Places,
        memory: Callable[[int | None], int | None],
        kind: Callable[[Variable], str],
        wanted: Callable[[Variable], bool],
    ) -> None:
        self._places, self._memory, self._kind, self._wanted = places, memory, kind, wanted
        self._groups: list[_Group] = []
        self._made: dict[Variable, int] = {}  # numbers, by the group that makes them
        self._bases: dict[Variable, None] = {}  # arrays that are made here
        self._reads: dict[int | None, list[_Touch]] = {}
        self._writes: dict[int | None, list[_Touch]] = {}
        self._given: dict[Variable, None] = {}
        self._names: dict[Variable, str] = {}
        self._lines: list[str] = []
        self._helpers: dict[str, None] = {}

    def function(self, operations: Sequence[Operation | Whole]) -> Compiled:
        """Return the function that carries out operations."""
        # First what is filled.
        for o in sorted(operations, key=lambda o: bool(o.operands) or o.target is not None or o.kind == "whole"):
            self._place(o)
        self._checked = checked(operations, self._kind, self._memory)
        stored = self._stored()
        filled = [v for v in stored if self._wanted(v)]
        numbers = [v for v in self._made if self._wanted(v)]
        arguments = [*self._given]
        for v in (*arguments, *filled):
            self._named(v)
        self.allocate([v for v in stored if v not in filled])
        fails, checks = any(o.fails for o in operations), bool(self._checked) or any(o.checks for o in operations)
        self._lines += ["    missed = 0"] if fails else []
        self._lines += ["    odd = 0"] if checks else []
        self._stored_ones = {*stored}
        for group in self._groups:
            self._write(group)
        status = " | ".join(["missed"] * fails + ["odd << 1"] * checks) or "0"
        results = ", ".join([status, *[self._names[v] for v in numbers]])
        head = ", ".join([self._names[v] for v in (*arguments, *filled)])
        types = [_type(v, self._kind(v)) for v in (*arguments, *filled)]
        result = f"Tuple(({', '.join(['int64', *[TYPES[self._kind(v)] for v in numbers]])}))" if numbers else "int64"
        shaped = []
        for v in (*arguments, *filled):
            if v.memory is not None and len(v.shape) > 1:
                turned = ".T" if v.layout == "F" else ""
                shaped.append(f"    {self._names[v]}_ = {self._names[v]}{turned}.reshape({math.prod(v.shape)})")
        lines = [f"@compiled({result}({', '.join(types)}))", f"def NAME({head}):", *shaped, *self._lines]
        lines.append(f"    return {results}")
        written = dict.fromkeys([t.place.base for some in self._writes.values() for t in some])
        changed = [v for v in (*arguments, *filled) if v in written]
        return Compiled("\n".join(lines) + "\n", arguments, filled, numbers, changed, [*self._helpers])

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
            touched.append((False, self._memory(v.memory), place, _along(place, v, o.shape) if loop else ()))
        into = o.result if o.target is None else o.target
        if into is not None and into.memory is not None:
            place = self._at(into)
            if o.target is None:
                self._make(place.base, into)
                if not o.text:
                    return
            self._needs(place.base)
            touched.append((True, self._memory(into.memory), place, _along(place, into, o.shape) if loop else ()))
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

    def _at(self, v: Variable) -> Position:
        place = self._places.of(v)
        assert place is not None
        return place

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

    def allocate(self, arrays: Sequence[Variable]) -> None:
        """Write what makes arrays that nobody else needs; many are parts of one."""
        parts = [v for v in arrays if v.dtype.char == "d"] if len(arrays) > _FEW else []
        if parts:
            whole, start = f"w{self._named(parts[0])}", 0
            self._lines.append(f"    {whole} = np.empty({sum([math.prod(v.shape) for v in parts])}, np.float64)")
        for v in arrays:
            n = math.prod(v.shape)
            if v in parts:
                self._lines.append(f"    {self._named(v)} = {whole}[{start}:{start + n}]")
                start += n
            else:
                self._lines.append(f"    {self._named(v)} = np.empty({n}, np.{v.dtype.name})")

    def _needs(self, base: Variable) -> None:
        if base not in self._bases:
            self._given[base] = None

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
        return f"{name}_" if (base in self._given or self._wanted(base)) and len(base.shape) > 1 else name

    def _element(self, base: Variable, index: str) -> str:
        whole = not base.shape and (base in self._given or self._wanted(base))
        return f"{self._array(base)}[{'()' if whole else index}]"

    def _write(self, group: _Group) -> None:
        if group.kind == "whole":
            for o in group.operations:
                self._lines += o.lines(self)
            return
        if group.kind != "elements":
            for o in group.operations:
                (self._write_rows if o.kind == "rows" else self._write_columns)(o)
            return
        axes = self._axes(group)
        indent = "    "
        for k, (n, _) in enumerate(axes):
            self._lines.append(f"{indent}for {_INDICES[k]} in range({n}):")
            indent += "    "
        self._here: dict[tuple[Variable, int, tuple[int, ...]], str] = {}  # what stands at a place, in this turn
        self._count = 0
        for o in group.operations:
            self._lines += [indent + line for line in self._operation(o, axes, bool(axes))]

    def _axes(self, group: _Group) -> list[tuple[int, tuple[int, ...]]]:
        """Return the loops: how long each is, and the axes that it goes along; outermost first."""
        touched = [v for o in group.operations for v in (*o.operands, o.result, o.target)]
        every = [_along(self._at(v), v, group.shape) for v in touched if v is not None and v.memory is not None]
        axes = [k for k, n in enumerate(group.shape) if n != 1]
        if every:
            # The longest steps outside.
            axes.sort(key=lambda k: -max(abs(s[k]) for s in every))
        loops: list[list[int]] = []
        for k in axes:
            n = group.shape[k]
            if loops and all(s[loops[-1][-1]] == s[k] * n for s in every):
                loops[-1].append(k)
            else:
                loops.append([k])
        if len(loops) > len(_INDICES):
            raise NotImplementedError
        return [(math.prod([group.shape[k] for k in ks]), tuple(ks)) for ks in loops]

    def _index(self, place: Position, strides: tuple[int, ...], axes: Sequence[tuple[int, tuple[int, ...]]]) -> str:
        terms = []
        for name, (_, ks) in zip(_INDICES, axes, strict=False):
            stride = strides[ks[-1]]
            if stride:
                terms.append(name if stride == 1 else f"{name} * {stride}")
        if place.offset or not terms:
            terms.append(str(place.offset))
        return " + ".join(terms).replace("+ -", "- ")

    def _operation(self, o: Operation, axes: Sequence[tuple[int, tuple[int, ...]]], in_loop: bool) -> Iterable[str]:
        names = []
        for v in o.operands:
            if v.memory is None:
                names.append(self._named(v))
                continue
            place = self._at(v)
            strides = _along(place, v, o.shape)
            key = place.base, place.offset, strides
            if key not in self._here:
                name = self._local()
                yield f"{name} = {self._element(place.base, self._index(place, strides, axes))}"
                self._here[key] = name
            names.append(self._here[key])
        text = o.text.format(*names)
        for name, helper in AT_ONCE.items() if math.prod(o.shape) >= _SEVERAL else ():
            if text.startswith(name):
                self._helpers[helper] = None
                text = text.removeprefix("np.")
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
            strides = _along(place, into, o.shape)
            self._here[place.base, place.offset, strides] = name
            if place.base in self._stored_ones or place.base in self._given:
                yield f"{self._element(place.base, self._index(place, strides, axes))} = {name}"
        if id(o) in self._checked:
            yield f"odd = odd | ({name} - {name} != 0)"

    def _local(self) -> str:
        self._count += 1
        return f"x{self._count}"

    def _write_rows(self, o: Operation) -> None:
        (v,), r, (m, n) = o.operands, o.result, o.shape
        assert r is not None
        place = self._at(v)
        name = "count" if self._kind(v) == "?" and o.text == "total" else o.text
        self._helpers[name] = None
        array = self._array(place.base)
        if not place.base.shape:
            raise NotImplementedError
        if r.memory is None or m == 1:
            into = self._named(r) if r.memory is None else self._element(r, "0")
            self._lines.append(f"    {into} = {name}({array}, {place.offset}, {n})")
        else:
            start = f"i * {n}" + (f" + {place.offset}" if place.offset else "")
            row = f"{name}({array}, {start}, {n})"
            self._lines += [f"    for i in range({m}):", f"        {self._element(r, 'i')} = {row}"]
        if id(o) in self._checked:
            if r.memory is None:
                self._lines.append(f"    odd = odd | ({self._names[r]} - {self._names[r]} != 0)")
            else:
                e = self._element(r, "i")
                self._lines += [f"    for i in range({m}):", f"        odd = odd | ({e} - {e} != 0)"]

    def _write_columns(self, o: Operation) -> None:
        (v,), r, (n, k) = o.operands, o.result, o.shape
        assert r is not None
        place = self._at(v)
        array, e = self._array(place.base), self._element(r, "j")
        self._lines += [f"    for j in range({k}):", f"        {e} = {array}[j + {place.offset}]"]
        self._lines += [f"    for i in range(1, {n}):", f"        for j in range({k}):"]
        self._lines += [f"            {e} = {e} + {array}[i * {k} + j + {place.offset}]"]
        if id(o) in self._checked:
            self._lines += [f"    for j in range({k}):", f"        odd = odd | ({e} - {e} != 0)"]


# Of fewer, each is computed by itself.
_SEVERAL = 4
# More arrays than these are parts of one.
_FEW = 3
_INDICES = ("i", "j", "k", "l", "m")


def _along(place: Position, v: Variable, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of an array along the axes of a shape that it is broadcast to."""
    missing = len(shape) - len(v.shape)
    own = [0 if n == 1 else stride for n, stride in zip(v.shape, place.strides, strict=True)]
    return (*[0] * missing, *own)


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
