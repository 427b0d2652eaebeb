"""Schedules: functions from the number of a step to a learning rate, for `optimizers`.

The first step has the number 0. Steps may be arrays, too, so that a schedule can be plotted, and the rates that it is
made of Tensors, which are differentiated by.

Examples
--------
>>> import numpy as np
>>> from gradarray.nnet import schedules
>>> rate = schedules.warmup(schedules.cosine_decay(0.1, steps=4), steps=2)
>>> np.round(rate(np.arange(7)), 3)
array([0.   , 0.05 , 0.1  , 0.085, 0.05 , 0.015, 0.   ])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .calls import telling

__all__ = [
    "Schedule",
    "constant",
    "cosine_decay",
    "exponential_decay",
    "join",
    "linear",
    "piecewise_constant",
    "polynomial",
    "warmup",
]

Schedule = Callable[[Any], Any]


@telling
def constant(rate: Any) -> Schedule:
    """Return the schedule that stays at one rate.

    Parameters
    ----------
    rate : float

    Returns
    -------
    callable

    Examples
    --------
    >>> from gradarray.nnet import schedules
    >>> float(schedules.constant(0.1)(1000))
    0.1
    """
    return lambda step: rate + np.zeros(np.shape(step))[()]


@telling
def polynomial(start: Any, end: Any, steps: int, power: float = 1.0) -> Schedule:
    """Return the schedule ``(start - end) * (1 - step / steps)**power + end``, which stays at `end` after `steps`.

    Parameters
    ----------
    start, end : float
        The rates of step 0 and of step `steps`.
    steps : int
    power : float

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If `steps` is not positive.

    Examples
    --------
    >>> from gradarray.nnet import schedules
    >>> rate = schedules.polynomial(1.0, 0.0, steps=10, power=2)
    >>> float(rate(5)), float(rate(20))
    (0.25, 0.0)
    """
    _need_positive(steps)
    return lambda step: (start - end) * (1 - _share(step, steps)) ** power + end


@telling
def linear(start: Any, end: Any, steps: int) -> Schedule:
    """Return the schedule that goes from one rate to another one in a straight line, and stays there.

    Parameters
    ----------
    start, end : float
        The rates of step 0 and of step `steps`.
    steps : int

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If `steps` is not positive.

    Examples
    --------
    >>> from gradarray.nnet import schedules
    >>> float(schedules.linear(1.0, 0.0, steps=4)(1))
    0.75
    """
    return polynomial(start, end, steps)


@telling
def exponential_decay(rate: Any, decay: Any, steps: int = 1, staircase: bool = False, end: Any = None) -> Schedule:
    """Return the schedule ``rate * decay**(step / steps)``.

    Parameters
    ----------
    rate : float
        That of step 0.
    decay : float
        The factor that `steps` steps bring.
    steps : int
    staircase : bool
        The rate changes every `steps` steps only.
    end : float, optional
        Where it stops: not below this rate, or for a `decay` above 1 not above it.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If `steps` is not positive.

    Examples
    --------
    >>> from gradarray.nnet import schedules
    >>> float(schedules.exponential_decay(0.8, 0.5, steps=10)(20))
    0.2
    """
    _need_positive(steps)

    def schedule(step: Any) -> Any:
        power = np.floor_divide(step, steps) if staircase else np.true_divide(step, steps)
        found = rate * decay**power
        if end is None:
            return found
        return np.maximum(found, end) if decay < 1 else np.minimum(found, end)

    return schedule


@telling
def cosine_decay(rate: Any, steps: int, end: Any = 0.0) -> Schedule:
    """Return the schedule that falls from one rate to another one along half a wave of the cosine, and stays there.

    Parameters
    ----------
    rate : float
        That of step 0.
    steps : int
    end : float
        The rate from step `steps` on.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If `steps` is not positive.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: Stochastic gradient descent with warm restarts", arXiv:1608.03983, 2016: one
    period of its equation 5.

    Examples
    --------
    >>> from gradarray.nnet import schedules
    >>> round(float(schedules.cosine_decay(0.1, steps=100)(50)), 6)
    0.05
    """
    _need_positive(steps)
    return lambda step: end + (rate - end) * (1 + np.cos(np.pi * _share(step, steps))) / 2


@telling
def piecewise_constant(rates: Sequence[Any], boundaries: Sequence[int]) -> Schedule:
    """Return the schedule that jumps from one rate to the next.

    Parameters
    ----------
    rates : sequence of float
    boundaries : sequence of int
        The first step of each rate but the first one.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is not one boundary between every two rates, or they do not ascend.

    Examples
    --------
    >>> from gradarray.nnet import schedules
    >>> rate = schedules.piecewise_constant([0.1, 0.01, 0.001], [30, 60])
    >>> float(rate(29)), float(rate(30)), float(rate(60))
    (0.1, 0.01, 0.001)
    """
    return join([constant(rate) for rate in rates], boundaries)


@telling
def warmup(rate: Any, steps: int, start: Any = 0.0) -> Schedule:
    """Return the schedule that rises in a straight line to the first rate of another one, which it then follows.

    Parameters
    ----------
    rate : callable or float
        A schedule, whose step 0 comes after the warm-up, or a rate to stay at.
    steps : int
        How many steps the warm-up takes.
    start : float
        The rate of step 0.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If `steps` is not positive.

    Examples
    --------
    >>> from gradarray.nnet import schedules
    >>> rate = schedules.warmup(schedules.exponential_decay(0.1, 0.5), steps=10)
    >>> float(rate(5)), float(rate(10)), float(rate(11))
    (0.05, 0.1, 0.05)
    """
    then = as_schedule(rate)
    return join([linear(start, then(0), steps), then], [steps])


@telling
def join(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Return the schedule that follows one schedule after the other, each from its own step 0 on.

    Parameters
    ----------
    schedules : sequence of callable
    boundaries : sequence of int
        The first step of each schedule but the first one.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is not one boundary between every two schedules, or they do not ascend.

    Examples
    --------
    >>> from gradarray.nnet import schedules
    >>> rate = schedules.join([schedules.constant(0.1), schedules.linear(0.1, 0.0, steps=4)], [100])
    >>> float(rate(99)), float(rate(102))
    (0.1, 0.05)
    """
    if not schedules or len(boundaries) != len(schedules) - 1:
        raise ValueError(
            f"{len(schedules)} pieces of a schedule have {max(len(schedules) - 1, 0)} boundaries between them, not "
            f"{len(boundaries)}"
        )
    if any(a >= b for a, b in zip((0, *boundaries), boundaries, strict=False)):
        raise ValueError(f"the boundaries of a schedule are positive and ascend, which {list(boundaries)} do not")

    def schedule(step: Any) -> Any:
        found = schedules[0](step)
        for piece, start in zip(schedules[1:], boundaries, strict=True):
            later: Any = np.where(np.less(step, start), found, piece(np.maximum(np.subtract(step, start), 0)))
            found = later[()]
        return found

    return schedule


def as_schedule(rate: Any) -> Schedule:
    """Return a schedule as it is, and for a rate the one that stays at it."""
    return rate if callable(rate) else constant(rate)


def _share(step: Any, steps: int) -> Any:
    """Return which part of the steps is over, from 0 to 1."""
    return np.clip(np.true_divide(step, steps), 0, 1)


def _need_positive(steps: Any) -> None:
    if not steps > 0:
        raise ValueError(f"a schedule goes over a positive number of steps, not {steps!r}")
