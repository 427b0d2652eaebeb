"""``python -m gradarray coverage``: with a name, the derivative of a function, which runs and is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.__main__ import main
from gradarray.show.coverage import derivative_of


def shown(name: str) -> tuple[str, dict[str, Any]]:
    """Return the text, and what its code defines with nothing but NumPy at hand."""
    text = derivative_of(name)
    scope: dict[str, Any] = {"np": np}
    _, found, code = text.partition("\n\n")
    assert found
    exec(code, scope)
    return text, scope


@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("np.tanh", [np.array([0.1, -0.7, 2.0])]),
        ("numpy.arccosh", [np.array([1.1, 1.7, 2.0])]),
        ("np.multiply", [np.array([0.1, -0.7, 2.0]), np.array([3.0, 4.0, 5.0])]),
        ("np.linalg.inv", [np.array([[2.0, 1.0], [0.5, 3.0]])]),
        ("np.fft.irfft", [np.array([0.1, -0.7, 2.0])]),
    ],
)
def test_source_of_a_derivative_agrees_with_differences(name: str, operands: list[Any]) -> None:
    text, scope = shown(name)
    last = name.rpartition(".")[2]
    assert text.startswith(name.replace("numpy.", "np."))
    func: Any = np
    for part in name.split(".")[1:]:
        func = getattr(func, part)
    g = np.cos(np.arange(func(*operands).size)).reshape(func(*operands).shape)
    pulled = scope[f"{last}_vjp"](*operands, g)
    for k, c in enumerate(pulled if isinstance(pulled, tuple) else (pulled,)):
        for place in np.ndindex(operands[k].shape):
            high, low = ([x.copy() for x in operands] for _ in range(2))
            high[k][place] += 1e-6
            low[k][place] -= 1e-6
            assert c[place] == pytest.approx(np.sum(g * (func(*high) - func(*low))) / 2e-6, rel=1e-6, abs=1e-8)


def test_what_stays_fixed_is_no_operand() -> None:
    _, scope = shown("np.where")
    condition, g = np.array([True, False, True]), np.array([1.0, 2.0, 3.0])
    left, right = scope["where_vjp"](condition, np.ones(3), np.ones(3), g)
    np.testing.assert_array_equal(left, [1, 0, 3])
    np.testing.assert_array_equal(right, [0, 2, 0])


def test_sequences() -> None:
    _, scope = shown("np.concatenate")
    first, second = scope["concatenate_vjp"](np.ones(3), np.ones(3), np.arange(6.0))
    np.testing.assert_array_equal(first, [0, 1, 2])
    np.testing.assert_array_equal(second, [3, 4, 5])


def test_why_there_is_none() -> None:
    assert "a constant, or the derivative is zero" in derivative_of("np.floor")
    assert "depends on how it is called" in derivative_of("np.einsum")
    refused = next(rule for rule in ga.show.coverage.partition().values() if rule is not None and rule.refuses)
    assert f"It is refused, because {refused.reason}" in derivative_of(refused.name)


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "np.tanh"]) == 0
    assert "def tanh_vjp(x, g):" in capsys.readouterr().out
    assert main(["coverage", "np.no_such"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err == f"np.no_such is no function of NumPy {np.__version__}\n"
