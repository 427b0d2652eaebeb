"""Many sweeps in one: Jacobians by a batch of cotangents, or of tangents, that goes once along the tape.

Both directions use the tape that one call of the function has recorded, so the direction can be chosen when the number
of results is known, and a closure, a view or an update is what it is for any other sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..context.settings import silently
from ..kernels.arrays import CHUNK, Array, Spec
from ..kernels.traced import copy_of, of_program, zeros_beside
from ..tape import careful
from ..tape.cotangents import Part
from ..tape.fitting import fit
from ..tape.nodes import Node
from ..tape.sweeps import reachable
from ..tape.transposing import Paired, transposed_call
from ..tape.unchanged import verify
from . import sums as sums  # fills the table of forms
from .batch import Batch, edges_of, one_by_one, side_by_side
from .diagonal import identity_rows
from .shapes import add_each

Batches = dict[Node, Any]


# How many rows cost as much as a column: a rule that has no forward derivative is transposed, which takes longer.
FORWARD_COSTS = 2


def tape_jacobian(result: Node, inputs: Sequence[Node], mode: str | None = None) -> list[Array]:
    """Return the derivative of each element of a result by each element of each input.

    Parameters
    ----------
    result : Node
        Its tape stays as it is.
    inputs : sequence of Node
    mode : {"rev", "fwd"}, optional
        By rows, in reverse, or by columns, forward; by default what is cheaper. A real result of complex inputs is
        always differentiated in reverse.

    Returns
    -------
    list of ndarray, of the shape of the result followed by that of the input
        A real result has derivatives of the input's dtype; for a complex input a row is the direction of steepest
        ascent, the gradient of one element. A complex result has complex derivatives, by a complex input those of a
        holomorphic function.
    """
    path = between(result, inputs)
    is_complex = result.dtype.kind == "c"
    dtypes = [np.result_type(x.dtype, result.dtype) if is_complex else x.dtype for x in inputs]
    found = [of_program(np.zeros((result.size, x.size), dtype)) for x, dtype in zip(inputs, dtypes, strict=True)]
    total = sum(x.size for x in inputs)
    if path and total and result.size:
        verify(path)
        step = max(1, CHUNK // max(node.size for node in path))
        backwards = mode == "rev" or (mode is None and result.size <= FORWARD_COSTS * total)
        if backwards or (not is_complex and any(x.dtype.kind == "c" for x in inputs)):
            _fill_rows(found, path, result, inputs, step)
        else:
            _fill_columns(found, path, result, inputs, step)
    return [matrix.reshape(result.shape + x.shape) for matrix, x in zip(found, inputs, strict=True)]


def _fill_rows(found: list[Array], path: list[Node], result: Node, inputs: Sequence[Node], step: int) -> None:
    for rows in _chunks(result.size, step):
        ones = _one_each(result, rows)
        gradients = pull_batch(path, inputs, result, ones)
        imaginary: Batches = {}
        if result.dtype.kind == "c" and any(x.dtype.kind != "c" for x in inputs):
            imaginary = pull_batch(path, inputs, result, Batch(1j * ones.value))
        for k, x in enumerate(inputs):
            if x in gradients:
                by_row = gradients[x].value
                if result.dtype.kind == "c":
                    # A gradient is that of the real part, and of a holomorphic function the conjugate derivative.
                    by_row = np.conj(by_row) if x.dtype.kind == "c" else by_row + 1j * imaginary[x].value
                by_row = by_row.reshape(ones.count, x.size)
                if ones.count == result.size and by_row.dtype == found[k].dtype:
                    found[k] = copy_of(by_row, "C")  # it may be a matrix of the function's own
                else:
                    found[k][rows] = by_row


def _fill_columns(found: list[Array], path: list[Node], result: Node, inputs: Sequence[Node], step: int) -> None:
    for matrix, x in zip(found, inputs, strict=True):
        for columns in _chunks(x.size, step):
            tangent = push_batch(path, result, {x: _one_each(x, columns)})
            if tangent is not None:
                if silently(_has_nan, tangent):  # only on the way back it is known which zeros win
                    return _fill_rows(found, path, result, inputs, step)
                matrix[:, columns] = tangent.value.reshape(tangent.count, result.size).T


def _chunks(total: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, total)) for start in range(0, total, step))


def _one_each(like: Spec, elements: slice) -> Batch:
    """Return one array for each of some elements, with a one there and zeros elsewhere."""
    if len(like.shape) == 1 and like.dtype.kind == "f":
        return Batch(None, (identity_rows(elements.start, elements.stop, like.size, like.dtype),))
    count = elements.stop - elements.start
    ones = np.zeros((count, like.size), like.dtype)
    ones[np.arange(count), np.arange(elements.start, elements.stop)] = 1
    return Batch(of_program(ones.reshape(count, *like.shape)))


def between(result: Node, inputs: Sequence[Node]) -> list[Node]:
    """Return the nodes that lead from the inputs to the result, in the order of their recording."""
    found = set(inputs)
    path = []
    for node in sorted(reachable(result, min([x.order for x in inputs])), key=lambda node: node.order):
        flat = node.rule is not None and node.rule.flat
        if node in found or (not flat and not found.isdisjoint(node.parents)):
            found.add(node)
            path.append(node)
    return path if result in found else []


# --- in reverse ------------------------------------------------------------------------------------------------------


def pull_batch(path: Sequence[Node], inputs: Sequence[Node], result: Node, g: Batch) -> Batches:
    """Return the cotangents of the inputs for a batch of cotangents of the result."""
    return silently(_with_care, path, inputs, result, g)  # type: ignore[no-any-return]


def _with_care(path: Sequence[Node], inputs: Sequence[Node], result: Node, g: Batch) -> Batches:
    """Pull all cotangents back at once, and those from which a NaN comes out once more with care."""
    found = _pull_back(path, inputs, result, g)
    for k in range(g.count) if any(map(_has_nan, found.values())) else ():
        if any(np.isnan(np.sum(batch.value[k])) for batch in found.values()):
            one = careful.Sweep(result, g.value[k][()]).run(path, dict.fromkeys(path, 0), -1)
            for x, batch in found.items():
                found[x] = Batch(copy_of(batch.value))
                found[x].value[k] = one.get(x, 0)
    return found


def _has_nan(x: Batch) -> bool:
    return bool(np.isnan(np.sum(x.value)))


def _pull_back(path: Sequence[Node], inputs: Sequence[Node], result: Node, g: Batch) -> Batches:
    on_path = set(path)
    pending: Batches = {result: g}
    count = g.count
    owned: set[Node] = set()  # nodes whose cotangents are in an array that was made here
    kept: Batches = {}
    for node in reversed(path):
        if node not in pending:
            continue
        g = pending.pop(node)
        if node in inputs:
            kept[node] = g
        if node.rule is None:
            continue
        if node.rule.indexes:
            (parent,) = node.parents
            assert parent is not None
            _add_at(pending, owned, parent, node.args, g)
            continue
        for parent, c in zip(node.parents, pull(node, g), strict=False):
            if parent is None or c is None or parent not in on_path:
                continue
            if type(c) is Part:
                parts = pending.setdefault(parent, [None] * len(parent.out))
                parts[c.k] = c.g if parts[c.k] is None else parts[c.k] + c.g
                continue
            c = fit(c, parent)
            if type(c) is not Batch:  # plain zeros, say
                c = Batch(np.broadcast_to(c, (count, *parent.shape)))
            _add(pending, owned, parent, c)
    return kept


def _add(pending: Batches, owned: set[Node], parent: Node, c: Batch) -> None:
    before = pending.get(parent)
    if before is None:
        pending[parent] = c
    elif parent in owned:
        before.add(c)
    else:
        pending[parent] = before + c
        owned.add(parent)


def _add_at(pending: Batches, owned: set[Node], parent: Node, index: Any, g: Batch) -> None:
    """Add the cotangents of ``parent[index]`` at the index, into one array for all of them."""
    if g.diagonals and (edges := edges_of(index, parent.shape)) is not None:
        _add(pending, owned, parent, Batch(None, tuple([d.among(edges[0], parent.size) for d in g.diagonals])))
        return
    before = pending.get(parent)
    if before is None:
        before = pending[parent] = Batch(zeros_beside(g.value, (g.count, *parent.shape), parent.dtype))
    elif parent not in owned or not before.value.flags.c_contiguous:
        before = pending[parent] = Batch(copy_of(before.value, "C"))
    owned.add(parent)
    add_each(before.value, index, g.value)


def pull(node: Node, g: Any) -> list[Any]:
    """Return the cotangents of a node's operands; where the rule cannot take a batch, one after the other."""
    rule = node.rule
    assert rule is not None
    if rule.batches:
        try:
            return list(rule.pullback(node, g))
        except Exception:
            pass  # what is wrong, and not only with the batch, comes up again below
    return one_by_one(_pull_one, (rule.pullback, node, g), {}, _beside)  # type: ignore[no-any-return]


