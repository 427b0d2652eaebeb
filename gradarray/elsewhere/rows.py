"""A row of the table: a name of another library, and what to write here."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """What to write here for one name of another library.

    Both sides are Python that a test runs, in names that it gives values: arrays ``x`` and ``y`` of two axes, ``v`` and
    ``u`` of one, square ``A`` and ``B``, a scalar ``s``, a function ``f`` with a number as its result and ``F`` with an
    array, ``axis``, ``index``, ``mask`` and so on; see ``tests/elsewhere/test_rows.py``.

    Attributes
    ----------
    name : where the name is missed: ``cat`` of a module, ``Tensor.unsqueeze``, ``linalg.expm``; a keyword ends with
        ``=``, as ``dim=`` of any function and ``grad(argnum=)`` of one
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


def alike(names: str, name: str, theirs: str, write: str) -> tuple[Row, ...]:
    """Return the rows of names that differ in nothing else; ``{}`` is the name, ``{0}`` what stands before a slash.

    A name is ``theirs/ours`` where they differ.
    """
    rows = []
    for pair in names.split():
        there, _, here = pair.partition("/")
        pattern = theirs, write
        rows.append(Row(name.format(there), theirs.format(there), write.format(here or there), pattern=pattern))
    return tuple(rows)
