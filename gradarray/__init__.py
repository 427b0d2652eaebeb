"""NumPy with autodiff built in: derivatives of any NumPy code.

Call plain ``np.*`` functions on a `tensor`, then ``.backward()``: the gradient of every variable is in its ``.grad``.

Examples
--------
>>> import numpy as np
>>> import gradarray as ga
>>> x = ga.tensor([1.0, 2.0, 3.0])
>>> loss = np.sum(np.sin(x) ** 2)
>>> loss.backward()
>>> x.grad
array([ 0.90929743, -0.7568025 , -0.2794155 ])
"""

import numpy as np

from . import registry
from .creation import arange, asarray, astensor, empty, eye, full, identity, ones, tensor, zeros
from .custom import custom_gradient
from .dispatch import GradientLossError, GradientLossWarning
from .dual import jvp
from .mirror import created, mirrored
from .tape import no_grad
from .tensor import Tensor

__version__ = "0.1.0"

no_autodiff = no_grad

inf, nan, pi, e, newaxis = np.inf, np.nan, np.pi, np.e, np.newaxis

# --- Mathematical functions -----------------------------------------------------------------------------------------

sin = mirrored(np.sin)
cos = mirrored(np.cos)
tan = mirrored(np.tan)
arcsin = mirrored(np.arcsin)
arccos = mirrored(np.arccos)
arctan = mirrored(np.arctan)
arctan2 = mirrored(np.arctan2)
hypot = mirrored(np.hypot)
degrees = mirrored(np.degrees)
radians = mirrored(np.radians)
deg2rad = mirrored(np.deg2rad)
rad2deg = mirrored(np.rad2deg)
sinh = mirrored(np.sinh)
cosh = mirrored(np.cosh)
tanh = mirrored(np.tanh)
arcsinh = mirrored(np.arcsinh)
arccosh = mirrored(np.arccosh)
arctanh = mirrored(np.arctanh)
asin = mirrored(np.asin)
acos = mirrored(np.acos)
atan = mirrored(np.atan)
atan2 = mirrored(np.atan2)
asinh = mirrored(np.asinh)
acosh = mirrored(np.acosh)
atanh = mirrored(np.atanh)
round = mirrored(np.round)
around = mirrored(np.around)
rint = mirrored(np.rint)
fix = mirrored(np.fix)
floor = mirrored(np.floor)
ceil = mirrored(np.ceil)
trunc = mirrored(np.trunc)
exp = mirrored(np.exp)
exp2 = mirrored(np.exp2)
expm1 = mirrored(np.expm1)
log = mirrored(np.log)
log2 = mirrored(np.log2)
log10 = mirrored(np.log10)
log1p = mirrored(np.log1p)
logaddexp = mirrored(np.logaddexp)
logaddexp2 = mirrored(np.logaddexp2)
sinc = mirrored(np.sinc)
i0 = mirrored(np.i0)
signbit = mirrored(np.signbit)
copysign = mirrored(np.copysign)
frexp = mirrored(np.frexp)
ldexp = mirrored(np.ldexp)
nextafter = mirrored(np.nextafter)
spacing = mirrored(np.spacing)
lcm = mirrored(np.lcm)
gcd = mirrored(np.gcd)
add = mirrored(np.add)
reciprocal = mirrored(np.reciprocal)
positive = mirrored(np.positive)
negative = mirrored(np.negative)
multiply = mirrored(np.multiply)
divide = mirrored(np.divide)
true_divide = mirrored(np.true_divide)
power = mirrored(np.power)
pow = mirrored(np.pow)
float_power = mirrored(np.float_power)
subtract = mirrored(np.subtract)
floor_divide = mirrored(np.floor_divide)
fmod = mirrored(np.fmod)
mod = mirrored(np.mod)
remainder = mirrored(np.remainder)
modf = mirrored(np.modf)
divmod = mirrored(np.divmod)
angle = mirrored(np.angle)
real = mirrored(np.real)
imag = mirrored(np.imag)
conj = mirrored(np.conj)
conjugate = mirrored(np.conjugate)
maximum = mirrored(np.maximum)
minimum = mirrored(np.minimum)
fmax = mirrored(np.fmax)
fmin = mirrored(np.fmin)
sqrt = mirrored(np.sqrt)
cbrt = mirrored(np.cbrt)
square = mirrored(np.square)
absolute = mirrored(np.absolute)
abs = mirrored(np.abs)
fabs = mirrored(np.fabs)
sign = mirrored(np.sign)
heaviside = mirrored(np.heaviside)
nan_to_num = mirrored(np.nan_to_num)
real_if_close = mirrored(np.real_if_close)
clip = mirrored(np.clip)
unwrap = mirrored(np.unwrap)
interp = mirrored(np.interp)
convolve = mirrored(np.convolve)

