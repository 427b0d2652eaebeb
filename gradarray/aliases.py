"""Which tensors share one piece of memory, and whether a tape still needs what stands there.

NumPy's views share memory, and so do the tensors around them. A tensor of which a view is taken is the base, and knows
each view by a weak reference; the view knows the base, and the steps that lead to it from there. When somebody is about
to write, the base founds a `Family`, which knows who else refers to the buffer. A Tensor's ``_alias`` is None for one
that shares with nobody, the pair (base, steps) for a view, and for a base the list of its views or the family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import numpy as np

from . import guard
from .buffers import IN_SLOT, LARGE, LOOSE, SOLE, references_to
from .tape import Array, Node, PullbackRule


def base_of(x: Any) -> Any:
    """Return the tensor that `x` is a view of, or `x` itself."""
    return x._alias[0] if type(x._alias) is tuple else x


class Step:
    """One call that gives a view, kept so that it can be carried out again on other data.

    A basic index that was read stands for itself among the steps.
    """

    __slots__ = ()

    def view(self, array: Array) -> Array:
        """Return the view of an array."""
        raise NotImplementedError

    def node(self, parent: Node, out: Array) -> Node:
        """Return the node of the call that makes `out` of an array whose node is `parent`."""
        raise NotImplementedError


class Call(Step):
    """A call of a function of one array."""

    __slots__ = ("forward", "params", "rule")
    rule: PullbackRule
    forward: Callable[..., Array]
    params: dict[str, Any]

    def view(self, array: Array) -> Array:
        return self.forward(array, **self.params)

    def node(self, parent: Node, out: Array) -> Node:
        return Node(self.rule, (None,), self.params, None, (parent,), out.shape, out.dtype)


class CallAmongOthers(Step):
    """A call of a function with other operands beside the array, as np.einsum has its subscripts.

    Attributes
    ----------
    saved : what a node saves of the operands, with None in place of the array
    before, after : the operands on either side of it
    """

    __slots__ = ("after", "before", "func", "kwargs", "rule", "saved")

    def __init__(
        self, rule: PullbackRule, func: Any, saved: Any, before: list[Any], after: list[Any], kwargs: dict[str, Any]
    ) -> None:
        self.rule = rule
        self.func = func
        self.saved = saved
        self.before = before
        self.after = after
        self.kwargs = kwargs

    def view(self, array: Array) -> Array:
        return self.func(*self.before, array, *self.after, **self.kwargs)

    def node(self, parent: Node, out: Array) -> Node:
        parents = ((None,) * len(self.before)) + (parent,) + ((None,) * len(self.after))
        return Node(self.rule, self.saved, self.kwargs, None, parents, out.shape, out.dtype)


Steps = tuple[Any, ...]


def follow(steps: Steps, array: Array) -> Array:
    """Return what the steps lead to from an array in place of the base."""
    for step in steps:
        array = step.view(array) if isinstance(step, Step) else array[step]
    return array


def _nothing() -> None:
    return None


class Foreign(list[Any]):
    """The views of a tensor on an array of its caller's, before a family is founded."""

    __slots__ = ("copied",)
    copied: bool  # a tape has saved a copy, so that a lock may well pay for the next one


