"""Functions of the user's that NumPy calls, beyond the samples."""

import numpy as np

import gradarray as ga


def test_the_function_gets_tensors_and_may_have_variables_of_its_own() -> None:
    scale, seen = ga.tensor(2.0), []

    def scaled(v):
        seen.append(v)
        return v * scale

    y = np.apply_along_axis(scaled, 0, ga.tensor([[1.0, 2.0], [3.0, 4.0]], constant=True))
    assert all(isinstance(v, ga.Tensor) and v.shape == (2,) for v in seen)
    y.backward()
    assert scale.grad == 10


def test_the_first_result_says_what_the_others_are() -> None:
    x = ga.tensor([[1.5, -2.5], [3.5, 4.5]])

    def mixed(v):
        return 1 if v[1] < 0 else v[0]

    np.testing.assert_array_equal(np.apply_along_axis(mixed, 1, x), np.apply_along_axis(mixed, 1, x.data))
    y = np.apply_along_axis(lambda v: v if v[1] < 0 else v[:1], 1, x)
    np.testing.assert_array_equal(y.data, [[1.5, -2.5], [3.5, 3.5]])
    y.backward()
    np.testing.assert_array_equal(x.grad, [[1, 1], [2, 0]])


def test_results_without_a_derivative_are_plain() -> None:
    x = ga.tensor([[1.0, 5.0], [3.0, 4.0]])
    places = np.apply_along_axis(np.argmax, 0, x)
    assert type(places) is np.ndarray
    np.testing.assert_array_equal(places, [1, 0])
    assert isinstance(np.apply_along_axis(lambda v: 1.0, 0, x), ga.Tensor)
