"""The chapters of scipy.stats."""

from . import compiled as compiled
from . import descriptive as descriptive
from . import formulas as formulas
from . import multivariate as multivariate
