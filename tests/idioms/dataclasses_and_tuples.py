"""Records of parameters and of results."""

from collections import namedtuple
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

Ray = namedtuple("Ray", ["height", "angle"])


def lens_system(focal, distance):
    """Paraxial rays through two lenses; a record for each ray."""
    ray = Ray(height=np.array([1.0, 0.5]), angle=np.zeros(2))
    for _ in range(2):
        ray = ray._replace(angle=ray.angle - ray.height / focal)
        ray = Ray(ray.height + distance * ray.angle, ray.angle)
    return np.concatenate(ray)


@dataclass
class Body:
    mass: float
    position: np.ndarray
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def __post_init__(self):
        self.position = np.asarray(self.position, dtype=float)


@dataclass
class System:
    bodies: list = field(default_factory=list)
    G: float = 1.0

    def energy(self):
        total = 0.0
        for i, a in enumerate(self.bodies):
            total += 0.5 * a.mass * np.sum(a.velocity**2)
            for b in self.bodies[:i]:
                total -= self.G * a.mass * b.mass / np.linalg.norm(a.position - b.position)
        return total


def orbit_energy(mass, distance):
    system = System(G=2.0)
    system.bodies.append(Body(mass, [0.0, 0.1]))
    moving = Body(1.5, [distance, 0.0])
    moving.velocity[1] = mass / distance
    system.bodies.append(replace(moving, mass=mass * 2))
    return system.energy()


@dataclass(frozen=True)
class Reaction:
    prefactor: float
    activation: float

    def rate(self, T):
        return self.prefactor * np.exp(-self.activation / T)


class Result(NamedTuple):
    concentrations: np.ndarray
    conversion: float


def reactor(prefactor, activation):
    """A to B to C, steps of Euler."""
    first, second = Reaction(prefactor, activation), Reaction(0.5, activation * 1.2)
    c = np.array([1.0, 0, 0])
    for _ in range(10):
        r1, r2 = first.rate(300.0) * c[0], second.rate(300.0) * c[1]
        c = c + 0.1 * np.array([-r1, r1 - r2, r2])
    result = Result(concentrations=c, conversion=float(1 - c[0]))
    return result.concentrations * result.conversion


def moments(x):
    """Two results, and a dict of arrays."""
    mean, var = x.mean(), x.var()
    return mean, var, {"skew": ((x - mean) ** 3).mean() / var**1.5, "range": (x.min(), x.max())}


def standardized(x):
    mean, var, more = moments(x)
    low, high = more["range"]
    return (x - mean) / np.sqrt(var) + more["skew"] * (high - low)
