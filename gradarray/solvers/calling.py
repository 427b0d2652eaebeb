"""Calling the functions that a solver is given, so that the variables in their closures are kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..batch.refusals import VmapError
from ..context.settings import within
from ..tape.loss import GradientLossError
from ..tape.wrapping import bare, has_tensor, has_variable, without_zero_tangents
from ..transforms.lifting import lanes
from ..transforms.vmap import vmap
from .captured import answered
from .remembered import Memory, Recorded, for_each_element
from .written import OfValues


def each(body: Callable[..., Any]) -> Callable[..., Any]:
    """Let a body be called for one element after the other within `vmap`, and with constants that look like such."""

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        if lanes() and (found := for_each_element(call, args, kwargs)) is not NotImplemented:
            return found
        given = {name: without_zero_tangents(value) for name, value in kwargs.items()}
        return body(*map(without_zero_tangents, args), **given)

    return call


_UNRECORDED = {"recording": False}


class Watched:
    """A function as a library calls it, with bare results.

    Parameters
    ----------
    func : the function
    name : of what calls it, for messages
    also : what else it is given, in which it may keep something

    Attributes
    ----------
    variable : whether one of its results was a variable
    """

    def __init__(self, func: Callable[..., Any], name: str, *also: Any) -> None:
        self.func, self.variable = func, False
        self._name, self._also = name, also
        self.memory: Memory | None = None

    def __call__(self, *args: Any) -> Any:
        if self.memory is None:
            self.memory = Memory(self._name, self.func, *self._also)
            result = answered(self.func, *args)
            self.memory.look()
        elif self.variable and not self.memory.kept:
            return unrecorded(self.func, *args)
        else:
            result = answered(self.func, *args)
        self.variable = self.variable or has_variable(result)
        return bare(result)

    @property
    def kept(self) -> bool:
        """Whether the function keeps something from call to call."""
        return self.memory is not None and self.memory.kept

    def depends(self, given: bool) -> bool:
        """Tell, after all calls, whether the result depends on a variable; `given`: one is among other arguments."""
        depends = self.variable or given
        if self.memory is not None:
            self.memory.refuse_later(depends)
        return depends


def unrecorded(func: Callable[..., Any], *args: Any) -> Any:
    """Return the bare result of a function, no operation of which is recorded."""
    return bare(within(_UNRECORDED, answered, func, *args))


def at_once(func: Callable[..., Any], *places: Any) -> Any:
    """Return what a function gives at many places, as one array: by `vmap`, or where it looks at values one by one."""
    if np.shape(places[0])[0] > 1:
        try:
            return vmap(func)(*places)
        except Exception:  # it asks for values, or is no function of tensors: then the loop says so
            pass
    points = zip(*[x if has_variable(x) else x.tolist() for x in places], strict=True)
    values = [func(*point) for point in points]
    return np.stack(values) if has_variable(values) else np.asarray(bare(values))


def with_args(func: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    """Return a function with its last arguments."""
    return (lambda *given: func(*given, *args)) if args else func


def of_values(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    at: tuple[Any, ...],
    given: bool,
    solved: Callable[[Any], Any],
    memory: Memory,
    also: Callable[[], Any] = tuple,
) -> Any:
    """Carry out a solver with a function that gives bare values, in plain arrays as far as the function allows.

    Parameters
    ----------
    func : the function, which finds variables
    args : its last arguments
    at : what stands before these when it is first called
    given : whether a variable is among the solver's other arguments
    solved : takes the function for the solver, and returns its result
    memory : of all functions that the solver is given
    also : calls the others for the first time

    Returns
    -------
    plain : the function with args, without the variables in its closure; of tensors, if it is called with such. It is
        `Recorded` if it keeps something from call to call.
    result : that of `solved`
    variable : whether the result depends on a variable
    """
    whole = with_args(func, args)
    first = answered(whole, *at)
    memory.look(given or has_variable((first, also())))
    if memory.kept:
        kept = Recorded(whole)
        found: list[bool] = [has_variable(first)]

        def recorded(*given: Any) -> Any:
            result = kept(*given)
            found.append(has_variable(result))
            return bare(result)

        return kept, solved(recorded), given or any(found)
    if not (given or has_variable(first)):
        variable = [False]

        def watched(*given: Any) -> Any:
            if variable[0]:
                return unrecorded(whole, *given)
            result = answered(whole, *given)
            variable[0] = has_variable(result)
            return bare(result)

        result = solved(watched)
        memory.refuse_later(variable[0])
        return whole, result, variable[0]
    plain, result = _in_plain_arrays(func, args, at, whole, solved)
    memory.refuse_later(True)
    return plain, result, True


def _in_plain_arrays(func: Any, args: tuple[Any, ...], at: tuple[Any, ...], whole: Any, solved: Any) -> tuple[Any, Any]:
    inner = OfValues(func, args)
    try:
        if not has_tensor(within(IN_PLAIN_ARRAYS, inner, *at)):
            return inner, within(IN_PLAIN_ARRAYS, solved, inner.function)
    except GradientLossError:
        pass
    return whole, solved(lambda *given: unrecorded(whole, *given))


IN_PLAIN_ARRAYS = {"recording": False, "making": None}


def seen_as(of: Callable[..., Any], func: Callable[..., Any]) -> Callable[..., Any]:
    """Return what `of` makes of a function that `of_values` has returned."""
    return func.seen_as(of) if type(func) is OfValues else of(func)


def in_plain_arrays(compute: Callable[..., Any], *args: Any) -> Any:
    """Carry out what calls a function for its values, in plain arrays as far as the function allows."""
    try:
        return within(IN_PLAIN_ARRAYS, compute, *args)
    except (GradientLossError, VmapError):
        return within(_UNRECORDED, compute, *args)
