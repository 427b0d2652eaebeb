"""The mirror of scipy.spatial.transform, whose classes take and hold variables."""

from ..library import names_of, reader

__getattr__ = reader(__name__)


def __dir__() -> list[str]:
    return names_of(__name__)
