"""Partial evaluation: what a function computes before its last argument is known, taken apart from the rest.

A function of which a program has many calls, one behind the other, may compute much from arguments that are all known
at the beginning. That can be carried out for all calls at once: `known_ahead` says how, and `with_known` carries out
what is left for each of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..batch.mapped import Mapped
from ..kernels.traced import TRACED
from .program.statements import JitError, Statement, Variable
from .tracing import standing_for_inputs


class Ahead:
    """What a function computes before its last argument is known.

    Parameters
    ----------
    statements : of a call
    first, last : its arguments in the program
    out : what it returned

    Attributes
    ----------
    results : the variables of which the rest makes use
    rest : the statements that are left, if something else stands for these
    """

    def __init__(self, statements: Sequence[Statement], first: Sequence[Any], last: Any, out: Any) -> None:
        self._first = [x.variable for x in first]
        self.constants: dict[str, Any] = {}
        written = {s.writes for s in statements if s.writes is not None}
        early, late = {*self._first}, {last.variable}
        memories = {v.memory for v in (*early, *late)}
        ahead: list[Statement] = []
        made: dict[Variable, Statement] = {}
        for s in statements:
            if not late.isdisjoint(s.reads) or any(v.memory in written for v in (*s.reads, *s.results)):
                late.update(s.results)
                continue
            ahead.append(s)
            memories.update([v.memory for v in s.reads if v.memory is not None])
            if not early.isdisjoint(s.reads):
                early.update(s.results)
                made.update([(r, s) for r in s.results if _may_be_kept(r, memories)])
            memories.update([v.memory for v in s.results if v.memory is not None])
        self.rest = self._left(statements, {*made.values()}, early, out.variable)
        used = {v for s in self.rest for v in s.reads} | {out.variable}
        self.results = [v for v in made if v in used]
        self._ahead = _leading_to({*self.results}, ahead, early)

    @staticmethod
    def _left(statements: Sequence[Statement], without: set[Statement], early: set[Variable], out: Variable) -> Any:
        """Return the statements that lead to a variable, but for these and for guards that are looked at before."""
        others = [s for s in statements if s not in without]
        return _leading_to({out}, [s for s in others if s.kind != "guard" or early.isdisjoint(s.reads)], None)

    def computed(self, *first: Any) -> list[Any]:
        """Return the values of the results for other arguments, which may be mapped."""
        values: dict[Variable, Any] = dict(zip(self._first, first, strict=True))
        others = {v for s in self._ahead for v in s.reads} - {r for s in self._ahead for r in s.results} - {*values}
        values |= standing_for_inputs(others)
        for s in self._ahead:
            names = {v: f"_{k}" for k, v in enumerate(dict.fromkeys(s.reads))}
            text = "".join([p if type(p) is str else names[p] for p in s.pieces])
            space = {"np": np, "math": math, **self.constants, **{name: values[v] for v, name in names.items()}}
            if s.kind == "guard":
                _look(text, space)
            else:
                found = eval(text, space)
                values.update([(r, found) for r in s.results])
        return [values[v] for v in self.results]


def _look(guard: str, space: dict[str, Any]) -> None:
    """Raise where a guard's text is true, which it may be of some elements alone."""
    is_negated = guard.startswith("not ") and " or " not in guard
    found = eval(guard[4:] if is_negated else guard, space)
    of_all = found.value if type(found) is Mapped else found
    if not np.all(of_all) if is_negated else np.any(of_all):
        raise JitError("it is another program for other values")


def _may_be_kept(v: Variable, memories: set[int | None]) -> bool:
    """Tell whether a variable is an array with memory of its own, or a scalar."""
    if v.dtype is None:
        return False
    return v.memory is None or (v.memory not in memories and v.layout == "C")


def _leading_to(live: set[Variable], statements: Sequence[Statement], early: set[Variable] | None) -> list[Statement]:
    """Return the statements that variables come from, with what has effects, and guards: of what is early, or all."""
    kept = []
    for s in reversed(statements):
        if s.kind == "guard":
            wanted = early is None or not early.isdisjoint(s.reads)
        else:
            wanted = s.writes is not None or not live.isdisjoint(s.results)
        if wanted:
            kept.append(s)
            live.update(s.reads)
    return kept[::-1]


def _apart(compute: Callable[..., Any], first: Sequence[Any], last: Any) -> tuple[Any, Ahead, int]:
    """Carry out a call; return its result, what it came to, and where in the program it begins."""
    if type(last) not in TRACED:
        raise JitError("it is carried out without a program")
    statements = last.program.statements
    begins = len(statements)
    out = compute(*first, last)
    return out, Ahead(statements[begins:], first, last, out), begins


def known_ahead(compute: Callable[..., Any], first: Sequence[Any], last: Any) -> Ahead:
    """Return what a function computes before its last argument is known, of a call that is not carried out after all.

    Parameters
    ----------
    compute : the function
    first, last : arguments as the program has them
    """
    _, found, begins = _apart(compute, first, last)
    del last.program.statements[begins:]
    found.constants = last.program.constants
    return found


def with_known(compute: Callable[..., Any], first: Sequence[Any], last: Any, given: Sequence[Any]) -> Any:
    """Carry out a function with what has been computed before.

    Parameters
    ----------
    compute, first, last : as for `known_ahead`
    given : what ``known_ahead(...).computed(*first)`` has returned
    """
    out, found, begins = _apart(compute, first, last)
    if [*map(_form, found.results)] != [_form(x.variable) for x in given]:
        raise JitError("it is not the function of which something is known")
    others = {v: x.variable for v, x in zip(found.results, given, strict=True)}
    # Views of what is known are views of what stands for it now.
    memories = {v.memory: other.memory for v, other in others.items() if v.memory is not None}
    for s in found.rest:
        for r in s.results:
            r.memory = memories.get(r.memory, r.memory)
    last.program.statements[begins:] = [s.of([others.get(v, v) for v in s.reads]) for s in found.rest]
    out.variable = others.get(out.variable, out.variable)
    return out


def _form(v: Variable) -> Any:
    return v.shape, v.dtype, v.layout, v.memory is None
