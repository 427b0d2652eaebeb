"""The chapters of scipy.stats."""

from . import compiled as compiled
from . import formulas as formulas
