"""What ``constant=`` asks of a call: results that are constants, or variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..context import settings
from ..tape import wrapping


def check_constant(constant: Any) -> None:
    """Raise for what is no answer to the question whether a tensor is a constant."""
    if constant is not None and not isinstance(constant, (bool, np.bool_)):
        raise TypeError(f"constant= is True, False or None, not {constant!r:.60}")


def with_constant(call: Callable[..., Any], constant: bool, args: Any, kwargs: dict[str, Any]) -> Any:
    """Make a call whose results are constants, or variables."""
    check_constant(constant)
    if constant:
        with settings.no_grad:
            return call(*args, **kwargs)
    return as_variables(call(*args, **kwargs))


def as_variables(result: Any) -> Any:
    """Return the results of a call as variables."""
    if isinstance(result, (tuple, list)):
        return wrapping.with_items(result, [as_variables(item) for item in result])
    if isinstance(result, wrapping.Tensor) and result.constant:
        return wrapping.Tensor(result, constant=False, copy=False)
    return result
