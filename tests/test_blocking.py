"""The blocking client: the same methods without ``await``, from any thread."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, assert_type

import attrs
import pytest
from patience import PATIENCE, wait_until

import openrouter_rankings
from openrouter_rankings import (
    AppRankings,
    AppRankingsItem,
    Benchmarks,
    Change,
    ConfigurationError,
    Fetched,
    Provenance,
    QuotaStatus,
    RankingsDaily,
    Request,
    Response,
    TaskClassifications,
    TransportError,
    UnauthorizedError,
    blocking,
    endpoints,
)
from openrouter_rankings.blocking import RankingsClient
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.testing import EmulatedAPI, FakeClock, FakeTransport, Reply, serve_in_thread

KEY = "sk-or-v1-0123456789abcdef"
THREAD = "openrouter_rankings"

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


class Held:
    """A transport that answers when it is allowed to."""

    def __init__(self, *, allowed: bool = False) -> None:
        self.clock = FakeClock()
        self.arrived = threading.Event()
        self.cancelled = threading.Event()
        self.closed = threading.Event()
        self._allowed = allowed

    async def send(self, request: Request) -> Response:
        self.arrived.set()
        try:
            if not self._allowed:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return EmulatedAPI().reply(request, self.clock.time()).response

    async def aclose(self) -> None:
        self.closed.set()


def client_on(api: Any, **options: Any) -> RankingsClient:
    return RankingsClient(KEY, transport=FakeTransport(api), **options)


@pytest.fixture
def client() -> Iterator[RankingsClient]:
    with client_on(EmulatedAPI()) as client:
        yield client


def bare(transport: Any) -> RankingsClient:
    """A client without layers, whose calls end only when the transport's do."""
    return RankingsClient(KEY, transport=transport, cache=None, quota=None, retry=None)


def running_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


@pytest.fixture(autouse=True)
def _every_thread_ends() -> Iterator[None]:
    before = running_threads()
    yield
    gc.collect()
    wait_until(lambda: running_threads() == before)


def public_methods(kind: type[Any]) -> dict[str, Any]:
    return {name: value for name, value in vars(kind).items() if not name.startswith("_")}


def test_each_method_of_the_awaited_client_is_a_method_of_the_blocking_one() -> None:
    awaited = public_methods(openrouter_rankings.RankingsClient)
    assert public_methods(RankingsClient).keys() == awaited.keys() - {"aclose"} | {"close"}


@pytest.mark.parametrize("name", ["__init__", *sorted(public_methods(RankingsClient).keys() - {"close", "watch"})])
def test_a_method_has_the_parameters_of_the_awaited_one(name: str) -> None:
    awaited = inspect.signature(getattr(openrouter_rankings.RankingsClient, name))
    assert inspect.signature(getattr(RankingsClient, name)).parameters == awaited.parameters


def test_watching_takes_a_method_of_the_blocking_client_and_else_what_the_awaited_one_takes() -> None:
    ours, awaited = (
        [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]
        for method in (RankingsClient.watch, openrouter_rankings.RankingsClient.watch)
    )
    assert ours == awaited


@pytest.mark.parametrize("name", sorted(public_methods(RankingsClient)))
def test_no_method_is_documented_as_one_to_await(name: str) -> None:
    documentation = inspect.getdoc(getattr(RankingsClient, name))
    assert documentation
    assert "async" not in documentation
    assert "await" not in documentation


def test_type_checkers_see_what_a_method_returns(client: RankingsClient) -> None:
    assert_type(client.get_task_classifications("7d", max_age=60), TaskClassifications)
    assert_type(client.get_rankings_daily(end_date="2025-12-31"), RankingsDaily)
    assert_type(client.iter_app_rankings(sort="popular"), blocking.Paged[AppRankings, AppRankingsItem])
    assert_type(client.watch_task_classifications(every=60), Iterator[TaskClassifications])
    assert_type(client.watch(client.get_app_rankings, every=60, category="coding"), Iterator[Change[AppRankings]])
    assert_type(client.fetch(endpoints.task_classifications("7d")), Fetched[TaskClassifications])
    assert_type(client.quota(), QuotaStatus)
    assert_type(client.provenance(client.get_task_classifications()), Provenance)


