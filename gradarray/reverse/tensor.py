"""Tensor: an ndarray with a place on the tape. Its surface forwards to np.*, and so to the rules."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Never, Self, cast

import numpy as np

from ..context import settings
from ..context.frames import BY_NAME, UnlessNumpyWillDo, asked_by_user, copies_container, leaves_turns
from ..elsewhere.answers import Absent, annotate, catching, give_absent, refuse_keywords, telling
from ..elsewhere.names import ON_ARRAYS
from ..kernels import gate
from ..kernels.arrays import FLOAT64, Array, constant_view
from ..kernels.references import COUNTED
from ..kernels.traced import MEMORY, TRACED, fresh_array
from ..rules.primitives import astype
from ..tape import loss, nodes, plans, sweeps, wrapping
from ..tape.nodes import OUTDATED, RELEASED, Node
from ..tape.wrapping import is_scalar, token, wrap
from . import arguments, operators, protocols, updates
from .constants import check_constant, with_constant
from .flat import Flat
from .methods import ArrayMethods, element, nested, stays
from .namespace import namespace
from .notes import add_shapes
from .printing import Printed
from .protocols import FUNCTIONS, UFUNCS, array_function, array_ufunc
from .views import writing
from .views.reading import getitem
from .views.sharing import Family, Foreign, as_array, base_of, become_array, detached, family_of, lend, owner_of, shared
from .views.steps import follow
from .views.writing import setitem, write, writeable

_ONE = np.float64(1)


class Surface(ArrayMethods):
    """What ndarray's surface and Tensor's have in common."""

    __slots__ = ()
    _functions = FUNCTIONS

    def copy(self, order: Any = "C", *, constant: bool | None = None) -> Self:
        """Return a copy; of a scalar, a scalar."""
        if constant is not None:
            return with_constant(self.copy, constant, (order,), {})  # type: ignore[no-any-return]
        return self[()] if is_scalar(self) else FUNCTIONS[np.copy]((self, order), {})  # type: ignore[index, no-any-return]

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
        *,
        constant: bool | None = None,
    ) -> Self:
        """Return a copy with another dtype; from a variable to integers, a constant."""
        if constant is not None:
            return with_constant(self.astype, constant, (dtype, order, casting, subok, copy), {})  # type: ignore[no-any-return]
        return astype(self, dtype, order, casting, subok, copy)  # type: ignore[no-any-return]


class Tensor(Surface):
    """An array whose operations are recorded, so that its gradient can be computed.

    Parameters
    ----------
    data : array_like
        Numbers of any shape.
    dtype : data-type, optional
    constant : bool, optional
        A constant takes no part in differentiation. By default floating-point and complex tensors are variables, and
        integers and truth values are constants.
    copy : bool
        Copy the data; False shares memory with an ndarray where that is possible.
    ndmin : int
        The least number of dimensions.

    Raises
    ------
    ValueError
        For ``constant=False`` with integers or truth values.
    TypeError
        For data that are not numbers.

    Notes
    -----
    What copy.copy, copy.deepcopy and pickle make of a tensor is a leaf with the same values, dtype and memory order,
    and a constant if it is one. Neither the tape nor the gradient travels; `save` keeps gradients, and ``t.copy()``
    stays on the tape, as the first two do inside a transform. Unless a leaf is copied as part of a container, such as
    a model, a warning says that the copy is no longer the same variable.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> x = ga.tensor([1.0, 2.0, 3.0])
    >>> np.sum(x**2).backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    __module__ = "gradarray"
    __slots__ = ("__weakref__", "_alias", "_grad", "_known", "_raw")
    __array_priority__ = 1000.0

    _raw: Array
    # The node, but for a view whose base has been updated since: see _node.
    _known: Node | None
    _alias: Any  # see views/sharing.py
    # A gradient that is itself on the tape, while the node's says OUTSIDE. Stored on the node, it would hold the node
    # in a circle: the gradient's history leads back to it.
    _grad: Tensor

    def __init__(
        self, data: Any, dtype: Any = None, *, constant: bool | None = None, copy: bool = True, ndmin: int = 0
    ) -> None:
        check_constant(constant)
        if type(data) is np.ndarray:
            pass
        elif isinstance(data, Tensor):
            if constant is None and data.constant:
                constant = True
            data = data._raw if copy else data.detach()._raw
        elif isinstance(data, wrapping.Dual):
            data = wrapping.bare(data)
        elif isinstance(data, (list, tuple)) and wrapping.has_tensor(data):
            if not constant and wrapping.has_variable(data) and settings.recording():
                loss.leaving("Tensor([...])")
            data = wrapping.bare(data)
        elif type(data) not in gate.PLAIN and gate.hosted(type(data)):
            data = gate.guest(data).apart() if copy else gate.guest(data)
        # A buffer that is no array's cannot be guarded, and is copied.
        copy = copy or (type(data) not in gate.PLAIN and not isinstance(data, np.ndarray) and gate.is_buffer(data))
        array: Any = fresh_array if type(data) in TRACED else np.array
        raw = array(data, dtype=dtype, copy=True if copy else None, ndmin=ndmin)
        kind = raw.dtype.kind
        differentiable = kind == "f" or kind == "c"
        if not differentiable and kind not in "biu":
            what = "text" if kind in "SU" else f"{raw.dtype.name} data"
            raise TypeError(f"a Tensor holds numbers, not {what} such as {data!r:.60}")
        if constant is False and not differentiable:
            raise ValueError("Integer-valued tensors must be treated as constants.")
        point = wrapping.is_point(raw) and (copy or not isinstance(data, np.ndarray))
        self._raw = raw[()] if point else raw
        self._alias = False if point else None
        if not copy and isinstance(data, np.ndarray) and type(raw) in MEMORY and np.may_share_memory(raw, data):
            # The caller's array, to be read and not to be written into.
            self._alias = Foreign()
        self._known = None
        if differentiable and not constant:
            self._known = nodes.leaf(raw.shape, raw.dtype)
            self._known.holder = weakref.ref(self)

    # --- the autodiff side ------------------------------------------------------------------------------------------

    @property
    def _node(self) -> Node | None:
        """The place on the tape; None for a constant. Where there is no alias, recorders look into `_known` at once."""
        node = self._known
        if node is None or type(self._alias) is not tuple or (node is not OUTDATED and node.rule is not RELEASED):
            return node
        return writing.node_of(self)

    @_node.setter
    def _node(self, node: Node | None) -> None:
        self._known = node

    @property
    def data(self) -> np.ndarray[tuple[Any, ...], np.dtype[Any]]:
        """The values as an ndarray: no copy, no history.

        It shares the tensor's memory, both ways; while a tape needs the values it is read-only, and an update of the
        tensor then gives that a memory of its own. Assigning changes the values, and nothing else.
        """
        if self._node is not None:
            loss.named(self._node)
        return self._values()  # type: ignore[no-any-return]

    @data.setter
    def data(self, value: Any) -> None:
        with settings.no_grad:
            self[...] = value

    def _values(self) -> Any:
        if type(self._raw) is gate.Guest:
            return self._raw.given()
        return as_array(self) if wrapping.is_scalar(self) else lend(self)

    @property
    def constant(self) -> bool:
        """Whether backpropagation skips this tensor."""
        return self._known is None

    @property
    def grad(self) -> Any:
        """The gradient that the last `backward` left here: None, or an array of this tensor's shape and dtype.

        It stays until another `backward` reaches the tensor, or the tensor is updated in place, on the tape.
        """
        node = self._known
        if node is None:
            return None
        if type(self._alias) is tuple:
            base, steps = self._alias
            grad = base.grad
            return None if grad is None else follow(steps, grad)
        grad = node.grad
        if grad is nodes.OUTSIDE:
            return self._grad
        if type(grad) is not np.ndarray and grad is not None:
            if isinstance(grad, np.generic):
                grad = node.grad = np.asarray(grad, node.dtype)  # a scalar has the byte order of the machine
            return grad.given(self._raw, copy=False) if type(grad) is gate.Guest else grad
        return grad if type(self._raw) is not gate.Guest or grad is None else gate.outward(grad, self._raw)

    @grad.setter
    def grad(self, value: Any) -> None:
        if self._known is None:
            if value is not None:
                raise ValueError("A constant tensor has no gradient.")
            return
        if value is not None and (np.shape(value) != self.shape):
            raise ValueError(f"a gradient has its tensor's shape {self.shape}, not {np.shape(value)}")
        if type(self._alias) is tuple:
            self._set_part(value)
            return
        if self._known is nodes.WRITTEN:
            raise nodes.released(nodes.WRITTEN)
        nodes.drop_gradient(self._known, by=nodes.SET_TO_NONE if value is None else None)
        if value is not None and not isinstance(value, Tensor):
            value = gate.entered(value, "a gradient")
            value = value.astype(self.dtype) if type(value) is gate.Guest else np.array(value, self.dtype)
        self._known.grad = value

    def _set_part(self, value: Any) -> None:
        """Set the gradient of a view, which is a part of the base's: all else of that stays, or is zero."""
        base, steps = self._alias
        if value is None:
            base.grad = None
            return
        if self.base is None:
            base.grad = np.reshape(value, base.shape)
            return
        whole = np.empty_like(base._raw)  # in which a view is one
        whole[...] = 0 if base.grad is None else wrapping.bare(base.grad)
        follow(steps, whole)[...] = wrapping.bare(value)
        base.grad = whole

    @catching
    def backward(
        self, grad: Any = None, *, retain_graph: bool | None = None, create_graph: bool = False, **unknown: Never
    ) -> None:
        """Compute the gradient of this tensor, or of its sum, with respect to every variable behind it.

        The gradients are left in ``.grad`` of those variables: of the leaves and of every tensor that is still held.
        Views outlast the release of the tape; another tensor that is still held becomes a leaf then, if nobody has any
        of the leaves behind it any more.

        Parameters
        ----------
        grad : array_like, optional
            The cotangent, broadcast to this tensor's shape; ones by default.
        retain_graph : bool, optional
            Keep the tape, so that backward can be called again; by default it is released unless `create_graph`.
        create_graph : bool
            Make the gradients Tensors that are on the tape themselves, for derivatives of higher order.

        Raises
        ------
        RuntimeError
            If the graph has been released by an earlier call: the same tensor was asked before, or a tensor behind it
            that comes from a leaf which is still there.
        ValueError
            If the cotangent does not broadcast to this tensor's shape.

        Examples
        --------
        >>> import gradarray as ga
        >>> x = ga.tensor(3.0)
        >>> y = x**3
        >>> y.backward(create_graph=True)
        >>> x.grad
        Tensor(27.)
        >>> x.grad.backward()
        >>> x.grad
        array(18.)
        """
        if unknown:
            refuse_keywords(Tensor.backward, unknown)
        node = self._node
        if node is None:
            return
        g = self._cotangent(grad, node, create_graph)
        retain = create_graph if retain_graph is None else retain_graph
        if create_graph:
            node.holder = weakref.ref(self)
        gradients = plans.sweep(node, g, retain, wrap if create_graph else None)
        taken: set[int] = set()
        for target, gradient in gradients.items():
            if type(gradient) in MEMORY:
                # Each gradient is the caller's own: no two share memory, and none is a read-only broadcast view.
                if gradient.base is not None or id(gradient) in taken or gradient is grad:
                    gradient = gradient.copy()
                taken.add(id(gradient))
            elif type(gradient) is gate.Guest:
                gradient = gradient.apart()
            if create_graph:
                # A rule that returns plain zeros gives a constant.
                _hold(target, gradient if isinstance(gradient, Tensor) else wrap(gradient))
            else:
                if target.grad is nodes.OUTSIDE:
                    nodes.drop_gradient(target)
                target.grad = gradient

    def _cotangent(self, grad: Any, node: Node, create_graph: bool) -> Any:
        if grad is None:
            if type(self._raw) in TRACED:
                one = self._raw.program.one(node.dtype, node.shape)
                return wrap(one) if create_graph else one
            if node.dtype is FLOAT64 and node.shape == () and not create_graph:
                return _ONE
            one = node.dtype.type(1)
            g = one if node.shape == () else constant_view(one, node.shape)
            return wrap(g) if create_graph else g
        if isinstance(grad, Tensor) or type(grad) is np.ndarray or type(grad) is gate.Guest:
            value = grad
        else:
            value = gate.guest(grad) if gate.hosted(type(grad)) else gate.new_array(grad)
        if value.dtype.kind not in "biufc" or (value.dtype.kind == "c" and node.dtype.kind != "c"):
            raise TypeError(f"a cotangent of dtype {value.dtype} does not fit a tensor of dtype {node.dtype}")
        if value.shape != node.shape:
            try:
                value = np.broadcast_to(value, node.shape)
            except ValueError:
                raise ValueError(
                    f"a cotangent of shape {np.shape(grad)} does not broadcast to the shape {node.shape} of the tensor"
                ) from None
        if value.dtype != node.dtype:
            value = value.astype(node.dtype)
        if type(value) is np.ndarray:
            value = gate.beside(value, self._raw)
        if create_graph:
            return value if isinstance(value, Tensor) else wrap(value)
        return value._raw if isinstance(value, Tensor) else value

    def null_grad(self) -> Tensor:
        """Set the gradient to None and return this tensor."""
        self.grad = None
        return self

    def null_gradients(self, clear_graph: bool = True) -> None:
        """Set the gradients of this tensor, and of all that it came from, to None.

        A released tape does not tell what a tensor came from; then it is that of this one alone.

        Parameters
        ----------
        clear_graph : bool
            Release the tape, too, as `clear_graph` does.

        Examples
        --------
        >>> import gradarray as ga
        >>> x = ga.tensor(3.0)
        >>> y = x**2
        >>> y.backward(retain_graph=True)
        >>> y.null_gradients()
        >>> x.grad, y.grad, y.creator
        (None, None, None)
        """
        self.grad = None
        if self._node is not None:
            sweeps.null_gradients(self._node)
            if clear_graph:
                self.clear_graph()

    def clear_graph(self) -> None:
        """Release what there is of the tape behind this tensor, without computing anything."""
        if self._node is not None:
            sweeps.clear_graph(self._node)

    def detach(self) -> Tensor:
        """Return a constant with the same data; the memory is shared until one of the two is updated."""
        t: Tensor
        if type(self._raw) is gate.Guest or isinstance(self._raw, np.generic):
            t = wrap(self._raw.copy() if type(self._raw) is gate.Guest else self._raw)
            t._alias = self._alias
            return t
        raw, family = detached(self)
        t = wrap(raw)
        t._alias = family
        return t

    def to_numpy(self) -> np.ndarray[tuple[Any, ...], np.dtype[Any]]:
        """Return the underlying ndarray, the same as ``.data``.

        What a library asks for by it on the way to something else leaves the tape, as by np.asarray.
        """
        return self.data if asked_by_user(*BY_NAME) else np.asarray(self)

    @property
    def creator(self) -> Any:
        """The node of the call that made this tensor; None for a leaf, a constant, and once the tape is released."""
        node = self._history()
        return None if node is None or node.rule is nodes.RELEASED else node

    @property
    def ops(self) -> tuple[Any, ...]:
        """The calls that took this tensor and whose results are still on a tape, from the oldest to the youngest.

        Each is a node, as the `creator` of its result is. They are looked for among all objects that there are: this is
        for debugging, and takes milliseconds. What reads a view stands among those of its base.

        Examples
        --------
        >>> import numpy as np
        >>> import gradarray as ga
        >>> x = ga.tensor([1.0, 2.0])
        >>> y, z = np.exp(x), 2 * x
        >>> x.ops
        (Node(np.exp(leaf), shape=(2,), dtype=float64), Node(np.multiply(2, leaf), shape=(2,), dtype=float64))
        >>> y.creator is x.ops[0]
        True
        """
        node = self._node
        return () if node is None else tuple(nodes.users(node))

    def _history(self) -> Node | None:
        node = self._node
        if type(self._alias) is tuple and self.base is None:  # it had another shape when it was made
            return self._alias[0]._history()  # type: ignore[no-any-return]
        return None if node is None or node.rule is None else node

    # --- the protocols ----------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        try:
            if kwargs or method != "__call__":
                return array_ufunc(ufunc, method, inputs, kwargs)
            return UFUNCS[ufunc](*inputs)
        except Exception as error:
            add_shapes(error, ufunc, inputs, kwargs, method)
            raise

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        try:
            for t in types:
                if t is not Tensor and t is not np.ndarray:
                    return array_function(func, types, args, kwargs)
            return FUNCTIONS[func](args, kwargs)
        except Exception as error:
            add_shapes(error, func, args, kwargs)
            raise

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self._node is not None and settings.recording():
            if leaves_turns():
                return np.array(None, dtype=object)
            loss.leaving(whole=dtype is not None and np.dtype(dtype).kind in loss.WHOLE)
        if type(self._raw) is gate.Guest:
            return np.array(self._raw, dtype=dtype, copy=copy)
        data = self._values()
        if copy is None and not data.flags.writeable and writeable(self):  # a tape needs the values
            copy = True
        return np.array(data, dtype=dtype, copy=copy)

    def _exit(self, *what: str) -> None:
        """Say that raw values leave the tape here."""
        if self._node is not None and settings.recording():
            loss.leaving(*what)

    # --- inspection -------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes; assigning reshapes the tensor in place."""
        return self._raw.shape  # type: ignore[no-any-return]

    @shape.setter
    def shape(self, value: Any) -> None:
        updates.reshape_inplace(self, value)

    @property
    def strides(self) -> tuple[int, ...]:
        """The steps in bytes along each axis."""
        return as_array(self).strides  # type: ignore[no-any-return]

    @property
    def flags(self) -> Any:
        """The memory layout of the underlying array."""
        data = as_array(self)
        if type(self._alias) is Foreign:
            family_of(self)
        owner = owner_of(self)
        if owner is None:
            return data.flags
        self._alias.lent = True  # whoever has the flags may set them
        return owner.flags

    @property
    def base(self) -> Any:
        """The tensor that this one is a view of, or None."""
        if type(self._alias) is not tuple:
            return None
        base = self._alias[0]
        front = base._alias.front() if type(base._alias) is Family else None
        return base if front is None else None if front is self else front

    def __repr__(self) -> str:
        if type(self._raw) is gate.Guest:
            return f"Tensor({self._raw!r})"
        return np.array_repr(np.asarray(self._raw).view(Printed))

    def __str__(self) -> str:
        return str(as_array(self))

    def __format__(self, spec: str) -> str:
        return format(self._raw if isinstance(self._raw, np.generic) or self.ndim else self._raw[()], spec)

    def __len__(self) -> int:
        return len(as_array(self))

    def __bool__(self) -> bool:
        return bool(self._raw)

    def __float__(self) -> float:
        self._exit()
        return float(self._raw)

    def __int__(self) -> int:
        if settings.held().making is None:  # in drop-in mode it is what it is in NumPy's code: a step without a slope
            self._exit()
        return int(self._raw)

    def __complex__(self) -> complex:
        self._exit()
        return complex(self._raw)

    def __round__(self, digits: int | None = None) -> Any:
        if self.ndim:
            raise TypeError("only 0-d tensors can be rounded by round(); use np.round")
        return round(self._raw[()]) if digits is None else np.round(self, digits)

    def __index__(self) -> int:
        return operator.index(as_array(self))

    def __contains__(self, item: Any) -> bool:
        return wrapping.unwrap(item) in as_array(self)

    def item(self, *args: Any) -> Any:
        """Return one element as a Python number; in a transform, a variable has none to give.

        In drop-in mode a variable gives itself.
        """
        if self._node is not None and stays():
            return element(self, args)
        if self._node is not None and loss.in_transform():
            self._exit("item()", loss.ITEM)
        return self._raw.item(*args)

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers; in a transform, a variable has none to give.

        In drop-in mode a variable gives lists of variables.
        """
        if self._node is not None and stays():
            return nested(self)
        if self._node is not None and loss.in_transform():
            self._exit("tolist()", loss.TOLIST)
        return self._raw.tolist()

    # --- indexing ---------------------------------------------------------------------------------------------------

    __getitem__ = cast("Callable[[Tensor, Any], Tensor]", getitem)
    __setitem__ = setitem
    _output = writing.output

    def _revalued(self, value: Any) -> Tensor:
        """Return a tensor with this derivative and another value."""
        node = self._node
        if node is not None and node.rule is None:  # a leaf's gradient belongs to the leaf alone
            node = np.positive(self)._node  # type: ignore[attr-defined]
        return wrap(value, node)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (getitem(self, i) for i in range(len(self._raw)))

    @property
    def flat(self) -> Flat:
        """The elements in C order, for iteration, reading and assignment."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        Flat(self)[:] = value

    # --- in-place methods --------------------------------------------------------------------------------------------

    def fill(self, value: Any) -> None:
        """Set every element to a number."""
        np.empty(1, self.dtype).fill(wrapping.unwrap(value))  # NumPy's own error for anything else
        self[...] = value

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, **options: bool | None) -> None:
        """Sort the elements in place; the options are NumPy's ``stable`` and, since 2.5, ``descending``."""
        try:
            if writing.recorded(self):
                self[...] = protocols.FUNCTIONS[np.sort]((self, axis, kind, order), options)
            else:
                write(self, lambda raw: raw.sort(axis, kind, order, **options))
        except TypeError as error:
            annotate(error, np.sort)
            raise

    def partition(self, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None) -> None:
        """Partition the elements in place, so that the k-th one is where sorting would put it."""
        if writing.recorded(self):
            self[...] = np.partition(self, kth, axis, kind, order)
        else:
            write(self, lambda raw: raw.partition(kth, axis, kind, order))

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Set the elements at flat indices."""
        np.put(self, indices, values, mode)  # type: ignore[arg-type]

    def resize(self, *shape: Any, refcheck: bool = True) -> None:
        """Change shape and size in place; elements that are new are zero. Nobody else may share the memory."""
        if not shape:
            return
        become_array(self)
        if self.base is not None:
            raise ValueError("cannot resize this array: it does not own its data")
        if self._alias is not None and any(view is not self for view in family_of(base_of(self)).members()):
            raise ValueError("cannot resize an array that is referenced by another array: there are views of it")
        shape = shape[0] if len(shape) == 1 else shape
        size = np.empty(shape, np.bool_).size
        flat: Any = self.flatten()
        if size > self.size:
            flat = np.concatenate([flat, np.zeros(size - self.size, self.dtype)])
        resized: Any = np.reshape(flat[:size], shape)
        self._raw, self._node, self._alias = resized._raw, resized._node, None

    def __delitem__(self, index: Any) -> None:
        raise ValueError("cannot delete array elements; np.delete returns a tensor without them")

    # --- copies and raw memory --------------------------------------------------------------------------------------

    # The tape does not travel with a copy or a pickle, and neither does the gradient: what arrives is a leaf. In a
    # transform, though, a copy is that of code which was written for arrays.

    def __copy__(self) -> Tensor:
        return self._copied("copy.copy")

    def __deepcopy__(self, memo: Any) -> Tensor:
        # A leaf of a model that is copied becomes a leaf of the copy.
        return self._copied("copy.deepcopy", bool(memo) or copies_container())

    def _copied(self, what: str, part: bool = False) -> Tensor:
        # So is what a library copies, as DataArray.copy does, which is no copying by copy.deepcopy to its user.
        if loss.in_transform() or settings.held().making is not None or not asked_by_user():
            return self.copy("K")
        if self._history() is not None or not part:
            self._exit(what, loss.COPY)
        return Tensor(self._raw, constant=self.constant)

    def __reduce__(self) -> Any:
        # A leaf has no history to lose, except in a transform, whose argument it may be.
        if self._history() is not None or loss.in_transform():
            self._exit("pickle", loss.COPY)
        return rebuilt, (self._values(), self.constant)

    def __dask_tokenize__(self) -> Any:
        # Variables of equal values are not the same variable, which Dask would take one of for both.
        return token(self._raw), None if self._node is None else self._node.order

    @telling
    def view(self, *args: Any) -> Any:
        """Return a tensor on the same memory; another dtype only for a constant, since bits have no derivative."""
        if not args or (self._node is not None and gate.asks_for_array(args)):
            return self[() if wrapping.is_scalar(self) else ...]
        if isinstance(args[0], (int, tuple)):
            raise TypeError(
                "NumPy's view takes a dtype. For another shape, as view has in PyTorch, write x.reshape(shape)"
            )
        if self._node is not None and settings.recording():
            raise TypeError(
                "a view of a variable under another dtype has no derivative; use x.astype(dtype) for its values, "
                "or x.data.view(dtype) for its bits"
            )
        return wrap(self._values().view(*args))

    def tobytes(self, order: Any = "C") -> bytes:
        """Return the raw bytes of the data."""
        return self.data.tobytes(order)

    def setflags(self, *args: Any, **kwargs: Any) -> None:
        """Set the flags of the underlying array."""
        owner = owner_of(self)
        if owner is not None:
            owner.setflags(*args, **kwargs)
        become_array(self)
        self._raw.setflags(*args, **kwargs)

    @UnlessNumpyWillDo
    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return namespace(api_version)


class _Holders:
    """The Tensors of a node, where there may be several: a tensor of its own for a sweep that is recorded, a base."""

    __slots__ = ("tensors",)
    tensors: list[Callable[[], Any]]

    def __init__(self, holder: Any, t: Tensor) -> None:
        known = holder.tensors if isinstance(holder, _Holders) else [] if holder is None else [holder]
        self.tensors = [*[r for r in known if r() is not None], weakref.ref(t)]

    def __call__(self) -> Any:
        """Return one that still has the node."""
        for r in self.tensors:
            t = r()
            if t is not None and getattr(t._known, "holder", None) is self:
                return t
        return None


def _tell_nodes() -> None:
    """Let each node know its Tensors: where nothing is counted, there is no other way to learn whether one is left."""
    name = "_known"
    slot: Any = Tensor.__dict__[name]

    def assign(t: Tensor, node: Node | None) -> None:
        slot.__set__(t, node)
        if node is not None and node is not nodes.OUTDATED:
            node.holder = _Holders(getattr(node, "holder", None), t)

    setattr(Tensor, name, property(slot.__get__, assign))


if not COUNTED:
    _tell_nodes()


def variable(raw: Any, alias: Any = None) -> Tensor:
    """Return a leaf around an array of floating-point numbers; `alias` is False if a scalar stands for an array."""
    t: Tensor = wrapping.new_object(Tensor)
    t._raw = raw
    t._alias = alias
    t._known = node = nodes.leaf(raw.shape, raw.dtype)
    node.holder = weakref.ref(t)
    return t


def leaf_of(t: Tensor, constant: bool | None) -> Tensor:
    """Make a constant that was just made a leaf, unless it is to stay one or has to."""
    check_constant(constant)
    kind = t.dtype.kind
    if constant is False and kind not in "fc":
        raise ValueError("Integer-valued tensors must be treated as constants.")
    if not constant and kind in "fc":
        t._node = node = nodes.leaf(t.shape, t.dtype)
        node.holder = weakref.ref(t)
    if type(t._raw) is np.ndarray and shared(t):  # somebody has the array, as after np.asanyarray
        t._alias = Foreign()
    return t


def _hold(node: Node, gradient: Tensor) -> None:
    """Store a gradient that is on the tape: at the Tensor where that is known, so that no circle arises."""
    tensor = node.holder() if hasattr(node, "holder") else None
    if tensor is None or tensor._known is not node:
        node.grad = gradient
    else:
        tensor._grad = gradient
        node.grad = nodes.OUTSIDE


def rebuilt(data: Any, constant: bool) -> Tensor:
    return Tensor(data, constant=constant, copy=data.ndim == 0)


# Pickles name it so, wherever it stands.
rebuilt.__module__, rebuilt.__qualname__ = "gradarray._tensor", "_rebuild"


give_absent(Tensor, {name: Absent(name) for name in ON_ARRAYS})
Tensor._array = vars(Tensor)["_raw"]
wrapping.Tensor = Tensor
operators.give(
    Tensor,
    operators.Maker(protocols.recorder_for, updates.update, arguments.foreign, wrapping.unwrap),
)
