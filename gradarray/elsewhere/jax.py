"""JAX's names."""

from __future__ import annotations

from .rows import Difference, Row, Sections, alike

_RANDOM = "the numbers are those of another generator"
_DEVICES = "there is one device"
_EAGER = "nothing is compiled"
_LEAVES = "with ga.tree_leaves and ga.flatten beside it; what is no number stays as it is"
_BACK = "ga.tree_map puts others in their places; or ga.flatten gives one vector, and the way back"
_CLASS = "dataclasses and named tuples are looked into without it"
_VECTOR = "with the function back, as there"
_PACKAGE = "a package of its own"
_OPTAX = "its init and update are as there, and apply_updates stands beside it"
_KEYS = "a generator has its state, and is not split"


def _tree(name: str, theirs: str, write: str, note: str = "") -> tuple[Row, Row]:
    """Return the rows of a function that has two names."""
    return (
        Row(f"tree.{name}", f"jax.tree.{theirs}", write, note),
        Row(f"tree_util.tree_{name}", f"jax.tree_util.tree_{theirs}", write, note),
    )


SECTIONS: Sections = {
    "Arrays and modules": (
        Row("numpy", "jax.numpy.sin(x)", "np.sin(x)", "after import numpy as np: NumPy's own functions take tensors"),
        Row("jnp", "jnp.sin(x)", "np.sin(x)", "after import numpy as np: NumPy's own functions take tensors"),
        Row("Array", "isinstance(x, jax.Array)", "isinstance(x, ga.Tensor)"),
        Row(
            "Tensor.at",
            "x.at[0].set(2.0)",
            "x[0] = 2.0",
            "and x[0] += 2.0 for add: changes in place are differentiated; z = x.copy() before keeps the old one",
        ),
        Row("at[].add", "x.at[0].add(2.0)", "x[0] += 2.0"),
        Row("at[].mul", "x.at[0].multiply(2.0)", "x[0] *= 2.0"),
        Row("at[].max", "x.at[0].max(0.5)", "x[0] = np.maximum(x[0], 0.5)"),
        Row("at[].add of repeated indices", "v.at[repeated].add(u)", "np.add.at(v, repeated, u); v"),
        Row("at[].get", "x.at[0].get()", "x[0]"),
        Row("Tensor.block_until_ready", "x.block_until_ready()", "x", "nothing is computed later"),
        Row("block_until_ready", "jax.block_until_ready(x)", "x", "nothing is computed later"),
        Row("Tensor.devices", "x.devices()", "x.device", alone=_DEVICES),
        Row("Tensor.sharding", "x.sharding", "x.device", alone=_DEVICES),
        Row("Tensor.addressable_data", "x.addressable_data(0)", "x", "all of it is here"),
        Row("Tensor.copy_to_host_async", "x.copy_to_host_async()", "x", "it is there already", alone=_DEVICES),
        Row("Tensor.weak_type", "x.weak_type", "False", "Python's own numbers are weak, as in NumPy"),
        *(
            Row(f"Tensor.{name}", f"x.{name}", write, alone=_DEVICES)
            for name, write in (
                ("is_ready", "True"),
                ("is_deleted", "False"),
                ("is_fully_addressable", "True"),
                ("committed", "True"),
                ("addressable_shards", "[x]"),
                ("platform", "x.device"),
            )
        ),
        Row("Tensor.delete", "x.delete()", "del x", "or nothing: memory is freed with the last name", alone=_DEVICES),
        Row("Tensor.ptp", "x.ptp()", "np.ptp(x)", alone="a method no more in NumPy, and in JAX"),
        Row("Tensor.aval", "x.aval.shape", "x.shape"),
        Row("device_put", "jax.device_put(x)", "x", "all arrays are on the CPU"),
        Row("device_get", "jax.device_get(x)", "x.data"),
        Row("devices", "jax.devices()", "x.device", alone=_DEVICES),
        *(
            Row(name, f"jax.{name}{call}", write, alone=_DEVICES)
            for name, call, write in (
                ("local_devices", "()", "x.device"),
                ("local_device_count", "()", "1"),
                ("process_count", "()", "1"),
                ("process_index", "()", "0"),
                ("default_backend", "()", "x.device"),
                ("default_device", "", "x.device"),
                ("sharding", "", "x.device"),
                ("make_mesh", "", "x.device"),
                ("distributed", "", "x.device"),
            )
        ),
        Row("typeof", "jax.typeof(x).shape", "x.shape"),
        Row(
            "image", "jax.image.resize(images, (2, 3, 8, 12), 'nearest')", "np.repeat(np.repeat(images, 2, -2), 2, -1)"
        ),
        *(
            Row(name, f"with jax.{name}('highest'): z = F(v)", "z = F(v)", "nothing is compiled")
            for name in ("named_scope", "default_matmul_precision")
        ),
        Row(
            "ensure_compile_time_eval",
            "with jax.ensure_compile_time_eval(): z = F(v)",
            "z = F(v)",
            "nothing is compiled",
        ),
        Row("checking_leaks", "with jax.checking_leaks(): z = F(v)", "z = F(v)", "nothing is traced"),
        Row("clear_caches", "jax.clear_caches()", "del v", "programs go with their function", alone=_EAGER),
        Row("new_ref", "jax.new_ref(v)[...]", "v", "arrays can be changed"),
        Row("dlpack", "jax.dlpack.from_dlpack(a)", "np.from_dlpack(a)"),
        Row(
            "custom_derivatives",
            "jax.custom_jvp",
            "ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g))(x)",
            alone="a class there",
        ),
        Row("interpreters", "jax.interpreters.ad", "ga.registry.rule", "declares a derivative", alone="a module"),
        Row("extend", "jax.extend.core.Primitive", "ga.registry.primitive", "with ga.registry.rule", alone="a module"),
        Row("device_count", "jax.device_count()", "1", alone=_DEVICES),
        Row(
            "config",
            "jax.config.update('jax_enable_x64', True)",
            "ga.tensor([1.0]).dtype",
            "float64 is the default",
            alone="a setting for all",
        ),
        Row(
            "enable_x64",
            "jax.enable_x64(True)",
            "ga.tensor([1.0]).dtype",
            "float64 is the default",
            alone="a setting for all",
        ),
        Row("ShapeDtypeStruct", "jax.eval_shape(F, v).shape", "F(v).shape"),
        Row("eval_shape", "jax.eval_shape(F, v).shape", "F(v).shape", "it is computed"),
        *alike("r_ c_ s_ mgrid ogrid", "{}", "jnp.{}[0:3]", "np.{}[0:3]"),
        Row("from_dlpack(device=)", "jnp.from_dlpack(a)", "np.from_dlpack(a)"),
    ),
    "Derivatives": (
        Row(
            "grad(holomorphic=)",
            "jax.grad(f, holomorphic=True)(v + 0j)",
            "vjp, as in ga.vjp(f, v.data + 0j)[1](1 + 0j)",
            "of a holomorphic function it is conj(df/dz)",
            alone="one is the conjugate of the other",
        ),
        Row(
            "grad(allow_int=)",
            "jax.grad(f, allow_int=True)(v)",
            "ga.grad(f)(v.data)",
            "whole numbers have no derivative: pass x.astype(float)",
        ),
        Row("reduce_axes=", "jax.grad(f)(v)", "ga.grad(f)(v.data)", "nothing is mapped over devices"),
        Row(
            "jit", "jax.jit(F)(v)", "ga.jit(F)(v.data)", "branches and loops on values are looked at again in each run"
        ),
        Row(
            "static_argnums=",
            "jax.jit(lambda x, n: x ** n, static_argnums=1)(v, 2)",
            "ga.jit(lambda x, n: x ** n, static_argnums=1)(v.data, 2)",
        ),
        Row(
            "vmap",
            "jax.vmap(f)(x)",
            "ga.vmap(f)(x)",
            "NumPy's own axis= and broadcasting do the same at once; ga.jacobian takes all rows in one sweep",
        ),
        Row("in_axes=", "jax.vmap(f, in_axes=1)(x)", "ga.vmap(f, in_axes=1)(x)"),
        Row("pmap", "jax.pmap(f)(x)", "np.stack([f(row) for row in x])", alone=_DEVICES),
        Row("xmap", "jax.pmap(f)(x)", "np.stack([f(row) for row in x])", alone=_DEVICES),
        Row("shard_map", "jax.shard_map", "F(v)", alone=_DEVICES),
        Row("remat", "jax.remat(F)(v)", "ga.checkpoint(F)(v)"),
        Row(
            "custom_jvp",
            "@jax.custom_jvp\ndef square(x): return x ** 2\n"
            "square.defjvp(lambda primals, tangents: (primals[0] ** 2, 2 * primals[0] * tangents[0]))\nsquare(x)",
            "ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g))(x)",
            "the one function serves both modes",
        ),
        Row(
            "custom_vjp",
            "@jax.custom_vjp\ndef square(x): return x ** 2\n"
            "square.defvjp(lambda x: (x ** 2, x), lambda x, g: (2 * x * g,))\nsquare(x)",
            "ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g))(x)",
        ),
        Row(
            "linear_transpose",
            "jax.linear_transpose(lambda x: 2 * x, v)(u)[0]",
            "ga.vjp(lambda x: 2 * x, v.data)[1](u.data)[0]",
        ),
        Row("make_jaxpr", "jax.make_jaxpr(f)(v)", "f(v).creator", "the tape is made anew at each call", alone=_EAGER),
        Row("closure_convert", "jax.closure_convert(f, v)[0](v)", "f(v)", "closures are differentiated as they are"),
        Row("checkpoint(policy=)", "jax.checkpoint(F)(v)", "ga.checkpoint(F)(v)"),
        *(
            Row(f"{name}=", f"jax.jit(F, {name}={value})(v)", "ga.jit(F)(v.data)", "nothing is compiled", alone=_EAGER)
            for name, value in (
                ("donate_argnums", "0"),
                ("donate_argnames", "'v'"),
                ("backend", "'cpu'"),
                ("inline", "True"),
            )
        ),
        Row("prevent_cse=", "jax.checkpoint(F, prevent_cse=False)(v)", "ga.checkpoint(F)(v)"),
        *(
            Row(f"{name}=", f"jnp.matmul(A, B, {name}={value})", "A @ B", "in the precision of the arrays")
            for name, value in (("precision", "'highest'"), ("preferred_element_type", "float"))
        ),
        Row("axis_name=", "jax.vmap(f, axis_name='rows')(x)", "ga.vmap(f)(x)"),
        Row("total_repeat_length=", "jnp.repeat(v, 2, total_repeat_length=6)", "np.repeat(v, 2)"),
        Row("pure_callback", "jax.pure_callback(F, v, v)", "F(v)", "NumPy code needs no way out"),
        Row("debug", "jax.debug.print('{}', v)", "print(v)", alone="it prints"),
        Row("debug_nans", "with jax.debug_nans(True): z = F(v)", "with ga.detect_anomaly(): z = F(v)"),
        Row("disable_jit", "with jax.disable_jit(): z = F(v)", "z = F(v)", "it runs as it stands"),
        Row("ad", "jax.grad(f)(v)", "ga.grad(f)(v.data)"),
        Row(
            "test_util.check_grads",
            "jax.test_util.check_grads(F, (v,), 2)",
            "ga.check_grads(F, (v.data,), 2)",
            alone="it raises or is silent",
        ),
    ),
    "jax.lax": (
        Row(
            "lax",
            "jax.lax.cond(v.sum() > 0, F, lambda v: v, v)",
            "Python's own if, for and while, which are differentiated as they run, as in F(v) if np.sum(v) > 0 else v",
        ),
        Row("lax.stop_gradient", "jax.lax.stop_gradient(v)", "ga.stop_gradient(v)"),
        Row("lax.cond", "jax.lax.cond(True, lambda v: 2 * v, F, v)", "2 * v if True else F(v)"),
        Row("lax.select", "jax.lax.select(mask, x, y)", "np.where(mask, x, y)"),
        Row("lax.switch", "jax.lax.switch(0, [F, F], v)", "[F, F][0](v)"),
        Row("lax.fori_loop", "jax.lax.fori_loop(0, 3, lambda i, z: 2 * z, v)", "z = v\nfor i in range(3): z = 2 * z"),
        Row(
            "lax.while_loop",
            "jax.lax.while_loop(lambda z: z.sum() < 9, lambda z: 2 * z, v)",
            "z = v\nwhile np.sum(z) < 9: z = 2 * z",
        ),
        Row(
            "lax.scan",
            "jax.lax.scan(lambda z, row: (z + row, z.sum()), v, x)[1]",
            "z, out = v, np.zeros(len(x), like=v)\n"
            "for i, row in enumerate(x):\n    out[i] = np.sum(z)\n    z = z + row\nout",
        ),
        Row("lax.map", "jax.lax.map(f, x)", "np.stack([f(row) for row in x])"),
        Row("lax.associative_scan", "jax.lax.associative_scan(jnp.add, v)", "np.cumsum(v)"),
        Row("lax.dynamic_slice", "jax.lax.dynamic_slice(v, (1,), (2,))", "v[1:1 + 2]"),
        Row("lax.dynamic_update_slice", "jax.lax.dynamic_update_slice(v, u[:2], (1,))", "v[1:1 + 2] = u[:2]; v"),
        Row("lax.dynamic_index_in_dim", "jax.lax.dynamic_index_in_dim(x, 1, 0, False)", "x[1]"),
        *alike(
            "max/maximum min/minimum rem/fmod eq/equal ne/not_equal lt/less le/less_equal gt/greater ge/greater_equal "
            "sub/subtract mul/multiply div/divide pow/power atan2/arctan2",
            "lax.{}",
            "jax.lax.{}(x, y)",
            "np.{}(x, y)",
        ),
        *alike("neg/negative is_finite/isfinite", "lax.{}", "jax.lax.{}(x)", "np.{}(x)"),
        *alike(
            "reduce_sum/sum reduce_max/max reduce_min/min reduce_prod/prod",
            "lax.{}",
            "jax.lax.{}(x, (0,))",
            "np.{}(x, 0)",
        ),
        Row("lax.integer_pow", "jax.lax.integer_pow(x, 3)", "x ** 3"),
        Row("lax.clamp", "jax.lax.clamp(low, x, high)", "np.clip(x, low, high)"),
        Row("lax.logistic", "jax.lax.logistic(x)", "ga.nnet.sigmoid(x)"),
        Row("lax.rev", "jax.lax.rev(x, (1,))", "np.flip(x, 1)"),
        Row("lax.iota", "jax.lax.iota(int, 3)", "np.arange(3)"),
        Row(
            "lax.broadcasted_iota", "jax.lax.broadcasted_iota(int, (2, 3), 1)", "np.broadcast_to(np.arange(3), (2, 3))"
        ),
        Row("lax.convert_element_type", "jax.lax.convert_element_type(x, np.float32)", "x.astype(np.float32)"),
        Row("lax.select_n", "jax.lax.select_n(mask, x, y)", "np.where(mask, y, x)"),
        Row("lax.slice", "jax.lax.slice(v, (1,), (3,))", "v[1:3]"),
        Row("lax.slice_in_dim", "jax.lax.slice_in_dim(x, 0, 2, axis=1)", "x[:, 0:2]"),
        Row("lax.index_in_dim", "jax.lax.index_in_dim(x, 1, keepdims=False)", "x[1]"),
        Row("lax.dynamic_slice_in_dim", "jax.lax.dynamic_slice_in_dim(x, 1, 2, axis=1)", "x[:, 1:1 + 2]"),
        Row(
            "lax.dynamic_update_slice_in_dim",
            "jax.lax.dynamic_update_slice_in_dim(v, u[:2], 1, axis=0)",
            "v[1:1 + 2] = u[:2]; v",
        ),
        Row(
            "lax.dynamic_update_index_in_dim", "jax.lax.dynamic_update_index_in_dim(v, 2.0, 1, axis=0)", "v[1] = 2.0; v"
        ),
        Row("lax.broadcast", "jax.lax.broadcast(v, (2,))", "np.broadcast_to(v, (2, *v.shape))"),
        Row("lax.broadcast_in_dim", "jax.lax.broadcast_in_dim(v, (2, 3), (1,))", "np.broadcast_to(v, (2, 3))"),
        Row("lax.collapse", "jax.lax.collapse(C, 1)", "C.reshape(2, -1)"),
        Row("lax.pad", "jax.lax.pad(v, 0.0, [(1, 1, 0)])", "np.pad(v, [(1, 1)])"),
        Row("lax.split", "jax.lax.split(v, (1, 2))", "np.split(v, [1])"),
        Row("lax.sort_key_val", "jax.lax.sort_key_val(v, u)[1]", "u[np.argsort(v)]"),
        Row("lax.batch_matmul", "jax.lax.batch_matmul(C, C)", "C @ C"),
        Row("lax.gather", "jax.lax.gather", "x[:, order]", "by an index", alone="it takes tables of places"),
        *(
            Row(f"lax.scatter{name}", f"jax.lax.scatter{name}", write, "by an index", alone="it takes tables of places")
            for name, write in (
                ("", "v[order] = u"),
                ("_add", "np.add.at(v, order, u)"),
                ("_max", "np.maximum.at(v, order, u)"),
            )
        ),
        Row("lax.reduce", "jax.lax.reduce(v, 0.0, jax.lax.add, (0,))", "np.add.reduce(v, 0)"),
        Row(
            "lax.reduce_window",
            "jax.lax.reduce_window(v, -jnp.inf, jax.lax.max, (2,), (1,), 'VALID')",
            "np.lib.stride_tricks.sliding_window_view(v, 2).max(-1)",
        ),
        Row(
            "lax.conv_general_dilated",
            "jax.lax.conv_general_dilated(images, filters, (1, 1), 'VALID')",
            "ga.nnet.conv_nd(images, filters, stride=1)",
        ),
        *(
            Row(f"lax.{name}", f"jax.lax.{name}(v, ())", "v", "nothing is mapped over devices")
            for name in ("pmean", "pmax", "pmin")
        ),
        Row("lax.axis_index", "jax.lax.axis_index", "0", "nothing is mapped over devices", alone=_DEVICES),
        *alike("lgamma/gammaln erfc", "lax.{}", "jax.lax.{}(p)", "ga.scipy.special.{}(p)"),
        Row(
            "lax.Precision",
            "jnp.matmul(A, B, precision=jax.lax.Precision.HIGHEST)",
            "A @ B",
            "in the precision of the arrays",
        ),
        Row("lax.fft", "jax.lax.fft(v + 0j, 'fft', (3,))", "np.fft.fft(v)"),
        Row("lax.rsqrt", "jax.lax.rsqrt(p)", "1 / np.sqrt(p)"),
        Row("lax.erf", "jax.lax.erf(x)", "ga.scipy.special.erf(x)"),
        Row("lax.top_k", "jax.lax.top_k(v, 2)[0]", "np.flip(np.sort(v))[:2]"),
        Row("lax.dot_general", "jax.lax.dot_general(A, B, (((1,), (0,)), ((), ())))", "np.tensordot(A, B, (1, 0))"),
        Row(
            "lax.conv",
            "jax.lax.conv(v[None, None], u[None, None, :2], (1,), 'VALID')[0, 0]",
            "np.correlate(v, u[:2], 'valid')",
        ),
        Row("lax.cumlogsumexp", "jax.lax.cumlogsumexp(v)", "np.logaddexp.accumulate(v)"),
        Row("lax.cummax", "jax.lax.cummax(v)", "np.maximum.accumulate(v)"),
        Row("lax.psum", "jax.lax.psum(v, ())", "v", "nothing is mapped over devices"),
        Row(
            "lax.custom_root",
            "jax.lax.custom_root",
            "ga.implicit_root(lambda r, a: r ** 2 - a, np.sqrt)(2.0)",
            alone="it takes four functions",
        ),
        Row(
            "lax.custom_linear_solve",
            "jax.lax.custom_linear_solve(lambda z: A @ z, v, lambda _, b: jnp.linalg.solve(A, b), "
            "lambda _, b: jnp.linalg.solve(A.T, b))",
            "np.linalg.solve(A, v)",
        ),
    ),
    "Containers": (
        Row("tree", "jax.tree.map(lambda a: 2 * a, [x, y])", "ga.tree_map(lambda a: 2 * a, [x, y])", _LEAVES),
        Row(
            "tree_util",
            "jax.tree_util.tree_map(lambda a: 2 * a, [x, y])",
            "ga.tree_map(lambda a: 2 * a, [x, y])",
            "ga.register_container lets transforms look into a class of yours",
        ),
        *_tree("map", "map(lambda a, b: a * b, [x, v], [y, u])", "ga.tree_map(np.multiply, [x, v], [y, u])"),
        *_tree("leaves", "leaves({'w': x, 'b': v})", "ga.tree_leaves({'w': x, 'b': v})"),
        *_tree("flatten", "flatten([x, (v,)])[0]", "ga.tree_leaves([x, (v,)])", _BACK),
        *_tree(
            "unflatten",
            "unflatten(jax.tree.structure([0, {'w': 0}]), [v, u])",
            "leaves = iter([v, u]); ga.tree_map(lambda _: next(leaves), [0, {'w': 0}])",
        ),
        *_tree(
            "structure",
            "structure([x, v]) == jax.tree.structure([y, u])",
            "ga.tree_map(lambda _: 0, [x, v]) == ga.tree_map(lambda _: 0, [y, u])",
        ),
        *_tree(
            "reduce",
            "reduce(lambda a, b: a + (b ** 2).sum(), [x, v], 0.0)",
            "sum(np.sum(a ** 2) for a in ga.tree_leaves([x, v]))",
        ),
        *_tree("all", "all([mask.all(), mask.any()])", "all(ga.tree_leaves([mask.all(), mask.any()]))"),
        *_tree(
            "transpose",
            "transpose(jax.tree.structure({'w': 0, 'b': 0}), jax.tree.structure([0, 0]), {'w': [x, y], 'b': [v, u]})",
            "ga.tree_map(lambda w, b: {'w': w, 'b': b}, [x, y], [v, u])",
        ),
        *(
            Row(f"tree_util.{name}", f"jax.tree_util.{name}", "ga.register_container", _CLASS, alone="a declaration")
            for name in ("register_pytree_node", "register_pytree_node_class", "register_dataclass")
        ),
        Row("flatten_util", "jax.flatten_util.ravel_pytree([x, v])[0]", "ga.flatten([x, v])[0]", _VECTOR),
        Row("flatten_util.ravel_pytree", "jax.flatten_util.ravel_pytree([x, v])[0]", "ga.flatten([x, v])[0]", _VECTOR),
    ),
    "jax.random": (
        Row("random.PRNGKey", "jax.random.PRNGKey(0)", "rng = ga.random.default_rng(0)", _KEYS, alone=_RANDOM),
        Row("random.key", "jax.random.key(0)", "rng = ga.random.default_rng(0)", _KEYS, alone=_RANDOM),
        Row(
            "random.split",
            "jax.random.split(jax.random.key(0))",
            "rng.spawn(2)",
            "only where two streams are wanted: a generator goes on by itself",
            alone=_RANDOM,
        ),
        Row(
            "random.fold_in", "jax.random.fold_in(jax.random.key(0), 3)", "ga.random.default_rng([0, 3])", alone=_RANDOM
        ),
        Row(
            "random.bernoulli",
            "jax.random.bernoulli(jax.random.key(0), 0.5, (2,))",
            "np.random.random(2) < 0.5",
            alone=_RANDOM,
        ),
        Row(
            "random.categorical",
            "jax.random.categorical(jax.random.key(0), jnp.log(v ** 2))",
            "rng.choice(v.size, p=v.data ** 2 / np.sum(v.data ** 2))",
            alone=_RANDOM,
        ),
        Row(
            "random.truncated_normal",
            "jax.random.truncated_normal(jax.random.key(0), -2, 2, (2,))",
            "from scipy import stats; stats.truncnorm.rvs(-2, 2, size=2)",
            alone=_RANDOM,
        ),
        Row(
            "random.rademacher",
            "jax.random.rademacher(jax.random.key(0), (2,))",
            "2 * np.random.randint(0, 2, 2) - 1",
            alone=_RANDOM,
        ),
        Row("random.cauchy", "jax.random.cauchy(jax.random.key(0), (2,))", "rng.standard_cauchy(2)", alone=_RANDOM),
        Row("random.t", "jax.random.t(jax.random.key(0), 3.0, (2,))", "rng.standard_t(3.0, 2)", alone=_RANDOM),
        *(
            Row(f"random.{name}", f"jax.random.{name}", write, alone=_RANDOM)
            for name, write in (
                ("bits", "rng.integers(0, 2 ** 32, 3)"),
                ("orthogonal", "np.linalg.qr(rng.normal(size=(3, 3)))[0]"),
                ("ball", "z = rng.normal(size=5); z[:3] / np.linalg.norm(z)"),
                ("maxwell", "np.linalg.norm(rng.normal(size=(2, 3)), axis=-1)"),
                ("weibull_min", "rng.weibull(2.0, 3)"),
                ("loggamma", "np.log(rng.gamma(2.0, size=3))"),
                ("key_data", "rng.bit_generator.state"),
                ("wrap_key_data", "ga.random.default_rng(3)"),
                ("clone", "rng.spawn(1)[0]"),
            )
        ),
        Row(
            "key=",
            "jax.random.normal(key=jax.random.key(0), shape=(2,))",
            "rng.normal(size=2)",
            "with rng = ga.random.default_rng(0)",
            alone=_RANDOM,
        ),
        Row(
            "minval=",
            "jax.random.uniform(jax.random.key(0), (2,), minval=1.0)",
            "rng.uniform(1.0, 2.0, 2)",
            "with rng = ga.random.default_rng(0)",
            alone=_RANDOM,
        ),
        *(
            Row(f"{name}()", theirs, write, "with rng = ga.random.default_rng(0)", alone=_RANDOM)
            for name, theirs, write in (
                ("normal", "jax.random.normal(jax.random.key(0), (2,))", "rng.normal(size=2)"),
                ("uniform", "jax.random.uniform(jax.random.key(0), (2,))", "rng.uniform(size=2)"),
                ("randint", "jax.random.randint(jax.random.key(0), (2,), 0, 5)", "rng.integers(0, 5, 2)"),
                ("exponential", "jax.random.exponential(jax.random.key(0), (2,))", "rng.exponential(size=2)"),
                ("gamma", "jax.random.gamma(jax.random.key(0), 2.0, (2,))", "rng.gamma(2.0, size=2)"),
                ("beta", "jax.random.beta(jax.random.key(0), 2.0, 3.0, (2,))", "rng.beta(2.0, 3.0, 2)"),
                ("poisson", "jax.random.poisson(jax.random.key(0), 2.0, (2,))", "rng.poisson(2.0, 2)"),
                ("laplace", "jax.random.laplace(jax.random.key(0), (2,))", "rng.laplace(size=2)"),
                ("gumbel", "jax.random.gumbel(jax.random.key(0), (2,))", "rng.gumbel(size=2)"),
                ("binomial", "jax.random.binomial(jax.random.key(0), 3, 0.5, (2,))", "rng.binomial(3, 0.5, 2)"),
            )
        ),
        Row(
            "normal(shape=)",
            "jax.random.normal(jax.random.key(0), shape=(2,))",
            "size=, as in rng.normal(size=2)",
            alone=_RANDOM,
        ),
    ),
    "jax.nn, jax.scipy": (
        Row("nn", "jax.nn.relu(x)", "ga.nnet.relu(x)", "layers are functions of arrays, those of ga.nnet or your own"),
        Row("nn.relu", "jax.nn.relu(x)", "ga.nnet.relu(x)"),
        Row("nn.sigmoid", "jax.nn.sigmoid(x)", "ga.nnet.sigmoid(x)"),
        Row("nn.softmax", "jax.nn.softmax(x, axis)", "ga.nnet.softmax(x, axis)"),
        Row("nn.log_softmax", "jax.nn.log_softmax(x, axis)", "ga.nnet.logsoftmax(x, axis)"),
        Row("nn.softplus", "jax.nn.softplus(x)", "np.logaddexp(x, 0)"),
        Row("nn.silu", "jax.nn.silu(x)", "x * ga.nnet.sigmoid(x)"),
        Row("nn.swish", "jax.nn.swish(x)", "x * ga.nnet.sigmoid(x)"),
        Row("nn.gelu", "jax.nn.gelu(x)", "x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))"),
        Row("nn.elu", "jax.nn.elu(x)", "ga.nnet.elu(x, 1.0)"),
        Row("nn.leaky_relu", "jax.nn.leaky_relu(x, 0.1)", "ga.nnet.leaky_relu(x, 0.1)"),
        Row("nn.selu", "jax.nn.selu(x)", "ga.nnet.selu(x)"),
        Row("nn.celu", "jax.nn.celu(x, 2.0)", "np.where(x > 0, x, 2.0 * np.expm1(x / 2.0))"),
        Row("nn.glu", "jax.nn.glu(x, 0)", "ga.nnet.glu(x, 0)"),
        Row("nn.mish", "jax.nn.mish(x)", "x * np.tanh(np.logaddexp(x, 0))"),
        Row("nn.soft_sign", "jax.nn.soft_sign(x)", "ga.nnet.soft_sign(x)"),
        Row("nn.hard_tanh", "jax.nn.hard_tanh(x)", "ga.nnet.hard_tanh(x)"),
        Row("nn.hard_sigmoid", "jax.nn.hard_sigmoid(x)", "np.clip(x / 6 + 0.5, 0, 1)"),
        *alike("hard_silu hard_swish", "nn.{}", "jax.nn.{}(x)", "x * np.clip(x / 6 + 0.5, 0, 1)"),
        Row("nn.log_sigmoid", "jax.nn.log_sigmoid(x)", "-np.logaddexp(0, -x)"),
        Row(
            "nn.standardize",
            "jax.nn.standardize(x, epsilon=1e-5)",
            "(x - np.mean(x, -1, keepdims=True)) / np.sqrt(np.var(x, -1, keepdims=True) + 1e-5)",
        ),
        Row(
            "nn.dot_product_attention",
            "jax.nn.dot_product_attention(x[:, None], y[:, None], y[:, None])[:, 0]",
            "ga.nnet.softmax(x @ y.mT / np.sqrt(x.shape[-1])) @ y",
            "for each head",
            alone="its softmax has single precision",
        ),
        *(
            Row(f"nn.initializers.{theirs}", f"jax.nn.initializers.{theirs}()", f"ga.nnet.{write}", alone=_RANDOM)
            for theirs, write in (
                ("glorot_uniform", "glorot_uniform(4, 3)"),
                ("glorot_normal", "glorot_normal(4, 3)"),
                ("xavier_uniform", "glorot_uniform(4, 3)"),
                ("xavier_normal", "glorot_normal(4, 3)"),
                ("he_uniform", "he_uniform(4, 3)"),
                ("he_normal", "he_normal(4, 3)"),
                ("kaiming_uniform", "he_uniform(4, 3)"),
                ("kaiming_normal", "he_normal(4, 3)"),
            )
        ),
        Row("nn.initializers", "jax.nn.initializers.he_normal()", "ga.nnet.he_normal(4, 3)", alone=_RANDOM),
        Row("nn.relu6", "jax.nn.relu6(x)", "np.clip(x, 0, 6)"),
        Row("nn.one_hot", "jax.nn.one_hot(order, 3)", "np.eye(3)[order]"),
        Row("nn.logsumexp", "jax.nn.logsumexp(x, axis)", "np.logaddexp.reduce(x, axis)"),
        Row("scipy.stats.norm", "jax.scipy.stats.norm.cdf(x)", "ga.scipy.stats.norm.cdf(x)"),
        *alike("cdf pdf", "scipy.stats.norm.{}", "jax.scipy.stats.norm.{}(x)", "ga.scipy.stats.norm.{}(x)"),
        Row("scipy.stats.norm.logpdf", "jax.scipy.stats.norm.logpdf(x)", "ga.scipy.stats.norm.logpdf(x)"),
        Row(
            "scipy.optimize",
            "jax.scipy.optimize.minimize(f, v, method='BFGS')",
            "ga.scipy.optimize.minimize(lambda v: np.sum((v - 1) ** 2), v)",
            "what it finds is differentiated by what the function depends on",
            alone="minimisers take steps of their own",
        ),
        Row("ops", "jax.ops.segment_sum(v, order, 3)", "z = np.zeros(3, like=v); np.add.at(z, order, v); z"),
        Row(
            "ops.segment_sum", "jax.ops.segment_sum(v, order, 3)", "z = np.zeros(3, like=v); np.add.at(z, order, v); z"
        ),
        Row("optax", "optax.adam(0.1)", "optimizer = ga.nnet.optimizers.adam(0.1)", _OPTAX, alone=_PACKAGE),
        *(
            Row(
                f"optax.{name}",
                f"optax.{name}(0.1)",
                f"optimizer = ga.nnet.optimizers.{name}(0.1)",
                _OPTAX,
                alone=_PACKAGE,
            )
            for name in ("sgd", "adam", "adamw", "rmsprop", "clip", "clip_by_global_norm")
        ),
        Row(
            "optax.apply_updates", "optax.apply_updates(x, y)", "ga.nnet.optimizers.apply_updates(x, y)", alone=_PACKAGE
        ),
        Row(
            "learning_rate=",
            "optax.sgd(learning_rate=0.1)",
            "rate=, as in ga.nnet.optimizers.sgd(rate=0.1)",
            alone=_PACKAGE,
        ),
        *(
            Row(name, name, "ga.nnet.relu(x)", "layers are functions of arrays and of their parameters", alone=_PACKAGE)
            for name in ("flax", "linen", "nnx", "haiku", "equinox")
        ),
        *(
            Row(
                name,
                f"jax.{name}",
                "optimizer = ga.nnet.optimizers.adam(0.1)",
                "after state = optimizer.init(x), each step is updates, state = optimizer.update(gradient, state), "
                "x = x + updates",
                alone="its optimisers have three functions",
            )
            for name in ("example_libraries", "example_libraries.optimizers", "experimental.optimizers")
        ),
        Row(
            "example_libraries.stax",
            "jax.example_libraries.stax",
            "ga.nnet.relu(x)",
            "layers are functions of arrays and of their parameters",
            alone="a module",
        ),
        Row(
            "experimental.ode",
            "jax.experimental.ode.odeint",
            "ga.scipy.integrate.odeint(lambda y, t: -y, v, np.array([0.0, 1.0]))",
            "by all that the right-hand side depends on",
            alone="a solver",
        ),
        Row(
            "experimental",
            "jax.experimental.sparse.BCOO.fromdense(A).todense()",
            "A",
            "all arrays are dense",
            alone=_EAGER,
        ),
        Row("profiler", "jax.profiler.trace", "import cProfile; cProfile.Profile().runcall(F, v)", alone="it measures"),
    ),
}

