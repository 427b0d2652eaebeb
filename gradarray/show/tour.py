"""The guided tour behind ``python -m gradarray``.

Nothing in it is canned: a lesson is a doctest, each of its lines is executed, and what is shown is what came out.
The tour ends early, with `TourError`, where that is not what the lesson says.
"""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
import itertools
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any, NamedTuple, TextIO, TypeAlias

import numpy as np
import numpy.typing as npt

import gradarray as ga

Array: TypeAlias = Any  # an ndarray, or whatever behaves as one
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

SPECIES = ("setosa", "versicolor", "virginica")

LESSONS: tuple[tuple[str, str], ...] = (
    (
        "Tensors are arrays",
        """\
A tensor is made, shown, indexed and computed with as a NumPy array is.

    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.tensor([1., 2., 3.], dtype="float32")
    Tensor([1., 2., 3.], dtype=float32)
    >>> x = ga.tensor([[0., 1., 2.],
    ...                [3., 4., 5.]])
    >>> x ** 2
    Tensor([[ 0.,  1.,  4.],
            [ 9., 16., 25.]])
    >>> x.sum(axis=1)
    Tensor([ 3., 12.])
    >>> x[0].shape, x.T.shape, x.ndim
    ((3,), (3, 2), 2)

NumPy's own functions take tensors, and give tensors back.

    >>> np.sqrt(x)
    Tensor([[0.        , 1.        , 1.41421356],
            [1.73205081, 2.        , 2.23606798]])
    >>> np.matmul(x, x.T)
    Tensor([[ 5., 14.],
            [14., 50.]])

The array inside is yours at any time.

    >>> x.data
    array([[0., 1., 2.],
           [3., 4., 5.]])
""",
    ),
    (
        "Shapes",
        """\
    >>> x = ga.linspace(1, 4, 4)
    >>> x.reshape(2, 2)
    Tensor([[1., 2.],
            [3., 4.]])
    >>> x.shape = (2, 2)
    >>> x.T
    Tensor([[1., 3.],
            [2., 4.]])
    >>> np.concatenate([x, x[:1]])
    Tensor([[1., 2.],
            [3., 4.],
            [1., 2.]])
""",
    ),
    (
        "Derivatives",
        """\
What is computed from a tensor is recorded. `backward` walks the record from the result
to the tensors it came from, and leaves there the derivative of the result.

f(x) = 2 x, at x = 10:

    >>> x = ga.tensor(10.)
    >>> f = 2 * x
    >>> f.backward()
    >>> x.grad
    array(2.)

f(x, y) = x^2 + y, at x = 10, y = 20; one derivative for each variable:

    >>> x = ga.tensor(10.)
    >>> y = ga.tensor(20.)
    >>> f = x ** 2 + y
    >>> f.backward()
    >>> x.grad, y.grad
    (array(20.), array(1.))

f(x) = x0^2 + x1^2 + x2^2; the derivatives of a whole array at once:

    >>> x = ga.tensor([-1., 4., 6.])
    >>> f = np.sum(x ** 2)
    >>> f.backward()
    >>> x.grad
    array([-2.,  8., 12.])
""",
    ),
    (
        "Constants",
        """\
A constant is passed over: no derivative is computed for it.

    >>> base = ga.tensor(3.)
    >>> exponent = ga.tensor(2., constant=True)
    >>> f = base ** exponent
    >>> f.backward()
    >>> base.grad
    array(6.)
    >>> exponent.grad is None
    True

Arrays, lists and numbers are constants, and so are tensors of integers.

    >>> ga.sum([1., 2.]).constant
    True
    >>> ga.tensor([1, 2]).constant
    True
    >>> ga.tensor([1, 2], constant=False)
    Traceback (most recent call last):
    ValueError: Integer-valued tensors must be treated as constants.
""",
    ),
)

