"""The table of the programs: what each is called with, and its derivatives from central differences."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

# What a module of programs imports that is not always there.
NEEDS = {"jitted": "numba", "scipy_linalg": "scipy"}


@dataclass(frozen=True, eq=False)
class Program:
    """A function of floats and arrays of floats, by the name of its module and its own."""

    name: str
    start: tuple[Any, ...]
    exact: bool  # whether the value is NumPy's to the last bit; math and NumPy round differently
    step: float
    tolerance: float

    def __str__(self) -> str:
        return self.name

    @property
    def func(self) -> Callable[..., Any]:
        module, _, name = self.name.rpartition(".")
        if module in NEEDS:
            pytest.importorskip(NEEDS[module])
        found = getattr(importlib.import_module(f"tests.idioms.{module}"), name)
        assert callable(found)
        return found

    def arguments(self) -> list[Any]:
        """Return new ones at each call: numbers as NumPy has them, which is what a transform hands over."""
        return [np.float64(v) if isinstance(v, float) else np.array(v, dtype=float) for v in self.start]


def program(name: str, *start: Any, exact: bool = True, step: float = 2e-4, tolerance: float = 1e-7) -> Program:
    return Program(name, start, exact, step, tolerance)


def _central(row: Program, step: float) -> list[Any]:
    """Return the derivative by each argument, the axes of the argument behind those of the result."""
    found = []
    for k, argument in enumerate(row.arguments()):
        columns = []
        for place in np.ndindex(np.shape(argument)):
            ends = []
            for sign in (1, -1):
                moved = row.arguments()
                if np.ndim(argument):
                    moved[k][place] += sign * step
                else:
                    moved[k] += sign * step
                ends.append(np.asarray(row.func(*moved), dtype=float))
            columns.append((ends[0] - ends[1]) / (2 * step))
        found.append(np.stack(columns, axis=-1).reshape(columns[0].shape + np.shape(argument)))
    return found


@functools.cache
def differences(row: Program) -> tuple[list[Any], list[Any]]:
    """Return central differences, and better ones, by Richardson, from two steps."""
    coarse, fine = _central(row, row.step), _central(row, row.step / 2)
    return coarse, [(4 * f - c) / 3 for c, f in zip(coarse, fine, strict=True)]


A2 = [[1.2, 0.4], [0.3, 0.9]]
A3 = [[2.0, 0.0, 0.0], [0.4, 1.5, 0.0], [-0.3, 0.7, 1.1]]
FULL3 = [[2.0, 0.3, -0.4], [0.5, 1.6, 0.2], [-0.3, 0.7, 1.1]]

PROGRAMS = [
    program("making_arrays.heated_rod", [20.0, 60.0, 0.3]),
    program("making_arrays.binomial_tree", 100.0, 0.2, 0.03),
    program("making_arrays.kalman", [0.1, 0.9, 1.3, 2.2]),
    program("making_arrays.kalman", [0.1, 0.9, 1.3], 0.2, 0.4),
    program("making_arrays.spring_chain", [2.0, 1.5, 3.0, 1.0]),
    program("making_arrays.running_average", [0.3, -1.0, 2.0, 0.5]),
    program("making_arrays.rotation_chain", [0.3, -0.5, 1.1]),
    program("making_arrays.arrhenius_profile", 900.0, 2.0, step=0.01),
    program("making_arrays.grid_from_a_variable", 1.3),
    program("making_arrays.vandermonde_by_columns", [0.4, -0.7]),
    program("making_arrays.gaussian_spot", 1.2, 0.9),
    program("making_arrays.coupled_block", 0.7),
    program("making_arrays.padded_signal", [0.5, 1.5, -0.4]),
    program("making_arrays.partial_sums", 0.6),
    program("making_arrays.recorded_samples", 1.4),
    program("making_arrays.octave_bands", 1.4),
    program("making_arrays.windowed", [0.3, 0.8, -0.2, 0.6, 1.0]),
    # Linear in each argument, so that large steps are exact, up to the rounding of single precision.
    program("making_arrays.single_precision", 1.4, 0.6, step=0.5, tolerance=1e-5),
    program("making_arrays.fields_on_a_mesh", 0.8, 0.35),
    program("making_arrays.by_function", 1.3),
    program("converting.normalized", [0.7, 0.1, -0.4, 0.5]),
    program("converting.rotation_matrix", [1.0, -0.5, 0.3], 0.8),
    program("converting.jacobian_of_a_robot", [0.4, 1.2]),
    program("converting.lotka_volterra", [1.1, 0.4, 0.9, 0.3]),
    program("converting.as_columns", [0.7, -0.2, 1.0]),
    program("converting.memory_orders", A2),
    program("converting.with_copies", [0.7, -0.2, 1.3]),
    program("converting.as_numpy_float", 1.7),
    program("converting.design_matrix", [0.0, 1.0, 2.5], [0.4, 1.1, 3.0]),
    program("converting.from_ragged_rows", 0.4, 1.6),
    program("converting.whole_numbers", 1.23),
    program("scalars_and_lists.statistics", 0.4, 1.3),
    program("scalars_and_lists.extremes", 0.4, 1.3),
    program("scalars_and_lists.triangle_area", [0.4, 1.3, -0.5]),
    program("scalars_and_lists.three_links", [0.4, 1.3, -0.5]),
    program("scalars_and_lists.mass_matrix", 0.8, 1.7),
    program("scalars_and_lists.price_table", 1.7),
    program("scalars_and_lists.heat_capacity", 450.0),
    program("scalars_and_lists.selected", 0.6, 1.4),
    program("scalars_and_lists.with_python_alone", [0.4, 1.3, -0.5]),
    program("scalars_and_lists.wrapped_angle", 5.3),
    program("scalars_and_lists.weighted_votes", [0.4, 1.3, -0.5]),
    program("scalars_and_lists.nested_lists", [0.4, 1.3, -0.5]),
    program("scalars_and_lists.average_return", [1.0, 1.1, 0.9, 1.2, 1.4]),
    program("scalars_and_lists.compounded", [0.1, -0.2, 0.3]),
    program("scalars_and_lists.sorted_and_listed", [0.4, 1.3, -0.5]),
    program("scalars_and_lists.gathered", 0.6, 1.4),
    program("scalars_and_lists.any_and_all", 1.2, 0.7),
    program("math_module.great_circle", 52.5, 13.4, exact=False),
    program("math_module.black_scholes", 100.0, 95.0, 0.25, 1.5, exact=False),
    program("math_module.bicycle", 0.3, 2.0, exact=False),
    program("math_module.matrix_of_math", 0.7, exact=False),
    program("math_module.impedance", 1.2, 0.6, exact=False),
    program("math_module.stirling", 4.5, exact=False),
    program("star_import.pendulum", 0.5, 1.2),
    program("star_import.beam", 0.8, exact=False),
    program("star_import.projected", [1.3, 0.4, 0.2]),
    program("imports_inside.cooling", 0.1, 21.0),
    program("imports_inside.decibels", 3.0, exact=False),
    program("imports_inside.residual", 0.4, 1.1, exact=False),
    program("other_names.leapfrog", 1.3, 0.05),
    program("other_names.ellipse", 1.3, 0.6),
    program("other_names.softmax", [0.2, 1.0, -0.4]),
    program("other_names.least_squares", [0.3, 1.1, 2.0], [1.0, 0.4, 2.2]),
    program("other_names.moving_windows", [0.3, 1.1, 2.0, -0.4, 0.8]),
    program("several.simulate", 0.08, exact=False),
    program("classes.controlled", 1.2, 0.3, 0.05),
    program("classes.likelihood", 0.2, 0.5, exact=False),
    program("classes.network", 0.6),
    program("classes.from_the_left", [0.7, 1.1]),
    program("classes.registered", [0.3, 1.1], exact=False),
    program("classes.vectors", 1.4, 0.6, exact=False),
    program("classes.lattice_energy", 0.4),
    program("generators_and_recursion.shot", 20.0, 0.7, exact=False),
    program("generators_and_recursion.roughness", [0.3, 1.1, 2.0, -0.4, 0.8]),
    program("generators_and_recursion.determinant", FULL3),
    program("generators_and_recursion.power_spectrum", [0.3, 1.1, 2.0, -0.4]),
    program("generators_and_recursion.arc_length", 0.8, 1.5, exact=False),
    program("generators_and_recursion.spline_curve", 4.3),
    program("generators_and_recursion.accumulated", [0.3, 1.1, 2.0]),
    program("dataclasses_and_tuples.lens_system", 2.0, 0.7),
    program("dataclasses_and_tuples.orbit_energy", 1.2, 0.8),
    program("dataclasses_and_tuples.reactor", 0.9, 60.0),
    program("dataclasses_and_tuples.standardized", [0.3, 1.1, 2.0, -0.4]),
    program("random_numbers.geometric_brownian", 0.05, 0.2),
    program("random_numbers.asian_option", 100.0, 0.2),
    program("random_numbers.disturbed", [0.3, 1.1]),
    program("random_numbers.annealed", 0.3),
    program("random_numbers.drawn_around", 0.3, 1.1),
    program("random_numbers.with_the_standard_library", 0.8),
    program("random_numbers.legacy", 0.8),
    program("jitted.attraction", 1.3, 1.1, exact=False),
    program("jitted.chain_energy", [0.0, 1.2, 2.7], 1.1, exact=False),
    program("jitted.smoothed", [0.3, 1.1, 2.0, -0.4], 0.2, exact=False),
    program("jitted.relaxed", [0.3, 1.4, 2.6, -0.9], exact=False),
    program("isinstance_and_types.flexible", 0.8, [0.3, 1.1, 2.0]),
    program("isinstance_and_types.demanding", [0.3, 1.1, 2.0]),
    program("isinstance_and_types.by_kind", [0.3, 1.1, 2.0]),
    program("isinstance_and_types.only_floats", [0.3, 1.1, 2.0]),
    program("isinstance_and_types.plain_numbers", [0.3, 1.1, 2.0]),
    program("isinstance_and_types.bins", [0.3, 1.1, 2.6]),
    program("isinstance_and_types.complex_number", 0.7),
    program("isinstance_and_types.copies", [0.3, 1.1]),
    program("isinstance_and_types.one_or_many", [0.3, 1.1, 2.0]),
    program("isinstance_and_types.one_or_many", 0.7),
    program("isinstance_and_types.derived_classes", [0.3, 1.1]),
    program("isinstance_and_types.seen_as_arrays", [0.3, 1.1]),
    program("isinstance_and_types.types_by_name", [0.3, 1.1]),
    # The sums of the two ways have their terms in the same order, but a product of vectors may use fused steps.
    program("isinstance_and_types.exact_type", [0.3, 1.1, 2.6], exact=False),
    program("isinstance_and_types.to_number", 0.7),
    program("scipy_linalg.gaussian_process", [0.3, 1.1, 2.6], 0.9, exact=False),
    program("scipy_linalg.inverses", FULL3, exact=False),
    program("scipy_linalg.spectrum", FULL3, exact=False),
    program("scipy_linalg.forward_algorithm", [0.3, 1.1, 0.6], exact=False),
    program("scipy_linalg.factors", A3, [0.3, 1.1, 0.6], exact=False),
    program("scipy_linalg.matrix_exponential", 0.6, exact=False),
    program("scipy_linalg.several_exponentials", 0.6, exact=False),
    program("bound_early.evaluate", [0.3, 1.1, 0.6]),
    program("bound_early.calculated", 0.6, exact=False),
    program("bound_early.partially", 0.6, exact=False),
    program("bound_early.filtered", 0.6, [0.3, 1.1, 0.6]),
    program("bound_early.decorated", 0.6),
    program("bound_early.chebyshev", 0.6),
    program("bound_early.expansion", 0.6),
    program("bound_early.oscillator", 0.6, exact=False),
    program("in_place.burgers", 0.1, 0.7),
    program("in_place.cavity", 0.2, 1.5),
    program("in_place.masks", [0.3, -1.1, 2.6, 0.8]),
    program("in_place.given_buffers", [0.3, 1.1, 0.6]),
    program("in_place.copied_and_filled", [0.3, 1.1, 0.6]),
    program("in_place.gauss_seidel", 0.6, 1.2),
    program("in_place.lu", FULL3),
    program("in_place.histogram_equalized", [[0.1, 0.9, 0.3], [0.4, 1.2, 2.0], [0.2, 0.7, 3.0]]),
    program("in_place.levinson", [2.0, 0.9, 0.5, 0.1]),
    program("in_place.sorted_copy", [0.3, -1.1, 2.6]),
    program("in_place.grown", [0.3, 1.1]),
    program("complex_arrays.dft", [0.3, 1.1, 2.6]),
    # NumPy rounds products of complex numbers otherwise than those of complex arrays.
    program("complex_arrays.transfer", 0.8, 0.1, exact=False),
    program("complex_arrays.thin_film", 0.1, exact=False),
    program("complex_arrays.split_step", 0.8),
    program("complex_arrays.spectrum_by_hand", 0.8, 0.4),
    program("iterating.rectified", [0.3, 1.7, -0.6]),
    program("iterating.polar", [0.3, 1.7, -0.6]),
    program("iterating.by_rows", FULL3),
    program("iterating.portfolio", [0.7, 1.7, 2.6]),
    program("iterating.enumerated", FULL3),
    program("iterating.read_by_nditer", FULL3),
    program("iterating.over_flat", A2),
    program("iterating.pairs", [0.3, 1.7, -0.6]),
    program("iterating.along_axis", FULL3),
    program("iterating.factored", FULL3, exact=False),
    program("iterating.mapped", [0.3, 1.7, -0.6]),
    program("checks_and_output.newton", 3.0),
    program("checks_and_output.page_rank", [[0.1, 0.5, 0.3], [0.6, 0.2, 0.3], [0.3, 0.3, 0.4]]),
    program("checks_and_output.careful", 0.4),
    program("checks_and_output.domains", 0.4, exact=False),
    program("checks_and_output.validated", [0.3, 1.7, 0.6]),
    program("checks_and_output.described", [0.3, 1.7, 0.6]),
    program("checks_and_output.line_search", 0.6),
]
