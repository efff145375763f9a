"""What happens to a delivery without anybody asking: in the world, or in the platform itself."""

from enum import StrEnum

from pydantic import BaseModel, Field

from domain.base import Instant, Strict
from domain.bilingual import Bilingual
from domain.parties import Actor


class EventName(StrEnum):
    """Things that happened in the world or in the platform itself."""

    STARTED = "started"
    CODE_ISSUED = "code-issued"
    LICENSE_FETCHED = "license-fetched"
    INSTANCE_PROVISIONED = "instance-provisioned"
    PROVISIONING_FAILED = "provisioning-failed"
    DEPLOYMENT_FINISHED = "deployment-finished"
    PARCEL_SIGNED = "parcel-signed"
    PARCEL_STALLED = "parcel-stalled"
    INVOICE_REQUESTED = "invoice-requested"
    INVOICE_ISSUED = "invoice-issued"
    INVOICE_RETURNED = "invoice-returned"
    SELLER_CALL_PARKED = "seller-call-parked"
    SYSTEM_ACCEPTED = "system-accepted"
    REFUND_CARRIED_OUT = "refund-carried-out"
    INSTANCE_BORN = "instance-born"
    SELLER_CALLED = "seller-called"
    SELLER_CALL_GIVEN_UP = "seller-call-given-up"
    CANCELLATION_ASKED = "cancellation-asked"
    RECORD_REFUSED = "record-refused"


class Event(Strict):
    """Something that happened; the delivery takes note and never refuses it."""

    name: EventName
    actor: Actor
    instance_id: str | None = None
    activity: str | None = None
    detail: str | None = None
    signed_at: Instant | None = None
    recipient_is_buyer: bool | None = None
    key: str | None = Field(default=None, description="Of a reported one: makes it count once")

    @property
    def content(self) -> str:
        """What the record keeps of it, as JSON."""
        return self.model_dump_json(exclude={"name", "actor", "key"}, exclude_none=True)


class Report(Strict):
    """What a platform system tells of an event."""


class ParcelSigned(Report):
    """The courier's sign-off (签收); a parcel taken by another phone than the buyer's cannot be followed."""

    signed_at: Instant
    recipient_is_buyer: bool = Field(description="The recipient's phone is the buyer's (DOMAIN §1.7)")


class EventSpec(BaseModel):
    """An event that platform systems report, as published."""

    label: Bilingual
    report: type[Report]


REPORTED: dict[EventName, EventSpec] = {
    EventName.DEPLOYMENT_FINISHED: EventSpec(
        label=Bilingual(zh="软件包部署完成", en="Package deployed"), report=Report
    ),
    EventName.PARCEL_SIGNED: EventSpec(label=Bilingual(zh="物流签收", en="Parcel signed for"), report=ParcelSigned),
    EventName.PARCEL_STALLED: EventSpec(
        label=Bilingual(zh="物流停滞 10 天未签收", en="Parcel stands still for 10 days, unsigned"), report=Report
    ),
    EventName.INVOICE_REQUESTED: EventSpec(
        label=Bilingual(zh="用户申请开票", en="Buyer asked for an invoice"), report=Report
    ),
    EventName.INVOICE_ISSUED: EventSpec(label=Bilingual(zh="已开票", en="Invoice issued"), report=Report),
    EventName.INVOICE_RETURNED: EventSpec(label=Bilingual(zh="发票已退回", en="Invoice returned"), report=Report),
}
"""Events that come from outside, through the API."""
