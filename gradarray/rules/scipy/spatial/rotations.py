"""Rotations: each holds its quaternion, from which and to which all other forms are written in differentiable ``np.*``.

Values are SciPy's own. Before SciPy 1.17 the class is in C, holds no variables, and refuses them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import transform

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import makers, methods
from ..values import as_double, as_library, from_library, no_variable, valued

MODULE = "scipy.spatial.transform"
_NAME = f"{MODULE}.Rotation"

# --- objects ----------------------------------------------------------------------------------------------------------


def quaternion(of: Any) -> Any:
    """Return the unit quaternions that an object holds: one of shape (4,), or several of shape (n, 4)."""
    return of._quat[0] if of._single else of._quat


def holding(q: Any, cls: Any = transform.Rotation) -> Any:
    """Return a rotation that holds unit quaternions, which may be variables."""
    if np.ndim(q) > 2:
        raise TypeError(f"{_NAME} of a variable: more than one axis of rotations is not known here")
    like = transform.Rotation.identity()
    made = object.__new__(cls)
    made._single, made._xp, made._backend = np.ndim(q) == 1, like._xp, like._backend
    made._quat = q[None] if made._single else q
    return made


@from_library
def _made(x: Array, *, how: str, options: Any) -> Array:
    return np.asarray(getattr(transform.Rotation, how)(*options[0], x, **options[1]).as_quat())


def _from(q: Any, x: Any, how: str, *leading: Any, **options: Any) -> Any:
    """Return rotations of quaternions with SciPy's own values for the same."""
    return holding(as_library(q, _made, x, how=how, options=(leading, options)))


@from_library
def _read(q: Array, *, how: str, options: Any) -> Array:
    return np.asarray(getattr(transform.Rotation(q, normalize=False), how)(**options))


def _to(x: Any, q: Any, how: str, **options: Any) -> Any:
    return as_library(x, _read, q, how=how, options=options)


def _scalar_last(*parts: Any) -> Any:
    return np.stack(parts, axis=-1)


def _squares(x: Any) -> Any:
    return np.sum(x * x, axis=-1)


def _series(x: Any, *coefficients: float) -> Any:
    total: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = c + x * total
    return total


# --- from other forms, and to them ------------------------------------------------------------------------------------


def from_quat(quat: Any, *, scalar_first: bool = False) -> Any:
    q = as_double(quat)
    last = np.roll(q, -1, axis=-1) if scalar_first else q
    return _from(last / np.sqrt(np.sum(last * last, axis=-1, keepdims=True)), q, "from_quat", scalar_first=scalar_first)


def _init(self: Any, quat: Any, normalize: bool = True, copy: bool = True, scalar_first: bool = False) -> None:
    if normalize:
        made = from_quat(quat, scalar_first=scalar_first)
    else:
        q = as_double(quat)
        made = holding(np.roll(q, -1, axis=-1) if scalar_first else q)
    self._single, self._quat, self._xp, self._backend = made._single, made._quat, made._xp, made._backend


def as_quat(self: Any, canonical: bool = False, *, scalar_first: bool = False) -> Any:
    q = quaternion(self)
    if canonical:
        same = np.sum(np.sign(_read(bare(q), how="as_quat", options={"canonical": True})) * np.sign(bare(q)), axis=-1)
        q = q * np.where(same < 0, -1.0, 1.0)[..., None]
    return np.roll(q, 1, axis=-1) if scalar_first else q * 1.0


def _half_turn(v: Any) -> Any:
    """Return the quaternion of a rotation vector: functions of the square of the angle, which are smooth at 0."""
    square = _squares(v)
    small = bare(square) < 1e-2
    angle = np.sqrt(np.where(small, 1.0, square))
    near = np.where(small, square, 0.0) / 4
    sine = np.where(small, _series(near, 1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880) / 2, np.sin(angle / 2) / angle)
    cosine = np.where(small, _series(near, 1, -1 / 2, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800), np.cos(angle / 2))
    return np.concatenate([v * sine[..., None], cosine[..., None]], axis=-1)


def _degrees(x: Any, degrees: bool) -> Any:
    return x * (np.pi / 180) if degrees else x


