"""How a round of a worker tells that it failed: the next one finds the same work again, so one line is enough."""

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from database.session import is_outage

OUTAGES = (RPCError, TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError)

log = structlog.get_logger()


def log_failure(name: str, error: Exception) -> None:
    """A part that is away is an outage; anything else is a bug of ours, and told as one."""
    if isinstance(error, OUTAGES) or (isinstance(error, SQLAlchemyError) and is_outage(error)):
        log.warning("a part is away", round=name, reason=type(error).__name__)
    else:
        log.error("unforeseen", round=name, exc_info=error)
