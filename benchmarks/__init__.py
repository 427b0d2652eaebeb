"""The same work through hand-written NumPy, gradarray and its peers: ``python -m benchmarks``."""
