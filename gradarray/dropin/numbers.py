"""Python's and NumPy's own numbers: math and cmath, float(x), and the classes that user code asks for.

A function of math is given bare values first, so that its value, and its error for a wrong operand, are its own; the
derivative is that of the same function in NumPy.
"""

from __future__ import annotations

import cmath
import math
import numbers
from collections import abc
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from ..batch.mapped import Mapped, lane_in
from ..kernels.traced import TRACED as TRACED_TYPES
from ..kernels.traced import Traced, has_traced, traced_in
from ..reverse.outputs import revalued
from ..reverse.protocols import UFUNCS
from ..reverse.tensor import Tensor
from ..rules.primitives import primitive
from ..rules.registry import rule
from ..tape.wrapping import bare, has_variable, is_scalar
from .calls import as_one, in_list
from .creation import TRACED, array
from .making import fillable, making
from .table import counterpart, is_special, like, stand_in

# --- math and cmath ---------------------------------------------------------------------------------------------------


def _calculated(new: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes the stand-in of a function of math's, with the derivative of another function."""

    ufunc = new if isinstance(new, np.ufunc) and new.nin == new.nout == 1 else None

    def make(old: Callable[..., Any]) -> Callable[..., Any]:
        @like(old)
        def call(*args: Any, **kwargs: Any) -> Any:
            if ufunc is not None and len(args) == 1 and type(args[0]) is Tensor:  # the usual call
                (x,) = args
                if type(x._raw) is np.float64 and making() is not None:
                    value, result = old(x._raw), UFUNCS[ufunc](x)
                    return result if result._raw == value else revalued(result, np.float64(value))
            for x in args:
                if isinstance(x, TRACED) or in_list(x):
                    break
            else:
                return old(*args, **kwargs)
            if making() is None:
                return _value(old, args, kwargs)
            if lane_in(args) is not None:
                return new(*map(_number, args), **kwargs)
            value = _value(old, tuple(map(_plain, args)), kwargs)
            args = tuple([_number(x) for x in args])
            return _with_value(new(*args, **kwargs), value) if has_variable(args) else value

        call.__wrapped__ = old  # type: ignore[attr-defined]
        return call

    return make


def _of_values(old: Callable[..., Any]) -> Callable[..., Any]:
    """Make the stand-in of a function without a derivative."""

    @like(old)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _value(old, args if making() is None else tuple(map(_plain, args)), kwargs)

    call.__wrapped__ = old  # type: ignore[attr-defined]
    return call


def _value(old: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what a function of math's or cmath's gives; of traced arrays, what stands for it."""
    like = traced_in(args)
    if like is None or kwargs:
        return old(*args, **kwargs)
    program = like.program
    module = cmath if old in _OF_CMATH else math
    return program.python(old, f"{program.module(module)}.{old.__name__}", args)


_OF_CMATH = frozenset(f for f in vars(cmath).values() if callable(f))


def _plain(x: Any) -> Any:
    raw: Any = bare(x)
    if type(raw) in TRACED_TYPES:
        return raw.item() if raw is not x and raw.ndim and raw.size == 1 else raw
    return raw.item() if isinstance(raw, (np.generic, np.ndarray)) and isinstance(x, TRACED) and raw.size == 1 else raw


def _number(x: Any) -> Any:
    """Return a variable with one element as a scalar, and a list of variables as an array."""
    if isinstance(x, TRACED) and (x.ndim or not is_scalar(x)):
        return np.reshape(x, ())[()] if x.size == 1 else x
    return as_one(x)


def _with_value(result: Any, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple([_with_value(r, v) for r, v in zip(result, value, strict=True)])
    raw = bare(result)
    if type(value) in TRACED_TYPES:
        value = value.strong()
        return revalued(result, value if value.dtype == raw.dtype else value.astype(raw.dtype))
    return result if raw == value else revalued(result, raw.dtype.type(value))


def _log(x: Any, base: Any = None) -> Any:
    return np.log(x) if base is None else np.log(x) / np.log(base)


def _remainder(x: Any, y: Any) -> Any:
    return x - y * np.rint(bare(x) / bare(y))


def _log_gamma(x: Any) -> Any:
    """Return log|gamma(x)| by Lanczos' approximation; see Numerical Recipes (3rd ed., 6.1)."""
    if bare(x) < 0.5:
        return np.log(math.pi) - np.log(np.abs(np.sin(math.pi * x))) - _log_gamma(1 - x)
    x = x - 1
    total = _LANCZOS[0] + sum(c / (x + i) for i, c in enumerate(_LANCZOS[1:], 1))
    t = x + 7.5
    return 0.5 * np.log(2 * math.pi) + (x + 0.5) * np.log(t) - t + np.log(total)


# For g = 7 and n = 9, after Godfrey (2001).
_LANCZOS = (
    *(0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059),
    *(12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7),
)


def _gamma(x: Any) -> Any:
    sign = -1.0 if bare(x) < 0 and math.floor(bare(x)) % 2 else 1.0
    return sign * np.exp(_log_gamma(x))


@primitive
def erf(x: Any) -> Any:
    return np.float64(math.erf(x))


rule(erf, lambda g, _ans, x: g * (2 / math.sqrt(math.pi)) * np.exp(-x * x))


_MATH: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "exp2", "expm1")},
    **{name: getattr(np, name) for name in ("log1p", "log2", "log10", "sqrt", "cbrt", "fabs", "copysign", "fmod")},
    **{name: getattr(np, name) for name in ("degrees", "radians", "ldexp", "modf", "frexp", "nextafter")},
    **{f"a{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan", "tan2", "sinh", "cosh", "tanh")},
    "dist": lambda p, q: np.linalg.norm(np.subtract(as_one(p), as_one(q))),
    "erf": erf,
    "erfc": lambda x: 1 - erf(x),
    "fma": lambda x, y, z: x * y + z,
    "fsum": np.sum,
    "gamma": _gamma,
    "hypot": lambda *xs: reduce(np.hypot, xs) if len(xs) > 1 else np.abs(xs[0]),
    "lgamma": _log_gamma,
    "log": _log,
    "pow": np.power,
    "prod": lambda xs, start=1: start * np.prod(xs),
    "remainder": _remainder,
    "sumprod": np.dot,
}
_MATH_OF_VALUES = ("floor", "ceil", "trunc", "isnan", "isinf", "isfinite", "isclose", "ulp", "signbit")


