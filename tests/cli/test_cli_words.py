"""Failures in the command's words: its options, its hints, and one line for each."""

import socket
from datetime import date

import click
import pytest
from command_line import KEY, Call

from openrouter_rankings.cli import service
from openrouter_rankings.cli.days import day_of, span_of
from openrouter_rankings.cli.options import Duration, Known
from openrouter_rankings.cli.program import COMMANDS, load
from openrouter_rankings.cli.words import explained
from openrouter_rankings.errors import (
    ConfigurationError,
    InvalidResponseError,
    RankingsError,
    RequestTimeoutError,
    StoreError,
    TransportError,
)
from openrouter_rankings.testing import EmulatedAPI, Fault
from openrouter_rankings.transports.retry import RetryPolicy


@pytest.fixture
def api() -> EmulatedAPI:
    return EmulatedAPI(keys=[KEY])


def failed(message: str, cause: BaseException) -> TransportError:
    error = TransportError(message)
    error.__cause__ = cause
    return error


class ConnectorError(OSError):
    """As aiohttp's: with the host, the port and the original."""

    def __init__(self, reason: OSError) -> None:
        super().__init__()
        self.host, self.port, self.os_error = "api.example", 443, reason


PLAIN_HTTP = (
    "Refusing to send the API key to http://a: use https, or AiohttpTransport(allow_plain_http=True) for plain http to "
    "another machine."
)
RESTATED = (
    "The answer is not what the Data API promises: data: they were restated; try again with --refresh. The service may "
    "have changed: look for a newer openrouter-rankings."
)


@pytest.mark.parametrize(
    ("error", "sentence", "status"),
    [
        (
            ConfigurationError('start_date must be a day, such as "2026-09-16" or datetime.date(2026, 9, 16), not 1.'),
            '--start must be a day, such as "2026-09-16", not 1.',
            2,
        ),
        (
            ConfigurationError("period must be it. The period is not."),
            "--period must be it. The period is not.",
            2,
        ),
        (ConfigurationError("a base_url of base_urls"), "a --base-url of base_urls", 2),
        (
            ConfigurationError(PLAIN_HTTP),
            "Refusing to send the API key to http://a: use https. Plain http is for this machine alone.",
            2,
        ),
        (StoreError("The store is locked."), "The store is locked.", 1),
        (
            InvalidResponseError(("data", "they were restated; ask again with fresh=True")),
            RESTATED,
            1,
        ),
        (
            RequestTimeoutError("No whole answer within 30 s: raise the timeout."),
            "No whole answer came in time: give it more with --timeout, or see if the service is up.",
            1,
        ),
        (
            failed("long", ConnectorError(ConnectionRefusedError(111, "Connect call failed ('1.2.3.4', 443)"))),
            "Cannot connect to api.example, port 443: Connection refused. Check the network and --base-url.",
            1,
        ),
        (
            failed("long", ConnectorError(socket.gaierror(-2, "Name or service not known"))),
            "Cannot connect to api.example, port 443: Name or service not known. Check the network and --base-url.",
            1,
        ),
        (failed("A cut body; check base_url.", ValueError()), "A cut body; check --base-url.", 1),
        (
            failed("Not trusted: x. A CA bundle can be given to the transport.", ValueError()),
            "Not trusted: x. Set SSL_CERT_FILE to a file with the CA certificates to trust.",
            1,
        ),
    ],
)
def test_an_error_is_said_in_the_words_of_the_command_line(error: RankingsError, sentence: str, status: int) -> None:
    assert explained(error) == (sentence, status)


def test_a_service_that_is_not_there_is_named_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(service, "_patient", lambda _: RetryPolicy(max_attempts=1))
    call = Call("tasks", "--base-url", f"http://127.0.0.1:{port}/api/v1", "--max-wait", "1h")
    assert call.status == 1
    assert call.err.splitlines()[-1] == (
        f"error: Cannot connect to 127.0.0.1, port {port}: Connection refused. Check the network and --base-url."
    )


