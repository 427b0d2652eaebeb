from numpy import zeros as allocate


def new_state(n):
    return allocate(n)


def as_state(values):
    import numpy

    return numpy.array(values, dtype=float)
