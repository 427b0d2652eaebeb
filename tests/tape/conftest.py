"""What the tests of plans share."""

import pytest

from gradarray.tape import plans, sweeps


@pytest.fixture
def fresh_plans(monkeypatch):
    """Know no structure yet, and write a plan for the first tape that comes."""
    monkeypatch.setattr(plans, "_known", {})
    monkeypatch.setattr(plans, "REPEATS", 1)


@pytest.fixture
def loops(monkeypatch):
    """Collect the roots of the sweeps that are left to the loop."""
    roots = []
    sweep = sweeps.sweep

    def noted(root, *args):
        roots.append(root)
        return sweep(root, *args)

    monkeypatch.setattr(sweeps, "sweep", noted)
    return roots
