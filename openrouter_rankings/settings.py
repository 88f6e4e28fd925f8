"""What a client is set up with, and what of it cannot be used."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import attrs

from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Headers

__all__ = [
    "BASE_URL",
    "App",
    "checked_base_url",
    "checked_extra_headers",
    "checked_headers",
    "checked_key",
    "checked_timeout",
]

BASE_URL = "https://openrouter.ai/api/v1"
_KEY_VARIABLE = "OPENROUTER_API_KEY"

_KEY = re.compile(r"[!-~]+")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[^\x00-\x1f\x7f]*")


def _as_tuple(categories: str | Iterable[str]) -> tuple[str, ...]:
    return (categories,) if isinstance(categories, str) else tuple(categories)


@attrs.frozen
class App:
    """The app that asks, as OpenRouter attributes its traffic; every field is optional.

    Attributes:
        url: the app's URL, sent as ``HTTP-Referer``.
        title: its name, sent as ``X-OpenRouter-Title``.
        categories: its categories, such as ``cli-agent``, sent as ``X-OpenRouter-Categories``.
    """

    url: str | None = None
    title: str | None = None
    categories: tuple[str, ...] = attrs.field(default=(), converter=_as_tuple)

    def headers(self) -> dict[str, str]:
        """The header fields that carry what is known of the app."""
        fields = {
            "HTTP-Referer": self.url,
            "X-OpenRouter-Title": self.title,
            "X-OpenRouter-Categories": ",".join(self.categories),
        }
        return {name: value for name, value in fields.items() if value}


def checked_key(api_key: str | None) -> str:
    """The key, from the environment if None."""
    key = os.environ.get(_KEY_VARIABLE, "") if api_key is None else api_key
    source = f"The environment variable {_KEY_VARIABLE}" if api_key is None else "api_key"
    if not key:
        raise ConfigurationError(f"No API key: set the environment variable {_KEY_VARIABLE}, or give api_key.")
    if not _KEY.fullmatch(key):
        raise ConfigurationError(
            f"{source} is no API key: it has white space, a control character or a letter outside ASCII in it. A line "
            "end at its end, as from a file, must be cut off."
        )
    return key


def checked_base_url(base_url: str) -> str:
    """The URL without a slash at its end."""
    refusal = f"base_url must be an http or https URL, such as {BASE_URL}, not {base_url!r}."
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:  # a broken IPv6 address, a port that is none
        raise ConfigurationError(refusal) from error
    if not usable:
        raise ConfigurationError(refusal)
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError("base_url must have no user, query or fragment: it is the beginning of every URL.")
    return base_url.rstrip("/")


def checked_timeout(timeout: float | None) -> float | None:
    """The timeout in seconds; None for none."""
    if timeout is not None and not (isinstance(timeout, (int, float)) and timeout > 0):
        raise ConfigurationError(f"timeout must be a positive number of seconds, or None, not {timeout!r}.")
    return timeout


def checked_extra_headers(headers: Mapping[str, str]) -> Headers:
    """The header fields of one call, which may not replace the key's."""
    checked = checked_headers(headers)
    if "Authorization" in checked:
        raise ConfigurationError("The header field Authorization is made of the API key: give the key as api_key.")
    return checked


def checked_headers(headers: Mapping[str, str]) -> Headers:
    """The header fields, without anything that could end a line."""
    for name, value in headers.items():
        if not _FIELD_NAME.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no name of a header field.")
        if not _FIELD_VALUE.fullmatch(value):
            raise ConfigurationError(f"The header field {name} has a control character in it, such as a line end.")
    return Headers(headers)
