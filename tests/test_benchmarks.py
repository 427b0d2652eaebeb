"""The benchmark's own arithmetic and bookkeeping; nothing here depends on how long anything takes."""

import io
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import settings

from benchmarks import measures, plot, runner, scipy_calls, scipy_rules
from benchmarks import work as kinds
from benchmarks.__main__ import main
from benchmarks.growth import exponent, families, steps
from benchmarks.libraries import LIBRARIES
from benchmarks.runner import Result, measure
from benchmarks.table import Table, shown, told
from benchmarks.targets import EXPONENTS, NUMBA_LOOPS, NUMBA_STEPS, SECONDS, TARGETS, WAYS, numba_targets_of
from benchmarks.verdicts import Verdict, base_of, first_verdicts, growth_verdict, ratio, spread, verdicts
from benchmarks.work import LeftOut, Peak, Program, Ways, Work, Wrong, programs, rolled, works


def ok(*samples):
    return Result("ok", samples=list(samples))


# --- growth ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_exponent_is_the_power_of_n(power):
    points = [(n, 3e-6 * n**power) for n in (10, 300, 1000, 70_000)]
    assert exponent(points) == pytest.approx(power, abs=1e-12)
    assert steps(points) == pytest.approx([power] * 3, abs=1e-12)


def test_exponent_is_the_least_squares_slope():
    points = [(10, 1.0), (1000, 3.0), (2000, 500.0), (10**6, 7.0)]
    slope = np.polyfit(np.log([n for n, _ in points]), np.log([t for _, t in points]), 1)[0]
    assert exponent(points) == pytest.approx(slope)


def test_families_join_the_sizes_of_a_work_and_leave_out_what_has_one_size():
    rows = {
        "loop-fill-10000": {"gradarray": ok(0.2, 0.4, 0.3), "torch": Result("missing")},
        "loop-fill-1000": {"gradarray": ok(0.03), "torch": ok(0.1)},
        "polynomial-10": {"gradarray": ok(1.0)},
        "rnn": {"gradarray": ok(1.0)},
        "import": {"gradarray": ok(1.0)},
    }
    assert families(rows) == {"loop-fill": {"gradarray": [(1000, 0.03), (10_000, 0.3)]}}


# --- ratios and targets -----------------------------------------------------------------------------------------------


def test_ratio_is_that_of_the_medians():
    results = {"gradarray": ok(1.0, 2.0, 90.0), "torch": ok(4.0, 0.5, 8.0), "jax": Result("missing")}
    assert ratio(results, "torch") == 0.5
    assert ratio(results, "jax") is None
    assert ratio({"torch": ok(1.0)}, "torch") is None


def test_spread_is_half_the_interquartile_range_of_the_rounds_ratios():
    results = {"gradarray": ok(2.0, 3.0, 4.0, 5.0, 6.0), "torch": ok(1.0, 1.0, 1.0, 1.0, 1.0)}
    assert spread(results, "torch") == pytest.approx((5 - 3) / 2 / 4)
    slow_rounds = {"gradarray": ok(1.0, 10.0, 7.0), "torch": ok(2.0, 20.0, 14.0)}
    assert spread(slow_rounds, "torch") == 0.0
    assert spread({"gradarray": ok(1.0), "torch": ok(3.0)}, "torch") == 0.0


def test_a_target_is_met_up_to_its_limit_and_missed_without_a_figure():
    assert Verdict("torch", 0.5, 0.5).met
    assert not Verdict("torch", 0.5, 0.501).met
    assert not Verdict("torch", 0.5, None).met


def test_verdicts_compare_with_each_peer_that_has_a_figure():
    results = {"gradarray": ok(1.0), "torch": ok(2.0), "mygrad": ok(0.5), "autograd": Result("missing")}
    found = {verdict.of: (verdict.limit, verdict.found, verdict.met) for verdict in verdicts("mlp-32", results)}
    limit = TARGETS["mlp-32"]["torch"]
    assert found == {"torch": (limit, 0.5, limit >= 0.5), "mygrad": (1.0, 2.0, False)}
    assert not any(verdict.met for verdict in verdicts("mlp-32", results | {"gradarray": Result("wrong")}))
    assert verdicts("mlp-32", {"torch": ok(1.0)}) == []


def test_peaks_are_compared_with_torch_alone():
    results = {"gradarray": ok(100.0), "torch": ok(50.0), "mygrad": ok(10.0)}
    assert [(verdict.of, verdict.found) for verdict in verdicts("peak-rnn", results)] == [("torch", 2.0)]


