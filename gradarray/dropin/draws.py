"""Random numbers: what is drawn can be filled, and a choice among variables keeps them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..batch.refusals import refused
from ..context.settings import held
from .calls import as_one
from .creation import TRACED
from .making import fillable, making
from .numbers import acting
from .table import for_type, stand_in


def _drawn(old: Callable[..., Any]) -> Callable[..., Any]:
    def draw(*args: Any, **kwargs: Any) -> Any:
        _check_lanes()
        return fillable(old(*args, **kwargs))

    draw.__name__ = draw.__qualname__ = old.__name__
    draw.__doc__ = old.__doc__
    draw.__wrapped__ = old  # type: ignore[attr-defined]
    return draw


def _check_lanes() -> None:
    """Raise where a function is mapped, to which all elements are one."""
    if held().lanes and making() is not None:
        raise refused("random")


def _picking(old: Callable[..., Any]) -> Callable[..., Any]:
    """Make the stand-in of a function that picks or reorders: of a variable, it does so with the places."""

    def pick(x: Any, *args: Any, **kwargs: Any) -> Any:
        _check_lanes()
        x = as_one(x) if making() is not None else x
        if not isinstance(x, TRACED) or not x.ndim:
            return fillable(old(x, *args, **kwargs))
        axis = kwargs.get("axis", 0)
        places = old(np.arange(x.shape[axis]), *args, **{name: v for name, v in kwargs.items() if name != "axis"})
        return np.take(x, places, axis=axis)

    pick.__name__ = pick.__qualname__ = old.__name__
    pick.__doc__ = old.__doc__
    pick.__wrapped__ = old  # type: ignore[attr-defined]
    return pick


def _shuffling(old: Callable[..., Any]) -> Callable[..., Any]:
    def shuffle(x: Any, axis: int = 0) -> None:
        _check_lanes()
        if not isinstance(x, TRACED):
            old(x, axis) if axis else old(x)
            return
        places = np.arange(x.shape[axis])
        old(places)
        x[...] = np.take(x, places, axis=axis)

    shuffle.__name__ = shuffle.__qualname__ = old.__name__
    shuffle.__doc__ = old.__doc__
    shuffle.__wrapped__ = old  # type: ignore[attr-defined]
    return shuffle


def _replacing(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return _shuffling if name == "shuffle" else _picking if name in ("choice", "permutation") else _drawn


_NOT_DRAWING = frozenset(("bytes", "get_bit_generator", "get_state", "seed", "set_bit_generator", "set_state", "spawn"))


def _draws(owner: Any, name: str) -> bool:
    return name[0].islower() and name not in _NOT_DRAWING and callable(getattr(owner, name))


class _Drawing:
    """An older generator of random numbers whose floating-point arrays can be filled: the same stream."""

    def __init__(self, real: Any) -> None:
        self.__wrapped__ = real

    def __getattr__(self, name: str) -> Any:
        real = self.__wrapped__
        value = getattr(real, name)
        if _draws(real, name):
            value = vars(self)[name] = _replacing(name)(value)
        return value

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.__wrapped__)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __reduce__(self) -> Any:
        return self.__wrapped__.__reduce__()


class _DrawingGenerator(np.random.Generator):
    """A generator of the same stream whose arrays can be filled; one in C, too, which libraries make others of."""

    def __init__(self, real: np.random.Generator) -> None:
        super().__init__(real.bit_generator)
        self.__wrapped__ = real

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __reduce__(self) -> Any:
        return self.__wrapped__.__reduce__()

    def spawn(self, n_children: int) -> list[Any]:
        return [_DrawingGenerator(child) for child in self.__wrapped__.spawn(n_children)]


def _method(name: str) -> Callable[..., Any]:
    def method(self: _DrawingGenerator, *args: Any, **kwargs: Any) -> Any:
        return _replacing(name)(getattr(self.__wrapped__, name))(*args, **kwargs)

    method.__name__ = name
    method.__doc__ = getattr(np.random.Generator, name).__doc__
    return method


for _name in dir(np.random.Generator):
    if _draws(np.random.Generator, _name):
        setattr(_DrawingGenerator, _name, _method(_name))


def _drawing(real: Any) -> Any:
    return _DrawingGenerator(real) if isinstance(real, np.random.Generator) else _Drawing(real)


def source_of(value: Any) -> Any:
    """Return a generator as a library takes it, to which what it draws are plain numbers; anything else as it is."""
    return value.__wrapped__ if type(value) in (_Drawing, _DrawingGenerator) else value


def _made_by(old: Callable[..., Any]) -> Callable[..., Any]:
    """Make the stand-in of a function that makes generators."""

    def make(*args: Any, **kwargs: Any) -> Any:
        made = old(*args, **kwargs)
        return made if making() is None or type(made) in (_Drawing, _DrawingGenerator) else _drawing(made)

    make.__name__ = make.__qualname__ = old.__name__
    make.__doc__ = old.__doc__
    make.__wrapped__ = old  # type: ignore[attr-defined]
    return make


for _name in dir(np.random):
    if _draws(np.random, _name) and _name not in ("default_rng", "test"):
        stand_in(getattr(np.random, _name), _replacing(_name), name=_name)
stand_in(np.random.default_rng, _made_by)
for _kind in (np.random.Generator, np.random.RandomState):
    stand_in(_kind, acting(lambda *_: None, lambda _: False, plain=_made_by(_kind)))
    for_type(_kind, _drawing)
