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
from ..kernels.arrays import LARGE, Spec
from ..kernels.references import COUNTED
from ..tape import plans, second, sweeps
from ..tape.columns import Columns
from ..tape.comparing import Comparison, Path, held_nodes
from ..tape.nodes import AWAITED, Node, by_order, somebody
from ..tape.plans import LONGEST, Plan
from ..tape.second import SecondPlan
from .arrays.traced import new_program
from .copying import Copied, other, some_factors
from .passes.optimise import Optimised, optimised
from .program.program import Program
from .program.statements import JitError, Variable
from .text.writer import write_program
from .tracing import as_output

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


def _written(kind: Callable[..., Any], nodes: list[Node], *args: Any) -> Any:
    ways = [into for into in (_is_known, _is_numpys) if into is _is_known or not all(_is_numpys(n.rule) for n in nodes)]
    waiting = []
    for into in ways:
        try:
            carried = silently(kind, into, nodes, *args)
        except Exception:
            continue  # of a rule that fails the loop says so; of others there is no program
        if carried.knows_values and into is not ways[-1]:
            waiting.append(carried)
        elif (new := _right(carried)) is not None:
            return new
    return next((new for carried in waiting if (new := _right(carried)) is not None), None)


def _right(carried: _Carried) -> Any:
    """Return the plan, if it does what the loop does."""
    try:
        for released in (False, True) if carried.large else (False,):
            carried.released, carried.orders = released, {}
            for _ in range(2):
                new = carried.plan()
                if silently(carried.is_right, new):
                    return new
                if not carried.orders:
                    break
    except Exception:
        pass
    return None


