"""Faults that are injected into the emulated service."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from emulation import NOW, answer, ask, document

from openrouter_rankings.errors import ConfigurationError, RequestTimeoutError, TransportError
from openrouter_rankings.messages import Response
from openrouter_rankings.testing.emulated_api import EmulatedAPI
from openrouter_rankings.testing.faults import Fault
from openrouter_rankings.transports.fake import FakeTransport, Reply


def test_faults_are_played_one_per_request_and_then_it_behaves() -> None:
    api = EmulatedAPI(faults=[503, None, Fault(500)])
    assert [answer(api).status for _ in range(5)] == [503, 200, 500, 200, 200]


def test_more_faults_can_be_added_after_those_that_wait() -> None:
    api = EmulatedAPI(faults=[500])
    api.misbehave(502, Fault(503))
    assert [answer(api).status for _ in range(4)] == [500, 502, 503, 200]
    api.misbehave(504)
    assert [answer(api).status for _ in range(2)] == [504, 200]


def test_faults_may_be_endless() -> None:
    api = EmulatedAPI(faults=itertools.repeat(503))
    assert {answer(api).status for _ in range(100)} == {503}


def test_faults_added_one_by_one_are_as_many_as_one_likes() -> None:
    api = EmulatedAPI(per_minute=10**6, per_day=10**6)
    for _ in range(100_000):
        api.misbehave()
    api.misbehave(503)
    assert [answer(api).status for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("step", ["503", 503.5, object()])
def test_a_step_that_is_no_fault_is_a_configuration_error(step: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be an HTTP status"):
        answer(EmulatedAPI(faults=[step]))


@pytest.mark.parametrize(
    ("status", "message"), [(500, "Internal Server Error."), (429, "Too Many Requests."), (599, "Unknown error.")]
)
def test_a_status_alone_has_the_services_error_body(status: int, message: str) -> None:
    response = answer(EmulatedAPI(faults=[status]))
    assert response.status == status
    assert response.headers == {"Content-Type": "application/json", "Date": "Thu, 18 Jun 2026 12:00:00 GMT"}
    assert document(response) == {
        "error": {"code": status, "message": message, "metadata": None},
        "user_id": None,
        "openrouter_metadata": None,
    }


def test_a_status_below_400_alone_has_no_body() -> None:
    response = answer(EmulatedAPI(faults=[304]))
    assert response == Response(304, {"Date": "Thu, 18 Jun 2026 12:00:00 GMT"})


def test_a_fault_can_carry_header_fields() -> None:
    response = answer(EmulatedAPI(faults=[Fault(429, headers={"Retry-After": "30"})]))
    assert response.status == 429
    assert response.headers["Retry-After"] == "30"
    assert document(response)["error"]["code"] == 429


def test_a_fault_can_answer_as_a_proxy_does() -> None:
    page = Fault(502, headers={"content-type": "text/html"}, body=b"<h1>Bad Gateway</h1>")
    response = answer(EmulatedAPI(faults=[page]))
    assert (response.status, response.body) == (502, b"<h1>Bad Gateway</h1>")
    assert response.headers["Content-Type"] == "text/html"


def test_a_fault_of_the_wire_alone_keeps_the_ordinary_answer() -> None:
    ordinary = answer(EmulatedAPI())
    api = EmulatedAPI(faults=[Fault(delay=2.5), Fault(cut_after=10), Fault(reset=True), Fault()])
    assert [api.reply(ask(), NOW) for _ in range(5)] == [
        Reply(ordinary, delay=2.5),
        Reply(ordinary, cut_after=10),
        Reply(ordinary, reset=True),
        Reply(ordinary),
        Reply(ordinary),
    ]


def test_a_fault_without_status_can_replace_the_body_or_a_field_of_the_ordinary_answer() -> None:
    ordinary = answer(EmulatedAPI())
    api = EmulatedAPI(faults=[Fault(body=b"{"), Fault(headers={"cache-control": "no-store"})])
    assert answer(api) == Response(200, ordinary.headers, b"{")
    assert answer(api).headers["Cache-Control"] == "no-store"


def test_a_request_that_meets_a_fault_counts_towards_the_limits() -> None:
    api = EmulatedAPI(per_minute=2, faults=[503, Fault(reset=True)])
    assert [answer(api).status for _ in range(3)] == [503, 200, 429]


def test_a_fault_replaces_the_refusal_that_the_request_would_have_got() -> None:
    api = EmulatedAPI(per_minute=1, faults=[None, 503])
    assert [answer(api).status for _ in range(3)] == [200, 503, 429]


@pytest.mark.parametrize("status", [0, 99, 199, 600, -1])
def test_a_fault_with_an_impossible_status_is_a_configuration_error(status: int) -> None:
    with pytest.raises(ConfigurationError, match=f"200 to 599 or None, not {status}"):
        Fault(status)
    with pytest.raises(ConfigurationError, match=f"200 to 599 or None, not {status}"):
        EmulatedAPI(faults=[status]).reply(ask(), NOW)


def test_a_fault_with_a_negative_delay_or_length_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"delay must be zero or more, not -0\.5"):
        Fault(delay=-0.5)
    with pytest.raises(ConfigurationError, match="delay must be zero or more, not nan"):
        Fault(delay=math.nan)
    with pytest.raises(ConfigurationError, match="cut_after must be zero or more, not -1"):
        Fault(cut_after=-1)


async def test_fake_transport_applies_the_faults_of_the_connection() -> None:
    api = EmulatedAPI(faults=[Fault(delay=5), Fault(delay=31), Fault(cut_after=10), Fault(reset=True)])
    transport = FakeTransport(api)
    assert (await transport.send(ask())).status == 200
    assert transport.clock.monotonic() == 5
    with pytest.raises(RequestTimeoutError):
        await transport.send(ask())
    with pytest.raises(TransportError, match="after 10 bytes"):
        await transport.send(ask())
    with pytest.raises(TransportError, match="reset"):
        await transport.send(ask())
