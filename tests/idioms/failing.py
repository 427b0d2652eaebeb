"""Programs whose derivative is lost on the way; each must be told so."""

import array
import ctypes
import decimal
import json
import statistics
import struct

import numpy as np

BUFFER = np.zeros(3)
WEIGHTS = np.array([1.0, 2.0, 3.0])
TABLE = {"state": np.zeros(3)}


def packed_array(x):
    values = array.array("d", x)
    return sum(values)


def packed_structure(x):
    text = struct.pack("dd", x[0], x[1])
    return sum(struct.unpack("dd", text))


def through_bytes(x):
    return np.frombuffer(x.tobytes()).sum()


def through_a_list_of_bytes(x):
    return float(np.frombuffer(bytes(memoryview(x)), dtype=float)[0])


def compiled_number(x):
    return ctypes.c_double(x[0]).value * 2


def decimal_number(x):
    return float(decimal.Decimal(x[0]) * 2)


def as_json(x):
    return sum(json.loads(json.dumps(x.tolist())))


def fast_mean(x):
    return statistics.fmean(x)


def module_buffer(x):
    BUFFER[0] = x[0] * 2
    return BUFFER.sum()


def module_buffer_slice(x):
    BUFFER[:] = x
    return BUFFER.sum()


def module_buffer_added(x):
    global BUFFER
    BUFFER += x
    return BUFFER.sum()


def module_buffer_filled(x):
    BUFFER.fill(x[1])
    return BUFFER.sum()


def module_buffer_copied(x):
    np.copyto(BUFFER, x)
    return BUFFER.sum()


def module_buffer_as_out(x):
    np.multiply(x, 2.0, out=BUFFER)
    return BUFFER.sum()


def buffer_in_a_table(x):
    TABLE["state"][1] = x[1]
    return TABLE["state"].sum()


def default_buffer(x, out=np.zeros(3)):  # noqa: B008
    out[0] = x[0]
    return out.sum()


class Model:
    shared = np.zeros(3)

    def __init__(self):
        self.own = np.zeros(3)

    def step(self, x):
        self.own[0] = x[0]
        return self.own.sum()

    def step_shared(self, x):
        self.shared[0] = x[0]
        return self.shared.sum()


MODEL = Model()


def object_made_before(x):
    return MODEL.step(x)


def class_buffer(x):
    return Model().step_shared(x)


def copy_of_a_module_array(x):
    w = WEIGHTS.copy()
    w[0] = x[0]
    return w.sum()


def result_of_plain_arithmetic(x):
    w = WEIGHTS * 2
    w[1] = x[1]
    return w.sum()


def view_of_a_module_array(x):
    BUFFER.reshape(3, 1)[0, 0] = x[0]
    return BUFFER.sum()


class Signal(np.ndarray):
    def __new__(cls, values):
        return np.asarray(values).view(cls)


def subclass(x):
    return np.asarray(Signal(x)).sum()


def matrix(x):
    return (np.matrix(x) * np.matrix(x).T)[0, 0]


def masked(x):
    return np.ma.array(x, mask=[True, False, False]).sum()


def masked_where(x):
    return np.ma.masked_where(x > 1, x).sum()


def record(x):
    points = np.zeros(3, dtype=[("x", float), ("y", float)])
    points["x"] = x
    return points["x"].sum()


def only_exact_arrays(x):
    if type(x) is not np.ndarray:
        raise TypeError("an array is needed")
    return x.sum()


def bisected(x):
    """The square root by halving an interval: there is no derivative in comparisons."""
    low, high = 0.0, 4.0
    while high - low > 1e-10:
        middle = (low + high) / 2
        if middle * middle > x:
            high = middle
        else:
            low = middle
    return low
