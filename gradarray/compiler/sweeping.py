"""Plans: the program of a sweep over a tape, behind a comparison that finds out whether a tape is like that one."""

from __future__ import annotations

import copy
import itertools
import linecache
import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..context.frames import readable
from ..context.settings import silently
from ..kernels.arrays import Spec
from ..kernels.references import COUNTED
from ..tape import plans, second, sweeps
from ..tape.comparing import Comparison, Path, held_nodes
from ..tape.nodes import AWAITED, Node, by_order, somebody
from ..tape.second import SecondPlan
from ..tape.writer import Plan
from .copying import Copied, other, some_factors
from .optimise import Optimised, optimised
from .program import Program
from .statements import JitError, Variable
from .traced import new_program
from .tracing import as_output
from .writer import write_program

_numbers = itertools.count(1)
# With so many other numbers a plan is compared with the loop; with few where all arrays are rows, which lie one way.
_TRIALS, _FEW = 8, 2


def plan(uses: dict[Node, int], g: Any, varying: set[Path]) -> Plan | None:
    """Return a plan for tapes like the one with these nodes and numbers of uses, or None where there can be none.

    Parameters
    ----------
    uses : what `sweeps.reachable` returns
    g : the cotangent of the last node; where it is 1, the plan is for that alone
    varying : where Python's numbers stood that are others each time
    """
    nodes = sorted(uses, key=by_order)
    return _written(_Pulling, nodes, uses, varying, held_nodes(nodes, uses), g)  # type: ignore[no-any-return]


def second_plan(
    uses: dict[Node, int], g: Any, varying: set[Path], inputs: Sequence[Node], directions: Sequence[Any]
) -> SecondPlan | None:
    """Return a plan of `second.hessian_product` in the same way."""
    nodes = sorted(uses, key=by_order)
    return _written(_Second, nodes, uses, varying, g, inputs, directions)  # type: ignore[no-any-return]


def _written(kind: Callable[..., Any], *args: Any) -> Any:
    try:
        carried = silently(kind, *args)
        new = carried.plan()
        return new if silently(carried.is_right, new) else None
    except Exception:
        return None  # of a rule that fails the loop says so; of others there is no program


