"""The command ``snapshots``, against a server on a socket."""

import hashlib
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from command_line import Call

BODY = b"invented,columns\n1,2\n"
FILES = {
    "/index.json": b'{"invented": ["weather"]}\n',
    "/weather/2026-06-17.csv": BODY,
    "/weather/2026-06-17.manifest.json": hashlib.sha256(BODY).hexdigest().join('""').encode(),
    "/tides/2026-06-17.csv": BODY,
    "/tides/2026-06-17.manifest.json": b"{}",
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = FILES.get(self.path.removeprefix("/api/v1/datasets/exports"))
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Nothing is said."""


@pytest.fixture(scope="module")
def server() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/api/v1"
        listening.shutdown()
        thread.join()


def test_without_a_name_the_catalogue_is_printed_as_it_is(server: str) -> None:
    call = Call("snapshots", "--base-url", server, key="")
    assert (call.status, call.out, call.err) == (0, FILES["/index.json"].decode(), "")


def test_a_file_is_kept_in_the_data_folder_and_cited(server: str, tmp_path: Path) -> None:
    arguments = ("snapshots", "weather", "--date", "2026-06-17", "--base-url", server)
    call = Call(*arguments, key="")
    assert (call.status, call.out) == (0, "weather: new (2026-06-17, csv, 21 bytes)\n")
    assert call.err.startswith('OpenRouter. "weather", snapshot 2026-06-17. Retrieved ')
    folder = tmp_path / "home" / ".local" / "share" / "openrouter-rankings" / "snapshots" / "weather"
    assert (folder / "2026-06-17.csv").read_bytes() == BODY
    assert Call(*arguments, "--max-wait", "5s").out == "weather: unchanged (2026-06-17, csv, 21 bytes)\n"


def test_one_that_fails_does_not_stop_the_others(server: str, tmp_path: Path) -> None:
    names = ("rain", "tides", "weather")
    call = Call("snapshots", *names, "--date", "2026-06-17", "--base-url", server, "-o", str(tmp_path), "--quiet")
    assert (call.status, call.out) == (1, "")
    rain, tides = call.err.splitlines()
    assert rain == (
        "rain: failed: there is no such data set, or no csv file of 2026-06-17 yet: without a NAME, `snapshots` lists "
        "them."
    )
    assert tides.startswith("tides: failed: ")
    assert "its manifest has no checksum that it fits" in tides
    assert [path.name for path in tmp_path.iterdir()] == ["weather"]


@pytest.mark.parametrize("arguments", [("a/b",), ("weather", "--date", "soon"), ("weather", "--base-url", "nowhere")])
def test_a_mistake_is_an_error_of_usage(server: str, arguments: tuple[str, ...]) -> None:
    assert Call("snapshots", "--base-url", server, *arguments).status == 2
