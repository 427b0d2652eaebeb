"""Values against formulas, at special points too, and what is common to all functions: constants, lists, dtypes."""

import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray import nnet

RNG = np.random.default_rng(0)
X = np.array([-800.0, -1.5, -1e-9, 0.0, 1e-9, 0.3, 2.0, 800.0])
SCORES = RNG.normal(size=(5, 3))
LABELS = np.array([0, 2, 1, 1, 0])


def close(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(ga.asarray(actual), expected, rtol=1e-13, atol=1e-300)


# --- activations -----------------------------------------------------------------------------------------------------


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


ACTIVATIONS: dict[str, tuple[Any, Any]] = {
    "elu": (lambda x: nnet.elu(x, 0.7), lambda x: x if x >= 0 else 0.7 * math.expm1(x)),
    "hard_tanh": (lambda x: nnet.hard_tanh(x, upper_bound=1.5), lambda x: min(max(x, -1), 1.5)),
    "leaky_relu": (lambda x: nnet.leaky_relu(x, 0.1), lambda x: x if x >= 0 else 0.1 * x),
    "relu": (nnet.relu, lambda x: max(x, 0.0)),
    "selu": (
        nnet.selu,
        lambda x: 1.0507009873554805 * (x if x >= 0 else 1.6732632423543772 * math.expm1(x)),
    ),
    "soft_sign": (nnet.soft_sign, lambda x: x / (1 + abs(x))),
    "tanh": (nnet.tanh, math.tanh),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name: str) -> None:
    function, formula = ACTIVATIONS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        close(function(X), [formula(x) for x in X.tolist()])


def test_sigmoid_is_right_wherever_it_is_and_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # From about -708 on its inverse overflows, and it is 0.
        np.testing.assert_allclose(nnet.sigmoid(X).data, [logistic(x) for x in X.tolist()], rtol=1e-15, atol=1e-307)
        y = nnet.sigmoid(np.array([-1e4, 1e4, -np.inf, np.inf]))
    np.testing.assert_array_equal(y, [0, 1, 0, 1])
    assert nnet.sigmoid(np.array([np.float32(-200.0)])).dtype == np.float32


def test_elu_keeps_its_digits_near_zero_in_single_precision() -> None:
    x = -np.logspace(-30, 2, 100)
    y = nnet.elu(x.astype(np.float32), 1.0).data.astype(float)
    np.testing.assert_allclose(y, np.expm1(x), rtol=5e-7)


def test_glu_is_one_half_times_the_gate_of_the_other() -> None:
    x = RNG.normal(size=(4, 6))
    close(nnet.glu(x), x[:, :3] / (1 + np.exp(-x[:, 3:])))
    close(nnet.glu(x, 0), x[:2] / (1 + np.exp(-x[2:])))
    close(nnet.glu(x, np.int64(-2)), nnet.glu(x, axis=np.array(0)).data)


KINKS: dict[str, tuple[Any, list[float], list[float]]] = {
    "relu": (nnet.relu, [0.0, -0.0, np.inf, -np.inf], [0, 0, 1, 0]),
    "leaky_relu": (lambda x: nnet.leaky_relu(x, 0.1), [0.0, np.inf, -np.inf], [0, 1, 0.1]),
    "elu": (lambda x: nnet.elu(x, 0.5), [0.0, np.inf, -np.inf], [1, 1, 0]),
    "selu": (nnet.selu, [0.0, np.inf, -np.inf], [1.0507009873554805, 1.0507009873554805, 0]),
    "hard_tanh": (nnet.hard_tanh, [-1.0, 1.0, np.inf, -np.inf], [0, 0, 0, 0]),
    "soft_sign": (nnet.soft_sign, [0.0], [1]),
    "sigmoid": (nnet.sigmoid, [0.0, -1e4, 1e4, np.inf, -np.inf], [0.25, 0, 0, 0, 0]),
    # The zero that a bound or the other side puts in wins over what is infinite.
    "relu of an infinite slope": (lambda x: nnet.relu(np.sqrt(x) - 1), [0.0, 4.0], [0, 0.25]),
    "hard_tanh of an infinite slope": (lambda x: nnet.hard_tanh(np.sqrt(x) + 1), [0.0, 4.0], [0, 0]),
}


@pytest.mark.parametrize("name", KINKS)
def test_derivative_at_a_kink_and_at_infinity(name: str) -> None:
    function, points, slopes = KINKS[name]
    x = ga.tensor(points)
    function(x).backward()
    close(x.grad, slopes)


@pytest.mark.parametrize("function", [nnet.leaky_relu, nnet.elu])
def test_mixed_derivatives_at_a_kink(function: Any) -> None:
    def mixed(first: int, second: int) -> Any:
        slope = ga.grad(lambda *args: np.sum(function(*args)), first)
        return ga.jacobian(lambda *args: slope(*args), second)(np.float32([-1.0, 0.0, 2.0]), np.float32(0.1))

    one, other = mixed(0, 1), mixed(1, 0)
    assert one.dtype == other.dtype == np.float32
    np.testing.assert_allclose(one, other, rtol=1e-6)
    assert (one[1], one[2]) == (0, 0)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_is_passed_on(name: str) -> None:
    function, _ = ACTIVATIONS[name]
    x = ga.tensor([np.nan, 2.0])
    y = function(x)
    assert np.isnan(y.data[0])
    y.backward()
    assert x.grad[0] != 0


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e300])
def test_softmax_and_its_logarithm_do_not_overflow(scale: float) -> None:
    x = SCORES * scale
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p, log_p = nnet.softmax(x), nnet.logsoftmax(x)
    expected = np.array([[1 / math.fsum(np.exp(np.minimum(row - s, 700.0))) for s in row] for row in x])
    np.testing.assert_allclose(p.data, expected, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(np.sum(p.data, axis=1), 1)
    np.testing.assert_allclose(np.exp(log_p.data), p.data, rtol=1e-12, atol=1e-300)
    assert np.all(np.isfinite(log_p.data))


@pytest.mark.parametrize("function", [nnet.softmax, nnet.logsoftmax])
def test_softmax_along_other_axes(function: Any) -> None:
    x = RNG.normal(size=(2, 3, 4))
    close(function(x, axis=None), function(x.reshape(-1)).data.reshape(x.shape))
    close(
        function(x, axis=(0, 2)), np.moveaxis(function(np.moveaxis(x, 1, 0).reshape(3, 8)).data.reshape(3, 2, 4), 0, 1)
    )
    assert function(3.0).data == (1 if function is nnet.softmax else 0)
    for shape in ((0,), (2, 0), (0, 3)):
        assert function(np.zeros(shape, np.float32)).dtype == np.float32
        assert function(np.zeros(shape)).shape == shape


# --- losses ----------------------------------------------------------------------------------------------------------


def log_p(scores: Any) -> Any:
    return np.array([[s - math.log(math.fsum(map(math.exp, row))) for s in row] for row in scores.tolist()])


def picked(values: Any) -> list[float]:
    return [row[label] for row, label in zip(values.tolist(), LABELS.tolist(), strict=True)]


def test_softmax_crossentropy() -> None:
    close(nnet.softmax_crossentropy(SCORES, LABELS), -math.fsum(picked(log_p(SCORES))) / 5)
    large = ga.tensor([[0.0, 1e3], [-1e3, 1e3]])
    loss = nnet.softmax_crossentropy(large, [0, 1])
    assert loss.data == 500
    loss.backward()
    np.testing.assert_array_equal(large.grad, [[-0.5, 0.5], [0, 0]])


def test_negative_log_likelihood() -> None:
    close(nnet.negative_log_likelihood(SCORES, LABELS), -np.mean(picked(SCORES)))
    weighted = [s * w for s, w in zip(picked(SCORES), [2, 5, 3, 3, 2], strict=True)]
    close(nnet.negative_log_likelihood(SCORES, LABELS, weights=[2, 3, 5]), -np.mean(weighted))


@pytest.mark.parametrize("gamma", [0, 0.5, 1, 2.5])
def test_focal_losses(gamma: float) -> None:
    p = [math.exp(value) for value in picked(log_p(SCORES))]
    expected = [-3 * (1 - value) ** gamma * math.log(value) for value in p]
    close(nnet.softmax_focal_loss(SCORES, LABELS, alpha=3, gamma=gamma), expected)
    close(nnet.focal_loss(np.exp(log_p(SCORES)), LABELS, alpha=3, gamma=gamma), expected)


@pytest.mark.parametrize("gamma, slope", [(0, -1), (0.5, 0), (1, 0), (2, 0)])
def test_focal_loss_of_what_is_certain(gamma: float, slope: float) -> None:
    p = ga.tensor([[1.0, 0.0]])
    loss = nnet.focal_loss(p, [0], gamma=gamma)
    loss.backward()
    assert loss.data[0] == 0
    assert p.grad[0, 0] == slope


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("gamma, curvature", [(0, 1), (0.5, np.inf), (1, 2), (1.5, 0), (2, 0)])
def test_curvature_of_the_focal_loss_of_what_is_certain(gamma: float, curvature: float) -> None:
    def loss(p: Any) -> Any:
        return nnet.focal_loss(p, [0], gamma=gamma)[0]

    p = np.array([[1.0, 0.5]])
    expected = [[curvature, 0], [0, 0]]
    np.testing.assert_array_equal(ga.hessian(loss)(p)[0, :, 0], expected)
    np.testing.assert_array_equal(ga.jacrev(ga.grad(loss))(p)[0, :, 0], expected)


@pytest.mark.parametrize("gamma", [0, 0.5, 1, 1.5, 2])
@pytest.mark.parametrize("dtype, gap", [(np.float32, 20), (np.float64, 40), (np.float64, 1e4)])
def test_curvature_of_the_focal_loss_of_scores_that_are_certain(gamma: float, dtype: Any, gap: float) -> None:
    def loss(x: Any) -> Any:
        return nnet.softmax_focal_loss(x, [0], gamma=gamma)[0]

    x = np.array([[gap, 0, 0]], dtype)
    for curvature in (ga.hessian(loss)(x), ga.jacrev(ga.grad(loss))(x)):
        assert curvature.dtype == dtype
        np.testing.assert_allclose(curvature, 0, atol=3e-9)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("gamma", [0, 0.5, 2])
def test_focal_loss_of_what_is_impossible(gamma: float) -> None:
    p = ga.tensor([[0.0, 1.0]])
    loss = nnet.focal_loss(p, [0], gamma=gamma)
    loss.backward()
    assert loss.data[0] == np.inf
    assert p.grad[0, 0] == -np.inf


@pytest.mark.parametrize("gamma", [0, 0.5, 2])
def test_softmax_focal_loss_of_what_is_hopeless(gamma: float) -> None:
    x = ga.tensor([[0.0, 2e3]])
    loss = nnet.softmax_focal_loss(x, [0], gamma=gamma)
    assert loss.data[0] == 2e3
    loss.backward()
    np.testing.assert_array_equal(x.grad, [[-1, 1]])


def test_multiclass_hinge() -> None:
    total = 0.0
    for row, right in zip(SCORES.tolist(), LABELS.tolist(), strict=True):
        total += sum(max(0, s - row[right] + 0.4) for i, s in enumerate(row) if i != right)
    close(nnet.multiclass_hinge(SCORES, LABELS, hinge=0.4), total / 5)
    x = ga.tensor([[1.0, 0.0]])  # at the hinge itself
    nnet.multiclass_hinge(x, [0]).backward()
    np.testing.assert_array_equal(x.grad, 0)


@pytest.mark.parametrize("y", [1, -1, [1, -1, 1, 1, -1]])
def test_margin_ranking_loss(y: Any) -> None:
    other = SCORES[::-1]
    signs = np.broadcast_to(y, 5)
    total = sum(max(0, 0.3 - s * (a - b)) for s, p, q in zip(signs, SCORES, other) for a, b in zip(p, q))  # noqa: B905
    close(nnet.margin_ranking_loss(SCORES, other, y, 0.3), total / 15)
    at_margin = ga.tensor([1.0]), ga.tensor([0.0])
    nnet.margin_ranking_loss(*at_margin, 1, 1).backward()
    assert at_margin[0].grad == 0


# --- what is common to all -------------------------------------------------------------------------------------------

OF_SCORES: dict[str, Any] = {
    **{name: function for name, (function, _) in ACTIVATIONS.items()},
    "glu": lambda x: nnet.glu(x, 0),
    "logsoftmax": nnet.logsoftmax,
    "sigmoid": nnet.sigmoid,
    "softmax": nnet.softmax,
    "focal_loss": lambda x: nnet.focal_loss(np.abs(x), [0, 2, 1, 1], gamma=np.float64(2)),
    "focal_loss, alpha": lambda x: nnet.focal_loss(np.abs(x), [0, 2, 1, 1], alpha=np.float64(2)),
    "margin_ranking_loss": lambda x: nnet.margin_ranking_loss(x, x[::-1], np.array([1, -1, 1, 1]), np.float64(2)),
    "multiclass_hinge": lambda x: nnet.multiclass_hinge(x, [0, 2, 1, 1], np.float64(2)),
    "negative_log_likelihood": lambda x: nnet.negative_log_likelihood(x, [0, 2, 1, 1], weights=np.ones(3)),
    "softmax_crossentropy": lambda x: nnet.softmax_crossentropy(x, [0, 2, 1, 1]),
    "softmax_focal_loss": lambda x: nnet.softmax_focal_loss(x, [0, 2, 1, 1], alpha=np.float64(2)),
    "batchnorm": lambda x: nnet.batchnorm(x, eps=np.float64(0.1)),
    "conv_nd": lambda x: nnet.conv_nd(x[np.newaxis], np.ones((2, 4, 2), np.float32), stride=1),
    "max_pool": lambda x: nnet.max_pool(x, (2, 3), 1),
}


@pytest.mark.parametrize("name", OF_SCORES)
def test_precision_is_kept_and_constants_stay_constants(name: str) -> None:
    x = RNG.normal(size=(4, 3)).astype(np.float32)
    function = OF_SCORES[name]
    for given in (x, ga.tensor(x, constant=True)):
        y = function(given)
        assert isinstance(y, ga.Tensor)
        assert y.dtype == np.float32
        assert y.constant
    t = ga.tensor(x)
    y = function(t)
    np.testing.assert_allclose(y.data, function(x).data, rtol=1e-6)
    assert not y.constant
    y.backward()
    assert t.grad.dtype == np.float32
    with ga.no_grad:
        assert function(t).constant


@pytest.mark.parametrize(
    "function", [nnet.relu, nnet.sigmoid, nnet.softmax, lambda x, **k: nnet.max_pool(x, (2,), 1, **k)]
)
def test_constant_says_what_the_result_is(function: Any) -> None:
    x = ga.tensor([1.0, 2.0])
    assert function(x, constant=True).constant
    for given in (np.array([1.0, 2.0]), ga.tensor([1.0, 2.0], constant=True)):
        y = function(given, constant=False)
        assert not y.constant
        y.backward()
        np.testing.assert_array_equal(y.grad, np.ones(y.shape))


def test_lists_of_numbers_and_of_variables() -> None:
    assert nnet.relu([-1.0, 2.0]).constant
    a, b = ga.tensor(-1.0), ga.tensor(2.0)
    nnet.relu([a, b]).backward()
    assert (a.grad, b.grad) == (0, 1)
    assert nnet.relu(-3).data == 0


def test_whole_numbers() -> None:
    assert nnet.relu([-1, 2]).dtype == nnet.hard_tanh([-1, 2]).dtype == int
    assert nnet.max_pool(np.arange(6), (2,), 2).data.tolist() == [1, 3, 5]
    for function in (nnet.sigmoid, nnet.softmax, nnet.logsoftmax, nnet.selu, nnet.soft_sign):
        assert function(np.array([1, 2], np.int8)).dtype == float
        close(function([1, 2]), function([1.0, 2.0]).data)


def test_parameters_that_are_tensors() -> None:
    x, slope = ga.tensor(np.float32([-1.0, 2.0])), ga.tensor(0.1)
    y = nnet.leaky_relu(x, slope)
    assert y.dtype == np.float32
    y.backward()
    assert slope.grad == -1
    assert nnet.leaky_relu(x, ga.tensor(0.1, constant=True)).data.tolist() == nnet.leaky_relu(x, 0.1).data.tolist()
    assert nnet.elu(x, np.array([0.5])).dtype == np.float32


HALVES = [0.5, Fraction(1, 2), np.float64(0.5), np.longdouble(0.5), np.array(0.5), np.array([0.5])]


@pytest.mark.parametrize("half", [*HALVES, ga.tensor(0.5), ga.tensor([0.5]), ga.tensor(0.5, constant=True)])
def test_a_parameter_of_any_kind_leaves_the_precision(half: Any) -> None:
    x, p, labels = np.float32([[-1.0, 0.25]]), np.float32([[0.5, 0.5]]), [0]
    for function in (
        lambda a: nnet.leaky_relu(x, a),
        lambda a: nnet.elu(x, a),
        lambda a: nnet.hard_tanh(x, lower_bound=-1, upper_bound=a),
        lambda a: nnet.focal_loss(p, labels, alpha=a, gamma=1),
        lambda a: nnet.softmax_focal_loss(x, labels, alpha=a, gamma=1),
    ):
        y = function(half)
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y.data, function(0.5).data)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_hard_tanh_of_whole_numbers_whose_dtype_does_not_reach_the_bounds(dtype: Any) -> None:
    x = np.array([0, 1, 5], dtype)
    y = nnet.hard_tanh(x, lower_bound=-(2**70), upper_bound=3)
    assert (y.dtype, y.data.tolist()) == (dtype, [0, 1, 3])
    assert nnet.hard_tanh(x, upper_bound=2**70).data.tolist() == [0, 1, 5]
    assert nnet.hard_tanh(x).data.tolist() == [0, 1, 1]


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 0), (2, 3, 0), (2, 0, 3)])
def test_batchnorm_of_nothing(shape: tuple[int, ...]) -> None:
    x, gamma = ga.tensor(np.zeros(shape, np.float32)), ga.tensor(np.ones(shape[1]))
    y = nnet.batchnorm(x, gamma=gamma, eps=0.1)
    assert y.shape == shape
    y.backward()
    assert x.grad.shape == shape
    np.testing.assert_array_equal(gamma.grad, np.zeros(shape[1]))


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@pytest.mark.parametrize("name", ["focal_loss", "softmax_focal_loss", "softmax_crossentropy", "multiclass_hinge"])
def test_losses_of_no_data(name: str) -> None:
    for labels in ([], np.zeros(0, int)):
        x = ga.tensor(np.zeros((0, 3)))
        y = getattr(nnet, name)(x, labels)
        assert np.size(y) == 0 or np.isnan(y.data)
        y.backward()
        assert x.grad.shape == (0, 3)


