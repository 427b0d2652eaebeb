"""Which arguments of a call a transform is about: `argnums`, by position or by name."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any

from ..dropin.blocks import prepared

Place = int | str
DropIn = bool | str | Sequence[str]


def function_name(f: Any) -> str:
    """Return the name of a function, for messages and for what is made from it."""
    while isinstance(f, functools.partial):
        f = f.func
    return str(getattr(f, "__name__", type(f).__name__))


def need_function(f: Any, transform: str, drop_in: DropIn = True) -> Any:
    """Return a function as it is to be called; raise TypeError for what cannot be called."""
    if not callable(f):
        raise TypeError(f"{transform} takes a function and returns one, as in {transform}(f)(x); it got {f!r:.60}")
    return prepared(f, transform, drop_in)


def parameters(f: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """Return the parameters of a function, none where it does not tell them."""
    try:
        return tuple(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return ()


def names_of_parameters(f: Callable[..., Any]) -> list[str]:
    """Return the names of a function's parameters; `inspect.signature` takes ten times as long."""
    inner = inspect.unwrap(f, stop=_says_itself)
    if type(inner) is not types.FunctionType or _says_itself(inner):
        return [parameter.name for parameter in parameters(f)]
    code = inner.__code__
    names, n, m = code.co_varnames, code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    star = names[m : m + bool(code.co_flags & inspect.CO_VARARGS)]
    rest = m + len(star)
    return [*names[:n], *star, *names[n:m], *names[rest : rest + bool(code.co_flags & inspect.CO_VARKEYWORDS)]]


def _says_itself(f: Any) -> bool:
    return hasattr(f, "__signature__") or isinstance(f, types.MethodType)


class Argnums:
    """The arguments that a derivative is taken by.

    Parameters
    ----------
    argnums : int, str, or a sequence of them
        Positions, counted from the end if negative, or names.
    transform : str
        For messages.

    Attributes
    ----------
    places : the positions and names
    single : one was given by itself, so that there is one result and no tuple
    """

    __slots__ = ("_in_order", "places", "single", "transform")

    def __init__(self, argnums: Any, transform: str) -> None:
        self.transform = transform
        self.single = not isinstance(argnums, (tuple, list))
        self.places: tuple[Place, ...] = (argnums,) if self.single else tuple(argnums)
        for place in self.places:
            if isinstance(place, bool) or not (isinstance(place, str) or hasattr(place, "__index__")):
                raise TypeError(
                    f"argnums is the position of an argument, its name, or a tuple of them, not {argnums!r:.60}"
                )
        self.places = tuple(p if isinstance(p, str) else p.__index__() for p in self.places)
        if not self.places:
            raise ValueError("argnums names no argument")
        # Positions that are told apart by that, as long as there are arguments there.
        positions: Any = self.places
        in_order = all(type(p) is int for p in positions) and positions == tuple(sorted({*positions}))
        self._in_order = in_order and positions[0] >= 0

    def __str__(self) -> str:
        named = [f"argument {place!r}" for place in self.places]
        return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"

    def arrange(self, results: list[Any]) -> Any:
        """Return the one result, or a tuple of them."""
        return results[0] if self.single else tuple(results)

    def locate(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Sequence[Place]:
        """Return where the arguments stand in a call: a position in `args` or a name in `kwargs`.

        Raises
        ------
        TypeError
            If the call has no such argument.
        ValueError
            If two of them are the same one.
        """
        places = self.places
        if self._in_order and places[-1] < len(args):  # type: ignore[operator]
            return places
        found = [self._find(place, f, args, kwargs) for place in self.places]
        if len(set(found)) < len(found):
            raise ValueError(f"argnums={self.places} names an argument of {function_name(f)} twice")
        return found

    def _find(self, place: Place, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Place:
        if isinstance(place, str):
            if place in kwargs:
                return place
            for i, parameter in enumerate(parameters(f)):
                if parameter.name == place and parameter.kind in _BY_POSITION and i < len(args):
                    return i
                if parameter.name == place and parameter.default is not parameter.empty:
                    kwargs[place] = parameter.default
                    return place
        else:
            position = place + len(args) if place < 0 else place
            if 0 <= position < len(args):
                return position
            known = parameters(f)
            if 0 <= position < len(known) and known[position].kind in _BY_POSITION:
                return self._find(known[position].name, f, args, kwargs)
        given = [f"{len(args)} by position"] + [repr(name) for name in kwargs]
        raise TypeError(
            f"{self.transform}(..., argnums={place!r}) of {function_name(f)}: this call has no such argument; "
            f"it has {', '.join(given)}"
        )


_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
