"""The picture of the growth: time over size, for gradarray and its peers."""

import math
from pathlib import Path
from typing import Any

FAMILIES = {
    "elementwise": "sum(sin(x) exp(-x) + sqrt(x) x²), n numbers",
    "operations": "n operations on one number",
    "loop-fill": "out[i] = sin(x[i]) for n values of i",
}
# Colours that can be told apart by the colour-blind too, on white and on black (Okabe and Ito 2008, and one of Tol).
COLOURS = {
    "gradarray": "#d55e00",
    "jit": "#e69f00",
    "jit numba": "#f0e442",
    "numba": "#882255",
    "numpy": "#808080",
    "torch": "#0072b2",
    "mygrad": "#009e73",
    "autograd": "#cc79a7",
    "jax": "#56b4e9",
}
NAMES = {
    "jit": "ga.jit",
    "jit numba": "ga.jit, with Numba",
    "numba": "by hand, with Numba",
    "numpy": "NumPy, gradient by hand",
    "torch": "PyTorch",
    "mygrad": "MyGrad",
    "jax": "JAX, compiled",
}
GREY = "#808080"  # to be read on white and on black
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def draw(report: dict[str, Any], path: Path) -> None:
    """Draw the report of a run; the same report gives the same file."""
    try:
        import matplotlib
    except ImportError:
        raise SystemExit('the plot needs matplotlib: pip install "gradarray[plot]"') from None
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    series = points(report)
    if not series:
        raise SystemExit(f"the report has none of {', '.join(FAMILIES)} at several sizes")
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "gradarray",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9,
    }
    # Text, ticks and frames in one colour.
    style |= dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY)
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(3.4 * len(series), 3.4), layout="constrained")
        lines: dict[str, Any] = {}
        for axes, (family, libraries) in zip(
            figure.subplots(1, len(series), squeeze=False)[0], series.items(), strict=True
        ):
            for library, pairs in libraries.items():
                ours = library == "gradarray"
                (line,) = axes.loglog(
                    *zip(*pairs, strict=True),
                    color=COLOURS[library],
                    marker="o",
                    markersize=4 if ours else 3,
                    linewidth=2.2 if ours else 1.2,
                    zorder=3 if ours else 2,
                    clip_on=False,
                    label=NAMES.get(library, library),
                )
                lines.setdefault(library, line)
            axes.minorticks_off()
            axes.tick_params(length=0)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
            axes.set_title(FAMILIES[family], fontsize=9)
            axes.set_xlabel("n")
            axes.patch.set_alpha(0)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(color=GREY, alpha=0.25, linewidth=0.6, clip_on=False)
        threads = report["threads"]
        figure.axes[0].set_ylabel(f"seconds, forward and backward, {threads} thread{'s' * (threads > 1)}")
        ordered = [lines[library] for library in COLOURS if library in lines]
        figure.legend(handles=ordered, loc="outside lower center", ncols=len(ordered), frameon=False)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type")) if path.suffix == ".svg" else None
        figure.savefig(path, transparent=True, metadata=nothing)


def power_of_ten(value: float) -> str:
    """Return a tick's label as plain text, which takes a tenth of the space of a formula."""
    return "10" + str(round(math.log10(value))).translate(SUPERSCRIPTS)


def points(report: dict[str, Any]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Return the sizes and times of the families that are drawn, by library, from a run's report."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {family: {} for family in FAMILIES}
    for row in report["works"].values():
        if row["family"] in found:
            for library, seconds in row["medians"].items():
                found[row["family"]].setdefault(library, []).append((row["n"], seconds))
    several = {
        family: {library: sorted(pairs) for library, pairs in libraries.items() if len(pairs) > 1}
        for family, libraries in found.items()
    }
    return {family: libraries for family, libraries in several.items() if libraries}
