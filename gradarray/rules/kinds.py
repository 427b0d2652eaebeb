"""What a rule is, and the kinds that record nothing of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .names import public_name, warning_there
from .signature import names, parameter_names
from .written import as_declared, formula

Anew = bool | Callable[[Any, dict[str, Any]], bool]


class Straight(NamedTuple):
    """The short way of the usual calls of a composite; see `registry.straight`.

    Attributes
    ----------
    part : the function that they are about
    fewest, most : how many positional arguments they have
    params : the keywords that they may have
    """

    part: Callable[..., Any]
    fewest: int
    most: int
    params: frozenset[str]


class Reader:
    """Who makes something of rules: it has a method for each kind, and `Rule.read` calls the one that is the rule's.

    A kind that a reader does not tell from the one that it is made of is read as that.
    """

    def elementwise(self, rule: Any) -> Any:
        raise NotImplementedError

    def function(self, rule: Any) -> Any:
        raise NotImplementedError

    def linear(self, rule: Any) -> Any:
        return self.function(rule)

    def bilinear(self, rule: Any) -> Any:
        return self.function(rule)

    def composite(self, rule: Any) -> Any:
        raise NotImplementedError

    def inplace(self, rule: Any) -> Any:
        return self.composite(rule)

    def nondifferentiable(self, rule: Any) -> Any:
        raise NotImplementedError

    def creation(self, rule: Any) -> Any:
        raise NotImplementedError

    def zero_gradient(self, rule: Any) -> Any:
        raise NotImplementedError

    def unsupported(self, rule: Any) -> Any:
        raise NotImplementedError


class Rule:
    """What is known about one function. The kinds below are its subclasses.

    Attributes
    ----------
    plain : whether its results are NumPy's own, and no Tensors
    refuses : whether it is no function of Tensors at all
    reason : why, if it is not
    is_elementwise : whether it has a partial derivative for each operand, element by element
    names : what NumPy's protocol may call its function: Numba hands on now a ufunc, now what carries it
    is_ufunc : whether its function is a ufunc
    is_internal : whether it is a function of the rules' own, with whose results they go on
    chapter : the module that declared it
    ours : whether that is one of the library's
    lower : answers the calls that are another function's or another form's, or returns NotImplemented; see `lowered`
    lower_unusual : the same, but for calls in an unusual form alone: with more than an array, numbers and names
    straight : the short way of the usual calls of a composite
    declared : the derivatives, or the body, that it was declared with
    """

    kind: ClassVar[str]
    declared: Sequence[Any] = ()
    plain = False
    refuses = False
    reason = ""
    is_elementwise = False
    chapter = ""
    ours = False
    lower: Callable[[Any, dict[str, Any]], Any] | None = None
    lower_unusual: Callable[[Any, dict[str, Any]], Any] | None = None
    straight: Straight | None = None

    def __init__(self, func: Callable[..., Any]) -> None:
        # What carries a ufunc, as what Numba compiles does, is what is called: it may have to be compiled then.
        carried = getattr(func, "ufunc", None)
        self.func: Callable[..., Any] = carried if isinstance(carried, np.ufunc) else func
        self.names = {func, self.func}
        self.is_ufunc = isinstance(self.func, np.ufunc)
        self.is_internal = str(getattr(self.func, "__module__", "")).startswith("gradarray.rules.")
        self.name = public_name(self.func)
        self.call = warning_there(self.func) if func is self.func else func

    def read(self, reader: Reader) -> Any:
        """Return what a reader makes of a rule of this kind."""
        raise NotImplementedError

    def hasten(self, derivatives: Sequence[Callable[..., Any] | None], **ways: Callable[..., Any]) -> None:
        """Let faster ways stand before the declared ones; see `registry.faster`."""
        raise TypeError(f"{self.name} is declared without a derivative, which a faster one could stand before")

    def enclose(self, how: Callable[[Any], Any]) -> None:
        """Let `how` stand around each function that this rule was declared with."""

    def told(self) -> list[str]:
        """Return what the declaration says, in the words of a reader of NumPy."""
        return []

    def __repr__(self) -> str:
        return as_declared(self)


# --- kinds that record nothing of their own -------------------------------------------------------------------------


class Composite(Rule):
    """A function given a second body in differentiable np.*; no derivative is written."""

    kind = "composite"

    def read(self, reader: Reader) -> Any:
        return reader.composite(self)

    def __init__(
        self, func: Callable[..., Any], body: Callable[..., Any], anew: Anew = False, sequences: Sequence[str] = ()
    ) -> None:
        super().__init__(func)
        self.body = body
        self.declared = (body,)
        self.sequences = frozenset(sequences)
        self._anew = anew
        self.params = names(body)
        known = parameter_names(func)
        unknown = [] if known is None else [name for name in self.params if name not in known]
        if unknown:
            raise TypeError(f"{self.name} has no parameter {', '.join(unknown)}")

    def enclose(self, how: Callable[[Any], Any]) -> None:
        self.body = how(self.body)

    def told(self) -> list[str]:
        return ["differentiated as what it is made of:", formula(self.declared[0])]

    def computes_anew(self, args: Any, kwargs: dict[str, Any]) -> bool:
        """Tell whether the body has another way to the value than NumPy, so that NumPy is asked for that."""
        return self._anew(args, kwargs) if callable(self._anew) else self._anew

    def of_arrays(self, args: Any, kwargs: dict[str, Any], lift: Callable[[Any], Any]) -> tuple[Any, dict[str, Any]]:
        """Return the arguments with each list that stands for one array lifted into one."""
        names = (*self.params, *[""] * len(args))
        args = tuple([x if name in self.sequences else lift(x) for name, x in zip(names, args, strict=False)])
        return args, {name: x if name in self.sequences else lift(x) for name, x in kwargs.items()}


class InPlace(Composite):
    """A function that changes its first argument; the body does so on a Tensor."""

    kind = "in-place"

    def read(self, reader: Reader) -> Any:
        return reader.inplace(self)


class Nondifferentiable(Rule):
    """Integer, boolean and meta results: NumPy's own, on the raw data."""

    kind = "non-differentiable"
    plain = True

    def told(self) -> list[str]:
        return ["its results are whole numbers, truth values or the like, through which no derivative flows"]

    def read(self, reader: Reader) -> Any:
        return reader.nondifferentiable(self)


