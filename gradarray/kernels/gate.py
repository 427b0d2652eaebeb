"""The gate: what may stand under a Tensor, in a Dual and on a tape.

A tape asks what it keeps for its values later, when an array of another library may have changed, or answers in another
way. So numbers, and arrays of exactly the type ndarray, are all that stands there. Anything else is made an ndarray
once, when it comes in; or a guest, where a backend answers for arrays of its type; or it is given its turn, because it
answers NumPy's protocols itself; or it is refused. Whatever is not of a type in PLAIN passes here: operands,
parameters, indices, the arguments of transforms, and results. No other module asks what kind of array it has before it.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, MutableSequence
from typing import Any

import numpy as np

from ..context.settings import SILENT, errors
from . import guard
from .guests import Guest as Guest  # which others have from here
from .guests import beside as beside
from .guests import guest as guest
from .guests import hosted as hosted
from .traced import MEMORY, TRACED

# Operands that NumPy takes as they are and that hide no variable.
PLAIN: set[type] = {np.ndarray, float, int, bool, complex}
PLAIN |= {np.dtype(code).type for code in np.typecodes["All"] if code not in "OV"}
# What NumPy computes is of these types. Those that write down what is done with them join both sets; see traced.py.
ARRAYS: set[type] = PLAIN - {float, int, bool, complex}
# Parameters of these types hide no Tensor, cannot change, and can be reckoned with: they need no second look.
SIMPLE: frozenset[type] = frozenset(
    {cls for cls in PLAIN if not issubclass(cls, (np.ndarray, np.integer))} | {type(None), str, np.dtype, type}
)
# The kinds of dtype that a Tensor may have.
NUMBERS = "biufc"


def admit(array: type, scalar: type) -> None:
    """Let in a type of arrays that writes down what is done with them, and that of its results without axes."""
    MEMORY.add(array)
    for types in (TRACED, PLAIN, ARRAYS):
        types.update((array, scalar))


for _types in (TRACED, PLAIN, ARRAYS):
    _types.add(Guest)


# --- who answers for itself ------------------------------------------------------------------------------------------


def answers(cls: type, protocol: str = "__array_ufunc__") -> bool:
    """Tell whether arrays of a class answer one of NumPy's protocols themselves, so that they are to get their turn.

    pandas does too, but what it would do with a Tensor is to take its bare values; it stands back behind a higher
    ``__pandas_priority__``, and its objects are taken for their values.
    """
    inherited: Any = getattr(np.ndarray, protocol)
    found = getattr(cls, protocol, inherited)
    of_pandas = hasattr(cls, "__pandas_priority__") and not hasattr(cls, "__array_function__")
    return found is not inherited and not of_pandas and not hosted(cls)


def defers(other: Any) -> bool:
    """Tell whether an ndarray's operator would leave the call to this other operand.

    It is NumPy's rule [1]_: to one that wants no ufuncs, and to one that knows nothing of them but has a priority. An
    array of another library is taken for its values all the same, which is what comes of most of them in NumPy, too.

    References
    ----------
    .. [1] NEP 13, "A mechanism for overriding Ufuncs", section "Behavior in combination with Python's binary
       operations".
    """
    cls = type(other)
    if hasattr(cls, "__array_ufunc__"):
        return cls.__array_ufunc__ is None
    if hasattr(cls, "__array__") and hasattr(other, "dtype") and hasattr(other, "shape"):
        return False
    return bool(getattr(other, "__array_priority__", 0) > 0)


def is_one_object(value: Any) -> bool:
    """Tell whether NumPy would make an array of one object of a value, which then computes by its own operators."""
    cls = type(value)
    if cls in PLAIN or cls in SIMPLE or hasattr(cls, "__array_ufunc__") or isinstance(value, (numbers.Number, bytes)):
        return False
    return not (hasattr(cls, "__len__") and hasattr(cls, "__getitem__")) and not is_buffer(value)


# --- what is made of the others --------------------------------------------------------------------------------------


def entered(value: Any, where: str) -> Any:
    """Return a raw operand as a tape may keep it: an ndarray of its own in place of anything that is made into one.

    What is no array is left as it is, for NumPy to say what is wrong with it.

    Parameters
    ----------
    value : object
        Neither a Tensor nor a Dual.
    where : str
        The function that it was given to, for the message.

    Raises
    ------
    TypeError
        For a subclass of ndarray that gives arithmetic another meaning, as matrix and MaskedArray do.
    """
    cls = type(value)
    if cls in PLAIN or cls in SIMPLE:
        return value
    if hosted(cls):
        need_numbers(value, where)
        return _own_guest(value)
    if issubclass(cls, np.ndarray):
        if changes_arithmetic(cls):
            raise TypeError(f"{where}: {described(value)} {_MEANING}")
        return _own(value)
    if not hasattr(cls, "__array__") and (isinstance(value, (np.generic, numbers.Number, bytes)) or callable(value)):
        return value
    made = _own(value)
    return made if made.dtype.kind in NUMBERS else value


_MEANING = (
    "gives arithmetic a meaning of its own, and so cannot stand beside a Tensor. Pass np.asarray(x) for its plain "
    "elements; in place of a mask, choose elements by an index or by np.where."
)


def unless_it_answers(value: Any) -> Any:
    """Return an operand as an ndarray where no Tensor stands beside it, but what is to answer for itself as it is."""
    cls = type(value)
    if cls in PLAIN or cls in SIMPLE or answers(cls) or answers(cls, "__array_function__"):
        return value
    if hosted(cls):
        return guest(value)
    if isinstance(value, np.ndarray):
        return value if changes_arithmetic(cls) else np.asarray(value)
    return value if isinstance(value, (bytes, type)) or not is_buffer(value) else np.asarray(value)


def argument(value: Any, where: str) -> Any:
    """Return a leaf of a transform's argument, or of a user's own function's result, as an array or a number.

    Raises
    ------
    TypeError
        For an array that answers for itself, and would be another one to the function that gets a Tensor in its place.
    """
    if type(value) not in PLAIN and answers(type(value)):
        raise TypeError(
            f"{where} is {described(value)}, whose place a Tensor cannot take; pass its elements as an ndarray"
        )
    return entered(value, where)


def returned(value: Any, where: str) -> Any:
    """Return a leaf of a function's result that is neither a Tensor nor a Dual, and so a constant.

    Raises
    ------
    TypeError
        For anything in which a variable may stand.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, np.ndarray) and not changes_arithmetic(type(value)):
        return np.asarray(value)
    if hosted(type(value)):
        return guest(value)
    raise TypeError(
        f"{where} {described(value)}, and no gradient can be found in that; return the array in it, as x.data, or say "
        "by ga.register_container how to look into it"
    )


