"""The mirror of scipy.fftpack, whose functions also take ``constant=`` and return Tensors."""

from .library import names_of, reader

__getattr__ = reader(__name__)


def __dir__() -> list[str]:
    return names_of(__name__)
