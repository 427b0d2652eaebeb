"""A call of a solver of SciPy's: its arguments by name, and the solver itself on bare values."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ...context import settings
from ...context.settings import held, within
from ...dropin import blocks
from ...dropin.making import in_reverse
from ...rules.scipy.undifferentiated import Undifferentiated
from ...tape.loss import GradientLossError
from ...tape.wrapping import bare, has_tensor, has_variable, lifted
from ...transforms.flattening import flatten
from ...transforms.gradients import value_and_grad
from ...transforms.hessians import hessian, hvp
from ...transforms.jacobians import jacfwd
from ...transforms.lifting import lanes
from ..captured import called, kept, of_bare_values, where_losses_raise
from ..remembered import Memory, elsewhere, for_each_element, recorded_with
from .implicit import LARGE, Asked


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


class SolverCall:
    """One call.

    Attributes
    ----------
    name : what messages call the solver
    given : the arguments that are given, by name
    memory : what functions among them keep from call to call
    """

    def __init__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.name = f"scipy.optimize.{name}"
        self._function = getattr(import_module("scipy.optimize"), name)
        self._bound = _signature(self._function).bind(*args, **kwargs)
        self.given: dict[str, Any] = self._bound.arguments
        # A callback sees the solver's way alone, and what it keeps of that matters to no function.
        self.memory = Memory(self.name, *[value for key, value in self.given.items() if key != "callback"])
        self._depends = False

    def __getitem__(self, name: str) -> Any:
        """Return an argument, or its default; None for one that this version does not have."""
        if name in self.given:
            return self.given[name]
        parameter = _signature(self._function).parameters.get(name)
        return None if parameter is None or parameter.default is parameter.empty else parameter.default

    def args(self) -> tuple[Any, ...]:
        """Return what the solver hands to its function besides x."""
        args = self["args"]
        return args if isinstance(args, tuple) else () if args is None else (args,)

    def values(self, **changes: Any) -> Any:
        """Carry out the solver with bare values, and with other arguments in the place of some."""
        known = _signature(self._function).parameters
        self._bound.arguments = {
            **{
                key: bare_call(value, self._inner if key == "args" else self._bare) for key, value in self.given.items()
            },
            **{key: value for key, value in changes.items() if key in known},
        }
        bound, self._bound.arguments = (self._bound.args, self._bound.kwargs), self.given
        return self._function(*bound[0], **bound[1])

    def look(self, *calls: tuple[Callable[..., Any], tuple[Any, ...]]) -> None:
        """Call functions for the first time, recorded, to see whether they keep something: each with its arguments."""
        for f, at in calls:
            try:
                self._depends |= has_variable(called(f, _begin(at[0]), *at[1:]))
            except GradientLossError:
                raise
            except Exception:
                continue
        self.memory.look(self._depends)

    def _inner(self, f: Callable[..., Any]) -> Any:
        """Return a function among the arguments of one, which calls it also where derivatives go through it."""
        return f if self.memory.kept else kept(f, bare)

    @property
    def _bare(self) -> Callable[[Any], Any]:
        return recorded_with if self.memory.kept else of_bare_values

    def bare(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of what the solver finds and of `args`, as the solver calls it."""
        return recorded_with(f, self.args()) if self.memory.kept else of_bare_values(f)

    def bare_of(self, value: Any) -> Any:
        """Return an argument without variables; what is called gives bare values too."""
        return bare_call(value, self._bare)

    def own(self, derivative: Callable[..., Any], *args: Any) -> Any:
        """Return a derivative for the solver, or None where it had better make differences."""
        return None if self.memory.kept else derivative(*args)

    def user(self, f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[Any], Any]:
        """Return a function of the user's of x alone, with what its closure holds now."""
        found = user(f, args)
        return (lambda x: found(elsewhere(x))) if self.memory.kept else found

    def refuse_later(self) -> None:
        """Raise where the solver's calls have left something, by which a derivative would be lost."""
        self.memory.refuse_later(self._depends)

    def refuse_variables(self, *names: str) -> None:
        """Raise for a variable in a parameter by which there is no derivative."""
        for name in names:
            if has_variable(self[name]):
                raise TypeError(f"{self.name} has no derivative by {name}=, which was given a variable")


def _begin(x0: Any) -> Any:
    """Return a start as a solver asks there: of floating-point numbers."""
    if isinstance(x0, (list, tuple)) and not has_variable(x0):
        x0 = np.asarray(x0)
    is_whole = not has_variable(x0) and getattr(x0, "dtype", np.dtype(type(x0))).kind in "iub"
    return (np.asarray(x0, float) if np.ndim(x0) else float(x0)) if is_whole else x0


