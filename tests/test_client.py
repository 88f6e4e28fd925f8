"""The client: what it sends, how it fails, and who owns what."""

import asyncio
import inspect
import json
import logging
import pickle
from datetime import UTC, date, datetime
from typing import Any

import pytest
from leaks import shows

from openrouter_rankings import (
    APIError,
    App,
    BadRequestError,
    CachePolicy,
    ConfigurationError,
    InvalidResponseError,
    Quota,
    RankingsClient,
    RankingsError,
    Request,
    Response,
    RetryPolicy,
    TooManyRequestsError,
    TransportError,
    UnauthorizedError,
    __version__,
)
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Fault, sample, serve

KEY = "sk-or-v1-0123456789abcdef"
JSON = {"Content-Type": "application/json"}
OK = Response(200, JSON, json.dumps(sample.task_classifications(date(2026, 9, 16), 0)).encode())
SLOW_DOWN = Response(429, JSON | {"Retry-After": "30"}, b'{"error": {"code": 429, "message": "Slow down"}}')


def client_on(*script: Any, **options: Any) -> tuple[RankingsClient, FakeTransport]:
    transport = FakeTransport(script)
    return RankingsClient(KEY, transport=transport, **options), transport


async def test_a_call_sends_one_request_and_gives_the_answer() -> None:
    client, transport = client_on(OK)
    async with client:
        tasks = await client.get_task_classifications()
    assert tasks.as_of == date(2026, 9, 16)
    (request,) = transport.requests
    assert (request.method, request.url) == ("GET", "https://openrouter.ai/api/v1/classifications/task?window=7d")
    assert request.timeout == 30.0
    assert request.headers == {
        "Authorization": f"Bearer {KEY}",
        "Accept": "application/json",
        "User-Agent": f"openrouter-rankings/{__version__}",
    }


async def test_the_app_is_attributed() -> None:
    app = App(url="https://bot.test", title="Bot", categories=("cli-agent", "cloud-agent"))
    client, transport = client_on(OK, app=app)
    await client.get_task_classifications()
    headers = transport.requests[0].headers
    assert headers["HTTP-Referer"] == "https://bot.test"
    assert headers["X-OpenRouter-Title"] == "Bot"
    assert headers["X-OpenRouter-Categories"] == "cli-agent,cloud-agent"


def test_the_categories_of_an_app_are_one_or_several() -> None:
    assert App(categories="cli-agent") == App(categories=["cli-agent"])
    assert App(categories=["a", "b"]).headers() == {"X-OpenRouter-Categories": "a,b"}


async def test_an_app_that_says_nothing_sends_nothing() -> None:
    client, transport = client_on(OK, app=App())
    await client.get_task_classifications()
    assert not [name for name in transport.requests[0].headers if name.startswith(("HTTP-", "X-"))]


async def test_a_call_can_have_its_own_timeout_and_headers() -> None:
    client, transport = client_on(OK, OK, timeout=None, cache=None)
    await client.get_task_classifications(timeout=2.5, headers={"X-Trace": "1", "user-agent": "mine"})
    await client.get_task_classifications()
    first, second = transport.requests
    assert (first.timeout, first.headers["X-Trace"], first.headers["User-Agent"]) == (2.5, "1", "mine")
    assert (second.timeout, "X-Trace" in second.headers) == (None, False)


async def test_a_call_can_have_its_own_retry_policy() -> None:
    client, transport = client_on(SLOW_DOWN, SLOW_DOWN, OK, retry=None)
    with pytest.raises(TooManyRequestsError):
        await client.get_task_classifications()
    assert len(transport.requests) == 1
    await client.get_task_classifications(retry=RetryPolicy(max_attempts=2))
    assert len(transport.requests) == 3


