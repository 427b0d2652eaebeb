"""What NumPy itself takes for works in which ``ga.jit`` is slower than jitted JAX.

By hand, the same operations in the same order, with as few of NumPy's calls as that can be said in, into memory that is
kept from call to call, and with no guards. Jitted JAX, in one thread, takes less by a factor of 1.8 in chain-100, where
NumPy's sines and exponentials alone take two thirds of its time; of 2.9 in polynomial-1000000, where it goes once over
the memory, and each of NumPy's 23 calls does; and of 1.6 in pairwise.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import add, cos, divide, exp, multiply, sin, sqrt, square, subtract, tanh

from benchmarks.work import Ways, Work, agree, chain, pairwise, polynomial

Floor = Callable[[Any], tuple[Any, Any]]


def rooms(count: int, *shape: int) -> Any:
    """Return arrays that begin at multiples of 64 bytes."""
    step = int(np.prod(shape)) * 8 // 64 * 64 + 64
    memory = np.empty(count * step + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return [np.ndarray(shape, np.float64, memory, start + k * step) for k in range(count)]


def chain_floor(x: Any) -> Floor:
    steps = chain.REPEATS
    saved = [rooms(5, *x.shape) for _ in range(steps)]  # what a step computes: a, d, e, h, y
    t, u, w, g, gx = rooms(5, *x.shape)
    half, part, one, two = map(np.array, (0.5, 0.3, 1.0, 2.0))

    def floor(x: Any) -> tuple[Any, Any]:
        y = x
        for a, d, e, h, made in saved:
            sin(y, a)
            add(multiply(a, x, t), half, t)
            exp(tanh(t, d), e)
            subtract(add(multiply(e, part, t), a, t), x, h)
            y = divide(multiply(h, h, made), two, made)
        value = add.reduce(y)
        for k in range(steps - 1, -1, -1):
            a, d, e, h, _ = saved[k]
            # Of the last step, the cotangent is one.
            multiply(multiply(g, half, t), h, t) if k < steps - 1 else multiply(h, half, t)
            add(t, t, t)
            multiply(multiply(t, part, u), e, u)
            multiply(u, subtract(one, multiply(d, d, w), w), u)
            add(multiply(u, x, g), t, g)
            multiply(u, a, u)
            subtract(gx, t, gx) if k < steps - 1 else subtract(u, t, gx)
            if k < steps - 1:
                add(gx, u, gx)
            multiply(g, cos(saved[k - 1][-1] if k else x, w), g)
        return value, add(gx, g)

    return floor


def polynomial_floor(x: Any) -> Floor:
    rows = min(2**16, len(x))
    kept = rooms(5, rows)
    coefficients = [*map(np.array, polynomial.COEFFICIENTS)]
    first, *others = coefficients

    def floor(x: Any) -> tuple[Any, Any]:
        total, slope = 0.0, np.empty_like(x)
        for begin in range(0, len(x), rows):
            part = x[begin : begin + rows]
            *sums, power = [room[: len(part)] for room in kept]
            y = multiply(part, first, sums[0])
            for coefficient, room in zip(others[:4], [*sums[1:], power], strict=True):
                add(y, coefficient, y)
                y = multiply(y, part, room)
            total += add.reduce(add(y, others[4], y))
            g = sums.pop()
            power, factor = multiply(part, part, power), part
            for y in reversed(sums):
                add(g, multiply(y, factor, y), g)
                factor = power if factor is part else multiply(factor, part, power)
            add(g, multiply(factor, first, power), slope[begin : begin + rows])
        return total, slope

    return floor


def pairwise_floor(x: Any) -> Floor:
    points, n = x.shape
    rows = 40
    ones, tiny, two = np.ones(points), np.array(pairwise.EPSILON), np.array(2.0)
    squares, slopes = rooms(2, rows, points, n)
    totals = rooms(3, rows, points)
    distances, every = np.empty((points, points)), np.empty((points, points, n))

    def floor(x: Any) -> tuple[Any, Any]:
        g = np.empty_like(x)
        for begin in range(0, points, rows):
            part = slice(begin, begin + rows)
            apart = x[part, None].repeat(5, 1).reshape(-1, 1, 5 * n).repeat(points // 5, 1).reshape(rows, points, n)
            subtract(apart, x, apart)
            total, four, pair = totals
            square(apart, squares)
            c = [squares[..., k] for k in range(n)]
            add(add(c[0], c[1], total), add(c[2], c[3], pair), total)
            add(add(c[4], c[5], four), add(c[6], c[7], pair), four)
            add(total, four, total)
            for column in c[8:]:
                add(total, column, total)
            sqrt(add(total, tiny, total), distances[part])
            divide(0.5, distances[part], total)
            multiply(total[:, :, None].repeat(n, 2), multiply(apart, two, slopes), every[part])
            np.matmul(ones, every[part], g[part])
        return add.reduce(distances, axis=None), subtract(g, add.reduce(every, axis=0), g)

    return floor


# --- the works --------------------------------------------------------------------------------------------------------


def over_floor(work: Work, make: Callable[[Any], Floor]) -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        ((x,), _) = work.inputs()
        floor = make(x)
        value, (gradient,) = work.by_hand(x)
        found = floor(x)
        agree("the floor's value", found[0], value)
        agree("the floor's gradient", found[1], gradient)
        return {"floor": floor, "jitted": ga.jit(ga.value_and_grad(lambda x: work.loss(np, x)), strict=True), "x_": x}

    return Ways(f"floor-{work.name}", f"over the fewest calls: {work.about}", [FLOOR, JITTED], names, base=FLOOR)


FLOOR, JITTED = "floor(x_)", "jitted(x_)"
_MAKERS = {"chain-100": chain_floor, "polynomial-1000000": polynomial_floor, "pairwise": pairwise_floor}
_EVERY = {work.name: work for work in (*chain.WORKS, *polynomial.WORKS, *pairwise.WORKS)}
WORKS = [over_floor(_EVERY[name], make) for name, make in _MAKERS.items()]
