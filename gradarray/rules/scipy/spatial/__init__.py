"""The derivatives of scipy.spatial: distances, alignments, paths on a sphere, and distances in a tree."""

from . import distances, figures

__all__ = ["distances", "figures"]
