"""The stretch most flows share: delivery, the platform's review where needed, the buyer's decision."""

from datetime import datetime

from temporalio import workflow

from domain.commands import CommandName
from domain.stages import StageName
from workflows.entries import Asked, Entry
from workflows.supervision import SupervisedDelivery


def is_command(entry: Entry, name: CommandName) -> bool:
    """Tell whether a stage was ended by this command."""
    return isinstance(entry, Asked) and entry.command.name is name


async def delivered_and_accepted(delivery: SupervisedDelivery, delivery_stage: StageName) -> datetime:
    """Repeat delivery until the buyer, or the clock, accepts; return the start of validity (DOMAIN §1.8)."""
    while True:
        await delivery.stage(delivery_stage)
        if delivery.state.reviewed:
            review = await delivery.stage(StageName.PLATFORM_REVIEW)
            if is_command(review, CommandName.FAIL_REVIEW):
                continue
        decision = await delivery.stage(StageName.BUYER_ACCEPTANCE)
        if not is_command(decision, CommandName.REJECT_DELIVERY):
            break
    proof = delivery.state.proof
    return proof.actual_start_at if proof and proof.actual_start_at else workflow.now()


async def requested_and_confirmed(delivery: SupervisedDelivery) -> None:
    """Repeat the buyer's request until the seller takes it on."""
    while True:
        await delivery.stage(StageName.BUYER_REQUEST)
        answer = await delivery.stage(StageName.SELLER_CONFIRMATION)
        if is_command(answer, CommandName.CONFIRM_REQUEST):
            return