ON_TENSORS = """\
Its data: Fisher's 150 irises (1936), four measurements each, of three species.

    >>> measurements.shape, np.bincount(species)
    ((150, 4), array([50, 50, 50]))
    >>> weights = np.linspace(-1, 1, 12).reshape(4, 3)
    >>> bias = np.zeros(3)
    >>> loss(weights, bias, measurements, species).round(8)
    np.float64(2.19425923)

With tensors in the place of two of the arrays, it gives the same number, and can be differentiated.

    >>> w, b = ga.tensor(weights), ga.tensor(bias)
    >>> f = loss(w, b, measurements, species)
    >>> f
    Tensor(2.19425923)
    >>> f.backward()

Are these the right derivatives? A little to the left and to the right of each number, on plain arrays:

"""

READ_NEXT = """\
    README.md                 the ways to use it, what you may rely on,
                              and how to give a function of your own a derivative
    help(gradarray)           in Python: what there is beside NumPy's functions
    help(gradarray.Tensor)    in Python: what a tensor can do
    CHANGELOG.md              what is new
"""


class TourError(Exception):
    """Something in the tour did not come out as it should have."""


class Screen:
    """Where the tour is shown: in colour and with a moving line on a terminal, as plain lines anywhere else.

    Parameters
    ----------
    stream : file
        Receives the text.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.moving = stream.isatty() and os.environ.get("TERM") != "dumb"
        # Any value of NO_COLOR that is not empty means no colour: https://no-color.org
        self.color = self.moving and not os.environ.get("NO_COLOR")

    def style(self, code: str, text: str) -> str:
        """Give `text` the look that the ANSI `code` stands for, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    def write(self, text: str = "") -> None:
        """Show a line."""
        self.stream.write(text + "\n")

    def title(self, text: str) -> None:
        """Show a heading."""
        self.write()
        self.write(self.style("1", text))
        self.write(self.style("1", "-" * len(text)))

    def code(self, text: str, indent: str = "    ") -> None:
        """Show source code or what it gave, set in."""
        for line in text.splitlines():
            self.write(indent + self.style("36", line) if line else "")

    def progress(self, text: str, *, last: bool = False) -> None:
        """Show a line that the next one replaces, or, off a terminal, stays."""
        if self.moving:
            self.stream.write(f"\r\x1b[K{text}" if self.color else f"\r{text:<78}")
            self.stream.write("\n" if last else "")
        else:
            self.write(text)
        self.stream.flush()


class Outcome(NamedTuple):
    """How the training went."""

    loss: float
    accuracy: float


def load_iris() -> tuple[Floats, Integers]:
    """Read Fisher's iris measurements, which ship with the package.

    Returns
    -------
    measurements : ndarray of float, shape (150, 4)
        Sepal length, sepal width, petal length and petal width, in centimetres.
    species : ndarray of int, shape (150,)
        Indices into `SPECIES`.

    References
    ----------
    R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936), 179-188.

    Examples
    --------
    >>> measurements, species = load_iris()
    >>> measurements[species == SPECIES.index("setosa")].mean(axis=0).round(3)
    array([5.006, 3.428, 1.462, 0.246])
    """
    text = (resources.files("gradarray") / "data" / "iris.csv").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if not line.startswith("#")][1:]
    table = np.loadtxt(rows, delimiter=",", converters={4: SPECIES.index}, encoding="utf-8")
    return table[:, :4], table[:, 4].astype(np.int64)


def loss(weights: Array, bias: Array, inputs: Array, labels: Array) -> Array:
    """Mean cross-entropy of a softmax regression."""
    scores = np.matmul(inputs, weights) + bias
    scores = scores - np.max(scores, axis=1, keepdims=True)  # so that exp cannot overflow
    chosen = scores[np.arange(len(labels)), labels]
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - chosen)


def descend(weights: Array, bias: Array, inputs: Array, labels: Array, rate: float) -> Iterator[float]:
    """Gradient descent: takes one step, and yields the loss before it, each time it is asked."""
    while True:
        f = loss(weights, bias, inputs, labels)
        f.backward()
        for parameter in (weights, bias):
            parameter.data[...] -= rate * parameter.grad
        yield f.item()


