"""Activation functions, under MyGrad's names and with its meanings.

Each is one step on the tape. At a kink the derivative is the one that MyGrad and its documentation have, see there; a
NaN is passed on, in values and derivatives.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

import gradarray as ga

from .calls import called, chosen, floating, number, operand, telling, where_true

Axis = int | Sequence[int] | None
NUMBERS = "fiubc"  # kinds of dtype: what has a complex derivative takes complex numbers, too
# From so many elements on, to choose one of two numbers for each takes longer than several passes.
_MANY = 4096


def _negative(x: Any) -> Any:
    """Return np.minimum(x, 0), whose derivative is 0 at 0, not the half of a tie; a NaN is passed on."""
    return np.where(x >= 0, 0, x)


# --- piecewise linear -----------------------------------------------------------------------------------------------


@ga.registry.primitive
def _relu(x: Any) -> Any:
    return np.maximum(x, 0)


ga.registry.rule(
    _relu,
    lambda g, ans, _x: where_true(ans != 0, g),
    jvp=lambda tangents, ans, _x: where_true(ans != 0, tangents[0]),
    holomorphic=False,
    selects=True,
)


@telling
def relu(x: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Rectified linear unit, ``max(x, 0)``.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`.

    Notes
    -----
    The derivative at 0 is 0.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([-1.0, 0.0, 2.0])
    >>> ga.nnet.relu(x).backward()
    >>> x.grad
    array([0., 0., 1.])
    """
    return called(_relu, operand(x), constant=constant)


