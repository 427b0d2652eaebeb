"""Calls of scipy.linalg."""

from __future__ import annotations

import numpy as np

from tests.scipy.calls import Call

A = np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.1, -0.2, 1.1]])
Z = A + 1j * np.array([[0.2, -0.3, 0.1], [0.1, 0.4, 0.2], [0.3, 0.1, -0.2]])
b = np.array([0.3, 1.1, -0.4])
B = np.array([[0.4, -1.2], [0.7, 0.2], [1.3, 0.9]])

CALLS = [
    Call("linalg.det", lambda sp, a: sp.linalg.det(a), A),
    Call("linalg.det complex", lambda sp, a: sp.linalg.det(a), Z),
    Call("linalg.expm", lambda sp, a: sp.linalg.expm(a), A),
    Call("linalg.inv", lambda sp, a: sp.linalg.inv(a), A),
    Call("linalg.lu_factor", lambda sp, a: sp.linalg.lu_factor(a)[0], A),
    Call("linalg.solve", lambda sp, a, b: sp.linalg.solve(a, b), A, b),
    Call("linalg.solve complex", lambda sp, a, b: sp.linalg.solve(a, b), Z, B),
    Call("linalg.sqrtm", lambda sp, a: sp.linalg.sqrtm(a), A),
]
