"""All of NumPy: every function that a Tensor can take over is declared, once, and does what its kind says."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.lib.recfunctions as structured
import pytest

import gradarray as ga
from gradarray.registry import RULES, find
from gradarray.rules import numpy as rulebook
from gradarray.rules import primitives, registry
from gradarray.rules.differentiable import Differentiable, Elementwise
from gradarray.rules.kinds import Nondifferentiable, Rule, Unsupported, ZeroGradient
from gradarray.rules.names import public_name
from gradarray.show import coverage
from tests import checks

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of undefined values

PARTITION = coverage.partition()


# --- the partition ---------------------------------------------------------------------------------------------------


def test_every_function_of_numpy_is_declared() -> None:
    missing = sorted(public_name(func) for func, rule in PARTITION.items() if rule is None)
    assert not missing, f"no rule for {', '.join(missing)}"


def stale() -> list[str]:
    """Return what the chapters of NumPy's reference declare that is neither NumPy's nor ours."""
    declared = {func for func, rule in RULES.items() if rule.chapter.startswith(f"{rulebook.__name__}.")}
    ours = {func for func in declared if str(getattr(func, "__module__", "")).startswith("gradarray.")}
    return sorted(RULES[func].name for func in declared - ours - PARTITION.keys())


def test_every_declared_function_is_one_of_numpys_or_ours() -> None:
    assert not stale(), f"NumPy does not let a Tensor take over {', '.join(stale())}"


def test_a_function_of_another_library_is_told_by_the_chapter_of_its_family(restored_tables: None) -> None:
    others = np.frompyfunc(abs, 1, 1)
    for chapter, found in (
        ("gradarray.rules.scipy.special", []),
        ("gradarray.rules.numpy.special", [public_name(others)]),
    ):
        namespace = {"__name__": chapter, "family": registry.family, "belongs": lambda func: func is others}
        try:
            exec("family(belongs, make)", {**namespace, "make": Nondifferentiable})
            assert find(others) is not None
            assert stale() == found
        finally:
            registry._families.pop()
            del RULES[others]


def test_every_rule_has_a_kind_and_a_chapter_of_the_report() -> None:
    def kinds(cls: type[Rule]) -> set[str]:
        own = {cls.kind} if "kind" in vars(cls) else set()
        return own.union(*map(kinds, cls.__subclasses__()))

    assert kinds(Rule) == set(coverage._KINDS)
    chapters = {rule.chapter for rule in PARTITION.values() if rule is not None}
    assert chapters == {f"gradarray.rules.numpy.{name}" for name in rulebook.__all__}  # type: ignore[attr-defined]


def test_the_functions_behind_like_stand_for_their_twins() -> None:
    assert {np.eye, np.full, np.require, np.array} <= PARTITION.keys()
    assert len({public_name(func) for func in PARTITION}) == len(PARTITION)


def test_two_declarations_of_ours_are_refused(restored_tables: None) -> None:
    of_another_chapter = {"__name__": "gradarray.rules.numpy.other", "np": np, "declare": registry.nondifferentiable}
    with pytest.raises(
        TypeError, match=r"np\.sum is declared twice: in gradarray\.rules\.numpy\.reductions and in .*other"
    ):
        exec("declare(np.sum)", of_another_chapter)
    assert isinstance(RULES[np.sum], Differentiable)


def test_a_user_may_declare_anew(restored_tables: None) -> None:
    registry.elementwise(np.sin, lambda _ans, x: 0 * x + 5)
    registry.elementwise(np.sin, lambda _ans, x: 0 * x + 7)
    assert RULES[np.sin].chapter == __name__
    x = ga.tensor(1.0)
    np.sin(x).backward()
    assert x.grad == 7


def test_a_family_is_declared_when_one_of_it_is_met(restored_tables: None) -> None:
    made: list[Any] = []
    first, second = (primitives.primitive(lambda x: x.size) for _ in range(2))

    def make(func: Any) -> Nondifferentiable:
        made.append(func)
        return Nondifferentiable(func)

    registry.family(lambda func: func in (first, second), make)
    try:
        assert first not in RULES
        assert first(ga.tensor([1.0, 2.0])) == first(ga.tensor([1.0, 2.0])) == 2
        assert made == [first]
        rule = find(second)
        assert rule is not None
        assert rule.chapter == __name__
        assert made == [first, second]
        assert find(len) is None
    finally:
        registry._families.pop()


# --- refusals --------------------------------------------------------------------------------------------------------

REFUSED = [rule for rule in PARTITION.values() if isinstance(rule, Unsupported)]


@pytest.mark.parametrize("rule", REFUSED, ids=lambda rule: rule.name)
def test_a_reason_reads_as_the_end_of_a_sentence(rule: Unsupported) -> None:
    words = rule.reason.split()
    assert len(words) >= 5
    assert rule.reason[0].islower()
    assert rule.reason[-1].isalpha()


def test_a_refusal_gives_the_reason_and_the_ways_out() -> None:
    record = np.zeros(2, dtype=[("a", float)])
    with pytest.raises(TypeError, match=r"np\.lib\.recfunctions\.append_fields.*structured arrays.*ga\.asarray"):
        structured.append_fields(record, "b", ga.tensor([1.0, 2.0]))


# --- the methods of ufuncs -------------------------------------------------------------------------------------------

NUMERIC = sorted((f for f in PARTITION if isinstance(f, np.ufunc) and f.types), key=lambda ufunc: ufunc.__name__)
FLOATS = np.array([[0.3, 0.7], [0.5, 0.2], [0.9, 0.4]])
INTEGERS = np.array([[3, 1], [2, 6], [5, 4]])


def at(ufunc: np.ufunc, x: Any) -> Any:
    """Return a copy of `x` after ufunc.at, in which an element is named twice."""
    changed = x.copy()
    ufunc.at(changed, [0, 1, 0], *[x[1]] * (ufunc.nin - 1))
    return changed


METHODS: dict[str, Callable[[np.ufunc, Any], Any]] = {
    "reduce": lambda ufunc, x: ufunc.reduce(x),
    "reduce, keepdims": lambda ufunc, x: ufunc.reduce(x, axis=1, keepdims=True),
    "reduce, all": lambda ufunc, x: ufunc.reduce(x, axis=None),
    "accumulate": lambda ufunc, x: ufunc.accumulate(x, axis=1),
    "reduceat": lambda ufunc, x: ufunc.reduceat(x, [0, 2, 1]),
    "outer": lambda ufunc, x: ufunc.outer(x[:, 0], x[1:, 1]),
    "at": at,
}


def outcome(method: Callable[..., Any], ufunc: np.ufunc, x: Any) -> Any:
    """Return the result, or the exception."""
    try:
        with np.errstate(all="ignore"):
            return method(ufunc, x)
    except Exception as error:
        return error


@pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ufunc", NUMERIC, ids=lambda ufunc: ufunc.__name__)
def test_a_method_does_on_a_tensor_what_it_does_in_numpy(ufunc: np.ufunc, method: str) -> None:
    call = METHODS[method]
    for array, constant in ((FLOATS, False), (FLOATS, True), (INTEGERS, True)):
        expected = outcome(call, ufunc, array.copy())
        found = outcome(call, ufunc, ga.tensor(array, constant=constant))
        if isinstance(expected, Exception):
            assert isinstance(found, type(expected)), f"NumPy raises {expected!r}, but gradarray {found!r}"
            continue
        assert not isinstance(found, Exception), f"NumPy raises nothing, but gradarray {found!r}"
        for ours, numpys in zip(checks.leaves(found), checks.leaves(expected), strict=True):
            value = checks.raw(ours)
            np.testing.assert_array_equal(np.shape(value), np.shape(numpys))
            np.testing.assert_allclose(value, numpys, 1e-14)
            assert np.asarray(value).dtype == np.asarray(numpys).dtype
            if checks.is_floating(numpys):
                assert isinstance(ours, ga.Tensor)
                assert ours.constant == constant


@pytest.mark.parametrize(
    ("ufunc", "method"),
    [
        pytest.param(ufunc, method, id=f"{ufunc.__name__}-{method}")
        for ufunc in NUMERIC
        for method in METHODS
        if isinstance(PARTITION[ufunc], Elementwise)
        if not isinstance(outcome(METHODS[method], ufunc, FLOATS.copy()), Exception)
    ],
)
def test_a_method_of_a_differentiable_ufunc_has_a_gradient(ufunc: np.ufunc, method: str) -> None:
    checks.check_gradient(lambda x: METHODS[method](ufunc, x), [FLOATS], np.random.default_rng(5))


def test_a_zero_gradient_has_a_place_on_the_tape() -> None:
    for ufunc in (f for f in NUMERIC if isinstance(PARTITION[f], ZeroGradient) and f.nin == 1):
        x = ga.tensor(FLOATS)
        ufunc(x).backward()
        np.testing.assert_array_equal(x.grad, np.zeros((3, 2)))


# --- what leaves the tape, by design ----------------------------------------------------------------------------------


def test_files_get_the_values(tmp_path: Path) -> None:
    x, n = ga.tensor([[1.5, 2.5]]), ga.tensor([1, 2])
    np.save(tmp_path / "x.npy", x)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), x.data)
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "all.npz", x, n=n)
        with np.load(tmp_path / "all.npz") as read:
            np.testing.assert_array_equal(read["arr_0"], x.data)
            np.testing.assert_array_equal(read["n"], n.data)
    text = io.StringIO()
    np.savetxt(text, x, fmt="%.1f")
    assert text.getvalue() == "1.5 2.5\n"


def test_printing() -> None:
    x = ga.tensor([[1.23456789, 2.0], [3.0, 4.0]])
    assert np.array_repr(x) == repr(x)
    assert np.array_repr(x, precision=2) == "Tensor([[1.23, 2.  ],\n        [3.  , 4.  ]])"
    assert np.array_repr(arr=ga.tensor(2.0)) == "Tensor(2.)"
    assert np.array_str(x, precision=1) == np.array_str(x.data, precision=1)
    assert np.array2string(x, separator=", ") == np.array2string(x.data, separator=", ")


# Before NumPy 2.4, not all functions on text let a Tensor take over.
@pytest.mark.filterwarnings("ignore::gradarray.GradientLossWarning")
def test_text_and_dates_take_numbers_that_are_constants() -> None:
    assert list(np.strings.multiply(["ab", "c"], ga.tensor([2, 1]))) == ["abab", "c"]
    assert np.busday_offset("2026-11-27", ga.tensor(1)) == np.datetime64("2026-11-30")
    np.testing.assert_array_equal(np.packbits(ga.tensor([1, 0, 1])), [0b10100000])
    np.testing.assert_array_equal(np.unpackbits(ga.tensor([3], dtype=np.uint8)), [0, 0, 0, 0, 0, 0, 1, 1])
    x = ga.tensor([1.0])
    for call in (np.strings.str_len, np.strings.upper, np.is_busday, np.packbits, np.datetime_as_string):
        with pytest.raises(TypeError) as ours:
            call(x)
        with pytest.raises(TypeError) as numpys:
            call(x.data)
        assert str(ours.value) == str(numpys.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.vectorize(lambda v: 2 * v)(x),
        np.ascontiguousarray,
        np.require,
        lambda x: np.array([x, 2 * x]),
        lambda x: np.fromiter(iter(x), float),
        lambda x: np.polyint([1.0, 2.0], 1, x[0]),
        lambda x: np.apply_along_axis(lambda v: v * x, 0, np.ones((2, 2))),
        lambda x: np.r_[x, 1.0],
        lambda x: np.kaiser(3, x[0]),
    ],
)
def test_what_numpy_does_not_let_a_tensor_take_over_says_that_the_gradient_is_lost(call: Callable[..., Any]) -> None:
    with pytest.warns(ga.GradientLossWarning) as caught:
        call(ga.tensor([1.0, 2.0]))
    assert caught[0].filename == __file__


# --- python -m gradarray coverage -------------------------------------------------------------------------------------


class TestReport:
    def test_is_printed_by_the_command(self, run_python: Any) -> None:
        ended = run_python("-m", "gradarray", "coverage")
        assert ended.stdout == coverage.report() + "\n"
        assert ended.stderr == ""

    def test_can_be_read_at_100_columns(self) -> None:
        assert max(map(len, coverage.report().splitlines())) <= 100

    def test_counts_every_function_once(self) -> None:
        lines = coverage.report().splitlines()
        rows = {line.split()[0]: line.split()[1:] for line in lines if line and line.split()[-1].isdecimal()}
        *kinds, total = map(int, rows.pop("all"))
        assert sum(kinds) == total == len(PARTITION) == sum(int(row[-1]) for row in rows.values())
        assert rows.keys() == set(rulebook.__all__)  # type: ignore[attr-defined]
        assert kinds[-1] == len(REFUSED)
        assert f"NumPy {np.__version__} lets a Tensor take over {total} functions" in lines[0]

    def test_has_every_reason_and_every_refused_function(self) -> None:
        words = " ".join(coverage.report().split())
        for rule in REFUSED:
            assert f"Refused, because {rule.reason}:" in words
            assert rule.name in words

    def test_names_what_is_unknown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delitem(RULES, np.kron)
        monkeypatch.setattr(registry, "_families", [])
        assert "newer than gradarray: np.kron." in coverage.report()
