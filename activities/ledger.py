"""The ledger as the engine's workers write it."""

from temporalio import activity

from database import ledger
from database.session import transaction
from domain.records import Transition


@activity.defn(name="record-transition")
def record_transition(transition: Transition) -> None:
    """Write one transition in one transaction."""
    with transaction() as session, session.begin():
        ledger.write(session, transition)
