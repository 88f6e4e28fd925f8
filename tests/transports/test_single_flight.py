"""Single flight: shared work, shared errors, and nobody who suffers from another's leaving."""

from __future__ import annotations

import asyncio
import gc
import math
import sys
import traceback
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import attrs
import pytest
from noise import no_noise
from patience import PATIENCE, settle, turn

from openrouter_rankings.errors import InternalServerError, TransportError
from openrouter_rankings.transports.deadline import Deadline
from openrouter_rankings.transports.single_flight import SingleFlight

CALLERS = 50


@attrs.define
class Work:
    """Work that ends when the test says so."""

    error: Exception | None = None
    begun: int = 0
    cancelled: int = 0
    finish: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def __call__(self, _: Deadline | None = None) -> object:
        self.begun += 1
        try:
            await self.finish.wait()
        except asyncio.CancelledError:
            await settle()
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        return object()


@pytest.fixture
async def flights() -> AsyncIterator[SingleFlight[object]]:
    flights: SingleFlight[object] = SingleFlight()
    yield flights
    assert "key" not in flights
    assert asyncio.all_tasks() == {asyncio.current_task()}


def callers(flights: SingleFlight[object], work: Work, count: int = CALLERS) -> list[asyncio.Task[object]]:
    return [asyncio.create_task(flights.join("key", work)) for _ in range(count)]


async def test_all_callers_get_the_one_result(flights: SingleFlight[object]) -> None:
    work = Work()
    tasks = callers(flights, work)
    await settle()
    work.finish.set()
    results = await asyncio.gather(*tasks)
    assert work.begun == 1
    assert all(result is results[0] for result in results)


async def test_who_comes_after_the_end_begins_anew(flights: SingleFlight[object]) -> None:
    work = Work()
    work.finish.set()
    assert await flights.join("key", work) is not await flights.join("key", work)
    assert work.begun == 2


async def test_different_keys_do_not_share(flights: SingleFlight[object]) -> None:
    work = Work()
    work.finish.set()
    await asyncio.gather(flights.join("key", work), flights.join("other", work))
    assert work.begun == 2


async def test_a_cancelled_caller_leaves_the_others_their_result(flights: SingleFlight[object]) -> None:
    work = Work()
    tasks = callers(flights, work)
    await settle()
    for task in tasks[:-1]:
        task.cancel()
    await settle()
    work.finish.set()
    await tasks[-1]
    assert all(task.cancelled() for task in tasks[:-1])
    assert (work.begun, work.cancelled) == (1, 0)


async def test_the_last_caller_to_leave_ends_the_work_before_he_returns(flights: SingleFlight[object]) -> None:
    work = Work()
    tasks = callers(flights, work)
    await settle()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert work.cancelled == 1


async def test_who_comes_while_abandoned_work_ends_begins_anew(flights: SingleFlight[object]) -> None:
    work = Work()
    (leaver,) = callers(flights, work, 1)
    await settle()
    leaver.cancel()
    await asyncio.sleep(0)
    (newcomer,) = callers(flights, work, 1)
    await asyncio.wait({leaver})
    (follower,) = callers(flights, work, 1)
    await settle()
    work.finish.set()
    assert await newcomer is await follower
    assert (work.begun, work.cancelled) == (2, 1)


async def test_an_error_reaches_every_caller_as_an_object_of_his_own(flights: SingleFlight[object]) -> None:
    cause = OSError("reset")
    error = TransportError("no answer")
    error.__cause__ = cause
    work = Work(error)
    tasks = callers(flights, work)
    await settle()
    work.finish.set()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert len({id(raised) for raised in errors}) == CALLERS
    for raised in errors:
        assert isinstance(raised, TransportError)
        assert (str(raised), repr(raised.__cause__)) == ("no answer", repr(cause))
    assert len({id(raised.__cause__) for raised in errors if isinstance(raised, TransportError)}) == CALLERS


async def depths(flights: SingleFlight[object], error: Exception, count: int) -> list[int]:
    """The length of each caller's traceback, where ``count`` callers share a failure."""
    work = Work(error)
    tasks = callers(flights, work, count)
    await settle()
    work.finish.set()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    return [len(traceback.extract_tb(raised.__traceback__)) for raised in errors if isinstance(raised, Exception)]


@pytest.mark.parametrize("kind", [TransportError, ZeroDivisionError])
async def test_no_callers_traceback_grows_with_the_others(flights: SingleFlight[object], kind: type[Exception]) -> None:
    (alone,) = await depths(flights, kind("no answer"), 1)
    assert await depths(flights, kind("no answer"), CALLERS) == [alone] * CALLERS


async def test_a_bug_keeps_its_traceback_for_every_caller(flights: SingleFlight[object]) -> None:
    work = Work(ZeroDivisionError("a bug"))
    tasks = callers(flights, work, 3)
    await settle()
    work.finish.set()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    for raised in errors:
        assert isinstance(raised, ZeroDivisionError)
        assert "raise self.error" in "".join(traceback.format_exception(raised))


