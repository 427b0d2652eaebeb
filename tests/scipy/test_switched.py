"""SciPy with the array API switched on, SCIPY_ARRAY_API=1: nothing is lost in silence, and no door is shut by it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; older ones have other functions")


def test_chapters_ask_for_special_functions_where_the_switch_does_not_matter() -> None:
    chapters = Path(ga.__file__).parent / "rules" / "scipy"
    named = [path.name for path in chapters.rglob("*.py") if "from scipy import special" in path.read_text("utf-8")]
    assert named == ["unswitched.py"]


def test_calls_of_all_tables() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.scipy.switched"],
        env={**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    lines = [line.split("\t") for line in ended.stdout.splitlines()]
    assert [line for line in lines if line[1:3] != ["right"] * 2] == []
    assert [line for line in lines if not line[3].startswith(("right", "refused"))] == []
    assert len(lines) > 100
    assert any(line[3] == "right" for line in lines)