class Family:
    """The views of one base.

    Attributes
    ----------
    earlier : a tape may have saved the buffer before the family was founded; looked into when it matters
    foreign : the buffer is somebody else's, and is not written into: an update makes a buffer of its own first
    lent : a caller was given an array on the buffer, and may write into it
    source : of a detached tensor, a weak reference to the one whose buffer it is
    kept : a weak reference to what a tape has saved with a lock, while it does
    """

    __slots__ = ("_limit", "_loose", "_views", "earlier", "foreign", "kept", "lent", "source")

    def __init__(
        self,
        views: list[ref[Any]] | None = None,
        *,
        earlier: bool = False,
        foreign: bool = False,
        source: Callable[[], Any] | None = None,
    ) -> None:
        # The tensors, and the arrays on the buffer that may outlive their tensor or have none: those of large views,
        # which tapes save, and of detached tensors.
        self._views: list[ref[Any]] = [] if views is None else views
        self._loose: list[ref[Any]] = []
        self._limit = MANY
        self.earlier = earlier
        self.foreign = self.lent = foreign
        self.source = source
        self.kept: Callable[[], Any] = _nothing

    def add(self, view: Any) -> None:
        """Make a tensor a member."""
        self._views.append(ref(view))
        self.added(view)

    def added(self, view: Any) -> None:
        if view._raw.size >= LARGE:
            self.keep(view._raw)
        if len(self._views) > self._limit:
            self._sift()

    def keep(self, raw: Array) -> None:
        """Note an array that may outlive its tensor, or that has another base."""
        self._loose.append(ref(raw))

    def _sift(self) -> None:
        self._views = [r for r in self._views if r() is not None]
        self._loose = [r for r in self._loose if r() is not None]
        self._limit = 2 * len(self._views) + MANY

    def views(self) -> Iterator[Any]:
        """Yield the tensors that are still there."""
        for r in self._views:
            view = r()
            if view is not None:
                yield view

    def holds(self, target: Array, detached: bool) -> bool:
        """Tell whether a tape keeps an array that overlaps with `target`; so do detached tensors, if asked for."""
        self._sift()
        slots = set()
        for r in self._views:
            view = r()
            if view is not None:
                slots.add(id(view._raw))
                if references_to(view._raw) > SOLE and overlap(view._raw, target):
                    return True
        view = None
        for r in self._loose:
            raw = r()
            if raw is not None and id(raw) not in slots:
                # One reference is the tape's or, of a detached tensor, that tensor's own.
                kept = references_to(raw) > LOOSE if detached else references_to(raw) > IN_SLOT
                if kept and overlap(raw, target):
                    return True
        return False

    def lends(self, base: Any) -> bool:
        """Tell whether a caller still has an array on the buffer of the base."""
        return self.lent and self._known_elsewhere(base, 0)

    def _known_elsewhere(self, base: Any, known: int) -> bool:
        """Tell whether anybody but the base, its views and `known` others refers to the buffer."""
        owner = base._raw.base
        if self._views or self._loose:
            arrays = {id(view._raw): view._raw for view in self.views()}
            arrays.update({id(raw): raw for raw in (r() for r in self._loose) if raw is not None})
            known += sum(raw.base is owner for raw in arrays.values())
        return owner is not None and references_to(owner) > IN_SLOT + known

    def saved_earlier(self, base: Any, target: Array) -> bool:
        """Tell whether the buffer may have been saved before the family was founded."""
        if self.earlier:
            self.earlier = self._known_elsewhere(base, int(target.base is base._raw.base))
        return self.earlier

    def move(self, base: Any) -> None:
        """Lead every view to the new data of the base."""
        views = list(self.views())
        self._views, self._loose, self.kept = [], [], _nothing
        for view in views:
            view._raw = follow(view._alias[1], base._raw)
            self.add(view)


def overlap(a: Array, b: Array) -> bool:
    """Tell whether two arrays have an element in common; where that is hard to find out, it is said so."""
    limit: Any = 100_000  # of which the stubs before NumPy 2.5 do not know
    try:
        return np.shares_memory(a, b, max_work=limit)
    except np.exceptions.TooHardError:
        return True


# --- who refers to a buffer -----------------------------------------------------------------------------------------


def shared(x: Any) -> bool:
    """Tell whether anybody but the tensor `x` itself, which has no family, knows its buffer."""
    if references_to(x._raw) > SOLE:
        return True
    base = x._raw.base
    return base is not None and (type(base) is not np.ndarray or references_to(base) > IN_SLOT)


def held(base: Any, target: Array, detached: bool = True) -> bool:
    """Tell whether a tape, or anybody else, keeps an array in which writing to `target`, a view, would show.

    Tensors that were detached from the base count only if asked for.
    """
    family = family_of(base)
    return references_to(base._raw) > SOLE or family.saved_earlier(base, target) or family.holds(target, detached)


