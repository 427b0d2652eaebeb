"""What a user's function keeps from one call to the next: a cache that it fills, an attribute that it writes.

A solver calls it with bare numbers. What it keeps of these calls has no derivative, and where it uses that in a call
that is recorded, one would be lost. So it is looked at before and after its first call, which is recorded. Of a
function that keeps nothing, the solver's calls are of no further interest; those of another one are recorded, too.
"""

from __future__ import annotations

import dis
import functools
import itertools
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..batch.mapped import Mapped
from ..batch.refusals import VmapError
from ..compiler.surroundings.reads import reads
from ..context.settings import held
from ..dropin.making import in_reverse
from ..dropin.table import original_of
from ..forward.dual import Dual
from ..forward.levels import on_a_tape
from ..reverse.tensor import Tensor
from ..tape.loss import GradientLossError
from ..tape.nodes import Node
from ..tape.wrapping import bare, has_variable
from ..transforms.checkpoint import innermost
from ..transforms.lifting import for_each
from .captured import called, of_one_element, where_losses_raise

_LIBRARIES = frozenset(["builtins", "numpy", "scipy", "gradarray"])
_MODULES = _LIBRARIES | sys.stdlib_module_names
# What cannot be changed; whole numbers do not count.
_CONSTANT = frozenset([bool, int, type(None), np.dtype, np.ufunc, types.BuiltinFunctionType])
_NUMBERS = frozenset([float, complex, str, bytes])
_PARTS: dict[Any, Callable[[Any], tuple[Any, ...]]] = {
    types.MethodType: lambda x: (x.__func__, x.__self__),
    functools.partial: lambda x: (x.func, x.args, x.keywords),
    property: lambda x: (x.fget,),
    classmethod: lambda x: (x.__func__,),
    staticmethod: lambda x: (x.__func__,),
    functools.cached_property: lambda x: (x.func,),
}
# What can be changed by what stands in it alone.
_FIXED = frozenset([types.FunctionType, types.MethodType, functools.partial, tuple])
_SETS = frozenset(["STORE_ATTR", "DELETE_ATTR", "STORE_DEREF", "DELETE_DEREF"])
_SETTERS = frozenset(["setattr", "delattr", "exec", "eval", "globals", "vars", "object"])
_ARRAYS = (np.ndarray, Tensor, Dual, Mapped)
# So many things are looked at in each container, and in all.
_MOST, _ALL = 200, 5000


