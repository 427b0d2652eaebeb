"""SciPy's solvers, whose answers are differentiated by what they solve: for scipy.optimize and scipy.integrate.

A chapter is read when its module of SciPy has been imported and a function of it is met.
"""

from ..rules.scipy import families

families.chapter("scipy.optimize", f"{__name__}.optimize")
families.chapter("scipy.integrate", f"{__name__}.integrate")
