"""How a function of SciPy is mirrored: by itself where it dispatches, or by what stands in for it.

A class of SciPy's some of whose methods take variables is mirrored by one that is derived from it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..batch.one_by_one import all_or_each
from ..context.settings import held, within
from ..dropin.distributions import with_face
from ..dropin.methods import bodies_of, stood_in, varies
from ..dropin.scipy import body_of
from ..dropin.twins import lifted_arguments
from ..reverse.constants import with_constant
from ..rules.scipy.declared import CHOOSING, LOOKING
from ..rules.scipy.families import chapters
from ..tape.loss import GradientLossError
from ..tape.wrapping import bare, wrap_results

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
    body = body_of(library.__name__, name)  # and reads the chapter
    if isinstance(theirs, types.ModuleType):
        return _module_mirror(theirs)
    if isinstance(theirs, type) and body is None:
        return class_mirror(theirs)
    if not isinstance(theirs, np.ufunc) and (new := with_face(theirs, _of_method)) is not theirs:
        return new
    return _mirror(theirs, body, f"{library.__name__}.{name}") if callable(theirs) else theirs


def _module_mirror(theirs: types.ModuleType) -> types.ModuleType:
    """Return the mirror of a module within one, such as ``scipy.stats.qmc``, if it has a chapter."""
    if theirs.__name__ not in chapters():
        return theirs
    made = types.ModuleType(f"{PACKAGE}.{theirs.__name__}", theirs.__doc__)
    vars(made).update(__getattr__=reader(made.__name__), __dir__=lambda: names_of(made.__name__))
    return made


def _of_method(theirs: Callable[..., Any], body: Callable[..., Any]) -> Callable[..., Any]:
    return _mirror(theirs, body, getattr(theirs, "__name__", "method"))


def _mirror(theirs: Callable[..., Any], body: Callable[..., Any] | None, path: str) -> Callable[..., Any]:
    name = path.rpartition(".")[2]

    def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        if constant is not None:
            return with_constant(call, constant, args, kwargs)
        if body not in LOOKING and not varies((args, kwargs)):
            return _as_ours(wrap_results(theirs(*bare(args), **bare(kwargs))))
        args, kwargs = lifted_arguments(args, kwargs, theirs)
        if body is not None:
            found = all_or_each(body, args, kwargs) if held().lanes else body(*args, **kwargs)
            return _as_ours(wrap_results(found))
        # It may be made of functions that dispatch; what takes a bare value says so.
        if held().policy == "ignore":
            return _as_ours(theirs(*args, **kwargs))
        try:
            return _as_ours(within({"policy": "raise"}, lambda: theirs(*args, **kwargs)))
        except GradientLossError as error:
            raise TypeError(f"{path} is not differentiable here, and was given a variable") from error

    call.__name__ = call.__qualname__ = name
    call.__doc__ = theirs.__doc__
    if not isinstance(theirs, np.ufunc):
        functools.update_wrapper(call, theirs, assigned=())
    return call


@functools.cache
def class_mirror(theirs: Any) -> Any:
    """Return the class that is derived from one of SciPy's and takes variables, or that one where none does.

    It has the same layout, so that an object which SciPy has just made can become one of it.
    """
    bodies = bodies_of(theirs)
    if not bodies:
        return theirs
    space: dict[str, Any] = {"__slots__": (), "__doc__": theirs.__doc__, "__module__": f"{PACKAGE}.{_public(theirs)}"}
    for name, body in bodies.items():
        if not hasattr(theirs, name):  # in another version of SciPy
            continue
        method = stood_in(inspect.getattr_static(theirs, name), body, lambda: True)
        kind = type(method)
        if kind is property:
            space[name] = property(_giving_ours(method.fget), method.fset, method.fdel, method.__doc__)
            continue
        bound = kind in (classmethod, staticmethod)
        space[name] = kind(_giving_ours(method.__func__)) if bound else _giving_ours(method)
    if any(theirs.__name__ in names for names in CHOOSING.values()):
        space["__new__"] = _chosen(theirs)
    made = type(theirs.__name__, (theirs,), space)
    custom = getattr(sys.modules[theirs.__module__], f"_Custom{theirs.__name__}", None)
    if custom is not None:  # LinearOperator: called itself, it makes objects of a class that is derived from it
        both = type(theirs.__name__, (made, custom), {**space, "__slots__": ()})
        made.__new__ = lambda cls, *_, **__: object.__new__(both if cls is made else cls)  # type: ignore[assignment]
    return made


def _chosen(theirs: Any) -> Callable[..., Any]:
    def __new__(_cls: Any, *args: Any, **kwargs: Any) -> Any:
        made = _as_ours(theirs(*bare(args), **bare(kwargs)))
        made.__init__(*args, **kwargs)  # which Python leaves out: it is of no class that is derived from this one
        return made

    return __new__


def _giving_ours(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _as_ours(method(*args, **kwargs))

    return call


def _public(cls: type) -> str:
    """Return the public module of SciPy that a class stands in."""
    return ".".join(part for part in cls.__module__.split(".") if not part.startswith("_"))


def _as_ours(result: Any) -> Any:
    """Have an object that SciPy has just made take variables."""
    if type(result) is tuple:
        return tuple(map(_as_ours, result))
    if isinstance(result, dict):  # what a solver has found, by names
        for name, value in result.items():
            result[name] = _as_ours(value)
        return result
    if not isinstance(result, type) and type(result).__module__.startswith("scipy."):
        kind: Any = type(result)
        ours = class_mirror(kind)
        if ours is not kind:
            result.__class__ = ours
    return result