def test_type_checkers_refuse_an_argument_that_the_awaited_client_refuses(client: RankingsClient) -> None:
    with pytest.raises(TypeError, match="quoter"):
        RankingsClient(KEY, quoter=None)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match=r"Did you mean 'max_age'\?"):
        client.get_task_classifications(maxage=60)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_call_returns_what_the_awaited_one_does(client: RankingsClient) -> None:
    async def awaited() -> TaskClassifications:
        async with openrouter_rankings.RankingsClient(KEY, transport=FakeTransport(EmulatedAPI())) as other:
            return await other.get_task_classifications()

    assert client.get_task_classifications() == asyncio.run(awaited())


def test_a_call_raises_the_error_of_the_awaited_one() -> None:
    with client_on(EmulatedAPI(keys=["another"])) as client:
        with pytest.raises(UnauthorizedError) as caught:
            client.get_task_classifications()
    assert caught.value.status == 401


def test_without_a_key_there_is_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="OPENROUTER_API_KEY"):
        RankingsClient()


def test_an_answer_has_a_provenance_and_the_quota_counts_it(client: RankingsClient) -> None:
    tasks = client.get_task_classifications()
    assert client.provenance(tasks) == Provenance(age=0.0, stale=False)
    assert client.quota().day.used == 1


def test_rows_of_all_pages_come_from_a_plain_iterator(client: RankingsClient) -> None:
    apps = client.iter_app_rankings()
    ranks = [app.rank for app in apps]
    assert ranks == list(range(1, 201))
    assert list(apps) == []


def test_pages_can_be_read_with_their_citations(client: RankingsClient) -> None:
    pages = list(client.iter_app_rankings().pages())
    assert [len(page) for page in pages] == [100, 100]
    assert all("openrouter.ai/apps" in page.source_line for page in pages)


def test_a_page_is_asked_for_when_it_is_needed() -> None:
    transport = FakeTransport(EmulatedAPI())
    with RankingsClient(KEY, transport=transport) as client:
        rows = client.iter_app_rankings()
        assert transport.requests == []
        next(rows)
        assert len(transport.requests) == 1


def test_an_invalid_parameter_of_a_list_raises_immediately(client: RankingsClient) -> None:
    with pytest.raises(ConfigurationError, match="start_date"):
        client.iter_app_rankings(start_date="yesterday")


def test_a_list_says_how_to_read_it(client: RankingsClient) -> None:
    assert repr(client.iter_app_rankings()) == ("<Paged: at most 200 rows in pages of 100; read them with for>")