# --- Sums, products, differences, extrema ---------------------------------------------------------------------------

prod = mirrored(np.prod)
sum = mirrored(np.sum)
nanprod = mirrored(np.nanprod)
nansum = mirrored(np.nansum)
cumprod = mirrored(np.cumprod)
cumsum = mirrored(np.cumsum)
nancumprod = mirrored(np.nancumprod)
nancumsum = mirrored(np.nancumsum)
diff = mirrored(np.diff)
ediff1d = mirrored(np.ediff1d)
gradient = mirrored(np.gradient)
cross = mirrored(np.cross)
trapezoid = mirrored(np.trapezoid)
max = mirrored(np.max)
amax = mirrored(np.amax)
min = mirrored(np.min)
amin = mirrored(np.amin)
nanmax = mirrored(np.nanmax)
nanmin = mirrored(np.nanmin)
ptp = mirrored(np.ptp)
all = mirrored(np.all)
any = mirrored(np.any)
argmax = mirrored(np.argmax)
argmin = mirrored(np.argmin)
nanargmax = mirrored(np.nanargmax)
nanargmin = mirrored(np.nanargmin)
count_nonzero = mirrored(np.count_nonzero)

# --- Statistics -----------------------------------------------------------------------------------------------------

mean = mirrored(np.mean)
average = mirrored(np.average)
median = mirrored(np.median)
var = mirrored(np.var)
std = mirrored(np.std)
quantile = mirrored(np.quantile)
percentile = mirrored(np.percentile)
nanmean = mirrored(np.nanmean)
nanmedian = mirrored(np.nanmedian)
nanvar = mirrored(np.nanvar)
nanstd = mirrored(np.nanstd)
nanquantile = mirrored(np.nanquantile)
nanpercentile = mirrored(np.nanpercentile)
correlate = mirrored(np.correlate)
corrcoef = mirrored(np.corrcoef)
cov = mirrored(np.cov)
histogram = mirrored(np.histogram)
bincount = mirrored(np.bincount)
digitize = mirrored(np.digitize)

# --- Array manipulation ---------------------------------------------------------------------------------------------

reshape = mirrored(np.reshape)
ravel = mirrored(np.ravel)
transpose = mirrored(np.transpose)
permute_dims = mirrored(np.permute_dims)
matrix_transpose = mirrored(np.matrix_transpose)
swapaxes = mirrored(np.swapaxes)
moveaxis = mirrored(np.moveaxis)
rollaxis = mirrored(np.rollaxis)
squeeze = mirrored(np.squeeze)
expand_dims = mirrored(np.expand_dims)
broadcast_to = mirrored(np.broadcast_to)
broadcast_arrays = mirrored(np.broadcast_arrays)
atleast_1d = mirrored(np.atleast_1d)
atleast_2d = mirrored(np.atleast_2d)
atleast_3d = mirrored(np.atleast_3d)
flip = mirrored(np.flip)
fliplr = mirrored(np.fliplr)
flipud = mirrored(np.flipud)
roll = mirrored(np.roll)
rot90 = mirrored(np.rot90)
repeat = mirrored(np.repeat)
tile = mirrored(np.tile)
resize = mirrored(np.resize)
copy = mirrored(np.copy)
trim_zeros = mirrored(np.trim_zeros)
meshgrid = mirrored(np.meshgrid)
shape = mirrored(np.shape)
size = mirrored(np.size)
ndim = mirrored(np.ndim)
shares_memory = mirrored(np.shares_memory)
may_share_memory = mirrored(np.may_share_memory)
result_type = mirrored(np.result_type)
can_cast = mirrored(np.can_cast)

