"""Names for the key and the service of a request, to count and to store under."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from urllib.parse import urlsplit

from openrouter_rankings.messages import Request

__all__ = ["digest", "fields_hash", "key_hash", "origin"]


def digest(text: str) -> str:
    """A name for ``text`` that does not reveal it."""
    return blake2b(text.encode(), key=b"openrouter-rankings", digest_size=16).hexdigest()


# A credential does not stay long after its client.
_digest_of_key = lru_cache(maxsize=8)(digest)

_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def key_hash(request: Request) -> str:
    """A name for the key of ``request`` that does not reveal the key."""
    return _digest_of_key(request.headers.get("Authorization", ""))


def fields_hash(request: Request) -> str:
    """A name for the header fields of ``request`` that reveals none of them."""
    return digest(repr(sorted(request.headers.items())))


@lru_cache(maxsize=64)
def origin(url: str) -> str:
    """The scheme, host and port of ``url`` (RFC 6454, 4), such as ``https://openrouter.ai``.

    It is the same for all spellings: in any case, and with or without the default port.
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host.removesuffix(_DEFAULT_PORTS.get(parts.scheme, ':'))}"
