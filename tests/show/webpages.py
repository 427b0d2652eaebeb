"""The site as tests read it: its files, and what each page consists of."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

import pytest

from gradarray.show import site

VOID = {"meta", "link", "br", "hr", "img", "wbr"}


@cache
def site_files() -> dict[str, str]:
    """Return the files of the site, which take seconds to make."""
    pytest.importorskip("markdown_it")
    return site.site()


class Page(HTMLParser):
    """What a page consists of; it is an error if an element is closed that is not open, or the other way round."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
            self.text.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        found = dict(attrs)
        self.links += [found[name] or "" for name in ("href", "src") if name in found]
        self.ids += [found["id"] or ""] if "id" in found else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.text[tag][-1] += data
