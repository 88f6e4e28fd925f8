"""Collecting: ask the service what people follow, and keep every answer."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from datetime import date, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from openrouter_rankings.endpoints import Endpoint
from openrouter_rankings.errors import (
    ConfigurationError,
    QuotaExceededError,
    RankingsError,
    TransportError,
    UnauthorizedError,
)
from openrouter_rankings.history.data_sets import ArchivedDataSet, parameters_of
from openrouter_rankings.history.entry import prepare
from openrouter_rankings.history.errors import AnswerRefusedError
from openrouter_rankings.history.plan import Question, questions, spans_to_ask
from openrouter_rankings.history.revisions import Outcome
from openrouter_rankings.history.storage import covered, last_seen
from openrouter_rankings.messages import Response

if TYPE_CHECKING:
    from openrouter_rankings.history.archive import Archive

__all__ = ["CollectReport", "Collected", "Fetched", "Fetcher", "collect", "collect_exit_code"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# Seconds. Asked for a fresh answer, a cache gives an older one only where the service gives none.
_OLDEST = 900

_AGE = re.compile(r"\s*([0-9]{1,9})\b", re.ASCII)

# Exchanges in a row after which the service counts as out of reach: each further one would take time and quota for
# nothing.
_MOST_UNREACHED = 3

_DONE = frozenset({Outcome.NEW, Outcome.UNCHANGED, Outcome.REVISION})


class _NotAskedError(RankingsError):
    """What is left of the day's quota is for others, or the service cannot be reached."""


class Fetched(Protocol[T_co]):
    """An answer together with the response that it was decoded from."""

    @property
    def value(self) -> T_co:
        """The decoded answer."""
        ...

    @property
    def response(self) -> Response:
        """The response, whose ``Age`` is the time in seconds since the service gave it; none if it just did."""
        ...


class QuotaLeft(Protocol):
    """The requests of a day."""

    @property
    def limit(self) -> int:
        """How many may be sent."""
        ...

    @property
    def remaining(self) -> int:
        """How many may still be sent now."""
        ...


class QuotaState(Protocol):
    """What is used of a quota, and what remains."""

    @property
    def day(self) -> QuotaLeft:
        """The requests of the last day."""
        ...


class Fetcher(Protocol):
    """What collecting needs of a client; ``RankingsClient`` is one."""

    async def fetch(self, endpoint: Endpoint[T], *, fresh: bool = False) -> Fetched[T]:
        """Ask the service. ``fresh`` passes over what a cache has."""
        ...

    async def quota(self) -> QuotaState:
        """What remains of the key's quota; raises ``ConfigurationError`` if the client keeps none."""
        ...


@attrs.frozen
class Collected:
    """What became of one request, or of one that was not sent.

    Attributes:
        data_set: the name of the data set.
        parameters: what was asked for, without the span and without values that are the service's defaults.
        first: the first UTC day that the answer is about; None if there is none.
        date: the last UTC day that it is about; None if there is none.
        outcome: what became of it.
        problem: why it was refused, failed or postponed; None otherwise.
    """

    data_set: str
    parameters: dict[str, str] = attrs.field(hash=False)
    first: date | None
    date: date | None
    outcome: Outcome
    problem: str | None = None


@attrs.frozen
class CollectReport:
    """What became of all requests of a collection.

    Attributes:
        answers: each of them, in the order in which they were asked for.
    """

    answers: tuple[Collected, ...]

    def counts(self) -> Mapping[str, Mapping[Outcome, int]]:
        """How many had which outcome, by the name of the data set."""
        counts: dict[str, Counter[Outcome]] = {}
        for each in self.answers:
            counts.setdefault(each.data_set, Counter())[each.outcome] += 1
        return counts


def collect_exit_code(report: CollectReport) -> int:
    """0 if every answer is archived, whether it is new or not; 1 if one was refused, failed or postponed."""
    return int(any(each.outcome not in _DONE for each in report.answers))


async def collect(
    archive: Archive,
    client: Fetcher,
    data_sets: Collection[type[Any]] | None,
    *,
    since: date,
    leave: float,
    progress: Callable[[Collected], object],
) -> CollectReport:
    """See ``Archive.collect``."""
    if not 0 <= leave <= 1:
        raise ConfigurationError(f"leave must be a fraction of the day's quota, from 0 to 1, not {leave!r}.")
    collection = _Collection(archive, client, since, leave)
    wanted = questions(data_sets, collection.yesterday)
    seen = await archive.engine.run(last_seen((each.data_set.name, each.series) for each in wanted))
    # Only the daily rankings have a past that can still be asked for.
    ordered = sorted(wanted, key=lambda each: (each.data_set.cumulative, seen[each.data_set.name, each.series]))
    answers: list[Collected] = []
    for question in ordered:
        async with aclosing(collection.answers(question)) as found:
            async for each in found:
                answers.append(each)
                progress(each)
    return CollectReport(tuple(answers))


