"""What is said where an attribute or a keyword is missing: whose name it is, and what to write here.

The table is loaded when something is missed for the first time. Missing stays cheap: names that begin with an
underscore are not looked up, since they are what Python, NumPy and notebooks ask everything for.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, NoReturn, TypeVar, cast

import numpy as np

from .asked import Finder, is_importing, names_after
from .rows import Difference, Row, Sections

F = TypeVar("F", bound=Callable[..., Any])

PACKAGE = __name__.partition(".")[0]
LIBRARIES = {"mygrad": "MyGrad", "autograd": "autograd", "pytorch": "PyTorch", "jax": "JAX"}

# How like a name has to be to be taken for a slip of the pen.
_LIKENESS = 0.75

# How the names of rows begin that are no rooms'.
_OBJECTS = ("Tensor.", "Optimizer.")

# Rooms with other names there.
_ROOMS = {"nnet": "nn"}

Found = list[tuple[str, Row]]


# --- the table ------------------------------------------------------------------------------------------------------


@functools.cache
def _modules() -> dict[str, Any]:
    return {name: importlib.import_module(f"{__package__}.{module}") for module, name in LIBRARIES.items()}


def table() -> dict[str, Sections]:
    """Return the sections of rows of each library, by its name."""
    return {name: module.SECTIONS for name, module in _modules().items()}


def differences() -> dict[str, tuple[Difference, ...]]:
    """Return what gives something else here than in each library, by its name."""
    return {name: module.DIFFERENCES for name, module in _modules().items()}


@functools.cache
def _index() -> tuple[Mapping[str, Found], Mapping[str, Found]]:
    """Return the rows by their whole name, and by what follows a dot in it; those of objects by the whole alone."""
    whole, ends = defaultdict(list), defaultdict(list)
    for library, sections in table().items():
        for rows in sections.values():
            for row in rows:
                whole[row.name].append((library, row))
                parts = row.name.split(".") if not row.name.startswith(_OBJECTS) else []
                for n in range(1, len(parts)):
                    ends[".".join(parts[n:])].append((library, row))
    return whole, ends


@functools.cache
def _rooms() -> frozenset[str]:
    """Return the names that others may follow, since there are rows for these or for the name itself."""
    return frozenset(part for name in _index()[0] for part in name.split("."))


def advice(owner: str, name: str, everywhere: bool = True) -> str:
    """Return what to write for a name that `owner` has not: "", "linalg", "Tensor"; nothing if nobody has it.

    Where `owner` is the name of a room, a row for the name in any other one serves, too.

    Examples
    --------
    >>> from gradarray.elsewhere.answers import advice
    >>> advice("Tensor", "unsqueeze")
    ' (PyTorch). Write np.expand_dims(x, axis)'
    """
    whole, ends = _index()
    found = whole.get(f"{owner}.{name}" if owner else name)
    if not found and everywhere:
        found = ends.get(name) or whole.get(name)
    return _told(found) if found else ""


def _told(found: Found) -> str:
    """Return what rows say, those that say the same together."""
    libraries: dict[str, dict[str, None]] = defaultdict(dict)
    notes: dict[str, str] = {}
    for library, row in found:
        libraries[row.write][library] = None
        if row.note:
            notes.setdefault(row.write, row.note)
    return " " + "; or ".join(
        f"({', '.join(names)}). Write {_laid_out(write)}" + (f"; {notes[write]}" if write in notes else "")
        for write, names in libraries.items()
    )


def _laid_out(code: str) -> str:
    return code if "\n" not in code else "\n\n    " + code.replace("\n", "\n    ") + "\n"


# --- attributes -----------------------------------------------------------------------------------------------------


def missing(module: str, name: str) -> Exception:
    """Return the error for a name that a module has not; asked by the module's ``__getattr__``."""
    frame = sys._getframe(2)
    told = ""
    if not name.startswith("_"):
        told = _of_line(module, [name, *(names_after(frame) if name in _rooms() else [])])
    if is_importing(frame):  # Python would say no more than that there is no such name
        return ImportError(f"cannot import name {name!r} from {module!r}{told}", name=module)
    return AttributeError(f"module {module!r} has no attribute {name!r}{told}", name=name, obj=sys.modules[module])


