"""Containers leaf by leaf, for the user's own updates: a function of each leaf, and the list of all leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..elsewhere.answers import telling
from . import containers
from .containers import Fixed, Tree

IsLeaf = Callable[[Any], bool] | None


@telling
def tree_map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """Apply a function to each leaf of a container, and return the results in a container like it.

    Parameters
    ----------
    f : callable
        ``f(leaf, *others)`` gets an array or a number of `tree`, and what stands in the same place of each of `rest`.
        It may return anything. It is called in the order of `tree_leaves`.
    tree : array_like or container
        Arrays and numbers in lists, tuples, named tuples, dicts and dataclasses, one inside the other, and in objects
        that `register_container` knows. What is no number (None, truth values, strings, functions) stays as it is.
    *rest
        Containers with the same parts, in which anything may stand in the place of a leaf of `tree`. A dict may be of
        another type, and have its keys in another order.
    is_leaf : callable, optional
        ``is_leaf(part)`` tells whether a part goes to `f` as a whole: a container, None, or what is no number. It is
        asked before one looks into the part.

    Returns
    -------
    container like `tree`
        What `f` does with Tensors is recorded, as ever, so that functions with `tree_map` can be differentiated.

    Raises
    ------
    TypeError
        If `tree` is no array, number or container.
    ValueError
        If one of `rest` has other parts than `tree`; the message says where.

    See Also
    --------
    flatten : all numbers as one vector.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> params = {"w": np.array([1.0, 2.0]), "b": 3.0, "activation": "tanh"}
    >>> ga.tree_map(lambda p, g: p - 0.5 * g, params, {"w": np.array([2.0, 0.0]), "b": 1.0, "activation": "tanh"})
    {'w': array([0., 2.]), 'b': 2.5, 'activation': 'tanh'}
    >>> shapes = ga.tree_map(np.shape, params)
    >>> shapes["w"], shapes["b"]
    ((2,), ())
    >>> ga.tree_map(np.zeros, shapes, is_leaf=lambda part: isinstance(part, tuple))["w"]
    array([0., 0.])
    """
    leaves, shape = _taken_apart(tree, is_leaf, "tree_map")
    columns = [leaves, *(shape.up_to(other, f"rest[{i}]") for i, other in enumerate(rest))]
    made: list[Any] = [None] * len(leaves)
    for i in shape.order():
        made[i] = f(*[column[i] for column in columns])
    return shape.unflatten(made)


@telling
def tree_leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """Return the arrays and numbers in a container as a list.

    Parameters
    ----------
    tree : array_like or container
        As of `tree_map`; what is no number is left out.
    is_leaf : callable, optional
        As of `tree_map`.

    Returns
    -------
    list
        In the order of the container; the parts of a dict in the order of its keys, so that two dicts with the same
        keys have the same order, unless the keys cannot be sorted.

    Raises
    ------
    TypeError
        If `tree` is no array, number or container.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.tree_leaves({"w": [np.ones(2), np.zeros(2)], "b": 3.0, "name": "net"})
    [3.0, array([1., 1.]), array([0., 0.])]

    A penalty on all weights:

    >>> sum(np.sum(p**2) for p in ga.tree_leaves({"w": np.ones(2), "b": 3.0}))
    np.float64(11.0)
    """
    leaves, shape = _taken_apart(tree, is_leaf, "tree_leaves")
    return [leaves[i] for i in shape.order()]


def _taken_apart(value: Any, is_leaf: IsLeaf, name: str) -> tuple[list[Any], Tree]:
    leaves, shape = containers.flatten(value, is_leaf)
    if shape.kind is Fixed:
        raise TypeError(
            f"{name} takes arrays, numbers and containers of them, not {value!r:.60}; ga.register_container lets it "
            "look into objects of a class"
        )
    return leaves, shape
