"""The best models for coding by Artificial Analysis, with their prices. Needs OPENROUTER_API_KEY."""

import asyncio

from openrouter_rankings import ArtificialAnalysisBenchmark, BenchmarkSource, RankingsClient, TaskType


async def main() -> None:
    async with RankingsClient() as client:
        answer = await client.get_benchmarks(source=BenchmarkSource.ARTIFICIAL_ANALYSIS, task_type=TaskType.CODING)
    rows = answer.of_type(ArtificialAnalysisBenchmark)
    for row in sorted(rows, key=lambda row: row.coding_index or 0.0, reverse=True)[:10]:
        price = f"{row.pricing.completion * 1_000_000:.2f} USD" if row.pricing else "unknown"
        print(f"{row.coding_index or 0.0:6.1f}  {row.display_name}: {price} for a million tokens of output")
    print(answer.citation)


if __name__ == "__main__":
    asyncio.run(main())
