"""Telegram's Bot API on a loopback socket, and the updates that it sends."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import chat_syntax
from platform_server import Call, Platform, platform

__all__ = ["TOKEN", "shown", "telegram", "update"]

TOKEN = "42:test"  # noqa: S105 - it is invented

_BOT = {"id": 42, "is_bot": True, "first_name": "Bot", "username": "rankings_bot"}
_CHAT = {"id": 7, "type": "private", "first_name": "Ann", "username": "ann"}
_numbers = count(1)


def update(text: str) -> dict[str, Any]:
    """What Telegram sends when a user writes ``text``."""
    number = next(_numbers)
    command = re.match(r"/\w+(@\w+)?", text)
    entities = [{"type": "bot_command", "offset": 0, "length": len(command[0])}] if command else []
    sender = {"id": 7, "is_bot": False, "first_name": "Ann", "username": "ann", "language_code": "en"}
    message = {"message_id": number, "date": 1767225600, "chat": _CHAT, "from": sender, "text": text}
    return {"update_id": number, "message": message | {"entities": entities}}


@asynccontextmanager
async def telegram(updates: Sequence[dict[str, Any]] = ()) -> AsyncGenerator[Platform]:
    """Serve the Bot API, which has these updates for a bot that polls."""
    waiting = list(updates)

    def result(call: Call) -> Any:
        match call.path.rpartition("/")[2].lower():
            case "getme":
                return _BOT
            case "getupdates":
                return [waiting.pop(0)] if waiting else []
            case "sendmessage":
                return {"message_id": next(_numbers), "date": 1767225600, "chat": _CHAT, "text": call.fields["text"]}
            case _:
                return True

    async with platform(lambda call: {"ok": True, "result": result(call)}) as served:
        yield served


def shown(platform: Platform) -> str:
    """The text of the latest message as Telegram shows it, which it refuses if it is too long or misformatted."""
    fields = platform.of("/sendMessage")[-1]
    assert int(fields["chat_id"]) == _CHAT["id"]
    text = chat_syntax.telegram_html(fields["text"]).text if fields.get("parse_mode") == "HTML" else fields["text"]
    assert 1 <= len(text.encode("utf-16-le")) // 2 <= 4096
    return str(text)
