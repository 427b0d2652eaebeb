"""The guide as a site: its pages are whole, lead to each other and to nothing else, and fit the window."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gradarray.__main__ import main
from gradarray.show import pages, site
from gradarray.show.page import code_block
from gradarray.show.sessions import blocks, pictures
from tests.show.webpages import Page, site_files

PAGES = ["index", *pages.CHAPTERS]


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return site_files()


@pytest.mark.parametrize("name", PAGES)
class TestPage:
    def test_it_is_well_formed(self, name: str, files: dict[str, str]) -> None:
        text = files[f"{name}.html"]
        page = Page(text)
        assert text.startswith("<!DOCTYPE html>")
        assert [page.tags.count(tag) for tag in ("html", "head", "body", "main", "h1")] == [1] * 5
        assert page.text["title"][0].removesuffix(" - gradarray") == page.text["h1"][0]
        assert len(set(page.ids)) == len(page.ids)

    def test_its_links_lead_somewhere(self, name: str, files: dict[str, str]) -> None:
        for link in Page(files[f"{name}.html"]).links:
            target, _, section = link.partition("#")
            target = target or f"{name}.html"
            assert target in files
            assert not section or section in Page(files[target]).ids

    def test_nothing_is_run_or_fetched(self, name: str, files: dict[str, str]) -> None:
        text = files[f"{name}.html"]
        assert not {"script", "iframe", "img", "object", "embed", "base"} & set(Page(text).tags)
        assert not re.search(r"\bon\w+=\"|@import|url\(|https?:(?!//www\.w3\.org/2000/svg\")", text)

    def test_nothing_is_of_this_machine(self, name: str, files: dict[str, str]) -> None:
        text = files[f"{name}.html"]
        for path in (Path(pages.__file__).parents[2], Path.cwd(), Path.home(), Path(sys.prefix)):
            assert str(path) == path.anchor or str(path) not in text


@pytest.mark.parametrize("name", pages.CHAPTERS)
class TestChapter:
    def test_its_code_is_there(self, name: str, files: dict[str, str]) -> None:
        texts = [block.text.replace("<BLANKLINE>", "") for block in blocks(pages.chapter(name))]
        assert Page(files[f"{name}.html"]).text["pre"] == [text.rstrip("\n") for text in texts]

    def test_its_tables_are_there(self, name: str, files: dict[str, str]) -> None:
        text = pages.chapter(name)
        rows = len(re.findall(r"^\|", text, flags=re.MULTILINE)) - len(re.findall(r"^\|-", text, flags=re.MULTILINE))
        assert Page(files[f"{name}.html"]).tags.count("tr") == rows

    def test_its_pictures_stand_below_their_blocks(self, name: str, files: dict[str, str]) -> None:
        shown = re.findall(r"(ga\.graph\([^\n]*)</span>\n[^\n]*</pre>\n<figure>\n<svg", files[f"{name}.html"])
        text = pages.chapter(name)
        assert shown == re.findall(r"^>>> (ga\.graph\(.*)\n<graph.*\n```", text, flags=re.MULTILINE)
        assert Page(files[f"{name}.html"]).tags.count("svg") == len(shown)

    def test_it_leads_to_its_neighbours_and_to_chapters_that_it_names(self, name: str, files: dict[str, str]) -> None:
        links = Page(files[f"{name}.html"]).links
        k = PAGES.index(name)
        named = re.findall(r"the chapter\s`([^`]+)`", pages.chapter(name), flags=re.IGNORECASE)
        wanted = [PAGES[k - 1], *PAGES[k + 1 : k + 2], *named]
        assert {f"{other}.html" for other in wanted} <= set(links)


def test_each_chapter_is_in_the_index(files: dict[str, str]) -> None:
    links = Page(files["index.html"]).links
    assert links == ["style.css", "reference.html", *(f"{name}.html" for name in pages.CHAPTERS)]


def test_no_two_files_differ_in_capitals_alone(files: dict[str, str]) -> None:
    assert len({name.lower() for name in files}) == len(files)


def test_there_are_pictures(files: dict[str, str]) -> None:
    assert sum(text.count("<svg ") for text in files.values()) >= 2


def test_the_boxes_of_pictures_say_which_line_they_are_of(files: dict[str, str]) -> None:
    assert "<title>line 3: return np.sin(a) + x\n" in files["chain-rule.html"]


@pytest.fixture
def html() -> Callable[[str], str]:
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    find = {"ga.grad(f)": "ga.grad.html", "ga.jit": "ga.jit.html", "np.sin": "x.html"}.get
    return lambda text: markdown.renderer.render(site._tokens(markdown, text, find), markdown.options, {})


def test_links_to_files(html: Callable[[str], str]) -> None:
    assert html("[a](tape.md#backward)") == '<p><a href="tape.html#backward">a</a></p>\n'
    assert html("[a](../../../README.md) [b](x/tape.md)") == "<p>a b</p>\n"
    assert html("[a](https://numpy.org)") == '<p><a href="https://numpy.org">a</a></p>\n'
    assert html("The chapter\n`jit`, `jit`") == (
        '<p>The chapter\n<a href="jit.html"><code>jit</code></a>, <code>jit</code></p>\n'
    )


def test_public_names_lead_to_their_pages(html: Callable[[str], str]) -> None:
    assert html("`ga.grad(f)` `ga.x` `np.sin`") == (
        '<p><a href="ga.grad.html"><code>ga.grad(f)</code></a> <code>ga.x</code> <code>np.sin</code></p>\n'
    )
    assert html("# `ga.jit`") == '<h1 id="ga-jit"><code>ga.jit</code></h1>\n'
    assert html("[`ga.jit`](jit.md), [`ga.jit`](x.md)") == (
        '<p><a href="jit.html"><code>ga.jit</code></a>, <a href="ga.jit.html"><code>ga.jit</code></a></p>\n'
    )


def test_headings_that_are_the_same_have_different_ids(html: Callable[[str], str]) -> None:
    assert Page(html("# The same\n\n## The same\n\n## `?`\n")).ids == ["the-same", "the-same-2", "section"]


@pytest.mark.parametrize("line", [">>> x <y, '&lt;'", "... <b>", "<b> &amp; >>>"])
def test_code_is_not_read_as_html(line: str) -> None:
    assert Page(code_block(f">>> 1\n{line}")).text["pre"] == [f">>> 1\n{line}"]


def test_a_picture_that_is_not_drawn_is_an_error() -> None:
    text = "```python\n>>> import gradarray as ga\n>>> ga.graph(f)\n<graph of f: ...>\n```\n"
    with pytest.raises(RuntimeError, match=r"the chapter wrong does not(.|\n)*NameError"):
        pictures(text, "wrong")


def test_the_command_writes_the_same_files_each_time(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path / "made" / "one", tmp_path):
        assert main(["guide", "--html", str(folder)]) == 0
        assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == {
            name: text.encode() for name, text in files.items()
        }
    assert "index.html" in capsys.readouterr().out


def test_without_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    with pytest.raises(SystemExit):
        main(["guide", "--html", str(tmp_path / "site")])
    assert "`pip install markdown-it-py`" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("markdown_it")
    file = tmp_path / "file"
    file.write_text("mine")
    for folder in (file, file / "within"):
        with pytest.raises(SystemExit):
            main(["guide", "--html", str(folder)])
        assert f"{folder} cannot be written: {os.strerror(errno.ENOTDIR)}" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_a_site_is_of_all_chapters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["guide", "tape", "--html", str(tmp_path)])
    assert "without a name" in capsys.readouterr().err


MEASURING = """<!DOCTYPE html><body>{frames}<p>unmeasured</p><script>
addEventListener("load", () => {{
  document.querySelector("p").textContent = "measured " + [...document.querySelectorAll("iframe")].map((frame) => {{
    const page = frame.contentDocument;
    const pictures = [...page.querySelectorAll("figure svg, img")];
    const shown = pictures.filter((one) => one.getBoundingClientRect().width > 20
      && one.getBoundingClientRect().height > 20 && (one.tagName != "IMG" || one.naturalWidth > 0));
    const widths = [page.documentElement.scrollWidth, frame.contentWindow.innerWidth];
    return [...widths, shown.length, pictures.length].join(" of ");
  }}).join(", ");
}});
</script>"""
# What is wider than the window, has a picture that is not there, one without a size, and an error.
WRONG = """<!DOCTYPE html><div style="width:2000px">wide</div>
<figure><img src="missing.png"><svg width="0"></svg></figure>
<script>console.error("this is seen")</script>"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no browser")
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_in_a_browser(width: int, files: dict[str, str], tmp_path: Path) -> None:
    """They are no wider than the window, their pictures are shown, and nothing is complained of."""
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "wrong.html").write_text(WRONG)
    names = ["wrong.html", *(name for name in files if name.endswith(".html"))]
    frames = [f'<iframe src="{name}" style="border:0;width:{width}px;height:800px"></iframe>' for name in names]
    (tmp_path / "measure.html").write_text(MEASURING.format(frames="".join(frames)))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom"]
    options += ["--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}"]
    ended = subprocess.run(
        ["chromium", *options, (tmp_path / "measure.html").as_uri()], capture_output=True, text=True, timeout=240
    )
    found = [[*map(int, four)] for four in re.findall(r"(\d+) of (\d+) of (\d+) of (\d+)", ended.stdout)]
    assert [window for _, window, _, _ in found] == [width] * len(names), ended.stderr
    measured = dict(zip(names, found, strict=True))
    wide, _, shown, pictures = measured.pop("wrong.html")
    assert (wide, shown, pictures) == (2000 + 8, 0, 2)
    assert {name: one for name, one in measured.items() if one[0] > width} == {}
    assert {name: one for name, one in measured.items() if one[2] != one[3]} == {}
    assert sum(pictures for _, _, _, pictures in measured.values()) == sum(t.count("<svg ") for t in files.values())
    said = re.findall(r"CONSOLE.*?\] (.*)", ended.stderr)
    assert said and all("this is seen" in line or "missing.png" in line for line in said)
