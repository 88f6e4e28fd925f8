"""The public functions: bytes that are the same every time, from any thread, and need matplotlib only when drawn."""

import asyncio
import json
import os
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import pytest
from pictures import AS_OF, NASTY_NAMES, answer, daily, task

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.installing import install_command
from openrouter_rankings.models.task_classifications import ModelShare, decode_task_classifications
from openrouter_rankings.render import charts
from openrouter_rankings.render.charts.shapes import HEIGHT, WIDTH
from openrouter_rankings.render.charts.words import SMALLEST
from openrouter_rankings.testing.sample import task_classifications

TASKS = decode_task_classifications(json.dumps(task_classifications(AS_OF)).encode())
EARLIER = decode_task_classifications(json.dumps(task_classifications(AS_OF - timedelta(days=7))).encode())
DAILY = daily([(AS_OF + timedelta(days=day), f"a{n}/m", 10 + n) for day in range(20) for n in range(9)])

DRAWINGS: dict[str, Callable[..., bytes]] = {
    "task_treemap": lambda **look: charts.task_treemap(TASKS, **look),
    "task_changes": lambda **look: charts.task_changes(TASKS, EARLIER, **look),
    "task_models": lambda **look: charts.task_models(TASKS, "math", **look),
    "weekly_models": lambda **look: charts.weekly_models(DAILY, **look),
    "author_shares": lambda **look: charts.author_shares(DAILY, **look),
    "trend": lambda **look: charts.trend(
        {AS_OF: 0.1, AS_OF + timedelta(days=1): 0.2}, subject="The share", citation=TASKS.citation, **look
    ),
}

drawing = pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
SVG = "{http://www.w3.org/2000/svg}"


def needs_matplotlib() -> None:
    pytest.importorskip("matplotlib")


def png_chunks(picture: bytes) -> dict[str, list[bytes]]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    found: dict[str, list[bytes]] = {}
    at = 8
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at : at + 8])
        found.setdefault(kind.decode(), []).append(picture[at + 8 : at + 8 + length])
        at += length + 12
    return found


def test_the_public_names_are_the_drawings_and_how_they_look() -> None:
    assert charts.__all__ == sorted(["Look", *DRAWINGS])


@drawing
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_png_has_the_documented_size_and_says_what_it_is_and_where_from(
    draw: Callable[..., bytes], theme: str
) -> None:
    needs_matplotlib()
    chunks = png_chunks(draw(theme=theme))
    assert struct.unpack(">II", chunks["IHDR"][0][:8]) == (WIDTH, HEIGHT) == (1200, 675)
    about = dict(chunk.split(b"\0", 1) for chunk in chunks["tEXt"])
    assert about.keys() == {b"Title", b"Description", b"Source", b"Software"}
    assert about[b"Software"].decode() == f"openrouter-rankings with matplotlib {version('matplotlib')}"
    assert about[b"Source"].startswith(b"Source: OpenRouter")


@drawing
def test_an_svg_is_well_formed_and_has_a_title_and_no_date(draw: Callable[..., bytes]) -> None:
    needs_matplotlib()
    root = ET.fromstring(draw(format="svg"))  # noqa: S314 - our own
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text
    assert b"dc:date" not in draw(format="svg")


@drawing
def test_the_same_input_gives_the_same_bytes_in_any_thread(draw: Callable[..., bytes]) -> None:
    needs_matplotlib()
    looks: list[dict[str, Any]] = [
        {"format": kind, "theme": theme} for kind in ("png", "svg") for theme in ("light", "dark")
    ]
    expected = [draw(**look) for look in looks]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda look: draw(**look), looks)) == expected
    assert len(set(expected)) == 4


