"""The reading of a tape, as plain data: one row for each value, in the order in which they were computed.

Both the table and the picture are made of it. A function is run under a `Watch`, so that every value is known, and what
it is called; of a tensor whose tape was recorded before, only what its nodes have kept. The tape is afterwards as it
was.
"""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np

from ..dropin import blocks
from ..kernels import guard
from ..kernels.arrays import FLOAT64
from ..reverse.tensor import Tensor
from ..tape import sweeps
from ..tape.nodes import Node, Viewed
from ..tape.unchanged import verify
from ..tape.wrapping import bare
from ..transforms.argnums import Argnums, function_name, need_function, parameters
from ..transforms.containers import flatten
from ..transforms.trace import Results, Trace
from .watch import Watch

# Kinds of rows.
ARGUMENT, LEAF, CONSTANT, COMPUTED, VIEW, UPDATE = "argument", "leaf", "constant", "computed", "view", "update"

_SYMBOLS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "floor_divide": "//",
    "remainder": "%",
    "power": "**",
    "matmul": "@",
}
_SIGNS = {"negative": "-", "positive": "+"}
_LONGEST = 24  # characters of the user's code that stand for a constant


@dataclass(frozen=True)
class Operand:
    """What goes into a call.

    Attributes
    ----------
    text : how the table calls it: the name of a row, or a constant as the user has written it
    row : the number of the row, or None for a constant
    value : the array, where it is known
    """

    text: str
    row: int | None = None
    value: Any = None


@dataclass
class TapeRow:
    """One value on a tape.

    Attributes
    ----------
    number : the place among the rows
    name : what it is called: the user's own name where there is one, or v1, v2, ...
    operation : the function or operator that computed it, as the user calls it; empty where nothing did
    computed_as : the call, with the names of its operands
    operands : what went into it, in the order of the call
    kind : argument, leaf, constant, computed, view or update
    shape, dtype : of the value
    value : the array, or None where it is not known
    cotangent : the derivative of the result by this value, or None where none came by
    tangent : the derivative of this value along the direction of forward mode, or None for zero
    file, line, text : the line of the user's code; 0 and empty where it is not known
    special : the class of special point that the operation is at, such as a kink, or None
    node : the node on the tape, or None
    """

    number: int
    name: str
    operation: str
    computed_as: str
    operands: tuple[Operand, ...]
    kind: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    value: Any = None
    cotangent: Any = None
    tangent: Any = None
    file: str = ""
    line: int = 0
    text: str = ""
    special: str | None = None
    node: Node | None = field(default=None, repr=False)


@dataclass
class Record:
    """The reading of a tape.

    Attributes
    ----------
    title : what was read: the name of the function, or "tensor"
    rows : the values, in the order in which they were computed
    results : the numbers of the rows that were returned
    result : the value that was returned
    mode : "reverse" or "forward"
    notes : what is to be said of the reading: what was differentiated, and why there is no derivative
    uses : by the number of a row, how often it is an operand of another one
    """

    title: str
    rows: list[TapeRow]
    results: list[int]
    result: Any
    mode: str = "reverse"
    notes: list[str] = field(default_factory=list)

    @property
    def uses(self) -> Counter[int]:
        """How often each row is an operand of another one."""
        return Counter(x.row for row in self.rows for x in row.operands if x.row is not None)


# --- reading --------------------------------------------------------------------------------------------------------


def read_function(f: Callable[..., Any], args: Sequence[Any], mode: str = "reverse", drop_in: Any = True) -> Record:
    """Run a function, and read what it recorded."""
    f = need_function(f, "explain", drop_in)
    leaves, tree = flatten(tuple(args))
    leaves = [bare(leaf) for leaf in leaves]
    names = _argument_names(f, args)
    varying = [i for i, leaf in enumerate(leaves) if np.result_type(leaf).kind in "fc"]
    watch = Watch()

    def call(*given: Any) -> Any:
        all_leaves = list(leaves)
        for i, value in zip(varying, given, strict=True):
            all_leaves[i] = value
        return blocks.call(f, tree.unflatten(all_leaves), {}, f)

    title = function_name(f)
    if not varying:
        result = bare(watch.run(call))
        rows = _constant_rows(names, leaves, range(len(leaves)), [])
        why = f"{title} has no argument that is a floating-point or complex number: write 3.0 for 3, x.astype(float)"
        return Record(title, rows, [], result, mode, [f"There is no derivative: {why}."])
    argnums = Argnums(tuple(range(len(varying))), "explain")
    trace = watch.run(lambda: Trace("explain", call, argnums, tuple(leaves[i] for i in varying), {}))
    inputs = dict(zip(trace.inputs, [names[i] for i in varying], strict=True))
    values = {node.order: np.array(leaves[i]) for node, i in zip(trace.inputs, varying, strict=True)}
    watch.values.update(values)
    outs = [x for x in flatten(trace.out)[0] if isinstance(x, Tensor)]
    nodes = [x._node for x in outs if x._node is not None and x._node.order >= trace.oldest]
    reading = _Reading(nodes, trace.oldest, watch, inputs)
    record = Record(title, reading.rows, reading.results, bare(trace.out), mode)
    constants = _constant_rows(names, leaves, [i for i in range(len(leaves)) if i not in varying], reading.rows)
    reading.rows += constants
    if not nodes:
        record.notes.append(f"There is no derivative: what {title} returned does not depend on its arguments.")
    else:
        reading.pull(record.notes)
    return record