def test_import_has_a_limit_in_seconds():
    (verdict,) = verdicts("import", {"gradarray": ok(0.01, 0.02, 0.09)})
    assert (verdict.found, verdict.limit) == (0.02, SECONDS["import"])


def test_ways_are_compared_with_the_fastest_or_with_the_given_base():
    results = {"x.sum()": ok(2.0), "np.sum(x)": ok(1.0), "ga.sum(x)": ok(3.0), "np.sum(nothing)": ok(0.1)}
    work = works()["style-sum"]
    assert base_of(work, results) == "np.sum(x)"
    assert {verdict.of: verdict.found for verdict in verdicts(work.name, results)} == {"x.sum()": 2.0, "ga.sum(x)": 3.0}
    guarded = {"guarded()": ok(3.0), "unguarded()": ok(4.0)}
    assert [verdict.found for verdict in verdicts("guard-rnn", guarded)] == [0.75]
    assert not verdicts("style-sum", {"gradarray": Result("wrong")})[0].met


def test_opening_has_a_limit_in_seconds_beyond_the_plain_call():
    work = works()["opening-20"]
    plain, opened = work.codes
    (verdict,) = verdicts(work.name, {plain: ok(1e-6), opened: ok(31e-6)})
    assert (verdict.found, verdict.limit) == (pytest.approx(30e-6), SECONDS["opening-20"])


def test_growth_verdict_looks_at_gradarray():
    points = {"gradarray": [(10, 1.0), (100, 100.0)], "torch": [(10, 1.0), (100, 1.0)]}
    assert growth_verdict("operations", points) == Verdict("n", EXPONENTS["operations"], pytest.approx(2.0))
    assert growth_verdict("memory", points) is None
    assert growth_verdict("operations", {"torch": points["torch"]}) is None


def test_first_calls_have_limits_for_each_statement_and_for_all():
    few, many = Result("ok", first=1.0, statements=10), Result("ok", first=1.0, statements=5000)
    compiled = Result("ok", first=6.0)
    assert [v.found for v in first_verdicts({"jit": many, "jit numba": compiled, "numba": compiled})] == [0.0002, 6.0]
    assert not any(verdict.met for verdict in first_verdicts({"jit": many, "jit numba": compiled}))
    assert first_verdicts({"jit": few, "jit numba": Result("missing")}) == []


def test_loops_are_compared_with_loops_by_hand_where_there_are_some():
    limits = {name: numba_targets_of(name) for name in works() if numba_targets_of(name) in (NUMBA_LOOPS, NUMBA_STEPS)}
    for name, limit in limits.items():
        assert {"numba", "jax"} <= works()[name].styles.keys()
        assert limit == (NUMBA_STEPS if name in ("heat-200", "rnn-50", "layers-10") else NUMBA_LOOPS)
    assert {"loop-read-1000", "loop-read-10000", "loop-fill-1000", "logistic-1000"} < limits.keys()


def test_every_target_belongs_to_a_work():
    assert set(TARGETS) <= set(works())
    assert set(EXPONENTS) <= {work.family for work in works().values() if isinstance(work, Work)}
    ways = {name for name, work in works().items() if isinstance(work, Ways)}
    assert set(WAYS) == {name.partition("-")[0] for name in ways - set(SECONDS)}
    assert set(SECONDS) <= ways | {"import"}


def test_verdicts_in_words():
    met, missed = Verdict("torch", 0.55, 0.5), Verdict("mygrad", 1.0, 1.2, spread=0.2)
    assert told([]) == ""
    assert told([met]) == "met: torch 0.55"
    assert told([met, missed]) == "MISSED: mygrad 1 (noisy)"
    assert told([Verdict("torch", 1.0, None)]) == "not measured"


# --- samples ----------------------------------------------------------------------------------------------------------


def test_calibration_doubles_until_the_batch_is_long_enough():
    asked = []

    def batch(number):
        asked.append(number)
        return 0.003 * number

    assert measures.calibrate(batch, 0.02) == (8, 0.024)
    assert asked == [1, 1, 1, 2, 2, 4, 4, 8, 8, 120]  # until what takes some calls to settle has done so


