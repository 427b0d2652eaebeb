"""Polynomials beyond the samples: NumPy's class, special roots, and what a fit says of itself."""

from typing import Any

import numpy as np
import pytest

import gradarray as ga


def test_numpys_class_takes_tensors() -> None:
    p, x = ga.tensor([1.0, -2.0, 3.0]), ga.tensor(2.0)
    y = np.poly1d(p)(x)
    y.backward()
    np.testing.assert_array_equal(p.grad, [4, 2, 1])
    assert x.grad == 2
    for operation in (np.polyadd, np.polysub, np.polymul):
        result = operation(np.poly1d([2.0, 1.0]), p)
        assert isinstance(result, np.poly1d)
        assert not result.coeffs.constant
    quotient, rest = np.polydiv(p, np.poly1d([1.0, 1.0]))
    assert isinstance(quotient, np.poly1d)
    assert list(rest.coeffs.data) == [6]


def test_powers_of_whole_numbers_do_not_overflow() -> None:
    p = ga.tensor(np.ones(9))
    np.polyval(p, 1000).backward()
    np.testing.assert_allclose(p.grad, 1000.0 ** np.arange(8, -1, -1))


def test_leading_zeros_are_cut_off_and_have_no_gradient() -> None:
    p = ga.tensor([0.0, 1.0, 2.0])
    q = np.polymul(p, [1.0, 3.0])
    assert q.shape == (3,)
    q.backward()
    np.testing.assert_array_equal(p.grad, [0, 4, 4])


def test_a_root_at_zero_moves_with_the_last_coefficient() -> None:
    p = ga.tensor([1.0, -2.0, 0.0])  # x * (x - 2)
    r = np.roots(p)
    np.testing.assert_array_equal(r.data, [2, 0])
    r[1].backward()
    np.testing.assert_array_equal(p.grad, [0, 0, 0.5])


def test_a_double_root_has_no_derivative_and_spoils_no_other() -> None:
    p = ga.tensor([1.0, -3.0, 0.0, 0.0])  # x**2 * (x - 3)
    np.roots(p)[0].backward()
    np.testing.assert_allclose(p.grad, [-3, -1, -1 / 3, -1 / 9])
    np.roots(p).backward()
    assert not np.isfinite(p.grad[-1])


def test_a_matrix_with_equal_eigenvalues_has_a_characteristic_polynomial_with_a_gradient() -> None:
    a = ga.tensor(np.eye(3))
    p = np.poly(a)
    np.testing.assert_allclose(p.data, [1, -3, 3, -1])
    p.backward([0.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(a.grad, -np.eye(3))  # of minus the trace
    np.poly(a).backward([0.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(a.grad, -np.eye(3))  # of minus the determinant


def test_roots_in_conjugate_pairs_give_real_coefficients() -> None:
    z = ga.tensor([1 + 2j, 1 - 2j])
    p = np.poly(z)
    assert p.dtype == float
    np.testing.assert_allclose(p.data, [1, -2, 5])
    p.backward([0.0, 0.0, 1.0])
    np.testing.assert_allclose(z.grad, z.data)


@pytest.mark.parametrize("fit", [np.polyfit, ga.polyfit])
def test_a_warning_of_a_poor_fit_is_of_the_callers_line(fit: Any) -> None:
    x = ga.tensor([1.0, 1.0, 1.0])
    with pytest.warns(np.exceptions.RankWarning) as caught:
        fit(x, [1.0, 2.0, 3.0], 2)
    assert caught[0].filename == __file__
