"""What is known of objects: which can change, which give another value each time, and what asks them for anything."""

from __future__ import annotations

import collections
import functools
import types
from typing import Any

import numpy as np

from ...dropin.places import attribute_of

# Code that names these may ask anything for any attribute.
BY_TEXT = frozenset(("getattr", "hasattr", "vars", "__dict__", "attrgetter", "methodcaller"))
# Or an object.
DYNAMIC = BY_TEXT | {"setattr", "asdict", "astuple", "replace", "copy", "deepcopy"}
# Methods that are called by no name.
OPERATORS = frozenset(
    (
        *("__call__", "__init__", "__post_init__", "__getattr__", "__getitem__", "__setitem__", "__len__", "__iter__"),
        *("__next__", "__contains__", "__enter__", "__exit__", "__neg__", "__abs__", "__eq__", "__lt__", "__le__"),
        *("__gt__", "__ge__", "__bool__", "__float__", "__int__", "__index__", "__hash__", "__array__"),
        *[f"__{r}{name}__" for name in ("add", "sub", "mul", "truediv", "matmul", "pow") for r in ("", "r", "i")],
        *[f"__{r}{name}__" for name in ("floordiv", "mod") for r in ("", "r", "i")],
    )
)
NUMBERS = (bool, int, float, complex, np.number, np.bool_)
# What is the same as long as it is equal, or is itself.
EQUAL = (str, bytes, slice, range, np.dtype, type(None), type(Ellipsis), type(NotImplemented), np.datetime64)
SAME: tuple[type, ...] = (types.FunctionType, types.BuiltinFunctionType, type, np.ufunc, type(np.sum))
SAME += (types.WrapperDescriptorType, types.MethodWrapperType, types.ClassMethodDescriptorType)
SAME += (types.MemberDescriptorType, types.GetSetDescriptorType, types.MethodDescriptorType, types.MappingProxyType)
SAME += (type(collections.namedtuple("_", "a").a),)  # type: ignore[attr-defined]
CACHED: Any = type(functools.lru_cache(lambda: None))
GENERATORS = (np.random.Generator, np.random.RandomState)
# Libraries whose objects do not change.
_LIBRARIES = frozenset(("re", "decimal", "fractions", "enum", "pathlib", "datetime", "logging"))
_LIBRARIES |= {"operator", "itertools", "abc", "_abc", "typing", "types"}


def state_of(generator: Any) -> Any:
    """Return the state of a generator of random numbers, in a form that can be compared."""
    of = getattr(generator, "bit_generator", None)
    return _plain(generator.get_state(legacy=False) if of is None else of.state)


def set_state_of(generator: Any, state: Any) -> None:
    if state_of(generator) != state:
        of = getattr(generator, "bit_generator", generator)
        (of.set_state if of is generator else functools.partial(setattr, of, "state"))(state)


def _plain(state: Any) -> Any:
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray) else state


def is_told_by_identity(value: Any) -> bool:
    """Tell whether nothing in an object can change that would matter, or that it has nothing in it."""
    cls: Any = type(value)
    if hasattr(cls, "__next__"):
        return False
    if cls.__module__.partition(".")[0] in _LIBRARIES:
        return cls is not types.SimpleNamespace
    return cls is object or (callable(value) and attribute_of(value, "__dict__") is None)


def has_state(obj: Any) -> bool:
    """Tell whether an object of the package's own holds numbers: a Tensor, say."""
    return hasattr(obj, "dtype")
