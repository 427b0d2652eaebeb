"""Every rule against NumPy and against differences of NumPy: each sample of tests/samples/ in each variant.

A test's name has the chapter and the function with its arguments:
`pytest tests/rules/test_rules.py -k "reductions and sum"`.
"""

import contextlib
import importlib
import inspect
import pkgutil
import zlib
from collections.abc import Callable, Container, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.lib import NumpyVersion

import gradarray as ga
from gradarray import Tensor
from gradarray.registry import RULES, find
from gradarray.rules.differentiable import Differentiable, Function
from gradarray.rules.kinds import Composite, InPlace
from tests import checks, samples
from tests.samples import Operand, Sample

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # NumPy's, of infinite and undefined values
    pytest.mark.filterwarnings("error::gradarray.GradientLossWarning"),  # no rule may lose a gradient
]

SAMPLES: dict[str, Sample] = {}
for module in pkgutil.iter_modules(samples.__path__):
    for sample in importlib.import_module(f"tests.samples.{module.name}").SAMPLES:
        name = first = f"{module.name}-{sample.name}"
        number = 1
        while name in SAMPLES:
            number += 1
            name = f"{first} #{number}"
        SAMPLES[name] = sample


def each(condition: Callable[[Sample], bool] = lambda sample: True) -> Any:
    """Run a test with each sample for which the condition holds."""
    chosen = [pytest.param(sample, id=name) for name, sample in SAMPLES.items() if condition(sample)]
    return pytest.mark.parametrize("sample", chosen)


def generator(sample: Sample) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(sample.name.encode()))


def arrays(operands: Any, rng: np.random.Generator, complex_ones: Container[int] = ()) -> list[Any]:
    """Make the operands, of which nobody may change one."""
    made = []
    for k, operand in enumerate(operands):
        x = operand.make_complex(rng) if k in complex_ones else operand.make(rng)
        x.flags.writeable = False
        made.append(x)
    return made


def in_drop_in_mode(sample: Sample) -> bool:
    """Tell whether to differentiate a sample in drop-in mode, which looks each time through much of tests/samples.

    A quarter of them is enough: test_gradient_loss.py has each function in that mode.
    """
    return zlib.crc32(sample.name.encode()) % 4 == 0


@contextlib.contextmanager
def variant(sample: Sample, description: str) -> Iterator[None]:
    """Say in which variant of which sample a check failed."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{sample.name}, {description}: {error}") from error
    except Exception as error:
        error.add_note(f"in {sample.name}, {description}")
        raise


def made_by_numpy(func: Any) -> bool:
    """Tell whether a function is NumPy's: gradarray's own parts are tested with the functions that are made of them."""
    return (
        getattr(np, getattr(func, "__name__", ""), None) is func
        or str(getattr(func, "__module__", "")).split(".")[0] == "numpy"
    )


def computed(sample: Sample) -> bool:
    """Tell whether the result comes from NumPy's own call, and not from a body of ours."""
    return sample.func in RULES and not isinstance(RULES[sample.func], Composite)


def check_all(sample: Sample, operands: list[Any], description: str) -> None:
    """Check value and gradient, or the exception where NumPy refuses the call."""
    with variant(sample, description):
        if not checks.refused(sample, operands):
            checks.check_forward(sample, operands, exact=computed(sample))
            if sample.order > 0:
                checks.check_gradient(sample, operands, generator(sample))


# --- the sample as it stands -----------------------------------------------------------------------------------------


@each()
def test_value(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample))
    with variant(sample, "value"):
        checks.check_forward(sample, operands, exact=computed(sample))
        checks.check_constants(sample, operands, exact=computed(sample))


@each(lambda sample: sample.order > 0)
def test_gradient(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample))
    with variant(sample, "gradient"):
        checks.check_gradient(sample, operands, generator(sample))


@each(lambda sample: sample.order > 1)
def test_second_order(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample))
    with variant(sample, "second order"):
        checks.check_second_order(sample, operands, generator(sample))


