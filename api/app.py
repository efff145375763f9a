"""The HTTP API as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import open_api, platform, problems, subscriptions
from api.body_limit import BodyLimit
from api.delivery import batches, commands, deliveries
from api.instance import instances, usage_records
from api.seller import calls, products, sellers
from gateway.connection import connect
from settings import settings

DESCRIPTION = """
Runs the *service supervision* (服务监管) of a cloud marketplace: from a paid order to an accepted or refunded delivery.

* Every route needs a bearer token of the identity provider; roles and party ids decide what it may do. Another
  party's order is 404.
* Every command needs an `Idempotency-Key`; repeating it with the same key is safe and gives the same answer.
* Every refusal is an RFC 9457 problem with a `code`, in Chinese and English, and says what to do now.
"""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    # Threads for blocking database work never outnumber the connections of the pool.
    anyio.to_thread.current_default_thread_limiter().total_tokens = max(settings().database_pool // 2, 1)
    app.state.temporal = await connect(lazy=True)
    yield


def create_app() -> FastAPI:
    """Build the application from the settings."""
    # The API's pages bring their scripts along: an operator's network may reach no public server.
    app = FastAPIOffline(
        title="Delivery orchestrator",
        version="1",
        description=DESCRIPTION,
        lifespan=_lifespan,
    )
    for part in (
        deliveries,
        commands,
        batches,
        instances,
        usage_records,
        subscriptions,
        calls,
        products,
        sellers,
        open_api,
        platform,
    ):
        app.include_router(part.router)
    app.add_middleware(BodyLimit, limit=settings().body_limit_bytes)
    problems.install(app)
    return app
