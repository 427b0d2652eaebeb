"""Eigenvalues whose vectors nobody asks for, though they were found: the gradient is by what is read of the matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga

RNG = np.random.default_rng(0)
W = RNG.standard_normal(4)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("name", ["eigh L", "eigh U", "eig"])
def test_gradients_of_values_alone(name: str, is_complex: bool) -> None:
    a, t = RNG.standard_normal((2, 2, 4, 4)) + (1j * RNG.standard_normal((2, 2, 4, 4)) if is_complex else 0)
    calls: dict[str, Any] = {
        "eigh L": lambda a: np.linalg.eigh(a)[0],
        "eigh U": lambda a: np.linalg.eigh(a, "U")[0],
        "eig": lambda a: np.linalg.eig(a)[0],
    }

    def f(a: Any) -> Any:
        return np.sum(W * np.abs(calls[name](a)) ** 2)

    gradient, step = ga.grad(f)(a), 1e-6
    across = (f(a + step * t) - f(a - step * t)) / (2 * step)
    assert np.real(np.vdot(gradient, t)) == pytest.approx(across, rel=1e-6)
    slope = (ga.grad(f)(a + step * t) - ga.grad(f)(a - step * t)) / (2 * step)
    if not is_complex:
        np.testing.assert_allclose(ga.jvp(ga.grad(f), (a,), (t,))[1], slope, rtol=1e-4, atol=1e-4)
    if name != "eig":
        unread = np.triu(gradient, 1) if name == "eigh L" else np.tril(gradient, -1)
        assert not unread.any()
