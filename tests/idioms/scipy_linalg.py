"""SciPy's linear algebra."""

import numpy as np
import scipy.linalg
import scipy.linalg as sla
from scipy import linalg
from scipy.linalg import cholesky, solve, svd
from scipy.special import logsumexp, softmax


def gaussian_process(x, scale):
    K = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            K[i, j] = np.exp(-((x[i] - x[j]) ** 2) / scale)
    K += 1e-3 * np.eye(3)
    L = cholesky(K, lower=True)
    alpha = solve(K, np.sin(x))
    return 0.5 * np.sin(x) @ alpha + np.sum(np.log(np.diag(L)))


def inverses(A):
    return scipy.linalg.inv(A) + sla.det(A) * np.eye(len(A)) + linalg.norm(A)


def spectrum(A):
    S = A @ A.T
    w, v = linalg.eigh(S)
    s = svd(A, compute_uv=False)
    return w + s + np.abs(v[0])


def forward_algorithm(x):
    """A hidden Markov model in logarithms."""
    logA = np.log(softmax(np.array([[x[0], 1.0], [x[1], 0.2]]), axis=1))
    alpha = np.empty((4, 2))
    alpha[0] = np.log([0.6, 0.4])
    for t in range(1, 4):
        for j in range(2):
            alpha[t, j] = logsumexp(alpha[t - 1] + logA[:, j]) + x[2] * j
    return logsumexp(alpha[-1])


def factors(A, b):
    """Solutions by factors."""
    c = sla.cho_factor(A @ A.T + np.eye(len(b)))
    lu = sla.lu_factor(A)
    return sla.cho_solve(c, b) + sla.lu_solve(lu, b) + sla.solve_triangular(A, b, lower=True)


def matrix_exponential(theta):
    return sla.expm(np.array([[0.0, -theta], [theta, 0.1]])) @ sla.block_diag([[theta]], [[1.0]])


_exponentials = np.vectorize(sla.expm, signature="(m,m)->(m,m)")


def several_exponentials(theta):
    return _exponentials(np.array([[[0.0, -theta], [theta, 0.1]], [[theta, 0.2], [0.3, 1.0]]])).sum(axis=2)
