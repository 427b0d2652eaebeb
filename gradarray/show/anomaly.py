"""`detect_anomaly`: where infinities and NaN come from, forward and on the way back.

While a block is open, `settings.paused` is not empty, so that each recorder asks whether to record before it makes its
node. There the user's line is noted against the running number of nodes, and nothing of this is on the way of a call
outside. Gradients are computed as ever; where one is not finite, a careful sweep is done once more that looks at each
contribution, and tells which of them brought it in.
"""

from __future__ import annotations

import sys
import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from itertools import islice
from operator import attrgetter
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from ..context.frames import quoted, users_frame, users_level
from ..context.settings import SILENT, Block, Settings, errors, held, paused, within
from ..kernels.arrays import Array
from ..tape import careful, sweeps
from ..tape.nodes import Node, next_order
from ..tape.wrapping import bare
from .points import ALREADY, at_point, born_forward, computed_at, pushed_at

# --- what is noted -------------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """A line of the user's."""

    code: CodeType
    at: int
    line: int
    names: dict[str, Any]

    def __str__(self) -> str:
        text = quoted(self.code, self.at, self.names, whole=True)
        return f"{self.code.co_filename}:{self.line}" + ("" if text is None else f", `{text}`")


def _here() -> _Place | None:
    frame = users_frame()
    return None if frame is None else _Place(frame.f_code, frame.f_lasti, frame.f_lineno, frame.f_globals)


class Anomalies:
    """What is noted while a block is open.

    Attributes
    ----------
    orders : running numbers of nodes, in their order
    places : the user's lines that led to the nodes after each of them
    births : by the level of forward mode and the identity of a tangent, how it became infinite or NaN, and itself
    """

    def __init__(self) -> None:
        self.orders: list[int] = []
        self.places: list[_Place | None] = []
        self.births: dict[int, dict[int, tuple[str, Any]]] = {}

    def note(self) -> None:
        """Note the user's line, for the node that is about to be made."""
        self.orders.append(next_order())
        self.places.append(_here())

    def place(self, order: int) -> _Place | None:
        """Return the line that led to a node."""
        k = bisect_left(self.orders, order)
        return self.places[k - 1] if k else None

    # --- on the way back ---------------------------------------------------------------------------------------------

    def sweep(
        self,
        root: Node,
        g: Array,
        retain: bool,
        wrap: Callable[[Array, Node | None], Array] | None,
        oldest: int,
        uses: dict[Node, int] | None,
    ) -> dict[Node, Array]:
        """Do what `sweeps.sweep` does, and raise FloatingPointError where a gradient became infinite or NaN."""
        uses = sweeps.reachable(root, oldest) if uses is None else uses
        nodes = sorted(uses, key=attrgetter("order"))
        found = sweeps.sweep(root, g, True, wrap, oldest, uses)
        if ends := {node.order for node, gradient in found.items() if _arrives(node) and np.any(_wrong(gradient))}:
            self._explain(nodes, uses, _Search(root, g, wrap), ends)
            if not np.any(_wrong(g)):
                raise FloatingPointError(
                    "a gradient is infinite or NaN: parts of it that are finite overflow in their sum"
                )
        if not retain:
            sweeps.release(nodes, uses, found, root)
        return found

    def _explain(self, nodes: Sequence[Node], uses: dict[Node, int], search: _Search, ends: set[int]) -> None:
        before = errors.get()
        try:
            errors.set(SILENT)
            search.run(nodes, uses, 0)
        finally:
            errors.set(before)
        for child, parent in reversed(search.ways):
            if parent in ends:
                ends.add(child)
        arriving = [birth for birth in search.births if birth[1] in ends] or search.births
        if arriving:
            order, _, text = arriving[0]
            if ALREADY in text:
                text += self._told_of_birth(next(node for node in nodes if node.order == order))
            raise FloatingPointError(_told(text, self.place(order)))

    def _told_of_birth(self, node: Node) -> str:
        """Say where on the way forward an operand of a call became infinite or NaN, as far as values are there."""
        born, certain = born_forward(node)
        if born is None or born.rule is None:
            return ", as it came in"
        place = self.place(born.order)
        since = f", since {born.rule.name}{'' if place is None else f' ({place})'}"
        return since if certain else f"{since} or what goes into that"

    # --- forward -----------------------------------------------------------------------------------------------------

    def pushed(self, push: Callable[..., Any], name: str, level: int, operands: Any, *args: Any) -> Any:
        """Carry out a call in forward mode, and note if a tangent becomes infinite or NaN in it."""
        before = [t for t in _tangents(operands, level) if np.any(_wrong(t))]  # one may be written into
        result = within({"anomalies": None}, push, *args)
        births = self.births.setdefault(level, {})
        for made in _tangents(result, level):
            if np.any(_wrong(made)):
                known = [births[id(t)][0] for t in before if id(t) in births]
                if known or not before:
                    said = f"{name}: the tangent {_first(made, _wrong(made))}"
                    said += pushed_at(name, operands, result, _wrong(made))
                    text = known[0] if known else _told(said, _here())
                    births[id(made)] = text, made
        return result

    def arrived(self, level: int, tangents: Iterable[Any]) -> None:
        """Raise FloatingPointError if a tangent of the result became infinite or NaN on the way."""
        births = self.births.pop(level, {})
        for t in tangents:
            if births and np.any(_wrong(t)):
                text, _ = births.get(id(t)) or [*births.values()][-1]  # of a view of one, or an array written into
                raise FloatingPointError(text)


