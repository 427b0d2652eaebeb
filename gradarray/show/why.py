"""`why_no_grad`: why a tensor has no gradient, in sentences."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..context.frames import users_frame
from ..context.settings import recording, watching
from ..reverse.tensor import Tensor
from ..tape import loss, nodes, sweeps
from ..tape.nodes import AWAITED, RELEASED, Node
from ..tape.wrapping import Dual
from .usage import Passage, Usage


class Sentences(str):
    """A text that a prompt shows as it is, and not in quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def why_no_grad(x: Any) -> Sentences:
    """Say why a tensor has no gradient, and what to do about it; or what there is to say of the gradient it has.

    Parameters
    ----------
    x : Tensor
        Given under the name that it has in the code around the call, so that its lines can be named.

    Returns
    -------
    str
        Sentences. They come from what is left of the tape, and from the source of the function, or the module, that
        this is called in. Where that does not tell two causes apart, both are named. In a `detect_anomaly` block the
        lines of calls are known, and are told.

    Notes
    -----
    All objects that there are are looked through, as for `Tensor.ops`: this is for debugging, and takes milliseconds.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([1, 2])
    >>> (2.0 * x).backward()
    >>> x.grad
    >>> ga.why_no_grad(x)
    x holds integers (int64), which cannot change by a little: it is a constant, and has no gradient. ...
    """
    usage = Usage.of_argument(users_frame(sys._getframe(1)))
    return Sentences(" ".join(part for part in _answer(x, usage) if part))


def _answer(x: Any, usage: Usage) -> Iterator[str]:
    name = usage.name or "the tensor"
    if isinstance(x, Dual):
        yield f"{usage.name or 'this'} is an argument of forward mode, which leaves no gradient anywhere: {_HANDED}"
    elif not isinstance(x, Tensor):
        kind = type(x)
        kind_name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        yield f"{usage.name or 'this'} is no tensor but of type {kind_name}; only tensors have a gradient."
        yield "Make one of it before it is used: x = ga.tensor(x), and x.grad is there after backward()."
    elif x.grad is not None:
        yield from _gradient(x, name, usage)
    elif x.constant:
        yield from _constant(x, name, usage)
    elif loss.in_transform():
        yield f"{name} is part of a function that is being differentiated by a transform, such as ga.grad: {_HANDED}"
    elif x._known is nodes.WRITTEN:
        yield f"{name}: {nodes.INTERRUPTED}"
    elif x.base is not None:
        yield f"{name} is a view of another tensor, and shows the matching part of that one's gradient."
        yield from _answer(x.base, Usage())
    else:
        yield from _variable(x, name, usage)


_HANDED = (
    "a transform hands the derivatives back, as in `g = ga.grad(f)(x)`, and leaves .grad alone. Use what it returns; "
    "or call the function on a tensor, and backward() of its result."
)


def _line(line: Passage | None) -> str:
    return "" if line is None else f" ({line})"


# --- where there is one ----------------------------------------------------------------------------------------------


def _gradient(x: Tensor, name: str, usage: Usage) -> Iterator[str]:
    gradient = np.asarray(x.grad.data if isinstance(x.grad, Tensor) else x.grad)
    yield f"{name} has a gradient: {name}.grad is there, an array of shape {gradient.shape}."
    if not np.all(np.isfinite(gradient)):
        yield "It is infinite or NaN in places: `with ga.detect_anomaly():` around the computation and backward() says "
        yield "where that comes from."
    elif gradient.size and not np.any(gradient):
        yield (
            "It is zero everywhere. So it is where the result has no slope: at a minimum, in the flat part of relu or "
            "clip, by a factor of 0, and where only functions of steps stand between, such as np.floor, np.round, "
            "np.sign or a comparison: these change by jumps, and their derivative is zero between."
        )
        yield "" if usage.flat is None else f"Such a function stands in {usage.flat}."
        yield "Where a step is meant, use a smooth one, such as ga.nnet.sigmoid, to learn through it."


# --- constants -------------------------------------------------------------------------------------------------------


