"""From statements to a text for readers: plain NumPy under the user's own names, which runs with nothing but NumPy."""

from __future__ import annotations

import math
import re
import types
from collections.abc import Iterable, Sequence
from keyword import iskeyword
from typing import Any, NamedTuple, Self

from ...transforms.containers import Fixed, Tree
from ..passes.expressions import Expressions, makes_view
from ..passes.optimise import Optimised
from ..program.forms import form_read
from ..program.lines import Said, said
from ..program.program import Program
from ..program.statements import Statement, Variable
from ..rolling.iterated import Loop, loop_begun, loop_ended
from ..rolling.rolled import with_loops
from .plain import assigned, places_spelt_out, plainly_put
from .spelling import helper, spelt

# So wide may a line be with a comment behind it, and so long an expression that stands in another one.
_WIDTH = 110
_LONGEST = 60
_FOREVER = (math.inf,)
# A constant with a shorter text stands where it is used.
_SHORT = 24


class Calling(NamedTuple):
    """How a function is called.

    Attributes
    ----------
    parameters
    parts : how what stands in containers is reached, by the name under which the statements have it
    result : the structure of what is returned
    """

    parameters: Sequence[str]
    parts: Sequence[tuple[str, str]]
    result: Tree


def signature(arguments: Tree, names: Sequence[str], leaves: Sequence[Variable], result: Tree) -> Calling:
    """Return how a function is called that takes arguments and keywords apart.

    Parameters
    ----------
    arguments : the structure of ``(args, kwargs)``
    names : of the function's parameters
    leaves : what the program has for the arrays and numbers in them
    """
    args, words = arguments.parts
    given = iter(leaves)
    parameters: list[str] = []
    parts: list[tuple[str, str]] = []
    named = [*[names[i] if i < len(names) else f"a{i}" for i in range(len(args.parts))], *words.keys]
    for name, part in zip(named, (*args.parts, *words.parts), strict=True):
        if part.kind is None:
            inner = next(given).name
            parameters.append(name if inner in parameters else inner)  # the same array can be given twice
        else:
            parameters.append(name)
            parts += [(next(given).name, f"{name}{path}") for path in part.paths()]
    return Calling(parameters, parts, result)


def readable_text(p: Program, left: Optimised, name: str, way: Calling, loops: bool = True) -> str:
    """Return the text of a function that does what a program does, with loops where it repeats something."""
    left = plainly_put(left, {v.memory for v in p.inputs if v.memory is not None})
    spelt_out, containers = places_spelt_out(left, way.parts, p.inputs)
    rolled = with_loops(spelt_out, 3) if loops else spelt_out
    if rolled is not spelt_out:
        left = rolled
    else:
        containers = []
    page = _Page(left, [*p.inputs, *containers])
    body = page.body()
    count = sum(1 for _ in way.result.paths())
    shown = page.results()
    result = _structure(way.result, iter(shown[:count]), page.lengths())
    if result != "None" or not body:
        body.append(f"return {result}")
    parameters = [*way.parameters, *[v.name for v in p.inputs if v.name not in _given(way)]]
    used = {word for line in body for word in _WORD.findall(_code(line))}
    imports, helpers, above, inline = [], [], [], {}
    for constant, value in left.constants.items():
        if constant not in used:
            continue
        if isinstance(value, types.ModuleType):
            imports.append(f"import {constant}")
            continue
        definition = helper(constant, value) if callable(value) else None
        spelling = spelt(value) if definition is None else None
        if definition is not None:
            helpers.append(definition)
        elif spelling is None:
            parameters.append(constant)
        elif len(spelling) < _SHORT and not spelling.startswith("np.array("):
            inline[constant] = spelling
        else:
            above.append(f"{constant} = {spelling}")
    if inline:
        body = [_WORD.sub(lambda m: inline.get(m[0], m[0]), _code(line)) + line[len(_code(line)) :] for line in body]
    parts = [f"{inner} = {reached}" for inner, reached in way.parts if inner in used]
    lines = [f"    {line}" for line in (*parts, *above, *body)]
    above_all = ["\n".join(imports)] if imports else []
    return "\n\n\n".join([*above_all, *helpers, "\n".join([f"def {name}({', '.join(parameters)}):", *lines])]) + "\n"


