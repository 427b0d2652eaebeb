"""Recorders of calls with one or two operands, on the way of every recorded operation.

What can be known from the rule is worked out when a recorder is made: at a call there is nothing left to find out but
which of the operands are variables.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..context import settings
from ..context.settings import paused
from ..kernels import gate, guard
from ..kernels.arrays import FLOAT64, SPLIT, Array
from ..kernels.gate import NUMBERS, PLAIN
from ..kernels.traced import TRACED
from ..rules.differentiable import Elementwise, Function
from ..tape import wrapping
from ..tape.nodes import OUTDATED, RELEASED, Node, next_order
from ..tape.wrapping import new_object, stacked, unwrap, wrap
from .arguments import foreign
from .boxing import saved
from .notes import add_shapes
from .views import sharing

Calculation = Callable[..., Array]

# The recorders of the usual calls, here, in functions.py and in views/reading.py, fill Tensor and Node in line: a call
# of Node(...) and of wrap() would take as long as all the rest of a recorded operation.

# What a node saves that needs nothing of its operands: one object for all, which the garbage collector passes over.
NONE, _NEITHER = (None,), (None, None)


def unary(rule: Elementwise, calculate: Calculation, large: Calculation) -> Callable[..., Any]:
    new, node_type, order, float64, ndarray = new_object, Node, next_order, np.float64, np.ndarray
    tensor = wrapping.Tensor
    keeps_x, keeps_out = rule.keeps(0), rule.keeps_out

    def record(x: Any) -> Any:
        if type(x) is not tensor:
            return call_elementwise(rule, (x,), {})
        data = x._raw
        out = calculate(data) if type(data) is not ndarray or data.size < SPLIT else large(data)
        t = new(tensor)
        t._raw = out
        t._alias = None
        parent = x._known
        if parent is None or (paused and not settings.recording()):
            t._known = None
            return t
        t._known = n = new(node_type)
        n.rule = rule
        if not x._alias:
            n.args = (data,) if keeps_x else NONE
        else:
            n.args = (sharing.saved_alias(x),) if keeps_x else NONE
            parent = x._node
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


def binary(
    rule: Elementwise | Function, calculate: Calculation, large: Calculation, general: Callable[..., Any]
) -> Callable[..., Any]:
    new, node_type, order, plain, float64, ndarray = new_object, Node, next_order, PLAIN, np.float64, np.ndarray
    float64_dtype, numbers, tensor, outdated, released = FLOAT64, NUMBERS, wrapping.Tensor, OUTDATED, RELEASED
    x_of_x, y_of_x = rule.partial_needs(0, 0), rule.partial_needs(0, 1)
    x_of_y, y_of_y = rule.partial_needs(1, 0), rule.partial_needs(1, 1)
    x_of_any, y_of_any = x_of_x or x_of_y, y_of_x or y_of_y
    any_of_x, any_of_y, any_of_any = x_of_x or y_of_x, x_of_y or y_of_y, x_of_any or y_of_any
    keeps_out, secured, saved_alias, become_large = (
        rule.keeps_out,
        guard.secured_array,
        sharing.saved_alias,
        _become_large,
    )
    split = SPLIT if rule.is_elementwise else sys.maxsize

    def record(x1: Any, x2: Any) -> Any:
        if type(x1) is tensor:
            x, p = x1._raw, x1._known
            if x1._alias and p is not None and (p is outdated or p.rule is released):
                p = x1._node  # of a view
        elif type(x1) in plain and type(x1) is not complex:  # Python's 1j * np.float64(2.0) is Python's complex number
            x, p = x1, None
        else:
            return general(x1, x2)
        if type(x2) is tensor:
            y, q = x2._raw, x2._known
            if x2._alias and q is not None and (q is outdated or q.rule is released):
                q = x2._node
        elif type(x2) in plain:
            y, q = x2, None
        else:
            return general(x1, x2)
        try:
            if type(x) is not ndarray:
                out = calculate(x, y) if type(y) is not ndarray or y.size < split else large(x, y)
            else:
                size = x.size
                if size >= split or (type(y) is ndarray and size * y.size >= split and become_large(x, y)):
                    out = large(x, y)
                else:
                    out = calculate(x, y)
        except Exception as error:
            add_shapes(error, rule.func, (x1, x2))
            raise
        t = new(tensor)
        t._raw = out
        t._alias = None
        if (p is None and q is None) or (paused and not settings.recording()):
            t._known = None
            if type(out) is ndarray:
                if out.dtype is not float64_dtype and out.dtype.kind not in numbers:
                    gate.need_numbers(out, rule.name, (x1, x2))
            elif type(out) is not float64:
                gate.need_numbers(out, rule.name, (x1, x2))
            return t
        t._known = n = new(node_type)
        n.rule = rule
        if any_of_any:
            if type(x) is ndarray and (x_of_x if q is None else x_of_y if p is None else x_of_any):
                if x1 is x:
                    x = secured(x)
                elif x1._alias is not None:
                    x = saved_alias(x1)
            if type(y) is ndarray and (y_of_x if q is None else y_of_y if p is None else y_of_any):
                if x2 is y:
                    y = secured(y)
                elif x2._alias is not None:
                    y = saved_alias(x2)
            if q is None:
                n.args = (x if x_of_x else None, y if y_of_x else None) if any_of_x else _NEITHER
            elif p is None:
                n.args = (x if x_of_y else None, y if y_of_y else None) if any_of_y else _NEITHER
            else:
                n.args = (x if x_of_any else None, y if y_of_any else None)
        else:
            n.args = _NEITHER
        n.kwargs = None
        n.out = out if keeps_out else None
        n.parents = (p, q)
        n.grad = None
        n.order = order()
        if type(out) is float64:
            n.shape, n.dtype = (), FLOAT64
            return t
        if type(out) is not ndarray:
            if type(out) in TRACED:
                needs = (x_of_x, y_of_x) if q is None else (x_of_y, y_of_y) if p is None else (x_of_any, y_of_any)
                n.args = tuple([saved(z) if need else None for z, need in zip((x1, x2), needs, strict=True)])
            elif not hasattr(out, "dtype"):  # a product of objects is one of them
                gate.need_numbers(out, rule.name, (x1, x2))
        n.shape, n.dtype = out.shape, out.dtype
        if n.dtype is not float64_dtype and n.dtype.kind not in numbers:
            gate.need_numbers(out, rule.name, (x1, x2))
        return t

    return record


def call_elementwise(rule: Elementwise, inputs: tuple[Any, ...], keywords: dict[str, Any], where: Any = True) -> Any:
    """Record an element-wise call in its general form: any operands, any keywords of a ufunc but out."""
    if any(foreign(value) for value in inputs):
        return NotImplemented
    inputs = tuple([stacked(value, rule.name) for value in inputs])
    raw = unwrap(inputs)
    if any(isinstance(value, wrapping.Dual) for value in raw):  # from a list: it takes over
        return rule.call(*inputs, **keywords, where=where)
    parents = tuple([value._node if isinstance(value, wrapping.Tensor) else None for value in inputs])
    if where is True:
        out = rule.call(*raw, **keywords)
    else:
        out = rule.call(*raw, out=None, where=where, **keywords)
        out = np.where(where, out, np.zeros((), out.dtype))  # NumPy leaves these slots uninitialised
    if type(out) is not np.ndarray or out.dtype.kind not in NUMBERS:
        gate.need_numbers(out, rule.name, inputs)
    if out.dtype.kind not in "fc" or not records(parents):  # integers, asked for by dtype=, are constants
        return wrap(out)
    if rule.refused:
        rule.refuse_operands([parent is not None for parent in parents])
    args = tuple([saved(value) if rule.keeps(i) else None for i, value in enumerate(inputs)])
    return wrap(out, Node(rule, args, None, out if rule.keeps_out else None, parents, out.shape, out.dtype))


def records(parents: Iterable[Node | None]) -> bool:
    """Tell whether a call with these parents goes on the tape."""
    if paused and not settings.recording():
        return False
    for parent in parents:  # noqa: SIM110 - any() of a generator takes twice as long
        if parent is not None:
            return True
    return False
