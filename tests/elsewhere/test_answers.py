"""A missing name or keyword says whose it is and what to write, and is missing all the same."""

from __future__ import annotations

import copy
import importlib.util
import inspect
import pickle
import pydoc
import subprocess
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.elsewhere.answers import Absent, find_imports, give_absent, telling
from gradarray.elsewhere.names import ON_ARRAYS


@pytest.fixture
def x() -> Any:
    return ga.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def dual() -> Any:
    found: list[Any] = []
    ga.jvp(lambda d: found.append(d) or d, (np.ones(3),), (np.ones(3),))
    return found[0]


ANSWERS = [
    (ga, "cat", "(PyTorch). Write np.concatenate([x, y], axis)"),
    (ga, "from_numpy", "(PyTorch). Write ga.astensor(a)"),
    (ga, "make_vjp", "(autograd). Write out, pull = ga.vjp(F, v)"),
    (ga, "hessian_vector_product", "(autograd). Write ga.hvp(f)(v, u)"),
    (ga, "fori_loop", "(JAX). Write \n\n    z = v\n    for i in range(3)"),
    (ga, "nn", "Write ga.nnet.relu(x)"),
    (ga, "leaky_relu", "Write ga.nnet.leaky_relu(x, 0.1)"),  # of PyTorch's nn.functional and others
    (ga, "Conv2d", "(PyTorch). Write ga.nnet.conv_nd(images, filters"),
    (ga, "vectorize", "(NumPy). Write np.vectorize"),
    (ga, "optimizers", "(JAX). Write optimizer = ga.nnet.optimizers.adam(0.1)"),  # of two of its modules
    (ga.linalg, "inv_ex", "(PyTorch). Write np.linalg.inv(A)"),
    (ga.random, "PRNGKey", "(JAX). Write rng = ga.random.default_rng(0)"),
    (ga.nnet, "Linear", "(PyTorch). Write x @ A.T + v"),
    (ga.nnet.layers, "Linear", "(PyTorch). Write x @ A.T + v"),
    (ga.nnet, "functional", "(PyTorch). Write ga.nnet.relu(x); each of its functions is"),
    (ga.nnet, "Conv2d", "(PyTorch). Write ga.nnet.conv_nd(images, filters"),
    (ga.nnet, "MaxPool2d", "(PyTorch). Write ga.nnet.max_pool(images, (2, 2), 2)"),
    (ga.nnet, "BatchNorm1d", "(PyTorch). Write ga.nnet.batchnorm(x, eps=1e-5)"),
    (ga.nnet, "GRU", "(PyTorch). Write ga.nnet.gru("),
    (ga.nnet, "Dropout", "(PyTorch). Write x * (np.random.random(x.shape) > 0.5) / 0.5; while training"),
    (ga.nnet, "Sequential", "(PyTorch). Write ga.nnet.sigmoid(np.tanh(x))"),
    (ga.nnet, "CrossEntropyLoss", "(PyTorch). Write ga.nnet.softmax_crossentropy(x, labels)"),
    (ga.nnet, "cross_entropy", "(PyTorch). Write ga.nnet.softmax_crossentropy(x, labels)"),
    (ga.nnet.losses, "mse_loss", "(PyTorch). Write np.mean((x - y) ** 2)"),
    (ga.nnet, "optim", "(PyTorch). Write optimizer = ga.nnet.optimizers.sgd(0.1)"),
    (ga.nnet.optimizers, "SGD", "(PyTorch). Write o = ga.nnet.optimizers.sgd(0.1)"),
    (ga.testing, "gradcheck", "(PyTorch). Write ga.check_grads"),
    # slips of the pen
    (ga, "expnd_dims", "; the nearest name is 'expand_dims'"),
    (ga, "unsqueze", "; the nearest name is 'unsqueeze' (PyTorch). Write np.expand_dims(x, axis)"),
    (ga.linalg, "slove", "; the nearest name is 'solve'"),
    (ga.fft, "irftt", "; the nearest name is 'irfft'"),
    (ga.nnet, "softmx", "; the nearest name is 'softmax'"),
    (ga.nnet, "Liner", "; the nearest name is 'Linear' (PyTorch). Write x @ A.T + v"),
    (ga.nnet.optimizers, "sgdd", "; the nearest name is 'sgd'"),
    (ga.registry, "elementwize", "; the nearest name is 'elementwise'"),
]