def _of_import(frame: FrameType, inner: str) -> str:
    """Return what is said for a module that there is not; asked by what finds modules."""
    depth, names = inner.count("."), names_after(frame)
    if ".".join(names[: depth + 1]) != inner:
        names = inner.split(".")
    return _of_line(".".join([PACKAGE, *names[:depth]]), names[depth:])


def find_imports() -> None:
    """Say from now on what to write instead where a module of this package is imported that there is not."""
    others = [finder for finder in sys.meta_path if getattr(finder, "package", None) != PACKAGE]
    sys.meta_path[:] = [*others, cast("Any", Finder(PACKAGE, _of_import))]


def _of_line(module: str, names: Sequence[str]) -> str:
    """Return what is said for names, each of what the one before leads to: of as many as there is something for."""
    owner = module.partition(".")[2]
    for n in range(len(names), 1, -1):
        told = advice(owner, ".".join(names[:n])) or _by_itself(names[1:n])
        if not told and n == len(names):
            told = _elsewhere(names)
        if told:
            return f", so no {'.'.join(names[:n])}{told}"
    return _of_module(module, names[0])


def _by_itself(names: Sequence[str]) -> str:
    """Return what is said for what is in a room there, and in another one, or in none, here."""
    for path in (names, names[-1:]):
        if _is_numpys(path):
            return f". Write {'.'.join(['np', *path])}"
    return f". Write ga.{names[-1]}" if names[-1] in sys.modules[PACKAGE].__all__ else ""


def _elsewhere(names: Sequence[str]) -> str:
    """Return what is said for the last name by those who have the room, or by all if nobody has it."""
    whole, ends = _index()
    found = ends.get(names[-1]) or whole.get(names[-1]) or []
    owners = {library for name, rows in whole.items() if name.split(".")[0] == names[0] for library, _ in rows}
    found = [(library, row) for library, row in found if library in owners or not owners]
    return _told(found) if found else ""


def _is_numpys(path: Sequence[str]) -> bool:
    found: Any = np
    for name in path:
        found = getattr(found, name, None)
    return found is not None


@functools.cache
def _of_module(module: str, name: str) -> str:
    owner = module.partition(".")[2]
    told = advice(owner, name)
    if told:
        return told
    path = [*filter(None, owner.split(".")), name]
    if _is_numpys(path):
        return f" (NumPy). Write {'.'.join(['np', *path])}"
    public = getattr(sys.modules[module], "__all__", None) or dir(sys.modules[module])
    theirs = _ROOMS.get(owner.partition(".")[0], owner)
    known = [row.rpartition(".")[2] for row in _index()[0] if (row.rpartition(".")[0] + ".").startswith(theirs + ".")]
    near = difflib.get_close_matches(name, [*public, *known], 1, _LIKENESS)
    if not near:
        return ""
    return f"; the nearest name is {near[0]!r}" + (advice(owner, near[0]) if near[0] not in public else "")


def absence(module: str) -> Callable[[str], NoReturn]:
    """Return the ``__getattr__`` of a module."""

    def __getattr__(name: str) -> NoReturn:
        raise missing(module, name)

    return __getattr__


def lacking(obj: Any, owner: str, name: str) -> AttributeError:
    """Return the error for a name that an object has not, asked by its ``__getattr__``; `owner` is its part in rows."""
    told = "" if name.startswith("_") else advice(owner, name, everywhere=False)
    return AttributeError(f"{type(obj).__name__!r} object has no attribute {name!r}{told}", name=name, obj=obj)


class Absent:
    """An attribute that there is not, which says what to write instead.

    A ``__getattr__`` would do the same for every name. But on Python 3.11 a class that has one makes each attribute of
    its instances slower, those that it has too: a recorded ``t * t`` by a fifth. Nor are other misses any slower so.
    """

    __slots__ = ("name", "reason")

    def __init__(self, name: str, reason: str | None = None) -> None:
        self.name = name
        self.reason = reason

    def __get__(self, obj: Any, owner: Any = None) -> NoReturn:
        what = f"type object {owner.__name__!r}" if obj is None else f"{type(obj).__name__!r} object"
        told = advice("Tensor", self.name, everywhere=False) if self.reason is None else f": {self.reason}"
        raise AttributeError(
            f"{what} has no attribute {self.name!r}{told}", name=self.name, obj=owner if obj is None else obj
        )

    def __set__(self, obj: Any, value: Any) -> NoReturn:
        self.__get__(obj, type(obj))

    __delete__ = cast("Any", __get__)


