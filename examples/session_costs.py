"""What a long session costs with each model, in the app where it costs least.

For people who choose a model for an agent by its price: copy it, and choose the length of the session.

    OPENROUTER_API_KEY=... python session_costs.py
    python session_costs.py --emulate    # invented figures, without a key
"""

import asyncio
import sys

from openrouter_rankings import RankingsClient, SessionCostItem, TurnRange, join_pages
from openrouter_rankings.testing import EmulatedAPI, FakeTransport


def open_client() -> RankingsClient:
    if "--emulate" not in sys.argv:
        return RankingsClient()
    return RankingsClient("emulated", transport=FakeTransport(EmulatedAPI()))


async def main() -> None:
    async with open_client() as client:
        pages = [page async for page in client.iter_session_cost(turn_range=TurnRange.FIFTY_PLUS).pages()]
    costs = join_pages(pages)
    cheapest: dict[str, SessionCostItem] = {}
    for row in sorted(costs.data, key=lambda row: row.median_session_cost_usd):
        cheapest.setdefault(row.model_permaslug, row)
    for row in list(cheapest.values())[:10]:
        print(f"{row.median_session_cost_usd:8.2f} USD  {row.model_permaslug} in {row.app_name}")
    print(costs.citation)


if __name__ == "__main__":
    asyncio.run(main())
