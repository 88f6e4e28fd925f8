"""Each event of a client as a line of JSON in the log, by structlog.

For teams who search their logs by fields: copy ``log``, and pass it as ``on_event``.

    pip install structlog                       # beside openrouter-rankings
    python structlog_events.py --emulate        # invented figures, without a key
    OPENROUTER_API_KEY=... python structlog_events.py
"""

import asyncio
import sys

import attrs
import structlog

from openrouter_rankings import RankingsClient, events
from openrouter_rankings.testing import EmulatedAPI, FakeTransport, Fault

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ]
)
logger = structlog.get_logger()

WARNINGS = (events.ExchangeFailed, events.QuotaRefused, events.QuotaWaited, events.RetryScheduled)


def log(event: events.Event) -> None:
    say = logger.warning if isinstance(event, WARNINGS) else logger.info
    say(type(event).__name__, **attrs.asdict(event))


def open_client() -> RankingsClient:
    if "--emulate" not in sys.argv:
        return RankingsClient(on_event=log)
    # The first attempt fails, so that there is more to see.
    transport = FakeTransport(EmulatedAPI(faults=[Fault(503)]))
    return RankingsClient("emulated", transport=transport, on_event=log)


async def main() -> None:
    structlog.contextvars.bind_contextvars(job="rankings")
    async with open_client() as client:
        await client.get_task_classifications()
        await client.get_task_classifications()  # from the cache


if __name__ == "__main__":
    asyncio.run(main())
