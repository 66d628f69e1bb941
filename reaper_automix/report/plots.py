"""Figures with axes: matplotlib draws them, the page colours them.

A figure is drawn in inks, colours that stand for the roles of the page's style sheet (``report.css``), and written as
SVG whose shapes carry the class of their ink, so that it follows the light, dark and printed page. Words stay words, in
the page's own type. Names of tracks never reach matplotlib (it would read dollar signs as formulas, and look for the
glyphs of every script): ``name_mark`` stands for them until the figure is written.

Matplotlib is loaded when the first figure is drawn, and only a report draws any.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from markupsafe import Markup, escape

from reaper_automix.analysis.cache import default_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEAT_STEPS = 10
INKS = ("text", "muted", "grid", "zero", "after", "before", "wave", "warn", *(f"h{n}" for n in range(HEAT_STEPS + 1)))
_HEX = {name: f"#0000{number:02x}" for number, name in enumerate(INKS, 1)}
_NAMES = {code: name for name, code in _HEX.items()}
_POINTS_PER_INCH = 72.0
TEXT_PX = 11.0
_UNDER_PX = 13.0
NO_PLOTS = "Pictures of plug-ins and masking need matplotlib, which is missing here: run  python install.py  once."

Align = Literal["left", "center", "right"]
LEFT: Align = "left"
RIGHT: Align = "right"
_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_MARK = re.compile(r"@(\d+)@")


def available() -> bool:
    """Tell whether figures can be drawn; where not, the page says ``NO_PLOTS``."""
    return find_spec("matplotlib") is not None


def ink(name: str) -> str:
    """Return the colour that stands for a role of the page; ``KeyError`` for one that is not in ``INKS``."""
    return _HEX[name]


def heat(share: float) -> str:
    """Return the ink for a value from 0 (the page) to 1 (the strongest); others count as the nearest."""
    return f"h{round(min(max(share, 0.0), 1.0) * HEAT_STEPS)}"


def name_mark(index: int) -> str:
    """Return what stands for the name of this index while a figure is drawn."""
    return f"@{index}@"


def axes(
    width: float, height: float, *, left: float = 46.0, right: float = 10.0, top: float = 10.0, bottom: float = 22.0
) -> Axes:
    """Return empty axes in a figure of their own, without ticks or a frame; sizes are CSS pixels."""
    os.environ.setdefault("MPLCONFIGDIR", str(default_folder() / "matplotlib"))  # else its list of fonts goes elsewhere
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH), dpi=_POINTS_PER_INCH)
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    made = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )
    made.set_axis_off()  # its own ticks and frame take most of the time; scale_x and scale_y draw what is needed
    return made


def scale_x(on: Axes, ticks: Sequence[tuple[float, str]], *, grid: bool = True) -> None:
    """Label places on the horizontal axis; both limits are set before."""
    low, high = on.get_ylim()
    if grid:
        _lines(on, [((place, place), (low, high)) for place, _ in ticks], "grid")
    for place, words in ticks:
        note(on, place, low, words, "muted", align="center", under=True)


def scale_y(on: Axes, ticks: Sequence[tuple[float, str]], *, zero: float = 0.0) -> None:
    """Label places on the vertical axis, the line at ``zero`` stronger; both limits are set before."""
    ends = on.get_xlim()
    _lines(on, [(ends, (place, place)) for place, _ in ticks if place != zero], "grid")
    _lines(on, [(ends, (place, place)) for place, _ in ticks if place == zero], "zero")
    for place, words in ticks:
        note(on, ends[0], place, words, "muted", align="right", offset=(-5.0, -4.0))


def line(
    on: Axes,
    x: Sequence[float],
    y: Sequence[float],
    colour: str,
    *,
    width: float = 2.0,
    dashed: bool = False,
) -> None:
    """Draw a line in the data's coordinates, broken at NaN. It is not cut at the edges of the axes."""
    from matplotlib.lines import Line2D

    style: Any = (0.0, (3.0, 2.0)) if dashed else "-"
    on.add_line(Line2D(x, y, color=ink(colour), linewidth=width, linestyle=style, clip_on=False))


def _lines(on: Axes, pieces: Sequence[tuple[tuple[float, float], tuple[float, float]]], colour: str) -> None:
    """Draw thin straight lines as one shape."""
    x = [value for xs, _ in pieces for value in (*xs, math.nan)]
    y = [value for _, ys in pieces for value in (*ys, math.nan)]
    if pieces:
        line(on, x, y, colour, width=1.0)


def dots(on: Axes, x: Sequence[float], y: Sequence[float], colour: str, *, size: float = 7.0) -> None:
    """Draw filled dots."""
    from matplotlib.lines import Line2D

    style = {"marker": "o", "markersize": size, "markeredgewidth": 0.0, "linestyle": "none"}
    on.add_line(Line2D(x, y, color=ink(colour), clip_on=False, **style))  # type: ignore[arg-type]


