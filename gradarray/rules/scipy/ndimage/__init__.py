"""Images: scipy.ndimage, by the sections of its reference."""

from . import filters, interpolation, measurements, orders

__all__ = ["filters", "interpolation", "measurements", "orders"]
