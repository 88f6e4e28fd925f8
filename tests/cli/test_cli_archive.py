"""Where commands find the archive, and what they say where there is none."""

import asyncio
from pathlib import Path

import pytest
from archived import DAY, FETCHED, tasks
from click.exceptions import Exit

from openrouter_rankings import ConfigurationError, TaskClassifications
from openrouter_rankings.cli.archive import archive_if_any, archive_to_fill, archive_to_read, location


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".local" / "share" / "openrouter-rankings"


async def fill(db: str | None) -> None:
    async with archive_to_fill(db) as archive:
        await archive.add(TaskClassifications, tasks(), fetched_at=FETCHED)


async def dates_in(db: str | None) -> object:
    async with archive_to_read(db) as archive:
        return await archive.dates(TaskClassifications)


async def is_any(db: str | None) -> bool:
    async with archive_if_any(db) as archive:
        return archive is not None


async def test_the_archive_begins_in_the_users_data_folder_which_is_theirs_alone(data_folder: Path) -> None:
    await fill(None)
    assert [path.name for path in data_folder.iterdir()] == ["archive.sqlite3"]
    assert data_folder.stat().st_mode & 0o777 == 0o700
    assert location(None) == str(data_folder / "archive.sqlite3")
    assert await dates_in(None) == (DAY,)
    assert await is_any(None)


async def test_another_file_takes_its_place(data_folder: Path, tmp_path: Path) -> None:
    await fill(str(tmp_path / "mine.sqlite3"))
    assert not data_folder.exists()
    assert await dates_in(str(tmp_path / "mine.sqlite3")) == (DAY,)


@pytest.mark.parametrize("name", [None, "mine.sqlite3"])
async def test_where_there_is_none_the_command_that_begins_one_is_named_and_nothing_is_made(
    name: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = None if name is None else str(tmp_path / name)
    with pytest.raises(Exit) as end:
        await dates_in(db)
    assert end.value.exit_code == 1
    assert capsys.readouterr().err == (
        f"error: There is no archive at {location(db)} yet: `openrouter-rankings collect` begins one.\n"
    )
    assert not await is_any(db)
    assert list(tmp_path.iterdir()) == []


async def test_a_data_folder_without_an_absolute_path_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("~/.local/share/openrouter-rankings"))
    with pytest.raises(ConfigurationError, match="set HOME or XDG_DATA_HOME"):
        await dates_in(None)


async def test_a_data_folder_that_cannot_be_made_is_refused(data_folder: Path) -> None:
    await asyncio.to_thread(data_folder.parent.mkdir, parents=True)
    await asyncio.to_thread(data_folder.write_text, "a file")
    with pytest.raises(ConfigurationError, match=f"The data folder {data_folder} cannot be made: File exists"):
        await fill(None)


def test_a_password_is_not_part_of_the_location() -> None:
    pytest.importorskip("asyncpg")
    assert location("postgresql://me:secret@db.internal/rankings") == "postgresql://db.internal/rankings"
