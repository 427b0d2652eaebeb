"""The careful sweep, for a tape from which a NaN came out: it tells which zeros win over an infinity or a NaN.

The other sweep multiplies, and zero times infinity is NaN there. Here each cotangent has marks beside it that say where
its zeros and infinities come from:

- A zero that comes from a *selection* is sure, and wins: from np.where, a mask, a bound, an extremum, an index, an
  assignment, a sort, or the cotangent that the sweep starts with. ``np.where(x > 0, np.log(x), 0.)`` has a finite
  gradient at 0, and a NaN in an item that is left out does not reach the others.
- An exact zero among the constants wins where the value that it is multiplied by is finite.
- A zero of the data does not win: np.exp(np.log(x)) is x, although the slopes at 0 are 0 and infinity. That is NaN.
- The infinite slope of a root at 0 times an inner derivative that vanishes is 0, the subgradient of a distance at
  distance 0: ``np.sqrt(x ** 2)``. So it is where the inner function is stationary; an odd power under a cube root, or
  what only became zero by rounding, is not.

Where zeros come from is found out by asking the rules themselves. A cotangent of random numbers, with zeros where the
cotangent's are sure, is pulled back through the same call with random operands: what is zero then is zero whatever the
data are. And what stays the same when other numbers are put in the place of an operand's infinities and NaN does not
depend on these.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..kernels.arrays import LARGE, Array, Spec, conjugate, factor_of
from ..kernels.gate import PLAIN
from ..kernels.traced import as_form
from .fitting import fit
from .nodes import Node, references

Wrap = Callable[[Array, Node | None], Array]


def raw(x: Any) -> Any:
    """Return the bare values of what may be a Tensor or a Dual."""
    while True:
        inner = getattr(x, "_raw", None)
        if inner is None:
            return x
        x = inner


# How often a kink was met in what is differentiated once more, by all sweeps together.
kinks = 0

# Marks zeros that a convention sets: handed in by rules/kinks.py, which stands on this module.
at_kink: Any = None


def met_kink() -> None:
    """Take note of a kink, for a recorded sweep to be done once more with care: what is left out has none."""
    global kinks
    kinks += 1


# Random numbers for larger arrays repeat, which are dear; the period is a prime, unlike the lengths of most arrays.
_PERIOD = 4099


class _Channel:
    """Cotangents of one kind on their way: the values themselves, or numbers that are not zero where a mark is."""

    def __init__(self) -> None:
        self.pending: dict[Node, Any] = {}
        self.owned: set[Node] = set()

    def take(self, node: Node) -> tuple[Any, bool]:
        mine = node in self.owned
        self.owned.discard(node)
        return self.pending.pop(node, None), mine

    def add(self, node: Node, pulled: Iterable[Any], mine: bool) -> None:
        for parent, c in zip(node.parents, pulled, strict=False):
            if parent is None or c is None:
                continue
            total = self.pending.get(parent)
            if c.shape is None:
                self.pending[parent] = c.add_to(total, parent, self.owned, mine)
                continue
            c = fit(c, parent)
            if total is None:
                self.pending[parent] = c
            else:
                self.pending[parent] = total = total + c
                if type(total) is np.ndarray:
                    self.owned.add(parent)
                else:
                    self.owned.discard(parent)


class Marks:
    """What is known of a cotangent besides its values, element by element.

    Attributes
    ----------
    unsure : it is not certain to be zero by a selection
    loose : nor is it by a constant that is zero
    level : how it became infinite or NaN: ROOT, SHARP or HARD; 0 where it is finite
    """

    __slots__ = ("level", "loose", "unsure")

    def __init__(self, found: Sequence[Any], g: Any, shape: tuple[int, ...]) -> None:
        self.unsure, self.loose, *levels = (np.zeros(shape, bool) if x is None else x != 0 for x in found)
        self.level = np.add.reduce([np.asarray(x, np.int8) for x in levels])
        if g is not None:
            finite = np.isfinite(raw(g))
            self.level = np.where(finite, 0, np.where(self.level == 0, HARD, self.level))
        self.loose = self.loose | (self.level > 0)


class Sweep:
    """One careful sweep.

    Parameters
    ----------
    root : node
    g : its cotangent
    wrap : makes a Tensor of a raw array and its node; given, the sweep itself is recorded
    """

    def __init__(self, root: Node, g: Array, wrap: Wrap | None = None) -> None:
        self.wrap = wrap
        self.random = np.random.default_rng(0).random
        self.table = self.random(_PERIOD) + 1
        self.values, self.unsure, self.loose = _Channel(), _Channel(), _Channel()
        self.levels = [_Channel() for _ in range(HARD)]
        self.marks = (self.unsure, self.loose, *self.levels)
        # A zero of a start that is differentiated as well is none of a selection.
        self.fixed = type(g) is not list and not _varies(g)
        if type(g) is list:  # of which the marks are known already
            return
        self.values.pending[root] = g
        for channel, mark in ((self.unsure, raw(g) != 0), (self.loose, raw(g) != 0)):
            channel.pending[root] = self._weights(root, mark)
        for channel in self.levels:
            channel.pending[root] = self._weights(root, ~np.isfinite(raw(g)))

    def run(self, nodes: Sequence[Node], uses: dict[Node, int], own: int) -> dict[Node, Array]:
        """Pull back through nodes that stand in the order of their recording; return what `sweeps._pull` does.

        There are `own` references to a node here.
        """
        kept: dict[Node, Array] = {}
        passed: list[tuple[Node, Array]] = []
        source = None
        for node in reversed(nodes):
            source = None  # it may still name this node, which would count as somebody who holds it
            g, mine = self.values.take(node)
            if g is None:
                node.grad = None
                continue
            found = [channel.take(node)[0] for channel in self.marks]
            if node.rule is None:
                kept[node] = g
                continue
            if references(node) - uses[node] > own and type(g) is not list:
                kept[node] = g
                mine = False
            marks = _marks(node, g, found)
            source = node
            if self.wrap is not None:
                smooth = node.rule.smoothed(node)
                if smooth is not None and smooth.rule is not None:
                    passed.append((node, g))
                    source = smooth
            self.values.add(source, self._pull(source, g, marks), mine)
        if passed:
            add_passed(kept, passed, self.wrap)
        return kept

    def _pull(self, node: Node, g: Any, marks: Any) -> list[Any]:
        """Return the cotangents of the operands, and pull the marks back as well."""
        rule: Any = node.rule
        source = node if self.wrap is None else rule.lift(node, self.wrap)
        values: list[Any] = rule.carefully(self, node, source, g, marks)
        if self.wrap is not None:  # plain zeros, say; mixed with Tensors they would meet as out= or in a Scatter
            values = [self.wrap(c, None) if isinstance(c, (np.ndarray, np.generic)) else c for c in values]
        return values

    # --- marks ------------------------------------------------------------------------------------------------------

    def _drawn(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        """Return random numbers between 1 and 2, or with such parts."""
        size = math.prod(shape)
        x = self.random(shape) + 1 if size < _PERIOD else np.resize(self.table, shape)
        return (x + 1j * np.flip(x) if dtype.kind == "c" else x).astype(dtype)[()]

    def _weights(self, like: Any, mark: Any) -> Any:
        """Return random numbers of a node's shape and dtype, zero where there is no mark."""
        return np.where(mark, self._drawn(like.shape, like.dtype), np.zeros((), like.dtype))[()]

    def _each(self, node: Node, marks: Any, mark: Callable[[Marks], Any]) -> Any:
        """Return the weights of a mark: one array, or a list of them for several results."""
        if type(marks) is not list:
            return self._weights(node, mark(marks))
        return [None if m is None else self._weights(out, mark(m)) for m, out in zip(marks, node.out, strict=True)]

    def _pass(self, node: Node, marks: Any, pull: Callable[[Any], Any], near: Callable[[Any], Any]) -> list[Any]:
        """Pull marks back, `near` those of zeros that constants make; return what came of the first one."""
        unsure = pull(self._each(node, marks, lambda m: m.unsure))
        self.unsure.add(node, unsure, True)
        self.loose.add(node, near(self._each(node, marks, lambda m: m.loose)), True)
        highest = max((int(np.max(m.level, initial=0)) for m in _several(marks)), default=0)
        for k in range(highest):
            self.levels[k].add(node, pull(self._each(node, marks, functools.partial(_is_above, k))), True)
        return unsure  # type: ignore[no-any-return]

    def pass_by(self, node: Node, marks: Any) -> None:
        """Pass marks through what moves, adds and scales elements, or through a call of which nothing is known."""
        rule: Any = node.rule
        if not rule.opaque:
            self._pass(node, marks, lambda w: rule.pullback(node, w), lambda w: rule.pullback(node, w))
            return

        def all_or_nothing(weights: Any) -> list[Any]:
            mark = any(map(np.any, _several(weights)))
            return [None if p is None else self._weights(p, np.full(p.shape, mark)) for p in node.parents]

        self._pass(node, marks, all_or_nothing, all_or_nothing)

    def _pass_elementwise(self, node: Node, marks: Marks, levels: Sequence[Any]) -> None:
        """Pass marks to the operands of a ufunc; the levels are given for each of them."""
        rule: Any = node.rule
        for i, (d, parent) in enumerate(zip(rule.partials, node.parents, strict=True)):
            if parent is None:
                continue
            unsure, loose = marks.unsure, marks.loose & ~np.asarray(rule.constant(i, node))
            if rule.selects or not callable(d):
                chosen = np.not_equal(raw(d(node.out, *node.args)) if callable(d) else d, 0)
                unsure, loose = unsure & chosen, loose & chosen
            only = [None] * i
            self.unsure.add(node, [*only, self._weights(node, unsure)], True)
            self.loose.add(node, [*only, self._weights(node, loose)], True)
            for k in range(int(np.max(levels[i], initial=0))):
                self.levels[k].add(node, [*only, self._weights(node, levels[i] > k)], True)

    def _pass_function(self, node: Node, marks: Any) -> tuple[Node, list[Any]]:
        """Pass marks through a call whose rule is asked where its cotangents come from.

        Return the call that was asked, and what came of the first mark.
        """
        rule: Any = node.rule
        apart, near = (node, node) if rule.selects is True else self.at_random(node)
        return apart, self._pass(node, marks, lambda w: _pulled(apart, w), lambda w: _pulled(near, w))

    # --- values -----------------------------------------------------------------------------------------------------

    def moved(self, node: Node, source: Node, g: Any, marks: Any) -> list[Any]:
        """Pull through what moves, adds and scales elements, or through a call of which nothing is known."""
        rule: Any = node.rule
        values = list(rule.pullback(source, g))
        if rule.opaque and not any(np.any(m.unsure) for m in _several(marks)):
            values = [None if c is None else _without_nan(c, True) for c in values]
        self.pass_by(node, marks)
        return values

    def elementwise(self, node: Node, source: Node, g: Any, marks: Marks) -> list[Any]:
        """Pull through a ufunc, by its partial derivatives."""
        rule: Any = node.rule
        values: list[Any] = []
        levels: list[Any] = []
        for i, (d, parent) in enumerate(zip(rule.partials, node.parents, strict=True)):
            if parent is None:
                values.append(None)
                levels.append(None)
                continue
            d = conjugate(d(source.out, *source.args)) if callable(d) else factor_of(d, node.dtype)
            c = g * d
            if self._is_to_stay(c):
                c = _without_nan(c, ~marks.unsure | ((raw(d) == 0) & rule.selects))
            if np.any(nan := np.isnan(raw(c))):
                nan &= _wins(rule, i, node, marks, raw(d))
                excused = nan & marks.unsure & (marks.loose | ~_is_finite(node))
                c = _by_convention(_without_nan(c, nan), excused, g)
            values.append(c)
            levels.append(self._level(rule, i, node, marks, raw(d), raw(c)))
        self._pass_elementwise(node, marks, levels)
        return values

    def _is_to_stay(self, c: Any) -> bool:
        """Tell whether the sure zeros of a cotangent are to stay zero where that is differentiated once more."""
        return self.fixed and type(c) not in PLAIN

    @staticmethod
    def _level(rule: Any, i: int, node: Node, marks: Marks, d: Any, c: Any) -> Any:
        """Return how the infinities and NaN of a product came about."""
        bad = ~np.isfinite(c)
        if not np.any(bad):
            return np.zeros(node.shape, np.int8)
        level, steep = marks.level, ~np.isfinite(d)
        if np.any(steep):
            here = HARD if rule.root is None else rule.root(i, *map(raw, (node.out, *node.args)))
            # A root of a root is one with a smaller exponent.
            level = np.where(steep, np.where(level == 0, here, np.maximum(np.maximum(level, here), SHARP)), level)
        return np.where(bad, np.where(level == 0, HARD, level), 0)

    def function(self, node: Node, source: Node, g: Any, marks: Any) -> list[Any]:
        """Pull through a call whose rule is asked where its cotangents come from."""
        rule: Any = node.rule
        try:
            values = _fitted(node, rule.pullback(source, g))
        except np.linalg.LinAlgError:  # of a matrix that is not finite
            values = [None if p is None else np.full(p.shape, np.nan, p.dtype) for p in node.parents]
        if not rule.ours:
            return self._of_stranger(node, marks, values)
        try:
            apart, unsure = self._pass_function(node, marks)
            return self._mended(node, source, g, marks, values, apart, unsure)
        except (ValueError, np.linalg.LinAlgError):  # not defined, or refused, at random numbers
            return self._of_stranger(node, marks, values)

    def _mended(
        self, node: Node, source: Node, g: Any, marks: Any, values: list[Any], apart: Node, unsure: list[Any]
    ) -> list[Any]:
        """Return cotangents with numbers in the place of those NaN that are none of theirs."""
        rule: Any = node.rule
        pairs = zip(values, unsure, strict=True)
        values = [
            c if c is None else _without_nan(c, (np.isnan(raw(c)) | self._is_to_stay(c)) & (w == 0)) for c, w in pairs
        ]
        if rule.selects is True or all(c is None or np.all(np.isfinite(raw(c))) for c in values):
            return values
        if _extremes(node) is not None and np.any(np.isnan(raw(node.args[0]))):  # which is the result
            return values
        stays: list[Any] = [False] * len(values)
        excused: list[Any] = [None] * len(values)
        if any(np.any(m.level) for m in _several(marks)):
            most = rule.excusing(node)
            hard = _pulled(apart, self._each(node, marks, lambda m: m.level > most))
            if any(c is not None and type(c) not in PLAIN for c in values):
                excused = _pulled(apart, self._each(node, marks, lambda m: m.unsure & (m.level > 0)))
            steep = _pulled(self._filled(node, node), self._each(node, marks, lambda m: m.level > 0))
            stays = [False if h is None else (h != 0) | (s != 0) for h, s in zip(hard, steep, strict=True)]
        calm = [None if part is None else _calm(part) for part in g] if type(g) is list else _calm(g)
        weights = self._each(node, marks, lambda m: m.unsure)
        # The result of which nothing comes back may not matter either.
        for kept in (None,) if type(g) is list else (None, marks.unsure):
            one, other = (_pulled(self._filled(apart, node, kept), weights) for _ in range(2))
            again = _pulled(self._filled(source, node, kept), calm)
            for k, (c, a) in enumerate(zip(values, again, strict=True)):
                if c is None:
                    continue
                depends = ~((one[k] == other[k]) | (np.isnan(one[k]) & np.isnan(other[k])))
                if kept is None:
                    for channel in self.levels:
                        found = self._weights(node.parents[k], depends & ~np.isfinite(raw(c)))
                        channel.add(node, [*[None] * k, found], True)
                instead = np.isnan(raw(c)) & ~(depends | stays[k])
                values[k] = c = np.where(instead, a, c)
                if excused[k] is not None and np.any(convention := instead & (excused[k] != 0)):
                    values[k] = _by_convention(c, convention, _total(g, marks))
        return values

    def _of_stranger(self, node: Node, marks: Any, values: list[Any]) -> list[Any]:
        """Pass marks and values through a call of which nothing is known."""
        mark = any(np.any(m.unsure) for m in _several(marks))
        loose = any(np.any(m.loose) for m in _several(marks))
        for channel, found in ((self.unsure, mark), (self.loose, loose)):
            channel.add(
                node, [None if p is None else self._weights(p, np.full(p.shape, found)) for p in node.parents], True
            )
        return values if mark else [None if c is None else _without_nan(c, True) for c in values]

    # --- operands ---------------------------------------------------------------------------------------------------

    def at_random(self, node: Node) -> tuple[Node, Node]:
        """Return the call with random numbers for operands; the second one has the zeros of the constants in them."""
        rule: Any = node.rule

        def drawn(x: Any) -> Any:
            x = raw(x)
            if type(x) is Spec:
                return self._drawn(x.shape, x.dtype) if x.dtype.kind in "fc" else x
            if not _floating(x):
                return x
            new = self._drawn(np.shape(x), np.asarray(as_form(x)).dtype)
            return np.where(np.isnan(x), x, new)[()] if rule.selects == "nan" else new

        args = tuple([x if i in rule.skip else drawn(x) for i, x in enumerate(node.args)])
        if (chosen := _extremes(node)) is not None:
            args = (chosen,)
        out = tuple(map(drawn, node.out)) if type(node.out) is tuple else drawn(node.out)
        apart = near = _with(node, args, out)
        zeros = [
            parent is None and _floating(raw(x)) and not np.all(raw(x))
            for x, parent in zip(node.args, node.parents, strict=True)
        ]
        if any(zeros):
            pairs = zip(zeros, args, node.args, strict=True)
            near = _with(node, tuple([np.where(raw(old) == 0, 0, x)[()] if z else x for z, x, old in pairs]), out)
        return apart, near

    def _filled(self, place: Node, node: Node, kept: Any = None) -> Node:
        """Return a call with random numbers where the operands and the result of another one are not finite.

        Given `kept`, the result has them in all other places as well.
        """

        def filled(x: Any, old: Any, kept: Any = True) -> Any:
            old = raw(old)
            if not _floating(old):
                return x
            finite = np.isfinite(old) & kept
            if np.all(finite):
                return x
            new = np.where(finite, x, self._drawn(np.shape(old), np.asarray(as_form(old)).dtype))
            return new[()] if type(new) is np.ndarray else new

        args = tuple([filled(x, old) for x, old in zip(place.args, node.args, strict=True)])
        if type(node.out) is tuple:
            return _with(place, args, tuple([filled(x, old) for x, old in zip(place.out, node.out, strict=True)]))
        return _with(place, args, filled(place.out, node.out, True if kept is None else kept))


