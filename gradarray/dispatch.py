"""NumPy's two dispatch protocols: the only code that unwraps Tensors, calls NumPy, wraps the results and records.

For every function a recorder is made once, when it is first called on a Tensor, from the function's rule: one with a
fixed number of operands for ufuncs, a general one for everything else.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import aliases, guard, loss, tape
from .contributions import PICK
from .fitting import FLOAT64
from .kinds import (
    Bilinear,
    Composite,
    Creation,
    Differentiable,
    Elementwise,
    Function,
    InPlace,
    Nondifferentiable,
    Rule,
    Unsupported,
    ZeroGradient,
    public_name,
)
from .parallel import SPLIT, ufunc_in_parts
from .registry import find, forgetters
from .tape import Array, Node, PullbackRule, Spec, next_order

# The class Tensor, set by install(): imports point one way, and its module stands on this one.
Tensor: Any = None
# The class Dual of forward mode, or no class at all.
Dual: Any = ()

new_object = object.__new__
Calculation = Callable[..., Array]

# Operands that NumPy takes as they are and that hide no variable.
PLAIN: frozenset[type] = frozenset(
    {np.ndarray, float, int, bool, complex, *(np.dtype(code).type for code in np.typecodes["All"] if code not in "OV")}
)


def install(cls: type) -> None:
    """Make `cls` the class that results are wrapped in."""
    global Tensor
    Tensor = cls


# --- wrapping and unwrapping ----------------------------------------------------------------------------------------


def wrap(raw: Array, node: Node | None = None) -> Any:
    """Return a Tensor around a raw array, without a copy; without a node it is a constant."""
    t = new_object(Tensor)
    t._raw = raw
    t._node = node
    t._alias = None
    return t


def has_tensor(value: Any) -> bool:
    """Tell whether a Tensor stands in a value, or anywhere in the lists and tuples that it is made of."""
    if type(value) in PLAIN:
        return False
    if isinstance(value, (list, tuple)):
        return any(has_tensor(item) for item in value)
    if isinstance(value, dict):
        return any(has_tensor(item) for item in value.values())
    return isinstance(value, (Tensor, Dual))


def has_variable(value: Any) -> bool:
    """Tell whether a variable stands in a value, however deep."""
    if type(value) in PLAIN:
        return False
    if isinstance(value, (list, tuple)):
        return any(has_variable(item) for item in value)
    if isinstance(value, dict):
        return any(has_variable(item) for item in value.values())
    return (isinstance(value, Tensor) and value._node is not None) or isinstance(value, Dual)


def unwrap(value: Any) -> Any:
    """Replace every Tensor in a value by its raw array, however deep."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Tensor):
        return value._raw
    if type(value) in (list, tuple):
        return type(value)(unwrap(item) for item in value)
    if type(value) is dict:
        return {key: unwrap(item) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(unwrap(value.start), unwrap(value.stop), unwrap(value.step))
    return value


def bare(value: Any) -> Any:
    """Replace every Tensor and every Dual in a value by its bare values, for what carries no derivative."""
    if isinstance(value, Dual):
        return bare(value.value)
    if type(value) in (list, tuple):
        return type(value)(bare(item) for item in value)
    if type(value) is dict:
        return {key: bare(item) for key, item in value.items()}
    return unwrap(value)


def stacked(value: Any) -> Any:
    """Return an operand as it is, or as an array or a Tensor where it is a nested list."""
    if isinstance(value, (list, tuple)):
        return stack_nested(value) if has_tensor(value) else np.asarray(value)
    return value


def operand(value: Any) -> tuple[Array, Node | None]:
    """Return the raw array behind an operand, for a tape to keep, and its node."""
    value = stacked(value)
    return saved(value), value._node if isinstance(value, Tensor) else None


def saved(value: Any) -> Array:
    """Return what a tape keeps of an operand; what its owner could change meanwhile is guarded."""
    if not isinstance(value, Tensor):
        return guard.hold(value) if type(value) is np.ndarray else value
    return value._raw if value._alias is None else aliases.saved(value)


def stack_nested(value: Any) -> Any:
    """Make one array of nested lists as np.array does, also where Tensors or other traced arrays stand in them."""
    if not isinstance(value, (list, tuple)):
        return value if hasattr(value, "__array_function__") else np.asarray(value)
    items = [stack_nested(item) for item in value]
    return np.asarray(value) if all(type(item) in PLAIN for item in items) else np.stack(items)


def spec(value: Any) -> Spec:
    """Return the shape and dtype of an operand, which may be a number."""
    return Spec(np.shape(value), np.result_type(value))


def understood(types: Iterable[type]) -> bool:
    """Tell whether Tensor may take a call with arguments of these types; another array type gets its turn otherwise."""
    return all(
        t in PLAIN or issubclass(t, (Tensor, np.ndarray, np.generic)) or getattr(t, "_stands_inside_tensor", False)
        for t in types
    )


def foreign(value: Any) -> bool:
    cls = type(value)
    return cls not in PLAIN and hasattr(cls, "__array_ufunc__") and not understood((cls,))


def refuse(func: Callable[..., Any], rule: Rule | None) -> TypeError:
    """Return the error for a function that has no derivative here."""
    name = public_name(func)
    reason = rule.reason if isinstance(rule, Unsupported) else "gradarray has no rule for it"
    return TypeError(
        f"{name} cannot be called on a Tensor: {reason}. "
        f"To compute with the bare values, and without a gradient, pass ga.asarray(t) or t.data; to give {name} "
        "a derivative, declare one with ga.registry, or wrap a function of your own in ga.custom_gradient."
    )


# --- ufuncs: recorders with a fixed number of operands --------------------------------------------------------------

# The recorders of the usual calls, here, in _single and in views.getitem, fill Tensor and Node in line: a call of
# Node(...) and of wrap() would take as long as all the rest of a recorded operation.


# What a node saves that needs nothing of its operands: one object for all, which the garbage collector passes over.
_NONE, _NEITHER = (None,), (None, None)


def _unary(rule: Elementwise, calculate: Calculation, large: Calculation) -> Callable[..., Any]:
    new, node_type, order, float64, ndarray = new_object, Node, next_order, np.float64, np.ndarray
    keeps_x, keeps_out = rule.keeps(0), rule.keeps_out

    def record(x: Any) -> Any:
        if type(x) is not Tensor:
            return call_elementwise(rule, (x,), {})
        data = x._raw
        out = calculate(data) if type(data) is not ndarray or data.size < SPLIT else large(data)
        t = new(Tensor)
        t._raw = out
        t._alias = None
        parent = x._node
        if parent is None or (tape.paused and not tape.recording()):
            t._node = None
            return t
        parent.grad = None
        t._node = n = new(node_type)
        n.rule = rule
        n.args = (data if x._alias is None else aliases.saved(x),) if keeps_x else _NONE
        n.kwargs = None
        n.out = out if keeps_out else None
        n.parents = (parent,)
        n.grad = None
        n.order = order()
        if type(out) is float64:
            n.shape, n.dtype = (), FLOAT64
        else:
            n.shape, n.dtype = out.shape, out.dtype
        return t

    return record


def _become_large(x: Array, y: Array) -> bool:
    """Tell whether two arrays may be worth several threads once they are broadcast along the first axis."""
    return y.size >= SPLIT or (x.ndim == y.ndim and len(x) != len(y))


def _binary(
    rule: Elementwise | Function, calculate: Calculation, large: Calculation, general: Callable[..., Any]
) -> Callable[..., Any]:
    new, node_type, order, plain, float64, ndarray = new_object, Node, next_order, PLAIN, np.float64, np.ndarray
    x_of_x, y_of_x = rule.partial_needs(0, 0), rule.partial_needs(0, 1)
    x_of_y, y_of_y = rule.partial_needs(1, 0), rule.partial_needs(1, 1)
    x_of_any, y_of_any = x_of_x or x_of_y, y_of_x or y_of_y
    any_of_x, any_of_y, any_of_any = x_of_x or y_of_x, x_of_y or y_of_y, x_of_any or y_of_any
    keeps_out, hold, aliases_saved, become_large = rule.keeps_out, guard.hold, aliases.saved, _become_large
    split = SPLIT if isinstance(rule, Elementwise) else sys.maxsize

    def record(x1: Any, x2: Any) -> Any:
        if type(x1) is Tensor:
            x, p = x1._raw, x1._node
        elif type(x1) in plain and type(x1) is not complex:  # Python's 1j * np.float64(2.0) is Python's complex number
            x, p = x1, None
        else:
            return general(x1, x2)
        if type(x2) is Tensor:
            y, q = x2._raw, x2._node
        elif type(x2) in plain:
            y, q = x2, None
        else:
            return general(x1, x2)
        if type(x) is not ndarray:
            out = calculate(x, y) if type(y) is not ndarray or y.size < split else large(x, y)
        else:
            size = x.size
            if size >= split or (type(y) is ndarray and size * y.size >= split and become_large(x, y)):
                out = large(x, y)
            else:
                out = calculate(x, y)
        t = new(Tensor)
        t._raw = out
        t._alias = None
        if (p is None and q is None) or (tape.paused and not tape.recording()):
            t._node = None
            return t
        t._node = n = new(node_type)
        n.rule = rule
        if type(x) is ndarray and (x_of_x if q is None else x_of_y if p is None else x_of_any):
            if x1 is x:
                x = hold(x)
            elif x1._alias is not None:
                x = aliases_saved(x1)
        if type(y) is ndarray and (y_of_x if q is None else y_of_y if p is None else y_of_any):
            if x2 is y:
                y = hold(y)
            elif x2._alias is not None:
                y = aliases_saved(x2)
        if q is None:
            p.grad = None
            n.args = (x if x_of_x else None, y if y_of_x else None) if any_of_x else _NEITHER
        elif p is None:
            q.grad = None
            n.args = (x if x_of_y else None, y if y_of_y else None) if any_of_y else _NEITHER
        else:
            p.grad = q.grad = None
            n.args = (x if x_of_any else None, y if y_of_any else None) if any_of_any else _NEITHER
        n.kwargs = None
        n.out = out if keeps_out else None
        n.parents = (p, q)
        n.grad = None
        n.order = order()
        if type(out) is float64:
            n.shape, n.dtype = (), FLOAT64
        else:
            n.shape, n.dtype = out.shape, out.dtype
        return t

    return record


def call_elementwise(rule: Elementwise, inputs: tuple[Any, ...], keywords: dict[str, Any], where: Any = True) -> Any:
    """Record an element-wise call in its general form: any operands, any keywords of a ufunc but out."""
    if any(foreign(value) for value in inputs):
        return NotImplemented
    inputs = tuple([stacked(value) for value in inputs])
    raw = unwrap(inputs)
    if any(isinstance(value, Dual) for value in raw):  # from a list: it takes over
        return rule.func(*inputs, **keywords, where=where)
    parents = tuple([value._node if isinstance(value, Tensor) else None for value in inputs])
    if where is True:
        out = rule.func(*raw, **keywords)
    else:
        out = rule.func(*raw, out=None, where=where, **keywords)
        out = np.where(where, out, np.zeros((), out.dtype))  # NumPy leaves these slots uninitialised
    if not records(parents):
        return wrap(out)
    args = tuple([saved(value) if rule.keeps(i) else None for i, value in enumerate(inputs)])
    return wrap(out, Node(rule, args, None, out if rule.keeps_out else None, parents, out.shape, out.dtype))


def records(parents: Iterable[Node | None]) -> bool:
    """Tell whether a call with these parents goes on the tape; if so, their gradients are out of date."""
    if tape.paused and not tape.recording():
        return False
    found = False
    for parent in parents:
        if parent is not None:
            found = True
            parent.grad = None
    return found


class _Recorders(dict[Any, Callable[..., Any]]):
    """Recorders by function, each made when it is first asked for."""

    def __init__(self, make: Callable[[Any], Callable[..., Any]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, func: Any) -> Callable[..., Any]:
        recorder = self[func] = self._make(func)
        return recorder


def recorder_for(
    func: Any, calculate: Calculation | None = None, large: Calculation | None = None
) -> Callable[..., Any]:
    """Make the recorder of a ufunc's plain call.

    `calculate` may compute the same from the raw operands by a shorter way, such as ``operator.mul`` for np.multiply,
    which is several times as fast on NumPy scalars; `large` the same for arrays that are worth several threads.
    """
    rule = find(func)
    if large is None:
        large = functools.partial(ufunc_in_parts, func) if isinstance(rule, Elementwise) else calculate or func
    if isinstance(rule, Elementwise):

        def general(*inputs: Any) -> Any:
            return call_elementwise(rule, inputs, {})

    else:
        recorder = function_recorder(func)

        def general(*inputs: Any) -> Any:
            return NotImplemented if any(foreign(value) for value in inputs) else recorder(inputs, {})

    if isinstance(rule, Elementwise) and len(rule.operands) == 1:
        return _unary(rule, calculate or rule.func, large)
    if isinstance(rule, (Elementwise, Bilinear)) and len(rule.operands) == 2:
        return _binary(rule, calculate or rule.func, large, general)
    return general


def array_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's `__array_ufunc__` for calls with keywords and for the methods of a ufunc."""
    from .ufuncs import METHODS, call_with_keywords  # they are written on top of this module

    if any(foreign(value) for value in (*inputs, *kwargs.get("out", ()))):
        return NotImplemented
    if method == "__call__":
        return call_with_keywords(ufunc, inputs, kwargs)
    return METHODS[method](ufunc, inputs, kwargs)


# --- functions: the general recorder --------------------------------------------------------------------------------


def array_function(func: Callable[..., Any], types: Iterable[type], args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's `__array_function__`."""
    if not understood(types):
        return NotImplemented
    return FUNCTIONS[func](args, kwargs)


def function_recorder(func: Callable[..., Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """Make the recorder of a function from its rule."""
    rule = find(func)
    record = _recorder(func, rule)
    if rule is None or rule.lower is None:
        return record
    lower = rule.lower

    def lower_first(args: Any, kwargs: dict[str, Any]) -> Any:
        answer = lower(args, kwargs)
        return record(args, kwargs) if answer is NotImplemented else _tensors(answer)

    return lower_first


def _recorder(func: Callable[..., Any], rule: Rule | None) -> Callable[[Any, dict[str, Any]], Any]:
    if isinstance(rule, Differentiable):
        return _differentiable(rule)
    if isinstance(rule, InPlace):
        return _inplace(rule)
    if isinstance(rule, Composite):
        return _composite(rule)
    if isinstance(rule, Nondifferentiable):
        return lambda args, kwargs: func(*unwrap(args), **unwrap(kwargs))
    if isinstance(rule, ZeroGradient):
        return _zero_gradient(rule)
    if isinstance(rule, Creation):
        return lambda args, kwargs: wrap_results(func(*unwrap(args), **unwrap(kwargs)))

    def refuse_call(_args: Any, _kwargs: dict[str, Any]) -> Any:
        raise refuse(func, rule)

    return refuse_call


class _Signature:
    """Sorts the arguments of a call into operands and named parameters.

    Python's own call binds the parameters when the derivative is called; only the operands, and what was passed by
    position behind them, are sorted here.
    """

    def __init__(self, rule: Rule, operands: tuple[str, ...], supported: tuple[str, ...], variadic: bool) -> None:
        self.rule = rule
        self.operands = operands
        self.supported = frozenset(supported)
        self.variadic = variadic
        try:
            parameters = inspect.signature(rule.func).parameters.values()
            names = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))
        except (TypeError, ValueError):
            names = ()
        self.names = names if len(names) >= len(operands) else (*operands, *supported)

    def sort(self, args: Any, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
        """Return the operands, the parameters, and what was given as out=."""
        out = None
        if not self.variadic:
            count = len(self.operands)
            if len(args) > count:
                if len(args) > len(self.names):
                    self._let_numpy_refuse(args, kwargs)
                given = dict(zip(self.names[count:], args[count:], strict=False))
                if any(name in kwargs for name in given):
                    self._let_numpy_refuse(args, kwargs)
                kwargs = {**given, **kwargs}
                args = args[:count]
            elif len(args) < count:
                # Operands by keyword; the ones that may be left out are at the end.
                kwargs = dict(kwargs)
                found = list(args)
                for name in self.operands[len(args) :]:
                    if name not in kwargs:
                        self._let_numpy_refuse(args, kwargs)
                    found.append(kwargs.pop(name))
                args = tuple(found)
        if kwargs:
            params = {}
            for name, value in kwargs.items():
                if name == "out":
                    out = value
                elif name not in self.supported:
                    self._let_numpy_refuse(args, kwargs)
                elif value is not np._NoValue:
                    params[name] = self._parameter(name, value)
            kwargs = params
        return tuple(args), kwargs, out

    def _parameter(self, name: str, value: Any) -> Any:
        if value is None or (type(value) in PLAIN and type(value) is not np.ndarray):
            return value
        if has_variable(value) and (tape.recording() or isinstance(value, Dual)):
            raise TypeError(
                f"{self.rule.name} is not differentiable with respect to '{name}', which was given a variable. "
                f"Pass ga.asarray({name}) where no gradient is wanted."
            )
        value = unwrap(value)
        return guard.hold(value) if type(value) is np.ndarray else value

    def _let_numpy_refuse(self, args: Any, kwargs: dict[str, Any]) -> None:
        """Call NumPy, so that a mistake gets NumPy's own error; raise ours for what is legal there and not here."""
        self.rule.func(*bare(args), **bare(kwargs))
        odd = [name for name in kwargs if name not in self.supported and name not in self.operands and name != "out"]
        what = ", ".join(f"'{name}'" for name in odd) or "this form of call"
        raise TypeError(
            f"{self.rule.name} on a Tensor does not support {what}. Its parameters are "
            f"({', '.join((*self.operands, *sorted(self.supported)))})."
        )


UFUNC_KEYWORDS = ("dtype", "casting", "order", "subok", "signature")


# Parameters of these types hide no Tensor and cannot change, and need no second look.
SIMPLE: frozenset[type] = PLAIN - {np.ndarray} | {type(None), str, np.dtype, type}


def _differentiable(rule: Differentiable) -> Callable[[Any, dict[str, Any]], Any]:
    if isinstance(rule, Elementwise):
        return lambda args, kwargs: call_elementwise(rule, tuple(args), kwargs)
    assert isinstance(rule, Function)
    general = _general(rule)
    if len(rule.operands) == 1 and not (rule.variadic or rule.sequence or rule.skip or isinstance(rule.func, np.ufunc)):
        return _single(rule, general)
    if isinstance(rule, Bilinear):
        binary = _binary(rule, rule.func, rule.func, lambda *operands: general(operands, {}))
        return lambda args, kwargs: general(args, kwargs) if kwargs or len(args) != 2 else binary(*args)
    if not (rule.variadic or rule.sequence or isinstance(rule.func, np.ufunc)):
        return _several(rule, general)
    return general


def _single(rule: Function, general: Callable[..., Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """Make the recorder for the usual call of a function with one operand; any other call goes to the general one."""
    forward, simple, plain, float64, ndarray = rule.forward, SIMPLE, PLAIN, np.float64, np.ndarray
    is_view, join, Call, aliases_saved = aliases.is_view, aliases.join, aliases.Call, aliases.saved
    new, node_type, order = new_object, Node, next_order
    supported = frozenset(rule.params)
    names = _Signature(rule, rule.operands, rule.params, False).names
    keeps_x, keeps_out = rule.keeps(0), rule.keeps_out

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        if not args or type(args[0]) is not Tensor:
            return general(args, kwargs)
        params = kwargs
        if len(args) > 1:
            params = dict(zip(names[1:], args[1:], strict=False))
            if len(args) > len(names) or not params.keys().isdisjoint(kwargs):
                return general(args, kwargs)
            params.update(kwargs)
        for name, value in params.items():
            if name not in supported:
                return general(args, kwargs)
            if type(value) not in simple:
                if type(value) is not tuple:
                    return general(args, kwargs)
                for item in value:
                    if type(item) is not int:
                        return general(args, kwargs)
        x = args[0]
        data, parent = x._raw, x._node
        if type(data) not in plain:
            return general(args, kwargs)
        try:
            out = forward(data, **params)
        except Exception:
            return general(args, kwargs)  # where NumPy's own function says what is wrong
        if type(out) not in plain:
            return general(args, kwargs)
        if out is data:  # NumPy returns the array itself
            if parent is None or not tape.paused or tape.recording():
                return x
            out = data.view()
        t = new(Tensor)
        t._raw = out
        t._alias = None
        if type(out) is ndarray and out.base is not None:
            if type(data) is not ndarray:  # a scalar becomes an array, which memory can be shared with
                x._raw = np.asarray(data)
                return record(args, kwargs)
            if is_view(out, data):
                step = new(Call)
                step.rule, step.forward, step.params = rule, forward, params
                join(t, x, step)
        if (
            parent is None
            or (tape.paused and not tape.recording())
            or (out.dtype is not parent.dtype and out.dtype.kind not in "fc")
        ):
            t._node = None
            return t
        parent.grad = None
        t._node = n = new(node_type)
        n.rule = rule
        n.args = (data if x._alias is None else aliases_saved(x),) if keeps_x else _NONE
        n.kwargs = params
        n.out = out if keeps_out else None
        n.parents = (parent,)
        n.grad = None
        n.order = order()
        if type(out) is float64:
            n.shape, n.dtype = (), FLOAT64
        else:
            n.shape, n.dtype = out.shape, out.dtype
        return t

    return record


def _several(rule: Function, general: Callable[..., Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """Make the recorder for a call of a function with several operands and nothing else."""
    func, count, recorded = rule.func, len(rule.operands), _recorded(rule)

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        if kwargs or len(args) != count:
            return general(args, kwargs)
        raw = []
        for value in args:
            if type(value) is Tensor:
                raw.append(value._raw)
            elif type(value) in PLAIN or value is None:
                raw.append(value)
            else:
                return general(args, kwargs)
        return recorded(args, raw, {}, func(*raw))

    return record


def _general(rule: Function) -> Callable[[Any, dict[str, Any]], Any]:
    func, operands, recorded = rule.func, rule.operands, _recorded(rule)
    params = UFUNC_KEYWORDS if isinstance(func, np.ufunc) else rule.params
    signature = _Signature(rule, operands, params, rule.variadic)
    count = len(operands)

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        into = None
        if kwargs or len(args) != count:
            args, kwargs, into = signature.sort(args, kwargs)
        if rule.sequence:
            sequence = args[0]
            if not isinstance(sequence, (list, tuple)):
                # NumPy takes any sequence of arrays, an array too; a mistake such as a number gets NumPy's own error.
                sequence = list(sequence) if hasattr(sequence, "__len__") else func(sequence, **kwargs)
            inputs = [stacked(value) for value in sequence]
        else:
            inputs = [stacked(value) for value in args]
        raw = tuple([unwrap(value) for value in inputs])
        if any(isinstance(value, Dual) for value in raw):  # from a list: it takes over
            result = func(inputs, **kwargs) if rule.sequence else func(*inputs, **kwargs)
            return result if into is None else store(result, into)
        out = func(raw, **kwargs) if rule.sequence else func(*raw, **kwargs)
        if isinstance(func, np.ufunc):
            kwargs = {}  # dtype, casting and order of the call concern the forward pass alone
        result = recorded(inputs, raw, kwargs, out)
        return result if into is None else store(result, into)

    return record


def _recorded(rule: Function) -> Callable[[Sequence[Any], Sequence[Any], dict[str, Any], Any], Any]:
    """Make the function that wraps the result of a call, and records the call if there is a variable in it.

    It gets the operands, the raw arrays behind them, the parameters, and NumPy's result.
    """
    skip, last = rule.skip, len(rule.operands) - 1
    keeps = [rule.keeps(i) for i in range(last + 1)]

    def finish(inputs: Sequence[Any], raw: Sequence[Any], kwargs: dict[str, Any], out: Any) -> Any:
        parents = tuple(
            [value._node if isinstance(value, Tensor) and i not in skip else None for i, value in enumerate(inputs)]
        )
        if not records(parents):
            result = wrap_results(out)
        else:
            kept = tuple(
                [
                    saved(value) if keeps[i if i < last else last] else None if node is not None else spec(x)
                    for i, (value, x, node) in enumerate(zip(inputs, raw, parents, strict=True))
                ]
            )
            result = record_results(rule, kept, kwargs, out, parents)
        if type(out) is np.ndarray and out.base is not None and not rule.sequence:
            _join_operand(result, inputs, rule, kwargs)
        return result

    return finish


def _join_operand(view: Any, inputs: Sequence[Any], rule: Function, kwargs: dict[str, Any]) -> None:
    """Make the result of a call a view of the operand whose memory it shares, if it does."""
    for i, x in enumerate(inputs):
        if isinstance(x, Tensor) and type(x._raw) is np.ndarray and aliases.is_view(view._raw, x._raw):
            raw = [unwrap(value) for value in inputs]
            args = tuple([spec(value) if k != i and not rule.keeps(k) else value for k, value in enumerate(raw)])
            args = (*args[:i], None, *args[i + 1 :])
            step = aliases.CallAmongOthers(rule, rule.func, args, raw[:i], raw[i + 1 :], kwargs)
            aliases.join(view, x, step)
            return


def wrap_results(out: Any) -> Any:
    """Wrap a constant result, or each one of several; whole numbers beside floating-point ones, a rank, stay plain."""
    if not isinstance(out, (tuple, list)):
        return wrap(out) if hasattr(out, "dtype") and not isinstance(out, Dual) else out
    mixed = any(_floating(item) for item in out)
    wrapped = [wrap_results(item) if not mixed or _floating(item) else item for item in out]
    return type(out)(*wrapped) if hasattr(out, "_fields") else type(out)(wrapped)


def _floating(item: Any) -> bool:
    return isinstance(item, (tuple, list)) or (hasattr(item, "dtype") and item.dtype.kind in "fc")


def record_results(
    rule: Differentiable, saved: Any, kwargs: dict[str, Any], out: Any, parents: tuple[Node | None, ...]
) -> Any:
    """Wrap the result of a recorded call; several results hang on one node, each by a node of its own."""
    if not isinstance(out, (tuple, list)):
        if out.dtype.kind not in "fc":
            return wrap(out)
        return wrap(out, Node(rule, saved, kwargs, out if rule.keeps_out else None, parents, out.shape, out.dtype))
    several = Node(rule, saved, kwargs, tuple(out), parents, (), np.dtype(float))
    picked = [
        wrap(item, Node(PICK, (k,), None, None, (several,), item.shape, item.dtype)) if _floating(item) else item
        for k, item in enumerate(out)
    ]
    return type(out)(*picked) if hasattr(out, "_fields") else type(out)(picked)


def store(result: Any, into: Any) -> Any:
    """Write a result into what was given as out=, and return that."""
    if isinstance(into, tuple) and not isinstance(result, tuple):
        (into,) = into
    if isinstance(into, Tensor):
        into[...] = result
        return into
    if result._node is not None:
        loss.refuse_write("out=")
    into[...] = result._raw
    return into


def _composite(rule: Composite) -> Callable[[Any, dict[str, Any]], Any]:
    signature = _Signature(rule, (), rule.params, variadic=True)
    names = signature.names
    # Where out= stands among NumPy's parameters, if it does and the body leaves it to us.
    place = names.index("out") if "out" in names and "out" not in rule.params else sys.maxsize

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        into = None
        if len(args) > place:
            kwargs = {**dict(zip(names[place:], args[place:], strict=False)), **kwargs}
            args = args[:place]
        if kwargs:
            kwargs = {name: value for name, value in kwargs.items() if value is not np._NoValue}
            into = kwargs.pop("out", None) if "out" not in rule.params else None
        if not (has_variable(args) or has_variable(kwargs)) or not tape.recording():
            raw = unwrap(args)
            if "overwrite_input" in names:  # NumPy would write where a tape may have saved
                raw = [np.array(x) if isinstance(x, np.ndarray) else x for x in raw]
            result = rule.func(*raw, **unwrap(kwargs))
            views = _shares(result, args)
            result = _tensors(_constants(rule.body(*args, **kwargs))) if views else wrap_results(result)
        else:
            if any(name not in rule.params for name in kwargs):
                signature._let_numpy_refuse(args, kwargs)
            result = _tensors(rule.body(*args, **kwargs))
        return result if into is None else store(result, into)

    return record


def _constants(result: Any) -> Any:
    """Return a constant view in place of each variable: a body may return its argument itself."""
    if isinstance(result, (tuple, list)):
        return type(result)(_constants(item) for item in result)
    if isinstance(result, Tensor) and result._node is not None:
        with tape.no_grad():
            return result[...]
    return result


def _shares(result: Any, args: Any) -> bool:
    """Tell whether NumPy gave a view of a Tensor among the arguments; how it is one, only the body knows."""
    if isinstance(result, (tuple, list)):
        return any(_shares(item, args) for item in result)
    if type(result) is not np.ndarray:
        return False
    for x in args:
        if isinstance(x, (list, tuple)):
            if _shares(result, x):
                return True
        elif isinstance(x, Tensor) and (result is x._raw or np.may_share_memory(result, x._raw)):
            return True
    return False


def _tensors(out: Any) -> Any:
    """Wrap the floating-point results of a body that are plain arrays, because no variable went into them."""
    if isinstance(out, (tuple, list)):
        items = [_tensors(item) for item in out]
        return type(out)(*items) if hasattr(out, "_fields") else type(out)(items)
    return wrap(out) if type(out) in PLAIN and getattr(out, "dtype", None) in _FLOATING else out


_FLOATING = frozenset(np.dtype(code) for code in np.typecodes["AllFloat"])


def _inplace(rule: InPlace) -> Callable[[Any, dict[str, Any]], Any]:
    from .views import as_array, recorded, write, writeable  # written on top of this module

    first = rule.params[0]

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        target = args[0] if args else kwargs.get(first)
        if isinstance(target, Tensor):
            as_array(target)
            if not writeable(target):
                raise ValueError(f"{rule.name}: the tensor is read-only")
            if rule.func is np.put or recorded(target, args, kwargs):  # np.put itself may fail half way
                return rule.body(*args, **kwargs)
            rest = {name: value for name, value in kwargs.items() if name != first}
            write(target, lambda raw: rule.func(raw, *unwrap(args[1:]), **unwrap(rest)))
            return None
        if tape.recording() and (has_variable(args) or has_variable(kwargs)):
            loss.refuse_write(rule.name)
        return rule.func(*unwrap(args), **unwrap(kwargs))

    return record


class _Zero(PullbackRule):
    """The rule of a call whose derivative is zero wherever it has one."""

    name = "zero gradient"
    shared = True

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        return [None if parent is None else np.zeros(parent.shape, parent.dtype) for parent in node.parents]


_ZERO = _Zero()


def _variables(value: Any) -> list[Node]:
    if isinstance(value, Tensor):
        return [] if value._node is None else [value._node]
    if isinstance(value, (list, tuple)):
        return [node for item in value for node in _variables(item)]
    if isinstance(value, dict):
        return [node for item in value.values() for node in _variables(item)]
    return []


def _zero_gradient(rule: ZeroGradient) -> Callable[[Any, dict[str, Any]], Any]:
    names = _Signature(rule, (), (), True).names
    place = names.index("out") if "out" in names else None

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        into = kwargs.get("out")
        if place is not None and len(args) > place:
            into, args = args[place], args[:place]
        elif into is not None:
            kwargs = {name: value for name, value in kwargs.items() if name != "out"}
        out = rule.func(*unwrap(args), **unwrap(kwargs))
        parents = tuple(_variables((args, kwargs)))
        if isinstance(out, tuple) or out.dtype.kind not in "fc" or not records(parents):
            result = wrap_results(out)
        else:
            result = wrap(out, Node(_ZERO, (), None, None, parents, out.shape, out.dtype))
        return result if into is None else store(result, into)

    return record


UFUNCS = _Recorders(recorder_for)
FUNCTIONS = _Recorders(function_recorder)


def _forget(func: Any) -> None:
    UFUNCS.pop(func, None)
    FUNCTIONS.pop(func, None)


forgetters.append(_forget)


def straight(
    func: Callable[..., Any],
    part: Callable[..., Any],
    params: tuple[str, ...],
    keywords: tuple[str, ...] = (),
    *,
    operands: int = 1,
) -> None:
    """Let the usual calls of a composite go to the part of it that they are about, at once.

    Those are the calls with no parameters but `params`, which directly follow the operands, and `keywords`. That takes
    half of the time on small arrays.
    """
    whole, record = FUNCTIONS[func], FUNCTIONS[part]
    few, most = frozenset((*params, *keywords)), operands + len(params)

    def call(args: Any, kwargs: dict[str, Any]) -> Any:
        return (record if operands <= len(args) <= most and few.issuperset(kwargs) else whole)(args, kwargs)

    FUNCTIONS[func] = call


def primitive(func: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of our own dispatch on its positional arguments, as NumPy's functions do.

    The body sees plain arrays; a Tensor, or any other array with the protocol, answers for itself.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        others = {type(x): x for x in args if type(x) not in PLAIN and not isinstance(x, np.ndarray)}
        types = [cls for cls in others if hasattr(cls, "__array_function__")]
        for cls in types:
            answer = cls.__array_function__(others[cls], call, types, args, kwargs)
            if answer is not NotImplemented:
                return answer
        if types:
            raise TypeError(f"{func.__name__} has no form for {', '.join(cls.__name__ for cls in types)}")
        return func(*args, **kwargs)

    call.__name__ = func.__name__
    call.__module__ = func.__module__
    call.__doc__ = func.__doc__
    call.__wrapped__ = func  # type: ignore[attr-defined]
    return call
