"""The functions that transforms return: they look like the function that they were made from, and can be pickled."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from ..dropin.named import decorated_name
from ..dropin.reach import let_in
from .argnums import function_name


class Transformed:
    """A function that a transform has made of another one.

    It is no closure because that could not be pickled, and so not be sent to another process.
    """

    def __init__(self, call: Callable[..., Any], made_by: tuple[Callable[..., Any], tuple[Any, ...]]) -> None:
        self._call = call
        self._made_by = made_by

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<function {self.__qualname__}>"

    def __reduce__(self) -> Any:
        found, libraries = decorated_name(self), let_in(())
        return found or ((made_again, (libraries, *self._made_by)) if libraries else self._made_by)

    __name__: str
    __qualname__: str
    __wrapped__: Callable[..., Any]


def made_again(libraries: tuple[str, ...], make: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Make what a transform returned once more, where libraries were let in by name."""
    let_in(libraries)
    return make(*args)


def named_after(
    f: Any,
    transform: str,
    what: str,
    made_by: tuple[Callable[..., Any], tuple[Any, ...]],
    same_arguments: bool = True,
) -> Callable[[Callable[..., Any]], Transformed]:
    """Give the function that a transform returns a name and a docstring, and where it fits the signature, after `f`.

    `made_by` is the function, and its arguments, that make the same once more, in another process.
    """

    def decorate(call: Callable[..., Any]) -> Transformed:
        made, name = Transformed(call, made_by), function_name(f)
        functools.update_wrapper(made, f if same_arguments else call)
        made._call, made._made_by = call, made_by  # not those of `f`, where that is such a function itself
        made.__name__ = made.__qualname__ = f"{transform}_of_{name}".replace("<lambda>", "lambda")
        doc = getattr(f, "__doc__", None) if name != "<lambda>" and not isinstance(f, functools.partial) else None
        made.__doc__ = f"{what.format(name)}\n\nThe documentation of {name}:\n\n{doc}" if doc else what.format(name)
        return made

    return decorate
