"""Nodes, cotangents and the sweep. No function of NumPy's is known here; a rule is what answers `PullbackRule`."""
