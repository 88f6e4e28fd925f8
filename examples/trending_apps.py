"""The coding apps that grow the most. Needs OPENROUTER_API_KEY."""

import asyncio

from openrouter_rankings import AppCategory, AppSort, RankingsClient


async def main() -> None:
    async with RankingsClient() as client:
        page = await client.get_app_rankings(category=AppCategory.CODING, sort=AppSort.TRENDING, limit=5)
        for app in page.data:
            print(f"{app.rank:3}  {app.total_tokens:>22,}  {app.app_name}")
        print(page.citation)
        everything = [app async for app in client.iter_app_rankings(category=AppCategory.CODING)]
        print(f"{sum(app.total_requests for app in everything):,} requests by {len(everything)} apps")


if __name__ == "__main__":
    asyncio.run(main())