def test_watching_gives_each_answer_that_differs() -> None:
    days = iter(range(100))
    api = EmulatedAPI()

    def next_day(request: Request) -> Response:
        return api.reply(request, FakeClock().time() + 86400 * (next(days) // 2)).response

    with client_on(next_day, cache=None, quota=None) as client:
        watch = client.watch_task_classifications(every=60)
        dates = [next(watch).as_of for _ in range(3)]
    assert [(later - earlier).days for earlier, later in pairwise(dates)] == [1, 1]


def test_any_operation_can_be_watched_with_what_changed_beside_the_new_answer() -> None:
    clock = FakeClock(datetime(2026, 9, 17, 12, tzinfo=UTC))
    with RankingsClient(KEY, transport=FakeTransport(EmulatedAPI(), clock=clock)) as client:
        watch = client.watch(client.get_app_rankings, every=3600, category="coding", limit=5)
        first, second = next(watch), next(watch)
        assert first.previous is None
        assert second.previous is first.answer
        assert second.answer.meta.end_date == date(2026, 9, 17)
        assert len(second.differences().changed) + len(second.differences().entered) == 5


def test_an_invalid_parameter_ends_a_watch_with_its_error(client: RankingsClient) -> None:
    watch = client.watch(client.get_rankings_daily, start_date="yesterday")
    with pytest.raises(ConfigurationError, match="start_date"):
        next(watch)
    coroutine: Any = "get_rankings_daily"
    with pytest.raises(ConfigurationError, match="get must be a method"):
        client.watch(coroutine)


def test_a_watched_function_that_raises_stop_iteration_fails_and_does_not_hang(client: RankingsClient) -> None:
    def give_up(**_: object) -> AppRankings:
        raise StopIteration

    watch = client.watch(give_up)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(next, watch)
        try:
            with pytest.raises(RuntimeError, match="StopIteration"):
                waiting.result(PATIENCE)
        finally:
            client.close()


def test_a_watch_of_any_operation_ends_when_the_client_is_closed_while_it_asks() -> None:
    transport = Held(allowed=False)
    client = RankingsClient(KEY, transport=transport, clock=SystemClock())
    watch = client.watch(client.get_benchmarks)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(list[Change[Benchmarks]], watch)
        assert transport.arrived.wait(PATIENCE)
        client.close()
        assert waiting.result(PATIENCE) == []


def test_a_watch_leaves_the_workers_of_the_loop_to_what_its_own_call_needs() -> None:
    class Working(FakeTransport):
        async def send(self, request: Request) -> Response:
            await asyncio.to_thread(int)
            return await super().send(request)

    answered = threading.Event()
    with RankingsClient(KEY, transport=Working(EmulatedAPI())) as client:

        async def leave_one_worker() -> None:
            asyncio.get_running_loop().set_default_executor(blocking._Workers(max_workers=1))

        def take_one() -> None:
            next(client.watch(client.get_app_rankings))
            answered.set()

        client._thread.run(leave_one_worker)
        # A daemon, since a thread that waits for ever would keep the tests from ending.
        threading.Thread(target=take_one, daemon=True).start()
        assert answered.wait(PATIENCE)


def test_an_abandoned_watch_stops_asking(client: RankingsClient) -> None:
    for _ in client.watch_task_classifications():
        break

    async def others() -> int:
        return len(asyncio.all_tasks()) - 1

    wait_until(lambda: client._thread.run(others) == 0)


def test_a_watch_ends_when_the_client_is_closed(client: RankingsClient) -> None:
    answers = []
    for answer in client.watch_task_classifications():
        answers.append(answer)
        client.close()
    assert len(answers) == 1


def test_a_watch_that_waits_ends_when_the_client_is_closed() -> None:
    transport = Held(allowed=True)
    client = RankingsClient(KEY, transport=transport, clock=SystemClock())
    watch = client.watch_task_classifications()
    next(watch)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(list[TaskClassifications], watch)
        client.close()
        assert waiting.result(PATIENCE) == []


def test_a_failure_of_ours_is_not_taken_for_the_end_of_a_watch(client: RankingsClient) -> None:
    watch = client.watch_task_classifications()

    async def in_the_thread() -> None:
        next(watch)

    with pytest.raises(ConfigurationError, match="wait for itself"):
        client._thread.run(in_the_thread)


def test_callers_in_many_threads_share_one_exchange() -> None:
    transport = FakeTransport(EmulatedAPI())
    with RankingsClient(KEY, transport=transport) as client, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: client.get_task_classifications(), range(64)))
    assert len({id(answer) for answer in answers}) == 1
    assert len(transport.requests) == 1


def test_threads_that_make_the_first_call_together_start_one_loop() -> None:
    with client_on(EmulatedAPI()) as client, ThreadPoolExecutor(16) as pool:
        barrier = threading.Barrier(16)

        def first_call(_: int) -> int:
            barrier.wait()
            client.quota()
            return len(running_threads())

        assert set(pool.map(first_call, range(16))) == {1}


async def test_a_call_works_where_an_event_loop_is_running(client: RankingsClient) -> None:
    assert client.get_task_classifications().classifications