def add_passed(kept: dict[Node, Array], passed: Iterable[tuple[Node, Array]], wrap: Any) -> None:
    """Add the cotangents of operands that those of nodes went by; they are asked for all the same."""
    for node, g in passed:
        assert node.rule is not None
        for parent, c in zip(node.parents, node.rule.pullback(node.rule.lift(node, wrap), g), strict=True):
            if parent is not None:
                kept[parent] = kept[parent] + c if parent in kept else c


class Journal(Sweep):
    """The marks of a sweep that releases each node once it is used, for where a NaN comes out of it later on.

    What is kept of a node is what its marks need: no large array of numbers, but where these tell what is selected.

    Parameters
    ----------
    root, g : the node that the sweep starts from, and its cotangent
    """

    def __init__(self, root: Node, g: Array) -> None:
        # Somebody else may write into what is large.
        self.start = root, (g != 0 if type(g) is np.ndarray and g.size >= LARGE and g.flags.owndata else g)
        self.begun = False
        self.queue: list[Any] = []
        self.lock = threading.Lock()

    def note(self, node: Node, g: Any = None) -> tuple[Any, ...]:
        """Return what is to be put in the queue once the sweep has pulled `g`, if that may be infinite, through a node.

        It is made before the node is released.
        """
        rule: Any = node.rule
        args, out, level = rule.noted(node, g)
        return node, rule, args, rule.unsaved(node.kwargs), out, level

    def _known(self, node: Node, g: Any) -> Any:
        """Return the marks of a cotangent that is on its way."""
        with self.lock:
            if not self.begun:
                root, start = self.start
                super().__init__(root, np.asarray(start, root.dtype)[()])
                self.begun = True
            for passed, rule, args, kwargs, out, level in self.queue:
                self._advance(passed, Node(rule, args, kwargs, out, passed.parents, passed.shape, passed.dtype), level)
            self.queue.clear()
            return _marks(node, g, [channel.pending.get(node) for channel in self.marks])

    def _advance(self, node: Node, light: Node, level: Any) -> None:
        rule: Any = light.rule
        found = [channel.take(node)[0] for channel in self.marks]
        if all(x is None for x in found):
            return
        rule.mark(self, light, _marks(light, None, found), level)

    def mark_elementwise(self, light: Node, marks: Marks, level: Any) -> None:
        """Pull marks through a ufunc, whose slopes make infinities of a level."""
        self._pass_elementwise(light, marks, [np.maximum(marks.level, level)] * len(light.parents))

    def mark_function(self, light: Node, marks: Any) -> None:
        """Pull marks through a call whose rule is asked where its cotangents come from."""
        rule: Any = light.rule
        if rule.ours:
            try:
                self._pass_function(light, marks)
            except (ValueError, np.linalg.LinAlgError):
                pass
            else:
                return
        self._of_stranger(light, marks, [])

    def again(self, node: Node, g: Any) -> list[Any]:
        """Return the cotangents of a node's operands, where a NaN came out of its pullback."""
        return Sweep(node, g)._pull(node, g, self._known(node, g))

    def mender(self, node: Node) -> Callable[[int], Callable[..., Any]]:
        """Return what makes the function that `parallel.product_in_parts` asks about a NaN, for each operand."""
        rule, args, out, parents = node.rule, node.args, node.out, node.parents

        def mend(i: int) -> Callable[..., Any]:
            def win(place: Any, g: Any, d: Any, product: Any) -> Any:
                marks = self._known(node, None)
                call = Node(rule, args, None, out, parents, node.shape, node.dtype)
                part = Marks.__new__(Marks)
                part.unsure, part.loose, level = (
                    _part(x, node.shape, place, product) for x in (marks.unsure, marks.loose, marks.level)
                )
                part.level = np.where(np.isfinite(g), 0, np.where(level == 0, HARD, level))
                part.loose = part.loose | (part.level > 0)
                zero = _wins(rule, i, call, part, d, lambda x: _part(x, node.shape, place, product))
                return np.where(np.isnan(product) & zero, np.zeros((), product.dtype), product)

            return win

        return mend


