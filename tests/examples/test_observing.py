"""The examples that watch a client, started as their user would start them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from example_files import EXAMPLES, load_example
from patience import PATIENCE
from started_example import free_port, started

from openrouter_rankings import events
from openrouter_rankings.testing import EmulatedAPI, serve_in_thread

pytest.importorskip("prometheus_client")
pytest.importorskip("structlog")

PATH = "/api/v1/classifications/task"


def scraped(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            return str(answer.read().decode())
    except urllib.error.URLError:
        return ""


def test_prometheus_finds_the_metrics_of_a_running_client_until_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    answered = f'openrouter_rankings_exchange_seconds_count{{outcome="200",path="{PATH}"}} 1.0'
    with started(
        "observing/prometheus",
        *("--emulate", "--port", str(port)),
        folder=tmp_path,
        ready=lambda: answered in scraped(port),
    ) as run:
        assert 'openrouter_rankings_quota_left{window="day"} 499.0' in scraped(port)
        run.interrupt()


def test_prometheus_goes_on_watching_after_a_failure(tmp_path: Path) -> None:
    port = free_port()
    failed = f'openrouter_rankings_exchange_seconds_count{{outcome="404",path="{PATH}"}} 1.0'
    with (
        serve_in_thread(EmulatedAPI(faults=[404])) as base_url,
        started(
            "observing/prometheus",
            *("--port", str(port)),
            folder=tmp_path,
            environment={"OPENROUTER_API_KEY": "sk-or-any", "OPENROUTER_RANKINGS_BASE_URL": base_url},
            ready=lambda: failed in scraped(port),
        ) as run,
    ):
        run.interrupt()
        assert "NotFound" not in run.log.read_text()
        assert "404" not in run.log.read_text()


def test_each_event_has_its_metric() -> None:
    from prometheus_client import REGISTRY

    prometheus = load_example("observing/prometheus")
    about = events.About(method="GET", path="/a")
    prometheus.count(events.ExchangeFailed(**about, error="TransportError", seconds=1, background=False))
    prometheus.count(events.RetryScheduled(**about, attempt=1, reason=503, wait=2))
    prometheus.count(events.ServedFromCache(**about, age=90, how="stale"))
    prometheus.count(events.Decoded(**about, seconds=0.1, valid=True))
    found = {
        name: REGISTRY.get_sample_value(f"openrouter_rankings_{name}", labels)
        for name, labels in {
            "exchange_seconds_sum": {"path": "/a", "outcome": "TransportError"},
            "retries_total": {"path": "/a", "reason": "503"},
            "cache_served_total": {"path": "/a", "how": "stale"},
            "answer_age_seconds_sum": {"how": "stale"},
        }.items()
    }
    assert found == {
        "exchange_seconds_sum": 1,
        "retries_total": 1,
        "cache_served_total": 1,
        "answer_age_seconds_sum": 90,
    }


def test_structlog_writes_each_event_as_a_line_of_json() -> None:
    run = subprocess.run(
        [sys.executable, EXAMPLES / "observing/structlog_events.py", "--emulate"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("QuotaAcquired", "info"),
        ("RequestSent", "info"),
        ("ResponseReceived", "info"),
        ("RetryScheduled", "warning"),
        ("QuotaAcquired", "info"),
        ("RequestSent", "info"),
        ("ResponseReceived", "info"),
        ("Decoded", "info"),
        ("ServedFromCache", "info"),
    ]
    assert all(line["path"] == PATH and line["job"] == "rankings" for line in lines)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", lines[0]["timestamp"])


@pytest.mark.parametrize("name", ["prometheus", "structlog_events"])
def test_an_example_that_watches_a_client_is_short(name: str) -> None:
    assert len((EXAMPLES / f"observing/{name}.py").read_text(encoding="utf-8").splitlines()) < 60


@pytest.mark.parametrize("name", ["prometheus", "structlog_events"])
def test_without_a_key_the_error_names_the_variable(name: str) -> None:
    run = subprocess.run(
        [sys.executable, EXAMPLES / f"observing/{name}.py"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={},
    )
    assert run.returncode == 1
    assert "OPENROUTER_API_KEY" in run.stderr
