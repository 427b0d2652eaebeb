"""Arrays and scalars that carry out each NumPy call and write it down.

They stand where NumPy's own do: as the arguments of a function, and inside Tensors, Duals and Batches. Whatever Python
or compiled code learns of their values becomes a guard of the program.
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...dropin.table import counterpart
from ...kernels import gate
from ...kernels.traced import TRACED
from ...rules.registry import find
from ..program.lines import Origins
from ..program.program import Program
from ..program.statements import JitError, Variable
from .known import NUMBER_METHODS, OF_FORMS, OURS, STATIC, WHOLE, WRITERS, WRITING_METHODS
from .operators import Operators, Updates


class Value(Operators):
    """What arrays and scalars have in common."""

    __slots__ = ("base", "program", "value", "variable")
    __array_priority__ = 2000.0

    base: Any
    program: Program
    value: Any
    variable: Variable

    def __init__(self, program: Program, variable: Variable, value: Any, base: Any) -> None:
        self.program = program
        self.variable = variable
        self.value = value
        self.base = base

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        return getattr(self.value, "shape", ())

    @shape.setter
    def shape(self, shape: Any) -> None:
        raise JitError("an assignment to the shape of an array")

    @property
    def dtype(self) -> Any:
        dtype = self.variable.dtype
        return np.asarray(self.value).dtype if dtype is None else dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(getattr(self.value, "size", 1))

    itemsize = property(lambda self: self.dtype.itemsize)
    nbytes = property(lambda self: self.size * self.dtype.itemsize)
    strides = property(lambda self: getattr(self.value, "strides", ()))
    flags = property(lambda self: self.value.flags)

    def _seen(self, value: Any, *pieces: Any) -> Any:
        return self.program.result(value, pieces, (self,))

    T = property(lambda self: self._seen(self.value.T, self.variable, ".T"))
    mT = property(lambda self: self._seen(self.value.mT, self.variable, ".mT"))

    def _part(self, name: str) -> Any:
        part, pieces = getattr(self.value, name), (self.variable, f".{name}")
        return self._seen(part, *pieces) if hasattr(self.value, "dtype") else self.program.number(part, pieces)

    @property
    def real(self) -> Any:
        return self._part("real") if self.dtype.kind == "c" else self

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Any:
        return self._part("imag")

    @imag.setter
    def imag(self, value: Any) -> None:
        self.imag[...] = value

    # --- NumPy's protocols ------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.get("out", ())
        for x in (*inputs, *out):
            if type(x) not in TRACED and _answers(x):
                return NotImplemented
        if kwargs.get("where", True) is True:
            kwargs.pop("where", None)
        p = self.program
        target = inputs[0] if method == "at" else out[0] if out else None
        if isinstance(target, np.ndarray) and type(target) not in TRACED:
            # Bare memory is written into, which no statement can show.
            values = [p.values(x) if type(x) in TRACED else x for x in inputs]
            return getattr(ufunc, method)(*values, **{k: _guarded(v) for k, v in kwargs.items()})
        label = _label(p, ufunc)
        if method == "at":
            return p.call(ufunc.at, (label, ".at"), inputs, {}, writes=target)
        if method == "__call__":
            if ufunc is np.power and len(inputs) == 2 and not kwargs and type(inputs[0]) is np.ndarray:
                # It will have been the operator of an array, which has ways of its own.
                return inputs[1].__rpow__(inputs[0])
            return p.call(ufunc, (label,), inputs, kwargs, ())
        return p.call(getattr(ufunc, method), (label, f".{method}"), inputs, kwargs, inputs_of(inputs))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(t not in gate.PLAIN and not issubclass(t, np.ndarray) for t in types):
            return NotImplemented
        p = self.program
        body: Any = getattr(func, "__wrapped__", None)
        if body is not None and (func.__module__ or "").startswith(OURS) and func.__name__ not in WHOLE:
            return body(*args, **kwargs)  # it is NumPy calls itself
        if func in OF_FORMS:
            return func(*_bare(args), **_bare(kwargs))
        if any(inspect.isfunction(a) or inspect.ismethod(a) for a in (*args, *kwargs.values())):
            rule: Any = find(func)  # whose body calls the user's function with what is traced
            if not hasattr(rule, "body"):
                raise JitError(f"{func.__name__} of a function")
            return rule.body(*args, **kwargs)
        if func in WRITERS:
            target = args[0] if args else kwargs[WRITERS[func]]
            if type(target) not in TRACED:
                return func(*map(_guarded, args), **{k: _guarded(v) for k, v in kwargs.items()})
            return p.call(func, (_label(p, func),), args, kwargs, writes=target)
        out = kwargs.get("out")
        if out is not None and type(out) not in TRACED and type(out) is not tuple:
            return func(*map(_guarded, args), **{k: _guarded(v) for k, v in kwargs.items()})
        static = func.__name__ in STATIC and not (func is np.where and len(args) == 1)
        static = static or ((func.__module__ or "").startswith("gradarray.") and not hasattr(func, "by_values"))
        return p.call(func, (_label(p, func),), args, kwargs, inputs_of(args), static)

    # --- what Python learns of values is a guard --------------------------------------------------------------------

    def __bool__(self) -> bool:
        known = bool(self.value)
        self.program.guard(*(("not ", self.variable) if known else (self.variable,)))
        return known

    def _number(self, kind: Callable[[Any], Any]) -> Any:
        known = kind(self.value)
        if self.size == 1 and (self.ndim or (self.dtype.kind in "fc" and isinstance(known, int))):
            self.program.guard(kind.__name__, "(", self.variable, ") != ", repr(known))
            return known
        self.program.guard_number(self, known)
        return known

    def __int__(self) -> int:
        return self._number(int)  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return self._number(float)  # type: ignore[no-any-return]

    def __complex__(self) -> complex:
        return self._number(complex)  # type: ignore[no-any-return]

    def __index__(self) -> int:
        known = operator.index(self.value)
        self.program.guard(self.variable, f" != {known}")
        return known

    def __round__(self, n: Any = None) -> Any:
        return self.program.python(round, "round", (self,) if n is None else (self, n))

    def __trunc__(self) -> Any:
        return self.program.values(self).__trunc__()

    def __repr__(self) -> str:
        return repr(self.program.values(self))

    def __str__(self) -> str:
        return str(self.program.values(self))

    def __format__(self, spec: str) -> str:
        return format(self.program.values(self), spec)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        version: Any = api_version
        np.empty(0).__array_namespace__(api_version=version)  # NumPy's own error
        return counterpart(np)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        values = np.array(self.program.values(self), dtype, copy=True)
        if copy is not True and isinstance(self.value, np.ndarray) and values.dtype == self.dtype:
            values.flags.writeable = False  # else what is written into it would be missing in the array itself
        return values

    def __reduce__(self) -> Any:
        return np.copy(self.program.values(self)).__reduce__()

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, _memo: Any) -> Any:
        return self.copy()

    def is_clean(self) -> bool:
        """Tell whether there is no NaN, which the sweep asks."""
        x, v = self.value, self.variable
        if self.dtype.kind not in "fc" or not self.size:
            return True
        if not self.ndim:
            clean = bool(x == x)
            self.program.guard(v, " != " if clean else " == ", v)
            return clean
        clean = not np.isnan(np.vdot(x, x))
        self.program.guard("" if clean else "not ", "np.isnan(np.vdot(", v, ", ", v, "))")
        return clean

    def strong(self) -> Any:
        """Return a number as one of NumPy's, whose dtype counts for that of a result."""
        if isinstance(self.value, (np.generic, np.ndarray)):
            return self
        return self._seen(np.asarray(self.value)[()], "np.asarray(", self.variable, ")[()]")

    def as_array(self, order: Any = "K", copy: bool = False) -> Any:
        """Return an array of the same values: this one, unless it is a scalar or a copy is asked for."""
        if isinstance(self.value, np.ndarray):
            if not copy:
                return self
            pieces = (self.variable, f".copy({order!r})")
            return self.program.result(self.value.copy(order), pieces, kind="copy")
        return self._seen(np.array(self.value), "np.array(", self.variable, ")")

    def secured(self) -> Any:
        """Return what a tape may save: it stays what it is now, whatever is written into this array later on."""
        return self.program.secured(self) if isinstance(self.value, np.ndarray) else self

    def whole(self, func: Callable[..., Any], *args: Any, writes: Any = None) -> Any:
        """Carry out a function of the package's own, of which this is an argument, as one statement."""
        return self.program.whole(func, *args, writes=writes)

    # --- indexing and methods ---------------------------------------------------------------------------------------

    def __getitem__(self, i: Any) -> Any:
        if not hasattr(self.value, "dtype"):
            return self.strong()[i]
        if _answers(i):
            return NotImplemented
        index, text = self.program.index(i)
        static = not any(
            (type(q) in TRACED and q.dtype.kind == "b")
            or (type(q) is slice and any(type(b) in TRACED for b in (q.start, q.stop, q.step)))
            or (type(q) is list and not _is_plain(q))
            for q in (i if type(i) is tuple else (i,))
        )
        pieces = (self.variable, "[", *text, "]")
        value = self.program.tried(lambda: self.value[index], pieces)
        return self.program.result(value, pieces, (self,), static)

    def __setitem__(self, i: Any, v: Any) -> None:
        if type(v) is TracedArray and v.base is not None and (v.base is self or v.base is self.base):
            target = self.value[_bare(i)]
            same = (target.shape, target.strides) == (v.shape, v.strides)
            if same and target.__array_interface__["data"] == v.value.__array_interface__["data"]:
                return  # x[i] += v ends so
        self._write(i, v)

    def _write(self, i: Any, v: Any, flat: str = "") -> None:
        if _answers(v):
            raise JitError("a Tensor is written into an array")
        (index, where), (value, right) = self.program.index(i), self.program.spelt(v)
        self.program.will_write(self.variable.memory)
        (self.value.flat if flat else self.value)[index] = value
        self.program.add("write", (), (self.variable, f"{flat}[", *where, "] = ", *right), self.variable.memory)

    @property
    def flat(self) -> Any:
        return _Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        self._write(slice(None), value, ".flat")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(type(self.value), name):
            raise AttributeError(f"{type(self.value).__name__!r} object has no attribute {name!r}")
        if name in ("data", "ctypes", "__array_interface__"):
            raise JitError(f"the memory of an array is asked for, as .{name}")
        return functools.partial(self._method, name)

    def _method(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if any(map(_answers, args)):
            raise JitError(f"a Tensor among the arguments of .{name}()")
        value = self.value
        if name in NUMBER_METHODS:
            return getattr(self.program.values(self), name)(*args, **kwargs)
        if name == "tolist":
            return self._listed()
        if name == "tobytes":
            return self.program.values(self).tobytes(*args, **kwargs)
        if name == "copy" and not isinstance(value, np.ndarray):
            return self
        pieces = (self.variable, f".{name}")
        if name == "item":
            index = f"({', '.join(map(repr, args))})"
            return self.program.number(value.item(*args), (*pieces, index))
        if not hasattr(value, "dtype"):
            return self.program.python(getattr(value, name), (self.variable, f".{name}"), args)
        writes = self if name in WRITING_METHODS and isinstance(value, np.ndarray) else None
        kind = "copy" if name == "copy" else "call"
        return self.program.call(getattr(value, name), pieces, args, kwargs, (self,), name in STATIC, kind, writes)

    def _listed(self) -> Any:
        """Return the elements as numbers of Python's, in nested lists."""
        value = self.value.tolist()
        if self.size > _MANY:
            self.program.values(self)
            return value
        pieces = (self.variable, ".tolist()")
        if not isinstance(value, list):
            return self.program.number(value, pieces)
        name = Variable("v")
        self.program.add("several", (name,), pieces)

        def each(item: Any, place: str) -> Any:
            if isinstance(item, list):
                return [each(part, f"{place}[{k}]") for k, part in enumerate(item)]
            return self.program.number(item, (name, place))

        return each(value, "")


_MANY = 1000  # elements for each of which there is a statement


class TracedArray(Value, Updates):
    """Stands for an ndarray."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())


class TracedScalar(Value):
    """Stands for a 0-d result, or for a number of Python's, which no update changes in place."""

    __slots__ = ()
    __iter__ = None  # so that it is no Iterable
    __contains__ = None

    def __hash__(self) -> int:
        return hash(self.program.values(self))


def _answers(x: Any) -> bool:
    """Tell whether another operand is to get its turn: one in which a traced array may stand itself."""
    cls = type(x)
    return cls not in gate.PLAIN and gate.answers(cls) and not isinstance(x, np.ndarray)


def inputs_of(args: Any) -> list[Any]:
    return [a for a in args if type(a) in TRACED]


_OF_NUMPY = vars(np)


def _label(p: Program, func: Any) -> str:
    """Return how the program calls a function."""
    name = func.__name__
    if _OF_NUMPY.get(name) is func:
        return f"np.{name}"
    module = getattr(func, "__module__", None) or "numpy"
    if module.startswith("numpy.") and getattr(sys.modules.get(module), name, None) is func and "_" not in module:
        return f"np.{module[6:]}.{name}"
    return p.helper(func)


def _bare(x: Any) -> Any:
    if type(x) in TRACED:
        return x.value
    if type(x) in (list, tuple):
        return type(x)([_bare(i) for i in x])
    if type(x) is slice:
        return slice(_bare(x.start), _bare(x.stop), _bare(x.step))
    return {k: _bare(v) for k, v in x.items()} if type(x) is dict else x


def _guarded(x: Any) -> Any:
    if type(x) in TRACED:
        return x.program.values(x)
    return type(x)([_guarded(i) for i in x]) if type(x) in (list, tuple) else x


def _is_plain(items: list[Any]) -> bool:
    return all(type(i) not in TRACED and (type(i) is not list or _is_plain(i)) for i in items)


class _Flat:
    """Stands for ``x.flat``."""

    def __init__(self, x: Value) -> None:
        self._x = x

    def __len__(self) -> int:
        return self._x.size

    def __iter__(self) -> Iterator[Any]:
        return iter(self._x.flatten())

    def __getitem__(self, i: Any) -> Any:
        return self._x.flatten()[i]

    def __setitem__(self, i: Any, v: Any) -> None:
        self._x._write(i, v, ".flat")


gate.admit(TracedArray, TracedScalar)


def new_program(origins: Origins | None = None) -> Program:
    """Return a program to which traced values can be added; given `origins`, it has the user's lines beside them."""
    p = Program(origins)
    p.array, p.scalar = TracedArray, TracedScalar
    return p
