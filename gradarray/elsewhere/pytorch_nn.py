"""The names of PyTorch's neural networks: torch.nn, torch.nn.functional, torch.nn.init, torch.optim, torch.utils.data.

A layer there is an object that has its parameters, or a function; here it is a function.
"""

from __future__ import annotations

from .rows import Row, Sections

_RANDOM = "the numbers are those of another generator"
_WEIGHTS = "a class with random weights"
_CLASS = "a class"
_YOURS = "parameters are arrays of yours, in a list or dict"
_STEPS = "an object that is asked to step"
_MEMORY = "means over batches that went before are arrays of yours"
_TRAINING = "while training; otherwise x itself"
_LEARNING = (
    "after state = optimizer.init(params), each step is state = ga.nnet.optimizers.step(optimizer, params, state)"
)


def _layer(names: str, params: str, operands: str, write: str, note: str = "", functional: str = "") -> tuple[Row, ...]:
    """Return the rows of classes without parameters and of the function that does the same.

    They are named as ``ReLU relu``, and `params` are those of the class. The function takes `functional` if that is
    given, and the parameters after the operands if not.
    """
    *classes, function = names.split()
    called = functional or ", ".join(filter(None, (operands, params)))
    return (
        *(Row(f"nn.{name}", f"torch.nn.{name}({params})({operands})", write, note) for name in classes),
        Row(f"nn.functional.{function}", f"torch.nn.functional.{function}({called})", write, note),
    )


_ACTIVATIONS = (
    *_layer(
        "ReLU relu", "", "x", "ga.nnet.relu(x)", "of np.maximum(x, 0) the derivative at 0 is 1/2, as ties share evenly"
    ),
    *_layer("Sigmoid sigmoid", "", "x", "ga.nnet.sigmoid(x)"),
    *_layer("Tanh tanh", "", "x", "np.tanh(x)"),
    *_layer("Softmax softmax", "1", "x", "ga.nnet.softmax(x, 1)"),
    *_layer("LogSoftmax log_softmax", "1", "x", "ga.nnet.logsoftmax(x, 1)"),
    *_layer("Softmin softmin", "1", "x", "ga.nnet.softmax(-x, 1)"),
    *_layer("LeakyReLU leaky_relu", "0.1", "x", "ga.nnet.leaky_relu(x, 0.1)"),
    Row("nn.PReLU", "torch.nn.functional.prelu(x, v[:1])", "np.where(x > 0, x, v[:1] * x)", _YOURS),
    Row("nn.functional.prelu", "torch.nn.functional.prelu(x, v[:1])", "np.where(x > 0, x, v[:1] * x)"),
    *_layer("ELU elu", "", "x", "ga.nnet.elu(x, 1.0)"),
    *_layer("CELU celu", "2.0", "x", "np.where(x > 0, x, 2.0 * np.expm1(x / 2.0))"),
    *_layer("SELU selu", "", "x", "ga.nnet.selu(x)"),
    *_layer("GLU glu", "0", "x", "ga.nnet.glu(x, 0)"),
    *_layer(
        "GELU gelu",
        "approximate='tanh'",
        "x",
        "x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))",
    ),
    *_layer("SiLU silu", "", "x", "x * ga.nnet.sigmoid(x)"),
    *_layer("Mish mish", "", "x", "x * np.tanh(np.logaddexp(x, 0))"),
    *_layer("Softplus softplus", "", "x", "np.logaddexp(x, 0)"),
    *_layer("Softsign softsign", "", "x", "ga.nnet.soft_sign(x)"),
    *_layer("Tanhshrink tanhshrink", "", "x", "x - np.tanh(x)"),
    *_layer("Hardtanh hardtanh", "", "x", "ga.nnet.hard_tanh(x)"),
    *_layer("ReLU6 relu6", "", "x", "np.clip(x, 0, 6)"),
    *_layer("Hardsigmoid hardsigmoid", "", "x", "np.clip(x / 6 + 0.5, 0, 1)"),
    *_layer("Hardswish hardswish", "", "x", "x * np.clip(x / 6 + 0.5, 0, 1)"),
    Row("nn.Softmax2d", "torch.nn.Softmax2d()(images)", "ga.nnet.softmax(images, -3)"),
    *_layer("Hardshrink hardshrink", "", "x", "np.where(np.abs(x) > 0.5, x, 0.0)"),
    *_layer("Softshrink softshrink", "", "x", "np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0)"),
    *_layer("Threshold threshold", "0.4, 7.0", "x", "np.where(x > 0.4, x, 7.0)"),
    *_layer("LogSigmoid logsigmoid", "", "x", "-np.logaddexp(0, -x)"),
    *(
        Row(name, theirs, "ga.nnet.sigmoid(x)")
        for name, theirs in (("sigmoid", "torch.sigmoid(x)"), ("Tensor.sigmoid", "x.sigmoid()"))
    ),
    Row("softmax", "torch.softmax(x, axis)", "ga.nnet.softmax(x, axis)"),
    Row("Tensor.softmax", "x.softmax(axis)", "ga.nnet.softmax(x, axis)"),
    Row("log_softmax", "torch.log_softmax(x, axis)", "ga.nnet.logsoftmax(x, axis)"),
    Row("Tensor.log_softmax", "x.log_softmax(axis)", "ga.nnet.logsoftmax(x, axis)"),
    Row("Tensor.relu", "x.relu()", "ga.nnet.relu(x)"),
    Row("Tensor.relu_", "x.relu_()", "np.maximum(x, 0, out=x)"),
)

