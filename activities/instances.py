"""Asking a seller about an instance: links for the buyer, and usage (DOMAIN §5.3)."""

from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.attempts import TriedError
from activities.seller import Response, attempted
from database import ledger
from database.models import InstanceReportRow
from database.secrets import seal
from database.session import transaction
from domain.reports import Access, AppInfo, InstanceUsage, UsageInfo
from domain.seller_calls import ResultCode, SellerCall

_USAGE = TypeAdapter(list[UsageInfo])


@activity.defn(name="query-instance")
def query_instance(call: SellerCall) -> None:
    """Ask once, and keep what is told; the secrets among it are sealed and go nowhere else."""
    report = attempted(call, lambda response: _report(call, response))
    try:
        with transaction() as session, session.begin():
            ledger.write_report(session, report)
    except SQLAlchemyError as error:
        message = "the database is away"
        raise ApplicationError(message) from error


def _report(call: SellerCall, response: Response) -> InstanceReportRow:
    found = next((one for one in response.info or [] if one.instance_id == call.fields.instance_id), None)
    if response.result_code != ResultCode.SUCCESS or found is None:
        raise TriedError(f"{response.result_code} {response.result_message}".strip(), retry=False)
    app = AppInfo.model_validate(found.app_info) if found.app_info else None
    access = Access.model_validate(app.model_dump(include=set(Access.model_fields))) if app else None
    usage = [InstanceUsage.model_validate(dict(one)) for one in _USAGE.validate_python(found.usage_info or [])]
    return InstanceReportRow(
        id=call.delivery_id,
        at=datetime.now(UTC),
        front_end_url=app.front_end_url if app else None,
        admin_url=app.admin_url if app else None,
        sealed_access=seal(access.model_dump_json()) if access else None,
        usage=[one.model_dump(mode="json") for one in usage],
    )
