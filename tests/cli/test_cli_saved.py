"""Saved answers: what is simply read, and what a file is said to be instead."""

import bz2
import gzip
import io
import json
import lzma
from pathlib import Path

import pytest
from command_line import Call
from hypothesis import given, settings
from hypothesis import strategies as st
from property_tests import examples

from openrouter_rankings.cli import saved

ANSWER = Call("tasks", "--sample", "--format", "json").out.encode()
TABLE = Call("tasks", "--sample").out


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(ANSWER, mtime=0),
        bz2.compress(ANSWER),
        lzma.compress(ANSWER),
        b"\xef\xbb\xbf" + ANSWER,
        ANSWER.decode().encode("utf-16"),
        ANSWER.decode().encode("utf-16-le"),
        ANSWER.decode().encode("utf-16-be"),
        ANSWER.decode().encode("utf-32"),
        gzip.compress(ANSWER.decode().encode("utf-16"), mtime=0),
        b"\n  " + ANSWER,
    ],
    ids=["gzip", "bzip2", "xz", "BOM", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "gzip of UTF-16", "white space"],
)
def test_an_answer_is_read_however_it_was_saved(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "saved"
    path.write_bytes(content)
    for call in (Call("tasks", "--input", str(path)), Call("tasks", "--input", "-", stdin=content)):
        assert (call.status, call.out, call.err) == (0, TABLE, "")


@pytest.mark.parametrize(
    "command",
    [
        ("trend", "--tag", "math", "--input"),
        ("diff", "--input", "{}", "--input"),
        ("authors", "--input"),
        ("pick", "math", "--input"),
        ("chart", "task-treemap", "-f", "svg", "--input"),
        ("chart", "task-changes", "-f", "svg", "--sample", "--earlier"),
    ],
    ids=" ".join,
)
def test_a_part_of_an_answer_is_shown_and_not_computed_with(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    path.write_text(Call("tasks", "--sample", "--tag", "math", "-f", "json").out)
    call = Call(*(word.format(path) for word in command), str(path))
    assert call.status == 1
    assert f"{path} is a part of an answer, with fewer rows than the service gave" in call.err
    assert Call("tasks", "--tag", "math", "--input", str(path)).status == 0


def test_benchmarks_of_which_some_are_missing_are_not_weighed(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    path.write_text(Call("benchmarks", "--sample", "--top", "1", "-f", "json").out)
    call = Call("pick", "math", "--sample", "--weigh", "intelligence=1", "--benchmarks", str(path))
    assert (call.status, call.out) == (1, "")
    assert f"{path} is a part of an answer" in call.err


def test_daily_rankings_of_which_rows_are_missing_are_not_drawn(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    path.write_text(Call("models", "--sample", "--top", "5", "-f", "json").out)
    call = Call("chart", "weekly-models", "-f", "svg", "--input", str(path))
    assert (call.status, call.out) == (1, "")
    assert f"{path} is a part of an answer" in call.err


MODELS = b'{"data": [{"date": "2026-01-01", "model_permaslug": "a", "total_tokens": "1"}], "meta": {}}'
APPS = b'{"data": [{"app_id": 1, "total_tokens": "1"}], "meta": {}}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty."),
        (b" \n", "is empty."),
        (gzip.compress(b"", mtime=0), "is empty."),
        (ANSWER[:1000], "is cut off: its JSON has no end."),
        (b'{"data": "half', "is cut off: its JSON has no end."),
        (gzip.compress(ANSWER, mtime=0)[:1000], "is compressed, and cut off."),
        (b"\x1f\x8bnonsense", "is compressed, and damaged: "),
        (b"BZhnonsense", "is compressed, and damaged: "),
        (b"\xfd7zXZ\x00nonsense", "is compressed, and damaged: "),
        (b"PK\x03\x04nonsense", "is a zip archive: unpack it first."),
        (b"\x28\xb5\x2f\xfdnonsense", "is compressed with zstd: unpack it first."),
        (b"\xff\xfe{\x00\x00\xd8", "is in UTF-16, and damaged at byte "),
        (b"<!DOCTYPE html><html>", "is a web page, not an answer in JSON."),
        (b"tag,usage_share\n", "is not JSON: Expecting value in line 1, column 1."),
        (b'{"data": \xff}', "is not JSON: byte 9 is not UTF-8."),
        (b"[" * 200_000, "is nested too deeply to be an answer."),
        (b'{"data": ' + b"9" * 5000 + b"}", "is not an answer: "),
        (b"[1, 2]", "is JSON, but not an answer: it is no object with `data`."),
        (
            b'{"error": {"code": 401, "message": "No \\u001b[31m auth"}}',
            "is a saved error, not an answer: 401 No \ufffd[31m auth",
        ),
        (MODELS, "is an answer for `openrouter-rankings models`, not for `tasks`."),
        (APPS, "is an answer for `openrouter-rankings apps`, not for `tasks`."),
        (b'{"data": [{"median_session_cost_usd": 1}]}', "is an answer for `openrouter-rankings sessions`, not for"),
        (b'{"data": [{"source": "openrouter"}]}', "is an answer for `openrouter-rankings benchmarks`, not for"),
        (b'{"data": []}', "is not a whole answer for `tasks`: data: expected an object, got an array."),
        (b'{"nothing": 1}', "is not a whole answer for `tasks`: data: missing."),
        (b'{"data": {"classifications": []}}', "data.macro_categories: missing."),
        (b'{"data": {"classifications": [{}]}}', "; and "),
    ],
)
def test_what_a_file_is_instead_is_said_in_one_line_with_its_name(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "saved"
    path.write_bytes(content)
    call = Call("tasks", "--input", str(path))
    assert (call.status, call.out) == (1, "")
    assert call.err.startswith(f"error: {path} ")
    assert said in call.err
    assert call.err.count("\n") == 1


@pytest.mark.parametrize("content", [b"x" * 65, gzip.compress(b"x" * 65, mtime=0)])
def test_what_is_longer_than_any_answer_is_not_read(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "_LARGEST", 64)
    path = tmp_path / "saved"
    path.write_bytes(content)
    assert "has more than " in Call("tasks", "--input", str(path)).err


def test_stdin_is_named_as_such() -> None:
    assert Call("tasks", "--input", "-", stdin=b"").err == "error: standard input is empty.\n"


@settings(max_examples=examples(100))
@given(content=st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_no_content_whatever_leads_to_a_traceback(content: bytes) -> None:
    call = Call("tasks", "--input", "-", stdin=content)
    assert call.status == 1
    assert call.err.startswith("error: standard input ")


@settings(max_examples=examples(50))
@given(document=st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["data", "error", "source", "classifications"]), inner, max_size=4
    ),
))  # fmt: skip
def test_no_json_whatever_leads_to_a_traceback(document: object) -> None:
    text = io.StringIO()
    json.dump(document, text)
    assert Call("benchmarks", "--input", "-", stdin=text.getvalue()).status in {0, 1}
