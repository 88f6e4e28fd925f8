"""From facts to findings. Pure: no I/O and no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import attrs

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
from openrouter_rankings.installing import install_command

if TYPE_CHECKING:
    from openrouter_rankings.transports.quota.status import QuotaStatus

__all__ = ["EXIT_CODES", "Finding", "State", "findings", "worst"]

State = Literal["ok", "warning", "problem"]

EXIT_CODES: dict[State, int] = {"ok": 0, "warning": 3, "problem": 1}
"""The exit code for the worst finding."""

# Seconds. The Date field has whole ones, and an answer takes some time; what is a minute off still works.
_CLOCK_TOLERANCE = 30.0
_WRONG_CLOCK = 300.0

_SCARCE = 0.1

_PROXY_AUTHENTICATION = 407


@attrs.frozen
class Finding:
    """What one check found.

    Attributes:
        name: what was checked.
        state: how bad it is.
        text: what is the case.
        advice: what to do; empty if there is nothing to do.
    """

    name: str
    state: State
    text: str
    advice: str = ""


def findings(facts: Facts) -> tuple[Finding, ...]:
    """What the checks find, in the order in which to mend it."""
    return tuple(_findings(facts))


def worst(found: Iterable[Finding]) -> State:
    """The worst state among findings."""
    states = {each.state for each in found}
    return "problem" if "problem" in states else "warning" if "warning" in states else "ok"


def _findings(facts: Facts) -> Iterator[Finding]:
    yield Finding("python", "ok", f"Python {facts.python}, openrouter-rankings {facts.version}.")
    yield from _packages(facts.packages)
    yield _key(facts.key, facts.service)
    yield _base_url(facts.service)
    yield _proxy(facts.service)
    if facts.exchange is not None and facts.service.url is not None:
        yield from _exchange(facts.exchange, facts.service.url, facts.service.proxy)
    for name, store in facts.stores.items():
        yield _store(name, store)
    if facts.quota is not None:
        yield _quota(facts.quota)
    yield _archive(facts.archive)
    if facts.asked is not None:
        yield _asked(facts.asked)


def _packages(packages: tuple[Package, ...] | None) -> Iterator[Finding]:
    if packages is None:
        text = "openrouter-rankings runs from a folder and is not installed, so what it needs is unknown."
        yield Finding("packages", "warning", text, "Install it from that folder.")
        return
    by_extra: defaultdict[str | None, list[Package]] = defaultdict(list)
    for package in packages:
        by_extra[package.extra].append(package)
    core = by_extra.pop(None, [])
    yield _installed("packages", core, optional=False)
    for extra in sorted(by_extra, key=str):
        yield _installed(f"extra {extra}", by_extra[extra], optional=True)


def _installed(name: str, packages: list[Package], *, optional: bool) -> Finding:
    present = ", ".join(f"{each.name} {each.installed}" for each in packages if each.installed is not None)
    missing = ", ".join(each.name for each in packages if each.installed is None)
    old = ", ".join(
        f"{each.name} {each.installed} (needed: {each.required})"
        for each in packages
        if each.installed is not None and _numbers(each.installed) < _numbers(each.required)
    )
    if old:
        advice = "Update them, as installing openrouter-rankings again does."
        return Finding(name, "warning" if optional else "problem", f"Too old: {old}.", advice)
    if missing and not optional:
        return Finding(name, "problem", f"Missing: {missing}.", "Install openrouter-rankings again.")
    if missing:
        advice = f"If you need it: {install_command(name.removeprefix('extra '))}"
        return Finding(name, "ok", f"Not installed: {missing}.", advice)
    return Finding(name, "ok", f"{present}.")


def _numbers(version: str) -> tuple[int, ...]:
    """The release of a version; what follows it, such as ``rc1``, is left out."""
    numbers: list[int] = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _key(key: KeyFacts, service: ServiceFacts) -> Finding:
    if not key.present:
        advice = "Set OPENROUTER_API_KEY to any valid key of openrouter.ai/keys."
        return Finding("key", "problem", "OPENROUTER_API_KEY is not set.", advice)
    if key.mistake is not None:
        return Finding("key", "problem", key.mistake, "Copy the key again, alone on its line.")
    if not key.usual and service.source == "the default":
        advice = "OpenRouter's keys begin with sk-or-: compare it with the list at openrouter.ai/keys."
        return Finding(
            "key", "warning", "OPENROUTER_API_KEY is set, but does not begin like a key of OpenRouter.", advice
        )
    return Finding("key", "ok", "OPENROUTER_API_KEY is set and well-formed.")


def _base_url(service: ServiceFacts) -> Finding:
    if service.mistake is not None or service.url is None:
        advice = "Correct it, or leave it out to ask OpenRouter."
        return Finding("base URL", "problem", service.mistake or "There is none.", advice)
    return Finding("base URL", "ok", f"{service.url}, from {service.source}.")


def _proxy(service: ServiceFacts) -> Finding:
    if service.proxy_mistake is not None:
        return Finding("proxy", "problem", service.proxy_mistake, "Correct it, or unset it if no proxy is needed.")
    if service.proxy is None:
        return Finding("proxy", "ok", "None is used.")
    return Finding("proxy", "ok", f"Requests go through {service.proxy}, which the environment names.")


def _exchange(exchange: Exchange, url: str, proxy: str | None) -> Iterator[Finding]:
    host, secure = urlsplit(url).hostname or "", urlsplit(url).scheme == "https"
    if exchange.failure is not None and exchange.is_certificate:
        advice = (
            "If your company's proxy opens TLS, set SSL_CERT_FILE to a file with its CA certificate; check the "
            "machine's date as well."
        )
        yield Finding("TLS", "problem", exchange.failure, advice)
        return
    if exchange.failure is not None:
        # Only this machine itself is asked without TLS.
        direct = "If only a proxy reaches it, set HTTPS_PROXY." if secure else "See whether the service runs there."
        advice = f"See whether the proxy {proxy} works." if proxy else direct
        yield Finding("network", "problem", exchange.failure, advice)
        return
    yield _status(exchange, host)
    if secure:
        yield Finding("TLS", "ok", f"The certificate of {host} is trusted.")
    if exchange.ahead is not None:
        yield _clock(exchange.ahead)


def _status(exchange: Exchange, host: str) -> Finding:
    if exchange.status == _PROXY_AUTHENTICATION:
        advice = "Give them in the proxy's URL: http://user:password@proxy:3128"
        return Finding(
            "network", "problem", "The proxy wants a user and a password: it answers with status 407.", advice
        )
    if exchange.status is not None and exchange.status >= 500:
        text = f"{host} answers in {exchange.seconds:.2f} s, but with status {exchange.status}."
        return Finding("network", "warning", text, "It has a failure of its own: try again later.")
    return Finding("network", "ok", f"{host} answers in {exchange.seconds:.2f} s.")


def _clock(ahead: float) -> Finding:
    off = abs(ahead)
    if off <= _CLOCK_TOLERANCE:
        return Finding("clock", "ok", "It agrees with the service's.")
    text = f"It is {_duration(off)} {'ahead of' if ahead > 0 else 'behind'} the service's."
    advice = "Set the machine's clock, by NTP if you can: ages, spans of days and TLS go by it."
    return Finding("clock", "warning" if off <= _WRONG_CLOCK else "problem", text, advice)


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _store(name: str, store: StoreFacts) -> Finding:
    if store.failure is not None:
        advice = "Make its folder writable, or set HOME or XDG_CACHE_HOME to another one."
        if store.is_locked:
            advice = "The file is whole: wait until the program that uses it has ended, or end it."
        elif store.size is not None:
            loses = "count of what was sent today" if name == "count" else "answers in it"
            advice = f"Move the file away; the {loses} will be lost: {store.path}"
        return Finding(name, "problem", store.failure, advice)
    if store.size is None:
        return Finding(name, "ok", f"There is none yet; it will be {store.path}.")
    return Finding(name, "ok", f"{store.path}, {store.size / 1024:,.0f} KiB.")


def _quota(quota: QuotaFacts) -> Finding:
    status = quota.status
    if status is None:
        return Finding("quota", "problem", quota.failure or "It is unknown.", "See the line of the count.")
    text = (
        f"By this command line's count, {status.day.remaining} of {status.day.limit} requests are left today, and "
        f"{status.minute.remaining} of {status.minute.limit} this minute."
    )
    return _remaining(status, text)


def _remaining(status: QuotaStatus, text: str) -> Finding:
    if status.closed_until is not None:
        text += f" The service wants no requests until {_utc(status.closed_until)}."
        return Finding("quota", "warning", text, "Wait until then; answers in the cache are shown meanwhile.")
    if not status.day.remaining:
        at = "" if status.day.frees_at is None else f" The next request can go at {_utc(status.day.frees_at)}."
        return Finding("quota", "problem", text + at, "Wait until then, or use a key of another account.")
    if status.day.remaining < _SCARCE * status.day.limit:
        return Finding("quota", "warning", text, "Ask less often, or accept older answers with --max-age.")
    return Finding("quota", "ok", text)


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _archive(archive: ArchiveFacts) -> Finding:
    if archive.failure is not None:
        return Finding("archive", "problem", archive.failure, "See --db and OPENROUTER_RANKINGS_DB.")
    if archive.series is None:
        text = f"There is none at {archive.location}."
        return Finding("archive", "ok", text, "If you want one: `openrouter-rankings collect` begins it.")
    newest = "no complete day of the tasks" if archive.newest is None else f"the tasks up to {archive.newest}"
    text = f"{archive.location}: {archive.series} series, {newest}."
    return Finding("archive", "ok", text, "`openrouter-rankings gaps` lists what it lacks.")


def _asked(asked: Asked) -> Finding:
    if asked.as_of is None:
        return Finding("answer", "problem", asked.failure or "There was no answer.", "The lines above may say why.")
    return Finding(
        "answer", "ok", f"The service answered in {asked.seconds:.2f} s, with the tasks up to {asked.as_of}."
    )
