"""Charts as the figures that they are drawn as, and answers to draw."""

import io
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from openrouter_rankings.models.data_set import DataSetMeta
from openrouter_rankings.models.rankings_daily import RankingsDaily, RankingsDailyItem
from openrouter_rankings.models.scalar_types import Timestamp
from openrouter_rankings.models.task_classifications import (
    MacroCategory,
    ModelShare,
    TaskClassification,
    TaskClassifications,
)
from openrouter_rankings.render.charts.ink import figure
from openrouter_rankings.render.charts.page import Chart, shapes
from openrouter_rankings.render.charts.shapes import HEIGHT, WIDTH, Label, Shape
from openrouter_rankings.render.charts.themes import THEMES, ThemeName
from openrouter_rankings.render.charts.words import SMALLEST

AS_OF = date(2026, 3, 4)

# What a service can write into a name, and what breaks careless drawing: markup, no break for a long way, letters
# that the font lacks, marks that stack up, control characters, and directions.
NASTY_NAMES = (
    "$x^2$ \\frac{1}{2}",
    "$\\notacommand{$",
    "<b>&amp;</b> -- ]]>",
    "W" * 300,
    "long-" * 60,
    "\u65e5\u672c\u8a9e\u306e\u4ed5\u4e8b",
    "\U0001f600 task \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "Z" + "\u0335\u0321\u0322\u0327" * 40,
    "a\nb\tc\x00d\x1b[31m",
    "\u202eright to left\u202c",
    "\u0645\u0647\u0645\u0629",
    "\ud800",
    "\u1ea8\u01d5\u1e4c",
    "|_|_gjpqy_|_|",
    "",
    " ",
)

names = st.text(max_size=40) | st.sampled_from(NASTY_NAMES)
slugs = names | st.builds("{}/{}".format, names, names)


def task(tag: str, usage: float, *models: ModelShare, name: str | None = None, tokens: float | None = None) -> Any:
    macro = tag.partition(":")[0] if ":" in tag else "general"
    share = usage if tokens is None else tokens
    return TaskClassification(tag, tag.title() if name is None else name, macro, usage, share, 0.5, 0.5, models)


def answer(*tasks: TaskClassification, as_of: date = AS_OF, window_days: int = 7) -> TaskClassifications:
    keys = sorted({each.macro_category for each in tasks})
    return TaskClassifications(as_of, window_days, tasks, tuple(MacroCategory(key, key.title(), 0, 0) for key in keys))


def daily(
    rows: Sequence[tuple[date, str, int]], *, as_of: str = "2026-03-20T12:00:00Z", **fields: Any
) -> RankingsDaily:
    dates = [day for day, _, _ in rows] or [AS_OF]
    meta = DataSetMeta(Timestamp(as_of), "v1", min(dates), max(dates))
    return RankingsDaily(tuple(RankingsDailyItem(*row) for row in rows), meta, **fields)


@st.composite
def answers(draw: st.DrawFn) -> TaskClassifications:
    """Any answer: hostile names, up to 40 tasks, and shares of every proportion."""
    weights = draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any))
    categories = st.sampled_from(["code", "data", "agent", "general"]) | names
    models = st.lists(st.builds(ModelShare, slugs, st.floats(0, 1), st.floats(0, 1)), max_size=3).map(tuple)
    shares = [weight / sum(weights) for weight in weights]
    tasks = [
        TaskClassification(f"{tag}:{draw(names)}", draw(names), draw(categories), share, share, 0, 0, draw(models))
        for tag, share in enumerate(shares)
    ]
    labels = draw(st.dictionaries(names, names, max_size=4))
    as_of = draw(st.dates())
    return TaskClassifications(
        as_of, draw(st.integers(0, 10**6)), tuple(tasks), tuple(MacroCategory(*pair, 0, 0) for pair in labels.items())
    )


@st.composite
def rankings(draw: st.DrawFn) -> RankingsDaily:
    """Any rows of days, weeks or months: hostile names, gaps, an unfinished end, and tokens of every size."""
    period, step = draw(st.sampled_from([("day", 1), ("week", 7), ("month", 0)]))
    first = draw(st.dates(date(2024, 1, 1), date(2027, 1, 1)))
    count = draw(st.integers(1, 60))
    dates = [
        first + timedelta(days=step * number) if step else date(first.year + number // 12, number % 12 + 1, 1)
        for number in range(count)
    ]
    kept = draw(st.lists(st.sampled_from(dates), min_size=1, max_size=8, unique=True))
    models = draw(st.lists(slugs.filter(lambda slug: slug != "other"), min_size=1, max_size=10, unique=True))
    rows = [
        (day, model, draw(st.integers(1, 9) | st.integers(0, 2**63)))
        for day in kept
        for model in draw(st.lists(st.sampled_from([*models, "other"]), unique=True, max_size=5))
    ]
    rows.append((kept[0], models[0], draw(st.integers(1, 2**63))))
    as_of = f"{draw(st.sampled_from(dates))}T12:00:00Z"
    return daily(rows, as_of=as_of, period=period, is_estimate=draw(st.booleans()))


def drawn(chart: Chart, theme: ThemeName = "light", *, synthetic: bool = False) -> list[Shape]:
    return list(shapes(chart, THEMES[theme], synthetic=synthetic))


def texts(chart: Chart, *, synthetic: bool = False) -> list[str]:
    """The lines of text of a chart, in the order in which they are drawn."""
    return [shape.text for shape in drawn(chart, synthetic=synthetic) if isinstance(shape, Label)]


def check_labels(chart: Chart, *, synthetic: bool = False) -> None:
    """No two texts overlap, all lie within the picture, and none is too small: in PNG and in SVG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import RendererSVG
    from matplotlib.text import Text

    picture = figure(drawn(chart, synthetic=synthetic), THEMES["light"].background)
    labels = picture.findobj(Text)
    assert all(float(label.get_fontsize()) >= SMALLEST for label in labels)
    agg: Any = FigureCanvasAgg(picture)
    svg: Any = RendererSVG(WIDTH, HEIGHT, io.StringIO(), image_dpi=72)  # type: ignore[no-untyped-call]
    for renderer in (agg.get_renderer(), svg):
        extents = [(label.get_text(), label.get_window_extent(renderer)) for label in labels]
        for text, box in extents:
            assert min(box.x0, box.y0) >= 0, (text, box)
            assert box.x1 <= WIDTH, (text, box)
            assert box.y1 <= HEIGHT, (text, box)
        for (one, box), (other, another) in combinations(extents, 2):
            apart = box.x1 <= another.x0 or another.x1 <= box.x0 or box.y1 <= another.y0 or another.y1 <= box.y0
            assert apart, (one, box, other, another)
