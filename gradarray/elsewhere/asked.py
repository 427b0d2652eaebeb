"""What a line asks for beyond the first name that is missing: `scan` in ``ga.lax.scan``; and modules that are missing.

Python stops at the first name, and so one would be told of `lax` alone.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from itertools import takewhile
from opcode import opmap
from types import FrameType
from typing import Any


def is_importing(frame: FrameType) -> bool:
    """Tell whether a frame is at ``from module import name``, where that asks for the name."""
    return _is_at(frame, "IMPORT_FROM")


def _is_at(frame: FrameType, *operations: str) -> bool:
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] in [opmap[name] for name in operations]


def names_after(frame: FrameType) -> list[str]:
    """Return the names that follow in the line: those after an attribute, or all of a module and what is taken of it.

    That is [scan] at `lax` in ``ga.lax.scan(f, x)``, and [nn, Linear] at ``from gradarray.nn import Linear``.
    """
    if not _is_at(frame, "LOAD_ATTR", "IMPORT_NAME"):  # such as in hasattr, for which nothing is looked through
        return []
    code = [i for i in dis.get_instructions(frame.f_code) if i.opname != "EXTENDED_ARG"]
    n = next((n for n, i in enumerate(code) if i.offset >= frame.f_lasti), 0)
    if code[n].opname == "LOAD_ATTR":
        return [i.argval for i in takewhile(lambda i: i.opname in ("LOAD_ATTR", "LOAD_METHOD"), code[n + 1 :])]
    return [*code[n].argval.split(".")[1:], *(code[n - 1].argval or ())[:1]]


class Finder:
    """What is asked for a module that no other finder has found: it says for one of a package what to write instead.

    Who asks whether there is a module, as ``importlib.util.find_spec`` does, is told no.

    Parameters
    ----------
    package : its name
    told : returns what is said, for the frame that imports and the module's name in the package
    """

    def __init__(self, package: str, told: Callable[[FrameType, str], str]) -> None:
        self.package = package
        self.told = told

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        package, _, inner = name.partition(".")
        if package != self.package or not inner or inner.startswith("_"):
            return
        frame: FrameType | None = sys._getframe(1)
        importing = False
        while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
            importing = importing or frame.f_code.co_name == "_find_and_load"
            frame = frame.f_back
        told = self.told(frame, inner) if frame is not None and importing else ""
        if told:
            raise ModuleNotFoundError(f"No module named {name!r}{told}", name=name)
