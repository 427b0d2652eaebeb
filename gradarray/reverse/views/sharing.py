"""Which tensors share one piece of memory, and whether a tape still needs what stands there.

NumPy's views share memory, and so do the tensors around them. A tensor of which a view is taken is the base, and knows
each view by a weak reference; the view knows the base, and the steps that lead to it from there. When somebody is about
to write, the base founds a `Family`, which knows who else refers to the buffer. A Tensor's ``_alias`` is None for one
that shares with nobody, the pair (base, steps) for a view, and for a base the list of its views or the family.

What NumPy's functions return without axes are its scalars, of which a view is a copy, while ``np.array(1.0)`` is an
array. A Tensor tells the two apart by what it holds, but for an array whose memory nobody has asked for: that one holds
a scalar, too, on which arithmetic is several times as fast, and its ``_alias`` is False.

An update visits no views but those that were read since the last one: all others know already that their nodes are out
of date, and get new ones when they are read. A thousand views cost a thousand updates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any
from weakref import ref

import numpy as np

from ...context.settings import together
from ...kernels import gate, guard
from ...kernels.arrays import COPIED, LARGE, TINY, Array
from ...kernels.references import COUNTED, RETURNED, count, holders
from ...kernels.traced import MEMORY, array_of
from ...tape.nodes import OUTDATED
from .steps import follow, prolonged


def base_of(x: Any) -> Any:
    """Return the tensor that `x` is a view of, or `x` itself."""
    return x._alias[0] if type(x._alias) is tuple else x


def as_array(x: Any) -> Any:
    """Return the array inside a tensor, which views can be taken of; of a scalar, a copy as an array."""
    data = x._raw
    if isinstance(data, np.generic):
        data = array_of(data)
        if x._alias is False:
            x._raw, x._alias = data, None
    return data


def become_array(x: Any) -> None:
    """Make an array of a scalar, which an assignment to the tensor itself does."""
    if isinstance(x._raw, np.generic):
        x._raw, x._alias = array_of(x._raw), None


def _nothing() -> None:
    return None


class Foreign(list[Any]):
    """The views of a tensor on an array of its caller's, before a family is founded."""

    __slots__ = ("copied",)
    copied: bool  # a tape has saved a copy, so that a look at who has the array may well pay for the next one

    def __bool__(self) -> bool:
        return True  # also without a view


