"""Arrays that are made first and filled afterwards."""

import numpy as np


def heated_rod(x):
    """Explicit steps of the heat equation; the ends are held at two temperatures."""
    left, right, rate = x
    n = 12
    u = np.zeros(n)
    u[0] = left
    u[-1] = right
    for _ in range(20):
        un = u.copy()
        for i in range(1, n - 1):
            u[i] = un[i] + rate * (un[i + 1] - 2 * un[i] + un[i - 1])
    return u


def binomial_tree(spot, sigma, rate):
    """An American put on a tree of 20 steps."""
    steps, strike = 20, 102.3
    dt = 1.0 / steps
    up = np.exp(sigma * np.sqrt(dt))
    down = 1 / up
    p = (np.exp(rate * dt) - down) / (up - down)
    prices = np.empty(steps + 1)
    for i in range(steps + 1):
        prices[i] = spot * up**i * down ** (steps - i)
    values = np.maximum(strike - prices, 0)
    for n in range(steps - 1, -1, -1):
        for i in range(n + 1):
            hold = np.exp(-rate * dt) * (p * values[i + 1] + (1 - p) * values[i])
            values[i] = max(hold, strike - spot * up**i * down ** (n - i))
    return values[0]


def kalman(measured, q=0.1, r=0.5):
    """A constant-velocity Kalman filter."""
    dt = 0.5
    F = np.eye(2)
    F[0, 1] = dt
    H = np.zeros((1, 2))
    H[0, 0] = 1.0
    Q = np.identity(2) * q
    x = np.zeros((2, 1))
    P = np.full((2, 2), 0.0)
    np.fill_diagonal(P, 10.0)
    track = np.zeros((len(measured), 2))
    for k, z in enumerate(measured):
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + r
        K = P @ H.T @ np.linalg.inv(S)
        x = x + K * (z - H @ x)
        P = (np.eye(2) - K @ H) @ P
        track[k] = x[:, 0]
    return track


def spring_chain(stiffness):
    """The displacements of masses between springs, from an assembled stiffness matrix."""
    n = len(stiffness)
    K = np.zeros((n, n))
    for e, k in enumerate(stiffness):
        K[e, e] += k
        if e > 0:
            K[e - 1, e - 1] += k
            K[e - 1, e] -= k
            K[e, e - 1] -= k
    load = np.ones(n)
    load[-1] = 2.5
    return np.linalg.solve(K, load)


def running_average(signal):
    """An exponential average, in an array like the signal."""
    smooth = np.zeros_like(signal)
    weights = np.ones_like(signal)
    buffer = np.empty_like(signal)
    smooth[0] = signal[0]
    for i in range(1, len(signal)):
        weights[i] = 0.9 * weights[i - 1]
        smooth[i] = 0.7 * smooth[i - 1] + 0.3 * signal[i]
        buffer[i] = smooth[i] * weights[i]
    buffer[0] = np.full_like(signal, 0.25)[0] * smooth[-1]
    return buffer


def rotation_chain(angles):
    """The tip of a planar arm: one homogeneous matrix for each joint."""
    T = np.identity(3)
    for angle in angles:
        A = np.eye(3)
        A[0, 0] = np.cos(angle)
        A[0, 1] = -np.sin(angle)
        A[1, 0] = np.sin(angle)
        A[1, 1] = np.cos(angle)
        A[0, 2] = 1.5
        T = np.dot(T, A)
    return T[:2, 2]


def arrhenius_profile(energy, factor):
    """A rate over temperatures between two bounds, and the trapezoid rule by hand."""
    temperature = np.linspace(300.0, 500.0, 9)
    rate = np.empty(temperature.shape)
    for i, T in enumerate(temperature):
        rate[i] = factor * np.exp(-energy / (8.314 * T))
    total = 0.0
    for i in range(len(rate) - 1):
        total += 0.5 * (rate[i] + rate[i + 1]) * (temperature[i + 1] - temperature[i])
    return total


