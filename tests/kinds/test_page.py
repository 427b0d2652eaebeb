"""``python -m gradarray coverage --arrays``: what the page says is what happens, and it would say so if it were not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.__main__ import main
from gradarray.show import arrays
from gradarray.show.arrays import COMPUTED, REFUSED, RIGHT, WRONG, Answer, Kind, kinds, outcome
from gradarray.show.device import Device
from gradarray.show.operations import BY_VALUES, TABLE, VECTOR, Trial

KINDS = {kind.name: kind for kind in kinds()}
DECIDED = {op.name: op for op in TABLE if op.section == BY_VALUES}
# What is not right, by the kind of array.
OTHERWISE = {
    "Batch": {"branch": REFUSED, "until it has converged": REFUSED, "elements of a mask": REFUSED},
    "Dask": {
        "branch": COMPUTED,
        "until it has converged": COMPUTED,
        "elements of a mask": REFUSED,
        "unique": REFUSED,
    },
}
SOME = [op for op in TABLE if op.name in ("power", "float32", "softmax", "sort", "assignment")]


def operation(call: Any) -> Trial:
    return Trial("made up", VECTOR, call, BY_VALUES)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_said_of_a_kind(name: str) -> None:
    found = {op.name: outcome(KINDS[name], op) for op in (*SOME, *DECIDED.values())}
    words = {op: a.word for op, a in found.items()}
    assert words == dict.fromkeys(words, RIGHT) | OTHERWISE.get(name, {})
    for a in found.values():
        if a.word == REFUSED:
            assert any(told in a.why for told in ("np.where", "known only once it is computed")), a.why


@pytest.mark.parametrize("op", TABLE, ids=[op.name for op in TABLE])
def test_many_arrays_as_one(op: Trial) -> None:
    assert outcome(KINDS["Batch"], op).word == OTHERWISE["Batch"].get(op.name, RIGHT)


def test_what_is_wrong_is_called_so() -> None:
    @ga.custom_gradient
    def off(x: Any) -> Any:
        return x**2, lambda g: g * 2.002 * x

    assert outcome(KINDS["ndarray"], operation(off)).word == WRONG
    assert outcome(KINDS["Tensor"], operation(lambda x: off(x) * x)).word == WRONG

    def by_the_call(x: Any) -> Any:
        calls.append(x)
        return x * (1.0 + 1e-3 * len(calls))

    for name in ("Dual", "Batch"):
        calls: list[Any] = []
        assert outcome(KINDS[name], operation(by_the_call)).word == WRONG


def test_what_is_wrong_of_another_library_is_called_so() -> None:
    device = KINDS["device"]

    def of_devices(factor: float) -> Trial:
        return operation(lambda x: x * (factor if type(getattr(x, "data", x)) is Device else 1.0))

    assert outcome(device, of_devices(1.0)).word == RIGHT
    assert outcome(device, of_devices(1.001)).word == WRONG
    assert outcome(device, operation(lambda x: np.asarray(x.data))).word == REFUSED
    narrow = arrays.Guests(Device, lambda x: np.float32(x.get()))
    assert outcome(Kind("narrow", "", narrow), operation(np.sin)).word == WRONG
    looking = arrays.Guests(Device, Device.get, iter(range(9)).__next__)
    assert outcome(Kind("looking", "", looking), operation(np.sin)).word == COMPUTED


def test_the_page(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "TABLE", [*SOME, *DECIDED.values()])
    monkeypatch.setattr(arrays, "kinds", lambda: [KINDS["ndarray"], KINDS["Batch"]])
    assert main(["coverage", "--arrays"]) == 0
    page = capsys.readouterr().out
    rows = {line[:34].strip(): line[34:].split() for line in page.splitlines()}
    assert rows["all"] == ["9", "6/9"]
    assert rows[BY_VALUES] == ["4", "1/4"]
    assert "Batch, branch: refused (VmapError: vmap maps all elements at once" in page
    assert "CuPy is not installed" in page
    assert f"{BY_VALUES}: branch, until it has converged" in page
    assert max(map(len, page.splitlines())) <= arrays.WIDTH
    wrong = Kind("broken", "", lambda _: not_so())
    monkeypatch.setattr(arrays, "kinds", lambda: [wrong])
    assert main(["coverage", "--arrays"]) == 1
    assert outcome(wrong, SOME[0]) == Answer(WRONG, "it is not so")


def not_so() -> bool:
    raise AssertionError("it is not so")
