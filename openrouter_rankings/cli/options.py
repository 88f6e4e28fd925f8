"""The options that commands share, and the kinds of values that options take."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import update_wrapper
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import attrs
import click
from click.shell_completion import CompletionItem

from openrouter_rankings.cli.streams import Loudness

__all__ = [
    "OPTIONS",
    "OUTPUT",
    "SOURCE",
    "Command",
    "Duration",
    "Format",
    "Known",
    "Name",
    "Option",
    "Output",
    "Share",
    "TextType",
    "asks_service",
    "check_exclusive",
    "command",
    "draws_answer",
    "option",
    "shows_answer",
    "shows_own",
    "suggestion",
    "top",
]

if TYPE_CHECKING:
    TextType = click.ParamType[str]
    _NumberType = click.ParamType[float]
else:
    # Older versions of click have it without a type argument.
    TextType = _NumberType = click.ParamType

Format = Literal["table", "json", "csv", "markdown"]

OPTIONS = "Options"
SOURCE = "Where the answer comes from"
OUTPUT = "Output"

# Any time from now to so far ahead is one of the calendar's.
_LONGEST_DURATION = 36_500 * 86_400

_DURATION = re.compile(r"(?P<number>[0-9]{1,9}(\.[0-9]{1,9})?)(?P<unit>[smhdw]?)", re.ASCII)
_SHARE = re.compile(r"(?P<number>[0-9]{1,3}(\.[0-9]{1,9})?)(?P<percent>%?)", re.ASCII)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Known(TextType):
    """One of the values that the service is known to take, loaded from an enumeration of the models when needed."""

    name = "value"

    def __init__(self, module: str, enumeration: str) -> None:
        self._module = module
        self._enumeration = enumeration

    @property
    def values(self) -> list[str]:
        """The known values."""
        values: type[StrEnum] = getattr(import_module(f"openrouter_rankings.models.{self._module}"), self._enumeration)
        return [str(value) for value in values]

    def listed(self) -> str:
        """The known values for a help text: ``a, b or c``."""
        *others, last = self.values
        return f"{', '.join(others)} or {last}" if others else last

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Accept a known value; with ``--allow-unknown`` any other as well, which the service may have learnt since."""
        if value in self.values or (ctx is not None and ctx.params.get("allow_unknown")):
            return value
        meant = suggestion(value, self.values)
        sentence = f'"{value}" is not known: {self.listed()}.{meant} With --allow-unknown it is sent anyway.'
        raise click.BadParameter(sentence, ctx, param)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(value) for value in self.values if value.startswith(incomplete)]


class Name(TextType):
    """A name that answers hold, such as a tag; the names of the last answers complete it."""

    name = "text"

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from openrouter_rankings.cli.names import names_of

        return [CompletionItem(name) for name in names_of(self._kind) if name.startswith(incomplete)]


class Duration(_NumberType):
    """A number of seconds, minutes, hours, days or weeks: ``90``, ``15m``, ``1h``, ``2d``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        match = _DURATION.fullmatch(str(value))
        if match is None:
            raise click.BadParameter(f'"{value}" is not a duration, such as 90 (seconds), 15m, 1h or 2d.', ctx, param)
        seconds = float(match["number"]) * _SECONDS[match["unit"]]
        if seconds > _LONGEST_DURATION:
            raise click.BadParameter(f'"{value}" is longer than 36500d, a hundred years.', ctx, param)
        return seconds


class Share(_NumberType):
    """A share as a percentage or a fraction: ``10%``, ``0.1``."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The fraction, from 0 to 1."""
        match = _SHARE.fullmatch(str(value))
        fraction = float(match["number"]) / (100 if match["percent"] else 1) if match else math.inf
        if fraction > 1:
            raise click.BadParameter(f'"{value}" is not a share, such as 10% or 0.1.', ctx, param)
        return fraction


