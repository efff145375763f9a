"""Who has to act now and what is missing; what every reader of an order asks first."""

from domain.bilingual import Bilingual
from domain.delivery.clocks import FreezeKind
from domain.delivery.grounds import RefundPhase
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.parties import Role

_REFUND = {
    RefundPhase.ASKED: (
        Role.SELLER,
        Bilingual(zh="商家对退订申请的答复", en="the seller's answer to the refund request"),
    ),
    RefundPhase.RETURNING: (
        Role.BUYER,
        Bilingual(zh="用户寄回商品的物流信息", en="the goods' return, with its tracking number"),
    ),
    RefundPhase.CHECKING: (
        Role.SELLER,
        Bilingual(zh="商家对退货的验收", en="the seller's check of the returned goods"),
    ),
}
_STEP = Bilingual(zh="服务环节“{step}”的完成", en='the end of the service step "{step}"')
_DECISION = Bilingual(zh="运营经理对申诉的裁决", en="the operations manager's decision on the appeal")
_SECOND = Bilingual(zh="第二位运营经理对裁决的意见", en="a second operations manager's word on the ruling")


def _explained(state: DeliveryState) -> tuple[Role, Bilingual]:
    freeze, request, appeal = state.open_freeze, state.open_refund, state.open_appeal
    if freeze is not None and freeze.kind is FreezeKind.APPEAL and appeal is not None:
        return Role.MANAGER, _SECOND if appeal.proposal else _DECISION
    if freeze is not None and request is not None:
        return _REFUND[request.phase]
    if state.stage is StageName.SERVICE_STEP:
        step = state.order.product.service_steps[state.steps_done]
        return Role.SELLER, _STEP.fill(step=step)
    return state.current.waiting_on, state.current.missing


def waiting_on(state: DeliveryState) -> Role:
    """The side that has to act now: the manager in an appeal, a side in a refund request, else the stage's."""
    return _explained(state)[0]


def missing(state: DeliveryState) -> Bilingual:
    """What the order waits for."""
    return _explained(state)[1]