_LOSSES = (
    *_layer("CrossEntropyLoss cross_entropy", "", "x, labels", "ga.nnet.softmax_crossentropy(x, labels)"),
    *_layer("NLLLoss nll_loss", "", "x, labels", "ga.nnet.negative_log_likelihood(x, labels)"),
    *_layer("MSELoss mse_loss", "", "x, y", "np.mean((x - y) ** 2)"),
    *_layer("L1Loss l1_loss", "", "x, y", "np.mean(np.abs(x - y))"),
    *_layer(
        "SmoothL1Loss smooth_l1_loss",
        "",
        "x, y",
        "d = np.abs(x - y); np.mean(np.where(d < 1, d ** 2 / 2, d - 0.5))",
    ),
    *_layer("HuberLoss huber_loss", "", "x, y", "d = np.abs(x - y); np.mean(np.where(d < 1, d ** 2 / 2, d - 0.5))"),
    *_layer(
        "BCELoss binary_cross_entropy",
        "",
        "p, q",
        "-np.mean(q * np.log(p) + (1 - q) * np.log(1 - p))",
    ),
    *_layer("BCEWithLogitsLoss binary_cross_entropy_with_logits", "", "v, q", "np.mean(np.logaddexp(0, v) - q * v)"),
    *_layer(
        "HingeEmbeddingLoss hinge_embedding_loss",
        "",
        "v, 2 * q - 1",
        "np.mean(np.where(q > 0, v, np.maximum(0, 1 - v)))",
    ),
    *_layer(
        "TripletMarginLoss triplet_margin_loss",
        "eps=0.0",
        "x, y, 2 * x",
        "near, far = np.linalg.norm(x - y, axis=-1), np.linalg.norm(x - 2 * x, axis=-1)\n"
        "np.mean(np.maximum(near - far + 1, 0))",
    ),
    *_layer("KLDivLoss kl_div", "", "v, p", "np.mean(p * (np.log(p) - v))"),
    *_layer("GaussianNLLLoss gaussian_nll_loss", "", "v, u, p", "np.mean(np.log(p) + (v - u) ** 2 / p) / 2"),
    *_layer("PoissonNLLLoss poisson_nll_loss", "", "v, q", "np.mean(np.exp(v) - q * v)"),
    *_layer("SoftMarginLoss soft_margin_loss", "", "v, 2 * q - 1", "np.mean(np.log1p(np.exp((1 - 2 * q) * v)))"),
    *_layer(
        "MarginRankingLoss margin_ranking_loss",
        "0.5",
        "v, u, 2 * q - 1",
        "ga.nnet.margin_ranking_loss(v, u, 2 * q - 1, 0.5)",
        functional="v, u, 2 * q - 1, 0.5",
    ),
    *_layer(
        "MultiMarginLoss multi_margin_loss",
        "",
        "x, labels",
        "ga.nnet.multiclass_hinge(x, labels) / x.shape[1]",
        "the mean is over the rows alone here",
    ),
    Row(
        "reduction=",
        "torch.nn.functional.mse_loss(x, y, reduction='sum')",
        "np.sum in the place of np.mean, or times the number of rows, as in np.sum((x - y) ** 2)",
    ),
)

