import math

from . import constants as const
from .helpers import new_state


def outflow(level, opening):
    return opening * math.sqrt(2 * const.GRAVITY * level)


def fluxes(levels, opening):
    q = new_state(len(levels) + 1)
    q[0] = 0.4
    for i, level in enumerate(levels):
        q[i + 1] = outflow(level, opening)
    return q
