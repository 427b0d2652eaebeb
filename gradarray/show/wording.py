"""How a call on a tape is written: as the user wrote it where that is known, else as NumPy calls it."""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..context.frames import PACKAGE
from ..kernels.arrays import Spec
from ..tape.nodes import Node, Viewed
from ..transforms.argnums import parameters
from .naming import Instruction, Spot

COMPUTED, VIEW, UPDATE = "computed", "view", "update"

_OPERATORS = {
    "np.add": "+",
    "np.subtract": "-",
    "np.multiply": "*",
    "np.divide": "/",
    "np.floor_divide": "//",
    "np.remainder": "%",
    "np.power": "**",
    "np.matmul": "@",
}
_SIGNS = {"np.negative": "-", "np.positive": "+"}
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_LONGEST = 24  # characters of the user's code that stand for a constant


@dataclass(frozen=True)
class Operand:
    """What goes into a call.

    Attributes
    ----------
    text : what it is called: the name of a row, or a constant as the user has written it
    row : the number of the row, or None for a constant
    value : the array, where it is known
    """

    text: str
    row: int | None = None
    value: Any = None


class Wording:
    """How one call is to be written.

    Attributes
    ----------
    node : the node of the value
    call : the node of the call: another one where that has several results
    part : which of those it is, or None
    """

    def __init__(
        self, node: Node, answers: Instruction | None, made_by: Instruction | None, constants: tuple[Any, ...]
    ) -> None:
        self.node = self.call = node
        self.part: int | None = None
        parent = node.parents[0] if node.parents else None
        if parent is not None and type(parent.out) is tuple and type(node.args) is tuple:
            self.call, self.part = parent, node.args[0]
        self._answers, self._made_by, self._constants = answers, made_by, constants

    @functools.cached_property
    def spot(self) -> Spot:
        """What the user has written."""
        if self._answers is not None:
            return self._answers.spot
        spot = Spot() if self._made_by is None else self._made_by.spot
        # What is computed on the way to a result is that call by itself if it is the same function.
        same = isinstance(spot.expression, ast.Call) and ast.unparse(spot.expression.func) == self._name
        return spot if same else Spot()

    @property
    def _name(self) -> str:
        return "" if self.call.rule is None else self.call.rule.name

    @property
    def is_update(self) -> bool:
        """Whether it is an assignment to a part of an array."""
        return self.node.rule is not None and self.node.rule.name == "setitem"

    @property
    def reads(self) -> bool:
        """Whether it is a reading at an index."""
        return self.node.rule is not None and self.node.rule.name == "getitem"

    @property
    def place(self) -> str:
        """The index of a reading or an update, with the steps that lead there from the base; as it stands behind it."""
        return self.of("")

    @property
    def is_behind(self) -> bool:
        """Whether the place can be written behind an array, since all steps to it are methods."""
        return all(hasattr(np.ndarray, name) for name, _ in self._steps if name)

    def of(self, base: str) -> str:
        """Return what stands at the place of an array."""
        for name, given in self._steps:
            if not name:
                base += f"[{given}]"
            elif hasattr(np.ndarray, name) or not base:
                base += f".{name}({given})"
            else:
                base = f"np.{name}({', '.join(filter(None, (base, given)))})"
        arrays = iter([x.text for x in self.index_arrays])
        index = ", ".join(
            [next(arrays) if isinstance(x, np.ndarray) else _slices(x) for x in _index_parts(self._index)]
        )
        return f"{base}[{index or '()'}]"

    @property
    def _steps(self) -> list[tuple[str, str]]:
        """The steps from the base to the view: the name of each one's function, and its parameters; or an index."""
        args: Any = self.node.args
        return [*map(_step, () if self.reads and self.node.rule.indexes else args[0])]  # type: ignore[union-attr]

    @property
    def index_arrays(self) -> list[Operand]:
        """The arrays in the index of a reading or an update, as they stand in it."""
        if not (self.reads or self.is_update):
            return []
        parts = _index_parts(self._index)
        expression = self.spot.expression
        written: list[Any] = []
        if isinstance(expression, ast.Subscript):
            written = expression.slice.elts if isinstance(expression.slice, ast.Tuple) else [expression.slice]
        texts = [ast.unparse(part) for part in written] if len(written) == len(parts) else [""] * len(parts)
        arrays = [(x, text) for x, text in zip(parts, texts, strict=True) if isinstance(x, np.ndarray)]
        return [Operand(text if 0 < len(text) <= _LONGEST else brief(x), None, x) for x, text in arrays]

    @property
    def _index(self) -> Any:
        args: Any = self.node.args
        return args if self.reads and self.node.rule.indexes else args[1]  # type: ignore[union-attr]

    def constant(self, i: int, taken: frozenset[str]) -> Operand:
        """Return the i-th operand, a constant, as the user has written it if that names none of the rows."""
        args = self.call.args
        aligned = type(args) is tuple and len(args) == len(self.call.parents) and not (self.is_update or self.reads)
        value = args[i] if aligned else None
        if value is None or isinstance(value, Spec):
            value = self._constants[i] if self._constants else None
        if not isinstance(value, (np.ndarray, np.generic, int, float, complex)):
            value = None
        text = self._written(i)
        is_mask = isinstance(value, np.ndarray) and value.dtype.kind == "b"  # that of a condition on variables
        if text is None or (value is not None and not is_mask and not taken.isdisjoint(_WORD.findall(text))):
            text = "constant" if value is None else brief(value)
        if self.is_update and i == 0:
            text = self.spot.updated or text
        return Operand(text, None, value)

    def _written(self, i: int) -> str | None:
        """Return how the user has written an operand."""
        parts: list[Any] = []
        match self.spot.expression:
            case ast.BinOp(left=left, right=right):
                parts = [left, right]
            case ast.UnaryOp(operand=operand):
                parts = [operand]
            case ast.Call(args=[ast.List(elts=items) | ast.Tuple(elts=items), *_]) if getattr(
                self.call.rule, "sequence", False
            ):
                parts = items
            case ast.Call(args=args):
                parts = args
        if self.is_update:
            parts = [None, self.spot.value]
            if isinstance(self.spot.expression, ast.Call):
                parts = [None, *self.spot.expression.args[1:2]]
        if len(parts) != len(self.call.parents) or parts[i] is None:
            return None
        text = ast.unparse(parts[i])
        return text if len(text) <= _LONGEST else None