def changes_arithmetic(cls: type) -> bool:
    """Tell whether a subclass of ndarray has operators, or answers to protocols, of its own."""
    return any(getattr(cls, name) is not getattr(np.ndarray, name) for name in _ARITHMETIC)


_ARITHMETIC = (
    *(f"__{name}__" for name in ("add", "mul", "truediv", "pow", "matmul", "array_ufunc", "array_function")),
    *(f"__r{name}__" for name in ("add", "mul", "truediv", "pow", "matmul")),
)


def _own(value: Any) -> Any:
    # The memory of a memory map, a buffer or another library's array may change at any time, so it is copied, unless
    # nothing is to be guarded.
    return new_array(value) if guard.mem_guard_active() else np.asarray(value)


def as_guest(value: Any) -> Any:
    """Return an argument of a call as a guest, where it is an array of another library; any other one as it is."""
    return guest(value) if type(value) not in PLAIN and hosted(type(value)) else value


def _own_guest(value: Any) -> Guest:
    return guest(value).apart() if guard.mem_guard_active() else guest(value)


def new_array(value: Any) -> Any:
    """Return a new array of anything; what has ``__array__`` is not relied on to make one."""
    return np.array(np.asarray(value))


def of_others(array: Any) -> bool:
    """Tell whether an array has the memory of something that is no plain ndarray."""
    while type(array) is np.ndarray:
        array = array.base
    return array is not None


_LARGEST = np.iinfo(np.intp).max


