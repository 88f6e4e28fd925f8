"""The daily files that the service publishes for everyone, without a key: fetched, verified, and kept as they are.

Only what is documented of them is used: where the catalogue is, how a day's files and their manifest are named, that
they never change once written, and that the manifest has their checksums. The names of the data sets, the columns, and
the shapes of catalogue and manifest are not documented, so that nothing is read out of them but the checksum, wherever
in the manifest it stands.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import attrs

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.endpoints import error_of
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history.errors import ArchiveError
from openrouter_rankings.history.revisions import Outcome
from openrouter_rankings.messages import Request
from openrouter_rankings.parameters import day
from openrouter_rankings.settings import BASE_URL, checked_base_url
from openrouter_rankings.transports.protocol import Transport
from openrouter_rankings.whole_file import WholeFile

__all__ = ["Snapshot", "SnapshotForm", "fetch_catalogue", "fetch_snapshot", "keep_snapshot"]

SnapshotForm = Literal["csv", "json"]

# The name becomes part of a URL and of a path.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)

_ALGORITHMS = ("sha256", "sha512", "sha384", "sha1", "md5")
_PREFIX = re.compile(r"^(?:sha-?(?:1|256|384|512)|md5)[:=-]", re.IGNORECASE | re.ASCII)

_DEEPEST = 32


@attrs.frozen(kw_only=True)
class Snapshot:
    """A published file of one day.

    Attributes:
        data_set: the name of the data set in the service's catalogue.
        date: the UTC day.
        form: ``"csv"`` or ``"json"``.
        url: where it was fetched.
        body: its bytes as received.
        manifest: the bytes of the manifest of that day.
        checksum: the checksum by which it was verified, such as ``"sha256:..."``.
        retrieved_at: when it was fetched (aware, UTC).
    """

    data_set: str
    date: date
    form: str
    url: str
    body: bytes = attrs.field(repr=False)
    manifest: bytes = attrs.field(repr=False)
    checksum: str
    retrieved_at: datetime

    @property
    def citation(self) -> str:
        """The line to cite where the file is used."""
        return (
            f'OpenRouter. "{self.data_set}", snapshot {self.date}. Retrieved {self.retrieved_at:%Y-%m-%dT%H:%M:%SZ}. '
            f"{self.url}. CC BY 4.0."
        )


async def fetch_catalogue(transport: Transport, *, base_url: str = BASE_URL, timeout: float | None = 30.0) -> bytes:
    """The catalogue of all files (``index.json``) as received; its shape is not documented.

    Args:
        transport: what to ask with, such as ``AiohttpTransport()``. No key is sent.
        base_url: where the Data API is.
        timeout: seconds for the exchange; None for no limit.

    Raises:
        ConfigurationError: ``base_url`` is invalid.
        TransportError: no whole answer arrived.
        APIError: the service refused.
    """
    return await _get(transport, f"{_exports(base_url)}/index.json", timeout)


async def fetch_snapshot(
    transport: Transport,
    data_set: str,
    on: date | str,
    form: SnapshotForm = "csv",
    *,
    base_url: str = BASE_URL,
    timeout: float | None = 30.0,
    clock: Clock | None = None,
) -> Snapshot:
    """The file of a day, verified against its manifest.

    Args:
        transport: what to ask with, such as ``AiohttpTransport()``. No key is sent.
        data_set: the name of the data set in the service's catalogue.
        on: the UTC day.
        form: ``"csv"`` or ``"json"``.
        base_url: where the Data API is.
        timeout: seconds for each exchange; None for no limit.
        clock: where the time comes from; the system's if None.

    Raises:
        ConfigurationError: an argument is invalid.
        TransportError: no whole answer arrived.
        APIError: the service refused, or has no such file.
        ArchiveError: the manifest has no checksum of this file.
    """
    date_on = day("on", on)
    if date_on is None or not isinstance(data_set, str) or not _NAME.fullmatch(data_set):
        raise ConfigurationError(f"A snapshot is named by a data set of the catalogue and a day, not {data_set!r}.")
    if form not in {"csv", "json"}:
        raise ConfigurationError(f'Snapshots are published as "csv" and "json", not {form!r}.')
    stem = f"{_exports(base_url)}/{data_set}/{date_on}"
    manifest = await _get(transport, f"{stem}.manifest.json", timeout)
    body = await _get(transport, f"{stem}.{form}", timeout)
    checksum = await asyncio.to_thread(_verified, manifest, body)
    if checksum is None:
        raise ArchiveError(
            f"{stem}.{form} was not kept: its manifest has no checksum that it fits. It was cut or changed on its way, "
            "or the service states checksums in a way that this version does not know."
        )
    return Snapshot(
        data_set=data_set,
        date=date_on,
        form=form,
        url=f"{stem}.{form}",
        body=body,
        manifest=manifest,
        checksum=checksum,
        retrieved_at=datetime.fromtimestamp((clock or SystemClock()).time(), UTC),
    )


async def keep_snapshot(folder: str | os.PathLike[str], snapshot: Snapshot) -> Outcome:
    """Write a file and its manifest to ``folder``, as ``<data set>/<day>.csv`` and ``<data set>/<day>.manifest.json``.

    Returns:
        ``NEW`` if the file was not there, and ``UNCHANGED`` if it was.

    Raises:
        ArchiveError: there is a file of that name with other bytes, which stays, or it cannot be written.
    """
    return await asyncio.to_thread(_keep, Path(folder) / snapshot.data_set, snapshot)


def _exports(base_url: str) -> str:
    return f"{checked_base_url(base_url)}/datasets/exports"


async def _get(transport: Transport, url: str, timeout: float | None) -> bytes:
    response = await transport.send(Request("GET", url, timeout=timeout))
    if response.status != 200:
        raise error_of(response, "", SystemClock().time())
    return response.body


def _verified(manifest: bytes, body: bytes) -> str | None:
    """The checksum in the manifest that fits the file; None if none does."""
    try:
        stated = set(_texts(json.loads(manifest)))
    except (ValueError, RecursionError):
        return None
    for algorithm in _ALGORITHMS:
        digest = hashlib.new(algorithm, body, usedforsecurity=False).digest()
        if digest.hex() in {text.lower() for text in stated} or base64.b64encode(digest).decode() in stated:
            return f"{algorithm}:{digest.hex()}"
    return None


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """All texts in a JSON value, without the name of an algorithm before them."""
    if isinstance(value, str):
        yield _PREFIX.sub("", value)
    elif depth < _DEEPEST and isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner, depth + 1)


def _keep(folder: Path, snapshot: Snapshot) -> Outcome:
    files = {
        folder / f"{snapshot.date}.manifest.json": snapshot.manifest,
        folder / f"{snapshot.date}.{snapshot.form}": snapshot.body,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        outcomes = [_written(path, content) for path, content in files.items()]
    except OSError as error:
        raise ArchiveError(f"The snapshot cannot be kept in {folder}: {error.strerror or error}.") from error
    return outcomes[-1]


def _written(path: Path, content: bytes) -> Outcome:
    if path.exists():
        if path.read_bytes() != content:
            raise ArchiveError(f"{path} has other bytes than the service publishes now; it stays as it is.")
        return Outcome.UNCHANGED
    whole = WholeFile(path)
    try:
        whole.file.write(content)
        whole.finish()
    finally:
        whole.discard()
    return Outcome.NEW
