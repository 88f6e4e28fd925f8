"""The coding apps that grow the most, and what all coding apps ask for together.

For people who watch a market: copy it, and choose the category.

    OPENROUTER_API_KEY=... python trending_apps.py
    python trending_apps.py --emulate    # invented figures, without a key
"""

import asyncio
import sys

from openrouter_rankings import AppCategory, AppSort, RankingsClient
from openrouter_rankings.testing import EmulatedAPI, FakeTransport


def open_client() -> RankingsClient:
    if "--emulate" not in sys.argv:
        return RankingsClient()
    return RankingsClient("emulated", transport=FakeTransport(EmulatedAPI()))


async def main() -> None:
    async with open_client() as client:
        page = await client.get_app_rankings(category=AppCategory.CODING, sort=AppSort.TRENDING, limit=5)
        for app in page.data:
            print(f"{app.rank:3}  {app.total_tokens:>22,}  {app.app_name}")
        print(page.citation)
        everything = [app async for app in client.iter_app_rankings(category=AppCategory.CODING)]
        print(f"{sum(app.total_requests for app in everything):,} requests by {len(everything)} apps")


if __name__ == "__main__":
    asyncio.run(main())
