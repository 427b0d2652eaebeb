"""Which differentiation a value belongs to, where several are nested."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..kernels.gate import PLAIN, answers
from ..tape import wrapping

Pusher = Callable[..., Any]


def foreign(value: Any) -> bool:
    """Tell whether another operand of a ufunc is to get its turn before a Dual."""
    cls = type(value)
    return cls is not wrapping.Dual and cls not in PLAIN and not understood((cls,))


def same_layout(a: Any, b: Any) -> bool:
    return a.dtype is b.dtype and a.shape == b.shape and (a.ndim == 1 or a.strides == b.strides)


def level_of(value: Any) -> int:
    """Return the highest level of a Dual in a value, however deep; 0 where there is none."""
    cls = type(value)
    if cls is wrapping.Dual:
        return value.level  # type: ignore[no-any-return]
    if cls in PLAIN:
        return 0
    if isinstance(value, (list, tuple)):
        return max(map(level_of, value), default=0)
    if isinstance(value, dict):
        return max(map(level_of, value.values()), default=0)
    return 0


def values_of(value: Any, level: int | None = None) -> Any:
    """Replace the Duals of a level by their values, those of all levels by default."""
    cls = type(value)
    if cls is wrapping.Dual:
        if level is None:
            return values_of(value.value)
        return value.value if value.level == level else value
    if cls is list or cls is tuple:
        return cls(values_of(item, level) for item in value)
    if cls is dict:
        return {key: values_of(item, level) for key, item in value.items()}
    return value


def understood(types: Iterable[type], protocol: str = "__array_ufunc__") -> bool:
    """Tell whether Dual may take a call with arguments of these types; another array type gets its turn otherwise."""
    ours = (wrapping.Tensor, wrapping.Dual)
    return not any(cls not in PLAIN and answers(cls, protocol) and not issubclass(cls, ours) for cls in types)


def made_of_tensors(x: Any) -> bool:
    """Tell whether an array is a Tensor, or a Dual of one."""
    if type(x) is wrapping.Dual:
        return made_of_tensors(x.value) or made_of_tensors(x.tangent)
    return isinstance(x, wrapping.Tensor)


def on_a_tape(x: Any) -> bool:
    """Tell whether an array is a variable, or a Dual of one."""
    while type(x) is wrapping.Dual:
        if on_a_tape(x.tangent):
            return True
        x = x.value
    return getattr(x, "_node", None) is not None
