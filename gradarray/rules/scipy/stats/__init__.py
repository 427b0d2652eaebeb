"""The chapters of scipy.stats."""

from . import circular as circular
from . import compiled as compiled
from . import covariances as covariances
from . import descriptive as descriptive
from . import formulas as formulas
from . import frequencies as frequencies
from . import goodness as goodness
from . import hypotheses as hypotheses
from . import infrastructure as infrastructure
from . import kde as kde
from . import moments as moments
from . import multivariate as multivariate
from . import powers as powers
from . import qmc as qmc
from . import refused as refused
from . import robust as robust
