"""Answers from wherever they come: the service, a saved one, or the synthetic sample."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from openrouter_rankings.cli.options import check_exclusive
from openrouter_rankings.cli.question import Origin, Question
from openrouter_rankings.models.narrowing import is_narrowed
from openrouter_rankings.models.synthetic import is_synthetic
from openrouter_rankings.render.data_sets import Asked, Freshness

if TYPE_CHECKING:
    from openrouter_rankings.client import RankingsClient

__all__ = ["answer_to", "check_origin", "now", "sample_client", "sample_of", "today"]

T = TypeVar("T")

# The same day for everyone, so that the sample is always the same.
_SAMPLE_TAKEN = datetime(2026, 1, 1, tzinfo=UTC)

_NO_LIMIT = 10**9


@contextmanager
def answer_to(question: Question[T], origin: Origin) -> Generator[tuple[T, Asked]]:
    """The answer, and what else is known of it; show it before the context is left, see ``from_service``."""
    if origin.saved is not None:
        yield _saved(origin.saved, question)
    elif origin.sample:
        yield sample_of(question, [0])[0], Asked(question.given_filters(), True, Freshness(0.0, False, False))
    else:
        from openrouter_rankings.cli.names import keep_names
        from openrouter_rankings.cli.service import from_service

        with from_service(question, origin) as received:
            yield received.answer, Asked(question.given_filters(), received.synthetic, received.freshness)
            if not origin.no_cache:
                keep_names(question.names(received.answer))


def check_origin(question: Question[Any], origin: Origin) -> None:
    """Refuse options that have no effect together.

    Raises:
        UsageError: there are such options.
    """
    check_exclusive({"--input": origin.saved, "--sample": origin.sample, "--base-url": origin.base_url})
    check_exclusive({"--max-age": origin.max_age, "--refresh": origin.refresh, "--no-cache": origin.no_cache})
    for name, value in {**question.filters, **question.others, **origin.options()}.items():
        check_exclusive({"--input": origin.saved, name: value})


def now(origin: Origin) -> datetime:
    """The present, in UTC; the sample has its own."""
    return _SAMPLE_TAKEN if origin.sample else datetime.now(UTC)


def today(origin: Origin) -> date:
    """The present UTC day; the sample has its own."""
    return now(origin).date()


def sample_of(question: Question[T], days_ago: Iterable[int]) -> list[T]:
    """The answers of the sample so many days before its present, in this order."""
    import asyncio

    return asyncio.run(_from_samples(question, days_ago))


async def _from_samples(question: Question[T], days_ago: Iterable[int]) -> list[T]:
    return [await _from_sample(question, _SAMPLE_TAKEN - timedelta(days=days)) for days in days_ago]


def sample_client() -> RankingsClient:
    """A client for the sample, whose clock stands still, without limits and without a quota."""
    from openrouter_rankings import testing
    from openrouter_rankings.client import RankingsClient

    # A limit that is met would never open again.
    api = testing.EmulatedAPI(per_minute=_NO_LIMIT, per_day=_NO_LIMIT)
    transport = testing.FakeTransport(api, clock=testing.FakeClock(_SAMPLE_TAKEN))
    return RankingsClient("sample", transport=transport, quota=None)


async def _from_sample(question: Question[T], taken: datetime) -> T:
    from openrouter_rankings import testing
    from openrouter_rankings.client import RankingsClient

    transport = testing.FakeTransport(testing.EmulatedAPI(), clock=testing.FakeClock(taken))
    async with RankingsClient("sample", transport=transport, quota=None, cache=None) as client:
        return question.join(await question.ask(client, {}, _ignore_progress))


def _ignore_progress(done: int, total: int | None) -> None:
    """The sample is there at once."""


def _saved(name: str, question: Question[T]) -> tuple[T, Asked]:
    from openrouter_rankings.cli.saved import read_saved

    answer, document = read_saved(name, question.command, question.decode, takes=question.takes, whole=question.whole)
    return answer, Asked(_texts(document.get("filters")), is_synthetic(document), narrowed=is_narrowed(document))


def _texts(filters: Any) -> dict[str, str]:
    named = filters.items() if isinstance(filters, dict) else ()
    return {name: value for name, value in named if isinstance(value, str)}
