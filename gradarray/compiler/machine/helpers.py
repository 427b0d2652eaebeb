"""Functions that compiled ones call: reductions of a row, and functions that are computed for several numbers at once.

The loops of the C library take one number at a time; these have no branches, so that the processor takes four or eight.
"""

from __future__ import annotations

import re
from math import factorial

_ROW = "@helper\ndef {name}(a, start, n):\n"
HELPERS = {
    # As NumPy adds up: in halves, and these in eight sums at a time.
    "total": """@helper(float64(Array(float64, 1, "C"), int64, int64))
def total(a, start, n):
    if n > 128:
        half = n // 2
        half -= half % 8
        return total(a, start, half) + total(a, start + half, n - half)
    if n < 8:
        x = a[start]
        for i in range(start + 1, start + n):
            x += a[i]
        return x + 0.0
    x0, x1, x2, x3 = a[start], a[start + 1], a[start + 2], a[start + 3]
    x4, x5, x6, x7 = a[start + 4], a[start + 5], a[start + 6], a[start + 7]
    end = start + n - n % 8
    for i in range(start + 8, end, 8):
        x0 += a[i]
        x1 += a[i + 1]
        x2 += a[i + 2]
        x3 += a[i + 3]
        x4 += a[i + 4]
        x5 += a[i + 5]
        x6 += a[i + 6]
        x7 += a[i + 7]
    x = ((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7))
    for i in range(end, start + n):
        x += a[i]
    return x + 0.0
""",
    "count": _ROW.format(name="count")
    + """    x = 0
    for i in range(start, start + n):
        x += a[i]
    return x
""",
    "all_true": _ROW.format(name="all_true")
    + """    x = True
    for i in range(start, start + n):
        x = x & (a[i] != 0)
    return x
""",
    "any_true": _ROW.format(name="any_true")
    + """    x = False
    for i in range(start, start + n):
        x = x | (a[i] != 0)
    return x
""",
}
# With its types given: once for all sizes.
HELPERS["product"] = """row = Array(float64, 1, "C")


@contracted(none(row, int64, int64, int64, row, int64, int64, row, int64, int64, int64))
def product(a, a0, ai, aj, b, b0, bi, c, m, k, n):
    end = k - k % 4
    for i in range(m):
        p, at = a0 + i * ai, i * n
        for j in range(n):
            c[at + j] = 0.0
        # Four rows at a time, so that an element of the result is read and written less often.
        for l in range(0, end, 4):
            x0, x1, x2, x3 = a[p + l * aj], a[p + (l + 1) * aj], a[p + (l + 2) * aj], a[p + (l + 3) * aj]
            q0 = b0 + l * bi
            q1, q2, q3 = q0 + bi, q0 + 2 * bi, q0 + 3 * bi
            for j in range(n):
                c[at + j] = (((c[at + j] + x0 * b[q0 + j]) + x1 * b[q1 + j]) + x2 * b[q2 + j]) + x3 * b[q3 + j]
        for l in range(end, k):
            x, q = a[p + l * aj], b0 + l * bi
            for j in range(n):
                c[at + j] = c[at + j] + x * b[q + j]
"""
_ROWS = range(8)
for _name, _sign in (("largest", ">"), ("smallest", "<")):
    HELPERS[_name] = (
        _ROW.format(name=_name)
        + f"""    # In eight rows, none of which waits for another.
    {" = ".join([f"x{k}" for k in _ROWS])} = a[start]
    odd = False
    end = start + n - n % 8
    for i in range(start, end, 8):
        y0, y1, y2, y3 = a[i], a[i + 1], a[i + 2], a[i + 3]
        y4, y5, y6, y7 = a[i + 4], a[i + 5], a[i + 6], a[i + 7]
"""
        + "".join([f"        x{k} = y{k} if y{k} {_sign} x{k} else x{k}\n" for k in _ROWS])
        + f"        odd = odd | {' | '.join([f'(y{k} != y{k})' for k in _ROWS])}\n"
        + "".join([f"    x0 = x{k} if x{k} {_sign} x0 else x0\n" for k in _ROWS[1:]])
        + f"""    for i in range(end, start + n):
        x0 = a[i] if a[i] {_sign} x0 else x0
        odd = odd | (a[i] != a[i])
    if odd:
        for i in range(start, start + n):
            if a[i] != a[i]:
                return a[i]
    return x0
"""
    )