def test_an_exchange_that_takes_too_long_names_the_option(
    server: str, api: EmulatedAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_patient", lambda _: RetryPolicy(max_attempts=1))
    api.misbehave(Fault(delay=25.0))
    call = Call("tasks", "--base-url", server, "--timeout", "0.2", "--max-wait", "1h")
    assert call.status == 1
    assert call.err.splitlines()[-1].startswith("error: No whole answer came in time: give it more with --timeout")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("models", "--category", "programing"), "programming"),
        (("models", "--period", "Day"), "day"),
        (("apps", "--subcategory", "cli_agent"), "cli-agent"),
        (("sessions", "--turns", "50-turns"), "50-plus-turns"),
        (("benchmarks", "--source", "design_arena"), "design-arena"),
        (("tasks", "--window", "7D"), "7d"),
    ],
)
def test_a_typo_of_a_known_value_is_caught_before_a_request(
    arguments: tuple[str, ...], meant: str, server: str, api: EmulatedAPI
) -> None:
    call = Call(*arguments, "--base-url", server)
    assert (call.status, call.out, api.requests) == (2, "", [])
    assert f'Did you mean "{meant}"?' in call.err
    assert "--allow-unknown" in call.err


def test_a_value_like_no_other_is_refused_with_the_known_ones() -> None:
    call = Call("benchmarks", "--source", "xyz")
    assert '"xyz" is not known: artificial-analysis, design-arena or openrouter. With --allow-unknown' in call.err


def test_an_unknown_value_is_sent_when_that_is_asked_for(server: str, api: EmulatedAPI) -> None:
    call = Call("benchmarks", "--source", "xyz", "--allow-unknown", "--base-url", server)
    assert (call.status, len(api.requests)) == (1, 1)
    assert call.err.startswith("error: The service answered 400 Bad Request: ")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_known_value_of_a_command_is_in_its_help(name: str) -> None:
    command = load(name)
    text = "".join(Call(name, "--help", columns=200).out.split())
    kinds = [param.type for param in command.params if isinstance(param.type, Known)]
    assert all("".join(value.split()) in text for kind in kinds for value in kind.values)
    assert "{known}" not in text


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_help_of_80_columns_with_examples_that_it_accepts(name: str) -> None:
    call = Call(name, "--help", columns=200)
    assert max(map(len, call.out.splitlines())) <= 80
    command = load(name)
    assert len(command.examples) >= 2
    for line, _ in command.examples:
        arguments = line.partition(" > ")[0].partition(" | ")[0].split()
        command.make_context(name, arguments[1:])


def test_the_help_of_the_program_names_every_command_and_status() -> None:
    text = Call("--help").out
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert "..." not in text.partition("Commands:")[2]
    assert all(status in text for status in ("0 success", "1 failure", "2 mistake", "3 answer", "4 no API", "130 int"))


def test_an_unknown_command_is_a_mistake_in_the_command() -> None:
    assert Call("task").status == 2


TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        ("2026-02-03", "2026-02-03", "2026-02-03"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2025-12", "2025-12-01", "2025-12-31"),
        ("today", "2026-03-15", "2026-03-15"),
        ("yesterday", "2026-03-14", "2026-03-14"),
        ("7d", "2026-03-08", "2026-03-08"),
        ("2w", "2026-03-01", "2026-03-01"),
        (None, None, None),
    ],
)
def test_a_day_can_be_given_in_several_forms(given: str | None, start: str | None, end: str | None) -> None:
    assert (day_of("--start", given, TODAY), day_of("--end", given, TODAY)) == (start, end)


@pytest.mark.parametrize("given", ["", "soon", "2026-02-30", "2026-13", "0000-01", "99999d", "7D", "2026-2-3"])
def test_what_is_no_day_is_refused_with_the_forms(given: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a day, such as 2026-09-16, 2026-09, yesterday, 7d or 2w"):
        day_of("--start", given, TODAY)


def test_a_span_that_begins_today_ends_today() -> None:
    assert span_of("today", None, TODAY) == {"start_date": str(TODAY), "end_date": str(TODAY)}
    assert span_of("yesterday", None, TODAY) == {"start_date": "2026-03-14", "end_date": None}
    assert span_of(None, None, TODAY) == {"start_date": None, "end_date": None}


def test_the_days_of_the_sample_are_relative_to_its_own_day() -> None:
    assert Call("models", "--sample", "--start", "7d").out.startswith(
        "Synthetic sample: models by tokens, 2025-12-25 to 2025-12-31\n"
    )


@pytest.mark.parametrize(
    ("given", "seconds"), [("90", 90), ("1.5s", 1.5), ("15m", 900), ("1h", 3600), ("2d", 172800), ("1w", 604800)]
)
def test_a_duration_can_be_given_in_several_units(given: str, seconds: float) -> None:
    assert Duration().convert(given, None, None) == seconds


@pytest.mark.parametrize("given", ["", "-1", "nan", "inf", "1y", "1e9", "1 h", "٣"])
def test_what_is_no_duration_is_refused(given: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a duration, such as"):
        Duration().convert(given, None, None)
