"""Losses, under MyGrad's names and with its meanings."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

import gradarray as ga

from .activations import NUMBERS, _relu, _softmax
from .calls import called, floating, mean, number, operand, telling


def _checked(x: Any, name: str, labels: Any, labels_name: str, kinds: str = NUMBERS) -> tuple[Any, Any]:
    """Return scores of shape (N, C), and the labels of their rows."""
    x = floating(x, name, kinds)
    if x.ndim != 2:
        raise ValueError(f"`{name}` must have shape (N, C), got {x.shape}")
    labels = labels if type(labels) is np.ndarray else ga.asarray(labels)
    if not labels.size:
        labels = labels.astype(np.intp)  # an empty list is one of floats
    if labels.dtype.kind not in "iu":
        hint = f"; the places of ones are np.argmax({labels_name}, axis=1)" if labels.shape == x.shape else ""
        raise TypeError(f"`{labels_name}` must contain whole numbers, got {labels.dtype}{hint}")
    if labels.shape != x.shape[:1]:
        raise ValueError(f"`{labels_name}` must have shape {x.shape[:1]}, got {labels.shape}")
    if labels.size and np.minimum.reduce(labels) < 0:
        raise IndexError(f"`{labels_name}` must be in [0, {x.shape[1]}), got {labels.min()}")
    return x, labels


def _not_negative(value: Any, name: str) -> float:
    if not isinstance(value, (int, float, np.integer, np.floating)) or not value >= 0:
        raise ValueError(f"`{name}` must be a number that is not negative, got {value!r}")
    return float(value)


def _rows(labels: Any) -> Any:
    return np.arange(len(labels))


@ga.registry.primitive
def _of_class(x: Any, labels: Any) -> Any:
    """Return the element of each row that its label names."""
    return x[_rows(labels), labels]


@ga.registry.primitive
def _to_class(y: Any, labels: Any, *, count: int) -> Any:
    """Return zeros, `count` in each row, with one element in its place."""
    found = np.zeros((len(labels), count), y.dtype)
    found[_rows(labels), labels] = y
    return found


# They are linear, in what is no label.
ga.registry.rule(
    _of_class,
    lambda g, _ans, _x, labels: _to_class(g, labels, count=_x.shape[1]),
    jvp=lambda tangents, _ans, _x, labels: _of_class(tangents[0], labels),
    skip=("labels",),
    holomorphic=False,
    selects=True,
)
ga.registry.rule(
    _to_class,
    lambda g, _ans, _y, labels, *, count: _of_class(g, labels),
    jvp=lambda tangents, _ans, _y, labels, *, count: _to_class(tangents[0], labels, count=count),
    skip=("labels",),
    holomorphic=False,
    selects=True,
)


# --- cross-entropy --------------------------------------------------------------------------------------------------


@ga.registry.primitive(saves=True)
def _crossentropy(x: Any, labels: Any, *, each: bool) -> Any:
    """Return the cross-entropy of each row of scores, or the mean of them, and the probabilities."""
    shifted = x - np.maximum.reduce(x, axis=1, keepdims=True) if x.size else np.array(x)
    found = -shifted[_rows(labels), labels]
    p = np.exp(shifted, out=shifted)
    total = np.add.reduce(p, axis=1, keepdims=True)
    found += np.log(total[:, 0])
    p /= total
    return found if each else mean(found), p


def _crossentropy_vjp(g: Any, _ans: Any, x: Any, labels: Any, *, each: bool, saved: Any = None) -> Any:
    p = _softmax(x, axis=1) if saved is None else saved
    back = g if each else g / len(labels)
    found = p * (back[:, np.newaxis] if each else back)
    if type(found) is not np.ndarray:
        return found - _to_class(back if each else np.broadcast_to(back, labels.shape), labels, count=p.shape[1])
    found[_rows(labels), labels] -= back
    return found


def _crossentropy_jvp(tangents: Any, _ans: Any, x: Any, labels: Any, *, each: bool, saved: Any = None) -> Any:
    t = tangents[0]
    p = _softmax(x, axis=1) if saved is None else saved
    found = np.sum(p * t, axis=1) - t[_rows(labels), labels]
    return found if each else np.mean(found)


ga.registry.rule(_crossentropy, _crossentropy_vjp, jvp=_crossentropy_jvp, skip=("labels",))


@telling
def softmax_crossentropy(x: Any, y_true: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Mean cross-entropy of labels and the probabilities that `softmax` gives.

    Parameters
    ----------
    x : array_like, shape (N, C)
        The scores of C classes for each of N data.
    y_true : array_like of int, shape (N,)
        The right class of each, in [0, C).
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        Of shape () and the dtype of `x`: ``-mean(logsoftmax(x)[n, y_true[n]])``. Scores of any size do not overflow.

    Raises
    ------
    TypeError
        If `y_true` does not hold whole numbers.
    ValueError
        If the shapes are others.
    IndexError
        If a label is none of the classes.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([[2.0, 2.0, 2.0], [0.0, 0.0, 1e6]])
    >>> loss = ga.nnet.softmax_crossentropy(x, [0, 2])
    >>> loss
    Tensor(0.54930614)
    >>> loss.backward()
    >>> x.grad
    array([[-0.33333333,  0.16666667,  0.16666667],
           [ 0.        ,  0.        ,  0.        ]])

    A step of training a small network of one convolution, of which the images and labels are made up:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> images, labels = rng.normal(size=(8, 1, 6, 6)), rng.integers(3, size=8)
    >>> kernels = ga.tensor(rng.normal(size=(4, 1, 3, 3)))
    >>> weights, bias = ga.tensor(rng.normal(size=(16, 3))), ga.tensor(np.zeros(3))
    >>> def loss_of(kernels, weights, bias):
    ...     hidden = ga.nnet.relu(ga.nnet.conv_nd(images, kernels, stride=1))
    ...     pooled = ga.nnet.max_pool(hidden, (2, 2), 2)
    ...     return ga.nnet.softmax_crossentropy(pooled.reshape(8, 16) @ weights + bias, labels)
    >>> before = loss_of(kernels, weights, bias)
    >>> before.backward()
    >>> for p in (kernels, weights, bias):
    ...     p -= 0.01 * p.grad
    >>> loss_of(kernels, weights, bias) < before
    np.True_
    """
    x, labels = _checked(x, "x", y_true, "y_true")
    return called(_crossentropy, x, labels, each=False, constant=constant)