@each(lambda sample: sample.order > 0)
def test_forward_mode(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample))
    with variant(sample, "forward mode"):
        checks.check_forward_mode(sample, operands, generator(sample), drop_in=in_drop_in_mode(sample))


@each(lambda sample: sample.order > 1)
def test_modes_at_second_order(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample))
    with variant(sample, "second order in other modes"):
        checks.check_modes_at_second_order(sample, operands, generator(sample), drop_in=False)


@each(lambda sample: sample.order > 0)
def test_plan(sample: Sample) -> None:
    tensors = checks.mixed(arrays(sample.operands, generator(sample)))
    with variant(sample, "plan"):
        for result in checks.floating(sample(*tensors)):
            if isinstance(result, Tensor) and not result.constant:
                checks.check_plan(result)


@each(lambda sample: sample.order > 0)
def test_nothing_is_changed(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample))
    with variant(sample, "no mutation"):
        checks.check_no_mutation(sample, operands, generator(sample))


# --- other operands --------------------------------------------------------------------------------------------------


@each(lambda sample: not sample.fixed)
def test_scalars(sample: Sample) -> None:
    """0-d operands: all of them, and each by itself."""
    operands = sample.operands
    choices = {tuple(range(len(operands))), *((k,) for k in range(len(operands)))}
    for chosen in sorted(choices):
        if all(operands[k].shape == () for k in chosen):
            continue
        some = [x.scalar() if k in chosen else x for k, x in enumerate(operands)]
        check_all(sample, arrays(some, generator(sample)), f"0-d operands {chosen}")


@each(lambda sample: not sample.fixed)
def test_empty(sample: Sample) -> None:
    """Each length of an axis replaced by zero, wherever it occurs."""
    for length in sorted({n for x in sample.operands for n in x.shape if n > 0}):
        operands = [x.empty(length) for x in sample.operands]
        check_all(sample, arrays(operands, generator(sample)), f"axes of length {length} empty")


@each(lambda sample: not sample.real_only)
def test_complex(sample: Sample) -> None:
    """All operands complex, and of several the first or the last alone."""
    count = len(sample.operands)
    for chosen in sorted({tuple(range(count)), (0,), (count - 1,)}) if count else ():
        operands = arrays(sample.operands, generator(sample), complex_ones=chosen)
        check_all(sample, operands, f"complex operands {chosen}")
        with variant(sample, f"complex operands {chosen}, forward mode"):
            if sample.order > 0 and not checks.refused(sample, operands):
                checks.check_forward_mode(sample, operands, generator(sample), drop_in=False)
        with variant(sample, f"complex operands {chosen}, second order"):
            if sample.order > 1 and not checks.refused(sample, operands):
                checks.check_second_order(sample, operands, generator(sample))


@each(lambda sample: sample.order > 0)
def test_precision(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample))
    for dtype, tolerance in ((np.float32, 1e-3), (np.float16, 5e-2), (np.longdouble, 1e-8)):
        with variant(sample, np.dtype(dtype).name):
            if not checks.refused(sample, [x.astype(dtype) for x in operands]):
                checks.check_precision(sample, operands, dtype, tolerance, generator(sample), bool(sample.by_dtype))


@each(lambda sample: sample.order > 0 and not sample.real_only)
def test_complex_precision(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample), complex_ones=range(len(sample.operands)))
    with variant(sample, "complex64"):
        if not checks.refused(sample, [x.astype(np.complex64) for x in operands]):
            checks.check_precision(sample, operands, np.complex64, 2e-3, generator(sample))


@each(lambda sample: sample.order > 0)
def test_forward_mode_in_other_precisions(sample: Sample) -> None:
    operands = arrays(sample.operands, generator(sample))
    if not checks.floating(sample(*operands)):
        return  # nothing that has a tangent
    dtypes = [(np.float32, 1e-3), (np.float16, 5e-2), (np.longdouble, 1e-8)]
    if not sample.real_only:
        dtypes.append((np.complex64, 2e-3))
    for dtype, tolerance in dtypes:
        with variant(sample, f"forward mode, {np.dtype(dtype).name}"):
            if not checks.refused(sample, [x.astype(dtype) for x in operands]):
                checks.check_forward_precision(
                    sample, operands, dtype, tolerance, generator(sample), bool(sample.by_dtype), drop_in=False
                )