async def test_three_429s_of_30_seconds_are_waited_out_without_waiting() -> None:
    client, transport = client_on(SLOW_DOWN, SLOW_DOWN, SLOW_DOWN, OK)
    assert isinstance(transport.clock, FakeClock)
    async with client:
        assert (await client.get_task_classifications()).window_days == 7
    assert [30 <= wait < 33.5 for wait in transport.clock.sleeps] == [True, True, True]


async def test_a_wait_that_is_too_long_is_told_at_once() -> None:
    client, transport = client_on(Response(429, JSON | {"Retry-After": "3600"}))
    with pytest.raises(TooManyRequestsError) as caught:
        await client.get_task_classifications()
    assert caught.value.retry_after == 3600
    assert caught.value.retry_at == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert len(transport.requests) == 1


async def test_a_failed_exchange_is_the_callers_after_all_attempts() -> None:
    failures = [TransportError(f"attempt {n}") for n in range(1, 5)]
    client, _ = client_on(*failures)
    with pytest.raises(TransportError, match="attempt 4"):
        await client.get_task_classifications()


async def test_a_window_that_the_service_does_not_know_is_a_bad_request() -> None:
    async with RankingsClient(KEY, transport=FakeTransport(EmulatedAPI())) as client:
        with pytest.raises(BadRequestError, match="30d"):
            await client.get_task_classifications("30d")


async def test_an_implausible_window_sends_nothing() -> None:
    client, transport = client_on()
    with pytest.raises(ConfigurationError, match="window"):
        await client.get_task_classifications("a week")
    assert transport.requests == []


async def test_one_client_serves_many_calls_at_once() -> None:
    api = EmulatedAPI(per_minute=1000)
    async with RankingsClient(KEY, transport=FakeTransport(api), quota=None, cache=None) as client:
        answers = await asyncio.gather(*(client.get_task_classifications() for _ in range(100)))
    assert len(set(answers)) == 1
    assert len(api.requests) == 100


# -- the key ---------------------------------------------------------------------------------------------------------