def from_rotvec(rotvec: Any, degrees: bool = False) -> Any:
    v = as_double(rotvec)
    return _from(_half_turn(_degrees(v, degrees)), v, "from_rotvec", degrees=degrees)


def _vector(q: Any) -> Any:
    """Return the rotation vector of a quaternion, of the shorter way round."""
    q = q * np.where(bare(q)[..., 3] < 0, -1.0, 1.0)[..., None]
    v, w = q[..., :3], q[..., 3]
    square = _squares(v)
    small = bare(square) < 1e-2 * bare(w) ** 2
    ratio = np.where(small, square, 0.0) / np.where(small, w * w, 1.0)
    size = np.sqrt(np.where(small, 1.0, square))
    terms = [(-1) ** k / (2 * k + 1) for k in range(9)]
    per = np.where(small, _series(ratio, *terms) / np.where(small, w, 1.0), np.arctan2(size, w) / size)
    return v * (2 * per)[..., None]


def as_rotvec(self: Any, degrees: bool = False) -> Any:
    v = _vector(quaternion(self))
    return _to(v * (180 / np.pi) if degrees else v, quaternion(self), "as_rotvec", degrees=degrees)


def _matrix(q: Any) -> Any:
    x, y, z, w = (q[..., i] for i in range(4))
    rows = [
        [x * x - y * y - z * z + w * w, 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), -x * x + y * y - z * z + w * w, 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), -x * x - y * y + z * z + w * w],
    ]
    return np.stack([_scalar_last(*row) for row in rows], axis=-2)


def as_matrix(self: Any) -> Any:
    return _to(_matrix(quaternion(self)), quaternion(self), "as_matrix")


def _nearest(m: Any) -> Any:
    """Return the orthogonal matrix next to one, by Newton's steps: each doubles the order of the derivatives, too."""
    done = 0
    for _ in range(60):
        m, before = (m + np.swapaxes(np.linalg.inv(m), -1, -2)) / 2, bare(m)
        done += bool(np.max(np.abs(bare(m) - before), initial=0.0) < 1e-7)
        if done == 3:
            break
    return m


def from_matrix(matrix: Any, *, assume_valid: bool = False) -> Any:
    given = as_double(matrix)
    m = given if assume_valid else _nearest(given)
    flat = np.reshape(m, (-1, 3, 3))
    plain = bare(flat)
    trace = plain[:, 0, 0] + plain[:, 1, 1] + plain[:, 2, 2]
    which = np.argmax(np.stack([*(plain[:, i, i] for i in range(3)), trace], axis=-1), axis=-1)
    own, found = flat[:, 0, 0] + flat[:, 1, 1] + flat[:, 2, 2], []
    for i in range(3):  # the greatest part of the quaternion is that of an axis
        j, k = (i + 1) % 3, (i + 2) % 3
        parts: list[Any] = [None] * 4
        parts[i] = 1 - own + 2 * flat[:, i, i]
        parts[j], parts[k] = flat[:, j, i] + flat[:, i, j], flat[:, k, i] + flat[:, i, k]
        parts[3] = flat[:, k, j] - flat[:, j, k]
        found.append(_scalar_last(*parts))
    turned = [flat[:, (i + 2) % 3, (i + 1) % 3] - flat[:, (i + 1) % 3, (i + 2) % 3] for i in range(3)]
    found.append(_scalar_last(*turned, 1 + own))
    q = np.stack(found)[which, np.arange(len(which))]
    q = q / np.sqrt(np.sum(q * q, axis=-1, keepdims=True))
    q = np.reshape(q, (*np.shape(given)[:-2], 4))
    options = {"assume_valid": True} if assume_valid else {}
    return _from(q, given, "from_matrix", **options)


def product(p: Any, q: Any) -> Any:
    """Return the products of quaternions."""
    a, b, c, d = (p[..., i] for i in range(4))
    x, y, z, w = (q[..., i] for i in range(4))
    return _scalar_last(
        d * x + a * w + b * z - c * y,
        d * y - a * z + b * w + c * x,
        d * z + a * y - b * x + c * w,
        d * w - a * x - b * y - c * z,
    )


