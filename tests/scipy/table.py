"""For every ufunc of scipy.special where to try it: an interval for each operand, or whole numbers."""

from __future__ import annotations

from typing import NamedTuple

import scipy.special as special


class Interval(NamedTuple):
    """Numbers that are differentiated by."""

    low: float
    high: float


class Whole(NamedTuple):
    """Numbers that there is no derivative by."""

    low: int
    high: int


POSITIVE, UNIT, REAL, LARGE = Interval(0.5, 2), Interval(0.15, 0.85), Interval(-1.5, 1.5), Interval(1.2, 3)
DEGREE, ONE, TWO, EIGHT = Whole(1, 5), Whole(1, 1), Whole(2, 2), Whole(8, 8)

# Where all operands may be any positive numbers, the name of a ufunc is missing here.
OPERANDS: dict[str, tuple[Interval | Whole, ...]] = {
    "_lambertw": (POSITIVE, Whole(0, 0), Interval(1e-10, 1e-10)),
    "_riemann_zeta": (LARGE,),
    "_smirnovp": (DEGREE, UNIT),
    "_zeta": (LARGE, POSITIVE),
    "airy": (REAL,),
    "bdtr": (DEGREE, EIGHT, UNIT),
    "bdtrc": (DEGREE, EIGHT, UNIT),
    "bdtri": (DEGREE, EIGHT, UNIT),
    "bdtrik": (UNIT, Interval(8, 9), UNIT),
    "bdtrin": (POSITIVE, UNIT, UNIT),
    "betainc": (POSITIVE, POSITIVE, UNIT),
    "betaincc": (POSITIVE, POSITIVE, UNIT),
    "betainccinv": (POSITIVE, POSITIVE, UNIT),
    "betaincinv": (POSITIVE, POSITIVE, UNIT),
    "binom": (Interval(2, 6), POSITIVE),
    "btdtria": (UNIT, POSITIVE, UNIT),
    "btdtrib": (POSITIVE, UNIT, UNIT),
    "chdtri": (POSITIVE, UNIT),
    "chdtriv": (UNIT, POSITIVE),
    "chndtridf": (UNIT, POSITIVE, POSITIVE),
    "chndtrinc": (POSITIVE, POSITIVE, Interval(0.05, 0.1)),
    "chndtrix": (UNIT, POSITIVE, POSITIVE),
    "ellipe": (UNIT,),
    "ellipeinc": (Interval(-5, 5), UNIT),
    "ellipj": (REAL, UNIT),
    "ellipk": (UNIT,),
    "ellipkinc": (Interval(-5, 5), UNIT),
    "ellipkm1": (UNIT,),
    "erfinv": (Interval(-0.8, 0.8),),
    "eval_hermite": (DEGREE, REAL),
    "eval_hermitenorm": (DEGREE, REAL),
    "expn": (DEGREE, POSITIVE),
    "fdtri": (POSITIVE, POSITIVE, UNIT),
    "fdtridfd": (Interval(2, 6), Interval(0.55, 0.6), Interval(1.2, 1.4)),
    "gammainccinv": (POSITIVE, UNIT),
    "gammaincinv": (POSITIVE, UNIT),
    "gdtria": (UNIT, POSITIVE, POSITIVE),
    "gdtrib": (POSITIVE, UNIT, POSITIVE),
    "gdtrix": (POSITIVE, POSITIVE, UNIT),
    "huber": (POSITIVE, REAL),
    "hyp2f1": (POSITIVE, POSITIVE, POSITIVE, UNIT),
    "kn": (DEGREE, POSITIVE),
    "kolmogi": (UNIT,),
    "logit": (UNIT,),
    "lpmv": (ONE, DEGREE, UNIT),
    "mathieu_a": (DEGREE, POSITIVE),
    "mathieu_b": (DEGREE, POSITIVE),
    "mathieu_cem": (DEGREE, POSITIVE, Interval(5, 80)),
    "mathieu_modcem1": (DEGREE, POSITIVE, POSITIVE),
    "mathieu_modcem2": (DEGREE, POSITIVE, POSITIVE),
    "mathieu_modsem1": (DEGREE, POSITIVE, POSITIVE),
    "mathieu_modsem2": (DEGREE, POSITIVE, POSITIVE),
    "mathieu_sem": (DEGREE, POSITIVE, Interval(5, 80)),
    "nbdtr": (DEGREE, DEGREE, UNIT),
    "nbdtrc": (DEGREE, DEGREE, UNIT),
    "nbdtri": (DEGREE, DEGREE, UNIT),
    "nbdtrik": (Interval(0.7, 0.9), POSITIVE, Interval(0.3, 0.5)),
    "nbdtrin": (POSITIVE, UNIT, UNIT),
    "ncfdtri": (POSITIVE, POSITIVE, POSITIVE, UNIT),
    "ncfdtridfd": (POSITIVE, UNIT, POSITIVE, POSITIVE),
    "ncfdtridfn": (UNIT, POSITIVE, POSITIVE, POSITIVE),
    "ncfdtrinc": (Interval(2, 6), Interval(2, 6), Interval(0.2, 0.3), Interval(1.5, 2)),
    "nctdtr": (LARGE, REAL, REAL),
    "nctdtridf": (Interval(0.79, 0.81), Interval(0.19, 0.21), Interval(1.1, 1.13)),
    "nctdtrinc": (LARGE, UNIT, POSITIVE),
    "nctdtrit": (LARGE, REAL, UNIT),
    "ndtri": (UNIT,),
    "ndtri_exp": (Interval(-2, -0.5),),
    "nrdtrimn": (UNIT, POSITIVE, REAL),
    "nrdtrisd": (Interval(0.05, 0.15), Interval(0.6, 0.9), POSITIVE),
    "obl_ang1": (ONE, TWO, POSITIVE, UNIT),
    "obl_cv": (ONE, TWO, POSITIVE),
    "obl_rad1": (ONE, TWO, POSITIVE, LARGE),
    "obl_rad2": (ONE, TWO, POSITIVE, LARGE),
    "owens_t": (REAL, REAL),
    "pdtr": (DEGREE, POSITIVE),
    "pdtrc": (DEGREE, POSITIVE),
    "pdtri": (DEGREE, UNIT),
    "pdtrik": (UNIT, Interval(2, 6)),
    "pro_ang1": (ONE, TWO, POSITIVE, UNIT),
    "pro_cv": (ONE, TWO, POSITIVE),
    "pro_rad1": (ONE, TWO, POSITIVE, LARGE),
    "pro_rad2": (ONE, TWO, Interval(3, 4), LARGE),
    "pseudo_huber": (POSITIVE, REAL),
    "smirnov": (DEGREE, UNIT),
    "smirnovi": (DEGREE, UNIT),
    "sph_harm": (ONE, TWO, POSITIVE, POSITIVE),
    "stdtridf": (Interval(0.75, 0.8), Interval(0.95, 1)),
    "stdtrit": (LARGE, UNIT),
    "tklmbda": (Interval(-0.5, 0.5), UNIT),
    "voigt_profile": (REAL, POSITIVE, POSITIVE),
    "yn": (DEGREE, POSITIVE),
    "zetac": (LARGE,),
    **{f"_spherical_{name}": (DEGREE, POSITIVE) for name in ("jn", "yn", "in", "kn", "jn_d", "yn_d", "in_d", "kn_d")},
}
# Of a characteristic value there is one for each order, degree and parameter.
for prefix in ("pro", "obl"):
    value = float(getattr(special, f"{prefix}_cv")(1, 2, 3.2))
    for name in ("ang1", "rad1", "rad2"):
        where = (ONE, TWO, Interval(3.2, 3.2), Interval(value, value), UNIT if name == "ang1" else LARGE)
        OPERANDS[f"{prefix}_{name}_cv"] = where

# SciPy has these by iteration, or by tables, less exactly than to rounding: how exactly, relative to the derivative.
ROUGH = {
    "bdtrik": 1e-5,
    "fdtridfd": 1e-3,
    "itairy": 1e-4,
    "ncfdtrinc": 1e-3,
    "nctdtridf": 1e-3,
    "stdtridf": 1e-3,
}
# SciPy's own values contradict the slopes that it gives with them, or its equation.
CONTRADICTORY = {"obl_rad2", "obl_rad2_cv", "pro_rad2", "pro_rad2_cv"}


def operands_of(name: str, count: int) -> tuple[Interval | Whole, ...]:
    if name.startswith("eval_") and name not in OPERANDS:
        return (DEGREE, *[UNIT] * (count - 1))
    return OPERANDS.get(name, (POSITIVE,) * count)
