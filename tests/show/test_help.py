"""What ``help(ga)`` shows: what is the library's own first, and NumPy's in short."""

from __future__ import annotations

import pydoc
import re
import types

import numpy as np

import gradarray as ga
from gradarray.mirror import additions


def screen() -> str:
    """Return the first forty lines of the help on the package."""
    return "\n".join(pydoc.plain(pydoc.render_doc(ga)).split("\n")[:40])


def is_mirror(value: object) -> bool:
    own = getattr(value, "__module__", None)
    return (
        hasattr(value, "__wrapped__")
        or isinstance(value, (type(None), float))
        or (isinstance(own, str) and own.partition(".")[0] == "numpy")
    )


def own_names() -> set[str]:
    return {name for name in ga.__all__ if not name.startswith("_") and not is_mirror(getattr(ga, name))}


def test_each_name_of_our_own_is_on_the_first_screen():
    shown = screen()
    missing = {name for name in own_names() if not re.search(rf"\b{name}\b", shown)}
    assert missing <= set(additions.__all__)
    assert len(own_names() - missing) > 50


def test_each_name_on_the_first_screen_is_there():
    block = ga.__doc__[ga.__doc__.index("Tensors ") : ga.__doc__.index("Examples")]
    names = [name for text in block.split("\n") for name in re.findall(r"\w+", text[12:48])]
    assert len(names) > 45
    assert {name for name in names if not hasattr(ga, name)} == set()


def test_numpys_own_documentation_is_pointed_to():
    # Since Python 3.13 each parameter has a line.
    assert len(pydoc.plain(pydoc.render_doc(ga.sum)).split("\n")) < 24
    assert ga.sum.__doc__.startswith("Sum of array elements over a given axis.")
    assert "help(np.sum)" in ga.sum.__doc__
    assert "help(np.linalg.norm)" in ga.linalg.norm.__doc__


def test_modules_say_what_they_are():
    modules = [value for name in own_names() if isinstance(value := getattr(ga, name), types.ModuleType)]
    assert len(modules) >= 6 and all(module.__doc__ for module in modules)
    assert np.sum.__doc__ != ga.sum.__doc__
