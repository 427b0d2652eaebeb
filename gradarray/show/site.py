"""The guide as a site, without scripts and with nothing from elsewhere: ``python -m gradarray guide --html DIR``."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, MutableMapping, Sequence
from html import escape
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import gradarray

from . import reference
from .graph import Graph
from .page import STYLE, Finder, code_block, framed, link, nowhere
from .pages import CHAPTERS, chapter
from .public import finder
from .sessions import CodeBlock, blocks, pictures

_TITLE = "The guide of gradarray"
_NEEDED = "the site is made of Markdown by markdown-it-py, which is not here: `pip install markdown-it-py`"
_DOCTEST = re.compile(r"&lt;doctest [^&]*&gt;, ")
# What stands before the name of a chapter where that is meant.
_REFERRING = re.compile(r"(\bchapter|^Next:|\bNext:) $", flags=re.IGNORECASE)


def site() -> dict[str, str]:
    """Return the text of each file of the site, by its name.

    Raises
    ------
    ImportError
        If markdown-it-py is not installed.
    """
    try:
        library = import_module("markdown_it")
    except ImportError as error:
        raise ImportError(_NEEDED) from error
    markdown = library.MarkdownIt("commonmark").enable("table")
    find = finder("ga", reference.known())
    trees = {name: _tokens(markdown, chapter(name), find) for name in CHAPTERS}
    titles = {name: _plain(tokens[1]) for name, tokens in trees.items()}
    files = {"index.html": _index(titles)}
    files |= {f"{name}.html": _page(markdown, name, tokens, titles) for name, tokens in trees.items()}
    files |= reference.reference_pages(_mentioned(trees, titles))
    return files | {STYLE: resources.files(__package__).joinpath("site.css").read_text(encoding="utf-8")}


def write_site(folder: str) -> str:
    """Write the files of the site into a folder, which is made if need be, and return what was done."""
    files = site()
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder) from error
    for name, text in files.items():
        Path(folder, name).write_text(text, encoding="utf-8", newline="\n")
    others = len(files) - len(CHAPTERS) - 2
    return f"{Path(folder, 'index.html')}: {len(CHAPTERS)} chapters, and {others} pages of reference"


# --- pages ----------------------------------------------------------------------------------------------------------


def _index(titles: dict[str, str]) -> str:
    body = ["<main>", f"<h1>{_TITLE}</h1>", f"<p>{_about()}</p>"]
    body.append(f"<p>Each public name has a page in {link(reference.INDEX, 'the reference')}.</p>")
    body.append('<ol class="chapters">')
    for name, about in CHAPTERS.items():
        body.append(f'<li><a href="{name}.html">{escape(titles[name])}</a><small>{escape(about)}</small></li>')
    return framed(_TITLE, _about(), [*body, "</ol>", "</main>"])


def _page(markdown: Any, name: str, tokens: list[Any], titles: dict[str, str]) -> str:
    names = list(CHAPTERS)
    number = names.index(name)
    top = ['<nav class="top">', link("index.html", "The guide"), f"<span>{number + 1} of {len(names)}</span>"]
    top += [link(reference.INDEX, "Reference"), "</nav>"]
    turn = ['<nav class="turn">']
    if number:
        turn.append(_turn("prev", "Previous", names[number - 1], titles))
    if number + 1 < len(names):
        turn.append(_turn("next", "Next", names[number + 1], titles))
    head, rest = (
        tokens[:3],
        [*_filled(tokens[3:], name)],
    )  # the heading, which opens, has a text and closes, and the rest
    html = [markdown.renderer.render(part, markdown.options, {}).rstrip("\n") for part in (head, rest)]
    parts = [*top, "<main>", html[0], *_contents(tokens), html[1], "</main>", *turn, "</nav>"]
    return framed(f"{titles[name]} - gradarray", CHAPTERS[name], parts)


def _about() -> str:
    return f"NumPy with autodiff built in, version {gradarray.__version__}."


def _turn(rel: str, word: str, name: str, titles: dict[str, str]) -> str:
    return f'<a rel="{rel}" href="{name}.html"><small>{word}</small>{escape(titles[name])}</a>'


def _contents(tokens: list[Any]) -> Iterator[str]:
    """Yield links to the sections of a page."""
    sections = [(token, tokens[k + 1]) for k, token in enumerate(tokens) if token.type == "heading_open"][1:]
    yield from ("<details>", "<summary>On this page</summary>", "<ul>")
    for token, title in sections:
        yield f'<li><a href="#{token.attrs["id"]}">{escape(_plain(title))}</a></li>'
    yield from ("</ul>", "</details>")


# --- from Markdown to HTML ------------------------------------------------------------------------------------------


def _tokens(markdown: Any, text: str, find: Finder) -> list[Any]:
    """Return the tokens of a chapter, with links that lead somewhere and with ids of headings."""
    tokens = [token for token in markdown.parse(text) if not token.content.startswith("<!--")]
    ids: set[str] = set()
    for k, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrs["id"] = _new_id(_plain(tokens[k + 1]), ids)
        elif token.type == "inline":
            in_heading = tokens[k - 1].type == "heading_open"
            token.children = [*_linked(token.children, type(token), nowhere if in_heading else find)]
    return tokens


def _new_id(title: str, ids: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"
    new, number = base, 2
    while new in ids:
        new, number = f"{base}-{number}", number + 1
    ids.add(new)
    return new


def _plain(inline: Any) -> str:
    return "".join(" " if child.type in ("softbreak", "hardbreak") else child.content for child in inline.children)


def _linked(children: Sequence[Any], make: Any, find: Finder) -> Iterator[Any]:
    """Yield the tokens of a text: what names another chapter is a link to it, and so is a link to its file.

    A public name is a link to its page. A link to another file, which is not part of the site, is its text alone.
    """
    before, kept, within = "", True, False
    for child in children:
        if child.type == "link_open":
            kept = within = _leads(child.attrs)
        href = None
        if child.type == "code_inline" and child.content in CHAPTERS and _REFERRING.search(before):
            href = f"{child.content}.html"
        elif child.type == "code_inline" and child.content.startswith("ga.") and not within:
            href = find(child.content)
        if href is not None:
            yield make("link_open", "a", 1, attrs={"href": href})
            yield child
            yield make("link_close", "a", -1)
        elif kept or child.type not in ("link_open", "link_close"):
            yield child
        if child.type == "link_close":
            kept, within = True, False
        before += " " if child.type == "softbreak" else child.content


def _mentioned(trees: dict[str, list[Any]], titles: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Return the chapters that lead to each page, as pages and titles."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, tokens in trees.items():
        opened = [child for token in tokens for child in token.children or () if child.type == "link_open"]
        for page in dict.fromkeys(child.attrs["href"].partition("#")[0] for child in opened):
            found.setdefault(page, []).append((f"{name}.html", titles[name]))
    return found


def _leads(attributes: MutableMapping[str, Any]) -> bool:
    """Make a link to a chapter's file one to its page, and return whether a link leads somewhere from the site."""
    path, mark, section = attributes["href"].partition("#")
    stem = path.removesuffix(".md")
    if stem != path and stem in CHAPTERS:
        attributes["href"] = f"{stem}.html{mark}{section}"
        return True
    return not path or path.startswith(("https:", "http:"))


def _filled(tokens: Sequence[Any], name: str) -> Iterator[Any]:
    """Yield the tokens of a chapter, with code as HTML, pictures below it, and tables in boxes that scroll."""
    text = chapter(name)
    graphs, numbered = pictures(text, name), enumerate(blocks(text))
    for token in tokens:
        if token.type == "fence":
            number, block = next(numbered)
            yield _html(type(token), _code(block, graphs.get(number)))
        elif token.type == "table_open":
            yield _html(type(token), '<div class="wide" tabindex="0">\n')
            yield token
        elif token.type == "table_close":
            yield token
            yield _html(type(token), "</div>\n")
        else:
            yield token


def _html(make: Any, content: str) -> Any:
    return make("html_block", "", 0, content=content)


def _code(block: CodeBlock, graph: Graph | None) -> str:
    code = code_block(block.text)
    if graph is None:
        return code
    # Where the pointer rests on a box, there is the line without the name that doctest has for its file.
    return f"{code}<figure>\n{_DOCTEST.sub('', graph.svg())}</figure>\n"
