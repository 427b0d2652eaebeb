"""A node prints the call that it stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga

CALLS = {
    "np.sin(leaf)": lambda x: np.sin(x),
    "np.multiply(leaf, 2)": lambda x: x * 2,
    "np.multiply(leaf, leaf)": lambda x: x * x,
    "np.sum(np.sin(...), axis=0)": lambda x: np.sum(np.sin(x), axis=0),
    "leaf[0, 1:]": lambda x: x[0, 1:],
    "leaf[None, ..., ::2]": lambda x: x[None, ..., ::2],
    "leaf[<array (2,)>]": lambda x: x[[0, 1]],
    "np.concatenate([leaf, np.exp(...)])": lambda x: np.concatenate([x, np.exp(x)]),
    "np.matmul(leaf, <array (3, 2)>)": lambda x: x @ np.ones((3, 2)),
}


@pytest.mark.parametrize("text", CALLS)
def test_a_call(text: str) -> None:
    x = ga.tensor(np.arange(6.0).reshape(2, 3))
    y = CALLS[text](x)
    assert repr(y.creator) == f"Node({text}, shape={y.shape}, dtype=float64)"


def test_updates_and_what_they_lead_to() -> None:
    x = ga.tensor([1.0, 2.0, 3.0])
    y = np.exp(x)
    y[0] = 5.0
    assert repr(y.creator) == "Node(np.exp(...)[0] = ..., shape=(3,), dtype=float64)"
    y[1:] = x[:2]
    assert repr(y.creator) == "Node(updated(...)[1:] = getitem(...), shape=(3,), dtype=float64)"
    assert repr(np.cos(y).creator).startswith("Node(np.cos(updated(...)), ")


def test_leaves_and_what_is_released() -> None:
    x = ga.tensor([1.0, 2.0])
    y = np.sum(x)
    assert repr(y.creator.parents[0]) == "Node(leaf, shape=(2,), dtype=float64)"
    node = y.creator
    y.backward()
    assert repr(node) == "Node(np.sum, released, shape=(), dtype=float64)"


def test_an_argument_of_a_transform() -> None:
    seen: list[str] = []

    def f(x: Any) -> Any:
        y = x * 2
        seen.append(repr(y.creator))
        return np.sum(y)

    ga.grad(f)(ga.tensor([1.0, 2.0]))
    assert seen == ["Node(np.multiply(argument, 2), shape=(2,), dtype=float64)"]
