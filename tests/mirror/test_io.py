"""ga.save and ga.load: what was given comes back, and nothing else is loaded."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

import gradarray as ga

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u8", "e", "f", "d", "g", "F", "D", "G", ">f8"]


def round_trip(*tensors, **named):
    file = io.BytesIO()
    ga.save(file, *tensors, **named)
    file.seek(0)
    return ga.load(file)


def same(x, y):
    assert type(y) is ga.Tensor
    assert (y.shape, y.dtype, y.constant) == (x.shape, x.dtype, x.constant)
    np.testing.assert_array_equal(y.data, x.data)
    if x.grad is None:
        assert y.grad is None
    else:
        assert y.grad.dtype == x.dtype
        np.testing.assert_array_equal(y.grad, ga.asarray(x.grad))


def with_gradient(x):
    np.sum(np.real(x * x) * np.arange(1.0, x.size + 1).reshape(x.shape)).backward()
    return x


# --- what comes back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_with_gradient_and_as_a_constant(dtype):
    raw = np.arange(6).reshape(2, 3).astype(dtype)
    x = ga.tensor(raw)
    same(x, round_trip(x))
    same(ga.tensor(raw, constant=True), round_trip(ga.tensor(raw, constant=True)))
    if not x.constant:
        with_gradient(x)
        assert x.grad is not None
        same(x, round_trip(x))


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1,), (2, 3, 2)])
def test_every_shape(shape):
    x = with_gradient(ga.tensor(np.full(shape, 1.5)))
    same(x, round_trip(x))


def test_values_that_are_not_finite():
    x = ga.tensor([np.nan, np.inf, -0.0])
    assert round_trip(x).data.tobytes() == x.data.tobytes()


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_memory_order(order):
    y = round_trip(ga.tensor(np.arange(6.0).reshape((2, 3), order=order)))
    assert y.flags[f"{order}_CONTIGUOUS"]


def test_a_view_with_the_gradient_of_its_part():
    x = ga.tensor(np.arange(6.0).reshape(2, 3))
    view = x[:, ::2]
    np.sum(view**2).backward()
    y = round_trip(view)
    assert y.base is None
    same(view, y)


@pytest.mark.filterwarnings("error")
def test_a_result_comes_back_as_a_leaf():
    x = ga.tensor([1.0, 2.0])
    y = round_trip(x * 2)
    assert y.creator is None and not y.constant
    np.sum(y**2).backward()
    np.testing.assert_array_equal(y.grad, [4.0, 8.0])


def test_a_gradient_that_is_on_the_tape_comes_back_as_an_array():
    x = ga.tensor(3.0)
    (x**3).backward(create_graph=True)
    assert type(round_trip(x).grad) is np.ndarray
    assert round_trip(x).grad == 27.0


def test_a_loaded_tensor_can_be_updated():
    y = round_trip(ga.tensor([1.0, 2.0]))
    y[0] = 5.0
    np.testing.assert_array_equal(y.data, [5.0, 2.0])


# --- one, several, named --------------------------------------------------------------------------------------------


def test_one_several_and_named_tensors():
    a, b = ga.tensor(1.0), ga.tensor([2, 3])
    same(a, round_trip(a))
    several = round_trip(a, b)
    assert type(several) is tuple and len(several) == 2
    same(a, several[0])
    same(b, several[1])
    named = round_trip(weight=a, bias=b)
    assert list(named) == ["weight", "bias"]
    same(b, named["bias"])
    mixed = round_trip(a, bias=b)
    assert list(mixed) == ["arr_0", "bias"]
    assert list(round_trip(arr_0=a)) == ["arr_0"]
    assert round_trip() == ()


def test_many_keep_their_order():
    values = [y.item() for y in round_trip(*map(ga.tensor, range(12)))]
    assert values == list(range(12))


@pytest.mark.parametrize("name", ["file", "args", "allow_pickle", "data/x", "x.grad", "grad/x", "gradarray", "ü ß", ""])
def test_any_name(name):
    x = with_gradient(ga.tensor([1.0, 2.0]))
    loaded = round_trip(**{name: x, "x": ga.tensor(7.0)})
    same(x, loaded[name])
    assert loaded["x"] == 7.0 and loaded["x"].grad is None


def test_arrays_and_numbers_come_back_as_constants():
    loaded = round_trip(w=np.ones(2), steps=3, rate=0.1, shape=[1, 2])
    assert all(t.constant for t in loaded.values())
    assert loaded["rate"].item() == 0.1 and loaded["steps"].dtype == np.int64
    np.testing.assert_array_equal(loaded["w"].data, [1.0, 1.0])


def test_a_name_that_two_tensors_would_have():
    with pytest.raises(ValueError, match="arr_0"):
        round_trip(ga.tensor(1.0), arr_0=ga.tensor(2.0))


@pytest.mark.parametrize("value", ["words", None, np.array([{}, 1], object), {"a": 1}])
def test_what_holds_no_numbers(value):
    with pytest.raises(TypeError, match="numbers"):
        round_trip(value)


def test_a_list_of_tensors():
    with pytest.raises(TypeError, match="w is a list of tensors"):
        round_trip(w=[ga.tensor(1.0)])


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
@pytest.mark.parametrize("name", ["w.npz", "w"])
def test_a_path_gets_the_ending_npz(tmp_path, kind, name):
    path = kind(tmp_path / name)
    ga.save(path, ga.tensor(2.0))
    assert [p.name for p in tmp_path.iterdir()] == ["w.npz"]
    assert ga.load(path) == 2.0


def test_a_file_that_lost_its_ending_is_found(tmp_path):
    ga.save(tmp_path / "w.npz", ga.tensor(2.0))
    (tmp_path / "w.npz").rename(tmp_path / "w")
    assert ga.load(tmp_path / "w") == 2.0


def test_a_file_object_stays_open(tmp_path):
    with open(tmp_path / "w.bin", "w+b") as file:
        ga.save(file, ga.tensor(2.0))
        file.seek(0)
        assert ga.load(file) == 2.0
        assert not file.closed


def test_numpy_can_read_the_file():
    file = io.BytesIO()
    ga.save(file, with_gradient(ga.tensor([1.0, 2.0])), b=ga.tensor(3))
    file.seek(0)
    with np.load(file, allow_pickle=False) as archive:
        assert sorted(archive.files) == [
            *("constant/arr_0", "constant/b", "data/arr_0", "data/b", "grad/arr_0", "gradarray")
        ]
        np.testing.assert_array_equal(archive["grad/arr_0"], [2.0, 8.0])
        assert archive["constant/b"] and not archive["constant/arr_0"]
        np.testing.assert_array_equal(archive["gradarray"], [1, 1])


def test_there_is_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        ga.load(tmp_path / "none")


class Trap:
    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


def _with_entry(file, name, content):
    """Write what `save` writes, with another content of an entry, and without .npy behind its name."""
    saved = io.BytesIO()
    ga.save(saved, ga.tensor([1.0]))
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(file, "w") as new:
        for entry in old.namelist():
            known = entry == name + ".npy"
            new.writestr(name if known else entry, content if known else old.read(entry))


def foreign(write):
    file = io.BytesIO()
    write(file)
    file.seek(0)
    return file


FOREIGN = {
    "an archive of np.savez": lambda file: np.savez(file, w=np.ones(2)),
    "one array": lambda file: np.save(file, np.ones(2)),
    "a pickle": lambda file: pickle.dump(Trap(), file),
    "an array of objects": lambda file: np.save(file, np.array([Trap()]), allow_pickle=True),
    "objects in our layout": lambda file: np.savez(
        file, **{"gradarray": np.array([1, 1]), "data/arr_0": np.array([Trap()]), "constant/arr_0": True}
    ),
    "another header": lambda file: np.savez(file, gradarray=np.ones(3), w=np.ones(2)),
    "a part missing": lambda file: np.savez(file, **{"gradarray": np.array([1, 1]), "data/arr_0": np.ones(2)}),
    "a gradient of another shape": lambda file: np.savez(
        file, **{"gradarray": [1, 1], "data/arr_0": np.ones(2), "constant/arr_0": False, "grad/arr_0": np.ones(3)}
    ),
    "all arrays missing": lambda file: np.savez(file, gradarray=np.array([1, 1])),
    "a header of text": lambda file: np.savez(file, gradarray=np.array(["1", "1"])),
    "more tensors said than there are": lambda file: np.savez(
        file, **{"gradarray": [1, 5], "data/arr_0": np.ones(2), "constant/arr_0": False}
    ),
    "a constant flag of several": lambda file: np.savez(
        file, **{"gradarray": [1, 1], "data/arr_0": np.ones(2), "constant/arr_0": [False, True]}
    ),
    "an entry that is no array": lambda file: _with_entry(file, "data/arr_0", b"abc"),
    "text": lambda file: file.write(b"weights: 1, 2, 3\n"),
    "nothing": lambda file: None,
}


@pytest.mark.parametrize("content", FOREIGN)
def test_a_foreign_file_is_refused_and_no_pickle_loaded(content):
    with pytest.raises(ValueError, match=r"not made by ga\.save"):
        ga.load(foreign(FOREIGN[content]))
    assert not Trap.sprung


def test_a_damaged_file_is_refused():
    file = io.BytesIO()
    ga.save(file, ga.tensor(np.arange(100.0)))
    whole = file.getvalue()
    with pytest.raises(ValueError, match=r"not made by ga\.save"):
        ga.load(io.BytesIO(whole[: len(whole) // 2]))
    flipped = whole.replace(np.float64(50.0).tobytes(), np.float64(51.0).tobytes())
    assert flipped != whole
    with pytest.raises(ValueError, match="damaged"):
        ga.load(io.BytesIO(flipped))


def test_a_file_with_any_bytes_changed_is_refused_or_right():
    """Whatever zipfile, zlib and NumPy's parser raise for it; 400 of several thousand that were tried."""
    rng = np.random.default_rng(0)
    file = io.BytesIO()
    ga.save(file, with_gradient(ga.tensor([1.0, 2.0])), b=ga.tensor(3, constant=True))
    whole = file.getvalue()
    refused = 0
    for _ in range(400):
        changed = bytearray(whole)
        for place in rng.integers(0, len(changed), rng.integers(1, 4)):
            changed[place] = rng.integers(256)
        del changed[int(rng.integers(0, len(changed))) if rng.random() < 0.2 else len(changed) :]
        try:
            loaded = ga.load(io.BytesIO(bytes(changed)))
        except ValueError:
            refused += 1
        else:
            assert all(type(t) is ga.Tensor for t in (loaded.values() if isinstance(loaded, dict) else loaded))
    assert refused > 200


