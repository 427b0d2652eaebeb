"""Libraries that compute with arrays of any kind, differentiated: by the namespace that they ask an array for."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from tests import checks

X = np.array([[0.3, 1.7, 0.9], [2.6, 1.1, 0.5]])
W = np.array([[0.5, -1.0, 2.0], [1.5, 0.7, -0.4]])
XP: Any = ga.tensor([1.0]).__array_namespace__()

pytestmark = pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")


def compare(call: Callable[[Any], Any], plain: Callable[[Any], Any] | None = None, **options: Any) -> None:
    """Compare the derivatives of a call in both modes with central differences of it, or of another one."""
    plain = plain or call
    out = np.random.default_rng(1).uniform(0.5, 1.5, np.shape(plain(X.copy())))
    steps = [(plain(X + h) - plain(X - h)) * out for h in np.eye(6).reshape(6, 2, 3) * 1e-6]
    want = np.reshape([np.sum(step) / 2e-6 for step in steps], X.shape)
    for transform in (ga.grad, ga.jacfwd):
        found = transform(lambda x: np.sum(call(x) * out), **options)(X.copy())
        np.testing.assert_allclose(found, want, 1e-6, 1e-8)


def test_array_api_compat() -> None:
    compat = pytest.importorskip("array_api_compat", reason="array-api-compat is not installed")
    x = ga.tensor(X)
    assert compat.array_namespace(x, ga.tensor([1])) is XP
    assert compat.device(x) == "cpu"
    assert compat.to_device(x, "cpu") is x
    assert compat.size(x) == 6
    assert compat.is_array_api_obj(x)
    with pytest.raises(TypeError, match="namespaces"):
        compat.array_namespace(x, X)

    def scaled(x: Any) -> Any:
        xp = compat.array_namespace(x)
        low = xp.min(x, axis=0, keepdims=True)
        return (x - low) / (xp.max(x, axis=0, keepdims=True) - low + 1.0) + xp.linalg.vector_norm(x)

    compare(scaled)


EXTRA: dict[str, Callable[[Any, Any], Any]] = {
    "atleast_nd": lambda extra, x: extra.atleast_nd(x, ndim=3),
    "cov": lambda extra, x: extra.cov(x),
    "create_diagonal": lambda extra, x: extra.create_diagonal(x),
    "kron": lambda extra, x: extra.kron(x, x),
    "nan_to_num": lambda extra, x: extra.nan_to_num(x),
    "pad": lambda extra, x: extra.pad(x, ((1, 2), (0, 1)), constant_values=2.0),
    "partition": lambda extra, x: extra.partition(x, 1, axis=1),
    "sinc": lambda extra, x: extra.sinc(x),
    "at, set": lambda extra, x: extra.at(x * 1.0)[0, :].set(0.0) * x,
    "at, set by a mask": lambda extra, x: extra.at(x * 1.0)[x > 1].set(0.0) * x,
    "at, add": lambda extra, x: extra.at(x * 1.0)[0, 1].add(x[0, 0] ** 2),
    "at, multiply": lambda extra, x: extra.at(x * 1.0)[:, 1].multiply(x[:, 0]),
    "at, min": lambda extra, x: extra.at(x * 1.0)[:, 1].min(1.2),
    "apply_where": lambda extra, x: extra.apply_where(
        x.__array_namespace__().greater(x, 1.0), x, lambda a: a**2, lambda a: np.sin(a)
    ),
}


@pytest.mark.parametrize("name", EXTRA)
def test_array_api_extra(name: str) -> None:
    extra = pytest.importorskip("array_api_extra", reason="array-api-extra is not installed")
    if not hasattr(extra, name.partition(",")[0]):
        pytest.skip("this version does not have it")
    compare(lambda x: EXTRA[name](extra, x))


def test_truth_values_of_operators_are_refused_aloud() -> None:
    # They are NumPy's own arrays, which array-api-compat does not take beside tensors.
    extra = pytest.importorskip("array_api_extra", reason="array-api-extra is not installed")
    with pytest.raises(TypeError, match="namespaces"):
        ga.grad(lambda x: np.sum(extra.apply_where(x > 1.0, x, np.square, np.sin)))(X)


def test_einops() -> None:
    einops = pytest.importorskip("einops", reason="einops is not installed")
    standard = pytest.importorskip("einops.array_api", reason="this version of einops has no array API")
    compare(lambda x: standard.rearrange(x**2, "a b -> b a"), lambda x: x.T**2)
    compare(lambda x: standard.reduce(x**2, "a b -> b", "mean"), lambda x: np.mean(x**2, 0))
    compare(lambda x: standard.repeat(x**2, "a b -> a 2 b"), lambda x: np.repeat(x[:, None] ** 2, 2, 1))
    compare(lambda x: standard.pack([x, x**2], "* b")[0], lambda x: np.concatenate([x, x**2]))
    with pytest.raises(RuntimeError, match="unknown to einops"):
        einops.rearrange(ga.tensor(X), "a b -> b a")


def test_opt_einsum() -> None:
    opt_einsum = pytest.importorskip("opt_einsum", reason="opt_einsum is not installed")
    contract, expression = opt_einsum.contract, opt_einsum.contract_expression
    for drop_in in (True, False):
        compare(
            lambda x: contract("ab,cb,cd->ad", x, x**2, x[:, :2]),
            lambda x: x @ (x**2).T @ x[:, :2],
            drop_in=drop_in,
        )
        compare(lambda x: contract("ab,cb->ac", x, W), lambda x: x @ W.T, drop_in=drop_in)
        compare(lambda x: expression("ab,cb->ac", (2, 3), (2, 3))(x, x), lambda x: x @ x.T, drop_in=drop_in)
    compare(lambda x: expression("ab,cb->ac", W, (2, 3), constants=[0])(x), lambda x: W @ x.T)


def test_xarray() -> None:
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")

    def rolled(v: Any) -> Any:
        return xarray.DataArray(v, dims="a").rolling(a=2).mean().data[1:]

    checks.check_gradient(lambda x: rolled(x * 1.0), [X[0]], np.random.default_rng(0))


# The functions that each version of the library refuses are no more than these.
REFUSED: dict[str, set[str]] = {"scipy": set(), "sklearn": {"log_loss"}}


@pytest.mark.parametrize("library", REFUSED)
def test_libraries_with_a_switch(library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("consumers.py")), library],
        env={**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = dict(line.split(": ", 1) for line in ended.stdout.splitlines())
    assert {name: said for name, said in told.items() if said != "right" and name not in REFUSED[library]} == {}
    assert all(told[name].startswith(("right", "refused")) for name in REFUSED[library]), told
    assert len(told) > 15
