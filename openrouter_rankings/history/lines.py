"""The archive's own format for exchange: a line of JSON for each revision, with all that the archive knows of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from openrouter_rankings.history.data_sets import by_name, parameters_of
from openrouter_rankings.history.entry import Entry, instant_text, prepare
from openrouter_rankings.history.errors import AnswerRefusedError
from openrouter_rankings.history.packing import unpack
from openrouter_rankings.history.storage import Stored

__all__ = ["is_line", "read_line", "write_line"]


def write_line(stored: Stored) -> bytes:
    """The line of one revision.

    Raises:
        ValueError: what is stored is damaged.
    """
    revision = stored.revision
    document = {
        "data_set": revision.slot.data_set,
        "parameters": parameters_of(revision.slot.series),
        "first": revision.slot.first,
        "date": revision.slot.last,
        "revision": revision.number,
        "content_hash": revision.source.content.hex(),
        "citation": stored.citation,
        "licence": stored.licence,
        "seen": [
            {"fetched_at": each.fetched_at, "complete": each.complete, "sha256": each.digest.hex()}
            for each in revision.sightings
        ],
        "body": unpack(stored.body, stored.size).decode(),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def is_line(document: Any) -> bool:
    """Whether a JSON document is a line of an export, and not an answer."""
    return isinstance(document, dict) and {"data_set", "seen", "body"} <= document.keys()


def read_line(document: Mapping[str, Any], *, synthetic: bool) -> list[Entry]:
    """What the archive stores of a line: an entry for each time that the revision was seen.

    Args:
        document: the line.
        synthetic: take it also if its figures are invented.

    Raises:
        AnswerRefusedError: the archive does not take the answer, or the line is not as ``write_line`` writes it.
    """
    try:
        data_set = by_name(document["data_set"])
        body = document["body"].encode()
        seen = [
            (datetime.fromisoformat(each["fetched_at"]), bytes.fromhex(each["sha256"]), bool(each["complete"]))
            for each in document["seen"]
        ]
        entry = prepare(data_set, body, dict(document["parameters"]), seen[0][0], synthetic=synthetic)
        return [
            attrs.evolve(entry, fetched_at=instant_text(at), digest=digest, complete=complete)
            for at, digest, complete in seen
        ]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise AnswerRefusedError(f"it is not a line of an export ({error!r})") from error
