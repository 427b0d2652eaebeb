"""What cannot be done for all elements at once within `ga.vmap`, and what to write instead."""

from __future__ import annotations


class VmapError(RuntimeError):
    """Raised where the function that `vmap` maps asks for something that only a single element has an answer to."""

    # No TypeError, in whose place NumPy would raise another one when such an array is put into a plain one.
    __module__ = "gradarray"
    # Whether it is the same if one element is done after the other.
    final = False


_WAYS = {
    "bool": (
        "a condition such as `if x > 0` is true for some elements and false for others",
        "np.where(condition, a, b), or np.minimum, np.maximum, np.clip",
    ),
    "int": ("int(x) is another number for each element", "x.astype(int), which can be an index of np.take"),
    "float": (
        "float(x), and what NumPy or Python does when it asks for a number, is another one for each element",
        "x itself, np.* in place of math.*, and np.stack in place of filling a plain array",
    ),
    "complex": ("complex(x) is another number for each element", "x.astype(complex)"),
    "index": (
        "it is another index, length or count for each element",
        "np.take(a, i, axis=0) to index a plain array; a shape or a range must be the same for all elements",
    ),
    "item": ("x.item() is another number for each element", "x itself"),
    "tolist": ("x.tolist() is another list for each element", "x itself, or [*x]"),
    "contains": ("`in` is true for some elements and false for others", "np.any(x == value)"),
    "array": (
        "it stands for all elements, and is not one array",
        "np.* functions of x itself; np.stack for a list of such arrays, np.take(a, i, axis=0) to index a plain array "
        "by one, and in place of filling a plain array np.stack, np.zeros_like(x), or np.zeros without drop_in=False",
    ),
    "place": (
        "as an index of a plain array, as in table[i], it leads elsewhere for each element, and NumPy asks it for one",
        "np.take(table, i, axis=0), np.take(table, j, axis=1) for table[:, j], or np.array(table)[i, j] for any index; "
        "np.stack for a list of such arrays",
    ),
    "mask": (
        "a mask selects another number of elements for each one",
        "np.where(mask, x, 0), or the where= of np.sum, np.mean, np.max",
    ),
    "outer": (
        "an array of the vmap around this one cannot hold what is another value for each element here",
        "an array that is made within the inner function",
    ),
    "random": (
        "numbers that are drawn here would be the same for all elements",
        "them as an argument of the function, drawn for all elements before: one more array to map",
    ),
    "memory": (
        "an object that keeps its numbers in C cannot stand for several elements",
        "a loop over the elements",
    ),
    "holds": (
        "the array was made of plain numbers, and cannot hold a variable",
        "x = x + y in place of x += y, and np.stack in place of filling it",
    ),
}


def refused(what: str, name: str = "") -> VmapError:
    """Return the error that says why something cannot be done, and what to write."""
    if what == "write":
        return VmapError(
            f"vmap: {name} would write results of all elements into one plain array. Let it return them, or write into "
            "an array that is made within the function: np.zeros, without drop_in=False, or np.zeros_like(x)"
        )
    if what == "shapes":
        return VmapError(
            f"vmap: the result of {name} has another shape for other elements, so that they do not stand side by side. "
            "Write what has the same shape for all, such as np.where in place of a mask; chunk_size=1 calls the "
            "function for one element at a time, whose results must be of one shape"
        )
    why, write = _WAYS[what]
    error = VmapError(
        f"vmap maps all elements at once, and {why}. Write {write}; or give vmap chunk_size=1, and the function is "
        "called with one element after the other"
    )
    error.final = what == "random"
    return error


def over() -> VmapError:
    return VmapError(
        "an array of a vmap that has ended: what its function computes is to be returned, not kept elsewhere"
    )
