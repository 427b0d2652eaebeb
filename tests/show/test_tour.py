"""`python -m gradarray`: the tour tells the truth, notices when something is off, and is readable wherever it goes."""

import dataclasses
import doctest
import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray import __main__
from gradarray.show import tour
from gradarray.show.lessons import LESSONS
from gradarray.show.screen import Screen
from gradarray.show.teaching import TourError

# So that the tour can be run from another folder, whether or not the package is installed.
ROOT = Path(ga.__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
COMMAND = [sys.executable, "-m", "gradarray"]


def given(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command away from the source, with its output in a pipe."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The first screen as a newcomer's `python -m gradarray > file` gives it."""
    ended = given(COMMAND, tmp_path_factory.mktemp("elsewhere"))
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout.decode("ascii").replace(os.linesep, "\n")


@pytest.fixture(scope="module")
def piped(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tour as `python -m gradarray tour > file` gives it."""
    ended = given([*COMMAND, "tour"], tmp_path_factory.mktemp("elsewhere"))
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout.decode("ascii").replace(os.linesep, "\n")


def on_terminal(folder: Path, *command: str, **environment: str) -> str:
    """Run a command on a pseudo-terminal, and return all that it sent there."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals are a Unix thing")
    ours, its = pty.openpty()
    settings = {**ENVIRONMENT, "TERM": "xterm", "NO_COLOR": "", "COLUMNS": "80", **environment}
    process = subprocess.Popen([*COMMAND, *command], cwd=folder, env=settings, stdin=its, stdout=its, stderr=its)
    os.close(its)
    received = b""
    try:
        while chunk := os.read(ours, 65536):
            received += chunk
    except OSError:
        # Linux reports the other end's closing as an error, other systems as an empty read.
        pass
    finally:
        os.close(ours)
    assert process.wait(timeout=120) == 0
    return received.decode("ascii")


def squeezed(text: str) -> str:
    return " ".join(text.split())


NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?:e[-+]\d+)?")


class TestFirstScreen:
    def test_is_one_screen_of_plain_text(self, first: str) -> None:
        lines = first.splitlines()
        assert len(lines) <= 22
        assert max(map(len, lines)) <= 78
        assert not set(first) & {"\x1b", "\r", "\t"}
        assert not re.search(r" $", first, flags=re.MULTILINE)

    def test_shows_a_function_and_its_value(self, first: str) -> None:
        code = textwrap.dedent(first[first.index("    def f(x):") : first.index("\n\n    x  ")])
        namespace: dict[str, Any] = {"np": np}
        exec(code, namespace)
        (shown,) = re.findall(r"^    f\(x\) +(\S+)", first, flags=re.MULTILINE)
        assert float(shown) == pytest.approx(namespace["f"](np.array([0.5, 1.0, 2.0])), abs=1e-6)

    def test_shows_the_gradient_and_differences_beside_each_other(self, first: str) -> None:
        (point,), (gradient,), (differences,) = (
            re.findall(rf"^    {name} +\[([^]]+)\]", first, flags=re.MULTILINE)
            for name in ("x", r"ga\.grad\(f\)\(x\)", "differences")
        )
        x = np.array(point.split(), dtype=float)
        # By complex steps of the function that is on the screen.
        slopes = [np.sum(z * np.sin(z)).imag / 1e-30 for z in x + 1e-30j * np.eye(len(x))]
        assert np.array(gradient.split(), dtype=float) == pytest.approx(slopes, abs=1e-6)
        assert np.array(differences.split(), dtype=float) == pytest.approx(slopes, abs=1e-6)
        assert re.search(r"agree: they are \de-\d\d apart", first)

    def test_shows_how_it_comes_about(self, first: str) -> None:
        for computed in ("(given)", "np.sin(x)", "x * v1", "np.sum(v2)"):
            assert first.count(f" {computed} ") == 1

    def test_says_where_to_go_next_and_ends_with_the_check(self, first: str) -> None:
        assert "python -m gradarray tour " in first
        assert "python -m gradarray guide " in first
        assert "README.md" in first
        last = first.splitlines()[-1]
        assert re.fullmatch(r"Checked: this screen and all \d+ examples of the tour are right, in \d+\.\d s\.", last)

    def test_counts_what_the_tour_counts(self, first: str, piped: str) -> None:
        assert re.findall(r"all (\d+) examples", first) == re.findall(r"All (\d+) examples", piped)


class TestPiped:
    def test_is_plain_text_of_moderate_width(self, piped: str) -> None:
        assert not set(piped) & {"\x1b", "\r", "\t"}
        assert max(map(len, piped.splitlines())) <= 78
        assert not re.search(r" $", piped, flags=re.MULTILINE)

    @pytest.mark.parametrize("number", range(len(LESSONS)))
    def test_shows_each_lesson(self, piped: str, number: int) -> None:
        title, lesson = LESSONS[number]
        assert f"{number + 1}. {title}\n---" in piped
        # A traceback is shown as its last line, and an empty line as one; all else stands there as in the lesson.
        left_out = r"    Traceback \(most recent call last\):|<BLANKLINE>"
        assert squeezed(re.sub(left_out, "", lesson)) in squeezed(piped)

    def test_explains_each_lesson_in_words(self) -> None:
        for _, lesson in LESSONS:
            words, _, _ = lesson.partition("\n\n")
            assert not words.startswith(" ")

    def test_keeps_code_and_arrays_as_they_are(self, piped: str) -> None:
        for _, lesson in LESSONS:
            for example in doctest.DocTestParser().get_examples(lesson):
                if example.want and not example.exc_msg:
                    want = example.want.replace("<BLANKLINE>", "")
                    assert textwrap.indent(want, "    ") in piped

    def test_shows_the_function_the_check_and_the_training(self, piped: str) -> None:
        assert "    def loss(weights" in piped
        assert piped.count("weights[") == 12
        assert re.search(r"Largest difference of the 15: \d\.\de-\d\d", piped)
        assert re.search(r"^    step  500 of 500    loss 0\.0\d+$", piped, flags=re.MULTILINE)
        assert re.search(r"^    accuracy  9\d\.\d% ", piped, flags=re.MULTILINE)
        assert re.search(r"^    time      \d+\.\d\d s ", piped, flags=re.MULTILINE)

    def test_progress_is_sparse(self, piped: str) -> None:
        assert len(re.findall(r"^    step ", piped, flags=re.MULTILINE)) <= 10

    def test_ends_with_what_to_read_next(self, piped: str) -> None:
        assert "README.md" in piped[-800:]
        assert re.search(r"All \d+ examples gave what they should, in \d+\.\d s\.\n$", piped)


class TestTerminal:
    def test_has_colour_and_one_moving_line(self, tmp_path: Path) -> None:
        shown = on_terminal(tmp_path, "tour")
        assert "\x1b[36m" in shown
        assert shown.count("\r\x1b[K    step ") > 100

    def test_the_first_screen_fits_one(self, tmp_path: Path) -> None:
        shown = on_terminal(tmp_path)
        assert "\x1b[1m" in shown
        assert shown.count("\n") <= 22

    def test_has_no_colour_where_it_is_not_wanted(self, tmp_path: Path) -> None:
        shown = on_terminal(tmp_path, "tour", NO_COLOR="1")
        assert "\x1b" not in shown
        assert shown.count("\r    step ") > 100
        assert "\x1b" not in on_terminal(tmp_path, NO_COLOR="1")

    @pytest.mark.parametrize("command", [(), ("tour",)])
    def test_a_dumb_terminal_is_no_terminal(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        shown = on_terminal(tmp_path, *command, TERM="dumb").replace("\r\n", "\n")
        assert not set(shown) & {"\x1b", "\r"}

    @pytest.mark.parametrize("columns", [40, 53])
    @pytest.mark.parametrize("command", [(), ("tour",)])
    def test_a_narrow_one_is_kept_to(
        self, tmp_path: Path, request: pytest.FixtureRequest, command: tuple[str, ...], columns: int
    ) -> None:
        shown = on_terminal(tmp_path, *command, TERM="xterm", NO_COLOR="1", COLUMNS=f"{columns}").replace("\r\n", "\n")
        assert max(len(line) for line in re.split("[\n\r]", shown)) <= columns
        if command:  # the table of ga.explain is made for the width, and not wrapped
            assert re.search(r"^ *-+  -+  -+  -+$", shown, flags=re.MULTILINE)
        # No number is cut: each of the wide one with digits after the point stands there, the times apart.
        wide = request.getfixturevalue("piped" if command else "first")
        texts = re.findall(r"^ *(?:array|Tensor|weights\[|ga\.grad|differences).*", wide, flags=re.MULTILINE)
        assert any(map(NUMBER.search, texts))
        for text in texts:
            assert {*NUMBER.findall(text)} <= {*NUMBER.findall(shown)}

    def test_a_line_that_would_be_wrapped_does_not_move(self, tmp_path: Path) -> None:
        shown = on_terminal(tmp_path, "tour", COLUMNS="30", NO_COLOR="1").replace("\r\n", "\n")
        assert "\r" not in shown
        assert len(re.findall(r"^step ", shown, flags=re.MULTILINE)) <= 10


def test_a_number_is_whole_even_where_it_is_wider_than_the_screen() -> None:
    screen = Screen(io.StringIO())
    screen.width = 20
    number = "3.14159265358979323846"
    assert screen.wrapped(f"    pi = {number}, about") == ["    pi =", f"        {number},", "        about"]
    screen.prose(f"pi = {number}")
    screen.output(f"pi = {number}")
    screen.table(("", "value"), [("pi", number), ("e", number)], "<>")
    assert isinstance(screen.stream, io.StringIO)
    assert screen.stream.getvalue().count(number) == 4


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "ascii", "utf-16"])
def test_any_encoding_will_do(tmp_path: Path, encoding: str, first: str) -> None:
    ended = given(COMMAND, tmp_path, PYTHONIOENCODING=encoding)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.decode(encoding).splitlines()[:-1] == first.splitlines()[:-1]