def grid_from_a_variable(length):
    """The grid itself hangs on the variable."""
    x = np.linspace(0.0, length, 7)
    y = np.arange(5) * length
    z = np.full(3, length)
    return np.append(np.sin(x) * x, y * z[0])


def vandermonde_by_columns(x):
    """Polynomial features, lower triangle, diagonal: matrices of the numerics course."""
    A = np.ones((len(x), 3))
    A[:, 1] = x
    A[:, 2] = x**2
    L = np.tri(3)
    L[2, 0] = x[0] * x[1]
    D = np.diag([x[0], x[1] + 2.0, 3.0])
    return A @ L @ D


def gaussian_spot(center, width):
    """An image of a light spot on a mesh."""
    yy, xx = np.mgrid[0:4, 0:5]
    image = np.zeros((4, 5))
    image[yy >= 0] = np.exp(-((yy - center) ** 2 + (xx - 1.7) ** 2) / (2 * width**2)).ravel()
    image[1, :] *= width
    rows, cols = np.indices((4, 5))
    return image + 0.1 * center * rows * cols


def coupled_block(k):
    """A block of a larger matrix, by open meshes and index lists."""
    M = np.zeros((4, 4))
    M[np.ix_([0, 2], [1, 3])] = k * np.array([[1.0, 2.0], [3.0, 4.0]])
    M[np.ix_([1, 3], [0, 2])] += k**2
    grid = np.ogrid[0:4]
    return M @ grid


def padded_signal(x):
    """Ends and columns put on with r_ and c_."""
    padded = np.r_[x[0], x, x[-1], 0.0]
    diffs = np.r_[0.0, np.diff(padded)]
    table = np.c_[padded, diffs, np.arange(len(padded))]
    return table[:, 0] * table[:, 1] + table[:, 2]


def partial_sums(x):
    """Series terms, made by a generator and read by fromiter."""
    terms = np.fromiter((x**k / (k + 1) for k in range(6)), dtype=float)
    counted = np.fromiter([x, 2 * x, 3.0], float, count=3)
    return np.cumsum(terms) + counted.sum()


RAW = np.array([0.1, 0.4, 0.2, 0.7]).tobytes()


def recorded_samples(gain):
    """Samples out of a byte string are plain data."""
    samples = np.frombuffer(RAW, dtype=np.float64)
    out = np.zeros(len(samples))
    for i in range(len(samples)):
        out[i] = gain * samples[i] ** 2
    return out


def octave_bands(q):
    """Filter centres on logarithmic grids."""
    centers = np.geomspace(125.0, 4000.0, 6)
    gains = np.logspace(-1, 1, 6)
    gains[2:4] = q
    bands = np.zeros(6)
    for i, f in enumerate(centers):
        bands[i] = gains[i] / (1 + (q * (f / 1000 - 1000 / f)) ** 2)
    return bands


def windowed(x):
    """A window that is changed before its use."""
    window = np.hanning(len(x))
    window[0] = x[0]
    window[-1] = 0.5 * x[-1]
    return window * x


def single_precision(gain, offset):
    """Buffers in single precision, as in image processing."""
    row = np.zeros(4, dtype=np.float32)
    row[0] = gain
    row[1:3] = offset * gain
    row += np.ones(4, dtype="float32")
    return np.float32(2.0) * row


def fields_on_a_mesh(charge, distance):
    """A potential of two charges on a mesh."""
    x, y = np.meshgrid(np.linspace(-1, 1, 4), np.linspace(-1, 1, 3))
    potential = np.zeros(x.shape)
    for sign in (-1, 1):
        r = np.hypot(x - sign * distance, y - 0.3)
        potential += sign * charge / r
    return potential


def by_function(a):
    """A matrix whose entries come from a function of the indices."""
    hilbert = np.fromfunction(lambda i, j: 1.0 / (i + j + a), (3, 3))
    hilbert[0, 0] = a
    return np.linalg.det(hilbert)