@telling
def negative_log_likelihood(x: Any, y_true: Any, *, weights: Any = None, constant: bool | None = None) -> ga.Tensor:
    """Mean negative logarithm of the probability of the right class.

    Parameters
    ----------
    x : array_like, shape (N, C)
        Logarithms of the probabilities of C classes for each of N data, as `logsoftmax` gives them.
    y_true : array_like of int, shape (N,)
        The right class of each, in [0, C).
    weights : array_like, shape (C,), optional
        A factor for each class.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        Of shape (): ``-mean(weights[y_true[n]] * x[n, y_true[n]])``, divided by N whatever the weights are.

    Raises
    ------
    TypeError
        If `y_true` does not hold whole numbers.
    ValueError
        If the shapes are others.
    IndexError
        If a label is none of the classes.

    Examples
    --------
    >>> import gradarray as ga
    >>> log_p = ga.tensor([[-4.6, -4.6, -0.02]])
    >>> ga.nnet.negative_log_likelihood(log_p, [0])
    Tensor(4.6)
    >>> ga.nnet.negative_log_likelihood(log_p, [0], weights=[2, 1, 1])
    Tensor(9.2)
    """
    x, labels = _checked(x, "x", y_true, "y_true")
    if weights is None:
        return called(lambda x: -np.mean(_of_class(x, labels)), x, constant=constant)
    weights = floating(weights, "weights")
    if weights.shape != x.shape[1:]:
        raise ValueError(f"`weights` must have shape {x.shape[1:]}, got {weights.shape}")
    factors = weights[labels].astype(x.dtype)
    return called(lambda x: -np.mean(_of_class(x, labels) * factors), x, constant=constant)


