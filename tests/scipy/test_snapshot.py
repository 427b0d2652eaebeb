"""What a user's function reads: told apart by all that may change of it, or not known."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy")
from gradarray.solvers.snapshot import snapshot

RATE, TABLE, LIMITS, OTHER = 2.0, np.ones(3), [1.0, 2.0], {"a": 1.0}


class Settings:
    rate = 1.0


SETTINGS = Settings()


def by_number(y: Any) -> Any:
    return RATE * math.exp(y)


def by_array(y: Any, scale: float = 1.0, *, shift: float = 0.5) -> Any:
    return TABLE @ y * scale + shift


def by_list(y: Any) -> Any:
    return LIMITS[0] * y + OTHER["a"] + float(len(LIMITS))


def by_another(y: Any) -> Any:
    return by_number(y) + by_list(y) + max(1.0, 2.0)


def by_itself(y: Any) -> Any:
    return by_itself(y - 1) if y > 0 else RATE


def changed_rate(monkeypatch: Any) -> None:
    monkeypatch.setitem(globals(), "RATE", 3.0)


def changed_table(monkeypatch: Any) -> None:
    monkeypatch.setitem(globals(), "TABLE", np.ones(3))


def changed_content(_: Any) -> None:
    TABLE[1] += 1


def changed_list(_: Any) -> None:
    LIMITS[1] += 1


def changed_dict(monkeypatch: Any) -> None:
    monkeypatch.setitem(OTHER, "a", 5.0)


def changed_default(monkeypatch: Any) -> None:
    monkeypatch.setattr(by_array, "__defaults__", (2.0,))


def changed_keyword(monkeypatch: Any) -> None:
    monkeypatch.setattr(by_array, "__kwdefaults__", {"shift": 0.7})


CHANGES = [
    (by_number, changed_rate),
    (by_itself, changed_rate),
    (by_another, changed_rate),
    (by_another, changed_list),
    (by_another, changed_dict),
    (by_list, changed_list),
    (by_list, changed_dict),
    (by_array, changed_table),
    (by_array, changed_content),
    (by_array, changed_default),
    (by_array, changed_keyword),
    (functools.partial(by_array, scale=2.0), changed_content),
    ((lambda f: lambda y: f(y))(by_number), changed_rate),
]


@pytest.mark.parametrize(("func", "change"), CHANGES)
def test_changes_are_seen(func: Any, change: Any, monkeypatch: Any) -> None:
    before = snapshot(func)
    assert before is not None and before == snapshot(func)
    change(monkeypatch)
    assert snapshot(func) not in (before, None)


def test_zeros_and_what_is_no_number() -> None:
    assert snapshot(0.0) != snapshot(-0.0) and snapshot(math.nan) == snapshot(math.nan)
    assert snapshot(1) != snapshot(1.0) and snapshot(np.float64(1)) != snapshot(1.0)


def drawn() -> Any:
    numbers = iter(range(9))
    return lambda y: y + next(numbers)


def counting() -> Any:
    def count(y: Any) -> Any:
        global RATE
        RATE += 1
        return y

    return count


def unbound() -> Any:
    if TABLE is None:
        later = 1.0
    return lambda y: y + later


UNKNOWN = [
    lambda y: SETTINGS.rate * y,
    lambda y: Settings.rate * y,
    lambda y: pytest.approx(y),
    drawn(),
    counting(),
    unbound(),
    SETTINGS.__init__,
    LIMITS.append,
    np.array([None]),
]


@pytest.mark.parametrize("func", UNKNOWN)
def test_what_is_not_known(func: Any) -> None:
    assert snapshot(func) is None