def central_differences(function: Callable[[Floats], float], x: Floats) -> Floats:
    """Estimate the gradient of `function` at `x` from two values of it per coordinate.

    Parameters
    ----------
    function : callable
        Takes an array like `x`, returns a number.
    x : ndarray of float
        Where the gradient is wanted.

    Returns
    -------
    ndarray of float
        As `x`; for a smooth function good to about ten digits after the point.

    Examples
    --------
    >>> central_differences(lambda x: float(np.sum(x**2)), np.array([1.0, -2.0])).round(6)
    array([ 2., -4.])
    """
    # Truncation (step^2) and rounding (eps / step) balance at the cube root of eps.
    step = float(np.cbrt(np.finfo(x.dtype).eps))
    slopes = np.empty_like(x)
    for index in np.ndindex(x.shape):
        high, low = x.copy(), x.copy()
        high[index] += step
        low[index] -= step
        slopes[index] = (function(high) - function(low)) / (high[index] - low[index])
    return slopes


def execute(example: doctest.Example, namespace: dict[str, Any]) -> str:
    """Run one example and return what it showed; an exception is returned as its last line."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        try:
            exec(compile(example.source, "<tour>", "single"), namespace)
        except Exception as error:
            return traceback.format_exception_only(error)[-1]
    return shown.getvalue()


def teach(screen: Screen, lesson: str, namespace: dict[str, Any]) -> int:
    """Show a lesson, with what its lines give in the place of what they should give.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    lesson : str
        Prose and ``>>>`` lines, as in a doctest.
    namespace : dict
        What the lines can see, and where they leave their variables.

    Returns
    -------
    int
        How many examples there were.

    Raises
    ------
    TourError
        An example gave something else than the lesson says.
    """
    check = doctest.OutputChecker().check_output
    count = 0
    for piece in doctest.DocTestParser().parse(lesson):
        if isinstance(piece, str):
            screen.stream.write(piece)
            continue
        count += 1
        indent = " " * piece.indent
        for number, line in enumerate(piece.source.splitlines()):
            screen.write(indent + screen.style("2", "... " if number else ">>> ") + screen.style("36", line))
        got, wanted = execute(piece, namespace), piece.exc_msg or piece.want
        for line in got.splitlines():
            screen.write(indent + line)
        if not check(wanted, got, 0):
            raise TourError(
                f">>> {piece.source}gave\n{got or '(nothing)'}\nand should have given\n{wanted or '(nothing)'}"
            )
    return count


def compare_gradients(screen: Screen, namespace: dict[str, Any]) -> float:
    """Show the derivatives that `ON_TENSORS` left in `namespace` beside finite differences.

    Returns
    -------
    float
        The largest difference, relative to the largest derivative.
    """
    weights, bias, *data = (namespace[name] for name in ("weights", "bias", "measurements", "species"))
    gradients = {"weights": namespace["w"].grad, "bias": namespace["b"].grad}
    estimates = {
        "weights": central_differences(lambda weights: float(loss(weights, bias, *data)), weights),
        "bias": central_differences(lambda bias: float(loss(weights, bias, *data)), bias),
    }
    screen.write(f"    {'d loss / d':<14}{'backward':>18}{'finite difference':>20}{'apart':>10}")
    for name, gradient in gradients.items():
        for index in np.ndindex(gradient.shape):
            a, b = float(gradient[index]), float(estimates[name][index])
            place = f"{name}[{', '.join(map(str, index))}]"
            screen.write(f"    {place:<14}{a:>18.12f}{b:>20.12f}{abs(a - b):>10.0e}")
    apart = max(float(np.max(np.abs(gradients[name] - estimates[name]))) for name in gradients)
    largest = max(float(np.max(np.abs(estimates[name]))) for name in gradients)
    screen.write()
    screen.write(f"Largest difference of the 15: {apart:.1e}, or {apart / largest:.1e} of the largest derivative.")
    return apart / largest


def train(screen: Screen, measurements: Floats, species: Integers, steps: int = 500) -> Outcome:
    """Train the regression on 105 flowers, and show how it does on the other 45.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    measurements, species : ndarray
        What `load_iris` gives.
    steps : int
        How many steps of gradient descent to take.

    Returns
    -------
    Outcome
        The loss on the 105, and the share of the 45 that was named rightly.
    """
    order = np.random.default_rng(0).permutation(len(species))
    known, held_out = order[:105], order[105:]
    mean, spread = measurements[known].mean(axis=0), measurements[known].std(axis=0)
    inputs = (measurements - mean) / spread

    weights, bias = ga.zeros((4, 3)), ga.zeros(3)
    start = time.perf_counter()
    losses = descend(weights, bias, inputs[known], species[known], rate=1.0)
    often = 1 if screen.moving else steps // 5
    for step, value in enumerate(itertools.islice(losses, steps), start=1):
        if step == 1 or step % often == 0:
            screen.progress(f"    step {step:>4} of {steps}    loss {value:.6f}", last=step == steps)
    seconds = time.perf_counter() - start

    scores = inputs @ weights.data + bias.data
    right = (np.argmax(scores, axis=1) == species)[held_out]
    last = loss(weights.data, bias.data, inputs[known], species[known])
    screen.write()
    screen.write(f"    loss      {last:.4f}   (log 3 = {np.log(3):.4f} before training)")
    screen.write(f"    accuracy  {right.mean():.1%}    on the {right.size} flowers it never saw, {right.sum()} right")
    screen.write(f"    time      {seconds:.2f} s   ({seconds / steps * 1e6:.0f} microseconds a step)")
    return Outcome(float(last), float(right.mean()))


def run(stream: TextIO) -> None:
    """Give the tour.

    Parameters
    ----------
    stream : file
        Receives the text.

    Raises
    ------
    TourError
        Something did not come out as it should have; the tour stops there.
    """
    began = time.perf_counter()
    screen = Screen(stream)
    screen.write(screen.style("1", f"gradarray {ga.__version__}, on NumPy {np.__version__}: a guided tour"))
    screen.write("Each line after >>> is executed as you read; what is below it is what it gave.")

    namespace: dict[str, Any] = {}
    numbers = itertools.count(1)
    examples = 0
    for title, lesson in LESSONS:
        screen.title(f"{next(numbers)}. {title}")
        examples += teach(screen, lesson, namespace)

    measurements, species = load_iris()
    screen.title(f"{next(numbers)}. A NumPy function of your own")
    screen.write("This one was written for arrays. It imports NumPy, and knows nothing of gradarray.")
    screen.write()
    screen.code(inspect.getsource(loss))
    screen.write()
    namespace |= {"loss": loss, "measurements": measurements, "species": species}
    examples += teach(screen, ON_TENSORS, namespace)
    error = compare_gradients(screen, namespace)
    if not error < 1e-7:
        raise TourError(f"the gradient is {error:.1e} away from finite differences; below 1e-7 was expected")

    screen.title(f"{next(numbers)}. Training it")
    screen.code(inspect.getsource(descend))
    screen.write()
    outcome = train(screen, measurements, species)
    if not outcome.accuracy >= 0.9 or not outcome.loss < 0.2:
        raise TourError(
            f"after training the loss is {outcome.loss:.4f} and the accuracy {outcome.accuracy:.1%};"
            " below 0.2 and at least 90% were expected"
        )

    screen.title(f"{next(numbers)}. What to read next")
    screen.stream.write(READ_NEXT)
    screen.write()
    screen.write(f"All {examples} examples gave what they should, in {time.perf_counter() - began:.1f} s.")


def main(stream: TextIO | None = None) -> int:
    """Give the tour on `stream` (standard output), and return the exit status: 0 when all went as told, 1 if not."""
    try:
        run(sys.stdout if stream is None else stream)
    except TourError as error:
        (sys.stdout if stream is None else stream).flush()
        print(f"\nThe tour stops here: {error}", file=sys.stderr)
        return 1
    return 0
