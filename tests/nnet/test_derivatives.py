"""Every function with a derivative: against differences, to second order, in both modes, in single precision."""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray import nnet
from tests import checks

LABELS = np.array([2, 0, 1, 2])


def normal(*shape: int) -> Callable[[np.random.Generator], Any]:
    return lambda rng: rng.normal(size=shape)


def apart(*shape: int) -> Callable[[np.random.Generator], Any]:
    """Numbers that stay on their side of 0, and of each other, when a difference is taken."""

    def make(rng: np.random.Generator) -> Any:
        n = int(np.prod(shape))
        return (rng.permutation(n) - n / 2 + rng.uniform(0.2, 0.8, n)).reshape(shape) / max(1, n / 8)

    return make


def inside(*shape: int) -> Callable[[np.random.Generator], Any]:
    return lambda rng: rng.uniform(0.1, 0.9, size=shape)


def conv(**options: Any) -> Callable[..., Any]:
    return lambda x, w: nnet.conv_nd(x, w, **options)


def gru(**options: Any) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        *weights, s0 = args
        return nnet.gru(*weights, s0=s0, **options)

    return call


T, N, C, D = 3, 2, 2, 3
UNIT = [normal(T, N, C), *[normal(C, D), normal(D, D), normal(D)] * 3, normal(N, D)]

CASES: dict[str, tuple[Callable[..., Any], list[Callable[[np.random.Generator], Any]]]] = {
    "elu": (lambda x: nnet.elu(x, 0.7), [apart(3, 4)]),
    "elu of a 0-d one": (lambda x: nnet.elu(x, -2), [lambda rng: np.array(-0.3)]),
    "elu, with alpha": (nnet.elu, [apart(3, 4), inside()]),
    "glu": (nnet.glu, [normal(3, 4)]),
    "glu, axis 0": (lambda x: nnet.glu(x, 0), [normal(4, 3)]),
    "hard_tanh": (nnet.hard_tanh, [apart(4, 4)]),
    "hard_tanh, with bounds": (
        lambda x, a, b: nnet.hard_tanh(x, lower_bound=a, upper_bound=b),
        [apart(4, 4), lambda rng: np.array(-0.31), lambda rng: np.array(0.63)],
    ),
    "leaky_relu": (lambda x: nnet.leaky_relu(x, 0.1), [apart(3, 4)]),
    "leaky_relu, with slope": (nnet.leaky_relu, [apart(3, 4), inside()]),
    "logsoftmax": (nnet.logsoftmax, [normal(3, 4)]),
    "logsoftmax, all axes": (lambda x: nnet.logsoftmax(x, axis=None), [normal(3, 4)]),
    "logsoftmax of a 0-d one": (nnet.logsoftmax, [normal()]),
    "relu": (nnet.relu, [apart(3, 4)]),
    "relu of a 0-d one": (nnet.relu, [lambda rng: np.array(0.3)]),
    "selu": (nnet.selu, [apart(3, 4)]),
    "sigmoid": (nnet.sigmoid, [normal(3, 4)]),
    "sigmoid of a 0-d one": (nnet.sigmoid, [normal()]),
    "soft_sign": (nnet.soft_sign, [apart(3, 4)]),
    "softmax": (nnet.softmax, [normal(3, 4)]),
    "softmax, two axes": (lambda x: nnet.softmax(x, axis=(0, 2)), [normal(2, 3, 2)]),
    "tanh": (nnet.tanh, [normal(3, 4)]),
    "focal_loss": (lambda x: nnet.focal_loss(x, LABELS), [inside(4, 3)]),
    "focal_loss, gamma 0.5": (lambda x: nnet.focal_loss(x, LABELS, alpha=3, gamma=0.5), [inside(4, 3)]),
    "focal_loss, gamma 2": (lambda x, a: nnet.focal_loss(x, LABELS, alpha=a, gamma=2), [inside(4, 3), normal(4)]),
    "margin_ranking_loss": (lambda a, b: nnet.margin_ranking_loss(a, b, [1, -1, 1], 0.5), [apart(3, 2), inside(3, 2)]),
    "margin_ranking_loss of vectors": (lambda a, b: nnet.margin_ranking_loss(a, b, -1, 0.5), [apart(3), inside(3)]),
    "multiclass_hinge": (lambda x: nnet.multiclass_hinge(x, LABELS, 0.6), [normal(4, 3)]),
    "negative_log_likelihood": (lambda x: nnet.negative_log_likelihood(x, LABELS), [normal(4, 3)]),
    "negative_log_likelihood, weighted": (
        lambda x, w: nnet.negative_log_likelihood(x, LABELS, weights=w),
        [normal(4, 3), normal(3)],
    ),
    "softmax_crossentropy": (lambda x: nnet.softmax_crossentropy(x, LABELS), [normal(4, 3)]),
    "softmax_focal_loss": (lambda x: nnet.softmax_focal_loss(x, LABELS, gamma=1.5), [normal(4, 3)]),
    "batchnorm": (lambda x: nnet.batchnorm(x, eps=1e-3), [normal(3, 2, 2)]),
    "batchnorm, affine": (
        lambda x, gamma, beta: nnet.batchnorm(x, gamma=gamma, beta=beta, eps=0),
        [normal(4, 2), normal(2), normal(2)],
    ),
    "conv_nd": (conv(stride=1), [normal(2, 2, 5), normal(3, 2, 3)]),
    "conv_nd, in a plane": (conv(stride=(2, 1), padding=(1, 0)), [normal(2, 2, 3, 4), normal(2, 2, 3, 2)]),
    "conv_nd, dilated": (conv(stride=2, padding=1, dilation=2), [normal(1, 2, 7), normal(2, 2, 3)]),
    "conv_nd, in space": (conv(stride=1), [normal(1, 1, 2, 3, 2), normal(1, 1, 2, 2, 1)]),
    "gru": (gru(), UNIT),
    "max_pool": (lambda x: nnet.max_pool(x, (2, 2), 2), [apart(2, 4, 4)]),
    "max_pool, overlapping": (lambda x: nnet.max_pool(x, (3,), (1,)), [apart(2, 5)]),
    "max_pool, wide": (lambda x: nnet.max_pool(x, (6, 6), (1, 2)), [apart(7, 8)]),
    "sliding_window_view": (lambda x: ga.sliding_window_view(x, (2, 2), (1, 2), (2, 1)), [normal(2, 4, 4)]),
}
each = pytest.mark.parametrize("name", CASES)