class _Carried:
    """What a loop does with a tape, as it is carried out over a copy of it, and written down.

    Parameters
    ----------
    into : tells of a rule whether its derivatives are written down, and not called as they are

    Attributes
    ----------
    large : whether there are arrays with which the loop has other ways if the tape does not stay
    released : whether the plan is for tapes that do not
    orders : by the number of a result, in which order the loop leaves it in memory, where that is not the program's
    nodes, uses : of the tape, from the oldest on
    varying : see `plan`
    """

    def __init__(
        self, into: Callable[[Any], bool], nodes: list[Node], uses: dict[Node, int], varying: set[Path]
    ) -> None:
        self._into, self._nodes, self._uses = into, nodes, uses
        self._tape = Copied(nodes)
        self._varying = varying
        self._given: dict[Path, Variable] = {}
        self._compare = Comparison(nodes, uses) if len(nodes) <= LONGEST else Columns(nodes, uses, varying)
        self._rules: dict[int, Any] = {}
        self._program = new_program()
        self._left: Optimised
        self.orders: dict[int, str] = {}
        self.large = any(node.size >= LARGE for node in nodes)
        self.released, self._retain = False, True

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

    @property
    def knows_values(self) -> bool:
        """Whether the program is for the content of some arrays alone."""
        return any(s.kind == "guard" and s.pieces[0] == "np.asarray(" for s in self._left.statements)

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
        trials = _TRIALS if self.large or any(len(spec.shape) > 1 for spec in specs) else _FEW
        others: Iterable[Any] = some_factors(trials) if known else (np.ones,) * (3 if self.large else 1)
        for i, factors in enumerate(others):
            self._retain = not (self.released or i // 2 % 2)
            g = self._g if self._unit else other(self._g, factors)
            found = self._both(self._tape.again(enter), plan, g)
            if found is not None:
                tried = True
                if not _are_same(*found):
                    self.orders = {} if self.orders else _other_orders(*found)
                    return False
        return tried

    def plan(self) -> Any:
        """Return the plan."""
        raise NotImplementedError

    def _both(self, copies: list[Node], plan: Any, g: Any) -> Any:
        """Return what the loop and the plan make of a copy; None where there is nothing to compare."""
        raise NotImplementedError

    def _traced(self) -> list[Node]:
        """Return a copy of the tape, in which traced arrays stand for what was saved."""
        return self._tape.again(self._enter, self._rule)

    def _enter(self, path: Path, value: Any) -> Any:
        if type(value) is float and path not in self._varying:
            return value
        p, given = self._program, self._compare.given
        name = given.get(path)
        if name is None:
            name = given[path] = p.named(f"x{len(given)}")
        traced = p.standing(value, name)
        p.inputs.append(traced.variable)
        self._given[path] = traced.variable
        return traced

    def _rule(self, rule: Any) -> Any:
        """Return the rule, or one whose derivatives are called each time, whatever they do."""
        if self._into(rule):
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
        more: Callable[[Any], None],
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
        compare = self._compare
        compare.lines.clear()
        compare.structure()
        tests: list[str] = []
        if self._unit:
            tests.append(f"type(g) is not {compare.constant(type(self._g))} or g != 1")
        else:
            compare.form("g", self._g, tests)
        compare.miss(*tests)
        compare.saved(read)
        more(compare)
        head = f"plan({compare.root}, g, {parameters})"
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

    def __init__(self, into: Any, nodes: Any, uses: Any, varying: Any, held: frozenset[int], g: Any) -> None:
        super().__init__(into, nodes, uses, varying)
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
        found = sweeps.pulled(copies, counts, copies[-1], g, self._retain)
        # The list and the dictionary have the nodes.
        again = plan(copies[-1], g, self._retain, copies[0].order, 2)
        del known
        if again is None:
            return None
        return [{number[node.order]: x for node, x in kept.items()} for kept in (found or {}, again)]

    def plan(self) -> Plan:
        last = len(self._nodes) - 1
        node, root = self._compare.node, self._compare.root

        def ending(results: list[str]) -> list[str]:
            results = [
                f'np.array({x}, order="{self.orders[k]}")' if k in self.orders else x
                for k, x in zip(self._kept, results, strict=True)
            ]
            pairs = [f"{node(k)}: {'g' if k == last else x}" for k, x in zip(self._kept, results, strict=True)]
            lines = [f"kept = {{{', '.join(pairs)}}}", *[f"{node(k)}.grad = None" for k in self._missed]]
            # With the last node goes what hangs on it, and on nothing else.
            return [*lines, *([] if self._held else [f"if not retain: {root}.release()"]), "return kept"]

        def more(compare: Any) -> None:
            compare.held(self._held)
            if self.released:
                compare.miss("retain")

        return self._text(self._left, "retain, oldest, own", more, ending)  # type: ignore[no-any-return]


class _Second(_Carried):
    """A sweep together with its tangent.

    Parameters
    ----------
    g, inputs, directions : see `second.hessian_product`
    """

    def __init__(
        self,
        into: Any,
        nodes: Any,
        uses: Any,
        varying: Any,
        g: Any,
        inputs: Sequence[Node],
        directions: Sequence[Any],
    ) -> None:
        super().__init__(into, nodes, uses, varying)
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


def _is_numpys(rule: Any) -> bool:
    """Tell whether the derivatives of a rule are of a function of NumPy's, and so made of NumPy's functions.

    What else there is may look at values, or compute with plain arrays in a way of its own.
    """
    return _is_known(rule) and (not hasattr(rule, "enclose") or rule.name.startswith("np."))


def _are_same(found: dict[int, Any], again: dict[int, Any]) -> bool:
    """Tell whether arrays are the same, and lie in the same order in memory."""
    if found.keys() != again.keys():
        return False
    return all(
        x.dtype == (y := again[k]).dtype and x.strides == y.strides and x.tobytes() == y.tobytes()
        for k, x in found.items()
    )


def _other_orders(found: dict[int, Any], again: dict[int, Any]) -> dict[int, str]:
    """Return in which order those arrays lie that are the same but for that; nothing where one is another array."""
    orders = {}
    for k, x in found.items():
        y = again.get(k)
        if y is None or x.dtype != y.dtype or x.tobytes() != y.tobytes():
            return {}
        if x.strides != y.strides:
            if not (x.flags.c_contiguous or x.flags.f_contiguous):
                return {}
            orders[k] = "C" if x.flags.c_contiguous else "F"
    return orders


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
