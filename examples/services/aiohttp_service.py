"""An aiohttp.web service: the tasks, and the models of each.

For people who have an aiohttp application: copy the context, the middleware and the handlers into it.

    python aiohttp_service.py --emulate        # invented figures, without a key
    OPENROUTER_API_KEY=... python aiohttp_service.py --port 8080
"""

import argparse
import logging
import math
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from openrouter_rankings import (
    ConfigurationError,
    RankingsClient,
    RankingsError,
    TaskClassifications,
    UnknownTagError,
    Window,
    endpoints,
)
from openrouter_rankings.clock import SystemClock
from openrouter_rankings.testing import EmulatedAPI, FakeTransport

logger = logging.getLogger("aiohttp_service")

# Seconds until a caller gets an older answer, or a 503.
DEADLINE = 5.0

# Seconds to suggest to a caller where nobody knows when there will be an answer.
RETRY_AFTER = 60

RANKINGS = web.AppKey("RANKINGS", RankingsClient)


async def closing_rankings(app: web.Application) -> AsyncIterator[None]:
    async with app[RANKINGS]:
        yield


@web.middleware
async def unavailable_without_an_answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RankingsError as error:
        logger.warning("No answer: %s", error)
        seconds: float | None = getattr(error, "retry_after", None)
        retry_after = str(RETRY_AFTER if seconds is None else math.ceil(seconds))
        body = {"detail": "There are no rankings at the moment."}
        return web.json_response(body, status=503, headers={"Retry-After": retry_after})


async def _classifications(request: web.Request) -> tuple[TaskClassifications, dict[str, str]]:
    """The answer of OpenRouter, with the fields that say how old it is and for how long it is fresh."""
    fetched = await request.app[RANKINGS].fetch(endpoints.task_classifications(Window.SEVEN_DAYS))
    headers = fetched.response.headers
    return fetched.value, {name: headers[name] for name in ("Age", "Cache-Control") if name in headers}


async def tasks(request: web.Request) -> web.Response:
    answer, headers = await _classifications(request)
    rows = [
        {"tag": task.tag, "display_name": task.display_name, "usage_share": task.usage_share} for task in answer.top(10)
    ]
    body = {"as_of": answer.as_of.isoformat(), "citation": answer.citation, "tasks": rows}
    return web.json_response(body, headers=headers)


async def task_models(request: web.Request) -> web.Response:
    answer, headers = await _classifications(request)
    try:
        task = answer.by_tag(request.match_info["tag"])
    except UnknownTagError as error:
        return web.json_response({"detail": str(error)}, status=404)
    rows = [{"id": model.id, "tag_usage_share": model.tag_usage_share} for model in task.top_models(10)]
    body = {"as_of": answer.as_of.isoformat(), "citation": answer.citation, "tag": task.tag, "models": rows}
    return web.json_response(body, headers=headers)


async def health(request: web.Request) -> web.Response:
    """Sends nothing to OpenRouter."""
    quota = await request.app[RANKINGS].quota()
    return web.json_response({"requests_left_today": quota.day.remaining})


def make_app(rankings: RankingsClient) -> web.Application:
    app = web.Application(middlewares=[unavailable_without_an_answer])
    app[RANKINGS] = rankings
    app.cleanup_ctx.append(closing_rankings)
    app.add_routes([web.get("/tasks", tasks), web.get("/tasks/{tag}", task_models), web.get("/health", health)])
    return app


def open_rankings(*, emulate: bool) -> RankingsClient:
    if emulate:
        print("The figures are invented.")
        transport = FakeTransport(EmulatedAPI(), clock=SystemClock())
        return RankingsClient("emulated", transport=transport, deadline=DEADLINE)
    return RankingsClient(deadline=DEADLINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulate", action="store_true", help="invented figures, without OPENROUTER_API_KEY")
    parser.add_argument("--port", type=int, default=8080, help="the port to listen on (8080)")
    arguments = parser.parse_args()
    try:
        rankings = open_rankings(emulate=arguments.emulate)
    except ConfigurationError as error:
        parser.error(str(error))
    web.run_app(make_app(rankings), host="127.0.0.1", port=arguments.port)


if __name__ == "__main__":
    main()