_LAYERS = (
    Row("nn.Linear", "torch.nn.Linear(3, 3)", "x @ A.T + v", _YOURS, alone=_WEIGHTS),
    Row("nn.functional.linear", "torch.nn.functional.linear(x, A, v)", "x @ A.T + v"),
    Row("nn.LazyLinear", "torch.nn.LazyLinear(3)", "x @ A.T + v", _YOURS, alone=_WEIGHTS),
    Row("nn.Bilinear", "torch.nn.Bilinear(3, 3, 1)", "np.sum(x @ A * y, axis=1)", _YOURS, alone=_WEIGHTS),
    Row("nn.Identity", "torch.nn.Identity()(x)", "x"),
    Row("nn.Flatten", "torch.nn.Flatten()(images)", "images.reshape(len(images), -1)"),
    Row("nn.Unflatten", "torch.nn.Unflatten(1, (3, 1))(x)", "x.reshape(*x.shape[:1], 3, 1)"),
    *(
        Row(
            f"nn.Conv{n}d",
            f"torch.nn.Conv{n}d(3, 4, 2)",
            "ga.nnet.conv_nd(images, filters, stride=1) + bias[:, None, None]",
            f"{_YOURS}, and have the shape (out, in, *window)",
            alone=_WEIGHTS,
        )
        for n in (1, 2, 3)
    ),
    Row(
        "nn.functional.conv1d",
        "torch.nn.functional.conv1d(images[:, :, 0], filters[:, :, 0], bias)",
        "ga.nnet.conv_nd(images[:, :, 0], filters[:, :, 0], stride=1) + bias[:, None]",
    ),
    Row(
        "nn.functional.conv2d",
        "torch.nn.functional.conv2d(images, filters, bias, stride=2, padding=1)",
        "ga.nnet.conv_nd(images, filters, stride=2, padding=1) + bias[:, None, None]",
    ),
    Row(
        "nn.functional.conv3d",
        "torch.nn.functional.conv3d(images[..., None], filters[..., None])",
        "ga.nnet.conv_nd(images[..., None], filters[..., None], stride=1)",
    ),
    *(
        Row(
            f"nn.{name}",
            "torch.nn.functional.conv_transpose2d(images, filters[:3])",
            "ga.vjp(lambda z: ga.nnet.conv_nd(z, filters[:3], stride=1), np.zeros((2, 3, 5, 7)))[1](images)[0]",
            "it is the adjoint of a convolution",
        )
        for n in (1, 2, 3)
        for name in (f"ConvTranspose{n}d", f"functional.conv_transpose{n}d")
    ),
    *(
        Row(
            f"nn.{name}{n}d",
            f"torch.nn.{theirs}(images)",
            f"np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)){mode})",
        )
        for name, theirs, mode in (
            ("ReflectionPad", "ReflectionPad2d(1)", ", 'reflect'"),
            ("ReplicationPad", "ReplicationPad2d(1)", ", 'edge'"),
            ("CircularPad", "CircularPad2d(1)", ", 'wrap'"),
            ("ZeroPad", "ZeroPad2d(1)", ""),
            ("ConstantPad", "ConstantPad2d(1, 0.0)", ""),
        )
        for n in (1, 2, 3)
    ),
    *_layer(
        "PixelShuffle pixel_shuffle",
        "2",
        "images[:, :1].repeat(1, 4, 1, 1)",
        "z = np.repeat(images[:, :1], 4, 1).reshape(2, 1, 2, 2, 4, 6)\n"
        "z.transpose(0, 1, 4, 2, 5, 3).reshape(2, 1, 8, 12)",
    ),
    *_layer("PairwiseDistance pairwise_distance", "eps=0", "x, y", "np.linalg.norm(x - y, axis=-1)"),
    *_layer("MaxPool1d max_pool1d", "3", "x", "ga.nnet.max_pool(x, (3,), 3)", "windows are as long as the last axes"),
    *_layer("MaxPool2d max_pool2d", "2", "images", "ga.nnet.max_pool(images, (2, 2), 2)", "the stride is always given"),
    *_layer("MaxPool3d max_pool3d", "2", "images[:, 1:]", "ga.nnet.max_pool(images[:, 1:], (2, 2, 2), 2)"),
    *_layer(
        "AvgPool2d avg_pool2d",
        "2",
        "images",
        "np.lib.stride_tricks.sliding_window_view(images, (2, 2), (-2, -1))[..., ::2, ::2, :, :].mean((-2, -1))",
        "without a remainder also images.reshape(2, 3, 2, 2, 3, 2).mean((3, 5))",
    ),
    *_layer(
        "AvgPool1d avg_pool1d",
        "2",
        "x",
        "np.lib.stride_tricks.sliding_window_view(x, 2, -1)[..., ::2, :].mean(-1)",
    ),
    *_layer("AdaptiveAvgPool1d adaptive_avg_pool1d", "1", "x", "np.mean(x, -1, keepdims=True)", "of size 1"),
    *_layer(
        "AdaptiveAvgPool3d adaptive_avg_pool3d",
        "1",
        "images",
        "np.mean(images, (-3, -2, -1), keepdims=True)",
        "of size 1",
    ),
    *_layer(
        "AdaptiveAvgPool2d adaptive_avg_pool2d", "1", "images", "np.mean(images, (-2, -1), keepdims=True)", "of size 1"
    ),
    *_layer(
        "AdaptiveMaxPool2d adaptive_max_pool2d", "1", "images", "np.max(images, (-2, -1), keepdims=True)", "of size 1"
    ),
    *(
        Row(
            f"nn.BatchNorm{n}d",
            f"torch.nn.BatchNorm{n}d(3, affine=False, dtype=torch.float64)({x})",
            f"ga.nnet.batchnorm({x}, eps=1e-5)",
            f"gamma= and beta= are arrays of yours; {_MEMORY}",
        )
        for n, x in ((1, "x"), (2, "images"), (3, "images[..., None]"))
    ),
    Row(
        "nn.functional.batch_norm",
        "torch.nn.functional.batch_norm(images, None, None, v, u, training=True)",
        "ga.nnet.batchnorm(images, gamma=v, beta=u, eps=1e-5)",
        _MEMORY,
    ),
    *_layer(
        "LayerNorm layer_norm",
        "3, dtype=torch.float64",
        "x",
        "(x - np.mean(x, -1, keepdims=True)) / np.sqrt(np.var(x, -1, keepdims=True) + 1e-5)",
        functional="x, (3,)",
    ),
    *_layer(
        "RMSNorm rms_norm",
        "3, 1e-5, dtype=torch.float64",
        "x",
        "x / np.sqrt(np.mean(x ** 2, -1, keepdims=True) + 1e-5)",
        functional="x, (3,), eps=1e-5",
    ),
    *_layer(
        "InstanceNorm2d instance_norm",
        "3",
        "images",
        "(images - np.mean(images, (-2, -1), keepdims=True)) / np.sqrt(np.var(images, (-2, -1), keepdims=True) + 1e-5)",
        functional="images",
    ),
    Row(
        "nn.GroupNorm",
        "torch.nn.functional.group_norm(images, 1)",
        "z = images.reshape(2, 1, -1)\n"
        "z = (z - np.mean(z, -1, keepdims=True)) / np.sqrt(np.var(z, -1, keepdims=True) + 1e-5)\n"
        "z.reshape(images.shape)",
    ),
    Row(
        "nn.functional.group_norm",
        "torch.nn.functional.group_norm(images, 1)",
        "z = images.reshape(2, 1, -1)\n"
        "z = (z - np.mean(z, -1, keepdims=True)) / np.sqrt(np.var(z, -1, keepdims=True) + 1e-5)\n"
        "z.reshape(images.shape)",
    ),
    *(
        Row(
            f"nn.{name}",
            f"torch.nn.{name}(3, 3)",
            "ga.nnet.gru(x[:, None], A, B, v, A, B, v, A, B, v)",
            f"{_YOURS}; the reset gate stands before the product with the weights, in PyTorch behind it",
            alone=_WEIGHTS,
        )
        for name in ("GRU", "GRUCell")
    ),
    *(
        Row(
            f"nn.{name}",
            "torch.rnn_tanh_cell(x, y, A, B, v, u)",
            "np.tanh(x @ A.T + v + y @ B.T + u)",
            "in a loop over the steps, which is differentiated",
        )
        for name in ("RNN", "RNNCell")
    ),
    *(
        Row(
            f"nn.{name}",
            "torch.lstm_cell(x, (y, x), torch.cat([A, B, A, B]), torch.cat([B, A, B, A]))[0]",
            "gates = x @ np.concatenate([A, B, A, B]).T + y @ np.concatenate([B, A, B, A]).T\n"
            "enter, forget, new, out = np.split(gates, 4, axis=1)\n"
            "cell = ga.nnet.sigmoid(forget) * x + ga.nnet.sigmoid(enter) * np.tanh(new)\n"
            "ga.nnet.sigmoid(out) * np.tanh(cell)",
            "in a loop over the steps, which is differentiated",
        )
        for name in ("LSTM", "LSTMCell")
    ),
    Row("nn.Embedding", "torch.nn.functional.embedding(order, A)", "A[order]", _YOURS),
    Row("nn.functional.embedding", "torch.nn.functional.embedding(order, A)", "A[order]"),
    Row(
        "nn.functional.one_hot",
        "torch.nn.functional.one_hot(order, 3)",
        "np.eye(3, dtype=int)[order]",
    ),
    *(
        Row(name, theirs, "x * (np.random.random(x.shape) > 0.5) / 0.5", _TRAINING, alone=_RANDOM)
        for name, theirs in (
            ("nn.Dropout", "torch.nn.Dropout(0.5)(x)"),
            ("nn.functional.dropout", "torch.nn.functional.dropout(x, 0.5)"),
        )
    ),
    *(
        Row(
            f"nn.{name}",
            f"torch.nn.{name}(0.5)(images)",
            "images * (np.random.random((*images.shape[:2], 1, 1)) > 0.5) / 0.5",
            _TRAINING,
            alone=_RANDOM,
        )
        for name in ("Dropout1d", "Dropout2d", "Dropout3d")
    ),
    Row(
        "nn.functional.scaled_dot_product_attention",
        "torch.nn.functional.scaled_dot_product_attention(x, y, z[:2, :2])",
        "ga.nnet.softmax(x @ y.mT / np.sqrt(x.shape[-1])) @ z[:2, :2]",
    ),
    *(
        Row(
            f"nn.{name}",
            f"torch.nn.{name}",
            "ga.nnet.softmax(x @ y.mT / np.sqrt(x.shape[-1])) @ z[:2, :2]",
            f"for each head, of what your matrices make of the inputs; {_YOURS}",
            alone=_WEIGHTS,
        )
        for name in ("MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer")
    ),
    Row(
        "nn.functional.normalize",
        "torch.nn.functional.normalize(x)",
        "x / np.linalg.norm(x, axis=1, keepdims=True)",
    ),
    *_layer(
        "CosineSimilarity cosine_similarity",
        "0",
        "v, u",
        "v @ u / (np.linalg.norm(v) * np.linalg.norm(u))",
    ),
    Row(
        "nn.functional.pad",
        "torch.nn.functional.pad(x, (1, 1))",
        "np.pad(x, ((0, 0), (1, 1)))",
        "NumPy's pairs begin with the first axis",
    ),
    *(
        Row(name, theirs, "np.repeat(np.repeat(images, 2, -2), 2, -1)", "where each is to be doubled")
        for name, theirs in (
            ("nn.Upsample", "torch.nn.Upsample(scale_factor=2)(images)"),
            ("nn.functional.interpolate", "torch.nn.functional.interpolate(images, scale_factor=2)"),
        )
    ),
    Row(
        "nn.functional.unfold",
        "torch.nn.functional.unfold(images, 2)",
        "np.moveaxis(ga.sliding_window_view(images, (2, 2), 1), (0, 1), (-2, -1)).reshape(2, 12, 15)",
        "the windows stand at the end, and the places at the beginning",
    ),
)