# --- margins --------------------------------------------------------------------------------------------------------


@ga.registry.primitive(saves=True)
def _multiclass_hinge(x: Any, labels: Any, *, hinge: Any) -> Any:
    excess = _excess(x, labels, hinge)
    within = ~(excess <= 0)  # a NaN is passed on
    np.maximum(excess, 0, out=excess)
    excess[_rows(labels), labels] = 0
    return np.add.reduce(excess, axis=None) / len(labels), within


def _excess(x: Any, labels: Any, hinge: Any) -> Any:
    """Return by how much each score comes nearer than the hinge to that of the right class."""
    return x - (x[_rows(labels), labels] - hinge)[:, np.newaxis]


def _multiclass_hinge_vjp(g: Any, _ans: Any, x: Any, labels: Any, *, hinge: Any, saved: Any = None) -> Any:
    places = _rows(labels), labels
    within = (~(_excess(x, labels, hinge) <= 0) if saved is None else saved).astype(x.dtype)
    within[places] = 0
    within[places] = -np.add.reduce(within, axis=1)
    return within * (g / len(labels))


ga.registry.rule(_multiclass_hinge, _multiclass_hinge_vjp, skip=("labels",), holomorphic=False)


@telling
def multiclass_hinge(x: Any, y_true: Any, hinge: float = 1.0, *, constant: bool | None = None) -> ga.Tensor:
    """Mean multiclass hinge loss: what the scores of wrong classes come nearer than `hinge` to that of the right one.

    Parameters
    ----------
    x : array_like, shape (N, C)
        The scores of C classes for each of N data.
    y_true : array_like of int, shape (N,)
        The right class of each, in [0, C).
    hinge : float
        The margin from which a wrong class costs nothing.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        Of shape () and the dtype of `x`: the mean over n of the sum over the wrong classes c of
        ``max(0, x[n, c] - x[n, y_true[n]] + hinge)``.

    Raises
    ------
    TypeError
        If `y_true` does not hold whole numbers.
    ValueError
        If the shapes are others.
    IndexError
        If a label is none of the classes.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([[3.0, 2.5, 1.0]])
    >>> loss = ga.nnet.multiclass_hinge(x, [0])
    >>> loss
    Tensor(0.5)
    >>> loss.backward()
    >>> x.grad
    array([[-1.,  1.,  0.]])
    """
    x, labels = _checked(x, "x", y_true, "y_true", kinds="fiub")
    return called(_multiclass_hinge, x, labels, hinge=number(hinge, "hinge", x), constant=constant)


@ga.registry.primitive(saves=True)
def _margin_ranking(x1: Any, x2: Any, signs: Any, *, margin: float) -> Any:
    excess = x1 - x2
    excess *= signs
    np.subtract(margin, excess, out=excess)
    within = ~(excess <= 0)  # a NaN is passed on
    np.maximum(excess, 0, out=excess)
    return mean(excess), within


def _margin_ranking_slope(x1: Any, x2: Any, signs: Any, margin: float, saved: Any) -> Any:
    """Return the derivative by `x2` of the sum of all losses."""
    within = ~(margin - signs * (x1 - x2) <= 0) if saved is None else saved
    return within.astype(np.result_type(x1, x2)) * signs


def _margin_ranking_vjp(
    g: Any, _ans: Any, x1: Any, x2: Any, signs: Any, *, margin: float, saved: Any = None
) -> tuple[Any, Any]:
    back = _margin_ranking_slope(x1, x2, signs, margin, saved) * (g / x1.size)
    return -back, back


def _margin_ranking_jvp(
    tangents: Any, _ans: Any, x1: Any, x2: Any, signs: Any, *, margin: float, saved: Any = None
) -> Any:
    t1, t2, _ = tangents
    slope = _margin_ranking_slope(x1, x2, signs, margin, saved)
    return np.mean(slope * (-t1 if t2 is None else t2 if t1 is None else t2 - t1))


