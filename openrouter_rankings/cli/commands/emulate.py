"""The command ``emulate``."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain, repeat
from urllib.parse import urlsplit

import click

from openrouter_rankings import testing
from openrouter_rankings.cli.options import Duration, option
from openrouter_rankings.cli.options import command as make_command
from openrouter_rankings.cli.streams import reporting, say
from openrouter_rankings.messages import Request
from openrouter_rankings.render.listing import printable
from openrouter_rankings.settings import checked_headers

__all__ = ["command"]

_FAULT = re.compile(
    r"(?P<status>[0-9]{3})(?::(?P<name>[^=]+)=(?P<value>.*?))?(?:x(?P<times>[1-9][0-9]{0,8}))?", re.ASCII
)

# A request target can have 8 KB; a line in a terminal should not.
_LONGEST_TARGET = 200


@make_command(
    "emulate",
    examples=(
        ("emulate --port 8765", "A service to try commands and programs on"),
        ("emulate --fault 429:Retry-After=30x2 --fault 503", "Two answers of 429, one of 503, and then good ones"),
    ),
)
@option("--host", metavar="ADDRESS", default="127.0.0.1", help="Listen on this IPv4 loopback address.")
@option("--port", metavar="PORT", type=click.IntRange(0, 65535), default=8765, help="0 picks a free one.")
@option("--seed", metavar="N", type=int, default=0, help="Each seed is a market of its own.")
@option("--per-minute", metavar="N", type=click.IntRange(1), default=30, help="Requests per minute for each key.")
@option("--per-day", metavar="N", type=click.IntRange(1), default=500, help="Requests per 24 hours for all keys.")
@option("--key", metavar="KEY", multiple=True, help="Accept this key only; repeat it for more.  [default: any]")
@option(
    "--fault",
    metavar="STATUS[:HEADER=VALUE][xN]",
    multiple=True,
    help="Answer the next N requests (default 1) so, such as 429:Retry-After=30x2; repeat it for more.",
)
@option("--delay", metavar="TIME", type=Duration(), default="0", help="Wait this long before each answer, such as 2s.")
def command(
    host: str,
    port: int,
    seed: int,
    per_minute: int,
    per_day: int,
    key: tuple[str, ...],
    fault: tuple[str, ...],
    delay: float,
) -> None:
    """Serve an emulation of the Data API until Ctrl-C.

    It listens on this machine only. Its vendors, models and figures are
    invented, and its answers say so. Any program that uses this library asks
    it if OPENROUTER_RANKINGS_BASE_URL has its URL.

    Each request is reported on stderr as it arrives, and their number by
    status at the end.
    """
    with reporting():
        faults = chain(*(_parsed(text, delay) for text in fault), repeat(testing.Fault(delay=delay)))
        keys = list(key) or None
        api = testing.EmulatedAPI(seed=seed, per_minute=per_minute, per_day=per_day, keys=keys, faults=faults)
        asyncio.run(_serve(_Reported(api), host, port, "YOUR-KEY" if key else "anything"))


def _parsed(text: str, delay: float) -> Iterable[testing.Fault]:
    match = _FAULT.fullmatch(text)
    if match is None:
        raise click.BadParameter(
            f"{text!r} is not STATUS[:HEADER=VALUE][xN], such as 503x2 or 429:Retry-After=30.", param_hint="--fault"
        )
    headers = checked_headers({match["name"]: match["value"]}) if match["name"] else {}
    return repeat(testing.Fault(int(match["status"]), headers=headers, delay=delay), int(match["times"] or 1))


class _Reported:
    """Reports each request on stderr, and counts the answers by status."""

    def __init__(self, api: testing.EmulatedAPI) -> None:
        self._api = api
        self._answers: Counter[int] = Counter()

    def reply(self, request: Request, now: float) -> testing.Reply:
        reply = self._api.reply(request, now)
        self._answers[reply.response.status] += 1
        arrival = datetime.fromtimestamp(now, UTC)
        url = urlsplit(request.url)
        target = f"{url.path}?{url.query}" if url.query else url.path
        shown = target if len(target) <= _LONGEST_TARGET else f"{target[:_LONGEST_TARGET]}..."
        say(printable(f"{arrival:%H:%M:%S}Z {request.method} {shown}: {reply.response.status}"))
        return reply

    def summary(self) -> str:
        by_status = ", ".join(f"{count} with {status}" for status, count in sorted(self._answers.items()))
        total = self._answers.total()
        return f"Served {total} request{'' if total == 1 else 's'}{': ' if by_status else ''}{by_status}."


async def _serve(api: _Reported, host: str, port: int, key: str) -> None:
    async with testing.serve(api, host=host, port=port) as base_url:
        say(f"Serving synthetic figures at {base_url} until Ctrl-C. To ask:")
        say(f"OPENROUTER_API_KEY={key} openrouter-rankings tasks --base-url {base_url}")
        try:
            await asyncio.Event().wait()
        finally:
            say(api.summary())
