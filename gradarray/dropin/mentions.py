"""What the code of a function mentions: names, lists, imports, and classes that it compares by ``is``."""

from __future__ import annotations

import dis
import functools
import inspect
import types
from collections.abc import Iterator
from typing import Any

from . import table


def _codes(*names: str) -> frozenset[int]:
    return frozenset(dis.opmap[name] for name in names if name in dis.opmap)


_MAKES_LISTS = _codes("BUILD_LIST", "BUILD_TUPLE", "LIST_APPEND", "LIST_EXTEND")
_ASSIGNS = _codes("STORE_SUBSCR", "STORE_SLICE")
_LISTERS = frozenset(("list", "tuple", "sorted"))
_IMPORTS = _codes("IMPORT_NAME")


class Mentions:
    """What a function's code, and that of functions inside it, mentions.

    Attributes
    ----------
    names : of globals and attributes
    identical : those that something is compared with by ``is``
    lists : it makes lists or tuples, or assigns elements
    imports : the modules that it imports, each with the number of dots in front of its name
    """

    __slots__ = ("identical", "imports", "lists", "names")

    def __init__(self, names: set[str], identical: set[str], lists: bool, imports: set[tuple[int, str]]) -> None:
        self.names, self.identical, self.lists, self.imports = names, identical, lists, imports


@functools.lru_cache(10_000)
def mentions(code: types.CodeType) -> Mentions:
    names, identical = set(code.co_names), set[str]()
    used = set(code.co_code[::2])
    if _IS in used and not table.CLASSES.isdisjoint(names):
        identical.update(_identical(code))
    lists = not (_MAKES_LISTS | _ASSIGNS).isdisjoint(used) or not _LISTERS.isdisjoint(names)
    lists |= bool(code.co_flags & inspect.CO_VARARGS)
    imports = set(_imported(code)) if not _IMPORTS.isdisjoint(used) else set()
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            inner = mentions(const)
            names |= inner.names
            identical |= inner.identical
            lists |= inner.lists
            imports |= inner.imports
    return Mentions(names, identical, lists, imports)


_IS = dis.opmap["IS_OP"]


def _identical(code: types.CodeType) -> Iterator[str]:
    """Yield the names that something is compared with by ``is``, but for type(x), which has a stand-in."""
    instructions = [i for i in dis.get_instructions(code) if i.opname not in ("CACHE", "PUSH_NULL")]
    asks = any(i.opname in ("LOAD_GLOBAL", "LOAD_NAME") and i.argval == "type" for i in instructions)
    for end, instruction in enumerate(instructions):
        if instruction.opcode != _IS:
            continue
        name, operand = None, instruction
        for at in range(end - 1, -1, -1):
            operand = instructions[at]
            if not operand.opname.startswith(("LOAD_GLOBAL", "LOAD_ATTR", "LOAD_NAME")):
                break
            name = name or operand.argval
            if not operand.opname.startswith("LOAD_ATTR"):  # what is compared with it was loaded before
                operand = instructions[at - 1]
                break
        of_class = operand.opname.startswith("LOAD_ATTR") and operand.argval in ("type", "__class__")
        if name is not None and (of_class or not asks):
            yield name


def _imported(code: types.CodeType) -> Iterator[tuple[int, str]]:
    loaded: list[Any] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":  # after the number of dots, and the names to be taken from the module
            level = loaded[-2] if len(loaded) > 1 and type(loaded[-2]) is int else 0
            yield level, instruction.argval
        elif instruction.opname.startswith("LOAD_"):
            loaded.append(instruction.argval)
