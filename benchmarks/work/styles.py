"""The same call as a method, an operator, NumPy's function and gradarray's, on a small variable."""

from typing import Any

import numpy as np

from benchmarks.work import Ways

# Floors: NumPy's own function, given an object that takes the call over and does nothing, or NumPy's own two ways.
STYLES: dict[str, tuple[list[str], list[str]]] = {
    "sum": (["x.sum()", "np.sum(x)", "ga.sum(x)"], ["np.sum(nothing)"]),
    "mean": (["x.mean()", "np.mean(x)", "ga.mean(x)"], ["np.mean(nothing)"]),
    "max": (["x.max()", "np.max(x)", "ga.max(x)"], ["np.max(nothing)"]),
    "reshape": (["x.reshape(2, 5)", "np.reshape(x, (2, 5))", "ga.reshape(x, (2, 5))"], ["np.reshape(nothing, (2, 5))"]),
    "transpose": (["x.T", "x.transpose()", "np.transpose(x)", "ga.transpose(x)"], ["np.transpose(nothing)"]),
    "exp": (["np.exp(x)", "ga.exp(x)"], ["np.exp(nothing)"]),
    "add": (["x + c", "np.add(x, c)", "ga.add(x, c)"], ["np.add(nothing, c)"]),
    "power": (
        ["x ** 2", "np.power(x, 2)", "ga.power(x, 2)"],
        ["np.power(nothing, 2)", "plain ** 2", "np.power(plain, 2)"],
    ),
    "matmul": (["x @ c", "np.matmul(x, c)", "ga.matmul(x, c)"], ["np.matmul(nothing, c)"]),
    "dot": (["x.dot(c)", "np.dot(x, c)", "ga.dot(x, c)"], ["np.dot(nothing, c)"]),
    "take": (
        ["x[index]", "x.take(index)", "np.take(x, index)", "ga.take(x, index)"],
        ["np.take(nothing, index)", "plain[index]", "np.take(plain, index)"],
    ),
    "clip": (["x.clip(0.6, 1.5)", "np.clip(x, 0.6, 1.5)", "ga.clip(x, 0.6, 1.5)"], ["np.clip(nothing, 0.6, 1.5)"]),
}


class Nothing:
    """An array that takes every NumPy function over, and does nothing: the least that such a call takes."""

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __array_function__(self, *args: Any, **kwargs: Any) -> None:
        pass


def names(ga: Any) -> dict[str, Any]:
    numbers = np.linspace(0.5, 2, 10)
    x, c = ga.tensor(numbers), ga.tensor(numbers[::-1].copy())
    return {"np": np, "ga": ga, "x": x, "c": c, "index": np.array([1, 4, 4, 7]), "nothing": Nothing(), "plain": numbers}


WORKS = [
    Ways(f"style-{name}", f"{name} of 10 numbers: {', '.join(codes)}", codes, names, floors=floors)
    for name, (codes, floors) in STYLES.items()
]