async def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    transport = FakeTransport([OK])
    await RankingsClient(transport=transport).get_task_classifications()
    assert transport.requests[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("value", [None, ""])
def test_no_key_is_a_configuration_error_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("OPENROUTER_API_KEY", value)
    with pytest.raises(ConfigurationError, match="OPENROUTER_API_KEY"):
        RankingsClient()
    with pytest.raises(ConfigurationError, match="OPENROUTER_API_KEY"):
        RankingsClient("")


@pytest.mark.parametrize("flaw", ["\n", " ", "\t", "\r\n", "\0", "\x7f", "ä", "\N{ZERO WIDTH SPACE}"])
@pytest.mark.parametrize("shape", ["{key}{flaw}", "{flaw}{key}", "sk{flaw}{key}"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, flaw: str, shape: str
) -> None:
    with pytest.raises(ConfigurationError, match="api_key") as caught:
        RankingsClient(shape.format(key=KEY, flaw=flaw))
    assert shows(caught.value, KEY) == []
    if flaw != "\0":
        monkeypatch.setenv("OPENROUTER_API_KEY", shape.format(key=KEY, flaw=flaw))
        with pytest.raises(ConfigurationError, match="OPENROUTER_API_KEY"):
            RankingsClient()


FAILURES: dict[str, Any] = {
    "401": Response(401, JSON | {"X-Echo": KEY}, f'{{"error": {{"code": 401, "message": "bad {KEY}"}}}}'.encode()),
    "429": Response(429, {"Retry-After": "9999"}, KEY.encode()),
    "500": Response(500, {}, KEY.encode()),
    "not json": Response(200, JSON, f"<html>{KEY}".encode()),
    "not ours": Response(200, JSON, f'{{"data": "{KEY}"}}'.encode()),
    "lost": TransportError("The exchange failed."),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_no_failure_shows_the_key(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, _ = client_on(*[FAILURES[name]] * 4)
    with pytest.raises(RankingsError) as caught:
        await client.get_task_classifications()
    assert shows(caught.value, KEY) == []
    assert KEY.encode() not in pickle.dumps(caught.value)
    assert KEY not in caplog.text
    assert not any(KEY in str(vars(record)) for record in caplog.records)
    assert KEY not in repr(client)


def test_a_client_shows_where_it_asks_and_not_with_which_key() -> None:
    client, _ = client_on()
    assert repr(client) == "<RankingsClient: https://openrouter.ai/api/v1>"


@pytest.mark.parametrize("fault", [Fault(reset=True), Fault(cut_after=50), Fault(delay=9.0), Fault(401), Fault(302)])
async def test_no_failure_over_a_real_socket_shows_the_key(fault: Fault) -> None:
    api = EmulatedAPI(faults=[fault])
    async with serve(api) as base_url, RankingsClient(KEY, base_url=base_url, timeout=0.05, retry=None) as client:
        with pytest.raises(RankingsError) as caught:
            await client.get_task_classifications()
    assert shows(caught.value, KEY) == []


# -- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "openrouter.ai/api/v1",
        "ftp://openrouter.ai",
        "https://",
        "/api/v1",
        "https://[",
        "http://a:99999",
        "http://a:0",
    ],
)
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        RankingsClient(KEY, base_url=base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://me:secret@api.test/v1",
        "https://api.test/v1?a=b",
        "https://api.test/v1?",
        "https://api.test/#x",
        "https://api.test/v1#",
        "https://api.test/v 1",
        "https://api.test/v1\n",
        " https://api.test/v1",
        "https://api.test/v1\x00",
    ],
)
def test_a_base_url_with_more_than_a_place_in_it_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        RankingsClient(KEY, base_url=base_url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url", [KEY, f"ftp://api.test/{KEY}", f"https://api.test:{KEY}/v1", f"https://[{KEY}]/v1"]
)
def test_a_key_in_the_place_of_the_base_url_is_not_shown(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url must be an http or https URL") as caught:
        RankingsClient(KEY, base_url=base_url)
    assert shows(caught.value, KEY) == []


def test_a_client_shows_its_base_url_without_the_key() -> None:
    client, _ = client_on(OK, base_url=f"https://api.test/{KEY}/v1")
    assert repr(client) == "<RankingsClient: https://api.test/***/v1>"


@pytest.mark.parametrize("port", [1, 65535])
async def test_a_base_url_may_name_any_port(port: int) -> None:
    client, transport = client_on(OK, base_url=f"http://localhost:{port}/v1")
    await client.get_task_classifications()
    assert transport.requests[0].url.startswith(f"http://localhost:{port}/v1/classifications")


async def test_a_base_url_may_end_in_a_slash() -> None:
    client, transport = client_on(OK, base_url="https://api.test/v1/")
    await client.get_task_classifications()
    assert transport.requests[0].url.startswith("https://api.test/v1/classifications")


async def test_without_a_base_url_the_environment_names_the_service_and_else_it_is_openrouters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    for variable in (None, "", "http://127.0.0.1:8765/api/v1/"):
        if variable is not None:
            monkeypatch.setenv("OPENROUTER_RANKINGS_BASE_URL", variable)
        client, transport = client_on(OK)
        await client.get_task_classifications()
        asked.append(transport.requests[0].url.partition("/classifications")[0])
    assert asked == ["https://openrouter.ai/api/v1"] * 2 + ["http://127.0.0.1:8765/api/v1"]


async def test_a_base_url_that_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_RANKINGS_BASE_URL", "not a URL")
    client, transport = client_on(OK, base_url="https://openrouter.ai/api/v1")
    await client.get_task_classifications()
    assert transport.requests[0].url.startswith("https://openrouter.ai/api/v1/classifications")


@pytest.mark.parametrize("url", ["127.0.0.1:8765", "https://[", "https://me:secret@api.test/v1", "http://a:99999"])
def test_an_invalid_base_url_of_the_environment_is_refused_by_the_name_of_the_variable(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_RANKINGS_BASE_URL", url)
    with pytest.raises(ConfigurationError, match="The environment variable OPENROUTER_RANKINGS_BASE_URL") as caught:
        RankingsClient(KEY)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), "30"])
