"""Messages in Discord's Markdown, and as an embed.

Discord's documentation: Resources, "Message" (Create Message, Embed Limits), and Reference, "Text Formatting".
"""

from __future__ import annotations

import re
from typing import Any, Unpack

from openrouter_rankings.render.chat.messages import Message, Options, fitted, utf16_units
from openrouter_rankings.render.chat.tables import Answer

__all__ = ["discord", "discord_embed"]

# Create Message: "content", up to 2000 characters. Embed Limits: title 256, description 4096, footer 2048, in all 6000;
# of ours only the description is ever near its limit.
_MOST_IN_CONTENT = 2000
_MOST_IN_DESCRIPTION = 4096

_ZERO_WIDTH_SPACE = "\u200b"

# A code block ends at three backticks wherever they stand, and knows no escape.
_MARKS_IN_BLOCK = re.compile(r"`(?=`)|@")
_MARKS = re.compile(r"[\\`*_~|<>\[\]]")


def discord(answer: Answer, /, **options: Unpack[Options]) -> str:
    """The ``content`` of a Discord message, at most 2000 characters of Markdown.

    Send it with ``allowed_mentions`` that allow none, as a second safeguard: Discord has changed before what it reads
    as a mention.

    Raises:
        ConfigurationError: an option is invalid, or does not apply to this data set.
        UnknownTagError: the answer has no task of that tag.
    """
    return fitted(answer, _content, lambda text: utf16_units(text) <= _MOST_IN_CONTENT, **options)


def discord_embed(answer: Answer, /, **options: Unpack[Options]) -> dict[str, Any]:
    """A Discord embed object, as ``discord.Embed.from_dict`` takes it; the citation is its footer.

    Its description has at most 4096 characters, and all of it at most 6000.

    Raises:
        ConfigurationError: an option is invalid, or does not apply to this data set.
        UnknownTagError: the answer has no task of that tag.
    """
    return fitted(answer, _embed, lambda embed: utf16_units(embed["description"]) <= _MOST_IN_DESCRIPTION, **options)


def _content(message: Message) -> str:
    notes = (f"-# {_escaped(note)}" for note in message.notes)
    return "\n".join((f"**{_escaped(message.heading)}**", _described(message), *notes))


def _embed(message: Message) -> dict[str, Any]:
    # Title and description are Markdown; the footer is shown as it is.
    return {
        "title": _escaped(message.heading),
        "description": _described(message),
        "footer": {"text": "\n".join(message.notes)},
    }


def _described(message: Message) -> str:
    block = _MARKS_IN_BLOCK.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", message.block)
    return f"{_escaped(message.subtitle)}\n```\n{block}\n```"


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", text)