class _Collection:
    """One run. Requests go out one after the other, so that other users of the key are not kept waiting."""

    def __init__(self, archive: Archive, client: Fetcher, since: date, leave: float) -> None:
        self.yesterday = archive.now().date() - timedelta(days=1)
        self._archive = archive
        self._client = client
        self._since = since
        self._leave = leave
        self._stop: RankingsError | None = None
        self._unreached = 0

    async def answers(self, question: Question) -> AsyncGenerator[Collected]:
        """Ask a question; each answer when it is archived."""
        kind = question.data_set
        if kind.cumulative:
            spans = await self._archive.engine.run(covered(kind.name, question.series, cumulative=True))
            for first, last in spans_to_ask(question, spans, self._since, self.yesterday):
                for endpoint in question.endpoints(first, last):
                    yield await self._keep(kind, endpoint, await self._ask(kind, endpoint))
            return
        for offset in question.offsets:
            (endpoint,) = question.endpoints(offset)
            fetched = await self._ask(kind, endpoint)
            rows = 0 if isinstance(fetched, Collected) else len(getattr(fetched.value, kind.rows))
            # An empty page says that the one before it was the last.
            if rows or not offset or isinstance(fetched, Collected):
                yield await self._keep(kind, endpoint, fetched)
            if rows < question.offsets.step:
                return

    async def _ask(self, kind: ArchivedDataSet[Any], endpoint: Endpoint[Any]) -> Fetched[Any] | Collected:
        """The answer to a request, or why there is none."""
        try:
            await self._check_quota()
            fetched = await self._client.fetch(endpoint, fresh=True)
        except RankingsError as error:
            return attrs.evolve(_asked(kind, endpoint), outcome=self._failure(error), problem=str(error))
        self._unreached = 0
        return fetched

    async def _keep(
        self, kind: ArchivedDataSet[Any], endpoint: Endpoint[Any], fetched: Fetched[Any] | Collected
    ) -> Collected:
        """Archive an answer, if there is one."""
        if isinstance(fetched, Collected):
            return fetched
        asked, age = _asked(kind, endpoint), _age(fetched.response)
        fetched_at = self._archive.now() - timedelta(seconds=age)
        try:
            entry = await asyncio.to_thread(
                prepare,
                kind,
                fetched.response.body,
                endpoint.query,
                fetched_at,
                synthetic=self._archive.synthetic,
            )
        except AnswerRefusedError as error:
            return attrs.evolve(asked, outcome=Outcome.REFUSED, problem=error.reason)
        (outcome,) = await self._archive.add_entries([entry])
        problem = None
        if age > _OLDEST:
            outcome = Outcome.FAILED
            problem = f"The service gave no newer answer than one of {fetched_at:%Y-%m-%d %H:%M:%S} UTC."
        first, last = map(date.fromisoformat, (entry.slot.first, entry.slot.last))
        return attrs.evolve(asked, first=first, date=last, outcome=outcome, problem=problem)

    async def _check_quota(self) -> None:
        if self._stop is not None:
            raise self._stop
        try:
            day = (await self._client.quota()).day
        except ConfigurationError:
            # The client counts nothing.
            return
        kept = ceil(day.limit * self._leave)
        if day.remaining <= kept:
            raise _NotAskedError(f"{day.remaining} requests of the day's {day.limit} are left, and {kept} are kept.")

    def _failure(self, error: RankingsError) -> Outcome:
        if isinstance(error, (QuotaExceededError, UnauthorizedError, _NotAskedError)):
            # Every further request would end in the same way.
            self._stop = error
        self._unreached = self._unreached + 1 if isinstance(error, TransportError) else 0
        if self._unreached >= _MOST_UNREACHED:
            self._stop = _NotAskedError(f"The {_MOST_UNREACHED} requests before this one did not reach the service.")
        postponed = isinstance(error, (QuotaExceededError, _NotAskedError))
        return Outcome.POSTPONED if postponed else Outcome.FAILED


def _age(response: Response) -> int:
    """The seconds since the service gave the response (RFC 9111, 5.1)."""
    stated = _AGE.match(response.headers.get("Age", ""))
    return int(stated[1]) if stated else 0


def _asked(kind: ArchivedDataSet[Any], endpoint: Endpoint[Any]) -> Collected:
    """A request that has no answer yet."""
    return Collected(kind.name, parameters_of(kind.series(endpoint.query)), None, None, Outcome.FAILED)