@each(lambda sample: any(x.shape for x in sample.operands))
def test_layout(sample: Sample) -> None:
    """Fortran order, and every other element of a larger array; both may be written to."""
    operands = arrays(sample.operands, generator(sample))
    strided = [np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else np.array(x) for x in operands]
    for description, others in (("Fortran order", [np.array(x, order="F") for x in operands]), ("strided", strided)):
        with variant(sample, description):
            checks.check_forward(sample, others, exact=computed(sample))
            checks.check_same(sample, operands, sample, others, generator(sample))


@each(lambda sample: len(sample.operands) > 1)
def test_subsets(sample: Sample) -> None:
    """Tensors mixed with ndarrays, and with lists."""
    operands = arrays(sample.operands, generator(sample))
    with variant(sample, "a mixture"):
        checks.check_subsets(sample, operands, generator(sample))
        # Behind an empty axis, a list does not tell of further ones.
        if sample.takes_lists and all(x.size for x in operands):
            checks.check_subsets(sample, operands, generator(sample), lists=True)


# What few numbers fit into: in such a dtype a negative number, a product or a logarithm is none.
NARROW: dict[str, Callable[[Any], Any]] = {
    "booleans": lambda x: np.greater(x, np.median(x)) if x.size else x.astype(bool),
    "np.uint8": lambda x: np.asarray((90 * np.abs(x) + 1) % 250).astype(np.uint8),
    "np.float16": lambda x: x.astype(np.float16),
    "np.float32": lambda x: x.astype(np.float32),
}


@each(lambda sample: len(sample.operands) > 1 and sample.order > 0)
def test_constants_of_narrow_types(sample: Sample) -> None:
    """Where the result is that of the same numbers in double precision, so are the derivatives."""
    operands = arrays(sample.operands, generator(sample))
    for description, narrow in NARROW.items():
        for k, x in enumerate(operands):
            few = [y if i == k else narrow(y) for i, y in enumerate(operands)]
            wide = [y.astype(float) for y in few]
            with np.errstate(all="ignore"):
                values, others = [floats(outcome(sample, [*ys])) for ys in (wide, few)]
                if not values or not same(values, others) or checks.overlooked(sample, few, [k]):
                    continue  # NumPy computes in that dtype, or refuses to, or asks nobody
                with variant(sample, f"{description} beside operand {k}"):
                    weights = [checks.draw(generator(sample), y) for y in values]
                    try:
                        found, expected = (checks.gradients(sample, ys, weights, [k])[k] for ys in (few, wide))
                    except TypeError as error:
                        assert "optimize= multiplies" in str(error)
                        continue
                    checks.same_gradient(f"operand {k}", found, expected, x)
                    found, expected = (pushed(sample, ys, k) for ys in (few, wide))
                    assert same(found, expected), f"tangent {found} instead of {expected}"


def whole(value: Any, make: Callable[[int], Any]) -> Any:
    """Return a parameter with other whole numbers in it, but no truth values; None where one does not fit, or none."""
    if type(value) is int:
        return make(value) if value == abs(value) else None
    if isinstance(value, (list, tuple)) and value and not any(isinstance(item, (Operand, bool)) for item in value):
        items = [whole(item, make) for item in value]
        return None if any(item is None for item in items) else type(value)(items)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu" and np.all(value >= 0):
        return value.astype(type(make(0)))
    return None


