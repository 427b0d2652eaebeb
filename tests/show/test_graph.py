"""`graph`: what is drawn of a function and of a tensor, and that nothing in a picture covers anything else."""

from __future__ import annotations

import math
import random
import re
import struct
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import gradarray as ga
from gradarray.show.graph import Graph
from tests.show.clashes import clashes

# --- programs -------------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(4, 3)), np.array([0, 1, 2, 0])


def square(x: Any) -> Any:
    return x**2


def sine(x: Any, y: Any) -> Any:
    return np.sin(x * y) + x


def diamond(x: Any) -> Any:
    return np.sin(x) * np.cos(x)


def twice(x: Any) -> Any:
    return np.stack([x * x] * 5)


def softmax_loss(weights: Any, bias: Any) -> Any:
    z = X @ weights + bias
    s = z - np.max(z, axis=1, keepdims=True)
    logp = s - np.log(np.sum(np.exp(s), axis=1, keepdims=True))
    return -np.mean(logp[np.arange(4), LABELS])


def update(x: Any, y: Any) -> Any:
    x = x * 1.0
    x[1:] += y
    return np.sum(x**2)


def network(params: Any) -> Any:
    (w1, b1), (w2, b2) = params
    h = np.tanh(X @ w1 + b1)
    return np.mean((h @ w2 + b2 - 1.0) ** 2)


def recurrent(w: Any, u: Any, b: Any, xs: Any) -> Any:
    h = np.zeros(3)
    for x in xs:
        h = np.tanh(h @ w + x @ u + b)
    return np.sum(h**2)


def logistic(r: Any, x: Any) -> Any:
    for _ in range(40):
        x = r * x * (1 - x)
    return x


def wide(*xs: Any) -> Any:
    return np.sum(np.stack(xs) ** 2)


def added(*xs: Any) -> Any:
    return sum(xs)


def two(x: Any, y: Any) -> Any:
    return x * y, np.exp(x)


def unused(x: Any, n: Any, y: Any) -> Any:
    return np.where(x > 0, x, 0.0).sum()


def without_end(x: Any) -> Any:
    draw = random.Random(3)
    for _ in range(90):
        x = draw.choice([np.sin, np.cos, np.tanh, np.arctan, np.exp, np.negative, np.arcsinh, np.expm1])(x)
    return x


def nothing(x: Any) -> Any:
    return 1.0


PROGRAMS = {
    square: (3.0,),
    sine: (2.0, 3.0),
    diamond: (1.0,),
    twice: (2.0,),
    softmax_loss: (RNG.normal(size=(3, 3)), np.zeros(3)),
    update: (np.array([1.0, 2, 3]), 2.0),
    network: ([(RNG.normal(size=(3, 5)), np.zeros(5)), (RNG.normal(size=(5, 1)), np.zeros(1))],),
    recurrent: (RNG.normal(size=(3, 3)), RNG.normal(size=(2, 3)), np.zeros(3), RNG.normal(size=(5, 2))),
    logistic: (3.7, 0.4),
    wide: tuple(map(float, range(20))),
    added: tuple(map(float, range(20))),
    two: (1.0, 2.0),
    unused: (np.array([1.0, -1]), 3, 2.0),
    without_end: (0.3,),
    nothing: (1.0,),
}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("fold", [True, False])
def test_nothing_covers_anything_else(program: Any, fold: bool) -> None:
    graph = ga.graph(program, *PROGRAMS[program], fold=fold)
    assert not clashes(graph._drawing, graph._edges)


def test_several_pictures_may_stand_on_one_page() -> None:
    picture = ga.graph(sine, 2.0, 3.0).svg()
    assert not re.search(r"""\bid\s*=|url\(|href""", picture)
    # The rules of a style sheet hold on the whole page: they are for pictures alone, and those of one theme.
    (sheet,) = re.findall(r"<style>(.*)</style>", picture)
    inner = sheet.removeprefix("@media (prefers-color-scheme:dark){").removesuffix("}")
    rules = [rule for rule in inner.split("}") if rule]
    assert rules and all(rule.startswith(".gradarray-auto ") for rule in rules)
    for theme in ("light", "dark"):
        assert "<style" not in ga.graph(sine, 2.0, 3.0, theme=theme).svg()


