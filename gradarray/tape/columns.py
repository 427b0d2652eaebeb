"""How a long tape is told from the one that a plan was written for: in columns, of all nodes at once.

It is the comparison of comparing.py. Written node by node, as text, it would be longer than what it stands in front of.
So the nodes come into a list, from the youngest to the oldest, in which each is found at its place among the parents of
those before it, and what they have in common is compared by a few calls, as two lists. Nodes whose calls are alike but
for numbers are a group, and what stands at one place in what they saved is a column. So what a loop has saved at one of
its lines is one column, and a program that is a loop itself counts along it.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from ..kernels.arrays import Spec
from ..kernels.references import COUNTED
from .comparing import BASE, Path, Told, has_zero, parts, shape_follows
from .nodes import Node, Viewed


class Columns(Told):
    """The text as it grows. In it _N is the list of nodes, and _s3 a column of what they saved.

    Attributes
    ----------
    given : the names of the arrays and numbers that a plan may read, which are others each time

    Parameters
    ----------
    nodes : from the oldest on
    uses : of the nodes
    varying : where Python's numbers are others each time
    """

    def __init__(self, nodes: Sequence[Node], uses: dict[Node, int], varying: Collection[Path]) -> None:
        super().__init__()
        self.given: dict[Path, str] = {}
        self.root = "_root"
        self._nodes, self._uses, self._varying = nodes[::-1], uses, varying
        self._place = {node: j for j, node in enumerate(self._nodes)}
        self._read: set[str] = set()
        groups: dict[Hashable, list[int]] = {}
        for j, node in enumerate(self._nodes):
            if node.rule is not None:
                k = len(nodes) - 1 - j
                key = (
                    node.rule,
                    len(node.parents),
                    self._kind(node.args, k, ".args"),
                    self._kind(node.kwargs or None, k, ".kwargs"),
                    self._kind(node.out, k, ".out"),
                )
                groups.setdefault(key, []).append(j)
        self._groups = [*groups.values()]
        self._columns = 0
        for group in self._groups:
            for what in ("args", "kwargs", "out"):
                self._name([getattr(self._nodes[j], what) for j in group], group, f".{what}")

    def _kind(self, value: Any, k: int, path: str) -> Hashable:
        """Return what is the same of a saved value in all nodes of a group."""
        kind = type(value)
        inner = parts(value)
        if inner is None:
            return (kind, kind is float and (k, path) in self._varying)
        return (kind, *[(more, self._kind(part, k, path + more)) for more, part in inner])

    def _name(self, values: Sequence[Any], group: Sequence[int], path: str) -> None:
        """Name what the nodes of a group saved at a place, where that may be another thing each time."""
        first = values[0]
        last = len(self._nodes) - 1
        if _is_array(first) or (type(first) is float and (last - group[0], path) in self._varying):
            for i, j in enumerate(group):
                self.given[last - j, path] = f"_s{self._columns}[{i}]"
            self._columns += 1
            return
        for more, _ in parts(first) or ():
            self._name([_part(value, more) for value in values], group, path + more)

    def node(self, k: int) -> str:
        """Return the text for a node, by its number from the oldest on."""
        return f"_N[{len(self._nodes) - 1 - k}]"

    # --- how nodes hang together --------------------------------------------------------------------------------------

    def structure(self) -> None:
        """Find the nodes, and compare them with one another."""
        nodes, place = self._nodes, self._place
        # What stands where among all parents: a node, by its place, nothing, or one of those that are older.
        found: dict[Node, int] = {}
        stands: list[int] = []
        older: dict[int, Node] = {}
        for node in nodes:
            for parent in node.parents:
                if parent in place:
                    found.setdefault(parent, len(stands))
                elif parent is not None:
                    older[len(stands)] = parent
                stands.append(len(nodes) if parent is None else place.get(parent, len(nodes) + len(older)))
        self.lines += [
            "_N, _P, _o = [_root], [], _root.order + 1",
            f"for _n, _k in zip(_N, {self._table([found[node] for node in nodes[1:]])}):",
            "    if _o <= (_o := _n.order): return None",
            "    _P += _n.parents",
            "    _N.append(_P[_k])",
            "_P += _N[-1].parents",
        ]
        self.miss("_o <= _N[-1].order", "_N[-1].order < oldest")
        if older:
            self.lines.append(f"_O = {self._taken('_P', [*older])}")
            self._compare_forms("_O", [*older.values()])
            self.miss("max([n.order for n in _O]) >= oldest")
        there = "[*_N, None, *_O]" if older else "[*_N, None]"
        self.miss(f"tuple(_P) != {self._taken(there, stands)}")
        # They would count as somebody who holds a node.
        self.lines.append("_n = _P = _O = None")
        self.miss(f"[n.rule for n in _N] != {self._table([node.rule for node in nodes])}")
        self.miss(f"[n.dtype for n in _N] != {self._table([node.dtype for node in nodes])}")
        loose = [j for j, node in enumerate(nodes) if not shape_follows(node, self._uses)]
        if loose:
            shapes = self._table([nodes[j].shape for j in loose])
            self.miss(f"[n.shape for n in {self._taken('_N', loose)}] != {shapes}")

    def _compare_forms(self, x: str, likes: Sequence[Any]) -> None:
        self.miss(
            f"[n.dtype for n in {x}] != {self._table([like.dtype for like in likes])}",
            f"[n.shape for n in {x}] != {self._table([like.shape for like in likes])}",
        )

    def held(self, held: frozenset[int]) -> None:
        """Compare which of the nodes somebody holds: nobody has fewer references than are known."""
        nodes, last = self._nodes, len(self._nodes) - 1
        own = " + own" if COUNTED else ""
        known = [self._uses[node] + BASE if COUNTED else 0 for node in nodes]
        free = [j for j in range(1, last + 1) if nodes[j].rule is not None and last - j not in held]
        if free:
            total = f"{sum([known[j] for j in free])}{f' + {len(free)} * own' if COUNTED else ''}"
            self.miss(f"sum(map(_refs, {self._taken('_N', free)})) != {total}")
        if held:
            there = [last - k for k in held]
            counts = f"zip(map(_refs, {self._taken('_N', there)}), {self._table([known[j] for j in there])})"
            self.miss(f"any([n <= k{own} for n, k in {counts}])")

    # --- what nodes saved ---------------------------------------------------------------------------------------------

    def saved(self, read: set[str]) -> None:
        """Read and compare what the nodes saved; the names in `read` are those that the plan needs."""
        self._read = {name.partition("[")[0] for name in read}
        for group in self._groups:
            members = [self._nodes[j] for j in group]
            first = members[0]
            rule: Any = first.rule
            x = self._local(self._taken("_N", group), "_m")
            if not rule.fixed:
                self.miss(f"{{len(n.parents) for n in {x}}} != {{{len(first.parents)}}}")
                if not first.kwargs:
                    self.miss(f"any([n.kwargs for n in {x}])")
            args = [node.args for node in members]
            if rule.aligned and type(first.args) is tuple:
                self._operands(x, members, group)
            elif not all(value is None for value in args):
                self._compare(f"[n.args for n in {x}]", args, group, ".args")
            if first.kwargs:
                self._compare(f"[n.kwargs for n in {x}]", [node.kwargs for node in members], group, ".kwargs")
            if first.out is not None and not self._is_idle(first.out, group, ".out"):
                self._compare(f"[n.out for n in {x}]", [node.out for node in members], group, ".out")
        self.lines.append("_m = None")

    def _is_idle(self, value: Any, group: Sequence[int], path: str) -> bool:
        """Tell whether something is not saved, or an array that the plan does not read."""
        name = self.given.get((len(self._nodes) - 1 - group[0], path))
        return value is None or type(value) is Spec or (name is not None and name.partition("[")[0] not in self._read)

    def _operands(self, x: str, members: Sequence[Node], group: Sequence[int]) -> None:
        rule: Any = members[0].rule
        for i, value in enumerate(members[0].args):
            # A parent has the shape that is all there is to know.
            known = rule.shape_follows or all(node.parents[i] is not None for node in members)
            if not known or not self._is_idle(value, group, f".args[{i}]"):
                column = [node.args[i] for node in members]
                self._compare(f"[n.args[{i}] for n in {x}]", column, group, f".args[{i}]")

    def _compare(self, x: str, values: Sequence[Any], group: Sequence[int], path: str) -> None:
        """Compare what stands at a place in all nodes of a group, and give it a name if it is read."""
        first = values[0]
        kind = type(first)
        name = self.given.get((len(self._nodes) - 1 - group[0], path))
        x = self._local(x, None if name is None else name.partition("[")[0])
        self.miss(f"{{*map(type, {x})}} != {self.constant({kind})}")
        if kind is np.ndarray or kind is Spec:
            self._compare_forms(x, values)
            if kind is np.ndarray and any(value.ndim for value in values):
                self.miss(f"[n.strides for n in {x}] != {self._table([value.strides for value in values])}")
            return
        if name is not None:
            return
        inner = parts(first)
        if inner is None:
            self.miss(f"{x} != {self._table(values)}")
            # -0.0 equals 0.0, and is not the same.
            if any(has_zero(value) for value in values):
                self.miss(f"[*map(str, {x})] != {self._table([*map(str, values)])}")
            return
        if kind in (tuple, list, Viewed, dict):
            self.miss(f"{{*map(len, {x})}} != {{{len(first)}}}")
        for more, _ in inner:
            self._compare(f"[n{more} for n in {x}]", [_part(value, more) for value in values], group, path + more)

    # --- texts --------------------------------------------------------------------------------------------------------

    def _local(self, text: str, name: str | None = None) -> str:
        """Return the name of a variable that stands for a text from here on."""
        if name is None:
            name = f"_a{self._columns}"
            self._columns += 1
        self.lines.append(f"{name} = {text}")
        return name

    def _table(self, values: Iterable[Any]) -> str:
        return self.constant([*values])

    def _taken(self, x: str, places: Sequence[int]) -> str:
        """Return the text of a tuple of what stands at some places in a list."""
        if len(places) == 1:
            return f"({x}[{places[0]}],)"
        step = places[1] - places[0]
        stop = places[-1] + step
        if x.isidentifier() and step > 0 and [*places] == [*range(places[0], stop, step)]:
            return f"{x}[{places[0]}:{stop}:{step}]"
        return f"{self.constant(operator.itemgetter(*places))}({x})"


def _is_array(value: Any) -> bool:
    return type(value) is np.ndarray or isinstance(value, np.generic)


def _part(value: Any, more: str) -> Any:
    """Return what stands at the end of a short path."""
    for text, part in parts(value) or ():
        if text == more:
            return part
    raise AssertionError(f"there is nothing at {more}")