@telling
def leaky_relu(x: Any, slope: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Leaky rectified linear unit, ``max(x, 0) + slope * min(x, 0)``.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape.
    slope : float
        A number, or a tensor of one element, which may be a variable.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`; float64 for whole numbers.

    Raises
    ------
    TypeError
        If `slope` is no real number.

    Notes
    -----
    The derivative at 0 is 0.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([-1.0, 0.0, 2.0])
    >>> y = ga.nnet.leaky_relu(x, slope=0.1)
    >>> y
    Tensor([-0.1,  0. ,  2. ])
    >>> y.backward()
    >>> x.grad
    array([0.1, 0. , 1. ])
    """
    x = floating(x)
    return called(_leaky_relu, x, number(slope, "slope", x), constant=constant)


@ga.registry.primitive
def _leaky_relu(x: Any, slope: Any) -> Any:
    negative = np.minimum(x, 0)
    negative *= slope
    negative += np.maximum(x, 0)
    return negative


ga.registry.rule(
    _leaky_relu,
    lambda g, _ans, x, slope: ((x < 0).astype(g.dtype) * slope + ~(x <= 0)) * g,
    lambda g, _ans, x, _slope: _negative(x) * g,
    holomorphic=False,
)


@telling
def hard_tanh(x: Any, *, lower_bound: Any = -1, upper_bound: Any = 1, constant: bool | None = None) -> ga.Tensor:
    """`x`, but at least `lower_bound` and at most `upper_bound`.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape.
    lower_bound, upper_bound : float
        Numbers, or tensors of one element, which may be variables. If they cross, the result is the lower one.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        With the shape of `x`.

    Raises
    ------
    TypeError
        If a bound is no real number.

    Notes
    -----
    The derivative is 0 at the bounds, where that of `numpy.clip` is 1.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([-2.0, -1.0, 0.5, 2.0])
    >>> y = ga.nnet.hard_tanh(x)
    >>> y
    Tensor([-1. , -1. ,  0.5,  1. ])
    >>> y.backward()
    >>> x.grad
    array([0., 0., 1., 0.])
    """
    x = operand(x)
    lower, upper = number(lower_bound, "lower_bound", x), number(upper_bound, "upper_bound", x)
    if x.dtype.kind in "iu":  # -1 is no bound of a byte, which NumPy would refuse
        reach = np.iinfo(x.dtype)
        lower = max(lower, int(reach.min)) if type(lower) is int else lower
        upper = min(upper, int(reach.max)) if type(upper) is int else upper
    return called(_hard_tanh, x, lower, upper, constant=constant)


@ga.registry.primitive
def _hard_tanh(x: Any, lower: Any, upper: Any) -> Any:
    return np.maximum(np.minimum(x, upper), lower)


# Each of the three is the result where the others are not; a NaN is x.
ga.registry.rule(
    _hard_tanh,
    lambda g, ans, _x, lower, upper: where_true((ans != lower) & (ans != upper), g),
    lambda g, ans, _x, lower, _upper: where_true(ans == lower, g),
    lambda g, ans, _x, lower, upper: where_true((ans == upper) & (ans != lower), g),
    holomorphic=False,
    selects=True,
)

# --- exponential ----------------------------------------------------------------------------------------------------


@ga.registry.primitive
def _elu(x: Any, alpha: Any) -> Any:
    return _elu_times(x, alpha, 1)


def _elu_times(x: Any, alpha: Any, scale: float) -> Any:
    ans, rest = np.minimum(x, 0), np.maximum(x, 0)
    out = ans if ans.ndim else None
    if x.dtype == np.float32:  # in half of the time of expm1, and to two units
        ans /= 2
        ans = np.tanh(ans, out=out)
        ans /= 1 - ans
        ans *= 2 * alpha * scale
    else:
        ans = np.expm1(ans, out=out)
        ans *= alpha * scale
    if scale != 1:
        rest *= scale
    ans += rest  # one of the two is 0
    return ans


ga.registry.rule(
    _elu,
    lambda g, ans, x, alpha: chosen(x < 0, ans + alpha, 1) * g,
    lambda g, _ans, x, _alpha: np.expm1(_negative(x)) * g,
    holomorphic=False,
)


@ga.registry.primitive
def _scaled_elu(x: Any, *, alpha: float, scale: float) -> Any:
    return _elu_times(x, alpha, scale)


def _scaled_elu_slope(ans: Any, x: Any, alpha: float, scale: float) -> Any:
    if alpha <= 0 or type(x) is not np.ndarray or x.size < _MANY:
        return chosen(x < 0, ans + alpha * scale, scale)
    # As sums and products, which take half of the time where it cannot be foreseen which side an element is on.
    below = x < 0
    slope, rest = below.astype(x.dtype), (~below).astype(x.dtype)
    slope *= alpha * scale
    rest *= scale
    slope += rest
    slope += np.fmin(ans, 0)  # where x is NaN, the slope is as for few
    return slope


ga.registry.rule(
    _scaled_elu,
    lambda g, ans, x, *, alpha, scale: _scaled_elu_slope(ans, x, alpha, scale) * g,
    jvp=lambda tangents, ans, x, *, alpha, scale: _scaled_elu_slope(ans, x, alpha, scale) * tangents[0],
    holomorphic=False,
)


@telling
def elu(x: Any, alpha: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Exponential linear unit: `x` where that is at least 0, and ``alpha * (exp(x) - 1)`` below.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape.
    alpha : float
        A number, or a tensor of one element, which may be a variable.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`; float64 for whole numbers.

    Raises
    ------
    TypeError
        If `alpha` is no real number.

    Notes
    -----
    The derivative at 0 is 1. From "Fast and Accurate Deep Network Learning by Exponential Linear Units" by
    D.-A. Clevert, T. Unterthiner and S. Hochreiter, https://arxiv.org/abs/1511.07289.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([-1.0, 0.0, 2.0])
    >>> y = ga.nnet.elu(x, alpha=0.1)
    >>> y
    Tensor([-0.06321206,  0.        ,  2.        ])
    >>> y.backward()
    >>> x.grad
    array([0.03678794, 1.        , 1.        ])
    """
    x = floating(x)
    alpha = number(alpha, "alpha", x)
    if isinstance(alpha, (int, float)):
        return called(_scaled_elu, x, alpha=alpha, scale=1, constant=constant)
    return called(_elu, x, alpha, constant=constant)


_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


@telling
def selu(x: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Scaled exponential linear unit: ``scale * elu(x, alpha)`` with the scale and alpha that keep mean and variance.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`; float64 for whole numbers.

    Notes
    -----
    The derivative at 0 is the scale, 1.0507. From "Self-Normalizing Neural Networks" by G. Klambauer, T. Unterthiner,
    A. Mayr and S. Hochreiter, https://arxiv.org/abs/1706.02515.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.selu([-1.0, 0.0, 2.0])
    Tensor([-1.11133074,  0.        ,  2.10140197])
    """
    return called(_scaled_elu, floating(x), alpha=_SELU_ALPHA, scale=_SELU_SCALE, constant=constant)


@ga.registry.primitive(silent=True)  # the reciprocal of infinity is right
def _sigmoid(x: Any) -> Any:
    ans = np.negative(x)
    ans = np.exp(ans, out=ans if ans.ndim else None)
    ans += 1
    return np.reciprocal(ans, out=ans if ans.ndim else None)


ga.registry.rule(
    _sigmoid,
    lambda g, ans, _x: g * ans * (1 - ans),
    jvp=lambda tangents, ans, _x: tangents[0] * ans * (1 - ans),
)


@telling
def sigmoid(x: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Logistic function, ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array_like
        Numbers of any shape.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`; float64 for whole numbers.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([-1000.0, 0.0, 2.0])
    >>> y = ga.nnet.sigmoid(x)
    >>> y
    Tensor([0.        , 0.5       , 0.88079708])
    >>> y.backward()
    >>> x.grad
    array([0.        , 0.25      , 0.10499359])
    """
    return called(_sigmoid, floating(x, kinds=NUMBERS), constant=constant)


@telling
def glu(x: Any, axis: int = -1, *, constant: bool | None = None) -> ga.Tensor:
    """Gated linear unit, ``a * sigmoid(b)``, of the two halves `a` and `b` of `x` along an axis.

    Parameters
    ----------
    x : array_like
        Numbers.
    axis : int
        The axis that is halved.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        With the shape of `x`, but half as long along the axis.

    Raises
    ------
    TypeError
        If `axis` is no whole number.
    ValueError
        If `x` has an odd length along the axis.

    Notes
    -----
    From "Language Modeling with Gated Convolutional Networks" by Y. Dauphin, A. Fan, M. Auli and D. Grangier,
    https://arxiv.org/abs/1612.08083.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.glu([1.0, 2.0, 0.0, 1000.0])
    Tensor([0.5, 2. ])
    """
    try:
        place = operator.index(axis)
    except TypeError:
        raise TypeError(f"`axis` must be a whole number, got {axis!r} (type {type(axis).__name__})") from None
    x = floating(x, kinds=NUMBERS)
    if not -x.ndim <= place < x.ndim:
        raise np.exceptions.AxisError(place, x.ndim)
    if x.shape[place] % 2:
        raise ValueError(
            f"the halves along axis {axis} must be alike, but an array of shape {x.shape} has an odd length"
        )
    return called(_glu, x, axis=place % x.ndim, constant=constant)


def _halves(x: Any, axis: int) -> tuple[Any, Any]:
    front, half = (slice(None),) * axis, x.shape[axis] // 2
    return x[(*front, slice(half))], x[(*front, slice(half, None))]


@ga.registry.primitive(saves=True)
def _glu(x: Any, *, axis: int) -> Any:
    """Return one half of the data times the gate that the other half makes, and this."""
    a, b = _halves(x, axis)
    gate = _sigmoid(b)
    return a * gate, gate


def _glu_vjp(g: Any, _ans: Any, x: Any, *, axis: int, saved: Any = None) -> Any:
    a, b = _halves(x, axis)
    gate = _sigmoid(b) if saved is None else saved
    passed = g * gate
    return np.concatenate((passed, passed * a * (1 - gate)), axis=axis)


def _glu_jvp(tangents: Any, _ans: Any, x: Any, *, axis: int, saved: Any = None) -> Any:
    (a, b), (t_a, t_b) = _halves(x, axis), _halves(tangents[0], axis)
    gate = _sigmoid(b) if saved is None else saved
    return gate * (t_a + t_b * a * (1 - gate))


ga.registry.rule(_glu, _glu_vjp, jvp=_glu_jvp)


@telling
def soft_sign(x: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Soft sign, ``x / (1 + abs(x))``.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`; float64 for whole numbers.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([-1.0, 0.0, 3.0])
    >>> y = ga.nnet.soft_sign(x)
    >>> y
    Tensor([-0.5 ,  0.  ,  0.75])
    >>> y.backward()
    >>> x.grad
    array([0.25  , 1.    , 0.0625])
    """
    return called(_soft_sign, floating(x), constant=constant)


@ga.registry.primitive
def _soft_sign(x: Any) -> Any:
    return x / (1 + np.abs(x))


def _soft_sign_slope(x: Any) -> Any:
    return np.square(np.reciprocal(1 + np.abs(x)))


ga.registry.rule(
    _soft_sign,
    lambda g, _ans, x: g * _soft_sign_slope(x),
    jvp=lambda tangents, _ans, x: tangents[0] * _soft_sign_slope(x),
)

tanh = ga.tanh

# --- over several classes -------------------------------------------------------------------------------------------


def _shifted(x: Any, axis: Axis) -> Any:
    """Return the elements minus the largest one along the axes, new; what has no elements has no largest one."""
    return x - np.maximum.reduce(x, axis=axis, keepdims=True) if x.size else np.array(x)


@ga.registry.primitive
def _softmax(x: Any, axis: Axis = -1) -> Any:
    ans = _shifted(x, axis)
    ans = np.exp(ans, out=ans if ans.ndim else None)
    ans /= np.add.reduce(ans, axis=axis, keepdims=True)
    return ans


def _softmax_vjp(g: Any, ans: Any, _x: Any, axis: Axis = -1) -> Any:
    weighed = g * ans
    if type(weighed) is np.ndarray is type(ans):
        weighed -= ans * np.add.reduce(weighed, axis=axis, keepdims=True)
        return weighed
    return weighed - ans * np.sum(weighed, axis=axis, keepdims=True)


# Its Jacobian is symmetric.
ga.registry.rule(
    _softmax,
    _softmax_vjp,
    jvp=lambda tangents, ans, _x, axis=-1: _softmax_vjp(tangents[0], ans, _x, axis),
)


@telling
def softmax(x: Any, axis: Axis = -1, *, constant: bool | None = None) -> ga.Tensor:
    """Probabilities from scores, ``exp(x) / sum(exp(x))``.

    Parameters
    ----------
    x : array_like
        Numbers of any shape; the largest is subtracted first, so that no exponential overflows.
    axis : None, int or tuple of int
        The axes along which the results sum to 1; None for all.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`; float64 for whole numbers.

    See Also
    --------
    logsoftmax : the logarithm, which loses no digits where a probability is small

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.softmax([[2.0, 2.0, 2.0], [2e50, 2e50, 1e50]])
    Tensor([[0.33333333, 0.33333333, 0.33333333],
            [0.5       , 0.5       , 0.        ]])
    """
    return called(_softmax, floating(x, kinds=NUMBERS), axis=axis, constant=constant)


@ga.registry.primitive
def _logsoftmax(x: Any, axis: Axis = -1) -> Any:
    ans = _shifted(x, axis)
    if ans.size:
        ans -= np.log(np.add.reduce(np.exp(ans), axis=axis, keepdims=True))
    return ans


def _logsoftmax_jvp(tangents: Any, ans: Any, _x: Any, axis: Axis = -1) -> Any:
    (t,) = tangents
    return t - np.sum(t * np.exp(ans), axis=axis, keepdims=True)


ga.registry.rule(
    _logsoftmax,
    lambda g, ans, _x, axis=-1: g - np.exp(ans) * np.sum(g, axis=axis, keepdims=True),
    jvp=_logsoftmax_jvp,
)


@telling
def logsoftmax(x: Any, axis: Axis = -1, *, constant: bool | None = None) -> ga.Tensor:
    """Logarithms of the probabilities that `softmax` gives, ``x - log(sum(exp(x)))``.

    Parameters
    ----------
    x : array_like
        Numbers of any shape.
    axis : None, int or tuple of int
        The axes along which the probabilities sum to 1; None for all.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        With the shape and dtype of `x`; float64 for whole numbers.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.nnet.logsoftmax([[2.0, 2.0, 2.0], [2e50, 2e50, 1e50]])
    Tensor([[-1.09861229e+00, -1.09861229e+00, -1.09861229e+00],
            [-6.93147181e-01, -6.93147181e-01, -1.00000000e+50]])
    """
    return called(_logsoftmax, floating(x, kinds=NUMBERS), axis=axis, constant=constant)


__all__ = [
    "elu",
    "glu",
    "hard_tanh",
    "leaky_relu",
    "logsoftmax",
    "relu",
    "selu",
    "sigmoid",
    "soft_sign",
    "softmax",
    "tanh",
]