def squares(on: Axes, places: Sequence[tuple[float, float]], colour: str) -> None:
    """Fill unit squares with their first corner at these places, all as one shape."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = [(x + dx, y + dy) for x, y in places for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(places)
    on.add_patch(PathPatch(Path(corners, codes), facecolor=ink(colour), edgecolor="none", linewidth=0.0, clip_on=False))


def note(
    on: Axes,
    x: float,
    y: float,
    words: str,
    colour: str = "text",
    *,
    align: Align = "left",
    under: bool = False,
    turned: bool = False,
    offset: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Write words at a place, ``under`` it or with their foot on it, ``turned`` upwards; ``offset`` in pixels."""
    moved_px = (offset[0], offset[1] - (_UNDER_PX if under else 0.0))
    place = on.transData.inverted().transform(on.transData.transform((x, y)) + moved_px)
    on.text(
        float(place[0]),
        float(place[1]),
        words,
        ha=align,
        va="baseline",
        size=TEXT_PX,
        color=ink(colour),
        rotation=90.0 if turned else 0.0,
        rotation_mode="anchor" if turned else None,
        parse_math=False,
        clip_on=False,
    )


def svg(drawn: Axes, title: str, description: str, *, names: Sequence[str] = (), css_class: str = "") -> Markup:
    """Return the figure of these axes for the page, with a title and all that it says in words.

    Parameters
    ----------
    drawn : Axes
        From ``axes``; not to be drawn on any more.
    title, description : str
        What a screen reader says; a browser shows the title under the pointer.
    names : sequence of str
        What stands behind each ``name_mark``.
    css_class : str
        One more class of the page's style sheet.
    """
    figure = drawn.get_figure(root=True)
    assert figure is not None  # noqa: S101 - axes() has put it into one
    root = ElementTree.fromstring(_drawn(figure))  # noqa: S314 - written by matplotlib a line ago, with no name in it
    marks = {path.get("id", ""): path for path in root.iter(f"{_SVG}path") if path.get("id")}
    shapes = Markup("".join(_written(root, marks, names)))  # noqa: S704 - of numbers, classes and escaped words
    width, height = (float(v) for v in root.get("viewBox", "0 0 1 1").split()[2:])
    return Markup(
        '<svg class="chart{}" viewBox="0 0 {:g} {:g}" role="img"><title>{}</title><desc>{}</desc>{}</svg>'
    ).format(f" {css_class}" if css_class else "", width, height, title, description, shapes)


def _drawn(figure: Figure) -> str:
    import matplotlib

    stream = io.StringIO()
    # Words as text; and the same figure is the same file every time.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "reaper-automix", "path.simplify": True}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return stream.getvalue()


def _written(element: ElementTree.Element, marks: dict[str, ElementTree.Element], names: Sequence[str]) -> list[str]:
    """Return the shapes below an element: paths, words, and markers written out where they stand."""
    parts: list[str] = []
    for child in element:
        kind = child.tag.removeprefix(_SVG)
        if kind == "g":
            parts += _written(child, marks, names)
        elif kind == "path":
            parts.append(_path(child, child))
        elif kind == "use":
            parts.append(_path(marks[child.get(_XLINK, "").removeprefix("#")], child))
        elif kind == "text":
            parts.append(_text(child, names))
    return parts


def _path(shape: ElementTree.Element, placed: ElementTree.Element) -> str:
    style = _style(placed) or _style(shape)
    classes, extra = _classes(style), ""
    if "stroke" in style and style["stroke"] != "none" and (width := style.get("stroke-width", "1")) != "1":
        extra += f' stroke-width="{float(width):g}"'
    if "stroke-dasharray" in style:
        extra += f' stroke-dasharray="{style["stroke-dasharray"]}"'
    if placed is not shape:
        extra += f' transform="translate({_short(placed.get("x", "0"))} {_short(placed.get("y", "0"))})"'
    return f'<path{classes}{extra} d="{_short(shape.get("d", ""))}"/>'


def _text(element: ElementTree.Element, names: Sequence[str]) -> str:
    style = _style(element)
    anchor = style.get("text-anchor", "start")
    turned = element.get("transform", "")
    attributes = f' text-anchor="{anchor}"' if anchor != "start" else ""
    if turned and not turned.startswith("rotate(-0 "):
        attributes += f' transform="{_short(turned, separated=True)}"'
    x, y = _short(element.get("x", "0")), _short(element.get("y", "0"))
    words = _MARK.sub(lambda mark: str(escape(names[int(mark[1])])), str(escape(element.text or "")))
    return f'<text{_classes(style)} x="{x}" y="{y}"{attributes}>{words}</text>'


def _style(element: ElementTree.Element) -> dict[str, str]:
    entries = (entry.partition(":") for entry in element.get("style", "").split(";"))
    return {key.strip(): value.strip() for key, _, value in entries if value}


def _classes(style: dict[str, str]) -> str:
    """Return the classes of the inks in a style."""
    classes = [f"{use[0]}-{_NAMES[style[use]]}" for use in ("fill", "stroke") if style.get(use) in _NAMES]
    return f' class="{" ".join(classes)}"' if classes else ""


def _short(numbers: str, *, separated: bool = False) -> str:
    """Round numbers to a tenth of a pixel, and leave out the spaces that nothing needs."""
    rounded = _NUMBER.sub(lambda number: f"{round(float(number[0]), 1) + 0.0:g}", numbers)
    if separated:
        return rounded
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", " ".join(rounded.split()))
