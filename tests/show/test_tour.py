"""`python -m gradarray`: the tour tells the truth, notices when something is off, and is readable wherever it goes."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gradarray as ga
from gradarray import __main__
from gradarray.show import tour

# So that the tour can be run from another folder, whether or not the package is installed.
ROOT = Path(ga.__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
COMMAND = [sys.executable, "-m", "gradarray"]


@pytest.fixture(scope="module")
def piped(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The tour as a newcomer's `python -m gradarray > file` gives it."""
    return subprocess.run(
        COMMAND,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def on_terminal(folder: Path, **environment: str) -> str:
    """Run the tour on a pseudo-terminal, and return all that it sent there."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals are a Unix thing")
    ours, its = pty.openpty()
    settings = {**ENVIRONMENT, "TERM": "xterm", "NO_COLOR": "", **environment}
    process = subprocess.Popen(COMMAND, cwd=folder, env=settings, stdin=its, stdout=its, stderr=its)
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
    return received.decode()


class TestPiped:
    def test_exits_with_0_and_complains_of_nothing(self, piped: subprocess.CompletedProcess[str]) -> None:
        assert (piped.returncode, piped.stderr) == (0, "")

    def test_is_plain_text_of_moderate_width(self, piped: subprocess.CompletedProcess[str]) -> None:
        assert piped.stdout.isascii()
        assert not set(piped.stdout) & {"\x1b", "\r", "\t"}
        assert max(map(len, piped.stdout.splitlines())) <= 110
        assert not re.search(r" $", piped.stdout, flags=re.MULTILINE)

    @pytest.mark.parametrize("number", range(len(tour.LESSONS)))
    def test_shows_each_lesson(self, piped: subprocess.CompletedProcess[str], number: int) -> None:
        title, lesson = tour.LESSONS[number]
        assert f"{number + 1}. {title}\n" in piped.stdout
        # A traceback is shown as its last line; all else stands there as in the lesson.
        assert lesson.replace("    Traceback (most recent call last):\n", "") in piped.stdout

    def test_shows_the_function_the_check_and_the_training(self, piped: subprocess.CompletedProcess[str]) -> None:
        assert "    def loss(weights" in piped.stdout
        assert piped.stdout.count("weights[") == 12
        assert re.search(r"Largest difference of the 15: \d\.\de-\d\d", piped.stdout)
        assert re.search(r"^    step  500 of 500    loss 0\.0\d+$", piped.stdout, flags=re.MULTILINE)
        assert re.search(r"^    accuracy  9\d\.\d% ", piped.stdout, flags=re.MULTILINE)
        assert re.search(r"^    time      \d+\.\d\d s ", piped.stdout, flags=re.MULTILINE)

    def test_progress_is_sparse(self, piped: subprocess.CompletedProcess[str]) -> None:
        assert len(re.findall(r"^    step ", piped.stdout, flags=re.MULTILINE)) <= 10

    def test_ends_with_what_to_read_next(self, piped: subprocess.CompletedProcess[str]) -> None:
        assert "README.md" in piped.stdout[-800:]


class TestTerminal:
    def test_has_colour_and_one_moving_line(self, tmp_path: Path) -> None:
        shown = on_terminal(tmp_path)
        assert "\x1b[36m" in shown
        assert shown.count("\r\x1b[K    step ") > 100

    def test_has_no_colour_where_it_is_not_wanted(self, tmp_path: Path) -> None:
        shown = on_terminal(tmp_path, NO_COLOR="1")
        assert "\x1b" not in shown
        assert shown.count("\r    step ") > 100

    def test_a_dumb_terminal_is_no_terminal(self, tmp_path: Path) -> None:
        shown = on_terminal(tmp_path, TERM="dumb").replace("\r\n", "\n")
        assert not set(shown) & {"\x1b", "\r"}


class TestNotices:
    """The tour is a test of itself, so it must be able to fail."""

    def stopped(self, capsys: pytest.CaptureFixture[str]) -> str:
        stream = io.StringIO()
        assert tour.main(stream) == 1
        assert "gave what they should" not in stream.getvalue()
        return capsys.readouterr().err

    def test_all_is_well_when_nothing_is_changed(self) -> None:
        assert tour.main(io.StringIO()) == 0

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
        monkeypatch.setattr(tour, "LESSONS", (*tour.LESSONS, ("A broken one", lesson)))
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
        honest = tour.descend
        monkeypatch.setattr(tour, "descend", lambda *data, rate: honest(*data, rate=rate * 1e-6))
        assert "at least 90% were expected" in self.stopped(capsys)

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

    def test_tour_is_the_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tour, "main", lambda: 7)
        assert __main__.main([]) == __main__.main(["tour"]) == 7

    def test_an_unknown_command_is_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            __main__.main(["cruise"])
        assert "cruise" in capsys.readouterr().err

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_a_reader_that_leaves_early(self, tmp_path: Path, unbuffered: str) -> None:
        process = subprocess.Popen(
            COMMAND,
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
