"""The names that arrays have in other libraries and not here, which have to be known before one is missed.

The table says what to write for each; it is not loaded for this list.
"""

ON_ARRAYS = frozenset(
    """
    H abs abs_ absolute acos acos_ acosh add add_ addcdiv_ addcmul_ addmm addressable_data adjoint allclose amax amin
    aminmax angle arccos arcsin arcsinh arctan arctan2 arctanh argwhere asin asin_ asinh at atan atan2 atan2_ atan_
    atanh aval bincount block_until_ready bmm bool broadcast_to ceil ceil_ cholesky chunk clamp clamp_ clamp_max
    clamp_min clip_ clone contiguous copy_ copy_to_host_async copysign corrcoef cos cos_ cosh cosh_ count_nonzero cov
    cpu cross cuda cummax cummin data_ptr deg2rad det detach_ devices diag diag_embed diff dim dist div div_
    divide double element_size eq equal erf erfc exp exp2 exp_ expand expand_as expm1 expm1_ fill_ fix flip fliplr
    flipud float float_power floor floor_ floor_divide fmax fmin fmod frac gather ge grad_fn greater greater_equal gt
    half heaviside histc hypot hypot_ i0 index_add index_add_ index_copy_ index_fill_ index_put_ index_select inner
    int inverse is_complex is_contiguous is_cuda is_floating_point is_leaf isclose isfinite isinf isnan kron kthvalue
    le lerp less less_equal lgamma log log10 log10_ log1p log1p_ log2 log2_ log_ log_softmax logaddexp logaddexp2
    logcumsumexp logdet logical_and logical_not logical_or logit logsumexp long lt mH masked_fill masked_fill_
    masked_scatter_ masked_select matmul matrix_exp matrix_power maximum median minimum mm movedim msort mul
    mul_ multiply mv nan_to_num nanmean nansum narrow ndimension ne neg neg_ negative negative_ nelement new_empty
    new_full new_ones new_tensor new_zeros nextafter norm normal_ not_equal numel numpy outer
    permute pin_memory pinverse positive pow pow_ qr quantile rad2deg reciprocal reciprocal_ register_hook relu relu_
    remainder remainder_ repeat_interleave requires_grad requires_grad_ reshape_as resize_ retain_grad retains_grad
    roll rot90 round_ rsqrt scatter scatter_ scatter_add scatter_add_ select sgn sharding sigmoid sign sign_ signbit
    sin sin_ sinc sinh sinh_ slogdet softmax split sqrt sqrt_ square square_ squeeze_ storage_offset stride sub sub_
    subtract sum_to_size svd swapdims t take_along_dim tan tan_ tanh tanh_ tensor_split tile to topk tril triu
    true_divide trunc trunc_ type type_as unbind unflatten unfold uniform_ unique unsqueeze unsqueeze_ vdot view_as
    weak_type where xlogy zero_ zero_grad
    """.split()  # noqa: SIM905 - one name a line would take six screens
)
