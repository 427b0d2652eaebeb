"""The reference: each public name has its place, which says what its docstring says, and all links lead somewhere."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from html import unescape
from pathlib import Path

import numpy as np
import pytest

import gradarray as ga
from gradarray.rules.registry import find
from gradarray.show import coverage, reference
from gradarray.show.docstrings import items, parsed
from gradarray.show.public import canonical, finder, modules, public_names, topics
from tests.show.webpages import Page, site_files

OWN = sorted(set(canonical().values()))
PLACES = reference.known()


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return site_files()


def words(html: str) -> str:
    """Return what is read on a page, without the spaces."""
    return "".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


# --- what there is --------------------------------------------------------------------------------------------------


def test_all_public_modules_are_looked_at() -> None:
    listed = {
        "ga.nnet.optimizers",
        "ga.nnet.schedules",
        "ga.registry",
        "ga.testing",
        "ga.linalg",
        "ga.random",
        "ga.fft",
    }
    assert listed <= set(modules())
    for path, module in modules().items():
        assert {f"{path}.{name}" for name in module.__all__} <= set(public_names())


def test_each_public_name_has_a_place(files: dict[str, str]) -> None:
    assert set(public_names()) <= set(PLACES)
    ids = {name: set(Page(text).ids) for name, text in files.items() if name.endswith(".html")}
    for path, place in PLACES.items():
        page, _, part = place.partition("#")
        assert page in files, path
        assert not part or part in ids[page], path


def test_each_name_of_our_own_has_a_page_of_its_own() -> None:
    pages = [PLACES[path] for path in OWN]
    assert len(set(pages)) == len(pages) > 120
    assert not [page for page in pages if "#" in page]
    for path, own in canonical().items():
        assert public_names()[path].value is public_names()[own].value


def test_each_name_of_the_package_is_of_one_topic() -> None:
    listed = [path for _, paths in topics() for path in paths]
    assert len(set(listed)) == len(listed)
    of_package = {path for path, name in public_names().items() if path.count(".") == 1 and name.is_own}
    assert of_package - set(listed) <= {f"ga.{name}" for name in ga.mirror.additions.__all__}


def test_the_index_leads_to_all(files: dict[str, str]) -> None:
    links = Page(files[reference.INDEX]).links
    assert {PLACES[path] for path in OWN} <= set(links)
    assert {name for name in files if name.startswith("numpy-")} <= set(links)
    heads = re.findall(r'<dt><a href="([^"]+)"', files[reference.INDEX])
    assert len(set(heads)) == len(heads)


# --- pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", OWN)
class TestPage:
    def test_it_says_what_the_docstring_says(self, path: str, files: dict[str, str]) -> None:
        value = public_names()[path].value
        doc = parsed(inspect.getdoc(value))
        page = Page(files[PLACES[path]])
        assert page.text["h1"] == [path]
        assert page.text["title"] == [f"{path} - gradarray"]
        text = words(files[PLACES[path]])
        for part in (doc.summary, doc.body, *doc.sections.values()):
            for word in re.sub(r"``|`|\.\. (?=\[)|\]_|::$|<BLANKLINE>", " ", part, flags=re.MULTILINE).split():
                assert word.rstrip(":") in text
        assert [title for title in page.text.get("h2", []) if title in doc.sections] == [*doc.sections]

    def test_its_parameters_are_those_of_the_call(self, path: str, files: dict[str, str]) -> None:
        value = public_names()[path].value
        told = parsed(inspect.getdoc(value)).sections.get("Parameters")
        if told is not None:
            heads = [name.lstrip("*") for item in items(told) for name in item.head.split(", ")]
            called = inspect.signature(value).parameters
            if not any(p.kind is p.VAR_KEYWORD and p.name not in heads for p in called.values()):
                assert set(heads) <= set(called)
            heads = [name for name in heads if name in called]
            (line,) = re.findall(r'<pre class="signature".*?</pre>', files[PLACES[path]], re.DOTALL)[:1]
            assert all(re.search(rf"\b{name}\b", unescape(line)) for name in heads)


def test_all_links_lead_somewhere(files: dict[str, str]) -> None:
    pages = {name: Page(text) for name, text in files.items() if name.endswith(".html")}
    for name, page in pages.items():
        assert page.tags.count("h1") == page.tags.count("main") == 1
        assert len(set(page.ids)) == len(page.ids), name
        for link in page.links:
            target, _, part = link.partition("#")
            assert (target or name) in files, (name, link)
            assert not part or part in pages[target or name].ids, (name, link)


def test_nothing_is_run_or_fetched_or_of_this_machine(files: dict[str, str]) -> None:
    for name, text in files.items():
        assert not re.search(r"<(script|iframe|img|object|embed|base)\b|\bon\w+=\"|@import|url\(", text), name
        assert str(Path(ga.__file__).parents[1]) not in text
        assert " at 0x" not in text, name


def test_the_guide_and_the_reference_lead_to_each_other(files: dict[str, str]) -> None:
    assert "ga.custom_gradient.html" in Page(files["your-own-derivatives.html"]).links
    assert "your-own-derivatives.html" in Page(files["ga.custom_gradient.html"]).links
    assert "ga.nnet.relu.html" in Page(files["special-points.html"]).links


def test_a_parameter_is_told_from_a_function_of_its_name(files: dict[str, str]) -> None:
    assert 'see <a href="ga.drop_in.html"><code>drop_in</code></a>' in files["ga.grad.html"]
    assert "<dt><code>drop_in</code>" in files["ga.grad.html"]


def test_a_class_shows_its_own_members(files: dict[str, str]) -> None:
    ids = Page(files["ga.Tensor-class.html"]).ids
    assert {"backward", "grad", "data", "constant", "detach", "null_grad"} <= set(ids)
    assert not {"mean", "T", "argmax"} & set(ids)


@pytest.mark.parametrize(
    ("text", "module", "page"),
    [
        ("grad", "ga", "ga.grad.html"),
        ("ga.grad(f)", "ga", "ga.grad.html"),
        ("gradarray.grad", "ga.nnet", "ga.grad.html"),
        ("softmax", "ga.nnet", "ga.nnet.softmax.html"),
        ("conv_nd", "ga.nnet.layers", "ga.nnet.conv_nd.html"),
        ("ga.Tensor.backward", "ga", "ga.Tensor-class.html#backward"),
        ("ga.sum", "ga", "numpy-reductions.html#np.sum"),
        ("numpy.linalg.norm", "ga", "numpy-norms.html#np.linalg.norm"),
        ("grad of it", "ga", None),
        ("ga.unknown", "ga", None),
        ("x", "ga", None),
        ("order", "ga", None),
        ("1 + ga.grad", "ga", None),
    ],
)
def test_what_code_leads_to(text: str, module: str, page: str | None) -> None:
    assert finder(module, PLACES)(text) == page


def test_what_is_called_like_a_parameter_is_none() -> None:
    assert finder("ga", PLACES, frozenset({"grad"}))("grad") is None


# --- NumPy's functions ----------------------------------------------------------------------------------------------


def test_each_function_that_a_tensor_takes_over_has_an_entry() -> None:
    for rule in coverage.partition().values():
        if rule is not None and rule.name.startswith("np.") and not rule.name.rpartition(".")[2].startswith("_"):
            assert PLACES[rule.name].startswith(f"numpy-{rule.chapter.rpartition('.')[2]}.html#")


def test_a_mirror_leads_to_what_it_mirrors() -> None:
    for path, name in public_names().items():
        rule = find(name.original) if callable(name.original) and not name.is_own else None
        if rule is not None and rule.name in PLACES:
            assert PLACES[path] == PLACES[rule.name], path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("np.tanh", "Differentiable, element by element, by x."),
        ("np.where", "Differentiable by x and y. Not by condition."),
        ("np.floor", "The derivative is zero wherever there is one."),
        ("np.argmax", "No derivative"),
        ("np.absolute", "At x = 0: a kink, with slopes -1 and 1 to its sides; the derivative there is 0."),
        ("np.flip", "Linear, and so its own derivative, in m."),
        ("np.matmul", "Linear in each of"),
    ],
)
def test_what_is_said_of_it(name: str, said: str, files: dict[str, str]) -> None:
    page, _, part = PLACES[name].partition("#")
    entry = files[page].partition(f'id="{part}"')[2].partition("<h3")[0]
    assert said in unescape(re.sub(r"<[^>]*>", "", entry))
    assert words(parsed(eval(name, {"np": np}).__doc__).summary.replace("`", "")) in words(entry)


def test_each_name_has_a_summary_of_its_own() -> None:
    paths = {path for path in canonical().values() if not public_names()[path].is_module}
    summaries = [parsed(inspect.getdoc(public_names()[path].value)).summary for path in sorted(paths)]
    assert len(summaries) > 140
    assert [text for text, count in Counter(summaries).items() if count > 1] == []


@pytest.mark.parametrize("chapter", ["elementwise", "special", "fft"])
def test_what_stands_in_a_formula_is_explained(files: dict[str, str], chapter: str) -> None:
    page = files[f"numpy-{chapter}.html"]
    called = set(re.findall(r"(?<![\w.&])(?<!def )(_[a-z]\w*)\(", re.sub(r"<[^>]+>", "", page)))
    assert {name for name in called if f"<li><code>{name}</code> returns" not in page} == set()
    assert called or chapter != "elementwise"
