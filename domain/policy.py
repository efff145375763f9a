"""What the marketplace's documents leave open or contradict, as named settings with defaults.

``docs/decisions.md`` has a line for each. An order keeps the policy it started under for ever.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from domain.base import Strict

Days = Annotated[int, Field(ge=1, le=365)]


class Policy(Strict):
    """Choices of the platform; settings ``DELIVERY_POLICY__…``."""

    acceptance_days: Annotated[int, Field(ge=3, le=365)] | None = Field(
        default=15, description="Acceptance clock of products that set none; null means never (DOMAIN §1.7)"
    )
    delivery_reminder_days: Days = Field(
        default=1, description="How long before the end of the delivery SLA the seller is reminded (DOMAIN §8)"
    )
    delivery_escalation_days: Days = Field(
        default=3, description="How long after the end of the delivery SLA operations take over (DOMAIN §8)"
    )
    second_manager_above: Annotated[Decimal, Field(ge=0)] = Field(
        default=Decimal(10000), description="Refunds by appeal above this amount need a second manager (DOMAIN §2)"
    )
    review_platform_goods: bool = Field(
        default=True, description="Huawei's own goods are reviewed like joint-operation ones (DOMAIN §1.5)"
    )
    review_authorization_codes_of_base_cloud: bool = Field(
        default=True, description="基地云 review holds for authorization codes too (DOMAIN §1.5)"
    )
    change_days_are_included: bool = Field(
        default=True, description="An order placed on the day of a rule change follows the new rule (DOMAIN §1.5)"
    )
    code_claimed_without_delivery_from: date = Field(
        default=date(2025, 3, 26), description="Joint-operation authorization codes: first day of V-mid (DOMAIN §1.4)"
    )
    code_sent_to_both_from: date = Field(
        default=date(2025, 5, 22), description="All authorization codes: first day of V-new (DOMAIN §1.4)"
    )
    start_ahead_days: Annotated[int, Field(ge=0, le=3650)] = Field(
        default=365, description="How far ahead an actual start time may lie (DOMAIN §1.8)"
    )
    start_before_placement: bool = Field(
        default=False, description="An actual start time may lie before the order's placement (DOMAIN §1.8)"
    )
    completion_notice_hours: Annotated[int, Field(ge=1, le=24)] = Field(
        default=3, description="The purchase system hears of the end within this time (DOMAIN §1.2)"
    )
    poll_hours: Annotated[int, Field(ge=1, le=240)] = Field(
        default=24, description="How long an asynchronous creation is polled (DOMAIN §5.6)"
    )
    poll_minutes: Annotated[int, Field(ge=1, le=60)] = Field(
        default=5, description="How often an asynchronous creation is polled (DOMAIN §5.6)"
    )
    frozen_days: Annotated[int, Field(ge=0, le=15)] = Field(
        default=15, description="How long an expired instance stays frozen before its release (DOMAIN §5.10)"
    )
    license_grace_days: Annotated[int, Field(ge=0, le=60)] = Field(
        default=15, description="How long an expired authorization code is usable before it is frozen (DOMAIN §4)"
    )
    update_window_hours: Annotated[int, Field(ge=1, le=24)] = Field(
        default=2, description="Retry window of refreshInstance: 2 h in one page, 1 h in another (DOMAIN §5.7)"
    )
    status_window_hours: Annotated[int, Field(ge=1, le=24)] = Field(
        default=1, description="Retry window of updateInstanceStatus: 1 h in one page, 2 h in another (DOMAIN §5.7)"
    )
