"""A process as the ledger has it: what it takes to go on without the engine that ran it."""

from pydantic import Field

from domain.base import Strict
from domain.step import Effect


class Ended(Strict):
    """How one stage ended: what the flow's code needs to be run through the past."""

    stage: str
    cause: str
    effect: Effect
    ruling: str | None = None


class Recorded(Strict):
    """A process as the ledger has it: enough to go on from, without the engine."""

    sequence: int
    is_open: bool
    state: str
    ended: tuple[Ended, ...] = ()
    finished_calls: frozenset[str] = Field(default=frozenset(), description="Keys of calls that have succeeded")
    refused: str | None = Field(default=None, description="Cause of a row that the ledger refused for good")
