"""How a tape is told from the one that a plan was written for: as text, which goes through it node by node.

A plan is right for tapes whose nodes hang together in the same way and come in the same order, with the same rules,
shapes, dtypes and parameters, and of which the same nodes are held. What may be another thing each time are arrays and
NumPy's scalars, which the plan reads where they stand: their types, shapes, strides and dtypes are compared. Where the
comparison raises, the tape is another one as well.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

import numpy as np

from ..kernels.arrays import FLOAT64, Spec
from ..kernels.references import COUNTED
from .nodes import Node, Viewed, leaf, references

# A path leads from a node to what it saved: its number, from the oldest on, and the text behind it, as in ".args[0]".
Path = tuple[int, str]

_NUMBERS = (int, float, complex)
_BY_EQUALITY = (slice, str, bytes, np.dtype)


def parts(value: Any) -> list[tuple[str, Any]] | None:
    """Return what a saved value is made of, each with the text that leads to it; None where it has no parts."""
    kind = type(value)
    if kind is tuple or kind is list or kind is Viewed:
        return [(f"[{i}]", x) for i, x in enumerate(value)]
    if kind is dict:
        return [(f"[{key!r}]", x) for key, x in value.items()]
    if hasattr(kind, "PARTS"):  # a step that leads to a view
        return [(f".{name}", getattr(value, name)) for name in kind.PARTS]
    return None


def floats(nodes: Iterable[Node]) -> Iterator[tuple[Path, float]]:
    """Yield Python's numbers on a tape, and where they stand; nodes come from the oldest on."""
    for k, node in enumerate(nodes):
        left: list[tuple[str, Any]] = [(".args", node.args), (".kwargs", node.kwargs), (".out", node.out)]
        while left:
            path, value = left.pop()
            if type(value) is float:
                yield (k, path), value
            else:
                left += [(path + more, part) for more, part in parts(value) or ()]


def _base() -> int:
    """Return what is counted of a node that stands in a local variable and in a tuple, without its users."""
    node = leaf((), FLOAT64)
    (found,) = map(references, (node,))
    return found if COUNTED else 0


BASE = _base()


def held_nodes(nodes: list[Node], uses: dict[Node, int]) -> frozenset[int]:
    """Return the numbers of the nodes whose gradient somebody may see: of those between the leaves and the last one.

    They stand in this list and in the dictionary, and in no variable.
    """
    return frozenset(
        [
            k
            for k, found in enumerate(map(references, nodes))
            if found > (BASE + uses[nodes[k]] if COUNTED else 0) and nodes[k].rule is not None and k + 1 < len(nodes)
        ]
    )


