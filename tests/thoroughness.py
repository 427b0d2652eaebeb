"""How much the tests try: one switch, the Hypothesis profile.

`HYPOTHESIS_PROFILE=search pytest ...` draws thousands of programs, and takes every sample of a table in every kind and
at every point, where a run for a commit takes a fixed selection: each sample in one kind or another.
"""

from hypothesis import settings

WHOLE = settings.default.max_examples >= 1000


def takes(k: int, every: int, first: int = 0) -> bool:
    """Tell whether the k-th case of a table is tried: each, or one of so many."""
    return WHOLE or k % every == first % every
