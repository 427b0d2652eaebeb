"""The one table from NumPy's functions to their rules, and the declarations that fill it.

Every function is declared once, by kind; both modes of differentiation and every order follow from the declaration.
The signature of a derivative is its support statement: a parameter that it does not list is refused when the function
is called, never ignored. `differentiable` has the vocabulary in which derivatives are written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..context.frames import caller_of
from ..context.settings import plainly
from ..kernels import guests
from .differentiable import Bilinear, Derivative, Elementwise, Function, Linear, Partial
from .kinds import Anew, Composite, Creation, InPlace, Nondifferentiable, Rule, Straight, Unsupported, ZeroGradient

RULES: dict[Any, Rule] = {}


def register(rule: Rule) -> None:
    """Put a rule into the table; a user's declaration takes the place of an earlier one for the same function.

    Two of ours for one function are a mistake: which of them holds would depend on the order of imports.
    """
    _set_chapter(rule, rule.chapter or caller_of(__name__))
    earlier = RULES.get(rule.func)
    if earlier is not None and earlier.ours and rule.ours:
        raise TypeError(f"{rule.name} is declared twice: in {earlier.chapter} and in {rule.chapter}")
    for func in rule.names:
        RULES[func] = rule
        for forget in forgetters:
            forget(func)


_PACKAGE = __name__.partition(".")[0]
# How code of a user's is called that computes derivatives, ``in_kind(f, args, kwargs)``; handed in by drop-in mode.
in_kind: Any = None


def _set_chapter(rule: Rule, chapter: str) -> None:
    rule.chapter = chapter
    rule.ours = chapter.partition(".")[0] == _PACKAGE
    if not rule.ours:
        rule.enclose(_enclosed)


def _enclosed(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a user's function as one that is called so."""

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return in_kind(f, args, kwargs)

    return call