def test_a_callback_that_calls_its_client_is_an_error_and_not_a_deadlock(client: RankingsClient) -> None:
    with pytest.raises(ConfigurationError, match="wait for itself"):
        client.get_rankings_daily(progress=lambda _done, _total: client.quota())


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, ZeroDivisionError])
def test_what_a_callback_raises_reaches_the_caller(client: RankingsClient, kind: type[BaseException]) -> None:
    def give_up(_done: int, _total: int) -> None:
        raise kind

    with pytest.raises(kind):
        client.get_rankings_daily(progress=give_up)
    assert client.get_task_classifications()


def test_ctrl_c_ends_a_call_and_cancels_its_request() -> None:
    transport = Held()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with bare(transport) as client:
            interrupting = threading.Thread(target=_interrupt_waiting_main_thread, args=(transport.arrived,))
            interrupting.start()
            with pytest.raises(KeyboardInterrupt):
                client.get_task_classifications()
            assert transport.cancelled.wait(PATIENCE)
            interrupting.join()
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_watch_and_cancels_the_request_of_its_worker() -> None:
    transport = Held()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    client = bare(transport)
    try:
        interrupting = threading.Thread(target=_interrupt_waiting_main_thread, args=(transport.arrived,))
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            next(client.watch(client.get_app_rankings))
        interrupting.join()
        # Before the client is closed, which would cancel it too.
        assert transport.cancelled.wait(PATIENCE)
    finally:
        signal.signal(signal.SIGINT, before)
        client.close()


def test_a_call_that_a_worker_makes_after_its_watch_has_ended_is_cancelled() -> None:
    made = blocking._CallOfWatch()
    made.cancel()
    blocking._call_of_watch.set(made)
    try:
        # A call that is answered at once could have ended before it is cancelled.
        with bare(Held()) as client, pytest.raises(TransportError, match="closed before"):
            client.get_app_rankings()
    finally:
        blocking._call_of_watch.set(None)


def _interrupt_waiting_main_thread(arrived: threading.Event) -> None:
    assert arrived.wait(PATIENCE)
    wait_until(lambda: "_result" in _functions_under_way(threading.main_thread()))
    signal.raise_signal(signal.SIGINT)


def _functions_under_way(thread: threading.Thread) -> list[str]:
    assert thread.ident is not None
    stack = traceback.walk_stack(sys._current_frames()[thread.ident])
    return [frame.f_code.co_name for frame, _ in stack]


def test_a_closed_client_refuses_calls(client: RankingsClient) -> None:
    client.get_task_classifications()
    client.close()
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        client.get_task_classifications()
    with pytest.raises(ConfigurationError, match="closed"):
        next(client.iter_app_rankings())


def test_closing_ends_the_calls_of_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "_SIGNAL_INTERVAL", 0.001)
    transport = Held()
    client = bare(transport)
    with ThreadPoolExecutor() as pool:
        call = pool.submit(client.get_task_classifications)
        assert transport.arrived.wait(PATIENCE)
        client.close()
        with pytest.raises(TransportError, match="closed before"):
            call.result(PATIENCE)
    assert transport.cancelled.is_set()
    assert transport.closed.is_set()


def test_a_client_that_was_never_used_closes_its_transport() -> None:
    transport = Held()
    RankingsClient(KEY, transport=transport).close()
    assert transport.closed.is_set()


def test_a_client_that_is_no_longer_referred_to_is_closed() -> None:
    transport = Held(allowed=True)
    client = RankingsClient(KEY, transport=transport)
    client.get_task_classifications()
    del client
    gc.collect()
    assert transport.closed.is_set()


def test_a_client_that_was_never_used_has_nothing_to_close_when_it_is_no_longer_referred_to() -> None:
    transport = Held()
    RankingsClient(KEY, transport=transport)
    gc.collect()
    assert not transport.closed.is_set()


def test_a_client_whose_thread_is_in_the_parent_process_is_refused_and_closes_quietly() -> None:
    class Elsewhere(threading.Thread):
        """What the thread of a parent process is in a forked child."""

        def is_alive(self) -> bool:
            return False

    client = client_on(EmulatedAPI())
    client._thread._thread = Elsewhere()
    with pytest.raises(ConfigurationError, match="one client in each process"):
        client.quota()
    client.close()


