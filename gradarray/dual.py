"""Forward mode: a Dual carries a value and its tangent through plain np.* calls, and keeps no tape.

Every rule of the registry serves here too. Element-wise, linear and bilinear declarations give their tangent directly;
any other differentiable function gets it by transposing its vjp, which is linear in the cotangent.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import tape
from .dispatch import UFUNC_KEYWORDS, _Signature, refuse, spec, wrap
from .kinds import (
    Bilinear,
    Composite,
    Creation,
    Differentiable,
    Elementwise,
    Function,
    Linear,
    Nondifferentiable,
    ZeroGradient,
)
from .registry import find
from .tape import Array, Node, Spec
from .ufuncs import LOWERED
from .views import astype, freeze

_next_level = itertools.count(1).__next__


class Dual(np.lib.mixins.NDArrayOperatorsMixin):
    """A value with the tangent of one differentiation; nested differentiations have levels of their own."""

    __slots__ = ("level", "tangent", "value")
    __array_priority__ = 2000.0

    def __init__(self, value: Array, tangent: Array, level: int) -> None:
        self.value = value
        self.tangent = tangent
        self.level = level

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method in LOWERED and not kwargs.keys() & {"out"}:
            return LOWERED[method](ufunc, *inputs, **kwargs)
        if method != "__call__" or not kwargs.keys() <= {"where", *UFUNC_KEYWORDS}:
            raise TypeError(
                f"forward mode keeps no tape to write into: {ufunc.__name__}"
                f"{'' if method == '__call__' else '.' + method} cannot have {', '.join(kwargs)} here"
            )
        where = kwargs.pop("where", True)
        if where is True:
            return _push(ufunc, inputs, kwargs)
        with np.errstate(all="ignore"):
            return np.where(where, _push(ufunc, inputs, kwargs), 0)

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return _push(func, args, kwargs)

    def __getitem__(self, index: Any) -> Dual:
        index = freeze(_values(index, self.level))
        return Dual(self.value[index], self.tangent[index], self.level)

    def __iter__(self) -> Iterator[Dual]:
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.tangent!r})"

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "dtype", "ndim", "size"):
            return getattr(self.value, name)
        if name in _METHODS:
            return functools.partial(getattr(np, name), self)
        raise AttributeError(f"'Dual' object has no attribute {name!r}")

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        return astype(self, dtype, *args, **kwargs)

    def reshape(self, *shape: Any, **kwargs: Any) -> Any:
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **kwargs)

    @property
    def T(self) -> Any:
        return np.transpose(self)

    @property
    def real(self) -> Any:
        return np.real(self)

    @property
    def imag(self) -> Any:
        return np.imag(self)


_METHODS = frozenset(
    (
        *("all", "any", "argmax", "argmin", "argsort", "clip", "conj", "conjugate", "copy", "cumprod", "cumsum"),
        *("diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "round", "searchsorted"),
        *("squeeze", "std", "sum", "swapaxes", "take", "trace", "transpose", "var"),
    )
)


def _level(value: Any) -> int:
    """Return the highest level of a Dual in a value, however deep; 0 where there is none."""
    if isinstance(value, Dual):
        return value.level
    if isinstance(value, (list, tuple)):
        return max(map(_level, value), default=0)
    if isinstance(value, dict):
        return max(map(_level, value.values()), default=0)
    return 0


def _values(value: Any, level: int) -> Any:
    """Replace the Duals of a level by their values."""
    if isinstance(value, Dual):
        return value.value if value.level == level else value
    if type(value) in (list, tuple):
        return type(value)(_values(item, level) for item in value)
    if type(value) is dict:
        return {key: _values(item, level) for key, item in value.items()}
    return value


def _push(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function on Duals: NumPy on the values, the rule on the tangents."""
    level = _level((args, kwargs))
    rule = find(func)
    if rule is not None and rule.lower is not None:
        answer = rule.lower(args, kwargs)
        if answer is not NotImplemented:
            return answer
    if isinstance(rule, Composite):
        return rule.body(*args, **kwargs)
    if isinstance(rule, (Nondifferentiable, Creation)):
        return func(*_values(args, level), **_values(kwargs, level))
    if isinstance(rule, ZeroGradient):
        out = func(*_values(args, level), **_values(kwargs, level))
        return Dual(out, np.zeros_like(out), level)
    if not isinstance(rule, Differentiable):
        raise refuse(func, rule)
    operands, params = _sorted(rule, args, kwargs)
    values = [_values(x, level) for x in operands]
    tangents = [x.tangent if isinstance(x, Dual) and x.level == level else None for x in operands]
    ans = func(values, **params) if rule.sequence else func(*values, **params)
    if isinstance(func, np.ufunc):
        params = {}  # dtype, casting and order concern the values alone
    tangent = _tangent(rule, ans, values, tangents, params)
    if isinstance(ans, (tuple, list)):
        paired = [Dual(v, t, level) for v, t in zip(ans, tangent, strict=True)]
        return type(ans)(*paired) if hasattr(ans, "_fields") else type(ans)(paired)
    if np.shape(tangent) != ans.shape:
        tangent = np.broadcast_to(tangent, ans.shape)
    return Dual(ans, tangent if tangent.dtype == ans.dtype else tangent.astype(ans.dtype), level)


