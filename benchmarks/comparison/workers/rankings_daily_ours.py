"""The contender of this checkout, for the daily rankings: a file holds one answer to a line."""

from ours import connect
from worker import main

from openrouter_rankings.models.rankings_daily import RankingsDaily, decode_rankings_daily


def decode(bodies: bytes) -> list[RankingsDaily]:
    return [decode_rankings_daily(body) for body in bodies.splitlines()]


if __name__ == "__main__":
    main(connect, decode)