def saved(x: Any) -> Array:
    """Return what a tape keeps of the data of a view or a base.

    Small views are copied, so that the buffer stays free for updates: code that fills an array row by row from the rows
    before would otherwise copy all of it each time. What a caller may write into is guarded.
    """
    data, alias = x._raw, x._alias
    if type(alias) is tuple:
        if data.size < LARGE:
            return data.copy("K")
        base, alias = alias[0], alias[0]._alias
    else:
        base = x
    if type(alias) is Family:
        kept = alias.kept()
        if kept is not None and base is x:  # a tape has locked it already
            return kept
        if not alias.lent:
            return data
    elif type(alias) is not Foreign:
        return data
    return _guarded(x, base)


# Up to this many bytes a copy costs less than a look at who has the array.
_TINY = 2048


def _guarded(x: Any, base: Any) -> Array:
    """Return what a tape keeps of data that a caller may have an array on: a copy, or a view with that array locked."""
    data = x._raw
    alias = base._alias
    if data.nbytes <= guard.COPIED and type(alias) is Foreign and not hasattr(alias, "copied"):
        alias.copied = True
        return guard.hold(data)
    if data.nbytes <= _TINY or not guard.mem_guard_active():
        return guard.hold(data)
    family = family_of(base)
    if not family.lends(base):
        return x._raw
    owner = owner_of(x)
    if owner is None:
        return x._raw.copy("K")
    kept = guard.lock(owner)
    family.keep(kept)
    family.kept = ref(kept)
    return kept


def lend(x: Any) -> Array:
    """Return an array on the memory of a tensor for its caller: read-only while a tape needs what stands there.

    Where a tape does not, it can be written into, and the tensor sees it.
    """
    base = base_of(x)
    if base._alias is not None or not shared(x):
        family_of(base)
    family = base._alias
    source = family.source() if family is not None and family.source is not None else None
    if guard.mem_guard_active() and (
        family is None
        or held(base, x._raw[...], False)
        or (source is not None and source._alias is not None and held(source, x._raw[...], False))
    ):
        view = x._raw.view()
        view.flags.writeable = False
        return view
    if family is None:
        return x._raw.view()
    family.lent = True
    owner = owner_of(x)
    return x._raw.view() if owner is None else owner


def owner_of(x: Any) -> Any:
    """Return the array that owns the memory of a base with a family, which has another one on all of it; else None."""
    data = x._raw
    owner = data.base
    if type(x._alias) is not Family or type(owner) is not np.ndarray:
        return None
    same = owner.shape == data.shape and owner.strides == data.strides and owner.dtype is data.dtype
    return owner if same else None


def detached(x: Any) -> tuple[Array, Family]:
    """Return another array on the memory of a tensor, which shows the same until one of the two is updated."""
    base = base_of(x)
    family = family_of(base)
    raw = x._raw.view()
    family.keep(raw)
    return raw, Family(foreign=True, source=ref(base))


# --- founding and joining -------------------------------------------------------------------------------------------


def family_of(base: Any) -> Family:
    """Return the family of a base, founding it if need be.

    The tensor goes on with an array of its own on the buffer. Who keeps that one is then told by its references, which
    neither the views' arrays nor the one that ``.data`` hands out add to.
    """
    family = base._alias
    if type(family) is not Family:
        foreign = type(family) is Foreign
        views = [r for r in family or () if r() is not None]
        base._raw = base._raw.view()
        base._alias = family = Family(views, earlier=not foreign, foreign=foreign)
        for view in family.views():
            family.added(view)
    return family


# So many views are noted before it is looked whether they are still there.
MANY = 16


def join(view: Any, x: Any, step: Any) -> None:
    """Make `view` a view of `x`, to which `step` leads from there."""
    alias = x._alias
    if type(alias) is tuple:
        x, steps = alias
        view._alias = (x, (*steps, step))
        alias = x._alias
    else:
        view._alias = (x, (step,))
    if alias is None:
        x._alias = [ref(view)]
    elif type(alias) is not Family and len(alias) < MANY:
        alias.append(ref(view))
    else:  # of a long list, most will be gone
        family_of(x).add(view)


def is_view(out: Array, data: Array) -> bool:
    """Tell whether NumPy made `out`, which has a base, as a view of `data`."""
    base = out.base
    return base is data or base is data.base or (type(base) is not np.ndarray and np.may_share_memory(out, data))