def test_the_same_input_gives_the_same_bytes_in_another_process_without_pyplot() -> None:
    needs_matplotlib()
    code = (
        "import sys, hashlib\n"
        "from datetime import date\n"
        "from openrouter_rankings.render import charts\n"
        "values = {date(2026, 3, 4): 0.1, date(2026, 3, 5): 0.2}\n"
        "for kind in ('png', 'svg'):\n"
        "    picture = charts.trend(values, subject='The share', citation='Source: a test.', format=kind)\n"
        "    print(hashlib.sha256(picture).hexdigest())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    # Another seed of the hashes than this process has.
    environment = os.environ | {"PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    values = {date(2026, 3, 4): 0.1, date(2026, 3, 5): 0.2}
    ours = (
        charts.trend(values, subject="The share", citation="Source: a test.", format=kind) for kind in ("png", "svg")
    )
    assert run.stdout.split() == [sha256(picture).hexdigest() for picture in ours]


async def test_pictures_are_drawn_off_the_event_loop() -> None:
    needs_matplotlib()
    pictures = await asyncio.gather(*(asyncio.to_thread(draw) for draw in DRAWINGS.values()))
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_the_settings_of_the_process_neither_change_nor_matter() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    expected = {kind: charts.task_treemap(TASKS, format=kind) for kind in ("png", "svg")}
    settings = {
        "font.family": "monospace",
        "font.size": 30,
        "text.color": "red",
        "text.usetex": True,
        "figure.facecolor": "red",
        "figure.autolayout": True,
        "savefig.bbox": "tight",
        "savefig.dpi": 300,
        "lines.marker": "o",
        "patch.linewidth": 9,
    }
    with matplotlib.rc_context(settings):
        before = dict(matplotlib.rcParams)
        assert {kind: charts.task_treemap(TASKS, format=kind) for kind in ("png", "svg")} == expected
        assert dict(matplotlib.rcParams) == before


@drawing
def test_a_picture_of_invented_figures_says_so(draw: Callable[..., bytes]) -> None:
    needs_matplotlib()
    # matplotlib writes each text beside its outlines.
    said, unsaid = (draw(format="svg", synthetic=synthetic).decode() for synthetic in (True, False))
    assert "<!-- Synthetic sample: invented vendors, models and figures, not OpenRouter's. -->" in said
    assert "<!-- Synthetic sample. " in said
    assert "<dc:source>Synthetic sample" in said
    assert 'A live answer: "Source: OpenRouter' in said
    assert "ynthetic" not in unsaid


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_no_name_breaks_a_picture(name: str) -> None:
    needs_matplotlib()
    hostile = answer(task("t", 0.6, ModelShare(name, 0.5, 0.5), name=name), task("u", 0.4))
    for draw in (charts.task_treemap, charts.task_changes):
        assert png_chunks(draw(hostile))
        ET.fromstring(draw(hostile, format="svg"))  # noqa: S314 - our own
    assert png_chunks(charts.author_shares(daily([(date(2026, 3, 2), f"{name}/x", 5)])))


def test_text_on_a_phone_is_not_below_six_and_a_half_pixels() -> None:
    assert SMALLEST * 390 / WIDTH >= 6.5


@pytest.mark.parametrize(("name", "value"), [("theme", "sepia"), ("format", "gif"), ("theme", None)])
def test_an_unknown_theme_or_format_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f'{name} must be "(light|png)" or "(dark|svg)", not {value!r}'):
        DRAWINGS["trend"](**{name: value})


@drawing
def test_an_unknown_keyword_is_an_error_and_not_passed_over(draw: Callable[..., bytes]) -> None:
    with pytest.raises(TypeError, match="colour"):
        draw(colour="red")


@drawing
def test_without_matplotlib_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, draw: Callable[..., bytes]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigurationError) as caught:
        draw()
    assert str(caught.value) == (f"Charts need matplotlib, which is not installed: {install_command('charts')}.")
    assert isinstance(caught.value.__cause__, ImportError)


def test_importing_the_charts_does_not_load_matplotlib() -> None:
    code = "from openrouter_rankings.render import charts; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()).isdisjoint({"matplotlib", "numpy", "PIL", "aiohttp", "cattrs"})
