"""Forward mode: the value and the tangent of one call, from its rule.

Element-wise, linear and bilinear declarations give their tangent directly; any other differentiable function gets it
by transposing its vjp, which is linear in the cotangent.

A tangent never shares memory with another one unless the values share memory too, and lies in memory as its value
does: a view of a Dual is a view of both, and writing into it changes both.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..context import settings
from ..context.settings import silently
from ..kernels import gate
from ..kernels.arrays import LARGE, Array, factor_of
from ..kernels.gate import PLAIN
from ..kernels.guests import Guest, in_sight
from ..kernels.products import no_nan
from ..kernels.traced import MEMORY, TRACED, one_beside
from ..reverse.outputs import output_of, revalued
from ..rules.differentiable import Differentiable, Elementwise
from ..rules.kinks import at_kink
from ..tape import careful, nodes, plans, wrapping
from ..tape.careful import ROOT, SHARP
from ..tape.nodes import Node
from ..tape.transposing import Differentiate, Paired, transposed_call
from ..tape.wrapping import bare, spec, stacked, unwrap, wrap
from .levels import level_of, on_a_tape, values_of


def untraced(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Carry out a call in a no_grad block: on the values of the innermost level, with a result that is a constant."""
    level = level_of((args, kwargs))
    result = func(*values_of(args, level), **values_of(kwargs, level))
    into = output_of(func, args, kwargs)
    if into is not None:
        return into[0] if isinstance(into, tuple) and len(into) == 1 else into
    return as_constant(result, level)


def as_constant(result: Any, level: int) -> Any:
    """Return a result with a tangent of zeros where it has numbers that could have one."""
    if isinstance(result, (tuple, list)):
        items = [as_constant(item, level) for item in result]
        return type(result)(*items) if hasattr(result, "_fields") else type(result)(items)
    return paired(result, None, level) if getattr(result, "dtype", _INTEGER).kind in "fc" else result


_INTEGER = np.dtype(int)


# --- results --------------------------------------------------------------------------------------------------------


def paired(ans: Any, tangent: Any, level: int) -> Any:
    """Return the result of a call, or each one of several, with its tangent; whole numbers have none."""
    if isinstance(ans, (tuple, list)):
        tangents = [None] * len(ans) if tangent is None else tangent
        items = [paired(item, t, level) for item, t in zip(ans, tangents, strict=True)]
        return type(ans)(*items) if hasattr(ans, "_fields") else type(ans)(items)
    if getattr(ans, "dtype", None) is None or ans.dtype.kind not in "fc":
        gate.need_numbers(ans, "this")
        return ans
    return joined(ans, zeros_for(ans) if tangent is None else matched(tangent, ans), level)


def joined(ans: Array, tangent: Array, level: int) -> Any:
    """Return a Dual of a result and its tangent.

    If an outer differentiation traces one of them it traces the other, too, so that views of both can be written into.
    """
    if type(ans) is not type(tangent) and not isinstance(ans, np.generic):
        return wrapping.Dual(traced_as(ans, tangent), traced_as(tangent, ans), level)
    return wrapping.Dual(ans, tangent, level)


def traced_as(x: Array, like: Array) -> Array:
    """Return an array in a form that can hold what is traced as `like` is."""
    level = level_of(like)
    if level > level_of(x):
        return wrapping.Dual(x, zeros_for(x), level)
    return wrap(x) if type(x) in PLAIN and isinstance(like, wrapping.Tensor) else x


def zeros_for(ans: Array) -> Array:
    """Return the tangent of a constant."""
    if isinstance(ans, np.generic):
        return ans.dtype.type(0)
    zeros = np.zeros_like(ans)
    return zeros[()] if isinstance(bare(ans), np.generic) else zeros


def matched(tangent: Array, ans: Array) -> Array:
    """Bring a tangent to the shape, the dtype and the place of its elements in memory that its value has."""
    if tangent.dtype != ans.dtype:
        if tangent.dtype.kind == "c" and ans.dtype.kind != "c":
            tangent = np.real(tangent)
        tangent = tangent.astype(ans.dtype)
    if tangent.shape != ans.shape:
        tangent = np.copy(np.broadcast_to(tangent, ans.shape))
    raw, bits = bare(ans), bare(tangent)
    if type(raw) in MEMORY:
        if type(bits) in MEMORY:
            if (raw.flags.owndata and not bits.flags.owndata) or not _alike(bits, raw):
                return _laid_out(tangent, raw)
        elif isinstance(bits, np.generic):
            return np.copy(tangent)  # an array, of which there are views as there are of the value
    elif isinstance(raw, np.generic) and type(bits) in MEMORY:
        return tangent[()]
    return tangent


