"""What is a Tensor, what is under it, and how a result becomes one."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..kernels import gate
from ..kernels.arrays import Array, Spec, is_floating
from ..kernels.gate import PLAIN
from ..kernels.traced import MEMORY, TRACED, array_of
from .nodes import Node

# The class Tensor, handed in by its module, which stands on this one; whoever makes a recorder keeps it at hand.
Tensor: Any = None
# The class Dual of forward mode, handed in likewise; until then no class at all.
Dual: Any = ()
# The class Mapped of batches, likewise.
Mapped: Any = ()

new_object = object.__new__

_FLOATING = frozenset(np.dtype(code) for code in np.typecodes["AllFloat"])


# --- unwrapping -------------------------------------------------------------------------------------------------------


def has_tensor(value: Any) -> bool:
    """Tell whether a Tensor stands in a value, or anywhere in the lists and tuples that it is made of."""
    if type(value) in PLAIN:
        return False
    if isinstance(value, (list, tuple)):
        for item in value:  # noqa: SIM110 - `any` takes twice as long, and user code makes many short lists
            if type(item) not in PLAIN and has_tensor(item):
                return True
        return False
    if isinstance(value, dict):
        return any(has_tensor(item) for item in value.values())
    return isinstance(value, (Tensor, Dual))


def has_variable(value: Any) -> bool:
    """Tell whether a variable stands in a value, however deep."""
    if type(value) in PLAIN:
        return False
    if isinstance(value, (list, tuple)):
        for item in value:  # noqa: SIM110 - the same
            if type(item) not in PLAIN and has_variable(item):
                return True
        return False
    if isinstance(value, dict):
        return any(has_variable(item) for item in value.values())
    return (isinstance(value, Tensor) and value._known is not None) or isinstance(value, Dual)


def unwrap(value: Any) -> Any:
    """Replace every Tensor in a value by its raw array, however deep."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Tensor):
        return value._raw if value._alias is not False else array_of(value._raw)
    if type(value) in (list, tuple):
        return type(value)(unwrap(item) for item in value)
    if type(value) is dict:
        return {key: unwrap(item) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(unwrap(value.start), unwrap(value.stop), unwrap(value.step))
    return value


def bare(value: Any) -> Any:
    """Replace every Tensor and every Dual in a value by its bare values, for what carries no derivative."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Dual):
        return bare(value.value)
    if type(value) in (list, tuple):
        return type(value)(bare(item) for item in value)
    if type(value) is dict:
        return {key: bare(item) for key, item in value.items()}
    return unwrap(value)


def without_zero_tangents(value: Any) -> Any:
    """Return the bare value of what has tangents of zeros alone, as an array has that is made in forward mode."""
    if isinstance(value, Dual):
        inner, tangent = without_zero_tangents(value.value), without_zero_tangents(value.tangent)
        return value if has_variable((inner, tangent)) or np.any(bare(tangent)) else bare(inner)
    if type(value) in (list, tuple) and has_variable(value):
        return type(value)(map(without_zero_tangents, value))
    return value


def stacked(value: Any, where: str) -> Any:
    """Return an operand as it may enter: a nested list as an array or a Tensor, what is foreign as the gate has it."""
    if type(value) in PLAIN or isinstance(value, Tensor):
        return value
    if isinstance(value, (list, tuple)):
        return stack_nested(value) if has_tensor(value) else np.asarray(value)
    return value if isinstance(value, Dual) else gate.entered(value, where)


def all_entered(args: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    """Return the arguments of a function that is made of others, each as it may enter."""
    known = (Tensor, Dual, list, tuple, dict, np.poly1d)  # whose class the functions of polynomials ask for
    for x in args:
        if type(x) is np.ndarray and x.dtype.kind not in gate.NUMBERS:
            gate.need_numbers(x, where, args)
    return tuple([x if type(x) in PLAIN or isinstance(x, known) else gate.entered(x, where) for x in args])


def stack_nested(value: Any) -> Any:
    """Make one array of nested lists as np.array does, also where Tensors or other traced arrays stand in them."""
    if not isinstance(value, (list, tuple)):
        return value if hasattr(value, "__array_function__") else np.asarray(value)
    items = [stack_nested(item) for item in value]
    plain = all(type(item) in PLAIN and type(item) not in TRACED for item in items)
    return np.asarray(value) if plain else np.stack(items)


def lifted(value: Any) -> Any:
    """Return a list in which variables stand as one tensor, and anything else as it is."""
    return stack_nested(value) if isinstance(value, (list, tuple)) and has_variable(value) else value


def spec(value: Any) -> Spec:
    """Return the shape and dtype of an operand, which may be a number."""
    return Spec(np.shape(value), np.result_type(value))


def token(raw: Array) -> tuple[Any, ...]:
    """Return what tells an array from others, as Dask asks for it."""
    raw = np.asarray(raw)
    hashlib = importlib.import_module("hashlib")  # which takes 4 ms, and Dask has done it
    return raw.dtype.str, raw.shape, hashlib.blake2b(raw.tobytes()).hexdigest()


def is_scalar(value: Any) -> bool:
    """Tell whether an operand is what NumPy has a scalar for: the result of a call, of which a view is a copy."""
    if isinstance(value, Tensor):
        return value._alias is None and isinstance(value._raw, np.generic)
    if isinstance(value, Mapped):
        return not value.ndim
    return is_scalar(value.value) if isinstance(value, Dual) else not isinstance(value, np.ndarray)


def is_point(raw: Array) -> bool:
    """Tell whether a tensor holds this array as a scalar, which is faster.

    A complex one rounds its products otherwise than an array does, and all have the byte order of the machine.
    """
    return type(raw) in MEMORY and not raw.ndim and raw.dtype.kind != "c" and raw.dtype.isnative


# --- wrapping ---------------------------------------------------------------------------------------------------------


def wrap(raw: Array, node: Node | None = None) -> Any:
    """Return a Tensor around a raw array, without a copy; without a node it is a constant."""
    t = new_object(Tensor)
    t._raw = raw
    t._known = node
    t._alias = None
    return t


def wrap_results(out: Any) -> Any:
    """Wrap a constant result, or each one of several; whole numbers beside floating-point ones, a rank, stay plain.

    What answers for itself, such as a masked array, has stayed what it is.
    """
    if not isinstance(out, (tuple, list)):
        return (
            wrap(gate.result(out))
            if (type(out) in PLAIN and type(out) is not bool) or isinstance(out, np.generic)
            else out
        )
    floating = [isinstance(item, (tuple, list)) or is_floating(item) for item in out]
    both = zip(out, floating, strict=True)
    wrapped = [wrap_results(item) if f or not any(floating) else gate.outward(item) for item, f in both]
    return with_items(out, wrapped)


def with_items(like: Any, items: list[Any]) -> Any:
    """Return a container of the type of another one; one with named fields also has what else is told by that one."""
    if not hasattr(like, "_fields"):
        return type(like)(items)
    found: Any = tuple.__new__(type(like), items)  # some of SciPy's ask for more than their items
    if hasattr(like, "__dict__"):
        vars(found).update(vars(like))
    return found


def wrap_arrays(out: Any) -> Any:
    """Wrap the floating-point results of a body that are plain arrays, because no variable went into them."""
    if isinstance(out, (tuple, list)):
        return with_items(out, [wrap_arrays(item) for item in out])
    return wrap(out) if type(out) in PLAIN and getattr(out, "dtype", None) in _FLOATING else out