def test_a_client_can_be_closed_from_its_own_thread() -> None:
    transport = Held(allowed=True)
    client = RankingsClient(KEY, transport=transport)

    async def close() -> None:
        client.close()

    client._thread.run(close)
    assert transport.closed.wait(PATIENCE)


def test_what_closing_raises_is_raised_and_the_thread_ends() -> None:
    class Unclosable(Held):
        async def aclose(self) -> None:
            raise ZeroDivisionError

    client = bare(Unclosable(allowed=True))
    client.get_task_classifications()
    with pytest.raises(ZeroDivisionError):
        client.close()


def test_work_that_no_worker_thread_can_do_is_done_immediately() -> None:
    workers = blocking._Workers()
    assert workers.submit(threading.current_thread).result(PATIENCE) is not threading.current_thread()
    workers.shutdown()
    assert workers.submit(threading.current_thread).result(0) is threading.current_thread()
    with pytest.raises(ZeroDivisionError):
        workers.submit(lambda: 1 / 0).result(0)


def test_work_that_was_queued_although_no_thread_could_be_started_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        # What Python 3.12 says while it ends, before the pool knows of it.
        raise RuntimeError("can't create new thread at interpreter shutdown")

    workers = blocking._Workers()
    began, may_end = threading.Event(), threading.Event()

    def keep_busy() -> None:
        began.set()
        assert may_end.wait(PATIENCE)

    busy = workers.submit(keep_busy)
    assert began.wait(PATIENCE)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    done_by: list[threading.Thread] = []
    workers.submit(lambda: done_by.append(threading.current_thread())).result(0)
    may_end.set()
    busy.result(PATIENCE)
    workers.shutdown()
    assert done_by == [threading.current_thread()]


def test_work_that_was_cancelled_before_its_turn_is_not_done() -> None:
    work = blocking._Work(lambda: pytest.fail("It was cancelled."))
    work.future.cancel()
    work.run()
    assert work.future.cancelled()


# The service behind the scripts is the emulation on a real socket, in this process.
_SCRIPT = """
import sys
from openrouter_rankings import CachePolicy, Quota
from openrouter_rankings.blocking import RankingsClient
url, folder = sys.argv[1:]
cache, quota = CachePolicy(store=f"{folder}/cache.sqlite3"), Quota(store=f"{folder}/quota.sqlite3")
client = RankingsClient("key", base_url=url, cache=cache, quota=quota)
"""


def run_script(lines: str, folder: Path, url: str = "http://127.0.0.1:9/api/v1") -> str:
    """What a script prints that makes ``client``, runs the lines and ends without closing it; stderr stays empty."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", _SCRIPT + lines, url, str(folder)],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    # In its debug mode asyncio reports what takes long on a busy machine, which is no complaint.
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.returncode, complaints) == (0, [])
    return done.stdout


def test_a_client_is_closed_when_the_program_ends(tmp_path: Path) -> None:
    with serve_in_thread(EmulatedAPI()) as url:
        assert run_script("print(client.get_task_classifications().window_days)", tmp_path, url) == "7\n"


class AlwaysStale:
    """Answers that are stale as soon as they arrive, each from another market; all but the first take their time."""

    def __init__(self) -> None:
        self.asked = 0

    def reply(self, request: Request, now: float) -> Reply:
        response = EmulatedAPI(seed=self.asked).reply(request, now).response
        self.asked += 1
        headers = {**response.headers, "Cache-Control": "private, max-age=0, stale-while-revalidate=3600"}
        return Reply(attrs.evolve(response, headers=headers), delay=0.1 if self.asked > 1 else 0.0)


def test_a_refresh_under_way_is_stored_when_the_program_ends(tmp_path: Path) -> None:
    # Closing waits five seconds for a refresh, which is too short on a busy machine.
    read = f"""
from openrouter_rankings.transports.cache import refreshes
refreshes._CLOSING_GRACE = {PATIENCE}
print(client.get_task_classifications(deadline={PATIENCE}).classifications[0].usage_share)
"""
    with serve_in_thread(AlwaysStale()) as url:
        first, from_the_cache, refreshed = (run_script(read, tmp_path, url) for _ in range(3))
    assert first == from_the_cache != refreshed


def test_a_watch_whose_function_does_not_return_keeps_no_program_from_ending(tmp_path: Path) -> None:
    hang = """
