"""Every line of the tutorial gives what tutorial.txt says that it gives, character by character."""

import doctest
import re
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("tutorial.txt")
TEXT = FILE.read_text(encoding="utf-8")
_, *PARTS = re.split(r"^(.+)\n-+\n", TEXT, flags=re.MULTILINE)
SECTIONS = dict(zip(PARTS[::2], PARTS[1::2], strict=True))


def differences(section: str) -> str:
    """Run the examples of `section` in a namespace of their own, and report those that give something else."""
    report: list[str] = []
    examples = doctest.DocTestParser().get_doctest(section, {}, FILE.name, str(FILE), 0)
    doctest.DocTestRunner(verbose=False, optionflags=0).run(examples, out=report.append)
    return "".join(report)


@pytest.mark.parametrize("title", SECTIONS)
def test_section_gives_what_it_shows(title: str) -> None:
    assert not differences(SECTIONS[title])


def test_no_example_is_outside_of_the_sections() -> None:
    examples = doctest.DocTestParser().get_examples
    assert sum(len(examples(section)) for section in SECTIONS.values()) == len(examples(TEXT)) > 70


def test_a_line_that_gives_something_else_is_seen() -> None:
    section = SECTIONS["A function of an array"].replace("12.])", "12.5])")
    assert "array([-2.,  8., 12.])" in differences(section)
