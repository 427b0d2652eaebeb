"""Second derivatives of functions with a scalar result: the Hessian, its products with vectors, and its diagonal.

And the Gauss-Newton matrix, which stands for a Hessian where a loss is a function of residuals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, overload

import numpy as np

from ..context.settings import next_level, paused, watching
from ..elsewhere.answers import telling
from ..kernels.gate import ARRAYS
from .argnums import Argnums, DropIn, need_function
from .checks import check_results, dtype_of, shape_of, zeros_of
from .containers import flatten
from .curvature import product_along
from .gradients import Pushed, as_direction, gradient_of, jvp, start_of
from .jacobians import concatenated, jacobian_of, refuse_complex, units
from .lifting import Lifted, lanes
from .trace import Chosen, Trace, as_given, dual
from .transformed import named_after

P = ParamSpec("P")


@overload
def hessian(f: np.ufunc, argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True) -> Callable[..., Any]: ...
@overload
def hessian(
    f: Callable[P, Any], argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[P, Any]: ...
@telling
def hessian(
    f: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False, drop_in: DropIn = True
) -> Callable[..., Any]:
    """Make the function that returns the matrix of second derivatives of a function with a scalar result.

    It is the Jacobian of the gradient. For the product with a vector alone, `hvp` is enough.

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
        Takes what `f` takes and returns an array of the argument's shape twice; for containers, a container of
        containers like the argument, and for a tuple of argnums a tuple of tuples. With `has_aux` it returns the pair
        (hessian, aux).

    Raises
    ------
    TypeError
        When called: as `grad` does, and for a complex argument.
    ValueError
        When called: if the result has no element, or several.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.hessian(lambda x: np.prod(x))(np.array([2.0, 3.0, 5.0]))
    array([[0., 5., 3.],
           [5., 0., 2.],
           [3., 2., 0.]])
    """
    f = need_function(f, "hessian", drop_in)
    return jacobian_of("hessian", "fwd", gradient_of("hessian", f, argnums, has_aux), argnums, has_aux, False, f)


@telling
def hvp(f: Callable[..., Any], argnums: Any = 0, *, drop_in: DropIn = True) -> Callable[..., Any]:
    """Make the function that multiplies the Hessian of a scalar function by a vector, without forming the matrix.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them that returns one real number, alone or in an array.
    argnums : int, str, or a tuple of them
        The arguments to differentiate by: positions, counted from the end if negative, or names.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        Takes the first argument of `f`, the vector, and the other arguments of `f`, as ``hessp(x, p, *args)`` of
        scipy.optimize.minimize does. The vector has the shape and container of the argument to differentiate by, and
        is a tuple of them for a tuple of argnums; so is the result.

    Raises
    ------
    TypeError, ValueError
        When called: as `grad` and `jvp` do.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.hvp(lambda x: np.prod(x))(np.array([2.0, 3.0, 5.0]), np.array([1.0, 0.0, 0.0]))
    array([0., 5., 3.])
    """
    return _hvp_of("hvp", need_function(f, "hvp", drop_in), argnums)


def _hvp_of(transform: str, f: Callable[..., Any], argnums: Any) -> Callable[..., Any]:
    """Do what `hvp` does, in the name of another transform."""
    chosen = Argnums(argnums, transform)
    gradient = gradient_of(transform, f, argnums, False)

    @named_after(f, "hvp", f"Return the Hessian of {{}} by {chosen} times a vector.", (hvp, (f, argnums)), False)
    def product(x: Any, v: Any, /, *args: Any, **kwargs: Any) -> Any:
        if lanes():
            args = (x, *args)
            lifted = Lifted(f, chosen.locate(f, args, kwargs), args, kwargs)
            whole = _hvp_of(
                transform, lifted.function(lambda out: _total(transform, lifted, out)), chosen.arrange(lifted.places)
            )
            x, *others = lifted.args
            return lifted.mapped(lifted.within(whole, x, lifted.whole(v), *others, **lifted.kwargs))
        inner = Chosen(transform, f, chosen, (x, *args), kwargs)
        directions = _direction(inner, chosen, v)
        if (
            all(map(_is_real, inner.leaves))
            and all(map(_is_real, directions))
            and not (paused and watching() is not None)
        ):
            directions = [as_direction(t, y, "tangent 0") for t, y in zip(directions, inner.leaves, strict=True)]
            trace = Trace(transform, f, chosen, (x, *args), kwargs)
            trace.warn_of_named(trace.out)
            out, one = start_of(trace.out, transform, trace.name)
            trace.out = None
            directions = [t if t.ndim else t[()] for t in directions]
            return trace.arranged(product_along(out, one, trace.inputs, directions, trace.oldest))
        tangents = iter(jvp(_of_leaves(gradient, inner), (inner.leaves,), (directions,))[1])
        return chosen.arrange([tree.bare(derivatives=True).unflatten(tangents) for tree in inner.trees])

    return product


def _is_real(x: Any) -> bool:
    """Tell whether a leaf is a plain array, or a number, that is real, and on the tape of nobody around."""
    return type(x) is float or (type(x) in ARRAYS and x.dtype.kind in "biuf")


def _direction(inner: Chosen, chosen: Argnums, v: Any) -> list[Any]:
    """Return the leaves of a vector, or of a tuple of them, that belongs to the arguments to differentiate by."""
    directions = [v] if chosen.single else v
    if len(directions) != len(inner.trees):
        raise ValueError(f"{len(inner.trees)} argument(s) need as many vectors, not {len(directions)}")
    return [leaf for tree, d in zip(inner.trees, directions, strict=True) for leaf in tree.match(d, "the vector")]


@telling
def ggnvp(
    f: Callable[..., Any], g: Callable[..., Any] | None = None, argnums: Any = 0, *, drop_in: DropIn = True
) -> Callable[..., Any]:
    """Make the function that multiplies the generalized Gauss-Newton matrix of a loss by a vector.

    Of the loss g(f(x)), that is ``J.T @ H @ J``, with the Jacobian J of `f` and the Hessian H of `g` [1]_. It is what
    the Hessian of the loss comes to where `f` is linear, or the loss small; unlike that, it never has a negative
    eigenvalue if `g` is convex. No matrix is formed.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them; so is its result. In least squares, the residuals.
    g : callable, optional
        A function of the result of `f` that returns one real number. Without it, half the sum of squares: H is then
        the identity.
    argnums : int, str, or a tuple of them
        The arguments of `f` to differentiate by: positions, counted from the end if negative, or names.
    drop_in : bool, str or sequence of str
        Let `f` and `g` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy
        code does: see `drop_in`. Names of libraries in plain Python let these in; False has them run as they stand.

    Returns
    -------
    callable
        Takes the first argument of `f`, the vector, and the other arguments of `f`, as that of `hvp` does, and so
        serves as ``hessp=`` of scipy.optimize.minimize. It calls `f` twice.

    Raises
    ------
    TypeError, ValueError
        When called: as `jvp` and `vjp` of `f` and `hvp` of `g` do.

    References
    ----------
    .. [1] N. N. Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent", Neural
       Computation 14 (2002), 1723-1738.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> t = np.array([0.0, 1.0, 2.0])
    >>> def residuals(p):
    ...     return p[0] * np.exp(-p[1] * t) - [1.0, 0.5, 0.25]
    >>> p, v = np.array([1.0, 0.5]), np.array([1.0, 0.0])
    >>> ga.ggnvp(residuals)(p, v)
    array([ 1.50321472, -0.63855001])
    >>> J = ga.jacobian(residuals)(p)
    >>> J.T @ J @ v
    array([ 1.50321472, -0.63855001])
    """
    f = need_function(f, "ggnvp", drop_in)
    chosen = Argnums(argnums, "ggnvp")
    curvature = None if g is None else _hvp_of("ggnvp", need_function(g, "ggnvp", drop_in), 0)
    made_by = ggnvp, (f, g, argnums)

    @named_after(f, "ggnvp", f"Return the Gauss-Newton matrix of {{}} by {chosen} times a vector.", made_by, False)
    def product(x: Any, v: Any, /, *args: Any, **kwargs: Any) -> Any:
        if lanes():
            args = (x, *args)
            lifted = Lifted(f, chosen.locate(f, args, kwargs), args, kwargs)
            whole = ggnvp(
                lifted.function(lifted.whole), None if g is None else lifted.total(g), chosen.arrange(lifted.places)
            )
            x, *others = lifted.args
            return lifted.mapped(lifted.within(whole, x, lifted.whole(v), *others, **lifted.kwargs))
        inner = Chosen("ggnvp", f, chosen, (x, *args), kwargs)
        directions = _direction(inner, chosen, v)
        level = next_level()
        duals = [dual(y, as_direction(t, y, "vector"), level) for y, t in zip(inner.leaves, directions, strict=True)]
        pushed = Pushed(f, *inner.call(duals), level, False, "ggnvp")
        along = pushed.tangents
        if curvature is not None:
            values, tangents = (pushed.tree.unflatten(part) for part in (pushed.values, along))
            along = pushed.tree.match(curvature(values, tangents), "the product with the Hessian")
        trace = Trace("ggnvp", f, chosen, (x, *args), kwargs)
        outs, _ = check_results(trace.out, "ggnvp", trace.name, trace.plain)
        trace.warn_of_named(trace.out)
        trace.out = None
        pairs = [(out, as_direction(t, out, "vector")) for out, t in zip(outs, along, strict=True)]
        del outs
        return trace.arranged(trace.gradients(pairs, False))

    return product


@overload
def hessian_diagonal(f: np.ufunc, argnums: Any = 0, *, drop_in: DropIn = True) -> Callable[..., Any]: ...
@overload
def hessian_diagonal(f: Callable[P, Any], argnums: Any = 0, *, drop_in: DropIn = True) -> Callable[P, Any]: ...
@telling
def hessian_diagonal(f: Callable[..., Any], argnums: Any = 0, *, drop_in: DropIn = True) -> Callable[..., Any]:
    """Make the function that returns the diagonal of the Hessian of a scalar function, without forming the matrix.

    It takes as many products with the Hessian as the argument has elements, one after the other.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them that returns one real number, alone or in an array.
    argnums : int, str, or a tuple of them
        The arguments to differentiate by: positions, counted from the end if negative, or names.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        Takes what `f` takes and returns the second derivative by each element, in the shape, dtype and container of
        the argument; a tuple for a tuple of argnums.

    Raises
    ------
    TypeError, ValueError
        When called: as `hessian` does.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.hessian_diagonal(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    array([ 6., 12.])
    """
    f = need_function(f, "hessian_diagonal", drop_in)
    chosen = Argnums(argnums, "hessian_diagonal")
    gradient = gradient_of("hessian_diagonal", f, argnums, False)

    made_by = hessian_diagonal, (f, argnums)

    @named_after(f, "hessian_diagonal", f"Return the diagonal of the Hessian of {{}} by {chosen}.", made_by)
    def diagonal_of(*args: Any, **kwargs: Any) -> Any:
        if lanes():
            lifted = Lifted(f, chosen.locate(f, args, kwargs), args, kwargs)
            return lifted.mapped(lifted.within(_diagonals, lifted, chosen.arrange(lifted.places)))
        inner = Chosen("hessian_diagonal", f, chosen, args, kwargs)
        for x in inner.leaves:
            refuse_complex("hessian_diagonal", f, dtype_of(x), dtype_of(x))
        gradient_at = _of_leaves(gradient, inner)
        diagonals = []
        for i, x in enumerate(inner.leaves):
            found = []
            for k, one in enumerate(units(x)):
                directions = [one if j == i else zeros_of(y) for j, y in enumerate(inner.leaves)]
                column = jvp(gradient_at, (inner.leaves,), (directions,))[1][i]
                found.append(column[np.unravel_index(k, shape_of(x))])
            diagonal = concatenated(found, dtype_of(x), 0, shape_of(x))
            diagonals.append(diagonal if diagonal.dtype == dtype_of(x) else diagonal.astype(dtype_of(x)))
        left = iter([as_given(d, x) for d, x in zip(diagonals, inner.leaves, strict=True)])
        return chosen.arrange([tree.bare(derivatives=True).unflatten(left) for tree in inner.trees])

    return diagonal_of


def _total(transform: str, lifted: Lifted, out: Any) -> Any:
    return lifted.summed(start_of(out, transform, lifted.name)[0])


def _diagonals(lifted: Lifted, argnums: Any) -> Any:
    """Return what `hessian_diagonal` does for all elements that are mapped: a product for each of the argument's."""
    chosen = Argnums(argnums, "hessian_diagonal")
    total = lifted.function(lambda out: _total("hessian_diagonal", lifted, out))
    inner = Chosen("hessian_diagonal", total, chosen, lifted.args, lifted.kwargs)
    gradient_at = _of_leaves(gradient_of("hessian_diagonal", total, argnums, False), inner)
    diagonals = []
    for i, x in enumerate(inner.leaves):
        refuse_complex("hessian_diagonal", total, dtype_of(x), dtype_of(x))
        columns = np.zeros(shape_of(x), dtype_of(x))
        found = []
        for place in np.ndindex(columns.shape[1:]):
            one = np.zeros_like(columns)
            one[(slice(None), *place)] = 1
            directions = [one if j == i else zeros_of(y) for j, y in enumerate(inner.leaves)]
            column = jvp(gradient_at, (inner.leaves,), (directions,))[1][i]
            found.append(column[(slice(None), *place)])
        diagonal = np.reshape(np.stack(found, axis=1), columns.shape) if found else columns
        diagonals.append(diagonal if diagonal.dtype == columns.dtype else diagonal.astype(columns.dtype))
    left = iter(diagonals)
    return chosen.arrange([tree.bare(derivatives=True).unflatten(left) for tree in inner.trees])


def _of_leaves(gradient: Callable[..., Any], inner: Chosen) -> Callable[[list[Any]], list[Any]]:
    """Make the function from the leaves of the arguments to those of the gradient by them."""

    def gradient_at(leaves: list[Any]) -> list[Any]:
        args, kwargs = inner.call(leaves)
        return flatten(gradient(*args, **kwargs))[0]

    return gradient_at
