"""`why_no_grad`: each cause for which a newcomer finds None in .grad, in the code that a newcomer would write."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

import numpy as np
import pytest

import gradarray as ga


def line(text: str) -> str:
    """Return how a line of the calling test is named, by the code in it."""
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    lines, first = inspect.getsourcelines(frame.f_back.f_code)
    (number,) = [first + k for k, code in enumerate(lines) if text in code and "line(" not in code]
    return f"line {number}, `{' '.join(lines[number - first].split())}`"


def test_it_is_shown_as_sentences():
    x = ga.tensor([1, 2])
    answer = ga.why_no_grad(x)
    assert isinstance(answer, str) and repr(answer) == str(answer)
    assert answer.startswith("x holds integers") and answer.endswith(".")


# --- constants -------------------------------------------------------------------------------------------------------


def test_integers():
    x = ga.tensor([1, 2, 3])
    np.sum(x * 2.0).backward()
    assert x.grad is None
    answer = ga.why_no_grad(x)
    assert "x holds integers (int64)" in answer and "dtype=float" in answer
    assert line("x = ga.tensor([1, 2, 3])") in answer


def test_truth_values():
    mask = ga.tensor([True, False])
    assert "mask holds truth values" in ga.why_no_grad(mask)


def test_made_as_a_constant():
    x = ga.tensor([1.0, 2.0], constant=True)
    np.sum(x**2).backward()
    answer = ga.why_no_grad(x)
    assert "it was made with constant=True" in answer and line("x = ga.tensor(") in answer


def test_computed_in_no_grad():
    w = ga.tensor([1.0, 2.0])
    with ga.no_grad:
        x = w * 2
    np.sum(x * w).backward()
    assert x.grad is None
    answer = ga.why_no_grad(x)
    assert "computed inside a `with ga.no_grad` block" in answer and line("x = w * 2") in answer
    with ga.no_grad():
        y, _ = w + 1, 0
    assert "computed inside a `with ga.no_grad` block" in ga.why_no_grad(y)


def test_asked_in_no_grad():
    w = ga.tensor([1.0, 2.0])

    @ga.no_grad
    def ask() -> Any:
        x = w * 2
        return ga.why_no_grad(x)

    assert "where nothing is recorded (ga.no_grad)" in ask()


def test_detached():
    w = ga.tensor([1.0, 2.0])
    x = w.detach()
    assert "detach()" in ga.why_no_grad(x) and line("x = w.detach()") in ga.why_no_grad(x)


def test_a_constant_of_which_nothing_more_is_known():
    def make() -> Any:
        with ga.no_grad:
            return ga.tensor([1.0]) * 2

    x = make()
    answer = ga.why_no_grad(x)
    assert "either it was made as one" in answer and "nothing is recorded" in answer and ".constant" in answer


# --- no tensor, and a gradient that is there -------------------------------------------------------------------------


def test_what_is_no_tensor():
    a = np.ones(3)
    assert "a is no tensor but of type numpy.ndarray" in ga.why_no_grad(a)
    assert "of type float" in ga.why_no_grad(1.0)


def test_a_gradient_that_is_there():
    x = ga.tensor([1.0, 2.0])
    np.sum(x**2).backward()
    assert ga.why_no_grad(x) == "x has a gradient: x.grad is there, an array of shape (2,)."


@pytest.mark.parametrize("steps", [np.floor, np.round, np.sign, lambda x: np.where(x > 0, 1.0, 0.0) + 0 * x])
def test_functions_of_steps(steps):
    x = ga.tensor([0.5, 2.5])
    np.sum(steps(x)).backward()
    assert "zero everywhere" in ga.why_no_grad(x) and "np.floor" in ga.why_no_grad(x)


def test_the_line_with_a_function_of_steps():
    x = ga.tensor([0.5, 2.5])
    loss = np.sum(np.floor(x))
    loss.backward()
    assert np.array_equal(x.grad, [0, 0])
    assert line("loss = np.sum(np.floor(x))") in ga.why_no_grad(x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_gradient_that_is_infinite():
    x = ga.tensor([0.0, 2.0])
    np.sum(np.sqrt(x)).backward()
    assert "infinite or NaN" in ga.why_no_grad(x) and "detect_anomaly" in ga.why_no_grad(x)


# --- variables -------------------------------------------------------------------------------------------------------


def test_not_yet_backward():
    x = ga.tensor([1.0, 2.0])
    loss = np.sum(np.sin(x) + x**2)
    answer = ga.why_no_grad(x)
    assert "backward() has not been called yet" in answer
    assert "np.sin" in answer and "np.square" in answer.replace("np.power", "np.square")
    loss.backward()
    assert "has a gradient" in ga.why_no_grad(x)


def test_not_yet_used():
    x = ga.tensor([1.0, 2.0])
    answer = ga.why_no_grad(x)
    assert "not been called yet" in answer and line("x = ga.tensor([1.0, 2.0])") in answer


def test_not_a_part_of_what_was_differentiated():
    x, w = ga.tensor([1.0, 2.0]), ga.tensor([3.0, 4.0])
    penalty = np.sum(x**2)
    loss = np.sum(w * 3)
    loss.backward()
    answer = ga.why_no_grad(x)
    assert "backward() was called" in answer and "does not depend on x" in answer
    assert line("loss.backward()") in answer
    assert penalty.data == 5.0


def test_not_used_at_all():
    x, w = ga.tensor([1.0, 2.0]), ga.tensor([3.0, 4.0])
    loss = np.sum(w * 3)
    loss.backward()
    answer = ga.why_no_grad(x)
    assert "x was not reached: the result does not depend on it" in answer and ".data" in answer


@pytest.mark.filterwarnings("ignore::gradarray.GradientLossWarning")
@pytest.mark.parametrize("kind", ["data", "asarray", "item", "float", "math"])
def test_used_by_bare_values_alone(kind):
    if kind == "data":
        x = ga.tensor(2.0)
        value = x.data * 3
        answer, here = ga.why_no_grad(x), line("value = x.data * 3")
    elif kind == "asarray":
        x = ga.tensor(2.0)
        value = np.asarray(x) * 3
        answer, here = ga.why_no_grad(x), line("value = np.asarray(x) * 3")
    elif kind == "item":
        x = ga.tensor(2.0)
        value = x.item() * 3
        answer, here = ga.why_no_grad(x), line("value = x.item() * 3")
    elif kind == "float":
        x = ga.tensor(2.0)
        value = float(x) * 3
        answer, here = ga.why_no_grad(x), line("value = float(x) * 3")
    else:
        x = ga.tensor(2.0)
        value = math.sin(x) * 3
        answer, here = ga.why_no_grad(x), line("value = math.sin(x) * 3")
    assert value and "bare values" in answer and here in answer


def test_used_by_bare_values_of_a_part():
    x, table = ga.tensor([1.0, 2.0]), np.zeros(2)
    table[0] = x[0].data
    answer = ga.why_no_grad(x)
    assert "bare values" in answer and line("table[0] = x[0].data") in answer


def test_used_where_nothing_is_recorded():
    x, w = ga.tensor([1.0, 2.0]), ga.tensor([3.0, 4.0])
    with ga.no_grad():
        h = np.tanh(x)
    np.sum(h * w).backward()
    answer = ga.why_no_grad(x)
    assert "inside ga.no_grad" in answer and line("h = np.tanh(x)") in answer


def test_compared_only():
    x = ga.tensor([1.0, 2.0])
    best = int(np.argmax(x))
    answer = ga.why_no_grad(x)
    assert best == 1 and "function of steps" in answer and line("best = int(np.argmax(x))") in answer


@pytest.mark.parametrize("update", ["item", "augmented", "view"])
def test_changed_in_place_after_use(update):
    x = ga.tensor([1.0, 2.0])
    loss = np.sum(x**2)
    if update == "item":
        x[0] = 5.0
    elif update == "augmented":
        x += 1.0
    else:
        x[:1] *= 3.0
    loss.backward()
    assert x.grad is None
    answer = ga.why_no_grad(x)
    assert "changed in place after it was used" in answer
    assert "belongs to the value that x had" in answer


def test_the_line_of_a_change_in_place():
    x = ga.tensor([1.0, 2.0])
    loss = np.sum(x**2)
    x[0] = 5.0
    loss.backward()
    assert line("x[0] = 5.0") in ga.why_no_grad(x)


def test_changed_in_place_and_not_yet_differentiated():
    x = ga.tensor([1.0, 2.0])
    x[0] = 5.0
    loss = np.sum(x**2)
    answer = ga.why_no_grad(x)
    assert "changed in place" in answer and "not come by it" in answer
    loss.backward()
    assert "has a gradient" in ga.why_no_grad(x)


@pytest.mark.parametrize("update", ["item", "augmented"])
def test_cleared_by_an_update(update):
    x = ga.tensor([1.0, 2.0])
    np.sum(x**2).backward()
    if update == "item":
        x[0] -= 0.1
    else:
        x -= 0.1 * x.grad
    assert x.grad is None
    answer = ga.why_no_grad(x)
    assert "had a gradient" in answer and "changed in place since" in answer and "x.data -= rate * x.grad" in answer


def test_cleared():
    x = ga.tensor([1.0, 2.0])
    np.sum(x**2).backward()
    x.null_grad()
    answer = ga.why_no_grad(x)
    assert "had a gradient, and it was cleared" in answer and line("x.null_grad()") in answer
    np.sum(x**2).backward()
    assert "has a gradient" in ga.why_no_grad(x)
    x.grad = None
    assert line("x.grad = None") in ga.why_no_grad(x)


def test_cleared_by_null_gradients():
    x = ga.tensor([1.0, 2.0])
    loss = np.sum(x**2)
    loss.backward(retain_graph=True)
    loss.null_gradients()
    assert "by null_gradients() of something computed from it" in ga.why_no_grad(x)


def test_computed_and_released():
    x = ga.tensor([1.0, 2.0])
    y = x * 2
    loss = np.sum(y)
    loss.clear_graph()
    answer = ga.why_no_grad(y)
    assert "was computed, by np.multiply" in answer and "clear_graph()" in answer
    z = x * 2
    np.sum(z).backward()
    z.null_grad()
    answer = ga.why_no_grad(z)
    assert "released by a backward()" in answer and "cleared" in answer


def test_a_new_tensor_after_backward():
    x = ga.tensor([1.0, 2.0])
    loss = np.sum(x**2)
    loss.backward()
    x = ga.tensor(x.data - 0.1)
    answer = ga.why_no_grad(x)
    assert "younger than anything that was differentiated" in answer
    assert line("x = ga.tensor(x.data - 0.1)") in answer


def test_an_update_in_a_loop():
    w = ga.tensor([1.0, 2.0])
    for _ in range(3):
        loss = np.sum((w - 3) ** 2)
        loss.backward()
        w -= 0.1 * w.grad
    answer = ga.why_no_grad(w)
    assert "changed in place since" in answer and line("w -= 0.1 * w.grad") in answer


def test_what_is_computed_from_an_updated_tensor_was_not_updated():
    w = ga.tensor([1.0, 2.0])
    y = w * 3
    np.sum(w**2).backward()
    w -= 0.1 * w.grad
    z = w * 3
    assert "changed" not in ga.why_no_grad(y) and "changed" not in ga.why_no_grad(z)
    np.sum(w**2).backward()
    y = w * 3
    w -= 0.1 * w.grad
    assert "changed" not in ga.why_no_grad(y)


def test_what_is_computed_in_the_question():
    x = ga.tensor([1.0, 2.0])
    np.sum(np.exp(x)).backward()
    for answer in (ga.why_no_grad(np.exp(x)), ga.why_no_grad(x[0])):
        assert "computed in this very line" in answer and "part of x.grad" in answer


def test_a_view():
    x = ga.tensor([1.0, 2.0])
    v = x[:1]
    answer = ga.why_no_grad(v)
    assert "v is a view of another tensor" in answer and "not been called yet" in answer


def test_a_transform_hands_gradients_back():
    x = ga.tensor([1.0, 2.0])
    found = ga.grad(np.linalg.norm)(x)
    assert x.grad is None and np.all(np.isfinite(found))
    answer = ga.why_no_grad(x)
    assert "hands the derivatives back" in answer and line("found = ga.grad(np.linalg.norm)(x)") in answer


def test_inside_a_transform():
    answers = []

    def f(x: Any) -> Any:
        y = x * x
        answers.append(ga.why_no_grad(x))
        answers.append(ga.why_no_grad(y))
        return np.sum(y)

    ga.grad(f)(np.ones(2))
    ga.jvp(f, (np.ones(2),), (np.ones(2),))
    assert len(answers) == 4 and all("hands the derivatives back" in answer for answer in answers)


def test_in_a_block_that_notes_lines_they_are_named():
    with ga.detect_anomaly():
        x = ga.tensor([1.0, 2.0])
        y = np.sin(x)
        answer = ga.why_no_grad(x)
    assert re.search(r"np\.sin \(.*test_why\.py:\d+, `y = np\.sin\(x\)`\)", answer) and y.shape == (2,)


def test_a_parameter_of_a_model():
    class Model:
        w = ga.tensor([1.0, 2.0])

    model = Model()
    value = np.sum(model.w.data)
    answer = ga.why_no_grad(model.w)
    assert value == 3 and "model.w" in answer and line("value = np.sum(model.w.data)") in answer


def test_asking_changes_nothing():
    x = ga.tensor([1.0, 2.0])
    y = x * x
    ga.why_no_grad(x), ga.why_no_grad(y)
    np.sum(y).backward()
    assert np.array_equal(x.grad, [2.0, 4.0]) and np.array_equal(y.grad, [1.0, 1.0])
    view = x.data
    x.data = [3.0, 4.0]
    assert np.array_equal(view, [3.0, 4.0])


def test_without_source_it_answers_too():
    scope: dict[str, Any] = {"ga": ga, "np": np}
    exec("x = ga.tensor([1.0, 2.0]); y = np.sin(x); answer = ga.why_no_grad(x)", scope)
    assert scope["answer"].startswith("backward() has not been called yet")
    scope = {"ga": ga, "np": np}
    exec("x = ga.tensor([1.0, 2.0]); answer = ga.why_no_grad(x)", scope)
    assert "the tensor" in scope["answer"]


def test_without_source_the_order_tells_what_was_differentiated():
    scope: dict[str, Any] = {"ga": ga, "np": np}
    exec("w = ga.tensor([3.0]); loss = np.sum(w * 3); loss.backward()", scope)
    exec("x = ga.tensor([1.0]); y = x * 2; answer = ga.why_no_grad(x)", scope)
    assert scope["answer"].startswith("backward() has not been called yet")
    exec("loss = np.sum(w * 3); loss.backward(); answer = ga.why_no_grad(x)", scope)
    assert "does not depend on" in scope["answer"]
