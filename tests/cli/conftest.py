from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test and the processes it starts keep answers and counts; nothing of the user's is read or written."""
    base = tmp_path / "home" / ".cache"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCALAPPDATA", str(base))
    monkeypatch.setenv("XDG_CACHE_HOME", str(base))
    return base / "openrouter-rankings"
