"""The ten leading models since the beginning of 2025, by tokens. Needs OPENROUTER_API_KEY."""

import asyncio

from openrouter_rankings import RankingsClient


async def main() -> None:
    async with RankingsClient() as client:
        rankings = await client.get_rankings_daily(
            start_date="2025-01-01", progress=lambda done, total: print(f"{done} of {total} answers")
        )
    for model in rankings.leaderboard(10, merge_variants=True):
        print(f"{model.token_share:6.1%}  {model.total_tokens:>22,}  {model.model_permaslug}")
    print("Days without data:", *rankings.missing_dates())
    print(rankings.citation)


if __name__ == "__main__":
    asyncio.run(main())
