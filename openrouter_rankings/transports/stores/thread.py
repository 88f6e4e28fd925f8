"""A thread for calls that block, which holds up neither the event loop nor the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

__all__ = ["BlockingThread"]

T = TypeVar("T")

_Call = Callable[[], None]


class BlockingThread:
    """Runs calls that block, one after the other, in a thread of its own.

    asyncio's own threads are waited for when the loop closes, and those of ``concurrent.futures`` when the program
    ends, so that one call that hangs, such as on a network disk, would hang both. Nobody waits for this one.

    No thread can be started while the interpreter exits. A call that comes first then is made where it comes from.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call | None] | None = None
        self._has_run_here = False

    async def run(self, work: Callable[[], T]) -> T:
        """The result of ``work``. If the caller is cancelled before it has begun, it is left out."""
        return await self._submit(work, may_be_left_out=True)

    async def end(self, work: Callable[[], None]) -> None:
        """Run ``work`` and end the thread, as soon as the calls before have ended. Without any call, do nothing.

        Both happen even if the caller is cancelled. The next ``run`` begins another thread.
        """
        if self._calls is None:
            if self._has_run_here:
                work()
            return
        done = self._submit(work, may_be_left_out=False)
        self._calls.put(None)
        self._calls = None
        await asyncio.shield(done)

    def _submit(self, work: Callable[[], T], *, may_be_left_out: bool) -> asyncio.Future[T]:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call = partial(_carry_out, work, future, may_be_left_out=may_be_left_out)
        if self._calls is None:
            self._calls = self._start()
        if self._calls is None:
            self._has_run_here = True
            call()
        else:
            self._calls.put(call)
        return future

    def _start(self) -> SimpleQueue[_Call | None] | None:
        """The queue of a new thread; None if there can be none."""
        calls: SimpleQueue[_Call | None] = SimpleQueue()
        name = "openrouter_rankings store"
        try:
            threading.Thread(target=_serve, args=(calls,), name=name, daemon=True).start()
        except RuntimeError:
            return None
        weakref.finalize(self, calls.put, None).atexit = False
        return calls


def _serve(calls: SimpleQueue[_Call | None]) -> None:
    while (call := calls.get()) is not None:
        call()
        # What it refers to is not kept until the next one comes.
        del call


def _carry_out(work: Callable[[], T], future: asyncio.Future[T], *, may_be_left_out: bool) -> None:
    if may_be_left_out and future.cancelled():
        return
    try:
        settle = partial(future.set_result, work())
    except StopIteration as error:
        # A future does not take it, and its caller would wait for ever. A coroutine does the same (PEP 479).
        failure = RuntimeError("The call raised StopIteration.")
        failure.__cause__ = error
        settle = partial(future.set_exception, failure)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
        settle = partial(future.set_exception, error)
    # The loop may have been closed in the meantime.
    with contextlib.suppress(RuntimeError):
        future.get_loop().call_soon_threadsafe(lambda: future.done() or settle())
