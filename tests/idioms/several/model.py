import numpy as np

from . import constants, physics
from .helpers import as_state


class Reservoir:
    def __init__(self, opening, dt=0.05):
        self.opening = opening
        self.dt = dt
        self.levels = as_state(constants.INITIAL)

    def step(self):
        q = physics.fluxes(self.levels, self.opening)
        self.levels += self.dt * (q[:-1] - q[1:]) / constants.AREAS


def simulate(opening):
    """The levels over time."""
    reservoir = Reservoir(opening)
    history = np.empty((constants.STEPS, 3))
    for k in range(constants.STEPS):
        reservoir.step()
        history[k] = reservoir.levels
    return history
