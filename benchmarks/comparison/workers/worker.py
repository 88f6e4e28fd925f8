"""What every contender is put through. A contender's script gives its own way to ask and to decode to ``main``."""

import asyncio
import json
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

KEY = "benchmark-key"

Ask = Callable[[], Awaitable[Any]]
Connect = Callable[[str], AbstractAsyncContextManager[Ask]]
Decode = Callable[[bytes], Any]


def main(connect: Connect, decode: Decode) -> None:
    """Do what the command line says and print the result as one line of JSON.

    Arguments: ``first URL STARTED``, ``sequential URL COUNT``, ``concurrent_kept URL COUNT``, ``concurrent URL COUNT``,
    ``decode FILE COUNT`` or ``memory FILE COUNT``.
    """
    measure, source, number = sys.argv[1:]
    if measure in {"decode", "memory"}:
        measured = _decoding if measure == "decode" else _memory
        result = measured(decode, Path(source).read_bytes(), int(number))
    elif measure == "first":
        result = asyncio.run(_first(connect(source), float(number)))
    else:
        result = asyncio.run(_calls(connect(source), _CALLS[measure], int(number)))
    print(json.dumps(result))


async def _first(connection: AbstractAsyncContextManager[Ask], started: float) -> dict[str, float]:
    async with connection as ask:
        await ask()
        return {"process": time.monotonic() - started}


async def _calls(
    connection: AbstractAsyncContextManager[Ask], calls: Callable[[Ask, int], Awaitable[None]], count: int
) -> dict[str, float]:
    async with connection as ask:
        await _sequential(ask, 20)
        wall, cpu = time.perf_counter(), time.process_time()
        await calls(ask, count)
        return {"wall": (time.perf_counter() - wall) / count, "cpu": (time.process_time() - cpu) / count}


async def _sequential(ask: Ask, count: int) -> None:
    for _ in range(count):
        await ask()


async def _concurrent(ask: Ask, count: int) -> None:
    """As in a service: each caller lets its answer go when it is done."""

    async def caller() -> None:
        await ask()

    await asyncio.gather(*(caller() for _ in range(count)))


async def _concurrent_kept(ask: Ask, count: int) -> None:
    """All answers are kept to the end, which gives the garbage collector much to look through."""
    await asyncio.gather(*(ask() for _ in range(count)))


_CALLS = {"sequential": _sequential, "concurrent": _concurrent, "concurrent_kept": _concurrent_kept}


def _decoding(decode: Decode, body: bytes, count: int) -> dict[str, float]:
    for _ in range(20):
        decode(body)
    started = time.perf_counter()
    for _ in range(count):
        decode(body)
    return {"wall": (time.perf_counter() - started) / count}


def _memory(decode: Decode, body: bytes, count: int) -> dict[str, float]:
    """Bytes of one decoded answer; what the first one leaves behind for the others is not counted."""
    kept = [decode(body)]
    tracemalloc.start()
    kept.extend(decode(body) for _ in range(count))
    return {"bytes": tracemalloc.get_traced_memory()[0] / count}
