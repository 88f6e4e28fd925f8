import io
from collections.abc import Callable

import pytest

from openrouter_rankings.cli import meter, streams


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Makes stderr a terminal; called in the test itself, since pytest puts its own stderr back before that."""

    def look() -> Terminal:
        terminal = Terminal()
        monkeypatch.setattr("sys.stderr", terminal)
        return terminal

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return look


ERASE_LINE = "\x1b[2K"


def test_several_answers_are_counted_and_nothing_is_left_of_the_bar(look: Callable[[], Terminal]) -> None:
    terminal = look()
    with meter.meter() as tell:
        tell(0, 3)
        shown = terminal.getvalue()
        tell(3, 3)
    assert "0 of 3 answers" in shown
    assert "3 of 3 answers" in terminal.getvalue()
    assert terminal.getvalue().endswith(ERASE_LINE)


def test_rows_are_counted_where_nobody_knows_how_many_there_are(look: Callable[[], Terminal]) -> None:
    terminal = look()
    with meter.meter() as tell:
        tell(1500, None)
        assert "1,500 rows" in terminal.getvalue()


def test_a_single_request_has_no_bar(look: Callable[[], Terminal]) -> None:
    terminal = look()
    with meter.meter() as tell:
        tell(0, 1)
        tell(1, 1)
    assert terminal.getvalue() == ""


def test_what_is_said_meanwhile_has_a_line_of_its_own_above_the_bar(look: Callable[[], Terminal]) -> None:
    terminal = look()
    with meter.meter() as tell:
        tell(0, 2)
        streams.say("A word.")
    assert f"{ERASE_LINE}A word.\n" in terminal.getvalue()


def test_a_failure_takes_the_bar_away(look: Callable[[], Terminal]) -> None:
    terminal = look()

    def interrupted() -> None:
        with meter.meter() as tell:
            tell(0, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.getvalue().endswith(ERASE_LINE)


@pytest.mark.parametrize(("name", "value"), [("TERM", "dumb"), ("TERM", "unknown")])
def test_a_terminal_that_cannot_move_its_cursor_has_no_bar(
    name: str, value: str, look: Callable[[], Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    terminal = look()
    with meter.meter() as tell:
        tell(0, 2)
    assert terminal.getvalue() == ""


def test_a_file_has_no_bar_even_where_colours_are_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stderr", file)
    with meter.meter() as tell:
        tell(0, 2)
    assert file.getvalue() == ""
