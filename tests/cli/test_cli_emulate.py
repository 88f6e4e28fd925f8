import asyncio
import socket

import pytest
from typer.testing import CliRunner

from openrouter_rankings import RankingsClient
from openrouter_rankings.cli import commands, emulate


def test_an_address_that_cannot_be_listened_on_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(commands.app, ["emulate", "--port", str(port)])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: Cannot listen on 127.0.0.1:{port}")


async def test_the_emulation_tells_its_address_and_serves_until_it_is_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    serving = asyncio.create_task(emulate._emulate("127.0.0.1", 0, seed=5))
    told = ""
    while "--base-url" not in told:
        await asyncio.sleep(0)
        told += capsys.readouterr().err
    base_url = told.split()[-1]
    assert told == (
        f"Serving invented figures at {base_url} until Ctrl-C. To ask:\n"
        f"OPENROUTER_API_KEY=anything openrouter-rankings tasks --base-url {base_url}\n"
    )
    async with RankingsClient("anything", base_url=base_url) as client:
        assert len((await client.get_task_classifications()).classifications) == 29
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