@pytest.mark.parametrize(("module", "name", "told"), ANSWERS, ids=lambda a: a if isinstance(a, str) else None)
def test_a_module_answers(module: Any, name: str, told: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    assert type(caught.value) is AttributeError
    assert (caught.value.name, caught.value.obj) == (name, module)
    text = str(caught.value)
    assert text.startswith(f"module {module.__name__!r} has no attribute {name!r}")
    assert told in text
    assert not hasattr(module, name)
    assert getattr(module, name, 7) == 7
    assert name not in dir(module)


@pytest.mark.parametrize("name", ["nothing_of_the_kind", "__wrapped__", "_repr_html_", "__path__x"])
def test_what_nobody_has_is_merely_missing(name: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(ga, name)
    assert str(caught.value) == f"module 'gradarray' has no attribute {name!r}"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "from gradarray import make_vjp",
            "cannot import name 'make_vjp' from 'gradarray' (autograd). Write out, pull",
        ),
        ("from gradarray import grad, remat", "cannot import name 'remat' from 'gradarray' (JAX). Write ga.checkpoint"),
        ("from gradarray.linalg import inv_ex", "from 'gradarray.linalg' (PyTorch). Write np.linalg.inv(A)"),
        ("from gradarray.nnet import Linear", "from 'gradarray.nnet' (PyTorch). Write x @ A.T + v"),
        ("from gradarray import grdient", "from 'gradarray'; the nearest name is 'gradient'"),
    ],
)
def test_an_import_answers(statement: str, told: str) -> None:
    """By an ImportError: Python itself would drop what an AttributeError says."""
    with pytest.raises(ImportError) as caught:
        exec(statement, {})
    assert told in str(caught.value)
    assert caught.value.name == statement.split()[1]


@pytest.mark.parametrize("statement", ["from gradarray import pmap", "import gradarray.lax", "import gradarray._none"])
def test_an_import_with_a_way_out_takes_it(statement: str) -> None:
    names: dict[str, Any] = {}
    exec(f"try:\n    {statement}\nexcept ImportError as error:\n    name = error.name", names)
    assert names["name"] == statement.split()[1]


LINES = [
    ("ga.lax.scan(abs, 1)", "'gradarray' has no attribute 'lax', so no lax.scan (JAX). Write \n\n    z, out = v"),
    ("ga.nn.functional.relu", "no attribute 'nn', so no nn.functional.relu (PyTorch). Write ga.nnet.relu(x)"),
    ("ga.nnet.functional.relu(1)", "no attribute 'functional', so no functional.relu (PyTorch). Write ga.nnet.relu(x)"),
    ("ga.nn.functional.zzz.yyy", "no attribute 'nn', so no nn.functional (PyTorch). Write ga.nnet.relu(x)"),
    ("ga.optim.Adam([], lr=1)", "so no optim.Adam (PyTorch). Write o = ga.nnet.optimizers.adam(0.001)"),
    # what stands in another room here, or in none
    ("ga.numpy.cumsum(1)", "no attribute 'numpy', so no numpy.cumsum. Write np.cumsum"),
    ("ga.jnp.linalg.norm(1)", "no attribute 'jnp', so no jnp.linalg.norm. Write np.linalg.norm"),
    ("ga.lax.cos(1)", "so no lax.cos. Write np.cos"),
    ("ga.lax.max(1)", "so no lax.max (JAX). Write np.maximum(x, y)"),
    ("ga.autograd.no_grad()", "so no autograd.no_grad. Write ga.no_grad"),
    ("ga.func.vmap(1)", "so no func.vmap. Write ga.vmap"),
    ("ga.scipy.zzz", "module 'gradarray.scipy' has no attribute 'zzz'"),
    ("ga.lax.zzz", "module 'gradarray' has no attribute 'lax' (JAX). Write Python's own if"),
    ("ga.tree.map(abs, ga.lax.scan)", "so no tree.map (JAX). Write ga.tree_map(np.multiply, [x, v], [y, u])"),
    ("getattr(ga, 'lax').scan", "module 'gradarray' has no attribute 'lax' (JAX). Write Python's own if"),
    ("ga.cat([ga.lax])", "has no attribute 'cat' (PyTorch). Write np.concatenate([x, y], axis)"),
    ("ga.cuda.is_available()", "has no attribute 'cuda' (PyTorch). Write False"),
]


