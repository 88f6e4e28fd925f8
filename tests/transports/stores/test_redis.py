"""The store in a Redis server: what it says when the server cannot be used, and whose time counts."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from leaks import shows
from patience import wait_until
from redis_process import RedisProcess

from openrouter_rankings.clock import Clock, FakeClock, SystemClock
from openrouter_rankings.errors import ConfigurationError, StoreError, StoreUnreachableError
from openrouter_rankings.installing import install_command
from openrouter_rankings.transports.stores import redis
from openrouter_rankings.transports.stores.protocol import Update
from openrouter_rankings.transports.stores.redis import RedisStore

HOUR = 3600.0

Operation = Callable[[RedisStore], Awaitable[object]]

OPERATIONS: dict[str, Operation] = {
    "get": lambda store: store.get("key"),
    "put": lambda store: store.put("key", b"value", HOUR),
    "delete": lambda store: store.delete("key"),
    "update": lambda store: store.update("key", lambda present, _: Update(present, b"value", HOUR)),
}


@contextlib.asynccontextmanager
async def opened(url: str, clock: Clock | None = None) -> AsyncGenerator[RedisStore]:
    pytest.importorskip("redis")
    store = RedisStore(url, clock or FakeClock())
    try:
        yield store
    finally:
        await store.aclose()


@pytest.fixture(params=OPERATIONS)
def operation(request: pytest.FixtureRequest) -> Operation:
    return OPERATIONS[request.param]


def test_without_the_package_redis_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigurationError, match=re.escape(f"redis: {install_command('redis')}.")):
        RedisStore("redis://localhost", FakeClock())


@pytest.mark.parametrize("tail", ["host:port/0", "host/0?socket_timeout=sesame", "[host"])
def test_a_url_that_cannot_be_read_is_a_configuration_error_without_the_password(tail: str) -> None:
    pytest.importorskip("redis")
    with pytest.raises(ConfigurationError, match="redis://host:6379/0") as caught:
        RedisStore(f"redis://user:sesame@{tail}", FakeClock())
    assert shows(caught.value, "sesame") == []


async def test_values_stay_bytes_if_the_url_asks_for_text(redis_url: str) -> None:
    async with opened(f"{redis_url}?decode_responses=True") as store:
        await store.put("key", b"\xff", HOUR)
        assert await store.get("key") == b"\xff"


@pytest.mark.parametrize("command", ["LPUSH {} a b", "HSET {} field value", "SADD {} a b", "ZADD {} 1 a"])
async def test_a_value_of_a_foreign_type_counts_as_none_and_is_overwritten(
    redis_process: RedisProcess, command: str
) -> None:
    async with opened(redis_process.url) as store:
        for write in (OPERATIONS["put"], OPERATIONS["update"]):
            redis_process.command("FLUSHALL")
            redis_process.command(command.format("openrouter-rankings:key"))
            assert await store.get("key") is None
            assert await store.update("key", lambda present, _: Update(present, present)) is None
            await write(store)
            assert await store.get("key") == b"value"


async def test_a_value_expires_in_the_server_too(redis_process: RedisProcess) -> None:
    async with opened(redis_process.url) as store:
        for write in (OPERATIONS["put"], OPERATIONS["update"]):
            redis_process.command("FLUSHALL")
            await write(store)
            seconds = redis_process.command("TTL openrouter-rankings:key")
            assert HOUR - 60 < int(seconds.strip().lstrip(b":")) <= HOUR


async def test_a_server_that_refuses_the_password_is_an_error(
    redis_process: RedisProcess, operation: Operation
) -> None:
    redis_process.command("CONFIG SET requirepass sesame")
    for url in (redis_process.url, redis_process.url.replace("//", "//:mistaken@")):
        async with opened(url) as store:
            with pytest.raises(StoreError, match="The Redis server refuses this user") as caught:
                await operation(store)
        assert not isinstance(caught.value, StoreUnreachableError)
        assert caught.value.__cause__ is not None
        assert shows(caught.value, "mistaken") == []
    async with opened(redis_process.url.replace("//", "//:sesame@")) as store:
        await operation(store)


async def test_a_user_without_permission_is_an_error(redis_process: RedisProcess, operation: Operation) -> None:
    redis_process.command("ACL SETUSER reader on >sesame ~* +ping +client +hello +auth")
    async with opened(redis_process.url.replace("//", "//reader:sesame@")) as store:
        with pytest.raises(StoreError, match="refuses this user") as caught:
            await operation(store)
    assert not isinstance(caught.value, StoreUnreachableError)


async def test_a_server_that_is_gone_is_unreachable_until_it_is_back(
    redis_process: RedisProcess, operation: Operation
) -> None:
    async with opened(redis_process.url.replace("//", "//:sesame@")) as store:
        redis_process.stop()
        with pytest.raises(StoreUnreachableError, match="cannot be used now") as caught:
            await operation(store)
        assert caught.value.__cause__ is not None
        assert shows(caught.value, "sesame") == []
    async with opened(redis_process.url) as store:
        with pytest.raises(StoreUnreachableError):
            await operation(store)
        redis_process.start()
        await operation(store)


async def test_a_server_without_memory_cannot_be_used(redis_process: RedisProcess) -> None:
    redis_process.command("CONFIG SET maxmemory 1")
    async with opened(redis_process.url) as store:
        with pytest.raises(StoreUnreachableError, match="OutOfMemoryError"):
            await store.put("key", b"value", HOUR)


async def test_a_server_that_closed_an_idle_connection_is_asked_again(
    redis_process: RedisProcess, operation: Operation
) -> None:
    async with opened(redis_process.url) as store:
        await store.put("key", b"value", HOUR)
        assert redis_process.command("CLIENT KILL TYPE normal") == b":1\r\n"
        await operation(store)
        assert await store.get("key") == (None if operation is OPERATIONS["delete"] else b"value")


def connections(server: RedisProcess) -> int:
    """How many there are beside the one that asks."""
    return server.command("CLIENT LIST TYPE normal").count(b" addr=") - 1


async def test_no_connection_is_left_open_after_an_error_and_at_the_end(redis_process: RedisProcess) -> None:
    def fail(_: bytes | None, __: float) -> Update[None]:
        raise LookupError("a mistake in the rule")

    async with opened(redis_process.url) as store:
        await asyncio.gather(*(store.put(str(number), b"value", HOUR) for number in range(3)))
        with pytest.raises(LookupError):
            await store.update("key", fail)
        assert connections(redis_process) >= 1
    await asyncio.to_thread(wait_until, lambda: connections(redis_process) == 0)


async def test_a_server_that_does_not_answer_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    monkeypatch.setattr(redis, "_TIMEOUT", 0.05)
    release = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with opened(f"redis://127.0.0.1:{port}") as store:
            with pytest.raises(StoreUnreachableError, match="TimeoutError"):
                await operation(store)
        release.set()


async def time_of(store: RedisStore) -> float:
    return await store.update("key", lambda present, now: Update(now, present))


async def test_the_time_of_the_server_counts_and_not_that_of_this_machine(redis_url: str) -> None:
    class FastClock(SystemClock):
        def time(self) -> float:
            return super().time() + 10 * HOUR

    async with opened(redis_url, FastClock()) as store:
        assert await time_of(store) == pytest.approx(SystemClock().time(), abs=HOUR)


async def test_a_clock_of_a_test_goes_before_the_time_of_the_server(redis_url: str) -> None:
    clock = FakeClock()
    async with opened(redis_url, clock) as store:
        assert await time_of(store) == clock.time()


async def test_what_another_writes_in_between_is_seen_by_a_second_try(redis_process: RedisProcess) -> None:
    seen: list[bytes | None] = []

    def change(present: bytes | None, _: float) -> Update[None]:
        if not seen:
            redis_process.command("SET openrouter-rankings:key theirs")
        seen.append(present)
        return Update(None, (present or b"") + b" and ours", HOUR)

    async with opened(redis_process.url) as store:
        await store.update("key", change)
        assert (seen, await store.get("key")) == ([None, b"theirs"], b"theirs and ours")


async def test_an_update_gives_up_when_others_always_write_in_between(
    redis_process: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "_MAX_ROUNDS", 3)
    seen: list[bytes | None] = []

    def change(present: bytes | None, _: float) -> Update[None]:
        seen.append(present)
        redis_process.command(f"SET openrouter-rankings:key {len(seen)}")
        return Update(None, b"ours", HOUR)

    async with opened(redis_process.url) as store:
        with pytest.raises(StoreError, match="Too many others write to openrouter-rankings:key"):
            await store.update("key", change)
        assert (seen, await store.get("key")) == ([None, b"1", b"2"], b"3")


async def test_a_response_that_is_no_mistake_of_type_is_not_taken_for_a_missing_value() -> None:
    pytest.importorskip("redis")

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while commands := await reader.read(1000):
                writer.write(b"-ERR unknown command\r\n" * commands.count(b"*"))
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port: Any = server.sockets[0].getsockname()[1]
        async with opened(f"redis://127.0.0.1:{port}") as store:
            with pytest.raises(StoreUnreachableError, match="unknown command"):
                await store.get("key")
