"""What is promised about the package as such: its version, what it needs, what it ships, and its documents."""

import doctest
import importlib.util
import json
import pkgutil
import re
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import gradarray as ga

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def installed() -> metadata.Distribution:
    """Find the package's metadata; there is none where the source is used without being installed."""
    try:
        return metadata.distribution("gradarray")
    except metadata.PackageNotFoundError:
        pytest.skip("gradarray is not installed")


class TestVersion:
    def test_is_that_of_the_metadata(self) -> None:
        assert ga.__version__ == installed().version

    def test_is_written_in_one_place(self) -> None:
        assert PROJECT["dynamic"] == ["version"]
        assert "version" not in PROJECT

    def test_has_an_entry_in_the_changelog(self) -> None:
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        assert re.search(rf"^## \[{re.escape(ga.__version__)}\]", changelog, flags=re.MULTILINE)


class TestNames:
    def test_no_public_name_is_also_that_of_another_module(self) -> None:
        """An editor would take ``ga.name`` for the module."""
        modules = {module.name for module in pkgutil.iter_modules(ga.__path__)}
        public = {name: getattr(ga, name) for name in ga.__all__}
        hidden = {name for name in modules & set(public) if not isinstance(public[name], ModuleType)}
        assert not hidden

    def test_public_classes_are_called_by_their_public_names(self) -> None:
        ours = [v for v in map(ga.__dict__.get, ga.__all__) if isinstance(v, type) and "gradarray" in v.__module__]
        assert ga.Tensor in ours
        assert {cls.__module__ for cls in ours} == {"gradarray"}


class TestNeedsNumpyOnly:
    def test_in_pyproject(self) -> None:
        assert [re.split(r"[^\w-]", line)[0] for line in PROJECT["dependencies"]] == ["numpy"]

    def test_in_the_metadata(self) -> None:
        needed = [line for line in installed().requires or [] if "extra ==" not in line]
        assert [re.split(r"[^\w-]", line)[0] for line in needed] == ["numpy"]

    def test_when_it_is_imported(self, run_python: Any) -> None:
        # A namespace made at run time (as Cython's) has no spec; what has one was imported from somewhere.
        program = (
            "import json, sys; before = set(sys.modules); import gradarray;"
            "print(json.dumps([n for n, m in sys.modules.items() if n not in before and getattr(m, '__spec__', None)]))"
        )
        ended = run_python("-c", program)
        imported = {name.split(".")[0] for name in json.loads(ended.stdout)} - sys.stdlib_module_names
        assert imported == {"gradarray", "numpy"}


@pytest.mark.parametrize("name", ["py.typed", "data/iris.csv", "show/guide/from-pytorch.md"])
def test_ships(name: str) -> None:
    assert resources.files("gradarray").joinpath(name).is_file()


class TestReadme:
    OPTIONAL = (("from", "scipy"), ("import", "dask"))
    BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)

    def test_its_sessions_give_what_they_show(self) -> None:
        # In one namespace, from top to bottom, as it is read; without SciPy and Dask, but for their parts.
        assert self.BLOCKS
        namespace: dict[str, Any] = {}
        report: list[str] = []
        for number, block in enumerate(self.BLOCKS, start=1):
            if any(f"{way} {name}" in block and not importlib.util.find_spec(name) for way, name in self.OPTIONAL):
                continue
            session = doctest.DocTestParser().get_doctest(block, namespace, f"python block {number}", "README.md", 0)
            assert session.examples, f"block {number} is not a session, so nothing of it is run"
            doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(
                session, out=report.append, clear_globs=False
            )
            namespace = session.globs
        assert not report, "".join(report)

    def test_its_picture_is_what_graph_draws(self) -> None:
        def wave(x: Any, y: Any) -> Any:
            return np.sin(x * y) + x

        def without_lines(svg: str) -> str:
            return re.sub("<title>.*?</title>", "", svg, flags=re.DOTALL)

        assert "np.sin(x * y) + x" in README
        file = ROOT / ".github" / "graph.svg"
        assert without_lines(file.read_text(encoding="utf-8")) == without_lines(ga.graph(wave, 1.0, 2.0).svg())

    @pytest.mark.parametrize("command", ["pip install . && python -m gradarray", 'pip install -e ".[test]" && pytest'])
    def test_has_the_two_commands(self, command: str) -> None:
        # .ci/run runs them as they stand there.
        assert f"\n```bash\n{command}\n```\n" in README

    def test_has_an_example_on_its_first_screen(self) -> None:
        assert "```python" in "\n".join(README.splitlines()[:24])

    def test_is_read_in_a_few_minutes(self) -> None:
        assert len(README.splitlines()) <= 200

    def test_its_links_lead_to_files(self) -> None:
        links = re.findall(r"\]\(([^)]+)\)", README)
        assert len(links) > 10
        assert not [link for link in links if not (ROOT / link).is_file()]
