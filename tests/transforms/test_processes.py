"""What transforms return goes to another process, without a tape."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.dropin.reach import let_in

X = np.array([1.0, 2.0])
ROWS = np.array([[1.0, 2.0], [3.0, 0.5]])


def cubed(x: Any) -> Any:
    return x**3


def loss(x: Any, scale: float = 2.0) -> Any:
    return scale * np.sum(x**3)


@ga.jit
def decorated(x: Any) -> Any:
    return np.sum(np.sin(x))


@ga.drop_in
def filling(x: Any) -> Any:
    out = np.zeros(2)
    out[0] = x[0] ** 2
    return out.sum()


class Model:
    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def __call__(self, x: Any) -> Any:
        return np.sum(self.weights * x**2)

    def loss(self, x: Any) -> Any:
        return self(x) ** 2


MADE: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "grad": (ga.grad(loss), (X,)),
    "grad by name": (ga.grad(loss, "scale"), (X, 3.0)),
    "grad as it stands": (ga.grad(loss, drop_in=False), (X,)),
    "grad of a method": (ga.grad(Model(X).loss), (X,)),
    "grad of an object": (ga.grad(Model(X)), (X,)),
    "value_and_grad": (ga.value_and_grad(loss, (0, 1)), (X, 3.0)),
    "elementwise_grad": (ga.elementwise_grad(np.tanh), (X,)),
    "jacobian": (ga.jacobian(cubed), (X,)),
    "jacrev": (ga.jacrev(cubed), (X,)),
    "jacfwd": (ga.jacfwd(cubed), (X,)),
    "hessian": (ga.hessian(loss), (X,)),
    "hvp": (ga.hvp(loss), (X, X)),
    "hessian_diagonal": (ga.hessian_diagonal(loss), (X,)),
    "ggnvp": (ga.ggnvp(cubed, loss), (X, X)),
    "grad of grad": (ga.jacobian(ga.grad(loss)), (X,)),
    "vmap": (ga.vmap(ga.grad(loss), chunk_size=1), (ROWS,)),
    "jit": (ga.jit(loss), (X,)),
    "jit of grad": (ga.jit(ga.grad(loss)), (X,)),
    "grad of jit": (ga.grad(ga.jit(loss)), (X,)),
    "decorated by jit": (decorated, (X,)),
    "decorated by drop_in": (filling, (X,)),
    "grad of what is decorated": (ga.grad(decorated), (X,)),
}


@pytest.mark.parametrize("name", MADE)
def test_a_copy_does_the_same_and_carries_no_tape(name: str) -> None:
    made, args = MADE[name]
    known = made(*args)  # and what it has learnt by that stays at home
    assert len(pickle.dumps(made)) < 1000
    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        np.testing.assert_equal(other(*args), known)


def test_a_library_that_was_let_in_is_let_in_there() -> None:
    made = ga.grad(loss, drop_in="a_library_that_is_let_in")
    assert b"a_library_that_is_let_in" in pickle.dumps(made)
    assert "a_library_that_is_let_in" in let_in(())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(made))(X), made(X))


def test_a_pool_of_processes_takes_them() -> None:
    kind = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads that are not forked
        with ProcessPoolExecutor(1, multiprocessing.get_context(kind)) as pool:
            several = {name: pool.submit(made, *args) for name, (made, args) in MADE.items()}
            for name, result in several.items():
                made, args = MADE[name]
                np.testing.assert_equal(result.result(60), made(*args))
            assert [*pool.map(ga.grad(loss), [X, 2 * X])][1].tolist() == [24.0, 96.0]
