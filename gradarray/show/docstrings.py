"""Docstrings in NumPy's style, taken apart: a summary, prose, and sections with a ruler below their titles."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import NamedTuple

_TITLE = re.compile(r"^(\S.*)\n-{3,}[ \t]*$\n?", flags=re.MULTILINE)
_SIGNATURE = re.compile(r"^\w+\(.*\)(\n--)?$", flags=re.DOTALL)
_REFERENCE = re.compile(r"^\.\. \[(\w+)\] ", flags=re.MULTILINE)


class Docstring(NamedTuple):
    """A docstring in its parts.

    Attributes
    ----------
    summary : its first paragraph
    body : the paragraphs before its first section
    sections : their texts by their titles
    """

    summary: str
    body: str
    sections: dict[str, str]


class Item(NamedTuple):
    """What a section such as Parameters says of one thing, or of several together.

    Attributes
    ----------
    head : the names, or in Returns and Raises the type
    kind : what stands after the colon
    text : what is said of it
    """

    head: str
    kind: str
    text: str


class Paragraph(NamedTuple):
    """A paragraph, or a block of code."""

    text: str
    is_code: bool


def parsed(text: str | None) -> Docstring:
    """Take a docstring apart. The call that NumPy's docstrings of ufuncs begin with is left out.

    Examples
    --------
    >>> from gradarray.show.docstrings import parsed
    >>> parsed("f(x)\\n\\nDo it.\\n\\nWell.\\n\\nReturns\\n-------\\nfloat\\n    A number.\\n")
    Docstring(summary='Do it.', body='Well.', sections={'Returns': 'float\\n    A number.'})
    """
    top, *rest = _TITLE.split(inspect.cleandoc(text or ""))
    paragraphs = [part for part in re.split(r"\n\s*\n", top.strip("\n")) if part.strip()]
    if len(paragraphs) > 1 and _SIGNATURE.match(paragraphs[0]):
        del paragraphs[0]
    sections = {title: body.strip("\n") for title, body in zip(rest[::2], rest[1::2], strict=True)}
    return Docstring(" ".join("".join(paragraphs[:1]).split()), "\n\n".join(paragraphs[1:]), sections)


def items(section: str) -> list[Item]:
    """Return what a section such as Parameters lists.

    Examples
    --------
    >>> from gradarray.show.docstrings import items
    >>> items("a, b : float\\n    Two numbers.\\n*args\\n")
    [Item(head='a, b', kind='float', text='Two numbers.'), Item(head='*args', kind='', text='')]
    """
    found = []
    for part in re.split(r"^(?=\S)", section, flags=re.MULTILINE):
        first, _, text = part.partition("\n")
        head, _, kind = first.partition(" : ")
        if head.strip():
            found.append(Item(head.strip(), kind.strip(), inspect.cleandoc("\n" + text)))
    return found


def references(section: str) -> list[tuple[str, str]]:
    """Return the works that a section lists, with the labels that they are cited by; none where there are no labels."""
    _, *parts = _REFERENCE.split(section)
    return [(label, " ".join(text.split())) for label, text in zip(parts[::2], parts[1::2], strict=True)]


def paragraphs(text: str) -> Iterator[Paragraph]:
    """Yield the paragraphs of a text: code is what is typed at a prompt, or set in after two colons.

    Examples
    --------
    >>> from gradarray.show.docstrings import paragraphs
    >>> [*paragraphs("As in::\\n\\n    y = x\\n")]
    [Paragraph(text='As in:', is_code=False), Paragraph(text='y = x', is_code=True)]
    """
    set_in = False
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        if part.startswith(">>>") or (set_in and part.startswith(" ")):
            yield Paragraph(inspect.cleandoc("\n" + part), True)
        elif part.strip():
            set_in = part.endswith("::")
            yield Paragraph(part[:-1] if set_in else part, False)
