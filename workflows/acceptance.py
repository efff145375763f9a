"""The stretches most flows share: the buyer's request, and delivery, review and the buyer's decision."""

from domain.commands import CommandName, Ruling
from domain.stages import StageName
from workflows.entries import Asked, Entry
from workflows.supervision import SupervisedDelivery

SENT_BACK = (CommandName.FAIL_REVIEW, CommandName.REJECT_DELIVERY)


def is_command(entry: Entry, *names: CommandName) -> bool:
    """Tell whether a stage was ended by one of these commands."""
    return isinstance(entry, Asked) and entry.command.name in names


def goes_back(delivery: SupervisedDelivery, entry: Entry) -> bool:
    """Tell whether the delivery has to be done again: by reviewer, buyer, or the ruling on an appeal."""
    decisions = (CommandName.DECIDE_APPEAL, CommandName.AGREE_RULING)
    if is_command(entry, *decisions):
        decision = delivery.state.appeals[-1].decision
        return decision is not None and decision.ruling is Ruling.REWORK
    return is_command(entry, *SENT_BACK)


async def passes_review(delivery: SupervisedDelivery) -> bool:
    """Have the platform review the proof where the order's terms ask for it (DOMAIN §1.5)."""
    return not delivery.state.terms.reviewed or not goes_back(delivery, await delivery.stage(StageName.PLATFORM_REVIEW))


async def delivered_and_accepted(
    delivery: SupervisedDelivery, delivery_stage: StageName, acceptance_stage: StageName = StageName.BUYER_ACCEPTANCE
) -> None:
    """Repeat delivery until the buyer, the clock, or a ruling accepts."""
    while True:
        await delivery.stage(delivery_stage)
        if not await passes_review(delivery):
            continue
        if not goes_back(delivery, await delivery.stage(acceptance_stage)):
            return


async def requested_and_confirmed(delivery: SupervisedDelivery) -> None:
    """Repeat the buyer's request until the seller takes it on."""
    while True:
        await delivery.stage(StageName.BUYER_REQUEST)
        answer = await delivery.stage(StageName.SELLER_CONFIRMATION)
        if is_command(answer, CommandName.CONFIRM_REQUEST):
            return
