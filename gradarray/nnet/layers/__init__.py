"""Layers, under MyGrad's names and with its meanings."""

from .convolution import conv_nd
from .normalization import batchnorm
from .pooling import max_pool
from .recurrent import gru

__all__ = ["batchnorm", "conv_nd", "gru", "max_pool"]
