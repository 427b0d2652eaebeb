"""Sums and products of many arrays, for which NumPy has no function."""

import functools
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.mirror.additions import _cheapest_splits

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(("name", "numpys"), [("add_sequence", np.add), ("multiply_sequence", np.multiply)])
def test_a_sequence_is_folded(name: str, numpys: np.ufunc) -> None:
    func = getattr(ga, name)
    arrays = [RNG.normal(size=3), 2.0, RNG.normal(size=(2, 1)), [1, 2, 3]]
    result = func(*arrays)
    assert isinstance(result, ga.Tensor) and result.constant
    np.testing.assert_array_equal(result.data, functools.reduce(numpys, arrays))
    ga.check_grads(lambda *xs: func(*xs, 2.0), (arrays[0], arrays[2], np.array([0.0, 1.0, 0.0])))
    assert func(ga.tensor(1.0), 2.0, constant=True).constant
    assert not func(1.0, 2.0, constant=False).constant
    for few in ((), (ga.tensor(1.0),)):
        with pytest.raises(ValueError, match=f"{name} takes at least two arrays, not {len(few)}"):
            func(*few)
    with pytest.raises(ValueError, match="broadcast"):
        func(np.ones(2), np.ones(3), 1.0)


CHAINS: list[list[tuple[int, ...]]] = [
    [(2, 3), (3, 4)],
    [(3,), (3,)],
    [(3,), (3, 4), (4,)],
    [(2, 3), (3, 4), (4, 2), (2,)],
    [(10, 2), (2, 10), (10, 2), (2, 10)],
    [(2, 1), (1, 3)],
    [(5, 2, 3), (3, 4), (5, 4, 2)],
    [(2, 0), (0, 3), (3, 1)],
]


@pytest.mark.parametrize("shapes", CHAINS, ids=str)
def test_a_chain_of_matrices(shapes: list[tuple[int, ...]]) -> None:
    arrays = [RNG.normal(size=shape) for shape in shapes]
    expected = functools.reduce(np.matmul, arrays)
    result = ga.multi_matmul(arrays)
    assert isinstance(result, ga.Tensor) and result.constant
    np.testing.assert_allclose(result.data, expected, atol=1e-13)
    assert result.shape == np.shape(expected)
    ga.check_grads(lambda *xs: ga.multi_matmul(xs), tuple(arrays))
    assert ga.multi_matmul([ga.tensor(x) for x in arrays], constant=True).constant
    assert not ga.multi_matmul(arrays, constant=False).constant


def cost(lengths: list[int], split: dict[tuple[int, int], int], first: int, last: int) -> int:
    if first == last:
        return 0
    k = split[first, last]
    here = lengths[first] * lengths[k + 1] * lengths[last + 1]
    return here + cost(lengths, split, first, k) + cost(lengths, split, k + 1, last)


def least(lengths: tuple[int, ...]) -> int:
    """Return the least cost there is, by trying every order."""
    if len(lengths) == 2:
        return 0
    return min(
        lengths[i - 1] * lengths[i] * lengths[i + 1] + least((*lengths[:i], *lengths[i + 1 :]))
        for i in range(1, len(lengths) - 1)
    )


def test_the_order_is_the_cheapest() -> None:
    for _ in range(20):
        lengths = RNG.integers(1, 20, 6).tolist()
        assert cost(lengths, _cheapest_splits(lengths), 0, 4) == least(tuple(lengths))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.ones((2, 2))], "at least two arrays, not 1"),
        ([np.ones((2, 2)), np.ones(2), np.ones((2, 2))], "array 1 of 3 has 1 dimension"),
        ([1.0, np.ones((2, 2))], "array 0 of 2 has 0 dimension"),
        ([np.ones((2, 3)), np.ones((2, 3))], "matmul"),
    ],
)
def test_what_makes_no_chain(arrays: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ga.multi_matmul(arrays)