# A compiler does not do several turns at once where it may have to count a negative place from the end.
HELPERS = {name: re.sub(r"\b([abc])\[(.*?)\]", r"\1[np.uint64(\2)]", text) for name, text in HELPERS.items()}

# --- for several numbers at once --------------------------------------------------------------------------------------

# Of y = k log 2 + r, with k a whole number and r at most half of log 2: p, which is e**r - 1, by its series, and n, the
# bits of k, which stand behind those of 1.5 * 2**52 once that is added. The series is put together in pairs, which need
# not wait for each other; a product and a sum are rounded once where the processor has that: half of the time.
_SERIES = [f"({1 / factorial(k)!r} + r * {1 / factorial(k + 1)!r})" for k in range(2, 14, 2)]
_FOURS = [f"({a} + r2 * {b})" for a, b in zip(_SERIES[::2], _SERIES[1::2], strict=True)]
_REDUCED = f"""    t = y * 1.4426950408889634 + 6755399441055744.0
    k = t - 6755399441055744.0
    r = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    r2 = r * r
    r4 = r2 * r2
    p = {_FOURS[1]} + r4 * {_FOURS[2]}
    p = {_FOURS[0]} + r4 * p
    p = p * r2 + r
    n = np.float64(t).view(np.int64) - 4843621399236968448
"""
HELPERS["exp"] = (
    """@contracted
def exp(x):
    y = 750.0 if x > 750.0 else x
    y = -750.0 if y < -750.0 else y
"""
    + _REDUCED
    + """    # In two steps, since 2**k may be too large or too small.
    half = n >> 1
    a = np.int64((half + 1023) << 52).view(np.float64)
    b = np.int64((n - half + 1023) << 52).view(np.float64)
    return (p * a + a) * b
"""
)
HELPERS["tanh"] = (
    """@contracted
def tanh(x):
    y = 2.0 * abs(x)
    y = 44.0 if y > 44.0 else y
"""
    + _REDUCED
    + """    a = np.int64((n + 1023) << 52).view(np.float64)
    e = p * a + (a - 1.0)
    return np.copysign(e / (e + 2.0), x)
"""
)
# Of x = k pi / 2 + r, with k a whole number and r at most a quarter of pi, the sine and cosine of r by their series:
# one of these, or its negative, is what is asked for. All parts of pi / 2 but the last one have so few bits that their
# products with k are exact; beyond `FARTHEST` they are not.
FARTHEST = 1e8
_PARTS = ("1.570796325802803", "9.920935739593517e-10", "5.721188709663575e-18", "1.6446256936324258e-26")


def _in_pairs(first: int) -> str:
    """Return the series whose first term is this power's over its factorial, as a polynomial of z, which is r**2."""
    terms = [(-1) ** (k // 2) / factorial(k) for k in range(first, 18, 2)] + [0.0]
    pairs = [f"({a!r} + z * {b!r})" if b else repr(a) for a, b in zip(terms[::2], terms[1::2], strict=False)]
    return f"({pairs[0]} + z2 * {pairs[1]}) + z4 * ({pairs[2]} + z2 * {pairs[3]})"


for _name, _turned in (("sin", ""), ("cos", " + 1")):
    HELPERS[_name] = f"""@contracted
def {_name}(x):
    t = x * 0.6366197723675814 + 6755399441055744.0
    k = t - 6755399441055744.0
    r = (((x - k * {_PARTS[0]}) - k * {_PARTS[1]}) - k * {_PARTS[2]}) - k * {_PARTS[3]}
    z = r * r
    z2 = z * z
    z4 = z2 * z2
    s = np.copysign(r + r * z * ({_in_pairs(3)}), r)
    c = 1.0 - (0.5 * z - z2 * ({_in_pairs(4)}))
    n = np.float64(t).view(np.int64){_turned}
    y = c if n & 1 else s
    return -y if n & 2 else y
"""
# By what these are called elsewhere.
AT_ONCE = {f"np.{name}(": name for name in ("exp", "tanh", "sin", "cos")}
BOUNDED = ("np.sin(", "np.cos(")

# --- products of matrices that lie densely, in rows or in columns -----------------------------------------------------

for _a in "rc":
    HELPERS[f"applied_{_a}"] = f'applied_{_a} = applied("{_a}")\n'
    for _b in "rc":
        HELPERS[f"product_{_a}_{_b}"] = f'product_{_a}_{_b} = multiplied("{_a}", "{_b}")\n'
