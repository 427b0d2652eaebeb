"""The mirror: all of NumPy that makes or transforms arrays is in ga, under the same names, and gives Tensors."""

import pickle
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.registry import find
from gradarray.rules.kinds import Nondifferentiable

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # NumPy's, of undefined values
    pytest.mark.filterwarnings("error::gradarray.GradientLossWarning"),
]

# --- the names -------------------------------------------------------------------------------------------------------

# What NumPy has and ga has not, by the reason. A name that is no longer true fails.
ABSENT = {
    "modules of NumPy's; the functions in them that make arrays of numbers take Tensors as they are": (
        "char core ctypeslib dtypes emath exceptions f2py lib ma polynomial rec strings typing"
    ),
    "names of types that have another one, or that no Tensor has": (
        "byte bytes_ cdouble character clongdouble complex256 complexfloating csingle datetime64 flexible "
        "float128 floating generic inexact int_ intc integer long longlong number object_ record short "
        "signedinteger str_ timedelta64 ubyte uint uintc ulong ulonglong unsignedinteger ushort void "
        "ScalarType mintypecode sctypeDict typecodes typename"
    ),
    "classes of other arrays, and what makes them": "asmatrix bmat fromregex matrix memmap ndarray recarray",
    "classes that go through arrays, or that are made of functions; a Tensor works in them as far as an array does": (
        "broadcast flatiter frompyfunc iterable ndenumerate ndindex nditer nested_iters poly1d vectorize"
    ),
    "not called, but indexed; np.concatenate, np.column_stack, np.meshgrid and np.indices do the same": (
        "c_ index_exp mgrid ogrid r_ s_"
    ),
    "returns the bare array": "asarray_chkfinite",
    "dates, which a Tensor does not hold": (
        "busday_count busday_offset busdaycalendar datetime_as_string datetime_data is_busday isnat"
    ),
    "files; np.save and its like write a Tensor's values, and ga.tensor takes what np.load returns": (
        "savetxt savez savez_compressed"
    ),
    "printing": (
        "base_repr binary_repr format_float_positional format_float_scientific get_printoptions printoptions "
        "set_printoptions"
    ),
    "settings of NumPy's, which hold for ga as well": (
        "errstate getbufsize geterr geterrcall setbufsize seterr seterrcall"
    ),
    "about NumPy itself": "False_ True_ get_include info little_endian show_config show_runtime test",
    "deprecated by NumPy": "in1d row_stack trapz",
    "private": "_get_promotion_state _no_nep50_warning _set_promotion_state",
}
MODULES = {"": (np, ga), "linalg.": (np.linalg, ga.linalg), "fft.": (np.fft, ga.fft), "random.": (np.random, ga.random)}
ABSENT_IN = {"random.": {"random_integers": "deprecated by NumPy"}}

# What stands in ga under NumPy's name and is not NumPy's function with one more keyword, by the reason.
OTHERWISE = {
    "asarray": "the way off the tape: it returns the bare array",
    "astype": "NumPy's takes no other arrays than its own",
    "load": "loads what ga.save has saved, gradients and all",
    "save": "saves several tensors with their gradients",
    "ufunc": "the type of ga's own",
    "__version__": "ga's own",
}


def test_every_name_of_numpys_is_there_or_has_a_reason_not_to() -> None:
    for prefix, (theirs, ours) in MODULES.items():
        absent = {name for names in ABSENT.values() for name in names.split()} if not prefix else set()
        absent |= ABSENT_IN.get(prefix, {}).keys()
        missing = sorted(prefix + name for name in theirs.__all__ if not hasattr(ours, name) and name not in absent)
        assert not missing, f"ga has no {', '.join(missing)}"
        stale = sorted(prefix + name for name in absent if hasattr(ours, name))
        assert not stale, f"ga has {', '.join(stale)}"
        assert {name for name in theirs.__all__ if hasattr(ours, name)} <= set(ours.__all__)


def test_every_reason_not_to_be_there_is_about_names_of_numpy() -> None:
    names = [name for names in ABSENT.values() for name in names.split()]
    assert len(names) == len(set(names))
    # Platforms and versions differ in a few of them.
    assert len(set(names) - set(np.__all__)) <= 10


