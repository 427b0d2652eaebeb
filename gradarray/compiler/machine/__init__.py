"""Programs through Numba: ``ga.jit(f, backend="numba")``. Numba is imported when the first of them is compiled."""