def test_margin_ranking_loss_is_differentiated_by_what_stands_in_the_place_of_signs() -> None:
    a, b = SCORES[:, 0], SCORES[:, 1]
    ga.check_grads(lambda y: nnet.margin_ranking_loss(a, b, y, 0.3), (np.array([1.0, -1.0, 0.5, 2.0, 1.0]),))


def test_complex_numbers() -> None:
    z = RNG.normal(size=(2, 4)) + 1j * RNG.normal(size=(2, 4))
    close(nnet.sigmoid(z), 1 / (1 + np.exp(-z)))
    close(nnet.softmax(z), np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True))
    for function in (nnet.sigmoid, nnet.softmax, nnet.logsoftmax, nnet.glu):
        ga.check_grads(function, (z,))
    w = RNG.normal(size=(2, 1, 2)) + 1j * RNG.normal(size=(2, 1, 2))
    ga.check_grads(lambda x, w: nnet.conv_nd(x, w, stride=1), (z[:, np.newaxis], w))
    for loss in (nnet.softmax_crossentropy, nnet.negative_log_likelihood, nnet.softmax_focal_loss):
        ga.check_grads(lambda z, loss=loss: loss(z, [0, 3]), (z,))
    for gamma in (0.5, 2):
        ga.check_grads(lambda z, gamma=gamma: nnet.softmax_focal_loss(z, [0, 3], gamma=gamma), (z,))
    for refused in (nnet.relu, nnet.soft_sign, nnet.selu, lambda z: nnet.multiclass_hinge(z, [0, 3])):
        with pytest.raises(TypeError, match="real numbers, got complex128"):
            refused(z)