def test_every_name_of_ga_is_numpys_or_of_its_own() -> None:
    for prefix, (theirs, ours) in MODULES.items():
        for name in ours.__all__:
            mirror = getattr(ours, name)
            if hasattr(theirs, name) and name not in OTHERWISE and not isinstance(mirror, types.ModuleType):
                original = getattr(theirs, name)
                same = mirror is original or getattr(mirror, "__wrapped__", None) in (original, None)
                assert same, f"ga.{prefix}{name} is not np.{prefix}{name}"
            else:
                module = mirror.__name__ if isinstance(mirror, types.ModuleType) else type(mirror).__module__
                assert module.startswith(("gradarray", "builtins", "numpy")), f"{prefix}{name} is of {module}"


def test_the_list_of_names_is_complete() -> None:
    for prefix, (_, ours) in MODULES.items():
        public = {name for name, value in vars(ours).items() if mirrors(value) or name in OTHERWISE}
        assert public - set(ours.__all__) <= {"__version__"}, f"{prefix}__all__ lacks {public - set(ours.__all__)}"
        assert len(ours.__all__) == len(set(ours.__all__))
    namespace: dict[str, Any] = {}
    exec("from gradarray import *", namespace)
    assert namespace["sum"] is ga.sum
    assert namespace["random"] is ga.random
    assert "random" in dir(ga)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        ga.nonsense  # noqa: B018


# --- every mirrored function -----------------------------------------------------------------------------------------


def mirrors(value: Any) -> bool:
    return isinstance(value, (types.FunctionType, ga.ufunc)) and hasattr(value, "__wrapped__")


def mirrored() -> Iterator[Any]:
    for prefix, (_, ours) in MODULES.items():
        for name in ours.__all__:
            if mirrors(getattr(ours, name)):
                yield pytest.param(getattr(ours, name), id=f"{prefix}{name}")


@pytest.mark.parametrize("function", [*mirrored()])
def test_a_mirrored_function_has_numpys_name_and_documentation(function: Any) -> None:
    original = function.__wrapped__
    assert function.__name__ == original.__name__
    if function.__module__ == "gradarray.random":
        assert function.__doc__ == original.__doc__
    elif original is not np.sinc or "scipy" not in sys.modules:  # which writes into that one's docstring
        *first, pointer = function.__doc__.split("\n\n")
        assert first and " ".join(original.__doc__.split()).startswith(" ".join(" ".join(first).split()))
        (name,) = set(re.findall(r"np\.[\w.]*\w", pointer))
        assert eval(name, {"np": np}) is original
        assert len(function.__doc__) < 1000
    assert getattr(sys.modules[function.__module__], function.__name__).__wrapped__ is original
    assert pickle.loads(pickle.dumps(function)) is function


def test_there_are_many() -> None:
    assert len(list(mirrored())) > 400


# --- what they return ------------------------------------------------------------------------------------------------

