"""The stretches most flows share: the buyer's request, and delivery, review and the buyer's decision."""

from domain.delivery.command_spec import CommandName
from domain.delivery.grounds import Ruling
from domain.delivery.stages import StageName
from domain.recorded import Ended
from workflows.delivery.supervision import SupervisedDelivery

SENT_BACK = (CommandName.FAIL_REVIEW, CommandName.REJECT_DELIVERY)


def goes_back(ended: Ended) -> bool:
    """Tell whether the delivery has to be done again: by reviewer, buyer, or the ruling on an appeal."""
    return ended.ruling == Ruling.REWORK or ended.cause in SENT_BACK


async def passes_review(delivery: SupervisedDelivery) -> bool:
    """Have the platform review the proof where the order's terms ask for it (DOMAIN §1.5)."""
    return not delivery.state.terms.reviewed or not goes_back(await delivery.stage(StageName.PLATFORM_REVIEW))


async def delivered_and_accepted(
    delivery: SupervisedDelivery, delivery_stage: StageName, acceptance_stage: StageName = StageName.BUYER_ACCEPTANCE
) -> None:
    """Repeat delivery until the buyer, the clock, or a ruling accepts."""
    while True:
        await delivery.stage(delivery_stage)
        if not await passes_review(delivery):
            continue
        if not goes_back(await delivery.stage(acceptance_stage)):
            return


async def requested_and_confirmed(delivery: SupervisedDelivery) -> None:
    """Repeat the buyer's request until the seller takes it on."""
    while True:
        await delivery.stage(StageName.BUYER_REQUEST)
        ended = await delivery.stage(StageName.SELLER_CONFIRMATION)
        if ended.cause == CommandName.CONFIRM_REQUEST:
            return