def _constant(x: Tensor, name: str, usage: Usage) -> Iterator[str]:
    kind, made = x.dtype.kind, usage.made
    if kind not in "fc":
        what = "truth values" if kind == "b" else "integers"
        yield f"{name} holds {what} ({x.dtype}), which cannot change by a little: it is a constant, and has no"
        yield "gradient. Make it of floating-point numbers, as ga.tensor([1.0, 2.0]) or"
        yield f"ga.tensor(data, dtype=float){_line(made)}."
        return
    if made is not None and made.constant:
        yield f"{name} is a constant, since it was made with constant=True ({made}). Leave that away."
        return
    if made is not None and made.unrecorded:
        yield f"{name} is a constant: it was computed inside a `with ga.no_grad` block ({made}), where nothing is"
        yield "recorded. Compute it outside of the block."
        return
    if made is not None and made.calls & {"detach", "stop_gradient"}:
        yield f"{name} is a constant, since detach() and ga.stop_gradient give one ({made}). Leave that away."
        return
    if not recording():
        yield f"{name} is a constant, and this is asked where nothing is recorded (ga.no_grad): what is computed here"
        yield "is one. Compute it outside of the block, or of the function that is decorated with it."
        return
    yield f"{name} is a constant{_line(made)}: either it was made as one (with constant=True, detach(), np.zeros_like,"
    yield "...) or computed from constants alone, or it was computed from variables where nothing is recorded (inside"
    yield "ga.no_grad, or a function decorated with it). What it was computed from tells these apart: if `.constant` is"
    yield "False of any of that, it was not recorded. A variable is made by ga.tensor(array)."


# --- variables -------------------------------------------------------------------------------------------------------


def _variable(x: Tensor, name: str, usage: Usage) -> Iterator[str]:
    node = x._node
    assert node is not None
    if node.args is AWAITED:
        yield f"{name} is an argument of a function that a transform differentiated: {_HANDED}"
        return
    if node.rule is RELEASED:
        yield from _released(node, name, usage)
        return
    before = _before_updates(x, node, usage)
    if before is not None:
        yield from _updated(before, node, name, usage)
        return
    if node.rule is None and node.out is not None:
        yield f"{name} had a gradient, and it was cleared: {node.out}{_line(usage.cleared)}."
        yield "Read it before that, or call backward() again on something newly computed from it."
        return
    calls = [call for call in nodes.users(node) if call.rule is not RELEASED]
    recorded = [call for call in calls if call.rule is not None and not call.rule.entrance]
    reached = _reached(x)
    if recorded:
        yield from _used(node, recorded, reached, name, usage)
    elif calls:
        yield f"{name} was given to a transform{_line(usage.given)}: {_HANDED}"
    else:
        yield from _unused(node, reached, name, usage)


def _released(node: Node, name: str, usage: Usage) -> Iterator[str]:
    yield f"{name} was computed, by {node.args}, and what the tape knew of it is gone: it"
    if node.out is not None:
        yield str(node.out)
        return
    yield (
        "was released by a backward() of something else. Either no part of the gradient came by, since only parts with "
        "a derivative of zero lead from it to that result, or the gradient was cleared since"
    )
    yield f"{_line(usage.cleared)}. Compute it again, and pass retain_graph=True to backward() to keep the tape."


def _before_updates(x: Tensor, node: Node, usage: Usage) -> Node | None:
    """Return the leaf that a tensor was, if it has been updated in place since."""
    if node.rule is None:
        return None
    for old in sweeps.reachable(node, whole=False):
        holder = getattr(old, "holder", None) if old.rule is None else None
        if holder is nodes.somebody:  # a former leaf, of a tensor that is not known, was computed once itself
            if old.out is nodes.UPDATED and usage.updated is not None:
                return old
        elif holder is not None and holder() is x:
            return old
    return None


