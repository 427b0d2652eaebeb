"""What the library asks of an array, and who answers: a backend for the arrays of each other library.

An ndarray answers for itself, by its own attributes and by fast paths that ask nothing. An array of another library
stands in a `guests.Guest`, which has the answers of that library's backend. One is registered when the first such array
comes by, or by a user: see `backend`.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..context.settings import plainly


class Backend:
    """The answers for arrays of one type, which speak NumPy's two protocols; all arguments and results are of it.

    A subclass overrides what its library does otherwise. What stands here is right for an array that answers NumPy's
    functions, can be indexed and assigned to, and has ``shape``, ``dtype``, ``astype`` and ``copy``.

    Attributes
    ----------
    name : what to call such arrays in a message
    looks : whether values may be looked at while a function is differentiated. Of an array that is computed later they
        may not: a sweep then does not find out whether there is a NaN, which a zero from a selection would win over.
    writes : whether an array of its own may be written into; otherwise `assigned` and `added` make another one
    functions : what to call in place of a function of NumPy's that the library lacks, or computes otherwise

    Examples
    --------
    >>> import gradarray as ga
    >>> class Store(ga.registry.Backend):
    ...     def array(self, value, like):
    ...         return type(like)(value)
    """

    name = "arrays of another library"
    looks = True
    writes = True
    functions: Mapping[Any, Callable[..., Any]] = MappingProxyType({})

    def zeros(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        """Return zeros of a shape and dtype, in the kind of place in which `like` is."""
        return np.zeros(shape, dtype, like=like)

    def ones(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        """Return ones likewise."""
        return np.ones(shape, dtype, like=like)

    def array(self, value: np.ndarray[Any, Any], like: Any) -> Any:
        """Return an ndarray as an array of this library, in the kind of place in which `like` is."""
        return np.asarray(value, like=like)

    def operand(self, value: Any, like: Any) -> Any:
        """Return a plain array, which stands beside `like` in a call, as the library takes it there."""
        return self.array(value, like) if isinstance(value, np.ndarray) else value

    def to_numpy(self, x: Any) -> np.ndarray[Any, Any]:
        """Return the values as an ndarray, for somebody who has asked for that."""
        return np.asarray(x)

    def copy(self, x: Any) -> Any:
        """Return an array of the same values, which stays as it is whatever is written into `x`."""
        return x.copy()

    def like(self, x: Any, other: Any) -> Any:
        """Return `x`, of the shape of `other`, laid out as that is, as a gradient is laid out like its value."""
        return x

    def is_clean(self, x: Any) -> bool:
        """Tell whether there is no NaN; asked only of a library that `looks`."""
        return not bool(np.any(np.isnan(x)))

    def taken(self, x: Any, index: Any) -> Any:
        """Return ``x[index]``."""
        return x[index]

    def assigned(self, x: Any, index: Any, value: Any, own: bool) -> Any:
        """Return `x` with a value at an index; `own` tells that it may be `x` itself."""
        x = x if own else self.copy(x)
        x[index] = value
        return x

    def added(self, x: Any, index: Any, value: Any, own: bool) -> Any:
        """Return `x` with a value added at an index, as often as an element is named there."""
        x = x if own else self.copy(x)
        np.add.at(x, index, value)
        return x

    def changed(self, func: Callable[..., Any], x: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Return what `x` is after ``func(x, *args, **kwargs)``, which writes into it, as np.put does."""
        x = self.copy(x)
        func(x, *args, **kwargs)
        return x

    def call(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """Return what a function of NumPy's, or a ufunc, makes of arrays; NotImplemented where there is no way."""
        try:
            return func(*args, **kwargs)
        except TypeError as error:
            if str(error).startswith("no implementation found for"):
                return NotImplemented
            raise

    def otherwise(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """Return the same where there is no way but to do it all by oneself."""
        raise TypeError(f"np.{func.__name__} has no form for {self.name}")

    def method(self, ufunc: np.ufunc, method: str, args: Any, kwargs: dict[str, Any]) -> Any:
        """Return what a method of a ufunc makes of arrays: by the function that does the same, where there is one."""
        if method == "reduce" and ufunc in REDUCTIONS:
            return self.reduced(ufunc, *args, **kwargs)
        if method == "accumulate" and ufunc in RUNNING:
            x, axis, dtype, *_ = (*args, 0, None)[:3] if len(args) == 1 else (*args, None)[:3]
            axis, dtype = kwargs.get("axis", axis), kwargs.get("dtype", dtype)
            return self.call(RUNNING[ufunc], (x,), {"axis": axis, **({} if dtype is None else {"dtype": dtype})})
        if method == "outer" and not kwargs:
            a, b = args
            return self.call(ufunc, (a.reshape(np.shape(a) + (1,) * np.ndim(b)) if np.ndim(b) else a, b), {})
        return getattr(ufunc, method)(*args, **kwargs)

    def reduced(
        self,
        ufunc: np.ufunc,
        x: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = np._NoValue,
        where: Any = True,
    ) -> Any:
        """Return ``ufunc.reduce(x, ...)``."""
        if where is not True:
            start = ufunc.identity if ufunc.identity is not None else initial
            x = self.call(np.where, (where, x, np.asarray(start, x.dtype)[()]), {})
        options = {"axis": axis, "keepdims": keepdims}
        if dtype is not None:
            options["dtype"] = dtype
        found = self.call(REDUCTIONS[ufunc], (x,), options)
        return found if initial is np._NoValue or initial is None else self.call(ufunc, (found, initial), {})


# What does the same as a ufunc's reduce, and as its accumulate, and is what libraries have.
REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_or: np.any,
    np.logical_and: np.all,
}
RUNNING: dict[np.ufunc, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}


# --- who answers for which type ---------------------------------------------------------------------------------------

_backends: dict[type, Backend] = {}
# Libraries whose backend stands here, by the package and the name of their arrays' type: the module and the class.
KNOWN = {("dask", "Array"): ("of_dask", "Dask"), ("cupy", "ndarray"): ("of_cupy", "CuPy")}


def backend(kind: type, answers: Backend | None = None) -> Any:
    """Let arrays of another library stand inside a Tensor, with a backend that answers what the library asks of them.

    Dask arrays and those of CuPy have one already. Without `answers` this is a decorator for a class of them.

    Parameters
    ----------
    kind : type
        The class of the arrays. They answer NumPy's protocols.
    answers : Backend, optional
        An instance of a subclass of `gradarray.registry.Backend`.

    Examples
    --------
    >>> import gradarray as ga
    >>> @ga.registry.backend(Shelf)  # doctest: +SKIP
    ... class OfShelves(ga.registry.Backend):
    ...     looks = False
    """
    if answers is None:

        def decorate(cls: type[Backend]) -> type[Backend]:
            backend(kind, cls())
            return cls

        return decorate
    if not isinstance(kind, type) or issubclass(kind, (np.ndarray, np.generic)):
        raise TypeError(f"backend() takes the class of another library's arrays, not {kind!r:.60}")
    if not isinstance(answers, Backend):
        raise TypeError(f"the answers for {kind.__name__} are an instance of gradarray.registry.Backend")
    for name, value in vars(Backend).items():
        if callable(value) and not name.startswith("_"):  # where arrays that are made stay what they are
            setattr(answers, name, functools.partial(_plainly, getattr(answers, name)))
    _backends[kind] = answers
    return answers


def _plainly(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return plainly(method, args, kwargs)


def backend_of(kind: type) -> Backend | None:
    """Return who answers for arrays of a type; None where nobody does."""
    found = _backends.get(kind)
    if found is None and (place := KNOWN.get((str(kind.__module__).partition(".")[0], kind.__name__))) is not None:
        module, name = place
        found = _backends[kind] = getattr(_imported(module), name)()
    return found


@functools.cache
def _imported(module: str) -> Any:
    return importlib.import_module(f".{module}", __package__)
