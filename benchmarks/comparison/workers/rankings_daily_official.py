"""The official package, for the daily rankings: a file holds one answer to a line."""

from official import connect
from openrouter.components import RankingsDailyResponse
from openrouter.utils import unmarshal_json
from worker import main


def decode(bodies: bytes) -> list[RankingsDailyResponse]:
    return [unmarshal_json(body.decode(), RankingsDailyResponse) for body in bodies.splitlines()]


if __name__ == "__main__":
    main(connect, decode)
