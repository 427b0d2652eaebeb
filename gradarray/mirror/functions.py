"""The functions of the mirror: ``ga.f`` for np.f, chapter by chapter of NumPy's reference."""

import numpy as np

from .mirrored import Answering, Chooses, OneOrMore, answering, converted, created, mirrored
from .ufuncs import binary, binary_answer, generalized, unary, unary_answer

# --- Mathematical functions -----------------------------------------------------------------------------------------

sin = unary(np.sin)
cos = unary(np.cos)
tan = unary(np.tan)
arcsin = unary(np.arcsin)
arccos = unary(np.arccos)
arctan = unary(np.arctan)
arctan2 = binary(np.arctan2)
hypot = binary(np.hypot)
degrees = unary(np.degrees)
radians = unary(np.radians)
deg2rad = unary(np.deg2rad)
rad2deg = unary(np.rad2deg)
sinh = unary(np.sinh)
cosh = unary(np.cosh)
tanh = unary(np.tanh)
arcsinh = unary(np.arcsinh)
arccosh = unary(np.arccosh)
arctanh = unary(np.arctanh)
asin = arcsin
acos = arccos
atan = arctan
atan2 = arctan2
asinh = arcsinh
acosh = arccosh
atanh = arctanh
round = mirrored(np.round)
around = mirrored(np.around)
rint = unary(np.rint)
floor = unary(np.floor)
ceil = unary(np.ceil)
trunc = unary(np.trunc)
exp = unary(np.exp)
exp2 = unary(np.exp2)
expm1 = unary(np.expm1)
log = unary(np.log)
log2 = unary(np.log2)
log10 = unary(np.log10)
log1p = unary(np.log1p)
logaddexp = binary(np.logaddexp)
logaddexp2 = binary(np.logaddexp2)
sinc = mirrored(np.sinc)
i0 = mirrored(np.i0)
signbit = unary_answer(np.signbit)
copysign = binary(np.copysign)
frexp = unary_answer(np.frexp)
ldexp = binary(np.ldexp)
nextafter = binary(np.nextafter)
spacing = unary(np.spacing)
lcm = binary_answer(np.lcm)
gcd = binary_answer(np.gcd)
add = binary(np.add)
reciprocal = unary(np.reciprocal)
positive = unary(np.positive)
negative = unary(np.negative)
multiply = binary(np.multiply)
divide = binary(np.divide)
true_divide = divide
power = binary(np.power)
pow = power
float_power = binary(np.float_power)
subtract = binary(np.subtract)
floor_divide = binary(np.floor_divide)
fmod = binary(np.fmod)
remainder = binary(np.remainder)
mod = remainder
modf = unary_answer(np.modf)
divmod = binary_answer(np.divmod)
angle = mirrored(np.angle)
real = mirrored(np.real)
imag = mirrored(np.imag)
conjugate = unary(np.conjugate)
conj = conjugate
maximum = binary(np.maximum)
minimum = binary(np.minimum)
fmax = binary(np.fmax)
fmin = binary(np.fmin)
sqrt = unary(np.sqrt)
cbrt = unary(np.cbrt)
square = unary(np.square)
absolute = unary(np.absolute)
abs = absolute
fabs = unary(np.fabs)
sign = unary(np.sign)
heaviside = binary(np.heaviside)
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
gradient = answering(np.gradient)
cross = mirrored(np.cross)
trapezoid = mirrored(np.trapezoid)
max = mirrored(np.max)
amax = mirrored(np.amax)
min = mirrored(np.min)
amin = mirrored(np.amin)
nanmax = mirrored(np.nanmax)
nanmin = mirrored(np.nanmin)
ptp = mirrored(np.ptp)
all = answering(np.all)
any = answering(np.any)
argmax = answering(np.argmax)
argmin = answering(np.argmin)
nanargmax = answering(np.nanargmax)
nanargmin = answering(np.nanargmin)
count_nonzero = answering(np.count_nonzero)

# --- Statistics -----------------------------------------------------------------------------------------------------

mean = mirrored(np.mean)
average: OneOrMore = mirrored(np.average)
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
histogram = answering(np.histogram)
bincount = mirrored(np.bincount)
histogram2d = answering(np.histogram2d)
histogramdd = answering(np.histogramdd)
histogram_bin_edges = mirrored(np.histogram_bin_edges)
digitize = answering(np.digitize)

# --- Array manipulation ---------------------------------------------------------------------------------------------