DIFFERENCES = (
    Difference(
        "precision",
        "jnp.array([1.0]).dtype == np.float32",
        "True",
        "ga.tensor([1.0]).dtype == np.float64",
        "True",
        "as in NumPy; dtype=np.float32 asks for less",
    ),
    Difference(
        "changing arrays",
        "x = jnp.ones(2); x[0] = 5.0",
        "TypeError",
        "x = ga.ones(2); x[0] = 5.0; x",
        "[5.0, 1.0]",
        "updates in place are recorded, and reach every view",
    ),
    Difference(
        "branching on values",
        "jax.jit(lambda x: x if x > 0 else -x)(1.0)",
        "TracerBoolConversionError",
        "ga.jit(ga.grad(lambda x: x if x > 0 else -x))(1.0)",
        "1.0",
        "functions run as they stand, with the values at hand; ga.jit compares them in each run",
    ),
    Difference("an index out of bounds", "jnp.arange(3)[7]", "2", "ga.arange(3)[7]", "IndexError", "as in NumPy"),
    Difference(
        "complex arguments",
        "jax.grad(lambda z: (z * jnp.conj(z)).real)(1 + 2j)",
        "2 - 4j",
        "ga.grad(lambda z: np.real(z * np.conj(z)))(1 + 2j)",
        "2 + 4j",
        "the gradient points the way of steepest ascent, so that z - rate * gradient descends",
    ),
    Difference(
        "abs at 0", "jax.grad(jnp.abs)(0.0)", "1.0", "ga.grad(np.abs)(0.0)", "0.0", "the middle of the possible ones"
    ),
    Difference(
        "clip at its bounds",
        "jax.grad(lambda x: jnp.clip(x, 0.0, 1.0))(1.0)",
        "0.5",
        "ga.grad(lambda x: np.clip(x, 0.0, 1.0))(1.0)",
        "1.0",
        "a value that starts at its bound can leave it",
    ),
    Difference(
        "relu at 0",
        "jax.grad(jax.nn.relu)(0.0)",
        "0.0",
        "ga.grad(lambda x: np.maximum(x, 0.0))(0.0)",
        "0.5",
        "equal operands share evenly, as those of jnp.maximum",
    ),
    Difference(
        "a mask before what is infinite",
        "jax.grad(lambda x: jnp.where(x > 0, jnp.log(x), 0.0).sum())(jnp.array([0.0, 2.0]))",
        "[nan, 0.5]",
        "ga.grad(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)))(np.array([0.0, 2.0]))",
        "[0.0, 0.5]",
        "a zero that comes from a selection wins: what a mask leaves out has derivative zero, however infinite it is",
    ),
    Difference(
        "the norm at zero",
        "jax.grad(jnp.linalg.norm)(jnp.zeros(2))",
        "[nan, nan]",
        "ga.grad(np.linalg.norm)(np.zeros(2))",
        "[0.0, 0.0]",
        "the norm is least there, and descent stays",
    ),
    Difference(
        "the same function called again",
        "jax.jit(lambda x: 2 * x)(1.0)",
        "2.0",
        "(lambda x: 2 * x)(1.0)",
        "2.0",
        "without ga.jit nothing is compiled or kept: side effects, prints and random numbers happen at every call",
    ),
)
