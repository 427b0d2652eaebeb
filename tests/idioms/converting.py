"""What public functions do first with their arguments."""

import numpy as np


def normalized(quaternion):
    q = np.asarray(quaternion, dtype=float)
    return q / np.sqrt(np.dot(q, q))


def rotation_matrix(axis, theta):
    """By Euler and Rodrigues."""
    axis = np.asarray(axis)
    axis = axis / np.linalg.norm(axis)
    a = np.cos(theta / 2.0)
    b, c, d = -axis * np.sin(theta / 2.0)
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)],
            [2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)],
            [2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c],
        ]
    )


def jacobian_of_a_robot(q):
    """Nested lists in which numbers and variables stand together."""
    c, s = np.cos(q[0]), np.sin(q[0])
    J = np.array([[-s, 0, 1], [c, 0.0, 0], [0, 1, q[1]]], dtype=np.float64)
    return J @ np.array((q[0], q[1], 1))


def lotka_volterra(rates):
    """Runge and Kutta's method, the right side as an array of two numbers."""
    a, b, c, d = rates

    def deriv(y):
        return np.array([a * y[0] - b * y[0] * y[1], -c * y[1] + d * y[0] * y[1]])

    y, h = np.array([1.0, 0.5]), 0.1
    path = [y]
    for _ in range(15):
        k1 = deriv(y)
        k2 = deriv(y + 0.5 * h * k1)
        k3 = deriv(y + 0.5 * h * k2)
        k4 = deriv(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(y)
    return np.array(path)


def as_columns(x):
    """Rows become columns whatever comes in."""
    X = np.atleast_2d(x).T
    w = np.atleast_1d(x[0] * 2)
    cube = np.atleast_3d(x)
    return np.dot(X, np.atleast_2d(w)).ravel() + cube.sum()


def memory_orders(A):
    """What wrappers of compiled libraries do."""
    fortran = np.asfortranarray(A)
    c = np.ascontiguousarray(fortran.T)
    checked = np.require(c, dtype=float, requirements=["C", "W"])
    return np.asanyarray(checked) @ np.asarray_chkfinite(A)


def with_copies(x):
    y = np.copy(x)
    y[0] = y[1] * y[2]
    z = np.array(x, copy=True)
    z *= 2.0
    w = np.array(x, dtype=float, ndmin=2)
    return y + z + w[0]


def as_numpy_float(x):
    """Numbers made NumPy's, so that divisions warn in place of raising."""
    y = np.float64(x)
    z = np.double(2.0)
    return y**2 / np.float64(3) + np.sqrt(y * z)


def design_matrix(x, y):
    """Least squares by the normal equations."""
    x, y = np.array(x, dtype=float), np.array(y).astype(float)
    A = np.vstack([x, np.ones(len(x))]).T
    return np.linalg.inv(A.T.dot(A)).dot(A.T).dot(y)


def from_ragged_rows(a, b):
    """Rows that are arrays, lists and numbers."""
    row = np.array([a, b])
    table = np.array([row, [b, 1], row * 2, np.zeros(2)])
    return np.array([table, table[::-1]]).sum(axis=0)


def whole_numbers(x):
    """Whole numbers made from a variable have no derivative, what they choose has one."""
    levels = np.array([x * 10], dtype=int)
    table = np.linspace(0, 1, 20)
    return table[levels[0]] * x + np.asarray(x, dtype=np.intp) * x