class Option(click.Option):
    """An option in a section of the help. ``{known}`` in its help stands for the known values."""

    help: str | None

    def __init__(self, *arguments: Any, section: str = OPTIONS, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.section = section

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        if isinstance(self.type, Known) and self.help:
            self.help = self.help.replace("{known}", self.type.listed())
        return super().get_help_record(ctx)


class Command(click.Command):
    """A command whose help has its options in sections, and examples.

    Attributes:
        examples: command lines without the program's name, each with what it does.
    """

    examples: tuple[tuple[str, str], ...] = ()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for name in (OPTIONS, SOURCE, OUTPUT):
            records = [record for option in self.section(ctx, name) if (record := option.get_help_record(ctx))]
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            for line, does in self.examples:
                formatter.write_text(f"{does}:")
                with formatter.indentation():
                    formatter.write(f"{' ' * formatter.current_indent}openrouter-rankings {line}\n")

    def section(self, ctx: click.Context, name: str) -> list[click.Option]:
        """The options of a section of the help."""
        options = (param for param in self.get_params(ctx) if isinstance(param, click.Option))
        return [option for option in options if getattr(option, "section", OPTIONS) == name]


def command(name: str, *, examples: Iterable[tuple[str, str]]) -> Callable[[Callable[..., None]], Command]:
    """A decorator that makes a function the command ``name``; its docstring is the help."""

    def decorate(function: Callable[..., None]) -> Command:
        made = click.command(name, cls=Command)(function)
        made.examples = tuple(examples)
        return made

    return decorate


def option(*names: str, **attributes: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that adds an option."""
    return click.option(*names, cls=Option, **attributes)


@attrs.frozen(kw_only=True)
class Output:
    """How the answer is to be shown.

    Attributes:
        format: the form; None is decided by the suffix of ``file``.
        file: where to write it; None is stdout.
        columns: only these columns of the records, in this order; empty for the usual ones.
        sort: the column to sort by, see ``sorted_by``; None for the usual order.
        quiet: only failures are reported on stderr.
        verbose: requests, cache, quota and timing are reported as well.
        every: it is shown again each time it changes, looked at each so many seconds; None shows it once.
    """

    format: Format | None = None
    file: str | None = None
    columns: tuple[str, ...] = ()
    sort: str | None = None
    quiet: bool = False
    verbose: bool = False
    every: float | None = None

    def loudness(self) -> int:
        """How much is said on stderr.

        Raises:
            UsageError: both less and more is asked for.
        """
        check_exclusive({"--quiet": self.quiet, "--verbose": self.verbose})
        return Loudness.QUIET if self.quiet else Loudness.VERBOSE if self.verbose else Loudness.NORMAL


def file_or_stdout(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A callback for the name of a file to write: None, for stdout, if it is ``-``."""
    return None if value == "-" else value


def _comma_separated(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",")) if value else ()


_SERVICE: Mapping[str, Callable[..., Any]] = {
    "base_url": option(
        "--base-url",
        metavar="URL",
        section=SOURCE,
        help="Another service, such as http://127.0.0.1:8765/api/v1.  [default: $OPENROUTER_RANKINGS_BASE_URL, or "
        "OpenRouter's]",
    ),
    "timeout": option(
        "--timeout",
        type=Duration(),
        metavar="TIME",
        section=SOURCE,
        help="For one exchange, such as 10s.  [default: 30s]",
    ),
    "max_wait": option(
        "--max-wait",
        type=Duration(),
        metavar="TIME",
        section=SOURCE,
        help="Give up on an answer after this long, waits and retries included, such as 5m.  [default: about 2m]",
    ),
}
WATCHED = (*_SERVICE, "allow_unknown", "columns", "sort")
"""The shared options that are of use to a command that watches, by their parameters."""

_ORIGIN: Mapping[str, Callable[..., Any]] = {
    "sample": option("--sample", is_flag=True, section=SOURCE, help="Invented figures; needs no key."),
    "saved": option(
        "--input", "saved", metavar="FILE", section=SOURCE, help="A saved answer of the API; - reads stdin."
    ),
    **_SERVICE,
    "allow_unknown": option(
        "--allow-unknown",
        is_flag=True,
        is_eager=True,
        section=SOURCE,
        help="Send values that this version does not know.",
    ),
    "max_age": option(
        "--max-age",
        type=Duration(),
        metavar="TIME",
        section=SOURCE,
        help="Use a kept answer up to this age, such as 1h.  [default: as long as the service calls it fresh]",
    ),
    "refresh": option("--refresh", is_flag=True, section=SOURCE, help="Ask the service now, and keep the answer."),
    "no_cache": option("--no-cache", is_flag=True, section=SOURCE, help="Ask the service now, and keep nothing."),
    "fail_if_stale": option(
        "--fail-if-stale",
        is_flag=True,
        section=SOURCE,
        help="Write nothing, and exit with 3, if the answer is older than that. Without it, an answer of up to 30 days "
        "is shown, with its age, while the service fails.",
    ),
}
_OUTPUT: Mapping[str, Callable[..., Any]] = {
    "format": option(
        "-f",
        "--format",
        type=click.Choice(["table", "json", "csv", "markdown"]),
        metavar="FORM",
        section=OUTPUT,
        help="table, json, csv or markdown.  [default: by the suffix of --output, else table]",
    ),
    "file": option(
        "-o",
        "--output",
        "file",
        type=click.Path(dir_okay=False, allow_dash=True),
        metavar="FILE",
        callback=file_or_stdout,
        section=OUTPUT,
        help="Write to this file, whole or not at all; - is stdout.",
    ),
    "columns": option(
        "--columns",
        metavar="A,B",
        callback=_comma_separated,
        section=OUTPUT,
        help="Only these columns, by their names in csv.",
    ),
    "sort": option(
        "--sort",
        metavar="COLUMN",
        section=OUTPUT,
        help="Sort by a column of csv, numbers from the greatest and texts from A; or COLUMN:asc, COLUMN:desc.",
    ),
    "quiet": option("-q", "--quiet", is_flag=True, section=OUTPUT, help="Only failures on stderr."),
    "verbose": option(
        "-v", "--verbose", is_flag=True, section=OUTPUT, help="Requests, cache, quota and timing on stderr."
    ),
}


def top(help_text: str, most: int | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that adds the option ``--top``."""
    return option("-n", "--top", type=click.IntRange(1, most), metavar="N", help=help_text)


def shows_answer(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator for a command that shows an answer: it gets an ``Origin`` and an ``Output`` of the shared options."""
    return _with_origin_and_output(function, _OUTPUT)


def draws_answer(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator for a command that draws an answer: it gets an ``Origin``, and an ``Output`` without a form."""
    return _with_origin_and_output(function, {name: _OUTPUT[name] for name in ("file", "quiet", "verbose")})


def _with_origin_and_output(
    function: Callable[..., None], outputs: Mapping[str, Callable[..., Any]]
) -> Callable[..., None]:
    from openrouter_rankings.cli.question import Origin

    def run(**given: Any) -> None:
        origin = Origin(**{name: given.pop(name) for name in _ORIGIN})
        output = Output(**{name: given.pop(name) for name in outputs}, every=given.pop("every", None))
        function(**given, origin=origin, output=output)

    return _decorated(update_wrapper(run, function), [*_ORIGIN.values(), *outputs.values()])


def shows_own(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator for a command that shows what is here already: it gets an ``Output`` of the shared options."""

    def run(**given: Any) -> None:
        output = Output(**{name: given.pop(name) for name in _OUTPUT})
        function(**given, output=output)

    return _decorated(update_wrapper(run, function), list(_OUTPUT.values()))


def asks_service(function: Callable[..., None]) -> Callable[..., None]:
    """A decorator for a command that asks the service and nothing else: it gets an ``Origin``."""
    from openrouter_rankings.cli.question import Origin

    def run(**given: Any) -> None:
        function(
            **{name: value for name, value in given.items() if name not in _SERVICE},
            origin=Origin(**{name: given[name] for name in _SERVICE}),
        )

    return _decorated(update_wrapper(run, function), list(_SERVICE.values()))


def _decorated(function: Callable[..., None], options: Sequence[Callable[..., Any]]) -> Callable[..., None]:
    for add in reversed(options):
        function = add(function)
    return function


def suggestion(given: str, known: Iterable[str]) -> str:
    """Which of the known words was meant, as a sentence after a space; empty if none is like it."""
    # Most commands have no mistake in them.
    from difflib import get_close_matches

    near = get_close_matches(given.lower(), list(known), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""


def check_exclusive(options: Mapping[str, object]) -> None:
    """Refuse more than one of these options; those that are None or False are not given.

    Raises:
        UsageError: more than one is given.
    """
    given = [name for name, value in options.items() if value not in {None, False, ()}]
    if len(given) > 1:
        raise click.UsageError(f"Give one of {' and '.join(given)}, not both.")
