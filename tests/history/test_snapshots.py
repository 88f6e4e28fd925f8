"""The service's published files: fetched, verified against their manifest, and kept as they are."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from archived import FETCHED

from openrouter_rankings import APIError, ConfigurationError, Request, Response
from openrouter_rankings.clock import FakeClock
from openrouter_rankings.history import (
    ArchiveError,
    Outcome,
    Snapshot,
    fetch_catalogue,
    fetch_snapshot,
    keep_snapshot,
)
from openrouter_rankings.testing import FakeTransport

DAY = date(2026, 6, 17)
EXPORTS = "https://openrouter.ai/api/v1/datasets/exports"
BODY = b"invented,columns\n1,2\n"
SHA256 = hashlib.sha256(BODY).hexdigest()


pytestmark = pytest.mark.usefixtures("no_blocking_call")


def service(files: Mapping[str, bytes]) -> FakeTransport:
    def answer(request: Request) -> Response:
        body = files.get(request.url.removeprefix(EXPORTS))
        return Response(404, {}, b"") if body is None else Response(200, {}, body)

    return FakeTransport(answer)


def published(manifest: Any, body: bytes = BODY) -> FakeTransport:
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    return service({"/weather/2026-06-17.csv": body, "/weather/2026-06-17.manifest.json": text})


async def fetched(transport: FakeTransport) -> Snapshot:
    return await fetch_snapshot(transport, "weather", DAY, clock=FakeClock(FETCHED))


async def test_the_catalogue_comes_as_received_and_without_a_key() -> None:
    transport = service({"/index.json": b'{"anything": []}'})
    assert await fetch_catalogue(transport) == b'{"anything": []}'
    assert "Authorization" not in transport.requests[0].headers


async def test_a_file_comes_as_received_with_its_citation() -> None:
    transport = published({"files": [{"name": "x.csv", "sha256": SHA256}]})
    snapshot = await fetched(transport)
    assert (snapshot.body, snapshot.checksum) == (BODY, f"sha256:{SHA256}")
    assert snapshot.citation == (
        'OpenRouter. "weather", snapshot 2026-06-17. Retrieved 2026-06-18T05:00:00Z. '
        f"{EXPORTS}/weather/2026-06-17.csv. CC BY 4.0."
    )
    assert [request.url.rpartition("/")[2] for request in transport.requests] == [
        "2026-06-17.manifest.json",
        "2026-06-17.csv",
    ]


@pytest.mark.parametrize(
    "manifest",
    [
        SHA256,
        {"csv": {"checksum": SHA256.upper()}},
        ["sha256:" + SHA256],
        {"integrity": "sha256-" + base64.b64encode(hashlib.sha256(BODY).digest()).decode()},
        {"md5": hashlib.md5(BODY, usedforsecurity=False).hexdigest()},
        {"sha512": hashlib.sha512(BODY).hexdigest(), "other": [1, None, True]},
    ],
)
async def test_a_checksum_is_found_wherever_the_manifest_has_it(manifest: Any) -> None:
    assert (await fetched(published(manifest))).body == BODY


DEEP = "[" * 40 + f'"{SHA256}"' + "]" * 40


@pytest.mark.parametrize(
    "manifest",
    [{}, [], {"sha256": "0" * 64}, b"not JSON", b"[" * 100_000, DEEP.encode()],
    ids=lambda value: str(value)[:9],
)
async def test_a_file_that_its_manifest_does_not_vouch_for_is_not_taken(manifest: Any) -> None:
    with pytest.raises(ArchiveError, match="was not kept: its manifest has no checksum that it fits"):
        await fetched(published(manifest))


async def test_a_file_that_was_cut_is_not_taken() -> None:
    with pytest.raises(ArchiveError, match="was not kept"):
        await fetched(published({"sha256": SHA256}, BODY[:-1]))


async def test_a_file_that_does_not_exist_is_an_error_of_the_service() -> None:
    with pytest.raises(APIError) as failure:
        await fetched(service({}))
    assert failure.value.status == 404


@pytest.mark.parametrize(
    ("data_set", "on", "form"),
    [
        ("../secrets", DAY, "csv"),
        ("", DAY, "csv"),
        ("a/b", DAY, "csv"),
        (None, DAY, "csv"),
        ("weather", None, "csv"),
        ("weather", "2026-02-30", "csv"),
        ("weather", DAY, "xlsx"),
    ],
)
async def test_a_mistake_is_found_before_anything_is_asked(data_set: Any, on: Any, form: Any) -> None:
    transport = service({})
    with pytest.raises(ConfigurationError):
        await fetch_snapshot(transport, data_set, on, form)
    assert not transport.requests


async def test_a_file_is_kept_with_its_manifest_and_never_overwritten(tmp_path: Path) -> None:
    snapshot = await fetched(published([SHA256]))
    assert await keep_snapshot(tmp_path, snapshot) is Outcome.NEW
    assert await keep_snapshot(tmp_path, snapshot) is Outcome.UNCHANGED
    folder = tmp_path / "weather"
    assert sorted(file.name for file in folder.iterdir()) == ["2026-06-17.csv", "2026-06-17.manifest.json"]
    assert (folder / "2026-06-17.csv").read_bytes() == BODY
    other = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(ArchiveError, match="has other bytes than the service publishes now; it stays as it is"):
        await keep_snapshot(tmp_path, await fetched(published([other], b"other")))
    assert (folder / "2026-06-17.csv").read_bytes() == BODY


async def test_a_folder_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "weather").write_text("a file")
    with pytest.raises(ArchiveError, match="The snapshot cannot be kept in .*weather: File exists"):
        await keep_snapshot(tmp_path, await fetched(published([SHA256])))
