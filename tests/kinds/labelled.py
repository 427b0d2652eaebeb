"""What one does with labelled arrays every day: functions of a DataArray of six days and four places.

The values are numbers between 0.5 and 1.5. xarray and pandas have to be there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

DAYS = pd.date_range("2024-01-01", periods=6, freq="D")
GROUPS = np.array(["a", "b", "a", "c", "b", "a"])
PLACES = [10.0, 20.0, 30.0, 40.0]

row = xr.DataArray(np.linspace(0.5, 1.5, 4), dims="x", coords={"x": PLACES})
part = xr.DataArray([1.0, 2.0, 3.0], dims="x", coords={"x": [20.0, 30.0, 50.0]})
other = xr.DataArray(np.linspace(1, 2, 3), dims="z")
weights = xr.DataArray([1.0, 2.0, 0.5, 1.5], dims="x", coords={"x": PLACES})


class Operation(NamedTuple):
    """One line of the table.

    Attributes
    ----------
    name, call
    how : RIGHT anywhere; DROP_IN where that is on, and otherwise, as what is REFUSED, with a word of a lost gradient
    """

    name: str
    call: Callable[[Any], Any]
    how: str


RIGHT, DROP_IN, REFUSED = "right", "right in drop-in mode", "refused"


def labelled(values: Any) -> Any:
    coords = {"time": DAYS, "x": PLACES, "label": ("time", GROUPS)}
    return xr.DataArray(values, dims=("time", "x"), coords=coords, name="v", attrs={"units": "m"})


def holes(d: Any) -> Any:
    mask = np.ones(d.shape, bool)
    mask[1, 2] = mask[3, 0] = False
    return d.where(xr.DataArray(mask, dims=d.dims))


def ds(d: Any) -> Any:
    return xr.Dataset({"v": d.drop_vars("label"), "w": d.isel(time=0, drop=True) ** 2})


def assigned(d: Any) -> Any:
    d = d.copy(deep=True)
    d[1:3, 0] = d[0, 1] * 2
    d.loc[{"x": 20.0}] = d.sel(x=10.0) ** 2
    d[{"time": 1}] = 0.0
    return d * d


def augmented(d: Any) -> Any:
    d = d * 1.0
    d += d.isel(x=0)
    d *= 2
    return d


def passed_on(d: Any) -> Any:
    """Look at it, and hand it on, in every way that leaves it as it is."""
    assert repr(d) and d._repr_html_() and d.equals(d.copy()) and len(d) == 6 and d.nbytes == 192
    return d.compute().copy().load().persist().pipe(np.sqrt) * float(d.x[0])


TABLE = [
    Operation(name, call, RIGHT)
    for name, call in [
        ("assignment", assigned),
        ("augmented", augmented),
        ("passed on", passed_on),
        ("add", lambda d: d + 1.5 * d),
        ("arith aligned", lambda d: d * row),
        ("arith inner join", lambda d: d * part),
        ("left join", lambda d: xr.align(d, part, join="left")[0] * 2),
        ("outer join", lambda d: xr.align(d, part, join="outer")[0].fillna(0.0) * 2),
        ("broadcast by name", lambda d: d * other),
        ("plain from left", lambda d: row / d),
        ("number", lambda d: 2.0**d - d / 3),
        ("neg abs", lambda d: abs(-d)),
        ("ufunc", lambda d: np.sin(d) * np.exp(d)),
        ("np.add", lambda d: np.add(d, row)),
        ("compare mask", lambda d: d * (d > 1)),
        ("sum all", lambda d: d.sum()),
        ("sum name", lambda d: (d**2).sum("x")),
        ("sum names", lambda d: (d**2).sum(["x", "time"])),
        ("sum skipna=False", lambda d: (d**2).sum("x", skipna=False)),
        ("sum skipna", lambda d: (holes(d) ** 2).sum("x")),
        ("sum min_count", lambda d: (holes(d) ** 2).sum("x", min_count=2)),
        ("mean", lambda d: (d**2).mean("time")),
        ("mean skipna", lambda d: (holes(d) ** 2).mean("time")),
        ("mean skipna=False", lambda d: (d**2).mean("time", skipna=False)),
        ("var", lambda d: d.var("x")),
        ("var skipna", lambda d: holes(d).var("x", ddof=1)),
        ("std", lambda d: d.std("x", ddof=1)),
        ("std skipna", lambda d: holes(d).std("time")),
        ("prod", lambda d: d.prod("x")),
        ("prod skipna", lambda d: holes(d).prod("x")),
        ("max", lambda d: d.max("x")),
        ("max skipna", lambda d: holes(d).max("x")),
        ("min skipna", lambda d: holes(d).min()),
        ("max skipna=False", lambda d: d.max("x", skipna=False)),
        ("median", lambda d: d.median("x")),
        ("median skipna", lambda d: holes(d).median("x")),
        ("quantile", lambda d: d.quantile(0.3, "time")),
        ("quantiles", lambda d: d.quantile([0.3, 0.6], "time")),
        ("quantile skipna=False", lambda d: d.quantile(0.3, "time", skipna=False)),
        ("count", lambda d: holes(d).count("x") * d),
        ("any all", lambda d: (d > 1).any("x") * d),
        ("argmax", lambda d: d.isel(x=d.argmax("x"))),
        ("idxmax", lambda d: d.sel(x=d.idxmax("x"))),
        ("cumsum", lambda d: d.cumsum("time")),
        ("cumsum skipna", lambda d: holes(d).cumsum("time")),
        ("cumprod", lambda d: d.cumprod("x")),
        ("isel", lambda d: d.isel(time=slice(1, 5, 2), x=-1)),
        ("isel list", lambda d: d.isel(x=[2, 0, 2])),
        (
            "isel DataArray",
            lambda d: d.isel(time=xr.DataArray([0, 2, 2], dims="p"), x=xr.DataArray([1, 3, 3], dims="p")),
        ),
        ("isel DataArray 2d", lambda d: d.isel(x=xr.DataArray([[0, 2], [1, 1]], dims=("p", "q")))),
        ("sel", lambda d: d.sel(x=20.0)),
        ("sel slice", lambda d: d.sel(x=slice(15, 35), time="2024-01-03")),
        ("sel nearest", lambda d: d.sel(x=[12.0, 38.0], method="nearest")),
        (
            "sel DataArray",
            lambda d: d.sel(
                x=xr.DataArray([20.0, 40.0], dims="p"),
                time=xr.DataArray(pd.to_datetime(["2024-01-01", "2024-01-04"]), dims="p"),
            ),
        ),
        ("getitem", lambda d: d[1:4, [0, 2]]),
        ("loc", lambda d: d.loc["2024-01-02":"2024-01-04", 10.0:20.0]),
        ("boolean", lambda d: d[:, (d.x > 15).values]),
        ("head tail thin", lambda d: d.head(x=2) * d.tail(time=3).mean("time") + d.thin(time=2).sum()),
        ("where", lambda d: d.where(d > 1)),
        ("where other", lambda d: d.where(d > 1, 0.0)),
        ("where other array", lambda d: d.where(d > 1, d**2)),
        ("where drop", lambda d: d.where(d.x > 15, drop=True)),
        ("xr.where", lambda d: xr.where(d > 1, d, -(d**2))),
        ("fillna", lambda d: holes(d).fillna(2.0) * d),
        ("fillna array", lambda d: holes(d).fillna(d**2)),
        ("dropna", lambda d: holes(d).dropna("time")),
        ("isnull", lambda d: d.where(holes(d).notnull(), 1.0)),
        ("combine_first", lambda d: holes(d).combine_first(d * 2)),
        ("clip", lambda d: d.clip(0.8, 1.3) * d),
        ("clip min", lambda d: d.clip(min=0.8)),
        ("clip method", lambda d: d.clip(max=row)),
        ("round", lambda d: d.round(1) * d),
        ("sortby", lambda d: d.sortby("x", ascending=False)),
        ("sortby array", lambda d: d.sortby(xr.DataArray([3, 1, 2, 0], dims="x", coords={"x": d.x}))),
        ("transpose", lambda d: d.transpose("x", "time") * 2),
        (".T", lambda d: d.T**2),
        ("expand_dims", lambda d: d.expand_dims("k") ** 2),
        ("expand_dims n", lambda d: d.expand_dims(k=[1, 2]) ** 2),
        ("squeeze", lambda d: d.isel(x=[0]).squeeze("x")),
        ("stack", lambda d: d.stack(p=("time", "x")) ** 2),
        ("unstack", lambda d: d.stack(p=("time", "x")).unstack("p") ** 2),
        ("unstack holes", lambda d: d.stack(p=("time", "x")).isel(p=slice(0, 10)).unstack("p", fill_value=0.0) ** 2),
        ("reindex", lambda d: d.reindex(x=[10.0, 15.0, 40.0])),
        ("reindex fill", lambda d: d.reindex(x=[10.0, 15.0, 40.0], fill_value=1.0)),
        ("reindex nearest", lambda d: d.reindex(x=[11.0, 39.0], method="nearest")),
        ("reindex_like", lambda d: d.reindex_like(part)),
        ("shift", lambda d: d.shift(time=1)),
        ("shift fill", lambda d: d.shift(time=-2, fill_value=1.0)),
        ("roll", lambda d: d.roll(x=1)),
        ("roll coords", lambda d: d.roll(x=1, roll_coords=True)),
        ("pad", lambda d: d.pad(x=(1, 2), constant_values=0.0)),
        ("pad nan", lambda d: d.pad(x=1)),
        ("pad reflect", lambda d: d.pad(x=1, mode="reflect") ** 2),
        ("diff", lambda d: d.diff("time")),
        ("diff 2", lambda d: d.diff("x", n=2)),
        ("differentiate", lambda d: d.differentiate("x")),
        ("differentiate time", lambda d: d.differentiate("time", datetime_unit="D")),
        ("integrate", lambda d: d.integrate("x")),
        ("cumulative_integrate", lambda d: d.cumulative_integrate("x")),
        ("rolling mean", lambda d: d.rolling(time=3).mean()),
        ("rolling sum", lambda d: d.rolling(time=3, min_periods=1).sum()),
        ("rolling center", lambda d: d.rolling(x=3, center=True).mean()),
        ("rolling max", lambda d: d.rolling(time=2).max()),
        ("rolling std", lambda d: d.rolling(time=3).std()),
        ("rolling var", lambda d: d.rolling(time=3).var(ddof=1)),
        ("rolling prod", lambda d: d.rolling(time=3).prod()),
        ("rolling median", lambda d: d.rolling(time=3).median()),
        ("rolling count", lambda d: d.rolling(time=3).count() * d),
        ("rolling 2d", lambda d: d.rolling(time=2, x=2).mean()),
        ("rolling construct", lambda d: d.rolling(time=3).construct("window").mean("window")),
        ("rolling construct stride", lambda d: d.rolling(time=3).construct("window", stride=2, fill_value=0.0) ** 2),
        (
            "rolling construct weighted",
            lambda d: d.rolling(time=3).construct("window").dot(xr.DataArray([1.0, 2.0, 3.0], dims="window")),
        ),
        ("rolling reduce", lambda d: d.rolling(time=2).reduce(np.sum)),
        ("rolling iterate", lambda d: sum(w.sum() for _, w in d.rolling(time=2))),
        ("coarsen", lambda d: d.drop_vars("label").coarsen(time=2).mean()),
        ("coarsen sum trim", lambda d: d.drop_vars("label").coarsen(time=4, boundary="trim").sum()),
        ("coarsen pad", lambda d: d.coarsen(x=3, boundary="pad").max()),
        ("coarsen construct", lambda d: d.coarsen(time=2).construct(time=("a", "b")) ** 2),
        ("groupby sum", lambda d: d.groupby("label").sum()),
        ("groupby mean", lambda d: (d**2).groupby("label").mean()),
        ("groupby std", lambda d: (d**2).groupby("label").std()),
        ("groupby max", lambda d: d.groupby("label").max()),
        ("groupby map", lambda d: d.groupby("label").map(lambda g: g - g.mean("time"))),
        ("groupby arithmetic", lambda d: d.groupby("label") - d.groupby("label").mean()),
        ("groupby first", lambda d: d.groupby("label").first()),
        ("groupby quantile", lambda d: d.groupby("label").quantile(0.5)),
        ("groupby loop", lambda d: sum(float(i + 1) * g.sum() for i, (_, g) in enumerate(d.groupby("label")))),
        ("groupby month", lambda d: d.groupby("time.dayofweek").mean()),
        ("groupby_bins", lambda d: d.groupby_bins("x", [0, 25, 50]).mean()),
        ("groupby reduce", lambda d: d.groupby("label").reduce(np.mean, "time")),
        ("groupby cumsum", lambda d: d.groupby("label").cumsum()),
        ("resample mean", lambda d: d.resample(time="2D").mean()),
        ("resample sum", lambda d: d.resample(time="3D").sum()),
        ("resample ffill", lambda d: d.resample(time="12h").ffill()),
        ("resample map", lambda d: d.resample(time="2D").map(lambda g: g.max("time"))),
        ("weighted mean", lambda d: d.weighted(weights).mean("x")),
        ("weighted sum", lambda d: holes(d).weighted(weights).sum("x")),
        ("weighted std", lambda d: d.weighted(weights).std("x")),
        ("weights are variable", lambda d: row.weighted(d).mean("x")),
        ("dot", lambda d: d.dot(row)),
        ("xr.dot", lambda d: xr.dot(d, d, dim="time")),
        ("@", lambda d: d @ row),
        ("matmul operator", lambda d: d.T @ d),
        ("cov corr", lambda d: xr.cov(d, d**2, dim="time") + xr.corr(d, d**2, dim="time")),
        ("polyfit", lambda d: d.polyfit("x", 1).polyfit_coefficients),
        (
            "polyval",
            lambda d: xr.polyval(
                row.x / 10,
                d.isel(time=slice(0, 3)).rename(time="degree").assign_coords(degree=[0, 1, 2]).isel(x=0, drop=True),
            ),
        ),
        (
            "polyval of variable",
            lambda d: xr.polyval(d, xr.DataArray([1.0, 2.0, 0.5], dims="degree", coords={"degree": [0, 1, 2]})),
        ),
        ("curve via polyfit+polyval", lambda d: xr.polyval(d.x, d.polyfit("x", 1)).polyfit_coefficients),
        ("copy", lambda d: d.copy() * 2),
        ("copy deep", lambda d: d.copy(deep=True) ** 2),
        ("copy data", lambda d: d.copy(data=d.data**2)),
        ("rename", lambda d: d.rename(x="y").rename("u") ** 2),
        ("assign_coords", lambda d: d.assign_coords(x=[1, 2, 3, 4]) ** 2),
        ("swap_dims", lambda d: d.assign_coords(n=("x", [1, 2, 3, 4])).swap_dims(x="n") ** 2),
        ("drop_vars", lambda d: d.drop_vars("label").reset_coords(drop=True) ** 2),
        ("drop_sel", lambda d: d.drop_sel(x=20.0) ** 2),
        ("concat", lambda d: xr.concat([d, 2 * d], "k")),
        ("concat along", lambda d: xr.concat([d, 2 * d], "time")),
        ("concat fill", lambda d: xr.concat([d, 2 * d.isel(x=[0])], "time")),
        ("merge", lambda d: xr.merge([d.rename("a"), (d**2).sum("x").rename("b")])),
        (
            "combine_by_coords",
            lambda d: xr.combine_by_coords(
                [ds(d).isel(x=slice(0, 2)).drop_vars("w"), ds(d).isel(x=slice(2, 4)).drop_vars("w")]
            ),
        ),
        ("to_dataset", lambda d: d.to_dataset(name="q") * 2),
        ("to_dataset dim", lambda d: d.to_dataset("x")),
        ("dataset arithmetic", lambda d: ds(d) * 2 + ds(d)),
        ("dataset mean", lambda d: ds(d).mean()),
        ("dataset mean name", lambda d: ds(d).mean("x")),
        ("dataset assign", lambda d: ds(d).assign(u=lambda s: s.v * s.w)),
        ("dataset to_array", lambda d: ds(d).to_array()),
        ("dataset isel", lambda d: ds(d).isel(x=[1, 1])),
        ("dataset where", lambda d: ds(d).where(d > 1, 0.0)),
        ("dataset map", lambda d: ds(d).map(np.tanh)),
        ("dataset groupby", lambda d: ds(d).groupby("time.dayofweek").mean()),
        ("dataset rolling", lambda d: ds(d).rolling(x=2).mean()),
        ("dataset resample", lambda d: ds(d).resample(time="2D").mean()),
        ("dataset coarsen", lambda d: ds(d).coarsen(x=2).mean()),
        ("dataset weighted", lambda d: ds(d).weighted(weights).mean("x")),
        ("dataset stack", lambda d: ds(d).stack(p=("time", "x"))),
        ("dataset fillna", lambda d: ds(holes(d)).fillna({"v": 1.0, "w": 2.0})),
        ("dataset reduce", lambda d: ds(d).reduce(np.sum, "x")),
        ("dataset sortby", lambda d: ds(d).sortby("x", ascending=False)),
        ("dataset diff", lambda d: ds(d).diff("x")),
        ("dataset quantile", lambda d: ds(d).quantile(0.3, "x")),
        ("apply_ufunc", lambda d: xr.apply_ufunc(lambda a: a**2, d)),
        ("apply_ufunc core", lambda d: xr.apply_ufunc(lambda a: np.sum(a**2, axis=-1), d, input_core_dims=[["x"]])),
        ("reduce", lambda d: d.reduce(np.sum, "x")),
        ("pipe", lambda d: d.pipe(np.sqrt)),
        ("broadcast", lambda d: xr.broadcast(d.isel(time=0), d)[0] ** 2),
        ("broadcast_like", lambda d: d.isel(time=0).broadcast_like(d)),
        ("full_like zeros_like", lambda d: xr.full_like(d, 2.0) * d + xr.zeros_like(d) + xr.ones_like(d)),
        ("real imag", lambda d: (d + 1j * d**2).real * (d + 1j * d).imag),
        ("searchsorted", lambda d: d * d.isel(x=0).searchsorted(1.0)),
        ("identical", lambda d: d * d.identical(d.copy())),
        ("iter", lambda d: sum(float(i + 1) * r.sum() for i, r in enumerate(d))),
        ("fft", lambda d: abs(xr.apply_ufunc(np.fft.rfft, d, input_core_dims=[["x"]], output_core_dims=[["f"]]))),
        ("set coords from data", lambda d: d.assign_coords(c=("x", d.isel(time=0).data))),
        ("tensor in coord groupby", lambda d: d.groupby(d.isel(time=0) > 1).sum()),
        ("plain mask put", lambda d: d.where(~((d.x == 20.0) & (d.time == "2024-01-03")), 7.0)),
        ("cumulative", lambda d: d.cumulative("time").sum()),
        ("set_index", lambda d: d.assign_coords(n=("x", list("abcd"))).set_index(x="n").sel(x="b")),
        ("dt", lambda d: d * d.time.dt.day),
        ("drop_duplicates", lambda d: d.drop_duplicates("x") * 2),
    ]
]
TABLE += [
    Operation(name, call, DROP_IN)
    for name, call in [
        ("ffill", lambda d: holes(d).ffill("x")),
        ("bfill", lambda d: holes(d).bfill("time")),
        ("interpolate_na", lambda d: holes(d).interpolate_na("time")),
        ("interp", lambda d: d.interp(x=[12.0, 25.0])),
        ("interp nearest", lambda d: d.interp(x=[12.0, 28.0], method="nearest")),
        (
            "interp 2d",
            lambda d: d.interp(x=[12.0, 25.0], time=pd.to_datetime(["2024-01-01T12:00", "2024-01-03T06:00"])),
        ),
        (
            "interp points",
            lambda d: d.interp(
                x=xr.DataArray([12.0, 25.0], dims="p"),
                time=xr.DataArray(pd.to_datetime(["2024-01-01T12:00", "2024-01-03T06:00"]), dims="p"),
            ),
        ),
        ("interp cubic", lambda d: d.interp(x=[12.0, 25.0], method="cubic")),
        ("interp outside", lambda d: d.interp(x=[5.0, 25.0])),
        ("interp with a value outside", lambda d: d.interp(x=[5.0, 25.0], kwargs={"fill_value": 7.0})),
        ("interp_like", lambda d: d.interp_like(xr.DataArray([0.0, 0.0], dims="x", coords={"x": [12.0, 25.0]}))),
        ("resample interpolate", lambda d: d.resample(time="12h").interpolate("linear")),
        ("weighted quantile", lambda d: d.weighted(weights).quantile(0.4, dim="x")),
        ("polyfit skipna", lambda d: holes(d).polyfit("x", 1).polyfit_coefficients),
        ("dataset interp", lambda d: ds(d).interp(x=[12.0, 25.0])),
        (
            "apply_ufunc vectorize",
            lambda d: xr.apply_ufunc(lambda a: np.sum(a**2), d, input_core_dims=[["x"]], vectorize=True),
        ),
    ]
]
TABLE += [
    Operation(name, call, REFUSED)
    for name, call in [
        ("values", lambda d: d * d.values),
        ("to_index", lambda d: d * d.isel(time=0).to_index()[0]),
        ("to_masked_array", lambda d: d * float(d.to_masked_array().sum())),
        ("to_series", lambda d: d * float(d.to_series().iloc[0])),
        ("to_dataframe", lambda d: d * float(d.to_dataframe().v.iloc[0])),
        ("to_pandas", lambda d: d * float(d.to_pandas().iloc[0, 0])),
        ("sortby of a variable", lambda d: d.sortby(d.isel(time=0))),
        ("np.where", lambda d: np.where(d > 1, d, 0.0)),
        ("np.concatenate", lambda d: np.concatenate([d, d])),
        ("interp pchip", lambda d: d.interp(x=[12.0, 25.0], method="pchip")),
    ]
]


def arrays(result: Any) -> list[Any]:
    """Return the arrays that a result holds."""
    if isinstance(result, xr.Dataset):
        return [result[name].data for name in result.data_vars]
    return [result.data if isinstance(result, xr.DataArray) else result]
