"""Messages in Slack's mrkdwn, and as Block Kit.

docs.slack.dev: "Formatting message text", "chat.postMessage", and Block Kit's "Rich text block" and "Text object".
"""

from __future__ import annotations

import re
from html import escape
from typing import Any, Unpack

from openrouter_rankings.render.chat.messages import Message, Options, fitted, utf16_units
from openrouter_rankings.render.chat.tables import Answer

__all__ = ["slack", "slack_blocks"]

# chat.postMessage: text is best kept under 4,000 characters, and cut after 40,000.
_MOST_IN_TEXT = 4000

# A text object has at most 3,000 characters, and a header 150. Rich text has no documented limit of its own.
_MOST_IN_BLOCK = 3000

# Slack ends a block at three backticks, and links addresses and domains even within it.
_MARKS_IN_BLOCK = re.compile(r"`(?=`)|@|:(?=//)|(?<=\w)\.(?=[^\W\d])")
_ZERO_WIDTH_SPACE = "\u200b"


def slack(answer: Answer, /, **options: Unpack[Options]) -> str:
    """The ``text`` of a Slack message in mrkdwn, at most 4,000 characters.

    To keep Slack from linking domains and addresses it has zero-width spaces in them: copy from ``slack_blocks``, which
    has none.

    Raises:
        ConfigurationError: an option is invalid, or does not apply to this data set.
        UnknownTagError: the answer has no task of that tag.
    """
    return fitted(answer, _text, lambda text: utf16_units(text) <= _MOST_IN_TEXT, **options)


def slack_blocks(answer: Answer, /, **options: Unpack[Options]) -> list[dict[str, Any]]:
    """The ``blocks`` of a Slack message: header, period, table, notes. All of their text is literal.

    Send them with ``text=slack(...)``, which Slack shows in notifications.

    Raises:
        ConfigurationError: an option is invalid, or does not apply to this data set.
        UnknownTagError: the answer has no task of that tag.
    """
    return _blocks(fitted(answer, lambda message: message, _block_fits, **options))


def _text(message: Message) -> str:
    block = _MARKS_IN_BLOCK.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", message.block)
    heading, subtitle, block, *notes = (
        escape(text, quote=False) for text in (message.heading, message.subtitle, block, *message.notes)
    )
    return "\n".join((f"*{heading}*", subtitle, f"```\n{block}\n```", *notes))


def _block_fits(message: Message) -> bool:
    return utf16_units(message.block) <= _MOST_IN_BLOCK


def _blocks(message: Message) -> list[dict[str, Any]]:
    preformatted = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": message.block}]}
    return [
        {"type": "header", "text": _plain_text(message.heading)},
        {"type": "context", "elements": [_plain_text(message.subtitle)]},
        {"type": "rich_text", "elements": [preformatted]},
        {"type": "context", "elements": [_plain_text("\n".join(message.notes))]},
    ]


def _plain_text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