class Told:
    """The text of a comparison, as it grows.

    Attributes
    ----------
    lines
    names : what the text refers to
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"_refs": references, "_ndarray": np.ndarray, "_Spec": Spec}
        self._known: dict[int, str] = {}

    def miss(self, *tests: str) -> None:
        if tests:
            self.lines.append(f"if {' or '.join(tests)}: return None")

    def constant(self, value: Any) -> str:
        """Return a name for an object."""
        name = self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = f"_c{len(self._known)}"
            self.names[name] = value
        return name

    def form(self, x: str, value: Any, tests: list[str], like: Any = None) -> None:
        """Compare what kind of thing something is that may have another value each time."""
        if type(value) is not np.ndarray:
            tests.append(f"type({x}) is not {self.constant(type(value))}")
            return
        tests.append(f"type({x}) is not _ndarray")
        if like is None or like.shape != value.shape:
            tests.append(f"{x}.shape != {value.shape}")
        if like is None or like.dtype is not value.dtype:
            tests.append(f"{x}.dtype is not {self.constant(value.dtype)}")
        if value.ndim:
            tests.append(f"{x}.strides != {value.strides}")


class Comparison(Told):
    """A comparison node by node. In it _n5 is the sixth node of the tape, from the oldest on.

    Attributes
    ----------
    given : the names of what a plan may read, by where it stands
    root : the name of the last node
    """

    def __init__(self, nodes: list[Node], uses: dict[Node, int]) -> None:
        super().__init__()
        self.given: dict[Path, str] = {}
        self.root = f"_n{len(nodes) - 1}"
        self._nodes, self._uses = nodes, uses
        self._idle: set[str] = set()
        self._number = {node: k for k, node in enumerate(nodes)}
        self._count = 0

    def node(self, k: int) -> str:
        """Return the name of a node, by its number from the oldest on."""
        return f"_n{k}"

    # --- how nodes hang together --------------------------------------------------------------------------------------

    def structure(self) -> None:
        """Compare the nodes with one another, from the last one on, by way of the parents."""
        nodes = self._nodes
        seen = {nodes[-1]}
        most = 0
        for k in range(len(nodes) - 1, -1, -1):
            node, n = nodes[k], f"_n{k}"
            tests = [f"{n}.rule is not {'None' if node.rule is None else self.constant(node.rule)}"]
            tests.append(f"{n}.dtype is not {self.constant(node.dtype)}")
            if not shape_follows(node, self._uses):
                tests.append(f"{n}.shape != {node.shape}")
            if node.rule is not None and not node.rule.fixed and not node.kwargs:
                tests.append(f"{n}.kwargs")
            self.miss(*tests)
            targets, tests = [], []
            for i, parent in enumerate(node.parents):
                q = f"q{i}"
                if parent is None:
                    tests.append(f"{q} is not None")
                elif parent not in self._uses:
                    dtype = self.constant(parent.dtype)
                    tests.append(f"{q}.order >= oldest or {q}.shape != {parent.shape} or {q}.dtype is not {dtype}")
                elif parent in seen:
                    tests.append(f"{q} is not _n{self._number[parent]}")
                else:
                    seen.add(parent)
                    q = f"_n{self._number[parent]}"
                targets.append(q)
            most = max(most, len(targets))
            if targets:
                self.lines.append(f"{', '.join(targets)}, = {n}.parents")
            self.miss(*tests)
        # They would count as somebody who holds a node.
        self.lines.append(f"{''.join([f'q{i} = ' for i in range(most)])}None")
        # A node comes behind its parents anyway.
        loose = [k for k in range(1, len(nodes)) if nodes[k - 1] not in nodes[k].parents]
        order = [f"_n{k}.order <= _n{k - 1}.order" for k in loose]
        self.miss(*order, "_n0.order < oldest")

    def held(self, held: frozenset[int]) -> None:
        """Compare which of the nodes somebody holds: nobody has fewer references than are known."""
        free = [k for k, node in enumerate(self._nodes[:-1]) if node.rule is not None and k not in held]
        if free:
            known = sum([self._uses[self._nodes[k]] + BASE for k in free]) if COUNTED else 0
            own = f" + {len(free)} * own" if COUNTED else ""
            self.miss(f"sum(map(_refs, ({', '.join([f'_n{k}' for k in free])},))) != {known}{own}")
        for k in held:
            known = self._uses[self._nodes[k]] + BASE if COUNTED else 0
            self.miss(f"sum(map(_refs, (_n{k},))) <= {known}{' + own' if COUNTED else ''}")

    # --- what nodes saved ---------------------------------------------------------------------------------------------

    def saved(self, read: set[str]) -> None:
        """Read and compare what the nodes saved; the names in `read` are those that the plan needs."""
        self._idle = {name for name in self.given.values() if name not in read}
        for k, node in enumerate(self._nodes):
            if node.rule is None:
                continue
            tests: list[str] = []
            if node.rule.aligned and type(node.args) is tuple:
                self._operands(k, node, tests)
            else:
                self._value(f"_n{k}.args", (k, ".args"), node.args, tests)
            if node.kwargs:
                self._value(f"_n{k}.kwargs", (k, ".kwargs"), node.kwargs, tests)
            if node.out is not None and self.given.get((k, ".out")) not in self._idle:
                self._value(f"_n{k}.out", (k, ".out"), node.out, tests, node)
            self.miss(*tests)

    def _operands(self, k: int, node: Node, tests: list[str]) -> None:
        assert node.rule is not None
        wanted = []
        for i, (x, parent) in enumerate(zip(node.args, node.parents, strict=True)):
            name = self.given.get((k, f".args[{i}]"))
            idle = x is None or type(x) is Spec or name in self._idle
            # A parent, or the node itself, has the shape that is all there is to know.
            if not idle or (parent is None and not node.rule.shape_follows):
                wanted.append((i, x, parent if parent in self._uses else None, name))
        places = {i: name or f"a{i}" for i, _, _, name in wanted}
        if len(wanted) > 1 and len(node.args) < 4:
            self.lines.append(f"{', '.join([places.get(i, 'a') for i in range(len(node.args))])}, = _n{k}.args")
        else:
            places = {i: f"_n{k}.args[{i}]" for i in places}
        for i, x, parent, _ in wanted:
            self._value(places[i], (k, f".args[{i}]"), x, tests, parent)

    def _value(self, x: str, path: Path, value: Any, tests: list[str], like: Node | None = None) -> None:
        """Compare what stands at a place, and give it its name if it is read; `like` has its shape and dtype."""
        name = self.given.get(path)
        kind = type(value)
        if name is not None:
            if name != x:
                self.lines.append(f"{name} = {x}")
            self.form(name, value, tests, like)
            return
        inner = parts(value)
        if inner is not None and not (kind in (tuple, Viewed) and all(_is_whole(part) for _, part in inner)):
            if not x.isidentifier() and len(inner) > 1:
                self._count += 1
                self.lines.append(f"t{self._count} = {x}")
                x = f"t{self._count}"
            if kind is not dict:
                tests.append(f"type({x}) is not {self.constant(kind)}")
            if kind in (tuple, list, dict):
                tests.append(f"len({x}) != {len(value)}")
            for more, part in inner:
                self._value(x + more, (path[0], path[1] + more), part, tests)
        elif kind is Spec:
            dtype = self.constant(value.dtype)
            tests.append(f"type({x}) is not _Spec or {x}.shape != {value.shape} or {x}.dtype is not {dtype}")
        elif kind in _NUMBERS:
            literal = repr(value) if kind is int else self.constant(value)
            tests.append(f"type({x}) is not {kind.__name__} or {x} != {literal}")
            # -0.0 equals 0.0, and is not the same.
            if has_zero(value):
                tests.append(f"str({x}) != {str(value)!r}")
        elif kind in _BY_EQUALITY or isinstance(value, np.dtype) or inner is not None:
            tests.append(f"{x} != {self.constant(value)}")
        else:
            tests.append(f"{x} is not {'None' if value is None else self.constant(value)}")


def _is_whole(x: Any) -> bool:
    """Tell whether something equals nothing but its like."""
    return x is None or x is Ellipsis or type(x) is slice


def has_zero(x: Any) -> bool:
    """Tell whether there is a zero in something, which may have another sign."""
    kind = type(x)
    return (kind is float and x == 0) or (kind is complex and 0 in (x.real, x.imag))


def shape_follows(node: Node, uses: Container[Node]) -> bool:
    """Tell whether a node has its shape if the rest is as it was."""
    rule, args = node.rule, node.args
    if rule is None or not rule.shape_follows:
        return False
    if rule.aligned:
        return all(p in uses or type(x) in _NUMBERS for p, x in zip(node.parents, args, strict=True))
    return type(args) in (int, slice)
