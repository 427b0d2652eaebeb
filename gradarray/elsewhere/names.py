"""The names that arrays have in other libraries and not here, which have to be known before one is missed.

The table says what to write for each; it is not loaded for this list.
"""

ON_ARRAYS = frozenset(
    """
    H abs abs_ absolute absolute_ acos acos_ acosh add add_ addcdiv addcdiv_ addcmul addcmul_ addmm addmv addr
    addressable_data addressable_shards adjoint allclose amax amin aminmax angle arccos arccos_ arcsin arcsin_
    arcsinh arcsinh_ arctan arctan2 arctan2_ arctan_ arctanh argwhere as_strided asin asin_ asinh asinh_ at atan
    atan2 atan2_ atan_ atanh aval baddbmm bfloat16 bincount block_until_ready bmm bool broadcast_to byte cdouble
    ceil ceil_ cfloat char cholesky chunk clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clip_ clone
    committed contiguous copy_ copy_to_host_async copysign copysign_ corrcoef cos cos_ cosh cosh_ count_nonzero cov
    cpu cross cuda cummax cummin cumprod_ cumsum_ data_ptr deg2rad deg2rad_ delete det detach_ devices diag
    diag_embed diagflat diff digamma dim dist div div_ divide divide_ double element_size eq equal erf erfc erfinv
    exp exp2 exp2_ exp_ expand expand_as expm1 expm1_ fill_ fix fix_ flip fliplr flipud float float_power
    float_power_ floor floor_ floor_divide floor_divide_ fmax fmin fmod fmod_ frac gather ge ger get_device grad_fn
    greater greater_equal gt half heaviside heaviside_ histc hypot hypot_ i0 i0_ index_add index_add_ index_copy
    index_copy_ index_fill index_fill_ index_put index_put_ index_select inner int inverse is_complex is_contiguous
    is_cpu is_cuda is_deleted is_floating_point is_fully_addressable is_leaf is_ready is_sparse isclose isfinite
    isinf isnan isneginf isposinf isreal kron kthvalue le lerp lerp_ less less_equal lgamma log log10 log10_ log1p
    log1p_ log2 log2_ log_ log_softmax logaddexp logaddexp2 logcumsumexp logdet logical_and logical_not logical_or
    logical_xor logit logsumexp long lt mH masked_fill masked_fill_ masked_scatter masked_scatter_ masked_select
    matmul matrix_exp matrix_power maximum median minimum mm movedim msort mul mul_ multiply multiply_ mv nan_to_num
    nan_to_num_ nanmean nanmedian nanquantile nansum narrow ndimension ne neg neg_ negative negative_ nelement
    new_empty new_full new_ones new_tensor new_zeros nextafter nextafter_ norm normal_ not_equal numel numpy outer
    permute pin_memory pinverse platform positive pow pow_ ptp qr quantile rad2deg rad2deg_ reciprocal reciprocal_
    register_hook register_post_accumulate_grad_hook relu relu_ remainder remainder_ repeat_interleave requires_grad
    requires_grad_ reshape_as resize_ retain_grad retains_grad roll rot90 round_ rsqrt rsqrt_ scatter scatter_
    scatter_add scatter_add_ scatter_reduce select sgn sgn_ sharding share_memory_ short sigmoid sigmoid_ sign sign_
    signbit sin sin_ sinc sinc_ sinh sinh_ slogdet softmax split split_with_sizes sqrt sqrt_ square square_ squeeze_
    storage_offset stride sub sub_ subtract subtract_ sum_to_size svd swapdims t t_ take_along_dim tan tan_ tanh
    tanh_ tensor_split tile to to_dense to_sparse topk transpose_ tril tril_ triu triu_ true_divide true_divide_
    trunc trunc_ type type_as unbind unflatten unfold uniform_ unique unsqueeze unsqueeze_ vdot view_as weak_type
    where xlogy zero_ zero_grad
    """.split()  # noqa: SIM905 - one name a line would take six screens
)
