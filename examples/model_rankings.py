"""The ten leading models since the beginning of 2025, by tokens.

For people who write market reports: copy it, and choose the span and the filters.

    OPENROUTER_API_KEY=... python model_rankings.py
    python model_rankings.py --emulate    # invented figures, without a key
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
        rankings = await client.get_rankings_daily(
            start_date="2025-01-01", progress=lambda done, total: print(f"{done} of {total} answers")
        )
    for model in rankings.leaderboard(10, merge_variants=True):
        print(f"{model.token_share:6.1%}  {model.total_tokens:>22,}  {model.model_permaslug}")
    print("Days without data:", *rankings.missing_dates())
    print(rankings.citation)


if __name__ == "__main__":
    asyncio.run(main())