_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")


def _code(line: str) -> str:
    """Return a line without the comment behind it."""
    return line.partition("  # ")[0] if not line.startswith("# ") else ""


def _given(way: Calling) -> set[str]:
    return {*way.parameters, *[name for name, _ in way.parts]}


def _structure(tree: Tree, texts: Any, lengths: dict[str, int]) -> str:
    if tree.kind is None:
        return str(next(texts))
    if tree.kind in (Fixed, type(None)):
        return repr(tree.build([]))
    parts = [_structure(part, texts, lengths) for part in tree.parts]
    if tree.kind is dict:
        return "{" + ", ".join([f"{key!r}: {part}" for key, part in zip(tree.keys, parts, strict=True)]) + "}"
    parts = _taken_together(parts, lengths)
    return f"[{', '.join(parts)}]" if tree.kind is list else f"({', '.join(parts)}{',' * (len(parts) == 1)})"


def _taken_together(texts: list[str], lengths: dict[str, int]) -> list[str]:
    """Return texts with all items of a list as one of them."""
    found: list[str] = []
    while texts:
        name = texts[0].partition("[")[0]
        items = [f"{name}[{i}]" for i in range(lengths.get(name, 0))]
        if len(items) > 1 and items in (texts[: len(items)], texts[len(items) - 1 :: -1][: len(items)]):
            found.append(f"*{name}" if texts[0] == items[0] else f"*reversed({name})")
            texts = texts[len(items) :]
        else:
            found.append(texts[0])
            texts = texts[1:]
    return found