def bare_call(value: Any, of: Callable[[Any], Any] = of_bare_values) -> Any:
    """Return an argument without variables; `of` makes of what is called one that gives bare values too."""
    if isinstance(value, type):
        return value
    if type(value) in (list, tuple):
        return type(value)([bare_call(x, of) for x in value])
    if type(value) is dict:
        if "fun" in value and of is recorded_with:
            args = value.get("args", ())
            value = value | {"fun": recorded_with(value["fun"], args if isinstance(args, tuple) else (args,))}
        return {key: bare_call(x, of) for key, x in value.items()}
    if callable(value) and not isinstance(value, np.ufunc) and not hasattr(value, "__array__"):
        return value if _is_object(value) else of(value)
    kind = type(value).__name__
    if kind == "Bounds":
        return type(value)(bare(value.lb), bare(value.ub), value.keep_feasible)
    if kind == "LinearConstraint":
        return type(value)(bare(value.A), bare(value.lb), bare(value.ub), value.keep_feasible)
    if kind == "NonlinearConstraint":
        made = type(value)(of(value.fun), bare(value.lb), bare(value.ub), value.jac, value.hess)
        made.keep_feasible, made.finite_diff_rel_step = value.keep_feasible, value.finite_diff_rel_step
        made.finite_diff_jac_sparsity = value.finite_diff_jac_sparsity
        made.jac = of(value.jac) if callable(value.jac) else value.jac
        return made
    return bare(value)


def _is_object(value: Any) -> bool:
    """Tell whether something has a part besides being called, as a step taker whose step size is set."""
    return not inspect.isroutine(value) and not isinstance(value, functools.partial)


def solver(body: Callable[..., Any]) -> Callable[..., Any]:
    """Let a body be called for one element after the other within `vmap`, and refuse it where a program is written."""

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        if lanes() and (found := for_each_element(call, args, kwargs)) is not NotImplemented:
            return found
        if held().program is not None:
            raise TypeError(f"scipy.optimize.{body.__name__} looks at values, so that its steps are no program")
        return body(*args, **kwargs)

    return call


def quietly(call: SolverCall, f: Callable[..., Any], at: tuple[Any, ...], /, **changes: Any) -> Any:
    """Carry out a solver, so that no step of its function is recorded.

    Where the function finds variables in more than its closure, as in the globals of its module, it goes on in drop-in
    mode; otherwise it sees, and makes, plain arrays alone.
    """
    making = in_reverse(held().making)
    if call.memory.kept:
        return call.values(**changes)
    with settings.no_grad:
        if not within({"making": None}, _needs_blocks, f, at):
            found = within({"making": None}, lambda: call.values(**changes))
        else:
            carried_out = blocks.Ours(lambda: call.values(**changes), call.name)
            found = where_losses_raise(making, blocks.call, carried_out, (), {}, f)
    call.refuse_later()
    return found


def _needs_blocks(f: Callable[..., Any], at: tuple[Any, ...]) -> bool:
    """Tell by one call whether a function meets variables, though those in its closure have gone."""
    try:
        return has_tensor(where_losses_raise(None, kept(f, bare), *bare(at)))
    except GradientLossError:
        return True
    except Exception:
        return False  # the solver will meet it, too


def about(call: SolverCall, success: bool = True, message: Any = None, problem: Exception | None = None) -> Asked:
    """Return what there is to say of an answer, of which the solver itself may say that it has not found it."""
    doubt = f"{call.name} did not succeed ({message}), and what is no solution has no derivative"
    return Asked(call.name, problem, None if success else ValueError(doubt), kept=call.memory.kept)


# --- the unknowns -----------------------------------------------------------------------------------------------------