def case(name: str) -> tuple[Callable[..., Any], list[Any], np.random.Generator]:
    """Return the call, which gives an array for arrays, its operands, and what draws directions."""
    function, operands = CASES[name]
    rng = np.random.default_rng(zlib.crc32(name.encode()))

    def call(*xs: Any) -> Any:
        result = function(*xs)
        plain = isinstance(result, ga.Tensor) and not any(isinstance(x, ga.Tensor) for x in xs)
        return ga.asarray(result)[()] if plain else result

    return call, [make(rng) for make in operands], rng


@each
def test_value(name: str) -> None:
    call, operands, _ = case(name)
    checks.check_forward(call, operands)
    checks.check_constants(call, operands)


@each
def test_gradient(name: str) -> None:
    checks.check_gradient(*case(name))


@each
def test_second_order(name: str) -> None:
    checks.check_second_order(*case(name))


@each
def test_forward_mode(name: str) -> None:
    checks.check_forward_mode(*case(name))


@each
def test_modes_at_second_order(name: str) -> None:
    checks.check_modes_at_second_order(*case(name))


@each
def test_each_operand_alone(name: str) -> None:
    checks.check_subsets(*case(name))


@each
def test_nothing_is_changed(name: str) -> None:
    checks.check_no_mutation(*case(name))


@each
def test_single_precision(name: str) -> None:
    call, operands, rng = case(name)
    checks.check_precision(call, operands, np.float32, 1e-4, rng)
    checks.check_forward_precision(call, operands, np.float32, 1e-4, rng)


@each
def test_other_memory_orders(name: str) -> None:
    call, operands, rng = case(name)
    reversed_ones = [np.flip(np.array(np.flip(x))) for x in operands]
    checks.check_same(call, operands, call, [np.array(x, order="F") for x in operands], rng)
    checks.check_same(call, operands, call, reversed_ones, rng)


@each
def test_jacobian_and_hessian(name: str) -> None:
    call, operands, rng = case(name)
    places = tuple(range(len(operands)))
    rows, columns = ga.jacrev(call, places)(*operands), ga.jacfwd(call, places)(*operands)
    for row, column in zip(rows, columns, strict=True):
        np.testing.assert_allclose(row, column, rtol=1e-10, atol=1e-12)
    weights = rng.normal(size=np.shape(call(*operands)))

    def weighed(x: Any) -> Any:
        return np.sum(call(x, *operands[1:]) * weights)

    expected = ga.jacobian(ga.grad(weighed))(operands[0])
    np.testing.assert_allclose(ga.hessian(weighed)(operands[0]), expected, rtol=1e-9, atol=1e-10)
