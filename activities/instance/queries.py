"""Asking a seller about an instance: links for the buyer, and usage (DOMAIN §5.3)."""

import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.outbound.http import CallFailedError
from activities.seller.attempts import TriedError
from activities.seller.calls import (
    ReportedInstance,
    Response,
    attempted,
    connection,
    not_as_documented,
    post_v2,
    understood,
)
from activities.seller.masking import mask
from database import instances, sellers
from database.models import AttemptRow, InstanceReportRow
from database.secrets import seal
from database.session import reading, writing
from domain.base import storable
from domain.seller.calls import CallName, ResultCode, SellerCall
from domain.seller.instance_reports import MAX_QUERIED, Access, AppInfo, QueryBatch, QueryPage, UsageInfo

INSTANCES_PER_PAGE = 500

_USAGE = TypeAdapter(list[UsageInfo])


def batched(items: Iterable[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    """The items in lists of a size, the last one shorter; itertools has it from Python 3.12 on."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


@activity.defn(name="query-instance")
def query_instance(call: SellerCall) -> None:
    """Ask once, and keep what is told; the secrets among it are sealed and go nowhere else."""
    report = attempted(call, lambda response: _report(call, response))
    try:
        with writing() as session:
            instances.write_report(session, report)
    except SQLAlchemyError as error:
        message = "the database is away"
        raise ApplicationError(message) from error


def _report(call: SellerCall, response: Response) -> InstanceReportRow:
    found = _found(response).get(call.fields.instance_id or "")
    if found is None:
        raise TriedError(f"{response.result_code} {response.result_message}".strip(), retry=False)
    return _row(call.delivery_id, found)


def _found(response: Response) -> dict[str, ReportedInstance]:
    is_told = response.result_code == ResultCode.SUCCESS
    return {one.instance_id: one for one in response.info or []} if is_told else {}


def _row(delivery_id: str, found: ReportedInstance) -> InstanceReportRow:
    """What is kept of an instance; raises ValidationError for what is not as documented."""
    app = AppInfo.model_validate(found.app_info) if found.app_info else None
    return InstanceReportRow(
        id=delivery_id,
        at=datetime.now(UTC),
        front_end_url=app.front_end_url if app else None,
        admin_url=app.admin_url if app else None,
        sealed_access=seal(app.model_dump_json(include=set(Access.model_fields))) if app else None,
        usage=[one.model_dump(mode="json") for one in _USAGE.validate_python(found.usage_info or [])],
    )


@activity.defn(name="instances-to-query")
def instances_to_query(after: str) -> QueryPage | None:
    """The next instances in use, behind the delivery named, by seller in batches; None when there are none."""
    with reading() as session:
        rows = instances.in_use(session, after, INSTANCES_PER_PAGE)
    if not rows:
        return None
    by_seller: dict[str, dict[str, str]] = {}
    for row in rows:
        by_seller.setdefault(row.seller_id, {})[row.instance_id or ""] = row.id
    batches = [
        QueryBatch(key=f"daily:{rows[0].id}", seller_id=seller_id, deliveries=dict(batch))
        for seller_id, deliveries in by_seller.items()
        for batch in batched(deliveries.items(), MAX_QUERIED)
    ]
    return QueryPage(batches=tuple(batches), last=rows[-1].id)


@activity.defn(name="query-instances")
def query_instances(batch: QueryBatch) -> None:
    """Ask one seller about up to a hundred instances; each delivery keeps what is told of its own, and no other's."""
    at, begin = datetime.now(UTC), time.monotonic()
    wire = {"activity": str(CallName.QUERY_INSTANCE), "instanceId": ",".join(batch.deliveries)}
    try:
        _, response = understood(post_v2(connection(batch.seller_id), wire))
        found, failure = _found(response), f"{response.result_code} {response.result_message}".strip()
    except (CallFailedError, TriedError) as error:
        # The answer may hold what belongs to others.
        found, failure = {}, str(error).partition(":")[0]
    spent = round((time.monotonic() - begin) * 1000)
    with writing() as session:
        for instance_id, delivery_id in batch.deliveries.items():
            report, said = _told(delivery_id, found.get(instance_id), failure)
            if report is not None:
                instances.write_report(session, report)
            sellers.write_attempt(
                session,
                AttemptRow(
                    delivery_id=delivery_id,
                    call_key=f"{delivery_id}:{batch.key}:{at:%Y%m%d}",
                    activity=CallName.QUERY_INSTANCE,
                    at=at,
                    sent=json.dumps({**wire, "instanceId": instance_id}),
                    answer=storable(said),
                    succeeded=report is not None,
                    milliseconds=spent,
                ),
            )


def _told(delivery_id: str, found: ReportedInstance | None, failure: str) -> tuple[InstanceReportRow | None, str]:
    if found is None:
        return None, failure
    try:
        return _row(delivery_id, found), mask(found.model_dump_json(by_alias=True))[:2000]
    except ValidationError as error:
        return None, not_as_documented(error)
