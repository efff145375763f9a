"""Sellers' production interfaces, as the marketplace calls them: they verify signatures and pass the call on."""

import json
import time
from base64 import b64decode
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from domain.seller.calls import ResultCode
from domain.seller.signatures import equal, equal_hex, is_fresh, sign_body, sign_v1, sign_v2
from sandbox.parties import access_key, open_api_keys, sandbox_settings
from sandbox.production import Behaviour, FaultPlan, Mood, ProductionSystem, Seen, result
from sandbox.software import EnteredCode, Software

router = APIRouter(prefix="/seller", tags=["seller"])

SYSTEMS: dict[str, ProductionSystem] = {}
"""The sellers of this process by their ids."""


def system_of(seller_id: str) -> ProductionSystem:
    """The production system of a seller; one that nobody set up has the sandbox's keys."""
    if seller_id not in SYSTEMS:
        shared = sandbox_settings()
        secret = shared.secret.get_secret_value()
        software = Software(shared.api_url, open_api_keys(secret, seller_id))
        SYSTEMS[seller_id] = ProductionSystem(access_key(secret, seller_id), software)
    return SYSTEMS[seller_id]


def _verify(system: ProductionSystem, request: Request, body: bytes) -> ResultCode | None:
    """Check the V2 signature in the documented order (DOMAIN §6.1); None when all is well."""
    timestamp, nonce = request.query_params.get("timestamp", ""), request.query_params.get("nonce", "")
    mood, now = system.usual.mood, datetime.now(UTC)
    fresh = timestamp.isdigit() and is_fresh(datetime.fromtimestamp(int(timestamp) / 1000, UTC), now)
    if not fresh and mood is not Mood.TIMELESS:
        return ResultCode.INVALID_PARAMETER
    if (not nonce or nonce in system.nonces) and mood is not Mood.FORGETFUL:
        return ResultCode.INVALID_PARAMETER
    is_right = equal_hex(sign_v2(system.access_key, nonce, timestamp, body), request.query_params.get("signature", ""))
    if not is_right and mood is not Mood.TRUSTING:
        return ResultCode.UNAUTHENTICATED
    system.nonces[nonce] = time.time()
    return None


@router.post("/{seller_id}/production")
async def production(seller_id: str, request: Request) -> Response:
    """The production interface: one address, dispatched on ``activity``."""
    body = await request.body()
    return await run_in_threadpool(_serve, seller_id, request, body)


def _serve(seller_id: str, request: Request, body: bytes) -> Response:
    system = system_of(seller_id)
    with system.lock:
        bad = _verify(system, request, body)
    return JSONResponse(result(bad)) if bad is not None else system.act(json.loads(body))


@router.get("/{seller_id}/production")
async def production_v1(seller_id: str, request: Request) -> Response:
    """The production interface V1: parameters in the query, signed by ``authToken`` (DOMAIN §6.3)."""
    return await run_in_threadpool(_serve_v1, seller_id, request)


def _serve_v1(seller_id: str, request: Request) -> Response:
    parameters = dict(request.query_params)
    token = parameters.pop("authToken", "")
    system = system_of(seller_id)
    key = system.access_key
    if not equal(sign_v1(key, parameters.get("timeStamp", ""), parameters), token):
        return JSONResponse(result(ResultCode.UNAUTHENTICATED))
    extension = json.loads(b64decode(parameters.get("saasExtendParams", "W10=")))
    if not any(one["name"] == "identificationCode" and one["value"] for one in extension):
        return JSONResponse(result(ResultCode.INVALID_PARAMETER))
    # V1 names no order line: the sandbox's orders have one each.
    line = f"{parameters['orderId']}-000001"
    answer = system.act({**parameters, "orderLineId": line})
    match system.behaviour(line).mood:
        case Mood.UNSIGNED:
            pass
        case Mood.MISSIGNED:
            answer.headers["Body-Sign"] = sign_body("another key", bytes(answer.body))
        case _:
            answer.headers["Body-Sign"] = sign_body(key, bytes(answer.body))
    return answer


@router.put("/{seller_id}/behaviour")
def behave_as_a_rule(seller_id: str, behaviour: Behaviour) -> Behaviour:
    """Tell the seller's system how to behave for every order line that was told nothing else."""
    system_of(seller_id).usual = behaviour
    return behaviour


@router.put("/{seller_id}/plan")
def follow_plan(seller_id: str, plan: FaultPlan) -> FaultPlan:
    """Deal behaviours out to the order lines that were told nothing else, while the seller is healthy as a rule."""
    system_of(seller_id).plan = plan
    return plan


@router.put("/{seller_id}/orders/{order_line_id}/behaviour")
def behave(seller_id: str, order_line_id: str, behaviour: Behaviour) -> Behaviour:
    """Tell the seller's system how to behave for an order line, or for a license."""
    system_of(seller_id).behaviours[order_line_id] = behaviour
    return behaviour


@router.get("/{seller_id}/orders/{order_line_id}")
def seen(seller_id: str, order_line_id: str) -> Seen:
    """Tell what the seller's system saw of an order line, or of a license."""
    system = system_of(seller_id)
    with system.lock:
        return system.seen(order_line_id)


@router.post("/{seller_id}/software/activate")
def activate(seller_id: str, asked: EnteredCode) -> list[str]:
    """Have the seller's software activate a code at the marketplace; the codes that it was answered."""
    software = system_of(seller_id).software
    if software is None:
        raise HTTPException(409, "this seller's software knows no open API: start it with --api-url")
    return software.activate(asked)