class _Carried:
    """What a loop does with a tape, as it is carried out over a copy of it, and written down.

    Parameters
    ----------
    nodes, uses : of the tape, from the oldest on
    varying : see `plan`
    """

    def __init__(self, nodes: list[Node], uses: dict[Node, int], varying: set[Path]) -> None:
        self._nodes, self._uses = nodes, uses
        self._tape = Copied(nodes)
        self._varying = varying
        self._given: dict[Path, Variable] = {}
        self._rules: dict[int, Any] = {}
        self._program = new_program()

    def _first(self, g: Any) -> Any:
        """Return what stands for the first cotangent."""
        p = self._program
        self._unit = type(g) is self._nodes[-1].dtype.type and g == 1
        self._g = g
        return p.one(g.dtype, ()) if self._unit else p.enter(g, "g")

    def _finished(self, found: Iterable[Any]) -> Optimised:
        """Return what is left of the program that computes this."""
        p = self._program
        p.close()
        outputs = [as_output(p, x) for x in found]
        for s in p.statements:
            s.silent = False  # as the whole plan is
        return optimised(p, outputs)

    def is_right(self, plan: Any) -> bool:
        """Tell whether a plan does what the loop does, to the last bit.

        Of plain arrays the loop has other ways, by which a cotangent may lie in memory in another order, and a sum over
        it would round otherwise. So both are carried out, over copies of the tape that have other numbers; where
        derivatives are somebody else's, which may be asked at the user's numbers alone, over one that has the same.
        """

        def enter(path: Path, x: Any) -> Any:
            return x if type(x) is float and path not in self._varying else other(x, factors)

        tried = False
        specs: tuple[Any, ...] = (*self._nodes, *self._given.values())
        known = all(_is_known(node.rule) for node in self._nodes)
        trials = _TRIALS if any(len(spec.shape) > 1 for spec in specs) else _FEW
        for factors in some_factors(trials) if known else (np.ones,):
            g = self._g if self._unit else other(self._g, factors)
            found = self._both(self._tape.again(enter), plan, g)
            if found is not None:
                tried = True
                if not _are_same(*found):
                    return False
        return tried

    def _both(self, copies: list[Node], plan: Any, g: Any) -> Any:
        """Return what the loop and the plan make of a copy; None where there is nothing to compare."""
        raise NotImplementedError

    def _traced(self) -> list[Node]:
        """Return a copy of the tape, in which traced arrays stand for what was saved."""
        return self._tape.again(self._enter, self._rule)

    def _enter(self, path: Path, value: Any) -> Any:
        if type(value) is float and path not in self._varying:
            return value
        traced = self._program.enter(value, f"x{len(self._given)}")
        self._given[path] = traced.variable
        return traced

    def _rule(self, rule: Any) -> Any:
        """Return the rule; of somebody else's, one whose derivatives are called each time, whatever they do."""
        if _is_known(rule):
            return rule
        found = self._rules.get(id(rule))
        if found is None:
            found = self._rules[id(rule)] = copy.copy(rule)
            found.enclose(lambda derivative: partial(_called, self._program, derivative))
        return found

    def _text(
        self,
        left: Optimised,
        parameters: str,
        more: Callable[[Comparison], None],
        ending: Callable[[list[str]], list[str]],
    ) -> Any:
        """Return the function that compares a tape with this one, and does the same.

        Parameters
        ----------
        left : of the program
        parameters : behind the last node and its cotangent
        more : writes what is compared beside the tape
        ending : returns the last lines, given the texts of the results
        """
        read = {v.name for s in left.statements for v in s.reads} | {
            v.name for v in left.outputs if type(v) is Variable
        }
        given = {path: v.name for path, v in self._given.items()}
        compare = Comparison(self._nodes, self._uses, given, read)
        compare.structure()
        tests: list[str] = []
        if self._unit:
            tests.append(f"type(g) is not {compare.constant(type(self._g))} or g != 1")
        else:
            compare.form("g", self._g, tests)
        compare.miss(*tests)
        compare.saved()
        more(compare)
        head = f"plan(_n{len(self._nodes) - 1}, g, {parameters})"
        written = write_program(self._program, left, head, compare.lines, ending)
        if written.writes:
            raise JitError("it writes into what a tape saved")
        space = {**written.names, **compare.names, "__name__": plans.__name__}  # a warning is about the user's line
        file = f"<gradarray plan {next(_numbers)}>"
        exec(readable(written.text, file), space)
        found = space.pop("plan")  # its own globals would refer to it in a circle
        # A traceback may have the code for longer than anybody has the plan.
        weakref.finalize(found.__code__, linecache.cache.pop, file, None).atexit = False
        return found


class _Pulling(_Carried):
    """A sweep.

    Parameters
    ----------
    held : what `held_nodes` returns
    g : the cotangent of the last node
    """

    def __init__(self, nodes: Any, uses: Any, varying: Any, held: frozenset[int], g: Any) -> None:
        super().__init__(nodes, uses, varying)
        self._held = held
        start = self._first(g)
        copies = self._traced()
        self._tell(copies)
        number = {id(node): k for k, node in enumerate(copies)}
        counts = {node: uses[old] for node, old in zip(copies, nodes, strict=True)}
        known = [copies[k] for k in held]  # as somebody who holds them
        found = sweeps.pulled(copies, counts, copies[-1], start)
        if found is None or self._program.refused:
            raise JitError(self._program.refused or "a NaN came out")
        del known
        self._kept = [number[id(node)] for node in found]
        self._missed = [number[id(node)] for node in counts if node.grad is None]
        self._left = self._finished(found.values())

    def _tell(self, copies: list[Node]) -> None:
        """Tell copies that nobody holds them, where that is not counted."""
        if not COUNTED:
            for k in range(len(copies) - 1):
                if k not in self._held:
                    copies[k].holder = somebody

    def _both(self, copies: list[Node], plan: Any, g: Any) -> Any:
        self._tell(copies)
        number = {node.order: k for k, node in enumerate(copies)}
        counts = {node: self._uses[old] for node, old in zip(copies, self._nodes, strict=True)}
        known = [copies[k] for k in self._held]
        found = sweeps.pulled(copies, counts, copies[-1], g)
        # The list and the dictionary have the nodes.
        again = plan(copies[-1], g, True, copies[0].order, 2)
        del known
        if again is None:
            return None
        return [{number[node.order]: x for node, x in kept.items()} for kept in (found or {}, again)]

    def plan(self) -> Plan:
        last = len(self._nodes) - 1

        def ending(results: list[str]) -> list[str]:
            pairs = [f"_n{k}: {'g' if k == last else x}" for k, x in zip(self._kept, results, strict=True)]
            lines = [f"kept = {{{', '.join(pairs)}}}", *[f"_n{k}.grad = None" for k in self._missed]]
            # With the last node goes what hangs on it, and on nothing else.
            return [*lines, *([] if self._held else [f"if not retain: _n{last}.release()"]), "return kept"]

        return self._text(self._left, "retain, oldest, own", lambda c: c.held(self._held), ending)  # type: ignore[no-any-return]