def from_euler(seq: str, angles: Any, degrees: bool = False) -> Any:
    given = as_double(angles)
    rows = np.reshape(_degrees(given, degrees), (-1, len(seq)))
    q: Any = None
    for i, letter in enumerate(seq.lower()):
        half = rows[:, i] / 2
        none = 0.0 * half
        parts = [none, none, none, np.cos(half)]
        parts["xyz".index(letter) if letter in "xyz" else 0] = np.sin(half)
        one = _scalar_last(*parts)
        q = one if q is None else product(q, one) if seq.isupper() else product(one, q)
    value = _made(bare(given), how="from_euler", options=((seq,), {"degrees": degrees}))
    return holding(valued(np.reshape(q, np.shape(value)), value))


def as_euler(self: Any, seq: str, degrees: bool = False, *, suppress_warnings: bool = False) -> Any:
    """Return angles, as in E. Bernardes and S. Viollet, Quaternion to Euler angles conversion (2022)."""
    q = quaternion(self)
    value = _read(bare(q), how="as_euler", options={"seq": seq, "degrees": degrees, "suppress_warnings": True})
    outer = seq.lower() == seq
    i, j, k = ("xyz".index(letter) for letter in (seq if outer else seq[::-1]).lower())
    same = i == k
    k = 3 - i - j if same else k
    sign = (i - j) * (j - k) * (k - i) // 2
    parts = [q[..., n] for n in range(4)]
    if same:
        a, b, c, d = parts[3], parts[i], parts[j], parts[k] * sign
    else:
        a, b = parts[3] - parts[j], parts[i] + parts[k] * sign
        c, d = parts[j] + parts[3], parts[k] * sign - parts[i]
    up, down = c * c + d * d, a * a + b * b
    if np.any(bare(up) < 1e-14) or np.any(bare(down) < 1e-14):
        raise TypeError(
            f"{_NAME}.as_euler of a variable: in gimbal lock only a sum of two angles is known, which have no "
            "derivative there; take as_rotvec, as_quat or as_matrix"
        )
    middle = 2 * np.arctan2(np.sqrt(up), np.sqrt(down)) - (0 if same else np.pi / 2)
    total, apart = np.arctan2(b, a), np.arctan2(d, c)
    first, third = total - apart, (total + apart) * (1 if same else sign)
    if not outer:
        first, third = total + apart, total - apart
        first = first * (1 if same else sign)
    found = _scalar_last(first, middle, third)
    return valued(found * (180 / np.pi) if degrees else found, value)


def from_mrp(mrp: Any) -> Any:
    """Return rotations of modified Rodrigues parameters."""
    p = as_double(mrp)
    square = _squares(p)[..., None]
    return _from(np.concatenate([2 * p, 1 - square], axis=-1) / (1 + square), p, "from_mrp")


def as_mrp(self: Any) -> Any:
    q = quaternion(self)
    turned = q * np.where(bare(q)[..., 3] < 0, -1.0, 1.0)[..., None]
    return _to(turned[..., :3] / (1 + turned[..., 3:]), q, "as_mrp")


# --- what is done with them -------------------------------------------------------------------------------------------


@from_library
def _turned(q: Array, v: Array, *, inverse: bool) -> Array:
    return np.asarray(transform.Rotation(q, normalize=False).apply(v, inverse))


def apply(self: Any, vectors: Any, inverse: bool = False) -> Any:
    q, v = quaternion(self), as_double(vectors)
    matrix = _matrix(q)
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
        made = _half_turn(_vector(q) * n)
    else:
        made = q * np.array([1.0, 1.0, 1.0, 1.0]) if plain == 1 else quaternion(inv(self)) if plain == -1 else 0 * q
    value = _raised(bare(q), plain if np.ndim(plain) else float(plain))
    return holding(valued(made * np.where(np.sum(bare(made) * value, axis=-1) < 0, -1.0, 1.0)[..., None], value))


def magnitude(self: Any) -> Any:
    q = quaternion(self)
    square = _squares(q[..., :3])
    none = bare(square) == 0
    size = np.where(none, 0.0, np.sqrt(np.where(none, 1.0, square)))
    return _to(2 * np.arctan2(size, np.abs(q[..., 3])), q, "magnitude")


