"""A forked child does not wait for a thread that only its parent has."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from openrouter_rankings.forks import in_each_child
from openrouter_rankings.transports.quota import ledger_store
from openrouter_rankings.transports.stores import memory, sqlite

LOCKS: dict[str, Callable[[], threading.Lock]] = {
    "the memory of the process": lambda: memory._OF_THIS_PROCESS._lock,
    "its copies of ledgers": lambda: ledger_store._OF_THIS_PROCESS._lock,
    "making a file": lambda: sqlite._making,
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_that_another_thread_held_at_the_fork_is_free_in_the_child(name: str) -> None:
    with LOCKS[name]():
        child = os.fork()
        if child == 0:
            os._exit(0 if LOCKS[name]().acquire(blocking=False) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_where_there_are_no_forks_nothing_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    in_each_child(lambda: None)


def test_what_a_child_does_frees_each_lock() -> None:
    held = [lock() for lock in LOCKS.values()]
    for lock in held:
        lock.acquire()
    memory._OF_THIS_PROCESS.forget_other_threads()
    ledger_store._OF_THIS_PROCESS.forget_other_threads()
    sqlite._forget_other_threads()
    assert not any(lock().locked() for lock in LOCKS.values())
