"""What comes into a process, how it is told, and how a caller hears that it was not taken."""

from dataclasses import dataclass
from enum import StrEnum

from temporalio.exceptions import ApplicationError

from domain.errors import Refusal
from domain.events import Event
from domain.seller.open_calls import Called
from domain.step import Effect, Given

REFUSED = "refused"
"""Type of the engine error that carries a refusal, as JSON in its message."""

BEHIND = "behind"
"""Type of the engine error of a process that is about to start anew from the ledger: the same command, again, works."""


EVENT, START_ANEW, WRITE = "event", "start-anew", "write"
"""Names of the Updates that every kind of process takes, besides its commands."""


@dataclass(eq=False)
class Asked:
    """A command on its way through the process, and the answer its sender waits for."""

    command: Given
    answer: str | Refusal | None = None


Entry = Asked | Called | Event | StrEnum
"""A command, the end of a seller call, an event, or the act of a clock."""


@dataclass(frozen=True)
class Decided:
    """Something that took effect and is not on record yet.

    What ends a stage is recorded only when the flow's code has chosen the next one, for its row says where it led to;
    until then it travels in here: what happened, what it did, where the process stood before, and who waits to hear.
    """

    what: Given | Event | StrEnum
    effect: Effect
    source: str
    asked: Asked | None = None
    ended_order: str | None = None
    failure: str | None = None


def refused(refusal: Refusal) -> ApplicationError:
    """Tell a caller of an Update why its command was not taken."""
    return ApplicationError(refusal.model_dump_json(), type=REFUSED, non_retryable=True)


def behind() -> ApplicationError:
    """Tell a caller of an Update that nothing was decided, and that it may ask again."""
    return ApplicationError("the process starts anew from the ledger", type=BEHIND, non_retryable=True)