reshape = mirrored(np.reshape)
ravel = mirrored(np.ravel)
transpose = mirrored(np.transpose)
permute_dims = transpose
matrix_transpose = mirrored(np.matrix_transpose)
swapaxes = mirrored(np.swapaxes)
moveaxis = mirrored(np.moveaxis)
rollaxis = mirrored(np.rollaxis)
squeeze = mirrored(np.squeeze)
expand_dims = mirrored(np.expand_dims)
broadcast_to = mirrored(np.broadcast_to)
broadcast_arrays = answering(np.broadcast_arrays)
broadcast_shapes = answering(np.broadcast_shapes, plain=True)
atleast_1d = answering(np.atleast_1d)
atleast_2d = answering(np.atleast_2d)
atleast_3d = answering(np.atleast_3d)
flip = mirrored(np.flip)
fliplr = mirrored(np.fliplr)
flipud = mirrored(np.flipud)
roll = mirrored(np.roll)
rot90 = mirrored(np.rot90)
repeat = mirrored(np.repeat)
tile = mirrored(np.tile)
resize = mirrored(np.resize)
copy = mirrored(np.copy)
copyto = answering(np.copyto)
trim_zeros = mirrored(np.trim_zeros)
meshgrid = answering(np.meshgrid)
shape = answering(np.shape)
size = answering(np.size)
ndim = answering(np.ndim)
shares_memory = answering(np.shares_memory)
may_share_memory = answering(np.may_share_memory)
result_type = answering(np.result_type)
can_cast = answering(np.can_cast)
common_type = answering(np.common_type)
min_scalar_type = answering(np.min_scalar_type)
isfortran = answering(np.isfortran, plain=True)
isscalar = answering(np.isscalar, plain=True)

# --- Joining and splitting ------------------------------------------------------------------------------------------

concatenate = mirrored(np.concatenate)
concat = concatenate
stack = mirrored(np.stack)
vstack = mirrored(np.vstack)
hstack = mirrored(np.hstack)
dstack = mirrored(np.dstack)
column_stack = mirrored(np.column_stack)
block = mirrored(np.block)
append = mirrored(np.append)
insert = mirrored(np.insert)
delete = mirrored(np.delete)
split = answering(np.split)
array_split = answering(np.array_split)
hsplit = answering(np.hsplit)
vsplit = answering(np.vsplit)
dsplit = answering(np.dsplit)
pad = mirrored(np.pad)
unique = answering(np.unique)
unique_all = answering(np.unique_all)
unique_counts = answering(np.unique_counts)
unique_inverse = answering(np.unique_inverse)
unique_values = mirrored(np.unique_values)

# --- Indexing -------------------------------------------------------------------------------------------------------

where: Chooses = mirrored(np.where)
take = mirrored(np.take)
take_along_axis = mirrored(np.take_along_axis)
choose = mirrored(np.choose)
compress = mirrored(np.compress)
extract = mirrored(np.extract)
select = mirrored(np.select)
piecewise = mirrored(np.piecewise, callback=True)
diag = mirrored(np.diag)
diagonal = mirrored(np.diagonal)
diagflat = mirrored(np.diagflat)
tril = mirrored(np.tril)
triu = mirrored(np.triu)
vander = mirrored(np.vander)
trace = mirrored(np.trace)
nonzero = answering(np.nonzero)
argwhere = answering(np.argwhere)
flatnonzero = answering(np.flatnonzero)
searchsorted = answering(np.searchsorted)
argsort = answering(np.argsort)
argpartition = answering(np.argpartition)
lexsort = answering(np.lexsort)
sort = mirrored(np.sort)
partition = mirrored(np.partition)
sort_complex = mirrored(np.sort_complex)
ix_ = answering(np.ix_)
diag_indices = answering(np.diag_indices, plain=True)
diag_indices_from = answering(np.diag_indices_from)
mask_indices = answering(np.mask_indices, plain=True)
tril_indices = answering(np.tril_indices, plain=True)
tril_indices_from = answering(np.tril_indices_from)
triu_indices = answering(np.triu_indices, plain=True)
triu_indices_from = answering(np.triu_indices_from)
ravel_multi_index = answering(np.ravel_multi_index)
unravel_index = answering(np.unravel_index)
fill_diagonal = answering(np.fill_diagonal)
place = answering(np.place)
put = answering(np.put)
put_along_axis = answering(np.put_along_axis)
putmask = answering(np.putmask)

# --- Products -------------------------------------------------------------------------------------------------------

