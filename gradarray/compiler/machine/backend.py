"""A program that Numba compiles, from its statements: the second call of it compiles, and those behind it are fast.

What NumPy has to say of infinite and undefined results it says: a compiled function that meets one gives up, and the
program is carried out by NumPy. Where a guard fails it gives up as well, and NumPy's program says that there is no
result.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...context.frames import readable
from ..passes.gathers import gathered
from ..passes.optimise import Optimised
from ..program.program import Program
from ..program.statements import Variable
from ..text.writer import Written, write_program
from .cache import compile_text, import_numba, whole
from .found import looped
from .helpers import HELPERS
from .parts import Partition

# Programs that take longer to be compiled, in seconds, are left to NumPy.
LONGEST = 12.0


def need_numba() -> None:
    """Raise where Numba is not installed."""
    if importlib.util.find_spec("numba") is None:
        import_numba()


class NumbaBackend:
    """What compiles the programs of a function."""

    def program(
        self,
        p: Program,
        left: Optimised,
        head: str,
        ending: Callable[[list[str]], list[str]] | None,
        kinds: Mapping[Variable, type],
        by_numpy: tuple[Callable[..., Any], Written],
    ) -> tuple[Callable[..., Any], str] | None:
        """Return what takes the place of a program that NumPy carries out, and its text; None where that is best."""
        for way in itertools.chain(looped(left), [gathered(left, always=True)]):
            partition = Partition(p, way, kinds)
            if partition.takes_loops and partition.seconds <= LONGEST:
                break
        else:
            return None
        if not partition.functions:
            return None
        left = way._replace(statements=partition.statements)
        call, written = by_numpy
        names = [v.name for v in p.inputs]
        saved = [v.name for v in p.inputs if v.memory in written.writes]
        again = f"_again([{', '.join([f'({x}, _saved_{x})' for x in saved])}], {', '.join(names)})"
        opening = [f"if not _ignores_underflow(_errors.get()): return _by_numpy({', '.join(names)})"]
        opening += [f"_saved_{x} = {x}.copy()" for x in saved]
        outer = write_program(p, left, head, opening, *([] if ending is None else [ending]))
        text = outer.text.replace("return None\n", f"return {again if saved else opening[0].partition('return ')[2]}\n")
        ahead = [*[HELPERS[name] for name in partition.helpers], *[f"{text}\n" for text in partition.tables.values()]]
        functions = "\n\n".join([*ahead, *partition.functions.values()])
        space = {**outer.names, "_by_numpy": call, "_again": _Again(call)}
        pending = Pending(call, text, head.partition("(")[0], space, functions, [*partition.functions])
        return pending, f"{whole(functions, True)}\n\n{text}"


class _Again:
    """Carries a program out by NumPy, once arguments hold what they held."""

    def __init__(self, by_numpy: Callable[..., Any]) -> None:
        self._by_numpy = by_numpy

    def __call__(self, saved: Sequence[tuple[Any, Any]], *args: Any) -> Any:
        for x, before in saved:
            x[...] = before
        return self._by_numpy(*args)


class Pending:
    """A program that is yet to be compiled; until then NumPy carries it out.

    When it is called for the second time, the compiled one takes its place among the names of who calls it.
    """

    def __init__(
        self,
        by_numpy: Callable[..., Any],
        text: str,
        name: str,
        space: dict[str, Any],
        functions: str,
        called: Sequence[str],
    ) -> None:
        self._by_numpy = by_numpy
        self._text, self._name, self._space = text, name, space
        self._functions, self._called = functions, called
        self._lock = threading.Lock()
        self._is_first = True

    def __call__(self, *args: Any) -> Any:
        if self._is_first or not self._lock.acquire(blocking=False):
            self._is_first = False
            return self._by_numpy(*args)
        try:
            program = self.compiled()
        finally:
            self._lock.release()
        names = sys._getframe(1).f_globals
        if names.get("_program") is self:
            names["_program"] = program
        return program(*args)

    def compiled(self) -> Callable[..., Any]:
        """Return the compiled program; NumPy's where Numba cannot compile it."""
        try:
            found = compile_text(self._functions)
        except Exception as error:
            message = f"{self._name} is carried out by NumPy: Numba says {error!s:.200}"
            warnings.warn(message, RuntimeWarning, stacklevel=3)
            return self._by_numpy
        space = dict(self._space)
        for name in self._called:
            # Without a look at the types, which the program has compared: a third of a microsecond for each call.
            (made,) = found[name].overloads.values()
            space[name] = made.entry_point
        exec(readable(self._text, f"<gradarray program of {self._name}, by Numba>"), space)
        return space[self._name]  # type: ignore[no-any-return]
