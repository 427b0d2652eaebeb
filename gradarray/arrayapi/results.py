"""What the functions of the namespace give: arrays of this library, and new ones that can hold variables."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..batch.mapped import lane_in
from ..dropin.making import fillable
from ..kernels.gate import hosted
from ..reverse.tensor import Tensor
from ..rules.registry import find
from ..tape.wrapping import has_tensor, wrap_results


def conforming(mirror: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the mirror as the standard has it: it gives arrays of the library, whatever they hold."""
    if hasattr(mirror, "__connected__"):
        return _creating(mirror)
    rule = find(getattr(mirror, "__wrapped__", None))
    if rule is None or not rule.plain:
        return mirror

    @functools.wraps(mirror)
    def call(*args: Any, **kwargs: Any) -> Any:
        return as_arrays(mirror(*args, **kwargs))

    return call


def _creating(mirror: Any) -> Callable[..., Any]:
    """Return a function that makes arrays; of variables, it makes one that depends on them."""
    func = mirror.__wrapped__

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        if has_tensor((args, kwargs)) or lane_in((args, kwargs)) is not None:
            made = mirror.__connected__(*args, **kwargs)
            return made if any(made is x for x in args) else new(made)
        return new(func(*args, **kwargs), (func, args, kwargs))

    return call


def as_arrays(result: Any) -> Any:
    """Return a result as arrays of the library, also what another library has computed of its own arrays."""
    if type(result) in (list, tuple):
        return type(result)(map(as_arrays, result))
    return Tensor(result, constant=True, copy=False) if hosted(type(result)) else wrap_results(result)


def new(made: Any, call: Any = None) -> Any:
    """Return new arrays as constants that can be written into, with what is differentiated here.

    In forward mode, or for many elements at once, they are of the kind of the arrays that this goes on with.

    Parameters
    ----------
    made : array, or several
    call : what made it: a function, its arguments and its keywords, if these hold nothing that is traced
    """
    if isinstance(made, (list, tuple)):
        return type(made)([new(item) for item in made])
    if type(made) is Tensor and made.constant and type(made._raw) is np.ndarray:
        made = made._raw
    return as_arrays(fillable(made, call))