@pytest.mark.parametrize(("code", "told"), LINES, ids=[code for code, _ in LINES])
def test_a_line_is_answered_as_far_as_it_goes(code: str, told: str) -> None:
    """In functions and modules, with as many names before as make Python write numbers of two bytes."""
    many = "".join(f"if ga is None: name{i}.attribute{i} = name{i}.other{i}\n" for i in range(300))
    exec("def function(ga):\n    return " + code, within := {})
    for run in (lambda: eval(code, {"ga": ga}), lambda: within["function"](ga), lambda: exec(many + code, {"ga": ga})):
        with pytest.raises(AttributeError) as caught:
            run()
        assert told in str(caught.value)


MODULES = [
    ("import gradarray.numpy as np", "numpy", " (autograd, JAX). Write np.sin(x); after import numpy as np"),
    ("import gradarray.numpy.random as npr", "numpy", ", so no numpy.random. Write np.random"),
    ("from gradarray.numpy.linalg import solve", "numpy", ", so no numpy.linalg.solve. Write np.linalg.solve"),
    ("from gradarray.numpy import zzz", "numpy", " (autograd, JAX). Write np.sin(x); after import numpy as np"),
    ("import gradarray.nn as nn", "nn", " (PyTorch, JAX). Write ga.nnet.relu(x)"),
    ("import gradarray.nn.functional as F", "nn", ", so no nn.functional (PyTorch). Write ga.nnet.relu(x)"),
    ("from gradarray.nn import Linear, ReLU", "nn", ", so no nn.Linear (PyTorch). Write x @ A.T + v"),
    ("from gradarray.nn.functional import softmax", "nn", ", so no nn.functional.softmax (PyTorch). Write ga.nnet.so"),
    ("from gradarray.nnet.functional import relu", "nnet.functional", ", so no functional.relu (PyTorch). Write ga.nn"),
    ("from gradarray.misc.optimizers import adam", "misc", ", so no misc.optimizers.adam (autograd). Write optimizer"),
    (
        "from gradarray.test_util import check_grads",
        "test_util",
        ", so no test_util.check_grads (autograd, JAX). Write",
    ),
    (
        "from gradarray.convenience_wrappers import multigrad",
        "convenience_wrappers",
        ", so no convenience_wrappers.mul",
    ),
    ("from gradarray.math.arithmetic.ops import Add", "math", " (MyGrad). Write ga.exp(x)"),
    ("from gradarray.linalg.zzz import a", "linalg.zzz", "; 'gradarray.linalg' is not a package"),
    ("import gradarray.linalgg", "linalgg", "; the nearest name is 'linalg'"),
    ("import gradarray.zzz.yyy", "zzz", ""),
    ("from gradarray.zzz.cat import yyy", "zzz", ""),
    ("importlib.import_module('gradarray.optim')", "optim", " (PyTorch). Write optimizer = ga.nnet.optimizers.sgd"),
]


@pytest.mark.parametrize(("statement", "module", "told"), MODULES, ids=[statement for statement, *_ in MODULES])
def test_a_missing_module_answers(statement: str, module: str, told: str) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        exec(statement, {"importlib": importlib})
    assert caught.value.name == f"gradarray.{module}"
    assert str(caught.value).startswith(f"No module named 'gradarray.{module}'{told}")
    assert told or str(caught.value) == f"No module named 'gradarray.{module}'"
    assert f"gradarray.{module}" not in sys.modules


def test_who_asks_for_a_module_is_told_no() -> None:
    assert importlib.util.find_spec("gradarray.nn") is None
    assert importlib.util.find_spec("gradarray.nnet") is not None
    for _ in range(2):  # as by a reload
        assert [getattr(finder, "package", None) for finder in sys.meta_path].count("gradarray") == 1
        find_imports()


def test_other_packages_are_left_to_others() -> None:
    for name in ("zzz_nowhere", "numpy.nn", "gradarrays.nn"):
        with pytest.raises(ModuleNotFoundError, match=rf"^No module named '{name.split('.nn')[0]}[\w.]*'$"):
            importlib.import_module(name)


