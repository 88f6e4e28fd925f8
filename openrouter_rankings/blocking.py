"""The client for code that does not ``await``: scripts, notebooks, Django views.

::

    from openrouter_rankings.blocking import RankingsClient

    with RankingsClient() as client:
        tasks = client.get_task_classifications()

There is no second implementation: each method runs the one of the same name of ``openrouter_rankings.RankingsClient``
in an event loop in a thread, and waits for it.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial, wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, Unpack

from openrouter_rankings import client as awaited
from openrouter_rankings import paging
from openrouter_rankings.errors import ConfigurationError, TransportError
from openrouter_rankings.forks import in_each_child
from openrouter_rankings.models.data_set import Answer, DataSet
from openrouter_rankings.provenance import Provenance
from openrouter_rankings.transports.stores.thread import BlockingThread
from openrouter_rankings.watching import Change

if TYPE_CHECKING:
    from openrouter_rankings import endpoints
    from openrouter_rankings.client import CallOptions
    from openrouter_rankings.models.app_rankings import AppRankings, AppRankingsItem
    from openrouter_rankings.models.benchmarks import Benchmarks
    from openrouter_rankings.models.rankings_daily import RankingsDaily
    from openrouter_rankings.models.session_cost import SessionCost, SessionCostItem
    from openrouter_rankings.models.task_classifications import TaskClassifications
    from openrouter_rankings.transports.quota.status import QuotaStatus

__all__ = ["Paged", "RankingsClient"]

A = ParamSpec("A")
D = TypeVar("D", bound=DataSet)
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")
W = TypeVar("W", bound=Answer)

# Windows does not interrupt a thread that waits for a lock, so Ctrl-C is noticed between waits of so many seconds.
_SIGNAL_INTERVAL = 0.1


class Paged(Iterator[R], Generic[D, R]):
    """The rows of a list, page after page, each asked for when it is needed: ``for row in paged``.

    Rows have no citation. Where it is needed, take the ``pages()``; ``join_pages`` makes them one answer. The errors
    are those of ``openrouter_rankings.Paged``.
    """

    def __init__(self, paged: paging.Paged[D, R], iterate: Callable[[AsyncIterator[D]], Iterator[D]]) -> None:
        """Made by the client's ``iter_`` methods.

        Args:
            paged: the list.
            iterate: makes a plain iterator of an asynchronous one.
        """
        self._paged = paged
        self._iterate = iterate
        self._rows: Iterator[R] = (row for page in self.pages() for row in page.data)

    def __repr__(self) -> str:
        return repr(self._paged).replace("async for", "for")

    def __next__(self) -> R:
        return next(self._rows)

    def pages(self) -> Iterator[D]:
        """The pages, each an answer of its own; read from the beginning, whatever rows were taken before."""
        return self._iterate(self._paged.pages())


def _as_in(
    method: Callable[Concatenate[Any, A], object],
) -> Callable[[Callable[Concatenate[S, ...], T]], Callable[Concatenate[S, A], T]]:
    """Give a method the parameters and the docstring of another, for its readers and for type checkers."""

    def decorate(call: Callable[Concatenate[S, ...], T]) -> Callable[Concatenate[S, A], T]:
        wrapped = wraps(method, assigned=(), updated=())(call)
        wrapped.__doc__ = (method.__doc__ or "").replace("async for", "for")
        return wrapped

    return decorate


class RankingsClient:
    """Asks OpenRouter's Data API, and returns when the answer is there.

    The arguments, methods and errors are those of ``openrouter_rankings.RankingsClient``. Any number of threads may
    share a client, and so share its quota and its cache. It works where an event loop is running, as in a notebook, and
    blocks that loop. A callback such as ``progress`` runs in the client's own thread, and must not call the client.

    A context manager; without ``with``, the client is closed when nothing refers to it any more, or when the program
    ends. Ctrl-C ends a call and cancels its request.

    The thread starts with the first call. A program that forks must not use a client on both sides of the fork: open
    the client or make its first call in the child. Where a client with a SQLite store is in use at that moment, start
    the child anew instead (``multiprocessing``'s ``spawn``): SQLite's own locks do not survive a fork.
    """

    @_as_in(awaited.RankingsClient.__init__)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._client = awaited.RankingsClient(*args, **kwargs)
        self._thread = _LoopThread()
        weakref.finalize(self, self._thread.close_if_started, self._client.aclose)

    def __repr__(self) -> str:
        return repr(self._client)

    @_as_in(awaited.RankingsClient.get_task_classifications)
    def get_task_classifications(self, *args: Any, **kwargs: Any) -> TaskClassifications:
        return self._thread.run(self._client.get_task_classifications, *args, **kwargs)

    @_as_in(awaited.RankingsClient.watch_task_classifications)
    def watch_task_classifications(self, *args: Any, **kwargs: Any) -> Iterator[TaskClassifications]:
        return self._thread.watch(self._client.watch_task_classifications(*args, **kwargs))

    def watch(
        self, get: Callable[A, W], every: float = 3600.0, *args: A.args, **kwargs: A.kwargs
    ) -> Iterator[Change[W]]:
        """The current answer of an operation, and then each one with other figures or another span.

        ::

            for change in client.watch(client.get_app_rankings, every=3600, category="coding"):
                for app in change.differences().entered:
                    ...

        It continues after failures, each of which is a record on the logger ``openrouter_rankings``, and ends with
        ``break``, or when the client is closed.

        Args:
            get: a ``get_`` method of this client, or a function that passes ``max_age`` on to one.
            every: seconds between two requests, at least 60.
            args: the positional parameters of ``get``.
            kwargs: the parameters of ``get``.

        Raises:
            ConfigurationError: as for ``openrouter_rankings.RankingsClient.watch``.
        """
        return self._thread.watch(self._client.watch(_in_worker(get), every, *args, **kwargs))

    @_as_in(awaited.RankingsClient.get_rankings_daily)
    def get_rankings_daily(self, *args: Any, **kwargs: Any) -> RankingsDaily:
        return self._thread.run(self._client.get_rankings_daily, *args, **kwargs)

    @_as_in(awaited.RankingsClient.get_app_rankings)
    def get_app_rankings(self, *args: Any, **kwargs: Any) -> AppRankings:
        return self._thread.run(self._client.get_app_rankings, *args, **kwargs)

    @_as_in(awaited.RankingsClient.iter_app_rankings)
    def iter_app_rankings(self, *args: Any, **kwargs: Any) -> Paged[AppRankings, AppRankingsItem]:
        return Paged(self._client.iter_app_rankings(*args, **kwargs), self._thread.iterate)

    @_as_in(awaited.RankingsClient.get_session_cost)
    def get_session_cost(self, *args: Any, **kwargs: Any) -> SessionCost:
        return self._thread.run(self._client.get_session_cost, *args, **kwargs)

    @_as_in(awaited.RankingsClient.iter_session_cost)
    def iter_session_cost(self, *args: Any, **kwargs: Any) -> Paged[SessionCost, SessionCostItem]:
        return Paged(self._client.iter_session_cost(*args, **kwargs), self._thread.iterate)

    @_as_in(awaited.RankingsClient.get_benchmarks)
    def get_benchmarks(self, *args: Any, **kwargs: Any) -> Benchmarks:
        return self._thread.run(self._client.get_benchmarks, *args, **kwargs)

    @_as_in(awaited.RankingsClient.quota)
    def quota(self) -> QuotaStatus:
        return self._thread.run(self._client.quota)

    def fetch(self, endpoint: endpoints.Endpoint[T], **options: Unpack[CallOptions]) -> awaited.Fetched[T]:
        """The answer of any endpoint of ``openrouter_rankings.endpoints``, with the response it came in.

        Args:
            endpoint: the operation with its parameters.
            options: see ``CallOptions``.
        """
        return self._thread.run(lambda: self._client.fetch(endpoint, **options))

    def provenance(self, answer: object) -> Provenance:
        """How old an answer of this client is by now, and whether it is stale.

        Raises:
            ConfigurationError: it is not an answer of this client, or the client was made with ``cache=None``.
        """
        return self._client.provenance(answer)

    def close(self) -> None:
        """Close the client and its transport, as ``aclose`` does, and end its thread. Repeating it does nothing."""
        self._thread.close(self._client.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _in_worker(get: Callable[A, T]) -> Callable[A, Coroutine[Any, Any, T]]:
    """A method of the client as a coroutine function: a worker thread waits for it, since the client's own may not."""
    if not callable(get):
        return get

    # A thread of its own: a call waits for what the loop's workers do for the client, such as resolving names. The end
    # of the program would wait for those.
    worker = BlockingThread()

    @wraps(get)
    async def call(*args: A.args, **kwargs: A.kwargs) -> T:
        made = _CallOfWatch()
        context = contextvars.copy_context()
        context.run(_call_of_watch.set, made)
        try:
            return await worker.run(lambda: context.run(get, *args, **kwargs))
        finally:
            made.cancel()

    return call


class _CallOfWatch:
    """The call that a worker waits for on behalf of a watch, and which must not outlive it."""

    def __init__(self) -> None:
        self._future: Future[Any] | None = None
        self._is_cancelled = False

    def add(self, future: Future[Any]) -> None:
        """Note a call that the worker makes. It is cancelled immediately if the watch has ended."""
        self._future = future
        if self._is_cancelled:
            future.cancel()

    def cancel(self) -> None:
        """Cancel the call under way, and each that follows."""
        # The flag before the look: another thread may be in the middle of `add`.
        self._is_cancelled = True
        if self._future is not None:
            self._future.cancel()


_call_of_watch: contextvars.ContextVar[_CallOfWatch | None] = contextvars.ContextVar("_call_of_watch", default=None)


class _LoopThread:
    """An event loop in a thread of its own, which starts when it is first needed.

    The thread is a daemon, so that it keeps no program from ending.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._ended = False
        _threads.add(self)

    def forget_other_threads(self) -> None:
        """Free the lock in a child process, where the thread that held it at the fork does not exist."""
        self._lock = threading.Lock()

    def run(self, function: Callable[A, Coroutine[Any, Any, T]], *args: A.args, **kwargs: A.kwargs) -> T:
        """The result of a coroutine function. An interrupt of the waiting thread cancels it.

        Raises:
            ConfigurationError: the thread is closed, is the calling thread itself, or belongs to the parent process.
            TransportError: the thread was closed before there was a result.
        """
        with self._lock:
            if self._closed:
                raise ConfigurationError("This client is closed: open a new one.")
            loop = self._running_loop()
            future = asyncio.run_coroutine_threadsafe(function(*args, **kwargs), loop)
        watch = _call_of_watch.get()
        if watch is not None:
            watch.add(future)
        return _result(future)

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The items of an asynchronous iterator; what ``run`` raises ends it."""
        while True:
            try:
                item = self.run(_next, items)
            except StopAsyncIteration:
                return
            yield item

    def watch(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The items of an asynchronous iterator, which end without an error when the thread is closed."""
        try:
            yield from self.iterate(items)
        except (ConfigurationError, TransportError):
            if not self._closed:
                raise

    def close_if_started(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Close a thread that was started; see ``close``."""
        if self._thread is not None:
            self.close(last)

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``last``, cancel what is still running, and end the thread. Repeating it does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._is_of_parent():
                return
            thread, loop = self._started()
            future = asyncio.run_coroutine_threadsafe(self._end(last), loop)
        # The garbage collector may close a client in any thread, and so in this one.
        if threading.current_thread() is not thread:
            try:
                _result(future)
            finally:
                thread.join()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._is_of_parent():
            raise ConfigurationError(
                "This client was first used before this process was forked off: open one client in each process."
            )
        thread, loop = self._started()
        if threading.current_thread() is thread:
            raise ConfigurationError(
                "A callback of this client called it, and would wait for itself: make the call elsewhere."
            )
        return loop

    def _is_of_parent(self) -> bool:
        return self._thread is not None and not self._thread.is_alive()

    def _started(self) -> tuple[threading.Thread, asyncio.AbstractEventLoop]:
        if self._thread is None or self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_default_executor(_Workers())
            thread = threading.Thread(target=self._serve, args=(self._loop,), name="openrouter_rankings", daemon=True)
            thread.start()
            self._thread = thread
        return self._thread, self._loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._ended:
            # Raised by a callback such as progress, they stop the loop, which has yet to pass them on to the caller.
            with suppress(KeyboardInterrupt, SystemExit):
                loop.run_forever()
        loop.close()

    async def _end(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await last()
        finally:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await loop.shutdown_asyncgens()
            self._ended = True
            # The loop stops after the turn in which it reports the end of this task.
            loop.call_soon(loop.stop)


def _after_fork() -> None:
    for thread in list(_threads):
        thread.forget_other_threads()


_threads: weakref.WeakSet[_LoopThread] = weakref.WeakSet()

in_each_child(_after_fork)


class _Workers(ThreadPoolExecutor):
    """The worker threads of a loop.

    None can be started while the interpreter exits, but a client that is closed then has to write to its store: the
    work is done immediately, in the calling thread.
    """

    def submit(self, fn: Callable[A, T], /, *args: A.args, **kwargs: A.kwargs) -> Future[T]:
        work = _Work(partial(fn, *args, **kwargs))
        try:
            super().submit(work.run)
        except RuntimeError:
            # A pool that could not start a thread has queued the work all the same, and an older thread may take it.
            work.run()
        return work.future


class _Work(Generic[T]):
    """A piece of work that is done once, however many threads have it, and its result."""

    def __init__(self, function: Callable[[], T]) -> None:
        self.future: Future[T] = Future()
        self._function = function
        self._is_taken = threading.Lock()

    def run(self) -> None:
        """Do the work, unless a thread has taken it or it was cancelled."""
        if not self._is_taken.acquire(blocking=False) or not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self._function())
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            self.future.set_exception(error)


async def _next(items: AsyncIterator[T]) -> T:
    # Called in the loop's thread, so that asyncio learns of a generator and closes it when nobody refers to it.
    return await anext(items)


def _result(future: Future[T]) -> T:
    try:
        while not wait([future], timeout=_SIGNAL_INTERVAL).done:
            pass
        return future.result()
    except CancelledError as error:
        raise TransportError("The client was closed before the call had ended.") from error
    finally:
        # After an interrupt; otherwise it changes nothing.
        future.cancel()
