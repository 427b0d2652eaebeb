"""What the tables consist of: names of other libraries with what to write here, and what gives something else."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """What to write here for one name of another library.

    Both sides are Python that a test runs, in names that it gives values: arrays ``x`` and ``y`` of two axes, ``v`` and
    ``u`` of one, square ``A`` and ``B``, a scalar ``s``, a function ``f`` with a number as its result and ``F`` with an
    array, ``images``, ``filters``, ``axis``, ``index``, ``mask`` and so on; see ``tests/elsewhere/test_rows.py``.

    Attributes
    ----------
    name : where the name is missed: ``cat`` of a module, ``Tensor.unsqueeze``, ``linalg.expm``; a keyword ends with
        ``=``, as ``dim=`` of any function and ``grad(argnum=)`` of one; ``zeros()`` is of arguments in other places
    theirs : how it is written there
    write : how it is written here
    note : what else one should know, as the end of a sentence
    alone : why the two sides are not compared, and this one is run alone; empty if they give the same numbers
    pattern : of rows that differ in a name alone, the two sides with ``{}`` for it
    """

    name: str
    theirs: str
    write: str
    note: str = ""
    alone: str = ""
    pattern: tuple[str, str] | None = None


Sections = dict[str, tuple[Row, ...]]


class Difference(NamedTuple):
    """What gives something else here than there, and why.

    Attributes
    ----------
    what : in words
    theirs, there : code of theirs, and what it gives: a literal, or the name of the error or warning
    write, here : the same of ours
    why : a sentence
    """

    what: str
    theirs: str
    there: str
    write: str
    here: str
    why: str


def alike(names: str, name: str, theirs: str, write: str, note: str = "") -> tuple[Row, ...]:
    """Return rows that differ in their names alone, for which ``{}`` stands; of ``there/here``, each on its side."""
    rows = []
    for pair in names.split():
        there, _, here = pair.partition("/")
        row = Row(name.format(there), theirs.format(there), write.format(here or there), note, pattern=(theirs, write))
        rows.append(row)
    return tuple(rows)