def _alike(a: Any, b: Any) -> bool:
    """Tell whether the elements of two arrays of one shape lie alike in memory."""
    if a.strides == b.strides:
        return True
    return b.size == 0 or all(n == 1 or s == t for n, s, t in zip(b.shape, a.strides, b.strides, strict=True))


def _laid_out(x: Array, like: Any) -> Array:
    """Return a copy of an array whose axes lie in memory in the order of another's."""
    axes = sorted(range(like.ndim), key=lambda axis: -abs(like.strides[axis]))
    if axes in (sorted(axes), sorted(axes, reverse=True)):  # a copy with memory of its own
        return np.copy(x, order="C" if axes == sorted(axes) else "F")
    back = sorted(range(like.ndim), key=axes.__getitem__)
    return np.transpose(np.copy(np.transpose(x, axes), order="C"), back)


def laid_alike(result: Any) -> Any:
    """Bring the tangents of what a body has made to where their values lie, before anybody takes a view of both.

    Later would be too late: a copy of the tangent alone were no view of it any more.
    """
    if isinstance(result, (tuple, list)):
        items = [laid_alike(item) for item in result]
        return type(result)(*items) if hasattr(result, "_fields") else type(result)(items)
    if type(result) is not wrapping.Dual:
        return result
    tangent = matched(result.tangent, result.value)
    return result if tangent is result.tangent else wrapping.Dual(result.value, tangent, result.level)


def copied(x: Array) -> Array:
    """Return a copy in the same layout, traced as the original is; a scalar is none that anybody could write into."""
    return x if isinstance(x, np.generic) else np.copy(x)


# --- the tangent of one call ----------------------------------------------------------------------------------------


def pushed(
    rule: Differentiable, operands: Any, params: dict[str, Any], calculate: Callable[..., Any] | None = None
) -> Any:
    """Call a differentiable function: NumPy on the values, or `calculate` in its place, the rule on the tangents."""
    func = rule.call
    operands = [stacked(x, rule.name) for x in operands]
    level = level_of(operands)
    values = [x.value if type(x) is wrapping.Dual and x.level == level else x for x in operands]
    tangents = [x.tangent if type(x) is wrapping.Dual and x.level == level else None for x in operands]
    for i in rule.skip:
        tangents[i] = None
    if rule.refused:
        rule.refuse_operands([t is not None for t in tangents])
    nested = (rule.squares is not None or rule.smooth_square is not None) and not all(
        x is None or type(x) in PLAIN for x in (*values, *tangents)
    )
    if nested and rule.squares is not None:
        smooth = _smoothed(rule, operands, params)
        if smooth is not None:
            return smooth
    keeps = not rule.is_linear
    traced = keeps and settings.recording() and any(map(on_a_tape, (*values, *tangents)))
    if traced:
        # The tape keeps arrays of its own, so that an update of a Dual in place does not reach it.
        values = [x.copy() if type(x) in MEMORY and rule.keeps(i) else x for i, x in enumerate(values)]
        tangents = [t if t is None or type(t) not in MEMORY else t.copy() for t in tangents]
    ans = func(values, **params) if rule.sequence else (calculate or func)(*values, **params)
    if ans is not NotImplemented and type(ans) is not np.float64:
        gate.need_numbers(ans, rule.name, operands)
    if ans is NotImplemented or not _has_tangent(ans) or all(t is None for t in tangents):
        return ans if ans is NotImplemented or not level else paired(ans, None, level)
    if rule.is_ufunc:
        params = {}  # dtype, casting and order concern the values alone
    tangent = tangent_of(rule, ans, values, tangents, params)
    if traced and type(ans) in MEMORY and rule.keeps_out:
        ans = ans.copy(order="K")
    result = paired(ans, tangent, level)
    if nested and rule.smooth_square is not None and not np.all(bare(ans)):
        result._root = Root(rule, operands, params, result)
    return result


class Root:
    """The call that gave a result at a kink: its square is to be differentiated as a function of its operands.

    Attributes
    ----------
    rule, operands, params : the call
    copies : the operands as they were then
    changed : whether the result was written into since
    moved : whether an operand was
    """

    __slots__ = ("__weakref__", "changed", "copies", "memory", "moved", "operands", "params", "rule", "tensors")

    def __init__(self, rule: Differentiable, operands: Sequence[Any], params: dict[str, Any], result: Any) -> None:
        self.rule = rule
        self.operands = operands
        self.params = params
        self.copies = [np.copy(x) if type(x) is wrapping.Dual else x for x in operands]
        self.changed = self.moved = False
        self.memory = [[x for x in layers(y) if type(x) in MEMORY] for y in (result, operands)]
        self.tensors = [[(x, x._node) for x in layers(y) if isinstance(x, wrapping.Tensor)] for y in (result, operands)]
        _roots.add(self)

    def note_write(self, array: Any) -> None:
        changed, moved = (any(np.may_share_memory(x, array) for x in arrays) for arrays in self.memory)
        self.changed |= changed
        self.moved |= moved

    def holds(self, of_operands: bool = False) -> bool:
        """Tell whether the result, or the operands, are still what they were."""
        tensors = self.tensors[of_operands]
        return not (self.moved if of_operands else self.changed) and all(x._node is node for x, node in tensors)

    def same_call(self, other: Root | None) -> bool:
        return (
            other is not None
            and self.rule is other.rule
            and not (self.params or other.params)
            and all(x is y for x, y in zip(self.operands, other.operands, strict=True))
            and self.holds(of_operands=True)
        )


