"""What can be known of an installation. No fact holds the API key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from openrouter_rankings.transports.quota.status import QuotaStatus

__all__ = [
    "ArchiveFacts",
    "Asked",
    "Exchange",
    "Facts",
    "KeyFacts",
    "Package",
    "QuotaFacts",
    "ServiceFacts",
    "StoreFacts",
]


@attrs.frozen
class Package:
    """A package that this one depends on.

    Attributes:
        name: its name.
        extra: the extra that needs it; None for the core.
        required: the oldest version that will do.
        installed: the version that is installed; None if it is not.
    """

    name: str
    extra: str | None
    required: str
    installed: str | None


@attrs.frozen
class KeyFacts:
    """What is known of the key.

    Attributes:
        present: there is one.
        mistake: why it cannot be a key; None if it can.
        usual: it begins as OpenRouter's keys do.
    """

    present: bool
    mistake: str | None = None
    usual: bool = True


@attrs.frozen
class ServiceFacts:
    """The service that would be asked.

    Attributes:
        url: its base URL without the key, should it be in the path; None if it is invalid.
        source: where that comes from.
        mistake: why it cannot be used; None if it can.
        proxy: the proxy that the requests take, without its password; None for none.
        proxy_mistake: why the environment's proxy cannot be used; None if it can.
    """

    url: str | None
    source: str
    mistake: str | None = None
    proxy: str | None = None
    proxy_mistake: str | None = None


@attrs.frozen
class Exchange:
    """A request for the root of the service's site, which has no key and uses no quota.

    Attributes:
        seconds: how long it took.
        status: the HTTP status; None if there was no response.
        ahead: seconds by which the machine's clock is ahead of the service's; None if that is unknown.
        failure: why there was no response.
        is_certificate: the failure is one of TLS.
    """

    seconds: float
    status: int | None = None
    ahead: float | None = None
    failure: str | None = None
    is_certificate: bool = False


@attrs.frozen
class StoreFacts:
    """A file in the user's cache folder.

    Attributes:
        path: where it is, or where its folder would be; None if that is unknown.
        size: its bytes; None if there is no such file yet.
        failure: why it cannot be read, or its folder not be written.
        is_locked: the failure is that another program uses it.
    """

    path: str | None
    size: int | None = None
    failure: str | None = None
    is_locked: bool = False


@attrs.frozen
class QuotaFacts:
    """What is used of the quota, by the count of the command line.

    Attributes:
        status: the state of the count; None if it cannot be read.
        failure: why.
    """

    status: QuotaStatus | None
    failure: str | None = None


@attrs.frozen
class ArchiveFacts:
    """The archive.

    Attributes:
        location: where it is, without user and password.
        series: how many series it holds; None if there is no archive.
        newest: the newest complete day of the tasks; None if it has none.
        failure: why it cannot be read.
    """

    location: str
    series: int | None = None
    newest: date | None = None
    failure: str | None = None


@attrs.frozen
class Asked:
    """A request with the key.

    Attributes:
        seconds: how long the answer took.
        as_of: the last day of the answer; None if there was none.
        failure: why.
    """

    seconds: float
    as_of: date | None = None
    failure: str | None = None


@attrs.frozen(kw_only=True)
class Facts:
    """All that was gathered.

    Attributes:
        python: the version of Python.
        version: the version of this package.
        packages: what it depends on; None if it runs without having been installed.
        key: the key.
        service: the service.
        exchange: the request for the root of its site; None if there is no place to send it.
        stores: the files in the cache folder by what they hold.
        quota: what is used of the quota; None without a key.
        archive: the archive.
        asked: the request with the key; None if it was not wanted.
    """

    python: str
    version: str
    packages: tuple[Package, ...] | None
    key: KeyFacts
    service: ServiceFacts
    exchange: Exchange | None
    stores: Mapping[str, StoreFacts]
    quota: QuotaFacts | None
    archive: ArchiveFacts
    asked: Asked | None
