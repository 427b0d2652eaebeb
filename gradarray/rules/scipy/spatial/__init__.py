"""The derivatives of scipy.spatial: distances, alignments, paths on a sphere, distances in a tree, and hulls."""

from . import distances, figures, hulls, trees

__all__ = ["distances", "figures", "hulls", "trees"]
