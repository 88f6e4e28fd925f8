"""The five leading tasks by tokens, each with its leading model. Needs OPENROUTER_API_KEY."""

import asyncio

from openrouter_rankings import RankingsClient


async def main() -> None:
    async with RankingsClient() as client:
        tasks = await client.get_task_classifications()
    for task in tasks.top(5, by="tokens"):
        leader = task.top_models(1, by="tokens")[0]
        print(f"{task.display_name:24} {task.token_share:6.1%}  {leader.id} ({leader.tag_token_share:.1%} of it)")
    print(tasks.citation)


if __name__ == "__main__":
    asyncio.run(main())