matmul = generalized(np.matmul)
vecdot = generalized(np.vecdot)
dot = mirrored(np.dot)
vdot = mirrored(np.vdot)
inner = mirrored(np.inner)
outer = mirrored(np.outer)
tensordot = mirrored(np.tensordot)
einsum = mirrored(np.einsum)
einsum_path = answering(np.einsum_path)
kron = mirrored(np.kron)

# --- Polynomials ----------------------------------------------------------------------------------------------------

poly = mirrored(np.poly)
roots = mirrored(np.roots)
polyval = mirrored(np.polyval)
polyfit = answering(np.polyfit)
polyder = mirrored(np.polyder)
polyint = mirrored(np.polyint)
polyadd = mirrored(np.polyadd)
polysub = mirrored(np.polysub)
polymul = mirrored(np.polymul)
polydiv = answering(np.polydiv)

# --- Functions of functions -----------------------------------------------------------------------------------------

apply_along_axis = answering(np.apply_along_axis, callback=True)
apply_over_axes = mirrored(np.apply_over_axes, callback=True)

# --- Sets -----------------------------------------------------------------------------------------------------------

intersect1d: OneOrMore = mirrored(np.intersect1d)
isin = answering(np.isin)
setdiff1d = mirrored(np.setdiff1d)
setxor1d = mirrored(np.setxor1d)
union1d = mirrored(np.union1d)

# --- Text -----------------------------------------------------------------------------------------------------------

array_repr = answering(np.array_repr)
array_str = answering(np.array_str)
array2string = answering(np.array2string)

# --- Logic ----------------------------------------------------------------------------------------------------------

greater = binary_answer(np.greater)
greater_equal = binary_answer(np.greater_equal)
less = binary_answer(np.less)
less_equal = binary_answer(np.less_equal)
equal = binary_answer(np.equal)
not_equal = binary_answer(np.not_equal)
logical_and = binary_answer(np.logical_and)
logical_or = binary_answer(np.logical_or)
logical_xor = binary_answer(np.logical_xor)
logical_not = unary_answer(np.logical_not)
isfinite = unary_answer(np.isfinite)
isinf = unary_answer(np.isinf)
isnan = unary_answer(np.isnan)
isneginf = answering(np.isneginf)
isposinf = answering(np.isposinf)
iscomplex = answering(np.iscomplex)
isreal = answering(np.isreal)
iscomplexobj = answering(np.iscomplexobj)
isrealobj = answering(np.isrealobj)
isclose = answering(np.isclose)
allclose = answering(np.allclose)
array_equal = answering(np.array_equal)
array_equiv = answering(np.array_equiv)

# --- Bits -----------------------------------------------------------------------------------------------------------

bitwise_and = binary_answer(np.bitwise_and)
bitwise_or = binary_answer(np.bitwise_or)
bitwise_xor = binary_answer(np.bitwise_xor)
invert = unary_answer(np.invert)
left_shift = binary_answer(np.left_shift)
right_shift = binary_answer(np.right_shift)
bitwise_invert = invert
bitwise_not = invert
bitwise_left_shift = left_shift
bitwise_right_shift = right_shift
bitwise_count = unary_answer(np.bitwise_count)
packbits = answering(np.packbits)
unpackbits = answering(np.unpackbits)

# --- Creation -------------------------------------------------------------------------------------------------------

zeros = created(np.zeros)
ones = created(np.ones)
empty = created(np.empty)
full = created(np.full)
zeros_like = created(np.zeros_like)
ones_like = created(np.ones_like)
empty_like = created(np.empty_like)
full_like = created(np.full_like)
eye = created(np.eye)
identity = created(np.identity)
tri = created(np.tri)
arange = created(np.arange)
linspace: OneOrMore = created(np.linspace)
logspace = created(np.logspace)
geomspace = created(np.geomspace)
indices: Answering = created(np.indices)
bartlett = created(np.bartlett)
blackman = created(np.blackman)
hamming = created(np.hamming)
hanning = created(np.hanning)
kaiser = created(np.kaiser)

array = converted(np.array)
asanyarray = converted(np.asanyarray)
ascontiguousarray = converted(np.ascontiguousarray)
asfortranarray = converted(np.asfortranarray)
require = converted(np.require)
from_dlpack = created(np.from_dlpack)
frombuffer = created(np.frombuffer)
fromfile = created(np.fromfile)
fromfunction: Answering = created(np.fromfunction, callback=True)
fromiter = created(np.fromiter)
fromstring = created(np.fromstring)
genfromtxt = created(np.genfromtxt)
loadtxt = created(np.loadtxt)

