"""One delivery proof for many orders of one project; each order says done, or why not (DOMAIN §10)."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.delivery.commands import IdempotencyKey, command_of, give
from api.delivery.deliveries import find_visible
from api.delivery.views import state_of
from api.permissions import PermittedRoute, permitted
from api.problems import Problem, ProblemError, documented
from domain.base import Identifier, Strict
from domain.delivery.stage_commands import Deliver, UploadProof
from domain.delivery.stages import StageName
from domain.delivery.state import CommandReceipt
from domain.errors import ErrorCode
from domain.parties import Actor, Role
from domain.proof import Proof

router = APIRouter(prefix="/v1/proof-batches", tags=["commands"], route_class=PermittedRoute)

PROOFS_AT_ONCE = 10
"""Orders of one batch that the engine works on at the same time."""

NamedDelivery = Annotated[str, Field(min_length=3, max_length=140)]
"""An order by its id; one that is not there fails alone, not the batch."""


class ProofBatch(Strict):
    """A proof, and the orders of one project that it proves."""

    project_id: Identifier
    delivery_ids: Annotated[tuple[NamedDelivery, ...], Field(min_length=1, max_length=100)]
    proof: Proof


class BatchResult(BaseModel):
    """What became of one order: its receipt, or the problem."""

    delivery_id: str
    done: bool
    receipt: CommandReceipt | None = None
    problem: Problem | None = None


class BatchAnswer(BaseModel):
    """One result per order, in the order asked."""

    done: int
    failed: int
    results: tuple[BatchResult, ...]


@router.post("", summary="Upload one proof for many orders", responses=documented())
async def upload(
    batch: ProofBatch,
    caller: Annotated[Actor, permitted(Role.SELLER)],
    request: Request,
    idempotency_key: IdempotencyKey,
) -> BatchAnswer:
    """Seller: deliver, or upload the proof, on each order that waits for it. Repeat it under its key to go on."""
    few = asyncio.Semaphore(PROOFS_AT_ONCE)

    async def one(delivery_id: str) -> BatchResult:
        async with few:
            return await _one(delivery_id, batch, caller, request, idempotency_key)

    results = tuple(await asyncio.gather(*(one(name) for name in dict.fromkeys(batch.delivery_ids))))
    done = sum(result.done for result in results)
    return BatchAnswer(done=done, failed=len(results) - done, results=results)


async def _one(delivery_id: str, batch: ProofBatch, caller: Actor, request: Request, key: str) -> BatchResult:
    try:
        receipt = await _prove(delivery_id, batch, caller, request, key)
    except ProblemError as error:
        return BatchResult(delivery_id=delivery_id, done=False, problem=error.problem)
    return BatchResult(delivery_id=delivery_id, done=True, receipt=receipt)


async def _prove(delivery_id: str, batch: ProofBatch, caller: Actor, request: Request, key: str) -> CommandReceipt:
    row = await run_in_threadpool(find_visible, delivery_id, caller)
    state = state_of(row)
    if state.order.project_id != batch.project_id:
        raise ProblemError(ErrorCode.OTHER_PROJECT)
    body = UploadProof(proof=batch.proof) if state.flow.has(StageName.PROOF_UPLOAD) else Deliver(proof=batch.proof)
    return await give(request.app.state.temporal, row.id, command_of(caller, key, body))
