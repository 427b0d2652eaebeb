"""Plans of what `second.hessian_product` does, for tapes whose structure comes again and again.

As in plans.py, the arithmetic is that of the loop, to the last bit. In the text t5 is the tangent of the sixth node, g5
its cotangent, and h5 the tangent of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..kernels.arrays import FLOAT64, Array, factor_of
from . import wrapping
from .nodes import AWAITED, Node
from .writer import Writer

# Takes root, cotangent, oldest, the inputs, their directions, and the level of what has a tangent. None stands for a
# tape of another structure; nothing at all says that a NaN came out.
SecondPlan = Callable[[Node, Array, int, Sequence[Node], Sequence[Array], int], dict[Node, Array] | None]


class SecondWriter(Writer):
    """Writes such a plan.

    Parameters
    ----------
    uses : the nodes of the tape, with their numbers of uses
    inputs : the leaves that have directions
    forward : what `PullbackRule.push` is given
    """

    def __init__(self, uses: dict[Node, int], inputs: Sequence[Node], forward: Any) -> None:
        super().__init__(uses, FLOAT64)
        self.inputs = inputs
        self.names |= {"Dual": wrapping.Dual, "FORWARD": forward, "AWAITED": AWAITED}
        self.t = {node: f"t{k}" for k, node in enumerate(self.nodes)}
        self.moved: set[Node] = set()
        # What the lines that add to cotangents know, of these and of their tangents.
        h = {node: f"h{k}" for k, node in enumerate(self.nodes)}
        empty: Any = (set(), set(), set(), set())
        self._kinds: Any = (self.g, self.reached, self.uncertain, self.fresh, self.buffers), (h, *empty)
        self.h = h

    def _of(self, along: bool) -> None:
        """Let lines be about the tangents of cotangents from now on, or about these themselves."""
        self.g, self.reached, self.uncertain, self.fresh, self.buffers = self._kinds[along]

    def _comes(self, node: Node, along: bool) -> bool:
        """Tell whether there is a cotangent of a node, or a tangent of that."""
        return node in self._kinds[along][1]

    def second_plan(self) -> SecondPlan | None:
        """Return the plan, or None where a rule has no text for it."""
        root = self.nodes[-1]
        self._compare()
        for node in self.nodes:
            if node.rule is None and node in self.inputs:
                i = self.inputs.index(node)
                self.lines.append(f"if {self.n[node]} is not inputs[{i}]: return None")
                self.lines.append(f"{self.t[node]} = directions[{i}]")
                self.moved.add(node)
            elif node.rule is None:
                self.lines.append(f"if {self.n[node]}.args is AWAITED: return None")
        for node in self.nodes:
            if node.rule is not None and not self.moved.isdisjoint(node.parents):
                self.lines += node.rule.written_push(self, node)
                self.moved.add(node)
        self.lines.append("kept = {}")
        self._of(False)
        self.reached.add(root)
        for node in reversed(self.nodes):
            if node.rule is not None and self._comes(node, False):
                written = node.rule.written_along(self, node)
                if written is None:
                    return None
                self.lines += written
        self._of(True)
        for node in self.inputs:
            if node in self.reached:
                self.lines += self._arrive(node)
        self.lines.append("return kept")
        self._of(False)
        return self._compiled(self.lines, "oldest, inputs, directions, level")  # type: ignore[no-any-return]

    # --- tangents of results ------------------------------------------------------------------------------------------

    def push(self, node: Node) -> Iterable[str]:
        """Write a call of the rule's own method."""
        given = ", ".join(self.t[p] if p in self.moved else "None" for p in node.parents)
        yield f"{self.t[node]} = {self._name(node.rule)}.push({self.n[node]}, [{given}], FORWARD)"
        yield self._stretched(node)

    def push_elementwise(self, node: Node, rule: Any) -> Iterable[str]:
        """Write the sum of a ufunc's partial derivatives, each times a tangent."""
        moved = [i for i, parent in enumerate(node.parents) if parent in self.moved]
        n, operands = self.n[node], ", ".join(f"x{i}" for i in range(rule.nin))
        if any(callable(rule.partials[i]) for i in moved):
            yield f"{operands}, = {n}.args"
        terms = []
        for i in moved:
            d, t = rule.partials[i], self.t[node.parents[i]]  # type: ignore[index]
            slope = f"{self._name(d)}({n}.out, {operands})" if callable(d) else None
            terms.append(f"{t} * {slope}" if slope is not None else self._scaled(t, d))
        yield f"{self.t[node]} = {' + '.join(terms)}"
        if all(node.parents[i].shape != node.shape for i in moved):  # type: ignore[union-attr]
            yield self._stretched(node)

    def push_reading(self, node: Node) -> Iterable[str]:
        """Write that the tangent is read where the value was."""
        yield f"{self.t[node]} = {self.t[node.parents[0]]}[{self.n[node]}.args]"  # type: ignore[index]

    def _stretched(self, node: Node) -> str:
        t = self.t[node]
        return f"if {t}.shape != {node.shape!r}: {t} = broadcast({t}, {node.shape!r})"

    def _scaled(self, g: str, d: Any) -> str:
        return g if d == 1 else f"-{g}" if d == -1 else f"{g} * {self._name(factor_of(d, FLOAT64))}"

    # --- cotangents of operands, and their tangents -------------------------------------------------------------------

    def linear_along(self, node: Node, write: Callable[[], Iterable[str]]) -> Iterable[str]:
        """Write both by the text of the pullback, which is the same for both."""
        for along in (False, True):
            if self._comes(node, along) and (along or node.parents[0].rule is not None):  # type: ignore[union-attr]
                self._of(along)
                yield from write()

    def elementwise_along(self, node: Node, rule: Any) -> Iterable[str]:
        """Write both for a ufunc, by its partial derivatives, which have tangents themselves."""
        n, places = self.n[node], range(rule.nin)
        varying = [i for i in places if node.parents[i] is not None and callable(rule.partials[i])]
        if varying:
            yield f"{', '.join(f'x{i}' for i in places)}, = {n}.args"
        operands = [f"x{j}" for j in places]
        for j, parent in enumerate(node.parents):
            if parent in self.moved and any(rule.partial_needs(i, j) for i in varying):
                yield f"d{j} = Dual(x{j}, {self.t[parent]}, level)"
                operands[j] = f"d{j}"
        out = "None"
        if any(rule.partial_needs(i, -1) for i in varying):
            out = "o"
            yield f"o = Dual({n}.out, {self.t[node]}, level)" if node in self.moved else f"o = {n}.out"
        for i, parent in enumerate(node.parents):
            if parent is None:
                continue
            d = rule.partials[i]
            if i not in varying:
                for along in (False, True):
                    if self._comes(node, along) and (along or parent.rule is not None):
                        self._of(along)
                        yield from self._add(self._scaled(self.g[node], d), parent, node.shape)
                continue
            asked = [-1, *places]
            depends = any(
                rule.partial_needs(i, j) and (node if j < 0 else node.parents[j]) in self.moved for j in asked
            )
            yield f"s = {self._name(d)}({out}, {', '.join(operands)})"
            yield "v = s.value; a = s.tangent" if depends else "v = s"
            yield from self._products(node, parent, "{} * v", "{} * a" if depends else None, node.shape)

    def bilinear_along(self, node: Node, rule: Any) -> Iterable[str]:
        """Write both for a function that is linear in each of two operands."""
        operands = self._operands(node)
        for i, parent in enumerate(node.parents):
            if parent is None:
                continue
            vjp, other = self._name(rule.vjps[i]), node.parents[1 - i]
            turned = [*operands]
            turned[1 - i] = self.t.get(other, "None")  # type: ignore[arg-type]
            along = f"{vjp}({{}}, {', '.join(turned)})" if other in self.moved else None
            yield from self._products(node, parent, f"{vjp}({{}}, {', '.join(operands)})", along, None)

    def _products(
        self, node: Node, parent: Node, plain: str, along: str | None, shape: tuple[int, ...] | None
    ) -> Iterable[str]:
        """Write both, of what a cotangent gives with the operands, and with their tangents."""
        g, h = self._kinds[False][0][node], self.h[node]
        if parent.rule is not None:
            self._of(False)
            yield from self._add(plain.format(g), parent, shape)
        terms = [] if along is None else [along.format(g)]
        if self._comes(node, True):
            terms.append(plain.format(h))
        if terms:
            self._of(True)
            yield from self._add(f"({' + '.join(terms)})" if len(terms) > 1 else terms[0], parent, shape)

    def function_along(self, node: Node, rule: Any) -> Iterable[str]:
        """Write both for the one operand of a function, by its pullback of what has tangents."""
        n, (parent,) = self.n[node], node.parents
        assert parent is not None
        g, h = self._kinds[False][0][node], self.h[node]
        both = f"Dual({g}, {h}, level)" if self._comes(node, True) else g
        t, tx = self.t[node], self.t[parent]
        ans = n if node.out is None else f"Dual({n}.out, {t}, level)"
        x = f"({n}.parents[0] if (x := {n}.args[0]) is None else Dual(x, {tx}, level))"
        yield f"s = {self._name(rule.vjps[0])}({both}, {ans}, {x}{self._keywords(node)})"
        yield "v = s.value; a = s.tangent"
        if parent.rule is not None:
            self._of(False)
            yield from self._add("v", parent, None)
        self._of(True)
        yield from self._add("a", parent, None)
