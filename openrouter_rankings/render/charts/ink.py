"""The only module that knows matplotlib: measures texts, and turns shapes into PNG or SVG.

It uses figures and canvases directly, never ``pyplot``, whose current figure is shared by the whole process. The font
is the DejaVu Sans that matplotlib ships, named by its file, so that the fonts of the machine make no difference. A
figure has 72 dots per inch: so a point is a pixel, in PNG and in SVG.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.installing import install_command
from openrouter_rankings.render.charts.shapes import HEIGHT, WIDTH, Dot, Label, Line, Rectangle, Shape

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

__all__ = ["Format", "encode", "figure", "has_glyph", "load_matplotlib", "text_extent"]

Format = Literal["png", "svg"]

_DPI = 72


def load_matplotlib() -> None:
    """Import matplotlib.

    Raises:
        ConfigurationError: matplotlib is not installed.
    """
    try:
        import_module("matplotlib")
    except ImportError as error:
        raise ConfigurationError(
            f"Charts need matplotlib, which is not installed: {install_command('charts')}."
        ) from error


# A chart measures a few hundred texts, most of them again in the next chart.
@lru_cache(maxsize=4096)
def text_extent(text: str, size: float, bold: bool = False) -> tuple[float, float, float]:
    """The width of a line of text, and how far it reaches above and below its baseline."""
    from matplotlib.backends.backend_agg import RendererAgg

    # A renderer is not safe to share between threads, and a small one costs next to nothing. It has no types.
    renderer: Any = RendererAgg(1, 1, _DPI)  # type: ignore[no-untyped-call]
    width, height, below = renderer.get_text_width_height_descent(text, _font(size, bold), ismath=False)
    return width, height - below, below


def has_glyph(letter: str) -> bool:
    """The font can draw this letter, in bold as well."""
    return all(ord(letter) in _letters(bold) for bold in (False, True))


def figure(shapes: Iterable[Shape], background: str) -> Figure:
    """The shapes as a figure, each drawn over those before it; a text of no letters is left out."""
    from matplotlib.figure import Figure

    figure = Figure((WIDTH / _DPI, HEIGHT / _DPI), _DPI, facecolor=background, edgecolor="none")
    figure.set_layout_engine("none")
    for order, shape in enumerate(shapes):
        if isinstance(shape, Label) and not shape.text:
            continue
        artist = _artist(shape)
        artist.set_zorder(order)
        figure.add_artist(artist)
    return figure


def encode(figure: Figure, file_format: Format, about: Mapping[str, str]) -> bytes:
    """The figure as the bytes of a file.

    Args:
        figure: the figure.
        file_format: the kind of file.
        about: ``Title``, ``Description`` and ``Source``, which are written into the file; so is the version of
            matplotlib, on which the form of its letters depends.
    """
    from matplotlib import __version__ as version
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    software = f"openrouter-rankings with matplotlib {version}"
    # Figure.savefig would also heed the settings of the process. These methods have no types.
    file = io.BytesIO()
    if file_format == "png":
        png: Any = FigureCanvasAgg(figure)
        png.print_png(file, metadata={**about, "Software": software})
    else:
        svg: Any = FigureCanvasSVG(figure)
        svg.print_svg(file, metadata={**about, "Creator": software, "Date": None})
    return file.getvalue()


@cache
def _font_file(bold: bool) -> Path:
    from matplotlib import get_data_path

    return Path(get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


def _font(size: float, bold: bool) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=_font_file(bold), size=size)


@cache
def _letters(bold: bool) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(_font_file(bold)).get_charmap())


def _artist(shape: Shape) -> Artist:
    if isinstance(shape, Label):
        return _text(shape)
    if isinstance(shape, Line):
        return _line(shape)
    return _rectangle(shape) if isinstance(shape, Rectangle) else _circle(shape)


def _text(label: Label) -> Artist:
    from matplotlib.text import Text
    from matplotlib.transforms import IdentityTransform

    return Text(
        label.x,
        HEIGHT - label.baseline,
        label.text,
        color=label.colour,
        horizontalalignment=label.align,
        verticalalignment="baseline",
        fontproperties=_font(label.size, label.bold),
        # The texts come from the service: a dollar sign is a dollar sign.
        parse_math=False,
        usetex=False,
        transform=IdentityTransform(),
    )


def _line(line: Line) -> Artist:
    from matplotlib.lines import Line2D
    from matplotlib.transforms import IdentityTransform

    return Line2D(
        [x for x, _ in line.points],
        [HEIGHT - y for _, y in line.points],
        color=line.colour,
        linewidth=line.width,
        linestyle=(0, (2, 1.5)) if line.dashed else "solid",
        solid_capstyle="round",
        solid_joinstyle="round",
        marker="none",
        transform=IdentityTransform(),
    )


def _rectangle(rectangle: Rectangle) -> Artist:
    from matplotlib.patches import Rectangle as Patch
    from matplotlib.transforms import IdentityTransform

    box = rectangle.box
    return Patch(
        (box.left, HEIGHT - box.bottom),
        box.width,
        box.height,
        facecolor=rectangle.fill or "none",
        edgecolor=rectangle.stroke or "none",
        linewidth=rectangle.stroke_width,
        transform=IdentityTransform(),
    )


def _circle(dot: Dot) -> Artist:
    from matplotlib.patches import Circle
    from matplotlib.transforms import IdentityTransform

    centre = (dot.x, HEIGHT - dot.y)
    return Circle(centre, dot.radius, facecolor=dot.fill, edgecolor=dot.rim, linewidth=3, transform=IdentityTransform())