def _complex(new: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of NumPy's for complex numbers, into which cmath makes all that it is given."""
    return lambda *xs: new(*[x + 0j for x in xs])


_CMATH: dict[str, Callable[..., Any]] = {
    **{name: _complex(getattr(np, name)) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "sqrt")},
    **{f"a{name}": _complex(getattr(np, f"arc{name}")) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "log": lambda x, base=None: _log(x + 0j, base),
    "log10": _complex(np.log10),
    "phase": np.angle,
    "polar": lambda z: (np.abs(z), np.angle(z)),
    "rect": lambda r, phi: r * (np.cos(phi) + 1j * np.sin(phi)),
}
_CMATH_OF_VALUES = ("isnan", "isinf", "isfinite", "isclose")

for _module, _functions, _others in ((math, _MATH, _MATH_OF_VALUES), (cmath, _CMATH, _CMATH_OF_VALUES)):
    for _name, _new in _functions.items():
        if hasattr(_module, _name):  # some came with later Pythons
            stand_in(getattr(_module, _name), _calculated(_new))
    for _name in _others:
        if hasattr(_module, _name):
            stand_in(getattr(_module, _name), _of_values)


# --- classes ----------------------------------------------------------------------------------------------------------


class _Acting(type):
    """The type of a class that user code takes for another one, and that knows variables."""

    acts_for: type
    convert: Callable[..., Any]
    plain: Callable[..., Any]
    holds: Callable[[Any], bool]

    def _is_derived(cls) -> bool:
        """Tell whether it is a class of the user's that is derived from one that acts."""
        return "acts_for" not in vars(cls)

    def __instancecheck__(cls, x: Any) -> bool:
        if cls._is_derived():
            return super().__instancecheck__(x)
        if isinstance(x, TRACED) and making() is not None:
            return cls.holds(x)
        return isinstance(x, cls.acts_for)

    def __subclasscheck__(cls, other: type) -> bool:
        if cls._is_derived():
            return super().__subclasscheck__(other)
        return issubclass(other, cls.acts_for) or cls._is_tensors(other)

    def _is_tensors(cls, other: Any) -> bool:
        """Tell whether a class is that of tensors, where this one acts for that of arrays."""
        return other in TRACED and cls.acts_for is np.ndarray and making() is not None

    def __eq__(cls, other: object) -> bool:
        return other is cls or (not cls._is_derived() and (other is cls.acts_for or cls._is_tensors(other)))

    def __hash__(cls) -> int:
        return hash(cls.acts_for)

    def __repr__(cls) -> str:
        return super().__repr__() if cls._is_derived() else repr(cls.acts_for)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls._is_derived():
            return super().__call__(*args, **kwargs)
        for x in args:
            if isinstance(x, Traced) or in_list(x) or (isinstance(x, TRACED) and making() is not None):
                return cls.convert(*args, **kwargs)
            if isinstance(x, TRACED) and cls.acts_for in (float, complex) and has_traced(bare(x)):
                x._exit()
                return cls.convert(*bare(args), **kwargs)
        return fillable(cls.plain(*args, **kwargs))


_IS_BASE = 1 << 10  # Py_TPFLAGS_BASETYPE


def acting(
    convert: Callable[..., Any], holds: Callable[[Any], bool], plain: Callable[..., Any] | None = None
) -> Callable[[type], type]:
    """Return what makes a class that acts for another one.

    Parameters
    ----------
    convert : what a call with a variable gives
    holds : tells whether a tensor is to be taken for an instance
    plain : what any other call gives; by default, an instance
    """

    def make(kind: type) -> type:
        names: dict[str, Any] = {"acts_for": kind, "convert": staticmethod(convert), "holds": staticmethod(holds)}
        names["plain"] = staticmethod(plain or kind)
        if hasattr(kind, "__class_getitem__"):
            names["__class_getitem__"] = kind.__class_getitem__
        names |= {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
        if kind in (float, complex):  # NumPy takes a class for a dtype that has one
            names["dtype"] = np.dtype(kind)
        # An abstract class has a metaclass of its own, and some allow no other one to be derived from them; instances
        # are found by what is asked of it alone.
        derived = type(kind) is type and kind.__flags__ & _IS_BASE
        return _Acting(kind.__name__, (kind,) if derived else (), names)

    return make


def _as_float(x: Any) -> Any:
    """Return a variable of one element as the scalar that float(x) gives; what is no variable, as a number."""
    if type(x) is Mapped:
        return _number(x).astype(float)
    if not has_variable(x):
        return _python_number(float, bare(x))
    if x.dtype.kind == "c":
        return float(bare(x))  # NumPy's own error or warning
    if x.ndim:
        float(np.zeros(x.shape))  # NumPy's own error for more than one element
    t = np.reshape(x, ())[()] if x.ndim or not is_scalar(x) else x
    return t if t.dtype == np.float64 else t.astype(float)


def _python_number(kind: Any, *parts: Any) -> Any:
    """Return a number of Python's; of traced arrays, what stands for one."""
    like = traced_in(parts)
    return kind(*parts) if like is None else like.program.python(kind, kind.__name__, parts)


def _as_complex(x: Any, y: Any = 0) -> Any:
    if type(x) is Mapped or type(y) is Mapped:
        return _number(x) + 1j * _number(y)
    if not has_variable((x, y)):
        return _python_number(complex, *bare((x, y) if isinstance(y, TRACED) or y else (x,)))
    return _number(x) + 1j * _number(y) if isinstance(y, TRACED) or y else _number(x) + 0j


def _is_a(kind: type) -> Callable[[Any], bool]:
    """Return the question whether a tensor is what NumPy has a scalar of a kind for."""
    return lambda x: _is_number(x) and issubclass(x.dtype.type, kind)


def _is_number(x: Any) -> bool:
    """Tell whether a tensor is what NumPy has a scalar for, or was made by the user in place of a number."""
    return is_scalar(x) or (not x.ndim and isinstance(x, Tensor) and x._node is not None and x._node.rule is None)


def _as_scalar(dtype: np.dtype[Any]) -> Callable[..., Any]:
    def convert(x: Any) -> Any:
        t = array(np.array, x, dtype)
        return t if t.ndim else t[()]

    return convert


stand_in(float, acting(_as_float, _is_a(float)))
stand_in(complex, acting(_as_complex, _is_a(complex)))
for _kind in dict.fromkeys(np.dtype(_code).type for _code in np.typecodes["AllFloat"]):
    stand_in(_kind, acting(_as_scalar(np.dtype(_kind)), _is_a(_kind)))
for _kind in (np.generic, np.number, np.inexact, np.floating, np.complexfloating):
    stand_in(_kind, acting(lambda *_: None, _is_a(_kind)))
for _kind in (numbers.Number, numbers.Complex, numbers.Real):
    stand_in(_kind, acting(lambda *_: None, _is_number))
stand_in(np.ndarray, acting(lambda *args: np.ndarray(*args), lambda x: not is_scalar(x)))
for _kind in (
    abc.Collection,
    abc.Container,
    abc.Iterable,
    abc.Sized,
):  # as the arrays of NumPy are, and its scalars not
    stand_in(_kind, acting(lambda *_: None, lambda x: not _is_number(x)))


def _type_of(x: Any, *rest: Any, **kwargs: Any) -> Any:
    """Return a class as user code knows it, for which it asks by ``type(x) is np.ndarray``."""
    if rest or kwargs:
        return type(x, *rest, **kwargs)
    kind: Any = type(x)
    if issubclass(kind, Traced):
        kind = x.__class__
    elif kind in TRACED and making() is not None:
        kind = x.dtype.type if is_scalar(x) else np.ndarray
    return counterpart(kind) if is_special(kind) else kind


stand_in(type, acting(_type_of, lambda _: False, plain=_type_of))


def _has_attribute(old: Callable[..., bool]) -> Callable[..., bool]:
    """Make a ``hasattr`` for which a variable that stands for a number has no methods that arrays alone have."""

    @like(old)
    def call(*args: Any) -> bool:
        if len(args) == 2 and isinstance(args[0], (Traced, *TRACED)):
            x, name = args
            kind = x.dtype.type if isinstance(x, TRACED) and making() is not None and _is_number(x) else _type_of(x)
            if issubclass(kind, np.generic) and old(np.ndarray, name) and not old(kind, name):
                return False
        return old(*args)

    return call


stand_in(hasattr, _has_attribute)
# The names of builtins that no module of the user's need have imported.
BUILTINS: dict[str, Any] = {"complex": complex, "float": float, "hasattr": hasattr, "type": type}
