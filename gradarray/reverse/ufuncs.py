"""The rest of the ufunc protocol: the keywords out=, where= and axes=, and the methods reduce, accumulate and so on.

Each is lowered once, here, to plain calls that have a rule, so that no rule needs to know of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..context import settings
from ..kernels import gate
from ..kernels.traced import copy_of
from ..rules import kinds
from ..rules.names import public_name
from ..rules.registry import RULES, find
from ..rules.ufunc_methods import LOWERED, Keywords, updated_at, with_axes
from ..tape import loss, wrapping
from ..tape.wrapping import has_variable, unwrap, wrap_results
from . import elementwise, rebinding
from .functions import function_recorder
from .outputs import fill, revalued
from .views.writing import recorded, write


def _plain(ufunc: np.ufunc, result: Any, inputs: Any) -> Any:
    """Return what NumPy computed from constants: as it is where the results are truth values, else as Tensors."""
    if RULES[ufunc].plain:
        return gate.outward(result)
    gate.need_numbers(result, public_name(ufunc), inputs)
    return wrap_results(result)


def _known(ufunc: np.ufunc) -> None:
    rule = find(ufunc)
    if rule is None or rule.refuses:
        raise kinds.refuse(ufunc, rule)


# --- calls with keywords --------------------------------------------------------------------------------------------


def call_with_keywords(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: Keywords) -> Any:
    """Call a ufunc with any of its keywords."""
    _known(ufunc)
    kwargs = dict(kwargs)
    out = kwargs.pop("out", None)
    traced = not RULES[ufunc].plain and _traced(inputs, out)
    if traced and out is not None and out[0] is inputs[0] and rebinding.rebinds(ufunc, inputs):
        return rebinding.fitted(ufunc, inputs, kwargs, _recorded(ufunc, inputs, kwargs, (None,)))
    if out is not None:
        return fill(ufunc, inputs, kwargs, out, (lambda: _recorded(ufunc, inputs, kwargs, out)) if traced else None)
    if not traced:
        return _plain(ufunc, RULES[ufunc].call(*unwrap(inputs), **unwrap(kwargs)), inputs)
    return _recorded(ufunc, inputs, kwargs, (None,) * ufunc.nout)


def _recorded(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: Keywords, before: tuple[Any, ...]) -> Any:
    """Record a call without out=; `before` holds the arrays that keep their elements where a mask says so."""
    kwargs = unwrap(kwargs)
    where = kwargs.pop("where", True)
    rule: Any = RULES[ufunc]
    if rule.is_elementwise:
        result = elementwise.call_elementwise(rule, inputs, kwargs, where)
    elif {"axes", "axis", "keepdims"} & kwargs.keys():
        result = with_axes(ufunc, inputs, kwargs)
    else:
        result = function_recorder(ufunc)(inputs, kwargs)
    if where is True:
        return result
    results = result if isinstance(result, tuple) else (result,)
    chosen = tuple([np.where(where, new, 0 if old is None else old) for new, old in zip(results, before, strict=True)])
    return chosen if isinstance(result, tuple) else chosen[0]


def _traced(inputs: Any, others: Any) -> bool:
    return settings.recording() and (has_variable(inputs) or has_variable(others))


def _method(lower: Callable[..., Any]) -> Callable[[np.ufunc, tuple[Any, ...], Keywords], Any]:
    """Make the handler of a method: NumPy's own for constants and for functions with truth values, else `lower`."""
    name = lower.__name__

    def handle(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: Keywords) -> Any:
        _known(ufunc)
        numpys = getattr(ufunc, name)
        traced = not RULES[ufunc].plain and _traced(inputs, kwargs)
        if "out" in kwargs:
            kwargs = dict(kwargs)
            out = kwargs.pop("out")
            return fill(numpys, inputs, kwargs, out, (lambda: lower(ufunc, *inputs, **kwargs)) if traced else None)
        result = numpys(*unwrap(inputs), **unwrap(kwargs))  # and NumPy's own error, before anything is recorded
        return revalued(lower(ufunc, *inputs, **kwargs), result) if traced else _plain(ufunc, result, inputs)

    return handle


def at(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: Keywords) -> None:
    """Carry out ``ufunc.at(a, indices, b)``, in which an element that is named twice is changed twice."""
    _known(ufunc)
    a, indices, *rest = inputs
    indices = unwrap(indices)
    if not isinstance(a, wrapping.Tensor):
        if has_variable(rest) and settings.recording():
            loss.refuse_write(f"{public_name(ufunc)}.at")
        ufunc.at(unwrap(a), indices, *unwrap(rest), **kwargs)
        return
    if not recorded(a, rest, kwargs):
        write(a, lambda raw: ufunc.at(raw, indices, *unwrap(rest), **kwargs))
        return
    value = copy_of(a._raw)
    ufunc.at(value, indices, *unwrap(rest), **kwargs)  # and NumPy's own error, before anything has changed
    a[...] = revalued(updated_at(ufunc, a, indices, rest), value)


METHODS: dict[str, Callable[[np.ufunc, tuple[Any, ...], Keywords], Any]] = {
    **{name: _method(lower) for name, lower in LOWERED.items()},
    "at": at,
}
