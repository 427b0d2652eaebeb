"""``ga.f`` for np.f: NumPy's functions that also take ``constant=`` and always give a Tensor."""
