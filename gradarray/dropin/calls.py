"""NumPy's ufuncs and functions as drop-in mode has them.

NumPy does not dispatch on what stands in a list, so ``np.max([t, u])`` is met here; and what a function makes of plain
operands can be filled. To look costs about 0.1 us, which a call on a Tensor earns back: it goes to its recorder at
once, without NumPy's protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..batch.mapped import Mapped, lane_in
from ..batch.mapped_calls import call_function
from ..context.settings import held
from ..forward import protocols as forward
from ..forward.levels import level_of
from ..kernels.gate import PLAIN
from ..kernels.traced import TRACED, has_traced, traced_in
from ..reverse.notes import add_shapes
from ..reverse.protocols import FUNCTIONS, UFUNCS
from ..reverse.stacking import stack
from ..reverse.tensor import Tensor
from ..rules.registry import find
from ..tape.wrapping import has_tensor
from .making import at_work, filled, making
from .table import for_type, like, original_of, stand_in

SEQUENCES = frozenset((list, tuple))


def in_list(value: Any) -> bool:
    """Tell whether a value is a list in which a variable may stand, so that NumPy would not see it."""
    if type(value) not in SEQUENCES:
        return False
    if held().lanes and lane_in(value) is not None:
        return True
    return making() is not None if has_tensor(value) else has_traced(value)


def as_one(value: Any) -> Any:
    """Return a list in which tensors stand as one tensor, and anything else as it is."""
    return stack(value) if in_list(value) else value


# --- ufuncs -----------------------------------------------------------------------------------------------------------


def ufunc_stand_in(old: np.ufunc) -> Callable[..., Any]:
    """Make the stand-in of a ufunc; a failure on the short way is NumPy's own to tell."""
    new: Any
    if old.nin == 1 and old.nout == 1:
        new = _unary(old)
    elif old.nin == 2 and old.nout == 1 and old.signature is None:
        new = _binary(old)
    else:

        def new(*args: Any, **kwargs: Any) -> Any:
            return old(*map(as_one, args), **kwargs)

    like(old)(new)
    for name in _ATTRIBUTES:
        setattr(new, name, getattr(old, name))
    for name in ("reduce", "accumulate", "outer", "reduceat"):
        setattr(new, name, _method(old, name))
    new.at = old.at
    new.__wrapped__ = old
    return new  # type: ignore[no-any-return]


_ATTRIBUTES = ("nin", "nout", "nargs", "ntypes", "types", "identity", "signature")


def _unary(old: np.ufunc) -> Callable[..., Any]:
    recorders, tensor, sequences = UFUNCS, Tensor, SEQUENCES

    def call(x: Any, /, *args: Any, **kwargs: Any) -> Any:
        if type(x) is tensor and not args and not kwargs:
            try:
                return recorders[old](x)
            except Exception:
                return old(x)
        if type(x) in sequences:
            x = as_one(x)
        return old(x, *args, **kwargs)

    return call


def _binary(old: np.ufunc) -> Callable[..., Any]:
    recorders, tensor, plain, sequences = UFUNCS, Tensor, PLAIN, SEQUENCES

    def call(x: Any, y: Any, /, *args: Any, **kwargs: Any) -> Any:
        first, second = type(x), type(y)
        if not args and not kwargs:
            if (first is tensor and (second is tensor or second in plain)) or (second is tensor and first in plain):
                try:
                    return recorders[old](x, y)
                except Exception:
                    return old(x, y)
            if first not in sequences and second not in sequences:
                return old(x, y)
        return old(as_one(x), as_one(y), *args, **kwargs)

    return call


class _IsUfunc(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(original_of(x), np.ufunc)


class _Ufunc(metaclass=_IsUfunc):
    """What user code asks for by ``isinstance(f, np.ufunc)``, of which no class can be derived."""


def _method(old: np.ufunc, name: str) -> Callable[..., Any]:
    method = getattr(old, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        return method(*map(as_one, args), **kwargs)

    call.__name__, call.__qualname__ = name, f"{old.__name__}.{name}"
    return call


# --- functions --------------------------------------------------------------------------------------------------------


def function_stand_in(old: Callable[..., Any]) -> Callable[..., Any] | None:
    """Make the stand-in of a function that NumPy dispatches."""
    rule = find(old)
    if rule is None:
        return None
    recorders, tensor, sequences, traced, plain = FUNCTIONS, Tensor, SEQUENCES, TRACED, rule.plain

    @like(old)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not kwargs and len(args) == 1 and type(args[0]) is tensor:
            try:
                return recorders[old](args, kwargs)
            except Exception:
                return old(*args)
        for value in args:
            if (type(value) in sequences and in_list(value)) or type(value) in traced or type(value) is Mapped:
                return dispatched(old, args, kwargs)
        if kwargs:
            for value in kwargs.values():
                if (type(value) in sequences and in_list(value)) or type(value) in traced or type(value) is Mapped:
                    return dispatched(old, args, kwargs)
        result = old(*args, **kwargs)
        if plain or type(result) is tensor or not at_work() or kwargs.get("out") is not None:
            return result
        return filled(result, args, (old, args, kwargs))

    call.__wrapped__ = old  # type: ignore[attr-defined]
    return call


def dispatched(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function as NumPy does where one of its arguments is a tensor."""
    if lane_in((args, kwargs)) is not None:
        if func not in _JOINING:
            args, kwargs = tuple(map(as_one, args)), {name: as_one(value) for name, value in kwargs.items()}
        return call_function(func, args, kwargs)
    if not has_tensor((args, kwargs)):
        return written_down(func, args, kwargs)
    rule = find(func)
    if rule is not None and rule.plain:  # which gets bare values, and these not in lists
        args, kwargs = tuple(map(as_one, args)), {name: as_one(value) for name, value in kwargs.items()}
    level = level_of((args, kwargs))
    try:
        return (forward.FUNCTIONS if level else FUNCTIONS)[func](args, kwargs)
    except Exception as error:
        add_shapes(error, func, args, kwargs)
        raise


# What takes several arrays, which may be of several shapes, in a list.
_JOINING = frozenset(
    (
        *(np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack, np.block, np.select),
        *(np.choose, np.piecewise, np.lexsort, np.linalg.multi_dot, np.histogramdd, np.ix_, np.einsum),
    )
)


def written_down(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function with traced arrays among its arguments, or in lists of these, and no tensors."""
    like = traced_in((args, kwargs))
    return like.__array_function__(func, (type(like),), args, kwargs)


for_type(np.ufunc, ufunc_stand_in)
stand_in(np.ufunc, lambda _: _Ufunc)
for_type(type(np.sum), function_stand_in)
stand_in(np.take, function_stand_in)  # NumPy does not ask the indices, which may be mapped
