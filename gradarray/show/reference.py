"""A page for each public name of our own, made of its docstring, and an index by topic."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import gradarray

from . import numpy_pages
from .docstrings import Docstring, items, parsed, references
from .page import Finder, code, code_block, framed, inline, link, plain, prose
from .public import VALUES, PublicName, canonical, finder, modules, of_module, public_names, topics

INDEX = "reference.html"
TITLE = "The reference of gradarray"
_ABOUT = "Each public name: its parameters, what it returns and raises, and for most an example, which a test runs."
_WIDTH = 80
_LISTS = ("Parameters", "Attributes", "Returns", "Raises", "Warns", "See Also")


def known() -> dict[str, str]:
    """Return where each public name is explained: the page, and the place on it, by the path of the name.

    Examples
    --------
    >>> from gradarray.show.reference import known
    >>> known()["ga.grad"], known()["ga.Tensor.backward"], known()["ga.linalg.norm"]
    ('ga.grad.html', 'ga.Tensor-class.html#backward', 'numpy-norms.html#np.linalg.norm')
    """
    places = numpy_pages.numpys_places()
    for path, own in canonical().items():
        places[path] = page_of(own)
        if isinstance(public_names()[own].value, type):
            places |= {f"{path}.{name}": f"{page_of(own)}#{name}" for name, _ in _members(public_names()[own].value)}
    for path in VALUES:
        places[path] = f"{page_of(path.rpartition('.')[0])}#{path}"
    return places


def page_of(path: str) -> str:
    """Return the file for a name: the index for the package. Some disks take Tensor and tensor for the same."""
    if path == "ga":
        return INDEX
    return f"{path}.html" if path == path.lower() else f"{path}-class.html"


def reference_pages(mentioned: dict[str, list[tuple[str, str]]]) -> dict[str, str]:
    """Return all pages of the reference by their files.

    Parameters
    ----------
    mentioned : the pages of the guide, and their titles, by the page of the name that they tell of
    """
    places = known()
    files = {INDEX: _index(places)}
    for path in dict.fromkeys(canonical().values()):
        page = page_of(path)
        files[page] = _page(public_names()[path], places, mentioned.get(page, []))
    return files | numpy_pages.numpys_pages()


# --- the index ------------------------------------------------------------------------------------------------------


def _index(places: dict[str, str]) -> str:
    parts = [*_parts()]
    contents = [link(f"#{_id(title)}", escape(title)) for title, _ in parts]
    contents.append(link("#numpy", "NumPy's functions"))
    body = [f"<h1>{TITLE}</h1>", f"<p>{_ABOUT}</p>", f'<p class="many">{" ".join(contents)}</p>']
    for title, paths in parts:
        # A module has a page, and a topic has none.
        head = link(places[title], f"<code>{title}</code>") if title in modules() else escape(title)
        body += [f'<h2 id="{_id(title)}">{head}</h2>', _table(paths, places)]
    body += [*_values("ga"), *numpy_pages.index(), *numpy_pages.mirrored("ga", places)]
    top = ['<nav class="top">', link("index.html", "The guide"), "</nav>"]
    return framed(TITLE, plain(_ABOUT), [*top, "<main>", *body, "</main>"])


def _parts() -> Iterator[tuple[str, list[str]]]:
    """Yield the topics, and then the modules, with those of their names that no topic has."""
    shown: set[str] = set()
    for topic, paths in topics():
        yield topic, paths
        shown |= {canonical()[path] for path in paths}
    for path in sorted(modules(), key=lambda path: -path.count(".") if path != "ga" else -9):
        rest = [name for name in of_module(path) if canonical()[name] not in shown]
        if rest:
            yield "Besides" if path == "ga" else path, rest
            shown |= {canonical()[name] for name in rest}


def _id(title: str) -> str:
    return title.lower().replace(" ", "-")


def _table(paths: Sequence[str], places: dict[str, str]) -> str:
    rows = []
    for path in dict.fromkeys(canonical()[path] for path in paths):
        summary = _summary(path)
        find = finder(path.rpartition(".")[0], places, frozenset(_parameters(public_names()[path].value)))
        rows.append(f"<dt>{link(places[path], _broken(path))}</dt><dd>{inline(summary, find)}</dd>")
    return "\n".join(['<dl class="names">', *rows, "</dl>"])


def _summary(path: str) -> str:
    return VALUES.get(path) or parsed(inspect.getdoc(public_names()[path].value)).summary


# --- a page ---------------------------------------------------------------------------------------------------------


def _page(name: PublicName, places: dict[str, str], mentioned: Sequence[tuple[str, str]]) -> str:
    path, value = name
    home = path if name.is_module else path.rpartition(".")[0]
    doc = parsed(inspect.getdoc(value))
    find = _finder(path, home, value, places)
    top = ['<nav class="top">', f"<span>{link(INDEX, 'Reference')}</span>", link("index.html", "The guide"), "</nav>"]
    body = [*top, "<main>", f"<h1>{_broken(path)}</h1>"]
    if callable(value):
        body.append(_signature(path, value))
    body += [f'<p class="summary">{inline(doc.summary, find)}</p>', prose(doc.body, find, _cited(doc))]
    others = [other for other, own in canonical().items() if own == path != other and "nnet" not in other]
    if others:
        body.append(f"<p>The same is {', '.join(f'<code>{other}</code>' for other in others)}.</p>")
    body += _sections(doc, find)
    if name.is_module:
        body += _of_module(path, places)
    elif isinstance(value, type):
        body += _of_class(path, value, places)
    if mentioned:
        body += ["<h2>In the guide</h2>", f"<p>{', '.join(link(*chapter) for chapter in mentioned)}</p>"]
    return framed(f"{path} - gradarray", plain(doc.summary), [*body, "</main>"])


def _finder(path: str, home: str, value: Any, places: dict[str, str]) -> Finder:
    """Return what finds other pages: neither the page itself nor what is called like a parameter."""
    others = {other: place for other, place in places.items() if place != places.get(path)}
    return finder(home, others, frozenset(_parameters(value)))


def _broken(path: str) -> str:
    """Return a path that may be broken at its dots."""
    return f"<code>{path.replace('.', '.<wbr>')}</code>"


def _parameters(value: Any) -> Sequence[str]:
    try:
        return [*inspect.signature(value).parameters] if callable(value) else []
    except (TypeError, ValueError):
        return []


def _signature(path: str, value: Any) -> str:
    """Return the call of a function as code, without types, which the list of the parameters has."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    if isinstance(value, type) and issubclass(value, (Warning, Exception)):
        return ""
    text = str(signature.replace(parameters=bare, return_annotation=signature.empty))
    call = f"{path}{text}"
    if len(call) > _WIDTH:
        inner = text[1:-1].split(", ")
        call = "\n".join([f"{path}(", *[f"    {part}," for part in inner], ")"])
    return code_block(call).replace("<pre", '<pre class="signature"', 1)