class _Second(_Carried):
    """A sweep together with its tangent.

    Parameters
    ----------
    g, inputs, directions : see `second.hessian_product`
    """

    def __init__(
        self,
        nodes: Any,
        uses: Any,
        varying: Any,
        g: Any,
        inputs: Sequence[Node],
        directions: Sequence[Any],
    ) -> None:
        super().__init__(nodes, uses, varying)
        if not all(_is_known(node.rule) for node in nodes):
            raise JitError("what somebody else's derivative does with tangents is not known")
        self._inputs = [nodes.index(node) for node in inputs]
        self._directions = directions
        p = self._program
        start = self._first(g)
        entered = [p.enter(t, f"t{i}") for i, t in enumerate(directions)]
        copies = self._traced()
        found = second.along(copies, copies[-1], start, [copies[k] for k in self._inputs], entered)
        if found is None or p.refused:
            raise JitError(p.refused or "there is no way to do it along the tape")
        self._moved = [k for k, x in enumerate(found) if x is not None]
        self._left = self._finished([x for x in found if x is not None])

    def _both(self, copies: list[Node], plan: Any, g: Any) -> Any:
        inputs, directions = [copies[k] for k in self._inputs], self._directions
        found = second.along(copies, copies[-1], g, inputs, directions)
        again = plan(copies[-1], g, copies[0].order, inputs, directions)
        if again is None:
            return None
        return [{k: x for k, x in enumerate(products or ()) if x is not None} for products in (found, again)]

    def plan(self) -> SecondPlan:
        def compared(compare: Comparison) -> None:
            places = {k: i for i, k in enumerate(self._inputs)}
            for k, node in enumerate(self._nodes):
                if k in places:
                    compare.miss(f"_n{k} is not inputs[{places[k]}]")
                elif node.rule is None:
                    compare.miss(f"_n{k}.args is {compare.constant(AWAITED)}")
            compare.lines.append(f"{', '.join([f't{i}' for i in range(len(self._inputs))])}, = directions")
            for i, t in enumerate(self._directions):
                tests: list[str] = []
                compare.form(f"t{i}", t, tests, self._nodes[self._inputs[i]])
                compare.miss(*tests)

        def ending(results: list[str]) -> list[str]:
            texts = iter(results)
            return [f"return [{', '.join([next(texts) if i in self._moved else 'None' for i in places])}]"]

        places = range(len(self._inputs))
        return self._text(self._left, "oldest, inputs, directions", compared, ending)  # type: ignore[no-any-return]


def _is_known(rule: Any) -> bool:
    """Tell whether the derivatives of a rule are not somebody else's functions."""
    return rule is None or rule.ours or not hasattr(rule, "enclose")


def _are_same(found: dict[int, Any], again: dict[int, Any]) -> bool:
    """Tell whether arrays are the same, and lie in the same order in memory."""
    if found.keys() != again.keys():
        return False
    return all(
        x.dtype == (y := again[k]).dtype and x.strides == y.strides and x.tobytes() == y.tobytes()
        for k, x in found.items()
    )


def _called(program: Program, derivative: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a derivative of somebody else's, of which nothing is known, as one statement."""
    shapes = [Spec(x.shape, x.dtype) if type(x) is Node else x for x in args]
    program.constant(derivative, "derivative")  # whatever it is called, as a variable of the plan may be
    found = program.opaque(derivative, shapes, kwargs)
    if found is None:
        call = program.statements.pop()
        program.guard(*call.pieces, " is not None")
    return found


plans.program = plan
second.program = second_plan