def test_calibration_is_not_misled_by_what_is_done_once():
    calls = []

    def batch(number):
        calls.append(number)
        return 0.003 * number + (1.0 if sum(calls) > 8 >= sum(calls[:-1]) else 0.0)

    assert measures.calibrate(batch, 0.02) == (8, 0.024)


def test_calibration_runs_what_takes_long_once():
    asked = []

    def batch(number):
        asked.append(number)
        return 5.0

    assert measures.calibrate(batch, 0.02) == (1, 5.0)
    assert asked == [1]


def test_traced_peak_counts_numpys_buffers_that_live_at_the_same_time():
    size = 10**6

    def one_after_the_other():
        for _ in range(3):
            np.ones(size, np.uint8)

    def together():
        return [np.ones(size, np.uint8) for _ in range(3)]

    assert size <= measures.traced_peak(one_after_the_other) < 1.2 * size
    assert 3 * size <= measures.traced_peak(together) < 3.2 * size


def test_native_peak_counts_what_lives_at_the_same_time():
    pytest.importorskip("memray")
    size = 10**6

    def one_after_the_other():
        for _ in range(3):
            bytearray(size)

    def together():
        return [bytearray(size) for _ in range(3)]

    assert size <= measures.native_peak(one_after_the_other) < 1.2 * size
    assert 3 * size <= measures.native_peak(together) < 3.2 * size


class FakeWorker:
    def __init__(self, *answers):
        self._answers = iter(answers)

    def ask(self, **request):
        return next(self._answers)


def test_a_library_that_fails_in_a_round_keeps_no_samples():
    workers = {
        "gradarray": FakeWorker({"status": "ok"}, {"sample": 1.0}, {"sample": 2.0}),
        "torch": FakeWorker({"status": "ok"}, {"sample": 3.0}, {"missing": "its process ended"}),
        "jax": FakeWorker({"status": "missing", "reason": "too slow"}),
    }
    results = measure("any", workers, 2, 0.01)
    assert results["gradarray"] == ok(1.0, 2.0)
    assert results["torch"] == Result("missing", "its process ended")
    assert results["jax"] == Result("missing", "too slow")


def test_a_work_over_its_budget_has_the_fewest_rounds():
    worker = FakeWorker({"status": "ok"}, *({"sample": 1.0} for _ in range(20)))
    assert len(measure("any", {"gradarray": worker}, 9, 0.01, budget=0.0)["gradarray"].samples) == runner.FEWEST


def test_first_calls_are_kept():
    workers = {"jit": FakeWorker({"status": "ok", "first": 0.5, "statements": 8}, {"sample": 1.0})}
    assert measure("any", workers, 1, 0.01) == {"jit": Result("ok", samples=[1.0], first=0.5, statements=8)}


def test_samples_of_ways_are_kept_by_way():
    answers = [{"status": "ok"}, {"sample": {"a": 1.0, "b": 5.0}}, {"sample": {"a": 2.0, "b": 6.0}}]
    workers = {"gradarray": FakeWorker(*answers), "torch": FakeWorker({"status": "none"})}
    assert measure("any", workers, 2, 0.01) == {"a": ok(1.0, 2.0), "b": ok(5.0, 6.0)}


# --- works ------------------------------------------------------------------------------------------------------------

GRADIENTS = {name: work for name, work in works().items() if type(work) in (Work, Program)}
SMALL = [name for name, work in GRADIENTS.items() if not work.heavy and "1000000" not in name]


@pytest.mark.parametrize("name", SMALL)
def test_gradients_agree_with_those_by_hand(name):
    assert works()[name].prepare("gradarray") is not None


@pytest.mark.parametrize("name", SMALL)
def test_gradients_by_hand_are_the_slope_of_the_value(name):
    work = works()[name]
    leaves, constants = work.inputs()
    rng = np.random.default_rng(1)
    directions = [rng.standard_normal(leaf.shape) for leaf in leaves]
    _, gradients = work.by_hand(*leaves, *constants)
    slope = sum(np.vdot(d, g) for d, g in zip(directions, gradients, strict=True))
    step = 1e-6

    def value(sign):
        return work.by_hand(*(x + sign * step * d for x, d in zip(leaves, directions, strict=True)), *constants)[0]

    numeric = (value(1) - value(-1)) / (2 * step)
    scale = sum(np.vdot(abs(d), abs(g)) for d, g in zip(directions, gradients, strict=True))
    assert slope == pytest.approx(numeric, abs=1e-6 * scale)