class TestArrays:
    @pytest.mark.parametrize("make", [lambda: ga.tensor([1.0, 2.0]), dual], ids=["Tensor", "Dual"])
    def test_answers(self, make: Callable[[], Any]) -> None:
        t = make()
        with pytest.raises(AttributeError) as caught:
            t.unsqueeze(0)
        assert type(caught.value) is AttributeError
        assert caught.value.name == "unsqueeze"
        assert caught.value.obj is t
        kind = type(t).__name__
        assert str(caught.value) == (
            f"{kind!r} object has no attribute 'unsqueeze' (PyTorch). Write np.expand_dims(x, axis)"
        )

    def test_every_name_has_an_answer_and_is_missing(self, x: Any) -> None:
        for name in ON_ARRAYS:
            assert not hasattr(x, name)
            assert not hasattr(ga.Tensor, name)
            with pytest.raises(AttributeError, match=r"\. Write "):
                getattr(x, name)

    def test_the_class_answers(self) -> None:
        with pytest.raises(
            AttributeError, match=r"type object 'Tensor' has no attribute 'at' \(JAX\)\. Write x\[0\] ="
        ):
            ga.Tensor.at  # noqa: B018

    def test_assigning_and_deleting_answers(self, x: Any) -> None:
        with pytest.raises(AttributeError, match=r"constant=True"):
            x.requires_grad = True
        with pytest.raises(AttributeError, match=r"constant=True"):
            del x.requires_grad
        with pytest.raises(AttributeError, match=r"'Tensor' object has no attribute 'foo'( and no __dict__ .*)?$"):
            x.foo = 1

    def test_nobody_sees_the_names(self, x: Any) -> None:
        assert not ON_ARRAYS & {*dir(x), *dir(ga.Tensor)}
        assert not ON_ARRAYS & {name for name, _ in inspect.getmembers(x)}
        assert "unsqueeze" not in pydoc.render_doc(ga.Tensor)
        assert type(ga.Tensor) is type

    def test_subclasses_and_copies_are_as_ever(self, x: Any) -> None:
        class Own(ga.Tensor):
            cat = "an attribute"

            def unsqueeze(self, axis: int) -> Any:
                return np.expand_dims(self, axis)

        assert Own(1.0).unsqueeze(0).shape == (1,)
        assert Own(1.0).cat == "an attribute"
        assert not hasattr(Own(1.0), "numel")
        assert pickle.loads(pickle.dumps(x)).shape == copy.deepcopy([x])[0].shape == (2, 3)

    def test_pythons_own_suggestion_goes_on(self, x: Any) -> None:
        with pytest.raises(AttributeError) as caught:
            x.reshap(6)
        assert caught.value.name == "reshap"
        assert caught.value.obj is x
        if sys.version_info >= (3, 12):  # before, the interpreter alone says it, where it prints an error
            assert "Did you mean: 'reshape'?" in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize(
        ("slip", "meant"), [("unsqeeze", "unsqueeze"), ("reqires_grad", "requires_grad"), ("reshap", "reshape")]
    )
    def test_pythons_own_suggestion_knows_the_names_of_others(self, slip: str, meant: str, run_python: Any) -> None:
        """Where an error is printed, which is done by the interpreter or, since 3.12, by the module traceback."""
        for made in ("x", "d"):
            code = f"""
import gradarray as ga
x = ga.tensor([1.0])
ga.jvp(lambda v: globals().update(d=v) or v, (x.data,), (x.data,))
print(len(dir({made})))
{made}.{slip}
"""
            with pytest.raises(subprocess.CalledProcessError) as caught:
                run_python("-W", "ignore", "-c", code)
            assert f"Did you mean: '{meant}'?" in caught.value.stderr
            assert int(caught.value.stdout) + len(ON_ARRAYS) < 750  # Python looks through no more

    def test_a_view_of_another_shape_is_named(self, x: Any) -> None:
        for args in ((3, 2), ((3, 2),), (-1,)):
            with pytest.raises(TypeError, match=r"PyTorch, write x\.reshape\(shape\)"):
                x.view(*args)


