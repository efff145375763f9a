"""``python -m bench.plain_app PORT``: the same three steps by PostgreSQL alone, a state machine without an engine.

One process; FastAPI, SQLAlchemy and psycopg2 set up as in the product's API; one guarded transaction for each step
(``bench/rows.py``). It shows what the rows and HTTP cost. It has no tokens, no clocks and no flows, nothing of it goes
on by itself, and to change a flow while orders are under way is left to whoever changes it.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import anyio.to_thread
import uvicorn
from fastapi import FastAPI, Header, HTTPException
from sqlalchemy.orm import sessionmaker

from bench import rows
from domain.delivery.command_spec import Body
from domain.delivery.stage_commands import Accept, Deliver
from domain.order import Order

ENGINE = rows.prepared(os.environ["BENCH_DATABASE_URL"], "psycopg2")
SESSIONS = sessionmaker(ENGINE, expire_on_commit=False)

Key = Annotated[str, Header(alias="Idempotency-Key")]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Let threads for database work never outnumber the connections."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = rows.POOL
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/deliveries", status_code=201)
def start(order: Order) -> rows.CommandReceipt:
    """Start the delivery of an order line."""
    with SESSIONS.begin() as session:
        return rows.start(session, order)


@app.post("/deliveries/{delivery_id}/deliver")
def deliver(delivery_id: str, fields: Deliver, key: Key) -> rows.CommandReceipt:
    """The seller says the product is delivered."""
    return _take(delivery_id, fields, key)


@app.post("/deliveries/{delivery_id}/accept")
def accept(delivery_id: str, fields: Accept, key: Key) -> rows.CommandReceipt:
    """The buyer agrees that it arrived."""
    return _take(delivery_id, fields, key)


def _take(delivery_id: str, fields: Body, key: str) -> rows.CommandReceipt:
    try:
        with SESSIONS.begin() as session:
            return rows.take(session, delivery_id, fields.spec.name, key, fields.model_dump(mode="json"))
    except rows.RefusedError as error:
        raise HTTPException(409, str(error)) from error


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