def _beside(rows: Sequence[list[Any]]) -> list[Any]:
    """Put the cotangents of each operand side by side; a rule may leave one out that is zero, for some of them."""
    known = [next((c for c in each if c is not None), None) for each in zip(*rows, strict=True)]
    filled = [
        [np.zeros_like(like) if c is None and like is not None else c for c, like in zip(row, known, strict=True)]
        for row in rows
    ]
    return side_by_side(filled)  # type: ignore[no-any-return]


def _pull_one(pullback: Callable[..., Any], node: Node, g: Any) -> list[Any]:
    cotangents: list[Any] = []
    for parent, c in zip(node.parents, pullback(node, g), strict=False):
        if parent is None or c is None:
            cotangents.append(None)
        elif c.shape is None:
            cotangents.append(c.add_to(None, parent, set(), False))
        else:
            cotangents.append(fit(c, parent))
    return cotangents


# --- forward ---------------------------------------------------------------------------------------------------------


def push_batch(path: Sequence[Node], result: Node, tangents: Batches) -> Batch | None:
    """Return the tangents of the result for a batch of tangents of inputs, None where it depends on none of them."""
    return silently(_push_forward, path, result, dict(tangents))  # type: ignore[no-any-return]


def _push_forward(path: Sequence[Node], result: Node, tangents: Batches) -> Batch | None:
    last_use = {parent: node for node in path for parent in node.parents if parent is not None}
    for node in path:
        if node in tangents:
            continue
        given = [None if parent is None else tangents.get(parent) for parent in node.parents]
        if any(t is not None for t in given):
            tangents[node] = push(node, given)
        for parent in node.parents:
            if parent is not None and last_use[parent] is node:
                tangents.pop(parent, None)
    return tangents.get(result)