__all__ = [
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
    "apply_along_axis",
    "apply_over_axes",
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
    "array",
    "array2string",
    "array_equal",
    "array_equiv",
    "array_repr",
    "array_split",
    "array_str",
    "asanyarray",
    "ascontiguousarray",
    "asfortranarray",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "average",
    "bartlett",
    "bincount",
    "bitwise_and",
    "bitwise_count",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "blackman",
    "block",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "can_cast",
    "cbrt",
    "ceil",
    "choose",
    "clip",
    "column_stack",
    "common_type",
    "compress",
    "concat",
    "concatenate",
    "conj",
    "conjugate",
    "convolve",
    "copy",
    "copysign",
    "copyto",
    "corrcoef",
    "correlate",
    "cos",
    "cosh",
    "count_nonzero",
    "cov",
    "cross",
    "cumprod",
    "cumsum",
    "deg2rad",
    "degrees",
    "delete",
    "diag",
    "diag_indices",
    "diag_indices_from",
    "diagflat",
    "diagonal",
    "diff",
    "digitize",
    "divide",
    "divmod",
    "dot",
    "dsplit",
    "dstack",
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
    "fill_diagonal",
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
    "from_dlpack",
    "frombuffer",
    "fromfile",
    "fromfunction",
    "fromiter",
    "fromstring",
    "full",
    "full_like",
    "gcd",
    "genfromtxt",
    "geomspace",
    "gradient",
    "greater",
    "greater_equal",
    "hamming",
    "hanning",
    "heaviside",
    "histogram",
    "histogram2d",
    "histogram_bin_edges",
    "histogramdd",
    "hsplit",
    "hstack",
    "hypot",
    "i0",
    "identity",
    "imag",
    "indices",
    "inner",
    "insert",
    "interp",
    "intersect1d",
    "invert",
    "isclose",
    "iscomplex",
    "iscomplexobj",
    "isfinite",
    "isfortran",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "isrealobj",
    "isscalar",
    "ix_",
    "kaiser",
    "kron",
    "lcm",
    "ldexp",
    "left_shift",
    "less",
    "less_equal",
    "lexsort",
    "linspace",
    "loadtxt",
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
    "mask_indices",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "may_share_memory",
    "mean",
    "median",
    "meshgrid",
    "min",
    "min_scalar_type",
    "minimum",
    "mod",
    "modf",
    "moveaxis",
    "multiply",
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
    "nextafter",
    "nonzero",
    "not_equal",
    "ones",
    "ones_like",
    "outer",
    "packbits",
    "pad",
    "partition",
    "percentile",
    "permute_dims",
    "piecewise",
    "place",
    "poly",
    "polyadd",
    "polyder",
    "polydiv",
    "polyfit",
    "polyint",
    "polymul",
    "polysub",
    "polyval",
    "positive",
    "pow",
    "power",
    "prod",
    "ptp",
    "put",
    "put_along_axis",
    "putmask",
    "quantile",
    "rad2deg",
    "radians",
    "ravel",
    "ravel_multi_index",
    "real",
    "real_if_close",
    "reciprocal",
    "remainder",
    "repeat",
    "require",
    "reshape",
    "resize",
    "result_type",
    "right_shift",
    "rint",
    "roll",
    "rollaxis",
    "roots",
    "rot90",
    "round",
    "searchsorted",
    "select",
    "setdiff1d",
    "setxor1d",
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
    "tensordot",
    "tile",
    "trace",
    "transpose",
    "trapezoid",
    "tri",
    "tril",
    "tril_indices",
    "tril_indices_from",
    "trim_zeros",
    "triu",
    "triu_indices",
    "triu_indices_from",
    "true_divide",
    "trunc",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "unpackbits",
    "unravel_index",
    "unwrap",
    "vander",
    "var",
    "vdot",
    "vecdot",
    "vsplit",
    "vstack",
    "where",
    "zeros",
    "zeros_like",
]

# --- What not every NumPy version has -------------------------------------------------------------------------------

if hasattr(np, "fix"):
    fix = mirrored(np.fix)
    __all__ += ["fix"]
if hasattr(np, "cumulative_sum"):
    cumulative_sum = mirrored(np.cumulative_sum)
    cumulative_prod = mirrored(np.cumulative_prod)
    unstack = mirrored(np.unstack)
    __all__ += ["cumulative_prod", "cumulative_sum", "unstack"]
if hasattr(np, "matvec"):
    matvec = generalized(np.matvec)
    vecmat = generalized(np.vecmat)
    __all__ += ["matvec", "vecmat"]
