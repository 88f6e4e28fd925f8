"""What every transport and every layer promises, over each of them in turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from patience import turn_until

from openrouter_rankings import (
    AiohttpTransport,
    CachePolicy,
    CacheTransport,
    ConfigurationError,
    Quota,
    QuotaTransport,
    Request,
    RequestTimeoutError,
    Response,
    RetryPolicy,
    RetryTransport,
    Transport,
    TransportError,
)
from openrouter_rankings.testing import EmulatedAPI, FakeTransport, Fault, serve

NOW = datetime(2026, 6, 18, 12, 0, tzinfo=UTC).timestamp()
ONCE = RetryPolicy(max_attempts=1)
LAYERS: dict[str, Callable[[Transport], Transport]] = {
    "bare": lambda wire: wire,
    "retry": lambda wire: RetryTransport(wire, ONCE),
    "quota": lambda wire: QuotaTransport(wire, Quota(per_minute=10_000)),
    # Nothing that it keeps is given again, so that each request is answered by the service.
    "cache": lambda wire: CacheTransport(wire, CachePolicy(max_age=0, stale_while_revalidate=0, stale_if_error=0)),
    "tower": lambda wire: CacheTransport(
        RetryTransport(QuotaTransport(wire, Quota(per_minute=10_000)), ONCE),
        CachePolicy(max_age=0, stale_while_revalidate=0, stale_if_error=0),
    ),
}


@attrs.frozen
class Case:
    transport: Transport
    api: EmulatedAPI
    base_url: str

    def request(
        self, timeout: float | None = 10.0, title: str = "Test", path: str = "/classifications/task?window=7d"
    ) -> Request:
        fields = {"Authorization": "Bearer sk-test", "X-OpenRouter-Title": title}
        return Request("GET", f"{self.base_url}{path}", fields, timeout)


@pytest.fixture(params=["fake", "aiohttp"])
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    api = EmulatedAPI(per_minute=10_000, per_day=10_000)
    async with AsyncExitStack() as stack:
        if request.param == "fake":
            yield Case(FakeTransport(api), api, "https://api.test/api/v1")
        else:
            base_url = await stack.enter_async_context(serve(api))
            yield Case(AiohttpTransport(), api, base_url)


@pytest.fixture(params=LAYERS)
async def case(request: pytest.FixtureRequest, wire: Case) -> AsyncIterator[Case]:
    transport = LAYERS[request.param](wire.transport)
    yield attrs.evolve(wire, transport=transport)
    await transport.aclose()


async def test_the_request_arrives_as_it_was_given(case: Case) -> None:
    await case.transport.send(case.request(title="Prüfung"))
    arrived = case.api.requests[0]
    assert (arrived.method, arrived.url) == ("GET", case.request().url)
    assert arrived.headers["authorization"] == "Bearer sk-test"
    assert arrived.headers["x-openrouter-title"] == "Prüfung"


async def test_an_answer_arrives_whole_with_headers_under_any_case(case: Case) -> None:
    response = await case.transport.send(case.request())
    assert response.status == 200
    assert response.body.startswith(b'{"data":')
    assert response.body.endswith(b"}")
    assert response.headers["CONTENT-TYPE"].startswith("application/json")
    assert response.headers["content-type"] == response.headers["Content-Type"]


PATHS = [
    "/classifications/task?window=7d",
    "/datasets/rankings-daily?start_date=2025-01-01&end_date=2025-12-31",
    "/datasets/app-rankings?limit=100",
    "/datasets/session-cost?limit=500",
    "/benchmarks?include_run_config=true",
]


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_of_each_data_set_arrives_byte_for_byte(case: Case, path: str) -> None:
    request = case.request(path=path)
    body = EmulatedAPI().reply(request, NOW).response.body
    case.api.misbehave(Fault(body=body))
    response = await case.transport.send(request)
    assert (response.status, response.body) == (200, body)
    assert case.api.requests[0].url == request.url


@pytest.mark.parametrize("status", [201, 302, 304, 400, 401, 403, 404, 429, 500, 501, 503])
async def test_an_answer_of_any_status_is_a_response(case: Case, status: int) -> None:
    case.api.misbehave(Fault(status=status, headers={"Location": "/elsewhere"}, body=b"" if status == 304 else b"no"))
    response = await case.transport.send(case.request())
    assert response.status == status
    assert len(case.api.requests) == 1


async def test_a_body_that_ends_too_early_is_a_transport_error(case: Case) -> None:
    case.api.misbehave(Fault(cut_after=100))
    with pytest.raises(TransportError):
        await case.transport.send(case.request())


async def test_a_reset_connection_is_a_transport_error_with_its_cause(case: Case) -> None:
    case.api.misbehave(Fault(reset=True))
    with pytest.raises(TransportError) as caught:
        await case.transport.send(case.request())
    assert caught.value.__cause__ is not None
    assert not isinstance(caught.value, RequestTimeoutError)


async def test_an_answer_after_the_timeout_is_a_timeout_error(case: Case) -> None:
    case.api.misbehave(Fault(delay=30.0))
    case.api.misbehave(Fault(delay=3600.0))
    with pytest.raises(RequestTimeoutError) as caught:
        await case.transport.send(case.request(timeout=0.05))
    assert isinstance(caught.value, TimeoutError)


async def test_a_request_without_timeout_is_answered(case: Case) -> None:
    assert (await case.transport.send(case.request(timeout=None))).status == 200


async def test_it_goes_on_after_a_failure(case: Case) -> None:
    case.api.misbehave(Fault(reset=True))
    with pytest.raises(TransportError):
        await case.transport.send(case.request())
    assert (await case.transport.send(case.request())).status == 200


async def test_concurrent_calls_are_all_answered(case: Case) -> None:
    calls = [case.transport.send(case.request()) for _ in range(50)]
    responses: list[Response] = await asyncio.gather(*calls)
    assert {response.status for response in responses} == {200}
    assert {response.body for response in responses} == {responses[0].body}
    # A cache lets callers who ask the same share one exchange.
    assert len(case.api.requests) in {1, 50}


async def test_a_cancelled_call_ends_at_once_and_disturbs_no_other(case: Case) -> None:
    case.api.misbehave(Fault(delay=3600.0))
    task: asyncio.Task[Any] = asyncio.ensure_future(case.transport.send(case.request(timeout=None)))
    await turn_until(lambda: case.api.requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await case.transport.send(case.request())).status == 200


@pytest.mark.parametrize("times", [1, 2])
async def test_a_closed_transport_says_that_it_is_closed_however_often_it_was(case: Case, times: int) -> None:
    for _ in range(times):
        await case.transport.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await case.transport.send(case.request())
    assert not case.api.requests
