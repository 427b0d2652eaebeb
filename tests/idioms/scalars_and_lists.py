"""Lists of numbers that go to NumPy's functions and to Python's."""

import numpy as np


def statistics(a, b):
    values = [a, b, a * b, 2.0]
    spread = np.std(values) + np.var([a, 3.0, b], ddof=1)
    return np.mean(values) + np.sum(values) + np.prod([a, b]) + spread + np.median([a, b, 9.0])


def extremes(a, b):
    biggest = np.max([a, b, 0.0]) + max(a, b) + max([a * 2, b])
    return biggest - np.min([a, b]) * min(a, 1.5, b) + np.ptp([a, b, 0.1])


def triangle_area(x):
    """Corners as lists, as in geometry code."""
    p, q, r = [x[0], x[1], 0.0], [x[2], 0.5, x[0]], [0.0, 1.0, x[1]]
    u, v = np.subtract(q, p), np.subtract(r, p)
    return 0.5 * np.linalg.norm(np.cross(u, v)) + np.linalg.norm([x[0], x[1]])


def three_links(x):
    """Products of lists."""
    w = np.dot([x[0], x[1]], [1.0, x[2]])
    powers = np.power([x[0], x[1]], 2)
    scale = np.diag([x[0], x[1], w])
    return np.matmul(scale, [1.0, 2.0, x[2]]) + np.outer(powers, [1.0, w, 2.0]).sum()


def mass_matrix(m, k):
    """A two-mass oscillator, solved from lists of lists."""
    shift = np.linalg.solve([[2 * k + m, -k], [-k, k + m]], [1.0, m])
    determinant = np.linalg.det([[2 * k, -k], [-k, k + m]])
    return np.concatenate([shift, [determinant, m]])


def price_table(strike):
    """A table that is looked up between its points."""
    x = [0.0, 1.0, 2.5, 4.0]
    y = [strike, strike**2, 2 * strike, 1.0]
    area = np.trapezoid(y, x)
    return np.interp([0.4, 3.1], x, y) + area + np.interp(strike, x, [0.0, 1.0, 0.5, 0.25])


def heat_capacity(T):
    """A Shomate polynomial."""
    t = T / 1000
    coefficients = [30.092, 6.832514, 6.793435, -2.53448]
    return np.polyval(coefficients[::-1], t) + np.polyval([t, 1.0, t * t], 0.5)


def selected(a, b):
    w = np.where([True, False], [a, b], [b, 1.0])
    c = np.clip([a, b, 5.0], 0.0, 2.0)
    s = np.stack([[a, b], [b, a]])
    h = np.hstack([a, b, w])
    return np.concatenate(([a], w, c, s.ravel(), h))


def with_python_alone(x):
    """Builtins over an array and over a list of numbers."""
    squares = [v**2 for v in x]
    ordered = sorted(squares, reverse=True)
    total = sum(squares) + sum(x) + sum(v * w for v, w in zip(x, ordered, strict=True))
    return total + abs(x[0] - 3) + pow(x[1], 3) + pow(2.0, x[0]) + max(x) * min(squares)


def wrapped_angle(angle):
    """Into one turn, by remainders."""
    turns, rest = divmod(angle, 2.0)
    sign = -1 if round(angle) % 2 else 1
    return rest * sign + turns + 2 * (angle % 0.9) + angle // 0.9


def weighted_votes(x):
    """A loop that fills a list, and np.append, which is slow and common."""
    scores = []
    for v in x:
        scores.append(np.tanh(v))
    scores.extend([x[0] * x[1], 0.5])
    history = np.array([])
    for s in scores:
        history = np.append(history, s * 2)
    history = np.insert(history, 0, x[0])
    return history / np.sum(scores)


def nested_lists(x):
    """Matrices as lists of lists, until the end."""
    n = len(x)
    K = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            K[i][j] = np.exp(-((x[i] - x[j]) ** 2))
    rows = {"sum": [sum(row) for row in K], "last": K[-1]}
    return np.array(rows["sum"]) + np.asarray(rows["last"])


def average_return(prices):
    """Returns and a Sharpe ratio."""
    returns = [prices[i + 1] / prices[i] - 1 for i in range(len(prices) - 1)]
    return np.average(returns, weights=[1, 2, 3, 4]) / np.std(returns) * np.sqrt(252)


def compounded(rates):
    growth = np.cumprod([1 + r for r in rates])
    return np.max(growth) + np.cumsum([rates[0], 2.0])[-1] + np.exp([rates[1], 0.0]).sum() + np.log([growth[0]])[0]


def sorted_and_listed(x):
    """Lists without brackets."""
    return np.linalg.norm(sorted(x)) + np.prod(list(x)) * np.max(tuple(x))


def _length(*parts):
    return np.linalg.norm(parts)


def gathered(a, b):
    return _length(a, b, 2.0)


def any_and_all(a, b):
    if np.any([a > 1, b > 1]) and np.all(np.isfinite([a, b])) and np.allclose([a], [a]):
        return np.hypot([a], [b])[0]
    return 0.0