def test_statements_of_a_trace_are_counted():
    many, few = (works()[name].sampler("jit", 0.0) for name in ("layers-10", "elementwise-10"))
    assert many.statements > 100 > few.statements > 10
    assert few.first > 0


LONG = pytest.mark.skipif(settings.default.max_examples < 1000, reason="compiling takes long")
BY_NUMBA = [name for name in SMALL if "numba" in works()[name].styles]


@pytest.mark.parametrize("name", BY_NUMBA)
def test_loops_for_numba_give_the_gradients_by_hand(name):
    """As Python carries them out: a style of NumPy alone."""
    work = works()[name]
    leaves, constants = work.inputs()
    before = [array.copy() for array in (*leaves, *constants)]
    work.check(work.styles["numba"](*leaves, *constants), leaves, constants)
    for array, old in zip((*leaves, *constants), before, strict=True):
        assert np.array_equal(array, old)


@pytest.mark.parametrize("name", BY_NUMBA)
@LONG
def test_loops_for_numba_are_compiled(name):
    pytest.importorskip("numba")
    assert works()[name].prepare("numba").first > 0


LOOPS = [work.name for work in (*rolled.WORKS, *programs.PROGRAMS)]


@pytest.mark.parametrize("library", ["jit", pytest.param("jit numba", marks=LONG)])
@pytest.mark.parametrize("name", LOOPS)
def test_programs_of_loops_are_right_at_other_points(name, library):
    if library == "jit numba":
        pytest.importorskip("numba")
    work = works()[name]
    leaves, constants = work.inputs()
    run = work.prepare(library).call.func
    for k in range(1, 4):
        rng = np.random.default_rng(k)
        moved = [np.asarray(leaf * (1 + 0.01 * k * rng.uniform(-1, 1, leaf.shape))) for leaf in leaves]
        value, gradients = run(*moved, *constants)
        several = gradients if isinstance(gradients, tuple) else (gradients,)
        work.check((value, several), moved, constants)
    assert [len(runs) for runs in run._runs.values()] == [1]


def test_some_libraries_do_a_work_only_in_a_style_of_their_own():
    assert works()["elementwise-10"].prepare("numba") is None
    assert works()["elementwise-10"].prepare("jax unrolled") is None


@pytest.mark.parametrize("name", [name for name, work in works().items() if isinstance(work, Ways)])
def test_ways_agree_and_each_is_timed(name, monkeypatch):
    monkeypatch.setattr(measures, "SETTLED", 0)  # the times themselves are of no interest
    if name.startswith(("rule-", "solver-", "scipy-", "floor-cholesky")):
        pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; these are functions of its")
    work = works()[name]
    found = work.sampler("gradarray", 0.0)()
    assert set(found) == {*work.codes, *work.floors}
    assert work.sampler("torch", 0.0) is None


def test_a_way_with_another_gradient_is_wrong():
    work = replace(works()["style-sum"], codes=["x.sum()", "(x * x).sum()"])
    with pytest.raises(Wrong, match=r"the value of \(x \* x\)\.sum\(\)"):
        work.sampler("gradarray", 0.0)


def test_a_wrong_gradient_by_hand_is_noticed():
    work = works()["polynomial-10"]
    wrong = replace(work, by_hand=lambda x: (work.by_hand(x)[0], [work.by_hand(x)[1][0] * 1.001]))
    with pytest.raises(Wrong, match="gradient 0 is off"):
        wrong.prepare("gradarray")


def test_a_library_that_cannot_do_a_work_says_why(monkeypatch):
    with pytest.raises(LeftOut, match="cannot be assigned to"):
        works()["loop-fill-1000"].prepare("autograd")
    monkeypatch.setitem(sys.modules, "memray", None)
    with pytest.raises(LeftOut, match="memray alone, which is not installed"):
        works()["peak-rnn"].sampler("jax", 0.0)


def test_families_name_their_sizes():
    for work in works().values():
        if isinstance(work, Work) and work.n:
            assert work.name == f"{work.family}-{work.n}"


def test_peaks_measure_bytes_of_the_work():
    peak = Peak("peak-any", works()["memory-100000"])
    sampler = peak.sampler("gradarray", 0.0)
    assert sampler() >= 3 * 100_000 * 8  # the three gradients, at least
    assert kinds.Peak.quantity == "bytes"


