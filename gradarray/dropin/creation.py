"""Arrays that are made in drop-in mode: from nothing, from data, from variables."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..batch.mapped import Mapped
from ..context.settings import held
from ..forward.dual import Dual
from ..kernels.gate import NUMBERS
from ..kernels.traced import TRACED as TRACED_TYPES
from ..kernels.traced import Traced, array_of, as_form, has_traced
from ..reverse.stacking import stacked_numbers
from ..reverse.tensor import Tensor
from ..tape.wrapping import bare, has_tensor, has_variable, is_scalar
from .calls import SEQUENCES, as_one, dispatched, function_stand_in, in_list
from .making import fillable, fillable_like, filled, making
from .table import like, stand_in

TRACED: tuple[Any, ...] = (Tensor, Dual, Mapped, Traced)
# What asks for the dtype that numbers get anyway.
_FLOATS = (None, float, np.float64, "float", "float64", "f8", "d")


def _created(old: Callable[..., Any]) -> Callable[..., Any]:
    """Make the stand-in of a function that makes an array of numbers which carry no derivative."""

    @like(old)
    def make(*args: Any, **kwargs: Any) -> Any:
        return fillable(old(*args, **kwargs), (old, args, kwargs))

    make.__wrapped__ = old  # type: ignore[attr-defined]
    return make


def _loaded(old: Callable[..., Any]) -> Callable[..., Any]:
    """Make the stand-in of a function that makes an array of what stands in a file or in a buffer."""

    @like(old)
    def load(*args: Any, **kwargs: Any) -> Any:
        return fillable(old(*args, **kwargs))

    load.__wrapped__ = old  # type: ignore[attr-defined]
    return load


def _made_like(old: Callable[..., Any]) -> Callable[..., Any] | None:
    """Make the stand-in of a function that makes an array like another one."""
    make = function_stand_in(old)
    if make is None:
        return None

    @like(old)
    def call(*args: Any, **kwargs: Any) -> Any:
        return fillable_like(make(*args, **kwargs))

    call.__wrapped__ = old  # type: ignore[attr-defined]
    return call


def _replaced(new: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes a stand-in that does as `new`, with the original for its first argument, in drop-in mode."""

    def make(old: Callable[..., Any]) -> Callable[..., Any]:
        @like(old)
        def call(*args: Any, **kwargs: Any) -> Any:
            now = held()
            if now.making is None and (now.program is None or has_tensor((args, kwargs))):
                return old(*args, **kwargs)
            return new(old, *args, **kwargs)

        call.__wrapped__ = old  # type: ignore[attr-defined]
        return call

    return make


# --- from data and variables ------------------------------------------------------------------------------------------


def made(old: Any, *args: Any, **kwargs: Any) -> Any:
    """Make an array of data; what is made of variables stays connected to them, as it does by ``like=``.

    A plain array that is returned as it is stays plain: writes go on reaching the caller's memory, and a variable
    written there is refused. A tensor around that memory would take the variable, and whoever else holds the array
    would have the old number.
    """
    if kwargs.get("like") is not None or any(map(_is_of_others, (kwargs.get("dtype"), *args[1:2]))):
        return old(*args, **kwargs)  # which NumPy dispatches; text and objects hold no derivative
    for x in (*args[:3], *kwargs.values()) if kwargs else args[:3]:
        if isinstance(x, TRACED) or in_list(x):
            result = dispatched(old, args, kwargs)
            whole = bare(result) if result.dtype.kind not in "fc" else None
            return result if whole is None else array_of(whole)  # whole numbers stay plain
    return filled(old(*args, **kwargs), args)


def _is_of_others(dtype: Any) -> bool:
    """Tell whether something is the dtype of what are no numbers."""
    return isinstance(dtype, (type, str, np.dtype)) and np.dtype(dtype).kind not in NUMBERS


def array(old: Any, *args: Any, **kwargs: Any) -> Any:
    """Do what np.array does."""
    if len(args) == 1 and type(args[0]) in SEQUENCES and (not kwargs or _asks_for_floats(kwargs)):
        numbers = stacked_numbers(args[0])
        if numbers is not None:
            return numbers
    return made(old, *args, **kwargs)


def _asks_for_floats(kwargs: dict[str, Any]) -> bool:
    return len(kwargs) == 1 and kwargs.get("dtype") in _FLOATS and "dtype" in kwargs


def _finite(old: Any, a: Any, *args: Any, **kwargs: Any) -> Any:
    raw = bare(a)
    if type(raw) not in TRACED_TYPES or (raw.dtype.kind in "fc" and not np.all(np.isfinite(raw))):
        old(raw, *args, **kwargs)  # NumPy's own error
    return made(np.asarray, a, *args, **kwargs)