class Unknowns:
    """What a solver looks for, as a vector, and as the function of the user's takes it: an array or a container.

    Attributes
    ----------
    start : the plain start value, as the solver takes it
    is_container : whether it is one of arrays
    """

    def __init__(self, x0: Any) -> None:
        self._unflatten: Callable[[Any], Any] | None = None
        self.is_container = _is_container(x0)
        if self.is_container:
            start, self._unflatten = flatten(x0)
            self.start: Any = np.array(bare(start), float)
        else:
            self.start = bare(x0)

    def of(self, x: Any) -> Any:
        """Return what the function takes for what the solver gives to it."""
        return x if self._unflatten is None else self._unflatten(x)

    def function(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of the user's as one of what the solver gives to it."""
        if self._unflatten is None:
            return f
        return functools.wraps(f, updated=())(lambda x, *args, **kwargs: f(self._unflatten(x), *args, **kwargs))  # type: ignore[misc]


def _is_container(x0: Any) -> bool:
    if isinstance(x0, (list, tuple)):
        return any(isinstance(part, dict) or np.ndim(bare(part)) for part in x0 if not isinstance(part, (list, tuple)))
    return not (x0 is None or np.isscalar(x0) or hasattr(x0, "__array__") or hasattr(x0, "dtype"))


def vector_of(x: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return the numbers of an array as a real vector, and what makes such an array of a vector."""
    x = np.asarray(x)
    shape, n = x.shape, x.size
    if x.dtype.kind == "c":
        parts = np.concatenate([np.ravel(x.real), np.ravel(x.imag)])
        return parts, lambda z: np.reshape(z[:n] + 1j * z[n:], shape)
    vector = np.array(np.ravel(x), float)
    return vector, (lambda z: np.reshape(z, shape)) if shape else (lambda z: z[0])


def real_parts(value: Any, is_complex: bool) -> Any:
    """Return the elements of equations as a real vector."""
    value = np.ravel(lifted(value))
    return np.concatenate([np.real(value), np.imag(value)]) if is_complex else value


# --- derivatives for the solver ---------------------------------------------------------------------------------------


def _floating(x: Any) -> Any:
    """Return what a solver asks at, which is of whole numbers where the user's start value is."""
    return np.asarray(x, float) if np.asarray(x).dtype.kind in "iub" else x


def gradient_for(f: Callable[..., Any], x0: Any, args: tuple[Any, ...]) -> Callable[..., Any] | None:
    """Return the gradient of an objective for a solver, or None where there is none at the start."""
    derivative = value_and_grad(kept(f, bare))
    return _tried(lambda x, *args: np.asarray(bare(derivative(_floating(x), *args)[1])), x0, args)


def jacobian_for(f: Callable[..., Any], x0: Any, args: tuple[Any, ...]) -> Callable[..., Any] | None:
    """Return the Jacobian of a function for a solver, or None where there is none at the start."""
    if np.size(x0) > LARGE:
        return None
    derivative = jacfwd(kept(f, bare))
    return _tried(lambda x, *args: np.atleast_2d(bare(derivative(_floating(x), *args))), x0, args)


def hessian_for(f: Callable[..., Any], x0: Any, args: tuple[Any, ...]) -> Callable[..., Any] | None:
    """Return the matrix of second derivatives for a solver, or None where there is none at the start."""
    derivative = hessian(kept(f, bare))
    return _tried(lambda x, *args: np.asarray(bare(derivative(_floating(x), *args))), x0, args)


def product_for(f: Callable[..., Any], x0: Any, args: tuple[Any, ...]) -> Callable[..., Any] | None:
    """Return the product of the second derivatives with a vector for a solver, or None where there is none."""
    derivative = hvp(kept(f, bare))

    def product(x: Any, p: Any, *args: Any) -> Any:
        return np.asarray(bare(derivative(_floating(x), p, *args)))

    return product if _tried(lambda x, *args: product(x, np.ones(np.shape(x)), *args), x0, args) else None


def _tried(derivative: Callable[..., Any], x0: Any, args: tuple[Any, ...]) -> Callable[..., Any] | None:
    try:
        with settings.no_grad:
            found = derivative(np.array(x0, float), *bare(args))
    except Exception:
        return None  # of a function that takes no tensors, the solver makes differences
    return derivative if np.all(np.isfinite(found)) else None


# --- results ----------------------------------------------------------------------------------------------------------


def finished(found: Any, solver: str, **parts: Any) -> Any:
    """Put differentiable parts into a result of SciPy's; arrays that have no derivative refuse to be used."""
    for name, value in [*found.items()]:
        if name in parts:
            found[name] = parts[name]
        elif not isinstance(value, (str, bool, int, float, np.number, np.bool_, type(None))):
            found[name] = Undifferentiated(name, solver)
    return found


def user(f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Return a function of the user's of x alone, with what its closure holds now."""
    f, args = kept(f), tuple([kept(x) if inspect.isroutine(x) else x for x in args])
    return lambda x: called(f, x, *args)


def ours(compute: Callable[..., Any]) -> Any:
    """Return a function that transforms call as it is; it calls the user's by `called`."""
    return blocks.Ours(compute, "objective")