# --- Joining and splitting ------------------------------------------------------------------------------------------

concatenate = mirrored(np.concatenate)
concat = mirrored(np.concat)
stack = mirrored(np.stack)
vstack = mirrored(np.vstack)
hstack = mirrored(np.hstack)
dstack = mirrored(np.dstack)
column_stack = mirrored(np.column_stack)
block = mirrored(np.block)
append = mirrored(np.append)
insert = mirrored(np.insert)
delete = mirrored(np.delete)
split = mirrored(np.split)
array_split = mirrored(np.array_split)
hsplit = mirrored(np.hsplit)
vsplit = mirrored(np.vsplit)
dsplit = mirrored(np.dsplit)
pad = mirrored(np.pad)
unique = mirrored(np.unique)

# --- Indexing -------------------------------------------------------------------------------------------------------

where = mirrored(np.where)
take = mirrored(np.take)
take_along_axis = mirrored(np.take_along_axis)
choose = mirrored(np.choose)
compress = mirrored(np.compress)
extract = mirrored(np.extract)
select = mirrored(np.select)
piecewise = mirrored(np.piecewise)
diag = mirrored(np.diag)
diagonal = mirrored(np.diagonal)
diagflat = mirrored(np.diagflat)
tril = mirrored(np.tril)
triu = mirrored(np.triu)
vander = mirrored(np.vander)
trace = mirrored(np.trace)
nonzero = mirrored(np.nonzero)
argwhere = mirrored(np.argwhere)
flatnonzero = mirrored(np.flatnonzero)
searchsorted = mirrored(np.searchsorted)
argsort = mirrored(np.argsort)
argpartition = mirrored(np.argpartition)
lexsort = mirrored(np.lexsort)
sort = mirrored(np.sort)
partition = mirrored(np.partition)
sort_complex = mirrored(np.sort_complex)
ix_ = mirrored(np.ix_)

# --- Products -------------------------------------------------------------------------------------------------------

matmul = mirrored(np.matmul)
vecdot = mirrored(np.vecdot)
dot = mirrored(np.dot)
vdot = mirrored(np.vdot)
inner = mirrored(np.inner)
outer = mirrored(np.outer)
tensordot = mirrored(np.tensordot)
einsum = mirrored(np.einsum)
einsum_path = mirrored(np.einsum_path)
kron = mirrored(np.kron)

# --- Logic ----------------------------------------------------------------------------------------------------------

greater = mirrored(np.greater)
greater_equal = mirrored(np.greater_equal)
less = mirrored(np.less)
less_equal = mirrored(np.less_equal)
equal = mirrored(np.equal)
not_equal = mirrored(np.not_equal)
logical_and = mirrored(np.logical_and)
logical_or = mirrored(np.logical_or)
logical_xor = mirrored(np.logical_xor)
logical_not = mirrored(np.logical_not)
isfinite = mirrored(np.isfinite)
isinf = mirrored(np.isinf)
isnan = mirrored(np.isnan)
isneginf = mirrored(np.isneginf)
isposinf = mirrored(np.isposinf)
iscomplex = mirrored(np.iscomplex)
isreal = mirrored(np.isreal)
iscomplexobj = mirrored(np.iscomplexobj)
isrealobj = mirrored(np.isrealobj)
isclose = mirrored(np.isclose)
allclose = mirrored(np.allclose)
array_equal = mirrored(np.array_equal)
array_equiv = mirrored(np.array_equiv)

# --- Bits -----------------------------------------------------------------------------------------------------------

bitwise_and = mirrored(np.bitwise_and)
bitwise_or = mirrored(np.bitwise_or)
bitwise_xor = mirrored(np.bitwise_xor)
invert = mirrored(np.invert)
left_shift = mirrored(np.left_shift)
right_shift = mirrored(np.right_shift)

# --- Creation -------------------------------------------------------------------------------------------------------

zeros_like = created(np.zeros_like)
ones_like = created(np.ones_like)
empty_like = created(np.empty_like)
full_like = created(np.full_like)
linspace = created(np.linspace)
logspace = created(np.logspace)
geomspace = created(np.geomspace)

