"""What gives another value each time, what reads or writes, and what finds modules: no program can stand for that.

Code often mentions such a function and does not call it: a library that can read a file, say. So where one is reached,
calls are watched while the program is written, and the first of these ends it, before it is carried out.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, NoReturn, TypeVar

from ..program.statements import JitError

R = TypeVar("R")

_CALLED = {
    "time": "time_ns perf_counter perf_counter_ns monotonic monotonic_ns process_time thread_time time",
    "os": "urandom getenv listdir",
    "posix": "urandom listdir",
    "uuid": "uuid1 uuid4",
    "secrets": "choice randbelow randbits token_bytes token_hex token_urlsafe",
    "datetime": "datetime.now datetime.today datetime.utcnow date.today",
    "datetime.datetime": "now today utcnow",
    "datetime.date": "today",
    "builtins": "open input __import__",
    "importlib": "import_module reload",
    "io": "open",
}
# No call tells of these.
_READ = {"sys": "modules", "os": "environ"}


def volatile_in(owner: str, names: Iterable[str]) -> set[str]:
    """Return which of these names of a module or a class are of such functions, as whole names.

    Raises
    ------
    JitError
        One is no function, so that nobody sees when it is asked.
    """
    for name in _READ.get(owner, "").split():
        if name in names:
            _refuse(f"{owner}.{name}")
    return {f"{owner}.{name}" for name in _CALLED.get(owner, "").split() if name.rpartition(".")[2] in names}


def watched(names: Iterable[str], call: Callable[[], R]) -> R:
    """Call a function that reaches these; what it raises if it calls one of them is `JitError`."""
    functions = {_function(name): name for name in names}
    if not functions:
        return call()
    if sys.getprofile() is not None:
        _refuse(next(iter(functions.values())))
    codes = {f.__code__: name for f, name in functions.items() if isinstance(f, types.FunctionType)}
    met = ""

    def watch(frame: types.FrameType, event: str, arg: Any) -> None:
        nonlocal met
        name = functions.get(arg) if event == "c_call" else codes.get(frame.f_code) if event == "call" else None
        if name is not None:
            met = name
            _refuse(name)

    try:
        sys.setprofile(watch)
        out = call()
    finally:
        sys.setprofile(None)
    if met:  # and what was raised there has been caught
        _refuse(met)
    return out


def _function(name: str) -> Any:
    module, *path = name.split(".")
    found = reduce(getattr, path, sys.modules[module])
    return getattr(found, "__func__", found)


def _refuse(name: str) -> NoReturn:
    raise JitError(f"{name.removeprefix('builtins.')} gives what is known only when it is called")
