"""What becomes of NumPy's functions, a page for each chapter of the rules, as the registry itself tells it."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from importlib import import_module
from typing import Any

from ..rules import numpy as rulebook
from ..rules.kinds import Rule
from ..rules.registry import find
from ..rules.written import helpers, purpose, special_points
from .coverage import partition
from .docstrings import parsed
from .page import code_block, framed, inline, link, nowhere, plain
from .public import VALUES, modules, public_names

_BESIDES = "others"
_BESIDES_TITLE = "What takes no variables: random numbers, types, constants, windows."
_LONG = 6  # lines of a derivative that are shown at once

_SAID = {
    "elementwise": "Differentiable, element by element, by {operands}.",
    "linear": "Linear, and so its own derivative, in {operands}.",
    "bilinear": "Linear in each of {operands}.",
    "rule": "Differentiable by {operands}.",
    "composite": "Differentiable, as what it is made of.",
    "in-place": "Changes its first argument, which is differentiated.",
    "creation": "Makes a new array, which is a constant.",
    "zero-gradient": "The derivative is zero wherever there is one.",
    "non-differentiable": "No derivative: the results are no numbers, or framed ones.",
    "unsupported": "Refused: {reason}.",
}
_SHORT = ("non-differentiable", "creation", "zero-gradient", "unsupported")


def _home(func: Any) -> tuple[str, str]:
    """Return the chapter and the name of something of NumPy's."""
    rule = find(func) if callable(func) else None
    return (_BESIDES, "") if rule is None else (rule.chapter.rpartition(".")[2], rule.name)


@cache
def _chapters() -> dict[str, dict[str, Rule]]:
    """Return the rules of NumPy's public functions by chapter and name."""
    found: defaultdict[str, dict[str, Rule]] = defaultdict(dict)
    for rule in partition().values():
        if rule is not None and rule.name.startswith("np.") and not rule.name.rpartition(".")[2].startswith("_"):
            found[rule.chapter.rpartition(".")[2]][rule.name] = rule
    return {chapter: found[chapter] for chapter in rulebook.__all__ if found[chapter]}


@cache
def _besides() -> list[str]:
    """Return the public names that are NumPy's, and that no rule is about."""
    theirs = [name for name in public_names().values() if not name.is_own and name.path not in VALUES]
    listed = {name for chapter in _chapters().values() for name in chapter}
    return [name.path for name in theirs if callable(name.original) is False or _home(name.original)[1] not in listed]


def numpys_places() -> dict[str, str]:
    """Return where NumPy's functions, and their mirrors, are told of, by their paths."""
    found = {name: f"numpy-{chapter}.html#{name}" for chapter, rules in _chapters().items() for name in rules}
    for path, name in public_names().items():
        if path in _besides():
            found[path] = f"numpy-{_BESIDES}.html#{path}"
        elif not name.is_own and (place := found.get(_home(name.original)[1])):
            found[path] = place
    return found


def index() -> Iterator[str]:
    """Yield the part of the index that leads to the pages."""
    yield '<h2 id="numpy">NumPy\'s functions</h2>'
    yield "<p>What becomes of each that takes tensors: by what it can be differentiated, how, and where not.</p>"
    yield '<dl class="names">'
    for chapter, title in _titles().items():
        page = link(f"numpy-{chapter}.html", chapter.replace("_", " "))
        yield f"<dt>{page}</dt><dd>{_sentence(title)} ({len(_chapters().get(chapter, _besides()))})</dd>"
    yield "</dl>"


def mirrored(path: str, known: dict[str, str]) -> Iterator[str]:
    """Yield a list of the names in a module that are NumPy's."""
    names = {name: public_names()[f"{path}.{name}"] for name in modules()[path].__all__}
    listed = [name for name, public in names.items() if not public.is_own and public.path not in VALUES]
    linked = [link(known[f"{path}.{name}"], f"<code>{name}</code>") for name in listed if f"{path}.{name}" in known]
    if linked:
        yield f'<h2>Under NumPy\'s names</h2>\n<p class="many">{" ".join(linked)}</p>'


def numpys_pages() -> dict[str, str]:
    """Return the pages by their files."""
    return {f"numpy-{chapter}.html": _page(chapter, title) for chapter, title in _titles().items()}


def _titles() -> dict[str, str]:
    docs = {chapter: import_module(f"{rulebook.__name__}.{chapter}").__doc__ or "" for chapter in _chapters()}
    # Another chapter is named there by its file.
    found = {chapter: re.sub(r"\.py\b", "", doc.partition("\n")[0]) for chapter, doc in docs.items()}
    return found | {_BESIDES: _BESIDES_TITLE}


def _sentence(title: str) -> str:
    return inline(title, nowhere)


def _page(chapter: str, title: str) -> str:
    heading = f"NumPy: {chapter.replace('_', ' ')}"
    top = ['<nav class="top">', link("reference.html", "Reference"), link("index.html", "The guide"), "</nav>"]
    body = [*top, "<main>", f"<h1>{heading}</h1>", f'<p class="summary">{_sentence(title)}</p>']
    rules = _chapters().get(chapter, {})
    if rules:
        body.append('<p class="many">' + " ".join(link(f"#{n}", f"<code>{n}</code>") for n in rules) + "</p>")
    for rule in rules.values():
        body += _entry(rule)
    if chapter == _BESIDES:
        body += ["<dl>", *map(_plain_entry, _besides()), "</dl>"]
    return framed(f"{heading} - gradarray", plain(title), [*body, "</main>"])


def _summary(value: Any) -> str:
    """Return NumPy's own summary, without the roles of its markup."""
    return _sentence(re.sub(r":\w+:(?=`)", "", parsed(inspect.getdoc(value)).summary))


def _plain_entry(path: str) -> str:
    value = public_names()[path].value
    said = _summary(value) if callable(value) else f"<code>{escape(repr(value))}</code>"
    return f'<dt id="{path}"><code>{path}</code></dt><dd>{said}</dd>'


def _entry(rule: Rule) -> Iterator[str]:
    yield f'<h3 id="{rule.name}"><code>{rule.name}</code></h3>'
    yield f"<p>{_summary(rule.func)}</p>"
    yield f"<p>{_how(rule)}</p>"
    points = special_points(rule)
    if points:
        yield "<ul>" + "".join(f"<li>At {escape(point)}.</li>" for point in points) + "</ul>"
    told = "\n".join(rule.told()) if rule.kind not in _SHORT else ""
    shown = code_block(told) + "".join(_helpers(rule, told)) if told else ""
    if told.count("\n") < _LONG:
        yield shown
    else:
        yield f"<details><summary>How</summary>\n{shown}</details>"


def _helpers(rule: Rule, told: str) -> Iterator[str]:
    """Yield a list of the functions of this library in what a rule was declared with, and what they do."""
    does = {name: purpose(helper) for name, helper in helpers(rule.declared, told).items()}
    listed = [f"<li><code>{name}</code> {inline(what, nowhere)}.</li>" for name, what in does.items() if what]
    if listed:
        yield f"<ul>{''.join(listed)}</ul>"


def _how(rule: Rule) -> str:
    operands: Sequence[str] = getattr(rule, "operands", ())
    closed = {*getattr(rule, "skip", ()), *getattr(rule, "refused", ())}
    moving = [f"<code>{escape(name)}</code>" for k, name in enumerate(operands) if k not in closed]
    fixed = [f"<code>{escape(name)}</code>" for k, name in enumerate(operands) if k in closed]
    text = _SAID[rule.kind].format(operands=_listed(moving), reason=escape(rule.reason))
    return f"{text} Not by {_listed(fixed)}." if fixed else text


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
