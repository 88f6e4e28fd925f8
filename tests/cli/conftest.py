import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from openrouter_rankings.testing import EmulatedAPI, serve_in_thread


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test and the processes it starts keep answers and counts; nothing of the user's is read or written."""
    base = tmp_path / "home" / ".cache"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCALAPPDATA", str(base))
    monkeypatch.setenv("XDG_CACHE_HOME", str(base))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / ".local" / "share"))
    monkeypatch.delenv("OPENROUTER_RANKINGS_DB", raising=False)
    return base / "openrouter-rankings"


@pytest.fixture(autouse=True)
def heeded_interrupt() -> Iterator[None]:
    """The processes that a test starts heed Ctrl-C also where the suite runs in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def server(api: EmulatedAPI) -> Iterator[str]:
    """The base URL of the module's own ``api``."""
    with serve_in_thread(api) as base_url:
        yield base_url


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of the commands, which is not there yet."""
    path = tmp_path / "archive.sqlite3"
    monkeypatch.setenv("OPENROUTER_RANKINGS_DB", str(path))
    return path
