"""``python -m bench.dbos_app PORT``: the same three steps as a DBOS workflow, in one process, as its own template is.

A workflow for each order writes the start, waits for messages, and writes each command in a transaction of a DBOS
datasource (``bench/rows.py``), which is exactly once with the workflow's own checkpoint; the HTTP routes send a message
and wait for the event by which the workflow answers. System tables and rows are in one database. Threads rather than
coroutines, as in the template: they were faster. The rows' pool is as large as the other application's, which is better
than the default; all else is DBOS's default. It has no tokens and no clocks, nobody sends the callback, and one process
runs both HTTP and workflows.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import uvicorn
from dbos import DBOS, DBOSConfig, SetWorkflowID, SQLAlchemyDatasource
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

from bench import rows
from domain.delivery.command_spec import Body
from domain.delivery.stage_commands import Accept, Deliver
from domain.order import Order

URL = os.environ["BENCH_DATABASE_URL"]
TOPIC = "commands"
STARTED = "started"
ISOLATION = "READ COMMITTED"
"""As for the others: the guard of every step makes a stricter level, and its retries, needless."""

ANSWER_SECONDS = 15.0
PATIENCE_SECONDS = 180 * 86_400.0

Key = Annotated[str, Header(alias="Idempotency-Key")]


class Asked(BaseModel):
    """One command on its way to a workflow."""

    command: str
    key: str
    content: dict[str, object]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Run workflows while the application serves."""
    DBOS.launch()
    try:
        yield
    finally:
        DBOS.destroy()


config: DBOSConfig = {"name": "bench", "system_database_url": URL, "log_level": "WARNING"}
DBOS(config=config)
data = SQLAlchemyDatasource.create(URL, engine=rows.prepared(URL, "psycopg"))
app = FastAPI(lifespan=lifespan)


@data.transaction(isolation_level=ISOLATION)
def write_start(order: str) -> str:
    """Put the start on record; the receipt."""
    return rows.start(data.sql_session(), Order.model_validate_json(order)).model_dump_json()


@data.transaction(isolation_level=ISOLATION)
def write_command(delivery_id: str, message: str) -> str:
    """Put a command on record; the receipt."""
    asked = Asked.model_validate_json(message)
    receipt = rows.take(data.sql_session(), delivery_id, asked.command, asked.key, asked.content)
    return receipt.model_dump_json()


@DBOS.workflow()
def delivery(delivery_id: str, order: str) -> None:
    """One order from its start to its acceptance."""
    DBOS.set_event(STARTED, write_start(order))
    stage = rows.START.target
    while stage != rows.COMMANDS["accept"].target:
        message = DBOS.recv(TOPIC, timeout_seconds=PATIENCE_SECONDS)
        if message is None:
            continue
        try:
            receipt = write_command(delivery_id, message)
        except rows.RefusedError:
            receipt = None
        else:
            stage = rows.CommandReceipt.model_validate_json(receipt).stage
        DBOS.set_event(Asked.model_validate_json(message).key, receipt)


@app.post("/deliveries", status_code=201)
def start(order: Order) -> rows.CommandReceipt:
    """Start the delivery of an order line."""
    with SetWorkflowID(order.delivery_id):
        DBOS.start_workflow(delivery, order.delivery_id, order.model_dump_json())
    return _answer(order.delivery_id, STARTED)


@app.post("/deliveries/{delivery_id}/deliver")
def deliver(delivery_id: str, fields: Deliver, key: Key) -> rows.CommandReceipt:
    """The seller says the product is delivered."""
    return _send(delivery_id, fields, key)


@app.post("/deliveries/{delivery_id}/accept")
def accept(delivery_id: str, fields: Accept, key: Key) -> rows.CommandReceipt:
    """The buyer agrees that it arrived."""
    return _send(delivery_id, fields, key)


def _send(delivery_id: str, fields: Body, key: str) -> rows.CommandReceipt:
    asked = Asked(command=fields.spec.name, key=key, content=fields.model_dump(mode="json"))
    DBOS.send(delivery_id, asked.model_dump_json(), TOPIC, idempotency_key=f"{delivery_id}:{key}")
    return _answer(delivery_id, key)


def _answer(delivery_id: str, key: str) -> rows.CommandReceipt:
    receipt = DBOS.get_event(delivery_id, key, timeout_seconds=ANSWER_SECONDS)
    if receipt is None:
        raise HTTPException(409, "not legal now")
    return rows.CommandReceipt.model_validate_json(receipt)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
