"""A Telegram bot with the commands /toptasks, /task, /models and /apps, on aiogram 3.

For people who write their Telegram bots with aiogram: copy this file, or only its handlers into your dispatcher.

    pip install "aiogram>=3.4"                 # beside openrouter-rankings
    TELEGRAM_TOKEN=... OPENROUTER_API_KEY=... python aiogram_bot.py

With ``--emulate`` it needs no OPENROUTER_API_KEY, and answers with invented figures that say so.
"""

import argparse
import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from html import escape

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.enums import ParseMode
from aiogram.filters import Command, CommandObject
from aiogram.types import BotCommand, Message

from openrouter_rankings import ConfigurationError, RankingsClient, RankingsError, UnknownTagError
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.render import chat
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

logger = logging.getLogger("aiogram_bot")

# Seconds, so that the message arrives within three.
DEADLINE = 2.0

MENU = [
    BotCommand(command="toptasks", description="The tasks that most requests are for"),
    BotCommand(command="task", description="The models that serve a task: /task code:debugging"),
    BotCommand(command="models", description="The models with the most tokens in 30 days"),
    BotCommand(command="apps", description="The apps with the most tokens in 30 days"),
]

WHICH_TASK = "Which task? Name it by its tag, for example: /task code:debugging"
NO_ANSWER = "OpenRouter gives no rankings at the moment, and I have none from before. Please ask again in some minutes."


@dataclass(frozen=True)
class Replies:
    """Answers messages from the rankings, which it leaves open."""

    rankings: RankingsClient
    synthetic: bool = False

    async def to(self, message: Message, ask: Callable[[], Awaitable[chat.Answer]], tag: str | None = None) -> None:
        await message.answer(await self._text(ask, tag))

    async def _text(self, ask: Callable[[], Awaitable[chat.Answer]], tag: str | None) -> str:
        try:
            answer = await ask()
            origin = self.rankings.provenance(answer)
            return chat.telegram_html(answer, tag=tag, age=origin.age, stale=origin.stale, synthetic=self.synthetic)
        except UnknownTagError as error:
            meant = " or ".join(f"<code>{escape(tag[:100])}</code>" for tag in error.suggestions)
            return f"There is no task of that tag.{f' Did you mean {meant}?' if meant else ''}"
        except RankingsError as error:
            logger.warning("No answer: %s", error)
            return NO_ANSWER


async def toptasks(message: Message, replies: Replies) -> None:
    await replies.to(message, replies.rankings.get_task_classifications)


async def task(message: Message, command: CommandObject, replies: Replies) -> None:
    if command.args is None:
        await message.answer(WHICH_TASK)
    else:
        await replies.to(message, replies.rankings.get_task_classifications, command.args.strip())


async def models(message: Message, replies: Replies) -> None:
    await replies.to(message, replies.rankings.get_rankings_daily)


async def apps(message: Message, replies: Replies) -> None:
    await replies.to(message, replies.rankings.get_app_rankings)


async def show_menu(bot: Bot) -> None:
    await bot.set_my_commands(MENU)


def make_dispatcher(replies: Replies) -> Dispatcher:
    dispatcher = Dispatcher(replies=replies)
    dispatcher.message.register(toptasks, Command("toptasks"))
    dispatcher.message.register(task, Command("task"))
    dispatcher.message.register(models, Command("models"))
    dispatcher.message.register(apps, Command("apps"))
    dispatcher.startup.register(show_menu)
    return dispatcher


def open_rankings(*, emulate: bool) -> RankingsClient:
    if emulate:
        transport = FakeTransport(EmulatedAPI(), clock=SystemClock())
        return RankingsClient("emulated", transport=transport, deadline=DEADLINE)
    return RankingsClient(deadline=DEADLINE)


async def run(token: str, *, emulate: bool) -> None:
    async with open_rankings(emulate=emulate) as rankings:
        bot = Bot(token, default=DefaultBotProperties(parse_mode=ParseMode.HTML))
        await make_dispatcher(Replies(rankings, synthetic=emulate)).start_polling(bot)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulate", action="store_true", help="invented figures, without OPENROUTER_API_KEY")
    emulate: bool = parser.parse_args().emulate
    token = os.environ.get("TELEGRAM_TOKEN")
    if not token:
        parser.error("Set TELEGRAM_TOKEN to the token of your bot.")
    logging.basicConfig(level=logging.INFO)
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(run(token, emulate=emulate))
    except ConfigurationError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
