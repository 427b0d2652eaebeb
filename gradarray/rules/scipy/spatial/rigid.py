"""Rigid transforms, which SciPy has from 1.16 on: each holds a matrix of a rotation beside a translation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import transform

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import makers, methods
from ..values import as_double, from_library, valued
from .rotations import MODULE, as_rotvec, from_matrix, from_rotvec, matrix_of, quaternion
from .screws import of_dots, of_rates

_NAME = f"{MODULE}.RigidTransform"


def _matrices(of: Any) -> Any:
    return of._matrix[0] if of._single else of._matrix


def _holding(m: Any) -> Any:
    """Return a transform that holds one matrix, or several along one axis."""
    if np.ndim(m) > 3:
        raise TypeError(f"{_NAME} of a variable: more than one axis of transforms is not known here")
    like = transform.RigidTransform.identity()
    made = object.__new__(transform.RigidTransform)
    made._single, made._xp, made._backend = np.ndim(m) == 2, like._xp, like._backend
    made._matrix = m[None] if made._single else m
    return made


def _joined(turn: Any, shift: Any) -> Any:
    """Return the matrices of rotations, after which there is a translation."""
    shape = np.broadcast_shapes(np.shape(turn)[:-2], np.shape(shift)[:-1])
    turn, shift = np.broadcast_to(turn, (*shape, 3, 3)), np.broadcast_to(shift, (*shape, 3))
    upper = np.concatenate([turn, shift[..., None]], axis=-1)
    last = np.broadcast_to(np.array([[0.0, 0, 0, 1]]), (*shape, 1, 4))
    return np.concatenate([upper, last], axis=-2)


def _turn_of(rotation: Any) -> Any:
    return matrix_of(quaternion(rotation))


@from_library
def _library(*arrays: Array, how: str, options: Any) -> Array:
    """Return the matrix, or an array, that a method of SciPy's gives."""
    first, *others = arrays
    if how.startswith("from"):
        found = getattr(transform.RigidTransform, how)(first, *others, **options)
    else:
        found = getattr(transform.RigidTransform(first, normalize=False), how)(*others, **options)
    return np.asarray(found.as_matrix() if isinstance(found, transform.RigidTransform) else found)


def _valued(made: Any, how: str, *arrays: Any, **options: Any) -> Any:
    return valued(made, _library(*map(bare, arrays), how=how, options=options))


def _from_matrix(matrix: Any) -> Any:
    m = as_double(matrix)
    turn = _turn_of(from_matrix(m[..., :3, :3]))
    return _holding(_valued(_joined(turn, m[..., :3, 3]), "from_matrix", m))


def _init(self: Any, matrix: Any, normalize: bool = True, copy: bool = True) -> None:
    made = _from_matrix(matrix) if normalize else _holding(as_double(matrix))
    self._single, self._matrix, self._xp, self._backend = made._single, made._matrix, made._xp, made._backend


def _from_rotation(rotation: Any) -> Any:
    turn = _turn_of(rotation)
    return _holding(_joined(turn, np.zeros(3)))


def _from_translation(translation: Any) -> Any:
    return _holding(_joined(np.eye(3), as_double(translation)))


@from_library
def _put_together(translation: Array, q: Array) -> Array:
    rotation = transform.Rotation(q, normalize=False)
    return np.asarray(transform.RigidTransform.from_components(translation, rotation).as_matrix())


def _from_components(translation: Any, rotation: Any) -> Any:
    q, shift = quaternion(rotation), as_double(translation)
    return _holding(valued(_joined(matrix_of(q), shift), _put_together(bare(shift), bare(q))))


def _from_exp_coords(exp_coords: Any) -> Any:
    e = as_double(exp_coords)
    turn = _turn_of(from_rotvec(e[..., :3]))
    shift = np.sum(np.swapaxes(of_dots(e[..., :3]), -1, -2) * e[..., None, 3:], axis=-1)
    return _holding(_valued(_joined(turn, shift), "from_exp_coords", e))


