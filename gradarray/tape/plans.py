"""Sweeps over tapes whose structure comes again and again, as in a training loop.

The loop in sweeps.py finds out at each node what to do with it. For a structure that has come often enough, a function
is written that does the same with nothing left to find out. It first goes through the tape and compares it with the
structure that it was written for. Another tape is left to `sweeps.sweep`, and so is one from which a NaN comes out. The
arithmetic is the same, to the last bit.

The function is the program of the loop, as `ga.jit` would write it: the calls of NumPy that the loop comes to, and
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ..context.settings import SILENT, errors, paused, watching
from ..kernels import guard
from ..kernels.arrays import HEAVY, Array
from ..kernels.traced import TRACED
from . import sweeps
from .comparing import Path, floats
from .nodes import Node, by_order
from .sweeps import reachable
from .unchanged import verify

K = TypeVar("K")
V = TypeVar("V")

Gradients = dict[Node, Array]
# Takes root, cotangent, retain and oldest as `sweep` does, and how many references to each node its caller has. None
# stands for a tape of another structure; no gradients at all say that a NaN came out.
Plan = Callable[[Node, Array, bool, int, int], Gradients | None]

# So many tapes that no plan was for, with the same rules, make it worth writing one. That takes 100 to 300 us a node,
# and each later sweep takes 1 to 3 us a node less. Whoever writes when the loop has cost about as much as writing will
# never loses more than half, however many more tapes come.
REPEATS = 64
# Writing one for a longer tape takes so many seconds at once that the program seems to hang.
MOST_NODES = 20_000
# Longer tapes than this are told from others in columns, not node by node.
LONGEST = 400
# So many plans for tapes with the same rule at the end are kept, and so much else is remembered.
MOST = 8
MUCH = 256

# Writes the program of a sweep, for the tape with these nodes and numbers of uses, and a cotangent of its last node;
# handed down by the compiler. It is given the places of Python's numbers that vary.
program: Callable[[dict[Node, int], Array, set[Path]], Plan | None] | None = None


class Often:
    """By the rules on tapes: how often no plan was for one, and Python's numbers on them.

    A program has a number as it is, unless there have been others in its place.
    """

    __slots__ = ("_last", "_misses", "_varying")

    def __init__(self) -> None:
        self._misses: dict[int, int] = {}
        self._last: dict[int, dict[Path, float]] = {}
        self._varying: dict[int, set[Path]] = {}

    def enough(self, rules: int, uses: Iterable[Node]) -> set[Path] | None:
        """Count a tape that no plan was for; return where numbers vary if a plan is worth writing now, otherwise None.

        Where shapes are other ones each time, ever fewer plans are written.
        """
        misses = self._misses[rules] = room(self._misses).get(rules, 0) + 1
        if misses & (misses - 1) or misses < REPEATS // 4:
            return None
        now = dict(floats(sorted(uses, key=by_order)))
        varying = room(self._varying).setdefault(rules, set())
        before = room(self._last).get(rules, now)
        varying.update([path for path, value in now.items() if before.get(path, value) != value])
        self._last[rules] = now
        return varying if misses >= REPEATS else None


class Known:
    """The plans for tapes with one rule at the end, and what is known of those that no plan was for.

    Those are `closed` for whose tapes no node has an older one for a parent, which would be a constant for the sweep.
    """

    __slots__ = ("closed", "often", "plans")

    def __init__(self) -> None:
        self.plans: tuple[Plan, ...] = ()
        self.closed: tuple[Plan, ...] = ()
        self.often = Often()

    def add(self, plan: Plan, closed: bool) -> None:
        left = self.plans[: MOST - 1]
        self.plans = (plan, *left)
        self.closed = tuple([p for p in self.plans if p in self.closed or (closed and p is plan)])


_known: dict[Any, Known] = {}


def sweep(
    root: Node,
    g: Array,
    retain: bool = False,
    wrap: Callable[[Array, Node | None], Array] | None = None,
    oldest: int = -1,
    uses: dict[Node, int] | None = None,
) -> Gradients:
    """Do what `sweeps.sweep` does, by a plan where there is one, if what the tape saved is still as it was."""
    if guard.watched:
        uses = reachable(root, oldest) if uses is None else uses
        verify(uses)
    if paused and (watch := watching()) is not None:
        return watch.sweep(root, g, retain, wrap, oldest, uses)  # type: ignore[no-any-return]
    rule = root.rule
    if wrap is not None or rule is None or not rule.shared or type(g) in TRACED:
        return sweeps.sweep(root, g, retain, wrap, oldest, uses)
    known = _known.get(rule)
    if known is not None:
        gradients = _by_plan(known.plans, root, g, retain, oldest, uses)
        if gradients is not None:
            return gradients or sweeps.sweep(root, g, retain, None, oldest, uses)
    if uses is None:
        uses = reachable(root, oldest)
    count = len(uses)
    if count <= MOST_NODES:
        known = room(_known).setdefault(rule, Known()) if known is None else known
        # Which keeps none of them alive. Of long tapes, another one of the same length is a rare thing.
        rules = hash(tuple([node.rule for node in uses])) if count <= LONGEST else -count
        varying = known.often.enough(rules, uses)
        if varying is not None:
            new = written(uses, g, varying)
            if new is not None:
                known.add(new, all(p is None or p in uses for node in uses for p in node.parents))
    return sweeps.sweep(root, g, retain, None, oldest, uses)


def sweep_closed(root: Node, g: Array, retain: bool, oldest: int) -> Gradients | None:
    """Return the gradients by a plan for tapes that have no older node for a parent; None where there is none for this.

    Whoever has to know whether there are such nodes is so spared a walk over the tape.
    """
    if guard.watched or type(g) in TRACED or (paused and watching() is not None):
        return None
    known = _known.get(root.rule)
    if known is None:
        return None
    return _by_plan(known.closed, root, g, retain, oldest, None) or None


def _by_plan(
    plans: tuple[Plan, ...], root: Node, g: Array, retain: bool, oldest: int, uses: dict[Node, int] | None
) -> Gradients | None:
    """Return what the first plan for this tape gives, None if there is none; nothing at all is the plan's NaN."""
    callers = 0 if uses is None else 1
    rule = root.rule
    before = errors.get()
    for plan in plans:
        try:
            errors.set(SILENT)
            gradients = plan(root, g, retain, oldest, callers)
        except Exception:
            continue  # another tape; or a rule fails, which the loop says from where its author expects it
        finally:
            errors.set(before)
        if gradients is not None:
            if gradients and not retain and root.rule is rule:  # more than the root is held
                sweeps.release_behind(root, gradients, oldest, uses)
            return gradients
    return None


def room(memory: dict[K, V]) -> dict[K, V]:
    """Return a dictionary that has room for another entry."""
    if len(memory) >= MUCH:
        memory.clear()
    return memory


def written(uses: dict[Node, int], g: Array, varying: set[Path]) -> Plan | None:
    """Return a plan for tapes like the one with these nodes and numbers of uses, or None where plans are not for it.

    `g` is a cotangent of the last node, and Python's numbers are others at `varying` places.
    """
    if program is None or not all(map(_is_plain, uses)):
        return None
    return program(uses, g, varying)


def _is_plain(node: Node) -> bool:
    """Tell whether the loop may do with a node what traced arrays do."""
    rule = node.rule
    if rule is not None and (not rule.shared or (node.size >= HEAVY and not rule.in_place)):
        return False
    return node.dtype.char in "fdFD" and node.dtype.isnative
