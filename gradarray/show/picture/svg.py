"""A picture of a graph as SVG, which needs nothing but a browser.

Elements carry their colours, so that the picture is right where style sheets are not read. One that follows the
reader's system has a style sheet besides, for where that is dark. There are no ids, and all pictures have the same
names of classes: so several may stand on one page.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

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
    note_baselines,
    shifts,
)
from .places import Line, Rectangle, Stroke

_FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"


def svg(drawing: Drawing, theme: str, label: str) -> str:
    """Return the text of a picture; the theme is "light", "dark", or "auto" for what the reader's system has."""
    colours = DARK if theme == "dark" else LIGHT
    size = f'width="{_number(drawing.layout.width)}" height="{_number(drawing.layout.height)}"'
    view = f"0 0 {_number(drawing.layout.width)} {_number(drawing.layout.height)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gradarray-{theme}" role="img" aria-label="{_escaped(label)}" '
        f'{size} viewBox="{view}" style="max-width:100%;height:auto">'
    ]
    if theme == "auto":
        parts.append(f"<style>@media (prefers-color-scheme:dark){{{''.join(_rules(DARK))}}}</style>")
    parts.append(f'<rect class="ground" {size} rx="8" fill="{colours.ground}"/>')
    parts.append(f'<g class="lines" fill="none" stroke="{colours.line}" stroke-width="1.4">')
    parts += [_line(line) for line in drawing.layout.lines]
    parts.append(f'</g>\n<g class="ends" fill="{colours.line}">')
    parts += [_ends(line) for line in drawing.layout.lines]
    parts.append(f'</g>\n<g font-family="{_FONT}" font-size="{_number(SIZE)}">')
    parts += [_box(box, place, colours) for box, place in zip(drawing.boxes, drawing.layout.boxes, strict=True)]
    for note, place in zip(drawing.notes, note_baselines(drawing), strict=True):
        parts.append(_text((Text(note, "note"),), place, colours))
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _rules(theme: Theme) -> Iterator[str]:
    """Yield the rules by which another theme replaces the colours that the elements carry."""
    yield f".gradarray-auto .ground{{fill:{theme.ground}}}"
    yield f".gradarray-auto .lines{{stroke:{theme.line}}}"
    yield f".gradarray-auto .ends{{fill:{theme.line}}}"
    for kind, (inside, border) in theme.boxes.items():
        yield f".gradarray-auto .{kind} rect{{fill:{inside};stroke:{border}}}"
    for style, colour in theme.texts.items():
        yield f".gradarray-auto .{style}-text{{fill:{colour}}}"


def _line(line: Line) -> str:
    return f'<path d="{"".join(map(_stroke, line.strokes))}"/>'


def _stroke(stroke: Stroke) -> str:
    x0, y0, x1, y1 = map(_number, stroke)
    if x0 == x1:
        return f"M{x0} {y0}V{y1}"
    middle = _number((stroke.y0 + stroke.y1) / 2)
    return f"M{x0} {y0}C{x0} {middle} {x1} {middle} {x1} {y1}"


def _ends(line: Line) -> str:
    """Return the heads of arrows and the points at forks."""
    heads = [f"M{_number(x)} {_number(y)}l-3.5 -7h7z" for _, x, y in line.heads]
    forks = [f"M{_number(x - 2.5)} {_number(y)}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z" for x, y in line.forks]
    return f'<path d="{"".join(heads + forks)}"/>'


def _box(box: Box, place: Rectangle, colours: Theme) -> str:
    inside, border = colours.boxes[box.kind]
    dashes = f' stroke-dasharray="{" ".join(map(str, DASHED[box.kind]))}"' if box.kind in DASHED else ""
    size = f'width="{_number(place.width)}" height="{_number(place.height)}" rx="6"{dashes}'
    parts = [f'<g class="{box.kind}"><title>{_escaped(box.tip)}</title><g fill="{inside}" stroke="{border}">']
    parts += [f'<rect x="{_number(place.x + by)}" y="{_number(place.y + by)}" {size}/>' for by in shifts(box)]
    parts.append("</g>")
    starts = baselines(box, place.x, place.y)
    parts += [_text(line, start, colours) for line, start in zip(box.lines, starts, strict=True)]
    return "".join([*parts, "</g>"])


def _text(line: tuple[Text, ...], start: tuple[float, float], colours: Theme) -> str:
    x, y = map(_number, start)
    return f'<text x="{x}" y="{y}">{"".join(_span(text, colours) for text in line)}</text>'


def _span(text: Text, colours: Theme) -> str:
    weight = ' font-weight="bold"' if text.style == "name" else ""
    return f'<tspan class="{text.style}-text" fill="{colours.texts[text.style]}"{weight}>{_escaped(text.text)}</tspan>'


def _escaped(text: str) -> str:
    """Return a text for XML, which has no form for some characters."""
    return escape("".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