A = np.array([[0.5, 0.25], [0.125, 0.75]])
# Arguments for functions that do not take a small matrix; None where a call of another test says more.
ARGUMENTS: dict[str, tuple[Any, ...] | None] = {
    "append": (A, 1.0),
    "apply_along_axis": (np.sort, 0, A),
    "apply_over_axes": (np.sum, A, [0]),
    "arange": (3.0,),
    "array_split": (A, 2),
    "bartlett": (5,),
    "bincount": ([1, 1], [0.5, 1.5]),
    "blackman": (5,),
    "block": ([A, A],),
    "broadcast_to": (A, (3, 2, 2)),
    "choose": ([0, 1], A),
    "clip": (A, 0.2, 0.6),
    "compress": ([True, False], A),
    "convolve": (A[0], A[1]),
    "copyto": None,
    "correlate": (A[0], A[1]),
    **dict.fromkeys(("cumulative_prod", "cumulative_sum"), (A[0],)),
    "cross": (np.eye(3)[0], np.eye(3)[1]),
    "delete": (A, 0),
    "dsplit": (A[..., None], [1]),
    "einsum": ("ij->i", A),
    "empty": (2,),
    "expand_dims": (A, 0),
    "extract": (A > 0.3, A),
    "eye": (2,),
    "fftfreq": (4,),
    "fill_diagonal": None,
    "from_dlpack": (A,),
    "frombuffer": (A.tobytes(),),
    "fromfile": None,
    "fromfunction": (lambda i, j: i + j, (2, 2)),
    "fromiter": ([1.0, 2.0], float),
    "fromstring": ("1 2", float, -1, " "),
    "full": (2, 1.5),
    "full_like": (A, 1.5),
    "genfromtxt": (["1 2"],),
    "geomspace": (1.0, 8.0, 4),
    "hamming": (5,),
    "hanning": (5,),
    "histogram2d": (A[0], A[1], 2),
    "hsplit": (A, 2),
    "identity": (2,),
    "insert": (A, 0, 1.0, 0),
    "interp": (A, [0.0, 1.0], [0.0, 2.0]),
    "kaiser": (5, 2.0),
    "kron": (A, A),
    "linspace": (0.0, 1.0, 3),
    "loadtxt": (["1 2"],),
    "logspace": (0.0, 1.0, 3),
    "matrix_power": (A, 2),
    "moveaxis": (A, 0, 1),
    "multi_dot": ([A, A],),
    "ones": (2,),
    "outer": (A[0], A[1]),
    "pad": (A, 1),
    "partition": (A, 1),
    "percentile": (A, 30),
    "piecewise": (A, [A > 0.3], [1.0, -1.0]),
    "nanpercentile": (A, 30),
    "nanquantile": (A, 0.3),
    "place": None,
    "poly": (A[0],),
    "polyadd": (A[0], A[1]),
    "polyder": (A[0],),
    "polydiv": (A[0], A[1]),
    "polyfit": ([1.0, 2.0, 3.0], [1.0, 4.0, 9.0], 1),
    "polyint": (A[0],),
    "polymul": (A[0], A[1]),
    "polysub": (A[0], A[1]),
    "polyval": (A[0], A),
    "put": None,
    "put_along_axis": None,
    "putmask": None,
    "quantile": (A, 0.3),
    "repeat": (A, 2),
    "reshape": (A, -1),
    "resize": (A, 5),
    "rfftfreq": (4,),
    "rollaxis": (A, 1),
    "roll": (A, 1),
    "roots": (A[0],),
    "select": ([A > 0.3], [A]),
    "split": (A, 2),
    "swapaxes": (A, 0, 1),
    "take": (A, [0]),
    "take_along_axis": (A, np.argsort(A, 1), 1),
    "tensorinv": (np.eye(4).reshape(4, 2, 2), 1),
    "tensordot": (A, A),
    "tensorsolve": (np.eye(4).reshape(2, 2, 2, 2), A),
    "tile": (A, 2),
    "tri": (2,),
    "trim_zeros": (A[0],),
    "vander": (A[0],),
    "vsplit": (A, 2),
    "where": (A > 0.3, A, 0.0),
    "zeros": (2,),
    **{name: ([A, A],) for name in ("concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack")},
    **dict.fromkeys(("intersect1d", "setdiff1d", "setxor1d", "union1d"), (A[0], A[1])),
}


def arguments(function: Any) -> tuple[Any, ...] | None:
    """Return arguments for a call with floating-point results, or None where there is none."""
    if isinstance(find(function.__wrapped__), Nondifferentiable):
        return None
    if function.__name__ in ARGUMENTS:
        return ARGUMENTS[function.__name__]
    ufunc = function.__wrapped__
    for args in ((A,), (A, A), (A, [[1, 2], [3, 4]])):
        try:
            with np.errstate(all="ignore"):
                result = ufunc(*args)
        except (TypeError, ValueError):
            continue
        return args if any(is_floating(item) for item in flat(result)) else None
    return None


def flat(result: Any) -> list[Any]:
    return [part for item in result for part in flat(item)] if isinstance(result, (tuple, list)) else [result]


def is_floating(value: Any) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") in ("f", "c")


CALLS = [
    pytest.param(p.values[0], arguments(p.values[0]), id=p.id)
    for p in mirrored()
    if not p.id.startswith("random.") and arguments(p.values[0]) is not None
]


@pytest.mark.filterwarnings("ignore:string or file could not be read:DeprecationWarning")
@pytest.mark.parametrize(("function", "args"), CALLS)
def test_floating_point_results_are_tensors_and_constant_is_obeyed(function: Any, args: tuple[Any, ...]) -> None:
    expected = flat(function.__wrapped__(*args))
    for constant in (None, True, False):
        results = flat(function(*args) if constant is None else function(*args, constant=constant))
        if function.__name__ in ("empty", "empty_like"):
            assert [r.shape for r in results] == [np.shape(r) for r in expected]
            continue
        for result, numpys in zip(results, expected, strict=True):
            value = result.data if isinstance(result, ga.Tensor) else result
            np.testing.assert_array_equal(value, numpys)
            if is_floating(numpys):
                assert isinstance(result, ga.Tensor)
                assert constant is None or result.constant == constant


