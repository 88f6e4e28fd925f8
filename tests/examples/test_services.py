"""The services, started as their user would start them, asked over real sockets and ended with Ctrl-C."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp.test_utils import TestClient, TestServer
from example_files import load_example
from patience import wait_until
from redis_process import RedisProcess
from started_example import free_port, started

from openrouter_rankings import CachePolicy, RankingsClient
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.models.synthetic import NOTICE
from openrouter_rankings.testing import EmulatedAPI, FakeTransport, Fault


@attrs.frozen
class Answer:
    """An answer of a service: its status, its fields by their names in small letters, and its body."""

    status: int
    headers: dict[str, str]
    body: Any


def _get(port: int, path: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, json.loads(response.read()))
    finally:
        connection.close()


def _answers(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            return _get(port, "/health").status == 200
        except OSError:
            return False

    return ready


@pytest.mark.parametrize(
    ("name", "arguments", "begins", "processes"),
    [
        ("fastapi_service", ["--workers", "2"], "Application startup complete", 2),
        ("aiohttp_service", [], "Running on", 1),
    ],
    ids=["fastapi", "aiohttp"],
)
def test_a_service_answers_with_invented_figures_and_their_age_until_ctrl_c(
    name: str, arguments: list[str], begins: str, processes: int, tmp_path: Path
) -> None:
    port = free_port()
    ready = _answers(port)
    with started(f"services/{name}", "--emulate", "--port", str(port), *arguments, folder=tmp_path, ready=ready) as run:
        tasks = _get(port, "/tasks")
        assert tasks.status == 200
        assert tasks.headers["cache-control"] == "private, max-age=60, stale-while-revalidate=300"
        assert 0 <= int(tasks.headers["age"]) <= 60
        assert len(tasks.body["tasks"]) == 10
        assert tasks.body["citation"] == NOTICE
        tag = tasks.body["tasks"][0]["tag"]
        models = _get(port, f"/tasks/{tag}")
        assert models.body["models"][0]["tag_usage_share"] > 0
        unknown = _get(port, "/tasks/code:debuging")
        assert (unknown.status, "Did you mean 'code:debugging'?" in unknown.body["detail"]) == (404, True)
        # All workers together have asked once.
        assert {_get(port, "/health").body["requests_left_today"] for _ in range(4)} == {499}
        wait_until(lambda: run.log.read_text().count(begins) == processes)
        assert run.interrupt() == 0
    assert "Traceback" not in run.log.read_text()


def test_the_fastapi_service_says_when_to_come_back_while_it_has_nothing_to_serve(
    tmp_path: Path, openrouter_api: EmulatedAPI, openrouter_server: str
) -> None:
    openrouter_api.misbehave(*repeat(Fault(429, headers={"Retry-After": "30"}), 20))
    port = free_port()
    environment = {"OPENROUTER_API_KEY": "key", "OPENROUTER_RANKINGS_BASE_URL": openrouter_server}
    with started(
        "services/fastapi_service",
        *("--port", str(port)),
        folder=tmp_path,
        ready=_answers(port),
        environment=environment,
    ) as run:
        answer = _get(port, "/tasks")
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert answer.body == {"detail": "There are no rankings at the moment."}
        assert _get(port, "/health").status == 200
        assert run.interrupt() == 0


@pytest.mark.parametrize(
    ("fault", "retry_after"), [(Fault(429, headers={"Retry-After": "30"}), "30"), (Fault(503), "60")]
)
async def test_the_aiohttp_service_says_when_to_come_back_while_it_has_nothing_to_serve(
    fault: Fault, retry_after: str
) -> None:
    aiohttp_service = load_example("services/aiohttp_service")
    transport = FakeTransport(EmulatedAPI(faults=repeat(fault)))
    app = aiohttp_service.make_app(RankingsClient("key", transport=transport, deadline=aiohttp_service.DEADLINE))
    async with TestClient(TestServer(app)) as http, http.get("/tasks") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, retry_after)


@pytest.mark.parametrize("name", ["fastapi_service", "aiohttp_service", "arq_worker"])
def test_a_service_without_a_key_says_which_variable_it_needs(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    monkeypatch.setattr("sys.argv", [name])
    main = load_example(f"services/{name}").main
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "OPENROUTER_API_KEY" in capsys.readouterr().err


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    executable = shutil.which("redis-server")
    if executable is None:
        pytest.skip("redis-server is not installed")
    server = RedisProcess(executable, tmp_path)
    server.start()
    yield server.url
    server.stop()


async def test_the_worker_keeps_the_answer_of_the_day_and_fills_the_cache_that_others_share(
    redis: str, tmp_path: Path
) -> None:
    kept = tmp_path / "kept-emulated"
    with started(
        "services/arq_worker",
        *("--emulate", "--redis", redis),
        folder=tmp_path,
        ready=lambda: bool(list(kept.glob("*.json"))),
    ) as run:
        assert run.interrupt() == 0
    assert "Traceback" not in run.log.read_text()
    (path,) = kept.iterdir()
    data = json.loads(path.read_bytes())["data"]
    assert path.name == f"tasks-{data['as_of']}.json"

    nothing_is_sent = FakeTransport([], clock=SystemClock())
    async with RankingsClient("emulated", transport=nothing_is_sent, cache=CachePolicy(store=redis)) as client:
        assert (await client.get_task_classifications()).to_dict()["data"] == data
