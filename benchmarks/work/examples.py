"""The gradient of each example of a small network: at once by ``ga.vmap``, and one after the other in a loop.

The other libraries' `torch.func.vmap` and `jax.vmap` are timed by hand.
"""

from typing import Any

import numpy as np

from benchmarks.work import AnyWork, Ways

BATCH, SIZES = 256, (8, 16, 3)
LOOP, MAPPED, PROGRAM = "looped(*arrays)", "mapped(*arrays)", "jitted(*arrays)"


def loss(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    return np.sum((np.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2)


def names(ga: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n_in, n_hidden, n_out = SIZES
    params = [rng.normal(size=(n_in, n_hidden)) / 3, rng.normal(size=n_hidden)]
    params += [rng.normal(size=(n_hidden, n_out)) / 4, rng.normal(size=n_out)]
    x, y = rng.normal(size=(BATCH, n_in)), rng.normal(size=(BATCH, n_out))
    gradient = ga.grad(loss, (0, 1, 2, 3))
    mapped = ga.vmap(gradient, in_axes=(None, None, None, None, 0, 0))

    def looped(*arrays: Any) -> Any:
        *params, xs, ys = arrays
        return [gradient(*params, x, y) for x, y in zip(xs, ys, strict=True)]

    for found, *each in zip(mapped(*params, x, y), *looped(*params, x, y), strict=True):
        assert np.allclose(found, np.stack(each), 1e-12, 1e-12)
    return {"looped": looped, "mapped": mapped, "jitted": ga.jit(mapped), "arrays": (*params, x, y)}


ABOUT = f"the gradient of each of {BATCH} examples of a {'-'.join(map(str, SIZES))} tanh network"
WORKS: list[AnyWork] = [Ways("examples-256", ABOUT, [LOOP, MAPPED, PROGRAM], names, base=LOOP)]
