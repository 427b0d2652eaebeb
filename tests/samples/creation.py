"""Array creation: what takes its values from variables."""

import numpy as np

from tests.samples import case, normal, positive


def kin(x):
    """Return what like= takes: a NumPy scalar has not the protocol."""
    return x if hasattr(x, "__array_function__") else np.zeros(0)


def steps(x):
    return np.arange(x, x + 4, 1.5 + 0 * x, like=kin(x))


SAMPLES = [
    case(lambda x: np.full((2, 3), x, like=kin(x)), normal(3), covers=(np.full,)),
    case(lambda x: np.full((2, 3), x, np.float64, "F", like=kin(x)), normal(), real_only=True, covers=(np.full,)),
    case(lambda x: np.full_like(x, x[0, 0]), normal(2, 3), fixed=True, covers=(np.full_like,)),
    case(lambda x: np.full_like(x, x[0], shape=(4, 3)), normal(2, 3), fixed=True, covers=(np.full_like,)),
    case(lambda x, y: np.array([x, y], like=kin(x)), normal(3), normal(3), covers=(np.array,)),
    case(
        lambda x, y: np.array([[x, y], [1.0, x]], ndmin=3, like=kin(x)),
        normal(),
        normal(),
        fixed=True,
        covers=(np.array,),
    ),
    case(lambda x: np.array(x, copy=False, like=kin(x)), normal(2, 3), fixed=True, covers=(np.array,)),
    case(lambda x, y: np.asarray([x, [y, y]], like=kin(x)), normal(2), normal(), fixed=True, covers=(np.asarray,)),
    case(lambda x: np.asarray(x, order="F", copy=True, like=kin(x)), normal(2, 3), covers=(np.asarray,)),
    case(lambda x: np.asanyarray(x, like=kin(x)), normal(2), covers=(np.asanyarray,)),
    case(lambda x: np.ascontiguousarray(x, like=kin(x)), normal(2, 3), covers=(np.ascontiguousarray,)),
    case(lambda x: np.asfortranarray([x, 2 * x], like=kin(x)), normal(3), covers=(np.asfortranarray,)),
    case(lambda x: np.require(x, None, ["F", "W"], like=kin(x)), normal(2, 3), covers=(np.require,)),
    case(lambda x: np.require(x, np.complex128, "O", like=kin(x)), normal(2), covers=(np.require,)),
    case(lambda x: np.fromiter([x, 2.0, 3 * x], complex, like=kin(x)), normal(), fixed=True, covers=(np.fromiter,)),
    case(lambda x: np.fromiter(x, np.complex128, 2, like=kin(x)), normal(3), covers=(np.fromiter,)),
    case(
        lambda x: np.fromfunction(lambda i, j, s: s * i + x * j, (2, 3), s=2.0, like=kin(x)),
        normal(3),
        covers=(np.fromfunction,),
    ),
    case(steps, normal(), fixed=True, real_only=True, covers=(np.arange,)),
    case(lambda x: np.arange(1, 2 + x, like=kin(x)), positive(), fixed=True, real_only=True, covers=(np.arange,)),
    case(np.linspace, normal(), normal()),
    case(np.linspace, normal(), 2.0, 4),
    case(np.linspace, normal(3), normal(), 5, endpoint=False, axis=1),
    case(np.linspace, normal(2), normal(2), 2, retstep=True),
    case(np.linspace, 0, normal(2), num=0, dtype=float),
    case(np.logspace, normal(), normal(), 4),
    case(np.logspace, normal(2), 1.0, 3, base=positive(2), axis=-1),
    case(np.logspace, normal(), normal(), 3, endpoint=False, base=positive()),
    case(np.geomspace, positive(), positive(), 4),
    case(np.geomspace, positive(2, 3), positive(3), 5, endpoint=False, axis=1),
    case(np.geomspace, positive(), 8.0, 1),
]
