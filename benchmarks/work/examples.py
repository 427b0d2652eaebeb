"""The gradient of each example of a small network: at once by ``ga.vmap``, and one after the other in a loop.

Beside `torch.func.vmap` of `torch.func.grad`, and `jax.vmap` of `jax.grad`, as a program and as it stands.
"""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import AnyWork, Each, Ways

BATCH, SIZES = 256, (8, 16, 3)
LOOP, MAPPED, PROGRAM = "looped(*arrays)", "mapped(*arrays)", "jitted(*arrays)"


def loss(xp: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    return xp.sum((xp.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2)


def inputs() -> tuple[Arrays, Arrays]:
    rng = np.random.default_rng(0)
    n_in, n_hidden, n_out = SIZES
    params = [rng.normal(size=(n_in, n_hidden)) / 3, rng.normal(size=n_hidden)]
    params += [rng.normal(size=(n_hidden, n_out)) / 4, rng.normal(size=n_out)]
    return params, [rng.normal(size=(BATCH, n_in)), rng.normal(size=(BATCH, n_out))]


def by_hand(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    h = np.tanh(x @ w1 + b1)
    out = 2 * (h @ w2 + b2 - y)
    hidden = (out @ w2.T) * (1 - h * h)
    return [x[:, :, None] * hidden[:, None, :], hidden, h[:, :, None] * out[:, None, :], out]


def names(ga: Any) -> dict[str, Any]:
    params, (x, y) = inputs()
    gradient = ga.grad(lambda *arrays: loss(np, *arrays), (0, 1, 2, 3))
    mapped = ga.vmap(gradient, in_axes=(None, None, None, None, 0, 0))

    def looped(*arrays: Any) -> Any:
        *params, xs, ys = arrays
        return [gradient(*params, x, y) for x, y in zip(xs, ys, strict=True)]

    for found, *each in zip(mapped(*params, x, y), *looped(*params, x, y), strict=True):
        assert np.allclose(found, np.stack(each), 1e-12, 1e-12)
    return {"looped": looped, "mapped": mapped, "jitted": ga.jit(mapped), "arrays": (*params, x, y)}


ABOUT = f"the gradient of each of {BATCH} examples of a {'-'.join(map(str, SIZES))} tanh network"
WORKS: list[AnyWork] = [
    Ways("examples-256", ABOUT, [LOOP, MAPPED, PROGRAM], names, base=LOOP),
    Each("each-256", ABOUT, inputs, loss, by_hand),
    Each("each-256-unjitted", f"{ABOUT}, no library's as a program", inputs, loss, by_hand, jitted=False),
]