# --- output -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, quantity, text",
    [
        (0.0, "seconds", "0.00 ns"),
        (3.21e-7, "seconds", "321 ns"),
        (1.5e-6, "seconds", "1.50 us"),
        (0.0123, "seconds", "12.3 ms"),
        (2.0, "seconds", "2.00 s"),
        (999.0, "bytes", "999 B"),
        (4.16e8, "bytes", "416 MB"),
    ],
)
def test_figures_have_three_digits_and_a_unit(value, quantity, text):
    assert shown(value, quantity) == text


def filled_table():
    out = io.StringIO()
    table = Table(["gradarray", "jit", "torch", "jax"], out)
    for n, seconds in ((1000, 0.01), (10_000, 0.1)):
        results = {"gradarray": ok(seconds, seconds), "torch": ok(2 * seconds, 2 * seconds)}
        table.add(f"loop-fill-{n}", results | {"jax": Result("missing", "its arrays cannot be assigned to")})
    first = {"jit": Result("ok", "", [1.0], 0.3, 6000), "jax": Result("ok", "", [1.0], 0.5)}
    table.add("rnn-50", {"gradarray": ok(1.0), "torch": ok(1.0)} | first)
    table.add("peak-rnn", {"gradarray": ok(2e6), "torch": ok(1e6), "jax": Result("missing", "no counter")})
    table.add("guard-rnn", {"unguarded()": ok(1.0, 1.0), "guarded()": ok(1.05, 1.05)})
    table.add("import", {"gradarray": ok(10.0), "torch": ok(1.0)})
    table.finish()
    return table, out.getvalue()


def test_table_shows_figures_ratios_growth_and_reasons():
    table, text = filled_table()
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert " ".join(lines["loop-fill-1000"][1:]) == "10.0 ms 0.50 ± 0% -"
    assert " ".join(lines["peak-rnn"][1:]) == "2.00 MB 2.00 ± 0% - MISSED: torch 1"
    assert " ".join(lines["guard-rnn"][1:]) == "unguarded() 1.00 s; guarded() 1.05 ± 0% met: guarded() 1.1"
    assert " ".join(lines["loop-fill"][1:]) == "1.00 1.00 1.00 met: n 1.1"
    assert "jax: its arrays cannot be assigned to (loop-fill-1000, loop-fill-10000)" in text
    assert "rnn-50 300 ms | 50.0 us 500 ms met: seconds a statement 0.0001" in [
        " ".join(line.split()) for line in text.splitlines()
    ]
    assert table.missed and not table.wrong


def test_report_is_json_and_says_what_each_figure_is():
    table, _ = filled_table()
    report = json.loads(json.dumps(table.as_json()))
    assert report["peak-rnn"]["quantity"] == "bytes"
    assert report["peak-rnn"]["ratios"] == {"torch": 2.0, "jax": None}
    assert report["guard-rnn"]["ratios"] == {"unguarded()": 1.0, "guarded()": 1.05}
    assert report["loop-fill-1000"]["family"] == "loop-fill"
    assert report["loop-fill-1000"]["results"]["gradarray"]["samples"] == [0.01, 0.01]
    assert [target["met"] for target in report["import"]["targets"]] == [False]
    assert table.growth_as_json()["loop-fill"]["gradarray"] == pytest.approx(1.0)


def test_quick_leaves_out_what_takes_long(capsys):
    assert main(["--list", "--quick"]) == 0
    quick = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert main(["--list"]) == 0
    full = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert set(full) - set(quick) == {name for name, work in works().items() if work.heavy}
    assert "import" in quick


def test_names_that_do_not_exist_are_refused(capsys):
    assert main(["--only", "no-such-work"]) == 2
    with pytest.raises(SystemExit):
        main(["--libs", "no-such-library"])
    assert "choose from " + ", ".join(LIBRARIES) in capsys.readouterr().err


# --- programs ---------------------------------------------------------------------------------------------------------


