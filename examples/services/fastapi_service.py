"""A FastAPI service: the tasks, and the models of each, from one key with any number of workers.

For teams whose other programs (dashboards, routers, notebooks) read the rankings from one place: copy this file.

    pip install fastapi uvicorn                # beside openrouter-rankings
    python fastapi_service.py --emulate        # invented figures, without a key
    OPENROUTER_API_KEY=... python fastapi_service.py --workers 4 --store rankings.sqlite3

The workers share one cache and one quota in the store, which is a SQLite file, or ``redis://...`` for several machines.
"""

import argparse
import logging
import math
import os
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypedDict

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from openrouter_rankings import (
    CachePolicy,
    Quota,
    RankingsClient,
    RankingsError,
    TaskClassifications,
    UnknownTagError,
    Window,
    endpoints,
)
from openrouter_rankings.testing import EmulatedAPI, serve_in_thread

logger = logging.getLogger("uvicorn.error")

# Seconds until a caller gets an older answer, or a 503.
DEADLINE = 5.0

# Seconds to suggest to a caller where nobody knows when there will be an answer.
RETRY_AFTER = 60


class State(TypedDict):
    """What the requests share."""

    rankings: RankingsClient


class Task(BaseModel):
    """A task with its part of all requests and of all tokens, 0 to 1."""

    model_config = ConfigDict(from_attributes=True)
    tag: str
    display_name: str
    usage_share: float
    token_share: float


class Model(BaseModel):
    """A model with its part of a task's requests and tokens, 0 to 1."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    tag_usage_share: float
    tag_token_share: float


class Tasks(BaseModel):
    """The leading tasks."""

    as_of: date
    citation: str
    tasks: list[Task]


class TaskModels(BaseModel):
    """The leading models of a task."""

    as_of: date
    citation: str
    task: Task
    models: list[Model]


class Health(BaseModel):
    """What remains of the day's requests to OpenRouter."""

    requests_left_today: int


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[State]:
    store = os.environ.get("RANKINGS_STORE")
    async with RankingsClient(
        quota=Quota(store=store),
        cache=CachePolicy(store=store),
        deadline=DEADLINE,
    ) as rankings:
        yield {"rankings": rankings}


app = FastAPI(title="Rankings", lifespan=lifespan)


def shared_client(request: Request) -> RankingsClient:
    rankings: RankingsClient = request.state.rankings
    return rankings


async def classifications(
    rankings: Annotated[RankingsClient, Depends(shared_client)], response: Response
) -> TaskClassifications:
    """The answer of OpenRouter. Its age, and for how long it is fresh, go on to the caller."""
    fetched = await rankings.fetch(endpoints.task_classifications(Window.SEVEN_DAYS))
    for name in ("Age", "Cache-Control"):
        if name in fetched.response.headers:
            response.headers[name] = fetched.response.headers[name]
    return fetched.value


Answer = Annotated[TaskClassifications, Depends(classifications)]
Top = Annotated[int, Query(ge=1, le=100)]


@app.get("/tasks")
async def tasks(answer: Answer, top: Top = 10, by: Literal["usage", "tokens"] = "usage") -> Tasks:
    leading = [Task.model_validate(task) for task in answer.top(top, by)]
    return Tasks(as_of=answer.as_of, citation=answer.citation, tasks=leading)


@app.get("/tasks/{tag}")
async def task_models(answer: Answer, tag: str, top: Top = 10, by: Literal["usage", "tokens"] = "usage") -> TaskModels:
    try:
        task = answer.by_tag(tag)
    except UnknownTagError as error:
        raise HTTPException(404, str(error)) from error
    models = [Model.model_validate(model) for model in task.top_models(top, by)]
    return TaskModels(as_of=answer.as_of, citation=answer.citation, task=Task.model_validate(task), models=models)


@app.get("/health")
async def health(rankings: Annotated[RankingsClient, Depends(shared_client)]) -> Health:
    """Whether this worker and its store work. It sends nothing to OpenRouter."""
    return Health(requests_left_today=(await rankings.quota()).day.remaining)


@app.exception_handler(RankingsError)
async def no_answer(_: Request, error: Exception) -> JSONResponse:
    logger.warning("No answer: %s", error)
    seconds: float | None = getattr(error, "retry_after", None)
    retry_after = str(RETRY_AFTER if seconds is None else math.ceil(seconds))
    return JSONResponse({"detail": "There are no rankings at the moment."}, 503, {"Retry-After": retry_after})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulate", action="store_true", help="invented figures, without OPENROUTER_API_KEY")
    parser.add_argument("--port", type=int, default=8000, help="the port to listen on (8000)")
    parser.add_argument("--workers", type=int, default=1, help="the number of processes (1)")
    parser.add_argument("--store", default="rankings.sqlite3", help="the SQLite file or redis:// URL that they share")
    arguments = parser.parse_args()
    os.environ["RANKINGS_STORE"] = arguments.store
    with ExitStack() as stack:
        if arguments.emulate:
            # In this process, which the workers are children of: they all ask this one.
            base_url = stack.enter_context(serve_in_thread(EmulatedAPI()))
            print("The figures are invented.")
            os.environ |= {"OPENROUTER_RANKINGS_BASE_URL": base_url, "OPENROUTER_API_KEY": "emulated"}
        elif not os.environ.get("OPENROUTER_API_KEY"):
            parser.error("Set OPENROUTER_API_KEY, or add --emulate.")
        uvicorn.run(
            f"{Path(__file__).stem}:app",
            app_dir=str(Path(__file__).parent),
            port=arguments.port,
            workers=arguments.workers,
        )


if __name__ == "__main__":
    main()