class State:
    """What there is to be changed in values and functions, as far as it can be reached.

    Whole numbers do not count: so many calls have been made.

    Attributes
    ----------
    variables : whether variables stand in it
    mapped : whether what `vmap` maps does
    fixed : whether there is nothing that a call could change
    """

    def __init__(self, *values: Any) -> None:
        self.variables = self.mapped = False
        self.fixed = True
        self._found: list[Any] = []
        self._seen: set[int] = set()
        self._names: set[str] = set()
        # By name: what counts only where code has an attribute of that name.
        self._waiting: dict[str, list[Any]] = {}
        self._stack: list[Any] = []
        self._hold(values)
        while self._stack and len(self._seen) < _ALL:
            value = self._stack.pop()
            if id(value) not in self._seen:
                self._seen.add(id(value))
                self._look(original_of(value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self._found == other._found

    __hash__ = None  # type: ignore[assignment]  # what it is made of can change

    def _hold(self, inside: Any) -> None:
        """Note what stands in something, and look at that later."""
        for value in inside:
            kind = type(value)
            if kind in _CONSTANT:
                continue
            if kind in _NUMBERS or isinstance(value, np.generic):
                self._found.append((kind, value if value == value else "nan"))
            elif kind is np.ndarray or isinstance(value, _ARRAYS):
                self._found.append(id(value))  # without a reference, by which it would have one owner more
                self.variables = self.variables or (kind is not np.ndarray and has_variable(value))
                self.mapped = self.mapped or kind is Mapped
                if kind is np.ndarray and value.dtype.hasobject:
                    self._stack.append(value.tolist())
            elif kind is not types.ModuleType or value.__name__.partition(".")[0] not in _MODULES:
                self._found.append(_Same(value))
                self._stack.append(value)

    def _look(self, value: Any) -> None:
        kind = type(value)
        self.fixed = self.fixed and kind in _FIXED
        if kind is types.FunctionType:
            self._of_function(value)
        elif kind is types.ModuleType:
            self._wait(vars(value))
        elif isinstance(value, type):
            self._of_class(value)
        else:
            if isinstance(value, (list, tuple, deque, set, frozenset)):
                self._hold(_some(value))
            elif isinstance(value, dict):
                self._hold(_some(value))
                self._hold(_some(value.values()))
            elif kind is functools._lru_cache_wrapper:
                self._found.append(value.cache_info().misses)
                self._hold((value.__wrapped__,))
            elif kind in _PARTS:
                self._hold(_PARTS[kind](value))
            elif hasattr(kind, "__next__"):  # how far it has gone cannot be seen
                self._found.append(_Same(object()))
                self.variables = self.mapped = True
            if _library_of(kind) not in ("gradarray", "builtins"):
                self._of_object(value)

    def _of_function(self, func: types.FunctionType) -> None:
        if _library_of(func) in _LIBRARIES:
            return
        found = reads(func.__code__)
        self.fixed = self.fixed and not _may_set(func.__code__)
        self._hold(map(_content, func.__closure__ or ()))
        self._hold((func.__defaults__, func.__kwdefaults__, func.__dict__ or None))
        known = func.__globals__
        self._hold([known[name] for name in found.globals if name in known])
        if not self._names.issuperset(found.attributes):
            self._name(found.attributes)
        if not self._names.issuperset(found.globals):
            self._name(found.globals)

    def _of_object(self, value: Any) -> None:
        attributes = getattr(value, "__dict__", None)
        cls = type(value)
        if type(attributes) is dict:
            inside = _some(attributes.values())
            if _library_of(cls) == "scipy":  # what its own objects note of a solver's way matters to no function
                inside = [x for x in inside if _library_of(type(x)) != "scipy"]
            self._hold(inside)
        if _library_of(cls) in _LIBRARIES:
            return
        for each in cls.__mro__:
            names = each.__dict__.get("__slots__", ())
            for name in (names,) if isinstance(names, str) else names:
                slot = each.__dict__.get(name)
                if type(slot) is types.MemberDescriptorType:
                    self._hold((_in_slot(slot, value),))
        self._stack.append(cls)

    def _of_class(self, cls: type) -> None:
        for each in cls.__mro__:
            if _library_of(each) not in _LIBRARIES:
                self._wait(vars(each))

    def _wait(self, names: Any) -> None:
        for name, value in [*names.items()]:
            if name in self._names or (name[:2] == "__" and type(value) is types.FunctionType):
                self._hold((value,))
            elif name[:2] != "__":
                self._waiting.setdefault(name, []).append(value)

    def _name(self, names: set[str]) -> None:
        new = names - self._names
        self._names |= new
        for name in sorted(new & self._waiting.keys()):
            self._hold(self._waiting.pop(name))


@functools.lru_cache(10_000)
def _may_set(code: types.CodeType) -> bool:
    """Tell whether code, or that of functions inside it, binds names that are not its own, or attributes."""
    if not _SETTERS.isdisjoint(reads(code).globals) or reads(code).set_globals:
        return True
    if any(x.opname in _SETS and x.argval not in code.co_cellvars for x in dis.get_instructions(code)):
        return True
    return any(_may_set(const) for const in code.co_consts if isinstance(const, types.CodeType))


class _Same:
    """An object that is equal to itself alone, and stays as long as this does, so that no other is in its place."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    __hash__ = None  # type: ignore[assignment]


def _some(values: Any) -> list[Any]:
    """Return the first of many, and the last where these have an order."""
    if len(values) <= _MOST:
        return [*values]
    some = [*itertools.islice(values, _MOST // 2)]
    if not isinstance(values, (set, frozenset)):
        some += itertools.islice(reversed(values), _MOST // 2)
    return some


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is bound to nothing yet
        return None


def _in_slot(slot: Any, value: Any) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:  # it is empty
        return None


def _library_of(value: Any) -> str:
    return str(getattr(value, "__module__", "")).partition(".")[0]


# --- calls ------------------------------------------------------------------------------------------------------------


class Memory:
    """What functions keep, from before their first calls on.

    Parameters
    ----------
    name : of the solver, for messages
    values : the functions, and what they are given

    Attributes
    ----------
    kept : whether the first calls have changed it, so that all are to be recorded for a derivative
    """

    def __init__(self, name: str, *values: Any) -> None:
        self._name, self._values = name, values
        self._state = State(*values)
        self._changed = self.kept = False

    def look(self, depends: bool = True) -> None:
        """Look again, after the first calls; `depends`: a variable was among their results or arguments."""
        if self._state.fixed:
            return
        now = State(*self._values)
        self._changed, self._state = now != self._state, now
        self.kept = self._changed and (depends or now.variables)

    def refuse_later(self, depends: bool) -> None:
        """Raise where a solver's calls, which were not recorded, have changed it, and a derivative may be lost."""
        if self._changed or self._state.fixed or not (self._state.variables or depends):
            return
        if State(*self._values) != self._state:
            raise GradientLossError(
                f"a function that {self._name} was given keeps something from one call to the next, and began to do so "
                "in a call of the solver's, which is with bare numbers: what it computes with that would have no "
                "derivative. Let it do so in its first call, too, or not at all"
            )


class Recorded:
    """A function that keeps something: each call is recorded, whatever holds around it.

    Of a place it may have kept what it computed there with bare numbers. So one with a variable is for a place that
    differs in the last bits from all those before.
    """

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = func

    def __call__(self, *args: Any) -> Any:
        return where_losses_raise(in_reverse(held().making), self.func, *map(elsewhere, args), recorded=True)


def elsewhere(x: Any) -> Any:
    """Return a variable with others in its last bits, and anything else as it is."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(elsewhere, x)) if has_variable(x) and not hasattr(x, "_fields") else x
    if not isinstance(x, (Tensor, Dual)) or (raw := np.asarray(innermost(x))).dtype.kind not in "fc":
        return x
    return x + _away(raw).astype(raw.dtype)[()]


def _away(raw: Any) -> Any:
    """Return some of the last twenty bits of numbers: the same ones come again after very many calls."""
    part = 0.25 + (next(_calls) * 0.6180339887498949) % 0.75
    return part * np.where(raw == 0, 1e-30, raw * 2.0**-34)


_calls = itertools.count()  # which threads may share


def recorded_with(f: Callable[..., Any], args: tuple[Any, ...] = ()) -> Callable[..., Any]:
    """Return a function that keeps something for a solver, with bare results; of its last arguments it has bare ones.

    Parameters
    ----------
    args : the last arguments themselves
    """
    count = len(args)

    @functools.wraps(f, updated=())
    def call(*given: Any, **named: Any) -> Any:
        return bare(called(functools.partial(f, **named) if named else f, *given[: len(given) - count], *args))

    return call


def for_each_element(call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Do what `for_each` does; raise where a function keeps of one element what it would use for the next one."""
    # What a callback keeps of a solver's way matters to no function.
    asked = {name: value for name, value in kwargs.items() if name != "callback"}
    before = State(args, asked)
    found = for_each(of_one_element(call), args, kwargs)
    if found is not NotImplemented and before.mapped and State(args, asked) != before:
        error = VmapError(
            "vmap: a function that a solver is given keeps something from one call to the next, and uses a mapped "
            "array that is not among the arguments: it would keep that of one element for the others"
        )
        error.final = True
        raise error
    return found


def loses(value: Any, nearby: Any, start: int) -> bool:
    """Tell whether a result depends on less than one of a call nearby, which was after `start`."""
    if isinstance(nearby, Dual):
        if not isinstance(value, Dual) or value.level != nearby.level:
            return bool(np.any(innermost(nearby.tangent)))
        here, there = (np.asarray(innermost(x.tangent)) for x in (value, nearby))
        return bool(np.any(np.abs(here - there) > _OFF * np.max(np.abs(there), initial=0)))
    if not on_a_tape(nearby):
        return False
    return not on_a_tape(value) or not {*_behind(nearby._node, start)} <= {value._node, *_behind(value._node, None)}


# How far tangents at neighbouring places may be apart, of their size.
_OFF = 1e-3


def _behind(node: Node, start: int | None) -> Iterator[Node]:
    """Return all nodes that one was computed from, or the latest ones before `start`."""
    seen, stack = {node}, [node]
    while stack:
        for parent in stack.pop().parents:
            if parent is None or parent in seen:
                continue
            seen.add(parent)
            if start is None or parent.order >= start:
                stack.append(parent)
            if start is None or parent.order < start:
                yield parent


def nearby_of(x: Any) -> Any:
    """Return plain numbers that differ from others in their last bits."""
    return x + _away(np.asarray(innermost(x)))
