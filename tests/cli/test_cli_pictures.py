"""The pictures of the documentation are those that the commands beside them draw."""

import re
import shlex
import struct
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from command_line import Call

from openrouter_rankings.render.charts.themes import THEMES

ROOT = Path(__file__).parents[2]
PICTURES = sorted((ROOT / "docs" / "pictures").iterdir())
GUIDE = ROOT / "docs" / "how-to" / "charts.md"
COMMANDS = dict(re.findall(r"^openrouter-rankings (chart .*-o docs/pictures/(\S+))$", GUIDE.read_text(), re.MULTILINE))


def texts(picture: bytes) -> dict[str, str]:
    """What a PNG says of itself."""
    found: dict[str, str] = {}
    at = 8
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at : at + 8])
        if kind == b"tEXt":
            name, _, text = picture[at + 8 : at + 8 + length].partition(b"\0")
            found[name.decode("latin-1")] = text.decode("latin-1")
        at += length + 12
    return found


def pixels(picture: bytes) -> Counter[tuple[int, ...]]:
    """How many pixels there are of each colour."""
    image = pytest.importorskip("PIL.Image").open(BytesIO(picture)).convert("RGB")
    return Counter({colour: count for count, colour in image.getcolors(image.width * image.height)})


def test_each_picture_has_a_command_and_each_command_a_picture() -> None:
    named = {name: command for command, name in COMMANDS.items()}
    assert sorted(named) == [path.name for path in PICTURES]
    assert len(PICTURES) == 2
    readme = (ROOT / "README.md").read_text()
    assert set(re.findall(r"docs/pictures/([\w.-]+)", readme)) <= set(named)


@pytest.mark.parametrize("kept", PICTURES, ids=lambda path: path.name)
def test_the_pictures_are_those_that_the_commands_draw(kept: Path, tmp_path: Path) -> None:
    (command,) = [command for command, name in COMMANDS.items() if name == kept.name]
    *arguments, _ = shlex.split(command)
    assert Call(*arguments, str(tmp_path / kept.name), key="").status == 0
    before, now = kept.read_bytes(), (tmp_path / kept.name).read_bytes()
    said, says = texts(before), texts(now)
    drawn_by = said.pop("Software"), says.pop("Software")
    assert said == says
    if drawn_by[0] == drawn_by[1]:
        assert pixels(before) == pixels(now)
    # Each version of matplotlib draws letters of its own; but areas are figures.
    areas = pixels(before), pixels(now)
    for colour in (*THEMES["light"].series, THEMES["light"].neutral):
        red_green_blue = tuple(bytes.fromhex(colour[1:]))
        one, other = (area[red_green_blue] / area.total() for area in areas)
        assert one == pytest.approx(other, abs=0.005), colour
