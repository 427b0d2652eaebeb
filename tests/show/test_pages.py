"""The chapters of the guide: tables are those of the rows, sessions give what they show, the command shows them."""

from __future__ import annotations

import doctest
import re
from typing import Any

import pytest

from gradarray.elsewhere.answers import LIBRARIES
from gradarray.show import pages

REWRITE = 'the rows have changed: python -c "from gradarray.show import pages; pages.rewrite()"'


@pytest.mark.parametrize("name", pages.CHAPTERS)
class TestChapter:
    def test_its_tables_are_those_of_the_rows(self, name: str) -> None:
        assert pages.chapter(name) == pages.made_anew(name), REWRITE

    def test_it_has_both_tables(self, name: str) -> None:
        assert re.findall(r"<!-- (\w+) -->", pages.chapter(name)) == ["differences", "end", "names", "end"]

    def test_its_sessions_give_what_they_show(self, name: str) -> None:
        blocks = re.findall(r"^```python\n(.*?)^```$", pages.chapter(name), flags=re.DOTALL | re.MULTILINE)
        assert len(blocks) >= 3
        # As a module of the user's, in which transforms bind names.
        names: dict[str, Any] = {"__name__": "users"}
        report: list[str] = []
        for number, block in enumerate(blocks, start=1):
            session = doctest.DocTestParser().get_doctest(block, names, f"block {number}", name, 0)
            assert session.examples, f"block {number} is not a session, so nothing of it is run"
            doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(
                session, out=report.append, clear_globs=False
            )
            names = session.globs
        assert not report, "".join(report)


def test_each_library_has_a_chapter() -> None:
    assert set(pages.CHAPTERS.values()) == set(LIBRARIES.values())


def test_the_command_shows_a_chapter(run_python: Any) -> None:
    shown = run_python("-m", "gradarray", "guide", "from-pytorch").stdout
    assert shown.startswith("# From PyTorch")
    assert "`np.expand_dims(x, axis)`" in shown


def test_the_command_lists_the_chapters(capsys: pytest.CaptureFixture[str]) -> None:
    assert pages.main() == 0
    assert capsys.readouterr().out.split()[-len(pages.CHAPTERS) :] == list(pages.CHAPTERS)
