"""What all kinds of supervised processes have in common: their names and their states."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel

DELIVERY = "delivery"
INSTANCE = "instance"


def delivery_process(delivery_id: str) -> str:
    """Name of a delivery's process."""
    return f"{DELIVERY}:{delivery_id}"


def instance_process(delivery_id: str) -> str:
    """Name of the process of what a delivery left."""
    return f"{INSTANCE}:{delivery_id}"


class DueAct(Protocol):
    """What a clock does, and when."""

    @property
    def at(self) -> datetime:
        """The instant."""
        ...

    @property
    def act(self) -> StrEnum:
        """The act, by its name."""
        ...


class ProcessState(BaseModel):
    """A process at one moment: how many steps it has taken, and what its clocks do next."""

    sequence: int = 0

    @property
    def next_due(self) -> DueAct | None:
        """What its clocks do next; None when none runs."""
        raise NotImplementedError
