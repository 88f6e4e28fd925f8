"""Messages in Telegram's HTML and MarkdownV2 (core.telegram.org/bots/api, "Formatting options" and "sendMessage")."""

from __future__ import annotations

import re
from html import escape
from typing import Unpack

from openrouter_rankings.render.chat.messages import Message, Options, fitted, utf16_units
from openrouter_rankings.render.chat.tables import Answer

__all__ = ["telegram_html", "telegram_markdown"]

# sendMessage: "1-4096 characters after entities parsing", and a character is a UTF-16 code unit.
_MOST_IN_TEXT = 4096

_MARKS = re.compile(r"[\\_*\[\]()~`>#+\-=|{}.!]")
_MARKS_IN_BLOCK = re.compile(r"[\\`]")


def telegram_html(answer: Answer, /, **options: Unpack[Options]) -> str:
    """The ``text`` of a Telegram message for ``parse_mode="HTML"``, at most 4096 characters after parsing.

    Raises:
        ConfigurationError: an option is invalid, or does not apply to this data set.
        UnknownTagError: the answer has no task of that tag.
    """
    return _html(fitted(answer, _same, _fits, **options))


def telegram_markdown(answer: Answer, /, **options: Unpack[Options]) -> str:
    """The ``text`` of a Telegram message for ``parse_mode="MarkdownV2"``, at most 4096 characters after parsing.

    Raises:
        ConfigurationError: an option is invalid, or does not apply to this data set.
        UnknownTagError: the answer has no task of that tag.
    """
    return _markdown(fitted(answer, _same, _fits, **options))


def _same(message: Message) -> Message:
    return message


def _fits(message: Message) -> bool:
    return utf16_units(message.visible) <= _MOST_IN_TEXT


def _html(message: Message) -> str:
    heading, subtitle, block, *notes = (
        escape(text, quote=False) for text in (message.heading, message.subtitle, message.block, *message.notes)
    )
    return "\n".join((f"<b>{heading}</b>", subtitle, f"<pre>{block}</pre>", *(f"<i>{note}</i>" for note in notes)))


def _markdown(message: Message) -> str:
    heading, subtitle, *notes = (
        _MARKS.sub(r"\\\g<0>", text) for text in (message.heading, message.subtitle, *message.notes)
    )
    # The newline after the first delimiter is not part of the text; one before the last would be.
    block = _MARKS_IN_BLOCK.sub(r"\\\g<0>", message.block)
    return "\n".join((f"*{heading}*", subtitle, f"```\n{block}```", *(f"_{note}_" for note in notes)))