def _part(x: Any, shape: tuple[int, ...], place: Any, like: Any) -> Any:
    """Return the part of an array at a place as in `parallel.product_in_parts`."""
    if np.ndim(x) == 0 or place is ...:
        return x
    x = np.broadcast_to(x, shape)
    return x[place] if like.ndim == len(shape) else x.reshape(-1)[place]


def _marks(node: Node, g: Any, found: Sequence[Any]) -> Any:
    """Return the marks of a cotangent, or a list of them for several results."""
    if type(node.out) is not tuple:
        return Marks(found, g, node.shape)
    parts = []
    for k, out in enumerate(node.out):
        one = [None if x is None else x[k] for x in found]
        nothing = g[k] is None if type(g) is list else all(x is None for x in one)
        parts.append(None if nothing else Marks(one, None if g is None else g[k], out.shape))
    return parts


def _wins(rule: Any, i: int, node: Node, marks: Marks, d: Any, part: Callable[[Any], Any] = lambda x: x) -> Any:
    """Tell where zero is the product of a cotangent and a derivative, if that is NaN.

    The marks and the derivative may be those of a part of the node, which `part` takes of an array.
    """
    excused = (marks.level > 0) & (marks.level <= part(rule.excuses(i, node)))
    zero = ~marks.unsure | ((d == 0) & (rule.selects | excused))
    if not np.all(marks.loose):
        zero = zero | (~marks.loose & part(_is_finite(node)))
    return zero


