"""Saved answers: read from a file or stdin, compressed or not, in any Unicode encoding; and what a file is instead."""

from __future__ import annotations

import bz2
import codecs
import json
import lzma
import sys
import zlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from openrouter_rankings.cli.streams import fail
from openrouter_rankings.errors import InvalidResponseError
from openrouter_rankings.models.narrowing import is_narrowed

__all__ = ["kind_of", "read_saved"]

T = TypeVar("T")

_LARGEST = 256 * 2**20
_MOST_PROBLEMS = 3

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose mark they begin with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARCHIVES = ((b"PK\x03\x04", "a zip archive"), (b"\x28\xb5\x2f\xfd", "compressed with zstd"))

# Fields that only the rows of one data set have.
_FIELDS = {"total_tokens": "models", "app_id": "apps", "median_session_cost_usd": "sessions", "source": "benchmarks"}


def read_saved(
    name: str,
    command: str,
    decode: Callable[[bytes, Mapping[str, Any]], T],
    *,
    takes: Collection[str] = (),
    whole: bool = False,
) -> tuple[T, dict[str, Any]]:
    """The answer in the file ``name``, or in stdin if that is ``-``, and its parsed JSON.

    Whatever else the file is ends the command, with a sentence that says it.

    Args:
        name: the file.
        command: the command that is to show it.
        decode: reads it from its body and its parsed JSON.
        takes: the commands whose answers will do; those of ``command`` if empty.
        whole: what other commands made of an answer with fewer rows will not do.
    """
    shown = "standard input" if name == "-" else name
    body = _as_utf8(shown, _decompressed(shown, _content(name)))
    document = _document(shown, body)
    kind = kind_of(document)
    if kind is not None and kind not in (takes or {command}):
        fail(f"{shown} is an answer for `openrouter-rankings {kind}`, not for `{command}`.")
    if whole and is_narrowed(document):
        how = "with --top 100" if kind == "apps" else "without --top and other options that leave rows out"
        fail(f"{shown} is a part of an answer, with fewer rows than the service gave: save the whole one, {how}.")
    try:
        return decode(body, document), document
    except InvalidResponseError as error:
        problems = "; ".join(error.problems[:_MOST_PROBLEMS])
        more = len(error.problems) - _MOST_PROBLEMS
        fail(f"{shown} is not a whole answer for `{command}`: {problems}{f'; and {more} more' if more > 0 else ''}.")


def _content(name: str) -> bytes:
    try:
        if name == "-":
            return _limited("standard input", sys.stdin.buffer)
        with Path(name).open("rb") as file:
            return _limited(name, file)
    except OSError as error:
        fail(f"Cannot read {name}: {error.strerror}.")


def _limited(shown: str, file: BinaryIO) -> bytes:
    content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        _fail_as_too_large(shown)
    if not content:
        fail(f"{shown} is empty.")
    return content


def _fail_as_too_large(shown: str) -> None:
    fail(f"{shown} has more than {_LARGEST // 2**20} MiB, and no answer of the API is that long.")


def _decompressed(shown: str, content: bytes) -> bytes:
    for mark, what in _ARCHIVES:
        if content.startswith(mark):
            fail(f"{shown} is {what}: unpack it first.")
    decompressor = _decompressor(content)
    if decompressor is None:
        return content
    try:
        unpacked: bytes = decompressor.decompress(content, _LARGEST + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        fail(f"{shown} is compressed, and damaged: {error}.")
    if len(unpacked) > _LARGEST:
        _fail_as_too_large(shown)
    if not decompressor.eof:
        fail(f"{shown} is compressed, and cut off.")
    return unpacked


def _decompressor(content: bytes) -> Any:
    if content.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(wbits=31)
    if content.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor() if content.startswith(b"\xfd7zXZ\x00") else None


def _as_utf8(shown: str, content: bytes) -> bytes:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    # JSON begins with ASCII, so that a zero byte in its first two is half a code unit of UTF-16.
    if encoding is None and b"\0" in content[:2]:
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    if encoding is None:
        return content
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        fail(f"{shown} is in {encoding.upper()}, and damaged at byte {error.start}.")
    return text.removeprefix("\ufeff").encode(errors="surrogatepass")


def _document(shown: str, body: bytes) -> dict[str, Any]:
    if not body.strip():
        fail(f"{shown} is empty.")
    if body.lstrip().startswith(b"<"):
        fail(f"{shown} is a web page, not an answer in JSON.")
    try:
        document = json.loads(body)
    except UnicodeDecodeError as error:
        fail(f"{shown} is not JSON: byte {error.start} is not UTF-8.")
    except json.JSONDecodeError as error:
        fail(_not_json(shown, error))
    except RecursionError:
        fail(f"{shown} is nested too deeply to be an answer.")
    except ValueError as error:  # a number with too many digits
        fail(f"{shown} is not an answer: {error}.")
    if not isinstance(document, dict):
        fail(f"{shown} is JSON, but not an answer: it is no object with `data`.")
    if isinstance(document.get("error"), dict) and "data" not in document:
        said = document["error"]
        fail(f"{shown} is a saved error, not an answer: {said.get('code')} {said.get('message')}")
    return document


def _not_json(shown: str, error: json.JSONDecodeError) -> str:
    is_cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
    if is_cut:
        return f"{shown} is cut off: its JSON has no end."
    return f"{shown} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."


def kind_of(document: Mapping[str, Any]) -> str | None:
    """The command whose answer the document looks like; None if it looks like none."""
    data = document.get("data")
    if isinstance(data, dict):
        return "tasks" if "classifications" in data else None
    row = data[0] if isinstance(data, list) and data else None
    # Apps have token counts as well.
    names = [name for name in ("app_id", *_FIELDS) if isinstance(row, dict) and name in row]
    return _FIELDS[names[0]] if names else None
