"""Objects with state."""

import collections
import math
import typing

import numpy as np


class PID:
    """A controller with memory."""

    def __init__(self, kp, ki, kd):
        self.kp, self.ki, self.kd = kp, ki, kd
        self.reset()

    def reset(self):
        self.integral = 0.0
        self.previous = np.zeros(1)

    def __call__(self, error, dt):
        self.integral += error * dt
        derivative = (error - self.previous[0]) / dt
        self.previous[0] = error
        return self.kp * error + self.ki * self.integral + self.kd * derivative


def controlled(kp, ki, kd):
    pid = PID(kp, ki, kd)
    level, levels = 0.0, []
    for _ in range(12):
        level += 0.1 * (pid(1.0 - level, 0.1) - 0.3 * level)
        levels.append(level)
    return np.array(levels)


class KalmanFilter:
    """As in filter libraries: everything is an attribute, and is made empty first."""

    def __init__(self, dim_x, dim_z):
        self.dim_x = dim_x
        self.x = np.zeros((dim_x, 1))
        self.P = np.eye(dim_x)
        self.Q = np.eye(dim_x)
        self.F = np.eye(dim_x)
        self.H = np.zeros((dim_z, dim_x))
        self.R = np.eye(dim_z)
        self._I = np.eye(dim_x)
        self._log_likelihood = 0.0

    def predict(self):
        self.x = np.dot(self.F, self.x)
        self.P = np.dot(np.dot(self.F, self.P), self.F.T) + self.Q

    def update(self, z):
        y = np.atleast_2d(z) - np.dot(self.H, self.x)
        PHT = np.dot(self.P, self.H.T)
        S = np.dot(self.H, PHT) + self.R
        SI = np.linalg.inv(S)
        K = np.dot(PHT, SI)
        self.x = self.x + np.dot(K, y)
        I_KH = self._I - np.dot(K, self.H)
        self.P = np.dot(np.dot(I_KH, self.P), I_KH.T) + np.dot(np.dot(K, self.R), K.T)
        self._log_likelihood += -0.5 * (math.log(2 * math.pi * S[0, 0]) + float(y[0, 0]) ** 2 / S[0, 0])

    @property
    def log_likelihood(self):
        return self._log_likelihood


def likelihood(q, r):
    kf = KalmanFilter(dim_x=2, dim_z=1)
    kf.F[0, 1] = 0.5
    kf.H[0, 0] = 1.0
    kf.Q *= q
    kf.R *= r
    for z in [0.1, 0.7, 0.9, 1.8, 2.1]:
        kf.predict()
        kf.update(z)
    return kf.log_likelihood


class Layer:
    """A base class with a factory in the class body."""

    make = staticmethod(np.zeros)
    activation = staticmethod(np.tanh)
    bound = np.ones

    def __init__(self, n):
        self.weights = self.make((n, n))
        self.bias = type(self).bound(n)

    def forward(self, x):
        raise NotImplementedError


class Dense(Layer):
    def __init__(self, n, gain):
        super().__init__(n)
        for i in range(n):
            self.weights[i, i] = gain
            self.weights[i, (i + 1) % n] = -gain / 2
        self.bias[0] = gain

    def forward(self, x):
        return self.activation(self.weights @ x + self.bias)


class Recurrent(Dense):
    def forward(self, x):
        h = self.make(len(x))
        for _ in range(3):
            h = super().forward(x + h)
        return h


def network(gain):
    layers = [Dense(3, gain), Recurrent(3, gain * 0.5)]
    x = np.array([0.2, -0.4, 1.0])
    for layer in layers:
        x = layer.forward(x)
    return x


class Vector:
    """Slots, operators, class methods and properties."""

    __slots__ = ("data",)

    def __init__(self, x, y, z=0.0):
        self.data = np.array([x, y, z], dtype=float)

    @classmethod
    def from_polar(cls, r, phi):
        return cls(r * math.cos(phi), r * math.sin(phi))

    @property
    def x(self):
        return self.data[0]

    @x.setter
    def x(self, value):
        self.data[0] = value

    @property
    def length(self):
        return math.sqrt(sum(v * v for v in self.data))

    def __add__(self, other):
        return Vector(*(self.data + other.data))

    def __getitem__(self, i):
        return float(self.data[i])

    def __iter__(self):
        return iter(self.data)

    def __len__(self):
        return len(self.data)


def vectors(r, phi):
    v = Vector.from_polar(r, phi) + Vector(1.0, r, phi)
    v.x = v.x * v.length
    return np.array(list(v)) / v[1] * len(v)


class Ising:
    """A lattice that is kept by an object and changed in place by its methods."""

    def __init__(self, field):
        self.spins = np.where(np.indices((4, 4)).sum(axis=0) % 2, -1.0, 1.0)
        self.spins[1, 2] = field
        self.field = field

    def relax(self):
        neighbours = sum(np.roll(self.spins, s, axis=a) for s in (1, -1) for a in (0, 1))
        self.spins[:] = np.tanh(0.3 * neighbours + self.field)

    def energy(self):
        return -(self.spins * np.roll(self.spins, 1, axis=0)).sum() - self.field * self.spins.sum()


def lattice_energy(field):
    model = Ising(field)
    for _ in range(3):
        model.relax()
    return model.energy()


class Polynomial:
    """Its operators are met from the left by numbers of NumPy's, which know nothing of it."""

    def __init__(self, *coefficients):
        self.coefficients = coefficients

    def __getitem__(self, i):
        return self.coefficients[i] if i < len(self.coefficients) else 0.0

    def __call__(self, x):
        return sum(c * x**i for i, c in enumerate(self.coefficients))

    def __rmul__(self, number):
        return Polynomial(*[number * c for c in self.coefficients])

    def __radd__(self, number):
        return Polynomial(number + self[0], *self.coefficients[1:])

    def __rtruediv__(self, number):
        return number / self[0]


def from_the_left(x):
    p = x[0] * Polynomial(1.0, x[1], 2.0)
    q = np.sum(x) + np.float64(2.0) * p
    scale = x[1]
    scale *= q
    return scale(0.3) + x[0] / p


class Registry(collections.OrderedDict):
    """Functions are kept in containers of every kind."""


class Entry(typing.NamedTuple):
    function: object


REGISTRY = Registry(saturating=lambda v: math.tanh(v))
STAGES = collections.defaultdict(list)
STAGES["first"].append(Entry(lambda v: math.sin(v) * float(v)))
QUEUE = collections.deque([lambda v: math.exp(v)])


def registered(x):
    out = np.zeros(3)
    out[0] = REGISTRY["saturating"](x[0])
    out[1] = STAGES["first"][0].function(x[1])
    out[2] = QUEUE[0](x[0] * x[1])
    return out