def test_what_is_not_ascii_is_replaced() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.write("\u03b1")
    screen.prose("\u03b1")
    screen.prompted("\u03b1")
    assert stream.getvalue() == "\\u03b1\n\\u03b1\n    >>> \\u03b1\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("knows", "colour"), [({}, False), ({"WT_SESSION": "1"}, True)], ids=["old", "new"])
def test_a_console_of_windows_gets_colour_where_it_knows_the_codes(
    monkeypatch: pytest.MonkeyPatch, knows: dict[str, str], colour: bool
) -> None:
    for name in ("NO_COLOR", "TERM", "TERM_PROGRAM", "WT_SESSION", "ANSICON", "ConEmuANSI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in knows.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "name", "nt")
    screen = Screen(Terminal())
    monkeypatch.undo()
    assert screen.color == colour


class TestNotices:
    """The tour is a test of itself, so it must be able to fail."""

    @pytest.fixture(params=[tour.first_screen, tour.tour], ids=["first", "tour"], autouse=True)
    def show(self, request: pytest.FixtureRequest) -> Callable[[Screen], object]:
        shown: Callable[[Screen], object] = request.param
        self.shown = shown
        return shown

    def stopped(self, capsys: pytest.CaptureFixture[str]) -> str:
        stream = io.StringIO()
        assert tour.main(stream, self.shown) == 1
        assert not re.search(r"gave what they should|Checked", stream.getvalue())
        return capsys.readouterr().err

    def test_all_is_well_when_nothing_is_changed(self) -> None:
        assert tour.main(io.StringIO(), self.shown) == 0

    @pytest.mark.parametrize(
        ("lesson", "told"),
        [
            (">>> 1 + 1\n3\n", "gave\n2\n\nand should have given\n3\n"),
            (">>> 1 / 0\n1\n", "ZeroDivisionError: division by zero"),
            (">>> int('7')\nTraceback (most recent call last):\nValueError: no\n", "should have given\nValueError: no"),
            (">>> 1 / 0\nTraceback (most recent call last):\nZeroDivisionError: no\n", "ZeroDivisionError: no"),
            (">>> x = 1\n1\n", "gave\n(nothing)"),
            (">>> 5\n", "should have given\n(nothing)"),
        ],
        ids=["value", "exception", "no exception", "message", "nothing", "something"],
    )
    def test_a_step_that_gives_something_else(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lesson: str, told: str
    ) -> None:
        monkeypatch.setattr(tour, "LESSONS", (*LESSONS, ("A broken one", lesson)))
        assert told in self.stopped(capsys)

    def test_a_gradient_that_is_off_by_a_millionth(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        honest = tour.central_differences
        monkeypatch.setattr(tour, "central_differences", lambda function, x: honest(function, x) * (1 + 1e-6))
        assert "away from finite differences" in self.stopped(capsys)

    def test_a_gradient_that_is_not_a_number(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(tour, "central_differences", lambda _, x: np.full_like(x, np.nan))
        assert "away from finite differences" in self.stopped(capsys)

    def test_an_implausible_accuracy(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(tour, "descend", lambda *parameters_and_data: float(tour.loss(*parameters_and_data).data))
        assert "at least 90% were expected" in self.stopped(capsys)

    @pytest.mark.parametrize("outcome", [tour.Outcome(0.1, 0.8), tour.Outcome(0.3, 0.95)], ids=["accuracy", "loss"])
    def test_training_that_is_half_right(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], outcome: tour.Outcome
    ) -> None:
        monkeypatch.setattr(tour, "train", lambda *_: outcome)
        assert "after training the loss is" in self.stopped(capsys)

    def test_the_exit_status_says_so(self, tmp_path: Path) -> None:
        program = (
            "import sys; from gradarray import __main__; from gradarray.show import tour;"
            "tour.LESSONS = (('A broken one', '>>> 1 + 1\\n3\\n'),);"
            "sys.exit(__main__.main([]))"
        )
        ended = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == 1
        assert "The tour stops here: >>> 1 + 1" in ended.stderr


class TestFirstScreenNotices:
    """What only the first screen shows."""

    X = np.array([0.5, 1.0, 2.0])

    @staticmethod
    def f(x: Any) -> Any:
        return np.sum(x * np.sin(x))

    def told(self, capsys: pytest.CaptureFixture[str]) -> str:
        stream = io.StringIO()
        assert tour.main(stream) == 1
        assert "Checked" not in stream.getvalue()
        return capsys.readouterr().err

    def test_a_value_that_is_off_by_a_bit(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        honest = ga.value_and_grad

        def off(f: Any) -> Callable[[Any], Any]:
            return lambda x: (np.nextafter(honest(f)(x)[0], 0), honest(f)(x)[1])

        monkeypatch.setattr(ga, "value_and_grad", off)
        assert "in NumPy" in self.told(capsys)

    def test_a_gradient_that_is_off(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        honest = ga.value_and_grad

        def off(f: Any) -> Callable[[Any], Any]:
            return lambda x: (honest(f)(x)[0], honest(f)(x)[1] + 1e-7)

        monkeypatch.setattr(ga, "value_and_grad", off)
        assert "away from finite differences" in self.told(capsys)

    @pytest.mark.parametrize("number", range(4))
    def test_a_derivative_in_the_table(self, number: int) -> None:
        rows = ga.explain(self.f, self.X).rows
        tour.check_rows(rows, self.f(self.X))
        rows[number] = dataclasses.replace(rows[number], cotangent=rows[number].cotangent + 1e-7)
        with pytest.raises(TourError, match=f"the derivative by {rows[number].name} is"):
            tour.check_rows(rows, self.f(self.X))

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_a_value_in_the_table(self, number: int) -> None:
        rows = ga.explain(self.f, self.X).rows
        rows[number] = dataclasses.replace(rows[number], value=np.nextafter(rows[number].value, 9))
        with pytest.raises(TourError, match="ends with" if number == 3 else f"{rows[number].name} = "):
            tour.check_rows(rows, self.f(self.X))

    def test_a_table_that_is_not_of_the_function(self) -> None:
        rows = ga.explain(lambda x: np.sum(np.sin(x)), self.X).rows
        with pytest.raises(TourError, match="ends with"):
            tour.check_rows(rows, self.f(self.X))

    def test_the_table_is_compared(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        honest = ga.explain
        monkeypatch.setattr(ga, "explain", lambda f, x, **more: honest(f, x + 1e-9, **more))
        assert "ends with" in self.told(capsys)


class TestCommandLine:
    def test_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="0"):
            __main__.main(["--help"])
        shown = capsys.readouterr().out
        assert shown.startswith("usage: python -m gradarray")
        assert "tour" in shown

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="0"):
            __main__.main(["--version"])
        assert capsys.readouterr().out == f"gradarray {ga.__version__}\n"

    def test_the_first_screen_is_the_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            tour, "main", lambda stream=None, show=tour.first_screen: {tour.first_screen: 7}.get(show, 8)
        )
        assert __main__.main([]) == 7
        assert __main__.main(["tour"]) == 8

    def test_an_unknown_command_is_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            __main__.main(["cruise"])
        assert "cruise" in capsys.readouterr().err

    @pytest.mark.parametrize("command", [(), ("tour",)])
    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_a_reader_that_leaves_early(self, tmp_path: Path, unbuffered: str, command: tuple[str, ...]) -> None:
        process = subprocess.Popen(
            [*COMMAND, *command],
            cwd=tmp_path,
            env={**ENVIRONMENT, "PYTHONUNBUFFERED": unbuffered},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        process.stderr.close()
        assert process.wait(timeout=120) == 141


class TestIris:
    def test_has_fifty_of_each_species(self) -> None:
        measurements, species = tour.load_iris()
        assert measurements.shape == (150, 4)
        assert measurements.dtype == np.float64
        assert np.bincount(species).tolist() == [50, 50, 50]

    def test_has_the_known_means(self) -> None:
        measurements, species = tour.load_iris()
        means = [measurements[species == k].mean(axis=0).round(3).tolist() for k in range(3)]
        assert means == [[5.006, 3.428, 1.462, 0.246], [5.936, 2.77, 4.26, 1.326], [6.588, 2.974, 5.552, 2.026]]

    def test_has_the_two_flowers_as_fisher_printed_them(self) -> None:
        # The copy in wide circulation has an error in each (the 35th and the 38th).
        measurements, _ = tour.load_iris()
        assert measurements[34].tolist() == [4.9, 3.1, 1.5, 0.2]
        assert measurements[37].tolist() == [4.9, 3.6, 1.4, 0.1]


def test_central_differences_are_good_to_nine_digits() -> None:
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    estimate = tour.central_differences(lambda x: float(np.sum(np.exp(x))), x)
    np.testing.assert_allclose(estimate, np.exp(x), rtol=1e-9)