KEYWORDS = [
    ("ga.grad(np.sum, argnum=0)", "(autograd). Write argnums=, as in"),
    ("ga.jacobian(np.sin, argnum=0)", "(autograd). Write argnums=, as in"),
    ("ga.hvp(np.sum, argnum=0)", "(autograd). Write argnums=, as in"),
    ("ga.grad(np.sum, argnm=0)", "argument 'argnm'. Did you mean 'argnums'?"),
    ("ga.checkpoint(np.sin, policy=None)", "(JAX). Write ga.checkpoint(F)(v)"),
    ("ga.tensor(1.0, requires_grad=True)", "(PyTorch). Write nothing, or constant=True for requires_grad=False"),
    ("ga.tensor(1.0, device='cuda')", "(PyTorch). Write ga.tensor(a); all arrays are on the CPU"),
    ("ga.tensor(1.0, dtyp='float32')", "argument 'dtyp'. Did you mean 'dtype'?"),
    ("ga.astensor(1.0, requires_grad=True)", "(PyTorch). Write nothing"),
    ("ga.zeros(3, requires_grad=True)", "(PyTorch). Write nothing"),
    ("ga.sum(x, dim=0)", "(PyTorch). Write axis=, as in np.sum(x, axis=1)"),
    ("ga.sum([1.0], dim=0)", "(PyTorch). Write axis="),
    ("ga.stack([x, x], dim=0)", "(PyTorch). Write axis="),
    ("x.sum(dim=0)", "(PyTorch). Write axis="),
    ("x.mean(0, keepdim=True)", "(PyTorch). Write keepdims="),
    ("x.std(unbiased=False)", "(PyTorch). Write ddof="),
    ("x.flatten(start_dim=1)", "(PyTorch). Write x.reshape(x.shape[0], -1)"),
    ("x.backward(gradient=x)", "(PyTorch). Write the cotangent first, as in"),
    ("ga.linalg.norm(x, p=1)", "(PyTorch). Write ord=, as in"),
    ("ga.add(x, x, alpha=2)", "(PyTorch). Write x + 2 * y"),
    ("ga.abs(x, nan_to_num=False)", "(MyGrad). Write nothing, as in ga.abs(x)"),
    ("ga.linalg.norm([1.0], nan_to_num=True)", "(MyGrad). Write nothing, as in ga.abs(x)"),
    ("ga.random.default_rng(0).normal(shape=(2,))", "(JAX). Write size=, as in"),
    ("ga.nnet.softmax(x, dim=1)", "(PyTorch). Write axis="),
    ("ga.nnet.softmax(x, axes=1)", "Did you mean 'axis'?"),
    ("ga.nnet.leaky_relu(x, negative_slope=0.1)", "(PyTorch). Write slope=, as in ga.nnet.leaky_relu(x, slope=0.1)"),
    ("ga.nnet.softmax_crossentropy(x, [0, 1], reduction='sum')", "(PyTorch). Write np.sum in the place of np.mean"),
    ("ga.nnet.glorot_uniform(3, 4, requires_grad=True)", "(PyTorch). Write nothing, or constant=True"),
    ("ga.nnet.optimizers.sgd([x], lr=0.1)", "(PyTorch). Write rate=, as in ga.nnet.optimizers.sgd(rate=0.1)"),
    ("ga.nnet.optimizers.adam(betas=(0.9, 0.99))", "(PyTorch). Write b1= and b2=, as in"),
    ("ga.nnet.optimizers.adam(learning_rate=0.1)", "(JAX). Write rate=, as in"),
    ("ga.nnet.optimizers.adam(weight_decay=0.1)", "(PyTorch). Write a chain, as in"),
    ("ga.flatten(x, dim=1)", "(PyTorch). Write x.reshape(x.shape[0], -1); flatten takes the whole array"),
    ("ga.flatten(x, start_dim=1)", "(PyTorch). Write x.reshape(x.shape[0], -1)"),
    ("ga.linspace(0, 1, steps=5)", "(PyTorch). Write num=, as in np.linspace(0, 1, num=5)"),
    ("ga.flip(x, dims=[0])", "(PyTorch). Write axis=, as in np.flip(x, axis=0)"),
    ("ga.zeros(size=(2, 3))", "(PyTorch). Write shape=, as in np.zeros(shape=(2, 3))"),
    ("x.sort(dim=0)", "(PyTorch). Write axis="),
    ("x.transpose(dim0=0, dim1=1)", "(PyTorch). Write np.swapaxes(x, 0, 1)"),
    ("x.reshape(shape=(3, 2))", "(PyTorch). Write the numbers alone, as in x.reshape(3, 2)"),
    ("x.view(size=(3, 2))", "(PyTorch). Write x.reshape(3, 2)"),
    ("ga.jit(np.sin, donate_argnums=0)", "(JAX). Write ga.jit(F)(v.data); nothing is compiled"),
    ("ga.matmul(x, x, precision='highest')", "(JAX). Write A @ B; in the precision of the arrays"),
    ("ga.random.randn(2, device='cpu')", "(PyTorch). Write ga.tensor(a); all arrays are on the CPU"),
    ("ga.load('model.pt', weights_only=True)", "(PyTorch). Write nothing: there are arrays alone in the file"),
    ("ga.random.normal(key=1)", "(JAX). Write rng.normal(size=2)"),
]


