"""The guide's chapters, in Markdown: ``python -m gradarray guide``. Their tables are made of the rows of elsewhere/."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from itertools import groupby
from pathlib import Path

from ..elsewhere.answers import differences, table
from ..elsewhere.rows import Row
from .screen import Screen
from .terminal import rendered

# The chapters in the order in which they are read, each with what it is about.
CHAPTERS = {
    "tutorial": "all of it once, from x ** 2 to a picture of its derivative",
    "derivative": "what a derivative is, and how to see that one is right",
    "tape": "what a tensor remembers, and what backward() does with it",
    "chain-rule": "the chain rule, step by step, by ga.explain",
    "training": "a loss, its gradient, optimisers, minibatches, a line of progress",
    "views-and-updates": "views and updates in place, and their gradients",
    "forward-mode": "derivatives along with the values: jvp, and when it is better",
    "higher-orders": "grad of grad, Hessians, and products with them",
    "vmap": "one function for all elements at once; the gradient of each example",
    "arrays": "Dask, CuPy and arrays of your own: larger than memory, or on a device",
    "your-own-derivatives": "a function of your own with its derivative: five ways",
    "existing-code": "NumPy code as it stands, and what can never work",
    "array-api": "code for arrays of any kind: the standard, SciPy and scikit-learn by it",
    "jit": "a function as a program: what it is, how to read it, when it is made anew",
    "scipy": "SciPy's special functions and linear algebra, differentiated",
    "solvers": "SciPy's minimize, curve_fit and root, with exact derivatives",
    "labels-and-units": "xarray, pandas and pint; what Numba compiles; pools of processes",
    "debugging": "NaN, zero and None, and where they come from",
    "special-points": "ties, kinks and zeros: which derivative they have, and why",
    "promises": "what you may rely on: values, constants, gradients, the tape, copies",
    "from-mygrad": "for users of MyGrad: what differs, and names that are missing",
    "from-autograd": "for users of autograd: what differs, and names that are missing",
    "from-pytorch": "for users of PyTorch: what differs, and names that are missing",
    "from-jax": "for users of JAX: what differs, and names that are missing",
}
# The chapters with tables that are made of rows, with the library that these are of.
LIBRARIES = {"from-mygrad": "MyGrad", "from-autograd": "autograd", "from-pytorch": "PyTorch", "from-jax": "JAX"}
_MADE = re.compile(r"<!-- (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def chapter(name: str) -> str:
    """Return a chapter of the guide as it is in the package.

    Examples
    --------
    >>> from gradarray.show import pages
    >>> pages.chapter("from-jax").splitlines()[0]
    '# From JAX'
    """
    return resources.files(__package__).joinpath("guide", f"{name}.md").read_text(encoding="utf-8")


def made_anew(name: str) -> str:
    """Return a chapter with its tables made anew."""
    makers: dict[str, Callable[[str], Iterable[str]]] = {"differences": _differences, "names": _names}

    def made(match: re.Match[str]) -> str:
        lines = makers[match[1]](LIBRARIES[name])
        return "\n".join([f"<!-- {match[1]} -->", *lines, "<!-- end -->"])

    return _MADE.sub(made, chapter(name))


def rewrite() -> None:
    """Write the chapters with their tables made anew, into the source."""
    for name in LIBRARIES:
        text = made_anew(name)
        Path(str(resources.files(__package__)), "guide", f"{name}.md").write_text(text, encoding="utf-8")


def main(name: str | None = None) -> int:
    """Print a chapter, or which there are: wrapped on a terminal, elsewhere as Markdown."""
    if name is None:
        print("Chapters, each shown by `python -m gradarray guide NAME`:")
        widest = max(map(len, CHAPTERS))
        for chapter_name, about in CHAPTERS.items():
            print(f"    {chapter_name:<{widest}}  {about}")
    elif sys.stdout.isatty():
        print(rendered(chapter(name), shutil.get_terminal_size().columns, Screen(sys.stdout).style), end="")
    else:
        print(chapter(name), end="")
    return 0


# --- the tables -----------------------------------------------------------------------------------------------------


def _differences(library: str) -> Iterator[str]:
    yield from ("", f"| | {library} | gradarray | why |", "|---|---|---|---|")
    for row in differences()[library]:
        theirs, ours = f"{_code(row.theirs)} {_given(row.there)}", f"{_code(row.write)} {_given(row.here)}"
        yield f"| {row.what} | {theirs} | {ours} | {row.why} |"
    yield ""


def _given(value: str) -> str:
    raised = value.isidentifier() and value.endswith(("Error", "Warning"))
    return f"{'warns' if value.endswith('Warning') else 'raises'}: `{value}`" if raised else f"gives `{value}`"


def _names(library: str) -> Iterator[str]:
    for title, rows in table()[library].items():
        yield from ("", f"### {title}", "", f"| {library} | here | |", "|---|---|---|")
        lines: list[str] = []
        for pattern, group in groupby(rows, lambda row: row.pattern):
            alike = [*group]
            lines += [_together(alike)] if pattern else map(_line, alike)
        yield from dict.fromkeys(lines)  # of several names that the same is written for, such as keywords, once
    yield ""


def _line(row: Row) -> str:
    words, as_in, code = row.write.rpartition("as in ")
    return f"| {_code(row.theirs)} | {words}{as_in}{_code(code)} | {row.note} |"


def _together(rows: list[Row]) -> str:
    """Return the line of rows that differ in a name."""
    first, *others = rows
    same = [row.name for row in others if _here(row) == _there(row)]
    other = [f"`{_there(row)}`: `{_here(row)}`" for row in others if _here(row) != _there(row)]
    parts = [", ".join(f"`{name.rpartition('.')[2]}`" for name in same), ", ".join(other)]
    return f"| {_code(first.theirs)} | {_code(first.write)} | so {'; '.join(filter(None, parts))} |"


def _there(row: Row) -> str:
    return row.name.rpartition(".")[2]


def _here(row: Row) -> str:
    assert row.pattern is not None
    before, _, after = row.pattern[1].partition("{}")
    return row.write.removeprefix(before).removesuffix(after)


def _code(code: str) -> str:
    """Return code for a cell of a table, a line of it by itself."""
    return "<br>".join(f"`{line}`".replace("|", r"\|") for line in code.split("\n"))
