"""A Slack bot with the slash commands /toptasks, /task, /models and /apps, on Bolt for Python.

For people who run a Slack workspace: copy this file and start it. In the settings of your app, add the four commands
with the request URL ``https://<your host>/slack/events``, and install the app with the scope ``commands``.

    pip install "slack-bolt>=1.20"             # beside openrouter-rankings
    SLACK_BOT_TOKEN=... SLACK_SIGNING_SECRET=... OPENROUTER_API_KEY=... python slack_bot.py --port 3000

With ``--emulate`` it needs no OPENROUTER_API_KEY, and answers with invented figures that say so.
"""

import argparse
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from openrouter_rankings import ConfigurationError, RankingsClient, RankingsError, UnknownTagError
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.render import chat
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

logger = logging.getLogger("slack_bot")

# Seconds, so that the message arrives within three.
DEADLINE = 2.0

WHICH_TASK = "Which task? Name it by its tag, for example: /task code:debugging"
NO_ANSWER = "OpenRouter gives no rankings at the moment, and I have none from before. Please ask again in some minutes."


class RankingsCommands:
    """Answers slash commands from the rankings, whose client it leaves open."""

    def __init__(self, rankings: RankingsClient, *, synthetic: bool = False) -> None:
        self.rankings = rankings
        self.synthetic = synthetic

    async def toptasks(self, ack: AsyncAck, respond: AsyncRespond) -> None:
        await self._reply(ack, respond, self.rankings.get_task_classifications)

    async def task(self, ack: AsyncAck, respond: AsyncRespond, command: dict[str, str]) -> None:
        tag = command.get("text", "").strip()
        if tag:
            await self._reply(ack, respond, self.rankings.get_task_classifications, tag)
        else:
            await ack(WHICH_TASK)

    async def models(self, ack: AsyncAck, respond: AsyncRespond) -> None:
        await self._reply(ack, respond, self.rankings.get_rankings_daily)

    async def apps(self, ack: AsyncAck, respond: AsyncRespond) -> None:
        await self._reply(ack, respond, self.rankings.get_app_rankings)

    async def _reply(
        self, ack: AsyncAck, respond: AsyncRespond, ask: Callable[[], Awaitable[chat.Answer]], tag: str | None = None
    ) -> None:
        # Slack shows an error unless it hears within three seconds that the command has arrived.
        await ack()
        await respond(**await self._message(ask, tag))

    async def _message(self, ask: Callable[[], Awaitable[chat.Answer]], tag: str | None) -> dict[str, Any]:
        try:
            answer = await ask()
            origin = self.rankings.provenance(answer)
            options = chat.Options(tag=tag, age=origin.age, stale=origin.stale, synthetic=self.synthetic)
            return {
                "text": chat.slack(answer, **options),
                "blocks": chat.slack_blocks(answer, **options),
                "response_type": "in_channel",
            }
        except UnknownTagError as error:
            meant = " or ".join(tag[:100] for tag in error.suggestions)
            return _sentence("There is no task of that tag.", f" Did you mean {meant}?" if meant else "")
        except RankingsError as error:
            logger.warning("No answer: %s", error)
            return _sentence(NO_ANSWER)


def _sentence(own_words: str, literal: str = "") -> dict[str, Any]:
    # In plain text nothing is a link or a mention.
    text = {"type": "plain_text", "text": own_words + literal, "emoji": False}
    return {"text": own_words, "blocks": [{"type": "section", "text": text}]}


def make_app(token: str, signing_secret: str, commands: RankingsCommands) -> AsyncApp:
    app = AsyncApp(token=token, signing_secret=signing_secret)
    app.command("/toptasks")(commands.toptasks)
    app.command("/task")(commands.task)
    app.command("/models")(commands.models)
    app.command("/apps")(commands.apps)
    return app


def make_web_app(token: str, signing_secret: str, *, emulate: bool) -> web.Application:
    rankings = open_rankings(emulate=emulate)

    async def closing_rankings(_: web.Application) -> AsyncIterator[None]:
        async with rankings:
            yield

    web_app = make_app(token, signing_secret, RankingsCommands(rankings, synthetic=emulate)).web_app()
    web_app.cleanup_ctx.append(closing_rankings)
    return web_app


def open_rankings(*, emulate: bool) -> RankingsClient:
    if emulate:
        transport = FakeTransport(EmulatedAPI(), clock=SystemClock())
        return RankingsClient("emulated", transport=transport, deadline=DEADLINE)
    return RankingsClient(deadline=DEADLINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulate", action="store_true", help="invented figures, without OPENROUTER_API_KEY")
    parser.add_argument("--port", type=int, default=3000, help="the port to listen on (3000)")
    arguments = parser.parse_args()
    token, secret = os.environ.get("SLACK_BOT_TOKEN"), os.environ.get("SLACK_SIGNING_SECRET")
    if not token:
        parser.error("Set SLACK_BOT_TOKEN to the token of your app, which begins with xoxb.")
    if not secret:
        parser.error("Set SLACK_SIGNING_SECRET to the signing secret of your app.")
    logging.basicConfig(level=logging.INFO)
    try:
        web_app = make_web_app(token, secret, emulate=arguments.emulate)
    except ConfigurationError as error:
        parser.error(str(error))
    web.run_app(web_app, port=arguments.port)


if __name__ == "__main__":
    main()