import threading
begun = threading.Event()
def hang(**options):
    begun.set()
    threading.Event().wait()
threading.Thread(target=lambda: list(client.watch(hang)), daemon=True).start()
begun.wait()
"""
    assert run_script(hang, tmp_path) == ""


def test_a_client_that_was_not_used_keeps_no_program_from_ending(tmp_path: Path) -> None:
    assert run_script("print(1)", tmp_path) == "1\n"


@needs_fork
def test_a_client_that_was_used_before_a_fork_is_refused_in_the_child(tmp_path: Path) -> None:
    forked = """
import os, warnings
# Python warns of forks of processes that have threads, which is what this is about.
warnings.simplefilter("ignore", DeprecationWarning)
# And 3.13 of the parent's connection to a database, which the child has no right to close.
warnings.simplefilter("ignore", ResourceWarning)
client.quota()
if os.fork():
    os.wait()
    print("parent", client.quota().day.used)
else:
    try:
        client.quota()
    except ValueError as error:
        print(error, flush=True)
"""
    child, parent = run_script(forked, tmp_path).splitlines()
    assert "one client in each process" in child
    assert parent == "parent 0"


def test_a_child_inherits_no_lock_of_a_thread_that_it_does_not_have() -> None:
    with RankingsClient("key", transport=FakeTransport(EmulatedAPI())) as client:
        with client._thread._lock:
            # What the child of a fork does at this moment.
            blocking._after_fork()
            assert client.quota().day.used == 0


@needs_fork
@pytest.mark.parametrize("last", ["client.quota()", "client.close()", "pass"])
def test_a_child_ends_that_was_forked_off_in_the_middle_of_another_threads_call(last: str, tmp_path: Path) -> None:
    forked = f"""
import asyncio, os, signal, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
warnings.simplefilter("ignore", ResourceWarning)
client.quota()
begun, forked = threading.Event(), threading.Event()
send = asyncio.run_coroutine_threadsafe
def slowly(coroutine, loop):
    begun.set()
    forked.wait()
    return send(coroutine, loop)
asyncio.run_coroutine_threadsafe = slowly
caller = threading.Thread(target=client.quota)
caller.start()
begun.wait()
child = os.fork()
if child == 0:
    # A child that hangs ends by this.
    signal.alarm(10)
    try:
        {last}
    except ValueError:
        pass
    sys.exit(0)
forked.set()
caller.join()
print("status", os.waitpid(child, 0)[1])
"""
    assert run_script(forked, tmp_path) == "status 0\n"


@needs_fork
def test_a_client_that_was_not_used_before_a_fork_works_in_the_child(tmp_path: Path) -> None:
    forked = """
import os
if os.fork():
    os.wait()
else:
    print("child", client.quota().day.used, flush=True)
"""
    assert run_script(forked, tmp_path) == "child 0\n"


def test_a_call_is_waited_for_however_often_the_wait_looks_for_signals(
    client: RankingsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "_SIGNAL_INTERVAL", 0.0)
    assert client.get_task_classifications().window_days == 7


def test_the_costs_of_sessions_come_as_one_page_or_as_all_of_them(client: RankingsClient) -> None:
    page = client.get_session_cost()
    rows = list(client.iter_session_cost())
    assert rows[: len(page)] == list(page)
    assert len(rows) > len(page)


def test_a_client_shows_itself_without_its_key(client: RankingsClient) -> None:
    assert "RankingsClient" in repr(client)
    assert KEY not in repr(client)


def test_a_call_that_takes_long_is_waited_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    future: Future[int] = Future()
    future.set_result(5)
    parts = iter([set[Future[int]](), set[Future[int]](), {future}])
    monkeypatch.setattr(blocking, "wait", lambda _, timeout: SimpleNamespace(done=next(parts)))
    assert blocking._result(future) == 5
    assert list(parts) == []