def test_a_name_that_a_file_would_cut():
    with pytest.raises(ValueError, match="null character"):
        ga.save(io.BytesIO(), **{"a\0b": ga.tensor([1.0])})


def test_a_later_layout_is_named():
    file = foreign(lambda file: np.savez(file, gradarray=np.array([2, 0])))
    with pytest.raises(ValueError, match="layout 2"):
        ga.load(file)


# --- what MyGrad has saved -------------------------------------------------------------------------------------------


def of_mygrad(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    return file


@pytest.mark.parametrize("data", [np.arange(3.0), np.float32(2.5), np.arange(4).reshape(2, 2)], ids=str)
def test_a_file_of_mygrads_is_loaded(data):
    t = ga.load(of_mygrad(data=data))
    same(ga.Tensor(data), t)
    if t.dtype.kind == "f":
        t = ga.load(of_mygrad(data=data, grad=2 * data))
        assert t.grad.dtype == t.dtype
        np.testing.assert_array_equal(t.grad, 2 * data)


@pytest.mark.parametrize(
    "arrays",
    [
        {"data": np.array(["a"])},
        {"data": np.arange(3.0), "grad": np.ones(2)},
        {"data": np.arange(3), "grad": np.ones(3)},
        {"data": np.arange(3.0), "other": np.ones(3)},
        {"grad": np.ones(3)},
    ],
    ids=str,
)
def test_what_only_resembles_a_file_of_mygrads_is_refused(arrays):
    with pytest.raises(ValueError, match=r"np\.load|MyGrad"):
        ga.load(of_mygrad(**arrays))


@pytest.mark.parametrize(
    "wrong", [ga.tensor(1.0), {"w": np.ones(2)}, np.ones(2), None, 3], ids=lambda x: type(x).__name__
)
def test_what_comes_first_is_the_file(wrong):
    """PyTorch has it the other way round."""
    with pytest.raises(TypeError, match=rf"save takes the file first, .*not a {type(wrong).__name__}$"):
        ga.save(wrong, "model.npz")
