"""The mirror of scipy.spatial, whose functions also take ``constant=`` and return Tensors."""

from ..library import names_of, reader
from . import distance as distance
from . import transform as transform

__getattr__ = reader(__name__)


def __dir__() -> list[str]:
    return names_of(__name__)
