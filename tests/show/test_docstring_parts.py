"""Docstrings are taken apart as NumPy's style has them."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from gradarray.show.docstrings import Item, Paragraph, items, paragraphs, parsed, references
from gradarray.show.public import public_names

TEXT = """Do a thing with `x`.

At length,
in two paragraphs.

As in::

    y = x

which is a formula.

Parameters
----------
x, y : float
    Two numbers.

    They are real.
*args

Returns
-------
float
    The third.

References
----------
.. [1] A. Author, "A title",
   2020.
.. [2] Another.

Examples
--------
>>> 1
1

Or two:

>>> 2
2
"""


def test_parts() -> None:
    doc = parsed(TEXT)
    assert doc.summary == "Do a thing with `x`."
    assert [*doc.sections] == ["Parameters", "Returns", "References", "Examples"]
    assert [*paragraphs(doc.body)] == [
        Paragraph("At length,\nin two paragraphs.", False),
        Paragraph("As in:", False),
        Paragraph("y = x", True),
        Paragraph("which is a formula.", False),
    ]
    assert items(doc.sections["Parameters"]) == [
        Item("x, y", "float", "Two numbers.\n\nThey are real."),
        Item("*args", "", ""),
    ]
    assert items(doc.sections["Returns"]) == [Item("float", "", "The third.")]
    assert references(doc.sections["References"]) == [("1", 'A. Author, "A title", 2020.'), ("2", "Another.")]
    assert [is_code for _, is_code in paragraphs(doc.sections["Examples"])] == [True, False, True]


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_nothing(text: str | None) -> None:
    assert parsed(text) == ("", "", {})


def test_numpys_calls_are_left_out() -> None:
    assert parsed(np.sin.__doc__).summary == "Trigonometric sine, element-wise."
    assert parsed("f(x)").summary == "f(x)"


def test_every_word_of_our_own_docstrings_is_in_a_part() -> None:
    for name in public_names().values():
        if name.is_own:
            text = inspect.getdoc(name.value) or ""
            doc = parsed(text)
            parts = [doc.summary, doc.body, *(part for section in doc.sections.items() for part in section)]
            rulers = {"-" * len(title) for title in doc.sections}
            assert [word for part in parts for word in part.split()] == [w for w in text.split() if w not in rulers]