ga.registry.rule(
    _margin_ranking, joint=_margin_ranking_vjp, jvp=_margin_ranking_jvp, skip=("signs",), holomorphic=False
)


@telling
def margin_ranking_loss(x1: Any, x2: Any, y: Any, margin: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Mean margin ranking loss, ``mean(max(0, margin - y * (x1 - x2)))``.

    Parameters
    ----------
    x1, x2 : array_like, shape (N,) or (N, D)
        Two batches of floating-point scores, of the same shape.
    y : int or array_like, scalar or shape (N,)
        1 where that of `x1` should be the larger one, -1 where that of `x2` should.
    margin : float
        From which difference on there is no loss; not negative.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        Of shape ().

    Raises
    ------
    TypeError
        If the scores are no floating-point numbers, or `y` holds no real ones.
    ValueError
        If the shapes are others, or `margin` is negative or no number.

    Examples
    --------
    >>> import gradarray as ga
    >>> x1, x2 = ga.tensor([3.0, 1.0]), ga.tensor([1.0, 0.5])
    >>> ga.nnet.margin_ranking_loss(x1, x2, 1, margin=1.0)
    Tensor(0.25)
    """
    x1, x2, signs = operand(x1, "x1"), operand(x2, "x2"), operand(y, "y")
    if isinstance(signs, ga.Tensor) and signs.constant:
        signs = ga.asarray(signs)
    if not 0 < x1.ndim < 3:
        raise ValueError(f"`x1` must have shape (N,) or (N, D), got {x1.shape}")
    if x1.shape != x2.shape:
        raise ValueError(f"`x1` and `x2` must have the same shape, got {x1.shape} and {x2.shape}")
    for name, x in (("x1", x1), ("x2", x2)):
        if x.dtype.kind != "f":
            raise TypeError(f"`{name}` must contain floating-point numbers, got {x.dtype}")
    if signs.size == 1:
        signs = signs.reshape(())
    elif signs.shape != x1.shape[:1]:
        raise ValueError(f"`y` must be a scalar or have shape {x1.shape[:1]}, got {signs.shape}")
    signs = signs.astype(np.result_type(x1.dtype, x2.dtype)).reshape(signs.shape + (1,) * (signs.ndim * (x1.ndim - 1)))
    margin = _not_negative(margin, "margin")
    if type(signs) is not np.ndarray or not x1.size:
        return called(lambda x1, x2: np.mean(_relu(margin - signs * (x1 - x2))), x1, x2, constant=constant)
    return called(_margin_ranking, x1, x2, signs, margin=margin, constant=constant)


# --- focal ----------------------------------------------------------------------------------------------------------


@ga.registry.primitive
def _focal(log_p: Any, *, gamma: float, of_scores: bool) -> Any:
    if gamma == 0:
        return -log_p
    return -log_p * np.maximum(-np.expm1(log_p), 0) ** gamma


def _focal_slope(log_p: Any, gamma: float, of_scores: bool) -> Any:
    if gamma == 0:
        return -np.ones(log_p.shape, log_p.dtype)
    # Rounding may make more than 1 of a probability; at 1 itself np.maximum would halve the derivative.
    wrong = -np.expm1(log_p)
    wrong = np.where(wrong < 0, 0, wrong)
    certain = wrong == 0
    some = np.where(certain, 1, wrong)
    # Both go to 0 together, and their ratio to -1; of a class that is impossible the product is 0.
    ratio = np.where(certain, -1, np.maximum(log_p, -1e4) / some)
    # The slope of the power may be infinite there, but that of log_p by the scores goes to 0 faster.
    power = np.where(certain, 0, some**gamma) if of_scores else wrong**gamma
    return power * (gamma * np.exp(log_p) * ratio - 1)


ga.registry.rule(
    _focal,
    lambda g, _ans, log_p, *, gamma, of_scores: g * _focal_slope(log_p, gamma, of_scores),
    jvp=lambda tangents, _ans, log_p, *, gamma, of_scores: tangents[0] * _focal_slope(log_p, gamma, of_scores),
)


def _factor(alpha: Any, like: Any) -> Any:
    """Return a factor that leaves the precision of `like` as it is; None for 1. A variable stays one."""
    if isinstance(alpha, (int, float)) and alpha == 1:
        return None
    return float(alpha) if isinstance(alpha, Real) else operand(alpha, "alpha").astype(like.dtype)


@telling
def focal_loss(
    class_probs: Any, targets: Any, *, alpha: Any = 1, gamma: float = 0, constant: bool | None = None
) -> ga.Tensor:
    """Focal loss of each datum, ``-alpha * (1 - p)**gamma * log(p)`` of the probability `p` of its right class.

    Parameters
    ----------
    class_probs : array_like, shape (N, C)
        The probabilities of C classes for each of N data, in (0, 1].
    targets : array_like of int, shape (N,)
        The right class of each, in [0, C).
    alpha : float
        A factor.
    gamma : float
        How much less a datum counts that is classified well; not negative. With 0 this is the cross-entropy.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        Of shape (N,) and the dtype of `class_probs`.

    Raises
    ------
    TypeError
        If `targets` does not hold whole numbers, or `alpha` no real ones.
    ValueError
        If the shapes are others, or `gamma` is negative or no number.
    IndexError
        If a target is none of the classes.

    Notes
    -----
    From "Focal Loss for Dense Object Detection" by T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár,
    https://arxiv.org/abs/1708.02002, which recommends to divide by the number of foreground samples.

    Examples
    --------
    >>> import gradarray as ga
    >>> p = ga.tensor([[0.5, 0.5], [0.1, 0.9]])
    >>> ga.nnet.focal_loss(p, [0, 1], gamma=2)
    Tensor([0.1732868 , 0.00105361])
    """
    gamma = _not_negative(gamma, "gamma")
    p, labels = _checked(class_probs, "class_probs", targets, "targets")
    alpha = _factor(alpha, p)

    def loss(p: Any) -> Any:
        found = _focal(np.log(_of_class(p, labels)), gamma=gamma, of_scores=False)
        return found if alpha is None else alpha * found

    return called(loss, p, constant=constant)


@telling
def softmax_focal_loss(
    scores: Any, targets: Any, *, alpha: Any = 1, gamma: float = 0, constant: bool | None = None
) -> ga.Tensor:
    """Focal loss of each datum, from scores: `focal_loss` of the probabilities that `softmax` gives.

    Parameters
    ----------
    scores : array_like, shape (N, C)
        The scores of C classes for each of N data. Those of any size do not overflow.
    targets : array_like of int, shape (N,)
        The right class of each, in [0, C).
    alpha : float
        A factor.
    gamma : float
        How much less a datum counts that is classified well; not negative. With 0 this is the cross-entropy.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        Of shape (N,) and the dtype of `scores`.

    Raises
    ------
    TypeError
        If `targets` does not hold whole numbers, or `alpha` no real ones.
    ValueError
        If the shapes are others, or `gamma` is negative or no number.
    IndexError
        If a target is none of the classes.

    See Also
    --------
    focal_loss : with the formula and where it is from

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([[0.0, 1000.0], [2.0, 2.0]])
    >>> ga.nnet.softmax_focal_loss(x, [0, 1], gamma=2)
    Tensor([1.00000000e+03, 1.73286795e-01])
    """
    gamma = _not_negative(gamma, "gamma")
    x, labels = _checked(scores, "scores", targets, "targets")
    alpha = _factor(alpha, x)

    def loss(x: Any) -> Any:
        found = _focal(-_crossentropy(x, labels, each=True), gamma=gamma, of_scores=True)
        return found if alpha is None else alpha * found

    return called(loss, x, constant=constant)


__all__ = [
    "focal_loss",
    "margin_ranking_loss",
    "multiclass_hinge",
    "negative_log_likelihood",
    "softmax_crossentropy",
    "softmax_focal_loss",
]