def test_nearly_every_function_is_called() -> None:
    called = {p.id for p in CALLS}
    others = {p.id for p in mirrored()} - called
    without = {
        id
        for id in others
        if not id.startswith("random.") and not isinstance(find(getattr_path(id).__wrapped__), Nondifferentiable)
    }
    # Those that write into an array, and those that return plain index arrays, shapes and truth values.
    assert without == {
        *("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask", "fromfile", "indices"),
        *("broadcast_shapes", "diag_indices", "mask_indices", "tril_indices", "triu_indices", "isfortran", "isscalar"),
    }


def getattr_path(path: str) -> Any:
    value: Any = ga
    for name in path.split("."):
        value = getattr(value, name)
    return value


# --- variables and constants -----------------------------------------------------------------------------------------


def test_what_comes_from_variables_stays_connected() -> None:
    x = ga.tensor([1.0, 2.0])
    for result in (
        ga.sin(x),
        ga.multiply([2.0, 3.0], x),
        ga.full((3, 2), x),
        ga.full(2, [x[0], 1.0]),
        ga.array([x, x]),
        ga.array(x),
        ga.asanyarray(x),
        ga.require(x, None, "F"),
        ga.arange(x[0], 3.0),
        ga.fromiter([x[0], 2.0], float),
        ga.fft.rfft(x),
        ga.linalg.norm(x),
        ga.astype(x, "float32"),
    ):
        assert result.creator is not None or result is x
    assert ga.asanyarray(x) is x
    assert ga.sin(x, constant=True).constant
    assert ga.full(2, x, constant=True).constant
    y = ga.sin(x, constant=False)
    y.backward()
    np.testing.assert_allclose(x.grad, np.cos(x.data))


def test_functions_of_the_users_may_bring_variables_along() -> None:
    x = ga.tensor(2.0)
    for result in (
        ga.fromfunction(lambda i: x * i, (3,)),
        ga.apply_along_axis(lambda v: v * x, 0, [0.0, 1.0, 2.0]),
        ga.apply_over_axes(lambda a, axis: np.sum(a, axis) * x, [[0.0, 1.0, 2.0]], 0)[0],
        ga.piecewise(np.array([0.0, 1.0, 2.0]), [[True] * 3], [lambda v: v * x]),
    ):
        result.backward()
        assert x.grad == 3


def test_constant_makes_a_variable_of_what_is_none() -> None:
    assert ga.sum([1.0, 2.0]).constant
    assert not ga.sum([1.0, 2.0], constant=False).constant
    fraction, whole = ga.modf([1.5], constant=False)
    assert not fraction.constant
    assert not whole.constant
    with pytest.raises(ValueError, match="Integer-valued tensors must be treated as constants"):
        ga.sum([1, 2], constant=False)


def test_new_arrays_are_variables_if_they_can_be() -> None:
    assert not ga.zeros(2).constant
    assert ga.zeros(2, constant=True).constant
    assert ga.zeros(2, int).constant
    assert ga.zeros((2, 3), order="F").flags.f_contiguous
    assert ga.arange(3).constant
    assert ga.indices((2, 3)).constant
    assert not ga.hanning(5).constant
    with pytest.raises(ValueError, match="must be treated as constants"):
        ga.arange(3, constant=False)
    assert not ga.zeros_like(ga.tensor([1.0], constant=True)).constant
    assert not ga.array([1.0]).constant
    fixed = ga.tensor([1.0], constant=True)
    for function in (ga.array, ga.asanyarray, ga.ascontiguousarray, ga.asfortranarray, ga.require):
        assert function(fixed).constant
        assert not function(fixed, constant=False).constant


@pytest.mark.parametrize(
    "make", [ga.zeros_like, ga.ones_like, ga.empty_like, lambda x, dtype: ga.full_like(x, 1, dtype)]
)
@pytest.mark.parametrize("dtype", [int, bool])
def test_what_is_made_of_integers_is_a_tensor_whatever_it_is_made_like(make, dtype):
    for x in (A, ga.tensor(A), ga.tensor(A, constant=True), ga.tensor(2.0)):
        made = make(x, dtype=dtype)
        assert type(made) is ga.Tensor
        assert made.constant
        assert (made.dtype, made.shape) == (dtype, np.shape(x))


