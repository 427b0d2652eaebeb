"""A picture of a graph as PNG, drawn by Matplotlib where that is installed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from .boxes import (
    DARK,
    DASHED,
    LIGHT,
    SIZE,
    Box,
    Drawing,
    Text,
    Theme,
    baselines,
    is_plain,
    note_baselines,
    shifts,
    text_width,
)
from .places import Line, Rectangle

# Units of the layout per inch, as a browser has them, and points per unit.
_UNITS, _POINT = 96.0, 0.75
_ADVANCE = SIZE * 1233 / 2048  # of each letter in the font
_SCALE = 2.0  # pixels for each unit, as good screens have them


def save_png(drawing: Drawing, theme: str, path: Path) -> None:
    """Write a picture into a file."""
    try:
        figures, agg = import_module("matplotlib.figure"), import_module("matplotlib.backends.backend_agg")
    except ImportError as error:
        message = "a PNG is drawn by Matplotlib, which is not here: `pip install matplotlib`, or save as .svg"
        raise ImportError(message) from error
    colours, layout = DARK if theme == "dark" else LIGHT, drawing.layout
    # Not pyplot, which has a state of its own.
    figure = figures.Figure((layout.width / _UNITS, layout.height / _UNITS), _UNITS * _SCALE, facecolor=colours.ground)
    agg.FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, layout.width), ylim=(layout.height, 0))
    axes.set_axis_off()
    for line in layout.lines:
        _draw_line(axes, line, colours)
    for box, place in zip(drawing.boxes, layout.boxes, strict=True):
        _draw_box(axes, box, place, colours)
    for note, start in zip(drawing.notes, note_baselines(drawing), strict=True):
        _draw_text(axes, (Text(note, "note"),), start, colours)
    figure.savefig(path, format="png", facecolor=colours.ground, metadata={"Software": None})


def _draw_line(axes: Any, line: Line, colours: Theme) -> None:
    patches, paths = import_module("matplotlib.patches"), import_module("matplotlib.path")
    vertices, codes = [], []
    for x0, y0, x1, y1 in line.strokes:
        middle = (y0 + y1) / 2
        vertices += [(x0, y0), (x0, middle), (x1, middle), (x1, y1)]
        codes += [paths.Path.MOVETO, paths.Path.CURVE4, paths.Path.CURVE4, paths.Path.CURVE4]
    path = paths.Path(vertices, codes)
    axes.add_patch(patches.PathPatch(path, fill=False, edgecolor=colours.line, linewidth=1.4 * _POINT))
    for _, x, y in line.heads:
        corners = [(x, y), (x - 3.5, y - 7), (x + 3.5, y - 7)]
        axes.add_patch(patches.Polygon(corners, closed=True, facecolor=colours.line, linewidth=0))
    for place in line.forks:
        axes.add_patch(patches.Circle(place, 2.5, facecolor=colours.line, linewidth=0))


def _draw_box(axes: Any, box: Box, place: Rectangle, colours: Theme) -> None:
    patches = import_module("matplotlib.patches")
    inside, border = colours.boxes[box.kind]
    for by in shifts(box):
        shape = patches.FancyBboxPatch(
            (place.x + by, place.y + by),
            place.width,
            place.height,
            "round,pad=0,rounding_size=6",
            facecolor=inside,
            edgecolor=border,
            linewidth=_POINT,
            linestyle=(0, tuple(n * _POINT for n in DASHED[box.kind])) if box.kind in DASHED else "solid",
        )
        axes.add_patch(shape)
    for line, start in zip(box.lines, baselines(box, place.x, place.y), strict=True):
        _draw_text(axes, line, start, colours)


def _draw_text(axes: Any, line: tuple[Text, ...], start: tuple[float, float], colours: Theme) -> None:
    x, y = start
    for text in line:
        axes.text(
            x,
            y,
            text.text,
            family="DejaVu Sans Mono",
            size=SIZE * _POINT,
            weight="bold" if text.style == "name" else "normal",
            color=colours.texts[text.style],
            verticalalignment="baseline",
            parse_math=False,
        )
        x += _ADVANCE * len(text.text) if is_plain(text.text) else text_width(text.text)
