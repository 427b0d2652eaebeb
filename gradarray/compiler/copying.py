"""Copies of a tape, with something else in the place of each array and number that it saved."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ..kernels.traced import TRACED
from ..tape.comparing import Path, parts
from ..tape.nodes import Node, leaf
from .program.statements import JitError

_VALUES = (bool, int, float, complex, str, bytes, slice, np.dtype, type(None), type(Ellipsis))
# Stands in a copy of a node for the gradient of an earlier sweep.
_EARLIER = object()
# Larger arrays stay as they are, where other numbers are asked for.
_LARGE = 1 << 20

Enter = Callable[[Path, Any], Any]
Factors = Callable[[tuple[int, ...]], Any]


class Copied:
    """A tape of which copies are made. What it saved is gone through once, for all of them.

    Parameters
    ----------
    nodes : from the oldest on
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        number = {node: k for k, node in enumerate(nodes)}
        # What is older is so in the copies.
        self._older = dict.fromkeys([q for node in nodes for q in node.parents if q is not None and q not in number])
        # Of each node how its parents are found, and how what it saved is made again.
        self._parents: list[list[Any]] = [
            [q if q is None or q not in number else number[q] for q in node.parents] for node in nodes
        ]
        saved = [((".args", node.args), (".kwargs", node.kwargs), (".out", node.out)) for node in nodes]
        self._saved = [
            [_maker((k, path), value) for path, value in some] if nodes[k].rule is not None else []
            for k, some in enumerate(saved)
        ]

    def again(self, enter: Enter, rule: Callable[[Any], Any] | None = None) -> list[Node]:
        """Return a copy.

        Parameters
        ----------
        enter : returns what stands for a saved array or number, given the place as well
        rule : returns what stands for a rule
        """
        older = {q: leaf(q.shape, q.dtype) for q in self._older}
        copies: list[Node] = []
        for node, parents, saved in zip(self._nodes, self._parents, self._saved, strict=True):
            if node.rule is None:
                new = leaf(node.shape, node.dtype)
            else:
                args, kwargs, out = [make(enter) for make in saved]
                found = tuple([copies[q] if type(q) is int else None if q is None else older[q] for q in parents])
                stands = node.rule if rule is None else rule(node.rule)
                new = Node(stands, args, kwargs, out, found, node.shape, node.dtype)
            new.grad = _EARLIER
            copies.append(new)
        return copies


def _maker(path: Path, value: Any) -> Callable[[Enter], Any]:
    """Return a function that makes a saved value again, of what stands for the arrays and numbers in it."""
    kind = type(value)
    if value is None:
        return _nothing
    if kind is int or kind is slice:
        return lambda _enter: value
    if kind is np.ndarray or isinstance(value, np.generic):
        if value.dtype.kind not in "biufc":
            raise JitError("an array of no numbers")
        return lambda enter: enter(path, value)
    if kind in TRACED:
        raise JitError("an array of another program")
    if kind is float:
        return lambda enter: enter(path, value)
    inner = parts(value)
    if inner is None and not _may_be_kept(value):
        raise JitError("a call was given something that may be large, or change")
    if not inner:
        return lambda _enter: value
    old = [part for _, part in inner]
    makers = [_maker((path[0], path[1] + more), part) for more, part in inner]

    def make(enter: Enter) -> Any:
        new = [maker(enter) for maker in makers]
        if all(map(operator.is_, new, old)):
            return value
        if kind is dict:
            return dict(zip(value, new, strict=True))
        if isinstance(value, (tuple, list)):
            return kind(new)
        again = copy.copy(value)
        for name, part in zip(kind.PARTS, new, strict=True):
            setattr(again, name, part)
        return again

    return make


def _nothing(_enter: Enter) -> None:
    """Make what is not there."""


def _may_be_kept(value: Any) -> bool:
    """Tell whether a plan may refer to something: a value that is compared, or what is there for good."""
    if isinstance(value, _VALUES):
        return True
    module = getattr(value, "__module__", None) or ""
    return not isinstance(value, np.ndarray) and module.startswith(("builtins", "numpy", "gradarray."))


def some_factors(n: int) -> Iterator[Factors]:
    """Yield functions that return positive factors around 1, of a shape.

    Every second one gives the same factor each time: where a result is one of the elements, it stays so.
    """
    rng = np.random.default_rng(0)
    for i in range(n):
        same = rng.uniform(0.75, 1.25)
        yield (lambda shape: rng.uniform(0.75, 1.25, shape)) if i % 2 else partial(np.full, fill_value=same)


def other(x: Any, factors: Factors) -> Any:
    """Return an array or number that differs from one in its values alone, and has its signs, zeros and integers."""
    if type(x) is float:
        return x * float(factors(()))
    if x.dtype.kind not in "fc" or x.size > _LARGE:
        return x
    new = np.asarray(x * factors(x.shape)).astype(x.dtype, copy=False)
    if type(x) is not np.ndarray:
        return new[()]
    if x.flags.c_contiguous and new.strides == x.strides:
        return new
    # In the same place of as much memory: how an array lies there decides in which order it is summed up.
    low, high = byte_bounds(x)
    memory = np.empty(high - low, np.uint8)
    there = np.ndarray(x.shape, x.dtype, memory, x.ctypes.data - low, x.strides)
    there[...] = new
    return there
