"""The chapters of the guide: tables are those of the rows, sessions give what they show, the command shows them."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from gradarray.elsewhere.answers import LIBRARIES
from gradarray.show import pages
from gradarray.show.sessions import blocks, mismatches, prose_and_code
from gradarray.show.terminal import rendered

REWRITE = 'the rows have changed: python -c "from gradarray.show import pages; pages.rewrite()"'


@pytest.mark.parametrize("name", pages.LIBRARIES)
class TestTables:
    def test_they_are_those_of_the_rows(self, name: str) -> None:
        assert pages.chapter(name) == pages.made_anew(name), REWRITE

    def test_both_are_there(self, name: str) -> None:
        assert re.findall(r"<!-- (\w+) -->", pages.chapter(name)) == ["differences", "end", "names", "end"]


@pytest.mark.parametrize("name", pages.CHAPTERS)
class TestChapter:
    def test_its_sessions_give_what_they_show(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")  # tables are as wide as the terminal
        text = pages.chapter(name)
        assert len(blocks(text)) >= 3
        assert not mismatches(text, name)

    def test_each_block_of_code_is_run(self, name: str) -> None:
        text = pages.chapter(name)
        assert text.count("```") == 2 * len(blocks(text))
        # What is not a session is not run.
        assert all(block.examples for block in blocks(text))

    def test_other_libraries_are_imported_by_blocks_that_say_so(self, name: str) -> None:
        for block in blocks(pages.chapter(name)):
            imported = set(re.findall(r"^>>> (?:import|from) (scipy|dask)\b", block.text, flags=re.MULTILINE))
            assert imported <= {block.needs}

    def test_the_chapters_that_it_names_are_there(self, name: str) -> None:
        assert set(re.findall(r"the chapter `([^`]+)`", pages.chapter(name), flags=re.IGNORECASE)) <= set(
            pages.CHAPTERS
        )


def test_a_session_that_gives_something_else_is_reported() -> None:
    assert not mismatches("```python\n>>> 1 + 1\n2\n```\n", "right")
    assert "Expected:\n    3" in mismatches("```python\n>>> 1 + 1\n3\n```\n", "wrong")
    assert "Expected nothing" in mismatches("```python\n>>> 1 + 1\n```\n", "not shown")


def test_each_chapter_is_listed() -> None:
    files = resources.files("gradarray.show").joinpath("guide").iterdir()
    assert {file.name for file in files} == {f"{name}.md" for name in pages.CHAPTERS}


def test_each_library_has_a_chapter() -> None:
    assert set(pages.LIBRARIES.values()) == set(LIBRARIES.values())
    assert set(pages.LIBRARIES) <= set(pages.CHAPTERS)


def test_the_command_shows_a_chapter(run_python: Any) -> None:
    shown = run_python("-m", "gradarray", "guide", "from-pytorch").stdout
    assert shown.startswith("# From PyTorch")
    assert "`np.expand_dims(x, axis)`" in shown


def test_the_command_lists_the_chapters(capsys: pytest.CaptureFixture[str]) -> None:
    assert pages.main() == 0
    listed = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in listed] == list(pages.CHAPTERS)
    assert [line.split(maxsplit=1)[1] for line in listed] == list(pages.CHAPTERS.values())
    assert max(map(len, listed)) <= 100


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return what the command shows of a chapter on a terminal."""

    def show(name: str, columns: int = 80, no_color: str = "1") -> str:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("NO_COLOR", no_color)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream := Terminal())
            pages.main(name)
        assert stream.getvalue()
        return stream.getvalue()

    return show


@pytest.mark.parametrize("name", pages.CHAPTERS)
class TestOnATerminal:
    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_prose_is_as_wide_as_the_terminal(self, name: str, columns: int, shown: Callable[..., str]) -> None:
        wide = [line for line in shown(name, columns).splitlines() if len(line) > min(columns, 100)]
        # Code keeps its lines, and a word that is too long has a line of its own.
        assert not [line for line in wide if not line.startswith("    ") and " " in line.strip()]

    def test_every_word_is_there(self, name: str, shown: Callable[..., str]) -> None:
        prose = [
            line for part in prose_and_code(pages.chapter(name)) if isinstance(part, str) for line in part.splitlines()
        ]
        words = {word for line in prose if not line.startswith("|") for word in line.split() if word.strip("#")}
        assert not words - set(shown(name).split())

    def test_code_stands_there_as_it_is(self, name: str, shown: Callable[..., str]) -> None:
        lines = set(shown(name).splitlines())
        for block in blocks(pages.chapter(name)):
            assert {f"    {line}" for line in block.text.splitlines() if line} <= lines

    def test_colours_are_colours_alone(self, name: str, shown: Callable[..., str]) -> None:
        in_colour, plain = shown(name, no_color=""), shown(name)
        assert "\x1b[" in in_colour
        assert "\x1b" not in plain
        without = re.sub(r"\x1b\[\d+m", "", in_colour)
        assert re.sub(r"[`*]", "", without) == re.sub(r"[`*]", "", plain)


def test_tables_are_aligned_or_told_row_by_row() -> None:
    text = "| you have | take |\n|---|---|\n| one | `f` |\n| a great many | `g\\|h` |\n"
    fits = rendered(text, 40, lambda code, text: text)
    assert fits == "you have      take\none           `f`\na great many  `g|h`\n"
    narrow = rendered(text, 16, lambda code, text: text)
    assert narrow == "you have: one\n    take: `f`\nyou have: a great\n    many\n    take: `g|h`\n"


def test_what_is_for_the_source_alone_is_left_out() -> None:
    assert rendered("one\n\n<!-- made -->\n\ntwo\n\n<!-- end -->\n", 40, lambda code, text: text) == "one\n\ntwo\n"


def test_an_item_of_a_list_is_set_in() -> None:
    text = "Two items:\n\n- the first\n  of them\n- another\n"
    assert rendered(text, 20, lambda code, text: text) == "Two items:\n\n- the first of them\n- another\n"
    long = rendered("- " + "word " * 9, 20, lambda code, text: text)
    assert long == "- word word word\n  word word word\n  word word word\n"
