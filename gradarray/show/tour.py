"""What ``python -m gradarray`` shows: a screen to begin with, and the guided tour.

Nothing in them is canned: a lesson is a doctest, each of its lines is executed, and what is shown is what came out.
Both end early, with `TourError`, where that is not what was to come out.
"""

from __future__ import annotations

import inspect
import io
import itertools
import sys
import time
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any, NamedTuple, TextIO, TypeAlias

import numpy as np
import numpy.typing as npt

import gradarray as ga

from .figures import figure
from .lessons import LESSONS, ON_TENSORS
from .record import TapeRow
from .screen import Screen
from .teaching import TourError, execute, teach

Array: TypeAlias = Any  # an ndarray, or whatever behaves as one
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

SPECIES = ("setosa", "versicolor", "virginica")

FIRST = """\
def f(x):
    return np.sum(x * np.sin(x))
"""

READ_NEXT = """\
python -m gradarray guide
    chapters from what a derivative is to each library that you may come from
README.md
    the ways to use it, what you may rely on, and your own derivatives
help(gradarray), help(gradarray.Tensor)
    in Python: what there is beside NumPy's functions, what a tensor can do
CHANGELOG.md
    what is new
"""


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


def loss(weights: Array, bias: Array, x: Array, y: Array) -> Array:
    """Mean cross-entropy of a softmax regression."""
    scores = np.matmul(x, weights) + bias
    # So that exp cannot overflow:
    scores = scores - np.max(scores, axis=1, keepdims=True)
    chosen = scores[np.arange(len(y)), y]
    total = np.sum(np.exp(scores), axis=1)
    return np.mean(np.log(total) - chosen)


def descend(weights: Array, bias: Array, x: Array, y: Array) -> float:
    """Take a step of gradient descent; return the loss before it."""
    f = loss(weights, bias, x, y)
    f.backward()
    for parameter in (weights, bias):
        parameter.data[...] -= parameter.grad
    return float(f.data)


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
    rows = []
    for name, gradient in gradients.items():
        for index in np.ndindex(gradient.shape):
            a, b = float(gradient[index]), float(estimates[name][index])
            rows.append((f"{name}[{', '.join(map(str, index))}]", f"{a:.12f}", f"{b:.12f}", f"{abs(a - b):.0e}"))
    screen.table(("d loss / d", "backward", "finite difference", "apart"), rows, "<>>>")
    apart = max(float(np.max(np.abs(gradients[name] - estimates[name]))) for name in gradients)
    largest = max(float(np.max(np.abs(estimates[name]))) for name in gradients)
    screen.write()
    screen.prose(
        f"Largest difference of the {len(rows)}: {apart:.1e}, {apart / largest:.1e} of the largest derivative."
    )
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
    often = 1 if screen.moving else steps // 5
    for step in range(1, steps + 1):
        value = descend(weights, bias, inputs[known], species[known])
        if step == 1 or step % often == 0:
            screen.progress(f"step {step:>4} of {steps}    loss {value:.6f}", last=step == steps)
    seconds = time.perf_counter() - start

    scores = inputs @ weights.data + bias.data
    right = (np.argmax(scores, axis=1) == species)[held_out]
    last = loss(weights.data, bias.data, inputs[known], species[known])
    screen.write()
    screen.output(
        f"loss      {last:.4f}   (log 3 = {np.log(3):.4f} before training)\n"
        f"accuracy  {right.mean():.1%}    on the {right.size} flowers it never saw, {right.sum()} right\n"
        f"time      {seconds:.2f} s   ({seconds / steps * 1e6:.0f} microseconds a step)"
    )
    return Outcome(float(last), float(right.mean()))


def tour(screen: Screen) -> int:
    """Give the tour.

    Parameters
    ----------
    screen : Screen
        Where to show it.

    Returns
    -------
    int
        How many examples there were.

    Raises
    ------
    TourError
        Something did not come out as it should have; the tour stops there.
    """
    began = time.perf_counter()
    screen.write(f"gradarray {ga.__version__}, on NumPy {np.__version__}: a guided tour", "1")
    screen.prose("Each line after >>> is executed as you read; what is below it is what it gave.")

    namespace: dict[str, Any] = {"__name__": "__main__"}
    numbers = itertools.count(1)
    examples = 0
    for title, lesson in LESSONS:
        screen.title(f"{next(numbers)}. {title}")
        examples += teach(screen, lesson, namespace)

    measurements, species = load_iris()
    screen.title(f"{next(numbers)}. A NumPy function of your own")
    screen.prose("This one was written for arrays. It imports NumPy, and knows nothing of gradarray.")
    screen.write()
    screen.code(inspect.getsource(loss))
    screen.write()
    namespace |= {"loss": loss, "measurements": measurements, "species": species}
    examples += teach(screen, ON_TENSORS, namespace)
    error = compare_gradients(screen, namespace)
    if not error < 1e-7:
        raise TourError(f"the gradient is {error:.1e} away from finite differences; below 1e-7 was expected")

    screen.title(f"{next(numbers)}. Training it")
    screen.prose("Gradient descent on 105 of the flowers, with a line that tells how far it is.")
    screen.write()
    screen.code(inspect.getsource(descend))
    screen.write()
    outcome = train(screen, measurements, species)
    if not outcome.accuracy >= 0.9 or not outcome.loss < 0.2:
        raise TourError(
            f"after training the loss is {outcome.loss:.4f} and the accuracy {outcome.accuracy:.1%};"
            " below 0.2 and at least 90% were expected"
        )

    screen.title(f"{next(numbers)}. What to read next")
    for line in READ_NEXT.splitlines():
        screen.write(line)
    screen.write()
    screen.prose(f"All {examples} examples gave what they should, in {time.perf_counter() - began:.1f} s.")
    return examples


