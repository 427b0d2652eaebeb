"""All numbers of a container as one vector, which is what solvers work on, and the container back from the vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..elsewhere.answers import telling
from ..forward.dual import Dual
from ..kernels.gate import ARRAYS, NUMBERS, argument
from ..kernels.traced import array_of
from ..reverse.tensor import Tensor
from ..tape.wrapping import stacked
from . import containers
from .checks import dtype_of, shape_of
from .containers import Fixed, Tree


class _Leaf(NamedTuple):
    """Where the numbers of one leaf stand in the vector, and what it is made of them.

    Attributes
    ----------
    start, stop : their place
    shape, dtype : of the leaf
    kind : the type that a leaf of plain numbers has: np.ndarray, np.generic or Tensor
    constant : whether that is a constant Tensor
    """

    start: int
    stop: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    kind: type
    constant: bool

    def taken(self, vector: Any) -> Any:
        """Return the leaf from a vector of its own."""
        shape = self.shape
        part = vector[self.start : self.stop] if shape else vector[self.start]
        if len(shape) > 1:
            part = part.reshape(shape)
        if part.dtype.kind == "c" and self.dtype.kind != "c":
            part = np.real(part)
        if self.dtype.kind in "fc" and part.dtype != self.dtype:
            part = part.astype(self.dtype)
        if isinstance(part, (Tensor, Dual)):
            return part
        if self.kind is Tensor:
            return Tensor(part, constant=self.constant or None)
        return array_of(part) if self.kind is np.ndarray else part


class Unflatten:
    """Makes a container of the numbers in a vector; see `flatten`. No closure, so that it can be pickled."""

    def __init__(self, tree: Tree, leaves: tuple[_Leaf, ...]) -> None:
        self._tree = tree
        self._leaves = leaves
        self._size = max([leaf.stop for leaf in leaves], default=0)

    def __call__(self, vector: Any, /) -> Any:
        vector = stacked(vector, "unflatten")
        if not isinstance(vector, (Tensor, Dual)):
            vector = array_of(argument(vector, "the vector"))
        if vector.dtype.kind not in NUMBERS:
            raise TypeError(f"unflatten takes a vector of numbers, not one of dtype {vector.dtype}")
        if vector.shape != (self._size,):
            raise ValueError(f"the container holds {self._size} number(s), but the vector has shape {vector.shape}")
        vector = np.copy(vector)  # which parts of the container may be updated without changing the caller's
        return self._tree.unflatten([leaf.taken(vector) for leaf in self._leaves])

    def __reduce__(self) -> Any:
        example = self._tree.unflatten([np.zeros(leaf.shape, leaf.dtype)[()] for leaf in self._leaves])
        return _unflatten_like, (example, self._leaves)


def _unflatten_like(example: Any, leaves: tuple[_Leaf, ...]) -> Unflatten:
    return Unflatten(containers.flatten(example)[1], leaves)


@telling
def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return all numbers of a container as one vector, and the function that makes such a container of a vector.

    So a solver that knows vectors alone finds the best of parameters that stand in containers.

    Parameters
    ----------
    value : array_like or container
        Arrays and numbers in lists, tuples, named tuples, dicts and dataclasses, one inside the other, and in objects
        that `register_container` knows. What is no number stays with the container.

    Returns
    -------
    flat : ndarray of shape (n,)
        The elements in the order of the container, each array in C order. The parts of a dict come in the order of its
        keys, so that two dicts with the same keys have the same order, unless the keys cannot be sorted. The dtype is
        the one that holds them all, float64 if there are none. It is a Tensor if one of the parts is: the elements of
        variables stay connected to these, in both modes.
    unflatten : callable
        ``unflatten(vector)`` returns the container with the elements of a vector of shape (n,), copied and in the
        dtypes of its parts. Integers and truth values, which could not hold what a solver finds, become numbers of the
        vector's; of a complex vector, a part that was real gets the real part. Parts of a variable are variables
        connected to it. Otherwise an array stands where there was one, a tensor of the same kind where there was a
        tensor, and a NumPy scalar for a number.

    Raises
    ------
    TypeError
        For what is no number and no container, and an array of other things than numbers.
    ValueError
        By `unflatten`, for a vector of another shape.

    See Also
    --------
    tree_map : a function of each array and number.
    grad : takes containers as they are.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> line = {"slope": 0.0, "offsets": np.zeros(2)}
    >>> flat, unflatten = ga.flatten(line)
    >>> flat
    array([0., 0., 0.])
    >>> unflatten([1.0, 2.0, 3.0])
    {'slope': np.float64(3.0), 'offsets': array([1., 2.])}

    A function of the container as one of the vector, which ``scipy.optimize.minimize(..., flat, jac=True)`` takes:

    >>> def loss(p):
    ...     return (p["slope"] - 2) ** 2 + np.sum((p["offsets"] - [1.0, -1.0]) ** 2)
    >>> value, gradient = ga.value_and_grad(lambda x: loss(unflatten(x)))(flat)
    >>> gradient
    array([-2.,  2., -4.])
    """
    leaves, tree = containers.flatten(value)
    if tree.kind is Fixed:
        raise TypeError(f"flatten takes arrays, numbers and containers of them, not {value!r:.60}")
    paths = list(tree.paths())
    for i, leaf in enumerate(leaves):
        if type(leaf) not in ARRAYS and not isinstance(leaf, (Tensor, Dual)):
            leaves[i] = leaf = array_of(argument(leaf, f"flatten: value{paths[i]}"))[()]
        if leaf.dtype.kind not in NUMBERS:
            raise TypeError(f"flatten takes numbers, but value{paths[i]} is of dtype {leaf.dtype}")
    found: list[Any] = [None] * len(leaves)
    vectors, stop = [np.zeros(0)] if not leaves else [], 0
    for i in tree.order():
        leaf = leaves[i]
        start, stop = stop, stop + int(np.prod(shape_of(leaf)))
        kind = Tensor if isinstance(leaf, (Tensor, Dual)) else np.ndarray if type(leaf) is np.ndarray else np.generic
        constant = isinstance(leaf, Tensor) and leaf.constant
        found[i] = _Leaf(start, stop, shape_of(leaf), dtype_of(leaf), kind, constant)
        vectors.append(np.ravel(leaf))
    return np.concatenate(vectors), Unflatten(tree, tuple(found))
