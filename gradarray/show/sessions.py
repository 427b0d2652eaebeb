"""The sessions in the guide's chapters: blocks of code with prompts, and what they give."""

from __future__ import annotations

import builtins
import doctest
import importlib.util
import re
from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

from .graph import Graph

PROMPT = re.compile(r"(>>> |\.\.\. |>>>$|\.\.\.$)(.*)")
_FENCED = re.compile(r"^```python(?: (\w+))?\n(.*?)^```$\n?", flags=re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"^<!--.*?-->\n", flags=re.DOTALL | re.MULTILINE)


class CodeBlock(NamedTuple):
    """A block of code in a chapter.

    Attributes
    ----------
    text : as it is written, with prompts and outputs
    needs : the library that it needs besides, which is said after the language; "" for none
    """

    text: str
    needs: str

    @property
    def examples(self) -> list[doctest.Example]:
        """What is typed at each prompt, with what it gives."""
        return doctest.DocTestParser().get_examples(self.text)

    @property
    def can_run(self) -> bool:
        """Whether what it needs is installed."""
        return not self.needs or importlib.util.find_spec(self.needs) is not None


def prose_and_code(text: str) -> list[str | CodeBlock]:
    """Return a chapter as Markdown and the blocks between, without what is for its source alone."""
    found: list[str | CodeBlock] = []
    end = 0
    for match in _FENCED.finditer(text):
        found += [_COMMENT.sub("", text[end : match.start()]), CodeBlock(match[2], match[1] or "")]
        end = match.end()
    return [*found, _COMMENT.sub("", text[end:])]


def blocks(text: str) -> list[CodeBlock]:
    """Return the blocks of a chapter.

    Examples
    --------
    >>> from gradarray.show.sessions import blocks
    >>> blocks("Two:\\n\\n```python\\n>>> 1 + 1\\n2\\n```\\n")
    [CodeBlock(text='>>> 1 + 1\\n2\\n', needs='')]
    """
    return [part for part in prose_and_code(text) if isinstance(part, CodeBlock)]


def mismatches(text: str, name: str) -> str:
    """Run the session of a chapter, from top to bottom, and return what gave something else."""
    examples = [example for block in blocks(text) if block.can_run for example in block.examples]
    return _run(doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS), examples, name)


def pictures(text: str, name: str) -> dict[int, Graph]:
    """Run the session of a chapter, and return the graphs that blocks end with, by the numbers of the blocks.

    Raises
    ------
    RuntimeError
        If the session gives something else than a graph there.
    """
    found = [block.examples if block.can_run else [] for block in blocks(text)]
    drawn = [k for k, examples in enumerate(found) if examples and examples[-1].source.startswith("ga.graph(")]
    if not drawn:
        return {}
    keeper = _Keeper(verbose=False, optionflags=doctest.ELLIPSIS)
    told = _run(keeper, chain.from_iterable(found[: drawn[-1] + 1]), name)
    try:
        return {k: keeper.graphs[id(found[k][-1])] for k in drawn}
    except KeyError:
        raise RuntimeError(f"the chapter {name} does not give a picture that it shows:\n{told}") from None


class _Keeper(doctest.DocTestRunner):
    """A runner that keeps the graphs that a session shows, by the examples."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.graphs: dict[int, Graph] = {}

    def report_success(self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        # Python leaves under this name what it has shown last.
        if isinstance(shown := vars(builtins).get("_"), Graph):
            self.graphs[id(example)] = shown


def _run(runner: doctest.DocTestRunner, examples: Iterable[doctest.Example], name: str) -> str:
    """Run examples as one session, so that the source of each function is known."""
    # It is a module of the user's, where names are bound.
    session = doctest.DocTest([*examples], {"__name__": "users"}, name, None, 0, None)
    lines: list[str] = []
    runner.run(session, out=lines.append, clear_globs=False)
    return "".join(lines)
