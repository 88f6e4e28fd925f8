"""The Telegram bot on python-telegram-bot itself, which reads real updates and asks a Telegram on a loopback socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import repeat
from typing import Any

import attrs
import pytest
from example_files import load_example
from platform_server import Platform
from telegram import Update
from telegram.ext import Application, ApplicationBuilder
from telegram_platform import TOKEN, shown, telegram, update

from openrouter_rankings import ConfigurationError, RankingsClient
from openrouter_rankings.testing import EmulatedAPI, FakeClock, Fault

telegram_bot = load_example("bots/telegram_bot")


@attrs.frozen
class Talk:
    """A chat with the bot."""

    application: Application[Any, Any, Any, Any, Any, Any]
    platform: Platform
    api: EmulatedAPI
    clock: FakeClock
    rankings: RankingsClient

    async def said(self, text: str) -> str:
        """What the bot says when a user writes ``text``."""
        await self.application.process_update(Update.de_json(update(text), self.application.bot))
        return shown(self.platform)


@pytest.fixture
async def talk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Talk]:
    api, clock = EmulatedAPI(), FakeClock()
    monkeypatch.setattr(telegram_bot, "EmulatedAPI", lambda: api)
    monkeypatch.setattr(telegram_bot, "SystemClock", lambda: clock)
    async with telegram() as served, telegram_bot.open_rankings(emulate=True) as rankings:
        monkeypatch.setattr(Application, "builder", lambda: ApplicationBuilder().base_url(f"{served.url}/bot"))
        application = telegram_bot.make_application(TOKEN, telegram_bot.RankingsCommands(rankings, synthetic=True))
        async with application:
            yield Talk(application, served, api, clock, rankings)


@pytest.mark.parametrize(
    ("command", "heading"),
    [
        ("/toptasks", "Tasks by share of requests"),
        ("/toptasks@rankings_bot", "Tasks by share of requests"),
        ("/task code:debugging", "Models of one task by share of requests"),
        ("/models", "Models by tokens"),
        ("/apps", "Apps"),
    ],
)
async def test_a_command_is_answered_with_a_table_that_says_its_figures_are_invented(
    talk: Talk, command: str, heading: str
) -> None:
    assert (await talk.said(command)).startswith(f"Synthetic sample: {heading}\n")


async def test_a_task_without_a_tag_is_asked_for(talk: Talk) -> None:
    assert await talk.said("/task") == telegram_bot.WHICH_TASK


async def test_an_unknown_task_is_a_plain_sentence_with_the_tags_that_are_like_it(talk: Talk) -> None:
    assert await talk.said("/task code:debuging") == "There is no task of that tag. Did you mean code:debugging?"
    assert await talk.said(f"/task <b>@all {'x' * 4000}") == "There is no task of that tag."


async def test_an_older_answer_is_given_with_its_age_while_the_service_is_down(talk: Talk) -> None:
    await talk.said("/toptasks")
    talk.clock.advance(2 * 3600)
    talk.api.misbehave(*repeat(503, 20))
    assert "older, from 2 h ago" in await talk.said("/toptasks")


async def test_a_slow_service_without_an_older_answer_is_a_plain_sentence_within_three_seconds(talk: Talk) -> None:
    talk.api.misbehave(*repeat(Fault(delay=60), 20))
    assert await talk.said("/toptasks") == telegram_bot.NO_ANSWER
    assert talk.clock.monotonic() <= 2


async def test_the_bot_shows_its_menu_at_its_start_and_closes_its_client_at_its_end(talk: Talk) -> None:
    assert talk.application.post_init is not None
    await talk.application.post_init(talk.application)
    (menu,) = talk.platform.of("/setMyCommands")
    assert [name in menu["commands"] for name in ("toptasks", "task", "models", "apps")] == [True] * 4
    assert talk.application.post_shutdown is not None
    await talk.application.post_shutdown(talk.application)
    with pytest.raises(ConfigurationError, match="closed"):
        await talk.rankings.get_task_classifications()
