"""What the code of a function mentions: names, lists, imports, and classes that it compares by ``is``."""

from __future__ import annotations

import dis
import functools
import inspect
import itertools
import types
from collections.abc import Iterator
from typing import Any

from . import table


def _codes(*names: str) -> frozenset[int]:
    return frozenset(dis.opmap[name] for name in names if name in dis.opmap)


_MAKES_LISTS = _codes("BUILD_LIST", "BUILD_TUPLE")
_ASSIGNS = _codes("STORE_SUBSCR", "STORE_SLICE")
_LISTERS = frozenset(("list", "tuple", "sorted"))
_IMPORTS = _codes("IMPORT_NAME")


class Mentions:
    """What a function's code, and that of functions inside it, mentions.

    Attributes
    ----------
    names : of globals and attributes
    identical : those that something is compared with by ``is``
    lists : it makes lists or tuples that a function could be handed, or assigns elements
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
    lists = not _ASSIGNS.isdisjoint(used) or not _LISTERS.isdisjoint(names)
    if not lists and (code.co_flags & inspect.CO_VARARGS or not _MAKES_LISTS.isdisjoint(used)):
        lists = _has_lists(code)
    imports = set(_imported(code)) if not _IMPORTS.isdisjoint(used) else set()
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            inner = mentions(const)
            names |= inner.names
            identical |= inner.identical
            lists |= inner.lists
            imports |= inner.imports
    return Mentions(names, identical, lists, imports)


def _has_lists(code: types.CodeType) -> bool:
    """Tell whether code makes a list or a tuple, or has one of its own arguments, and does something else with it than
    to hand on the items as arguments, to take them out, to index by them, or to make a function."""
    star = None
    if code.co_flags & inspect.CO_VARARGS:
        star = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        if star in code.co_cellvars:  # functions inside have it
            return True
    instructions = [i for i in dis.get_instructions(code) if i.opname != "CACHE"]
    kept = 0  # lists, less those that became the arguments of a call
    for at, (instruction, following) in enumerate(itertools.pairwise(instructions), 1):
        name = instruction.opname
        if name == "BUILD_LIST":
            kept += 1
        elif name == "LIST_TO_TUPLE" or (name == "CALL_INTRINSIC_1" and instruction.arg == _LIST_TO_TUPLE):
            kept -= _becomes_arguments(instructions[at:])
        elif name == "BUILD_TUPLE":
            indexes = _subscripts(following) or following.opname == "UNPACK_SEQUENCE"
            if not (indexes or isinstance(following.argval, types.CodeType) or _becomes_arguments(instructions[at:])):
                return True
        elif name.startswith("LOAD_FAST") and star is not None and star in _names(instruction):
            taken = following.opname in ("GET_ITER", "LIST_EXTEND", "UNPACK_SEQUENCE")
            taken |= type(following.argval) is int and _subscripts(instructions[at + 1])
            if star != _names(instruction)[-1] or not (taken or _becomes_arguments(instructions[at:])):
                return True
    return kept > 0


_LIST_TO_TUPLE = 6  # among the intrinsic functions of one argument, since Python 3.12
_BINARY_SUBSCRIPT = 26  # among the binary operators, since Python 3.14


def _names(instruction: dis.Instruction) -> tuple[str, ...]:
    """Return the names that an instruction loads; since Python 3.13 there are some that load two."""
    return instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)


def _subscripts(instruction: dis.Instruction) -> bool:
    name = instruction.opname
    return name == "BINARY_SUBSCR" or (name == "BINARY_OP" and instruction.arg == _BINARY_SUBSCRIPT)


def _becomes_arguments(following: list[dis.Instruction]) -> bool:
    """Tell whether a tuple is the positional arguments of a call, from what follows the instruction that gives it."""
    above = 0  # what has been put on the stack above it: keywords
    for instruction in following:
        name = instruction.opname
        if name == "CALL_FUNCTION_EX":
            return above <= 1
        if not (name in _MAKE_KEYWORDS or (name.startswith("LOAD_") and name not in _LOOK_UP)):
            return False
        above += dis.stack_effect(instruction.opcode, instruction.arg, jump=False)
        if above < 1:  # it is one of the keywords itself
            return False
    return False


_MAKE_KEYWORDS = frozenset(("PUSH_NULL", "BUILD_MAP", "BUILD_CONST_KEY_MAP", "DICT_MERGE"))
_LOOK_UP = frozenset(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"))
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
