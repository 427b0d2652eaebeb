"""To see the values on a tape come about: a function is run, and it is noted what it computed, and in which line.

A node keeps of a call what its derivative needs, and that may be next to nothing. So while the function runs, each
return of a function of this package is looked at, by `sys.setprofile`: among its arguments and its result are the
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
from ..forward.dual import Dual
from ..reverse.tensor import Tensor
from ..tape.nodes import RELEASED, next_order
from .naming import Instruction

_SUSPENDING = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Watch:
    """What is noted of the nodes that are made while a function runs.

    Attributes
    ----------
    values : by the number of a node, a copy of its array
    places : the user's instruction that led to it
    answers : the instructions whose result it was
    turns : which turn it was of the user's code, each of which makes a call
    names : what it is called in the code
    """

    def __init__(self) -> None:
        self.oldest = next_order()
        self.values: dict[int, Any] = {}
        self.places: dict[int, Instruction | None] = {}
        self.answers: dict[int, Instruction] = {}
        self.turns: dict[int, int] = {}
        self.names: dict[int, str] = {}
        self._turn = 0
        self._made: list[int] = []
        self._outside: FrameType | None = None

    def run(self, call: Callable[[], Any]) -> Any:
        """Call a function of no arguments, and note what it makes."""
        before = sys.getprofile()
        self._outside = users_frame()
        try:
            sys.setprofile(self._look)
            return call()
        finally:
            sys.setprofile(before)
            self._outside = None

    def _look(self, frame: FrameType, event: str, result: Any) -> None:
        if event != "return":
            return
        if package(frame) != PACKAGE:
            if frame is not self._outside and frame.f_back is not self._outside:
                self._answer(frame, result)
            return
        # A frame that goes on would keep what is looked at.
        if not frame.f_code.co_flags & _SUSPENDING:
            for value in frame.f_locals.values():
                self._note(value)
        self._note(result)
        self._answer(frame, result)

    def _note(self, value: Any) -> None:
        """Note the node of a tensor, if it is a new one."""
        while type(value) is Dual:
            value = value.value
        if type(value) in (list, tuple):
            for item in value:
                if type(item) is Tensor or type(item) is Dual:
                    self._note(item)
            return
        if type(value) is not Tensor:
            return
        node = value._known
        if node is None or node.order <= self.oldest or node.order in self.values or node.rule is RELEASED:
            return
        if value._raw.shape != node.shape:
            return
        order = node.order
        self.values[order] = np.array(value._raw)
        user = users_frame()
        self.places[order] = None if user is None or user is self._outside else Instruction.of(user)
        self.turns[order] = self._turn
        self._made.append(order)

    def _answer(self, frame: FrameType, result: Any) -> None:
        """Note what the user's code gets from a call, and the name that it gives to that."""
        user = frame.f_back
        if user is None or users_frame(user) is not user or user is self._outside:
            return
        place = Instruction.of(user)
        self._turn += 1
        made, self._made = self._made, []
        results = list(result) if isinstance(result, (list, tuple)) else [result]
        if not any(type(item) in (Tensor, Dual) for item in results):
            for order in made[-1:]:
                self.answers.setdefault(order, place)
                self._call(order, *place.targets[:2])
            return
        targets = place.targets if len(place.targets) == len(results) else ()
        for i, item in enumerate(results):
            while type(item) is Dual:
                item = item.value
            if type(item) is Tensor and item._known is not None and item._known.order > self.oldest:
                order = item._known.order
                self.answers.setdefault(order, place)
                self._call(order, *targets[i : i + 1])

    def _call(self, order: int, *names: str | None) -> None:
        if len(names) == 1 and names[0] is not None:
            self.names.setdefault(order, names[0])
