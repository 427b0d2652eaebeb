"""Arrays in, arrays out: what a tape may hold, who else holds it, and arithmetic in place, in parts, at an index.

No derivative is known here, and no Tensor.
"""