# --- functions of newer NumPy versions ------------------------------------------------------------------------------

if hasattr(np, "cumulative_sum"):
    cumulative_sum = mirrored(np.cumulative_sum)
if hasattr(np, "cumulative_prod"):
    cumulative_prod = mirrored(np.cumulative_prod)
if hasattr(np, "matvec"):
    matvec = mirrored(np.matvec)
if hasattr(np, "vecmat"):
    vecmat = mirrored(np.vecmat)
if hasattr(np, "unstack"):
    unstack = mirrored(np.unstack)

__all__ = [
    "GradientLossError",
    "GradientLossWarning",
    "Tensor",
    "__version__",
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "all",
    "allclose",
    "amax",
    "amin",
    "angle",
    "any",
    "append",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "argwhere",
    "around",
    "array_equal",
    "array_equiv",
    "array_split",
    "asarray",
    "asin",
    "asinh",
    "astensor",
    "atan",
    "atan2",
    "atanh",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "average",
    "bincount",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "block",
    "broadcast_arrays",
    "broadcast_to",
    "can_cast",
    "cbrt",
    "ceil",
    "choose",
    "clip",
    "column_stack",
    "compress",
    "concat",
    "concatenate",
    "conj",
    "conjugate",
    "convolve",
    "copy",
    "copysign",
    "corrcoef",
    "correlate",
    "cos",
    "cosh",
    "count_nonzero",
    "cov",
    "cross",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "custom_gradient",
    "deg2rad",
    "degrees",
    "delete",
    "diag",
    "diagflat",
    "diagonal",
    "diff",
    "digitize",
    "divide",
    "divmod",
    "dot",
    "dsplit",
    "dstack",
    "e",
    "ediff1d",
    "einsum",
    "einsum_path",
    "empty",
    "empty_like",
    "equal",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "extract",
    "eye",
    "fabs",
    "fix",
    "flatnonzero",
    "flip",
    "fliplr",
    "flipud",
    "float_power",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frexp",
    "full",
    "full_like",
    "gcd",
    "geomspace",
    "gradient",
    "greater",
    "greater_equal",
    "heaviside",
    "histogram",
    "hsplit",
    "hstack",
    "hypot",
    "i0",
    "identity",
    "imag",
    "inf",
    "inner",
    "insert",
    "interp",
    "invert",
    "isclose",
    "iscomplex",
    "iscomplexobj",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "isrealobj",
    "ix_",
    "jvp",
    "kron",
    "lcm",
    "ldexp",
    "left_shift",
    "less",
    "less_equal",
    "lexsort",
    "linspace",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logspace",
    "matmul",
    "matrix_transpose",
    "matvec",
    "max",
    "maximum",
    "may_share_memory",
    "mean",
    "median",
    "meshgrid",
    "min",
    "minimum",
    "mod",
    "modf",
    "moveaxis",
    "multiply",
    "nan",
    "nan_to_num",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "ndim",
    "negative",
    "newaxis",
    "nextafter",
    "no_autodiff",
    "no_grad",
    "nonzero",
    "not_equal",
    "ones",
    "ones_like",
    "outer",
    "pad",
    "partition",
    "percentile",
    "permute_dims",
    "pi",
    "piecewise",
    "positive",
    "pow",
    "power",
    "prod",
    "ptp",
    "quantile",
    "rad2deg",
    "radians",
    "ravel",
    "real",
    "real_if_close",
    "reciprocal",
    "registry",
    "remainder",
    "repeat",
    "reshape",
    "resize",
    "result_type",
    "right_shift",
    "rint",
    "roll",
    "rollaxis",
    "rot90",
    "round",
    "searchsorted",
    "select",
    "shape",
    "shares_memory",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "size",
    "sort",
    "sort_complex",
    "spacing",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensor",
    "tensordot",
    "tile",
    "trace",
    "transpose",
    "trapezoid",
    "tril",
    "trim_zeros",
    "triu",
    "true_divide",
    "trunc",
    "unique",
    "unstack",
    "unwrap",
    "vander",
    "var",
    "vdot",
    "vecdot",
    "vecmat",
    "vsplit",
    "vstack",
    "where",
    "zeros",
    "zeros_like",
]