@each(
    lambda sample: (
        sample.order > 0 and any(whole(x, np.uint8) is not None for x in (*sample.args, *sample.kwargs.values()))
    )
)
def test_parameters_of_narrow_types(sample: Sample) -> None:
    """A whole number of NumPy's is a parameter like one of Python's; -np.uint8(1) is 255."""
    operands = arrays(sample.operands, generator(sample))
    values = floats(sample(*operands))
    weights = [checks.draw(generator(sample), y) for y in values]
    arguments = [*enumerate(sample.args), *sample.kwargs.items()]
    for make in (np.uint8, np.uint64):
        for key, value in arguments:
            if (narrow := whole(value, make)) is None:
                continue
            args = tuple([narrow if k == key else old for k, old in enumerate(sample.args)])
            call = Sample(sample.func, args, {k: narrow if k == key else old for k, old in sample.kwargs.items()})
            found = outcome(call, operands)
            if isinstance(found, Exception) or not same(floats(found), values):
                continue  # to NumPy it is something else
            with variant(sample, f"{key}={narrow!r}"):
                checks.check_forward(call, operands, exact=computed(sample))
                pairs = zip(*(checks.gradients(s, operands, weights) for s in (call, sample)), strict=True)
                for k, (gradient, expected) in enumerate(pairs):
                    checks.same_gradient(f"operand {k}", gradient, expected, operands[k])


def floats(result: Any) -> list[Any]:
    return [np.asarray(y) for y in checks.floating(result)]


def same(found: list[Any], expected: list[Any]) -> bool:
    return len(found) == len(expected) and all(
        a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, 1e-10, 1e-10, equal_nan=True)
        for a, b in zip(found, expected, strict=True)
    )


@each(lambda sample: sample.order > 0)
def test_large_tangents(sample: Sample) -> None:
    """A tangent times a power of 2 gives one times that, and nothing on the way overflows."""
    operands = arrays(sample.operands, generator(sample))
    if not checks.floating(sample(*operands)):
        return  # nothing that has a tangent
    for k in range(len(operands)):
        if checks.overlooked(sample, operands, [k]):
            continue
        with np.errstate(all="ignore"):
            expected = pushed(sample, operands, k)
        with np.errstate(over="raise"):
            found = pushed(sample, operands, k, 2.0**600)
        for x, y in zip(found, expected, strict=True):
            np.testing.assert_allclose(x, y * 2.0**600, rtol=1e-7, atol=1e-9 * 2.0**600)


def pushed(sample: Sample, operands: list[Any], k: int, tangent: float = 1.0) -> list[Any]:
    def call(x: Any) -> list[Any]:
        return checks.floating(sample(*operands[:k], x, *operands[k + 1 :]))

    return floats(ga.jvp(call, (operands[k],), (np.full(operands[k].shape, tangent),), drop_in=False)[1])


# --- composites: their value is NumPy's, whatever their bodies compute ------------------------------------------------


def odd_operands(sample: Sample, rng: np.random.Generator) -> Iterator[tuple[str, list[Any]]]:
    """Make operands of other dtypes and layouts, and such that hold what is not finite, equal or very small."""
    plain = [x.make(rng) for x in sample.operands]
    yield "as it is", plain
    yield "Fortran order", [np.asfortranarray(x) for x in plain]
    yield "backwards", [x[::-1] if x.ndim else x for x in plain]
    yield "float32", [x.astype(np.float32) for x in plain]
    yield "two precisions", [x.astype(np.float32) if k % 2 else x for k, x in enumerate(plain)]
    yield "equal elements", [np.resize(x.reshape(-1)[:2], x.shape) if x.size else x for x in plain]
    if not sample.real_only:
        yield "complex", [x.make_complex(rng) for x in sample.operands]
    if len(plain) > 1:
        yield "whole numbers behind", [x if k == 0 else np.rint(3 * x).astype(int) for k, x in enumerate(plain)]
        yield "whole numbers in front", [x if k else np.rint(3 * x).astype(int) for k, x in enumerate(plain)]
    if "linalg" not in sample.func.__module__:  # where LAPACK returns what happens to come out
        for numbers in ((np.inf,), (np.nan, -np.inf), (5e-324, -0.0)):
            odd = [x.copy() for x in plain]
            for x in odd:
                x.reshape(-1)[rng.integers(max(x.size, 1), size=len(numbers) if x.size else 0)] = numbers[: x.size or 0]
            yield f"{numbers} among them", odd


