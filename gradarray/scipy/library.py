"""How a function of SciPy is mirrored: by itself where it dispatches, or by what stands in for it."""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context.settings import held, within
from ..dropin.distributions import with_face
from ..dropin.scipy import body_of
from ..reverse.constants import with_constant
from ..rules.scipy.declared import LOOKING
from ..tape.loss import GradientLossError
from ..tape.wrapping import bare, has_variable, wrap_results

PACKAGE = __name__.partition(".")[0]


def _library(module: str) -> types.ModuleType:
    """Return the module of SciPy that one of ours mirrors."""
    theirs = module.removeprefix(PACKAGE + ".")
    try:
        return importlib.import_module(theirs)
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] != "scipy":
            raise
        raise ModuleNotFoundError(f"{module} mirrors SciPy: pip install scipy", name="scipy") from None


def names_of(module: str) -> list[str]:
    """Return the public names of the module that one of ours mirrors."""
    return sorted(_library(module).__all__)


def reader(module: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module that mirrors SciPy's."""

    @functools.cache
    def get(name: str) -> Any:
        library = _library(module)
        if name not in library.__all__:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return mirrored(library, name)

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return get(name)

    return __getattr__


def mirrored(library: types.ModuleType, name: str) -> Any:
    """Return the mirror of a function or of an object with methods; anything else is the same one."""
    theirs = getattr(library, name)
    if isinstance(theirs, type):
        return theirs
    body = body_of(library.__name__, name)  # and reads the chapter
    if not isinstance(theirs, np.ufunc) and (new := with_face(theirs, _of_method)) is not theirs:
        return new
    return _mirror(theirs, body, f"{library.__name__}.{name}") if callable(theirs) else theirs


def _of_method(theirs: Callable[..., Any], body: Callable[..., Any]) -> Callable[..., Any]:
    return _mirror(theirs, body, getattr(theirs, "__name__", "method"))


def _mirror(theirs: Callable[..., Any], body: Callable[..., Any] | None, path: str) -> Callable[..., Any]:
    name = path.rpartition(".")[2]

    def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        if constant is not None:
            return with_constant(call, constant, args, kwargs)
        if body not in LOOKING and not (has_variable(args) or has_variable(kwargs)):
            return wrap_results(theirs(*bare(args), **bare(kwargs)))
        if body is not None:
            return wrap_results(body(*args, **kwargs))
        # It may be made of functions that dispatch; what takes a bare value says so.
        if held().policy == "ignore":
            return theirs(*args, **kwargs)
        try:
            return within({"policy": "raise"}, lambda: theirs(*args, **kwargs))
        except GradientLossError as error:
            raise TypeError(f"{path} is not differentiable here, and was given a variable") from error

    call.__name__ = call.__qualname__ = name
    call.__doc__ = theirs.__doc__
    if not isinstance(theirs, np.ufunc):
        functools.update_wrapper(call, theirs, assigned=())
    return call