@pytest.mark.parametrize(("call", "told"), KEYWORDS, ids=[call for call, _ in KEYWORDS])
def test_a_keyword_is_answered(call: str, told: str, x: Any) -> None:
    with pytest.raises(TypeError) as caught:
        eval(call, {"ga": ga, "np": np, "x": x})
    assert type(caught.value) is TypeError
    assert "() got an unexpected keyword argument '" in str(caught.value)
    assert told in str(caught.value)


MISPLACED = [
    ("ga.flatten(x, 1)", "(PyTorch). Write x.reshape(x.shape[0], -1); flatten takes the whole array"),
    ("x.flatten(1)", "order must be str, not int (PyTorch). Write x.reshape(x.shape[0], -1)"),
    ("ga.zeros(2, 3)", "'3' as a data type (PyTorch). Write a tuple, as in np.zeros((2, 3))"),
    ("ga.sum(x, 1, True)", "'True' as a data type (PyTorch). Write keepdims=, as in np.sum(x, 1, keepdims=True)"),
    ("np.sum(x, 1, True)", "'True' as a data type (PyTorch). Write keepdims="),
    ("x.sum(1, True)", "'True' as a data type (PyTorch). Write keepdims="),
    ("x.max(1, True)", "(PyTorch). Write keepdims=, as in np.max("),
    ("x.argmax(1, True)", "(PyTorch). Write keepdims=, as in np.argmax("),
    ("x.std(1, True)", "(PyTorch). Write ddof=, as in np.std(x, 1, ddof=1)"),
    ("ga.transpose(x, 0, 1)", "(PyTorch). Write np.swapaxes(x, 0, 1)"),
    ("ga.ones((2, 3, 4)).transpose(0, 1)", "axes don't match array (PyTorch). Write np.swapaxes(x, 0, 1)"),
    ("ga.random.normal(ga.random.default_rng(0), (3,))", "(JAX). Write rng.normal(size=2); with rng = "),
    ("ga.check_grads(np.sin)", "(autograd). Write ga.check_grads(F, (v.data,), 2)"),
    ("ga.random.default_rng(0).uniform(ga.random.default_rng(0), (3,))", "(JAX). Write rng.uniform(size=2)"),
]