def outcome(call: Callable[..., Any], operands: list[Any]) -> Any:
    try:
        return call(*operands)
    except Exception as error:
        return error


@each(lambda sample: made_by_numpy(sample.func) and isinstance(find(sample.func), Composite))
def test_values_of_composites(sample: Sample) -> None:
    for description, operands in odd_operands(sample, generator(sample)):
        with variant(sample, description), np.errstate(all="ignore"):
            expected = outcome(sample, [x if x.ndim else x[()] for x in operands])
            found = outcome(sample, [Tensor(x, copy=x.ndim == 0) if x.dtype.kind in "fc" else x for x in operands])
            if isinstance(expected, Exception):
                assert isinstance(found, type(expected)), f"{found!r} instead of {expected!r}"
            elif isinstance(found, Exception):
                raise found
            else:
                checks.compare_results(found, expected)


# --- other forms of the call -----------------------------------------------------------------------------------------


def by_keyword(sample: Sample) -> Sample | None:
    """Return the call with every argument by keyword that NumPy takes by keyword, if that makes a difference."""
    parameters = parameters_of(sample.func)
    if parameters is None or any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    pairs = list(zip(parameters, sample.args, strict=False))
    named = {p.name: value for p, value in pairs if p.kind is p.POSITIONAL_OR_KEYWORD}
    args = tuple(value for p, value in pairs if p.kind is not p.POSITIONAL_OR_KEYWORD)
    return Sample(sample.func, args, {**named, **sample.kwargs}) if named else None


def by_position(sample: Sample) -> Sample | None:
    """Return the call with every argument by position that NumPy takes by position, if that makes a difference."""
    parameters = parameters_of(sample.func)
    if parameters is None or any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    kwargs = dict(sample.kwargs)
    args = list(sample.args)
    movable = [i for i, p in enumerate(parameters) if p.name in kwargs and p.kind is p.POSITIONAL_OR_KEYWORD]
    args += [kwargs.pop(p.name, p.default) for p in parameters[len(args) : max(movable, default=0) + 1]]
    return Sample(sample.func, tuple(args), kwargs) if len(args) > len(sample.args) else None


def parameters_of(func: Any) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(func).parameters.values())
    except (TypeError, ValueError):
        return None


@each(lambda sample: find(sample.func) is not None and (by_keyword(sample) or by_position(sample)) is not None)
def test_forms(sample: Sample) -> None:
    """Arguments by keyword, and by position."""
    operands = arrays(sample.operands, generator(sample))
    for description, form in (("by keyword", by_keyword(sample)), ("by position", by_position(sample))):
        with variant(sample, description):
            # The order of the operands can be another one now; each keeps its own array.
            if form is not None:
                order = [next(k for k, x in enumerate(sample.operands) if x is y) for y in form.operands]
                if not checks.refused(form, [operands[k] for k in order]):

                    def call(*xs: Any, form: Sample = form, order: list[int] = order) -> Any:
                        return form(*(xs[k] for k in order))

                    checks.check_same(sample, operands, call, operands, generator(sample))


# --- the tables ------------------------------------------------------------------------------------------------------


def sampled() -> set[Any]:
    return {func for sample in SAMPLES.values() for func in (sample.func, *sample.covers)}


def test_every_differentiable_rule_has_a_sample() -> None:
    # What changes its first argument has tests of its own.
    missing = sorted(
        rule.name
        for rule in RULES.values()
        if isinstance(rule, (Differentiable, Composite)) and not isinstance(rule, InPlace)
        if made_by_numpy(rule.func) and rule.func not in sampled()
    )
    assert not missing, f"no sample for {', '.join(missing)}"