def _as_exp_coords(self: Any) -> Any:
    m = _matrices(self)
    vector = as_rotvec(_rotation_of(m))
    shift = np.sum(np.swapaxes(of_rates(vector), -1, -2) * m[..., None, :3, 3], axis=-1)
    return _valued(np.concatenate([vector, shift], axis=-1), "as_exp_coords", m)


def _rotation_of(m: Any) -> Any:
    """Return the rotations of matrices."""
    return from_matrix(m[..., :3, :3])


def _as_components(self: Any) -> Any:
    m = _matrices(self)
    return m[..., :3, 3], _rotation_of(m)


def _apply(self: Any, vector: Any, inverse: bool = False) -> Any:
    m, v = _matrices(_inv(self) if inverse else self), as_double(vector)
    found = np.sum(m[..., :3, :3] * v[..., None, :], axis=-1) + m[..., :3, 3]
    return _valued(found, "apply", _matrices(self), v, inverse=inverse)


def _inv(self: Any) -> Any:
    m = _matrices(self)
    back = np.swapaxes(m[..., :3, :3], -1, -2)
    return _holding(_valued(_joined(back, -np.sum(back * m[..., None, :3, 3], axis=-1)), "inv", m))


@from_library
def _composed(one: Array, other: Array) -> Array:
    first, second = (transform.RigidTransform(m, normalize=False) for m in (one, other))
    return np.asarray((first * second).as_matrix())


def _multiply(self: Any, other: Any) -> Any:
    if not isinstance(other, transform.RigidTransform):
        return NotImplemented
    m = _matrices(self) @ _matrices(other)
    made = _joined(_turn_of(from_matrix(m[..., :3, :3])), m[..., :3, 3])
    return _holding(valued(made, _composed(bare(_matrices(self)), bare(_matrices(other)))))


def _power(self: Any, n: Any) -> Any:
    if has_variable(n) or n not in (0, 1, -1):
        return _from_exp_coords(n * _as_exp_coords(self))
    return _inv(self) if n == -1 else self if n == 1 else _holding(0 * _matrices(self) + np.eye(4))


def _item(self: Any, indexer: Any) -> Any:
    if self._single:
        raise TypeError("Single transform is not subscriptable.")
    return _holding(self._matrix[indexer])


def _concatenate(transforms: Any) -> Any:
    if isinstance(transforms, transform.RigidTransform):
        return _holding(_matrices(transforms))
    return _holding(np.concatenate([np.reshape(_matrices(each), (-1, 4, 4)) for each in transforms]))


def _refused(name: str) -> Callable[..., Any]:
    def method(*_args: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"{_NAME}.{name} of a variable has no form here; take as_matrix, or as_exp_coords")

    return method


if hasattr(transform, "RigidTransform"):
    methods(
        MODULE,
        "RigidTransform",
        __init__=_init,
        from_matrix=_from_matrix,
        from_rotation=_from_rotation,
        from_translation=_from_translation,
        from_components=_from_components,
        from_exp_coords=_from_exp_coords,
        from_dual_quat=_refused("from_dual_quat"),
        as_matrix=lambda self: _matrices(self) * 1.0,
        as_components=_as_components,
        rotation=lambda self: _rotation_of(_matrices(self)),
        translation=lambda self: _matrices(self)[..., :3, 3] * 1.0,
        as_exp_coords=_as_exp_coords,
        as_dual_quat=_refused("as_dual_quat"),
        apply=_apply,
        inv=_inv,
        mean=_refused("mean"),
        concatenate=_concatenate,
        __mul__=_multiply,
        __pow__=_power,
        __getitem__=_item,
        __setitem__=_refused("__setitem__"),
    )
    makers(MODULE, "RigidTransform", "from_components", "from_exp_coords", "from_translation", "from_rotation")
