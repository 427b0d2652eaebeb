"""One function of one element, carried out for all of them at once: `ga.vmap`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ParamSpec

import numpy as np

from ..batch.mapped import Lane, Mapped
from ..context.settings import held, hold
from ..dropin import blocks
from ..dropin.making import in_reverse, mapping
from ..elsewhere.answers import telling
from ..kernels.gate import Guest, as_guest, outward
from ..reverse.tensor import Tensor
from ..tape.wrapping import wrap
from .argnums import DropIn, function_name, need_function, parameters
from .containers import Tree, flatten
from .transformed import named_after

P = ParamSpec("P")


@telling
def vmap(
    f: Callable[P, Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    *,
    chunk_size: int | None = None,
    drop_in: DropIn = True,
) -> Callable[P, Any]:
    """Make a function of one element one of many, which it carries out at once.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers or containers of them; so is its result. What it computes must not depend on how
        often it is called: it is called once, with what stands for all elements.
    in_axes : int, None, or a container of them
        Which axis of the arrays is mapped: one for all arguments, or a tuple or list with one for each positional
        argument. In place of a container of arrays stands one for all that is in it, or a container with one for each
        part. None means that all elements get the same; negative axes count from the end. Arguments by keyword
        are mapped along their first axis.
    out_axes : int, None, or a container of them
        Where the mapped axis goes in the results, likewise. None takes what does not depend on a mapped argument as it
        is.
    chunk_size : int, optional
        Map so many elements at a time, which needs less memory. With 1, `f` is called with one element after the
        other, as they are, and may ask for anything, such as the truth of ``x > 0``.
    drop_in : bool, str or sequence of str
        Let `f` make arrays and fill them, hand lists of mapped arrays to NumPy, and use Python's math, as NumPy code
        does: see `drop_in`. Names of libraries in plain Python let these in; False has `f` run as it stands.

    Returns
    -------
    callable
        Takes what `f` takes, with one more axis in the mapped arguments, and returns what `f` returns, with one more
        axis: what ``np.stack([f(x) for x in xs])`` gives. Results that depend on no mapped argument are repeated.

    Raises
    ------
    ValueError
        When called: if mapped axes differ in length, no argument is mapped, or `in_axes` or `out_axes` does not fit the
        arguments or results.
    VmapError
        When called: if `f` asks for something that is another for each element, such as the truth value of an array,
        ``float(x)``, a mask as an index, or random numbers. It is a TypeError. The message says what to write.

    Notes
    -----
    It nests with itself and all other transforms. `f` may write into arrays, its arguments too, which are copies. A
    function of NumPy's that has no form for many elements is called for one after the other.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.vmap(np.dot)(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [1.0, 1.0]]))
    array([1., 7.])

    The gradient for each example of a data set:

    >>> def loss(w, x, y):
    ...     return (x @ w - y) ** 2
    >>> X, y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, 0.0, 2.0])
    >>> ga.vmap(ga.grad(loss), in_axes=(None, 0, 0))(np.zeros(2), X, y)
    array([[ -2.,  -4.],
           [  0.,   0.],
           [-20., -24.]])
    """
    f = need_function(f, "vmap", drop_in)
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if not (in_axes is None or isinstance(in_axes, tuple) or _is_axis(in_axes)):
        raise TypeError(
            f"in_axes of vmap is an int, None, or a tuple with one for each argument by position, not {in_axes!r:.60}"
        )
    if chunk_size is not None and (not _is_axis(chunk_size) or chunk_size < 1):
        raise ValueError(f"chunk_size of vmap is a number of elements, 1 or more, not {chunk_size!r:.60}")
    made_by = _vmapped, (f, in_axes, out_axes, chunk_size)

    @named_after(f, "vmap", "Map {} over an axis of its arguments.", made_by)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        given = _Arguments(f, in_axes, args, kwargs)
        if chunk_size is None or chunk_size >= given.size:
            return given.carried_out(out_axes, slice(None))
        edges = range(0, given.size, chunk_size)
        one = chunk_size == 1
        parts = [given.alone(i) if one else given.carried_out(0, slice(i, i + chunk_size)) for i in edges]
        return _joined(parts, out_axes, function_name(f), not one)

    return mapped


def _vmapped(f: Any, in_axes: Any, out_axes: Any, chunk_size: int | None) -> Any:
    return vmap(f, in_axes, out_axes, chunk_size=chunk_size)


def _is_axis(x: Any) -> bool:
    return hasattr(x, "__index__") and not isinstance(x, bool) and not hasattr(x, "shape")


_SHAPED = (np.ndarray, Tensor, Mapped)


class _Arguments:
    """The arguments of a call, and which axes of them are mapped.

    Attributes
    ----------
    size : how many elements there are
    """

    def __init__(self, f: Callable[..., Any], in_axes: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._f = f
        name = function_name(f)
        if isinstance(in_axes, tuple) and len(in_axes) != len(args):
            raise ValueError(
                f"vmap of {name}: in_axes has {len(in_axes)} entries for {len(args)} arguments by position: {in_axes!r}"
            )
        self._leaves, self._tree = flatten((args, kwargs))
        axes: list[Any] = []
        for i, arg in enumerate(args):
            axes += _axes_of(in_axes[i] if isinstance(in_axes, tuple) else in_axes, arg, f"in_axes[{i}]")
        for key, arg in kwargs.items():
            axes += _axes_of(0, arg, f"in_axes of {key}")
        self._axes: list[int | None] = []
        mapped: list[tuple[int, int]] = []  # the numbers of leaves, and how long their mapped axes are
        for i, (leaf, axis) in enumerate(zip(self._leaves, axes, strict=True)):
            if axis is None:
                self._axes.append(None)
                continue
            shape = leaf.shape if type(leaf) in _SHAPED else np.shape(as_guest(leaf))
            ndim = len(shape)
            if not -ndim <= axis < ndim:
                hint = "a number has none" if not ndim else f"it has {ndim}"
                where = self._where(i, args)
                raise ValueError(
                    f"vmap of {name}: in_axes says axis {axis} of {where}, but {hint}; None hands it to all elements"
                )
            self._axes.append(axis % ndim)
            mapped.append((i, shape[axis]))
        if not mapped:
            raise ValueError(
                f"vmap of {name}: no argument is mapped, since in_axes is {in_axes!r} and the arguments hold "
                f"{len(self._leaves)} array(s)"
            )
        self.size: int = mapped[0][1]
        if any(n != self.size for _, n in mapped):
            told = ", ".join(f"{self._where(i, args)} has {n}" for i, n in mapped)
            raise ValueError(f"vmap of {name}: the mapped axes differ in length: {told} elements")
        self._tensors = any(isinstance(leaf, Tensor) for leaf in self._leaves)

    def _where(self, leaf: int, args: tuple[Any, ...]) -> str:
        """Return what a message calls the argument that a leaf stands in."""
        known = [p.name for p in parameters(self._f)][: len(args)] if len(args) else []
        return _named([*self._tree.paths()][leaf], known)

    def alone(self, i: int) -> Any:
        """Return the result of one element, as it is."""
        leaves = [
            leaf if axis is None else leaf[(*(slice(None),) * axis, i)]
            for leaf, axis in zip(self._leaves, self._axes, strict=True)
        ]
        args, kwargs = self._tree.unflatten(leaves)
        return self._called(args, kwargs, held().lanes)

    def carried_out(self, out_axes: Any, part: slice) -> Any:
        """Return the results for some elements."""
        values = [
            as_guest(leaf) if axis is None else _in_front(leaf, axis, part)
            for leaf, axis in zip(self._leaves, self._axes, strict=True)
        ]
        size = len(range(*part.indices(self.size)))
        around = held().lanes
        lane = Lane(size, len(around))
        leaves = [x if axis is None else lane.mapped(x) for x, axis in zip(values, self._axes, strict=True)]
        args, kwargs = self._tree.unflatten(leaves)
        try:
            out = self._called(args, kwargs, (*around, lane))
        finally:
            lane.is_open = False
        return self._placed(lane, out, out_axes)

    def _called(self, args: Any, kwargs: Any, lanes: tuple[Lane, ...]) -> Any:
        before = held()
        making = in_reverse(before.making) if self._tensors else mapping(before.making)
        try:
            hold(before.with_(lanes=lanes, making=making))
            return blocks.call(self._f, args, kwargs)
        finally:
            hold(before)

    def _placed(self, lane: Lane, out: Any, out_axes: Any) -> Any:
        name = function_name(self._f)
        leaves, tree = flatten(out)
        if not leaves:
            raise TypeError(f"vmap of {name}: it returned {out!r:.60}, in which there is no array")
        axes = _axes_of(out_axes, out, "out_axes")
        found = []
        for leaf, axis in zip(leaves, axes, strict=True):
            if type(leaf) is Mapped and not (leaf.lane is lane or leaf.lane.is_open):
                raise ValueError(f"vmap of {name}: it returned an array of another vmap, which has ended")
            if axis is None:
                if lane.is_on(leaf):
                    raise ValueError(
                        f"vmap of {name}: out_axes is None for a result that is another one for each element"
                    )
                found.append(leaf)
                continue
            value = leaf.value if lane.is_on(leaf) else _repeated(leaf, lane.size)
            if not -value.ndim <= axis < value.ndim:
                raise ValueError(
                    f"vmap of {name}: out_axes is {axis} for a result that has {value.ndim} axes with the mapped one"
                )
            found.append(_apart(np.moveaxis(value, 0, axis) if axis % value.ndim else value, self._tensors))
        return tree.bare().unflatten(found)


def _axes_of(axes: Any, value: Any, what: str) -> list[Any]:
    """Return an axis, or None, for each array or number in a container."""
    leaves, tree = flatten(value)
    if axes is None or _is_axis(axes):
        axis = None if axes is None else operator.index(axes)
        return [axis] * len(leaves)
    return list(_spread(axes, tree, what))


def _spread(axes: Any, tree: Tree, what: str) -> list[Any]:
    try:
        found = tree.spread(axes, what, (type(None), int, np.integer))
    except ValueError as error:
        raise ValueError(f"vmap: {error}") from None
    for axis in found:
        if not (axis is None or _is_axis(axis)):
            raise TypeError(f"vmap: {what} holds {axis!r:.60}, which is no axis")
    return found


def _named(path: str, known: list[str]) -> str:
    """Return what a message calls an argument, of whose place in ``(args, kwargs)`` there is a path."""
    if path.startswith("[1]"):
        return path[3:].replace("['", "", 1).replace("']", "", 1)
    place, _, rest = path[4:].partition("]")
    i = int(place)
    return (known[i] if i < len(known) else f"argument {i}") + rest


def _in_front(x: Any, axis: int, part: slice) -> Any:
    """Return a copy of an array with the mapped axis in front, which the function may write into."""
    x = as_guest(x) if hasattr(x, "dtype") else np.asarray(x)
    x = np.moveaxis(x, axis, 0)[part]
    return np.array(x) if type(x) is np.ndarray else np.copy(x)


def _repeated(x: Any, size: int) -> Any:
    x = x if hasattr(x, "dtype") else np.asarray(x)
    return np.broadcast_to(x, (size, *x.shape))


def _apart(x: Any, tensors: bool) -> Any:
    """Return a result as the caller's own array: no read-only view; a Tensor where Tensors came in."""
    if type(x) is np.ndarray:
        if not x.flags.writeable or x.base is not None:
            x = x.copy()
        return wrap(x) if tensors and x.dtype.kind in "fc" else x
    if type(x) is Guest:
        return wrap(x) if tensors and x.dtype.kind in "fc" else outward(x)
    if isinstance(x, Tensor) and x._node is None and not tensors and type(x._raw) is np.ndarray:
        return x._raw if x._raw.base is None and x._raw.flags.writeable else x._raw.copy()
    return x


def _joined(parts: list[Any], out_axes: Any, name: str, chunks: bool) -> Any:
    """Put the results of chunks one behind the other."""
    both = [flatten(part) for part in parts]
    tree = both[0][1]
    axes = _axes_of(out_axes, parts[0], "out_axes")
    found = []
    for axis, *leaves in zip(axes, *[leaves for leaves, _ in both], strict=True):
        if axis is None:
            raise ValueError(f"vmap of {name}: out_axes cannot be None with chunk_size=")
        whole = np.concatenate(leaves) if chunks else np.stack(leaves)
        found.append(np.moveaxis(whole, 0, axis) if axis % whole.ndim else whole)
    return tree.bare().unflatten(found)
