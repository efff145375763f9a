"""The ledger as the engine's workers reach it."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from database import ledger, recorded
from database.session import at_once, is_refusal, writing
from domain.instance.state import InstanceStart
from domain.recorded import Recorded
from domain.step import LEDGER_REFUSED, Unwritten
from settings.faults import Point, strike


@activity.defn(name="record-rows")
def record_rows(unwritten: Unwritten) -> None:
    """Write rows of a process in one transaction; what the ledger can never keep is not tried again."""
    strike(Point.BEFORE_RECORD)
    # Before the try: one that cannot be read is a mistake of ours, and no refusal of the ledger's.
    begun = InstanceStart.model_validate_json(unwritten.begun) if unwritten.begun is not None else None
    try:
        with writing() as session:
            if begun is not None:
                ledger.register_instance(session.connection(), begun)
            ledger.append(session.connection(), unwritten.process, unwritten.carried)
    except ledger.LedgerConflictError as error:
        raise ApplicationError(str(error), type="ledger-conflict", non_retryable=True) from error
    except Exception as error:
        if not is_refusal(error):
            raise
        # Neither the rows nor the driver's words, which would quote them, go into the history.
        raise ApplicationError("the ledger cannot keep a row", type=LEDGER_REFUSED, non_retryable=True) from None


@activity.defn(name="load-recorded")
def load_recorded(process: str) -> Recorded:
    """Read what the ledger has of a process, at one moment."""
    return at_once(lambda connection: recorded.load(connection, process))