def test_every_sample_is_of_a_known_function() -> None:
    unknown = [
        name
        for name, sample in SAMPLES.items()
        if any(made_by_numpy(func) and find(func) is None for func in (sample.func, *sample.covers))
    ]
    assert not unknown, f"no rule for {'; '.join(unknown)}"


def compare_signature(rule: Differentiable | Composite) -> dict[str, str]:
    """Return what differs between the parameters of a rule and NumPy's, by parameter; out= is the dispatcher's."""
    numpys = {p.name: p for p in parameters_of(rule.func) or () if p.name != "out"}
    open_ended = any(p.kind is p.VAR_KEYWORD for p in numpys.values())
    numpys = {name: p for name, p in numpys.items() if p.kind is not p.VAR_KEYWORD}
    derivative = rule.body if isinstance(rule, Composite) else rule.vjps[0]  # type: ignore[attr-defined]
    ours = {p.name.lstrip("_"): p for p in inspect.signature(derivative).parameters.values()}
    ours = {name: p for name, p in ours.items() if isinstance(rule, Composite) or name not in ("g", "ans", "wanted")}
    found = {name: f"{name} is not supported" for name in numpys.keys() - ours.keys()}
    if not open_ended:
        found.update({name: f"NumPy has no {name}" for name in ours.keys() - numpys.keys()})
    for name in numpys.keys() & ours.keys():
        default, other = ours[name].default, numpys[name].default
        same = default is other or (type(default) is type(other) and default == other)
        # np._NoValue stands for a default that NumPy finds out inside.
        if not same and not (other is np._NoValue and default is not inspect.Parameter.empty):
            found[name] = f"{name}={default!r} instead of {other!r}"
    if isinstance(rule, Composite):  # the body is called as the user calls the function
        by_position = [name for name, p in numpys.items() if p.kind is not p.KEYWORD_ONLY and name in ours]
        if by_position != [name for name, p in ours.items() if name in by_position]:
            found["order"] = f"the order of the parameters is not ({', '.join(by_position)})"
    return found


# Parameters that are not as in NumPy's signature, each with the reason. A line that is no longer true fails.
EXCEPTIONS: dict[tuple[Any, str], str] = {
    (np.where, "x"): "where(condition) is np.nonzero, and has no derivative",
    (np.where, "y"): "where(condition) is np.nonzero, and has no derivative",
    (np.array, "ndmax"): "says how deep lists of objects are looked into; a Tensor holds no objects",
    **{
        (func, "like"): "NumPy takes it out before it dispatches"
        for func in (
            *(np.arange, np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray),
            *(np.full, np.fromfunction, np.fromiter, np.require),
        )
    },
}
# Parameters that an older NumPy requires, and that a rule may have a default for all the same.
if NumpyVersion(np.__version__) < "2.1.0":
    EXCEPTIONS.update({(np.clip, name): "has a default since NumPy 2.1" for name in ("a_min", "a_max")})
if NumpyVersion(np.__version__) < "2.3.0":
    EXCEPTIONS[np.take_along_axis, "axis"] = "has a default since NumPy 2.3"


def test_parameters_are_numpys() -> None:
    found = {}
    for rule in RULES.values():
        if isinstance(rule, (Function, Composite)) and made_by_numpy(rule.func) and not isinstance(rule.func, np.ufunc):
            parameters = parameters_of(rule.func)
            if parameters is not None and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
                found.update({(rule.func, name): text for name, text in compare_signature(rule).items()})
    wrong = sorted(f"{RULES[key[0]].name}: {text}" for key, text in found.items() if key not in EXCEPTIONS)
    assert not wrong, "parameters differ from NumPy's:\n" + "\n".join(wrong)
    # An older NumPy has no such parameter, or does not tell.
    known = {key for key in EXCEPTIONS if key[1] in {p.name for p in parameters_of(key[0]) or ()}}
    stale = sorted(f"{func.__name__}: {name}" for func, name in known - found.keys())
    assert not stale, f"exceptions that are none any more: {', '.join(stale)}"
