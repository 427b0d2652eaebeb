"""Values, and functions of the package's own, as text that says all of them with nothing but NumPy."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
from operator import attrgetter
from typing import Any

import numpy as np

from ...rules.names import public_name

# An array of more numbers is not spelt out.
_MOST = 1000
_USUAL = frozenset("?lqdD")


def spelt(value: Any) -> str | None:
    """Return Python text for a value, or None where it would be too long, or there is none."""
    if isinstance(value, np.generic):
        text = repr(str(value)) if value.dtype.char == "g" else _shown(value.item())
        return f"np.{value.dtype.name}({text})"
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.dtype):
        return f"np.dtype({value.str!r})"
    if isinstance(value, type) or callable(value):
        name = getattr(value, "__name__", "")
        if getattr(np, name, None) is value:
            return f"np.{name}"
        return name if hasattr(builtins, name) else _in_numpy(value)
    text = _shown(value)
    try:
        return text if eval(text, {"np": np}) == value else None
    except Exception:
        return None


def _in_numpy(func: Any) -> str | None:
    """Return the name of a function that stands in a module of NumPy's, if everybody can call it by that."""
    name = public_name(func)
    try:
        return name if name.startswith("np.") and attrgetter(name[3:])(np) is func else None
    except AttributeError:
        return None


def _array(x: np.ndarray[Any, Any]) -> str | None:
    dtype = "" if x.dtype.char in _USUAL else f", np.{x.dtype.name}"
    shape = str(x.shape[0]) if x.ndim == 1 else str(x.shape)
    if x.dtype.kind not in "biufc":
        return None
    if x.size and x.dtype.kind == "f" and x.tobytes() == bytes(x.nbytes):
        return f"np.zeros({shape}{dtype})"
    first = x[(0,) * x.ndim] if x.size else x.dtype.type(0)
    if x.ndim and (not x.size or not any(x.strides) or np.array(x).tobytes() == first.tobytes() * x.size):
        if first == 1 and x.dtype.kind == "f":
            return f"np.ones({shape}{dtype})"
        return f"np.full({shape}, {_shown(first.item())}{dtype})"
    if x.ndim == 1 and x.dtype.kind == "i" and x.size > 2:
        step = int(x[1]) - int(x[0])
        if step and (np.diff(x) == step).all():
            ends = (int(x[0]), int(x[-1]) + (1 if step > 0 else -1), step)
            return f"np.arange({', '.join(map(str, ends[1:2] if ends[::2] == (0, 1) else ends))}{dtype})"
    if x.ndim == 2 and x.shape[0] == x.shape[1] and x.dtype.kind == "f" and (x == np.eye(len(x))).all():
        return f"np.eye({len(x)}{dtype and ', dtype=' + dtype[2:]})"
    return f"np.array({_shown(x.tolist())}{dtype})" if x.size <= _MOST else None


def _shown(value: Any) -> str:
    """Return the text of a number, or of nested lists of them."""
    return re.sub(r"(?<![\w.'\"])(nan|inf)(?![\w'\"])", r"np.\1", repr(value))


# --- functions --------------------------------------------------------------------------------------------------------


def helper(name: str, func: Any) -> str | None:
    """Return a definition of a function under a name, if it needs nothing but NumPy."""
    text = _definition(inspect.unwrap(func), name) if inspect.isfunction(inspect.unwrap(func)) else None
    if text is None:
        return None
    free = _free_names(text)
    return text if free <= {"np", "math"} else None


def _definition(func: Any, name: str) -> str | None:
    """Return the text of a function without decorators and annotations."""
    if func.__closure__:
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(func)))
    except (OSError, TypeError, SyntaxError):
        return None
    (node,) = tree.body[:1]
    if not isinstance(node, ast.FunctionDef):
        return None
    node.decorator_list, node.returns, node.name = [], None, name
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        argument.annotation = None
    return ast.unparse(node)


def _free_names(text: str) -> set[str]:
    tree = ast.parse(text)
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    stored |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    stored |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return {name for name in read - stored if not hasattr(builtins, name)}
