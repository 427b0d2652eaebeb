"""Derivatives of a user's own Python functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import tape
from .dispatch import PLAIN, operand, records, unwrap, wrap
from .tape import Array, Node, PullbackRule


class _Custom(PullbackRule):
    """The rule of one call of a function with a gradient of its own; it is made anew for each call."""

    def __init__(self, name: str, pull: Callable[[Array], Any], count: int) -> None:
        self.name = name
        self.pull = pull
        self.count = count

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        if type(g) in PLAIN:
            with tape.no_grad():  # it may have Tensors at hand that are variables
                cotangents = unwrap(self.pull(g))
        else:
            cotangents = self.pull(g)
        cotangents = cotangents if isinstance(cotangents, (tuple, list)) else (cotangents,)
        if len(cotangents) != self.count:
            raise ValueError(
                f"the gradient of {self.name} returned {len(cotangents)} cotangent(s) for {self.count} argument(s)"
            )
        return [
            None if c is None or parent is None else c if hasattr(c, "dtype") else np.asarray(c)
            for c, parent in zip(cotangents, node.parents, strict=True)
        ]


def custom_gradient(func: Callable[..., tuple[Any, Callable[[Array], Any]]]) -> Callable[..., Any]:
    """Give a Python function a gradient of your own.

    Parameters
    ----------
    func : callable
        ``func(*args, **kwargs)`` returns the pair ``(result, pull)``, where ``pull(g)`` takes the cotangent of the
        result to the cotangents of the positional arguments: one for each, None where there is none, without a tuple
        where there is one argument. Both see plain arrays, except that `pull` sees a Tensor as `g` when the gradient
        itself is recorded; derivatives of higher order then flow through `g` alone.

    Returns
    -------
    callable
        A function of tensors that returns a Tensor.

    Raises
    ------
    TypeError
        When called, if `func` does not return such a pair.
    ValueError
        In the backward pass, if `pull` returns a wrong number of cotangents.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> @ga.custom_gradient
    ... def log1pexp(x):
    ...     e = np.exp(x)
    ...     return np.log1p(e), lambda g: g * (1 - 1 / (1 + e))
    >>> x = ga.tensor(0.0)
    >>> log1pexp(x).backward()
    >>> x.grad
    array(0.5)
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        pairs = [operand(value) for value in args]
        with tape.no_grad():
            answer: Any = func(*(raw for raw, _ in pairs), **kwargs)
        if not (isinstance(answer, tuple) and len(answer) == 2 and callable(answer[1])):
            raise TypeError(f"{func.__name__} returns the pair (result, pull) here, not {answer!r:.60}")
        out, pull = answer
        out = out if hasattr(out, "dtype") else np.asarray(out)
        parents = tuple(node for _, node in pairs)
        if not records(parents):
            return wrap(out)
        rule = _Custom(func.__name__, pull, len(args))
        return wrap(out, Node(rule, (None,) * len(args), None, None, parents, out.shape, out.dtype))

    return call