def test_programs_are_timed_and_what_has_no_program_says_why(capsys):
    quick = ["--backends", "numpy", "--batch", "0.0001", "--rounds", "1"]
    assert main(["programs", "--only", "classes.registered,imports_inside.residual", *quick]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert "unjitted: QUEUE is a collections.deque" in lines["classes.registered"]
    assert "unjitted" not in lines["imports_inside.residual"]
    assert lines["numpy:"].endswith(
        "of 2 derivatives take less than the plain call; carried out as they are: classes.registered"
    )
    assert main(["programs", "--only", "no-such-program"]) == 2


# --- plot -------------------------------------------------------------------------------------------------------------


def report_of(family):
    return {
        "threads": 2,
        "works": {
            f"{family}-{n}": {"family": family, "n": n, "medians": {"gradarray": n * 1e-6, "torch": n * 2e-6}}
            for n in (1000, 10)
        }
        | {"rnn": {"family": None, "n": None, "medians": {"gradarray": 1.0}}},
    }


def test_plot_takes_the_families_that_were_measured_at_several_sizes():
    series = plot.points(report_of("operations"))
    assert list(series) == ["operations"]
    assert series["operations"]["gradarray"] == [(10, pytest.approx(1e-5)), (1000, pytest.approx(1e-3))]
    assert plot.points(report_of("memory")) == {}


def test_each_library_has_a_colour_but_one_that_has_a_single_size():
    assert {*LIBRARIES} - plot.COLOURS.keys() == {"jax unrolled"}
    alone = {"family": "loop-fill", "n": 1000, "medians": {"jax unrolled": 1.0}}
    assert "jax unrolled" not in plot.points({"works": {"one": alone, **report_of("loop-fill")["works"]}})["loop-fill"]


def test_plot_is_the_same_file_each_time_without_a_date_or_a_path(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "report.json").write_text(json.dumps(report_of("elementwise")))
    for name in ("first.svg", "second.svg"):
        assert main(["plot", "--json", str(tmp_path / "report.json"), "--out", str(tmp_path / name)]) == 0
    first = (tmp_path / "first.svg").read_text()
    assert first == (tmp_path / "second.svg").read_text()
    assert "<text" in first and "PyTorch" in first
    assert "dc:date" not in first and str(tmp_path) not in first


def test_plot_of_a_report_without_sizes_is_refused(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "report.json").write_text(json.dumps({"works": {}}))
    with pytest.raises(SystemExit, match="several sizes"):
        main(["plot", "--json", str(tmp_path / "report.json")])


# --- SciPy ------------------------------------------------------------------------------------------------------------


def test_ways_back_of_scipys_functions_are_timed_and_summed_up(capsys):
    pytest.importorskip("scipy")
    assert scipy_rules.run(["--only", "special.erf(", "--seconds", "0"]) == 0
    out = capsys.readouterr().out
    assert "special.erf(x) by x" in out
    assert "of    1 ways back" in out


def test_scipys_functions_are_timed_in_a_process_with_one_thread(capfd):
    pytest.importorskip("scipy")
    assert main(["scipy", "--only", "no-such-function"]) == 2
    assert "no call has 'no-such-function' in it" in capfd.readouterr().err


def test_a_function_of_scipys_that_fails_is_told_and_counts(capsys, monkeypatch):
    pytest.importorskip("scipy")
    broken = scipy_calls.Call("special.none(x) by x", lambda x: 1 / 0, [np.array(1.0)])
    monkeypatch.setattr(scipy_rules, "calls", lambda: [broken])
    assert scipy_rules.run([]) == 1
    assert "special.none(x) by x" in (out := capsys.readouterr().out)
    assert "FAILED: ZeroDivisionError" in out


def test_ways_back_are_compared_with_the_plain_call():
    table = {
        "linalg.f": scipy_rules.Found(plain=1.0, recorded=2.0, back=1.5),
        "linalg.g": scipy_rules.Found(plain=2.0, recorded=2.0, back=6.0, work=2),
        "fft.f": scipy_rules.Found(plain=1.0, recorded=1.0, back=0.5),
    }
    *lines, twice = scipy_rules.summed_up(table)
    assert [line.split()[:4] for line in lines] == [
        ["all", "2", "of", "3"],
        ["linalg", "1", "of", "2"],
        ["fft", "1", "of", "1"],
    ]
    assert twice == "1 of the 1 that have twice the function's own work take at most 1.5 times that"
    assert scipy_rules.told("linalg.g", table["linalg.g"]).endswith("3.00  of 2")


def test_calls_of_scipys_functions_have_names_of_their_own_and_finite_results():
    pytest.importorskip("scipy")
    calls = scipy_calls.calls()
    assert len({call.name for call in calls}) == len(calls) > 300
    from gradarray import tree_leaves

    for call in calls:
        with np.errstate(all="ignore"):
            results = call.function(*call.operands)
        for leaf in tree_leaves(results):
            assert np.isfinite(leaf).all(), call.name
