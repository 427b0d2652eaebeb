"""Functions that hand out the elements of an array one by one, or call a user's function for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..kernels.traced import as_form, has_traced
from ..tape.wrapping import bare, has_tensor
from .calls import as_one
from .creation import TRACED, array
from .making import at_work, making
from .numbers import acting
from .table import counterpart, for_type, stand_in


def _enumerated(arr: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    x = as_one(arr)
    return ((index, x[index]) for index in np.ndindex(x.shape))


class _Nditer:
    """np.nditer over tensors: NumPy's own goes along bare values, and tells where."""

    def __init__(self, op: Any, flags: Any = (), op_flags: Any = None, *args: Any, **kwargs: Any) -> None:
        several = type(op) in (list, tuple)
        lists = [as_one(x) for x in op] if several else [op]
        operands = [np.asarray(x) if type(x) in (list, tuple) else x for x in lists]
        shape = np.broadcast_shapes(*[np.shape(x) for x in operands])
        self._operands = [x if np.shape(x) == shape else np.broadcast_to(x, shape) for x in operands]
        self._several = several
        self._shown = "multi_index" in flags
        if "external_loop" in flags:
            raise TypeError("np.nditer of a variable has no external loop: leave the flag away, or take x.ravel()")
        values = [
            np.empty(shape, np.bool_, order="F" if bare(x).flags.fnc else "C")
            for x in [np.asarray(as_form(bare(x))) for x in self._operands]
        ]
        self._real = np.nditer(values[0], [f for f in {*flags, "multi_index"} if f not in _ABOUT_MEMORY], *args)

    def _elements(self) -> Any:
        index: Any = self._real.multi_index
        found = [x[(*index, ...)] for x in self._operands]
        return tuple(found) if self._several else found[0]

    def __iter__(self) -> Iterator[Any]:
        while not self._real.finished:
            yield self._elements()
            self._real.iternext()

    def __getitem__(self, i: Any) -> Any:
        return self._elements()[i] if self._several else self._elements()[()] if i == 0 else self._elements()[i]

    def __setitem__(self, i: Any, value: Any) -> None:
        target = self._elements()[i] if self._several else self._elements()
        target[...] = value

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return np.nditer

    def __enter__(self) -> _Nditer:
        return self

    def __exit__(self, *_: object) -> None:
        self._real.close()

    @property
    def value(self) -> Any:
        return self._elements()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


_ABOUT_MEMORY = frozenset(("buffered", "delay_bufalloc", "growinner", "copy_if_overlap", "refs_ok", "common_dtype"))


class Vectorize(np.vectorize):
    """np.vectorize that calls the function for the elements of tensors, too."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not hasattr(self, "pyfunc") or isinstance(self.pyfunc, type(np._NoValue)) or not at_work():
            return super().__call__(*args, **kwargs)
        args = tuple([x if i in self.excluded else as_one(x) for i, x in enumerate(args)])
        kwargs = {name: x if name in self.excluded else as_one(x) for name, x in kwargs.items()}
        if not (has_traced((args, kwargs)) or (making() is not None and has_tensor((args, kwargs)))):
            return super().__call__(*args, **kwargs)
        given: dict[Any, Any] = {i: x for i, x in enumerate(args) if i not in self.excluded}
        given |= {name: x for name, x in kwargs.items() if name not in self.excluded}
        cores = _core_dimensions(self.signature, len(given))
        loops = {k: np.shape(x)[: np.ndim(x) - n] for (k, x), n in zip(given.items(), cores, strict=True)}
        shape = np.broadcast_shapes(*loops.values())
        whole = {
            k: x
            if np.shape(x) == (*shape, *np.shape(x)[len(loops[k]) :])
            else np.broadcast_to(x, (*shape, *np.shape(x)[len(loops[k]) :]))
            for k, x in given.items()
        }
        if not shape and self.signature is None:
            rows = [
                self._of_one(
                    args,
                    kwargs,
                    {k: x[()] if isinstance(x, TRACED) else np.asarray(x).item() for k, x in whole.items()},
                )
            ]
        else:
            rows = [self._of_one(args, kwargs, {k: x[i] for k, x in whole.items()}) for i in np.ndindex(shape)]
        if not rows:
            raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
        several = isinstance(rows[0], tuple)  # a named one, too, as qr gives
        columns = [*zip(*rows, strict=True)] if several else [rows]
        types = self.otypes if self.otypes is not None else [None] * len(columns)
        made = [self._joined(column, shape, dtype) for column, dtype in zip(columns, types, strict=True)]
        return tuple(made) if several else made[0]

    def _of_one(self, args: Any, kwargs: Any, items: dict[Any, Any]) -> Any:
        return self.pyfunc(
            *[items.get(i, x) for i, x in enumerate(args)], **{name: items.get(name, x) for name, x in kwargs.items()}
        )

    def _joined(self, items: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        joined = array(np.array, [*items], dtype)
        result = np.reshape(joined, (*shape, *joined.shape[1:]))
        return result if shape else result[()]


def _core_dimensions(signature: str | None, count: int) -> list[int]:
    """Return the number of core dimensions of each operand: "(m,n),(n)->(m)" says 2 and 1."""
    if signature is None:
        return [0] * count
    cores = re.findall(r"\(([^)]*)\)", signature.partition("->")[0])
    return [len([name for name in core.split(",") if name.strip()]) for core in cores]


def _vectorized(old: Any) -> Any:
    """Return the same vectorized function, for the elements of tensors too."""
    new = Vectorize.__new__(Vectorize)
    vars(new).update(vars(old))
    function = getattr(old, "pyfunc", None)
    if (twin := counterpart(function)) is not None:  # of a library
        new.pyfunc = twin
    return new


stand_in(np.vectorize, lambda _old: Vectorize)
for_type(np.vectorize, _vectorized)
stand_in(np.ndenumerate, acting(_enumerated, lambda _: False))
stand_in(np.nditer, acting(_Nditer, lambda _: False))