def _cited(doc: Docstring) -> list[str]:
    return [label for label, _ in references(doc.sections.get("References", ""))]


def _sections(doc: Docstring, find: Finder, level: str = "h2") -> Iterator[str]:
    cited = _cited(doc)
    for title, text in doc.sections.items():
        yield f"<{level}>{escape(title)}</{level}>"
        if title in _LISTS:
            yield from _list(title, text, find, cited)
        elif title == "References" and cited:
            for label, work in references(text):
                yield f'<p class="work" id="work-{label}">[{label}] {inline(work, find)}</p>'
        else:
            yield prose(text, find, cited)


def _list(title: str, text: str, find: Finder, cited: Sequence[str]) -> Iterator[str]:
    yield "<dl>"
    for head, kind, said in items(text):
        if title == "See Also":
            yield f"<dt>{code(head, find)}</dt><dd>{inline(kind, find)}{prose(said, find, cited)}</dd>"
        else:
            named = f"<code>{escape(head)}</code>" if title in ("Parameters", "Attributes") else code(head, find)
            kinds = f'<span class="kind">{inline(kind, find)}</span>' if kind else ""
            yield f"<dt>{named}{kinds}</dt><dd>{prose(said, find, cited)}</dd>"
    yield "</dl>"


# --- what a module and a class hold ---------------------------------------------------------------------------------


def _of_module(path: str, places: dict[str, str]) -> Iterator[str]:
    inner = [f"{path}.{name}" for name in modules()[path].__all__ if f"{path}.{name}" in canonical()]
    parts = [name for name in inner if public_names()[name].is_module]
    for title, listed in (("Modules", parts), ("Names", of_module(path))):
        if listed:
            yield from (f"<h2>{title}</h2>", _table(listed, places))
    yield from (*_values(path), *numpy_pages.mirrored(path, places))


def _values(path: str) -> Iterator[str]:
    values = [name for name in VALUES if name.rpartition(".")[0] == path]
    if values:
        yield "<h2>Values</h2>\n<dl>"
        yield from (f'<dt id="{name}"><code>{name}</code></dt><dd>{escape(VALUES[name])}</dd>' for name in values)
        yield "</dl>"


def _members(cls: type) -> list[tuple[str, Any]]:
    """Return the attributes and methods of a class that are its own: neither NumPy's nor Python's."""
    theirs = {text for base in cls.__mro__ if not _ours(base) for text in vars(base)}
    theirs |= set(dir(gradarray.asarray(0.0))) - set(vars(cls))
    found = []
    for name in dir(cls):
        value = inspect.getattr_static(cls, name)
        mine = any(name in vars(base) for base in cls.__mro__ if _ours(base))
        if not name.startswith("_") and mine and name not in theirs and inspect.getdoc(value):
            found.append((name, getattr(cls, name)))
    return found


def _ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "gradarray"


def _of_class(path: str, cls: type, places: dict[str, str]) -> Iterator[str]:
    find = finder(path, places)
    members = _members(cls)
    if members:
        yield "<h2>Attributes and methods</h2>"
    for name, value in members:
        doc = parsed(inspect.getdoc(value))
        yield f'<h3 id="{name}"><code>{name}</code></h3>'
        if callable(value):
            yield _signature(name, _bound(value))
        yield f"<p>{inline(doc.summary, find)}</p>\n{prose(doc.body, find, _cited(doc))}"
        yield from _sections(doc, find, "h4")


def _bound(method: Any) -> Any:
    """Return a method without its first parameter."""
    return method.__get__(object()) if inspect.isfunction(method) else method
