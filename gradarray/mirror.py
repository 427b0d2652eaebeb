"""The NumPy mirror: ``ga.f`` is np.f that also takes ``constant=`` and returns Tensors, for lists and numbers too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import tape
from .dispatch import FUNCTIONS, PLAIN, UFUNCS, array_ufunc, has_tensor, wrap, wrap_results
from .registry import RULES, Nondifferentiable
from .tensor import Tensor


def mirrored(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return the mirror of a NumPy function, under its name and with its documentation."""
    ufunc = func if isinstance(func, np.ufunc) else None
    plain_results = isinstance(RULES.get(func), Nondifferentiable)
    plain = PLAIN

    def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        if constant is None and not kwargs:
            # The shortest way for arrays and numbers alone, which cost little more than NumPy's own function.
            for value in args:
                if type(value) not in plain:
                    break
            else:
                result = func(*args)
                if plain_results:
                    return result
                return wrap(result) if type(result) in plain else wrap_results(result)
        return general(args, constant, kwargs)

    def general(args: Any, constant: bool | None, kwargs: dict[str, Any]) -> Any:
        if constant is not None:
            return _with_constant(call, constant, args, kwargs)
        if not (has_tensor(args) or (kwargs and has_tensor(kwargs))):
            result = func(*args, **kwargs)
            return result if plain_results else wrap_results(result)
        if ufunc is None:
            return FUNCTIONS[func](args, kwargs)
        # Through NumPy where another array type may want its turn.
        result = array_ufunc(ufunc, "__call__", args, kwargs) if kwargs else UFUNCS[func](*args)
        return func(*args, **kwargs) if result is NotImplemented else result

    call.__name__ = call.__qualname__ = func.__name__
    call.__doc__ = func.__doc__
    call.__module__ = "gradarray"
    call.__wrapped__ = func  # type: ignore[attr-defined]
    return call


def _with_constant(call: Callable[..., Any], constant: bool, args: Any, kwargs: dict[str, Any]) -> Any:
    if constant:
        with tape.no_grad():
            return call(*args, **kwargs)
    result = call(*args, **kwargs)
    if isinstance(result, Tensor) and result.constant:
        return Tensor(result, constant=False, copy=False)
    return result


def created(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return the mirror of a function that makes new arrays: as with `tensor`, floating-point ones are variables."""
    mirror = mirrored(func)

    def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        result = mirror(*args, **kwargs)
        if isinstance(result, tuple):
            return tuple(_new(item, constant) for item in result)
        return _new(result, constant)

    call.__name__ = call.__qualname__ = func.__name__
    call.__doc__ = func.__doc__
    call.__module__ = "gradarray"
    call.__wrapped__ = func  # type: ignore[attr-defined]
    return call


def _new(result: Tensor, constant: bool | None) -> Tensor:
    if result.constant:
        return Tensor(result._data, constant=constant, copy=False)
    return result.detach() if constant else result
