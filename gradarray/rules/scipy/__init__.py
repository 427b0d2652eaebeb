"""The derivatives of SciPy's functions, declared when one of them is first met; SciPy is never imported for them.

`declared` has the language, `families` tells the registry of it, and a chapter is some sections of SciPy's reference.
"""

from . import families

__all__ = ["families"]