def read_tensor(tensor: Tensor) -> Record:
    """Read the tape behind a tensor."""
    node = tensor._node
    if node is None:
        return Record("tensor", [], [], bare(tensor), notes=["There is no derivative: this tensor is a constant."])
    watch = Watch()
    watch.values[node.order] = np.array(tensor._raw)
    reading = _Reading([node], -1, watch, {})
    record = Record("tensor", reading.rows, reading.results, bare(tensor))
    reading.pull(record.notes)
    return record


def _argument_names(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """Return what each leaf of the arguments is called: by the parameter, and the path from there."""
    names: list[str] = []
    known = [p for p in parameters(f) if p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD]
    for i, arg in enumerate(args):
        _, tree = flatten(arg)
        if i < len(known) and known[i].kind is not inspect.Parameter.VAR_POSITIONAL:
            name = known[i].name
        elif known and known[-1].kind is inspect.Parameter.VAR_POSITIONAL:
            name = f"{known[-1].name}[{i - len(known) + 1}]"
        else:
            name = f"x{i + 1}" if len(args) > 1 else "x"
        names += [name + path for path in tree.paths()]
    return names


def _constant_rows(names: list[str], leaves: list[Any], places: Iterable[int], before: list[TapeRow]) -> list[TapeRow]:
    rows: list[TapeRow] = []
    for i in places:
        x = np.asarray(leaves[i])
        rows.append(TapeRow(len(before) + len(rows), names[i], "", "", (), CONSTANT, x.shape, x.dtype, x))
    return rows


class _Reading:
    """The rows of a tape, while they are made."""

    def __init__(self, roots: Sequence[Node], oldest: int, watch: Watch, inputs: dict[Node, str]) -> None:
        self.roots, self.oldest, self.watch, self.inputs = roots, oldest, watch, inputs
        self.uses: dict[Node, int] = {}
        self.root: Node | None = None
        self.g: Any = None
        if roots:
            self.root, self.g = _root(roots)
            self.uses = sweeps.reachable(self.root, oldest)
        if guard.watched:
            verify(self.uses)
        nodes = [node for node in self.uses if node is not self.root or len(roots) == 1]
        nodes = sorted({*nodes, *inputs}, key=attrgetter("order"))
        # Arguments first, also those that come by no call.
        self.nodes = [node for node in nodes if node.rule is None] + [node for node in nodes if node.rule is not None]
        self.number = {node: i for i, node in enumerate(self.nodes)}
        self.values = self._values()
        self.names = self._names()
        self.rows = [self._row(node) for node in self.nodes]
        self.results = [self.number[node] for node in roots]

    def _values(self) -> dict[Node, Any]:
        """Return the values of nodes, where they are known: as they were seen, or kept by them or by their users."""
        values: dict[Node, Any] = {}
        for node in self.nodes:
            if node.order in self.watch.values:
                values[node] = self.watch.values[node.order]
            elif node.rule is None:
                tensor = getattr(node, "holder", lambda: None)()
                if isinstance(tensor, Tensor) and tensor._known is node:
                    values[node] = tensor._raw
            elif isinstance(node.out, (np.ndarray, np.generic)):
                values[node] = node.out
        for node in self.nodes:
            if type(node.args) is tuple:
                for parent, x in zip(node.parents, node.args, strict=False):
                    if parent is not None and isinstance(x, (np.ndarray, np.generic)) and x.shape == parent.shape:
                        values.setdefault(parent, x)
        return values

    def _names(self) -> dict[Node, str]:
        names = dict(self.inputs)
        taken = set(names.values())
        count = 0
        for node in self.nodes:
            if node in names:
                continue
            own = self.watch.names.get(node.order)
            if own is None:
                count += 1
                own = f"v{count}"
                while own in taken:
                    count += 1
                    own = f"v{count}"
            name, k = own, 1
            while name in taken:
                k += 1
                name = f"{own}_{k}"
            names[node] = name
            taken.add(name)
        return names

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _row(self, node: Node) -> TapeRow:
        place = self.watch.places.get(node.order)
        operands = self._operands(node)
        operation, computed_as = self._computed(node, operands)
        return TapeRow(
            self.number[node],
            self.names[node],
            operation,
            computed_as,
            operands,
            self._kind(node),
            node.shape,
            node.dtype,
            self.values.get(node),
            None,
            None,
            "" if place is None else place.file,
            0 if place is None else place.line,
            "" if place is None else place.text,
            None,
            node,
        )

    def _kind(self, node: Node) -> str:
        if node in self.inputs:
            return ARGUMENT
        if node.rule is None:
            return LEAF
        if node.rule.name == "setitem":
            return UPDATE
        return VIEW if node.rule.views or type(node.args) is Viewed else COMPUTED

    def _operands(self, node: Node) -> tuple[Operand, ...]:
        if node.rule is None:
            return ()
        saved = node.args if type(node.args) is tuple and len(node.args) == len(node.parents) else ()
        if node.rule.name == "setitem" or node.rule.indexes or node.rule.put is not None:
            saved = ()
        written = self._written(node)
        operands = []
        for i, parent in enumerate(node.parents):
            if parent in self.number:
                assert parent is not None
                operands.append(Operand(self.names[parent], self.number[parent], self.values.get(parent)))
                continue
            x = saved[i] if saved else None
            value = x if isinstance(x, (np.ndarray, np.generic, int, float, complex)) else None
            text = written[i] if written and written[i] else _short(value)
            operands.append(Operand(text, None, value))
        return tuple(operands)

    def _written(self, node: Node) -> list[str]:
        """Return how the user has written the operands, where the call is the user's own, and is known."""
        place = self.watch.answers.get(node.order)
        match None if place is None else place.expression:
            case ast.BinOp(left=left, right=right):
                parts = [left, right]
            case ast.UnaryOp(operand=operand):
                parts = [operand]
            case ast.Call(args=parts):
                pass
            case _:
                return []
        if len(parts) != len(node.parents):
            return []
        texts = [ast.unparse(part) for part in parts]
        return [text if len(text) <= _LONGEST else "" for text in texts]

    def _computed(self, node: Node, operands: tuple[Operand, ...]) -> tuple[str, str]:
        rule = node.rule
        if rule is None:
            return "", ""
        texts = [x.text for x in operands]
        name = rule.name.removeprefix("np.")
        if name == "setitem":
            steps, index, *_ = node.args
            return "[...] =", f"{texts[0]} with {_index(steps, index)} = {texts[1]}"
        if name == "getitem":
            steps, index = ((), node.args) if rule.indexes else node.args
            return "[...]", f"{texts[0]}{_index(steps, index)}"
        if name == "result":
            return "result", f"{texts[0]}[{node.args[0]}]"
        if name in _SYMBOLS and len(texts) == 2:
            return _SYMBOLS[name], f"{texts[0]} {_SYMBOLS[name]} {texts[1]}"
        if name in _SIGNS:
            return _SIGNS[name], f"{_SIGNS[name]}{texts[0]}"
        given = [f"{key}={_short(value)}" for key, value in (node.kwargs or {}).items()]
        return rule.name, f"{rule.name}({', '.join([*texts, *given])})"

    # --- cotangents ---------------------------------------------------------------------------------------------------

    def pull(self, notes: list[str]) -> None:
        """Pull the cotangent of the result back, and note that of each row; the tape stays as it is."""
        before = [(node, node.grad) for node in self.uses]
        try:
            # Every node is held here, so that the sweep keeps the cotangent of each.
            found = sweeps.sweep(self.root, self.g, True, None, self.oldest, self.uses)  # type: ignore[arg-type]
        finally:
            for node, gradient in before:
                node.grad = gradient
        for row in self.rows:
            if row.node is not None and row.node in found:
                row.cotangent = np.array(found[row.node])
        if len(self.roots) > 1:
            notes.append("Of several results, the sum of all their elements is differentiated.")
        elif self.roots[0].shape != ():
            shape = self.roots[0].shape
            notes.append(f"The result is an array of shape {shape}: the sum of its elements is differentiated.")
        if any(node.dtype.kind == "c" for node in self.roots):
            notes.append("The result is complex: its real part is differentiated.")


def _root(roots: Sequence[Node]) -> tuple[Node, Any]:
    """Return the node that is differentiated, and its cotangent: of several results, one that stands for all."""
    ones = [_one(node) for node in roots]
    if len(roots) == 1:
        return roots[0], ones[0]
    return Node(Results(ones), None, None, None, tuple(roots), (), FLOAT64), np.float64(1)


def _one(node: Node) -> Any:
    return np.ones(node.shape, node.dtype)[()] if node.shape == () else np.ones(node.shape, node.dtype)


def _index(steps: Any, index: Any) -> str:
    parts = [*steps, index]
    return "".join(f"[{_slices(part)}]" for part in parts)


def _slices(index: Any) -> str:
    if isinstance(index, tuple):
        return ", ".join(map(_slices, index)) or "()"
    if isinstance(index, slice):
        ends = [("" if end is None else str(end)) for end in (index.start, index.stop)]
        return ":".join(ends) + ("" if index.step is None else f":{index.step}")
    if index is Ellipsis:
        return "..."
    return _short(index)


def _short(value: Any) -> str:
    """Return a constant in a few characters."""
    if value is None:
        return "constant"
    if isinstance(value, np.ndarray):
        if value.ndim == 0 or value.size > 4:
            return f"array{value.shape}".replace(",)", ")") if value.ndim else f"{value[()]:.6g}"
        return np.array2string(value, precision=4, separator=", ", max_line_width=1000).replace("\n", "")
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    text = str(value) if isinstance(value, np.generic) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
