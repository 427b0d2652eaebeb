"""The guide as a notebook: it has the form of one, and runs from top to bottom."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import re
from pathlib import Path
from typing import Any

import pytest

from gradarray.__main__ import main
from gradarray.show import pages
from gradarray.show.notebook import notebook
from gradarray.show.sessions import CodeBlock, blocks, mismatches


def cells(*names: str) -> list[dict[str, Any]]:
    return json.loads(notebook(names))["cells"]


def run(found: list[dict[str, Any]]) -> None:
    """Run cells in one namespace, as a notebook does: where one should end with an exception, it has to."""
    namespace: dict[str, Any] = {"__name__": "users"}
    for cell in found:
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), cell["id"], "exec")
            if "raises-exception" in cell["metadata"].get("tags", ()):
                with pytest.raises(Exception):  # noqa: B017
                    exec(code, namespace)
            else:
                exec(code, namespace)


@pytest.mark.parametrize("name", pages.CHAPTERS)
class TestChapter:
    def test_it_runs(self, name: str) -> None:
        run(cells(name))

    def test_all_of_it_is_there(self, name: str) -> None:
        found = cells(name)
        text = pages.chapter(name)
        examples = [example.source for block in blocks(text) if block.can_run for example in block.examples]
        code = ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]
        assert "".join(f"{source}\n" for source in code) == "".join(examples)
        words = [word for cell in found if cell["cell_type"] == "markdown" for word in "".join(cell["source"]).split()]
        prose = re.sub(r"^```.*?^```$|^<!--.*?-->$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert words == prose.split()

    def test_each_value_that_is_shown_is_the_last_of_its_cell(self, name: str) -> None:
        shown = [e for block in blocks(pages.chapter(name)) if block.can_run for e in block.examples if e.want]
        ends = ["".join(cell["source"]) + "\n" for cell in cells(name) if cell["cell_type"] == "code"]
        assert len(ends) >= len(shown)
        left = iter(ends)
        assert all(any(end.endswith(example.source) for end in left) for example in shown)


def shown(name: str, source: str, namespace: dict[str, Any]) -> str:
    """Return what a notebook shows below a cell: what it prints, and the value of its last line."""
    # A notebook keeps the source of each cell, so that lines of code can be shown.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    *before, last = ast.parse(source).body
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(ast.Module(before, []), name, "exec"), namespace)
        exec(compile(ast.Interactive([last]), name, "single"), namespace)
    return out.getvalue()


def test_the_tutorial_is_one_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = cells("tutorial")
    assert len(found) <= 60
    assert found[0]["cell_type"] == "markdown" and "x ** 2" in found[0]["source"][0]
    wanted = [e.want for block in blocks(pages.chapter("tutorial")) for e in block.examples if e.want]
    namespace: dict[str, Any] = {"__name__": "users"}
    given = []
    for cell in found:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            try:
                given.append(shown(f"<{cell['id']}>", source, namespace))
            except ValueError as error:
                given.append(f"Traceback (most recent call last):\n    ...\nValueError: {error}\n")
    for cell in found:
        linecache.cache.pop(f"<{cell['id']}>", None)
    given = [text.rstrip("\n").replace("\n\n", "\n<BLANKLINE>\n") + "\n" for text in given if text]
    assert given == wanted


TOPICS = (
    "tensor linspace matmul backward grad constant no_autodiff reshape .T .data base explain graph source nnet polyfit"
)


@pytest.mark.parametrize("topic", TOPICS.split())
def test_the_tutorial_has(topic: str) -> None:
    assert any(topic in "".join(cell["source"]) for cell in cells("tutorial") if cell["cell_type"] == "code")


def test_chapters_run_one_after_the_other() -> None:
    run(cells(*pages.CHAPTERS))


def test_chapters_give_the_same_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # tables are as wide as the terminal
    assert not mismatches("\n".join(map(pages.chapter, pages.CHAPTERS)), "all")


def test_it_has_the_form_of_a_notebook() -> None:
    text = notebook([*pages.CHAPTERS])
    content = json.loads(text)
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in content["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in ids)
    assert {cell["cell_type"] for cell in content["cells"]} == {"markdown", "code"}
    assert text == notebook([*pages.CHAPTERS])


def test_the_library_of_notebooks_reads_it() -> None:
    nbformat = pytest.importorskip("nbformat")
    nbformat.validate(nbformat.reads(notebook([*pages.CHAPTERS]), as_version=4))


def test_scipy_is_left_out_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def code() -> list[str]:
        return ["".join(cell["source"]) for cell in cells(*pages.CHAPTERS) if cell["cell_type"] == "code"]

    monkeypatch.setattr(CodeBlock, "can_run", True)
    assert any("from scipy" in source for source in code())
    monkeypatch.setattr(CodeBlock, "can_run", property(lambda block: not block.needs))
    assert code()
    assert not any("from scipy" in source for source in code())


def test_the_command_writes_a_chapter_or_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "guide.ipynb"
    assert main(["guide", "tape", "--notebook", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == notebook(["tape"])
    assert main(["guide", "--notebook", str(file)]) == 0
    assert file.read_bytes() == notebook([*pages.CHAPTERS]).encode()
    assert capsys.readouterr().out.count("guide.ipynb") == 2


@pytest.mark.parametrize("path", [".", "missing/guide.ipynb"])
def test_a_file_that_cannot_be(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["guide", "--notebook", str(tmp_path / path)])
    assert f"{tmp_path / path} cannot be written" in capsys.readouterr().err