def test_files(tmp_path: Any) -> None:
    A.tofile(tmp_path / "a")
    a = ga.fromfile(tmp_path / "a")
    assert not a.constant
    np.testing.assert_array_equal(a.data, A.ravel())


def test_functions_that_change_their_first_argument() -> None:
    x, v = ga.zeros(3), ga.tensor(2.0)
    ga.copyto(x, v)
    ga.put(x, [0], 5.0)
    assert list(x.data) == [5, 2, 2]
    x.backward()
    assert v.grad == 2
    with pytest.raises(ga.GradientLossError):
        ga.copyto(np.zeros(3), v)


def test_integers_truth_values_and_shapes_are_plain() -> None:
    x = ga.tensor(A)
    assert type(ga.argmax(x)) is np.int64
    assert type(ga.isnan(x)) is np.ndarray
    assert type(ga.tril_indices(3)[0]) is np.ndarray
    assert ga.shape(x) == (2, 2)
    assert ga.broadcast_shapes((2, 1), (3,)) == (2, 3)
    assert ga.result_type(x, np.float32) == np.float64
    assert ga.array_repr(x) == repr(x)


def test_astype() -> None:
    x = ga.tensor([1.0, 2.5])
    assert ga.astype(x, float, copy=False) is x
    y = ga.astype(x, np.float32)
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 1])
    assert ga.astype(x, int).constant
    assert ga.astype([1.0], np.float32).constant
    assert not ga.astype([1], np.float32, constant=False).constant
    assert ga.astype(x, np.float32, constant=True).constant


def test_ga_has_the_names_of_the_array_api() -> None:
    for name in ("float32", "complex128", "bool", "finfo", "isdtype", "astype", "permute_dims", "concat", "newaxis"):
        assert hasattr(ga, name)
    assert ga.linalg.vecdot(ga.ones(3), ga.ones(3)) == 3


# --- random numbers --------------------------------------------------------------------------------------------------

NUMPYS = np.random.Generator
DRAWS: dict[str, tuple[Any, ...]] = {
    "beta": (1.0, 2.0, 3),
    "binomial": (5, 0.5, 3),
    "chisquare": (2.0, 3),
    "dirichlet": ([1.0, 2.0], 3),
    "exponential": (1.0, 3),
    "f": (1.0, 2.0, 3),
    "gamma": (1.0, 2.0, 3),
    "geometric": (0.5, 3),
    "gumbel": (0.0, 1.0, 3),
    "hypergeometric": (3, 4, 2, 3),
    "integers": (5, None, 3),
    "laplace": (0.0, 1.0, 3),
    "logistic": (0.0, 1.0, 3),
    "lognormal": (0.0, 1.0, 3),
    "logseries": (0.5, 3),
    "multinomial": (5, [0.5, 0.5], 3),
    "multivariate_hypergeometric": ([3, 4], 2, 3),
    "multivariate_normal": ([0.0, 1.0], [[1.0, 0.5], [0.5, 1.0]], 3),
    "negative_binomial": (3, 0.5, 3),
    "noncentral_chisquare": (1.0, 2.0, 3),
    "noncentral_f": (1.0, 2.0, 3.0, 3),
    "normal": (0.0, 1.0, 3),
    "pareto": (2.0, 3),
    "poisson": (2.0, 3),
    "power": (2.0, 3),
    "rand": (3, 2),
    "randint": (5, None, 3),
    "randn": (3, 2),
    "random": ((3, 2),),
    "random_sample": (3,),
    "ranf": (3,),
    "rayleigh": (1.0, 3),
    "sample": (3,),
    "standard_cauchy": (3,),
    "standard_exponential": (3,),
    "standard_gamma": (2.0, 3),
    "standard_normal": (3,),
    "standard_t": (3.0, 3),
    "triangular": (0.0, 1.0, 2.0, 3),
    "uniform": (0.0, 1.0, 3),
    "vonmises": (0.0, 1.0, 3),
    "wald": (1.0, 1.0, 3),
    "weibull": (2.0, 3),
    "zipf": (2.0, 3),
    "choice": (5, 3),
    "permutation": (5,),
    "permuted": ([1.0, 2.0, 3.0],),
}
NOT_DRAWN = {"bit_generator", "bytes", "shuffle", "spawn"}
FUNCTIONS = {name for name in ga.random.__all__ if name.islower()} - {"default_rng", "get_state", "seed", "set_state"}