def parameter(value: Any) -> Any:
    """Return a parameter, or an index, as a tape may keep it: later changes of arrays and lists do not reach it.

    Whole numbers are such that rules can reckon with: -np.uint8(1) is 255, and np.int8(100) + 100 is no number.
    """
    kind = type(value)
    if isinstance(value, np.integer):
        return int(value) if kind not in TRACED else value if value.dtype == np.intp else value.astype(np.intp)
    if kind is tuple:
        return tuple(map(parameter, value)) if any(isinstance(x, np.integer) for x in value) else value
    if kind in MEMORY:
        narrow = value.dtype.kind in "iu" and value.dtype != np.intp
        narrow = narrow and (np.can_cast(value.dtype, np.intp) or bool(np.all(value <= _LARGEST)))
        return value.astype(np.intp) if narrow else guard.secured(value)
    if kind in TRACED:
        return value
    if isinstance(value, (type, str, bytes)):
        return value
    if hosted(kind):
        return _own_guest(value)
    if isinstance(value, np.ndarray) or is_buffer(value):
        return new_array(value)
    return [*map(parameter, value)] if isinstance(value, MutableSequence) else value


def is_buffer(value: Any) -> bool:
    """Tell whether an object that is no ndarray has its elements in memory, or hands them out as an array."""
    if any(hasattr(value, name) for name in ("__array__", "__array_interface__", "__array_struct__")):
        return True
    try:
        memoryview(value).release()
    except TypeError:
        return False
    return True


def asks_for_array(kinds: tuple[Any, ...]) -> bool:
    """Tell whether what ``view`` is given is the class of arrays itself, which an array is seen as already.

    Raises
    ------
    TypeError
        For a class that is derived from it.
    """
    (kind, *rest) = kinds
    if rest or not isinstance(kind, type) or not issubclass(kind, np.ndarray):
        return False
    if kind != np.ndarray:
        raise TypeError(
            f"a variable cannot be seen as {kind.__name__}: a subclass of ndarray holds the elements themselves, and "
            "so no variable. Keep the array as an attribute of a class of your own, or compute with plain arrays."
        )
    return True


# --- what comes out --------------------------------------------------------------------------------------------------


def outward(value: Any, like: Any = None) -> Any:
    """Return a raw array, or the arrays in lists and tuples, for the caller: a guest as the array that it holds.

    Laid out as another one is, as a gradient is like its value; an ndarray becomes what that is. Where it is a rule
    that has asked, it goes on with the guest.
    """
    kind = type(value)
    if kind is Guest:
        return value if like is None and errors.get() is SILENT else value.given(like)
    if type(like) is Guest and kind in ARRAYS:
        return beside(value, like).given(like)
    if kind is tuple or kind is list:
        return kind([outward(item) for item in value])
    return value


def result(out: Any, where: str = "") -> Any:
    """Return what a Tensor may hold of a result: an array or a scalar of NumPy's.

    Raises
    ------
    TypeError
        If it holds no numbers.
    """
    if not isinstance(out, (np.ndarray, np.generic)):
        out = np.asarray(out)[()]
    need_numbers(out, where)
    return out


def need_numbers(out: Any, where: str, operands: Iterable[Any] = ()) -> None:
    """Raise TypeError for a result, or one of several, that holds no numbers, and name the operands that did it."""
    for item in out if isinstance(out, (tuple, list)) else (out,):
        # Of objects, NumPy's products and sums are objects, and no arrays of them.
        dtype = getattr(item, "dtype", np.dtype(object))
        if dtype.kind not in NUMBERS:
            found = [described(x) for x in operands if not _holds_numbers(x)]
            given = f", given {' and '.join(found)}," if found else ""
            raise TypeError(f"a Tensor holds numbers, but {where or 'this'}{given} makes data of dtype {dtype}")


def _holds_numbers(value: Any) -> bool:
    if not hasattr(type(value), "__array_function__"):
        return type(value) in PLAIN and not isinstance(value, (np.character, np.datetime64, np.timedelta64))
    return getattr(value.dtype, "kind", "") in tuple(NUMBERS)


def described(value: Any) -> str:
    """Return the public name of a value's type, with an article, for a message."""
    cls = type(value)
    module = cls.__module__.partition("._")[0]
    name = cls.__name__ if module in ("builtins", "__main__") else f"{module}.{cls.__name__}"
    if cls is np.ndarray:
        name = f"array of dtype {value.dtype}"
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