async def test_a_timeout_that_is_no_time_is_refused(timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        RankingsClient(KEY, timeout=timeout)
    client, _ = client_on()
    with pytest.raises(ConfigurationError, match="timeout"):
        await client.get_task_classifications(timeout=timeout)


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"X-A": "a\r\nX-B: b"}, "X-A"),
        ({"X-A": "a\0"}, "X-A"),
        ({"X A": "a"}, "X A"),
        ({"": "a"}, "''"),
        ({"authorization": "Bearer other"}, "api_key"),
    ],
)
async def test_header_fields_that_would_break_or_replace_ours_are_refused(headers: dict[str, str], named: str) -> None:
    client, transport = client_on()
    with pytest.raises(ConfigurationError, match=named):
        await client.get_task_classifications(headers=headers)
    assert transport.requests == []


def test_an_app_whose_title_splits_the_header_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="X-OpenRouter-Title"):
        RankingsClient(KEY, app=App(title="a\nb"))


# -- time and life ---------------------------------------------------------------------------------------------------


async def test_the_clock_is_the_callers_then_the_transports_then_the_systems() -> None:
    mine = FakeClock(datetime(2030, 1, 1, tzinfo=UTC))
    client, _ = client_on(SLOW_DOWN, OK, clock=mine)
    await client.get_task_classifications()
    assert len(mine.sleeps) == 1

    class Clockless:
        async def send(self, request: Request) -> Response:
            return Response(418)

        async def aclose(self) -> None:
            pass

    with pytest.raises(APIError, match="418"):
        await RankingsClient(KEY, transport=Clockless()).get_task_classifications()
    assert isinstance(RankingsClient(KEY, transport=Clockless())._clock, SystemClock)


async def test_the_client_closes_its_transport_and_says_so_afterwards() -> None:
    client, _ = client_on(OK)
    async with client as entered:
        assert entered is client
    await client.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await client.get_task_classifications()


async def test_without_a_transport_the_network_is_asked() -> None:
    api = EmulatedAPI(keys={"other"})
    async with serve(api) as base_url, RankingsClient(KEY, base_url=base_url) as client:
        with pytest.raises(UnauthorizedError):
            await client.get_task_classifications()
    assert api.requests[0].headers["User-Agent"] == f"openrouter-rankings/{__version__}"


async def test_a_cancelled_call_ends_in_the_middle_of_a_retry_wait() -> None:
    class Standstill(FakeClock):
        async def sleep(self, seconds: float) -> None:
            waiting.set()
            await asyncio.Event().wait()

    waiting = asyncio.Event()
    client, _ = client_on(SLOW_DOWN, clock=Standstill())
    call = asyncio.ensure_future(client.get_task_classifications())
    await waiting.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_an_answer_that_cannot_be_decoded_is_not_retried() -> None:
    client, transport = client_on(Response(200, JSON, b"{}"))
    with pytest.raises(InvalidResponseError, match="data: missing"):
        await client.get_task_classifications()
    assert len(transport.requests) == 1


def test_the_signature_shows_what_the_defaults_are() -> None:
    defaults = {name: p.default for name, p in inspect.signature(RankingsClient).parameters.items()}
    assert defaults["timeout"] == 30.0
    assert defaults["retry"] == RetryPolicy(max_attempts=4, max_wait=60.0, max_elapsed=120.0)
    assert defaults["quota"] == Quota(per_minute=30, per_day=500, store=None, max_wait=60.0)
    assert defaults["cache"] == CachePolicy(store=None, max_age=None, stale_while_revalidate=None, stale_if_error=86400)
