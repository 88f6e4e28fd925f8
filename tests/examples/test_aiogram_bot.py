"""The Telegram bot on aiogram itself, which reads real updates and asks a Telegram on a loopback socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from itertools import repeat

import attrs
import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from example_files import load_example
from patience import turn_until
from platform_server import Platform
from telegram_platform import TOKEN, shown, telegram, update

from openrouter_rankings.testing import EmulatedAPI, FakeClock, Fault

aiogram_bot = load_example("bots/aiogram_bot")


@attrs.frozen
class Talk:
    """A chat with the bot."""

    bot: Bot
    dispatcher: Dispatcher
    platform: Platform
    api: EmulatedAPI
    clock: FakeClock

    async def said(self, text: str) -> str:
        """What the bot says when a user writes ``text``."""
        await self.dispatcher.feed_raw_update(self.bot, update(text))
        return shown(self.platform)


def _connected(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bot find Telegram where ``platform`` is."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(platform.url))
    monkeypatch.setattr(aiogram_bot, "Bot", partial(Bot, session=session))


@pytest.fixture
async def talk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Talk]:
    api, clock = EmulatedAPI(), FakeClock()
    monkeypatch.setattr(aiogram_bot, "EmulatedAPI", lambda: api)
    monkeypatch.setattr(aiogram_bot, "SystemClock", lambda: clock)
    async with telegram() as served, aiogram_bot.open_rankings(emulate=True) as rankings:
        _connected(served, monkeypatch)
        properties = aiogram_bot.DefaultBotProperties(parse_mode=aiogram_bot.ParseMode.HTML)
        bot = aiogram_bot.Bot(TOKEN, default=properties)
        dispatcher = aiogram_bot.make_dispatcher(aiogram_bot.Replies(rankings, synthetic=True))
        yield Talk(bot, dispatcher, served, api, clock)
        # To close aiogram's own session takes a quarter of a second.
        await (await bot.session.create_session()).close()


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
    assert await talk.said("/task") == aiogram_bot.WHICH_TASK


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
    assert await talk.said("/toptasks") == aiogram_bot.NO_ANSWER
    assert talk.clock.monotonic() <= 2


async def test_the_running_bot_shows_its_menu_and_answers_what_it_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    async with telegram([update("/apps")]) as served:
        _connected(served, monkeypatch)
        running = asyncio.create_task(aiogram_bot.run(TOKEN, emulate=True))
        await turn_until(lambda: served.of("/sendMessage") or running.done())
        assert not running.done()
        running.cancel()
        await asyncio.wait({running})
    assert shown(served).startswith("Synthetic sample: Apps\n")
    (menu,) = served.of("/setMyCommands")
    assert [name in menu["commands"] for name in ("toptasks", "task", "models", "apps")] == [True] * 4