# Those that are still alive: hardly ever any.
_roots: weakref.WeakSet[Root] = weakref.WeakSet()


def note_write(array: Any) -> None:
    """Take note that something was written into the value or the tangent of a Dual."""
    for root in tuple(_roots) if _roots else ():
        for x in map(unwrap, layers(array)):
            if type(x) in MEMORY:
                root.note_write(x)


def layers(x: Any) -> list[Any]:
    """Return the arrays that Duals are made of."""
    if type(x) is wrapping.Dual:
        return layers(x.value) + layers(x.tangent)
    return [y for item in x for y in layers(item)] if isinstance(x, (list, tuple)) else [x]


def _smoothed(rule: Differentiable, operands: Sequence[Any], params: dict[str, Any]) -> Any:
    """Return the square of a result at a kink as a function of what gave that; None if it is no such call."""
    x = operands[0]
    root = getattr(x, "_root", None) if type(x) is wrapping.Dual else None
    if root is None or params:
        return None
    if len(operands) == 2 and root.same_call(getattr(operands[1], "_root", None)):
        operands = (x, x)
    assert rule.squares is not None
    if not rule.squares(*operands) or not root.holds():
        return None
    found = root.rule.smooth_square(root.copies, root.params)
    return None if found is None else revalued(pushed(found[0], root.copies, found[1]), rule.func(*bare(operands)))


def _has_tangent(ans: Any) -> bool:
    if isinstance(ans, (tuple, list)):
        return any(map(_has_tangent, ans))
    return getattr(ans, "dtype", None) is not None and ans.dtype.kind in "fc"


class _Tangents:
    """What `Differentiable.tangent` asks of forward mode."""

    def product(self, rule: Elementwise, i: int, t: Array, ans: Array, values: Sequence[Array]) -> Array:
        return product_with(rule, i, t, ans, values)

    def apart(self, tangent: Any, tangents: Sequence[Any]) -> Any:
        return copied(tangent) if any(tangent is t for t in tangents) else tangent


_TANGENTS = _Tangents()


def tangent_of(
    rule: Differentiable, ans: Array, values: list[Array], tangents: list[Array | None], params: dict[str, Any]
) -> Any:
    """Return the tangent of a result, or of each one of several."""
    if type(ans) not in PLAIN and type(bare(ans)) is Guest:  # a guest stays one for a rule, as on the way back
        tangent = silently(rule.tangent, ans, values, tangents, params, _TANGENTS)
    else:
        tangent = rule.tangent(ans, values, tangents, params, _TANGENTS)
    return jvp_by_vjp(rule, ans, values, tangents, params) if tangent is NotImplemented else tangent


def product_with(rule: Elementwise, i: int, t: Array, ans: Array, values: Sequence[Array]) -> Array:
    """Return the derivative by the i-th operand times a tangent."""
    d = rule.partials[i]
    if not callable(d):
        return t if d == 1 else t * factor_of(d, t.dtype)
    if rule.vanishes is not None and i == 0:
        note_vanishing(rule.vanishes(bare(t), *bare(list(values))))
    d = d(ans, *values)
    term = t * d  # in this order: of d * t, Python's own complex d would make a complex of Python's
    return term if rule.root is None else at_roots(rule, i, term, t, ans, values, d)


def at_roots(
    rule: Elementwise, i: int, term: Array, t: Array, ans: Array, values: Sequence[Array], slope: Array = 0.0
) -> Array:
    """Return a derivative times a tangent, in which a tangent 0 wins over the slope of a square root at 0.

    So it does on the way back, where more is known of other zeros: see careful.py. That is a convention, and has no
    derivative of its own. Here it is not known where a zero comes from: once there was one that excuses no root, such
    as the slope of x**1.5 at 0, none is excused.
    """
    if clean(term) or rule.root is None:
        return term
    zero = (bare(t) == 0) & (rule.root(i, bare(ans), *bare(list(values))) == ROOT)
    if not np.any(zero) or met.vanished == SHARP:
        return term
    if met.vanished:
        met.vanished = SHARP
    return at_kink(np.where(zero, np.zeros((), term.dtype), term), zero, slope)


