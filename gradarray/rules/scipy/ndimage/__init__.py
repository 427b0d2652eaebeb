"""Images: scipy.ndimage, by the sections of its reference."""

from . import filters, interpolation, measurements, morphology, orders, spectra

__all__ = ["filters", "interpolation", "measurements", "morphology", "orders", "spectra"]
