"""A Discord bot with the slash commands /toptasks, /task, /models and /apps.

For people who run a Discord server: copy this file, start it, and invite the bot with the scope
``applications.commands``.

    pip install discord.py                     # beside openrouter-rankings
    DISCORD_TOKEN=... OPENROUTER_API_KEY=... python discord_bot.py

With ``--emulate`` it needs no OPENROUTER_API_KEY, and answers with invented figures that say so.
"""

import argparse
import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import islice

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from openrouter_rankings import ConfigurationError, RankingsClient, RankingsError, UnknownTagError
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.render import chat
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

logger = logging.getLogger("discord_bot")

# Seconds: autocompletion cannot be deferred, and Discord gives up on it after three.
DEADLINE = 2.0

# Discord's limits on the choices of an option.
MOST_CHOICES = 25
MOST_IN_CHOICE = 100

NO_TASK = "There is no task of that tag. Choose one of the list that appears while you type."
NO_ANSWER = "OpenRouter gives no rankings at the moment, and I have none from before. Please ask again in some minutes."


class RankingsBot(discord.Client):
    """The bot. It uses ``rankings``, and leaves it open."""

    def __init__(self, rankings: RankingsClient, *, synthetic: bool = False) -> None:
        # With this one intent, which needs no permission, discord.py knows the channels.
        super().__init__(intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none())
        self.rankings = rankings
        self.synthetic = synthetic
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(toptasks)
        self.tree.add_command(task)
        self.tree.add_command(models)
        self.tree.add_command(apps)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def message(self, ask: Callable[[], Awaitable[chat.Answer]], tag: str | None) -> str:
        """The answer as a message, or a sentence that says why there is none."""
        try:
            answer = await ask()
            origin = self.rankings.provenance(answer)
            return chat.discord(answer, tag=tag, age=origin.age, stale=origin.stale, synthetic=self.synthetic)
        except UnknownTagError:
            return NO_TASK
        except RankingsError as error:
            logger.warning("No answer: %s", error)
            return NO_ANSWER


Interaction = discord.Interaction[RankingsBot]


async def reply(interaction: Interaction, ask: Callable[[], Awaitable[chat.Answer]], tag: str | None = None) -> None:
    # Discord shows that the bot is thinking, and waits for the answer.
    await interaction.response.defer()
    await interaction.followup.send(await interaction.client.message(ask, tag))


@app_commands.command()
async def toptasks(interaction: Interaction) -> None:
    """The tasks that most requests are for."""
    await reply(interaction, interaction.client.rankings.get_task_classifications)


@app_commands.command()
@app_commands.describe(tag="The task")
async def task(interaction: Interaction, tag: Range[str, 1, MOST_IN_CHOICE]) -> None:
    """The models that serve a task."""
    await reply(interaction, interaction.client.rankings.get_task_classifications, tag)


@task.autocomplete("tag")
async def tags(interaction: Interaction, typed: str) -> list[Choice[str]]:
    try:
        tasks = await interaction.client.rankings.get_task_classifications()
    except RankingsError:
        return []
    labels = {each.tag: f"{each.display_name} ({each.tag})" for each in tasks.classifications}
    found = (
        Choice(name=label[:MOST_IN_CHOICE], value=tag)
        for tag, label in labels.items()
        if typed.casefold() in label.casefold() and 0 < len(tag) <= MOST_IN_CHOICE
    )
    return list(islice(found, MOST_CHOICES))


@app_commands.command()
async def models(interaction: Interaction) -> None:
    """The models with the most tokens in 30 days."""
    await reply(interaction, interaction.client.rankings.get_rankings_daily)


@app_commands.command()
async def apps(interaction: Interaction) -> None:
    """The apps with the most tokens in 30 days."""
    await reply(interaction, interaction.client.rankings.get_app_rankings)


def open_rankings(*, emulate: bool) -> RankingsClient:
    if emulate:
        transport = FakeTransport(EmulatedAPI(), clock=SystemClock())
        return RankingsClient("emulated", transport=transport, deadline=DEADLINE)
    return RankingsClient(deadline=DEADLINE)


async def run(token: str, *, emulate: bool) -> None:
    async with open_rankings(emulate=emulate) as rankings, RankingsBot(rankings, synthetic=emulate) as bot:
        await bot.start(token)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulate", action="store_true", help="invented figures, without OPENROUTER_API_KEY")
    emulate: bool = parser.parse_args().emulate
    token = os.environ.get("DISCORD_TOKEN")
    if not token:
        parser.error("Set DISCORD_TOKEN to the token of your bot.")
    discord.utils.setup_logging()
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(run(token, emulate=emulate))
    except ConfigurationError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
