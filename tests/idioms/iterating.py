"""Ways over the elements of an array."""

import itertools

import numpy as np


def _rectified(v):
    return v if v > 0 else 0.1 * v


def rectified(x):
    leaky = np.vectorize(_rectified)
    return leaky(x) + leaky(x - 1.0)


def polar(x):
    """Several results, and types given."""
    both = np.vectorize(lambda a, b: (np.hypot(a, b), np.arctan2(a, b)), otypes=[float, float])
    r, phi = both(x, 2.0)
    return r * phi


def by_rows(A):
    """A signature, and an argument that is left alone."""
    normed = np.vectorize(lambda row: row / np.sqrt(np.sum(row**2)), signature="(n)->(n)")
    horner = np.vectorize(lambda p, v: p[0] + p[1] * v, excluded=[0])
    return normed(A) + horner([2.0, 3.0], A)


@np.vectorize
def payoff(price, strike):
    return max(price - strike, 0.0)


def portfolio(prices):
    return payoff(prices, 1.0).sum() + payoff(prices, np.array([0.5, 1.5, 2.5])).mean()


def enumerated(A):
    out = np.zeros_like(A)
    for (i, j), v in np.ndenumerate(A):
        out[j, i] = v * (i + 1)
    for place in np.ndindex(A.shape):
        out[place] += A[place] ** 2
    return out


def read_by_nditer(A):
    total = 0.0
    for v in np.nditer(A):
        total += v * v
    for a, b in np.nditer([A, A.T]):
        total += a * b
    it = np.nditer(A, flags=["multi_index"])
    while not it.finished:
        total += it[0] * it.multi_index[0]
        it.iternext()
    return total


def over_flat(A):
    return sum(v**3 for v in A.flat) + A.flat[2] * len(list(A.flat)) + np.prod([v for row in A for v in row])


def pairs(x):
    """Coulomb's energy by itertools."""
    energy = 0
    for (i, a), (j, b) in itertools.combinations(enumerate(x), 2):
        energy += (i + 1) * (j + 1) / abs(a - b)
    for a, b in itertools.pairwise(x):
        energy += a * b
    return energy + list(itertools.accumulate(x))[-1]


def along_axis(A):
    scaled = np.apply_along_axis(lambda v: v / v.sum(), 1, A)
    pieces = np.piecewise(A, [A < 1, A >= 1], [lambda v: v**2, lambda v: 2 * v - 1])
    return scaled + pieces


def mapped(x):
    """map, filter, zip, enumerate and reversed."""
    squares = list(map(lambda v: v * v, x))
    kept = list(filter(lambda v: v > 0.3, squares))
    weights = [w / (k + 1) for k, w in enumerate(reversed(kept))]
    return np.array([*weights, *[a * b for a, b in zip(x, squares, strict=True)]])


def factored(x):
    """Of a stack of as many matrices as there are factors of each."""
    q, r = np.vectorize(np.linalg.qr, signature="(m,n)->(m,k),(k,n)")(np.array([x, x.T + np.eye(3)]))
    return q[0] @ r[1] + 2.0 * q[1]
