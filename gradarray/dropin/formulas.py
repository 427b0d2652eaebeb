"""The formulas that a library keeps in private methods, with variables in them.

SciPy's distributions compute their densities in plain Python, of NumPy's functions and of scipy.special's ufuncs, in
methods such as ``_logpdf``. A class is taken over with all its bases: the code is the same, and the names in it lead to
what stands in for them. Nothing of the library is changed, and no other thread sees anything.
"""

from __future__ import annotations

import builtins
import functools
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context.settings import held, hold, next_level, silently
from ..kernels.gate import PLAIN
from ..rules.scipy.declared import COMPILED, FORMULAS
from ..tape import wrapping
from ..tape.wrapping import bare
from .making import in_forward, to_hold
from .table import counterpart


class NoFormula(TypeError):
    """What computes a value is no formula: a solver, an integral, compiled code."""


class _Numerical:
    """What stands in for a module of solvers: what asks for one has no formula."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NoFormula(f"it is found by {self._name}.{name}")


def _apply_where(
    cond: Any, args: Any, f1: Callable[..., Any], f2: Any = None, /, *, fill_value: Any = None, **_: Any
) -> Any:
    """Return one function where a condition holds, and another one, or a value, elsewhere; each sees its part alone."""
    args = list(args) if isinstance(args, (tuple, list)) else [args]
    cond, *args = np.broadcast_arrays(cond, *args)
    cond = np.asarray(cond, bool)
    if cond.all():
        return f1(*args)
    other = f2 is None
    if not cond.any():
        return np.zeros(cond.shape) + fill_value if other else f2(*args)
    found = _filled(f1, args, cond)
    return np.where(cond, found, fill_value if other else _filled(f2, args, ~cond))


def _filled(f: Callable[..., Any], args: list[Any], cond: Any) -> Any:
    """Return a function where a condition holds, computed for these elements alone, and the first one elsewhere."""
    part = f(*[x[cond] for x in args])
    place = np.maximum(np.cumsum(cond) - 1, 0).reshape(cond.shape)
    return np.broadcast_to(part, (int(cond.sum()),))[place]


def _lazywhere(cond: Any, arrays: Any, f: Callable[..., Any], fillvalue: Any = None, f2: Any = None) -> Any:
    return _apply_where(cond, arrays, f, f2, fill_value=fillvalue)


def _lazyselect(condlist: Any, choicelist: Any, arrays: Any, default: Any = 0) -> Any:
    """Return the first of several functions whose condition holds."""
    arrays = np.broadcast_arrays(*arrays)
    out = np.zeros(np.shape(arrays[0])) + default
    for cond, f in reversed([*zip(condlist, choicelist, strict=True)]):
        cond = np.broadcast_to(cond, out.shape)
        if np.any(cond):
            out = np.where(cond, _filled(f, arrays, cond), out)
    return out


class _Names(dict[str, Any]):
    """The names of a module, as the code of formulas sees them: looked up when they are asked for."""

    def __init__(self, origin: dict[str, Any]) -> None:
        super().__init__(__builtins__=origin.get("__builtins__", builtins), __name__=origin.get("__name__"))
        self._origin = origin

    def __missing__(self, name: str) -> Any:
        value = self._origin[name]
        new = REBOUND.get(name) or rebound(value)
        return value if new is None else new


class _Special:
    """scipy.special, and the module of its ufuncs, whose compiled functions formulas stand in for."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        value: Any = COMPILED.get(name)
        if value is None:
            value = getattr(self._module, name)
            value = _Special(value) if isinstance(value, types.ModuleType) else counterpart(value) or value
        setattr(self, name, value)
        return value


def _promoted(*args: Any, **_: Any) -> Any:
    return args


REBOUND: dict[str, Any] = {
    "xp_promote": _promoted,
    "_lazyselect": _lazyselect,
    "_lazywhere": _lazywhere,
    "integrate": _Numerical("integrate"),
    "optimize": _Numerical("optimize"),
    "xpx": types.SimpleNamespace(apply_where=_apply_where),
}


def rebound(value: Any) -> Any:
    """Return what stands in for a value that code of a formula names, or None."""
    if type(value) is types.FunctionType and (value.__module__ or "").startswith("scipy.stats"):
        return code_of(value)
    if isinstance(value, types.ModuleType) and value.__name__.startswith("scipy.special"):
        return _Special(value)
    if any(base.__name__ == "rv_generic" for base in type(value).__mro__):
        return formulas_of(value)
    return counterpart(value)


def code_of(f: Any, cell: Any = None) -> Any:
    """Return a function whose code sees the names of its module so; `cell` is that of the class that it is of."""
    origin = f.__globals__
    names = _spaces.get(id(origin))
    if names is None or names._origin is not origin:
        names = _spaces[id(origin)] = _Names(origin)
    closure = f.__closure__
    if closure and cell is not None:
        pairs = zip(f.__code__.co_freevars, closure, strict=True)
        closure = tuple([cell if name == "__class__" else old for name, old in pairs])
    new = types.FunctionType(f.__code__, names, f.__name__, f.__defaults__, closure)
    new.__kwdefaults__ = f.__kwdefaults__
    return new


_spaces: dict[int, _Names] = {}
_classes: weakref.WeakKeyDictionary[type, type] = weakref.WeakKeyDictionary()


