"""Initial values: what is drawn, from which seed, and in which shape and precision."""

import math
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.nnet import initializers

SHAPE = (64, 32, 3, 5)
INPUTS, OUTPUTS = 32 * 15, 64 * 15
STANDARD = {
    "normal": 1.0,
    "glorot_normal": math.sqrt(2 / (INPUTS + OUTPUTS)),
    "he_normal": 1 / math.sqrt(INPUTS),
    "uniform": 1 / math.sqrt(12),
    "glorot_uniform": math.sqrt(2 / (INPUTS + OUTPUTS)),
    "he_uniform": 1 / math.sqrt(INPUTS),
}
each = pytest.mark.parametrize("name", STANDARD)


def drawn(name: str, *args: Any, **kwargs: Any) -> Any:
    np.random.seed(5)  # noqa: NPY002
    return getattr(initializers, name)(*args, **kwargs)


@each
def test_mean_and_deviation(name: str) -> None:
    w = drawn(name, SHAPE, dtype=float).data
    assert w.shape == SHAPE
    assert np.std(w) == pytest.approx(STANDARD[name], rel=0.02)
    assert np.mean(w) == pytest.approx(0.5 if name == "uniform" else 0, abs=0.02 * STANDARD[name])
    if "uniform" in name:
        half = STANDARD[name] * math.sqrt(3)
        assert np.ptp(w) == pytest.approx(2 * half, rel=1e-3)


@each
def test_shape_precision_seed_and_constants(name: str) -> None:
    w = drawn(name, *SHAPE)
    assert isinstance(w, ga.Tensor)
    assert w.dtype == np.float32
    assert not w.constant
    np.testing.assert_array_equal(w, drawn(name, list(SHAPE)))
    assert drawn(name, SHAPE, dtype="float16", constant=True).constant
    with pytest.raises(ValueError, match=r"needs a floating-point dtype, got int64"):
        drawn(name, SHAPE, dtype=np.int64)


@pytest.mark.parametrize("name", [name for name in STANDARD if "_" in name])
def test_gain_and_the_least_axes(name: str) -> None:
    np.testing.assert_allclose(drawn(name, 6, 4, gain=3, dtype=float), 3 * drawn(name, (6, 4), dtype=float).data)
    np.testing.assert_array_equal(drawn(name, 6, 4, gain=ga.tensor(3.0)), drawn(name, 6, 4, gain=3))
    with pytest.raises(ValueError, match=f"{name} needs a shape with at least 2 axes"):
        drawn(name, 6)


def test_parameters_of_the_draws() -> None:
    w = drawn("normal", 10_000, mean=ga.tensor(3.0), std=ga.tensor(0.1)).data
    assert (np.mean(w), np.std(w)) == (pytest.approx(3, abs=0.01), pytest.approx(0.1, rel=0.05))
    w = drawn("uniform", 1000, lower_bound=ga.tensor(-3), upper_bound=-2).data
    assert -3 <= np.min(w) < -2.99 < -2.01 < np.max(w) < -2
    assert drawn("normal", (), std=0).shape == ()
    with pytest.raises(ValueError, match="`std` must not be negative, got -1"):
        drawn("normal", 2, std=-1)
    with pytest.raises(ValueError, match="`lower_bound` must be below `upper_bound`, got 1 and 1"):
        drawn("uniform", 2, lower_bound=1)


def test_constant() -> None:
    np.testing.assert_array_equal(initializers.constant(2, 3), np.zeros((2, 3)))
    w = initializers.constant((2, 2), value=7)
    assert (w.dtype, w.constant) == (np.dtype(int), True)
    assert initializers.constant(4, value=1, dtype=np.float32).dtype == np.float32
    assert initializers.constant(3, constant=True).constant


@pytest.mark.parametrize("name", [name for name in STANDARD if "_" in name])
def test_weights_that_connect_nothing(name: str) -> None:
    for shape in ((3, 0), (0, 3), (0, 0), (2, 3, 0)):
        assert drawn(name, shape).shape == shape


def test_a_length_may_be_a_whole_number_of_any_kind() -> None:
    for n in (3, np.int64(3), np.array(3), ga.tensor(3)):
        assert drawn("normal", n).shape == (3,)


def test_identity_is_the_mirrors() -> None:
    np.testing.assert_array_equal(initializers.identity(3), np.eye(3))


@pytest.mark.parametrize("shape", [(2, 2), (3, 2, 3), (2, 4, 3, 5)])
def test_dirac_passes_channels_on(shape: tuple[int, ...]) -> None:
    w = initializers.dirac(*shape, dtype=float)
    x = np.random.default_rng(0).normal(size=(2, shape[1], *[6] * (len(shape) - 2)))
    if len(shape) == 2:
        y = x @ w.data.T
    else:
        padding = [n // 2 for n in shape[2:]]
        y = ga.nnet.conv_nd(x, w, stride=1, padding=padding).data
    both = min(shape[:2])
    np.testing.assert_allclose(y[:, :both], x[:, :both])
    assert np.all(y[:, both:] == 0)
    assert initializers.dirac(shape).dtype == np.float32
    with pytest.raises(ValueError, match="dirac needs a shape with at least 2 axes"):
        initializers.dirac(3)
