"""The Slack bot on Bolt itself, which reads signed requests on a real socket and asks a Slack on another."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from functools import partial
from itertools import repeat
from typing import Any
from urllib.parse import urlencode

import attrs
import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from example_files import load_example
from patience import turn_until
from platform_server import Call, Platform, platform
from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from openrouter_rankings.testing import EmulatedAPI, FakeClock, Fault

slack_bot = load_example("bots/slack_bot")

SECRET = "secret"  # noqa: S105 - it is invented


def _slack(call: Call) -> Any:
    if call.path.endswith("/auth.test"):
        return {"ok": True, "team_id": "T1", "user_id": "U2", "bot_id": "B3", "user": "bot", "url": "", "team": "team"}
    return {"ok": True}


@attrs.frozen
class Channel:
    """A channel that the bot can be asked in."""

    http: TestClient[Any, Any]
    platform: Platform
    api: EmulatedAPI
    clock: FakeClock

    async def post(self, command: str, text: str = "", *, secret: str = SECRET) -> ClientResponse:
        """The bot's answer to what Slack sends when a user types a command."""
        form = {
            "token": "legacy",
            "team_id": "T1",
            "team_domain": "team",
            "channel_id": "C4",
            "channel_name": "general",
            "user_id": "U5",
            "user_name": "ann",
            "command": command,
            "text": text,
            "api_app_id": "A6",
            "response_url": f"{self.platform.url}/response",
            "trigger_id": "7.8.9",
        }
        body, now = urlencode(form), str(int(time.time()))
        signature = SignatureVerifier(secret).generate_signature(timestamp=now, body=body)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": str(signature),
        }
        return await self.http.post("/slack/events", data=body, headers=headers)

    async def said(self, command: str, text: str = "") -> dict[str, Any]:
        """The message that follows a command, which is first acknowledged without one."""
        answered = len(self.platform.of("/response"))
        acknowledged = await self.post(command, text)
        assert (acknowledged.status, await acknowledged.text()) == (200, "")
        await turn_until(lambda: len(self.platform.of("/response")) != answered)
        message = self.platform.of("/response")[-1]
        assert len(message["text"]) <= 4000
        for block in Block.parse_all(message["blocks"]):
            block.validate_json()
        return message


@pytest.fixture
async def channel(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Channel]:
    api, clock = EmulatedAPI(), FakeClock()
    monkeypatch.setattr(slack_bot, "EmulatedAPI", lambda: api)
    monkeypatch.setattr(slack_bot, "SystemClock", lambda: clock)
    async with platform(_slack) as served:
        client = AsyncWebClient("xoxb-test", base_url=f"{served.url}/api/")
        monkeypatch.setattr(slack_bot, "AsyncApp", partial(AsyncApp, client=client))
        web_app = slack_bot.make_web_app("xoxb-test", SECRET, emulate=True)
        async with TestClient(TestServer(web_app)) as http:
            yield Channel(http, served, api, clock)


@pytest.mark.parametrize(
    ("command", "text", "heading"),
    [
        ("/toptasks", "", "Tasks by share of requests"),
        ("/task", " code:debugging ", "Models of one task by share of requests"),
        ("/models", "", "Models by tokens"),
        ("/apps", "", "Apps"),
    ],
)
async def test_a_command_is_answered_with_a_table_that_says_its_figures_are_invented(
    channel: Channel, command: str, text: str, heading: str
) -> None:
    message = await channel.said(command, text)
    assert message["blocks"][0]["text"]["text"] == f"Synthetic sample: {heading}"
    assert message["text"].startswith(f"*Synthetic sample: {heading}*\n")
    assert message["response_type"] == "in_channel"


async def test_a_request_that_slack_has_not_signed_is_refused(channel: Channel) -> None:
    refused = await channel.post("/toptasks", secret="another")  # noqa: S106 - it is invented
    assert refused.status == 401
    assert not channel.platform.of("/response")


async def test_a_task_without_a_tag_is_asked_for(channel: Channel) -> None:
    answer = await channel.post("/task")
    assert await answer.text() == slack_bot.WHICH_TASK


async def test_an_unknown_task_is_a_plain_sentence_with_the_tags_that_are_like_it(channel: Channel) -> None:
    (block,) = (await channel.said("/task", "code:debuging"))["blocks"]
    assert block["text"] == {
        "type": "plain_text",
        "text": "There is no task of that tag. Did you mean code:debugging?",
        "emoji": False,
    }
    (block,) = (await channel.said("/task", "<!channel>" * 400))["blocks"]
    assert block["text"]["text"] == "There is no task of that tag."


async def test_an_older_answer_is_given_with_its_age_while_the_service_is_down(channel: Channel) -> None:
    await channel.said("/toptasks")
    channel.clock.advance(2 * 3600)
    channel.api.misbehave(*repeat(503, 20))
    assert "older, from 2 h ago" in (await channel.said("/toptasks"))["text"]


async def test_a_slow_service_without_an_older_answer_is_a_plain_sentence_within_three_seconds(
    channel: Channel,
) -> None:
    channel.api.misbehave(*repeat(Fault(delay=60), 20))
    assert (await channel.said("/toptasks"))["text"] == slack_bot.NO_ANSWER
    assert channel.clock.monotonic() <= 2
