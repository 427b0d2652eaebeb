"""The answers for Dask arrays: nothing is computed until the user asks for it.

Most functions of NumPy's are Dask's own. What Dask lacks, or would compute at once, is put together of its calls, or
carried out on the whole array in one task. The shape of its result is then found by a trial on other numbers.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Callable
from types import EllipsisType
from typing import Any

import numpy as np

from .backends import REDUCTIONS, Backend
from .chunks import Changed, Picked, places_of, positive, rows_added, shape_at, taken, with_added, with_assigned


class Dask(Backend):
    name = "Dask arrays"
    looks = False
    writes = False

    def __init__(self) -> None:
        self.da = importlib.import_module("dask.array")  # where there is a Dask array, it has been imported
        self.delayed = importlib.import_module("dask.delayed").delayed
        self.functions = {**{func: self._whole_of(func) for func in _WHOLE}, **self._own()}

    # --- making -----------------------------------------------------------------------------------------------------

    def zeros(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        return self.da.zeros(shape, dtype=dtype, chunks=_chunks_for(shape, like))

    def ones(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        return self.da.ones(shape, dtype=dtype, chunks=_chunks_for(shape, like))

    def array(self, value: Any, like: Any) -> Any:
        return self.da.from_array(value, chunks=_chunks_for(value.shape, like))

    def operand(self, value: Any, like: Any) -> Any:
        return value

    def to_numpy(self, x: Any) -> Any:
        return np.asarray(x.compute())

    def like(self, x: Any, other: Any) -> Any:
        return x if x.chunks == other.chunks else x.rechunk(other.chunks)

    # --- carrying out -----------------------------------------------------------------------------------------------

    def call(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        if isinstance(func, np.ufunc):
            if func.signature is None:
                if func.nout == 1:
                    return self._elementwise(func, args, kwargs)
                return self._several(func, args, kwargs)
            return self.da.matmul(*args) if func is np.matmul and not kwargs else self.whole(func, args, kwargs)
        if func in _FOLDS and ("initial" in kwargs or kwargs.get("where", True) is not True):
            a, axis, *_ = (*args, None) if len(args) == 1 else args
            return self.reduced(_FOLDS[func], a, **{"axis": axis, **kwargs})
        theirs = self._theirs(func)
        if theirs is None or func in _COMPUTING:
            return self._lacking(func)
        if kwargs.get("where") is True:
            kwargs = {name: value for name, value in kwargs.items() if name != "where"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", self.da.PerformanceWarning)
            try:
                return theirs(*args, **kwargs)
            except TypeError as error:
                if "unexpected keyword argument" in str(error):
                    return self._lacking(func)
                raise

    def _lacking(self, func: Callable[..., Any]) -> Any:
        if func.__name__ in _UNSIZED:
            raise TypeError(
                f"the size of what np.{func.__name__} makes of Dask arrays is known only once it is computed"
            )
        return NotImplemented

    def _theirs(self, func: Callable[..., Any]) -> Any:
        found: Any = self.da
        for name in (*(func.__module__ or "").split(".")[1:], func.__name__):
            found = getattr(found, name, None)
        return None if found is func else found

    def _elementwise(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        return self.da.core.elemwise(func, *args, **kwargs)

    def _several(self, func: np.ufunc, args: Any, kwargs: dict[str, Any]) -> Any:
        """Return each of the results of a ufunc with several."""
        trial = func(*[np.ones((), x.dtype) if hasattr(x, "dtype") else x for x in args], **kwargs)
        return tuple(
            [self._elementwise(Picked(func, k), args, {"dtype": one.dtype, **kwargs}) for k, one in enumerate(trial)]
        )

    def method(self, ufunc: np.ufunc, method: str, args: Any, kwargs: dict[str, Any]) -> Any:
        try:
            found = super().method(ufunc, method, args, kwargs)
        except TypeError:
            found = NotImplemented
        return self.whole(getattr(ufunc, method), args, kwargs) if found is NotImplemented else found

    def changed(self, func: Callable[..., Any], x: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        return self.whole(Changed(func), (x, *args), kwargs)

    def otherwise(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        return self.whole(func, args, kwargs)

    def whole(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """Return the result of a function that is carried out on all of its arrays in one task.

        Raises
        ------
        TypeError
            Where the arrays are too large for a trial.
        """
        size = max([x.size for x in self._arrays((args, kwargs))], default=0)
        if size > LARGEST:
            raise TypeError(
                f"{getattr(func, '__name__', func)} of a Dask array would have to be carried out on all of it at once, "
                f"and it has {size} elements. Apply it to parts of it, or to x.compute()"
            )
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial = func(*self._tried(args), **self._tried(kwargs))
        result = self.delayed(func, pure=False)(*args, **kwargs)
        return self._delayed(result, trial)

    def _delayed(self, result: Any, trial: Any) -> Any:
        if isinstance(trial, (tuple, list)):
            items = [self._delayed(result[k], item) for k, item in enumerate(trial)]
            return type(trial)(*items) if hasattr(trial, "_fields") else type(trial)(items)
        return self.da.from_delayed(result, np.shape(trial), np.result_type(trial))

    def _arrays(self, value: Any) -> list[Any]:
        if isinstance(value, self.da.Array):
            return [value]
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
        return [x for part in parts for x in self._arrays(part)]

    def _tried(self, value: Any) -> Any:
        """Return arguments for a trial: other numbers in place of an array, with which nothing goes wrong."""
        if isinstance(value, self.da.Array):
            made: Any = (
                np.zeros(value.shape, value.dtype) if value.dtype.kind in "iu" else np.ones(value.shape, value.dtype)
            )
            if value.ndim > 1 and value.shape[-1] == value.shape[-2] and value.dtype.kind in "fc":
                made += value.shape[-1] * np.eye(value.shape[-1])
            return made
        if isinstance(value, (tuple, list)):
            return type(value)([self._tried(item) for item in value])
        return {name: self._tried(item) for name, item in value.items()} if isinstance(value, dict) else value

    def _whole_of(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: self.whole(func, args, kwargs)

    # --- indexing ---------------------------------------------------------------------------------------------------

    def taken(self, x: Any, index: Any) -> Any:
        index = self._index(index, x.ndim)
        if self._is_lazy(index):
            return self._by_lazy(x, index)
        arrays = [k for k, item in enumerate(index) if isinstance(item, np.ndarray)]
        if not arrays:
            return x[index]
        if self._along_one(index, arrays):
            (k,) = arrays
            places = index[k]
            axis = sum(item is not None for item in index[:k])
            n = x.shape[axis]
            found = self.da.take(x, positive(places.reshape(-1), n), axis=axis)
            found = (
                found.reshape(found.shape[:axis] + places.shape + found.shape[axis + 1 :])
                if places.ndim != 1
                else found
            )
            spread = (slice(None),) * places.ndim
            return found[tuple([part for i, item in enumerate(index) for part in (spread if i == k else (item,))])]
        places = places_of(x.shape, index)
        return self.da.take(x.reshape((x.size,)), places.reshape(-1), axis=0).reshape(places.shape)

    def assigned(self, x: Any, index: Any, value: Any, own: bool) -> Any:
        index = self._index(index, x.ndim)
        if self._is_lazy(index):
            mask = index[0]
            if len(index) == 1 and mask.dtype == bool and mask.ndim <= x.ndim and not np.ndim(value):
                return self.da.where(mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)), value, x)
            return self.whole(with_assigned, (x, index, value), {})
        if not any(isinstance(item, np.ndarray) for item in index):
            return self._placed(x, index, value)
        mask = np.zeros(x.shape, bool)
        mask[index] = True
        return self.da.where(mask, value if not np.ndim(value) else self._scattered(x, index, value, once=True), x)

    def added(self, x: Any, index: Any, value: Any, own: bool) -> Any:
        index = self._index(index, x.ndim)
        if self._is_lazy(index):
            mask = index[0]
            if len(index) == 1 and mask.dtype == bool and not np.ndim(value):
                return x + self.da.where(mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)), value, 0)
            return self.whole(with_added, (x, index, value), {})
        arrays = [k for k, item in enumerate(index) if isinstance(item, np.ndarray)]
        if not arrays:
            return self._placed(x, index, x[index] + value)
        return x + self._scattered(x, index, value, once=False)

    def _scattered(self, x: Any, index: Any, value: Any, once: bool) -> Any:
        """Return zeros like an array with a value added at an index of places; `once`: of a place, the last value."""
        shape = shape_at(x.shape, index)
        value = self._spread(value, shape)
        arrays = [k for k, item in enumerate(index) if isinstance(item, np.ndarray)]
        whole = all(item == slice(None) for item in index if type(item) is slice)
        if (
            self._along_one(index, arrays)
            and whole
            and None not in [index[k] for k in range(len(index)) if k not in arrays]
        ):
            (axis,) = arrays
            ndim, flat = index[axis].ndim, x
            places = positive(index[axis].reshape(-1), x.shape[axis])
            value = value.reshape((*shape[:axis], places.size, *shape[axis + ndim :]))
        else:
            axis, flat = 0, x.reshape((x.size,))
            places = places_of(x.shape, index).reshape(-1)
            value = value.reshape((places.size,))
        if once:
            _, last = np.unique(places[::-1], return_index=True)
            if last.size < places.size:
                last = np.sort(places.size - 1 - last)
                places, value = places[last], self.da.take(value, last, axis=axis)
        return self._gathered(value, places, axis, flat).reshape(x.shape)

    def _gathered(self, value: Any, places: Any, axis: int, like: Any) -> Any:
        """Return zeros like another array, with rows of a value added at places along an axis."""
        chunks, parts, start = like.chunks[axis], [], 0
        for n in chunks:
            here = np.flatnonzero((places >= start) & (places < start + n))
            shape = (*like.shape[:axis], n, *like.shape[axis + 1 :])
            if here.size:
                part = self.da.take(value, here, axis=axis).rechunk({axis: -1})
                found = (*part.chunks[:axis], (n,), *part.chunks[axis + 1 :])
                parts.append(
                    self.da.map_blocks(
                        rows_added,
                        part,
                        places[here] - start,
                        n,
                        axis,
                        dtype=value.dtype,
                        chunks=found,
                        meta=part._meta,
                    )
                )
            else:
                parts.append(self.da.zeros(shape, dtype=value.dtype))
            start += n
        return self.da.concatenate(parts, axis=axis)

    def _placed(self, x: Any, index: tuple[Any, ...], value: Any) -> Any:
        """Return `x` with a value at a basic index."""
        kept = tuple([item for item in index if item is not None])
        if np.ndim(value) and None in index:
            shape = shape_at(x.shape, index)
            value = self._spread(value, shape)[
                tuple([0 if item is None else slice(None) for item in index if type(item) is not int])
            ]
        elif np.ndim(value) and not all(n == 1 for n in value.shape[: value.ndim]):
            value = self._spread(value, shape_at(x.shape, kept))
        elif np.ndim(value):
            value = value.reshape(())
        if all(type(item) is slice and item == slice(None) for item in kept):
            made = self.da.broadcast_to(self.da.asarray(value, dtype=x.dtype), x.shape)
            return made.rechunk(x.chunks)
        if 0 in shape_at(x.shape, kept):
            return x
        x = x.copy()
        x[kept] = value
        return x

    def _spread(self, value: Any, shape: tuple[int, ...]) -> Any:
        value = self.da.asarray(value)
        if value.ndim > len(shape):
            value = value.reshape(value.shape[value.ndim - len(shape) :])
        return value if value.shape == shape else self.da.broadcast_to(value, shape)

    def _by_lazy(self, x: Any, index: tuple[Any, ...]) -> Any:
        if any(isinstance(item, self.da.Array) and item.dtype == bool for item in index):
            return x[index if len(index) > 1 else index[0]]  # of a size that is not known
        return self.whole(taken, (x, index), {})

    def _is_lazy(self, index: tuple[Any, ...]) -> bool:
        return any(isinstance(item, self.da.Array) for item in index)

    def _index(self, index: Any, ndim: int) -> tuple[Any, ...]:
        """Return an index as a tuple with an item for each axis; lists and masks as arrays of places."""
        items: list[Any] = []
        for item in index if type(index) is tuple else (index,):
            if isinstance(item, self.da.Array):
                items.append(item)
            elif isinstance(item, (list, np.ndarray, np.bool_, bool)):
                item = np.asarray(item)
                if item.dtype == bool and item.ndim:
                    items += np.nonzero(item)
                else:
                    items.append(item if item.size or item.dtype.kind in "iu" else item.astype(np.intp))
            else:
                items.append(item if item is None or item is Ellipsis or type(item) is slice else int(item))
        used = sum(
            [getattr(x, "ndim", 1) if self._is_mask(x) else 1 for x in items if x is not None and x is not Ellipsis]
        )
        at = next((k for k, item in enumerate(items) if type(item) is EllipsisType), len(items))
        if not self._is_lazy(tuple(items)):
            items[at : at + 1] = [slice(None)] * (ndim - used)
        return tuple(items)

    def _is_mask(self, item: Any) -> bool:
        return isinstance(item, self.da.Array) and item.dtype == bool

    def _along_one(self, index: tuple[Any, ...], arrays: list[int]) -> bool:
        """Tell whether an index names places along one axis, and takes slices of the others."""
        return len(arrays) == 1 and not any(type(item) is int for item in index)

    # --- functions --------------------------------------------------------------------------------------------------

    def _own(self) -> dict[Any, Callable[..., Any]]:
        da = self.da

        def ravel(a: Any, order: str = "C") -> Any:
            return reshape(a, (a.size,), order=order)

        def reshape(a: Any, /, shape: Any = None, order: str = "C", **options: Any) -> Any:
            shape = options.get("newshape") if shape is None else shape
            if order == "F" and a.ndim > 1:
                new = np.empty(a.shape, np.bool_).reshape(shape).shape
                return da.reshape(a.T, new[::-1]).T
            if not a.size:
                return da.zeros(np.empty(a.shape, a.dtype).reshape(shape).shape, dtype=a.dtype)
            shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
            if -1 in shape:
                shape = tuple([a.size // max(1, abs(math.prod(shape))) if n == -1 else n for n in shape])
            if math.prod(shape) != a.size:
                np.empty(a.shape, np.bool_).reshape(shape)  # NumPy's own error
            try:
                return da.reshape(a, shape)
            except NotImplementedError:
                return da.reshape(da.reshape(a, (a.size,)), shape)

        def where(condition: Any, *choices: Any) -> Any:
            return da.where(condition, *choices) if choices else da.nonzero(condition)

        def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
            low, high = a_min if min is None else min, a_max if max is None else max
            a = a if low is None else da.maximum(a, low)
            return a if high is None else da.minimum(a, high)

        def dot(a: Any, b: Any) -> Any:
            return a * b if not np.ndim(a) or not np.ndim(b) else da.dot(a, b)

        def flat(a: Any) -> Any:
            return reshape(da.asarray(a), -1)

        def vdot(a: Any, b: Any) -> Any:
            return da.sum(flat(a).conj() * flat(b))

        def inner(a: Any, b: Any) -> Any:
            if not np.ndim(a) or not np.ndim(b):
                return a * b
            return da.tensordot(a, b, axes=((np.ndim(a) - 1,), (np.ndim(b) - 1,)))

        def outer(a: Any, b: Any) -> Any:
            return flat(a)[:, None] * flat(b)[None, :]

        def real(a: Any) -> Any:
            return a.real if a.dtype.kind == "c" else a

        def imag(a: Any) -> Any:
            return a.imag if a.dtype.kind == "c" else da.zeros_like(a)

        def broadcast_arrays(*args: Any, **_options: Any) -> Any:
            shape = np.broadcast_shapes(*map(np.shape, args))
            return tuple([da.broadcast_to(x, shape) for x in args])

        def gradient(f: Any, *varargs: Any, axis: Any = None, **kwargs: Any) -> Any:
            """Return Dask's own, of chunks that are long enough for it."""
            least = {k: -1 for k, chunks in enumerate(f.chunks) if min(chunks) < kwargs.get("edge_order", 1) + 1}
            found = da.gradient(f.rechunk(least) if least else f, *varargs, axis=axis, **kwargs)
            one = isinstance(found, (list, tuple)) and f.ndim == 1
            return found[0] if one else tuple(found) if isinstance(found, list) else found

        def like(make: Any) -> Callable[..., Any]:
            def call(a: Any, *args: Any, shape: Any = None, **kwargs: Any) -> Any:
                kwargs = {name: kwargs[name] for name in ("dtype", "fill_value") if kwargs.get(name) is not None}
                if shape is not None and tuple(np.atleast_1d(shape)) != a.shape:
                    return make(da.zeros(shape, dtype=a.dtype), *args, **kwargs)
                return make(a, *args, **kwargs)

            return call

        def made(make: Any) -> Callable[..., Any]:
            def call(shape: Any, dtype: Any = float, **_options: Any) -> Any:
                return make(shape, dtype=dtype)

            return call

        return {
            np.ravel: ravel,
            np.reshape: reshape,
            np.where: where,
            np.clip: clip,
            np.dot: dot,
            np.vdot: vdot,
            np.inner: inner,
            np.outer: outer,
            np.real: real,
            np.imag: imag,
            np.conjugate: lambda x, **_kwargs: x.conj() if x.dtype.kind == "c" else x,
            np.broadcast_arrays: broadcast_arrays,
            np.gradient: gradient,
            np.zeros_like: like(da.zeros_like),
            np.ones_like: like(da.ones_like),
            np.empty_like: like(da.zeros_like),
            np.full_like: like(da.full_like),
            np.zeros: made(da.zeros),
            np.ones: made(da.ones),
        }


