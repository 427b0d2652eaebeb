"""To see the values on a tape come about: a function is run, and it is noted what it computed, and in which line.

A node keeps of a call what its derivative needs, and that may be next to nothing. So while the function runs, each
return of a function of this package is looked at, by `sys.setprofile`: among its local variables and its result are the
tensors that it has made or updated, and above it stands the line of the user's. Nothing of this is on the way of a call
at any other time.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from ..context.frames import PACKAGE, package, users_frame
from ..kernels.gate import PLAIN
from ..reverse.tensor import Tensor
from ..tape.nodes import RELEASED, Node, next_order
from .naming import Instruction

_SUSPENDING = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Watch:
    """What is noted of the nodes that are made while a function runs, by their running numbers.

    Attributes
    ----------
    values : copies of their arrays
    places : the user's instructions that led to them, None for what is called by no code of the user's
    answers : the instructions whose result they are; a call may make other nodes on the way to that
    names : what the user's code calls them
    constants : the operands that are plain numbers and arrays, where they are known, and None for the others
    """

    def __init__(self, oldest: int | None = None) -> None:
        self.values: dict[int, Any] = {}
        self.places: dict[int, Instruction | None] = {}
        self.answers: dict[int, Instruction] = {}
        self.names: dict[int, str] = {}
        self.constants: dict[int, tuple[Any, ...]] = {}
        self._oldest = next_order() if oldest is None else oldest
        self._latest: int | None = None
        self._element = 0  # of an array that is being taken apart, the next one
        self._outside: FrameType | None = None

    def run(self, call: Callable[[], Any]) -> Any:
        """Call a function of no arguments, and note what it makes."""
        before: Any = sys.getprofile()
        self._outside = users_frame()
        try:
            sys.setprofile(self._look)
            return call()
        finally:
            sys.setprofile(None)
            if callable(before):
                sys.setprofile(before)
            elif before is not None:  # a profiler that is written in C
                before.enable()
            self._outside = None

    def recall(self) -> None:
        """Note the tensors that the user's code has in variables by now, as far as these can be looked at."""
        frame = users_frame()
        if frame is None:
            return
        named = [*frame.f_globals.items()]
        if sys.version_info >= (3, 13):  # before, a reference to each local variable would be left behind
            named = [*frame.f_locals.items(), *named]
        for name, value in named:
            node = self._node_of(value)
            if node is not None and not name.startswith("_"):
                self.names.setdefault(node.order, name)
                if value._raw.shape == node.shape:
                    self.values.setdefault(node.order, np.array(value._raw))

    def _look(self, frame: FrameType, event: str, result: Any) -> None:
        if event != "return":
            return
        if package(frame) == PACKAGE:
            # A frame that goes on would keep what is looked at.
            given: tuple[Any, ...] = ()
            if not frame.f_code.co_flags & _SUSPENDING:
                code, local = frame.f_code, frame.f_locals
                given = tuple([local.get(name) for name in code.co_varnames[: code.co_argcount]])
                for value in [*local.values()]:
                    self._note(value, given)
            self._note(result, given)
        user = frame.f_back
        if user is not None and user is not self._outside and users_frame(user) is user:
            self._note_answer(Instruction.of(user), result)

    def _note(self, value: Any, given: tuple[Any, ...]) -> None:
        """Note the nodes of new tensors, that a function has which was given some arguments."""
        for item in value if type(value) in (list, tuple) else (value,):
            if (node := self._node_of(item)) is None or node.order in self.values or node.rule is RELEASED:
                continue
            if item._raw.shape == node.shape:
                self.values[node.order] = np.array(item._raw)
                user = users_frame()
                self.places[node.order] = None if user is None or user is self._outside else Instruction.of(user)
                self._latest = node.order
                # What makes a Tensor of an array and its node is given these, and no operands.
                if len(given) == len(node.parents) and not any(isinstance(x, Node) for x in given):
                    self.constants[node.order] = tuple([x if type(x) in PLAIN else None for x in given])

    def _node_of(self, value: Any) -> Node | None:
        node = getattr(value, "_known", None) if type(value) is Tensor else None  # one that is being made has none
        return None if node is None or node.order <= self._oldest else node

    def _note_answer(self, place: Instruction, result: Any) -> None:
        """Note what the user's code gets from a call, and the name that it gives to that."""
        latest, self._latest = self._latest, None
        results = list(result) if isinstance(result, (list, tuple)) else [result]
        nodes = [self._node_of(item) for item in results]
        if not any(nodes):
            self._element = 0
            if latest is not None:  # an update
                self._note_as(latest, place, place.spot.updated)
            return
        names = place.spot.targets
        if place.spot.elements and len(nodes) == 1:
            names = place.spot.elements[self._element : self._element + 1]
            self._element += 1
        for i, node in enumerate(nodes):
            if node is None:
                continue
            if node.rule is not None and node.rule.name == "setitem":  # as by out=
                names = names or (place.spot.updated,)
            self._note_as(node.order, place, names[i] if len(names) == len(nodes) else None)

    def _note_as(self, order: int, place: Instruction, name: str | None) -> None:
        self.answers.setdefault(order, place)
        if name is not None:
            self.names.setdefault(order, name)
