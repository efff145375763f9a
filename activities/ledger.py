"""The ledger as the engine's workers write it."""

from temporalio import activity

from database import ledger
from database.session import transaction
from domain.records import InstanceStep, Transition


@activity.defn(name="record-transition")
def record_transition(transition: Transition) -> None:
    """Write one transition in one transaction."""
    with transaction() as session, session.begin():
        ledger.write(session, transition)


@activity.defn(name="record-instance")
def record_instance(step: InstanceStep) -> None:
    """Write one step of an instance's life in one transaction."""
    with transaction() as session, session.begin():
        ledger.write_instance(session, step)
