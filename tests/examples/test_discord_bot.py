"""The Discord bot, on discord.py itself, which reads real payloads and asks a Discord on a loopback socket."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from itertools import count, repeat
from typing import Any

import attrs
import pytest
from example_files import load_example
from platform_server import Call, Platform, platform

from openrouter_rankings import ConfigurationError, RankingsClient
from openrouter_rankings.testing import EmulatedAPI, FakeClock, Fault

with warnings.catch_warnings():
    # discord.py imports audioop, which Python 3.12 calls deprecated.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord

    discord_bot = load_example("bots/discord_bot")

APPLICATION = "1001"
CHANNEL = {
    "id": "3003",
    "type": 0,
    "name": "general",
    "guild_id": "2002",
    "position": 0,
    "parent_id": None,
    "topic": None,
    "nsfw": False,
    "rate_limit_per_user": 0,
    "last_message_id": None,
    "flags": 0,
    "permissions": "2147483647",
}
USER = {"id": "4004", "username": "ann", "discriminator": "0", "avatar": None, "global_name": "Ann"}
MEMBER = {"user": USER, "roles": [], "joined_at": "2026-01-01T00:00:00Z", "deaf": False, "mute": False, "flags": 0}
MESSAGE = {
    "id": "5005",
    "type": 0,
    "channel_id": CHANNEL["id"],
    "author": USER,
    "attachments": [],
    "embeds": [],
    "mentions": [],
    "mention_roles": [],
    "mention_everyone": False,
    "pinned": False,
    "tts": False,
    "timestamp": "2026-01-01T00:00:00Z",
    "edited_timestamp": None,
    "components": [],
}
THINKING = 5
CHOICES = 8


def _discord(call: Call) -> Any:
    if call.path.endswith("/users/@me"):
        return USER | {"id": APPLICATION, "bot": True}
    if call.path.endswith("/oauth2/applications/@me"):
        about = {"id": APPLICATION, "name": "bot", "icon": None, "description": "", "verify_key": "0", "owner": USER}
        return about | {"bot_public": True, "bot_require_code_grant": False, "flags": 0}
    if call.path.endswith("/commands"):
        extra = {"application_id": APPLICATION, "default_member_permissions": None, "version": "1"}
        return [{"id": str(6000 + place)} | command | extra for place, command in enumerate(call.fields["items"])]
    if call.path.endswith("/callback"):
        return {"interaction": {"id": "1", "type": 2, "activity_instance_id": None}}
    return MESSAGE | {"content": call.fields["content"]}


@attrs.frozen
class Room:
    """A room with the bot in it."""

    bot: Any
    platform: Platform
    api: EmulatedAPI
    clock: FakeClock
    rankings: RankingsClient
    _numbers: count[int] = attrs.field(factory=lambda: count(7000))

    async def send(self, command: str, *options: dict[str, Any], kind: int = 2) -> dict[str, Any]:
        """What the gateway sends when a user types a command; the last call that it makes the bot do."""
        number = str(next(self._numbers))
        payload = {
            "id": number,
            "application_id": APPLICATION,
            "type": kind,
            "token": f"token{number}",
            "version": 1,
            "guild_id": CHANNEL["guild_id"],
            "channel_id": CHANNEL["id"],
            "channel": CHANNEL,
            "member": MEMBER | {"permissions": "2147483647"},
            "app_permissions": "2147483647",
            "attachment_size_limit": 10_000_000,
            "locale": "en-US",
            "guild_locale": "en-US",
            "entitlements": [],
            "context": 0,
            "data": {"id": "6000", "name": command, "type": 1, "options": list(options)},
        }
        before = asyncio.all_tasks()
        self.bot._connection.parse_interaction_create(payload)
        await asyncio.gather(*asyncio.all_tasks() - before)
        return self.platform.calls[-1].fields

    async def said(self, command: str, *options: dict[str, Any]) -> str:
        """The message that answers a command, which Discord was first asked to wait for."""
        answer = await self.send(command, *options)
        waiting, message = self.platform.calls[-2:]
        assert waiting.fields["type"] == THINKING
        assert message.path.startswith(f"/webhooks/{APPLICATION}/token")
        assert answer["allowed_mentions"] == {"parse": []}
        assert len(answer["content"]) <= 2000
        return str(answer["content"])


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    api, clock = EmulatedAPI(), FakeClock()
    monkeypatch.setattr(discord_bot, "EmulatedAPI", lambda: api)
    monkeypatch.setattr(discord_bot, "SystemClock", lambda: clock)
    async with platform(_discord) as served, discord_bot.open_rankings(emulate=True) as rankings:
        monkeypatch.setattr("discord.http.Route.BASE", served.url)
        async with discord_bot.RankingsBot(rankings, synthetic=True) as bot:
            await bot.login("token")
            yield Room(bot, served, api, clock, rankings)


def tag(value: str, *, focused: bool = False) -> dict[str, Any]:
    return {"name": "tag", "type": 3, "value": value, "focused": focused}


async def test_the_bot_registers_its_four_commands_and_the_completion_of_tags(room: Room) -> None:
    (registered,) = room.platform.of(f"/applications/{APPLICATION}/commands")
    assert [command["name"] for command in registered["items"]] == ["toptasks", "task", "models", "apps"]
    (option,) = registered["items"][1]["options"]
    assert (option["name"], option["required"], option["autocomplete"]) == ("tag", True, True)


@pytest.mark.parametrize(
    ("command", "heading"),
    [("toptasks", "Tasks by share of requests"), ("models", "Models by tokens"), ("apps", "Apps")],
)
async def test_a_command_is_answered_with_a_table_that_says_its_figures_are_invented(
    room: Room, command: str, heading: str
) -> None:
    assert (await room.said(command)).startswith(f"**Synthetic sample: {heading}**\n")


async def test_a_task_is_answered_with_its_models(room: Room) -> None:
    said = await room.said("task", tag("code:debugging"))
    assert said.startswith("**Synthetic sample: Models of one task by share of requests**\n")
    assert "(code:debugging)" in said


async def test_an_unknown_task_is_a_plain_sentence(room: Room) -> None:
    assert await room.said("task", tag("@everyone")) == discord_bot.NO_TASK


async def test_what_is_typed_is_completed_by_name_or_tag_and_by_25_at_most(room: Room) -> None:
    some = await room.send("task", tag("DEBUG", focused=True), kind=4)
    assert some == {
        "type": CHOICES,
        "data": {"choices": [{"name": "Debugging (code:debugging)", "value": "code:debugging"}]},
    }
    assert len((await room.send("task", tag("", focused=True), kind=4))["data"]["choices"]) == 25


async def test_a_tag_or_name_that_is_too_long_for_discord_does_not_spoil_the_choices(room: Room) -> None:
    tasks = await room.rankings.get_task_classifications()
    long, named, *others = tasks.classifications
    changed = attrs.evolve(
        tasks,
        classifications=(
            attrs.evolve(long, tag="debug" * 30),
            attrs.evolve(named, display_name="debug" * 30),
            *others,
        ),
    )

    async def given() -> Any:
        return changed

    room.bot.rankings = type("Rankings", (), {"get_task_classifications": staticmethod(given)})
    choices = (await room.send("task", tag("debug", focused=True), kind=4))["data"]["choices"]
    assert {"name": ("debug" * 30)[:100], "value": named.tag} in choices
    assert all(1 <= len(text) <= 100 for choice in choices for text in choice.values())


async def test_there_are_no_choices_while_there_are_no_rankings(room: Room) -> None:
    room.api.misbehave(*[503] * 9)
    assert (await room.send("task", tag("", focused=True), kind=4))["data"]["choices"] == []


async def test_an_older_answer_is_given_with_its_age_while_the_service_is_down(room: Room) -> None:
    await room.said("toptasks")
    room.clock.advance(2 * 3600)
    room.api.misbehave(*repeat(503, 20))
    assert "older, from 2 h ago" in await room.said("toptasks")


async def test_a_slow_service_without_an_older_answer_is_a_plain_sentence_within_three_seconds(room: Room) -> None:
    room.api.misbehave(*repeat(Fault(delay=60), 20))
    assert await room.said("toptasks") == discord_bot.NO_ANSWER
    assert room.clock.monotonic() <= 2


async def test_the_client_for_the_rankings_is_closed_with_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[RankingsClient] = []

    async def connect(bot: Any) -> None:
        opened.append(bot.rankings)

    monkeypatch.setattr(discord.Client, "connect", lambda bot, **_: connect(bot))
    async with platform(_discord) as served:
        monkeypatch.setattr("discord.http.Route.BASE", served.url)
        await discord_bot.run("token", emulate=True)
    with pytest.raises(ConfigurationError, match="closed"):
        await opened[0].get_task_classifications()