def test_questions_about_an_array_may_be_about_a_variable() -> None:
    columns = np.asfortranarray(X)
    for constant in (False, True):
        t = ga.tensor(columns, constant=constant)
        assert ga.isfortran(t) is np.isfortran(columns) is True
        assert ga.isscalar(t) is ga.isscalar(t[0, 0]) is False
        for found, expected in zip(ga.mask_indices(ga.tensor(3), ga.triu), np.mask_indices(3, np.triu), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_an_output_may_be_given_by_position() -> None:
    t, out, plain = ga.tensor(X), ga.zeros(3), np.zeros(3)
    assert ga.sum(t, 0, None, out) is out
    out.backward()
    np.testing.assert_array_equal(t.grad, np.ones_like(X))
    assert ga.sum(X, 0, None, plain) is plain
    assert ga.add(X, 1.0, X + 0).__class__ is np.ndarray


def test_a_list_with_a_variable_in_it_becomes_an_array_of_a_dtype() -> None:
    t = ga.tensor(X)
    y = ga.tensor([t[0, 1], 2.0], dtype=np.float32)
    assert y.dtype == np.float32
    y.backward()
    assert t.grad[0, 1] == 1.0
    value, tangent = ga.jvp(lambda x: ga.astype(x, np.float32), (X,), (2 * X,))
    assert value.dtype == tangent.dtype == np.float32
    np.testing.assert_array_equal(tangent, 2 * X)


def test_every_method_and_function_that_draws_is_called() -> None:
    methods = {name for name in dir(NUMPYS) if not name.startswith("_")} - NOT_DRAWN
    assert methods | FUNCTIONS == DRAWS.keys() | {"bytes", "shuffle"}
    assert all(name in vars(ga.random.Generator) for name in methods)


def check_draw(found: Any, expected: Any) -> None:
    assert isinstance(found, ga.Tensor)
    np.testing.assert_array_equal(found.data, expected)
    assert found.dtype == np.asarray(expected).dtype
    assert found.constant == (found.dtype.kind != "f")


@pytest.mark.parametrize("name", sorted(DRAWS.keys() & set(dir(NUMPYS))))
def test_a_generator_draws_numpys_numbers(name: str) -> None:
    for args in (DRAWS[name], DRAWS[name][:-1]):
        if len(args) < len(DRAWS[name]) and name in ("choice", "permutation", "permuted"):
            continue
        call = getattr(ga.random.default_rng(3), name)
        check_draw(call(*args), getattr(np.random.default_rng(3), name)(*args))
        assert call(*args, constant=True).constant
    assert getattr(ga.random.Generator, name).__doc__ == getattr(NUMPYS, name).__doc__


@pytest.mark.parametrize("name", sorted(DRAWS.keys() & FUNCTIONS))
def test_a_function_draws_numpys_numbers(name: str) -> None:
    ga.random.seed(3)
    found = getattr(ga.random, name)(*DRAWS[name])
    np.random.seed(3)  # noqa: NPY002
    check_draw(found, getattr(np.random, name)(*DRAWS[name]))


X = np.arange(12.0).reshape(4, 3)
MOVES: dict[str, Callable[[Any, Any], Any]] = {
    "permutation": lambda rng, x: rng.permutation(x),
    "permutation, axis": lambda rng, x: rng.permutation(x, axis=1),
    "permuted": lambda rng, x: rng.permuted(x),
    "permuted, axis": lambda rng, x: rng.permuted(x, axis=0),
    "permuted, out": lambda rng, x: rng.permuted(x, out=np.zeros_like(x)),
    "choice": lambda rng, x: rng.choice(x, 5),
    "choice, axis": lambda rng, x: rng.choice(x, 2, False, [0.2, 0.3, 0.5], 1, False),
    "choice, one": lambda rng, x: rng.choice(x),
    "shuffle": lambda rng, x: shuffled(rng, x, 0),
    "shuffle, axis": lambda rng, x: shuffled(rng, x, 1),
}


def shuffled(rng: Any, x: Any, axis: int) -> Any:
    moved = x * 1
    rng.shuffle(moved, axis)
    return moved


@pytest.mark.parametrize("name", MOVES)
def test_what_moves_elements_moves_their_gradients(name: str) -> None:
    x = ga.tensor(X)
    found = MOVES[name](ga.random.default_rng(4), x)
    expected = MOVES[name](np.random.default_rng(4), X)
    np.testing.assert_array_equal(found.data, expected)
    weights = np.arange(1.0, expected.size + 1).reshape(expected.shape)
    found.backward(weights)
    # Every element of X is another one, so that the values tell where each has gone.
    np.testing.assert_array_equal(x.grad, [[weights[expected == value].sum() for value in row] for row in X])
    value, tangent = ga.jvp(lambda x: MOVES[name](ga.random.default_rng(4), x), (X,), (100 + X,))
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(tangent, 100 + expected)


@pytest.mark.parametrize("move", ["permutation", "permuted", "choice", "shuffle"])
def test_what_cannot_be_moved_is_refused_as_by_numpy(move: str) -> None:
    options: dict[str, Any] = {"size": 2} if move == "choice" else {}
    with pytest.raises(IndexError) as theirs:
        getattr(np.random.default_rng(4), move)(X.copy(), axis=2, **options)
    with pytest.raises(theirs.type):
        getattr(ga.random.default_rng(4), move)(ga.tensor(X), axis=2, **options)
    if move == "permuted":
        for rng, x in ((np.random, X), (ga.random, ga.tensor(X))):
            with pytest.raises(ValueError, match="same shape as x"):
                rng.default_rng(4).permuted(x, out=np.zeros_like(x[0]))
    if move == "shuffle":
        rows = X.tolist()
        ga.random.default_rng(4).shuffle(rows)
        assert rows == shuffled(np.random.default_rng(4), X, 0).tolist()


def test_the_older_functions_move_elements_too() -> None:
    x, steps = ga.tensor([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0])
    for move in (ga.random.permutation, lambda x: ga.random.choice(x, 3, False), lambda x: shuffled_in_place(x * 1)):
        ga.random.seed(1)
        y = move(x)
        y.backward([1.0, 10.0, 100.0])
        np.testing.assert_array_equal(np.sort(y.data), x.data)
        np.testing.assert_array_equal(x.grad[y.data.astype(int) - 1], [1, 10, 100])
        ga.random.seed(1)
        np.testing.assert_array_equal(ga.jvp(move, (x.data,), (steps,)), [y.data, 10 * y.data])
    numbers = np.arange(5)
    ga.random.shuffle(numbers)
    assert sorted(numbers) == [0, 1, 2, 3, 4]


def shuffled_in_place(x: Any) -> Any:
    ga.random.shuffle(x)
    return x


def test_parameters_take_no_variables() -> None:
    loc = ga.tensor([1.0, 2.0])
    rng = ga.random.default_rng(0)
    for call in (rng.normal, ga.random.normal, rng.poisson):
        with pytest.raises(TypeError, match=r"do not flow through a draw.*standard_normal"):
            call(loc)
    with pytest.raises(TypeError, match="choice takes no variables"):
        rng.choice(2, p=loc / 3)
    with ga.no_grad():
        assert rng.normal(loc).shape == (2,)
    assert rng.normal(loc.detach(), size=ga.tensor(2)).shape == (2,)


def test_out() -> None:
    out, tensor = np.empty(2), ga.zeros(2)
    rng = ga.random.default_rng(0)
    assert rng.random(out=out) is out
    assert rng.standard_normal(None, np.float64, tensor) is tensor
    expected = np.random.default_rng(0)
    np.testing.assert_array_equal(out, expected.random(2))
    np.testing.assert_array_equal(tensor.data, expected.standard_normal(2))


def test_generators() -> None:
    rng = ga.random.default_rng(5)
    assert isinstance(rng, NUMPYS)
    assert ga.random.default_rng(rng) is rng
    assert type(rng.spawn(1)[0]) is ga.random.Generator
    twin = pickle.loads(pickle.dumps(rng))
    check_draw(twin.normal(size=3), np.random.default_rng(5).normal(size=3))
    assert type(ga.random.default_rng(np.random.default_rng(5))) is ga.random.Generator
    assert rng.choice(["a", "b"]) in ("a", "b")
    assert rng.normal().shape == ()
