import numpy as np

GRAVITY = 9.81
AREAS = np.array([1.0, 1.5, 0.8])
INITIAL = np.linspace(1.0, 2.0, 3)
STEPS = 6
