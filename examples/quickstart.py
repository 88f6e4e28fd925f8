"""The five leading tasks by tokens, each with its leading model.

For people who begin: this is the shortest program that answers "what is OpenRouter used for?".

    OPENROUTER_API_KEY=... python quickstart.py
    python quickstart.py --emulate    # invented figures, without a key
"""

import asyncio
import sys

from openrouter_rankings import RankingsClient
from openrouter_rankings.testing import EmulatedAPI, FakeTransport


def open_client() -> RankingsClient:
    if "--emulate" not in sys.argv:
        return RankingsClient()
    return RankingsClient("emulated", transport=FakeTransport(EmulatedAPI()))


async def main() -> None:
    async with open_client() as client:
        tasks = await client.get_task_classifications()
    for task in tasks.top(5, by="tokens"):
        leader = task.top_models(1, by="tokens")[0]
        print(f"{task.display_name:24} {task.token_share:6.1%}  {leader.id} ({leader.tag_token_share:.1%} of it)")
    print(tasks.citation)


if __name__ == "__main__":
    asyncio.run(main())
