"""A small package: a model of a reservoir, as several modules that call each other."""

from .model import Reservoir, simulate

__all__ = ["Reservoir", "simulate"]