class Creation(Rule):
    """A new array that takes no values from a variable, as a constant Tensor."""

    kind = "creation"

    def told(self) -> list[str]:
        return ["makes a new array, which is a constant"]

    def read(self, reader: Reader) -> Any:
        return reader.creation(self)


class ZeroGradient(Rule):
    """Floating-point results whose derivative is zero almost everywhere."""

    kind = "zero-gradient"

    def told(self) -> list[str]:
        return ["a function of steps: its derivative is 0 wherever there is one, and taken to be 0 at the jumps"]

    def read(self, reader: Reader) -> Any:
        return reader.zero_gradient(self)


class Unsupported(Rule):
    """A function that is refused, with the reason."""

    kind = "unsupported"
    refuses = True

    def read(self, reader: Reader) -> Any:
        return reader.unsupported(self)

    def __init__(self, func: Callable[..., Any], reason: str) -> None:
        super().__init__(func)
        self.reason = reason

    def told(self) -> list[str]:
        return [f"refused: {self.reason}"]


def refuse(func: Callable[..., Any], rule: Rule | None) -> TypeError:
    """Return the error for a function that has no derivative here."""
    name = public_name(func)
    reason = "" if rule is None else rule.reason
    why = reason or "gradarray has no rule for it"
    bare = "To compute with the bare values, and without a gradient, pass ga.asarray(t) or t.data"
    ufunc = getattr(func, "ufunc", func)
    if isinstance(ufunc, np.ufunc):
        declared = "ga.registry.elementwise" if ufunc.signature is None else "ga.registry.rule"
    else:
        declared = "ga.registry"
    derivative = (
        f"to give {name} a derivative, declare one with {declared}, or wrap a function of your own in "
        "ga.custom_gradient"
    )
    first, then = (bare, derivative) if reason else (derivative, bare)
    return TypeError(
        f"{name} cannot be called on a Tensor: {why}. {first[0].upper()}{first[1:]}; {then[0].lower()}{then[1:]}."
    )


def refusing(func: Callable[..., Any], rule: Rule | None) -> Callable[[Any, dict[str, Any]], Any]:
    """Return what takes the calls of a function that has no derivative here, and raises that error."""

    def refuse_call(_args: Any, _kwargs: dict[str, Any]) -> Any:
        raise refuse(func, rule)

    return refuse_call
