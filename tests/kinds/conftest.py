"""Dask's work is counted: a test says that nothing was computed until somebody asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


class Counting:
    """A scheduler that counts how often it is asked for a result."""

    def __init__(self, get: Any) -> None:
        self.get = get
        self.count = 0

    def __call__(self, graph: Any, keys: Any, **options: Any) -> Any:
        self.count += 1
        return self.get(graph, keys, **options)


@pytest.fixture
def computed() -> Iterator[Counting]:
    dask = pytest.importorskip("dask", reason="Dask is not installed")
    pytest.importorskip("dask.array")
    scheduler = Counting(dask.get)
    with dask.config.set(scheduler=scheduler):
        yield scheduler
