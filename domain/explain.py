"""Who has to act now; what every reader of an order asks first."""

from domain.parties import Role
from domain.state import FreezeKind, State


def waiting_on(state: State) -> Role:
    """The side that has to act now: the manager in an appeal, the seller on a refund request, else the stage's."""
    freeze = state.open_freeze
    if freeze is None:
        return state.current.waiting_on
    return Role.MANAGER if freeze.kind is FreezeKind.APPEAL else Role.SELLER
