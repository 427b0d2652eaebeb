"""The house: a room knows the rooms below it and none above, and no modules know each other in a circle."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache, reduce
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import gradarray as ga
from tests.sources import parsed

ROOT = Path(ga.__file__).parent
# From bottom to top; what stands beside the rooms is public, and stands on all of them.
ROOMS = (
    "elsewhere",
    "context",
    "kernels",
    "tape",
    "rules",
    "reverse",
    "forward",
    "batch",
    "dropin",
    "transforms",
    "compiler",
    "solvers",
    "mirror",
    "scipy",
    "arrayapi",
    "testing",
    "show",
    "nnet",
)
# The same for the folders of a room; what stands beside them stands on all of them.
FOLDERS = {"compiler": ("program", "arrays", "surroundings", "passes", "rolling", "text", "machine")}
# What the chapters of the rules may know: the language of the rules, and what a value is. Nothing of sizes, threads or
# memory, which are for rules/faster/. Those on SciPy may know those on NumPy.
LANGUAGE = {"differentiable", "kinds", "kinks", "names", "primitives", "registry", "signature"}
VALUES = {
    "kernels.arrays": {"Array", "Number", "Spec", "conjugate"},
    "kernels.guests": {"decided", "in_sight", "looked_up"},
    "kernels.traced": {"as_form"},
    "tape.wrapping": {
        "bare",
        "has_variable",
        "is_scalar",
        "lifted",
        "stack_nested",
        "with_items",
        "without_zero_tangents",
    },
}
PUBLIC = {"__init__", "__main__", "_tensor", "fft", "linalg", "random", "registry"}
# Names that several modules have, where they do the same: besides those that reverse and forward mode both have.
SAME = {
    "flatten": "what stands in a container, as a list of leaves and as one vector",
    "sweep": "by a plan where there is one, and by the loop",
    "primitive": "makes a function dispatch; for a user's, guards what it does besides",
    "main": "what a command of the package does",
}
FILES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def imported(module: str) -> list[tuple[ast.ImportFrom, str]]:
    """Return each import of ours in a module, with the module that it leads to."""
    package, found = module.split(".")[:-1], []
    for node in ast.walk(parsed(FILES[module])):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else [])]
            for name in node.names:
                paths = [".".join(parts) for parts in ([*base, name.name], [*base, name.name, "__init__"], base)]
                found.append((node, next((p for p in paths if p in FILES), ".".join([*base, "__init__"]))))
    return found


def floor(module: str) -> int:
    return ROOMS.index(module.partition(".")[0]) if "." in module else len(ROOMS)


@pytest.mark.parametrize("module", FILES)
def test_imports_point_down(module: str) -> None:
    assert module in PUBLIC or module.partition(".")[0] in ROOMS, "belongs to no room"
    for node, other in imported(module):
        assert floor(other) <= floor(module), f"line {node.lineno} imports {other}, which stands above"
        assert node.col_offset == 0 or module == "__init__", f"line {node.lineno} imports {other} within a block"


@pytest.mark.parametrize("room", FOLDERS)
def test_imports_point_down_within_a_room(room: str) -> None:
    def height(module: str) -> int:
        folder = module.split(".")[1]
        return FOLDERS[room].index(folder) if module.count(".") > 1 else len(FOLDERS[room])

    for module in FILES:
        if module.startswith(f"{room}."):
            for node, other in imported(module):
                upwards = other.startswith(f"{room}.") and height(other) > height(module)
                assert not upwards, f"{module}, line {node.lineno}, imports {other}, which stands above"


@pytest.mark.parametrize("module", [module for module in FILES if module.startswith(("rules.numpy.", "rules.scipy."))])
def test_chapters_are_mathematics(module: str) -> None:
    for node, other in imported(module):
        room, _, name = other.rpartition(".")
        chapters = ("rules.numpy.", "rules.scipy.") if module.startswith("rules.scipy.") else ("rules.numpy.",)
        known = other.startswith(chapters) or (room == "rules" and name in LANGUAGE)
        unknown = {alias.name for alias in node.names} - VALUES.get(other, set())
        assert known or not unknown, f"line {node.lineno} imports {', '.join(sorted(unknown))} of {other}"


@pytest.mark.parametrize("module", [module for module in FILES if module.startswith("nnet.")])
def test_neural_networks_are_written_with_public_names(module: str) -> None:
    for node, other in imported(module):
        besides = {("nnet.leaves", "transforms.containers")}
        besides |= {("nnet.__init__", "elsewhere.answers"), ("nnet.calls", "elsewhere.answers")}
        own = other.startswith("nnet.") or (module, other) in besides
        assert own, f"line {node.lineno} imports {other}, which is no part of the room"
    for node in ast.walk(parsed(FILES[module])):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ga":
            assert node.attr in ga.__all__, f"line {node.lineno} asks for ga.{node.attr}"
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "ga.registry":
            assert node.attr in ga.registry.__all__, f"line {node.lineno} asks for ga.registry.{node.attr}"
        if isinstance(node, ast.Import):
            assert {(a.name, a.asname) for a in node.names if a.name.startswith("gradarray")} <= {("gradarray", "ga")}


def test_the_path_of_a_module_leads_to_it() -> None:
    for module in FILES.keys() - {"__main__"}:
        if module.startswith(("rules.scipy.", "solvers.")) and find_spec("scipy") is None:
            continue
        path = ".".join(["gradarray", *module.split(".")]).removesuffix(".__init__")
        found = import_module(path)
        assert reduce(getattr, path.split(".")[1:], ga) is found, f"import {path} gives something else"


def test_no_modules_know_each_other_in_a_circle() -> None:
    TopologicalSorter({module: {other for _, other in imported(module)} for module in FILES}).prepare()


def test_only_the_rules_ask_of_what_kind_a_rule_is() -> None:
    for module in (m for m in FILES if not m.startswith("rules.")):
        for node in ast.walk(parsed(FILES[module])):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("isinstance", "type") and node.args:
                asked = ast.unparse(node.args[0]).split(".")
                assert "rule" not in asked, f"{module}, line {node.lineno}: let the kind answer instead"


def test_a_name_means_one_thing() -> None:
    homes = defaultdict(list)
    for module in FILES.keys() - PUBLIC:
        # Names that are NumPy's, SciPy's or the array API's, those of neural networks, and those of one chapter each.
        if module.startswith(("mirror.", "scipy.", "arrayapi.", "nnet.", "rules.numpy.", "rules.scipy.")):
            continue
        for node in parsed(FILES[module]).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                homes[node.name].append(module)
    rooms = {name: sorted(module.partition(".")[0] for module in set(modules)) for name, modules in homes.items()}
    several = {name: homes[name] for name, found in rooms.items() if len(found) > 1 and found != ["forward", "reverse"]}
    assert several.keys() == SAME.keys(), several
