"""MyGrad's name for the size of a draw."""

import numpy as np
import pytest

import gradarray as ga


@pytest.mark.parametrize("name", ["random", "random_sample", "ranf", "sample", "randint"])
def test_shape_is_another_name_for_size(name: str) -> None:
    func, bounds = getattr(ga.random, name), (1, 7) if name == "randint" else ()
    ga.random.seed(5)
    expected = func(*bounds, size=(2, 3))
    ga.random.seed(5)
    np.testing.assert_array_equal(func(*bounds, shape=(2, 3)).data, expected.data)
    assert expected.shape == (2, 3)
    with pytest.raises(TypeError):
        func(*bounds, shape=2, size=2)


def test_where_shape_is_a_parameter_it_stays_one() -> None:
    assert ga.random.gamma(shape=[1.0, 2.0]).shape == (2,)
