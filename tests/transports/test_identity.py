"""Names for the key and the service of a request."""

from __future__ import annotations

import pytest

from openrouter_rankings.transports.identity import origin


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://openrouter.ai/api/v1", "https://openrouter.ai"),
        ("HTTPS://OpenRouter.AI/api/v1", "https://openrouter.ai"),
        ("https://openrouter.ai:443/api/v1", "https://openrouter.ai"),
        ("https://openrouter.ai:8443/api/v1", "https://openrouter.ai:8443"),
        ("https://openrouter.ai:80/api/v1", "https://openrouter.ai:80"),
        ("http://localhost:80/api/v1", "http://localhost"),
        ("http://[::1]:80/api/v1", "http://[::1]"),
        ("http://[2001:db8::80]/api/v1", "http://[2001:db8::80]"),
    ],
)
def test_a_service_has_one_name_however_its_url_is_spelled(url: str, expected: str) -> None:
    assert origin(url) == expected
