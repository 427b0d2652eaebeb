"""The reading of a tape, as plain data: one row for each value, in the order in which they were computed.

Both the table and the picture are made of it. A function is run under a `Watch`, so that every value is known, and what
it is called; of a tensor whose tape was recorded before, only what its nodes have kept. The tape is afterwards as it
was.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np

from ..batch.batch import Batch
from ..batch.batched import push
from ..context.settings import silently
from ..dropin import blocks
from ..kernels import guard
from ..kernels.arrays import FLOAT64
from ..reverse.tensor import Tensor
from ..tape import sweeps
from ..tape.nodes import Node
from ..tape.unchanged import verify
from ..tape.wrapping import bare
from ..transforms.argnums import Argnums, function_name, need_function, parameters
from ..transforms.containers import flatten
from ..transforms.trace import Results, Trace
from .watch import Watch
from .wording import UPDATE, Operand, Wording, computed_as, kind_of

MODES = ("reverse", "forward")
ARGUMENT, LEAF, CONSTANT = "argument", "leaf", "constant"


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
    tangents : in forward mode, the derivatives of this value along each direction; empty where there are none
    file, line, text : the line of the user's code; empty and 0 where it is not known
    special : what is unusual about the derivative at this point, or None
    place, indices : of a reading or an update, the index, and the arrays in it
    node : the node on the tape, until that is let go
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
    tangents: tuple[Any, ...] = ()
    file: str = ""
    line: int = 0
    text: str = ""
    special: str | None = None
    place: str = ""
    indices: tuple[Operand, ...] = ()
    node: Node | None = field(default=None, repr=False)


@dataclass
class Record:
    """The reading of a tape.

    Attributes
    ----------
    title : the name of the function that was run, or "tensor"
    rows : the values, in the order in which they were computed
    results : the numbers of the rows that were returned
    result : what was returned, as plain arrays
    mode : "reverse" or "forward"
    directions : the names of the arguments that move in forward mode, one for each tangent of a row
    notes : what is to be said of it: what was differentiated, and why there is no derivative
    """

    title: str
    rows: list[TapeRow]
    results: list[int]
    result: Any
    mode: str = "reverse"
    directions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def uses(self) -> Counter[int]:
        """How often each row is an operand of another one."""
        return Counter(x.row for row in self.rows for x in row.operands if x.row is not None)

    def let_go(self) -> None:
        """Let go of the tape, so that nobody who has read it keeps it alive, or counts as a user of a node."""
        for row in self.rows:
            row.node = None


@dataclass
class _Argument:
    """A leaf of the arguments."""

    name: str
    value: Any
    node: Node | None = None


# --- reading --------------------------------------------------------------------------------------------------------


def read_function(f: Callable[..., Any], args: Sequence[Any], mode: str = "reverse", drop_in: Any = True) -> Record:
    """Run a function, and read what it recorded."""
    f = need_function(f, "explain", drop_in)
    title = function_name(f)
    leaves, tree = flatten(tuple(args))
    arguments = [_Argument(name, bare(x)) for name, x in zip(_argument_names(f, args), leaves, strict=True)]
    varying = [argument for argument in arguments if np.result_type(argument.value).kind in "fc"]
    watch = Watch()

    def call(*given: Any) -> Any:
        variables = iter(given)
        entered = [next(variables) if x in varying else x.value for x in arguments]
        return blocks.call(f, tree.unflatten(entered), {}, f)

    if not varying:
        result = bare(watch.run(call))
        note = f"There is no derivative: {_why_none(title, arguments)}"
        reading = _Reading([], -1, watch, arguments)
        return Record(title, reading.rows, [], result, mode, notes=[note])
    every, given = Argnums(tuple(range(len(varying))), "explain"), tuple([x.value for x in varying])
    trace = watch.run(lambda: Trace("explain", call, every, given, {}))
    for argument, node in zip(varying, trace.inputs, strict=True):
        argument.node = node
        watch.values[node.order] = np.array(argument.value)
    roots = []
    for x in flatten(trace.out)[0]:
        if isinstance(x, Tensor) and x._node is not None and x._node.order >= trace.oldest:
            roots.append(x._node)
            watch.values.setdefault(x._node.order, np.array(x._raw))
    reading = _Reading(roots, trace.oldest, watch, arguments)
    record = Record(title, reading.rows, reading.results, bare(trace.out), mode)
    if not roots:
        record.notes.append(f"There is no derivative: what {title} returned does not depend on its arguments.")
    elif mode == "forward":
        record.directions = [argument.name for argument in varying]
        reading.push([argument.node for argument in varying])
    else:
        reading.pull(record.notes)
    return record


def read_tensor(tensor: Tensor) -> Record:
    """Read the tape behind a tensor."""
    node, value = tensor._node, bare(tensor)
    if node is None:
        return Record("tensor", [], [], value, notes=["There is no derivative: this tensor is a constant."])
    watch = Watch(oldest=-1)
    watch.recall()
    watch.values[node.order] = np.array(value)
    reading = _Reading([node], -1, watch, [])
    record = Record("tensor", reading.rows, reading.results, value)
    reading.pull(record.notes)
    return record


def _argument_names(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """Return what each leaf of the arguments is called: by the parameter, and the path from there."""
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = [p.name for p in parameters(f) if p.kind in by_position]
    rest = next((p.name for p in parameters(f) if p.kind is inspect.Parameter.VAR_POSITIONAL), "args")
    known += [f"{rest}[{i}]" for i in range(len(args) - len(known))]
    return [name + path for name, arg in zip(known, args, strict=False) for path in flatten(arg)[1].paths()]


def _why_none(title: str, arguments: Sequence[_Argument]) -> str:
    if not arguments:
        return f"{title} was given no number to differentiate by."
    first = arguments[0]
    instead = "x.astype(float)" if np.ndim(first.value) else f"{first.value!r:.20}.0"
    return f"{first.name} holds whole numbers, which are constants; give it {instead}."


class _Reading:
    """The rows of a tape, while they are made."""

    def __init__(self, roots: Sequence[Node], oldest: int, watch: Watch, arguments: Sequence[_Argument]) -> None:
        self.roots, self.oldest, self.watch = roots, oldest, watch
        self.root: Node | None = None
        self.g: Any = None
        self.uses: dict[Node, int] = {}
        if roots:
            self.root, self.g = _root(roots)
            self.uses = sweeps.reachable(self.root, oldest)
        if guard.watched:
            verify(self.uses)
        self.entered = {x.node: x.name for x in arguments if x.node is not None}
        nodes = sorted(self.uses, key=attrgetter("order"))
        leaves = [node for node in nodes if node.rule is None and node not in self.entered]
        shown = [node for node in nodes if node.rule is not None and type(node.out) is not tuple]
        if len(roots) > 1:
            shown = [node for node in shown if node is not self.root]
        # The arguments come first, also those that nothing was computed of.
        ordered: list[_Argument | Node] = [*arguments, *leaves, *shown]
        self.number = {x.node if isinstance(x, _Argument) else x: i for i, x in enumerate(ordered)}
        self.nodes = nodes
        self.values = self._values()
        self.names = self._names(arguments, [*leaves, *shown])
        self.taken = frozenset(self.names.values())
        self.rows = [self._argument_row(x) if isinstance(x, _Argument) else self._row(x) for x in ordered]
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
            for parent, x in zip(node.parents, node.args, strict=False) if type(node.args) is tuple else ():
                if parent is not None and isinstance(x, (np.ndarray, np.generic)) and x.shape == parent.shape:
                    values.setdefault(parent, x)
        return values

    def _names(self, arguments: Sequence[_Argument], nodes: Iterable[Node]) -> dict[Node, str]:
        names = dict(self.entered)
        given = self.watch.names
        taken = {x.name for x in arguments} | {given[node.order] for node in nodes if node.order in given}
        numbered = (name for i in range(1, 1 << 60) if (name := f"v{i}") not in taken)
        turns = Counter(x.name for x in arguments)
        for node in nodes:
            own = given.get(node.order)
            if own is None:
                names[node] = next(numbered)
                continue
            if node.parents and node.parents[0] is None and kind_of(node) == UPDATE and not turns[own]:
                turns[own] = 1  # it was a constant before
            turns[own] += 1
            while turns[own] > 1 and f"{own}_{turns[own]}" in taken:
                turns[own] += 1
            names[node] = own if turns[own] == 1 else f"{own}_{turns[own]}"
        return names

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _argument_row(self, x: _Argument) -> TapeRow:
        value = np.asarray(x.value) if x.node is None else self.watch.values[x.node.order]
        kind, number = (CONSTANT if x.node is None else ARGUMENT), self.number[x.node]
        return TapeRow(number, x.name, "", "", (), kind, value.shape, value.dtype, value, node=x.node)

    def _row(self, node: Node) -> TapeRow:
        watch, line = self.watch, self.watch.places.get(node.order)
        wording = Wording(node, watch.answers.get(node.order), line, watch.constants.get(node.order, ()))
        operands = tuple([self._operand(wording, i, parent) for i, parent in enumerate(wording.call.parents)])
        operation, text = computed_as(wording, [x.text for x in operands])
        row = TapeRow(self.number[node], self.names[node], operation, text, operands, LEAF, node.shape, node.dtype)
        if node.rule is not None:
            row.kind = kind_of(node)
        if wording.reads or wording.is_update:
            row.place, row.indices = wording.place, tuple(wording.index_arrays)
        row.value, row.node = self.values.get(node), node
        if line is not None:
            row.file, row.line, row.text = line.file, line.line, line.text
        return row

    def _operand(self, wording: Wording, i: int, parent: Node | None) -> Operand:
        if parent is not None and parent in self.names:
            return Operand(self.names[parent], self.number[parent], self.values.get(parent))
        return wording.constant(i, self.taken)

    # --- derivatives --------------------------------------------------------------------------------------------------

    def pull(self, notes: list[str]) -> None:
        """Pull the cotangent of the result back, and note that of each row; the tape stays as it is."""
        assert self.root is not None
        before = [(node, node.grad) for node in self.uses]
        try:
            # Every node is held here, so that the sweep keeps the cotangent of each.
            found = sweeps.sweep(self.root, self.g, True, None, self.oldest, self.uses)
        finally:
            for node, gradient in before:
                node.grad = gradient
        for row in self.rows:
            if row.node in found:
                row.cotangent = np.array(found[row.node])
        notes += _what_is_differentiated(self.roots)

    def push(self, inputs: Sequence[Node | None]) -> None:
        """Push tangents forward: for each input, those of a direction in which all of its elements move by one."""
        tangents: dict[Node, Any] = {}
        for i, node in enumerate(inputs):
            if node is not None and node in self.uses:
                each = np.zeros((len(inputs), *node.shape), node.dtype)
                each[i] = 1
                tangents[node] = Batch(each)
        for node in self.nodes:
            given = [tangents.get(parent) for parent in node.parents]  # type: ignore[arg-type]
            if node.rule is not None and any(t is not None for t in given):
                tangents[node] = silently(push, node, given)
        for row in self.rows:
            if row.node in tangents:
                row.tangents = tuple(np.array(t) for t in tangents[row.node].value)


def _root(roots: Sequence[Node]) -> tuple[Node, Any]:
    """Return the node that is differentiated, and its cotangent: of several results, one that stands for all."""
    ones = [np.ones(node.shape, node.dtype) if node.shape else node.dtype.type(1) for node in roots]
    if len(roots) == 1:
        return roots[0], ones[0]
    return Node(Results(ones), None, None, None, tuple(roots), (), FLOAT64), np.float64(1)


def _what_is_differentiated(roots: Sequence[Node]) -> list[str]:
    notes = []
    if len(roots) > 1:
        notes.append(f"There are {len(roots)} results: the sum of all their elements is differentiated.")
    elif roots[0].shape:
        notes.append(f"The result has the shape {roots[0].shape}: the sum of its elements is differentiated.")
    if any(node.dtype.kind == "c" for node in roots):
        notes.append("The result is complex: its real part is differentiated.")
    return notes


__all__ = [
    "ARGUMENT",
    "CONSTANT",
    "LEAF",
    "MODES",
    "UPDATE",
    "Operand",
    "Record",
    "TapeRow",
    "read_function",
    "read_tensor",
]
