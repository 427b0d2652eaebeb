"""Optimisers: pairs of small functions, `init` and `update`, that change nothing of what they are given.

``init(params)`` makes the state, and ``update(gradients, state, params)`` returns the updates, to be added to the
parameters, and the next state. Parameters, gradients and updates are what `gradarray.grad` takes for an argument:
arrays, numbers or Tensors, and containers of these. A state is a named tuple of such containers, which can be pickled.
Nothing is written into, and dtypes stay; of Tensors an update is recorded, so that it can be differentiated, by the
start values as by learning rates.

Where a gradient is None, as `.grad` of what a loss does not depend on, the parameter and its part of the state stay.
Complex parameters are taken for single numbers, whose square is that of their absolute value.

Examples
--------
A training loop with `gradarray.value_and_grad`:

>>> import numpy as np
>>> import gradarray as ga
>>> from gradarray.nnet import optimizers, schedules
>>> x = np.linspace(-1.0, 1.0, 50)
>>> y = 3.0 * x - 1.0
>>> def loss(params):
...     return np.mean((params["w"] * x + params["b"] - y) ** 2)
>>> params = {"w": np.float64(0.0), "b": np.float64(0.0)}
>>> optimizer = optimizers.adam(schedules.cosine_decay(0.3, steps=150))
>>> state = optimizer.init(params)
>>> for _ in range(150):
...     value, gradients = ga.value_and_grad(loss)(params)
...     updates, state = optimizer.update(gradients, state, params)
...     params = optimizers.apply_updates(params, updates)
>>> round(float(params["w"]), 2), round(float(params["b"]), 2)
(3.0, -1.0)

The same with tensors and `.backward()`, whose values `step` updates in place, off the tape:

>>> params = {"w": ga.tensor(0.0), "b": ga.tensor(0.0)}
>>> state = optimizer.init(params)
>>> for _ in range(150):
...     loss(params).backward()
...     state = optimizers.step(optimizer, params, state)
>>> round(float(params["w"].data), 2), round(float(params["b"].data), 2)
(3.0, -1.0)
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import gradarray as ga

from .calls import lacking, telling
from .leaves import advanced, flatten, in_dtype_of, leaves_like, precision, zeros_for_all
from .schedules import Schedule, as_schedule

__all__ = [
    "AdamState",
    "Optimizer",
    "RMSPropState",
    "SGDState",
    "adam",
    "adamw",
    "add_weight_decay",
    "apply_updates",
    "chain",
    "clip",
    "clip_by_global_norm",
    "rmsprop",
    "sgd",
    "step",
]

Rate = Schedule | Any


class Optimizer(NamedTuple):
    """An optimiser: a pair of functions.

    Attributes
    ----------
    init : callable
        ``init(params)`` returns the state to begin with.
    update : callable
        ``update(gradients, state, params=None)`` returns the pair (updates, state). The parameters are needed by what
        decays weights; where they are given, shapes are compared, and the updates get their dtypes.
    """

    init: Callable[[Any], Any]
    update: Callable[..., tuple[Any, Any]]


if not TYPE_CHECKING:  # to a type checker, a class with a __getattr__ has every name

    def _lacking(self, name):
        raise lacking(self, "Optimizer", name)

    Optimizer.__getattr__ = _lacking


class SGDState(NamedTuple):
    """The state of `sgd`: how many steps were taken, and the velocities, None without momentum."""

    step: int
    velocity: Any


class RMSPropState(NamedTuple):
    """The state of `rmsprop`: running means of the squared gradients and the gradients, and the velocities."""

    step: int
    square: Any
    mean: Any
    velocity: Any


class AdamState(NamedTuple):
    """The state of `adam`: running means of the gradients and of their squares, and the largest ones of these."""

    step: int
    mean: Any
    square: Any
    largest: Any


# --- use -------------------------------------------------------------------------------------------------------------


@telling
def apply_updates(params: Any, updates: Any) -> Any:
    """Return parameters with their updates added.

    For Tensors that is recorded, as all that is computed from them; in a loop by `.backward()`, take `step`.

    Parameters
    ----------
    params : array_like, Tensor, or a container of them
    updates : container like `params`
        Where one is None, the parameter stays.

    Returns
    -------
    container like `params`
        New arrays of the same dtypes; what is no number is handed on.

    Raises
    ------
    ValueError
        If the updates are in another container than the parameters, or have other shapes.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizers.apply_updates([np.array([1.0, 2.0])], [np.array([0.5, 0.0])])
    [array([1.5, 2. ])]
    """
    leaves, tree = flatten(params)
    given = leaves_like(tree, leaves, updates, "updates")
    return tree.unflatten([p if u is None else in_dtype_of(p + u, p) for p, u in zip(leaves, given, strict=True)])


@telling
def step(optimizer: Optimizer, params: Any, state: Any) -> Any:
    """Update tensors in place by the gradients that `.backward()` left in them, and return the next state.

    Parameters
    ----------
    optimizer : Optimizer
    params : Tensor or a container of them
        Those with a gradient get other values; constants, and what has no gradient, stay.
    state : as `optimizer.init` or the last step returned it

    Returns
    -------
    The next state.

    Raises
    ------
    TypeError
        If there is no tensor among the parameters.

    Examples
    --------
    >>> import gradarray as ga
    >>> from gradarray.nnet import optimizers
    >>> x = ga.tensor([1.0, -2.0])
    >>> optimizer = optimizers.sgd(0.25)
    >>> state = optimizer.init(x)
    >>> (x**2).backward()
    >>> state = optimizers.step(optimizer, x, state)
    >>> x
    Tensor([ 0.5, -1. ])
    """
    leaves, tree = flatten(params)
    if not any(hasattr(p, "backward") for p in leaves):
        raise TypeError(
            "step updates tensors, by the gradients that backward() left in them, and there is none here; arrays are "
            "updated by optimizer.update and apply_updates"
        )
    with ga.no_grad:
        gradients = tree.unflatten([getattr(p, "grad", None) for p in leaves])
        updates, state = optimizer.update(gradients, state, params)
        for p, u in zip(leaves, leaves_like(tree, leaves, updates, "updates"), strict=True):
            if u is not None:
                p += u
    return state


@telling
def chain(*optimizers: Optimizer) -> Optimizer:
    """Make one optimiser of several: each gets what the one before it made of the gradients.

    Parameters
    ----------
    *optimizers : Optimizer
        The last one is usually one that has a learning rate, and those before it clip gradients or decay weights.

    Returns
    -------
    Optimizer
        Its state is a tuple of the states.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizer = optimizers.chain(optimizers.clip_by_global_norm(1.0), optimizers.sgd(0.1))
    >>> updates, state = optimizer.update(np.array([30.0, 40.0]), optimizer.init(np.zeros(2)))
    >>> updates
    array([-0.06, -0.08])
    """

    def update(gradients: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        if len(state) != len(optimizers):
            raise ValueError(f"the state of {len(state)} optimisers does not belong to a chain of {len(optimizers)}")
        states = []
        for optimizer, part in zip(optimizers, state, strict=True):
            gradients, part = optimizer.update(gradients, part, params)
            states.append(part)
        return gradients, tuple(states)

    return Optimizer(lambda params: tuple(optimizer.init(params) for optimizer in optimizers), update)


# --- optimisers ------------------------------------------------------------------------------------------------------


@telling
def sgd(rate: Rate, momentum: Any = 0.0, *, dampening: Any = 0.0, nesterov: bool = False) -> Optimizer:
    """Make the optimiser of gradient descent, with momentum if that is wanted.

    The velocity is ``v = momentum * v + (1 - dampening) * g``, that of the first step the gradient itself, and the
    update ``-rate * v``, or by Nesterov's rule ``-rate * (g + momentum * v)``. This is PyTorch's form, in which the
    rate stands outside of the velocity; in that of [1]_ it stands inside, which is another thing if the rate changes.

    Parameters
    ----------
    rate : float or callable
        The learning rate, or a schedule, which is called with the number of the step, from 0 on.
    momentum : float
    dampening : float
    nesterov : bool
        Look ahead along the velocity; it needs a momentum, and has no dampening.

    Returns
    -------
    Optimizer

    Raises
    ------
    ValueError
        If a number is not in its range, and for Nesterov's rule without momentum or with dampening.

    References
    ----------
    .. [1] I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep
       learning", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizer = optimizers.sgd(0.1, momentum=0.5)
    >>> updates, state = optimizer.update(np.array([1.0]), optimizer.init(np.zeros(1)))
    >>> updates, state = optimizer.update(np.array([1.0]), state)
    >>> updates
    array([-0.15])
    """
    rate = _rate(rate)
    _need(momentum >= 0, "momentum is not negative", momentum)
    moving = _is_set(momentum)
    if nesterov and (not moving or _is_set(dampening)):
        raise ValueError("Nesterov's rule needs a momentum, and has no dampening")

    def init(params: Any) -> SGDState:
        return SGDState(0, zeros_for_all(params) if moving else None)

    def update(gradients: Any, state: SGDState, params: Any = None) -> tuple[Any, SGDState]:
        now = _number(rate(state.step))
        part = 1 - dampening if state.step else 1.0

        def advance(g: Any, _p: Any, v: Any) -> tuple[Any, Any]:
            if not moving:
                return -now * g, v
            v = momentum * v + part * g
            return -now * (g + momentum * v if nesterov else v), v

        updates, velocity = advanced(advance, gradients, params, state.velocity)
        return updates, SGDState(state.step + 1, velocity)

    return Optimizer(init, update)


@telling
def rmsprop(
    rate: Rate = 0.01, decay: Any = 0.99, eps: Any = 1e-8, *, centered: bool = False, momentum: Any = 0.0
) -> Optimizer:
    """Make the optimiser RMSProp, which divides a gradient by the root of the running mean of its square.

    With ``s = decay * s + (1 - decay) * g**2`` the step is ``d = g / (sqrt(s) + eps)`` and the update ``-rate * d``.
    `centered` subtracts from `s` the square of the running mean of the gradients, which leaves their variance [2]_.
    With momentum there is a velocity, ``v = momentum * v + d``, and the update is ``-rate * v``. Form and defaults are
    PyTorch's; [1]_ has a decay of 0.9. Of a complex gradient, the square is that of its absolute value.

    Parameters
    ----------
    rate : float or callable
        The learning rate, or a schedule, which is called with the number of the step, from 0 on.
    decay : float
        How much of a running mean stays, from 0 to 1.
    eps : float
    centered : bool
    momentum : float

    Returns
    -------
    Optimizer

    Raises
    ------
    ValueError
        If a number is not in its range.

    References
    ----------
    .. [1] T. Tieleman, G. Hinton, "Lecture 6.5: rmsprop", Coursera, Neural networks for machine learning, 2012.
    .. [2] A. Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizer = optimizers.rmsprop(0.01)
    >>> updates, state = optimizer.update(np.array([5.0, -0.5]), optimizer.init(np.zeros(2)))
    >>> np.round(updates, 4)
    array([-0.1,  0.1])
    """
    rate = _rate(rate)
    _need(0 <= decay < 1, "decay is from 0 to 1, and less than 1", decay)
    _need(eps >= 0, "eps is not negative", eps)
    _need(momentum >= 0, "momentum is not negative", momentum)
    moving = _is_set(momentum)

    def init(params: Any) -> RMSPropState:
        mean, velocity = zeros_for_all(params) if centered else None, zeros_for_all(params) if moving else None
        return RMSPropState(0, zeros_for_all(params, real=True), mean, velocity)

    def update(gradients: Any, state: RMSPropState, params: Any = None) -> tuple[Any, RMSPropState]:
        now = _number(rate(state.step))

        def advance(g: Any, _p: Any, s: Any, m: Any, v: Any) -> tuple[Any, ...]:
            s = spread = decay * s + (1 - decay) * _squared(g)
            if centered:
                m = decay * m + (1 - decay) * g
                spread = np.maximum(s - _squared(m), 0)  # by rounding it may come out below zero
            d = g / (np.sqrt(spread) + eps)
            if moving:
                v = d = momentum * v + d
            return -now * d, s, m, v

        updates, *parts = advanced(advance, gradients, params, state.square, state.mean, state.velocity)
        return updates, RMSPropState(state.step + 1, *parts)

    return Optimizer(init, update)


@telling
def adam(rate: Rate = 1e-3, b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8, *, amsgrad: bool = False) -> Optimizer:
    """Make the optimiser Adam, which divides the running mean of the gradients by the root of that of their squares.

    In step t, from 1 on, with ``m = b1 * m + (1 - b1) * g`` and ``s = b2 * s + (1 - b2) * g**2``, the update is
    ``-rate * (m / (1 - b1**t)) / (sqrt(s / (1 - b2**t)) + eps)`` [1]_. `amsgrad` takes the largest `s` so far in the
    place of `s` [2]_, and corrects it by ``1 - b2**t`` as PyTorch does, which the paper leaves out. Of a complex
    gradient, the square is that of its absolute value; PyTorch treats its parts as two numbers.

    Parameters
    ----------
    rate : float or callable
        The learning rate, or a schedule, which is called with the number of the step, from 0 on.
    b1, b2 : float
        How much of the running means stays, from 0 to 1.
    eps : float
    amsgrad : bool

    Returns
    -------
    Optimizer

    Raises
    ------
    ValueError
        If a number is not in its range.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: A method for stochastic optimization", arXiv:1412.6980, 2014.
    .. [2] S. J. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and beyond", arXiv:1904.09237, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizer = optimizers.adam(0.1)
    >>> updates, state = optimizer.update(np.array([5.0, -0.5]), optimizer.init(np.zeros(2)))
    >>> np.round(updates, 4)
    array([-0.1,  0.1])
    """
    return _adam(rate, b1, b2, eps, amsgrad, 0.0, None)


@telling
def adamw(
    rate: Rate = 1e-3,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    *,
    weight_decay: Any = 1e-2,
    mask: Any = None,
    amsgrad: bool = False,
) -> Optimizer:
    """Make the optimiser AdamW: Adam, with a decay of the weights beside it.

    The update is that of `adam`, and ``-rate * weight_decay * p`` besides, where the decay does not go through the
    running means [1]_. As in PyTorch, and other than in the paper, the learning rate is a factor of the decay.

    Parameters
    ----------
    rate : float or callable
        The learning rate, or a schedule, which is called with the number of the step, from 0 on.
    b1, b2, eps, amsgrad
        As those of `adam`.
    weight_decay : float
    mask : callable or container, optional
        Which parameters decay: ``mask(p)`` tells it of one array, as ``lambda p: p.ndim > 1`` does for all matrices;
        or a container like the parameters tells it by truth values, of which one may stand for a whole container.

    Returns
    -------
    Optimizer
        Its `update` needs the parameters.

    Raises
    ------
    ValueError
        If a number is not in its range.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", arXiv:1711.05101, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizer = optimizers.adamw(0.1, weight_decay=0.5, mask={"w": True, "b": False})
    >>> params = {"w": np.array([10.0]), "b": np.array([10.0])}
    >>> updates, state = optimizer.update({"w": np.zeros(1), "b": np.zeros(1)}, optimizer.init(params), params)
    >>> optimizers.apply_updates(params, updates)
    {'w': array([9.5]), 'b': array([10.])}
    """
    _need(weight_decay >= 0, "weight_decay is not negative", weight_decay)
    return _adam(rate, b1, b2, eps, amsgrad, weight_decay, mask)


def _adam(rate: Rate, b1: Any, b2: Any, eps: Any, amsgrad: bool, weight_decay: Any, mask: Any) -> Optimizer:
    rate = _rate(rate)
    _need(0 <= b1 < 1, "b1 is from 0 to 1, and less than 1", b1)
    _need(0 <= b2 < 1, "b2 is from 0 to 1, and less than 1", b2)
    _need(eps >= 0, "eps is not negative", eps)

    def init(params: Any) -> AdamState:
        square = zeros_for_all(params, real=True)
        return AdamState(0, zeros_for_all(params), square, zeros_for_all(params, real=True) if amsgrad else None)

    def update(gradients: Any, state: AdamState, params: Any = None) -> tuple[Any, AdamState]:
        now, t = _number(rate(state.step)), state.step + 1
        rest1, rest2 = 1 - b1**t, 1 - b2**t

        def advance(g: Any, _p: Any, m: Any, s: Any, most: Any) -> tuple[Any, ...]:
            m = b1 * m + (1 - b1) * g
            s = highest = b2 * s + (1 - b2) * _squared(g)
            if amsgrad:
                most = highest = np.maximum(most, s)
            return m / rest1 / (np.sqrt(highest / rest2) + eps), m, s, most

        steps, *parts = advanced(advance, gradients, params, state.mean, state.square, state.largest)
        if _is_set(weight_decay):
            steps = _with_decay(steps, params, weight_decay, mask, "adamw")
        return ga.tree_map(lambda d: in_dtype_of(-now * d, d), steps), AdamState(t, *parts)

    return Optimizer(init, update)


# --- what is done to gradients ---------------------------------------------------------------------------------------


@telling
def add_weight_decay(weight_decay: Any, mask: Any = None) -> Optimizer:
    """Make the first part of a `chain` that adds ``weight_decay * p`` to the gradient of each parameter p.

    That is the gradient of a penalty ``weight_decay / 2 * p**2``, and what PyTorch's optimisers call weight_decay;
    `adamw` decays weights otherwise.

    Parameters
    ----------
    weight_decay : float
    mask : callable or container, optional
        Which parameters decay, as for `adamw`.

    Returns
    -------
    Optimizer
        Its `update` needs the parameters.

    Raises
    ------
    ValueError
        For a negative number.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizer = optimizers.chain(optimizers.add_weight_decay(0.5), optimizers.sgd(0.1))
    >>> params = np.array([2.0])
    >>> optimizer.update(np.array([1.0]), optimizer.init(params), params)[0]
    array([-0.2])
    """
    _need(weight_decay >= 0, "weight_decay is not negative", weight_decay)
    return _stateless(lambda gradients, params: _with_decay(gradients, params, weight_decay, mask, "add_weight_decay"))


@telling
def clip(limit: Any) -> Optimizer:
    """Make the first part of a `chain` that clips each element of the gradients to ``-limit`` and ``limit``.

    Parameters
    ----------
    limit : float

    Returns
    -------
    Optimizer

    Raises
    ------
    TypeError
        By `update`, for complex gradients.
    ValueError
        If the limit is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizers.clip(1.0).update(np.array([0.5, -3.0]), ())[0]
    array([ 0.5, -1. ])
    """
    _need(limit > 0, "the limit is positive", limit)

    def clipped(g: Any) -> Any:
        if np.iscomplexobj(g):
            raise TypeError("clip is for real gradients; clip_by_global_norm takes complex ones, too")
        return in_dtype_of(np.clip(g, -limit, limit), g)

    return _stateless(lambda gradients, _params: ga.tree_map(clipped, gradients))


@telling
def clip_by_global_norm(limit: Any) -> Optimizer:
    """Make the first part of a `chain` that shortens the gradient, all containers as one vector, to a greatest length.

    Parameters
    ----------
    limit : float
        Of the Euclidean norm, which is computed in double precision.

    Returns
    -------
    Optimizer

    Raises
    ------
    ValueError
        If the limit is not positive.

    References
    ----------
    R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", arXiv:1211.5063, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.nnet import optimizers
    >>> optimizers.clip_by_global_norm(1.0).update({"w": np.array([30.0]), "b": 40.0}, ())[0]
    {'w': array([0.6]), 'b': np.float64(0.8)}
    """
    _need(limit > 0, "the limit is positive", limit)

    def shortened(gradients: Any, _params: Any) -> Any:
        leaves, tree = flatten(gradients)
        wide = [np.ravel(g).astype(np.result_type(precision(g), np.float64)) for g in leaves]
        norm = np.linalg.norm(np.concatenate(wide)) if wide else 0.0
        factor = limit / np.maximum(norm, limit)
        return tree.unflatten([in_dtype_of(g * factor, g) for g in leaves])

    return _stateless(shortened)


def _stateless(change: Callable[[Any, Any], Any]) -> Optimizer:
    return Optimizer(lambda _params: (), lambda gradients, state, params=None: (change(gradients, params), state))


def _with_decay(gradients: Any, params: Any, weight_decay: Any, mask: Any, name: str) -> Any:
    if params is None:
        raise ValueError(f"{name} needs the parameters that decay: optimizer.update(gradients, state, params)")
    leaves, tree = flatten(params)
    if mask is None:
        chosen = [True for _ in leaves]
    elif callable(mask):
        chosen = [bool(mask(p)) for p in leaves]
    else:
        chosen = tree.spread(mask, "the mask", (bool, np.bool_))
    given = leaves_like(tree, leaves, gradients, "gradients")
    every = zip(given, leaves, chosen, strict=True)
    return tree.unflatten([in_dtype_of(g + weight_decay * p, g) if c and g is not None else g for g, p, c in every])


# --- numbers ---------------------------------------------------------------------------------------------------------


def _rate(rate: Rate) -> Schedule:
    if not callable(rate):
        if not isinstance(rate, Real) and getattr(rate, "shape", None) != ():
            raise TypeError(
                f"the learning rate is a number, or a schedule of numbers, not a {type(rate).__name__}; parameters "
                "go to init: state = optimizer.init(params)"
            )
        _need(rate >= 0, "the learning rate is not negative", rate)
    return as_schedule(rate)


def _number(rate: Any) -> Any:
    """Return a rate as a number that takes the dtype of what it is multiplied by; one on a tape stays what it is."""
    return float(rate) if isinstance(rate, (np.generic, np.ndarray)) else rate


def _is_set(number: Any) -> bool:
    """Tell whether something is done by this number: also by a zero that is differentiated by."""
    return hasattr(number, "dtype") or number != 0


def _need(given: Any, range_: str, number: Any) -> None:
    if not given:
        raise ValueError(f"{range_}; it is {number!r} here")


def _squared(g: Any) -> Any:
    return g.real**2 + g.imag**2 if np.iscomplexobj(g) else g * g