def _is_finite(node: Node) -> Any:
    """Tell where the operands and the result of a ufunc are finite, as far as the tape has kept them."""
    args = [raw(x) for x in node.args]
    if any(x is None for x in args) and node.out is None:
        return np.False_
    rule: Any = node.rule
    out = rule.func(*args) if node.out is None else raw(node.out)
    return np.logical_and.reduce(np.broadcast_arrays(*[np.isfinite(x) for x in (out, *args) if x is not None]))


def _is_above(level: int, marks: Marks) -> Any:
    return marks.level > level


def _several(x: Any) -> list[Any]:
    return [part for part in x if part is not None] if type(x) is list else [x]


def _with(node: Node, args: Any, out: Any) -> Node:
    rule: Any = node.rule
    return Node(rule, args, rule.unsaved(node.kwargs), out, node.parents, node.shape, node.dtype)


def _extremes(node: Node) -> Array | None:
    """Return the operand that a call stands apart with where only some of its elements attain the result."""
    rule: Any = node.rule
    return None if rule.extremes is None else rule.extremes(raw(node.args[0]), **(node.kwargs or {}))


def _floating(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic, float, complex)) and np.result_type(x).kind in "fc"


def _fitted(node: Node, pulled: Iterable[Any]) -> list[Any]:
    pairs = zip(node.parents, pulled, strict=False)
    return [None if parent is None or c is None else fit(c, parent) for parent, c in pairs]