async def test_what_one_caller_does_to_an_error_nobody_else_sees(flights: SingleFlight[object]) -> None:
    metadata = {"headers": {"Retry-After": "1"}}
    work = Work(InternalServerError(status=500, metadata=metadata, headers={}))
    tasks = callers(flights, work, 3)
    await settle()
    work.finish.set()
    first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, InternalServerError)
    assert isinstance(second, InternalServerError)
    first.add_note("mine")
    assert first.metadata is not None
    first.metadata["headers"].clear()
    assert second.metadata == {"headers": {"Retry-After": "1"}}
    assert not any(hasattr(error, "__notes__") for error in (second, third))


async def test_shared_work_has_the_latest_deadline_of_its_callers(flights: SingleFlight[object]) -> None:
    seen: list[Deadline] = []
    finish = asyncio.Event()

    async def work(deadline: Deadline) -> object:
        seen.append(deadline)
        return await finish.wait()

    calls = [asyncio.create_task(flights.join("key", work, until)) for until in (3.0, 9.0, 5.0)]
    await settle()
    assert [deadline.at for deadline in seen] == [9.0]
    calls.append(asyncio.create_task(flights.join("key", work)))
    await settle()
    assert [deadline.at for deadline in seen] == [math.inf]
    finish.set()
    await asyncio.gather(*calls)


async def test_an_error_that_nobody_waits_for_any_more_is_not_reported_as_lost(
    flights: SingleFlight[object],
) -> None:
    async def fails_when_cancelled(_: Deadline) -> object:
        try:
            return await asyncio.Event().wait()
        finally:
            raise TransportError("broken off")

    async with no_noise():
        task = asyncio.create_task(flights.join("key", fails_when_cancelled))
        await settle()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        del task


async def test_closing_ends_the_work_and_tells_who_waits(flights: SingleFlight[object]) -> None:
    work = Work()
    tasks = callers(flights, work)
    await settle()
    await flights.aclose()
    assert work.cancelled == 1
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(error, TransportError) and "closed" in str(error) for error in errors)
    await flights.aclose()


def eager(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **_: object) -> asyncio.Future[Any]:
    """What stands for ``asyncio.eager_task_factory`` in Python 3.11, for work that ends before its first wait."""
    task = loop.create_future()
    try:
        work.send(None)
    except StopIteration as end:
        task.set_result(end.value)
    return task


async def test_work_that_ends_before_it_is_waited_for_is_shared_too(flights: SingleFlight[object]) -> None:
    work = Work()
    work.finish.set()
    loop = asyncio.get_running_loop()
    factory: Any = eager
    loop.set_task_factory(getattr(asyncio, "eager_task_factory", factory))
    try:
        assert await flights.join("key", work)
    finally:
        loop.set_task_factory(None)


async def test_a_caller_cancelled_in_the_moment_of_the_result_is_cancelled(flights: SingleFlight[object]) -> None:
    work = Work()
    (task,) = callers(flights, work, 1)
    await settle()
    work.finish.set()
    await turn(2)
    task.cancel()
    await asyncio.wait({task})
    assert work.begun == 1


async def test_closing_tells_also_the_callers_of_work_that_has_not_begun(flights: SingleFlight[object]) -> None:
    work = Work()
    (caller,) = callers(flights, work, 1)
    # The caller launches its work, which the closing cancels before the work's own turn.
    closing = asyncio.create_task(flights.aclose())
    with pytest.raises(TransportError, match="closed"):
        await caller
    await closing
    assert work.begun == 0


async def test_work_that_others_cancel_before_it_has_begun_leaves_nobody_waiting(
    flights: SingleFlight[object],
) -> None:
    work = Work()
    (caller,) = callers(flights, work, 1)
    await turn(1)
    # A program that ends may cancel all tasks, and one of them may ask for a last answer.
    for task in asyncio.all_tasks() - {asyncio.current_task(), caller}:
        task.cancel()
    (latecomer,) = callers(flights, work, 1)
    for each in (caller, latecomer):
        with pytest.raises(TransportError, match="closed"):
            await asyncio.wait_for(each, PATIENCE)
    assert work.begun == 0


async def test_work_that_is_cancelled_by_itself_leaves_nobody_waiting(flights: SingleFlight[object]) -> None:
    async def work(_: Deadline) -> object:
        raise asyncio.CancelledError

    with pytest.raises(TransportError, match="closed"):
        await flights.join("key", work)


async def test_what_ends_a_test_reaches_every_caller_and_is_not_reported_as_lost(
    flights: SingleFlight[object],
) -> None:
    async def work(_: Deadline) -> object:
        # It is no ``Exception``.
        pytest.fail("must not be sent")

    async with no_noise():
        ends = await asyncio.gather(*(flights.join("key", work) for _ in range(3)), return_exceptions=True)
        assert [type(end) for end in ends] == 3 * [pytest.fail.Exception]
        del ends


def test_what_ends_the_program_is_not_reported_as_lost() -> None:
    async def work(_: Deadline) -> object:
        raise SystemExit(3)

    noise: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
        await SingleFlight[object]().join("key", work)

    with pytest.raises(SystemExit):
        asyncio.run(main())
    gc.collect()
    assert noise == []


def test_work_in_a_loop_that_was_closed_complains_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)

    async def begin() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        callers(SingleFlight(), Work(), 1)
        await settle()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    loop.close()
    del loop
    gc.collect()
    assert ignored == []