def class_of(cls: type) -> type:
    """Return a class whose methods are the same formulas."""
    found = _classes.get(cls)
    if found is None:
        if cls.__module__ == "builtins":
            return cls
        cell = types.CellType()
        space: dict[str, Any] = {}
        for name, value in vars(cls).items():
            if type(value) is types.FunctionType:
                space[name] = code_of(value, cell)
            elif type(value) is staticmethod and type(value.__func__) is types.FunctionType:
                space[name] = staticmethod(code_of(value.__func__, cell))
            elif name not in ("__dict__", "__weakref__"):
                space[name] = value
        space.update(FORMULAS.get(cls.__name__, {}))
        found = type(cls.__name__, tuple(map(class_of, cls.__bases__)), space)
        cell.cell_contents = found
        _classes[cls] = found
    return found


# What objects keep that computes with the library's own methods.
_BOUND = ("_cdfvec", "_ppfvec", "vecentropy", "generic_moment", "_cdf_single")


class _Helped:
    """What formulas in place of solvers and integrals ask of a distribution besides its formulas."""

    _library: Any
    no_formula = NoFormula

    def middle(self, *shapes: Any) -> Any:
        """Return its median, and how far its quartiles are apart: constants, by which an integral is divided."""
        low, middle, high = [np.asarray(self._library.ppf(q, *bare(shapes))) for q in (0.25, 0.5, 0.75)]
        return middle, np.where(high > low, high - low, 1.0)

    def ends(self, low: Any, high: Any, *shapes: Any) -> Any:
        """Return the first and the last number of a support, or ones behind which next to nothing is left."""
        if np.any(np.isinf(high)):
            high = np.minimum(high, 2 * self._library.isf(1e-10, *bare(shapes)) + 20)
        if np.any(np.isinf(low)):
            low = np.maximum(low, 2 * self._library.ppf(1e-10, *bare(shapes)) - 20)
        return low, high

    def slope(self, f: Callable[..., Any], args: Any, i: int) -> Any:
        return differentiated(f, args, (i,))


def formulas_of(obj: Any) -> Any:
    """Return an object that has what another one has, and computes with formulas."""
    cls = type(obj)
    made = _helped.get(cls)
    if made is None:
        made = _helped[cls] = type(cls.__name__, (class_of(cls), _Helped), {})
    new: Any = object.__new__(made)
    vars(new).update({name: value for name, value in vars(obj).items() if name not in _BOUND}, _library=obj)
    return new


_helped: weakref.WeakKeyDictionary[type, type] = weakref.WeakKeyDictionary()


def differentiated(f: Callable[..., Any], args: Any, by: tuple[int, ...], first: int = 1) -> Any:
    """Return the derivative of a formula of arrays by some of them, one after the other; itself for none.

    Where a shape, from the `first` operand on, is 0 there may be a limit in the place of a formula, which does not
    depend on the shape and has the derivative 0 by it. Then it is that of the formula around 0.
    """
    args = [
        x if getattr(x, "dtype", _INTEGER).kind == "f" and x.ndim else np.atleast_1d(np.asarray(x, float)) for x in args
    ]
    out = _along(f, args, by)
    for i in {i for i in by if i >= first}:
        flat = np.equal(bare(out), 0) & np.equal(bare(args[i]), 0)
        if np.any(flat):
            out = np.where(flat, _around(functools.partial(_beside, f, args, by, i)), out)
    return out


def _beside(f: Callable[..., Any], args: list[Any], by: tuple[int, ...], i: int, h: float) -> Any:
    return _along(f, [*args[:i], args[i] + h, *args[i + 1 :]], by)


def _around(f: Callable[[float], Any], h: float = 1e-2) -> Any:
    """Return the value at 0 of a smooth function that is not computed there, from those on both sides or on one."""
    near = {k: f(k * h) for k in (-3, -2, -1, 1, 2, 3)}
    both = sum(weight / 20 * (near[k] + near[-k]) for k, weight in ((1, 15), (2, -6), (3, 1)))
    if np.all(np.isfinite(bare(both))):
        return both
    one_sided = 5 * near[1] - 10 * near[2] + 10 * near[3] - 5 * f(4 * h) + f(5 * h)
    return np.where(np.isfinite(bare(both)), both, one_sided)


_INTEGER = np.dtype(int)


def _along(f: Callable[..., Any], args: list[Any], by: tuple[int, ...]) -> Any:
    args, levels = [*args], []
    making, before = to_hold(args), held()
    for i in by:
        levels.append(level := next_level())
        making = in_forward(making, level)
        args[i] = wrapping.Dual(args[i], _zero(np.ones(np.shape(args[i])), args[i]) + 1, level)
    try:
        hold(before.with_(making=making, policy="raise", recording=True, anomalies=None, program=None, lanes=()))
        return silently(_tangent, f, args, levels)
    finally:
        hold(before)


def _tangent(f: Callable[..., Any], args: Any, levels: list[Any]) -> Any:
    out = f(*args)
    for level in reversed(levels):
        out = out.tangent if type(out) is wrapping.Dual and out.level == level else np.zeros(np.shape(out))
    return out


def _zero(ones: Any, like: Any) -> Any:
    """Return zeros that can stand beside a value which may be a Dual itself."""
    return ones * 0 if type(like) in PLAIN else like * 0
