"""What decoding costs when an answer is made to be expensive: bounds on work and memory, for every data set.

The bounds hold for each byte of the body, so that small bodies show what large ones would cost.
"""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from openrouter_rankings import InvalidResponseError
from openrouter_rankings.models.app_rankings import decode_app_rankings
from openrouter_rankings.models.benchmarks import decode_benchmarks
from openrouter_rankings.models.rankings_daily import decode_rankings_daily
from openrouter_rankings.models.session_cost import decode_session_cost
from openrouter_rankings.models.task_classifications import decode_task_classifications

KIB = 1024
MIB = 1024 * KIB
LARGE = 256 * KIB

# 50 MB for 1 MiB: what a JSON document of empty objects takes, and little more.
PEAK_BYTES_A_BYTE = 50e6 / MIB

META = {
    "as_of": "2026-03-02T06:00:00Z",
    "version": "v1",
    "start_date": "2026-03-01",
    "end_date": "2026-03-01",
    "window_days": 7,
    "window_end_date": None,
    "source": None,
    "source_url": None,
    "citation": None,
    "model_count": 1,
    "task_type": None,
}
TASKS: dict[str, Any] = {"as_of": "2026-03-01", "window_days": 7, "classifications": [], "macro_categories": []}

Decode = Callable[[bytes], Any]

DECODERS: dict[str, Decode] = {
    "tasks": decode_task_classifications,
    "rankings": decode_rankings_daily,
    "apps": decode_app_rankings,
    "sessions": decode_session_cost,
    "benchmarks": decode_benchmarks,
}
each_decoder = pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS.keys())

ROWS = {
    "empty objects": b"{}",
    "empty arrays": b"[]",
    "nulls": b"null",
    "numbers": b"0",
    "objects in objects": b'{"":{}}',
    "arrays in arrays": b"[[]]",
    "unknown fields": b'{"a":0,"b":0,"c":0}',
    "deep rows": b"[" * 20 + b"]" * 20,
    "long texts": b'"' + b"x" * 4000 + b'"',
    "long integers": b"9" * 4000,
    "longer integers than Python reads": b"9" * 9000,
    "arrays of empty models": b'{"models":[' + b",".join([b"{}"] * 200) + b"]}",
    "rows of a source": b'{"source":"openrouter","accuracy":"x"}',
    "not ASCII": '{"\N{GRINNING FACE}":"\N{LATIN SMALL LETTER E WITH ACUTE}"}'.encode(),
}
each_kind_of_row = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())


def answer_of(rows: bytes, decode: Decode) -> bytes:
    """An answer that is in order, but for its rows."""
    if decode == decode_task_classifications:
        return b'{"data": ' + json.dumps(TASKS).encode().replace(b"[]", b"[" + rows + b"]", 1) + b"}"
    return b'{"data": [' + rows + b'], "meta": ' + json.dumps(META).encode() + b"}"


