"""What a function depends on besides its arguments: variables in its closure, which are found where it is called.

Nothing is looked for in the function's text. It is called, and what it returns tells: of a tensor, the nodes that are
older than the call are what it found elsewhere; a dual number has the tangent by it.
"""

from __future__ import annotations

import copy
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..batch.mapped import Mapped
from ..batch.one_by_one import attributes_of, settled
from ..batch.refusals import VmapError
from ..context.settings import held, hold
from ..dropin import blocks
from ..dropin.making import as_fillable, in_reverse
from ..forward.dual import Dual
from ..forward.levels import on_a_tape
from ..tape import wrapping
from ..tape.loss import GradientLossError, differentiating
from ..tape.nodes import Node
from ..tape.wrapping import bare, has_variable
from ..transforms.checkpoint import cut_from_older
from ..transforms.containers import flatten
from ..transforms.custom_gradient import is_traced


class Slot:
    """Stands in a closure for a variable."""

    def __init__(self, number: int) -> None:
        self.number = number


# What has no attributes that could be variables.
_PLAIN = frozenset((int, float, complex, bool, str, type(None), list, tuple, dict, set, np.ndarray, np.float64))
_OURS = __name__.partition(".")[0]


def where_losses_raise(making: Any, compute: Callable[..., Any], *args: Any, recorded: bool = False, **kw: Any) -> Any:
    """Call something where a gradient that would be lost is an error, in drop-in mode or, without `making`, outside."""
    before = held()
    try:
        hold(differentiating(before, making, recorded))
        return compute(*args, **kw)
    finally:
        hold(before)


def called(f: Callable[..., Any], *args: Any) -> Any:
    """Call a user's function so that the variables that it finds are kept: recorded, and in drop-in mode."""
    making = in_reverse(held().making)
    return where_losses_raise(making, answered, lambda *given: blocks.call(f, given, {}), *args, recorded=True)


def answered(f: Callable[..., Any], *args: Any) -> Any:
    """Call a user's function, which may write variables into what it makes of the arrays that it is given.

    A copy of a plain array cannot hold them. Where that comes to light, it is given tensors of the same content; not
    before, since a function may ask what it is given.
    """
    try:
        return f(*args)
    except (GradientLossError, VmapError):
        if held().making is None:
            raise
        try:
            return f(*map(as_fillable, args))
        except Exception:  # the first one says what is wrong
            pass
        raise


def dropped_in(body: Callable[[], Any], func: Any, recorded: bool = False) -> Any:
    """Carry out what calls a user's function as `called` does: what is ours, so that only names of `func` are bound."""
    making = in_reverse(held().making)
    return where_losses_raise(making, blocks.call, lambda: body(), (), {}, func, recorded=recorded)


def depends(value: Any, solver: str) -> bool:
    """Tell whether a derivative flows through what a function returned, in either mode."""
    leaves = flatten(settled(value))[0]
    if any(type(leaf) is Mapped for leaf in leaves):
        raise VmapError(
            f"vmap: the function that {solver} is given uses a mapped array that is not among the arguments; pass it "
            f"in args=, so that {solver} is called for each element"
        )
    return any(map(is_traced, leaves))


def outside_of(value: Any, start: int) -> dict[Node, Node]:
    """Return the nodes of the variables that a call found elsewhere, and the leaf that stands for each of them now.

    `value` is a tensor that the call returned, and `start` a `next_order()` before it. The tape is cut from what is
    older, so that a sweep over it ends at these leaves.
    """
    return cut_from_older(value._node, start) if on_a_tape(value) else {}


def kept(f: Any, convert: Callable[[Any], Any] = lambda value: value, objects: bool = False) -> Any:
    """Return a function with what its closure holds now, converted, so that names that are bound anew do not matter.

    The functions in the closure are treated alike; what is no function in Python stays as it is. With `objects`, what
    has variables for attributes is replaced by a copy.
    """
    seen: dict[int, Any] = {}
    return _kept(f, _Inside(convert, seen) if objects else convert, seen)


