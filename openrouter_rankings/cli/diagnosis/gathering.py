"""Gathering the facts: the environment, the files, and one exchange that uses no quota."""

from __future__ import annotations

import os
import platform
import re
import ssl
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from openrouter_rankings import __version__
from openrouter_rankings.cli.archive import archive_if_any, location
from openrouter_rankings.cli.diagnosis.facts import (
    ArchiveFacts,
    Asked,
    Exchange,
    Facts,
    KeyFacts,
    Package,
    QuotaFacts,
    ServiceFacts,
    StoreFacts,
)
from openrouter_rankings.cli.folder import cache_file, quota_file
from openrouter_rankings.cli.question import Origin
from openrouter_rankings.cli.service import KEY_VARIABLE, network, open_client
from openrouter_rankings.cli.words import explained
from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.errors import ConfigurationError, RankingsError
from openrouter_rankings.messages import Request, Response, http_date
from openrouter_rankings.redaction import redact_place
from openrouter_rankings.settings import BASE_URL_VARIABLE, checked_base_url, checked_key
from openrouter_rankings.transports.quota.policy import Quota
from openrouter_rankings.transports.stores.location import open_store

if TYPE_CHECKING:
    from openrouter_rankings.history import Archive

__all__ = ["gather"]

_NAME = "openrouter-rankings"
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?\s*>=(?P<version>[0-9.]+)(\s*;\s*extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"])?"
)

# Seconds for an exchange, unless --timeout gives another time.
_TIMEOUT = 10.0

# SQLITE_BUSY and SQLITE_LOCKED, whose extended codes add a byte before them.
_SQLITE_LOCKS = frozenset({5, 6})


async def gather(origin: Origin, db: str | None, *, ask: bool, clock: Clock | None = None) -> Facts:
    """All facts. Nothing is sent that uses the quota, unless ``ask`` is true.

    The cache folder is made if there is none.

    Args:
        origin: the service, and the time for an exchange.
        db: the value of ``--db``.
        ask: send one request with the key, of those that the quota counts.
        clock: what the service's clock is compared with; the system's if None.
    """
    service, key = _service(origin.base_url), _key()
    can_ask = key.present and key.mistake is None and service.url is not None
    stores = {"count": await _store(quota_file), "cache": await _store(cache_file)}
    return Facts(
        python=platform.python_version(),
        version=__version__,
        packages=_packages(),
        key=key,
        service=service,
        exchange=await _exchange(service, origin, clock or SystemClock()),
        stores=stores,
        quota=await _quota(origin, stores["count"]) if can_ask else None,
        archive=await _archive(db),
        asked=await _ask(origin) if ask and can_ask else None,
    )


def _packages() -> tuple[Package, ...] | None:
    try:
        requirements = metadata.requires(_NAME) or []
    except metadata.PackageNotFoundError:
        return None
    found = (_REQUIREMENT.match(requirement) for requirement in requirements)
    return tuple(
        Package(match["name"], match["extra"], match["version"], _installed(match["name"]))
        for match in found
        if match is not None and match["extra"] != "all"
    )


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _key() -> KeyFacts:
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        return KeyFacts(present=False)
    try:
        checked_key(None)
    except ConfigurationError as error:
        return KeyFacts(present=True, mistake=str(error))
    return KeyFacts(present=True, usual=key.startswith("sk-or-"))


def _service(given: str | None) -> ServiceFacts:
    from openrouter_rankings.transports.aiohttp import environment_proxy

    named = BASE_URL_VARIABLE if os.environ.get(BASE_URL_VARIABLE) else "the default"
    source = named if given is None else "--base-url"
    try:
        url = checked_base_url(given)
    except ConfigurationError as error:
        return ServiceFacts(None, source, explained(error)[0])
    shown = redact_place(url, os.environ.get(KEY_VARIABLE, ""))
    try:
        proxy = environment_proxy(url)
    except ConfigurationError as error:
        return ServiceFacts(shown, source, proxy_mistake=explained(error)[0])
    return ServiceFacts(shown, source, proxy=None if proxy is None else _without_password(proxy))


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))


