"""Statements of a program, and the variables in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...kernels.gate import described


class JitError(TypeError):
    """No program can be written for what a function does: `ga.source`, and `ga.jit` with ``strict=True``, say why."""

    __module__ = "gradarray"


def of_another_library(x: Any, where: str) -> JitError:
    """Return the error for an array of another library, which its library is to compute with."""
    return JitError(f"{where} is {described(x)}, and a program is NumPy's calls on NumPy's own arrays")


class Variable:
    """A name in the program.

    Attributes
    ----------
    name : how it is written
    shape, dtype : None for what is no array or number, such as several results
    layout : "C" or "F" for an array that lies so in memory, without gaps; else ""
    memory : the number of the piece of memory that an array stands in; None for what cannot be written into
    """

    __slots__ = ("dtype", "layout", "memory", "name", "shape")

    def __init__(
        self, name: str, shape: Any = None, dtype: Any = None, memory: int | None = None, layout: str = ""
    ) -> None:
        self.name = name
        self.layout = layout
        self.shape = shape
        self.dtype = dtype
        self.memory = memory


Pieces = tuple[Any, ...]
Line = tuple[str, int, str]


class Statement:
    """One line.

    Attributes
    ----------
    kind : "call", "copy", "write", "several" (results in one name) or "guard" (its text tells that the program fails)
    results : what gets a value
    pieces : the text, cut at the variables, which stand there themselves
    writes : the memory that is written into
    silent : NumPy says nothing of infinite and undefined results there, as in a sweep
    line : the file and the line of the user's that it came from, and the name of the function that it stands in
    reads : the variables in the text, as often as they stand there
    form : what the text says, once somebody has asked; see forms.py
    """

    __slots__ = ("form", "kind", "line", "pieces", "reads", "results", "silent", "writes")

    def __init__(
        self,
        kind: str,
        results: tuple[Variable, ...],
        pieces: Pieces,
        writes: int | None,
        silent: bool,
        line: Line | None,
        form: Any = None,
    ) -> None:
        self.kind = kind
        self.results = results
        self.pieces = pieces
        self.writes = writes
        self.silent = silent
        self.line = line
        self.reads = [piece for piece in pieces if type(piece) is Variable]
        self.form = form

    def but(self, pieces: Pieces, kind: str | None = None, results: tuple[Variable, ...] | None = None) -> Statement:
        """Return the statement with another text."""
        results = self.results if results is None else results
        return Statement(self.kind if kind is None else kind, results, pieces, self.writes, self.silent, self.line)

    def of(self, reads: Iterable[Variable]) -> Statement:
        """Return the statement with other variables in its text."""
        variables = iter(reads)
        pieces = tuple([piece if type(piece) is str else next(variables) for piece in self.pieces])
        return Statement(self.kind, self.results, pieces, self.writes, self.silent, self.line, self.form)