def repeated(row: bytes, size: int) -> bytes:
    return b",".join([row] * (size // (len(row) + 1)))


def refused(decode: Decode, body: bytes) -> InvalidResponseError:
    with pytest.raises(InvalidResponseError) as caught:
        decode(body)
    return caught.value


def outcome(decode: Decode, body: bytes) -> Any:
    try:
        return decode(body)
    except InvalidResponseError as error:
        return error


@contextmanager
def without_collector() -> Generator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def memory_of(decode: Decode, body: bytes) -> tuple[int, int]:
    """The bytes that are held afterwards, garbage included, and the peak while the body is decoded once more."""
    with without_collector():
        tracemalloc.start()
        try:
            # Held, as a caller would hold it.
            _ = outcome(decode, body)
            return tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()


def calls_of(decode: Decode, body: bytes) -> int:
    """How many functions are called while the body is decoded, those written in C included."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    outcome(decode, body)
    with without_collector():
        sys.setprofile(counted)
        try:
            outcome(decode, body)
        finally:
            sys.setprofile(None)
    return count


@each_decoder
@each_kind_of_row
def test_refusing_hostile_rows_names_a_hundred_problems_and_leaves_nothing_else_behind(
    parser: None, decode: Decode, row: bytes
) -> None:
    body = answer_of(repeated(row, 64 * KIB), decode)
    error = refused(decode, body)
    assert 1 <= len(error.problems) <= InvalidResponseError.MAX_PROBLEMS
    assert len(str(error)) < 3000
    held, peak = memory_of(decode, body)
    assert peak < len(body) * PEAK_BYTES_A_BYTE
    assert held < len(body)


@each_decoder
@pytest.mark.parametrize("row", [b"{}", b"[]", b"null", b'{"models":[{},{},{},{}]}'])
def test_the_work_of_refusing_does_not_grow_with_the_rows(parser: None, decode: Decode, row: bytes) -> None:
    few, many = (calls_of(decode, answer_of(repeated(row, size), decode)) for size in (4 * KIB, 64 * KIB))
    assert many == few


@each_decoder
def test_a_mebibyte_of_empty_rows_is_refused_in_50_megabytes(decode: Decode) -> None:
    body = answer_of(repeated(b"{}", MIB), decode)
    assert len(refused(decode, body).problems) == InvalidResponseError.MAX_PROBLEMS
    held, peak = memory_of(decode, body)
    assert peak < 50e6
    assert held < 256 * KIB


@each_decoder
@pytest.mark.parametrize(
    "body",
    [
        b"[" * LARGE,
        b'{"a":' * (LARGE // 5),
        b'"' + b"x" * LARGE + b'"',
        b"9" * LARGE,
        b"x" * LARGE,
        b"{" + b",".join(b'"%d":0' % number for number in range(LARGE // 9)) + b"}",
        b'{"data":[' + b"{}," * (LARGE // 3),
    ],
    ids=["arrays", "objects", "a text", "an integer", "no JSON", "a wide object", "cut off"],
)
def test_a_hostile_body_of_another_shape_is_refused_in_memory_in_proportion(
    parser: None, decode: Decode, body: bytes
) -> None:
    assert len(refused(decode, body).problems) <= 2
    held, peak = memory_of(decode, body)
    assert peak < len(body) * PEAK_BYTES_A_BYTE
    assert held < len(body)


SMALL_ROWS: dict[Decode, Any] = {
    decode_task_classifications: {
        "tag": "",
        "display_name": "",
        "macro_category": "",
        "usage_share": 0,
        "token_share": 0,
        "category_usage_share": 0,
        "category_token_share": 0,
        "models": [{"id": "", "tag_usage_share": 0, "tag_token_share": 0}],
    },
    decode_rankings_daily: {"date": "2026-03-01", "model_permaslug": "", "total_tokens": "0"},
    decode_app_rankings: {"rank": 1, "app_id": 1, "app_name": "", "total_tokens": "0", "total_requests": 0},
    decode_session_cost: {
        "app_slug": "",
        "app_name": "",
        "turn_range": "",
        "model_permaslug": "",
        "median_session_cost_usd": 0,
    },
    decode_benchmarks: {"source": "", "fields": [{}]},
}


@each_decoder
def test_many_small_rows_that_are_valid_take_work_and_memory_in_proportion(parser: None, decode: Decode) -> None:
    row = json.dumps(SMALL_ROWS[decode]).encode()
    few, many = (answer_of(repeated(row, size), decode) for size in (64 * KIB, 256 * KIB))
    assert outcome(decode, many) == decode(many)
    held, peak = memory_of(decode, many)
    assert peak < len(many) * PEAK_BYTES_A_BYTE
    assert held < peak
    assert calls_of(decode, many) < 5 * calls_of(decode, few)


@each_decoder
def test_a_fault_after_many_valid_rows_is_found_and_named(parser: None, decode: Decode) -> None:
    row = json.dumps(SMALL_ROWS[decode]).encode()
    rows = 1000
    error = refused(decode, answer_of(b",".join([row] * rows + [b"null"]), decode))
    assert len(error.problems) == 1
    assert error.problems[0].endswith(f"[{rows}]: expected an object, got null")
