"""The official package's model of the daily rankings, decoded by pydantic in its quickest way."""

from official import connect
from openrouter.components import RankingsDailyResponse
from worker import main


def decode(bodies: bytes) -> list[RankingsDailyResponse]:
    return [RankingsDailyResponse.model_validate_json(body) for body in bodies.splitlines()]


if __name__ == "__main__":
    main(connect, decode)