def test_the_dark_theme_of_a_style_sheet_is_the_dark_theme() -> None:
    graph = ga.graph(update, *PROGRAMS[update])
    (sheet,) = re.findall(r"<style>(.*)</style>", graph.svg())
    for colour in set(re.findall("#[0-9a-f]{6}", graph.svg("dark"))):
        assert colour in sheet


def test_the_same_in_another_process(run_python: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import numpy as np, gradarray as ga\n"
        "def f(x, y, z):\n    return np.sin(x * y) + np.cos(x) * z + (x + z) * np.exp(y), y * z\n"
        "print(ga.graph(f, 1.0, 2.0, 3.0).svg())"
    )
    found = set()
    for seed in "123":
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        found.add(run_python("-c", program).stdout)
    assert len(found) == 1 and "</svg>" in found.pop()


def kinds(graph: Graph) -> list[str]:
    return [box.kind for box in graph._boxes]


def said(graph: Graph) -> list[str]:
    return [" | ".join("".join(text.text for text in line) for line in box.lines) for box in graph._boxes]


def test_boxes_say_call_value_and_gradient() -> None:
    graph = ga.graph(sine, 2.0, 3.0)
    assert said(graph) == [
        f"x | 2 | grad {3 * math.cos(6) + 1:.4g}",
        f"y | 3 | grad {2 * math.cos(6):.4g}",
        f"v1 = x * y | 6 | grad {math.cos(6):.4g}",
        f"v2 = np.sin(v1) | {math.sin(6):.4g} | grad 1",
        f"v3 = v2 + x | {math.sin(6) + 2:.4g} | grad 1",
    ]
    assert kinds(graph) == ["variable", "variable", "call", "call", "result"]
    assert graph._edges == [(0, 2), (1, 2), (2, 3), (3, 4), (0, 4)]
    assert {box.tip.splitlines()[0] for box in graph._boxes[2:]} == {
        f"{Path(__file__).name}, line {sine.__code__.co_firstlineno + 1}: return np.sin(x * y) + x"
    }


def test_a_value_that_goes_in_twice_has_two_lines() -> None:
    assert Counter(ga.graph(twice, 2.0)._edges) == {(0, 1): 2, (1, 2): 5}


def test_kinds() -> None:
    assert kinds(ga.graph(update, *PROGRAMS[update])) == [
        *("variable", "variable", "call", "view", "call", "update", "call", "result")
    ]
    assert kinds(ga.graph(two, 1.0, 2.0)).count("result") == 2
    assert kinds(ga.graph(unused, *PROGRAMS[unused]))[:3] == ["variable", "constant", "variable"]
    assert "no grad" in said(ga.graph(unused, *PROGRAMS[unused]))[2]


def test_a_note_tells_what_is_differentiated() -> None:
    assert "sum" in " ".join(texts(ga.graph(two, 1.0, 2.0).svg())[-3:])
    assert "no derivative" in " ".join(texts(ga.graph(nothing, 1.0).svg()))


def test_a_kink_is_told() -> None:
    graph = ga.graph(lambda x: abs(x) + x**2, 0.0)
    assert [text.endswith(" | kink here") for text in said(graph)] == [False, True, False, False]
    assert "kink" in " ".join(graph._drawing.notes) and not clashes(graph._drawing, graph._edges)


def test_a_loop_is_folded() -> None:
    graph = ga.graph(logistic, 3.7, 0.4)
    (k,) = [k for k, kind in enumerate(kinds(graph)) if kind == "folded"]
    assert said(graph)[k] == "38 times: *, - | x = r * x * (1 - x)"
    assert len(graph._boxes) == 9
    # What goes in and out of the turns that are not drawn is one line each.
    assert Counter(graph._edges)[(0, k)] == 1 and max(Counter(graph._edges).values()) == 1
    assert len(ga.graph(logistic, 3.7, 0.4, fold=False)._boxes) == 2 + 3 * 40