@functools.cache
def _signature(rule: Differentiable) -> _Signature:
    return _Signature(rule, rule.operands, rule.params, rule.variadic)


def _sorted(rule: Differentiable, args: Any, kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    if isinstance(rule, Elementwise):
        operands, params = args, kwargs
    else:
        operands, params, out = _signature(rule).sort(args, kwargs)
        if out is not None:
            raise TypeError(f"{rule.name} does not take out= in forward mode")
        if rule.sequence:
            (operands,) = operands
    return [_stacked(x) for x in operands], params


def _stacked(x: Any) -> Any:
    """Make one array of a nested list with Duals in it."""
    if isinstance(x, (list, tuple)):
        return np.stack([_stacked(item) for item in x]) if _level(x) else np.asarray(x)
    return x


def _tangent(
    rule: Differentiable, ans: Array, values: list[Array], tangents: list[Array | None], params: dict[str, Any]
) -> Any:
    if isinstance(rule, Elementwise):
        total: Any = 0
        for d, t in zip(rule.partials, tangents, strict=True):
            if t is not None:
                total = total + (d(ans, *values) if callable(d) else d) * t
        return np.real(total) if total.dtype.kind == "c" and ans.dtype.kind != "c" else total
    if isinstance(rule, Linear):
        # The start value of a reduction is not part of the linear map.
        params = {name: value for name, value in params.items() if name != "initial"}
        if rule.sequence:
            return rule.func(
                [np.zeros_like(v) if t is None else t for v, t in zip(values, tangents, strict=True)], **params
            )
        return rule.func(tangents[0], **params)
    if isinstance(rule, Bilinear):
        (a, b), (ta, tb) = values, tangents
        terms = [rule.func(*pair, **params) for pair, t in (((ta, b), ta), ((a, tb), tb)) if t is not None]
        return terms[0] if len(terms) == 1 else terms[0] + terms[1]
    assert isinstance(rule, Function)
    if rule.jvp is not None:
        return rule.jvp(tangents, ans, *values, **params)
    return _transposed(rule, ans, values, tangents, params)


def _transposed(
    rule: Function, ans: Array, values: list[Array], tangents: list[Array | None], params: dict[str, Any]
) -> Any:
    """Return J t from the vjp alone: Re<J^H v, t> is Re<v, J t>, whose gradient by v is J t, whatever v is."""
    several = isinstance(ans, (tuple, list))
    outs = list(ans) if several else [ans]
    v: list[Any] = [
        wrap(np.zeros_like(out), tape.leaf(out.shape, out.dtype)) if out.dtype.kind in "fc" else None for out in outs
    ]
    parents = tuple(None if t is None else tape.leaf(t.shape, t.dtype) for t in tangents)
    args = tuple(value if rule.keeps(i) else spec(value) for i, value in enumerate(values))
    node = Node(
        rule, args, params, ans, parents, () if several else ans.shape, np.dtype(float) if several else ans.dtype
    )
    g: Any = [np.zeros_like(out) if x is None else x for x, out in zip(v, outs, strict=True)] if several else v[0]
    # What is differentiated once more, by a tape or by another Dual around this one, has to stay connected.
    connect = wrap if tape.recording() and any(map(_on_a_tape, (*values, *tangents))) else None
    total: Any = 0
    with np.errstate(all="ignore"), tape.recorded():
        for cotangent, t in zip(rule.pullback(node, g), tangents, strict=False):
            if t is not None and cotangent is not None:
                fitted = tape.fit(cotangent, Spec(t.shape, t.dtype))
                total = total + np.sum(np.real(np.conj(fitted) * t))
        answer = [
            np.zeros_like(out) if x is None else _gradient(total, x._node, connect)
            for x, out in zip(v, outs, strict=True)
        ]
    return answer if several else answer[0]


def _on_a_tape(x: Any) -> bool:
    if isinstance(x, Dual):
        return _on_a_tape(x.value) or _on_a_tape(x.tangent)
    return getattr(x, "_node", None) is not None


def _gradient(total: Any, leaf: Node, connect: Any) -> Any:
    """Return the gradient of a scalar by a leaf: a Dual if the scalar is one."""
    if isinstance(total, Dual):
        return Dual(_gradient(total.value, leaf, connect), _gradient(total.tangent, leaf, connect), total.level)
    node = getattr(total, "_node", None)
    one = np.float64(1.0) if connect is None else connect(np.float64(1.0))
    found = {} if node is None else tape.sweep(node, one, True, connect, leaf.order)
    return found.get(leaf, np.zeros(leaf.shape, leaf.dtype))


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Evaluate a function together with its derivative in one direction, without a tape.

    Parameters
    ----------
    f : callable
        A function of arrays, written in plain np.*.
    primals : sequence of array_like
        Its arguments.
    tangents : sequence of array_like
        The direction: one array for each argument, of the same shape.

    Returns
    -------
    value : the result of ``f(*primals)``
    tangent : the derivative of each element of the result along the direction, of the same shape

    Raises
    ------
    ValueError
        If the tangents do not match the arguments in number or shape.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> value, tangent = ga.jvp(np.sin, (0.0,), (2.0,))
    >>> float(value), float(tangent)
    (0.0, 2.0)
    """
    if len(primals) != len(tangents):
        raise ValueError(f"{len(primals)} argument(s) need as many tangents, not {len(tangents)}")
    level = _next_level()
    duals = []
    for i, (x, t) in enumerate(zip(primals, tangents, strict=True)):
        value = x if hasattr(x, "dtype") else np.asarray(x)
        if value.dtype.kind not in "fc":
            raise TypeError(f"argument {i} has dtype {value.dtype}; only floats and complex numbers have a tangent")
        tangent = t if hasattr(t, "dtype") else np.asarray(t, dtype=value.dtype)
        if tangent.shape != value.shape:
            raise ValueError(f"tangent {i} has shape {tangent.shape}, its argument {value.shape}")
        duals.append(Dual(value, tangent, level))
    return _split(f(*duals), level)


def _split(out: Any, level: int) -> tuple[Any, Any]:
    if isinstance(out, Dual) and out.level == level:
        return out.value, out.tangent
    if isinstance(out, (tuple, list)):
        pairs = [_split(item, level) for item in out]
        return tuple(v for v, _ in pairs), tuple(t for _, t in pairs)
    return out, np.zeros_like(out)