class _Inside:
    """A conversion of variables, wherever they stand in an object."""

    def __init__(self, convert: Callable[[Any], Any], seen: dict[int, Any]) -> None:
        self.convert, self.seen = convert, seen

    def __call__(self, value: Any) -> Any:
        return self.convert(value)

    def copied(self, value: Any) -> Any:
        """Return an object with its variables converted, or itself where none stands in it."""
        if type(value) in _PLAIN or isinstance(value, (type, types.ModuleType, Slot)):
            return value
        attributes = attributes_of(value)
        if not any(has_variable(x) or isinstance(x, (Slot, Mapped)) for x in attributes.values()):
            return value
        cls: Any = type(value)
        try:
            made = object.__new__(cls)
        except TypeError:  # of a class in C
            made = cls.__new__(cls)
        for key, x in attributes.items():
            object.__setattr__(made, key, _value(x, self, self.seen))
        return made


def of_bare_values(f: Any) -> Any:
    """Return a function with the bare values of the variables in its closure, and bare results: for a solver."""
    if not callable(f):
        return f
    inner = kept(f, bare)

    @functools.wraps(f, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        return bare(inner(*args, **kwargs))

    return call


def of_one_element(call: Callable[..., Any]) -> Callable[..., Any]:
    """Let what functions and objects among the arguments hold of all mapped elements be that of the one at hand."""

    def at(value: Any) -> Any:
        if type(value) in (tuple, list):
            return type(value)(map(at, value))
        if type(value) is dict:
            return {name: at(x) for name, x in value.items()}
        if str(type(value).__module__).partition(".")[0] == "scipy" and hasattr(value, "__dict__"):  # a constraint
            made = copy.copy(value)
            made.__dict__.update(at(made.__dict__))
            return made
        seen: dict[int, Any] = {}
        return _value(value, _Inside(settled, seen), seen)

    @functools.wraps(call)
    def settle(*args: Any, **kwargs: Any) -> Any:
        return call(*map(at, args), **{name: at(value) for name, value in kwargs.items()})

    return settle


_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)


def _kept(f: Any, convert: Callable[[Any], Any], seen: dict[int, Any]) -> Any:
    if id(f) in seen:
        return seen[id(f)]
    if type(f) is functools.partial:
        held_args = {key: _value(x, convert, seen) for key, x in f.keywords.items()}
        return functools.partial(_kept(f.func, convert, seen), *[_value(x, convert, seen) for x in f.args], **held_args)
    if type(f) is types.MethodType and type(f.__func__) is types.FunctionType:
        owner = convert.copied(f.__self__) if type(convert) is _Inside else f.__self__
        return types.MethodType(_kept(f.__func__, convert, seen), owner)
    if type(f) is not types.FunctionType or str(f.__module__).partition(".")[0] == _OURS:
        return f
    if not f.__closure__ and not f.__defaults__ and not f.__kwdefaults__:
        return f
    cells = tuple([types.CellType() for _ in f.__closure__ or ()])
    made = types.FunctionType(f.__code__, f.__globals__, f.__name__, None, cells or None)
    seen[id(f)] = made
    made.__defaults__ = f.__defaults__ and tuple([_value(x, convert, seen) for x in f.__defaults__])
    made.__kwdefaults__ = f.__kwdefaults__ and {k: _value(x, convert, seen) for k, x in f.__kwdefaults__.items()}
    made.__qualname__, made.__module__, made.__doc__ = f.__qualname__, f.__module__, f.__doc__
    made.__dict__.update(f.__dict__)
    for new, old in zip(cells, f.__closure__ or (), strict=True):
        try:
            new.cell_contents = _value(old.cell_contents, convert, seen)
        except ValueError:  # one that is bound to nothing yet
            continue
    return made


def _value(value: Any, convert: Callable[[Any], Any], seen: dict[int, Any]) -> Any:
    if isinstance(value, _FUNCTIONS):
        return _kept(value, convert, seen)
    # What can be changed in place, as a list to which a function appends, has to stay the same one.
    if isinstance(value, (wrapping.Tensor, Dual, Mapped, Slot)) or (type(value) is tuple and has_variable(value)):
        return convert(value)
    return convert.copied(value) if type(convert) is _Inside else value
