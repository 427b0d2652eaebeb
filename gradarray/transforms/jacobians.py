"""Whole Jacobians, by rows in reverse or by columns forward."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, overload

import numpy as np

from ..batch import batched
from ..context.settings import next_level, watching
from ..dropin import blocks
from ..elsewhere.answers import telling
from ..kernels.gate import PLAIN, Guest, beside
from ..reverse.tensor import Tensor
from ..tape.wrapping import bare
from .argnums import Argnums, DropIn, function_name, need_function
from .checks import check_results, dtype_of, shape_of, zeros_of
from .containers import LEAF, flatten
from .gradients import Pushed, pair
from .lifting import Lifted, lanes
from .trace import Chosen, Trace, as_given, dual
from .transformed import named_after

P = ParamSpec("P")


@overload
def jacobian(
    f: np.ufunc,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[..., Any]: ...
@overload
def jacobian(
    f: Callable[P, Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[P, Any]: ...
@telling
def jacobian(
    f: Callable[..., Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[..., Any]:
    """Make the function that returns the derivative of each element of a result by each element of an argument.

    `f` is called once, and many rows, or columns, are computed in one sweep along what it recorded: rows, in reverse,
    unless the result has more than twice as many elements as the argument. `jacrev` and `jacfwd` compute the one and
    the other.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them; so is its result.
    argnums : int, str, or a tuple of them
        The arguments to differentiate by: positions, counted from the end if negative, or names.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated, and the second is handed on.
    holomorphic : bool
        Say that `f` is complex differentiable, which a complex result and a complex argument need.
    stack : bool
        Put the derivatives by all arguments side by side, in one array with one column for each number in them.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        Takes what `f` takes and returns an array of the result's shape followed by the argument's; for containers, a
        container like the result of containers like the argument, and for a tuple of argnums a tuple in place of each
        array. With `stack` it is one array for each result, of its shape followed by one axis, along which stand the
        derivatives by all numbers in the arguments, in the order of these, of what they contain and of the elements
        of each array (C order). With `has_aux` it returns the pair (jacobian, aux). For a real result and a complex
        argument, each row is the direction of steepest ascent, as of `grad`.

    Raises
    ------
    TypeError
        When called: if an argument to differentiate by is no floating-point or complex number, the result is no
        array, the call has no such argument, or both are complex and `holomorphic` is not given.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.jacobian(lambda x: np.array([[1.0, 2.0], [3.0, 4.0]]) @ x)(np.array([5.0, 6.0]))
    array([[1., 2.],
           [3., 4.]])

    One column for each parameter, as `scipy.optimize.curve_fit` wants it of its `jac`:

    >>> def model(t, height, rate):
    ...     return height * np.exp(-rate * t)
    >>> ga.jacobian(model, argnums=(1, 2), stack=True)(np.array([0.0, 1.0, 2.0]), 2.0, 0.0)
    array([[ 1., -0.],
           [ 1., -2.],
           [ 1., -4.]])
    """
    f = need_function(f, "jacobian", drop_in)
    return jacobian_of("jacobian", None, f, argnums, has_aux, holomorphic, stack=stack)


@overload
def jacrev(
    f: np.ufunc,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[..., Any]: ...
@overload
def jacrev(
    f: Callable[P, Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[P, Any]: ...
@telling
def jacrev(
    f: Callable[..., Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[..., Any]:
    """Make the function that returns the Jacobian, computed in reverse: many rows in one sweep.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them; so is its result.
    argnums : int, str, or a tuple of them
        The arguments to differentiate by: positions, counted from the end if negative, or names.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated, and the second is handed on.
    holomorphic : bool
        Say that `f` is complex differentiable, which a complex result and a complex argument need.
    stack : bool
        Put the derivatives by all arguments side by side, in one array with one column for each number in them.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        As that of `jacobian`.

    Raises
    ------
    TypeError
        As `jacobian` does.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.jacrev(lambda x: np.sum(x**2, keepdims=True))(np.array([1.0, 2.0]))
    array([[2., 4.]])
    """
    f = need_function(f, "jacrev", drop_in)
    return jacobian_of("jacrev", "rev", f, argnums, has_aux, holomorphic, stack=stack)


@overload
def jacfwd(
    f: np.ufunc,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[..., Any]: ...
@overload
def jacfwd(
    f: Callable[P, Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[P, Any]: ...
@telling
def jacfwd(
    f: Callable[..., Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    stack: bool = False,
    drop_in: DropIn = True,
) -> Callable[..., Any]:
    """Make the function that returns the Jacobian, computed forward: column by column, many at a time.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them; so is its result.
    argnums : int, str, or a tuple of them
        The arguments to differentiate by: positions, counted from the end if negative, or names.
    has_aux : bool
        `f` returns a pair; only its first part is differentiated, and the second is handed on.
    holomorphic : bool
        Say that `f` is complex differentiable, which a complex result and a complex argument need.
    stack : bool
        Put the derivatives by all arguments side by side, in one array with one column for each number in them.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of variables to NumPy, and use Python's math, as NumPy code does:
        see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        As that of `jacobian`.

    Raises
    ------
    TypeError
        As `jacobian` does.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.jacfwd(lambda t: np.array([1.0, 2.0, 3.0]) * t)(2.0)
    array([1., 2., 3.])
    """
    f = need_function(f, "jacfwd", drop_in)
    return jacobian_of("jacfwd", "fwd", f, argnums, has_aux, holomorphic, stack=stack)


# --- for all elements that are mapped --------------------------------------------------------------------------------


class _Lifted(Lifted):
    """A call of a Jacobian's function, for all elements of the innermost `vmap`."""

    def __init__(self, f: Callable[..., Any], chosen: Argnums, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(f, chosen.locate(f, args, kwargs), args, kwargs)
        self._chosen = chosen
        self._outs: list[Any] = []
        self._out_tree = LEAF

    def blocks(self, transform: str, mode: str | None, has_aux: bool, holomorphic: bool) -> tuple[list[Any], Any]:
        """Return the Jacobian of each result by each leaf of the arguments, in one list."""
        forward = mode == "fwd" and transform != "hessian"
        inner = self._inner = Chosen(transform, self._f, self._chosen, self.args, self.kwargs)

        def ending(result: Any) -> Any:
            out, aux = pair(result, transform, self.name) if has_aux else (result, None)
            leaves, self._out_tree = check_results(out, transform, self.name)
            self._outs = [np.zeros(shape_of(x), dtype_of(x)) for x in leaves]
            return [self.lane.spread(x) if forward else self.summed(x) for x in leaves], self.aux(aux)

        f = self.function(ending)
        if not forward:
            # Row by row of the sum over all elements, of which each depends on its own argument alone.
            rows = jacobian_of(transform, "rev", f, tuple(self.places), True, holomorphic)
            found, aux = self.within(rows, *self.args, **self.kwargs)
            leaves = flatten(found)[0]
            outs = [o for o in self._outs for _ in inner.leaves]
            return [np.moveaxis(x, o.ndim, 0) for x, o in zip(leaves, outs, strict=True)], aux

        # Column by column, with the same direction for all elements.
        def shifted(shifts: list[Any]) -> Any:
            args, kwargs = inner.call([x + t for x, t in zip(inner.leaves, shifts, strict=True)])
            return f(*args, **kwargs)

        zeros = [np.zeros(shape_of(x)[1:], dtype_of(x)) for x in inner.leaves]
        columns = jacobian_of(transform, "fwd", blocks.Ours(shifted, self.name), 0, True, holomorphic)
        found, aux = self.within(columns, zeros)
        return flatten(found)[0], aux

    def container(self, blocks: list[Any], stack: bool) -> Any:
        left = iter(blocks)
        rows: list[Any] = []
        for o in self._outs:
            row = [self.lane.mapped(next(left)) for _ in self._inner.leaves]
            if stack:
                columns = [np.reshape(block, (*o.shape, math.prod(block.shape[o.ndim :]))) for block in row]
                rows.append(np.concatenate(columns, axis=-1))
            else:
                parts = iter(row)
                rows.append(self._chosen.arrange([tree.bare().unflatten(parts) for tree in self._inner.trees]))
        return self._out_tree.bare().unflatten(rows)


# --- rows and columns -----------------------------------------------------------------------------------------------


def jacobian_of(
    transform: str,
    mode: str | None,
    f: Callable[..., Any],
    argnums: Any,
    has_aux: bool,
    holomorphic: bool,
    named: Any = None,
    stack: bool = False,
) -> Callable[..., Any]:
    """Do what `jacobian` does, in the name of another transform; `named` is the function that its name tells of."""
    need_function(f, transform)
    chosen = Argnums(argnums, transform)
    what = "Hessian" if transform == "hessian" else "Jacobian"
    made_by = jacobian_of, (transform, mode, f, argnums, has_aux, holomorphic, named, stack)

    @named_after(named or f, transform, f"Return the {what} of {{}} by {chosen}.", made_by)
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        if lanes():
            lifted = _Lifted(f, chosen, args, kwargs)
            blocks, aux = lifted.blocks(transform, mode, has_aux, holomorphic)
            found = lifted.container(blocks, stack)
            return (found, lifted.handed(aux)) if has_aux else found
        trace = Trace(transform, f, chosen, args, kwargs)
        out, aux = pair(trace.out, transform, trace.name) if has_aux else (trace.out, None)
        outs, tree = check_results(out, transform, trace.name)
        trace.warn_of_named(outs)
        together = watching() is None and all(_is_alone(trace, o) for o in outs)
        fewer = sum(map(np.size, outs)) <= sum(map(np.size, trace.plain)) or any(map(_is_guest, outs))
        if together or mode == "rev" or (mode is None and fewer):
            for o in outs:
                for node in trace.inputs:
                    _check(transform, f, o, node, holomorphic)
            # A recorded gradient goes back faster than forward (a Hessian of 100 variables: 0.28 and 0.35 ms).
            way = "rev" if transform == "hessian" else mode
            blocks = [_together(trace, o, way) if together else _rows(trace, o) for o in outs]
            if stack:
                rows = [_side_by_side(block, trace.plain, o) for block, o in zip(blocks, outs, strict=True)]
            else:
                rows = [trace.arranged(block, jacobian=True) for block in blocks]
            found = tree.bare().unflatten(rows)
            return (found, trace.settle(aux, True)) if has_aux else found
        del trace, out, outs
        inner = Chosen(transform, f, chosen, args, kwargs)
        blocks, pushed = _columns(transform, f, inner, has_aux, holomorphic)
        left = []
        for row, o in zip(blocks, pushed.values, strict=True):
            if stack:
                left.append(_side_by_side(row, inner.leaves, o))
                continue
            leaves = iter([as_given(block, x) for block, x in zip(row, inner.leaves, strict=True)])
            left.append(chosen.arrange([part.bare().unflatten(leaves) for part in inner.trees]))
        found = pushed.tree.bare().unflatten(left)
        return (found, pushed.aux) if has_aux else found

    return jacobian_of_f


def _side_by_side(blocks: list[Any], arguments: list[Any], out: Any) -> Any:
    """Return the Jacobian of one array by all leaves of the arguments, with one column for each number in them."""
    shape = shape_of(out)
    columns = [np.reshape(as_given(block, x), (*shape, np.size(x))) for block, x in zip(blocks, arguments, strict=True)]
    return np.concatenate(columns, axis=-1) if columns else np.zeros((*shape, 0), dtype_of(out))


def _is_alone(trace: Trace, out: Any) -> bool:
    """Tell whether a result is a plain array that depends on nothing from outside, and so is its Jacobian."""
    if isinstance(out, Tensor):
        return type(out._raw) in PLAIN and not _is_guest(out) and not trace.outer(out)
    return type(out) in PLAIN


def _is_guest(out: Any) -> bool:
    """Tell whether another library's array stands in a result, which goes through rules by itself, row after row."""
    return type(bare(out)) is Guest


def _together(trace: Trace, out: Any, mode: str | None) -> list[Any]:
    """Return the Jacobian of one array by each input, from a batch of rows or of columns."""
    node = out._node if isinstance(out, Tensor) else None
    if node is not None:
        return batched.tape_jacobian(node, trace.inputs, mode)
    return [np.zeros((*shape_of(out), *x.shape), x.dtype) for x in trace.inputs]


def _rows(trace: Trace, out: Any) -> list[Any]:
    """Return the Jacobian of one array by each input: as many sweeps as it has elements."""
    is_complex = dtype_of(out).kind == "c"
    rows: list[list[Any]] = [[] for _ in trace.inputs]
    for one in units(out):
        gradients = trace.gradients([(out, one)], True)
        if is_complex:
            # For a real argument the two sweeps give the real and the imaginary part; for a complex one, of which the
            # function is complex differentiable, the gradient convention has the conjugate of the derivative.
            turned = trace.gradients([(out, one * 1j)], True)
            gradients = [
                np.conj(g) if node.dtype.kind == "c" else g + 1j * h
                for g, h, node in zip(gradients, turned, trace.inputs, strict=True)
            ]
        for row, g in zip(rows, gradients, strict=True):
            row.append(g)
    blocks = []
    for row, node in zip(rows, trace.inputs, strict=True):
        dtype = np.result_type(node.dtype, dtype_of(out)) if is_complex else node.dtype
        blocks.append(concatenated(row, dtype, 0, (*shape_of(out), *node.shape)))
    return blocks


def _columns(
    transform: str, f: Callable[..., Any], inner: Chosen, has_aux: bool, holomorphic: bool
) -> tuple[list[list[Any]], Pushed]:
    """Return the Jacobian of each result by each leaf of the arguments: as many calls as these have elements.

    What one of the calls returned comes with it.
    """

    def along(i: int, tangent: Any) -> Pushed:
        level = next_level()
        # All leaves are Duals, so that the function may write any of them into any other.
        directions = [tangent if k == i else zeros_of(x) for k, x in enumerate(inner.leaves)]
        args, kwargs = inner.call([dual(x, t, level) for x, t in zip(inner.leaves, directions, strict=True)])
        return Pushed(f, args, kwargs, level, has_aux, transform)

    pushed = along(0, zeros_of(inner.leaves[0]) if inner.leaves else None)
    blocks: list[list[Any]] = [[] for _ in pushed.values]
    for i, x in enumerate(inner.leaves):
        turn = dtype_of(x).kind == "c"
        for o in pushed.values:
            _check(transform, f, o, x, holomorphic)
        columns: list[list[Any]] = [[] for _ in pushed.values]
        for one in units(x):
            tangents = along(i, one).tangents
            if turn and any(dtype_of(o).kind != "c" for o in pushed.values):
                # The direction of steepest ascent of a real result.
                turned = along(i, one * 1j).tangents
                tangents = [t if t.dtype.kind == "c" else t + 1j * s for t, s in zip(tangents, turned, strict=True)]
            for column, t in zip(columns, tangents, strict=True):
                column.append(t)
        for row, column, o in zip(blocks, columns, pushed.values, strict=True):
            row.append(concatenated(column, dtype_of(o), -1, (*shape_of(o), *shape_of(x))))
    return blocks, pushed


def units(x: Any) -> Iterator[Any]:
    """Yield, for each element of an array, an array that is one there and zero elsewhere."""
    for k in range(np.size(x)):
        one = np.zeros(shape_of(x), dtype_of(x))
        one.flat[k] = 1
        yield beside(one[()], bare(x))


def concatenated(parts: list[Any], dtype: np.dtype[Any], axis: int, shape: tuple[int, ...]) -> Any:
    """Stack rows or columns, of which there may be none."""
    return np.reshape(np.stack(parts, axis=axis), shape)[()] if parts else np.zeros(shape, dtype)


def _check(transform: str, f: Callable[..., Any], out: Any, x: Any, holomorphic: bool) -> None:
    if not holomorphic:
        refuse_complex(transform, f, dtype_of(out), dtype_of(x))


def refuse_complex(transform: str, f: Callable[..., Any], out: np.dtype[Any], x: np.dtype[Any]) -> None:
    if out.kind == x.kind == "c":
        raise TypeError(
            f"{transform} of {function_name(f)}: a complex result has one derivative by a complex argument only where "
            "it is complex differentiable. Pass holomorphic=True then; differentiate its np.real and np.imag otherwise"
        )