_MODELS = (
    Row(
        "nn",
        "torch.nn.functional.relu(x)",
        "ga.nnet.relu(x)",
        "layers are functions of arrays, those of ga.nnet or your own",
    ),
    Row(
        "nn.functional",
        "torch.nn.functional.relu(x)",
        "ga.nnet.relu(x)",
        "each of its functions is one of ga.nnet, or a line of NumPy",
    ),
    Row("nn.Parameter", "torch.nn.Parameter(x)", "ga.tensor(x)"),
    Row("nn.Buffer", "torch.nn.Buffer(x)", "ga.tensor(x, constant=True)", "or a plain array"),
    Row(
        "nn.Module",
        "torch.nn.Module()",
        "model = lambda parameters, x: x @ parameters['weight']",
        "a function of its parameters, in a dict or list, by which ga.grad differentiates",
        alone=_CLASS,
    ),
    Row(
        "nn.Sequential",
        "torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Sigmoid())(x)",
        "ga.nnet.sigmoid(np.tanh(x))",
        "a function that calls one after the other",
    ),
    Row("nn.ModuleList", "torch.nn.ModuleList([])", "[A, B]", "a list of what belongs to each layer", alone=_CLASS),
    Row("nn.ModuleDict", "torch.nn.ModuleDict({})", "{'in': A, 'out': B}", alone=_CLASS),
    Row("nn.ParameterList", "torch.nn.ParameterList([x, y])", "[ga.tensor(x), ga.tensor(y)]", alone=_CLASS),
    Row("nn.ParameterDict", "torch.nn.ParameterDict({'w': x})", "{'w': ga.tensor(x)}", alone=_CLASS),
    Row(
        "nn.DataParallel",
        "torch.nn.DataParallel",
        "model = lambda parameters, x: x @ parameters['weight']",
        "all arrays are on the CPU",
        alone=_CLASS,
    ),
    *(
        Row(
            f"nn.init.{theirs}",
            f"torch.nn.init.{theirs}(torch.empty(4, 3))",
            f"ga.nnet.{write}",
            note,
            alone=_RANDOM,
        )
        for theirs, write, note in (
            ("xavier_uniform_", "glorot_uniform(4, 3)", "it makes a tensor"),
            ("xavier_normal_", "glorot_normal(4, 3)", "it makes a tensor"),
            ("kaiming_uniform_", "he_uniform(4, 3)", "it makes a tensor; gain= is the gain of the activation"),
            ("kaiming_normal_", "he_normal(4, 3)", "it makes a tensor; gain= is the gain of the activation"),
            ("uniform_", "uniform(4, 3)", "it makes a tensor"),
            ("normal_", "normal(4, 3)", "it makes a tensor"),
        )
    ),
    Row("nn.init", "torch.nn.init.zeros_(torch.empty(3, 2))", "ga.zeros((3, 2))", "ga.nnet.glorot_uniform and others"),
    Row("nn.init.zeros_", "torch.nn.init.zeros_(torch.empty(3, 2))", "ga.zeros((3, 2))"),
    Row("nn.init.ones_", "torch.nn.init.ones_(torch.empty(3, 2))", "ga.ones((3, 2))"),
    Row("nn.init.constant_", "torch.nn.init.constant_(torch.empty(3, 2), 2.0)", "ga.full((3, 2), 2.0)"),
    Row("nn.init.eye_", "torch.nn.init.eye_(torch.empty(3, 3))", "ga.eye(3)"),
    Row(
        "nn.init.orthogonal_",
        "torch.nn.init.orthogonal_(torch.empty(3, 3))",
        "ga.tensor(np.linalg.qr(np.random.standard_normal((3, 3)))[0])",
        alone=_RANDOM,
    ),
    Row(
        "nn.utils.clip_grad_norm_",
        "torch.nn.utils.clip_grad_norm_([x], 1.0)",
        "optimizer = ga.nnet.optimizers.chain(ga.nnet.optimizers.clip_by_global_norm(1.0), "
        "ga.nnet.optimizers.sgd(0.1))",
        alone=_STEPS,
    ),
    Row(
        "nn.utils.clip_grad_value_",
        "torch.nn.utils.clip_grad_value_([x], 1.0)",
        "optimizer = ga.nnet.optimizers.chain(ga.nnet.optimizers.clip(1.0), ga.nnet.optimizers.sgd(0.1))",
        alone=_STEPS,
    ),
    Row(
        "nn.utils.rnn.pad_sequence",
        "torch.nn.utils.rnn.pad_sequence([v, u[:2]])",
        "np.stack([np.pad(row, (0, 3 - len(row))) for row in [v, u[:2]]], 1)",
    ),
    Row(
        "nn.utils",
        "torch.nn.utils.parameters_to_vector([x, v])",
        "ga.flatten([x, v])[0]",
        "gradients are clipped by ga.nnet.optimizers.clip_by_global_norm",
    ),
    Row(
        "nn.utils.parameters_to_vector",
        "torch.nn.utils.parameters_to_vector([x, v])",
        "ga.flatten([x, v])[0]",
        "and the function back",
    ),
    *(
        Row(
            name,
            theirs,
            "for rows in np.array_split(np.random.permutation(len(x)), 2): batch = x[rows]",
            alone=_RANDOM,
        )
        for name, theirs in (
            ("utils.data", "torch.utils.data.DataLoader(x, 1, shuffle=True)"),
            ("utils.data.DataLoader", "torch.utils.data.DataLoader(x, 1, shuffle=True)"),
            ("utils.data.TensorDataset", "torch.utils.data.TensorDataset(x, y)"),
            ("utils.data.Dataset", "torch.utils.data.Dataset"),
            ("utils.data.random_split", "torch.utils.data.random_split(x, [1, 1])"),
        )
    ),
)