class Family:
    """The views of one base.

    Attributes
    ----------
    earlier : a tape may have saved the buffer before the family was founded; looked into when it matters
    foreign : the buffer is somebody else's, and is not written into: an update makes a buffer of its own first
    lent : a caller was given an array on the buffer, and may write into it
    source : of a detached tensor, a weak reference to the one whose buffer it is
    front : a weak reference to the tensor that the base stands behind, where a shape was assigned to that
    written : there has been an update
    views : the tensors, each by a weak reference, in the order in which they came
    limit : when there are more of these, those that are gone are to be sorted out
    """

    __slots__ = (
        *("_arrays", "_current", "_marked", "_unlooked"),
        *("earlier", "foreign", "front", "lent", "limit", "source", "views", "written"),
    )

    def __init__(
        self,
        views: list[ref[Any]] | None = None,
        *,
        earlier: bool = False,
        foreign: bool = False,
        source: Callable[[], Any] | None = None,
    ) -> None:
        # Those up to `_marked` know that their nodes are out of date, but for the ones in `_current`.
        self.views: list[ref[Any]] = [] if views is None else views
        self._marked = 0
        self._current: list[ref[Any]] = []
        self.limit = 2 * len(self.views) + CROWD
        self._unlooked = 0
        # The arrays on the buffer, by their identity, that a tape may keep, each with the tensor whose own it is, and
        # those of detached tensors, with None.
        self._arrays: dict[int, tuple[ref[Any], ref[Any] | None]] = {}
        self.earlier = earlier
        self.foreign = self.lent = foreign
        self.source = source
        self.front: Callable[[], Any] = _nothing
        self.written = False

    def add(self, view: Any) -> None:
        """Make a tensor a member."""
        self.views.append(ref(view))
        if len(self.views) > self.limit:
            self.sift()

    def keep(self, raw: Array, view: Any = None) -> None:
        """Note that a tape may keep the array of a view, or that it is a detached tensor's."""
        self._arrays[id(raw)] = (ref(raw), None if view is None else ref(view))

    def crowded(self) -> bool:
        """Tell whether there are many views, or many arrays that tapes keep, of a buffer that is written into.

        What is saved is copied then: it would cost more to lead all of them to a new buffer at the next update.
        """
        if not self.written:
            return False
        if len(self._arrays) > CROWD:
            self._arrays = {k: (r, view) for k, (r, view) in self._arrays.items() if r() is not None}
            if len(self._arrays) > CROWD:
                return True
        if len(self.views) <= CROWD:
            return False
        self._unlooked += 1
        if self._unlooked >= len(self.views):
            self.sift()
        return len(self.views) > CROWD

    def sift(self) -> None:
        """Sort out the tensors that are gone."""
        before = [r for r in self.views[: self._marked] if r() is not None]
        self.views = [*before, *(r for r in self.views[self._marked :] if r() is not None)]
        self._marked = len(before)
        self.limit = 2 * len(self.views) + CROWD
        self._unlooked = 0

    def members(self) -> Iterator[Any]:
        """Yield the tensors that are still there."""
        for r in self.views:
            view = r()
            if view is not None:
                yield view

    def outdate(self, become: bool) -> None:
        """Let each view get a new node when it is next read.

        A constant stays one, but for those of a base that was a constant, too, and is to `become` a variable.
        """
        views = self.views
        changed = views if become else views[self._marked :]
        if self._current:
            changed = changed + self._current
            self._current = []
        for r in changed:
            view = r()
            if view is not None and (become or view._known is not None):
                view._known = OUTDATED
        self._marked = len(views)

    def stay_constant(self) -> None:
        """Let the views be constants again, where the update that was to make variables of them has failed."""
        for view in self.members():
            view._known = None

    def updated(self, view: Any) -> None:
        """Note that a view whose node was out of date has a new one."""
        self._current.append(ref(view))

    def holds(self, target: Array, detached: bool) -> bool:
        """Tell whether a tape keeps an array that overlaps with `target`; so do detached tensors, if asked for."""
        for key, (r, of) in list(self._arrays.items()):
            known = holders(r)
            raw = r()
            view = None if of is None else of()
            # One holder is the tensor whose own array it is.
            own = (of is None and not detached) or (view is not None and view._raw is raw)
            if not COUNTED and view is not None and own:
                known = 1  # what a tape keeps of it is another array, once an array on the buffer was lent
            view = None
            if raw is None or known <= own:
                if raw is None or of is not None:
                    del self._arrays[key]
            elif overlap(raw, target):
                return True
            raw = None
        return False

    def alone(self, base: Any) -> bool:
        """Tell whether a look suffices to see that nobody would notice a write into the memory of the base.

        Nor is there a caller who has an array on it, and could have made that read-only.
        """
        if not COUNTED or self.earlier or self.lent or self._arrays:
            return False
        return count(base._raw) - RETURNED == 1  # as `holders` has it, without the call

    def lends(self, base: Any) -> bool:
        """Tell whether a caller still has an array on the buffer of the base."""
        if self.lent and not self._known_elsewhere(base, 0):
            self.lent = False
            follow_flags(base)
        return self.lent

    def _known_elsewhere(self, base: Any, known: int) -> bool:
        """Tell whether anybody but the base, its views and `known` others refers to the buffer."""
        if base._raw.base is None:
            return False
        if self.views or self._arrays:
            arrays = {id(view._raw): view._raw for view in self.members()}
            arrays.update({id(raw): raw for raw in (r() for r, _ in self._arrays.values()) if raw is not None})
            known += sum(raw.base is base._raw.base for raw in arrays.values())
        return holders(getattr, base._raw, "base") > 1 + known

    def saved_earlier(self, base: Any, target: Array) -> bool:
        """Tell whether the buffer may have been saved before the family was founded."""
        if self.earlier:
            self.earlier = self._known_elsewhere(base, int(target.base is base._raw.base))
        return self.earlier

    def renew(self, base: Any, buffer: Array) -> None:
        """Let the base and its views go on with a buffer that nobody else knows."""
        data = buffer.view()
        members = [base, *self.members()]
        arrays = [data, *[follow(view._alias[1], data) for view in members[1:]]]
        together(setattr, members, repeat("_raw"), arrays)  # an interrupt would leave a view behind
        self._arrays = {}
        self.earlier = self.foreign = self.lent = False
        self.source = None


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
    if count(x._raw) - RETURNED > 1:  # as `holders` has it, without the call
        return True
    if x._raw.base is None:
        return False
    return type(x._raw.base) not in MEMORY or holders(getattr, x._raw, "base") > 1


