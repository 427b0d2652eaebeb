"""Functions of functions: derivatives of ordinary functions written in plain np.*.

They nest in any way, also with tensors that are on a tape already. Arguments and results may be containers, one inside
the other: lists, tuples, named tuples, dicts and dataclasses. Numbers come back as NumPy scalars, arrays as ndarrays;
what was a Tensor, or depends on one from outside, comes back as a Tensor on its tape. A result that does not depend on
an argument has the derivative zero.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, overload

import numpy as np

from ..context.frames import end_at_users
from ..context.settings import held, hold, next_level, paused, watching
from ..dropin import blocks
from ..dropin.making import in_forward
from ..elsewhere.answers import telling
from ..forward.dual import Dual
from ..forward.tangents import met
from ..kernels.arrays import FLOAT64
from ..kernels.gate import ARRAYS, Guest, argument, beside, outward
from ..kernels.traced import TRACED, array_of, copy_of
from ..reverse.tensor import Tensor, variable
from ..tape import loss
from ..tape.loss import differentiating
from ..tape.nodes import next_order
from ..tape.wrapping import bare, has_tensor
from .argnums import Argnums, DropIn, function_name, need_function
from .checks import check_argument, check_results, dtype_of, is_usual, shape_of, zeros_of
from .containers import LEAF, flatten, map_leaves
from .lifting import Lifted, lanes
from .tap import transposing
from .trace import Trace, dual, pull_back
from .transformed import named_after

_ONE = np.float64(1)

# Each differentiation in forward mode has a level of its own, higher than that of those around it.

P = ParamSpec("P")


@overload
def grad(f: np.ufunc, argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True) -> Callable[..., Any]: ...
@overload
def grad(
    f: Callable[P, Any], argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[P, Any]: ...
@telling
def grad(
    f: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[..., Any]:
    """Make the function that returns the gradient of a function with a scalar result.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them that returns one real number, alone or in an array.
    argnums : int, str, or a tuple of them
        The arguments to differentiate by: positions, counted from the end if negative, or names.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated, and the second is handed on.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        Takes what `f` takes and returns the gradient, in the shape, dtype and container of the argument; a tuple of
        gradients for a tuple of argnums. With `has_aux` it returns the pair (gradient, aux). For a complex argument
        the gradient is the direction of steepest ascent. It is zero where the result does not depend on the argument.

    Raises
    ------
    TypeError
        When called: if an argument to differentiate by is no floating-point or complex number, the result is no
        array, or is complex, or the call has no such argument.
    ValueError
        When called: if the result has no element, or several.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> def loss(w, x, y):
    ...     return np.mean((x @ w - y) ** 2)
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> ga.grad(loss)(np.zeros(2), x, np.array([1.0, 0.0, 2.0]))
    array([-7.33333333, -9.33333333])
    """
    return gradient_of("grad", f, argnums, has_aux, drop_in)


def gradient_of(
    transform: str, f: Callable[..., Any], argnums: Any, has_aux: bool, drop_in: DropIn = True
) -> Callable[..., Any]:
    """Do what `grad` does, in the name of another transform."""
    f = need_function(f, transform, drop_in)
    chosen = Argnums(argnums, transform)

    @named_after(
        f, "grad", f"Return the gradient of {{}} by {chosen}.", (gradient_of, (transform, f, argnums, has_aux))
    )
    def gradient(*args: Any, **kwargs: Any) -> Any:
        if lanes():
            lifted = Lifted(f, chosen.locate(f, args, kwargs), args, kwargs)
            found, aux = _lifted_gradient(transform, lifted, chosen.arrange(lifted.places), has_aux, False)
            return (found, lifted.handed(aux)) if has_aux else found
        trace = Trace(transform, f, chosen, args, kwargs)
        out, aux = _with_aux(trace, trace.out, has_aux, transform)
        if type(out) is Tensor and type(out._raw) is np.float64:  # the usual result
            one = _ONE
        else:
            out, one = start_of(out, transform, trace.name)
        retain = has_aux and trace.depends(aux)
        aux = trace.settle(aux, retain) if has_aux else None
        found = trace.gradient(out, one, retain)
        return (found, aux) if has_aux else found

    if transform != "grad":
        gradient.__name__ = function_name(f)  # which its messages are about
    return gradient


@overload
def value_and_grad(
    f: np.ufunc, argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_grad(
    f: Callable[P, Any], argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[P, tuple[Any, Any]]: ...
@telling
def value_and_grad(
    f: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[..., tuple[Any, Any]]:
    """Make the function that returns a scalar function's value together with its gradient.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them that returns one real number, alone or in an array.
    argnums : int, str, or a tuple of them
        The arguments to differentiate by: positions, counted from the end if negative, or names.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        Takes what `f` takes and returns (value, gradient), or ((value, aux), gradient) with `has_aux`; the value is as
        `f` returned it. `f` is called once.

    Raises
    ------
    TypeError, ValueError
        As `grad` does.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> value, gradient = ga.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """
    f = need_function(f, "value_and_grad", drop_in)
    chosen = Argnums(argnums, "value_and_grad")
    made_by = functools.partial(value_and_grad, has_aux=has_aux), (f, argnums)

    @named_after(f, "value_and_grad", f"Return the value of {{}} and its gradient by {chosen}.", made_by)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        if lanes():
            lifted = Lifted(f, chosen.locate(f, args, kwargs), args, kwargs)
            found, value = _lifted_gradient("value_and_grad", lifted, chosen.arrange(lifted.places), has_aux, True)
            return lifted.handed(value), found
        trace = Trace("value_and_grad", f, chosen, args, kwargs)
        out, aux = _with_aux(trace, trace.out, has_aux, "value_and_grad")
        both = (out, aux) if has_aux else out
        out = _need_scalar(out, "value_and_grad", trace.name)
        retain = trace.depends(both)
        value = trace.settle(both, retain)
        return value, trace.gradient(out, _one(out), retain)

    return value_and_gradient


@overload
def elementwise_grad(
    f: np.ufunc, argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[..., Any]: ...
@overload
def elementwise_grad(
    f: Callable[P, Any], argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[P, Any]: ...
@telling
def elementwise_grad(
    f: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[..., Any]:
    """Make the derivative of a function that acts on each element by itself.

    Parameters
    ----------
    f : callable
        A function whose result has the shape of the argument, and each element of which depends on the argument's
        element in the same place alone. That is not checked: for a function that mixes elements, the derivative of
        the sum of the result is returned.
    argnums : int, str, or a tuple of them
        The arguments to differentiate by: positions, counted from the end if negative, or names.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated, and the second is handed on.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        Takes what `f` takes and returns the derivative at every element, of the argument's shape and dtype.

    Raises
    ------
    TypeError
        As `grad` does.
    ValueError
        When called: if the result has another shape than the argument.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.elementwise_grad(np.sin)(np.array([0.0, np.pi]))
    array([ 1., -1.])
    """
    f = need_function(f, "elementwise_grad", drop_in)
    chosen = Argnums(argnums, "elementwise_grad")
    made_by = functools.partial(elementwise_grad, has_aux=has_aux), (f, argnums)

    @named_after(f, "elementwise_grad", f"Return the derivative of {{}} by {chosen}, element by element.", made_by)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        if lanes():
            lifted = Lifted(f, chosen.locate(f, args, kwargs), args, kwargs)
            return _lifted_derivative(lifted, chosen.arrange(lifted.places), has_aux)
        trace = Trace("elementwise_grad", f, chosen, args, kwargs)
        out, aux = _with_aux(trace, trace.out, has_aux, "elementwise_grad")
        out = _need_real(out, "elementwise_grad", trace.name)
        for node in trace.inputs:
            if node.shape != shape_of(out):
                raise ValueError(
                    f"elementwise_grad needs a result of the argument's shape {node.shape}, but {trace.name} returned "
                    f"shape {shape_of(out)}; use jacobian for the derivative of every element by every element"
                )
        retain = has_aux and trace.depends(aux)
        aux = trace.settle(aux, retain) if has_aux else None
        found = trace.gradient(out, _one(out), retain)
        return (found, aux) if has_aux else found

    return derivative


# --- products with the Jacobian -------------------------------------------------------------------------------------


@telling
def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False, drop_in: DropIn = True) -> Any:
    """Evaluate a function, and make the function that pulls cotangents back through it.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them; so is its result.
    *primals : array_like or container
        Its arguments.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated, and the second is handed on.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    value : the result of ``f(*primals)``
    f_vjp : callable
        ``f_vjp(cotangent)`` takes an array of the result's shape, or a container like the result, to a tuple with the
        cotangent of each argument: the product with the transposed Jacobian (for complex numbers, the conjugated one).
        It can be called as often as needed; the tape lives as long as it does.
    aux : with `has_aux` alone

    Raises
    ------
    TypeError
        If an argument is no floating-point or complex number, or the result no array.
    ValueError
        By `f_vjp`, if the cotangent does not match the result.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> value, f_vjp = ga.vjp(np.multiply, np.array([1.0, 2.0]), 3.0)
    >>> value
    array([3., 6.])
    >>> f_vjp(np.array([1.0, 10.0]))
    (array([ 3., 30.]), np.float64(21.0))
    """
    if lanes():
        return _lifted_products(vjp, need_function(f, "vjp", drop_in), primals, has_aux)
    trace, out, aux = _traced("vjp", f, primals, has_aux, drop_in)
    outs, tree = check_results(out, "vjp", trace.name, primals)

    def f_vjp(cotangent: Any) -> tuple[Any, ...]:
        given = tree.match(cotangent, "the cotangent")
        pairs = [(o, as_direction(c, o, "cotangent")) for o, c in zip(outs, given, strict=True)]
        return trace.arranged(trace.gradients(pairs, True))  # type: ignore[no-any-return]

    value = trace.settle(out, True)
    return (value, f_vjp, trace.settle(aux, True)) if has_aux else (value, f_vjp)


@telling
def linearize(f: Callable[..., Any], *primals: Any, has_aux: bool = False, drop_in: DropIn = True) -> Any:
    """Evaluate a function, and make its derivative at that point, as a linear function of the direction.

    `f` is called once; each application goes along what was recorded then. For a single direction, `jvp` is faster and
    keeps no tape.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them; so is its result.
    *primals : array_like or container
        Its arguments.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated, and the second is handed on.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    value : the result of ``f(*primals)``
    f_jvp : callable
        ``f_jvp(*tangents)`` takes one direction for each argument to the derivative of the result along it.
    aux : with `has_aux` alone

    Raises
    ------
    TypeError
        If an argument is no floating-point or complex number, or the result no array.
    ValueError
        By `f_jvp`, if the tangents do not match the arguments.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> value, f_jvp = ga.linearize(lambda x: x**2, np.array([1.0, 2.0]))
    >>> f_jvp(np.array([1.0, 0.0])), f_jvp(np.array([0.0, 1.0]))
    (array([2., 0.]), array([0., 4.]))
    """
    if lanes():
        return _lifted_products(linearize, need_function(f, "linearize", drop_in), primals, has_aux)
    trace, out, aux = _traced("linearize", f, primals, has_aux, drop_in)
    outs, tree = check_results(out, "linearize", trace.name, primals)
    # The pullback is linear in its cotangent, so it may be differentiated anywhere, and its transpose is the jvp. Not
    # at zero: zero times an infinite derivative is zero on the way back, and would take the derivative with it.
    oldest = next_order()
    ones = [variable(_one(o)) if dtype_of(o).kind in "fc" else None for o in outs]
    nodes: Any = [one._node for one in ones if one is not None]
    starts = [(o, one) for o, one in zip(outs, ones, strict=True) if one is not None]
    before, around = held(), transposing.get()
    try:
        hold(before.with_(recording=True))
        transposing.set(True)
        pulled = trace.gradients(starts, True)
    finally:
        hold(before)
        transposing.set(around)
    outer = trace.depends(out)

    def f_jvp(*tangents: Any) -> Any:
        directions = [as_direction(t, x, "tangent") for t, x in zip(trace.match(tangents), trace.plain, strict=True)]
        found = iter(pull_back([*zip(pulled, directions, strict=True)], nodes, oldest, True, outer))
        return tree.unflatten(
            [trace.dressed(zeros_of(o) if one is None else next(found)) for o, one in zip(outs, ones, strict=True)]
        )

    value = trace.settle(out, True)
    return (value, f_jvp, trace.settle(aux, True)) if has_aux else (value, f_jvp)


@telling
def jvp(
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    has_aux: bool = False,
    drop_in: DropIn = True,
) -> Any:
    """Evaluate a function together with its derivative in one direction, without a tape.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them, written in plain np.*.
    primals : sequence of array_like or containers
        Its arguments.
    tangents : sequence of array_like or containers
        The direction: one array for each argument, of the same shape, in the same container.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated, and the second is handed on.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    value : the result of ``f(*primals)``
    tangent : the derivative of each element of the result along the direction, of the same shape
    aux : with `has_aux` alone

    Raises
    ------
    TypeError
        If an argument is no floating-point or complex number, or the result no array.
    ValueError
        If the tangents do not match the arguments in number or shape.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> value, tangent = ga.jvp(np.sin, (0.0,), (2.0,))
    >>> float(value), float(tangent)
    (0.0, 2.0)
    """
    f = need_function(f, "jvp", drop_in)
    if type(primals) is not tuple or type(tangents) is not tuple:
        for given, what in ((primals, "primals"), (tangents, "tangents")):
            if not isinstance(given, (tuple, list)):
                raise TypeError(f"the {what} of jvp are a tuple, one for each argument of f, as in jvp(f, (x,), (t,))")
    if len(primals) != len(tangents):
        raise ValueError(f"{len(primals)} argument(s) need as many tangents, not {len(tangents)}")
    if lanes():
        lifted = Lifted(f, range(len(primals)), tuple(primals), {})
        call = lifted.function(lambda out: _whole_results(lifted, out, has_aux, "jvp"))
        value, along, *aux = lifted.within(jvp, call, lifted.args, lifted.whole(tuple(tangents)), has_aux=has_aux)
        return (lifted.mapped(value), lifted.mapped(along), *map(lifted.handed, aux))
    level = next_level()
    duals = []
    for primal, direction in zip(primals, tangents):  # noqa: B905 - they are as many
        if (
            type(primal) is np.ndarray is type(direction)
            and primal.dtype is FLOAT64 is direction.dtype
            and primal.shape == direction.shape
        ):  # what there is nothing to check of
            duals.append(dual(primal, direction, level))
        else:
            duals.append(_entered(primal, direction, level, f, len(duals)))
    pushed = Pushed(f, duals, {}, level, has_aux, "jvp")
    out: Callable[[Any], Any] = outward
    made = Tensor in map(type, (*pushed.values, *pushed.tangents))
    if made and not has_tensor([flatten(primals)[0], flatten(tangents)[0]]):
        out = _without_constants
    if pushed.tree is LEAF:
        value, tangent = out(pushed.values[0]), out(pushed.tangents[0])
    else:
        value, tangent = (pushed.tree.unflatten(map(out, x)) for x in (pushed.values, pushed.tangents))
    return (value, tangent, pushed.aux) if has_aux else (value, tangent)


def _without_constants(x: Any) -> Any:
    """Return a result for who gave no tensors: in place of a constant, such as a function made, the array that it has.

    A copy, since whoever made the constant may still have it.
    """
    constant = type(x) is Tensor and x._node is None and type(x._raw) is not Guest
    return copy_of(x._raw)[()] if constant else outward(x)


def _entered(primal: Any, direction: Any, level: int, f: Any, i: int) -> Any:
    """Return an argument of `jvp` with Duals in the places of its leaves."""
    leaves, tree = flatten(primal)
    entered = []
    for k, (x, t) in enumerate(zip(leaves, tree.match(direction, f"tangent {i}"), strict=True)):
        x = check_argument(x, "jvp", function_name(f), i, tree, k)
        entered.append(dual(x, as_direction(t, x, f"tangent {i}"), level))
    return tree.unflatten(entered)


class Pushed:
    """What a function returns for Duals.

    Attributes
    ----------
    values, tangents : the leaves of its result
    tree : the container of the result
    aux : the second part of a pair
    """

    __slots__ = ("aux", "tangents", "tree", "values")

    values: Sequence[Any]
    tangents: Sequence[Any]

    def __init__(
        self, f: Callable[..., Any], args: Any, kwargs: Any, level: int, has_aux: bool, transform: str
    ) -> None:
        before = held()
        now = differentiating(before, in_forward(before.making, level))
        # An interrupt may have left it from another differentiation.
        vanished = met.vanished if met.within is now.named else None
        try:
            hold(now)
            met.vanished, met.within = vanished or 0, now.named
            out = blocks.call(f, args, kwargs)
        except loss.GradientLossError as error:
            end_at_users(error.__traceback__)
            raise
        finally:
            hold(before)
            met.vanished = None if vanished is None else max(vanished, met.vanished or 0)
        named = now.named
        if type(out) is Dual and out.level == level and is_usual(out.value) and not (has_aux or named or paused):
            self.values, self.tangents, self.tree, self.aux = (out.value,), (out.tangent,), LEAF, None
            return
        name = function_name(f)
        out, aux = pair(out, transform, name) if has_aux else (out, None)
        leaves, self.tree = check_results(out, transform, name, args)
        if named:
            depends = any(isinstance(x, Dual) and x.level == level for x in leaves)
            loss.warn_of_named(dict(named), name, lambda source: bool(source == level), depends)
        self.values = [_value(x, level) for x in leaves]
        self.tangents = [_tangent(x, level) for x in leaves]
        if paused and (watch := watching()) is not None:
            watch.arrived(level, self.tangents)
        self.aux = map_leaves(lambda x: _value(x, level), aux) if has_aux else None


def _value(x: Any, level: int) -> Any:
    if isinstance(x, Dual) and x.level > level:
        raise RuntimeError("the result holds a value of an inner differentiation, which has ended")
    return x.value if isinstance(x, Dual) and x.level == level else x


def _tangent(x: Any, level: int) -> Any:
    return x.tangent if isinstance(x, Dual) and x.level == level else zeros_of(x)


# --- for all elements that are mapped --------------------------------------------------------------------------------


def _lifted_gradient(transform: str, lifted: Lifted, argnums: Any, has_aux: bool, valued: bool) -> tuple[Any, Any]:
    """Return the gradient for each element, and what `Lifted.handed` makes the second part of the pair of."""

    def total(result: Any) -> Any:
        out, aux = pair(result, transform, lifted.name) if has_aux else (result, None)
        _need_scalar(out, transform, lifted.name)
        return lifted.summed(out), lifted.aux(result if valued else aux)

    gradient = gradient_of(transform, lifted.function(total), argnums, True)
    found, aux = lifted.within(gradient, *lifted.args, **lifted.kwargs)
    return lifted.mapped(found), aux


def _lifted_derivative(lifted: Lifted, argnums: Any, has_aux: bool) -> Any:
    def whole(result: Any) -> Any:
        out, aux = pair(result, "elementwise_grad", lifted.name) if has_aux else (result, None)
        out = lifted.whole(_need_real(out, "elementwise_grad", lifted.name))
        return (out, lifted.aux(aux)) if has_aux else out

    derivative = elementwise_grad(lifted.function(whole), argnums, has_aux=has_aux)
    found = lifted.within(derivative, *lifted.args, **lifted.kwargs)
    return (lifted.mapped(found[0]), lifted.handed(found[1])) if has_aux else lifted.mapped(found)


def _lifted_products(transform: Any, f: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool) -> Any:
    """Do what `vjp` or `linearize` does."""
    name = function_name(transform)
    lifted = Lifted(f, range(len(primals)), primals, {})
    call = lifted.function(lambda out: _whole_results(lifted, out, has_aux, name))
    value, product, *aux = lifted.within(transform, call, *lifted.args, has_aux=has_aux)

    def f_product(*directions: Any) -> Any:
        return lifted.mapped(lifted.within(product, *lifted.whole(directions)))

    return (lifted.mapped(value), f_product, *map(lifted.handed, aux))


def _whole_results(lifted: Lifted, result: Any, has_aux: bool, transform: str) -> Any:
    out, aux = pair(result, transform, lifted.name) if has_aux else (result, None)
    check_results(out, transform, lifted.name)
    return (lifted.whole(out), lifted.aux(aux)) if has_aux else lifted.whole(out)


# --- what the transforms share --------------------------------------------------------------------------------------


def _traced(
    transform: str, f: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool, drop_in: DropIn
) -> tuple[Trace, Any, Any]:
    """Call a function on variables in place of all its arguments."""
    f = need_function(f, transform, drop_in)
    if not primals:
        raise TypeError(f"{transform}(f, *primals) needs at least one argument to differentiate by")
    trace = Trace(transform, f, Argnums(tuple(range(len(primals))), transform), primals, {})
    out, aux = _with_aux(trace, trace.out, has_aux, transform)
    trace.out = None  # what is not differentiated need not be kept
    return trace, out, aux


def _one(out: Any) -> Any:
    """Return a cotangent of ones."""
    shape, dtype = shape_of(out), dtype_of(out)
    raw = bare(out)
    if type(raw) in TRACED:
        return raw.program.one(dtype, shape)
    return dtype.type(1) if shape == () else np.ones(shape, dtype)


def as_direction(g: Any, x: Any, what: str) -> Any:
    """Return a tangent or cotangent `g` in the dtype of `x`, of whose shape it has to be."""
    dtype = dtype_of(x)
    if type(g) not in ARRAYS and not isinstance(g, (Tensor, Dual)):
        g = array_of(argument(g, f"the {what}"))[()]
    if g.dtype.kind not in "biufc" or (g.dtype.kind == "c" and dtype.kind != "c"):
        raise TypeError(f"a {what.split()[0]} of dtype {g.dtype} does not fit an array of dtype {dtype}")
    if g.shape != shape_of(x):
        raise ValueError(f"the {what} has shape {g.shape}, not the shape {shape_of(x)} of what it belongs to")
    g = g if g.dtype == dtype else g.astype(dtype)
    return beside(g, bare(x)) if type(g) in ARRAYS else g


def start_of(out: Any, transform: str, name: str) -> tuple[Any, Any]:
    """Return the one real number that a function returned, and the cotangent with which a sweep from it begins."""
    out = _need_scalar(out, transform, name)
    return out, _one(out)


def pair(out: Any, transform: str, name: str) -> Any:
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        raise TypeError(f"{transform} with has_aux=True needs a function that returns (result, aux); {name} does not")
    return out


def _with_aux(trace: Trace, out: Any, has_aux: bool, transform: str) -> tuple[Any, Any]:
    result, aux = pair(out, transform, trace.name) if has_aux else (out, None)
    if trace.named:
        trace.warn_of_named(result)
    return result, aux


def _need_real(out: Any, transform: str, name: str) -> Any:
    """Return the one array that a function returned; raise TypeError where there is none, or a complex one."""
    if type(out) is Tensor and out._raw.dtype.kind == "f":
        return out
    leaves, tree = check_results(out, transform, name)
    if tree.bare().kind is not None:
        raise TypeError(
            f"{transform} needs a function that returns one array; {name} returned a {type(out).__name__}. Use "
            "has_aux=True for a pair (result, aux), or jacobian or vjp for several results"
        )
    (out,) = leaves
    if dtype_of(out).kind == "c":
        raise TypeError(
            f"{transform} needs a real result, but {name} returned a complex one; differentiate its np.real, np.imag "
            "or np.abs, or use vjp or jvp"
        )
    return out


def _need_scalar(out: Any, transform: str, name: str) -> Any:
    """Return the one real number that a function returned, alone or in an array; raise where there is none."""
    out = _need_real(out, transform, name)
    if any(n != 1 for n in shape_of(out)):
        raise ValueError(
            f"{transform} needs a result with one element, but {name} returned shape {shape_of(out)}; use jacobian, or "
            "elementwise_grad for a function that acts on each element by itself"
        )
    return out