@from_library
def _averaged(q: Array, weights: Any) -> Array:
    return np.asarray(transform.Rotation(q, normalize=False).mean(weights).as_quat())


def mean(self: Any, weights: Any = None, axis: Any = None) -> Any:
    if axis not in (None, 0, -1):
        raise TypeError(f"{_NAME}.mean of a variable: axis= is not known here")
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
            f"{_NAME}.align_vectors of a variable: of one vector, with infinite weights or with return_sensitivity= it "
            "is not known here"
        )
    u, s, vt = np.linalg.svd(np.transpose(w[:, None] * a) @ b)
    if bare(s)[1] + bare(s)[2] < 1e-10 * bare(s)[0]:
        raise TypeError(f"{_NAME}.align_vectors of a variable: vectors along one line determine no rotation")
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(bare(u) @ bare(vt)))])
    made = quaternion(from_matrix((u * sign) @ vt))
    value = rotation.as_quat()
    left = np.sum(w * (_squares(a) + _squares(b))) - 2 * np.sum(s * sign)
    none = bare(left) <= 1e-15 * np.sum(plain[2] * (_squares(plain[0]) + _squares(plain[1])))
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
    __init__=_init,
    from_quat=from_quat,
    from_rotvec=from_rotvec,
    from_matrix=from_matrix,
    from_euler=from_euler,
    from_mrp=from_mrp,
    as_quat=as_quat,
    as_rotvec=as_rotvec,
    as_matrix=as_matrix,
    as_euler=as_euler,
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
    from_davenport=_refused("Rotation.from_davenport", "multiply what from_rotvec makes of each axis"),
    as_davenport=_refused("Rotation.as_davenport", "take as_euler, as_rotvec or as_matrix"),
    reduce=_refused("Rotation.reduce", "find which of them by values, as of ga.stop_gradient, and multiply by that"),
    __setitem__=_refused("Rotation.__setitem__", "put rotations together with concatenate"),
)
makers(MODULE, "Rotation", "Slerp", "from_rotvec", "from_quat", "from_matrix", "from_euler", "from_mrp", "identity")

# --- between them -----------------------------------------------------------------------------------------------------


def _slerp_init(self: Any, times: Any, rotations: Any) -> None:
    no_variable(f"{MODULE}.Slerp", times=times)
    q = quaternion(rotations)
    plain = transform.Rotation(np.asarray(bare(q)), normalize=False)
    transform.Slerp.__init__(self, bare(times), plain)  # SciPy's own errors
    self.rotations = holding(q[:-1])
    self.rotvecs = as_rotvec(multiply(inv(self.rotations), holding(q[1:])))


@from_library
def _between(q: Array, vectors: Array, share: Array, *, which: Array) -> Array:
    start = transform.Rotation(q[which], normalize=False)
    return np.asarray((start * transform.Rotation.from_rotvec(vectors[which] * share[:, None])).as_quat())


def _slerp_call(self: Any, times: Any) -> Any:
    t = as_double(times)
    at, known = np.reshape(t, (-1,)), np.asarray(self.times)
    if np.ndim(t) > 1:
        raise ValueError("`times` must be at most 1-dimensional.")
    which = np.searchsorted(known, bare(at)) - 1
    which = np.where(bare(at) == known[0], 0, which)
    if np.any((which < 0) | (which > len(known) - 2)):
        raise ValueError(f"Interpolation times must be within the range [{known[0]}, {known[-1]}], both inclusive.")
    share = (at - known[which]) / np.asarray(self.timedelta)[which]
    q, vectors = quaternion(self.rotations), self.rotvecs
    made = product(q[which], _half_turn(vectors[which] * share[:, None]))
    found = as_library(made, _between, q, vectors, share, which=which)
    return holding(found if np.ndim(t) else found[0])


methods(MODULE, "Slerp", __init__=_slerp_init, __call__=_slerp_call)
_SPLINE = _refused("RotationSpline", "take Slerp, or CubicSpline of rotation vectors")
methods(MODULE, "RotationSpline", __init__=_SPLINE, __call__=_SPLINE)
