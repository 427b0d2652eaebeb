"""The examples in gradarray's own docstrings give what they show; those borrowed from NumPy are NumPy's business."""

import doctest
import importlib
import importlib.util
import pkgutil
import types
from collections.abc import Iterator

import numpy as np
import numpy.fft
import numpy.linalg
import pytest
from numpy.testing import overrides

import gradarray as ga


def borrowed() -> set[str]:
    """Collect the docstrings of everything in NumPy that gradarray has a twin of."""
    functions = overrides.get_overridable_numpy_array_functions() | overrides.get_overridable_numpy_ufuncs()
    methods = {getattr(np.ndarray, name) for name in dir(np.ndarray)}
    methods |= {getattr(np.ufunc, name) for name in dir(np.ufunc) if not name.startswith("_")}
    owners = (np, np.fft, np.linalg, np.random, np.random.Generator)
    public = {getattr(owner, name) for owner in owners for name in dir(owner) if callable(getattr(owner, name))}
    # The twins too: SciPy writes into the docstring of np.sinc when it is imported.
    kinds = (types.FunctionType, ga.ufunc)
    twins = {value for value in vars(ga).values() if isinstance(value, kinds) and hasattr(value, "__wrapped__")}
    return {thing.__doc__ for thing in functions | methods | public | twins if thing.__doc__}


def examples() -> Iterator[doctest.DocTest]:
    """Find the docstrings that have examples, in every module but the one that is a command."""
    known = borrowed()
    modules = [module.name for module in pkgutil.walk_packages(ga.__path__, "gradarray.")]
    if importlib.util.find_spec("scipy") is None:
        chapters = ("gradarray.rules.scipy.", "gradarray.solvers.")
        modules = [name for name in modules if not name.startswith(chapters)]
    for name in ["gradarray", *(name for name in modules if not name.endswith("__main__"))]:
        for found in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name)):
            if found.examples and found.docstring not in known:
                yield found


EXAMPLES = {found.name: found for found in examples()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstring_gives_what_it_shows(name: str) -> None:
    report: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(EXAMPLES[name], out=report.append)
    assert not report, "".join(report)


def test_there_are_examples() -> None:
    assert {"gradarray", "gradarray.show.tour.load_iris"} <= set(EXAMPLES)
    assert "gradarray.sum" not in EXAMPLES