def kept_elsewhere(base: Any, target: Array, detached: bool = True) -> bool:
    """Tell whether a tape, or anybody else, keeps an array in which writing to `target`, a view, would show.

    Tensors that were detached from the base count only if asked for.
    """
    family = family_of(base)
    if not COUNTED and not family.lent:
        return True
    return (
        (COUNTED and holders(getattr, base, "_raw") > 1)
        or family.saved_earlier(base, target)
        or family.holds(target, detached)
    )


def saved_alias(x: Any) -> Array:
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
        if alias.crowded():
            return data.copy("K")
        if base is not x:
            alias.keep(data, x)
        if not alias.lent:
            return data
    elif type(alias) is not Foreign:
        return data
    return _guarded(x, base)


def _guarded(x: Any, base: Any) -> Array:
    """Return what a tape keeps of data that a caller may have an array on."""
    data = x._raw
    alias = base._alias
    if data.nbytes <= COPIED and type(alias) is Foreign and not hasattr(alias, "copied"):
        alias.copied = True
        return guard.secured(data)
    if data.nbytes <= TINY or (COUNTED and not guard.mem_guard_active()):
        return guard.secured(data)
    if gate.of_others(data):
        return data.copy("K")
    family = family_of(base)
    if not family.lends(base):
        return x._raw
    kept = guard.secured(x._raw)
    if kept is x._raw:
        kept = kept.view()
    family.keep(kept)
    return kept


def lend(x: Any) -> Array:
    """Return an array on the memory of a tensor for its caller: read-only while a tape needs what stands there.

    Where a tape does not, it can be written into, and the tensor sees it.
    """
    base = base_of(x)
    as_array(base)  # a scalar that stands for an array is one from now on
    if not COUNTED:
        family = family_of(base)
        if not family.lent or family.foreign:  # what tapes save from now on is noted by the family
            family.renew(base, base._raw.copy("K"))
        family.lent = True
        owner = owner_of(x)
        return x._raw.view() if owner is None else owner
    if base._alias is not None or not shared(x):
        family_of(base)
    family = base._alias
    source = family.source() if family is not None and family.source is not None else None
    if guard.mem_guard_active() and (
        family is None
        or kept_elsewhere(base, x._raw[...], False)
        or (source is not None and source._alias is not None and kept_elsewhere(source, x._raw[...], False))
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
    if type(x._alias) is not Family or type(owner) not in MEMORY:
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


def follow_flags(x: Any) -> None:
    """Let the memory of a tensor be writeable if that of its owner is, which a caller may have set."""
    data, owner = x._raw, owner_of(x)
    if owner is not None and owner.flags.writeable != data.flags.writeable:
        data.flags.writeable = owner.flags.writeable


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
        for view in family.members():
            if view._raw.size >= LARGE:  # which a tape may have saved
                family.keep(view._raw, view)
    return family


# So many views are noted before it is looked whether they are still there.
CROWD = 16


def join(view: Any, x: Any, step: Any) -> None:
    """Make `view` a view of `x`, to which `step` leads from there."""
    alias = x._alias
    if type(alias) is tuple:
        x, steps = alias
        view._alias = (x, prolonged(x, steps, step))
        alias = x._alias
    else:
        view._alias = (x, (step,))
    if alias is None:
        x._alias = [ref(view)]
    elif type(alias) is not Family and len(alias) < CROWD:
        alias.append(ref(view))
    else:  # of a long list, most will be gone
        family_of(x).add(view)


def is_view(out: Array, data: Array) -> bool:
    """Tell whether NumPy made `out`, which has a base, as a view of `data`."""
    base = out.base
    return base is data or base is data.base or (type(base) not in MEMORY and np.may_share_memory(out, data))
