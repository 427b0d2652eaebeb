"""Drop-in mode: names of the user's that lead to NumPy lead to stand-ins for a while; knows of no transform."""