def first_screen(screen: Screen) -> None:
    """Show one function, its value and its gradient, how these come about, and that all of it is right.

    Parameters
    ----------
    screen : Screen
        Where to show it.

    Raises
    ------
    TourError
        Something of it, or of the tour, which is given unseen, is not what it should be.
    """
    began = time.perf_counter()
    namespace: dict[str, Any] = {"__name__": "__main__", "np": np}
    execute(FIRST, namespace)
    f, x = namespace["f"], np.array([0.5, 1.0, 2.0])
    value, gradient = ga.value_and_grad(f)(x)
    slopes = central_differences(f, x)
    if value != f(x):
        raise TourError(f"f(x) is {value} while it is differentiated, and {f(x)} in NumPy")
    apart = float(np.max(np.abs(gradient - slopes)))
    if not apart < 1e-8:
        raise TourError(f"the gradient is {apart:.1e} away from finite differences; below 1e-8 was expected")

    screen.write(f"gradarray {ga.__version__}, on NumPy {np.__version__}: NumPy code, differentiated as it stands", "1")
    screen.write()
    screen.code(FIRST)
    screen.write()
    arrays = [("x", x), ("f(x)", np.asarray(value)), ("ga.grad(f)(x)", gradient), ("differences", slopes)]
    notes = ["", "the value", "the gradient, by gradarray", "by (f(x + h) - f(x - h)) / 2h"]
    texts = [(name, np.array2string(array, precision=6, floatmode="fixed")) for name, array in arrays]
    screen.table(("", "", ""), [(*text, note) for text, note in zip(texts, notes, strict=True)], "<<<")
    screen.prose(f"Gradient and differences agree: they are {apart:.0e} apart at most.")
    screen.write()
    screen.prose("How it comes about, values downwards, derivatives upwards (ga.explain):")
    explained = ga.explain(f, x).rows
    check_rows(explained, value)
    screen.table(
        ("name", "computed as", "value", "d f / d name"),
        [(r.name, r.computed_as or "(given)", figure(r.value), figure(r.cotangent)) for r in explained],
        "<<<<",
    )
    screen.write()
    screen.write("Next: python -m gradarray tour   what there is, step by step, each checked")
    screen.write("      python -m gradarray guide  chapters to read; and README.md")
    screen.stream.flush()
    examples = tour(Screen(io.StringIO()))
    seconds = time.perf_counter() - began
    screen.prose(f"Checked: this screen and all {examples} examples of the tour are right, in {seconds:.1f} s.")


def check_rows(rows: Sequence[TapeRow], result: float) -> None:
    """Compare the values in a table of `explain` with NumPy's, and the derivatives with differences.

    Parameters
    ----------
    rows : sequence of TapeRow
        Of a function of arrays, in plain NumPy, without updates in place.
    result : float
        What the function gives.

    Raises
    ------
    TourError
        One of them is something else.
    """
    if rows[-1].value != result:
        raise TourError(f"ga.explain ends with {rows[-1].value}, and f(x) is {result}")
    known = {row.name: row.value for row in rows if not row.computed_as}
    for number, row in enumerate(rows):
        if row.computed_as:
            known[row.name] = eval(row.computed_as, {"np": np}, known)
        if not np.array_equal(known[row.name], row.value):
            raise TourError(f"{row.name} = {row.computed_as} is {known[row.name]}, and not {row.value}")

        def rest(value: Floats, number: int = number) -> float:
            names = known | {rows[number].name: value}
            for later in rows[number + 1 :]:
                names[later.name] = eval(later.computed_as, {"np": np}, names)
            return float(names[rows[-1].name])

        slopes = central_differences(rest, np.asarray(row.value))
        if not np.allclose(slopes, row.cotangent, rtol=0, atol=1e-8):
            raise TourError(f"the derivative by {row.name} is {slopes}, and not {row.cotangent}")


def main(stream: TextIO | None = None, show: Callable[[Screen], object] = first_screen) -> int:
    """Show the first screen, or the tour, on `stream` (standard output).

    Returns
    -------
    int
        The exit status: 0 when all went as told, 1 if not.
    """
    stream = sys.stdout if stream is None else stream
    try:
        show(Screen(stream))
    except TourError as error:
        stream.flush()
        print(f"\nThe tour stops here: {error}", file=sys.stderr)
        return 1
    return 0
