"""The language in which the chapters declare what SciPy's functions have for derivatives, by name.

A name that a version of SciPy does not have is passed over when it is looked up, so that a chapter may have them all.
To read a chapter twice, as after an interrupt, changes nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ..differentiable import Elementwise, Function, Partial
from ..kinds import Rule, ZeroGradient
from ..signature import names

# What makes the rule of a ufunc, by its name.
DECLARED: dict[str, Callable[[np.ufunc], Rule]] = {}

# What stands in, where a variable is given, for the functions of each module that do not dispatch.
FUNCTIONS: dict[str, dict[str, Callable[..., Any]]] = {}

# What stands in for methods of classes, by module, class and name, where a variable is given or stands in the object.
METHODS: dict[str, dict[str, dict[str, Callable[..., Any]]]] = {}

# What an operator computes of an array and an object of a module's classes, by its name without underscores.
OPERATORS: dict[str, dict[str, Callable[..., Any]]] = {}

# By the name of a class in C, whose methods cannot be bound: what makes an object that stands in for one of it.
OBJECTS: dict[str, Callable[[Any], Any]] = {}

# By module: the names of functions that return objects of such classes.
MAKERS: dict[str, set[str]] = {}

# Modules the objects of whose classes make those of one another.
RELATED: set[str] = set()

# The parameters to which results are written: the array that is given is not read.
WRITTEN = frozenset(("out", "output"))

# Those among the functions that are asked also where no variable is given: what a function closes over may be one.
LOOKING: set[Callable[..., Any]] = set()

# By module: the names of classes that make objects of other classes, as their parameters are.
CHOOSING: dict[str, set[str]] = {}

# What computes the same as a private method of a class, by both names, and as a compiled function that those call.
FORMULAS: dict[str, dict[str, Callable[..., Any]]] = {}
COMPILED: dict[str, Callable[..., Any]] = {}

# What computes the methods of an object, by the name of its class; it is given the object, too.
FACES: dict[str, dict[str, Callable[..., Any]]] = {}

# Why there is no derivative by an operand.
STEPS = "it is a whole number"
UNKNOWN = "no closed form of it is known"


def elementwise(name: str, *partials: Partial | str) -> None:
    """Declare a ufunc with one result by a partial derivative, or the reason why there is none, for each operand."""
    DECLARED[name] = lambda func: Elementwise(func, partials)


def several(name: str, *partials: Callable[..., Sequence[Any]] | str) -> None:
    """Declare a ufunc with several results: for each operand what returns a tuple, the derivative of each result."""

    def make(func: np.ufunc) -> Rule:
        vjps = [p if isinstance(p, str) else _pulled(p) for p in partials]
        return Function(func, vjps, jvp=_pushed(partials))

    DECLARED[name] = make


def flat(name: str) -> None:
    """Declare a ufunc whose derivative is zero almost everywhere."""
    DECLARED[name] = ZeroGradient


def function(module: str, *bodies: Callable[..., Any]) -> None:
    """Declare functions that are no ufuncs by what computes the same in differentiable ``np.*``, under their names."""
    for body in bodies:
        FUNCTIONS.setdefault(module, {})[body.__name__] = body


def looking(module: str, *bodies: Callable[..., Any]) -> None:
    """Declare functions that are given functions, in whose closures variables may stand: each call is theirs."""
    function(module, *bodies)
    LOOKING.update(bodies)


def methods(module: str, cls: str, **bodies: Callable[..., Any]) -> None:
    """Declare methods of a class by what computes the same in differentiable ``np.*``; ``__init__`` fills the object.

    An object that is made of variables is the library's own, and holds them where it would hold arrays.
    """
    METHODS.setdefault(module, {}).setdefault(cls, {}).update(bodies)


def asked(body: Callable[..., Any]) -> Callable[..., Any]:
    """Have a method, or a function, called also where no variable is given: it may find some."""
    LOOKING.add(body)
    return body


def operators(module: str, **bodies: Callable[..., Any]) -> None:
    """Declare operators of which one operand is an object of a module's classes, and the other one a variable."""
    OPERATORS.setdefault(module, {}).update(bodies)


def objects(cls: str, make: Callable[[Any], Any]) -> None:
    """Declare what stands in for objects of a class in C, where a name of the user's leads to one."""
    OBJECTS[cls] = make


def makers(module: str, *names: str) -> None:
    """Name functions that return objects of a module's classes, whose methods are needed where one of them is."""
    MAKERS.setdefault(module, set()).update(names)


def related(module: str) -> None:
    """Tell that objects of a module's classes make those of one another: methods of all are needed beside made ones."""
    RELATED.add(module)


def choosing(module: str, *classes: str) -> None:
    """Name classes that make objects of others, derived from them, whose ``__init__`` is declared."""
    CHOOSING.setdefault(module, set()).update(classes)


def formulas(cls: str, **bodies: Callable[..., Any]) -> None:
    """Declare the private methods of a class by formulas in differentiable ``np.*``, which are given the object."""
    FORMULAS.setdefault(cls, {}).update(bodies)


def faces(cls: str, **bodies: Callable[..., Any]) -> None:
    """Declare the public methods of the objects of a class, for variables."""
    FACES.setdefault(cls, {}).update(bodies)


def compiled(*bodies: Callable[..., Any]) -> None:
    """Declare compiled functions that formulas call by what computes the same in differentiable ``np.*``."""
    for body in bodies:
        COMPILED[body.__name__] = body


class Named:
    """A function under the names of a ufunc's operands, by which a rule knows what it needs."""

    def __init__(self, names: Sequence[str], func: Callable[..., Any]) -> None:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])
        self.__doc__ = inspect.getdoc(func)
        self._func = func

    def __call__(self, *args: Any) -> Any:
        return self._func(*args)


def _pulled(slopes: Callable[..., Sequence[Any]]) -> Named:
    """Return what makes of the cotangents of the results that of an operand."""

    def vjp(g: Any, ans: Any, *operands: Array) -> Any:
        total: Any = 0
        for part, slope in zip(g, slopes(ans, *operands), strict=True):
            total = total + part * slope
        return total

    return Named(("g", *names(slopes)), vjp)


def _pushed(partials: Sequence[Callable[..., Sequence[Any]] | str]) -> Named:
    """Return what makes of the tangents of the operands those of the results."""

    def jvp(tangents: Sequence[Any], ans: Any, *operands: Array) -> tuple[Any, ...]:
        found: list[Any] = [0] * len(ans)
        for t, slopes in zip(tangents, partials, strict=True):
            if t is not None and not isinstance(slopes, str):
                pairs = zip(found, slopes(ans, *operands), strict=True)
                found = [so_far + t * slope for so_far, slope in pairs]
        return tuple(found)

    like = next(slopes for slopes in partials if not isinstance(slopes, str))
    return Named(("tangents", "ans", *[name.lstrip("_") for name in names(like)[1:]]), jvp)