def test_in_a_block_of_drop_in_mode() -> None:
    def loss(w: Any) -> Any:
        x = np.zeros((2, 3))
        x[0] = w
        x[1, 0] = math.exp(w[1])
        return nnet.softmax_crossentropy(nnet.relu(x), [0, 1])

    ga.check_grads(loss, (np.array([0.3, -0.4, 1.2]),))


def test_names_are_where_mygrad_has_them() -> None:
    assert nnet.activations.relu is nnet.relu is ga.nnet.activations.relu
    assert nnet.losses.softmax_crossentropy is nnet.softmax_crossentropy
    assert nnet.layers.conv_nd is nnet.conv_nd
    assert nnet.initializers.glorot_normal is nnet.glorot_normal
    assert nnet.layers.utils.sliding_window_view is ga.sliding_window_view
    assert nnet.activations.tanh is ga.tanh


def test_nnet_is_imported_when_it_is_asked_for(run_python: Any) -> None:
    program = (
        "import sys, gradarray as ga; assert not any('nnet' in name for name in sys.modules);"
        "assert 'nnet' in dir(ga); print(ga.nnet.relu(-1.0).item())"
    )
    assert run_python("-c", program).stdout.strip() == "0.0"


# --- mistakes --------------------------------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[type[Exception], Any]] = {
    "`alpha` must be a real-valued scalar, got None": (TypeError, lambda: nnet.elu(2.0, None)),
    "`slope` must be a real-valued scalar, got 1j": (TypeError, lambda: nnet.leaky_relu(2.0, 1j)),
    "`slope` must be a real-valued scalar": (TypeError, lambda: nnet.leaky_relu(2.0, ga.tensor([1.0, 2.0]))),
    "`lower_bound` must be": (TypeError, lambda: nnet.hard_tanh(2.0, lower_bound=None)),
    "`upper_bound` must be": (TypeError, lambda: nnet.hard_tanh(2.0, upper_bound="1")),
    r"`slope` must be a real-valued scalar, got \[1. 2.\]": (
        TypeError,
        lambda: nnet.leaky_relu(2.0, np.array([1.0, 2.0])),
    ),
    "`x` must contain numbers, got None": (TypeError, lambda: nnet.relu(None)),
    "`scores` must contain numbers, got .*'a'": (TypeError, lambda: nnet.softmax_focal_loss([["a"]], [0])),
    "`alpha` must contain numbers, got 'a'": (TypeError, lambda: nnet.focal_loss(np.ones((1, 3)), [0], alpha="a")),
    "`alpha` must contain real numbers, got complex128": (
        TypeError,
        lambda: nnet.focal_loss(np.ones((1, 3)), [0], alpha=1j),
    ),
    "`y` must contain real numbers, got complex128": (
        TypeError,
        lambda: nnet.margin_ranking_loss(np.ones(2), np.ones(2), 1j, 1),
    ),
    "`axis` must be a whole number, got 1.5": (TypeError, lambda: nnet.glu(np.ones(2), 1.5)),
    "odd length": (ValueError, lambda: nnet.glu(np.ones((2, 3)))),
    "axis 2 is out of bounds": (np.exceptions.AxisError, lambda: nnet.glu(np.ones((2, 2)), 2)),
    r"`x` must have shape \(N, C\), got \(3,\)": (ValueError, lambda: nnet.softmax_crossentropy(np.ones(3), [0])),
    r"`y_true` must have shape \(2,\), got \(3,\)": (
        ValueError,
        lambda: nnet.multiclass_hinge(np.ones((2, 3)), [0, 1, 2]),
    ),
    "`y_true` must contain whole numbers, got float64": (
        TypeError,
        lambda: nnet.negative_log_likelihood(np.ones((1, 3)), [0.0]),
    ),
    r"got float64; the places of ones are np\.argmax\(y_true, axis=1\)": (
        TypeError,
        lambda: nnet.softmax_crossentropy(np.ones((2, 3)), np.eye(3)[:2]),
    ),
    r"`targets` must be in \[0, 3\), got -1": (IndexError, lambda: nnet.focal_loss(np.ones((1, 3)), [-1])),
    "index 3 is out of bounds": (IndexError, lambda: nnet.softmax_crossentropy(np.ones((1, 3)), [3])),
    r"`weights` must have shape \(3,\)": (
        ValueError,
        lambda: nnet.negative_log_likelihood(np.ones((1, 3)), [0], weights=[1.0]),
    ),
    "`gamma` must be a number that is not negative, got -1": (
        ValueError,
        lambda: nnet.focal_loss(np.ones((1, 3)), [0], gamma=-1),
    ),
    "`gamma` must be a number": (ValueError, lambda: nnet.softmax_focal_loss(np.ones((1, 3)), [0], gamma=[1.0])),
    "`margin` must be a number": (ValueError, lambda: nnet.margin_ranking_loss(np.ones(2), np.ones(2), 1, -0.5)),
    "the same shape": (ValueError, lambda: nnet.margin_ranking_loss(np.ones(2), np.ones(3), 1, 1)),
    "`x2` must contain floating-point numbers, got int": (
        TypeError,
        lambda: nnet.margin_ranking_loss(np.ones(2), np.ones(2, int), 1, 1),
    ),
    r"`y` must be a scalar or have shape \(2,\)": (
        ValueError,
        lambda: nnet.margin_ranking_loss(np.ones(2), np.ones(2), [1, 1, -1], 1),
    ),
    "is not differentiable with respect to 'hinge'": (
        TypeError,
        lambda: nnet.multiclass_hinge(ga.tensor(np.ones((1, 3))), [0], ga.tensor(1.0)),
    ),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message: str) -> None:
    error, call = MISTAKES[message]
    with pytest.raises(error, match=message):
        call()