def push(node: Node, tangents: list[Any]) -> Any:
    """Return the tangents of a node's result, or of its several results, from those of its operands."""
    assert node.rule is not None
    try:
        pushed = node.rule.push(node, tangents, _TANGENTS)
    except Exception:
        if node.rule.opaque:
            raise
        pushed = NotImplemented  # as in `pull`
    if pushed is NotImplemented:
        pushed = jvps_by_vjp(node, tangents)
        if not all(t is None or np.all(np.isfinite(t.value)) for t in tangents) and type(pushed) is Batch:
            pushed = pushed * np.nan  # a zero may have met an infinity, which is seen to on the way back
    return _fitted(pushed, node) if type(node.out) is not tuple else pushed


def _fitted(t: Any, node: Node) -> Any:
    if t.dtype.kind == "c" and node.dtype.kind != "c":
        t = t.real
    if t.shape != node.shape:
        t = np.broadcast_to(t, node.shape)
    return t if t.dtype == node.dtype else t.astype(node.dtype)


class _Tangents:
    """What `Differentiable.tangent` asks of a batch."""

    def product(self, rule: Any, i: int, t: Batch, ans: Any, operands: Sequence[Any]) -> Any:
        d = rule.partials[i]
        return np.multiply(t, d(ans, *operands) if callable(d) else d)

    def apart(self, tangent: Any, tangents: Sequence[Any]) -> Any:
        return tangent  # nobody writes into one


_TANGENTS = _Tangents()


def jvps_by_vjp(node: Node, tangents: list[Any]) -> Any:
    """Return the tangents of a node's result, or of its several results, from the vjp alone."""
    count = next(t.count for t in tangents if t is not None)

    def gradients(pairs: Paired, leaves: list[Node | None]) -> list[Any]:
        known = [leaf for leaf in leaves if leaf is not None]
        totals: Batches = {}
        for c, t in pairs:
            root = getattr(c, "_node", None)
            if root is not None:
                for leaf, g in pull_batch(between(root, known), known, root, t).items():
                    totals[leaf] = totals[leaf] + g if leaf in totals else g
        outs = node.out if type(node.out) is tuple else (node,)
        return [
            totals[leaf] if leaf in totals else Batch(np.zeros((count, *out.shape), out.dtype))
            for leaf, out in zip(leaves, outs, strict=True)
        ]

    return transposed_call(node, tangents, gradients)