class _Unseen(type):
    """A class whose names are looked up, and which dir() and help() do not see."""

    @property  # type: ignore[misc]
    def __dict__(cls) -> dict[str, Any]:  # type: ignore[override]
        return {}


def give_absent(cls: Any, attributes: Mapping[str, Absent]) -> None:
    """Give a class attributes that there are not.

    They are those of a base that is given to it afterwards: were it named where the class is made, the class would be
    of its type, and isinstance take several times as long.
    """
    base = _Unseen("Elsewhere", (), {"__slots__": (), "__module__": __name__, **attributes})
    cls.__bases__ = (*cls.__bases__, base)


# --- arguments ------------------------------------------------------------------------------------------------------

_UNKNOWN = re.compile(r"(?:.*\.)?(\w+)\(\) got an unexpected keyword argument '(\w+)'(?:\. Did you mean '\w+'\?)?$")

# What is said of an argument that stands where another library's function has it.
_MISPLACED = re.compile(
    r"takes (from \d+ to )?\d+ positional arguments? but [1-5] (was|were) given|Cannot interpret '(\d+|True|False)' as|"
    r"order must be str, not int|(return arrays|output) must be|axes don't match array|"
    r"not 'Generator'|missing 1 required positional argument: 'args'"
)


def keyword(function: str, name: str) -> str:
    """Return what to write for a keyword that a function does not take; nothing if nobody has it."""
    whole, _ = _index()
    found = whole.get(f"{function}({name}=)") or whole.get(f"{name}=")
    return _told(found) if found else ""


def annotate(error: TypeError | ValueError, func: Any) -> None:
    """Say at the error for an argument that `func` does not take what to write, if there is something to say."""
    said, name = str(error), getattr(func, "__name__", None)
    match = _UNKNOWN.match(said)
    if match is None or match[1] != name:
        found = _index()[0].get(f"{name}()") if _MISPLACED.search(said) else None
        if found and (told := _told(found)):
            error.args = (said + told,)
        return
    told = keyword(*match.groups())
    if told:  # what Python has guessed is no better
        said = said.partition(". Did you mean")[0]
    elif "Did you mean" not in said:  # as Python says itself, from 3.13 on
        told = _near_keyword(func, match[2])
    error.args = (said + told,)


def _near_keyword(func: Any, name: str) -> str:
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return ""
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    near = difflib.get_close_matches(name, names, 1)
    return f". Did you mean {near[0]!r}?" if near else ""


def telling(func: F) -> F:
    """Let a function say what to write for a keyword that another library's function of its kind takes."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return func(*args, **kwargs)
        except TypeError as error:
            traceback = error.__traceback__
            if traceback is not None and traceback.tb_next is None:  # it was not entered
                annotate(error, func)
            raise

    del call.__wrapped__  # which is what mirrors of NumPy's functions are known by
    call.__signature__ = inspect.signature(func)  # type: ignore[attr-defined]
    return cast("F", call)


def catching(func: F) -> F:
    """Say of a function that its ``**unknown`` is for `refuse_keywords` alone, and no part of its signature.

    That is for those that are called so often that they cannot be `telling`, which takes a tenth of a microsecond.
    """
    signature = inspect.signature(func)
    known = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    func.__signature__ = signature.replace(parameters=known)  # type: ignore[attr-defined]
    return func


def refuse_keywords(func: Any, unknown: Mapping[str, Any]) -> NoReturn:
    """Raise for keywords that a function does not take, which it has caught itself."""
    error = TypeError(f"{func.__qualname__}() got an unexpected keyword argument {next(iter(unknown))!r}")
    annotate(error, func)
    raise error