def _updated(before: Node, node: Node, name: str, usage: Usage) -> Iterator[str]:
    line = _line(usage.updated) or _place(node)
    if before.grad is not None:
        yield (
            f"{name} was changed in place after it was used{line}. The gradient is there, but it belongs to the value "
            f"that {name} had when it was used, and that is no longer in {name}."
        )
        yield f"Change {name} before it is used, or make a new array, as in `y = {name}.copy()`, and change that."
    elif before.out is not None:
        yield f"{name} had a gradient, which belonged to its former value: {name} was changed in place since{line}."
        yield f"To change a parameter and go on with its gradient, write `{name}.data -= rate * {name}.grad`."
    else:
        yield f"{name} was changed in place{line}, and backward() has not come by it since: neither was it called on"
        yield "what was computed from the new value, nor from the former one. Call backward() on the result."


def _used(node: Node, calls: list[Node], reached: list[Node], name: str, usage: Usage) -> Iterator[str]:
    uses = ", ".join(dict.fromkeys(f"{call.rule.name}{_place(call)}" for call in calls if call.rule is not None))
    later = [root for root in reached if root.rule is not None and root.order > node.order]
    if later or (reached and usage.backward):
        yield f"backward() was called{_line(usage.backward)} on a result that does not depend on {name}."
        yield f"{name} is used in {uses}, and no result of that was differentiated. Let what is differentiated be"
        yield f"computed from {name}, or call backward() on what is."
    else:
        yield f"backward() has not been called yet on anything that was computed from {name}, which is used in {uses}."
        yield "Call it on the result, as in loss.backward()."


# What is said of a line of the user's that takes a tensor past the tape.
_PAST = {
    "bare": "its bare values are taken, through which no derivative flows. Use the tensor itself there.",
    "unrecorded": "it is used inside ga.no_grad, where nothing is recorded. Compute that outside of the block.",
    "given": f"it is given to a transform: {_HANDED}",
    "flat": "it is compared, or given to a function of steps, and that has no derivative. Use a smooth function.",
}


def _unused(node: Node, reached: list[Node], name: str, usage: Usage) -> Iterator[str]:
    past = [f"In {line}, {what}" for key, what in _PAST.items() if (line := getattr(usage, key)) is not None]
    if past:
        yield f"No recorded call that took {name} is left."
        yield from past
        return
    called = f"backward() was called{_line(usage.backward or usage.before)}"
    if usage.fresh and node.rule is not None:
        yield f"{name} is computed in this very line, so that nothing depends on it yet. Give it a name where it is"
        yield "used, as y = ..., and y.grad is there after backward(); of a part of x it is the same part of x.grad."
    elif usage.before is not None and max((other.order for other in reached), default=node.order) < node.order:
        yield f"{name} is younger than anything that was differentiated{_line(usage.made)}: no backward() has come"
        yield "since. If it takes the place of an earlier tensor, as a variable that is made anew in a loop, the"
        yield "gradient was that one's: make variables once, before the loop, and update `w.data -= rate * w.grad`."
        yield f"Otherwise call backward() on a result that is computed from {name}."
    elif usage.backward is not None or any(other.rule is not None and other.order > node.order for other in reached):
        yield f"{called}, and {name} was not reached: the result does not depend on it. Either it was not used at all,"
        yield f"or only by its bare values ({name}.data, np.asarray, float, .item()), or inside ga.no_grad."
        yield "With ga.gradient_loss('raise'), calls that take bare values are errors, and"
        yield f"`{name}.ops` lists the recorded calls that took it, as long as their results are there."
    else:
        yield f"backward() has not been called yet on anything that was computed from {name}{_line(usage.made)}, and"
        yield f"nothing that was is left. Compute a result from {name}, keep it, and call its backward(). What float(),"
        yield ".item(), .data and np.asarray give is no such result, but bare values."


def _place(node: Node) -> str:
    """Return the line of a call, where it was noted."""
    watch = watching()
    place = None if watch is None else watch.place(node.order)
    return "" if place is None else f" ({place})"


def _reached(x: Tensor) -> list[Node]:
    """Return the nodes of the other tensors that have a gradient: what a backward was called on, and came by."""
    found = [t for t in gc.get_objects() if type(t) is Tensor and t is not x]
    known = [getattr(t, "_known", None) for t in found]
    return [node for node in known if node is not None and node.grad is not None]


__all__ = ["Sentences", "why_no_grad"]
