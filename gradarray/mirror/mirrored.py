"""The NumPy mirror: ``ga.f`` is np.f that also takes ``constant=`` and returns Tensors, for lists and numbers too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, overload

from ..batch.mapped import lane_in
from ..batch.mapped_calls import call_function
from ..context.frames import PACKAGE
from ..context.settings import held
from ..forward import protocols as forward
from ..forward.levels import level_of
from ..kernels.arrays import FLOAT64
from ..kernels.gate import PLAIN, SIMPLE, unless_it_answers
from ..reverse.constants import with_constant
from ..reverse.notes import add_shapes
from ..reverse.outputs import place_of
from ..reverse.protocols import FUNCTIONS
from ..reverse.tensor import Tensor, leaf_of
from ..rules.names import public_name, warning_there
from ..rules.registry import find
from ..tape.wrapping import has_tensor, wrap, wrap_results

# The types of mirrors whose result is something else than one array, or can be.
Answering = Callable[..., Any]


class OneOrMore(Protocol):
    """A mirror that gives one array, and several where it is asked to by a keyword or in the fourth place."""

    @overload
    def __call__(self, *args: Any, returned: bool, **kwargs: Any) -> Any: ...
    @overload
    def __call__(self, *args: Any, retstep: bool, **kwargs: Any) -> Any: ...
    @overload
    def __call__(self, *args: Any, return_indices: bool, **kwargs: Any) -> Any: ...
    @overload
    def __call__(self, a: Any, b: Any, c: Any, d: Any, /, *args: Any, **kwargs: Any) -> Any: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Tensor: ...


class Chooses(Protocol):
    """A mirror that gives one array of two, and the places where a condition holds if that is all it has."""

    @overload
    def __call__(self, condition: Any, /, *, constant: bool | None = None) -> Any: ...
    @overload
    def __call__(self, condition: Any, x: Any, y: Any, /, *, constant: bool | None = None) -> Tensor: ...


def mirrored(func: Callable[..., Any], *, plain: bool = False, callback: bool = False) -> Callable[..., Tensor]:
    """Return the mirror of a NumPy function that is no ufunc, under its name and with its documentation.

    Parameters
    ----------
    func : callable
    plain : bool
        Its results stay as NumPy returns them. Those of functions that are declared to have no derivative do so anyway.
    callback : bool
        It calls a function of the user's, which may bring variables in where the arguments have none.
    """
    rule = find(func)
    plain_results = plain or (rule is not None and rule.plain)
    simple = PLAIN | SIMPLE | {Tensor}
    place_of_out = place_of(func)
    numpys = warning_there(func)

    # The shortest way for arrays, numbers and tensors, which costs little more than NumPy's own function.

    def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        try:
            if constant is None and not callback:
                tensors = False
                for value in (*args, *kwargs.values()) if kwargs else args:
                    if type(value) is Tensor:
                        tensors = True
                    elif type(value) not in simple and not _is_shape(value):
                        break
                else:
                    if not tensors:
                        result = numpys(*args, **kwargs)
                        return result if names_out(args, kwargs) else wrapped(result)
                    if rule is not None:
                        return FUNCTIONS[func](args, kwargs)
            return general(args, constant, kwargs)
        except Exception as error:
            add_shapes(error, func, args, kwargs)
            raise

    def wrapped(result: Any) -> Any:
        if plain_results:
            return result
        return wrap(result) if getattr(result, "dtype", None) is FLOAT64 else wrap_results(result)

    def names_out(args: Any, kwargs: dict[str, Any]) -> bool:
        if len(args) > place_of_out:
            return args[place_of_out] is not None
        return bool(kwargs) and kwargs.get("out") is not None

    def general(args: Any, constant: bool | None, kwargs: dict[str, Any]) -> Any:
        if constant is not None:
            if constant is False and names_out(args, kwargs):
                return call(*args, **kwargs)  # out= itself, as it is
            return with_constant(call, constant, args, kwargs)
        if rule is None:
            return undispatched(args, kwargs)
        if held().lanes and lane_in((args, kwargs)) is not None:
            return call_function(func, args, kwargs)
        if not callback and not (has_tensor(args) or (kwargs and has_tensor(kwargs))):
            result = numpys(*map(unless_it_answers, args), **kwargs)
            return result if plain_results or names_out(args, kwargs) else wrap_results(result)
        return (forward.FUNCTIONS if level_of((args, kwargs)) else FUNCTIONS)[func](args, kwargs)

    def undispatched(args: Any, kwargs: dict[str, Any]) -> Any:
        # What is made of NumPy's operators alone may well take a variable; what asks it for a plain array says so.
        result = func(*args, **kwargs)
        return result if plain_results or isinstance(result, Tensor) else wrap_results(result)

    return borrow(call, func)


def _is_shape(value: Any) -> bool:
    """Tell whether a value is a tuple of numbers, in which no Tensor can be."""
    if type(value) is not tuple:
        return False
    for item in value:  # noqa: SIM110 - all() of a generator takes twice as long
        if type(item) is not int:
            return False
    return True


def answering(func: Callable[..., Any], *, plain: bool = False, callback: bool = False) -> Answering:
    """Do the same for a function whose result is something else than one array, or can be: editors see this one."""
    return mirrored(func, plain=plain, callback=callback)


def created(func: Callable[..., Any], *, callback: bool = False) -> Callable[..., Tensor]:
    """Return the mirror of a function that makes new arrays: as with `tensor`, floating-point ones are variables.

    Its ``__connected__`` makes constants of what does not come from variables.
    """
    mirror = mirrored(func, callback=callback)

    def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        kwargs.pop("like", None)  # the result is a Tensor anyway
        return new(wrap_results(mirror(*args, **kwargs)), constant)

    call.__connected__ = mirror  # type: ignore[attr-defined]
    return borrow(call, func)


def converted(func: Callable[..., Any]) -> Callable[..., Tensor]:
    """Return the mirror of a function that makes an array of anything: a Tensor stays what it is, all else is new."""
    mirror, create = mirrored(func), created(func)

    def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        kwargs.pop("like", None)
        make = mirror if args and isinstance(args[0], Tensor) else create
        return make(*args, constant=constant, **kwargs)

    call.__connected__ = mirror  # type: ignore[attr-defined]
    return borrow(call, func)


def borrow(call: Callable[..., Any], func: Callable[..., Any], module: str | None = None) -> Callable[..., Any]:
    """Give a mirror the name of its function, and the documentation; of NumPy's own functions in short."""
    call.__name__ = call.__qualname__ = func.__name__
    call.__doc__ = func.__doc__ if module else _in_short(func)
    theirs = getattr(func, "__module__", None) or "numpy"
    call.__module__ = module or (theirs.replace("numpy", PACKAGE, 1) if theirs in _MODULES else PACKAGE)
    call.__wrapped__ = func  # type: ignore[attr-defined]
    return call


_MODULES = ("numpy.fft", "numpy.linalg")


def _in_short(func: Callable[..., Any]) -> str:
    """Return what NumPy says of a function first, and where all of it stands.

    With a copy of each documentation, ``help(ga)`` had 20,000 lines before the first function that is ours.
    """
    paragraphs = [text.strip() for text in (func.__doc__ or "").split("\n\n", 2)[:2]]
    # What is written in C, or is a ufunc, has its signature first.
    kept = paragraphs if paragraphs[0].startswith(f"{func.__name__}(") else paragraphs[:1]
    name = public_name(func)
    return "\n\n".join(
        [*kept, f"This is {name}, which also takes ``constant=``: help({name}) has all that NumPy says of it."]
    )


def new(result: Any, constant: bool | None) -> Any:
    """Make a result that nobody else knows of a leaf; what depends on variables already stays as it is."""
    if isinstance(result, (tuple, list)):
        return type(result)(new(item, constant) for item in result)
    if not isinstance(result, Tensor):
        return result
    if result.constant:
        return leaf_of(result, constant)
    return result.detach() if constant else result
