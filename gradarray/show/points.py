"""What kind of point a call is at where its derivative became infinite or NaN, for `detect_anomaly` to say.

The classes are those that a rule prints of itself; what is asked here is where the operands are, as far as the tape, or
a tensor, still has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

import numpy as np

from ..context.frames import PACKAGE, package
from ..context.settings import silently
from ..rules.registry import find
from ..rules.written import NO_VALUE, POLE, STEEP, class_at
from ..tape.nodes import Node
from ..tape.wrapping import bare


def at_point(node: Node, i: int, g: Any, c: Any, wrong: Any) -> str:
    """Say what kind of point a call is at where the derivative by its i-th operand became infinite or NaN."""
    rule: Any = node.rule
    names = getattr(rule, "operands", ())
    values = [_value(node, k) for k in range(len(node.parents))]
    if len(names) != len(values) or getattr(rule, "sequence", False):
        names = [f"operand {k}" for k in range(len(values))]
    if not getattr(rule, "is_elementwise", False):
        before = [name for name, x in zip(names, values, strict=True) if _wrong_values(x).any()]
        return f". {_already(before)}" if before else ""
    point = [_element(x, wrong) for x in values]
    said = ""
    if not any(x is None for x in point) and callable(rule.declared[i]):
        with suppress(Exception):  # a user's derivative, which takes no numbers
            said = silently(class_at, rule.call, rule.declared[i], point, i)
    elif (out := _element(node.out, wrong)) is not None:
        said = _class_of(out)
    back, arrives = _element(g, wrong), _element(c, wrong)
    product = back is not None and arrives is not None and back == 0 and np.isnan(arrives)
    return _special(rule.name, [*zip(names, point, strict=True)], said, product)


ALREADY = "infinite or NaN already on the way forward"


def _already(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {ALREADY}"


def _special(name: str, point: Sequence[tuple[str, Any]], said: str, product: bool = False) -> str:
    """Say where the operands are, as far as they are known, what is special there, and what to do.

    `product` tells that an infinite slope was multiplied by zero.
    """
    known = [(called, x) for called, x in point if x is not None]
    there = ", ".join(f"{called} = {x:g}" for called, x in known)
    before = [called for called, x in known if not np.isfinite(x)]
    if before:
        return f". There {there}: {_already(before)}"
    if not said:
        return f". There {there}" if there else ""
    at = f"There {there}, where {name} has {said}" if there else f"There {name} has {said}"
    if product:
        at += ". What comes back to it is 0, and 0 * inf is NaN"
    mask = (
        f"the operand before the call: np.where(ok, {point[0][0]}, 1.0)"
        if len(point) == 1
        else "what goes into the call"
    )
    return f". {at}. Keep away from there, or mask {mask}"


def _class_of(value: Any) -> str:
    """Return the class of point by the value of a function there alone, where the slope is infinite."""
    return STEEP if np.isfinite(value) else NO_VALUE if np.isnan(value) else POLE


def _value(node: Node, k: int) -> Any:
    """Return an operand of a call, as far as it is still there: saved by the call, by its own, or in its tensor."""
    args, parent = node.args, node.parents[k]
    x = bare(args[k]) if type(args) is tuple and len(args) == len(node.parents) else None
    if isinstance(x, (np.ndarray, np.generic, int, float)):
        return x
    if parent is None:
        return None
    if parent.rule is None:
        holder = getattr(parent, "holder", None)
        tensor = None if holder is None else holder()
        return bare(tensor) if getattr(tensor, "_known", None) is parent else None
    return bare(parent.out)


def _wrong_values(value: Any) -> Any:
    """Tell where an operand is infinite or NaN."""
    known = isinstance(value, (np.ndarray, np.generic, float, complex)) and np.result_type(value).kind in "fc"
    return ~np.isfinite(value) if known else np.False_


def _element(value: Any, wrong: Any) -> Any:
    """Return the element of an operand that belongs to the first wrong one of a result; None if that is not known."""
    value = bare(value)
    if not isinstance(value, (np.ndarray, np.generic, int, float)) or np.result_type(value).kind not in "fiu":
        return None
    place = tuple(map(int, np.argwhere(wrong)[0])) if np.ndim(wrong) else ()
    try:
        return np.broadcast_to(value, np.shape(wrong))[place]
    except ValueError:  # it has lost its axes
        return None


def pushed_at(name: str, operands: Any, result: Any, wrong: Any) -> str:
    """Say the same of a call in forward mode, of one operand or more."""
    func = getattr(np, name.removeprefix("np."), None)
    rule: Any = None if func is None else find(func)
    if rule is None or not rule.is_elementwise or not isinstance(operands, tuple):
        return ""
    point = [_element(x, wrong) for x in operands]
    out = _element(getattr(result, "value", None), wrong)
    return _special(name, [*zip(rule.operands, point, strict=False)], "" if out is None else _class_of(out))


def computed_at(frame: FrameType | None, user: FrameType | None, message: str) -> str:
    """Say of a call, of which NumPy is about to warn, at which element its result becomes infinite or NaN, and by what.

    While NumPy calculates, the operands are known to the recorder alone that has asked it to: they are the arguments in
    its frame. No element is told but one that the call gives when it is carried out once more.

    Parameters
    ----------
    frame, user : the frame that NumPy was called by, and the user's, which led to it
    message : NumPy's own, such as "divide by zero encountered in scalar divide"
    """
    what, _, called = message.partition(" encountered in ")
    part = ""
    while frame is not None and frame is not user:
        there = frame.f_locals if package(frame) == PACKAGE else {}
        rule = there.get("rule")
        if rule is not None and callable(func := getattr(rule, "func", None)):
            given = [there[name] for name in frame.f_code.co_varnames[: frame.f_code.co_argcount]]
            operands = bare(there["inputs"] if "inputs" in there else tuple(given))
            if getattr(func, "__name__", "") == called.removeprefix("scalar ") and len(operands) == func.nin:
                return silently(_computed_at, rule, operands, bare(there.get("where", True)), what)  # type: ignore[no-any-return]
            part = f"this is a part of {rule.name}"
        frame = frame.f_back
    return part


def _computed_at(rule: Any, operands: Sequence[Any], where: Any, what: str) -> str:
    result = np.asarray(rule.call(*operands))
    if result.dtype.kind not in "fc":
        return ""
    wrong = np.isnan(result) if what == "invalid value" else np.isinf(result)
    point: list[tuple[str, Any]] = []
    if rule.is_elementwise:
        wrong = wrong & where
        born = wrong & np.logical_and.reduce(np.broadcast_arrays(*map(np.isfinite, operands)))
        # If it is not of finite numbers, then of infinities, as in inf - inf.
        wrong = born if born.any() else wrong & ~np.logical_or.reduce(np.broadcast_arrays(*map(np.isnan, operands)))
        if wrong.any():
            point = [*zip(rule.operands, [_element(x, wrong) for x in operands], strict=True)]
    if not wrong.any():
        return ""
    place = tuple(map(int, np.argwhere(wrong)[0])) if result.ndim else ()
    said = f"{rule.name} is {result[place]}" + (f" at element {place}" if place else "")
    known = point and all(x is not None for _, x in point)
    return said + _special(rule.name, point, _class_of(result[place]) if known else "")


def born_forward(node: Node) -> tuple[Node | None, bool]:
    """Return the node at which an operand of a call became infinite or NaN on the way forward, and whether it is sure.

    None stands for a constant. A tape keeps of a value what derivatives need, which may be nothing; then what goes into
    the node may have been so already.
    """
    found: Node | None = None
    while True:
        values = [_value(node, k) for k in range(len(node.parents))]
        wrong = [k for k, x in enumerate(values) if _wrong_values(x).any()]
        if not wrong:
            return found, all(x is not None for x in values)
        found = node.parents[wrong[0]]
        if found is None or found.rule is None:
            return found, True
        node = found


__all__ = ["ALREADY", "at_point", "born_forward", "computed_at", "pushed_at"]
