"""What gradarray makes of each function of SciPy: ``python -m gradarray coverage scipy``."""

from __future__ import annotations

import importlib
import textwrap
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..dropin.distributions import methods_of
from ..dropin.scipy import body_of
from ..rules.registry import find
from ..rules.scipy.families import chapters

WIDTH = 98
MODULES = (*chapters(),)

DIFFERENTIATED = "Differentiated by every operand"
PARTLY = "Differentiated by some operands, and refused by the others"
STANDS_IN = "Differentiated as functions of NumPy's and of ufuncs, by what stands in for them"
OBJECTS = "Objects whose methods are differentiated, as far as there are formulas, and refused otherwise"
FLAT = "Constant but for steps, so that the derivative is zero"
REFUSED = "Refused by every operand"
OTHERS = "No rule of its own: differentiated as far as it calls what is above and NumPy, and otherwise an error says so"


def scipy_partition(module: str) -> dict[str, str]:
    """Return for each public function of a module of SciPy what is made of it.

    Parameters
    ----------
    module : str
        Such as ``"scipy.special"``.

    Raises
    ------
    ModuleNotFoundError
        If SciPy is not installed.
    """
    library = importlib.import_module(module)
    found = {}
    for name in sorted(library.__all__):
        value = getattr(library, name)
        if callable(value) and not isinstance(value, type):
            found[name] = _answer(module, name, value)
    return found


def _answer(module: str, name: str, func: Callable[..., Any]) -> str:
    rule: Any = find(func) if isinstance(func, np.ufunc) else None
    if rule is None:
        body: Any = body_of(module, name)
        if body is None:
            return OTHERS if isinstance(func, np.ufunc) or methods_of(func) is None else OBJECTS
        return {"refused": REFUSED, "constant": FLAT}.get(getattr(body, "says", ""), STANDS_IN)
    refused = getattr(rule, "refused", None)
    if refused is None:
        return FLAT
    return DIFFERENTIATED if not refused else REFUSED if len(refused) == len(rule.operands) else PARTLY


def _shown(name: str, func: Any) -> str:
    """Return a name, with the operands that there is no derivative by, and why."""
    rule: Any = find(func) if isinstance(func, np.ufunc) else None
    reasons = getattr(rule, "reasons", {})
    if not reasons:
        return name
    return f"{name} ({', '.join(rule.operands[i] for i in reasons)})"


def scipy_report() -> str:
    """Return the functions of each module by what is made of them."""
    paragraphs = []
    for module in MODULES:
        library = importlib.import_module(module)
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for name, answer in scipy_partition(module).items():
            groups[answer].append(_shown(name, getattr(library, name)))
        paragraphs.append(f"{module}, {sum(map(len, groups.values()))} functions")
        for answer in (DIFFERENTIATED, PARTLY, STANDS_IN, OBJECTS, FLAT, REFUSED, OTHERS):
            if groups[answer]:
                listed = ", ".join(groups[answer])
                text = textwrap.fill(listed, WIDTH, initial_indent="  ", subsequent_indent="  ")
                paragraphs.append(textwrap.fill(f"{answer} ({len(groups[answer])}):", WIDTH) + "\n" + text)
    return "\n\n".join(paragraphs)
