"""What gradarray adds to a NumPy call that takes no gradient."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.work import Call

ARRAY = np.linspace(0.5, 2, 10)
ARGUMENTS = {"sin": 1, "add": 2, "sum": 1}


def overhead(name: str) -> list[Call]:
    arrays = [ARRAY] * ARGUMENTS[name]
    bare = partial(getattr(np, name), *arrays)  # partial, because a lambda would add 10 % to both sides

    def on_constants(ga: Any) -> partial[Any]:
        return partial(getattr(np, name), *(ga.tensor(array, constant=True) for array in arrays))

    return [
        Call(f"overhead-np-{name}", f"np.{name} on 10 numbers in an array", bare, lambda _: bare),
        Call(f"overhead-ga-{name}", f"ga.{name} on the same", bare, lambda ga: partial(getattr(ga, name), *arrays)),
        Call(f"overhead-const-{name}", f"np.{name} on the same in a constant tensor", bare, on_constants),
    ]


WORKS = [call for name in ARGUMENTS for call in overhead(name)]
