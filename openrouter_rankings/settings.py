"""What a client and a call are set up with, and what of it cannot be used."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import attrs

from openrouter_rankings.clock import can_be_added
from openrouter_rankings.errors import ConfigurationError
from openrouter_rankings.messages import Headers

__all__ = [
    "BASE_URL",
    "BASE_URL_VARIABLE",
    "App",
    "checked_base_url",
    "checked_callback",
    "checked_extra_headers",
    "checked_headers",
    "checked_instance",
    "checked_key",
    "checked_methods",
    "checked_seconds",
]

C = TypeVar("C")

BASE_URL = "https://openrouter.ai/api/v1"
BASE_URL_VARIABLE = "OPENROUTER_RANKINGS_BASE_URL"
_KEY_VARIABLE = "OPENROUTER_API_KEY"

_KEY = re.compile(r"[!-~]+")
_URL = re.compile(r"[^\s\x00-\x1f\x7f]*")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[^\x00-\x1f\x7f]*")


def _as_tuple(categories: str | Iterable[str]) -> tuple[str, ...]:
    names = tuple(categories) if isinstance(categories, Iterable) and not isinstance(categories, str) else (categories,)
    for name in names:
        if not isinstance(name, str):
            raise ConfigurationError(f"categories must be strings, not {_type_of(name)}.")
    return names


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
    if not isinstance(key, str):
        raise ConfigurationError(f"api_key must be a string, not {_type_of(key)}.")
    if not _KEY.fullmatch(key):
        raise ConfigurationError(
            f"{source} is not an API key: it contains white space, a control character or a letter outside ASCII. "
            "Strip the newline from a key that was read from a file."
        )
    return key


def checked_base_url(base_url: str | None) -> str:
    """The URL without a slash at its end; None is the environment's, or else OpenRouter's."""
    url = (os.environ.get(BASE_URL_VARIABLE) or BASE_URL) if base_url is None else base_url
    source = f"The environment variable {BASE_URL_VARIABLE}" if base_url is None else "base_url"
    if not isinstance(url, str):
        raise ConfigurationError(f"{source} must be a string, not {_type_of(url)}.")
    if not _URL.fullmatch(url):
        raise ConfigurationError(f"{source} must be a URL without white space and control characters.")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        is_more = parts.username is not None or "?" in url or "#" in url
    except ValueError:  # a broken IPv6 address, or an invalid port
        usable = is_more = False
    if not usable:
        # Not shown, since it can hold a password, or be the key in the wrong place.
        raise ConfigurationError(f"{source} must be an http or https URL, such as {BASE_URL}.")
    if is_more:
        raise ConfigurationError(f"{source} must have no user, query or fragment: every URL begins with it.")
    return url.rstrip("/")


def checked_seconds(name: str, seconds: float | None, *, zero: bool = False) -> float | None:
    """The number of seconds given as ``name``; None for none. Only with ``zero`` may it be 0."""
    if seconds is not None and not (can_be_added(seconds) and (seconds > 0 or (zero and seconds == 0))):
        at_least = "of at least 0" if zero else "above 0"
        raise ConfigurationError(f"{name} must be a number of seconds {at_least}, or None, not {seconds!r}.")
    return seconds


def checked_instance(name: str, value: object, kind: type, *, optional: bool = True) -> None:
    """Refuse a ``value``, given as ``name``, that is not a ``kind``."""
    if not (isinstance(value, kind) or (optional and value is None)):
        article = "an" if kind.__name__[0] in "AEIO" else "a"
        or_none = " or None" if optional else ""
        raise ConfigurationError(f"{name} must be {article} {kind.__name__}{or_none}, not {_type_of(value)}.")


def checked_methods(name: str, value: C, *methods: str) -> C:
    """The object given as ``name``, which has all the ``methods``."""
    # A class has the methods of its instances too.
    if isinstance(value, type) or not all(callable(getattr(value, method, None)) for method in methods):
        needed = " and ".join(methods)
        raise ConfigurationError(f"{name} must be an object with the methods {needed}, not {_type_of(value)}.")
    return value


def checked_callback(name: str, callback: C | None) -> C | None:
    """The function given as ``name``, if there is one."""
    if callback is not None and not callable(callback):
        raise ConfigurationError(f"{name} must be a function or None, not {_type_of(callback)}.")
    return callback


def checked_extra_headers(headers: Mapping[str, str]) -> Headers:
    """The header fields of one call, which may not replace the key's."""
    if not isinstance(headers, Mapping):
        raise ConfigurationError(f"headers must be a mapping of names to values, not {_type_of(headers)}.")
    checked = checked_headers(headers)
    if "Authorization" in checked:
        raise ConfigurationError("The header field Authorization carries the API key: give the key as api_key.")
    return checked


def checked_headers(headers: Mapping[str, str]) -> Headers:
    """The header fields, without anything that could end a line."""
    for name, value in headers.items():
        if not (isinstance(name, str) and _FIELD_NAME.fullmatch(name)):
            raise ConfigurationError(f"{name!r} is not the name of a header field.")
        if not isinstance(value, str):
            raise ConfigurationError(f"The header field {name} must be a string, not {_type_of(value)}.")
        if not _FIELD_VALUE.fullmatch(value):
            raise ConfigurationError(f"The header field {name} contains a control character, such as a line break.")
    return Headers(headers)


def _type_of(value: object) -> str:
    # The value itself may be a secret in the wrong place.
    return type(value).__name__