_OPTIMIZERS = (
    Row(
        "optim",
        "torch.optim.SGD([x], 0.1)",
        "optimizer = ga.nnet.optimizers.sgd(0.1)",
        f"{_LEARNING}; its module has adam, adamw and rmsprop, too",
        alone=_STEPS,
    ),
    Row(
        "optim.SGD",
        "o = torch.optim.SGD([v.requires_grad_()], 0.1); f(v).backward(); o.step()",
        "o = ga.nnet.optimizers.sgd(0.1); f(v).backward(); ga.nnet.optimizers.step(o, v, o.init(v))",
    ),
    *(
        Row(
            f"optim.{theirs}",
            f"o = torch.optim.{theirs}([v.requires_grad_()]); f(v).backward(); o.step()",
            f"o = ga.nnet.optimizers.{write}; f(v).backward(); ga.nnet.optimizers.step(o, v, o.init(v))",
            "step returns the next state, which the next one takes",
        )
        for theirs, write in (("Adam", "adam(0.001)"), ("AdamW", "adamw(0.001)"), ("RMSprop", "rmsprop(0.01)"))
    ),
    Row(
        "optim.LBFGS",
        "torch.optim.LBFGS([x])",
        "from scipy import optimize; "
        "optimize.minimize(ga.value_and_grad(lambda v: np.sum((v - 1) ** 2)), v.data, jac=True, method='L-BFGS-B')",
        "ga.flatten makes a vector of what stands in containers",
        alone=_STEPS,
    ),
    Row(
        "optim.Optimizer", "torch.optim.Optimizer", "ga.nnet.optimizers.Optimizer", "a pair of functions", alone=_CLASS
    ),
    *(
        Row(f"Optimizer.{name}", f"optimizer.{name}{call}", write, note, alone=_STEPS)
        for name, call, write, note in (
            (
                "zero_grad",
                "()",
                "nothing, or to clear a gradient null_grad, as in x.null_grad()",
                "backward() overwrites .grad and does not add to it",
            ),
            (
                "step",
                "()",
                "o = ga.nnet.optimizers.sgd(0.1); f(v).backward(); ga.nnet.optimizers.step(o, v, o.init(v))",
                "it returns the next state, which the next step takes",
            ),
            (
                "state_dict",
                "()",
                "ga.nnet.optimizers.sgd(0.1).init(v)",
                "the state is a value that update and step return",
            ),
            (
                "load_state_dict",
                "",
                "ga.nnet.optimizers.sgd(0.1).init(v)",
                "the state is a value that update and step take",
            ),
            ("param_groups", "", "ga.nnet.optimizers.sgd(0.1).init([v, u])", "one optimiser for each group"),
            ("add_param_group", "", "ga.nnet.optimizers.sgd(0.1).init([v, u])", "one optimiser for each group"),
        )
    ),
    *(
        Row(
            f"optim.lr_scheduler.{theirs}",
            f"torch.optim.lr_scheduler.{theirs}",
            f"optimizer = ga.nnet.optimizers.sgd(ga.nnet.schedules.{write})",
            "a rate may be a function of the number of the step",
            alone=_STEPS,
        )
        for theirs, write in (
            ("StepLR", "piecewise_constant([0.1, 0.01], [30])"),
            ("MultiStepLR", "piecewise_constant([0.1, 0.01], [30])"),
            ("ExponentialLR", "exponential_decay(0.1, 0.9)"),
            ("CosineAnnealingLR", "cosine_decay(0.1, 100)"),
            ("LinearLR", "linear(0.1, 0.0, 100)"),
        )
    ),
    Row(
        "optim.lr_scheduler.LambdaLR",
        "torch.optim.lr_scheduler.LambdaLR",
        "optimizer = ga.nnet.optimizers.sgd(lambda step: 0.1 / (1 + step))",
        alone=_STEPS,
    ),
    Row(
        "optim.lr_scheduler",
        "torch.optim.lr_scheduler.ExponentialLR",
        "optimizer = ga.nnet.optimizers.sgd(ga.nnet.schedules.exponential_decay(0.1, 0.9))",
        "a rate may be a function of the number of the step",
        alone=_STEPS,
    ),
    Row("lr=", "torch.optim.SGD([x], lr=0.1)", "rate=, as in ga.nnet.optimizers.sgd(rate=0.1)", alone=_STEPS),
    Row(
        "betas=",
        "torch.optim.Adam([x], betas=(0.9, 0.99))",
        "b1= and b2=, as in ga.nnet.optimizers.adam(b1=0.9, b2=0.99)",
        alone=_STEPS,
    ),
    Row(
        "rmsprop(alpha=)",
        "torch.optim.RMSprop([x], alpha=0.9)",
        "decay=, as in ga.nnet.optimizers.rmsprop(decay=0.9)",
        alone=_STEPS,
    ),
    Row(
        "params=",
        "torch.optim.SGD(params=[x])",
        "nothing: parameters go to init and step, as in ga.nnet.optimizers.sgd(0.1).init([x])",
        alone=_STEPS,
    ),
    *(
        Row(
            f"{name}(weight_decay=)",
            f"torch.optim.{theirs}([x], weight_decay=0.5)",
            "a chain, as in ga.nnet.optimizers.chain(ga.nnet.optimizers.add_weight_decay(0.5), "
            f"ga.nnet.optimizers.{name}(0.1))",
            alone=_STEPS,
        )
        for name, theirs in (("sgd", "SGD"), ("adam", "Adam"), ("rmsprop", "RMSprop"))
    ),
    Row(
        "leaky_relu(negative_slope=)",
        "torch.nn.functional.leaky_relu(x, negative_slope=0.1)",
        "slope=, as in ga.nnet.leaky_relu(x, slope=0.1)",
    ),
    Row(
        "max_pool(kernel_size=)",
        "torch.nn.functional.max_pool2d(images, kernel_size=2)",
        "pool=, as in ga.nnet.max_pool(images, pool=(2, 2), stride=2)",
    ),
    Row(
        "conv_nd(bias=)",
        "torch.nn.functional.conv2d(images, filters, bias=bias)",
        "a sum, as in ga.nnet.conv_nd(images, filters, stride=1) + bias[:, None, None]",
    ),
)

SECTIONS: Sections = {
    "Neural networks: models": _MODELS,
    "Neural networks: layers": _LAYERS,
    "Neural networks: activations": _ACTIVATIONS,
    "Neural networks: losses": _LOSSES,
    "Neural networks: optimisers": _OPTIMIZERS,
}
