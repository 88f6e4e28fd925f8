"""The best models for coding by Artificial Analysis, with their prices.

For people who route requests to models: copy it, and weigh score against price.

    OPENROUTER_API_KEY=... python benchmarks.py
    python benchmarks.py --emulate    # invented figures, without a key
"""

import asyncio
import sys

from openrouter_rankings import ArtificialAnalysisBenchmark, BenchmarkSource, RankingsClient, TaskType
from openrouter_rankings.testing import EmulatedAPI, FakeTransport


def open_client() -> RankingsClient:
    if "--emulate" not in sys.argv:
        return RankingsClient()
    return RankingsClient("emulated", transport=FakeTransport(EmulatedAPI()))


async def main() -> None:
    async with open_client() as client:
        answer = await client.get_benchmarks(source=BenchmarkSource.ARTIFICIAL_ANALYSIS, task_type=TaskType.CODING)
    rows = answer.of_type(ArtificialAnalysisBenchmark)
    for row in sorted(rows, key=lambda row: row.coding_index or 0.0, reverse=True)[:10]:
        price = f"{row.pricing.completion * 1_000_000:.2f} USD" if row.pricing else "unknown"
        print(f"{row.coding_index or 0.0:6.1f}  {row.display_name}: {price} for a million tokens of output")
    print(answer.citation)


if __name__ == "__main__":
    asyncio.run(main())