@pytest.mark.parametrize(("call", "told"), MISPLACED, ids=[call for call, _ in MISPLACED])
def test_an_argument_in_another_place_is_answered(call: str, told: str, x: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        eval(call, {"ga": ga, "np": np, "x": x})
    assert str(caught.value).count(told) == 1
    assert str(caught.value).count("Write ") == 1
    with pytest.raises((TypeError, ValueError)) as within:
        exec(f"def f(x):\n    return {call}\nga.grad(f)(np.ones((2, 3)))", {"ga": ga, "np": np, "__name__": "users"})
    assert str(within.value).count("Write ") == 1


def test_a_keyword_that_nobody_has_is_refused_in_pythons_words() -> None:
    for call in (lambda: ga.grad(np.sum, zzz=1), lambda: ga.tensor(1.0, zzz=1), lambda: ga.tensor(1.0).backward(zzz=1)):
        with pytest.raises(TypeError, match=r"\w\(\) got an unexpected keyword argument 'zzz'$"):
            call()


# All public functions that are written here: the rest are mirrors, which answer by themselves, and declarations.
ROOMS = ("compiler.", "nnet.", "testing.", "transforms.")
FUNCTIONS = [
    value
    for space in (ga, ga.registry, ga.testing, ga.nnet, *map(vars(ga.nnet).get, ga.nnet.__all__))
    for name in getattr(space, "__all__", ())
    if isinstance(value := getattr(space, name), types.FunctionType)
    and value.__module__.startswith(tuple(f"gradarray.{room}" for room in ROOMS))
    and value is not ga.source  # whose keywords are the function's
]


def test_the_functions_are_many() -> None:
    found = {func.__name__ for func in FUNCTIONS}
    assert {"grad", "flatten", "tree_map", "jit", "primitive", "check_grads", "softmax", "gru", "sgd"} <= found
    assert len(found) > 60


@pytest.mark.parametrize("func", dict.fromkeys(FUNCTIONS), ids=lambda func: func.__name__)
def test_every_function_answers_a_wrong_keyword(func: Any) -> None:
    parameters = inspect.signature(func).parameters.values()
    assert not any(p.kind is p.VAR_KEYWORD for p in parameters)
    parameter = max((p.name for p in parameters if p.kind is not p.VAR_POSITIONAL), key=len, default="")
    if not parameter:
        with pytest.raises(TypeError, match=r"argument 'optimizer'$"):
            func(optimizer=1)
        return
    slip = f"{parameter}s"
    told = rf"^{func.__name__}\(\) got an unexpected keyword argument '{slip}'\. Did you mean '{parameter}'\?$"
    with pytest.raises(TypeError, match=told):
        func(**{slip: 1})
    with pytest.raises(TypeError, match=r"argument 'requires_grad' \(PyTorch\)\. Write "):
        func(requires_grad=True)


def test_the_users_own_keywords_are_the_users() -> None:
    """What a function of the user's refuses is told as Python tells it, whatever it is called."""

    def sum(x: Any) -> Any:
        return x

    def f(x: Any) -> Any:
        return sum(x, dim=1)  # type: ignore[call-arg]

    with pytest.raises(TypeError, match=r"unexpected keyword argument 'dim'(\. Did you mean .*)?$"):
        ga.vjp(f, np.ones(3))
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'argnum'$"):
        ga.vjp(lambda x: (lambda y: y)(x, argnum=1), np.ones(3))  # type: ignore[call-arg]


@pytest.mark.parametrize("func", [ga.grad, ga.vjp, ga.jacobian, ga.hvp, ga.tensor, ga.astensor, ga.Tensor.backward])
def test_signatures_are_those_of_the_functions(func: Any) -> None:
    kinds = {parameter.kind for parameter in inspect.signature(func).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds
    assert len(inspect.signature(func).parameters) >= 3
    assert func.__doc__
    assert pickle.loads(pickle.dumps(func)) is func


def test_telling_leaves_other_errors_alone() -> None:
    @telling
    def f(a: int) -> int:
        raise TypeError("f() got an unexpected keyword argument 'dim'")

    with pytest.raises(TypeError, match=r"'dim'$"):
        f(1)
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'a'$"):
        f()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"\(PyTorch\)\. Write axis="):
        f(1, dim=1)  # type: ignore[call-arg]


def test_given_attributes_do_not_hide_ones_own() -> None:
    class Base:
        pass

    class Thing(Base):
        numel = 3

    give_absent(Thing, {"numel": Absent("numel"), "size": Absent("size", "there is none")})
    assert Thing().numel == 3
    with pytest.raises(AttributeError, match=r"'Thing' object has no attribute 'size': there is none$"):
        Thing().size  # type: ignore[attr-defined]  # noqa: B018
    assert "size" not in dir(Thing)


def test_the_table_is_loaded_when_a_name_is_missed(run_python: Any) -> None:
    ended = run_python(
        "-c",
        "import sys, gradarray as ga; x = ga.tensor(1.0); hasattr(x, '__array_struct__'), hasattr(x, 'foo'), dir(ga);"
        "before = 'gradarray.elsewhere.pytorch' in sys.modules; hasattr(x, 'numel');"
        "print(before, 'gradarray.elsewhere.pytorch' in sys.modules)",
    )
    assert ended.stdout.split() == ["False", "True"]


def test_an_optimizer_answers() -> None:
    optimizer = ga.nnet.optimizers.adam(0.1)
    for name, told in (
        ("zero_grad", r"Write nothing, .*; backward\(\) overwrites"),
        ("step", r"ga\.nnet\.optimizers\.step\("),
    ):
        with pytest.raises(
            AttributeError, match=rf"^'Optimizer' object has no attribute '{name}' \(PyTorch\)\. .*{told}"
        ):
            getattr(optimizer, name)
        assert not hasattr(optimizer, name)
        assert name not in dir(optimizer)
    for name in ("zzz", "cat", "unsqueeze", "__array__", "_zzz"):
        with pytest.raises(AttributeError, match=rf"^'Optimizer' object has no attribute '{name}'$"):
            getattr(optimizer, name)
    assert copy.copy(optimizer) == optimizer
    assert type(optimizer)(*optimizer) == optimizer
