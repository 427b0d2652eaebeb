"""Sweeps over tapes whose structure comes again and again, as in a training loop.

The loop in sweeps.py finds out at each node what to do with it. Of a structure that has come often enough the sweep is
written down as a program, as `ga.jit` does it: the calls of NumPy that it came to, and nothing else. It first compares
the tape with the structure that it was written for; see comparing.py. Another tape is left to `sweeps.sweep`, and so is
one from which a NaN comes out. The arithmetic is the same, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..context.settings import SILENT, errors, paused, watching
from ..kernels import guard
from ..kernels.arrays import LARGE, Array
from ..kernels.traced import TRACED
from . import sweeps
from .comparing import Path
from .nodes import Node
from .sweeps import reachable
from .unchanged import verify

K = TypeVar("K")
V = TypeVar("V")
Gradients = dict[Node, Array]
# Takes root, cotangent, retain and oldest as `sweep` does, and how many references to each node its caller has. None
# stands for a tape of another structure, and for one from which a NaN comes out.
Plan = Callable[[Node, Array, bool, int, int], Gradients | None]

# So many tapes that no plan was for, with the same rules, make it worth writing one. That takes some 200 us a node, and
# each later sweep takes 1 to 3 us a node less.
REPEATS = 8
# Longer tapes than this gain little: the function itself no longer fits into the processor's cache.
LONGEST = 400
# So many plans for tapes with the same rule at the end are kept, and so much else is remembered.
MOST = 8
MUCH = 256

# Writes a plan for the tape with these nodes and numbers of uses, and a cotangent of its last node; handed down by the
# compiler. It is given the places of Python's numbers that vary, and notes those that it has met.
write: Callable[[dict[Node, int], Array, set[Path], dict[Path, float]], Plan | None] | None = None


class _Known:
    """The plans for tapes with one rule at the end; by the rules on a tape, how often none was for it, and numbers."""

    __slots__ = ("misses", "numbers", "plans", "varying")

    def __init__(self) -> None:
        self.plans: tuple[Plan, ...] = ()
        self.misses: dict[int, int] = {}
        # Python's numbers of the last tape that a plan was written for, and where they have been others.
        self.numbers: dict[int, dict[Path, float]] = {}
        self.varying: dict[int, set[Path]] = {}


_known: dict[Any, _Known] = {}


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
    if known is not None and known.plans:
        callers = 0 if uses is None else 1
        before = errors.get()
        for plan in known.plans:
            try:
                errors.set(SILENT)
                gradients = plan(root, g, retain, oldest, callers)
            except Exception:
                continue  # another tape; or a rule fails, which the loop says from where its author expects it
            finally:
                errors.set(before)
            if gradients is not None:
                if not retain and root.rule is rule:  # more than the root is held
                    sweeps.release_behind(root, gradients, oldest, uses)
                return gradients
    if uses is None:
        uses = reachable(root, oldest)
    if len(uses) <= LONGEST:
        known = _room(_known).setdefault(rule, _Known()) if known is None else known
        rules = hash(tuple([node.rule for node in uses]))  # which keeps none of them alive
        misses = known.misses[rules] = _room(known.misses).get(rules, 0) + 1
        # Where shapes are other ones each time, ever fewer are tried.
        if misses >= REPEATS and misses & (misses - 1) == 0:
            new = written(uses, g, known, rules)
            if new is not None:
                known.plans = (new, *known.plans[: MOST - 1])
    return sweeps.sweep(root, g, retain, None, oldest, uses)


def _room(memory: dict[K, V]) -> dict[K, V]:
    """Return a dictionary that has room for another entry."""
    if len(memory) >= MUCH:
        memory.clear()
    return memory


def written(uses: dict[Node, int], g: Array, known: _Known, rules: int) -> Plan | None:
    """Return a plan for tapes like the one with these nodes and numbers of uses, or None where plans are not for it."""
    if write is None or not all(map(_may_be_planned, uses)):
        return None
    varying = _room(known.varying).setdefault(rules, set())
    before = known.numbers.get(rules, {})
    now: dict[Path, float] = {}
    new = write(uses, g, varying, now)
    others = {path for path, value in now.items() if before.get(path, value) != value} - varying
    _room(known.numbers)[rules] = now
    if others:
        varying |= others
        new = write(uses, g, varying, now)
    return new


def _may_be_planned(node: Node) -> bool:
    if node.rule is not None and (not node.rule.shared or node.size >= LARGE):
        return False
    return node.dtype.char in "fdFD" and node.dtype.isnative
