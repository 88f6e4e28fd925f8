"""Spans and metrics by OpenTelemetry, as an exporter gets them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from patience import turn_until

from openrouter_rankings import (
    ConfigurationError,
    InternalServerError,
    Quota,
    QuotaExceededError,
    RankingsClient,
    Request,
    Response,
    TransportError,
    UnauthorizedError,
)
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Fault

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from openrouter_rankings.otel import Telemetry

KEY = "sk-or-v1-0123456789abcdef"
PATH = "/api/v1/classifications/task"


class Observed:
    """A client on the emulated service, with what it exports."""

    def __init__(self, *faults: Any, **options: Any) -> None:
        self.spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.telemetry = telemetry = Telemetry(tracer_provider=self.tracers, meter_provider=meters)
        self.clock = FakeClock(datetime(2026, 9, 17, 12, tzinfo=UTC))
        self.api = EmulatedAPI(faults=faults)
        transport = telemetry.traced(FakeTransport(self.api, clock=self.clock))
        self.client = RankingsClient(KEY, transport=transport, on_event=telemetry.on_event, **options)
        self.ask = self.client.get_task_classifications

    def metrics(self) -> dict[str, list[Any]]:
        """The data points of each metric by its name."""
        data = self._reader.get_metrics_data()
        assert data is not None
        metrics = [
            metric for resource in data.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics
        ]
        return {metric.name: list(metric.data.data_points) for metric in metrics}

    def exported(self) -> str:
        """All that leaves the process, as text."""
        data = self._reader.get_metrics_data()
        return str(data and data.to_json()) + "".join(span.to_json() for span in self.finished())

    def finished(self) -> tuple[ReadableSpan, ...]:
        return self.spans.get_finished_spans()


@pytest.fixture
async def on() -> AsyncIterator[Callable[..., Observed]]:
    made: list[Observed] = []

    def make(*faults: Any, **options: Any) -> Observed:
        made.append(Observed(*faults, **options))
        return made[-1]

    yield make
    for each in made:
        await each.client.aclose()


On = Callable[..., Observed]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_an_exchange_is_a_client_span_with_the_attributes_of_the_conventions(on: On) -> None:
    observed = on()
    await observed.ask("7d")
    (span,) = observed.finished()
    assert (span.name, span.kind, span.status.status_code) == (f"GET {PATH}", SpanKind.CLIENT, StatusCode.UNSET)
    assert attributes(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "openrouter.ai",
        "server.port": 443,
        "url.full": f"https://openrouter.ai{PATH}?window=7d",
        "url.scheme": "https",
        "url.template": PATH,
    }


async def test_a_span_belongs_to_the_callers_trace(on: On) -> None:
    observed = on()
    with observed.tracers.get_tracer("app").start_as_current_span("caller") as caller:
        await observed.ask()
    exchange = observed.finished()[0]
    assert exchange.parent is not None
    assert exchange.parent.span_id == caller.get_span_context().span_id


async def test_each_attempt_has_a_span_which_says_how_often_it_was_sent_before(on: On) -> None:
    observed = on(503, Fault(reset=True))
    await observed.ask()
    spans = [attributes(span) for span in observed.finished()]
    assert [span.get("http.request.resend_count") for span in spans] == [None, 1, 2]
    assert [span.get("error.type") for span in spans] == ["503", "TransportError", None]
    assert [span.get("http.response.status_code") for span in spans] == [503, None, 200]
    statuses = [span.status.status_code for span in observed.finished()]
    assert statuses == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]
    reasons = {
        point.attributes["error.type"]: point.value for point in observed.metrics()["openrouter_rankings.retries"]
    }
    assert reasons == {"503": 1, "TransportError": 1}


async def test_an_exchange_is_measured_by_place_and_outcome(on: On) -> None:
    observed = on(500, cache=None, retry=None)
    with pytest.raises(InternalServerError):
        await observed.ask()
    await observed.ask()
    points = observed.metrics()["http.client.request.duration"]
    assert {point.attributes["http.response.status_code"]: point.count for point in points} == {500: 1, 200: 1}
    for point in points:
        assert point.attributes["url.template"] == PATH
        assert "url.full" not in point.attributes
        assert point.explicit_bounds[0] == 0.005


async def test_a_cancelled_exchange_ends_its_span(on: On) -> None:
    observed = on(Fault(delay=3600), cache=None)
    asking = asyncio.ensure_future(observed.ask())
    await turn_until(lambda: observed.api.requests)
    asking.cancel()
    await asyncio.wait({asking})
    (span,) = observed.finished()
    assert attributes(span)["error.type"] == "cancelled"


async def test_a_transport_that_fails_with_an_error_of_its_own_has_that_errors_name(on: On) -> None:
    observed = on()
    traced = observed.telemetry.traced(FakeTransport([RuntimeError("boom")]))
    with pytest.raises(RuntimeError, match="boom"):
        await traced.send(Request("GET", f"https://api.test{PATH}"))
    (span,) = observed.finished()
    assert attributes(span)["error.type"] == "RuntimeError"
    assert span.status.status_code is StatusCode.ERROR


async def test_answers_of_the_cache_are_counted_with_their_age(on: On) -> None:
    observed = on()
    await observed.ask()
    observed.clock.advance(30)
    await observed.ask()
    observed.clock.advance(7200)
    observed.api.misbehave(503)
    await observed.ask()
    metrics = observed.metrics()
    served = {
        point.attributes["openrouter_rankings.cache.how"]: point.value
        for point in metrics["openrouter_rankings.cache.served"]
    }
    assert served == {"fresh": 1, "instead of an error": 1}
    ages = {
        point.attributes["openrouter_rankings.cache.how"]: point.sum
        for point in metrics["openrouter_rankings.answer.age"]
    }
    assert ages == {"fresh": 30, "instead of an error": 7230}


async def test_a_repeated_failure_is_served_and_has_no_age(on: On) -> None:
    observed = on(Fault(body=b"{}"))
    for _ in range(2):
        with pytest.raises(Exception, match="promises"):
            await observed.ask()
    metrics = observed.metrics()
    assert [point.value for point in metrics["openrouter_rankings.cache.served"]] == [1]
    assert not metrics.get("openrouter_rankings.answer.age")
    decoded = metrics["openrouter_rankings.decode.time"]
    assert [(point.attributes["openrouter_rankings.valid"], point.count) for point in decoded] == [(False, 1)]


async def test_what_the_quota_has_left_its_waits_and_its_refusals_are_told(on: On) -> None:
    observed = on(cache=None, quota=Quota(per_minute=1, per_day=2))
    await observed.ask()
    await observed.ask()
    with pytest.raises(QuotaExceededError):
        await observed.ask()
    metrics = observed.metrics()
    left = metrics["openrouter_rankings.quota.left"]
    assert {point.attributes["openrouter_rankings.quota.window"]: point.value for point in left} == {
        "minute": 0,
        "day": 0,
    }
    assert [point.sum for point in metrics["openrouter_rankings.quota.wait"]] == [pytest.approx(62)]
    assert [point.value for point in metrics["openrouter_rankings.quota.refused"]] == [1]


async def test_a_background_refresh_is_marked(on: On) -> None:
    observed = on()
    await observed.ask()
    observed.clock.advance(100)
    await observed.ask()
    await turn_until(lambda: len(observed.finished()) >= 2)
    assert [attributes(span).get("openrouter_rankings.background") for span in observed.finished()] == [None, True]


async def test_the_key_is_in_nothing_that_is_exported(on: On) -> None:
    observed = on(401, Fault(reset=True), cache=None, retry=None)
    for error in (UnauthorizedError, TransportError):
        with pytest.raises(error):
            await observed.ask()
    await observed.client.get_session_cost(app_slug=KEY)
    wire = observed.telemetry.traced(FakeTransport([TransportError(f"The proxy said {KEY}.")]))
    with pytest.raises(TransportError):
        await wire.send(Request("GET", f"http://a.test:81/{KEY}?key={KEY}", {"Authorization": f"Bearer {KEY}"}))
    await wire.aclose()
    assert len(observed.finished()) == 4
    assert KEY not in observed.exported()
    assert "http://a.test:81/***?key=***" in observed.exported()


async def test_a_request_without_a_key_and_with_the_usual_port_is_told_whole() -> None:
    observed = Observed()
    wire = observed.telemetry.traced(FakeTransport([Response(200)]))
    await wire.send(Request("GET", "http://a.test/b?c=d"))
    (span,) = observed.finished()
    assert (attributes(span)["url.full"], attributes(span)["server.port"]) == ("http://a.test/b?c=d", 80)


async def test_a_transport_without_a_clock_can_be_traced(on: On) -> None:
    class Plain:
        async def send(self, request: Request) -> Response:
            return Response(200)

        async def aclose(self) -> None: ...

    assert not hasattr(on().telemetry.traced(Plain()), "clock")


def test_without_the_global_providers_of_an_sdk_nothing_is_made_and_nothing_fails() -> None:
    async def ask() -> None:
        telemetry = Telemetry()
        transport = telemetry.traced(FakeTransport(EmulatedAPI()))
        async with RankingsClient(KEY, transport=transport, on_event=telemetry.on_event) as client:
            assert (await client.get_task_classifications()).window_days == 7

    asyncio.run(ask())


def test_where_the_api_is_not_installed_the_error_names_the_extra() -> None:
    code = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from openrouter_rankings import ConfigurationError\n"
        "try:\n    import openrouter_rankings.otel\nexcept ConfigurationError as error:\n    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("openrouter_rankings.otel needs opentelemetry-api, which is not installed: ")
    assert "[otel]" in run.stdout


def test_the_client_alone_does_not_load_opentelemetry() -> None:
    code = "import sys, openrouter_rankings.client; print([name for name in sys.modules if 'opentelemetry' in name])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_without_its_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    monkeypatch.delitem(sys.modules, "openrouter_rankings.otel")
    with pytest.raises(ConfigurationError, match=r"needs opentelemetry-api, which is not installed: .*\[otel\]"):
        import_module("openrouter_rankings.otel")