async def _exchange(service: ServiceFacts, origin: Origin, clock: Clock) -> Exchange | None:
    """Ask for the root of the site, without the key: the service's limits are for its data alone."""
    base_url = service.url
    if base_url is None or service.proxy_mistake is not None:
        return None
    root = urlunsplit(urlsplit(base_url)._replace(path="/"))
    request = Request("HEAD", root, {"User-Agent": f"{_NAME}/{__version__}"}, origin.timeout or _TIMEOUT)
    transport = network()
    began, asked_at = time.monotonic(), clock.time()
    try:
        response = await transport.send(request)
    except RankingsError as error:
        certificate = _certificate_error(error)
        said = explained(error)[0]
        if certificate is not None:
            said = f"The certificate of {urlsplit(base_url).hostname} is not trusted: {certificate}."
        return Exchange(time.monotonic() - began, failure=said, is_certificate=certificate is not None)
    finally:
        await transport.aclose()
    seconds = time.monotonic() - began
    return Exchange(seconds, response.status, _ahead(response, asked_at, clock.time()))


def _certificate_error(error: RankingsError) -> str | None:
    """What TLS says against the certificate; None if that is not why the exchange failed."""
    original = getattr(error.__cause__, "certificate_error", None)
    if not isinstance(original, ssl.SSLError):
        original = getattr(error.__cause__, "os_error", None)
    if not isinstance(original, ssl.SSLError):
        return None
    return str(getattr(original, "verify_message", "") or original)


def _ahead(response: Response, asked_at: float, answered_at: float) -> float | None:
    """Seconds by which this machine's clock is ahead; None if the response does not say what time it is."""
    date = http_date(response.headers.get("Date", ""))
    if date is None:
        return None
    # A cache on the way passes on the date of the response that it has, with its age.
    age = response.headers.get("Age", "0")
    then = date + (float(age) if age.isdecimal() and len(age) < 10 else 0.0)
    # A date is cut to whole seconds: its middle is the best guess, as is that of the exchange.
    return (asked_at + answered_at) / 2 - (then + 0.5)


async def _store(place: Callable[[], Path]) -> StoreFacts:
    try:
        path = place()
    except ConfigurationError as error:
        return StoreFacts(None, failure=str(error))
    try:
        size = path.stat().st_size if path.exists() else None
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        return StoreFacts(str(path), failure=f"The folder {path.parent} cannot be written: {error.strerror}.")
    if size is None:
        return StoreFacts(str(path))
    store = open_store(path, SystemClock())
    try:
        await store.get("doctor")
    except RankingsError as error:
        return StoreFacts(str(path), size, explained(error)[0], is_locked=_is_lock(error.__cause__))
    finally:
        await store.aclose()
    return StoreFacts(str(path), size)


def _is_lock(error: BaseException | None) -> bool:
    # The errors that Python's module raises by itself have no code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_LOCKS


async def _quota(origin: Origin, count: StoreFacts) -> QuotaFacts:
    if count.failure is not None:
        # It would fail again, and a locked file after another wait.
        return QuotaFacts(None, count.failure)
    try:
        async with open_client(origin, Quota(store=quota_file())) as client:
            return QuotaFacts(await client.quota())
    except RankingsError as error:
        return QuotaFacts(None, explained(error)[0])


async def _archive(db: str | None) -> ArchiveFacts:
    named = "The archive"
    try:
        named = location(db)
        async with archive_if_any(db) as archive:
            return await _archive_facts(named, archive)
    except RankingsError as error:
        return ArchiveFacts(named, failure=explained(error)[0])


async def _archive_facts(named: str, archive: Archive | None) -> ArchiveFacts:
    if archive is None:
        return ArchiveFacts(named)
    from openrouter_rankings.models.task_classifications import TaskClassifications

    dates = await archive.dates(TaskClassifications)
    return ArchiveFacts(named, len(await archive.series()), max(dates, default=None))


async def _ask(origin: Origin) -> Asked:
    began = time.monotonic()
    try:
        async with open_client(origin, Quota(store=quota_file(), max_wait=0)) as client:
            answer = await client.get_task_classifications(retry=None)
    except RankingsError as error:
        return Asked(time.monotonic() - began, failure=explained(error)[0])
    return Asked(time.monotonic() - began, answer.as_of)