def kind_of(node: Node) -> str:
    """Return what kind of value a call gives."""
    rule = node.rule
    if rule is None or rule.name == "setitem":
        return UPDATE
    return VIEW if rule.views or type(node.args) is Viewed else COMPUTED


def computed_as(wording: Wording, operands: list[str]) -> tuple[str, str]:
    """Return the function or operator of a call, and the call with these operands."""
    rule = wording.call.rule
    if rule is None:
        return "", ""
    if wording.is_update:
        return "[...] =", f"{operands[0]} with {wording.place} = {operands[1]}"
    if wording.reads:
        return "[...]", wording.of(operands[0])
    if rule.entrance:
        return "", operands[0]
    name = _called(rule.name, wording.spot.expression)
    if (written := _as_written(rule.name, wording.spot.expression, operands)) is not None:
        return name, written
    if name in _OPERATORS and len(operands) == 2:
        return _OPERATORS[name], f"{operands[0]} {_OPERATORS[name]} {operands[1]}"
    if name in _SIGNS:
        return _SIGNS[name], f"{_SIGNS[name]}{operands[0]}"
    given = [f"{key}={brief(value)}" for key, value in _told(wording).items()]
    sequence = getattr(rule, "sequence", False)
    inner = [f"[{', '.join(operands)}]"] if sequence else operands
    part = "" if wording.part is None else f"[{wording.part}]"
    return name, f"{name}({', '.join([*inner, *given])}){part}"


def _told(wording: Wording) -> dict[str, Any]:
    """Return the parameters of a call that the user has given, as far as that can be told."""
    rule: Any = wording.call.rule
    given, written = wording.call.kwargs or {}, wording.spot.expression
    if rule.name.startswith(f"{PACKAGE}.") and isinstance(written, ast.Call):  # a helper, with parameters of its own
        return {key: value for key, value in given.items() if any(word.arg == key for word in written.keywords)}
    usual = _defaults(getattr(rule, "func", None))
    return {key: value for key, value in given.items() if key not in usual or usual[key] is not value}


@functools.lru_cache(maxsize=256)
def _defaults(func: Any) -> dict[str, Any]:
    """Return what the parameters of a function are where they are not given."""
    return {p.name: p.default for p in parameters(func) if p.default is not p.empty} if callable(func) else {}


def _called(name: str, expression: ast.expr | None) -> str:
    """Return what the user calls a function; a helper of this package is called what the user called, or by itself."""
    if not name.startswith(f"{PACKAGE}."):
        return name
    if isinstance(expression, ast.Call):
        return ast.unparse(expression.func)
    return name.rpartition(".")[2].strip("_")


def _as_written(name: str, expression: ast.expr | None, operands: list[str]) -> str | None:
    """Return a call of a helper of this package by its own name, such as ``x.astype(complex)``, with its parameters."""
    match expression:
        case ast.Call(func=ast.Attribute(value=base, attr=attr) as func) if name.startswith(f"{PACKAGE}."):
            if attr != name.rpartition(".")[2] or len(operands) != 1:
                return None
            is_method = not isinstance(base, (ast.Name, ast.Attribute)) or ast.unparse(base) == operands[0]
            called, given = (f"{operands[0]}.{attr}", 0) if is_method else (ast.unparse(func), 1)
            inner = [] if is_method else [*operands]
            inner += [ast.unparse(part) for part in (*expression.args[given:], *expression.keywords)]
            return f"{called}({', '.join(inner)})"
    return None


def _index_parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _step(step: Any) -> tuple[str, str]:
    rule = getattr(step, "rule", None)
    if rule is None:
        return "", _slices(step)
    params = getattr(step, "params", None) or {}
    given = [f"{key}={brief(value)}" if len(params) > 1 else brief(value) for key, value in params.items()]
    return rule.name.rpartition(".")[2], ", ".join(given)


def _slices(index: Any) -> str:
    if isinstance(index, tuple):
        return ", ".join(map(_slices, index)) or "()"
    if isinstance(index, slice):
        ends = [("" if end is None else str(end)) for end in (index.start, index.stop)]
        return ":".join(ends) + ("" if index.step is None else f":{index.step}")
    return "..." if index is Ellipsis else brief(index)


def brief(value: Any) -> str:
    """Return a constant, or a parameter, in a few characters."""
    if isinstance(value, np.ndarray) and (value.ndim == 0 or value.size > 4):
        return f"array{value.shape}".replace(",)", ")") if value.ndim else brief(value[()])
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=4, separator=", ", max_line_width=1000).replace("\n", "")
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    text = str(value) if isinstance(value, np.generic) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
