"""The archive: every answer that was collected, kept for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from typing import Any, Self, TypeVar

import attrs

from openrouter_rankings.clock import Clock, SystemClock
from openrouter_rankings.history import storage
from openrouter_rankings.history.collect import Collected, CollectReport, Fetcher, collect
from openrouter_rankings.history.data_sets import by_name, by_type, parameters_of
from openrouter_rankings.history.engine import Engine
from openrouter_rankings.history.entry import Entry, prepare
from openrouter_rankings.history.gaps import Gaps, find_gaps
from openrouter_rankings.history.joining import rows_of_span
from openrouter_rankings.history.location import Location, open_engine
from openrouter_rankings.history.reading import decoded, stream, wanted_days
from openrouter_rankings.history.revisions import ArchivedAnswer, Outcome
from openrouter_rankings.history.schema import upgrade
from openrouter_rankings.models.rankings_daily import FIRST_DAY, RankingsDaily
from openrouter_rankings.parameters import day
from openrouter_rankings.transports.home_loop import HomeLoop

__all__ = ["Archive", "Series"]

T = TypeVar("T")

_NO_PARAMETERS: Mapping[str, object] = {}


@attrs.frozen
class Series:
    """Answers of one data set that were asked for with the same parameters.

    Attributes:
        data_set: the name of the data set.
        answer: the class of the answers.
        parameters: the parameters, without the span and without values that are the service's defaults.
    """

    data_set: str
    answer: type[Any]
    parameters: dict[str, str] = attrs.field(hash=False)


class Archive:
    """Keeps answers as received, with what they are about and when they were fetched; nothing is ever overwritten.

    An async context manager. Several tasks may use one archive at once, and several processes one location::

        async with Archive("rankings.sqlite3") as archive:
            await archive.collect(client)
            newest = await archive.latest(TaskClassifications)

    A data set is named by the class of its answers. ``parameters`` are those of the operation, as the API names them;
    values that are the service's defaults may be left out. A date is the last UTC day of an answer, by its own account.

    Args:
        location: the path of a SQLite file, or ``postgresql://user:password@host:port/database`` (extra ``postgres``).
        create: begin an archive where there is none; False raises ``ArchiveMissingError`` instead.
        synthetic: take the emulation's answers too, whose figures are invented. Otherwise they are refused.
        clock: where the time comes from; the system's if None.

    Attributes:
        engine: the database.
        synthetic: whether invented figures are taken.

    Raises:
        ConfigurationError: ``location`` is neither a path nor such a URL, or the extra is not installed. Opening raises
            ``ArchiveFormatError`` for a file of a newer version, of another program, or damaged, and every method
            ``ArchiveError`` where the archive cannot be read or written.
    """

    def __init__(
        self, location: Location, *, create: bool = True, synthetic: bool = False, clock: Clock | None = None
    ) -> None:
        self.engine: Engine = open_engine(location, create=create)
        self.synthetic: bool = synthetic
        self._create = create
        self._clock = clock or SystemClock()

    async def __aenter__(self) -> Self:
        HomeLoop().check()
        await self.engine.connect()
        try:
            await upgrade(self.engine, create=self._create)
        except BaseException:
            await self.engine.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the archive. Repeating it does nothing."""
        await self.engine.aclose()

    def now(self) -> datetime:
        """The archive's present (aware, UTC)."""
        return datetime.fromtimestamp(self._clock.time(), UTC)

    async def add(
        self,
        data_set: type[T],
        body: bytes,
        parameters: Mapping[str, object] = _NO_PARAMETERS,
        *,
        fetched_at: datetime | None = None,
    ) -> Outcome:
        """Store an answer.

        Args:
            data_set: the class of the answer.
            body: the answer's body as received.
            parameters: what it was asked for with.
            fetched_at: when the service gave it (aware); now if None.

        Returns:
            ``NEW`` for the first answer about its span, ``UNCHANGED`` if the archive has its figures already, and
            ``REVISION`` if it has others.

        Raises:
            AnswerRefusedError: it is empty, synthetic (unless the archive takes such), or cannot be decoded.
            ConfigurationError: ``fetched_at`` names no time zone.
        """
        instant = self.now() if fetched_at is None else fetched_at
        kind = by_type(data_set)
        entry = await asyncio.to_thread(prepare, kind, body, parameters, instant, synthetic=self.synthetic)
        return (await self.add_entries([entry]))[0]

    async def add_entries(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Store prepared answers in one transaction: all of them or, where it fails, none."""
        return await self.engine.run(storage.insert(entries), write=True)

    async def collect(
        self,
        client: Fetcher,
        data_sets: Collection[type[Any]] | None = None,
        *,
        since: date | str = FIRST_DAY,
        leave: float = 0.1,
        progress: Callable[[Collected], object] = lambda _: None,
    ) -> CollectReport:
        """Ask the service what people follow, and store every answer as soon as it is there.

        That is the task classifications; the daily rankings of all traffic, and of each modality, category and type of
        language; all pages of the popular and of the trending apps, and of the session costs; and all benchmarks: about
        30 requests. Days of the daily rankings that the archive lacks are asked for as well, up to 366 in a request.

        A request that fails does not stop the others; three in a row that do not reach the service do. What was not
        collected for longest comes first, so that the next collection completes one that was interrupted or ran out of
        quota; the daily rankings, whose past can still be asked for, come last.

        Args:
            client: a ``RankingsClient``.
            data_sets: the classes of the answers to ask for; None asks for all.
            since: the first day of the daily rankings to keep.
            leave: the fraction of the day's quota (0 to 1) to leave to others who use the key.
            progress: called with each answer that is archived, or is not.

        Returns:
            What became of each request; see ``collect_exit_code``.

        Raises:
            ConfigurationError: an argument is invalid.
            ArchiveError: the archive cannot be written; what was stored before stays.
        """
        first = day("since", since) or FIRST_DAY
        return await collect(self, client, data_sets, since=max(first, FIRST_DAY), leave=leave, progress=progress)

    async def series(self) -> tuple[Series, ...]:
        """What the archive holds, by data set and parameters."""
        return tuple(
            Series(name, by_name(name).answer, parameters_of(series))
            for name, series in await self.engine.run(storage.all_series())
        )

    async def dates(
        self, data_set: type[Any], parameters: Mapping[str, object] = _NO_PARAMETERS, *, unfinished: bool = False
    ) -> tuple[date, ...]:
        """The dates that there are answers of, in order.

        Args:
            data_set: the class of the answers.
            parameters: what they were asked for with.
            unfinished: also dates that were not over when their last answer was made.
        """
        wanted = wanted_days(by_type(data_set), parameters, unfinished=unfinished)
        return tuple(map(date.fromisoformat, await self.engine.run(storage.days(wanted))))

    async def latest(
        self,
        data_set: type[T],
        parameters: Mapping[str, object] = _NO_PARAMETERS,
        *,
        until: date | str | None = None,
        unfinished: bool = False,
    ) -> ArchivedAnswer[T] | None:
        """The newest revision of the newest date; None if there is no answer.

        Args:
            data_set: the class of the answer.
            parameters: what it was asked for with.
            until: the last date that counts; None takes any.
            unfinished: also dates that were not over when their last answer was made.

        Raises:
            ConfigurationError: ``until`` is not a day.
        """
        kind = by_type(data_set)
        wanted = wanted_days(kind, parameters, last=until, unfinished=unfinished)
        found = await self.engine.run(storage.latest(wanted))
        return None if found is None else (await decoded(kind, [found]))[0]

    async def revisions(
        self, data_set: type[T], on: date | str, parameters: Mapping[str, object] = _NO_PARAMETERS
    ) -> tuple[ArchivedAnswer[T], ...]:
        """All revisions of one date, the oldest first, those of an unfinished day too.

        Raises:
            ConfigurationError: ``on`` is not a day.
        """
        answers = self.between(data_set, on, on, parameters, unfinished=True, every_revision=True)
        return tuple([answer async for answer in answers])

    async def between(
        self,
        data_set: type[T],
        start: date | str | None = None,
        end: date | str | None = None,
        parameters: Mapping[str, object] = _NO_PARAMETERS,
        *,
        unfinished: bool = False,
        every_revision: bool = False,
    ) -> AsyncGenerator[ArchivedAnswer[T]]:
        """The answers of the dates from ``start`` to ``end``, in order, a few in memory at a time.

        Args:
            data_set: the class of the answers.
            start: the first date; None is the first there is.
            end: the last date, included; None is the last there is.
            parameters: what they were asked for with.
            unfinished: also dates that were not over when their last answer was made.
            every_revision: all revisions of a date, the oldest first, and not only the newest.

        Raises:
            ConfigurationError: ``start`` or ``end`` is not a day.
        """
        kind = by_type(data_set)
        wanted = wanted_days(kind, parameters, first=start, last=end, unfinished=unfinished)
        async with aclosing(stream(self.engine, wanted, every_revision=every_revision)) as batches:
            async for batch in batches:
                for answer in await decoded(kind, batch):
                    yield answer

    async def rankings_daily(
        self,
        start: date | str | None = None,
        end: date | str | None = None,
        parameters: Mapping[str, object] = _NO_PARAMETERS,
        *,
        unfinished: bool = False,
    ) -> RankingsDaily | None:
        """The daily rankings of a span, joined from the answers about parts of it; None if there are none.

        Each date has the figures of the newest answer that is about it. A row of a week or month counts where its days
        are all in the span of one answer. Days that are not in the archive are among its ``missing_dates()``. It is as
        old as the newest answer that it is made of or, if rows are unfinished, as the oldest that gave one.

        Args:
            start: the first date; None is the first there is.
            end: the last date, included; None is the last there is.
            parameters: what the answers were asked for with.
            unfinished: also days, weeks and months that were not over when their last answer was made.

        Raises:
            ConfigurationError: ``start`` or ``end`` is not a day, or how to join rows of this period is not known.
        """
        first, last = day("start", start) or date.min, day("end", end) or date.max
        wanted = wanted_days(by_type(RankingsDaily), parameters, unfinished=unfinished)
        return await rows_of_span(self.engine, wanted, first, last)

    async def gaps(self, data_set: type[Any], parameters: Mapping[str, object] = _NO_PARAMETERS) -> Gaps:
        """The days missing between the first and the last, and whether the most recent one is due.

        Of daily rankings, a day is there if any answer is about it; of other data sets, if one is dated on it.

        Args:
            data_set: the class of the answers.
            parameters: what they were asked for with.
        """
        kind = by_type(data_set)
        script = storage.coverage(kind.name, kind.series(parameters), cumulative=kind.cumulative)
        return find_gaps(*await self.engine.run(script), self.now(), daily=kind.daily)