def _plainly(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a user's function as one that runs as it stands."""

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return plainly(f, args, kwargs)

    return call


def find(func: Any) -> Rule | None:
    """Return the rule of a function, or None; what belongs to a family is declared when it is first asked for.

    Without a lock, which a child that is forked meanwhile would wait for, and so would a signal handler: of several
    that make the rule at once, all get the one that is in the table first.
    """
    rule = RULES.get(func)
    if rule is None:
        for belongs, make, chapter in _families:
            if belongs(func):
                rule = make(func)
                _set_chapter(rule, chapter)
                return RULES.setdefault(func, rule)
    return rule


def _body_of(func: Any) -> Callable[..., Any] | None:
    rule = find(func)
    return rule.body if isinstance(rule, Composite) else None


guests.body_of = _body_of

_families: list[tuple[Callable[[Any], bool], Callable[[Any], Rule], str]] = []


def family(belongs: Callable[[Any], bool], make: Callable[[Any], Rule]) -> None:
    """Give the rules of functions that are alike, or that stand in a module which NumPy does not import by itself.

    Parameters
    ----------
    belongs : callable
        Tells of a function that has no rule whether it is one of the family.
    make : callable
        Returns the rule of one, and does nothing else: several threads may ask at once.
    """
    _families.append((belongs, make, caller_of(__name__)))


# Called with a function that has a new rule; whoever derives something from the rules drops it then.
forgetters: list[Callable[[Any], None]] = []


# --- declarations ---------------------------------------------------------------------------------------------------


def elementwise(func: np.ufunc, *partials: Partial | None, selects: bool = False) -> None:
    """Declare a ufunc by its partial derivatives.

    Parameters
    ----------
    func : numpy.ufunc
        A ufunc with one result; SciPy's and Numba's are as good as NumPy's.
    *partials : callable, int or None
        One per operand: ``lambda ans, x1, x2: ...``, the plain partial derivative (for complex numbers the complex
        derivative; conjugates are inserted where they belong), or a whole number for a constant one. Broadcasting is
        taken care of. None for an operand that there is no derivative by, such as the order of a Bessel function: a
        variable is refused there when the function is called.
    selects : bool
        A partial derivative that is 0 says that another operand is the result, as in np.maximum: such a zero wins over
        an infinity or a NaN on the way back.

    Raises
    ------
    TypeError
        If the number of partial derivatives, or of the parameters of one, does not match the ufunc.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> cube = np.frompyfunc(lambda x: x**3, 1, 1)
    >>> ga.registry.elementwise(cube, lambda _ans, x: 3 * x**2)
    """
    register(Elementwise(func, partials, selects=selects))


def linear(
    func: Callable[..., Any],
    adjoint: Derivative,
    *,
    sequence: bool = False,
) -> None:
    """Declare a function that is linear in its operand.

    Parameters
    ----------
    func : callable
        A function with NumPy's dispatch protocol.
    adjoint : callable
        ``adjoint(g, operand, param=default, ...)``: the cotangent of the operand. `operand` is a `Spec`; it has the
        shape and dtype of the real one.
    sequence : bool
        The operand is a sequence of arrays; the adjoint returns one cotangent for each.
    """
    register(Linear(func, adjoint, sequence=sequence))


def bilinear(func: Callable[..., Any], left: Derivative, right: Derivative) -> None:
    """Declare a function that is linear in each of its two operands.

    Parameters
    ----------
    func : callable
    left, right : callable
        ``left(g, a, b, param=default, ...)``: the cotangents of `a` and of `b`, as for real numbers; for complex ones
        the operands arrive conjugated.
    """
    register(Bilinear(func, left, right))


def rule(
    func: Callable[..., Any],
    *vjps: Derivative | None,
    joint: Derivative | None = None,
    jvp: Derivative | None = None,
    skip: Sequence[str] = (),
    holomorphic: bool = True,
    absent: bool = False,
    selects: bool | str = False,
) -> None:
    """Declare any other differentiable function.

    Parameters
    ----------
    func : callable
    *vjps : callable or None
        One per operand: ``vjp(g, ans, a, b, param=default, ...)`` returns the cotangent of that operand. Parameters
        without a default are the operands. None for an operand that there is no derivative by: a variable is refused
        there when the function is called.
    joint : callable, optional
        Instead: one function that returns the cotangents of all operands as a tuple. One with a parameter ``wanted=``
        is told in it, operand by operand, which are asked for, and may return None for the others.
    jvp : callable, optional
        The forward derivative, ``jvp(tangents, ans, a, b, param=default, ...)``, with one tangent for each operand,
        None for a constant; without it, it is the transpose of the vjp.
    skip : sequence of str
        Operands through which no derivative flows, such as a condition; their vjp is not called.
    holomorphic : bool
        The vjp is the plain one, ``J^T g``, and conjugates are inserted for complex results. Give False where the vjp
        is written for complex numbers already: the direction of steepest ascent of a real loss.
    absent : bool
        For several results: the vjp is given None, and not zeros, for those that take no part.
    selects : bool or "nan"
        The zeros that the vjp puts in say that an element has no part in the result, as in np.max: they win over an
        infinity or a NaN on the way back. With "nan" those do that it puts in the place of a NaN.
    """
    if (joint is None) == (not vjps):
        raise TypeError("give either one vjp per operand or a joint one")
    if joint is not None:
        vjps = (joint,)
    options: dict[str, Any] = {"jvp": jvp, "skip": skip, "holomorphic": holomorphic}
    options |= {"absent": absent, "selects": selects}
    register(Function(func, vjps, joint=joint is not None, **options))


def faster(func: Callable[..., Any], *derivatives: Derivative | None, **ways: Callable[..., Any]) -> None:
    """Let faster ways for plain ndarrays stand before what a function is declared with.

    A declaration says what is so, for arrays of any kind; this says how it is had sooner where they are NumPy's own.
    The values are the same.

    Parameters
    ----------
    func : callable
    *derivatives : callable or None
        One for each that the function is declared with, under the same parameters. It is called with arrays of all
        kinds, and so asks for their type first; where it has nothing to gain, it calls the declared one itself.
    **ways : callable
        ``jvp=``, the forward derivative. ``forward=`` computes the same as the function from a plain array, as
        ``np.add.reduce`` does for np.sum. ``sparse=``, for one operand: called as the vjp is, with plain arrays, it
        returns the cotangent as a `cotangents.Scatter` where nearly all of it is zero, or NotImplemented.

    Raises
    ------
    TypeError
        If a derivative has other parameters than the one that it stands before, or there is none.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> cube = np.frompyfunc(lambda x: x**3, 1, 1)
    >>> ga.registry.elementwise(cube, lambda _ans, x: 3 * x**2)
    >>> ga.registry.faster(cube, lambda _ans, x: 3 * np.square(x) if type(x) is np.ndarray else 3 * x**2)
    """
    rule = RULES[func]
    if not rule.ours:  # such code asks for the type of an array, so that it is no code to be rebound
        derivatives = tuple([d and _plainly(d) for d in derivatives])
        ways = {name: _plainly(way) for name, way in ways.items()}
    rule.hasten(derivatives, **ways)
    for forget in forgetters:
        forget(func)


def composite(
    func: Callable[..., Any], body: Callable[..., Any], *, anew: Anew = False, sequences: Sequence[str] = ()
) -> None:
    """Declare a function by a second body, written in differentiable np.* and with NumPy's own parameters.

    With `anew` the body gives the derivative alone, and NumPy is called for the value: for a body that takes other
    steps than NumPy, and so rounds in another way, lies in memory in another way, or has another value where something
    is not finite. It costs the forward pass twice; ``anew(args, kwargs)`` may tell in which calls that is so.

    A list of numbers stands for an array; `sequences` names the parameters where a list has a meaning of its own.
    """
    register(Composite(func, body, anew, sequences))


def inplace(func: Callable[..., Any], body: Callable[..., Any]) -> None:
    """Declare a function that changes its first argument, by a body that does so on a Tensor."""
    register(InPlace(func, body))


def nondifferentiable(*funcs: Callable[..., Any]) -> None:
    """Declare functions with integer, boolean or meta results: they see the raw data and return plain NumPy values."""
    for func in funcs:
        register(Nondifferentiable(func))


def creation(*funcs: Callable[..., Any]) -> None:
    """Declare functions that make a new array without taking values from a variable."""
    for func in funcs:
        register(Creation(func))


def zero_gradient(*funcs: Callable[..., Any]) -> None:
    """Declare functions with floating-point results whose derivative is zero almost everywhere."""
    for func in funcs:
        register(ZeroGradient(func))


def unsupported(reason: str, *funcs: Callable[..., Any]) -> None:
    """Declare functions that are refused; the error names the reason."""
    for func in funcs:
        register(Unsupported(func, reason))


def lowered(func: Callable[..., Any], lower: Callable[[Any, dict[str, Any]], Any], *, unusual: bool = False) -> None:
    """Add to a declared function a way to carry out some of its calls by other calls.

    Parameters
    ----------
    func : callable
    lower : callable
        ``lower(args, kwargs)`` gets every call first. It answers it with the help of other functions, or of another
        form of the call, or returns NotImplemented, and the rule is used.
    unusual : bool
        It need not see the calls with an array and numbers alone, which then are as fast as without it.
    """
    if unusual:
        RULES[func].lower_unusual = lower
    else:
        RULES[func].lower = lower


def straight(
    func: Callable[..., Any],
    part: Callable[..., Any],
    params: tuple[str, ...],
    keywords: tuple[str, ...] = (),
    *,
    operands: int = 1,
) -> None:
    """Let the usual calls of a declared composite go to the part of it that they are about, at once.

    Those are the calls with no parameters but `params`, which directly follow the operands, and `keywords`. That takes
    half of the time on small arrays.
    """
    RULES[func].straight = Straight(part, operands, operands + len(params), frozenset((*params, *keywords)))