# The largest arrays that are carried out on at once: as many elements as a trial takes some ten milliseconds for.
LARGEST = 2**24

# What Dask lacks, or has for some arguments alone, and what needs an axis in one piece. The shapes of their results
# follow from the shapes of the arguments.
_WHOLE: list[Any] = [
    *(np.sort, np.argsort, np.partition, np.argpartition, np.lexsort, np.median, np.nanmedian, np.percentile),
    *(np.quantile, np.nanpercentile, np.nanquantile, np.interp, np.convolve, np.correlate, np.kron, np.cross),
    *(np.take_along_axis, np.searchsorted, np.poly, np.roots, np.polyval, np.polyfit, np.vander, np.trapezoid),
    *(np.linalg.inv, np.linalg.pinv, np.linalg.det, np.linalg.slogdet, np.linalg.solve, np.linalg.cholesky),
    *(np.linalg.qr, np.linalg.svd, np.linalg.eigh, np.linalg.eigvalsh, np.linalg.eig, np.linalg.eigvals),
    *(np.linalg.svdvals, np.linalg.lstsq, np.linalg.matrix_power, np.linalg.tensorinv, np.linalg.tensorsolve),
    *(np.linalg.cond, np.linalg.matrix_rank, np.nancumsum, np.nancumprod, np.unwrap, np.spacing, np.i0, np.sinc),
    *(np.repeat, np.resize, np.delete, np.insert, np.einsum_path, np.tril_indices_from, np.triu_indices_from),
    *[getattr(np.fft, name) for name in np.fft.__all__ if name not in ("fftfreq", "rfftfreq")],
]
# What tells by its size of the values that it was given.
_UNSIZED = frozenset(
    {
        *(
            "argwhere",
            "bincount",
            "compress",
            "extract",
            "flatnonzero",
            "histogram_bin_edges",
            "intersect1d",
            "nonzero",
        ),
        *("setdiff1d", "setxor1d", "trim_zeros", "union1d", "unique", "unique_all", "unique_counts"),
        *("unique_inverse", "unique_values"),
    }
)
_FOLDS = {func: ufunc for ufunc, func in REDUCTIONS.items()}
# Dask's functions of these names look at values.
_COMPUTING: set[Any] = {np.allclose, np.array_equal, np.array_equiv}


def _chunks_for(shape: tuple[int, ...], like: Any) -> Any:
    """Return the chunks of an array that is made: those of an array of this shape, or along axes of the same length."""
    if shape == like.shape:
        return like.chunks
    known = {n: chunks for n, chunks in zip(like.shape, like.chunks, strict=True) if n > 1}
    return tuple([known.get(n, "auto") for n in shape])