def _full_like(old: Any, a: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
    if has_variable((a, fill_value)) or has_traced((a, fill_value)):
        return fillable_like(dispatched(old, (a, fill_value, *args), kwargs))
    return fillable(old(bare(a), bare(fill_value), *args, **kwargs))


def _fromiter(old: Any, iter: Iterable[Any], dtype: Any, count: int = -1, **kwargs: Any) -> Any:
    return made(old, list(itertools.islice(iter, count if count >= 0 else None)), dtype, count, **kwargs)


def _fromfunction(old: Any, function: Any, shape: Any, **kwargs: Any) -> Any:
    return filled(old(function, shape, **kwargs), ())


def _is_scalar(old: Any, element: Any) -> bool:
    return is_scalar(element) if isinstance(element, TRACED) else bool(old(element))


def _as_strided(old: Any, x: Any, shape: Any = None, strides: Any = None, *args: Any, **kwargs: Any) -> Any:
    x = as_one(x)
    raw = np.asarray(as_form(bare(x)))
    result = old(raw, shape, strides, *args, **kwargs)
    if not (has_variable(x) or has_traced(bare(x))):
        return result
    # Which element of x is each one of the result? That which stands at the same place in memory.
    elements = {offset: k for k, offset in enumerate(_offsets(raw).tolist())}
    places = [elements.get(offset, -1) for offset in _offsets(result).tolist()]
    if -1 in places:
        raise ValueError("as_strided of a variable reaches memory that belongs to none of its elements")
    found = np.reshape(np.ravel(x)[places], result.shape)
    if has_traced(found):  # a copy: what is written into it would be missing in x
        found.flags.writeable = False
    return found


def _offsets(array: Any) -> Any:
    """Return the place in memory of each element of an array, in C order, counted in bytes from the first one."""
    grid = np.zeros((), np.intp)
    for n, step in zip(array.shape, array.strides, strict=True):
        grid = grid[..., None] + np.arange(n) * step
    return grid.ravel()


# --- the joiners ------------------------------------------------------------------------------------------------------


class _Joiner:
    """np.r_, np.c_, np.mgrid and np.ogrid."""

    def __init__(self, real: Any) -> None:
        self.__wrapped__ = real

    def __getitem__(self, key: Any) -> Any:
        real = self.__wrapped__
        keys = key if isinstance(key, tuple) else (key,)
        if not (has_traced(keys) or (making() is not None and has_tensor(list(keys)))):
            return filled(real[key], ())
        if real not in (np.r_, np.c_) or any(isinstance(k, str) for k in keys):
            return real[key]
        parts = [np.atleast_1d(real[k] if isinstance(k, slice) and real is np.r_ else _row(k)) for k in keys]
        if real is np.r_:
            return np.concatenate(parts)
        return np.concatenate([np.reshape(p, (-1, 1)) if p.ndim == 1 else p for p in parts], axis=-1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)


def _row(key: Any) -> Any:
    return np.r_[key] if isinstance(key, slice) else as_one(key)


# --- the table --------------------------------------------------------------------------------------------------------

for _name in (
    *("zeros", "empty", "ones", "eye", "identity", "tri"),
    *("bartlett", "blackman", "hamming", "hanning", "kaiser"),
):
    stand_in(getattr(np, _name), _created)
for _name in ("frombuffer", "fromstring", "fromfile", "loadtxt", "genfromtxt", "load", "fromregex"):
    stand_in(getattr(np, _name), _loaded)
for _name in ("zeros_like", "ones_like", "empty_like"):
    stand_in(getattr(np, _name), _made_like)
for _name in ("linspace", "logspace", "geomspace", "diag", "copy", "tile"):
    stand_in(getattr(np, _name), function_stand_in)
_REPLACED: dict[str, Callable[..., Any]] = {
    "array": array,
    "asarray_chkfinite": _finite,
    "fromfunction": _fromfunction,
    "fromiter": _fromiter,
    "full_like": _full_like,
    "isscalar": _is_scalar,
    **dict.fromkeys(
        ("arange", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray", "full", "require"), made
    ),
}
for _name, _new in _REPLACED.items():
    stand_in(getattr(np, _name), _replaced(_new))
stand_in(np.lib.stride_tricks.as_strided, _replaced(_as_strided))
for _real, _name in ((np.r_, "r_"), (np.c_, "c_"), (np.mgrid, "mgrid"), (np.ogrid, "ogrid")):
    stand_in(_real, _Joiner, name=_name)