def _told(text: str, place: _Place | None) -> str:
    return text if place is None else f"{text}. It comes from {place}"


def _arrives(node: Node) -> bool:
    return node.rule is None or node.rule.entrance


def _wrong(x: Any) -> Any:
    """Tell where a cotangent or a tangent is not finite."""
    if type(x) is list:
        return any(np.any(_wrong(part)) for part in x if part is not None)
    x = bare(x.g if x.shape is None else x)
    return ~np.isfinite(x) if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc" else np.False_


def _first(x: Any, wrong: Any) -> str:
    """Say which element of an array is infinite or NaN."""
    x = np.asarray(bare(x.g if x.shape is None else x))
    place = tuple(map(int, np.argwhere(wrong)[0])) if np.ndim(wrong) else ()
    return f"is {x[place]}" + (f" at element {place}" if place else "")


class _Search(careful.Sweep):
    """A careful sweep that looks for where infinities and NaN come in.

    Attributes
    ----------
    ways : the numbers of a node and of one of its parents, to which something went that is not finite
    births : the same where what it came of is finite, and what is to be said of it
    """

    def __init__(self, root: Node, g: Array, wrap: Any) -> None:
        super().__init__(root, g, wrap)
        self.ways: list[tuple[int, int]] = []
        self.births: list[tuple[int, int, str]] = []

    def _pull(self, node: Node, g: Any, marks: Any) -> list[Any]:
        values = super()._pull(node, g, marks)
        given = _wrong(g)
        for i, (parent, c) in enumerate(zip(node.parents, values, strict=False)):
            if parent is None or c is None or not np.any(wrong := _wrong(c)):
                continue
            self.ways.append((node.order, parent.order))
            new = wrong & ~given if np.shape(wrong) == np.shape(given) else wrong & (not np.any(given))
            if np.any(new):
                said = f"{_derivative(node, i)} {_first(c, new)}"
                self.births.append((node.order, parent.order, said + at_point(node, i, g, c, new)))
        return values


def _derivative(node: Node, i: int) -> str:
    rule: Any = node.rule
    names = getattr(rule, "operands", ())
    operand = names[i] if i < len(names) and not getattr(rule, "sequence", False) else f"operand {i}"
    return f"{rule.name}: the derivative by {operand}"


def _tangents(value: Any, level: int) -> list[Any]:
    """Return the tangents of a level in a value, however deep."""
    if isinstance(value, (list, tuple)):
        return [t for item in value for t in _tangents(item, level)]
    if isinstance(value, dict):
        return _tangents([*value.values()], level)
    return [value.tangent] if getattr(value, "level", None) == level else []


# --- the block -------------------------------------------------------------------------------------------------------

_KINDS = {"divide by zero": "divide", "overflow": "over", "underflow": "under", "invalid value": "invalid"}


