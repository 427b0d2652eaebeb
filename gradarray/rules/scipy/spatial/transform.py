"""The chapter on scipy.spatial.transform."""

from . import angles, between, rigid, rotations, screws, turning

__all__ = ["angles", "between", "rigid", "rotations", "screws", "turning"]
