"""Schedules: rates by the number of the step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.nnet import schedules

STEPS = np.arange(40)
PAIRS: dict[str, tuple[Any, Any]] = {
    "constant": (schedules.constant(0.3), lambda t: 0.3),
    "linear": (schedules.linear(0.5, 0.1, 10), lambda t: 0.5 - 0.04 * min(t, 10)),
    "polynomial": (schedules.polynomial(0.5, 0.1, 20, 3), lambda t: 0.4 * (1 - min(t, 20) / 20) ** 3 + 0.1),
    "exponential": (schedules.exponential_decay(0.5, 0.7), lambda t: 0.5 * 0.7**t),
    "slower": (schedules.exponential_decay(0.5, 0.7, steps=8), lambda t: 0.5 * 0.7 ** (t / 8)),
    "staircase": (schedules.exponential_decay(0.5, 0.7, 8, staircase=True), lambda t: 0.5 * 0.7 ** (t // 8)),
    "to a floor": (schedules.exponential_decay(0.5, 0.7, end=0.1), lambda t: max(0.5 * 0.7**t, 0.1)),
    "to a ceiling": (schedules.exponential_decay(0.5, 1.2, end=2.0), lambda t: min(0.5 * 1.2**t, 2.0)),
    "cosine": (
        schedules.cosine_decay(0.5, 30, 0.1),
        lambda t: 0.1 + 0.4 * (1 + math.cos(math.pi * min(t, 30) / 30)) / 2,
    ),
    "piecewise": (
        schedules.piecewise_constant([1.0, 0.5, 0.1], [10, 25]),
        lambda t: 1.0 if t < 10 else 0.5 if t < 25 else 0.1,
    ),
    "warmup": (schedules.warmup(0.4, 5, 0.1), lambda t: 0.1 + 0.3 * min(t, 5) / 5),
    "warmup of one": (
        schedules.warmup(schedules.exponential_decay(0.4, 0.5), 5),
        lambda t: 0.4 * t / 5 if t < 5 else 0.4 * 0.5 ** (t - 5),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_rates(name: str):
    schedule, formula = PAIRS[name]
    expected = [formula(int(t)) for t in STEPS]
    np.testing.assert_allclose([schedule(int(t)) for t in STEPS], expected, rtol=1e-12, atol=1e-15)
    found = schedule(STEPS)
    assert found.shape == STEPS.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


TORCHS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "ExponentialLR": (schedules.exponential_decay(0.5, 0.9), "ExponentialLR", {"gamma": 0.9}),
    "StepLR": (
        schedules.exponential_decay(0.5, 0.1, 7, staircase=True),
        "StepLR",
        {"step_size": 7, "gamma": 0.1},
    ),
    "CosineAnnealingLR": (
        schedules.cosine_decay(0.5, 39, 0.01),
        "CosineAnnealingLR",
        {"T_max": 39, "eta_min": 0.01},
    ),
    "PolynomialLR": (schedules.polynomial(0.5, 0.0, 20, 2), "PolynomialLR", {"total_iters": 20, "power": 2}),
    "LinearLR": (schedules.warmup(0.5, 5, 0.125), "LinearLR", {"start_factor": 0.25, "total_iters": 5}),
    "MultiStepLR": (
        schedules.piecewise_constant([0.5, 0.05, 0.005], [9, 20]),
        "MultiStepLR",
        {"milestones": [9, 20], "gamma": 0.1},
    ),
}


@pytest.mark.parametrize("name", TORCHS)
def test_the_same_rates_as_pytorch(name: str):
    torch = pytest.importorskip("torch", reason="the rates are compared with PyTorch's")
    ours, theirs, options = TORCHS[name]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    scheduler = getattr(torch.optim.lr_scheduler, theirs)(optimizer, **options)
    rates = []
    for _ in STEPS:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose(ours(STEPS), rates, rtol=1e-9, atol=1e-12)


def test_a_rate_is_differentiable():
    def f(rate: Any, decay: Any) -> Any:
        return schedules.warmup(schedules.exponential_decay(rate, decay), 3)(np.arange(8))

    ga.check_grads(f, (0.3, 0.8))


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedules.linear(1.0, 0.0, 0),
        lambda: schedules.cosine_decay(1.0, -3),
        lambda: schedules.exponential_decay(1.0, 0.5, steps=0),
        lambda: schedules.warmup(1.0, 0),
        lambda: schedules.piecewise_constant([1.0, 0.5], [3, 5]),
        lambda: schedules.piecewise_constant([], []),
        lambda: schedules.piecewise_constant([1.0, 0.5, 0.1], [5, 3]),
        lambda: schedules.piecewise_constant([1.0, 0.5], [0]),
    ],
)
def test_mistakes(make: Any):
    with pytest.raises(ValueError, match="schedule"):
        make()
