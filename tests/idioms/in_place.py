"""Updates in place, buffers, masks."""

import numpy as np


def burgers(viscosity, amplitude):
    """Two buffers that change places."""
    n = 16
    u = amplitude * np.sin(np.linspace(0, 2 * np.pi, n)) + 1.0
    un = np.empty_like(u)
    for _ in range(8):
        un[1:-1] = u[1:-1] - 0.02 * u[1:-1] * (u[1:-1] - u[:-2]) + viscosity * (u[2:] - 2 * u[1:-1] + u[:-2])
        un[0] = un[-2]
        un[-1] = un[1]
        u, un = un, u
    return u


def cavity(rate, lid):
    """A five-point stencil on a plane."""
    p = np.zeros((6, 7))
    p[-1, :] = lid
    for _ in range(10):
        pn = p.copy()
        p[1:-1, 1:-1] = pn[1:-1, 1:-1] + rate * (
            pn[1:-1, 2:] + pn[1:-1, :-2] + pn[2:, 1:-1] + pn[:-2, 1:-1] - 4 * pn[1:-1, 1:-1]
        )
        p[:, 0] = p[:, 1]
    return p


def masks(x):
    out = np.zeros(len(x))
    positive = x > 0
    out[positive] = np.sqrt(x[positive])
    out[~positive] = x[~positive] ** 2
    out[[0, 2]] *= 3
    out[out > 4] = x[0]
    np.add.at(out, [0, 0, 1], x[:3])
    return out


def given_buffers(x):
    """Results that are written into given arrays."""
    out = np.empty(len(x))
    np.multiply(x, 2.0, out=out)
    np.exp(out, out=out)
    acc = np.zeros(len(x))
    np.add(acc, out, acc)
    np.cumsum(acc, out=acc)
    total = np.zeros(())
    np.sum(acc, out=total)
    return acc / total


def copied_and_filled(x):
    a = np.ones((2, 3))
    np.copyto(a, x)
    b = np.zeros(3)
    b.fill(x[0])
    c = np.zeros(4)
    c.flat[1] = x[1]
    c.flat[2:] = x[2]
    d = np.zeros(3)
    d[...] = x
    np.put(d, [0], x[1] * x[2])
    np.place(b, np.array([False, True, False]), x[2])
    return a[1] * b + c[1:] + d


def gauss_seidel(a, b):
    """Sweeps in place, until nothing moves."""
    A = np.array([[4.0, -1.0, 0.2], [-1.0, 4.0, a], [0.2, -1.0, 3.0]])
    x = np.zeros(3)
    for _ in range(60):
        old = x.copy()
        for i in range(3):
            s = 0
            for j in range(3):
                if j != i:
                    s += A[i, j] * x[j]
            x[i] = (b - s) / A[i, i]
        if np.linalg.norm(x - old) < 1e-13:
            break
    return x


def lu(A):
    """Crout's elimination, and the determinant."""
    n = A.shape[0]
    L, U = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        L[i, i] = 1
        for j in range(i, n):
            U[i, j] = A[i, j] - sum(L[i, k] * U[k, j] for k in range(i))
        for j in range(i + 1, n):
            L[j, i] = (A[j, i] - sum(L[j, k] * U[k, i] for k in range(i))) / U[i, i]
    return L + U


def histogram_equalized(image):
    """An image that is blurred, rescaled and cut."""
    kernel = np.ones((2, 2))
    kernel /= kernel.sum()
    out = np.zeros((image.shape[0] - 1, image.shape[1] - 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + 2, j : j + 2] * kernel).sum()
    out -= out.min()
    out /= out.max()
    out[out < 0.2] = 0.0
    return out


def levinson(r):
    """A recursion over growing prefixes."""
    n = len(r) - 1
    a = np.zeros(n + 1)
    a[0] = 1.0
    error = r[0]
    for k in range(1, n + 1):
        acc = r[k]
        for j in range(1, k):
            acc += a[j] * r[k - j]
        reflection = -acc / error
        previous = a.copy()
        for j in range(1, k):
            a[j] = previous[j] + reflection * previous[k - j]
        a[k] = reflection
        error *= 1 - reflection**2
    return np.append(a, error)


def sorted_copy(x):
    y = np.zeros(len(x) + 1)
    y[:-1] = x
    y.sort()
    y[0], y[-1] = y[-1], y[0]
    y[1:3] = y[2:0:-1]
    return y


def grown(x):
    """Arrays that grow with concatenate, in a loop."""
    path = np.zeros((1, 2))
    for v in x:
        path = np.concatenate([path, path[-1:] + np.array([[v, v * v]])])
        path = np.vstack((path, [v, 1.0]))
    return path.T
