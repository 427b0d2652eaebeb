"""What code reads that is not its own: the names of globals, and of attributes."""

from __future__ import annotations

import dis
import functools
import types

_OF_GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_SETS_GLOBALS = ("STORE_GLOBAL", "DELETE_GLOBAL")
_SETS = ("STORE_ATTR", "DELETE_ATTR", "STORE_NAME", "DELETE_NAME", *_SETS_GLOBALS)


class Reads:
    """What a function's code, and that of functions inside it, reads.

    Attributes
    ----------
    globals : the names of globals that it reads
    set_globals : those that it sets
    attributes : the names of attributes that it reads, and of what it takes out of modules
    catches : it catches errors, such as that of a name that is not there
    """

    __slots__ = ("attributes", "catches", "globals", "set_globals")

    def __init__(self, catches: bool) -> None:
        self.globals: set[str] = set()
        self.set_globals: set[str] = set()
        self.attributes: set[str] = set()
        self.catches = catches


@functools.lru_cache(10_000)
def reads(code: types.CodeType) -> Reads:
    found = Reads(bool(code.co_exceptiontable))
    for instruction in dis.get_instructions(code):
        if instruction.opcode not in dis.hasname:
            continue
        name = instruction.opname
        if name in _OF_GLOBALS:
            found.globals.add(instruction.argval)
        elif name in _SETS_GLOBALS:
            found.set_globals.add(instruction.argval)
        elif name not in _SETS:
            found.attributes.add(instruction.argval)
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            inner = reads(const)
            found.globals |= inner.globals
            found.set_globals |= inner.set_globals
            found.attributes |= inner.attributes
            found.catches |= inner.catches
    return found
