"""The rulebook: the kinds of rule, the table, and the chapters that fill it. Who reads the rules is not known here.

Whoever imports one of its modules has all of it.
"""

from . import faster, numpy, scipy, slopes

__all__ = ["faster", "numpy", "scipy", "slopes"]
