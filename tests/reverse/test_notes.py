"""What is noted at NumPy's errors: the call, and the shapes of its operands."""

from __future__ import annotations

import importlib
import pkgutil
import warnings

import numpy as np
import pytest

import gradarray as ga
from tests import samples

SEVERAL = [
    sample
    for module in pkgutil.iter_modules(samples.__path__)
    for sample in importlib.import_module(f"tests.samples.{module.name}").SAMPLES
    if len(sample.operands) > 1 and not (getattr(sample.func, "__module__", None) or "").startswith("tests")
]
STRANGE = (7, 1, 11)  # fits to hardly anything


def raised(call, *args):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(*args)
    except Exception as error:
        return error
    return None


def told(error):
    """Return the text of an error and its notes."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def forward(call, arrays):
    return lambda *_: ga.jvp(call, tuple(arrays), tuple(np.ones_like(x) for x in arrays))


@pytest.mark.parametrize("sample", SEVERAL, ids=lambda sample: sample.name)
def test_an_error_of_shapes_tells_each_of_them(sample, rng):
    for k in range(len(sample.operands)):
        arrays = [x.make(rng) for x in sample.operands]
        arrays[k] = np.resize(arrays[k] if arrays[k].size else np.ones(1), STRANGE)
        numpys = raised(sample, *arrays)
        if numpys is None:
            continue
        several = [(sample, [ga.tensor(x) for x in arrays]), (forward(sample, arrays), arrays)]
        if not sample.kwargs and sample.takes_lists:  # otherwise it may be one on which NumPy does not dispatch
            several.append((sample, [ga.tensor(x) if i == k else x for i, x in enumerate(arrays)]))
        for call, operands in several:
            error = raised(call, *operands)
            assert error is not None
            for x in arrays:
                assert str(x.shape).replace(" ", "") in told(error).replace(" ", ""), told(error)
            assert len(getattr(error, "__notes__", ())) <= 1, told(error)


A, B = np.ones((5, 4)), np.ones((3, 4))
NOTE = "in np.matmul of an ndarray (5, 4) and a Tensor (3, 4)"


def update(t):
    t += np.ones(7)


def multiplied(t):
    t @= A


# What is called with a Tensor of the shape (3, 4), and the note.
CALLS = [
    (lambda t: A @ t, NOTE),
    (lambda t: np.matmul(A, t), NOTE),
    (lambda t: ga.matmul(A, t), NOTE),
    (lambda t: np.matmul(A, t, out=np.empty((5, 4))), NOTE.replace(" and", ",") + " and an ndarray (5, 4) as out"),
    (lambda t: t @ A, "in np.matmul of a Tensor (3, 4) and an ndarray (5, 4)"),
    (lambda t: t.dot(A), "in np.dot of a Tensor (3, 4) and an ndarray (5, 4)"),
    (lambda t: t @ [1.0, 2.0], "in np.matmul of a Tensor (3, 4) and a list (2,)"),
    (lambda t: t + A, "in np.add of a Tensor (3, 4) and an ndarray (5, 4)"),
    (lambda t: t < A, "in np.less of a Tensor (3, 4) and an ndarray (5, 4)"),
    (update, "in np.add of a Tensor (3, 4) and an ndarray (7,)"),
    (multiplied, "in np.matmul of a Tensor (3, 4) and an ndarray (5, 4)"),
    (lambda t: np.concatenate([t, t.T]), "in np.concatenate of a list of a Tensor (3, 4) and a Tensor (4, 3)"),
    (lambda t: ga.stack((t, t.T)), "in np.stack of a tuple of a Tensor (3, 4) and a Tensor (4, 3)"),
    (
        lambda t: np.average(t, weights=np.ones(7), axis=1),
        "in np.average of a Tensor (3, 4) and an ndarray (7,) as weights",
    ),
    (lambda t: t.compress([True] * 9, axis=0), "in np.compress of a list (9,) and a Tensor (3, 4)"),
    (lambda t: np.linalg.inv(t), "in np.linalg.inv of a Tensor (3, 4)"),
    (lambda t: ga.linalg.solve(t, 2.0 * A), "in np.linalg.solve of a Tensor (3, 4) and an ndarray (5, 4)"),
    (lambda t: np.add.reduce(t, axis=5), "in np.add.reduce of a Tensor (3, 4) and an int as axis"),
]


@pytest.mark.parametrize(("call", "note"), CALLS, ids=lambda x: x if isinstance(x, str) else "")
def test_the_call_is_noted_once(call, note):
    for t in (ga.tensor(B), ga.tensor(B, constant=True)):
        error = raised(call, t)
        assert error.__notes__ == [note]
        assert str(error) == str(raised(call, B))  # NumPy's own
    dual = raised(lambda: ga.jvp(call, (B,), (B,), drop_in=False))
    if call is not update:  # which rebinds the name
        assert dual.__notes__ == [note.replace("Tensor", "Dual")]
        (found,) = raised(lambda: ga.jvp(call, (B,), (B,))).__notes__  # arrays that are made here are Duals, too
        assert found.replace("an ndarray", "a Dual") == note.replace("an ndarray", "a Dual").replace("Tensor", "Dual")


def test_many_operands_are_counted():
    error = raised(lambda: np.concatenate([ga.tensor(np.ones(2))] * 9 + [ga.tensor(B)]))
    assert error.__notes__ == ["in np.concatenate of a list of " + "a Tensor (2,), " * 7 + "a Tensor (2,) and 2 more"]


def test_a_function_of_the_users_within_one_of_numpys_is_noted_as_well():
    error = raised(lambda: np.apply_along_axis(lambda row: row @ np.ones(2), 0, ga.tensor(B)))
    assert error.__notes__ == [
        "in np.matmul of a Tensor (3,) and an ndarray (2,)",
        "in np.apply_along_axis of a Tensor (3, 4)",
    ]


def test_an_error_that_is_caught_leaves_no_note_at_the_next_one():
    t = ga.tensor(B)
    first, second = raised(lambda: A @ t), raised(lambda: t @ A)
    assert first is not second
    assert len(second.__notes__) == 1


def test_nested_lists_are_described_item_by_item():
    with pytest.raises(ValueError) as error:
        np.block([[ga.tensor(np.ones((2, 3))), np.ones((1, 2))], [1.0]])
    assert "a list of a list of a Tensor (2, 3) and an ndarray (1, 2) and a list" in error.value.__notes__[-1]
