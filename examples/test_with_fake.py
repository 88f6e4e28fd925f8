"""How to test your own code: inject a fake transport, and the real client runs on it without a network or a wait.

For people whose programs use this library: copy it next to your tests, and put your own code under test.

    pip install pytest pytest-asyncio
    pytest -o asyncio_mode=auto test_with_fake.py
"""

from datetime import date

import pytest

from openrouter_rankings import ModelShare, RankingsClient, Response, TooManyRequestsError
from openrouter_rankings.testing import EmulatedAPI, FakeTransport, Fault

SLOW_DOWN = Response(429, {"Retry-After": "30"})


async def best_model_for(client: RankingsClient, tag: str) -> ModelShare:
    """The code under test: the model that most requests of a task go to."""
    tasks = await client.get_task_classifications()
    return tasks.by_tag(tag).top_models(1)[0]


async def test_the_leader_of_a_task_is_found() -> None:
    # EmulatedAPI answers as the service does, with invented figures.
    async with RankingsClient("key", transport=FakeTransport(EmulatedAPI())) as client:
        assert (await best_model_for(client, "code:debugging")).tag_usage_share > 0


async def test_three_limits_of_thirty_seconds_are_waited_out_in_no_time() -> None:
    api = EmulatedAPI(faults=[Fault(429, headers={"Retry-After": "30"})] * 3)
    transport = FakeTransport(api)
    async with RankingsClient("key", transport=transport) as client:
        await best_model_for(client, "math")
    assert len(transport.requests) == 4


async def test_a_limit_that_does_not_end_reaches_the_caller() -> None:
    async with RankingsClient("key", transport=FakeTransport([SLOW_DOWN] * 4)) as client:
        with pytest.raises(TooManyRequestsError) as caught:
            await best_model_for(client, "math")
    assert caught.value.retry_after == 30


async def test_with_the_fixtures_of_the_pytest_plugin(
    openrouter_client: RankingsClient, openrouter_api: EmulatedAPI
) -> None:
    openrouter_api.misbehave(503)
    tasks = await openrouter_client.get_task_classifications()
    assert tasks.as_of < date.max
    assert len(openrouter_api.requests) == 2
