"""Subscriptions: who is told of orders by Standard Webhooks, with rotation, attempts and replay."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator
from sqlalchemy.orm import Session

from api.paging import Page, PagingByNumber, number_after
from api.path_ids import SubscriptionId
from api.permissions import PermittedRoute, permitted
from api.problems import ProblemError, documented
from database import outbox
from database.models import NoticeAttemptRow, NoticeRow, SubscriptionRow
from database.session import reading, writing
from domain.base import Instant, Strict, WebAddress
from domain.errors import ErrorCode
from domain.notices import MAX_SUBSCRIPTIONS, SUBSCRIBERS, NoticeState
from domain.parties import Actor
from domain.seller.signatures import WEBHOOK_PREFIX

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"], route_class=PermittedRoute)

Subscriber = Annotated[Actor, permitted(*SUBSCRIBERS)]


class Subscription(Strict):
    """Where to tell."""

    url: WebAddress


class SubscriptionView(BaseModel):
    """A subscription without its secret."""

    id: str
    url: str
    created_at: datetime
    old_secret_until: datetime | None = Field(description="Until then notices are signed with the old secret too")
    disabled_at: datetime | None
    disabled_reason: str | None


class SubscriptionSecret(SubscriptionView):
    """A subscription with its new secret, shown this once."""

    secret: str = Field(description="whsec_ and base64, as Standard Webhooks has it")


class NoticeAttemptView(BaseModel):
    """One attempt of a notice."""

    at: datetime
    answer: str
    succeeded: bool
    milliseconds: int


class NoticeView(BaseModel):
    """A notice, and how far it is."""

    id: int
    message_id: str = Field(description="The webhook-id header; take each id once")
    type: str
    at: datetime
    state: NoticeState
    next_due_at: datetime | None
    attempts: tuple[NoticeAttemptView, ...]


class NoticeListing(PagingByNumber):
    """Filter and page of the list."""

    state: NoticeState | None = None


class Replay(Strict):
    """What to send again: one notice, or all that failed since an instant."""

    notice_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    failed_since: Instant | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Replay":
        if (self.notice_id is None) == (self.failed_since is None):
            message = "exactly one of notice_id and failed_since"
            raise ValueError(message)
        return self


class Replayed(BaseModel):
    """How many notices are on their way again."""

    count: int


@router.post("", status_code=201, summary="Subscribe", responses=documented(ErrorCode.TOO_MANY_SUBSCRIPTIONS))
def subscribe(asked: Subscription, caller: Subscriber) -> SubscriptionSecret:
    """Be told of every step of your orders from now on; the secret that signs is shown this once."""
    secret = _new_secret()
    with writing() as session:
        if sum(row.disabled_at is None for row in outbox.of_owner(session, caller)) >= MAX_SUBSCRIPTIONS:
            raise ProblemError(ErrorCode.TOO_MANY_SUBSCRIPTIONS)
        row = outbox.create(session, f"sub-{secrets.token_hex(8)}", caller, asked.url, secret)
    return _with_secret(row, secret)


@router.get("", summary="List your subscriptions", responses=documented())
def list_subscriptions(caller: Subscriber) -> tuple[SubscriptionView, ...]:
    """Also those that were ended, and why."""
    with reading() as session:
        return tuple(_view(row) for row in outbox.of_owner(session, caller))


@router.delete(
    "/{subscription_id}", summary="End a subscription", responses=documented(ErrorCode.SUBSCRIPTION_NOT_FOUND)
)
def unsubscribe(subscription_id: SubscriptionId, caller: Subscriber) -> SubscriptionView:
    """Be told no more; what is on its way is not sent."""
    with writing() as session:
        row = _find(session, subscription_id, caller)
        outbox.disable(session, row.id, "ended by its owner")
        return _view(row)


@router.post(
    "/{subscription_id}/enable",
    summary="Take a subscription up again",
    responses=documented(ErrorCode.SUBSCRIPTION_NOT_FOUND),
)
def enable(subscription_id: SubscriptionId, caller: Subscriber) -> SubscriptionView:
    """Be told again, after a 410 was answered by mistake; replay what failed meanwhile."""
    with writing() as session:
        row = _find(session, subscription_id, caller)
        outbox.enable(row)
        return _view(row)


@router.post(
    "/{subscription_id}/rotate-secret",
    summary="Get a new secret",
    responses=documented(ErrorCode.SUBSCRIPTION_NOT_FOUND),
)
def rotate_secret(subscription_id: SubscriptionId, caller: Subscriber) -> SubscriptionSecret:
    """Sign with a new secret; for 24 hours with the old one too."""
    secret = _new_secret()
    with writing() as session:
        row = _find(session, subscription_id, caller)
        outbox.rotate(row, secret)
        return _with_secret(row, secret)


@router.get(
    "/{subscription_id}/notices",
    summary="List notices and their attempts, newest first",
    responses=documented(ErrorCode.SUBSCRIPTION_NOT_FOUND),
)
def list_notices(
    subscription_id: SubscriptionId, listing: Annotated[NoticeListing, Query()], caller: Subscriber
) -> Page[NoticeView]:
    """Tell what was sent, what came back, and when the next attempt is due."""
    with reading() as session:
        row = _find(session, subscription_id, caller)
        rows = outbox.notices(session, row.id, listing.state, listing.before, listing.limit + 1)
        attempts = outbox.attempts(session, [one.id for one in rows])
    return Page[NoticeView].of(rows, listing.limit, lambda row: _notice(row, attempts), number_after)


@router.post(
    "/{subscription_id}/replay",
    summary="Send notices again",
    responses=documented(ErrorCode.SUBSCRIPTION_NOT_FOUND),
)
def replay(subscription_id: SubscriptionId, asked: Replay, caller: Subscriber) -> Replayed:
    """Send one notice again, or all that failed since an instant; each keeps its id."""
    with writing() as session:
        row = _find(session, subscription_id, caller)
        count = outbox.replay(session, row.id, notice_id=asked.notice_id, since=asked.failed_since)
    return Replayed(count=count)


def _find(session: Session, subscription_id: str, caller: Actor) -> SubscriptionRow:
    row = outbox.find(session, subscription_id, caller)
    if row is None:
        raise ProblemError(ErrorCode.SUBSCRIPTION_NOT_FOUND)
    return row


def _new_secret() -> str:
    return WEBHOOK_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _view(row: SubscriptionRow) -> SubscriptionView:
    return SubscriptionView.model_validate(row, from_attributes=True)


def _with_secret(row: SubscriptionRow, secret: str) -> SubscriptionSecret:
    return SubscriptionSecret(**dict(_view(row)), secret=secret)


def _notice(row: NoticeRow, attempts: Sequence[NoticeAttemptRow]) -> NoticeView:
    mine = tuple(
        NoticeAttemptView.model_validate(one, from_attributes=True) for one in attempts if one.notice_id == row.id
    )
    return NoticeView(
        id=row.id,
        message_id=row.message_id,
        type=row.type,
        at=row.at,
        state=NoticeState(row.state),
        next_due_at=row.next_due_at,
        attempts=mine,
    )
