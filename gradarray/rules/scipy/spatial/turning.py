"""What is done with rotations: they turn vectors, follow each other, and have powers and means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import transform

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import makers, methods
from ..values import as_double, as_library, from_library, valued
from .rotations import (
    MODULE,
    NAME,
    as_matrix,
    as_mrp,
    as_quat,
    as_rotvec,
    from_matrix,
    from_mrp,
    from_quat,
    from_rotvec,
    given_as,
    half_turn,
    holding,
    init,
    matrix_of,
    product,
    quaternion,
    squares,
    vector_of,
)


@from_library
def _turned(q: Array, v: Array, *, inverse: bool) -> Array:
    return np.asarray(transform.Rotation(q, normalize=False).apply(v, inverse))


def apply(self: Any, vectors: Any, inverse: bool = False) -> Any:
    q, v = quaternion(self), as_double(vectors)
    matrix = matrix_of(q)
    matrix = np.swapaxes(matrix, -1, -2) if inverse else matrix
    # Many vectors by one rotation are a product of matrices.
    found = v @ np.swapaxes(matrix, -1, -2) if np.ndim(q) == 1 else np.sum(matrix * v[..., None, :], axis=-1)
    return as_library(found, _turned, q, v, inverse=inverse)


@from_library
def _composed(p: Array, q: Array) -> Array:
    one, other = (transform.Rotation(x, normalize=False) for x in (p, q))
    return np.asarray((one * other).as_quat())


def multiply(self: Any, other: Any) -> Any:
    if not isinstance(other, transform.Rotation):
        return NotImplemented
    p, q = quaternion(self), quaternion(other)
    value = _composed(bare(p), bare(q))
    made = product(p, q)
    return holding(valued(made / np.sqrt(np.sum(made * made, axis=-1, keepdims=True)), value))


def inv(self: Any) -> Any:
    return holding(quaternion(self) * np.array([-1.0, -1.0, -1.0, 1.0]))


@from_library
def _raised(q: Array, n: Any) -> Array:
    return np.asarray((transform.Rotation(q, normalize=False) ** n).as_quat())


def power(self: Any, n: Any, modulus: None = None) -> Any:
    if modulus is not None:
        raise NotImplementedError("modulus not supported")
    q = quaternion(self)
    plain = bare(n)
    if has_variable(n) or np.ndim(plain) != 0 or plain not in (0, 1, -1):
        n = n if np.ndim(n) == 0 else n[..., None]
        made = half_turn(vector_of(q) * n)
    else:
        made = q * np.array([1.0, 1.0, 1.0, 1.0]) if plain == 1 else quaternion(inv(self)) if plain == -1 else 0 * q
    value = _raised(bare(q), plain if np.ndim(plain) else float(plain))
    return holding(valued(made * np.where(np.sum(bare(made) * value, axis=-1) < 0, -1.0, 1.0)[..., None], value))


def magnitude(self: Any) -> Any:
    q = quaternion(self)
    square = squares(q[..., :3])
    none = bare(square) == 0
    size = np.where(none, 0.0, np.sqrt(np.where(none, 1.0, square)))
    return given_as(2 * np.arctan2(size, np.abs(q[..., 3])), q, "magnitude")


@from_library
def _averaged(q: Array, weights: Any) -> Array:
    return np.asarray(transform.Rotation(q, normalize=False).mean(weights).as_quat())


def mean(self: Any, weights: Any = None, axis: Any = None) -> Any:
    if axis not in (None, 0, -1):
        raise TypeError(f"{NAME}.mean of a variable: axis= is not known here")
    q = np.reshape(quaternion(self), (-1, 4))
    w = np.ones(np.shape(q)[0]) if weights is None else as_double(weights)
    value = _averaged(bare(q), None if weights is None else bare(w))
    vectors = np.linalg.eigh(np.transpose(w[:, None] * q) @ q)[1][:, -1]
    return holding(valued(vectors * np.sign(np.sum(bare(vectors) * np.reshape(value, 4))), np.reshape(value, 4)))


def concatenate(rotations: Any) -> Any:
    if isinstance(rotations, transform.Rotation):
        return holding(quaternion(rotations))
    if not all(isinstance(each, transform.Rotation) for each in rotations):
        raise TypeError("input must contain Rotation objects only")
    return holding(np.concatenate([np.reshape(quaternion(each), (-1, 4)) for each in rotations]))


def getitem(self: Any, indexer: Any) -> Any:
    if self._single:
        raise TypeError("Single rotation is not subscriptable.")
    found = self._quat[indexer]
    return holding(found if np.ndim(found) < 3 else np.reshape(found, (-1, 4)))


def each(self: Any) -> Any:
    if self._single:
        raise TypeError("Single rotation is not iterable.")
    return iter([holding(self._quat[i], type(self)) for i in range(np.shape(self._quat)[0])])


def align_vectors(a: Any, b: Any, weights: Any = None, return_sensitivity: bool = False) -> Any:
    """Return the rotation that takes the second vectors nearest to the first ones, and how far from them."""
    a, b = as_double(a), as_double(b)
    n = np.shape(a)[0] if np.ndim(a) == 2 else 1
    w = np.ones(n) if weights is None else as_double(weights)
    plain = [np.asarray(bare(x)) for x in (a, b, w)]
    rotation, rssd = transform.Rotation.align_vectors(plain[0], plain[1], None if weights is None else plain[2])
    if n < 2 or np.ndim(a) != 2 or return_sensitivity or not np.isfinite(plain[2]).all():
        raise TypeError(
            f"{NAME}.align_vectors of a variable: of one vector, with infinite weights or with return_sensitivity= it "
            "is not known here"
        )
    u, s, vt = np.linalg.svd(np.transpose(w[:, None] * a) @ b)
    if bare(s)[1] + bare(s)[2] < 1e-10 * bare(s)[0]:
        raise TypeError(f"{NAME}.align_vectors of a variable: vectors along one line determine no rotation")
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(bare(u) @ bare(vt)))])
    made = quaternion(from_matrix((u * sign) @ vt))
    value = rotation.as_quat()
    left = np.sum(w * (squares(a) + squares(b))) - 2 * np.sum(s * sign)
    none = bare(left) <= 1e-15 * np.sum(plain[2] * (squares(plain[0]) + squares(plain[1])))
    rest = np.where(none, 0.0, np.sqrt(np.where(none, 1.0, left)))
    made = made * np.where(np.sum(bare(made) * value) < 0, -1.0, 1.0)
    return holding(valued(made, value)), valued(rest, np.asarray(rssd))


def _equal(self: Any, other: Any, *args: Any, **kwargs: Any) -> Any:
    one, two = (transform.Rotation(np.asarray(bare(quaternion(x))), normalize=False) for x in (self, other))
    return one.approx_equal(two, *args, **kwargs)


def _refused(name: str, instead: str) -> Callable[..., Any]:
    def method(*_args: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"{MODULE}.{name} of a variable has no form here; {instead}")

    return method


methods(
    MODULE,
    "Rotation",
    __init__=init,
    from_quat=from_quat,
    from_rotvec=from_rotvec,
    from_matrix=from_matrix,
    from_mrp=from_mrp,
    as_quat=as_quat,
    as_rotvec=as_rotvec,
    as_matrix=as_matrix,
    as_mrp=as_mrp,
    apply=apply,
    inv=inv,
    magnitude=magnitude,
    mean=mean,
    concatenate=concatenate,
    align_vectors=align_vectors,
    approx_equal=_equal,
    __mul__=multiply,
    __pow__=power,
    __getitem__=getitem,
    __iter__=each,
    reduce=_refused("Rotation.reduce", "find which of them by values, as of ga.stop_gradient, and multiply by that"),
    __setitem__=_refused("Rotation.__setitem__", "put rotations together with concatenate"),
)
makers(MODULE, "Rotation", "from_rotvec", "from_quat", "from_matrix", "from_mrp", "identity")
