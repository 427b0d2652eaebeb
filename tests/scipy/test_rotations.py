"""scipy.spatial.transform: rotations made of variables, which hold them, against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

transform = pytest.importorskip("scipy.spatial.transform", reason="SciPy is an optional companion")
Rotation, Slerp = transform.Rotation, transform.Slerp
if Rotation.__flags__ & (1 << 8):
    pytest.skip("the class is in C before SciPy 1.17, and refuses variables", allow_module_level=True)

RNG = np.random.default_rng(0)
V, VS, XS = np.array([0.3, -0.5, 0.8]), RNG.standard_normal((4, 3)), RNG.standard_normal((4, 3))
Q, QS = np.array([0.1, 0.4, -0.3, 0.8]), RNG.standard_normal((4, 4))
M, FIXED = Rotation.from_rotvec(V).as_matrix(), Rotation.from_rotvec([0.1, 0.2, 0.3])
NEAR = Rotation.from_rotvec(V).apply(VS) + 0.1 * XS
W = np.array([1.0, 2.0, 0.5, 1.0])
RIGID = np.block([[M, V[:, None]], [np.zeros((1, 3)), 1.0]])


def closed(m: Any) -> Any:
    return np.concatenate([m, RIGID[3:]])


def orthogonal(n: Any) -> Any:
    """Return three axes, of which the one in the middle is orthogonal to both others, and these are not."""
    n = n / np.sqrt(np.sum(n * n))
    middle = np.cross(n, np.array([0.3, 1.0, 0.2]))
    middle = middle / np.sqrt(np.sum(middle * middle))
    return np.stack([n, middle, np.cross(n, middle) + 0.4 * n])


def measured(x: Any) -> Any:
    return np.sum(np.sin(x) * np.reshape(np.arange(1.0, np.prod(np.shape(x)) + 1), np.shape(x)))


# What is measured of a rotation, by variables.
FORMS: dict[str, tuple[Any, ...]] = {
    "from_rotvec": (lambda r, v: r.Rotation.from_rotvec(v).as_matrix(), VS),
    "from_rotvec at 0": (lambda r, v: r.Rotation.from_rotvec(v).as_matrix(), np.zeros(3)),
    "rotvec, there and back": (lambda r, v: r.Rotation.from_rotvec(v).as_rotvec(), V * 1e-3),
    "rotvec, there and back, at 0": (lambda r, v: r.Rotation.from_rotvec(v).as_rotvec(), np.zeros((2, 3))),
    "rotvec in degrees": (lambda r, v: r.Rotation.from_rotvec(50 * v, degrees=True).as_rotvec(True) / 50, V),
    "from_quat": (lambda r, q: r.Rotation.from_quat(q).as_quat(), Q),
    "Rotation": (lambda r, q: r.Rotation(q).as_rotvec(), QS),
    "canonical": (lambda r, q: r.Rotation.from_quat(q).as_quat(canonical=True), QS),
    "scalar first": (lambda r, q: r.Rotation.from_quat(q, scalar_first=True).as_quat(scalar_first=True), QS),
    "from_matrix": (lambda r, m: r.Rotation.from_matrix(m).as_quat(), M),
    "from matrices": (lambda r, m: r.Rotation.from_matrix(m).as_matrix(), Rotation.from_quat(QS).as_matrix()),
    "from a matrix that is no rotation": (lambda r, m: r.Rotation.from_matrix(m).as_quat(), M + 0.1 * np.outer(V, V)),
    "mrp": (lambda r, p: r.Rotation.from_mrp(p).as_mrp(), VS * 0.4),
    "from_euler outer": (lambda r, a: r.Rotation.from_euler("xyz", a).as_quat(), V),
    "from_euler inner": (lambda r, a: r.Rotation.from_euler("ZYX", a).as_quat(), VS),
    "from_euler of one": (lambda r, a: r.Rotation.from_euler("y", a).as_quat(), np.array(0.3)),
    "from_euler in degrees": (lambda r, a: r.Rotation.from_euler("zx", 30 * a, degrees=True).as_quat(), V[:2]),
    "apply, one to many": (lambda r, v, x: r.Rotation.from_rotvec(v).apply(x), V, XS),
    "apply, one to one, inverse": (lambda r, v, x: r.Rotation.from_rotvec(v).apply(x, inverse=True), V, XS[0]),
    "apply, many to many": (lambda r, v, x: r.Rotation.from_rotvec(v).apply(x), VS, XS),
    "apply, many to one": (lambda r, v, x: r.Rotation.from_rotvec(v).apply(x, True), VS, XS[0]),
    "inv": (lambda r, v: r.Rotation.from_rotvec(v).inv().as_matrix(), VS),
    "product": (lambda r, u, v: (r.Rotation.from_rotvec(u) * r.Rotation.from_rotvec(v)).as_matrix(), VS, V),
    "power": (lambda r, v: (r.Rotation.from_rotvec(v) ** 2.5).as_quat(), VS),
    "power by the exponent": (lambda r, v, n: (r.Rotation.from_rotvec(v) ** n).as_quat(), V, np.array(1.7)),
    "power -1": (lambda r, v: (r.Rotation.from_rotvec(v) ** -1).as_quat(), V),
    "magnitude": (lambda r, v: r.Rotation.from_rotvec(v).magnitude(), VS),
    "mean": (lambda r, v: r.Rotation.from_rotvec(v).mean().as_matrix(), VS * 0.3),
    "mean with weights": (lambda r, v, w: r.Rotation.from_rotvec(v).mean(w).as_rotvec(), VS * 0.3, W),
    "concatenate": (
        lambda r, v: r.Rotation.concatenate([r.Rotation.from_rotvec(v), r.Rotation.from_quat(QS)]).as_matrix(),
        V,
    ),
    "items": (lambda r, v: r.Rotation.from_rotvec(v)[1:].as_matrix() + r.Rotation.from_rotvec(v)[0].as_matrix(), VS),
    "one after the other": (lambda r, v: sum(x.as_rotvec() for x in r.Rotation.from_rotvec(v)), VS * 0.3),
    "align_vectors": (lambda r, a, b: r.Rotation.align_vectors(a, b)[0].as_matrix(), NEAR, VS),
    "align_vectors with weights": (lambda r, a, w: r.Rotation.align_vectors(a, VS, w)[1], NEAR, W),
    "Slerp": (
        lambda r, v, t: r.Slerp([0, 1, 2, 3], r.Rotation.from_rotvec(v))(t).as_matrix(),
        VS,
        np.array([0.2, 1.5, 2.9]),
    ),
    "from_davenport": (lambda r, n, a: r.Rotation.from_davenport(orthogonal(n), "i", a).as_quat(), V, VS),
    "from_davenport of one": (lambda r, n, a: r.Rotation.from_davenport(n, "e", a).as_quat(), V, np.array(0.7)),
    "from_davenport in degrees": (
        lambda r, a: r.Rotation.from_davenport(orthogonal(V)[:2], "extrinsic", 40 * a[:2], degrees=True).as_matrix(),
        V,
    ),
    **{
        f"as_davenport {order}": (
            lambda r, v, n, order=order: r.Rotation.from_rotvec(v).as_davenport(orthogonal(n), order),
            VS,
            V,
        )
        for order in "ei"
    },
    "as_davenport the other way round": (
        lambda r, v, n: r.Rotation.from_rotvec(v).as_davenport(orthogonal(n)[::-1], "e", degrees=True) / 50,
        V,
        XS[0],
    ),
    "RotationSpline": (
        lambda r, v, t: r.RotationSpline([0, 1, 2.5, 3], r.Rotation.from_rotvec(v))(t).as_matrix(),
        VS,
        np.array([-0.1, 0.2, 1.5, 2.9]),
    ),
    "RotationSpline, rates": (
        lambda r, v, t: r.RotationSpline([0, 1, 2.5, 3], r.Rotation.from_rotvec(v))(t, 1),
        VS,
        np.array([0.2, 1.5, 2.9]),
    ),
    "RotationSpline, accelerations": (
        lambda r, v, t: r.RotationSpline([0, 1, 2.5, 3], r.Rotation.from_rotvec(v))(t, 2),
        0.3 * VS,
        np.array(1.2),
    ),
    "RotationSpline of two": (lambda r, v, t: r.RotationSpline([0, 1], r.Rotation.from_rotvec(v))(t, 1), VS[:2], V),
    "RotationSpline of constants": (
        lambda r, t: r.RotationSpline([0, 1, 2.5, 3], r.Rotation.from_rotvec(VS))(t, 1),
        np.array([0.2, 1.5, 2.9]),
    ),
    "RigidTransform": (lambda r, m: r.RigidTransform.from_matrix(closed(m)).as_matrix(), RIGID[:3] + 0.1),
    "RigidTransform, components": (
        lambda r, x, v, y: (
            r.RigidTransform.from_components(x, r.Rotation.from_rotvec(v))
            * r.RigidTransform.from_translation(x).inv()
            * r.RigidTransform.from_rotation(r.Rotation.from_rotvec(2 * v))
        ).apply(y),
        XS,
        VS,
        XS[::-1],
    ),
    "RigidTransform, one to many, inverse": (
        lambda r, x, v, y: r.RigidTransform.from_components(x, r.Rotation.from_rotvec(v)).apply(y, inverse=True),
        XS[0],
        V,
        XS,
    ),
    "RigidTransform, exponentials": (
        lambda r, e: (r.RigidTransform.from_exp_coords(e) ** 1.5).as_exp_coords(),
        np.concatenate([VS, XS], 1) * 0.5,
    ),
    "RigidTransform, exponentials at 0": (lambda r, e: r.RigidTransform.from_exp_coords(e).as_matrix(), np.zeros(6)),
    "RigidTransform, parts": (
        lambda r, m: (
            (t := r.RigidTransform.from_matrix(closed(m))).translation + t.rotation.as_rotvec() * t.as_components()[0]
        ),
        RIGID[:3],
    ),
    "RigidTransform, several": (
        lambda r, x: (
            r.RigidTransform.concatenate(
                [r.RigidTransform.from_translation(x)[1:3], r.RigidTransform.from_matrix(RIGID)]
            )
            .inv()
            .as_matrix()
        ),
        XS,
    ),
    **{
        f"as_euler {seq}": (lambda r, v, seq=seq: r.Rotation.from_rotvec(v).as_euler(seq), VS)
        for seq in ("xyz", "zyx", "XYZ", "ZXZ", "zxz", "YXY", "yzx", "XZY")
    },
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str) -> None:
    f, *arrays = FORMS[name]
    with np.errstate(all="ignore"):
        ga.check_grads(lambda *a: measured(f(transform, *a)), tuple(arrays), order=2)
    value, found = ga.value_and_grad(lambda *a: measured(f(transform, *a)))(*arrays)
    np.testing.assert_array_equal(value, measured(f(transform, *arrays)))
    mirror = ga.scipy.spatial.transform
    tensors = [ga.tensor(a) for a in arrays]
    out = f(mirror, *tensors)
    np.testing.assert_array_equal(out, f(transform, *arrays))
    measured(out).backward()
    np.testing.assert_allclose(tensors[0].grad, found, rtol=1e-12, atol=1e-14)


def test_rotations_from_outside_and_by_other_names() -> None:
    R = transform.Rotation
    np.testing.assert_allclose(ga.grad(lambda x: np.sum(FIXED.apply(x)))(V), FIXED.as_matrix().sum(0))
    expected = ga.grad(lambda v: measured((FIXED * Rotation.from_rotvec(v)).as_quat()))(V)
    np.testing.assert_array_equal(ga.grad(lambda v: measured((FIXED * R.from_rotvec(v)).as_quat()))(V), expected)
    listed = ga.grad(lambda a: measured(R.from_euler("xyz", [a[0], 2 * a[1], 0.3]).as_matrix()))(V[:2])
    whole = ga.grad(lambda a: measured(R.from_euler("xyz", a).as_matrix()))(np.array([V[0], 2 * V[1], 0.3]))
    np.testing.assert_allclose(listed, whole[:2] * [1, 2])


def test_the_class_is_the_librarys_afterwards() -> None:
    before = {name: vars(Rotation).get(name) for name in dir(Rotation)}
    ga.grad(lambda v: np.sum(Rotation.from_rotvec(v).as_matrix()))(V)
    assert before == {name: vars(Rotation).get(name) for name in dir(Rotation)}
    mirrored = ga.scipy.spatial.transform.Rotation.from_rotvec(ga.tensor(V))
    assert isinstance(mirrored, Rotation) and mirrored.single and mirrored.shape == ()


def test_mapped_and_in_programs() -> None:
    f = lambda v: np.sum(Rotation.from_rotvec(v).apply(XS) ** 2 * W[:, None])  # noqa: E731
    each = np.stack([ga.grad(f)(v) for v in VS])
    np.testing.assert_allclose(ga.vmap(ga.grad(f))(VS), each, rtol=1e-12, atol=1e-13)
    program = ga.jit(ga.grad(f))
    for v in VS:
        np.testing.assert_allclose(program(v), ga.grad(f)(v), rtol=1e-12, atol=1e-13)


def test_no_rotation_at_all() -> None:
    np.testing.assert_array_equal(ga.grad(lambda v: Rotation.from_rotvec(v).magnitude())(np.zeros(3)), np.zeros(3))
    assert ga.grad(lambda v: np.sum(Rotation.from_rotvec(v).as_matrix()))(np.zeros((0, 3))).shape == (0, 3)
    assert ga.grad(lambda v: np.sum(Rotation.from_rotvec(v).as_matrix()))(np.float32(V)).dtype == np.float32
    bent = ga.hessian(lambda v: np.sum(Rotation.from_rotvec(v).as_matrix()))(np.zeros(3))
    np.testing.assert_allclose(bent, 1 - 3 * np.eye(3), atol=1e-14)


REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "gimbal lock": (lambda v: Rotation.from_euler("xyz", [v[0], np.pi / 2, 0.0]).as_euler("xyz"), "gimbal lock"),
    "davenport": (lambda v: Rotation.from_rotvec(0 * v).as_davenport(np.eye(3)[[0, 1, 0]], "e"), "gimbal lock"),
    "a dual quaternion": (lambda v: transform.RigidTransform.from_translation(v).as_dual_quat(), "no form here"),
    "reduce": (lambda v: Rotation.from_rotvec(v).reduce(Rotation.create_group("C2")).as_quat(), "no form here"),
    "spline": (
        lambda t: transform.RotationSpline(t, Rotation.from_rotvec(np.eye(3)))(0.5, 1),
        "no derivative by times",
    ),
    "times": (lambda t: Slerp(t, Rotation.from_rotvec(np.eye(3)))(0.5).as_quat(), "no derivative by times"),
    "one vector": (lambda v: Rotation.align_vectors(v, V)[0].as_quat(), "of one vector"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    f, message = REFUSED[name]
    with pytest.raises(TypeError, match=message):
        ga.grad(lambda v: np.sum(f(v)))(V + np.arange(3.0) if name in ("times", "spline") else V)