class _Page(Expressions):
    """Statements under the user's names, with his lines beside them."""

    longest = _LONGEST

    def __init__(self, left: Optimised, inputs: Iterable[Variable]) -> None:
        inputs = list(inputs)
        self._labels = assigned(left.statements)
        # What has a name; None for what keeps it.
        self._holders: dict[str, Variable | None] = {v.name: v for v in inputs}
        self._holders |= dict.fromkeys(["np", "math", *left.constants])
        self._counts: dict[str, int] = {}
        self._values: dict[Variable, Variable] = {}  # by list, what its items are
        # Where it is: which statement, and of a loop which of its members. By variable, where it is read last.
        self._here: tuple[float, ...] = (0,)
        self._last: dict[Variable, tuple[float, ...]] = {}
        self._silent: set[Variable] = {r for s in left.statements if s.silent for r in s.results}
        super().__init__(left, inputs)

    def _begin(self, left: Optimised) -> None:
        super()._begin(left)
        around = self._here[:-1]
        made = {r for s in left.statements for r in s.results}
        for v, k in self.last_reads().items():
            if around and v not in made:
                self._last.setdefault(v, (*around, math.inf))  # the next iteration reads it again
            else:
                through = k < len(left.statements) and _reads_again(left.statements[k], v)
                self._last.setdefault(v, (*around, k, math.inf) if through else (*around, k))

    def of_loop(self, loop: Loop) -> Self:
        self._here = (*self._here, 0)
        inner = super().of_loop(loop)
        self._here = self._here[:-1]
        self._silent.update([r for s in loop.members if s.silent for r in s.results])
        return inner

    def stays(self, s: Statement) -> bool:
        return s.results[0] in self._labels

    def repeats(self, s: Statement) -> bool:
        return makes_view(s, self.left) and type(s.pieces[0]) is Variable and len("".join(map(str, s.pieces[1:]))) < 12

    def may_stand(self, r: Variable, user: Statement) -> bool:
        if user.kind != "write" or user.pieces[0] is not r:
            return True
        return form_read(user).op == "update"  # x[1:] += y

    def new_name(self, v: Variable) -> str:
        label = self._labels.get(v)
        if label is None:
            return self._unused("g" if v in self._silent else "v", numbered=True)
        holder = self._holders.get(label, v)
        if (holder is v and label not in self.taken) or (
            holder is not None and self._last.get(holder, _FOREVER) <= self._here
        ):
            self._holders[label] = v
            return label
        return self._unused(label)

    def lengths(self) -> dict[str, int]:
        """Return how long lists are, by name."""
        return {self.names[many]: many.shape[0] for many in self._values if many.shape and many in self.names}

    def is_taken(self, name: str) -> bool:
        return name in self.taken or name in self._holders

    def _name_parts(self, loop: Loop) -> None:
        """Choose names for lists, for what earlier iterations made and for entries of tables."""
        self._values |= dict(loop.saved)
        for s in loop.members:
            if type(s) is Loop:
                self._values |= dict(s.saved)
        for many, v in loop.saved:
            while v in self._values:
                v = self._values[v]
            self._labels[many] = f"{'row' if many in self._values.values() else 'all'}_{self.name(v)}"
        for v, other in loop.moves:
            self._labels[v] = f"{self.name(other)}_before"
        for v, pieces in loop.tables:
            first = next((p for p in pieces if type(p) is Variable), None)
            stem = "" if first is None else self.name(first).rstrip("_0123456789")
            self._labels[v] = stem if stem and not iskeyword(stem) else "c"

    def _unused(self, stem: str, numbered: bool = False) -> str:
        stem = stem if numbered else f"{stem}_"
        k = self._counts.get(stem, 1)
        while f"{stem}{k}" in self._holders:
            k += 1
        self._counts[stem] = k + 1
        self._holders[f"{stem}{k}"] = None
        return f"{stem}{k}"

    def body(self) -> list[str]:
        """Return the lines, with the user's beside them, and a mark before each part."""
        lines: list[str] = []
        around = self._here[:-1]
        both = not around and len({s.silent for s in self.left.statements}) == 2
        ends = max([k for k, s in enumerate(self.left.statements) if s.silent], default=0)
        silent: bool | None = None
        before: Said | None = None
        for k, s in enumerate(self.left.statements):
            self._here = (*around, k)
            if self.is_inside(s):
                continue
            if both and s.silent != silent:
                silent, before = s.silent, None
                lines.append("# backward" if silent else "# forward" if k < ends else "# then")
            if type(s) is Loop:
                lines += self._loop(s)
                before = None
                continue
            line = _asserted(self.text(s)) if s.kind == "guard" else self.line(s)
            source = said(s.line)
            if source is not None and source != before and not _is_same(line, source.text):
                if len(line) + len(source.text) + 4 * len(self._here) <= _WIDTH:
                    line = f"{line}  # {source.text}"
                else:
                    lines.append(f"# {source.text}")
            before = source
            lines.append(line)
        return lines

    def _loop(self, loop: Loop) -> list[str]:
        self._name_parts(loop)
        begun = loop_begun(self, loop)
        inner = self.of_loop(loop)
        inner._here = (*self._here, 0)
        members = inner.body()
        inner._here = (*self._here, math.inf)
        return [*begun, *[f"    {line}" for line in (*members, *loop_ended(inner, loop))]]


def _reads_again(s: Statement, v: Variable) -> bool:
    """Tell whether a statement is a loop that reads a variable not only before it begins."""
    if type(s) is not Loop:
        return False
    return any(v in inner.reads for inner in s.members) or any(v in pieces for _, pieces in s.tables)


def _is_same(line: str, text: str) -> bool:
    return "".join(line.split()) == "".join(text.split())


def _asserted(text: str) -> str:
    """Return an assertion that a guard's condition does not hold."""
    if text.startswith("not ") and " or " not in text:
        return f"assert {text[4:]}"
    sides = text.split(" != ")
    return f"assert {' == '.join(sides)}" if len(sides) == 2 and " or " not in text else f"assert not ({text})"