def test_loops_in_a_loop_are_folded() -> None:
    def epochs(w: Any) -> Any:
        for _ in range(30):
            h = w
            for _ in range(10):
                h = np.tanh(h * w)
                h = np.sin(h) + 1.0
            w = w - 0.01 * h
        return w

    graph = ga.graph(epochs, 0.3)
    folded = [text.split(":")[0] for text, kind in zip(said(graph), kinds(graph), strict=True) if kind == "folded"]
    assert folded == ["8 times", "28 times", "8 times"]
    assert len(graph._boxes) == 1 + 2 * (4 + 1 + 4 + 2) + 1
    assert not clashes(graph._drawing, graph._edges)


def test_a_short_loop_is_not_folded() -> None:
    assert "folded" not in kinds(ga.graph(recurrent, *PROGRAMS[recurrent]))


def test_the_middle_is_left_out_where_nothing_repeats() -> None:
    graph = ga.graph(without_end, 0.3)
    (k,) = [k for k, kind in enumerate(kinds(graph)) if kind == "folded"]
    left_out = int(said(graph)[k].split()[0])
    assert len(graph._boxes) <= 61 and left_out + len(graph._boxes) - 1 == 91
    assert graph._edges == [(i, i + 1) for i in range(len(graph._boxes) - 1)]


def test_of_a_tensor() -> None:
    x = ga.tensor([1.0, 2.0])
    y = np.sum(x * x)
    graph = ga.graph(y)
    assert len(graph._boxes) == 3 and x.grad is None
    y.backward()
    assert np.array_equal(x.grad, [2.0, 4.0])
    assert "constant" in " ".join(texts(ga.graph(ga.tensor(1.0, constant=True)).svg()))


def test_a_picture_keeps_no_tape(without_collector: None) -> None:
    x = ga.tensor([1.0, 2.0])
    y = np.sum(np.sin(x))
    node = y._node
    before = sys.getrefcount(node)
    graph = ga.graph(y)
    assert sys.getrefcount(node) == before and len(graph._boxes) == 3


def test_refuses() -> None:
    x = ga.tensor(1.0)
    with pytest.raises(TypeError, match=r"ga\.tensor\(x\)"):
        ga.graph(np.ones(3))  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="tensor alone"):
        ga.graph(x, 1.0)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="'auto', 'light' or 'dark', not 'night'"):
        ga.graph(sine, 1.0, 2.0, theme="night")
    with pytest.raises(ValueError, match="night"):
        ga.graph(sine, 1.0, 2.0).svg("night")


def texts(picture: str) -> list[str]:
    root = ElementTree.fromstring(picture)
    return ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]


# --- files ----------------------------------------------------------------------------------------------------------


def test_files(tmp_path: Path) -> None:
    graph = ga.graph(sine, 2.0, 3.0)
    graph.save(tmp_path / "g.svg")
    assert (tmp_path / "g.svg").read_text(encoding="utf-8") == graph.svg() == graph._repr_svg_()
    graph.save(str(tmp_path / "g.SVG"), theme="dark")
    assert (tmp_path / "g.SVG").read_text(encoding="utf-8") == graph.svg("dark") != graph.svg()
    graph.save(tmp_path / "g.dot")
    assert (tmp_path / "g.dot").read_text(encoding="utf-8") == graph.dot() + "\n"
    for name in ("g.pdf", "g"):
        with pytest.raises(ValueError, match=r"\.svg, \.png or \.dot"):
            graph.save(tmp_path / name)
    assert not list(tmp_path.glob("g.p*"))


def test_png_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        ga.graph(sine, 2.0, 3.0).save(tmp_path / "g.png")


def test_png(tmp_path: Path, run_python: Any) -> None:
    pytest.importorskip("matplotlib")
    graph = ga.graph(update, *PROGRAMS[update])
    graph.save(tmp_path / "g.png")
    data = (tmp_path / "g.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    assert abs(width - 2 * graph._drawing.layout.width) <= 2 and abs(height - 2 * graph._drawing.layout.height) <= 2
    graph.save(tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == data
    graph.save(tmp_path / "dark.png", theme="dark")
    assert (tmp_path / "dark.png").read_bytes() != data
    # Whatever else draws in the process is left alone.
    program = "import sys, gradarray as ga; ga.graph(abs, 1.0).save('g.png'); print('matplotlib.pyplot' in sys.modules)"
    assert run_python("-c", program).stdout == "False\n"