class _Teller:
    """What NumPy tells of its errors within a block: a warning that names the user's line, the element and the point.

    NumPy's own warnings name the line that calls it, which is one of the library's.

    Attributes
    ----------
    modes, call : what NumPy does of its errors outside of the block
    told : the lines and texts of NumPy's that have been told of with an element
    """

    def __init__(self) -> None:
        self.modes, self.call = np.geterr(), np.geterrcall()
        self.told: set[tuple[CodeType, int, str]] = set()

    def write(self, text: str) -> None:
        """Take a line as for a log, which is the one form in which NumPy tells the whole text of its warning."""
        message = text.removeprefix("Warning: ").rstrip("\n")
        kind = _KINDS.get(message.partition(" encountered")[0])
        if kind is not None and self.modes.get(kind) == "log":
            self.call.write(text)  # type: ignore[union-attr]  # NumPy has taken nothing else for a log
        else:
            frame = users_frame()
            told = message
            if frame is not None and self._is_new(frame, message):
                told = _more(message, sys._getframe(1), frame)
            warnings.warn(told, RuntimeWarning, stacklevel=users_level())
            if frame is not None and told != message:
                # Where a line is warned of once, it is so whatever the element is.
                seen = frame.f_globals.get("__warningregistry__", {})
                if (told, RuntimeWarning, frame.f_lineno) in seen:
                    seen[message, RuntimeWarning, frame.f_lineno] = True

    def _is_new(self, frame: FrameType, message: str) -> bool:
        place = frame.f_code, frame.f_lineno, message
        if place in self.told:
            return False
        self.told.add(place)
        return True

    def __call__(self, *args: Any) -> None:
        if callable(self.call):
            self.call(*args)

    def setting(self) -> Any:
        """Return the setting under which this is told what is a warning otherwise."""

        def make() -> Any:
            np.seterrcall(self)
            np.seterr(**{kind: "log" if mode == "warn" else mode for kind, mode in self.modes.items()})  # type: ignore[arg-type]
            return errors.get()

        return copy_context().run(make)


def _more(message: str, frame: FrameType | None, user: FrameType) -> str:
    """Return NumPy's text of a warning, and at which element and by what operands it came to that."""
    said = ""
    with suppress(Exception):  # NumPy's text is told in any case
        said = computed_at(frame, user, message)
    return f"{message}: {said}" if said else message


# Who tells in a context, so that what a block has set is not set back in another one, where a generator may be closed.
_telling: ContextVar[Any] = ContextVar("telling", default=None)


class _DetectAnomaly(Block):
    """Tell where infinities and NaN come from, inside a ``with`` block or a decorated function.

    In it NumPy's warnings of infinite and undefined results name the line of the user's code, and, behind NumPy's text,
    the first element of the call at which that is so, and what its operands are there. A gradient, or a tangent in
    forward mode, that is infinite or NaN raises an error which says at which call it became so, by which operand, at
    which element, what is special about the point there, and the line of that call.
    What is infinite on the way and does not arrive, as behind a mask, is no anomaly.

    It acts on the calling thread, or asyncio task, alone; both the calls and the derivative are to be in the block.
    Everything is slower there. NumPy tells of errors as it is told to: what ``np.errstate`` ignores, or raises, is
    ignored or raised here, too; what is a warning is for the time being a log, for `np.geterr`.

    Raises
    ------
    FloatingPointError
        In the block, if a derivative becomes infinite or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> x = ga.tensor([0.0, 1.0])
    >>> with ga.detect_anomaly():
    ...     np.sum(np.sqrt(x)).backward()
    Traceback (most recent call last):
    FloatingPointError: np.sqrt: the derivative by x is inf at element (0,). There x = 0, where np.sqrt has ...
    """

    def _changes(self) -> dict[str, Any]:
        return {"anomalies": held().anomalies or Anomalies()}

    def _set_besides(self, now: Settings) -> None:
        if isinstance(np.geterrcall(), _Teller):
            return
        teller, before = _Teller(), errors.get()
        setting = teller.setting()
        # One step of an iterator, which is C's: no signal can come before it.
        former = map({teller: before}.get, iter(_telling.get, self), iter(errors.get, self))
        now.undo = partial(next, map(errors.set, islice(former, 1)))
        _telling.set(teller)
        errors.set(setting)


detect_anomaly = _DetectAnomaly("detect_anomaly", paused)
