"""Failures that are kept for several callers: copies, without what the first exchange held in memory."""

from __future__ import annotations

import gc
import threading
import traceback
import weakref

import pytest

from openrouter_rankings.errors import TransportError
from openrouter_rankings.transports.outcome import Failure


class Received:
    """What an exchange received before it failed."""


class UncopyableError(TransportError):
    """An error of a user's transport, which holds what cannot be copied."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.lock = threading.Lock()


def failed_exchange() -> tuple[TransportError, weakref.ref[Received]]:
    def read() -> None:
        received = Received()
        references.append(weakref.ref(received))
        raise OSError("cut")

    references: list[weakref.ref[Received]] = []
    failure = TransportError("down")
    try:
        read()
    except OSError as error:
        failure.__cause__ = error
    return failure, references[0]


def test_a_kept_failure_does_not_keep_what_was_received() -> None:
    error, received = failed_exchange()
    assert received() is not None
    kept = Failure.of(error)
    del error
    gc.collect()
    assert received() is None
    assert isinstance(kept.error.__cause__, OSError)


def test_an_error_that_cannot_be_copied_is_raised_as_it_is() -> None:
    error = UncopyableError("down")
    kept = Failure.of(error)
    assert kept.error is error


def test_no_caller_sees_what_another_adds_to_the_cause() -> None:
    error = TransportError("down")
    error.__cause__ = OSError(111, "refused")
    error.__cause__.__cause__ = KeyError("first")
    kept = Failure.of(error)
    mine, other = kept.error.__cause__, kept.error.__cause__
    assert mine is not None
    assert other is not None
    mine.add_note("mine")
    assert (repr(other), other.args, hasattr(other, "__notes__")) == (repr(mine), (111, "refused"), False)
    error.__cause__.add_note("of all")
    noted = [Failure.of(error).error.__cause__ for _ in range(2)]
    for each in noted:
        assert each is not None
        assert each.__notes__ == ["of all"]
        each.add_note("of one")
    assert repr(other.__cause__) == "KeyError('first')"
    assert other.__cause__ is not mine.__cause__


def test_the_copy_of_a_cause_shows_what_was_being_handled() -> None:
    error = TransportError("down")
    error.__cause__ = OSError("lost")
    error.__cause__.__context__ = KeyError("the reason")
    assert "the reason" in "".join(traceback.format_exception(Failure.of(error).error))


class UncopyableCauseError(Exception):
    def __reduce__(self) -> str:
        raise TypeError("no copies")


def test_a_cause_that_cannot_be_copied_is_passed_on_as_it_is() -> None:
    error = TransportError("down")
    error.__cause__ = UncopyableCauseError()
    assert Failure.of(error).error.__cause__ is error.__cause__


def test_an_error_without_a_cause_is_copied_for_each() -> None:
    kept = Failure.of(TransportError("down"))
    assert kept.error is not kept.error
    assert str(kept.error) == "down"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        print(1 // 0)
    assert Failure.of(caught.value).error.__traceback__ is not None