def _pulled(node: Node, g: Any) -> list[Any]:
    assert node.rule is not None
    return _fitted(node, node.rule.pullback(node, g))


def _without_nan(c: Any, zero: Any) -> Any:
    """Return a cotangent with zeros where it is known to be zero.

    Elsewhere it stays on a tape, because the derivative of a product by a zero is the other factor.
    """
    return np.where(zero, np.zeros((), c.dtype), c) if np.any(zero) else c


def _by_convention(c: Any, excused: Any, infinite: Any) -> Any:
    """Return a cotangent that is zero by a convention in some places: there it has no derivative of its own."""
    return at_kink(c, excused, infinite) if np.any(excused) else c


def _total(g: Any, marks: Any) -> Any:
    """Return the sum of what is infinite in a cotangent."""
    if type(g) is list:
        return sum(_total(part, m) for part, m in zip(g, marks, strict=True) if part is not None and m is not None)
    return np.sum(np.where(marks.level > 0, g, np.zeros((), g.dtype)))


def _varies(g: Any) -> bool:
    """Tell whether a cotangent is differentiated itself."""
    while type(g) not in PLAIN:
        if hasattr(g, "tangent") or getattr(g, "_node", None) is not None:
            return True
        g = g._raw
    return False


def _calm(g: Any) -> Any:
    finite = np.isfinite(raw(g))
    return g if np.all(finite) else np.where(finite, g, np.zeros((), g.dtype))


# How an infinity or a NaN in a cotangent came about: by the slope of a root at 0 whose exponent is at least 1/2, by
# that of another root, or otherwise. An inner derivative that vanishes excuses the first, and may excuse the second.
ROOT, SHARP, HARD = 1, 2, 3
