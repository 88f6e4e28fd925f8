"""A Telegram bot with the commands /toptasks, /task, /models and /apps, on python-telegram-bot.

For people who write their Telegram bots with python-telegram-bot: copy this file, or only its class.

    pip install "python-telegram-bot>=21"      # beside openrouter-rankings
    TELEGRAM_TOKEN=... OPENROUTER_API_KEY=... python telegram_bot.py

With ``--emulate`` it needs no OPENROUTER_API_KEY, and answers with invented figures that say so.
"""

import argparse
import logging
import os
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

from telegram import BotCommand, Update
from telegram.ext import Application, CommandHandler, ContextTypes

from openrouter_rankings import ConfigurationError, RankingsClient, RankingsError, UnknownTagError
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.render import chat
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

logger = logging.getLogger("telegram_bot")

# Seconds, so that the message arrives within three.
DEADLINE = 2.0

MENU = [
    BotCommand("toptasks", "The tasks that most requests are for"),
    BotCommand("task", "The models that serve a task: /task code:debugging"),
    BotCommand("models", "The models with the most tokens in 30 days"),
    BotCommand("apps", "The apps with the most tokens in 30 days"),
]

WHICH_TASK = "Which task? Name it by its tag, for example: /task code:debugging"
NO_ANSWER = "OpenRouter gives no rankings at the moment, and I have none from before. Please ask again in some minutes."

Context = ContextTypes.DEFAULT_TYPE


class RankingsCommands:
    """Answers commands from the rankings. Their client is opened before the bot starts, and closed after it stops."""

    def __init__(self, rankings: RankingsClient, *, synthetic: bool = False) -> None:
        self.rankings = rankings
        self.synthetic = synthetic

    async def toptasks(self, update: Update, _: Context) -> None:
        await self._reply(update, self.rankings.get_task_classifications)

    async def task(self, update: Update, context: Context) -> None:
        if context.args:
            await self._reply(update, self.rankings.get_task_classifications, " ".join(context.args))
        else:
            await _send(update, WHICH_TASK)

    async def models(self, update: Update, _: Context) -> None:
        await self._reply(update, self.rankings.get_rankings_daily)

    async def apps(self, update: Update, _: Context) -> None:
        await self._reply(update, self.rankings.get_app_rankings)

    async def show_menu(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        await application.bot.set_my_commands(MENU)

    async def close(self, _: Application[Any, Any, Any, Any, Any, Any]) -> None:
        await self.rankings.aclose()

    async def _reply(self, update: Update, ask: Callable[[], Awaitable[chat.Answer]], tag: str | None = None) -> None:
        await _send(update, await self._text(ask, tag))

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


async def _send(update: Update, text: str) -> None:
    if update.effective_message is not None:
        await update.effective_message.reply_html(text)


def make_application(token: str, commands: RankingsCommands) -> Application[Any, Any, Any, Any, Any, Any]:
    # Without concurrent updates, one user would wait for the answer to another.
    builder = Application.builder().token(token).concurrent_updates(True)
    application = builder.post_init(commands.show_menu).post_shutdown(commands.close).build()
    application.add_handlers(
        [
            CommandHandler("toptasks", commands.toptasks),
            CommandHandler("task", commands.task),
            CommandHandler("models", commands.models),
            CommandHandler("apps", commands.apps),
        ]
    )
    return application


def open_rankings(*, emulate: bool) -> RankingsClient:
    if emulate:
        transport = FakeTransport(EmulatedAPI(), clock=SystemClock())
        return RankingsClient("emulated", transport=transport, deadline=DEADLINE)
    return RankingsClient(deadline=DEADLINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulate", action="store_true", help="invented figures, without OPENROUTER_API_KEY")
    emulate: bool = parser.parse_args().emulate
    token = os.environ.get("TELEGRAM_TOKEN")
    if not token:
        parser.error("Set TELEGRAM_TOKEN to the token of your bot.")
    logging.basicConfig(level=logging.INFO)
    # At this level httpx logs each URL, and the token is part of it.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        rankings = open_rankings(emulate=emulate)
    except ConfigurationError as error:
        parser.error(str(error))
    make_application(token, RankingsCommands(rankings, synthetic=emulate)).run_polling()


if __name__ == "__main__":
    main()
