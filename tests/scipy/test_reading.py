"""A chapter is read when something of its module is met, and no sooner, whatever of SciPy has been imported."""

from __future__ import annotations

import math
import subprocess
import sys
import textwrap
from importlib import import_module

import pytest

from gradarray.rules.scipy import families
from gradarray.rules.scipy.declared import FUNCTIONS, METHODS

pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; older ones have other functions")

# Prints, after each step, what has been read since the one before, and how many rules of ufuncs there are.
PROGRAM = """
    import sys

    import numpy as np
    import scipy.special
    from scipy.interpolate import CubicSpline

    import gradarray as ga
    from gradarray.rules.registry import RULES

    sp, x, known = scipy, np.full(2, 0.5), set()
    spline = CubicSpline(np.arange(4.0), np.arange(4.0) ** 2)

    def tell():
        now = {name.split(".")[-1 if "solvers" in name else 3] for name in sys.modules if _is_chapter(name)}
        rules = [name for name in scipy.special.__all__ if getattr(scipy.special, name) in RULES.keys() & ufuncs]
        print(*sorted(now - known - PARTS), *sorted(rules), sep=",")
        known.update(now)

    def _is_chapter(name):
        return name.startswith(("gradarray.rules.scipy.", "gradarray.solvers."))

    PARTS = {"declared", "families", "standing", "values", "calling", "captured", "quadrature"}
    PARTS |= {"unswitched", "undifferentiated", "simplices", "pairs", "sweeps"}
    ufuncs = {f for f in vars(scipy.special).values() if isinstance(f, np.ufunc)}
    tell()
    ga.grad(lambda x: np.sum(np.linalg.inv(np.outer(x, x) + np.eye(2))))(x)
    tell()
    ga.grad(lambda x: np.sum(scipy.special.erf(x)))(x)
    tell()
    ga.grad(lambda x: np.sum(spline(x)))(x)
    tell()
    ga.grad(lambda x: np.sum(sp.linalg.expm(np.outer(x, x))))(x)
    tell()
"""


def test_a_chapter_is_read_when_its_module_is_met() -> None:
    program = textwrap.dedent(PROGRAM)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["", "", "special,erf", "interpolate,erf", "linalg,erf"]


@pytest.mark.parametrize("module", families.chapters())
def test_what_has_a_twin_tells_in_which_module_it_stands(module: str) -> None:
    """By that its chapter is found."""
    library = import_module(module)
    families.functions_of(module)
    names = [*FUNCTIONS.get(module, ()), *METHODS.get(module, ())]
    assert names
    theirs = [getattr(library, name) for name in names if hasattr(library, name)]
    assert all(module in families.chapters_of(found.__module__) for found in theirs)


def test_methods_and_classes_that_tell_nothing_are_named() -> None:
    sparse, linalg = import_module("scipy.sparse"), import_module("scipy.sparse.linalg")
    spatial = import_module("scipy.spatial")
    assert all(hasattr(sparse.csr_array, name) for name in families.OF_METHODS)
    factors = linalg.splu(sparse.csc_array([[2.0]]))
    tree = spatial.cKDTree([[2.0]])
    assert {type(factors).__name__: linalg.__name__, type(tree).__name__: spatial.__name__} == families.OF_CLASSES


LOOKED_UP = """
    import numpy as np
    import scipy

    import gradarray as ga

    def of(library, name):
        return lambda x: np.sum(getattr(library.linalg, name)(x)) + np.sum(scipy.special.erf(x))

    # Neither module is there yet: it comes as it is asked for.
    print(*ga.grad(of(scipy, "inv"))(np.eye(1)).ravel())
"""


def test_modules_come_as_they_are_asked_for() -> None:
    program = textwrap.dedent(LOOKED_UP)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert float(told) == pytest.approx(-1 + 2 / math.sqrt(math.pi) * math.exp(-1))
