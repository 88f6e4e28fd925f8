"""The public surface of the package that users' tests import."""

from __future__ import annotations

import pytest

from openrouter_rankings import testing


def test_the_public_names_are_these() -> None:
    assert testing.__all__ == [
        "EmulatedAPI",
        "FakeClock",
        "FakeScriptError",
        "FakeTransport",
        "Fault",
        "Reply",
        "serve",
        "serve_in_thread",
    ]


@pytest.mark.parametrize("name", testing.__all__)
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    assert getattr(testing, name).__name__ == name
    assert getattr(testing, name).__doc__


def test_the_public_names_are_shown_by_dir() -> None:
    assert dir(testing) == testing.__all__


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match=r"'openrouter_rankings\.testing' has no attribute 'FakeServer'"):
        getattr(testing, "FakeServer")  # noqa: B009 - type checkers reject the attribute


@pytest.mark.parametrize("name", ["EmulatedAPI", "FakeClock", "FakeTransport"])
def test_what_needs_no_socket_does_not_import_aiohttp(pytester: pytest.Pytester, name: str) -> None:
    result = pytester.runpython_c(
        f"import sys; from openrouter_rankings.testing import {name}; print('aiohttp' in sys.modules)"
    )
    assert result.outlines == ["False"]
