"""Optimisers do what their papers say, and what PyTorch's do; they write into nothing and can be differentiated."""

from __future__ import annotations

import dataclasses
import pickle
from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.nnet import optimizers, schedules
from gradarray.nnet.optimizers import adam, adamw, add_weight_decay, apply_updates, chain, rmsprop, sgd

RNG = np.random.default_rng(5)
MATRIX, TARGET = RNG.normal(size=(6, 4)), RNG.normal(size=6)
START = {"w": RNG.normal(size=4), "b": np.float64(0.3)}


def loss(params: Any) -> Any:
    return np.mean((np.tanh(MATRIX @ params["w"]) + params["b"] ** 2 - TARGET) ** 2)


def trained(optimizer: Any, params: Any = START, steps: int = 12, f: Any = loss) -> Any:
    state = optimizer.init(params)
    for _ in range(steps):
        updates, state = optimizer.update(ga.grad(f)(params), state, params)
        params = apply_updates(params, updates)
    return params


def by_formula(advance: Any, steps: int = 12) -> Any:
    """Train with one number after the other; ``advance(memory, g, p, t)`` returns the next p, t from 1 on."""
    flat = np.append(START["w"], START["b"])
    memories: list[dict[str, Any]] = [{} for _ in flat]
    for t in range(1, steps + 1):
        gradients = ga.grad(loss)({"w": flat[:4], "b": flat[4]})
        g = [*gradients["w"], gradients["b"]]
        flat = np.array([advance(memories[i], g[i], flat[i], t) for i in range(5)])
    return {"w": flat[:4], "b": flat[4]}


def same(a: Any, b: Any, rtol: float = 1e-10) -> None:
    assert a.keys() == b.keys()
    for key in a:
        np.testing.assert_allclose(a[key], b[key], rtol=rtol, atol=1e-12)


# --- the formulas ----------------------------------------------------------------------------------------------------


def test_gradient_descent():
    same(trained(sgd(0.1)), by_formula(lambda memory, g, p, t: p - 0.1 * g))


def test_momentum_by_the_paper():
    """Sutskever et al., equations 1 and 2: v = mu v - rate g; p = p + v."""

    def advance(memory: Any, g: Any, p: Any, t: int) -> Any:
        memory["v"] = 0.9 * memory.get("v", 0.0) - 0.1 * g
        return p + memory["v"]

    same(trained(sgd(0.1, momentum=0.9)), by_formula(advance))


def test_nesterov_by_the_paper():
    """Equations 3 and 4 have the gradient at p + mu v, and that point is what is stored here."""
    rate, mu = 0.1, 0.9
    flat, v = np.append(START["w"], START["b"]), np.zeros(5)
    for _ in range(12):
        ahead = flat + mu * v
        g = ga.grad(loss)({"w": ahead[:4], "b": ahead[4]})
        v = mu * v - rate * np.append(g["w"], g["b"])
        flat = flat + v
    ahead = flat + mu * v
    same(trained(sgd(rate, momentum=mu, nesterov=True)), {"w": ahead[:4], "b": ahead[4]})


def test_rmsprop_by_the_lecture():
    def advance(memory: Any, g: Any, p: Any, t: int) -> Any:
        memory["s"] = 0.9 * memory.get("s", 0.0) + 0.1 * g**2
        return p - 0.01 * g / (memory["s"] ** 0.5 + 1e-8)

    same(trained(rmsprop(0.01, decay=0.9)), by_formula(advance))


def test_rmsprop_centered_with_momentum():
    def advance(memory: Any, g: Any, p: Any, t: int) -> Any:
        memory["s"] = 0.95 * memory.get("s", 0.0) + 0.05 * g**2
        memory["m"] = 0.95 * memory.get("m", 0.0) + 0.05 * g
        memory["v"] = 0.5 * memory.get("v", 0.0) + g / ((memory["s"] - memory["m"] ** 2) ** 0.5 + 1e-3)
        return p - 0.01 * memory["v"]

    same(trained(rmsprop(0.01, decay=0.95, eps=1e-3, centered=True, momentum=0.5)), by_formula(advance))


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_by_the_paper(amsgrad: bool):
    """Algorithm 1 of Kingma and Ba."""

    def advance(memory: Any, g: Any, p: Any, t: int) -> Any:
        memory["m"] = 0.8 * memory.get("m", 0.0) + 0.2 * g
        memory["v"] = 0.9 * memory.get("v", 0.0) + 0.1 * g**2
        memory["top"] = max(memory.get("top", 0.0), memory["v"])
        v = memory["top"] if amsgrad else memory["v"]
        return p - 0.05 * (memory["m"] / (1 - 0.8**t)) / ((v / (1 - 0.9**t)) ** 0.5 + 1e-6)

    found = trained(adam(0.05, 0.8, 0.9, 1e-6, amsgrad=amsgrad), steps=40)
    same(found, by_formula(advance, 40))
    assert amsgrad == (abs(found["b"] - trained(adam(0.05, 0.8, 0.9, 1e-6), steps=40)["b"]) > 1e-6)


