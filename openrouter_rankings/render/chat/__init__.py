"""Messages for chat bots: any answer as a message that its platform accepts, whatever the names in it.

One table model and one encoder per platform, all pure functions with the same keywords (``Options``)::

    chat.discord(tasks, top=5)
    chat.telegram_html(tasks, tag="code:debugging", age=provenance.age, stale=provenance.stale)

Each message names its citation, licence and date, is cut at a row to its platform's limits, and says how many more rows
there are. Names cannot format, mention or link anything: control characters, lone surrogates, and invisible and
direction-changing ones are replaced, long names are clipped with an ellipsis, and the rest is escaped.
"""

from __future__ import annotations

from typing import Unpack

from openrouter_rankings.render.chat.discord_messages import discord, discord_embed
from openrouter_rankings.render.chat.messages import Options, compose
from openrouter_rankings.render.chat.slack_messages import slack, slack_blocks
from openrouter_rankings.render.chat.tables import Answer
from openrouter_rankings.render.chat.telegram_messages import telegram_html, telegram_markdown

__all__ = [
    "Answer",
    "Options",
    "discord",
    "discord_embed",
    "plain",
    "slack",
    "slack_blocks",
    "telegram_html",
    "telegram_markdown",
]


def plain(answer: Answer, /, **options: Unpack[Options]) -> str:
    """The message as plain text of any length, for a log, a terminal or an e-mail.

    Nothing in it is escaped: to a chat platform send the message that is made for it.

    Raises:
        ConfigurationError: an option is invalid, or does not apply to this data set.
        UnknownTagError: the answer has no task of that tag.
    """
    message = compose(answer, **options)
    return "\n".join((message.heading, message.subtitle, "", message.block, "", *message.notes))