class Forward(threading.local):
    """What the forward mode of this thread has met.

    Attributes
    ----------
    vanished : the derivatives that have become zero, by what they do not excuse, ROOT or SHARP; None where nothing is
        being differentiated
    within : an object that belongs to the outermost transform at work
    """

    vanished: int | None = None
    within: Any = None


met = Forward()


def note_vanishing(how: int) -> None:
    """Take note of a derivative that has vanished, as `Elementwise.vanishes` tells."""
    if met.vanished is not None and how > met.vanished:
        met.vanished = how


def clean(x: Any) -> bool:
    """Tell whether an array holds no NaN."""
    while type(x) is wrapping.Dual:
        if not clean(x.tangent):
            return False
        x = x.value
    x = unwrap(x)
    if type(x) is np.ndarray:
        if x.size >= LARGE and x.dtype.kind == "f":
            return no_nan(x)
        x = silently(np.vdot, x, x)  # NaN exactly when an element is, and the cheapest to find for a small array
    if type(x) in TRACED:
        return x.is_clean()  # type: ignore[no-any-return]
    return bool(x == x) if isinstance(x, np.generic) else True


def jvp_by_vjp(
    rule: Differentiable, ans: Array, values: list[Array], tangents: list[Array | None], params: dict[str, Any]
) -> Any:
    """Return the tangent of a result, or of each one of several, from the vjp alone."""
    parents = tuple(None if t is None else nodes.leaf(t.shape, t.dtype) for t in tangents)
    args = tuple(value if rule.keeps(i) else spec(value) for i, value in enumerate(values))
    several = isinstance(ans, (tuple, list))
    shape, dtype = ((), np.dtype(float)) if several else (ans.shape, ans.dtype)
    node = Node(rule, args, params, ans, parents, shape, dtype)
    answer = transposed_call(node, tangents, gradients_for(values, tangents))
    infinite = [~np.isfinite(bare(t)) if t is not None and in_sight(bare(t)) else None for t in tangents]
    if any(mask is not None and np.any(mask) for mask in infinite) and rule.selects is not True:
        answer = _without_zeros_of_data(answer if several else [answer], node, infinite)
        return answer if several else answer[0]
    return answer


def gradients_for(values: Sequence[Any], tangents: Sequence[Any]) -> Differentiate:
    """Return what `linear_transpose` differentiates by, for a call on these values."""
    # What is differentiated once more, by a tape or by another Dual around this one, has to stay connected.
    connect = wrap if settings.recording() and any(map(on_a_tape, (*values, *tangents))) else None

    def gradients(pairs: Paired, leaves: list[Node | None]) -> list[Any]:
        total: Any = 0
        for c, t in pairs:
            total = total + np.sum(np.real(np.conj(c) * t))
        return [None if leaf is None else gradient_by(leaf, total, connect) for leaf in leaves]

    return gradients


def _without_zeros_of_data(answer: list[Any], node: Node, infinite: list[Any]) -> list[Any]:
    """Return a tangent with NaN where it is finite although it depends on infinite ones.

    There an infinity met a zero that is none for other operands, such as the slope of a norm at 0. A NaN that were a
    constant would have the derivative 0.
    """
    rule: Any = node.rule
    apart = careful.Sweep(node, []).at_random(node)[0]
    tangents = [None if mask is None else np.where(mask, 1.0, 0.0) for mask in infinite]
    try:
        depends = jvp_by_vjp(rule, apart.out, apart.args, tangents, node.kwargs or {})
    except (ValueError, np.linalg.LinAlgError):  # not defined, or refused, at random numbers
        return answer
    depends = depends if isinstance(depends, list) else [depends]
    return [
        t if t is None else np.where((bare(d) != 0) & np.isfinite(bare(t)), np.nan * t, t)
        for t, d in zip(answer, depends, strict=True)
    ]


def gradient_by(leaf: Node, total: Any, connect: Any) -> Any:
    """Return the gradient by a leaf of a scalar: a Dual if the scalar is one."""
    if type(total) is wrapping.Dual:
        parts = [gradient_by(leaf, x, connect) for x in (total.value, total.tangent)]
        return wrapping.Dual(*parts, total.level)
    node = getattr(total, "_node", None)
    one = one_beside([bare(total)])
    if connect is not None:
        one = connect(one)
    found = {} if node is None else plans.sweep(node, one, True, connect, leaf.order)
    return found.get(leaf, np.zeros(leaf.shape, leaf.dtype))