def test_adamw_by_the_paper():
    """Algorithm 2 of Loshchilov and Hutter, with the rate as a factor of the decay."""

    def advance(memory: Any, g: Any, p: Any, t: int) -> Any:
        memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * g
        memory["v"] = 0.999 * memory.get("v", 0.0) + 0.001 * g**2
        step = (memory["m"] / (1 - 0.9**t)) / ((memory["v"] / (1 - 0.999**t)) ** 0.5 + 1e-8)
        return p - 0.05 * (step + 0.3 * p)

    same(trained(adamw(0.05, weight_decay=0.3)), by_formula(advance))


# --- PyTorch's --------------------------------------------------------------------------------------------------------

PAIRS = {
    "sgd": (sgd(0.1), "SGD", {"lr": 0.1}),
    "momentum": (sgd(0.1, 0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
    "dampening": (sgd(0.1, 0.9, dampening=0.3), "SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    "nesterov": (sgd(0.1, 0.9, nesterov=True), "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "decay": (
        chain(add_weight_decay(0.1), sgd(0.1, 0.9)),
        "SGD",
        {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1},
    ),
    "rmsprop": (rmsprop(), "RMSprop", {}),
    "centered": (rmsprop(0.02, 0.9, centered=True), "RMSprop", {"lr": 0.02, "alpha": 0.9, "centered": True}),
    "rmsprop with momentum": (rmsprop(momentum=0.9), "RMSprop", {"momentum": 0.9}),
    "adam": (adam(), "Adam", {}),
    "adam by other numbers": (adam(0.1, 0.5, 0.7, 1e-3), "Adam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 1e-3}),
    "amsgrad": (adam(0.1, 0.5, 0.7, amsgrad=True), "Adam", {"lr": 0.1, "betas": (0.5, 0.7), "amsgrad": True}),
    "adam with decay": (chain(add_weight_decay(0.1), adam(0.1)), "Adam", {"lr": 0.1, "weight_decay": 0.1}),
    "adamw": (adamw(), "AdamW", {}),
    "adamw by other numbers": (adamw(0.1, weight_decay=0.5), "AdamW", {"lr": 0.1, "weight_decay": 0.5}),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_same_numbers_as_pytorch(name: str, dtype: Any):
    torch = pytest.importorskip("torch", reason="the numbers are compared with PyTorch's")
    ours, theirs, options = PAIRS[name]
    matrix, target = MATRIX.astype(dtype), TARGET.astype(dtype)
    params = {"w": START["w"].astype(dtype), "b": np.asarray(START["b"], dtype)}
    w, b = torch.tensor(params["w"], requires_grad=True), torch.tensor(params["b"], requires_grad=True)
    optimizer = getattr(torch.optim, theirs)([w, b], **options)
    state = ours.init(params)
    for _ in range(25):
        optimizer.zero_grad()
        ((torch.tanh(torch.tensor(matrix) @ w) + b**2 - torch.tensor(target)) ** 2).mean().backward()
        optimizer.step()

        def f(p: Any) -> Any:
            return np.mean((np.tanh(matrix @ p["w"]) + p["b"] ** 2 - target) ** 2)

        updates, state = ours.update(ga.grad(f)(params), state, params)
        params = apply_updates(params, updates)
        assert params["w"].dtype == updates["w"].dtype == dtype
        rtol, atol = (1e-9, 1e-12) if dtype is np.float64 else (2e-4, 1e-6)
        np.testing.assert_allclose(params["w"], w.detach().numpy(), rtol=rtol, atol=atol)
        np.testing.assert_allclose(params["b"], b.detach().numpy(), rtol=rtol, atol=atol)


def test_clipping_as_pytorch_does():
    torch = pytest.importorskip("torch", reason="the numbers are compared with PyTorch's")
    for scale in (0.01, 1.0, 100.0):
        g = [scale * RNG.normal(size=3), scale * RNG.normal(size=(2, 2))]
        leaves = [torch.zeros(x.shape, dtype=torch.float64, requires_grad=True) for x in g]
        for leaf, x in zip(leaves, g, strict=True):
            leaf.grad = torch.tensor(x)
        torch.nn.utils.clip_grad_norm_(leaves, 1.0)
        found = optimizers.clip_by_global_norm(1.0).update(g, ())[0]
        for leaf, x in zip(leaves, found, strict=True):
            np.testing.assert_allclose(x, leaf.grad.numpy(), rtol=2e-6)


# --- containers, dtypes, memory ---------------------------------------------------------------------------------------

ALL = {
    "sgd": sgd(0.1),
    "nesterov": sgd(0.1, 0.9, nesterov=True),
    "rmsprop": rmsprop(0.01, centered=True, momentum=0.5),
    "adam": adam(0.1, amsgrad=True),
    "adamw": adamw(0.1),
    "chain": chain(optimizers.clip_by_global_norm(1.0), optimizers.clip(0.5), add_weight_decay(0.1), adam(0.1)),
    "schedule": adam(schedules.warmup(schedules.cosine_decay(0.1, 20), 5)),
}
every = pytest.mark.parametrize("optimizer", ALL.values(), ids=ALL)

Pair = namedtuple("Pair", "left right")


@dataclasses.dataclass
class Layer:
    weight: Any
    bias: Any
    activation: str = "tanh"


class Signal:
    def __init__(self, samples: Any, rate: float) -> None:
        self.samples, self.rate = samples, rate


ga.register_container(Signal, lambda s: {"samples": s.samples}, lambda s, parts: Signal(parts["samples"], s.rate))


def leaves_of(params: Any) -> list[Any]:
    from gradarray.transforms.containers import flatten

    return flatten(params)[0]


CONTAINERS = {
    "array": np.array([0.3, -0.2]),
    "number": 0.7,
    "0-d": np.array(0.7),
    "empty": [np.zeros((0, 3)), np.ones(2)],
    "no leaf": [],
    "nested": {"a": [np.ones(2), (np.float64(0.5), None)], "name": "x"},
    "named tuple": Pair(np.ones(2), [0.5]),
    "dataclass": [Layer(np.ones((2, 3)), np.zeros(3)), Layer(np.ones((3, 1)), 0.5)],
    "registered": Signal(np.array([1.0, -2.0]), 3.0),
    "not contiguous": np.arange(12.0).reshape(3, 4)[::2, ::-1].T,
    "complex": {"z": np.array([1 + 2j, -0.5j]), "x": 1.0},
    "single": {"a": np.ones(3, np.float32), "b": np.float32(2.0)},
    "half": np.ones(3, np.float16),
    "read-only": np.broadcast_to(np.float64(1.5), (2, 2)),
}


@every
@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container(optimizer: Any, name: str):
    """Containers, shapes and dtypes stay, nothing is written into, and the loss goes down."""
    params = CONTAINERS[name]
    if name == "complex" and optimizer is ALL["chain"]:
        optimizer = chain(optimizers.clip_by_global_norm(1.0), adam(0.1))

    def f(p: Any) -> Any:
        return sum((np.sum(np.abs(x) ** 2) for x in leaves_of(p)), np.float64(0))

    before = [np.array(x) for x in leaves_of(params)]
    for x in leaves_of(params):
        if isinstance(x, np.ndarray):
            x.flags.writeable = False
    state = optimizer.init(params)
    kept = pickle.dumps(state)
    now = params
    for _ in range(3):
        gradients = ga.grad(f)(now)
        updates, new = optimizer.update(gradients, state, now)
        again, _ = optimizer.update(gradients, state, now)
        for x, y in zip(leaves_of(updates), leaves_of(again), strict=True):
            np.testing.assert_array_equal(x, y)
        assert pickle.dumps(state) == kept
        now, state = apply_updates(now, updates), new
        kept = pickle.dumps(state)
    assert type(now) is type(params) or isinstance(now, np.number)
    for x, y, old in zip(leaves_of(now), leaves_of(params), before, strict=True):
        assert np.shape(x) == np.shape(y)
        assert x.dtype == np.result_type(y)
        np.testing.assert_array_equal(y, old)
    assert np.size(before[0] if before else ()) == 0 or f(now) < f(params)
    if isinstance(params, Signal):
        assert now.rate == 3.0
    if name == "nested":
        assert now["name"] == "x"
        assert now["a"][1][1] is None


@every
def test_a_state_can_be_saved_and_used_again(optimizer: Any):
    params, state = START, optimizer.init(START)
    for k in range(6):
        updates, state = optimizer.update(ga.grad(loss)(params), state, params)
        params = apply_updates(params, updates)
        if k == 2:
            state = pickle.loads(pickle.dumps(state))
    same(params, trained(optimizer, steps=6), 0)


def test_rates_and_gradients_of_another_precision():
    """The dtype of a parameter stays, whatever comes to it, and a rate of NumPy's is as good as Python's."""
    params, gradients = np.float32([1.0, 2.0, 3.0]), np.float32([0.1, 0.7, 1.3])
    by_number, _ = sgd(0.1).update(gradients, sgd(0.1).init(params))
    for rate in (np.float64(0.1), np.array(0.1), lambda step: np.float64(0.1), schedules.linear(0.1, 0.1, 5)):
        updates, _ = sgd(rate).update(gradients, sgd(rate).init(params))
        assert updates.dtype == np.float32
        np.testing.assert_array_equal(updates, by_number)
        np.testing.assert_array_equal(updates, np.float32(-0.1) * gradients)
    for optimizer in (
        sgd(ga.tensor(0.1), ga.tensor(0.9)),
        adam(ga.tensor(0.1)),
        rmsprop(np.float64(0.1), np.float64(0.9)),
    ):
        state = optimizer.init(params)
        updates, state = optimizer.update(gradients.astype(np.float64), state, params)
        assert updates.dtype == np.float32
        assert {x.dtype for x in leaves_of(state) if np.ndim(x)} == {np.dtype(np.float32)}
        assert apply_updates(params, np.ones(3)).dtype == np.float32


# --- tensors ----------------------------------------------------------------------------------------------------------


@every
def test_steps_in_place_are_those_of_arrays(optimizer: Any):
    params = {"w": ga.tensor(START["w"]), "b": ga.tensor(START["b"])}
    held = dict(params)
    state = optimizer.init(params)
    for _ in range(12):
        loss(params).backward()
        state = optimizers.step(optimizer, params, state)
    assert all(params[key] is held[key] for key in params)
    same({key: t.data for key, t in params.items()}, trained(optimizer))


@pytest.mark.parametrize("name", ["sgd", "nesterov", "rmsprop", "adam", "schedule"])
def test_tensors_by_new_ones_are_those_of_arrays(name: str):
    """An update by gradients alone hangs on no tape; one that decays weights is on that of the parameters."""
    optimizer = ALL[name]
    params: Any = {"w": ga.tensor(START["w"]), "b": ga.tensor(START["b"])}
    state = optimizer.init(params)
    for _ in range(12):
        loss(params).backward()
        updates, state = optimizer.update({key: t.grad for key, t in params.items()}, state, params)
        params = apply_updates(params, updates)
    same({key: t.data for key, t in params.items()}, trained(optimizer))


@every
def test_what_has_no_gradient_stays(optimizer: Any):
    params = {"w": ga.tensor(START["w"]), "b": ga.tensor(START["b"]), "unused": ga.tensor([1.0, 2.0]), "n": 3}
    state = optimizer.init(params)
    for _ in range(5):
        loss(params).backward()
        state = optimizers.step(optimizer, params, state)
    assert params["unused"].data.tolist() == [1.0, 2.0]
    assert params["n"] == 3
    expected = trained(optimizer, steps=5)
    same({key: params[key].data for key in "wb"}, expected)
    (params["w"] @ params["w"]).backward()
    params["unused"].sum().backward()
    optimizers.step(optimizer, params, state)
    assert params["unused"].data.tolist() != [1.0, 2.0]


def test_the_state_of_what_has_no_gradient_stays():
    optimizer = adam(0.1)
    params = {"a": np.ones(2), "b": {"c": np.ones(3)}}
    _, state = optimizer.update({"a": np.ones(2), "b": {"c": np.ones(3)}}, optimizer.init(params), params)
    updates, after = optimizer.update({"a": np.ones(2), "b": None}, state, params)
    assert updates["b"] == {"c": None}
    np.testing.assert_array_equal(after.mean["b"]["c"], state.mean["b"]["c"])
    assert np.all(after.mean["a"] > state.mean["a"])
    without, later = optimizer.update({"a": np.ones(2), "b": None}, state)
    np.testing.assert_array_equal(without["a"], updates["a"])
    np.testing.assert_array_equal(later.square["b"]["c"], state.square["b"]["c"])


def test_step_is_for_tensors():
    optimizer = sgd(0.1)
    with pytest.raises(TypeError, match="apply_updates"):
        optimizers.step(optimizer, [np.ones(2)], optimizer.init([np.ones(2)]))


# --- derivatives of updates -------------------------------------------------------------------------------------------


@every
def test_an_update_is_differentiable(optimizer: Any):
    """The loss after two steps by the start values, which takes second derivatives of the loss."""
    ga.check_grads(lambda p: loss(trained(optimizer, p, 2)), (START,), order=1)


@pytest.mark.parametrize("make", [sgd, lambda r: sgd(r, 0.9, nesterov=True), rmsprop, adam, adamw])
def test_the_rate_can_be_learned(make: Any):
    ga.check_grads(lambda r: loss(trained(make(r), steps=3)), (0.05,), order=1)
    ga.check_grads(
        lambda r: loss(trained(make(schedules.warmup(schedules.exponential_decay(r, 0.9), 2)), steps=4)),
        (0.05,),
        order=1,
    )


def test_other_numbers_can_be_learned():
    ga.check_grads(lambda m: loss(trained(sgd(0.1, m), steps=3)), (0.5,), order=1)
    by_zero = ga.grad(lambda m: loss(trained(sgd(0.1, m), steps=3)))(0.0)
    np.testing.assert_allclose(by_zero, ga.grad(lambda m: loss(trained(sgd(0.1, m), steps=3)))(1e-9), rtol=1e-6)
    assert by_zero != 0
    ga.check_grads(lambda a, b: loss(trained(adam(0.1, a, b), steps=3)), (0.5, 0.8), order=1)
    ga.check_grads(lambda c: loss(trained(adamw(0.1, weight_decay=c), steps=3)), (0.5,), order=1)
    ga.check_grads(
        lambda c: loss(trained(chain(optimizers.clip_by_global_norm(c), sgd(0.1)), steps=3)), (0.1,), order=1
    )


def test_a_gradient_of_zero_has_a_finite_derivative():
    """Adam divides by the root of a mean of squares, which has an infinite slope at zero."""
    for make in (adam, adamw, rmsprop, lambda r: rmsprop(r, centered=True)):

        def f(p: Any, make: Any = make) -> Any:
            return np.sum(trained(make(0.1), p, 2, lambda q: q[0] ** 2 + 0 * q[1]))

        found = ga.grad(f)(np.array([1.0, 2.0]))
        assert np.all(np.isfinite(found)), found


# --- masks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mask",
    [
        lambda p: np.ndim(p) > 1,
        {"one": {"w": True, "b": False}, "two": {"w": True, "b": np.False_}},
        [True, False],
    ],
    ids=["function", "container", "part"],
)
@pytest.mark.parametrize("make", [lambda mask: adamw(0.1, mask=mask, weight_decay=0.5), None], ids=["adamw", "add"])
def test_weights_decay_where_the_mask_says(mask: Any, make: Any):
    layer = {"w": np.ones((2, 2)), "b": np.ones(2)}
    params: Any = {"one": layer, "two": layer}
    if isinstance(mask, list):
        params = [np.ones(2), {"w": np.ones(2), "b": np.ones(2)}]
    optimizer = make(mask) if make else chain(add_weight_decay(0.5, mask), sgd(0.1))
    zeros = ga.grad(lambda p: sum(np.sum(0 * x) for x in leaves_of(p)))(params)
    found = apply_updates(params, optimizer.update(zeros, optimizer.init(params), params)[0])
    if isinstance(mask, list):
        assert [x[0] for x in leaves_of(found)] == [0.95, 1.0, 1.0]
    else:
        assert [x.flat[0] for x in leaves_of(found)] == [0.95, 1.0, 0.95, 1.0]


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sgd(-0.1), "learning rate"),
        (lambda: sgd(0.1, -0.5), "momentum"),
        (lambda: sgd(0.1, nesterov=True), "Nesterov"),
        (lambda: sgd(0.1, 0.9, dampening=0.1, nesterov=True), "Nesterov"),
        (lambda: adam(b1=1.0), "b1"),
        (lambda: adam(b2=-0.1), "b2"),
        (lambda: adam(eps=-1.0), "eps"),
        (lambda: adamw(weight_decay=-1.0), "weight_decay"),
        (lambda: rmsprop(decay=1.5), "decay"),
        (lambda: optimizers.clip(0.0), "limit"),
        (lambda: optimizers.clip_by_global_norm(-1.0), "limit"),
    ],
)
def test_numbers_out_of_range(make: Any, message: str):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("params", [[np.ones(2)], {"w": np.ones(2)}, np.ones(2), ga.tensor([1.0]), iter([])], ids=type)
def test_parameters_are_no_rate(params: Any):
    """An optimiser of PyTorch's has them."""
    for make in (sgd, rmsprop, adam, adamw):
        with pytest.raises(TypeError, match=r"the learning rate is a number, .*; parameters go to init"):
            make(params)
    for rate in (1, 0.1, np.float32(0.1), np.array(0.1), ga.tensor(0.1), lambda step: 0.1):
        assert sgd(rate).update(np.ones(2), sgd(rate).init(np.ones(2)))[0].shape == (2,)


def test_containers_that_do_not_fit():
    optimizer = adam(0.1)
    params = {"w": np.ones(2)}
    state = optimizer.init(params)
    with pytest.raises(ValueError, match=r"the gradients\['w'\] of shape \(3,\)"):
        optimizer.update({"w": np.ones(3)}, state, params)
    with pytest.raises(ValueError, match=r"the gradients\['w'\] of shape \(1,\)"):
        optimizer.update({"w": np.ones(1)}, state)
    with pytest.raises(ValueError, match="the gradients is"):
        optimizer.update([np.ones(2)], state, params)
    with pytest.raises(ValueError, match="the state"):
        optimizer.update({"w": np.ones(2)}, adam(0.1).init([np.ones(2)]), params)
    with pytest.raises(ValueError, match="the updates"):
        apply_updates(params, {"v": np.ones(2)})
    with pytest.raises(ValueError, match=r"adamw needs the parameters"):
        adamw(0.1).update({"w": np.ones(2)}, state)
    with pytest.raises(ValueError, match=r"the mask"):
        adamw(0.1, mask={"v": True}).update({"w": np.ones(2)}, state, params)
    with pytest.raises(ValueError, match="a chain of 2"):
        chain(sgd(0.1), sgd(0.1)).update({"w": np.ones(2)}, (), params)


@pytest.mark.parametrize("optimizer", [sgd(0.1), sgd(0.1, 0.9), optimizers.rmsprop(), adam(), adamw()])
@pytest.mark.parametrize("whole", [3, np.array([3, 1]), np.int64(3)])
def test_whole_numbers_are_not_updated_by_nothing(optimizer: Any, whole: Any):
    gradient = 0.5 * whole
    with pytest.raises(TypeError, match="dtype int64 cannot take an update of dtype float64"):
        optimizer.update(gradient, optimizer.init(whole), whole)
    with pytest.raises(TypeError, match="dtype int64 cannot take an update of dtype float64"):
        apply_updates(whole, gradient)


def test_real_parameters_do_not_take_complex_updates():
    with pytest.raises(TypeError, match="dtype float64 cannot take an update of dtype complex128"):
        apply_updates(np.ones(2), np.ones(2) * 1j)


def test_python_numbers_as_gradients_of_single_precision():
    updates, _ = sgd(0.5).update(0.5, sgd(0.5).init(np.float32(1)), np.float32(1))
    assert (updates, updates.dtype) == (-0.25, np.float32)


def test_what_clips_gradients():
    found = optimizers.clip_by_global_norm(2.0).update({"a": np.float32([3e30, 4e30]), "b": None}, ())[0]
    np.testing.assert_allclose(found["a"], [1.2, 1.6], rtol=1e-6)
    assert found["a"].dtype == np.float32
    assert found["b"] is None
    assert optimizers.clip_by_global_norm(2.0).update([], ())[0] == []
    zeros = optimizers.clip_by_global_norm(2.0).update(np.zeros(2), ())[0]
    assert zeros.tolist() == [0.0, 0.0]
    with pytest.raises(TypeError, match="real"):
        optimizers.clip(1.0).update(np.ones(2) * 1j, ())
