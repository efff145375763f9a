"""The ledger as the engine's workers write it."""

from temporalio import activity

from database import ledger
from database.session import transaction
from domain.records import Transition


@activity.defn(name="record-transition")
def record_transition(transition: Transition) -> None:
    """Write one transition in one transaction; the first one also finds or makes the delivery's row."""
    with transaction() as session, session.begin():
        if transition.sequence == 1:
            ledger.register(session, transition.state.order, transition.state)
        ledger.write(session, transition)
