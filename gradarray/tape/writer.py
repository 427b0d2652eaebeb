"""The text of a plan: what the loop of a sweep does for tapes of one structure, with nothing left to find out.

Nodes and cotangents are local variables, each contribution has its place, and the shapes of sums are known.
"""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..context.frames import readable
from ..kernels.arrays import BLAS_THREADS, FLOAT64, LARGE, ONES, Array, factor_of
from ..kernels.references import RETURNED
from . import rolling
from .cotangents import blank, buffer_of
from .fitting import fit
from .nodes import Node, references
from .sweeps import is_clean, pull_whole

Gradients = dict[Node, Array]
# Takes root, cotangent, retain and oldest as `sweep` does, and how many references to each node its caller has. None
# stands for a tape of another structure; no gradients at all say that a NaN came out.
Plan = Callable[[Node, Array, bool, int, int], Gradients | None]

# Longer plans than this gain little: the function itself no longer fits into the processor's cache. A longer tape has a
# plan if so much repeats in it that the plan has loops, and is no longer itself.
LONGEST = 400
_KEPT_AXES = {"axis", "keepdims"}
_numbers = itertools.count(1)


class Writer:
    """Writes a plan. In its text n5 is the sixth node of the tape, from the oldest on, and g5 its cotangent."""

    def __init__(self, uses: dict[Node, int], dtype: np.dtype[Any]) -> None:
        self.uses = uses
        self.dtype = dtype
        self.nodes = sorted(uses, key=lambda node: node.order)
        self.n = {node: f"n{k}" for k, node in enumerate(self.nodes)}
        self.g = {node: f"g{k}" for k, node in enumerate(self.nodes)}
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"F": dtype, "blank": blank, "fit": fit, "is_clean": is_clean, "nan": np.nan}
        self.names |= {"refs": references, "ndarray": np.ndarray, "vdot": np.vdot, "zeros": np.zeros}
        self.known: dict[int, str] = {}
        self.names |= {"buffer_of": buffer_of, "whole": pull_whole}
        self.names["broadcast"] = np.broadcast_to
        self.names["__name__"] = __name__  # a warning is about the user's line, and not about one of a plan
        # What is known of the cotangents at the line that is being written: that there is a contribution, that it may
        # be None, that it is a buffer in any case, and that it may be one, of which `owned` tells as in the loop.
        self.reached: set[Node] = set()
        self.uncertain: set[Node] = set()
        self.fresh: set[Node] = set()
        self.buffers: set[Node] = set()
        # A node of which each one is a parent, and which one: by way of that it is asked who else has it.
        self.operand = {
            parent: (self.n[node], i)
            for node in self.nodes
            for i, parent in enumerate(node.parents)
            if parent is not None
        }
        # Whether the cotangent of the node that is being written is a buffer.
        self.mine = "False"
        # Those whose cotangent has length 1 along axes that were summed over.
        self.narrow: set[Node] = set()

    def plan(self) -> Plan:
        self._compare()
        place = len(self.lines)
        self.lines += self._begin(self.n[self.nodes[-1]], 1)
        for node in reversed(self.nodes):
            if node.rule is not None and node in self.reached:
                self._guarded(node, self._pull(node))
        self._arrivals()
        self.lines[place:place] = [f"{self.g[node]} = None" for node in self.nodes if node in self.uncertain]
        return self._compiled([*self.lines, *self._end()])  # type: ignore[no-any-return]

    def rolled(self) -> Plan | None:
        """Write a plan in which what repeats stands in loops; None where too little does.

        The nodes stand in a list, from the youngest to the oldest, where each turn finds its own.
        """
        descending = self.nodes[::-1]
        # Of these, what is called depends on what came before.
        if self.dtype is not FLOAT64 or any(node.rule is not None and self._is_large(node) for node in descending):
            return None
        if rolling.size_of(rolling.runs([(node.rule, node.shape) for node in descending])) > LONGEST:
            return None
        top, seen = len(descending) - 1, {descending[0]}
        compared, pulled = [], []
        for k, node in enumerate(descending):
            order = f"if not o > (o := {self.n[node]}.order): return None"
            compared.append([order if k else f"o = {self.n[node]}.order", *self._compared(node, seen)])
        begin = self._begin("N[0]", 2)
        for node in descending:
            self.lines = []
            if node.rule is not None and node in self.reached:
                self._guarded(node, self._pull(node))
            pulled.append(self.lines)
        self.lines = []
        self._arrivals()
        leaves = [k for k, node in enumerate(descending) if node.rule is None]
        found = rolling.Rolled(compared, top)
        swept = rolling.Rolled([*pulled, [*self.lines, *self._end()]], top, leaves)
        if max(rolling.size_of(found.runs), rolling.size_of(swept.runs)) > LONGEST:
            return None
        first, second = rolling.gathering(found), rolling.going_along(swept)
        if first is None or second is None:
            return None
        targets = [f"q{i} = None" for i in range(max(len(node.parents) for node in self.nodes))]
        last = ["if not o >= oldest: return None", *begin, *targets]
        return self._compiled([*first, *last, *second])  # type: ignore[no-any-return]

    def _begin(self, root: str, places: int) -> list[str]:
        """Return the lines before the first cotangent is pulled; a node stands in so many places of the plan's."""
        self.reached.add(self.nodes[-1])
        # Of the root, whoever asks for the sweep has a Tensor.
        kept = f"kept = {{{root}: {self.g[self.nodes[-1]]}}}"
        return ["owned = set()", f"own += {RETURNED + places}", kept, "held = large = False", "pending = {}"]

    def _arrivals(self) -> None:
        for node in reversed(self.nodes):
            if node.rule is None and node in self.reached:
                self._guarded(node, self._arrive(node))

    def _end(self) -> list[str]:
        root = self.n[self.nodes[-1]]
        # What hangs on it, and on nothing else, goes with it.
        return [f"if not (retain or held): {root}.release()", "return kept"]

    def _compiled(self, lines: Iterable[str], parameters: str = "retain, oldest, own") -> Any:
        """Return the function with these lines, of the root, its cotangent and further parameters."""
        root = self.nodes[-1]
        text = "".join(f"\n  {line}" for line in lines)
        file = f"<gradarray plan {next(_numbers)}>"
        exec(readable(f"def plan({self.n[root]}, {self.g[root]}, {parameters}):{text}\n", file), self.names)
        plan = self.names.pop("plan")  # its own globals would refer to it in a circle
        # A traceback may have the code for longer than anybody has the plan.
        weakref.finalize(plan.__code__, linecache.cache.pop, file, None).atexit = False
        return plan

    def _name(self, value: Any) -> str:
        """Return a global name for an object."""
        name = self.known.get(id(value))
        if name is None:
            name = self.known[id(value)] = f"v{len(self.names)}"
            self.names[name] = value
        return name

    def _ones(self, n: int) -> str:
        """Return a global name for so many ones."""
        name = f"ones_{n}"
        self.names[name] = ONES[:n]
        return name

    def _guarded(self, node: Node, lines: Iterable[str]) -> None:
        """Add the lines for one node, to be skipped where its cotangent turns out to be None."""
        lines = list(lines)
        if node in self.uncertain:
            parents = {parent for parent in node.parents if parent in self.reached}
            self.uncertain |= parents
            self.fresh -= parents
            lines = [
                f"if {self.g[node]} is None: {self.n[node]}.grad = None",
                "else:",
                *(f"  {line}" for line in lines),
            ]
        self.lines += lines

    # --- comparing ----------------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        """Write how a tape is told from another one: node by node, by way of the parents."""
        seen = {self.nodes[-1]}
        self.lines += [line for node in reversed(self.nodes) for line in self._compared(node, seen)]
        # They would count as somebody who holds a node.
        self.lines += [f"q{i} = None" for i in range(max(len(node.parents) for node in self.nodes))]
        order = " > ".join(f"{self.n[node]}.order" for node in reversed(self.nodes))
        self.lines.append(f"if not ({order} >= oldest): return None")

    def _compared(self, node: Node, seen: set[Node]) -> Iterable[str]:
        """Write how a node is told from another one, and how its parents are found.

        The order of the nodes is compared as well: it tells that they are as many, and what is added up first.
        """
        n = self.n[node]
        rule = "None" if node.rule is None else self._name(node.rule)
        tests = [f"{n}.rule is not {rule}", f"{n}.shape != {node.shape!r}", f"{n}.dtype is not F"]
        if node.rule is None or not node.rule.fixed:
            tests += [f"len({n}.parents) != {len(node.parents)}", *([] if node.kwargs else [f"{n}.kwargs"])]
        if self._unspread(node):
            tests.append(f"{n}.kwargs.keys() != {self._name(_KEPT_AXES)}")
        yield f"if {' or '.join(tests)}: return None"
        targets, tests = [], []
        for i, parent in enumerate(node.parents):
            if parent is None:
                targets.append(f"q{i}")
                tests.append(f"q{i} is not None")
            elif parent not in self.uses:
                targets.append(f"q{i}")
                tests.append(f"(q{i} is not None and q{i}.order >= oldest)")
            elif parent in seen:
                targets.append(f"q{i}")
                tests.append(f"q{i} is not {self.n[parent]}")
            else:
                seen.add(parent)
                targets.append(self.n[parent])
                tests.append(f"{self.n[parent]} is None")
        if targets:
            yield f"{', '.join(targets)}, = {n}.parents"
            yield f"if {' or '.join(tests)}: return None"

    # --- pulling ------------------------------------------------------------------------------------------------------

    def _pull(self, node: Node) -> Iterable[str]:
        """Write how the cotangent of a node is pulled back."""
        n, g, rule = self.n[node], self.g[node], node.rule
        mine = repr(node in self.fresh)
        if node in self.buffers:
            mine = "mine"
            yield f"mine = {n} in owned"
            yield f"owned.discard({n})"  # it would count as somebody who holds the node
        if node is not self.nodes[-1]:
            whole = f"broadcast({g}, {node.shape})" if node in self.narrow else self._gradient(node)
            child, i = self.operand[node]
            yield f"if refs({child}.parents[{i}]) - own > {self.uses[node]}: kept[{n}] = {whole}; held = True"
        if self._unspread(node):
            parent = node.parents[0]
            assert parent is not None
            self.narrow.add(parent)
            yield from self._add(g, parent, parent.shape)
        else:
            assert rule is not None
            self.mine = mine
            yield from self._whole(node) if self._is_large(node) else rule.written(self, node)
        yield f"{g} = c = None"

    def _is_large(self, node: Node) -> bool:
        """Tell whether a cotangent is large, or a large one is added up from what comes of it, other than in a part."""
        rule: Any = node.rule
        if node.size >= LARGE and not rule.in_place:
            return True
        if rule.put is not None:
            return False
        ways = getattr(rule, "sparse", None) is not None  # there are two, of which the loop knows which
        used = self._used(node)[1:] if rule.in_place and node.parents[0] in self.uses else self._used(node)
        return any(uses > 1 or ways for x, uses in used if x.size >= LARGE)

    def _used(self, node: Node) -> list[tuple[Node, int]]:
        return [(parent, self.uses[parent]) for parent in node.parents if parent in self.uses]

    def _gradient(self, node: Node) -> str:
        """Return what is kept of a cotangent, which a large product may have given its own dtype."""
        return f"fit({self.g[node]}, {self.n[node]})" if node.size >= LARGE else self.g[node]

    def _whole(self, node: Node) -> Iterable[str]:
        """Write a call of what the loop does: how an array lies in memory decides how it is summed up later."""
        n, g, rule = self.n[node], self.g[node], node.rule
        parents = [parent for parent in dict.fromkeys(node.parents) if parent is not None and parent in self.uses]
        for parent in parents:
            p, gp = self.n[parent], self.g[parent]
            if parent in self.fresh:
                yield f"owned.add({p})"
            if parent in self.reached:
                yield f"if {gp} is not None: pending[{p}] = {gp}; {gp} = None"
        if node.size >= LARGE and not (rule is None or rule.in_place):
            yield "large = not retain"
        yield f"place = [{g}]; {g} = None"
        yield f"whole({n}, place, pending, owned, {self.mine}, {n} in kept, large)"
        for parent in parents:
            yield f"{self.g[parent]} = pending.pop({self.n[parent]}, None)"
        self.fresh.difference_update(parents)
        for found in (self.reached, self.uncertain, self.buffers):
            found.update(parents)

    def _unspread(self, node: Node) -> bool:
        """Tell whether a cotangent need not be spread, because a factor of the full shape is all that it will meet.

        So it is where a sum keeps its axes, as that of np.exp(x) in a softmax does.
        """
        rule, parent = node.rule, node.parents[0] if node.parents else None
        if not (getattr(rule, "func", None) is np.sum and node.kwargs and parent in self.uses):
            return False
        if parent.size >= LARGE:
            return False
        known = node not in self.uncertain and node.kwargs.keys() == _KEPT_AXES and node.kwargs["keepdims"] is True
        factor = parent.rule
        return known and factor is not None and factor.multiplies and factor.ours and self.uses[parent] == 1

    # Each kind of rule asks for one of these; see `PullbackRule.written`.

    def call(self, node: Node) -> Iterable[str]:
        """Write a call of the rule's own pullback."""
        n, mine = self.n[node], self.mine
        yield f"pulled = (*{self._name(node.rule)}.pullback({n}, {self.g[node]}), {'None, ' * len(node.parents)})"
        for i, parent in enumerate(node.parents):
            if parent in self.uses:
                self.buffers.add(parent)
                yield from self._add_any(f"pulled[{i}]", parent, f"{mine} and {n} not in kept")
        yield "pulled = None"

    def bilinear(self, node: Node, rule: Any) -> Iterable[str]:
        """Write the cotangents of both operands, of a call without parameters."""
        return self._vjps(node, rule, f"{self.g[node]}, {', '.join(self._operands(node))}")

    def linear(self, node: Node, rule: Any) -> Iterable[str]:
        """Write the cotangent of a linear function's operand."""
        return self._vjps(node, rule, f"{self.g[node]}, {self.n[node]}.parents[0]{self._keywords(node)}")

    def function(self, node: Node, rule: Any) -> Iterable[str]:
        """Write the cotangent of the one operand of a function."""
        n = self.n[node]
        ans = n if node.out is None else f"{n}.out"
        return self._vjps(node, rule, f"{self.g[node]}, {ans}, {self._operands(node)[0]}{self._keywords(node)}")

    def elementwise(self, node: Node, rule: Any) -> Iterable[str]:
        """Write the cotangents of a ufunc's operands, by its partial derivatives."""
        n, g = self.n[node], self.g[node]
        operands = ", ".join(f"x{i}" for i in range(rule.nin))
        if any(callable(d) for d, parent in zip(rule.partials, node.parents, strict=True) if parent in self.uses):
            yield f"{operands}, = {n}.args"
        for parent, d in zip(node.parents, rule.partials, strict=True):
            if parent not in self.uses:
                continue
            if callable(d):
                c = f"{g} * {self._name(d)}({n}.out, {operands})"
                # What is computed of single precision may be of double.
                shape = node.shape if self.dtype is FLOAT64 else None
                yield from self._add(c, parent, shape) if rule.ours else self._add_any(c, parent)
            elif d == 1:
                yield from self._add(g, parent, node.shape)
            else:
                c = f"-{g}" if d == -1 else f"{g} * {self._name(factor_of(d, self.dtype))}"
                yield from self._add(c, parent, node.shape)

    def _vjps(self, node: Node, rule: Any, arguments: str) -> Iterable[str]:
        for parent, vjp in zip(node.parents, rule.vjps, strict=True):
            if parent in self.uses:
                c = f"{self._name(vjp)}({arguments})"
                yield from self._add(c, parent, None) if rule.ours else self._add_any(c, parent)

    def reading(self, node: Node, rule: Any) -> Iterable[str]:
        """Write how a cotangent is added to a part of another one, as `Scatter` does."""
        parent = node.parents[0]
        if parent is None or parent not in self.uses:
            return
        n, g = self.n[parent], self.g[parent]
        zeros = f"{'zeros' if parent.size < LARGE else 'blank'}({parent.shape!r}, F)"
        if parent in self.uncertain:
            yield f"if {g} is None: {g} = {zeros}"
            yield f"elif {n} not in owned: {g} = buffer_of({g})"
            yield f"owned.add({n})"
            self.buffers.add(parent)
        elif parent not in self.fresh:
            yield f"{g} = buffer_of({g})" if parent in self.reached else f"{g} = {zeros}"
            self.fresh.add(parent)
        self.reached.add(parent)
        yield f"{self._name(rule.put)}({g}, {self.n[node]}.args, {self.g[node]})"

    def assignment(self, node: Node, rule: Any) -> Iterable[str]:
        """Write how a cotangent is taken apart: the value's part of it, and the rest, which goes on in its memory."""
        n, g, (base, value) = self.n[node], self.g[node], node.parents
        if base in self.uses:
            yield f"{g} = buffer_of({g}, {self.mine} and {n} not in kept)"
        yield f"c = {self._name(rule)}.taken({n}, {g})"
        if base in self.uses:
            if base in self.reached:
                yield f"if {self.g[base]} is not None: {g} += {self.g[base]}"
            yield f"{self.g[base]} = {g}"
            if base in self.uncertain:
                self.buffers.add(base)
            else:
                self.fresh.add(base)
            if base in self.buffers:
                yield f"owned.add({self.n[base]})"
            self.reached.add(base)
        if value in self.uses:
            yield from self._add("c", value, None)

    def _operands(self, node: Node) -> list[str]:
        """Return the saved operands, or the parents in place of those that are not saved."""
        # Which are saved, also depends on how the call was recorded.
        n = self.n[node]
        return [f"({n}.parents[{i}] if (x := {n}.args[{i}]) is None else x)" for i in range(len(node.args))]

    def _keywords(self, node: Node) -> str:
        return f", **{self.n[node]}.kwargs" if node.kwargs else ""

    # --- adding -------------------------------------------------------------------------------------------------------

    def _add(self, c: str, parent: Node, shape: tuple[int, ...] | None) -> Iterable[str]:
        """Write the addition of a contribution, which is an array of this shape, or of one to be looked at."""
        n, g = self.n[parent], self.g[parent]
        if shape is None:
            yield f"c = {c}"
            yield f"if {self._unfit(parent)}: c = fit(c, {n})"
            c = "c"
        elif shape != parent.shape:
            c = self._fitted(c, shape, parent)
        if parent not in self.reached:
            yield f"{g} = {c}"
        elif parent in self.uncertain:
            yield f"c = {c}"
            yield from self._add_to_any(parent)
        else:
            yield f"{g} += {c}" if parent in self.fresh else f"{g} = {g} + {c}"
        self.reached.add(parent)

    def _add_to_any(self, parent: Node) -> Iterable[str]:
        """Write the addition of `c` to a cotangent of which it is not known whether it is there, or a buffer."""
        n, g = self.n[parent], self.g[parent]
        if parent in self.buffers:
            yield f"if {n} in owned: {g} += c"
            yield f"else: {g} = c if {g} is None else {g} + c"
        else:
            yield f"{g} = c if {g} is None else {g} + c"

    def _add_any(self, c: str, parent: Node, mine: str = "False") -> Iterable[str]:
        """Write the addition of anything that a rule may return."""
        n, g = self.n[parent], self.g[parent]
        if parent not in self.reached:
            yield f"{g} = None"
        elif parent in self.fresh:
            yield f"owned.add({n})"
            self.fresh.remove(parent)
            self.buffers.add(parent)
        yield f"c = {c}"
        yield "if c is not None:"
        yield f"  if c.shape is None: {g} = c.add_to({g}, {n}, owned, {mine})"
        yield "  else:"
        yield f"    if {self._unfit(parent)}: c = fit(c, {n})"
        yield from (f"    {line}" for line in self._add_to_any(parent))
        self.reached.add(parent)
        self.uncertain.add(parent)

    def _unfit(self, parent: Node) -> str:
        return f"c.shape != {parent.shape!r} or c.dtype is not F"

    def _fitted(self, c: str, shape: tuple[int, ...], parent: Node) -> str:
        """Return a contribution's sum over the axes that the operand was broadcast along, as `fit` computes it."""
        double = self.dtype is FLOAT64
        if double and len(shape) == 2 and parent.shape in (shape[1:], (shape[0], 1)):
            rows = parent.shape == shape[1:]
            ones = self._ones(shape[not rows])
            total = f"{ones}.dot(c)" if rows else f"c.dot({ones}).reshape({parent.shape})"
            return f"({total} if type(c := {c}) is ndarray else fit(c, {self.n[parent]}))"
        return f"fit({c}, {self.n[parent]})"

    def _arrive(self, node: Node) -> Iterable[str]:
        """Write what happens with the gradient of a leaf."""
        n, g = self.n[node], self.g[node]
        if node.size >= LARGE:
            yield f"{g} = {self._gradient(node)}"
        if node.shape == ():
            yield f"if {g} != {g}: return {{}}"
        elif node.size < BLAS_THREADS:
            square = f"{g}.dot({g})" if node.ndim == 1 else f"vdot({g}, {g})"
            # As is_clean does, without the call.
            yield f"c = {square} if type({g}) is ndarray else 0 if is_clean({g}) else nan"
            yield "if c != c: return {}"
        else:
            yield f"if not is_clean({g}): return {{}}"
        yield f"kept[{n}] = {g}"
