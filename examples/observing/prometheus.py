"""Metrics for Prometheus: requests, retries, answers of the cache with their age, and what the quota has left.

For teams who watch their services with Prometheus: copy the metrics and ``count``, and pass it as ``on_event``.

    pip install prometheus-client             # beside openrouter-rankings
    python prometheus.py --emulate            # invented figures, without a key; http://127.0.0.1:9464/metrics
    OPENROUTER_API_KEY=... python prometheus.py --port 9464
"""

import argparse
import asyncio
from contextlib import suppress

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from openrouter_rankings import RankingsClient, RankingsError, events
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

EXCHANGES = Histogram("openrouter_rankings_exchange_seconds", "Exchanges with the service.", ["path", "outcome"])
RETRIES = Counter("openrouter_rankings_retries", "Requests that are repeated.", ["path", "reason"])
SERVED = Counter("openrouter_rankings_cache_served", "Calls answered by the cache.", ["path", "how"])
AGE = Histogram("openrouter_rankings_answer_age_seconds", "Age of answers.", ["how"], buckets=[60, 300, 3600, 86400])
LEFT = Gauge("openrouter_rankings_quota_left", "Requests left when the last one was sent.", ["window"])


def count(event: events.Event) -> None:
    if isinstance(event, events.ResponseReceived):
        EXCHANGES.labels(event.path, event.status).observe(event.seconds)
    elif isinstance(event, events.ExchangeFailed):
        EXCHANGES.labels(event.path, event.error).observe(event.seconds)
    elif isinstance(event, events.RetryScheduled):
        RETRIES.labels(event.path, event.reason).inc()
    elif isinstance(event, events.ServedFromCache):
        SERVED.labels(event.path, event.how).inc()
        AGE.labels(event.how).observe(event.age)
    elif isinstance(event, events.QuotaAcquired):
        LEFT.labels("minute").set(event.minute_remaining)
        LEFT.labels("day").set(event.day_remaining)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--emulate", action="store_true", help="invented figures")
    parser.add_argument("--port", type=int, default=9464, help="where Prometheus finds the metrics (9464)")
    arguments = parser.parse_args()
    key = "emulated" if arguments.emulate else None  # None takes OPENROUTER_API_KEY
    transport = FakeTransport(EmulatedAPI(), clock=SystemClock()) if arguments.emulate else None
    async with RankingsClient(key, transport=transport, on_event=count) as client:
        start_http_server(arguments.port, "127.0.0.1")
        while True:  # here, your service does its work
            with suppress(RankingsError):  # whatever fails is in the metrics
                await client.get_task_classifications()
            await asyncio.sleep(10)


if __name__ == "__main__":
    asyncio.run(main())
