"""Files with answers, taken apart: raw answers, envelopes, and the archive's own exports, each also gzipped."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import parse_qsl, urlsplit

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.history.data_sets import DATA_SETS, ArchivedDataSet, by_path
from openrouter_rankings.history.entry import MOST_BYTES, Entry, prepare
from openrouter_rankings.history.errors import AnswerRefusedError
from openrouter_rankings.history.lines import is_line, read_line
from openrouter_rankings.models.narrowing import is_narrowed
from openrouter_rankings.models.rankings_daily import RankingsDaily
from openrouter_rankings.models.scalar_types import Timestamp

__all__ = ["Given", "Item", "files_below", "items_of"]

_SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz")

# In a line of an export, the body is a JSON string, which escapes can make twice as long.
_LONGEST_LINE = 3 * MOST_BYTES

_WEEK = timedelta(days=7)


@attrs.frozen
class Item:
    """One answer of a file.

    Attributes:
        source: the file, and the place in it where it holds several.
        entries: what the archive stores of it; empty if it is refused.
        refusal: why the archive refuses it; None if it does not.
    """

    source: str
    entries: tuple[Entry, ...]
    refusal: str | None = None


def files_below(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """The files that ``paths`` name, and those in the folders that they name, in order of their names.

    In a folder, files whose names end in ``.json`` or ``.jsonl``, or these with ``.gz``, count.

    Raises:
        ConfigurationError: one of the paths does not exist.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += sorted(
                each for each in path.rglob("*") if each.name.lower().endswith(_SUFFIXES) and each.is_file()
            )
        elif path.exists():
            found.append(path)
        else:
            raise ConfigurationError(f"There is no file or folder {path}.")
    return found


@attrs.frozen
class Given:
    """What is known of the answers of a file beside their bytes.

    Attributes:
        parameters: what they were asked for with, where the file does not say.
        synthetic: take also answers whose figures are invented.
    """

    parameters: Mapping[str, object]
    synthetic: bool


def items_of(path: Path, given: Given) -> Iterator[Item]:
    """The answers of a file, one after another; a file that cannot be read is one refused item."""
    try:
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with _opened(path) as file:
            if path.name.lower().endswith((".jsonl", ".jsonl.gz")):
                for number, line in enumerate(iter(partial(file.readline, _LONGEST_LINE + 1), b""), 1):
                    if line.strip():
                        yield from _items(f"{path}:{number}", _bounded(line, _LONGEST_LINE), given, modified)
            else:
                yield from _items(str(path), _bounded(file.read(MOST_BYTES + 1), MOST_BYTES), given, modified)
    except (OSError, EOFError, zlib.error) as error:
        yield Item(str(path), (), f"it cannot be read ({error})")
    except AnswerRefusedError as error:
        yield Item(str(path), (), error.reason)


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb"))


def _bounded(content: bytes, most: int) -> bytes:
    if len(content) > most:
        raise AnswerRefusedError(f"it has more than {most} bytes")
    return content


def _items(source: str, body: bytes, given: Given, modified: datetime) -> Iterator[Item]:
    for place, answer, context in _answers(body):
        try:
            yield Item(f"{source}{place}", tuple(_entries(answer, context, given, modified)))
        except AnswerRefusedError as error:
            yield Item(f"{source}{place}", (), error.reason)


def _answers(body: bytes) -> Iterator[tuple[str, bytes, Mapping[str, Any]]]:
    """The place of each answer in a document, its body, and the fields that stand beside it."""
    document = _parsed(body)
    requests = document.get("requests") if isinstance(document, dict) else None
    if not isinstance(requests, list):
        yield "", body, {}
        return
    for number, request in enumerate(requests):
        beside = {**document, **request} if isinstance(request, dict) else document
        response = beside.get("response")
        # An envelope holds the answer as a value, or as the text that was received.
        text = response if isinstance(response, str) else json.dumps(response)
        yield f" requests[{number}]", text.encode(errors="surrogatepass"), beside


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerRefusedError(f"it is not JSON ({error})") from error


def _entries(body: bytes, beside: Mapping[str, Any], given: Given, modified: datetime) -> Sequence[Entry]:
    document = _parsed(body)
    if not isinstance(document, dict):
        raise AnswerRefusedError("it is not a JSON object")
    if is_line(document):
        return read_line(document, synthetic=given.synthetic)
    if is_narrowed(document):
        raise AnswerRefusedError("it is a part of an answer")
    data_set, asked = _asked(beside.get("url"))
    asked |= given.parameters
    data_set = data_set or _recognised(document)
    _check_grain(data_set, document, asked)
    meta = document.get("meta")
    stated = meta.get("as_of") if isinstance(meta, dict) else None
    fetched_at = _instant(beside.get("fetched_at")) or _instant(stated) or modified
    return [prepare(data_set, body, asked, fetched_at, synthetic=given.synthetic)]


def _asked(url: Any) -> tuple[ArchivedDataSet[Any] | None, dict[str, object]]:
    """The data set and the parameters that a URL asks for."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    except ValueError:
        return None, {}
    return by_path(parts.path), dict(parse_qsl(parts.query))


def _recognised(document: Mapping[str, Any]) -> ArchivedDataSet[Any]:
    """The data set that an answer is of, by the fields of its first row."""
    data = document.get("data")
    rows = data.get("classifications") if isinstance(data, dict) else data
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        for data_set in DATA_SETS:
            if data_set.mark in rows[0]:
                return data_set
    raise AnswerRefusedError("it is not an answer of a known data set, or is empty")


def _check_grain(data_set: ArchivedDataSet[Any], document: Mapping[str, Any], parameters: Mapping[str, object]) -> None:
    """An answer does not say whether its rows are days, weeks or months; a span over two weeks shows it."""
    if data_set.answer is not RankingsDaily or not {"period", "category", "language_type"}.isdisjoint(parameters):
        return
    rows = document.get("data")
    texts = [row.get("date") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    days = sorted({day for day in map(_day, texts) if day})
    if len(days) > 1 and min(after - before for before, after in pairwise(days)) >= _WEEK:
        raise AnswerRefusedError('its rows are not days: import it with its parameters, such as {"period": "week"}')


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        return None


def _instant(text: Any) -> datetime | None:
    try:
        return Timestamp(text).utc if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
