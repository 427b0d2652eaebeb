"""What may be differentiated, and what may come out of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..batch.mapped import Mapped
from ..forward.dual import Dual
from ..kernels.arrays import FLOAT64
from ..kernels.gate import ARRAYS, PLAIN, Guest, argument, beside, returned
from ..reverse.tensor import Tensor
from ..tape.wrapping import bare
from .containers import Tree, flatten


def dtype_of(x: Any) -> np.dtype[Any]:
    """Return the dtype of an array or a number."""
    return x.dtype if hasattr(x, "dtype") else np.result_type(x)


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of an array or a number; np.shape takes the long way through dispatch for a Tensor."""
    return x.shape if hasattr(x, "dtype") else ()


def is_usual(x: Any) -> bool:
    """Tell whether there is nothing to check of an argument, and nothing to be converted."""
    return (type(x) is np.ndarray or type(x) is np.float64) and x.dtype is FLOAT64


def zeros_of(x: Any) -> Any:
    """Return zeros in the shape and dtype of an array or a number."""
    zeros = np.zeros(shape_of(x), dtype_of(x))[()]
    return zeros if type(x) in ARRAYS and type(x) is not Guest else beside(zeros, bare(x))


# --- what may go in and come out ------------------------------------------------------------------------------------


def _argument(place: int | str, tree: Tree, i: int) -> str:
    return f"argument {place!r}{list(tree.paths())[i]}"


def check_argument(x: Any, transform: str, name: str, place: int | str, tree: Tree, i: int) -> Any:
    """Return a leaf as an array or a number; raise TypeError for one that has no derivative."""
    if type(x) not in PLAIN and not isinstance(x, (Tensor, Dual, Mapped)):
        x = argument(x, f"{_argument(place, tree, i)} of {name}, to which {transform} gives a Tensor,")
    kind = x.dtype.kind if hasattr(x, "dtype") else np.asarray(x).dtype.kind
    if kind in "fc":
        return x
    what = f"{transform} differentiates by floating-point or complex numbers, but {_argument(place, tree, i)} of {name}"
    if kind in "biu":
        raise TypeError(
            f"{what} holds {'truth values' if kind == 'b' else 'integers'} ({np.result_type(x)}); "
            f"convert it first: {'x.astype(float)' if hasattr(x, 'dtype') else f'float(x), or {x!r:.20}.0'}"
        )
    raise TypeError(f"{what} is {f'of dtype {x.dtype}' if hasattr(x, 'dtype') else repr(x)[:60]}")


def check_results(value: Any, transform: str, name: str, given: Any = None) -> tuple[list[Any], Tree]:
    """Return the leaves and the tree of what a function returned; raise TypeError where there is no array in it.

    Of the arguments `given`, if these are empty containers, an empty container is a result.
    """
    leaves, tree = flatten(value)
    if not leaves and not (_is_empty(value) and _is_empty(given)):
        hint = "; does it lack a return?" if value is None else ""
        raise TypeError(f"{transform} needs a function that returns an array; {name} returned {value!r:.60}{hint}")
    for i, leaf in enumerate(leaves):
        if type(leaf) not in PLAIN and not isinstance(leaf, (Tensor, Dual, Mapped)):
            leaves[i] = leaf = returned(leaf, f"{transform} needs a function that returns arrays; {name} returned")
        if getattr(leaf, "dtype", FLOAT64).kind not in "biufc":
            raise TypeError(f"{transform} needs a function of numbers; {name} returned an array of {leaf.dtype}")
    return leaves, tree


def _is_empty(value: Any) -> bool:
    """Tell whether a value is a container without items, or of such containers."""
    if not isinstance(value, (list, tuple, dict)):
        return False
    return all(map(_is_empty, value.values() if isinstance(value, dict) else value))
