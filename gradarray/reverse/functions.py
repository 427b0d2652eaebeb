"""Recorders of functions: each is made from the function's rule, when the function is first called on a Tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..context import settings
from ..context.settings import paused, silently
from ..kernels import gate
from ..kernels.arrays import FLOAT64, Array
from ..kernels.gate import ARRAYS, NUMBERS, PLAIN, SIMPLE
from ..kernels.traced import MEMORY
from ..rules.differentiable import SAVED, Bilinear, Function
from ..rules.kinds import Composite, InPlace, Reader, Rule, Straight, ZeroGradient, refusing
from ..rules.registry import find
from ..tape import loss, wrapping
from ..tape.nodes import Node, PullbackRule, next_order
from ..tape.wrapping import (
    all_entered,
    bare,
    has_variable,
    lifted,
    new_object,
    spec,
    stacked,
    unwrap,
    wrap,
    wrap_arrays,
    wrap_results,
)
from .arguments import CallSignature
from .boxing import record_results, saved
from .elementwise import NONE, binary, records
from .outputs import Call, revalued, taking, untouched
from .views import sharing, steps
from .views.sharing import as_array, become_array
from .views.writing import recorded, write, writeable


def function_recorder(func: Callable[..., Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """Make the recorder of a function from its rule."""
    rule = find(func)
    if rule is None:
        return refusing(func, rule)
    record: Call = rule.read(_RECORDERS)
    if rule.straight is not None:
        record = _straight(rule.straight, record)
    return record if rule.lower is None else _lowering(rule.lower, record)


def _straight(straight: Straight, whole: Call) -> Call:
    """Make the recorder of a composite whose usual calls are those of a part of it."""
    part = function_recorder(straight.part)
    fewest, most, known = straight.fewest, straight.most, straight.params

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        return (part if fewest <= len(args) <= most and known.issuperset(kwargs) else whole)(args, kwargs)

    return record


def _lowering(lower: Call, record: Call) -> Call:
    def lower_first(args: Any, kwargs: dict[str, Any]) -> Any:
        answer = lower(args, kwargs)
        return record(args, kwargs) if answer is NotImplemented else wrap_arrays(answer)

    return lower_first


def _traced(values: Any) -> bool:
    return settings.recording() and has_variable(values)


class _Recorders(Reader):
    """Makes the recorder of a function, by the kind of its rule."""

    def function(self, rule: Function) -> Call:
        general = self._general(rule)
        if rule.variadic or rule.sequence or rule.is_ufunc:
            return general
        return _single(rule, general) if len(rule.operands) == 1 and not rule.skip else _several(rule, general)

    def bilinear(self, rule: Bilinear) -> Call:
        general = self._general(rule)
        two = binary(rule, rule.call, rule.call, lambda *operands: general(operands, {}))
        return lambda args, kwargs: general(args, kwargs) if kwargs or len(args) != 2 else two(*args)

    def _general(self, rule: Function) -> Call:
        general = _general(rule)
        if rule.lower_unusual is not None:
            general = _lowering(rule.lower_unusual, general)
        return taking(rule, general, _traced)

    def composite(self, rule: Composite) -> Call:
        return taking(rule, _composite(rule), _traced)

    def inplace(self, rule: InPlace) -> Call:
        return _inplace(rule)

    def nondifferentiable(self, rule: Rule) -> Call:
        # NumPy's functions of text want an array also where a scalar is shown; its ufuncs are faster on that.
        given = unwrap if rule.is_ufunc else _with_arrays

        def call(args: Any, kwargs: dict[str, Any]) -> Any:
            out = rule.call(*given(args), **unwrap(kwargs))
            return out if type(out) is np.ndarray or type(out) is np.bool_ or rule.is_internal else gate.outward(out)

        return taking(rule, call, lambda _: False)

    def zero_gradient(self, rule: ZeroGradient) -> Call:
        return taking(rule, _zero_gradient(rule), _traced)

    def creation(self, rule: Rule) -> Call:
        return lambda args, kwargs: wrap_results(rule.func(*unwrap(args), **unwrap(kwargs)))

    def unsupported(self, rule: Rule) -> Call:
        return refusing(rule.func, rule)


_RECORDERS = _Recorders()


def _single(rule: Function, general: Callable[..., Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """Make the recorder for the usual call of a function with one operand; any other call goes to the general one."""
    forward, simple, plain, float64, ndarray = rule.forward, SIMPLE, ARRAYS, np.float64, np.ndarray
    memory = MEMORY
    is_view, join, Call, saved_alias = sharing.is_view, sharing.join, steps.Call, sharing.saved_alias
    new, node_type, order, viewed = new_object, Node, next_order, steps.VIEWED
    supported, tensor = frozenset(rule.params), wrapping.Tensor
    names = CallSignature(rule, rule.operands, rule.params, False).names
    keeps_x, keeps_out, saves = rule.keeps(0), rule.keeps_out, rule.saves
    finish, usual = _recorded(rule), rule.lower_unusual is None

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        if not args or type(args[0]) is not tensor:
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
        data, parent = x._raw, x._known
        if type(data) not in plain:
            return general(args, kwargs)
        if type(data) is not ndarray and x._alias is False:
            data = as_array(x)
        try:
            out = forward(data, **params)
        except Exception:
            return general(args, kwargs)  # where NumPy's own function says what is wrong
        if saves:
            out, kept = out
            params = {**params, SAVED: kept}
        if type(out) not in plain:
            return finish((x,), (data,), params, out) if usual and isinstance(out, tuple) else general(args, kwargs)
        if out is data:  # NumPy returns the array itself
            if parent is None or not paused or settings.recording():
                return x
            out = data.view()
        t = new(tensor)
        t._raw = out
        t._alias = None
        if type(out) in memory and out.base is not None and type(data) in memory and is_view(out, data):
            step = new(Call)
            step.rule, step.forward, step.params = rule, forward, params
            join(t, x, step)
        if (
            parent is None
            or (paused and not settings.recording())
            or (out.dtype is not parent.dtype and out.dtype.kind not in "fc")
        ):
            t._known = None
            if params and out.dtype.kind not in NUMBERS:
                gate.need_numbers(out, rule.name)
            return t
        t._known = n = new(node_type)
        n.rule = rule
        if not x._alias:
            n.args = (data,) if keeps_x else NONE
        else:
            n.args = (saved_alias(x),) if keeps_x else NONE
            parent = x._node
        if t._alias is not None and not keeps_x:
            n.args = viewed
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
    """Make the recorder for a call of a function with several operands, and with simple parameters."""
    compute, count, recorded, tensor = _computing(rule), len(rule.operands), _recorded(rule), wrapping.Tensor
    supported = frozenset(() if rule.lower_unusual is not None else rule.params)
    simple, plain = SIMPLE, PLAIN

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        if len(args) != count:
            return general(args, kwargs)
        for name, value in kwargs.items():
            if type(value) not in simple or name not in supported:
                return general(args, kwargs)
        raw = []
        for value in args:
            if type(value) is tensor:
                raw.append(value._raw)
            elif type(value) in plain or value is None:
                raw.append(value)
            else:
                return general(args, kwargs)
        return recorded(args, raw, *compute(raw, kwargs))

    return record


def _computing(rule: Function) -> Callable[[Sequence[Any], dict[str, Any]], tuple[dict[str, Any], Any]]:
    """Make what calls a function with raw operands: it returns the parameters that the tape keeps, and the result."""
    func, of_arrays = rule.call, rule.forward
    if rule.saves:

        def compute(raw: Sequence[Any], kwargs: dict[str, Any]) -> tuple[dict[str, Any], Any]:
            out, kept = of_arrays(*raw, **kwargs)
            return {**kwargs, SAVED: kept}, out

    elif rule.sequence:

        def compute(raw: Sequence[Any], kwargs: dict[str, Any]) -> tuple[dict[str, Any], Any]:
            return kwargs, func(raw, **kwargs)

    else:

        def compute(raw: Sequence[Any], kwargs: dict[str, Any]) -> tuple[dict[str, Any], Any]:
            return kwargs, func(*raw, **kwargs)

    return compute


def _general(rule: Function) -> Callable[[Any, dict[str, Any]], Any]:
    func, compute, operands, recorded = rule.call, _computing(rule), rule.operands, _recorded(rule)
    signature = CallSignature(rule, operands, rule.keywords, rule.variadic)
    count = len(operands)

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        if kwargs or len(args) != count:
            args, kwargs = signature.sort(args, kwargs)
        if rule.sequence:
            sequence = args[0]
            if not isinstance(sequence, (list, tuple)):
                # NumPy takes any sequence of arrays, an array too; a mistake such as a number gets NumPy's own error.
                sequence = list(sequence) if hasattr(sequence, "__len__") else func(sequence, **kwargs)
            inputs = [stacked(value, rule.name) for value in sequence]
        else:
            inputs = [stacked(value, rule.name) for value in args]
        _as_arrays(inputs)
        raw = tuple([unwrap(value) for value in inputs])
        if any(isinstance(value, wrapping.Dual) for value in raw):  # from a list: it takes over
            return func(inputs, **kwargs) if rule.sequence else func(*inputs, **kwargs)
        params, out = compute(raw, kwargs)
        if rule.is_ufunc:
            params = {}  # dtype, casting and order of the call concern the forward pass alone
        return recorded(inputs, raw, params, out)

    return record


def _with_arrays(args: Any) -> list[Any]:
    return [as_array(x) if isinstance(x, wrapping.Tensor) else unwrap(x) for x in args]


def _as_arrays(operands: Iterable[Any]) -> None:
    """Give each tensor that is an array the memory of one, of which the result of a call may be a view."""
    for x in operands:
        if isinstance(x, wrapping.Tensor) and x._alias is False:
            as_array(x)


def _recorded(rule: Function) -> Callable[[Sequence[Any], Sequence[Any], dict[str, Any], Any], Any]:
    """Make the function that wraps the result of a call, and records the call if there is a variable in it.

    It gets the operands, the raw arrays behind them, the parameters, and NumPy's result.
    """
    skip, last = rule.skip, len(rule.operands) - 1
    keeps = [rule.keeps(i) for i in range(last + 1)]
    ndarray, float64, numbers, tensor = np.ndarray, np.float64, NUMBERS, wrapping.Tensor

    def finish(inputs: Sequence[Any], raw: Sequence[Any], kwargs: dict[str, Any], out: Any) -> Any:
        if raw and out is raw[0] and isinstance(inputs[0], tensor):  # NumPy returns the array itself
            if inputs[0]._known is None or settings.recording():
                return inputs[0]
            out = out.view()
        if type(out) is not float64 and (type(out) is not ndarray or out.dtype.kind not in numbers):
            gate.need_numbers(out, rule.name, inputs)
        parents = tuple(
            [
                (value._known if not value._alias else value._node)
                if type(value) is tensor and i not in skip
                else value._node
                if isinstance(value, tensor) and i not in skip
                else None
                for i, value in enumerate(inputs)
            ]
        )
        if not records(parents):
            result = wrap_results(out)
        else:
            if rule.refused:
                rule.refuse_operands([parent is not None for parent in parents])
            kept = tuple(
                [
                    (x if type(value) is tensor and value._alias is None else saved(value))
                    if keeps[i if i < last else last]
                    else None
                    if node is not None
                    else spec(x)
                    for i, (value, x, node) in enumerate(zip(inputs, raw, parents, strict=True))
                ]
            )
            result = record_results(rule, kept, kwargs, out, parents)
        if type(out) in MEMORY and out.base is not None and not rule.sequence:
            _join_operand(result, inputs, rule, kwargs)
        return result

    return finish


def _join_operand(view: Any, inputs: Sequence[Any], rule: Function, kwargs: dict[str, Any]) -> None:
    """Make the result of a call a view of the operand whose memory it shares, if it does."""
    for i, x in enumerate(inputs):
        if isinstance(x, wrapping.Tensor) and type(x._raw) in MEMORY and sharing.is_view(view._raw, x._raw):
            raw = [unwrap(value) for value in inputs]
            args = tuple([spec(value) if k != i and not rule.keeps(k) else value for k, value in enumerate(raw)])
            args = (*args[:i], None, *args[i + 1 :])
            step = steps.CallAmongOthers(rule, rule.func, args, raw[:i], raw[i + 1 :], kwargs)
            sharing.join(view, x, step)
            if view._node is not None:
                view._node.args = step.saved
            return


def _composite(rule: Composite) -> Callable[[Any, dict[str, Any]], Any]:
    signature = CallSignature(rule, (), rule.params, variadic=True)
    numpys = untouched(rule)  # NumPy would write where a tape may have saved

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        args = all_entered(args, rule.name)
        if kwargs:
            kwargs = {name: value for name, value in kwargs.items() if value is not np._NoValue}
            kwargs = dict(zip(kwargs, all_entered(tuple(kwargs.values()), rule.name), strict=True))
        args, kwargs = rule.of_arrays(args, kwargs, lifted)
        if not (has_variable(args) or has_variable(kwargs)) or not settings.recording():
            _as_arrays(args)
            result = numpys(*unwrap(args), **unwrap(kwargs))
            views = _shares(result, args)
            return wrap_arrays(_constants(rule.body(*args, **kwargs))) if views else wrap_results(result)
        if any(name not in rule.params for name in kwargs):
            signature.let_numpy_refuse(args, kwargs)
        if not rule.computes_anew(args, kwargs):
            return wrap_arrays(rule.body(*args, **kwargs))
        value = numpys(*bare(args), **bare(kwargs))  # and NumPy's own error and warning
        return revalued(wrap_arrays(silently(partial(rule.body, *args, **kwargs))), value)

    return record


def _constants(result: Any) -> Any:
    """Return a constant view in place of each variable: a body may return its argument itself."""
    if isinstance(result, (tuple, list)):
        return type(result)(_constants(item) for item in result)
    if isinstance(result, wrapping.Tensor) and result._node is not None:
        with settings.no_grad:
            return result[...]
    return result


def _shares(result: Any, args: Any) -> bool:
    """Tell whether NumPy gave a view of a Tensor among the arguments; how it is one, only the body knows."""
    if isinstance(result, (tuple, list)):
        return any(_shares(item, args) for item in result)
    if type(result) not in MEMORY:
        return False
    for x in args:
        if isinstance(x, (list, tuple)):
            if _shares(result, x):
                return True
        elif isinstance(x, wrapping.Tensor) and (result is x._raw or np.may_share_memory(result, x._raw)):
            return True
    return False


def _inplace(rule: InPlace) -> Callable[[Any, dict[str, Any]], Any]:
    first = rule.params[0]

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        target = args[0] if args else kwargs.get(first)
        if isinstance(target, wrapping.Tensor):
            args = tuple(map(gate.as_guest, args))
            kwargs = {name: gate.as_guest(value) for name, value in kwargs.items()}
            become_array(target)
            if not writeable(target):
                raise ValueError(f"{rule.name}: the tensor is read-only")
            if rule.func is np.put or recorded(target, args, kwargs):  # np.put itself may fail half way
                return rule.body(*args, **kwargs)
            rest = {name: value for name, value in kwargs.items() if name != first}
            write(target, lambda raw: rule.func(raw, *unwrap(args[1:]), **unwrap(rest)))
            return None
        if settings.recording() and (has_variable(args) or has_variable(kwargs)):
            loss.refuse_write(rule.name)
        return rule.func(*unwrap(args), **unwrap(kwargs))

    return record


class _Zero(PullbackRule):
    """The rule of the calls of a function whose derivative is zero wherever it has one."""

    shared = True
    flat = True

    def __init__(self, rule: ZeroGradient) -> None:
        self.name, self.func = rule.name, rule.func

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        return [None if parent is None else np.zeros(parent.shape, parent.dtype) for parent in node.parents]


def _variables(value: Any) -> list[Node]:
    if isinstance(value, wrapping.Tensor):
        return [] if value._node is None else [value._node]
    if isinstance(value, (list, tuple)):
        return [node for item in value for node in _variables(item)]
    if isinstance(value, dict):
        return [node for item in value.values() for node in _variables(item)]
    return []


def _zero_gradient(rule: ZeroGradient) -> Callable[[Any, dict[str, Any]], Any]:
    zero = _Zero(rule)

    def record(args: Any, kwargs: dict[str, Any]) -> Any:
        args = all_entered(args, rule.name)
        out = rule.call(*unwrap(args), **unwrap(kwargs))
        parents = tuple(_variables((args, kwargs)))
        if isinstance(out, tuple) or out.dtype.kind not in "fc" or not records(parents):
            return wrap_results(out)
        return wrap(out, Node(zero, (), None, None, parents, out.shape, out.dtype))

    return record
